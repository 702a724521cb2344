"""The object that users hold: an index, open for questions."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import Path
from typing import get_args

import numpy as np

from rag import encoder, evidence, freshness, languages, machine, search, settings
from rag.answer import Answer, Asked, Order, answer, by_date, cite, not_understood
from rag.arrays import Integers, Mask
from rag.encoder import Encoder, TokenStates
from rag.errors import (
    ArticleUnknownError,
    EmptyQuestionError,
    IndexDamagedError,
    IndexLockedError,
    IndexMissingError,
    IndexModelError,
    OptionError,
    QuestionTooLongError,
)
from rag.evidence import holds_all, quoted
from rag.explanation import matches
from rag.hints import Hint, hints
from rag.reranker import Reranker
from rag.selection import select
from rag.spelling import Letter, Spelling, respelled, spellings
from rag.states import CODEC, Codec
from rag.store import IndexFolder, Manifest, Segment, Snapshot, check_model, damage_told, read_current, read_files
from rag.types import Article, ArticleInfo, BuildReport, Changes, Citation, Failure, Passage, Sentence, Tell, Why

_log = logging.getLogger(__name__)

StrPath = str | os.PathLike[str]
Names = str | Iterable[str]

MOST_CITATIONS = 1000
# So many more passages are ranked as may be needed to choose from.
SPARE = 10
# So many of the first passages a cross-encoder reads, where there is one.
RERANKED = 20
# A passage with the very words of a phrase is among so many, since they are looked for by their words too.
SPARE_FOR_PHRASES = 200
# What is newest, or oldest, is looked for among so many of the best.
DATED = 50
MOST_CHARACTERS = 20_000
EXAMPLE_ARTICLES = 40
# Of so many questions for each example, those are shown that are answered.
EXAMPLES_DRAWN = 4


@dataclass(frozen=True)
class _Opened:
    """A generation with the model that it was made with, and what is worked out of it once.

    ``examples`` are kept under how many were wanted, ``letters`` under the letter.
    """

    snapshot: Snapshot
    encoder: Encoder
    codec: Codec
    examples: dict[int, tuple[str, ...]] = field(default_factory=dict)
    letters: dict[str, Letter] = field(default_factory=dict)
    one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    @cached_property
    def listed(self) -> tuple[ArticleInfo, ...]:
        """What is known of every article, in the order of their paths."""
        return _listed(self.snapshot)


@dataclass(frozen=True, slots=True)
class _Filter:
    """The articles to choose from, one mask a segment, or None for all; and how many were left out as undated."""

    masks: tuple[Mask, ...] | None
    undated: int


@dataclass(frozen=True, slots=True)
class _Way:
    """A question in one of its spellings, as the model and the search take it, and what its words find."""

    text: str
    encoded: TokenStates
    query: search.Query
    by_words: tuple[Integers, ...]


@dataclass(frozen=True, slots=True)
class _Ranked:
    """What was found for a question, and with what, so that it can be explained.

    ``hits`` are under the article's id and the start of the passage, each with
    the spelling of the question that it answers best.
    """

    citations: tuple[Citation, ...]
    hits: dict[tuple[str, int], tuple[_Way, search.Hit]]
    language: str | None
    spellings: tuple[Spelling, ...]
    opened: _Opened
    undated: int


class Library:
    """An index, open for questions; safe to use from several threads at once.

    A build that ends meanwhile is noticed at the next question.
    """

    def __init__(self, index: StrPath, *, device: str = "auto", reranker: str | None = None) -> None:
        self._folder = IndexFolder(Path(index))
        self._device = device
        self._reranker_name = reranker
        self._one_at_a_time = threading.Lock()
        self._pointer = self._pointed()
        self._opened = self._open(read_current(self._folder), None)
        self._beside = ThreadPoolExecutor(machine.cores()) if machine.cores() > 1 else None

    def __len__(self) -> int:
        return self._now().snapshot.manifest.passages

    def __repr__(self) -> str:
        manifest = self._opened.snapshot.manifest
        return f"<Library {str(self._folder.path)!r}: {manifest.articles} articles, {manifest.passages} passages>"

    def retrieve(
        self,
        question: str,
        k: int = 5,
        since: date | str | None = None,
        until: date | str | None = None,
        sources: Names | None = None,
        authors: Names | None = None,
        *,
        explain: bool = False,
    ) -> tuple[Citation, ...]:
        """The ``k`` passages that answer best, best first; fewer only where there are fewer.

        Args:
            question: in plain words.
            k: how many passages, 1 to 1000.
            since: the first day to include, a date or ISO text; articles without a date are left out.
            until: the last day to include, likewise.
            sources: one name or several; case does not matter.
            authors: likewise.
            explain: give each citation its ``why``.

        Raises:
            EmptyQuestionError, QuestionTooLongError: the question cannot be asked.
            OptionError: an option is out of its range.
            IndexDamagedError, CitationError: the index is not as it was written.
        """
        ranked = self._retrieve(question, k, _days(since, until), sources, authors)
        return self._explained(ranked, ranked.citations) if explain else ranked.citations

    def ask(  # noqa: PLR0913  one parameter an option
        self,
        question: str,
        k: int = 5,
        since: date | str | None = None,
        until: date | str | None = None,
        sources: Names | None = None,
        authors: Names | None = None,
        *,
        per_article: int | None = 2,
        explain: bool = False,
        order: Order = "relevance",
    ) -> Answer:
        """What the articles say to a question, with citations; options and errors as for ``retrieve``.

        Of near-identical passages one is cited, and names the other articles.
        More than ``per_article`` passages of one article are cited only where no
        others are nearly as good; None sets no such limit. A phrase in double
        quotation marks must stand word for word in each passage. ``explain``
        gives each citation its ``why``. With the ``order`` "newest" or "oldest",
        of the best passages those whose quotes answer by themselves come first,
        by the dates of their articles and undated ones last; where nothing is
        found, or none of them answers by itself, the order is that of relevance.
        """
        days = _days(since, until)
        if order not in get_args(Order):
            raise OptionError("order", order, "relevance, newest or oldest")
        phrases = quoted(question)
        more = 0 if order == "relevance" else DATED
        spare = more + (SPARE_FOR_PHRASES if phrases else SPARE)
        ranked = self._retrieve(question, k, days, sources, authors, spare=spare)
        chosen = select([each for each in ranked.citations if holds_all(phrases, each.text)], k + more, per_article)
        offered, words = _read_hints(question, days, order)
        asked = Asked(words, ranked.language, ranked.spellings)
        given = answer(asked, chosen[:k], ranked.undated)
        if given.found and order != "relevance":
            given = answer(asked, by_date(asked, chosen, order, per_article)[:k], ranked.undated)
        unknown = _not_understood(given, ranked)
        if unknown is not None:
            given = not_understood(given, unknown)
        if explain:
            citations = self._explained(ranked, given.citations)
            voices = tuple(citations[voice.rank - 1] for voice in given.voices)
            given = replace(given, citations=citations, voices=voices)
        return replace(given, question=question, hints=offered)

    def article(self, article_id: str) -> Article:
        """An article by its id; its ``text`` is what all offsets point into.

        Raises:
            ArticleUnknownError: there is none of this id.
        """
        with damage_told(self._folder):
            return _article(self._now().snapshot, article_id)

    def passages(self, article_id: str) -> tuple[Passage, ...]:
        """The passages that an article was cut into, in order; a citation is of one of them.

        Raises:
            ArticleUnknownError: there is no article of this id.
        """
        with damage_told(self._folder):
            segment, number = _find(self._now().snapshot, article_id)
            return segment.passages_in(number)

    def passage_counts(self) -> dict[str, int]:
        """How many passages each article has, under its id; also those that are the same as another one."""
        snapshot = self._now().snapshot
        with damage_told(self._folder):
            return {
                f"{identity:016x}": count
                for segment in snapshot.segments
                for identity, count in zip(
                    segment.identities.tolist(), np.diff(segment.article_begins[:, 0]).tolist(), strict=True
                )
            }

    def articles(self) -> tuple[ArticleInfo, ...]:
        """What is known of every article, in the order of their paths."""
        with damage_told(self._folder):
            return self._now().listed

    def duplicates(self) -> dict[str, tuple[ArticleInfo, ...]]:
        """What is known of articles that are the same as another one, under the id of that one, which counts.

        Of another file with the very bytes it is the same but for the path.
        """
        snapshot = self._now().snapshot
        with damage_told(self._folder):
            return {
                snapshot.by_name[name].info(number).id: tuple(map(snapshot.info, found))
                for (name, number), found in snapshot.duplicates_of.items()
            }

    def failures(self) -> tuple[Failure, ...]:
        """What of the corpus could not be read when the index was built, and why."""
        records = read_files(self._folder, self._now().snapshot.manifest)
        return tuple(failure for record in records.values() for failure in record.failures)

    def examples(self, count: int = 4) -> tuple[str, ...]:
        """Questions drawn from the articles' own sentences, each of which an answer is found for."""
        from rag import examples

        opened = self._now()
        with opened.one_at_a_time:
            if count not in opened.examples:
                with damage_told(self._folder):
                    drawn = [_article(opened.snapshot, info.id) for info in opened.listed[:EXAMPLE_ARTICLES]]
                asked = examples.questions([article.text for article in drawn], EXAMPLES_DRAWN * count)
                found = islice((question for question in asked if self.ask(question, 1).found), count)
                opened.examples[count] = tuple(found)
            return opened.examples[count]

    def check(self) -> None:
        """Hash every file of the index, whole.

        Raises:
            IndexDamagedError: one is missing or not as it was written.
        """
        self._now().snapshot.check()

    @property
    def manifest(self) -> Manifest:
        """What the index is made of: model, settings, counts, versions."""
        return self._now().snapshot.manifest

    @property
    def engine(self) -> str:
        """What runs the model for questions, and in which precision or on which device."""
        return self._opened.encoder.engine

    def _retrieve(
        self,
        question: str,
        k: int,
        days: tuple[date | None, date | None],
        sources: Names | None,
        authors: Names | None,
        *,
        spare: int = 0,
    ) -> _Ranked:
        """The ``k`` best citations and some to spare."""
        asked = " ".join(question.split())
        if not asked:
            raise EmptyQuestionError
        if not isinstance(k, int) or not 1 <= k <= MOST_CITATIONS:
            raise OptionError("k", k, f"a number from 1 to {MOST_CITATIONS}")
        opened = self._now()
        if len(asked) > MOST_CHARACTERS:
            raise QuestionTooLongError(len(asked.split()))
        count = min(k + spare, MOST_CITATIONS)
        wanted = count if self._reranker is None else max(count, RERANKED)
        with damage_told(self._folder):
            # What does not need the model is done beside it.
            with opened.encoder.begun(asked) as encoded:
                if not opened.encoder.fits(asked):
                    raise QuestionTooLongError(len(asked.split()))
                chosen = _filter(opened.snapshot, *days, _names(sources), _names(authors))
                spelled = spellings(
                    asked, opened.snapshot, lambda word: opened.encoder.counts([word])[0] > 1, opened.letters
                )
                ways = [_way(asked, encoded, opened, wanted, chosen.masks)]
            rankings = []
            for text in respelled(asked, spelled)[1:]:
                with opened.encoder.begun(text) as encoded:
                    rankings.append(_ranking(ways[-1], opened, wanted, chosen.masks, self._beside))
                    ways.append(_way(text, encoded, opened, wanted, chosen.masks))
            rankings.append(_ranking(ways[-1], opened, wanted, chosen.masks, self._beside))
            hits = search.merged(rankings, opened.snapshot, wanted)
            citations = tuple(_cite(rank, hit, opened.snapshot) for rank, (_, hit) in enumerate(hits, 1))
        found = zip(citations, hits, strict=True)
        under = {(each.article.id, each.start): (ways[way], hit) for each, (way, hit) in found}
        if self._reranker is not None:
            citations = _reranked(self._reranker, asked, citations)[:count]
        return _Ranked(citations, under, ways[0].query.language, spelled, opened, chosen.undated)

    def _explained(self, ranked: _Ranked, citations: Sequence[Citation]) -> tuple[Citation, ...]:
        """Citations of what was found, each with why; the words are matched by the states that its score is made of."""
        codec, snapshot = ranked.opened.codec, ranked.opened.snapshot
        explained = []
        begins = ranked.opened.encoder.starts([each.text for each in citations])
        with damage_told(self._folder):
            for citation, held in zip(citations, begins, strict=True):
                asked, hit = ranked.hits[citation.article.id, citation.start]
                codes, _, _ = snapshot.segments[hit.segment].states_of(np.array([hit.passage]))
                cosines = codec.best_cosines(asked.query.states, codes, np.arange(len(codes)))
                words = matches(asked.text, asked.encoded.starts, citation.text, held, cosines)
                why = Why(hit.late_interaction, hit.sentence_cosine, hit.bm25, words)
                explained.append(replace(citation, why=why))
        return tuple(explained)

    @cached_property
    def _reranker(self) -> Reranker | None:
        return None if self._reranker_name is None else Reranker(self._reranker_name)

    def _now(self) -> _Opened:
        """The current generation, opened anew where a build has ended since."""
        pointer = self._pointed()
        if pointer is not None and pointer == self._pointer:
            return self._opened
        manifest = read_current(self._folder)
        if manifest != self._opened.snapshot.manifest:
            with self._one_at_a_time:
                if manifest != self._opened.snapshot.manifest:
                    self._opened = self._open(manifest, self._opened)
        # What was read before the manifest: where a build has ended in between, the next question reads it again.
        self._pointer = pointer
        return self._opened

    def _pointed(self) -> bytes | None:
        """What the pointer to the current generation says, the manifest's hash with it; None where it is not there."""
        try:
            return self._folder.current.read_bytes()
        except OSError:
            return None

    def _open(self, manifest: Manifest, before: _Opened | None) -> _Opened:
        try:
            snapshot = Snapshot(self._folder, manifest, None if before is None else before.snapshot)
            if before is not None and before.snapshot.manifest.prepared == manifest.prepared:
                return _Opened(snapshot, before.encoder, before.codec)
            with damage_told(self._folder):
                check_model(self._folder, manifest, whole=False)
        except IndexDamagedError:
            newer = read_current(self._folder)
            if newer == manifest:
                raise
            # Two builds have ended since the pointer was read, and cleared away what it named.
            return self._open(newer, before)
        model = self._folder.model(manifest.settings.model)
        return _Opened(snapshot, encoder.load(model, device=self._device), Codec.load(model / CODEC))


def open(index: StrPath | None = None, *, model: str | None = None) -> Library:  # noqa: A001  `rag.open` reads well
    """Open an index for questions.

    Args:
        index: its folder; None for ``RAG_INDEX`` or ``embeddings``.
        model: the model that it should have been made with; None for ``RAG_MODEL`` or the packaged one.

    Raises:
        IndexMissingError, IndexFormatError, IndexDamagedError: it cannot be read.
        IndexModelError: it was made with another model.
    """
    folder = settings.index_folder(index)
    _confirm_model(folder, model)
    return Library(folder, device=settings.device(), reranker=settings.reranker())


def build(
    corpus: StrPath | None = None,
    index: StrPath | None = None,
    *,
    model: str | None = None,
    passage_tokens: int | None = None,
    anew: bool = False,
    progress: Tell | None = None,
) -> BuildReport:
    """Bring an index up to date with a folder of articles, doing only what changed; see ``rag.builder.build``.

    Where ``corpus``, ``index`` or ``model`` is None, the environment or the
    default decides (``rag.settings``).
    """
    from rag import builder

    return builder.build(
        settings.corpus_folder(corpus),
        IndexFolder(settings.index_folder(index)),
        model=settings.model_name(model),
        device=settings.device(),
        precision=settings.precision(),
        passage_tokens=passage_tokens,
        anew=anew,
        progress=progress,
    )


def changes(corpus: StrPath | None = None, index: StrPath | None = None) -> Changes:
    """How a folder of articles differs from its index; see ``rag.freshness.changes``."""
    return freshness.changes(settings.corpus_folder(corpus), IndexFolder(settings.index_folder(index)))


def refreshed(corpus: StrPath | None = None, index: StrPath | None = None, progress: Tell | None = None) -> Library:
    """Open an index, built or brought up to date first where its articles changed.

    Where another build is at work, the index is opened as it is.

    Raises:
        RagError: as ``build`` and ``open`` do.
    """
    folder = settings.index_folder(index)
    try:
        if changes(corpus, index):
            # A build with another model would embed everything anew: that is asked for by name, not done in passing.
            _confirm_model(folder)
            build(corpus, index, progress=progress)
    except IndexMissingError:
        build(corpus, index, progress=progress)
    except IndexLockedError:
        _log.info("Another build is at work; questions are answered from the index as it is.")
    _confirm_model(folder)
    return _kept_open(folder.resolve(), settings.device(), settings.reranker())


def ask(
    question: str,
    k: int = 5,
    since: date | str | None = None,
    until: date | str | None = None,
    sources: Names | None = None,
    authors: Names | None = None,
    *,
    order: Order = "relevance",
) -> Answer:
    """``Library.ask`` on the default folders, the index refreshed first if the articles changed."""
    return refreshed().ask(question, k, since, until, sources, authors, order=order)


def retrieve(
    question: str,
    k: int = 5,
    since: date | str | None = None,
    until: date | str | None = None,
    sources: Names | None = None,
    authors: Names | None = None,
) -> tuple[Citation, ...]:
    """``Library.retrieve`` on the default folders, the index refreshed first if the articles changed."""
    return refreshed().retrieve(question, k, since, until, sources, authors)


def _confirm_model(folder: Path, model: str | None = None) -> None:
    found, wanted = read_current(IndexFolder(folder)).model, settings.model_name(model)
    if found != wanted:
        raise IndexModelError(str(folder), found, wanted)


@lru_cache(maxsize=4)
def _kept_open(index: Path, device: str, reranker: str | None) -> Library:
    """An index stays open from one call to the next; it notices itself when it has changed."""
    return Library(index, device=device, reranker=reranker)


def _find(snapshot: Snapshot, article_id: str) -> tuple[Segment, int]:
    for segment, present in zip(snapshot.segments, snapshot.present, strict=True):
        number = segment.with_id(article_id)
        if number is not None and present[number]:
            return segment, number
    raise ArticleUnknownError(article_id)


def _article(snapshot: Snapshot, article_id: str) -> Article:
    segment, number = _find(snapshot, article_id)
    return segment.article(number)


def _listed(snapshot: Snapshot) -> tuple[ArticleInfo, ...]:
    pairs = zip(snapshot.segments, snapshot.live, strict=True)
    listed = [info for segment, live in pairs for number, info in enumerate(segment.infos()) if live[number]]
    return tuple(sorted(listed, key=lambda info: info.path))


def _filter(
    snapshot: Snapshot,
    since: date | None,
    until: date | None,
    sources: Sequence[str] | None,
    authors: Sequence[str] | None,
) -> _Filter:
    if since is None and until is None and sources is None and authors is None:
        return _Filter(None, 0)
    found = [segment.find(since, until, sources, authors) for segment in snapshot.segments]
    passing = dict(zip(snapshot.by_name, (mask for mask, _ in found), strict=True))
    for each in snapshot.duplicates:
        # An article is found by what any of its sources says.
        passing[each.kept_segment][each.kept_number] |= passing[each.segment][each.number]
    masks = tuple(mask & live for mask, live in zip(passing.values(), snapshot.live, strict=True))
    undated = sum(
        int((without_date & live & ~mask).sum())
        for (_, without_date), live, mask in zip(found, snapshot.live, masks, strict=True)
    )
    return _Filter(masks, undated)


def _reranked(reranker: Reranker, question: str, citations: Sequence[Citation]) -> tuple[Citation, ...]:
    """The first citations in the cross-encoder's order; each keeps the score that the search gave it."""
    first, rest = citations[:RERANKED], citations[RERANKED:]
    ordered = (*(first[place] for place in reranker.order(question, [each.text for each in first])), *rest)
    return tuple(replace(each, rank=rank) for rank, each in enumerate(ordered, 1))


def _way(
    text: str, encoded: Callable[[], TokenStates], opened: _Opened, wanted: int, masks: Sequence[Mask] | None
) -> _Way:
    """A question made ready, with the passages that hold its words; the model is waited for last."""
    words = search.words(text, opened.snapshot)
    by_words = search.matched(words, opened.snapshot, wanted, masks)
    states = encoded()
    query = search.prepare(text, states, opened.codec, opened.snapshot, words)
    return _Way(text, states, query, by_words)


def _ranking(
    way: _Way, opened: _Opened, wanted: int, masks: Sequence[Mask] | None, beside: Executor | None
) -> tuple[search.Hit, ...]:
    return search.search(way.query, opened.codec, opened.snapshot, wanted, masks, way.by_words, beside)


def _cite(rank: int, hit: search.Hit, snapshot: Snapshot) -> Citation:
    segment = snapshot.segments[hit.segment]
    article, passage = segment.cited(hit.passage)
    quote = Sentence(segment.sentence(hit.first).start, segment.sentence(hit.last - 1).end)
    cited = cite(rank, hit.score, article, passage, quote, hit.nearness / snapshot.manifest.scale)
    [number] = segment.articles_of(np.array([hit.passage])).tolist()
    others = snapshot.duplicates_of.get((snapshot.manifest.segments[hit.segment].name, number), ())
    return replace(cited, also=tuple(map(snapshot.info, others)))


def _not_understood(given: Answer, ranked: _Ranked) -> str | None:
    """The question's language, where the model does not know it.

    That is asked only where little was found, for telling a language may take longer than answering does.
    """
    if given.found and 2 * len(given.missing) <= len(evidence.words(given.question, ranked.language)):
        return None
    known = ranked.opened.encoder.card.languages
    return languages.unknown_language(given.question, None if known is None else frozenset(known))


def _days(since: date | str | None, until: date | str | None) -> tuple[date | None, date | None]:
    return _day("since", since), _day("until", until)


def _read_hints(question: str, days: tuple[date | None, date | None], order: Order) -> tuple[tuple[Hint, ...], str]:
    """What words of the question could mean and is not applied; and the question without the words that are.

    A passage need not hold "April 2019" where all articles are of that month, nor "latest" ever.
    """
    offered = []
    words = question
    for hint in hints(question, datetime.now().astimezone().date()):
        applied = hint.order == order if hint.order else (hint.since, hint.until) == days
        if not applied:
            offered.append(hint)
        if applied or hint.order:
            words = words.replace(hint.words, " ")
    return tuple(offered), words if words.strip(" ?.!") else question


def _day(option: str, given: date | str | None) -> date | None:
    if isinstance(given, datetime):
        return given.date()
    if given is None or isinstance(given, date):
        return given
    try:
        return date.fromisoformat(str(given).strip())
    except ValueError:
        raise OptionError(option, given, "a day such as 2019-04-30") from None


def _names(given: Names | None) -> tuple[str, ...] | None:
    return (given,) if isinstance(given, str) else None if given is None else tuple(given)
