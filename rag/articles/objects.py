"""JSON and JSON lines, one article an object.

``Draft.member`` is the place of the object in its list or file, counted from 1;
in JSON lines it is the number of its line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TextIO

from rag.articles import columns, values
from rag.articles.draft import Draft, Metadata, Source
from rag.articles.rows import PIECE, Fault, Row, drafts, reported, shown, stream, utf8
from rag.errors import BrokenFileError, ColumnsUnknownError
from rag.types import Failure

_LINES = (".jsonl", ".ndjson")
_FEED = "https://jsonfeed.org/version/"
_DEEPEST = 4
"""Objects within objects in which lists of articles are looked for."""

_WRAPPED = {"rendered", "name", "main", "original", "$date"}
"""Names under which an object that stands for one value of an article holds it."""

_BLANKS = re.compile(r"[ \t\n\r]*")
_LONGEST_TOKEN = 20
"""Characters, at most, of a value other than text and of an escape: what may be cut where a piece of the file ends."""

_SHOWN = 24
"""Characters of a file that an error shows."""

_Path = tuple[str, ...]
_Found = Callable[[], Iterator[tuple[int, object]]]
"""Reads the values that should be articles, with their numbers; a :class:`Fault` where one cannot be read."""


def read_json(source: Source) -> Iterator[Draft | Failure]:
    """The articles of a JSON file.

    It may be a list of objects, one article each; an object with such lists in
    it, or with an article under each name; one object that is an article;
    objects one after the other, each on a line of its own or not; a JSON Feed.

    Raises:
        UndecodableError: The bytes are no text.
        BrokenFileError: It is not valid JSON, or there is no object in it.
        ColumnsUnknownError: The objects have nothing that is known to be text.
    """
    data = utf8(source)
    outline = _Outline(partial(_in_lines, data)) if _is_lines(data, source.path) else _outline(data, source)
    _check(outline, source)

    def rows() -> Iterator[Row | Fault]:
        for number, value in outline.found():
            yield _row(number, value, source)

    found = drafts(rows, source, outline.default)
    if not outline.alone:
        yield from reported(found, source.path)
        return
    for each in found:
        yield replace(each, member="") if isinstance(each, Draft) else Failure(source.path, each.reason)


@dataclass(frozen=True, slots=True)
class _Outline:
    """Where in a file its articles are, what holds for all, whether it is one alone, and why it cannot be read on."""

    found: _Found
    default: Metadata = field(default_factory=Metadata)
    alone: bool = False
    problem: str = ""


def _outline(data: bytes, source: Source) -> _Outline:
    """How a document is made.

    Where it has several lists of articles, they are read one after the other;
    lists of other things are not.
    """
    roots = 0
    own: dict[str, object] = {}
    lists: dict[_Path, bool] = {}
    named = False
    problem = ""
    try:
        for roots, path, listed, value in _Scanner(stream(data)).walk():
            if listed and isinstance(value, Mapping):
                lists[path] = lists.get(path, False) or _has_text(value, source)
            elif roots == 1:
                _note(own, path, value, listed=listed, source=source)
            named = named or (len(path) == 2 and not listed and _has_text({path[1]: value}, source))  # noqa: PLR2004
    except (ValueError, RecursionError) as error:
        problem = _problem(error)
    fields = columns.places(list(own), source.columns)
    with_text = frozenset(path for path in lists if lists[path])
    if roots > 1 and ("text" in fields or not with_text):
        return _Outline(partial(_numbered, data, _one_by_one))
    if "text" not in fields and with_text:
        default = Metadata()
        if str(own.get("version")).startswith(_FEED):
            default = Metadata(source=values.line(own.get("title")), language=values.language(own.get("language")))
        return _Outline(partial(_numbered, data, partial(_in_lists, lists=with_text)), default)
    if "text" not in fields and named:
        return _Outline(partial(_numbered, data, partial(_under_names, source=source)))
    if not fields and lists:
        return _Outline(partial(_numbered, data, partial(_in_lists, lists=frozenset(lists))))
    return _Outline(partial(_numbered, data, _one_by_one), alone=True, problem=problem)


def _note(own: dict[str, object], path: _Path, value: object, *, listed: bool, source: Source) -> None:
    """Keeps a value that a document gives at its top under a known name."""
    if not path or not (columns.places(path[:1], source.columns) or path == ("version",)):
        return
    if len(path) == 1 and listed:
        several = own.setdefault(path[0], [])
        if isinstance(several, list):
            several.append(value)
    elif len(path) == 1 or (path[1] in _WRAPPED and not listed):
        own[path[0]] = value


def _check(outline: _Outline, source: Source) -> None:
    """Raises the error of a file in which no object has text."""
    first: Sequence[str] = ()
    fault = outline.problem
    for _, value in outline.found():
        if isinstance(value, Mapping):
            if _has_text(value, source):
                return
            first = first or list(value)
        elif isinstance(value, Fault):
            fault = fault or value.reason.partition(";")[0]
    if first:
        raise ColumnsUnknownError(source.path, shown(first))
    raise BrokenFileError(source.path, fault or "there is no object in it")


def _row(number: int, value: object, source: Source) -> Row | Fault:
    if isinstance(value, Fault):
        return value
    if not isinstance(value, Mapping):
        return Fault(number, "it is no object with a name for each value; mend or remove it")
    names, cells = _flat(value)
    where = columns.places(names, source.columns)
    return Row(number, {each: [cells[place] for place in places] for each, places in where.items()})


def _flat(value: Mapping[str, object]) -> tuple[list[str], list[object]]:
    """The names and values of an object, and of the objects in it, as in "source.name"."""
    names, cells = list(value), list(value.values())
    for name, inner in value.items():
        if isinstance(inner, Mapping):
            names += (f"{name}.{each}" for each in inner)
            cells += inner.values()
    return names, cells


def _has_text(value: Mapping[str, object], source: Source) -> bool:
    """Whether an object has something under a name that is known to be that of text."""
    return columns.hold_text(columns.places(_flat(value)[0], source.columns))


def _is_lines(data: bytes, path: str) -> bool:
    """Whether each line holds a value, and not the whole file one."""
    text = stream(data)
    lines = filter(None, map(str.strip, iter(partial(text.readline, PIECE), "")))
    first, second = next(lines, ""), next(lines, "")
    if path.lower().endswith(_LINES):
        return not first.startswith("[") and (second.startswith("{") or isinstance(_loaded(first, 1), Mapping))
    return first.startswith("{") and first.endswith("}") and second.startswith("{")


def _in_lines(data: bytes) -> Iterator[tuple[int, object]]:
    for number, line in enumerate(stream(data), start=1):
        if line.strip():
            yield number, _loaded(line, number)


def _loaded(line: str, number: int) -> object:
    try:
        value: object = json.loads(line, strict=False)
    except (ValueError, RecursionError) as error:
        return Fault(number, f"{_problem(error)}; mend or remove the line")
    return value


def _numbered(data: bytes, read: Callable[[_Scanner], Iterator[object]]) -> Iterator[tuple[int, object]]:
    """The values that ``read`` finds, counted; a fault where the file cannot be read on."""
    number = 0
    try:
        for number, value in enumerate(read(_Scanner(stream(data))), start=1):
            yield number, value
    except (ValueError, RecursionError) as error:
        yield number + 1, Fault(number + 1, f"{_problem(error)}, and is not read from there on; mend it")


def _one_by_one(scanner: _Scanner) -> Iterator[object]:
    while scanner.peek():
        yield scanner.value()


def _in_lists(scanner: _Scanner, lists: frozenset[_Path]) -> Iterator[object]:
    return (value for _, path, listed, value in scanner.walk() if listed and path in lists)


def _under_names(scanner: _Scanner, source: Source) -> Iterator[object]:
    """The objects under names of their own, but for those that have nothing of an article."""
    while scanner.peek():
        for _ in scanner.members():
            value = scanner.value()
            if isinstance(value, Mapping) and columns.places(list(value), source.columns):
                yield value


def _problem(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        near = " ".join(values.storable(error.doc[error.pos : error.pos + _SHOWN]).split())
        return f"it is not valid JSON at “{near}”" if near else "it ends too early"
    return "it is nested too deeply" if isinstance(error, RecursionError) else "a number in it is too long"


@dataclass(slots=True)
class _Scanner:
    """Reads JSON value by value, holding no more of the text than the value at which it stands needs.

    Raises:
        ValueError: The text is not JSON.
        RecursionError: It is nested too deeply.
    """

    text: TextIO
    held: str = ""
    at: int = 0
    decoder: json.JSONDecoder = field(default_factory=partial(json.JSONDecoder, strict=False))

    def walk(self) -> Iterator[tuple[int, _Path, bool, object]]:
        """Every value of the text: which of those at the top it is in, under what names, whether it is in a list."""
        root = 0
        while self.peek():
            root += 1
            for path, listed, value in self._within(()):
                yield root, path, listed, value

    def members(self) -> Iterator[str]:
        """The names in an object; the value of each is to be taken before the next."""
        for _ in self._parts("{", "}"):
            name = self.value()
            if not isinstance(name, str):
                raise json.JSONDecodeError("no name", self.held, self.at)
            self._take(":")
            yield name

    def value(self) -> object:
        """The value that is next, whole."""
        self.peek()
        while True:
            try:
                value, end = self.decoder.raw_decode(self.held, self.at)
            except json.JSONDecodeError as error:
                cut = error.pos + _LONGEST_TOKEN >= len(self.held) or error.msg.startswith("Unterminated string")
                if not cut or not self._more():
                    raise
            else:
                if end < len(self.held) or not self._more():  # else it may be a number that goes on
                    self.at = end
                    return value

    def peek(self) -> str:
        """The next character that is no blank; nothing at the end."""
        while True:
            blanks = _BLANKS.match(self.held, self.at)
            self.at = blanks.end() if blanks else self.at
            if self.at < len(self.held) or not self._more():
                return self.held[self.at : self.at + 1]

    def _within(self, path: _Path) -> Iterator[tuple[_Path, bool, object]]:
        mark = self.peek()
        if mark == "[":
            for _ in self._parts("[", "]"):
                yield path, True, self.value()
        elif mark == "{" and len(path) < _DEEPEST:
            for name in self.members():
                yield from self._within((*path, name))
        else:
            yield path, False, self.value()

    def _parts(self, opening: str, closing: str) -> Iterator[None]:
        """Stops at each part of a list or an object, which is to be taken before the next."""
        self._take(opening)
        if self.peek() != closing:
            yield
            while self.peek() == ",":
                self._take(",")
                yield
        self._take(closing)

    def _take(self, mark: str) -> None:
        if self.peek() != mark:
            raise json.JSONDecodeError(f"no {mark}", self.held, self.at)
        self.at += 1

    def _more(self) -> bool:
        """Reads on, the more the longer the value is."""
        rest = self.held[self.at :]
        piece = self.text.read(max(PIECE, len(rest)))
        self.held, self.at = rest + piece, 0
        return bool(piece)
