"""A model in 8-bit integers: weights and what they are multiplied with, by fixed scales.

Only the products with weights become integers; all else stays in f32. Each
column of weights has a scale of its own, and what comes in has one for all,
fitted on sample texts once (static quantisation: Jacob et al., Quantization and
Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference,
CVPR 2018). In transformers a few channels of what comes in are many times as
large as all others, and would leave these few steps: so each channel is divided
by a factor that its weights are multiplied with (Xiao et al., SmoothQuant, ICML
2023, https://arxiv.org/abs/2211.10438).

A text's vectors then do not depend on what it is encoded with: sums of integers
are the same in any order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from rag.arrays import Floats

# How much of the spread of what comes in goes into the weights: 0.65 of 0.3 to 0.9 comes nearest to the f32 vectors.
SMOOTHING = 0.65
LEVELS = 256
MOST = 127
_LEAST = 1e-5


@dataclass(frozen=True, slots=True)
class _Span:
    """The least and the greatest number that came in, float32 (channels,) each."""

    least: Floats
    greatest: Floats


def is_quick_here() -> bool:
    """Whether this processor multiplies 8-bit integers quicker than f32, as far as it can be told (Linux on x86)."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return "avx512_vnni" in flags or "avx_vnni" in flags


def quantize(openvino: ModuleType, model: Any, samples: Iterable[Sequence[object]]) -> None:  # noqa: ANN401  untyped
    """Turn an OpenVINO model's products with weights into those of 8-bit integers, in place.

    ``samples`` are inputs of the model such as it will be given, without padding.
    """
    products = _products(model)
    spans = _spans(openvino, model, list(products), samples)
    for place, nodes in products.items():
        _replace(openvino.opset13, nodes, spans[place])


def _products(model: Any) -> dict[tuple[str, int], list[Any]]:  # noqa: ANN401
    """The products with constant weights (out, in), under the name and the output of what comes in."""
    found: dict[tuple[str, int], list[Any]] = {}
    for node in model.get_ordered_ops():
        if node.get_type_name() == "MatMul":
            weights, given = node.input_value(1).get_node(), node.input_value(0)
            constant = weights.get_type_name() == "Constant" and len(weights.get_output_shape(0)) == 2  # noqa: PLR2004
            straight = node.get_attributes()["transpose_b"] and not node.get_attributes()["transpose_a"]
            if constant and straight:
                found.setdefault((given.get_node().get_friendly_name(), given.get_index()), []).append(node)
    return found


def _spans(
    openvino: ModuleType,
    model: Any,  # noqa: ANN401
    places: Sequence[tuple[str, int]],
    samples: Iterable[Sequence[object]],
) -> dict[tuple[str, int], _Span]:
    """What comes in at each place, over all samples."""
    watched = model.clone()
    by_name = {node.get_friendly_name(): node for node in watched.get_ops()}
    first = len(watched.outputs)
    watched.add_outputs([by_name[name].output(index) for name, index in places])
    request = openvino.Core().compile_model(watched, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()
    spans: dict[tuple[str, int], _Span] = {}
    for sample in samples:
        request.infer(list(sample))
        for number, place in enumerate(places, first):
            seen = request.get_output_tensor(number).data
            seen = seen.reshape(-1, seen.shape[-1])
            now = _Span(seen.min(axis=0), seen.max(axis=0))
            before = spans.get(place, now)
            spans[place] = _Span(np.minimum(before.least, now.least), np.maximum(before.greatest, now.greatest))
    return spans


def _replace(ops: Any, nodes: Sequence[Any], span: _Span) -> None:  # noqa: ANN401
    """Give products that share what comes in their quantised inputs."""
    weights = [node.input_value(1).get_node().get_data().astype(np.float32) for node in nodes]
    largest = np.maximum(np.maximum(-span.least, span.greatest), _LEAST)
    heaviest = np.maximum(np.max([np.abs(each).max(axis=0) for each in weights], axis=0), _LEAST)
    factors = largest**SMOOTHING / heaviest ** (1 - SMOOTHING)
    factors = np.maximum(factors / np.median(factors), 1e-3).astype(np.float32)
    given = nodes[0].input_value(0)
    channels = [1] * (len(given.get_partial_shape()) - 1) + [len(factors)]
    smoothed = ops.multiply(given, ops.constant((1 / factors).reshape(channels)))
    low, high = _bounds(float((span.least / factors).min()), float((span.greatest / factors).max()))
    bounds = [ops.constant(np.float32(each)) for each in (low, high, low, high)]
    stepped = ops.fake_quantize(smoothed, *bounds, LEVELS)
    for node, each in zip(nodes, weights, strict=True):
        spread = each * factors
        scale = (np.maximum(np.abs(spread).max(axis=1, keepdims=True), _LEAST) / MOST).astype(np.float32)
        numbers = ops.convert(ops.constant(np.rint(spread / scale).astype(np.int8)), "f32")
        node.input(0).replace_source_output(stepped.output(0))
        node.input(1).replace_source_output(ops.multiply(numbers, ops.constant(scale)).output(0))


def _bounds(low: float, high: float) -> tuple[float, float]:
    """The ends of ``LEVELS`` even steps over this span, one of which is 0."""
    low, high = min(low, 0.0), max(high, _LEAST)
    step = (high - low) / (LEVELS - 1)
    below = round(-low / step)
    return -below * step, (LEVELS - 1 - below) * step
