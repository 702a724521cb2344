"""Word pieces a second through the encoder, beside sentence-transformers' own ``encode``, on the same passages.

usage: python benchmarks/encoding.py xquad.en.json [--rounds N] [--passages N]

Each takes its turn in every round; the figures are medians. What is counted is
the word pieces of the passages, without padding. ``busy`` is the share of all
cores' time that the process took: 1 where none is ever idle.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from ranking import read
from sentence_transformers import SentenceTransformer

from rag import encoder, tokens
from rag.passages import TokenLimit, split
from rag.settings import PACKAGED_MODEL

TOKENS = 240


def main() -> None:
    """Encode in turns, print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("xquad", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--passages", type=int, default=224)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        corpus = Path(scratch) / "corpus"
        corpus.mkdir()
        read(given.xquad, corpus)
        folders = {each: encoder.prepare(PACKAGED_MODEL, Path(scratch) / "models", each) for each in ("f32", "int8")}
        models = {each: encoder.load(folder, many=True) for each, folder in folders.items()}
        limits = (TokenLimit(tokens.counts, TOKENS), TokenLimit(models["f32"].counts, models["f32"].room))
        texts = []
        for file in sorted(corpus.iterdir()):
            text = file.read_text(encoding="utf-8")
            texts += [text[each.start : each.end] for each in split(text, limits)[1]]
        texts = texts[: given.passages]
        pieces = sum(models["f32"].counts(texts)) + models["f32"].card.specials * len(texts)
        theirs = SentenceTransformer(str(encoder.packaged_model()), device="cpu")
        ways: dict[str, Callable[[], object]] = {
            "sentence-transformers": lambda: theirs.encode(texts, show_progress_bar=False),
            "Clippings, f32": lambda: models["f32"].passages(texts),
            "Clippings, int8": lambda: models["int8"].passages(texts),
        }
        rates: dict[str, list[float]] = {name: [] for name in ways}
        busy: dict[str, list[float]] = {name: [] for name in ways}
        for each in ways.values():
            each()
        for _ in range(given.rounds):
            for name, way in ways.items():
                began, used = time.perf_counter(), time.process_time()
                way()
                seconds = time.perf_counter() - began
                rates[name].append(pieces / seconds)
                busy[name].append((time.process_time() - used) / seconds / len(os.sched_getaffinity(0)))
    print(f"{len(texts)} passages of {np.mean(pieces / len(texts)):.0f} word pieces, {given.rounds} rounds\n")
    print("| encoder | word pieces a second | ratio | busy |\n|---|---|---|---|")
    least = statistics.median(rates["sentence-transformers"])
    for name, measured in rates.items():
        rate = statistics.median(measured)
        print(f"| {name} | {rate:,.0f} | {rate / least:.2f} | {statistics.median(busy[name]):.2f} |")


if __name__ == "__main__":
    main()
