"""OpenDocument texts (.odt)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rag.articles import document
from rag.articles.document import Block, Properties, Run
from rag.articles.draft import Draft, Source
from rag.articles.package import Package, attribute, local, opened
from rag.errors import BrokenFileError, EncryptedFileError

if TYPE_CHECKING:
    from lxml.etree import _Element

_CONTAINERS = frozenset(
    ("document-content", "document-styles", "automatic-styles", "styles", "body", "text", "section")
)
"""What a text may lie in as deep as it wants."""

_LEFT_OUT = frozenset(
    {
        "alphabetical-index", "annotation", "bibliography", "forms", "hidden-paragraph", "hidden-text",
        "illustration-index", "object-index", "ruby-text", "sequence-decls", "table-index", "table-of-content",
        "tracked-changes", "user-field-decls", "user-index", "variable-decls",
    }
)  # fmt: skip
"""What is not read: what was deleted, comments, tables of contents, how a word is pronounced, declarations."""

_SHAPES = frozenset({"frame", "text-box", "custom-shape", "rect", "ellipse", "circle", "g", "a", "page-frame"})
_KIND = "application/vnd.oasis.opendocument.text"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_ID = "{http://www.w3.org/XML/1998/namespace}id"
_ESCAPED = re.compile(r"_([0-9a-f]{2})_")
_XML_BLANKS = re.compile(r"[ \t\r\n]+")
_DEEPEST = 20
_LEVELS = 10
_DIGITS = 10
"""How far styles may be based on one another; levels of a list; digits that a number may not have."""


def read_odt(source: Source) -> tuple[Draft, ...]:
    """The one article of an OpenDocument text.

    Insertions are read and deletions are not; comments, page headers and
    footers, hidden text and tables of contents are left out; text boxes stand
    below the paragraph that they belong to, footnotes and endnotes below the
    text.

    Raises:
        BrokenFileError: It is damaged or no OpenDocument text.
        EncryptedFileError: It asks for a password.
        UnsafeArchiveError: It would be too large when unpacked.
        ArticleTooLargeError: Its properties have more than 100 MB.
    """
    with opened(source, "an OpenDocument text") as package:
        _check(package)
        reader = _Reader()
        blocks: list[Block] = []
        for name in ("styles.xml", "content.xml"):
            for element in package.within(name, _CONTAINERS) if name in package else ():
                if not reader.learn(element) and not _is_in_hidden_section(element):
                    blocks += reader.blocks([element])
        notes = document.labelled(reader.notes)
        return (document.draft(blocks, notes, _properties(package), source),)


def _check(package: Package) -> None:
    manifest = "META-INF/manifest.xml"
    if manifest in package and any(local(each) == "encryption-data" for each in package.tree(manifest).iter()):
        raise EncryptedFileError(package.path)
    kind = package.read("mimetype").decode("latin-1").strip() if "mimetype" in package else _KIND
    if "content.xml" not in package or not kind.startswith(_KIND):
        raise BrokenFileError(package.path, "there is no OpenDocument text in it")


def _properties(package: Package) -> Properties:
    if "meta.xml" not in package:
        return Properties()
    said = {local(each): each.text for each in package.tree("meta.xml").iter() if local(each)}
    return Properties(said.get("title"), said.get("initial-creator") or said.get("creator"))


@dataclass(frozen=True, slots=True)
class _Style:
    name: str
    based_on: str
    level: int
    hidden: bool | None
    raised: bool


@dataclass(frozen=True, slots=True)
class _Level:
    """How a level of a list is numbered; ``form`` is empty for bullets, and where nothing is shown."""

    form: str
    before: str
    after: str
    start: int
    shown: int


@dataclass(slots=True)
class _Reader:
    """Walks through a document; styles, how far lists have come, and notes are kept here.

    Lists are known by their style, those that others continue by their id;
    ``""`` is how headings are numbered.
    """

    styles: dict[tuple[str, str], _Style] = field(default_factory=dict)
    lists: dict[str, dict[int, _Level]] = field(default_factory=dict)
    reached: dict[str, dict[int, int]] = field(default_factory=dict)
    notes: list[tuple[str, Sequence[Block]]] = field(default_factory=list)
    labels: int = 0
    boxes: list[_Element] = field(default_factory=list)

    def learn(self, element: _Element) -> bool:
        """Whether the element is no text; if it is a style of text or of lists, it is kept."""
        name = local(element)
        if name == "style":
            key = (attribute(element, "family") or "", attribute(element, "name") or "")
            self.styles[key] = _Style(
                _readable(attribute(element, "display-name") or key[1]),
                attribute(element, "parent-style-name") or "",
                _number(attribute(element, "default-outline-level")),
                _hidden(element),
                _raised(element),
            )
        elif name == "list-style":
            self.lists[element.get(f"{_STYLE}name") or ""] = dict(map(_level, element))
        elif name == "outline-style":
            self.lists[""] = dict(map(_level, element))
        parent = element.getparent()
        return parent is None or local(parent) not in ("text", "section")

    def blocks(self, elements: Iterable[_Element]) -> Iterator[Block]:
        """The blocks of the body, of a cell, of a text box or of a note."""
        for element in elements:
            name = local(element)
            if name in ("p", "h"):
                yield from self._paragraph(element)
            elif name == "list":
                yield from self._list(element)
            elif name == "table":
                yield from self._table(element)
            elif name == "section" and attribute(element, "display") == "none":
                continue
            elif _is_shape(element):
                yield from self._boxed(element)
            elif name and name not in _LEFT_OUT:
                yield from self.blocks(element)

    def _chain(self, family: str, key: str | None) -> Iterator[_Style]:
        for _ in range(_DEEPEST):
            style = self.styles.get((family, key or ""))
            if style is None:
                return
            yield style
            key = style.based_on

    def _hides(self, family: str, key: str | None) -> bool | None:
        return next((style.hidden for style in self._chain(family, key) if style.hidden is not None), None)

    def _paragraph(self, element: _Element) -> Iterator[Block]:
        key = attribute(element, "style-name")
        chain = list(self._chain("paragraph", key))
        if any(local(each) == "hidden-paragraph" and attribute(each, "is-hidden") == "true" for each in element.iter()):
            return
        above, self.boxes = self.boxes, []
        runs = tuple(self._runs(element, hidden=bool(self._hides("paragraph", key)), linked=False))
        boxes, self.boxes = self.boxes, above
        names = [style.name for style in chain] or [_readable(key or "")]
        level = next((style.level for style in chain if style.level), 0) or document.heading(names)
        if local(element) == "h":
            level = _number(attribute(element, "outline-level")) or 1
        block = Block(runs, heading=min(level, 6), role=document.role(names))
        if block.text and local(element) == "h" and attribute(element, "is-list-header") != "true":
            marker = self._marker("", self.reached.setdefault("", {}), level, None)
            block = replace(block, marker=f"{marker} " if any(map(str.isalnum, marker)) else "")
        yield block
        for box in boxes:
            yield from self._boxed(box)

    def _runs(self, element: _Element, *, hidden: bool, linked: bool) -> Iterator[Run]:
        """The pieces of text within a paragraph, or a part of one."""
        if element.text and not hidden:
            yield Run(_XML_BLANKS.sub(" ", element.text), linked)
        for each in element:
            name = local(each)
            if name in ("s", "tab", "line-break"):
                yield Run("\n" if name == "line-break" else " ", linked)
            elif _is_shape(each):
                if not hidden:
                    self.boxes.append(each)
            elif name == "note":
                yield Run("" if hidden else self._cite(each), linked)
            elif name in ("span", "a"):
                yield from self._span(each, hidden=hidden, linked=linked or name == "a")
            elif name and name not in _LEFT_OUT:
                yield from self._runs(each, hidden=hidden, linked=linked)
            if each.tail and not hidden:
                yield Run(_XML_BLANKS.sub(" ", each.tail), linked)

    def _span(self, element: _Element, *, hidden: bool, linked: bool) -> Iterator[Run]:
        """The pieces of text in a style of their own, which may hide or raise them."""
        chain = list(self._chain("text", attribute(element, "style-name")))
        hides = next((style.hidden for style in chain if style.hidden is not None), hidden)
        for run in self._runs(element, hidden=hides, linked=linked):
            yield replace(run, text=document.raised(run.text)) if any(style.raised for style in chain) else run

    def _cite(self, element: _Element) -> str:
        """The label of a note in the text: its own mark, or a number in square brackets."""
        parts = {local(each): each for each in element}
        citation, body = parts.get("note-citation"), parts.get("note-body")
        if body is None:
            return ""
        label = attribute(citation, "label") if citation is not None else None
        if not label:
            self.labels += 1
            label = f"[{self.labels}]"
        above, self.boxes = self.boxes, []
        self.notes.append((label, list(self.blocks(body))))
        self.boxes = above
        return label

    def _list(
        self, element: _Element, depth: int = 1, style: str = "", reached: dict[int, int] | None = None
    ) -> Iterator[Block]:
        style = attribute(element, "style-name") or style
        if reached is None:
            goes_on = attribute(element, "continue-list") or ""
            if goes_on not in self.reached or not goes_on:
                goes_on = style if attribute(element, "continue-numbering") == "true" else ""
            reached = self.reached[goes_on] if goes_on and goes_on in self.reached else {}
            self.reached[style or " "] = self.reached[element.get(_ID) or " "] = reached
        else:
            reached.pop(depth, None)
        for entry in element:
            if local(entry) not in ("list-item", "list-header"):
                continue
            unmarked = local(entry) == "list-item"
            start = attribute(entry, "start-value")
            for each in entry:
                if local(each) == "list":
                    yield from self._list(each, depth + 1, style, reached)
                    continue
                for block in self.blocks([each]):
                    if unmarked and block.text:
                        yield document.item(block, self._marker(style, reached, depth, start))
                        unmarked = False
                    else:
                        yield block

    def _marker(self, style: str, reached: dict[int, int], depth: int, start: str | None) -> str:
        """What stands before the next item (or heading) at this depth."""
        levels = self.lists.get(style, {})
        here = levels.get(depth)
        if here is None or not here.form:
            return ""
        for deeper in [each for each in reached if each > depth]:
            del reached[deeper]
        reached[depth] = _number(start) if start else reached.get(depth, here.start - 1) + 1
        numbers = []
        for each in range(max(1, depth - min(here.shown, _LEVELS) + 1), depth + 1):
            level = levels.get(each)
            if level and level.form:
                numbers.append(document.numeral(reached.get(each, level.start), level.form))
        return f"{here.before}{'.'.join(numbers)}{here.after}".strip()

    def _table(self, element: _Element) -> Iterator[Block]:
        for each in _rows(element):
            if attribute(each, "visibility") not in ("collapse", "filter"):
                yield from document.row([list(self.blocks(cell)) for cell in each if local(cell) == "table-cell"])

    def _boxed(self, element: _Element) -> Iterator[Block]:
        """The blocks in a frame, a text box or a shape, but not the description of a picture."""
        for each in element:
            if _is_shape(each):
                yield from self._boxed(each)
            elif local(each) in ("p", "h", "list", "table", "section"):
                yield from self.blocks([each])


def _is_shape(element: _Element) -> bool:
    return local(element) in _SHAPES and not str(element.tag).startswith(_TEXT)


def _is_in_hidden_section(element: _Element) -> bool:
    return any(local(each) == "section" and attribute(each, "display") == "none" for each in element.iterancestors())


def _rows(element: _Element) -> Iterator[_Element]:
    for each in element:
        if local(each) == "table-row":
            yield each
        elif local(each) in ("table-header-rows", "table-rows", "table-row-group"):
            yield from _rows(each)


def _hidden(style: _Element) -> bool | None:
    shown = [each.get(f"{_TEXT}display") for each in style if local(each) == "text-properties"]
    return shown[0] == "none" if shown and shown[0] else None


def _raised(style: _Element) -> bool:
    return any((each.get(f"{_STYLE}text-position") or "").startswith(("super", "33%")) for each in style)


def _level(element: _Element) -> tuple[int, _Level]:
    return _number(attribute(element, "level")), _Level(
        element.get(f"{_STYLE}num-format") or "",
        element.get(f"{_STYLE}num-prefix") or "",
        element.get(f"{_STYLE}num-suffix") or "",
        _number(attribute(element, "start-value") or "1"),
        _number(attribute(element, "display-levels") or "1"),
    )


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < _DIGITS else 0


def _readable(name: str) -> str:
    """A style's name as people read it ("Text_20_body" is "text body")."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), name).casefold()
