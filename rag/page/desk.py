"""What the page does with the index: answers, the state of things, rebuilds; each shown as HTML.

An error never leaves as an exception but as a panel with its cure, so that the
page works from whatever state the folder and the index are in.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Literal, TypeAlias, TypeVar

import rag
from rag.errors import CorpusMissingError, IndexDamagedError, IndexMissingError, OptionError, QuestionError
from rag.page import html
from rag.page.timeline import bars

LISTED = 5_000  # articles in the table
NEAREST = 50  # passages whose days are drawn
PRESS = "On this page, press Rebuild."  # what `rag build` is on the command line

Order: TypeAlias = Literal["relevance", "newest", "oldest"]
Row: TypeAlias = list[str | int]
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What an answer is narrowed to; days as ISO text, empty for none, and names of which one must be the article's."""

    since: str = ""
    until: str = ""
    sources: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    order: Order = "relevance"
    count: int = 5


@dataclass(frozen=True, slots=True)
class Shown:
    """A question, its answer as HTML, what that was narrowed to, and the hints applied to it and offered.

    ``failed`` says that it could not be asked, or not be answered.
    """

    question: str
    answer: str
    narrowing: Narrowing = field(default_factory=Narrowing)
    applied: tuple[rag.Hint, ...] = ()
    offered: tuple[rag.Hint, ...] = ()
    failed: bool = False


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

    def answer(self, question: str, to: Narrowing | None = None, hints: Sequence[rag.Hint] = ()) -> Shown:
        """The answer to a question, narrowed, with these hints applied; of two spans or two orders, the later."""
        to = to or Narrowing()
        span = next((hint for hint in reversed(hints) if hint.order is None), None)
        sort = next((hint for hint in reversed(hints) if hint.order), None)
        applied = tuple(hint for hint in (span, sort) if hint)
        since, until = (span.since, span.until) if span else (to.since or None, to.until or None)
        order = (sort and sort.order) or to.order
        sources, authors = to.sources or None, to.authors or None
        try:
            answer = self.use(
                lambda library: library.ask(
                    question, to.count, since, until, sources, authors, order=order, explain=True
                )
            )
        except (QuestionError, OptionError) as error:
            return Shown(question, html.problem("That cannot be asked", str(error)), to, failed=True)
        except rag.RagError as error:
            problem = html.problem("The question could not be answered", str(error), PRESS)
            return Shown(question, problem, to, failed=True)
        return Shown(question, html.answer(answer, applied), to, applied, answer.hints)

    def read(self, article_id: str, passage: tuple[int, int], quote: tuple[int, int], link: str | None = None) -> str:
        """A whole article, with a passage and its quote marked; ``link`` leads to that in the original."""
        try:
            return html.reader(self.use(lambda library: library.article(article_id)), passage, quote, link)
        except rag.RagError as error:
            return html.problem("The article cannot be read", str(error), PRESS)

    def read_whole(self, path: str) -> str:
        """A whole article, by its path."""
        try:
            found = self.use(lambda library: _at(library, path))
        except rag.RagError as error:
            return html.problem("The article cannot be read", str(error), PRESS)
        if found is None:
            return html.problem("There is nothing to read", f"{path} is not in the index.", PRESS)
        return html.reader(found)

    def rows(self) -> tuple[list[Row], str]:
        """The articles as a table, and as HTML what of the folder could not be read."""
        try:
            changes = rag.changes(self._corpus, self._index)
            return self.use(lambda library: (_rows(library, changes), html.failures(library.failures())))
        except rag.RagError:
            return [], ""

    def add(self, files: Sequence[str], links: Sequence[str], progress: Callable[[rag.Progress], None]) -> str:
        """Put files and links into the folder of articles, and show what became of them."""
        if not files and not links:
            return html.problem("There is nothing to add", "Choose files or write links.")
        # What else stood here would be taken for a path on the machine that serves the page.
        wrong = [link for link in links if not link.casefold().startswith(("http://", "https://"))]
        if wrong:
            return html.problem("Nothing was added", f"{wrong[0]} is no link: write it with https:// before it.")
        try:
            return html.additions(rag.add([*files, *links], self._corpus, index=self._index, progress=progress))
        except rag.RagError as error:
            return html.problem("Nothing could be added", str(error))

    def remove(self, path: str) -> str:
        """Take an article's file out of the folder, and show where it went."""
        try:
            return html.removed(path, rag.remove(path, self._corpus))
        except rag.RagError as error:
            return html.problem("The article stays", str(error))

    def timeline(self, question: str, to: Narrowing) -> str:
        """When the articles were published that come nearest to a question, of whatever days."""
        if not question:
            return ""
        try:
            nearest = self.use(
                lambda library: library.retrieve(
                    question, NEAREST, sources=to.sources or None, authors=to.authors or None
                )
            )
        except rag.RagError:
            return ""
        articles = {each.article.id: each.article.published for each in nearest}
        return html.timeline(bars([day for day in articles.values() if day]), to.since, to.until)

    def names(self) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """The sources and the authors of the articles to choose from, each with how many articles it has."""
        try:
            every = self.use(lambda library: [*library.articles(), *chain(*library.duplicates().values())])
        except rag.RagError:
            return [], []
        return _counted(info.source for info in every), _counted(info.author for info in every)

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


def _counted(names: Iterable[str | None]) -> list[tuple[str, str]]:
    held = Counter(name for name in names if name)
    return [(f"{name} ({count:,})", name) for name, count in sorted(held.items(), key=lambda pair: (-pair[1], pair[0]))]


def _rows(library: rag.Library, changes: rag.Changes) -> list[Row]:
    """What the folder and the index hold: articles that count, those that are the same as one, and other files."""
    duplicates, counts = library.duplicates(), library.passage_counts()
    changed, removed = set(changes.changed), set(changes.removed)

    def row(info: rag.ArticleInfo, state: str) -> Row:
        files = _files_of(info.path)
        state = "Gone, till the next rebuild" if files & removed else "Changed since" if files & changed else state
        known = (info.title, info.source or "", info.author or "", str(info.published or ""), info.language or "")
        return [*known, counts.get(info.id, 0), state, info.path]

    rows = (
        row(each, "Indexed" if each is info else f"Same as {info.path}")
        for info in library.articles()
        for each in (info, *duplicates.get(info.id, ()))
    )
    unread = ((failure.path, "Not read") for failure in library.failures())
    others = chain(((path, "Not indexed yet") for path in changes.added), unread)
    return list(islice(chain(rows, (_file(path, state) for path, state in others)), LISTED))


def _file(path: str, state: str) -> Row:
    return [path.rpartition("/")[2], "", "", "", "", 0, state, path]


def _files_of(path: str) -> set[str]:
    """What may be the file of an article at this path: one of several in a file has its place after it."""
    parts = path.partition("#")[0].split("/")
    return {"/".join(parts[:count]) for count in range(1, len(parts) + 1)}


def _at(library: rag.Library, path: str) -> rag.Article | None:
    """The article at this path, also one that is the same as another one, which counts."""
    every = chain(library.articles(), *library.duplicates().values())
    found = next((info for info in every if info.path == path), None)
    return None if found is None else library.article(found.id)
