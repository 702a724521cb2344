"""An article → sentences → passages, by exact offsets.

Sentences are found by rules: newlines say where paragraphs end, and each stop
inside a paragraph is judged by the words around it. Passages are filled greedily
with whole sentences. No tokenizer is known here: token limits are handed in.
Time is linear in the length of the text.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from statistics import median
from typing import TypeAlias

from rag.errors import OptionError
from rag.types import Passage, Sentence


def _words(table: str) -> frozenset[str]:
    return frozenset(table.split())


# A full stop after one of these ends no sentence: a name or an example follows.
_BEFORE_NAMES = _words("""
    Adm Amb Atty Brig Capt Cllr Cmdr Col Cpl Det Dr Drs Fr Ft Gen Gov Hon Insp Lt Maj Messrs Mlle Mme Mr Mrs Ms Msgr Mt
    Pres Prof Pte Pvt Rep Reps Rev Sen Sens Sgt Spc Ste Supt cf e.g eg i.e ie viz vs
""")
# After one of these it ends none where a number follows.
_BEFORE_NUMBERS = _words("""
    Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec Mon Tue Tues Wed Thu Thur Thurs Fri Sat Sun
    Art Ch Fig Figs No Nos Nr Op Sec Vol approx art ca est fig no nos p para pp sec vol
""")
# After one of these, as after initials ("J.", "U.S.", "a.m."), it ends one only where the next word likely opens one.
_ABBREVIATIONS = _words("""
    Assn Ave Blvd Bros Co Corp Dept Dist Esq Est Inc Jr Ltd Ph.D Rd ST Sr St Univ al
    Ala Ariz Ark Calif Colo Conn Del Fla Ga Ill Ind Kan Ky La Mass Md Mich Minn Miss Mo Mont Neb Nev Okla Ore Pa Tenn
    Tex Va Vt Wash Wis Wyo
""")
_OPENERS = _words("""
    A After All Also Although An And Another Any As At Because Before Both But By Despite During Each Even Every Few For
    From He Her Here His How However I If In Instead It Its Last Later Like Many Meanwhile More Moreover Most My Neither
    No Nor Not Now On Once One Only Or Others Our Over She Since So Some Still Such That The Their Then There These They
    This Those Though Thus To Today Two Under Unless Until We What When Where Whether Which While Who Why With Without
    Yesterday Yet You Your
""")

_INITIALS = re.compile(r"[^\W\d_](?:\.[^\W\d_]{1,2})*")
_ENUMERATOR = re.compile(r"[\W_]{0,8}(?:\d{1,3}|[^\W\d_]|[ivx]{2,4}|[IVX]{2,4})\.")
_ATTRIBUTION = re.compile(
    r"\s+(?:[A-Z][\w'’-]*\.?\s){1,4}(?:said|says|asked|asks|added|replied|told|wrote|shouted|cried|exclaimed)\b"
)

# Stops that need no blank after them and have no other use.
_FULL_STOPS = "。！？｡।॥؟۔።។။"
_CLOSERS = "\"'”’»›)]}」』）】》"
_STOP = re.compile(
    rf"(?P<mark>[.!?…{_FULL_STOPS}]++(?:\s?[.!?…]++)*+)(?P<close>(?:[{re.escape(_CLOSERS)}]|\[\d{{1,3}}\])*+)"
)
_WORD_BEFORE = re.compile(r"[\w.'’/@\\:#=&]+$")
_AFTER = re.compile(r"(?P<gap>\s*+)(?P<lead>[\W_]{0,8}+)(?P<word>\w{0,24}+)(?P<tail>[^\w\s]?)")
_LETTER = re.compile(r"[^\W_]")
_WORD = re.compile(r"\S+")
_LINE = re.compile(r"\S(?:[^\n]*\S)?")
_BULLET = re.compile(r"(?:[•‣◦▪●○■□►➤∙·*+-]|[–—](?=\s+[^a-z\s])|\d{1,3}[.)]|\(?[a-z]\))\s")

_SHORTEST_WRAP = 30
_COUNTED_AT_ONCE = 1_024


@dataclass(frozen=True, slots=True)
class TokenLimit:
    """At most ``most`` tokens a passage, as ``counts`` counts them.

    ``counts`` gives for each text how many tokens it has, in order and without
    truncation; ``most`` leaves out the special tokens that a model adds.
    """

    counts: Callable[[Sequence[str]], Sequence[int]]
    most: int


# A span with its tokens by each limit, in the order of the limits.
_Counted: TypeAlias = tuple[Sentence, tuple[int, ...]]


def sentences(text: str) -> tuple[Sentence, ...]:
    """The sentences of ``text``, in order.

    They neither overlap nor begin or end with a blank, and every other character
    is in exactly one of them. A heading, a list item or a line of symbols alone
    counts as a sentence. Where it is open whether an abbreviation ends a sentence
    too, it is taken not to.
    """
    return tuple(sentence for paragraph in _paragraphs(text) for sentence in _in_paragraph(text, *paragraph))


def split(text: str, limits: Sequence[TokenLimit]) -> tuple[tuple[Sentence, ...], tuple[Passage, ...]]:
    """The sentences of ``text``, and the passages that they fill.

    A sentence that is over a limit by itself is cut at words into pieces within
    all limits, and a word that is over one is cut between characters; the pieces
    are sentences from then on. Each passage takes as many whole sentences as the
    limits allow, measured on ``text[start:end]`` itself, and begins with the last
    sentence of the one before unless that leaves no room for the next. So every
    sentence is in a passage, and every passage adds at least one.

    Raises:
        OptionError: A limit has no room for a single character.
    """
    units: list[_Counted] = []
    for sentence, counts in _counted(text, sentences(text), limits):
        if _within(counts, limits):
            units.append((sentence, counts))
        else:
            units += _counted(text, _cut(text, sentence, limits), limits)
    parts = tuple(sentence for sentence, _ in units)
    runs = _fill(text, units, limits, overlap=1)
    return parts, tuple(Passage(parts[first].start, parts[last - 1].end, first, last) for first, last in runs)


# Paragraphs and sentences


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """Where paragraphs begin and end; a newline is a blank where the sentence goes on in the next line."""
    lines = [match.span() for match in _LINE.finditer(text)]
    if not lines:
        return
    full = _full_line(text, lines)
    start = lines[0][0]
    for line, following in pairwise(lines):
        if _is_apart(text, line, following) or not (_runs_on(text, line, following) or 0 < full <= line[1] - line[0]):
            yield start, line[1]
            start = following[0]
    yield start, lines[-1][1]


def _full_line(text: str, lines: Sequence[tuple[int, int]]) -> float:
    """From what length on a line of hard-wrapped text is full; 0 where the text is not hard-wrapped.

    Text is hard-wrapped where a third of its lines, and two at least, run on; they show the width.
    """
    pairs = [pair for pair in pairwise(lines) if not _is_apart(text, *pair)]
    wrapped = [line[1] - line[0] for line, following in pairs if _runs_on(text, line, following)]
    if 3 * len(wrapped) < max(6, len(pairs)) or median(wrapped) < _SHORTEST_WRAP:
        return 0
    return 0.75 * median(wrapped)


def _is_apart(text: str, line: tuple[int, int], following: tuple[int, int]) -> bool:
    """Whether there is an empty line between the two, or the second is a list item."""
    return text.count("\n", line[1], following[0]) > 1 or _BULLET.match(text, following[0]) is not None


def _runs_on(text: str, line: tuple[int, int], following: tuple[int, int]) -> bool:
    """Whether a sentence surely goes on from a line into the next."""
    ending = text[max(line[0], line[1] - 4) : line[1]].rstrip(_CLOSERS)
    return text[following[0]].islower() and not ending.endswith((".", "!", "?", "…", ":"))


def _in_paragraph(text: str, start: int, end: int) -> Iterator[Sentence]:
    """The sentences between two offsets, which are those of a paragraph."""
    letter = _LETTER.search(text, start, end)
    for stop in _STOP.finditer(text, start, end):
        after = _AFTER.match(text, stop.end(), end)
        if letter and after and letter.start() < stop.start() and _ends_sentence(text, start, stop, after):
            yield Sentence(start, stop.end())
            start = after.end("gap")
            letter = _LETTER.search(text, start, end)
    yield Sentence(start, end)


def _ends_sentence(text: str, start: int, stop: re.Match[str], after: re.Match[str]) -> bool:
    """Whether the stop ends the sentence that begins at ``start``, judged by what stands on both its sides."""
    mark, word = stop["mark"], after["word"]
    if not word and after.end() == after.endpos:  # nothing but symbols comes after it
        return False
    if mark[-1] in _FULL_STOPS:
        return True
    if not after["gap"]:
        return _lacks_blank(text, start, stop, after)
    if word[:1].islower() and not word[1:2].isupper():  # but "iPhones" may open a sentence
        return False
    if mark == ".":
        return not _shortens(text, start, stop, after)
    return not (stop["close"] and _ATTRIBUTION.match(text, stop.end()))


def _shortens(text: str, start: int, stop: re.Match[str], after: re.Match[str]) -> bool:
    """Whether the full stop belongs to an abbreviation, an initial or the number of a list item, and ends nothing."""
    last, word = _word_before(text, start, stop), after["word"]
    if last in _BEFORE_NAMES or _ENUMERATOR.fullmatch(text, start, stop.end()):
        return True
    if last in _BEFORE_NUMBERS:
        return word[:1].isdigit()
    if last in _ABBREVIATIONS or (_INITIALS.fullmatch(last) and last.upper() != last.lower()):
        if after["lead"]:  # `he left the U.S. "We…`, but not the dateline `MIAMI, Fla. – The…`
            return not last[1:] or not after["lead"].endswith(('"', "“"))
        return word not in _OPENERS or after["tail"] in (".", "-")
    return False


def _lacks_blank(text: str, start: int, stop: re.Match[str], after: re.Match[str]) -> bool:
    """Whether two sentences meet with no blank ("…the end.Next…"), rather than parts of a file name, domain or code."""
    last, word = _word_before(text, start, stop), after["word"]
    return (
        last[1:].isalpha()
        and last[-1].islower()
        and last not in _BEFORE_NAMES | _BEFORE_NUMBERS | _ABBREVIATIONS
        and '"' not in stop["close"]
        and after["lead"] in ("", "“", "‘", "(")
        and word.isalpha()
        and word.istitle()
        and (word[2:] != "" or word in _OPENERS)
        and after["tail"] not in (".", "/", "@", "(", "=")
    )


def _word_before(text: str, start: int, stop: re.Match[str]) -> str:
    match = _WORD_BEFORE.search(text[max(start, stop.start() - 24) : stop.start()])
    return match[0].strip("'’") if match else ""


# Pieces and passages


def _counted(text: str, spans: Sequence[Sentence], limits: Sequence[TokenLimit]) -> list[_Counted]:
    """Each span with its tokens by each limit."""
    texts = [text[span.start : span.end] for span in spans]
    batches = [texts[i : i + _COUNTED_AT_ONCE] for i in range(0, len(texts), _COUNTED_AT_ONCE)]
    columns = [[count for batch in batches for count in limit.counts(batch)] for limit in limits]
    return [(span, tuple(column[i] for column in columns)) for i, span in enumerate(spans)]


def _within(counts: Sequence[int], limits: Sequence[TokenLimit]) -> bool:
    return all(count <= limit.most for count, limit in zip(counts, limits, strict=True))


def _cut(text: str, sentence: Sentence, limits: Sequence[TokenLimit]) -> list[Sentence]:
    """A sentence that is too long, in pieces: as many whole words as fit, or of a word too long what fits."""
    words = [Sentence(*match.span()) for match in _WORD.finditer(text, sentence.start, sentence.end)]
    units: list[_Counted] = []
    for word, counts in _counted(text, words, limits):
        units += [(word, counts)] if _within(counts, limits) else _chopped(text, word, limits)
    runs = _fill(text, units, limits, overlap=0)
    return [Sentence(units[first][0].start, units[last - 1][0].end) for first, last in runs]


def _chopped(text: str, word: Sentence, limits: Sequence[TokenLimit]) -> list[_Counted]:
    """A word that is too long, in parts of equal length that fit."""
    length = min(word.end - word.start, 8 * min(limit.most for limit in limits))
    while length > 1:
        length = (length + 1) // 2
        starts = range(word.start, word.end, length)
        parts = _counted(text, [Sentence(start, min(start + length, word.end)) for start in starts], limits)
        if all(_within(counts, limits) for _, counts in parts):
            return parts
    raise OptionError("most", min(limit.most for limit in limits), "a number of tokens that has room for a character")


def _fill(text: str, units: Sequence[_Counted], limits: Sequence[TokenLimit], overlap: int) -> list[tuple[int, int]]:
    """Runs of units, first to last (excluded), each as long as the limits allow.

    The units' own counts say how many may fit, and one batch of exact counts
    whether they do. Only where some do not is the plan made again, with exact
    counts at each step.
    """
    if not units:
        return []
    spans = [span for span, _ in units]
    # A space or an empty line between units hardly counts, but a long blank may have a token for each character.
    gaps = [0, *(max(0, after.start - before.end - 2) for before, after in pairwise(spans))]
    totals = [
        list(accumulate((counts[i] + gap for (_, counts), gap in zip(units, gaps, strict=True)), initial=0))
        for i in range(len(limits))
    ]

    def likely(first: int) -> int:
        rooms = zip(totals, limits, strict=True)
        lasts = (bisect_right(total, total[first] + gaps[first] + limit.most) - 1 for total, limit in rooms)
        return max(first + 1, min(lasts, default=len(spans)))

    def fit(runs: Sequence[tuple[int, int]]) -> list[bool]:
        whole = [Sentence(spans[first].start, spans[last - 1].end) for first, last in runs]
        return [_within(counts, limits) for _, counts in _counted(text, whole, limits)]

    runs = _runs(len(spans), overlap, likely)
    known = dict(zip(runs, fit(runs), strict=True))
    if all(known.values()):
        return runs

    def measured(first: int) -> int:
        last = likely(first)
        if last == first + 1 or known.get((first, last)) or fit([(first, last)])[0]:
            return last
        shorter = range(first + 2, last)
        return first + 1 + bisect_left(shorter, x=True, key=lambda end: not fit([(first, end)])[0])

    return _runs(len(spans), overlap, measured)


def _runs(units: int, overlap: int, reach: Callable[[int], int]) -> list[tuple[int, int]]:
    """Runs over ``units`` units, each as far as ``reach`` says, overlapping where that still reaches further."""
    runs: list[tuple[int, int]] = []
    last = 0
    while last < units:
        first = max(0, last - overlap)
        if reach(first) <= last:
            first = last
        last = reach(first)
        runs.append((first, last))
    return runs
