"""The domain words, as frozen records.

Offsets are counted in Unicode code points (Python's own string indices) into
``Article.text``, the cleaned text that the index stores; a start is included,
an end is not, so that ``article.text[start:end]`` is always the thing itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import date
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from rag.arrays import Bytes, Floats, Ids, Integers


@dataclass(frozen=True, slots=True)
class Digest:
    """The original that an article of ours sums up; ``None`` where it does not say."""

    title: str | None
    source: str | None
    author: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class ArticleInfo:
    """What is known of an article, without its text.

    ``id`` names the content (the same bytes have the same id wherever the file
    lies). ``path`` is relative to the corpus, with forward slashes; one article
    of several in a file has a place after it, such as "table.csv#12" or
    "press.zip/may/strike.html". ``sha256`` is the hex digest of the file's
    bytes. What the article does not say is ``None``, never a guess.
    ``language`` is its ISO 639-1 code, such as "en".
    """

    id: str
    title: str
    source: str | None
    author: str | None
    published: date | None
    url: str | None
    path: str
    sha256: str
    digest_of: Digest | None
    language: str | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class Article(ArticleInfo):
    """An article with its cleaned text, which is what all offsets point into.

    ``pages`` are the offsets at which the pages of its file begin; there are
    none where it has no pages.
    """

    text: str
    pages: tuple[int, ...] = ()

    @property
    def info(self) -> ArticleInfo:
        """The same article without its text."""
        return ArticleInfo(**{each.name: getattr(self, each.name) for each in fields(ArticleInfo)})


@dataclass(frozen=True, slots=True)
class Text:
    """Text in a language (ISO 639-1), which says how it is cut into sentences and terms; None where it is not known."""

    text: str
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence (or a piece of one that is too long), ``article.text[start:end]``."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of whole sentences, ``article.text[start:end]``.

    ``first`` and ``last`` are positions in the article's sentences, ``last``
    excluded. Neighbouring passages may share a sentence.
    """

    start: int
    end: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class EncodedArticle:
    """An article's sentences and passages with what the model makes of them.

    ``vectors`` float32 (sentences, d) are the sentences' own; ``codes`` uint8
    (n, w), ``pieces`` uint32 (n,) and ``places`` uint8 (n,) are the compressed
    states, the vocabulary numbers and the sentence within the passage of the
    word pieces of all passages, one after the other; ``lengths`` int64
    (passages,) says how many each passage has.

    A long article comes in parts, one after the other: each has the passages
    that follow those of the part before, and the sentences that are new in them;
    a passage's ``first`` and ``last`` count in all sentences of the article.
    """

    sentences: tuple[Sentence, ...]
    passages: tuple[Passage, ...]
    vectors: Floats
    codes: Bytes
    pieces: Ids
    places: Bytes
    lengths: Integers


@dataclass(frozen=True, slots=True)
class WordMatch:
    """A word of the question, the word of the passage that is nearest to it in meaning there, and how near: 0..1."""

    asked: str
    found: str
    cosine: float


@dataclass(frozen=True, slots=True)
class Why:
    """Why a passage was found: the parts of its score (rag.search), each 0..1 before it is weighted, and its words."""

    late_interaction: float
    sentence_cosine: float
    bm25: float
    words: tuple[WordMatch, ...]


Match: TypeAlias = Literal["strong", "fair", "weak"]
"""How near a passage comes to a question: as questions do that it answers, as it may, or hardly."""


@dataclass(frozen=True, slots=True)
class Citation:
    """A passage that answers, with all that is needed to check it.

    ``article.text[start:end] == text`` and ``article.text[quote_start:quote_end]
    == quote`` for the article that ``library.article(citation.article.id)``
    gives. ``rank`` counts from 1. ``score`` is in 0..1, higher is better.
    ``link`` opens the original, at the quote where the article is the original
    itself, and is ``None`` where no URL is known. ``also`` are further articles
    that carry the passage, word for word or nearly so: the same article from
    other files, and others. ``why`` is there where an
    explanation was asked for. ``page`` is the page, counted from 1, on which the
    quote begins; it is there where the article's file has pages. ``strength`` is
    how near the passage comes to the question, as a share of how near questions
    come that the articles surely answer: from about 0.7 it may answer, about 1 it
    does. ``match`` says it in a word.
    """

    rank: int
    score: float
    article: ArticleInfo
    text: str
    start: int
    end: int
    quote: str
    quote_start: int
    quote_end: int
    link: str | None
    also: tuple[ArticleInfo, ...] = ()
    why: Why | None = None
    page: int | None = None
    strength: float = 0.0
    match: Match = "weak"


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be read: its path in the corpus, and why in plain words."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Duplicate:
    """An article that does not count, for it is the same as another one: the path of each in the corpus."""

    path: str
    of: str


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did.

    ``added``, ``changed``, ``removed`` and ``unchanged`` are paths relative to
    the corpus, sorted; a moved file counts as removed and added, though it is
    not embedded again. ``failed`` names each file that could not be read.
    ``articles`` and ``passages`` count what the index now holds; ``embedded``
    counts the passages that went through the model in this build. ``rebuilt``
    says why everything was embedded anew, or is ``None``. ``duplicates`` are the
    articles that the corpus now has besides, each the same as one that counts.
    """

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: tuple[str, ...]
    failed: tuple[Failure, ...]
    articles: int
    passages: int
    seconds: float
    embedded: int = 0
    rebuilt: str | None = None
    duplicates: tuple[Duplicate, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """How the folder of articles differs from the index: paths relative to the corpus, sorted.

    It is false where there is no difference.
    """

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long piece of work has come: ``done`` of ``total`` steps, in plain words."""

    stage: str
    done: int
    total: int
    item: str = ""


Tell: TypeAlias = Callable[[Progress], None]
"""Is told of each step."""
