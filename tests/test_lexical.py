from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag import lexical
from rag.lexical import FullText, FullTextWriter, bm25, term_id, terms

# Each with the number of its article.
PASSAGES = (
    (0, "The crane driver watched the cranes leave the harbour."),
    (0, "A second crane followed with the tide."),
    (1, "The flood barrier stayed open. Flood, flood and again flood."),
    (1, "No gates closed; the harbour was under water."),
    (2, "Schools gave every pupil a free lunch."),
    (3, "crane"),
    (3, "The and of."),
)
WORDS = ("crane", "flood", "harbour", "tide", "lunch", "glacier")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> FullText:
    folder = tmp_path_factory.mktemp("lexical") / "fulltext"
    writer = FullTextWriter(folder)
    for passage, (article, text) in enumerate(PASSAGES):
        writer.add(passage, article, text)
    writer.close()
    return FullText(folder)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Cranes are LEAVING the harbour's quay.", ["crane", "leav", "harbour", "s", "quay"]),
        ("and of the", []),
        ("", []),
        ("crane, crane; CRANE", ["crane", "crane", "crane"]),
        ("9.4 million in 2019", ["9", "4", "million", "2019"]),
        ("Ĺódź İstanbul", ["ĺódź", "i̇stanbul"]),
    ],
)
def test_terms_are_stems_in_lower_case_without_stop_words(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


@settings(deadline=None)
@given(st.text(st.characters() | st.characters(categories=["Cs"])))
def test_any_text_has_terms(text: str) -> None:
    assert all(term and not any(mark.isspace() for mark in term) for term in terms(text))


def test_a_term_has_the_same_number_in_every_index() -> None:
    assert (term_id("crane"), term_id("łódź")) == (1446371454, 597996443)


@pytest.mark.parametrize("word", WORDS)
def test_frequency_counts_the_passages_that_hold_a_term(written: FullText, word: str) -> None:
    [term] = terms(word)
    assert written.frequency(term) == sum(term in terms(text) for _, text in PASSAGES)


def expected_matches(question: Sequence[str], allowed: Sequence[bool] | None) -> set[int]:
    return {
        passage
        for passage, (article, text) in enumerate(PASSAGES)
        if set(question) & set(terms(text)) and (allowed is None or allowed[article])
    }


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(WORDS)),
    st.none() | st.lists(st.booleans(), min_size=4, max_size=4),
)
def test_matches_are_the_passages_of_the_allowed_articles_that_hold_a_term(
    written: FullText, words: list[str], allowed: list[bool] | None
) -> None:
    question = terms(" ".join(words))
    found = written.matches(question, 10, None if allowed is None else np.array(allowed))
    assert set(found.tolist()) == expected_matches(question, allowed)
    assert len(found) == len(set(found.tolist()))


def test_the_best_matches_come_first_and_no_more_than_asked_for(written: FullText) -> None:
    assert written.matches(["flood", "crane"], 1).tolist() == [2]
    assert written.matches(["crane"], 2, np.array([True, True, True, False])).tolist() == [0, 1]


def test_a_question_may_hold_what_the_engine_has_a_syntax_for(written: FullText) -> None:
    question = terms('text:crane AND NOT "harbour" (flood^2 OR *) [a TO b] -tide +lunch ~')
    assert set(written.matches(question, 10).tolist()) == expected_matches(question, None)


def test_a_full_text_can_be_opened_while_another_has_it_open(tmp_path: Path) -> None:
    writer = FullTextWriter(tmp_path / "fulltext")
    writer.add(0, 0, "A crane.")
    writer.close()
    one, other = FullText(tmp_path / "fulltext"), FullText(tmp_path / "fulltext")
    assert one.matches(["crane"], 5).tolist() == other.matches(["crane"], 5).tolist() == [0]


def textbook(question: Sequence[str], passage: Sequence[str], passages: Sequence[Sequence[str]]) -> float:
    """Okapi BM25 as Robertson and Zaragoza give it, over the most that it can approach."""
    average = sum(len(each) for each in passages) / len(passages)
    total = most = 0.0
    for term in sorted(set(question)):
        holding = sum(term in each for each in passages)
        rarity = math.log(1 + (len(passages) - holding + 0.5) / (holding + 0.5))
        count = passage.count(term)
        norm = 1 - lexical.B + lexical.B * len(passage) / average
        total += rarity * count * (lexical.K1 + 1) / (count + lexical.K1 * norm)
        most += rarity * (lexical.K1 + 1)
    return total / most if most else 0.0


@given(
    st.lists(st.sampled_from(WORDS), max_size=4),
    st.lists(st.lists(st.sampled_from(WORDS), max_size=7), min_size=1, max_size=6).filter(any),
    st.data(),
)
def test_bm25_is_that_of_the_textbook(question: list[str], passages: list[list[str]], data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(range(len(passages)))))
    wanted = sorted(set(question))
    scores = bm25(
        question=np.array([term_id(term) for term in wanted], np.uint32),
        frequencies=np.array([sum(term in each for each in passages) for term in wanted], np.int64),
        passages=len(passages),
        average=sum(map(len, passages)) / len(passages),
        held=np.array([term_id(term) for number in chosen for term in passages[number]], np.uint32),
        begins=np.cumsum([0, *(len(passages[number]) for number in chosen)]),
    )
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, [textbook(question, passages[each], passages) for each in chosen], atol=1e-6)
    assert ((scores >= 0) & (scores <= 1)).all()
