"""Why a passage was found."""

from __future__ import annotations

import pytest

from rag import search
from rag.encoder import Encoder
from rag.explanation import matches
from rag.library import Library
from rag.types import WordMatch


def matched(encoder: Encoder, question: str, passage: str) -> tuple[WordMatch, ...]:
    asked, [held] = encoder.question(question), encoder.passages([passage])
    return matches(question, asked.starts, passage, held.starts, asked.states @ held.states.T)


def test_each_word_of_the_question_is_matched_with_its_nearest_in_the_passage(encoder: Encoder) -> None:
    question, passage = "Who repaired the harbour crane?", "Engineers fixed the cranes in the harbour on Monday."
    found = matched(encoder, question, passage)
    assert [match.asked for match in found] == ["Who", "repaired", "the", "harbour", "crane"]
    nearest = {match.asked: match.found for match in found}
    assert (nearest["repaired"], nearest["harbour"], nearest["crane"]) == ("fixed", "harbour", "cranes")
    assert all(0 <= match.cosine <= 1 for match in found)


def test_a_word_of_several_pieces_is_matched_once_and_whole(encoder: Encoder) -> None:
    question, passage = "Where is Velmorabad?", "The road to Velmorabad is closed."
    found = matched(encoder, question, passage)
    assert [match.asked for match in found] == ["Where", "is", "Velmorabad"]
    assert found[-1].found == "Velmorabad"


def test_a_citation_tells_the_parts_of_its_score(library: Library) -> None:
    question = library.examples(1)[0]
    for citation in library.retrieve(question, explain=True):
        why = citation.why
        assert why is not None
        total = why.late_interaction + search.WEIGHT_S * why.sentence_cosine + search.WEIGHT_B * why.bm25
        assert citation.score == pytest.approx(total / search.MOST, abs=1e-5)
        assert all(match.found in citation.text for match in why.words)


def test_an_explanation_is_given_where_it_is_asked_for_and_changes_nothing_else(library: Library) -> None:
    question = library.examples(1)[0]
    plain, explained = library.ask(question), library.ask(question, explain=True)
    assert all(each.why is None for each in plain.citations)
    assert all(each.why is not None for each in explained.citations)
    assert [each.text for each in plain.citations] == [each.text for each in explained.citations]
