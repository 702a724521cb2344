from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.examples import drawn, questions
from rag.library import Library

PIECES = ("Mabel Orr", "Oona de Pell", "said", "argues", ", the keeper,", "on", "May 7, 2019", ".", "\n", "gates", "")


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("The trust needs a door, Mabel Orr said.", "What did Mabel Orr say?"),
        ("“A toy,” said Viggo J. Thrane.", "What did Viggo J. Thrane say?"),
        ("Her neighbour Oona de Pell, a baker, had read it.", "Who is Oona de Pell?"),
        ("Casimir Drew, driver of the one bus, argues for more of them.", "What does Casimir Drew argue?"),
        ("The gates stayed open on May 7, 2019, as before.", "What happened on May 7, 2019?"),
        ("The envoy to Morland Yrsa Bell said so.", "What did Yrsa Bell say?"),
    ],
)
def test_a_question_is_drawn_from_what_a_sentence_says(text: str, question: str) -> None:
    assert question in questions([text], 5)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The gates stayed open, and nobody said why.",
        "A member of the Institute of Ostrel Studies said no.",
        "The Harbour Trade Council, a body of nine, met in May.",
        "Everyone was told on Monday.",
    ],
)
def test_where_no_person_and_no_day_is_named_nothing_is_asked(text: str) -> None:
    assert questions([text], 5) == ()


def test_kinds_take_turns_and_what_is_named_most_often_comes_first() -> None:
    texts = ["Mabel Orr said no. Viggo Thrane said yes.", "On June 3 Viggo Thrane said perhaps. Yrsa Bell argues."]
    assert questions(texts, 10) == (
        "What did Viggo Thrane say?",
        "What does Yrsa Bell argue?",
        "What happened on June 3?",
        "What did Mabel Orr say?",
    )


def test_nobody_is_asked_about_twice() -> None:
    assert questions(["Mabel Orr, the keeper, argues so. Mabel Orr said it."], 5) == ("What did Mabel Orr say?",)


@given(st.lists(st.lists(st.sampled_from(PIECES)).map(" ".join) | st.text(), max_size=4), st.integers(0, 6))
def test_there_are_at_most_so_many_and_no_two_alike(texts: list[str], count: int) -> None:
    found = questions(texts, count)
    assert len(found) == len(set(found)) <= count
    assert questions(texts, 100)[:count] == found


def test_the_articles_answer_their_examples(library: Library) -> None:
    asked = library.examples(4)
    assert len(asked) == 4
    for question in asked:
        assert library.ask(question).found


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("Brandt opened the harbour of Velmora again.", "Who or what opened the harbour of Velmora again?"),
        ("Odo Brandt, the mayor of Velmora, was there.", "Who is Odo Brandt?"),
        ("On June 3, 2021, the harbour was open again.", "When was it that the harbour was open again?"),
        ("In 2021 ships waited outside the breakwater.", "When was it that ships waited outside the breakwater?"),
    ],
)
def test_a_sentence_becomes_a_question_for_what_is_left_out(sentence: str, question: str) -> None:
    text = f"Then Brandt rose.\n\n{sentence}"
    assert [(asked, text[place.start : place.end]) for asked, place in drawn(text)] == [(question, sentence)]


@pytest.mark.parametrize(
    "sentence",
    [
        "Deaths would be reported later on that very day.",
        "He opened the harbour again after nine months.",
        "In 2016 and 2017, ships waited outside the breakwater.",
        "In Europe, the harbours were open again.",
        "Brandt left.",
        "The Harbour Trade Council, a body of nine, met in May.",
        "Did Brandt open the harbour again after nine months?",
    ],
)
def test_a_sentence_that_is_not_simple_or_names_nothing_becomes_none(sentence: str) -> None:
    assert list(drawn(f"Then Brandt rose.\n\n{sentence}")) == []


@given(st.lists(st.sampled_from(["Mabel", "Orr", "led", "the", "gates,", "In", "2019", "On", "May", "7", "x.", "\n"])))
def test_questions_come_in_the_order_of_their_sentences_and_end_as_these_do(words: list[str]) -> None:
    text = " ".join(words)
    found = list(drawn(text))
    assert [place.start for _, place in found] == sorted({place.start for _, place in found})
    for question, place in found:
        last = question.removesuffix("?").split()[-1]
        assert last.strip(",.") in text[place.start : place.end]
