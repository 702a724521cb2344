"""What can be told, honestly, of how well passages answer a question.

A score cannot tell an answer from a passage on the same topic. Two plain facts
can be checked by anyone: whether the quote holds the kind of thing that was
asked for (a number for "how many", a date for "when", a name for "who"), and
which words of the question stand in no cited passage.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from rag import lexical
from rag.types import Text

_NUMBER = r"""(?xi) \d | \b (?: no|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty
    |fifty|sixty|seventy|eighty|ninety|dozens?|hundreds?|thousands?|millions?|billions?|half|third|quarter|twice|double|several
    |both|couple|single|first|second|once ) \b"""
_TIME = r"""(?xi) \b (?: jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?
    |oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|(?:mon|tues|wednes|thurs|fri|satur|sun)day|spring|summer|autumn|winter
    |yesterday|today|tomorrow|tonight|centur(?:y|ies)|decades?|noon|midnight|morning|evening|night|ago|last|later|earlier
    |(?:year|month|week|day|hour|minute)s? ) \b | \b\d{1,2}:\d\d\b | \b(?:1\d|20)\d\d\b"""
# A capital that does not merely begin the sentence, a word all in capitals, or two capitals in a row.
_NAME = r"(?<=[\w,;:’”\")] )[“\"‘']?[A-Z]\w|\b[A-Z]{2,}\b|^[“\"‘']?[A-Z][\w’'-]+ (?:[A-Z]|al-)"


_WORD = re.compile(r"\w[\w’'-]*")
# What stands before the first word of a sentence.
_BEGINS = re.compile(r"(?:^|[.?!:]\s)[\W_]*$")
# Words that ask, and say nothing of what is asked.
_ASKING = re.compile(
    r"(?i)who(?:m|se)?|what|which|when|where|why|how|do|does|did|has|have|had|can|could|would|should|many|much|were|been"
    r"|about|from|i|me|tell"
)


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of thing: how a question asks for it, and how a text shows that it holds one."""

    name: str
    asked: re.Pattern[str]
    held: re.Pattern[str]


_KINDS = (
    _Kind(
        "a number",
        re.compile(
            r"(?i)\bhow (?:many|much|often|old|far|long|large|big|high|tall)\b|\bwhat (?:percentage|share|number)\b"
        ),
        re.compile(_NUMBER),
    ),
    _Kind(
        "a date or time",
        re.compile(
            r"(?i)^(?:(?:in|on|since|by) )?(?:when|(?:what|which) (?:year|month|day|date|week|century|decade))\b"
        ),
        re.compile(_TIME),
    ),
    _Kind("a name", re.compile(r"(?i)^(?:(?:to|by|with|from|for) )?(?:who|whom|whose)\b"), re.compile(_NAME)),
    _Kind(
        "a place",
        re.compile(r"(?i)^(?:(?:from|to|in) )?(?:where|(?:what|which) (?:city|country|town|place|state|region))\b"),
        re.compile(_NAME),
    ),
)


def kind_asked(question: str) -> str | None:
    """The kind of thing a question asks for: a number, a date or time, a name, a place, or None for anything else."""
    return next((kind.name for kind in _KINDS if kind.asked.search(question.strip())), None)


def holds(kind: str | None, text: str) -> bool:
    """Whether a text holds a thing of this kind; true where no kind is asked for."""
    return kind is None or any(each.held.search(text) for each in _KINDS if each.name == kind)


def quoted(question: str) -> tuple[str, ...]:
    """The phrases that stand in double quotation marks in a question."""
    return tuple(phrase for phrase in re.findall(r"[\"“„«]([^\"“”„«»]+)[\"”“»]", question) if _folded(phrase))


def holds_all(phrases: Iterable[str], text: str) -> bool:
    """Whether each phrase stands word for word in a text, without regard to case, punctuation and line breaks."""
    folded = f" {_folded(text)} "
    return all(f" {_folded(phrase)} " in folded for phrase in phrases)


def _folded(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def words(question: str, language: str | None = None) -> tuple[str, ...]:
    """The question's words, each once, without the stop words of its language and those that only ask."""
    every = (word for word in _WORD.findall(question) if not _ASKING.fullmatch(word))
    return tuple(dict.fromkeys(word for word in every if lexical.terms(word, language)))


def names(question: str) -> tuple[tuple[int, int], ...]:
    """Where names and numbers stand in a question, as starts and ends.

    A name is a word with a capital, unless it may have that only because it
    begins a sentence; a number is any word with a digit.
    """
    return tuple(word.span() for word in _WORD.finditer(question) if _is_named(word, question))


def _is_named(word: re.Match[str], question: str) -> bool:
    text = word.group()
    if any(map(str.isdigit, text)) or any(map(str.isupper, text[1:])):
        return bool(words(text))
    return text[0].isupper() and not _BEGINS.search(question, 0, word.start()) and bool(words(text))


def missing(question: str, texts: Iterable[Text], language: str | None = None) -> tuple[str, ...]:
    """Those of the question's words that stand in no text in any inflection, in their order."""
    held: dict[str | None, set[str]] = {}
    for each in texts:
        held.setdefault(each.language, set()).update(lexical.terms(each.text, each.language))
    return tuple(
        word
        for word in words(question, language)
        if not any(terms.intersection(lexical.terms(word, written_in)) for written_in, terms in held.items())
    )
