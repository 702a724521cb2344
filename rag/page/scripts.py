"""What runs in the browser, each in a file of its own, as Gradio takes it."""

from __future__ import annotations

from pathlib import Path


def address() -> str:
    """After an answer: puts its query into the page's address."""
    return _read("address.js")


def arrived() -> str:
    """As the page opens: gives the query of its address."""
    return "() => [window.location.search]"


def clicks() -> str:
    """In HTML of ours: what its buttons do."""
    return _read("clicks.js")


def reader() -> str:
    """In the article that is open: the same, and what is shown of it first."""
    return _read("clicks.js") + _read("reader.js")


def _read(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
