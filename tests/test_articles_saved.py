"""Pages as sites give them: names that every system allows, encodings that are not lost, addresses that compare."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.articles import saved, sidecar
from rag.articles.draft import Metadata
from rag.articles.litter import is_litter
from rag.articles.saved import Head

URL = "https://www.example.org/news/the-ferry.html"


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("The ferry: is it “back”?", "The-ferry-is-it-back"),
        ("  a__b--c  ", "a-b-c"),
        ("Паром на месте — снова", "Паром-на-месте-снова"),
        ("渡し船が戻った", "渡し船が戻った"),
        ("v1.2 of it", "v1.2-of-it"),
        ("../../etc/passwd", "etc-passwd"),
        (".hidden", "hidden"),
        ("CON", "CON-"),
        ("lpt1.old", "lpt1.old-"),
        ("…", ""),
    ],
)
def test_a_slug_is_words_with_hyphens(text: str, slug: str) -> None:
    assert saved.slug(text) == slug


@given(st.text())
def test_a_slug_is_a_name_on_every_system(text: str) -> None:
    slug = saved.slug(text)
    assert len(slug.encode()) <= 121
    assert not re.search(r'[<>:"/\\|?*\s\x00-\x1f]', slug)
    assert not slug.startswith((".", "-"))
    assert not slug.endswith(".")
    assert saved.slug(slug).rstrip("-") == slug.rstrip("-")
    assert not slug or not is_litter(f"{slug}.html")


@pytest.mark.parametrize(
    ("url", "place"),
    [
        (URL, ("example.org", "news", "the-ferry")),
        ("https://example.org", ("example.org",)),
        ("https://example.org/a/index.php", ("example.org", "a")),
        ("https://example.org/a/?page=2", ("example.org", "a", "page-2")),
        ("https://example.org/a/../../b", ("example.org", "a", "b")),
        ("https://example.org/%2e%2e%2fb", ("example.org", "b")),
        ("not an address", ("not-an-address",)),
        ("http://[::1", ()),
    ],
)
def test_a_place_is_host_folders_and_page(url: str, place: tuple[str, ...]) -> None:
    assert saved.place(url) == place


POLISH = "zażółć gęślą jaźń"


@pytest.mark.parametrize(
    ("data", "charset", "text"),
    [
        (POLISH.encode("iso8859-2"), "ISO-8859-2", POLISH),
        (POLISH.encode("cp1250"), "windows-1250", POLISH),
        ("日本の船".encode("shift_jis"), "Shift_JIS", "日本の船"),
        ("日本の船".encode("iso2022_jp"), "iso-2022-jp", "日本の船"),
        (POLISH.encode("utf-16-le"), "utf-16le", POLISH),
        (b"\x93caf\xe9\x94", "iso-8859-1", "“café”"),
    ],
)
def test_what_a_site_says_of_its_encoding_is_kept_in_the_bytes(data: bytes, charset: str, text: str) -> None:
    assert saved.in_utf8(data, charset).decode("utf-8-sig") == text


@pytest.mark.parametrize(
    ("data", "charset"),
    [
        (POLISH.encode(), "utf-8"),
        (POLISH.encode(), "iso-8859-1"),  # as many servers say of all that they have
        (POLISH.encode(), None),
        (POLISH.encode("utf-8-sig"), "iso-8859-2"),
        (POLISH.encode("cp1250"), "utf-8"),
        (POLISH.encode("cp1250"), "no-such-thing"),
        (POLISH.encode("cp1250"), "us-ascii"),
        (b"\xff\xfe", "punycode"),
        (b"ff\xff", "hex"),
        (b"\xff", "idna"),
    ],
)
def test_else_the_bytes_stay_as_they_are(data: bytes, charset: str | None) -> None:
    assert saved.in_utf8(data, charset) == data


@pytest.mark.parametrize(
    ("page", "head"),
    [
        ("<title>The\n ferry &amp; I</title>", Head("The ferry & I", None)),
        ('<TITLE lang="en">X</TITLE><link rel="canonical" href="/a?b=1&amp;c=2#d">', Head("X", "https://www.example.org/a?b=1&c=2")),
        ("<link href=https://other.example/x rel='canonical'>", Head(None, "https://other.example/x")),
        ("<link rel=stylesheet href=/canonical.css><link rel=canonical href=//m.example.org/y>", Head(None, "https://m.example.org/y")),
        ("<link rel=canonical href='/'>", Head(None, None)),
        ("<link rel=canonical href='javascript:alert(1)'>", Head(None, None)),
        ("<link rel=canonical href='http://[::1'>", Head(None, None)),
        ("<link rel=canonical>", Head(None, None)),
        ("<title></title>" + "<link " * 30_000, Head(None, None)),
    ],
)  # fmt: skip
def test_the_head_of_a_page_says_its_title_and_address(page: str, head: Head) -> None:
    assert saved.head(page.encode(), URL) == head


@pytest.mark.parametrize(
    "other",
    [
        URL,
        "http://example.org/news/the-ferry.html",
        "https://EXAMPLE.org:443/news/the-ferry.html#top",
        "https://example.org/news/the-ferry.html/",
        "https://example.org/news/the%2Dferry.html?utm_source=x&fbclid=y",
    ],
)
def test_addresses_of_one_page_are_the_same(other: str) -> None:
    assert saved.same(other) == saved.same(URL)


@pytest.mark.parametrize(
    "other",
    [
        *("https://example.org/news/the-ferry.html?page=2", "https://example.org/news/", "https://example.com/news/the-ferry.html"),
        *("https://example.org:8000/news/the-ferry.html", "https://m.example.org/news/the-ferry.html", "", "http://[::1"),
    ],
)  # fmt: skip
def test_addresses_of_other_pages_are_not(other: str) -> None:
    assert saved.same(other) != saved.same(URL)


def test_tracking_goes_and_the_rest_of_an_address_stays_as_it_is() -> None:
    assert saved.without_tracking("https://a.b/c?id=%41&x=ü#f") == "https://a.b/c?id=%41&x=ü"
    assert saved.without_tracking("https://a.b/c?utm_source=x&id=7&gclid=z") == "https://a.b/c?id=7"


def test_a_sidecar_says_what_is_known_and_is_read_as_one() -> None:
    known = Metadata(
        title="No: 'it' — is #1", author="Ada Fenwick", published=date(2019, 5, 23), url=URL, language="en"
    )
    data = saved.beside(known, "https://example.org/short?x=1")
    assert sidecar.read(data, "a.html.meta.yaml").stated == known
    assert saved.addresses(data, "a") == {saved.same(URL), saved.same("https://example.org/short?x=1")}
    assert saved.addresses(b"\xff\xfe: [", "a") == set()
    assert saved.addresses(b"- a", "a") == set()


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_a_title_holds_its_sidecar_can_be_read(title: str, author: str) -> None:
    known = Metadata(title=f"x{title}", author=f"x{author}", url=URL)
    stated = sidecar.read(saved.beside(known, URL), "a").stated
    assert stated.title == " ".join(f"x{title}".split())
    assert stated.url == URL
