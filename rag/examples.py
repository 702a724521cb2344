"""Example questions, drawn from what the articles say, so that the articles answer them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice, zip_longest

_NAME = r"[A-Z][\w’'-]+(?: (?:[A-Z]\.|al-\w+|de|von|van|bin)| [A-Z][\w’'-]+){1,3}"
_MONTH = "January|February|March|April|May|June|July|August|September|October|November|December"
# What is asked, and what an article must say so that it answers.
_PATTERNS = (
    ("What did {} say?", re.compile(rf"({_NAME}),? (?:said|says|told)\b|\b(?:said|says) ({_NAME})")),
    ("Who is {}?", re.compile(rf"({_NAME}), (?:a|an|the|head|leader|chief|director|who)\b")),
    (
        "What does {} argue?",
        re.compile(rf"({_NAME})(?:,[^,.]{{3,80}},)? (?:argues|argued|believes|believed|contends|warned)\b"),
    ),
    ("What happened on {}?", re.compile(rf"\b[Oo]n ((?:{_MONTH}) \d{{1,2}}(?:, \d{{4}})?)\b")),
)


def questions(texts: Sequence[str], count: int) -> tuple[str, ...]:
    """Up to ``count`` questions, of each kind in turn, about what the texts name most often."""
    kinds = [list(_asked(form, pattern, texts)) for form, pattern in _PATTERNS]
    taken: dict[str, str] = {}
    for question, subject in (each for row in zip_longest(*kinds) for each in row if each is not None):
        if subject not in taken.values():
            taken[question] = subject
    return tuple(islice(taken, count))


def _asked(form: str, pattern: re.Pattern[str], texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    found = Counter(next(filter(None, match.groups())) for text in texts for match in pattern.finditer(text))
    return ((form.format(subject), subject) for subject, _ in found.most_common())
