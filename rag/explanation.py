"""Why a passage was found: which of its words answered to which of the question's."""

from __future__ import annotations

import re

import numpy as np

from rag.arrays import Floats, Integers
from rag.types import WordMatch

_WORD = re.compile(r"\w[\w’'-]*")


def matches(question: str, asked: Integers, passage: str, held: Integers, cosines: Floats) -> tuple[WordMatch, ...]:
    """For each word of the question the word of the passage whose state is nearest, in the question's order.

    ``asked`` int64 (q,) and ``held`` int64 (n,) say at which character each word
    piece of the two texts begins, ``cosines`` float32 (q, n) how near their
    states are. Of a word of several pieces, the piece with the best match speaks
    for it.
    """
    nearest = cosines.argmax(axis=1)
    best: dict[tuple[int, int], WordMatch] = {}
    for piece, start in enumerate(asked.tolist()):
        here = _word_at(question, start)
        there = _word_at(passage, int(held[nearest[piece]]))
        if here is None or there is None:
            continue
        match = WordMatch(here.group(), there.group(), float(np.clip(cosines[piece, nearest[piece]], 0, 1)))
        if here.span() not in best or best[here.span()].cosine < match.cosine:
            best[here.span()] = match
    return tuple(best[span] for span in sorted(best))


def _word_at(text: str, place: int) -> re.Match[str] | None:
    """The word around a place in a text, if there is one."""
    begin = place
    while begin > 0 and re.match(r"[\w’'-]", text[begin - 1]):
        begin -= 1
    return _WORD.match(text, begin)
