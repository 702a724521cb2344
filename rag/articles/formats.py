"""Which reader reads which kind of file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType

from rag.articles import dates, metadata
from rag.articles.draft import Draft, Member, Metadata, Source
from rag.articles.text import read_markdown, read_text
from rag.errors import ArticleError, ArticleTooLargeError, EmptyArticleError, NestedArchiveError, UnsupportedFormatError
from rag.types import Article, Failure

LARGEST = 100_000_000
"""Bytes of the largest file that is read."""

READERS: Mapping[str, Callable[[Source], Iterable[Draft | Failure]]] = {
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".txt": read_text,
    ".text": read_text,
}
"""The reader of each kind of file, by the end of its name. A part that cannot be read is a failure among the drafts."""

ARCHIVES: Mapping[str, Callable[[Source], Iterable[Member | Failure]]] = {}
"""What opens each kind of archive, by the end of its name."""


def formats() -> tuple[str, ...]:
    """How the names of the files end that can be read."""
    return (*READERS, *ARCHIVES)


def read(data: bytes, path: str, columns: Mapping[str, str] = MappingProxyType({})) -> Iterator[Article | Failure]:
    """The articles in a file, and what in it cannot be read: one article in a text, maybe several in other formats.

    ``path`` is relative to the corpus, with forward slashes; its end says which
    format this is. ``columns`` says what columns of tables mean. Where the file
    gives no date, that in the article's address or in the file's name counts;
    where it gives no source, the address's host; where it gives no title, the
    article's first words.

    Raises:
        ArticleError: Nothing in the file can be read: no reader knows this kind
            of file, it is larger than ``LARGEST``, there is no text in it, …
    """
    if len(data) > LARGEST:
        raise ArticleTooLargeError(path, len(data), LARGEST)
    source = Source(data, path, columns=columns)
    end = _end(path, ARCHIVES)
    found = 0
    for each in _in_archive(source, ARCHIVES[end]) if end else _in_file(source):
        found += 1
        yield each
    if not found:
        raise EmptyArticleError(path)


def _end(path: str, known: Iterable[str]) -> str | None:
    """Which of these ends the path has."""
    name = path.rpartition("/")[2].lower()
    return next((end for end in known if name.endswith(end) and name != end), None)


def _in_file(source: Source) -> Iterator[Article | Failure]:
    end = _end(source.path, READERS)
    if end is None:
        raise UnsupportedFormatError(source.path, formats())
    sha256 = hashlib.sha256(source.data).hexdigest()
    for draft in READERS[end](source):
        if isinstance(draft, Failure):
            yield draft
        elif any(map(str.isalnum, draft.text)):
            yield _article(draft, source, sha256)


def _in_archive(source: Source, members: Callable[[Source], Iterable[Member | Failure]]) -> Iterator[Article | Failure]:
    """The articles of the files in an archive; one that cannot be read is a failure of its own."""
    for member in members(source):
        if isinstance(member, Failure):
            yield member
            continue
        within = Source(member.data, f"{source.path}/{member.path}", member.known, source.columns)
        try:
            if _end(member.path, ARCHIVES):
                raise NestedArchiveError(within.path)
            articles = list(_in_file(within))
            if not articles:
                raise EmptyArticleError(within.path)
        except ArticleError as error:
            yield Failure(error.path, error.reason)
        else:
            yield from articles


def _article(draft: Draft, source: Source, sha256: str) -> Article:
    known = draft.metadata.or_else(source.known)
    path = source.path + draft.member
    dated = dates.in_address(known.url) if known.url else None
    return Article(
        id=_identity(draft, known, sha256),
        title=known.title or metadata.first_words(draft.text),
        source=known.source or metadata.host(known.url),
        author=known.author,
        published=known.published or dated or dates.in_name(path),
        url=known.url,
        path=path,
        sha256=sha256,
        digest_of=known.digest_of,
        language=known.language,
        text=draft.text,
        pages=draft.pages,
    )


def _identity(draft: Draft, known: Metadata, sha256: str) -> str:
    """An article's id: of its file's bytes, or of its own content where a file holds several."""
    if not draft.member:
        return sha256[:16]
    return hashlib.sha256(repr((known, draft.text)).encode("utf-8", "surrogatepass")).hexdigest()[:16]
