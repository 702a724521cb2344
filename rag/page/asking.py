"""Where a question is asked: the box, what its answer is narrowed to, the answer, and the article beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from functools import partial
from types import MappingProxyType
from typing import cast

import gradio as gr
from gradio.events import Dependency

from rag.page import address, html, scripts
from rag.page.desk import Desk, Narrowing, Order, Shown
from rag.page.events import at_once
from rag.page.reading import Reader

EXAMPLES = 4  # questions offered
ORDERS = [("What answers best", "relevance"), ("The newest", "newest"), ("The oldest", "oldest")]
_QUIET = MappingProxyType({"show_progress": "hidden", "queue": False, "api_visibility": "private"})


class Asking:
    """This part of the page, laid out in the Blocks that are open.

    ``known`` are the components that show what the index holds, in the order of
    ``look``'s values.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        with gr.Row(elem_id="ask"):
            self.question = gr.Textbox(
                label="Your question",
                placeholder="What would you like to know?",
                max_lines=6,
                elem_id="question",
                html_attributes=gr.InputHTMLAttributes(enterkeyhint="search", autocomplete="off"),
            )
            self._go = gr.Button("Ask", variant="primary", min_width=0, elem_id="go")
        with gr.Accordion("Narrow", open=False, elem_id="filters") as self._filters:
            self._timeline = gr.HTML(elem_id="timeline", apply_default_css=False, js_on_load=scripts.days())
            with gr.Row():
                since = gr.Textbox(label="Published from", max_lines=1, elem_id="since")
                until = gr.Textbox(label="Published until", max_lines=1, elem_id="until")
            with gr.Row():
                sources = gr.Dropdown([], label="Sources", multiselect=True, elem_id="sources")
                authors = gr.Dropdown([], label="Authors", multiselect=True, elem_id="authors")
            with gr.Row():
                order = gr.Radio(ORDERS, value="relevance", label="First comes", elem_id="order")
                count = gr.Slider(1, address.MOST_PASSAGES, value=5, step=1, label="Passages", elem_id="count")
        # In the order of Narrowing's own.
        self._fields = (since, until, sources, authors, order, count)
        # What the question's words could mean, to tick: nothing of it is applied before.
        self._hints = gr.CheckboxGroup(
            type="index", label="Narrow the answer", visible=False, container=False, elem_id="narrow"
        )
        with gr.Row(elem_id="examples"):
            self._examples = self._offers()
        self._past = gr.HTML(html.recent(()), elem_id="past", apply_default_css=False, js_on_load=scripts.clicks())
        with gr.Row(elem_classes="beside"):
            self.result = gr.HTML(
                html.welcome(), elem_id="result", apply_default_css=False, js_on_load=scripts.result()
            )
            self._reader = Reader(desk, "reader")
        self._query, self._queries = gr.Textbox(visible=False), gr.Textbox(visible=False)
        self._asked = gr.State(Shown("", ""))
        self.known = [*self._examples, sources, authors]
        self._listen()

    def look(self) -> list[object]:
        """What the index holds now, for ``known``."""
        return [*self._offers(), *(gr.Dropdown(choices=names) for names in self._desk.names())]

    def arrive(self, load: Callable[..., Dependency]) -> None:
        """As the page loads, open the view that its address names."""
        shown = [self.question, *self._fields, self._filters, *self._answered]
        arrived = load(self._arrive, self._query, shown, js=scripts.arrived(), **_QUIET)
        self._recall(load)
        self._draw_after(arrived)

    @property
    def _answered(self) -> list[gr.blocks.Block]:
        return [self._asked, self.result, self._hints, self._query]

    def _listen(self) -> None:
        since, until, sources, authors, order, count = self._fields
        # Of what happens while a question is answered, the last counts.
        listening = partial(at_once, shown_on=self.result, trigger_mode="always_last")
        asked, new = [self._asked, *self._fields], [self.question, *self._fields]
        narrowed = [since.submit, since.blur, until.submit, until.blur]
        narrowed += [sources.input, authors.input, order.input, count.release]
        for answered in (
            listening(gr.on, [self.question.submit, self._go.click], self._reply, new, self._answered),
            listening(gr.on, narrowed, self._narrow, asked, self._answered),
            listening(self._timeline.select, self._to_days, asked, [since, until, *self._answered]),
            *(
                listening(each.click, self._pick, [each, *self._fields], [self.question, *self._answered])
                for each in self._examples
            ),
        ):
            self._follow(answered)
        ticked = [self._asked, self._hints, *self._fields]
        listening(self._hints.input, self._tick, ticked, [self.result, self._hints])
        self._reader.open_from(self.result)
        self._recall(self._past.clear)

    def _follow(self, answered: Dependency) -> None:
        """After an answer: its address, then what was asked last, and the days of what comes nearest."""
        addressed = answered.then(None, self._query, None, js=scripts.address())
        self._recall(addressed.then)
        self._draw_after(addressed)

    def _recall(self, listen: Callable[..., Dependency]) -> None:
        listen(_recent, self._queries, self._past, js=scripts.recent(), **_QUIET)

    def _draw_after(self, answered: Dependency) -> None:
        answered.then(self._draw, [self._asked, *self._fields], self._timeline, **_QUIET)

    def _offers(self) -> list[gr.Button]:
        questions = self._desk.examples(EXAMPLES)
        questions += [""] * (EXAMPLES - len(questions))
        return [gr.Button(question, size="sm", min_width=0, visible=bool(question)) for question in questions]

    def _reply(self, question: str, *given: object) -> list[object]:
        shown = self._desk.answer(question, _narrowing(given))
        offers = [hint.offer for hint in shown.offered]
        # What cannot be asked has no address.
        query = gr.skip() if shown.failed else address.write(question.strip(), shown.narrowing)
        return [shown, shown.answer, gr.CheckboxGroup(offers, value=[], visible=bool(offers)), query]

    def _pick(self, question: str, *given: object) -> list[object]:
        return [question, *self._reply(question, *given)]

    def _tick(self, asked: Shown, chosen: list[int], *given: object) -> list[object]:
        hints = [asked.offered[number] for number in chosen]
        shown = self._desk.answer(asked.question, _narrowing(given), hints)
        # Where all of it holds, the boxes are left alone: another may have been ticked meanwhile.
        same = set(shown.applied) == set(hints)
        return [shown.answer, gr.skip() if same else [hint.offer for hint in shown.applied]]

    def _narrow(self, asked: Shown, *given: object) -> list[object]:
        # A field is left, too, as it was, and filled in before there is a question.
        same = _narrowing(given) == asked.narrowing
        return _nothing(self._answered) if same or not asked.question else self._reply(asked.question, *given)

    def _arrive(self, query: str) -> list[object]:
        question, to = address.read(query)
        if not question:
            return _nothing([self.question, *self._fields, self._filters, *self._answered])
        names = zip(self._desk.names(), (to.sources, to.authors), strict=True)
        chosen = [gr.Dropdown(known, value=[*taken]) for known, taken in names]
        given = [getattr(to, each.name) for each in fields(to)]
        filters = gr.Accordion(open=to != Narrowing())
        return [question, to.since, to.until, *chosen, to.order, to.count, filters, *self._reply(question, *given)]

    def _to_days(self, clicked: gr.EventData, asked: Shown, *given: object) -> list[object]:
        since, until = str(clicked.since), str(clicked.until)
        return [since, until, *self._narrow(asked, since, until, *given[2:])]

    def _draw(self, asked: Shown, *given: object) -> str:
        return self._desk.timeline("" if asked.failed else asked.question, _narrowing(given))


def _recent(queries: str) -> str:
    """The views that were opened last, of which the browser knows the queries."""
    views = []
    for query in json.loads(queries or "[]"):
        question, to = address.read(str(query))
        if question:
            views.append((address.write(question, to), question, address.told(to)))
    return html.recent(views)


def _nothing(components: Iterable[object]) -> list[object]:
    """Values that leave these components as they are."""
    return [gr.skip() for _ in components]


def _narrowing(given: Sequence[object]) -> Narrowing:
    """What the fields say."""
    since, until, sources, authors, order, count = given
    return Narrowing(
        since=str(since or "").strip(),
        until=str(until or "").strip(),
        sources=tuple(cast("Sequence[str]", sources or ())),
        authors=tuple(cast("Sequence[str]", authors or ())),
        order=cast("Order", order),
        count=int(cast("float", count)),
    )
