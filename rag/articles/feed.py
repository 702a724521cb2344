"""Feeds that were saved: RSS, Atom and RDF, each entry an article.

``Draft.member`` is the place of the entry in its feed, counted from 1.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from xml.parsers import expat

from rag.articles import values
from rag.articles.decoding import decode
from rag.articles.draft import Draft, Metadata, Source
from rag.articles.rows import reported, utf8
from rag.articles.text import from_text
from rag.errors import ArticleError, BrokenFileError
from rag.types import Failure

_PART = 4_000_000
"""Bytes of a large feed that are read at once."""

_ENCODING = re.compile(rb"""\s*<\?xml\b[^>]{0,200}?\bencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_END = re.compile(rb"</(?:rss|feed|rdf:RDF)\s*>\s*(?:<!--[^>]*-->\s*)*\Z", re.IGNORECASE)
_TAIL = 1_000
_MONTH = re.compile(r"[^\W\d_]{3}")

_NO_ARTICLE = {"attachment", "nav_menu_item", "custom_css", "customize_changeset", "oembed_cache", "wp_block"}
"""What else WordPress exports."""

_APPEARED_FIRST = re.compile(r"\n\nThe post (?P<title>[^\n]+) (?:appeared first|first appeared) on [^\n]+\.\Z")
"""What WordPress puts below an entry."""

_Values = Mapping[str, object]


def read_feed(source: Source) -> Iterator[Draft | Failure]:
    """The articles of a feed: of each entry its content or, where there is none, its summary.

    An entry was published when it says so; when it was last changed is
    something else. Its source is the feed, or the one that the entry names.

    Raises:
        UndecodableError: The bytes are no text.
        BrokenFileError: This is no feed.
    """
    yield from reported(_in_feed(source), source.path)


def _in_feed(source: Source) -> Iterator[Draft | Failure]:
    data = _utf8(source)
    number = 0
    for part in _parts(data):
        feed = _parsed(part, source.path)
        entries = _list(feed.get("entries"))
        if not entries and not feed.get("version"):
            raise BrokenFileError(source.path, "it is no feed, and no other XML is known")
        cut = bool(feed.get("bozo")) and not _END.search(data[-_TAIL:])
        for place, entry in enumerate(entries, start=1):
            number += 1
            if entry.get("wp_post_type") in _NO_ARTICLE:
                continue
            path = f"{source.path}#{number}"
            if cut and place == len(entries):
                yield Failure(path, "the file ends in the middle of it; save the feed again")
                continue
            try:
                draft = _draft(entry, feed, source)
            except ArticleError as error:
                yield Failure(path, error.reason)
                continue
            if draft:
                yield replace(draft, member=f"#{number}")
            else:
                yield Failure(path, "there is no text of it in the feed; add the page that it links to")


def _utf8(source: Source) -> bytes:
    """The feed in UTF-8, from the encoding that it names where it is in that.

    Raises:
        UndecodableError: The bytes are no text.
    """
    declared = _ENCODING.match(source.data)
    name = declared[1].decode("ascii").lower() if declared else "utf-8"
    if name in {"utf-8", "utf8", "us-ascii", "ascii"}:
        return utf8(source)
    try:
        return source.data.decode(name).encode()
    except (LookupError, ValueError):  # it is in another
        return decode(source.data, source.path).encode()


def _parts(data: bytes) -> Iterator[bytes]:
    """A feed in parts that are feeds themselves, so that a large one takes no more memory than a part does.

    One that is no valid XML stays whole.
    """
    head, entries, tail = _entries(data) if len(data) > _PART else (b"", [], b"")
    if not entries:
        yield data
        return
    first, last = entries[0]
    for start, end in entries:
        if end - first > _PART:
            yield head + data[first:last] + tail
            first = start
        last = end
    yield head + data[first:last] + tail


def _entries(data: bytes) -> tuple[bytes, list[tuple[int, int]], bytes]:
    """What stands above a feed's entries, where each begins and ends, and what closes the feed."""
    opened: list[str] = []
    around: list[str] = []
    starts: list[int] = []
    entries: list[tuple[int, int]] = []
    parser = expat.ParserCreate("utf-8")

    def start(name: str, _: object) -> None:
        if len(opened) in {1, 2} and name.rpartition(":")[2].lower() in {"item", "entry"}:
            around[:] = around or opened
            starts.append(parser.CurrentByteIndex)
        opened.append(name)

    def end(name: str) -> None:
        opened.pop()
        if opened == around and name.rpartition(":")[2].lower() in {"item", "entry"}:
            entries.append((starts.pop(), data.index(b">", parser.CurrentByteIndex) + 1))

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    try:
        for place in range(0, len(data), _PART):
            parser.Parse(data[place : place + _PART], False)  # noqa: FBT003 - the library's way
        parser.Parse(b"", True)  # noqa: FBT003 - the library's way
    except expat.ExpatError:
        return b"", [], b""
    return (
        data[: entries[0][0]] if entries else b"",
        entries,
        "".join(f"</{name}>" for name in reversed(around)).encode(),
    )


def _parsed(data: bytes, path: str) -> _Values:
    """What feedparser makes of a feed, its texts as they are."""
    import feedparser

    try:
        feed: _Values = feedparser.parse(
            io.BytesIO(data),  # bytes alone might be taken for the name of a file
            response_headers={"content-type": "application/xml; charset=utf-8"},
            resolve_relative_uris=False,
            sanitize_html=False,
        )
    except MemoryError:
        raise
    except Exception as error:
        raise BrokenFileError(path, "the feed in it cannot be read") from error
    return feed


def _draft(entry: _Values, feed: _Values, source: Source) -> Draft | None:
    about = _mapping(feed.get("feed"))
    body = _body(entry)
    stated = Metadata(
        title=_title(entry),
        source=_title(_mapping(entry.get("source"))) or _title(about),
        author=_author(entry) or (_author(about) if str(feed.get("version")).startswith("atom") else None),
        published=_published(entry, feed),
        url=values.address(entry.get("feedburner_origlink")) or values.address(entry.get("link")),
        language=values.language(body.get("language")) or values.language(about.get("language")),
    )
    text = str(body.get("value", ""))
    if body.get("type") == "text/plain":
        found = from_text(text.strip(), stated)
        draft = found if found.text else None
    else:
        draft = values.draft(text, stated, source.path)
    return draft and replace(draft, text=_APPEARED_FIRST.sub("", draft.text))


def _body(entry: _Values) -> _Values:
    """The longest of an entry's contents, or else its summary."""
    contents = [each for each in _list(entry.get("content")) if str(each.get("value", "")).strip()]
    if contents:
        return max(contents, key=lambda each: len(str(each.get("value"))))
    return _mapping(entry.get("summary_detail")) or {"value": entry.get("summary", "")}


def _title(about: _Values) -> str | None:
    detail = _mapping(about.get("title_detail"))
    if detail.get("type") == "text/plain":
        return " ".join(str(detail.get("value")).split()) or None
    return values.line(about.get("title"))


def _author(about: _Values) -> str | None:
    named = [each.get("name") for each in _list(about.get("authors")) if each.get("name")]
    return values.name(named) or values.name(about.get("author"))


def _published(entry: _Values, feed: _Values) -> date | None:
    """When an entry was published; in RSS, Dublin Core's date says so too."""
    dublin = "dc" in _mapping(feed.get("namespaces")) and "dcterms" not in _mapping(feed.get("namespaces"))
    key = (
        "updated" if dublin and "published" not in entry and str(feed.get("version")).startswith("rss") else "published"
    )
    written = entry.get(key)
    if not isinstance(written, str):
        return None
    day, parsed = values.day(written), entry.get(f"{key}_parsed")
    if day or not isinstance(parsed, tuple) or not _MONTH.search(written):
        return day
    return date(*parsed[:3])


def _mapping(value: object) -> _Values:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[_Values]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []
