"""Tests of rag/quantization.py on small models made here, beside the same steps reckoned by numpy."""

from __future__ import annotations

import numpy as np
import openvino
import pytest
from openvino import opset13 as ops

from rag import quantization
from rag.arrays import Floats, Integers

HEADS, WIDE = 2, 8
SCALE = 0.5


def attention_model(*, causal: bool = False) -> openvino.Model:
    """Three texts' worth of states (texts, pieces, 3 * 8) and their mask in, attended values (texts, pieces, 8) out."""
    states = ops.parameter([-1, -1, 3 * WIDE], np.float32)
    mask = ops.parameter([-1, -1], np.int64)
    sides = ops.split(states, 2, 3)

    def heads(number: int) -> openvino.Node:
        cut = ops.reshape(sides.output(number), np.array([0, 0, HEADS, -1]), special_zero=True)
        return ops.transpose(cut, np.array([0, 2, 1, 3]))

    seen = ops.not_equal(ops.unsqueeze(mask, np.array([1, 2])), np.int64(0))
    if causal:
        here = ops.cum_sum(mask, 1)
        later = ops.less_equal(ops.unsqueeze(here, np.array([1, 2])), ops.unsqueeze(here, np.array([1, 3])))
        seen = ops.logical_and(seen, later)
    attended = ops.scaled_dot_product_attention(heads(0), heads(1), heads(2), seen, np.float32(SCALE))
    joined = ops.reshape(ops.transpose(attended, np.array([0, 2, 1, 3])), np.array([0, 0, WIDE]), special_zero=True)
    return openvino.Model([joined], [states, mask])


def run(model: openvino.Model, *inputs: Floats | Integers) -> Floats:
    request = openvino.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()
    request.infer(list(inputs))
    result: Floats = request.get_output_tensor(0).data.copy()
    return result


def kinds(model: openvino.Model) -> list[str]:
    return [node.get_type_name() for node in model.get_ops()]


def stepped(numbers: Floats, most: float) -> Floats:
    step = most / 127
    near: Floats = (np.clip(np.rint(numbers / step), -128, 127) * step).astype(np.float32)
    return near


def test_attention_in_integers_is_what_numpy_makes_of_the_same_steps() -> None:
    random = np.random.default_rng(3)
    # Some channels of the queries are far larger than others.
    spread = np.concatenate([np.geomspace(0.1, 8, WIDE), np.ones(2 * WIDE)])
    states = (random.normal(size=(2, 24, 3 * WIDE)) * spread).astype(np.float32)
    full, mask = np.ones((2, 24), np.int64), np.ones((2, 24), np.int64)
    mask[1, 19:] = 0
    model = attention_model()
    exact = run(model, states, mask)
    quantization.quantize(openvino, model, [[states, full]])
    assert "ScaledDotProductAttention" not in kinds(model)
    got = run(model, states, mask)

    queries, keys, values = np.split(states, 3, axis=2)
    largest = [np.abs(each).max(axis=(0, 1)) for each in (queries, keys)]
    factors = np.sqrt(largest[1] / largest[0])
    most = float((largest[0] * factors).max())
    sides = (
        stepped(queries * factors, most),
        stepped(keys / factors, most),
        stepped(values, float(np.abs(values).max())),
    )
    queries, keys, values = (each.reshape(2, 24, HEADS, -1).transpose(0, 2, 1, 3) for each in sides)
    met = np.where(mask[:, None, None, :] == 1, SCALE * queries @ keys.transpose(0, 1, 3, 2), -np.inf)
    parts = np.exp(met - met.max(axis=-1, keepdims=True))
    parts = np.rint(255 * parts / parts.sum(axis=-1, keepdims=True)) / 255
    expected = (parts @ values).transpose(0, 2, 1, 3).reshape(2, 24, WIDE)
    # A number on the edge of a step may fall to either side of it.
    assert np.median(np.abs(got - expected)) < 1e-6
    np.testing.assert_allclose(got, expected, atol=0.05)
    np.testing.assert_allclose(got, exact, atol=0.3)


def test_what_fills_up_a_text_changes_nothing_in_it() -> None:
    states = np.random.default_rng(4).normal(size=(1, 24, 3 * WIDE)).astype(np.float32)
    model = attention_model()
    quantization.quantize(openvino, model, [[states, np.ones((1, 24), np.int64)]])
    mask = np.ones((1, 24), np.int64)
    mask[0, 17:] = 0
    other = states.copy()
    other[0, 17:] = 7
    np.testing.assert_array_equal(run(model, states, mask)[0, :17], run(model, other, mask)[0, :17])


def test_attention_that_hides_more_than_what_fills_up_is_left_as_it_is() -> None:
    states = np.random.default_rng(5).normal(size=(1, 24, 3 * WIDE)).astype(np.float32)
    mask = np.ones((1, 24), np.int64)
    model = attention_model(causal=True)
    exact = run(model, states, mask)
    quantization.quantize(openvino, model, [[states, mask]])
    assert "ScaledDotProductAttention" in kinds(model)
    np.testing.assert_array_equal(run(model, states, mask), exact)


def weights() -> tuple[Floats, Floats, Floats]:
    """Weights, what is added and weights of two products; the first one gives one channel far larger than others."""
    random = np.random.default_rng(6)
    first, added, second = random.normal(size=(192, 32)), random.normal(size=192), random.normal(size=(16, 192))
    first[7] *= 8
    return first.astype(np.float32), added.astype(np.float32), second.astype(np.float32)


def products_model(first: Floats, added: Floats, second: Floats) -> openvino.Model:
    states = ops.parameter([-1, -1, 32], np.float32)
    product = ops.add(ops.matmul(states, first, transpose_a=False, transpose_b=True), added.reshape(1, 1, -1))
    last = ops.matmul(ops.gelu(product, "erf"), second, transpose_a=False, transpose_b=True)
    return openvino.Model([last], [states])


def test_a_channel_larger_than_all_others_does_not_set_their_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    states = np.random.default_rng(7).normal(size=(4, 50, 32)).astype(np.float32)
    exact = run(products_model(*weights()), states)
    spans = []
    for one_more_in in (96, 1000):
        monkeypatch.setattr(quantization, "ONE_MORE_IN", one_more_in)
        model = products_model(*weights())
        quantization.quantize(openvino, model, [[states]])
        [_, last] = (node for node in model.get_ordered_ops() if node.get_type_name() == "FakeQuantize")
        spans.append(float(last.input_value(2).get_node().get_data()))
        got = run(model, states)
        assert np.corrcoef(got.ravel(), exact.ravel())[0, 1] > 0.999
    with_copies, without = spans
    assert with_copies < 0.7 * without


def test_copies_are_of_the_channels_that_span_the_most() -> None:
    copies = quantization._copies(np.array([1, 9, 2, 4] * 48, np.float32))
    assert copies.sum() == 192 + 192 // quantization.ONE_MORE_IN
    assert copies.min() == 1
    assert (np.flatnonzero(copies > 1) % 4 == 1).all()
