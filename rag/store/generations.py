"""The index on disk: immutable segments, and a pointer to the generation that says which of them count.

::

    embeddings/
    ├── current                       names the current generation, with its manifest's hash
    ├── lock                          held by the one build at work
    ├── generations/00000007.json     a manifest: segments, the articles removed since, settings, counts, versions
    ├── generations/00000007.files    what was found in the corpus: one JSON line a file
    ├── generations/00000007.duplicates  articles that are the same as another one: one JSON line each
    ├── segments/…                    see rag.store.segments
    └── models/…                      see rag.encoder; codec.npy beside it, see rag.states

A build writes new segments and a new manifest, and last swaps ``current``.
Whoever reads keeps the generation that was current when the reading began.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np

from rag import lexical
from rag.arrays import Ids, Integers, Mask
from rag.errors import IndexDamagedError, IndexFormatError, IndexMissingError
from rag.store.checked import WHOLE, Checksum, Damage, check, checksum, flush
from rag.store.segments import CARD, Segment, Settings
from rag.types import ArticleInfo, Failure

FORMAT = 5
# What stands in so many passages is counted at a time.
_COUNTED_AT_ONCE = 1_024


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

    def duplicates(self, number: int) -> Path:
        """The list of duplicates of a generation."""
        return self.generations / f"{number:08}.duplicates"

    def model(self, model_hash: str) -> Path:
        """The folder of a prepared model."""
        return self.models / model_hash[:16]


@dataclass(frozen=True, slots=True)
class SegmentUse:
    """A segment in a generation: its name, the hash of its card, and which of its articles do not count.

    ``removed`` are no longer in the corpus; ``hidden`` are the same as another
    one, which is kept in their stead.
    """

    name: str
    card: Checksum
    removed: tuple[int, ...] = ()
    hidden: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class DuplicateRecord:
    """An article that is the same as another one, which is kept: the segment and number of each, and its own path.

    Where both are one, another file holds the very bytes, under this path.
    """

    segment: str
    number: int
    kept_segment: str
    kept_number: int
    path: str


@dataclass(frozen=True, slots=True)
class Companion:
    """A file that says something of another, as a build found it; its fields are those of a :class:`FileRecord`."""

    path: str
    size: int
    modified: int
    sha256: str


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file of the corpus as a build found it.

    ``size`` in bytes, ``modified`` in nanoseconds since 1970, the hex SHA-256
    of its bytes, the ids of the articles in it, and what of it could not be
    read: the whole or parts. ``companions`` are the files beside it that say
    what its articles are. ``stopped`` says that its reader was, for it took too
    long or too much memory.
    """

    path: str
    size: int
    modified: int
    sha256: str
    articles: tuple[str, ...]
    failures: tuple[Failure, ...] = ()
    companions: tuple[Companion, ...] = ()
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation is made of.

    ``articles``, ``passages``, ``sentences`` and ``languages`` are those that
    count. ``vectors`` is how most of the sentences' vectors are kept, and ``recall``
    the least share of the nearest ones that is found in a segment (rag.vectors).
    ``prepared`` are the files of its prepared model; ``scale`` is what questions
    that the articles answer score among them (rag.calibration),
    measured before the last ``uncalibrated`` passages came or went.
    """

    number: int
    created: str
    model: str
    settings: Settings
    segments: tuple[SegmentUse, ...]
    articles: int
    passages: int
    sentences: int
    languages: tuple[str | None, ...]
    failed: int
    vectors: str
    recall: float
    versions: dict[str, str]
    prepared: dict[str, Checksum]
    files: Checksum
    duplicates: Checksum
    scale: float
    uncalibrated: int


def read_current(folder: IndexFolder) -> Manifest:
    """The manifest of the current generation.

    Raises:
        IndexMissingError: there is no index in the folder.
        IndexFormatError: it was written in another format.
        IndexDamagedError: the pointer or the manifest is not as it was written.
    """
    pointer = _read_pointer(folder)
    try:
        with damage_told(folder):
            written = folder.manifest(pointer["generation"])
            check(written, Checksum(**pointer["manifest"]))
            return _parse(json.loads(written.read_text(encoding="utf-8")))
    except IndexDamagedError:
        if _read_pointer(folder) == pointer:
            raise
        # Two builds have ended since the pointer was read, and cleared away what it named.
        return read_current(folder)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise IndexDamagedError(str(folder.path), folder.current.name, "it is not as it was written") from error


def _read_pointer(folder: IndexFolder) -> dict[str, Any]:
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
    return pointer


def _parse(read: dict[str, Any]) -> Manifest:
    return Manifest(
        **{
            **read,
            "settings": Settings(**read["settings"]),
            "segments": tuple(
                SegmentUse(use["name"], Checksum(**use["card"]), tuple(use["removed"]), tuple(use["hidden"]))
                for use in read["segments"]
            ),
            "languages": tuple(read["languages"]),
            "prepared": {name: Checksum(**values) for name, values in read["prepared"].items()},
            "files": Checksum(**read["files"]),
            "duplicates": Checksum(**read["duplicates"]),
        }
    )


def read_files(folder: IndexFolder, manifest: Manifest) -> dict[str, FileRecord]:
    """The corpus's files as the generation's build found them, by path.

    Raises:
        IndexDamagedError: the list is missing or not as it was written.
    """
    with damage_told(folder):
        rows = _read_lines(folder.files(manifest.number), manifest.files)
    return {row["path"]: _record(row) for row in rows}


def _read_lines(listed: Path, expected: Checksum) -> list[dict[str, Any]]:
    check(listed, expected)
    return [json.loads(line) for line in listed.read_text(encoding="utf-8").splitlines()]


def _record(row: dict[str, Any]) -> FileRecord:
    return FileRecord(
        **{
            **row,
            "articles": tuple(row["articles"]),
            "failures": tuple(Failure(**each) for each in row["failures"]),
            "companions": tuple(Companion(**each) for each in row["companions"]),
        }
    )


def write_files(folder: IndexFolder, number: int, records: Iterable[FileRecord]) -> Checksum:
    """Write the list of the corpus's files for a generation to come."""
    return _write_lines(folder.files(number), records)


def write_duplicates(folder: IndexFolder, number: int, duplicates: Iterable[DuplicateRecord]) -> Checksum:
    """Write the list of duplicates for a generation to come."""
    return _write_lines(folder.duplicates(number), duplicates)


def _write_lines(listed: Path, rows: Iterable[FileRecord | DuplicateRecord]) -> Checksum:
    listed.parent.mkdir(parents=True, exist_ok=True)
    listed.write_text("".join(json.dumps(row, default=_fields) + "\n" for row in rows), encoding="utf-8")
    flush(listed)
    return checksum(listed)


def _fields(row: object) -> dict[str, object]:
    """A record's fields by their names, for JSON; ``asdict`` would copy all that is in them."""
    return {field.name: getattr(row, field.name) for field in fields(cast("FileRecord", row))}


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


def checksums(model: Path, known: Mapping[str, Checksum]) -> dict[str, Checksum]:
    """Hash the files of a prepared model; a large one that is known and has the size that it had is taken as it was.

    Folders in it are caches of those who run it.
    """
    found = {}
    for file in sorted(model.iterdir()):
        if file.is_file():
            before = known.get(file.name)
            same = before is not None and WHOLE < before.bytes == file.stat().st_size
            found[file.name] = before if before is not None and same else checksum(file)
    return found


def check_model(folder: IndexFolder, manifest: Manifest, *, whole: bool) -> None:
    """Hash the files of a generation's model; of large ones only look at the size, unless ``whole``.

    Raises:
        Damage: one is missing or not as it was written.
    """
    for name, expected in manifest.prepared.items():
        check(folder.model(manifest.settings.model) / name, expected, whole=whole)


@contextmanager
def damage_told(folder: IndexFolder) -> Iterator[None]:
    """Raise a damage as the error that users see."""
    try:
        yield
    except Damage as damage:
        try:
            file = damage.file.relative_to(folder.path).as_posix()
        except ValueError:
            file = damage.file.name
        raise IndexDamagedError(str(folder.path), file, damage.problem) from damage


class Snapshot:
    """A generation, open: its segments, which of their articles count, and the statistics over those.

    For each segment ``present`` says which of its articles are in the corpus, and
    ``live`` which of them count: those that are not the same as another one that
    is kept; bool (articles,). ``duplicates`` are those others.

    Segments that ``before`` has open are shared with it.

    Raises:
        IndexDamagedError: a file is missing or not as it was written.
    """

    def __init__(self, folder: IndexFolder, manifest: Manifest, before: Snapshot | None = None) -> None:
        self.folder = folder
        self.manifest = manifest
        opened: Mapping[str, Segment] = {} if before is None else before.by_name
        with damage_told(folder):
            self.by_name: dict[str, Segment] = _opened(folder, manifest.segments, opened)
        self.segments = tuple(self.by_name.values())
        pairs = tuple(zip(self.segments, manifest.segments, strict=True))
        with damage_told(folder):
            rows = _read_lines(folder.duplicates(manifest.number), manifest.duplicates)
        self.duplicates = tuple(DuplicateRecord(**row) for row in rows)
        self.present = tuple(_all_but(segment, use.removed) for segment, use in pairs)
        self.live = tuple(_all_but(segment, use.removed + use.hidden) for segment, use in pairs)

    @cached_property
    def duplicates_of(self) -> Mapping[tuple[str, int], tuple[DuplicateRecord, ...]]:
        """The duplicates under the segment's name and the number of the article that is kept."""
        found: dict[tuple[str, int], list[DuplicateRecord]] = {}
        for each in self.duplicates:
            found.setdefault((each.kept_segment, each.kept_number), []).append(each)
        return {kept: tuple(others) for kept, others in found.items()}

    def info(self, duplicate: DuplicateRecord) -> ArticleInfo:
        """What is known of a duplicate, as its own file says it."""
        with damage_told(self.folder):
            return replace(self.by_name[duplicate.segment].info(duplicate.number), path=duplicate.path)

    @cached_property
    def _gone(self) -> tuple[Integers, ...]:
        """The passages of each segment that do not count."""
        pairs = zip(self.segments, self.live, strict=True)
        return tuple(segment.passages_of_articles(np.flatnonzero(~live)) for segment, live in pairs)

    @cached_property
    def _gone_terms(self) -> Counter[int]:
        """In how many passages that do not count each term stands."""
        held = (_counts(segment.terms_of, gone) for segment, gone in zip(self.segments, self._gone, strict=True))
        return sum(held, Counter())

    @cached_property
    def average_terms(self) -> float:
        """How many terms a passage has on average."""
        total = 0
        for segment, gone in zip(self.segments, self._gone, strict=True):
            begins = segment.begins[:, 1]
            total += int(begins[-1]) - int((begins[gone + 1] - begins[gone]).sum())
        return total / max(1, self.manifest.passages)

    @cached_property
    def piece_frequencies(self) -> Integers:
        """In how many passages each word piece stands: int64 (vocabulary,)."""
        counts = np.zeros(len(self.segments[0].piece_frequencies), np.int64)
        for segment in self.segments:
            counts += segment.piece_frequencies
        for segment, gone in zip(self.segments, self._gone, strict=True):
            for piece, held in _counts(segment.pieces_of, gone).items():
                counts[piece] -= held
        return counts

    def term_frequency(self, term: str) -> int:
        """In how many passages a term stands."""
        held = sum(segment.fulltext.frequency(term) for segment in self.segments)
        return held - self._gone_terms[lexical.term_id(term)]

    def vocabulary(self, prefix: str) -> list[tuple[str, int]]:
        """The terms that begin so and stand in a passage that counts, each with in how many of those."""
        counts: Counter[str] = Counter()
        for segment in self.segments:
            counts.update(dict(segment.fulltext.vocabulary(prefix)))
        found = ((term, held - self._gone_terms[lexical.term_id(term)]) for term, held in counts.items())
        return [(term, held) for term, held in found if held > 0]

    def check(self) -> None:
        """Hash every file of the generation, whole.

        Raises:
            IndexDamagedError: one is missing or not as it was written.
        """
        with damage_told(self.folder):
            check(self.folder.files(self.manifest.number), self.manifest.files)
            check(self.folder.duplicates(self.manifest.number), self.manifest.duplicates)
            check_model(self.folder, self.manifest, whole=True)
            for use in self.manifest.segments:
                _check_card(self.folder, use)
                self.by_name[use.name].check()


def _opened(folder: IndexFolder, uses: Iterable[SegmentUse], opened: Mapping[str, Segment]) -> dict[str, Segment]:
    """These segments by their names; what is to be opened is opened two at a time, for most of it is hashing."""
    with ThreadPoolExecutor(2) as pool:
        found = [opened.get(use.name) or pool.submit(_open, folder, use) for use in uses]
        return {
            use.name: each if isinstance(each, Segment) else each.result()
            for use, each in zip(uses, found, strict=True)
        }


def _open(folder: IndexFolder, use: SegmentUse) -> Segment:
    _check_card(folder, use)
    return Segment(folder.segments / use.name)


def _check_card(folder: IndexFolder, use: SegmentUse) -> None:
    check(folder.segments / use.name / CARD, use.card)


def _all_but(segment: Segment, numbers: tuple[int, ...]) -> Mask:
    mask = np.ones(segment.card.articles, bool)
    mask[list(numbers)] = False
    return mask


def _counts(held_in: Callable[[Integers], tuple[Ids, Integers]], passages: Integers) -> Counter[int]:
    """In how many of these passages stands each of the numbers that ``held_in`` gives for them."""
    counts: Counter[int] = Counter()
    for begin in range(0, len(passages), _COUNTED_AT_ONCE):
        numbers, begins = held_in(passages[begin : begin + _COUNTED_AT_ONCE])
        owners = np.repeat(np.arange(len(begins) - 1, dtype=np.uint64), np.diff(begins))
        once = np.unique(owners << np.uint64(32) | numbers) & np.uint64(0xFFFFFFFF)
        counts.update(dict(zip(*(each.tolist() for each in np.unique(once, return_counts=True)), strict=True)))
    return counts
