"""Values of table cells, feed entries and mail headers, read as what an article has: text, a name, a day, an address.

A value is text, or what JSON has: a number, a list, an object that holds the
value under a name such as "name". What makes no sense as the thing asked for is
``None``.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from email.utils import parseaddr

from rag.articles import dates, metadata
from rag.articles.draft import Draft, Metadata
from rag.articles.html import from_html
from rag.articles.text import from_text

_INSIDE = (
    "name",
    "rendered",
    "main",
    "original",
    "text",
    "#text",
    "value",
    "title",
    "full_name",
    "$date",
    "$numberLong",
)
"""Under which of its names an object holds the value that is meant, the likelier first."""

_MISSING = {"nan", "NaN", "None", "null", "NULL", "N/A", "n/a", r"\N", "-"}
"""How programs write that there is no value."""

_DEEPEST = 4
_LONGEST_LINE = 2_000
"""Characters of a title, a name or an address."""

_HALF = re.compile("[\ud800-\udfff]")
_BY = re.compile(r"by:?\s+", re.IGNORECASE)
_LISTED = re.compile(r"""\[\s*["'].*["']\s*,?\s*\]""")
_ITEM = re.compile(r""""([^"]+)"|'([^']+)'""")
_ADDRESS = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})((?:[-_][A-Za-z0-9]{2,8})*)")

_NUMBER = re.compile(r"(-?\d{8,19})(?:\.\d*)?")
_EPOCHS = {9: 1, 10: 1, 12: 1e3, 13: 1e3, 15: 1e6, 16: 1e6, 18: 1e9, 19: 1e9}
"""Digits of a moment counted from 1970, with how many of its units are a second."""

_COMPACT_DATE = 8
_TIME = r"(?:[T\s,]+\d\d?[:.]\d\d.*)?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})[-/.](\d\d?)[-/.](\d\d?){_TIME}")
_YEAR_LAST = re.compile(rf"(\d\d?)[-/.](\d\d?)[-/.](\d{{4}}){_TIME}")
_MONTHS = 12

_NAMES = (
    "a|abbr|acronym|address|article|aside|audio|b|big|blockquote|body|br|button|caption|center|cite|code|col|colgroup"
    "|dd|del|details|dfn|div|dl|dt|em|embed|fieldset|figcaption|figure|font|footer|form|frame|h[1-6]|head|header|hgroup"
    "|hr|html|i|iframe|img|input|ins|kbd|label|legend|li|link|main|map|mark|meta|nav|nobr|noscript|object|ol|option|p"
    "|param|picture|pre|q|s|samp|script|section|select|small|source|span|strike|strong|style|sub|summary|sup|svg|table"
    "|tbody|td|template|textarea|tfoot|th|thead|time|title|tr|track|tt|u|ul|var|video|wbr"
)
_TAG = re.compile(rf"</?(?:{_NAMES})(?:[\s/][^<>]*)?>", re.IGNORECASE)
_MARKUP = re.compile(rf"</(?:{_NAMES})\s*>|<(?:br|div|hr|h[1-6]|img|li|p)(?:[\s/][^<>]*)?>", re.IGNORECASE)
"""A tag that nobody writes who means the text between its angle brackets."""

_UNKNOWN_TAG = re.compile(
    rf"<(?!/?(?:{_NAMES})[\s/>]|/?[a-z]\w*(?:-|:(?!//))|[!?])/?([a-z]\w*(?![\w.]))?", re.IGNORECASE
)
_CLOSING_TAG = re.compile(r"</([a-z]\w*)\s*>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_PAGE = re.compile(r"<(?:html|head)[\s/>]", re.IGNORECASE)
_PARAGRAPHS = re.compile(r"<(?:p|br|div|pre)[\s/>]", re.IGNORECASE)
_BLOCKS = re.compile(r"<(?:blockquote|dl|figure|h[1-6]|hr|ol|section|table|ul)[\s/>]", re.IGNORECASE)
_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")


def draft(written: str, known: Metadata, path: str) -> Draft | None:
    """The article in a text that may be plain, HTML, or HTML with its tags written as entities; ``None`` without words.

    Words in angle brackets that are no tags ("Apple Inc. <AAPL.O>") stay. HTML
    without paragraphs of its own has them where lines are blank, as weblogs keep
    their posts.
    """
    plain = written if _MARKUP.search(written) else _without_entities(written)
    if _MARKUP.search(plain):
        markup = _with_paragraphs(_without_false_tags(plain))
        return from_html(markup, known, path, whole=not _PAGE.search(markup))
    found = from_text(plain.strip(), known)
    return found if found.text else None


def text(value: object) -> str | None:
    """The text of a value, its lines as they are; those of a list are its paragraphs."""
    if isinstance(value, list):
        return "\n\n".join(filter(None, map(text, value))) or None
    words = _inside(value)
    return words if isinstance(words, str) and words.strip() and words.strip() not in _MISSING else None


def line(value: object) -> str | None:
    """A value as a line of words, without markup."""
    words = _inside(value)
    if isinstance(words, int | float) and not isinstance(words, bool):
        words = str(words)
    return plain(words) if isinstance(words, str) else None


def plain(words: str) -> str | None:
    """Words that may hold markup as a line without it."""
    words = " ".join(_without_tags(_without_tags(words)).split())
    return words if words and words not in _MISSING and len(words) <= _LONGEST_LINE else None


def name(value: object) -> str | None:
    """Names of people in a value, or in each of a list, without "By", e-mail addresses and links."""
    listed = value if isinstance(value, list) else [value]
    names = [_person(found) for each in listed for found in _listed(line(each))]
    return ", ".join(dict.fromkeys(filter(None, names))) or None


def site(value: object) -> str | None:
    """The name of a newspaper or a site; of an address, its host."""
    words = line(value)
    return metadata.host(words) if words and _ADDRESS.fullmatch(words) else words and words.removeprefix("www.")


def address(value: object) -> str | None:
    """A web address."""
    words = _inside(value)
    found = words.strip() if isinstance(words, str) else ""
    return found if len(found) <= _LONGEST_LINE and _ADDRESS.fullmatch(found) else None


def language(value: object) -> str | None:
    """A language's tag, such as "en" or "pt-BR"."""
    found = _LANGUAGE.fullmatch(line(value) or "")
    return found and found[1].lower() + found[2].replace("_", "-")


def day(value: object, *, day_first: bool | None = None) -> date | None:
    """The day that a value is, in its own time zone.

    A date with or without a time ("2019-05-23T10:30:00+02:00", "May 23, 2019",
    "Thu, 23 May 2019 10:30:00 GMT"), digits ("20190523"), or a moment in seconds
    (or thousandths and so on) since 1970, which is a day in UTC. "05/04/2019" is
    one only where it is known which comes first.
    """
    words = _inside(value)
    if isinstance(words, bool) or not isinstance(words, str | int | float):
        return None
    found = str(words).strip()[:_LONGEST_LINE]
    if number := _NUMBER.fullmatch(found):
        return _counted(number[1])
    if parts := _YEAR_FIRST.fullmatch(found):
        return date_of(int(parts[1]), int(parts[2]), int(parts[3]))
    if parts := _YEAR_LAST.fullmatch(found):
        first, second, year = map(int, parts.groups())
        if first == second or first > _MONTHS or (second <= _MONTHS and day_first):
            return date_of(year, second, first)
        return date_of(year, first, second) if second > _MONTHS or day_first is False else None
    return dates.parse(found)


def day_first(values: Iterable[object]) -> bool | None:
    """Whether dates such as "05/04/2019" begin with the day, as a column's values show; ``None`` where they do not.

    One above 12 can only be a day. Where some values have one first and others
    second, nothing is shown.
    """
    shown = set[bool]()
    for value in values:
        words = _inside(value)
        parts = _YEAR_LAST.fullmatch(words.strip()) if isinstance(words, str) and len(words) < _LONGEST_LINE else None
        if parts and (int(parts[1]) > _MONTHS) != (int(parts[2]) > _MONTHS):
            shown.add(int(parts[1]) > _MONTHS)
    return shown.pop() if len(shown) == 1 else None


def is_ambiguous(value: object) -> bool:
    """Whether a value is a date that can be read in two ways."""
    words = _inside(value)
    parts = _YEAR_LAST.fullmatch(words.strip()) if isinstance(words, str) and len(words) < _LONGEST_LINE else None
    return parts is not None and parts[1] != parts[2] and max(int(parts[1]), int(parts[2])) <= _MONTHS


def _inside(value: object) -> object:
    """The text or the number that is meant by a value; of a list the first."""
    for _ in range(_DEEPEST):
        if isinstance(value, list):
            value = value[0] if value else None
        elif isinstance(value, Mapping):
            value = next((value[key] for key in _INSIDE if value.get(key)), None)
        else:
            break
    return storable(value) if isinstance(value, str) else value


def storable(words: str) -> str:
    r"""A text without NULs and halves of characters, each line ended by ``\n``."""
    words = words.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    return words if words.isascii() else _HALF.sub("\ufffd", words)


def _listed(words: str | None) -> Iterator[str]:
    """Names of which there may be several, written as a list is in Python or JSON."""
    if words and _LISTED.fullmatch(words):
        yield from (one or other for one, other in _ITEM.findall(words))
    elif words:
        yield words


def _person(words: str) -> str | None:
    """A name without "By"; nothing where there is an address only."""
    if "@" in words:
        words, _ = parseaddr(words)
    words = _BY.sub("", words.strip(), count=1) if _BY.match(words.strip()) else words.strip()
    return None if not words or _ADDRESS.fullmatch(words) else words


def _counted(digits: str) -> date | None:
    if len(digits) == _COMPACT_DATE:
        return date_of(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    unit = _EPOCHS.get(len(digits))
    return datetime.fromtimestamp(int(digits) / unit, UTC).date() if unit and digits[0] != "-" else None


def date_of(year: int, month: int, day: int) -> date | None:
    """The day, if there is such a day."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _without_entities(words: str) -> str:
    """``words`` with what entities stand for; only those that are closed, for "?a=1&copy=2" is an address."""
    return _ENTITY.sub(lambda entity: html.unescape(entity[0]), words) if "&" in words else words


def _without_tags(words: str) -> str:
    """``words`` without tags, and then with what entities stand for."""
    return _without_entities(_TAG.sub("", words) if "<" in words else words)


def _without_false_tags(markup: str) -> str:
    """``markup`` with what stands in angle brackets as text, where no browser knows it and nothing closes it."""
    closed = {name.casefold() for name in _CLOSING_TAG.findall(markup)}

    def kept(tag: re.Match[str]) -> str:
        return tag[0] if (tag[1] or "").casefold() in closed else f"&lt;{tag[0][1:]}"

    return _UNKNOWN_TAG.sub(kept, markup)


def _with_paragraphs(markup: str) -> str:
    if _PARAGRAPHS.search(markup):
        return markup
    markup = markup if _BLOCKS.search(markup) else markup.replace("\n", "\n<br>")
    return _BLANK_LINES.sub("\n<p>", markup)
