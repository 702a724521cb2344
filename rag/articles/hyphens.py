"""Words that a line's end breaks: whether their hyphen is part of them.

Where a word stands elsewhere in the file, it is written as it is there. Else it
matters whether the file breaks words at all; where nothing shows that, the
tokens of the commonest words say which parts are words of their own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from rag import tokens

_LONGEST_ENDING = 3
"""Letters; what is longer is no ending, such as "ing"."""

_AFTER_NAMES = frozenset(
    ("aligned", "backed", "based", "born", "brokered", "built", "controlled", "dominated", "era", "friendly",
     "funded", "held", "hosted", "led", "made", "majority", "occupied", "owned", "run", "speaking", "sponsored",
     "style", "trained", "wide")
)  # fmt: skip
"""What is often added to a name with a hyphen ("Paris-based"), and ends no other word."""

_TENS = frozenset(("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"))
_UNITS = frozenset(("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "first", "second", "third"))
"""Of numbers that are written out."""

_CONJUNCTIONS = frozenset(("and", "or", "to", "und", "oder", "bis", "et", "ou", "y", "o", "e", "en", "of", "och", "og"))
"""After "pre-" in "pre- and post-war"."""

_WORD = re.compile(r"[^\W\d_]+(?:['’‐-][^\W\d_]+)*")
_BEFORE = re.compile(r"(?P<word>[^\W_]+(?:['’-][^\W_]+)*)[-‐]$")
_AFTER = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


class Hyphens:
    """What becomes of the hyphens at the ends of a file's lines; ``paragraphs`` are all its lines in order."""

    def __init__(self, paragraphs: Sequence[Sequence[str]]) -> None:
        broken = [parts for lines in paragraphs for pair in pairwise(lines) if (parts := _parts(*pair))]
        self._counts = _counted(paragraphs, {form for left, right, _ in broken for form in _forms(left, right)})
        self._has_own_sign = any(sign == "‐" for _, _, sign in broken)
        weights = [self._weight(left, right) for left, right, _ in broken]
        joined, kept = sum(weight > 0 for weight in weights), sum(weight < 0 for weight in weights)
        self._breaks_words: bool | None = joined > kept
        if joined == kept:
            compounds = sum(_is_compound(*parts[:2]) or self._has_common_parts(*parts[:2]) for parts in broken)
            self._breaks_words = False if 2 * compounds > len(broken) else None

    def joint(self, line: str, following: str) -> str | None:
        """What belongs between the parts of the word that the end of a line breaks, its hyphen left out of them.

        That is "", "-" or "- "; ``None`` where it breaks no word.
        """
        parts = _parts(line, following)
        if parts is None:
            return None
        left, right, sign = parts
        weight = self._weight(left, right)
        if weight:
            return "" if weight > 0 else "-"
        if self._has_own_sign:
            return "" if sign == "‐" else "-"
        if right in _CONJUNCTIONS:
            return "- "
        stays = _is_compound(left, right) or (
            self._has_common_parts(left, right)
            if self._breaks_words is None
            else not self._breaks_words or self._has_known_parts(left, right)
        )
        return "-" if stays else ""

    def _weight(self, left: str, right: str) -> int:
        """How much more often the word stands in the file without its hyphen than with it."""
        joined, hyphenated, *_ = _forms(left, right)
        return self._counts[joined] - self._counts[hyphenated]

    def _has_known_parts(self, left: str, right: str) -> bool:
        """Whether both parts are words of the file, or the second ends others with a hyphen in them."""
        _, _, before, after, ending = _forms(left, right)
        if len(after) < _LONGEST_ENDING:
            return False
        is_known = self._counts[before] > 0
        if self._counts[ending] and (is_known or _is_common(before)):
            return True
        return is_known and self._has_common_parts(left, right)

    def _has_common_parts(self, left: str, right: str) -> bool:
        """Whether both parts are words, of the file or of the language, and both together are none."""
        _, _, before, after, ending = _forms(left, right)
        if self._counts[ending] and len(after) >= _LONGEST_ENDING and _is_common(before):
            return True
        if len(after) <= _LONGEST_ENDING or _is_common(before + after):
            return False
        is_word = self._counts[before] > 0 or (len(before) > 2 and _is_common(before))  # noqa: PLR2004  "re", "in"
        return is_word and (self._counts[after] > 0 or _is_common(after))


def _parts(line: str, following: str) -> tuple[str, str, str] | None:
    """The parts of a word that a line's end breaks, and the hyphen."""
    before, after = _BEFORE.search(line), _AFTER.match(following)
    if not (before and after) or "/" in line[line.rfind(" ") + 1 :]:
        return None
    return before["word"], after[0], line[-1]


def _forms(left: str, right: str) -> tuple[str, str, str, str, str]:
    """What a file is searched for: the word without its hyphen, and with it; its parts; its ending."""
    left, right = left.casefold(), right.casefold()
    before, after = left.rpartition("-")[2], right.partition("-")[0]
    return left + right, f"{left}-{right}", before, after, f"-{after}"


def _counted(paragraphs: Sequence[Sequence[str]], wanted: set[str]) -> Counter[str]:
    """How often each of these words stands in the file, and each of these endings after a hyphen."""
    counts: Counter[str] = Counter()
    for lines in paragraphs if wanted else ():
        broken = False
        for line in lines:
            words = [word.casefold().replace("‐", "-") for word in _WORD.findall(line)]
            whole = words[1:] if broken else words
            broken = bool(_BEFORE.search(line))
            whole = whole[:-1] if broken else whole
            counts.update(word for word in whole if word in wanted)
            counts.update(ending for word in whole if "-" in word and (ending := word[word.rfind("-") :]) in wanted)
    return counts


def _is_compound(left: str, right: str) -> bool:
    """Whether no program would have broken the word there, if not at its hyphen: "T-shirt", "9-11", "UN-led"."""
    before, after = left.rpartition("-")[2], right.partition("-")[0]
    if len(before) == 1 or not (before[-1:].isalpha() and after[:1].isalpha()):
        return True
    if before.casefold() in _TENS and after in _UNITS:
        return True
    if before.isupper() and after.isupper():
        return len(after) == 1
    if before.isupper() or after[0].isupper():
        return True
    if "-" in left + right and _is_common(before) and _is_common(after):
        return True
    return before[0].isupper() and after in _AFTER_NAMES


def _is_common(word: str) -> bool:
    return tokens.count(f" {word}") == 1
