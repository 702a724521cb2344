"""The page: ask a folder of articles in the browser, and see where each answer stands.

The plan of the page is here, and how it is served. Its parts are
``rag.page.asking``, ``rag.page.keeping`` and ``rag.page.shelf``; what they do
with the index is in ``rag.page.desk``, what they show in ``rag.page.html``, how
they look in ``rag.page.theme``. Run it with ``python ui.py`` or ``rag ui``.
Programs and assistants reach the same answers through ``rag.page.endpoints``,
for example with ``gradio_client``:
``Client(address).predict("Who ...?", api_name="/ask")``.
"""

from __future__ import annotations

import errno
import socket
import sys
import webbrowser
from collections.abc import Callable, Sequence
from pathlib import Path

import gradio as gr
import uvicorn
from fastapi import FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware

from rag.errors import PageError
from rag.page import access, html
from rag.page.asking import Asking
from rag.page.desk import Desk
from rag.page.endpoints import Endpoints, assistants, publish
from rag.page.events import teller
from rag.page.keeping import Keeping
from rag.page.shelf import Shelf
from rag.page.theme import HEAD, ICON, STYLE, theme

REFRESH = 10.0  # seconds between two looks at the folder
WAITING = 0.02  # seconds between two looks at what waits in Gradio's queue, which would look every millisecond
UPLOADED = "100mb"  # the most that a file may have which is sent to the page
PORTS = 20  # ports tried after the wanted one


def page(desk: Desk, *, read_only: bool = False) -> gr.Blocks:
    """The page over a folder of articles and its index, neither of which need be there yet.

    With ``read_only`` nobody can change the index through it.
    """

    def look() -> list[object]:
        return [desk.status(), desk.trouble() or gr.skip(), *asking.look(), *shelf.look()]

    def bring_up_to_date(
        progress: gr.Progress = gr.Progress(),  # noqa: B008 (Gradio finds it by its default)
    ) -> list[object]:
        broken = desk.broken
        news = desk.rebuild(teller(progress))
        shown = (desk.trouble() or html.welcome()) if broken else gr.skip()
        return [news, desk.status(), shown, *asking.look(), *shelf.look()]

    blocks = gr.Blocks(title="Clippings", analytics_enabled=False)
    with blocks:
        with gr.Row(elem_id="masthead"):
            gr.HTML(html.masthead(), elem_id="name", apply_default_css=False)
            status = gr.HTML(desk.status(), elem_id="status", apply_default_css=False)
            again = gr.Button("Rebuild", size="sm", min_width=0, elem_id="rebuild", visible=not read_only)
        news = gr.HTML(elem_id="news", apply_default_css=False)
        with gr.Tabs(elem_id="rooms"):
            with gr.Tab("Ask", id="ask"):
                asking = Asking(desk)
            with gr.Tab("Kept", id="kept") as kept:
                keeping = Keeping(desk, kept)
            with gr.Tab("Articles", id="articles"):
                shelf = Shelf(desk, read_only=read_only)
        gr.HTML(html.footer(), elem_id="foot", apply_default_css=False)

        known = [status, asking.result, *asking.known, *shelf.known]
        if not read_only:
            listeners: list[Callable[..., object]] = [again.click, *(change.then for change in shelf.changes)]
            for listen in listeners:
                listen(bring_up_to_date, None, [news, *known], show_progress_on=news, api_visibility="private")
        asking.arrive(blocks.load)
        keeping.follow(blocks.load, kept.select, asking.result.like)
        blocks.load(look, None, known, show_progress="hidden", queue=False, api_visibility="private")
        gr.Timer(REFRESH).tick(desk.status, None, status, show_progress="hidden", queue=False, api_visibility="private")
        publish(Endpoints(desk), read_only=read_only)
    # An idle page would take a fifteenth of a core. Nothing public of Gradio's sets it; what the page asks for while
    # somebody types does not queue.
    blocks._queue.sleep_when_free = WAITING  # noqa: SLF001
    return blocks


def server(
    corpus: Path,
    index: Path,
    *,
    users: Sequence[tuple[str, str]] = (),
    hosts: Sequence[str] = ("*",),
    mcp: bool = False,
    read_only: bool = False,
    root_path: str | None = None,
) -> uvicorn.Server:
    """A server of the page, to be run on a socket that it is given.

    Args:
        corpus: The folder of articles.
        index: The folder of the index.
        users: Names and passwords of those who may see it; where there are none, all may.
        hosts: The names under which it may be called.
        mcp: Whether assistants may use it too, by the Model Context Protocol.
        read_only: Whether nobody can change the index through it.
        root_path: The path under which a proxy serves it.
    """
    desk = Desk(corpus, index)
    programs = assistants(Endpoints(desk)) if mcp else None
    outer = FastAPI(openapi_url=None, lifespan=None if programs is None else lambda _: programs.session_manager.run())
    if programs is not None:
        outer.mount("/mcp", programs.streamable_http_app())
    outer.add_middleware(TrustedHostMiddleware, allowed_hosts=list(hosts))
    app = gr.mount_gradio_app(
        outer,
        page(desk, read_only=read_only),
        path="/",
        theme=theme(),
        css_paths=STYLE,
        head=HEAD,
        favicon_path=str(ICON),
        footer_links=["api"],
        ssr_mode=False,
        run_history=False,
        max_file_size=UPLOADED,
        auth=list(users) or None,
        mcp_server=False,
        root_path=root_path,
    )
    return uvicorn.Server(
        uvicorn.Config(app, log_config=None, log_level="warning", ws="none", timeout_graceful_shutdown=1)
    )


def serve(  # noqa: PLR0913  one parameter an option
    corpus: Path,
    index: Path,
    host: str = "127.0.0.1",
    port: int = 7860,
    *,
    auth_file: Path | None = None,
    no_auth: bool = False,
    mcp: bool = False,
    read_only: bool = False,
    root_path: str | None = None,
    open_browser: bool = False,
    announce: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve the page until interrupted.

    Args:
        corpus: The folder of articles.
        index: The folder of the index.
        host: The address to listen on.
        port: The port wanted; where it is taken, the next free one serves.
        auth_file: A file with the names and passwords of those who may see the page.
        no_auth: Whether all may who reach it, though others than this machine do.
        mcp: Whether assistants may use it too, by the Model Context Protocol.
        read_only: Whether nobody can change the index through it.
        root_path: The path under which a proxy serves it.
        open_browser: Whether to open the page in the user's browser.
        announce: Is told the page's address, ``http://HOST:PORT``.

    Raises:
        PageError: where the page cannot or must not be served like this.
    """
    access.confirm(host, auth_file, no_auth=no_auth, mcp=mcp)
    users = [] if auth_file is None else access.read_users(auth_file)
    # A site elsewhere may have its name lead here, to read through the visitor's browser what is on this machine.
    hosts = access.LOCAL if host in access.LOCAL and root_path is None else ("*",)
    with listen(host, port) as listening:
        serving = server(corpus, index, users=users, hosts=hosts, mcp=mcp, read_only=read_only, root_path=root_path)
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
