"""The command ``rag``: build, ask, status, evaluate, add and the page."""

from __future__ import annotations

import importlib
import importlib.util
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from rag import options
from rag.errors import RagError
from rag.options import Form

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from rag.adding import Additions
    from rag.answer import Answer, Order
    from rag.evaluation import Evaluation, Outcome
    from rag.hints import Hint
    from rag.types import ArticleInfo, BuildReport, Citation, Failure, Progress

NOT_FOUND_CODE = 3
INTERRUPTED_CODE = 130
LISTED = 20
FEW = 3
WIDTH = 100


def build(*, corpus: Path | None, index: Path | None, anew: bool, passage_tokens: int | None, as_json: bool) -> None:
    """Bring the index up to date with the articles; only what changed is read and embedded."""
    import rag

    with _progress() as tell:
        report = rag.build(corpus, index, passage_tokens=passage_tokens, anew=anew, progress=tell)
    if as_json:
        _print_json(asdict(report))
    else:
        _print_report(report)


def ask(  # noqa: PLR0913  one parameter an option
    *,
    question: str,
    corpus: Path | None,
    index: Path | None,
    k: int,
    since: str | None,
    until: str | None,
    source: list[str] | None,
    author: list[str] | None,
    order: str,
    refresh: bool,
    explain: bool,
    cite: Form | None,
    as_json: bool,
) -> None:
    """Answer a question from the articles, with citations. Exits with 3 where nothing was found."""
    # A question's matrices are small, and a second thread would take longer to start than they take.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    import rag

    if refresh:
        with _progress() as tell:
            library = rag.refreshed(corpus, index, progress=tell)
    else:
        library = rag.open(index)
    first = cast("Order", order)  # any other is refused by what is called
    answer = library.ask(question, k, since, until, source or None, author or None, explain=explain, order=first)
    if as_json:
        _print_json(asdict(answer))
    elif cite:
        _print_references(answer, cite)
    else:
        _print_answer(answer)
    if not answer.found:
        sys.exit(NOT_FOUND_CODE)


def status(*, corpus: Path | None, index: Path | None, articles: bool, check: bool, as_json: bool) -> None:
    """Tell what is in the index and whether the articles have changed since."""
    import rag
    from rag import languages, settings
    from rag.answer import reference

    library = rag.open(index)
    if check:
        library.check()
    folder = settings.corpus_folder(corpus)
    changes = rag.changes(folder, index) if folder.is_dir() else None
    manifest, failures = library.manifest, library.failures()
    facts = {
        "corpus": str(folder),
        "index": str(settings.index_folder(index)),
        "articles": manifest.articles,
        "passages": manifest.passages,
        "sentences": manifest.sentences,
        "failed": manifest.failed,
        "failures": [asdict(failure) for failure in failures],
        "built": manifest.created,
        "model": manifest.model,
        "engine": library.engine,
        "passage_tokens": manifest.settings.passage_tokens,
        "segments": len(manifest.segments),
        "vectors": manifest.vectors,
        "recall": manifest.recall,
        "checked": check,
        "changes": asdict(changes) if changes is not None else None,
    }
    listed, duplicates = (library.articles(), library.duplicates()) if articles else ((), {})
    if as_json:
        every = [asdict(info) | {"also": [asdict(each) for each in duplicates.get(info.id, ())]} for info in listed]
        _print_json(facts | ({"listed": every} if articles else {}))
        return
    console = _console()
    holds = f"{_many(manifest.articles, 'article')}, {_many(manifest.passages, 'passage')}"
    console.print(f"{holds} in {facts['index']}, built {_when(manifest.created)}", soft_wrap=True)
    console.print(
        f"Model {manifest.model}, run by {library.engine}; passages of at most {facts['passage_tokens']} tokens"
    )
    if manifest.failed:
        console.print(f"{_many(manifest.failed, 'thing')} in the folder could not be read:", style="yellow")
        _print_failures(console, failures[:LISTED])
        if len(failures) > LISTED:
            more = f"  failed   … and {len(failures) - LISTED:,} more (with --json all are told)"
            console.print(more, style="yellow")
    if check:
        console.print("Every file of the index is as it was written.")
    if changes is None:
        console.print(f"There is no folder {facts['corpus']!r} to compare with.")
    elif changes:
        told = ((changes.added, "new"), (changes.changed, "changed"), (changes.removed, "gone"))
        parts = ", ".join(f"{len(paths)} {what}" for paths, what in told if paths)
        console.print(
            f"The articles in {facts['corpus']} have changed since ({parts}): run `rag build`.", style="yellow"
        )
    else:
        console.print(f"The index is up to date with {facts['corpus']}.")
    for info in listed:
        day = info.published and info.published.isoformat()
        known = (info.author, info.source, day, info.url, info.language and f"in {languages.name(info.language)}")
        console.print(f"\n{_plain(info.title)}", style="bold", soft_wrap=True)
        console.print(f"  {_name(info.path)}, id {info.id}", style="dim", soft_wrap=True)
        told_of = ", ".join(str(each) for each in known if each) or "author, source, date and address are not known"
        console.print(f"  {_plain(told_of)}", soft_wrap=True)
        for other in duplicates.get(info.id, ()):
            console.print(f"  also in {_plain(f'{reference(other)} ({other.path})')}", style="dim", soft_wrap=True)


def evaluate(  # noqa: PLR0913  one parameter an option
    *,
    questions: Path | None,
    make: int | None,
    out: Path,
    force: bool,
    corpus: Path | None,
    index: Path | None,
    refresh: bool,
    worst: int,
    as_json: bool,
) -> None:
    """Tell how well the index answers a file of questions, or make a draft of such a file."""
    import rag
    from rag import evaluation
    from rag import questions as questions_file

    with _progress() as tell:
        library = rag.refreshed(corpus, index, progress=tell) if refresh else rag.open(index)
        report = rag.evaluate(questions, library, progress=tell) if questions is not None else None
    if report is not None:
        report = replace(report, worst=report.worst[:worst])
        if as_json:
            _print_json(asdict(report))
        else:
            _print_evaluation(report)
    elif make is not None:
        drafted = evaluation.draft(library, make)
        questions_file.write(drafted, out, force=force)
        if as_json:
            _print_json({"path": str(out), "questions": len(drafted)})
        else:
            _print_drafted(out, len(drafted), make)


def ui(  # noqa: PLR0913  one parameter an option
    *,
    corpus: Path | None,
    index: Path | None,
    host: str,
    port: int,
    auth_file: Path | None,
    no_auth: bool,
    mcp: bool,
    read_only: bool,
    root_path: str | None,
    open_page: bool,
) -> None:
    """Serve the page: ask, read the citations, rebuild."""
    import rag
    from rag import settings

    corpus, index = settings.corpus_folder(corpus), settings.index_folder(index)
    console = _console()
    try:
        with _progress() as tell:
            rag.refreshed(corpus, index, progress=tell)
    except RagError as error:
        # The page shows it as well, and a rebuild can be started there once it is mended.
        console.print(str(error), style="yellow")
    console.print("Starting the page …", style="dim")
    _page().serve(
        corpus,
        index,
        host=host,
        port=port,
        auth_file=auth_file,
        no_auth=no_auth,
        mcp=mcp,
        read_only=read_only,
        root_path=root_path,
        open_browser=open_page,
        announce=lambda address: _announce(address, port),
    )


def add(*, things: list[str], corpus: Path | None, index: Path | None, into: str, feed: bool, as_json: bool) -> None:
    """Put files, folders and web pages into the corpus; nothing there is written over."""
    from rag import adding, settings

    folder = settings.corpus_folder(corpus)
    with _progress() as tell:
        done = adding.add(things, folder, into=into, feed=feed, index=settings.index_folder(index), progress=tell)
    if as_json:
        _print_json(asdict(done))
    else:
        _print_additions(done, folder)
    if not (done.added or done.present):
        sys.exit(1)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command that these arguments name, the process's own where they are None.

    Errors of ours go to stderr in one line, with exit code 1.
    """
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    given = vars(options.parser().parse_args(arguments))
    commands: dict[str, Callable[..., None]] = {
        "build": build, "ask": ask, "status": status, "evaluate": evaluate, "ui": ui, "add": add,
    }  # fmt: skip
    try:
        commands[given.pop("command")](**given)
    except RagError as error:
        print(f"rag: {_plain(str(error))}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED_CODE)


def _announce(address: str, wanted: int) -> None:
    if not address.endswith(f":{wanted}"):
        print(f"Port {wanted} is taken; another one serves.")
    print(f"Clippings is at {address} (Ctrl-C stops it)", flush=True)


class _Page(Protocol):
    """What is used of the module ``ui``."""

    def serve(  # noqa: PLR0913  one parameter an option
        self,
        corpus: Path,
        index: Path,
        *,
        host: str,
        port: int,
        auth_file: Path | None,
        no_auth: bool,
        mcp: bool,
        read_only: bool,
        root_path: str | None,
        open_browser: bool,
        announce: Callable[[str], None],
    ) -> None: ...


def _page() -> _Page:
    """The page: ``rag.ui`` where the package is installed, ``ui.py`` beside the package in a checkout."""
    if importlib.util.find_spec("rag.ui") is not None:
        return cast("_Page", importlib.import_module("rag.ui"))
    spec = importlib.util.spec_from_file_location("ui", Path(__file__).parents[1] / "ui.py")
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError("ui")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return cast("_Page", module)


def _console(*, stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, markup=False)


@contextmanager
def _progress() -> Iterator[Callable[[Progress], None]]:
    """A bar on stderr, shown once there is something to tell."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[item]}", markup=False, style="dim"),
    )
    console = _console(stderr=True)
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Looking at the articles", total=None, item="", visible=False)

        def tell(step: Progress) -> None:
            bar.update(
                task, description=step.stage, completed=step.done, total=step.total, item=_name(step.item), visible=True
            )

        yield tell


def _print_json(value: object) -> None:
    def plain(each: object) -> str:
        if isinstance(each, date):
            return each.isoformat()
        raise TypeError(type(each).__name__)

    print(json.dumps(value, default=plain, ensure_ascii=False, indent=2))


def _print_report(report: BuildReport) -> None:
    console = _console()
    if report.rebuilt:
        console.print(f"Everything was embedded anew: {report.rebuilt}.")
    counts = ((report.added, "added"), (report.changed, "changed"), (report.removed, "removed"))
    for paths, name in counts:
        for path in paths[:LISTED]:
            console.print(f"  {name:8} {_name(path)}", soft_wrap=True)
        if len(paths) > LISTED:
            console.print(f"  {name:8} … and {len(paths) - LISTED:,} more")
    for duplicate in report.duplicates[:LISTED]:
        console.print(f"  same     {_name(duplicate.path)} as {_name(duplicate.of)}", style="dim", soft_wrap=True)
    if len(report.duplicates) > LISTED:
        console.print(f"  same     … and {len(report.duplicates) - LISTED:,} more", style="dim")
    _print_failures(console, report.failed)
    done = ", ".join(f"{len(paths):,} {name}" for paths, name in counts if paths) or "nothing had changed"
    holds = f"{_many(report.articles, 'article')}, {_many(report.passages, 'passage')}"
    console.print(f"{holds} ({done}) in {report.seconds:.1f} s")


def _print_failures(console: Console, failed: Sequence[Failure]) -> None:
    """Each file with its reason; of the rows or messages of one file, no more than a few."""
    for file, within in groupby(failed, key=lambda failure: failure.path.partition("#")[0]):
        several = list(within)
        few = [*several[:FEW], *(each for each in several[FEW:] if each.path == file)]
        shown = few if len(several) > LISTED else several
        for failure in shown:
            console.print(f"  failed   {_name(failure.path)}: {_name(failure.reason)}", style="yellow", soft_wrap=True)
        if len(shown) < len(several):
            more = f"  failed   {_name(file)}: … and {len(several) - len(shown):,} more (with --json all are told)"
            console.print(more, style="yellow", soft_wrap=True)


def _print_answer(answer: Answer) -> None:
    from rich.text import Text

    console = _console()
    if answer.found:
        _print_wrapped(console, Text.assemble((_line(answer.text), "bold"), (" [1]", "dim")), indent=0)
    else:
        _print_wrapped(console, Text(answer.text, "yellow"), indent=0)
    if answer.caution:
        _print_wrapped(console, Text(_plain(answer.caution), "dim"), indent=0)
    if answer.undated:
        left_out = f"{_many(answer.undated, 'article')} without a date"
        _print_wrapped(console, Text(f"Left out by the date filter: {left_out}.", "dim"), indent=0)
    _print_voices(console, answer.voices[1:])
    if answer.citations and not answer.found:
        console.print("\nThe nearest passages:")
    for citation in answer.citations:
        console.print()
        _print_citation(console, citation)
    for place, hint in enumerate(answer.hints):
        if not place:
            console.print()
        console.print(Text(f"{hint.offer}: add {_options(hint)}", "dim"), soft_wrap=True)


def _print_references(answer: Answer, form: Form) -> None:
    """The citations in a form; only as Markdown, which says so, where they are no answer."""
    from rag import references

    if form is Form.MARKDOWN:
        text = references.report(answer)
    elif not answer.found:
        print(f"rag: {answer.text}", file=sys.stderr)
        return
    elif form is Form.TEXT:
        text = "".join(f"{references.plain(citation)}\n" for citation in answer.citations)
    else:
        text = references.bibtex(answer.citations) if form is Form.BIBTEX else references.ris(answer.citations)
    # As bytes: line ends and UTF-8 as the form has them, on every system.
    sys.stdout.buffer.write(text.encode())


def _print_voices(console: Console, voices: Sequence[Citation]) -> None:
    """What further articles say, each in a line or a few."""
    from rich.table import Table
    from rich.text import Text

    if not voices:
        return
    lines = Table.grid(padding=(0, 1))
    for voice in voices:
        who = f" — {_who(voice.article)} [{voice.rank}]"
        lines.add_row("•", Text.assemble(_line(voice.quote), (_plain(who), "dim")))
    console.print("\nOther articles say:")
    console.print(lines, width=min(console.width, WIDTH))


def _who(article: ArticleInfo) -> str:
    """Who says it and when; the title where that is not known."""
    from rag.answer import digest_line

    names = (article.author, article.source) if article.digest_of is None else (digest_line(article.digest_of),)
    known = [name for name in names if name] or [article.title]
    return ", ".join([*known, *([article.published.isoformat()] if article.published else [])])


def _options(hint: Hint) -> str:
    """What to type to follow a hint."""
    given = (("--since", hint.since), ("--until", hint.until), ("--order", hint.order))
    return " ".join(f"{option} {value}" for option, value in given if value)


def _print_citation(console: Console, citation: Citation) -> None:
    from rich.text import Text

    from rag.answer import digest_line, reference

    article = citation.article
    known = [article.author, article.source, article.published and article.published.isoformat()]
    heading = Text.assemble(f"[{citation.rank}] ", (_plain(article.title), "bold"))
    heading.append("".join(f" · {_plain(str(each))}" for each in known if each), "dim")
    _print_wrapped(console, heading, indent=0)
    if article.digest_of is not None:
        _print_wrapped(console, Text(_plain(digest_line(article.digest_of)), "dim"))
    for other in citation.also[:LISTED]:
        _print_wrapped(console, Text(_plain(f"also in {reference(other)} ({other.path})"), "dim"))
    if len(citation.also) > LISTED:
        _print_wrapped(console, Text(f"also in {len(citation.also) - LISTED:,} more", "dim"))
    text = Text(_plain(citation.text))
    text.stylize("bold cyan", citation.quote_start - citation.start, citation.quote_end - citation.start)
    _print_wrapped(console, text)
    page = f"page {citation.page}, " if citation.page else ""
    place = f"{article.path}, {page}characters {citation.start}–{citation.end}, score {citation.score:.2f}"
    _print_wrapped(console, Text(_plain(place), "dim"))
    if citation.why is not None:
        why = citation.why
        parts = f"late interaction {why.late_interaction:.2f}, sentence {why.sentence_cosine:.2f}, BM25 {why.bm25:.2f}"
        words = ", ".join(f"{word.asked} → {word.found} {word.cosine:.2f}" for word in why.words)
        _print_wrapped(console, Text(_plain(f"{parts}; {words}"), "dim"))
    if citation.link:
        # In one piece, so that a terminal opens it.
        console.print(Text("    " + citation.link, "dim"), soft_wrap=True)


def _print_evaluation(report: Evaluation) -> None:
    from rich.table import Table

    console = _console()
    for warning in report.warnings:
        console.print(_plain(warning), style="yellow", soft_wrap=True)
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in (
        ("hit@1", report.hit_at_1),
        ("hit@3", report.hit_at_3),
        ("hit@5", report.hit_at_5),
        ("hit@10", report.hit_at_10),
        ("MRR@10", report.mrr_at_10),
        ("nDCG@10", report.ndcg_at_10),
    ):
        table.add_row(name, _share(value), f"of {_many(report.judged, 'question')}")
    table.add_row("citations that check", _share(report.citations_checked), f"of {_many(report.citations, 'citation')}")
    for name, refused, of, should in (
        ("rightly refused", report.refused_rightly, report.unanswerable, "should"),
        ("wrongly refused", report.refused_wrongly, report.answerable, "should not"),
    ):
        table.add_row(name, _share(refused / of if of else None), f"of {_many(of, 'question')} that {should} be")
    for name, seconds in (("median time", report.seconds_median), ("p95 time", report.seconds_p95)):
        table.add_row(name, f"{seconds * 1000:,.0f} ms", "a question")
    console.print(table)
    for outcome in report.worst:
        console.print()
        _print_outcome(console, outcome)


def _print_outcome(console: Console, outcome: Outcome) -> None:
    from rich.text import Text

    wrong = [] if outcome.found == outcome.answerable else ["answered" if outcome.found else "refused"]
    if outcome.judged and outcome.rank != 1:
        wrong.append(f"the first right passage has rank {outcome.rank}" if outcome.rank else "no right passage in ten")
    heading = Text.assemble(f"line {outcome.line}: ", (_plain(outcome.question), "bold"))
    _print_wrapped(console, heading.append(f" {', '.join(wrong)}", "yellow"), indent=0)
    if outcome.first is not None:
        place = f"{outcome.first.article.path}, score {outcome.first.score:.2f}: "
        _print_wrapped(console, Text.assemble((_plain(place), "dim"), _plain(outcome.first.quote)))


def _print_drafted(path: Path, count: int, wanted: int) -> None:
    console = _console()
    console.print(f"{_many(count, 'question')} in {_plain(str(path))}", style="bold", soft_wrap=True)
    if count < wanted:
        console.print("The articles have no more sentences that are simple enough to make one of.", style="yellow")
    console.print(
        "This is a draft: correct the questions, and put them in words of your own. Add some that the articles do not "
        'answer, such as {"question": "…", "found": false}. Then: rag evaluate ' + _plain(str(path)),
        width=min(console.width, WIDTH),
    )


def _print_additions(done: Additions, corpus: Path) -> None:
    console = _console()
    for each in done.added:
        from_where = f"  {each.given}" if each.given.rpartition("/")[2] != each.path.rpartition("/")[2] else ""
        console.print(f"  added    {_name(each.path + from_where)}", soft_wrap=True)
        if each.note:
            console.print(f"           {_plain(each.note)}", style="dim", soft_wrap=True)
    for each in done.present[:LISTED]:
        console.print(f"  there    {_name(each.path)}", style="dim", soft_wrap=True)
    if len(done.present) > LISTED:
        console.print(f"  there    … and {len(done.present) - LISTED:,} more", style="dim")
    _print_failures(console, done.failed)
    counts = ((done.present, "there already"), (done.failed, "failed"))
    others = ", ".join(f"{len(of):,} {name}" for of, name in counts if of)
    told = f"{_many(len(done.added), 'file')} added to {_plain(str(corpus))}"
    console.print(f"{told} ({others})" if others else told)
    if done.added:
        them = "it" if len(done.added) == 1 else "them"
        console.print(f"The next `rag ask` reads {them}; `rag build` does so now.", style="dim")


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _print_wrapped(console: Console, text: Text, indent: int = 4) -> None:
    from rich.padding import Padding

    console.print(Padding(text, (0, 0, 0, indent), expand=False), width=min(console.width, WIDTH))


def _plain(text: str) -> str:
    """Article text for a terminal: control characters are not obeyed, and no character is added or lost."""
    return "".join(each if each.isprintable() or each == "\n" else " " for each in text)


def _name(text: str) -> str:
    """The name of a file, or what is said of one, in one line, blanks as they are."""
    return _plain(text).replace("\n", " ")


def _line(quote: str) -> str:
    """A quote in one line, which the terminal breaks where it has to."""
    return _plain(" ".join(quote.split()))


def _when(created: str) -> str:
    return created[:16].replace("T", " at ") + " UTC"


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
