"""What runs in the browser, each part in a file of its own, put together as Gradio takes it.

What follows an event is a function of the values of its components, and what it
returns are theirs; what belongs to an HTML component is the body of one.
"""

from __future__ import annotations

from pathlib import Path


def address() -> str:
    """After an answer: puts its query into the page's address, and among the recent ones."""
    return f"(query) => {{{_read('storage', 'address')}}}"


def arrived() -> str:
    """As the page opens: gives the query of its address."""
    return "() => [window.location.search]"


def recent() -> str:
    """Gives the queries that were asked last, as JSON."""
    return f"() => {{{_read('storage')} return [JSON.stringify(stored(RECENT))];}}"


def kept() -> str:
    """Gives the citations that are kept, as JSON."""
    return f"() => {{{_read('storage')} return [JSON.stringify(stored(KEPT))];}}"


def saved() -> str:
    """Saves a file, given as JSON with its name and its text."""
    return f"(file) => {{{_read('saving')} const {{ text, name }} = JSON.parse(file); save(text, name);}}"


def clicks() -> str:
    """In HTML of ours: what its buttons do."""
    return _read("storage", "saving", "clicks")


def result() -> str:
    """In an answer: the same, and which of its citations are kept."""
    return clicks() + _read("result")


def days() -> str:
    """In the timeline: what its bars do, and how the days beside it are chosen."""
    return clicks() + _read("days")


def table() -> str:
    """Beside the table of articles: what it lacks."""
    return _read("table")


def reader() -> str:
    """In the article that is open: the same, and what is shown of it first."""
    return clicks() + _read("reader")


def _read(*names: str) -> str:
    return "".join(Path(__file__).with_name(f"{name}.js").read_text(encoding="utf-8") for name in names)
