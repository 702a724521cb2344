from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.arrays import Floats, Mask
from rag.vectors import SentenceVectors, VectorWriter

COUNT, DIMENSIONS = 700, 48


def unit(shape: tuple[int, ...], seed: int) -> Floats:
    vectors = np.random.default_rng(seed).normal(size=shape)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True), np.float32)


VECTORS = unit((COUNT, DIMENSIONS), seed=1)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> SentenceVectors:
    file = tmp_path_factory.mktemp("vectors") / "sentences.faiss"
    writer = VectorWriter(DIMENSIONS)
    for part in (VECTORS[:300], VECTORS[300:300], VECTORS[300:]):
        writer.add(part)
    return SentenceVectors(file, writer.save(file))


def test_vectors_are_kept_as_the_nearest_16_bit_floats_in_their_order(written: SentenceVectors) -> None:
    kept = written.take(np.arange(COUNT))
    assert len(written) == len(kept) == COUNT
    np.testing.assert_array_equal(kept.astype(np.float16).astype(np.float32), kept)
    # Halfway between two of them, NumPy and FAISS do not choose the same one.
    assert (np.abs(kept - VECTORS) <= np.spacing(np.abs(VECTORS).astype(np.float16)).astype(np.float32) / 2).all()
    np.testing.assert_array_equal(written.take(np.array([5, 3, 3, 699])), kept[[5, 3, 3, 699]])
    assert written.take(np.empty(0, np.int64)).shape == (0, DIMENSIONS)


def masks() -> st.SearchStrategy[Mask | None]:
    few = st.sets(st.integers(0, COUNT - 1), max_size=9).map(lambda chosen: np.isin(np.arange(COUNT), list(chosen)))
    share = st.tuples(st.floats(0, 1), st.integers(0, 99)).map(
        lambda drawn: np.random.default_rng(drawn[1]).random(COUNT) < drawn[0]
    )
    return st.none() | few | share


@settings(deadline=None)
@given(st.integers(0, 1000), st.integers(1, COUNT + 20), masks())
def test_the_nearest_are_those_that_brute_force_finds(
    written: SentenceVectors, seed: int, count: int, allowed: Mask | None
) -> None:
    question = unit((DIMENSIONS,), seed + 2)
    numbers, cosines = written.nearest(question, count, allowed)
    exact = written.take(np.arange(COUNT)) @ question
    among = np.arange(COUNT) if allowed is None else np.flatnonzero(allowed)
    best = among[np.argsort(-exact[among], kind="stable")][:count]
    np.testing.assert_array_equal(numbers, best)
    np.testing.assert_allclose(cosines, exact[best], atol=1e-5)
    assert len(numbers) == min(count, len(among))


def test_a_question_is_not_changed_by_a_search(written: SentenceVectors) -> None:
    question = unit((DIMENSIONS,), 7)
    kept = question.copy()
    written.nearest(question, 3, np.ones(COUNT, bool))
    np.testing.assert_array_equal(question, kept)


def test_cosines_of_16_bit_floats_are_those_of_32_bit_floats_to_a_thousandth(written: SentenceVectors) -> None:
    question = unit((DIMENSIONS,), 8)
    numbers, cosines = written.nearest(question, COUNT)
    np.testing.assert_allclose(cosines, VECTORS[numbers] @ question, atol=1e-3)


def test_an_index_of_one_sentence_finds_it(tmp_path: Path) -> None:
    writer = VectorWriter(DIMENSIONS)
    writer.add(VECTORS[:1])
    card = writer.save(tmp_path / "one.faiss")
    numbers, cosines = SentenceVectors(tmp_path / "one.faiss", card).nearest(VECTORS[0], 10, np.array([True]))
    assert numbers.tolist() == [0]
    assert cosines[0] == pytest.approx(1, abs=1e-3)
