"""What stands in a file and is not its article: related links, appeals, share buttons, notices.

Only whole lines go, and only those that can be nothing else; where in doubt, a
line stays, for no sentence of an article may be lost. An article *about*
donations, newsletters or cookies keeps every word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.articles.draft import Line

_LONGEST_NOTICE = 60
_LONGEST_RELATED = 25
"""Words; a longer line is no notice, no link's title."""

_FEW = 8
"""Words of a line that need not speak to the reader to be part of an appeal."""

_LONGEST_LINE = 500
"""Characters."""

_LONGEST_APPEAL = 40
"""Lines that are not blank."""

_LEAST_ARTICLE = 40
"""Words above an appeal; where there are fewer, the appeal is the article."""

_RELATED = r"related (?:article|stor(?:y|ie)|coverage|content|new|reading|link|video|post|topic)s?"
_MORE = (
    r"related|read (?:more|also|next)|also read|see also|more (?:on this(?: story)?|stories|news|from [^.?!:]{2,40})"
    r"|most (?:read|popular)|recommended(?: (?:for you|reading|stories))?|you (?:may|might) also like"
    r"|editors?['’]?s? picks?|watch|listen|don['’]t miss"
)
_LABEL = re.compile(rf"(?:{_RELATED}|{_MORE})\s*:?", re.IGNORECASE)
_LABELLED = re.compile(rf"(?P<label>{_RELATED}|{_MORE})\s*[:|–—-]\s*(?P<rest>\S.*)", re.IGNORECASE)
_SURELY_RELATED = re.compile(rf"{_RELATED}|read (?:more|also|next)|also read|most (?:read|popular)", re.IGNORECASE)

_SITES = r"(?:facebook|twitter|x|instagram|linkedin|whatsapp|telegram|reddit|vk|youtube|e-?mail)"
_NOTICE = re.compile(
    "|".join(
        (
            r"advertisements?|sponsored(?: content)?|skip advertisement",
            r"(?:story|article) continues (?:below|after)(?: (?:the|this))? advertisement",
            r"(?:continue|keep) reading(?: (?:below|the main story))?|back to top|original (?:url|link)",
            r"share|tweet|share this(?: (?:article|story|post|page))?|copy link|save for later",
            rf"(?:share (?:(?:this|it) )?(?:on|via)|(?:follow|like|join) us on) {_SITES}(?:(?:,| and|, and) {_SITES})*",
            r"print (?:this )?(?:article|page|story)|leave a comment|view (?:all )?comments|\d+ comments?",
            r"(?:sign up|subscribe|donate|support us)(?: now| today| here)?|remind me later|no,? thanks|not now",
            r"(?:support|donate to) (?:our (?:work|journalism|newsroom)|independent journalism)(?: now| today)?",
            r"become an? (?:member|subscriber|supporter|patron)(?: now| today)?",
            r"(?:sign up|subscribe)\b[^.!?]{0,60}\bour\b[^.!?]{0,60}\b(?:newsletter|channel|podcast)s?\b[^.!?]{0,80}",
            r"(?:already a (?:member|subscriber)\? )?(?:log|sign) in(?: (?:here|now))?",
            r"accept(?: all)?(?: cookies)?|manage cookies|cookie (?:settings|preferences|policy)",
            r"(?:(?:©|\(c\)|copyright) ?){1,2}(?:19|20)\d\d\b.{0,80}|all rights reserved",
        )
    ),
    re.IGNORECASE,
)
_COOKIES = re.compile(
    r"(?=.*\b(?:site|website|browser|experience|consent|accept|agree|policy|settings|analytics|traffic)\b)"
    r"(?:we|(?:this|our) (?:web)?site|by (?:continuing|using|browsing|clicking))\b.*\bcookies?\b.*",
    re.IGNORECASE,
)

_OPENS_APPEAL = re.compile(
    r"an? (?:\w+ )?(?:message|note|letter|appeal|word) from (?P<sender>[^.!?]{2,60}?)\s*:?"
    r"|dear (?:reader|friend|supporter|subscriber)s?\s*[,:!]?"
    r"|(?:please )?(?:support|stand with|donate to|help fund) (?:us|our|independent|quality)\b[^.?]{0,40}"
    r"|(?:sign up|subscribe)\b[^.?]{0,60}|before you go\W*|we need your (?:help|support)\b[^?]{0,40}"
    r"|(?:did you )?(?:enjoy|like)(?:ed|d)? (?:this|what you)\b.{0,40}",
    re.IGNORECASE,
)
_CLOSES_APPEAL = re.compile(r"(?:remind me later|not now|no,? thanks|maybe later|continue reading)[.!]?", re.IGNORECASE)
_ASKS = re.compile(
    r"\b(?:donat\w+|contribut\w+|(?:un)?subscri\w+|support us|your support|newsletters?|sign up|become a member"
    r"|monthly)\b",
    re.IGNORECASE,
)
_TO_READER = re.compile(r"\b(?:we|us|our|you|your)\b", re.IGNORECASE)
_QUOTES = ('"', "“", "‘", "'", "«", "„")
_SENTENCE_ENDS = (".", "?", "!", "…", ".”", '."', ".’")
_DECORATION = " \t.:!-–—•*|[]()»›>"


def without_appeal(lines: Sequence[Line]) -> tuple[list[Line], str | None]:
    """The lines without an appeal to the reader (for money, for a subscription), and whose appeal it is.

    An appeal opens with a line of its own ("A message from …", "Support our
    work") below an article, goes on to the end or to a button ("Remind me
    later"), speaks to the reader in each paragraph, and asks for something. Its
    sender is known where the opening line names one that it names again.
    """
    filled = [number for number, line in enumerate(lines) if not line.blank]
    taken, sender = set[int](), None
    words = 0
    for place, number in enumerate(filled):
        if number in taken:
            continue
        opening = _OPENS_APPEAL.fullmatch(lines[number].text.strip()) if words >= _LEAST_ARTICLE else None
        words += len(lines[number].text.split())
        if opening:
            end = _end_of_appeal(lines, filled[place + 1 : place + 2 + _LONGEST_APPEAL])
            appeal = [line.text for line in lines[number + 1 : end]]
            if _is_appeal(lines[number + 1 : end]):
                taken.update(range(number, end))
                named = opening["sender"] or ""
                sender = sender or (named if named[:1].isupper() and any(named in text for text in texts) else None)
    return [line for number, line in enumerate(lines) if number not in taken], sender


def without_notices(lines: Sequence[Line]) -> list[Line]:
    """The lines without those that only point elsewhere (related articles) or belong to the site (buttons, notices)."""
    titles_from = next((n + 1 for n in range(len(lines) - 1, -1, -1) if not _is_like_title(lines[n])), 0)
    kept: list[Line] = []
    number = 0
    while number < len(lines):
        line = lines[number]
        bare = line.text.strip(_DECORATION) if len(line.text) < _LONGEST_LINE else line.text
        number += 1
        if _LABEL.fullmatch(bare):
            after = _after_links(lines, number)
            at_end = number >= titles_from and (_SURELY_RELATED.match(bare) or after == len(lines))
            if at_end or any(not link.blank for link in lines[number:after]):
                number = len(lines) if at_end else after
                continue
        if not _is_notice(line, bare):
            kept.append(line)
    return kept


def joined(lines: Sequence[Line]) -> str:
    """The text of the lines: no blanks at a line's end, at most one blank line in a row, none at either end."""
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.text.rstrip() for line in lines)).strip("\n")


def _appeal_length(texts: Sequence[str], *, to_end: bool) -> int:
    """How many of the lines below an opening are an appeal; 0 where they are something else."""
    closing = next((number for number, text in enumerate(texts, start=1) if _CLOSES_APPEAL.fullmatch(text)), None)
    if closing is None and not to_end:
        return 0
    block = texts[:closing]
    asked = {word.casefold() for text in block for word in _ASKS.findall(text)}
    spoken = all(
        len(text.split()) <= _FEW or (_TO_READER.search(text) and not text.startswith(_QUOTES)) for text in block
    )
    return len(block) if spoken and len(asked) >= (1 if closing else 2) else 0


def _after_links(lines: Sequence[Line], number: int) -> int:
    """The first line, from ``number`` on, that is neither blank nor a link."""
    return next((n for n in range(number, len(lines)) if not lines[n].blank and not lines[n].is_link), len(lines))


def _is_like_title(line: Line) -> bool:
    return line.is_link or (
        len(line.text) < _LONGEST_LINE
        and len(line.text.split()) <= _LONGEST_RELATED
        and not line.text.rstrip().endswith(_SENTENCE_ENDS)
    )


def _is_notice(line: Line, bare: str) -> bool:
    words = len(bare.split())
    if len(line.text) >= _LONGEST_LINE or words > _LONGEST_NOTICE:
        return False
    if _NOTICE.fullmatch(bare) or _COOKIES.fullmatch(bare):
        return True
    labelled = _LABELLED.fullmatch(bare)
    if labelled is None:
        return False
    linked = line.text != line.unlinked and (line.is_link or _LABEL.fullmatch(line.unlinked.strip(_DECORATION)))
    surely = _SURELY_RELATED.fullmatch(labelled["label"]) and words <= _LONGEST_RELATED
    return bool(linked) or bool(surely and not line.text.rstrip().endswith("."))
