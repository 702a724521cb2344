"""When articles were published, as a row of bars: of days, months, years or more, whichever are few enough."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

MOST = 12  # bars, so that on a phone each can still be hit


@dataclass(frozen=True, slots=True)
class Bar:
    """A span of days, both included, and how many of the dates lie in it."""

    name: str
    since: date
    until: date
    count: int


@dataclass(frozen=True, slots=True)
class _Unit:
    """A way to divide time: the number of the span that a day lies in, the first day of a span, and its name."""

    number: Callable[[date], int]
    first: Callable[[int], date]
    name: Callable[[date], str]


def bars(days: Sequence[date]) -> tuple[Bar, ...]:
    """Bars without a gap from the first of the days to the last, of the shortest spans that make at most ``MOST``."""
    if not days:
        return ()
    units = (_DAYS, _MONTHS, _years(1), _years(10), _years(100))
    unit = next((each for each in units if each.number(max(days)) - each.number(min(days)) < MOST), _years(1000))
    counts = Counter(map(unit.number, days))
    return tuple(
        Bar(unit.name(unit.first(number)), unit.first(number), _last(unit, number), counts[number])
        for number in range(min(counts), max(counts) + 1)
    )


def _last(unit: _Unit, number: int) -> date:
    try:
        return unit.first(number + 1) - timedelta(days=1)
    except (ValueError, OverflowError):  # after the year 9999
        return date.max


def _years(length: int) -> _Unit:
    def name(first: date) -> str:
        start = first.year // length * length
        return str(start) if length == 1 else f"{start}–{start + length - 1}"

    return _Unit(
        number=lambda day: day.year // length,
        first=lambda number: date(max(1, number * length), 1, 1),
        name=name,
    )


_DAYS = _Unit(date.toordinal, date.fromordinal, lambda first: f"{first.day} {first:%B %Y}")
_MONTHS = _Unit(
    number=lambda day: 12 * day.year + day.month - 1,
    first=lambda number: date(number // 12, number % 12 + 1, 1),
    name=lambda first: f"{first:%B %Y}",
)
