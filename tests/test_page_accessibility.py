"""The page for everyone: each of its states by axe-core's rules, by the keyboard alone, and without anything moving."""

from __future__ import annotations

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from visiting import LATEST, ask, visiting

pytestmark = pytest.mark.browser

MOVED = """
    window.moved = [];
    new PerformanceObserver((list) => {
        window.moved.push(...list.getEntries().filter((each) => !each.hadRecentInput).map((each) => each.value));
    }).observe({ type: "layout-shift", buffered: true });
"""


def violations(page: Page) -> str:
    """What axe-core finds, of all its rules, once Gradio has loaded all parts of the page."""
    expect(page.get_by_text("Loading...", exact=True)).to_have_count(0)
    page.evaluate("Promise.all(document.getAnimations().map((each) => each.finished.catch(() => null)))")
    found = Axe().run(page)
    return str(found.generate_report()) if found.violations_count else ""


@pytest.mark.slow
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_state_of_the_page_breaks_a_rule_of_axe(
    browser: Browser, striking: str, width: int, theme: Literal["light", "dark"]
) -> None:
    with visiting(browser, striking, width, theme) as page:
        expect(page.locator("body.dark")).to_have_count(1 if theme == "dark" else 0)
        assert not violations(page)

        page.get_by_role("button", name="Narrow").click()
        ask(page, LATEST)
        expect(page.locator("#timeline button")).to_have_count(2)
        page.get_by_text("Recent questions").click()
        for folded in page.locator("#result summary").all():
            folded.click()
        page.locator("#passage-1").get_by_role("button", name="Keep").click()
        expect(page.get_by_role("tab", name="Kept (1)")).to_be_visible()
        assert not violations(page)

        page.locator("#passage-1").get_by_role("button", name="Read in the article").click()
        expect(page.locator("#reader article")).to_be_visible()
        assert not violations(page)
        page.keyboard.press("Escape")

        ask(page, "Which team won the chess olympiad in Budapest?")
        expect(page.locator(".not-found")).to_be_visible()
        assert not violations(page)
        ask(page, " ")
        expect(page.get_by_role("alert")).to_be_visible()
        assert not violations(page)

        page.get_by_role("tab", name="Kept (1)").click()
        expect(page.get_by_label("Note")).to_be_visible()
        assert not violations(page)

        page.get_by_role("tab", name="Articles").click()
        page.get_by_role("button", name="Add articles").click()
        page.get_by_role("gridcell").first.click()
        expect(page.locator("#open article")).to_be_visible()
        assert not violations(page)
        assert page.evaluate("document.documentElement.scrollWidth") == width


def tab_to(page: Page, name: str, key: str = "Tab", most: int = 40) -> None:
    """Press Tab, or Tab backwards, until what has this name has the keyboard."""
    named = "(document.activeElement.labels?.[0] ?? document.activeElement).innerText"
    focused = f"document.activeElement.getAttribute('aria-label') ?? {named}"
    for _ in range(most):
        if str(page.evaluate(focused)).strip().startswith(name):
            return
        page.keyboard.press(key)
    pytest.fail(f"{name} is not reached by {most} times Tab")


def test_all_of_it_is_done_by_the_keyboard_alone(browser: Browser, address: str) -> None:
    with visiting(browser, address) as page:
        expect(page.get_by_label("Your question")).to_be_focused()
        page.keyboard.type("How many steps does the keeper climb?")
        page.keyboard.press("Enter")
        expect(page.locator(".answer blockquote")).to_contain_text("142 steps")

        tab_to(page, "Read in the article: The keeper")
        page.keyboard.press("Enter")
        expect(page.locator("#reader").get_by_role("heading")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.locator("#passage-1").get_by_role("button", name="Read in the article")).to_be_focused()

        tab_to(page, "Keep: The keeper")
        page.keyboard.press("Space")
        expect(page.get_by_role("tab", name="Kept (1)")).to_be_visible()
        tab_to(page, "Kept (1)", key="Shift+Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_label("Note")).to_be_visible()
        tab_to(page, "Save as Markdown")
        tab_to(page, "Note")
        page.keyboard.type("Every morning.")
        tab_to(page, "Remove: The keeper")
        page.keyboard.press("Enter")
        expect(page.locator("#kept")).to_contain_text("Press Keep below a passage")

        tab_to(page, "Articles", key="Shift+Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("gridcell").first).to_be_visible()
        tab_to(page, "Search the articles")
        page.keyboard.press("Tab")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(page.locator("#open").get_by_role("heading")).to_be_focused()


@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_moves_while_the_page_opens_and_answers(browser: Browser, address: str, width: int) -> None:
    with browser.new_context(viewport={"width": width, "height": 900}) as context:
        page = context.new_page()
        page.add_init_script(MOVED)
        page.goto(address)
        expect(page.locator("#examples button").first).to_be_visible()
        page.get_by_label("Your question").focus()
        page.keyboard.type("How many steps does the keeper climb?")  # by hand: the field may grow under a typist
        page.keyboard.press("Enter")
        expect(page.locator("#past li")).to_have_count(1)
        assert sum(page.evaluate("window.moved")) < 0.01  # the share of the window that moved, times how far
