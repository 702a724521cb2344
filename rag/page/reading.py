"""The whole article, beside what it was opened from or, on a narrow screen, over it."""

from __future__ import annotations

import gradio as gr

from rag.page import scripts
from rag.page.desk import Desk
from rag.page.events import at_once


class Reader:
    """Where an article is read, laid out in the row that is open."""

    def __init__(self, desk: Desk, elem_id: str) -> None:
        self._desk = desk
        self.opened = gr.HTML(
            elem_id=elem_id, elem_classes="reader", apply_default_css=False, js_on_load=scripts.reader()
        )

    def open_from(self, citations: gr.HTML) -> None:
        """Open the article of a citation at its quote when that is asked for, and close it likewise."""
        at_once(citations.click, self._read, None, self.opened, shown_on=self.opened)
        at_once(self.opened.click, lambda: "", None, self.opened, shown_on=self.opened)

    def _read(self, clicked: gr.EventData) -> str:
        places = (clicked.start, clicked.end, clicked.quoteStart, clicked.quoteEnd)
        start, end, quote_start, quote_end = map(int, places)
        return self._desk.read(clicked.article, (start, end), (quote_start, quote_end), clicked.link)
