"""The address of a view."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.page import address
from rag.page.desk import Narrowing

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).map(str.strip).filter(bool)
narrowings = st.builds(
    Narrowing,
    since=st.dates().map(str) | st.just(""),
    until=st.dates().map(str) | st.just(""),
    sources=st.lists(words, max_size=3).map(tuple),
    authors=st.lists(words, max_size=3).map(tuple),
    order=st.sampled_from(["relevance", "newest", "oldest"]),
    count=st.integers(1, address.MOST_PASSAGES),
)


@given(words, narrowings)
def test_what_is_written_is_read_again(question: str, to: Narrowing) -> None:
    assert address.read(address.write(question, to)) == (question, to)


def test_an_address_says_only_what_is_not_as_usual() -> None:
    assert address.write("Who?", Narrowing()) == "?q=Who%3F"
    assert address.write("", Narrowing(since="2019-01-01")) == ""


@pytest.mark.parametrize("query", ["", "?", "?q=", "?__theme=dark", "?since=2019-01-01"])
def test_an_address_without_a_question_asks_nothing(query: str) -> None:
    assert address.read(query)[0] == ""


@pytest.mark.parametrize(
    ("query", "count"), [("passages=0", 1), ("passages=99", 20), ("passages=x", 5), ("passages=-3", 5), ("", 5)]
)
def test_a_number_that_cannot_be_is_brought_to_one_that_can(query: str, count: int) -> None:
    assert address.read(f"?q=Who&{query}&order=best") == ("Who", Narrowing(count=count))
