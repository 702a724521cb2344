"""The page, in a real browser over a real server and index; and what programs get from it."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import screenshots
from gradio_client import Client
from gradio_client.exceptions import AppError
from playwright.sync_api import Browser, FilePayload, Page, expect
from serving import serving
from visiting import BEES, FERRY, LATEST, STRIKE, ask, visiting

import rag
import ui
from rag.errors import EmptyQuestionError, IndexMissingError, PageError


@pytest.mark.browser
class TestAsking:
    def test_a_question_typed_on_arrival_is_answered_by_a_quote_that_is_marked_in_its_passage(self, page: Page) -> None:
        expect(page.get_by_label("Your question")).to_be_focused()
        page.keyboard.type("How many steps does the keeper climb?")
        page.keyboard.press("Enter")
        quote = page.locator(".answer blockquote")
        expect(quote).to_contain_text("climbs the 142 steps")
        expect(quote).to_have_class("verbatim")
        expect(page.locator(".attribution")).to_contain_text("Harbour Gazette · Oona Pell · 17 April 2023")
        first = page.locator("#passage-1")
        expect(first.locator("mark")).to_have_text(quote.inner_text())
        expect(first.get_by_role("heading")).to_have_text("The keeper who stayed: Brannock light turns 150")
        expect(first).to_contain_text("lighthouse.md")
        expect(first).to_contain_text("Strong match")
        link = first.get_by_role("link", name="Read the original")
        assert (link.get_attribute("href") or "").startswith("https://gazette.example/brannock-light#:~:text=")

    def test_a_digest_is_called_one_and_leads_to_the_original(self, page: Page) -> None:
        ask(page, "How many honeybees were moved from their hives?")
        expect(page.locator(".answer blockquote")).to_have_class("paraphrase")
        expect(page.locator(".attribution")).to_contain_text(
            "Digest of “Landmarks guide the honeybee” by Rosa Quint in Meadow & Field · 30 September 2021"
        )
        link = page.locator("#passage-1").get_by_role("link", name="Read the original")
        expect(link).to_have_attribute("href", "https://meadow.example/bees")

    def test_a_hostile_article_shows_as_text_and_runs_nothing(self, page: Page) -> None:
        ask(page, "What does the hostile template say?")
        card = page.locator("#result li", has_text="hostile.txt")
        expect(card.get_by_role("heading")).to_have_text(
            "<script>window.pwned=1</script> & <img src=x onerror=window.pwned=1>"
        )
        for literal in ("${window.pwned=1}", "{{value}}", "$x^2$", "<img src=x", "&lt;b&gt;", "<!--"):
            expect(card.locator(".passage")).to_contain_text(literal)
        assert page.evaluate("window.pwned") is None
        assert page.locator("#result").locator("script, img, svg").count() == 0

    def test_what_is_not_found_looks_unlike_an_answer(self, page: Page) -> None:
        ask(page, "Which team won the chess olympiad in Budapest?")
        expect(page.get_by_role("heading", name="Not found in these articles")).to_be_visible()
        expect(page.get_by_role("heading", name="Nearest passages")).to_be_visible()
        assert page.locator(".answer").count() == 0
        assert page.locator(".nearest article").count() == 3

    def test_an_example_is_asked_when_pressed(self, page: Page) -> None:
        example = page.locator("#examples button:visible").first
        question = example.inner_text()
        example.click()
        expect(page.locator("#result article").first).to_be_visible()
        expect(page.get_by_label("Your question")).to_have_value(question)

    def test_an_empty_question_gets_its_error(self, page: Page) -> None:
        ask(page, "   ")
        expect(page.get_by_role("alert")).to_contain_text(str(EmptyQuestionError()))

    def test_a_question_that_is_too_long_gets_its_error_and_stays_in_the_box(self, page: Page) -> None:
        question = "why " * 10_000
        ask(page, question)
        expect(page.get_by_role("alert")).to_contain_text("10,000 words")
        expect(page.get_by_label("Your question")).to_have_value(question)

    def test_nothing_is_asked_of_any_other_machine(self, browser: Browser, address: str) -> None:
        with browser.new_context() as context:
            page, asked = context.new_page(), set[str]()
            page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
            page.goto(address)
            ask(page, "How many steps does the keeper climb?")
            expect(page.locator("#passage-1")).to_be_visible()
            page.get_by_role("button", name="Use via API").click()
            expect(page.get_by_role("heading", name="API documentation")).to_be_visible()
        assert asked - {""} == {urlsplit(address).netloc}

    def test_nothing_is_wider_than_a_phone(self, browser: Browser, address: str) -> None:
        with visiting(browser, address, width=390) as page:
            ask(page, "What does the hostile template say?")
            expect(page.locator("#passage-1")).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.browser
class TestSeveralArticles:
    def test_each_that_answers_is_heard_with_who_says_it_and_when(self, strike: Page) -> None:
        ask(strike, STRIKE)
        expect(strike.locator(".answer blockquote")).to_have_count(1)
        voices = strike.locator(".voices li")
        expect(voices).to_have_count(2)
        heard = {each.locator(".attribution").inner_text(): each for each in [strike.locator(".answer"), *voices.all()]}
        origins = {re.sub(r"\s*\[\d\]$", "", who): each.locator("blockquote") for who, each in heard.items()}
        assert set(origins) == {
            "Northern Post · Ilse Brandt · 9 April 2019",
            "Digest of “Slate runs short” by Oskar Lund in County Gazette · 23 May 2019",
            "A letter from Halmar",
        }
        for who, quote in origins.items():
            expect(quote).to_have_class("paraphrase" if who.startswith("Digest") else "verbatim")

    def test_a_voice_leads_to_its_passage(self, strike: Page) -> None:
        ask(strike, STRIKE)
        voice = strike.locator(".voices li", has=strike.get_by_role("link", name="[3]"))
        voice.get_by_role("link").click()
        expect(strike.locator("#passage-3")).to_be_in_viewport()
        expect(strike.locator("#passage-3 mark")).to_have_text(voice.locator("blockquote").inner_text())

    def test_one_article_alone_has_no_company(self, strike: Page) -> None:
        ask(strike, "Who moved 220 tagged honeybees?")
        expect(strike.locator(".answer blockquote")).to_contain_text("honeybees")
        expect(strike.locator(".voices")).to_have_count(0)


@pytest.mark.browser
class TestNarrowing:
    def test_what_the_question_says_of_dates_is_offered_and_not_applied(self, strike: Page) -> None:
        ask(strike, LATEST)
        expect(strike.get_by_role("checkbox")).to_have_count(2)
        for name in ("Newest first", "Only articles published in April 2019"):
            expect(strike.get_by_role("checkbox", name=name)).not_to_be_checked()
        expect(strike.locator("#result .scope")).to_have_count(0)
        expect(strike.locator("#result article")).to_have_count(4)
        ask(strike, STRIKE)
        expect(strike.get_by_role("checkbox")).to_have_count(0)

    def test_what_is_ticked_is_applied_and_said_and_can_be_taken_off(self, strike: Page) -> None:
        ask(strike, LATEST)
        month = strike.get_by_role("checkbox", name="Only articles published in April 2019")
        month.click()
        scope = strike.locator("#result .scope")
        expect(scope).to_have_text("Only articles published in April 2019 · 1 article without a date left out")
        expect(month).to_be_checked()
        expect(strike.locator("#result article")).to_have_count(1)
        expect(strike.locator("#result article")).to_contain_text("walkout.md")
        strike.get_by_role("checkbox", name="Newest first").click()
        expect(scope).to_contain_text("Only articles published in April 2019 · Newest first")
        month.click()
        expect(scope).to_have_text("Newest first")
        expect(strike.locator("#passage-1")).to_contain_text("grown.md")
        expect(strike.locator("#result article")).to_have_count(4)
        strike.get_by_role("checkbox", name="Newest first").click()
        expect(scope).to_have_count(0)

    def test_a_new_question_is_asked_without_what_was_ticked_before(self, strike: Page) -> None:
        ask(strike, LATEST)
        strike.get_by_role("checkbox", name="Only articles published in April 2019").click()
        expect(strike.locator("#result .scope")).to_have_count(1)
        ask(strike, LATEST.replace("latest", "news"))
        expect(strike.locator("#result .scope")).to_have_count(0)
        expect(strike.get_by_role("checkbox")).to_have_count(1)
        expect(strike.get_by_role("checkbox")).not_to_be_checked()

    def test_it_is_the_question_that_was_asked_that_is_narrowed_not_one_half_typed(self, strike: Page) -> None:
        ask(strike, LATEST)
        month = strike.get_by_role("checkbox", name="Only articles published in April 2019")
        expect(month).to_be_visible()
        strike.get_by_label("Your question").fill("Who moved")
        month.click()
        expect(strike.locator("#passage-1")).to_contain_text("walkout.md")
        expect(strike.locator("#result article")).to_have_count(1)
        expect(strike.get_by_label("Your question")).to_have_value("Who moved")

    def test_of_two_orders_the_one_ticked_last_counts(self, strike: Page) -> None:
        ask(strike, "By the latest and by the first reports, how many workers of the Halmar quarry are on strike?")
        newest, oldest = (strike.get_by_role("checkbox", name=f"{each} first") for each in ("Newest", "Oldest"))
        for ticked, other, first in ((newest, oldest, "grown.md"), (oldest, newest, "walkout.md")):
            ticked.click()
            expect(strike.locator("#passage-1")).to_contain_text(first)
            expect(ticked).to_be_checked()
            expect(other).not_to_be_checked()

    def test_a_filter_that_leaves_nothing_says_so_and_shows_no_passages(self, strike: Page) -> None:
        ask(strike, "Who was on strike in 1945?")
        strike.get_by_role("checkbox", name="Only articles published in 1945").click()
        expect(strike.locator(".not-found")).to_contain_text("No article passes the filters.")
        expect(strike.locator("#result .scope")).to_contain_text("1 article without a date left out")
        expect(strike.locator(".passages")).to_have_count(0)
        expect(strike.get_by_role("checkbox")).to_be_checked()


@pytest.mark.browser
class TestWhy:
    def test_a_passage_tells_on_demand_why_it_was_found(self, strike: Page) -> None:
        ask(strike, "How many labourers of the quarry are on strike?")
        why = strike.locator("#passage-1 .why")
        expect(why.locator("dl")).not_to_be_visible()
        why.get_by_text("Why this passage").click()
        expect(why.locator("dd")).to_have_count(3)
        expect(why).to_contain_text(re.compile(r"Its strength is \d\.\d\d"))
        expect(why.get_by_role("listitem").filter(has_text="labourers →").locator("b")).to_have_text("workers")
        expect(why.get_by_role("listitem").filter(has_text="strike →").locator("b")).to_have_text("strike")

    def test_nothing_of_it_is_wider_than_a_phone(self, browser: Browser, striking: str) -> None:
        with visiting(browser, striking, width=390) as page:
            ask(page, LATEST)
            page.get_by_role("checkbox", name="Newest first").click()
            expect(page.locator("#result .scope")).to_have_text("Newest first")
            page.get_by_text("Why this passage").first.click()
            assert page.evaluate("document.documentElement.scrollWidth") == 390


def told(page: Page) -> str:
    """What the page puts into the clipboard next."""
    return str(page.evaluate("navigator.clipboard.readText()"))


@pytest.mark.browser
class TestChecking:
    def test_the_whole_article_opens_beside_the_answer_at_the_quote(self, page: Page) -> None:
        ask(page, "How many steps does the keeper climb?")
        page.locator("#passage-1").get_by_role("button", name="Read in the article").click()
        opened = page.locator("#reader article")
        expect(opened.get_by_role("heading")).to_have_text("The keeper who stayed: Brannock light turns 150")
        expect(opened.get_by_role("heading")).to_be_focused()
        expect(opened.locator("mark")).to_have_text(page.locator("#passage-1 mark").inner_text())
        expect(opened.locator("mark")).to_be_in_viewport()
        expect(opened).to_contain_text("first lit in 1873")
        expect(opened).to_contain_text("will make it.")
        page.keyboard.press("Escape")
        expect(opened).to_have_count(0)
        expect(page.locator(".answer blockquote")).to_be_visible()

    def test_on_a_phone_it_lies_over_the_page_and_is_closed_by_its_button(self, browser: Browser, address: str) -> None:
        with visiting(browser, address, width=390) as page:
            ask(page, "How many steps does the keeper climb?")
            page.locator("#passage-1").get_by_role("button", name="Read in the article").click()
            expect(page.locator("#reader mark")).to_be_in_viewport()
            assert page.evaluate("document.documentElement.scrollWidth") == 390
            page.get_by_role("button", name="Close the article").click()
            expect(page.locator("#reader article")).to_have_count(0)

    def test_a_hostile_article_is_read_as_text(self, page: Page) -> None:
        ask(page, "What does the hostile template say?")
        page.locator("#result li", has_text="hostile.txt").get_by_role("button", name="Read in the article").click()
        expect(page.locator("#reader .text")).to_contain_text("${window.pwned=1}")
        assert page.evaluate("window.pwned") is None
        assert page.locator("#reader").locator("script, img, svg").count() == 0

    @pytest.mark.parametrize(
        ("form", "begins"), [("Plain text", "“"), ("Markdown", "> "), ("BibTeX", "@article{"), ("RIS", "TY  - NEWS")]
    )
    def test_a_citation_is_copied_in_each_form(self, page: Page, form: str, begins: str) -> None:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        ask(page, "How many steps does the keeper climb?")
        first = page.locator("#passage-1")
        first.get_by_text("Copy citation").click()
        first.get_by_role("button", name=form).click()
        expect(first.get_by_role("button", name="Copied")).to_be_visible()
        copied = told(page)
        assert copied.startswith(begins)
        assert "142 steps" in copied

    def test_an_answer_is_saved_with_its_citations(self, page: Page) -> None:
        ask(page, "How many steps does the keeper climb?")
        with page.expect_download() as saving:
            page.get_by_role("button", name="Save as Markdown").click()
        saved = Path(saving.value.path()).read_text(encoding="utf-8")
        assert saving.value.suggested_filename == "answer.md"
        assert saved.startswith("# How many steps does the keeper climb?")
        assert "lighthouse.md" in saved


@pytest.mark.browser
class TestAddress:
    def test_a_question_has_an_address_that_opens_its_answer(self, browser: Browser, page: Page) -> None:
        ask(page, "How many steps does the keeper climb?")
        page.wait_for_url("**/?q=How+many+steps+does+the+keeper+climb%3F")
        with visiting(browser, page.url) as other:
            expect(other.locator(".answer blockquote")).to_contain_text("142 steps")
            expect(other.get_by_label("Your question")).to_have_value("How many steps does the keeper climb?")

    def test_going_back_opens_the_answer_before(self, page: Page) -> None:
        ask(page, "How many steps does the keeper climb?")
        page.wait_for_url("**keeper**")
        ask(page, "How many honeybees were moved from their hives?")
        page.wait_for_url("**honeybees**")
        page.go_back()
        expect(page.locator(".answer blockquote")).to_contain_text("142 steps")

    def test_an_answer_is_narrowed_by_the_fields_and_so_is_its_address(self, page: Page) -> None:
        ask(page, "What happened at the lighthouse, and to the bees?")
        expect(page.locator("#passage-1")).to_be_visible()
        page.locator("#filters button").first.click()
        page.get_by_label("Sources").click()
        page.get_by_role("option", name="Harbour Gazette (1)").click()
        expect(page.locator("#result article")).to_have_count(1)
        expect(page.locator("#passage-1")).to_contain_text("lighthouse.md")
        page.wait_for_url("**&source=Harbour+Gazette")
        page.get_by_label("Published from").fill("2024-01-01")
        page.get_by_label("Published from").press("Enter")
        expect(page.locator(".not-found")).to_contain_text("No article passes the filters.")
        page.wait_for_url("**&since=2024-01-01&source=Harbour+Gazette")

    def test_an_address_sets_the_fields(self, browser: Browser, address: str) -> None:
        query = "?q=What+about+bees%3F&until=2022-12-31&author=Clippings&order=oldest&passages=2"
        with visiting(browser, address + query) as page:
            expect(page.locator("#result article")).to_have_count(1)
            expect(page.locator("#passage-1")).to_contain_text("bees.md")
            expect(page.get_by_label("Published until")).to_have_value("2022-12-31")
            expect(page.get_by_role("radio", name="The oldest")).to_be_checked()
            expect(page.locator("#authors")).to_contain_text("Clippings (1)")
            assert page.url.endswith(query)


@pytest.fixture
def shelf(browser: Browser, articles: Path, built: Path, tmp_path: Path) -> Iterator[tuple[Page, Path]]:
    """The page at its list of articles, over a folder that may be changed."""
    folder = Path(shutil.copytree(articles, tmp_path / "articles"))
    index = Path(shutil.copytree(built, tmp_path / "index"))
    with serving(folder, index) as address, visiting(browser, address) as page:
        page.get_by_role("tab", name="Articles").click()
        yield page, folder


@pytest.mark.browser
class TestArticles:
    def test_they_are_listed_searched_and_read(self, browser: Browser, address: str) -> None:
        with visiting(browser, address) as page:
            page.get_by_role("tab", name="Articles").click()
            expect(page.get_by_role("row")).to_have_count(4)
            page.get_by_placeholder("Search").fill("Harbour")
            expect(page.get_by_role("row")).to_have_count(2)
            page.get_by_role("gridcell", name="The keeper who stayed").click()
            opened = page.locator("#open article")
            expect(opened.get_by_role("heading")).to_have_text("The keeper who stayed: Brannock light turns 150")
            expect(opened).to_contain_text("first lit in 1873")
            opened.get_by_role("button", name="Close the article").click()
            expect(opened).to_have_count(0)

    def test_a_file_is_added_and_found_and_what_cannot_be_read_is_named(self, shelf: tuple[Page, Path]) -> None:
        page, folder = shelf
        page.locator("#adding button").first.click()
        given = [FilePayload(name="ferry.txt", mimeType="text/plain", buffer=FERRY.encode())]
        given.append(FilePayload(name="empty.txt", mimeType="text/plain", buffer=b""))
        page.locator("#files input[type=file]").set_input_files(given)
        expect(page.locator("#files")).to_contain_text("ferry")
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.locator("#told")).to_contain_text("ferry.txt", timeout=20_000)
        expect(page.get_by_role("gridcell", name="The night ferry to Ostrel")).to_be_visible(timeout=20_000)
        expect(page.locator("#failures")).to_contain_text("empty.txt – there is no text in it")
        assert (folder / "ferry.txt").read_text(encoding="utf-8") == FERRY
        page.get_by_role("tab", name="Ask").click()
        ask(page, "When does the night ferry to Ostrel return?")
        expect(page.locator(".answer blockquote")).to_contain_text("7 June")

    def test_only_links_are_taken_for_links(self, shelf: tuple[Page, Path]) -> None:
        page, folder = shelf
        page.locator("#adding button").first.click()
        for written, said in (
            ("/etc/hostname", "is no link"),
            ("", "nothing to add"),
            ("http://127.0.0.1:9/x", "127."),
        ):
            page.get_by_label("Links").fill(written)
            page.get_by_role("button", name="Add", exact=True).click()
            expect(page.locator("#told")).to_contain_text(said, timeout=20_000)
        assert {file.name for file in folder.iterdir()} == {"lighthouse.md", "bees.md", "hostile.txt"}

    def test_one_is_removed_after_asking_and_not_lost(self, shelf: tuple[Page, Path]) -> None:
        page, folder = shelf
        page.get_by_role("gridcell", name="bees.md").click()
        page.get_by_role("button", name="Remove this article").click()
        page.get_by_role("button", name="Keep it").click()
        assert (folder / "bees.md").exists()
        page.get_by_role("button", name="Remove this article").click()
        page.get_by_role("button", name="Yes, remove it").click()
        expect(page.locator("#told")).to_contain_text("bees.md was moved to .removed/bees.md", timeout=20_000)
        expect(page.get_by_role("row")).to_have_count(3, timeout=20_000)
        expect(page.locator("#open article")).to_have_count(0)
        assert (folder / ".removed" / "bees.md").read_text(encoding="utf-8") == BEES


@pytest.mark.browser
class TestRebuilding:
    def test_an_article_added_is_found_after_a_rebuild(
        self, browser: Browser, articles: Path, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ui, "REFRESH", 0.5)
        articles = Path(shutil.copytree(articles, tmp_path / "articles"))
        index = Path(shutil.copytree(built, tmp_path / "index"))
        with serving(articles, index) as address, visiting(browser, address) as page:
            expect(page.locator("#status")).to_contain_text("Up to date")
            (articles / "ferry.txt").write_text(FERRY, encoding="utf-8")
            (articles / "empty.txt").touch()
            expect(page.locator("#status")).to_contain_text("2 new")
            page.get_by_role("button", name="Rebuild").click()
            report = page.locator(".report")
            expect(report).to_contain_text("ferry.txt", timeout=20_000)
            expect(report).to_contain_text("empty.txt – there is no text in it")
            expect(page.locator("#status")).to_contain_text("4 articles")
            expect(page.locator("#status")).to_contain_text("Up to date")
            ask(page, "When does the night ferry to Ostrel return?")
            expect(page.locator(".answer blockquote")).to_contain_text("7 June")

    @pytest.mark.slow
    def test_while_it_lasts_others_ask_on_and_it_names_the_article_at_hand(
        self, browser: Browser, articles: Path, built: Path, tmp_path: Path
    ) -> None:
        folder = Path(shutil.copytree(articles, tmp_path / "articles"))
        for number in range(20):
            # Each sentence has another word: what is the same is embedded once.
            said = " ".join(f"Boat {number} of the fleet met {place} others on day {place}." for place in range(60))
            (folder / f"fleet-{number:02}.txt").write_text(f"The fleet, part {number}\n\n{said}\n", encoding="utf-8")
        index = Path(shutil.copytree(built, tmp_path / "index"))
        with (
            serving(folder, index) as address,
            visiting(browser, address) as builder,
            visiting(browser, address) as first,
            visiting(browser, address) as second,
        ):
            builder.get_by_role("button", name="Rebuild").click()
            at_hand = builder.locator("#news .progress-level-inner")
            expect(at_hand).to_contain_text(re.compile(r"fleet-\d\d\.txt"), timeout=20_000)
            for page, question, quote in (
                (first, "How many steps does the keeper climb?", "142 steps"),
                (second, "How many honeybees were moved from their hives?", "220 tagged honeybees"),
                (builder, "When was the lighthouse at Brannock Point first lit?", "1873"),
            ):
                ask(page, question)
                expect(page.locator(".answer blockquote")).to_contain_text(quote)
            expect(at_hand, "the questions were answered while the index was being built").to_be_visible()
            expect(builder.locator(".report")).to_contain_text("Added 20", timeout=120_000)
            ask(first, "How many others did boat 17 of the fleet meet on day 31?")
            expect(first.locator("#result")).to_contain_text("fleet-17.txt")

    def test_without_an_index_the_page_opens_says_so_and_builds_one(
        self, browser: Browser, articles: Path, tmp_path: Path, with_model: Callable[[Path], Path]
    ) -> None:
        with serving(articles, with_model(tmp_path)) as address, visiting(browser, address) as page:
            expect(page.locator("#status")).to_contain_text("Nothing is indexed yet")
            message = str(IndexMissingError(str(tmp_path))).replace("`", "")
            expect(page.get_by_role("alert")).to_contain_text(message)
            page.get_by_role("button", name="Rebuild").click()
            expect(page.locator(".report")).to_contain_text("Added 3", timeout=20_000)
            expect(page.get_by_role("alert")).to_have_count(0)
            expect(page.locator("#examples button").first).to_be_visible()
            ask(page, "How many steps does the keeper climb?")
            expect(page.locator(".answer blockquote")).to_contain_text("142 steps")

    def test_a_damaged_index_is_told_and_made_anew(
        self, browser: Browser, articles: Path, built: Path, tmp_path: Path
    ) -> None:
        index = Path(shutil.copytree(built, tmp_path / "index"))
        for file in (index / "segments").rglob("*.faiss"):
            file.write_bytes(b"damaged")
        with serving(articles, index) as address, visiting(browser, address) as page:
            expect(page.get_by_role("alert")).to_contain_text("is damaged")
            page.get_by_role("button", name="Rebuild").click()
            expect(page.locator(".report")).to_contain_text("embedded anew", timeout=20_000)
            ask(page, "How many steps does the keeper climb?")
            expect(page.locator(".answer blockquote")).to_contain_text("142 steps")

    def test_without_a_corpus_the_page_opens_and_a_rebuild_says_what_to_do(
        self, browser: Browser, tmp_path: Path
    ) -> None:
        with serving(tmp_path / "nowhere", tmp_path / "index") as address, visiting(browser, address) as page:
            page.get_by_role("button", name="Rebuild").click()
            expect(page.locator("#news").get_by_role("alert")).to_contain_text("There is no folder")


class TestTheEndpoint:
    def test_a_question_alone_gets_the_answer_of_the_library_as_plain_json(self, client: Client, built: Path) -> None:
        question = "How many steps does the keeper climb?"
        answer = client.predict(question, api_name="/ask")
        assert answer["citations"][0]["article"]["published"] == "2023-04-17"
        for article in (citation["article"] for citation in answer["citations"] + answer["voices"]):
            article["path"] = article.pop("file")
        assert answer == json.loads(json.dumps(asdict(rag.open(built).ask(question)), default=date.isoformat))

    def test_options_reach_the_library(self, client: Client) -> None:
        answer = client.predict(
            "Who?", k=1, since="2022-01-01", until=None, sources=["harbour gazette"], api_name="/ask"
        )
        assert [citation["article"]["file"] for citation in answer["citations"]] == ["lighthouse.md"]

    def test_voices_hints_and_an_order_are_for_programs_too(self, striking: str) -> None:
        client = Client(striking, verbose=False)
        answer = client.predict(LATEST, order="oldest", api_name="/ask")
        assert [voice["article"]["file"] for voice in answer["voices"]][:2] == ["walkout.md", "grown.md"]
        assert answer["hints"] == [
            {"words": "latest", "since": None, "until": None, "order": "newest"},
            {"words": "in April 2019", "since": "2019-04-01", "until": "2019-04-30", "order": None},
        ]
        with pytest.raises(AppError, match="relevance, newest or oldest"):
            client.predict(LATEST, order="latest", api_name="/ask")

    @pytest.mark.parametrize(("question", "k", "said"), [(" ", 5, "The question is empty"), ("Who?", 0, "k is 0")])
    def test_an_error_arrives_with_its_message(self, client: Client, question: str, k: int, said: str) -> None:
        with pytest.raises(AppError, match=said):
            client.predict(question, k=k, api_name="/ask")


@pytest.mark.browser
@pytest.mark.slow
def test_the_pictures_of_the_page_are_taken(browser: Browser, tmp_path: Path, address: str) -> None:
    screenshots.take(browser, address, tmp_path, "How many steps does the keeper climb?")
    for file in (tmp_path / f"{name}.png" for name in ("answer", "kept", "reader")):
        assert file.read_bytes().startswith(b"\x89PNG")
        assert file.stat().st_size > 20_000, "there is something on it"


def woken(process: int) -> int:
    """How often the main thread of a process has begun to wait for something."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(status.partition("\nvoluntary_ctxt_switches:")[2].split()[0])


class TestServing:
    def test_a_port_that_is_taken_gives_way_to_the_next(self) -> None:
        with ui.listen("127.0.0.1", 0) as first:
            port = first.getsockname()[1]
            with ui.listen("127.0.0.1", port) as second:
                assert second.getsockname()[1] not in {0, port}

    def test_an_address_that_is_not_of_this_machine_is_refused_with_a_cure(self) -> None:
        with pytest.raises(PageError, match="Give another --host or --port"):
            ui.listen("203.0.113.7", 0)

    @pytest.mark.slow
    def test_the_page_is_run_by_its_file_and_hardly_wakes_while_nobody_asks(self, articles: Path, built: Path) -> None:
        command = [sys.executable, ui.__file__, "--port=0", "--no-open", f"--corpus={articles}", f"--index={built}"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:  # noqa: S603 (our own file)
            assert running.stdout
            try:
                address = next(filter(None, (re.search(r"http://127\.0\.0\.1:\d+", line) for line in running.stdout)))
                assert "Clippings" in httpx.get(address[0], trust_env=False).text
                if Path("/proc/self/status").exists():
                    time.sleep(1)  # what begins with the page has begun
                    before = woken(running.pid)
                    time.sleep(2)
                    assert woken(running.pid) - before < 600
            finally:
                running.send_signal(signal.SIGINT)
