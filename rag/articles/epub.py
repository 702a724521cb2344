"""Electronic books (.epub): one article, or the many of a magazine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from rag.articles import cleaning, dates, document, markup, metadata
from rag.articles.decoding import decode
from rag.articles.draft import Draft, Line, Metadata, Source
from rag.articles.package import Package, local, opened
from rag.errors import BrokenFileError, EncryptedFileError

if TYPE_CHECKING:
    from lxml.etree import _Element

_PAGES = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document"})
_ASIDE = re.compile(
    r"\b(?:cover|titlepage|halftitlepage|toc|landmarks|loi|lot|page-list|copyright-page|colophon|index)\b"
)
"""What of a book is no part of its text, by what its pages say that they are."""

_FONTS = frozenset({"http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"})
"""How fonts are disguised, which locks no text."""

_NOBODY = {
    *("anonymous", "calibre", "editor", "editors", "instapaper", "n/a", "none", "omnivore", "pandoc", "pocket"),
    *("unknown", "unknown author", "various", "various authors", "wallabag"),
}
"""Who is named as author or publisher where a program has to name somebody, or names itself."""

_PERIODICAL = re.compile(r"\b(?:periodical|magazine|newspaper|journal)\b", re.IGNORECASE)
_ISSUE = re.compile(r"\s*\[[^\[\]]*\d[^\[\]]*\]$")
"""The day that calibre puts after the name of a newspaper."""

_DOWNLOADED = re.compile(r"this article was downloaded by\W+calibre\W+from\W+(?P<url>https?://\S+)", re.IGNORECASE)
_CHAPTER = re.compile(
    r"(?:chapter|part|book|section|kapitel|teil|chapitre|capítulo|capitolo|глава|часть)\b.*|[ivxlc]{1,7}\b\.?.{0,60}"
    r"|\d{1,3}\b\.?.{0,60}|(?:prologue|epilogue|introduction|conclusions?|preface|foreword|afterword|acknowledge?ments?"
    r"|appendix|notes|bibliography|glossary|about the authors?|dedication|summary|abstract|background|methods?|results"
    r"|discussion|references)\b.{0,20}",
    re.IGNORECASE,
)
"""What the parts of one work are called."""

_MENU = 3
"""Blocks that lead to other pages, from which on a page of a newspaper is a menu."""

_FEWEST_WORDS = 40
"""Words of a page of a book that may be an article by itself."""

_REFERENCE = re.compile(r"\b(?:noteref|footnote-ref|doc-noteref)\b")
_WAY_BACK = re.compile(r"\b(?:backlink|footnote-back|doc-backlink)\b")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_MOMENT = re.compile(r"T(?!00:00(?::00)?(?:\.0+)?(?:Z|[+-]00:?00)?$)")
_OLDEST = date(1000, 1, 1)
"""Books without a date are dated before."""


def read_epub(source: Source) -> Iterator[Draft]:
    """The article of a book, or, where it is a magazine or a collection, each of its articles.

    It is a collection where it says that it is a periodical; else where two or
    more of its pages have bylines or dates of their own; else where it names
    nobody as its author, and its pages have titles that are not those of
    chapters. An article's member then is "#" and its place among the pages; its
    source is the publisher, or the book. What a page without a title holds
    belongs to the one before.

    A book's date is that of its publication; the moment in which a program saved
    it is none.

    Raises:
        BrokenFileError: It is damaged or no book.
        EncryptedFileError: It is locked.
        UnsafeArchiveError: It would be too large when unpacked.
        ArticleTooLargeError: A page of it has more than 100 MB.
    """
    with opened(source, "an EPUB book") as package:
        if _is_locked(package):
            raise EncryptedFileError(source.path)
        book = _Book.of(package)
        pages = [page for number, name in enumerate(book.spine, start=1) for page in book.page(package, number, name)]
        if _is_collection(book, pages):
            pages = [page for page in pages if not (book.periodical and page.menu >= _MENU)]
            yield from (page.draft(_stated(source, book, alone=False)) for page in _joined(pages) if page.words)
        else:
            whole = _Page(0, tuple(line for page in pages for line in (*page.lines, Line("", ""))))
            yield whole.draft(_stated(source, book, alone=True), book.user)


@dataclass(frozen=True, slots=True)
class _Page:
    """A page of a book, as books are cut: mostly a chapter.

    ``number`` is its place, or 0 for a whole book; ``menu`` is how many blocks
    in it led to other pages and are left out.
    """

    number: int
    lines: tuple[Line, ...]
    menu: int = 0

    @property
    def words(self) -> int:
        """How many there are."""
        return sum(len(line.text.split()) for line in self.lines)

    @property
    def head(self) -> Metadata:
        """What stands at its top; the title only where it is a heading."""
        head, _ = metadata.take_head(self.lines, Metadata())
        headings = {line.text.strip() for line in self.lines if line.heading}
        return head if head.title in headings else replace(head, title=None)

    def draft(self, stated: Metadata, user: str | None = None) -> Draft:
        """The article that it is; what is ``stated`` of it comes first. A program's ``user`` may have signed it."""
        url = next((match["url"] for line in self.lines if (match := _DOWNLOADED.match(line.text.strip()))), None)
        lines = [line for line in self.lines if not _DOWNLOADED.match(line.text.strip())]
        origin, lines = metadata.take_origin(lines)
        lines, sender = cleaning.without_appeal(lines)
        lines = cleaning.without_notices(lines)
        if self.number:  # what the book says of all its articles comes after what each says itself
            head, lines = metadata.take_head(lines, Metadata())
            known = replace(head, url=url).or_else(stated)
        else:
            stated = stated.or_else(Metadata(author=document.signed(user, lines)))
            head, lines = metadata.take_head(lines, stated)
            known = stated.or_else(head).or_else(Metadata(url=url))
        known = known.or_else(origin).or_else(Metadata(source=sender))
        return Draft(known, cleaning.joined(lines) or known.title or "", f"#{self.number}" if self.number else "")


def _stated(source: Source, book: _Book, *, alone: bool) -> Metadata:
    """What is known of an article from the book that it is in."""
    told = book.told
    if not alone:
        told = replace(told, title=None, url=None, source=told.source or _ISSUE.sub("", told.title or "") or None)
    return source.known.or_else(told)


def _is_collection(book: _Book, pages: Sequence[_Page]) -> bool:
    heads = [page.head for page in pages if page.words >= _FEWEST_WORDS]
    titles = {head.title for head in heads if head.title}
    if len(titles) < 2:  # noqa: PLR2004 - one article is no collection
        return False
    signed = sum(bool(head.title and (head.author or head.published)) for head in heads)
    chapters = sum(bool(_CHAPTER.fullmatch(title)) for title in titles)
    return book.periodical or signed > 1 or (book.told.author is None and chapters == 0)


def _joined(pages: Iterable[_Page]) -> Iterator[_Page]:
    """The pages, those without a title of their own as part of the one before."""
    before: _Page | None = None
    for page in pages:
        if before is None or page.head.title:
            if before:
                yield before
            before = page
        else:
            before = replace(before, lines=(*before.lines, Line("", ""), *page.lines))
    if before:
        yield before


@dataclass(frozen=True, slots=True)
class _Book:
    """What a book says of itself, and its pages in reading order, with those that they may point to.

    ``user`` is whom a word processor names as author: mostly whoever typed the text.
    """

    told: Metadata
    user: str | None
    periodical: bool
    spine: tuple[str, ...]

    @classmethod
    def of(cls, package: Package) -> _Book:
        """That of a package.

        Raises:
            BrokenFileError: It does not say what belongs to the book.
        """
        name = _package_document(package)
        root = package.tree(name)
        items: dict[str, str] = {}
        for item in _named(root, "item"):
            place = normpath(join(dirname(name), unquote(item.get("href", "").partition("#")[0])))
            said = item.get("properties", "").split()
            if item.get("media-type", "") in _PAGES and "nav" not in said and place in package:
                items[item.get("id", "")] = place
        aside = {
            normpath(join(dirname(name), unquote(each.get("href", "").partition("#")[0])))
            for each in _named(root, "reference")
            if _ASIDE.search(each.get("type", "").replace("title-page", "titlepage"))
        }
        named = dict.fromkeys(each.get("idref", "") for each in _named(root, "itemref"))
        spine = [items[key] for key in named if key in items]
        if not spine:
            raise BrokenFileError(package.path, "there are no pages in the book")
        told = tuple(place for place in spine if place not in aside) or tuple(spine)
        user = ", ".join(dict.fromkeys(_authors(root))) or None
        return cls(_told(root), user if _is_office(root) else None, _is_periodical(root), told)

    def page(self, package: Package, number: int, name: str) -> Iterator[_Page]:
        """A page, unless it is one of those that are no part of the text."""
        tree = markup.parse(decode(package.read(name), package.path), package.path)
        if tree is None:
            return
        _drop_asides(tree)
        _mark_notes(tree)
        markup.drop_unseen(tree)
        found = list(markup.blocks(tree))
        blocks = [block for block in found if block.heading or not (block.is_link and _leads_within(block))]
        told = {_folded(said) for said in (self.told.title, self.told.author, self.told.source) if said}
        if any(_folded(block.text) not in told and dates.parse(block.text) is None for block in blocks):
            yield _Page(number, tuple(markup.lines(blocks)), len(found) - len(blocks))


def _package_document(package: Package) -> str:
    container = "META-INF/container.xml"
    roots = _named(package.tree(container), "rootfile") if container in package else ()
    named = [each.get("full-path", "") for each in roots]
    named += [part.filename for part in package.parts.values() if part.filename.lower().endswith(".opf")]
    name = next((each for each in named if each in package), None)
    if name is None:
        raise BrokenFileError(package.path, "there is no book in it")
    return name


def _is_locked(package: Package) -> bool:
    """Whether any part of the book is encrypted, fonts left aside."""
    name = "META-INF/encryption.xml"
    if name not in package:
        return False
    return any(
        each.get("Algorithm") not in _FONTS
        for data in _named(package.tree(name), "EncryptedData")
        for each in data
        if local(each) == "EncryptionMethod"
    )


def _named(root: _Element, name: str) -> Iterator[_Element]:
    return (each for each in root.iter() if local(each) == name)


def _said(root: _Element, name: str) -> list[_Element]:
    return [each for each in _named(root, name) if "dc/elements" in str(each.tag) and (each.text or "").strip()]


def _told(root: _Element) -> Metadata:
    titles = [_tidied(each) for each in _said(root, "title")]
    publishers = [name for each in _said(root, "publisher") if _is_somebody(name := _tidied(each))]
    addresses = [_tidied(each) for name in ("source", "identifier") for each in _said(root, name)]
    return Metadata(
        title=next(filter(None, map(document.plausible, titles)), None),
        source=publishers[0] if publishers else None,
        author=None if _is_office(root) else ", ".join(dict.fromkeys(_authors(root))) or None,
        published=_published(root),
        url=next((each for each in addresses if re.fullmatch(r"https?://[^\s/]+/\S+", each)), None),
        language=_language(root),
    )


def _authors(root: _Element) -> Iterator[str]:
    for each in _said(root, "creator"):
        key = (f"#{each.get('id')}", "role")
        roles = [meta.text for meta in _named(root, "meta") if (meta.get("refines"), meta.get("property")) == key]
        roles += [value for name, value in each.attrib.items() if str(name).endswith("}role")]
        if _is_somebody(_tidied(each)) and {"aut", "cre"}.issuperset(roles):
            yield _tidied(each)


def _published(root: _Element) -> date | None:
    """The day of publication; a date with a time of day tells when a program saved the book.

    Of a newspaper that a program has put together, the day is in the title.
    """
    for each in _said(root, "date"):
        event = next((value for name, value in each.attrib.items() if str(name).endswith("}event")), "publication")
        day = None if _MOMENT.search(_tidied(each)) else dates.parse(_tidied(each))
        if event in ("publication", "original-publication", "issued") and day and day >= _OLDEST:
            return day
    issues = (_ISSUE.search(_tidied(each)) for each in _said(root, "title"))
    return next((day for issue in issues if issue and (day := dates.parse(issue[0].strip(" []")))), None)


def _language(root: _Element) -> str | None:
    """The language that the book states, unless its program states the same for every book."""
    if _is_office(root):
        return None
    tags = (_tidied(each).replace("_", "-") for each in _said(root, "language"))
    return next((tag for tag in tags if _LANGUAGE.fullmatch(tag) and tag != "und"), None)


def _is_office(root: _Element) -> bool:
    """Whether a word processor has made the book, which names its user as author and its own language."""
    return any("libreoffice" in (each.get("content") or "").casefold() for each in _named(root, "meta"))


def _is_periodical(root: _Element) -> bool:
    kinds = [(each.text or "") for each in _said(root, "type")]
    metas = ((each.get("name") or "", each.get("content") or "") for each in _named(root, "meta"))
    kinds += [content for name, content in metas if "publication_type" in name]
    return any(map(_PERIODICAL.search, kinds))


def _drop_asides(tree: _Element) -> None:
    """Take out of a page what says that it is a cover, a title page, a table of contents or the like."""
    for each in list(tree.iter("body", "section", "nav", "div")):
        if _ASIDE.search(each.get("epub:type", "")) and each.getparent() is not None:
            each.drop_tree()  # type: ignore[attr-defined]


def _mark_notes(tree: _Element) -> None:
    """Says of references to notes, and of notes, in HTML's words what they are in a book's."""
    for each in list(tree.iter("a")):
        kind = f"{each.get('epub:type', '')} {each.get('role', '')} {each.get('class', '')}"
        if _REFERENCE.search(kind):
            each.set("role", "doc-noteref")
            each.set("href", "#" + each.get("href", "").rpartition("#")[2])
        elif _WAY_BACK.search(kind) and not "".join(each.itertext()).strip().isdecimal():
            each.drop_tree()  # type: ignore[attr-defined]
    for each in tree.iter("aside", "section", "div", "p", "li"):
        if "note" in each.get("epub:type", "") and "hidden" in each.attrib:
            del each.attrib["hidden"]


def _leads_within(block: markup.Block) -> bool:
    """Whether all links of a block lead to places in the book: it is part of a table of contents, or of a menu."""
    links = [each.get("href", "") for each in block.element.iter("a")]
    return bool(links) and not any(map(_SCHEME.match, links))


def _is_somebody(name: str) -> bool:
    return _folded(name) not in _NOBODY


def _tidied(element: _Element) -> str:
    return " ".join((element.text or "").split())


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
