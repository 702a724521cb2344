"""Which articles are the same article: in another file or format, under another title, lightly edited.

An article's signature is a MinHash of its pairs of neighbouring words (Broder, On
the resemblance and containment of documents, 1997), and of its numbers: reports
that share a frame, of the weather or the markets, have most words in common and
few numbers. Candidates share a band of the signature (Leskovec, Rajaraman &
Ullman, Mining of Massive Datasets, chapter 3), so that the time is about linear
in the number of articles.

Two articles are the same if the shorter one has at least two thirds of the
longer one's words, and four fifths of it stand there, with most of its numbers.
So an article quoted in a much longer one, its digest, and a follow-up that
repeats half of it are others. The articles are gone through from the best one on:
each is kept, unless it is the same as one that is. So each that is not kept is the
same as the one kept in its stead, and not only the same as one that is the same as
that; and it does not matter in which order articles came. The figures behind the
thresholds are in docs/duplicates.md.
"""

from __future__ import annotations

import math
import re
import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from typing import TypeAlias

import numpy as np

from rag.arrays import Floats, Ids, Integers, Mask
from rag.languages import UNSPACED
from rag.types import ArticleInfo

_Hashes: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.uint64]]

BANDS, ROWS = 32, 4
NUMBERS = 13
WIDTH = 3 + NUMBERS + BANDS * ROWS
"""Numbers in a signature."""

# The least share of the shorter article's pairs of words, and of its numbers, that stand in the longer one; of the
# longer one's different pairs, how many the shorter one has.
_PAIRS, _FIGURES, _LENGTH = 0.8, 0.7, 2 / 3
# A text with fewer pairs must be in the other as a whole.
_SHORT = 12
# Lengths that differ by less do not say which article is the better one.
_ABOUT = 1.05
# Kept articles that are looked at for one band; a frame that thousands share would take time by their square.
_MOST = 50

_WORD = re.compile(rf"[{UNSPACED}]|[^\W_{UNSPACED}]+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NONE = np.uint32(0xFFFFFFFF)
_BLANK = re.compile(r"\s")
_READ_AT_ONCE = 1_000_000
_HASHED_AT_ONCE = 4_096


def signature(text: str) -> Ids:
    """What the same article is known by: uint32 (WIDTH,), always the same for the same words.

    It holds how many words, different pairs of words and different numbers there
    are, the lowest hashes of the numbers, and the MinHash of the pairs. Case,
    punctuation and white space do not count.
    """
    read = [
        (_hashed(_WORD.findall(piece)), _hashed([re.sub("[.,]", "", number) for number in _NUMBER.findall(piece)]))
        for piece in _folded(text)
    ]
    words = np.concatenate([np.empty(0, np.uint64), *(words for words, _ in read)])
    numbers = np.unique(np.concatenate([np.empty(0, np.uint64), *(numbers for _, numbers in read)]))
    pairs = np.unique(_mixed(words[:-1] * np.uint64(3) + words[1:]) if len(words) > 1 else words)
    lowest = np.full(NUMBERS, _NONE, np.uint32)
    lowest[: len(numbers)] = numbers[:NUMBERS] >> np.uint64(32)
    return np.concatenate([np.array([len(words), len(pairs), len(numbers)], np.uint32), lowest, _minhash(pairs)])


def preference(info: ArticleInfo, signature: Ids) -> tuple[int, int, date, int, str, str]:
    """A key by which articles are sorted, the one to keep first.

    The longest has what the others have; of about the same length, the one of
    which most is known can be cited best; then the earliest is likely the
    original. Its id tells the rest apart.
    """
    words = int(signature[0])
    known = sum(each is not None for each in (info.url, info.published, info.author, info.source))
    about = math.floor(math.log(max(words, 1), _ABOUT))
    return -about, -known, info.published or date.max, -words, info.id, info.path


def same(one: Ids, other: Ids) -> bool:
    """Whether two articles are the same, by their signatures."""
    return bool(_sameness(one[None], other)[0] > 0)


def alike(signatures: Ids) -> Integers:
    """The articles that may be the same as another one, as they share a band with it: int64 (n,), in order.

    ``signatures`` uint32 (articles, WIDTH).
    """
    found = np.zeros(len(signatures), bool)
    for band in range(BANDS):
        found |= _shared(_keys(signatures, band))
    return np.flatnonzero(found)


def kept(signatures: Ids, order: Sequence[int]) -> Integers:
    """For each article the one that is kept in its stead, or itself: int64 (articles,).

    ``signatures`` uint32 (articles, WIDTH); ``order`` holds the articles' places
    there, the one that is best to keep first (see ``preference``).
    """
    keys = np.stack([_keys(signatures, band) for band in range(BANDS)], axis=1)
    shared = np.stack([_shared(keys[:, band]) for band in range(BANDS)], axis=1)
    chosen = np.arange(len(signatures), dtype=np.int64)
    rank = np.empty(len(signatures), np.int64)
    rank[list(order)] = np.arange(len(signatures))
    known: dict[bytes, int] = {}
    holders: dict[tuple[int, int], list[int]] = {}
    for article in np.array(order, np.int64)[shared[order].any(axis=1)].tolist():
        whole = signatures[article].tobytes()
        if whole in known:
            chosen[article] = known[whole]
            continue
        own = [(band, int(keys[article, band])) for band in np.flatnonzero(shared[article]).tolist()]
        found = np.unique([each for key in own for each in holders.get(key, ())]).astype(np.int64)
        candidates = found[np.argsort(rank[found])]
        shares = _sameness(signatures[candidates], signatures[article])
        if shares.any():
            chosen[article] = candidates[shares.argmax()]
        else:
            for key in own:
                held = holders.setdefault(key, [])
                if len(held) < _MOST:
                    held.append(article)
        known[whole] = int(chosen[article])
    return chosen


def _keys(signatures: Ids, band: int) -> _Hashes:
    """A band of each signature as one number: uint64 (articles,)."""
    keys: _Hashes = np.zeros(len(signatures), np.uint64)
    for row in range(ROWS):
        own = signatures[:, 3 + NUMBERS + band * ROWS + row].astype(np.uint64)
        keys = _mixed(keys + own + np.uint64(1))
    return keys


def _shared(keys: _Hashes) -> Mask:
    """Which of the numbers stand there more than once."""
    order = np.argsort(keys, kind="stable")
    equal = np.diff(keys[order]) == 0
    shared = np.zeros(len(keys), bool)
    shared[order[1:]] = equal
    shared[order[:-1]] |= equal
    return shared


def _sameness(many: Ids, one: Ids) -> Floats:
    """How much of the shorter article is in the longer one, for each of many and one; 0 where they are not the same."""
    fewer = np.minimum(many[:, 1], one[1]).astype(np.float64)
    more = np.maximum(many[:, 1], one[1]).astype(np.float64)
    resemblance = (many[:, 3 + NUMBERS :] == one[3 + NUMBERS :]).mean(axis=1)
    shared = np.minimum(1, resemblance * (fewer + more) / (1 + resemblance) / np.maximum(fewer, 1))
    likely = (shared >= np.where(fewer < _SHORT, 1, _PAIRS)) & (fewer >= _LENGTH * more) & (fewer > 0)
    same = np.zeros(len(many), np.float32)
    same[likely] = np.where(_figures_shared(many[likely], one) >= _FIGURES, shared[likely], 0)
    return same


def _figures_shared(many: Ids, one: Ids) -> Floats:
    """Of the article with fewer numbers, the share that the other has too; 1 where it has none."""
    ours, theirs = many[:, 3 : 3 + NUMBERS], one[3 : 3 + NUMBERS]
    # Of more numbers than fit, the lowest hashes are a sample, which reaches up to its last one.
    reach = np.minimum(
        np.where(many[:, 2] > NUMBERS, ours[:, -1], _NONE - 1), theirs[-1] if one[2] > NUMBERS else _NONE - 1
    )[:, None]
    common = ((ours[:, :, None] == theirs).any(axis=2) & (ours <= reach)).sum(axis=1)
    fewer = np.minimum((ours <= reach).sum(axis=1), (theirs <= reach).sum(axis=1))
    return np.where(fewer > 0, common / np.maximum(fewer, 1), 1).astype(np.float32)


def _folded(text: str) -> Iterator[str]:
    """The text without regard to case and kinds of letters, a piece at a time: the words of a long one take room."""
    begin = 0
    while begin < len(text):
        blank = _BLANK.search(text, begin + _READ_AT_ONCE)
        end = blank.start() if blank else len(text)
        yield unicodedata.normalize("NFKC", text[begin:end]).casefold()
        begin = end


def _hashed(words: Sequence[str]) -> _Hashes:
    known = {word: zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in set(words)}
    return _mixed(np.array([known[word] for word in words], np.uint64))


def _minhash(pairs: _Hashes) -> Ids:
    """The lowest value of each hash function over the pairs: uint32 (BANDS * ROWS,)."""
    factors, summands = _functions()
    lowest = np.full(len(factors), _NONE, np.uint32)
    for begin in range(0, len(pairs), _HASHED_AT_ONCE):
        values = factors[:, None] * pairs[begin : begin + _HASHED_AT_ONCE] + summands[:, None]
        lowest = np.minimum(lowest, (values.min(axis=1) >> np.uint64(32)).astype(np.uint32))
    return lowest


@cache
def _functions() -> tuple[_Hashes, _Hashes]:
    """The hash functions ``(factor * x + summand) mod 2⁶⁴ >> 32`` (Dietzfelbinger, STACS 1996)."""
    drawn = _mixed(np.arange(1, 2 * BANDS * ROWS + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    return drawn[: BANDS * ROWS] | np.uint64(1), drawn[BANDS * ROWS :]


def _mixed(values: _Hashes) -> _Hashes:
    """Each value with its bits mixed, one to one (the last steps of SplitMix64, Steele, Lea & Flood 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: _Hashes = values ^ (values >> np.uint64(31))
    return mixed
