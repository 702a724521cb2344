"""The days of what comes nearest, as bars that narrow the answer."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, expect
from visiting import STRIKE, ask, visiting

from rag.page.timeline import MOST, bars


@given(st.lists(st.dates(), min_size=1))
def test_every_day_is_in_one_bar_and_the_bars_leave_no_gap(days: list[date]) -> None:
    drawn = bars(days)
    assert [bar.count for bar in drawn] == [sum(bar.since <= day <= bar.until for day in days) for bar in drawn]
    assert sum(bar.count for bar in drawn) == len(days)
    assert all(later.since - bar.until == timedelta(days=1) for bar, later in pairwise(drawn))
    assert 1 <= len(drawn) <= MOST
    assert drawn[0].count
    assert drawn[-1].count


@pytest.mark.parametrize(
    ("first", "last", "names"),
    [
        (date(2019, 4, 30), date(2019, 5, 2), ["30 April 2019", "1 May 2019", "2 May 2019"]),
        (date(2019, 4, 30), date(2019, 6, 2), ["April 2019", "May 2019", "June 2019"]),
        (date(2017, 12, 31), date(2019, 1, 1), ["2017", "2018", "2019"]),
        (date(1999, 1, 1), date(2015, 1, 1), ["1990–1999", "2000–2009", "2010–2019"]),
        (date(1789, 7, 14), date(1989, 11, 9), ["1700–1799", "1800–1899", "1900–1999"]),
    ],
)
def test_the_spans_are_the_shortest_that_are_few_enough(first: date, last: date, names: list[str]) -> None:
    assert [bar.name for bar in bars([last, first])] == names


def test_without_a_day_there_is_no_bar() -> None:
    assert bars([]) == ()


@pytest.mark.browser
class TestOnThePage:
    def test_a_bar_narrows_the_answer_to_its_days_and_is_taken_back(self, strike: Page) -> None:
        ask(strike, STRIKE)
        strike.get_by_role("button", name="Narrow").click()
        year = strike.get_by_role("button", name="2019: 2 articles")
        expect(year).to_have_attribute("aria-pressed", "false")
        year.click()
        expect(strike.locator("#result article")).to_have_count(2)
        expect(strike.locator("#result")).not_to_contain_text("bees.md")
        expect(year).to_have_attribute("aria-pressed", "true")
        expect(strike.get_by_label("Published from")).to_have_value("2019-01-01")
        expect(strike.get_by_label("Published until")).to_have_value("2019-12-31")
        strike.wait_for_url("**&since=2019-01-01&until=2019-12-31")
        strike.get_by_role("button", name="All days").click()
        expect(strike.locator("#result article")).to_have_count(4)
        expect(strike.get_by_role("button", name="All days")).to_have_count(0)

    def test_it_is_there_when_an_address_is_opened(self, browser: Browser, striking: str) -> None:
        with visiting(browser, f"{striking}?q=Who+is+on+strike%3F&since=2021-01-01&until=2021-12-31") as page:
            expect(page.get_by_role("button", name="2021: 1 article")).to_have_attribute("aria-pressed", "true")
