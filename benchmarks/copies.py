"""An index of many copies of another one's articles, made in a minute, to see how times and memory grow.

usage: python benchmarks/copies.py FOLDER TARGET TIMES

FOLDER is one size's folder of benchmarks/scale.py, built and kept. Each copy's
articles get ids, paths and signatures of their own; all else is shared with the
original by hard links. So opening, adding, removing and asking take what they
would with as many articles of different content, but what is found says nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from rag.store import (
    CARD,
    FileRecord,
    IndexFolder,
    SegmentUse,
    Snapshot,
    checksum,
    commit,
    read_current,
    read_files,
    row_checksum,
    write_duplicates,
    write_files,
)
from rag.store.segments import Segment

CHANGED = ("ids.bin", "signatures.bin", "articles.db", CARD)


def renamed(identity: str, number: int) -> str:
    """The id of an article in a copy."""
    return f"{int(identity, 16) ^ number:016x}"


def copy(source: Segment, folder: Path, number: int) -> SegmentUse:
    """A segment with the articles of another one under other ids and paths."""
    shutil.copytree(source.folder, folder, copy_function=os.link)
    for name in CHANGED:
        (folder / name).unlink()
        shutil.copyfile(source.folder / name, folder / name)
    ids = np.fromfile(folder / "ids.bin", np.uint64)
    (ids ^ np.uint64(number)).tofile(folder / "ids.bin")
    signatures = source.signatures.copy()
    signatures[:, 16:] ^= np.uint32(number)
    signatures.tofile(folder / "signatures.bin")
    database = sqlite3.connect(folder / "articles.db")
    for place in range(source.card.articles):
        article = source.article(place)
        moved = replace(article, id=renamed(article.id, number), path=f"{number}-{article.path}")
        row = (moved.id, moved.path, row_checksum(moved), place)
        database.execute("UPDATE article SET id = ?, path = ?, checksum = ? WHERE number = ?", row)
    database.commit()
    database.close()
    files = {name: checksum(folder / name) if name in CHANGED else held for name, held in source.card.files.items()}
    (folder / CARD).write_text(json.dumps(asdict(replace(source.card, files=files))), encoding="utf-8")
    return SegmentUse(folder.name, checksum(folder / CARD))


def main() -> None:
    """Copy the index and its corpus."""
    original, target, times = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    shutil.copytree(original / "index", target / "index", copy_function=os.link)
    shutil.copytree(original / "corpus", target / "corpus", copy_function=os.link)
    index = IndexFolder(target / "index")
    manifest = read_current(index)
    snapshot = Snapshot(index, manifest)
    records = dict(read_files(index, manifest))
    uses = list(manifest.segments)
    for number in range(1, times):
        for place, source in enumerate(snapshot.segments):
            uses.append(copy(source, index.segments / f"{place}copy{number}", number))
        for record in read_files(index, manifest).values():
            path = f"{number}-{record.path}"
            os.link(target / "corpus" / record.path, target / "corpus" / path)
            ids = tuple(renamed(identity, number) for identity in record.articles)
            records[path] = FileRecord(path, record.size, record.modified, record.sha256, ids)
    larger = replace(
        manifest,
        number=manifest.number + 1,
        segments=tuple(uses),
        articles=manifest.articles * times,
        passages=manifest.passages * times,
        sentences=manifest.sentences * times,
        files=write_files(index, manifest.number + 1, [records[path] for path in sorted(records)]),
        duplicates=write_duplicates(index, manifest.number + 1, ()),
    )
    index.current.unlink()
    commit(index, larger)
    print(f"{larger.articles:,} articles, {larger.passages:,} passages in {len(uses)} segments")


if __name__ == "__main__":
    main()
