"""What the page does with the index: answers, the state of things, rebuilds; each shown as HTML.

An error never leaves as an exception but as a panel with its cure, so that the
page works from whatever state the folder and the index are in.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Literal, TypeVar

import gradio as gr

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
            answer = self._use(
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
            held = self._use(lambda library: library.manifest)
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
            self._use(len)
        except rag.RagError as error:
            return html.problem("Nothing can be asked yet", str(error), PRESS)
        return None

    def examples(self, count: int) -> list[str]:
        """Up to ``count`` questions that these articles answer."""
        try:
            return list(self._use(lambda library: library.examples(count)))
        except rag.RagError:
            return []

    def rebuild(self, progress: Callable[[rag.Progress], None]) -> str:
        """Bring the index up to date, and say what changed; a damaged one is made anew, for that is its cure."""
        try:
            try:
                report = rag.build(self._corpus, self._index, anew=self._damaged, progress=progress)
            except IndexDamagedError:
                report = rag.build(self._corpus, self._index, anew=True, progress=progress)
        except rag.RagError as error:
            return html.problem("The index could not be rebuilt", str(error), "Then press Rebuild again.")
        self._damaged = False
        return html.report(report)

    def ask(
        self,
        question: str,
        k: int = 5,
        since: str | None = None,
        until: str | None = None,
        sources: list[str] | None = None,
        authors: list[str] | None = None,
        order: Literal["relevance", "newest", "oldest"] = "relevance",
    ) -> dict[str, object]:
        """Ask the articles a question: an answer with the passages it stands on.

        Args:
            question: The question, in plain words.
            k: How many passages to cite.
            since: The first day of publication to look at, as 2024-05-31.
            until: The last day of publication to look at, as 2024-05-31.
            sources: Look only at articles of these sources.
            authors: Look only at articles of these authors.
            order: What comes first of the passages that answer: relevance, newest or oldest.

        Returns:
            The fields of ``rag.Answer`` in the types of JSON: dates are ISO text,
            and the path of an article is called ``file``.

        Raises:
            gr.Error: with the message of the ``RagError`` behind it.
        """
        try:
            answer = self._use(lambda library: library.ask(question, k, since, until, sources, authors, order=order))
        except rag.RagError as error:
            raise gr.Error(str(error), print_exception=False) from error
        return _plain(answer)

    def _use(self, find: Callable[[rag.Library], Found]) -> Found:
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


def _plain(answer: rag.Answer) -> dict[str, object]:
    # gradio_client takes every object with a "path" for a file, and tries to download it.
    text = json.dumps(asdict(answer), default=date.isoformat)
    plain: dict[str, object] = json.loads(
        text, object_pairs_hook=lambda pairs: {"file" if key == "path" else key: value for key, value in pairs}
    )
    return plain
