"""Nearest sentences: the vectors of one segment in FAISS, and nothing else of FAISS anywhere.

The vectors have length 1, so that the inner product is the cosine. Up to some
hundred thousand are kept as 16-bit floats and searched exactly (``SQfp16``), in
the order of 32-bit floats to the last rank.

More of them are kept as codes of at most 96 bytes, in lists around centroids, of
which a question looks through the nearest ones (an inverted file of product
quantiser's codes; Jégou, Douze & Schmid, Product quantization for nearest
neighbor search, TPAMI 33(1), 2011). A code does not depend on the other vectors:
a fixed rotation makes the parts of any vector look like draws from a normal
distribution, for which one code book serves (as in Zandieh et al., TurboQuant,
https://arxiv.org/abs/2504.19874). So segments are merged without a further loss,
and an index that grew in steps holds the codes of one that was built at once. A part
has 4 bits, so that its products with a question are looked up 16 at a time within
a register (André, Kermarrec & Le Scouarnec, Quicker ADC, TPAMI 43(5), 2021); for
that FAISS wants the codes of a list interleaved, which they are in memory when an
index is opened. How many lists a question looks through is chosen by measuring, on
the vectors themselves, what share of the nearest it then finds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import faiss
import numpy as np

from rag import machine
from rag.arrays import Bytes, Floats, Integers, Mask

EXACT = "SQfp16"
CODE = 96
"""Bytes of a code, or as many less as divide the number of dimensions."""
LARGE = 200_000
"""From so many sentences on a segment's are kept as codes."""

_SEED = 20_240_601
_BITS = 4
# The code book is made from so many draws.
_DRAWN = 65_536
# Vectors for each centroid that the lists are made from, and rounds of it.
_SAMPLED, _ROUNDS = 48, 8
_AT_ONCE = 65_536
# So many questions try how much is found, of so many nearest, until it is such a share.
_TRIED, _NEAREST, _ENOUGH = 128, 10, 0.98
# The fewest lists that are looked through, so many times as many each time, and the largest share of them, however much
# is found.
_FEWEST_PROBES, _MORE_PROBES, _MOST_PROBES = 8, 1.25, 1 / 8
# So many products of vectors with centroids are held at a time.
_PRODUCTS = 1 << 24
# So many codes are interleaved.
_BLOCK = 32


@dataclass(frozen=True, slots=True)
class VectorCard:
    """How a segment's vectors are kept.

    ``kind`` is FAISS's name for it. ``lists`` and ``probes`` say how many lists
    there are and how many a question looks through, 0 where all vectors are
    searched. ``recall`` is the share of the ten nearest that stand in those lists,
    measured when they were written. A cosine with a code is multiplied by ``gain``, for
    codes are shorter than what they stand for.
    """

    kind: str
    lists: int = 0
    probes: int = 0
    recall: float = 1.0
    gain: float = 1.0


class VectorWriter:
    """Collects sentence vectors in the order of the sentences: 768 bytes each, or ``CODE`` once they are many."""

    def __init__(self, dimensions: int, large: int = LARGE) -> None:
        self._dimensions, self._large = dimensions, large
        self._flat = _flat(dimensions)
        self._codes: list[Bytes] | None = None

    def add(self, vectors: Floats) -> None:
        """Append vectors, float32 (n, d) of length 1."""
        if not len(vectors):
            return
        # An article's sentences are too few to be shared among threads.
        faiss.omp_set_num_threads(1)
        self._flat.add(np.ascontiguousarray(vectors, np.float32))
        if self._flat.ntotal > (self._large if self._codes is None else _AT_ONCE):
            self._encode()

    def copy(self, source: SentenceVectors, begin: int, end: int) -> None:
        """Append vectors ``begin`` to ``end``, without the last, of another segment, just as they are kept there."""
        for first in range(begin, end, _AT_ONCE):
            numbers = np.arange(first, min(first + _AT_ONCE, end))
            if source.card.lists:
                self._encode()
                assert self._codes is not None  # noqa: S101  they are by now
                self._codes.append(source.codes(numbers))
            else:
                self.add(source.take(numbers))

    def save(self, path: Path) -> VectorCard:
        """Write the index."""
        if self._codes is None:
            faiss.write_index(self._flat, str(path))
            return VectorCard(EXACT)
        self._encode()
        index, card = _lists(np.concatenate(self._codes), self._dimensions)
        turned = faiss.LinearTransform(self._dimensions, self._dimensions, False)  # noqa: FBT003  FAISS names nothing
        faiss.copy_array_to_vector(np.ascontiguousarray(_rotation(self._dimensions).T).ravel(), turned.A)
        turned.is_trained = True
        faiss.write_index(faiss.IndexPreTransform(turned, index), str(path))
        return card

    def _encode(self) -> None:
        """Turn the 16-bit floats at hand into codes."""
        _share(self._flat.ntotal)
        self._codes = self._codes if self._codes is not None else []
        quantizer = _quantizer(self._dimensions)
        for begin in range(0, self._flat.ntotal, _AT_ONCE):
            vectors = self._flat.reconstruct_n(begin, min(_AT_ONCE, self._flat.ntotal - begin))
            self._codes.append(_encoded(quantizer, vectors @ _rotation(self._dimensions)))
        self._flat = _flat(self._dimensions)


class SentenceVectors:
    """The sentence vectors of one segment, ready to search; sentences are numbered from 0."""

    def __init__(self, path: Path, card: VectorCard) -> None:
        self.card = card
        # Lists are mapped by one flag of FAISS, flat codes by another. SWIG's stubs know no more of what is read than
        # that it is an index.
        index: Any = faiss.read_index(str(path), faiss.IO_FLAG_MMAP if card.lists else faiss.IO_FLAG_MMAP_IFC)
        self._whole = self._index = self._quick = index
        self._rotation: Floats | None = None
        if card.lists:
            self._index = faiss.downcast_index(faiss.extract_index_ivf(index))
            self._index.make_direct_map()
            turned: Any = faiss.downcast_VectorTransform(index.chain.at(0))
            rotation = faiss.vector_to_array(turned.A)
            self._rotation = np.ascontiguousarray(rotation.reshape(index.d, index.d).T)
            _share(len(self))
            self._quick = faiss.IndexIVFPQFastScan(self._index, _BLOCK)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def nearest(self, question: Floats, count: int, allowed: Mask | None = None) -> tuple[Integers, Floats]:
        """The ``count`` sentences of greatest cosine with a question vector, float32 (d,), best first.

        ``allowed`` bool (sentences,) leaves only those to choose from; fewer are
        returned where fewer are allowed, or stand in the lists that are looked
        through. Returns numbers int64 (n,) and cosines float32 (n,), those with
        codes to some thousandths.
        """
        return self._search(self._quick, question, count, allowed, self.card.probes)

    def exhaustive(self, question: Floats, count: int, allowed: Mask | None = None) -> tuple[Integers, Floats]:
        """As ``nearest``, from all lists, and with the very cosines of codes."""
        return self._search(self._index, question, count, allowed, self.card.lists)

    def _search(
        self,
        index: Any,  # noqa: ANN401  SWIG's stubs know too little
        question: Floats,
        count: int,
        allowed: Mask | None,
        probes: int,
    ) -> tuple[Integers, Floats]:
        # One question is one row of work: a second thread would only spin, and hold up the other libraries' threads.
        faiss.omp_set_num_threads(1)
        chosen = {}
        if allowed is not None:
            bits = np.packbits(allowed, bitorder="little")
            chosen["sel"] = faiss.IDSelectorBitmap(len(allowed), faiss.swig_ptr(bits))
        # SWIG's stubs leave these arguments out.
        parameters: faiss.SearchParameters | faiss.SearchParametersIVF | None = None
        if self._rotation is not None:
            parameters = faiss.SearchParametersIVF(nprobe=probes, **chosen)  # type: ignore[call-arg]
        elif chosen:
            parameters = faiss.SearchParameters(**chosen)
        asked = self._rotated(question)
        cosines, numbers = index.search(asked[None], min(count, len(self)), params=parameters)
        found = numbers[0] >= 0
        return numbers[0][found], cosines[0][found] * np.float32(self.card.gain)

    def cosines(self, numbers: Integers, question: Floats) -> Floats:
        """The cosines of these sentences with a question vector, float32 (d,): float32 (n,)."""
        if not len(numbers):
            return np.empty(0, np.float32)
        if self._rotation is None:
            # FAISS reckons them as it reads them, eight at a time; numpy would first make 32-bit floats of them.
            wanted = np.zeros(len(self), bool)
            wanted[numbers] = True
            found, cosines = self.exhaustive(question, int(wanted.sum()), wanted)
            scattered = np.empty(len(self), np.float32)
            scattered[found] = cosines
            return scattered[numbers]
        # A question is turned once, rather than each vector back. Not by BLAS, whose second thread takes longer to wake
        # than this takes, and then holds up the encoder's.
        found = np.einsum("sd,d->s", self._index.reconstruct_batch(numbers), self._rotated(question))
        return np.asarray(found * np.float32(self.card.gain), np.float32)

    def take(self, numbers: Integers) -> Floats:
        """The vectors of these sentences, those that are codes as near as these say: float32 (n, d)."""
        if not len(numbers):
            return np.empty((0, self._index.d), np.float32)
        found = np.asarray(self._index.reconstruct_batch(numbers), np.float32)
        if self._rotation is None:
            return found
        return np.asarray(found @ self._rotation.T * np.float32(self.card.gain), np.float32)

    def codes(self, numbers: Integers) -> Bytes:
        """The codes of these sentences of a segment that has lists: uint8 (n, bytes)."""
        found = np.asarray(self._index.reconstruct_batch(numbers), np.float32)
        # A code book's entry is the nearest one to itself.
        return _encoded(self._index.pq, found)

    def _rotated(self, question: Floats) -> Floats:
        return question if self._rotation is None else question @ self._rotation


def _share(vectors: int) -> None:
    """Have FAISS work on so many vectors with as many threads as are worth it."""
    faiss.omp_set_num_threads(machine.cores() if vectors > _AT_ONCE else 1)


def _flat(dimensions: int) -> faiss.IndexScalarQuantizer:
    return faiss.IndexScalarQuantizer(dimensions, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)


@cache
def _rotation(dimensions: int) -> Floats:
    """A rotation drawn at random once and for all: float32 (d, d), orthogonal."""
    drawn = np.random.default_rng(_SEED).standard_normal((dimensions, dimensions))
    rotated, triangle = np.linalg.qr(drawn)
    return np.ascontiguousarray(rotated * np.sign(np.diag(triangle)), np.float32)


@cache
def _quantizer(dimensions: int) -> faiss.ProductQuantizer:
    """The code book: that of normally distributed numbers, the same for each part of a vector."""
    most = CODE * 8 // _BITS
    parts = next(number for number in range(min(most, dimensions), 0, -1) if dimensions % number == 0)
    width, centroids = dimensions // parts, 1 << _BITS
    drawn = np.random.default_rng(_SEED).standard_normal((_DRAWN, width)).astype(np.float32)
    means = faiss.Kmeans(width, centroids, niter=25, seed=_SEED, max_points_per_centroid=_DRAWN // centroids)
    means.train(drawn)
    quantizer = faiss.ProductQuantizer(dimensions, parts, _BITS)
    book = np.tile(np.asarray(means.centroids) / np.float32(np.sqrt(dimensions)), (parts, 1, 1))
    faiss.copy_array_to_vector(book.astype(np.float32).ravel(), quantizer.centroids)
    return quantizer


# SWIG's stubs know the methods of C++ and not what faiss puts in their place.


def _encoded(quantizer: faiss.ProductQuantizer, vectors: Floats) -> Bytes:
    return np.asarray(quantizer.compute_codes(np.ascontiguousarray(vectors, np.float32)), np.uint8)


def _decoded(quantizer: faiss.ProductQuantizer, codes: Bytes) -> Floats:
    return np.asarray(quantizer.decode(codes), np.float32)  # type: ignore[call-arg,func-returns-value]


def _lists(codes: Bytes, dimensions: int) -> tuple[faiss.IndexIVFPQ, VectorCard]:
    """Codes in lists around centroids, and how many of these are to be looked through."""
    quantizer = _quantizer(dimensions)
    count = 1 << min(round(np.log2(2 * np.sqrt(len(codes)))), int(np.log2(len(codes))))
    drawn = np.random.default_rng(_SEED)
    sample = np.sort(drawn.choice(len(codes), min(len(codes), _SAMPLED * count), replace=False))
    _share(len(codes))
    means = faiss.Kmeans(dimensions, count, niter=_ROUNDS, seed=_SEED, spherical=True, min_points_per_centroid=1)
    means.train(_decoded(quantizer, codes[sample]))
    centroids = np.asarray(means.centroids, np.float32)
    coarse = cast("Any", faiss.IndexFlatIP(dimensions))  # SWIG's stubs know little of it
    coarse.add(centroids)
    index = faiss.IndexIVFPQ(coarse, dimensions, count, quantizer.M, _BITS, faiss.METRIC_INNER_PRODUCT)
    coarse.this.disown()
    index.own_fields, index.by_residual, index.is_trained = True, False, True
    faiss.copy_array_to_vector(faiss.vector_to_array(quantizer.centroids), index.pq.centroids)
    nearest, squares = np.empty(len(codes), np.int64), 0.0
    for begin in range(0, len(codes), _AT_ONCE):
        vectors = _decoded(quantizer, codes[begin : begin + _AT_ONCE])
        squares += float(np.square(vectors, dtype=np.float64).sum())
        nearest[begin : begin + _AT_ONCE] = _nearest_of(centroids, vectors)
    order = np.argsort(nearest, kind="stable")
    lists = index.invlists
    assert lists is not None  # noqa: S101  it has just been made with some
    for place, run in _runs(nearest[order], count):
        ids, own = np.ascontiguousarray(order[run]), np.ascontiguousarray(codes[order[run]])
        lists.add_entries(place, len(ids), faiss.swig_ptr(ids), faiss.swig_ptr(own))
    index.ntotal = len(codes)
    probes, recall = _tried(index, _decoded(quantizer, codes[drawn.choice(len(codes), min(len(codes), _TRIED))]))
    return index, VectorCard(f"IVF{count},PQ{quantizer.M}x{_BITS}", count, probes, recall, len(codes) / squares)


def _nearest_of(centroids: Floats, vectors: Floats) -> Integers:
    """The number of each vector's nearest centroid: as FAISS finds it, with NumPy's four times as quick products."""
    at_once = max(1, _PRODUCTS // len(centroids))
    parts = (vectors[begin : begin + at_once] for begin in range(0, len(vectors), at_once))
    return np.concatenate([np.argmax(part @ centroids.T, axis=1) for part in parts])


def _runs(lists: Integers, count: int) -> Iterator[tuple[int, slice]]:
    """Each list that is not empty, and where its vectors stand among those in the lists' order."""
    ends = np.searchsorted(lists, np.arange(count), side="right").tolist()
    begin = 0
    for place, end in enumerate(ends):
        if end > begin:
            yield place, slice(begin, end)
        begin = end


def _tried(index: faiss.IndexIVFPQ, vectors: Floats) -> tuple[int, float]:
    """How many lists to look through, and the share of the nearest that is found so.

    Questions are stood for by vectors to which a random one is added: they find as
    much as the questions of XQuAD-en do (docs/scale.md).
    """
    drawn = np.random.default_rng(_SEED + 1).standard_normal(vectors.shape).astype(np.float32)
    asked = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    asked = asked + drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    wanted = min(_NEAREST, int(index.ntotal))
    quick = faiss.IndexIVFPQFastScan(index, _BLOCK)
    exact = _found(quick, asked, wanted, int(quick.nlist))
    probes = min(_FEWEST_PROBES, int(index.nlist))
    while True:
        pairs = zip(_found(quick, asked, wanted, probes), exact, strict=True)
        recall = float(np.mean([len(found & all_) / len(all_) for found, all_ in pairs]))
        if recall >= _ENOUGH or probes >= _MOST_PROBES * index.nlist:
            return probes, recall
        probes = int(np.ceil(_MORE_PROBES * probes))


def _found(index: faiss.IndexIVFPQFastScan, asked: Floats, wanted: int, probes: int) -> Sequence[set[int]]:
    index.nprobe = probes
    _, numbers = index.search(np.ascontiguousarray(asked, np.float32), wanted)
    return [set(row.tolist()) for row in numbers]
