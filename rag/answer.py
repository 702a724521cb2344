"""Passages found to an answer: quotes, citations with their links, or that nothing was found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import quote as percent_encoded
from urllib.parse import urlsplit

from rag import tokens
from rag.errors import CitationError
from rag.evidence import holds, kind_asked, missing, words
from rag.types import Article, ArticleInfo, Citation, Digest, Passage, Sentence

# How strong the evidence is: the best score as a share of what questions from the articles themselves score, less
# something where the quote lacks the kind of thing asked for, and for the words that stand in no cited passage. From
# FOUND an answer counts as found, from STRONG the evidence is called strong (docs/retrieval.md).
FOUND = 0.65
STRONG = 0.8
LESS_FOR_KIND = 0.1
LESS_FOR_WORDS = 0.1
Evidence: TypeAlias = Literal["strong", "weak", "none"]

NOT_FOUND = "Not found in these articles."
# A longer quote is linked by its first and last words, as a text fragment allows.
FRAGMENT_CHARACTERS = 200
FRAGMENT_WORDS = 6


@dataclass(frozen=True, slots=True)
class Answer:
    """What the articles say to a question.

    ``text`` is the quote that answers best, exactly as it stands in
    ``citations[0]``, or says that there is none. Where ``found`` is false,
    ``citations`` are the nearest passages and no answer. ``undated`` counts the
    articles that a date filter left out because they have no date.

    ``evidence`` is "none" where nothing was found, "strong" where the best
    passage scores nearly as questions that the articles surely answer, its
    quote holds the kind of thing asked for and the question's words stand in
    the passages, else "weak". ``missing`` are the words that do not.
    """

    question: str
    found: bool
    text: str
    citations: tuple[Citation, ...]
    undated: int = 0
    evidence: Evidence = "none"
    missing: tuple[str, ...] = ()

    @property
    def caution(self) -> str:
        """What a reader should know before trusting the answer, in one line; empty where the evidence is strong."""
        if self.evidence == "strong":
            return ""
        weak = "The evidence is weak: read the passage before you rely on it." if self.found else ""
        absent = f"In none of these passages: {', '.join(self.missing)}." if self.missing else ""
        return " ".join(filter(None, (weak, absent)))

    def context(self, max_tokens: int = 2000) -> str:
        """The cited passages as a numbered block for a language model.

        Whole passages as long as they fit into ``max_tokens`` (cl100k_base), the
        last one cut at a word; of a passage that is named, some words are there.
        """
        block = ""
        for citation in self.citations:
            head = f"{block}\n\n[{citation.rank}] {reference(citation.article)}\n".lstrip()
            entry = tokens.truncate(head + citation.text, max_tokens)
            if len(entry) < len(head + citation.text):
                return entry if len(entry) > len(head) else block
            block = entry
        return block


def answer(question: str, citations: tuple[Citation, ...], scale: float, undated: int = 0) -> Answer:
    """Say what the citations, best first, answer; or that they do not.

    ``scale`` is the score of a question that the articles answer, 0..1.
    """
    absent = missing(question, (citation.text for citation in citations))
    strength = _strength(question, citations[0], absent, scale) if citations else 0.0
    found = strength >= FOUND
    return Answer(
        question=question,
        found=found,
        text=citations[0].quote if found else NOT_FOUND,
        citations=citations,
        undated=undated,
        evidence="strong" if strength >= STRONG else "weak" if found else "none",
        missing=absent,
    )


def _strength(question: str, best: Citation, absent: Sequence[str], scale: float) -> float:
    lacking = 0.0 if holds(kind_asked(question), best.quote) else LESS_FOR_KIND
    return best.score / scale - lacking - LESS_FOR_WORDS * len(absent) / max(1, len(words(question)))


def cite(rank: int, score: float, article: Article, passage: Passage, sentence: Sentence) -> Citation:
    """A citation of a passage with the sentence to quote.

    Raises:
        CitationError: the sentence is not in the passage, or the passage not in the article.
    """
    if not 0 <= passage.start <= sentence.start < sentence.end <= passage.end <= len(article.text):
        raise CitationError(article.path, passage.start, passage.end)
    quote = article.text[sentence.start : sentence.end]
    return Citation(
        rank=rank,
        score=score,
        article=article.info,
        text=article.text[passage.start : passage.end],
        start=passage.start,
        end=passage.end,
        quote=quote,
        quote_start=sentence.start,
        quote_end=sentence.end,
        link=link(article, quote),
    )


def link(article: ArticleInfo, quote: str) -> str | None:
    """A link to the original: at the quote, or, for a digest of it, without a place.

    The place is a text fragment (https://wicg.github.io/scroll-to-text-fragment/).
    """
    if article.digest_of is not None:
        return _web_address(article.digest_of.url)
    address = _web_address(article.url)
    if address is None:
        return None
    words = quote.split()
    parts = [words]
    if len(words) > 1 and (len(quote) > FRAGMENT_CHARACTERS or "\n" in quote):
        some = min(FRAGMENT_WORDS, len(words) // 2)
        parts = [words[:some], words[-some:]]
    # A dash would be read as a mark of the fragment's own syntax.
    encoded = [percent_encoded(" ".join(part), safe="", errors="replace").replace("-", "%2D") for part in parts]
    address = address.partition(":~:")[0]
    return f"{address}{'' if '#' in address else '#'}:~:text={','.join(encoded)}"


def reference(article: ArticleInfo) -> str:
    """An article in one line: title, author, source, date and address, as far as they are known."""
    return ", ".join(_known(article))


def digest_line(original: Digest) -> str:
    """What an article of ours is a digest of, in one line, as far as it is known."""
    title = f"“{original.title}”" if original.title else "an article"
    author = f" by {original.author}" if original.author else ""
    source = f" in {original.source}" if original.source else ""
    return f"digest of {title}{author}{source}"


def _known(article: ArticleInfo) -> Iterator[str]:
    yield article.title
    yield from (each for each in (article.author, article.source) if each)
    if article.published:
        yield article.published.isoformat()
    if article.digest_of is not None:
        yield digest_line(article.digest_of)
    url = article.url if article.digest_of is None else article.digest_of.url
    if url:
        yield url


def _web_address(url: str | None) -> str | None:
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and parts.netloc else None
