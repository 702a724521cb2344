"""What the page shows is what the articles say, whatever that is."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rag
from rag.page import html

if TYPE_CHECKING:
    from rag.types import Citation


class _Reader(HTMLParser):
    """What a browser makes of a piece of HTML: its tags, its addresses and its text."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str | None] = []
        self.text = ""
        self.feed(str(markup))  # a Markup would escape again what is taken from it
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.text += data


def citation(text: str, title: str, link: str | None = None) -> Citation:
    article = rag.ArticleInfo("id", title, title, title, None, link, title, "sha", None)
    return rag.Citation(1, 0.5, article, text, 0, len(text), text, 0, len(text), link)


WORDS = st.text(st.characters(exclude_characters="\r\0"), min_size=1)


class TestTheMarkup:
    @given(WORDS, WORDS)
    def test_whatever_an_article_says_is_shown_as_it_is(self, title: str, text: str) -> None:
        def reader(title: str, text: str) -> _Reader:
            why = rag.Why(0.5, 0.5, 0.5, (rag.WordMatch(title, text, 0.5),))
            cited = replace(citation(text, title), why=why)
            found = rag.Answer("?", found=True, text=text, citations=(cited,), missing=(title,), voices=(cited, cited))
            return _Reader(html.answer(found, (rag.Hint(title, order="newest"),)))

        shown, plain = reader(title, text), reader("a", "a")
        assert shown.tags == plain.tags
        assert title in shown.text
        assert "".join(text.split()) in "".join(shown.text.split())

    @given(WORDS)
    def test_whatever_an_error_says_is_shown_as_it_is(self, message: str) -> None:
        shown = _Reader(html.problem("Title", message))
        assert shown.tags <= {"section", "h2", "p", "code"}
        assert message.replace("`", "") in shown.text

    @pytest.mark.parametrize(
        "url", ["javascript:alert(1)", "data:text/html,x", "//x.example", "http://[x", "ftp://x.example"]
    )
    def test_only_web_addresses_become_links(self, url: str) -> None:
        for link, expected in ((url, []), ("https://x.example/?a=1&b=<i>", ["https://x.example/?a=1&b=<i>"])):
            answer = rag.Answer("?", found=False, text="", citations=(citation("a", "a", link),))
            assert _Reader(html.answer(answer)).links == expected

    def test_a_rebuild_names_what_changed_and_folds_a_long_list(self) -> None:
        paths = tuple(f"{number}.md" for number in range(9))
        report = rag.BuildReport(paths, (), ("gone.md",), (), (rag.Failure("bad.md", "no text"),), 9, 20, 1.0)
        said = _Reader(html.report(report))
        assert "details" in said.tags
        assert all(words in said.text for words in (*paths, "Added 9", "gone.md", "bad.md – no text", "20 passages"))
        assert "Nothing had changed" in html.report(replace(report, added=(), removed=()))
