"""Which of the ranked passages an answer shows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rag.evidence import holds_all
from rag.library import Library
from rag.selection import NEARLY, select
from rag.types import ArticleInfo, Citation


def citation(article: str, score: float, text: str = "") -> Citation:
    info = ArticleInfo(article, article, None, None, None, None, f"{article}.txt", "", None)
    text = text or f"What {article} says at {score}."
    return Citation(1, score, info, text, 0, len(text), text, 0, len(text), None)


def shown(citations: tuple[Citation, ...]) -> list[tuple[str, float]]:
    return [(each.article.id, each.score) for each in citations]


def test_a_third_passage_of_an_article_waits_for_one_that_is_nearly_as_good() -> None:
    ranked = [citation("a", 0.9), citation("a", 0.89), citation("a", 0.88), citation("b", 0.85)]
    assert shown(select(ranked, 3, 2)) == [("a", 0.9), ("a", 0.89), ("b", 0.85)]


def test_it_does_not_wait_for_one_that_is_much_worse() -> None:
    ranked = [citation("a", 0.9), citation("a", 0.89), citation("a", 0.88), citation("b", 0.5)]
    assert shown(select(ranked, 3, 2)) == [("a", 0.9), ("a", 0.89), ("a", 0.88)]


def test_without_a_limit_the_ranking_stays() -> None:
    ranked = [citation("a", 0.9), citation("a", 0.89), citation("a", 0.88), citation("b", 0.87)]
    assert shown(select(ranked, 3, None)) == [("a", 0.9), ("a", 0.89), ("a", 0.88)]


def test_the_same_text_in_two_articles_is_one_citation_that_names_both() -> None:
    text = "The ferry to Ostby was cancelled on Monday because of ice in the harbour."
    light_edit = text.replace("cancelled", "called off")
    ranked = [citation("a", 0.9, text), citation("b", 0.88, light_edit), citation("c", 0.7)]
    first, second = select(ranked, 5, 2)
    assert [info.id for info in first.also] == ["b"]
    assert (second.article.id, second.rank, second.also) == ("c", 2, ())


def test_overlapping_passages_of_one_article_stay_two() -> None:
    text = "The ferry to Ostby was cancelled on Monday because of ice in the harbour."
    assert len(select([citation("a", 0.9, text), citation("a", 0.8, text)], 5, 2)) == 2


RANKED = st.lists(st.tuples(st.sampled_from("abcd"), st.floats(0, 1)), max_size=30).map(
    lambda rows: [
        citation(article, score, f"{article}{place}")
        for place, (article, score) in enumerate(sorted(rows, key=lambda row: -row[1]))
    ]
)


@given(RANKED, st.integers(1, 10), st.integers(1, 3) | st.none())
def test_no_place_is_left_empty_and_the_best_stays_first(
    ranked: list[Citation], count: int, per_article: int | None
) -> None:
    chosen = select(ranked, count, per_article)
    assert len(chosen) == min(count, len(ranked))
    assert [each.rank for each in chosen] == list(range(1, len(chosen) + 1))
    assert not ranked or chosen[0].text == ranked[0].text


@given(RANKED, st.integers(1, 10), st.integers(1, 3))
def test_nothing_is_put_before_a_passage_that_is_clearly_better(
    ranked: list[Citation], count: int, per_article: int
) -> None:
    chosen = select(ranked, count, per_article)
    for place, each in enumerate(chosen):
        later = [other.score for other in chosen[place + 1 :]]
        assert each.score >= NEARLY * max(later, default=0)


def test_a_phrase_of_the_question_stands_in_every_passage_that_is_cited(library: Library) -> None:
    words = library.article(library.articles()[0].id).text.split()
    phrase = " ".join(words[20:24])
    found = library.ask(f"What is said of “{phrase}”?")
    assert found.citations
    assert all(holds_all((phrase,), each.text) for each in found.citations)


def test_where_no_passage_has_the_phrase_nothing_is_found(library: Library) -> None:
    found = library.ask('Who spoke of "harbour cranes made of marzipan"?')
    assert (found.found, found.citations) == (False, ())


def test_an_answer_takes_at_most_two_of_the_first_from_one_article_if_others_are_nearly_as_good(
    library: Library,
) -> None:
    question = "What happened?"
    plain, chosen = library.ask(question, per_article=None), library.ask(question, per_article=1)
    assert shown(plain.citations) == shown(library.retrieve(question))
    assert len({each.article.id for each in chosen.citations}) >= len({each.article.id for each in plain.citations})
    assert chosen.citations[0].text == plain.citations[0].text
