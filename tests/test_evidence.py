"""What can be told of how well passages answer."""

from __future__ import annotations

import pytest

from rag.evidence import holds, holds_all, kind_asked, missing, names, quoted
from rag.types import Text


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How many boats sank?", "a number"),
        ("For how long was the bridge closed?", "a number"),
        ("What percentage of voters stayed at home?", "a number"),
        ("When did the dam break?", "a date or time"),
        ("In which year was the tunnel opened?", "a date or time"),
        ("Who runs the port?", "a name"),
        ("By whom was the letter signed?", "a name"),
        ("Where did the train stop?", "a place"),
        ("Which country sent the engineers?", "a place"),
        ("Why did the talks fail?", None),
        ("What is known about the man who sold the port?", None),
    ],
)
def test_a_question_tells_the_kind_of_thing_it_asks_for(question: str, kind: str | None) -> None:
    assert kind_asked(question) == kind


@pytest.mark.parametrize(
    ("kind", "text", "held"),
    [
        ("a number", "Some 40 boats sank.", True),
        ("a number", "Two of the boats sank.", True),
        ("a number", "The boats sank.", False),
        ("a date or time", "It broke on Tuesday.", True),
        ("a date or time", "It broke in 1987.", True),
        ("a date or time", "It broke under the load.", False),
        ("a name", "The port is run by Odo Brandt.", True),
        ("a name", "Odo Brandt runs the port.", True),
        ("a name", "The port is run by its workers.", False),
        ("a place", "The train stopped in Velmora.", True),
        ("a place", "The train stopped at once.", False),
        (None, "Anything at all.", True),
    ],
)
def test_a_text_holds_the_kind_or_does_not(kind: str | None, text: str, *, held: bool) -> None:
    assert holds(kind, text) == held


def test_words_are_missing_that_stand_in_no_text_in_any_inflection() -> None:
    texts = [Text("The engineers repaired the bridge.", "en"), Text("Ships waited.")]
    assert missing("Which engineer was repairing the bridges of Ostby by boat?", texts) == ("Ostby", "boat")


def test_stop_words_are_never_missing_and_each_word_is_told_once() -> None:
    assert missing("Was it the boat, the boat or the boat?", ()) == ("boat",)


@pytest.mark.parametrize(
    ("question", "phrases"),
    [
        ('Who spoke of a "quiet harbour"?', ("quiet harbour",)),
        ("Who spoke of “ice” and of “a cold, cold year”?", ("ice", "a cold, cold year")),
        ("What is the mayor's view of the ferrymen's strike?", ()),
        ('What does "..." mean?', ()),
        ('What does the sign 5" mean?', ()),
    ],
)
def test_phrases_are_what_stands_in_double_quotation_marks(question: str, phrases: tuple[str, ...]) -> None:
    assert quoted(question) == phrases


def test_a_phrase_stands_word_for_word_without_regard_to_case_and_line_breaks() -> None:
    text = "It was, he said, a Quiet\nHarbour."
    assert holds_all(("quiet harbour",), text)
    assert not holds_all(("harbour quiet",), text)
    assert not holds_all(("quiet harb",), text)
    assert holds_all((), text)


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("Who leads the Harbour Guild?", ["Harbour", "Guild"]),
        ("Haltern closed the bridge in 1998, why?", ["1998"]),
        ("what did the mayor of haltern say", []),
        ("WHO RUNS THE GUILD?", ["RUNS", "GUILD"]),
        ("It burned. Who Saw It at Norrby’s mill?", ["Saw", "Norrby’s"]),
        ("“Grey Day” and the 2nd B-17?", ["Day", "2nd", "B-17"]),
        ("NATO and al-Farid, or eBay?", ["NATO", "al-Farid", "eBay"]),
        ("", []),
    ],
)
def test_names_are_words_with_a_capital_inside_a_sentence_and_what_has_digits(question: str, named: list[str]) -> None:
    assert [question[start:end] for start, end in names(question)] == named
