"""The citations that a reader keeps: what the browser stores of them, and the list on the page."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, expect
from visiting import ask, visiting

from rag import ArticleInfo, Citation, Digest
from rag.page import kept
from rag.references import Kept

text = st.text(st.characters(exclude_categories=["Cs"]))
known = st.none() | text
articles = st.builds(
    ArticleInfo,
    *(text, text, known, known),
    published=st.none() | st.dates(),
    url=known,
    path=text,
    sha256=text,
    digest_of=st.none() | st.builds(Digest, known, known, known, known),
    language=known,
)
citations = st.builds(
    Citation,
    rank=st.integers(1, 20),
    score=st.floats(0, 1),
    article=articles,
    text=text,
    start=st.integers(0),
    end=st.integers(0),
    quote=text,
    quote_start=st.integers(0),
    quote_end=st.integers(0),
    link=known,
    also=st.lists(articles, max_size=2).map(tuple),
    why=st.none(),
    page=st.none() | st.integers(1, 99),
    strength=st.floats(0, 2),
    match=st.sampled_from(["strong", "fair", "weak"]),
)

ONE = Kept(
    Citation(
        1,
        0.5,
        ArticleInfo("a", "T", None, None, date(2020, 1, 2), None, "t.md", "x", None),
        *("t", 0, 1, "t", 0, 1, None),
    ),
    "Who?",
    "Mine.",
)


@given(st.lists(st.builds(Kept, citations, text, text), max_size=3))
def test_what_a_browser_stores_is_read_again_as_it_was(all_kept: list[Kept]) -> None:
    assert kept.read(f"[{','.join(map(kept.write, all_kept))}]") == tuple(all_kept)


@pytest.mark.parametrize("stored", ["", "{", "3", "null", '{"citation": 1}'])
def test_what_is_no_list_of_them_is_an_empty_one(stored: str) -> None:
    assert kept.read(stored) == ()


def test_what_is_none_of_them_is_left_out_and_the_others_stay() -> None:
    less = json.loads(kept.write(ONE))
    del less["citation"]["quote"]
    assert kept.read(f"[3, {json.dumps(less)}, {kept.write(ONE)}]") == (ONE,)


KEEP = re.compile("^Keep: ")
STEPS = "How many steps does the keeper climb?"
MOVED = "How many honeybees were moved from their hives?"


@pytest.fixture
def with_two(page: Page) -> Page:
    """The page at its list, on which two citations are, of two questions."""
    for question, file in ((STEPS, "lighthouse.md"), (MOVED, "bees.md")):
        ask(page, question)
        expect(page.locator("#passage-1")).to_contain_text(file)
        page.locator("#passage-1").get_by_role("button", name=KEEP).click()
        expect(page.locator("#passage-1").get_by_role("button", name=KEEP)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("tab", name="Kept (2)").click()
    expect(page.locator("#kept li")).to_have_count(2)
    return page


@pytest.mark.browser
class TestOnThePage:
    def test_citations_of_several_questions_stand_in_a_list_that_outlives_a_reload(self, with_two: Page) -> None:
        first, second = with_two.locator("#kept li").all()
        expect(first).to_contain_text("142 steps")
        expect(first).to_contain_text(f"Found for “{STEPS}”")
        expect(second).to_contain_text("Digest of “Landmarks guide the honeybee”")
        with_two.reload()
        with_two.get_by_role("tab", name="Kept (2)").click()
        expect(with_two.locator("#kept li").first).to_contain_text("142 steps")

    def test_a_note_is_kept_as_it_is_typed_and_goes_into_each_form(self, with_two: Page) -> None:
        note = '<b>Ask</b> the trust, & "soon".'
        for form, name, said in (
            ("Markdown", "citations.md", r'Note: \<b\>Ask\</b\> the trust, & "soon".'),
            ("BibTeX", "citations.bib", r'Note: <b>Ask</b> the trust, \& "soon".'),
            ("RIS", "citations.ris", 'N1  - Note: <b>Ask</b> the trust, & "soon".'),
        ):
            with_two.get_by_label("Note").first.fill("")
            with_two.get_by_label("Note").first.press_sequentially(note)
            with with_two.expect_download() as saving:
                with_two.get_by_role("button", name=f"Save as {form}").click()
            assert saving.value.suggested_filename == name
            saved = Path(saving.value.path()).read_text(encoding="utf-8")
            assert said in saved
            assert "142 steps" in saved
            assert "220 tagged honeybees" in saved
        with_two.reload()
        with_two.get_by_role("tab", name="Kept (2)").click()
        expect(with_two.get_by_label("Note").first).to_have_value(note)

    def test_one_is_taken_out_in_the_list_or_where_it_was_found(self, with_two: Page) -> None:
        with_two.locator("#kept li").first.get_by_role("button", name="Remove").click()
        expect(with_two.locator("#kept li")).to_have_count(1)
        with_two.get_by_role("tab", name="Ask").click()
        again = with_two.locator("#passage-1").get_by_role("button", name=KEEP)
        expect(again).to_have_attribute("aria-pressed", "true")
        again.click()
        expect(again).to_have_attribute("aria-pressed", "false")
        with_two.get_by_role("tab", name="Kept", exact=True).click()
        expect(with_two.locator("#kept")).to_contain_text("Press Keep below a passage")

    def test_several_are_kept_however_quickly_they_are_chosen(self, strike: Page) -> None:
        ask(strike, "How many workers of the Halmar quarry are on strike?")
        expect(strike.locator("#result article")).to_have_count(4)
        strike.evaluate("document.querySelectorAll('#result [data-do=keep]').forEach((each) => each.click())")
        strike.get_by_role("tab", name="Kept (4)").click()
        expect(strike.locator("#kept li")).to_have_count(4)

    def test_its_article_is_read_beside_it(self, with_two: Page) -> None:
        with_two.locator("#kept li").first.get_by_role("button", name="Read in the article").click()
        expect(with_two.locator("#kept-reader mark")).to_contain_text("142 steps")
        expect(with_two.locator("#kept-reader mark")).to_be_in_viewport()

    def test_what_somebody_else_stored_there_does_no_harm(self, browser: Browser, address: str) -> None:
        with visiting(browser, address) as page:
            hostile = json.loads(kept.write(ONE))
            hostile["citation"]["article"]["title"] = "<img src=x onerror=window.pwned=1>"
            hostile["citation"]["link"] = "javascript:window.pwned=1"
            hostile["note"] = "</textarea><img src=x onerror=window.pwned=1>"
            stored = json.dumps([hostile, "x", {"citation": 3}])
            page.evaluate("(stored) => localStorage.setItem('clippings.kept', stored)", stored)
            page.reload()
            page.get_by_role("tab", name="Kept (1)").click()
            expect(page.get_by_label("Note")).to_have_value(hostile["note"])
            expect(page.locator("#kept")).to_contain_text("<img src=x")
            assert page.locator("#kept").locator("img, a").count() == 0
            assert page.evaluate("window.pwned") is None


@pytest.mark.browser
class TestRecentQuestions:
    def test_they_are_links_to_their_views_and_are_forgotten_when_asked(self, browser: Browser, address: str) -> None:
        with visiting(browser, address) as page:
            for question in (STEPS, MOVED, STEPS):
                ask(page, question)
                page.wait_for_url(f"**{question.split()[2]}**")
            expect(page.locator("#past li")).to_have_count(2)
            page.goto(address)
            expect(page.locator("#past a")).to_have_text([STEPS, MOVED])
            page.get_by_text("Recent questions").click()
            page.get_by_role("link", name=MOVED).click()
            expect(page.locator(".answer blockquote")).to_contain_text("220 tagged honeybees")
            page.get_by_text("Recent questions").click()
            page.get_by_role("button", name="Forget them").click()
            expect(page.locator("#past")).to_contain_text("None yet")
            page.reload()
            expect(page.locator("#past li")).to_have_count(0)
