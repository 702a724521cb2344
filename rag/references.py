"""Citations in the forms that people paste and reference managers read: plain text, Markdown, BibTeX, RIS.

What is not known is left out, and no day of access is made up. Text comes out
as it stands in the article, but for what no line can hold: line breaks and
other control characters become spaces, half characters "�". A digest of ours is
cited as what it is, with its original named.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote as percent_encoded

from rag.answer import Answer, digest_line, reference, web_address
from rag.articles.metadata import host
from rag.types import ArticleInfo, Citation

_SPACES = re.compile(r"[ \x00-\x1f\x7f-\x9f\u2028\u2029]+")
_HALVES = re.compile("[\ud800-\udfff]")
_OF_ADDRESSES = "%:/?#[]@!$&'()*+,;=~"
"""What stands in an address beside letters, digits, "-", "." and "_" (RFC 3986)."""

_MARKUP = re.compile(r"[\\`*_\[\]<>#|~$^]|&(?=#?\w+;)")
_BEGINS_BLOCK = re.compile(r"^(?:\d{1,9}(?=[.)])|(?=[-+=:]))")
_ENTITY = re.compile(r"&(?=#?\w+;)")

_TEX = {
    "\\": r"\textbackslash{}",
    # BibTeX counts braces behind a backslash too, and one that has no partner would end the entry.
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{each: f"\\{each}" for each in "%&$#_"},
}
_TEX_SPECIAL = re.compile(r"[\\{}~^%&$#_]")
_LIGATURE = re.compile(r"(?<=([-`',<>]))(?=\1)|(?<=[?!])(?=`)")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_AND = re.compile(r"\s*,?\s+(?:and|&)\s+", re.IGNORECASE)
_COMMA_OR_AND = re.compile(rf"{_AND.pattern}|\s*,\s*", re.IGNORECASE)
_NAME = r"[^\W\d_](?:[^\W\d_]|[.'’-])*"
_NAMES = re.compile(rf"{_NAME}(?: {_NAME}){{1,5}}")
_LAST_FIRST = re.compile(rf"(?P<last>(?:[^\W\d_]+ )*{_NAME}), (?P<first>{_NAME}(?: {_NAME}){{0,3}})")
_PARTICLE = re.compile(
    r"af|al|av|bin|da|das|de|del|della|den|der|di|dos?|du|e|el|ibn|la|le|te[nr]|van|vo[mn]|y|zu[mr]?", re.IGNORECASE
)
_SUFFIX = re.compile(r"(?:jr|sr)\.?|i{2,3}|iv|md|phd", re.IGNORECASE)
_BODY = re.compile(
    r"\b(?:the|agenc(?:y|ies)|associat(?:ed|ion)|board|bureau|cent(?:er|re)|commission|committee|correspondents?"
    r"|council|department|desk|editor(?:s|ial)?|gazette|group|herald|institute|journal|magazine|ministry|network"
    r"|news(?:room)?|office|organi[sz]ation|press|project|radio|reporters?|review|service|society|staff|team"
    r"|television|times|tribune|union|university|wire|writers?)\b",
    re.IGNORECASE,
)
"""A word of a name that is no person's."""

_ARTICLES = frozenset(("a", "an", "the"))
_LATIN = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})


@dataclass(frozen=True, slots=True)
class Kept:
    """A citation that somebody keeps, with the question that it was found for and a note; either may be empty."""

    citation: Citation
    question: str = ""
    note: str = ""


def plain(citation: Citation) -> str:
    """The citation in one line, to be pasted anywhere.

    The quote, author, title, source, day, page and address, and the further
    articles that carry the passage.
    """
    parts = list(_parts(citation))
    addresses = [address for _, address in parts if address]
    known = filter(None, map(_line, (*(text for text, _ in parts), *addresses)))
    also = "; ".join(_line(f"{reference(other)} ({other.path})") for other in citation.also)
    return f"“{_line(citation.quote)}” {', '.join(known)}" + (f"; also in {also}" if also else "")


def markdown(citation: Citation) -> str:
    """The quote as a block quote, line by line, and below it the reference, linked.

    CommonMark (https://spec.commonmark.org/0.31.2/), in which all of the
    article's text is text: nothing in it is taken for markup, also not for
    GitHub's tables, strikethrough and formulas.
    """
    linked = filter(None, (_linked(_escaped(text), address) for text, address in _parts(citation)))
    blocks = [_block_quote(citation.quote), ", ".join(linked)]
    if citation.also:
        others = (_linked(_escaped(f"“{other.title}”"), web_address(other.url)) for other in citation.also)
        named = (
            f"{title} ({_escaped(', '.join(filter(None, (_who(other), other.path))))})"
            for title, other in zip(others, citation.also, strict=True)
        )
        blocks.append(f"Also in {'; '.join(named)}")
    return "\n\n".join(blocks) + "\n"


def report(answer: Answer) -> str:
    """A whole answer as a Markdown document, from which it can be checked later.

    The question, the answer or that there is none, what to know before trusting
    it, and each citation with its whole passage, its file, the hash of the file
    and the offsets into the article's text. The same answer gives the same text.
    """
    blocks = [f"# {_escaped(answer.question)}"]
    blocks.append(_block_quote(answer.text) if answer.found else f"**{_escaped(answer.text)}**")
    if answer.caution:
        blocks.append(_escaped(answer.caution))
    if answer.citations:
        blocks.append("## Citations" if answer.found else "## The nearest passages, which do not answer")
    for citation in answer.citations:
        passage, quote = f"{citation.start}–{citation.end}", f"{citation.quote_start}–{citation.quote_end}"
        blocks += [
            f"### {citation.rank}\\. {_escaped(citation.article.title)}",
            markdown(citation).rstrip("\n"),
            f"The passage, characters {passage} of the article's text; the quote is {quote}:",
            _block_quote(citation.text),
            f"File: {_escaped(citation.article.path)}, SHA-256 {citation.article.sha256}",
        ]
        if citation.link:
            blocks.append(f"Link: <{_address(citation.link)}>")
    return "\n\n".join(blocks) + "\n"


def collection(kept: Sequence[Kept]) -> str:
    """Citations that were kept, as a Markdown document: under each question its citations, each with its note."""
    blocks = ["# Citations"]
    for question in dict.fromkeys(each.question for each in kept):
        blocks += [f"## {_escaped(question)}"] if question else []
        for each in kept:
            if each.question == question:
                blocks.append(markdown(each.citation).rstrip("\n"))
                blocks += [f"Note: {_escaped(each.note)}"] if each.note else []
    return "\n\n".join(blocks) + "\n"


def bibtex(citations: Iterable[Citation | Kept]) -> str:
    r"""The cited articles as BibTeX, an entry each, with their quotes, and notes on them, in ``annote``.

    ``@article`` where a source is known, ``@online`` where only an address is
    (also where the source is nothing but the address's host), else ``@misc``;
    that too for a digest, with the original in ``note``. Keys are ASCII, such as
    "lindqvist2019why", and each is there once. A name that may not be a person's
    is kept whole, between braces. The text is UTF-8; what TeX would read as
    markup is escaped, but not in ``url``, which is taken as it stands.

    The format: https://mirrors.ctan.org/biblio/bibtex/base/btxdoc.pdf; ``date``
    and ``@online`` are biblatex's: https://ctan.org/pkg/biblatex.
    """
    taken: Counter[str] = Counter()
    entries = []
    for article, cited in _by_article(citations):
        key = _key(article)
        taken[key] += 1
        name = key if taken[key] == 1 else f"{key}-{taken[key]}"
        kind, fields = _entry(article, cited)
        lines = "".join(f"  {field} = {value},\n" for field, value in fields)
        entries.append(f"@{kind}{{{name},\n{lines}}}\n")
    return "\n".join(entries)


def ris(citations: Iterable[Citation | Kept]) -> str:
    """The cited articles as RIS, a record each, with their quotes, and notes on them, as notes; lines end with CR LF.

    NEWS where a source is known, ELEC where only an address is, else GEN; that
    too for a digest, with the original in a note. Authors are given as they are
    known, since which of their names is the last one is not.

    The format: https://en.wikipedia.org/wiki/RIS_(file_format), after the
    specification that was at http://www.refman.com/support/risformat_intro.asp.
    """
    records = []
    for article, cited in _by_article(citations):
        lines = "".join(f"{tag}  - {value}\r\n" for tag, value in _record(article, cited))
        records.append(f"{lines}ER  - \r\n")
    return "".join(records)


def _parts(citation: Citation) -> Iterator[tuple[str, str | None]]:
    """The parts of a reference, each with the address that it leads to."""
    article, original = citation.article, citation.article.digest_of
    yield article.author or "", None
    yield f"“{article.title}”", article.url if original else citation.link or article.url
    yield article.source or "", None
    yield article.published.isoformat() if article.published else "", None
    if original:
        yield digest_line(original), citation.link or original.url
    if citation.page:
        yield f"page {citation.page}", None


def _who(article: ArticleInfo) -> str:
    """What is known of an article beside title and place, in one line."""
    day = article.published.isoformat() if article.published else None
    original = digest_line(article.digest_of) if article.digest_of else None
    return ", ".join(filter(None, (article.author, article.source, day, original)))


def _by_article(citations: Iterable[Citation | Kept]) -> list[tuple[ArticleInfo, list[Kept]]]:
    """The articles in the order in which they are first cited, each with its citations."""
    groups: dict[ArticleInfo, list[Kept]] = {}
    for each in citations:
        kept = each if isinstance(each, Kept) else Kept(each)
        groups.setdefault(kept.citation.article, []).append(kept)
    return list(groups.items())


def _line(text: str) -> str:
    """Text that stands in one line and can be written in UTF-8."""
    return _HALVES.sub("\N{REPLACEMENT CHARACTER}", _SPACES.sub(" ", text)).strip()


def _address(url: str) -> str:
    """A URL in ASCII, without what would end it where it stands."""
    return percent_encoded(url.strip(), safe=_OF_ADDRESSES, errors="replace")


def _newspaper(article: ArticleInfo) -> str | None:
    """Where the article was published; None where no more than the host of its address is known."""
    if article.source is None or article.source.casefold() == (host(article.url) or "").casefold():
        return None
    return _line(article.source) or None


def _original(article: ArticleInfo) -> str | None:
    """The original of a digest, in one line with its address."""
    if article.digest_of is None:
        return None
    told = digest_line(article.digest_of)
    url = article.digest_of.url
    return _line(f"{told[0].upper()}{told[1:]}" + (f", {_address(url)}" if url else ""))


def _annotations(cited: Sequence[Kept]) -> Iterator[str]:
    """Each quote, and after it what was noted on it."""
    for each in cited:
        page = f" (page {each.citation.page})" if each.citation.page and len(cited) > 1 else ""
        yield f"“{_line(each.citation.quote)}”{page}"
        if note := _line(each.note):
            yield f"Note: {note}"


def _pages(cited: Sequence[Kept]) -> list[int]:
    return sorted({each.citation.page for each in cited if each.citation.page})


# --- Markdown ---


def _escaped(text: str) -> str:
    """Text in one line of Markdown."""
    line = _MARKUP.sub(r"\\\g<0>", _line(text))
    return _BEGINS_BLOCK.sub(r"\g<0>\\", line)


def _linked(text: str, address: str | None) -> str:
    """Escaped text as a link; where the address is none of the web, it is told instead."""
    if not text or not address:
        return text
    if web_address(address) is None:
        return f"{text} ({_escaped(address)})"
    return f"[{text}](<{_ENTITY.sub('&amp;', _address(address))}>)"


def _block_quote(text: str) -> str:
    lines = "\n".join(map(_line, text.splitlines())).strip("\n")
    quoted = re.sub(r"\n{3,}", "\n\n", lines).split("\n")
    return "\n".join(f"> {_escaped(line)}".rstrip() for line in quoted)


# --- BibTeX ---


def _entry(article: ArticleInfo, cited: Sequence[Kept]) -> tuple[str, list[tuple[str, str]]]:
    """The type and the fields of an entry, as they are written."""
    newspaper = _newspaper(article)
    if article.digest_of is not None:
        kind, where = "misc", "howpublished"
    elif newspaper:
        kind, where = "article", "journal"
    elif article.url:
        kind, where = "online", "organization"
    else:
        kind, where = "misc", "howpublished"
    day, original, pages = article.published, _original(article), _pages(cited)
    fields = [
        ("author", " and ".join(_bibtex_author(each) for each in _authors(article))),
        # Braces within keep the capitals.
        ("title", f"{{{_tex(article.title)}}}"),
        (where, _tex(article.source or "")),
        ("date", day.isoformat() if day else ""),
        ("year", f"{day.year:04}" if day else ""),
        ("pages", ", ".join(map(str, pages))),
        ("url", _address(article.url or "")),
        ("note", _tex(original or "")),
        ("annote", _tex(" ".join(_annotations(cited)))),
    ]
    written = [(field, f"{{{value}}}") for field, value in fields if value]
    if day:
        after_year = [field for field, _ in written].index("year") + 1
        written.insert(after_year, ("month", _MONTHS[day.month - 1]))
    return kind, written


def _tex(text: str) -> str:
    """Text in one line as TeX prints it, dashes and quotation marks as they stand."""
    escaped = _TEX_SPECIAL.sub(lambda found: _TEX[found[0]], _line(text))
    return _LIGATURE.sub("{}", escaped)


def _bibtex_author(name: str) -> str:
    return name if _is_person(name) or _is_last_first(name) else f"{{{_tex(name)}}}"


def _key(article: ArticleInfo) -> str:
    """Last name or source, year and first word of the title, in letters and digits of ASCII."""
    authors = _authors(article)
    names = (_last_name(authors[0]) if authors else "", article.source or "", host(article.url) or "")
    name = next(filter(None, map(_folded, names)), "")
    year = f"{article.published.year:04}" if article.published else ""
    words = [word for word in map(_folded, _line(article.title).split()) if word]
    word = next((word for word in words if word not in _ARTICLES), "".join(words[:1]))
    return f"{name}{year}{word}" or "article"


def _folded(text: str) -> str:
    """The letters and digits of ASCII that are nearest to those of the text."""
    apart = unicodedata.normalize("NFKD", text).casefold().translate(_LATIN)
    return "".join(each for each in apart if each.isascii() and each.isalnum())


# --- Authors ---


def _authors(article: ArticleInfo) -> list[str]:
    """The names that an author line surely has; the whole of it where that is not sure."""
    return [
        name for part in re.split(r"\s*;\s*", _line(article.author or "")) if part for name in _people(part) or [part]
    ]


def _people(text: str) -> list[str]:
    """The persons of "A and B", "A, B & C" or "Last, First and Last, First"; none where that may not be what it is."""
    divisions: tuple[tuple[re.Pattern[str], Callable[[str], bool]], ...]
    divisions = ((_COMMA_OR_AND, _is_person), (_AND, _is_last_first))
    for between, is_one in divisions:
        names = between.split(text)
        if all(map(is_one, names)):
            return names
    return []


def _is_person(name: str) -> bool:
    *words, last = name.split(" ")
    capital = not last[:1].islower() and not any(word[:1].islower() and not _PARTICLE.fullmatch(word) for word in words)
    return _NAMES.fullmatch(name) is not None and capital and not _BODY.search(name)


def _is_last_first(name: str) -> bool:
    """Whether the name is given as "van Beethoven, Ludwig"; "Ida Kvist, Reuters" is not."""
    found = _LAST_FIRST.fullmatch(name)
    if found is None or _SUFFIX.fullmatch(found["first"]) or _BODY.search(name):
        return False
    *particles, last = found["last"].split(" ")
    return all(map(_PARTICLE.fullmatch, particles)) and last[0].isupper() and found["first"][0].isupper()


def _last_name(name: str) -> str:
    if _is_last_first(name):
        return name.partition(",")[0]
    if _is_person(name):
        return name.rpartition(" ")[2]
    return re.sub(r"^the ", "", name, flags=re.IGNORECASE)


# --- RIS ---


def _record(article: ArticleInfo, cited: Sequence[Kept]) -> list[tuple[str, str]]:
    """The tags of a record with their values."""
    kind = "GEN"
    if article.digest_of is None and (_newspaper(article) or article.url):
        kind = "NEWS" if _newspaper(article) else "ELEC"
    day, pages = article.published, _pages(cited)
    tags = [
        ("TY", kind),
        *(("AU", _unstarred(name)) for name in _authors(article)),
        ("TI", _line(article.title)),
        ("T2", _unstarred(_line(article.source or ""))),
        ("PY", f"{day.year:04}" if day else ""),
        ("DA", f"{day.year:04}/{day.month:02}/{day.day:02}" if day else ""),
        ("SP", str(pages[0]) if pages else ""),
        ("UR", _address(article.url or "")),
        ("N1", _original(article) or ""),
        *(("N1", annotation) for annotation in _annotations(cited)),
    ]
    return [(tag, value) for tag, value in tags if value]


def _unstarred(name: str) -> str:
    """A name without asterisks, which RIS does not allow in names."""
    return name.replace("*", "").strip()
