"""What can be told, honestly, of how well passages answer a question.

A score cannot tell an answer from a passage on the same topic. Two plain facts
can be checked by anyone: whether the quote holds the kind of thing that was
asked for (a number for "how many", a date for "when", a name for "who"), and
which words of the question stand in no cited passage.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from rag import lexical

_MONTHS = "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
_WHEN = (
    rf"\b(?:{_MONTHS}|nov(?:ember)?|dec(?:ember)?|(?:mon|tues|wednes|thurs|fri|satur|sun)day|spring|summer|autumn|winter"
    r"|yesterday|today|tomorrow|tonight|century|decade|noon|midnight|morning|evening|night|ago|last|later|earlier"
    r"|years?|months?|weeks?|days?|hours?|minutes?)\b|\b\d{1,2}:\d\d\b|\b(?:1\d|20)\d\d\b"
)
_COUNTED = "no|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|sixty|seventy"
_NUMBER = (
    rf"\d|\b(?:{_COUNTED}|eighty|ninety|dozens?|hundreds?|thousands?|millions?|billions?|half|third|quarter|twice|double"
    r"|several|both|couple|single|first|second|once)\b"
)
# A capital that does not merely begin the sentence, or a word all in capitals.
_NAME = r"(?<=[\w,;:’”\")] )[“\"‘']?[A-Z]\w|\b[A-Z]{2,}\b|^[“\"‘']?[A-Z][\w’'-]+ (?:[A-Z]|al-)"

# What is asked for, by how the question begins or what stands in it.
_KINDS = (
    ("a number", re.compile(r"\bhow (?:many|much|often|old|far|long|large|big|high|tall)\b|\bwhat (?:percentage|share|number)\b", re.I), re.compile(_NUMBER, re.I)),
    ("a date or time", re.compile(r"^(?:\W*(?:in|on|since|by) )?(?:when|(?:what|which) (?:year|month|day|date|week|century|decade))\b", re.I), re.compile(_WHEN, re.I)),
    ("a name", re.compile(r"^\W*(?:(?:to|by|with|from|for) )?(?:who|whom|whose)\b", re.I), re.compile(_NAME)),
    ("a place", re.compile(r"^\W*(?:from |to |in )?(?:where|(?:what|which) (?:city|country|town|place|state|region))\b", re.I), re.compile(_NAME)),
)  # fmt: skip


def kind_asked(question: str) -> str | None:
    """The kind of thing a question asks for: a number, a date or time, a name, a place, or None for anything else."""
    return next((kind for kind, asks, _ in _KINDS if asks.search(question)), None)


def holds(kind: str | None, text: str) -> bool:
    """Whether a text holds a thing of this kind; true where no kind is asked for."""
    return kind is None or any(holds_it.search(text) for name, _, holds_it in _KINDS if name == kind)


def missing(question: str, texts: Iterable[str]) -> tuple[str, ...]:
    """The question's words, stop words aside, that stand in none of the texts in any inflection, in their order."""
    held = {term for text in texts for term in lexical.terms(text)}
    words = re.findall(r"\w[\w’'-]*", question)
    absent = (word for word in words if (found := lexical.terms(word)) and not held.intersection(found))
    return tuple(dict.fromkeys(absent))
