"""Formats for the tests alone, whose readers do what a library may do on a file that was made to harm it.

``read`` is given to the process that reads in place of ``rag.articles.formats.read``;
``READERS`` is put beside the real readers where it is decided which files go there.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import NoReturn

from rag.articles.draft import Draft, Metadata, Source
from rag.types import Article, Failure

Parts = Iterator[Draft | Failure]


def lines(source: Source) -> Parts:
    """An article a line; a line "broken" cannot be read. A column named as the title's is the title of each."""
    named = next((column for column, field in source.columns.items() if field == "title"), None)
    for number, line in enumerate(source.data.decode().splitlines(), 1):
        if line == "broken":
            yield Failure(f"{source.path}#{number}", "it is broken; mend it")
        else:
            title, _, text = line.partition("|")
            yield Draft(Metadata(title=named or title), text, f"#{number}")


def paged(source: Source) -> Parts:
    """One article, with a page between two form feeds."""
    pages = source.data.decode().split("\f")
    text = "\n\n".join(pages)
    yield Draft(Metadata(), text, pages=tuple(text.index(page) for page in pages))


def loop(_: Source) -> Parts:
    """Never ends, and lets no other thread of its process run."""
    re.match("(a+)+$", "a" * 60 + "b")
    return iter(())


def sleep(_: Source) -> NoReturn:
    """Never ends, and computes nothing."""
    while True:
        time.sleep(1)


def hoard(_: Source) -> NoReturn:
    """Takes all memory."""
    held = []
    while True:
        held.append(bytearray(100_000_000))


def leave(_: Source) -> NoReturn:
    """Ends its process."""
    os._exit(0)


def crash(_: Source) -> Parts:
    """Crashes its process, as a library written in C does."""
    ctypes.string_at(0)
    return iter(())


def killed(_: Source) -> Parts:
    """Is ended as by a system that is short of memory."""
    os.kill(os.getpid(), signal.SIGKILL)
    return iter(())


def quit_(_: Source) -> NoReturn:
    """Raises what ends a program."""
    sys.exit(3)


def stumble(_: Source) -> Parts:
    """Raises what nobody thought of."""
    known: dict[str, Draft] = {}
    yield known["no such\nkey"]


def chatter(source: Source) -> Parts:
    """Prints in every way there is, and asks for an answer."""
    print("stdout", flush=True)  # noqa: T201  what a library should not do either
    print("stderr", file=sys.stderr, flush=True)  # noqa: T201
    os.write(1, b"descriptor 1" * 10_000)
    os.write(2, b"descriptor 2" * 10_000)
    ctypes.CDLL(None).puts(b"from C")
    answer = sys.stdin.read()
    yield Draft(Metadata(title="Chatter"), f"{source.data.decode()} Nobody answered: {answer!r}.")


def three(source: Source) -> Parts:
    """Gives three articles and then nothing more."""
    for number in range(1, 4):
        yield Draft(
            Metadata(title=f"Number {number}"), f"{source.data.decode()} Article {number} of three.", f"#{number}"
        )
    sleep(source)


def endless(source: Source) -> Parts:
    """Gives articles without end."""
    for number in count(1):
        yield Draft(Metadata(), f"{source.data.decode()} {number} " + "and so on " * 1000, f"#{number}")


def halves(_: Source) -> Parts:
    """Gives half characters, which no file can hold."""
    yield Draft(Metadata(title="Half \ud83d", author="\udc00"), "Half a face \ud83d is none.", pages=(0, 5))
    yield Failure("half\ud83d", "half \ud83d")


def reach_out(_: Source) -> Parts:
    """Tries what no reader has to do, and tells how that went."""

    def tried(what: str, attempt: Callable[[], object]) -> str:
        try:
            attempt()
        except PermissionError:
            return f"{what} was refused."
        return f"{what} went through."

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        told = [
            tried("To connect", lambda: opened.connect(("127.0.0.1", 9))),
            tried("To look up", lambda: socket.getaddrinfo("localhost", 80)),
            tried("To run", lambda: subprocess.run([sys.executable, "-c", ""], check=True)),
            tried("To call", lambda: os.system("true")),  # noqa: S605, S607
        ]
    yield Draft(Metadata(), " ".join(told))


def mark(source: Source) -> Parts:
    """Leaves a file, whose path stands in its own."""
    Path(source.data.decode()).touch()
    yield Draft(Metadata(), "It was here.")


def environment(_: Source) -> Parts:
    """Tells its process."""
    yield Draft(Metadata(title=str(os.getpid())), "It is this process.")


READERS: Mapping[str, str] = MappingProxyType(
    {
        ".lines": "hostile.lines",
        ".paged": "hostile.paged",
        ".loop": "hostile.loop",
        ".sleep": "hostile.sleep",
        ".hoard": "hostile.hoard",
        ".leave": "hostile.leave",
        ".crash": "hostile.crash",
        ".killed": "hostile.killed",
        ".quit": "hostile.quit_",
        ".stumble": "hostile.stumble",
        ".chatter": "hostile.chatter",
        ".three": "hostile.three",
        ".endless": "hostile.endless",
        ".halves": "hostile.halves",
        ".reach": "hostile.reach_out",
        ".process": "hostile.environment",
        ".mark": "hostile.mark",
    }
)


def read(data: bytes, path: str, columns: Mapping[str, str]) -> Iterator[Article | Failure]:
    """The real ``read``, with these formats beside the real ones, as if this were a module of theirs."""
    formats = importlib.import_module("rag.articles.formats")
    sys.modules["rag.articles.hostile"] = sys.modules[__name__]
    vars(formats)["READERS"] = {**formats.READERS, **READERS}
    articles: Iterator[Article | Failure] = formats.read(data, path, columns)
    return articles
