"""A file of questions with what is known of their answers: one JSON object a line.

- ``question``: what is asked.
- ``article``: the path, id or title of the article that answers.
- ``answer``: words that the passage must hold.
- ``evidence``: the sentence or passage that answers; where an answer is given too, it counts only in there.
- ``found``: whether the articles answer the question at all. Where it is left out, they do if one of the three above
  is given.

Each of the three is a text or a list of texts, of which any will do. docs/evaluation.md has examples.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rag.errors import QuestionsLineError, QuestionsUnreadableError, QuestionsUnwritableError

KEYS = ("question", "article", "answer", "evidence", "found")
# Typographic quotes and dashes and those of a keyboard, one character for one, so that places stay.
_ALIKE = str.maketrans("‘’‚‛′“”„‟″«»‐‑‒–—İ", '\'\'\'\'\'"""""""-----i')


@dataclass(frozen=True, slots=True)
class Question:
    """A line of the file; of ``articles``, ``answers`` and ``evidence`` any will do, and none need be given."""

    line: int
    text: str
    articles: tuple[str, ...]
    answers: tuple[str, ...]
    evidence: tuple[str, ...]
    answerable: bool

    @property
    def judged(self) -> bool:
        """Whether the line says what is right."""
        return bool(self.articles or self.answers or self.evidence)


def read(path: str | os.PathLike[str]) -> tuple[tuple[Question, ...], tuple[str, ...]]:
    """The questions of a file, and a warning for every line with a key that is not known.

    Raises:
        QuestionsUnreadableError: it cannot be read, or there is no question in it.
        QuestionsLineError: a line is not a question.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise QuestionsUnreadableError(str(path), "it is not UTF-8") from None
    except OSError as error:
        raise QuestionsUnreadableError(str(path), error.strerror or str(error)) from error
    questions, warnings = [], []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
            questions.append(_question(number, fields))
        except json.JSONDecodeError as error:
            raise QuestionsLineError(str(path), number, f"it is not JSON ({error.msg}, column {error.colno})") from None
        except (ValueError, RecursionError) as error:
            raise QuestionsLineError(str(path), number, str(error)) from None
        unknown = ", ".join(repr(key) for key in fields if key not in KEYS)
        if unknown:
            warnings.append(f"line {number}: {unknown} is none of {', '.join(KEYS)}, and is left out")
    if not questions:
        raise QuestionsUnreadableError(str(path), "there is no question in it")
    return tuple(questions), tuple(warnings)


def write(lines: Iterable[Mapping[str, str]], path: str | os.PathLike[str], *, force: bool = False) -> None:
    """Write a file of questions; one that is there is written over only by ``force``.

    Raises:
        QuestionsUnwritableError: there is such a file, or the system does not let it be written.
    """
    try:
        with Path(path).open("w" if force else "x", encoding="utf-8") as file:
            file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    except FileExistsError:
        raise QuestionsUnwritableError(str(path), "there is such a file, perhaps with corrections of yours") from None
    except OSError as error:
        raise QuestionsUnwritableError(str(path), error.strerror or str(error)) from error


def folded(text: str) -> str:
    """A text without case, and with a keyboard's quotes and dashes, every character in its place."""
    return text.translate(_ALIKE).lower()


class Gold:
    """What a question gives as right, to be looked for in the texts of articles."""

    def __init__(self, question: Question) -> None:
        self._answers = [_pattern(text) for text in question.answers]
        self._evidence = [_pattern(text) for text in question.evidence]

    def places(self, text: str) -> list[tuple[int, int]]:
        """Where it stands in a text that is folded, as starts and ends.

        Any white space is as good as another, and words are found only whole.
        Where nothing but an article is given, all of the text is right.
        """
        answers, evidence = _found(self._answers, text), _found(self._evidence, text)
        if not self._answers:
            return evidence if self._evidence else [(0, len(text))]
        if not self._evidence:
            return answers
        return [(start, end) for start, end in answers if any(low <= start and end <= high for low, high in evidence)]


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(r"\s+".join(map(re.escape, folded(text).split())))


def _found(patterns: Iterable[re.Pattern[str]], text: str) -> list[tuple[int, int]]:
    spans = []
    for pattern in patterns:
        match = pattern.search(text)
        while match:
            start, end = match.span()
            # Not part of the pattern, which would keep it from skipping quickly to its first word.
            whole = not (_in_word(text, start) or _in_word(text, end))
            if whole:
                spans.append((start, end))
            match = pattern.search(text, end if whole else start + 1)
    return spans


def _in_word(text: str, place: int) -> bool:
    return 0 < place < len(text) and text[place - 1 : place + 1].isalnum()


def _question(line: int, fields: object) -> Question:
    """A question from what JSON gave; a ValueError says what is wrong with it."""
    if not isinstance(fields, dict):
        raise ValueError('it is not an object such as {"question": "…"}')  # noqa: TRY004  one kind for the caller
    text, found = fields.get("question"), fields.get("found")
    if not isinstance(text, str) or not text.strip():
        raise ValueError('"question" is missing or empty')
    if not isinstance(found, bool | None):
        raise ValueError('"found" is neither true nor false')  # noqa: TRY004
    articles, answers, evidence = (_texts(key, fields.get(key)) for key in ("article", "answer", "evidence"))
    judged = bool(articles or answers or evidence)
    if found is False and judged:
        raise ValueError('"found" is false, and yet an article, answer or evidence is given')
    return Question(line, text.strip(), articles, answers, evidence, answerable=judged if found is None else found)


def _texts(key: str, value: object) -> tuple[str, ...]:
    texts = () if value is None else tuple(value) if isinstance(value, list) else (value,)
    if value == [] or not all(isinstance(text, str) and text.strip() for text in texts):
        raise ValueError(f'"{key}" is neither a text nor a list of texts')
    return texts
