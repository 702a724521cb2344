"""Files, folders and links put into the corpus: whole or not at all, and never over what lies there."""

from __future__ import annotations

import os
import re
import secrets
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, count
from pathlib import Path, PurePosixPath
from typing import TypeAlias
from urllib.parse import urlsplit

from rag import articles, reading
from rag.articles import CorpusFile, formats, saved, sidecar
from rag.articles.draft import Metadata
from rag.articles.folder import COLUMNS
from rag.articles.formats import unsupported
from rag.articles.litter import is_litter
from rag.errors import (
    ArticleError,
    CorpusMissingError,
    EmptyArticleError,
    FetchError,
    FetchFailedError,
    MissingFileError,
    OptionError,
    RagError,
    SidecarError,
    UnreadableError,
    UnsupportedFormatError,
    UnwritableError,
)
from rag.fetch import Allowed, Fetched, fetch, is_public
from rag.types import Article, Failure, Progress, Tell

_LINK = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
"""What some system does not allow in the name of a file."""

_PAGES = {"text/html", "application/xhtml+xml"}
_TEXTS = {*_PAGES, "text/plain", "text/markdown", "text/csv", "text/tab-separated-values"}
_ENDS = {
    "text/html": (".html", ".htm", ".xhtml"),
    "application/xhtml+xml": (".xhtml", ".html"),
    "application/pdf": (".pdf",),
    "text/plain": (".txt",),
    "text/markdown": (".md",),
    "text/csv": (".csv",),
    "text/tab-separated-values": (".tsv",),
    "text/rtf": (".rtf",),
    "application/rtf": (".rtf",),
    "application/json": (".json",),
    "application/x-ndjson": (".ndjson", ".jsonl"),
    "application/jsonl": (".jsonl",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (".docx",),
    "application/vnd.oasis.opendocument.text": (".odt",),
    "application/epub+zip": (".epub",),
    "message/rfc822": (".eml",),
    "multipart/related": (".mhtml", ".mht"),
    "application/rss+xml": (".rss", ".xml"),
    "application/atom+xml": (".atom", ".xml"),
    "application/rdf+xml": (".rdf", ".rss", ".xml"),
    "application/xml": (".xml", ".rss"),
    "text/xml": (".xml", ".rss"),
    "application/warc": (".warc",),
    "application/zip": (".zip",),
    "application/x-tar": (".tar",),
}
"""How files of a media type may end, the likeliest first."""

_VAGUE = {
    *("", "text/plain", "text/xml", "application/xml", "application/json"),
    *("application/zip", "application/gzip", "application/x-gzip", "application/x-tar"),
    *("application/octet-stream", "binary/octet-stream", "application/download", "application/force-download"),
}
"""Media types that say less than the end of the address does."""

_SIGNS = ((b"%pdf-", ".pdf"), (b"<!doctype html", ".html"), (b"<html", ".html"))
_START = 2_000
"""Bytes in which a file shows what it is."""

_FEEDS = (".rss", ".atom", ".xml")
_FEED_TAG = re.compile(rb"<(?:\w+:)?(?:rss|feed|rdf)[\s>]")
_README = "readme.md"
"""At the top of the corpus it is no article."""

_WORDS = 3
"""So many words make the last part of an address a name for its page."""


_SINGLE = (".html", ".htm", ".xhtml", ".mhtml", ".mht", ".pdf", ".txt", ".md", ".docx", ".odt", ".rtf", ".eml")
"""Files that hold one article, whose address is the file's."""


@dataclass(frozen=True, slots=True)
class Added:
    """What is in the corpus: as it was named, where it lies there, and what a person should know of that.

    ``new`` says whether it came now; else it lay there before.
    """

    given: str
    path: str
    new: bool = True
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Additions:
    """What became of all that was to be added: what came, what was there already, what failed and why."""

    added: tuple[Added, ...]
    present: tuple[Added, ...]
    failed: tuple[Failure, ...]


def add(
    things: Sequence[str],
    corpus: Path,
    *,
    into: str = "",
    feed: bool = False,
    index: Path | None = None,
    allowed: Allowed = is_public,
    progress: Tell | None = None,
) -> Additions:
    """Put files, folders and links into the corpus.

    A folder comes with its sub-folders, under its own name. Nothing that lies in
    the corpus is written over: another file of the same name gets a number. A
    page that is in the corpus by its address is not fetched again. What cannot
    be added is told with the reason, and the rest goes on.

    Args:
        things: paths of files and folders, and http and https links.
        corpus: the folder of articles; made where it is not there.
        into: the folder within it where they go.
        feed: the links are those of feeds; what is added is the page of each of their entries.
        index: the folder of the index, which knows the addresses of the articles so far.
        allowed: says to which addresses a connection may be made.
        progress: is told of every file and link.

    Raises:
        OptionError: ``into`` is no folder within the corpus.
    """
    tell = progress or (lambda _: None)
    place = _Corpus(corpus, _subfolder(into), index)
    links = _Links(place, allowed, tell)
    jobs = [job for thing in things for job in _jobs(thing, place, links, feed=feed)]
    outcomes: list[Added | Failure] = []
    for done, (given, run) in enumerate(jobs):
        tell(Progress("Adding", done, len(jobs), given))
        try:
            outcomes.extend(run())
        except (ArticleError, FetchError) as error:
            outcomes.append(Failure(given, error.reason))
    there = [each for each in outcomes if isinstance(each, Added)]
    return Additions(
        tuple(each for each in there if each.new),
        tuple(each for each in there if not each.new),
        tuple(each for each in outcomes if isinstance(each, Failure)),
    )


_Job: TypeAlias = tuple[str, Callable[[], Iterable[Added | Failure]]]
"""What is to be added, as it was named, and how."""


def _jobs(thing: str, place: _Corpus, links: _Links, *, feed: bool) -> Iterator[_Job]:
    given = os.fsencode(thing).decode(errors="replace")
    if feed or _LINK.match(thing):
        yield given, partial(links.feed if feed else links.page, thing)
        return
    path = Path(thing)
    if not thing.strip() or not stat.S_ISDIR(_mode(path)):  # a path without a name would be this very folder
        yield given, partial(_add_file, path, given, place)
        return
    name = path.resolve().name
    files = articles.find(path)
    if not files:
        yield given, partial(_nothing, given)
    for file in files:
        target = PurePosixPath(_clean(name), file.path) if name else PurePosixPath(file.path)
        shown = f"{given.rstrip('/')}/{file.path}"
        yield shown, partial(_copy, path, file, shown, target, place)


def _nothing(given: str) -> Iterator[Added]:
    raise EmptyArticleError(given)


def _add_file(path: Path, given: str, place: _Corpus) -> Iterator[Added]:
    """Copy a file, with the sidecar that lies beside it."""
    if not given.strip():
        raise MissingFileError(given)
    try:
        status = path.stat()
    except FileNotFoundError as error:
        raise MissingFileError(given) from error
    except (OSError, ValueError) as error:
        raise UnreadableError(given, getattr(error, "strerror", None) or "it has no name") from error
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableError(given, "it is no file")
    if path.name.casefold().endswith(sidecar.END):
        if path.with_name(path.name[: -len(sidecar.END)]).is_file():
            return  # it comes with its file
        raise SidecarError(given, "there is no file beside it that it tells of")
    end = _end(path.name)
    stems = (path.name, path.name[: -len(end)]) if end else ()
    besides = (path.with_name(stem + sidecar.END) for stem in stems)
    beside = next((each for each in besides if stat.S_ISREG(_mode(each))), None)
    companions = (CorpusFile(beside.name, beside.stat().st_size, 0),) if beside else ()
    file = CorpusFile(path.name, status.st_size, 0, companions)
    yield from _copy(path.parent, file, given, PurePosixPath(_clean(path.name)), place)


def _copy(folder: Path, file: CorpusFile, given: str, target: PurePosixPath, place: _Corpus) -> Iterator[Added]:
    """Copy a file of a folder, with what lies beside it and tells of it."""
    if file.path.casefold().endswith(sidecar.END):
        raise SidecarError(given, "there is no file beside it that it alone tells of")
    if _end(file.path) is None:
        raise unsupported(given)
    if inside := place.within(folder / file.path):
        yield Added(given, inside, new=False)
        return
    data = articles.load(folder, file)
    beside = None
    for companion in file.companions:
        said = articles.load(folder, companion)
        if companion.path.casefold() == COLUMNS:
            place.put_columns(said, f"{given} ({COLUMNS})")
        else:
            beside = said
    yield place.put(target, data, given, beside)


class _Links:
    """Pages and feeds, fetched and put into the corpus."""

    def __init__(self, place: _Corpus, allowed: Allowed, tell: Tell) -> None:
        self._place = place
        self._allowed = allowed
        self._tell = tell

    def page(self, url: str) -> Iterator[Added]:
        """The page that a link leads to."""
        if there := self._place.addresses().get(saved.same(url)):
            yield Added(url, there, new=False)
        else:
            yield self._put(fetch(url, allowed=self._allowed), url, Metadata())

    def feed(self, url: str) -> Iterator[Added | Failure]:
        """The page of each entry of a feed; where it cannot be had, what the feed holds of it."""
        entries = list(_entries(fetch(url, allowed=self._allowed), url))
        for done, entry in enumerate(entries):
            self._tell(Progress("Fetching", done, len(entries), entry.known.title or entry.known.url or ""))
            try:
                yield self._entry(entry)
            except (ArticleError, FetchError) as error:
                yield Failure(entry.given, error.reason)

    def _entry(self, entry: _Entry) -> Added | Failure:
        url, known = entry.known.url, replace(entry.known, url=None, source=None)
        if url is not None:
            if there := self._place.addresses().get(saved.same(url)):
                return Added(url, there, new=False)
            try:
                return self._put(fetch(url, allowed=self._allowed), url, known)
            except (FetchError, UnsupportedFormatError):
                if not entry.text:
                    raise
        elif not entry.text:
            return Failure(entry.given, entry.reason)
        name = saved.slug(entry.known.title or "") or "entry"
        beside = saved.beside(entry.known, entry.given)
        added = self._place.put(PurePosixPath(f"{name}.txt"), entry.text.encode(), entry.given, beside)
        if url is not None:
            self._place.addresses()[saved.same(url)] = added.path
        why = "its page could not be fetched" if url else "it links to no page"
        return replace(added, note=f"only what the feed holds of it, for {why}")

    def _put(self, fetched: Fetched, asked: str, known: Metadata) -> Added:
        """Put what was fetched into the corpus, unless its address after redirects is there already."""
        if there := self._place.addresses().get(saved.same(fetched.url)):
            return Added(asked, there, new=False)
        end = _end_of(fetched)
        if end is None:
            raise unsupported(asked)
        data, head = fetched.data, saved.Head(None, None)
        if fetched.content_type in _TEXTS:
            data = saved.in_utf8(data, fetched.charset)
        if fetched.content_type in _PAGES:
            head = saved.head(data, fetched.url)
        address = head.canonical or saved.without_tracking(fetched.url)
        beside = saved.beside(replace(known, url=address), asked) if end in _SINGLE else None
        name = _name(address, known.title or head.title)
        added = self._place.put(PurePosixPath(name + end), data, asked, beside)
        if beside is not None:
            self._place.addresses().update(dict.fromkeys(map(saved.same, (asked, fetched.url, address)), added.path))
        return added


class _Corpus:
    """The folder of articles, where things are put."""

    def __init__(self, root: Path, into: PurePosixPath, index: Path | None) -> None:
        self._root = root
        self._into = into
        self._index = index
        self._addresses: dict[str, str] | None = None

    def addresses(self) -> dict[str, str]:
        """Where in the corpus the articles lie whose addresses are known (:func:`saved.same`), read once."""
        if self._addresses is None:
            self._addresses = dict(self._indexed())
            with suppress(CorpusMissingError):
                for file in articles.find(self._root):
                    for companion in file.companions:
                        if companion.path.casefold().endswith(sidecar.END):
                            with suppress(ArticleError):  # a build tells of it
                                said = articles.load(self._root, companion)
                                found = saved.addresses(said, companion.path)
                                self._addresses.update(dict.fromkeys(found, file.path))
        return self._addresses

    def _indexed(self) -> Iterator[tuple[str, str]]:
        """The addresses that the index knows, of files that are in this corpus."""
        if self._index is None:
            return
        from rag import library  # numpy and more, for links alone

        with suppress(RagError):  # no index, or none that can be read: a build tells of it
            opened = library.open(self._index)
            for info in chain(opened.articles(), *opened.duplicates().values()):
                path = PurePosixPath(info.path.partition("#")[0])
                if info.url and any((self._root / part).is_file() for part in (path, *path.parents)):
                    yield saved.same(info.url), info.path

    def within(self, file: Path) -> str | None:
        """Where in the corpus a file lies, if it does."""
        real, root = file.resolve(), self._root.resolve()
        return real.relative_to(root).as_posix() if real.is_relative_to(root) else None

    def put(self, target: PurePosixPath, data: bytes, given: str, beside: bytes | None = None) -> Added:
        """Put a file into the corpus, with its sidecar; under a name with a number, where another has its name."""
        target = self._into / target
        end = _end(target.name) or ""
        stem = target.name[: len(target.name) - len(end)]
        for number in count(1):
            name = stem if number == 1 else f"{stem}-{number}"
            place = target.with_name(name + end)
            file, sidecar_file = self._root / place, self._root / f"{place}{sidecar.END}"
            if place.as_posix().casefold() == _README:
                continue
            told = any(map(os.path.lexists, (sidecar_file, self._root / place.with_name(name + sidecar.END))))
            if _holds(file, data):
                if beside is None or told:
                    return Added(given, place.as_posix(), new=False)
                _create(sidecar_file, beside, given)
                return Added(given, f"{place}{sidecar.END}", note="what is said of the file that was there already")
            if os.path.lexists(file) or (beside is not None and told and not _holds(sidecar_file, beside)):
                continue
            try:
                self._write(file, data, sidecar_file, None if told else beside, given)
            except FileExistsError:  # it came meanwhile
                continue
            return Added(given, place.as_posix(), note=None if number == 1 else f"another {target.name} is there")
        raise AssertionError  # there is always a further number

    @staticmethod
    def _write(file: Path, data: bytes, sidecar_file: Path, beside: bytes | None, given: str) -> None:
        """Write a file, its sidecar before it, so that no build takes it for one of which nothing is said."""
        if beside is not None:
            _create(sidecar_file, beside, given)
        try:
            _create(file, data, given)
        except BaseException:
            if beside is not None:
                sidecar_file.unlink(missing_ok=True)
            raise

    def put_columns(self, data: bytes, given: str) -> None:
        """Put what tells of tables at the top of the corpus."""
        file = self._root / COLUMNS
        with suppress(FileExistsError):
            if not os.path.lexists(file):
                _create(file, data, given)
        if not _holds(file, data):
            raise UnwritableError(given, f"another {COLUMNS} is in the corpus, and both tell of its tables")


def _create(file: Path, data: bytes, given: str) -> None:
    """Write a file that is not there: whole, or not at all.

    Raises:
        FileExistsError: It is there.
        UnwritableError: The system does not let it be written.
    """
    unfinished = file.with_name(f".adding-{secrets.token_hex(8)}.part")
    try:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except FileExistsError as error:
            raise UnwritableError(given, f"{file.parent.name} is a file and no folder") from error
        with unfinished.open("xb") as target:
            target.write(data)
            target.flush()
            os.fsync(target.fileno())
        try:
            os.link(unfinished, file)
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links
            if os.path.lexists(file):
                raise FileExistsError from None
            unfinished.rename(file)
    except FileExistsError:
        raise
    except OSError as error:
        raise UnwritableError(given, error.strerror or type(error).__name__) from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def _mode(path: Path) -> int:
    """What kind of file lies there, as :mod:`stat` tells it; 0 where that cannot be told."""
    try:
        return path.stat().st_mode
    except (OSError, ValueError):
        return 0


def _holds(file: Path, data: bytes) -> bool:
    """Whether a file is there and holds these bytes."""
    try:
        return file.stat().st_size == len(data) and file.read_bytes() == data
    except OSError:
        return False


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry of a feed: what to call it, what the feed says of it, and the text that it holds, or why it has none."""

    given: str
    known: Metadata
    text: str = ""
    reason: str = ""


def _entries(fetched: Fetched, url: str) -> Iterator[_Entry]:
    """What is in a feed, read as a file of the corpus would be, under the same limits."""
    start = fetched.data[:_START].lower()
    ends = (".json",) if start.lstrip().startswith(b"{") else _FEEDS if _FEED_TAG.search(start) else ()
    end = next((end for end in ends if end in formats()), None)
    if not ends:
        raise FetchFailedError(url, "there is no feed at this address")
    if end is None:
        raise unsupported(url)
    with tempfile.TemporaryDirectory() as folder:
        file = CorpusFile(f"feed{end}", len(fetched.data), 0)
        (Path(folder) / file.path).write_bytes(fetched.data)
        parts = [part for contents in reading.read(Path(folder), [file]) for part in contents.parts]
    listed = saved.entries(fetched.data, fetched.url)  # which is safe now that a process of its own came to its end
    for part in parts:
        number = part.path.partition("#")[2] if isinstance(part, Article | Failure) else ""
        said = listed[int(number) - 1] if number.isdecimal() and 0 < int(number) <= len(listed) else Metadata()
        given = said.url or (f"{url}#{number}" if number else url)
        if isinstance(part, Failure):
            yield _Entry(given, said, reason=part.reason)
        elif isinstance(part, Article):
            known = Metadata(part.title, part.source, part.author, part.published, part.url).or_else(said)
            alone = part.text.strip() == part.title  # a title is no article
            reason = EmptyArticleError(url).reason if alone else ""
            yield _Entry(part.url or given, known, "" if alone else part.text, reason)


def _end(name: str) -> str | None:
    """How a file's name ends, of the ends that readers know."""
    lowered = name.lower()
    ends = (end for end in formats() if lowered.endswith(end) and len(PurePosixPath(lowered).name) > len(end))
    return max(ends, key=len, default=None)


def _end_of(fetched: Fetched) -> str | None:
    """How the name of a file ends that holds what was fetched."""
    ends = _ENDS.get(fetched.content_type, ())
    called = _end(urlsplit(fetched.url).path)
    if called and (fetched.content_type in _VAGUE or called in ends):
        return called
    if fetched.content_type in _VAGUE:
        start = fetched.data[:_START].lstrip().lower()
        ends = tuple(end for sign, end in _SIGNS if start.startswith(sign)) or ends
    return next((end for end in ends if end in formats()), None)


def _name(url: str, title: str | None) -> str:
    """A name for what lies at an address: of its last part where that is in words, else of its title."""
    place = saved.place(url)
    last = place[-1] if len(place) > 1 else ""
    end = _end(last)
    last = last[: -len(end)] if end else last
    words = [word for word in last.split("-") if any(map(str.isalpha, word))]
    named = last if len(words) >= _WORDS else ""
    return named or saved.slug(title or "") or last or (place[0] if place else "") or "page"


def _subfolder(into: str) -> PurePosixPath:
    """A folder within the corpus."""
    path = PurePosixPath(into.replace(os.sep, "/"))
    bad = path.is_absolute() or any(part == ".." or is_litter(part) or _FORBIDDEN.search(part) for part in path.parts)
    if bad:
        raise OptionError("--into", into, "the name of a folder within the corpus, such as 2024/may")
    return path


def _clean(name: str) -> str:
    """A name that a build does not pass over, and that every system allows."""
    cleaned = _FORBIDDEN.sub("-", os.fsencode(name).decode(errors="replace").replace("\ufffd", "-"))
    while is_litter(cleaned) and len(cleaned) > 1:
        cleaned = cleaned[1:]
    return cleaned
