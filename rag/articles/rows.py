"""Rows of a table or a list, each an article: what tables and JSON have in common.

Rows are read one by one, whatever the size of the file. A row that cannot be
read is a failure of its own, and the others are read.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TextIO, TypeVar
from urllib.parse import urlsplit

from rag.articles import values
from rag.articles.decoding import decode
from rag.articles.draft import Draft, Metadata, Source
from rag.errors import ArticleError
from rag.types import Failure

PIECE = 1_000_000
"""Characters that are read at once."""

_MOST_FAILURES = 100
"""Articles of one file that are reported one by one."""

_SHOWN = 24
_MOST_SHOWN = 12
"""Characters of a column's name, and how many columns, that an error shows."""

_TRUNCATED = re.compile(r"\[\+\d+ chars\]\s*$")
"""What a news service puts where it cuts a text off."""

_NO_TEXT = "there is no text in it; fill it or remove the row"

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its number, and the values of each field, the one that counts first before the others."""

    number: int
    values: Mapping[str, Sequence[object]]


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that cannot be read, and why."""

    number: int
    reason: str


Rows = Callable[[], Iterator[Row | Fault]]
"""Reads the rows of a file from the first one on, as often as it is called."""


def utf8(source: Source) -> bytes:
    """The file in UTF-8: its own bytes where they are that, so that no copy takes memory.

    Raises:
        UndecodableError: The bytes are no text.
    """
    data = source.data
    if b"\0" not in data:
        decode(data[: data.rfind(b"\n", 0, PIECE) + 1] or data[:PIECE], source.path)
        text = stream(data)
        with suppress(UnicodeDecodeError):
            while text.read(PIECE):
                pass
            return data
    return decode(data, source.path).encode()


def stream(data: bytes) -> TextIO:
    r"""UTF-8 as text, without byte order mark, each line ended by ``\n``."""
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig")


def reported(found: Iterable[Draft | Failure], path: str) -> Iterator[Draft | Failure]:
    """The same, with failures beyond those that a person reads as one."""
    failures = 0
    for each in found:
        failures += isinstance(each, Failure)
        if isinstance(each, Draft) or failures <= _MOST_FAILURES:
            yield each
    if failures > _MOST_FAILURES:
        more = failures - _MOST_FAILURES
        yield Failure(path, f"{more:,} more of its articles cannot be read, like those named; mend or remove them")


def drafts(rows: Rows, source: Source, default: Metadata) -> Iterator[Draft | Failure]:
    """The articles of rows; ``default`` is what holds for those that do not say otherwise.

    ``Draft.member`` is "#" and the row's number. A date that can be read in two
    ways ("05/04/2019") is one where others of its column show what comes first.
    """
    dated = _Dates(rows)
    for row in rows():
        found = _draft(row, source, default, dated) if isinstance(row, Row) else row
        yield found if isinstance(found, Draft) else Failure(f"{source.path}#{found.number}", found.reason)


def shown(names: Sequence[str]) -> list[str]:
    """Columns as an error shows them, each with its number."""
    lines = [" ".join(values.storable(name).split()) for name in names[:_MOST_SHOWN]]
    short = [name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…" for name in lines]
    more = ["…"] if len(names) > _MOST_SHOWN else []
    return [f"{number} “{name}”" for number, name in enumerate(short, start=1)] + more


@dataclass(slots=True)
class _Dates:
    """Reads a column's dates; all rows are asked, once, when there is one that can be read in two ways."""

    rows: Rows
    asked: list[bool | None] = field(default_factory=list)

    def day(self, value: object) -> date | None:
        """The day that a value is."""
        if not values.is_ambiguous(value):
            return values.day(value)
        if not self.asked:
            cells = (row.values.get("published", ()) for row in self.rows() if isinstance(row, Row))
            self.asked.append(values.day_first(each for row in cells for each in row))
        return values.day(value, day_first=self.asked[0])


def _draft(row: Row, source: Source, default: Metadata, dated: _Dates) -> Draft | Fault:
    def first(read: Callable[[object], _T | None], *fields: str) -> _T | None:
        found = (read(value) for each in fields for value in row.values.get(each, ()))
        return next((each for each in found if each is not None), None)

    text = first(_text, "text", "summary")
    if text is None:
        return Fault(row.number, _NO_TEXT)
    stated = Metadata(
        title=first(values.line, "title"),
        source=first(values.site, "source"),
        author=first(values.name, "author"),
        published=first(dated.day, "published"),
        url=first(values.address, "url") or first(_page, "source"),
        language=first(values.language, "language"),
    )
    try:
        draft = values.draft(_TRUNCATED.sub("", text), stated.or_else(default), source.path)
    except ArticleError as error:
        return Fault(row.number, error.reason)
    return replace(draft, member=f"#{row.number}") if draft else Fault(row.number, _NO_TEXT)


def _text(value: object) -> str | None:
    """The text of an article; an address is none."""
    words = values.text(value)
    return None if words is None or values.address(words) else words


def _page(value: object) -> str | None:
    """The address of a page on a site, where that is what is called the source."""
    address = values.address(value)
    try:
        return address if address and urlsplit(address).path.strip("/") else None
    except ValueError:  # an address that is none
        return None
