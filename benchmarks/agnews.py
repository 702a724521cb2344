"""Real news: the test set of AG News, descriptions as articles and titles as questions.

usage: python benchmarks/agnews.py agnews_test.csv [--every N]

The file has a row for each of 7,600 items: class, title, description. An article
is a description alone, so that its title is not among its words; the one right
answer to a title is its own item. The same news from several agencies is several
items, which count as wrong. With --every only each so many-th title is asked.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import tempfile
import time
from pathlib import Path

import rag

BEST = 10


def write(items: Path, corpus: Path) -> list[str]:
    """Write each description into a file of its own; return the titles, in the order of the files' names."""
    titles = []
    with items.open(encoding="utf-8", newline="") as opened:
        for number, (_, title, description) in enumerate(csv.reader(opened)):
            (corpus / f"{number:04}.txt").write_text(description, encoding="utf-8")
            titles.append(title)
    return titles


def main() -> None:
    """Build, ask every title, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("items", type=Path)
    parser.add_argument("--every", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        corpus, index = Path(scratch) / "corpus", Path(scratch) / "index"
        corpus.mkdir()
        titles = write(given.items, corpus)
        report = rag.build(corpus, index)
        library = rag.open(index)
        print(f"{len(titles):,} items, {report.articles:,} articles, {report.passages:,} passages; {library.engine}")
        print(
            f"build: {report.seconds:.0f} s, {len(report.failed)} not read, {len(report.duplicates)} the same as others"
        )
        ranks, seconds = [], []
        for number in range(0, len(titles), given.every):
            began = time.perf_counter()
            citations = library.retrieve(titles[number], BEST)
            seconds.append(time.perf_counter() - began)
            names = [[each.article.path, *(other.path for other in each.also)] for each in citations]
            right = [f"{number:04}.txt" in places for places in names]
            ranks.append(right.index(True) + 1 if True in right else None)
        print(f"{len(ranks):,} titles asked: hit@1 {sum(rank == 1 for rank in ranks) / len(ranks):.3f}, ", end="")
        print(f"MRR@10 {sum(1 / rank for rank in ranks if rank) / len(ranks):.3f}")
        slow = statistics.quantiles(seconds, n=20)[-1]
        print(f"question: median {statistics.median(seconds) * 1e3:.1f} ms, p95 {slow * 1e3:.1f} ms")


if __name__ == "__main__":
    main()
