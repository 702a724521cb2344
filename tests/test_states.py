from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import states
from rag.arrays import Bytes, Floats
from rag.encoder import Encoder
from rag.errors import ModelMissingError
from rag.states import KEPT, STEPS, Codec

TEXTS = (
    "A barge carried the first of the two cranes to a breaker's yard before noon.",
    "Who paid for the removal, and how much did it cost?",
    "Dogs travel free; a berth costs from 290 crowns.",
    "Bees follow hedgerows as people follow roads.",
)


@pytest.fixture(scope="module")
def sample(encoder: Encoder) -> Floats:
    """States of real text, none of which the codec was fitted on."""
    return np.concatenate([each.states for each in encoder.passages(TEXTS)])


def decoded(codec: Codec, codes: Bytes) -> Floats:
    """What codes stand for: two numbers a byte, the high half first, each so many steps above the lowest."""
    numbers = np.empty((len(codes), 2 * codes.shape[1]), np.float32)
    numbers[:, : codec.width], numbers[:, codec.width :] = codes >> 4, codes & 15
    return codec.low + numbers * codec.step


def test_a_state_takes_48_bytes(codec: Codec, sample: Floats) -> None:
    assert (codec.width, codec.basis.shape) == (48, (384, KEPT))
    codes = codec.encode(sample)
    assert codes.shape == (len(sample), 48)
    assert codes.dtype == np.uint8


def test_the_basis_is_orthonormal(codec: Codec) -> None:
    np.testing.assert_allclose(codec.basis.T @ codec.basis, np.eye(KEPT), atol=1e-5)


def test_projected_states_have_length_one(codec: Codec, sample: Floats) -> None:
    np.testing.assert_allclose(np.linalg.norm(codec.project(sample), axis=1), 1, atol=1e-5)
    assert not codec.project(np.zeros((1, 384), np.float32)).any()


def test_each_number_comes_back_within_half_a_step(codec: Codec, sample: Floats) -> None:
    projected = codec.project(sample)
    nearest = projected.clip(codec.low, codec.low + (STEPS - 1) * codec.step)
    assert (np.abs(decoded(codec, codec.encode(sample)) - nearest) <= codec.step / 2 + 1e-6).all()
    # Few numbers are beyond the steps: they are clipped on purpose.
    assert (projected == nearest).mean() > 0.97


def test_cosines_survive_the_compression(codec: Codec, sample: Floats) -> None:
    projected = codec.project(sample)
    found = projected @ decoded(codec, codec.encode(sample)).T
    assert np.abs(found - projected @ projected.T).max() < 0.1
    assert np.corrcoef(found.ravel(), (sample @ sample.T).ravel())[0, 1] > 0.95


@given(st.data())
def test_best_cosines_are_those_of_the_decoded_states(codec: Codec, data: st.DataObject) -> None:
    lengths = data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=6))
    words = data.draw(st.integers(1, 4))
    random = np.random.default_rng(data.draw(st.integers(0, 1000)))
    codes = random.integers(0, 256, (sum(lengths), codec.width), np.uint8)
    question = codec.project(random.normal(size=(words, 384)).astype(np.float32))
    begins = np.cumsum([0, *lengths[:-1]])
    runs = np.split(decoded(codec, codes), begins[1:])
    expected = [[max(word @ state for state in run) for run in runs] for word in question]
    np.testing.assert_allclose(codec.best_cosines(question, codes, begins), expected, atol=1e-5)


def test_fitting_twice_gives_the_same_bytes(encoder: Encoder, codec: Codec) -> None:
    phrases = encoder.passages(encoder.vocabulary_phrases(100))
    sample = np.concatenate([phrase.states for phrase in phrases])
    one, other = states.fit(sample), states.fit(sample.copy())
    for first, second in ((one.basis, other.basis), (one.low, other.low), (one.step, other.step)):
        np.testing.assert_array_equal(first, second)
    assert codec.encode(sample).shape == one.encode(sample).shape


@pytest.mark.parametrize(("dimensions", "kept"), [(32, 32), (33, 32), (500, KEPT)])
def test_narrow_models_keep_all_they_have(dimensions: int, kept: int) -> None:
    sample = np.random.default_rng(1).normal(size=(600, dimensions)).astype(np.float32)
    sample /= np.linalg.norm(sample, axis=1, keepdims=True)
    codec = states.fit(sample)
    assert (codec.basis.shape, codec.width) == ((dimensions, kept), kept // 2)
    codes = codec.encode(sample)
    # Alike as random states are: each is still nearest to itself.
    cosines = codec.best_cosines(codec.project(sample[:20]), codes, np.arange(600))
    assert (cosines.argmax(axis=1) == np.arange(20)).all()


def test_states_that_hardly_vary_can_be_fitted() -> None:
    sample = np.repeat(np.eye(1, 40, dtype=np.float32), 50, axis=0)
    codec = states.fit(sample)
    assert np.isfinite(decoded(codec, codec.encode(sample))).all()


def test_a_saved_codec_is_the_same_when_loaded(codec: Codec, sample: Floats, tmp_path: Path) -> None:
    codec.save(tmp_path / "codec.npy")
    loaded = Codec.load(tmp_path / "codec.npy")
    np.testing.assert_array_equal(loaded.encode(sample), codec.encode(sample))
    np.testing.assert_array_equal(loaded.basis, codec.basis)


@pytest.mark.parametrize("kept", [None, 0, 20, 1000])
def test_a_missing_or_damaged_codec_is_refused_with_its_cure(codec: Codec, tmp_path: Path, kept: int | None) -> None:
    file = tmp_path / "codec.npy"
    codec.save(file)
    whole = file.read_bytes()
    file.unlink()
    if kept is not None:
        file.write_bytes(whole[:kept])
    with pytest.raises(ModelMissingError, match="run `rag build`"):
        Codec.load(file)
