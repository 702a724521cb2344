"""Nearest sentences: the vectors of one segment in FAISS, and nothing else of FAISS anywhere.

The vectors have length 1, so that the inner product is the cosine. They are
kept as 16-bit floats and searched exactly (``SQfp16``): on two cores half a
million take 28 ms, and the order is that of 32-bit floats to the last rank.
"""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np

from rag.arrays import Floats, Integers, Mask

KIND = "SQfp16"


class VectorWriter:
    """Collects sentence vectors in the order of the sentences."""

    def __init__(self, dimensions: int) -> None:
        self._index = faiss.IndexScalarQuantizer(dimensions, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)

    def add(self, vectors: Floats) -> None:
        """Append vectors, float32 (n, d) of length 1."""
        if len(vectors):
            self._index.add(np.ascontiguousarray(vectors, np.float32))

    def save(self, path: Path) -> None:
        """Write the index."""
        faiss.write_index(self._index, str(path))


class SentenceVectors:
    """The sentence vectors of one segment, ready to search; sentences are numbered from 0."""

    def __init__(self, path: Path) -> None:
        self._index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def nearest(self, question: Floats, count: int, allowed: Mask | None = None) -> tuple[Integers, Floats]:
        """The ``count`` sentences of greatest cosine with a question vector, float32 (d,), best first.

        ``allowed`` bool (sentences,) leaves only those to choose from; fewer are
        returned where fewer are allowed. Returns numbers int64 (n,) and cosines
        float32 (n,).
        """
        # One question is one row of work: a second thread would only spin, and hold up the other libraries' threads.
        faiss.omp_set_num_threads(1)
        parameters = None
        if allowed is not None:
            bits = np.packbits(allowed, bitorder="little")
            selector = faiss.IDSelectorBitmap(len(allowed), faiss.swig_ptr(bits))
            parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]  # SWIG's stub leaves it out
        cosines, numbers = self._index.search(question[None], min(count, len(self)), params=parameters)
        found = numbers[0] >= 0
        return numbers[0][found], cosines[0][found]

    def take(self, numbers: Integers) -> Floats:
        """The vectors of these sentences: float32 (n, d)."""
        if not len(numbers):
            return np.empty((0, self._index.d), np.float32)
        return np.asarray(self._index.reconstruct_batch(numbers), np.float32)
