from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rag import interaction
from rag.arrays import Floats, Integers
from rag.interaction import Runs

# How many word pieces each sentence of each passage has.
PASSAGES = st.lists(st.lists(st.integers(1, 60), min_size=1, max_size=6), min_size=1, max_size=5)


def runs_of(passages: list[list[int]]) -> Runs:
    places = np.concatenate([np.repeat(np.arange(len(each)), each) for each in passages]).astype(np.uint8)
    begins = np.append(0, np.cumsum([sum(each) for each in passages]))
    return interaction.runs(places, begins)


@given(PASSAGES)
def test_a_run_is_a_sentence_of_a_passage(passages: list[list[int]]) -> None:
    found = runs_of(passages)
    assert found.lengths.tolist() == [length for each in passages for length in each]
    assert found.places.tolist() == [place for each in passages for place in range(len(each))]
    assert np.diff(found.firsts).tolist() == [len(each) for each in passages]
    assert found.begins.tolist() == np.append(0, np.cumsum(found.lengths))[:-1].tolist()


def test_neighbouring_passages_that_end_and_begin_with_the_same_place_are_two_runs() -> None:
    found = interaction.runs(np.zeros(4, np.uint8), np.array([0, 2, 4]))
    assert found.begins.tolist() == [0, 2]
    assert found.firsts.tolist() == [0, 1, 2]


def by_hand(passages: list[list[int]], cosines: Floats, weights: Floats, named: Integers) -> list[float]:
    """Late interaction as the room's first lines say it, one loop inside the other."""
    scores, first = [], 0
    for lengths in passages:
        best = -np.inf
        for begin in range(len(lengths)):
            end, pieces = begin, 0
            while end < len(lengths) and pieces < 48:
                pieces += lengths[end]
                end += 1
            window = cosines[:, first + begin : first + end].max(axis=1)
            best = max(best, float((weights * window)[~named].sum()))
        whole = cosines[:, first : first + len(lengths)].max(axis=1)
        scores.append(best + float((weights * whole)[named].sum()))
        first += len(lengths)
    return scores


@given(PASSAGES, st.data())
def test_late_interaction_is_that_of_brute_force(passages: list[list[int]], data: st.DataObject) -> None:
    pieces = data.draw(st.integers(1, 5))
    shape = (pieces, sum(map(len, passages)))
    cosines = data.draw(hnp.arrays(np.float32, shape, elements=st.floats(-1, 1, width=32)))
    named = data.draw(hnp.arrays(bool, pieces))
    weights = np.full(pieces, 1 / pieces, np.float32)
    found = interaction.late_interaction(cosines, weights, named, runs_of(passages))
    assert found == pytest.approx(by_hand(passages, cosines, weights, named), abs=1e-5)


def test_words_count_together_only_within_a_window_but_names_in_the_whole_passage() -> None:
    far_apart = runs_of([[48, 48]])
    cosines = np.eye(2, dtype=np.float32)
    weights = np.full(2, 0.5, np.float32)
    assert interaction.late_interaction(cosines, weights, np.array([False, False]), far_apart) == pytest.approx([0.5])
    assert interaction.late_interaction(cosines, weights, np.array([True, False]), far_apart) == pytest.approx([1.0])
    near = runs_of([[47, 48]])
    assert interaction.late_interaction(cosines, weights, np.array([False, False]), near) == pytest.approx([1.0])


@pytest.mark.parametrize(
    ("cosines", "places", "quoted"),
    [
        ([[0.9, 0.2, 0.2], [0.8, 0.1, 0.1]], [0, 1, 2], (0, 1)),  # alone
        ([[0.9, 0.1, 0.1], [0.1, 0.8, 0.1]], [0, 1, 2], (0, 2)),  # the next one has the other half
        ([[0.1, 0.9, 0.1], [0.6, 0.1, 0.7]], [0, 1, 2], (1, 3)),  # of two, the one that adds more
        ([[0.9, 0.1, 0.8], [0.1, 0.1, 0.8]], [0, 1, 2], (2, 3)),
        ([[0.9, 0.1], [0.1, 0.8]], [0, 2], (0, 1)),  # what stands between has no word pieces: no neighbours
        ([[0.9, 0.9], [0.8, 0.89]], [4, 5], (5, 6)),  # it adds too little
    ],
)
def test_a_sentence_is_quoted_with_a_neighbour_that_adds_much(
    cosines: list[list[float]], places: list[int], quoted: tuple[int, int]
) -> None:
    halves = np.full(2, 0.5, np.float32)
    nothing_else = np.zeros(len(places), np.float32)
    assert interaction.quote(np.array(cosines, np.float32), halves, nothing_else, np.array(places)) == quoted
