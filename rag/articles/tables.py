"""CSV and TSV, one article a row, in whatever delimiter and quotation marks a program writes them.

``Draft.member`` is the number of the row, counted from the first below the header.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TextIO

from rag.articles import columns
from rag.articles.draft import Draft, Metadata, Source
from rag.articles.rows import PIECE, Fault, Row, drafts, reported, shown, stream, utf8
from rag.errors import BrokenFileError, ColumnsUnknownError
from rag.types import Failure

_DELIMITERS = (",", ";", "\t", "|")
_NAMED_DELIMITER = re.compile(r'"?sep=(.)"?\n?')
"""The line above the header in which Excel names the delimiter."""

_SAMPLE = 5_000
"""Rows by which it is told how a table is written."""

_CONSISTENT = 0.8
"""The least share of rows with as many cells as the first one, where a table is read as it was written."""

_WRITTEN_OUT = {r"\n": "\n", r"\t": "\t", r"\r": "\n", r"\\": "\\"}
_ESCAPE = re.compile(r"\\(?:.|\n)")
"""How line breaks and tabs are written in cells without quotation marks."""

_LONGEST_RECORD = 10_000_000
"""Characters of a row; in a longer one, a quotation mark was not closed."""

_UNMATCHED = "its quotation marks do not match; double those within a cell"
_NEVER_CLOSED = "a quotation mark in it is never closed, and nothing below it is read; mend the row"


def read_table(source: Source) -> Iterator[Draft | Failure]:
    """The articles of a CSV or TSV file.

    Its first row names the columns; a table without such a row is read where
    the corpus says by their numbers what columns hold.

    Raises:
        UndecodableError: The bytes are no text.
        BrokenFileError: The first row cannot be made sense of.
        ColumnsUnknownError: No column is known to hold text.
    """
    data = utf8(source)
    style = _style(data, source)
    names = next(_records(stream(data), style), [])
    if isinstance(names, str):
        raise BrokenFileError(source.path, "the quotation marks of its first row do not match")
    where = columns.places(names, source.columns)
    headed = columns.hold_text(where)
    if not headed:
        where = columns.numbered_places(len(names), source.columns)
    if names and not columns.hold_text(where):
        raise ColumnsUnknownError(source.path, shown(names))

    def rows() -> Iterator[Row | Fault]:
        for number, cells in enumerate(_records(stream(data), style), start=0 if headed else 1):
            if isinstance(cells, str):
                yield Fault(number, cells)
            elif number and not _is_blank(cells):
                if _has_width(cells, len(names)):
                    whole = [_read_out(cell) for cell in cells] if style.written_out else cells
                    yield Row(number, {each: [whole[place] for place in places] for each, places in where.items()})
                else:
                    yield Fault(number, f"it has {len(cells)} cells, and the first row {len(names)}; mend the row")

    yield from reported(drafts(rows, source, Metadata()), source.path)


@dataclass(frozen=True, slots=True)
class _Style:
    """How a table is written: what parts its cells, whether and how they are quoted, how line breaks are given."""

    delimiter: str
    quoted: bool = True
    escape: str | None = None
    spaced: bool = False
    written_out: bool = False


def _style(data: bytes, source: Source) -> _Style:
    """The style in which most of a table makes sense: known columns in its first row, and rows as wide as that one."""
    named = _NAMED_DELIMITER.fullmatch(stream(data).readline(PIECE))
    tabs_first = source.path.lower().endswith(".tsv")
    delimiters = (named[1],) if named else sorted(_DELIMITERS, key="\t".__ne__) if tabs_first else _DELIMITERS
    styles = (
        *map(_Style, delimiters),
        *(_Style(each, spaced=True) for each in delimiters),
        *(_Style(each, escape="\\") for each in delimiters),
        *(_Style(each, quoted=False) for each in delimiters),
    )
    best = max(styles, key=lambda style: _fitness(data, style, source.columns))
    escapes = set(_ESCAPE.findall(stream(data).read(PIECE))) - {r"\N"} if best.delimiter == "\t" else set()
    return replace(best, written_out=r"\n" in escapes and escapes <= _WRITTEN_OUT.keys())


def _fitness(data: bytes, style: _Style, stated: Mapping[str, str]) -> tuple[int, bool, float]:
    """How well a style fits the beginning of a table; of two, the greater fits better.

    Cells that still have their quotation marks show that it does not fit.
    """
    head: list[str] = []
    rows = fitting = cells = quoted = size = 0
    for record in islice(_records(stream(data), style), _SAMPLE):
        if isinstance(record, str):
            rows += 1
        elif not _is_blank(record):
            head = head or record
            rows += 1
            fitting += _has_width(record, len(head))
            cells += len(record)
            quoted += sum(len(cell) > 1 and cell.lstrip()[:1] == cell[-1:] == '"' for cell in record)
            size += sum(map(len, record))
        if size > PIECE:
            break
    share = fitting / rows if rows and quoted * 2 <= cells else 0.0
    return len(columns.places(head, stated)), len(head) > 1 and share >= _CONSISTENT, share


def _records(text: TextIO, style: _Style) -> Iterator[list[str] | str]:
    """The records of a table, from the first that is not blank; the reason instead where one cannot be read.

    After such a one, the next is the next line that is a record as wide as the
    first one. Where a quotation mark is never closed, nothing more is read.
    """
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_RECORD))
    first = text.readline()
    ahead = deque[str]() if _NAMED_DELIMITER.fullmatch(first) else deque([first])
    taken: list[str] = []
    size = width = 0
    ended = astray = False

    def lines() -> Iterator[str]:
        nonlocal size, ended
        while size < _LONGEST_RECORD and (line := ahead.popleft() if ahead else text.readline()):
            size += len(line)
            taken.append(line)
            yield line
        ended = True

    while not ended:
        reader = csv.reader(
            lines(),
            delimiter=style.delimiter,
            quoting=csv.QUOTE_MINIMAL if style.quoted else csv.QUOTE_NONE,
            escapechar=style.escape,
            skipinitialspace=style.spaced,
            strict=True,
        )
        try:
            for record in reader:
                size = 0
                taken.clear()
                astray = astray and not _has_width(record, width)
                if not astray and (width or not _is_blank(record)):
                    width = width or len(record)
                    yield record
        except csv.Error:
            ahead.extendleft(reversed(taken[1:]))
            size = 0
            taken.clear()
            astray = True
            yield _NEVER_CLOSED if ended else _UNMATCHED


def _read_out(cell: str) -> str:
    return _ESCAPE.sub(lambda escape: _WRITTEN_OUT.get(escape[0], escape[0]), cell)


def _is_blank(record: Sequence[str]) -> bool:
    return not any(map(str.strip, record))


def _has_width(record: Sequence[str], width: int) -> bool:
    """Whether a record has so many cells, empty ones after them left aside."""
    return len(record) == width or (len(record) > width and _is_blank(record[width:]))
