"""The files of a corpus, read one after the other: our own formats here, all others in a process of their own.

A PDF or an archive may be made to harm its reader, or just be too much for it.
So foreign formats are read by ``rag.articles.worker``: one process for all files
of a build, begun where there is one to read. It reads ahead while the articles
before are embedded. Where it does not come on with a file, or breaks down, that
file is told as failed, what came of it is kept, and the next gets a new process.
"""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, BinaryIO, TypeAlias, cast

from rag import articles, languages
from rag.articles import CorpusFile, frames
from rag.articles.folder import COLUMNS, SIDECAR
from rag.articles.formats import ARCHIVES, READERS
from rag.articles.frames import Ended, Frame, Opened, Ready, Request
from rag.errors import ArticleError, BrokenFileError, ReaderError, SidecarError, SlowFileError
from rag.types import Article, Failure

if TYPE_CHECKING:
    from rag.articles.sidecar import Sidecar

Part: TypeAlias = Opened | Article | Failure

OWN = ("text.read_text", "text.read_markdown")
"""The readers that need no process of their own: of plain text, which nothing but our own code reads."""

FUNCTION = "rag.articles.formats:read"
"""What reads in the process: a module, and a function of it."""

AHEAD_BYTES = 4_000_000
"""How far the process reads ahead; a single article may be longer."""

AHEAD_REQUESTS = 2_000
"""Bytes of the requests that are made ahead: they wait in a pipe, where Windows has room for no more than 4,096."""

START_SECONDS = 60
_ENDING_SECONDS = 10
_LONGEST_WAIT = 1.0
_LEAST_PART = 100
"""What a part counts in characters, however short it is."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a foreign file may take.

    Its reader may be silent for ``seconds``, and ``seconds_per_mb`` more for each
    MB of the file; it speaks with each article. The process may have ``memory``
    bytes, where the system can limit it. A file may give so many ``characters``
    of text, or ``characters_per_byte`` where that is more.
    """

    seconds: float = 60
    seconds_per_mb: float = 2
    memory: int = 4_000_000_000
    characters: int = 100_000_000
    characters_per_byte: int = 100


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Contents:
    """A file as it is read.

    ``companions`` are the hex SHA-256 of the files beside it, in their order, or
    empty for one that cannot be read. ``parts`` are read as they are taken, which
    is to their end before the next file: first that it was opened, then what is
    in it. An ``ArticleError`` among them says that there is no more to be had; a
    ``SlowFileError``, that its reader was stopped.
    """

    companions: tuple[str, ...]
    parts: Iterator[Part]


def read(corpus: Path, files: Sequence[CorpusFile], limits: Limits | None = None) -> Generator[Contents]:
    """What is in each of these files of a corpus, in their order; to be closed where not all are taken."""
    listed = next((each for file in files for each in file.companions if _is_columns(each)), None)
    meaning = {} if listed is None else {listed: _said(corpus, listed)}
    named = next((said for _, said in meaning.values() if isinstance(said, Mapping)), {})
    foreign = [(file, dict(named) if listed in file.companions else {}) for file in files if _is_foreign(file.path)]
    with closing(_Process(corpus, foreign, limits or LIMITS)) as process:
        for file in files:
            said = [meaning.get(each) or _said(corpus, each) for each in file.companions]
            parts = process.parts() if _is_foreign(file.path) else _read_here(corpus, file)
            yield Contents(tuple(sha256 for sha256, _ in said), _as_said(file, parts, [each for _, each in said]))


def _is_foreign(path: str) -> bool:
    """Whether a file is read in the process; one of no known format is nowhere."""
    name = path.rpartition("/")[2].lower()
    ends = (*ARCHIVES, *(end for end, reader in READERS.items() if reader not in OWN))
    return any(name.endswith(end) and name != end for end in ends)


def _is_columns(companion: CorpusFile) -> bool:
    return companion.path.casefold() == COLUMNS


_Said: TypeAlias = "Sidecar | Mapping[str, str] | ArticleError"


def _said(corpus: Path, companion: CorpusFile) -> tuple[str, _Said]:
    """The hex SHA-256 of a file beside others, and what it says, or why it cannot be read."""
    from rag.articles import columns, sidecar

    sha256 = ""
    try:
        data = articles.load(corpus, companion)
        sha256 = hashlib.sha256(data).hexdigest()
        understand: Callable[[bytes, str], _Said] = columns.read if _is_columns(companion) else sidecar.read
        return sha256, understand(data, companion.path)
    except ArticleError as error:
        return sha256, error


def _read_here(corpus: Path, file: CorpusFile) -> Iterator[Part]:
    data = articles.load(corpus, file)
    yield Opened(hashlib.sha256(data).hexdigest())
    if file.path.casefold().endswith(SIDECAR):
        raise SidecarError(file.path, f"no file, or more than one, is called so without {SIDECAR}")
    yield from articles.read(data, file.path)


def _as_said(file: CorpusFile, parts: Iterator[Part], said: Iterable[_Said]) -> Iterator[Part]:
    """The parts of a file, each article with its language and what is said of it; none where that cannot be read."""
    beside = None
    for each in said:
        if isinstance(each, ArticleError):
            yield from (part for part in parts if isinstance(part, Opened))
            raise ArticleError(file.path, f"{each.path}: {each.reason}") from each
        if not isinstance(each, Mapping):
            beside = each
    for part in parts:
        yield _known(part, beside) if isinstance(part, Article) else part


def _known(article: Article, beside: Sidecar | None) -> Article:
    """An article with its language, the one that it states or else the one that its text is in, and what is said."""
    told = replace(article, language=languages.code(article.language) or languages.language(article.text))
    if beside is None:
        return told
    said = beside.on(told)
    return replace(said, language=languages.code(said.language))


class _Process:
    """The process for foreign files, and what it is to read: each file with what columns mean, in their order."""

    def __init__(self, corpus: Path, files: Iterable[tuple[CorpusFile, dict[str, str]]], limits: Limits) -> None:
        self._limits = limits
        folder = os.path.abspath(corpus)  # noqa: PTH100  no link is to be resolved
        self._requests = deque(
            Request(folder, file.path, file.size, meaning, limits.seconds + limits.seconds_per_mb * file.size / 1e6)
            for file, meaning in files
        )
        # The bytes of each of those requests that have been made; the first of them is being answered.
        self._made = deque[int]()
        self._running: _Running | None = None
        # Whether the process has answered others before.
        self._used = False
        self._unstartable = ""
        if self._requests:
            with suppress(ReaderError):  # it is told of each file
                self._ask(self._requests[0])

    def parts(self) -> Iterator[Part]:
        """The parts of the next file.

        Raises:
            ArticleError: there is no more to be had of it.
        """
        request = self._requests[0]
        try:
            yield from _within(self._answers(request), request, self._limits)
        except (SlowFileError, BrokenFileError, ReaderError) as error:
            self.close()
            self._unstartable = error.problem if isinstance(error, ReaderError) else ""
            raise
        finally:
            self._requests.popleft()
            if self._made:
                self._made.popleft()
            self._used = self._running is not None

    def close(self) -> None:
        """End the process."""
        if self._running is not None:
            self._running.close()
        self._running, self._used = None, False
        self._made.clear()

    def _answers(self, request: Request) -> Iterator[Part]:
        """What the process says of a file.

        Where it breaks down before anything has come, it is begun again for this
        file: those before it may have left it too little memory.
        """
        come = False
        while True:
            running = self._ask(request)
            answer = running.next(request)
            ended = answer is None or (isinstance(answer, Ended) and answer.stopped)
            if ended and self._used and not come:
                self.close()
            elif answer is None:
                raise running.problem(request)
            elif isinstance(answer, Ended):
                if answer.stopped:
                    most = f"{self._limits.memory / 1e9:.3g} GB"
                    raise SlowFileError(request.path, f"it takes more than {most} of memory")
                if answer.last:
                    self.close()
                if answer.reason:
                    raise ArticleError(answer.path, answer.reason)
                return
            elif isinstance(answer, Opened | Article | Failure):
                come = come or not isinstance(answer, Opened)
                yield answer

    def _ask(self, request: Request) -> _Running:
        """The process, begun where there is none, and asked for as much as it may read ahead."""
        if self._unstartable:
            raise ReaderError(request.path, self._unstartable)
        try:
            self._running = self._running or _Running(self._limits.memory)
        except OSError as error:
            raise ReaderError(request.path, error.strerror or str(error)) from error
        while len(self._made) < len(self._requests) and sum(self._made) < AHEAD_REQUESTS:
            self._made.append(self._running.ask(self._requests[len(self._made)]))
        return self._running


def _within(parts: Iterator[Part], request: Request, limits: Limits) -> Iterator[Part]:
    """The parts of a file, as long as they are not too many.

    Raises:
        SlowFileError: they are.
    """
    most = max(limits.characters, limits.characters_per_byte * request.size)
    characters = 0
    for part in parts:
        yield part
        characters += _LEAST_PART + (len(part.text) if isinstance(part, Article) else 0)
        if characters > most:
            raise SlowFileError(request.path, f"more than {most:,} characters came of it")


class _Running:
    """A process at work, and what it says, taken in ahead by a thread.

    Raises:
        OSError: the system does not start it.
    """

    def __init__(self, memory: int) -> None:
        paths = [str(Path(articles.__file__).parents[2]), *filter(None, sys.path)]
        self._process = subprocess.Popen(  # noqa: S603  our own module, by this very Python
            [sys.executable, "-P", "-m", "rag.articles.worker", FUNCTION, str(memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"},
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._ready = False
        self._said: SimpleQueue[tuple[Frame, int] | None] = SimpleQueue()
        self._held = 0
        self._closed = False
        self._room = threading.Condition()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def ask(self, request: Request) -> int:
        """Ask for a file, in so many bytes."""
        try:
            return frames.write(cast("BinaryIO", self._process.stdin), request)
        except OSError:  # it has ended, which shows in what it says: nothing more is asked
            return AHEAD_REQUESTS

    def next(self, request: Request) -> Frame | None:
        """What it says next, or None where it has ended.

        Raises:
            ReaderError: it cannot be started.
            SlowFileError: it says nothing for too long.
        """
        if not self._ready:
            with suppress(TimeoutError):
                self._ready = isinstance(self._take(START_SECONDS), Ready)
            if not self._ready:
                raise ReaderError(request.path, self._last_words())
        try:
            return self._take(request.seconds)
        except TimeoutError:
            raise SlowFileError(request.path, f"nothing came of it for {request.seconds:.0f} seconds") from None

    def problem(self, request: Request) -> ArticleError:
        """Why it has ended while it was to read a file."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_ENDING_SECONDS)
        ended_by = -(self._process.returncode or 0)
        if ended_by == getattr(signal, "SIGXCPU", None):
            return SlowFileError(request.path, f"it computed for more than {2 * request.seconds:.0f} seconds")
        if ended_by == getattr(signal, "SIGKILL", None):
            return SlowFileError(request.path, "the system ended it, as it does where memory is short")
        return BrokenFileError(request.path, "its reader broke down")

    def close(self) -> None:
        """End it."""
        self._process.kill()
        with self._room:
            self._closed = True
            self._room.notify()
        self._thread.join(_ENDING_SECONDS)
        streams = [self._process.stdin, self._process.stderr]
        for stream in streams if self._thread.is_alive() else [*streams, self._process.stdout]:
            with suppress(OSError):  # what it was not told any more
                cast("BinaryIO", stream).close()
        self._process.wait()

    def _listen(self) -> None:
        said = cast("BinaryIO", self._process.stdout)
        with suppress(ValueError, OSError):  # no frames: it is no longer itself
            while (frame := frames.read(said)) is not None:
                with self._room:
                    self._room.wait_for(lambda: self._held < AHEAD_BYTES or self._closed)
                    self._held += frame[1]
                self._said.put(frame)
        self._said.put(None)

    def _take(self, seconds: float) -> Frame | None:
        """What it has said next, waited for so long.

        Raises:
            TimeoutError: there is nothing.
        """
        end = time.monotonic() + seconds
        while True:
            try:
                # On Windows, Ctrl-C has no effect before the wait is over.
                taken = self._said.get(timeout=max(0.0, min(_LONGEST_WAIT, end - time.monotonic())))
                break
            except Empty:
                if time.monotonic() >= end:
                    raise TimeoutError from None
        if taken is None:
            self._said.put(None)
            return None
        with self._room:
            self._held -= taken[1]
            self._room.notify()
        return taken[0]

    def _last_words(self) -> str:
        """The last line that it wrote before it could not go on."""
        self._process.kill()
        written = cast("BinaryIO", self._process.stderr).read().decode(errors="replace").split("\n")
        return next((line.strip() for line in reversed(written) if line.strip()), "it does not begin")
