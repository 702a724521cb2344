"""The command ``rag add``, run as a person runs it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from commands import rag

ROOT = Path(__file__).parents[1]

HARBOUR = """The harbour of Velmora reopens

By Ines Marlowe

June 3, 2021

The harbour of Velmora reopened on Thursday after repairs that took nine months. Mayor Odo Brandt said that 41 ships
were waiting outside the breakwater.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with clippings in it, and no corpus."""
    (tmp_path / "clips" / "2021").mkdir(parents=True)
    (tmp_path / "clips" / "2021" / "harbour.txt").write_text(HARBOUR, encoding="utf-8")
    (tmp_path / "clips" / "photo.jpg").write_bytes(b"\xff\xd8")
    return tmp_path


def test_add_says_what_it_did_and_what_comes_next(folder: Path) -> None:
    done = rag(folder, "add", "clips")
    assert done.returncode == 0, done.stderr
    assert "  added    clips/2021/harbour.txt" in done.stdout
    assert (
        "  failed   clips/photo.jpg: this kind of file is not supported; make a PDF of it whose text is recognised"
        in done.stdout
    )
    assert "1 file added to corpus (1 failed)" in done.stdout
    assert "The next `rag ask` reads it; `rag build` does so now." in done.stdout
    assert (folder / "corpus" / "clips" / "2021" / "harbour.txt").read_text(encoding="utf-8") == HARBOUR


def test_what_was_added_is_found(folder: Path, prepared: Path) -> None:
    shutil.copytree(prepared, folder / "embeddings" / "models" / prepared.name)
    rag(folder, "add", "clips/2021/harbour.txt", "--into", "news")
    answer = json.loads(rag(folder, "ask", "How many ships were waiting outside the breakwater?", "--json").stdout)
    assert answer["found"]
    assert answer["citations"][0]["article"]["path"] == "news/harbour.txt"


def test_adding_again_changes_nothing_and_is_no_error(folder: Path) -> None:
    rag(folder, "add", "clips/2021/harbour.txt")
    done = rag(folder, "add", "clips/2021/harbour.txt")
    assert done.returncode == 0, done.stderr
    assert "  there    harbour.txt" in done.stdout
    assert "0 files added to corpus (1 there already)" in done.stdout
    assert "rag build" not in done.stdout


def test_another_file_of_the_same_name_is_told_of(folder: Path) -> None:
    (folder / "harbour.txt").write_text("Another harbour.", encoding="utf-8")
    done = rag(folder, "add", "harbour.txt", "clips/2021/harbour.txt")
    assert "  added    harbour-2.txt  clips/2021/harbour.txt" in done.stdout
    assert "another harbour.txt is there" in done.stdout


def test_json_has_all_of_it(folder: Path) -> None:
    done = rag(folder, "add", "clips", "none.txt", "--json", "--corpus", "other")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["added"] == [
        {"given": "clips/2021/harbour.txt", "path": "clips/2021/harbour.txt", "new": True, "note": None}
    ]
    assert told["present"] == []
    assert [each["path"] for each in told["failed"]] == ["clips/photo.jpg", "none.txt"]
    assert (folder / "other" / "clips").is_dir()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("none.txt",), "failed   none.txt: there is no such file or folder"),
        (("clips/photo.jpg",), "this kind of file is not supported"),
        (("http://127.0.0.1/",), "it leads to 127.0.0.1, which is not a public address"),
        (("http://localhost:8000/a",), "which is not a public address"),
        (("file:///etc/passwd",), "only http and https links are followed"),
        (("--feed", "http://10.0.0.1/feed"), "it leads to 10.0.0.1"),
        (("--feed", "clips"), "only http and https links are followed"),
    ],
)
def test_where_nothing_could_be_added_the_exit_code_is_one(folder: Path, arguments: tuple[str, ...], told: str) -> None:
    done = rag(folder, "add", *arguments)
    assert done.returncode == 1
    assert told in done.stdout
    assert "Traceback" not in done.stderr
    assert not (folder / "corpus").exists()


def test_a_folder_outside_the_corpus_is_refused(folder: Path) -> None:
    done = rag(folder, "add", "clips", "--into", "../elsewhere")
    assert done.returncode == 1
    assert done.stderr.strip().startswith("rag: --into is '../elsewhere'")
    assert not (folder / "elsewhere").exists()


def test_bad_usage_exits_with_two(folder: Path) -> None:
    assert rag(folder, "add").returncode == 2
    assert rag(folder, "add", "clips", "--fly").returncode == 2


def test_names_do_not_reach_the_terminal_as_commands(folder: Path) -> None:
    (folder / "a\x1b[31mb.txt").write_text("A text.", encoding="utf-8")
    (folder / "[bold]c.txt").write_text("A text, too.", encoding="utf-8")
    done = rag(folder, "add", "a\x1b[31mb.txt", "[bold]c.txt", "http://10.0.0.1/\x1b[31m")
    assert "\x1b" not in done.stdout
    assert "[bold]c.txt" in done.stdout
