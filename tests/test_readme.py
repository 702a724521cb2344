"""Every example of the README is run, and prints what it says."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import rag

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def commands() -> list[tuple[str, str]]:
    """Each command of the console blocks with what it prints."""
    parts = [part for block in blocks("console") for part in re.split(r"^\$ ", block, flags=re.MULTILINE) if part]
    return [(command, printed) for command, _, printed in (part.partition("\n") for part in parts)]


def as_pattern(printed: str) -> re.Pattern[str]:
    """What is printed, where … stands for anything."""
    words = (re.escape(word).replace("…", ".*") for word in printed.split())
    return re.compile(r"\s".join(words).replace(r"\s.*\s", r"\s(?:.*\s)?"), re.DOTALL)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory, with_model: Callable[[Path], Path]) -> Path:
    """A folder with the shipped corpus, and its model converted already."""
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "corpus", folder / "corpus")
    with_model(folder / "embeddings")
    rag(folder, "build")
    return folder


@pytest.mark.parametrize(("command", "printed"), commands(), ids=[command for command, _ in commands()])
def test_the_command_prints_what_the_readme_shows(
    command: str, printed: str, checkout: Path, tmp_path: Path, with_model: Callable[[Path], Path]
) -> None:
    program, *arguments = shlex.split(command.replace("/tmp/clippings-index", str(tmp_path / "index")))  # noqa: S108
    assert program == "rag"
    with_model(tmp_path / "index")
    done = rag(checkout, *arguments, COLUMNS="200")
    assert done.returncode == 0, done.stderr
    shown = " ".join(done.stdout.split())
    assert as_pattern(printed).search(shown), f"{done.stdout}\nis not\n{printed}"


@pytest.mark.parametrize("example", blocks("python"), ids=["first", "in-full"])
def test_the_example_in_python_runs(example: str, checkout: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(  # noqa: S603  the code is the README's own
        [sys.executable, "-W", "error", "-c", example],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize("target", re.findall(r"^make ([a-z-]+)", "\n".join(blocks("sh")), re.MULTILINE))
def test_the_make_target_exists(target: str) -> None:
    done = subprocess.run(  # noqa: S603
        ["make", "--dry-run", target],  # noqa: S607  the system's make
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_every_command_is_in_the_readme() -> None:
    from rag.options import COMMANDS

    assert COMMANDS.keys() == set(re.findall(r"^\| `rag ([a-z]+)", README, re.MULTILINE))


def test_every_variable_is_in_the_readme() -> None:
    from rag import settings

    assert settings.__doc__
    assert set(re.findall(r"RAG_[A-Z]+", settings.__doc__)) == set(
        re.findall(r"^\| `(RAG_[A-Z]+)`", README, re.MULTILINE)
    )
