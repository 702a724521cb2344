"""PDF: the words of its pages, put together again into an article."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rag.articles import cleaning, document, layout, metadata, pdfium, reflow, running
from rag.articles.draft import Draft, Line, Metadata, Source
from rag.articles.layout import Row
from rag.articles.reflow import Paragraph
from rag.errors import BrokenFileError, EncryptedFileError, ScannedFileError
from rag.types import Failure

if TYPE_CHECKING:
    import pypdfium2

_START_WITHIN = 1_024
_END_WITHIN = 4_096
"""Bytes among which a file says that it is a PDF, and that it is whole."""

_LEAST_PAGE = 8
"""Bytes that a page takes in its file, at least, however well it is packed."""

_MOST_DAMAGED = 100
"""Pages at the beginning of a file; where none of them can be read, none is."""

_FEW_PAGES = 20
"""In a file with no more pages, every word is looked at letter by letter."""

_FEWEST_LETTERS = 80
"""Letters on a page that is more than a picture, at least."""

_UNREADABLE = 0.3
"""Share of letters that the fonts do not name, from which on a file's text is of no use."""

_NO_TITLE = re.compile(
    r"microsoft (?:word|powerpoint|excel) ?-.*|(?:untitled|unnamed|ohne titel|sans titre|sin título|senza titolo)\b.*"
    r"|(?:(?:new |no )?(?:title|document|presentation|page|slide|layout|print|fax|image|text|article)"
    r"|scan(?:ned)?(?: document)?|(?:table of )?contents)[\s_-]*\d*"
    r"|powerpoint presentation|about:blank|(?:https?|file):.*|.*[\\/].*[\\/].*|\S*[_=]\S*|\S*\d{5}\S*|[^\W\d_]{0,2}"
    r"|.*\.(?:docx?|pdf|html?|txt|rtf|odt|indd|qxd|pptx?|xlsx?|tex|dvi|ps|pages|pub|wpd|eps|tiff?|jpe?g|png|md)",
    re.IGNORECASE | re.DOTALL,
)
_LONGEST_TITLE = 300
"""Characters."""

_SHARED_TITLE = 0.6
"""Share of the words of a title that stand on the first page, at least, where it is that of the article."""

_PARTS = re.compile(r"\s[|–—·:»-]{1,2}\s")
"""What stands between the title of a page and the name of its site."""

_NAME = re.compile(r"(?:[^\W\d_]\.?)(?:[^\W\d_]|['’-](?=\w))*\.?,?|&")
_PARTICLE = re.compile(r"and|bin|da|de|del|della|der|di|du|el|la|le|van|von|y|&", re.IGNORECASE)
_NO_NAME = re.compile(
    r"\b(?:admin\w*|users?|owner|unknown|author|anonymous|default|guest|student|staff|editor|office|windows|microsoft"
    r"|adobe|apple|acrobat|mac(?:book|intosh)?|pc|computer|desktop|laptop|printer|print|scan\w*|canon|xerox|ricoh|epson"
    r"|hp|server|system|support|info|web\w*|name|inc|llc|ltd|corp|corporation|company|group|department)\b",
    re.IGNORECASE,
)
_MOST_NAMES = 12
"""Words of an author's name, or of several."""

_Starts = Mapping[int, tuple[tuple[int, int], ...]]
"""For a line, by its ``id``: the pages that it stands on, and where in it each begins."""


@dataclass(slots=True)
class _Pages:
    """What is read of a file; damaged pages and pictures of pages count from 1."""

    rows: list[Row] = field(default_factory=list)
    heights: list[float] = field(default_factory=list)
    damaged: list[int] = field(default_factory=list)
    pictures: list[int] = field(default_factory=list)
    letters: int = 0
    unreadable: int = 0


def read_pdf(source: Source) -> Iterator[Draft | Failure]:
    """The one article of a PDF.

    Its title is that in its properties where it also stands on the first page,
    else what stands there in the largest type. Its author is who is named under
    the title, else who is named in its properties where that can be a person's
    name, or stands on a line of its own near the top or the end. The dates in
    its properties do not count, for they say when it was saved. A damaged page is
    a failure of its own.

    Raises:
        BrokenFileError: It is no PDF, or it is damaged, or its letters cannot be told.
        EncryptedFileError: It cannot be opened without a password.
        ScannedFileError: Most of its pages are pictures without text.
    """
    with closing(_opened(source)) as opened:
        pages = _read(opened)
        properties = _properties(opened)
    readable = len(pages.heights) - len(pages.damaged)
    if not readable:
        raise BrokenFileError(source.path, "none of its pages can be read")
    if pages.unreadable > _UNREADABLE * max(pages.letters, pages.unreadable):
        raise BrokenFileError(source.path, "its fonts do not say which letters they show")
    rows, url = running.without_running(pages.rows, pages.heights, properties.title)
    letters = Counter[int]()
    for row in rows:
        letters[row.page] += sum(map(str.isalnum, row.text))
    scanned = [number for number in pages.pictures if letters[number - 1] < _FEWEST_LETTERS]
    if 2 * len(scanned) > readable:
        raise ScannedFileError(source.path, len(scanned))
    if rows:
        plausible = replace(properties, title=_plausible_title(properties.title), url=url)
        yield _draft(reflow.paragraphs(rows), plausible, len(pages.heights))
    for number in pages.damaged:
        yield Failure(f"{source.path}#page={number}", "this page is damaged and left out; save the file again")


def _opened(source: Source) -> pypdfium2.PdfDocument:
    import pypdfium2
    from pypdfium2 import raw

    if b"%PDF-" not in source.data[:_START_WITHIN]:
        raise BrokenFileError(source.path, "it is no PDF")
    if b"%%EOF" not in source.data[-_END_WITHIN:].rstrip(b"\0"):
        raise BrokenFileError(source.path, "its end is missing")
    try:
        opened = pypdfium2.PdfDocument(source.data)
    except pypdfium2.PdfiumError as error:
        if error.err_code == raw.FPDF_ERR_PASSWORD:
            raise EncryptedFileError(source.path) from error
        raise BrokenFileError(source.path, "it is damaged") from error
    count = len(opened)
    if count * _LEAST_PAGE > len(source.data):
        opened.close()
        raise BrokenFileError(source.path, f"it claims to have {count:,} pages, more than it can hold")
    return opened


def _read(opened: pypdfium2.PdfDocument) -> _Pages:
    """All pages, one after the other."""
    few = len(opened) <= _FEW_PAGES
    return _read_all(opened, closely=few) or _read_all(opened, closely=True) or _Pages()


def _read_all(opened: pypdfium2.PdfDocument, *, closely: bool) -> _Pages | None:
    """All pages; ``None`` where they should have been read ``closely``."""
    import pypdfium2

    pages = _Pages()
    for number in range(len(opened)):
        try:
            with closing(opened[number]) as handle:
                page = pdfium.read_page(handle, closely=closely)
        except pypdfium2.PdfiumError:
            pages.damaged.append(number + 1)
            pages.heights.append(0.0)
            if len(pages.damaged) == len(pages.heights) == _MOST_DAMAGED:
                break
            continue
        if page.has_gaps and not closely:
            return None
        block = 0
        for spans in page.spans:
            pages.rows += layout.rows(spans, number, block)
            block = pages.rows[-1].block + 1 if spans else block
        pages.heights.append(page.height)
        pages.letters += page.letters
        pages.unreadable += page.unreadable
        pages.pictures += [number + 1] if page.is_picture else []
    return pages


def _properties(opened: pypdfium2.PdfDocument) -> Metadata:
    """Title and author as they stand in the file's properties."""
    return Metadata(title=_property(opened, "Title"), author=_property(opened, "Author"))


def _property(opened: pypdfium2.PdfDocument, name: str) -> str | None:
    try:
        value = opened.get_metadata_value(name)
    except UnicodeDecodeError:
        return None
    return " ".join(value.replace("\0", "").split()) or None


def _plausible_title(title: str | None) -> str | None:
    if title is None or len(title) > _LONGEST_TITLE or _NO_TITLE.fullmatch(title):
        return None
    return title if "\ufffd" not in title and any(map(str.isalpha, title)) else None


def _is_name(author: str) -> bool:
    """Whether this can be the name of a person, or of several: no name of a user, a program, a machine, a company."""
    words = author.replace(";", ",").split()
    names = [word for word in words if not _PARTICLE.fullmatch(word)]
    return (
        2 <= len(names) <= _MOST_NAMES  # noqa: PLR2004  a first name and a surname
        and not _NO_NAME.search(author)
        and all(_NAME.fullmatch(word) and not word[0].islower() for word in names)
        and not author.isupper()
    )


def _draft(paragraphs: Sequence[Paragraph], properties: Metadata, pages: int) -> Draft:
    shown = _largest(paragraphs)
    stated = Metadata(title=_title(properties.title, shown, paragraphs))
    lines, starts = _lines(paragraphs, shown)
    origin, lines = metadata.take_origin(lines)
    lines, sender = cleaning.without_appeal(lines)
    lines = cleaning.without_notices(lines)
    author = properties.author if properties.author and _is_name(properties.author) else None
    author = author or document.signed(properties.author, lines)
    head, lines = metadata.take_head(lines, replace(stated, author=author))
    known = stated.or_else(head).or_else(origin)
    known = known.or_else(replace(properties, author=author, title=shown.text if shown else None)).or_else(
        Metadata(source=sender)
    )
    text, offsets = _joined(lines, starts, pages)
    return Draft(known, text or known.title or "", pages=offsets)


def _largest(paragraphs: Sequence[Paragraph]) -> Paragraph | None:
    """The heading in the largest type on the first page that has text."""
    page = paragraphs[0].starts[0][0]
    headings = [
        each
        for each in paragraphs
        if each.starts[0][0] == page and each.is_heading and not _NO_TITLE.fullmatch(each.text)
    ]
    return max(headings, key=lambda each: each.size, default=None)


def _title(named: str | None, shown: Paragraph | None, paragraphs: Sequence[Paragraph]) -> str | None:
    """The title in a file's properties where its first page bears it out; ``None`` where what is shown says it too.

    What is shown says it too where one of both is part of the other, the name of
    a site and the like left aside.
    """
    if named is None or shown is None:
        return named
    said = _folded(shown.text)
    parts = [_folded(part) for part in (named, *_PARTS.split(named))]
    if any(said in part or (part in said and (" " in part or part == said)) for part in parts if part):
        return None
    first = {word for each in paragraphs if each.starts[0][0] == 0 for word in _folded(each.text).split()}
    words = parts[0].split()
    return named if sum(word in first for word in words) >= _SHARED_TITLE * len(words) else None


def _folded(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _lines(paragraphs: Sequence[Paragraph], title: Paragraph | None) -> tuple[list[Line], _Starts]:
    """The paragraphs as lines, with blank ones between them."""
    lines, starts = list[Line](), dict[int, tuple[tuple[int, int], ...]]()
    for each in paragraphs:
        if (
            title
            and each is not title
            and each.starts[0] == title.starts[0]
            and _folded(each.text) == _folded(title.text)
        ):
            continue  # the title once more
        if lines and not each.is_line:
            lines.append(Line("", ""))
        line = Line(each.text, each.unlinked, 1 if each is title else 2 if each.is_heading else 0)
        lines.append(line)
        starts[id(line)] = each.starts
    return lines, starts


def _joined(lines: Sequence[Line], starts: _Starts, pages: int) -> tuple[str, tuple[int, ...]]:
    """The text of the lines, and where in it each of so many pages begins.

    The text is that of ``cleaning.joined``. A page on which nothing of it stands
    begins where the next one does.
    """
    parts, length, gap = list[str](), 0, ""
    begins: list[int | None] = [None] * pages
    for line in lines:
        if line.blank:
            gap = gap and "\n\n"
            continue
        length += len(gap)
        for page, place in starts[id(line)]:
            if begins[page] is None:
                begins[page] = length + place
        parts += gap, line.text
        length += len(line.text)
        gap = "\n"
    offsets, following = list[int](), length
    for begin in reversed(begins[1:]):
        following = following if begin is None else begin
        offsets.append(following)
    return "".join(parts), (0, *reversed(offsets))
