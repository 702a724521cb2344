"""A question to ranked passages: candidates from two sides, re-ranked by late interaction.

The score of a passage is ``T + 0.25 S + 0.2 B``:

- ``T``, late interaction (rag.interaction): for each word piece of the question
  its best cosine among the token states of a few neighbouring sentences, or, for
  names and numbers, of the passage, weighted by how rare the piece is in the
  corpus, ``ln(1 + N / (1 + df))``, and divided by the sum of the weights.
- ``S``: the best cosine between the question and one of the passage's sentences.
- ``B``: BM25, divided by the most that a passage could reach for the question.

Candidates are the best passages by ``S`` and by ``B``. The figures behind the
weights are in docs/retrieval.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from rag import interaction, languages, lexical
from rag.arrays import Floats, Ids, Integers, Mask, distinct
from rag.encoder import TokenStates
from rag.evidence import names
from rag.interaction import Runs
from rag.states import Codec
from rag.store import Segment, Snapshot

WEIGHT_S = 0.25
WEIGHT_B = 0.2
MOST = 1.0 + WEIGHT_S + WEIGHT_B
CANDIDATES = 40
DECIMALS = 5
# Tantivy counts within one segment and with another length norm: of what it brings, the best by B are kept.
BROUGHT = 4
# A passage has about this many sentences; so many more are looked at to have enough passages.
SENTENCES = 5
# Up to this share of articles that are left out, their sentences are looked for too.
LEFT_OUT = 0.05


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found: where it stands, the parts of its score, and the sentences that answer best.

    ``segment`` and ``passage`` are its numbers in the snapshot; ``first`` and
    ``last``, which is excluded, are the numbers in the segment of the sentences
    to quote, one or two. ``total`` is ``T + 0.25 S + 0.2 B``.
    """

    segment: int
    passage: int
    first: int
    last: int
    total: float
    late_interaction: float
    sentence_cosine: float
    bm25: float

    @property
    def score(self) -> float:
        """The total as a share of the most that it could be, 0..1."""
        return min(1.0, max(0.0, self.total / MOST))

    @property
    def nearness(self) -> float:
        """``T + S``, which tells better than the total whether the passage answers at all (docs/retrieval.md)."""
        return self.late_interaction + self.sentence_cosine


@dataclass(frozen=True, slots=True)
class Words:
    """A question's words, which are known before the model has read it.

    ``words`` holds for each word the terms that stand for it in the languages of
    the articles, and ``language`` is the one that its stop words are of. ``terms``
    are the ids of those, uint32 for each word, and ``frequencies`` int64 (words,)
    says in how many passages each word stands.
    """

    words: tuple[tuple[str, ...], ...]
    language: str | None
    terms: tuple[Ids, ...]
    frequencies: Integers


@dataclass(frozen=True, slots=True)
class Query(Words):
    """A question made ready: its words, its vector, and its word pieces.

    ``vector`` float32 (d,) has length 1, ``states`` float32 (q, k) are the
    pieces' states in the codec's basis, ``weights`` float32 (q,) sum to 1,
    ``named`` bool (q,) are the pieces of names and numbers.
    """

    vector: Floats
    states: Floats
    weights: Floats
    named: Mask


@dataclass(frozen=True, slots=True)
class Scored:
    """Passages of one segment with the parts of their scores and ``T + 0.25 S + 0.2 B``, each float32 (n,).

    ``cosines`` float32 (q, runs) are the question pieces' best ones in each run
    of ``runs``; ``sentences`` float32 (runs,) is the cosine of the run's sentence.
    """

    passages: Integers
    late_interaction: Floats
    sentence_cosine: Floats
    bm25: Floats
    totals: Floats
    runs: Runs
    cosines: Floats
    sentences: Floats


def words(text: str, snapshot: Snapshot) -> Words:
    """A question's words as the articles of a snapshot hold them."""
    articles_in = snapshot.manifest.languages
    asked_in = languages.question_language(text) if lexical.is_mixed(articles_in) else articles_in[0]
    found = lexical.words(text, articles_in, asked_in)
    return Words(
        words=found,
        language=asked_in,
        terms=tuple(np.array([lexical.term_id(term) for term in word], np.uint32) for word in found),
        frequencies=np.array([sum(map(snapshot.term_frequency, word)) for word in found], np.int64),
    )


def prepare(text: str, encoded: TokenStates, codec: Codec, snapshot: Snapshot, read: Words | None = None) -> Query:
    """Make a question ready to be held against a snapshot; ``read`` are its words, where they are at hand."""
    read = words(text, snapshot) if read is None else read
    frequencies = snapshot.piece_frequencies[encoded.pieces]
    weights = np.log(1 + snapshot.manifest.passages / (1 + frequencies))
    return Query(
        words=read.words,
        language=read.language,
        terms=read.terms,
        frequencies=read.frequencies,
        vector=encoded.vector,
        states=codec.project(encoded.states),
        weights=np.asarray(weights / max(float(weights.sum()), 1e-9), np.float32),
        named=_named(text, encoded),
    )


def _named(text: str, encoded: TokenStates) -> Mask:
    """The word pieces of the question that belong to names and numbers."""
    spans = np.array(names(text), np.int64).reshape(-1, 2)
    places = encoded.starts[:, None]
    return np.asarray(((spans[:, 0] <= places) & (places < spans[:, 1])).any(axis=1))


def matched(
    asked: Words, snapshot: Snapshot, count: int, allowed: Sequence[Mask] | None = None
) -> tuple[Integers, ...]:
    """The passages of each segment that ``search`` with these arguments chooses by their words, int64 (n,)."""
    masks = tuple(snapshot.live if allowed is None else allowed)
    return tuple(_best_by_terms(asked, snapshot, masks, max(CANDIDATES, 2 * count)))


def search(
    query: Query,
    codec: Codec,
    snapshot: Snapshot,
    count: int,
    allowed: Sequence[Mask] | None = None,
    by_words: Sequence[Integers] | None = None,
    beside: Executor | None = None,
) -> tuple[Hit, ...]:
    """The ``count`` best passages, best first; fewer only where there are fewer.

    ``allowed`` holds for each segment of the snapshot which of its articles may
    be chosen from, bool (articles,); where it is None, all that are live may.
    ``by_words`` is what ``matched`` finds, where that is at hand. ``beside`` looks
    for sentences while those passages are scored.
    """
    masks = tuple(snapshot.live if allowed is None else allowed)
    by_words = matched(query, snapshot, count, masks) if by_words is None else by_words
    wanted = max(CANDIDATES, 2 * count)
    segments = [(query, *pair, wanted) for pair in zip(snapshot.segments, masks, strict=True)]
    if beside is None:
        pairs = zip(_cut([_nearest(*each) for each in segments], wanted), by_words, strict=True)
        scored = _scored(query, codec, snapshot, [distinct(np.concatenate(pair)) for pair in pairs])
    else:
        # One task a segment, none of which waits for another: many questions at once could not stop each other.
        tasks = [beside.submit(_nearest, *each) for each in segments]
        scored = _scored(query, codec, snapshot, by_words)
        pairs = zip(_cut([task.result() for task in tasks], wanted), by_words, strict=True)
        scored += _scored(query, codec, snapshot, [np.setdiff1d(*pair, assume_unique=True) for pair in pairs])
    ranked = sorted((row for each in scored for row in _best(each, snapshot, count)), key=lambda row: row[:3])[:count]
    return tuple(_hit(query, snapshot, *row[3:]) for row in ranked)


def _scored(query: Query, codec: Codec, snapshot: Snapshot, candidates: Sequence[Integers]) -> list[tuple[int, Scored]]:
    """Each segment's number with its candidates' scores, where it has any."""
    segments = enumerate(zip(snapshot.segments, candidates, strict=True))
    return [
        (number, score(query, codec, snapshot, segment, passages))
        for number, (segment, passages) in segments
        if len(passages)
    ]


def _best(
    numbered: tuple[int, Scored], snapshot: Snapshot, count: int
) -> Iterator[tuple[float, int, int, int, Scored, int]]:
    """The ``count`` best: the key to rank each by, and what ``_hit`` makes one of.

    Equal totals are told apart by the article's id and the place in it, however the index was built.
    """
    number, scored = numbered
    segment, totals = snapshot.segments[number], scored.totals
    starts = segment.passages[scored.passages, 0]
    identities = segment.identities[segment.articles_of(scored.passages)]
    for place in np.lexsort((starts, identities, -totals))[:count].tolist():
        yield -float(totals[place]), int(identities[place]), int(starts[place]), number, scored, place


def _hit(query: Query, snapshot: Snapshot, number: int, scored: Scored, place: int) -> Hit:
    first, last = _quote(query, scored, place)
    begin = int(snapshot.segments[number].passages[scored.passages[place], 2])
    return Hit(
        segment=number,
        passage=int(scored.passages[place]),
        first=begin + first,
        last=begin + last,
        total=float(scored.totals[place]),
        late_interaction=float(scored.late_interaction[place]),
        sentence_cosine=float(scored.sentence_cosine[place]),
        bm25=float(scored.bm25[place]),
    )


def merged(rankings: Sequence[Sequence[Hit]], snapshot: Snapshot, count: int) -> tuple[tuple[int, Hit], ...]:
    """The ``count`` best passages of several rankings, each with the number of the one in which it is best."""
    best: dict[tuple[int, int], tuple[int, Hit]] = {}
    for number, ranking in enumerate(rankings):
        for hit in ranking:
            _, held = best.get((hit.segment, hit.passage), (number, hit))
            if hit.total > held.total or held is hit:
                best[hit.segment, hit.passage] = (number, hit)
    return tuple(sorted(best.values(), key=lambda pair: _order(pair[1], snapshot))[:count])


def _order(hit: Hit, snapshot: Snapshot) -> tuple[float, int, int]:
    """The place of a hit in a ranking; equal totals are told apart as in ``search``."""
    segment = snapshot.segments[hit.segment]
    [article] = segment.articles_of(np.array([hit.passage]))
    return -hit.total, int(segment.identities[article]), int(segment.passages[hit.passage, 0])


def _nearest(query: Query, segment: Segment, mask: Mask, count: int) -> tuple[Integers, Floats]:
    """The ``count`` passages of a segment that hold the sentences nearest to the question, and S of each; or more."""
    # Where hardly any article is left out, it is quicker to leave its sentences out of what is found.
    few = len(mask) - int(mask.sum()) <= LEFT_OUT * len(mask)
    allowed = None if few else segment.sentence_mask(mask)
    asked = SENTENCES * count
    while True:
        sentences, cosines = segment.vectors.nearest(query.vector, asked, allowed)
        every = len(sentences) < asked
        if few:
            kept = mask[segment.articles_with(sentences)]
            sentences, cosines = sentences[kept], cosines[kept]
        passages = segment.passages_of(sentences)
        if len(passages) >= count or every:
            return passages, _best_in_each(segment, passages, sentences, cosines)
        asked *= 4


def _best_in_each(segment: Segment, passages: Integers, sentences: Integers, cosines: Floats) -> Floats:
    """Of the sentences found, the best cosine in each passage."""
    order = np.argsort(sentences)
    bounds = np.searchsorted(sentences[order], segment.passages[passages, 2:])
    # Every second run is one of a passage; the last one may end where the sentences do.
    return np.maximum.reduceat(np.append(cosines[order], np.float32(-np.inf)), bounds.ravel())[::2]


def _best_by_terms(query: Words, snapshot: Snapshot, masks: Sequence[Mask], count: int) -> list[Integers]:
    """The ``count`` passages, over all segments, of greatest B."""
    found = []
    # Of many segments each brings fewer, for the best are spread over them.
    brought = max(count, 2 * BROUGHT * count // max(2, len(masks)))
    for segment, mask in zip(snapshot.segments, masks, strict=True):
        terms = [term for word in query.words for term in word]
        passages = segment.fulltext.matches(terms, brought, None if mask.all() else mask)
        found.append((passages, bm25(query, snapshot, segment, passages)))
    return _cut(found, count)


def _cut(found: Sequence[tuple[Integers, Floats]], count: int) -> list[Integers]:
    """Of the passages found in each segment, those that are among the ``count`` best of all."""
    every = np.concatenate([scores for _, scores in found]) if found else np.empty(0, np.float32)
    least = -np.inf if len(every) <= count else np.partition(every, -count)[-count]
    return [passages[scores >= least] for passages, scores in found]


def bm25(query: Words, snapshot: Snapshot, segment: Segment, passages: Integers) -> Floats:
    """B of these passages of a segment: float32 (n,)."""
    held, begins = segment.terms_of(passages)
    return lexical.bm25(
        question=query.terms,
        frequencies=query.frequencies,
        passages=snapshot.manifest.passages,
        average=snapshot.average_terms,
        held=held,
        begins=begins,
    )


def score(query: Query, codec: Codec, snapshot: Snapshot, segment: Segment, passages: Integers) -> Scored:
    """The parts of the scores of these passages, of which there is at least one."""
    codes, places, begins = segment.states_of(passages)
    sentences, firsts = segment.cosines_of(passages, query.vector)
    found = interaction.runs(places, begins)
    cosines = codec.best_cosines(query.states, codes, found.begins)
    late = interaction.late_interaction(cosines, query.weights, query.named, found)
    best = np.maximum.reduceat(sentences, firsts[:-1])
    by_words = bm25(query, snapshot, segment, passages)
    total: Floats = late + WEIGHT_S * best + WEIGHT_B * by_words
    return Scored(
        passages=passages,
        late_interaction=late,
        sentence_cosine=best,
        bm25=by_words,
        # What is beyond is noise of the arithmetic, which differs with the number of passages scored together.
        totals=np.round(total, DECIMALS),
        runs=found,
        cosines=cosines,
        sentences=sentences[np.repeat(firsts[:-1], np.diff(found.firsts)) + found.places],
    )


def _quote(query: Query, scored: Scored, place: int) -> tuple[int, int]:
    """Which sentences of a passage to quote: late interaction within them, and their own cosine."""
    own = slice(*scored.runs.firsts[place : place + 2].tolist())
    speaking = WEIGHT_S * scored.sentences[own]
    return interaction.quote(scored.cosines[:, own], query.weights, speaking, scored.runs.places[own])
