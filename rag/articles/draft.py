"""What readers are given and hand on: a file, lines of words, what it says of itself, and all together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date

from rag.types import Digest

_UNWRAPPED = 120
"""Characters; where lines are broken, they are shorter."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an article without its markup.

    ``text`` is what is read; ``unlinked`` is the part of it that stands in no
    link (the whole, where there is none). ``heading`` is the level of a heading,
    from 1 to 6, and 0 for any other line.
    """

    text: str
    unlinked: str
    heading: int = 0

    @property
    def blank(self) -> bool:
        """Whether there is nothing to read."""
        return not self.text.strip()

    @property
    def is_paragraph(self) -> bool:
        """Whether the line is so long that its file does not break paragraphs into lines."""
        return len(self.text) >= _UNWRAPPED

    @property
    def is_link(self) -> bool:
        """Whether all words of the line are those of links (bullets and numbers do not count)."""
        return not any(map(str.isalpha, self.unlinked)) and any(map(str.isalpha, self.text))


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a file says of its article; ``None`` where it does not. ``language`` is a tag such as "en" or "pt-BR"."""

    title: str | None = None
    source: str | None = None
    author: str | None = None
    published: date | None = None
    url: str | None = None
    digest_of: Digest | None = None
    language: str | None = None

    def or_else(self, other: Metadata) -> Metadata:
        """The same, with what is missing taken from ``other``."""
        return Metadata(
            **{
                each.name: getattr(other, each.name) if getattr(self, each.name) is None else getattr(self, each.name)
                for each in fields(Metadata)
            }
        )


@dataclass(frozen=True, slots=True)
class Source:
    """What a reader reads: the bytes of a file, or of one within an archive.

    ``path`` is relative to the corpus, with forward slashes; that of a file in
    an archive is the archive's path, a slash, and its own path there. ``known``
    is what is known of it from outside, such as the address that it was saved
    from. ``columns`` maps names of a table's columns, folded, to fields of
    :class:`Metadata` or "text", where the corpus says so.
    """

    data: bytes
    path: str
    known: Metadata = Metadata()
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draft:
    """An article as a reader finds it in a file: its cleaned text, and what the file says of it.

    ``member`` tells it from the others in the same file: "#12" for a row of a
    table. ``pages`` are the places in ``text`` where the pages of the file
    begin, where it has pages.
    """

    metadata: Metadata
    text: str
    member: str = ""
    pages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Member:
    """A file within an archive: its path there, its bytes, and what the archive says of it."""

    path: str
    data: bytes
    known: Metadata = Metadata()
