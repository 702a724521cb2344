"""How time, memory and bytes grow with the number of passages.

usage: python benchmarks/scale.py FOLDER [PASSAGES…]    measure each size, draw the chart
       python benchmarks/scale.py FOLDER --step NAME     one step of one size, in a process of its own

For each size, made-up news (benchmarks/stand_in.py) are written below FOLDER and
built, opened, asked, one article is added and one removed, each in a process of
its own. The results are added to FOLDER/results.jsonl, from which scale.svg is
drawn. The index of a million passages takes about 16 GB, and its corpus 1.3 GB.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import stand_in

from rag import builder, interaction, search
from rag.arrays import Floats
from rag.encoder import Encoder, TokenStates, load
from rag.library import Library
from rag.states import CODEC, Codec
from rag.store import IndexFolder, Segment, Snapshot, read_current

SIZES = (1_000, 10_000, 100_000, 1_000_000)
PER_ARTICLE = 9.75
QUESTIONS, COMPARED, BEST = 200, 30, 10
# Of each segment the passages of so many of the nearest sentences get exact vectors; the true candidates are there.
WIDELY = 100

Step = Callable[[Path, int], Mapping[str, float | int | str]]


def anonymous() -> int:
    """The bytes of this process that are no file's."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(("RssAnon", "RssShmem"))) * 1024


@contextmanager
def watched() -> Iterator[list[int]]:
    """The most bytes that are no file's, looked at every tenth of a second."""
    most, over = [anonymous()], threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            most[0] = max(most[0], anonymous())

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield most
    finally:
        over.set()
        watching.join()


def build(folder: Path, articles: int) -> dict[str, float | int | str]:
    """Build the index anew."""
    index = IndexFolder(folder / "index")
    news = stand_in.News()
    stand_in.prepare(index.models, news)
    with watched() as most:
        began = time.perf_counter()
        report = builder.build(
            folder / "corpus", index, model=stand_in.NAME, making=builder.Making(stand_in.Embedding(news))
        )
        seconds = time.perf_counter() - began
    manifest = read_current(index)
    held = {use.name: size_of(index.segments / use.name) for use in manifest.segments}
    files: dict[str, int] = {}
    for use in manifest.segments:
        for file in (index.segments / use.name).rglob("*"):
            name = "fulltext" if file.parent.name == "fulltext" else file.name.removesuffix(".blocks")
            files[name] = files.get(name, 0) + (file.stat().st_size if file.is_file() and name != "fulltext" else 0)
            files[name] += file.stat().st_size if file.is_file() and name == "fulltext" else 0
    assert report.articles + len(report.duplicates) == articles
    return {
        "passages": report.passages,
        "sentences": manifest.sentences,
        "build_s": seconds,
        "build_anonymous": most[0],
        "build_peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "bytes": sum(held.values()),
        "segments": len(held),
        "vectors": manifest.vectors,
        "recall": manifest.recall,
        **{f"bytes_{name}": size for name, size in sorted(files.items()) if size},
    }


def size_of(folder: Path) -> int:
    """The bytes of all files below."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def ask(folder: Path, articles: int) -> dict[str, float | int | str]:
    """Open the index and ask."""
    asked = [question for _, question in stand_in.News().questions(QUESTIONS, articles)]
    with watched() as most:
        began = time.perf_counter()
        library = Library(folder / "index")
        opened = time.perf_counter() - began
        library.retrieve(asked[0], BEST)
        first = time.perf_counter() - began - opened
        seconds, computed = [], []
        for question in asked:
            start, worked = time.perf_counter(), time.process_time()
            library.retrieve(question, BEST)
            seconds.append(time.perf_counter() - start)
            computed.append(time.process_time() - worked)
    return {
        "open_s": opened,
        "first_s": first,
        "ask_ms": float(np.median(seconds) * 1e3),
        "ask_p95_ms": float(np.quantile(seconds, 0.95) * 1e3),
        "ask_cpu_ms": float(np.median(computed) * 1e3),
        "ask_cpu_p95_ms": float(np.quantile(computed, 0.95) * 1e3),
        "serve_anonymous": most[0],
    }


def kept(folder: Path, articles: int) -> dict[str, float | int | str]:
    """How many of the first ten are those of exact sentence search and uncompressed states."""
    index = IndexFolder(folder / "index")
    manifest = read_current(index)
    snapshot = Snapshot(index, manifest)
    model = index.model(manifest.settings.model)
    encoder, codec = load(model), Codec.load(model / CODEC)
    shares, right = [], []
    for number, text in stand_in.News().questions(COMPARED, articles):
        encoded = encoder.question(text)
        query = search.prepare(text, encoded, codec, snapshot)
        found = search.search(query, codec, snapshot, BEST)
        ours = [(hit.segment, hit.passage) for hit in found]
        truly = exact(query, encoded, encoder, codec, snapshot)
        shares.append([len({*ours} & {*first}) / len(first) for first in truly])
        title = [article_of(snapshot.segments[place], passage) for place, passage in ours[:1]]
        right.append(title == [number])
    names = ("kept", "kept_in_basis", "kept_but_states")
    return {**dict(zip(names, np.mean(shares, axis=0).tolist(), strict=True)), "hit": float(np.mean(right))}


Place = tuple[int, int]
"""A segment of the snapshot, and a passage in it."""


def exact(
    query: search.Query, encoded: TokenStates, encoder: Encoder, codec: Codec, snapshot: Snapshot
) -> tuple[list[Place], ...]:
    """The first ten by exact sentence search: with uncompressed states, with those in the basis, and as kept."""
    wide: list[Place] = []
    by_terms: list[tuple[float, Place]] = []
    for place, (segment, live) in enumerate(zip(snapshot.segments, snapshot.live, strict=True)):
        allowed = None if live.all() else segment.sentence_mask(live)
        sentences, _ = segment.vectors.exhaustive(query.vector, search.SENTENCES * search.CANDIDATES, allowed)
        wide += [(place, passage) for passage in segment.passages_of(sentences[:WIDELY]).tolist()]
        terms = [term for word in query.words for term in word]
        some = segment.fulltext.matches(terms, search.BROUGHT * search.CANDIDATES, None if live.all() else live)
        scores = search.bm25(query, snapshot, segment, some)
        by_terms += [(float(score), (place, int(passage))) for score, passage in zip(scores, some, strict=True)]
    found = {each for _, each in sorted(by_terms)[-search.CANDIDATES :]}
    vectors = exact_vectors([*{*wide, *found}], encoder, snapshot)
    cosines = {each: float((held @ query.vector).max()) for each, held in vectors.items()}
    chosen = found | {*sorted(wide, key=lambda each: cosines[each])[-search.CANDIDATES :]}
    rankings: tuple[list[tuple[float, Place]], ...] = ([], [], [])
    for each in chosen:
        segment, passage = snapshot.segments[each[0]], np.array([each[1]])
        article, held = segment.cited(each[1])
        codes, places, begins = segment.states_of(passage)
        runs = interaction.runs(places, begins)
        [states] = [read.states for read in encoder.passages([article.text[held.start : held.end]])]
        uncompressed, in_basis = (
            np.maximum.reduceat(cosines_of_pieces, runs.begins, axis=1)
            for cosines_of_pieces in (encoded.states @ states.T, query.states @ codec.project(states).T)
        )
        rest = search.WEIGHT_S * cosines[each] + search.WEIGHT_B * float(
            search.bm25(query, snapshot, segment, passage)[0]
        )
        as_kept = codec.best_cosines(query.states, codes, runs.begins)
        for ranking, met in zip(rankings, (uncompressed, in_basis, as_kept), strict=True):
            late = interaction.late_interaction(met, query.weights, query.named, runs)
            ranking.append((float(late[0]) + rest, each))
    return tuple([each for _, each in sorted(ranking, reverse=True)[:BEST]] for ranking in rankings)


def exact_vectors(places: Sequence[Place], encoder: Encoder, snapshot: Snapshot) -> dict[Place, Floats]:
    """The vectors of the sentences of passages, made anew."""
    written, lengths = [], []
    for place, passage in places:
        segment = snapshot.segments[place]
        article, found = segment.cited(passage)
        spans = [segment.sentence(number) for number in range(found.first, found.last)]
        written += [article.text[span.start : span.end] for span in spans]
        lengths.append(len(spans))
    made = np.split(encoder.sentences(written), np.cumsum(lengths)[:-1])
    return dict(zip(places, made, strict=True))


def article_of(segment: Segment, passage: int) -> int:
    """The number that a made-up article bears in its title."""
    [number] = segment.articles_of(np.array([passage])).tolist()
    return int(segment.info(number).title.rpartition(" ")[2])


def change(folder: Path, articles: int) -> dict[str, float | int | str]:
    """Add an article, then remove it."""
    index, news = IndexFolder(folder / "index"), stand_in.News()
    made = news.article(articles + 1)
    file = folder / "corpus" / "added.jsonl"
    known = {"title": made.title, "source": made.source, "published": made.published, "language": "en"}
    file.write_text(json.dumps({**known, "text": made.text}) + "\n", encoding="utf-8")
    making = builder.Making(stand_in.Embedding(news))
    try:
        began = time.perf_counter()
        report = builder.build(folder / "corpus", index, model=stand_in.NAME, making=making)
        added = time.perf_counter() - began
        assert report.added == (file.name,)
    finally:
        file.unlink()
    began = time.perf_counter()
    report = builder.build(folder / "corpus", index, model=stand_in.NAME, making=making)
    removed = time.perf_counter() - began
    assert report.removed == (file.name,)
    return {"add_s": added, "remove_s": removed}


STEPS: dict[str, Step] = {"build": build, "ask": ask, "kept": kept, "change": change}


def measure(folder: Path, passages: int, steps: Sequence[str]) -> dict[str, float | int | str]:
    """Every step of one size, each in a process of its own."""
    articles = max(10, round(passages / PER_ARTICLE))
    place = folder / str(passages)
    if "build" in steps:
        shutil.rmtree(place, ignore_errors=True)
        stand_in.News().write(place / "corpus", articles)
    results: dict[str, float | int | str] = {"asked_for": passages, "articles": articles}
    for step in steps:
        command = [sys.executable, __file__, str(place), str(articles), "--step", step]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603
        results |= json.loads(said.splitlines()[-1])
        print(step, said.splitlines()[-1], flush=True)
    return results


WIDTH, HEIGHT, MARGIN = 330, 250, 48
COLOURS = ("#1f5fa8", "#b5482a", "#3a7d44", "#7a4fa3")
Line = tuple[str, list[tuple[float, float]]]


def chart(results: Sequence[Mapping[str, float]]) -> str:
    """Three drawings side by side, as SVG: time, memory and bytes, over the number of passages, on powers of ten."""
    every = sorted({row["passages"]: row for row in results}.values(), key=lambda row: row["passages"])

    def line(name: str, field: str, unit: float = 1, per: str | None = None) -> Line:
        held = [row for row in every if field in row]
        return name, [(row["passages"], row[field] / unit / (row[per] if per else 1)) for row in held]

    drawings = (
        ("seconds", [line("build", "build_s"), line("add one article", "add_s"), line("open", "open_s"),
                     line("question, p95", "ask_p95_ms", 1000)]),
        ("memory, MB", [line("build", "build_anonymous", 1e6), line("serve", "serve_anonymous", 1e6)]),
        ("kB a passage", [line("index", "bytes", 1e3, "passages")]),
    )  # fmt: skip
    parts = [drawn(title, lines, place * WIDTH) for place, (title, lines) in enumerate(drawings)]
    size = f'width="{WIDTH * len(drawings)}" height="{HEIGHT}"'
    style = "font-family='sans-serif' font-size='11'"
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>\n' + "\n".join(parts) + "\n</svg>\n"


def drawn(title: str, lines: Sequence[Line], left: float) -> str:
    """One drawing."""
    points = [point for _, held in lines for point in held]
    lowest, highest = (np.log10([limit(column) for column in zip(*points, strict=True)]) for limit in (min, max))
    lowest, highest = np.floor(lowest + 1e-9), np.maximum(np.ceil(highest - 1e-9), np.floor(lowest + 1e-9) + 1)

    def at(point: tuple[float, float]) -> tuple[float, float]:
        x, y = (np.log10(point) - lowest) / (highest - lowest)
        return left + MARGIN + x * (WIDTH - 1.5 * MARGIN), HEIGHT - MARGIN - y * (HEIGHT - 1.7 * MARGIN)

    parts = [f'<text x="{left + MARGIN}" y="20" font-weight="bold">{title}</text>']
    for power in range(int(lowest[1]), int(highest[1]) + 1):
        x, y = at((10 ** lowest[0], 10.0**power))
        end, _ = at((10 ** highest[0], 10.0**power))
        parts.append(f'<path d="M{x:.0f} {y:.1f}H{end:.0f}" stroke="#ddd"/>')
        parts.append(f'<text x="{x - 5:.0f}" y="{y + 4:.0f}" text-anchor="end">{10.0**power:g}</text>')
    for power in range(int(lowest[0]), int(highest[0]) + 1):
        x, y = at((10.0**power, 10 ** lowest[1]))
        parts.append(f'<text x="{x:.0f}" y="{y + 16:.0f}" text-anchor="middle">{10**power:,}</text>')
    for place, (name, held) in enumerate(lines):
        colour, way = COLOURS[place], [at(point) for point in held]
        joined = "L".join(f"{x:.1f} {y:.1f}" for x, y in way)
        parts.append(f'<path d="M{joined}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in way]
        x = left + MARGIN + 85 * (place % 3)
        parts.append(f'<text x="{x}" y="{HEIGHT - 14 + 11 * (place // 3)}" fill="{colour}">{name}</text>')
    return "\n".join(parts)


def main() -> None:
    """Measure, keep, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("passages", type=int, nargs="*", default=SIZES)
    parser.add_argument("--step", choices=STEPS)
    parser.add_argument("--steps", default=",".join(STEPS))
    parser.add_argument("--keep", action="store_true", help="leave corpus and index")
    given = parser.parse_args()
    if given.step:
        print(json.dumps(STEPS[given.step](given.folder, given.passages[0])))
        return
    for passages in given.passages:
        results = measure(given.folder, passages, given.steps.split(","))
        with (given.folder / "results.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(results) + "\n")
        if not given.keep:
            shutil.rmtree(given.folder / str(passages))
    rows = (given.folder / "results.jsonl").read_text(encoding="utf-8").splitlines()
    (given.folder / "scale.svg").write_text(chart([json.loads(row) for row in rows]), encoding="utf-8")


if __name__ == "__main__":
    main()
