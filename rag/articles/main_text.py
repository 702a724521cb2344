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
import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from rag.articles import cleaning, dates, marks, markup, metadata
from rag.articles.draft import Metadata
from rag.articles.marks import Mark
from rag.articles.markup import Block

if TYPE_CHECKING:
    from lxml.etree import _Element
    from lxml.html import HtmlElement

_NEARLY_ALL = 0.8
"""The share of what was found that is in the core."""

_LARGE = 0.3
_MUCH = 400
_HALF = 0.5
"""The share of what was found, and its letters, from which on an element is a part of the article, whatever it is
called; where there are fewer letters, it takes the greater share: an appeal may be as long as a paragraph."""

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

_MOST_BLOCKS = 20_000
_MOST_TEXT = 2_000_000
"""Blocks and characters of a page that trafilatura is asked about; its time grows faster than they do."""

_FAR = 4
"""Elements between a block and the one that holds the paragraphs around it."""

_SENTENCE_END = (*".!?…:;,", "。", "！", "？", "؟", "।", "۔")
_CLOSERS = "\"'”’»)]」』）】"
_IDEOGRAPH = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_DENSE = 2
"""How many letters more a character of Chinese, Japanese or Korean counts for."""

_LEAST_UNSAID = 100
"""Letters from which on what is no sentence (a poem, a language that ends none with a mark) is an article."""

_LONGEST_NOTICE = 500
"""Characters."""

_IN_PLACE = (
    re.compile(
        r"(?:enable|turn on|activate|allow|requires?|need|without|disabled|switched off|not enabled|not support)\b"
        r".{0,40}\bjavascript\b|\bjavascript\b.{0,40}\b(?:is|in|to)\b.{0,30}"
        r"(?:disabled|required|needed|turned off|not enabled|enable|browser|continue|proceed)",
        re.IGNORECASE,
    ),
    re.compile(
        r"\bjavascript\b.{0,60}(?:aktivier|einschalten|deaktiviert|activ|habilit|abilit|включ|disattiv)"
        r"|(?:aktivieren|schalten|activ\w+|habilit\w+|abilit\w+|attiv\w+|включите)\b.{0,40}\bjavascript\b"
        r"|(?:启用|啟用|開啟|开启|有効).{0,20}javascript|javascript.{0,20}(?:启用|啟用|開啟|开启|有効|無効)",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?:checking|verif\w+) (?:that |if )?(?:your browser|(?:that )?you are (?:a )?human|the site connection)"
        r"|\b(?:complete|solve) the (?:captcha|security check)|unusual (?:traffic|activity) from your",
        re.IGNORECASE,
    ),
)
"""What is said where the article is shown only by a script, or after a test."""

_NO_LETTER = re.compile(r"[\W_]+")

_LEAD = re.compile(r"intro|lead|lede|standfirst|dek|subtitle|sub-?head|summary|excerpt|abstract|teaser", re.IGNORECASE)
_DATED = re.compile(r"(?:first |last )?(?:updated|published|posted|by)\b", re.IGNORECASE)


@dataclass(slots=True)
class _Placed:
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

    placed: list[_Placed]
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
    small = len(blocks) <= _MOST_BLOCKS and sum(len(block.text) for block in blocks) <= _MOST_TEXT
    page = Page(list(_placed(blocks, _extracted(tree) if small else None)))
    if not any(each.found and is_prose(each.block) for each in page.placed) and any(map(is_prose, blocks)):
        page = Page(list(_placed(blocks, _extracted(_unnamed(tree)))))
    _tell_copies(page.placed)
    page.others = _others(page.placed, _letters(title or ""))
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


def shows_article(blocks: Sequence[Block], *, scripted: bool) -> bool:
    """Whether blocks are an article, and not only links, labels, or what a page shows in place of one.

    Where there is no sentence among them, a page that is ``scripted`` must show the
    more.
    """
    text = " ".join(block.text for block in blocks if not block.heading)
    if len(text) <= _LONGEST_NOTICE and any(notice.search(text) for notice in _IN_PLACE):
        return False
    free = "".join(line.unlinked for block in blocks if not block.heading for line in block.lines)
    least = _LEAST_UNSAID if scripted else 1
    return any(map(is_prose, blocks)) or len(_letters(free)) >= least


def is_prose(block: Block) -> bool:
    """Whether a block is a sentence or more, and not a title or a button."""
    text = block.text
    length = len(text) + _DENSE * len(_IDEOGRAPH.findall(text))
    return length > _LONG and text.rstrip(_CLOSERS).endswith(_SENTENCE_END) and not block.is_link


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
    """A copy of a page without the names of its elements, for which trafilatura takes them for something else."""
    bare = deepcopy(tree)
    for element in bare.iter():
        for name in ("class", "id", "role"):
            element.attrib.pop(name, None)
    return bare


def _placed(blocks: Sequence[Block], extracted: str | None) -> Iterator[_Placed]:
    """The blocks, told which of them were extracted; of a page too large for that, sentences are taken for found."""
    lines = set(map(_letters, (extracted or "").split("\n"))) - {""}
    together = _letters(extracted or "")
    seen: dict[str, int] = {}
    for number, block in enumerate(blocks):
        letters = _letters(block.text)
        found = letters in lines or any(_letters(line.text) in lines for line in block.lines)
        found = found or (len(letters) > _LEAST and letters in together) or (extracted is None and is_prose(block))
        yield _Placed(block, number, letters, found, seen.setdefault(letters, number))


def _tell_copies(placed: Sequence[_Placed]) -> None:
    """Marks what the page has twice, several blocks in a row; a sentence alone may well be said twice."""
    run: list[_Placed] = []
    for each in (*placed, None):
        copy = each is not None and each.original < each.number
        if each is not None and copy and run and each.original == run[-1].original + 1:
            run.append(each)
            continue
        if len(run) >= _MANY and sum(len(one.letters) for one in run) > _LONG_RUN:
            for one in run:
                one.copied = True
        run = [each] if each is not None and copy else []


def _others(placed: Sequence[_Placed], title: str) -> set[_Element]:
    """The elements with other articles than the one of this title, where the page says which one that is.

    They are those that show titles as this one has, and those that show a title
    which leads to it. Nothing in them counts as found. Where little was found of the
    article itself, and no more elsewhere, its sentences are taken instead of that.
    """
    sizes: Counter[_Element] = Counter()
    sentences: Counter[_Element] = Counter()
    headed: dict[_Element, list[_Placed]] = {}
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
    others = {
        element
        for element, headings in headed.items()
        if (all(each.block.is_link for each in headings) and sentences[element] <= _FEW)
        or (element in sizes and sentences[chosen] >= _FEW and any(each.block.heading == level for each in headings))
    } - {chosen, *chosen.iterancestors()}
    _tell_declared(placed, chosen, others)
    return others


def _tell_declared(placed: Sequence[_Placed], chosen: _Element, others: set[_Element]) -> None:
    """Marks what is found by the article that is ``chosen``, and not by ``others``."""
    inside: list[_Placed] = []
    outside: list[_Placed] = []
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


def _core(page: Page, tree: _Element) -> _Element:
    """The smallest element with nearly all that was found, and with most of its blocks: it is no paragraph of several."""
    blocks: Counter[_Element] = Counter()
    for each in page.placed:
        if each.found and not each.copied:
            blocks.update((each.block.element, *each.block.element.iterancestors()))
    core = tree
    while True:
        inner = max(core, key=lambda each: page.weights[each], default=None)
        if inner is None or page.weights[inner] < _NEARLY_ALL * page.found or blocks[inner] * 2 <= blocks[tree]:
            return core
        core = inner


def _title(page: Page, title: str | None) -> int | None:
    """The number of the block with the title: that with its words, or the last chief heading above the core."""
    letters = _letters(title or "")
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


def _belongs(page: Page, each: _Placed) -> bool:
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
    letters = len(_letters(block.text))
    free = len(_letters("".join(line.unlinked for line in block.lines)))
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


def _letters(text: str) -> str:
    return _NO_LETTER.sub("", text.casefold())
