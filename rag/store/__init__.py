"""One generation of the index on disk: save, verify, load."""

from rag.store.checked import Checksum, Damage, checksum
from rag.store.generations import (
    FileRecord,
    IndexFolder,
    Manifest,
    SegmentUse,
    Snapshot,
    clear,
    commit,
    damaged,
    read_current,
    read_files,
    write_files,
)
from rag.store.segments import Segment, SegmentCard, SegmentWriter, Settings, read_card, text_key

__all__ = [
    "Checksum",
    "Damage",
    "FileRecord",
    "IndexFolder",
    "Manifest",
    "Segment",
    "SegmentCard",
    "SegmentUse",
    "SegmentWriter",
    "Settings",
    "Snapshot",
    "checksum",
    "clear",
    "commit",
    "damaged",
    "read_card",
    "read_current",
    "read_files",
    "text_key",
    "write_files",
]
