"""Saved feeds: each entry is an article with what the feed says of it, and its words are as they were."""

import time
from contextlib import suppress
from datetime import date
from html import escape
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.articles.draft import Draft, Metadata, Source
from rag.articles.feed import _parts, read_feed
from rag.errors import ArticleError, BrokenFileError, UndecodableError
from rag.types import Failure

BODY = (
    "The old ferry left the island at noon on Tuesday with forty passengers and a goat on board, and it was back two "
    "hours later, because the wind had turned and the captain would not risk the crossing twice."
)
HTML = f"<p>{BODY}</p>\n<p>“We were lucky,” said <a href='/zoé'>Zoé Brandt</a> &amp; co.</p>"
TEXT = f"{BODY}\n\n“We were lucky,” said Zoé Brandt & co."

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>Harbour Wire</title><link>https://example.org/</link><description>All of it</description>
<language>en-gb</language><lastBuildDate>Sat, 05 May 2018 10:00:00 +0000</lastBuildDate>{items}</channel></rss>
"""
ITEM = f"""<item><title>Ferry Turns Back &amp;amp; Waits</title><link>https://example.org/ferry?a=1&amp;b=2</link>
<dc:creator><![CDATA[Ada Fenwick]]></dc:creator><pubDate>Thu, 03 May 2018 23:30:00 -0500</pubDate>
<description>In short.</description><content:encoded><![CDATA[{HTML}]]></content:encoded></item>
"""
FERRY = Metadata(
    title="Ferry Turns Back & Waits",
    source="Harbour Wire",
    author="Ada Fenwick",
    published=date(2018, 5, 3),
    url="https://example.org/ferry?a=1&b=2",
    language="en-gb",
)
ATOM = """<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en-GB"><title type="html">Harbour &amp;amp; Wire</title>
<author><name>The desk</name></author><updated>2018-05-05T00:00:00Z</updated>{items}</feed>
"""


def read(data: str | bytes, path: str = "news/a.rss") -> list[Draft | Failure]:
    return list(read_feed(Source(data.encode() if isinstance(data, str) else data, path)))


def one(data: str | bytes, path: str = "news/a.rss") -> Draft:
    (found,) = read(data, path)
    assert isinstance(found, Draft)
    return found


def rss(*items: str) -> str:
    return RSS.replace("{items}", "\n".join(items))


def atom(*items: str) -> str:
    return ATOM.replace("{items}", "\n".join(items))


def test_an_entry_is_an_article_with_what_its_feed_says() -> None:
    found = one(rss(ITEM))
    assert (found.text, found.metadata, found.member) == (TEXT, FERRY, "#1")


def test_entries_are_counted_and_one_without_text_is_named() -> None:
    headline = "<item><title>Goat found</title><link>https://example.org/goat</link></item>"
    first, second, third = read(rss(ITEM, headline, ITEM))
    assert isinstance(first, Draft)
    assert isinstance(third, Draft)
    assert (first.member, third.member) == ("#1", "#3")
    assert second == Failure("news/a.rss#2", "there is no text of it in the feed; add the page that it links to")


def test_the_summary_is_the_text_where_there_is_no_more() -> None:
    assert one(rss(f"<item><title>A</title><description>{escape(HTML)}</description></item>")).text == TEXT
    plain = one(rss("<item><title>A</title><description>Sold at AT&amp;amp;T for 3 &lt; 4.</description></item>"))
    assert plain.text == "Sold at AT&T for 3 < 4."


@pytest.mark.parametrize(
    "content",
    [
        f'<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">{HTML}</div></content>',
        f'<content type="html">{escape(HTML)}</content>',
        f"<content>{escape(TEXT, quote=False)}</content>",
        f'<summary type="html">{escape(HTML)}</summary>',
        f'<content type="html" src="https://example.org/a"/><summary type="html">{escape(HTML)}</summary>',
    ],
)
def test_atom_is_read_in_all_its_kinds_of_content(content: str) -> None:
    found = one(
        atom(
            f'<entry><title>Goat &lt;b&gt; found</title><link rel="self" href="https://example.org/x.atom"/>'
            f'<link href="https://example.org/goat"/><published>2018-05-03T23:30:00-05:00</published>'
            f"<updated>2018-06-01T00:00:00Z</updated>{content}</entry>"
        ),
        "a.atom",
    )
    assert found.text == TEXT
    assert found.metadata == Metadata(
        title="Goat <b> found",
        source="Harbour & Wire",
        author="The desk",
        published=date(2018, 5, 3),
        url="https://example.org/goat",
        language="en-GB",
    )


def test_markup_in_plain_text_is_text() -> None:
    found = one(
        atom("<entry><title>A</title><content>He wrote &lt;b&gt;bold&lt;/b&gt; &amp;amp; left.</content></entry>")
    )
    assert found.text == "He wrote <b>bold</b> &amp; left."


def test_rdf_says_by_dublin_core_when_and_by_whom() -> None:
    found = one(
        '<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        "<channel rdf:about='https://example.org/'><title>Harbour Wire</title></channel>"
        "<item rdf:about='https://example.org/goat'><title>Goat found</title><link>https://example.org/goat</link>"
        f"<description>{BODY}</description><dc:creator>Ada Fenwick</dc:creator>"
        "<dc:date>2018-05-03T23:30-05:00</dc:date></item></rdf:RDF>",
        "a.rdf",
    )
    assert found.text == BODY
    assert found.metadata == Metadata(
        title="Goat found",
        source="Harbour Wire",
        author="Ada Fenwick",
        published=date(2018, 5, 3),
        url="https://example.org/goat",
    )


def test_when_an_entry_was_changed_is_not_when_it_was_published() -> None:
    entry = f"<entry><title>A</title><updated>2018-06-01T00:00:00Z</updated><content>{BODY}</content></entry>"
    assert one(atom(entry)).metadata.published is None
    assert one(rss(f"<item><title>A</title><description>{BODY}</description></item>")).metadata.published is None


@pytest.mark.parametrize("written", ["2018-05", "2018", "05/04/2018", "soon", "Mon, 30 Nov -0001 00:00:00 +0000"])
def test_what_is_no_day_is_none(written: str) -> None:
    item = f"<item><title>A</title><pubDate>{written}</pubDate><description>{BODY}</description></item>"
    assert one(rss(item)).metadata.published is None


def test_an_entry_taken_from_elsewhere_names_its_source() -> None:
    item = ITEM.replace("<title>", "<source url='https://example.com/'>Island Post</source><title>", 1)
    assert one(rss(item)).metadata.source == "Island Post"


def test_several_authors_are_all_named_and_addresses_are_no_names() -> None:
    twice = ITEM.replace("<pubDate>", "<dc:creator>Tom Reed</dc:creator><pubDate>")
    assert one(rss(twice)).metadata.author == "Ada Fenwick, Tom Reed"
    item = f"<item><title>A</title><author>{{}}</author><description>{BODY}</description></item>"
    assert one(rss(item.format("ada@example.org (Ada Fenwick)"))).metadata.author == "Ada Fenwick"
    assert one(rss(item.format("ada@example.org"))).metadata.author is None


def test_what_a_weblog_adds_and_exports_beside_its_posts_goes() -> None:
    footer = '<p>The post <a href="https://example.org/ferry">Ferry</a> appeared first on <a href="/">Wire</a>.</p>'
    exported = rss(
        ITEM.replace("]]></content", footer + "]]></content").replace(
            "<title>", "<wp:post_type>post</wp:post_type><title>"
        ),
        "<item><title>a.jpg</title><wp:post_type>attachment</wp:post_type></item>",
    ).replace("<rss ", '<rss xmlns:wp="http://wordpress.org/export/1.2/" ')
    assert one(exported, "export.xml").text == TEXT


def test_posts_without_paragraph_tags_have_paragraphs_where_lines_are_blank() -> None:
    html = f"{BODY}\n\nThe <em>goat</em> is\nsafe.\n<blockquote>Indeed.</blockquote>\nThe end."
    found = one(rss(f"<item><title>A</title><description>{escape(html)}</description></item>"))
    assert found.text == f"{BODY}\n\nThe goat is safe.\n\nIndeed.\n\nThe end."


def test_no_word_is_taken_for_harmful() -> None:
    html = f"<p>{BODY}</p><p onclick='x()'><unknown>He typed</unknown> <b style='a: url(x)'>it</b>.</p><form><p>So.</p>"
    found = one(rss(f"<item><title>A</title><description>{escape(html)}</description></item>"))
    for word in ("He", "typed", "it", "So"):
        assert word in found.text.replace(".", "").split()


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("utf-16", "UTF-16"), ("cp1252", "windows-1252"),
        ("cp1252", "iso-8859-1"), ("cp1252", "UTF-8"), ("utf-8", "iso-8859-1x"), ("cp1252", None), ("utf-8", None),
    ],
)  # fmt: skip
def test_feeds_are_read_in_any_encoding_also_where_they_name_another(encoding: str, declared: str | None) -> None:
    xml = rss(ITEM).replace(' encoding="UTF-8"', f' encoding="{declared}"' if declared else "")
    found = one(xml.encode(encoding))
    assert (found.text, found.metadata) == (TEXT, FERRY)


def test_a_feed_that_is_not_well_formed_is_read_all_the_same() -> None:
    found = one(rss(ITEM.replace("<description>In", "<description>A&nbsp;&copy; <br>In")))
    assert (found.text, found.metadata) == (TEXT, FERRY)


def test_of_a_feed_that_was_cut_off_the_last_entry_is_named() -> None:
    whole = rss(ITEM, ITEM, ITEM)
    first, second, third = read(whole[: whole.rindex("We were lucky")])
    assert isinstance(first, Draft)
    assert isinstance(second, Draft)
    assert third == Failure("news/a.rss#3", "the file ends in the middle of it; save the feed again")


@pytest.mark.parametrize(
    "data",
    [
        "<?xml version='1.0'?><catalogue><book><title>A</title></book></catalogue>",
        f"<!doctype html><html><head><title>A</title></head><body><p>{BODY}</p></body></html>",
        BODY,
        "",
        "<rs",
    ],
)
def test_what_is_no_feed_is_refused(data: str) -> None:
    with pytest.raises(BrokenFileError, match="no feed"):
        read(data, "a.xml")


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(UndecodableError):
        read(bytes(range(256)) * 20)


def test_an_empty_feed_has_no_articles() -> None:
    assert read(rss()) == []


def test_nothing_is_fetched_or_opened(tmp_path_factory: pytest.TempPathFactory) -> None:
    secret = tmp_path_factory.mktemp("secret") / "secret.txt"
    secret.write_text("the secret")
    doctype = (
        f'<!DOCTYPE rss [<!ENTITY x SYSTEM "{secret.as_uri()}"><!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;">'
        + "".join(
            f'<!ENTITY {two} "&{one};&{one};&{one};&{one};&{one};">'
            for one, two in zip("bcdefghij", "cdefghijk", strict=True)
        )
        + "]>"
    )
    hostile = rss(ITEM.replace("In short.", "&x; &k;").replace(BODY, f"{BODY} &x; &k;")).replace(
        "<rss", f"{doctype}<rss", 1
    )
    for data in (hostile, hostile.replace(doctype, doctype.replace(">", ">\n"))):
        for each in read(data):
            assert "secret" not in str(each)
            assert "lollollol" not in str(each)
    named = str(secret).encode()  # bytes that are the name of a file
    with pytest.raises(ArticleError):
        read(named)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1), min_size=1, max_size=8))
def test_the_words_of_an_entry_are_those_that_were_written(words: list[str]) -> None:
    text = f"{BODY} {' '.join(words)}."
    for item in (
        f"<item><title>A</title><description>{escape(escape(text))}</description></item>",
        f"<item><title>A</title><description><![CDATA[<p>{escape(text)}</p>]]></description></item>",
    ):
        assert one(rss(item)).text.split() == text.split()


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([RSS, ATOM, "{items}"]))
def test_any_bytes_give_articles_failures_or_an_article_error(inner: bytes, around: str) -> None:
    try:
        found = read(around.encode().replace(b"{items}", b"<item><description>" + inner))
    except ArticleError:
        return
    assert all(each.text.strip() for each in found if isinstance(each, Draft))


@pytest.mark.parametrize(
    "data",
    [
        "<item>" * 20_000,
        rss("<item><description>" + "&lt;" * 100_000),
        rss("<item><description>" + "<" * 100_000),
        rss("<item><description>" + "<a " * 50_000),
        rss("<item/>" * 20_000),
        rss("<a>" * 20_000),
        '<?xml version="1.0" ' + "a" * 1_000_000,
    ],
    ids=["nested items", "entities", "brackets", "open tags", "empty items", "nested elements", "a declaration"],
)
def test_hostile_feeds_take_time_in_proportion_to_their_length(data: str) -> None:
    started = time.perf_counter()
    with suppress(ArticleError):
        read(data)
    assert time.perf_counter() - started < 30


def test_a_large_feed_is_read_in_parts_that_are_feeds() -> None:
    """Memory is then that of a part; the parts say what the whole says."""
    long = f"<description><![CDATA[<item>{BODY * 60}</item>]]></description>"
    items = [f"<item><title>{number}</title>{long}</item>" for number in range(800)]
    entries = [f"<a:entry xml:lang='de'><a:title>{number}</a:title></a:entry>{'x' * 12_000}" for number in range(800)]
    prefixed = "<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:title>Wire</a:title>{}<!-- > --></a:feed>"
    for whole in (rss(*items), prefixed.format("".join(entries))):
        raw = whole.encode()
        parts = list(_parts(raw))
        assert len(parts) > 2
        assert all(len(part) < 4_100_000 for part in parts)
        trees = [ET.fromstring(part.replace(b"UTF-8", b"utf-8")) for part in parts]  # noqa: S314 - our own
        titles = [[each.text for each in tree.iter() if each.tag.endswith("title")] for tree in trees]
        assert {title[0] for title in titles} <= {"Harbour Wire", "Wire"}
        assert [number for title in titles for number in title[1:]] == [str(number) for number in range(800)]
    assert list(_parts(raw[:-20])) == [raw[:-20]]


@pytest.mark.slow
def test_a_large_feed_gives_all_its_entries_in_order() -> None:
    summary = f"<description>{BODY * 40}</description>"
    items = [f"<item><title>{number}</title>{summary}</item>" for number in range(700)]
    found = [each for each in read(rss(*items)) if isinstance(each, Draft)]
    assert len(rss(*items)) > 5_000_000
    assert [each.member for each in found] == [f"#{number}" for number in range(1, 701)]
    assert [each.metadata.title for each in found] == [str(number) for number in range(700)]
    assert {each.metadata.source for each in found} == {"Harbour Wire"}
    assert {each.text for each in found} == {BODY * 40}
