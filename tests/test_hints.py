"""What words of a question could mean: a span of days, or an order."""

from __future__ import annotations

import time
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import hints as room
from rag.hints import Hint, hints

TODAY = date(2021, 3, 10)  # a Wednesday


def spans(question: str) -> list[tuple[str, str | None, str | None]]:
    """What is offered, with the days as ISO text; an order is not a span."""
    found = [hint for hint in hints(question, TODAY) if hint.order is None]
    return [(hint.words, _iso(hint.since), _iso(hint.until)) for hint in found]


SPEAKING = ["in", "on", "the", "between", "and", "from", "to", "since", "2019", "4", "May", "days", "last", "week"]


@given(st.lists(st.sampled_from([*SPEAKING, "past", "this", "yesterday"])))
def test_only_a_question_that_may_speak_of_days_is_looked_at_closely(words: list[str]) -> None:
    question = " ".join(words)
    assert not room._span().search(question) or room._MAY_SPAN.search(question)


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


@pytest.mark.parametrize(
    ("words", "since", "until"),
    [
        ("in April 2019", "2019-04-01", "2019-04-30"),
        ("in april 2019", "2019-04-01", "2019-04-30"),
        ("in February 2020", "2020-02-01", "2020-02-29"),
        ("in December 2019", "2019-12-01", "2019-12-31"),
        ("in early April 2019", "2019-04-01", "2019-04-30"),
        ("during Sept. 2019", "2019-09-01", "2019-09-30"),
        ("in May 2019", "2019-05-01", "2019-05-31"),
        ("in 2019", "2019-01-01", "2019-12-31"),
        ("in the year 2019", "2019-01-01", "2019-12-31"),
        ("In late 2019", "2019-01-01", "2019-12-31"),
        ("on 4 April 2019", "2019-04-04", "2019-04-04"),
        ("on the 4th of April, 2019", "2019-04-04", "2019-04-04"),
        ("on April 4, 2019", "2019-04-04", "2019-04-04"),
        ("2019-04-04", "2019-04-04", "2019-04-04"),
        ("since March 2019", "2019-03-01", None),
        ("since 2019", "2019-01-01", None),
        ("from March 2019", "2019-03-01", None),
        ("after March 2019", "2019-04-01", None),
        ("after 4 April 2019", "2019-04-05", None),
        ("before 2020", None, "2019-12-31"),
        ("prior to May 2019", None, "2019-04-30"),
        ("until 2020", None, "2020-12-31"),
        ("up to 4 April 2019", None, "2019-04-04"),
        ("between March and May 2019", "2019-03-01", "2019-05-31"),
        ("between 2018 and 2020", "2018-01-01", "2020-12-31"),
        ("between 4 and 9 April 2019", "2019-04-04", "2019-04-09"),
        ("between April 4 and May 9, 2019", "2019-04-04", "2019-05-09"),
        ("from 4 April to 9 May 2019", "2019-04-04", "2019-05-09"),
        ("from 2018 to 2020", "2018-01-01", "2020-12-31"),
        ("from December 2018 through May 2019", "2018-12-01", "2019-05-31"),
        ("from 2019-04-01 to 2019-04-30", "2019-04-01", "2019-04-30"),
        ("2018–2020", "2018-01-01", "2020-12-31"),
        ("March-May 2019", "2019-03-01", "2019-05-31"),
        ("today", "2021-03-10", "2021-03-10"),
        ("yesterday", "2021-03-09", "2021-03-09"),
        ("the day before yesterday", "2021-03-08", "2021-03-08"),
        ("since yesterday", "2021-03-09", None),
        ("this week", "2021-03-08", "2021-03-14"),
        ("last week", "2021-03-01", "2021-03-07"),
        ("last month", "2021-02-01", "2021-02-28"),
        ("this year", "2021-01-01", "2021-12-31"),
        ("last year", "2020-01-01", "2020-12-31"),
        ("in April last year", "2020-04-01", "2020-04-30"),
        ("since last year", "2020-01-01", None),
        ("in the last week", "2021-03-03", None),
        ("over the past two months", "2021-01-10", None),
        ("within the last 30 days", "2021-02-08", None),
        ("in the past year", "2020-03-10", None),
    ],
)
def test_words_that_say_when_are_an_offer_of_a_span(words: str, since: str | None, until: str | None) -> None:
    for question in (f"What happened {words}?", f"{words}, what happened in the harbour?"):
        assert spans(question) == [(words, since, until)]


def test_articles_from_a_month_are_those_of_that_month() -> None:
    assert spans("Which articles from March 2019 tell of it?") == [("from March 2019", "2019-03-01", "2019-03-31")]
    assert spans("Is there news from last week?") == [("from last week", "2021-03-01", "2021-03-07")]
    assert spans("Is there news from 2019 onwards?") == [("from 2019", "2019-01-01", None)]


@pytest.mark.parametrize(
    "question",
    [
        "What may happen to the port?",
        "What may 2019 bring?",
        "Did Theresa May resign?",
        "Did the soldiers march 2019 miles?",
        "Who marched in March?",
        "How did 2019 people cross the river?",
        "What happened after 2000 people fled?",
        "How many of the 2019 were saved?",
        "Did it cost $2019, 2,019 or 2019.50 crowns?",
        "Which room is number 2019?",
        "What happened in the spring of 2019?",
        "Who won on 31 April 2019?",
        "What is said of 2019-02-30?",
        "What happened on 4/5/2019?",
        "What will happen in 2050?",
        "Who leads until 2030?",
        "What happened in the last month of the war?",
        "What was her last year like?",
        "What did last year's report say?",
        "What does today's Velmora live on?",
        "What happened in the last days?",
        "Who served between November and February 2019?",
        "Who came in 20190 or in x2019?",
        "Who came in the season 2019/20 or in 2019-20?",
        "Until recently, who owned the quarry?",
        "Who must pay on Friday at the latest?",
        "Who gave first aid?",
        "Who was last seen at the first crossing?",
        "",
    ],
)
def test_words_that_only_look_like_it_are_none(question: str) -> None:
    assert hints(question, TODAY) == ()


@pytest.mark.parametrize(
    ("question", "words", "order"),
    [
        ("What is the latest on the strike?", "latest", "newest"),
        ("What do the most recent reports say?", "most recent", "newest"),
        ("What is the newest count?", "newest", "newest"),
        ("Who recently left?", "recently", "newest"),
        ("Is there recent news of the ferry?", "recent news", "newest"),
        ("What did the first reports say?", "first reports", "oldest"),
        ("What does the earliest article say?", "earliest article", "oldest"),
        ("Which are the oldest stories about it?", "oldest stories", "oldest"),
        ("When was the leak first reported?", "first reported", "oldest"),
    ],
)
def test_words_that_say_how_new_are_an_offer_of_an_order(question: str, words: str, order: str) -> None:
    [hint] = hints(question, TODAY)
    assert (hint.words, hint.order, hint.since, hint.until) == (words, order, None, None)


def test_each_meaning_is_offered_once_and_in_the_order_of_the_words() -> None:
    found = hints("What is the latest from April 2019, the newest since 2019-04-01, and in May 2019?", TODAY)
    assert [hint.words for hint in found] == ["latest", "from April 2019", "in May 2019"]


@pytest.mark.parametrize(
    ("since", "until", "offer"),
    [
        ("2019-04-01", "2019-04-30", "Only articles published in April 2019"),
        ("2019-01-01", "2019-12-31", "Only articles published in 2019"),
        ("2018-01-01", "2020-12-31", "Only articles published from 2018 to 2020"),
        ("2019-04-04", "2019-04-04", "Only articles published on 4 April 2019"),
        ("2019-03-01", "2019-05-31", "Only articles published from March to May 2019"),
        ("2018-12-01", "2019-05-31", "Only articles published from December 2018 to May 2019"),
        ("2019-04-04", "2019-05-09", "Only articles published from 4 April 2019 to 9 May 2019"),
        ("2019-03-01", None, "Only articles published since March 2019"),
        ("2019-01-01", None, "Only articles published since 2019"),
        ("2019-03-02", None, "Only articles published since 2 March 2019"),
        (None, "2019-12-31", "Only articles published until the end of 2019"),
        (None, "2019-04-30", "Only articles published until the end of April 2019"),
        (None, "2019-04-04", "Only articles published until 4 April 2019"),
    ],
)
def test_an_offer_says_that_it_is_about_the_day_of_publication(
    since: str | None, until: str | None, offer: str
) -> None:
    first, last = (date.fromisoformat(day) if day else None for day in (since, until))
    assert Hint("words", first, last).offer == offer


def test_an_order_is_offered_in_words_too() -> None:
    assert Hint("latest", order="newest").offer == "Newest first"
    whole = Hint("latest in 2019", date(2019, 1, 1), date(2019, 12, 31), "newest")
    assert whole.offer == "Only articles published in 2019, newest first"


DAYS = st.dates(date(1600, 1, 1), date(2090, 1, 1))
WORDS = (
    *("in", "on", "since", "after", "from", "until", "to", "and", "between", "the", "last"),
    *("past", "this", "week", "month", "year", "years", "two", "30", "4", "9th", "of"),
    *("April", "may", "March,", "Sept.", "2019", "1871", "2018–2020", "2019-04-04", "today", "yesterday", "latest"),
    *("recently", "first", "reports", "-", "’s", "?"),
)
PIECES = st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join)


@given(PIECES | st.text(), DAYS)
def test_whatever_is_asked_a_hint_is_of_words_that_are_there_and_of_days_that_leave_something_out(
    question: str, today: date
) -> None:
    found = hints(question, today)
    assert len({(hint.since, hint.until, hint.order) for hint in found}) == len(found)
    for hint in found:
        assert hint.words in question
        assert (hint.order is None) == bool(hint.since or hint.until)
        assert (hint.since or date.min) <= (hint.until or date.max)
        assert hint.since is None or hint.since <= today
        assert hint.since is not None or hint.order or hint.until < today  # type: ignore[operator]
        assert hint.offer[0].isupper()


@given(DAYS, st.integers(0, 800))
def test_days_written_out_are_read_back(first: date, length: int) -> None:
    last = min(first + timedelta(length), date(2090, 1, 1))
    today = date(2091, 1, 1)
    written = f"{first.day} {first:%B %Y}", f"{last:%B} {last.day}, {last.year}"
    [hint] = hints(f"Who sailed between {written[0]} and {written[1]}?", today)
    assert (hint.since, hint.until) == (first, last)
    [hint] = hints(f"Who sailed since {first.isoformat()}?", today)
    assert (hint.since, hint.until) == (first, None)


@pytest.mark.parametrize(
    "piece", ["between 4 ", "in the last ", "from" + " " * 60, "may 4 2019 to ", "in  " + " " * 40]
)
def test_a_long_question_is_read_at_once(piece: str) -> None:
    began = time.perf_counter()
    hints(piece * (20_000 // len(piece)), TODAY)
    assert time.perf_counter() - began < 1
