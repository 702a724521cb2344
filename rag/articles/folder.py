"""The folder of articles: which files it holds."""

from __future__ import annotations

import logging
import os
import stat
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from rag.articles.formats import ARCHIVES, LARGEST, formats
from rag.articles.litter import is_litter
from rag.errors import ArticleError, ArticleTooLargeError, CorpusMissingError, UnreadableError

_log = logging.getLogger(__name__)

SIDECAR = ".meta.yaml"
"""How the names of sidecars end (rag.articles.sidecar)."""

COLUMNS = "columns.toml"
"""What the file is called that says what columns of tables mean (rag.articles.columns)."""

_TABLES = (".csv", ".tsv", ".json", ".jsonl", ".ndjson")
"""Of what it tells; archives may hold them too."""


@dataclass(frozen=True, slots=True, order=True)
class CorpusFile:
    """A file of the corpus: its path there (forward slashes), size in bytes, time of change in nanoseconds.

    ``companions`` are the files that say something of its articles: its sidecar
    (rag.articles.sidecar) and, for a table, the corpus's ``columns.toml``.
    """

    path: str
    size: int
    modified: int
    companions: tuple[CorpusFile, ...] = ()


def find(corpus: Path) -> tuple[CorpusFile, ...]:
    """Every file of the corpus, in any sub-folder, sorted by path.

    Left out are hidden files and folders, backups, temporary files and the
    corpus's own ``README.md``. All else is there, also what no reader knows, so
    that a person hears of it. A link to a file is that file. A link to a folder
    is followed where it leads out of the corpus, each folder once; one that
    leads back into the corpus, or to a folder around it, is not: those files are
    found where they lie. What cannot be looked at is logged and left out. What
    only says something of other files is among their companions; a sidecar that
    belongs to no file, or to one of several, is there by itself.

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
            if is_litter(entry.name):
                continue
            path = entry.relative_to(corpus).as_posix()
            try:
                status = _status(entry, path)
            except ArticleError as error:
                _log.warning("%r is left out: %s", path, error.reason)
                continue
            if stat.S_ISREG(status.st_mode) and path.casefold() != "readme.md":
                found.append(CorpusFile(path, status.st_size, status.st_mtime_ns))
            elif stat.S_ISDIR(status.st_mode):
                real = entry.resolve()
                astray = entry.is_symlink() and (real.is_relative_to(root) or root.is_relative_to(real))
                if not astray and real not in seen:
                    seen.add(real)
                    pending.append(entry)
    return _accompanied(sorted(found))


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
        raise UnreadableError(file.path, _problem(error)) from error


def _accompanied(found: Sequence[CorpusFile]) -> tuple[CorpusFile, ...]:
    """The files with their companions, and the sidecars that are none's."""
    listed = next((file for file in found if file.path.casefold() == COLUMNS), None)
    sidecars = {file.path: file for file in found if file.path.casefold().endswith(SIDECAR)}
    files = {file.path: file for file in found if file != listed and file.path not in sidecars}
    by_stem: dict[str, list[str]] = defaultdict(list)
    for path in files:
        by_stem[_stem(path)].append(path)
    companions: dict[str, list[CorpusFile]] = defaultdict(list)
    alone: list[CorpusFile] = []
    for path, each in sidecars.items():
        name = path[: -len(SIDECAR)]
        owners = [name] if name in files else by_stem.get(name, [])
        # "a.pdf.meta.yaml" comes before "a.meta.yaml", where both mean a.pdf the second is none's.
        if len(owners) == 1 and (owners[0] == name or owners[0] + SIDECAR not in sidecars):
            companions[owners[0]].append(each)
        else:
            alone.append(each)
    if listed is not None:
        for path in files:
            if path.casefold().endswith((*_TABLES, *ARCHIVES)):
                companions[path].append(listed)
    own = (replace(file, companions=tuple(companions[path])) for path, file in files.items())
    return tuple(sorted([*own, *alone]))


def _stem(path: str) -> str:
    """A path without the end that says which format it is."""
    ends = (end for end in sorted(formats(), key=len, reverse=True) if path.lower().endswith(end))
    known = next(ends, PurePosixPath(path).suffix)
    return path[: len(path) - len(known)]


def _entries(folder: Path) -> list[Path]:
    """What lies in a folder, sorted by name, so that of two links to one folder the same is followed each time."""
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        path = os.fspath(folder)
        _log.warning("%r is left out: %s", path, UnreadableError(path, _problem(error)).reason)
        return []


def _status(entry: Path, path: str) -> os.stat_result:
    """What the system knows of a file or folder.

    Raises:
        ArticleError: It is neither, or cannot be looked at.
    """
    try:
        path.encode()
        status = entry.stat()
    except UnicodeEncodeError as error:
        raise ArticleError(path, "its name is not UTF-8; rename it") from error
    except FileNotFoundError as error:
        raise ArticleError(path, "it is a link that leads nowhere; mend or remove it") from error
    except OSError as error:
        raise UnreadableError(path, _problem(error)) from error
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        raise ArticleError(path, "it is no file, but a pipe or a device; remove it")
    return status


def _problem(error: OSError) -> str:
    return error.strerror or type(error).__name__
