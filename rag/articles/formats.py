"""Which reader reads which kind of file."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias, cast

from rag.errors import ArticleError, ArticleTooLargeError, EmptyArticleError, NestedArchiveError, UnsupportedFormatError
from rag.types import Article, Failure

if TYPE_CHECKING:
    from rag.articles.draft import Draft, Member, Metadata, Source

LARGEST = 100_000_000
"""Bytes of the largest file that is read."""

READERS: Mapping[str, str] = {
    ".md": "text.read_markdown",
    ".markdown": "text.read_markdown",
    ".txt": "text.read_text",
    ".text": "text.read_text",
    ".html": "html.read_html",
    ".htm": "html.read_html",
    ".xhtml": "html.read_html",
    ".mhtml": "mhtml.read_mhtml",
    ".mht": "mhtml.read_mhtml",
    ".pdf": "pdf.read_pdf",
    ".docx": "docx.read_docx",
    ".odt": "odt.read_odt",
    ".rtf": "rtf.read_rtf",
    ".epub": "epub.read_epub",
    ".eml": "mail.read_mail",
    ".mbox": "mail.read_mailbox",
    ".csv": "tables.read_table",
    ".tsv": "tables.read_table",
    ".json": "objects.read_json",
    ".jsonl": "objects.read_json",
    ".ndjson": "objects.read_json",
    ".rss": "feed.read_feed",
    ".atom": "feed.read_feed",
    ".rdf": "feed.read_feed",
    ".xml": "feed.read_feed",
}
"""The reader of each kind of file, by the end of its name: a module of this folder, and a function of it.

They are names, so that a question loads none of the readers. The function takes
a :class:`Source` and gives drafts; a part that cannot be read is a failure among
them.
"""

ARCHIVES: Mapping[str, str] = {
    ".zip": "archives.open_zip",
    ".tar": "archives.open_tar",
    ".tar.gz": "archives.open_tar",
    ".tgz": "archives.open_tar",
    ".tar.bz2": "archives.open_tar",
    ".tbz2": "archives.open_tar",
    ".tar.xz": "archives.open_tar",
    ".txz": "archives.open_tar",
    ".warc": "warc.open_warc",
    ".warc.gz": "warc.open_warc",
}
"""What opens each kind of archive, likewise: it gives members."""

_UNPACK = "put what is in it into the folder instead"
_CURES: Mapping[str, str] = {
    **dict.fromkeys((".tar.zst", ".tzst", ".zst", ".7z", ".rar", ".gz", ".bz2", ".xz", ".lz4"), _UNPACK),
    **dict.fromkeys(
        (".doc", ".docm", ".dot", ".pages", ".wpd", ".wps", ".sxw", ".fodt"), "save it as DOCX, ODT or PDF"
    ),
    **dict.fromkeys((".xls", ".xlsx", ".ods", ".numbers"), "save it as CSV, one article a row"),
    **dict.fromkeys((".ppt", ".pptx", ".odp", ".key", ".djvu", ".ps", ".xps"), "save it as PDF"),
    **dict.fromkeys((".mobi", ".azw", ".azw3", ".fb2"), "make an EPUB of it"),
    **dict.fromkeys((".msg", ".pst"), "save the message as .eml"),
    **dict.fromkeys(
        (".jpg", ".jpeg", ".png", ".gif", ".webp", ".tif", ".tiff", ".bmp", ".heic"),
        "make a PDF of it whose text is recognised (OCR)",
    ),
}
"""What to do with files of other kinds, by the end of the name."""

_Reader: TypeAlias = "Callable[[Source], Iterable[Draft | Failure]]"
_Opener: TypeAlias = "Callable[[Source], Iterable[Member | Failure]]"


def formats() -> tuple[str, ...]:
    """How the names of the files end that can be read."""
    return (*READERS, *ARCHIVES)


def unsupported(path: str) -> UnsupportedFormatError:
    """That no reader knows this kind of file, and what to do with it."""
    return UnsupportedFormatError(path, formats(), _CURES.get(_end(path, _CURES) or ""))


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
    from rag.articles.draft import Source

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


def _function(name: str) -> object:
    """The function of a name such as "pdf.read_pdf"."""
    module, _, function = name.partition(".")
    return getattr(importlib.import_module(f"rag.articles.{module}"), function)


def _in_file(source: Source) -> Iterator[Article | Failure]:
    end = _end(source.path, READERS)
    if end is None:
        raise unsupported(source.path)
    sha256 = hashlib.sha256(source.data).hexdigest()
    for draft in cast("_Reader", _function(READERS[end]))(source):
        if isinstance(draft, Failure):
            yield draft
        elif any(map(str.isalnum, draft.text)):
            yield _article(draft, source, sha256)


def _in_archive(source: Source, opener: str) -> Iterator[Article | Failure]:
    """The articles of the files in an archive; one that cannot be read is a failure of its own."""
    from rag.articles.draft import Source

    for member in cast("_Opener", _function(opener))(source):
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
    from rag.articles import dates, metadata

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
