"""What is written is read back by the parsers that others use, whatever the articles say."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from itertools import accumulate

import pytest
import rispy
from bibtexparser.entrypoint import parse_string
from bibtexparser.middlewares import LatexDecodingMiddleware
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db

from rag.answer import Answer, Asked, answer, cite
from rag.references import Kept, bibtex, collection, markdown, plain, report, ris
from rag.types import Article, Citation, Digest, Passage, Sentence

TEXT = "The tide came in. Nobody had closed the gates, not even the keeper. The harbour was under water by noon."
ARTICLE = Article(
    id="1f05e07e02480aa7",
    title="Why the barrier stayed open",
    source="The Lowland Review",
    author="Petra Lindqvist",
    published=date(2019, 11, 4),
    url="https://lowland.example/ambel?day=4&part=2",
    path="river.pdf",
    sha256="1f05e07e02480aa7" * 4,
    digest_of=None,
    text=TEXT,
    pages=(0, 18),
)
BARE = replace(ARTICLE, source=None, author=None, published=None, url=None, pages=())
DIGEST = replace(
    BARE,
    author="Clippings",
    digest_of=Digest("Gates left open", "Payments Observer", "Ida Kvist", "https://observer.example/14-hours"),
)
QUOTE = "Nobody had closed the gates, not even the keeper."


def citation(article: Article = ARTICLE, quote: str = QUOTE, rank: int = 1) -> Citation:
    """A citation of a quote, which stands in the article between two other sentences."""
    text = f"The tide came in. {quote} The harbour was under water by noon."
    place = Sentence(18, 18 + len(quote))
    return cite(rank, 0.8, replace(article, text=text), Passage(0, len(text), 0, 3), place, strength=0.8)


def answered(*citations: Citation) -> Answer:
    return answer(Asked("Who closed the gates?"), citations)


# --- What articles may hold ---

FRAGMENTS = st.sampled_from(
    (
        *"{}%&$#_~^\\\"'`*[]()<>|!+-=.:;@/ \n\r\t\0\x1b\x85\u2028\u202e\u200f\ud83d\udc00",
        *("\n\n", "\r\n", "--", "---", "```", "``", "''", "?`", "![", "](", "](x)", "<b>", "<!--", "&amp;", "&#35;"),
        *("@article{", "},\n", "\\}", "\\", "% ", "$x$", "\nER  - \r\n", "\nTY  - NEWS", "1. ", "\n2) ", "\n# "),
        *("\n> ", "\n    ", "\n- ", "\n===\n", "|--|\n", "www.a.example", "https://a.example/_b_", " and ", "שלום"),
    )
)
HOSTILE = st.lists(FRAGMENTS | st.characters(exclude_categories=()), max_size=12).map("".join)
SOUND_WORDS = st.text(
    st.sampled_from("{}%&$#_~^\\\"'`*[]()<>|!+-=.:;@/1a")
    | st.characters(exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp")),
    min_size=1,
    max_size=8,
)
SOUND = st.lists(st.tuples(SOUND_WORDS, st.sampled_from((" ", "\n", "\n\n"))), min_size=1).map(
    lambda parts: "".join(part for pair in parts for part in pair).strip()
)


def in_a_line(text: str) -> str:
    """What is left of a text where it must stand in a line: control characters are spaces."""
    told = "".join(" " if ord(each) < 33 or 127 <= ord(each) < 160 or each in "\u2028\u2029" else each for each in text)
    return re.sub(" +", " ", "".join("�" if "\ud800" <= each <= "\udfff" else each for each in told)).strip()


def in_lines(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(map(in_a_line, text.splitlines())).strip("\n"))


# --- Parsers ---


def latex() -> LatexNodes2Text:
    macros = [
        MacroTextSpec("textbraceleft", "{"),
        MacroTextSpec("textbraceright", "}"),
        MacroTextSpec("textasciicircum", "^"),
    ]
    context = get_default_latex_context_db()
    context.add_context_category("ours", macros=macros, prepend=True)
    return LatexNodes2Text(latex_context=context)


def read_bibtex(text: str) -> list[dict[str, str]]:
    """The fields of each entry as TeX prints them, but for the address, which is not printed."""
    library = parse_string(text)
    decoded = parse_string(text, append_middleware=[LatexDecodingMiddleware(decoder=latex())])
    assert not library.failed_blocks
    assert not library.comments
    assert len(library.entries) == len(library.blocks)
    return [
        {"key": entry.key, "type": entry.entry_type}
        | {field.key: field.value for field in as_printed.fields}
        | {field.key: field.value for field in entry.fields if field.key in {"url", "author"}}
        for entry, as_printed in zip(library.entries, decoded.entries, strict=True)
    ]


def inline(tokens: Sequence[Token]) -> str:
    """The text of a block, in which there is nothing but text."""
    assert {token.type for token in tokens} <= {"text", "softbreak"}
    return "".join(token.content if token.type == "text" else "\n" for token in tokens)


def read_quotes(text: str, flavour: str) -> list[str]:
    """Each block quote of a Markdown document, with a blank line between its paragraphs."""
    found: list[list[str]] = []
    within = False
    for token in MarkdownIt(flavour).parse(text):
        if token.type in {"blockquote_open", "blockquote_close"}:
            within = not within
            found += [[]] if within else []
        elif within and token.type == "inline":
            found[-1].append(inline(token.children or []))
        else:
            assert not within or token.type in {"paragraph_open", "paragraph_close"}
    return ["\n\n".join(paragraphs) for paragraphs in found]


def links(text: str) -> list[str]:
    tokens = [child for token in MarkdownIt().parse(text) for child in token.children or ()]
    return [str(token.attrs["href"]) for token in tokens if token.type == "link_open"]


class TestPlain:
    def test_it_is_one_line_with_all_that_is_known(self) -> None:
        assert plain(citation()) == (
            f"“{QUOTE}” Petra Lindqvist, “Why the barrier stayed open”, The Lowland Review, 2019-11-04, page 2, "
            "https://lowland.example/ambel?day=4&part=2"
            "#:~:text=Nobody%20had%20closed%20the%20gates%2C%20not%20even%20the%20keeper."
        )

    def test_what_is_not_known_is_left_out(self) -> None:
        assert plain(citation(BARE)) == f"“{QUOTE}” “Why the barrier stayed open”"

    def test_a_digest_names_its_original_and_leads_to_it(self) -> None:
        assert plain(citation(DIGEST)) == (
            f"“{QUOTE}” Clippings, “Why the barrier stayed open”, digest of “Gates left open” by Ida Kvist in Payments "
            "Observer, https://observer.example/14-hours"
        )

    def test_further_articles_are_named(self) -> None:
        cited = replace(citation(BARE), also=(replace(ARTICLE, path="copy.html").info, BARE.info))
        assert plain(cited).endswith(
            "; also in Why the barrier stayed open, Petra Lindqvist, The Lowland Review, 2019-11-04, "
            "https://lowland.example/ambel?day=4&part=2 (copy.html); Why the barrier stayed open (river.pdf)"
        )

    @given(HOSTILE, HOSTILE, HOSTILE)
    def test_nothing_breaks_the_line(self, quote: str, title: str, author: str) -> None:
        cited = citation(replace(BARE, title=title, author=author), quote or "x")
        line = plain(replace(cited, also=(cited.article,)))
        assert line == in_a_line(line)
        assert line.startswith(f"“{in_a_line(quote or 'x')}”")
        assert line.encode()


@pytest.mark.parametrize("flavour", ["commonmark", "js-default"])
class TestMarkdown:
    @given(SOUND)
    def test_the_quote_is_read_back_as_it_is(self, flavour: str, quote: str) -> None:
        assert read_quotes(markdown(citation(quote=quote)), flavour) == [quote]

    @given(HOSTILE, HOSTILE, HOSTILE)
    def test_nothing_in_an_article_is_taken_for_markup(self, flavour: str, quote: str, title: str, author: str) -> None:
        cited = citation(replace(ARTICLE, title=title, author=author), quote or "x")
        text = markdown(replace(cited, also=(cited.article,)))
        assert read_quotes(text, flavour) == [in_lines(quote or "x")]
        assert [token.type for token in MarkdownIt(flavour).parse(text)][-6:] == [
            *("paragraph_open", "inline", "paragraph_close") * 2
        ]
        kinds = {child.type for token in MarkdownIt(flavour).parse(text) for child in token.children or ()}
        assert kinds <= {"text", "softbreak", "link_open", "link_close"}

    def test_each_line_of_the_quote_has_its_mark(self, flavour: str) -> None:
        text = markdown(citation(BARE, "One.\n# Two.\n\n3. *Four*"))
        assert text.startswith("> One.\n> \\# Two.\n>\n> 3\\. \\*Four\\*\n\n")
        assert read_quotes(text, flavour) == ["One.\n# Two.\n\n3. *Four*"]


class TestMarkdownReference:
    def test_the_title_leads_to_the_quote(self) -> None:
        text = markdown(citation())
        assert links(text) == [citation().link]
        assert text.partition("\n\n")[2].startswith("Petra Lindqvist, [“Why the barrier stayed open”](<https://low")
        assert text.endswith(">), The Lowland Review, 2019-11-04, page 2\n")

    def test_of_a_digest_only_what_names_the_original_leads_there(self) -> None:
        assert markdown(citation(DIGEST)).endswith(
            "Clippings, “Why the barrier stayed open”, [digest of “Gates left open” by Ida Kvist in Payments Observer]"
            "(<https://observer.example/14-hours>)\n"
        )

    def test_an_address_that_is_none_of_the_web_is_told_and_not_linked(self) -> None:
        text = markdown(citation(replace(BARE, url="javascript:alert(1)")))
        assert links(text) == []
        assert text.endswith("“Why the barrier stayed open” (javascript:alert(1))\n")

    def test_further_articles_are_named_and_linked(self) -> None:
        cited = replace(citation(BARE), also=(replace(ARTICLE, path="copy_2.html").info,))
        assert markdown(cited).endswith(
            "Also in [“Why the barrier stayed open”](<https://lowland.example/ambel?day=4&part=2>) "
            "(Petra Lindqvist, The Lowland Review, 2019-11-04, copy\\_2.html)\n"
        )

    @pytest.mark.parametrize("tail", ["a&copy;b", "a)b", "a(b", "a\\b", "a<b>", "a b", "a*b*_c_", "ä"])
    def test_an_address_is_read_back(self, tail: str) -> None:
        url = f"https://lowland.example/{tail}"
        encoded = url.replace("\\", "%5C").replace(" ", "%20").replace("<", "%3C").replace(">", "%3E")
        [link] = links(markdown(replace(citation(BARE), link=url)))
        assert link == encoded.replace("ä", "%C3%A4")


class TestBibtex:
    def test_an_article_of_a_newspaper(self) -> None:
        assert bibtex([citation()]) == (
            "@article{lindqvist2019why,\n"
            "  author = {Petra Lindqvist},\n"
            "  title = {{Why the barrier stayed open}},\n"
            "  journal = {The Lowland Review},\n"
            "  date = {2019-11-04},\n"
            "  year = {2019},\n"
            "  month = nov,\n"
            "  pages = {2},\n"
            "  url = {https://lowland.example/ambel?day=4&part=2},\n"
            f"  annote = {{“{QUOTE}”}},\n"
            "}\n"
        )

    def test_what_has_only_an_address_is_online(self) -> None:
        address = "https://www.lowland.example/ambel"
        [only_an_address] = read_bibtex(bibtex([citation(replace(BARE, url=address))]))
        [only_its_host] = read_bibtex(bibtex([citation(replace(BARE, url=address, source="lowland.example"))]))
        assert (only_an_address["type"], only_an_address["url"]) == ("online", address)
        assert (only_its_host["type"], only_its_host["organization"]) == ("online", "lowland.example")
        assert "journal" not in only_its_host

    def test_what_is_not_known_is_left_out(self) -> None:
        [entry] = read_bibtex(bibtex([citation(BARE)]))
        assert entry == {
            "type": "misc",
            "key": "why",
            "title": "Why the barrier stayed open",
            "annote": f"“{QUOTE}”",
        }

    def test_a_digest_is_cited_as_ours_and_its_original_in_a_note(self) -> None:
        [entry] = read_bibtex(bibtex([citation(replace(DIGEST, source="Clippings"))]))
        assert (entry["type"], entry["howpublished"], entry["author"]) == ("misc", "Clippings", "{Clippings}")
        assert entry["title"] == "Why the barrier stayed open"
        assert "url" not in entry
        assert entry["note"] == (
            "Digest of “Gates left open” by Ida Kvist in Payments Observer, https://observer.example/14-hours"
        )

    def test_an_article_cited_twice_has_one_entry_with_both_quotes(self) -> None:
        second = replace(citation(rank=2), quote="The tide came in.", page=1)
        [entry] = read_bibtex(bibtex([citation(), second]))
        assert entry["annote"] == f"“{QUOTE}” (page 2) “The tide came in.” (page 1)"
        assert entry["pages"] == "1, 2"

    def test_keys_of_different_articles_differ(self) -> None:
        cited = [citation(replace(ARTICLE, path=path)) for path in ("a", "b", "c")]
        assert [entry["key"] for entry in read_bibtex(bibtex(cited))] == [
            "lindqvist2019why",
            "lindqvist2019why-2",
            "lindqvist2019why-3",
        ]

    @pytest.mark.parametrize(
        ("author", "title", "key"),
        [
            ("Jürgen Ørsted", "The Flood", "orsted2019flood"),
            ("van Straße, Éva", "«Łódź»", "vanstrasse2019lodz"),
            ("Petra 𝐋indqvist", "𝐀mbel", "lindqvist2019ambel"),
            ("The Associated Press", "1,000 ships", "associatedpress20191000"),
            (None, "The", "thelowlandreview2019the"),
            ("王小明", "洪水", "thelowlandreview2019"),
        ],
    )
    def test_a_key_is_ascii(self, author: str | None, title: str, key: str) -> None:
        [entry] = read_bibtex(bibtex([citation(replace(ARTICLE, author=author, title=title))]))
        assert entry["key"] == key

    def test_where_nothing_makes_a_key_there_is_one_all_the_same(self) -> None:
        assert read_bibtex(bibtex([citation(replace(BARE, title="洪水"))]))[0]["key"] == "article"

    @pytest.mark.parametrize(
        ("author", "written"),
        [
            ("Petra Lindqvist and Ida Kvist", "Petra Lindqvist and Ida Kvist"),
            ("Petra Lindqvist, Ida Kvist & Jonas Ek", "Petra Lindqvist and Ida Kvist and Jonas Ek"),
            ("Petra Lindqvist, Ida Kvist, and Jonas Ek", "Petra Lindqvist and Ida Kvist and Jonas Ek"),
            ("Petra Lindqvist; Press Agency of Ambel", "Petra Lindqvist and {Press Agency of Ambel}"),
            ("Lindqvist, Petra", "Lindqvist, Petra"),
            ("de la Torre, P. and Kvist, Ida", "de la Torre, P. and Kvist, Ida"),
            ("Ludwig van Ek", "Ludwig van Ek"),
            ("Petra Lindqvist, Jr.", "{Petra Lindqvist, Jr.}"),
            ("Petra Lindqvist, Ambel", "{Petra Lindqvist, Ambel}"),
            ("Ministry of Locks and Gates", "{Ministry of Locks and Gates}"),
            ("Lock and Gate News", "{Lock and Gate News}"),
            ("Petra and Ida Kvist", "{Petra and Ida Kvist}"),
            ("Petra Lindqvist for Ambel News", "{Petra Lindqvist for Ambel News}"),
            ("P% {L} \\ K", r"{P\% \textbraceleft{}L\textbraceright{} \textbackslash{} K}"),
        ],
    )
    def test_only_what_are_surely_several_persons_is_taken_for_them(self, author: str, written: str) -> None:
        assert read_bibtex(bibtex([citation(replace(ARTICLE, author=author))]))[0]["author"] == written

    @given(st.lists(st.tuples(HOSTILE, HOSTILE, HOSTILE, HOSTILE), max_size=3))
    def test_every_text_is_read_back(self, texts: list[tuple[str, str, str, str]]) -> None:
        cited = [
            citation(replace(BARE, path=str(place), title=title, author=author, source=source), quote or "x")
            for place, (title, author, source, quote) in enumerate(texts)
        ]
        entries = read_bibtex(bibtex(cited))
        assert len(entries) == len({entry["key"] for entry in entries}) == len(texts)
        for entry, (title, _, source, quote) in zip(entries, texts, strict=True):
            assert re.fullmatch("[a-z0-9-]+", entry["key"])
            assert entry.get("title", "") == in_a_line(title)
            assert entry.get("journal", "") == in_a_line(source)
            assert entry["annote"] == f"“{in_a_line(quote or 'x')}”"

    @given(HOSTILE, HOSTILE, HOSTILE)
    def test_braces_are_in_pairs_for_parsers_that_know_no_backslash(self, title: str, author: str, url: str) -> None:
        text = bibtex([citation(replace(ARTICLE, title=title, author=author, url=url))])
        steps = [(each == "{") - (each == "}") for each in text[text.index("{") :]]
        depths = list(accumulate(steps))
        assert min(depths[:-2]) > 0
        assert depths[-1] == 0
        assert text.endswith("\n}\n")


class TestRis:
    def test_a_record(self) -> None:
        assert ris([citation(replace(ARTICLE, author="Petra Lindqvist and Ida Kvist"))]).split("\r\n") == [
            "TY  - NEWS",
            "AU  - Petra Lindqvist",
            "AU  - Ida Kvist",
            "TI  - Why the barrier stayed open",
            "T2  - The Lowland Review",
            "PY  - 2019",
            "DA  - 2019/11/04",
            "SP  - 2",
            "UR  - https://lowland.example/ambel?day=4&part=2",
            f"N1  - “{QUOTE}”",
            "ER  - ",
            "",
        ]

    def test_a_digest_is_no_news_and_names_its_original_in_a_note(self) -> None:
        [record] = rispy.loads(ris([citation(replace(DIGEST, source="Clippings"))]))
        assert (record["type_of_reference"], record["secondary_title"]) == ("GEN", "Clippings")
        assert record["notes"][0].startswith("Digest of “Gates left open” by Ida Kvist in Payments Observer, https://")
        assert "urls" not in record

    def test_the_type_says_what_is_known(self) -> None:
        address = replace(BARE, url="https://lowland.example/ambel")
        cited = [citation(address), citation(BARE), citation(replace(BARE, source="The Lowland Review"))]
        assert [record["type_of_reference"] for record in rispy.loads(ris(cited))] == ["ELEC", "GEN", "NEWS"]

    @given(st.lists(st.tuples(HOSTILE, HOSTILE, HOSTILE, HOSTILE), max_size=3))
    def test_every_text_is_read_back(self, texts: list[tuple[str, str, str, str]]) -> None:
        cited = [
            citation(replace(BARE, path=str(place), title=title, source=source, url=url), quote or "x")
            for place, (title, source, url, quote) in enumerate(texts)
        ]
        text = ris(cited)
        *lines, nothing = text.split("\r\n")
        assert nothing == ""
        assert all(re.fullmatch("[A-Z][A-Z0-9]  - .*", line) and line[6:] == in_a_line(line[6:]) for line in lines)
        records = rispy.loads(text)
        assert len(records) == len(texts)
        for record, (title, source, _, quote) in zip(records, texts, strict=True):
            assert record.get("title", "") == in_a_line(title)
            assert record.get("secondary_title", "") == in_a_line(in_a_line(source).replace("*", ""))
            assert record["notes"] == [f"“{in_a_line(quote or 'x')}”"]
            assert all(each.isascii() for each in record.get("urls", ()))


class TestReport:
    def test_it_has_what_is_needed_to_check_the_answer(self) -> None:
        text = report(replace(answered(citation(), citation(DIGEST, rank=2)), evidence="strong"))
        assert text.startswith(
            f"# Who closed the gates?\n\n> {QUOTE}\n\n## Citations\n\n### 1\\. Why the barrier stayed"
        )
        assert "The passage, characters 0–104 of the article's text; the quote is 18–67:" in text
        assert f"File: river.pdf, SHA-256 {ARTICLE.sha256}\n\nLink: <https://lowland.example/ambel?day=4&part" in text
        assert text.endswith("Link: <https://observer.example/14-hours>\n")
        assert read_quotes(text, "commonmark") == [QUOTE, *(QUOTE, TEXT) * 2]
        assert links(text)[:2] == [citation().link] * 2

    def test_where_nothing_was_found_it_says_so(self) -> None:
        text = report(answered(replace(citation(), strength=0.1)))
        assert "**Not found in these articles.**\n\n" in text
        assert "## The nearest passages, which do not answer\n\n### 1" in text
        nothing = report(answer(Asked("Who closed the gates?"), ()))
        assert nothing == (
            "# Who closed the gates?\n\n**Not found in these articles.**\n\nNo article passes the filters.\n"
        )

    def test_it_says_what_to_know_before_trusting_the_answer(self) -> None:
        doubtful = replace(answered(citation()), evidence="weak", missing=("sluice_2",))
        assert f"> {QUOTE}\n\nThe evidence is weak: read the passage before you rely on it. None of" in report(doubtful)
        assert "“sluice\\_2”" in report(doubtful)

    @given(HOSTILE, HOSTILE, HOSTILE)
    def test_nothing_in_an_article_changes_what_it_is_made_of(self, question: str, title: str, quote: str) -> None:
        def made_of(text: str) -> list[str]:
            return [token.type for token in MarkdownIt().parse(text) if token.type not in PARAGRAPH]

        tame, hostile = citation(), citation(replace(ARTICLE, title=title), quote or "x")
        expected = made_of(report(replace(answered(tame), question="Who?", text=tame.quote)))
        told = replace(answered(tame), question=question, text=hostile.quote, citations=(hostile,))
        assert made_of(report(told)) == expected
        assert report(told) == report(told)


class TestKept:
    def test_a_collection_has_each_question_once_with_its_citations_and_notes(self) -> None:
        kept = [
            Kept(citation(), "Who closed the gates?", "Ask her."),
            Kept(citation(DIGEST), "Why?"),
            Kept(citation(BARE), "Who closed the gates?"),
        ]
        text = collection(kept)
        assert [line for line in text.splitlines() if line.startswith("#")] == [
            "# Citations",
            "## Who closed the gates?",
            "## Why?",
        ]
        assert text.index("\n\nNote: Ask her.\n\n> ") < text.index("## Why?")
        assert read_quotes(text, "commonmark") == [QUOTE] * 3

    @given(HOSTILE.filter(in_a_line))
    def test_a_note_is_read_back_from_each_form(self, note: str) -> None:
        kept = [Kept(citation(), "Who?", note)]
        told = f"Note: {in_a_line(note)}"
        assert read_bibtex(bibtex(kept))[0]["annote"] == f"“{QUOTE}” {told}"
        assert rispy.loads(ris(kept))[0]["notes"] == [f"“{QUOTE}”", told]
        *_, last = (token for token in MarkdownIt().parse(collection(kept)) if token.type == "inline")
        assert inline(last.children or ()) == told

    @given(HOSTILE, HOSTILE)
    def test_nothing_in_it_changes_what_a_collection_is_made_of(self, question: str, quote: str) -> None:
        def made_of(question: str, quote: str) -> list[str]:
            kept = [Kept(citation(quote=quote), question, "A note.")]
            return [token.type for token in MarkdownIt().parse(collection(kept)) if token.type not in PARAGRAPH]

        assert made_of(question or "x", quote or "x") == made_of("Who?", QUOTE)


PARAGRAPH = {"paragraph_open", "inline", "paragraph_close"}


@pytest.mark.parametrize("write", [bibtex, ris])
def test_no_citation_is_no_text(write: Callable[[Sequence[Citation]], str]) -> None:
    assert write([]) == ""
