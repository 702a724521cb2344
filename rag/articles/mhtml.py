"""Web pages that a browser has saved in one file (MHTML): the page, and what it is made of, as parts of a message."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from email.parser import BytesHeaderParser

from rag.articles import markup
from rag.articles.draft import Draft, Source
from rag.articles.html import from_page
from rag.errors import BrokenFileError

_LONGEST_HEAD = 20_000
"""Bytes of the headers of a file, or of a part."""

_PAGES = ("text/html", "application/xhtml+xml")


def read_mhtml(source: Source) -> Iterator[Draft]:
    """The one article of a saved web page, as :func:`rag.articles.html.read_html`.

    The page is the part that the file names as its root, else the first that is
    one; its location is its address. Pictures and frames are passed over.

    Raises:
        BrokenFileError: There is no page in it.
        UndecodableError: The page's bytes are no text.
    """
    part = _page(source)
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    charset = part.get_content_charset()
    location = _one_line(part["Content-Location"])
    address = location if location and location.startswith(("http://", "https://")) else source.known.url
    draft = from_page(markup.decoded(data, source.path, charset), source.path, address)
    if draft is not None:
        yield draft


def _page(source: Source) -> Message:
    """The part that is the page; the others are not decoded."""
    top = _headers(source.data, 0)
    if top.get_content_type() in _PAGES:
        return message_from_bytes(source.data)
    boundary = top.get_boundary()
    if top.get_content_maintype() != "multipart" or not boundary:
        raise BrokenFileError(source.path, "it is no web page that a browser has saved in one file")
    start = _one_line(top["Start"]) or str(top.get_param("start", ""))
    location = _one_line(top["Snapshot-Content-Location"])
    first = None
    for begin, end in _parts(source.data, boundary):
        head = _headers(source.data, begin)
        if head.get_content_type() not in _PAGES:
            continue
        named = (start and head["Content-ID"] == start) or (
            location and _one_line(head["Content-Location"]) == location
        )
        if named:
            return message_from_bytes(source.data[begin:end])
        first = first or (begin, end)
    if first is None:
        raise BrokenFileError(source.path, "there is no web page in it")
    return message_from_bytes(source.data[slice(*first)])


def _headers(data: bytes, begin: int) -> Message:
    return BytesHeaderParser().parsebytes(data[begin : begin + _LONGEST_HEAD].lstrip(b"\r\n"))


def _parts(data: bytes, boundary: str) -> Iterator[tuple[int, int]]:
    """Where the parts between the boundaries begin and end."""
    mark = b"\n--" + boundary.encode("utf-8", "surrogateescape")
    at = 0 if data.startswith(mark[1:]) else data.find(mark)
    while at >= 0:
        begin = data.find(b"\n", at + 1) + 1
        following = data.find(mark, begin - 1) if begin else -1
        if begin and not data.startswith(mark + b"--", at):
            yield begin, following if following >= 0 else len(data)
        at = following


def _one_line(value: str | None) -> str | None:
    """A header's value, which may have been folded anywhere, in one line."""
    return "".join(str(value).split()) if value else None
