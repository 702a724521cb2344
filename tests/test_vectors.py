from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.arrays import Floats, Mask
from rag.vectors import CODE, EXACT, SentenceVectors, VectorWriter

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
    assert len({*numbers.tolist()}) == len(numbers)
    assert np.isin(numbers, among).all()
    # FAISS and NumPy add in another order, so that of two as good ones either may come first.
    np.testing.assert_allclose(exact[numbers], exact[best], atol=1e-6)
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


MANY = 6_000


def clustered(count: int, dimensions: int, seed: int) -> Floats:
    """Vectors that lie as sentences do: about topics."""
    topics = unit((40, dimensions), seed)
    of_topic = np.random.default_rng(seed).integers(0, len(topics), count)
    vectors = topics[of_topic] + 1.2 * unit((count, dimensions), seed + 1)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


MANY_VECTORS = clustered(MANY, DIMENSIONS, seed=3)


def saved(file: Path, vectors: Floats, large: int) -> SentenceVectors:
    writer = VectorWriter(vectors.shape[1], large)
    for begin in range(0, len(vectors), 1_999):
        writer.add(vectors[begin : begin + 1_999])
    return SentenceVectors(file, writer.save(file))


@pytest.fixture(scope="module")
def coded(tmp_path_factory: pytest.TempPathFactory) -> SentenceVectors:
    return saved(tmp_path_factory.mktemp("codes") / "sentences.faiss", MANY_VECTORS, large=1_000)


def test_the_kind_is_chosen_by_the_number_of_sentences(written: SentenceVectors, coded: SentenceVectors) -> None:
    assert (written.card.kind, written.card.lists, written.card.recall) == (EXACT, 0, 1)
    assert (coded.card.kind, coded.card.lists) == (f"IVF128,PQ{DIMENSIONS}x4", 128)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 1000), st.integers(1, 300), st.floats(0, 1))
def test_of_all_lists_the_nearest_codes_are_those_that_brute_force_finds(
    coded: SentenceVectors, seed: int, count: int, share: float
) -> None:
    question = unit((DIMENSIONS,), seed)
    allowed = np.random.default_rng(seed).random(MANY) < share
    numbers, cosines = coded.exhaustive(question, count, allowed)
    exact = coded.take(np.arange(MANY)) @ question
    among = np.flatnonzero(allowed)
    best = np.sort(exact[among])[::-1][:count]
    assert allowed[numbers].all()
    np.testing.assert_allclose(cosines, best, atol=1e-5)
    np.testing.assert_allclose(exact[numbers], cosines, atol=1e-5)
    np.testing.assert_allclose(coded.cosines(numbers, question), cosines, atol=1e-5)


def test_of_some_lists_about_as_many_of_the_nearest_are_found_as_the_card_says(coded: SentenceVectors) -> None:
    assert 0 < coded.card.probes < coded.card.lists
    assert coded.card.recall >= 0.8
    shares = []
    for number in range(0, MANY, 100):
        question = unit((DIMENSIONS,), number) + MANY_VECTORS[number]
        near, _ = coded.nearest(question / np.linalg.norm(question), 100)
        truly, _ = coded.exhaustive(question / np.linalg.norm(question), 10)
        shares.append(len({*near.tolist()} & {*truly.tolist()}) / len(truly))
    assert np.mean(shares) == pytest.approx(coded.card.recall, abs=0.05)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 1000), st.integers(1, 300), st.floats(0, 1))
def test_the_quick_search_tells_the_cosines_of_codes_to_a_hundredth(
    coded: SentenceVectors, seed: int, count: int, share: float
) -> None:
    question = unit((DIMENSIONS,), seed)
    allowed = np.random.default_rng(seed).random(MANY) < share
    numbers, cosines = coded.nearest(question, count, allowed)
    assert allowed[numbers].all()
    assert len({*numbers.tolist()}) == len(numbers)
    assert (np.diff(cosines) <= 0).all()
    np.testing.assert_allclose(cosines, coded.cosines(numbers, question), atol=0.01)


def test_a_code_has_at_most_96_bytes_and_its_cosines_are_off_by_two_hundredths(tmp_path: Path) -> None:
    vectors = clustered(2_000, 384, seed=5)
    codes = saved(tmp_path / "codes.faiss", vectors, large=100)
    assert codes.codes(np.arange(7)).shape == (7, CODE)
    questions = clustered(50, 384, seed=9)
    errors = np.array([codes.cosines(np.arange(2_000), each) for each in questions]) - questions @ vectors.T
    assert errors.std() < 0.02
    assert abs(errors.mean()) < 0.002


def test_the_same_vectors_give_the_same_bytes_however_they_come(coded: SentenceVectors, tmp_path: Path) -> None:
    saved(tmp_path / "again.faiss", MANY_VECTORS, large=1_000)
    flat = saved(tmp_path / "flat.faiss", MANY_VECTORS, large=MANY)
    for name, source in (("of floats", flat), ("of codes", coded)):
        writer = VectorWriter(DIMENSIONS, 1_000)
        writer.copy(source, 0, 2_500)
        writer.copy(source, 2_500, MANY)
        assert writer.save(tmp_path / name) == coded.card
        assert (tmp_path / name).read_bytes() == (tmp_path / "again.faiss").read_bytes()


def test_floats_and_codes_are_merged_in_their_order(coded: SentenceVectors, tmp_path: Path) -> None:
    flat = saved(tmp_path / "flat.faiss", MANY_VECTORS[:50], large=MANY)
    writer = VectorWriter(DIMENSIONS, MANY)
    writer.copy(flat, 10, 50)
    writer.copy(coded, 100, 200)
    writer.copy(flat, 0, 10)
    merged = SentenceVectors(tmp_path / "merged", writer.save(tmp_path / "merged"))
    # What is a code stays one, however few there are.
    assert merged.card.lists
    np.testing.assert_array_equal(merged.codes(np.arange(40, 140)), coded.codes(np.arange(100, 200)))
    own = saved(tmp_path / "own.faiss", MANY_VECTORS[:50], large=10)
    np.testing.assert_array_equal(merged.codes(np.arange(40)), own.codes(np.arange(10, 50)))
    np.testing.assert_array_equal(merged.codes(np.arange(140, 150)), own.codes(np.arange(10)))
    np.testing.assert_allclose(merged.take(np.arange(40)), MANY_VECTORS[10:50], atol=0.1)
    np.testing.assert_allclose(merged.take(np.arange(140, 150)), MANY_VECTORS[:10], atol=0.1)
