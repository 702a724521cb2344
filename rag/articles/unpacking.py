"""What is safe to unpack: how much of it, and under which names.

Sizes are measured as things are unpacked, for what an archive says of them may
be a lie. Nothing is written to disk, and no more than one member is held at a
time.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Protocol, TypeVar

from rag.articles.draft import Member, Source
from rag.articles.formats import LARGEST
from rag.articles.litter import is_litter
from rag.errors import ArticleError, ArticleTooLargeError, BrokenFileError, UnsafeArchiveError
from rag.types import Failure

Entry = TypeVar("Entry")

MOST_MEMBERS = 100_000
MOST_BYTES = 1_000_000_000
"""Of all members together, unpacked."""

HIGHEST_RATIO = 200
SMALL = 1_000_000
"""How many times larger than packed a member, and all of them so far, may be, if they have more than so many bytes."""

LONGEST_HEADER = 10_000_000
"""Bytes between one member and the next."""

_CHUNK = 1 << 16
_XZ_MEMORY = 200_000_000
"""Bytes; the highest of the usual levels of xz takes 68 million."""

_GZIP = b"\x1f\x8b"
_BZIP2 = b"BZh"
_XZ = b"\xfd7zXZ\0"

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DRIVE = re.compile(r"[A-Za-z]:")


def one_by_one(
    entries: Iterator[Entry], unpack: Callable[[Entry], Member | None], path: str
) -> Iterator[Member | Failure]:
    """The members of the archive at ``path``, which is read from its beginning on; ``unpack`` leaves some out.

    A member that cannot be unpacked is a failure. Where the archive is damaged
    after some entries, those are given and the rest is a failure.

    Raises:
        BrokenFileError: It is damaged before its first entry ends.
        ArticleError: As ``unpack`` raises of the archive itself.
    """
    found = False
    try:
        for entry in entries:
            try:
                member = unpack(entry)
            except ArticleError as error:
                if error.path == path:  # the archive's own, and no member's
                    raise
                yield Failure(error.path, error.reason)
            else:
                if member is not None:
                    yield member
            found = True
    except BrokenFileError as error:
        if not found:
            raise
        yield Failure(error.path, error.reason)


class Packed(io.BytesIO):
    """The bytes of a file, which counts how many of them were taken."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """So many bytes, or all that are left."""
        data = super().read(size)
        self.taken += len(data)
        return data

    def read1(self, size: int | None = -1, /) -> bytes:
        """The same; all of it lies in memory."""
        return self.read(size)


class Scale:
    """Weighs what comes out of an archive, in all and against what it took there.

    ``packed`` gives the bytes of the archive that were read so far.
    """

    def __init__(self, path: str, packed: Callable[[], int]) -> None:
        self._path = path
        self._packed = packed
        self._members = 0
        self._whole = 0
        self._member = 0
        self._from = 0

    def begin(self) -> None:
        """A further member comes.

        Raises:
            UnsafeArchiveError: There are too many.
        """
        self._members += 1
        self._member = 0
        self._from = self._packed()
        if self._members > MOST_MEMBERS:
            raise UnsafeArchiveError(self._path, f"there are more than {MOST_MEMBERS:,} files in it")

    def add(self, size: int) -> None:
        """So many bytes of the member came out.

        Raises:
            UnsafeArchiveError: That is too much.
        """
        self._whole += size
        self._member += size
        if self._whole > MOST_BYTES:
            raise UnsafeArchiveError(self._path, f"it unpacks to more than {MOST_BYTES / 1e9:,.0f} GB")
        if self._member > SMALL and self._member > HIGHEST_RATIO * max(self._packed() - self._from, 1):
            raise UnsafeArchiveError(self._path, f"a file in it unpacks to more than {HIGHEST_RATIO} times its size")
        if self._whole > SMALL and self._whole > HIGHEST_RATIO * max(self._packed(), 1):
            raise UnsafeArchiveError(self._path, f"it unpacks to more than {HIGHEST_RATIO} times its size")


class _Readable(Protocol):
    """What gives so many bytes, or fewer, and none at its end alone."""

    def read1(self, size: int, /) -> bytes: ...


class Stream:
    """The bytes of a file, forward only, unpacked as they are asked for where they are packed, and weighed.

    ``limit`` is the place up to which it may be read for now; ``latest`` is what
    was read last. Packed are those that begin as gzip, bzip2 and xz do, whatever
    the name says.
    """

    def __init__(self, source: Source) -> None:
        packed = Packed(source.data)
        self.scale = Scale(source.path, lambda: packed.taken)
        self.limit: int | None = None
        self.latest = b""
        self._path = source.path
        self._place = 0
        self._damage: BrokenFileError | None = None
        self._bytes = _opened(packed, source.data[: len(_XZ)])

    def tell(self) -> int:
        """How many bytes were read."""
        return self._place

    def read(self, size: int = -1) -> bytes:
        """So many bytes; fewer at the end, or where damage begins, which the next call tells of.

        Raises:
            BrokenFileError: They are damaged, or end too early.
            UnsafeArchiveError: There are too many.
        """
        pieces: list[bytes] = []
        missing = size if size >= 0 else MOST_BYTES + 1
        try:
            while missing and (piece := self._piece(min(missing, _CHUNK))):
                pieces.append(piece)
                missing -= len(piece)
        except BrokenFileError:
            if not pieces:
                raise
        self.latest = b"".join(pieces)
        return self.latest

    def seek(self, place: int) -> int:
        """Pass over what is before a place; there is no way back.

        Raises:
            BrokenFileError: The place was passed already.
        """
        if place < self._place:
            raise BrokenFileError(self._path, "it leads back into itself")
        while self._place < place and self._piece(min(place - self._place, _CHUNK)):
            pass
        return self._place

    def _piece(self, size: int) -> bytes:
        if self._damage is None and self.limit is not None and self._place + size > self.limit:
            self._damage = BrokenFileError(self._path, "a header in it is too long")
        if self._damage is not None:
            raise self._damage
        try:
            piece = self._bytes.read1(size)
        except MemoryError:
            raise
        except Exception as error:  # gzip, bz2 and lzma raise of many kinds
            self._damage = BrokenFileError(self._path, "it is damaged, or cut off")
            raise self._damage from error
        self._place += len(piece)
        self.scale.add(len(piece))
        return piece


def take(read: Callable[[int], bytes], path: str) -> bytes:
    """All that ``read`` gives, piece by piece.

    Raises:
        ArticleTooLargeError: That is more than a reader accepts.
    """
    most = LARGEST
    data = bytearray()
    while piece := read(_CHUNK):
        data += piece
        if len(data) > most:
            raise ArticleTooLargeError(path, len(data), most)
    return bytes(data)


def inside(name: str, path: str) -> str | None:
    """Where in the archive at ``path`` a member of this name lies: forward slashes, nothing that climbs or repeats.

    ``None`` where it is nobody's article, as hidden files are.

    Raises:
        UnsafeArchiveError: The name leads out of the archive, or is none.
    """
    parts = [part for part in name.split("/") if part not in {"", "."}]
    problem = None
    if name.startswith("/") or _DRIVE.match(name) or "\\" in name:
        problem = "its path is not one within the archive"
    elif ".." in parts:
        problem = "its path climbs out of the archive"
    elif not parts or _CONTROL.search(name):
        problem = "its path is no name of a file"
    if problem:
        raise UnsafeArchiveError(f"{path}/{name}", problem)
    return None if any(map(is_litter, parts)) else "/".join(parts)


@contextmanager
def damage_told(path: str, problem: str = "it is damaged, or cut off") -> Iterator[None]:
    """Whatever a library raises on what is damaged, and its kinds are many, becomes one error of ours.

    Raises:
        BrokenFileError: The library could not go on.
    """
    try:
        yield
    except (ArticleError, MemoryError):
        raise
    except Exception as error:
        raise BrokenFileError(path, problem) from error


def _opened(packed: Packed, start: bytes) -> _Readable:
    import bz2
    import gzip

    if start.startswith(_GZIP):
        return gzip.GzipFile(fileobj=packed)
    if start.startswith(_BZIP2):
        return bz2.BZ2File(packed)
    return _Unxz(packed) if start.startswith(_XZ) else packed


class _Unxz:
    """The bytes that an xz file holds; :class:`lzma.LZMAFile` sets no limit to the memory that a file may ask for."""

    def __init__(self, packed: IO[bytes]) -> None:
        self._packed = packed
        self._open = self._decompressor()

    def read1(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end alone."""
        while True:
            piece = b""
            if self._open.eof:  # another stream may follow, after zeros that fill up
                rest = self._open.unused_data
                while not (piece := rest.lstrip(b"\0")):
                    if not (rest := self._packed.read(_CHUNK)):
                        return b""
                self._open = self._decompressor()
            elif self._open.needs_input and not (piece := self._packed.read(_CHUNK)):
                raise EOFError
            if data := self._open.decompress(piece, size):
                return data

    @staticmethod
    def _decompressor() -> _Decompressor:
        import lzma

        return lzma.LZMADecompressor(memlimit=_XZ_MEMORY)


class _Decompressor(Protocol):
    """What is used of :class:`lzma.LZMADecompressor`."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...
