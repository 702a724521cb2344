"""ZIP and tar archives: the files in them, one after the other, in their order.

What could do harm is not unpacked: members whose path leads out of the archive,
links, devices, what is locked or damaged, a second file of the same name. Each
is a failure of its own, and the others are read. A bomb is refused as a whole.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, cast

from rag.articles.draft import Member, Source
from rag.articles.formats import LARGEST
from rag.articles.unpacking import (
    LONGEST_HEADER,
    MOST_MEMBERS,
    Packed,
    Scale,
    Stream,
    damage_told,
    inside,
    one_by_one,
    take,
)
from rag.errors import ArticleError, ArticleTooLargeError, BrokenFileError, EncryptedFileError, UnsafeArchiveError
from rag.types import Failure

if TYPE_CHECKING:
    from tarfile import TarInfo
    from zipfile import ZipFile, ZipInfo

_LOCKED = 0x1
_UTF8_NAME = 0x800
"""Flags of a member of a ZIP archive."""

_ENTRY = b"PK\x01\x02"
"""How each member begins in the directory of a ZIP archive."""

_SURROGATE = re.compile("[\ud800-\udfff]")


def open_zip(source: Source) -> Iterator[Member | Failure]:
    """The files in a ZIP archive.

    Raises:
        BrokenFileError: It is no ZIP archive, or its directory is damaged.
        EncryptedFileError: All that is in it is locked.
        UnsafeArchiveError: It unpacks to too much.
    """
    from zipfile import ZipFile

    if source.data.count(_ENTRY) > MOST_MEMBERS:  # before a record of each is made
        raise UnsafeArchiveError(source.path, f"there are more than {MOST_MEMBERS:,} files in it")
    packed = Packed(source.data)
    with damage_told(source.path, "it is not a ZIP archive, or it is cut off"):
        archive = ZipFile(packed)
    scale = Scale(source.path, lambda: packed.taken)
    files = [each for each in archive.infolist() if not each.orig_filename.endswith("/")]
    if files and all(each.flag_bits & _LOCKED for each in files):
        raise EncryptedFileError(source.path)
    names = _Names(source.path)
    for file in files:
        try:
            member = _from_zip(archive, file, names, scale)
        except ArticleError as error:
            if error.path == source.path:  # the archive's own, and no member's
                raise
            yield Failure(error.path, error.reason)
        else:
            if member is not None:
                yield member


def open_tar(source: Source) -> Iterator[Member | Failure]:
    """The files in a tar archive, plain or compressed with gzip, bzip2 or xz.

    Where it is damaged after some files, those are given and the rest is a failure.

    Raises:
        BrokenFileError: It is no tar archive, or damaged before its first file.
        UnsafeArchiveError: It unpacks to too much.
    """
    stream = Stream(source)
    names = _Names(source.path)
    yield from one_by_one(_entries(stream, source.path), lambda entry: _from_tar(entry, names, stream), source.path)


class _Names:
    """The places of the members so far."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._taken: set[str] = set()

    def place(self, name: str) -> str | None:
        """Where a member of this name lies; ``None`` where it is left out.

        Raises:
            UnsafeArchiveError: Nowhere, or where another lies already.
        """
        place = inside(_SURROGATE.sub("\ufffd", name), self.path)
        if place in self._taken:
            raise UnsafeArchiveError(f"{self.path}/{place}", "there is another file of this name before it")
        if place is not None:
            self._taken.add(place)
        return place


def _from_zip(archive: ZipFile, file: ZipInfo, names: _Names, scale: Scale) -> Member | None:
    scale.begin()
    place = names.place(_zip_name(file))
    if place is None:
        return None
    with damage_told(f"{names.path}/{place}"):
        return Member(place, _unzipped(archive, file, f"{names.path}/{place}", scale))


def _unzipped(archive: ZipFile, file: ZipInfo, path: str, scale: Scale) -> bytes:
    if file.flag_bits & _LOCKED:
        raise EncryptedFileError(path)
    kind = stat.S_IFMT(file.external_attr >> 16)
    if kind not in {0, stat.S_IFREG}:
        raise UnsafeArchiveError(path, "it is a link" if kind == stat.S_IFLNK else "it is no plain file")
    if file.file_size > LARGEST:
        raise ArticleTooLargeError(path, file.file_size, LARGEST)
    try:
        opened = archive.open(file)
    except NotImplementedError as error:
        raise BrokenFileError(path, "it is packed in a way that is not known here") from error
    with opened as member:

        def weighed(size: int) -> bytes:
            piece = member.read(size)
            scale.add(len(piece))
            return piece

        return take(weighed, path)


def _zip_name(file: ZipInfo) -> str:
    """The name as it was written; macOS writes UTF-8 and does not say so."""
    name = file.orig_filename
    if not file.flag_bits & _UTF8_NAME:
        try:
            return name.encode("cp437").decode("utf-8")
        except UnicodeError:
            pass
    return name


def _entries(stream: Stream, path: str) -> Iterator[TarInfo]:
    """The headers of a tar archive, each read when what comes before it is done with."""
    from tarfile import TarFile

    stream.limit = LONGEST_HEADER
    with damage_told(path, "it is not a tar archive, or it is damaged"):
        archive = TarFile(fileobj=cast("IO[bytes]", stream), encoding="utf-8")
        while (entry := archive.next()) is not None:
            archive.members.clear()  # type: ignore[attr-defined]  # it would keep them all
            stream.limit = archive.offset + LONGEST_HEADER
            stream.scale.begin()
            yield entry
    if stream.latest.strip(b"\0"):  # where a header should stand; tarfile takes that for the end
        raise BrokenFileError(path, "it is damaged, or cut off")


def _from_tar(entry: TarInfo, names: _Names, stream: Stream) -> Member | None:
    place = None if entry.isdir() else names.place(entry.name)
    if place is None:
        return None
    path = f"{names.path}/{place}"
    if not entry.isreg() or entry.issparse():
        raise UnsafeArchiveError(path, "it is a link" if entry.issym() or entry.islnk() else "it is no plain file")
    if entry.size > LARGEST:
        raise ArticleTooLargeError(path, entry.size, LARGEST)
    stream.seek(entry.offset_data)
    data = stream.read(max(entry.size, 0))
    if len(data) != entry.size:
        raise BrokenFileError(names.path, "it is cut off")
    return Member(place, data)
