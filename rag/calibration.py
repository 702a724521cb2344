"""How high a question that the articles answer scores among these very articles.

The scale of the scores depends on the corpus: with few articles common words
weigh more, with many some passage always fits a little. So the index is asked,
when it is built, questions that it must be able to answer: each is made of two
fifths of the words of one of its own sentences. How near the best passages come
to them (``Hit.nearness``), in the median, is the corpus's scale, and a share of
it tells what counts as found. The same share serves corpora of quite different
scale (docs/retrieval.md).
"""

from __future__ import annotations

import re
from statistics import median

import numpy as np

from rag import lexical, search
from rag.encoder import Encoder
from rag.languages import UNSPACED
from rag.states import Codec
from rag.store import Snapshot

QUESTIONS = 60
KEPT = 0.4
MOST_SENTENCES, FEW_SENTENCES = 4_000, 16
# A sentence with fewer terms leaves too little to ask.
FEWEST_TERMS = 6
UNKNOWN = 1.7

# Where no blanks stand between words, two characters are about one.
_WORD = re.compile(rf"[{UNSPACED}]{{1,2}}|[^\W{UNSPACED}](?:[^\W{UNSPACED}]|['’-])*")


def scale(snapshot: Snapshot, encoder: Encoder, codec: Codec) -> float:
    """How near questions from the articles' own sentences come, in the median; ``UNKNOWN`` if none is long enough.

    The same articles give the same scale, however the index was built.
    """
    reached = []
    for question in questions(snapshot):
        query = search.prepare(question, encoder.question(question), codec, snapshot)
        reached += [hit.nearness for hit in search.search(query, codec, snapshot, 1)]
    return float(median(reached)) if reached else UNKNOWN


def questions(snapshot: Snapshot) -> tuple[str, ...]:
    """Questions from the sentences of a sample of the articles, always the same for the same articles."""
    # An id is a hash of the content: the lowest are a sample drawn at random once and for all.
    lowest = []
    for segment, live in zip(snapshot.segments, snapshot.live, strict=True):
        numbers = np.flatnonzero(live)
        first = numbers[np.argsort(segment.identities[numbers], kind="stable")[:QUESTIONS]]
        lowest += [(int(segment.identities[number]), segment, int(number)) for number in first]
    drawn = sorted(lowest, key=lambda row: row[0])[:QUESTIONS]
    each = -(-QUESTIONS // max(1, len(drawn)))
    asked = []
    for _, segment, number in drawn:
        article = segment.article(number)
        text = article.text
        spans = segment.sentences_in(number)
        # Of a very long article, and of one of many, every so many sentences are enough.
        spans = spans[:: 1 + len(spans) // (MOST_SENTENCES if each > 1 else FEW_SENTENCES)]
        made = filter(None, (question(text[span.start : span.end], article.language) for span in spans))
        asked += sorted(made, key=lexical.term_id)[:each]
    return tuple(asked[:QUESTIONS])


def question(sentence: str, language: str | None = None) -> str | None:
    """Two fifths of a sentence's words, in their order, or None where it has too few."""
    words = [word for word in _WORD.findall(sentence) if lexical.terms(word, language)]
    if len(words) < FEWEST_TERMS:
        return None
    by_chance = np.argsort([lexical.term_id(f"{place} {word}") for place, word in enumerate(words)])
    kept = sorted(by_chance[: round(KEPT * len(words))].tolist())
    return " ".join(words[place] for place in kept) + "?"
