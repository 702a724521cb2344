"""Files out of the corpus."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag import articles
from rag.errors import CorpusMissingError, UnremovableError
from rag.removing import remove


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    for path in ("a.txt", "may/b.pdf", "may/b.pdf.meta.yaml", "table.csv", "columns.toml"):
        file = tmp_path / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"This is {path}.")
    return tmp_path


def paths(corpus: Path) -> list[str]:
    return [file.path for file in articles.find(corpus)]


def test_a_file_is_no_longer_found_and_not_lost(corpus: Path) -> None:
    assert remove("a.txt", corpus) == ".removed/a.txt"
    assert paths(corpus) == ["may/b.pdf", "table.csv"]
    assert (corpus / ".removed" / "a.txt").read_text() == "This is a.txt."


def test_what_is_said_of_a_file_goes_with_it_and_what_is_said_of_others_stays(corpus: Path) -> None:
    assert remove("may/b.pdf", corpus) == ".removed/may/b.pdf"
    assert (corpus / ".removed" / "may" / "b.pdf.meta.yaml").exists()
    (corpus / "other.csv").write_text("title,text\n")
    remove("table.csv", corpus)
    assert (corpus / "columns.toml").exists()
    assert paths(corpus) == ["a.txt", "other.csv"]


def test_two_files_of_the_same_name_are_both_kept(corpus: Path) -> None:
    remove("a.txt", corpus)
    (corpus / "a.txt").write_text("Another one.")
    assert remove("a.txt", corpus) == ".removed/a-2.txt"
    assert (corpus / ".removed" / "a.txt").read_text() == "This is a.txt."


@pytest.mark.parametrize("path", ["nothing.txt", "", "../a.txt", "/etc/passwd", ".removed/a.txt", "may"])
def test_what_is_no_file_of_the_corpus_stays(corpus: Path, path: str) -> None:
    with pytest.raises(UnremovableError, match="no such file"):
        remove(path, corpus)
    assert len(paths(corpus)) == 3


@pytest.mark.parametrize("path", ["table.csv#3", "table.csv/inner.txt"])
def test_one_of_several_articles_in_a_file_is_told_with_the_file(corpus: Path, path: str) -> None:
    with pytest.raises(UnremovableError, match=r"several articles in table\.csv"):
        remove(path, corpus)


def test_without_a_folder_there_is_nothing_to_remove(tmp_path: Path) -> None:
    with pytest.raises(CorpusMissingError):
        remove("a.txt", tmp_path / "nothing")
