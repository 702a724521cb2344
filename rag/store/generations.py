"""The index on disk: immutable segments, and a pointer to the generation that says which of them count.

::

    embeddings/
    ├── current                       names the current generation, with its manifest's hash
    ├── lock                          held by the one build at work
    ├── generations/00000007.json     a manifest: segments, the articles removed since, settings, counts, versions
    ├── generations/00000007.files    what was found in the corpus: one JSON line a file
    ├── segments/…                    see rag.store.segments
    └── models/…                      see rag.encoder; codec.npy beside it, see rag.states

A build writes new segments and a new manifest, and last swaps ``current``.
Whoever reads keeps the generation that was current when the reading began.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from rag import lexical
from rag.arrays import Integers, Mask
from rag.errors import IndexDamagedError, IndexFormatError, IndexMissingError
from rag.store.checked import Checksum, Damage, check, checksum, flush
from rag.store.segments import Segment, Settings

FORMAT = 1
KEPT_GENERATIONS = 2


@dataclass(frozen=True, slots=True)
class IndexFolder:
    """Names every file of an index."""

    path: Path

    @property
    def current(self) -> Path:
        """The pointer to the current generation."""
        return self.path / "current"

    @property
    def lock(self) -> Path:
        """Held while a build is at work."""
        return self.path / "lock"

    @property
    def models(self) -> Path:
        """The prepared models."""
        return self.path / "models"

    @property
    def segments(self) -> Path:
        """The segments, one folder each."""
        return self.path / "segments"

    @property
    def generations(self) -> Path:
        """The manifests and lists of files."""
        return self.path / "generations"

    def manifest(self, number: int) -> Path:
        """The manifest of a generation."""
        return self.generations / f"{number:08}.json"

    def files(self, number: int) -> Path:
        """The list of the corpus's files of a generation."""
        return self.generations / f"{number:08}.files"

    def model(self, model_hash: str) -> Path:
        """The folder of a prepared model."""
        return self.models / model_hash[:16]


@dataclass(frozen=True, slots=True)
class SegmentUse:
    """A segment in a generation: its name, the hash of its card, and which of its articles no longer count."""

    name: str
    card: Checksum
    removed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file of the corpus as a build found it.

    ``size`` in bytes, ``modified`` in nanoseconds since 1970, the hex SHA-256
    of its bytes, the ids of the articles in it, or why it could not be read.
    """

    path: str
    size: int
    modified: int
    sha256: str
    articles: tuple[str, ...]
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation is made of."""

    number: int
    created: str
    model: str
    settings: Settings
    segments: tuple[SegmentUse, ...]
    articles: int
    passages: int
    sentences: int
    failed: int
    vectors: str
    versions: dict[str, str]
    files: Checksum


def read_current(folder: IndexFolder) -> Manifest:
    """The manifest of the current generation.

    Raises:
        IndexMissingError: there is no index in the folder.
        IndexFormatError: it was written in another format.
        IndexDamagedError: the pointer or the manifest is not as it was written.
    """
    try:
        pointer = json.loads(folder.current.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise IndexMissingError(str(folder.path)) from None
    except (OSError, ValueError) as error:
        raise IndexDamagedError(str(folder.path), folder.current.name, "it cannot be read") from error
    if not isinstance(pointer, dict) or "format" not in pointer:
        raise IndexDamagedError(str(folder.path), folder.current.name, "it is not as it was written")
    if pointer["format"] != FORMAT:
        raise IndexFormatError(str(folder.path), pointer["format"], FORMAT)
    try:
        manifest = folder.manifest(pointer["generation"])
        check(manifest, Checksum(**pointer["manifest"]))
        read = json.loads(manifest.read_text(encoding="utf-8"))
        segments = tuple(
            SegmentUse(use["name"], Checksum(**use["card"]), tuple(use["removed"])) for use in read.pop("segments")
        )
        settings, files = Settings(**read.pop("settings")), Checksum(**read.pop("files"))
        return Manifest(segments=segments, settings=settings, files=files, **read)
    except Damage as damage:
        raise damaged(folder, damage) from damage
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise IndexDamagedError(str(folder.path), folder.current.name, "it is not as it was written") from error


def read_files(folder: IndexFolder, manifest: Manifest) -> dict[str, FileRecord]:
    """The corpus's files as the generation's build found them, by path.

    Raises:
        IndexDamagedError: the list is missing or not as it was written.
    """
    listed = folder.files(manifest.number)
    try:
        check(listed, manifest.files)
        rows = (json.loads(line) for line in listed.read_text(encoding="utf-8").splitlines())
        records = (FileRecord(**{**row, "articles": tuple(row["articles"])}) for row in rows)
        return {record.path: record for record in records}
    except Damage as damage:
        raise damaged(folder, damage) from damage


def write_files(folder: IndexFolder, number: int, records: Iterable[FileRecord]) -> Checksum:
    """Write the list of the corpus's files for a generation to come."""
    folder.generations.mkdir(parents=True, exist_ok=True)
    listed = folder.files(number)
    listed.write_text("".join(json.dumps(asdict(record)) + "\n" for record in records), encoding="utf-8")
    flush(listed)
    return checksum(listed)


def commit(folder: IndexFolder, manifest: Manifest) -> None:
    """Write a manifest and make it the current generation, in one step for whoever reads."""
    written = folder.manifest(manifest.number)
    written.write_text(json.dumps(asdict(manifest), indent=1), encoding="utf-8")
    flush(written)
    flush(folder.generations)
    flush(folder.segments)
    pointer = {"format": FORMAT, "generation": manifest.number, "manifest": asdict(checksum(written))}
    part = folder.current.with_suffix(".part")
    part.write_text(json.dumps(pointer), encoding="utf-8")
    flush(part)
    part.replace(folder.current)
    flush(folder.path)


def clear(folder: IndexFolder, manifest: Manifest, before: Manifest | None) -> None:
    """Remove what neither this generation nor the one before it needs."""
    kept = [each for each in (manifest, before) if each is not None]
    numbers = {f"{each.number:08}" for each in kept}
    names = {use.name for each in kept for use in each.segments}
    for file in folder.generations.iterdir():
        if file.stem not in numbers:
            file.unlink(missing_ok=True)
    for segment in folder.segments.iterdir():
        if segment.name not in names:
            shutil.rmtree(segment, ignore_errors=True)
    models = {folder.model(each.settings.model).name for each in kept}
    for model in folder.models.iterdir():
        if model.name not in models:
            shutil.rmtree(model, ignore_errors=True)


def damaged(folder: IndexFolder, damage: Damage) -> IndexDamagedError:
    """A damage as the error that users see."""
    try:
        file = damage.file.relative_to(folder.path).as_posix()
    except ValueError:
        file = damage.file.name
    return IndexDamagedError(str(folder.path), file, damage.problem)


class Snapshot:
    """A generation, open: its segments, which of their articles count, and the statistics over those.

    Segments that ``before`` has open are shared with it.

    Raises:
        IndexDamagedError: a file is missing or not as it was written.
    """

    def __init__(self, folder: IndexFolder, manifest: Manifest, before: Snapshot | None = None) -> None:
        self.folder = folder
        self.manifest = manifest
        opened: Mapping[str, Segment] = {} if before is None else before.by_name
        try:
            self.by_name: dict[str, Segment] = {
                use.name: opened.get(use.name) or _open(folder, use) for use in manifest.segments
            }
        except Damage as damage:
            raise damaged(folder, damage) from damage
        self.segments = tuple(self.by_name.values())
        self.live = tuple(_live(segment, use) for segment, use in zip(self.segments, manifest.segments, strict=True))

    @cached_property
    def _gone(self) -> tuple[Integers, ...]:
        """The passages of each segment that no longer count."""
        pairs = zip(self.segments, self.live, strict=True)
        return tuple(np.flatnonzero(~segment.passage_mask(live)) for segment, live in pairs)

    @cached_property
    def _gone_terms(self) -> Counter[int]:
        """In how many passages that no longer count each term stands."""
        counts: Counter[int] = Counter()
        for segment, gone in zip(self.segments, self._gone, strict=True):
            for passage in gone:
                counts.update(set(segment.terms_of(np.array([passage]))[0].tolist()))
        return counts

    @cached_property
    def average_terms(self) -> float:
        """How many terms a passage has on average."""
        total = 0
        for segment, gone in zip(self.segments, self._gone, strict=True):
            lengths = np.diff(segment.begins[:, 1])
            total += int(lengths.sum()) - int(lengths[gone].sum())
        return total / max(1, self.manifest.passages)

    @cached_property
    def piece_frequencies(self) -> Integers:
        """In how many passages each word piece stands: int64 (vocabulary,)."""
        counts = np.zeros(len(self.segments[0].piece_frequencies), np.int64)
        for segment in self.segments:
            counts += segment.piece_frequencies
        for segment, gone in zip(self.segments, self._gone, strict=True):
            for passage in gone:
                counts[np.unique(segment.pieces_of(np.array([passage]))[0])] -= 1
        return counts

    def term_frequency(self, term: str) -> int:
        """In how many passages a term stands."""
        held = sum(segment.fulltext.frequency(term) for segment in self.segments)
        return held - self._gone_terms[lexical.term_id(term)]

    def check(self) -> None:
        """Hash every file of the generation, whole.

        Raises:
            IndexDamagedError: one is missing or not as it was written.
        """
        try:
            check(self.folder.files(self.manifest.number), self.manifest.files)
            for segment in self.segments:
                segment.check()
        except Damage as damage:
            raise damaged(self.folder, damage) from damage


def _open(folder: IndexFolder, use: SegmentUse) -> Segment:
    check(folder.segments / use.name / "segment.json", use.card)
    return Segment(folder.segments / use.name)


def _live(segment: Segment, use: SegmentUse) -> Mask:
    live = np.ones(segment.card.articles, bool)
    live[list(use.removed)] = False
    return live
