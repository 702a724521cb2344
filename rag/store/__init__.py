"""One generation of the index on disk: save, verify, load."""

from rag.store.checked import Checksum, Damage, checksum
from rag.store.generations import (
    Companion,
    FileRecord,
    IndexFolder,
    Manifest,
    SegmentUse,
    Snapshot,
    check_model,
    checksums,
    clear,
    commit,
    damage_told,
    read_current,
    read_files,
    write_files,
)
from rag.store.segments import CARD, Segment, SegmentCard, SegmentWriter, Settings, read_card, row_checksum, text_key

__all__ = [
    "CARD",
    "Checksum",
    "Companion",
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
    "check_model",
    "checksum",
    "checksums",
    "clear",
    "commit",
    "damage_told",
    "read_card",
    "read_current",
    "read_files",
    "row_checksum",
    "text_key",
    "write_files",
]
