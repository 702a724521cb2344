from __future__ import annotations

import tracemalloc
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag import articles, embedding, passages, tokens
from rag.embedding import Part, embed
from rag.encoder import Encoder
from rag.passages import TokenLimit
from rag.states import Codec
from rag.types import Article, EncodedArticle, Text

MOST = 48
SENTENCES = (
    "Two cranes left.",
    "Nobody had closed the gates, not even the keeper!",
    "• Dogs travel free",
    "½ 東京 ok?",
    "—",
)


@pytest.fixture(scope="module")
def texts(corpus: Path) -> list[Text]:
    chosen = ("glacier_seeds.md", "night_trains.txt", "wolves.md")
    read = (each for name in chosen for each in articles.read((corpus / name).read_bytes(), name))
    return [Text(each.text, each.language) for each in read if isinstance(each, Article)]


@pytest.fixture(scope="module")
def made(texts: list[Text], encoder: Encoder, codec: Codec) -> list[EncodedArticle]:
    return whole(embed(texts, encoder, codec, MOST), len(texts))


def whole(parts: Iterable[Part], texts: int) -> list[EncodedArticle]:
    """The parts of each text, put together."""
    of_text: list[list[EncodedArticle]] = [[] for _ in range(texts)]
    last = 0
    for part in parts:
        assert part.text >= last, "texts come in their order"
        last = part.text
        of_text[part.text].append(part.encoded)

    def joined(own: list[EncodedArticle], name: str) -> Any:  # noqa: ANN401  any field
        values = [getattr(each, name) for each in own]
        return sum(values, ()) if isinstance(values[0], tuple) else np.concatenate(values)

    return [EncodedArticle(**{name: joined(own, name) for name in EncodedArticle.__slots__}) for own in of_text]


def test_texts_are_cut_within_both_limits(texts: list[Text], made: list[EncodedArticle], encoder: Encoder) -> None:
    limits = (TokenLimit(tokens.counts, MOST), TokenLimit(encoder.counts, encoder.room))
    assert [(each.sentences, each.passages) for each in made] == [
        passages.split(each.text, limits, each.language) for each in texts
    ]
    cut = [text.text[each.start : each.end] for text, one in zip(texts, made, strict=True) for each in one.passages]
    assert max(tokens.counts(cut)) <= MOST
    assert len(cut) > len(texts)


def test_the_models_own_window_is_a_limit_too(encoder: Encoder, codec: Codec) -> None:
    text = " ".join(["antidisestablishmentarianism"] * 200) + "."
    [made] = whole(embed([Text(text)], encoder, codec, 10_000), 1)
    assert len(made.passages) > 1
    assert made.lengths.max() <= encoder.room


def test_each_sentence_has_the_vector_of_the_sentence_alone(
    texts: list[Text], made: list[EncodedArticle], encoder: Encoder
) -> None:
    for text, one in zip(texts, made, strict=True):
        assert one.vectors.shape == (len(one.sentences), 384)
        alone = np.stack([encoder.question(text.text[each.start : each.end]).vector for each in one.sentences])
        assert (one.vectors * alone).sum(axis=1).min() > 0.999


def test_each_passage_has_the_states_of_its_own_word_pieces(
    texts: list[Text], made: list[EncodedArticle], encoder: Encoder, codec: Codec
) -> None:
    for text, one in zip(texts, made, strict=True):
        assert len(one.codes) == len(one.pieces) == len(one.places) == one.lengths.sum()
        begins = np.cumsum([0, *one.lengths])
        for number, passage in enumerate(one.passages):
            own = slice(begins[number], begins[number + 1])
            alone = encoder.question(text.text[passage.start : passage.end])
            assert one.pieces[own].tolist() == alone.pieces.tolist()
            # Other texts beside it move a state a little, and some of its numbers over the edge of a step.
            assert (one.codes[own] == codec.encode(alone.states)).mean() > 0.95


def test_each_word_piece_is_in_its_sentence(texts: list[Text], made: list[EncodedArticle], encoder: Encoder) -> None:
    for text, one in zip(texts, made, strict=True):
        begins = np.cumsum([0, *one.lengths])
        for number, passage in enumerate(one.passages):
            own = one.sentences[passage.first : passage.last]
            starts = encoder.question(text.text[passage.start : passage.end]).starts + passage.start
            places = one.places[begins[number] : begins[number + 1]].tolist()
            for start, place in zip(starts.tolist(), places, strict=True):
                assert own[place].start <= start < own[place].end


@settings(deadline=None, max_examples=15)
@given(st.lists(st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=6), max_size=4), st.sampled_from("\n "))
def test_articles_stay_in_order_and_apart(
    encoder: Encoder, codec: Codec, written: list[list[str]], between: str
) -> None:
    texts = [Text(between.join(sentences)) for sentences in written]
    together = whole(embed(texts, encoder, codec, 20), len(texts))
    assert len(together) == len(texts)
    for text, one in zip(texts, together, strict=True):
        [alone] = whole(embed([text], encoder, codec, 20), 1)
        assert (one.sentences, one.passages) == (alone.sentences, alone.passages)
        np.testing.assert_array_equal(one.pieces, alone.pieces)
        np.testing.assert_array_equal(one.places, alone.places)
        np.testing.assert_array_equal(one.lengths, alone.lengths)
        assert (one.vectors * alone.vectors).sum(axis=1).min() > 0.999
        assert one.places.max() < max(each.last - each.first for each in one.passages)


@pytest.mark.parametrize("window", [1, 3, 7, 1000])
def test_a_text_in_parts_is_what_it_is_at_once(
    texts: list[Text],
    made: list[EncodedArticle],
    encoder: Encoder,
    codec: Codec,
    monkeypatch: pytest.MonkeyPatch,
    window: int,
) -> None:
    monkeypatch.setattr(embedding, "WINDOW", window)
    parts = list(embed(texts, encoder, codec, MOST))
    assert max(len(part.encoded.passages) for part in parts) <= window
    for one, other in zip(whole(parts, len(texts)), made, strict=True):
        assert (one.sentences, one.passages) == (other.sentences, other.passages)
        for name in ("pieces", "places", "lengths", "vectors", "codes"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.slow
def test_what_is_held_at_once_does_not_grow_with_the_text(
    texts: list[Text], encoder: Encoder, codec: Codec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding, "WINDOW", 16)
    held = []
    for times in (2, 8):
        text = "\n\n".join(each.text for each in texts * times)
        tracemalloc.start()
        try:
            pieces = sum(int(part.encoded.lengths.sum()) for part in embed([Text(text)], encoder, codec, MOST))
            held.append(tracemalloc.get_traced_memory()[1] - 10 * len(text))
        finally:
            tracemalloc.stop()
    states = pieces * encoder.card.dimensions * np.dtype(np.float32).itemsize
    assert held[1] < held[0] + states / 10


def test_progress_is_told_with_the_text_at_hand(
    texts: list[Text], encoder: Encoder, codec: Codec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding, "TOLD_AFTER", 2)
    monkeypatch.setattr(embedding, "WINDOW", 4)
    told: list[tuple[int, int, int]] = []
    parts = list(embed(texts, encoder, codec, MOST, lambda *step: told.append(step)))
    of_text = [part.text for part in parts for _ in part.encoded.passages]
    assert len(told) > 2
    assert {total for _, _, total in told} == {len(of_text)}
    assert all(number == of_text[done] for number, done, _ in told)
    dones = [done for _, done, _ in told]
    assert dones == sorted(set(dones))
