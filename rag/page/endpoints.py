"""What programs and assistants get from a running page: plain JSON, by Gradio's endpoints and by MCP.

Names, parameters and docstrings are what is published. Dates are ISO text, and
the path of an article is called ``file``: gradio_client takes every object with
a "path" for a file, and tries to download it. The Model Context Protocol is
that of https://modelcontextprotocol.io.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from functools import wraps
from typing import TYPE_CHECKING, Literal, ParamSpec, TypeVar

import gradio as gr
from gradio.events import api

import rag
from rag.page.desk import Desk

if TYPE_CHECKING:
    from mcp.server.fastmcp import FastMCP

ASKING_AT_ONCE = 4  # questions from programs that are under way together; those from the page do not queue

Json = dict[str, object]
Found = TypeVar("Found")
_Given = ParamSpec("_Given")
_INSTRUCTIONS = (
    "Answers from a folder of news articles, with exact quotes. Cite what you use by its article's title, source and "
    "date. Where an answer says that nothing was found, say so: its citations are only the nearest passages."
)


class Endpoints:
    """The functions for programs, over what the page shows.

    Raises:
        RagError: each of them, as the library does.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def ask_articles(
        self,
        question: str,
        k: int = 5,
        since: str | None = None,
        until: str | None = None,
        sources: list[str] | None = None,
        authors: list[str] | None = None,
        order: Literal["relevance", "newest", "oldest"] = "relevance",
    ) -> Json:
        """Ask the articles a question: an exact quote that answers it, with the cited passages, or that none was found.

        Args:
            question: The question, in plain words.
            k: How many passages to cite, 1 to 1000.
            since: The first day of publication to look at, as 2024-05-31.
            until: The last day of publication to look at, as 2024-05-31.
            sources: Look only at articles of these sources.
            authors: Look only at articles of these authors.
            order: What comes first of the passages that answer: relevance, newest or oldest.

        Returns:
            The answer. Where "found" is false, the citations are the nearest passages and no answer.
        """
        found = self._desk.use(lambda library: library.ask(question, k, since, until, sources, authors, order=order))
        return _plain(asdict(found))

    def search_passages(
        self,
        question: str,
        k: int = 5,
        since: str | None = None,
        until: str | None = None,
        sources: list[str] | None = None,
        authors: list[str] | None = None,
    ) -> list[Json]:
        """Search the articles: the passages nearest to a question, best first, each cited.

        Args:
            question: The question or the words to look for.
            k: How many passages, 1 to 1000.
            since: The first day of publication to look at, as 2024-05-31.
            until: The last day of publication to look at, as 2024-05-31.
            sources: Look only at articles of these sources.
            authors: Look only at articles of these authors.

        Returns:
            The citations, each with its passage, its article and the offsets of both passage and quote.
        """
        found = self._desk.use(lambda library: library.retrieve(question, k, since, until, sources, authors))
        return [_plain(asdict(each)) for each in found]

    def read_article(self, article_id: str) -> Json:
        """Read a whole article, to check a citation: the offsets of citations point into its "text".

        Args:
            article_id: The id of the article, as a citation or the list of articles gives it.

        Returns:
            The article with its text, and with title, author, source, date and address as far as they are known.
        """
        found = self._desk.use(lambda library: library.article(article_id))
        return _plain(asdict(found))

    def list_articles(self) -> list[Json]:
        """List the articles that questions are answered from.

        Returns:
            What is known of each article, in the order of their files.
        """
        found = self._desk.use(lambda library: library.articles())
        return [_plain(asdict(each)) for each in found]

    def rebuild_index(self) -> Json:
        """Bring the index up to date with the folder of articles; only what changed is read.

        Returns:
            What was added, changed, removed, and what could not be read and why.
        """
        return _plain(asdict(self._desk.build(lambda _: None)))


def publish(endpoints: Endpoints, *, read_only: bool) -> None:
    """Make them endpoints of the Gradio page that is being laid out; an error reaches the program with its message."""
    published: list[tuple[str, Callable[..., object]]] = [
        ("ask", endpoints.ask_articles),
        ("retrieve", endpoints.search_passages),
        ("article", endpoints.read_article),
        ("articles", endpoints.list_articles),
    ]
    for name, function in published:
        api(_told(function), api_name=name, concurrency_limit=ASKING_AT_ONCE)
    if not read_only:
        api(_told(endpoints.rebuild_index), api_name="rebuild", concurrency_limit=1)


def assistants(endpoints: Endpoints) -> FastMCP:
    """A server of the same to assistants, which cannot change anything."""
    from mcp.server.fastmcp import FastMCP
    from mcp.server.transport_security import TransportSecuritySettings
    from mcp.types import ToolAnnotations

    serving = FastMCP(
        "Clippings",
        instructions=_INSTRUCTIONS,
        stateless_http=True,
        json_response=True,
        streamable_http_path="/",
        log_level="WARNING",
        # Under which names the server may be called is looked at before.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    for function in (endpoints.ask_articles, endpoints.search_passages, endpoints.read_article):
        serving.add_tool(function, annotations=ToolAnnotations(readOnlyHint=True, openWorldHint=False))
    return serving


def _told(function: Callable[_Given, Found]) -> Callable[_Given, Found]:
    @wraps(function)
    def telling(*given: _Given.args, **named: _Given.kwargs) -> Found:
        try:
            return function(*given, **named)
        except rag.RagError as error:
            raise gr.Error(str(error), print_exception=False) from error

    return telling


def _plain(found: dict[str, object]) -> Json:
    text = json.dumps(found, default=date.isoformat)
    plain: Json = json.loads(
        text, object_pairs_hook=lambda pairs: {"file" if key == "path" else key: value for key, value in pairs}
    )
    return plain
