"""Articles that come more than once, from the corpus to the citation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from rag import calibration, library
from rag.library import Library
from rag.store import IndexFolder, Snapshot, read_current
from rag.types import BuildReport, Duplicate

STRIKE = (
    "Dock workers in Kelling stopped work on Monday after talks about night shifts failed. Their union said that 2,400 "
    "of them had walked out by noon and that no ship would be unloaded before Thursday. The port's director, Odo "
    "Brandt, called the strike a mistake and promised new talks. Forty ships were waiting in the bay by evening."
)
FERRY = (
    "The last ferry to Sandholm left at dusk with eleven passengers and a grey mule. Captain Jo Vale, who has steered "
    "it for thirty years, will now teach at the school of navigation. A bridge opens next spring."
)
QUESTION = "How many dock workers walked out in Kelling?"
WIRE = "title: Port at a standstill\nsource: Northern Wire\nauthor: Ada Reed\npublished: 2021-03-02\n"
VERSIONS: Mapping[str, str] = {
    "gazette.txt": f"Dockers walk out\n\n{STRIKE}\n",
    "paper/wire.md": f"---\n{WIRE}---\n\nKELLING (NW) - {STRIKE.replace('by evening', 'by the evening')}\n",
    "page.html": f"<html><head><title>Kelling</title></head><body><article><p>{STRIKE}</p></article></body></html>",
}


def write(corpus: Path, files: Mapping[str, str]) -> None:
    for path, content in files.items():
        file = corpus / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")


@pytest.fixture(autouse=True)
def _quick_builds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "QUESTIONS", 5)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """One article that nobody has twice."""
    write(tmp_path / "corpus", {"ferry.txt": f"The last ferry\n\n{FERRY}\n"})
    return tmp_path / "corpus"


@pytest.fixture
def build(corpus: Path, tmp_path: Path, with_model: Callable[[Path], Path]) -> Callable[[], BuildReport]:
    """Brings the index of the corpus up to date."""
    index = with_model(tmp_path / "index")
    return lambda: library.build(corpus, index)


def snapshot(index: Path) -> Snapshot:
    return Snapshot(IndexFolder(index), read_current(IndexFolder(index)))


def test_an_article_in_three_versions_counts_once_and_names_the_others(
    corpus: Path, build: Callable[[], BuildReport], tmp_path: Path
) -> None:
    write(corpus, VERSIONS)
    report = build()
    assert report.articles == 2
    assert set(report.added) == {*VERSIONS, "ferry.txt"}
    # The one of which most is known is kept.
    assert report.duplicates == tuple(Duplicate(path, "paper/wire.md") for path in ("gazette.txt", "page.html"))
    assert build().duplicates == report.duplicates

    opened = Library(tmp_path / "index")
    [first, *rest] = opened.ask(QUESTION).citations
    assert first.article.author == "Ada Reed"
    assert [each.path for each in first.also] == ["gazette.txt", "page.html"]
    assert {each.article.path for each in rest} <= {"ferry.txt"}
    assert [each.path for each in opened.articles()] == ["ferry.txt", "paper/wire.md"]
    assert opened.duplicates() == {first.article.id: first.also}
    # What is not cited can be read all the same.
    assert STRIKE in " ".join(opened.article(first.also[0].id).text.split())


def test_the_very_bytes_in_another_file_are_a_further_source(
    corpus: Path, build: Callable[[], BuildReport], tmp_path: Path
) -> None:
    write(corpus, dict.fromkeys(("a.txt", "b/copy.txt"), VERSIONS["gazette.txt"]))
    report = build()
    assert report.articles == 2
    assert report.duplicates == (Duplicate("b/copy.txt", "a.txt"),)
    [first, *_] = Library(tmp_path / "index").retrieve(QUESTION)
    assert (first.article.path, [each.path for each in first.also]) == ("a.txt", ["b/copy.txt"])
    assert first.also[0].id == first.article.id


def test_when_the_one_that_counts_goes_another_takes_its_place_and_nothing_is_embedded(
    corpus: Path, build: Callable[[], BuildReport], tmp_path: Path
) -> None:
    write(corpus, VERSIONS)
    build()
    opened = Library(tmp_path / "index")
    (corpus / "paper" / "wire.md").unlink()
    report = build()
    assert (report.articles, report.embedded, len(report.duplicates)) == (2, 0, 1)
    [first, *_] = opened.ask(QUESTION).citations
    assert {first.article.path, *(each.path for each in first.also)} == {"gazette.txt", "page.html"}


def test_a_filter_finds_an_article_by_what_any_of_its_sources_says(
    corpus: Path, build: Callable[[], BuildReport], tmp_path: Path
) -> None:
    longer = STRIKE + " Shopkeepers near the quay shut early, and the tram to the harbour did not run."
    write(corpus, {**VERSIONS, "long.md": f"---\nsource: The Kelling Mail\n---\n\n{longer}\n"})
    build()
    opened = Library(tmp_path / "index")
    for options in ({"sources": "northern wire"}, {"authors": "Ada Reed"}, {"since": "2021-03-01"}):
        answer = opened.ask(QUESTION, **options)  # type: ignore[arg-type]
        assert [each.article.source for each in answer.citations] == ["The Kelling Mail"]
        # Of the others only the ferry has no date.
        assert answer.undated == ("since" in options)
    assert not opened.ask(QUESTION, sources="Nobody's Paper").citations


def test_articles_that_do_not_count_change_no_statistic_and_no_answer(
    corpus: Path, build: Callable[[], BuildReport], tmp_path: Path, with_model: Callable[[Path], Path]
) -> None:
    write(corpus, {"paper/wire.md": VERSIONS["paper/wire.md"]})
    build()
    write(corpus, VERSIONS)
    build()
    without = with_model(tmp_path / "without")
    for path in ("gazette.txt", "page.html"):
        (corpus / path).unlink()
    library.build(corpus, without)

    one, other = snapshot(tmp_path / "index"), snapshot(without)
    counts = ("articles", "passages", "sentences", "languages", "scale")
    assert [getattr(one.manifest, each) for each in counts] == [getattr(other.manifest, each) for each in counts]
    assert one.average_terms == other.average_terms
    assert np.array_equal(one.piece_frequencies, other.piece_frequencies)
    for term in ("dock", "ferri", "kell", "evening", "mule"):
        assert one.term_frequency(term) == other.term_frequency(term)
    for question in (QUESTION, "Who steered the ferry?"):
        found = [
            [(each.article.id, each.start, each.score, each.strength) for each in Library(index).retrieve(question)]
            for index in (tmp_path / "index", without)
        ]
        assert found[0] == found[1]


@pytest.mark.slow
def test_it_does_not_matter_in_which_order_the_versions_came(
    corpus: Path, tmp_path: Path, with_model: Callable[[Path], Path]
) -> None:
    kept = set()
    for number, order in enumerate(permutations(VERSIONS)):
        index = with_model(tmp_path / f"index-{number}")
        for path in VERSIONS:
            (corpus / path).unlink(missing_ok=True)
        for path in order:
            write(corpus, {path: VERSIONS[path]})
            report = library.build(corpus, index)
        kept.add(report.duplicates)
    assert len(kept) == 1
