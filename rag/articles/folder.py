"""The folder of articles: which files it holds."""

from __future__ import annotations

import logging
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from rag.articles.formats import LARGEST
from rag.errors import ArticleTooLargeError, CorpusMissingError, UnreadableError

_log = logging.getLogger(__name__)

_LITTER = ("~", ".swp", ".swo", ".tmp", ".bak", ".part", ".crdownload")
"""How backups, temporary files and unfinished downloads end."""

_SYSTEM_FILES = {"thumbs.db", "desktop.ini", "__macosx"}


@dataclass(frozen=True, slots=True, order=True)
class CorpusFile:
    """A file of the corpus: its path there (forward slashes), size in bytes, time of change in nanoseconds."""

    path: str
    size: int
    modified: int


def find(corpus: Path) -> tuple[CorpusFile, ...]:
    """Every file of the corpus, in any sub-folder, sorted by path.

    Left out are hidden files and folders, backups, temporary files and the
    corpus's own ``README.md``. All else is there, also what no reader knows, so
    that a person hears of it. A link to a file is that file. A link to a folder
    is followed where it leads out of the corpus, each folder once; one that
    leads back into the corpus, or to a folder around it, is not: those files are
    found where they lie. What cannot be looked at is logged and left out.

    Raises:
        CorpusMissingError: There is no such folder.
    """
    if not corpus.is_dir():
        raise CorpusMissingError(str(corpus))
    root = corpus.resolve()
    found: list[CorpusFile] = []
    pending, seen = [corpus], {root}
    while pending:
        folder = pending.pop()
        for entry in _entries(folder):
            if _is_litter(entry.name):
                continue
            path = entry.relative_to(corpus).as_posix()
            try:
                path.encode()
                status = entry.stat()
            except (OSError, UnicodeEncodeError) as error:  # a link to nothing, a name that is no text
                _log.warning("%r is left out: %s", path, error)
                continue
            if stat.S_ISREG(status.st_mode) and path.casefold() != "readme.md":
                found.append(CorpusFile(path, status.st_size, status.st_mtime_ns))
            elif stat.S_ISDIR(status.st_mode):
                real = entry.resolve()
                astray = entry.is_symlink() and (real.is_relative_to(root) or root.is_relative_to(real))
                if not astray and real not in seen:
                    seen.add(real)
                    pending.append(entry)
    return tuple(sorted(found))


def load(corpus: Path, file: CorpusFile) -> bytes:
    """The bytes of a file of the corpus.

    Raises:
        UnreadableError: the system does not give them.
        ArticleTooLargeError: there are more than a reader accepts.
    """
    if file.size > LARGEST:
        raise ArticleTooLargeError(file.path, file.size, LARGEST)
    try:
        return (corpus / file.path).read_bytes()
    except OSError as error:
        raise UnreadableError(file.path, error.strerror or type(error).__name__) from error


def _entries(folder: Path) -> list[Path]:
    """What lies in a folder, sorted by name, so that of two links to one folder the same is followed each time."""
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        _log.warning("%r is left out: %s", os.fspath(folder), error)
        return []


def _is_litter(name: str) -> bool:
    lowered = name.casefold()
    return name.startswith((".", "~$", "#")) or lowered.endswith(_LITTER) or lowered in _SYSTEM_FILES
