"""Measure how well questions find their passages, part of the score by part, on XQuAD-en.

usage: python benchmarks/ranking.py xquad.en.json

The articles are made by joining each title's paragraphs with blank lines; a
passage is right where it covers at least half of the gold answer in the right
article. Every passage is scored, so that the figures are those of the ranking
alone; the last line is the public API, candidates and all.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import rag
from rag import encoder, search, settings
from rag.arrays import Floats, Mask
from rag.encoder import Encoder
from rag.states import CODEC, Codec
from rag.store import IndexFolder, Segment, Snapshot, read_current

BEST = 10


@dataclass(frozen=True, slots=True)
class Question:
    """A question with the place of its answer."""

    text: str
    path: str
    start: int
    end: int

    def answered_by(self, path: str, start: int, end: int) -> bool:
        """Whether a passage covers at least half of the answer."""
        return path == self.path and min(self.end, end) - max(self.start, start) >= (self.end - self.start) / 2


def read(xquad: Path, corpus: Path) -> list[Question]:
    """Write the articles into a folder; return the questions."""
    questions = []
    for number, title in enumerate(json.loads(xquad.read_text(encoding="utf-8"))["data"]):
        text = ""
        for paragraph in title["paragraphs"]:
            text += "\n\n" if text else ""
            for asked in paragraph["qas"]:
                gold = asked["answers"][0]
                start = len(text) + gold["answer_start"]
                questions.append(Question(asked["question"], f"{number:02}.txt", start, start + len(gold["text"])))
            text += paragraph["context"]
        (corpus / f"{number:02}.txt").write_text(text, encoding="utf-8")
    return questions


def show(name: str, scores: Floats, right: Mask) -> None:
    """Print hit@1 and MRR@10 of a ranking; scores and right are (questions, passages)."""
    best = np.argsort(-scores, axis=1, kind="stable")[:, :BEST]
    found = np.take_along_axis(right, best, axis=1)
    reciprocal = np.where(found.any(axis=1), 1 / (found.argmax(axis=1) + 1), 0)
    print(f"{name:58} {found[:, 0].mean():.4f}  {reciprocal.mean():.4f}")


def parts(questions: list[Question], model: Encoder, codec: Codec, snapshot: Snapshot) -> tuple[Floats, Floats, Floats]:
    """T, S and B of every passage for every question, each (questions, passages)."""
    [segment] = snapshot.segments
    every = np.arange(segment.card.passages)
    rows = []
    for question in questions:
        query = search.prepare(question.text, model.question(question.text), codec, snapshot)
        scored = search.score(query, codec, snapshot, segment, every)
        rows.append((scored.late_interaction, scored.sentence_cosine, scored.bm25))
    late, cosine, bm25 = (np.array(each, np.float32) for each in zip(*rows, strict=True))
    return late, cosine, bm25


def pooled(questions: list[Question], model: Encoder, segment: Segment, texts: list[str]) -> Floats:
    """S with sentence vectors pooled from their passage's own forward pass ("late chunking")."""
    asked = np.array([model.question(question.text).vector for question in questions])
    columns = []
    for text, row in zip(texts, segment.passages.tolist(), strict=True):
        [encoded] = model.passages([text])
        starts = [segment.sentence(number).start - row[0] for number in range(row[2], row[3])]
        places = np.searchsorted(starts, encoded.starts, side="right") - 1
        sums = np.array([encoded.states[places == place].mean(axis=0) for place in np.unique(places)])
        columns.append((asked @ (sums / np.linalg.norm(sums, axis=1, keepdims=True)).T).max(axis=1))
    return np.array(columns, np.float32).T


def main() -> None:
    """Build, score, print."""
    with tempfile.TemporaryDirectory() as scratch:
        corpus, index = Path(scratch) / "corpus", Path(scratch) / "index"
        corpus.mkdir()
        questions = read(Path(sys.argv[1]), corpus)
        report = rag.build(corpus, index)
        folder = IndexFolder(index)
        snapshot = Snapshot(folder, read_current(folder))
        [segment] = snapshot.segments
        prepared = folder.model(snapshot.manifest.settings.model)
        model, codec = encoder.load(prepared, device=settings.device()), Codec.load(prepared / CODEC)
        cited = [segment.cited(passage) for passage in range(segment.card.passages)]
        places = [(article.path, passage.start, passage.end) for article, passage in cited]
        texts = [article.text[passage.start : passage.end] for article, passage in cited]
        right = np.array([[question.answered_by(*place) for place in places] for question in questions])

        print(f"{len(questions)} questions, {report.articles} articles, {report.passages} passages\n")
        print(f"{'ranking':58} hit@1   MRR@10")
        vectors = np.array([each.vector for each in model.passages(texts)])
        show("passage vectors only", np.array([model.question(q.text).vector for q in questions]) @ vectors.T, right)
        late, cosine, bm25 = parts(questions, model, codec, snapshot)
        show("B: BM25 only", bm25, right)
        show("S: best sentence, encoded alone", cosine, right)
        in_passage = pooled(questions, model, segment, texts)
        show("S: best sentence, pooled from its passage", in_passage, right)
        show("T: late interaction", late, right)
        show("T + 0.25 S + 0.2 B", late + 0.25 * cosine + 0.2 * bm25, right)
        show("T + 0.25 S + 0.2 B, S pooled from the passage", late + 0.25 * in_passage + 0.2 * bm25, right)
        public(questions, index)


def public(questions: list[Question], index: Path) -> None:
    """The public API: candidates, filters, citations."""
    library = rag.open(index)
    ranks, quoted, seconds = [], 0, []
    for question in questions:
        began = time.perf_counter()
        citations = library.retrieve(question.text, BEST)
        seconds.append(time.perf_counter() - began)
        right = [question.answered_by(each.article.path, each.start, each.end) for each in citations]
        ranks.append(right.index(True) + 1 if True in right else None)
        best = citations[0]
        quoted += right[0] and best.quote_start <= question.start and question.end <= best.quote_end
    first = sum(rank == 1 for rank in ranks)
    reciprocal = sum(1 / rank for rank in ranks if rank) / len(ranks)
    print(f"{'library.retrieve':58} {first / len(ranks):.4f}  {reciprocal:.4f}")
    print(f"\nthe quote holds the whole answer in {quoted / first:.3f} of the first hits")
    print(f"median {np.median(seconds) * 1e3:.1f} ms, p95 {np.quantile(seconds, 0.95) * 1e3:.1f} ms a question")


if __name__ == "__main__":
    main()
