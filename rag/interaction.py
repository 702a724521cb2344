"""Late interaction: how well the pieces of a question meet those of a passage, a few neighbouring sentences at a time.

The inner part, each question piece's best cosine in each sentence, is
``Codec.best_cosines``; here it becomes a score. A plain sum over the passage
(Khattab & Zaharia, ColBERT, SIGIR 2020, https://arxiv.org/abs/2004.12832) lets
words count together that stand far apart. So the words of a question must meet
their like within one window of neighbouring sentences, as many whole ones as
make up 48 word pieces; only names and numbers may stand anywhere in the passage,
for a text that has named somebody goes on with "he". Windows counted in pieces
and not in sentences serve prose and tables alike (docs/retrieval.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rag.arrays import Bytes, Floats, Integers, Mask

WINDOW = 48
# A neighbouring sentence is quoted too where it adds this much.
WORTH = 0.05


@dataclass(frozen=True, slots=True)
class Runs:
    """The word pieces of some passages, in runs of one sentence each; all int64.

    ``begins`` (runs,) says where a run begins among the pieces, ``places``
    (runs,) which of its passage's sentences it is, ``lengths`` (runs,) how many
    pieces it has; ``firsts`` (passages + 1,) is the first run of each passage.
    """

    begins: Integers
    places: Integers
    lengths: Integers
    firsts: Integers


def runs(places: Bytes, begins: Integers) -> Runs:
    """Runs of one sentence, from the sentence of each piece, uint8 (n,), and where each passage begins among them."""
    starts = np.zeros(len(places), bool)
    starts[begins[:-1]] = True
    starts[1:] |= places[1:] != places[:-1]
    found = np.flatnonzero(starts)
    return Runs(
        begins=found,
        places=places[found].astype(np.int64),
        lengths=np.diff(np.append(found, len(places))),
        firsts=np.searchsorted(found, begins),
    )


def late_interaction(cosines: Floats, weights: Floats, named: Mask, found: Runs) -> Floats:
    """The score of each passage: float32 (passages,), 1 where every piece has its very like.

    ``cosines`` float32 (q, runs) are each question piece's best ones in each
    run, ``weights`` float32 (q,) sum to 1, and ``named`` bool (q,) are the pieces
    of names and numbers.
    """
    firsts = found.firsts[:-1]
    # Not by BLAS: see rag.states.ALONE.
    anywhere = np.einsum("q,qp->p", weights * named, np.maximum.reduceat(cosines, firsts, axis=1))
    within = np.maximum.reduceat(np.einsum("q,qr->r", weights * ~named, _over_windows(cosines, found)), firsts)
    return np.asarray(anywhere + within, np.float32)


def _over_windows(cosines: Floats, found: Runs) -> Floats:
    """The best cosines in the window that begins with each run: float32 (q, runs)."""
    pieces = np.append(0, np.cumsum(found.lengths))
    runs_of_passage = np.repeat(found.firsts[1:], np.diff(found.firsts))
    ends = np.minimum(np.searchsorted(pieces, pieces[:-1] + WINDOW), runs_of_passage)
    best = cosines.copy()
    every, further = np.arange(len(ends)), 1
    while len(longer := np.flatnonzero(every + further < ends)):
        best[:, longer] = np.maximum(best[:, longer], cosines[:, longer + further])
        further += 1
    return best


def quote(cosines: Floats, weights: Floats, sentence_scores: Floats, places: Integers) -> tuple[int, int]:
    """The sentence of a passage to quote, or two neighbours: the first place, and the last one excluded.

    ``cosines`` float32 (q, runs) and ``places`` int64 (runs,) are those of one
    passage; ``sentence_scores`` float32 (runs,) is what else speaks for a
    sentence.
    """
    alone = weights @ cosines
    best = int(np.argmax(alone + sentence_scores))
    place = int(places[best])
    gains = {
        int(places[other]): float(weights @ np.maximum(cosines[:, best], cosines[:, other]) - alone[best])
        for other in (best - 1, best + 1)
        if 0 <= other < len(places) and abs(places[other] - place) == 1
    }
    neighbour = max(gains, key=lambda each: gains[each], default=place)
    if gains.get(neighbour, 0.0) <= WORTH:
        neighbour = place
    return min(place, neighbour), max(place, neighbour) + 1
