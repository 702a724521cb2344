"""Where the articles are listed, read, added and removed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import cast

import gradio as gr
from gradio.events import Dependency

from rag.page import scripts
from rag.page.desk import Desk
from rag.page.events import at_once, teller
from rag.page.reading import Reader

HEADERS = ["Title", "Source", "Author", "Published", "Language", "Passages", "State", "File"]
WIDTHS: list[str | int] = [250, 130, 125, 105, 95, 95, 116, 140]


class Shelf:
    """This part of the page, laid out in the Blocks that are open.

    ``known`` are the components that show what the index holds, in the order of
    ``look``'s values; ``changes`` are what happens to the folder, after which the
    index is to be brought up to date.
    """

    def __init__(self, desk: Desk, *, read_only: bool) -> None:
        self._desk = desk
        with gr.Row(elem_id="stacks", elem_classes="beside"):
            with gr.Column(elem_id="shelf"):
                self._table = gr.Dataframe(
                    headers=HEADERS,
                    datatype=["number" if name == "Passages" else "str" for name in HEADERS],
                    column_widths=WIDTHS,
                    interactive=False,
                    show_search="search",
                    wrap=True,
                    buttons=[],
                    max_height=560,
                    label="The articles; choose one to read it",
                    elem_id="articles",
                )
                self._failures = gr.HTML(elem_id="failures", apply_default_css=False, js_on_load=scripts.table())
            self._reader = Reader(desk, "open").opened
        self._chosen = gr.State("")
        self.known = [self._table, self._failures]
        self._removal: list[gr.Button] = []
        self.changes = [] if read_only else self._lay_out_changes()
        listening = partial(at_once, shown_on=self._reader)
        opened = [self._reader, self._chosen, *self._removal]
        listening(self._table.select, self._read, None, opened)
        listening(self._reader.click, self._closed, None, opened)

    def _lay_out_changes(self) -> list[Dependency]:
        """What changes the folder; nothing of it is there, and nothing listens, where the page is for reading."""
        with gr.Row(elem_id="removal"):
            remove = gr.Button("Remove this article …", size="sm", visible=False, elem_id="remove")
            sure = gr.Button("Yes, remove it", size="sm", variant="stop", visible=False, elem_id="sure")
            stay = gr.Button("Keep it", size="sm", visible=False, elem_id="stay")
        with gr.Accordion("Add articles", open=False, elem_id="adding"):
            files = gr.File(label="Files", file_count="multiple", elem_id="files", height=140)
            links = gr.Textbox(label="Links, one a line", lines=2, max_lines=8, elem_id="links")
            add = gr.Button("Add", variant="primary", elem_id="add")
        told = gr.HTML(elem_id="told", apply_default_css=False)
        self._removal = [remove, sure, stay]
        listening = partial(at_once, shown_on=told)
        listening(remove.click, partial(_buttons, sure=True, stay=True), None, self._removal)
        listening(stay.click, partial(_buttons, remove=True), None, self._removal)
        closed = [self._reader, self._chosen, *self._removal]
        return [
            _in_turn(add.click, self._take_in, [files, links], [told, files, links], shown_on=told),
            _in_turn(sure.click, self._take_out, self._chosen, [told, *closed], shown_on=told),
        ]

    def look(self) -> list[object]:
        """What the index holds now, for ``known``."""
        rows, note = self._desk.rows()
        return [gr.Dataframe(rows, headers=HEADERS), note]

    def _read(self, chosen: gr.SelectData) -> list[object]:
        path = str(cast("Sequence[object]", chosen.row_value)[-1])
        return [self._desk.read_whole(path), path, *self._may(remove=True)]

    def _take_in(
        self,
        files: list[str] | None,
        links: str,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 (Gradio finds it by its default)
    ) -> list[object]:
        return [self._desk.add(files or [], links.split(), teller(progress)), None, ""]

    def _take_out(self, path: str) -> list[object]:
        return [self._desk.remove(path), *self._closed()]

    def _closed(self) -> list[object]:
        return ["", "", *self._may()]

    def _may(self, *, remove: bool = False) -> list[gr.Button]:
        return _buttons(remove=remove) if self._removal else []


def _buttons(*, remove: bool = False, sure: bool = False, stay: bool = False) -> list[gr.Button]:
    """Which of the buttons show: to remove an article, and, once that is asked for, to be sure of it or to stay."""
    return [gr.Button(visible=visible) for visible in (remove, sure, stay)]


def _in_turn(listen: Callable[..., Dependency], *given: object, shown_on: gr.HTML) -> Dependency:
    """Listen to an event that may take a while, and is nothing for programs."""
    return listen(*given, show_progress_on=shown_on, api_visibility="private")
