"""Files that are a zip archive of XML parts, as word processors and books have them: what is safe to unpack of them.

Nothing is written to disk, so that the names of parts can lead nowhere; no
entity is resolved; parts are read as they are asked for, the large ones piece by
piece.
"""

from __future__ import annotations

import io
import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING
from zipfile import BadZipFile, ZipFile, ZipInfo

from rag.articles.draft import Source
from rag.errors import ArticleTooLargeError, BrokenFileError, EncryptedFileError, UnsafeArchiveError

if TYPE_CHECKING:
    from lxml.etree import _Element

_LARGEST = 500_000_000
"""Bytes of all parts together, unpacked."""

_LARGEST_WHOLE = 100_000_000
"""Bytes of a part that is read at once."""

_SUSPICIOUS = 10_000_000
_HIGHEST_RATIO = 200
"""Bytes from which on a part is weighed against what it takes in the archive, and how many times that it may have."""

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_OLE_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_LOCKED = 0x1
"""The flag of a zip entry that asks for a password."""


@dataclass(frozen=True, slots=True)
class Package:
    """An archive that may be unpacked; ``path`` is the file's, for errors. Names of parts match without case."""

    path: str
    archive: ZipFile
    parts: dict[str, ZipInfo]

    def __contains__(self, name: str) -> bool:
        return _folded(name) in self.parts

    def open(self, name: str) -> IO[bytes]:
        """A part, to be read piece by piece.

        Raises:
            BrokenFileError: There is no such part.
        """
        if name not in self:
            raise BrokenFileError(self.path, f"there is no {name} in it")
        return self.archive.open(self.parts[_folded(name)])

    def read(self, name: str) -> bytes:
        """The bytes of a part.

        Raises:
            ArticleTooLargeError: It has more than 100 MB.
            BrokenFileError: There is no such part.
        """
        with self.open(name) as part:
            size = self.parts[_folded(name)].file_size
            if size > _LARGEST_WHOLE:
                raise ArticleTooLargeError(self.path, size, _LARGEST_WHOLE)
            return part.read(size)  # without a size, zipfile may unpack more than is stated

    def tree(self, name: str) -> _Element:
        """The root of an XML part. Raises as :meth:`read`."""
        from lxml import etree

        parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
        root: _Element = etree.fromstring(self.read(name), parser)
        return root

    def within(self, name: str, containers: frozenset[str]) -> Iterator[_Element]:
        """The elements that stand in nothing but ``containers`` (names without namespace) and are none, in order.

        Each is whole while it is looked at, and gone afterwards, so that a part
        of any size takes little memory.

        Raises:
            BrokenFileError: There is no such part.
        """
        from lxml import etree

        with self.open(name) as part:
            walk = etree.iterparse(
                part,
                events=("end",),
                resolve_entities=False,
                no_network=True,
                remove_comments=True,
                remove_pis=True,
            )
            for _, element in walk:
                parent = element.getparent()
                if parent is None or local(parent) not in containers or local(element) in containers:
                    continue
                if all(local(each) in containers for each in parent.iterancestors()):
                    yield element
                    element.clear(keep_tail=True)
                    while (gone := element.getprevious()) is not None:
                        parent.remove(gone)


@contextmanager
def opened(source: Source, kind: str) -> Iterator[Package]:
    """A file's package; what the libraries raise on broken parts, within the context too, becomes an error of ours.

    ``kind`` says in words what the file should be ("a Word document").

    Raises:
        BrokenFileError: The file is no zip archive, or a part of it is damaged or no XML.
        EncryptedFileError: It asks for a password.
        UnsafeArchiveError: It would be too large when unpacked.
    """
    from lxml import etree

    if source.data.startswith(_OLE):
        if _OLE_ENCRYPTED in source.data:
            raise EncryptedFileError(source.path)
        raise BrokenFileError(source.path, f"it is an Office file of the old kind, not {kind}")
    try:
        with ZipFile(io.BytesIO(source.data)) as archive:
            parts = {_folded(part.filename): part for part in archive.infolist()}
            _check(source.path, archive.infolist())
            yield Package(source.path, archive, parts)
    except BadZipFile as error:
        raise BrokenFileError(source.path, _mislabelled(source.data) or f"it is damaged, or not {kind}") from error
    except (zlib.error, lzma.LZMAError, EOFError, OSError, NotImplementedError, ValueError) as error:
        raise BrokenFileError(source.path, "a part of it cannot be unpacked") from error
    except etree.LxmlError as error:
        raise BrokenFileError(source.path, "a part of it is no valid XML") from error
    except RecursionError as error:
        raise BrokenFileError(source.path, "its parts are nested too deeply") from error


def _check(path: str, parts: list[ZipInfo]) -> None:
    """Refuses what does harm when unpacked. No more than the size that is stated here is ever unpacked of a part."""
    if any(part.flag_bits & _LOCKED for part in parts):
        raise EncryptedFileError(path)
    size = sum(part.file_size for part in parts)
    if size > _LARGEST:
        raise UnsafeArchiveError(path, f"it would have {size / 1e6:,.0f} MB, and {_LARGEST / 1e6:,.0f} MB are allowed")
    for part in parts:
        if part.file_size > _SUSPICIOUS and part.file_size > _HIGHEST_RATIO * part.compress_size:
            problem = f"{part.filename} would be more than {_HIGHEST_RATIO} times as large as it is here"
            raise UnsafeArchiveError(path, problem)


def _mislabelled(data: bytes) -> str | None:
    """What a file is that is no archive, where that is plain."""
    start = data[:1_000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"%pdf-"):
        return "it is a PDF under another name"
    if start.startswith(b"{\\rtf"):
        return "it is an RTF document under another name"
    if start.startswith((b"<!doctype html", b"<html")) or b"<html" in start:
        return "it is a web page under another name"
    return None


def local(element: _Element) -> str:
    """An element's name without its namespace; empty for what is no element, such as an entity."""
    tag = element.tag
    return tag[tag.find("}") + 1 :] if isinstance(tag, str) else ""


def attribute(element: _Element, name: str) -> str | None:
    """The attribute of this name that is in the namespace of the element itself."""
    namespace, brace, _ = str(element.tag).rpartition("}")
    return element.get(f"{namespace}{brace}{name}")


def _folded(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").casefold()
