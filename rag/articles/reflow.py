"""Rows of a file's pages to paragraphs: wrapped lines and broken words are joined again.

A paragraph ends where the next word would still have fitted on the row, where
there is a gap or an indent, and where other type begins. The end of a column or
a page is looked at in the same way, for a paragraph may go on in the next.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise
from statistics import median

from rag.articles.hyphens import Hyphens
from rag.articles.layout import SOLID, Row

_SAME_TYPE = 1.08
_LARGE_TYPE = 1.15
"""Times a size: up to which type is the same, and from which on it is a heading's."""

_LONGEST_HEADING = 30
"""Words."""

_GAP = 1.22
_HEADING_GAP = 1.9
_TABLE_GAP = 2.0
"""Times the usual distance of rows, or (in a heading) times the type size, beyond which something else begins."""

_USUAL_PITCH = 1.2
_WIDEST_PITCH = 3.0
"""Times the type size: the distance of rows where none show it, and at most."""

_COMMON = 0.15
_ALIKE = 1.08
"""Share of all distances that a common one has, and by which factor distances differ that are alike."""

_BLANK = 0.25
_SLACK = 0.4
_INDENT = 0.6
_LONGEST_INDENT = 5.0
_LONG_WORD = 7.0
_SAME_EDGE = 0.2
"""Type sizes: a blank; by how much a row may miss the edge; an indent, at least and at most; a long word; by how much
edges may differ that are the same."""

_NEAR = 4
"""Rows above and below that show how wide a column is."""

_FEWEST_NEAR = 3
_FEWEST_ALIKE = 5
_MOSTLY = 0.6
_WIDEST = 0.9
"""Rows that show it at least, there and in the whole file; the share of them that must; which of the widest counts."""

_LONGEST_CAPTION = 3
"""Rows of a caption in the type of the text; what is longer is a paragraph, and the one before it is over."""

_BULLET = re.compile(r"[•‣◦▪●○■□►➤➢∙·✓✔◆❖]\s")
_MARKER = re.compile(r"(?:[–—*-]|\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{2,4})[.)])\s")
_STOP = re.compile(r"(?:[.!?…:。！？；：؟۔।]|(?<!\d)[.!?](?:\d{1,3}|\[\d{1,3}\]))[\"'”’»›)\]」』】]*$")
"""The end of a sentence, maybe with the number of a note."""

_IN_ADDRESSES = "/-?&=_.%#~+"
"""Where web addresses are broken."""

_FULL_STOP = re.compile(r"(?<!\.\.)[.,;]$")
_OPENERS = "\"'“‘«([„"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of an article, or one of several lines under each other.

    ``unlinked`` is the part of the text that is in no link. ``size`` is that of
    the type, in points. ``is_line`` is that of a line (an item of a list, a
    table's row) that belongs to the one before it. ``starts`` says of each page
    on which the paragraph stands, counted from 0, where in the text it begins.
    """

    text: str
    unlinked: str
    size: float
    is_heading: bool
    is_line: bool
    starts: tuple[tuple[int, int], ...]


class _Relation(Enum):
    """What a row is to the paragraph before it: a part, a further line, or another paragraph."""

    PART = auto()
    LINE = auto()
    OTHER = auto()


@dataclass(slots=True)
class _Group:
    """The rows of one paragraph."""

    rows: list[Row]
    is_line: bool

    @property
    def is_item(self) -> bool:
        """Whether it begins as an item of a list does."""
        return bool(_BULLET.match(self.rows[0].text) or _MARKER.match(self.rows[0].text))


def paragraphs(rows: Sequence[Row]) -> list[Paragraph]:
    """The paragraphs that the rows of all pages make, in order."""
    body = _body_size(rows)
    is_bold = 2 * sum(len(row.text) for row in rows if row.bold) > sum(len(row.text) for row in rows)
    groups = _grouped(rows, body)
    hyphens = Hyphens([[row.text for row in group.rows] for group in groups])
    return [_paragraph(group, body, hyphens, is_bold=is_bold) for group in groups]


class _Setting:
    """How the rows are set: the edges of their columns and their usual distance, in points."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self._pitches = _pitches(rows)
        self._widths, self._edges = _common_edges(rows)
        self._lefts, self._rights = self._sides()

    def following(self, number: int) -> Row | None:
        """The row below in the same column."""
        if number + 1 < len(self.rows) and _column(self.rows[number + 1]) == _column(self.rows[number]):
            return self.rows[number + 1]
        return None

    def is_short(self, number: int) -> bool:
        """Whether the first word of the next row would still have fitted on this one."""
        return number + 1 < len(self.rows) and self.has_room(number, self.rows[number + 1])

    def has_room(self, number: int, following: Row) -> bool:
        """Whether the first word of another row would still have fitted on this one."""
        row = self.rows[number]
        return self._rights[number] - row.right > following.head + (_BLANK + _SLACK) * row.size

    def is_indented(self, number: int) -> bool:
        """Whether a row begins further in than others of its column."""
        row = self.rows[number]
        return _INDENT * row.size < row.left - self._lefts[number] < _LONGEST_INDENT * row.size

    def is_apart(self, number: int) -> bool:
        """Whether a row stands further below the one before it than is usual."""
        row, before = self.rows[number], self.rows[number - 1]
        pitch = self._pitches.get(round(row.size), _USUAL_PITCH * row.size)
        return row.base - before.base > _GAP * pitch

    def _sides(self) -> tuple[list[float], list[float]]:
        lefts, rights = [], []
        for number, row in enumerate(self.rows):
            near = self._near(number)
            beside = [other.left for other in near if other is not row]
            left = min((x for x in beside if _shares(x, beside, row.size)), default=row.left)
            lefts.append(min(left, row.left))
            rights.append(self._right(row, near))
        return lefts, rights

    def _near(self, number: int) -> list[Row]:
        row = self.rows[number]
        return [
            other
            for other in self.rows[max(number - _NEAR, 0) : number + _NEAR + 1]
            if _column(other) == _column(row) and _same_size(row, other) and not other.tabular
        ]

    def _right(self, row: Row, near: Sequence[Row]) -> float:
        """Where the column of a row ends: as its neighbours show where most fill it, else as in all the file."""
        most = max((other.right for other in near), default=row.right)
        filled = sum(most - other.right < _LONG_WORD * row.size for other in near)
        if len(near) >= _FEWEST_NEAR and filled >= _MOSTLY * len(near):
            return most
        begins = min((other.left for other in near), default=row.left)
        return max(most, self._edges.get(_edge_key(row), begins + self._widths.get(round(row.size), 0.0)))


def _shares(x: float, others: Iterable[float], size: float) -> bool:
    return sum(abs(x - other) <= _SAME_EDGE * size for other in others) > 1


def _same_size(one: Row, other: Row) -> bool:
    return one.size <= _SAME_TYPE * other.size and other.size <= _SAME_TYPE * one.size


def _edge_key(row: Row) -> tuple[int, int]:
    return round(row.size), round(row.left / row.size)


def _pitches(rows: Sequence[Row]) -> dict[int, float]:
    """The distance of rows within a paragraph, for each size of type: the least of those that are common."""
    found: dict[int, list[float]] = defaultdict(list)
    for one, other in pairwise(rows):
        down = other.base - one.base
        if _column(one) == _column(other) and _same_size(one, other) and 0 < down < _WIDEST_PITCH * one.size:
            found[round(one.size)].append(down)
    return {size: _least_common(sorted(values)) for size, values in found.items()}


def _least_common(values: Sequence[float]) -> float:
    """The least of values in order of which there are many alike."""
    many = max(2, _COMMON * len(values))
    for number, value in enumerate(values):
        end = bisect_right(values, _ALIKE * value)
        if end - number >= many:
            return median(values[number:end])
    return values[0]


def _common_edges(rows: Sequence[Row]) -> tuple[dict[int, float], dict[tuple[int, int], float]]:
    """How wide rows of each size of type are, and where those end that begin in one place."""
    widths: dict[int, list[float]] = defaultdict(list)
    rights: dict[tuple[int, int], list[float]] = defaultdict(list)
    for row in rows:
        if not row.tabular:
            widths[round(row.size)].append(row.right - row.left)
            rights[_edge_key(row)].append(row.right)
    return (
        {key: _wide(values) for key, values in widths.items() if len(values) >= _FEWEST_ALIKE},
        {key: _wide(values) for key, values in rights.items() if len(values) >= _FEWEST_ALIKE},
    )


def _wide(values: list[float]) -> float:
    return sorted(values)[int(_WIDEST * (len(values) - 1))]


def _body_size(rows: Sequence[Row]) -> float:
    """The size of most of the text, in points."""
    sizes: Counter[float] = Counter()
    for row in rows:
        sizes[round(2 * row.size) / 2] += len(row.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _grouped(rows: Sequence[Row], body: float) -> list[_Group]:
    """The rows of each paragraph together.

    A paragraph that its column's end interrupts may go on below captions and
    notes, which then stand before it or after it, as their page does.
    """
    setting = _Setting(rows)
    groups: list[_Group] = []
    current: _Group | None = None
    waiting: tuple[_Group, int] | None = None
    for number, row in enumerate(rows):
        relation = _relation(setting, number, current, body) if current else _Relation.OTHER
        if current and relation is _Relation.OTHER:
            if waiting and _takes_up(setting, waiting[1], number):
                current, waiting, relation = _moved(groups, waiting[0]), None, _Relation.PART
            elif _column(row) != _column(rows[number - 1]) and _may_go_on(current, body):
                waiting = current, number - 1
        if current and relation is _Relation.PART:
            current.rows.append(row)
            if waiting and len(current.rows) > _LONGEST_CAPTION and _same_size(row, rows[waiting[1]]):
                waiting = None
        else:
            current = _Group([row], is_line=relation is _Relation.LINE)
            groups.append(current)
    return groups


def _column(row: Row) -> tuple[int, int]:
    return row.page, row.block


def _may_go_on(group: _Group, body: float) -> bool:
    """Whether a paragraph at the end of a column is text that has not come to an end."""
    row = group.rows[-1]
    is_text = not (row.tabular or group.is_line) and body <= _SAME_TYPE * row.size and row.size <= _SAME_TYPE * body
    return is_text and not _STOP.search(row.text)


def _takes_up(setting: _Setting, last: int, number: int) -> bool:
    """Whether a row goes on with a paragraph that was interrupted after the row ``last``."""
    one, row = setting.rows[last], setting.rows[number]
    alike = _same_size(one, row) and one.bold == row.bold and not row.tabular
    return alike and row.page <= one.page + 1 and row.text[:1].islower() and not setting.has_room(last, row)


def _moved(groups: list[_Group], group: _Group) -> _Group:
    """The group, moved behind those that stand on the page where it begins."""
    place = next(number for number in range(len(groups) - 1, -1, -1) if groups[number] is group)
    page = group.rows[0].page
    behind = groups[place + 1 :]
    before = [other for other in behind if other.rows[-1].page <= page]
    groups[place:] = [*before, group, *(other for other in behind if other.rows[-1].page > page)]
    return group


def _relation(setting: _Setting, number: int, group: _Group, body: float) -> _Relation:
    """What a row is to the paragraph that ends with the row before it."""
    one, row = setting.rows[number - 1], setting.rows[number]
    down = row.base - one.base
    is_below = _column(one) == _column(row) and down > 0
    if one.tabular or row.tabular:
        near = is_below and down <= _TABLE_GAP * _USUAL_PITCH * max(one.size, row.size)
        return _Relation.LINE if near and _is_in_table(setting, number) else _Relation.OTHER
    if _is_item(setting, number, is_below=is_below):
        return _Relation.LINE if group.is_item and _same_size(one, row) else _Relation.OTHER
    if not _same_size(one, row):
        return _Relation.OTHER
    if row.size >= _LARGE_TYPE * body:
        return _Relation.PART if is_below and down <= _HEADING_GAP * row.size else _Relation.OTHER
    finished = setting.is_short(number - 1) or bool(_STOP.search(one.text))
    if one.bold != row.bold and finished:
        return _Relation.OTHER
    return _in_column(setting, number, group) if is_below else _in_next_column(setting, number)


def _is_in_table(setting: _Setting, number: int) -> bool:
    """Whether a table goes on with a row; one without cells stands in it between others that have some."""
    one, row = setting.rows[number - 1], setting.rows[number]
    if one.tabular and row.tabular:
        return True
    if row.tabular:
        before = setting.rows[number - 2] if number > 1 else None
        return before is not None and before.tabular and _column(before) == _column(row)
    following = setting.following(number)
    return following is not None and following.tabular


def _is_item(setting: _Setting, number: int, *, is_below: bool) -> bool:
    """Whether a row begins an item of a list; a dash or number may also stand where a line happened to end."""
    one, row = setting.rows[number - 1], setting.rows[number]
    if _BULLET.match(row.text):
        return True
    moved = abs(row.left - one.left) > _INDENT * row.size or (is_below and setting.is_apart(number))
    finished = setting.is_short(number - 1) or _STOP.search(one.text)
    return bool(_MARKER.match(row.text) and (moved or finished))


def _in_next_column(setting: _Setting, number: int) -> _Relation:
    """What the first row of a column is to the last one of the column before."""
    one, row = setting.rows[number - 1], setting.rows[number]
    short = setting.is_short(number - 1)
    if _STOP.search(one.text):
        return _Relation.OTHER if short or setting.is_indented(number) else _Relation.PART
    ends_link = not one.unlinked.strip() and row.unlinked == row.text  # a link to another article fills its row
    return _Relation.OTHER if (short or ends_link) and not _begins_low(row) else _Relation.PART


def _in_column(setting: _Setting, number: int, group: _Group) -> _Relation:
    """What a row is to the one above it in the same type."""
    one, row = setting.rows[number - 1], setting.rows[number]
    short, ended = setting.is_short(number - 1), bool(_STOP.search(one.text))
    if setting.is_apart(number) or _is_set_off(setting, number, group, finished=short or ended):
        return _Relation.OTHER
    if not short or (_begins_low(row) and not ended):
        return _Relation.PART
    following = setting.following(number)
    begins_text = following is not None and not setting.is_short(number)
    return _Relation.OTHER if ended or begins_text else _Relation.LINE


def _is_set_off(setting: _Setting, number: int, group: _Group, *, finished: bool) -> bool:
    """Whether a row begins a paragraph by where it begins: further in, or further out than a whole paragraph."""
    one, row = setting.rows[number - 1], setting.rows[number]
    least = _INDENT * row.size
    following = setting.following(number)
    is_first = following is not None and row.left - following.left > least and not _begins_low(row)
    if row.left - one.left > least:
        hangs = group.is_item and len(group.rows) == 1
        return not hangs and (finished or is_first)
    if one.left - row.left > least:
        return finished and len(group.rows) > 1
    return is_first and finished and len(group.rows) == 1


def _begins_low(row: Row) -> bool:
    return row.text.lstrip(_OPENERS)[:1].islower()


def _paragraph(group: _Group, body: float, hyphens: Hyphens, *, is_bold: bool) -> Paragraph:
    first = group.rows[0]
    parts, unlinked = [first.text], [first.unlinked]
    starts, length = [(first.page, 0)], len(first.text)
    word = ""
    for one, row in pairwise(group.rows):
        word = _last_word(word, one.text)
        in_address = "://" in word
        joint = None if in_address else hyphens.joint(one.text, row.text)
        if joint is None:
            joint = "" if _needs_no_blank(one.text, row.text, in_address=in_address) else " "
        else:
            parts[-1], length = parts[-1][:-1], length - 1
            unlinked[-1] = unlinked[-1].rstrip("-‐")
        word = "" if joint else word
        length += len(joint)
        if row.page != one.page:
            starts.append((row.page, length))
        parts += joint, row.text
        unlinked += joint, row.unlinked
        length += len(row.text)
    text = "".join(parts)
    bold = not is_bold and all(row.bold for row in group.rows) and not _FULL_STOP.search(text)
    short = not first.tabular and len(text.split()) <= _LONGEST_HEADING
    is_heading = short and (bold or first.size >= _LARGE_TYPE * body)
    return Paragraph(text, "".join(unlinked).strip(), first.size, is_heading, group.is_line, tuple(starts))


def _last_word(before: str, row: str) -> str:
    """The last word of a row; ``before`` is what of it stands on the rows above."""
    return row.rpartition(" ")[2] if " " in row else before + row


def _needs_no_blank(one: str, other: str, *, in_address: bool) -> bool:
    """Whether two rows are joined as they are: at a dash or slash within a word, and in scripts without blanks."""
    if SOLID.match(one[-1]) and SOLID.match(other[0]):
        return True
    if in_address and (one[-1] in _IN_ADDRESSES or other[0] in _IN_ADDRESSES):
        return True
    after = one[-1] in "-‐–—/" and len(one) > 1 and not one[-2].isspace()
    return after or (other[0] in "–—" and len(other) > 1 and not other[1].isspace())
