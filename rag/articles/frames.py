"""Requests, articles and failures as bytes, on their way to and from the process that reads (rag.articles.worker).

A frame is the length of its head and of its body, the head as JSON, and the
body: an article's text in UTF-8, which JSON would make longer.
"""

from __future__ import annotations

import json
import re
import struct
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any, BinaryIO, TypeAlias

from rag.types import Article, ArticleInfo, Digest, Failure

_LENGTHS = struct.Struct(">IQ")
_LONGEST_HEAD, _LONGEST_BODY = 1 << 28, 1 << 32
_HALF = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Request:
    """A file to be read: the corpus's folder, the file's path in it, its size, what columns of tables mean.

    Its reader may be silent for so many ``seconds``.
    """

    corpus: str
    path: str
    size: int
    columns: dict[str, str]
    seconds: float


@dataclass(frozen=True, slots=True)
class Ready:
    """The process has begun."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A file was opened, and its bytes have this hex SHA-256; what is in it follows."""

    sha256: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A file was read to its end, or as far as it goes: then with the path and the reason of an ``ArticleError``.

    After ``stopped``, for want of memory, and where this was its ``last`` file,
    the process ends.
    """

    path: str = ""
    reason: str = ""
    stopped: bool = False
    last: bool = False


Answer: TypeAlias = Ready | Opened | Ended | Article | Failure
Frame: TypeAlias = Request | Answer
_KINDS = {kind.__name__: kind for kind in (Request, Ready, Opened, Ended, Failure)}


def write(stream: BinaryIO, frame: Frame) -> int:
    """Write a frame, have it on its way, and tell how many bytes it has.

    Half characters in what was read, which could not be stored, become U+FFFD.
    """
    body = b""
    if isinstance(frame, Request):
        head = asdict(frame)
    elif isinstance(frame, Article):
        head = {"pages": frame.pages, **_plain(frame, ArticleInfo)}
        body = _sound(frame.text).encode()
    else:
        head = _plain(frame, type(frame))
    encoded = json.dumps({"kind": type(frame).__name__, **head}).encode()
    stream.write(_LENGTHS.pack(len(encoded), len(body)))
    stream.write(encoded)
    stream.write(body)
    stream.flush()
    return _LENGTHS.size + len(encoded) + len(body)


def read(stream: BinaryIO) -> tuple[Frame, int] | None:
    """The next frame and how many bytes it had, or None where no whole one follows.

    Raises:
        ValueError: what follows is no frame.
    """
    lengths = stream.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    of_head, of_body = _LENGTHS.unpack(lengths)
    if of_head > _LONGEST_HEAD or of_body > _LONGEST_BODY:
        raise ValueError(of_head, of_body)
    encoded, body = stream.read(of_head), stream.read(of_body)
    if len(encoded) + len(body) < of_head + of_body:
        return None
    head: dict[str, Any] = json.loads(encoded)
    kind = head.pop("kind")
    return (_article(head, body.decode()) if kind == Article.__name__ else _KINDS[kind](**head)), len(encoded) + of_body


def _article(head: dict[str, Any], text: str) -> Article:
    published, digest = head.pop("published"), head.pop("digest_of")
    return Article(
        **{**head, "pages": tuple(head["pages"])},
        published=date.fromisoformat(published) if published else None,
        digest_of=Digest(**digest) if digest else None,
        text=text,
    )


def _plain(frame: object, kind: type[ArticleInfo | Answer | Digest]) -> dict[str, object]:
    """The fields that a frame has as one of a kind, as JSON has them."""
    head: dict[str, object] = {}
    for field in fields(kind):
        value = getattr(frame, field.name)
        if isinstance(value, str):
            value = _sound(value)
        elif isinstance(value, Digest):
            value = _plain(value, Digest)
        elif isinstance(value, date):
            value = value.isoformat()
        head[field.name] = value
    return head


def _sound(text: str) -> str:
    return _HALF.sub("\ufffd", text)
