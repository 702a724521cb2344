"""Words that match: BM25 over passages, with tantivy to find them; nothing else of tantivy anywhere.

Tantivy brings the passages in; their score is reckoned here from the counts of
their terms, so that it is the same however the index is cut into segments.
A term is a word in lower case, stemmed, and no stop word.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import tantivy

from rag.arrays import Floats, Ids, Integers, Mask

K1 = 1.2
B = 0.6
LANGUAGE = "english"
_ANALYZER = "passage"
_MEMORY = 64_000_000


def terms(text: str) -> list[str]:
    """The terms of a text, in order, repeated as often as they stand there."""
    # Half of a surrogate pair, which a question may hold, is no UTF-8: it counts as punctuation.
    return [str(term) for term in _analyzer().analyze(text.encode(errors="replace").decode())]


def term_id(term: str) -> int:
    """A term as a number, 0..2³² - 1 (its CRC-32: two words of one question clash about never)."""
    return zlib.crc32(term.encode())


@cache
def _analyzer() -> tantivy.TextAnalyzer:
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    filters = (tantivy.Filter.lowercase(), tantivy.Filter.stopword(LANGUAGE), tantivy.Filter.stemmer(LANGUAGE))
    for each in filters:
        builder = builder.filter(each)
    return builder.build()


@cache
def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("text", tokenizer_name=_ANALYZER, index_option="freq")
    # Integer, not unsigned: a Python int given to an unsigned field kills the writer's thread.
    builder.add_integer_field("passage", fast=True)
    builder.add_integer_field("article", indexed=True)
    return builder.build()


class FullTextWriter:
    """Collects the passages of one segment."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        index = tantivy.Index(_schema(), path=str(folder), reuse=False)
        index.register_tokenizer(_ANALYZER, _analyzer())
        self._writer = index.writer(_MEMORY, 1)

    def add(self, passage: int, article: int, text: str) -> None:
        """Add a passage by its number and its article's."""
        document = tantivy.Document()
        document.add_text("text", text)
        document.add_integer("passage", passage)
        document.add_integer("article", article)
        self._writer.add_document(document)

    def close(self) -> None:
        """Write all to the folder."""
        self._writer.commit()
        self._writer.wait_merging_threads()


class FullText:
    """The full text of one segment, ready to search."""

    def __init__(self, folder: Path) -> None:
        index = tantivy.Index.open(str(folder))
        index.register_tokenizer(_ANALYZER, _analyzer())
        self._searcher = index.searcher()

    def frequency(self, term: str) -> int:
        """How many passages hold the term."""
        return int(self._searcher.doc_freq("text", term))

    def matches(self, question: Sequence[str], count: int, allowed: Mask | None = None) -> Integers:
        """Up to ``count`` passages that hold the question's terms best, by tantivy's own BM25: int64 (n,).

        ``allowed`` bool (articles,) leaves only the passages of those articles.
        """
        schema, occur, query = _schema(), tantivy.Occur, tantivy.Query
        words = [(occur.Should, query.term_query(schema, "text", term, "freq")) for term in sorted(set(question))]
        if not words:
            return np.empty(0, np.int64)
        wanted = query.boolean_query(words)
        if allowed is not None:
            few = 2 * int(allowed.sum()) <= len(allowed)
            listed = query.term_set_query(schema, "article", np.flatnonzero(allowed if few else ~allowed).tolist())
            unscored = query.const_score_query(listed, 0.0)
            wanted = query.boolean_query([(occur.Must, wanted), (occur.Must if few else occur.MustNot, unscored)])
        hits = self._searcher.search(wanted, count, count=False).hits
        numbers = self._searcher.fast_field_values("passage", [address for _, address in hits])
        return np.array(numbers, np.int64)


def bm25(question: Ids, frequencies: Integers, passages: int, average: float, held: Ids, begins: Integers) -> Floats:
    """BM25 of passages, divided by the most that any passage could reach for the question: 0..1, float32 (n,).

    ``question`` uint32 (q,) are the ids of its terms, each once, and
    ``frequencies`` int64 (q,) in how many passages each stands, of ``passages``
    in all, which have ``average`` terms. ``held`` uint32 are the ids of the
    terms of the passages to score, one passage after the other; passage ``i``
    goes from ``begins[i]`` to ``begins[i + 1]`` (int64 (n + 1,)).

    Robertson & Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond,
    Foundations and Trends in Information Retrieval 3(4), 2009.
    """
    rarity = np.log(1 + (passages - frequencies + 0.5) / (frequencies + 0.5))
    most = float(rarity.sum() * (K1 + 1))
    lengths = np.diff(begins)
    if most <= 0 or not len(held):
        return np.zeros(len(lengths), np.float32)
    counts = np.array([np.diff(np.cumsum(np.append(0, held == term))[begins]) for term in question])
    saturated = counts * (K1 + 1) / (counts + K1 * (1 - B + B * lengths / max(average, 1e-9)))
    return np.asarray(rarity @ saturated / most, np.float32)
