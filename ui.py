"""The page: ask a folder of articles in the browser, and see where each answer stands.

The plan of the page and its wiring are here. What it does is in
``rag.page.desk``, what it shows in ``rag.page.html``, how it looks in
``rag.page.theme``. Run it with ``python ui.py`` or ``rag ui``. Programs reach
the same answers at the endpoint ``/ask``, for example with ``gradio_client``:
``Client(address).predict("Who ...?", api_name="/ask")``.
"""

from __future__ import annotations

import errno
import socket
import sys
import webbrowser
from collections.abc import Callable
from pathlib import Path

import gradio as gr
import uvicorn
from fastapi import FastAPI
from gradio.events import api

import rag
from rag.errors import PageError
from rag.page import html
from rag.page.desk import Desk, Shown
from rag.page.theme import ICON, STYLE, theme

ASKING_AT_ONCE = 4  # questions from programs that are under way together; those from the page do not queue
REFRESH = 10.0  # seconds between two looks at the folder
EXAMPLES = 4  # questions offered
PORTS = 20  # ports tried after the wanted one


def page(corpus: Path, index: Path) -> gr.Blocks:
    """The page over a folder of articles and its index, neither of which need be there yet."""
    desk = Desk(corpus, index)

    def reply(question: str) -> list[object]:
        shown = desk.answer(question)
        offers = [hint.offer for hint in shown.offered]
        return [shown, shown.answer, gr.CheckboxGroup(offers, value=[], visible=bool(offers))]

    def pick(question: str) -> list[object]:
        return [question, *reply(question)]

    def narrow(asked: Shown, chosen: list[int]) -> tuple[str, list[str]]:
        shown = desk.answer(asked.question, [asked.offered[number] for number in chosen])
        return shown.answer, [hint.offer for hint in shown.applied]

    def offers() -> list[gr.Button]:
        questions = desk.examples(EXAMPLES)
        questions += [""] * (EXAMPLES - len(questions))
        return [gr.Button(question, size="sm", min_width=0, visible=bool(question)) for question in questions]

    def look() -> list[object]:
        return [desk.status(), desk.trouble() or gr.skip(), *offers()]

    def rebuild(
        progress: gr.Progress = gr.Progress(),  # noqa: B008 (Gradio finds it by its default)
    ) -> list[object]:
        def tell(step: rag.Progress) -> None:
            progress(step.done / max(step.total, 1), desc=f"{step.stage} {step.item}".strip())

        broken = desk.broken
        news = desk.rebuild(tell)
        shown = (desk.trouble() or html.welcome()) if broken else gr.skip()
        return [news, desk.status(), shown, *offers()]

    blocks = gr.Blocks(title="Clippings", analytics_enabled=False)
    with blocks:
        with gr.Row(elem_id="masthead"):
            gr.HTML(html.masthead(), elem_id="name", apply_default_css=False)
            status = gr.HTML(desk.status(), elem_id="status", apply_default_css=False)
            again = gr.Button("Rebuild", size="sm", min_width=0, elem_id="rebuild")
        news = gr.HTML(elem_id="news", apply_default_css=False)
        with gr.Row(elem_id="ask"):
            question = gr.Textbox(
                label="Your question",
                placeholder="What would you like to know?",
                max_lines=6,
                autofocus=True,
                elem_id="question",
                html_attributes=gr.InputHTMLAttributes(enterkeyhint="search", autocomplete="off"),
            )
            go = gr.Button("Ask", variant="primary", min_width=0, elem_id="go")
        # What the question's words could mean, to tick: nothing of it is applied before.
        narrowing = gr.CheckboxGroup(
            type="index", label="Narrow the answer", visible=False, container=False, elem_id="narrow"
        )
        with gr.Row(elem_id="examples"):
            examples = offers()
        result = gr.HTML(html.welcome(), elem_id="result", apply_default_css=False)
        gr.HTML(html.footer(), elem_id="foot", apply_default_css=False)

        asked = gr.State(Shown("", ""))
        answered = [asked, result, narrowing]
        gr.on(
            [question.submit, go.click],
            reply,
            question,
            answered,
            show_progress_on=result,
            queue=False,
            api_visibility="private",
        )
        for example in examples:
            example.click(
                pick, example, [question, *answered], show_progress_on=result, queue=False, api_visibility="private"
            )
        narrowing.input(
            narrow,
            [asked, narrowing],
            [result, narrowing],
            show_progress_on=result,
            queue=False,
            api_visibility="private",
        )
        again.click(rebuild, None, [news, status, result, *examples], show_progress_on=news, api_visibility="private")
        blocks.load(
            look, None, [status, result, *examples], show_progress="hidden", queue=False, api_visibility="private"
        )
        gr.Timer(REFRESH).tick(desk.status, None, status, show_progress="hidden", queue=False, api_visibility="private")
        api(desk.ask, api_name="ask", concurrency_limit=ASKING_AT_ONCE)
    return blocks


def server(corpus: Path, index: Path) -> uvicorn.Server:
    """A server of the page, to be run on a socket that it is given."""
    app = gr.mount_gradio_app(
        FastAPI(openapi_url=None),
        page(corpus, index),
        path="/",
        theme=theme(),
        css_paths=STYLE,
        favicon_path=str(ICON),
        footer_links=["api"],
        ssr_mode=False,
    )
    return uvicorn.Server(
        uvicorn.Config(app, log_config=None, log_level="warning", ws="none", timeout_graceful_shutdown=1)
    )


def serve(
    corpus: Path,
    index: Path,
    host: str = "127.0.0.1",
    port: int = 7860,
    *,
    open_browser: bool = False,
    announce: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve the page until interrupted.

    Args:
        corpus: The folder of articles.
        index: The folder of the index.
        host: The address to listen on.
        port: The port wanted; where it is taken, the next free one serves.
        open_browser: Whether to open the page in the user's browser.
        announce: Is told the page's address, ``http://HOST:PORT``.

    Raises:
        PageError: where the page cannot be served at this host and port.
    """
    listening = listen(host, port)
    serving = server(corpus, index)
    name = f"[{host}]" if ":" in host else host
    address = f"http://{name}:{listening.getsockname()[1]}"
    announce(address)
    if open_browser:
        webbrowser.open(address)
    serving.run(sockets=[listening])


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on the port, or on the next free one.

    Raises:
        PageError: where there is none.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in (*range(port, port + PORTS), 0):
        try:
            return socket.create_server((host, candidate), family=family)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                problem = f"The page cannot be served on {host}, port {candidate} ({error})."
                raise PageError(problem, "Give another --host or --port.") from error
    raise PageError(f"No port is free on {host}.", "Stop another server, then try again.")


if __name__ == "__main__":
    from rag.cli import main

    sys.argv.insert(1, "ui")
    main()
