"""Where the citations are that a reader keeps, in the reader's own browser, and how they are taken along."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

import gradio as gr
from gradio.events import Dependency

from rag import references
from rag.page import html, kept, scripts
from rag.page.desk import Desk
from rag.page.events import at_once
from rag.page.reading import Reader


class Keeping:
    """This part of the page, laid out in the tab that is open."""

    def __init__(self, desk: Desk, tab: gr.Tab) -> None:
        self._tab = tab
        with gr.Row(elem_classes="beside"):
            self._list = gr.HTML(html.kept(()), elem_id="kept", apply_default_css=False, js_on_load=scripts.clicks())
            reader = Reader(desk, "kept-reader")
        # What the browser keeps, and what it is to save as a file.
        self._stored, file = gr.Textbox(visible=False), gr.Textbox(visible=False)
        saving = at_once(self._list.download, _written, self._stored, file, shown_on=self._list, js=scripts.kept())
        saving.then(None, file, None, js=scripts.saved())
        reader.open_from(self._list)

    def follow(self, *changes: Callable[..., Dependency]) -> None:
        """After each of these events, show what is kept."""
        showing = partial(at_once, shown_on=self._list, trigger_mode="always_last", js=scripts.kept())
        for listen in (*changes, self._list.like):
            showing(listen, _shown, self._stored, [self._list, self._tab])


def _shown(stored: str) -> list[object]:
    citations = kept.read(stored)
    return [html.kept(citations), gr.Tab(label=f"Kept ({len(citations):,})" if citations else "Kept")]


def _written(stored: str, clicked: gr.EventData) -> str:
    """What is kept as a file of the form that was chosen."""
    write, name = {
        "markdown": (references.collection, "citations.md"),
        "bibtex": (references.bibtex, "citations.bib"),
        "ris": (references.ris, "citations.ris"),
    }[clicked.form]
    return json.dumps({"text": write(kept.read(stored)), "name": name})
