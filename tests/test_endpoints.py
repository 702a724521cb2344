"""What programs and assistants get from a running page, asked as they ask."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TypeVar

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.types import TextContent
from serving import serving

from rag.errors import ArticleUnknownError, EmptyQuestionError, PageError
from rag.library import Library
from rag.page import access

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
QUESTION = "Who was left without internet on Skerra?"
Found = TypeVar("Found")


@pytest.fixture(scope="module")
def address(corpus: Path, index: Path) -> Iterator[str]:
    with serving(corpus, index, mcp=True, hosts=access.LOCAL) as address:
        yield address


@pytest.fixture(scope="module")
def client(address: str) -> Client:
    return Client(address, verbose=False)


def plain(found: object) -> object:
    """What it is as JSON, with the path called as it is for gradio_client."""
    return json.loads(json.dumps(found, default=date.isoformat).replace('"path":', '"file":'))


def assisted(address: str, work: Callable[[ClientSession], Awaitable[Found]]) -> Found:
    """What an assistant's own client makes of the page."""

    async def session() -> Found:
        async with (
            streamable_http_client(f"{address}/mcp/") as (received, sent, _),
            ClientSession(received, sent) as opened,
        ):
            await opened.initialize()
            return await work(opened)

    return asyncio.run(session())


class TestEndpoints:
    @pytest.mark.skipif(shutil.which("curl") is None or shutil.which("bash") is None, reason="needs curl and bash")
    def test_they_are_asked_with_curl_as_the_readme_says(self, address: str) -> None:
        [example] = re.findall(r"^event=.*?(?=^```)", README, re.MULTILINE | re.DOTALL)
        question = example.replace("http://127.0.0.1:7860", address).replace("Who is Lev Dengov?", QUESTION)
        said = subprocess.run(  # noqa: S603  the README's own commands
            ["bash", "-euc", question],  # noqa: S607  the system's bash
            capture_output=True,
            text=True,
            check=True,
        )
        event, data = said.stdout.strip().split("\n")
        assert event == "event: complete"
        [citations] = json.loads(data.removeprefix("data: "))
        assert "Skerra" in citations[0]["text"]

    def test_only_those_that_are_named_are_public_and_each_is_described(self, client: Client) -> None:
        described = client.view_api(return_format="dict", print_info=False)
        assert isinstance(described, dict)
        endpoints = described["named_endpoints"]
        assert list(endpoints) == ["/ask", "/retrieve", "/article", "/articles", "/rebuild"]
        assert not described["unnamed_endpoints"]
        assert all(endpoint["description"] for endpoint in endpoints.values())

    def test_they_give_what_the_library_gives_as_plain_json(self, client: Client, library: Library) -> None:
        cited = library.retrieve(QUESTION, k=2)
        identity = cited[0].article.id
        assert client.predict(QUESTION, k=2, api_name="/ask") == plain(asdict(library.ask(QUESTION, 2)))
        assert client.predict(QUESTION, k=2, api_name="/retrieve") == plain([asdict(each) for each in cited])
        assert client.predict(identity, api_name="/article") == plain(asdict(library.article(identity)))
        assert client.predict(api_name="/articles") == plain([asdict(each) for each in library.articles()])

    def test_a_rebuild_tells_what_it_did(self, client: Client, library: Library) -> None:
        report = client.predict(api_name="/rebuild")
        assert (report["added"], report["changed"], report["articles"]) == ([], [], len(library.articles()))

    def test_an_error_arrives_with_its_message(self, client: Client) -> None:
        with pytest.raises(AppError, match=str(EmptyQuestionError())):
            client.predict(" ", api_name="/retrieve")
        with pytest.raises(AppError, match=str(ArticleUnknownError("nothing"))):
            client.predict("nothing", api_name="/article")

    def test_curl_names_only_the_options_that_it_wants(self, address: str, library: Library) -> None:
        with httpx.Client(base_url=f"{address}/gradio_api/call/v2", trust_env=False, timeout=60) as web:
            event = web.post("/retrieve", json={"question": QUESTION, "k": 1}).json()["event_id"]
            said = web.get(f"/retrieve/{event}").text
        assert said.startswith("event: complete")
        [found] = json.loads(said.partition("data: ")[2])
        assert found == plain([asdict(each) for each in library.retrieve(QUESTION, k=1)])


class TestAssistants:
    def test_they_find_three_tools_that_change_nothing(self, address: str) -> None:
        tools = assisted(address, ClientSession.list_tools).tools
        assert [tool.name for tool in tools] == ["ask_articles", "search_passages", "read_article"]
        assert all(tool.description and tool.annotations and tool.annotations.readOnlyHint for tool in tools)

    def test_they_ask_and_read_the_article_that_is_cited(self, address: str, library: Library) -> None:
        async def check(session: ClientSession) -> tuple[object, object]:
            answer = await session.call_tool("ask_articles", {"question": QUESTION})
            assert answer.structuredContent is not None
            [cited, *_] = answer.structuredContent["citations"]
            article = await session.call_tool("read_article", {"article_id": cited["article"]["id"]})
            assert article.structuredContent is not None
            text = article.structuredContent["text"]
            return answer.structuredContent, text[cited["quote_start"] : cited["quote_end"]]

        found = library.ask(QUESTION)
        assert assisted(address, check) == (plain(asdict(found)), found.text)

    def test_an_error_is_told_with_its_message(self, address: str) -> None:
        done = assisted(address, lambda session: session.call_tool("search_passages", {"question": "?", "k": 0}))
        [said] = done.content
        assert done.isError
        assert isinstance(said, TextContent)
        assert "k is 0: give a number from 1" in said.text

    def test_they_are_not_served_unless_asked_for(self, corpus: Path, index: Path) -> None:
        with serving(corpus, index) as address:
            assert httpx.post(f"{address}/mcp/", json={}, trust_env=False).status_code in {404, 405}


class TestAccess:
    def test_a_page_called_by_a_foreign_name_is_not_shown(self, address: str) -> None:
        for path in ("/", "/mcp/", "/gradio_api/info"):
            called = httpx.get(address + path, headers={"Host": "clippings.attacker.example"}, trust_env=False)
            assert called.status_code == 400
        assert httpx.get(address, trust_env=False).status_code == 200

    def test_without_the_password_nothing_is_told(self, corpus: Path, index: Path) -> None:
        with serving(corpus, index, users=(("ada", "a secret"),)) as address:
            with httpx.Client(base_url=address, trust_env=False) as web:
                assert web.get("/gradio_api/info").status_code == 401
                called = web.post("/gradio_api/call/v2/ask", json={"question": QUESTION})
                assert called.status_code == 401
            with pytest.raises(ValueError, match="Could not load"):
                Client(address, verbose=False)
            client = Client(address, auth=("ada", "a secret"), verbose=False)
            assert client.predict(QUESTION, api_name="/ask")["found"]

    def test_a_page_for_reading_has_no_rebuild(self, corpus: Path, index: Path) -> None:
        with serving(corpus, index, read_only=True) as address:
            described = Client(address, verbose=False).view_api(return_format="dict", print_info=False)
            assert isinstance(described, dict)
            assert "/rebuild" not in described["named_endpoints"]
            config = httpx.get(f"{address}/config", trust_env=False).json()
            [button] = [each for each in config["components"] if each["props"].get("elem_id") == "rebuild"]
            assert not button["props"]["visible"]
            assert not [each for each in config["dependencies"] if [button["id"], "click"] in each["targets"]]

    @pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "localhost", "::1"])
    def test_this_machine_alone_needs_no_password(self, host: str) -> None:
        access.confirm(host, None, no_auth=False, mcp=True)

    @pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "203.0.113.7", "news.example"])  # noqa: S104
    def test_others_need_one_unless_it_is_said_in_so_many_words_that_they_do_not(self, host: str) -> None:
        with pytest.raises(PageError, match="--auth-file") as refused:
            access.confirm(host, None, no_auth=False, mcp=False)
        assert "--no-auth" in refused.value.cure
        access.confirm(host, None, no_auth=True, mcp=False)
        access.confirm(host, Path("users"), no_auth=False, mcp=False)

    def test_assistants_and_passwords_do_not_go_together(self) -> None:
        with pytest.raises(PageError, match="--mcp and --auth-file"):
            access.confirm("127.0.0.1", Path("users"), no_auth=False, mcp=True)

    def test_a_file_gives_a_password_for_each_name(self, tmp_path: Path) -> None:
        file = tmp_path / "users"
        file.write_text("\ufeff# the desk\nada:a secret: with a colon\n\n  Jörg:ß\n", encoding="utf-8")
        assert access.read_users(file) == [("ada", "a secret: with a colon"), ("Jörg", "ß")]

    @pytest.mark.parametrize("written", [b"", b"# none\n", b"ada\n", b"ada:\n", b":secret\n", b"\xff\xfe\xff"])
    def test_a_file_that_does_not_is_told_with_the_cure(self, tmp_path: Path, written: bytes) -> None:
        file = tmp_path / "users"
        file.write_bytes(written)
        with pytest.raises(PageError, match="name:password on each line"):
            access.read_users(file)
        with pytest.raises(PageError, match="cannot be read"):
            access.read_users(tmp_path / "nothing")
