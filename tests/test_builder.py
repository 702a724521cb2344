"""A corpus in its folder, changed between builds as people change folders, and the index followed through."""

from __future__ import annotations

import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import log2
from pathlib import Path
from typing import Any

import hostile
import numpy as np
import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st

import rag
from rag import articles, builder, calibration, embedding, freshness, lexical, reading, search
from rag import encoder as encoder_room
from rag.articles import folder as folder_room
from rag.articles.formats import READERS
from rag.builder import Making, to_merge
from rag.encoder import Encoder, packaged_model
from rag.errors import (
    CorpusEmptyError,
    CorpusMissingError,
    CorpusUnreadableError,
    IndexDamagedError,
    IndexFormatError,
    IndexLockedError,
    IndexMissingError,
    IndexWriteError,
    ModelMissingError,
    OptionError,
)
from rag.library import Library
from rag.settings import PACKAGED_MODEL
from rag.states import Codec
from rag.store import IndexFolder, Segment, Snapshot, checked, read_current, read_files
from rag.types import Article, BuildReport, Changes, Duplicate, Failure, Progress

ROOT = Path(__file__).parents[1]
# Passages of one or two sentences: short articles have several.
SMALL = 32

SUBJECTS = (
    "The harbour master",
    "A ferry captain",
    "The night nurse",
    "Our baker",
    "The old surveyor",
    "A young printer",
)
VERBS = ("painted", "measured", "sold", "repaired", "forgot", "described")
THINGS = (
    "the northern lighthouse",
    "eleven copper kettles",
    "a map of the marshes",
    "the river gauge",
    "two grey mules",
)
PLACES = ("before the frost", "near Ostermoor", "at the tin market", "during the eclipse", "under the viaduct")
QUESTIONS = (
    "Who painted the northern lighthouse?",
    "What did the ferry captain sell near Ostermoor?",
    "Where were the eleven copper kettles repaired?",
    "Who measured the river gauge during the eclipse?",
)


def story(seed: int, sentences: int = 6) -> str:
    """An article of made-up sentences, another for each seed."""
    drawn = random.Random(seed)  # noqa: S311  no secret
    told = (" ".join(map(drawn.choice, (SUBJECTS, VERBS, THINGS, PLACES))) for _ in range(sentences))
    return f"Report {seed} of the day\n\n" + " ".join(f"{each} for {drawn.randrange(999)} crowns." for each in told)


@dataclass(frozen=True)
class Newsroom:
    """A corpus and its index."""

    corpus: Path
    index: IndexFolder

    def write(self, path: str, content: str | bytes, *, age: float = 60) -> Path:
        """Write a file, changed ``age`` seconds ago."""
        file = self.corpus / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        os.utime(file, (time.time() - age,) * 2)
        return file

    def build(
        self,
        *,
        passage_tokens: int | None = SMALL,
        anew: bool = False,
        model: str = PACKAGED_MODEL,
        making: Making | None = None,
    ) -> BuildReport:
        return builder.build(
            self.corpus,
            self.index,
            model=model,
            passage_tokens=passage_tokens,
            anew=anew,
            making=making or Making(),
        )

    def changes(self) -> Changes:
        return freshness.changes(self.corpus, self.index)

    def snapshot(self) -> Snapshot:
        return Snapshot(self.index, read_current(self.index))

    def articles(self) -> dict[str, Article]:
        """What the index holds, by path."""
        snapshot = self.snapshot()
        held = [
            segment.article(int(number))
            for segment, live in zip(snapshot.segments, snapshot.live, strict=True)
            for number in np.flatnonzero(live)
        ]
        assert len({article.id for article in held}) == len(held), "an article stands there once"
        return {article.path: article for article in held}


@pytest.fixture(autouse=True)
def _quick_builds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "QUESTIONS", 5)


@pytest.fixture
def newsroom(tmp_path: Path, with_model: Callable[[Path], Path]) -> Iterator[Newsroom]:
    """Three articles, not yet indexed."""
    room = Newsroom(tmp_path / "corpus", IndexFolder(with_model(tmp_path / "index")))
    for number, path in enumerate(("a.txt", "b.md", "deep/er/c.txt")):
        room.write(path, story(number))
    yield room
    shutil.rmtree(room.index.path, ignore_errors=True)  # some hundred megabytes


@pytest.fixture
def formats(monkeypatch: pytest.MonkeyPatch) -> None:
    """The formats of ``hostile``, among them tables with an article a line."""
    monkeypatch.setattr(reading, "READERS", {**READERS, **hostile.READERS})
    monkeypatch.setattr(reading, "FUNCTION", "hostile:read")
    monkeypatch.setattr(folder_room, "_TABLES", (".lines",))


def counts(report: BuildReport) -> Mapping[str, int]:
    """How many files came out how, where any did."""
    kinds = ("added", "changed", "removed", "unchanged", "failed")
    return {kind: len(getattr(report, kind)) for kind in kinds if getattr(report, kind)}


class TestReports:
    def test_a_first_build_adds_all(self, newsroom: Newsroom) -> None:
        report = newsroom.build()
        assert report.added == ("a.txt", "b.md", "deep/er/c.txt")
        assert counts(report) == {"added": 3}
        assert (report.articles, report.embedded, report.rebuilt) == (3, report.passages, None)
        assert report.passages > 6
        assert report.seconds > 0
        assert newsroom.articles().keys() == set(report.added)

    def test_a_second_build_does_nothing(self, newsroom: Newsroom) -> None:
        first = newsroom.build()
        current = newsroom.index.current.read_bytes()
        report = newsroom.build()
        assert counts(report) == {"unchanged": 3}
        assert (report.embedded, report.articles, report.passages) == (0, 3, first.passages)
        assert newsroom.index.current.read_bytes() == current

    def test_only_what_changed_is_embedded(self, newsroom: Newsroom) -> None:
        newsroom.build()
        newsroom.write("a.txt", story(10))
        newsroom.write("new.txt", story(11))
        (newsroom.corpus / "b.md").unlink()
        report = newsroom.build()
        assert report == replace(
            report, added=("new.txt",), changed=("a.txt",), removed=("b.md",), unchanged=("deep/er/c.txt",), failed=()
        )
        held = newsroom.articles()
        assert held.keys() == {"a.txt", "new.txt", "deep/er/c.txt"}
        assert "Report 10" in held["a.txt"].title
        assert 0 < report.embedded < report.passages

    def test_a_file_that_was_touched_is_not_embedded(self, newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
        newsroom.build()
        scale = read_current(newsroom.index).scale
        newsroom.write("a.txt", story(0), age=30)
        monkeypatch.setattr(encoder_room, "load", lambda *_, **__: pytest.fail("the model is loaded"))
        report = newsroom.build()
        assert counts(report) == {"unchanged": 3}
        assert report.embedded == 0
        assert read_current(newsroom.index).scale == scale

    def test_a_file_that_was_touched_is_read_once(self, newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
        newsroom.build()
        newsroom.write("a.txt", story(0), age=30)
        newsroom.build()
        monkeypatch.setattr(articles, "load", lambda *_: pytest.fail("a file is read"))
        assert not newsroom.changes()
        assert counts(newsroom.build()) == {"unchanged": 3}

    def test_a_moved_file_is_not_embedded_again_and_is_cited_from_its_new_place(self, newsroom: Newsroom) -> None:
        newsroom.build()
        (newsroom.corpus / "a.txt").rename(newsroom.corpus / "deep" / "z.txt")
        report = newsroom.build()
        assert (report.added, report.removed) == (("deep/z.txt",), ("a.txt",))
        assert report.embedded == 0
        assert newsroom.articles().keys() == {"b.md", "deep/er/c.txt", "deep/z.txt"}

    def test_new_front_matter_alone_is_told_but_not_embedded(self, newsroom: Newsroom) -> None:
        text = story(20)
        newsroom.write("a.txt", f"---\ntitle: Before\n---\n{text}")
        newsroom.build()
        newsroom.write("a.txt", f"---\ntitle: After\npublished: 2021-02-03\n---\n{text}")
        report = newsroom.build()
        assert (report.changed, report.embedded) == (("a.txt",), 0)
        assert newsroom.articles()["a.txt"].title == "After"

    def test_the_same_content_twice_is_one_article_of_the_first_path(self, newsroom: Newsroom) -> None:
        newsroom.write("copy.txt", story(0))
        report = newsroom.build()
        assert (len(report.added), report.articles) == (4, 3)
        assert "copy.txt" not in newsroom.articles()
        assert counts(newsroom.build()) == {"unchanged": 4}

        (newsroom.corpus / "a.txt").unlink()
        report = newsroom.build()
        assert (report.removed, report.articles, report.embedded) == (("a.txt",), 3, 0)
        assert newsroom.articles().keys() == {"b.md", "copy.txt", "deep/er/c.txt"}

        newsroom.write("0.txt", story(0))
        report = newsroom.build()
        assert (report.added, report.articles, report.embedded) == (("0.txt",), 3, 0)
        assert newsroom.articles().keys() == {"0.txt", "b.md", "deep/er/c.txt"}

    def test_of_articles_of_the_same_text_the_one_of_which_more_is_known_counts(self, newsroom: Newsroom) -> None:
        newsroom.build()
        newsroom.write("copy.txt", "---\nsource: Elsewhere\n---\n" + story(0))
        report = newsroom.build()
        assert (report.articles, report.embedded, report.duplicates) == (3, 0, (Duplicate("a.txt", "copy.txt"),))
        assert newsroom.articles()["copy.txt"].source == "Elsewhere"

    def test_progress_is_told_for_each_file(self, newsroom: Newsroom) -> None:
        told: list[Progress] = []
        builder.build(newsroom.corpus, newsroom.index, model=PACKAGED_MODEL, progress=told.append)
        assert [step.item for step in told if step.item] == ["a.txt", "b.md", "deep/er/c.txt"]
        assert all(0 <= step.done <= step.total == 3 for step in told)

    def test_progress_is_told_while_a_long_article_is_embedded(
        self, newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(embedding, "TOLD_AFTER", 8)
        newsroom.write("b.md", story(1, 60))
        told: list[Progress] = []
        builder.build(newsroom.corpus, newsroom.index, model=PACKAGED_MODEL, passage_tokens=SMALL, progress=told.append)
        steps = [step for step in told if step.stage == "Embedding"]
        assert len(steps) > 2
        assert all(0 <= step.done <= step.total == 3 for step in steps)
        assert any(step.item.startswith("b.md (passage ") for step in steps)

    def test_a_corpus_of_text_starts_no_process(self, newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
        newsroom.write("photo.jpg", b"\xff\xd8")
        monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a process is started"))
        assert counts(newsroom.build()) == {"added": 3, "failed": 1}

    def test_an_index_within_the_corpus_is_not_indexed(self, newsroom: Newsroom) -> None:
        inside = newsroom.corpus / "index"
        newsroom.index.path.rename(inside)
        room = Newsroom(newsroom.corpus, IndexFolder(inside))
        assert counts(room.build()) == {"added": 3}
        assert counts(room.build()) == {"unchanged": 3}
        assert not room.changes()


def rows(*seeds: int) -> str:
    """A table of articles: a title and a text a line."""
    return "".join(f"Row {seed}|{story(seed, 3).partition(chr(10))[2].strip()}\n" for seed in seeds)


@pytest.mark.usefixtures("formats")
class TestFilesOfSeveralArticles:
    def test_each_row_is_an_article_and_knows_its_place(self, newsroom: Newsroom) -> None:
        newsroom.write("table.lines", rows(1, 2, 3))
        report = newsroom.build()
        assert report.added == ("a.txt", "b.md", "deep/er/c.txt", "table.lines")
        assert report.articles == 6
        held = newsroom.articles()
        assert [held[f"table.lines#{number}"].title for number in (1, 2, 3)] == ["Row 1", "Row 2", "Row 3"]
        assert counts(newsroom.build()) == {"unchanged": 4}

    def test_a_row_that_comes_to_a_table_is_embedded_alone(self, newsroom: Newsroom) -> None:
        newsroom.write("table.lines", rows(1, 2, 3))
        first = newsroom.build()
        newsroom.write("table.lines", rows(1, 9, 2, 3), age=30)
        report = newsroom.build()
        assert (report.changed, report.articles) == (("table.lines",), 7)
        held = newsroom.articles()
        new = newsroom.snapshot()
        segment, number = next(
            (segment, number)
            for segment in new.segments
            for number, info in enumerate(segment.infos())
            if info.title == "Row 9"
        )
        assert report.embedded == len(segment.passages_in(number)) == report.passages - first.passages
        assert [held[f"table.lines#{number}"].title for number in (1, 2, 3, 4)] == ["Row 1", "Row 9", "Row 2", "Row 3"]
        assert len({article.sha256 for path, article in held.items() if "#" in path}) == 1

        newsroom.write("table.lines", rows(9, 3), age=20)
        report = newsroom.build()
        assert (report.changed, report.embedded, report.articles) == (("table.lines",), 0, 5)

    def test_an_article_in_two_files_is_kept_once_and_stays_while_one_has_it(self, newsroom: Newsroom) -> None:
        newsroom.write("first.lines", rows(1, 2))
        newsroom.write("second.lines", rows(2, 3))
        report = newsroom.build()
        assert report.articles == 6
        assert "second.lines#1" not in newsroom.articles()
        assert counts(newsroom.build()) == {"unchanged": 5}

        (newsroom.corpus / "first.lines").unlink()
        report = newsroom.build()
        assert (report.removed, report.articles, report.embedded) == (("first.lines",), 5, 0)
        assert newsroom.articles()["second.lines#1"].title == "Row 2"

    def test_parts_that_cannot_be_read_are_told_each_time_and_the_file_is_not_read_again(
        self, newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        newsroom.write("table.lines", rows(1) + "broken\n" + rows(2) + "broken\n")
        report = newsroom.build()
        failed = (Failure("table.lines#2", "it is broken; mend it"), Failure("table.lines#4", "it is broken; mend it"))
        assert (report.failed, report.articles) == (failed, 5)
        assert read_current(newsroom.index).failed == 2
        monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a process is started"))
        report = newsroom.build()
        assert (report.failed, report.unchanged) == (failed, ("a.txt", "b.md", "deep/er/c.txt", "table.lines"))

    def test_of_very_many_such_parts_some_are_named_and_the_rest_counted(
        self, newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(builder, "NAMED_FAILURES", 2)
        newsroom.write("table.lines", rows(1) + "broken\n" * 2000)
        report = newsroom.build()
        assert [failure.path for failure in report.failed] == ["table.lines#2", "table.lines#3", "table.lines"]
        assert report.failed[-1].reason.startswith("1,998 more")

    def test_a_file_without_a_part_that_can_be_read_is_none_that_was_added(self, newsroom: Newsroom) -> None:
        newsroom.write("table.lines", "broken\nbroken\n")
        assert counts(newsroom.build()) == {"added": 3, "failed": 2}
        newsroom.write("table.lines", rows(1))
        assert newsroom.build().added == ("table.lines",)

    def test_where_nothing_can_be_read_the_parts_are_named(self, newsroom: Newsroom) -> None:
        shutil.rmtree(newsroom.corpus)
        newsroom.write("table.lines", "broken\n")
        with pytest.raises(CorpusUnreadableError) as raised:
            newsroom.build()
        assert raised.value.reasons == {"table.lines#1": "it is broken; mend it"}

    def test_a_file_that_is_called_like_a_row_is_a_file(self, newsroom: Newsroom) -> None:
        newsroom.write("a.txt#1.txt", story(8))
        newsroom.build()
        assert counts(newsroom.build()) == {"unchanged": 4}


@pytest.mark.usefixtures("formats")
def test_a_citation_names_the_page_in_code_in_json_and_in_the_terminal(newsroom: Newsroom) -> None:
    newsroom.write(
        "b.paged", f"{story(1)}\f{story(2)}\fThe tall keeper counted nine snowy owls on the pier.\f{story(3)}"
    )
    newsroom.build()
    question = "Who counted nine snowy owls on the pier?"
    library = Library(newsroom.index.path)
    [owls, *_] = library.ask(question).citations
    assert (owls.article.path, owls.page) == ("b.paged", 3)
    first = library.ask('"Report 1 of the day"').citations[0]
    assert (first.article.path, first.page) == ("b.paged", 1)
    assert {each.page for each in library.retrieve(question, 100) if each.article.path != "b.paged"} == {None}

    asked = ("ask", question, "--no-refresh", "--index", newsroom.index.path)
    script = "from rag.cli import main; main()"
    assert "b.paged, page 3, characters" in in_another_process(script, *asked).stdout
    assert json.loads(in_another_process(script, *asked, "--json").stdout)["citations"][0]["page"] == 3


@pytest.mark.usefixtures("formats")
class TestHostileFiles:
    @pytest.fixture(autouse=True)
    def _short(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reading, "LIMITS", reading.Limits(seconds=2, seconds_per_mb=0))

    def test_a_build_comes_through_all_of_them(self, newsroom: Newsroom) -> None:
        kinds = ("loop", "leave", "crash", "quit", "stumble", "chatter", "halves")
        for kind in kinds:
            newsroom.write(f"{kind}.{kind}", f"The {kind} of a very long day.")
        newsroom.write("z.lines", rows(1))
        report = newsroom.build()
        assert [failure.path for failure in report.failed] == [
            *("crash.crash", "half\ufffd", "leave.leave", "loop.loop", "quit.quit", "stumble.stumble"),
        ]
        assert report.articles == 6
        assert "z.lines#1" in newsroom.articles()
        newsroom.snapshot().check()

    def test_what_came_before_a_reader_hung_is_kept_and_the_rest_told(
        self, newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        newsroom.write("a.three", "Hello there.")
        report = newsroom.build()
        assert [failure.path for failure in report.failed] == ["a.three"]
        assert "stopped" in report.failed[0].reason
        assert "a.three" in report.added
        assert {f"a.three#{number}" for number in (1, 2, 3)} < newsroom.articles().keys()
        monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a process is started"))
        again = newsroom.build()
        assert (again.failed, again.articles, len(again.unchanged)) == (report.failed, 6, 4)

    def test_a_file_whose_reader_was_stopped_is_tried_again_only_once_it_changes(
        self, newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        newsroom.write("a.sleep", "x")
        report = newsroom.build()
        assert [failure.path for failure in report.failed] == ["a.sleep"]
        with monkeypatch.context() as patch:
            patch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a process is started"))
            assert newsroom.build().failed == report.failed
            assert not newsroom.changes()
        started: list[int] = []

        class Counted(subprocess.Popen[bytes]):
            def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401  whatever a Popen takes
                super().__init__(*given, **named)
                started.append(self.pid)

        monkeypatch.setattr(subprocess, "Popen", Counted)
        newsroom.write("a.sleep", "xx")
        assert newsroom.build().failed == report.failed
        assert len(started) == 1
        assert newsroom.build(anew=True).failed == report.failed
        assert len(started) == 2


class TestCompanions:
    def test_a_sidecar_goes_before_what_the_file_says_and_nothing_is_embedded(self, newsroom: Newsroom) -> None:
        newsroom.write("a.txt", f"---\nauthor: Ada Reed\nsource: The Mill Post\n---\n{story(0)}")
        newsroom.build()
        newsroom.write("a.txt.meta.yaml", "author:\nsource: The Dam Post\npublished: 2020-02-03")
        assert newsroom.changes() == Changes((), ("a.txt",), ())
        report = newsroom.build()
        assert (report.changed, report.embedded, report.articles) == (("a.txt",), 0, 3)
        article = newsroom.articles()["a.txt"]
        assert (article.author, article.source, str(article.published)) == (None, "The Dam Post", "2020-02-03")
        assert not newsroom.changes()
        assert counts(newsroom.build()) == {"unchanged": 3}

        newsroom.write("a.txt.meta.yaml", "author: Jo Vale", age=30)
        assert newsroom.changes().changed == ("a.txt",)
        report = newsroom.build()
        assert (report.changed, report.embedded) == (("a.txt",), 0)
        article = newsroom.articles()["a.txt"]
        assert (article.author, article.source, article.published) == ("Jo Vale", "The Mill Post", None)

        (newsroom.corpus / "a.txt.meta.yaml").unlink()
        assert newsroom.changes().changed == ("a.txt",)
        report = newsroom.build()
        assert (report.changed, report.embedded, report.removed) == (("a.txt",), 0, ())
        assert newsroom.articles()["a.txt"].author == "Ada Reed"

    def test_an_untouched_sidecar_is_not_read_again(self, newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
        newsroom.write("a.meta.yaml", "author: Jo Vale")
        newsroom.build()
        monkeypatch.setattr(articles, "load", lambda *_: pytest.fail("a file is read"))
        assert not newsroom.changes()
        assert counts(newsroom.build()) == {"unchanged": 3}
        assert newsroom.articles()["a.txt"].author == "Jo Vale"

    def test_an_edit_of_a_sidecar_just_after_a_build_is_noticed(self, newsroom: Newsroom) -> None:
        file = newsroom.write("a.meta.yaml", "author: Jo Vale", age=0)
        times = file.stat().st_mtime_ns, file.stat().st_mtime_ns
        newsroom.build()
        assert not newsroom.changes()
        file.write_text("author: Jo Vane", encoding="utf-8")
        os.utime(file, ns=times)
        assert newsroom.changes() == Changes((), ("a.txt",), ())
        assert newsroom.build().changed == ("a.txt",)
        assert newsroom.articles()["a.txt"].author == "Jo Vane"

    def test_a_sidecar_that_is_not_valid_fails_its_file_by_name(self, newsroom: Newsroom) -> None:
        newsroom.write("a.txt.meta.yaml", "published: soon")
        report = newsroom.build()
        [failure] = report.failed
        assert failure.path == "a.txt"
        assert failure.reason.startswith("a.txt.meta.yaml: it does not say")
        assert "'soon' is not a date" in failure.reason
        assert "a.txt" not in newsroom.articles()
        assert not newsroom.changes()
        newsroom.write("a.txt.meta.yaml", "published: 2020-02-03")
        assert newsroom.build().added == ("a.txt",)

    def test_a_sidecar_without_its_file_is_told(self, newsroom: Newsroom) -> None:
        newsroom.write("gone.pdf.meta.yaml", "author: Jo Vale")
        newsroom.write("b.txt", story(5))
        newsroom.write("b.meta.yaml", "author: Jo Vale")
        report = newsroom.build()
        assert [failure.path for failure in report.failed] == ["b.meta.yaml", "gone.pdf.meta.yaml"]
        assert all("no file, or more than one" in failure.reason for failure in report.failed)
        assert not newsroom.changes()
        (newsroom.corpus / "b.md").unlink()
        report = newsroom.build()
        assert (report.changed, report.removed) == (("b.txt",), ("b.md",))
        assert newsroom.articles()["b.txt"].author == "Jo Vale"

    @pytest.mark.usefixtures("formats")
    def test_what_columns_mean_is_read_again_with_the_tables_alone(
        self, newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        newsroom.write("table.lines", rows(1, 2))
        newsroom.build()
        newsroom.write("columns.toml", '[columns]\ntitle = "headline"\n')
        assert newsroom.changes() == Changes((), ("table.lines",), ())
        loaded: list[str] = []
        read = articles.load

        def load(corpus: Path, file: articles.CorpusFile) -> bytes:
            loaded.append(file.path)
            return read(corpus, file)

        monkeypatch.setattr(articles, "load", load)
        report = newsroom.build()
        assert loaded == ["columns.toml"], "the table is read in its process, and no other file"
        assert (report.changed, report.embedded) == (("table.lines",), 0)
        assert newsroom.articles()["table.lines#1"].title == "headline"
        newsroom.write("columns.toml", "what is this")
        [failure] = newsroom.build().failed
        assert failure.path == "table.lines"
        assert failure.reason.startswith("columns.toml: it does not say what columns hold")

    @pytest.mark.usefixtures("formats")
    def test_a_sidecar_of_a_file_of_several_articles_speaks_of_each(self, newsroom: Newsroom) -> None:
        newsroom.write("table.lines", rows(1, 2))
        newsroom.write("table.meta.yaml", "source: The Dam Post")
        newsroom.build()
        held = newsroom.articles()
        assert {held[f"table.lines#{number}"].source for number in (1, 2)} == {"The Dam Post"}
        assert held["a.txt"].source is None


class TestBrokenFiles:
    def test_a_broken_file_stops_nothing_and_is_tried_again_each_time(self, newsroom: Newsroom) -> None:
        newsroom.write("broken.txt", bytes(range(256)) * 20)
        newsroom.write("paper.pdf", b"%PDF-1.4")
        newsroom.write("void.txt", b"")
        for _ in range(2):
            report = newsroom.build()
            assert [failure.path for failure in report.failed] == ["broken.txt", "paper.pdf", "void.txt"]
            assert all(failure.reason for failure in report.failed)
            assert report.articles == 3
            assert read_current(newsroom.index).failed == 3
        assert not newsroom.changes()
        newsroom.write("broken.txt", story(30))
        report = newsroom.build()
        assert report.added == ("broken.txt",)
        assert len(report.failed) == 2

    @pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="a file that nobody can read is Linux's own")
    def test_a_file_that_the_system_does_not_give_is_told(self, newsroom: Newsroom) -> None:
        (newsroom.corpus / "locked.txt").symlink_to("/proc/self/mem")
        report = newsroom.build()
        [failure] = report.failed
        assert failure.path == "locked.txt"
        assert "cannot be read" in failure.reason

    def test_a_good_file_that_breaks_disappears_and_is_told(self, newsroom: Newsroom) -> None:
        newsroom.build()
        newsroom.write("a.txt", b"\x00\x01\x02" * 50)
        assert newsroom.changes().changed == ("a.txt",)
        report = newsroom.build()
        assert [failure.path for failure in report.failed] == ["a.txt"]
        assert (report.removed, report.changed, report.articles) == ((), (), 2)
        assert "a.txt" not in newsroom.articles()
        newsroom.write("a.txt", story(0))
        assert newsroom.build().added == ("a.txt",)

    def test_a_corpus_of_unreadable_files_alone_is_refused_and_the_index_stays(
        self, newsroom: Newsroom, with_model: Callable[[Path], Path]
    ) -> None:
        newsroom.build()
        before = newsroom.articles()
        for path in before:
            newsroom.write(path, b"\x00\x01\x02" * 50)
        with pytest.raises(CorpusUnreadableError) as raised:
            newsroom.build()
        assert raised.value.reasons.keys() == before.keys()
        assert newsroom.articles() == before
        with pytest.raises(CorpusUnreadableError):
            Newsroom(newsroom.corpus, IndexFolder(with_model(newsroom.corpus.parent / "other"))).build()

    def test_an_empty_or_missing_corpus_is_refused_and_the_index_stays(self, newsroom: Newsroom) -> None:
        newsroom.build()
        before = newsroom.articles()
        shutil.rmtree(newsroom.corpus)
        with pytest.raises(CorpusMissingError):
            newsroom.build()
        with pytest.raises(CorpusMissingError):
            newsroom.changes()
        newsroom.corpus.mkdir()
        with pytest.raises(CorpusEmptyError, match="rag build"):
            newsroom.build()
        newsroom.write("README.md", "What lies here.")
        with pytest.raises(CorpusEmptyError):
            newsroom.build()
        assert newsroom.articles() == before


class TestChanges:
    def test_what_is_added_changed_and_removed_is_told_until_it_is_built(self, newsroom: Newsroom) -> None:
        with pytest.raises(IndexMissingError):
            newsroom.changes()
        newsroom.build()
        assert not newsroom.changes()
        newsroom.write("a.txt", story(10))
        newsroom.write("new.txt", story(11))
        newsroom.write("broken.pdf", b"%PDF")
        (newsroom.corpus / "b.md").unlink()
        assert newsroom.changes() == Changes(("broken.pdf", "new.txt"), ("a.txt",), ("b.md",))
        newsroom.build()
        assert not newsroom.changes()

    def test_an_edit_of_the_same_size_and_time_just_after_a_build_is_noticed(self, newsroom: Newsroom) -> None:
        file = newsroom.write("a.txt", story(0), age=0)
        times = file.stat().st_mtime_ns, file.stat().st_mtime_ns
        newsroom.build()
        assert not newsroom.changes()
        file.write_text(file.read_text(encoding="utf-8").replace("crowns", "pounds"), encoding="utf-8")
        os.utime(file, ns=times)
        assert newsroom.changes() == Changes((), ("a.txt",), ())
        assert newsroom.build().changed == ("a.txt",)
        assert "pounds" in newsroom.articles()["a.txt"].text

    def test_nothing_is_read_where_names_sizes_and_times_leave_no_doubt(
        self, newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        newsroom.build()
        monkeypatch.setattr(articles, "load", lambda *_: pytest.fail("a file is read"))
        assert not newsroom.changes()

    def test_a_thousand_files_are_looked_over_quickly(self, newsroom: Newsroom) -> None:
        for number in range(1000):
            newsroom.write(f"many/{number}.txt", f"Item {number}", age=100)
        newsroom.build()
        began = time.perf_counter()
        assert not newsroom.changes()
        assert time.perf_counter() - began < 0.5
        report = newsroom.build()
        assert report.embedded == 0
        assert report.seconds < 2.5


Row = tuple[str, int, int, int, float]


@pytest.fixture
def ranked(encoder: Encoder, codec: Codec) -> Callable[[Newsroom, str], list[Row]]:
    """Gives every passage in the order of its score: path, start, end, the quote's start, and the score."""

    def rank(room: Newsroom, question: str) -> list[Row]:
        snapshot = room.snapshot()
        query = search.prepare(question, encoder.question(question), codec, snapshot)
        rows = []
        for hit in search.search(query, codec, snapshot, 10_000):
            segment = snapshot.segments[hit.segment]
            article, passage = segment.cited(hit.passage)
            rows.append((article.path, passage.start, passage.end, segment.sentence(hit.first).start, hit.total))
        return rows

    return rank


@pytest.fixture
def anew(newsroom: Newsroom, tmp_path: Path, with_model: Callable[[Path], Path]) -> Iterator[Callable[[], Newsroom]]:
    """Builds another index of the corpus, at once."""
    folder = tmp_path / "anew"

    def make() -> Newsroom:
        shutil.rmtree(folder, ignore_errors=True)
        room = Newsroom(newsroom.corpus, IndexFolder(with_model(folder)))
        room.build()
        return room

    yield make
    shutil.rmtree(folder, ignore_errors=True)


def change_something(room: Newsroom, drawn: random.Random, seeds: Iterator[int]) -> None:  # noqa: C901  one case a kind
    """Add, change, move, touch, copy or remove a file or two."""
    for _ in range(drawn.randrange(1, 4)):
        files = sorted(file.relative_to(room.corpus).as_posix() for file in room.corpus.rglob("*.*"))
        path = drawn.choice(files)
        kinds = (
            "add",
            "add",
            "change",
            "move",
            "touch",
            "copy",
            "remove",
            "title",
            "table",
            "row",
            "row",
            "say",
            "say",
        )
        match drawn.choice(kinds):
            case "add":
                room.write(f"{drawn.choice('mnop')}/{next(seeds)}.txt", story(next(seeds), drawn.randrange(1, 14)))
            case "change":
                room.write(path, story(next(seeds), drawn.randrange(1, 14)))
            case "move":
                room.write(f"moved{next(seeds)}.txt", (room.corpus / path).read_bytes())
                (room.corpus / path).unlink()
            case "touch":
                room.write(path, (room.corpus / path).read_bytes(), age=drawn.randrange(20, 60))
            case "copy":
                room.write(f"copy{next(seeds)}.txt", (room.corpus / path).read_bytes())
            case "remove" if len(files) > 2:
                (room.corpus / path).unlink()
            case "table":
                room.write(f"{next(seeds)}.lines", rows(*(next(seeds) for _ in range(drawn.randrange(1, 5)))))
            case "row":
                for table in sorted(room.corpus.glob("*.lines"))[:1]:
                    lines = table.read_text(encoding="utf-8").splitlines(keepends=True)
                    lines.insert(drawn.randrange(len(lines) + 1), rows(next(seeds)))
                    room.write(table.name, "".join(lines[drawn.randrange(2) :]))
            case "say":
                room.write(f"{path}.meta.yaml", drawn.choice(["author:", "author: Jo Vale", "published: soon"]))
            case "title":
                body = (room.corpus / path).read_text(encoding="utf-8").partition("\n---\n")[2]
                room.write(path, f"---\ntitle: Title {next(seeds)}\n---\n{body or story(next(seeds))}")


@pytest.mark.usefixtures("formats")
class TestSteps:
    @pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
    def test_an_index_updated_in_steps_answers_as_one_built_anew(
        self,
        newsroom: Newsroom,
        anew: Callable[[], Newsroom],
        ranked: Callable[[Newsroom, str], list[Row]],
        monkeypatch: pytest.MonkeyPatch,
        seed: int,
    ) -> None:
        same = 1e-4
        monkeypatch.setattr(builder, "SEGMENT_PASSAGES", 12)
        drawn, seeds = random.Random(seed), itertools.count(100 * seed)  # noqa: S311
        for number in range(9):
            newsroom.write(f"k/{number}.txt", story(next(seeds), 10))
        newsroom.build()
        removed = 0
        for step in range(12):
            change_something(newsroom, drawn, seeds)
            newsroom.build()
            removed += sum(len(use.removed) for use in read_current(newsroom.index).segments)
            if step in {5, 11}:
                at_once = anew()
                self.compare(newsroom, at_once, same)
                for question in QUESTIONS:
                    ours, theirs = ranked(newsroom, question), ranked(at_once, question)
                    scores = {row[:3]: row[-1] for row in theirs}
                    assert len(ours) == newsroom.snapshot().manifest.passages
                    assert {row[:3] for row in ours} == scores.keys()
                    for our, their in zip(ours, theirs, strict=True):
                        assert our[-1] == pytest.approx(scores[our[:3]], abs=same)
                        # In the same order, but for those that are as good as each other.
                        assert our[:4] == their[:4] or our[-1] == pytest.approx(their[-1], abs=same)
        assert removed, "articles that no longer count stood in segments that do"

    def compare(self, stepped: Newsroom, at_once: Newsroom, same: float) -> None:
        assert stepped.articles() == at_once.articles()
        left, right = stepped.snapshot(), at_once.snapshot()
        for name in ("articles", "passages", "sentences", "failed", "settings"):
            assert getattr(left.manifest, name) == getattr(right.manifest, name), name
        assert left.manifest.scale == pytest.approx(right.manifest.scale, abs=same)
        assert read_files(stepped.index, left.manifest) == read_files(at_once.index, right.manifest)
        assert left.average_terms == right.average_terms
        assert left.piece_frequencies.tolist() == right.piece_frequencies.tolist()
        for term in {term for article in at_once.articles().values() for term in lexical.terms(article.text)}:
            assert left.term_frequency(term) == right.term_frequency(term)

    def test_where_vectors_are_codes_its_scores_are_near_those_of_one_built_anew(
        self, newsroom: Newsroom, anew: Callable[[], Newsroom], ranked: Callable[[Newsroom, str], list[Row]]
    ) -> None:
        making = Making(large=60)
        for number in range(9):
            newsroom.write(f"k/{number}.txt", story(200 + number, 10))
        newsroom.build(making=making)
        for number in range(2):
            newsroom.write(f"m/{number}.txt", story(300 + number, 10))
            (newsroom.corpus / f"k/{number}.txt").unlink()
            newsroom.build(making=making)
        kinds = [segment.card.vectors.kind for segment in newsroom.snapshot().segments]
        assert any("PQ" in kind for kind in kinds)
        at_once = anew()
        for question in QUESTIONS:
            theirs = {row[:3]: row[-1] for row in ranked(at_once, question)}
            ours = ranked(newsroom, question)
            assert len(ours) > len(theirs) / 4
            # A quarter of a cosine's error.
            for row in ours:
                assert row[-1] == pytest.approx(theirs[row[:3]], abs=0.02)


@pytest.mark.slow
def test_in_integers_too_an_index_in_steps_is_as_one_anew_and_keeps_its_precision(
    newsroom: Newsroom, tmp_path: Path
) -> None:
    def build(index: IndexFolder, precision: str) -> BuildReport:
        return builder.build(newsroom.corpus, index, model=PACKAGED_MODEL, precision=precision, passage_tokens=SMALL)

    def encoded(index: IndexFolder) -> dict[str, list[bytes]]:
        snapshot = Snapshot(index, read_current(index))
        return {
            segment.article(number).path: [
                each.tobytes() for part in segment.parts(number) for each in (part.vectors, part.codes, part.pieces)
            ]
            for segment, live in zip(snapshot.segments, snapshot.live, strict=True)
            for number in np.flatnonzero(live).tolist()
        }

    build(newsroom.index, "int8")
    newsroom.write("new.txt", story(7))
    stepped = build(newsroom.index, "auto")
    assert (stepped.rebuilt, stepped.added) == (None, ("new.txt",))
    other = IndexFolder(tmp_path / "other")
    shutil.copytree(newsroom.index.models, other.models, copy_function=os.link)
    build(other, "int8")
    assert encoded(newsroom.index) == encoded(other)
    assert build(newsroom.index, "f32").rebuilt == "the model changed, or computes in another precision"
    assert encoded(newsroom.index) != encoded(other)


# Segments by name: how many of their passages count, and how many no longer do.
segments = st.dictionaries(st.text("abcdef", min_size=3), st.tuples(st.integers(1, 5000), st.integers(0, 500)))


class TestMerging:
    @given(segments)
    def test_what_is_left_is_more_than_twice_as_large_as_all_below_it(self, held: dict[str, tuple[int, int]]) -> None:
        chosen = to_merge(held)
        assert chosen <= held.keys()
        left = sorted(live for name, (live, _) in held.items() if name not in chosen)
        below = sum(held[name][0] for name in chosen if held[name][0] <= min(left, default=0))
        for live in left:
            assert live > 2 * below
            below += live

    @given(segments)
    def test_a_segment_is_written_again_once_a_quarter_of_it_is_gone(self, held: dict[str, tuple[int, int]]) -> None:
        chosen = to_merge(held)
        assert chosen >= {name for name, (live, gone) in held.items() if 3 * gone > live}
        if not any(gone for _, gone in held.values()):
            assert len(chosen) != 1

    @given(segments, st.integers(1, 10_000), st.integers(0, 20_000))
    def test_no_more_is_written_again_than_allowed_and_what_is_full_is_left(
        self, held: dict[str, tuple[int, int]], full: int, budget: int
    ) -> None:
        chosen = to_merge(held, full, budget)
        assert sum(held[name][0] for name in chosen) <= budget
        for name in chosen:
            live, gone = held[name]
            assert 2 * live < full or 3 * gone > live

    @given(st.lists(st.sampled_from([1, 2, 10, 100, 1000]), min_size=1, max_size=300))
    def test_the_number_of_segments_and_of_copies_grows_with_the_logarithm(self, sizes: list[int]) -> None:
        held: dict[str, tuple[int, int]] = {}
        copied = 0
        for number, size in enumerate(sizes):
            held[f"new{number}"] = (size, 0)
            chosen = to_merge(held)
            if chosen:
                together = sum(held.pop(name)[0] for name in chosen)
                held[f"merged{number}"] = (together, 0)
                copied += together
        total = sum(sizes)
        assert sum(live for live, _ in held.values()) == total
        assert len(held) <= log2(total) + 2
        assert copied <= 2 * total * (log2(total) + 1)

    def test_many_small_builds_leave_few_segments(self, newsroom: Newsroom) -> None:
        newsroom.build()
        embedded = 0
        for number in range(8):
            newsroom.write(f"day{number}.txt", story(50 + number))
            embedded += newsroom.build().embedded
        manifest = read_current(newsroom.index)
        assert len(manifest.segments) <= 4
        assert embedded <= manifest.passages
        on_disk = {folder.name for folder in newsroom.index.segments.iterdir()}
        assert len(on_disk) <= 8, "what no generation needs is cleared away"


class TestSettings:
    def test_other_passages_make_all_anew_and_say_so(self, newsroom: Newsroom) -> None:
        first = newsroom.build()
        report = newsroom.build(passage_tokens=64)
        assert report.rebuilt == "passages have at most 64 tokens instead of 32"
        assert counts(report) == {"unchanged": 3}
        assert report.embedded == report.passages < first.passages
        assert newsroom.build(passage_tokens=None).rebuilt is None, "without a number, what the index has is kept"
        assert read_current(newsroom.index).settings.passage_tokens == 64

    @pytest.mark.parametrize("number", [-1, 0, 15, 256])
    def test_passages_that_are_too_short_or_too_long_are_refused(self, newsroom: Newsroom, number: int) -> None:
        with pytest.raises(OptionError, match="16 to 255"):
            newsroom.build(passage_tokens=number)
        assert not newsroom.index.current.exists()

    def test_anew_takes_nothing_from_the_index(self, newsroom: Newsroom) -> None:
        newsroom.build()
        report = newsroom.build(anew=True)
        assert report.rebuilt == "as asked"
        assert report.embedded == report.passages

    def test_new_rules_make_all_anew_and_say_so(self, newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
        newsroom.build()
        monkeypatch.setattr(builder, "RULES", builder.RULES + 1)
        report = newsroom.build()
        assert report.rebuilt == "passages are cut in a new way"
        assert report.embedded == report.passages

    def test_another_codec_makes_all_anew_and_says_so(self, newsroom: Newsroom, codec: Codec) -> None:
        newsroom.build()
        [kept] = newsroom.index.models.glob("*/codec.npy")
        kept.unlink()
        Codec(codec.basis[:, ::-1], codec.low[::-1], codec.step[::-1]).save(kept)
        manifest = read_current(newsroom.index)
        pointer = json.loads(newsroom.index.current.read_text(encoding="utf-8"))
        held = newsroom.index.manifest(manifest.number)
        prepared = {**manifest.prepared, "codec.npy": checked.checksum(kept)}
        written = json.loads(held.read_text(encoding="utf-8"))
        written["prepared"] = {name: {"bytes": each.bytes, "sha256": each.sha256} for name, each in prepared.items()}
        held.write_text(json.dumps(written), encoding="utf-8")
        whole = checked.checksum(held)
        pointer["manifest"] = {"bytes": whole.bytes, "sha256": whole.sha256}
        newsroom.index.current.write_text(json.dumps(pointer), encoding="utf-8")
        report = newsroom.build()
        assert report.rebuilt == "the model's states are compressed in a new way"
        assert report.embedded == report.passages

    @pytest.mark.parametrize("number", [1, 99])
    def test_an_index_of_another_format_is_made_anew_by_a_build_alone_and_its_vectors_are_not_used(
        self, newsroom: Newsroom, number: int
    ) -> None:
        newsroom.build()
        pointer = json.loads(newsroom.index.current.read_text(encoding="utf-8")) | {"format": number}
        newsroom.index.current.write_text(json.dumps(pointer), encoding="utf-8")
        with pytest.raises(IndexFormatError):
            newsroom.changes()
        with pytest.raises(IndexFormatError, match="To make it anew, run `rag build`"):
            rag.refreshed(newsroom.corpus, newsroom.index.path)
        report = newsroom.build()
        assert report.rebuilt == f"the index had format {number}"
        assert report.embedded == report.passages
        newsroom.snapshot().check()

    def test_a_model_that_is_nowhere_leaves_the_index_as_it_was(self, newsroom: Newsroom) -> None:
        newsroom.build()
        before = newsroom.index.current.read_bytes()
        with pytest.raises(ModelMissingError):
            newsroom.build(model=str(newsroom.corpus / "no model"))
        assert newsroom.index.current.read_bytes() == before
        newsroom.snapshot().check()


def tiny_model(folder: Path) -> Path:
    """A BERT with random weights that reads letters, as sentence-transformers keeps models."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    torch.manual_seed(1)
    letters = "abcdefghijklmnopqrstuvwxyz0123456789.,:?-"
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *letters, *(f"##{letter}" for letter in letters), "the"]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))  # noqa: S106  no password
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32
    )
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(folder / "bert")
    BertModel(config).save_pretrained(folder / "bert")
    parts = [Transformer(str(folder / "bert"), max_seq_length=256), Pooling(16)]
    SentenceTransformer(modules=parts, device="cpu").save(str(folder / "model"))
    return folder / "model"


@pytest.mark.slow
class TestModels:
    def test_another_model_makes_all_anew_and_says_so_and_back_takes_what_is_there(
        self, newsroom: Newsroom, tmp_path: Path
    ) -> None:
        other = tiny_model(tmp_path / "tiny")
        first = newsroom.build()
        report = newsroom.build(model=str(other))
        assert report.rebuilt == f"the model changed from {PACKAGED_MODEL} to {other}"
        assert report.embedded == report.passages
        assert counts(report) == {"unchanged": 3}
        newsroom.snapshot().check()
        assert Library(newsroom.index.path).ask("Who forgot the kettles?").citations

        report = newsroom.build()
        assert report.rebuilt == f"the model changed from {other} to {PACKAGED_MODEL}"
        assert (report.embedded, report.passages) == (0, first.passages)
        assert Library(newsroom.index.path).ask(QUESTIONS[0]).found

    def test_the_same_model_in_another_place_changes_the_name_alone(self, newsroom: Newsroom, tmp_path: Path) -> None:
        newsroom.build()
        elsewhere = Path(shutil.copytree(packaged_model(), tmp_path / "elsewhere"))
        report = newsroom.build(model=str(elsewhere))
        assert (report.embedded, report.rebuilt) == (0, None)
        assert read_current(newsroom.index).model == str(elsewhere)
        newsroom.snapshot().check()


class TestDamage:
    def test_a_damaged_index_is_not_built_upon_and_anew_mends_it(self, newsroom: Newsroom) -> None:
        newsroom.build()
        before = newsroom.articles()
        for damage in ("segments/*/codes.bin", "segments/*/segment.json", "generations/*.files"):
            [file, *_] = newsroom.index.path.glob(damage)
            file.write_bytes(file.read_bytes()[:-1])
            newsroom.write("new.txt", story(60))
            with pytest.raises(IndexDamagedError, match="--anew"):
                newsroom.build()
            (newsroom.corpus / "new.txt").unlink()
            report = newsroom.build(anew=True)
            assert report.embedded == report.passages
            assert newsroom.articles() == before
            newsroom.snapshot().check()

    @pytest.mark.parametrize(
        "file",
        [
            "tokenizer.json",
            "codec.npy",
            *(pytest.param(name, marks=pytest.mark.slow) for name in ("model.json", "model.xml")),
        ],
    )
    def test_a_damaged_model_is_made_again_without_embedding_anything(self, newsroom: Newsroom, file: str) -> None:
        newsroom.build()
        [damaged] = newsroom.index.models.glob(f"*/{file}")
        data = damaged.read_bytes()
        damaged.unlink()
        damaged.write_bytes(data[:-9] + b"#" + data[-8:])
        with pytest.raises(IndexDamagedError, match=file):
            Library(newsroom.index.path)
        report = newsroom.build()
        assert (report.embedded, report.rebuilt) == (0, None)
        newsroom.snapshot().check()
        assert Library(newsroom.index.path).ask(QUESTIONS[0]).found
        modes = {folder.stat().st_mode for folder in (newsroom.index.models, damaged.parent)}
        assert len(modes) == 1, "whoever may read the index may read its model"

    def test_damaged_weights_are_noticed_by_a_check_and_made_again_by_a_build_anew(self, newsroom: Newsroom) -> None:
        newsroom.build()
        [weights] = newsroom.index.models.glob("*/model.bin")
        data = bytearray(weights.read_bytes())
        data[len(data) // 2] ^= 1
        weights.unlink()
        weights.write_bytes(data)
        newsroom.write("new.txt", story(60))
        newsroom.build()
        with pytest.raises(IndexDamagedError, match=r"model\.bin"):
            newsroom.snapshot().check()
        newsroom.build(anew=True)
        newsroom.snapshot().check()


HOLDING = """
    import filelock, sys, time

    with filelock.FileLock(sys.argv[1]):
        print("held", flush=True)
        time.sleep(60)
"""


class TestOneWriter:
    def test_while_another_process_builds_a_build_is_refused_and_questions_go_on(self, newsroom: Newsroom) -> None:
        newsroom.build()
        newsroom.write("new.txt", story(60))
        library = Library(newsroom.index.path)
        command = [sys.executable, "-c", textwrap.dedent(HOLDING), str(newsroom.index.lock)]
        other = subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: S603
        try:
            assert other.stdout is not None
            assert other.stdout.readline()
            with pytest.raises(IndexLockedError, match="wait for it to end"):
                newsroom.build()
            assert library.ask(QUESTIONS[0]).citations
            assert newsroom.changes().added == ("new.txt",)
        finally:
            other.kill()
            other.communicate()
        assert newsroom.build().added == ("new.txt",)

    def test_a_lock_that_nobody_holds_is_no_hindrance(self, newsroom: Newsroom) -> None:
        with FileLock(newsroom.index.lock):
            pass
        newsroom.index.lock.touch()
        newsroom.build()


# What a build in another process does before it begins: `{stop}` stands for how it is stopped.
KILLED = """
    import itertools, os, signal, sys, threading
    from pathlib import Path
    from rag import builder
    from rag.store import IndexFolder, segments

    builder.CHUNK_CHARACTERS, builder.SEGMENT_PASSAGES = 1, 10
    corpus, index, where, count = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], float(sys.argv[4])

    def die(*_):
        os.kill(os.getpid(), signal.SIGKILL)

    def at(call, function, count):
        calls = itertools.count(1)
        def instead(*given, **named):
            if next(calls) == count:
                die()
            return function(*given, **named)
        return instead

    if where == "time":
        threading.Timer(count, die).start()
    elif where == "finish":
        segments.SegmentWriter.finish = at("finish", segments.SegmentWriter.finish, count)
    else:
        setattr(builder, where, at(where, getattr(builder, where), count))
    builder.build(corpus, IndexFolder(index), model="all-MiniLM-L6-v2", passage_tokens=32)
    print("done")
    os._exit(0)
"""


def in_another_process(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


class TestKilled:
    @pytest.mark.parametrize(
        ("where", "call", "again"),
        [
            ("finish", 1, "all"),
            ("finish", 3, "some"),
            ("_merge", 1, "none"),
            ("write_files", 1, "none"),
            ("commit", 1, "none"),
            ("clear", 1, "none"),
        ],
    )
    def test_a_build_killed_at_any_point_loses_nothing_and_its_whole_segments_are_not_embedded_again(
        self, newsroom: Newsroom, where: str, call: int, again: str
    ) -> None:
        first = newsroom.build()
        before = newsroom.articles()
        for number in range(5):
            newsroom.write(f"new{number}.txt", story(70 + number, 12))
        killed = in_another_process(KILLED, newsroom.corpus, newsroom.index.path, where, call)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        newsroom.snapshot().check()
        assert newsroom.articles() == before if where != "clear" else len(newsroom.articles()) == 8

        report = newsroom.build()
        new = report.passages - first.passages
        assert report.embedded in {"all": {new}, "some": range(1, new), "none": {0}}[again]
        assert len(report.added) == (0 if where == "clear" else 5)
        assert len(newsroom.articles()) == report.articles == 8
        newsroom.snapshot().check()

    @pytest.mark.slow
    def test_a_build_killed_at_any_moment_loses_nothing(self, newsroom: Newsroom) -> None:
        newsroom.build()
        before = newsroom.articles()
        new = {f"new{number}.txt" for number in range(12)}
        for number, path in enumerate(sorted(new)):
            newsroom.write(path, story(70 + number, 14))
        ends = Counter[bool]()
        for moment in np.linspace(0.05, 1.5, 8):
            killed = in_another_process(KILLED, newsroom.corpus, newsroom.index.path, "time", moment)
            ends["done" in killed.stdout] += 1
            newsroom.snapshot().check()
            held = newsroom.articles()
            assert held == before or held.keys() == before.keys() | new
        assert ends[False] > 0
        newsroom.build()
        assert newsroom.articles().keys() == before.keys() | new
        newsroom.snapshot().check()

    def test_a_build_that_is_interrupted_leaves_the_index_as_it_was_and_no_half_segment(
        self, newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(builder, "CHUNK_CHARACTERS", 1)
        newsroom.build()
        before, kept = newsroom.articles(), sorted(newsroom.index.segments.iterdir())
        for number in range(3):
            newsroom.write(f"new{number}.txt", story(70 + number))

        def interrupt(step: Progress) -> None:
            if step.item == "new2.txt":
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            builder.build(newsroom.corpus, newsroom.index, model=PACKAGED_MODEL, progress=interrupt)
        assert newsroom.articles() == before
        assert sorted(newsroom.index.segments.iterdir()) == kept
        assert newsroom.build().articles == 6


LIMITED = """
    import resource, sys
    from pathlib import Path
    from rag import builder
    from rag.errors import IndexWriteError
    from rag.store import IndexFolder

    most = int(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    try:
        builder.build(Path(sys.argv[1]), IndexFolder(Path(sys.argv[2])), model="all-MiniLM-L6-v2", passage_tokens=32)
    except IndexWriteError as error:
        print("refused", error)
"""


class TestWriting:
    @pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no limit of a file's size")
    @pytest.mark.parametrize("most", [1_000, 30_000, 60_000])
    def test_where_the_disk_takes_no_more_the_index_stays_and_the_error_says_what_to_do(
        self, newsroom: Newsroom, most: int
    ) -> None:
        newsroom.build()
        before, kept = newsroom.articles(), sorted(newsroom.index.segments.iterdir())
        for number in range(20):
            newsroom.write(f"new{number}.txt", story(70 + number))
        limited = in_another_process(LIMITED, newsroom.corpus, newsroom.index.path, most)
        assert limited.stdout.startswith("refused The index in"), limited.stderr
        assert "Make room" in limited.stdout
        assert limited.stderr == ""
        assert newsroom.articles() == before
        newsroom.snapshot().check()
        assert sorted(newsroom.index.segments.iterdir()) == kept, "what was written in vain is gone"
        assert newsroom.build().articles == 23

    def test_an_index_that_is_a_file_cannot_be_written(self, newsroom: Newsroom) -> None:
        occupied = newsroom.corpus.parent / "file"
        occupied.touch()
        with pytest.raises(IndexWriteError, match="name another folder"):
            Newsroom(newsroom.corpus, IndexFolder(occupied)).build()


def test_the_vectors_of_a_segment_that_is_not_whole_are_not_used(newsroom: Newsroom) -> None:
    newsroom.build()
    [segment] = newsroom.index.segments.iterdir()
    for file in ("codes.bin", "sentences.faiss"):
        left = Path(shutil.copytree(segment, segment.with_name(f"left by {file}")))
        (left / file).write_bytes(b"nothing")
    copy = Path(shutil.copytree(segment, segment.with_name("half")))
    (copy / "segment.json").unlink()
    newsroom.write("a.txt", story(80))
    report = newsroom.build()
    assert report.changed == ("a.txt",)
    newsroom.snapshot().check()
    assert len(Segment(newsroom.index.segments / read_current(newsroom.index).segments[0].name).infos()) >= 1
    assert not copy.exists()


def test_a_failure_names_the_path_and_the_reason(newsroom: Newsroom) -> None:
    newsroom.write("photo.jpg", b"\xff\xd8")
    report = newsroom.build()
    assert report.failed == (Failure("photo.jpg", report.failed[0].reason),)
    assert "not supported" in report.failed[0].reason
