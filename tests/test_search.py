from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import TypedDict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag import builder, evidence, lexical, passages, search, tokens
from rag.arrays import Floats
from rag.encoder import Encoder
from rag.library import Library
from rag.passages import TokenLimit
from rag.search import Hit
from rag.settings import PACKAGED_MODEL
from rag.states import Codec
from rag.store import IndexFolder
from rag.types import Article, ArticleInfo, Citation, Passage, Sentence

PASSAGE_TOKENS = 60
# The index has sentence vectors as 16-bit floats; and the oracle gives the model other texts at the same time, which
# moves a state a little, now and then over the edge of one of its 16 steps.
CLOSE = 1e-3

REAL_QUESTIONS = (
    "Who drove the crane at Port Selwick?",
    "Why did nobody shut the flood gates in time?",
    "How much does a bed on the sleeper cost?",
    "How many wolves live east of Norrby?",
    "what happened on 8 January",
    "Agathe Rume",
    "Did paper sell well while the internet was down?",
)
QUESTIONS = (
    *REAL_QUESTIONS,
    "the of and",
    "glaciers glaciers seeds?",
    "東京",
    "\u200b",
    "half \ud83d a pair",
)


@dataclass(frozen=True)
class Row:
    """A passage of the oracle, with its sentences and all that the model and the words say of it."""

    article: Article
    passage: Passage
    sentences: tuple[Sentence, ...]
    pieces: frozenset[int]
    states: Floats
    starts: Sequence[int]
    vectors: Floats
    terms: tuple[str, ...]


class Oracle:
    """T + 0.25 S + 0.2 B of every passage, straight from the articles' texts; nothing of the index is used."""

    def __init__(self, articles: Sequence[Article], encoder: Encoder, codec: Codec) -> None:
        self.encoder, self.codec = encoder, codec
        limits = (TokenLimit(tokens.counts, PASSAGE_TOKENS), TokenLimit(encoder.counts, encoder.room))
        self.rows = [row for article in articles for row in self.cut(article, limits)]

    def cut(self, article: Article, limits: Sequence[TokenLimit]) -> list[Row]:
        sentences, found = passages.split(article.text, limits)
        texts = [article.text[each.start : each.end] for each in found]
        vectors = self.encoder.sentences([article.text[each.start : each.end] for each in sentences])
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return [
            Row(
                article=article,
                passage=passage,
                sentences=sentences[passage.first : passage.last],
                pieces=frozenset(encoded.pieces.tolist()),
                states=self.compressed(encoded.states),
                starts=[start + passage.start for start in encoded.starts.tolist()],
                vectors=vectors[passage.first : passage.last],
                terms=tuple(lexical.terms(text)),
            )
            for passage, text, encoded in zip(found, texts, self.encoder.passages(texts), strict=True)
        ]

    def projected(self, states: Floats) -> Floats:
        projected = states @ self.codec.basis
        return np.asarray(projected / np.linalg.norm(projected, axis=1, keepdims=True), np.float32)

    def compressed(self, states: Floats) -> Floats:
        low, step = self.codec.low, self.codec.step
        return np.asarray(low + step * np.round((self.projected(states) - low) / step).clip(0, 15), np.float32)

    def asked(self, question: str) -> tuple[Floats, Floats, Floats]:
        """The question's vector, its states, and the weights of those."""
        encoded = self.encoder.question(question)
        holding = np.array([sum(piece in row.pieces for row in self.rows) for piece in encoded.pieces.tolist()])
        weights = np.log(1 + len(self.rows) / (1 + holding))
        return encoded.vector, self.projected(encoded.states), np.asarray(weights / weights.sum(), np.float32)

    def named(self, question: str) -> list[bool]:
        """For each word piece of the question whether it is of a name or a number."""
        spans = evidence.names(question)
        starts = self.encoder.question(question).starts.tolist()
        return [any(start <= place < end for start, end in spans) for place in starts]

    def late_interaction(self, question: str) -> Floats:
        """Names and numbers anywhere in the passage, all else within one window of at least 48 pieces."""
        _, states, weights = self.asked(question)
        named = np.array(self.named(question), bool)
        scores = []
        for row in self.rows:
            cosines = states @ row.states.T
            anywhere = float(weights[named] @ cosines[named].max(axis=1))
            windows = [cosines[~named][:, window].max(axis=1) for window in windows_of(row)]
            scores.append(anywhere + max(float(weights[~named] @ best) for best in windows))
        return np.array(scores, np.float32)

    def sentence_cosine(self, question: str) -> Floats:
        vector, _, _ = self.asked(question)
        return np.array([(row.vectors @ vector).max() for row in self.rows], np.float32)

    def bm25(self, question: str) -> Floats:
        wanted = sorted(set(lexical.terms(question)))
        holding = np.array([sum(term in row.terms for row in self.rows) for term in wanted])
        rarity = np.log(1 + (len(self.rows) - holding + 0.5) / (holding + 0.5))
        average = sum(len(row.terms) for row in self.rows) / len(self.rows)
        counts = np.array([[row.terms.count(term) for term in wanted] for row in self.rows]).reshape(
            len(self.rows), len(wanted)
        )
        lengths = np.array([len(row.terms) for row in self.rows])[:, None]
        scores = (rarity * counts * 2.2 / (counts + 1.2 * (0.4 + 0.6 * lengths / average))).sum(axis=1)
        return np.asarray(scores / max(rarity.sum() * 2.2, 1e-9), np.float32)

    def totals(self, question: str) -> dict[tuple[str, int], float]:
        """By article and the place where the passage begins, best first."""
        totals = self.late_interaction(question) + 0.25 * self.sentence_cosine(question) + 0.2 * self.bm25(question)
        best_first = sorted(zip(totals.tolist(), self.rows, strict=True), key=lambda pair: -pair[0])
        return {(row.article.id, row.passage.start): total for total, row in best_first}

    def sentence_scores(self, question: str, row: Row) -> dict[Sentence, float]:
        """How well each sentence of a passage answers, those without any word piece left out."""
        vector, _, _ = self.asked(question)
        return {
            sentence: self.met(question, row, [sentence]) + 0.25 * float(own @ vector)
            for sentence, own in zip(row.sentences, row.vectors, strict=True)
            if within(row, sentence)
        }

    def met(self, question: str, row: Row, sentences: Sequence[Sentence]) -> float:
        """Late interaction within some sentences of a passage."""
        _, states, weights = self.asked(question)
        pieces = [piece for sentence in sentences for piece in within(row, sentence)]
        return float(weights @ (states @ row.states[pieces].T).max(axis=1))


def within(row: Row, sentence: Sentence) -> list[int]:
    """The word pieces of a passage that stand in a sentence."""
    return [place for place, start in enumerate(row.starts) if sentence.start <= start < sentence.end]


def windows_of(row: Row) -> list[list[int]]:
    """Whole sentences from each one on until there are 48 word pieces or the passage ends."""
    pieces = [found for sentence in row.sentences if (found := within(row, sentence))]
    windows = []
    for first in range(len(pieces)):
        window: list[int] = []
        for more in pieces[first:]:
            if len(window) < 48:
                window += more
        windows.append(window)
    return windows


@pytest.fixture(scope="module")
def stepped(
    tmp_path_factory: pytest.TempPathFactory,
    write_corpus: Callable[[Path], Path],
    with_model: Callable[[Path], Path],
) -> Library:
    """An index of the small corpus in short passages, grown in steps: two segments, and in one an article is gone."""
    folder = tmp_path_factory.mktemp("stepped")
    corpus, index = write_corpus(folder / "corpus"), with_model(folder / "index")
    later = (corpus / "bank_outage.md").rename(folder / "bank_outage.md")
    cut_short = corpus / "harbour_cranes.md"
    whole = cut_short.read_text(encoding="utf-8")
    cut_short.write_text(whole.partition("Harbour master")[0], encoding="utf-8")
    builder.build(corpus, IndexFolder(index), model=PACKAGED_MODEL, passage_tokens=PASSAGE_TOKENS)
    cut_short.write_text(whole, encoding="utf-8")
    later.rename(corpus / "bank_outage.md")
    builder.build(corpus, IndexFolder(index), model=PACKAGED_MODEL)
    library = Library(index)
    assert [len(use.removed) for use in library.manifest.segments] == [1, 0]
    assert len(library) > search.CANDIDATES
    return library


@pytest.fixture(scope="module")
def oracle(stepped: Library, encoder: Encoder, codec: Codec) -> Oracle:
    return Oracle([stepped.article(info.id) for info in stepped.articles()], encoder, codec)


def places(citations: Sequence[Citation]) -> list[tuple[str, int]]:
    return [(cited.article.id, cited.start) for cited in citations]


def agree(citations: Sequence[Citation], expected: dict[tuple[str, int], float]) -> None:
    """The scores are those expected, and so is the order but for passages that are as good as equal."""
    for cited in citations:
        total = expected[cited.article.id, cited.start]
        assert cited.score == pytest.approx(min(1, max(0, total / 1.45)), abs=CLOSE)
    in_order = [expected[place] for place in places(citations)]
    assert all(earlier > later - 2 * CLOSE for earlier, later in pairwise(in_order))
    left_out = [total for place, total in expected.items() if place not in places(citations)]
    assert not left_out or max(left_out) < min(in_order) + 2 * CLOSE


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_passage_is_scored_and_ranked_as_by_brute_force(stepped: Library, oracle: Oracle, question: str) -> None:
    citations = stepped.retrieve(question, k=len(stepped))
    expected = oracle.totals(question)
    assert sorted(places(citations)) == sorted(expected)
    assert [cited.rank for cited in citations] == list(range(1, len(stepped) + 1))
    scores = [cited.score for cited in citations]
    assert scores == sorted(scores, reverse=True)
    agree(citations, expected)


@pytest.mark.parametrize("question", REAL_QUESTIONS)
def test_the_best_few_are_among_the_candidates(stepped: Library, oracle: Oracle, question: str) -> None:
    citations = stepped.retrieve(question, k=3)
    assert len(citations) == 3
    agree(citations, oracle.totals(question))


@pytest.mark.parametrize("question", QUESTIONS)
def test_each_part_of_a_score_is_that_of_brute_force(
    stepped: Library, oracle: Oracle, encoder: Encoder, codec: Codec, question: str
) -> None:
    snapshot = stepped._opened.snapshot
    query = search.prepare(question, encoder.question(question), codec, snapshot)
    at = {(row.article.id, row.passage.start): number for number, row in enumerate(oracle.rows)}
    expected = (oracle.late_interaction(question), oracle.sentence_cosine(question), oracle.bm25(question))
    for segment, live in zip(snapshot.segments, snapshot.live, strict=True):
        numbers = segment.passages_of_articles(np.flatnonzero(live))
        scored = search.score(query, codec, snapshot, segment, numbers)
        found = [segment.article(number).id for number in segment.articles_of(numbers).tolist()]
        rows = [at[pair] for pair in zip(found, segment.passages[numbers, 0].tolist(), strict=True)]
        np.testing.assert_allclose(scored.late_interaction, expected[0][rows], atol=CLOSE)
        np.testing.assert_allclose(scored.sentence_cosine, expected[1][rows], atol=CLOSE)
        # No model has a part in this one.
        np.testing.assert_allclose(scored.bm25, expected[2][rows], atol=1e-6)


@pytest.mark.parametrize("question", QUESTIONS)
def test_looking_for_sentences_beside_scoring_finds_the_same(
    stepped: Library, encoder: Encoder, codec: Codec, question: str
) -> None:
    snapshot = stepped._opened.snapshot
    query = search.prepare(question, encoder.question(question), codec, snapshot)
    with ThreadPoolExecutor(1) as beside:
        for count in (1, 5, 1000):
            alone = search.search(query, codec, snapshot, count)
            found = search.search(query, codec, snapshot, count, beside=beside)
            assert [replace(hit, late_interaction=0.0) for hit in found] == [
                replace(hit, late_interaction=0.0) for hit in alone
            ]
            apart, together = ([hit.late_interaction for hit in hits] for hits in (found, alone))
            np.testing.assert_allclose(apart, together, atol=1e-6)


@pytest.mark.parametrize("count", range(1, 11))
def test_as_many_candidates_are_found_by_their_sentences_as_are_asked_for(
    library: Library, encoder: Encoder, codec: Codec, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    # The passages have half a dozen sentences each, and at first no more than one each is looked at.
    monkeypatch.setattr(search, "SENTENCES", 1)
    snapshot = library._opened.snapshot
    query = search.prepare(QUESTIONS[1], encoder.question(QUESTIONS[1]), codec, snapshot)
    [found] = search._cut([search._nearest(query, snapshot.segments[0], snapshot.live[0], count)], count)
    assert len(found) == count


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_quote_is_the_sentence_that_answers_best_with_a_neighbour_that_adds_much(
    stepped: Library, oracle: Oracle, question: str
) -> None:
    rows = {(row.article.id, row.passage.start): row for row in oracle.rows}
    for cited in stepped.retrieve(question, k=10):
        row = rows[cited.article.id, cited.start]
        scores = oracle.sentence_scores(question, row)
        quoted = [each for each in row.sentences if cited.quote_start <= each.start and each.end <= cited.quote_end]
        assert (quoted[0].start, quoted[-1].end) == (cited.quote_start, cited.quote_end)
        assert 1 <= len(quoted) <= 2
        # Of two, either may be the one that answers best.
        assert max(scores[each] for each in quoted) > max(scores.values()) - 2 * CLOSE
        if len(quoted) == 2:
            best = max(quoted, key=lambda each: scores[each])
            assert oracle.met(question, row, quoted) - oracle.met(question, row, [best]) > 0.05 - 2 * CLOSE
        elif question in REAL_QUESTIONS:
            place = row.sentences.index(quoted[0])
            for other in row.sentences[max(0, place - 1) : place + 2]:
                if within(row, other):
                    gain = oracle.met(question, row, [quoted[0], other]) - oracle.met(question, row, quoted)
                    assert gain < 0.05 + 2 * CLOSE


class Filters(TypedDict, total=False):
    since: date | str
    until: date | str
    sources: str | list[str]
    authors: str | list[str]


FILTERS: tuple[Filters, ...] = (
    {},
    {"sources": "selwick courier"},
    {"sources": ["LEDGER weekly", "Field Notes"]},
    {"sources": "payments observer"},
    {"authors": ["Dana Whitlow"]},
    {"authors": "IDA KVIST", "sources": "Ledger Weekly"},
    {"since": "2021-02-28"},
    {"until": date(2019, 11, 4)},
    {"since": date(2020, 9, 21), "until": "2022-06-03"},
    {"since": "2022-06-03", "until": "2022-06-03", "authors": "Jonas Feld"},
    {"sources": "nobody"},
    {"authors": []},
    {"until": "2001-01-01"},
)


def passes(article: ArticleInfo, wanted: Filters) -> bool:
    original = article.digest_of
    asked = (
        (wanted.get("sources"), {article.source, original and original.source}),
        (wanted.get("authors"), {article.author, original and original.author}),
    )
    for names, own in asked:
        listed = [names] if isinstance(names, str) else names
        if listed is not None and not {each.casefold() for each in listed} & {each.casefold() for each in own if each}:
            return False
    if not wanted.keys() & {"since", "until"}:
        return True
    since, until = str(wanted.get("since", date.min)), str(wanted.get("until", date.max))
    return article.published is not None and since <= article.published.isoformat() <= until


@pytest.mark.parametrize("wanted", FILTERS)
def test_a_filter_ranks_what_passes_it_as_if_there_were_nothing_else_to_choose(
    stepped: Library, oracle: Oracle, wanted: Filters
) -> None:
    passing = {info.id for info in stepped.articles() if passes(info, wanted)}
    for question in QUESTIONS[:3]:
        expected = {place: total for place, total in oracle.totals(question).items() if place[0] in passing}
        citations = stepped.retrieve(question, k=len(stepped), **wanted)
        assert sorted(places(citations)) == sorted(expected)
        agree(citations, expected)


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(QUESTIONS), st.sampled_from(FILTERS), st.integers(1, 100), st.sampled_from((1, 40)))
def test_there_are_never_fewer_than_k_where_k_exist(
    stepped: Library, oracle: Oracle, question: str, wanted: Filters, k: int, candidates: int
) -> None:
    passing = {info.id for info in stepped.articles() if passes(info, wanted)}
    exist = sum(row.article.id in passing for row in oracle.rows)
    with pytest.MonkeyPatch.context() as patch:
        # Fewer candidates, and fewer sentences to find them by, than any question would be given.
        patch.setattr(search, "CANDIDATES", candidates)
        patch.setattr(search, "SENTENCES", 1 if candidates == 1 else search.SENTENCES)
        found = stepped.retrieve(question, k=k, **wanted)
    assert len(found) == len(set(places(found))) == min(k, exist)


def test_passages_that_are_equal_are_told_apart_by_their_article(
    tmp_path: Path, with_model: Callable[[Path], Path]
) -> None:
    corpus, index = tmp_path / "corpus", IndexFolder(with_model(tmp_path / "index"))
    corpus.mkdir()
    for number in range(6):
        article = f"---\ntitle: Copy {number}\n---\nThe ferry to Ostrel returns in June. Cabins cost 96 crowns.\n"
        (corpus / f"{number}.md").write_text(article, encoding="utf-8")
        if number > 2:
            builder.build(corpus, index, model=PACKAGED_MODEL)
    library = Library(index.path)
    citations = library.retrieve("What does a cabin cost?", k=6)
    assert len({cited.score for cited in citations}) == 1
    ids = [cited.article.id for cited in citations]
    assert ids == sorted(ids)
    for k in range(1, 6):
        assert places(library.retrieve("What does a cabin cost?", k=k)) == places(citations[:k])


def test_a_question_weighs_what_is_rare(stepped: Library, encoder: Encoder, codec: Codec) -> None:
    snapshot = stepped._opened.snapshot
    query = search.prepare("the Skerra the", encoder.question("the Skerra the"), codec, snapshot)
    assert query.words == (("skerra",),)
    assert query.weights.sum() == pytest.approx(1)
    assert query.weights[0] == query.weights[-1] < query.weights[1:-1].min()


@pytest.mark.parametrize(("total", "score"), [(-0.3, 0.0), (0.0, 0.0), (0.725, 0.5), (1.45, 1.0), (1.6, 1.0)])
def test_a_score_is_the_share_of_the_most_that_it_could_be(total: float, score: float) -> None:
    hit = Hit(0, 0, 0, 1, total, late_interaction=0, sentence_cosine=0, bm25=0)
    assert hit.score == pytest.approx(score)
