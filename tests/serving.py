"""The page, served on a port of its own while a test lasts."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

import uvicorn

import ui


@contextmanager
def serving(
    corpus: Path,
    index: Path,
    *,
    users: Sequence[tuple[str, str]] = (),
    hosts: Sequence[str] = ("*",),
    mcp: bool = False,
    read_only: bool = False,
) -> Iterator[str]:
    """Serve the page as ``ui.serve`` does, and give its address."""
    begun: SimpleQueue[uvicorn.Server | BaseException] = SimpleQueue()
    with ui.listen("127.0.0.1", 0) as listening:

        async def serve() -> None:
            # Laid out where no event loop runs, a page leaves open some of its own.
            server = ui.server(corpus, index, users=users, hosts=hosts, mcp=mcp, read_only=read_only)
            begun.put(server)
            await server.serve(sockets=[listening])

        def run() -> None:
            try:
                asyncio.run(serve())
            except BaseException as error:  # noqa: BLE001  it is raised again, where the test sees it
                begun.put(error)

        thread = threading.Thread(target=run)
        thread.start()
        server = begun.get()
        if isinstance(server, BaseException):
            raise server
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
