"""One segment: articles with their passages, sentences and vectors, written once and never changed.

============= ============================================================ ==========================
file          what is in it                                                one row
============= ============================================================ ==========================
articles.db   SQLite: what is known of each article, and its text          an article
ids.bin       its id, as a number                                          uint64, an article
signatures.bin what it is known by if it comes again (rag.duplicates)      uint32 (w,), an article
articles.bin  where its passages and its sentences begin                   int32 (2,), one row more
passages.bin  start, end, first sentence, last sentence + 1                int32 (4,), a passage
sentences.bin start, end                                                   int32 (2,), a sentence
prints.bin    a 16-byte hash of the passage's text                         uint8 (16,), a passage
sentences.faiss the sentences' vectors                                     a sentence
codes.bin     token states, compressed                                     uint8 (w,), a word piece
pieces.bin    the word piece's number in the model's vocabulary            uint16 or uint32, a word piece
places.bin    in which of the passage's sentences it stands                uint8, a word piece
terms.bin     ids of the passage's terms                                   uint32, a term
begins.bin    where the passage's word pieces and terms begin              int64 (2,), one row more
piecefreq.bin in how many passages each word piece stands                  int32, a vocabulary entry
fulltext/     tantivy's index of the passages                              a passage
segment.json  counts, model, settings, and each file's size and checksum
============= ============================================================ ==========================

Articles, passages and sentences are numbered from 0 within their segment;
starts and ends are characters of the article's text.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import tempfile
import threading
import weakref
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from rag import duplicates, lexical
from rag.arrays import Bytes, Floats, Ids, Integers, Mask, Numbers, counted, distinct
from rag.errors import CitationError
from rag.lexical import FullText, FullTextWriter
from rag.store.checked import Checksum, Damage, Rows, RowWriter, Scalar, check, checksum, flush
from rag.types import Article, ArticleInfo, Digest, EncodedArticle, Passage, Sentence
from rag.vectors import LARGE, SentenceVectors, VectorCard, VectorWriter

CARD = "segment.json"
VECTORS = "sentences.faiss"
PRINT = 16
# Of the articles read last so many characters are kept, and the last one however long it is.
KEPT_CHARACTERS = 1_000_000
# An article is handed on in parts of so many passages.
PART_PASSAGES = 1024
# Rows of a file are copied into another segment so many at a time.
COPIED_AT_ONCE = 1 << 18

_SCHEMA = """
CREATE TABLE article (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL, title TEXT NOT NULL, source TEXT, author TEXT, published TEXT,
    url TEXT, path TEXT NOT NULL, sha256 TEXT NOT NULL, digest_of TEXT, language TEXT, pages TEXT,
    text_key TEXT NOT NULL, checksum BLOB NOT NULL, text TEXT NOT NULL
);
CREATE INDEX article_id ON article (id);
CREATE INDEX article_text_key ON article (text_key);
"""
_INFO = "id, title, source, author, published, url, path, sha256, digest_of, language"
_COLUMNS = _INFO + ", pages, text"
# A long text is hashed so many characters at a time, so that no second copy of it is made.
_HASHED_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class Settings:
    """What passages and vectors depend on: an index made with other settings is made anew.

    ``model`` is the model's hash, ``codec`` that of the codec of its states.
    ``passage_tokens`` is the most tokens (cl100k_base) of a passage; ``rules``
    counts up when the code cuts or encodes passages in another way.
    """

    model: str
    codec: str
    passage_tokens: int
    rules: int


@dataclass(frozen=True, slots=True)
class SegmentCard:
    """What ``segment.json`` says."""

    settings: Settings
    articles: int
    passages: int
    sentences: int
    width: int
    vectors: VectorCard
    files: dict[str, Checksum]


def text_key(text: str, language: str | None) -> str:
    """The name under which an article's vectors are found again: the SHA-256 in hex of its language and text."""
    return _hashed(f"{language} ".encode(), text).hex()


def row_checksum(article: Article) -> bytes:
    """A hash of all that a segment keeps of an article but its vectors."""
    return _row_checksum(_row(article))


def fingerprint(text: str) -> bytes:
    """A passage's 16-byte hash, kept apart from the text it is to confirm."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=PRINT).digest()


@contextmanager
def _refusals() -> Iterator[None]:
    """SQLite, FAISS and tantivy each tell in their own way what the disk refuses; here it is an ``OSError``."""
    try:
        yield
    except (sqlite3.Error, RuntimeError, ValueError) as error:
        raise OSError(str(error)) from error


class SegmentWriter:
    """Writes a segment, an article at a time, in bounded memory but for the sentence vectors.

    From ``large`` sentences on their vectors are kept as codes (rag.vectors).

    Raises:
        OSError: the disk does not take it.
    """

    def __init__(
        self, folder: Path, settings: Settings, dimensions: int, width: int, vocabulary: int, large: int = LARGE
    ) -> None:
        folder.mkdir(parents=True)
        self.folder, self._settings, self._width = folder, settings, width
        self._opened = ExitStack()
        try:
            with _refusals():
                self._database = sqlite3.connect(folder / "articles.db", isolation_level=None)
                self._opened.callback(self._database.close)
                self._database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _SCHEMA)
                self._database.execute("BEGIN")
                self._fulltext = FullTextWriter(folder / "fulltext")
        except OSError:
            self._opened.close()
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self._vectors = VectorWriter(dimensions, large)
        self._ids = self._rows("ids.bin", np.uint64)
        self._signatures = self._rows("signatures.bin", np.uint32)
        self._articles = self._rows("articles.bin", np.int32)
        self._passages = self._rows("passages.bin", np.int32)
        self._sentences = self._rows("sentences.bin", np.int32)
        self._prints = self._rows("prints.bin", np.uint8)
        self._codes = self._rows("codes.bin", np.uint8)
        self._pieces = self._rows("pieces.bin", _piece_type(vocabulary))
        self._places = self._rows("places.bin", np.uint8)
        self._terms = self._rows("terms.bin", np.uint32)
        self._begins = self._rows("begins.bin", np.int64)
        self._frequencies = np.zeros(vocabulary, np.int32)
        self._term_ids: dict[str, int] = {}
        self.articles = self.passages = self.sentences = self._piece_count = self._term_count = 0

    def add(self, article: Article, parts: Iterable[EncodedArticle]) -> None:
        """Append an article, with what the model makes of it in one part or several.

        Raises:
            CitationError: a passage or sentence is not a part of the article's text.
        """
        self._insert(article)
        self._ids.add(np.array([int(article.id, 16)], np.uint64))
        self._signatures.add(duplicates.signature(article.text))
        self._articles.add(np.array([self.passages, self.sentences], np.int32))
        sentences: list[Sentence] = []
        for part in parts:
            sentences += part.sentences
            self._add_part(article, sentences, part)
        self.articles += 1
        self.sentences += len(sentences)

    def _add_part(self, article: Article, sentences: Sequence[Sentence], part: EncodedArticle) -> None:
        bounds = [(sentence.start, sentence.end) for sentence in part.sentences]
        self._sentences.add(np.array(bounds, np.int32).reshape(-1, 2))
        self._vectors.add(part.vectors)
        begin = 0
        for passage, length in zip(part.passages, part.lengths.tolist(), strict=True):
            self._add_passage(article, sentences, passage)
            self._frequencies[np.unique(part.pieces[begin : begin + length])] += 1
            begin += length
            self._piece_count += length
        self._codes.add(part.codes)
        self._pieces.add(part.pieces.astype(self._pieces.dtype))
        self._places.add(part.places)

    def copy(self, source: Segment, numbers: Sequence[int]) -> None:
        """Append articles of another segment, made with the same settings, by their numbers there, in order.

        Raises:
            Damage: what is copied is not as it was written.
        """
        words = source.term_names()
        first = last = -1
        for number in [*numbers, -1]:
            if number != last:
                if last > first:
                    self._copy_run(source, first, last, words)
                first = number
            last = number + 1

    def _copy_run(self, source: Segment, first: int, last: int, words: Mapping[int, str]) -> None:
        """Append articles ``first`` to ``last``, without the last."""
        begins = source.article_begins[first : last + 1]
        (passage, sentence), (end_passage, end_sentence) = begins[[0, -1]].tolist()
        (piece, term), (end_piece, end_term) = source.begins[[passage, end_passage]].tolist()
        self._copy_rows(source, first, last, begins[:, 0] - passage + self.passages, words)
        moved = np.array([self.passages - passage, self.sentences - sentence], np.int32)
        self._articles.add(begins[:-1] + moved)
        self._ids.add(source.identities[first:last])
        self._signatures.add(source.signatures[first:last])
        self._passages.add(source.passages[passage:end_passage] + np.array([0, 0, *2 * [moved[1]]], np.int32))
        self._begins.add(
            source.begins[passage:end_passage] + np.array([self._piece_count - piece, self._term_count - term])
        )
        self._frequencies += source.piece_frequencies_in(passage, end_passage)
        source.copy_rows(self._prints, "prints.bin", passage, end_passage)
        source.copy_rows(self._sentences, "sentences.bin", sentence, end_sentence)
        source.copy_rows(self._codes, "codes.bin", piece, end_piece)
        source.copy_rows(self._pieces, "pieces.bin", piece, end_piece)
        source.copy_rows(self._places, "places.bin", piece, end_piece)
        source.copy_rows(self._terms, "terms.bin", term, end_term)
        self._vectors.copy(source.vectors, sentence, end_sentence)
        self.articles += last - first
        self.passages += end_passage - passage
        self.sentences += end_sentence - sentence
        self._piece_count += end_piece - piece
        self._term_count += end_term - term

    def _copy_rows(self, source: Segment, first: int, last: int, begins: Numbers, words: Mapping[int, str]) -> None:
        """Append the rows of the database and the full text of articles, whose passages get these numbers."""
        for place, number in enumerate(range(first, last)):
            row, key, kept = source.row(number)
            self._insert_row(self.articles + place, row, key, kept)
            article: Article | None = None
            for passage, terms in enumerate(source.terms_in(number)):
                written = [words.get(term, "") for term in terms]
                if "" in written:
                    # Two terms have this number: what the passage holds is told by its text.
                    article = article or source.article(number)
                    start, end = source.passages[int(source.article_begins[number, 0]) + passage, :2].tolist()
                    written = lexical.terms(article.text[start:end], article.language)
                with _refusals():
                    self._fulltext.add_terms(int(begins[place]) + passage, self.articles + place, written)

    def _add_passage(self, article: Article, sentences: Sequence[Sentence], passage: Passage) -> None:
        first, last = sentences[passage.first], sentences[passage.last - 1]
        if (first.start, last.end) != (passage.start, passage.end) or not 0 <= passage.start < passage.end <= len(
            article.text
        ):
            raise CitationError(article.path, passage.start, passage.end)
        text = article.text[passage.start : passage.end]
        within = (passage.first + self.sentences, passage.last + self.sentences)
        self._passages.add(np.array([passage.start, passage.end, *within], np.int32))
        self._prints.add(np.frombuffer(fingerprint(text), np.uint8))
        terms = lexical.terms(text, article.language)
        for term in set(terms).difference(self._term_ids):
            self._term_ids[term] = lexical.term_id(term)
        ids = np.array([self._term_ids[term] for term in terms], np.uint32)
        self._begins.add(np.array([self._piece_count, self._term_count], np.int64))
        self._terms.add(ids)
        self._term_count += len(ids)
        with _refusals():
            self._fulltext.add_terms(self.passages, self.articles, terms)
        self.passages += 1

    def finish(self) -> SegmentCard:
        """Write what is left, the card last; from then on the segment is whole."""
        self._articles.add(np.array([self.passages, self.sentences], np.int32))
        self._begins.add(np.array([self._piece_count, self._term_count], np.int64))
        self._rows("piecefreq.bin", np.int32).add(self._frequencies)
        with _refusals():
            vectors = self._vectors.save(self.folder / VECTORS)
            self._fulltext.close()
            self._database.execute("COMMIT")
        self._opened.close()
        # Tantivy's lock files are empty and come and go.
        files = [file for file in sorted(self.folder.rglob("*")) if file.is_file() and file.suffix != ".lock"]
        readable = (self.folder / "ids.bin").stat().st_mode
        for file in files:
            # Tantivy writes some for their owner alone; whoever may read the index may read them all.
            file.chmod(readable)
            flush(file)
        card = SegmentCard(
            settings=self._settings,
            articles=self.articles,
            passages=self.passages,
            sentences=self.sentences,
            width=self._width,
            vectors=vectors,
            files={file.relative_to(self.folder).as_posix(): checksum(file) for file in files},
        )
        (self.folder / CARD).write_text(json.dumps(asdict(card), indent=1), encoding="utf-8")
        flush(self.folder / CARD)
        flush(self.folder)
        return card

    def discard(self) -> None:
        """Remove what was written of a segment that is not to be finished."""
        with suppress(OSError):
            self._opened.close()
        del self._fulltext  # whose thread would go on writing
        shutil.rmtree(self.folder, ignore_errors=True)

    def _rows(self, name: str, dtype: type[Scalar]) -> RowWriter[Scalar]:
        writer = RowWriter(self.folder / name, dtype)
        self._opened.callback(writer.close)
        return writer

    def _insert(self, article: Article) -> None:
        row = _row(article)
        self._insert_row(self.articles, row, text_key(article.text, article.language), _row_checksum(row))

    def _insert_row(self, number: int, row: Sequence[str | None], key: str, kept: bytes) -> None:
        values = (number, *row, key, kept)
        columns = f"number, {_COLUMNS}, text_key, checksum"
        with _refusals():
            self._database.execute(f"INSERT INTO article ({columns}) VALUES ({', '.join('?' * len(values))})", values)


def _piece_type(vocabulary: int) -> type[np.uint16 | np.uint32]:
    """What the numbers of word pieces are kept as."""
    return np.uint16 if vocabulary <= 1 << 16 else np.uint32


def _row(article: Article) -> tuple[str | None, ...]:
    # In the order of _COLUMNS.
    digest = json.dumps(asdict(article.digest_of)) if article.digest_of else None
    published = article.published.isoformat() if article.published else None
    pages = json.dumps(article.pages) if article.pages else None
    return (
        *(article.id, article.title, article.source, article.author, published, article.url),
        *(article.path, article.sha256, digest, article.language, pages, article.text),
    )


def _row_checksum(row: Sequence[str | None]) -> bytes:
    *known, text = row
    return _hashed(json.dumps(known).encode(), text or "")


def _hashed(head: bytes, text: str) -> bytes:
    digest = hashlib.sha256(head)
    for begin in range(0, len(text), _HASHED_AT_ONCE):
        digest.update(text[begin : begin + _HASHED_AT_ONCE].encode("utf-8", "surrogatepass"))
    return digest.digest()


def _info(row: Sequence[str | None]) -> ArticleInfo:
    identity, title, source, author, published, url, path, sha256, digest, language = row
    return ArticleInfo(
        id=identity or "",
        title=title or "",
        source=source,
        author=author,
        published=date.fromisoformat(published) if published else None,
        url=url,
        path=path or "",
        sha256=sha256 or "",
        digest_of=Digest(**json.loads(digest)) if digest else None,
        language=language,
    )


def read_card(folder: Path) -> SegmentCard:
    """Read a segment's card.

    Raises:
        Damage: it is missing or not as it was written.
    """
    try:
        read = json.loads((folder / CARD).read_text(encoding="utf-8"))
        files = {name: Checksum(**values) for name, values in read.pop("files").items()}
        settings, vectors = Settings(**read.pop("settings")), VectorCard(**read.pop("vectors"))
        return SegmentCard(settings=settings, vectors=vectors, files=files, **read)
    except FileNotFoundError:
        raise Damage(folder / CARD, "it is missing") from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Damage(folder / CARD, "it is not as it was written") from error


class Segment:
    """A segment, ready to read; safe to use from several threads at once.

    Raises:
        Damage: a file is missing or not as it was written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.card = read_card(folder)
        for name, expected in self.card.files.items():
            if not name.endswith(".bin"):  # which Rows checks, a large one by the block
                # FAISS is handed no byte unread. SQLite's rows have checksums of their own, and tantivy only brings
                # passages in: of theirs that are large the size is enough here.
                check(folder / name, expected, whole=name == VECTORS)
        self._ids = Rows(folder / "ids.bin", np.uint64, 1, self._expected("ids.bin"))
        signatures = self._expected("signatures.bin")
        self._signatures = Rows(folder / "signatures.bin", np.uint32, duplicates.WIDTH, signatures)
        self._articles = Rows(folder / "articles.bin", np.int32, 2, self._expected("articles.bin"))
        self._passages = Rows(folder / "passages.bin", np.int32, 4, self._expected("passages.bin"))
        self._sentences = Rows(folder / "sentences.bin", np.int32, 2, self._expected("sentences.bin"))
        self._prints = Rows(folder / "prints.bin", np.uint8, PRINT, self._expected("prints.bin"))
        self._codes = Rows(folder / "codes.bin", np.uint8, self.card.width, self._expected("codes.bin"))
        self._places = Rows(folder / "places.bin", np.uint8, 1, self._expected("places.bin"))
        self._terms = Rows(folder / "terms.bin", np.uint32, 1, self._expected("terms.bin"))
        self._begins = Rows(folder / "begins.bin", np.int64, 2, self._expected("begins.bin"))
        self._frequencies = Rows(folder / "piecefreq.bin", np.int32, 1, self._expected("piecefreq.bin"))
        number = _piece_type(len(self._frequencies))
        self._pieces = Rows(folder / "pieces.bin", number, 1, self._expected("pieces.bin"))
        database = f"{(folder / 'articles.db').resolve().as_uri()}?mode=ro&immutable=1"
        try:
            self.vectors = SentenceVectors(folder / VECTORS, self.card.vectors)
            self.fulltext = self._open_fulltext(folder / "fulltext")
            self._database = sqlite3.connect(database, uri=True, check_same_thread=False)
        except (OSError, RuntimeError, ValueError, sqlite3.Error) as error:
            # All was whole a moment ago: a build has cleared it away since.
            raise Damage(folder, "it cannot be read") from error
        self._database.create_function("folded", 1, lambda name: name and name.casefold(), deterministic=True)
        self._one_at_a_time = threading.Lock()
        self._kept: dict[int, Article] = {}
        self._kept_characters = 0
        # A connection is part of a cycle: without this its file stays open until the garbage is collected.
        weakref.finalize(self, self._database.close)

    def _open_fulltext(self, folder: Path) -> FullText:
        try:
            return FullText(folder)
        except ValueError:
            # Tantivy locks a folder to read it: where that may not be written, it gets another with links to the files.
            links = Path(tempfile.mkdtemp(prefix="clippings-"))
            weakref.finalize(self, shutil.rmtree, links, ignore_errors=True)
            for file in folder.iterdir():
                if file.suffix != ".lock":
                    (links / file.name).symlink_to(file.resolve())
            return FullText(links)

    def _expected(self, name: str) -> Checksum:
        try:
            return self.card.files[name]
        except KeyError:
            raise Damage(self.folder / CARD, f"it does not name {name}") from None

    def check(self) -> None:
        """Hash every file, whole.

        Raises:
            Damage: one is missing or not as it was written.
        """
        for name, expected in self.card.files.items():
            check(self.folder / name, expected)

    # What stands where. A "begins" array has one row more than there are things, so that
    # thing i goes from begins[i] to begins[i + 1].

    @cached_property
    def article_begins(self) -> Numbers:
        """Where each article's passages and sentences begin: int32 (articles + 1, 2)."""
        return self._articles.take(0, len(self._articles))

    @cached_property
    def _article_bounds(self) -> Numbers:
        """``article_begins`` by columns, int32 (2, articles + 1), as ``_bounds``."""
        return np.ascontiguousarray(self.article_begins.T)

    @cached_property
    def identities(self) -> np.ndarray[tuple[int, ...], np.dtype[np.uint64]]:
        """Each article's id as a number: uint64 (articles,)."""
        return self._ids.take(0, len(self._ids))

    @cached_property
    def passages(self) -> Numbers:
        """Start, end, first sentence and last sentence + 1 of each passage: int32 (passages, 4)."""
        return self._passages.take(0, len(self._passages))

    @cached_property
    def _bounds(self) -> Numbers:
        """First sentence and last sentence + 1 of each passage, int32 (2, passages): to look a number up in.

        Numpy copies a column, or numbers of another kind, whole for every look-up.
        """
        return np.ascontiguousarray(self.passages[:, 2:].T)

    @cached_property
    def begins(self) -> Integers:
        """Where each passage's word pieces and terms begin: int64 (passages + 1, 2)."""
        return self._begins.take(0, len(self._begins))

    @cached_property
    def piece_frequencies(self) -> Numbers:
        """In how many passages each word piece stands: int32 (vocabulary,)."""
        return self._frequencies.take(0, len(self._frequencies))

    @property
    def signatures(self) -> Ids:
        """What each article is known by if it comes again: uint32 (articles, w), see ``rag.duplicates``."""
        return self._signatures.take(0, len(self._signatures))

    def articles_of(self, passages: Integers) -> Integers:
        """The article of each passage."""
        return np.searchsorted(self._article_bounds[0], passages.astype(np.int32), side="right") - 1

    def articles_with(self, sentences: Integers) -> Integers:
        """The article of each sentence."""
        return np.searchsorted(self._article_bounds[1], sentences.astype(np.int32), side="right") - 1

    def passages_of(self, sentences: Integers) -> Integers:
        """The passages that hold any of these sentences, each once, in order."""
        firsts, lasts = self._bounds
        asked = sentences.astype(np.int32)
        return distinct(
            counted(np.searchsorted(lasts, asked, side="right"), np.searchsorted(firsts, asked, side="right"))
        )

    def sentence_mask(self, articles: Mask) -> Mask:
        """The sentences of these articles: bool (articles,) to bool (sentences,)."""
        return np.repeat(articles, np.diff(self.article_begins[:, 1]))

    def passages_of_articles(self, articles: Integers) -> Integers:
        """The passages of these articles, by their numbers, in order."""
        begins = self.article_begins[:, 0].astype(np.int64)
        return counted(begins[articles], begins[articles + 1])

    # What search reads: each gives the rows of some passages one after the other, and where
    # each passage begins among them, int64 (passages + 1,).

    def states_of(self, passages: Integers) -> tuple[Bytes, Bytes, Integers]:
        """The compressed states of word pieces, the sentence of each, and where each passage begins."""
        runs = self.begins[passages, 0], self.begins[passages + 1, 0]
        return self._codes.gather(*runs), self._places.gather(*runs), _ends(*runs)

    def terms_of(self, passages: Integers) -> tuple[Ids, Integers]:
        """The ids of the passages' terms, and where each passage begins."""
        runs = self.begins[passages, 1], self.begins[passages + 1, 1]
        return self._terms.gather(*runs), _ends(*runs)

    def pieces_of(self, passages: Integers) -> tuple[Ids, Integers]:
        """The word pieces of the passages, and where each passage begins."""
        runs = self.begins[passages, 0], self.begins[passages + 1, 0]
        return self._pieces.gather(*runs).astype(np.uint32), _ends(*runs)

    def vectors_of(self, passages: Integers) -> tuple[Floats, Integers]:
        """The vectors of the passages' sentences, and where each passage begins."""
        runs = self._sentences_of(passages)
        return self.vectors.take(counted(*runs)), _ends(*runs)

    def cosines_of(self, passages: Integers, question: Floats) -> tuple[Floats, Integers]:
        """The cosines of the passages' sentences with a question vector, and where each passage begins."""
        runs = self._sentences_of(passages)
        return self.vectors.cosines(counted(*runs), question), _ends(*runs)

    def _sentences_of(self, passages: Integers) -> tuple[Integers, Integers]:
        """The first and last sentence + 1 of passages."""
        first, last = self.passages[passages, 2:].astype(np.int64).T
        return first, last

    # What answers and builds read.

    def article(self, number: int) -> Article:
        """An article with its text.

        The last ones are kept, for several passages of one may be cited at a time, and again by the next question.

        Raises:
            Damage: the row is not as it was written.
        """
        kept = self._kept.get(number)
        if kept is not None:
            return kept
        [(expected, *row)] = self._query(f"SELECT checksum, {_COLUMNS} FROM article WHERE number = ?", number)
        if _row_checksum(row) != expected:
            raise Damage(self.folder / "articles.db", f"article {number} is not as it was written")
        *known, pages, text = row
        info = _info(known)
        article = Article(
            **{field: getattr(info, field) for field in ArticleInfo.__slots__},
            text=text,
            pages=tuple(json.loads(pages)) if pages else (),
        )
        self._keep(number, article)
        return article

    def _keep(self, number: int, article: Article) -> None:
        with self._one_at_a_time:
            if number in self._kept:
                return
            self._kept[number] = article
            self._kept_characters += len(article.text)
            # The first one is the one that was read the longest ago.
            while self._kept_characters > KEPT_CHARACTERS and len(self._kept) > 1:
                self._kept_characters -= len(self._kept.pop(next(iter(self._kept))).text)

    def info(self, number: int) -> ArticleInfo:
        """What is known of an article."""
        [row] = self._query(f"SELECT {_INFO} FROM article WHERE number = ?", number)
        return _info(row)

    def infos(self) -> tuple[ArticleInfo, ...]:
        """What is known of every article, in the order of their numbers."""
        return tuple(_info(row[:-1]) for row in self._query(f"SELECT {_INFO}, number FROM article ORDER BY number"))

    def languages(self) -> Counter[str | None]:
        """How many articles there are in each language."""
        return Counter(dict(self._query("SELECT language, COUNT(*) FROM article GROUP BY language")))

    def places(self) -> tuple[tuple[str, str, bytes], ...]:
        """Id, path and ``row_checksum`` of every article, in the order of their numbers."""
        rows = self._query("SELECT id, path, checksum, number FROM article ORDER BY number")
        return tuple((identity, path, kept) for identity, path, kept, _ in rows)

    def cited(self, passage: int) -> tuple[Article, Passage]:
        """A passage with its article, checked against the hash that was kept of its text.

        Raises:
            CitationError: the article does not hold the passage where it should.
        """
        article = self.article(int(self.articles_of(np.array([passage]))[0]))
        start, end, first, last = self.passages[passage].tolist()
        if fingerprint(article.text[start:end]) != self._prints.take(passage, passage + 1).tobytes():
            raise CitationError(article.path, start, end)
        return article, Passage(start, end, first, last)

    def sentence(self, number: int) -> Sentence:
        """A sentence's place in its article's text."""
        [(start, end)] = self._sentences.take(number, number + 1).tolist()
        return Sentence(start, end)

    def find(
        self, since: date | None, until: date | None, sources: Sequence[str] | None, authors: Sequence[str] | None
    ) -> tuple[Mask, Mask]:
        """The articles that pass the filters, and those that fall out for having no date: bool (articles,).

        Names match without case, an article's own or those of the original that it is a digest of.
        """
        conditions, values = ["TRUE"], []
        for name, wanted in (("source", sources), ("author", authors)):
            if wanted is not None:
                marks = ", ".join("?" * len(wanted))
                conditions.append(
                    f"(folded({name}) IN ({marks}) OR folded(json_extract(digest_of, '$.{name}')) IN ({marks}))"
                )
                values += 2 * [name.casefold() for name in wanted]
        named = self._query(f"SELECT number, published FROM article WHERE {' AND '.join(conditions)}", *values)
        passing, undated = (np.zeros(self.card.articles, bool) for _ in range(2))
        dated = since is not None or until is not None
        for number, published in named:
            if not dated:
                passing[number] = True
            elif published is None:
                undated[number] = True
            else:
                day = date.fromisoformat(published)
                passing[number] = (since is None or since <= day) and (until is None or day <= until)
        return passing, undated

    def with_id(self, article_id: str) -> int | None:
        """The number of the article of this id, or None."""
        rows = self._query("SELECT number FROM article WHERE id = ?", article_id)
        return int(rows[0][0]) if rows else None

    def with_text(self, key: str) -> int | None:
        """The number of an article whose text has this key, or None."""
        rows = self._query("SELECT number FROM article WHERE text_key = ? LIMIT 1", key)
        return int(rows[0][0]) if rows else None

    def passages_in(self, number: int) -> tuple[Passage, ...]:
        """An article's passages, in order."""
        first, end = self.article_begins[number : number + 2, 0].tolist()
        return self._passages_between(number, first, end)

    def sentences_in(self, number: int) -> tuple[Sentence, ...]:
        """An article's sentences, in order."""
        return self._sentences_between(*self.article_begins[number : number + 2, 1].tolist())

    def parts(self, number: int, most: int = PART_PASSAGES) -> Iterator[EncodedArticle]:
        """An article's passages, sentences and vectors, to be written into another segment: at most so many a part."""
        (passage, sentence), (end_passage, end_sentence) = self.article_begins[number : number + 2].tolist()
        while passage < end_passage:
            next_passage = min(passage + most, end_passage)
            whole = next_passage == end_passage
            next_sentence = end_sentence if whole else int(self.passages[next_passage - 1, 3])
            begin, end = self.begins[[passage, next_passage], 0].tolist()
            yield EncodedArticle(
                sentences=self._sentences_between(sentence, next_sentence),
                passages=self._passages_between(number, passage, next_passage),
                vectors=self.vectors.take(np.arange(sentence, next_sentence)),
                codes=self._codes.take(begin, end),
                pieces=self._pieces.take(begin, end).astype(np.uint32),
                places=self._places.take(begin, end),
                lengths=np.diff(self.begins[passage : next_passage + 1, 0]),
            )
            passage, sentence = next_passage, next_sentence

    # What another segment is written from.

    def row(self, number: int) -> tuple[tuple[str | None, ...], str, bytes]:
        """An article's columns as they are stored, its ``text_key`` and its ``row_checksum``.

        Raises:
            Damage: the row is not as it was written.
        """
        [(key, kept, *row)] = self._query(
            f"SELECT text_key, checksum, {_COLUMNS} FROM article WHERE number = ?", number
        )
        if _row_checksum(row) != kept:
            raise Damage(self.folder / "articles.db", f"article {number} is not as it was written")
        return tuple(row), key, kept

    def terms_in(self, number: int) -> Iterator[list[int]]:
        """The ids of the terms of each passage of an article, in order."""
        passage, end = self.article_begins[number : number + 2, 0].tolist()
        begins = self.begins[passage : end + 1, 1].tolist()
        held = self._terms.take(begins[0], begins[-1]).tolist()
        for begin, following in pairwise(begins):
            yield held[begin - begins[0] : following - begins[0]]

    def term_names(self) -> dict[int, str]:
        """The terms under their ids, without those of which two have one id."""
        names: dict[int, str] = {}
        for term, _ in self.fulltext.vocabulary(""):
            known = names.setdefault(lexical.term_id(term), term)
            if known != term:
                names[lexical.term_id(term)] = ""
        return names

    def piece_frequencies_in(self, first: int, last: int) -> Numbers:
        """In how many of the passages ``first`` to ``last``, without the last, each word piece stands."""
        every = len(self._prints)
        if 2 * (last - first) > every:
            others = (self._piece_counts(0, first), self._piece_counts(last, every))
            return self.piece_frequencies - others[0] - others[1]
        return self._piece_counts(first, last)

    def _piece_counts(self, first: int, last: int) -> Numbers:
        counts = np.zeros(len(self._frequencies), np.int32)
        for begin in range(first, last, PART_PASSAGES):
            begins = self.begins[begin : min(begin + PART_PASSAGES, last) + 1, 0]
            pieces = self._pieces.take(int(begins[0]), int(begins[-1])).astype(np.int64)
            owners = np.repeat(np.arange(len(begins) - 1), np.diff(begins))
            once = np.unique(owners * len(counts) + pieces) % len(counts)
            counts += np.bincount(once, minlength=len(counts)).astype(np.int32)
        return counts

    def copy_rows(self, target: RowWriter[Any], name: str, begin: int, end: int) -> None:
        """Append rows of one of the files to another one, some at a time."""
        copied: dict[str, Rows[Any]] = {
            "prints.bin": self._prints,
            "sentences.bin": self._sentences,
            "codes.bin": self._codes,
            "pieces.bin": self._pieces,
            "places.bin": self._places,
            "terms.bin": self._terms,
        }
        rows = copied[name]
        for first in range(begin, end, COPIED_AT_ONCE):
            target.add(rows.take(first, min(first + COPIED_AT_ONCE, end)))

    def _passages_between(self, number: int, first: int, end: int) -> tuple[Passage, ...]:
        """Passages of one article, their sentences counted within it."""
        first_sentence = int(self.article_begins[number, 1])
        rows = self.passages[first:end] - np.array([0, 0, first_sentence, first_sentence])
        return tuple(Passage(*row) for row in rows.tolist())

    def _sentences_between(self, first: int, end: int) -> tuple[Sentence, ...]:
        return tuple(Sentence(*bounds) for bounds in self._sentences.take(first, end).tolist())

    def _query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            with self._one_at_a_time:
                return self._database.execute(statement, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise Damage(self.folder / "articles.db", str(error)) from error


def _ends(begins: Integers, ends: Integers) -> Integers:
    """Where runs begin when they are laid end to end, and where the last one ends."""
    return np.append(0, np.cumsum(ends - begins)).astype(np.int64)
