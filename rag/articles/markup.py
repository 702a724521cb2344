"""HTML to a tree, and a tree to the blocks of text that a reader of the page sees.

A block is a paragraph, a heading, an item of a list, a row of a table. The tree
is libxml2's; what is done to the markup before keeps what libxml2 would lose and
a browser shows.
"""

from __future__ import annotations

import codecs
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rag.articles.decoding import decode
from rag.articles.draft import Line
from rag.errors import BrokenFileError

if TYPE_CHECKING:
    from lxml.etree import _Element

_STATED = re.compile(
    rb"<meta\s[^>]*?charset\s*=\s*[\"']?\s*([\w.:-]+)|^\s*<\?xml\s[^>]*?encoding\s*=\s*[\"']([\w.:-]+)", re.IGNORECASE
)
_WEB_NAMES = {
    "ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874", "tis-620": "cp874",
    "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949", "big5": "big5hkscs",
}  # fmt: skip
"""What browsers read as a larger encoding that holds it, by Python's names (WHATWG Encoding Standard)."""

_BYTE_ORDER_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MOST_BROKEN = 0.001
_LONGEST_NUMBER = 5
"""The share of a page's characters that may not be in the encoding that it states."""

_EMBEDDED = re.compile(r"data:[\w.+-]+/[\w.+-]+(?:;[\w=.+-]+)*,[^\s\"'<>()]{100,}")
_BEYOND = re.compile(r"</(?:body|html)\s*>", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\ud800-\udfff]")
_DECLARATION = re.compile(r"\s*<\?xml[^>]*>")
_XHTML = re.compile(r"<html\s[^>]*xmlns\s*=", re.IGNORECASE)
_HEAD = 4_000
"""Characters in which a page says that it is XHTML."""

_CLOSED_AT_ONCE = re.compile(
    r"<(?!(?:area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr)[\s/])"
    r"([a-zA-Z][\w:.-]*)((?:\s[^<>]*)?)/>"
)
_LAYERS = re.compile(
    r"</?(?:div|span|font|b|i|u|em|strong|small|big|center|section|a|blockquote)\b[^<>]*>", re.IGNORECASE
)

_CREDIT = re.compile(r"(?<![a-z])(?:credits?|copyright|photographer|attribution|byline|source)(?![a-z])", re.IGNORECASE)
_LONGEST_CREDIT = 150
"""Characters."""

_WORDLESS = frozenset(
    [
        "link",
        "map",
        "meta",
        "option",
        "optgroup",
        "param",
        "rp",
        "rt",
        "rtc",
        "script",
        "select",
        "style",
        "svg",
        "template",
        "textarea",
    ]
)
"""Elements without words of the page: what is run, drawn or filled in, and readings above words."""

_INSTEAD = frozenset(
    [
        "applet",
        "audio",
        "button",
        "canvas",
        "datalist",
        "iframe",
        "meter",
        "noembed",
        "noframes",
        "noscript",
        "object",
        "output",
        "progress",
        "video",
    ]
)
"""Elements in which stands what to show instead, or a few words to click on; never much."""

_MUCH = 500
"""Characters."""

_HEAD_PARTS = frozenset(
    ("base", "basefont", "bgsound", "link", "meta", "noscript", "object", "script", "style", "template", "title")
)
"""What may stand in a ``<head>``; anything else ends it."""

_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "dir",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hgroup",
        "hr",
        "html",
        "legend",
        "li",
        "main",
        "menu",
        "nav",
        "ol",
        "p",
        "pre",
        "search",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
_INLINE = ("a", "b", "cite", "em", "i", "label", "p", "small", "span", "strong")
_LISTS = frozenset(("dir", "dl", "menu", "ol", "ul"))
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_INVISIBLE_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_UNREAD = re.compile(
    r"(?<![\w-])(?:sr-only|screen-reader(?:-text)?|visually-?hidden|visuallyHidden|u-hidden"
    r"|tooltip-?(?:text|content)|popover-content|rollover-(?:\w+-)?block)(?!\w)"
)
_MARKED = re.compile(r"[-–—•‣◦▪●○■□►➤∙·*+]\s|\(?(?:\d{1,3}|[a-z])[.)]\s")
_SPACES = re.compile(r"[ \t\n\r\f\xa0]+")
_INVISIBLE = dict.fromkeys(map(ord, "\xad\u200b\u2060\ufeff"))
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_LONGEST_LABEL = 5
"""Characters of a note's label."""

_LONGEST_CELL = 300
_MANY = 3
"""Characters, and paragraphs, in a cell from which on the table is taken to lay out a page."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block of text: the innermost element around it, and its lines.

    ``group`` is the list or the table that it is part of: what follows it there
    stands on the next line, without a blank one between.
    """

    element: _Element
    lines: tuple[Line, ...]
    group: _Element | None = None

    @property
    def text(self) -> str:
        """All of its lines."""
        return "\n".join(line.text for line in self.lines)

    @property
    def is_link(self) -> bool:
        """Whether all its words are those of links."""
        return any(line.is_link for line in self.lines) and all(line.is_link or line.blank for line in self.lines)

    @property
    def heading(self) -> int:
        """The level of the heading that it is, or 0."""
        return self.lines[0].heading


def decoded(data: bytes, path: str, charset: str | None = None) -> str:
    """The text of a page: in UTF-8 where it fits, else as ``charset`` or the page itself says, else as it seems to be.

    Raises:
        UndecodableError: The bytes are no text.
    """
    stated = _STATED.search(data, 0, _HEAD)
    for said in (charset, (stated[1] or stated[2]).decode("ascii", "replace") if stated else None):
        text = _as_stated(data, said) if said else None
        if text is not None:
            return text.replace("\r\n", "\n").replace("\r", "\n")
    return decode(data, path)


def parse(markup: str, path: str) -> _Element | None:
    """The tree of a page, or of a piece of one; ``None`` where there is nothing in it.

    Pictures within the markup itself are left out before they take memory. What
    stands below ``</body>`` is part of the page; in XHTML any element may be
    closed where it is opened; and where elements are nested more deeply than
    libxml2 goes, those that only lay out are taken away.

    Raises:
        BrokenFileError: libxml2 can make nothing of it.
    """
    from lxml import etree, html

    markup = _CONTROL.sub("", markup)
    if "data:" in markup:
        markup = _EMBEDDED.sub("data:,", markup)
    markup = _BEYOND.sub("", markup)
    declared = _DECLARATION.match(markup)
    if declared or _XHTML.search(markup, 0, _HEAD):
        markup = _CLOSED_AT_ONCE.sub(r"<\1\2></\1>", markup[declared.end() if declared else 0 :])
    for _ in range(2):
        parser = html.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
        try:
            tree: _Element = html.document_fromstring(markup.encode(), parser=parser)
        except etree.ParserError:  # an empty document
            return None
        except etree.LxmlError as error:
            raise BrokenFileError(path, "it is no HTML") from error
        if not any("depth" in entry.message for entry in parser.error_log):
            break
        markup = _LAYERS.sub("<p>", markup)
    _end_head(tree)
    return tree


def _end_head(tree: _Element) -> None:
    """Puts what libxml2, which does not know it, left in a ``<head>`` that was never closed where a browser has it."""
    from lxml import etree

    head = tree.find("head")
    if head is None:
        return
    stray = list(itertools.dropwhile(lambda each: each.tag in _HEAD_PARTS, head))
    if stray:
        body = tree.find("body")
        if body is None:
            body = etree.SubElement(tree, "body")
        for position, element in enumerate(stray):
            body.insert(position, element)
        text, body.text = body.text, None
        last = stray[-1]
        last.tail = (last.tail or "") + (text or "") or None


def drop_unseen(tree: _Element) -> None:
    """Take out of a tree what no reader of the page sees within its lines; what follows it stays.

    An element that should hold but a few words and holds many was never closed, or
    is what the page shows where its scripts do not run; it counts as any other.
    """
    from lxml import etree

    for element in tree.iter("template"):
        if element.get("shadowrootmode") or element.get("shadowmode"):
            element.tag = "div"
    etree.strip_elements(tree, *_WORDLESS, with_tail=False)
    for element in [each for each in tree.iter(*_INSTEAD) if _length(each) < _MUCH]:
        element.drop_tree()  # type: ignore[attr-defined]
    for element in [each for each in tree.iter(*_INLINE) if is_hidden(each) or _is_credit(each)]:
        element.drop_tree()  # type: ignore[attr-defined]


def is_hidden(element: _Element) -> bool:
    """Whether an element says of itself that it does not show."""
    return is_unread(element) or (element.get("aria-hidden") == "true" and element.tag in _BLOCKS)


def is_unread(element: _Element) -> bool:
    """Whether an element is not to be seen, until a script may show it."""
    if element.get("hidden", "until-found") != "until-found":
        return True
    style, names = element.get("style"), element.get("class")
    return bool((style and _INVISIBLE_STYLE.search(style)) or (names and _UNREAD.search(names)))


def blocks(tree: _Element) -> Iterator[Block]:
    """The blocks of text in a tree, in order, but not those of its ``<head>``."""
    from lxml import etree

    walk = etree.iterwalk(tree, events=("start", "end"))
    writer = _Writer()
    passed: _Element | None = None
    for event, element in walk:
        tag = str(element.tag)
        if event == "start":
            yield from writer.begin(element, tag)
            if tag in ("head", "title") or writer.takes_whole(element, tag):
                passed = element
                walk.skip_subtree()
                if tag == "table":
                    yield from _rows(element)
            elif element.text:
                writer.write(element.text)
        else:
            if element is passed:
                passed = None
            yield from writer.end(tag)
            if element is not tree and element.tail:
                writer.write(element.tail)
    yield from writer.flush()


def lines(found: Iterable[Block]) -> list[Line]:
    """The lines of blocks, with a blank one between two that are not of one list or table."""
    made: list[Line] = []
    before: Block | None = None
    for block in found:
        if before and (block.group is None or block.group is not before.group or block.heading or before.heading):
            made.append(Line("", ""))
        made += block.lines
        before = block
    return made


def _is_credit(element: _Element) -> bool:
    """Whether an element says of itself that it is a picture's credit."""
    names = f"{element.get('class', '')} {element.get('itemprop', '')}"
    if not _CREDIT.search(names) or _length(element) > _LONGEST_CREDIT:
        return False
    return any(
        each.tag in ("figure", "figcaption") or "caption" in each.get("class", "") for each in element.iterancestors()
    )


def _as_stated(data: bytes, charset: str) -> str | None:
    """The text in the encoding that is stated for it; ``None`` where that is none, or is not its encoding."""
    try:
        name = codecs.lookup(charset).name
        name = _WEB_NAMES.get(name, name)
        if (
            name.startswith(("utf", "idna", "punycode", "unicode", "raw", "undefined"))
            or data.startswith(_BYTE_ORDER_MARKS)
            or (not data.isascii() and _is_utf8(data))
        ):
            return None
        text = data.decode(name, "replace")
    except (LookupError, ValueError):  # no encoding of texts
        return None
    return text if text.count("\ufffd") <= _MOST_BROKEN * len(text) else None


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_data(table: _Element) -> bool:
    """Whether a table has rows and columns of data, and does not only lay out a page."""
    if table.get("role") in ("presentation", "none") or next(table.iterdescendants("table"), None) is not None:
        return False
    rows = [[_length(cell) for cell in row.iterchildren("td", "th")] for row in table.iter("tr")]
    if max((length for row in rows for length in row), default=0) > _LONGEST_CELL:
        return False
    if any(sum(1 for _ in cell.iterdescendants("p", "li", "div")) >= _MANY for cell in table.iter("td", "th")):
        return False
    return any(sum(map(bool, row)) > 1 for row in rows)


def _length(element: _Element) -> int:
    return len("".join(element.itertext()).strip())


def _rows(table: _Element) -> Iterator[Block]:
    """A table of data, a line a row."""
    for caption in table.iterchildren("caption"):
        yield from blocks(caption)
    for row in table.iter("tr"):
        cells = [[line for block in blocks(cell) for line in block.lines] for cell in row.iterchildren("td", "th")]
        texts = [" ".join(line.text for line in cell) for cell in cells]
        free = [" ".join(line.unlinked for line in cell).strip() for cell in cells]
        while texts and not texts[-1]:
            texts.pop()
        if texts:
            unlinked = free[: len(texts)]
            shown = " | ".join(unlinked) if any(unlinked) else ""
            yield Block(row, (Line(" ".join(" | ".join(texts).split()), shown),), table)


@dataclass(slots=True)
class _Writer:
    """Puts the text between the tags together to blocks."""

    pieces: list[tuple[str, bool]] = field(default_factory=list)
    around: list[_Element] = field(default_factory=list)
    lists: list[tuple[_Element, int]] = field(default_factory=list)
    links: int = 0
    verbatim: int = 0
    heading: int = 0
    marker: str = ""

    def begin(self, element: _Element, tag: str) -> Iterator[Block]:
        """An element begins."""
        if tag in _BLOCKS:
            yield from self.flush()
            self.around.append(element)
            self.heading = _HEADINGS.get(tag, self.heading)
            if tag in _LISTS:
                self.lists.append((element, _first_number(element) if tag == "ol" else 0))
            elif tag == "li":
                self.marker = self._next_marker(element)
            elif tag == "pre":
                self.verbatim += 1
        elif tag == "a":
            self.links += 1
        elif tag == "br":
            self.pieces.append((" " if self.heading else "\n", False))
        elif tag == "q":
            self.pieces.append(("“", self.links > 0))

    def takes_whole(self, element: _Element, tag: str) -> bool:
        """Whether an element is not walked through, for what it shows is not simply what stands in it."""
        if tag == "table":
            return _is_data(element)
        if tag == "sup":
            label = "".join(element.itertext()).strip()
            if label.isdecimal() and label.isascii() and not _is_reference(next(iter(element), None)):
                self.write(label.translate(_RAISED))
                return True
        if _is_reference(element) or (tag == "sup" and len(element) == 1 and _is_reference(element[0])):
            label = "".join(element.itertext()).strip().strip("[]")
            if len(label) <= _LONGEST_LABEL:
                self.write(f"[{label}]" if label.isalnum() else "")
                return True
        return False

    def end(self, tag: str) -> Iterator[Block]:
        """An element ends."""
        if tag in _BLOCKS:
            yield from self.flush()
            self.around.pop()
            if tag in _HEADINGS:
                self.heading = 0
            elif tag in _LISTS:
                self.lists.pop()
            elif tag == "li":
                self.marker = ""
            elif tag == "pre":
                self.verbatim -= 1
        elif tag == "a":
            self.links -= 1
        elif tag == "q":
            self.pieces.append(("”", self.links > 0))

    def write(self, text: str) -> None:
        """Text at this place."""
        text = text.translate(_INVISIBLE)
        self.pieces.append((text if self.verbatim else _SPACES.sub(" ", text), self.links > 0))

    def flush(self) -> Iterator[Block]:
        """What was written since the last block ended; an empty line within it parts two blocks."""
        pieces, self.pieces = self.pieces, []
        texts = "".join(text for text, _ in pieces).split("\n")
        if not any(map(str.strip, texts)):
            return
        free = "".join("\n" * text.count("\n") if linked else text for text, linked in pieces).split("\n")
        run: list[Line] = []
        for text, unlinked in zip((*map(_tidied, texts), ""), (*map(_tidied, free), ""), strict=True):
            if text:
                marker = "" if self.heading or _MARKED.match(text) else self.marker
                self.marker = ""
                run.append(Line(f"{marker}{text}", f"{marker}{unlinked}", self.heading))
            elif run:
                yield Block(self.around[-1], tuple(run), self.lists[0][0] if self.lists else None)
                run = []

    def _next_marker(self, item: _Element) -> str:
        element, number = self.lists[-1] if self.lists else (item, 0)
        if not number:
            return "- "
        stated = item.get("value", "")
        number = int(stated) if _is_number(stated) else number
        self.lists[-1] = (element, number + 1)
        return f"{number}. "


def _tidied(text: str) -> str:
    return _SPACES.sub(" ", text).strip()


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER


def _first_number(element: _Element) -> int:
    start = element.get("start", "")
    return int(start) if _is_number(start) and int(start) else 1


def _is_reference(element: _Element | None) -> bool:
    """Whether an element is the mark of a note in the text, or the way back from it."""
    if element is None or element.tag != "a" or not element.get("href", "").startswith("#"):
        return False
    if element.get("role") in ("doc-noteref", "doc-backlink"):
        return True
    parent = element.getparent()
    raised = (parent is not None and parent.tag == "sup") or (len(element) == 1 and element[0].tag == "sup")
    return raised or "".join(element.itertext()).strip("\ufe0e \n") in ("↩", "↑", "^")
