"""Passages found to an answer: quotes, citations with their links, or that nothing was found."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, TypeAlias
from urllib.parse import quote as percent_encoded
from urllib.parse import urlsplit

from rag import languages, tokens
from rag.errors import CitationError
from rag.evidence import holds, kind_asked, missing, quoted, words
from rag.hints import Hint
from rag.spelling import Spelling
from rag.types import Article, ArticleInfo, Citation, Digest, Passage, Sentence, Text

# How strong the evidence is: the best citation's strength, less something where the quote lacks the kind of thing asked
# for, and for the words that stand in no cited passage. From FOUND an answer counts as found, from STRONG the evidence
# is called strong (docs/retrieval.md).
FOUND = 0.67
STRONG = 0.78
LESS_FOR_KIND = 0.1
LESS_FOR_WORDS = 0.05
# A quote that is to answer by itself must hold the question's words itself: for those that it lacks, this is taken
# instead (docs/retrieval.md).
LESS_IN_QUOTE = 0.4
Evidence: TypeAlias = Literal["strong", "weak", "none"]
Order: TypeAlias = Literal["relevance", "newest", "oldest"]

NOT_FOUND = "Not found in these articles."
# A longer quote is linked by its first and last words, as a text fragment allows.
FRAGMENT_CHARACTERS = 200
FRAGMENT_WORDS = 6


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it was looked for: in a language, as far as that is known, and in other spellings besides."""

    text: str
    language: str | None = None
    spellings: tuple[Spelling, ...] = ()


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

    ``voices`` are the citations whose quotes answer by themselves, the best one
    of each article, in their order: the first citation is always among them, and
    further ones show where several articles answer, perhaps not alike. ``hints``
    are filters and orders that words of the question could mean and that were
    not applied. ``spellings`` are other spellings of the question's words that
    were looked for too, and stand in the citations. ``unknown_language`` is the
    question's (ISO 639-1), where the model does not know it and little was found:
    then nothing counts as found.
    """

    question: str
    found: bool
    text: str
    citations: tuple[Citation, ...]
    undated: int = 0
    evidence: Evidence = "none"
    missing: tuple[str, ...] = ()
    voices: tuple[Citation, ...] = ()
    hints: tuple[Hint, ...] = ()
    spellings: tuple[Spelling, ...] = ()
    unknown_language: str | None = None

    @property
    def caution(self) -> str:
        """What a reader should know before trusting the answer, in plain words; empty where there is nothing of it."""
        return " ".join(filter(None, (self._not_understood, self._spelled, self._doubt)))

    @property
    def _not_understood(self) -> str:
        if self.unknown_language is None:
            return ""
        language = languages.name(self.unknown_language)
        return (
            f"The question seems to be in {language}, which the model does not know: ask in a language that it knows, "
            "or build the index with a multilingual model (RAG_MODEL)."
        )

    @property
    def _spelled(self) -> str:
        pairs = [f"“{each.found}” for “{each.asked}”" for each in self.spellings]
        return f"Other spellings were looked for too: {', '.join(pairs)}." if pairs else ""

    @property
    def _doubt(self) -> str:
        if self.evidence == "strong":
            return ""
        if not self.citations:
            phrases = _listed(quoted(self.question), "and")
            return f"No passage holds {phrases} word for word." if phrases else "No article passes the filters."
        weak = "The evidence is weak: read the passage before you rely on it." if self.found else ""
        word = "word" if len(self.missing) == 1 else "words"
        absent = f"None of these passages has the {word} {_listed(self.missing, 'or')}." if self.missing else ""
        return " ".join(filter(None, (weak, absent)))

    def context(self, max_tokens: int = 2000) -> str:
        """The cited passages as a numbered block for a language model.

        Whole passages as long as they fit into ``max_tokens`` (cl100k_base), the
        last one cut at a word; of a passage that is named, some words are there.
        """
        block = ""
        for citation in self.citations:
            page = f", page {citation.page}" if citation.page else ""
            head = f"{block}\n\n[{citation.rank}] {reference(citation.article)}{page}\n".lstrip()
            entry = tokens.truncate(head + citation.text, max_tokens)
            if len(entry) < len(head + citation.text):
                return entry if len(entry) > len(head) else block
            block = entry
        return block


def answer(asked: Asked, citations: tuple[Citation, ...], undated: int = 0) -> Answer:
    """Say what the citations, best first, answer; or that they do not."""
    texts = [Text(citation.text, citation.article.language) for citation in citations]
    absent = _missing(asked, texts)
    strength = _strength(asked, citations[0], absent) if citations else 0.0
    found = strength >= FOUND
    return Answer(
        question=asked.text,
        found=found,
        text=citations[0].quote if found else NOT_FOUND,
        citations=citations,
        undated=undated,
        evidence="strong" if strength >= STRONG else "weak" if found else "none",
        missing=absent,
        voices=_voices(asked, citations) if found else (),
        spellings=tuple(each for each in asked.spellings if not missing(each.found, texts, asked.language)),
    )


def not_understood(given: Answer, language: str) -> Answer:
    """The same without an answer, since the model does not know the question's language."""
    return replace(given, found=False, text=NOT_FOUND, evidence="none", voices=(), unknown_language=language)


def by_date(asked: Asked, citations: Sequence[Citation], order: Order, per_article: int | None) -> tuple[Citation, ...]:
    """The citations ranked anew: those whose quotes answer by themselves by date, undated ones last; then the rest.

    Citations of one day, and the rest, keep their order; more than
    ``per_article`` of one article go to the rest, None sets no such limit.
    """
    answering = [each for each in citations if _alone(asked, each) >= FOUND]
    answering.sort(key=lambda each: each.article.published or date.min, reverse=order == "newest")
    answering.sort(key=lambda each: each.article.published is None)
    taken: Counter[str] = Counter()
    first = []
    for each in answering:
        taken[each.article.id] += 1
        if per_article is None or taken[each.article.id] <= per_article:
            first.append(each)
    rest = [each for each in citations if each not in first]
    return tuple(replace(each, rank=rank) for rank, each in enumerate((*first, *rest), 1))


def _missing(asked: Asked, texts: Sequence[Text]) -> tuple[str, ...]:
    """The question's words that stand in no text, neither as they are asked nor in another spelling."""
    spelled = {each.asked for each in asked.spellings if not missing(each.found, texts, asked.language)}
    return tuple(word for word in missing(asked.text, texts, asked.language) if word not in spelled)


def _strength(asked: Asked, best: Citation, absent: Sequence[str], less_for_words: float = LESS_FOR_WORDS) -> float:
    lacking = 0.0 if holds(kind_asked(asked.text), best.quote) else LESS_FOR_KIND
    return best.strength - lacking - less_for_words * len(absent) / max(1, len(words(asked.text, asked.language)))


def _alone(asked: Asked, citation: Citation) -> float:
    """How well a quote answers by itself, on the scale of ``FOUND``."""
    quote = Text(citation.quote, citation.article.language)
    return _strength(asked, citation, _missing(asked, [quote]), LESS_IN_QUOTE)


def _voices(asked: Asked, citations: Sequence[Citation]) -> tuple[Citation, ...]:
    """The best of the quotes that answer by themselves from each article; the first citation speaks for its own."""
    best = {citations[0].article.id: (citations[0], float("inf"))}
    for citation in citations[1:]:
        strength = _alone(asked, citation)
        if strength >= FOUND and strength > best.get(citation.article.id, (citation, 0.0))[1]:
            best[citation.article.id] = (citation, strength)
    return tuple(sorted((citation for citation, _ in best.values()), key=lambda citation: citation.rank))


def _listed(phrases: Sequence[str], word: str) -> str:
    """Words in quotation marks, as a sentence lists them: “a”, “b” or “c”."""
    marked = [f"“{phrase}”" for phrase in phrases]
    return f" {word} ".join(filter(None, (", ".join(marked[:-1]), *marked[-1:])))


def cite(
    rank: int, score: float, article: Article, passage: Passage, sentence: Sentence, strength: float = 0.0
) -> Citation:
    """A citation of a passage with the sentence, or the run of sentences, to quote.

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
        page=max(1, bisect_right(article.pages, sentence.start)) if article.pages else None,
        strength=strength,
        match="strong" if strength >= STRONG else "fair" if strength >= FOUND else "weak",
    )


def link(article: ArticleInfo, quote: str) -> str | None:
    """A link to the original: at the quote, or, for a digest of it, without a place.

    The place is a text fragment (https://wicg.github.io/scroll-to-text-fragment/).
    """
    if article.digest_of is not None:
        return web_address(article.digest_of.url)
    address = web_address(article.url)
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


def web_address(url: str | None) -> str | None:
    """The URL where it is one of the web, else None."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and parts.netloc else None


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
