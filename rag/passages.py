"""An article → sentences → passages, by exact offsets.

Sentences are found by rules: newlines say where paragraphs end, and each stop
inside a paragraph is judged by the words around it; in Thai and Lao, which have
no stops, blanks stand between clauses. Passages are filled greedily
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

from rag.abbreviations import Abbreviations, abbreviations
from rag.errors import OptionError
from rag.types import Passage, Sentence

_INITIALS = re.compile(r"[^\W\d_](?:\.[^\W\d_]{1,2})*")
_ENUMERATOR = re.compile(r"[\W_]{0,8}(?:\d{1,3}|[^\W\d_]|[ivx]{2,4}|[IVX]{2,4})\.")
_ATTRIBUTION = re.compile(
    r"\s+(?:[A-Z][\w'’-]*\.?\s){1,4}(?:said|says|asked|asks|added|replied|told|wrote|shouted|cried|exclaimed)\b"
)

# Stops that need no blank after them and have no other use.
_FULL_STOPS = "。！？｡।॥؟۔።፧፨។။։"
_CLOSERS = "\"'”’»›)]}」』）】》"
# Marks that open in one language close in another, right after a stop; French has a blank before them.
_STOP = re.compile(
    rf"(?P<mark>[.!?…{_FULL_STOPS}]++(?:\s?[.!?…]++)*+|[:;\u037e](?=\s))"
    rf"(?P<close>(?:[{re.escape(_CLOSERS)}]|\[\d{{1,3}}\]|[“‘«‹](?=\s|\Z)|[ \u00a0\u202f][»›](?=\s|\Z))*+)"
)
# What is a stop in one script alone: a colon on old Armenian keyboards, and Greek's question mark.
_OWN_STOP = re.compile(
    r"[\u0531-\u0587»)]:\s+[\W\d]{0,3}[\u0531-\u0556]"
    r"|[\u0370-\u03ff\u1f00-\u1fff][;\u037e]\s+[\W\d]{0,3}[\u0370-\u03ff\u1f00-\u1fff]"
)
_WORD_BEFORE = re.compile(r"[\w.'’/@\\:#=&]+$")
_AFTER = re.compile(r"(?P<gap>\s*+)(?P<lead>[\W_]{0,8}+)(?P<word>\w{0,24}+)(?P<tail>[^\w\s]?)")
_LETTER = re.compile(r"[^\W_]")
# Initials in scripts without capitals: letters of Arabic and Hebrew that stand alone, and syllables of India's scripts,
# which have a full stop of their own.
_LONE_LETTER = re.compile(r"(?<![^\s.(\[])[\u05d0-\u05ea\u0620-\u064a]\Z")
_SYLLABLE = re.compile(r"(?<![\u0900-\u0dff])[\u0900-\u0dff]{1,3}\Z")
_DANDA = "।"
_NEAR = 2_000
_ORDINAL = re.compile(r"\d{1,3}|[IVXL]+")
_EAST_ASIAN = re.compile(r"[\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff]")
# After a quotation in Japanese and in Chinese: "…, he said".
_SPOKEN = re.compile(
    r"と(?!ころ|ても|にかく|きに|きど|りわけ|もかく|もあれ)|って|[\u4e00-\u9fff]{0,6}?(?:[说說道问問称稱]|表示|指出|回答)"
)
# Thai and Lao have no stops; a clause ends at a blank between two letters, but not after the mark of repetition.
_WITHOUT_STOPS = re.compile(r"[\u0e01-\u0edf]")
_CLAUSE = re.compile(r"(?<=[\u0e01-\u0edf])(?<![ๆໆ])\s+(?=[\u0e01-\u0edf])")
_WORD = re.compile(r"\S+")
_LINE = re.compile(r"\S(?:[^\n]*\S)?")
# Hebrew to Arabic, India to Myanmar, Ethiopia, kana, Han and Hangul; a comma may end a line too.
_WITHOUT_CAPITALS = re.compile(r"[\u05d0-\u109f\u1200-\u137f\u1780-\u17ff\u3041-\ud7a3\uf900-\ufaff،、，,]")
_STOP_WITHIN = re.compile(rf"[.!?{_FULL_STOPS}][{re.escape(_CLOSERS)}]*+(?:\s|(?<=[{_FULL_STOPS}])\w)")
_BULLET = re.compile(r"(?:[•‣◦▪●○■□►➤∙·*+-]|[–—](?=\s+[^a-z\s])|\d{1,3}[.)]|\(?[a-z]\))\s")

# Characters of a line; in scripts without capitals, of which some say more in a character, half as many.
_SHORTEST_WRAP = 30
# Of the usual length of wrapped lines, what a full line has at least.
_LEAST_FULL = 0.75
# Characters of a piece of Thai: so pieces are about as long as sentences (98 characters in the treebank UD_Thai-PUD).
_SHORTEST_CLAUSES = 60
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


def sentences(text: str, language: str | None = None) -> tuple[Sentence, ...]:
    """The sentences of ``text``, in order.

    They neither overlap nor begin or end with a blank, and every other character
    is in exactly one of them. A heading, a list item or a line of symbols alone
    counts as a sentence. Where it is open whether an abbreviation ends a sentence
    too, it is taken not to. ``language`` says which abbreviations there are
    besides those of English; the marks of all scripts are known in any text.
    """
    known = abbreviations(language)
    found = (sentence for paragraph in _paragraphs(text) for sentence in _in_paragraph(text, *paragraph, known))
    if _WITHOUT_STOPS.search(text):
        found = (clauses for sentence in found for clauses in _at_blanks(text, sentence))
    return tuple(found)


def split(
    text: str, limits: Sequence[TokenLimit], language: str | None = None
) -> tuple[tuple[Sentence, ...], tuple[Passage, ...]]:
    """The sentences of ``text`` in this language, and the passages that they fill.

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
    for sentence, counts in _counted(text, sentences(text, language), limits):
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

    Text is hard-wrapped where a third of its lines, and two at least, run on; they
    show the width. In a script without capitals a line may run on where it does not
    end with a stop; there three must, be of like length, and have stops within some.
    """
    pairs = [pair for pair in pairwise(lines) if not _is_apart(text, *pair)]
    wrapped = [line[1] - line[0] for line, following in pairs if _runs_on(text, line, following)]
    if 3 * len(wrapped) >= max(6, len(pairs)) and median(wrapped) >= _SHORTEST_WRAP:
        return _LEAST_FULL * median(wrapped)
    unended = [line for line, following in pairs if _may_run_on(text, line, following)]
    wrapped = [end - start for start, end in unended]
    if 3 * len(wrapped) < max(9, len(pairs)) or min(wrapped) < _LEAST_FULL * median(wrapped):
        return 0
    prose = 8 * sum(_STOP_WITHIN.search(text, *line) is not None for line in unended) >= len(unended)
    return _LEAST_FULL * median(wrapped) if prose and 2 * median(wrapped) >= _SHORTEST_WRAP else 0


def _is_apart(text: str, line: tuple[int, int], following: tuple[int, int]) -> bool:
    """Whether there is an empty line between the two, or the second is a list item."""
    return text.count("\n", line[1], following[0]) > 1 or _BULLET.match(text, following[0]) is not None


def _runs_on(text: str, line: tuple[int, int], following: tuple[int, int]) -> bool:
    """Whether a sentence surely goes on from a line into the next."""
    ending = text[max(line[0], line[1] - 4) : line[1]].rstrip(_CLOSERS)
    return text[following[0]].islower() and not ending.endswith((".", "!", "?", "…", ":"))


def _may_run_on(text: str, line: tuple[int, int], following: tuple[int, int]) -> bool:
    """Whether a line in a script without capitals ends, and the next one begins, within a sentence."""
    edges = text[line[1] - 1], text[following[0]]
    return all(_WITHOUT_CAPITALS.match(edge) for edge in edges)


def _in_paragraph(text: str, start: int, end: int, known: Abbreviations) -> Iterator[Sentence]:
    """The sentences between two offsets, which are those of a paragraph."""
    letter = _LETTER.search(text, start, end)
    for stop in _STOP.finditer(text, start, end):
        after = _AFTER.match(text, stop.end(), end)
        if letter and after and letter.start() < stop.start() and _ends_sentence(text, start, stop, after, known):
            yield Sentence(start, stop.end())
            start = after.end("gap")
            letter = _LETTER.search(text, start, end)
    yield Sentence(start, end)


def _at_blanks(text: str, between: Sentence) -> Iterator[Sentence]:
    """What stands between two stops: a sentence, or in Thai several, whose ends are guessed from the blanks."""
    start, end = between.start, between.end
    for blank in _CLAUSE.finditer(text, start, end):
        if min(blank.start() - start, end - blank.end()) >= _SHORTEST_CLAUSES:
            yield Sentence(start, blank.start())
            start = blank.end()
    yield Sentence(start, end)


def _ends_sentence(text: str, start: int, stop: re.Match[str], after: re.Match[str], known: Abbreviations) -> bool:
    """Whether the stop ends the sentence that begins at ``start``, judged by what stands on both its sides."""
    mark, word = stop["mark"], after["word"]
    if not word and after.end() == after.endpos:  # nothing but symbols comes after it
        return False
    if mark in ":;\u037e":
        return _OWN_STOP.match(text, stop.start() - 1) is not None
    if mark[-1] in _FULL_STOPS or not after["gap"]:
        needs_no_blank = mark[-1] in _FULL_STOPS or (mark[-1] in "!?" and _is_east_asian(text, stop))
        spoken = stop["close"] and _SPOKEN.match(text, stop.end())
        return not spoken if needs_no_blank else _lacks_blank(text, start, stop, after, known)
    if word[:1].islower() and not word[1:2].isupper():  # but "iPhones" may open a sentence
        return False
    if mark == ".":
        return not _shortens(text, start, stop, after, known)
    return not (stop["close"] and _ATTRIBUTION.match(text, stop.end()))


def _is_east_asian(text: str, stop: re.Match[str]) -> bool:
    """Whether there is Chinese or Japanese on both sides of the stop."""
    before, after = text[stop.start() - 1 : stop.start()], text[stop.end() : stop.end() + 1]
    return bool(_EAST_ASIAN.match(before) and _EAST_ASIAN.match(after))


def _shortens(text: str, start: int, stop: re.Match[str], after: re.Match[str], known: Abbreviations) -> bool:
    """Whether the full stop belongs to an abbreviation, an initial or the number of a list item, and ends nothing."""
    last, word = _word_before(text, start, stop), after["word"]
    if last in known.before_names or _ENUMERATOR.fullmatch(text, start, stop.end()):
        return True
    if last in known.before_numbers:
        return word[:1].isdigit()
    initials = _INITIALS.fullmatch(last) and last.upper() != last.lower()
    if last in known.others or initials or (known.ordinals and _ORDINAL.fullmatch(last)):
        if after["lead"]:  # `he left the U.S. "We…`, but not the dateline `MIAMI, Fla. – The…`
            return not last[1:] or not after["lead"].endswith(('"', "“"))
        return word not in known.openers or after["tail"] in (".", "-")
    foreign = not last or not last.isascii()
    return foreign and _is_initial(text, max(start, stop.start() - 4), stop.start())


def _is_initial(text: str, start: int, end: int) -> bool:
    """Whether an initial in a script without capitals ends here."""
    if _LONE_LETTER.search(text, start, end):
        return True
    # Where Hindi is written with European stops, "है." ends a sentence.
    near = text.find(_DANDA, max(0, start - _NEAR), end + _NEAR) >= 0
    return near and _SYLLABLE.search(text, start, end) is not None


def _lacks_blank(text: str, start: int, stop: re.Match[str], after: re.Match[str], known: Abbreviations) -> bool:
    """Whether two sentences meet with no blank ("…the end.Next…"), rather than parts of a file name, domain or code."""
    last, word = _word_before(text, start, stop), after["word"]
    return (
        last[1:].isalpha()
        and last[-1].islower()
        and last not in known.before_names
        and last not in known.before_numbers
        and last not in known.others
        and '"' not in stop["close"]
        and after["lead"] in ("", "“", "‘", "(")
        and word.isalpha()
        and word.istitle()
        and (word[2:] != "" or word in known.openers)
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
