"""Article texts to passages with their vectors, many texts at once.

A sentence's vector is that of the sentence encoded alone: pooled from the
passage's own forward pass it costs about 0.005 of hit@1 on XQuAD-en
(docs/retrieval.md).

The states of a passage take 32 times the room of their codes. So each is
compressed as soon as it is encoded, while the next ones are being encoded, and
of a long text a part is handed on before the next is made: what is held at once
does not grow with its length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

import numpy as np

from rag import passages, tokens
from rag.arrays import Bytes, Floats, Ids
from rag.encoder import Encoder, TokenStates
from rag.passages import TokenLimit
from rag.states import Codec
from rag.types import EncodedArticle, Passage, Sentence, Text

# Among so many passages like lengths are encoded together; a part has at most so many.
WINDOW = 1024
# Whoever wants to know is told after so many passages.
TOLD_AFTER = 64

Tell = Callable[[int, int, int], None]
"""Is told the number of the text at hand, and how many passages are done of how many in all texts."""


@dataclass(frozen=True, slots=True)
class Part:
    """What the model makes of a text, or of one part of it after the other; ``text`` counts the texts from 0."""

    text: int
    encoded: EncodedArticle


@dataclass(frozen=True, slots=True)
class _Run:
    """Passages of one text that follow each other; its sentences, and those of them that are in no run before."""

    number: int
    text: str
    passages: tuple[Passage, ...]
    sentences: tuple[Sentence, ...]
    new: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class _Compressed:
    """The word pieces of a passage; fields as for :class:`~rag.types.EncodedArticle`."""

    codes: Bytes
    pieces: Ids
    places: Bytes


def embed(
    texts: Sequence[Text], encoder: Encoder, codec: Codec, passage_tokens: int, tell: Tell | None = None
) -> Iterator[Part]:
    """Cut texts into passages of at most ``passage_tokens`` (cl100k_base) that the model can read whole, and encode.

    The parts come in the order of the texts, at least one of each that has a word.
    """
    limits = (TokenLimit(tokens.counts, passage_tokens), TokenLimit(encoder.counts, encoder.room))
    cut = [passages.split(each.text, limits, each.language) for each in texts]
    meter = _Meter([found for _, found in cut], tell)
    for window in _windows(texts, cut):
        vectors = iter(_vectors(window, encoder, meter))
        compressed = iter(_compressed(window, encoder, codec, meter))
        for run in window:
            own = list(islice(compressed, len(run.passages)))
            encoded = EncodedArticle(
                sentences=run.new,
                passages=run.passages,
                vectors=np.array(list(islice(vectors, len(run.new))), np.float32).reshape(len(run.new), -1),
                codes=np.concatenate([each.codes for each in own]),
                pieces=np.concatenate([each.pieces for each in own]),
                places=np.concatenate([each.places for each in own]),
                lengths=np.array([len(each.pieces) for each in own], np.int64),
            )
            yield Part(run.number, encoded)


def _windows(
    texts: Sequence[Text], cut: Sequence[tuple[tuple[Sentence, ...], tuple[Passage, ...]]]
) -> Iterator[list[_Run]]:
    """The passages of all texts in order, ``WINDOW`` at a time."""
    every = ((number, passage) for number, (_, found) in enumerate(cut) for passage in found)
    told = [0] * len(texts)
    while window := list(islice(every, WINDOW)):
        runs = []
        for number, pairs in groupby(window, key=lambda pair: pair[0]):
            own, sentences = tuple(passage for _, passage in pairs), cut[number][0]
            runs.append(_Run(number, texts[number].text, own, sentences, sentences[told[number] : own[-1].last]))
            told[number] = own[-1].last
        yield runs


class _Meter:
    """Tells how many passages are done: as many of them as characters of theirs and of their sentences."""

    def __init__(self, cut: Sequence[Sequence[Passage]], tell: Tell | None) -> None:
        self._every = [number for number, found in enumerate(cut) for _ in found]
        self._characters = 2 * sum(each.end - each.start for found in cut for each in found)
        self._tell = tell
        self._encoded = self._told = 0

    def add(self, characters: int) -> None:
        """So many characters more have been encoded."""
        self._encoded += characters
        done = len(self._every) * self._encoded // max(1, self._characters)
        if self._tell is not None and self._told + TOLD_AFTER <= done < len(self._every):
            self._told = done
            self._tell(self._every[done], done, len(self._every))


def _vectors(window: Sequence[_Run], encoder: Encoder, meter: _Meter) -> Floats:
    """The vectors of the new sentences of all runs: float32 (sentences, d)."""
    written = [run.text[sentence.start : sentence.end] for run in window for sentence in run.new]
    vectors = np.empty((len(written), encoder.card.dimensions), np.float32)
    for place, vector in encoder.each_sentence(written):
        vectors[place] = vector
        meter.add(len(written[place]))
    return vectors


def _compressed(window: Sequence[_Run], encoder: Encoder, codec: Codec, meter: _Meter) -> list[_Compressed]:
    """The passages of all runs, in order."""
    every = [(run, passage) for run in window for passage in run.passages]
    written = [run.text[passage.start : passage.end] for run, passage in every]
    found: dict[int, _Compressed] = {}
    for place, encoded in encoder.each_passage(written):
        run, passage = every[place]
        sentence_of = _places(passage, encoded, run.sentences)
        found[place] = _Compressed(codec.encode(encoded.states), encoded.pieces.astype(np.uint32), sentence_of)
        meter.add(len(written[place]))
    return [found[place] for place in range(len(every))]


def _places(passage: Passage, encoded: TokenStates, sentences: Sequence[Sentence]) -> Bytes:
    """In which of the passage's sentences each of its word pieces stands."""
    starts = [sentence.start - passage.start for sentence in sentences[passage.first : passage.last]]
    return np.asarray(np.searchsorted(starts, encoded.starts, side="right") - 1, np.uint8)
