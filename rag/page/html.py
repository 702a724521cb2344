"""Everything that the page shows, as HTML, part by part; all markup goes through ``rag.page.markup``'s rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from rag import references
from rag.page import citations, markup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rag import Additions, Answer, Article, BuildReport, Changes, Citation, Failure, Hint
    from rag.page.timeline import Bar
    from rag.references import Kept

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
    scope, caution = _scope(found, applied), markup.note("caution", found.caution)
    if found.found:
        return Markup(
            '{scope}<section class="answer" aria-label="Answer">{quote}{caution}</section>{voices}{passages}{keep}'
        ).format(
            scope=scope,
            quote=citations.quote(found.citations[0]),
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
        nearest=markup.note("note", nearest),
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
    undated = f"{markup.count(found.undated, 'article')} without a date left out" if found.undated else ""
    return markup.note("scope", " · ".join(filter(None, (*(hint.offer for hint in applied), undated))))


def _voices(voices: Sequence[Citation]) -> Markup:
    """What further articles say."""
    if not voices:
        return Markup("")
    quotes = Markup("").join(Markup("<li>{}</li>").format(citations.quote(voice)) for voice in voices)
    return Markup('<section class="voices"><h2>Other articles say</h2><ul>{}</ul></section>').format(quotes)


def _passages(kind: str, title: str, found: Answer) -> Markup:
    if not found.citations:
        return Markup("")
    return Markup('<section class="{}"><h2>{}</h2><ol>{}</ol></section>').format(
        kind, title, Markup("").join(citations.card(citation, found.question) for citation in found.citations)
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
    name = f"{bar.name}: {markup.count(bar.count, 'article')}"
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
        Markup("<ul>{}</ul>").format(links) if views else markup.note("note", "None yet. This browser remembers them."),
        forget if views else "",
    )


def kept(every: Sequence[Kept]) -> Markup:
    """The citations that are kept, with a note on each, and how they are taken along."""
    if not every:
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
    ).format(buttons, Markup("").join(map(citations.kept, every)))


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
        origin=citations.origin(article),
        link=markup.link(link or article.url, f"Read the original: {article.title}"),
        path=article.path,
        left_out=left_out if end - begin < len(article.text) else "",
        before=markup.text(article.text[begin : passage[0]]),
        cited=Markup('<span class="cited">{}<mark>{}</mark>{}</span>').format(
            markup.text(article.text[passage[0] : quote[0]]),
            markup.text(article.text[slice(*quote)]),
            markup.text(article.text[quote[1] : passage[1]]),
        )
        if any(quote)
        else "",
        after=markup.text(article.text[passage[1] : end]),
    )


def problem(title: str, message: str, cure: str = "") -> Markup:
    """An error as a panel: what happened, and what to do. Words between backticks are shown as code."""
    return Markup('<section class="problem" role="alert"><h2>{title}</h2><p>{message}</p>{cure}</section>').format(
        title=title, message=markup.with_code(message), cure=Markup("<p>{}</p>").format(cure) if cure else ""
    )


def status(articles: int, passages: int, changes: Changes) -> Markup:
    """How much is indexed, and whether the folder has changed since."""
    parts = ((changes.added, "new"), (changes.changed, "changed"), (changes.removed, "removed"))
    news = ", ".join(f"{len(paths):,} {word}" for paths, word in parts if paths)
    return Markup('<p class="{kind}"><span>{held}</span> <span>{state}</span></p>').format(
        kind="stale" if news else "fresh",
        held=_held(articles, passages),
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
        held=f"{_held(built.articles, built.passages)}, in {built.seconds:.1f} s.",
    )


def _paths(name: str, paths: Sequence[str]) -> Markup:
    items = [Markup("<li>{}</li>").format(path) for path in paths]
    rest = Markup("<details><summary>and {} more</summary><ul>{}</ul></details>").format(
        f"{len(items) - LISTED:,}", Markup("").join(items[LISTED:])
    )
    return Markup("<dt>{} {}</dt><dd><ul>{}</ul>{}</dd>").format(
        name, f"{len(items):,}", Markup("").join(items[:LISTED]), rest if len(items) > LISTED else ""
    )


def _held(articles: int, passages: int) -> str:
    return f"{markup.count(articles, 'article')}, {markup.count(passages, 'passage')}"
