"""A model in 8-bit integers: weights and what they are multiplied with, by fixed scales.

The products with weights become integers, and those by which word pieces attend
to each other: of queries with keys, and of what comes of those with the values.
All else stays in f32. Each column of weights has a scale of its own, and what
comes in has one for all, fitted on sample texts once (static quantisation: Jacob
et al., Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference, CVPR 2018).

In transformers a few channels of what comes in are many times as large as all
others, and would leave these few steps: so each channel is divided by a factor
that its weights are multiplied with (Xiao et al., SmoothQuant, ICML 2023,
https://arxiv.org/abs/2211.10438), as each channel of the queries is by what that
of the keys is multiplied with; and where a channel is still larger, it comes in
several times with a part of the weights each (Zhao et al., Improving Neural
Network Quantization without Retraining using Outlier Channel Splitting, ICML
2019, https://arxiv.org/abs/1901.09504).

A text's vectors then do not depend on what it is encoded with: sums of integers
are the same in any order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np

from rag.arrays import Floats, Integers

# How much of the spread of what comes in goes into the weights: 0.65 of 0.3 to 0.9 comes nearest to the f32 vectors.
SMOOTHING = 0.65
# One channel more in so many, for copies of those that span the most: with twice as many vectors come no nearer to f32.
ONE_MORE_IN = 96
LEVELS = 256
MOST = 127
_LEAST = 1e-5
# No product of a query with a key is as much, and where one is set to its negative the softmax leaves nothing of it.
_BOUND = 1e9

Place: TypeAlias = tuple[str, int]
"""An output in a model: the name of its node, and its number there."""


@dataclass(frozen=True, slots=True)
class _Span:
    """The least and the greatest number that came in, float32 (channels,) each."""

    least: Floats
    greatest: Floats

    def largest(self) -> Floats:
        """How far each channel lies from 0 at most."""
        return np.maximum(-self.least, self.greatest)


@dataclass(frozen=True, slots=True)
class _Attention:
    """A node of attention, what it is given before that is cut into heads, its mask, and the scale of its products."""

    node: Any
    queries: Any
    keys: Any
    values: Any
    mask: Any
    scale: float


@dataclass(frozen=True, slots=True)
class _Made:
    """Nodes that give each channel on its own: a product with weights (out, in) and a constant (…, out) added to it."""

    product: Any
    total: Any


def quantize(openvino: ModuleType, model: Any, samples: Iterable[Sequence[object]]) -> None:  # noqa: ANN401  untyped
    """Turn an OpenVINO model's products into those of 8-bit integers, in place.

    ``samples`` are inputs of the model such as it will be given, without padding.
    Attention is left as it is where its mask hides anything from anything in a
    sample: it is then more than that of what fills up.
    """
    products, attentions = _products(model), _attentions(model)
    watched = {_place(value) for each in attentions for value in (each.queries, each.keys, each.values, each.mask)}
    spans = _spans(openvino, model, sorted(watched.union(products)), samples)
    factors = {place: _factors(spans[place], nodes) for place, nodes in products.items()}
    for place, nodes in products.items():
        spans[place], factors[place] = _widen(openvino.opset13, nodes, spans[place], factors[place])
    model.validate_nodes_and_infer_types()
    for place, nodes in products.items():
        _replace(openvino.opset13, nodes, spans[place], factors[place])
    bounds: dict[Place, Any] = {}
    for each in attentions:
        place = _place(each.mask)
        if spans[place].least.all():
            bounds[place] = bounds.get(place) or _bound(openvino.opset13, each.mask)
            _attend(openvino.opset13, each, spans, bounds[place])
    model.validate_nodes_and_infer_types()


def _place(value: Any) -> Place:  # noqa: ANN401
    return value.get_node().get_friendly_name(), value.get_index()


def _products(model: Any) -> dict[Place, list[Any]]:  # noqa: ANN401
    """The products with constant weights (out, in), under the place of what comes in."""
    return _products_of(model.get_ordered_ops())


def _products_of(nodes: Iterable[Any]) -> dict[Place, list[Any]]:
    found: dict[Place, list[Any]] = {}
    for node in nodes:
        if node.get_type_name() == "MatMul":
            weights = node.input_value(1).get_node()
            constant = weights.get_type_name() == "Constant" and len(weights.get_output_shape(0)) == 2  # noqa: PLR2004
            straight = node.get_attributes()["transpose_b"] and not node.get_attributes()["transpose_a"]
            if constant and straight:
                found.setdefault(_place(node.input_value(0)), []).append(node)
    return found


def _attentions(model: Any) -> list[_Attention]:  # noqa: ANN401
    """Where word pieces attend to each other, in the form that sentence-transformers' models are converted to."""
    nodes = (node for node in model.get_ordered_ops() if node.get_type_name() == "ScaledDotProductAttention")
    found = []
    for node in nodes:
        inputs = [node.input_value(number) for number in range(node.get_input_size())]
        if len(inputs) == len(("queries", "keys", "values", "mask", "scale")) and not node.get_attributes()["causal"]:
            queries, keys, values = (_before_heads(value) for value in inputs[:3])
            mask = inputs[3].get_element_type().get_type_name(), len(inputs[3].get_partial_shape())
            simple = mask == ("boolean", 4) and inputs[4].get_node().get_type_name() == "Constant"
            if simple and queries and keys and values and _channels(queries) == _channels(keys):
                scale = float(inputs[4].get_node().get_data())
                found.append(_Attention(node, queries, keys, values, inputs[3], scale))
    return found


def _before_heads(value: Any) -> Any | None:  # noqa: ANN401
    """What (texts, heads, pieces, channels of a head) were made of: (texts, pieces, channels); None if not of that."""
    nodes = []
    for kind in ("Transpose", "Reshape"):
        node = value.get_node()
        if node.get_type_name() != kind or len(node.output(0).get_target_inputs()) > 1:
            return None
        nodes.append(node)
        value = node.input_value(0)
    shape = value.get_partial_shape()
    own = nodes[0].input_value(1).get_node()
    straight = own.get_type_name() == "Constant" and own.get_data().tolist() == [0, 2, 1, 3]
    return value if straight and len(shape) == 3 and shape[2].is_static else None  # noqa: PLR2004


def _channels(value: Any) -> int:  # noqa: ANN401
    return int(value.get_partial_shape()[2].get_length())


def _spans(
    openvino: ModuleType,
    model: Any,  # noqa: ANN401
    places: Sequence[Place],
    samples: Iterable[Sequence[object]],
) -> dict[Place, _Span]:
    """What comes in at each place, over all samples."""
    watched = model.clone()
    by_name = {node.get_friendly_name(): node for node in watched.get_ops()}
    first = len(watched.outputs)
    watched.add_outputs([by_name[name].output(index) for name, index in places])
    request = openvino.Core().compile_model(watched, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()
    spans: dict[Place, _Span] = {}
    for sample in samples:
        request.infer(list(sample))
        for number, place in enumerate(places, first):
            seen = request.get_output_tensor(number).data
            # A mask has no channels.
            seen = seen.reshape(-1, 1 if seen.dtype == bool else seen.shape[-1])
            now = _Span(seen.min(axis=0), seen.max(axis=0))
            before = spans.get(place, now)
            spans[place] = _Span(np.minimum(before.least, now.least), np.maximum(before.greatest, now.greatest))
    return spans


def _factors(span: _Span, nodes: Sequence[Any]) -> Floats:
    """What the channels of what comes in are divided by, (channels,), and the products' weights multiplied with."""
    largest = np.maximum(span.largest(), _LEAST)
    heaviest = np.maximum(np.max([np.abs(_weights(node)).max(axis=0) for node in nodes], axis=0), _LEAST)
    factors = largest**SMOOTHING / heaviest ** (1 - SMOOTHING)
    lifted: Floats = np.maximum(factors / np.median(factors), 1e-3).astype(np.float32)
    return lifted


def _widen(ops: Any, nodes: Sequence[Any], span: _Span, factors: Floats) -> tuple[_Span, Floats]:  # noqa: ANN401
    """Have what spans the most come in as several channels alike, each with its part of the weights, where it can."""
    made = _made_by(nodes[0].input_value(0))
    if made is None:
        return span, factors
    copies = _copies(span.largest() / factors)
    order = np.repeat(np.arange(len(copies)), copies)
    added = made.total.input_value(1).get_node().get_data()
    made.product.input(1).replace_source_output(ops.constant(_weights(made.product)[order]).output(0))
    made.total.input(1).replace_source_output(ops.constant(added[..., order]).output(0))
    for node in nodes:
        parts = (_weights(node) / copies)[:, order].astype(np.float32)
        node.input(1).replace_source_output(ops.constant(parts).output(0))
    return _Span(span.least[order], span.greatest[order]), (factors * copies)[order].astype(np.float32)


def _weights(node: Any) -> Floats:  # noqa: ANN401
    weights: Floats = node.input_value(1).get_node().get_data().astype(np.float32)
    return weights


def _replace(ops: Any, nodes: Sequence[Any], span: _Span, factors: Floats) -> None:  # noqa: ANN401
    """Give products that share what comes in their quantised inputs."""
    given = nodes[0].input_value(0)
    channels = [1] * (len(given.get_partial_shape()) - 1) + [len(factors)]
    smoothed = ops.multiply(given, ops.constant((1 / factors).reshape(channels)))
    low, high = _bounds(float((span.least / factors).min()), float((span.greatest / factors).max()))
    bounds = [ops.constant(np.float32(each)) for each in (low, high, low, high)]
    stepped = ops.fake_quantize(smoothed, *bounds, LEVELS)
    for node in nodes:
        spread = _weights(node) * factors
        scale = (np.maximum(np.abs(spread).max(axis=1, keepdims=True), _LEAST) / MOST).astype(np.float32)
        numbers = ops.convert(ops.constant(np.rint(spread / scale).astype(np.int8)), "f32")
        node.input(0).replace_source_output(stepped.output(0))
        node.input(1).replace_source_output(ops.multiply(numbers, ops.constant(scale)).output(0))


def _copies(spans: Floats) -> Integers:
    """How many of each channel there are to be: int64 (channels,), more of those that span the most."""
    copies = np.ones(len(spans), np.int64)
    for _ in range(len(spans) // ONE_MORE_IN):
        copies[np.argmax(spans / copies)] += 1
    return copies


def _made_by(value: Any) -> _Made | None:  # noqa: ANN401
    """The nodes that this is made by, where a function of each number follows and nothing else reads them."""
    function = value.get_node()
    if function.get_type_name() not in {"Gelu", "Relu"}:
        return None
    total = function.input_value(0).get_node()
    if total.get_type_name() != "Add" or total.input_value(1).get_node().get_type_name() != "Constant":
        return None
    product = total.input_value(0).get_node()
    known = [node for nodes in _products_of([product]).values() for node in nodes]
    alone = all(len(node.output(0).get_target_inputs()) == 1 for node in (product, total, function))
    return _Made(product, total) if known and alone else None


def _attend(ops: Any, attention: _Attention, spans: Mapping[Place, _Span], bound: Any) -> None:  # noqa: ANN401
    """Have queries multiplied with keys, and what each takes of the values, in 8-bit integers.

    What a query takes of each value are parts of 1, in steps of 1/255. What
    fills up a text is hidden by a bound.
    """
    given = (attention.queries, attention.keys, attention.values)
    queries, keys, values = (np.maximum(spans[_place(each)].largest(), _LEAST) for each in given)
    factors = np.sqrt(keys / queries).astype(np.float32)
    most = float((queries * factors).max())
    channels = ops.constant(factors.reshape(1, 1, -1))
    alike = (ops.multiply(given[0], channels), ops.divide(given[1], channels), given[2])
    ends = ((most, attention.scale), (most, 1.0), (float(values.max()), 1.0))
    sides = []
    for number, (largest, scale) in enumerate(ends):
        low, high = -largest * (MOST + 1) / MOST, largest
        bounds = [ops.constant(np.float32(each)) for each in (low, high, low * scale, high * scale)]
        heads = attention.node.input_value(number)
        reshaped = heads.get_node().input_value(0).get_node()
        reshaped.input(0).replace_source_output(ops.fake_quantize(alike[number], *bounds, LEVELS).output(0))
        sides.append(heads)
    # A minimum hides as a sum would, and leaves the integers' scale before it: one multiplication less a product.
    met = ops.minimum(ops.matmul(*sides[:2], transpose_a=False, transpose_b=True), bound)
    whole = [ops.constant(np.float32(each)) for each in (0, 1, 0, 1)]
    parts = ops.fake_quantize(ops.softmax(met, -1), *whole, LEVELS)
    attended = ops.matmul(parts, sides[2], transpose_a=False, transpose_b=False)
    for reader in attention.node.output(0).get_target_inputs():
        reader.replace_source_output(attended.output(0))


def _bound(ops: Any, mask: Any) -> Any:  # noqa: ANN401
    """The most that a product with each key may be, (texts, 1, 1, pieces), of a mask that is one for all queries."""
    any_query = ops.gather(ops.convert(mask, "i32"), ops.constant(np.array([0])), ops.constant(2))
    return ops.gather(ops.constant(np.array([-_BOUND, _BOUND], np.float32)), any_query, ops.constant(0))


def _bounds(low: float, high: float) -> tuple[float, float]:
    """The ends of ``LEVELS`` even steps over this span, one of which is 0."""
    low, high = min(low, 0.0), max(high, _LEAST)
    step = (high - low) / (LEVELS - 1)
    below = round(-low / step)
    return -below * step, (LEVELS - 1 - below) * step
