"""Every file of a corpus is found, and nothing that is none of its articles."""

import os
from pathlib import Path

import pytest

from rag.articles import CorpusFile, find, folder, sidecar
from rag.errors import CorpusMissingError


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def found(corpus: Path) -> list[str]:
    return [file.path for file in find(corpus)]


def test_files_are_found_in_all_folders_in_order(tmp_path: Path) -> None:
    write(tmp_path, "b.txt", "a.md", "z/y/x/deep.text", "z/a b.markdown", "Z.txt", "ö/ü.md")
    assert found(tmp_path) == ["Z.txt", "a.md", "b.txt", "z/a b.markdown", "z/y/x/deep.text", "ö/ü.md"]


def test_a_file_is_described_by_its_size_and_time(tmp_path: Path) -> None:
    write(tmp_path, "a.md")
    os.utime(tmp_path / "a.md", ns=(5, 1_234_567_890_123_456_000))
    assert find(tmp_path) == (CorpusFile("a.md", 4, 1_234_567_890_123_456_000),)


def test_what_no_reader_knows_is_found_too_so_that_it_is_reported(tmp_path: Path) -> None:
    write(tmp_path, "photo.jpg", "letter.docx", "noend")
    assert found(tmp_path) == ["letter.docx", "noend", "photo.jpg"]


def test_hidden_files_backups_and_the_readme_are_left_out(tmp_path: Path) -> None:
    write(
        tmp_path,
        *(".git/config", ".DS_Store", "sub/.hidden/a.md", "a.md~", ".a.md.swp", "#a.md#", "~$letter.docx", "a.tmp"),
        *("b.md.part", "Thumbs.db", "README.md", "sub/README.md", "keep.md"),
    )
    assert found(tmp_path) == ["keep.md", "sub/README.md"]


def test_a_corpus_that_is_itself_hidden_is_read(tmp_path: Path) -> None:
    write(tmp_path / ".corpus", "a.md")
    assert found(tmp_path / ".corpus") == ["a.md"]


def test_an_empty_folder_holds_nothing(tmp_path: Path) -> None:
    assert find(tmp_path) == ()


def test_a_missing_folder_is_an_error_with_the_cure(tmp_path: Path) -> None:
    write(tmp_path, "a.md")
    for corpus in (tmp_path / "none", tmp_path / "a.md"):
        with pytest.raises(CorpusMissingError, match="--corpus"):
            find(corpus)


def test_a_relative_corpus_gives_the_same_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "corpus/sub/a.md")
    monkeypatch.chdir(tmp_path)
    assert found(Path("corpus")) == found(tmp_path / "corpus") == ["sub/a.md"]
    monkeypatch.chdir(tmp_path / "corpus")
    assert found(Path()) == ["sub/a.md"]


@pytest.fixture
def linked(tmp_path: Path) -> Path:
    """A corpus with links of all kinds, beside a folder that lies outside of it."""
    corpus = tmp_path / "corpus"
    write(corpus, "sub/a.md")
    write(tmp_path / "outside", "b.md", "deep/c.md")
    try:
        (corpus / "file.md").symlink_to(tmp_path / "outside" / "b.md")
    except OSError:
        pytest.skip("this system allows no links")
    (corpus / "folder").symlink_to(tmp_path / "outside")
    (corpus / "folder-again").symlink_to(tmp_path / "outside")
    (corpus / "sub" / "up").symlink_to(corpus)
    (corpus / "sub" / "further-up").symlink_to(tmp_path)
    (corpus / "twin").symlink_to(corpus / "sub")
    (tmp_path / "outside" / "deep" / "round").symlink_to(tmp_path / "outside")
    (tmp_path / "outside" / "deep" / "back").symlink_to(corpus)
    (corpus / "nowhere.md").symlink_to(tmp_path / "gone.md")
    (corpus / "loop.md").symlink_to(corpus / "loop.md")
    return corpus


def test_links_are_followed_once_and_never_in_a_circle(linked: Path, caplog: pytest.LogCaptureFixture) -> None:
    found_once = ["file.md", "folder/b.md", "folder/deep/c.md", "sub/a.md"]
    assert sorted(path.replace("folder-again/", "folder/") for path in found(linked)) == found_once
    assert {record.args[0] for record in caplog.records if isinstance(record.args, tuple)} == {"loop.md", "nowhere.md"}


def test_a_corpus_that_is_a_link_is_read(linked: Path) -> None:
    (linked.parent / "link").symlink_to(linked)
    assert found(linked.parent / "link") == found(linked)


@pytest.mark.skipif(os.name != "posix", reason="such names and such files are of POSIX systems")
def test_what_is_no_file_and_what_has_no_name_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path, "a.md")
    os.mkfifo(tmp_path / "pipe.md")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.md")).touch()
    (tmp_path / "gone.md").symlink_to(tmp_path / "nowhere")
    assert found(tmp_path) == ["a.md"]
    assert sorted(record.getMessage().partition(": ")[2] for record in caplog.records) == [
        "it is a link that leads nowhere; mend or remove it",
        "it is no file, but a pipe or a device; remove it",
        "its name is not UTF-8; rename it",
    ]


def test_what_the_name_of_a_sidecar_ends_in_is_known_alike() -> None:
    assert folder.SIDECAR == sidecar.END


def companions(corpus: Path) -> dict[str, list[str]]:
    return {file.path: [each.path for each in file.companions] for file in find(corpus)}


def test_a_sidecar_belongs_to_the_file_that_is_called_so_without_its_end(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "a.txt.meta.yaml", "sub/b.md", "sub/B.md", "sub/b.md.meta.yaml", "c", "c.meta.yaml")
    assert companions(tmp_path) == {
        "a.txt": ["a.txt.meta.yaml"],
        "c": ["c.meta.yaml"],
        "sub/B.md": [],
        "sub/b.md": ["sub/b.md.meta.yaml"],
    }
    [a, *_] = find(tmp_path)
    assert a.companions == (CorpusFile("a.txt.meta.yaml", 15, (tmp_path / "a.txt.meta.yaml").stat().st_mtime_ns),)


def test_it_may_leave_out_the_end_of_a_name_that_no_other_file_has(tmp_path: Path) -> None:
    write(tmp_path, "a.b.txt", "a.b.meta.yaml", "sub/a.b.md", "c.xyz", "c.meta.yaml")
    assert companions(tmp_path) == {"a.b.txt": ["a.b.meta.yaml"], "c.xyz": ["c.meta.yaml"], "sub/a.b.md": []}


def test_a_sidecar_of_no_file_or_of_one_of_several_is_found_by_itself(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "a.md", "a.meta.yaml", "gone.txt.meta.yaml", "sub/a.txt.meta.yaml")
    assert companions(tmp_path) == {
        "a.md": [],
        "a.meta.yaml": [],
        "a.txt": [],
        "gone.txt.meta.yaml": [],
        "sub/a.txt.meta.yaml": [],
    }


def test_of_two_sidecars_the_one_with_the_whole_name_counts(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "a.txt.meta.yaml", "a.meta.yaml")
    assert companions(tmp_path) == {"a.meta.yaml": [], "a.txt": ["a.txt.meta.yaml"]}


def test_what_columns_mean_is_said_of_every_table_at_the_top_of_the_corpus_alone(tmp_path: Path) -> None:
    write(tmp_path, "columns.toml", "a.csv", "b.txt", "sub/c.JSONL", "sub/columns.toml", "a.csv.meta.yaml")
    assert companions(tmp_path) == {
        "a.csv": ["a.csv.meta.yaml", "columns.toml"],
        "b.txt": [],
        "sub/c.JSONL": ["columns.toml"],
        "sub/columns.toml": [],
    }
