"""Token states, compressed: a fixed basis, four bits a number, and back.

A state is the last hidden layer's vector of one word piece. It is projected on
the 96 directions in which the model's states vary most, brought to length 1, and
each number is rounded to one of 16 steps: a word piece takes 48 bytes, and a dot
product of two is a cosine.

The basis is fitted on phrases of the model's own vocabulary, not on a corpus:
every index of one model shares it, and an index that grew in steps holds the
very bytes of one that was built at once. On XQuAD-en it ranks as a basis fitted
on the corpus itself does (docs/retrieval.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rag.arrays import Bytes, Floats, Integers
from rag.errors import ModelMissingError

CODEC = "codec.npy"
"""The file beside a prepared model that keeps its codec."""

KEPT = 96
HALF = 4  # bits
STEPS = 1 << HALF
CLIPPED = 0.005
# A product of so many multiplications OpenBLAS reckons in the thread that asks. Its other threads would wait for the
# next one at full speed, and hold up the encoder's, and a product of this size is reckoned within the nearest cache.
ALONE = 1 << 18


@dataclass(frozen=True, slots=True)
class Codec:
    """How states become bytes.

    ``basis`` float32 (d, k) are the directions; number ``i`` of a projected
    state is stored as the nearest of 16 even steps from ``low[i]``, ``step[i]``
    apart (both float32 (k,)).
    """

    basis: Floats
    low: Floats
    step: Floats

    @property
    def width(self) -> int:
        """Bytes a word piece."""
        return self.basis.shape[1] // 2

    def project(self, states: Floats) -> Floats:
        """States as they come from the model, float32 (n, d), to length 1 in the basis: float32 (n, k)."""
        at_once = max(1, ALONE // self.basis.size)
        projected = np.empty((len(states), self.basis.shape[1]), np.float32)
        for begin in range(0, len(states), at_once):
            projected[begin : begin + at_once] = states[begin : begin + at_once] @ self.basis
        lengths = np.linalg.norm(projected, axis=1, keepdims=True)
        return np.asarray(projected / np.maximum(lengths, np.float32(1e-12)), np.float32)

    def encode(self, states: Floats) -> Bytes:
        """States, float32 (n, d), to codes, uint8 (n, k / 2): number ``i`` and number ``i + k / 2`` in byte ``i``."""
        steps = np.rint((self.project(states) - self.low) / self.step).clip(0, STEPS - 1).astype(np.uint8)
        return np.asarray((steps[:, : self.width] << HALF) + steps[:, self.width :], np.uint8)

    def best_cosines(self, question: Floats, codes: Bytes, begins: Integers) -> Floats:
        """Each question piece's best cosine in each run of states: float32 (q, runs).

        ``question`` is projected, float32 (q, k); ``codes`` uint8 (n, k / 2);
        run ``i`` goes from ``begins[i]`` to the next, and none is empty. This is
        the inner part of late interaction (Khattab & Zaharia, ColBERT, SIGIR
        2020, https://arxiv.org/abs/2004.12832).
        """
        # A state is low + step * number: the steps go into the question, which is short. So does the taking apart of a
        # byte, 16 * first + second, whose multiplication is the first one's and 1 / 16 of it too much of the second's.
        scaled = (question * self.step).T
        whole = np.ascontiguousarray(scaled[: self.width] / STEPS)
        rest = np.ascontiguousarray(scaled[self.width :] - whole)
        cosines = np.empty((len(codes), len(question)), np.float32)
        at_once = max(1, ALONE // whole.size)
        numbers = np.empty((min(at_once, len(codes)), self.width), np.float32)
        for begin in range(0, len(codes), at_once):
            some = codes[begin : begin + at_once]
            read, found = numbers[: len(some)], cosines[begin : begin + at_once]
            read[:] = some
            np.matmul(read, whole, out=found)
            read[:] = some & (STEPS - 1)
            found += read @ rest
        best = np.maximum.reduceat(cosines, begins, axis=0).T
        return np.asarray(best + (question @ self.low)[:, None], np.float32)

    def save(self, path: Path) -> None:
        """Write the codec as one float32 array."""
        np.save(path, np.vstack([self.basis, self.low, self.step]), allow_pickle=False)

    @classmethod
    def load(cls, path: Path) -> Codec:
        """Read what ``save`` wrote.

        Raises:
            ModelMissingError: the file is missing or damaged.
        """
        try:
            rows = np.load(path, allow_pickle=False)
            return cls(basis=rows[:-2], low=rows[-2], step=rows[-1])
        except (OSError, EOFError, ValueError, IndexError) as error:
            raise ModelMissingError(path.parent.name, "its codec is missing or damaged: run `rag build`") from error


def fit(states: Floats) -> Codec:
    """Fit a codec to sample states, float32 (n, d) of length 1 (an uncentred principal component analysis)."""
    _, directions = np.linalg.eigh(states.T @ states)
    strongest = directions[:, ::-1][:, : min(KEPT, states.shape[1] // 2 * 2)]
    # An eigenvector's sign is arbitrary: fixed here, so that every fit gives the same bytes.
    signs = np.sign(strongest[np.abs(strongest).argmax(axis=0), np.arange(strongest.shape[1])])
    basis = np.ascontiguousarray(strongest * signs, np.float32)
    unscaled = Codec(basis, np.zeros(basis.shape[1], np.float32), np.ones(basis.shape[1], np.float32))
    low, high = np.quantile(unscaled.project(states), [CLIPPED, 1 - CLIPPED], axis=0).astype(np.float32)
    return Codec(basis=basis, low=low, step=np.maximum((high - low) / (STEPS - 1), np.float32(1e-6)))
