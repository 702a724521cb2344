"""What a reader of a page sees is what is read of it: each word once, in order, with the sense that markup gives it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml.html import HtmlElement, fromstring

from rag.articles import markup
from rag.articles.draft import Line
from rag.errors import UndecodableError


def lines(page: str) -> list[Line]:
    tree = markup.parse(page, "a.html")
    if tree is None:
        return []
    markup.drop_unseen(tree)
    return markup.lines(markup.blocks(tree))


def text(page: str) -> str:
    return "\n".join(line.text for line in lines(page))


@pytest.mark.parametrize(
    ("page", "read"),
    [
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<div>one<div>two</div>three</div>", "one\n\ntwo\n\nthree"),
        ("<p>a <b>bold</b>, <i>slanted</i> and <a href=x>linked</a> word", "a bold, slanted and linked word"),
        ("<p>half<b>way</b> th<span>ro</span>ugh", "halfway through"),
        ("<p>  spaces \n and\tlines  </p>", "spaces and lines"),
        ("<p>line<br>by line<br/>here", "line\nby line\nhere"),
        ("old pages<br><br>part <br> <br>paragraphs so", "old pages\n\npart\n\nparagraphs so"),
        ("<h1>One<br>title</h1>", "One title"),
        ("<p>He said <q>no</q>.", "He said “no”."),
        ("<pre>first\n second</pre>", "first\nsecond"),
        ("<blockquote><p>one</p><p>two</p></blockquote>after", "one\n\ntwo\n\nafter"),
        ("<p>10<sup>2</sup> m and 5<sup>th</sup>, H<sub>2</sub>O", "10² m and 5th, H2O"),
        ("<p>noted.<sup><a href='#n1'>1</a></sup> And so on.", "noted.[1] And so on."),
        ("<p>noted.<a href='#n1'><sup>[12]</sup></a>", "noted.[12]"),
        ("<p>a note <a href='#r1' role=doc-backlink>↩</a></p>", "a note"),
        ("<p>see <a href='#part2'>the second part</a>.", "see the second part."),
        ("<p><ruby>漢字<rp>(</rp><rt>かんじ</rt><rp>)</rp></ruby>", "漢字"),
        (
            "<p>in&shy;for&shy;ma&#8203;tion, &amp;, &lt;b&gt;, caf&eacute;&nbsp;&mdash; 5",
            "information, &, <b>, café — 5",
        ),
        ("<details><summary>How</summary><p>By hand.</p></details>", "How\n\nBy hand."),
        ("<figure><img alt='not shown'><figcaption>The roof.</figcaption></figure>", "The roof."),
        ("<figure><figcaption>The roof. <span class=credit>Ann Lee</span></figcaption></figure>", "The roof."),
        ("<p>It cost <small>only</small> 5.</p>", "It cost only 5."),
        ("<p>שלום <bdi>עולם</bdi></p>", "שלום עולם"),
        ("text <custom-part>in its own</custom-part> element", "text in its own element"),
        ("<custom-part><p>one</p><p>two</p></custom-part>", "one\n\ntwo"),
    ],
)
def test_words_are_read_as_they_are_seen(page: str, read: str) -> None:
    assert text(page) == read


@pytest.mark.parametrize(
    ("page", "read"),
    [
        ("<ul><li>one<li>two</ul>after", "- one\n- two\n\nafter"),
        ("<ol><li>one<li>two</ol>", "1. one\n2. two"),
        ("<ol start=4><li>four<li value=9>nine<li>ten</ol>", "4. four\n9. nine\n10. ten"),
        ("<ul><li>one<ul><li>deep</ul><li>two</ul>", "- one\n- deep\n- two"),
        ("<ul><li><p>one</p><p>more of it</p><li>two</ul>", "- one\nmore of it\n- two"),
        ("<ul><li>• one<li>2) two</ul>", "• one\n2) two"),
        ("<ul><li><h3>Head</h3><p>text</p></ul>", "Head\n\ntext"),
        ("<ul><li><li>two</ul><p>three", "- two\n\nthree"),
        ("<ul><li></ul><p>no item", "no item"),
        ("<dl><dt>Term<dd>Meaning<dt>Other<dd>Else</dl>", "Term\nMeaning\nOther\nElse"),
    ],
)
def test_items_of_a_list_stand_on_lines_with_their_marks(page: str, read: str) -> None:
    assert text(page) == read


@pytest.mark.parametrize(
    ("page", "read"),
    [
        ("<table><tr><th>Year<th>Ships<tr><td>1921<td>12</table>", "Year | Ships\n1921 | 12"),
        ("<table><caption>Ships</caption><tr><td>1921<td>12</table>", "Ships\n\n1921 | 12"),
        ("<table><tr><td>a<td><td>c<tr><td>d<td></table>", "a | | c\nd"),
        ("<table><tr><td>one <b>two</b><br>three<td>4</table>", "one two three | 4"),
        ("<table role=presentation><tr><td>left<td>right</table>", "left\n\nright"),
        ("<table><tr><td>only<tr><td>column</table>", "only\n\ncolumn"),
        ("<table><tr><td>menu<td><table><tr><td>a<td>b</table></table>", "menu\n\na | b"),
        (f"<table><tr><td>menu<td>{'word ' * 100}</table>", f"menu\n\n{'word ' * 99}word"),
        ("<table><tr><td>menu<td><p>a<p>b<p>c</table>", "menu\n\na\n\nb\n\nc"),
    ],
)
def test_rows_of_data_stand_on_lines_and_layout_is_taken_apart(page: str, read: str) -> None:
    assert text(page) == read


@pytest.mark.parametrize(
    "unseen",
    [
        "<script>words('no')</script>",
        "<style>p { color: red }</style>",
        "<template><p>no</p></template>",
        "<svg><text>no</text></svg>",
        "<noscript>turn it on</noscript>",
        "<button>press</button>",
        "<select><option>one<option>two</select>",
        "<textarea>write here</textarea>",
        "<iframe>not supported</iframe>",
        "<!-- no -->",
        "<?php no ?>",
        "<span hidden>no</span>",
        "<span style='display: none'>no</span>",
        "<span class='visually-hidden'>no</span>",
    ],
)
def test_what_is_not_seen_is_not_read_and_what_follows_it_is(unseen: str) -> None:
    assert text(f"<p>seen {unseen}too</p>") == "seen too"


def test_what_shows_where_scripts_do_not_run_is_read_where_it_is_much() -> None:
    article = "The lamp was lit again. " * 30
    assert text(f"<noscript><p>{article}</p></noscript><p>End.") == f"{article.strip()}\n\nEnd."


def test_what_stands_in_a_shadow_tree_is_read() -> None:
    assert text("<x-y><template shadowrootmode=open><p>seen</p></template></x-y>") == "seen"


def test_lines_know_their_links_and_headings() -> None:
    head, _, mixed, _, link = lines("<h2>Head</h2><p>see <a href=x>this</a>.<p><a href=x>All of it</a>")
    assert (head.heading, mixed.heading) == (2, 0)
    assert (mixed.text, mixed.unlinked) == ("see this.", "see .")
    assert link.is_link
    assert not mixed.is_link


def test_rows_and_items_of_links_are_links() -> None:
    found = lines("<ul><li><a href=x>one</a></ul><table><tr><td><a href=x>a</a><td><a href=y>b</a></table>")
    assert [line.is_link for line in found if not line.blank] == [True, True]


@pytest.mark.parametrize(
    "page",
    [
        "<html><body><p>first</p></body></html><p>last</p>",
        "<title>Lamp</title><main>first</main>and so on<p>last</p>",
        "<!doctype html><meta charset=utf-8><title>Lamp</title><header>first</header><article><p>last</p></article>",
        "<html><head><title>Lamp</title><section>first</section><script>1</script><p>last</p></html>",
        "<html><body><p>first</p></body><p>last</p></html>",
        "<p>first</p></div></td></span><p>last</p>",
        "<p>first<b><i>mis</b>nested</i></p><p>last</p>",
        "<p>first</p><p>last",
        "<p>first</p><a href='x'><p>last</p>",
        "<!doctype html><html xmlns='http://www.w3.org/1999/xhtml'><title/><p>first</p><a id='x'/><p>last</p></html>",
        "<?xml version='1.0' encoding='utf-8'?><html><head><script src='x'/></head><p>first</p><p>last</p></html>",
    ],
)
def test_no_word_is_lost_in_bad_markup(page: str) -> None:
    read = [line.text for line in lines(page) if not line.blank]
    assert read[0].startswith("first")
    assert read[-1] == "last"
    assert not any(line.is_link for line in lines(page)) or "href" in page


@pytest.mark.parametrize("tag", ["div", "b", "span", "blockquote", "font"])
def test_no_word_is_lost_however_deep_it_stands(tag: str) -> None:
    page = f"<p>first</p>{f'<{tag}>' * 5_000}<p>deep</p>{f'</{tag}>' * 5_000}<p>last</p>"
    assert text(page) == "first\n\ndeep\n\nlast"


def test_a_picture_within_the_page_takes_no_memory() -> None:
    tree = markup.parse(f"<p>a<img src='data:image/png;base64,{'QUJD' * 100_000}'>b", "a.html")
    assert tree is not None
    [image] = tree.iter("img")
    assert len(image.get("src", "")) < 20
    assert text("<p>data:text/plain is a scheme") == "data:text/plain is a scheme"


@pytest.mark.parametrize("nothing", ["", "  \n", "<!-- -->", "<html></html>", "<p> &nbsp; </p>", "\0\0"])
def test_where_there_is_nothing_nothing_is_read(nothing: str) -> None:
    assert lines(nothing) == []


WORDS = st.text(st.sampled_from("aë字ש. "), min_size=1).map(lambda words: f"x{words}x")
PLAIN = WORDS.map(lambda words: " ".join(words.split()))
WRAPS = st.sampled_from(["p", "div", "b", "li", "ul", "td", "table", "h2", "blockquote", "section", "span", "a", "em"])
PAGES = st.recursive(
    PLAIN, lambda inner: st.tuples(WRAPS, st.lists(inner, min_size=1, max_size=4)).map(lambda pair: _wrapped(*pair))
)


def _wrapped(tag: str, inner: list[str]) -> str:
    return f"<{tag}>{' '.join(inner)}</{tag}>"


@given(PAGES)
def test_every_word_is_read_once_and_in_order(page: str) -> None:
    tree = fromstring(f"<div>{page}</div>")
    assert isinstance(tree, HtmlElement)
    read = [word for line in lines(page) for word in line.text.replace("|", " ").split() if word != "-"]
    assert "".join(read) == "".join(tree.text_content().split())


@given(PAGES)
def test_lines_are_tidy_and_blank_ones_stand_alone(page: str) -> None:
    found = lines(page)
    assert all(line.text == line.text.strip() and "\n" not in line.text for line in found)
    assert not any(one.blank and other.blank for one, other in pairwise(found))
    assert not found or not (found[0].blank or found[-1].blank)


@pytest.mark.parametrize(
    ("encoding", "stated", "words"),
    [
        ("utf-8", "utf-8", "naïve café – “quoted”"),
        ("utf-8", "iso-8859-1", "naïve café – “quoted”"),
        ("utf-8", "", "naïve café – “quoted”"),
        ("cp1252", "iso-8859-1", "naïve café – “quoted”"),
        ("cp1252", "", "naïve café – “quoted”"),
        ("cp1251", "windows-1251", "Маяк снова горит"),
        ("koi8-r", "koi8-r", "Маяк снова горит"),
        ("shift_jis", "Shift_JIS", "灯台がまた灯った"),
        ("gb18030", "gb2312", "灯塔又亮了"),
        ("iso2022_jp", "iso-2022-jp", "灯台がまた灯った"),
        ("utf-16", "utf-16", "naïve café – “quoted”"),
        ("utf-16-le", "utf-16", "naïve café – “quoted”"),
        ("utf-8", "no-such-thing", "naïve café"),
        ("utf-8", "rot13", "naïve café"),
        ("utf-8", "unicode_escape", "naïve café \\u0041"),
    ],
)
def test_a_page_is_decoded_as_it_says_where_that_can_be(encoding: str, stated: str, words: str) -> None:
    meta = f"<meta http-equiv='Content-Type' content='text/html; charset={stated}'>" if stated else ""
    page = f"<html><head>{meta}</head><body><p>{words}</p></body></html>"
    assert words in markup.decoded(page.encode(encoding), "a.html")


@pytest.mark.parametrize("head", ["<meta charset={}>", '<META CHARSET="{}" />', "<?xml version='1.0' encoding='{}'?>"])
def test_an_encoding_is_stated_in_several_ways(head: str) -> None:
    page = f"{head.format('windows-1257')}<p>Mažoji šviesa</p>"
    assert "Mažoji šviesa" in markup.decoded(page.encode("cp1257"), "a.html")


def test_what_its_carrier_states_counts_before_what_a_page_states() -> None:
    page = "<meta charset=koi8-r><p>Маяк снова горит</p>".encode("cp1251")
    assert "Маяк снова горит" in markup.decoded(page, "a.html", "windows-1251")


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(UndecodableError):
        markup.decoded(bytes(range(256)) * 200, "a.html")
