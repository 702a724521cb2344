"""What may be typed after ``rag``: the commands and their options, as argparse reads them.

They are read with the standard library alone: a parser that must first load a
framework takes longer than all else that a first question does before it has
its model.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

PORT = 7860
_HELP = "Ask a folder of news articles in plain words; get the passages that answer, each cited."


class Form(StrEnum):
    """In what form citations are printed."""

    BIBTEX = "bibtex"
    RIS = "ris"
    MARKDOWN = "markdown"
    TEXT = "text"


def _build(command: argparse.ArgumentParser) -> None:
    _flag(command, "--anew", "Take nothing from the index that is there.")
    command.add_argument(
        "--passage-tokens", type=int, help="The most tokens of a passage, 16 to 255 (240 for a new index)."
    )
    _json(command)


def _ask(command: argparse.ArgumentParser) -> None:
    command.add_argument("question", help="The question, in quotes.")
    command.add_argument("-k", "--passages", dest="k", type=int, default=5, help="How many passages to cite (5).")
    command.add_argument("--since", help="The first day to include, such as 2019-04-01.")
    command.add_argument("--until", help="The last day to include.")
    command.add_argument("--source", action="append", help="Only this source; may be repeated.")
    command.add_argument("--author", action="append", help="Only this author; may be repeated.")
    command.add_argument(
        "--order", default="relevance", help="What comes first of what answers: relevance, newest or oldest."
    )
    _either(command, "refresh", "Bring the index up to date first, as is done where neither is said.")
    _flag(command, "--explain", "Tell why each passage was found.")
    forms = command.add_mutually_exclusive_group()
    forms.add_argument(
        "--cite", type=Form, choices=list(Form), help="Print the citations alone, for a file; as markdown the answer."
    )
    _json(forms)


def _status(command: argparse.ArgumentParser) -> None:
    _flag(command, "--articles", "List every article with what is known of it.")
    _flag(command, "--check", "Read and check every file of the index.")
    _json(command)


def _evaluate(command: argparse.ArgumentParser) -> None:
    what = command.add_mutually_exclusive_group(required=True)
    what.add_argument("questions", nargs="?", type=Path, help="The file of questions, one JSON object a line.")
    what.add_argument(
        "--make", type=_at_least(1), help="Write so many questions drawn from the articles, for you to correct."
    )
    command.add_argument(
        "--out", type=Path, default=Path("questions.jsonl"), help="Where --make writes them (questions.jsonl)."
    )
    _flag(command, "--force", "Let --make write over a file.")
    _either(command, "refresh", "Bring the index up to date first, as is done where neither is said.")
    command.add_argument(
        "--worst", type=_at_least(0), default=10, help="How many of the questions that went wrong to list (10)."
    )
    _json(command)


def _ui(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--host", default="127.0.0.1", help="The address to serve on (127.0.0.1); 0.0.0.0 for all of this machine."
    )
    command.add_argument(
        "--port", type=int, default=PORT, help=f"The port ({PORT}); where it is taken, the next free one."
    )
    command.add_argument("--auth-file", type=Path, help="Who may see the page: a name:password on each line.")
    _flag(command, "--no-auth", "Let all see it who reach the address.")
    _flag(command, "--mcp", "Serve assistants too, by the Model Context Protocol.")
    _flag(command, "--read-only", "Let nobody change the index.")
    command.add_argument("--root-path", help="The path under which a proxy serves the page.")
    _either(command, "open", "Open the page in a browser, as is done where neither is said.", "open_page")


def _add(command: argparse.ArgumentParser) -> None:
    command.add_argument("things", nargs="+", metavar="FILE_FOLDER_OR_LINK", help="Files, folders, and links.")
    command.add_argument("--into", default="", help="The folder within the corpus where they go.")
    _flag(command, "--feed", "Add the page of each entry of the feeds linked to.")
    _json(command)


def _flag(command: argparse.ArgumentParser, name: str, told: str) -> None:
    command.add_argument(name, action="store_true", help=told)


def _either(command: argparse.ArgumentParser, name: str, told: str, field: str | None = None) -> None:
    """Two options, one for yes, which is so anyway, and one for no."""
    command.add_argument(f"--{name}", dest=field or name, action="store_true", default=True, help=told)
    command.add_argument(f"--no-{name}", dest=field or name, action="store_false", help="Do not.")


def _json(command: argparse._ActionsContainer) -> None:
    command.add_argument("--json", dest="as_json", action="store_true", help="Print JSON, for programs.")


def _at_least(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if int(text) < least:
            raise argparse.ArgumentTypeError(f"{text} is less than {least}")
        return int(text)

    return number


COMMANDS: Mapping[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = MappingProxyType(
    {
        "build": (
            "Bring the index up to date with the articles; only what changed is read and embedded.",
            _build,
        ),
        "ask": ("Answer a question from the articles, with citations. Exits with 3 where nothing was found.", _ask),
        "status": ("Tell what is in the index and whether the articles have changed since.", _status),
        "evaluate": (
            "Tell how well the index answers a file of questions, or make a draft of such a file.",
            _evaluate,
        ),
        "ui": ("Serve the page: ask, read the citations, rebuild.", _ui),
        "add": ("Put files, folders and web pages into the corpus; nothing there is written over.", _add),
    }
)
"""Each command with what it does, and what gives its parser the options."""


def parser() -> argparse.ArgumentParser:
    """What reads a command line; what it gives has the ``command`` and each of its options by name."""
    made = argparse.ArgumentParser("rag", description=_HELP, allow_abbrev=False)
    commands = made.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (told, fill) in COMMANDS.items():
        command = commands.add_parser(name, help=told, description=told, allow_abbrev=False)
        fill(command)
        command.add_argument("--corpus", type=Path, help="The folder of articles (RAG_CORPUS, or corpus).")
        command.add_argument("--index", type=Path, help="The folder of the built index (RAG_INDEX, or embeddings).")
    return made
