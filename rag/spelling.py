"""Other spellings of the question's words among the articles' own: names from other scripts, and slips of fingers.

A name from another script is spelled in several ways ("Haftar", "Hifter"), also
within one folder of articles: here two are the same where their consonants are,
their syllables as many, and at most half of their letters others.
A word that stands in no article may be a slip: then what differs from it by one
letter, or by two if it is long, may be meant (Damerau, A technique for computer
detection and correction of spelling errors, CACM 7(3), 1964). Only words that
the model cuts into pieces are looked at, since one that it knows whole is
neither, and only those that begin alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import groupby, islice, product

from rapidfuzz import process
from rapidfuzz.distance import OSA

from rag import lexical
from rag.evidence import names, words
from rag.store import Snapshot

FEWEST_LETTERS = 5
FEWEST_CONSONANTS = 3
LONG = 9
# Letters that may be wrong in a long word; one may be in any other.
MOST_WRONG = 2
# Of one word, and questions that are asked in all.
MOST_SPELLINGS = 2
MOST_QUESTIONS = 4
_WORD = re.compile(r"\w[\w’'-]*")
_VOWELS = re.compile(r"[aeiouy]+")
_TWICE = re.compile(r"(.)\1+")
_POSSESSIVE = re.compile(r"['’]s?$")
_ARTICLE = re.compile(r"(?:al|el|as|ad|an|ar|at|ash)[-’' ]")


@dataclass(frozen=True, slots=True)
class Spelling:
    """A word of the question, and another spelling of it that stands in the articles."""

    asked: str
    found: str


@dataclass(frozen=True, slots=True)
class Letter:
    """The articles' words that begin with one letter: in how many passages each stands, and those of one name."""

    counts: dict[str, int]
    by_consonants: dict[str, list[str]]


def spellings(
    question: str, snapshot: Snapshot, is_rare: Callable[[str], bool], letters: dict[str, Letter] | None = None
) -> tuple[Spelling, ...]:
    """Other spellings of the question's words; ``is_rare`` tells of a word whether the model does not know it whole.

    ``letters`` keeps what was worked out of this snapshot's words for the next question.
    """
    letters = {} if letters is None else letters
    named = {question[start:end] for start, end in names(question)}
    return tuple(
        Spelling(asked, found)
        for asked in words(question)
        for found in islice(_others(asked, snapshot, is_rare, letters, name=asked in named), MOST_SPELLINGS)
    )


def respelled(question: str, found: Iterable[Spelling]) -> tuple[str, ...]:
    """The question as it was asked, then in other spellings; at most ``MOST_QUESTIONS`` in all."""
    others = {asked: [each.found for each in run] for asked, run in groupby(found, lambda each: each.asked)}
    ways = product(*((asked, *others[asked]) for asked in others))
    spelled = (dict(zip(others, way, strict=True)) for way in islice(ways, MOST_QUESTIONS))
    return tuple(_WORD.sub(partial(_replaced, words), question) for words in spelled)


def _replaced(spelled: dict[str, str], word: re.Match[str]) -> str:
    return spelled.get(word.group(), word.group())


def _others(
    asked: str, snapshot: Snapshot, is_rare: Callable[[str], bool], letters: dict[str, Letter], *, name: bool
) -> Iterator[str]:
    """Words of the articles that the asked one may be, the likeliest first."""
    asked = _POSSESSIVE.sub("", asked)
    if not is_rare(asked):
        return
    term = (lexical.terms(asked) or [""])[-1]
    if len(term) < FEWEST_LETTERS or not term.isalpha():
        return
    unknown = snapshot.term_frequency(term) == 0
    if term[0] not in letters:
        letters[term[0]] = _letter(snapshot.vocabulary(term[0]))
    for other in _near(term, letters[term[0]], slips=unknown):
        found = _as_written(other, snapshot)
        # Terms are stems: what counts is how near the words themselves are.
        if found is None:
            continue
        slip = unknown and is_slip(asked, found)
        if slip or (name and found != found.lower() and is_rare(found) and is_same_name(asked, found)):
            yield found


def _letter(vocabulary: Iterable[tuple[str, int]]) -> Letter:
    made = Letter(dict(vocabulary), {})
    for word in made.counts:
        bare = _bare(word)
        if len(bare) >= FEWEST_CONSONANTS and len(word) >= FEWEST_LETTERS:
            made.by_consonants.setdefault(bare, []).append(word)
    return made


def _near(term: str, letter: Letter, *, slips: bool) -> list[str]:
    """Words of one name with a term, and if ``slips`` those a few letters from it: nearest and commonest first."""
    same = letter.by_consonants.get(_bare(term), ())
    apart = {other: OSA.distance(term, other, score_cutoff=MOST_WRONG) for other in same}
    if slips:
        found = process.extract(
            term, letter.counts.keys(), scorer=OSA.distance, processor=None, score_cutoff=MOST_WRONG, limit=None
        )
        apart |= {other: int(distance) for other, distance, _ in found}
    apart.pop(term, None)
    return sorted(apart, key=lambda other: (apart[other], -letter.counts[other], other))


def is_slip(asked: str, meant: str) -> bool:
    """Whether a word is another one mistyped: with one letter wrong, or two where it is long."""
    most = MOST_WRONG if len(asked) >= LONG else 1
    return min(len(asked), len(meant)) >= FEWEST_LETTERS and OSA.distance(asked.casefold(), meant.casefold()) <= most


def is_same_name(one: str, other: str) -> bool:
    """Whether two words may be one name: vowels differ ("Haftar", "Hifter"), but not syllables ("Plano", "Polonia")."""
    if not has_same_consonants(one, other):
        return False
    plain = _plain(one), _plain(other)
    apart = OSA.distance(*plain)
    syllables, others = (len(_VOWELS.findall(each)) for each in plain)
    return apart <= 1 or (syllables == others and 2 * apart <= max(map(len, plain)))


def has_same_consonants(one: str, other: str) -> bool:
    """Whether two words have the same consonants, doubled or not, and enough of them to be one name."""
    bare = _bare(one)
    return len(bare) >= FEWEST_CONSONANTS and min(len(one), len(other)) >= FEWEST_LETTERS and bare == _bare(other)


def _bare(word: str) -> str:
    """A name's consonants."""
    return _VOWELS.sub("", _plain(word))


def _plain(word: str) -> str:
    """A name without the article of an Arabic one, and each letter that is doubled once."""
    return _TWICE.sub(r"\1", _ARTICLE.sub("", word.casefold()))


def _as_written(term: str, snapshot: Snapshot) -> str | None:
    """A word of the articles that has this term."""
    for segment, live in zip(snapshot.segments, snapshot.live, strict=True):
        for passage in segment.fulltext.matches([term], 1, None if live.all() else live).tolist():
            article, found = segment.cited(passage)
            for word in _WORD.findall(article.text[found.start : found.end]):
                bare = _POSSESSIVE.sub("", word)
                if lexical.terms(bare)[-1:] == [term]:
                    return bare
    return None
