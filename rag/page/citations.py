"""A citation as HTML: its quote with who says it, its passage, and what can be done with it."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from markupsafe import Markup

from rag import references
from rag.page import kept as keeping
from rag.page import markup
from rag.references import Kept

if TYPE_CHECKING:
    from rag import ArticleInfo, Citation, Digest, Why

MATCHES = MappingProxyType({"strong": "Strong match", "fair": "Fair match", "weak": "Weak match"})


def quote(citation: Citation) -> Markup:
    """A quote with who says it."""
    return Markup('{quote}<p class="attribution">{who}&nbsp;<a href="#passage-{rank}">[{rank}]</a></p>').format(
        quote=_block_quote(citation), who=origin(citation.article, or_title=True), rank=citation.rank
    )


def _block_quote(citation: Citation) -> Markup:
    """A quote; only the words of the original stand in quotation marks."""
    return Markup('<blockquote class="{}" dir="auto"><p>{}</p></blockquote>').format(
        "paraphrase" if citation.article.digest_of else "verbatim", citation.quote
    )


def card(citation: Citation, question: str) -> Markup:
    """A cited passage, found for a question, with its quote marked."""
    article, original = citation.article, citation.article.digest_of
    start, end = citation.quote_start - citation.start, citation.quote_end - citation.start
    return Markup(
        '<li id="passage-{rank}"><article aria-labelledby="title-{rank}">'
        '<h3 id="title-{rank}" dir="auto">{title}</h3>{digester}<p class="byline">{origin}</p>{also}'
        '<p class="passage" dir="auto">{before}<mark>{quote}</mark>{after}</p>'
        '<p class="details">{read}{link}<button type="button" class="plain" data-do="keep" aria-pressed="false" '
        '{place} data-kept="{kept}" aria-label="{keep}">Keep</button><span class="match">{match}</span>'
        '<span class="path">{path}</span></p>{copy}{why}</article></li>'
    ).format(
        rank=citation.rank,
        title=article.title,
        digester=Markup('<p class="byline">{}</p>').format(markup.line([article.source, article.author]))
        if original
        else "",
        origin=origin(article),
        also=Markup("").join(
            Markup('<p class="byline">Also in {}</p>').format(_also(other)) for other in citation.also
        ),
        before=markup.text(citation.text[:start]),
        quote=markup.text(citation.text[start:end]),
        after=markup.text(citation.text[end:]),
        link=_original(citation),
        read=_read(citation),
        place=_place(citation),
        # Why it was found is long, and of use only here.
        kept=keeping.write(Kept(replace(citation, why=None), question)),
        keep=f"Keep: {article.title}",
        copy=_copies(citation),
        match=MATCHES[citation.match],
        path=article.path,
        why=Markup("") if citation.why is None else _why(citation.why, citation),
    )


def kept(each: Kept) -> Markup:
    """A citation that is kept, with the note on it."""
    citation = each.citation
    return Markup(
        '<li><article aria-label="{title}">{quote}<p class="byline">{origin}</p>{question}'
        '<label>Note<textarea rows="2" data-do="note" {place}>{note}</textarea></label>'
        '<p class="details">{read}{link}<button type="button" class="plain" data-do="keep" {place} '
        'aria-label="{drop}">Remove</button><span class="path">{path}</span></p>{copy}</article></li>'
    ).format(
        title=citation.article.title,
        quote=_block_quote(citation),
        origin=markup.line([citation.article.title, *_who(citation.article), markup.day(citation.article.published)]),
        question=markup.note("byline", f"Found for “{each.question}”" if each.question else ""),
        place=_place(citation),
        note=each.note,
        read=_read(citation),
        link=_original(citation),
        drop=f"Remove: {citation.article.title}",
        path=citation.article.path,
        copy=_copies(citation),
    )


def _place(citation: Citation) -> Markup:
    """What tells one citation from all others, as attributes."""
    return Markup('data-article="{}" data-quote-start="{}" data-quote-end="{}"').format(
        citation.article.id, citation.quote_start, citation.quote_end
    )


def _read(citation: Citation) -> Markup:
    """What opens the whole article at the quote."""
    return Markup(
        '<button type="button" class="plain" data-do="read" {} data-start="{}" data-end="{}" data-link="{}" '
        'aria-label="{}">Read in the article</button>'
    ).format(
        _place(citation),
        *(citation.start, citation.end, citation.link or ""),
        f"Read in the article: {citation.article.title}",
    )


def _original(citation: Citation) -> Markup:
    """What opens the page that the article is from, at the quote."""
    original = citation.article.digest_of
    return markup.link(citation.link, f"Read the original: {(original and original.title) or citation.article.title}")


def _copies(citation: Citation) -> Markup:
    """The citation to copy, in each form, to unfold."""
    forms = (
        ("Plain text", references.plain(citation)),
        ("Markdown", references.markdown(citation)),
        ("BibTeX", references.bibtex([citation])),
        ("RIS", references.ris([citation])),
    )
    buttons = (
        Markup('<button type="button" class="plain" data-do="copy" data-text="{}">{}</button>').format(text, name)
        for name, text in forms
    )
    return Markup('<details class="copy"><summary>Copy citation</summary><p>{}</p></details>').format(
        Markup(" ").join(buttons)
    )


def _why(why: Why, citation: Citation) -> Markup:
    """Why a passage was found, to unfold: the parts of its score, and which words answered to which."""
    parts = (
        ("The question’s words, by their meaning", why.late_interaction),
        ("The closest sentence, as a whole", why.sentence_cosine),
        ("Words in common, rare ones first", why.bm25),
    )
    measured = Markup("").join(
        Markup('<div><dt>{}</dt><dd><span class="bar"><i style="width: {:.0%}"></i></span> {:.2f}</dd></div>').format(
            name, min(1.0, max(0.0, value)), value
        )
        for name, value in parts
    )
    words = Markup("").join(
        Markup("<li>{} → <b>{}</b> <small>{:.2f}</small></li>").format(word.asked, word.found, word.cosine)
        for word in why.words
    )
    return Markup(
        '<details class="why"><summary>Why this passage</summary><p>Its strength is {:.2f}, where questions that these '
        "articles surely answer come to 1; its score is {:.2f}, of parts from 0 to 1:</p>"
        "<dl>{}</dl><p>Each word of the question, and the passage’s word that comes nearest to it:</p><ul>{}</ul>"
        "</details>"
    ).format(citation.strength, citation.score, measured, words)


def _also(article: ArticleInfo) -> Markup:
    """A further article that carries the passage, with its file, which may be all in which it differs."""
    return markup.line([article.title, article.source, article.author, markup.day(article.published), article.path])


def origin(article: ArticleInfo, *, or_title: bool = False) -> Markup:
    """Whose words, and when; of a digest, whose words it sums up. Where that is not known, perhaps the title."""
    names = _who(article)
    if or_title and not any(names):
        names = [article.title]
    return markup.line([*names, markup.day(article.published)])


def _who(article: ArticleInfo) -> list[str | None]:
    return [_digest(article.digest_of)] if article.digest_of else [article.source, article.author]


def _digest(original: Digest) -> Markup:
    title = Markup("“<cite>{}</cite>”").format(original.title) if original.title else "an article"
    author = f" by {original.author}" if original.author else ""
    source = f" in {original.source}" if original.source else ""
    return Markup("Digest of {}{}{}").format(title, author, source)
