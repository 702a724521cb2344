"""Files become articles: what is promised for every file, whatever it holds."""

import contextlib
import hashlib
import inspect
import re
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.articles import formats, read
from rag.articles.draft import Source
from rag.articles.formats import ARCHIVES, LARGEST, READERS, _function
from rag.errors import ArticleError, ArticleTooLargeError, EmptyArticleError, MisnamedFileError, UnsupportedFormatError
from rag.types import Article

ROOT = Path(__file__).parents[1]
BODY = "The ferry left the island at noon and was back before the storm broke over the harbour."


def article(text: str, path: str = "news/ferry.txt") -> Article:
    (found,) = read(text.encode(), path)
    assert isinstance(found, Article)
    return found


@pytest.mark.parametrize("known", [READERS, ARCHIVES])
def test_every_format_has_a_function_that_reads_it(known: Mapping[str, str]) -> None:
    assert set(known) <= set(formats())
    for name in known.values():
        reader = _function(name)
        assert inspect.isfunction(reader), name
        assert [each.annotation for each in inspect.signature(reader).parameters.values()] == ["Source"]


def test_no_format_hides_another() -> None:
    for end in formats():
        assert [other for other in formats() if other.endswith(end)] == [end]


@pytest.mark.parametrize("path", ["a.md", "a.MARKDOWN", "sub/a.txt", "a b.Text"])
def test_a_file_is_read_by_the_end_of_its_name_whatever_its_case(path: str) -> None:
    assert article(BODY, path).text == BODY
    assert article(BODY, path).path == path


@pytest.mark.parametrize("path", ["a.jpg", "a.doc", "README", "a.txt.gz", ".txt"])
def test_what_no_reader_knows_is_refused_with_what_to_do(path: str) -> None:
    with pytest.raises(
        UnsupportedFormatError, match=r"not supported; .*(?:save it|recognised|put what is in it)"
    ) as caught:
        tuple(read(BODY.encode(), path))
    assert caught.value.path == path


@pytest.mark.parametrize(
    ("path", "cure"),
    [
        ("a.doc", "save it as DOCX, ODT or PDF"),
        ("clips.tar.zst", "put what is in it into the folder instead"),
        ("a.XLSX", "save it as CSV, one article a row"),
        ("a.unheard", "save it as text, Markdown, HTML, PDF, DOCX, ODT, RTF, EPUB"),
    ],
)
def test_a_kind_of_file_that_is_not_read_has_its_own_cure(path: str, cure: str) -> None:
    with pytest.raises(UnsupportedFormatError, match=cure) as caught:
        tuple(read(BODY.encode(), path))
    assert len(caught.value.reason) < 160


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (
            b"<!DOCTYPE html>\n<p>The ferry came back.</p>",
            "it is a web page under another name; give its name the end .html",
        ),
        (b"\xef\xbb\xbf\n <HTML><p>The ferry came back.</p>", "it is a web page"),
        (b"{\\rtf1 The ferry came back.}", "it is an RTF document"),
        (b"%PDF-1.4\nThe ferry came back.", "it is a PDF"),
        (b"PK\x03\x04 The ferry came back.", "it is a ZIP archive or an office document"),
    ],
)
@pytest.mark.parametrize("path", ["a.txt", "a.md"])
def test_a_file_of_another_kind_that_is_called_text_is_told(data: bytes, told: str, path: str) -> None:
    with pytest.raises(MisnamedFileError, match=told):
        tuple(read(data, path))


def test_an_article_is_named_by_its_bytes() -> None:
    digest = hashlib.sha256(BODY.encode()).hexdigest()
    found = article(BODY)
    assert (found.sha256, found.id) == (digest, digest[:16])
    assert article(BODY, "moved.md").id == found.id
    assert article(BODY + "!").id != found.id


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t\n \u00a0 \n",
        "---\ntitle: The ferry\n---\n",
        "***\n\n![a ferry](ferry.jpg)\n\n<!-- nothing yet -->",
        "By Ada Fenwick\n\nMay 3, 2018\n\nAdvertisement\n\nOriginal url:\n\n<https://example.org/a>",
        "— … —",
    ],
)
def test_a_file_without_an_article_is_refused(text: str) -> None:
    with pytest.raises(EmptyArticleError):
        article(text)


def test_a_title_with_nothing_below_it_is_the_article() -> None:
    found = article("# The ferry is back\n\n")
    assert (found.title, found.text) == ("The ferry is back", "The ferry is back")


def test_a_file_that_is_too_large_is_refused() -> None:
    with pytest.raises(ArticleTooLargeError, match="100 MB") as caught:
        tuple(read(bytes(LARGEST + 1), "big.txt"))
    assert caught.value.size == LARGEST + 1


def test_what_is_not_known_is_none() -> None:
    found = article(BODY, "ferry.txt")
    assert (found.source, found.author, found.published, found.url, found.digest_of) == (None, None, None, None, None)


def test_code_in_an_article_is_text() -> None:
    hostile = "He typed <script>alert('x')</script> and ${1+1} and {{7*7}} into the box, and nothing happened."
    for path in ("a.txt", "a.md"):
        assert article(hostile, path).text == hostile


PLAIN = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"], exclude_characters="*_`[]<>\\&#=~-—–:|\ufeff"),
    min_size=1,
)


@given(PLAIN.filter(lambda text: any(map(str.isalnum, text))))
def test_a_sentence_without_markup_is_not_changed(text: str) -> None:
    sentence = f"{BODY} {text}."
    assert article(sentence).text == sentence
    assert article(sentence, "a.md").text == sentence


@given(st.lists(st.text("abcdefgh ,'“”()0123456789é", min_size=30, max_size=400), min_size=1, max_size=6))
def test_paragraphs_keep_their_order_and_their_characters(texts: list[str]) -> None:
    paragraphs = [f"It was said: {text.strip()}." for text in texts]
    assert article("\n\n\n\n".join(paragraphs)).text == "\n\n".join(paragraphs)
    assert article("\r\n".join(paragraphs)).text == "\n".join(paragraphs)


WORDS = st.lists(st.text("abcdefghij", min_size=1, max_size=8), min_size=1, max_size=6).map(" ".join)
MARKED = st.one_of(
    WORDS,
    *(
        WORDS.map(wrapped.format)
        for wrapped in ("*{}*", "**{}**", "_{}_", "`{}`", "[{}](https://example.org/x_y)", "[**{}**](#)", "***{}***")
    ),
)


@given(st.lists(MARKED, min_size=1, max_size=12))
def test_every_word_outlives_its_markup(pieces: list[str]) -> None:
    text = article(f"{BODY} {' '.join(pieces)}").text
    words = " ".join(pieces)
    for mark in ("(https://example.org/x_y)", "(#)", "*", "_", "`", "[", "]"):
        words = words.replace(mark, "")
    assert text == f"{BODY} {words}"


@settings(max_examples=300)
@given(st.binary(max_size=300), st.sampled_from(["a.txt", "a.md", "2019-02-31.markdown", "a.pdf"]))
def test_any_bytes_give_articles_or_an_article_error(data: bytes, path: str) -> None:
    with contextlib.suppress(ArticleError):
        for found in read(data, path):
            assert isinstance(found, Article)
            assert any(map(str.isalnum, found.text))
            assert found.title


SNIPPETS = st.sampled_from(
    [
        "---", "title: x", "published: 2019-05-23", "By Ada Fenwick", "May 3, 2018", "# Head", "Source: https://a.b",
        "Original url", "<http://[>", "Related Articles", "[x](#)", "[1]: /x", "```", "Dear readers,", "A note from X:",
        "Remind me later", "Advertisement", "", "", BODY, "> quote", "* * *", "<!--", "-->", "**", "  • item", "A line",
    ]
)  # fmt: skip


@settings(max_examples=300)
@given(st.lists(SNIPPETS, max_size=25), st.sampled_from(["a.txt", "a.md"]))
def test_any_mixture_of_what_dumps_hold_keeps_the_article(lines: list[str], path: str) -> None:
    try:
        found = article("\n".join(lines), path)
    except ArticleError:
        return
    hidden = "<!--" in lines  # whatever stands in a comment may go
    assert hidden or lines[:1] == ["---"] or found.text.count(BODY) == lines.count(BODY)
    assert found.text == found.text.strip("\n")
    assert "\n\n\n" not in found.text


@pytest.mark.parametrize(
    "text",
    [
        "word " * 1_000_000,
        "[" * 100_000,
        "![" * 50_000,
        "[a](" * 30_000,
        "*a " * 100_000,
        "**a_" * 50_000,
        "`" * 100_000 + " a`" * 50_000,
        "<" * 500_000,
        "<!--" * 200_000,
        "\\" * 500_000,
        "> " * 500_000 + "x",
        "# " + " #" * 300_000 + " x",
        "- " * 500_000 + "x",
        " " * 2_000_000 + "x",
        "\n" * 300_000 + "x",
        "Related Articles\n" * 50_000 + "The end.",
        "Dear readers,\n" * 100_000,
        "---\n" + "a: [" * 20_000 + "\n---\nx",
        "---\na: x\n" * 100_000,
        "By " * 300_000,
        "1999-01-01 " * 100_000,
    ],
    ids=lambda text: repr(text[:12]),
)
def test_hostile_text_takes_time_in_proportion_to_its_length(text: str) -> None:
    started = time.perf_counter()
    with contextlib.suppress(ArticleError):
        article(text)
    assert time.perf_counter() - started < 10  # a second or so; hours, where the time grows with the square


def test_a_date_in_the_file_name_is_the_last_resort() -> None:
    assert article(BODY, "2017/2018-06-01-ferry.txt").published == date(2018, 6, 1)
    assert article(f"May 3, 2018\n\n{BODY}", "2018-06-01-ferry.txt").published == date(2018, 5, 3)
    assert article(BODY, "2018-13-01-ferry.txt").published is None


def test_the_reader_that_contributing_shows_reads_its_notes() -> None:
    [code] = re.findall(r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.DOTALL)
    room: dict[str, Any] = {}
    exec(code, room)  # noqa: S102  it is our own
    notes = b"The goat\n\nThe goat went home.\n---\nThe tide\n\nIt rose.\n\nSubscribe now"
    drafts = list(room["read_notes"](Source(notes, "a.notes")))
    assert [(each.metadata.title, each.text, each.member) for each in drafts] == [
        ("The goat", "The goat went home.", "#1"),
        ("The tide", "It rose.", "#2"),
    ]
