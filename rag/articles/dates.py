"""Dates as articles give them; one that could be read in two ways (05/04/2019) is none."""

from __future__ import annotations

import re
from datetime import date
from pathlib import PurePosixPath

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?"
    r"|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_WEEKDAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+"
_ZONE = r"\s*(?:Z|[+-]\d\d:?\d\d|[A-Z]{2,4})\b"
_TIME = rf"(?:T|\s*[,|/–-]?\s+(?:at\s+)?)\d\d?[:.]\d\d(?::\d\d(?:\.\d+)?)?(?:\s*[ap]\.?m\b\.?)?(?:{_ZONE})?"

_DATE = re.compile(
    rf"(?<!\w)(?:{_WEEKDAY})?(?:"
    rf"(?P<m1>{_MONTH})\s+(?P<d1>{_DAY}),?\s+(?P<y1>\d{{4}})"
    rf"|(?P<d2>{_DAY})\s+(?P<m2>{_MONTH}),?\s+(?P<y2>\d{{4}})"
    rf"|(?P<y3>\d{{4}})-(?P<m3>\d\d)-(?P<d3>\d\d)"
    rf")(?:{_TIME})?(?!\w)",
    re.IGNORECASE,
)
_IN_ADDRESS = re.compile(rf"/(?P<y>(?:19|20)\d\d)[/-](?P<m>\d\d?|{_MONTH})[/-](?P<d>\d\d?)(?!\d)", re.IGNORECASE)
_IN_NAME = re.compile(r"(?<!\d)(?P<y>(?:19|20)\d\d)[-_](?P<m>\d\d)[-_](?P<d>\d\d)(?!\d)")
_AFTER_DATELINE = re.compile(r"[^.]{0,30}?[—–-]\s")


def parse(text: str) -> date | None:
    """The day that ``text`` is: "May 23, 2019", "23 May 2019", "2019-05-23", with or without weekday and time."""
    match = _DATE.fullmatch(text.strip())
    return match and _day(match)


def taken_out(text: str) -> tuple[date | None, str]:
    """The first date in ``text``, and ``text`` without its dates."""
    match = _DATE.search(text)
    return (match and _day(match), _DATE.sub("", text))


def in_dateline(text: str) -> date | None:
    """The date in the dateline that ``text`` begins with ("TRIPOLI, May 23, 2019 (Agency) — …")."""
    match = _DATE.search(text, 0, 120)
    if match is None or not _AFTER_DATELINE.match(text, match.end()):
        return None
    place, _, _ = text[: match.start()].partition("(")
    return _day(match) if place.partition(",")[0].isupper() else None


def in_address(url: str) -> date | None:
    """The date in a web address (``/2019/05/23/``)."""
    match = _IN_ADDRESS.search(url)
    return match and _day(match)


def in_name(path: str) -> date | None:
    """The date in a file's name (``2019-05-23-…``)."""
    match = _IN_NAME.search(PurePosixPath(path).stem)
    return match and _day(match)


def _day(match: re.Match[str]) -> date | None:
    groups = {name[0]: value for name, value in match.groupdict().items() if value}
    month = groups["m"]
    number = int(month) if month.isdecimal() else 1 + _MONTHS.index(month[:3].casefold())
    try:
        return date(int(groups["y"]), number, int(re.sub(r"\D", "", groups["d"])))
    except ValueError:  # no such day
        return None
