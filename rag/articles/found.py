"""Which blocks of a web page trafilatura takes for its article's, which are copies, and which are of other articles."""

from __future__ import annotations

import itertools
import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from rag.articles import marks
from rag.articles.marks import Mark
from rag.articles.markup import Block

if TYPE_CHECKING:
    from lxml.etree import _Element
    from lxml.html import HtmlElement

_LONG = 40
_LONG_RUN = 300
_MANY = 3
"""Letters of a block that is hardly there twice by chance, letters and number of blocks in a row that are."""

_FEW = 2
"""Sentences, or paragraphs of them, that a page shows of an article that it leads to."""

_LEAST = 25
"""Letters of a block that may stand within a line that trafilatura put together of several."""

_LEAST_EXTRACTED = 50
"""Characters from which on trafilatura's first find is taken, and not all of the page instead."""

_LITTLE = 400
"""Letters of a page without a sentence, of which trafilatura does not find the right part."""

_MOST_BLOCKS = 20_000
_MOST_TEXT = 2_000_000
"""Blocks and characters of a page that trafilatura is asked about; its time grows faster than they do."""

_SENTENCE_END = (*".!?…:;,", "。", "！", "？", "؟", "।", "۔")
_CLOSERS = "\"'”’»)]」』）】"
_IDEOGRAPH = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_DENSE = 2
"""How many letters more a character of Chinese, Japanese or Korean counts for."""

_NO_LETTER = re.compile(r"[\W_]+")


@dataclass(slots=True)
class Placed:
    """A block with its number in the page, its letters, and whether it was found, and is one of several copies."""

    block: Block
    number: int
    letters: str
    found: bool
    original: int
    copied: bool = False

    @property
    def weight(self) -> int:
        """How much it says, in letters."""
        return len(self.letters) + _DENSE * len(_IDEOGRAPH.findall(self.letters))


def is_prose(block: Block) -> bool:
    """Whether a block is a sentence or more, and not a title or a button."""
    text = block.text
    length = len(text) + _DENSE * len(_IDEOGRAPH.findall(text))
    return length > _LONG and text.rstrip(_CLOSERS).endswith(_SENTENCE_END) and not block.is_link


def bare(text: str) -> str:
    """The letters and digits of a text, without case."""
    return _NO_LETTER.sub("", text.casefold())


def placed(tree: _Element, blocks: Sequence[Block]) -> list[Placed]:
    """The blocks of a page, each told whether it was found.

    Where no sentence was found, trafilatura is asked again without the names of the
    page's elements, for its patterns take them for something else. A page with but a
    few words is not one that it can judge.
    """
    small = len(blocks) <= _MOST_BLOCKS and sum(len(block.text) for block in blocks) <= _MOST_TEXT
    told = list(_told(blocks, _extracted(tree) if small else None))
    if not any(map(is_prose, blocks)) and sum(each.weight for each in told) <= _LITTLE:
        for each in told:
            each.found = each.found or not each.block.is_link
    elif any(map(is_prose, blocks)) and not any(each.found and is_prose(each.block) for each in told):
        told = list(_told(blocks, _extracted(_unnamed(tree))))
    _tell_copies(told)
    return told


def others(placed: Sequence[Placed], title: str) -> set[_Element]:
    """The elements with other articles than the one of this title, where the page says which one that is.

    They are those that show titles as this one has, and those that show a title
    which leads to it. Nothing in them counts as found. Where little was found of the
    article itself, and no more elsewhere, its sentences are taken instead of that.
    """
    sizes: Counter[_Element] = Counter()
    sentences: Counter[_Element] = Counter()
    headed: dict[_Element, list[Placed]] = {}
    for each in placed:
        around = [one for one in each.block.element.iterancestors() if marks.is_article(one)]
        around = [one for one in around if not marks.holds_article(one)]
        if around and is_prose(each.block):
            sizes[around[-1]] += each.weight
            sentences.update({around[0], around[-1]})
        for one in {*around[:1], *around[-1:]} if each.block.heading else ():
            headed.setdefault(one, []).append(each)
    titled = {
        element: heading
        for element, headings in headed.items()
        for heading in headings
        if title and heading.letters == title and sentences[element]
    }
    if not titled:
        return set()
    chosen = max(titled, key=lambda each: sizes[each])
    level = titled[chosen].block.heading
    outer = {each for each in sizes if not any(one is chosen for one in each.iterancestors())}
    found = {
        element
        for element, headings in headed.items()
        if (all(each.block.is_link for each in headings) and sentences[element] <= _FEW)
        or (element in outer and sentences[chosen] >= _FEW and any(each.block.heading == level for each in headings))
    } - {chosen, *chosen.iterancestors()}
    _tell_declared(placed, chosen, found)
    return found


def _extracted(tree: _Element) -> str | None:
    """The text that trafilatura takes for the article's; ``None`` where it fails."""
    import trafilatura
    from trafilatura.settings import use_config

    log = logging.getLogger("trafilatura")
    if not log.handlers:  # what it says of a page is nothing that a person can act on
        log.addHandler(logging.NullHandler())
    page = cast("HtmlElement", tree)
    try:
        config = use_config()
        config.set("DEFAULT", "MIN_EXTRACTED_SIZE", str(_LEAST_EXTRACTED))
        config.set("DEFAULT", "MIN_OUTPUT_SIZE", "1")
        document = trafilatura.bare_extraction(page, include_comments=False, include_tables=True, config=config)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - it may raise anything on a strange page, which is read without it then
        return None
    return getattr(document, "text", None) or ""


def _unnamed(tree: _Element) -> _Element:
    """A copy of a page without the names of its elements."""
    bare = deepcopy(tree)
    for element in bare.iter():
        for name in ("class", "id", "role"):
            element.attrib.pop(name, None)
    return bare


def _told(blocks: Sequence[Block], extracted: str | None) -> Iterator[Placed]:
    """The blocks, told which of them were extracted; of a page too large for that, sentences are taken for found."""
    lines = set(map(bare, (extracted or "").split("\n"))) - {""}
    together = bare(extracted or "")
    seen: dict[str, int] = {}
    for number, block in enumerate(blocks):
        letters = bare(block.text)
        found = letters in lines or any(bare(line.text) in lines for line in block.lines)
        found = found or (len(letters) > _LEAST and letters in together) or (extracted is None and is_prose(block))
        yield Placed(block, number, letters, found, seen.setdefault(letters, number))


def _tell_copies(placed: Sequence[Placed]) -> None:
    """Marks what the page has twice, several blocks in a row; a sentence alone may well be said twice."""
    run: list[Placed] = []
    for each in (*placed, None):
        copy = each is not None and each.original < each.number
        if each is not None and copy and run and each.original == run[-1].original + 1:
            run.append(each)
            continue
        if len(run) >= _MANY and sum(len(one.letters) for one in run) > _LONG_RUN:
            for one in run:
                one.copied = True
        run = [each] if each is not None and copy else []


def _tell_declared(placed: Sequence[Placed], chosen: _Element, others: set[_Element]) -> None:
    """Marks what is found by the article that is ``chosen``, and not by ``others``."""
    inside: list[Placed] = []
    outside: list[Placed] = []
    for each in placed:
        around = (each.block.element, *each.block.element.iterancestors())
        if not others.isdisjoint(around):
            each.found = False
        elif any(one is chosen for one in around):
            inside.append(each)
        elif each.found and not each.copied:
            outside.append(each)
    prose = [each for each in inside if is_prose(each.block) and not _is_named_else(each.block, chosen)]
    found = sum(each.weight for each in inside if each.found)
    if found * 2 < sum(each.weight for each in prose) >= sum(each.weight for each in outside):
        for each in (*inside, *outside):
            each.found = False
        for each in prose:
            each.found = True


def _is_named_else(block: Block, container: _Element) -> bool:
    """Whether an element between a block and what contains it is called something else than an article's."""
    around = itertools.takewhile(lambda each: each is not container, (block.element, *block.element.iterancestors()))
    return any(marks.mark(each) >= Mark.ASIDE for each in around)
