"""How well an index answers a file of questions: hits, ranks, refusals, citations that check, and time."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log2
from random import Random

import numpy as np

from rag import examples
from rag.errors import OptionError, QuestionError, QuestionsLineError
from rag.library import Library, StrPath
from rag.library import open as open_library
from rag.questions import Gold, Question, folded, read
from rag.types import ArticleInfo, Citation, Passage, Progress, Tell

DEPTH = 10

# A passage, named by its article's path, its start and its end.
_Place = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a question.

    ``answerable`` is what the file says, ``found`` what the answer said.
    ``judged`` says whether the file tells which passages are right, and ``rank``
    which of the ten best is the first of those, counted from 1, or ``None``.
    ``first`` is the best passage. ``seconds`` is how long the answer took.
    """

    line: int
    question: str
    answerable: bool
    found: bool
    judged: bool
    rank: int | None
    first: Citation | None
    seconds: float

    @property
    def credit(self) -> float:
        """1 for a question that went right, one over the rank, or 0 for one that went all wrong."""
        if self.found != self.answerable:
            return 0.0
        if not self.judged:
            return 1.0
        return 1 / self.rank if self.rank else 0.0


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How well an index answers a file of questions.

    ``hit_at_…``, ``mrr_at_10`` and ``ndcg_at_10`` are means over the ``judged``
    questions, those for which the file tells which passages are right.
    ``citations_checked`` is the share of the ``citations`` whose passage and
    quote stand in their article where they say. A figure over nothing is
    ``None``. ``refused_wrongly`` counts among the ``answerable`` questions,
    ``refused_rightly`` among the ``unanswerable`` ones. Times are of whole
    answers, in seconds. ``worst`` are the questions that did not go right, worst
    first; ``warnings`` say which lines of the file could not be used in full.
    """

    questions: int
    judged: int
    hit_at_1: float | None
    hit_at_3: float | None
    hit_at_5: float | None
    hit_at_10: float | None
    mrr_at_10: float | None
    ndcg_at_10: float | None
    citations: int
    citations_checked: float | None
    answerable: int
    refused_wrongly: int
    unanswerable: int
    refused_rightly: int
    seconds_median: float
    seconds_p95: float
    worst: tuple[Outcome, ...]
    warnings: tuple[str, ...]


def evaluate(questions: StrPath, index: StrPath | Library | None = None, *, progress: Tell | None = None) -> Evaluation:
    """Ask an index every question of a file, and tell how well it did.

    Args:
        questions: the file; docs/evaluation.md describes it.
        index: its folder, or a library that is open; None for ``RAG_INDEX`` or ``embeddings``. It is taken as it is.
        progress: is told of every question.

    Raises:
        QuestionsFileError: the file cannot be used; the error says where and why.
        RagError: as ``open``, ``retrieve`` and ``ask`` do.
    """
    asked, unknown = read(questions)
    library = index if isinstance(index, Library) else open_library(index)
    right = _right_passages(str(questions), asked, library)
    outcomes, rankings, checks = [], [], []
    for number, question in enumerate(asked):
        if progress:
            progress(Progress("Asking", number, len(asked)))
        try:
            began = time.perf_counter()
            answer = library.ask(question.text)
            seconds = time.perf_counter() - began
            cited = library.retrieve(question.text, DEPTH)
        except QuestionError as error:
            raise QuestionsLineError(str(questions), question.line, str(error)) from error
        checks += [stands(citation, library) for citation in (*answer.citations, *cited)]
        wanted = right.get(question, frozenset())
        ranking = [(each.article.path, each.start, each.end) in wanted for each in cited]
        if wanted:
            rankings.append((ranking, len(wanted)))
        outcomes.append(
            Outcome(
                line=question.line,
                question=question.text,
                answerable=question.answerable,
                found=answer.found,
                judged=bool(wanted),
                rank=ranking.index(True) + 1 if any(ranking) else None,
                first=cited[0] if cited else None,
                seconds=seconds,
            )
        )
    nowhere = (
        f"line {question.line}: what should be right stands in no such article, so the line does not count in the hits"
        for question, places in right.items()
        if not places
    )
    return _evaluation(outcomes, rankings, checks, (*unknown, *nowhere))


def hit(ranking: Sequence[bool], k: int) -> float:
    """1 where one of the first ``k`` passages is right, else 0; its mean is hit@k, also called success@k."""
    return float(any(ranking[:k]))


def reciprocal_rank(ranking: Sequence[bool], k: int = DEPTH) -> float:
    """One over the rank of the first right passage among ``k``, or 0; its mean is MRR@k.

    After Voorhees, The TREC-8 Question Answering Track Report, 1999.
    """
    return next((1 / rank for rank, right in enumerate(ranking[:k], 1) if right), 0.0)


def ndcg(ranking: Sequence[bool], relevant: int, k: int = DEPTH) -> float:
    """Normalized discounted cumulated gain at ``k``: what a ranking gains, as a share of the most that one could.

    A right passage at rank i gains 1 / log2(i + 1); the most is gained where all
    ``relevant`` passages, those that are right in the whole index, come first.
    After Järvelin & Kekäläinen, Cumulated gain-based evaluation of IR techniques,
    ACM TOIS 20(4), 2002, https://doi.org/10.1145/582415.582418, with the discount
    that is usual today.
    """
    gained = sum(1 / log2(rank + 1) for rank, right in enumerate(ranking[:k], 1) if right)
    most = sum(1 / log2(rank + 1) for rank in range(1, min(relevant, k) + 1))
    return gained / most if most else 0.0


def stands(citation: Citation, library: Library) -> bool:
    """Whether a passage stands in its article where its citation says, and the quote within it."""
    text = library.article(citation.article.id).text
    return (
        citation.start <= citation.quote_start < citation.quote_end <= citation.end
        and text[citation.start : citation.end] == citation.text
        and text[citation.quote_start : citation.quote_end] == citation.quote
    )


def draft(library: Library, count: int) -> tuple[dict[str, str], ...]:
    """Up to ``count`` lines of a file of questions, for a person to correct and reword.

    Each asks for what a single sentence says, mostly in its own words, which
    makes it easier than what people ask.

    Raises:
        OptionError: ``count`` is under 1.
    """
    if count < 1:
        raise OptionError("count", count, "a number from 1")
    # An id is a hash: this order is as good as chance, and the same every time.
    waiting = deque(_drafted(library, info) for info in sorted(library.articles(), key=lambda info: info.id))
    lines: dict[str, dict[str, str]] = {}
    while waiting and len(lines) < count:
        drafted = waiting.popleft()
        if line := next(drafted, None):
            lines.setdefault(line["question"], line)
            waiting.append(drafted)
    return tuple(lines.values())


def _drafted(library: Library, info: ArticleInfo) -> Iterator[dict[str, str]]:
    text = library.article(info.id).text
    drawn = list(examples.drawn(text))
    # From all of the article, not from how it begins; the same every time.
    Random(info.id).shuffle(drawn)  # noqa: S311  no secret
    for question, sentence in drawn:
        evidence = " ".join(text[sentence.start : sentence.end].split())
        yield {"question": question, "article": info.path, "evidence": evidence}


def _right_passages(path: str, questions: Sequence[Question], library: Library) -> dict[Question, frozenset[_Place]]:
    """The passages that are right for each question that says so, from one walk over the articles.

    A passage is right where it holds at least half of what the question gives,
    or is a part of it.
    """
    golds = {question: Gold(question) for question in questions if question.judged}
    right: dict[Question, set[_Place]] = {question: set() for question in golds}
    named = {question: {folded(name) for name in question.articles} for question in golds}
    known: set[str] = set()
    duplicates = library.duplicates()
    for info in library.articles():
        every = (info, *duplicates.get(info.id, ()))
        names = {folded(name) for each in every for name in (each.id, each.path, each.title)}
        known |= names
        wanted = [question for question in golds if not named[question] or named[question] & names]
        if not wanted:
            continue
        text, passages = folded(library.article(info.id).text), library.passages(info.id)
        for question in wanted:
            places = golds[question].places(text)
            right[question] |= {(info.path, each.start, each.end) for each in passages if _is_right(each, places)}
    for question in golds:
        for name in question.articles:
            if folded(name) not in known:
                raise QuestionsLineError(path, question.line, f"no article has the path, the id or the title {name!r}")
    return {question: frozenset(places) for question, places in right.items()}


def _is_right(passage: Passage, places: Sequence[tuple[int, int]]) -> bool:
    shared = ((min(passage.end, end) - max(passage.start, start), end - start) for start, end in places)
    return any(2 * common >= length or common == passage.end - passage.start for common, length in shared)


def _evaluation(
    outcomes: Sequence[Outcome],
    rankings: Sequence[tuple[Sequence[bool], int]],
    checks: Sequence[bool],
    warnings: tuple[str, ...],
) -> Evaluation:
    seconds = [outcome.seconds for outcome in outcomes]
    hits = {k: _mean([hit(ranking, k) for ranking, _ in rankings]) for k in (1, 3, 5, 10)}
    wrong = [outcome for outcome in outcomes if outcome.credit < 1]
    return Evaluation(
        questions=len(outcomes),
        judged=len(rankings),
        hit_at_1=hits[1],
        hit_at_3=hits[3],
        hit_at_5=hits[5],
        hit_at_10=hits[10],
        mrr_at_10=_mean([reciprocal_rank(ranking) for ranking, _ in rankings]),
        ndcg_at_10=_mean([ndcg(*each) for each in rankings]),
        citations=len(checks),
        citations_checked=_mean(checks),
        answerable=sum(outcome.answerable for outcome in outcomes),
        refused_wrongly=sum(outcome.answerable and not outcome.found for outcome in outcomes),
        unanswerable=sum(not outcome.answerable for outcome in outcomes),
        refused_rightly=sum(not outcome.answerable and not outcome.found for outcome in outcomes),
        seconds_median=float(np.median(seconds)),
        seconds_p95=float(np.quantile(seconds, 0.95)),
        # Of those that went as wrong, first the one that the library was surest of.
        worst=tuple(sorted(wrong, key=lambda each: (each.credit, -(each.first.score if each.first else 0)))),
        warnings=warnings,
    )


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
