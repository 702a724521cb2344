"""The process in which foreign formats are read: ``python -m rag.articles.worker MODULE:FUNCTION MEMORY``.

Whatever a file does to its reader happens here: an endless loop, a crash, all
the memory. The function is one such as ``rag.articles.formats:read``; the memory
is in bytes. Requests come through the standard input, what is read goes to the
standard output, both as ``rag.articles.frames``; what libraries print goes
nowhere. The process ends with its input: also where whoever began it was killed.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import BinaryIO, NoReturn, TypeAlias

from rag.articles import frames
from rag.articles.folder import CorpusFile, load
from rag.articles.frames import Ended, Opened, Ready, Request
from rag.errors import ArticleError, BrokenFileError
from rag.types import Article, Failure

Read: TypeAlias = Callable[[bytes, str, Mapping[str, str]], Iterator[Article | Failure]]

_LARGEST_SHARE = 0.5
"""Once so much of the memory was in use, another process goes on: what libraries keep does not add up."""

_FORBIDDEN = frozenset(
    {
        *("socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"),
        *("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "os.startfile"),
    }
)
"""What no reader has to do, by the names of Python's audit events."""


def main() -> None:
    """Read what is asked for until the input ends."""
    function, memory = sys.argv[1], int(sys.argv[2])
    requests, answers = _apart()
    _limit("RLIMIT_AS", memory)
    _limit("RLIMIT_CORE", 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches whoever began this, and so ends the input
    sys.addaudithook(_refuse)
    module, _, name = function.partition(":")
    read: Read = getattr(importlib.import_module(module), name)
    _silence()
    frames.write(answers, Ready())
    waiting: SimpleQueue[Request] = SimpleQueue()
    threading.Thread(target=_listen, args=(requests, waiting), daemon=True).start()
    while True:
        ended = _answer(waiting.get(), read, answers)
        if _most_memory() > _LARGEST_SHARE * memory:
            ended = Ended(ended.path, ended.reason, ended.stopped, last=True)
        frames.write(answers, ended)
        if ended.last or ended.stopped:
            _end()


def _apart() -> tuple[BinaryIO, BinaryIO]:
    """Input and output for frames alone: whoever reads or prints in the usual way does not meet them."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    return requests, answers


def _silence() -> None:
    """From here on what goes wrong is told in frames."""
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 2)
    os.close(nothing)


def _listen(requests: BinaryIO, waiting: SimpleQueue[Request]) -> None:
    """Take requests as they come, also while a file is read; the process ends where they do."""
    while (frame := frames.read(requests)) is not None:
        if isinstance(frame[0], Request):
            waiting.put(frame[0])
    _end()


def _answer(request: Request, read: Read, answers: BinaryIO) -> Ended:
    """Send what is in a file, and give how it ended."""
    try:
        _allow(request.seconds)
        data = load(Path(request.corpus), CorpusFile(request.path, request.size, 0))
        frames.write(answers, Opened(hashlib.sha256(data).hexdigest()))
        for each in read(data, request.path, request.columns):
            frames.write(answers, each)
            _allow(request.seconds)
    except MemoryError:
        return Ended(stopped=True)
    except ArticleError as error:
        return Ended(error.path, error.reason)
    except (Exception, SystemExit) as error:  # noqa: BLE001  a library may raise anything on a file made to harm it
        told = " ".join(str(error).split())[:200]
        broken = BrokenFileError(request.path, f"{type(error).__name__}: {told}" if told else type(error).__name__)
        return Ended(broken.path, broken.reason)
    return Ended()


def _allow(seconds: float) -> None:
    """Let the process compute for so long from now on, twice over: whoever asked ends it sooner, if still there."""
    if sys.platform != "win32":
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        _limit("RLIMIT_CPU", int(used.ru_utime + used.ru_stime + 2 * seconds) + 1, firmly=False)


def _limit(kind: str, most: int, *, firmly: bool = True) -> None:
    """Set a limit of the system's, where it has it."""
    if sys.platform != "win32":
        import resource

        number = getattr(resource, kind)
        _, hard = resource.getrlimit(number)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with suppress(ValueError, OSError):  # macOS has some of the names without what they stand for
            resource.setrlimit(number, (most, most if firmly else hard))


def _most_memory() -> int:
    """The most memory that the process had so far, in bytes; 0 where the system does not tell."""
    if sys.platform == "win32":
        return 0
    if sys.platform == "linux":
        # What getrusage tells there counts in the memory of the program that started this one.
        peak = re.search(r"^VmHWM:\s*(\d+) kB$", Path("/proc/self/status").read_text(encoding="ascii"), re.MULTILINE)
        if peak is not None:
            return int(peak[1]) * 1024
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _refuse(event: str, _: tuple[object, ...]) -> None:
    if event in _FORBIDDEN:
        raise PermissionError(f"{event} is nothing for a reader of files")


def _end() -> NoReturn:
    """End at once, whatever else the process is at; nothing is kept in it."""
    os._exit(0)


if __name__ == "__main__":
    main()
