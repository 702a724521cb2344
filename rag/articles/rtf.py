r"""Rich Text Format (.rtf).

Read by the specification 1.9.1: groups in braces, within them control words
that say what the text is or how it looks. What a control word sets holds to the
end of its group. Characters beyond ASCII are written as bytes in the encoding
of the font (``\'e9``) or as UTF-16 units (``\u233?``, then what a program shows
that knows no Unicode).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from rag.articles import document
from rag.articles.document import Block, Properties, Run
from rag.articles.draft import Draft, Source
from rag.errors import BrokenFileError

_TOKEN = re.compile(
    rb"\\([A-Za-z]{1,32})(-?\d{1,10})? ?|\\'([0-9A-Fa-f]{2})|\\(.)|([{}])|([^\\{}\r\n]+)|[\r\n]+|\\", re.DOTALL
)
_IN_SKIPPED = re.compile(rb"([{}])|\\bin(\d{1,9}) ?|\\.", re.DOTALL)
_DEEPEST = 5_000
"""Groups within groups; with more, it is no document."""

_CHARSETS = {
    77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gbk", 136: "cp950", 161: "cp1253", 162: "cp1254",
    163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250",
    254: "cp437", 255: "cp850",
}  # fmt: skip
_CODE_PAGES = {0: "cp1252", 10000: "mac_roman", 10007: "mac_cyrillic", 10029: "mac_latin2", 65001: "utf-8"}
_PROGRAMS = {"ansi": "cp1252", "mac": "mac_roman", "pc": "cp437", "pca": "cp850"}
_SYMBOLS = 2
"""The character set of fonts whose letters are signs."""

_PRIVATE = re.compile("[\uf000-\uf0ff]")
"""The signs of such fonts, which mean nothing without the font."""

_WRITTEN = {
    "tab": "\t", "line": "\n", "softline": "\n", "page": "\n", "column": "\n", "emdash": "—", "endash": "–",
    "emspace": " ", "enspace": " ", "qmspace": " ", "bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“",
    "rdblquote": "”", "zwj": "\u200d", "zwnj": "\u200c", "ltrmark": "\u200e", "rtlmark": "\u200f",
}  # fmt: skip
_SIGNS = {b"~": "\xa0", b"_": "-", b"{": "{", b"}": "}", b"\\": "\\"}
_ENDS = frozenset({"par", "sect"})
_LISTED = ("toc ", "table of figures", "index ")
"""How the names of those styles begin that only point to places in the document."""

_SKIPPED = {
    "aftncn", "aftnsep", "aftnsepc", "annotation", "atnauthor", "atndate", "atnicn", "atnid", "atnparent", "atnref",
    "atntime", "atrfend", "atrfstart", "background", "bkmkend", "bkmkstart", "blipuid", "category",
    "colorschememapping", "colortbl", "comment", "company", "creatim", "datafield", "datastore", "defchp", "defpap",
    "do", "doccomm", "docvar", "ebcend", "ebcstart", "factoidname", "falt", "fchars", "ffdeftext", "ffentrymcr",
    "ffexitmcr", "ffformat", "ffhelptext", "ffl", "ffname", "ffstattext", "file", "filetbl", "fontemb", "fontfile",
    "footer", "footerf", "footerl", "footerr", "formfield", "ftncn", "ftnsep", "ftnsepc", "generator", "gridtbl",
    "header", "headerf", "headerl", "headerr", "hl", "hlinkbase", "htmltag", "keycode", "keywords", "latentstyles",
    "lchars", "levelnumbers", "leveltext", "list", "listlevel", "listname", "listoverride", "listoverridetable",
    "listpicture", "liststylename", "listtable", "mailmerge", "manager", "mhtmltag", "mmathPr", "nextfile",
    "nonesttables", "nonshppict", "objalias", "objclass", "objdata", "objname", "objsect", "objtime", "oldcprops",
    "oldpprops", "oldsprops", "oldtprops", "oleclsid", "operator", "panose", "password", "passwordhash", "pgp",
    "pgptbl", "picprop", "pict", "pn", "pnseclvl", "pntxta", "pntxtb", "printim", "private", "propname", "protend",
    "protstart", "protusertbl", "revtbl", "revtim", "rsidtbl", "rxe", "shppict", "shprslt", "sn", "sp", "staticval",
    "subject", "sv", "svb", "tc", "template", "themedata", "txe", "userprops", "wgrffmtfilter", "windowcaption",
    "writereservation", "writereservhash", "xe", "xform", "xmlattrname", "xmlattrvalue", "xmlclose", "xmlname",
    "xmlnstbl", "xmlopen",
}  # fmt: skip
"""The destinations that hold no text of the article."""


class _Where(Enum):
    """Where text goes."""

    STORY = auto()
    QUIET = auto()
    FONTS = auto()
    STYLES = auto()
    TITLE = auto()
    AUTHOR = auto()
    INSTRUCTION = auto()
    MARKER = auto()


_PLACES = {
    "info": _Where.QUIET,
    "title": _Where.TITLE,
    "author": _Where.AUTHOR,
    "fonttbl": _Where.FONTS,
    "stylesheet": _Where.STYLES,
    "fldinst": _Where.INSTRUCTION,
    "listtext": _Where.MARKER,
    "pntext": _Where.MARKER,
    "shpinst": _Where.QUIET,
    "object": _Where.QUIET,
    "nesttableprops": _Where.QUIET,
    "result": _Where.STORY,
}
_STORIES = frozenset({"footnote", "shptxt"})
_KNOWN = frozenset({*_PLACES, *_STORIES, "upr", "ud"})
"""The destinations that are read: where their text goes, and those that are stories of their own."""


def read_rtf(source: Source) -> tuple[Draft, ...]:
    """The one article of an RTF document.

    What was deleted is not read; comments, page headers and footers, hidden text
    and tables of contents are left out; text boxes stand below the paragraph
    that they belong to, footnotes and endnotes below the text.

    Raises:
        BrokenFileError: It is no RTF, or it is cut off.
    """
    data = source.data.removeprefix(codecs.BOM_UTF8).lstrip(b" \t\r\n\0")
    if not data.startswith(b"{\\rtf"):
        raise BrokenFileError(source.path, "there is no RTF document in it")
    reader = _Reader(data, source.path)
    reader.read()
    blocks = reader.story.ended()
    properties = Properties(reader.said.get(_Where.TITLE), reader.said.get(_Where.AUTHOR))
    return (document.draft(blocks, document.labelled(reader.notes), properties, source),)


@dataclass(frozen=True, slots=True)
class _State:
    """What holds up to the end of a group."""

    where: _Where = _Where.QUIET
    outside: _Where = _Where.QUIET
    fallback: int = 1
    font: int | None = None
    hidden: bool = False
    deleted: bool = False
    raised: bool = False
    linked: bool = False
    style: int = 0
    level: int | None = None
    in_table: bool = False
    initial: bool = False
    field: _Field | None = None
    ends: str = ""


@dataclass(slots=True)
class _Field:
    """A field, and what it says that it is (``HYPERLINK "…"``)."""

    instruction: str = ""


@dataclass(slots=True)
class _Style:
    name: str = ""
    based_on: int | None = None
    level: int | None = None


@dataclass(slots=True)
class _Story:
    """Text that is read from its beginning to its end: that of the document, of a note, or of a text box."""

    blocks: list[Block] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    marker: str | None = None
    cell: list[Block] = field(default_factory=list)
    cells: list[list[Block]] = field(default_factory=list)
    boxes: list[Block] = field(default_factory=list)
    numbered: bool = False

    def end_paragraph(self, block: Block, *, in_table: bool) -> None:
        """Ends the paragraph that the block is."""
        if in_table:
            self.cell.append(block)
        else:
            self.end_row()
            self.blocks.append(block)
            self.blocks += self.boxes
            self.boxes.clear()
        self.runs, self.marker = [], None

    def end_cell(self) -> None:
        """Ends a cell of a table."""
        self.cells.append(self.cell)
        self.cell = []

    def end_row(self) -> None:
        """Ends a row of a table, if one was begun."""
        if self.cell:
            self.end_cell()
        self.blocks += document.row(self.cells)
        self.cells = []

    def ended(self) -> list[Block]:
        """All blocks, when the story has ended."""
        self.end_row()
        return [*self.blocks, *self.boxes]


@dataclass(slots=True)
class _Reader:
    """Goes through the tokens of a document and writes its stories."""

    data: bytes
    path: str
    state: _State = field(default_factory=_State)
    groups: list[_State] = field(default_factory=list)
    story: _Story = field(default_factory=_Story)
    stories: list[_Story] = field(default_factory=list)
    notes: list[tuple[str, list[Block]]] = field(default_factory=list)
    labels: int = 0
    said: dict[_Where, str] = field(default_factory=dict)
    fonts: dict[int, str | None] = field(default_factory=dict)
    styles: dict[int, _Style] = field(default_factory=dict)
    encoding: str = "cp1252"
    plain_font: int | None = None
    defined: int = 0
    pending: bytearray = field(default_factory=bytearray)
    unread: int = 0
    begun: bool = False
    starred: bool = False
    ignored: bool = False
    surrogate: int = 0
    raw: str | None = None

    def read(self) -> None:
        """Reads the document.

        Raises:
            BrokenFileError: It is cut off, or nested too deeply.
        """
        self.raw = _in_utf8(self.data)
        place = 0
        while place < len(self.data):
            token = _TOKEN.match(self.data, place)
            if token is None:
                break
            place = token.end()
            word, number, byte, sign, brace, text = token.groups()
            if word:
                place = self._word(word.decode("ascii"), None if number is None else int(number), place)
            elif brace == b"}" and len(self.groups) == 1:
                break
            elif brace:
                (self._open if brace == b"{" else self._close)()
            else:
                self._characters(text, byte, sign)
        self._write_pending()
        if len(self.groups) > 1:
            raise BrokenFileError(self.path, "it is cut off")
        self._end_of_story()

    def _characters(self, text: bytes | None, byte: bytes | None, sign: bytes | None) -> None:
        """What stands between groups and control words."""
        self.begun = self.begun or bool(text or byte)
        if text:
            self._text(text)
        elif byte:
            self._byte(int(byte, 16))
        elif sign:
            self._sign(sign)

    def _open(self) -> None:
        self._write_pending()
        if len(self.groups) >= _DEEPEST:
            raise BrokenFileError(self.path, "its groups are nested too deeply")
        self.groups.append(self.state)
        if self.state.ends:
            self.state = replace(self.state, ends="")
        if self.state.where is _Where.STYLES:
            self.defined = 0
        self.unread, self.starred, self.begun = 0, False, False

    def _close(self) -> None:
        self._write_pending()
        self.unread, self.starred = 0, False
        ends = self.state.ends
        if ends:
            self._end_of_story()
            story, self.story = self.story, self.stories.pop()
            if ends == "shptxt":
                self.story.boxes += story.ended()
            else:
                self._cite(story)
        self.state = self.groups.pop()

    def _cite(self, note: _Story) -> None:
        """Puts a note's label into the text: a number in square brackets, where it has no mark of its own there."""
        numbered = note.numbered or self.story.numbered
        self.labels += numbered
        label = f"[{self.labels}]" if numbered else ""
        self.story.numbered = False
        self.story.runs.append(Run(label))
        self.notes.append((label, note.ended()))

    def _sign(self, sign: bytes) -> None:
        """A control symbol: a backslash and something that is no letter."""
        if sign == b"*":
            self.starred, self.ignored = not self.begun, self.begun
        elif sign in b"\r\n":
            self._word("par", None, 0)
        elif sign in _SIGNS:
            self._write_pending()
            if self.unread:
                self.unread -= 1
            else:
                self._write(_SIGNS[sign])

    def _byte(self, byte: int) -> None:
        """A character, or half of one, in the encoding of the font."""
        if self.unread:
            self.unread -= 1
        elif self.fonts.get(self.state.font or 0, "") is not None:
            self.pending.append(byte)

    def _text(self, text: bytes) -> None:
        skipped = min(self.unread, len(text))
        self.unread -= skipped
        text = text[skipped:].replace(b"\0", b"")
        if self.raw and not text.isascii():
            self._write_pending()
            self._write(text.decode(self.raw, "replace"))
        else:
            self.pending += text

    def _write_pending(self) -> None:
        if self.pending:
            encoding = self.fonts.get(self.state.font or 0, self.encoding)
            if encoding or self.state.where is not _Where.MARKER:
                self._write(self.pending.decode(encoding or self.encoding, "replace"))
            self.pending.clear()

    def _write(self, text: str) -> None:
        """Text, to where it goes at this place."""
        state = self.state
        self.surrogate = 0
        if state.where is _Where.STORY:
            if not state.hidden and not state.deleted:
                text = _PRIVATE.sub("", document.raised(text) if state.raised else text)
                self.story.runs.append(Run(text, state.linked))
        elif state.where is _Where.MARKER:
            self.story.marker = (self.story.marker or "") + _PRIVATE.sub("", text)
        elif state.where is _Where.STYLES:
            self.styles.setdefault(self.defined, _Style()).name += text
        elif state.where is _Where.INSTRUCTION and state.field:
            state.field.instruction += text
        elif state.where in (_Where.TITLE, _Where.AUTHOR):
            self.said[state.where] = self.said.get(state.where, "") + text

    def _word(self, word: str, number: int | None, place: int) -> int:
        """A control word; the place where reading goes on after it."""
        self._write_pending()
        starred, self.starred = self.starred, False
        ignored, self.ignored = self.ignored, False
        self.begun = True
        if word == "u":
            self._unit(number or 0)
            return place
        if word == "bin":
            return place + max(0, number or 0)
        if self.unread and word in _WRITTEN:
            self.unread -= 1
            return place
        self.unread = 0
        if word in _SKIPPED or (starred and word not in _KNOWN) or (word in _STORIES and self._unseen()):
            return self._after_group(place)
        if ignored and word not in _KNOWN:
            return place
        if word in _WRITTEN:
            self._write(_WRITTEN[word])
        elif word in _ENDS:
            self._end_paragraph()
        elif word in _PLACES:
            self._enter(word)
        elif word in _STORIES:
            self.stories.append(self.story)
            self.story = _Story()
            self.state = _State(_Where.STORY, fallback=self.state.fallback, font=self.plain_font, ends=word)
        else:
            self._set(word, number)
        return place

    def _unseen(self) -> bool:
        return self.state.hidden or self.state.deleted

    def _unit(self, number: int) -> None:
        """A unit of UTF-16, maybe half of a character."""
        unit = number % 0x10000 if number < 0 else min(number, 0x10FFFF)
        if 0xD800 <= unit < 0xDC00:  # noqa: PLR2004 - the first halves
            self.surrogate = unit
        elif 0xDC00 <= unit < 0xE000:  # noqa: PLR2004 - the second halves
            if self.surrogate:
                self._write(chr(0x10000 + ((self.surrogate - 0xD800) << 10) + unit - 0xDC00))
        elif unit:
            self._write(chr(unit))
        self.unread = self.state.fallback

    def _enter(self, word: str) -> None:
        """A destination: text goes elsewhere from here to the end of the group."""
        where = self.state.outside if word == "result" else _PLACES[word]
        if where is _Where.MARKER:
            self.story.marker = ""
        self.state = replace(self.state, where=where, outside=self.state.where)

    def _set(self, word: str, number: int | None) -> None:
        """What a control word says of the document, of paragraphs or of characters."""
        setter = _SETTERS.get(word)
        if setter:
            setter(self, 1 if number is None else number)
        elif word in _PROGRAMS:
            self.encoding = _PROGRAMS[word]

    def _end_paragraph(self) -> None:
        """A paragraph ends, unless its end was deleted or is hidden, or it is a large initial."""
        if self.state.where is _Where.STORY and not self._unseen() and not self.state.initial:
            self.story.end_paragraph(self.block(), in_table=self.state.in_table)

    def _end_of_story(self) -> None:
        if self.story.runs:
            self.story.end_paragraph(self.block(), in_table=False)

    def block(self) -> Block:
        """The paragraph that was read last, with what its properties and its style say of it."""
        chain = list(self._chain())
        names = [style.name.strip(" ;").casefold() for style in chain]
        if any(name.startswith(_LISTED) for name in names):
            return Block(())
        levels = [self.state.level, *(style.level for style in chain)]
        level = next((level + 1 for level in levels if level is not None), 0)
        heading = (level if level <= _HEADINGS else 0) or document.heading(names)
        block = Block(tuple(self.story.runs), heading=heading, role=document.role(names))
        marker = self.story.marker
        if marker is None or not block.text:
            return block
        if heading:
            return replace(block, marker=f"{marker.strip()} " if any(map(str.isalnum, marker)) else "")
        return document.item(block, marker)

    def _chain(self) -> Iterator[_Style]:
        key: int | None = self.state.style
        for _ in range(_HEADINGS):
            style = self.styles.get(-1 if key is None else key)
            if style is None:
                return
            yield style
            key = style.based_on

    def _after_group(self, place: int) -> int:
        """Where the group ends that ``place`` is in."""
        depth = 1
        while token := _IN_SKIPPED.search(self.data, place):
            place = token.end()
            brace, length = token.groups()
            depth += {b"{": 1, b"}": -1}.get(brace, 0)
            if depth == 0:
                return token.start()
            place += int(length or 0)
        return len(self.data)


_HEADINGS = 9
"""Levels of headings, and how far styles may be based on one another."""


def _rtf(reader: _Reader, _: int) -> None:
    reader.state = replace(reader.state, where=_Where.STORY)


def _code_page(reader: _Reader, number: int) -> None:
    reader.encoding = _known(_CODE_PAGES.get(number, f"cp{number}"))


def _font(reader: _Reader, number: int) -> None:
    if reader.state.where is _Where.FONTS:
        reader.defined = number
    else:
        reader.state = replace(reader.state, font=number)


def _plain_font(reader: _Reader, number: int) -> None:
    reader.plain_font = number
    reader.state = replace(reader.state, font=number)


def _character_set(reader: _Reader, number: int) -> None:
    if number == _SYMBOLS:
        reader.fonts[reader.defined] = None
    elif number in _CHARSETS:
        reader.fonts[reader.defined] = _CHARSETS[number]


def _font_code_page(reader: _Reader, number: int) -> None:
    if number:
        reader.fonts[reader.defined] = _known(_CODE_PAGES.get(number, f"cp{number}"))


def _style(reader: _Reader, number: int) -> None:
    if reader.state.where is _Where.STYLES:
        reader.defined = number
    else:
        reader.state = replace(reader.state, style=number)


def _based_on(reader: _Reader, number: int) -> None:
    if reader.state.where is _Where.STYLES:
        reader.styles.setdefault(reader.defined, _Style()).based_on = number


def _outline(reader: _Reader, number: int) -> None:
    if reader.state.where is _Where.STYLES:
        reader.styles.setdefault(reader.defined, _Style()).level = number
    else:
        reader.state = replace(reader.state, level=number)


def _plain_paragraph(reader: _Reader, _: int) -> None:
    reader.state = replace(reader.state, style=0, level=None, in_table=False, initial=False)


def _plain_text(reader: _Reader, _: int) -> None:
    reader.state = replace(reader.state, font=reader.plain_font, hidden=False, deleted=False, raised=False)


def _raised(reader: _Reader, number: int) -> None:
    reader.state = replace(reader.state, raised=bool(number))


def _not_raised(reader: _Reader, _: int) -> None:
    reader.state = replace(reader.state, raised=False)


def _hidden(reader: _Reader, number: int) -> None:
    reader.state = replace(reader.state, hidden=bool(number))


def _deleted(reader: _Reader, number: int) -> None:
    reader.state = replace(reader.state, deleted=bool(number))


def _in_table(reader: _Reader, number: int) -> None:
    reader.state = replace(reader.state, in_table=bool(number))


def _initial(reader: _Reader, _: int) -> None:
    reader.state = replace(reader.state, initial=True)


def _fallback(reader: _Reader, number: int) -> None:
    reader.state = replace(reader.state, fallback=max(0, number))


def _begin_field(reader: _Reader, _: int) -> None:
    reader.state = replace(reader.state, field=_Field())


def _field_result(reader: _Reader, _: int) -> None:
    said = reader.state.field.instruction.split() if reader.state.field else []
    reader.state = replace(reader.state, linked=reader.state.linked or said[:1] == ["HYPERLINK"])


def _note_number(reader: _Reader, _: int) -> None:
    reader.story.numbered = True


def _in_two_ways(reader: _Reader, _: int) -> None:
    reader.state = replace(reader.state, where=_Where.QUIET, outside=reader.state.where)


def _in_unicode(reader: _Reader, _: int) -> None:
    reader.state = replace(reader.state, where=reader.state.outside)


def _end_cell(reader: _Reader, _: int) -> None:
    if reader.state.where is _Where.STORY:
        reader.story.end_paragraph(reader.block(), in_table=True)
        reader.story.end_cell()


def _end_row(reader: _Reader, _: int) -> None:
    reader.story.end_row()


def _end_inner_cell(reader: _Reader, _: int) -> None:
    reader.story.runs.append(Run(" | "))


def _end_inner_row(reader: _Reader, _: int) -> None:
    if reader.story.runs and reader.story.runs[-1].text == " | ":
        reader.story.runs.pop()
    reader.story.end_paragraph(reader.block(), in_table=True)


_SETTERS: dict[str, Callable[[_Reader, int], None]] = {
    "rtf": _rtf, "ansicpg": _code_page, "f": _font, "deff": _plain_font, "fcharset": _character_set,
    "cpg": _font_code_page, "s": _style, "sbasedon": _based_on, "outlinelevel": _outline, "pard": _plain_paragraph,
    "plain": _plain_text, "super": _raised, "up": _raised, "nosupersub": _not_raised, "v": _hidden,
    "deleted": _deleted, "intbl": _in_table, "itap": _in_table,
    "dropcapli": _initial, "uc": _fallback, "field": _begin_field, "fldrslt": _field_result, "chftn": _note_number,
    "upr": _in_two_ways, "ud": _in_unicode, "cell": _end_cell, "row": _end_row, "nestcell": _end_inner_cell,
    "nestrow": _end_inner_row,
}  # fmt: skip


def _known(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        return "cp1252"


def _in_utf8(data: bytes) -> str | None:
    """UTF-8, where there are bytes beyond ASCII and all of them together make sense in it, as some programs write."""
    if data.isascii():
        return None
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return "utf-8"
