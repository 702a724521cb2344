"""Web archives (WARC, ISO 28500): the pages in them, each with its address.

When a page was captured says nothing of when it was published, and is not taken
for that. Pictures, scripts, redirects and error pages are no articles, and no
failures either.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rag.articles import saved
from rag.articles.draft import Member, Metadata, Source
from rag.articles.formats import LARGEST
from rag.articles.unpacking import LONGEST_HEADER, Stream, damage_told, one_by_one, take
from rag.errors import ArticleTooLargeError, BrokenFileError
from rag.types import Failure

if TYPE_CHECKING:
    from warcio.recordloader import ArcWarcRecord

_PAGES = {"text/html", "application/xhtml+xml"}
_CHARSET = re.compile(r";\s*charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_HTTP = ("http://", "https://")
_OK = "200"
_CHUNK = 1 << 16


def open_warc(source: Source) -> Iterator[Member | Failure]:
    """The web pages in a WARC file, plain or compressed with gzip, in their order.

    Those are the responses with status 200, and the resources, whose type is
    HTML. Each lies where its address says, as in "example.org/news/ferry.html".
    Where the file is damaged after some records, their pages are given and the
    rest is a failure.

    Raises:
        BrokenFileError: It is no WARC file, or damaged before its first record ends.
        UnsafeArchiveError: It unpacks to too much.
    """
    stream = Stream(source)
    names = _Names(source.path)
    yield from one_by_one(_records(stream, source.path), lambda record: _page(record, stream, names), source.path)


class _Names:
    """Where the pages so far lie in the archive at ``path``."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._taken: dict[str, int] = {}

    def place(self, url: str) -> str:
        """Where the page of this address lies; another capture of it has a number."""
        name = "/".join(saved.place(url)) or "page"
        self._taken[name] = number = self._taken.get(name, 0) + 1
        return f"{name}.html" if number == 1 else f"{name}-{number}.html"


def _records(stream: Stream, path: str) -> Iterator[ArcWarcRecord]:
    """The records of a WARC file, each read to its end before the next."""
    from warcio.bufferedreaders import BufferedReader
    from warcio.recordloader import ArcWarcRecordLoader

    reader, loader = BufferedReader(stream), ArcWarcRecordLoader()
    while True:
        stream.scale.begin()
        stream.limit = stream.tell() + LONGEST_HEADER
        with damage_told(path):
            line = b"\n"
            while line and not line.strip():  # blank lines stand between records
                line = reader.readline()
            if not line:
                return
            record = loader.parse_record_stream(reader, line, known_format="warc", no_record_parse=True)
        if record.length is None:
            raise BrokenFileError(path, "one of its records does not say how long it is")
        stream.limit = None
        yield record
        _pass_over(record, path)


def _pass_over(record: ArcWarcRecord, path: str) -> None:
    """Read a record to its end."""
    while record.raw_stream.read(_CHUNK):
        pass
    if record.raw_stream.limit:
        raise BrokenFileError(path, "it is damaged, or cut off")


def _page(record: ArcWarcRecord, stream: Stream, names: _Names) -> Member | None:
    """The page in a record, or ``None`` where there is none in it."""
    url = record.rec_headers.get_header("WARC-Target-URI") or ""
    if not url.lower().startswith(_HTTP) or not record.length:
        return None
    headers: dict[str, str] = {"content-type": record.content_type or ""}
    if record.rec_type == "response":
        stream.limit = stream.tell() + LONGEST_HEADER
        headers = _headers(record, names.path)
        stream.limit = None
    elif record.rec_type != "resource":
        return None
    content_type = headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() not in _PAGES:
        return None
    place = names.place(url)
    path = f"{names.path}/{place}"
    if record.length > LARGEST:
        raise ArticleTooLargeError(path, record.length, LARGEST)
    page = _body(record, headers, path)
    _pass_over(record, names.path)  # what is cut off is no page
    stream.scale.add(max(len(page) - record.length, 0))
    charset = _CHARSET.search(content_type)
    return Member(place, saved.in_utf8(page, charset and charset[1]), Metadata(url=url)) if page else None


def _headers(record: ArcWarcRecord, path: str) -> dict[str, str]:
    """The headers of a response with status 200, their names in lower case; none for any other."""
    from warcio.statusandheaders import StatusAndHeadersParser

    with damage_told(path):
        try:
            found = StatusAndHeadersParser([], verify=False).parse(record.raw_stream)
        except EOFError:  # it is empty
            return {}
    ok = found.statusline.startswith(_OK)
    return {name.lower(): value for name, value in found.headers} if ok else {}


def _body(record: ArcWarcRecord, headers: dict[str, str], path: str) -> bytes:
    """What a site sent, without the encodings that it was sent in."""
    from warcio.bufferedreaders import ChunkedDataReader

    chunked = headers.get("transfer-encoding", "").strip().lower() == "chunked"
    with damage_told(path):
        data = take((ChunkedDataReader(record.raw_stream) if chunked else record.raw_stream).read, path)
    for encoding in reversed(headers.get("content-encoding", "").lower().split(",")):
        data = _decoded(data, encoding.strip(), path)
    return data


def _decoded(data: bytes, encoding: str, path: str) -> bytes:
    """The same without an encoding; where it was taken off already and only the header says so, as it is."""
    most = LARGEST
    if encoding in {"", "identity"}:
        return data
    if encoding in {"gzip", "x-gzip"}:
        return take(Stream(Source(data, path)).read, path)
    if encoding == "deflate":
        found = _inflated(data, most)
    elif encoding == "br":
        found = _without_brotli(data, most)
    else:
        raise BrokenFileError(path, f"it is compressed as {encoding!r}, which is not known here")
    if len(found) > most:
        raise ArticleTooLargeError(path, len(found), most)
    return found


def _inflated(data: bytes, most: int) -> bytes:
    for bits in (zlib.MAX_WBITS, -zlib.MAX_WBITS):  # as it should be, and as some servers send it
        try:
            return zlib.decompressobj(bits).decompress(data, most + 1)
        except zlib.error:
            continue
    return data


def _without_brotli(data: bytes, most: int) -> bytes:
    import brotli

    try:
        found: bytes = brotli.Decompressor().process(data, output_buffer_limit=most + 1)
    except brotli.error:
        return data
    return found
