"""Pages as sites give them: a name for the file, bytes whose encoding can be told, what is known of where they lay."""

from __future__ import annotations

import codecs
import html
import io
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlencode, urljoin, urlsplit

import yaml

from rag.articles import front_matter
from rag.articles.decoding import decode
from rag.articles.draft import Metadata
from rag.errors import ArticleError

_LONGEST = 120
"""Bytes of a name; with an ending and a number it must fit any system."""

_NO_NAME = re.compile(r"(?:[^\w.]|_)+")
_PAGE = re.compile(r"\.(?:[xs]?html?|php\d?|aspx?|jspx?|cfm|do)$", re.IGNORECASE)
_INDEX = {"", "index", "default", "home", "main"}
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))}
"""Names that Windows keeps for itself."""

_SCRIPTS = re.compile(r"(?:cp|iso|koi8|mac|gb|big5|shift|euc|utf|tis|johab|hz)[\w-]*")
"""Encodings that pages are written in, as Python names them."""

_SEVEN_BITS = ("iso2022", "hz", "utf")
"""Of those, the ones whose bytes may look like UTF-8."""

_TRACKING = re.compile(
    r"utm_\w+|fbclid|g(?:clid|braid)|wbraid|dclid|msclkid|yclid|mc_[ce]id|igshid|at_(?:medium|campaign)|cmpid",
    re.IGNORECASE,
)
"""Parts of an address that only tell its site where a reader came from."""

_HEAD = 200_000
"""Bytes of a page in which its head ends."""

_TITLE = re.compile(r"<title\b[^>]{0,500}>([^<]{1,1000})</title", re.IGNORECASE)
_LINK = re.compile(r"<link\b([^>]{1,2000})>", re.IGNORECASE)
_CANONICAL = re.compile(r"\brel\s*=\s*[\"']?\s*canonical\b", re.IGNORECASE)
_HREF = re.compile(r"\bhref\s*=\s*(?:\"([^\"]+)\"|'([^']+)'|([^\s>]+))", re.IGNORECASE)

_LINKED = "fetched_from"
"""The key under which a sidecar keeps the link that was asked for; readers pass over it."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a page's head says: its title, and its own address where that is not the one it was fetched from."""

    title: str | None
    canonical: str | None


def slug(text: str) -> str:
    """A name for a file, without its ending: letters and digits in any script, with hyphens between; maybe empty."""
    words = _NO_NAME.sub("-", unicodedata.normalize("NFC", text)).strip("-.")
    if len(words.encode()) > _LONGEST:
        cut = words.encode()[:_LONGEST].decode(errors="ignore")
        whole = cut.rpartition("-")[0]
        words = (whole if len(whole) > len(cut) / 2 else cut).rstrip("-.")
    return f"{words}-" if words.partition(".")[0].casefold() in _DEVICES else words


def place(url: str) -> tuple[str, ...]:
    """The host of an address, its folders and its page, each as a :func:`slug`; what says nothing is left out.

    "https://www.example.org/news/the-ferry.html?page=2" is ("example.org", "news", "the-ferry-page-2").
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:  # an address that is none
        return ()
    *folders, page = unquote(parts.path).split("/")
    page = _PAGE.sub("", page)
    page = "" if page.casefold() in _INDEX else page
    names = (host, *folders, f"{page} {unquote(parts.query)}" if parts.query else page)
    return tuple(name for name in map(slug, names) if name)


def in_utf8(data: bytes, charset: str | None) -> bytes:
    """The same text in UTF-8, where a site states its encoding and it is another; else the same bytes.

    A reader that is not told what the site stated would have to guess.
    """
    if data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data
    try:
        name = codecs.lookup(charset or "utf-8").name
        if name == "utf-8" or not _SCRIPTS.fullmatch(name) or (not name.startswith(_SEVEN_BITS) and _is_utf8(data)):
            return data
        # Browsers read what is called Latin-1 as its extension by Windows.
        return codecs.BOM_UTF8 + data.decode("cp1252" if name == "iso8859-1" else name).encode()
    except (LookupError, UnicodeError):  # no such encoding, or not in it
        return data


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def head(page: bytes, url: str) -> Head:
    """What the head of a page at ``url`` says of itself; enough to give its file a name."""
    text = page[:_HEAD].decode(errors="replace")
    title = _TITLE.search(text)
    for link in _LINK.finditer(text):
        href = _HREF.search(link[1])
        if href and _CANONICAL.search(link[1]):
            canonical = _absolute(html.unescape(href[1] or href[2] or href[3]).strip(), url)
            break
    else:
        canonical = None
    return Head((title and " ".join(html.unescape(title[1]).split())) or None, canonical)


def without_tracking(url: str) -> str:
    """An address without its fragment, and without what only says where a reader came from."""
    parts = urlsplit(url)
    asked = parse_qsl(parts.query, keep_blank_values=True)
    kept = [(name, value) for name, value in asked if not _TRACKING.fullmatch(name)]
    query = parts.query if len(kept) == len(asked) else urlencode(kept)
    return parts._replace(query=query, fragment="").geturl()


def same(url: str) -> str:
    """An address in the one form that all ways to write it have: for comparing, not for following."""
    try:
        parts = urlsplit(without_tracking(url.strip()))
        host = (parts.hostname or "").removeprefix("www.")
        port = "" if parts.port in {None, 80, 443} else f":{parts.port}"
    except ValueError:  # an address that is none
        return url
    return f"{host}{port}{unquote(parts.path).rstrip('/')}?{parts.query}".rstrip("?")


def beside(known: Metadata, asked: str) -> bytes:
    """A sidecar (rag.articles.sidecar) that says what is known of a page, and which link it was fetched from."""
    said = {
        "title": known.title,
        "author": known.author,
        "source": known.source,
        "published": known.published,
        "url": known.url,
        "language": known.language,
        _LINKED: asked,
    }
    stated = {key: value for key, value in said.items() if value is not None}
    return yaml.safe_dump(stated, allow_unicode=True, sort_keys=False, width=1000).encode()


def addresses(sidecar: bytes, path: str) -> set[str]:
    """The addresses that a sidecar names, each as :func:`same`; none where it cannot be read."""
    try:
        said = front_matter.load(decode(sidecar, path), path)
    except ArticleError:  # a build tells of it
        return set()
    values = [said.get(key) for key in (*front_matter.KEYS["url"], _LINKED)] if isinstance(said, Mapping) else []
    return {same(value) for value in values if isinstance(value, str)}


def entries(feed: bytes, url: str) -> list[Metadata]:
    """Address, title and day of each entry of the feed at ``url``: of those without text too, whose pages may have it.

    An address that is written as a path only is whole here, for it is known
    where the feed came from.
    """
    import feedparser

    from rag.articles import values

    try:
        # Bytes alone might be taken for the name of a file.
        found = feedparser.parse(io.BytesIO(feed), resolve_relative_uris=False, sanitize_html=False).entries
    except Exception:  # noqa: BLE001  whatever comes of a file that may hold anything
        return []
    links = [link.strip() if isinstance(link := each.get("link"), str) else "" for each in found]
    return [
        Metadata(
            title=values.line(each.get("title")),
            published=values.day(each.get("published")),
            url=_absolute(link, url) if link else None,
        )
        for each, link in zip(found, links, strict=True)
    ]


def _absolute(address: str, base: str) -> str | None:
    try:
        parts = urlsplit(urljoin(base, address))
    except ValueError:
        return None
    whole = parts.scheme in {"http", "https"} and parts.hostname and (parts.path.strip("/") or parts.query)
    return parts._replace(fragment="").geturl() if whole and not any(map(str.isspace, address)) else None
