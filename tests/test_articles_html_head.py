"""What a page says of its article is taken as it says it; what it does not say stays unknown."""

from __future__ import annotations

import json
from datetime import date

import pytest

from rag.articles import html_head, markup
from rag.articles.draft import Metadata
from rag.articles.html_head import Head

URL = "https://www.harbour.example/2020/05/lamp"


def read(head: str, base: str | None = None, attributes: str = "") -> Head:
    tree = markup.parse(f"<!doctype html><html {attributes}><head>{head}</head><body><p>The lamp.</body>", "a.html")
    assert tree is not None
    return html_head.read(tree, base)


def linked(**values: object) -> str:
    said = {"@context": "https://schema.org", "@type": "NewsArticle", **values}
    return f"<script type='application/ld+json'>{json.dumps(said)}</script>"


def test_a_page_that_says_nothing_is_known_by_nothing() -> None:
    assert read("") == Head(Metadata(), "")


def test_json_ld_says_all() -> None:
    head = linked(
        headline="The lamp is lit again",
        author=[{"@type": "Person", "name": "Ann Lee"}, {"@type": "Person", "name": "Bo Ek"}],
        publisher={"@type": "Organization", "name": "The Harbour"},
        datePublished="2020-05-04T23:59:00+02:00",
        dateModified="2021-01-01",
        mainEntityOfPage={"@type": "WebPage", "@id": URL},
        inLanguage="en-gb",
        articleBody="The lamp was lit.",
    )
    stated = Metadata("The lamp is lit again", "The Harbour", "Ann Lee, Bo Ek", date(2020, 5, 4), URL, None, "en-GB")
    assert read(head) == Head(stated, "The lamp was lit.")


@pytest.mark.parametrize(
    "script",
    [
        '{"@graph": [{"@type": "WebPage"}, %s]}',
        "[%s]",
        '{"@type": "WebPage", "mainEntity": %s}',
        "<!-- %s -->",
        "//<![CDATA[\n%s\n//]]>",
        "%s;",
        '[{"@type": "BreadcrumbList", "headline": "no"}, {"@type": ["Thing"]}, %s]',
    ],
)
def test_an_article_is_found_wherever_in_json_ld_it_is(script: str) -> None:
    article = '{"@type": ["NewsArticle"], "headline": "The\nlamp", "datePublished": "2020-05-04", "author": "Ann Lee"}'
    stated = read(f"<script type='application/ld+json'>{script % article}</script>").stated
    assert (stated.title, stated.author, stated.published) == ("The lamp", "Ann Lee", date(2020, 5, 4))


def test_references_within_json_ld_are_followed() -> None:
    head = linked(
        **{
            "@type": "",
            "@graph": [
                {"@type": "Article", "headline": "The lamp", "author": {"@id": "#ann"}, "publisher": {"@id": "#org"}},
                {"@type": "Person", "@id": "#ann", "name": "Ann Lee"},
                {"@type": "Organization", "@id": "#org", "name": "The Harbour"},
            ],
        }
    )
    stated = read(head).stated
    assert (stated.author, stated.source) == ("Ann Lee", "The Harbour")


OWN = {"@type": "NewsArticle", "headline": "The lamp is lit", "author": "Ann Lee", "datePublished": "2020-05-04"}
OTHER = {
    "@type": "NewsArticle",
    "headline": "Ferry captain retires",
    "author": "Bo Ek",
    "datePublished": "2017-01-01",
    "url": "https://www.harbour.example/2017/ferry",
}


@pytest.mark.parametrize(
    ("said", "author"),
    [
        ([OTHER, OWN], "Ann Lee"),
        ({"@graph": [OTHER, {**OWN, "url": URL, "headline": "Light!"}]}, "Ann Lee"),
        ({"@graph": [OTHER, {**OWN, "mainEntityOfPage": URL.replace("www.", ""), "headline": "Light!"}]}, "Ann Lee"),
        ([{"@type": "ItemList", "itemListElement": [{"item": OTHER}]}, OWN], "Ann Lee"),
        ([{**OTHER, "url": None}], "Bo Ek"),
        (OTHER, None),
    ],
)
def test_json_ld_of_another_article_says_nothing_of_this_one(said: object, author: str | None) -> None:
    head = f'<link rel="canonical" href="{URL}"><meta property="og:title" content="The lamp is lit">'
    stated = read(f"{head}<script type='application/ld+json'>{json.dumps(said)}</script>").stated
    assert (stated.author, stated.url) == (author, URL)


@pytest.mark.parametrize(
    "script",
    [
        "{",
        "not json",
        "[" * 100_000,
        '{"@type": "Article", "author": 5, "headline": null, "datePublished": {}, "publisher": []}',
        '{"@type": "Article", "author": [null, {}, {"name": 3}], "mainEntityOfPage": 7, "inLanguage": []}',
        '{"@type": 5, "@id": {}, "@graph": "x"}',
        "null",
        '{"@type": "Product", "name": "A lamp", "datePublished": "2020-05-04"}',
    ],
)
def test_json_ld_that_makes_no_sense_says_nothing(script: str) -> None:
    assert read(f"<script type='application/ld+json'>{script}</script>") == Head(Metadata(), "")


@pytest.mark.parametrize(
    ("meta", "published"),
    [
        ('property="article:published_time" content="2020-05-04T10:00:00Z"', date(2020, 5, 4)),
        ('name="date" content="4 May 2020"', date(2020, 5, 4)),
        ('name="dcterms.date" content="2020-05-04"', date(2020, 5, 4)),
        ('name="DC:date" content="2020/05/04"', date(2020, 5, 4)),
        ('name="parsely-pub-date" content="20200504"', date(2020, 5, 4)),
        ('name="pubdate" content="Mon, 04 May 2020 10:00:00 GMT"', date(2020, 5, 4)),
        ('itemprop="datePublished" content="04.05.2020"', date(2020, 5, 4)),
        ('name="date" content="05/04/2020"', None),
        ('name="date" content="2020-13-45"', None),
        ('name="date" content="1970-01-01T00:00:00Z"', None),
        ('name="date" content="0001-01-01T00:00:00"', None),
        ('name="date" content="May"', None),
        ('property="article:modified_time" content="2020-05-04T10:00:00Z"', None),
        ('name="last-modified" content="2020-05-04"', None),
        ('name="copyright" content="2020"', None),
    ],
)
def test_only_a_date_of_publication_is_one(meta: str, published: date | None) -> None:
    head = read(f"<meta {meta}>")
    assert (head.stated.published or head.dated) == published


@pytest.mark.parametrize(
    ("content", "author"),
    [
        ("Ann Lee", "Ann Lee"),
        ("By Ann Lee", "Ann Lee"),
        ("by: Ann Lee ", "Ann Lee"),
        ("Henry Ek for The Wire", "Henry Ek for The Wire"),
        ("Ann Lee and Bo Ek", "Ann Lee and Bo Ek"),
        ("Redacci&amp;oacute;n Norte", "Redacción Norte"),
        ("Staff", None),
        ("The Harbour", None),
        ("Harbour Staff", None),
        ("admin", None),
        ("Staff, http://www.harbour.example", None),
        ("https://social.example/ann", None),
        ("ann@harbour.example", None),
        ("www.harbour.example", None),
        ("x" * 200, None),
        (" ", None),
    ],
)
def test_an_author_is_a_name(content: str, author: str | None) -> None:
    head = f'<meta property="og:site_name" content="The Harbour"><meta name="author" content="{content}">'
    assert read(head).stated.author == author


def test_several_authors_are_each_named_once() -> None:
    head = "".join(f'<meta name="citation_author" content="{name}">' for name in ("Ann Lee", "Bo Ek", "ANN LEE"))
    assert read(head).stated.author == "Ann Lee, Bo Ek"


@pytest.mark.parametrize(
    ("head", "base", "url"),
    [
        (f'<link rel="canonical" href="{URL}#top">', None, URL),
        ('<link rel="Canonical nofollow" href="/2020/05/lamp">', "https://www.harbour.example/amp?id=3", URL),
        (f'<meta property="og:url" content="{URL}">', "https://amp.example/x", URL),
        ("", URL, URL),
        ('<link rel="canonical" href="/relative">', None, None),
        ('<link rel="canonical" href="https://www.harbour.example/">', None, None),
        ('<link rel="canonical" href="https://www.harbour.example/">', URL, URL),
        ('<link rel="canonical" href="javascript:x()">', None, None),
        ('<link rel="canonical" href="https://[bad">', None, None),
        ('<link rel="canonical" href="https://a b.example/c">', None, None),
        ("", "file:///home/somebody/lamp.html", None),
    ],
)
def test_an_address_is_that_of_the_page_itself(head: str, base: str | None, url: str | None) -> None:
    assert read(head, base).stated.url == url


@pytest.mark.parametrize(
    ("head", "source"),
    [
        ('<meta property="og:site_name" content=" The  Harbour ">', "The Harbour"),
        ('<meta property="og:site_name" content="www.harbour.example">', "harbour.example"),
        ('<meta property="og:site_name" content="https://www.harbour.example/">', "harbour.example"),
        ('<meta name="publisher" content="@harbour">', None),
        ('<meta property="og:site_name" content="Harbour"><meta name="publisher" content="Big Media AG">', "Harbour"),
        (linked(headline="x", publisher={"name": "Harbour"}), "Harbour"),
    ],
)
def test_a_source_is_the_site_s_name(head: str, source: str | None) -> None:
    assert read(head).stated.source == source


@pytest.mark.parametrize(
    ("attributes", "head", "language"),
    [
        ("lang=en", "", "en"),
        ("lang=pt_br", "", "pt-BR"),
        ("lang=zh-hant-tw", "", "zh-Hant-TW"),
        ("xml:lang=ru", "", "ru"),
        ("lang=''", '<meta http-equiv="content-language" content="de-DE">', "de-DE"),
        ("", '<meta property="og:locale" content="fr_FR">', "fr-FR"),
        ("lang=english", "", None),
        ("lang=en,fr", "", None),
    ],
)
def test_a_language_is_a_tag(attributes: str, head: str, language: str | None) -> None:
    assert read(head, attributes=attributes).stated.language == language


@pytest.mark.parametrize(
    ("said", "headings", "site", "title"),
    [
        ("The lamp is lit", [], None, "The lamp is lit"),
        ("The lamp is lit | Harbour", [], "Harbour", "The lamp is lit"),
        ("The lamp is lit - Harbour", ["The lamp is lit"], None, "The lamp is lit"),
        ("Harbour: The lamp is lit", ["The lamp is lit"], "Harbour", "The lamp is lit"),
        ("Lamp lit", ["The lamp at Kessel is lit again"], None, "The lamp at Kessel is lit again"),
        ("News from the lamp tower", ["News"], None, "News from the lamp tower"),
        ("Lamp is lit at Kessel", ["The lamp at Kessel is lit again"], None, "The lamp at Kessel is lit again"),
        ("The lamp - and what it means", [], "Harbour", "The lamp - and what it means"),
        ("The lamp is lit", ["Harbour"], "Harbour", "The lamp is lit"),
        ("The lamp is lit", ["News", "Sport"], None, "The lamp is lit"),
        (None, ["The lamp is lit"], None, "The lamp is lit"),
        (None, ["News", "The lamp is lit"], None, None),
        (None, [], None, None),
    ],
)
def test_a_title_is_the_heading_that_says_the_same(
    said: str | None, headings: list[str], site: str | None, title: str | None
) -> None:
    assert html_head.title(said, headings, site) == title


@pytest.mark.parametrize(
    "comment",
    [
        f"<!-- saved from url=(0042){URL} -->",
        f"<!--\n Page saved with SingleFile \n url: {URL} \n saved date: Fri May 08 2020\n-->",
    ],
)
def test_a_program_that_saves_a_page_tells_where_it_was(comment: str) -> None:
    assert html_head.saved_from(f"<!doctype html>\n{comment}<html><p>x") == URL
    assert html_head.saved_from(f"<html>{' ' * 10_000}{comment}") is None
