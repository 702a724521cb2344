"""The house as it is meant to be: which room stands above which, and who may know the big libraries."""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import rag

ROOT = Path(__file__).parents[1]

# A room may import the rooms of the levels below its own, and no other.
LEVELS = (
    (
        "types",
        "tokens",
        "errors",
        "settings",
        "arrays",
        "quiet",
        "languages",
        "abbreviations",
        "quantization",
        "machine",
    ),  # 0: words and numbers that all share
    (
        *("articles", "passages", "encoder", "vectors", "lexical", "states"),
        *("questions", "reranker", "hints", "interaction", "duplicates"),
    ),  # 1: one thing each
    ("store", "embedding", "evidence", "examples", "explanation", "reading"),  # 2: things of level 1 put together
    ("search", "spelling", "canonical", "freshness"),  # 3: question and index to passages; which articles count
    ("answer", "selection", "calibration"),  # 4: what ranked passages mean
    ("builder", "references"),  # 5: corpus to index; citations as others read them
    ("library", "fetch"),  # 6: what users hold; what sites give
    ("evaluation", "adding", "removing"),  # 7: what measures it; what fills the corpus
    ("__init__", "cli", "options", "__main__"),  # 8: names and commands
)
# Within level 0, which has nothing below it.
ALLOWED = {("types", "arrays"), ("quantization", "arrays")}
# The page knows what every user may know, and nothing else; it can be started as a command.
PAGE = {"rag", "rag.errors", "rag.references", "rag.page", "rag.cli"}

ONLY = {
    "tiktoken": "tokens",
    "bpe_openai": "tokens",
    "faiss": "vectors",
    "tantivy": "lexical",
    "sentence_transformers": "encoder reranker",
    "openvino": "encoder",
    "torch": "encoder",
    "transformers": "quiet encoder",
    "tokenizers": "encoder",
    "sqlite3": "store",
    "yaml": "articles languages",
    "charset_normalizer": "articles",
    "warcio": "articles",
    "lxml": "articles",
    "trafilatura": "articles",
    "pypdfium2": "articles",
    "feedparser": "articles",
    "py3langid": "languages",
    "rapidfuzz": "spelling",
    "brotli": "articles",
    "httpcore2": "fetch",
    "httpx2": "fetch",
    "rich": "cli",
    "gradio": "page",
}


@dataclass(frozen=True)
class Import:
    """One import: the file, the line, and the dotted name of what is imported."""

    file: Path
    line: int
    name: str

    @property
    def room(self) -> str | None:
        """The room of ours that it is of, if any; names in ``rag`` itself are of ``__init__``."""
        first, _, rest = self.name.partition(".")
        if first != "rag":
            return None
        room = rest.partition(".")[0]
        return room if room in ROOMS else "__init__"


def room_of(file: Path) -> str:
    return file.relative_to(ROOT / "rag").parts[0].removesuffix(".py")


FILES = sorted((ROOT / "rag").rglob("*.py"))
ROOMS = {room_of(file) for file in FILES}


def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def imports(file: Path) -> Iterator[Import]:
    """Every import of a file, also those within functions and for types alone."""
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            yield from (Import(file, node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: imports are written out in full"
            yield from (Import(file, node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def test_every_room_has_its_level() -> None:
    placed = [room for level in LEVELS for room in level]
    assert len(placed) == len(set(placed))
    assert set(placed) == ROOMS - {"page"}


def test_imports_run_downward() -> None:
    level = {room: number for number, rooms in enumerate(LEVELS) for room in rooms}
    for file in FILES:
        room = room_of(file)
        for each in imports(file):
            if room != "page" and each.room is not None and each.room != room:
                down = level[each.room] < level[room] or (room, each.room) in ALLOWED
                named = level[room] == len(LEVELS) - 1 and each.room in LEVELS[-1]
                assert down or named, f"{file.name}:{each.line}: {room} is not above {each.room}"


def test_the_page_knows_what_every_user_may_know() -> None:
    for file in [ROOT / "ui.py", *sorted((ROOT / "rag" / "page").glob("*.py"))]:
        for each in imports(file):
            if each.name.partition(".")[0] == "rag":
                public = each.name.removeprefix("rag.") in rag.__all__
                known = any(each.name == name or each.name.startswith(f"{name}.") for name in PAGE - {"rag"})
                assert public or known or each.name == "rag", f"{file.name}:{each.line}: {each.name} is not public"


def test_each_big_library_has_one_room_that_knows_it() -> None:
    for file in FILES:
        for each in imports(file):
            library = each.name.partition(".")[0]
            if library in ONLY:
                assert room_of(file) in ONLY[library].split(), (
                    f"{file.name}:{each.line}: {library} is for {ONLY[library]} alone"
                )


def loaded(statement: str) -> set[str]:
    """The top-level modules that a new Python has loaded after a statement."""
    script = f"import sys; {statement}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_importing_rag_loads_nothing_big() -> None:
    modules = loaded("import rag; dir(rag)")
    assert modules.isdisjoint(ONLY | dict.fromkeys(("numpy", "filelock", "huggingface_hub")))
    assert "numpy" in loaded("import rag; rag.Library"), "what is loaded is seen"


def test_the_words_and_the_errors_load_nothing_big_either() -> None:
    assert loaded("from rag import BuildReport, Citation, RagError").isdisjoint(ONLY | {"numpy": ""})


def test_the_public_names_are_these_and_each_resolves() -> None:
    assert sorted(rag.__all__) == rag.__all__
    for name in rag.__all__:
        public = getattr(rag, name)
        assert public.__module__.startswith("rag.")
        assert public.__name__ == name
    assert set(rag.__all__) <= set(dir(rag))
    rooms = [name for names in rag._ROOMS.values() for name in names]
    assert sorted(rooms) == rag.__all__
    for_types = [
        alias.name
        for node in ast.walk(tree(ROOT / "rag" / "__init__.py"))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("rag.")
        for alias in node.names
    ]
    assert sorted(for_types) == rag.__all__


def test_a_name_that_is_not_public_is_told_as_python_tells_it() -> None:
    with pytest.raises(AttributeError, match="module 'rag' has no attribute 'anything'"):
        rag.anything  # noqa: B018


def test_only_the_commands_print() -> None:
    for file in FILES:
        if room_of(file) != "cli":
            for node in ast.walk(tree(file)):
                called = node.func if isinstance(node, ast.Call) else None
                assert not (isinstance(called, ast.Name) and called.id in {"print", "input"}), f"{file}:{node}"


def test_nothing_is_pickled() -> None:
    for file in [*FILES, ROOT / "ui.py"]:
        libraries = {each.name.partition(".")[0] for each in imports(file)}
        assert libraries.isdisjoint({"pickle", "shelve", "marshal", "dill", "joblib"}), file
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"np.load", "np.save"}:
                assert "allow_pickle=False" in ast.unparse(node), f"{file.name}:{node.lineno}"


def test_nothing_happens_where_a_module_is_imported() -> None:
    for file in FILES:
        for node in tree(file).body:
            if isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant):
                called = ast.unparse(node)
                assert file.name == "__main__.py" or called.startswith("app."), f"{file.name}:{node.lineno}: {called}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_public_module_class_and_function_is_described(file: Path) -> None:
    module = tree(file)
    assert ast.get_docstring(module), file
    classes = [node for node in module.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
    for body in (module.body, *(each.body for each in classes)):
        for node in body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
                assert ast.get_docstring(node), f"{file.name}:{node.lineno}: {node.name}"


def test_the_public_names_carry_their_descriptions() -> None:
    for name in rag.__all__:
        public = getattr(importlib.import_module("rag"), name)
        if inspect.isclass(public) or inspect.isfunction(public):
            assert inspect.getdoc(public), name
