"""What stands in a file and is not its article: related links, appeals, share buttons, notices.

Only whole lines go, and only those that can be nothing else; where in doubt, a
line stays, for no sentence of an article may be lost. An article *about*
donations, newsletters or cookies keeps every word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise, takewhile

from rag.articles.draft import Line

_LONGEST_NOTICE = 60
_LONGEST_RELATED = 25
"""Words; a longer line is no notice, no link's title."""

_SHORT = 8
_FEW = 3
"""Words of a paragraph that is part of an appeal without speaking to the reader ("Dear all,"), and how many may be."""

_LONGEST_BROKEN = 120
"""Characters of a line, where the file breaks paragraphs into lines."""

_MOST_BROKEN = 4
"""Lines that a notice is broken into."""

_LONGEST_LINE = 500
"""Characters."""

_LONGEST_APPEAL = 80
"""Lines."""

_LEAST_ARTICLE = 40
_ENOUGH = 2_000
"""Words above an appeal; where there are fewer, the appeal is the article. Characters of a line that are counted."""

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
            r"(?:subscribe|log in|sign in|register)(?: now)? to (?:continue|keep|go on|unlock|read)\b[^.?!:]{0,40}",
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
    end = max((number for number, line in enumerate(lines, start=1) if not line.blank), default=0)
    kept: list[Line] = []
    sender = None
    number = words = 0
    while number < end:
        opening = _OPENS_APPEAL.fullmatch(lines[number].text.strip()) if words >= _LEAST_ARTICLE else None
        appeal = _appeal(lines[number + 1 : min(end, number + 2 + _LONGEST_APPEAL)]) if opening else ()
        if opening and appeal:
            named = opening["sender"] or ""
            if named[:1].isupper() and any(named in line.text for line in appeal):
                sender = sender or named
        else:
            kept.append(lines[number])
            words += len(lines[number].text[:_ENOUGH].split())
        number += 1 + len(appeal)
    return kept, sender


def without_notices(lines: Sequence[Line]) -> list[Line]:
    """The lines without those that only point elsewhere (related articles) or belong to the site (buttons, notices)."""
    titles_from = next((n + 1 for n in range(len(lines) - 1, -1, -1) if not _is_like_title(lines[n])), 0)
    widest = max((len(line.text) for line in lines), default=0)
    kept: list[Line] = []
    number = 0
    while number < len(lines):
        line = lines[number]
        wrapped = _wrapped_notice(lines, number, widest)
        if wrapped:
            number += wrapped
            continue
        broken = line.text.strip()[:1].islower() and not _is_between_blanks(lines, number)
        bare = line.text.strip(_DECORATION) if len(line.text) < _LONGEST_LINE else line.text
        number += 1
        if _LABEL.fullmatch(bare) and not broken:
            after = _after_links(lines, number)
            at_end = number >= titles_from and (_SURELY_RELATED.match(bare) or after == len(lines))
            if at_end or any(not link.blank for link in lines[number:after]):
                number = len(lines) if at_end else after
                continue
        if broken or not _is_notice(line, bare):
            kept.append(line)
    return kept


def joined(lines: Sequence[Line]) -> str:
    """The text of the lines: no blanks at a line's end, at most one blank line in a row, none at either end."""
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.text.rstrip() for line in lines)).strip("\n")


def _appeal(below: Sequence[Line]) -> Sequence[Line]:
    """Those of the lines below an opening that are an appeal; none where they are something else.

    Where there are more lines than an appeal may have, it must be closed.
    """
    near = below[:_LONGEST_APPEAL]
    closing = next((n for n, line in enumerate(near, start=1) if _CLOSES_APPEAL.fullmatch(line.text.strip())), None)
    if closing is None and len(near) < len(below):
        return ()
    paragraphs = list(_paragraphs(near[:closing]))
    asked = {word.casefold() for text in paragraphs for word in _ASKS.findall(text)}
    aside = [text for text in paragraphs if text.startswith(_QUOTES) or not _TO_READER.search(text)]
    if len(asked) < (1 if closing else 2) or len(aside) > _FEW or any(len(text.split()) > _SHORT for text in aside):
        return ()
    return near[:closing]


def _paragraphs(lines: Iterable[Line]) -> Iterator[str]:
    """The paragraphs of lines, whether a line is one or a part of one."""
    for blank, run in groupby(lines, key=lambda line: line.blank):
        block = [] if blank else list(run)
        if any(line.is_paragraph for line in block):
            yield from (line.text.strip() for line in block)
        elif block:
            yield " ".join(line.text.strip() for line in block)


def _after_links(lines: Sequence[Line], number: int) -> int:
    """The first line, from ``number`` on, that is neither blank nor a link."""
    return next((n for n in range(number, len(lines)) if not lines[n].blank and not lines[n].is_link), len(lines))


def _is_between_blanks(lines: Sequence[Line], number: int) -> bool:
    return all(line.blank for line in (*lines[max(number - 1, 0) : number], *lines[number + 1 : number + 2]))


def _wrapped_notice(lines: Sequence[Line], number: int, widest: int) -> int:
    """How many lines from here on are one notice that points elsewhere, broken into lines; 0 where there is none.

    It is a paragraph, and a link but for its label, or each of its lines is as
    full as the file's lines are.
    """
    apart = number == 0 or lines[number - 1].blank
    block = list(takewhile(lambda line: not line.blank, lines[number : number + _MOST_BROKEN + 1] if apart else ()))
    if not 1 < len(block) <= _MOST_BROKEN or any(len(line.text) >= _LONGEST_BROKEN for line in block):
        return 0
    if not _LABELLED.fullmatch(block[0].text.strip(_DECORATION)):
        return 0
    whole = Line(" ".join(line.text.strip() for line in block), " ".join(line.unlinked.strip() for line in block))
    is_link = whole.text != whole.unlinked and bool(_LABEL.fullmatch(whole.unlinked.strip(_DECORATION)))
    full = widest < _LONGEST_BROKEN and all(
        len(line.text) + 1 + len(following.text.split()[0]) > widest for line, following in pairwise(block)
    )
    return len(block) if (is_link or full) and _is_notice(whole, whole.text.strip(_DECORATION)) else 0


def _is_like_title(line: Line) -> bool:
    return line.is_link or (
        len(line.text) < _LONGEST_LINE
        and len(line.text.split()) <= _LONGEST_RELATED
        and not line.text.rstrip().endswith(_SENTENCE_ENDS)
    )


def _is_notice(line: Line, bare: str) -> bool:
    if len(line.text) >= _LONGEST_LINE:
        return False
    words = len(bare.split())
    if words > _LONGEST_NOTICE:
        return False
    if _NOTICE.fullmatch(bare) or _COOKIES.fullmatch(bare):
        return True
    labelled = _LABELLED.fullmatch(bare)
    if labelled is None:
        return False
    linked = line.text != line.unlinked and (line.is_link or _LABEL.fullmatch(line.unlinked.strip(_DECORATION)))
    surely = _SURELY_RELATED.fullmatch(labelled["label"]) and words <= _LONGEST_RELATED
    return bool(linked) or bool(surely and not line.text.rstrip().endswith("."))
