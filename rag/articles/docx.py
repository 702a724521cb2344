"""Word documents (.docx)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING

from rag.articles import document
from rag.articles.document import Block, Properties, Run
from rag.articles.draft import Draft, Source
from rag.articles.package import Package, attribute, local, opened
from rag.errors import BrokenFileError

if TYPE_CHECKING:
    from lxml.etree import _Element

_CONTAINERS = frozenset({"document", "body"})
_LEFT_OUT = frozenset({"del", "moveFrom", "rPr", "pPr", "sdtPr", "sdtEndPr", "tblPr", "tblGrid", "rt", "delText"})
"""What is not read: what was deleted or moved away, properties, and how a word is pronounced."""

_DRAWN = frozenset({"drawing", "pict", "object", "AlternateContent"})
_WRITTEN = {"br": "\n", "cr": "\n", "tab": "\t", "ptab": "\t", "noBreakHyphen": "-"}
_LISTED = ("toc ", "table of figures", "index ")
"""How the names of those styles begin that only point to places in the document."""

_OFF = frozenset({"0", "false", "off", "none"})
_FORMS = {"lowerLetter": "a", "upperLetter": "A", "lowerRoman": "i", "upperRoman": "I"}
_LEVELS = 9
_DEEPEST = 20
_DIGITS = 10
"""Levels of a list, how far styles may be based on one another, and digits that a number may not have."""

_HEX = frozenset("0123456789abcdefABCDEF")
_HEX_DIGITS = 4
_PRIVATE = range(0xD800, 0xF900)
"""Where characters of symbol fonts lie, which mean nothing without the font, and halves of characters."""


def read_docx(source: Source) -> tuple[Draft, ...]:
    """The one article of a Word document.

    Insertions are read and deletions are not; comments, page headers and
    footers, hidden text and tables of contents are left out; text boxes stand
    below the paragraph that they belong to, footnotes and endnotes below the
    text.

    Raises:
        BrokenFileError: It is damaged or no Word document.
        EncryptedFileError: It asks for a password.
        UnsafeArchiveError: It would be too large when unpacked.
        ArticleTooLargeError: Its notes or its styles have more than 100 MB.
    """
    with opened(source, "a Word document") as package:
        name = _related(package, "").get("officeDocument", "word/document.xml")
        if name not in package:
            raise BrokenFileError(source.path, "there is no Word document in it")
        parts = _related(package, name)
        reader = _Reader(_Styles.of(package, parts), _Numbering.of(package, parts), _notes(package, parts))
        blocks = list(reader.blocks(package.within(name, _CONTAINERS)))
        if reader.embedded and not any(block.text for block in blocks):
            raise BrokenFileError(source.path, "its text lies in it as a file of another kind")
        notes = document.labelled(reader.read_notes())
        return (document.draft(blocks, notes, _properties(package), source),)


def _related(package: Package, name: str) -> dict[str, str]:
    """The parts that a part (or, for "", the package) refers to, by the last word of their kind."""
    relations = join(dirname(name), "_rels", f"{name.rpartition('/')[2]}.rels")
    if relations not in package:
        return {}
    found: dict[str, str] = {}
    for each in package.tree(relations):
        kind, target = each.get("Type", "").rpartition("/")[2], each.get("Target", "")
        if each.get("TargetMode") != "External":
            found.setdefault(kind, normpath(join("/", dirname(name), target)).lstrip("/"))
    return found


def _properties(package: Package) -> Properties:
    name = _related(package, "").get("core-properties", "docProps/core.xml")
    said = {local(each): each.text for each in package.tree(name)} if name in package else {}
    return Properties(said.get("title"), said.get("creator"))


def _notes(package: Package, parts: dict[str, str]) -> dict[tuple[str, str], _Element]:
    """Footnotes and endnotes, by kind and id."""
    found: dict[tuple[str, str], _Element] = {}
    for kind in ("footnote", "endnote"):
        name = parts.get(f"{kind}s", "")
        for each in package.tree(name) if name in package else ():
            if local(each) == kind and attribute(each, "type") in (None, "normal"):
                found[kind, attribute(each, "id") or ""] = each
    return found


def _child(element: _Element | None, *names: str) -> _Element | None:
    """The descendant at the end of a path of names."""
    for name in names:
        element = next((each for each in element if local(each) == name), None) if element is not None else None
    return element


def _value(element: _Element | None, *names: str) -> str | None:
    found = _child(element, *names)
    return None if found is None else attribute(found, "val")


def _switched(element: _Element | None, *names: str) -> bool | None:
    """Whether a property is switched on; ``None`` where nothing is said of it."""
    found = _child(element, *names)
    return None if found is None else (attribute(found, "val") or "1") not in _OFF


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < _DIGITS else None


@dataclass(frozen=True, slots=True)
class _Style:
    name: str
    based_on: str
    level: int | None
    hidden: bool | None
    numbered: tuple[str | None, int | None]


@dataclass(frozen=True, slots=True)
class _Styles:
    """The styles by their ids, the one that paragraphs have by default, and whether text is hidden by default."""

    styles: dict[str, _Style]
    default: str = ""
    hidden: bool = False

    @classmethod
    def of(cls, package: Package, parts: dict[str, str]) -> _Styles:
        """Those of a document."""
        name = parts.get("styles", "")
        if name not in package:
            return cls({})
        styles: dict[str, _Style] = {}
        default, hidden = "", False
        for each in package.tree(name):
            if local(each) == "docDefaults":
                hidden = bool(_switched(each, "rPrDefault", "rPr", "vanish"))
            elif local(each) == "style":
                key = attribute(each, "styleId") or ""
                numbering = _child(each, "pPr", "numPr")
                styles[key] = _Style(
                    (_value(each, "name") or "").casefold(),
                    _value(each, "basedOn") or "",
                    _number(_value(each, "pPr", "outlineLvl")),
                    _switched(each, "rPr", "vanish"),
                    (_value(numbering, "numId"), _number(_value(numbering, "ilvl"))),
                )
                if attribute(each, "type") == "paragraph" and attribute(each, "default") in ("1", "true", "on"):
                    default = key
        return cls(styles, default, hidden)

    def chain(self, key: str | None) -> Iterator[_Style]:
        """A style and those that it is based on, the nearest first."""
        for _ in range(_DEEPEST):
            style = self.styles.get(key or "")
            if style is None:
                return
            yield style
            key = style.based_on

    def hides(self, key: str | None) -> bool | None:
        """Whether a style hides text; ``None`` where it says nothing of it."""
        return next((style.hidden for style in self.chain(key) if style.hidden is not None), None)


@dataclass(frozen=True, slots=True)
class _Level:
    form: str
    shown: str
    start: int


@dataclass(slots=True)
class _Numbering:
    """How lists are numbered, and how far each has come."""

    levels: dict[str, dict[int, _Level]]
    lists: dict[str, str]
    restarts: dict[tuple[str, int], int]
    overrides: dict[tuple[str, int], _Level]
    reached: dict[str, dict[int, int]] = field(default_factory=dict)
    restarted: set[tuple[str, int]] = field(default_factory=set)

    @classmethod
    def of(cls, package: Package, parts: dict[str, str]) -> _Numbering:
        """That of a document."""
        name = parts.get("numbering", "")
        levels: dict[str, dict[int, _Level]] = {}
        linked: dict[str, str] = {}
        styled: dict[str, str] = {}
        lists: dict[str, str] = {}
        restarts: dict[tuple[str, int], int] = {}
        overrides: dict[tuple[str, int], _Level] = {}
        for each in package.tree(name) if name in package else ():
            if local(each) == "abstractNum":
                key = attribute(each, "abstractNumId") or ""
                levels[key] = {_number(attribute(one, "ilvl")) or 0: _level(one) for one in each if local(one) == "lvl"}
                linked[key] = _value(each, "numStyleLink") or ""
                styled[_value(each, "styleLink") or key] = key
            elif local(each) == "num":
                number = attribute(each, "numId") or ""
                lists[number] = _value(each, "abstractNumId") or ""
                for one in each:
                    if local(one) == "lvlOverride":
                        level = _number(attribute(one, "ilvl")) or 0
                        start, own = _number(_value(one, "startOverride")), _child(one, "lvl")
                        if start is not None:
                            restarts[number, level] = start
                        if own is not None:
                            overrides[number, level] = _level(own)
        for key, link in linked.items():
            if link in styled:
                levels[key] = levels.get(styled[link], {})
        return cls(levels, lists, restarts, overrides)

    def marker(self, number: str, level: int) -> str | None:
        """What stands before the next item of a list at this level; ``None`` where there is no such list."""
        key = self.lists.get(number)
        levels = {each: self.overrides.get((number, each), one) for each, one in self.levels.get(key or "", {}).items()}
        here = levels.get(level)
        if key is None or here is None or level >= _LEVELS:
            return None
        reached = self.reached.setdefault(key, {})
        if (number, level) in self.restarts and (number, level) not in self.restarted:
            self.restarted.add((number, level))
            reached[level] = self.restarts[number, level]
        else:
            reached[level] = reached.get(level, here.start - 1) + 1
        for deeper in [each for each in reached if each > level]:
            del reached[deeper]
        if here.form == "bullet":
            return "-"
        if here.form == "none":
            return ""
        shown = here.shown
        for each in range(level + 1):
            one = levels.get(each, here)
            shown = shown.replace(f"%{each + 1}", document.numeral(reached.get(each, one.start), one.form))
        return shown


def _level(element: _Element) -> _Level:
    form = _value(element, "numFmt") or "decimal"
    start = _number(_value(element, "start"))
    return _Level(_FORMS.get(form, form), _value(element, "lvlText") or "", 1 if start is None else start)


@dataclass(slots=True)
class _Reader:
    """Walks through a document; what goes on from one paragraph to the next is kept here."""

    styles: _Styles
    numbering: _Numbering
    notes: dict[tuple[str, str], _Element]
    cited: list[tuple[str, _Element]] = field(default_factory=list)
    labels: int = 0
    fields: list[str] = field(default_factory=list)
    boxes: list[_Element] = field(default_factory=list)
    embedded: bool = False

    def blocks(self, elements: Iterable[_Element]) -> Iterator[Block]:
        """The blocks of the body, of a cell, of a text box or of a note."""
        before = Block(())
        for element in elements:
            name = local(element)
            if name == "p":
                block, boxes = self._paragraph(element, before.runs)
                before = Block(())
                if _runs_into_next(_child(element, "pPr")):
                    before = block
                else:
                    yield block
                for box in boxes:
                    yield from self.blocks(box)
            elif name and name not in _LEFT_OUT:
                yield before
                before = Block(())
                if name == "tbl":
                    yield from self._table(element)
                elif name == "altChunk":
                    self.embedded = True
                else:
                    yield from self.blocks(_chosen(element) if name == "AlternateContent" else element)
        yield before

    def read_notes(self) -> Iterator[tuple[str, Sequence[Block]]]:
        """The notes that the text refers to, with their labels, in order."""
        for label, element in self.cited:
            yield label, list(self.blocks(element))

    def _paragraph(self, element: _Element, before: tuple[Run, ...]) -> tuple[Block, list[_Element]]:
        """A paragraph, what stands ``before`` in it included, and the text boxes in it."""
        properties = _child(element, "pPr")
        key = _value(properties, "pStyle") or self.styles.default
        chain = list(self.styles.chain(key))
        hidden = self.styles.hides(key)
        above, self.boxes = self.boxes, []
        runs = (*before, *self._runs(element, hidden=self.styles.hidden if hidden is None else hidden))
        boxes, self.boxes = self.boxes, above
        self.fields = [each for each in self.fields if not each.startswith("?")]
        if any(style.name.startswith(_LISTED) for style in chain):
            return Block(before), boxes
        return self._styled(Block(runs), properties, chain), boxes

    def _styled(self, block: Block, properties: _Element | None, chain: Sequence[_Style]) -> Block:
        """The block with what its properties and its style say of it."""
        names = [style.name for style in chain]
        stated = _number(_value(properties, "outlineLvl"))
        level = next((style.level for style in chain if style.level is not None), None) if stated is None else stated
        heading = level + 1 if level is not None and level < _LEVELS else 0
        heading = min(heading, 6) or document.heading(names)
        block = replace(block, role=document.role(names), heading=heading)
        if not block.text:
            return block
        numbering = _child(properties, "numPr")
        numbers = [(_value(numbering, "numId"), _number(_value(numbering, "ilvl"))), *(each.numbered for each in chain)]
        number = next((one for one, _ in numbers if one is not None), None)
        depth = next((one for _, one in numbers if one is not None), 0)
        marker = None if number is None else self.numbering.marker(number, depth)
        if marker is None or (heading and not any(map(str.isalnum, marker))):
            return block
        return replace(block, marker=f"{marker.strip()} ") if heading else document.item(block, marker)

    def _table(self, element: _Element) -> Iterator[Block]:
        for each in _inner(element, "tr"):
            if _child(each, "trPr", "del") is None and not _switched(each, "trPr", "hidden"):
                yield from document.row([list(self.blocks(cell)) for cell in _inner(each, "tc")])

    def _runs(self, element: Iterable[_Element], *, hidden: bool, linked: bool = False) -> Iterator[Run]:
        """The pieces of text within a paragraph, or a part of one."""
        for each in element:
            name = local(each)
            if name == "r":
                yield from self._run(each, hidden=hidden, linked=linked)
            elif name == "hyperlink":
                yield from self._runs(each, hidden=hidden, linked=True)
            elif name == "fldSimple":
                link = (attribute(each, "instr") or "").upper().split()[:1] == ["HYPERLINK"]
                yield from self._runs(each, hidden=hidden, linked=linked or link)
            elif name == "AlternateContent":
                yield from self._runs(_chosen(each), hidden=hidden, linked=linked)
            elif name and name not in _LEFT_OUT:
                yield from self._runs(each, hidden=hidden, linked=linked)

    def _run(self, element: _Element, *, hidden: bool, linked: bool) -> Iterator[Run]:
        properties = _child(element, "rPr")
        stated = _switched(properties, "vanish")
        styled = self.styles.hides(_value(properties, "rStyle")) if stated is None else stated
        if hidden if styled is None else styled:
            for each in element:
                self._field(each)
            return
        above = _value(properties, "vertAlign") == "superscript"
        for each in element:
            name = local(each)
            self._field(each)
            if name in _DRAWN:
                boxes = list(_text_boxes(each))
                self.boxes += boxes
                if name == "AlternateContent" and not boxes:
                    yield from (Run(self._written(one, local(one)), linked) for one in _chosen(each))
            elif name == "ruby":
                base = _child(each, "rubyBase")
                yield from self._runs([] if base is None else base, hidden=hidden, linked=linked)
            elif not any(said.startswith("?") for said in self.fields):
                text = self._written(each, name)
                yield Run(document.raised(text) if above else text, linked or "HYPERLINK" in self.fields)

    def _written(self, element: _Element, name: str) -> str:
        if name in ("footnoteReference", "endnoteReference"):
            return self._cite(element, name.removesuffix("Reference"))
        if name == "sym":
            code = attribute(element, "char") or ""
            point = int(code, 16) if len(code) == _HEX_DIGITS and _HEX.issuperset(code) else 0
            return "" if point in _PRIVATE else chr(point or ord(" "))
        return (element.text or "") if name == "t" else _WRITTEN.get(name, "")

    def _cite(self, element: _Element, kind: str) -> str:
        """The label of a note in the text; nothing where the text has a mark of its own for it."""
        note = self.notes.get((kind, attribute(element, "id") or ""))
        if note is None:
            return ""
        own = (attribute(element, "customMarkFollows") or "0") not in _OFF
        self.labels += not own
        label = "" if own else f"[{self.labels}]"
        self.cited.append((label, note))
        return label

    def _field(self, element: _Element) -> None:
        """Keeps account of fields: "?" and what they say as long as they say it, then what kind they are."""
        name = local(element)
        kind = attribute(element, "fldCharType") if name == "fldChar" else None
        if kind == "begin":
            self.fields.append("?")
        elif name == "instrText" and self.fields and self.fields[-1].startswith("?"):
            self.fields[-1] += element.text or ""
        elif kind == "separate" and self.fields:
            self.fields[-1] = " ".join(self.fields[-1].removeprefix("?").upper().split()[:1])
        elif kind == "end" and self.fields:
            self.fields.pop()


def _runs_into_next(properties: _Element | None) -> bool:
    """Whether the paragraph's end was deleted or is hidden, or it is a large initial: its text belongs to the next."""
    if _child(properties, "rPr", "del") is not None or _switched(properties, "rPr", "vanish"):
        return True
    frame = _child(properties, "framePr")
    return frame is not None and attribute(frame, "dropCap") in ("drop", "margin")


def _inner(element: _Element, name: str) -> Iterator[_Element]:
    """The rows of a table or the cells of a row, also those within content controls and insertions."""
    for each in element:
        if local(each) == name:
            yield each
        elif local(each) and local(each) not in _LEFT_OUT:
            yield from _inner(each, name)


def _chosen(element: _Element) -> _Element | list[_Element]:
    """Of alternatives, the first that has any text, for all show the same."""
    return next((each for each in element if any(local(one) == "t" for one in each.iter())), [])


def _text_boxes(element: _Element) -> Iterator[_Element]:
    for each in _chosen(element) if local(element) == "AlternateContent" else element:
        if local(each) == "txbxContent":
            yield each
        elif local(each):
            yield from _text_boxes(each)
