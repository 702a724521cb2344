"""What a web page says of its article: in JSON-LD, in meta tags, in links, and where it shows a date or a name as such.

Nothing is searched for in running text, and nothing guessed: a page has years,
names and addresses of many things.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from rag.articles import dates, metadata
from rag.articles.draft import Metadata

if TYPE_CHECKING:
    from lxml.etree import _Element

_TITLES = (
    "og:title", "dc.title", "dcterms.title", "citation_title", "headline", "parsely-title", "sailthru.title",
    "twitter:title", "title",
)  # fmt: skip
_AUTHORS = (
    "article:author", "author", "authors", "byl", "dc.creator", "dcterms.creator", "citation_author", "parsely-author",
    "sailthru.author", "article:author_name", "og:article:author", "creator",
)  # fmt: skip
_DATES = (
    "article:published_time", "og:article:published_time", "datepublished", "article:published", "article.published",
    "dc.date.issued", "dcterms.issued", "citation_publication_date", "citation_date", "parsely-pub-date",
    "sailthru.date", "pubdate", "publishdate", "publish-date", "publish_date", "publication_date", "pub_date",
    "publication-date", "published", "published_time", "datepublished", "date.published", "og:published_time",
    "og:pubdate", "originalpublicationdate", "article_date_original", "cxenseparse:recs:publishtime",
)  # fmt: skip
_PAGE_DATES = ("dc.date", "dcterms.date", "dcterms.created", "dc.date.created", "date", "og:date")
"""What may as well be the day on which a program made the page."""

_SITES = (
    "dc.publisher",
    "dcterms.publisher",
    "citation_journal_title",
    "publisher",
    "application-name",
)
_LANGUAGES = ("dc.language", "dcterms.language", "content-language", "language", "og:locale")
_ARTICLE = re.compile(r"(?:\w*Article|\w*BlogPosting|SocialMediaPosting|Report|\w*Review)")
_SAVED = re.compile(r"<!--\s*(?:saved from url=\(\d+\)|Page saved with SingleFile\s+url:\s*)(https?://[^\s<>\"]+)")
_TOP = 5_000
"""Characters."""

_SCRIPT = "application/ld+json"
_WRAPPERS = (("<!--", "-->"), ("//<![CDATA[", "//]]>"), ("/*<![CDATA[*/", "/*]]>*/"), ("<![CDATA[", "]]>"))
_LARGEST_SCRIPT = 1_000_000
_DOTTED_DAY = re.compile(r"(?<![\d.])(?P<d>\d\d?)\.\s?(?P<m>\d\d?)\.\s?(?P<y>(?:19|20)\d\d)(?!\d)")
"""Where stops stand between, the day comes first."""

_NUMERIC_DAY = re.compile(r"\s*(?P<y>\d{4})(?P<mark>[-/.]?)(?P<m>\d\d?)(?P=mark)(?P<d>\d\d?)(?!\d)")
_FIRST_YEAR = 1700
_EPOCH = date(1970, 1, 1)
_TAG = re.compile(
    r"(?P<main>[a-z]{2,3})(?:[-_](?P<script>[a-z]{4}))?(?:[-_](?P<region>[a-z]{2}|\d{3}))?", re.IGNORECASE
)
_BY = re.compile(
    r"^(?:(?:written|posted|published|words|story|text|report|reported)\s+)?(?:by|von|par|por|da|di)\b:?\s+",
    re.IGNORECASE,
)
_NO_NAME = re.compile(r"https?:|www\.|@|[<>{}|\\]|\d{4}|\.(?:com|org|net)\b", re.IGNORECASE)
_NOBODY = frozenset(
    [
        "admin",
        "administrator",
        "anonymous",
        "author",
        "by",
        "content",
        "contributor",
        "contributors",
        "correspondent",
        "desk",
        "editor",
        "editorial",
        "editors",
        "guest",
        "media",
        "news",
        "newsroom",
        "none",
        "null",
        "office",
        "online",
        "our",
        "press",
        "redaction",
        "redaktion",
        "redacción",
        "redazione",
        "reporter",
        "rédaction",
        "root",
        "staff",
        "system",
        "team",
        "test",
        "the",
        "undefined",
        "unknown",
        "user",
        "web",
        "webmaster",
        "website",
        "writer",
        "writers",
    ]
)


@dataclass(frozen=True, slots=True)
class Head:
    """What a page says of its article.

    ``body`` is the text that it gives to search engines, or empty, and ``dated`` a
    date that may be the article's, where the page shows none.
    """

    stated: Metadata
    body: str
    dated: date | None = None


_LONGEST_NAME = 120
_LONGEST_TITLE = 300
_SITE_AFTER = re.compile(r"\s+[|–—·•»›:-]+\s+|\s*[|»]\s*")


def read(tree: _Element, base: str | None) -> Head:
    """What the head of a page says, and its JSON-LD; ``base`` is the page's own address, where it is known."""
    meta = _meta(tree)
    said = [*_canonical(tree), *meta.get("og:url", ())]
    article, publisher = _linked_data(tree, {_place(each, base) for each in said} - {""}, _first(meta, _TITLES) or "")
    address = _address(tree, meta, article, base)
    named = [*meta.get("og:site_name", ()), _named(article.get("publisher")), publisher]
    named += itertools.chain.from_iterable(meta.get(name, ()) for name in _SITES)
    site = next(filter(None, map(_site, named)), None)
    title = _text(article.get("headline")) or _first(meta, _TITLES) or _text(article.get("name"))
    body = article.get("articleBody")
    stated = Metadata(
        title=title or _page_title(tree),
        author=authors(_names(article.get("author")) or _names(article.get("creator")), site, address)
        or next(filter(None, (authors(meta.get(name, ()), site, address) for name in _AUTHORS)), None),
        source=site,
        published=day(article.get("datePublished")) or _dated(meta, _DATES),
        url=address,
        language=_language(tree, meta, article),
    )
    return Head(stated, body if isinstance(body, str) else "", _dated(meta, _PAGE_DATES))


def saved_from(markup: str) -> str | None:
    """The address that a program wrote into a page when it saved it."""
    match = _SAVED.search(markup, 0, _TOP)
    return match[1] if match else None


def title(said: str | None, headings: Iterable[str], site: str | None) -> str | None:
    """The title, as the page shows it where a heading is most of what is ``said``; without the site's name after it."""
    said = said and " ".join(said.split())[:_LONGEST_TITLE]
    shown = [heading for heading in (" ".join(each.split()) for each in headings) if heading]
    if said is None:
        return shown[0] if len(shown) == 1 and len(shown[0]) <= _LONGEST_TITLE else None
    words = set(_words(said))
    for heading in shown:
        own = set(_words(heading))
        shared = len(words & own)
        if (
            _folded(heading) != _folded(site or "")
            and shared * 2 > min(len(own), len(words))
            and len(words) <= 3 * len(own)
        ):
            return heading
    parts = _SITE_AFTER.split(said)
    if site and len(parts) > 1 and _folded(parts[-1]) == _folded(site):
        return said[: said.rindex(parts[-1])].rstrip(" |–—·•»›:-")
    return said


def authors(names: Iterable[str], site: str | None, address: str | None) -> str | None:
    """Names as one, without "By"; not those that are addresses, the site itself, or nobody ("Staff")."""
    nobody = _NOBODY.union(_words(site or ""), _words(metadata.host(address) or ""))
    kept: dict[str, str] = {}
    for each in names:
        name = _BY.sub("", _text(each) or "").strip(" ,;|·-–")
        if 1 < len(name) <= _LONGEST_NAME and not _NO_NAME.search(name) and not nobody.issuperset(_words(name)):
            kept.setdefault(_folded(name), name)
    alone = [name for key, name in kept.items() if not any(other in key for other in kept if other != key)]
    return ", ".join(alone) or None


def day(said: object) -> date | None:
    """The day of a date as pages give it, whatever time stands behind it."""
    if not isinstance(said, str):
        return None
    match = _NUMERIC_DAY.match(said) or _DOTTED_DAY.search(said, 0, 100)
    if match:
        try:
            found = date(int(match["y"]), int(match["m"]), int(match["d"]))
        except ValueError:  # no such day
            return None
    else:
        found = dates.taken_out(said[:100])[0] or _EPOCH
    return found if found != _EPOCH and found.year >= _FIRST_YEAR else None


def _meta(tree: _Element) -> dict[str, list[str]]:
    """What the meta tags say, by their names, folded."""
    found: dict[str, list[str]] = {}
    for element in tree.iter("meta"):
        content = (element.get("content") or "").strip()
        for attribute in ("property", "name", "itemprop", "http-equiv"):
            for name in (element.get(attribute) or "").casefold().replace("dc:", "dc.").split():
                if content:
                    found.setdefault(name, []).append(content)
    return found


def _linked_data(tree: _Element, places: Collection[str], title: str) -> tuple[Mapping[str, object], str | None]:
    """The article in a page's JSON-LD, empty where there is none, and the name of a site or organisation beside it.

    Of several it is the one at the page's own address, or with its title. One that
    has another address and another title is another article.
    """
    entities: dict[str, Mapping[str, object]] = {}
    articles: list[Mapping[str, object]] = []
    site = None
    for each in _entities(tree):
        kinds = each.get("@type")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if isinstance(identity := each.get("@id"), str):
            entities[identity] = {**each, **entities.get(identity, {})}
        if any(isinstance(kind, str) and _ARTICLE.fullmatch(kind.rpartition("/")[2]) for kind in kinds):
            articles.append(each)
        elif {"WebSite", "Organization", "NewsMediaOrganization"}.intersection(
            kind for kind in kinds if isinstance(kind, str)
        ):
            site = site or _text(each.get("name"))
    own = [each for each in articles if _is_own(each, places, title)]
    others = [each for each in articles if not (places and title and _addresses(each) and each.get("headline"))]
    article = next((each for each in own or others if "datePublished" in each), next(iter(own or others), {}))
    resolved = {key: _resolved(value, entities) for key, value in article.items()}
    return resolved, site


def _is_own(article: Mapping[str, object], places: Collection[str], title: str) -> bool:
    headline, words = set(_words(_text(article.get("headline")) or "")), set(_words(title))
    alike = len(headline & words) * 2 > min(len(headline), len(words))
    return alike or any(_place(each, None) in places for each in _addresses(article))


def _addresses(article: Mapping[str, object]) -> list[str]:
    """The addresses that JSON-LD gives for an article."""
    page = article.get("mainEntityOfPage")
    said = (page.get("@id") if isinstance(page, Mapping) else page, article.get("url"))
    return [each for each in said if isinstance(each, str) and "://" in each]


def _place(address: str, base: str | None) -> str:
    """What tells an address from those of other articles of the site."""
    return (_absolute(address.strip(), base) or "").partition("://")[2].removeprefix("www.").rstrip("/")


def _resolved(value: object, entities: Mapping[str, Mapping[str, object]]) -> object:
    """A value with references to other entities of the page put in place."""
    if isinstance(value, list):
        return [_resolved(each, entities) for each in value]
    if isinstance(value, Mapping) and isinstance(identity := value.get("@id"), str) and "name" not in value:
        return entities.get(identity, value)
    return value


def _entities(tree: _Element) -> Iterator[Mapping[str, object]]:
    for script in tree.iter("script"):
        text = script.text or ""
        if _SCRIPT not in (script.get("type") or "").casefold() or len(text) > _LARGEST_SCRIPT:
            continue
        try:
            pending = [json.loads(_unwrapped(text), strict=False)]
        except (ValueError, RecursionError):
            continue
        while pending:
            each = pending.pop(0)
            if isinstance(each, list):
                pending = [*each, *pending]
            elif isinstance(each, dict):
                yield each
                pending = [each[key] for key in ("@graph", "mainEntity", "mainEntityOfPage") if key in each] + pending


def _unwrapped(text: str) -> str:
    """A script's text without the marks of comments around it."""
    text = text.strip().removesuffix(";")
    for opening, closing in _WRAPPERS:
        text = text.removeprefix(opening).removesuffix(closing).strip()
    return text


def _address(
    tree: _Element, meta: Mapping[str, list[str]], article: Mapping[str, object], base: str | None
) -> str | None:
    page = article.get("mainEntityOfPage")
    linked = [page.get("@id") if isinstance(page, Mapping) else page, article.get("url")]
    said = [*_canonical(tree), *meta.get("og:url", ()), *linked, base]
    for each in said:
        if isinstance(each, str) and (address := _absolute(each.strip(), base)):
            return address
    return None


def _canonical(tree: _Element) -> list[str]:
    links = (each for each in tree.iter("link") if "canonical" in (each.get("rel") or "").casefold().split())
    return [address for each in links if (address := each.get("href"))]


def _absolute(address: str, base: str | None) -> str | None:
    """An address as a whole one; ``None`` where it is none, or only that of a site."""
    try:
        parts = urlsplit(urljoin(base or "", address))
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or any(map(str.isspace, address)):
        return None
    if not parts.path.strip("/") and not parts.query:
        return None
    return parts._replace(fragment="").geturl()


def _language(tree: _Element, meta: Mapping[str, list[str]], article: Mapping[str, object]) -> str | None:
    stated = article.get("inLanguage")
    said = [
        tree.get("lang"),
        tree.get("{http://www.w3.org/XML/1998/namespace}lang"),
        tree.get("xml:lang"),
        stated if isinstance(stated, str) else None,
        *(text for name in _LANGUAGES for text in meta.get(name, ())),
    ]
    for each in said:
        match = _TAG.fullmatch((each or "").strip())
        if match:
            script, region = match["script"], match["region"]
            parts = (match["main"].lower(), script and script.title(), region and region.upper())
            return "-".join(filter(None, parts))
    return None


def _page_title(tree: _Element) -> str | None:
    element = next(tree.iter("title"), None)
    return None if element is None else _text("".join(element.itertext()))


def _names(value: object) -> list[str]:
    """The names in what JSON-LD gives as author: a text, an entity, or several."""
    found: list[str] = []
    for each in value if isinstance(value, list) else [value]:
        name = _named(each)
        if isinstance(name, list):
            found += (one for one in name if isinstance(one, str))
        elif isinstance(name, str):
            found.append(name)
    return found


def _named(value: object) -> object:
    return value.get("name") if isinstance(value, Mapping) else value


def _site(value: object) -> str | None:
    """A site's name; of one that is an address, its host."""
    name = _text(value)
    if name is None or name.startswith("@"):
        return None
    return (metadata.host(name) if "://" in name else name.removeprefix("www.")) or None


def _first(meta: Mapping[str, list[str]], names: Collection[str]) -> str | None:
    return next(filter(None, (_text(text) for name in names for text in meta.get(name, ()))), None)


def _dated(meta: Mapping[str, list[str]], names: Collection[str]) -> date | None:
    return next(filter(None, (day(text) for name in names for text in meta.get(name, ()))), None)


def _text(value: object) -> str | None:
    """A value as one line of text without markup and entities."""
    from html import unescape

    if not isinstance(value, str):
        return None
    return " ".join(unescape(re.sub(r"</?[a-zA-Z][^<>]*>", "", value)).split()) or None


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _folded(text: str) -> str:
    return "".join(_words(text))
