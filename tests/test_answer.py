from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import cast
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag import tokens
from rag.answer import FOUND, NOT_FOUND, Answer, Asked, Order, answer, by_date, cite, link, reference
from rag.errors import CitationError
from rag.library import Library
from rag.spelling import Spelling
from rag.types import Article, Citation, Digest, Passage, Sentence

TEXT = "The tide came in. Nobody had closed the gates, not even the keeper. The harbour was under water by noon."
ARTICLE = Article(
    id="1f05e07e02480aa7",
    title="Why the barrier stayed open",
    source="The Lowland Review",
    author="Petra Lindqvist",
    published=date(2019, 11, 4),
    url="https://lowland.example/ambel",
    path="river.md",
    sha256="1f05e07e02480aa7" * 4,
    digest_of=None,
    text=TEXT,
)
WHOLE = Passage(0, len(TEXT), 0, 3)
SECOND = Sentence(18, 67)
DIGEST = Digest("Gates left open", "Payments Observer", "Ida Kvist", "https://observer.example/14-hours")


def citation(score: float = 0.8, rank: int = 1, text: str = TEXT) -> Citation:
    return replace(cite(rank, score, ARTICLE, WHOLE, SECOND, strength=score), text=text)


class TestCitation:
    def test_it_holds_the_passage_and_the_quote_with_their_places(self) -> None:
        cited = cite(2, 0.7, ARTICLE, Passage(18, len(TEXT), 1, 3), SECOND)
        assert cited.quote == "Nobody had closed the gates, not even the keeper."
        assert cited.text == TEXT[18:]
        assert (cited.rank, cited.score, cited.article) == (2, 0.7, ARTICLE.info)
        assert TEXT[cited.start : cited.end] == cited.text
        assert TEXT[cited.quote_start : cited.quote_end] == cited.quote

    @given(st.lists(st.integers(-3, len(TEXT) + 3), min_size=4, max_size=4), st.booleans())
    def test_one_that_the_article_does_not_bear_out_is_never_made(self, places: list[int], in_order: bool) -> None:  # noqa: FBT001  drawn
        start, quote_start, quote_end, end = sorted(places) if in_order else places
        passage, sentence = Passage(start, end, 0, 3), Sentence(quote_start, quote_end)
        if 0 <= start <= quote_start < quote_end <= end <= len(TEXT):
            cited = cite(1, 0.5, ARTICLE, passage, sentence)
            assert cited.text[quote_start - start : quote_end - start] == cited.quote == TEXT[quote_start:quote_end]
        else:
            with pytest.raises(CitationError) as raised:
                cite(1, 0.5, ARTICLE, passage, sentence)
            assert (raised.value.path, raised.value.start, raised.value.end) == ("river.md", start, end)

    @pytest.mark.parametrize(
        ("pages", "page"),
        [((), None), ((0,), 1), ((0, 18), 2), ((0, 19), 1), ((0, 5, 5, 18, 60, 90), 4), ((0, 18, 18), 3), ((20,), 1)],
    )
    def test_it_names_the_page_on_which_the_quote_begins(self, pages: tuple[int, ...], page: int | None) -> None:
        assert cite(1, 0.5, replace(ARTICLE, pages=pages), WHOLE, SECOND).page == page

    def test_a_language_model_is_told_the_page_too(self) -> None:
        cited = cite(1, 0.5, replace(ARTICLE, pages=(0, 18)), WHOLE, SECOND)
        context = Answer("Who closed the gates?", found=True, text=cited.quote, citations=(cited,)).context()
        assert context.splitlines()[0] == f"[1] {reference(ARTICLE)}, page 2"


class TestLink:
    """How browsers read it: https://wicg.github.io/scroll-to-text-fragment/."""

    @pytest.mark.parametrize(
        ("quote", "fragment"),
        [
            ("Nobody closed it", "Nobody%20closed%20it"),
            ("gates, doors & locks", "gates%2C%20doors%20%26%20locks"),
            ("the tip-off - a hoax", "the%20tip%2Doff%20%2D%20a%20hoax"),
            ("100% of “it”", "100%25%20of%20%E2%80%9Cit%E2%80%9D"),
            ("a#b?c=d/e:f", "a%23b%3Fc%3Dd%2Fe%3Af"),
            ("broken\nover two lines", "broken%20over,two%20lines"),
            ("two\nwords", "two,words"),
            ("half a pair \ud83d", "half%20a%20pair%20%3F"),
        ],
    )
    def test_it_opens_the_original_at_the_quote(self, quote: str, fragment: str) -> None:
        assert link(ARTICLE, quote) == f"https://lowland.example/ambel#:~:text={fragment}"

    def test_a_long_quote_is_found_by_its_first_and_last_words(self) -> None:
        words = [f"word{number}" for number in range(60)]
        opened = link(ARTICLE, " ".join(words))
        assert opened is not None
        first, last = unquote(opened.partition(":~:text=")[2]).split(",")
        assert (first.split(), last.split()) == (words[:6], words[-6:])

    @given(st.lists(st.text("abc漢-,&é", min_size=1, max_size=90), min_size=1, max_size=20), st.sampled_from(" \n"))
    def test_its_parts_are_words_of_the_quote_that_do_not_overlap(self, words: list[str], blank: str) -> None:
        quote = blank.join(words)
        fragment = str(link(ARTICLE, quote)).partition("#:~:text=")[2]
        assert re.fullmatch(r"(?:[A-Za-z0-9._~]|%[0-9A-F]{2})+(?:,(?:[A-Za-z0-9._~]|%[0-9A-F]{2})+)?", fragment)
        parts = [unquote(part).split(" ") for part in fragment.split(",")]
        if len(parts) == 1:
            assert parts == [words]
        else:
            first, last = parts
            assert words[: len(first)] == first
            assert words[-len(last) :] == last
            assert len(first) + len(last) <= len(words)

    def test_an_article_of_one_endless_word_is_linked_by_it(self) -> None:
        quote = "漢字" * 150
        assert unquote(str(link(ARTICLE, quote))) == f"https://lowland.example/ambel#:~:text={quote}"

    @pytest.mark.parametrize(
        ("url", "opened"),
        [
            ("https://a.example/b#part", "https://a.example/b#part:~:text=tide"),
            ("https://a.example/b#", "https://a.example/b#:~:text=tide"),
            ("https://a.example/b#part:~:text=old", "https://a.example/b#part:~:text=tide"),
            ("http://a.example/?q=1&r=é", "http://a.example/?q=1&r=é#:~:text=tide"),
            ("HTTPS://A.example", "HTTPS://A.example#:~:text=tide"),
            ("javascript:alert(1)", None),
            ("java\nscript:alert(1)", None),
            ("data:text/html,<script>", None),
            ("file:///etc/passwd", None),
            ("a.example/b", None),
            ("https:a.example", None),
            ("https://", None),
            ("https://[broken", None),
            ("", None),
            (None, None),
        ],
    )
    def test_only_the_address_of_a_page_is_linked(self, url: str | None, opened: str | None) -> None:
        assert link(replace(ARTICLE, url=url), "tide") == opened
        digest = replace(DIGEST, url=url)
        assert link(replace(ARTICLE, digest_of=digest), "tide") == (url if opened else None)

    def test_a_digest_opens_the_original_without_a_place(self) -> None:
        assert link(replace(ARTICLE, digest_of=DIGEST), "tide") == "https://observer.example/14-hours"


class TestAnswer:
    def test_it_is_the_quote_of_the_best_citation(self) -> None:
        given_ = answer(Asked("Who closed the gates?"), (citation(0.9), citation(0.2, 2)), undated=3)
        assert (given_.found, given_.undated, len(given_.citations)) == (True, 3, 2)
        assert given_.text == "Nobody had closed the gates, not even the keeper."

    def test_weak_evidence_is_no_answer_but_is_shown(self) -> None:
        given_ = answer(Asked("Who won the cup?"), (citation(FOUND - 0.01), citation(0.2, 2)))
        assert (given_.found, given_.text) == (False, NOT_FOUND)
        assert len(given_.citations) == 2

    def test_without_any_passage_there_is_none(self) -> None:
        nothing = Answer("Who won?", found=False, text=NOT_FOUND, citations=(), missing=("won",))
        assert answer(Asked("Who won?"), ()) == nothing

    def test_another_spelling_of_a_word_that_was_looked_for_is_not_missing(self) -> None:
        asked = "How many workers of the Kwarri are on strike?"
        cited = (said("Forty workers of the Kwaari are on strike.", "a", 0.9, 1),)
        looked_for = (Spelling("Kwarri", "Kwaari"), Spelling("strike", "strife"))
        found = answer(Asked(asked, spellings=looked_for), cited)
        assert (found.missing, found.spellings) == ((), looked_for[:1])
        assert found.caution.startswith("Other spellings were looked for too: “Kwaari” for “Kwarri”.")
        assert answer(Asked(asked), cited).missing == ("Kwarri",)

    @pytest.mark.parametrize(
        ("question", "found"),
        [
            ("Who will vote on paying for the lunches?", True),
            ("How many berths does the sleeper have?", True),
            ("Which enzyme splits lactose in the gut?", False),
            ("Who won the chess championship in 1972?", False),
        ],
    )
    def test_a_question_about_something_else_is_told(self, library: Library, question: str, found: bool) -> None:  # noqa: FBT001  a case of a table
        assert library.ask(question).found == found


STRIKE = "How many workers of the quarry are on strike?"
SAID = ("Forty workers of the quarry are on strike.", "Sixty workers of the quarry struck.", "Who struck the quarry?")


def said(quote: str, article: str, score: float, rank: int, published: str | None = None) -> Citation:
    day = date.fromisoformat(published) if published else None
    info = replace(ARTICLE.info, id=article, title=article, published=day)
    return Citation(rank, score, info, quote, 0, len(quote), quote, 0, len(quote), None, strength=score)


def ranks(citations: Sequence[Citation]) -> list[int]:
    return [each.rank for each in citations]


class TestVoices:
    def test_they_are_the_best_quote_of_each_article_that_answers_by_itself(self) -> None:
        forty, sixty, nothing = SAID
        cited = (
            said(forty, "a", 0.9, 1),
            said(forty, "a", 0.9, 2),
            said(nothing, "b", 0.8, 3),
            said(sixty, "c", 0.75, 4),
            said(forty, "c", 0.75, 5),
        )
        found = answer(Asked(STRIKE), cited)
        assert ranks(found.voices) == [1, 5], "the second of c holds more of the question's words; b gives no number"
        assert found.voices[0] is cited[0]

    def test_a_quote_that_lacks_the_words_is_none_even_where_its_passage_has_them(self) -> None:
        cited = said(SAID[0], "a", 0.9, 1), replace(said(SAID[0], "b", 0.8, 2), quote="There were forty of them.")
        assert ranks(answer(Asked(STRIKE), cited).voices) == [1]

    def test_one_article_alone_has_one(self) -> None:
        cited = tuple(said(SAID[0], "a", 0.9, rank) for rank in (1, 2, 3))
        assert ranks(answer(Asked(STRIKE), cited).voices) == [1]

    def test_what_is_not_found_has_none(self) -> None:
        assert answer(Asked(STRIKE), (said(SAID[2], "a", 0.1, 1),)).voices == ()
        assert answer(Asked(STRIKE), ()).voices == ()


DATES = st.none() | st.sampled_from(["2019-04-09", "2019-05-23", "2021-01-01"])
RANKED = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(SAID), st.floats(0, 1), DATES), max_size=9).map(
    lambda rows: [said(quote, article, score, rank, day) for rank, (article, quote, score, day) in enumerate(rows, 1)]
)


class TestByDate:
    def test_what_answers_by_itself_comes_first_by_date_and_undated_last(self) -> None:
        forty, _, nothing = SAID
        cited = (
            said(forty, "undated", 0.9, 1),
            said(nothing, "no answer", 0.5, 2, "2022-01-01"),
            said(forty, "old", 0.8, 3, "2019-04-09"),
            said(forty, "new", 0.8, 4, "2019-05-23"),
            said(forty, "same day", 0.7, 5, "2019-05-23"),
        )
        for order, expected in (
            ("newest", ["new", "same day", "old", "undated", "no answer"]),
            ("oldest", ["old", "new", "same day", "undated", "no answer"]),
        ):
            ordered = by_date(Asked(STRIKE), cited, cast("Order", order), None)
            assert [each.article.title for each in ordered] == expected
            assert ranks(ordered) == [1, 2, 3, 4, 5]

    def test_more_than_so_many_of_one_article_wait_behind_the_others(self) -> None:
        days = (("new", "2019-05-23"), ("new", "2019-05-23"), ("old", "2019-04-09"))
        cited = [said(SAID[0], article, 0.9, rank, day) for rank, (article, day) in enumerate(days, 1)]
        assert [each.article.title for each in by_date(Asked(STRIKE), cited, "newest", 1)] == ["new", "old", "new"]

    @given(RANKED, st.sampled_from(["newest", "oldest"]), st.none() | st.integers(1, 3))
    def test_it_keeps_every_citation_and_what_is_found_is_found_in_any_order(
        self, cited: list[Citation], order: Order, per_article: int | None
    ) -> None:
        ordered = by_date(Asked(STRIKE), cited, order, per_article)
        assert ranks(ordered) == list(range(1, len(cited) + 1))
        assert {replace(each, rank=0) for each in ordered} == {replace(each, rank=0) for each in cited}
        if answer(Asked(STRIKE), tuple(cited)).found:
            found = answer(Asked(STRIKE), ordered)
            assert found.found
            assert found.voices[0] == ordered[0]
            assert len({voice.article.id for voice in found.voices}) == len(found.voices)
            assert ranks(found.voices) == sorted(ranks(found.voices))


class TestCaution:
    def test_strong_evidence_needs_none(self) -> None:
        assert answer(Asked(STRIKE), (said(SAID[0], "a", 0.95, 1),)).caution == ""

    def test_weak_evidence_is_called_weak_and_words_are_told_that_stand_nowhere(self) -> None:
        weak = "The evidence is weak: read the passage before you rely on it."
        assert answer(Asked(STRIKE), (said(SAID[0], "a", 0.7, 1),)).caution == weak
        asked = "How many workers of the Halmar quarry are on strike?"
        told = answer(Asked(asked), (said(SAID[0], "a", 0.75, 1),)).caution
        assert told == f"{weak} None of these passages has the word “Halmar”."

    def test_what_is_not_found_says_which_words_stand_nowhere(self) -> None:
        cited = (said(SAID[0], "a", 0.1, 1),)
        told = answer(Asked("Which bank froze the Halmar account?"), cited).caution
        assert told == "None of these passages has the words “bank”, “froze”, “Halmar” or “account”."
        assert answer(Asked(STRIKE), cited).caution == ""

    def test_where_there_is_no_passage_it_says_why(self) -> None:
        assert answer(Asked(STRIKE), ()).caution == "No article passes the filters."
        asked = 'Who spoke of "cold tea" and of “a gate, shut”?'
        assert answer(Asked(asked), ()).caution == "No passage holds “cold tea” and “a gate, shut” word for word."


class TestContext:
    def test_it_is_a_numbered_block_that_names_each_article(self) -> None:
        head = "Why the barrier stayed open, Petra Lindqvist, The Lowland Review, 2019-11-04, https://lowland.example/ambel"
        context = answer(Asked("?"), (citation(), citation(0.5, 2, "Another tide."))).context()
        assert context == f"[1] {head}\n{TEXT}\n\n[2] {head}\nAnother tide."

    def test_nothing_is_made_of_nothing(self) -> None:
        assert answer(Asked("?"), ()).context() == ""

    @settings(deadline=None)
    @given(
        st.lists(st.text(min_size=1).map(str.strip).filter(bool), min_size=1, max_size=4),
        st.integers(-1, 200),
        st.text(max_size=20),
    )
    def test_it_never_has_more_tokens_than_asked_for(self, texts: list[str], most: int, title: str) -> None:
        article = replace(ARTICLE.info, title=title)
        cited = tuple(replace(citation(rank=rank, text=text), article=article) for rank, text in enumerate(texts, 1))
        context = answer(Asked("?"), cited).context(most)
        assert tokens.count(context) <= max(most, 0)
        whole = answer(Asked("?"), cited).context(10_000)
        assert whole.startswith(context)
        if tokens.count(whole) <= most:
            assert context == whole
        # Each article that is named has words of its passage after its name.
        places = [whole.index(f"[{rank}] {reference(article)}\n{text}") for rank, text in enumerate(texts, 1)]
        begun = [place for place in places if place < len(context)]
        if begun:
            assert len(context) > begun[-1] + len(f"[{len(begun)}] {reference(article)}\n")

    def test_the_last_passage_is_cut_at_a_word(self, library: Library) -> None:
        given_ = library.ask("How did people cope without the cable?")
        whole = given_.context(5000)
        for most in range(20, 400, 30):
            context = given_.context(most)
            assert tokens.count(context) <= most
            assert not context or re.match(r"\s|$", whole[len(context) :])
        assert whole.count("\n[") + 1 == len(given_.citations)


class TestReference:
    def test_it_names_what_is_known(self) -> None:
        article = ARTICLE.info
        assert reference(article) == (
            "Why the barrier stayed open, Petra Lindqvist, The Lowland Review, 2019-11-04, https://lowland.example/ambel"
        )
        bare = replace(article, author=None, source=None, published=None, url=None)
        assert reference(bare) == "Why the barrier stayed open"

    def test_a_digest_names_its_original_and_where_that_is(self) -> None:
        digest = replace(ARTICLE.info, author="Clippings", source=None, url="https://ours.example", digest_of=DIGEST)
        assert reference(digest) == (
            "Why the barrier stayed open, Clippings, 2019-11-04, "
            "digest of “Gates left open” by Ida Kvist in Payments Observer, https://observer.example/14-hours"
        )
        unknown = replace(digest, author=None, digest_of=Digest(None, None, None, None))
        assert reference(unknown) == "Why the barrier stayed open, 2019-11-04, digest of an article"


def test_every_citation_of_the_library_is_borne_out_by_its_article(library: Library) -> None:
    for question in ("Who drove the crane?", "What does the berth cost?", "How old were the seeds?"):
        for cited in library.retrieve(question, k=len(library)):
            text = library.article(cited.article.id).text
            assert text[cited.start : cited.end] == cited.text
            assert text[cited.quote_start : cited.quote_end] == cited.quote
            assert cited.quote in cited.text
            if cited.link:
                assert urlsplit(cited.link).netloc.endswith(".example")
                assert (":~:text=" in cited.link) == (cited.article.digest_of is None)
