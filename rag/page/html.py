"""Everything that the page shows, as HTML, and the only place that makes any.

All markup goes through :class:`markupsafe.Markup`: ``format`` and ``join``
escape whatever is not markup already, so that a title, a passage or an address
shows as the characters it is made of, whatever they are.
"""

from __future__ import annotations

import re
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from markupsafe import Markup

from rag import references
from rag.page import kept as keeping
from rag.references import Kept

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from rag import Additions, Answer, Article, ArticleInfo, BuildReport, Changes, Citation, Digest, Failure, Hint, Why
    from rag.page.timeline import Bar

MATCHES = MappingProxyType({"strong": "Strong match", "fair": "Fair match", "weak": "Weak match"})
READ_AROUND = 100_000  # characters of an article before and after a passage that are shown
LISTED = 6  # paths of a rebuild that are shown at once; the rest unfold


def masthead() -> Markup:
    """The name of the page."""
    return Markup("<h1>Clippings</h1><p>Ask your articles. Every answer says where it stands.</p>")


def footer() -> Markup:
    """What the page promises."""
    return Markup("<p>Everything happens on this machine: nothing is sent anywhere.</p>")


def welcome() -> Markup:
    """What stands where the answer will be."""
    return Markup(
        '<section class="welcome"><p>Answers are quoted from your articles, '
        "with the title, the date and the passage to check them by.</p></section>"
    )


def answer(found: Answer, applied: Sequence[Hint] = ()) -> Markup:
    """An answer with its cited passages, or the news that there is none with the nearest ones.

    ``applied`` are the filters and the order that it was asked with.
    """
    scope, caution = _scope(found, applied), _note("caution", found.caution)
    if found.found:
        return Markup(
            '{scope}<section class="answer" aria-label="Answer">{quote}{caution}</section>{voices}{passages}{keep}'
        ).format(
            scope=scope,
            quote=_quote(found.citations[0]),
            caution=caution,
            voices=_voices(found.voices[1:]),
            passages=_passages("passages", "Cited passages", found),
            keep=_keep(found),
        )
    nearest = "Below is what comes nearest to the question. It is not an answer." if found.citations else ""
    return Markup(
        '{scope}<section class="not-found" aria-label="No answer"><h2>{text}</h2>{caution}{nearest}</section>{passages}'
    ).format(
        scope=scope,
        text=found.text,
        nearest=_note("note", nearest),
        caution=caution,
        passages=_passages("passages nearest", "Nearest passages", found),
    )


def _keep(found: Answer) -> Markup:
    """How an answer is taken along."""
    return Markup(
        '<p class="keep"><button type="button" class="plain" data-do="save" data-name="answer.md" data-text="{}">'
        'Save as Markdown</button><button type="button" class="plain" data-do="print">Print or save as PDF</button></p>'
    ).format(references.report(found))


def _scope(found: Answer, applied: Sequence[Hint]) -> Markup:
    """With what the question was asked, and what that left out."""
    undated = f"{_count(found.undated, 'article')} without a date left out" if found.undated else ""
    return _note("scope", " · ".join(filter(None, (*(hint.offer for hint in applied), undated))))


def _note(kind: str, text: str) -> Markup:
    return Markup('<p class="{}">{}</p>').format(kind, text) if text else Markup("")


def _voices(voices: Sequence[Citation]) -> Markup:
    """What further articles say."""
    if not voices:
        return Markup("")
    quotes = Markup("").join(Markup("<li>{}</li>").format(_quote(voice)) for voice in voices)
    return Markup('<section class="voices"><h2>Other articles say</h2><ul>{}</ul></section>').format(quotes)


def _passages(kind: str, title: str, found: Answer) -> Markup:
    if not found.citations:
        return Markup("")
    return Markup('<section class="{}"><h2>{}</h2><ol>{}</ol></section>').format(
        kind, title, Markup("").join(_card(citation, found.question) for citation in found.citations)
    )


def timeline(bars: Sequence[Bar], since: str, until: str) -> Markup:
    """When what comes nearest was published: a row of bars, of which each narrows the answer to its days."""
    if len(bars) < 2:  # noqa: PLR2004  of one bar there is nothing to choose
        return Markup("")
    most = max(bar.count for bar in bars)
    drawn = Markup("").join(Markup("<li>{}</li>").format(_bar(bar, most, since, until)) for bar in bars)
    every = Markup('<button type="button" class="plain" data-do="days" data-since="" data-until="">All days</button>')
    return Markup(
        '<figure class="timeline"><figcaption>When the nearest articles were published</figcaption><ol>{}</ol>'
        '<p aria-hidden="true"><span>{}</span><span>{}</span></p>{}</figure>'
    ).format(drawn, bars[0].name, bars[-1].name, every if since or until else "")


def _bar(bar: Bar, most: int, since: str, until: str) -> Markup:
    name = f"{bar.name}: {_count(bar.count, 'article')}"
    filled = Markup('<i style="height: {:.0%}"></i>').format(bar.count / most)
    if not bar.count:
        return Markup('<span class="bar" title="{}">{}</span>').format(name, filled)
    return Markup(
        '<button type="button" class="bar" data-do="days" data-since="{}" data-until="{}" aria-pressed="{}" '
        'aria-label="{}" title="{}">{}</button>'
    ).format(
        *(bar.since, bar.until),
        "true" if (since, until) == (bar.since.isoformat(), bar.until.isoformat()) else "false",
        *(name, name),
        filled,
    )


def recent(views: Sequence[tuple[str, str, str]]) -> Markup:
    """What was asked before, to unfold: the query of each view, its question, and to what it was narrowed."""
    links = Markup("").join(
        Markup('<li><a href="{}">{}</a>{}</li>').format(query, question, Markup(" <small>{}</small>").format(narrowed))
        for query, question, narrowed in views
    )
    forget = Markup('<button type="button" class="plain" data-do="forget">Forget them</button>')
    return Markup('<details class="recent"><summary>Recent questions</summary>{}{}</details>').format(
        Markup("<ul>{}</ul>").format(links) if views else _note("note", "None yet. This browser remembers them."),
        forget if views else "",
    )


def kept(citations: Sequence[Kept]) -> Markup:
    """The citations that are kept, with a note on each, and how they are taken along."""
    if not citations:
        return Markup(
            '<section class="welcome"><p>Press Keep below a passage, and it is listed here with room for a note, '
            "in this browser, until you remove it.</p></section>"
        )
    forms = (("Markdown", "markdown"), ("BibTeX", "bibtex"), ("RIS", "ris"))
    buttons = Markup("").join(
        Markup('<button type="button" class="plain" data-do="export" data-form="{}">Save as {}</button>').format(
            form, name
        )
        for name, form in forms
    )
    return Markup(
        '<section class="kept" aria-label="Kept citations"><p class="keep">{}</p><ol>{}</ol></section>'
    ).format(buttons, Markup("").join(map(_kept, citations)))


def _kept(each: Kept) -> Markup:
    citation = each.citation
    return Markup(
        '<li><article aria-label="{title}">{quote}<p class="byline">{origin}</p>{question}'
        '<label>Note<textarea rows="2" data-do="note" {place}>{note}</textarea></label>'
        '<p class="details">{read}{link}<button type="button" class="plain" data-do="keep" {place} '
        'aria-label="{drop}">Remove</button><span class="path">{path}</span></p>{copy}</article></li>'
    ).format(
        title=citation.article.title,
        quote=_block_quote(citation),
        origin=_line([citation.article.title, *_who(citation.article), _day(citation.article.published)]),
        question=_note("byline", f"Found for “{each.question}”" if each.question else ""),
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


def failures(failed: Sequence[Failure]) -> Markup:
    """What could not be read, and why."""
    if not failed:
        return Markup("")
    named = [Markup("{} – {}").format(failure.path, failure.reason) for failure in failed]
    return Markup('<section class="report"><h2>Not read</h2><dl>{}</dl></section>').format(_paths("Files", named))


def additions(done: Additions) -> Markup:
    """What became of files and links that were to be added."""
    kinds = (
        ("Added", [each.path if each.note is None else f"{each.path} – {each.note}" for each in done.added]),
        ("There already", [each.path for each in done.present]),
        ("Could not be added", [f"{failure.path} – {failure.reason}" for failure in done.failed]),
    )
    lists = Markup("").join(_paths(name, paths) for name, paths in kinds if paths)
    return Markup('<section class="report" role="status"><dl>{}</dl></section>').format(lists)


def removed(path: str, place: str) -> Markup:
    """Where a file went that was removed."""
    return Markup(
        '<section class="report" role="status"><p>{} was moved to {} in the same folder.</p></section>'
    ).format(path, place)


def reader(
    article: Article, passage: tuple[int, int] = (0, 0), quote: tuple[int, int] = (0, 0), link: str | None = None
) -> Markup:
    """A whole article, with the passage that is cited and its quote marked; of a very long one, what is around it.

    ``link`` leads to the quote in the original.
    """
    begin, end = max(0, passage[0] - READ_AROUND), min(len(article.text), passage[1] + READ_AROUND)
    left_out = Markup('<p class="note">{}</p>').format("This article is very long: here is what is around the passage.")
    return Markup(
        '<article aria-labelledby="read-title"><header><h2 id="read-title" tabindex="-1" dir="auto">{title}</h2>'
        '<p class="byline">{origin}</p><p class="details">{link}<span class="path">{path}</span></p>'
        '<button type="button" class="plain" data-do="close" aria-label="Close the article">Close</button></header>'
        '{left_out}<div class="text" dir="auto">{before}'
        "{cited}{after}</div></article>"
    ).format(
        title=article.title,
        origin=_origin(article),
        link=_link(link or article.url, f"Read the original: {article.title}"),
        path=article.path,
        left_out=left_out if end - begin < len(article.text) else "",
        before=_text(article.text[begin : passage[0]]),
        cited=Markup('<span class="cited">{}<mark>{}</mark>{}</span>').format(
            _text(article.text[passage[0] : quote[0]]),
            _text(article.text[slice(*quote)]),
            _text(article.text[quote[1] : passage[1]]),
        )
        if any(quote)
        else "",
        after=_text(article.text[passage[1] : end]),
    )


def problem(title: str, message: str, cure: str = "") -> Markup:
    """An error as a panel: what happened, and what to do. Words between backticks are shown as code."""
    return Markup('<section class="problem" role="alert"><h2>{title}</h2><p>{message}</p>{cure}</section>').format(
        title=title, message=_with_code(message), cure=Markup("<p>{}</p>").format(cure) if cure else ""
    )


def status(articles: int, passages: int, changes: Changes) -> Markup:
    """How much is indexed, and whether the folder has changed since."""
    parts = ((changes.added, "new"), (changes.changed, "changed"), (changes.removed, "removed"))
    news = ", ".join(f"{len(paths):,} {word}" for paths, word in parts if paths)
    return Markup('<p class="{kind}"><span>{held}</span> <span>{state}</span></p>').format(
        kind="stale" if news else "fresh",
        held=f"{_count(articles, 'article')}, {_count(passages, 'passage')}",
        state=f"Folder changed: {news}" if news else "Up to date",
    )


def no_status(state: str) -> Markup:
    """The status line where nothing can be counted."""
    return Markup('<p class="stale"><span>{}</span></p>').format(state)


def report(built: BuildReport) -> Markup:
    """What a rebuild did."""
    kinds = (("Added", built.added), ("Changed", built.changed), ("Removed", built.removed))
    news = built.rebuilt or any(paths for _, paths in kinds)
    failed = [Markup("{} – {}").format(failure.path, failure.reason) for failure in built.failed]
    lists = [_paths(name, paths) for name, paths in (*kinds, ("Could not be read", failed)) if paths]
    return Markup('<section class="report" role="status"><h2>{title}</h2>{why}{lists}<p>{held}</p></section>').format(
        title="The index is up to date" if news else "Nothing had changed",
        why=Markup("<p>{}</p>").format(f"All articles were embedded anew ({built.rebuilt}).") if built.rebuilt else "",
        lists=Markup("<dl>{}</dl>").format(Markup("").join(lists)) if lists else "",
        held=f"{_count(built.articles, 'article')}, {_count(built.passages, 'passage')}, in {built.seconds:.1f} s.",
    )


def _quote(citation: Citation) -> Markup:
    """A quote with who says it."""
    return Markup('{quote}<p class="attribution">{who}&nbsp;<a href="#passage-{rank}">[{rank}]</a></p>').format(
        quote=_block_quote(citation), who=_origin(citation.article, or_title=True), rank=citation.rank
    )


def _block_quote(citation: Citation) -> Markup:
    """A quote; only the words of the original stand in quotation marks."""
    return Markup('<blockquote class="{}" dir="auto"><p>{}</p></blockquote>').format(
        "paraphrase" if citation.article.digest_of else "verbatim", citation.quote
    )


def _card(citation: Citation, question: str) -> Markup:
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
        digester=Markup('<p class="byline">{}</p>').format(_line([article.source, article.author])) if original else "",
        origin=_origin(article),
        also=Markup("").join(
            Markup('<p class="byline">Also in {}</p>').format(_also(other)) for other in citation.also
        ),
        before=_text(citation.text[:start]),
        quote=_text(citation.text[start:end]),
        after=_text(citation.text[end:]),
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
    return _link(citation.link, f"Read the original: {(original and original.title) or citation.article.title}")


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
    return _line([article.title, article.source, article.author, _day(article.published), article.path])


def _origin(article: ArticleInfo, *, or_title: bool = False) -> Markup:
    """Whose words, and when; of a digest, whose words it sums up. Where that is not known, perhaps the title."""
    names = _who(article)
    if or_title and not any(names):
        names = [article.title]
    return _line([*names, _day(article.published)])


def _who(article: ArticleInfo) -> list[str | None]:
    return [_digest(article.digest_of)] if article.digest_of else [article.source, article.author]


def _digest(original: Digest) -> Markup:
    title = Markup("“<cite>{}</cite>”").format(original.title) if original.title else "an article"
    author = f" by {original.author}" if original.author else ""
    source = f" in {original.source}" if original.source else ""
    return Markup("Digest of {}{}{}").format(title, author, source)


def _text(text: str) -> Markup:
    """Text with a small gap where it has a blank line."""
    return Markup('<span class="gap"></span>').join(re.split(r"\n\s*\n", text))


def _day(day: date | None) -> Markup | None:
    if day is None:
        return None
    return Markup('<time datetime="{}">{}</time>').format(day.isoformat(), f"{day.day} {day:%B %Y}")


def _line(parts: Iterable[str | None]) -> Markup:
    return Markup(" · ").join(Markup("<span>{}</span>").format(part) for part in parts if part)


def _link(url: str | None, label: str) -> Markup:
    """A link for an address that a browser may follow; nothing for any other."""
    if not url or not _is_web(url):
        return Markup("")
    return Markup(
        '<a href="{}" target="_blank" rel="noopener noreferrer" aria-label="{}">Read the original</a>'
    ).format(url, label)


def _is_web(url: str) -> bool:
    try:
        address = urlsplit(url)
    except ValueError:  # such as a bracket that is never closed
        return False
    return address.scheme in {"http", "https"} and bool(address.netloc)


def _paths(name: str, paths: Sequence[str]) -> Markup:
    items = [Markup("<li>{}</li>").format(path) for path in paths]
    rest = Markup("<details><summary>and {} more</summary><ul>{}</ul></details>").format(
        f"{len(items) - LISTED:,}", Markup("").join(items[LISTED:])
    )
    return Markup("<dt>{} {}</dt><dd><ul>{}</ul>{}</dd>").format(
        name, f"{len(items):,}", Markup("").join(items[:LISTED]), rest if len(items) > LISTED else ""
    )


def _with_code(message: str) -> Markup:
    pieces = message.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if odd % 2 else piece for odd, piece in enumerate(pieces)
    )


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
