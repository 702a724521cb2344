"""Corpus to index, doing only what changed.

Files whose size and time are as they were are not read, articles that are as
they were stay where they are, and one whose text is as it was (a moved file, new
front matter, a row of a table to which others came) takes its vectors from the
segment that has them, even from one that a killed build left behind. What is new
goes into a new segment.
Small segments are merged, so that their number grows with the logarithm of the
corpus.
"""

from __future__ import annotations

import importlib.metadata
import logging
import math
import shutil
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from itertools import accumulate, groupby
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from rag import articles, calibration, embedding, encoder, freshness, reading, states
from rag.arrays import Numbers
from rag.articles import CorpusFile
from rag.articles.frames import Opened
from rag.canonical import canonical
from rag.embedding import Part, embed
from rag.encoder import ModelCard
from rag.errors import (
    ArticleError,
    CorpusEmptyError,
    CorpusUnreadableError,
    IndexDamagedError,
    IndexFormatError,
    IndexLockedError,
    IndexMissingError,
    IndexWriteError,
    ModelMissingError,
    OptionError,
    SlowFileError,
)
from rag.reading import Contents
from rag.states import CODEC, Codec
from rag.store import (
    CARD,
    Checksum,
    Companion,
    Damage,
    DuplicateRecord,
    FileRecord,
    IndexFolder,
    Manifest,
    Segment,
    SegmentUse,
    SegmentWriter,
    Settings,
    Snapshot,
    check_model,
    checksum,
    checksums,
    clear,
    commit,
    damage_told,
    read_card,
    read_current,
    read_files,
    row_checksum,
    text_key,
    write_duplicates,
    write_files,
)
from rag.types import Article, BuildReport, Duplicate, EncodedArticle, Failure, Progress, Tell, Text
from rag.vectors import LARGE

_log = logging.getLogger(__name__)

PASSAGE_TOKENS = 240
FEWEST_TOKENS, MOST_TOKENS = 16, 255
# Counts up when passages are cut or encoded in another way, so that older indexes are made anew.
RULES = 1
# Articles are read until they have this many characters, then encoded together, like lengths with like.
CHUNK_CHARACTERS = 400_000
# A segment is closed at this size, so that a killed build loses no more than the last one.
SEGMENT_PASSAGES = 16_384
# Segments are merged up to this size, and one of half of it is left as it is.
FULL_PASSAGES = 524_288
# So many articles are copied into a segment before it is looked whether it is full.
ARTICLES_COPIED = 1_024
# A segment is written again once this share of its passages no longer counts.
MOST_GONE = 0.25
# The scale of an index is measured again once this share of its passages is another.
UNCALIBRATED = 0.002
# What a build may write again of other builds' passages, so that a small one stays quick: so many, and so many more
# for each passage that it adds.
REWRITTEN, REWRITTEN_EACH = 8_192, 4
# So many parts of a file that could not be read are named.
NAMED_FAILURES = 1_000

Embed = Callable[[Sequence[Text], encoder.Encoder, Codec, int, embedding.Tell | None], Iterator[Part]]
"""Makes the parts of texts, as ``rag.embedding.embed`` does."""


@dataclass(frozen=True, slots=True)
class Making:
    """How segments are made: ``embed`` makes passages and vectors, and from ``large`` sentences on these are codes."""

    embed: Embed = embed
    large: int = LARGE


_MAKING = Making()


def build(  # noqa: PLR0913  one parameter an option
    corpus: Path,
    folder: IndexFolder,
    *,
    model: str,
    device: str = "auto",
    precision: str = "f32",
    passage_tokens: int | None = None,
    anew: bool = False,
    progress: Tell | None = None,
    making: Making = _MAKING,
) -> BuildReport:
    """Bring the index up to date with the corpus.

    Args:
        corpus: the folder of articles.
        folder: where the index is or will be.
        model: a name or folder, as ``rag.settings.model_name`` gives it.
        device: ``auto``, ``cpu`` or a CUDA device.
        precision: what the model computes in, as ``rag.encoder.precision_for`` takes it.
        passage_tokens: the most cl100k_base tokens of a passage; None for what the index has, or 240.
        anew: take nothing from the index that is there.
        progress: is told of each step.
        making: how segments are made.

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
    found = freshness.found(corpus, folder)
    if not found:
        raise CorpusEmptyError(str(corpus), articles.formats())
    with _alone(folder), damage_told(folder):
        before, rebuilt = _before(folder, anew=anew)
        tell(Progress("Loading the model", 0, len(found)))
        card, codec = _prepare(folder, model, _precision(folder, before, model, device, precision))
        prepared = _prepared(folder, card, before)
        kept_tokens = PASSAGE_TOKENS if before is None else before.settings.passage_tokens
        settings = Settings(card.hash, prepared[CODEC].sha256, passage_tokens or kept_tokens, RULES)
        if before is not None and before.settings != settings:
            rebuilt = _difference(before, model, settings)
        records = {} if before is None else read_files(folder, before)
        current = None if before is None or rebuilt else Snapshot(folder, before)
        shelf = _shelf(folder, settings, current, trusted=before is not None or not rebuilt)
        steps = _Steps(tell, len(found))
        with closing(_Writer(folder, settings, (card, codec, device), shelf, steps, making)) as writer:
            survey = _Survey(_live(current, records), writer)
            _take_in(corpus, found, records, None if current is None else before, survey, steps)
            uses = _uses(current, survey.kept) + writer.finish()
            now = (model, prepared, uses, tuple(survey.records))
            if before is not None and now == _what_was(before, records):
                manifest, told = before, _told(current.duplicates, current.by_name) if current is not None else ()
            else:
                tell(Progress("Putting the index in order", len(found), len(found)))
                merged = _merge(folder, uses, current, writer)
                present = _open(folder, merged, {} if current is None else current.by_name)
                segments, duplicates = canonical(present, survey.records)
                manifest = _manifest(
                    folder,
                    before,
                    started=started,
                    model=model,
                    settings=settings,
                    prepared=prepared,
                    segments=segments,
                    survey=survey,
                    duplicates=duplicates,
                )
                changed = _changed(current, segments)
                if before is not None and current is not None and changed <= UNCALIBRATED * manifest.passages:
                    manifest = replace(manifest, scale=before.scale, uncalibrated=changed)
                else:
                    tell(Progress("Trying the index", len(found), len(found)))
                    scale = calibration.scale(Snapshot(folder, manifest, current), writer.encoder, codec)
                    manifest = replace(manifest, scale=scale)
                told = _told(duplicates, {use.name: segment for use, segment in segments.items()})
                commit(folder, manifest)
                clear(folder, manifest, before)
    gone = records.keys() - {file.path for file in found}
    return BuildReport(
        added=tuple(survey.added),
        changed=tuple(survey.changed),
        removed=tuple(sorted(path for path in gone if records[path].articles)),
        unchanged=tuple(survey.unchanged),
        failed=tuple(survey.failed),
        articles=manifest.articles,
        passages=manifest.passages,
        seconds=time.monotonic() - began,
        embedded=writer.embedded,
        rebuilt=rebuilt,
        duplicates=told,
    )


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
    """The current generation, or why it is not to be built upon.

    A model that is not as it was written is removed, and so made again.
    """
    try:
        before = read_current(folder)
    except IndexMissingError:
        return None, "as asked" if anew else None
    except IndexFormatError as error:
        return None, f"the index had format {error.found}"
    except IndexDamagedError:
        if not anew:
            raise
        shutil.rmtree(folder.models)
        return None, "as asked"
    try:
        check_model(folder, before, whole=anew)
    except Damage as damage:
        _log.warning("%s: %s; the model is prepared again.", damage.file.name, damage.problem)
        shutil.rmtree(folder.models)
        before = replace(before, prepared={})
    return (None, "as asked") if anew else (before, None)


def _difference(before: Manifest, model: str, settings: Settings) -> str:
    if before.settings.model != settings.model:
        if before.model == model:
            return "the model changed, or computes in another precision"
        return f"the model changed from {before.model} to {model}"
    if before.settings.passage_tokens != settings.passage_tokens:
        return f"passages have at most {settings.passage_tokens} tokens instead of {before.settings.passage_tokens}"
    if before.settings.codec != settings.codec:
        return "the model's states are compressed in a new way"
    return "passages are cut in a new way"


def _precision(folder: IndexFolder, before: Manifest | None, model: str, device: str, wanted: str) -> str:
    """What the model is to compute in; where that is left open, what the index was made in, if that goes here too.

    So an index that came from another machine is not embedded anew.
    """
    if wanted == "auto" and before is not None and before.model == model:
        with suppress(ModelMissingError, OptionError):
            made_in = encoder.read_card(folder.model(before.settings.model)).precision
            return encoder.precision_for(model, device, made_in)
    return encoder.precision_for(model, device, wanted)


def _prepare(folder: IndexFolder, model: str, precision: str) -> tuple[ModelCard, Codec]:
    """The model's card and its codec, both made once and kept beside the index."""
    prepared = encoder.prepare(model, folder.models, precision)
    kept = prepared / CODEC
    if not kept.exists():
        loaded = encoder.load(prepared)
        phrases = loaded.passages(loaded.vocabulary_phrases())
        part = kept.with_suffix(".part.npy")
        states.fit(np.concatenate([phrase.states for phrase in phrases])).save(part)
        part.replace(kept)
        # A temporary folder is its owner's alone; whoever may read the index may read the model.
        prepared.chmod(folder.models.stat().st_mode)
    return encoder.read_card(prepared), Codec.load(kept)


def _prepared(folder: IndexFolder, card: ModelCard, before: Manifest | None) -> dict[str, Checksum]:
    """The checksums of the model's files."""
    known = before.prepared if before is not None and before.settings.model == card.hash else {}
    return checksums(folder.model(card.hash), known)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an article of the current generation stands, the file that it is from, and its ``row_checksum``."""

    segment: str
    number: int
    file: str
    checksum: bytes


class _Steps:
    """Tells which file of the corpus is at hand, and how far its embedding has come."""

    def __init__(self, tell: Tell, files: int) -> None:
        self._tell, self._files = tell, files
        self._done = 0

    def file(self, path: str, done: int) -> None:
        """A file is looked at, after so many others."""
        self._done = done
        self._tell(Progress("Reading and embedding", done, self._files, path))

    def embedding(self, path: str, done: int, passages: int) -> None:
        """Of the articles that were read, up to this one, so many passages of so many are embedded."""
        item = f"{path} (passage {done:,} of {passages:,})"
        self._tell(Progress("Embedding", self._done, self._files, item))


class _Survey:
    """What becomes of each file: what the index has of it is kept, what it has not is written.

    The same content in several files is one article, that of the first path.
    """

    def __init__(self, live: Mapping[str, _Place], writer: _Writer) -> None:
        self._live, self._writer = live, writer
        self._seen: set[str] = set()
        self.records: list[FileRecord] = []
        self.added: list[str] = []
        self.changed: list[str] = []
        self.unchanged: list[str] = []
        self.failed: list[Failure] = []
        self.kept: set[tuple[str, int]] = set()

    def at_hand(self, found: Sequence[CorpusFile], records: Mapping[str, FileRecord], before: Manifest) -> set[str]:
        """The files that need not be read: nothing changed, and the index has all their articles.

        It has them under the file's own path, or under that of another such file.
        A file whose reader was stopped before anything came is not tried again.
        """
        paths, ids = set[str](), set[str]()
        for file in found:
            old = records.get(file.path)
            if old is not None and freshness.untouched(old, file, before):
                own = (id_ in self._live and self._live[id_].file == file.path for id_ in old.articles)
                has = all(here or id_ in ids for here, id_ in zip(own, old.articles, strict=True))
                if has and (old.articles or old.stopped):
                    paths.add(file.path)
                    ids.update(old.articles)
        return paths

    def keep(self, record: FileRecord) -> None:
        """Leave a file unread, and what the index has of it as it is."""
        for id_ in record.articles:
            if id_ not in self._seen:
                self._seen.add(id_)
                self.kept.add((self._live[id_].segment, self._live[id_].number))
        self.records.append(record)
        self.failed += record.failures
        if record.articles:
            self.unchanged.append(record.path)

    def read(self, file: CorpusFile, contents: Contents, old: FileRecord | None) -> None:
        """Take in what is read of a file; what cannot be read is noted as failed."""
        sha256, ids, failures, stopped = "", dict[str, None](), _Failures(file.path), False
        try:
            for part in contents.parts:
                if isinstance(part, Article):
                    self._take(part)
                    ids[part.id] = None
                elif isinstance(part, Opened):
                    sha256 = part.sha256
                else:
                    failures.add(part)
        except ArticleError as error:
            failures.add(Failure(error.path, error.reason))
            stopped = isinstance(error, SlowFileError)
        companions = (
            Companion(each.path, each.size, each.modified, digest)
            for each, digest in zip(file.companions, contents.companions, strict=True)
        )
        known = (file.path, file.size, file.modified, sha256, tuple(ids))
        record = FileRecord(*known, failures.told(), tuple(companions), stopped)
        self.records.append(record)
        self.failed += record.failures
        if not ids:
            return
        if old is None or not old.articles:
            self.added.append(file.path)
        elif freshness.recorded(old) != freshness.recorded(record):
            self.changed.append(file.path)
        else:
            self.unchanged.append(file.path)

    def _take(self, article: Article) -> None:
        """Keep an article where it stands, if it stands there as it is; else write it."""
        if article.id in self._seen:
            return
        self._seen.add(article.id)
        place = self._live.get(article.id)
        if place is not None and place.checksum == row_checksum(article):
            self.kept.add((place.segment, place.number))
        else:
            self._writer.add(article)


class _Failures:
    """What of a file cannot be read: each part as far as there are not too many."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._named: list[Failure] = []
        self._more = 0

    def add(self, failure: Failure) -> None:
        """One more."""
        if len(self._named) < NAMED_FAILURES:
            self._named.append(failure)
        else:
            self._more += 1

    def told(self) -> tuple[Failure, ...]:
        """The failures, the last of which says how many more there are."""
        more = Failure(self._path, f"{self._more:,} more of its parts cannot be read; mend or remove them")
        return (*self._named, more) if self._more else tuple(self._named)


def _take_in(
    corpus: Path,
    found: Sequence[CorpusFile],
    records: Mapping[str, FileRecord],
    before: Manifest | None,
    survey: _Survey,
    steps: _Steps,
) -> None:
    """Look at each file, and read those that may have changed since ``before``: all where it is None.

    Raises:
        CorpusUnreadableError: not one of them can be read.
    """
    kept = set() if before is None else survey.at_hand(found, records, before)
    with closing(reading.read(corpus, [file for file in found if file.path not in kept])) as contents:
        for done, file in enumerate(found):
            steps.file(file.path, done)
            if file.path in kept:
                survey.keep(records[file.path])
            else:
                survey.read(file, next(contents), records.get(file.path))
    if not any(record.articles for record in survey.records):
        raise CorpusUnreadableError(str(corpus), {each.path: each.reason for each in survey.failed})


def _live(snapshot: Snapshot | None, records: Mapping[str, FileRecord]) -> dict[str, _Place]:
    """Where each article of the current generation stands, by its id."""
    if snapshot is None:
        return {}
    return {
        identity: _Place(name, number, _file_of(path, records), kept)
        for (name, segment), present in zip(snapshot.by_name.items(), snapshot.present, strict=True)
        for number, (identity, path, kept) in enumerate(segment.places())
        if present[number]
    }


def _file_of(path: str, records: Mapping[str, FileRecord]) -> str:
    """The file that an article is from: its path, or what stands before its place in the file ("table.csv#12")."""
    while path and path not in records:
        path = path[: max(path.rfind("#"), path.rfind("/"), 0)]
    return path


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


def _shelf(folder: IndexFolder, settings: Settings, current: Snapshot | None, *, trusted: bool) -> tuple[Segment, ...]:
    """The segments whose vectors may be used again: the current ones, and whole ones that a killed build left."""
    shelf = [] if current is None else list(current.segments)
    if trusted:
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
        model: tuple[ModelCard, Codec, str],
        shelf: Sequence[Segment],
        steps: _Steps,
        making: Making,
    ) -> None:
        self._folder, self._settings, self._shelf, self._steps, self._making = folder, settings, shelf, steps, making
        self._card, self._codec, self._device = model
        self._waiting: list[Article] = []
        self._characters = 0
        self._writing: SegmentWriter | None = None
        self._path = folder.segments
        self._written: list[SegmentUse] = []
        self.embedded = 0

    @cached_property
    def encoder(self) -> encoder.Encoder:
        prepared = self._folder.model(self._card.hash)
        return encoder.load(prepared, device=encoder.build_device(self._device), many=True)

    def add(self, article: Article) -> None:
        """Take in an article; it is written once enough of them are there."""
        self._waiting.append(article)
        self._characters += len(article.text)
        if self._characters >= CHUNK_CHARACTERS:
            self._flush()

    def copy(self, segment: Segment, numbers: Sequence[int]) -> None:
        """Write articles of another segment as they stand there; a segment that is full is closed."""
        for first in range(0, len(numbers), ARTICLES_COPIED):
            if self._writing is not None and self._writing.passages >= FULL_PASSAGES:
                self._end_segment()
            self._opened().copy(segment, numbers[first : first + ARTICLES_COPIED])

    def _opened(self) -> SegmentWriter:
        """The segment that is being written."""
        if self._writing is None:
            self._path = self._folder.segments / uuid.uuid4().hex[:12]
            self._writing = SegmentWriter(
                *(self._path, self._settings, self._card.dimensions, self._codec.width, self._card.vocabulary),
                large=self._making.large,
            )
        return self._writing

    def finish(self) -> tuple[SegmentUse, ...]:
        """Write what waits, and give the segments made since the last time."""
        self._flush()
        self._end_segment()
        return self.ended()

    def ended(self) -> tuple[SegmentUse, ...]:
        """The segments that are whole, of those made since the last time."""
        written, self._written = tuple(self._written), []
        return written

    def _flush(self) -> None:
        at_hand = [self._on_shelf(article) for article in self._waiting]
        new = [article for article, found in zip(self._waiting, at_hand, strict=True) if found is None]
        made = self._embedded(new)
        for article, found in zip(self._waiting, at_hand, strict=True):
            writing = self._opened()
            writing.add(article, next(made) if found is None else found)
            if writing.passages >= SEGMENT_PASSAGES:
                self._end_segment()
        self._waiting, self._characters = [], 0

    def _embedded(self, new: Sequence[Article]) -> Iterator[Iterator[EncodedArticle]]:
        """The parts of one article after the other."""
        if not new:
            return

        def tell(text: int, done: int, passages: int) -> None:
            self._steps.embedding(new[text].path, done, passages)

        texts = [Text(article.text, article.language) for article in new]
        parts = self._making.embed(texts, self.encoder, self._codec, self._settings.passage_tokens, tell)
        for _, own in groupby(parts, key=lambda part: part.text):
            yield self._counted(part.encoded for part in own)

    def _counted(self, parts: Iterable[EncodedArticle]) -> Iterator[EncodedArticle]:
        for part in parts:
            self.embedded += len(part.passages)
            yield part

    def _on_shelf(self, article: Article) -> Iterator[EncodedArticle] | None:
        key = text_key(article.text, article.language)
        for segment in self._shelf:
            number = segment.with_text(key)
            if number is not None:
                return segment.parts(number)
        return None

    def close(self) -> None:
        """Remove a segment that was not finished."""
        if self._writing is not None:
            self._writing.discard()
            self._writing = None

    def _end_segment(self) -> None:
        if self._writing is not None:
            self._writing.finish()
            self._written.append(SegmentUse(self._path.name, checksum(self._path / CARD)))
            self._writing = None


def _open(folder: IndexFolder, uses: Iterable[SegmentUse], opened: Mapping[str, Segment]) -> dict[SegmentUse, Segment]:
    """These segments, opened where they are not."""
    return {use: opened.get(use.name) or Segment(folder.segments / use.name) for use in uses}


def _told(records: Iterable[DuplicateRecord], by_name: Mapping[str, Segment]) -> tuple[Duplicate, ...]:
    """Duplicates as a report names them."""
    return tuple(Duplicate(each.path, by_name[each.kept_segment].info(each.kept_number).path) for each in records)


def _what_was(before: Manifest, records: Mapping[str, FileRecord]) -> tuple[object, ...]:
    """What a generation was made from; which of the articles count follows from it."""
    uses = tuple(replace(use, hidden=()) for use in before.segments)
    return before.model, before.prepared, uses, tuple(records.values())


def _merge(
    folder: IndexFolder, uses: Sequence[SegmentUse], before: Snapshot | None, writer: _Writer
) -> tuple[SegmentUse, ...]:
    """Write small segments, and those of which much is gone, together into new ones.

    One that this build has written is open only while it is copied, so that the
    memory does not grow with their number, and goes once its copy is whole, for a
    large index may not have room on the disk twice.
    """
    older: Mapping[str, Segment] = {} if before is None else before.by_name
    counts = {
        use.name: _counts(older[use.name].article_begins[:, 0], use.removed)
        if use.name in older
        else (read_card(folder.segments / use.name).passages, 0)
        for use in uses
    }
    added = sum(live for name, (live, _) in counts.items() if name not in older)
    chosen = to_merge(counts, FULL_PASSAGES, REWRITTEN + (1 + REWRITTEN_EACH) * added)
    written: list[SegmentUse] = []
    copied: list[Path] = []
    for use in (each for each in uses if each.name in chosen):
        segment = older.get(use.name) or Segment(folder.segments / use.name)
        gone = set(use.removed)
        writer.copy(segment, [number for number in range(segment.card.articles) if number not in gone])
        if ended := writer.ended():
            written += ended
            for whole in copied:
                shutil.rmtree(whole, ignore_errors=True)
            copied.clear()
        if use.name not in older:
            copied.append(segment.folder)
    return (*(use for use in uses if use.name not in chosen), *written, *writer.finish())


def _counts(begins: Numbers, gone: Sequence[int]) -> tuple[int, int]:
    """Of what begins so for each article of a segment: how many are left without those articles, and how many go."""
    lengths = np.diff(begins)
    going = int(lengths[list(gone)].sum())
    return int(lengths.sum()) - going, going


def to_merge(counts: Mapping[str, tuple[int, int]], full: int = sys.maxsize, budget: int = sys.maxsize) -> set[str]:
    """Which segments to write together, given how many passages of each count and how many no longer do.

    From the smallest up, all are taken to the last that has at most twice as many
    passages as those before it together. So each that is left is more than twice
    as large as all smaller ones together, and the largest of those taken grows by
    half: the number of segments, and how often a passage is copied, grow with the
    logarithm of the corpus (O'Neil et al., The log-structured merge-tree, 1996).
    One with half as many passages as ``full`` is left as it is, unless much of it
    is gone. No more than ``budget`` passages are chosen.
    """
    names = sorted(counts, key=lambda name: (counts[name][0], name))
    small = [name for name in names if 2 * counts[name][0] < full]
    sizes = [counts[name][0] for name in small]
    smaller = list(accumulate(sizes, initial=0))
    last = max(
        (place for place, size in enumerate(sizes) if size <= 2 * smaller[place] and smaller[place + 1] <= budget),
        default=0,
    )
    chosen = small[: last + 1] if last else []
    left = budget - sum(counts[name][0] for name in chosen)
    for name in names:
        live, gone = counts[name]
        if name not in chosen and gone > MOST_GONE * (live + gone) and live <= left:
            chosen.append(name)
            left -= live
    return set(chosen)


def _manifest(  # noqa: PLR0913  one parameter a fact
    folder: IndexFolder,
    before: Manifest | None,
    *,
    started: datetime,
    model: str,
    settings: Settings,
    prepared: dict[str, Checksum],
    segments: Mapping[SegmentUse, Segment],
    survey: _Survey,
    duplicates: Sequence[DuplicateRecord],
) -> Manifest:
    numbers = [int(file.stem) for file in folder.generations.glob("*.json")] if folder.generations.exists() else []
    number = 1 + max([*numbers, 0 if before is None else before.number])
    counted = [(segment, use.removed + use.hidden) for use, segment in segments.items()]
    return Manifest(
        number=number,
        created=started.isoformat(),
        model=model,
        settings=settings,
        segments=tuple(segments),
        articles=sum(segment.card.articles - len(gone) for segment, gone in counted),
        passages=sum(_counts(segment.article_begins[:, 0], gone)[0] for segment, gone in counted),
        sentences=sum(_counts(segment.article_begins[:, 1], gone)[0] for segment, gone in counted),
        languages=_languages(counted),
        failed=len(survey.failed),
        vectors=max((segment.card for segment in segments.values()), key=lambda card: card.sentences).vectors.kind,
        recall=min(segment.card.vectors.recall for segment in segments.values()),
        versions={name: importlib.metadata.version(name) for name in ("faiss-cpu", "tantivy", "numpy")},
        prepared=prepared,
        files=write_files(folder, number, survey.records),
        duplicates=write_duplicates(folder, number, duplicates),
        scale=calibration.UNKNOWN,
        uncalibrated=0,
    )


def _changed(before: Snapshot | None, segments: Mapping[SegmentUse, Segment]) -> int:
    """How many passages have come or gone since the scale was measured, as far as articles are others."""
    if before is None:
        return sys.maxsize
    was = [segment.identities[live] for segment, live in zip(before.segments, before.live, strict=True)]
    now = [np.delete(segment.identities, use.removed + use.hidden) for use, segment in segments.items()]
    others = len(np.setxor1d(np.concatenate(was), np.concatenate(now)))
    return before.manifest.uncalibrated + math.ceil(
        others * before.manifest.passages / max(1, before.manifest.articles)
    )


def _languages(counted: Iterable[tuple[Segment, Sequence[int]]]) -> tuple[str | None, ...]:
    """The languages of the articles that count, those that could not be told last."""
    found: set[str | None] = set()
    for segment, gone in counted:
        left = segment.languages()
        left.subtract(segment.info(number).language for number in gone)
        found.update(told for told, count in left.items() if count > 0)
    return tuple(sorted(found, key=lambda told: (told is None, told)))
