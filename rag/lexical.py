"""Words that match: BM25 over passages, with tantivy to find them; nothing else of tantivy anywhere.

Tantivy brings the passages in; their score is reckoned here from the counts of
their terms, so that it is the same however the index is cut into segments.

A term is a word in lower case, stemmed, and no stop word. Which stems and stop
words, the text's language says. Where there is no stemmer for it, the first
letters of a word stand for its stem (McNamee, Nicholas & Mayfield, Addressing
morphological variation in alphabetic languages, SIGIR 2009), and scripts without
blanks between words are cut into overlapping runs of characters. A term of
another language than English begins with a mark of how it was made, so that
German "die" and English "die" are two.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType

import numpy as np
import tantivy

from rag.arrays import Floats, Ids, Integers, Mask
from rag.languages import UNSPACED

K1 = 1.2
B = 0.6
_ENGLISH = "en"
# Tantivy's stemmers, which are Snowball's. Turkish does better by first letters: BM25's hit@1 on XQuAD-tr is 0.902
# with them and 0.884 with its stemmer.
_STEMMERS = MappingProxyType({
    "ar": "arabic", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish", "fi": "finnish",
    "fr": "french", "hu": "hungarian", "it": "italian", "nl": "dutch", "no": "norwegian", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "sv": "swedish", "ta": "tamil",
})  # fmt: skip
_WITHOUT_STOP_WORDS = frozenset(("arabic", "greek", "romanian", "tamil"))
# How the terms of all other languages are made.
_GENERAL = "*"
_PREFIX = 6
# Characters in a row of Han, kana and Hangul, and of the alphabets of South-East Asia, whose marks count too.
_SYLLABLES, _ALPHABET = 2, 3
_SCRIPTS = re.compile(
    rf"(?P<alphabet>[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]+)"
    rf"|(?P<syllables>[{UNSPACED}\uac00-\ud7a3]+)|[^{UNSPACED}\uac00-\ud7a3]+"
)
_ANALYZER = "passage"
_MEMORY = 64_000_000


def terms(text: str, language: str | None = _ENGLISH) -> list[str]:
    """The terms of a text in this language, in order, repeated as often as they stand there.

    Text in no known language (None) is taken for English.
    """
    return _terms(text, _analysis(language))


def words(text: str, languages: Iterable[str | None], language: str | None = None) -> tuple[tuple[str, ...], ...]:
    """The words of a question for passages in these languages: for each, the terms that stand for it in them.

    A name is then found in every language, and its terms count as one word
    (Pirkola, The effects of query structure and dictionary setups in
    dictionary-based cross-language information retrieval, SIGIR 1998). Where the
    question's own ``language`` is given, its stop words are left out, and those of
    others, such as "war" in German, are not.
    """
    analyses = sorted({_analysis(each) for each in languages} or {_ENGLISH})
    if len(analyses) == 1:
        return tuple((term,) for term in sorted(set(_terms(text, analyses[0]))))
    groups: dict[str, set[str]] = {}
    for word in dict.fromkeys(_cut(text)):
        if language is not None and not terms(word, language):
            continue
        found = [_terms(word, analysis) for analysis in analyses]
        # A word that is cut into several terms is several words; the others hold no such word as a whole.
        cut = [{term} for several in found if len(several) > 1 for term in several]
        for group in cut or [{term for single in found for term in single}]:
            merged = group.union(*(groups[term] for term in group if term in groups))
            groups.update(dict.fromkeys(merged, merged))
    return tuple(sorted({tuple(sorted(group)) for group in groups.values()}))


def is_mixed(languages: Iterable[str | None]) -> bool:
    """Whether texts in these languages have terms of several kinds."""
    return len({_analysis(each) for each in languages}) > 1


def term_id(term: str) -> int:
    """A term as a number, 0..2³² - 1 (its CRC-32: two words of one question clash about never)."""
    return zlib.crc32(term.encode())


def _analysis(language: str | None) -> str:
    """How terms of this language are made: the language itself where there is a stemmer for it."""
    return _ENGLISH if language is None else language if language in _STEMMERS else _GENERAL


def _terms(text: str, analysis: str) -> list[str]:
    if analysis == _ENGLISH:
        return _analyze(text, _ENGLISH)
    # Turkish has a capital with a dot, which would leave the dot behind in lower case.
    alike = unicodedata.normalize("NFKC", text).replace("İ", "I")
    if analysis == _GENERAL:
        parts: Iterable[str] = (part for word in _cut(alike.lower()) for part in _parts(word))
    else:
        parts = _analyze(alike, analysis)
    return [f"{analysis}:{part}" for part in parts]


def _cut(text: str) -> list[str]:
    """The words of a text."""
    return _analyze(text, None)


def _analyze(text: str, language: str | None) -> list[str]:
    # Half of a surrogate pair, which a question may hold, is no UTF-8: it counts as punctuation.
    return [str(term) for term in _analyzer(language).analyze(text.encode(errors="replace").decode())]


def _parts(word: str) -> Iterator[str]:
    """What stands for a word of a language without a stemmer."""
    for part in _SCRIPTS.finditer(word):
        length = _SYLLABLES if part["syllables"] else _ALPHABET if part["alphabet"] else 0
        if length:
            yield from (part[0][i : i + length] for i in range(max(1, len(part[0]) - length + 1)))
        else:
            yield part[0][:_PREFIX]


@cache
def _analyzer(language: str | None) -> tantivy.TextAnalyzer:
    """What makes the terms of a language that has a stemmer; for None, what cuts text into words."""
    # Marks are parts of words, as in Hindi; tantivy's own tokenizer cuts words at some.
    tokenizer = tantivy.Tokenizer
    cut = tokenizer.simple() if language == _ENGLISH else tokenizer.regex(r"[\p{L}\p{M}\p{N}]+")
    builder = tantivy.TextAnalyzerBuilder(cut)
    if language is not None:
        name = _STEMMERS[language]
        builder = builder.filter(tantivy.Filter.lowercase())
        if name not in _WITHOUT_STOP_WORDS:
            builder = builder.filter(tantivy.Filter.stopword(name))
        builder = builder.filter(tantivy.Filter.stemmer(name))
    return builder.build()


@cache
def _blanks() -> tantivy.TextAnalyzer:
    """What cuts terms apart that stand with blanks between them."""
    return tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()


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
        index.register_tokenizer(_ANALYZER, _blanks())
        self._writer = index.writer(_MEMORY, 1)

    def add(self, passage: int, article: int, text: str, language: str | None = _ENGLISH) -> None:
        """Add a passage in this language by its number and its article's."""
        self.add_terms(passage, article, terms(text, language))

    def add_terms(self, passage: int, article: int, held: Iterable[str]) -> None:
        """Add a passage, as ``add`` does, of which the terms are at hand."""
        document = tantivy.Document()
        document.add_text("text", " ".join(held))
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
        index.register_tokenizer(_ANALYZER, _blanks())
        self._searcher = index.searcher()

    def frequency(self, term: str) -> int:
        """How many passages hold the term."""
        return int(self._searcher.doc_freq("text", term))

    def vocabulary(self, prefix: str) -> list[tuple[str, int]]:
        """The terms that begin so, each with how many passages hold it."""
        return [(str(term), int(count)) for term, count in self._searcher.terms_with_prefix("text", prefix)]

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


def bm25(
    question: Iterable[Ids], frequencies: Integers, passages: int, average: float, held: Ids, begins: Integers
) -> Floats:
    """BM25 of passages, divided by the most that any passage could reach for the question: 0..1, float32 (n,).

    ``question`` holds for each of its q words the ids of the terms that stand for
    it, uint32, and ``frequencies`` int64 (q,) says in how many passages each word
    stands, of ``passages`` in all, which have ``average`` terms. ``held`` uint32
    are the ids of the terms of the passages to score, one passage after the
    other; passage ``i`` goes from ``begins[i]`` to ``begins[i + 1]`` (int64 (n + 1,)).

    Robertson & Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond,
    Foundations and Trends in Information Retrieval 3(4), 2009.
    """
    rarity = np.log(1 + (passages - frequencies + 0.5) / (frequencies + 0.5))
    most = float(rarity.sum() * (K1 + 1))
    lengths = np.diff(begins)
    if most <= 0 or not len(held):
        return np.zeros(len(lengths), np.float32)
    counts = np.array([_counts(np.flatnonzero(_is_one_of(held, word)), begins) for word in question])
    saturated = counts * (K1 + 1) / (counts + K1 * (1 - B + B * lengths / max(average, 1e-9)))
    return np.asarray(rarity @ saturated / most, np.float32)


def _counts(places: Integers, begins: Integers) -> Integers:
    """How many of these places, in order, are in each run: int64 (runs,)."""
    return np.diff(np.searchsorted(places, begins))


def _is_one_of(held: Ids, word: Ids) -> Mask:
    # Mostly it is one, which is quicker to look for.
    return np.isin(held, word) if word.size > 1 else held == word
