"""What the readers hand on: lines of words, what a file says of itself, and both together."""

from __future__ import annotations

from dataclasses import dataclass, fields
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
    """What a file says of its article; ``None`` where it does not."""

    title: str | None = None
    source: str | None = None
    author: str | None = None
    published: date | None = None
    url: str | None = None
    digest_of: Digest | None = None

    def or_else(self, other: Metadata) -> Metadata:
        """The same, with what is missing taken from ``other``."""
        return Metadata(
            **{
                field.name: getattr(other, field.name)
                if getattr(self, field.name) is None
                else getattr(self, field.name)
                for field in fields(Metadata)
            }
        )


@dataclass(frozen=True, slots=True)
class Draft:
    """An article as a reader finds it in a file: its cleaned text, and what the file says of it."""

    metadata: Metadata
    text: str
