"""Who wrote the article of a web page and when, where the page shows it as such near the title."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from enum import IntEnum
from typing import TYPE_CHECKING

from rag.articles import html_head, metadata
from rag.articles.draft import Line, Metadata
from rag.articles.main_text import Page
from rag.articles.marks import Mark

if TYPE_CHECKING:
    from lxml.etree import _Element

_NEAR = 12
"""Blocks below the title that may name the author and the date."""

_SHORT = 80
"""Characters of a line that gives a date and little else."""

_BYLINE = re.compile(r"(?<![a-z])(?:author|byline|writer)(?:[-_]{1,2}name|[A-Z]\w*)?(?![\w-])")
_NAME = re.compile(r"(?:[Bb]y:?\s)?[^\W\d_a-z][\w.'’-]+(?:\s(?:[a-z]{1,3}\s)?[^\W\d_a-z][\w.'’-]*){1,3}")
_PUBLISHED = re.compile(r"datePublished|(?<![\w-])(?:entry-date|dt-published|published)(?![\w-])")
_UPDATED = re.compile(r"updat|modif|edited|aktualisiert|mis à jour|actualizad|aggiornat|обновлен", re.IGNORECASE)


class _Place(IntEnum):
    """Where an element stands; what is above the title counts if it is in the article's part of the page."""

    BELOW_TITLE = 0
    ABOVE_TITLE = 1
    ELSEWHERE = 2


def shown(page: Page, tree: _Element, stated: Metadata) -> Metadata:
    """Author and date as a page shows them, beside what it has ``stated`` of itself."""
    near: list[Line] = []
    dated = None
    for each in page.below_title(_NEAR):
        mark = page.mark(each.element)
        if mark <= Mark.ABOUT:
            near += (*each.lines, Line("", ""))
        if mark is Mark.ABOUT and len(each.text) <= _SHORT and not _UPDATED.search(each.text):
            dated = dated or html_head.day(each.text)
    head, _ = metadata.take_head(near, Metadata(title=stated.title))
    named = html_head.authors(_names(page, tree), stated.source, stated.url)
    return Metadata(
        author=named or html_head.authors([head.author or ""], stated.source, stated.url),
        published=_day(page, tree) or head.published or dated,
    )


def _names(page: Page, tree: _Element) -> Iterator[str]:
    """The names in elements that say that they hold the author's."""
    for element, place in _placed(page, tree):
        said = (element.get("rel") or "").split() + (element.get("itemprop") or "").split()
        text = " ".join("".join(element.itertext()).split()) if "author" in said else ""
        if not text and place is _Place.BELOW_TITLE and _BYLINE.search(element.get("class", "")):
            shown = " ".join("".join(element.itertext()).split())
            text = shown if _NAME.fullmatch(shown) else ""
        if text and page.mark(element) < Mark.ASIDE:
            yield text


def _day(page: Page, tree: _Element) -> date | None:
    """The date of publication: in an element that says so, else in a ``<time>`` above the text, first below the title.

    Within the text, a time may be that of anything, and so may one that is not in the article's part of the page.
    """
    found: list[tuple[bool, _Place, date]] = []
    for element, place in _placed(page, tree):
        names = f"{element.get('itemprop', '')} {element.get('class', '')}"
        said = element.get("pubdate") is not None or bool(_PUBLISHED.search(names))
        about = element.tag == "time" and (place < _Place.ELSEWHERE or page.mark(element) is Mark.ABOUT)
        if not (said or about) or page.mark(element) > Mark.ABOUT:
            continue
        if _UPDATED.search(names) or _UPDATED.search(_text_before(element)):
            continue
        texts = (element.get("content"), element.get("datetime"), element.get("title"), "".join(element.itertext()))
        day = next(filter(None, map(html_head.day, texts)), None)
        if day:
            found.append((not said, place, day))
    return min(found, key=lambda each: each[:2])[2] if found else None


def _placed(page: Page, tree: _Element) -> Iterator[tuple[_Element, _Place]]:
    """The elements of a page with their places."""
    title, begin = page.title_element, page.first_prose()
    below, above, inside = title is None, True, False
    for element in tree.iter():
        below = below or element is title
        above = above and element is not begin
        inside = inside or element is page.region
        near = _Place.BELOW_TITLE if below else _Place.ABOVE_TITLE
        yield element, near if above and (below or inside) else _Place.ELSEWHERE


def _text_before(element: _Element) -> str:
    previous, parent = element.getprevious(), element.getparent()
    if previous is not None:
        return (previous.tail or "").strip() or "".join(previous.itertext())[-_SHORT:]
    return (parent.text if parent is not None else None) or ""
