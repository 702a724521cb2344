"""Example questions, drawn from what the articles say, so that the articles answer them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice, zip_longest

from rag.passages import sentences
from rag.types import Sentence

# After "of" or "to" a place or an institute is named, of which nobody asks what it said.
_NAME = r"(?<!\bof )(?<!\bto )[A-Z][\w’'-]+(?: (?:[A-Z]\.|al-\w+|de|von|van|bin)| [A-Z][\w’'-]+){1,3}"
# What ends like this is not a person.
_BODY = re.compile(
    r"\b(?:Agency|Army|Association|Bank|Cent(?:er|re)|College|Commission|Committee|Company|Council|Department|Group|"
    r"Institute|Ministry|Office|Operation|Organi[sz]ation|Party|Studies|Union|University)$"
)
_MONTH = "January|February|March|April|May|June|July|August|September|October|November|December"
_DESCRIBED = (
    "Who is {}?",
    re.compile(rf"((?!(?:As|At|By|For|From|In|On|With) ){_NAME}), (?:a|an|the|head|leader|chief|director|who)\b"),
)
# What is asked, and what an article must say so that it answers.
_PATTERNS = (
    ("What did {} say?", re.compile(rf"({_NAME}),? (?:said|says|told)\b|\b(?:said|says) ({_NAME})")),
    _DESCRIBED,
    (
        "What does {} argue?",
        re.compile(rf"({_NAME})(?:,[^,.]{{3,80}},)? (?:argues|argued|believes|believed|contends|warned)\b"),
    ),
    ("What happened on {}?", re.compile(rf"\b[Oo]n ((?:{_MONTH}) \d{{1,2}}(?:, \d{{4}})?)\b")),
)
# Sentences that are made a question by leaving a part out: the subject or the day that stands first.
_VERB = (
    r"is|was|has|had|will|would|can|could|may|must|says|said|told|argues|believes|thinks|expects|warns|wants|hopes|leads|"
    r"holds|controls|owns|runs|refuses|demands|met|led|won|lost|took|made|gave|began|became|came|went|found|left|paid|"
    r"sold|sent|set|spent|wrote|kept|built|bought|fell|grew|[a-z]+ed"
)
_SUBJECT = re.compile(rf"(?:The )?((?:[A-Z][\w-]+ ){{1,4}})((?:{_VERB})(?: [^\s.?!;:]+){{4,20}})\.")
_DAY = rf"(?:{_MONTH})(?: \d{{1,2}})?(?:,? \d{{4}})?|\d{{4}}"
_DATED = re.compile(rf"(?:On|In) (?:{_DAY}),? (?!(?:and|or|alone)\b)((?:[^\s.?!;:]+ ){{4,20}}[^\s.?!;:]+)\.")


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
    return ((form.format(subject), subject) for subject, _ in found.most_common() if not _BODY.search(subject))


def drawn(text: str) -> Iterator[tuple[str, Sentence]]:
    """Questions that single sentences of ``text`` answer, each with its sentence; at most one of a sentence."""
    for sentence in sentences(text):
        said = " ".join(text[sentence.start : sentence.end].split())
        if question := _asked_of(said, text):
            yield question, sentence


def _asked_of(said: str, text: str) -> str | None:
    subject = _SUBJECT.fullmatch(said)
    # A word is a name where it is written large within a sentence too.
    if subject and re.search(rf"[a-z,] {subject[1].strip()}\b", text):
        return f"Who or what {subject[2]}?"
    if dated := _DATED.fullmatch(said):
        return f"When was it that {dated[1]}?"
    form, pattern = _DESCRIBED
    described = pattern.search(said)
    return form.format(described[1]) if described and not _BODY.search(described[1]) else None
