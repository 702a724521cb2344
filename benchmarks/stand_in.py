"""Made-up news for the measurements of scale: articles of realistic statistics, and a model that is a table.

The words are those of the packaged model's own vocabulary, in its order, which is
about that of their frequency. An article is about two topics out of many; each
has its own words. The stand-in for the model is a converted model like any other,
so that a build and a question run it through the very same code: a word piece's
state is a row of a table (its own direction and that of its topic), moved towards
the mean of the text and by noise that depends on the piece and its place; a text's
vector is the mean of its states. The table's spectrum falls as the packaged
model's states do. All is made with a seed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import openvino
from openvino import opset13 as operations
from tokenizers import Tokenizer

from rag import states as states_room
from rag.arrays import Floats, Integers
from rag.embedding import Part, Tell
from rag.encoder import CARD, CONVERTED, TOKENIZER, Encoder, ModelCard, load, packaged_model
from rag.states import CODEC, Codec
from rag.types import EncodedArticle, Passage, Sentence, Text

NAME = "stand-in"
HASH = "57a4d1" * 10 + "0001"
DIMENSIONS = 384
SENTENCES, WORDS = 84, 21
"""Sentences of an article, about ten passages; words of a sentence."""

_SENTENCE = re.compile(r"[^\s.][^.]*\.")
_TOPICS, _TOPIC_WORDS = 600, 240
_SHARD = 500
_NOISE = 4_096
# Of the words of a sentence, how many are the topic's; and how many are one of its names, which the model cuts.
_OWN = 0.45
_NAMED, _NAMES = 0.03, 12


@dataclass(frozen=True, slots=True)
class Made:
    """An article: its number, title, text, source, day, and its sentences."""

    number: int
    title: str
    source: str
    published: str
    sentences: tuple[str, ...]

    @property
    def text(self) -> str:
        """The sentences, six to a paragraph."""
        paragraphs = (self.sentences[place : place + 6] for place in range(0, len(self.sentences), 6))
        return "\n\n".join(map(" ".join, paragraphs))


class News:
    """A source of made-up articles; each is always the same one."""

    def __init__(self, seed: int = 1) -> None:
        self._seed = seed
        drawn = np.random.default_rng(seed)
        tokenizer = Tokenizer.from_file(str(packaged_model() / "tokenizer.json"))
        tokenizer.no_padding()
        vocabulary = tokenizer.get_vocab()
        in_order = sorted(vocabulary.items(), key=lambda item: item[1])
        self.words = [word for word, _ in in_order if word.isalpha() and word.isascii() and len(word) > 1]
        self.pieces = np.array([vocabulary[word] for word in self.words])
        self.vocabulary = len(vocabulary)
        self.stop, self.first, self.last = (vocabulary[each] for each in (".", "[CLS]", "[SEP]"))
        syllables = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
        made = drawn.integers(0, len(syllables), (_TOPICS, _NAMES, 4))
        names = [["".join(syllables[each] for each in name).title() for name in topic] for topic in made.tolist()]
        self._names = np.array(names, object)
        read = tokenizer.encode_batch([name for topic in names for name in topic], add_special_tokens=False)
        self.spelled: dict[str, tuple[int, ...]] = {
            word: (int(piece),) for word, piece in zip(self.words, self.pieces, strict=True)
        }
        self.spelled |= {
            name.lower(): tuple(each.ids)
            for name, each in zip((n for topic in names for n in topic), read, strict=True)
        }
        share = 1 / (np.arange(len(self.words)) + 2.7)
        self._common = np.cumsum(share / share.sum())
        # A topic's words are rarer ones; a name of two words belongs to it alone.
        self.topics = drawn.integers(300, len(self.words), (_TOPICS, _TOPIC_WORDS))
        own = 1 / (np.arange(_TOPIC_WORDS) + 4.0)
        self._own = np.cumsum(own / own.sum())

    @cached_property
    def _written(self) -> np.ndarray[tuple[int, ...], np.dtype[np.object_]]:
        return np.array(self.words, object)

    def article(self, number: int) -> Made:
        """The article of this number."""
        drawn = np.random.default_rng((self._seed, number))
        count = max(4, int(drawn.normal(SENTENCES, SENTENCES / 6)))
        topics = drawn.integers(0, _TOPICS, 2)
        topic_of = topics[(drawn.random(count) < 0.3).astype(int)]
        lengths = drawn.integers(WORDS // 2, WORDS + WORDS // 2 + 1, count)
        every = int(lengths.sum())
        common = np.searchsorted(self._common, drawn.random(every)).clip(0, len(self.words) - 1)
        # Each article dwells on a few dozen of its topics' words.
        focus = drawn.permutation(_TOPIC_WORDS)
        ranks = np.searchsorted(self._own, drawn.random(every)).clip(0, _TOPIC_WORDS - 1)
        ranks = np.where(drawn.random(every) < 0.5, focus[ranks], ranks)
        own = self.topics[np.repeat(topic_of, lengths), ranks]
        written = self._written[np.where(drawn.random(every) < _OWN, own, common)]
        named = np.flatnonzero(drawn.random(every) < _NAMED)
        of_topic = np.repeat(topic_of, lengths)[named]
        written[named] = self._names[of_topic, drawn.integers(0, _NAMES, len(named))]
        chosen = written.tolist()
        ends = np.cumsum(lengths).tolist()
        sentences = []
        begin = 0
        for end in ends:
            sentence = " ".join(chosen[begin:end])
            sentences.append(f"{sentence[0].upper()}{sentence[1:]}.")
            begin = end
        year, month, day = 2015 + number % 10, 1 + number // 10 % 12, 1 + number // 120 % 28
        title = f"{' '.join(chosen[:6])} {number}"
        return Made(number, title, f"Paper {number % 40}", f"{year}-{month:02}-{day:02}", tuple(sentences))

    def write(self, corpus: Path, articles: int) -> None:
        """Write so many articles into a folder, some hundred a file."""
        corpus.mkdir(parents=True, exist_ok=True)
        for first in range(0, articles, _SHARD):
            with (corpus / f"{first:07}.jsonl").open("w", encoding="utf-8") as file:
                for number in range(first, min(first + _SHARD, articles)):
                    made = self.article(number)
                    known = {"title": made.title, "source": made.source, "published": made.published, "language": "en"}
                    file.write(json.dumps({**known, "text": made.text}) + "\n")

    def questions(self, count: int, articles: int) -> Iterator[tuple[int, str]]:
        """Questions, each with the article that it was drawn from.

        Each has about half of the words of one sentence, and one word of its topic that the sentence may lack.
        """
        drawn = np.random.default_rng((self._seed, 0xA5))
        for number in drawn.integers(0, articles, count).tolist():
            sentence = self.article(number).sentences[int(drawn.integers(0, 4))]
            words = (sentence[0].lower() + sentence[1:-1]).split()
            kept = sorted(drawn.permutation(len(words))[: max(4, round(0.45 * len(words)))].tolist())
            yield number, " ".join(words[place] for place in kept) + "?"


def table(news: News, seed: int = 2) -> Floats:
    """What the stand-in makes of each word piece by itself: float32 (vocabulary, DIMENSIONS)."""
    drawn = np.random.default_rng(seed)
    spectrum = (1 / np.sqrt(np.arange(DIMENSIONS) + 8.0)).astype(np.float32)
    rows = drawn.standard_normal((news.vocabulary, DIMENSIONS), np.float32) * spectrum
    directions = drawn.standard_normal((len(news.topics), DIMENSIONS), np.float32) * spectrum
    for topic, words in enumerate(news.topics):
        rows[news.pieces[words]] += 0.8 * directions[topic]
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    # Words that stand everywhere say less, and all texts have but little in common.
    rows[news.pieces[:100]] *= 0.5
    share = 1 / (np.arange(len(news.words)) + 2.7)
    rows -= (share / share.sum()) @ rows[news.pieces]
    return np.asarray(rows + 0.08 * spectrum / np.linalg.norm(spectrum), np.float32)


def prepare(models: Path, news: News) -> Path:
    """Write the stand-in as a prepared model with its codec; return its folder."""
    folder = models / HASH[:16]
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = json.loads((packaged_model() / "tokenizer.json").read_text(encoding="utf-8"))
    written = json.dumps(tokenizer | {"truncation": None, "padding": None}, sort_keys=True)
    (folder / TOKENIZER).write_text(written, encoding="utf-8")
    openvino.save_model(_model(table(news)), folder / CONVERTED, compress_to_fp16=False)
    card = ModelCard(
        name=NAME,
        hash=HASH,
        dimensions=DIMENSIONS,
        vocabulary=news.vocabulary,
        window=256,
        specials=2,
        question_prefix="",
        passage_prefix="",
        inputs=("input_ids", "attention_mask"),
        padding=0,
        source={},
        languages=("en",),
    )
    (folder / CARD).write_text(json.dumps(asdict(card)), encoding="utf-8")
    encoder = load(folder)
    phrases = encoder.passages(encoder.vocabulary_phrases())
    states_room.fit(np.concatenate([phrase.states for phrase in phrases])).save(folder / CODEC)
    return folder


def noise() -> Floats:
    """What moves a word piece at its place: float32 (_NOISE, DIMENSIONS)."""
    drawn = np.random.default_rng(3).standard_normal((_NOISE, DIMENSIONS), np.float32)
    return np.asarray(drawn * np.float32(0.45 / np.sqrt(DIMENSIONS)), np.float32)


def _moved(pieces: Integers | np.int64, places: Integers | np.int64) -> Integers:
    """Which row of the noise moves each piece; the first special one stands at place 1."""
    return np.asarray((pieces * 61 + places * 257) % _NOISE, np.int64)


class Embedding:
    """Makes of made-up articles what ``rag.embedding.embed`` makes of them with the stand-in, by tables alone.

    Sentences are cut at their stops, and word pieces are looked up word by word,
    so that a million passages take minutes. A passage has at most ``MOST`` pieces.
    """

    MOST = 240

    def __init__(self, news: News) -> None:
        self._news = news
        self._own, self._noise = table(news), noise()

    def __call__(
        self, texts: Sequence[Text], encoder: Encoder, codec: Codec, passage_tokens: int, tell: Tell | None
    ) -> Iterator[Part]:
        """The parts of texts, one a text."""
        del encoder, passage_tokens, tell
        own, moving = self._own @ codec.basis, self._noise @ codec.basis
        for number, text in enumerate(texts):
            yield Part(number, self._encoded(text.text, codec, own, moving))

    def _encoded(self, text: str, codec: Codec, own: Floats, moving: Floats) -> EncodedArticle:
        spans = [match.span() for match in _SENTENCE.finditer(text)]
        spelled, stop = self._news.spelled, self._news.stop
        pieces = []
        for start, end in spans:
            read = [each for word in text[start : end - 1].lower().split() for each in spelled[word]]
            pieces.append(np.array([*read, stop], np.int64))
        lengths = np.array([len(each) for each in pieces])
        runs, first = list[tuple[int, int]](), 0
        while not runs or runs[-1][1] < len(spans):
            last = first + max(2, int(np.searchsorted(np.cumsum(lengths[first:]), self.MOST, side="right")))
            runs.append((first, min(last, len(spans))))
            first = runs[-1][1] - 1
        chosen = [each for run in runs for each in pieces[slice(*run)]]
        held = np.concatenate(chosen)
        counts = np.array([int(lengths[slice(*run)].sum()) for run in runs])
        begins = np.cumsum(counts) - counts
        owner = np.repeat(np.arange(len(runs)), counts)
        ends = own[self._news.first] + own[self._news.last]
        states = own[held]
        sums = summed(states, counts) + ends
        states += (sums / (counts + 2)[:, None].astype(np.float32))[owner]
        states += moving[_moved(held, np.arange(len(held)) - begins[owner] + 2)]
        states /= np.linalg.norm(states, axis=1, keepdims=True)
        steps = np.rint((states - codec.low) / codec.step).clip(0, states_room.STEPS - 1).astype(np.uint8)
        places = [np.full(lengths[each], each - run[0], np.uint8) for run in runs for each in range(*run)]
        return EncodedArticle(
            sentences=tuple(Sentence(*span) for span in spans),
            passages=tuple(Passage(spans[run[0]][0], spans[run[1] - 1][1], *run) for run in runs),
            vectors=self._vectors(np.concatenate(pieces), lengths),
            codes=(steps[:, : codec.width] << states_room.HALF) + steps[:, codec.width :],
            pieces=held.astype(np.uint32),
            places=np.concatenate(places),
            lengths=counts.astype(np.int64),
        )

    def _vectors(self, held: Integers, lengths: Integers) -> Floats:
        begins = np.cumsum(lengths) - lengths
        places = np.arange(len(held)) - np.repeat(begins, lengths) + 2
        first, last = np.int64(self._news.first), np.int64(self._news.last)
        sums = summed(2 * self._own[held] + self._noise[_moved(held, places)], lengths)
        sums += 2 * (self._own[first] + self._own[last])
        sums += self._noise[_moved(first, np.int64(1))] + self._noise[_moved(np.full(len(lengths), last), lengths + 2)]
        return np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True), np.float32)


def summed(rows: Floats, lengths: Integers) -> Floats:
    """The sums of runs of rows, one after the other; quicker than ``np.add.reduceat``."""
    owner = np.repeat(np.arange(len(lengths)), lengths)
    return np.asarray((owner == np.arange(len(lengths))[:, None]).astype(np.float32) @ rows, np.float32)


def _model(rows: Floats) -> openvino.Model:
    """The stand-in as OpenVINO runs it: word pieces and mask, int64 (n, w), to states and vectors."""
    ids = operations.parameter([-1, -1], np.int64, name="input_ids")
    mask = operations.parameter([-1, -1], np.int64, name="attention_mask")
    zero = operations.constant(np.int64(0))
    counted = operations.unsqueeze(operations.convert(mask, np.float32), np.int64(2))
    own = operations.multiply(operations.gather(operations.constant(rows), ids, zero), counted)
    places = operations.cum_sum(mask, np.int64(1))
    mixed = operations.add(operations.multiply(ids, np.int64(61)), operations.multiply(places, np.int64(257)))
    moved = operations.gather(operations.constant(noise()), operations.mod(mixed, np.int64(_NOISE)), zero)
    pieces = operations.reduce_sum(counted, np.array([1]), keep_dims=True)
    mean = operations.divide(operations.reduce_sum(own, np.array([1]), keep_dims=True), pieces)
    made = operations.add(operations.add(own, mean), moved)
    vector = operations.reduce_sum(operations.multiply(made, counted), np.array([1]), keep_dims=False)
    return openvino.Model([made, vector], [ids, mask], NAME)


def spread(vectors: Floats, kept: int) -> float:
    """The share of the vectors' squares in their strongest directions, so many of them."""
    strengths = np.linalg.eigvalsh(vectors.T @ vectors)[::-1]
    return float(strengths[:kept].sum() / strengths.sum())
