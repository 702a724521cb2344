"""What the page does with the index: answers, the state of things, rebuilds; each shown as HTML.

An error never leaves as an exception but as a panel with its cure, so that the
page works from whatever state the folder and the index are in.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import rag
from rag.errors import CorpusMissingError, IndexDamagedError, IndexMissingError, OptionError, QuestionError
from rag.page import html

PRESS = "On this page, press Rebuild."  # what `rag build` is on the command line

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Shown:
    """A question with its answer as HTML, and the hints that were applied and that are offered."""

    question: str
    answer: str
    applied: tuple[rag.Hint, ...] = ()
    offered: tuple[rag.Hint, ...] = ()


class Desk:
    """One folder of articles and its index, as all visitors of the page share them.

    ``broken`` says whether the index failed when it was last used.
    """

    def __init__(self, corpus: Path, index: Path) -> None:
        self.broken = False
        self._damaged = False
        self._corpus = corpus
        self._index = index
        self._library: rag.Library | None = None
        self._lock = threading.Lock()

    def answer(self, question: str, hints: Sequence[rag.Hint] = ()) -> Shown:
        """The answer to a question, with these hints applied; of two spans or two orders, the later."""
        span = next((hint for hint in reversed(hints) if hint.order is None), None)
        sort = next((hint for hint in reversed(hints) if hint.order), None)
        applied = tuple(hint for hint in (span, sort) if hint)
        since, until = (span.since, span.until) if span else (None, None)
        order = (sort and sort.order) or "relevance"
        try:
            answer = self.use(
                lambda library: library.ask(question, since=since, until=until, order=order, explain=True)
            )
        except (QuestionError, OptionError) as error:
            return Shown(question, html.problem("That cannot be asked", str(error)))
        except rag.RagError as error:
            return Shown(question, html.problem("The question could not be answered", str(error), PRESS))
        return Shown(question, html.answer(answer, applied), applied, answer.hints)

    def status(self) -> str:
        """How much is indexed, and whether the folder has changed since."""
        try:
            held = self.use(lambda library: library.manifest)
            return html.status(held.articles, held.passages, rag.changes(self._corpus, self._index))
        except IndexMissingError:
            return html.no_status("Nothing is indexed yet")
        except CorpusMissingError:
            return html.no_status("The folder of articles is gone")
        except rag.RagError:
            return html.no_status("The index cannot be used")

    def trouble(self) -> str | None:
        """Why nothing can be asked yet, or None."""
        try:
            self.use(len)
        except rag.RagError as error:
            return html.problem("Nothing can be asked yet", str(error), PRESS)
        return None

    def examples(self, count: int) -> list[str]:
        """Up to ``count`` questions that these articles answer."""
        try:
            return list(self.use(lambda library: library.examples(count)))
        except rag.RagError:
            return []

    def rebuild(self, progress: Callable[[rag.Progress], None]) -> str:
        """Bring the index up to date, and show what changed; a damaged one is made anew, for that is its cure."""
        try:
            return html.report(self.build(progress))
        except rag.RagError as error:
            return html.problem("The index could not be rebuilt", str(error), "Then press Rebuild again.")

    def build(self, progress: Callable[[rag.Progress], None]) -> rag.BuildReport:
        """The same, raising what goes wrong."""
        try:
            report = rag.build(self._corpus, self._index, anew=self._damaged, progress=progress)
        except IndexDamagedError:
            report = rag.build(self._corpus, self._index, anew=True, progress=progress)
        self._damaged = False
        return report

    def use(self, find: Callable[[rag.Library], Found]) -> Found:
        """Find something in the index, which is opened when first needed and again after it failed."""
        try:
            with self._lock:
                if self._library is None:
                    self._library = rag.open(self._index)
                library = self._library
            found = find(library)
        except (QuestionError, OptionError):
            raise
        except rag.RagError as error:
            self._library, self.broken = None, True
            self._damaged = self._damaged or isinstance(error, IndexDamagedError)
            raise
        self.broken = False
        return found
