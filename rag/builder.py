"""Corpus to index, doing only what changed.

Files whose size and time are as they were are not read, files whose bytes are
as they were are not embedded, and an article whose text is as it was (a moved
file, new front matter) takes its vectors from the segment that has them, even
from one that a killed build left behind. What is new goes into a new segment.
Small segments are merged, so that their number grows with the logarithm of the
corpus.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import logging
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from rag import articles, encoder, states, vectors
from rag.articles import CorpusFile
from rag.embedding import embed
from rag.encoder import ModelCard
from rag.errors import (
    ArticleError,
    CorpusEmptyError,
    CorpusUnreadableError,
    IndexFormatError,
    IndexLockedError,
    IndexMissingError,
    IndexWriteError,
    OptionError,
)
from rag.states import Codec
from rag.store import (
    Damage,
    FileRecord,
    IndexFolder,
    Manifest,
    Segment,
    SegmentUse,
    SegmentWriter,
    Settings,
    Snapshot,
    checksum,
    clear,
    commit,
    damaged,
    read_card,
    read_current,
    read_files,
    text_key,
    write_files,
)
from rag.types import Article, BuildReport, Changes, EncodedArticle, Failure, Progress

_log = logging.getLogger(__name__)

PASSAGE_TOKENS = 240
FEWEST_TOKENS, MOST_TOKENS = 16, 255
# Counts up when passages are cut or encoded in another way, so that older indexes are made anew.
RULES = 1
CODEC = "codec.npy"
# Articles are read until they have this many characters, then encoded together, like lengths with like.
CHUNK_CHARACTERS = 400_000
# A segment is closed at this size, so that a killed build loses no more than the last one.
SEGMENT_PASSAGES = 16_384
# A segment is written again once this share of its passages no longer counts.
MOST_GONE = 0.25
# A file changed within this time (ns) of a build may have changed again, with the same size and time.
RACY = 2_000_000_000

Tell = Callable[[Progress], None]


def build(
    corpus: Path,
    folder: IndexFolder,
    *,
    model: str,
    device: str = "auto",
    passage_tokens: int | None = None,
    anew: bool = False,
    progress: Tell | None = None,
) -> BuildReport:
    """Bring the index up to date with the corpus.

    Args:
        corpus: the folder of articles.
        folder: where the index is or will be.
        model: a name or folder, as ``rag.settings.model_name`` gives it.
        device: ``auto``, ``cpu`` or a CUDA device.
        passage_tokens: the most cl100k_base tokens of a passage; None for what the index has, or 240.
        anew: take nothing from the index that is there.
        progress: is told of each step.

    Raises:
        CorpusError: there is nothing to index; the index stays as it was.
        IndexDamagedError: what is there cannot be used; ``anew`` makes it again.
        IndexLockedError: another build is at work.
        IndexWriteError: the disk does not take it.
        ModelError: the model cannot be used.
        OptionError: a setting is out of its range.
    """
    if passage_tokens is not None and not FEWEST_TOKENS <= passage_tokens <= MOST_TOKENS:
        raise OptionError("passage_tokens", passage_tokens, f"a number from {FEWEST_TOKENS} to {MOST_TOKENS}")
    began, started = time.monotonic(), datetime.now(UTC)
    tell = progress or (lambda _: None)
    found = _found(corpus, folder)
    if not found:
        raise CorpusEmptyError(str(corpus), articles.formats())
    with _alone(folder):
        before, rebuilt = _before(folder, anew=anew)
        tell(Progress("Loading the model", 0, len(found)))
        card, codec = _prepare(folder, model)
        kept_tokens = PASSAGE_TOKENS if before is None else before.settings.passage_tokens
        settings = Settings(card.hash, passage_tokens or kept_tokens, RULES)
        if before is not None and before.settings != settings:
            rebuilt = _difference(before, model, settings)
        try:
            records = {} if before is None else read_files(folder, before)
            current = None if before is None or rebuilt else Snapshot(folder, before)
            writer = _Writer(folder, settings, card, codec, device, _shelf(folder, settings, current, anew=anew))
            survey = _take_in(corpus, found, records, before, _live(current), writer, tell)
            if not any(record.articles for record in survey.records):
                raise CorpusUnreadableError(str(corpus), {each.path: each.reason for each in survey.failed})
            uses = _uses(current, survey.kept) + writer.finish()
            if (
                before is not None
                and not rebuilt
                and uses == before.segments
                and survey.records == tuple(records.values())
            ):
                manifest = before
            else:
                tell(Progress("Putting the index in order", len(found), len(found)))
                uses = _merge(folder, uses, writer)
                manifest = _manifest(folder, before, model, settings, uses, survey, started)
                commit(folder, manifest)
                clear(folder, manifest, before)
        except Damage as damage:
            raise damaged(folder, damage) from damage
    return BuildReport(
        added=tuple(survey.added),
        changed=tuple(survey.changed),
        removed=tuple(sorted(path for path, old in records.items() if old.articles and path not in survey.paths)),
        unchanged=tuple(survey.unchanged),
        failed=tuple(survey.failed),
        articles=manifest.articles,
        passages=manifest.passages,
        seconds=time.monotonic() - began,
        embedded=writer.embedded,
        rebuilt=rebuilt,
    )


def changes(corpus: Path, folder: IndexFolder) -> Changes:
    """How the corpus differs from the index, by names, sizes and times, and by bytes only where those leave a doubt.

    Raises:
        CorpusMissingError: there is no such folder.
        IndexMissingError, IndexFormatError, IndexDamagedError: the index cannot be read.
    """
    manifest = read_current(folder)
    records = read_files(folder, manifest)
    found = _found(corpus, folder)
    added, changed = [], []
    for file in found:
        record = records.get(file.path)
        if record is None:
            added.append(file.path)
        elif not _untouched(record, file, manifest) and record.sha256 != _digest(corpus, file):
            changed.append(file.path)
    removed = sorted(records.keys() - {file.path for file in found})
    return Changes(tuple(added), tuple(changed), tuple(removed))


def _found(corpus: Path, folder: IndexFolder) -> tuple[CorpusFile, ...]:
    """The corpus's files; an index that lies within the corpus is no part of it."""
    index = folder.path.resolve()
    return tuple(file for file in articles.find(corpus) if index not in (corpus / file.path).resolve().parents)


@contextmanager
def _alone(folder: IndexFolder) -> Iterator[None]:
    """Hold the lock, and tell what the disk refuses."""
    try:
        folder.segments.mkdir(parents=True, exist_ok=True)
        folder.models.mkdir(exist_ok=True)
        with FileLock(folder.lock, timeout=0):
            yield
    except Timeout:
        raise IndexLockedError(str(folder.path)) from None
    except OSError as error:
        raise IndexWriteError(str(folder.path), error.strerror or str(error)) from error


def _before(folder: IndexFolder, *, anew: bool) -> tuple[Manifest | None, str | None]:
    """The current generation, or why it is not to be built upon."""
    if anew:
        return None, "as asked"
    try:
        return read_current(folder), None
    except IndexMissingError:
        return None, None
    except IndexFormatError as error:
        return None, f"the index had format {error.found}"


def _difference(before: Manifest, model: str, settings: Settings) -> str:
    if before.settings.model != settings.model:
        return f"the model changed from {before.model} to {model}"
    if before.settings.passage_tokens != settings.passage_tokens:
        return f"passages have at most {settings.passage_tokens} tokens instead of {before.settings.passage_tokens}"
    return "passages are cut in a new way"


def _prepare(folder: IndexFolder, model: str) -> tuple[ModelCard, Codec]:
    """The model's card and its codec, both made once and kept beside the index."""
    prepared = encoder.prepare(model, folder.models)
    kept = prepared / CODEC
    if not kept.exists():
        loaded = encoder.load(prepared)
        phrases = loaded.passages(loaded.vocabulary_phrases())
        part = kept.with_suffix(".part.npy")
        states.fit(np.concatenate([phrase.states for phrase in phrases])).save(part)
        part.replace(kept)
    return encoder.read_card(prepared), Codec.load(kept)


@dataclass(slots=True)
class _Survey:
    """What became of each file."""

    records: tuple[FileRecord, ...] = ()
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    kept: set[tuple[str, int]] = field(default_factory=set)

    @property
    def paths(self) -> set[str]:
        return {record.path for record in self.records}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an article of the current generation stands, and its file."""

    segment: str
    number: int
    path: str


def _take_in(
    corpus: Path,
    found: Sequence[CorpusFile],
    records: Mapping[str, FileRecord],
    before: Manifest | None,
    live: Mapping[str, _Place],
    writer: _Writer,
    tell: Tell,
) -> _Survey:
    """Look at each file, keep what the index has of it, and write what it has not.

    The same content in several files is one article, that of the first path.
    """
    survey, seen, kept_records = _Survey(), set[str](), []

    def has(path: str, ids: Iterable[str]) -> bool:
        return all(id_ in seen or (id_ in live and live[id_].path == path) for id_ in ids)

    def keep(ids: Iterable[str]) -> None:
        survey.kept.update((live[id_].segment, live[id_].number) for id_ in ids if id_ not in seen)
        seen.update(ids)

    for done, file in enumerate(found):
        tell(Progress("Reading and embedding", done, len(found), file.path))
        old = records.get(file.path)
        known = old is not None and old.articles and before is not None and _untouched(old, file, before)
        if old is not None and known and has(file.path, old.articles):
            keep(old.articles)
            survey.unchanged.append(file.path)
            kept_records.append(old)
            continue
        sha256 = ""
        try:
            data = articles.load(corpus, file)
            sha256 = hashlib.sha256(data).hexdigest()
            parsed = articles.read(data, file.path)
        except ArticleError as error:
            survey.failed.append(Failure(file.path, error.reason))
            kept_records.append(FileRecord(file.path, file.size, file.modified, sha256, (), error.reason))
            continue
        ids = tuple(article.id for article in parsed)
        if has(file.path, ids):
            keep(ids)
        for article in parsed:
            if article.id not in seen:
                seen.add(article.id)
                writer.add(article)
        kept_records.append(FileRecord(file.path, file.size, file.modified, sha256, ids))
        if old is None or not old.articles:
            survey.added.append(file.path)
        elif old.sha256 != sha256:
            survey.changed.append(file.path)
        else:
            survey.unchanged.append(file.path)
    survey.records = tuple(kept_records)
    return survey


def _untouched(record: FileRecord, file: CorpusFile, manifest: Manifest) -> bool:
    """Whether size and time say that a file is as the build of this generation found it."""
    built = datetime.fromisoformat(manifest.created).timestamp() * 1e9
    same = (record.size, record.modified) == (file.size, file.modified)
    return same and file.modified < built - RACY


def _digest(corpus: Path, file: CorpusFile) -> str:
    try:
        return hashlib.sha256(articles.load(corpus, file)).hexdigest()
    except ArticleError:
        return ""


def _live(snapshot: Snapshot | None) -> dict[str, _Place]:
    """Where each article of the current generation stands, by its id."""
    places = {}
    for name, segment, live in _each(snapshot):
        for number, info in enumerate(segment.infos()):
            if live[number]:
                places[info.id] = _Place(name, number, info.path)
    return places


def _each(snapshot: Snapshot | None) -> Iterator[tuple[str, Segment, np.ndarray[tuple[int, ...], np.dtype[np.bool_]]]]:
    if snapshot is not None:
        for (name, segment), live in zip(snapshot.by_name.items(), snapshot.live, strict=True):
            yield name, segment, live


def _uses(snapshot: Snapshot | None, kept: set[tuple[str, int]]) -> tuple[SegmentUse, ...]:
    """The current generation's segments without the articles that are not kept."""
    if snapshot is None:
        return ()
    uses = []
    for use in snapshot.manifest.segments:
        numbers = range(snapshot.by_name[use.name].card.articles)
        removed = tuple(number for number in numbers if (use.name, number) not in kept)
        if len(removed) < len(numbers):
            uses.append(SegmentUse(use.name, use.card, removed))
    return tuple(uses)


def _shelf(folder: IndexFolder, settings: Settings, current: Snapshot | None, *, anew: bool) -> tuple[Segment, ...]:
    """The segments whose vectors may be used again: the current ones, and whole ones that a killed build left."""
    shelf = [] if current is None else list(current.segments)
    if not anew:
        known = set() if current is None else current.by_name.keys()
        for left in sorted(folder.segments.iterdir()):
            try:
                if left.name not in known and read_card(left).settings == settings:
                    shelf.append(Segment(left))
            except Damage:
                _log.debug("%s is not whole; its articles are embedded again.", left)
    return tuple(shelf)


class _Writer:
    """Writes articles into new segments, embedding those whose text no segment on the shelf has."""

    def __init__(
        self,
        folder: IndexFolder,
        settings: Settings,
        card: ModelCard,
        codec: Codec,
        device: str,
        shelf: Sequence[Segment],
    ) -> None:
        self._folder, self._settings, self._card, self._codec = folder, settings, card, codec
        self._device, self._shelf = device, shelf
        self._waiting: list[Article] = []
        self._writing: SegmentWriter | None = None
        self._path = folder.segments
        self._written: list[SegmentUse] = []
        self.embedded = 0

    @cached_property
    def _encoder(self) -> encoder.Encoder:
        prepared = self._folder.model(self._card.hash)
        return encoder.load(prepared, device=encoder.build_device(self._device))

    def add(self, article: Article) -> None:
        """Take in an article; it is written once enough of them are there."""
        self._waiting.append(article)
        if sum(len(each.text) for each in self._waiting) >= CHUNK_CHARACTERS:
            self._flush()

    def copy(self, article: Article, encoded: EncodedArticle) -> None:
        """Write an article whose vectors are at hand."""
        if self._writing is None:
            self._path = self._folder.segments / uuid.uuid4().hex[:12]
            self._writing = SegmentWriter(
                self._path, self._settings, self._card.dimensions, self._codec.width, self._card.vocabulary
            )
        self._writing.add(article, encoded)

    def finish(self) -> tuple[SegmentUse, ...]:
        """Write what waits, and give the segments made since the last time."""
        self._flush()
        self._close()
        written, self._written = tuple(self._written), []
        return written

    def _flush(self) -> None:
        at_hand = [self._on_shelf(article) for article in self._waiting]
        new = [article.text for article, found in zip(self._waiting, at_hand, strict=True) if found is None]
        made = iter(embed(new, self._encoder, self._codec, self._settings.passage_tokens) if new else ())
        for article, found in zip(self._waiting, at_hand, strict=True):
            encoded = found or next(made)
            self.embedded += 0 if found else len(encoded.passages)
            self.copy(article, encoded)
            if self._writing is not None and self._writing.passages >= SEGMENT_PASSAGES:
                self._close()
        self._waiting = []

    def _on_shelf(self, article: Article) -> EncodedArticle | None:
        key = text_key(article.text)
        for segment in self._shelf:
            number = segment.with_text(key)
            if number is not None:
                return segment.encoded(number)
        return None

    def _close(self) -> None:
        if self._writing is not None:
            self._writing.finish()
            self._written.append(SegmentUse(self._path.name, checksum(self._path / "segment.json")))
            self._writing = None


def _merge(folder: IndexFolder, uses: tuple[SegmentUse, ...], writer: _Writer) -> tuple[SegmentUse, ...]:
    """Write small segments, and those of which much is gone, together into a new one."""
    opened = {use.name: Segment(folder.segments / use.name) for use in uses}
    chosen = to_merge({use.name: _counts(opened[use.name], use) for use in uses})
    for use in uses:
        if use.name in chosen:
            segment = opened[use.name]
            for number in sorted(set(range(segment.card.articles)) - set(use.removed)):
                writer.copy(segment.article(number), segment.encoded(number))
    return tuple(use for use in uses if use.name not in chosen) + writer.finish()


def _counts(segment: Segment, use: SegmentUse) -> tuple[int, int]:
    """How many of a segment's passages count, and how many no longer do."""
    lengths = np.diff(segment.article_begins[:, 0])
    gone = int(lengths[list(use.removed)].sum())
    return int(lengths.sum()) - gone, gone


def to_merge(counts: Mapping[str, tuple[int, int]]) -> set[str]:
    """Which segments to write together, given how many passages of each count and how many no longer do.

    From the smallest up, a segment joins while those before it have at least
    half its size together: what is left is more than twice as large from one to
    the next, and a passage is copied a number of times that grows with the
    logarithm of the corpus (O'Neil et al., The log-structured merge-tree, 1996).
    """
    chosen: list[str] = []
    total = 0
    for name, (live, _) in sorted(counts.items(), key=lambda item: (item[1][0], item[0])):
        if chosen and 2 * total < live:
            break
        chosen.append(name)
        total += live
    worn = {name for name, (live, gone) in counts.items() if gone > MOST_GONE * (live + gone)}
    return worn | (set(chosen) if len(chosen) > 1 else set())


def _manifest(
    folder: IndexFolder,
    before: Manifest | None,
    model: str,
    settings: Settings,
    uses: tuple[SegmentUse, ...],
    survey: _Survey,
    started: datetime,
) -> Manifest:
    numbers = [int(file.stem) for file in folder.generations.glob("*.json")] if folder.generations.exists() else []
    number = 1 + max([*numbers, 0 if before is None else before.number])
    opened = [(Segment(folder.segments / use.name), use) for use in uses]
    gone_sentences = sum(int(np.diff(segment.article_begins[:, 1])[list(use.removed)].sum()) for segment, use in opened)
    return Manifest(
        number=number,
        created=started.isoformat(),
        model=model,
        settings=settings,
        segments=uses,
        articles=sum(segment.card.articles - len(use.removed) for segment, use in opened),
        passages=sum(_counts(segment, use)[0] for segment, use in opened),
        sentences=sum(segment.card.sentences for segment, _ in opened) - gone_sentences,
        failed=len(survey.failed),
        vectors=vectors.KIND,
        versions={name: importlib.metadata.version(name) for name in ("faiss-cpu", "tantivy", "numpy")},
        files=write_files(folder, number, survey.records),
    )
