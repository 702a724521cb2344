"""Running heads and feet: what stands at the edge of every page and is not the article.

Only what repeats goes: a row that stands once stays, unless it is what browsers
add when they print a page, or a page's number at its foot.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import pairwise

from rag.articles.layout import Row

_MOST = 4
"""Lines at either edge of a page that may be of its running head or foot."""

_APART = 1.5
"""Type sizes between lines, from which on they are not of the same paragraph."""

_SAME_TYPE = (0.92, 1.08)
"""Times the size of type of another line, between which it is the same."""

_SAME_LINE = 2.0
_SAME_PLACE = 4.0
"""Points by which rows of one line may differ, and by which a running head may stand higher or lower."""

_REACH = 2
"""Pages: left and right ones may have different heads."""

_FEW = 6
"""Pages; in a file with fewer, two that say the same are enough, else three."""

_LONGEST_TWICE = 12
_SHORTEST_SENTENCE = 5
_STOPS = (".", "?", "!", ".”", '."')
"""Words, and how sentences end: what may be one stays where only two pages have it."""

_NUMBER = re.compile(r"\d+")
_LONGEST_NUMBER = 9
_ROMAN = re.compile(r"[ivxlc]+")
_ROMAN_DIGITS = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}

_NUMBER_FIRST = re.compile(r"(?P<number>\d{1,4})(?P<words>(?!\d).*)", re.DOTALL)
_NUMBER_LAST = re.compile(r"(?P<words>.*(?:\s|[|·•]))(?P<number>\d{1,4})", re.DOTALL)
_AROUND_NUMBERS = " -–—|·•[]()"
_PAGE = frozenset(("page", "p", "pg", "seite", "s", "página", "pagina", "pág", "стр"))

_DAY = r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}"
_TIME = r"\d{1,2}[:.]\d\d(?:[:.]\d\d)?(?:\s?[AaPp]\.?[Mm]\.?)?"
_PRINTED = rf"{_DAY},?\s{_TIME}"
_ADDRESS = r"(?P<url>(?:https?|file|chrome|data|blob)://?[^\s…]*|about:\S+)(?P<cut>…|\.\.\.)?"
_COUNT = r"(?:\w{2,8}\s)?(?P<number>\d{1,5})\s?(?:/|of|von|de|sur|di|av|van|из)\s?(?P<pages>\d{1,5})"
_FOOT = re.compile(rf"(?:{_ADDRESS}\s+)?{_COUNT}(?:\s+{_PRINTED})?", re.IGNORECASE)
_HEAD = re.compile(rf"{_PRINTED}(?:\s+(?P<title>\S.*))?|(?P<titled>\S.*?)\s+{_ADDRESS}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Edge:
    """A line near the edge of a page: its rows, and how far from that edge it stands, in points."""

    text: str
    page: int
    distance: float
    rows: tuple[Row, ...]


def without_running(rows: Sequence[Row], heights: Sequence[float], title: str | None) -> tuple[list[Row], str | None]:
    """The rows without running heads and feet, and the web address that a browser printed there.

    A running head stands in the same place on several pages and says the same,
    but for numbers that go up with the page. Known also where they stand once
    are a browser's (day and time of printing, the page's ``title``, its address,
    "1/3") and a page's own number alone at its foot. ``heights`` are those of
    the pages, in points.
    """
    pages: list[list[Row]] = [[] for _ in heights]
    for row in rows:
        pages[row.page].append(row)
    taken: set[int] = set()
    url = None
    heads = [_edges(page, heights, at_top=True) for page in pages]
    feet = [_edges(page, heights, at_top=False) for page in pages]
    for edges, pattern in ((heads, _HEAD), (feet, _FOOT)):
        for edge in (page[0] for page in edges if page):
            known, address = _of_browser(edge.text, edge.page, len(heights), title, pattern)
            if known:
                url = url or address
                taken |= {id(row) for row in edge.rows}
        for edge in _repeated(edges, len(heights)):
            taken |= {id(row) for row in edge.rows}
    rest = [[row for row in page if id(row) not in taken] for page in pages]
    for edge in _numbered(rest, heights, title):
        taken |= {id(row) for row in edge.rows}
    return [row for row in rows if id(row) not in taken], url


def _numbered(pages: Sequence[Sequence[Row]], heights: Sequence[float], title: str | None) -> Iterator[_Edge]:
    """The lines at an edge that are a page's number, alone or beside words that stand elsewhere too.

    Such words are the title, or the heading of a section. The number is that of
    the page in the file, or as much more or less as on another page.
    """
    found: list[tuple[_Edge, int, str]] = []
    for page in pages:
        for at_top in (True, False):
            edge = _outermost(page, heights, at_top=at_top)
            text = edge.text.strip(_AROUND_NUMBERS) if edge else ""
            for match in (_NUMBER_FIRST.fullmatch(text), _NUMBER_LAST.fullmatch(text)):
                if edge is None or match is None:
                    continue
                words = _folded(match["words"].strip(_AROUND_NUMBERS))
                found.append((edge, int(match["number"]), "" if words in _PAGE else words))
    steps = Counter(number - edge.page for edge, number, _ in found)
    found = [each for each in found if each[1] == each[0].page + 1 or steps[each[1] - each[0].page] > 1]
    if any(words for _, _, words in found):
        edges = {id(row) for edge, _, _ in found for row in edge.rows}
        elsewhere = {_folded(row.text) for page in pages for row in page if id(row) not in edges}
        named = _folded(title or "")
        found = [each for each in found if named.startswith(each[2]) or _stands(each[2].split(), elsewhere)]
    yield from (edge for edge, _, _ in found)


def _stands(words: Sequence[str], rows: AbstractSet[str]) -> bool:
    """Whether words are a row, or begin with one (a heading may be wrapped)."""
    fewest = min(len(words), 2)
    return any(" ".join(words[:count]) in rows for count in range(fewest, len(words) + 1))


def _outermost(page: Sequence[Row], heights: Sequence[float], *, at_top: bool) -> _Edge | None:
    """The lines at an edge of a page up to the first gap, as one; ``None`` where they are as many as a paragraph's."""
    edges = _edges(page, heights, at_top=at_top)
    for count, (one, other) in enumerate(pairwise(edges), start=1):
        if _is_apart(one.rows[0], other.rows[0]):
            edges = edges[:count]
            break
    if not 0 < len(edges) < _MOST:
        return None
    within = {id(row) for edge in edges for row in edge.rows}
    rest = [abs(row.base - edges[-1].rows[0].base) for row in page if id(row) not in within]
    if not rest or min(rest) <= _APART * edges[-1].rows[0].size:
        return None
    in_order = edges if at_top else edges[::-1]
    return _Edge(
        " ".join(edge.text for edge in in_order),
        edges[0].page,
        edges[0].distance,
        tuple(r for e in edges for r in e.rows),
    )


def _edges(page: Sequence[Row], heights: Sequence[float], *, at_top: bool) -> list[_Edge]:
    """The lines at an edge of a page that may be running: those up to a gap, or one in other type than the next."""
    inward = sorted(page, key=lambda row: row.base, reverse=not at_top)
    lines: list[list[Row]] = []
    for row in inward:
        if lines and abs(row.base - lines[-1][0].base) <= _SAME_LINE:
            lines[-1].append(row)
        elif len(lines) > _MOST:
            break
        else:
            lines.append([row])
    parted = [n for n in range(1, len(lines)) if _is_apart(lines[n - 1][0], lines[n][0])]
    alone = len(lines) < 2 or not _SAME_TYPE[0] < lines[0][0].size / lines[1][0].size < _SAME_TYPE[1]  # noqa: PLR2004
    found = []
    for line in lines[: max(parted, default=int(alone))]:
        line.sort(key=lambda row: row.left)
        base = line[0].base
        distance = base if at_top else heights[line[0].page] - base
        found.append(_Edge("  ".join(row.text for row in line), line[0].page, distance, tuple(line)))
    return found


def _is_apart(one: Row, other: Row) -> bool:
    return abs(one.base - other.base) > _APART * min(one.size, other.size)


def _of_browser(
    text: str, page: int, pages: int, title: str | None, pattern: re.Pattern[str]
) -> tuple[bool, str | None]:
    """Whether a line is what a browser prints at a page's edge, and the web address in it, where it is whole."""
    match = pattern.fullmatch(text.strip())
    if not match:
        return False, None
    said = match.groupdict()
    named = said.get("title") or said.get("titled")
    if said.get("number") and (int(said["number"]), int(said["pages"])) != (page + 1, pages):
        return False, None
    if named and not (title and _folded(title).startswith(_folded(named.rstrip("….")))):
        return False, None
    address = said.get("url")
    return True, address if address and address.casefold().startswith("http") and not said.get("cut") else None


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _repeated(pages: Sequence[Sequence[_Edge]], count: int) -> Iterator[_Edge]:
    """The lines that say the same on several pages."""
    edges = [edge for page in pages for edge in page]
    group = list(range(len(edges)))

    def first(number: int) -> int:
        while group[number] != number:
            group[number] = group[group[number]]
            number = group[number]
        return number

    starts = {page: number for number, edge in reversed(list(enumerate(edges))) for page in (edge.page,)}
    for number, edge in enumerate(edges):
        for page in range(edge.page + 1, edge.page + 1 + _REACH):
            other = starts.get(page, len(edges))
            while other < len(edges) and edges[other].page == page:
                if _say_the_same(edge, edges[other]):
                    group[first(other)] = first(number)
                other += 1
    together: dict[int, list[_Edge]] = {}
    for number, edge in enumerate(edges):
        together.setdefault(first(number), []).append(edge)
    for alike in together.values():
        found = len({edge.page for edge in alike})
        is_short = not any(_is_sentence(edge.text) for edge in alike)
        if found > 2 or (found == 2 and count < _FEW and is_short):  # noqa: PLR2004
            yield from alike


def _is_sentence(text: str) -> bool:
    return len(text.split()) > _LONGEST_TWICE or (len(text.split()) >= _SHORTEST_SENTENCE and text.endswith(_STOPS))


def _say_the_same(one: _Edge, other: _Edge) -> bool:
    """Whether lines of two pages, the second being the later, are the same running head."""
    if abs(one.distance - other.distance) > _SAME_PLACE:
        return False
    step = other.page - one.page
    here, there = one.text.strip(_AROUND_NUMBERS), other.text.strip(_AROUND_NUMBERS)
    if not any(map(str.isalpha, here)):
        numbers = _NUMBER.findall(here), _NUMBER.findall(there)
        return here != there and _NUMBER.sub("#", here) == _NUMBER.sub("#", there) and _go_up(*numbers, step)
    if _ROMAN.fullmatch(here.casefold()) and _ROMAN.fullmatch(there.casefold()):
        return _roman(there.casefold()) - _roman(here.casefold()) == step
    if _folded(_NUMBER.sub("#", here)) != _folded(_NUMBER.sub("#", there)):
        return False
    return _go_up(_NUMBER.findall(here), _NUMBER.findall(there), step)


def _go_up(here: Sequence[str], there: Sequence[str], step: int) -> bool:
    """Whether each number is the same as before, or has gone up with the page."""
    return all(
        one == other or (max(len(one), len(other)) <= _LONGEST_NUMBER and int(other) - int(one) == step)
        for one, other in zip(here, there, strict=True)
    )


def _roman(number: str) -> int:
    values = [_ROMAN_DIGITS[digit] for digit in number]
    return sum(-value if value < max(values[place + 1 :], default=0) else value for place, value in enumerate(values))
