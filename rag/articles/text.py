"""Plain text and Markdown, with or without front matter.

Both are read alike, for what is saved as ``.txt`` often carries Markdown's links
and headings.
"""

from __future__ import annotations

import re
from dataclasses import replace

from rag.articles import cleaning, front_matter, markdown, metadata
from rag.articles.decoding import decode
from rag.articles.draft import Draft, Metadata, Source
from rag.errors import MisnamedFileError

_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
"""A punctuation mark that Markdown would take for its own, if not for the backslash."""


_BEGINNING = 1_000
_OTHERS = (
    (b"%pdf-", "a PDF", ".pdf"),
    (b"{\\rtf", "an RTF document", ".rtf"),
    (b"<!doctype html", "a web page", ".html"),
    (b"<html", "a web page", ".html"),
    (b"pk\x03\x04", "a ZIP archive or an office document", ".zip, .docx, .odt or .epub"),
)
"""How files of other kinds begin, in lower case, what they are, and how their names end."""


def read_text(source: Source) -> tuple[Draft, ...]:
    """The one article of a text file.

    What its front matter says comes before what is recognised in the text.

    Raises:
        MisnamedFileError: It is a web page, a PDF or the like.
        UndecodableError: The bytes are no text.
        FrontMatterError: The front matter is not valid.
    """
    return _read(source, strictly=False)


def read_markdown(source: Source) -> tuple[Draft, ...]:
    """The one article of a Markdown file; as :func:`read_text`, but escapes and entities are markup too."""
    return _read(source, strictly=True)


def from_text(text: str, stated: Metadata, *, strictly: bool = False) -> Draft:
    """The article in plain text or Markdown; what is ``stated`` of it comes before what is recognised in it."""
    origin, lines = metadata.take_origin(markdown.lines(text, strictly=strictly))
    lines, sender = cleaning.without_appeal(lines)
    head, lines = metadata.take_head(cleaning.without_notices(lines), stated)
    known = stated.or_else(head).or_else(origin).or_else(Metadata(source=sender))
    return Draft(known, cleaning.joined(lines) or head.title or "")


def _read(source: Source, *, strictly: bool) -> tuple[Draft, ...]:
    begins = source.data[:_BEGINNING].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for sign, kind, end in _OTHERS:
        if begins.startswith(sign):
            raise MisnamedFileError(source.path, kind, end)
    stated, body = front_matter.split(decode(source.data, source.path), source.path)
    if strictly and stated.title:  # pandoc writes Markdown there too
        stated = replace(stated, title=_ESCAPED.sub(r"\1", stated.title))
    return (from_text(body, stated, strictly=strictly),)
