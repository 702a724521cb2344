"""Markdown, and plain text that carries some of it, to lines of words.

Only the markup goes: heading and quote marks, links, emphasis, images, code
ticks, comments, rules. All else is unchanged character by character, which a
whole Markdown renderer would not do: it joins and trims lines, renumbers lists,
turns entities into characters and hides HTML. So lines are told apart here, and
markdown-it reads what is inside them, since links and emphasis are what is hard
to get right. Its rules are CommonMark's, but for what news text has and
CommonMark would take for markup (``_LITERAL``, ``_CODE``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import replace
from enum import Enum, auto
from functools import cache
from itertools import groupby

from markdown_it import MarkdownIt
from markdown_it.common.utils import normalizeReference
from markdown_it.rules_inline import StateInline

from rag.articles.draft import Line

_MARKUP = re.compile(r"[*_`\[<\\&]")
_HEADING = re.compile(r" {0,3}#{1,6}(?:[ \t]+|$)")
_QUOTE = re.compile(r" {0,3}(?:>(?=[ >]|$) ?)+")
_RULE = re.compile(r"[ \t]*([-*_=])(?:[ \t]*\1){2,}[ \t]*")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[^`]*")
_REFERENCE = re.compile(
    r""" {0,3}\[([^\[\]]+)\]:[ \t]+<?((?:https?:|mailto:|www\.|/|#)[^\s<>]*)>?(?:[ \t]+["'(].*)?[ \t]*"""
)
_LITERAL = re.compile(r"(?<=[^\W_])\*+(?=[^\W_])|\[\d+\](?![\[(])|`+")
"""What is no markup: asterisks inside a word ("f**k", "2*3*4"), "[1]" where a note is meant, lone backticks."""

_CODE = re.compile(r"(`+)([^`'\n]+)\1(?!`)")
"""Code between backticks; not where an apostrophe stands inside, for that is how typewriters quote (``so'')."""

_ESCAPED = re.compile(r"\\([*_`\[\]])")
_BLANK = Line("", "")
_LONGEST_REFERENCE = 2_000
_LONGEST_BLOCK = 20_000
"""Characters that are read at once for links and emphasis: memory stays bounded where no line is blank."""


_References = dict[str, dict[str, str]]


class _Kind(Enum):
    TEXT = auto()
    HEADING = auto()
    CODE = auto()
    GAP = auto()


def lines(text: str, *, strictly: bool) -> list[Line]:
    """The lines of ``text`` as they are read, without markup.

    Fenced code keeps what stands between its fences, and HTML stays but for
    comments. Images go with their alternative text. A heading stands between
    blank lines. In what is ``strictly`` Markdown, a backslash goes before any
    punctuation mark, and "&amp;" is "&"; elsewhere it goes only before a mark of
    links and emphasis, and entities stay.
    """
    parser = _parser(strictly=strictly)
    raw = _without_comments(text).split("\n")
    references = dict(filter(None, map(_reference, raw)))
    found: list[Line] = []
    for kind, run in groupby(_told_apart(raw), key=lambda pair: pair[0]):
        contents = [content for _, content in run]
        if kind is _Kind.TEXT:
            for block in _blocks(contents):
                found += _read(block, parser, references)
        elif kind is _Kind.HEADING:
            for content in contents:
                found += _BLANK, _heading(content, parser, references), _BLANK
        else:
            found += (Line(content, content) for content in contents)
    return found


def _without_comments(text: str) -> str:
    kept, end = [], 0
    while (start := text.find("<!--", end)) >= 0 and (close := text.find("-->", start)) >= 0:
        kept.append(text[end:start])
        end = close + len("-->")
    return "".join([*kept, text[end:]])


def _reference(line: str) -> tuple[str, dict[str, str]] | None:
    """The label and the address that a link reference (``[label]: https://…``) defines, as markdown-it wants them."""
    match = _REFERENCE.fullmatch(line) if len(line) <= _LONGEST_REFERENCE else None
    return match and (normalizeReference(match[1]), {"href": match[2], "title": ""})


def _told_apart(raw: Iterable[str]) -> Iterator[tuple[_Kind, str]]:
    """Each line with its kind, without the marks at its beginning."""
    fence = ""
    for line in raw:
        if fence:
            closed = line.strip().startswith(fence) and set(line.strip()) == {fence[0]}
            yield (_Kind.GAP, "") if closed else (_Kind.CODE, line)
            fence = "" if closed else fence
        elif opened := _FENCE.fullmatch(line):
            fence = opened[1]
            yield _Kind.GAP, ""
        else:
            content = _QUOTE.sub("", line, count=1) if _QUOTE.match(line) else line
            if not content.strip() or _RULE.fullmatch(content) or _reference(content):
                yield _Kind.GAP, ""
            elif _HEADING.match(content):
                yield _Kind.HEADING, content.strip()
            else:
                yield _Kind.TEXT, content


def _heading(content: str, parser: MarkdownIt, references: _References) -> Line:
    words = content.lstrip("#")
    unclosed = words.rstrip("#")
    (line,) = _read((unclosed if unclosed != unclosed.rstrip() else words).strip(), parser, references)
    return line if line.blank else replace(line, heading=len(content) - len(words))


def _blocks(contents: Iterable[str]) -> Iterator[str]:
    """Consecutive lines of text, joined as far as they are read at once."""
    block: list[str] = []
    size = 0
    for content in contents:
        if block and size + len(content) > _LONGEST_BLOCK:
            yield "\n".join(block)
            block, size = [], 0
        block.append(content)
        size += len(content)
    yield "\n".join(block)


def _read(block: str, parser: MarkdownIt, references: _References) -> list[Line]:
    """The lines of a block without links and emphasis."""
    if not _MARKUP.search(block):
        return [Line(text, text) for text in block.split("\n")]
    read: list[str] = []
    unlinked: list[str] = []
    depth = 0
    (inline,) = parser.parseInline(block, {"references": references})
    for token in inline.children or ():
        depth += token.nesting if token.type.startswith("link_") else 0
        content = {"text": token.content, "code_inline": token.content, "hardbreak": "\n"}.get(token.type, "")
        read.append(content)
        unlinked.append("\n" * content.count("\n") if depth else content)
    return list(map(Line, "".join(read).split("\n"), "".join(unlinked).split("\n")))


class _Inline(MarkdownIt):
    """Takes any address for an address and shows it as it is written."""

    def validateLink(self, url: str) -> bool:  # noqa: ARG002, N802 - the library's name
        return True

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802 - the library's name
        return link


@cache
def _parser(*, strictly: bool) -> MarkdownIt:
    parser = _Inline("zero").enable(["link", "image", "autolink", "emphasis", "balance_pairs"])
    parser.inline.ruler.before("emphasis", "code", _take_code)
    parser.inline.ruler.after("code", "literal", _take_literally)
    if strictly:
        parser.enable(["escape", "entity"])
    else:
        parser.inline.ruler.before("code", "escaped", _take_escaped)
    return parser


def _take_escaped(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - called by the library
    match = _ESCAPED.match(state.src, state.pos)
    if match is None:
        return False
    if not silent:
        state.pending += match[1]
    state.pos = match.end()
    return True


def _take_code(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - called by the library
    match = _CODE.match(state.src, state.pos)
    if match is None:
        return False
    if not silent:
        state.push("code_inline", "code", 0).content = match[2]
    state.pos = match.end()
    return True


def _take_literally(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - called by the library
    match = _LITERAL.match(state.src, state.pos)
    if match is None or (match[0][0] == "*" and _is_unspaced(state.src[match.start() - 1], state.src[match.end()])):
        return False
    if not silent:
        state.pending += match[0]
    state.pos = match.end()
    return True


def _is_unspaced(before: str, after: str) -> bool:
    """Whether one of the characters is of a script without spaces, where emphasis always stands inside a "word"."""
    return "Lo" in {unicodedata.category(before), unicodedata.category(after)}
