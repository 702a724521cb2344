"""Web pages: the article in them, and what they say of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import escape

from rag.articles import cleaning, html_byline, html_head, main_text, markup, metadata, shells
from rag.articles.draft import Draft, Metadata, Source
from rag.errors import NoArticleError

_MARKUP = re.compile(r"<(?:p|br|div)\b", re.IGNORECASE)


def read_html(source: Source) -> Iterator[Draft]:
    """The one article of a saved web page.

    What the page says of itself comes before what is known of it from outside.

    Raises:
        UndecodableError: The bytes are no text.
        BrokenFileError: They are no HTML.
        NoArticleError: The page has words, but shows no article.
    """
    draft = from_page(markup.decoded(source.data, source.path), source.path, source.known.url)
    if draft is not None:
        yield draft


def from_page(text: str, path: str, address: str | None) -> Draft | None:
    """The article in a web page that was found at ``address``; ``None`` where there is no word in it.

    Raises:
        BrokenFileError: It is no HTML.
        NoArticleError: There are words, but no article.
    """
    draft = _draft(text, Metadata(), path, address, whole=False)
    if draft is None and _shows_anything(text, path):
        raise NoArticleError(path)
    return draft


def from_html(text: str, known: Metadata, path: str, *, whole: bool = False) -> Draft | None:
    """The article in markup, a whole page or a piece of one; ``None`` where there is none in it.

    What is ``known`` comes before what the markup says of itself. ``whole`` says
    that there is nothing but the article in it, as in a book or a message, so that
    nothing is looked for around it.

    Raises:
        BrokenFileError: It is no HTML.
    """
    return _draft(text, known, path, known.url, whole=whole)


def _draft(text: str, known: Metadata, path: str, address: str | None, *, whole: bool) -> Draft | None:
    tree = markup.parse(text, path)
    if tree is None:
        return None
    head = html_head.read(tree, address or html_head.saved_from(text))
    scripted = next(tree.iter("script"), None) is not None
    markup.drop_unseen(tree)
    blocks = list(markup.blocks(tree))
    headings = [block.text for block in blocks if block.heading == 1]
    stated = replace(head.stated, title=html_head.title(head.stated.title, headings, head.stated.source))
    stated = known.or_else(stated)
    if whole:
        stated = stated.or_else(Metadata(published=head.dated))
        blocks = main_text.shown(blocks)
    else:
        page = main_text.survey(tree, blocks, stated.title)
        stated = stated.or_else(html_byline.shown(page, tree, stated)).or_else(Metadata(published=head.dated))
        blocks = main_text.article(page)
        if not shells.shows_article(blocks, scripted=scripted):
            return _from_body(head.body, stated, path)
    origin, lines = metadata.take_origin(markup.lines(blocks))
    lines, sender = cleaning.without_appeal(lines)
    shown, lines = metadata.take_head(cleaning.without_notices(lines), stated)
    stated = stated.or_else(shown).or_else(origin).or_else(Metadata(source=sender))
    words = cleaning.joined(lines) or (shown.title if whole else None)
    return Draft(stated, words) if words else None


def _shows_anything(text: str, path: str) -> bool:
    """Whether there are words in a page, or scripts that would show some."""
    tree = markup.parse(text, path)
    return tree is not None and (
        next(tree.iter("script"), None) is not None or next(markup.blocks(tree), None) is not None
    )


def _from_body(body: str, stated: Metadata, path: str) -> Draft | None:
    """The article in the text that a page, which shows none without its scripts, gives to search engines."""
    if not _MARKUP.search(body):
        body = escape(body, quote=False).replace("\n", "<br>")
    return _draft(body, stated, path, stated.url, whole=True) if body.strip() else None
