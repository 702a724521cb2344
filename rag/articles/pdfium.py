"""What PDFium says of a page: its words, and where they stand."""

from __future__ import annotations

import ctypes
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import groupby, islice, pairwise
from statistics import median_low
from typing import TYPE_CHECKING

from rag.articles.layout import SOLID, Span

if TYPE_CHECKING:
    import pypdfium2

_RUN = re.compile(r"\S+")
_PAIR = re.compile(f"(?={SOLID.pattern}{SOLID.pattern})")
_PLAIN = re.compile(
    r"[!-_a-~\u00a1-\u00a7\u00a9-\u00ac\u00ae\u00b0-\u00b3\u00b5-\u00b7\u00b9-\u02af\u0370-\u0588\u1e00-\u1fff"
    r"\u2010-\u2015\u2018-\u2022\u2026\u2030-\u203a\u20a0-\u20bf\u2122\u2212\u3001-\u30ff\u3400-\u9fff\uac00-\ud7a3]+"
)
"""Letters between blanks; two of Chinese or Japanese; those that stand for themselves and on their own."""

_LOOKED_AT = 5
"""One word in so many is looked at letter by letter."""

_WIDEST_LETTER = 2.0
"""Type sizes."""
_NOTHING = frozenset("\u200b\u2060\ufeff")
_HYPHENS = frozenset("\x02\ufffe")
"""What PDFium puts for a hyphen at the end of a line."""

_SOFT_HYPHEN = "\u00ad"

_SYMBOLS = {"\uf0b7": "•", "\uf0a7": "▪", "\uf0d8": "➢", "\uf0fc": "✓", "\uf02d": "-", "\uf06f": "◦", "\uf076": "❖"}
"""The bullets of Symbol and Wingdings, which have no code point of their own."""

_FORMS = re.compile(r"[\ufb00-\ufb4f\ufb50-\ufdff\ufe10-\ufe19\ufe30-\ufe44\ufe70-\ufefc]")
"""Ligatures and other shapes of letters that stand for the letters themselves."""

_ELLIPSIS = re.compile(r"(?<!\.)(?<!\.\s)\. \. \.(?! ?\.)")
"""What TeX prints for "…"."""

_BOLD = re.compile(rb"bold|black|heavy|demi|medi(?!um)|(?:cm|sf|lm)bx|[-,]bd\b", re.IGNORECASE)
_LONGEST_FONT_NAME = 256

_SAME_LINE = 0.35
_RAISED = 0.6
_SMALL = 0.8
_WIDEST_BLANK = 1.0
_LEAST_BLANK = 0.22
_WIDEST_SOLID = 0.9
_LONGEST_OVERLAP = 0.5
_LONGEST_LEAP = 4.0
"""Type sizes: between baselines of one line; by which small type may be raised in it, and how small that is; between
the words of a span, at most and where they are not glued; by which they may overlap; between letters of a word."""

_SAME_WIDTH = 0.02
"""Share of a letter's width by which another may differ."""

_PICTURE = 0.5
"""Share of a page that is covered, at least, where it is a picture."""

_MOST_ON_PICTURE = 1_000
"""Letters at the edges of a page that is a picture, at most."""

_DOT = (1.0, 9.0)
_BULLET_GAP = 24.0
"""Points: how wide a bullet may be that is drawn, and how far from its item it may be."""

_SQUARE = 0.25
_BULLET_HEIGHT = 0.9
_WIDEST_BULLET = 0.7
"""Share of its width by which it may be higher or lower; type sizes, at most: how far above the baseline it stands, and
how wide it is."""

_MOST_DRAWN = 5_000
_MOST_DOTS = 200
_FEW_DRAWN = 20
"""Drawings on a page that are looked at; bullets, at most, else they are a chart's; what may decorate an empty page."""

_SAMPLE = 200
"""Letters of a page that show how it is written."""

_DOWNWARD = 3
"""Quarters of a turn to the left after which lines run downward, the first on the right."""

_RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_LEFT_TO_RIGHT = re.compile(r"[^\W_]+(?:[.,:/-][^\W_]+)*")
_BRACKETS = str.maketrans("()[]{}«»", ")(][}{»«")
_LEADING = re.compile(r"([.,:;!?،؛؟%]+)(\w.*)")
"""Writing from right to left: its letters; what stands in it the other way; brackets as they look there; marks that
look as if they came before a number."""

_ACCENTS = {
    "`": "\u0300", "´": "\u0301", "ˆ": "\u0302", "˜": "\u0303", "¯": "\u0304", "˘": "\u0306", "˙": "\u0307",
    "¨": "\u0308", "˚": "\u030a", "˝": "\u030b", "ˇ": "\u030c", "¸": "\u0327", "˛": "\u0328",
}  # fmt: skip
_WITHOUT_DOT = str.maketrans("ıȷ", "ij")

_Box = tuple[float, float, float, float]
"""Left, bottom, right and top, in points; upward is more."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its words in spans, in the order in which its file draws them, one tuple for each direction of writing.

    What is written in the direction of most words comes first. ``height`` is in
    points, seen in that direction. ``letters`` are how many could be read,
    ``unreadable`` how many could not since the font does not name them.
    ``has_gaps`` says that words were told apart between which PDFium sees no
    blank: where one is found by chance, there are more.
    ``is_picture`` says that pictures cover most of it.
    """

    spans: tuple[tuple[Span, ...], ...]
    height: float
    letters: int
    unreadable: int
    has_gaps: bool
    is_picture: bool


@dataclass(frozen=True, slots=True)
class _Setting:
    """How letters are set: the size of their type in points, and how many quarters of a turn they stand to the left."""

    size: float
    quarter: int
    is_bold: bool


@dataclass(frozen=True, slots=True)
class _Word:
    """A word where it stands: from the side where reading begins, and ``base`` from the top, in points."""

    text: str
    left: float
    right: float
    base: float
    setting: _Setting
    is_linked: bool
    is_apart: bool


def read_page(page: pypdfium2.PdfPage, *, closely: bool) -> Page:
    """What stands on a page.

    ``closely``, every word is looked at letter by letter, else one in five.

    Raises:
        pypdfium2.PdfiumError: The page cannot be read.
    """
    box = page.get_bbox()
    with closing(page.get_textpage()) as text:
        letters = _Letters(text)
        words, has_gaps = _words(letters, _Sheet(box, tuple(_link_boxes(page))), closely=closely)
        unnamed = letters.unnamed()
    words = _with_bullets(words, _dots(page), box)
    quarters = Counter[int]()
    for word in words:
        quarters[word.setting.quarter] += len(word.text)
    directions = [quarter for quarter, _ in quarters.most_common()] or [0]
    sides = (box[3] - box[1], box[2] - box[0])
    by_direction = ([word for word in words if word.setting.quarter == quarter] for quarter in directions)
    return Page(
        spans=tuple(
            tuple(_spans(_from_its_side(each, sides[1 - quarter % 2])))
            for quarter, each in zip(directions, by_direction, strict=True)
        ),
        height=sides[directions[0] % 2],
        letters=quarters.total(),
        unreadable=max(letters.unreadable, round(unnamed * quarters.total())),
        has_gaps=has_gaps,
        is_picture=quarters.total() < _MOST_ON_PICTURE and _is_picture(page, box, quarters.total()),
    )


class _Letters:
    """The letters of a page, by their number there."""

    def __init__(self, text: pypdfium2.PdfTextPage) -> None:
        from pypdfium2 import raw

        self.unreadable = 0
        self._raw, self._text = raw, text.raw
        self._x, self._y = ctypes.c_double(), ctypes.c_double()
        self._box, self._matrix = raw.FS_RECTF(), raw.FS_MATRIX()
        self._name = ctypes.create_string_buffer(_LONGEST_FONT_NAME)
        self._settings: dict[int, _Setting] = {}
        self.codes = self._codes(text.count_chars())

    def _codes(self, count: int) -> str:
        """The code points of all letters as PDFium gives them."""
        buffer = (ctypes.c_ushort * (count + 1))()
        given = self._raw.FPDFText_GetText(self._text, 0, count, buffer) - 1
        codes = bytes(buffer)[: 2 * count].decode("utf-16-le", "replace")
        if given == count and len(codes) == count and "\ufffd" not in codes:
            return codes
        # It leaves some out, or needs two for one.
        return "".join(map(chr, (self._raw.FPDFText_GetUnicode(self._text, number) for number in range(count))))

    def letter(self, number: int) -> str:
        """A letter, or those of a ligature; a soft hyphen within one; or nothing, where it is none that is read."""
        letter = self.codes[number]
        if "!" <= letter <= "~":
            return letter
        if letter in _HYPHENS:
            return "-"
        if letter == _SOFT_HYPHEN:
            return "-" if self._is_shown(number) else letter
        if letter in _SYMBOLS or letter in _NOTHING:
            return _SYMBOLS.get(letter, "")
        if letter == "\ufffd" or unicodedata.category(letter) in ("Cc", "Cn", "Co", "Cs"):
            self.unreadable += 1
            return ""
        return unicodedata.normalize("NFKC", letter) if _FORMS.match(letter) else letter

    def unnamed(self) -> float:
        """The share of letters whose font does not say which they are, so that what PDFium gives is made up."""
        shown = [number for number, letter in enumerate(self.codes) if not letter.isspace()]
        sample = shown[:: 1 + len(shown) // _SAMPLE]
        unnamed = [number for number in sample if self._raw.FPDFText_HasUnicodeMapError(self._text, number) == 1]
        return len(unnamed) / max(len(sample), 1)

    def _is_shown(self, number: int) -> bool:
        """Whether a soft hyphen is printed, as some programs do; one within a ligature only shares its place."""
        last = len(self.codes) - 1
        before, here, after = (self.box(min(max(number + step, 0), last)) for step in (-1, 0, 1))
        wide, others = here[2] - here[0], (before[2] - before[0], after[2] - after[0])
        shares = all(abs(wide - other) <= _SAME_WIDTH * wide for other in others)
        return wide > 0 and not shares

    def origin(self, number: int) -> tuple[float, float]:
        """Where a letter stands on its baseline."""
        self._raw.FPDFText_GetCharOrigin(self._text, number, self._x, self._y)
        return self._x.value, self._y.value

    def box(self, number: int) -> _Box:
        """The place that a letter takes up."""
        box = self._box
        self._raw.FPDFText_GetLooseCharBox(self._text, number, box)
        return box.left, box.bottom, box.right, box.top

    def setting(self, number: int) -> _Setting:
        """How a letter is set; all that the file draws at once are set alike."""
        drawn = self._raw.FPDFText_GetTextObject(self._text, number)
        if not drawn:
            return self._setting(number)
        key = ctypes.addressof(drawn.contents)
        if key not in self._settings:
            self._settings[key] = self._setting(number)
        return self._settings[key]

    def _setting(self, number: int) -> _Setting:
        matrix = self._matrix
        self._raw.FPDFText_GetMatrix(self._text, number, matrix)
        size = self._raw.FPDFText_GetFontSize(self._text, number) * math.hypot(matrix.c, matrix.d)
        if not math.isfinite(size + matrix.a + matrix.b):
            return _Setting(1.0, 0, is_bold=False)
        turned = round(2 * math.atan2(matrix.b, matrix.a) / math.pi) % 4
        self._name[0] = b"\0"
        self._raw.FPDFText_GetFontInfo(self._text, number, self._name, len(self._name), None)
        return _Setting(abs(size) or 1.0, turned, is_bold=bool(_BOLD.search(self._name.value)))


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The page that words stand on: its box, and those of its links."""

    box: _Box
    links: tuple[_Box, ...]

    def word(
        self, text: str, ends: tuple[_Box, _Box], origin: tuple[float, float], setting: _Setting, *, apart: bool
    ) -> list[_Word]:
        """A word from its first to its last letter; none where it stands outside of the page and is not shown."""
        (left, bottom, right, top), (last_left, last_bottom, last_right, last_top) = ends
        x, y = (left + last_right) / 2, (bottom + last_top) / 2
        box = self.box
        if not (text and box[0] <= x <= box[2] and box[1] <= y <= box[3] and math.isfinite(sum(origin))):
            return []
        one, _ = _turned((min(left, last_left), min(bottom, last_bottom)), box, setting.quarter)
        other, _ = _turned((max(right, last_right), max(top, last_top)), box, setting.quarter)
        _, base = _turned(origin, box, setting.quarter)
        linked = bool(self.links) and any(e[0] <= x <= e[2] and e[1] <= y <= e[3] for e in self.links)
        return [_Word(text, min(one, other), max(one, other), base, setting, is_linked=linked, is_apart=apart)]


def _words(letters: _Letters, sheet: _Sheet, *, closely: bool) -> tuple[list[_Word], bool]:
    """The words of a page, and whether there are gaps between some where PDFium sees no blank."""
    words, has_gaps = list[_Word](), False
    downward = _runs_down(letters)
    for number, match in enumerate(_RUN.finditer(letters.codes)):
        found = None
        if not (closely or downward or number % _LOOKED_AT == 0) and _PLAIN.fullmatch(match[0]):
            found = _whole_word(letters, match, sheet)
        if found is None:
            found, gaps = _closely(letters, match, sheet, downward=downward)
            has_gaps = has_gaps or gaps
        words += found
    return words, has_gaps


def _runs_down(letters: _Letters) -> bool:
    """Whether the letters of a page stand upright below each other, as Chinese and Japanese may."""
    down = along = 0
    for match in islice(_PAIR.finditer(letters.codes), _SAMPLE):
        one, other = letters.box(match.start()), letters.box(match.start() + 1)
        size = one[3] - one[1]
        down += abs(other[0] - one[0]) < size / 2 and size / 2 < one[1] - other[1] < 2 * size
        along += abs(other[1] - one[1]) < size / 2
    return down > along


def _whole_word(letters: _Letters, match: re.Match[str], sheet: _Sheet) -> list[_Word] | None:
    """Letters between blanks as a word; ``None`` where they are not in their order on one line."""
    start, last = match.start(), match.end() - 1
    setting = letters.setting(start)
    ends = letters.box(start), letters.box(last)
    across, near = (1, 0) if setting.quarter % 2 == 0 else (0, 1)
    ahead = (ends[1][near] - ends[0][near]) * (1 if setting.quarter < 2 else -1)  # noqa: PLR2004  two turn it about
    if abs(ends[1][across] - ends[0][across]) > _SAME_LINE * setting.size:
        return None
    if not 0 <= ahead <= _WIDEST_LETTER * setting.size * (last - start):
        return None
    return sheet.word(match[0], ends, letters.origin(start), setting, apart=_is_apart(letters, start))


def _is_apart(letters: _Letters, start: int) -> bool:
    """Whether a blank stands before a letter, not only the end of a line as PDFium sees it."""
    return start == 0 or letters.codes[start - 1] not in "\r\n"


def _closely(letters: _Letters, match: re.Match[str], sheet: _Sheet, *, downward: bool) -> tuple[list[_Word], bool]:
    """Letters between blanks as words, each on its line, and whether there are gaps inside."""
    runs: list[_Run] = []
    for number in range(match.start(), match.end()):
        letter = letters.letter(number)
        if not letter:
            continue
        box = letters.box(number)
        if not runs or runs[-1].is_left_by(box):
            setting = letters.setting(number)
            if downward and not setting.quarter:
                setting = replace(setting, quarter=_DOWNWARD)
            runs.append(_Run(letters.origin(number), setting, apart=not runs and _is_apart(letters, match.start())))
        runs[-1].letters.append(letter)
        runs[-1].boxes.append(box)
    words = [word for run in runs for word in run.words(sheet)]
    return words, len(words) > len(runs)


class _Run:
    """Letters on one line with no blank between them."""

    def __init__(self, origin: tuple[float, float], setting: _Setting, *, apart: bool) -> None:
        self.letters: list[str] = []
        self.boxes: list[_Box] = []
        self._origin, self._setting, self._apart = origin, setting, apart
        self._across, self._along = (1, 0) if setting.quarter % 2 == 0 else (0, 1)
        self._most_across, self._most_along = _SAME_LINE * setting.size, _LONGEST_LEAP * setting.size

    def is_left_by(self, box: _Box) -> bool:
        """Whether a letter stands on another line than the last one, or far from it."""
        last, across, along = self.boxes[-1], self._across, self._along
        return abs(box[across] - last[across]) > self._most_across or abs(box[along] - last[along]) > self._most_along

    def words(self, sheet: _Sheet) -> list[_Word]:
        """The letters as a word; as several, where there are gaps as none between the others."""
        words: list[_Word] = []
        for start, end in pairwise([0, *self._gaps(), len(self.letters)]):
            ends = self.boxes[start], self.boxes[end - 1]
            apart = self._apart or start > 0
            words += sheet.word(self._text(start, end), ends, self._origin, self._setting, apart=apart)
        return words

    def _text(self, start: int, end: int) -> str:
        """The letters from one to before another; accents that are printed over a letter belong to it."""
        letters, boxes, near = self.letters[start:end], self.boxes[start:end], self._along
        if not _ACCENTS.keys().isdisjoint(letters):
            for number, letter in enumerate(letters):
                middle = (boxes[number][near] + boxes[number][near + 2]) / 2
                for other in (number + 1, number - 1) if letter in _ACCENTS else ():
                    over = 0 <= other < len(letters) and boxes[other][near] <= middle <= boxes[other][near + 2]
                    if over and letters[other][:1].isalpha():
                        letters[number] = ""
                        plain = letters[other].translate(_WITHOUT_DOT)
                        letters[other] = unicodedata.normalize("NFC", plain + _ACCENTS[letter])
                        break
        text = "".join(letters).replace(_SOFT_HYPHEN, "").strip()
        if len(text) > 1 and boxes[0][near] < boxes[-1][near] and 2 * len(_RIGHT_TO_LEFT.findall(text)) > len(text):
            text = _LEFT_TO_RIGHT.sub(_as_it_was, text[::-1])  # drawn as it looks, not as it is read
        return text

    def _gaps(self) -> list[int]:
        """The letters before which there is a gap."""
        near, far = self._along, self._along + 2
        if self.boxes[-1][near] < self.boxes[0][near]:
            gaps = [one[near] - other[far] for one, other in pairwise(self.boxes)]
        else:
            gaps = [other[near] - one[far] for one, other in pairwise(self.boxes)]
        least = _LEAST_BLANK * self._setting.size
        if not gaps or max(gaps) <= least:
            return []
        least += max(median_low(gaps), 0.0)
        return [number for number, gap in enumerate(gaps, start=1) if gap > least]


def _turned(place: tuple[float, float], box: _Box, quarter: int) -> tuple[float, float]:
    """How far along its line and how far down from the top a place is, where the page is turned that often."""
    x, y = place
    if quarter == 0:
        return x - box[0], box[3] - y
    if quarter == 1:
        return y - box[1], x - box[0]
    return (box[2] - x, y - box[1]) if quarter == 2 else (box[3] - y, box[2] - x)  # noqa: PLR2004


def _link_boxes(page: pypdfium2.PdfPage) -> list[_Box]:
    """Where the links of a page are."""
    from pypdfium2 import raw

    found: list[_Box] = []
    place, link, box = ctypes.c_int(0), raw.FPDF_LINK(), raw.FS_RECTF()
    while raw.FPDFLink_Enumerate(page.raw, place, link):
        if raw.FPDFLink_GetAnnotRect(link, box):
            found.append((box.left, box.bottom, box.right, box.top))
    return found


def _as_it_was(match: re.Match[str]) -> str:
    """What was turned about, turned back where it is read from left to right."""
    return match[0] if _RIGHT_TO_LEFT.search(match[0]) else match[0][::-1]


def _from_its_side(words: list[_Word], width: float) -> list[_Word]:
    """The words, measured from the right and in that order where most of their letters are read from there."""
    letters = "".join(word.text for word in words)
    if 2 * len(_RIGHT_TO_LEFT.findall(letters)) <= sum(map(str.isalpha, letters)):
        return words
    opening, closing = (sum(word.text.startswith(bracket) for word in words) for bracket in "()")
    turned = [
        replace(word, text=_LEADING.sub(r"\2\1", word.text) if not _RIGHT_TO_LEFT.search(word.text) else word.text)
        for word in words
    ]
    lines: list[list[_Word]] = []
    for word in turned:
        text = word.text.translate(_BRACKETS) if closing > opening else word.text
        mirrored = replace(word, text=text, left=width - word.right, right=width - word.left, is_apart=False)
        if lines and abs(lines[-1][-1].base - word.base) <= _SAME_LINE * word.setting.size:
            lines[-1].append(mirrored)
        else:
            lines.append([mirrored])
    return [word for line in lines for word in _read_leftward(sorted(line, key=lambda word: word.left))]


def _read_leftward(line: Sequence[_Word]) -> Iterator[_Word]:
    """The words of a line that is read from the right; what is read from the left there comes in its own order."""
    for leftward, run in groupby(line, key=lambda word: bool(_RIGHT_TO_LEFT.search(word.text))):
        words = list(run)
        texts = [word.text for word in words]
        for word, text in zip(words, texts if leftward else texts[::-1], strict=True):
            yield replace(word, text=text)


def _spans(words: Sequence[_Word]) -> Iterator[Span]:
    """The words of one line together, as far as no wide gap parts them."""
    together: list[_Word] = []
    for word in words:
        if together and not _goes_on(together[-1], word):
            yield _span(together)
            together = []
        together.append(word)
    if together:
        yield _span(together)


def _goes_on(one: _Word, other: _Word) -> bool:
    size = max(one.setting.size, other.setting.size)
    gap, raised = other.left - one.right, abs(other.base - one.base)
    if not -_LONGEST_OVERLAP * size <= gap <= _WIDEST_BLANK * size:
        return False
    small = min(one.setting.size, other.setting.size) <= _SMALL * size
    return raised <= (_RAISED if small else _SAME_LINE) * size


def _span(words: Sequence[_Word]) -> Span:
    longest = max(words, key=lambda word: len(word.text))
    parts, unlinked = [words[0].text], [] if words[0].is_linked else [words[0].text]
    head = None
    for one, word in pairwise(words):
        blank = " " if _is_blank_between(one, word) else ""
        if blank and head is None:
            head = one.right - words[0].left
        parts += blank, word.text
        unlinked += [] if word.is_linked else [blank, word.text]
    return Span(
        text=_ELLIPSIS.sub("…", "".join(parts)),
        unlinked="".join(unlinked).strip(),
        left=min(word.left for word in words),
        right=max(word.right for word in words),
        base=longest.base,
        size=longest.setting.size,
        bold=all(word.setting.is_bold for word in words),
        head=words[-1].right - words[0].left if head is None else head,
        apart=words[0].is_apart,
    )


def _is_blank_between(one: _Word, other: _Word) -> bool:
    gap, size = other.left - one.right, max(one.setting.size, other.setting.size)
    if SOLID.match(one.text[-1]) and SOLID.match(other.text[0]):
        return gap > _WIDEST_SOLID * size
    return other.is_apart or gap > _LEAST_BLANK * size


def _dots(page: pypdfium2.PdfPage) -> list[_Box]:
    """Where dots and small squares are drawn, as browsers draw bullets."""
    from pypdfium2 import raw

    dots: list[_Box] = []
    for drawn in islice(page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH], max_depth=1), _MOST_DRAWN):
        left, bottom, right, top = drawn.get_bounds()
        wide, high = right - left, top - bottom
        if _DOT[0] <= wide <= _DOT[1] and abs(wide - high) <= _SQUARE * wide:
            dots.append((left, bottom, right, top))
    return dots if len(dots) <= _MOST_DOTS else []


def _with_bullets(words: list[_Word], dots: Sequence[_Box], page: _Box) -> list[_Word]:
    """The words, with a bullet before each line that has a dot before it."""
    bullets: dict[int, _Word] = {}
    for dot in dots:
        left, _ = _turned(dot[:2], page, 0)
        _, middle = _turned((0.0, (dot[1] + dot[3]) / 2), page, 0)
        right = left + dot[2] - dot[0]
        level = [
            (word.left, number)
            for number, word in enumerate(words)
            if word.setting.quarter == 0 and word.base - _BULLET_HEIGHT * word.setting.size < middle < word.base
        ]
        before = [place for place, number in level if place < left and words[number].right > left - _BULLET_GAP]
        place, number = min((each for each in level if each[0] >= right), default=(0.0, -1))
        size = words[number].setting.size if number >= 0 else 0.0
        if not before and place - right <= _BULLET_GAP and right - left <= _WIDEST_BULLET * size:
            bullets[number] = replace(words[number], text="•", left=left, right=right, is_linked=False, is_apart=True)
    if not bullets:
        return words
    return [
        each for number, word in enumerate(words) for each in ([bullets[number]] if number in bullets else []) + [word]
    ]


def _is_picture(page: pypdfium2.PdfPage, box: _Box, letters: int) -> bool:
    """Whether pictures cover most of a page; of one without letters, whether anything much is drawn on it."""
    from pypdfium2 import raw

    if not letters:
        kinds = [drawn.type for drawn in islice(page.get_objects(), _MOST_DRAWN)]
        return raw.FPDF_PAGEOBJ_IMAGE in kinds or kinds.count(raw.FPDF_PAGEOBJ_PATH) > _FEW_DRAWN
    covered = 0.0
    for picture in islice(page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]), _MOST_DRAWN):
        left, bottom, right, top = picture.get_bounds()
        covered += max(min(right, box[2]) - max(left, box[0]), 0.0) * max(min(top, box[3]) - max(bottom, box[1]), 0.0)
    return covered >= _PICTURE * (box[2] - box[0]) * (box[3] - box[1])
