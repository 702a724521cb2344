"""What word processors write: paragraphs, list items and table rows, to one article.

The formats differ in how they say it; what they say is the same, and so is what
is made of it here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from itertools import islice
from pathlib import PurePosixPath

from rag.articles import cleaning, dates, metadata
from rag.articles.draft import Draft, Line, Metadata, Source

_EDGE = 12
"""How many blocks from the top may carry the title, the author and the date."""

_SPACES = re.compile(r"[ \t\xa0]{2,}|[\t\xa0]")
_INVISIBLE = re.compile("[\xad\u200b\u2060\ufeff]")
_TYPED_MARKER = re.compile(r"(?:[•·▪◦‣●○■□–-]|(\d{1,3}[.)]))\s*\t\s*")
_PROGRAM_WORDS = frozenset(
    (
        *("blank", "copy", "doc", "document", "documento", "dokument", "draft", "new", "no", "normal", "sans", "senza"),
        *("sin", "template", "text", "title", "titel", "titolo", "titre", "título", "unbenannt", "unknown", "unnamed"),
        *("untitled", "word"),
    )
)
_NO_TITLE = re.compile(
    r"(?:microsoft word - |https?:).*|.*\.(?:docx?|dot[mx]?|odt|rtf|html?|pdf|pages|txt|epub|indd|qxd|wpd|md)",
    re.IGNORECASE,
)
"""Words that only stand in titles that programs make, and titles that are no titles."""

_LONGEST_TITLE = 300
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_WITHOUT_BY = re.compile(r"by:?\s+", re.IGNORECASE)
_MANY = 3
"""Paragraphs in a cell, from which on the table is taken to lay out a page."""


class Kind(Enum):
    """What a block is: a paragraph by itself, one of several items of a list, or one of several rows of a table."""

    PARAGRAPH = auto()
    ITEM = auto()
    ROW = auto()


class Role(Enum):
    """What the style of a block says that it is."""

    BODY = auto()
    TITLE = auto()
    AUTHOR = auto()
    DATE = auto()


_ROLES = {
    "title": Role.TITLE,
    "headline": Role.TITLE,
    "article title": Role.TITLE,
    "subtitle": Role.BODY,
    "author": Role.AUTHOR,
    "byline": Role.AUTHOR,
    "date": Role.DATE,
}
"""By the names of styles, folded. Those of author and date are pandoc's, and of people who name styles so."""

_HEADING = re.compile(r"heading [1-9]")
_DEEPEST_HEADING = 6


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of text, and whether it is part of a link."""

    text: str
    linked: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a list item or a table row. ``heading`` is as in :class:`Line`; ``marker`` is an item's ("1. ")."""

    runs: tuple[Run, ...]
    kind: Kind = Kind.PARAGRAPH
    heading: int = 0
    role: Role = Role.BODY
    marker: str = ""

    @property
    def text(self) -> str:
        """What is read, in one line."""
        return " ".join(_INVISIBLE.sub("", "".join(run.text for run in self.runs)).split())


@dataclass(frozen=True, slots=True)
class Properties:
    """What a file says of itself beside its text, as its program keeps it."""

    title: str | None = None
    author: str | None = None


def draft(blocks: Iterable[Block], notes: Sequence[Block], properties: Properties, source: Source) -> Draft:
    """The article that the blocks are, with its ``notes`` below.

    A paragraph in the style of a title is the title; else the title among the
    properties where the text shows it too; else a heading at the top; else
    the property, unless it is a program's ("Document1") or the file's name; else
    what is recognised at the top. The author among the properties is mostly
    whoever typed the text, and counts only where the text shows that name on a
    line of its own near the top or the end. When the file was made or changed
    says nothing of the article; nor does the language that it states, which is
    mostly its program's.
    """
    stated, body = _told_by_styles(list(blocks))
    rows = {line.text for block in body if block.kind is Kind.ROW for line in _lines_of(block)}
    origin, lines = metadata.take_origin(_lines(body))
    lines, sender = cleaning.without_appeal(lines)
    lines = cleaning.without_notices(lines)
    stated = stated.or_else(Metadata(author=signed(properties.author, lines)))
    table = next((number for number, line in enumerate(lines) if line.text in rows), len(lines))
    title = plausible(properties.title, PurePosixPath(source.path).stem)
    head, above = _headed(lines[:table], source.known.or_else(stated), title)
    lines = [*above, *lines[table:]]
    known = source.known.or_else(stated).or_else(head).or_else(origin).or_else(Metadata(source=sender))
    return Draft(known, cleaning.joined([*lines, Line("", ""), *_lines(notes)]) or known.title or "")


def row(cells: Sequence[Sequence[Block]]) -> Iterator[Block]:
    """The blocks of a table's row: one line, or its paragraphs where the table only lays out the page."""
    filled = [[block for block in cell if block.text] for cell in cells]
    while filled and not filled[-1]:
        filled.pop()
    if len(cells) == 1 or max(map(len, filled), default=0) >= _MANY:
        for cell in filled:
            yield from cell
        return
    runs: list[Run] = []
    for cell in filled:
        for number, block in enumerate(cell):
            runs.append(Run(" " if number else " | " if runs else ""))
            runs.append(Run(block.marker))
            runs += (Run(run.text.replace("\n", " "), run.linked) for run in block.runs)
        if not cell:
            runs.append(Run(" | " if runs else ""))
    if runs:
        yield Block(tuple(runs), Kind.ROW)


def item(block: Block, marker: str) -> Block:
    """The block as an item of a list; ``marker`` is what its program shows before it, if only a bullet."""
    label = marker.strip()
    numbered = any(map(str.isalnum, label)) and label != "o"  # a usual bullet of the second level
    return replace(block, kind=Kind.ITEM, marker=f"{label} " if numbered else "- ")


def raised(text: str) -> str:
    """Text that stands above the line: digits as the characters that do ("10⁶"), all else as it is."""
    return text.translate(_RAISED) if text.strip().isdecimal() else text


def role(styles: Iterable[str]) -> Role:
    """What a paragraph is by the folded names of its style and of those that this is based on, the nearest first."""
    return next((_ROLES[name] for name in styles if name in _ROLES), Role.BODY)


def heading(styles: Iterable[str]) -> int:
    """The level of a heading (from 1 to 6) by the folded names of its styles; 0 where it is none."""
    return next((min(_DEEPEST_HEADING, int(name[-1])) for name in styles if _HEADING.fullmatch(name)), 0)


def numeral(number: int, form: str) -> str:
    """A number as lists show it; ``form`` is "a", "A", "i", "I", or anything else for digits."""
    if form in ("a", "A"):
        letter = chr(ord(form) + (number - 1) % 26)
        return letter * ((number - 1) // 26 + 1) if 0 < number <= 26 * 9 else str(number)
    if form in ("i", "I") and 0 < number < 4_000:  # noqa: PLR2004 - Roman numerals go no further
        roman = ""
        for sign, value in _ROMAN:
            times, number = divmod(number, value)
            roman += sign * times
        return roman if form == "I" else roman.lower()
    return str(number)


_ROMAN = (
    ("M", 1000), ("CM", 900), ("D", 500), ("CD", 400), ("C", 100), ("XC", 90), ("L", 50), ("XL", 40), ("X", 10),
    ("IX", 9), ("V", 5), ("IV", 4), ("I", 1),
)  # fmt: skip


def labelled(notes: Iterable[tuple[str, Sequence[Block]]]) -> list[Block]:
    """The paragraphs of footnotes and endnotes, each note with its label ("[1]") before it."""
    made: list[Block] = []
    for label, blocks in notes:
        first, *rest = [block for block in blocks if block.text] or [Block(())]
        if first.text:
            made += replace(first, runs=(Run(f"{label} " if label else ""), *first.runs)), *rest
    return made


def signed(author: str | None, lines: Sequence[Line]) -> str | None:
    """The author among a file's properties, if the text has the name on a line of its own near its top or end."""
    name = " ".join((author or "").split())
    filled = [line.text.strip(" \t—–-") for line in lines if not line.blank]
    near = (*filled[:_EDGE], *filled[-3:])
    return name if name and any(_same(_WITHOUT_BY.sub("", text, count=1), name) for text in near) else None


def _told_by_styles(blocks: list[Block]) -> tuple[Metadata, list[Block]]:
    """Author and date where a style says so, and the other blocks; the title is left to be found as the chief heading.

    Where several headings are of the first level, none of them is the chief one.
    """
    top = list(islice((number for number, block in enumerate(blocks) if block.text), _EDGE))
    title = next((number for number in top if blocks[number].role is Role.TITLE), None)
    lowered = title is not None or sum(block.heading == 1 or block.role is Role.TITLE for block in blocks) > 1
    authors: list[str] = []
    published = None
    kept: list[Block] = []
    for number, block in enumerate(blocks):
        if number in top and block.role is Role.AUTHOR:
            authors.append(_WITHOUT_BY.sub("", block.text, count=1))
        elif number in top and block.role is Role.DATE and published is None and (day := dates.parse(block.text)):
            published = day
        elif number == title:
            kept.append(replace(block, heading=1))
        elif block.role is Role.TITLE or (block.heading == 1 and lowered):
            kept.append(replace(block, heading=2))
        else:
            kept.append(block)
    return Metadata(author=", ".join(authors) or None, published=published), kept


def _headed(lines: list[Line], stated: Metadata, title: str | None) -> tuple[Metadata, list[Line]]:
    """Title, author and date at the top, as :func:`metadata.take_head`; ``title`` is that among the properties."""
    head, rest = metadata.take_head(lines, stated)
    if stated.title or title is None:
        return head, rest
    top = [line for line in lines if not line.blank][:_EDGE]
    chief = any(line.heading and line.text.strip() == head.title for line in top)
    shown = any(_same(line.text, title) for line in top)
    begins = head.title is not None and _folded(title).startswith(_folded(head.title))
    if (chief or begins) and not shown:
        return head, rest
    styled = next((line.text for line in top if line.heading == 1), None)
    if styled and head.title and _same(styled, head.title):
        return head, rest
    head, rest = metadata.take_head(lines, replace(stated, title=title))
    return replace(head, title=title), rest


def plausible(title: str | None, name: str = "") -> str | None:
    """A title among the properties, unless a program has put it there; ``name`` is that of the file."""
    title = " ".join((title or "").split())
    words = re.findall(r"[^\W\d_]+", title.casefold())
    if len(title) > _LONGEST_TITLE or _PROGRAM_WORDS.issuperset(words) or _NO_TITLE.fullmatch(title):
        return None
    return None if _bare(title) == _bare(name) else title


def _lines(blocks: Iterable[Block]) -> list[Line]:
    lines: list[Line] = []
    before: Block | None = None
    for block in map(_typed_item, blocks):
        made = list(_lines_of(block))
        if any(not line.blank for line in made):
            together = before is not None and before.kind is block.kind is not Kind.PARAGRAPH
            lines += made if together or before is None else (Line("", ""), *made)
            before = block
        else:
            before = replace(block, kind=Kind.PARAGRAPH)
    return lines


def _typed_item(block: Block) -> Block:
    """The block as an item where its bullet or number was typed, with a tab after it."""
    text = "".join(run.text for run in block.runs[:3])
    typed = _TYPED_MARKER.match(text) if block.kind is Kind.PARAGRAPH else None
    if typed is None:
        return block
    left, runs = typed.end(), list[Run]()
    for run in block.runs:
        runs.append(Run(run.text[left:], run.linked))
        left = max(0, left - len(run.text))
    return item(replace(block, runs=tuple(runs)), typed[1] or "")


def _lines_of(block: Block) -> Iterator[Line]:
    if block.heading:  # a heading is one line, wherever it was broken
        block = replace(block, runs=tuple(Run(run.text.replace("\n", " "), run.linked) for run in block.runs))
    texts = "".join(run.text for run in block.runs).split("\n")
    unlinked = texts
    if any(run.linked for run in block.runs):
        unlinked = "".join("\n" * run.text.count("\n") if run.linked else run.text for run in block.runs).split("\n")
    marker = block.marker
    for text, free in zip(map(_tidied, texts), map(_tidied, unlinked), strict=True):
        yield Line(f"{marker}{text}", f"{marker}{free}", block.heading) if text else Line("", "")
        marker = "" if text else marker


def _tidied(text: str) -> str:
    return _SPACES.sub(" ", _INVISIBLE.sub("", text)).strip()


def _same(one: str, other: str) -> bool:
    return _folded(one) == _folded(other)


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()
