"""The pictures of the page in the README, taken from the shipped articles: ``make screenshots``."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright
from serving import serving
from visiting import ask, visiting

import rag

ROOT = Path(__file__).parents[1]
QUESTION = "How many people has the fighting around Tripoli killed?"


def take(browser: Browser, address: str, folder: Path, question: str = QUESTION) -> None:
    """Take all pictures of a page that is served, and save them in a folder."""
    with visiting(browser, address, width=1200) as page:
        page.set_viewport_size({"width": 1200, "height": 780})
        ask(page, question)
        _save(page, folder / "answer.png")
        page.locator("#passage-1").get_by_role("button", name="Keep: ").click()
        page.get_by_role("tab", name="Kept (1)").click()
        page.get_by_label("Note").fill("Compare with the figure of the health organisation.")
        page.get_by_label("Note").blur()
        _save(page, folder / "kept.png")
    with visiting(browser, address, width=1200, theme="dark") as page:
        page.set_viewport_size({"width": 1200, "height": 780})
        ask(page, question)
        page.locator("#passage-1").get_by_role("button", name="Read in the article").click()
        expect(page.locator("#reader mark")).to_be_visible()
        _save(page, folder / "reader.png")


def _save(page: Page, file: Path) -> None:
    expect(page.locator("#passage-1, #kept li").first).to_be_attached()
    page.evaluate("Promise.all(document.getAnimations().map((each) => each.finished.catch(() => null)))")
    page.screenshot(path=file, animations="disabled")


def main() -> None:
    """Build an index of the shipped articles, serve the page, and take the pictures."""
    folder = ROOT / "docs" / "images"
    folder.mkdir(exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as index, sync_playwright() as playwright:
        rag.build(ROOT / "corpus", index)
        with serving(ROOT / "corpus", Path(index)) as address:
            take(playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"]), address, folder)


if __name__ == "__main__":
    main()
