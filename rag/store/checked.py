"""Files with checksums: written once, hashed, and never read unchecked.

A small file is hashed whole when it is opened. A large array is mapped into
memory and hashed a block at a time, each block when it is first used, so that
opening a large index stays quick.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np

from rag.arrays import Integers, counted

Scalar = TypeVar("Scalar", bound=np.generic)

# A question reads little of some hundred passages: larger blocks would be hashed for nothing, and a page is as large.
BLOCK = 1 << 12
WHOLE = 1 << 23
_DIGEST = 16


@dataclass(frozen=True, slots=True)
class Checksum:
    """A file's size in bytes and the hex SHA-256 of all of it."""

    bytes: int
    sha256: str


class Damage(Exception):  # noqa: N818  turned into an IndexDamagedError by whoever knows the index
    """A file is missing or not as it was written."""

    def __init__(self, file: Path, problem: str) -> None:
        self.file = file
        self.problem = problem
        super().__init__(f"{file}: {problem}")


def checksum(file: Path) -> Checksum:
    """Hash a whole file.

    Raises:
        Damage: it is missing or cannot be read.
    """
    with _reading(file), file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256")
        return Checksum(opened.tell(), digest.hexdigest())


def check(file: Path, expected: Checksum, *, whole: bool = True) -> None:
    """Hash a file and compare; where not ``whole``, of a large one compare only the size.

    Raises:
        Damage: it is missing, or not as expected.
    """
    if whole or expected.bytes <= WHOLE:
        same = checksum(file) == expected
    else:
        with _reading(file):
            same = file.stat().st_size == expected.bytes
    if not same:
        raise Damage(file, "it is not as it was written")


@contextmanager
def _reading(file: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise Damage(file, "it is missing") from None
    except OSError as error:
        raise Damage(file, error.strerror or "it cannot be read") from error


def flush(file: Path) -> None:
    """Have a file, or the names in a folder, on the disk before going on."""
    handle = os.open(file, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class RowWriter(Generic[Scalar]):
    """Appends rows to a file of one dtype."""

    def __init__(self, file: Path, dtype: type[Scalar]) -> None:
        self._file = file
        self._opened = file.open("wb")
        self.dtype = np.dtype(dtype)

    def add(self, rows: np.ndarray[tuple[int, ...], np.dtype[Scalar]]) -> None:
        """Append rows, one array with any number of them."""
        self._opened.write(np.ascontiguousarray(rows, self.dtype).tobytes())

    def close(self) -> None:
        """Close the file, and write beside a large one the hashes of its blocks."""
        self._opened.close()
        if self._file.stat().st_size > WHOLE:
            with self._file.open("rb") as opened:
                blocks = iter(lambda: opened.read(BLOCK), b"")
                _blocks_file(self._file).write_bytes(b"".join(_hash(block) for block in blocks))


class Rows(Generic[Scalar]):
    """The rows of a file, mapped into memory and checked before they are used."""

    def __init__(self, file: Path, dtype: type[Scalar], width: int, expected: Checksum) -> None:
        self._file = file
        self._row = np.dtype(dtype).itemsize * width
        check(file, expected, whole=False)
        size = expected.bytes
        if size % self._row:
            raise Damage(file, "it is not as it was written")
        shape = (size // self._row,) if width == 1 else (size // self._row, width)
        # A plain view: NumPy's memmap class makes each small slice several times as slow.
        mapped = np.memmap(file, dtype, "r", shape=shape) if size else np.empty(shape, dtype)
        self._all: np.ndarray[tuple[int, ...], np.dtype[Scalar]] = np.asarray(mapped)
        self._blocks: bytes | None = None
        if size > WHOLE:
            self._blocks = _blocks_file(file).read_bytes()
            self._bytes = np.asarray(np.memmap(file, np.uint8, "r"))
            self._seen = np.zeros(len(self._blocks) // _DIGEST, bool)

    def __len__(self) -> int:
        return len(self._all)

    def take(self, begin: int, end: int) -> np.ndarray[tuple[int, ...], np.dtype[Scalar]]:
        """Rows ``begin`` to ``end``, without the last.

        Raises:
            Damage: a block of them is not as it was written.
        """
        if self._blocks is not None and end > begin:
            self._check(self._blocks, range(begin * self._row // BLOCK, (end * self._row - 1) // BLOCK + 1))
        return self._all[begin:end]

    def gather(self, begins: Integers, ends: Integers) -> np.ndarray[tuple[int, ...], np.dtype[Scalar]]:
        """Rows ``begins[i]`` to ``ends[i]``, without the last, one run after the other; a copy.

        Raises:
            Damage: a block of them is not as it was written.
        """
        lengths = ends - begins
        if self._blocks is not None:
            held = lengths > 0
            first, last = begins[held] * self._row // BLOCK, (ends[held] * self._row - 1) // BLOCK
            blocks = counted(first, last + 1)
            self._check(self._blocks, blocks[~self._seen[blocks]].tolist())
        rows: np.ndarray[tuple[int, ...], np.dtype[Scalar]] = self._all[counted(begins, ends)]
        return rows

    def _check(self, hashes: bytes, blocks: Iterable[int]) -> None:
        for block in blocks:
            if self._seen[block]:
                continue
            found = _hash(self._bytes[block * BLOCK : (block + 1) * BLOCK].tobytes())
            if found != hashes[block * _DIGEST : (block + 1) * _DIGEST]:
                raise Damage(self._file, "it is not as it was written")
            self._seen[block] = True


def _blocks_file(file: Path) -> Path:
    return file.with_name(file.name + ".blocks")


def _hash(block: bytes) -> bytes:
    return hashlib.sha256(block).digest()[:_DIGEST]
