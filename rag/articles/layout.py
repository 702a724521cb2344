"""The words of a page, by where they stand, to rows of text in the order in which they are read.

A file draws its words in some order, which is nearly always that of reading: it
is kept where it goes down the page and from one column to the next, and made
anew from where the words stand where it does not. All lengths are in points.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

SOLID = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff01-\uff60]")
"""A letter of Chinese or Japanese, which have no blanks between words."""

_SAME_LINE = 0.35
"""Type sizes by which the baselines of one line may differ."""

_NEXT_LINE = 4.0
"""Type sizes to the next line of a block, at most."""

_WIDE_GAP = 2.5
_CLEAR_GAP = 1.0
"""Type sizes between two cells of a table: anywhere, and where the rows above or below leave the same gap."""

_FEWEST_LINES = 5
_MOST_GAPS = 2_000
_IN_COLUMNS = 0.6
"""Lines that two columns of prose have side by side, at least; gaps that may be between them, at most; and the share of
those lines in all that are there."""

_MARK = re.compile(r"[^\w\s]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{2,4})[.)]")
"""What stands before an item of a list."""

_FILLED = 0.7
_FEWEST_WORDS = 4
_FEWEST_LETTERS = 0.6
"""The median line of a column of prose: its share of the column's width, its words, and its share of letters."""

_SAME_TYPE = 1.15
"""Times the size; where type is larger or smaller, another block begins."""

_DROP_CAP = 1.8
"""Times the size of the text beside it."""

_MOST_CAPS = 20
"""Large first letters on a page."""

_CAP_HEIGHT = 0.7
"""Of capital letters, in type sizes."""

_MOST_BLOCKS = 120
"""On one page; where there are more (a map, a drawing), they are read as they come."""

_REACH = 8
"""Blocks that may grow at the same time where a file draws its columns line by line."""


@dataclass(frozen=True, slots=True)
class Span:
    """Words on one line with no wide gap between them.

    ``left`` and ``right`` are measured from the side where reading begins,
    ``base`` is the baseline's distance from the top of the page. ``unlinked`` is
    the part of the text that is in no link, ``head`` the width of its first
    word. ``apart`` says that a blank stands before it.
    """

    text: str
    unlinked: str
    left: float
    right: float
    base: float
    size: float
    bold: bool
    head: float
    apart: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a page; ``page`` counts from 0, and ``block`` tells the columns of a page apart.

    ``tabular`` is that of a table's row, whose cells stand in ``text`` with two
    blanks between them. The rest is as in :class:`Span`.
    """

    text: str
    unlinked: str
    page: int
    block: int
    left: float
    right: float
    base: float
    size: float
    bold: bool
    head: float
    tabular: bool


_Line = tuple[Span, ...]
_Block = list[_Line]


def rows(spans: Sequence[Span], page: int, first: int = 0) -> Iterator[Row]:
    """The rows of a page, whose spans come as its file draws them, in the order in which they are read.

    The page's blocks are numbered from ``first``.
    """
    spans = _with_drop_caps(spans)
    blocks = _blocks(spans, 1)
    if 2 * len(blocks) > len(spans) > 2 * _FEWEST_LINES:
        blocks = _blocks(spans, _REACH)
    columns = [column for block in blocks for column in _columns(block)]
    for number, block in enumerate(_in_order(columns), start=first):
        yield from _rows(block, page, number)


def _with_drop_caps(spans: Sequence[Span]) -> list[Span]:
    """The spans, with large first letters put before the lines that they begin."""
    found = list(spans)
    usual = median(span.size for span in spans) if spans else 0.0
    caps = [span for span in spans if len(span.text) <= 2 and span.text[-1].isupper()]  # noqa: PLR2004  or “T
    for cap in [cap for cap in caps if cap.size >= _DROP_CAP * usual][:_MOST_CAPS]:
        beside = [number for number, span in enumerate(found) if _is_beside(cap, span)]
        if beside:
            number = min(beside, key=lambda number: found[number].base)
            gap = " " if found[number].apart and found.index(cap) == number - 1 else ""
            line = found[number]
            found[number] = replace(line, text=cap.text + gap + line.text, unlinked=cap.unlinked + gap + line.unlinked)
            found.remove(cap)
    return found


def _is_beside(cap: Span, span: Span) -> bool:
    """Whether a line stands to the right of a large letter, and not below it."""
    return (
        cap.size >= _DROP_CAP * span.size
        and cap.base - cap.size < span.base <= cap.base + _SAME_LINE * span.size
        and -_SAME_LINE * span.size <= span.left - cap.right <= span.size
    )


def _blocks(spans: Iterable[Span], reach: int) -> list[_Block]:
    """The spans in blocks, each of which goes down the page; any of the last ``reach`` may grow."""
    blocks: list[_Block] = []
    for span in spans:
        for block in blocks[: -reach - 1 : -1]:
            last = block[-1]
            size = max(last[0].size, span.size)
            down = span.base - last[0].base
            if abs(down) <= _SAME_LINE * size and not any(_overlap(span, other) > 0.5 * size for other in last):
                block[-1] = tuple(sorted((*last, span), key=lambda span: span.left))
                break
            if _SAME_LINE * size < down <= _NEXT_LINE * size and _is_of(span, block, size):
                block.append((span,))
                break
        else:
            blocks.append([(span,)])
    return blocks


def _is_of(span: Span, block: _Block, size: float) -> bool:
    """Whether a span below a block goes on with it: some of it stands below the block's last lines, in like type."""
    left = min(other.left for line in block[-3:] for other in line)
    right = max(other.right for line in block[-3:] for other in line)
    sizes = [other.size for other in block[-1]]
    alike = any(size <= other * _SAME_TYPE and other <= span.size * _SAME_TYPE for other in sizes)
    return alike and span.left < right and left < span.right


def _overlap(one: Span, other: Span) -> float:
    return min(one.right, other.right) - max(one.left, other.left)


def _columns(block: _Block) -> list[_Block]:
    """The columns of a block that goes through them line by line; the block itself where it is no such."""
    gutter = _gutter(block)
    if gutter is None:
        return [block]
    crossing = [any(span.left < gutter < span.right for span in line) for line in block]
    first, last = crossing.index(False), len(block) - crossing[::-1].index(False)
    above, within, below = block[:first], block[first:last], block[last:]
    if any(crossing[first:last]):
        middle = first + crossing[first:].index(True)
        return [part for each in (block[:middle], block[middle:]) if each for part in _columns(each)]
    left = [tuple(span for span in line if span.right <= gutter) for line in within]
    right = [tuple(span for span in line if span.left >= gutter) for line in within]
    sides = [[line for line in side if line] for side in (left, right)]
    return [part for each in ([above] if above else []) + sides + ([below] if below else []) for part in _columns(each)]


def _gutter(block: _Block) -> float | None:
    """Where a block is parted in two columns of prose."""
    gaps = [gap for line in block for gap in _gaps(line)]
    if not _FEWEST_LINES <= len(gaps) <= _MOST_GAPS:
        return None
    # The place that is within most gaps is where one of them begins.
    starts = sorted({start for start, _ in gaps})
    best = max(starts, key=lambda x: sum(start <= x < end for start, end in gaps))
    ends = [end for start, end in gaps if start <= best < end]
    gutter = (best + min(ends)) / 2
    parted = [line for line in block if not any(span.left < gutter < span.right for span in line)]
    left = [line for line in parted if line[0].right <= gutter]
    right = [line for line in parted if line[-1].left >= gutter]
    both = [line for line in left if line[-1].left >= gutter]
    if len(both) < max(_FEWEST_LINES, _IN_COLUMNS * len(parted)):
        return None
    sides = (
        [tuple(span for span in line if span.right <= gutter) for line in left],
        [tuple(span for span in line if span.left >= gutter) for line in right],
    )
    return gutter if all(map(_is_prose, sides)) else None


def _is_prose(lines: Sequence[_Line]) -> bool:
    left = min(line[0].left for line in lines)
    width = max(line[-1].right for line in lines) - left
    texts = [" ".join(span.text for span in line) for line in lines]
    return (
        median(line[-1].right - left for line in lines) >= _FILLED * width
        and median(len(text.split()) for text in texts) >= _FEWEST_WORDS
        and median(sum(map(str.isalpha, text)) / len(text) for text in texts) >= _FEWEST_LETTERS
    )


@dataclass(frozen=True, slots=True)
class _Box:
    """Where a block stands."""

    left: float
    right: float
    top: float
    bottom: float

    @classmethod
    def of(cls, block: _Block) -> _Box:
        return cls(
            min(span.left for line in block for span in line),
            max(span.right for line in block for span in line),
            min(span.base - _CAP_HEIGHT * span.size for line in block[:2] for span in line),
            max(span.base for line in block[-2:] for span in line),
        )

    def is_above(self, other: _Box) -> bool:
        """Whether it stands in the column of the other, higher up."""
        shared = min(self.right, other.right) - max(self.left, other.left)
        return self.bottom <= other.top and 2 * shared > min(self.right - self.left, other.right - other.left)

    def is_beside(self, other: _Box) -> bool:
        """Whether it stands in the column before the other's."""
        return self.right <= other.left and self.top < other.bottom and other.top < self.bottom


def _in_order(blocks: list[_Block]) -> list[_Block]:
    """The blocks as they are read; as they come, unless one comes after another that stands below it.

    Then the order is that of T. Breuel, "High performance document layout
    analysis" (2003): above before below, and a column before the next where no
    block between them spans both.
    """
    boxes = [_Box.of(block) for block in blocks]
    count = len(boxes)
    if count > _MOST_BLOCKS or not any(boxes[n].is_above(boxes[m]) for n in range(count) for m in range(n)):
        return blocks
    before = [[_goes_before(boxes, n, m) for m in range(count)] for n in range(count)]
    waiting, order = list(range(count)), list[int]()
    while waiting:
        free = (n for n in waiting if not any(before[m][n] for m in waiting if m != n))
        following = next(free, waiting[0])  # where boxes lie on each other there may be none
        waiting.remove(following)
        order.append(following)
    return [blocks[n] for n in order]


def _goes_before(boxes: Sequence[_Box], n: int, m: int) -> bool:
    one, other = boxes[n], boxes[m]
    if n == m or one.is_above(other):
        return n != m
    if other.is_above(one) or one.right > other.left:
        return False
    low, high = min(one.top, other.top), max(one.bottom, other.bottom)
    return not any(
        low <= between.top and between.bottom <= high and between.left < one.right and between.right > other.left
        for number, between in enumerate(boxes)
        if number not in (n, m)
    )


def _rows(block: _Block, page: int, number: int) -> Iterator[Row]:
    """The lines of a block as rows."""
    for n, line in enumerate(block):
        tabular = _has_cells(block, n)
        between = "  " if tabular else " "
        longest = max(line, key=lambda span: len(span.text))
        yield Row(
            text=between.join(span.text for span in line),
            unlinked=between.join(filter(None, (span.unlinked for span in line))),
            page=page,
            block=number,
            left=line[0].left,
            right=line[-1].right,
            base=longest.base,
            size=longest.size,
            bold=all(span.bold for span in line),
            head=line[0].head,
            tabular=tabular,
        )


def _has_cells(block: _Block, n: int) -> bool:
    """Whether a line is a row of cells, not one whose blanks are wide because it fills the column."""
    gaps = _gaps(block[n])
    if not gaps or (len(gaps) == 1 and _MARK.fullmatch(block[n][0].text)):
        return False
    if any(end - start > _WIDE_GAP * block[n][0].size for start, end in gaps):
        return True
    near = [gap for m in (n - 1, n + 1) if 0 <= m < len(block) for gap in _gaps(block[m])]
    least = _CLEAR_GAP * block[n][0].size
    return any(min(end, there[1]) - max(start, there[0]) > least for start, end in gaps for there in near)


def _gaps(line: _Line) -> list[tuple[float, float]]:
    """Where there is nothing between two spans of a line."""
    return [(one.right, other.left) for one, other in pairwise(line) if one.right < other.left]
