"""What of a folder of articles has changed since its index was built.

A question asks this first, so it is told by names, sizes and times, and nothing
is loaded that reads, cuts or encodes articles.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

from rag import articles
from rag.articles import CorpusFile
from rag.errors import ArticleError
from rag.store import Companion, FileRecord, IndexFolder, Manifest, read_current, read_files
from rag.types import Changes

# A file changed within this time (ns) of a build may have changed again, with the same size and time.
RACY = 2_000_000_000


def changes(corpus: Path, folder: IndexFolder) -> Changes:
    """How the corpus differs from the index, by names, sizes and times, and by bytes only where those leave a doubt.

    Raises:
        CorpusMissingError: there is no such folder.
        IndexMissingError, IndexFormatError, IndexDamagedError: the index cannot be read.
    """
    manifest = read_current(folder)
    records = read_files(folder, manifest)
    here = found(corpus, folder)
    added, changed = [], []
    for file in here:
        record = records.get(file.path)
        if record is None:
            added.append(file.path)
        elif not untouched(record, file, manifest) and _digests(corpus, file) != recorded(record):
            changed.append(file.path)
    removed = sorted(records.keys() - {file.path for file in here})
    return Changes(tuple(added), tuple(changed), tuple(removed))


def found(corpus: Path, folder: IndexFolder) -> tuple[CorpusFile, ...]:
    """The corpus's files; an index that lies within the corpus is no part of it."""
    found = articles.find(corpus)
    index = folder.path.resolve()
    folders = {file.path.rpartition("/")[0] for file in found}
    within = {each for each in folders if (corpus / each).resolve().is_relative_to(index)}
    return tuple(file for file in found if file.path.rpartition("/")[0] not in within)


def untouched(record: FileRecord, file: CorpusFile, manifest: Manifest) -> bool:
    """Whether sizes and times say that a file and those beside it are as the build of this generation found them."""
    built = datetime.fromisoformat(manifest.created).timestamp() * 1e9
    before: tuple[FileRecord | Companion, ...] = (record, *record.companions)
    was = [(each.path, each.size, each.modified) for each in before]
    now = [(each.path, each.size, each.modified) for each in (file, *file.companions)]
    return was == now and all(modified < built - RACY for _, _, modified in now)


def recorded(record: FileRecord) -> list[tuple[str, str]]:
    """A file and those beside it, each with the hash of its bytes."""
    recorded: tuple[FileRecord | Companion, ...] = (record, *record.companions)
    return [(each.path, each.sha256) for each in recorded]


def _digests(corpus: Path, file: CorpusFile) -> list[tuple[str, str]]:
    """The same as ``recorded``, of the files as they are now."""
    return [(each.path, _digest(corpus, each)) for each in (file, *file.companions)]


def _digest(corpus: Path, file: CorpusFile) -> str:
    try:
        return hashlib.sha256(articles.load(corpus, file)).hexdigest()
    except ArticleError:
        return ""
