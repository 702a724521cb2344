"""Measuring on questions: the figures, what counts as right, and a set for the articles that are shipped."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from math import log2
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rag
from rag.errors import ArticleUnknownError, OptionError, QuestionsLineError
from rag.evaluation import _right_passages, draft, hit, ndcg, reciprocal_rank, stands
from rag.library import Library
from rag.questions import read, write

ROOT = Path(__file__).parents[1]

Rankings = st.lists(st.booleans(), max_size=6)


@pytest.fixture
def ask(library: Library, tmp_path: Path) -> Callable[..., rag.Evaluation]:
    """Evaluates the small corpus on questions, each given as the fields of its line."""

    def evaluate(*lines: dict[str, object]) -> rag.Evaluation:
        file = tmp_path / "questions.jsonl"
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        return rag.evaluate(file, library)

    return evaluate


@given(Rankings, st.integers(1, 8))
def test_hit_and_reciprocal_rank_are_as_counted_by_hand(ranking: list[bool], k: int) -> None:
    ranks = [number + 1 for number in range(min(k, len(ranking))) if ranking[number]]
    assert hit(ranking, k) == (1 if ranks else 0)
    assert reciprocal_rank(ranking, k) == max([1 / rank for rank in ranks], default=0)


@given(Rankings, st.integers(0, 3), st.integers(1, 8))
def test_ndcg_is_the_gain_over_that_of_the_best_of_all_orders(ranking: list[bool], unseen: int, k: int) -> None:
    def gain(order: tuple[bool, ...]) -> float:
        return sum(each / log2(place + 2) for place, each in enumerate(order[:k]))

    relevant = sum(ranking) + unseen
    every = (*ranking, *[True] * unseen)
    best = max(map(gain, set(permutations(every, min(k, len(every))))))
    assert ndcg(ranking, relevant, k) == pytest.approx(gain(tuple(ranking)) / best if best else 0)
    assert 0 <= ndcg(ranking, relevant, k) <= 1.0000001


def test_ndcg_of_a_published_kind_of_example() -> None:
    assert ndcg([False, True, True], relevant=2) == pytest.approx((1 / log2(3) + 1 / 2) / (1 + 1 / log2(3)))
    assert ndcg([True], relevant=1) == 1


def test_the_figures_are_those_of_the_public_ranking(ask: Callable[..., rag.Evaluation], library: Library) -> None:
    asked = {
        "How many rungs did the ladder of the crane have?": ("harbour_cranes.md", "211 rungs"),
        "Why did the flood barrier fail to shut?": ("river_barrier.md", "the pumps upstream were running"),
        "Who ran control?": ("river_barrier.md", "had three control rooms"),
        "What do dogs pay?": ("night_trains.txt", "Dogs travel free."),
        "Who wants buses?": ("school_meals.md", "better spent on buses"),
        "What is the method?": ("wolves.md", "Forty microphones"),
    }
    evaluation = ask(*({"question": q, "article": path, "answer": gold} for q, (path, gold) in asked.items()))
    ranks = []
    for question, (path, gold) in asked.items():
        ranking = [(each.article.path, each.text) for each in library.retrieve(question, 10)]
        holding = [n for n, (where, text) in enumerate(ranking, 1) if where == path and gold in " ".join(text.split())]
        ranks.append(holding[0] if holding else None)
    found = [rank for rank in ranks if rank]
    assert (evaluation.questions, evaluation.judged, evaluation.answerable) == (6, 6, 6)
    assert evaluation.hit_at_1 == pytest.approx(ranks.count(1) / 6)
    assert evaluation.hit_at_3 == pytest.approx(sum(rank <= 3 for rank in found) / 6)
    assert evaluation.hit_at_5 == pytest.approx(sum(rank <= 5 for rank in found) / 6)
    assert evaluation.hit_at_10 == pytest.approx(len(found) / 6)
    assert evaluation.mrr_at_10 == pytest.approx(sum(1 / rank for rank in found) / 6)
    assert evaluation.citations_checked == 1
    assert evaluation.citations == sum(len(library.retrieve(q, 10)) + len(library.ask(q).citations) for q in asked)
    assert 0 < evaluation.seconds_median <= evaluation.seconds_p95


def test_refusals_are_counted_right_and_wrong(ask: Callable[..., rag.Evaluation], library: Library) -> None:
    far, near = "What is the boiling point of mercury?", "What did removing the cranes from Port Selwick cost?"
    assert not library.ask(far).found
    assert library.ask(near).found
    evaluation = ask(
        {"question": far},
        {"question": near, "found": False},
        {"question": far, "found": True},
        {"question": near, "answer": "1.4 million crowns"},
    )
    assert (evaluation.unanswerable, evaluation.refused_rightly) == (2, 1)
    assert (evaluation.answerable, evaluation.refused_wrongly) == (2, 1)
    assert [(each.line, each.answerable, each.found) for each in evaluation.worst] == [
        (2, False, True),
        (3, True, False),
    ]


def test_a_figure_over_nothing_is_none(ask: Callable[..., rag.Evaluation]) -> None:
    evaluation = ask({"question": "What is the boiling point of mercury?"})
    assert evaluation.judged == 0
    assert evaluation.hit_at_1 is evaluation.mrr_at_10 is evaluation.ndcg_at_10 is None


def test_the_worst_come_first_and_of_equals_the_surest(ask: Callable[..., rag.Evaluation]) -> None:
    right = {"question": "Who climbed the ladder of the crane?", "answer": "Tobias Hern"}
    wrong = [
        {"question": "Who drove a crane at Port Selwick?", "article": "wolves.md"},
        {"question": "What does a berth on the sleeper cost?", "article": "school_meals.md"},
    ]
    evaluation = ask(right, *wrong, {"question": "Who climbed the ladder?", "article": "harbour_cranes.md"})
    assert {each.line for each in evaluation.worst} == {2, 3}
    order = [(each.credit, -each.first.score if each.first else 0) for each in evaluation.worst]
    assert order == sorted(order)
    assert all(each.rank != 1 for each in evaluation.worst)


def test_an_article_is_named_by_path_title_or_id(ask: Callable[..., rag.Evaluation], library: Library) -> None:
    [info] = [info for info in library.articles() if info.path == "wolves.md"]
    evaluation = ask(
        *(
            {"question": "What do foresters do at a clearing?", "article": name}
            for name in (info.path, info.id, info.title.upper(), ["night_trains.txt", info.path])
        )
    )
    assert evaluation.judged == 4
    assert evaluation.hit_at_1 == 1


def test_an_article_that_is_not_there_is_told_with_the_line(ask: Callable[..., rag.Evaluation]) -> None:
    with pytest.raises(
        QuestionsLineError, match=r"line 2: no article .* 'bees.md'. Mend or remove the line\.$"
    ) as error:
        ask({"question": "Who?"}, {"question": "Who?", "article": ["wolves.md", "bees.md"]})
    assert error.value.line == 2


def test_a_question_that_cannot_be_asked_is_told_with_the_line(ask: Callable[..., rag.Evaluation]) -> None:
    with pytest.raises(QuestionsLineError, match="line 1: The question has 9,000 words"):
        ask({"question": "why " * 9_000})


def test_what_stands_nowhere_is_warned_of_and_not_counted(ask: Callable[..., rag.Evaluation]) -> None:
    evaluation = ask(
        {"question": "What do dogs pay?", "article": "night_trains.txt", "answer": "travel free"},
        {"question": "What do dogs pay?", "article": "wolves.md", "answer": "travel free"},
        {"question": "What do dogs pay?", "answer": "half", "evidence": "Dogs travel free."},
        {"question": "What do cats pay?", "answers": "half", "found": True},
    )
    assert evaluation.judged == 1
    assert evaluation.answerable == 4
    assert [warning.split(":")[0] for warning in evaluation.warnings] == ["line 4", "line 2", "line 3"]


def test_right_passages_are_those_that_hold_half_of_it_counted_by_characters(library: Library, tmp_path: Path) -> None:
    path, file = "river_barrier.md", tmp_path / "questions.jsonl"
    [info] = [info for info in library.articles() if info.path == path]
    text, passages = library.article(info.id).text, library.passages(info.id)
    words = [match.span() for match in re.finditer(r"\S+", text)]
    golds = [
        (words[first][0], words[last][1])
        for first in range(0, len(words), 7)
        for last in range(first + 6, len(words), 23)
    ]
    write([{"question": "Why?", "article": path, "evidence": text[start:end]} for start, end in golds], file)
    right = _right_passages(str(file), read(file)[0], library)
    assert {len(places) for places in right.values()} == set(range(1, len(passages) + 1))
    for question, (start, end) in zip(right, golds, strict=True):
        gold = set(range(start, end))
        expected = set()
        for each in passages:
            held = set(range(each.start, each.end))
            if len(held & gold) >= len(gold) / 2 or held <= gold:
                expected.add((path, each.start, each.end))
        assert right[question] == expected, text[start:end]


def test_a_passage_shared_by_two_is_found_in_both(library: Library, tmp_path: Path) -> None:
    [info] = [info for info in library.articles() if info.path == "river_barrier.md"]
    first, second = library.passages(info.id)[:2]
    shared = library.article(info.id).text[second.start : first.end]
    assert shared
    write([{"question": "Why?", "evidence": shared}], tmp_path / "questions.jsonl")
    [places] = _right_passages("", read(tmp_path / "questions.jsonl")[0], library).values()
    assert len(places) == 2


def test_a_citation_whose_offsets_are_wrong_does_not_check(library: Library) -> None:
    citation = library.retrieve("How many gates does the barrier have?", 1)[0]
    assert stands(citation, library)
    assert not stands(replace(citation, start=citation.start + 1), library)
    assert not stands(replace(citation, quote_end=citation.quote_end - 1), library)
    assert not stands(replace(citation, text=citation.text.upper()), library)
    other = next(each for each in library.retrieve("Who howls?", 9) if each.article.id != citation.article.id)
    moved = replace(citation, quote=other.quote, quote_start=other.quote_start, quote_end=other.quote_end)
    assert not stands(moved, library)
    before = library.article(citation.article.id).text[: citation.start]
    if before:
        outside = replace(citation, quote=before, quote_start=0, quote_end=len(before))
        assert not stands(outside, library)


def test_every_citation_is_of_a_passage_of_its_article(library: Library) -> None:
    for citation in library.retrieve("Who asked?", 10):
        places = [(passage.start, passage.end) for passage in library.passages(citation.article.id)]
        assert (citation.start, citation.end) in places
        assert places == sorted(places)
    assert sum(len(library.passages(info.id)) for info in library.articles()) == len(library)
    with pytest.raises(ArticleUnknownError):
        library.passages("0" * 16)


def test_progress_tells_of_every_question(library: Library, tmp_path: Path) -> None:
    write([{"question": "Who?"}, {"question": "What?"}], tmp_path / "questions.jsonl")
    told: list[rag.Progress] = []
    rag.evaluate(tmp_path / "questions.jsonl", library, progress=told.append)
    assert [(each.done, each.total) for each in told] == [(0, 2), (1, 2)]


def test_a_draft_asks_for_sentences_that_stand_in_its_articles(library: Library, tmp_path: Path) -> None:
    lines = draft(library, 100)
    assert len({line["question"] for line in lines}) == len(lines) > 3
    assert draft(library, 100) == lines
    write(lines, tmp_path / "draft.jsonl")
    evaluation = rag.evaluate(tmp_path / "draft.jsonl", library)
    assert evaluation.judged == len(lines)
    assert evaluation.warnings == ()


def test_a_draft_is_as_long_as_asked_and_spread_over_the_articles(shipped: Library) -> None:
    lines = draft(shipped, 5)
    assert len(lines) == 5
    assert {line["article"] for line in lines} == {info.path for info in shipped.articles()}
    with pytest.raises(OptionError):
        draft(shipped, 0)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory, with_model: Callable[[Path], Path]) -> Library:
    """The articles that come with Clippings, open for questions."""
    index = with_model(tmp_path_factory.mktemp("shipped") / "index")
    rag.build(ROOT / "corpus", index)
    return rag.open(index)


def test_the_shipped_articles_are_asked_as_well_as_before(shipped: Library) -> None:
    evaluation = rag.evaluate(ROOT / "tests" / "questions.jsonl", shipped)
    assert not evaluation.warnings
    assert (evaluation.judged, evaluation.answerable, evaluation.unanswerable) == (46, 46, 12)
    assert evaluation.citations_checked == 1
    floors = {"hit_at_1": 0.65, "hit_at_5": 0.89, "hit_at_10": 0.95, "mrr_at_10": 0.75, "ndcg_at_10": 0.76}
    measured = {name: getattr(evaluation, name) for name in floors}
    assert all(measured[name] >= floor for name, floor in floors.items()), measured
    assert evaluation.refused_rightly >= 7
    assert evaluation.refused_wrongly <= 5


def test_an_index_is_evaluated_by_its_folder(index: Path, tmp_path: Path) -> None:
    write([{"question": "Who howls in the forests?", "article": "wolves.md"}], tmp_path / "questions.jsonl")
    evaluation = rag.evaluate(tmp_path / "questions.jsonl", index)
    assert evaluation.hit_at_1 == 1
    assert evaluation.seconds_median == evaluation.seconds_p95
