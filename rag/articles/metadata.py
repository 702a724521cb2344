"""What a bare dump says of itself, recognised where it stands: title, byline, date, address, source.

Only whole lines near the top or the end of a file are looked at, and one is
taken out only where it is plain what it is: a sentence of the article is worth
more than its author's name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice, pairwise, takewhile
from urllib.parse import urlsplit

from rag.articles import dates
from rag.articles.draft import Line, Metadata

_EDGE = 12
"""How many lines from the top, and from the end, may tell of the article (blank ones not counted)."""

_LONGEST_HEAD_LINE = 220
"""Characters; with a longer line the article has begun."""

_LONGEST_TITLE = 20
_MADE_TITLE = 12
_FEWEST_WORDS = 4
"""Words of a title: the most where it is recognised, the most and the fewest where it is made of the first words."""

_LEAST_BROKEN = 50
"""Characters; a shorter line goes on below in no file."""

_LONGEST_MADE_TITLE = 120
"""Characters, for scripts without spaces."""

_ADDRESS = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_ORIGIN = re.compile(
    r"(?P<label>(?:original|article|source|canonical)?\s?(?:url|link)|original(?: article)?|permalink|source"
    r"|(?:originally |first )?published (?:at|on))\s*:?\s*(?P<url>https?://[^\s<>\"]+)?",
    re.IGNORECASE,
)
_SOURCE = re.compile(r"(?:source|publisher|publication):\s*(?P<name>[^\W\d_][^\d.?!:]{0,60})", re.IGNORECASE)
_TITLE = re.compile(r"(?:title|headline):\s*(?P<title>\S.*)", re.IGNORECASE)
_BYLINE = re.compile(
    r"(?:(?:(?:written|reported|posted|words|story|text|report|analysis|opinion) )?by(?:\s+|:\s*)"
    r"|(?:authors?|byline):\s*)(?P<name>\S.*)",
    re.IGNORECASE,
)
_PARTICLE = re.compile(
    r"(?:&|al|and|at|bin|da|de|del|della|der|di|du|e|el|for|in|la|le|of|on|the|van|von|with|y)(?:-.*)?", re.IGNORECASE
)
_DATE_LABEL = (
    r"(?:(?:first |originally )?(?:published|posted|issued)|(?:last )?(?:updated|modified)|date)(?: on| at)?:?"
)
_DATE_LABELS = re.compile(rf"^{_DATE_LABEL}(?!\w)|(?<!\w)(?:{_DATE_LABEL}|on)$", re.IGNORECASE)
_UPDATED = re.compile(r"(?:last )?(?:updated|modified)\b", re.IGNORECASE)
_SEPARATORS = " \t|/•·,;–—-()"

_CREDIT = re.compile(
    r"\(?(?:(?:file )?photo(?:graph)?s?|images?|pictures?|(?:(?:photo|image) )?credits?|illustration)"
    r"(?: by | ?: ?| courtesy )\S.*|©.*",
    re.IGNORECASE,
)
_AGENCY = re.compile(
    r"afp|alamy|anadolu(?: agency)?|ap(?: photo)?|associated press|dpa|efe|epa(?:-efe)?|getty(?: images)?|kyodo"
    r"|magnum photos|reuters|ria novosti|shutterstock|sputnik|tass|upi|wikimedia commons|xinhua|zuma(?: press)?",
    re.IGNORECASE,
)
_SENTENCE_END = (".", "?", "!", "…", "。", "？", "！", "؟", "।")
_CLAUSE_END = (",", ";", ":", "–", "—")
_ABBREVIATION = re.compile(r"\b(?:(?:[^\W\d_]\.)+|[A-Z][a-z]{1,3}\.)$")
_SENTENCE_INSIDE = re.compile(r"\b[a-z]{2,}\.\s")
_CLOSERS = "\"'”’»)]"
_BULLET = re.compile(r"\s*(?:[-–—•*·▪◦]|\d{1,3}[.)])\s+")


def take_origin(lines: Sequence[Line]) -> tuple[Metadata, list[Line]]:
    """Address and source where a line near the top or the end gives them, and the other lines.

    "Original url", with the address on its line or the next; above the first and
    below the last paragraph also "Source: https://…" or "Source: The Daily
    Example"; an address alone on the first line.
    """
    filled = [number for number, line in enumerate(lines) if not line.blank]
    paragraphs = [place for place, number in enumerate(filled) if len(lines[number].text) > _LONGEST_HEAD_LINE]
    above, below = (paragraphs[0], paragraphs[-1]) if paragraphs else (len(filled), -1)
    origin, taken = Metadata(), set[int]()
    for place, number in enumerate(filled):
        if _EDGE <= place < len(filled) - _EDGE:
            continue
        text = lines[number].text.strip()
        label = _ORIGIN.fullmatch(text)
        surely = label is not None and label["label"].casefold() != "source"
        if not surely and above <= place <= below:
            continue
        following = filled[place + 1] if place + 1 < len(filled) else number
        if label and label["url"]:
            said, used = Metadata(url=label["url"]), {number}
        elif label and _ADDRESS.fullmatch(lines[following].text.strip()):
            said, used = Metadata(url=lines[following].text.strip()), {number, following}
        elif place == 0 and _ADDRESS.fullmatch(text):
            said, used = Metadata(url=text), {number}
        elif place > 0 and (source := _SOURCE.fullmatch(text)):
            said, used = Metadata(source=source["name"].strip()), {number}
        else:
            continue
        if surely:
            origin = said.or_else(origin)
        elif (said.url and origin.url) or (said.source and origin.source):
            continue  # the sources of its figures, or of its links: part of the article
        else:
            origin = origin.or_else(said)
        taken |= used
    return origin, [line for number, line in enumerate(lines) if number not in taken]


def take_head(lines: Sequence[Line], stated: Metadata) -> tuple[Metadata, list[Line]]:
    """Title, author and date where they stand above the article, and the other lines.

    The title is a heading or a short line alone, before anything else of the
    article; it is taken out also where ``stated`` has the same, and left where
    that has another. A photo's credit goes too. A date that stands alone counts
    only if it is the only one (else they are the article's own, as in a
    chronology).
    """
    head, taken = Metadata(), set[int]()
    begun = False
    days = {day for line in lines if len(line.text) < _LONGEST_HEAD_LINE and (day := dates.parse(line.text))}
    for number in [number for number, line in enumerate(lines) if not line.blank][:_EDGE]:
        text = lines[number].text.strip()
        known = head.or_else(stated)
        if len(text) > _LONGEST_HEAD_LINE:
            break
        apart = number == 0 or number - 1 in taken or lines[number - 1].blank or lines[number - 1].is_paragraph
        untouched = apart and not begun and not head.author
        title = _title(lines, number, untouched=untouched) if head.title is None else None
        said = None if title or (dates.parse(text) and len(days) > 1) or _goes_on(lines, number) else _said(text)
        if title and _folded(stated.title or title) == _folded(title):
            head = replace(head, title=title)
        elif said and said.or_else(head) == head.or_else(said):
            head = head.or_else(said)
        elif title or known == Metadata() or not (apart and is_credit(text, known)):
            begun = True
            continue
        taken.add(number)
    rest = [line for number, line in enumerate(lines) if number not in taken]
    first = next((line.text for line in rest if not line.blank), "")
    return head.or_else(Metadata(published=dates.in_dateline(first))), rest


def host(url: str | None) -> str | None:
    """The site that an address is of, without "www."."""
    try:
        name = urlsplit(url or "").hostname
    except ValueError:  # an address that is none
        return None
    return name.removeprefix("www.") if name else None


def first_words(text: str) -> str:
    """A title for an article that has none: how it begins, up to the end of a sentence or clause.

    At most ``_MADE_TITLE`` words of the first line, and of those below it where
    it is broken, cut where a clause ends if one does after some words; "…" says
    that the sentence goes on.
    """
    lines = text.split("\n")
    first = next((number for number, line in enumerate(lines) if any(map(str.isalnum, line))), len(lines))
    full = max(_LEAST_BROKEN, *map(len, lines))
    block = list(takewhile(str.strip, islice(lines, first, first + _MADE_TITLE)))
    broken = takewhile(lambda pair: len(pair[0]) + 1 + len(pair[1].split()[0]) > full, pairwise(block))
    line = " ".join([*block[:1], *(following for _, following in broken)])[:_LONGEST_HEAD_LINE]
    bullet = _BULLET.match(line)
    words = line[bullet.end() if bullet else 0 :].split()
    ends = (number for number, word in enumerate(words[:_MADE_TITLE], start=1) if _ends_sentence(word))
    end = next((end for end in ends if end >= _FEWEST_WORDS), None)
    if end is None and len(words) > _MADE_TITLE:
        lengths = range(_MADE_TITLE, _FEWEST_WORDS, -1)
        kept = words[: next((n for n in lengths if words[n - 1].endswith(_CLAUSE_END)), _MADE_TITLE)]
        while len(kept) > 1 and _PARTICLE.fullmatch(kept[-1]):
            kept.pop()
        return f"{' '.join(kept)[:_LONGEST_MADE_TITLE].rstrip(_SEPARATORS)}…"
    title = " ".join(words[:end])
    if len(title) > _LONGEST_MADE_TITLE:
        return f"{title[:_LONGEST_MADE_TITLE]}…"
    return title.rstrip(",:") if _ABBREVIATION.search(title) else title.rstrip(".,:")


def _title(lines: Sequence[Line], number: int, *, untouched: bool) -> str | None:
    """The title that a line is: a heading, labelled as one, or (where nothing stands above it) short and alone.

    A chief heading is the title also below a line or two; any other only where
    the article is still ``untouched``.
    """
    text = lines[number].text.strip()
    if lines[number].heading and (untouched or lines[number].heading == 1):
        return text
    if not untouched:
        return None
    if labelled := _TITLE.fullmatch(text):
        return labelled["title"]
    following = next((line for line in lines[number + 1 :] if not line.blank), None)
    is_title = (
        not (following and following.heading == 1)
        and not _goes_on(lines, number)
        and not lines[number].is_paragraph
        and len(text.split()) <= _LONGEST_TITLE
        and not text.split()[0].islower()
        and any(map(str.isalpha, text))
        and not text.rstrip(_CLOSERS).endswith((*_SENTENCE_END, *_CLAUSE_END))
        and not _SENTENCE_INSIDE.search(text)
        and not _BULLET.match(text)
        and not _said(text)
    )
    return text if is_title else None


def _goes_on(lines: Sequence[Line], number: int) -> bool:
    """Whether a line may be the beginning of a longer paragraph.

    It is not where a blank line, or one that is a paragraph by itself, is next,
    bylines and dates between them left aside.
    """
    for line in lines[number + 1 : number + 1 + _EDGE]:
        if line.blank or line.is_paragraph:
            return False
        if not _said(line.text.strip()):
            return True
    return False


def _said(text: str) -> Metadata | None:
    """What a line says if it is nothing but a byline, a date, or both."""
    day, rest = dates.taken_out(text)
    rest = rest.strip(_SEPARATORS)
    updated = _UPDATED.match(rest)
    rest = _DATE_LABELS.sub("", rest).strip(_SEPARATORS) if day else rest
    author = _author(rest)
    if not author and (rest or not day):
        return None
    return Metadata(author=author, published=None if updated else day)


def _author(text: str) -> str | None:
    """Whose byline a text is: "By" and words that a name is made of."""
    byline = _BYLINE.fullmatch(text)
    name = byline["name"] if byline else ""
    words = name.split()
    if not 0 < len(words) <= _LONGEST_TITLE or any(map(str.isdigit, name)) or _ends_sentence(words[-1]):
        return None
    initials = [word.lstrip("\"'“‘(") for word in words]
    if initials[0][:1].islower():
        return None
    return name if all(not word[:1].islower() or _PARTICLE.fullmatch(word) for word in initials) else None


def is_credit(text: str, known: Metadata) -> bool:
    """Whether a line only says whose picture, or whose text, this is."""
    if _ends_sentence(text) or len(text.split()) > _LONGEST_TITLE:
        return False
    if _folded(text) in {_folded(name) for name in (known.author, known.source) if name}:
        return True
    return bool(_CREDIT.fullmatch(text)) or any(_AGENCY.fullmatch(part.strip("() ")) for part in text.split("/"))


def _ends_sentence(text: str) -> bool:
    bare = text.rstrip(_CLOSERS)
    return bare.endswith(_SENTENCE_END) and not _ABBREVIATION.search(bare)


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
