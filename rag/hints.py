"""Words of a question that speak of dates or of what is newest, as offers to narrow or to order an answer.

"In April 2019" may mean the day of publication, or that of what is asked about.
So nothing is applied: a hint says what the words could mean, and the user
decides. Ambiguous words ("in the spring of 2019", "last Tuesday", 4/5/2019, a
month without a year) give none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Literal

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_COUNTS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_DAY = timedelta(days=1)
_DECEMBER = 12


@dataclass(frozen=True, slots=True)
class Hint:
    """What words of a question could mean: a span of days of publication, or an order.

    ``words`` stand in the question as they are here. ``since`` and ``until`` are
    the first and the last day of the span, None where it is open; ``order`` is
    None where the hint is of a span.
    """

    words: str
    since: date | None = None
    until: date | None = None
    order: Literal["newest", "oldest"] | None = None

    @property
    def offer(self) -> str:
        """What following the hint would do, such as "Only articles published in April 2019"."""
        parts = []
        if self.since or self.until:
            parts.append(f"only articles published {_period(self.since, self.until)}")
        if self.order:
            parts.append(f"{self.order} first")
        told = ", ".join(parts)
        return told[:1].upper() + told[1:]


def hints(question: str, today: date) -> tuple[Hint, ...]:
    """What the question's words could mean, in their order, each meaning once.

    A span that begins after ``today``, or that leaves out nothing until then, is
    no hint.
    """
    found = sorted((*_spans(question, today), *_orders(question)), key=lambda placed: placed[0])
    distinct = {(hint.since, hint.until, hint.order): hint for _, hint in reversed(found)}
    return tuple(hint for _, hint in found if distinct[hint.since, hint.until, hint.order] is hint)


@dataclass(frozen=True, slots=True)
class _Span:
    """The first and the last day that words speak of."""

    first: date
    last: date


_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_YEAR = r"(?:1[5-9]|20)\d\d"
_NUMBER = r"\d{1,2}(?:st|nd|rd|th)?"
_OF_YEAR = rf"(?:,?\s+(?:of\s+)?(?:{_YEAR}|(?:last|this)\s+year))"
_ISO = rf"{_YEAR}-\d\d-\d\d"
# A day, a month or something relative to today; a year alone; and the first part of a span, which may lack what the
# second part says ("between March and May 2019").
_EXACT = (
    rf"(?:{_ISO}|{_NUMBER}\s+(?:of\s+)?{_MONTH}{_OF_YEAR}|{_MONTH}\s+{_NUMBER}{_OF_YEAR}|{_MONTH}{_OF_YEAR}"
    r"|(?:the\s+)?day\s+before\s+yesterday|yesterday|today|(?:last|this)\s+(?:week|month|year))"
)
_MOMENT = rf"(?:{_EXACT}|{_YEAR})"
_PART = rf"(?:{_MOMENT}|{_NUMBER}\s+(?:of\s+)?{_MONTH}|{_MONTH}(?:\s+{_NUMBER})?|{_NUMBER})"
_SPAN = rf"""(?xi) (?<![\w$€£#.,:/+]) (?<!\d[-–]) (?:
        between\s+(?P<between>{_PART})\s+and\s+(?P<and>{_MOMENT})
        | from\s+(?P<from>{_PART})\s*(?:\b(?:to|until|till|through)\b|[-–—])\s*(?P<to>{_MOMENT})
        | (?P<start>{_PART})\s*[-–—]\s*(?P<end>{_MOMENT})
        | (?P<begin>{_MOMENT})\s+(?:to|through)\s+(?P<finish>{_MOMENT})
        | (?:in|over|during|within)\s+the\s+(?:last|past)\s+
          (?: (?P<unit>day|week|month|year)
            | (?P<count>\d{{1,3}}|{"|".join(_COUNTS)})\s+(?P<units>days?|weeks?|months?|years?) )
          (?!\s+of\b)
        | (?P<how>since|from|after|before|prior\s+to|until|till|up\s+to|through|throughout|in|on|during)\s+
          (?:the\s+)?(?:year\s+)?(?:(?:early|mid|late)[\s-]+)?(?P<when>{_MOMENT})
        | (?P<bare>{_EXACT})
    ) (?![\w%]|[.,:/–-]\d|['’]s\b)"""
# Every span has a digit, or one of these words.
_MAY_SPAN = re.compile(r"(?i)\d|yesterday|today|\b(?:last|past|this)\b")
_NEWEST = re.compile(
    r"(?i)(?<!at the )\b(?:latest|newest|most\s+recent(?:ly)?)\b|(?<!until )\brecently\b"
    r"|\brecent\s+(?:news|reports?|articles?|stories|coverage)\b"
)
_OLDEST = re.compile(
    r"(?i)\b(?:first|earliest|oldest)\s+(?:reports?|articles?|news|story|stories|coverage|accounts?|mentions?)\b"
    r"|\bfirst\s+(?:reported|mentioned)\b"
)
# "The last year of the war" and "her last month" are not told from today.
_NOT_FROM_TODAY = re.compile(r"(?i)(?:\b(?:the|my|your|his|her|its|our|their|whose|very)|['’]s)\s+$")
# "After 2000 people fled" counts them; "in 2019 people fled" tells when.
_COUNTED = re.compile(r"\s+(?:people|men|women|children|(?!(?:was|is|has|does|as|its|this|onwards)\b)[a-z]+s)\b")
_PUBLISHED = re.compile(r"(?i)\b(?:articles?|reports?|news|story|stories|coverage|accounts?|pieces?)\s+$")
_ONWARD = re.compile(r"(?i)\s+on(?:wards?)?\b")


@cache
def _span() -> re.Pattern[str]:
    """``_SPAN``, compiled when a question first needs it: that takes as long as a tenth of a first answer."""
    return re.compile(_SPAN)


def _spans(question: str, today: date) -> Iterator[tuple[int, Hint]]:
    if not _MAY_SPAN.search(question):
        return
    for match in _span().finditer(question):
        days = _days(match, today)
        if days is None:
            continue
        since, until = days
        if (since is not None and since > today) or (since is None and until is not None and until >= today):
            continue
        yield match.start(), Hint(match.group(), since, until)


def _orders(question: str) -> Iterator[tuple[int, Hint]]:
    for match in _NEWEST.finditer(question):
        yield match.start(), Hint(match.group(), order="newest")
    for match in _OLDEST.finditer(question):
        yield match.start(), Hint(match.group(), order="oldest")


def _days(match: re.Match[str], today: date) -> tuple[date | None, date | None] | None:
    """The first and the last day that a match of ``_SPAN`` means; None where it means no days after all."""
    group = match.groupdict()
    after = match.string[match.end() :]
    for start, end in (("between", "and"), ("from", "to"), ("start", "end"), ("begin", "finish")):
        if group[start]:
            counts = re.fullmatch(_YEAR, group[end]) and _COUNTED.match(after)
            return None if counts else _between(group[start], group[end], today)
    if group["unit"] or group["units"]:
        return _back(today, group["count"] or "one", group["unit"] or group["units"]), None
    when = group["when"] or group["bare"]
    relative = re.match(r"(?i)(?:last|this)\s", when)
    if relative and (re.match(r"(?i)\s+of\b", after) or _NOT_FROM_TODAY.search(_just_before(match, len(when)))):
        return None
    how = " ".join((group["how"] or "in").casefold().split())
    if how == "from" and _PUBLISHED.search(_just_before(match)) and not _ONWARD.match(after):
        how = "in"
    year = re.fullmatch(_YEAR, when)
    if year and (how == "on" or (_COUNTED.match(after) and how not in {"in", "during", "since", "throughout"})):
        return None
    if not group["how"] and re.match("march|may", when):
        return None  # verbs, as likely as not
    span = _read(when, today)
    return None if span is None else _bounds(how, span)


def _just_before(match: re.Match[str], characters: int = 0) -> str:
    """The few words before a match, or before its last so many characters."""
    end = match.end() - characters if characters else match.start()
    return match.string[max(0, end - 40) : end]


def _bounds(how: str, span: _Span) -> tuple[date | None, date | None]:
    if how in {"since", "from"}:
        return span.first, None
    if how == "after":
        return span.last + _DAY, None
    if how in {"before", "prior to"}:
        return None, span.first - _DAY
    if how in {"until", "till", "up to", "through"}:
        return None, span.last
    return span.first, span.last


def _between(first: str, second: str, today: date) -> tuple[date, date] | None:
    end = _read(second, today)
    if end is None:
        return None
    start = _read(first, today)
    if start is None and end.first == end.last and re.fullmatch(rf"(?i){_NUMBER}", first):
        start = _read(f"{first} {_MONTHS[end.first.month - 1]} {end.first.year}", today)
    if start is None and not re.search(_YEAR, first):
        start = _read(f"{first} {end.first.year}", today)
    return None if start is None or start.first > end.last else (start.first, end.last)


def _read(words: str, today: date) -> _Span | None:
    """The days that words speak of; None where there are none such, as on 31 April."""
    plain = " ".join(words.casefold().replace(",", " ").split())
    if plain in {"today", "yesterday"} or plain.endswith("day before yesterday"):
        day = today - _DAY * {"today": 0, "yesterday": 1}.get(plain, 2)
        return _Span(day, day)
    if relative := re.fullmatch(r"(last|this) (week|month|year)", plain):
        return _relative(relative[2], today, 1 if relative[1] == "last" else 0)
    plain = re.sub("(last|this) year$", lambda told: str(today.year - (told[1] == "last")), plain)
    if re.fullmatch(_ISO, plain):
        return _day(*map(int, plain.split("-")))
    if re.fullmatch(_YEAR, plain):
        return _Span(date(int(plain), 1, 1), date(int(plain), 12, 31))
    year, month = re.search(rf"\b{_YEAR}$", plain), re.search(rf"\b{_MONTH}", plain)
    if year is None or month is None:
        return None
    number = _MONTHS.index(month[0][:3]) + 1
    in_month = re.search(r"\b\d{1,2}(?!\d)", plain)
    return _day(int(year[0]), number, int(in_month[0])) if in_month else _month(int(year[0]), number)


def _day(year: int, month: int, day: int) -> _Span | None:
    try:
        return _Span(date(year, month, day), date(year, month, day))
    except ValueError:
        return None


def _month(year: int, month: int) -> _Span:
    following = date(year + 1, 1, 1) if month == _DECEMBER else date(year, month + 1, 1)
    return _Span(date(year, month, 1), following - _DAY)


def _relative(unit: str, today: date, ago: int) -> _Span:
    """This week, month or year, or that of so many before; weeks begin on Monday."""
    if unit == "week":
        monday = today - _DAY * (today.weekday() + 7 * ago)
        return _Span(monday, monday + _DAY * 6)
    if unit == "month":
        month = today.month - 1 - ago
        return _month(today.year + month // 12, month % 12 + 1)
    return _Span(date(today.year - ago, 1, 1), date(today.year - ago, 12, 31))


def _back(today: date, count: str, unit: str) -> date:
    """The day so many days, weeks, months or years before today."""
    number = int(count) if count.isdecimal() else _COUNTS.index(count.casefold()) + 1
    if unit[:1].casefold() in "dw":
        return today - _DAY * number * (7 if unit[:1].casefold() == "w" else 1)
    month = today.year * 12 + today.month - 1 - number * (12 if unit[:1].casefold() == "y" else 1)
    last = _month(month // 12, month % 12 + 1).last
    return last.replace(day=min(today.day, last.day))


def _period(since: date | None, until: date | None) -> str:
    """A span of days in words, as short as it can be said."""
    if since is None or until is None:
        return f"since {_start(since)}" if since else f"until {_end(until)}" if until else ""
    if since == until:
        return f"on {_long(since)}"
    first, last = _long(since), _long(until)
    if _starts_year(since) and _ends_year(until):
        first, last = str(since.year), str(until.year)
    elif since.day == 1 and _ends_month(until):
        last = f"{until:%B %Y}"
        first = f"{since:%B}" if since.year == until.year and since.month != until.month else f"{since:%B %Y}"
    return f"in {last}" if first == last else f"from {first} to {last}"


def _start(day: date) -> str:
    return str(day.year) if _starts_year(day) else f"{day:%B %Y}" if day.day == 1 else _long(day)


def _end(day: date) -> str:
    if _ends_year(day):
        return f"the end of {day.year}"
    return f"the end of {day:%B %Y}" if _ends_month(day) else _long(day)


def _long(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _starts_year(day: date) -> bool:
    return (day.month, day.day) == (1, 1)


def _ends_year(day: date) -> bool:
    return (day + _DAY).year > day.year


def _ends_month(day: date) -> bool:
    return (day + _DAY).day == 1
