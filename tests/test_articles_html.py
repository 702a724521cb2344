"""Web pages: the article in any design, every word of it and no other."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from email.message import EmailMessage
from html import escape

import pytest
from page_designs import DESIGNS, OTHERS, Story

from rag.articles.draft import Draft, Metadata, Source
from rag.articles.html import from_html, read_html
from rag.articles.mhtml import read_mhtml
from rag.errors import NoArticleError

PARAGRAPHS = (
    (
        "The old ferry left the island of Ostrel at noon on Tuesday with forty passengers and a goat on board, and it "
        "was back in the harbour two hours later, for the wind had turned and the captain would not risk the crossing."
    ),
    "Nobody was hurt, the company said.",
    (
        "“We have done this crossing for ninety years,” said Captain Amund Rey, who has steered the boat since 1998, "
        "“and in ninety years we have turned back eleven times. It costs us money. It has never cost us a life.”"
    ),
    (
        "The goat, which belongs to a farmer on the western shore, has not been seen since it jumped on to the quay. "
        "Its owner has offered a reward of 200 crowns, or two cheeses, to whoever brings it home before Sunday."
    ),
    "The next boat sails on Thursday, if the wind allows it; those who cannot wait may take the mail plane.",
)
STORY = Story(
    title="Ferry turns back as storm nears Ostrel",
    author="Ada Fenwick",
    site="Harbour Wire",
    url="https://harbourwire.example/2021/ferry-turns-back",
    published=date(2021, 5, 4),
    blocks=tuple(f"<p>{escape(each)}</p>" for each in PARAGRAPHS),
)


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def only(page: str, path: str = "a.html") -> Draft:
    [draft] = read_html(Source(page.encode(), path))
    return draft


@pytest.mark.parametrize("design", DESIGNS, ids=lambda design: str(design.__name__))
def test_a_page_in_any_design_gives_the_article_word_for_word(design: Callable[[Story], str]) -> None:
    draft = only(design(STORY))
    assert words(draft.text) == words(" ".join(PARAGRAPHS))
    for paragraph in PARAGRAPHS:
        assert paragraph in draft.text
    assert not any(title in draft.text for title in OTHERS)


@pytest.mark.parametrize("design", DESIGNS, ids=lambda design: str(design.__name__))
def test_a_page_says_what_it_is(design: Callable[[Story], str]) -> None:
    known = only(design(STORY)).metadata
    assert known.title == STORY.title
    assert known.author in {STORY.author, None}
    assert known.published in {STORY.published, None}
    assert known.url in {STORY.url, None}


def test_lists_quotations_and_tables_keep_their_sense() -> None:
    blocks = (
        *STORY.blocks[:3],
        "<ul><li>Boats to Ostrel: none until Thursday.</li><li>Boats to Norrby: as planned.</li></ul>",
        "<blockquote><p>It has never cost us a life, and it never will while I am on the bridge.</p></blockquote>",
        "<table><tr><th>Boat</th><th>Seats</th></tr><tr><td>Gull</td><td>40</td></tr></table>",
        *STORY.blocks[3:],
    )
    page = (
        f"<html><head><title>Boats</title></head><body><article><h1>Boats</h1>{''.join(blocks)}</article></body></html>"
    )
    text = only(page).text
    lines = text.split("\n")
    assert any(line.endswith("Boats to Ostrel: none until Thursday.") for line in lines)
    assert "It has never cost us a life, and it never will while I am on the bridge." in lines
    assert any({"Gull", "40"} <= set(words(line)) for line in lines)


def test_a_fragment_is_read_as_it_is() -> None:
    markup = "<p>The pier is closed.</p><p>It opens at <b>nine</b>.</p>"
    draft = from_html(markup, Metadata(title="Pier"), "a.xml", whole=True)
    assert draft is not None
    assert draft.metadata.title == "Pier"
    assert draft.text == "The pier is closed.\n\nIt opens at nine."


@pytest.mark.parametrize(
    "markup", ["", "<p> </p>", "<script>let x = 'words in a script';</script>", "<!-- nothing -->"]
)
def test_where_there_is_no_text_there_is_no_article(markup: str) -> None:
    assert from_html(markup, Metadata(), "a.html") is None


def test_a_page_saved_with_all_its_parts_is_that_page() -> None:
    saved = EmailMessage()
    saved["Subject"] = "Ferry turns back"
    saved["MIME-Version"] = "1.0"
    saved.set_content(DESIGNS[0](STORY), subtype="html", charset="utf-8", cte="quoted-printable")
    saved["Content-Location"] = STORY.url
    saved.make_related()
    saved.add_related(b"\x89PNG", maintype="image", subtype="png")
    [draft] = read_mhtml(Source(saved.as_bytes(), "a.mhtml"))
    assert words(draft.text) == words(" ".join(PARAGRAPHS))
    assert draft.metadata.url == STORY.url


def test_a_page_saved_with_all_its_parts_may_show_no_article() -> None:
    saved = "MIME-Version: 1.0\nContent-Type: text/html\n\n<nav><a href=/>Home</a></nav><script>1</script>"
    with pytest.raises(NoArticleError, match="shows no article"):
        list(read_mhtml(Source(saved.encode(), "a.mhtml")))


@pytest.mark.parametrize("made", ['name="date"', 'name="dc.date"', 'name="build-date"', 'http-equiv="last-modified"'])
@pytest.mark.parametrize(
    "shown",
    [
        '<time itemprop="datePublished" datetime="2021-05-04">May 4</time>',
        "<p>By Ada Fenwick</p><p>May 4, 2021</p>",
    ],
)
def test_a_date_that_the_page_shows_counts_before_that_of_its_making(made: str, shown: str) -> None:
    head = f'<title>Ferry</title><meta {made} content="2031-01-01">'
    page = (
        f"<html><head>{head}</head><body><article><h1>Ferry</h1>{shown}{''.join(STORY.blocks)}</article></body></html>"
    )
    assert only(page).metadata.published == date(2021, 5, 4)


@pytest.mark.parametrize(
    "beside",
    [
        "<header><div class=today><time datetime=2031-01-02>Thursday, January 2, 2031</time></div></header>",
        '<footer><p>This page was made on January 2, 2031.</p><a rel="author" href="/x">Web Desk</a></footer>',
        "<section><article><h3><a href=/x>Boats</a></h3><time datetime=2031-01-02></time>Bo Ek</article></section>",
    ],
)
def test_what_a_page_does_not_say_of_its_article_stays_unknown(beside: str) -> None:
    above, below = (beside, "") if beside.startswith("<header") else ("", beside)
    known = only(f"<title>Ferry</title>{above}<article><h1>Ferry</h1>{''.join(STORY.blocks)}</article>{below}").metadata
    assert known == Metadata(title="Ferry")
