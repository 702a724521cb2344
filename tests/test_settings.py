from __future__ import annotations

import os
from pathlib import Path

import pytest

from rag import settings


def test_what_is_not_set_has_a_default() -> None:
    assert settings.corpus_folder() == Path("corpus")
    assert settings.index_folder() == Path("embeddings")
    assert settings.model_name() == "all-MiniLM-L6-v2"
    assert settings.device() == "auto"


@pytest.mark.parametrize("blank", [True, False])
def test_the_environment_decides_unless_it_is_blank(monkeypatch: pytest.MonkeyPatch, blank: bool) -> None:  # noqa: FBT001  a case of a table
    for name in ("CORPUS", "INDEX", "MODEL", "DEVICE"):
        monkeypatch.setenv(f"RAG_{name}", "" if blank else f"My-{name}")
    found = (settings.corpus_folder(), settings.index_folder(), settings.model_name(), settings.device())
    if blank:
        assert found == (Path("corpus"), Path("embeddings"), settings.PACKAGED_MODEL, "auto")
    else:
        assert found == (Path("My-CORPUS"), Path("My-INDEX"), "My-MODEL", "my-device")


def test_an_argument_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CORPUS", "INDEX", "MODEL", "DEVICE"):
        monkeypatch.setenv(f"RAG_{name}", "other")
    assert settings.corpus_folder("here") == settings.index_folder(Path("here")) == Path("here")
    assert (settings.model_name("mine"), settings.device("CUDA:1")) == ("mine", "cuda:1")


def test_a_model_in_a_folder_is_known_by_its_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    whole = str((tmp_path / "model").resolve())
    for name in ("model", "./model/", "~/model", f"..{os.sep}{tmp_path.name}{os.sep}model", Path("model")):
        assert settings.model_name(name) == whole
    assert settings.model_name("missing/model") == "missing/model"


def test_the_packaged_model_may_be_called_by_its_full_name() -> None:
    assert settings.model_name("sentence-transformers/all-MiniLM-L6-v2") == settings.PACKAGED_MODEL
    assert settings.model_name("intfloat/e5-small") == "intfloat/e5-small"
