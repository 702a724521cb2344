"""Which part of a web page is its article.

Trafilatura says which lines are. It loses short paragraphs, lists and quotes,
and what its patterns take for something else, and it changes some of what it
keeps. So it is only asked where the article stands: in the smallest part of the
page, its core, that holds nearly all that was found. From there on the page's own
blocks count, as a reader sees them: those of the core, what stands between the
title and the core, and what trafilatura found elsewhere, without what the names
of its elements say is something else. On the pages of article-extraction-benchmark
and of trafilatura's own evaluation this loses less than trafilatura by itself,
and adds as much.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rag.articles import cleaning, dates, marks, markup, metadata
from rag.articles.draft import Metadata
from rag.articles.found import Placed, bare, is_prose, others, placed
from rag.articles.marks import Mark
from rag.articles.markup import Block

if TYPE_CHECKING:
    from lxml.etree import _Element

_NEARLY_ALL = 0.8
"""The share of what was found that is in the core."""

_LARGE = 0.3
_MUCH = 400
_HALF = 0.5
"""The share of what was found, and its letters, from which on an element is a part of the article, whatever it is
called; where there are fewer letters, it takes the greater share: an appeal may be as long as a paragraph."""

_FAR = 4
"""Elements between a block and the one that holds the paragraphs around it."""

_LONG = 40
"""Characters of what is more than a label."""

_LEAD = re.compile(r"intro|lead|lede|standfirst|dek|subtitle|sub-?head|summary|excerpt|abstract|teaser", re.IGNORECASE)
_DATED = re.compile(r"(?:first |last )?(?:updated|published|posted|by)\b", re.IGNORECASE)


@dataclass(slots=True)
class Page:
    """The blocks of a page, and where its article stands.

    ``found`` is how many letters of it were found, and ``weights`` how many of
    those each element holds. ``core`` is the smallest element that holds nearly
    all of them, and ``region`` the one around it that says that it is an article;
    ``first`` is the number of the core's first block, and ``title`` that of the
    block with the title. ``homes`` are the elements in the region whose paragraphs
    are made as those of the core, and ``others`` are those with other articles.
    """

    placed: list[Placed]
    weights: Counter[_Element] = field(default_factory=Counter)
    found: int = 0
    core: _Element | None = None
    region: _Element | None = None
    title: int | None = None
    first: int = 0
    homes: set[_Element] = field(default_factory=set)
    others: set[_Element] = field(default_factory=set)
    _marks: dict[_Element, Mark] = field(default_factory=dict)

    @property
    def title_element(self) -> _Element | None:
        """The element with the title."""
        return None if self.title is None else self.placed[self.title].block.element

    def first_prose(self) -> _Element | None:
        """The element with the first sentence of the core."""
        prose = (each.block.element for each in self.placed[self.first :] if each.found and is_prose(each.block))
        return next(prose, None)

    def below_title(self, most: int) -> Iterator[Block]:
        """The blocks, ``most`` of them, between the title and the first sentence of the core."""
        if self.title is None:
            return
        for each in self.placed[self.title + 1 : self.title + 1 + most]:
            if each.number >= self.first and is_prose(each.block):
                return
            yield each.block

    def mark(self, element: _Element) -> Mark:
        """The strongest mark of an element and those around it, the large ones left aside."""
        path: list[_Element] = []
        each: _Element | None = element
        while each is not None and each not in self._marks:
            path.append(each)
            each = each.getparent()
        mark = Mark.NONE if each is None else self._marks[each]
        for each in reversed(path):
            own = Mark.ELSE if each in self.others else marks.mark(each)
            mark = mark if self._is_large(each) else max(mark, own)
            self._marks[each] = mark
        return mark

    def _is_large(self, element: _Element) -> bool:
        weight = self.weights[element]
        return weight > 0 and weight >= (_LARGE if weight >= _MUCH else _HALF) * self.found


def survey(tree: _Element, blocks: Sequence[Block], title: str | None) -> Page:
    """Where the article stands in a page of these blocks; ``title`` is its title, where it is known."""
    page = Page(placed(tree, blocks))
    page.others = others(page.placed, bare(title or ""))
    for each in page.placed:
        if each.found and not each.copied:
            page.found += each.weight
            for element in (each.block.element, *each.block.element.iterancestors()):
                page.weights[element] += each.weight
    if page.found:
        page.core = _core(page, tree)
        page.region = next(filter(marks.is_article, page.core.iterancestors()), page.core)
        page.first = next(each.number for each in page.placed if _within(each.block, page.core))
        page.title = _title(page, title)
        page.homes = _homes(page)
    return page


def article(page: Page) -> list[Block]:
    """The blocks of the article, with its title where the page shows it."""
    kept = [each for each in page.placed if _belongs(page, each)]
    first = {each.number for each in kept}
    kept = [each for each in kept if not (each.copied and each.original in first)]
    if sum(each.weight for each in kept if each.found) * 2 < page.found:  # the names of this page say nothing
        kept = [each for each in page.placed if each.found and not each.copied]
    begin = next((each.number for each in kept if _is_text(each.block)), None)
    end = next((each.number for each in reversed(kept) if _is_text(each.block)), None)
    if begin is None or end is None:
        return [each.block for each in kept if not _is_menu(each.block)]
    above = page.title if page.title is not None and page.title < begin else 0
    return [
        each.block
        for each in kept
        if begin <= each.number <= end or (above <= each.number and not _is_menu(each.block))
    ]


def shown(blocks: Sequence[Block]) -> list[Block]:
    """The blocks without those that say of themselves that they are hidden, unless most of the text is."""
    weights: Counter[_Element] = Counter()
    for block in blocks:
        for element in (block.element, *block.element.iterancestors()):
            if markup.is_hidden(element):
                weights[element] += len(block.text)
    most = sum(len(block.text) for block in blocks) / 2
    hidden = {element for element, weight in weights.items() if weight < most}
    return [each for each in blocks if hidden.isdisjoint((each.element, *each.element.iterancestors()))]


def _core(page: Page, tree: _Element) -> _Element:
    """The smallest element with nearly all that was found, and most of its blocks; it is no paragraph among others."""
    blocks: Counter[_Element] = Counter()
    every: Counter[_Element] = Counter()
    for each in page.placed:
        every.update((each.block.element, *each.block.element.iterancestors()))
        if each.found and not each.copied:
            blocks.update((each.block.element, *each.block.element.iterancestors()))
    core = tree
    while True:
        inner = max(core, key=lambda each: page.weights[each], default=None)
        if inner is None or page.weights[inner] < _NEARLY_ALL * page.found or blocks[inner] * 2 <= blocks[tree]:
            return core
        if every[inner] == 1 < every[core]:
            return core
        core = inner


def _title(page: Page, title: str | None) -> int | None:
    """The number of the block with the title: that with its words, or the last chief heading above the core."""
    letters = bare(title or "")
    same = (each.number for each in page.placed if each.block.heading and letters and each.letters == letters)
    above = (
        each.number
        for each in reversed(page.placed[: page.first + 1])
        if each.block.heading == 1 and page.mark(each.block.element) < Mark.ASIDE
    )
    return next(same, next(above, None))


def _homes(page: Page) -> set[_Element]:
    """The elements in the region that hold sentences in the same way as the core does."""
    kinds = {_kind(each.block) for each in page.placed if each.found and _within(each.block, page.core)}
    return {
        parent
        for each in page.placed
        if is_prose(each.block) and _kind(each.block) in kinds and page.mark(each.block.element) is Mark.NONE
        if (parent := each.block.element.getparent()) is not None and _within(each.block, page.region)
    }


def _belongs(page: Page, each: Placed) -> bool:
    """Whether a block is the article's."""
    block, mark = each.block, page.mark(each.block.element)
    if page.core is None:
        return mark < Mark.ASIDE and not _is_bare_credit(block)
    if mark is Mark.ELSE or _is_bare_credit(block):
        return False
    inside = _within(block, page.core)
    if each.found:
        return inside or each.number < page.first or is_prose(block)
    if mark is not Mark.NONE or block.is_link or inside:
        return mark is Mark.NONE and not block.is_link
    if page.title is not None and page.title < each.number < page.first:
        return is_prose(block) or bool(block.heading) or _is_lead(block)
    return not page.homes.isdisjoint(itertools.islice(block.element.iterancestors(), _FAR))


def _is_bare_credit(block: Block) -> bool:
    """Whether a block stands below a picture and only says whose it is."""
    around = (block.element, *itertools.islice(block.element.iterancestors(), 2))
    caption = any(each.tag in ("figure", "figcaption") or "caption" in each.get("class", "") for each in around)
    return caption and metadata.is_credit(block.text.strip("() "), Metadata())


def _is_lead(block: Block) -> bool:
    """Whether a block above the text is some of its words, and not a label, a name or a date."""
    if _DATED.match(block.text) or dates.taken_out(block.text)[0]:
        return False
    return len(block.text) > _LONG or bool(_LEAD.search(block.element.get("class", "")))


def _is_menu(block: Block) -> bool:
    """Whether a block is mostly links, several in it."""
    if block.is_link:
        return True
    letters = len(bare(block.text))
    free = len(bare("".join(line.unlinked for line in block.lines)))
    return len(block.lines) > 1 and free * 3 < letters and not is_prose(block)


def _is_text(block: Block) -> bool:
    return is_prose(block) and bool(cleaning.without_notices(block.lines))


def _within(block: Block, container: _Element | None) -> bool:
    return block.element is container or any(each is container for each in block.element.iterancestors())


def _kind(block: Block) -> tuple[object, ...]:
    """The names of a block's element and of the one around it."""
    parent = block.element.getparent()
    above = () if parent is None else (parent.tag, parent.get("class"))
    return (block.element.tag, block.element.get("class"), *above)
