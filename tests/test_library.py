"""An index, held as users hold it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from filelock import FileLock

import rag
from rag import articles, builder, calibration, lexical
from rag.errors import (
    ArticleUnknownError,
    CitationError,
    EmptyQuestionError,
    IndexDamagedError,
    IndexMissingError,
    IndexModelError,
    OptionError,
    QuestionTooLongError,
    RagError,
)
from rag.library import Library
from rag.settings import PACKAGED_MODEL
from rag.store import IndexFolder, read_current
from rag.types import Article, Citation

if TYPE_CHECKING:
    from rag.answer import Order

ROOT = Path(__file__).parents[1]

QUESTIONS = (
    "How many passengers does the railway expect?",
    "Why did the flood barrier stay open?",
    "How do foresters count wolves?",
    "Who was left without internet on Skerra?",
    "What did the bank forget?",
    "By how much did absence from school fall?",
    "Where did the yellow cranes go?",
    "How old are the seeds from under the ice?",
    "Who wrote the opera about the moon landing?",
    "¿Qué pasó? — «œuvre» 東京 \u200b",
)


def paths(citations: Sequence[Citation]) -> list[str]:
    """The files of the cited articles, each once, sorted."""
    return sorted({citation.article.path for citation in citations})


class TestCitations:
    @pytest.mark.parametrize("question", QUESTIONS)
    def test_every_citation_stands_in_its_article_as_it_says(self, library: Library, question: str) -> None:
        citations = library.retrieve(question, k=1000)
        assert len(citations) == len(library), "no passage is left out where all are asked for"
        assert [citation.rank for citation in citations] == list(range(1, len(citations) + 1))
        for citation in citations:
            article = library.article(citation.article.id)
            assert article.info == citation.article
            assert article.text[citation.start : citation.end] == citation.text
            assert article.text[citation.quote_start : citation.quote_end] == citation.quote
            assert citation.start <= citation.quote_start < citation.quote_end <= citation.end
            assert 0 <= citation.score <= 1
        scores = [citation.score for citation in citations]
        assert scores == sorted(scores, reverse=True)

    def test_the_articles_are_those_of_the_corpus(self, library: Library, corpus: Path) -> None:
        read = {
            article.path: replace(article, language="en")
            for file in articles.find(corpus)
            for article in articles.read(articles.load(corpus, file), file.path)
            if isinstance(article, Article)
        }
        assert {info.path: library.article(info.id) for info in library.articles()} == read
        assert [info.path for info in library.articles()] == sorted(read)
        assert library.manifest.articles == len(read)
        assert repr(library).endswith(f"{len(read)} articles, {len(library)} passages>")

    @pytest.mark.parametrize("k", [1, 3, 8])
    def test_k_passages_are_given_and_more_begin_with_the_same(self, library: Library, k: int) -> None:
        few, more = (library.retrieve(QUESTIONS[0], k=count) for count in (k, k + 1))
        assert len(few) == k
        assert more[:k] == few

    def test_an_answer_quotes_the_best_passage(self, library: Library) -> None:
        answer = library.ask(QUESTIONS[0])
        assert answer.found
        assert answer.text == answer.citations[0].quote
        assert "140,000" in answer.text
        assert answer.citations == library.retrieve(QUESTIONS[0])
        assert answer.undated == 0

    def test_blanks_around_and_within_a_question_do_not_count(self, library: Library) -> None:
        assert library.retrieve(f"\n {QUESTIONS[0].replace(' ', '   ')}\t") == library.retrieve(QUESTIONS[0])

    def test_an_article_that_is_unknown_is_told_with_its_id(self, library: Library) -> None:
        for unknown in ("0" * 16, "", "'; DROP TABLE article; --"):
            with pytest.raises(ArticleUnknownError, match="rag status --articles") as raised:
                library.article(unknown)
            assert raised.value.article_id == unknown
            assert isinstance(raised.value, KeyError)

    def test_examples_are_questions(self, library: Library) -> None:
        examples = library.examples(3)
        assert 0 < len(examples) <= 3
        assert all(library.ask(example).citations for example in examples)
        assert examples[:2] == library.examples(2)

    def test_what_a_generation_says_of_itself_is_worked_out_once(self, library: Library) -> None:
        assert library.articles() is library.articles()
        with ThreadPoolExecutor(4) as pool:
            [drawn] = {id(each) for each in pool.map(library.examples, [4] * 8)}
        assert drawn == id(library.examples(4))


class TestFilters:
    @pytest.mark.parametrize(
        "day", ["2022-06-03", " 20220603 ", date(2022, 6, 3), datetime(2022, 6, 3, 23, 59, tzinfo=UTC)]
    )
    def test_both_ends_are_included(self, library: Library, day: date | str) -> None:
        answer = library.ask(QUESTIONS[0], 1000, since=day, until=day)
        assert paths(answer.citations) == ["bank_outage.md", "night_trains.txt"]

    def test_either_end_may_be_open(self, library: Library) -> None:
        assert paths(library.retrieve(QUESTIONS[0], 1000, since="2022-06-04")) == ["island_cable.md"]
        assert paths(library.retrieve(QUESTIONS[0], 1000, until="2018-03-12")) == ["harbour_cranes.md"]
        assert not library.retrieve(QUESTIONS[0], 1000, since="2023-01-01", until="2022-12-31")

    def test_undated_articles_are_left_out_and_counted(self, library: Library) -> None:
        undated = sum(info.published is None for info in library.articles())
        assert undated == 1
        assert library.ask(QUESTIONS[2]).undated == 0
        answer = library.ask(QUESTIONS[2], 1000, since="1900-01-01")
        assert answer.undated == undated
        assert "wolves.md" not in paths(answer.citations)
        assert len(paths(answer.citations)) == library.manifest.articles - undated
        assert library.ask(QUESTIONS[2], authors="linnea voss", until="2030-01-01").undated == 1
        assert library.ask(QUESTIONS[2], authors="Jonas Feld", until="2030-01-01").undated == 0
        assert library.ask(QUESTIONS[2], authors="linnea voss").undated == 0, "without a date filter none is left out"

    @pytest.mark.parametrize(
        ("sources", "found"),
        [
            ("selwick courier", ["harbour_cranes.md", "school_meals.md"]),
            ("Ledger Weekly", ["bank_outage.md", "island_cable.md"]),
            (["FIELD NOTES", "the lowland review"], ["river_barrier.md", "wolves.md"]),
            (("No Such Paper", "Field Notes"), ["wolves.md"]),
            (iter(["Field Notes"]), ["wolves.md"]),
            ("No Such Paper", []),
            ("Selwick", []),
            ([], []),
            ("", []),
        ],
    )
    def test_sources_match_without_case(self, library: Library, sources: str | Sequence[str], found: list[str]) -> None:
        assert paths(library.retrieve(QUESTIONS[0], 1000, sources=sources)) == found

    def test_authors_match_without_case_and_with_other_filters(self, library: Library) -> None:
        assert paths(library.retrieve(QUESTIONS[0], 1000, authors="DANA WHITLOW")) == [
            "bank_outage.md",
            "harbour_cranes.md",
        ]
        narrowed = library.retrieve(QUESTIONS[0], 1000, authors=["dana whitlow"], sources="ledger weekly")
        assert paths(narrowed) == ["bank_outage.md"]
        assert paths(library.retrieve(QUESTIONS[0], 1000, authors="Dana Whitlow", until="2020-01-01")) == [
            "harbour_cranes.md"
        ]

    def test_a_digest_is_found_by_its_originals_author_and_source(self, library: Library) -> None:
        [original] = {info.digest_of for info in library.articles() if info.digest_of}
        assert original is not None
        assert original.author
        assert original.source
        assert "bank_outage.md" in paths(library.retrieve(QUESTIONS[0], 1000, authors=original.author.upper()))
        assert "bank_outage.md" in paths(library.retrieve(QUESTIONS[0], 1000, sources=original.source.upper()))

    def test_a_filter_leaves_k_passages_where_there_are_k(self, library: Library) -> None:
        for path, count in {"river_barrier.md": 2, "night_trains.txt": 1}.items():
            [info] = [info for info in library.articles() if info.path == path]
            for question in QUESTIONS:
                found = library.retrieve(question, count, authors=info.author)
                assert [citation.article for citation in found] == [info] * count

    def test_where_nothing_passes_nothing_is_found(self, library: Library) -> None:
        answer = library.ask(QUESTIONS[0], sources="No Such Paper")
        assert (answer.found, answer.citations) == (False, ())
        assert "Not found" in answer.text


class TestOrder:
    @pytest.mark.parametrize("k", [1, 3, 5])
    def test_newest_first_begins_with_the_newest_that_answers_however_few_are_asked_for(
        self, library: Library, k: int
    ) -> None:
        for question in QUESTIONS:
            plain = library.ask(question, k)
            for order, latest in (("newest", max), ("oldest", min)):
                dated = library.ask(question, k, order=cast("Order", order))
                assert (dated.found, len(dated.citations)) == (plain.found, len(plain.citations))
                assert [each.rank for each in dated.citations] == list(range(1, len(dated.citations) + 1))
                assert dated.text == (dated.citations[0].quote if dated.found else plain.text)
                assert dated.voices[:1] == (dated.citations[:1] if dated.found else ())
                days = [each.article.published for each in dated.voices if each.article.published]
                assert not dated.found or not days or dated.voices[0].article.published in {None, latest(days)}

    def test_an_older_article_that_answers_goes_before_newer_ones_that_do_not(self, place: Path) -> None:
        write(place, "old.md", f"---\npublished: 2015-01-02\n---\n{BEEKEEPER}")
        write(place, "new.md", f"---\npublished: 2024-06-07\n---\n{BEEKEEPER.replace('nineteen', 'twenty-two')}")
        build(place)
        library = Library(place / "embeddings")
        for order, words in (("newest", "twenty-two hives"), ("oldest", "nineteen hives")):
            answer = library.ask(ASKED, 1, order=cast("Order", order))
            assert words in answer.text
            assert answer.text == answer.citations[0].quote

    def test_an_explanation_is_of_the_citations_in_their_order(self, library: Library) -> None:
        answer = library.ask(QUESTIONS[0], order="oldest", explain=True)
        assert all(each.why for each in answer.citations)
        assert [each for each in answer.citations if each in answer.voices] == list(answer.voices)

    def test_any_other_order_is_refused(self, library: Library) -> None:
        with pytest.raises(OptionError, match="relevance, newest or oldest") as raised:
            library.ask(QUESTIONS[0], order="latest")  # type: ignore[arg-type]
        assert (raised.value.option, raised.value.value) == ("order", "latest")


class TestHints:
    ASKED = "What is the latest on the sleeper train in June 2022?"

    def test_they_are_offered_and_change_nothing(self, library: Library) -> None:
        answer = library.ask(self.ASKED)
        assert [(hint.words, hint.order) for hint in answer.hints] == [("latest", "newest"), ("in June 2022", None)]
        assert (answer.hints[1].since, answer.hints[1].until) == (date(2022, 6, 1), date(2022, 6, 30))
        assert answer.undated == 0
        assert len(paths(library.ask(self.ASKED, 1000).citations)) == library.manifest.articles
        assert library.ask(QUESTIONS[0]).hints == ()

    def test_what_is_applied_is_not_offered_again(self, library: Library) -> None:
        sorted_by_date = library.ask(self.ASKED, order="newest")
        assert [hint.words for hint in sorted_by_date.hints] == ["in June 2022"]
        narrowed = library.ask(self.ASKED, since="2022-06-01", until="2022-06-30")
        assert [hint.words for hint in narrowed.hints] == ["latest"]
        assert [hint.words for hint in library.ask(self.ASKED, since="2022-06-01").hints] == ["latest", "in June 2022"]
        assert narrowed.question == self.ASKED

    def test_words_that_only_say_how_new_or_what_is_applied_are_not_missing(self, library: Library) -> None:
        assert "latest" not in library.ask(self.ASKED).missing
        asked = "Which certificate expired in June 2022?"
        assert library.ask(asked, authors="Dana Whitlow").missing == ("June", "2022")
        assert library.ask(asked, authors="Dana Whitlow", since="2022-06-01", until="2022-06-30").missing == ()


class TestWhatCannotBeAsked:
    @pytest.mark.parametrize("question", ["", " ", "\n\t\u00a0\u2003"])
    def test_a_blank_question(self, library: Library, question: str) -> None:
        with pytest.raises(EmptyQuestionError):
            library.ask(question)

    @pytest.mark.parametrize("question", ["word " * 10_000, "x" * 1_000_000, "why " * 300])
    def test_a_question_that_is_too_long(self, library: Library, question: str) -> None:
        began = time.perf_counter()
        with pytest.raises(QuestionTooLongError) as raised:
            library.ask(question)
        assert raised.value.words == len(question.split())
        assert time.perf_counter() - began < 1

    @pytest.mark.parametrize("k", [0, -1, 1001, 2.5, "5", None])
    def test_a_k_that_is_no_number_of_passages(self, library: Library, k: object) -> None:
        with pytest.raises(OptionError, match="from 1 to 1000") as raised:
            library.retrieve(QUESTIONS[0], k)  # type: ignore[arg-type]
        assert (raised.value.option, raised.value.value) == ("k", k)

    @pytest.mark.parametrize("option", ["since", "until"])
    @pytest.mark.parametrize("day", ["", "yesterday", "2019-13-01", "2019-02-29", "03/04/2019", 2019])
    def test_a_date_that_is_none(self, library: Library, option: str, day: str) -> None:
        with pytest.raises(OptionError, match="a day such as") as raised:
            library.ask(QUESTIONS[0], **{option: day})  # type: ignore[arg-type]
        assert (raised.value.option, raised.value.value) == (option, day)

    @pytest.mark.parametrize(
        "question", ["?", "🦀", "\x00", "a\ud800b", 'NEAR/2 ("*) AND -x:y^2', "' OR 1=1 --", "${1+1}"]
    )
    def test_but_any_other_characters_can(self, library: Library, question: str) -> None:
        assert library.ask(question).citations


@pytest.fixture(autouse=True)
def _quick_builds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "QUESTIONS", 5)


@pytest.fixture
def place(tmp_path: Path, corpus: Path, index: Path, with_model: Callable[[Path], Path]) -> Iterator[Path]:
    """A folder with a small corpus of its own in `corpus` and its index in `embeddings`."""
    shutil.copytree(corpus, tmp_path / "corpus")
    shutil.copytree(index, tmp_path / "embeddings", ignore=shutil.ignore_patterns("models", "lock"))
    with_model(tmp_path / "embeddings")
    yield tmp_path
    shutil.rmtree(tmp_path / "embeddings", ignore_errors=True)  # some hundred megabytes


def build(place: Path, *, anew: bool = False) -> rag.BuildReport:
    return builder.build(place / "corpus", IndexFolder(place / "embeddings"), model=PACKAGED_MODEL, anew=anew)


def write(place: Path, name: str, text: str) -> None:
    (place / "corpus" / name).write_text(text, encoding="utf-8")


BEEKEEPER = "The beekeeper of Altenmoor\n\nRosalind Quirke keeps nineteen hives on the roof of the Altenmoor library."
ASKED = "How many hives are on the roof of the library?"


class TestGenerations:
    def test_examples_are_drawn_anew_after_a_build(self, place: Path) -> None:
        library = Library(place / "embeddings")
        assert "What did Rosalind Quirke say?" not in library.examples(40)
        write(place, "bees.txt", BEEKEEPER + " Rosalind Quirke said that the bees of Altenmoor fly to the harbour.")
        build(place)
        assert "What did Rosalind Quirke say?" in library.examples(40)

    def test_a_build_is_noticed_at_the_next_question(self, place: Path) -> None:
        library, other = Library(place / "embeddings"), Library(place / "embeddings")
        before = len(library)
        assert not any("hives" in citation.text for citation in library.retrieve(ASKED))
        write(place, "bees.txt", BEEKEEPER)
        build(place)
        for each in (library, other):
            assert "nineteen hives" in each.ask(ASKED).text
            assert len(each) == before + 1
            assert "bees.txt" in [info.path for info in each.articles()]
        (place / "corpus" / "bees.txt").unlink()
        build(place)
        assert "bees.txt" not in [info.path for info in library.articles()]
        assert not any("hives" in citation.text for citation in library.retrieve(ASKED, 1000))
        assert len(other) == before

    def test_an_index_that_is_made_again_in_its_place_is_noticed(self, place: Path) -> None:
        library = Library(place / "embeddings")
        number = library.manifest.number
        for part in ("current", "generations", "segments"):
            path = place / "embeddings" / part
            path.unlink() if path.is_file() else shutil.rmtree(path)
        with pytest.raises(IndexMissingError):
            library.ask(ASKED)
        write(place, "bees.txt", BEEKEEPER)
        build(place)
        assert library.manifest.number == number
        assert "nineteen hives" in library.ask(ASKED).text

    def test_a_damage_to_an_open_index_is_told_and_a_mended_one_answers_again(self, place: Path) -> None:
        library = Library(place / "embeddings")
        pointer = (place / "embeddings" / "current").read_bytes()
        (place / "embeddings" / "current").write_bytes(b"?")
        for use in (lambda: library.ask(ASKED), library.articles, lambda: len(library), library.check):
            with pytest.raises(IndexDamagedError, match="--anew"):
                use()
        (place / "embeddings" / "current").write_bytes(pointer)
        library.check()
        assert library.ask(QUESTIONS[0]).found

    def test_questions_are_answered_while_builds_follow_each_other(self, place: Path) -> None:
        library = Library(place / "embeddings")
        known: dict[str, Article] = {article.id: article for article in map(library.article, _ids(library))}
        versions = [f"{BEEKEEPER} In the year {year} there were {year % 97} more." for year in range(2000, 2005)]
        for version in versions:
            [article] = articles.read(version.encode(), "bees.txt")
            assert isinstance(article, Article)
            known[article.id] = article
        asked, problems = list[Citation](), list[BaseException]()
        stop = threading.Event()

        def ask_on(holding: Library) -> None:
            try:
                while not stop.is_set():
                    asked.extend(citation for question in QUESTIONS[:3] for citation in holding.retrieve(question))
                    asked.extend(holding.ask(ASKED).citations)
            except BaseException as problem:  # noqa: BLE001  told by the test itself
                problems.append(problem)

        readers = [
            threading.Thread(target=ask_on, args=(each,)) for each in (library, library, Library(place / "embeddings"))
        ]
        for reader in readers:
            reader.start()
        for version in versions:
            write(place, "bees.txt", version)
            build(place)
        stop.set()
        for reader in readers:
            reader.join()
        assert problems == []
        assert len(asked) > 50
        for citation in asked:
            text = known[citation.article.id].text
            assert text[citation.start : citation.end] == citation.text
            assert text[citation.quote_start : citation.quote_end] == citation.quote
        assert "more" in library.article(next(info.id for info in library.articles() if info.path == "bees.txt")).text

    def test_threads_get_the_answers_that_one_alone_gets(self, library: Library) -> None:
        alone = {question: library.ask(question) for question in QUESTIONS}
        wrong: list[str] = []

        def ask_all(begin: int) -> None:
            order = (*QUESTIONS[begin:], *QUESTIONS[:begin])
            wrong.extend(question for question in order if library.ask(question) != alone[question])

        threads = [threading.Thread(target=ask_all, args=(begin,)) for begin in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []

    @pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are counted as Linux shows them")
    def test_an_old_generation_is_let_go(self, place: Path) -> None:
        library = Library(place / "embeddings")

        def held() -> int:
            library.ask(ASKED)
            links = (file.readlink() for file in Path("/proc/self/fd").iterdir() if file.is_symlink())
            return sum(link.is_relative_to(place / "embeddings") for link in links)

        begun = held()
        most = 0
        for number in range(6):
            write(place, "bees.txt", f"{BEEKEEPER} It is day {number}.")
            build(place)
            most = max(most, held())
        assert most <= 3 * begun


def _ids(library: Library) -> list[str]:
    return [info.id for info in library.articles()]


class TestTampering:
    @pytest.fixture
    def database(self, place: Path) -> Iterator[sqlite3.Connection]:
        [file] = (place / "embeddings" / "segments").glob("*/articles.db")
        database = sqlite3.connect(file)
        yield database
        database.close()

    def test_an_edited_article_is_not_cited(self, place: Path, database: sqlite3.Connection) -> None:
        library = Library(place / "embeddings")
        with database:
            database.execute("UPDATE article SET text = replace(text, '140,000', '150,000')")
        with pytest.raises((IndexDamagedError, CitationError), match="--anew"):
            library.ask(QUESTIONS[0])
        with pytest.raises(IndexDamagedError, match=r"articles\.db"):
            library.article(_ids_by_path(database)["night_trains.txt"])
        with pytest.raises(IndexDamagedError, match="--anew"):
            Library(place / "embeddings")

    def test_an_edited_title_is_not_cited(self, place: Path, database: sqlite3.Connection) -> None:
        library = Library(place / "embeddings")
        with database:
            database.execute("UPDATE article SET title = 'Night trains return to the moon'")
        with pytest.raises(RagError, match="--anew"):
            library.ask(QUESTIONS[0])

    def test_a_check_reads_every_file(self, place: Path) -> None:
        library = Library(place / "embeddings")
        library.check()
        [weights] = (place / "embeddings" / "models").glob("*/model.bin")
        weights.unlink()
        with pytest.raises(IndexDamagedError, match=r"model\.bin: it is missing"):
            library.check()


def _ids_by_path(database: sqlite3.Connection) -> dict[str, str]:
    return dict(database.execute("SELECT path, id FROM article").fetchall())


@pytest.fixture
def default(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder is where Python was started."""
    monkeypatch.chdir(place)
    return place


class TestDefaults:
    def test_the_index_is_refreshed_before_a_question_where_articles_changed(self, default: Path) -> None:
        assert "140,000" in rag.ask(QUESTIONS[0]).text
        write(default, "bees.txt", BEEKEEPER)
        assert "nineteen hives" in rag.ask(ASKED).text
        (default / "corpus" / "bees.txt").rename(default / "corpus" / "moved.txt")
        assert rag.retrieve(ASKED, k=1)[0].article.path == "moved.txt"
        (default / "corpus" / "moved.txt").unlink()
        assert not any("hives" in citation.text for citation in rag.retrieve(ASKED))

    def test_where_nothing_changed_nothing_is_built(self, default: Path) -> None:
        before = (default / "embeddings" / "current").stat().st_mtime_ns
        rag.ask(QUESTIONS[0])
        rag.ask(QUESTIONS[1])
        assert (default / "embeddings" / "current").stat().st_mtime_ns == before

    def test_an_index_that_is_missing_is_built_first(self, default: Path) -> None:
        for part in ("current", "generations", "segments"):
            path = default / "embeddings" / part
            path.unlink() if path.is_file() else shutil.rmtree(path)
        told: list[rag.Progress] = []
        library = rag.refreshed(progress=told.append)
        assert told
        assert "140,000" in library.ask(QUESTIONS[0]).text
        assert not rag.changes()

    def test_the_environment_names_the_folders(
        self, place: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
        with pytest.raises(RagError, match="no folder"):
            rag.ask(QUESTIONS[0])
        monkeypatch.setenv("RAG_CORPUS", str(place / "corpus"))
        monkeypatch.setenv("RAG_INDEX", str(place / "embeddings"))
        assert "140,000" in rag.ask(QUESTIONS[0]).text
        assert rag.build().unchanged
        assert len(rag.open()) > 0

    def test_another_model_is_refused_until_it_is_asked_for_by_name(
        self, default: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rag.ask(QUESTIONS[0])
        monkeypatch.setenv("RAG_MODEL", "another-model")
        for use in (rag.open, lambda: rag.ask(QUESTIONS[0]), rag.refreshed):
            with pytest.raises(IndexModelError, match="unset RAG_MODEL") as raised:
                use()
            assert (raised.value.found, raised.value.wanted) == (PACKAGED_MODEL, "another-model")
        write(default, "bees.txt", BEEKEEPER)
        with pytest.raises(IndexModelError):
            rag.ask(ASKED)
        monkeypatch.delenv("RAG_MODEL")
        assert rag.open(model=f"sentence-transformers/{PACKAGED_MODEL}").ask(QUESTIONS[0]).found
        with pytest.raises(IndexModelError):
            rag.open("embeddings", model="another-model")

    def test_while_another_build_is_at_work_the_index_answers_as_it_is(self, default: Path) -> None:
        write(default, "bees.txt", BEEKEEPER)
        with FileLock(default / "embeddings" / "lock"):
            assert "140,000" in rag.ask(QUESTIONS[0]).text
        assert "nineteen hives" in rag.ask(ASKED).text

    def test_a_device_that_is_none_is_refused(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("RAG_DEVICE", "abacus")
        with pytest.raises(OptionError, match="RAG_DEVICE"):
            rag.open(place / "embeddings")

    def test_an_index_that_is_missing_is_not_opened(self, tmp_path: Path) -> None:
        with pytest.raises(IndexMissingError, match="rag build"):
            rag.open(tmp_path)
        with pytest.raises(IndexMissingError):
            rag.changes(tmp_path, tmp_path / "nowhere")


READING = """
    import os, stat, sys
    from pathlib import Path
    import rag

    warm, index, corpus, question = sys.argv[1:]
    # So that all modules are there: another user may not be let to them.
    import rag.builder
    rag.open(warm).ask(question)
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    assert not os.access(index, os.W_OK)
    library = rag.open(index)
    print(library.ask(question).text)
    library.check()
    print(len(library.articles()), bool(rag.changes(corpus, index)))
    try:
        rag.build(corpus, index)
    except rag.RagError as error:
        print(type(error).__name__)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows tells who may write in another way")
def test_an_index_that_may_only_be_read_answers(index: Path, corpus: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(index, Path(folder) / "index", ignore=shutil.ignore_patterns("compiled")))
        articles_copy = Path(shutil.copytree(corpus, Path(folder) / "corpus"))
        os.chmod(folder, 0o755)  # noqa: PTH101, S103  others are to read it
        folders = [path for path in copy.rglob("*") if path.is_dir()]
        for path in (copy, *folders):
            path.chmod(0o555)
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-c", textwrap.dedent(READING), str(index), str(copy), str(articles_copy), QUESTIONS[0]],
            env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": folder},
            capture_output=True,
            text=True,
            check=False,
        )
        for path in (copy, *folders):
            path.chmod(0o755)
    assert done.returncode == 0, done.stderr
    quote, counted, refused = done.stdout.splitlines()
    assert "140,000" in quote
    assert counted == f"{read_current(IndexFolder(index)).articles} False"
    assert refused == "IndexWriteError"


def test_the_language_of_each_article_is_told(library: Library) -> None:
    assert {info.language for info in library.articles()} == {"en"}


def test_a_name_in_another_spelling_is_found_and_told(library: Library) -> None:
    found = library.ask("Who drove the crane at Port Sellwick?")
    assert [(each.asked, each.found) for each in found.spellings] == [("Sellwick", "Selwick")]
    assert "Sellwick" not in found.missing
    assert found.citations[0] == library.ask("Who drove the crane at Port Selwick?").citations[0]


class TestLanguages:
    @pytest.fixture
    def mixed(self, place: Path) -> Library:
        """Articles in English, German, Chinese and Arabic."""
        write(
            place,
            "hafen.txt",
            "Streik im Hafen\n\nIn Kellingen legten am Montag 2.400 Hafenarbeiter die Arbeit nieder, weil die "
            "Gespräche über Nachtschichten gescheitert waren. Der Direktor des Hafens, Odo Brandt, nannte den Streik "
            "einen Fehler und versprach neue Gespräche. Vierzig Schiffe warteten am Abend in der Bucht.",
        )
        write(
            place,
            "port.txt",
            "港口罢工\n\n星期一,凯林港的两千四百名码头工人因夜班谈判破裂而停止工作。港口主任说罢工是一个错误,"
            "并答应重新谈判。晚上有四十艘船在海湾里等候。",
        )
        write(
            place,
            "mina.txt",
            "إضراب في الميناء\n\nتوقف ألفان وأربعمائة عامل في ميناء كيلين عن العمل يوم الاثنين بعد فشل المحادثات حول "
            "المناوبات الليلية. وقال مدير الميناء إن الإضراب خطأ ووعد بمحادثات جديدة. وانتظرت أربعون سفينة في الخليج.",
        )
        build(place)
        return Library(place / "embeddings")

    def test_each_article_is_cut_and_stemmed_by_its_own_language(self, mixed: Library) -> None:
        assert mixed.manifest.languages == ("ar", "de", "en", "zh")
        snapshot = mixed._opened.snapshot
        for word, language in (("Häfen", "de"), ("码头", "zh"), ("السفينة", "ar")):
            [term] = lexical.terms(word, language)
            assert snapshot.term_frequency(term) == 1
        for title in ("Streik im Hafen", "港口罢工", "إضراب في الميناء"):
            [number] = [info.id for info in mixed.articles() if info.title == title]
            [passage] = mixed.passages(number)
            assert passage.last - passage.first == 3

    @pytest.mark.parametrize(
        ("question", "title"),
        [
            ("Wie viele Hafenarbeiter haben die Arbeit niedergelegt?", "Streik im Hafen"),
            ("有多少码头工人停止工作?", "港口罢工"),
            ("كم عدد عمال الميناء الذين توقفوا عن العمل؟", "إضراب في الميناء"),
            ("Which Direktor in Kellingen?", "Streik im Hafen"),
            ("Who was left without internet on Skerra?", "An island off the map of the network"),
        ],
    )
    def test_a_question_finds_articles_in_its_own_words(self, mixed: Library, question: str, title: str) -> None:
        assert mixed.ask(question).citations[0].article.title == title

    def test_words_that_stand_in_an_article_in_another_form_are_not_missing(self, mixed: Library) -> None:
        asked = mixed.ask("Welche Direktoren nannten die Streiks in Ostermoor einen Fehler?")
        assert asked.missing == ("Ostermoor",)

    @pytest.mark.parametrize(
        ("question", "language"),
        [
            ("Wer hat gestern im Parlament gegen das neue Gesetz gestimmt?", "de"),
            ("Quel ministre a démissionné hier à cause du scandale ?", "fr"),
            ("谁昨天在议会投票反对新法律?", "zh"),
            ("Wer blieb auf der Insel Skerra wochenlang ohne Internet?", "de"),
        ],
    )
    def test_a_question_in_a_language_that_the_model_does_not_know_is_told(
        self, library: Library, question: str, language: str
    ) -> None:
        answer = library.ask(question)
        assert (answer.found, answer.unknown_language) == (False, language)
        assert "which the model does not know" in answer.caution
        assert "multilingual model (RAG_MODEL)" in answer.caution

    def test_a_question_in_english_is_never_taken_for_another(self, library: Library) -> None:
        asked = (library.ask(question) for question in (*QUESTIONS[:-1], "Who won the chess cup in Ulaanbaatar?"))
        assert {answer.unknown_language for answer in asked} == {None}
