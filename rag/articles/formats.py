"""Which reader reads which kind of file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

from rag.articles import dates, metadata
from rag.articles.draft import Draft
from rag.articles.text import read_markdown, read_text
from rag.errors import ArticleTooLargeError, EmptyArticleError, UnsupportedFormatError
from rag.types import Article

LARGEST = 100_000_000
"""Bytes of the largest file that is read."""

READERS: Mapping[str, Callable[[bytes, str], tuple[Draft, ...]]] = {
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".txt": read_text,
    ".text": read_text,
}
"""The reader of each kind of file, by the end of its name. A reader takes the bytes and the path of a file."""


def formats() -> tuple[str, ...]:
    """How the names of the files end that can be read."""
    return tuple(READERS)


def read(data: bytes, path: str) -> tuple[Article, ...]:
    """The articles in a file: one in a text, maybe several in other formats.

    ``path`` is relative to the corpus, with forward slashes; its end says which
    format this is. Where the file gives no date, that in the article's address
    or in the file's name counts; where it gives no source, the address's host;
    where it gives no title, the article's first words.

    Raises:
        UnsupportedFormatError: No reader knows this kind of file.
        ArticleTooLargeError: The file is larger than ``LARGEST``.
        EmptyArticleError: There is no text in it.
        UndecodableError: It is not text in any known encoding.
        FrontMatterError: Its front matter is not valid.
    """
    reader = READERS.get(PurePosixPath(path).suffix.lower())
    if reader is None:
        raise UnsupportedFormatError(path, formats())
    if len(data) > LARGEST:
        raise ArticleTooLargeError(path, len(data), LARGEST)
    drafts = [draft for draft in reader(data, path) if any(map(str.isalnum, draft.text))]
    if not drafts:
        raise EmptyArticleError(path)
    sha256 = hashlib.sha256(data).hexdigest()
    return tuple(_article(draft, path, sha256) for draft in drafts)


def _article(draft: Draft, path: str, sha256: str) -> Article:
    known = draft.metadata
    dated = dates.in_address(known.url) if known.url else None
    return Article(
        id=sha256[:16],
        title=known.title or metadata.first_words(draft.text),
        source=known.source or metadata.host(known.url),
        author=known.author,
        published=known.published or dated or dates.in_name(path),
        url=known.url,
        path=path,
        sha256=sha256,
        digest_of=known.digest_of,
        text=draft.text,
    )
