"""What a file says of itself is recognised where it stands, and never guessed."""

from datetime import date

import pytest

from rag.articles import read
from rag.errors import FrontMatterError
from rag.types import Article, Digest

BODY = (
    "The old ferry left the island at noon on Tuesday with forty passengers and a goat on board, and it was back in "
    "the harbour two hours later, because the wind had turned and the captain would not risk the crossing twice. "
    "Nobody was hurt, the company said, though the goat has not been seen since."
)


def article(text: str, path: str = "news/ferry.txt") -> Article:
    (found,) = read(text.encode(), path)
    assert isinstance(found, Article)
    return found


def test_a_bare_dump_gives_title_byline_date_credit_and_address() -> None:
    found = article(
        "\n\nFerry Turns Back as Storm Nears Island\n\nBy [Ada Fenwick for Harbour Wire](#)\n\nMay 03, 2018\n\n\n\n"
        f"Tom Reed / Harbour Wire / TASS\n\n{BODY}\n\nOriginal url:\n\n<https://www.example.org/2018/05/03/ferry-a1>"
    )
    assert found.title == "Ferry Turns Back as Storm Nears Island"
    assert found.author == "Ada Fenwick for Harbour Wire"
    assert found.published == date(2018, 5, 3)
    assert found.url == "https://www.example.org/2018/05/03/ferry-a1"
    assert found.source == "example.org"
    assert found.text == BODY


# Title


@pytest.mark.parametrize(
    ("top", "title"),
    [
        ("# Ferry Turns Back\n\n", "Ferry Turns Back"),
        ("## **Ferry** [Turns](#) Back ##\n", "Ferry Turns Back"),
        ("Ferry Turns Back\n================\n\n", "Ferry Turns Back"),
        ("Ferry turns back\n\n", "Ferry turns back"),
        ("**‘We were lucky’**\n\n", "‘We were lucky’"),
        ("Ferry turns back\n", "Ferry turns back"),
        ("Ferry turns back\nBy Ada Fenwick\n\n", "Ferry turns back"),
        ("Title: Ferry Turns Back\nAuthor: Ada Fenwick\nDate: 2018-05-03\n\n", "Ferry Turns Back"),
        ("https://example.org/a\n\nAdvertisement\n\nMay 3, 2018\n\nFerry turns back\n\n", "Ferry turns back"),
        ("By Ada Fenwick\n\n# Ferry Turns Back\n\n", "Ferry Turns Back"),
        ("# Is the ferry safe?\n\n", "Is the ferry safe?"),
    ],
)
def test_a_heading_or_a_short_line_alone_at_the_top_is_the_title(top: str, title: str) -> None:
    found = article(top + BODY)
    assert (found.title, found.text) == (title, BODY)


@pytest.mark.parametrize(
    "top",
    [
        "It was over in a minute.\n\n",
        "“It was over,” he said.\n\n",
        "Who saw the goat last?\n\n",
        "Three people were asked:\n\n",
        "– What did you see?\n\n",
        "• A goat on board\n\n",
        "1. A goat on board\n\n",
        "The crossing\ntook two hours\n\n",
        f"{'No ' * 20}rain\n\n",
        "and the wind as well\n\n",
        "He waited for the tide. Nobody came\n\n",
        "船长说渡轮不会出海。\n\n",
    ],
)
def test_a_sentence_or_a_line_in_company_is_no_title(top: str) -> None:
    found = article(top + BODY)
    assert found.text == f"{top}{BODY}".strip()
    assert found.text.startswith(found.title.rstrip("…"), 0) or found.title.rstrip("…") in found.text


def test_a_short_line_below_the_top_is_text() -> None:
    found = article(f"Ferry Turns Back\n\nA captain explains why\n\n{BODY}\n\nThe goat\n\n{BODY}")
    assert found.title == "Ferry Turns Back"
    assert found.text == f"A captain explains why\n\n{BODY}\n\nThe goat\n\n{BODY}"


def test_a_line_above_the_chief_heading_is_not_the_title() -> None:
    found = article(f"Island news\n\n# Ferry Turns Back\n\n{BODY}")
    assert (found.title, found.text) == ("Ferry Turns Back", f"Island news\n\n{BODY}")


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (BODY, "The old ferry left the island at noon on Tuesday with forty…"),
        ("The ferry came back at noon. Then the wind turned.", "The ferry came back at noon"),
        ("No. It was not the wind. It was the captain.", "No. It was not the wind"),
        ("When the wind turned at noon, the captain of the old ferry turned too, and so did the goat.",
         "When the wind turned at noon…"),
        ("The U.S. Coast Guard and Gen. Marlow saw it. They left.", "The U.S. Coast Guard and Gen. Marlow saw it"),
        ("“Was it the wind?” he asked again. Nobody knew.", "“Was it the wind?”"),
        ("– Where is the goat?\n\n– At sea.", "Where is the goat?"),
        ("It blew from the north-west, hard, and for a very long time, until it stopped.",
         "It blew from the north-west, hard, and for a very long time…"),
        ("x" * 500, "x" * 120 + "…"),
        ("...\n\nThe ferry came back.", "The ferry came back"),
        ("The old ferry left the island of Sandrey at ten past noon with all of\nthe goats on board, and came back.",
         "The old ferry left the island of Sandrey at ten past noon…"),
        ("The old ferry left the island of Sandrey\nNobody saw it come back from there, nor asked about it for weeks.",
         "The old ferry left the island of Sandrey"),
    ],
)  # fmt: skip
def test_a_file_without_a_title_is_called_by_its_first_words_which_stay(text: str, title: str) -> None:
    found = article(text)
    assert (found.title, found.text) == (title, text)


# Byline


@pytest.mark.parametrize(
    ("line", "author"),
    [
        ("By Ada Fenwick", "Ada Fenwick"),
        ("by [Ada Fenwick](https://example.org/ada)", "Ada Fenwick"),
        ("BY ADA FENWICK", "ADA FENWICK"),
        ("By: Ada Fenwick and Tom van der Meer", "Ada Fenwick and Tom van der Meer"),
        ("Author: Ada Fenwick", "Ada Fenwick"),
        ("Written by Ada de la Cruz Jr.", "Ada de la Cruz Jr."),
        ("By Omar al-Farouk, Harbour Wire", "Omar al-Farouk, Harbour Wire"),
        ("*By J. R. Øystein*", "J. R. Øystein"),
    ],
)
def test_a_byline_is_the_author_without_by(line: str, author: str) -> None:
    for top in (f"{line}\n\n", f"# Ferry Turns Back\n\n{line}\n\n", f"Ferry Turns Back\n{line}\n"):
        found = article(top + BODY)
        assert (found.author, found.text) == (author, BODY)


def test_a_byline_above_an_article_without_a_title_is_not_its_title() -> None:
    found = article(f"By Ada Fenwick\n\nStormy times\n\n{BODY}")
    assert found.author == "Ada Fenwick"
    assert found.text == f"Stormy times\n\n{BODY}"


@pytest.mark.parametrize(
    "line",
    ["By the sea", "By noon it was over.", "By 2019", "By Hook or by Crook", "By-elections Are Coming", "Bygone Days"],
)
def test_a_line_that_only_begins_with_by_is_no_byline(line: str) -> None:
    found = article(f"# Ferry Turns Back\n\n{line}\n\n{BODY}")
    assert (found.author, found.text) == (None, f"{line}\n\n{BODY}")


def test_a_byline_and_a_date_are_found_where_no_line_is_blank() -> None:
    found = article(f"Ferry Turns Back\nA captain explains\nBy Ada Fenwick\nMay 3, 2018\n{BODY}\n{BODY}")
    assert (found.title, found.author, found.published) == ("Ferry Turns Back", "Ada Fenwick", date(2018, 5, 3))
    assert found.text == f"Ferry Turns Back\nA captain explains\n{BODY}\n{BODY}"


def test_a_line_of_a_broken_paragraph_is_no_byline() -> None:
    text = f"The letters were read\nBy Ada Fenwick\nand Tom Reed in turn.\n\nBy Ada\nand by Tom.\n\n{BODY}"
    found = article(text)
    assert (found.author, found.text) == (None, text)


def test_a_byline_far_down_is_text() -> None:
    found = article(f"# Ferry Turns Back\n\n{BODY}\n\nBy Ada Fenwick\n\n{BODY}")
    assert (found.author, found.text) == (None, f"{BODY}\n\nBy Ada Fenwick\n\n{BODY}")


# Date


@pytest.mark.parametrize(
    "line",
    [
        "May 3, 2018", "May 03, 2018", "3 May 2018", "3rd May, 2018", "2018-05-03", "Thursday, May 3, 2018",
        "Thurs. 3 May 2018", "Published: May 3, 2018", "Published on 3 May 2018 at 10:30 GMT", "Posted May 3, 2018",
        "Date: 2018-05-03T10:30:00Z", "*May 3, 2018, 10:30 a.m. EDT*", "May 3rd, 2018 | 10:30",
        "Published May 3, 2018 | Updated May 4, 2018", "(May 3, 2018)",
    ],
)  # fmt: skip
def test_a_date_alone_near_the_top_is_when_it_was_published(line: str) -> None:
    found = article(f"# Ferry Turns Back\n\n{line}\n\n{BODY}")
    assert (found.published, found.text) == (date(2018, 5, 3), BODY)


@pytest.mark.parametrize(
    "line",
    ["By Ada Fenwick, May 3, 2018", "May 3, 2018 | By Ada Fenwick", "By Ada Fenwick on 3 May 2018",
     "Posted on May 3, 2018 by Ada Fenwick", "By Ada Fenwick – Published 2018-05-03"],
)  # fmt: skip
def test_a_byline_and_a_date_may_share_a_line(line: str) -> None:
    found = article(f"Ferry Turns Back\n\n{line}\n\n{BODY}")
    assert (found.author, found.published, found.text) == ("Ada Fenwick", date(2018, 5, 3), BODY)


@pytest.mark.parametrize("line", ["05/04/2018", "February 30, 2018", "May 2018", "On May 3, 2018 it blew", "Tuesday"])
def test_what_is_no_date_or_two_is_text(line: str) -> None:
    found = article(f"# Ferry Turns Back\n\n{line}\n\n{BODY}")
    assert (found.published, found.text) == (None, f"{line}\n\n{BODY}")


def test_when_it_was_changed_is_not_when_it_was_published() -> None:
    found = article(f"# Ferry Turns Back\n\nLast updated: May 4, 2018\n\n{BODY}")
    assert (found.published, found.text) == (None, BODY)


def test_the_dates_of_a_chronology_are_its_own() -> None:
    text = f"May 3, 2018\n\n{BODY[:150]}.\n\nMay 9, 2018\n\n{BODY}"
    found = article(f"# A year of storms\n\n{text}")
    assert (found.published, found.text) == (None, text)


def test_a_date_within_a_sentence_is_not_when_it_was_published() -> None:
    assert article(f"On May 3, 2018 the ferry sailed. {BODY}").published is None


@pytest.mark.parametrize(
    "dateline", ["HARWICH, May 3, 2018 (Harbour Wire) – ", "PORT ST. MARY (Wire), 3 May 2018 — ", "OSLO, 2018-05-03 - "]
)
def test_a_dateline_tells_the_date_and_stays(dateline: str) -> None:
    found = article(f"# Ferry Turns Back\n\n{dateline}{BODY}")
    assert (found.published, found.text) == (date(2018, 5, 3), dateline + BODY)


@pytest.mark.parametrize(
    ("url", "published"),
    [
        ("https://example.org/2018/05/03/ferry", date(2018, 5, 3)),
        ("https://example.org/world/2018/may/03/ferry", date(2018, 5, 3)),
        ("https://example.org/news/2018-5-3-ferry.html", date(2018, 5, 3)),
        ("https://example.org/2018/13/03/ferry", None),
        ("https://example.org/1234/05/03/ferry", None),
        ("https://example.org/ferry-2018", None),
    ],
)
def test_a_date_in_the_address_counts_where_the_text_has_none(url: str, published: date | None) -> None:
    assert article(f"{BODY}\n\nOriginal url: {url}").published == published
    assert article(f"May 9, 2018\n\n{BODY}\n\nOriginal url: {url}").published == date(2018, 5, 9)


# Address and source


@pytest.mark.parametrize(
    "block",
    [
        "Original url:\n\n<https://www.example.org/a?b=c>",
        "Original URL\nhttps://www.example.org/a?b=c",
        "Source: https://www.example.org/a?b=c",
        "**URL:** <https://www.example.org/a?b=c>",
        "Original link: [https://www.example.org/a?b=c](https://www.example.org/a?b=c)",
        "Originally published at https://www.example.org/a?b=c",
    ],
)
def test_an_address_is_found_at_the_end_or_the_top(block: str) -> None:
    for text in (f"{BODY}\n\n{block}", f"{BODY}\n{block}", f"# Ferry Turns Back\n\n{block}\n\n{BODY}"):
        found = article(text)
        assert (found.url, found.source) == ("https://www.example.org/a?b=c", "example.org")
        assert found.text == BODY


def test_an_address_alone_on_the_first_line_is_the_article_s() -> None:
    found = article(f"https://example.org/a\n\nFerry Turns Back\n\n{BODY}")
    assert (found.url, found.title, found.text) == ("https://example.org/a", "Ferry Turns Back", BODY)


def test_addresses_elsewhere_are_text() -> None:
    text = f"{BODY}\n\nhttps://example.org/a\n\nSee https://example.org/b for more."
    found = article(text)
    assert (found.url, found.text) == (None, text)


def test_of_two_sources_with_an_address_the_second_is_text() -> None:
    found = article(f"{BODY}\n\nSource: https://a.example/x\n\nSource: https://b.example/y")
    assert (found.url, found.text) == ("https://a.example/x", f"{BODY}\n\nSource: https://b.example/y")


@pytest.mark.parametrize("line", ["Source: Office of Harbours", "Source: https://example.org/table"])
def test_the_source_of_a_figure_between_paragraphs_is_text(line: str) -> None:
    found = article(f"{BODY}\n\n{line}\n\n{BODY}")
    assert (found.source, found.url, found.text) == (None, None, f"{BODY}\n\n{line}\n\n{BODY}")


def test_the_original_address_is_found_above_what_was_added_below_it() -> None:
    found = article(f"{BODY}\n\nOriginal url:\n\n<https://example.org/a>\n\n{BODY}")
    assert (found.url, found.text) == ("https://example.org/a", f"{BODY}\n\n{BODY}")


def test_a_source_may_be_named() -> None:
    found = article(f"# Ferry Turns Back\n\nSource: The Daily Harbour\n\n{BODY}")
    assert (found.source, found.text) == ("The Daily Harbour", BODY)
    found = article(f"{BODY}\n\nSource: The Daily Harbour\n\nURL: https://www.example.org/a")
    assert (found.source, found.url, found.text) == ("The Daily Harbour", "https://www.example.org/a", BODY)


def test_a_headline_that_names_a_source_is_a_title() -> None:
    assert article(f"Source: ferry sold to rival\n\n{BODY}").title == "Source: ferry sold to rival"


# Photo credits


@pytest.mark.parametrize(
    "line",
    ["Photo: Tom Reed / Harbour Wire", "Tom Reed/Reuters", "Getty Images", "(AP Photo/Tom Reed)", "Image credit: NASA",
     "**Ada Fenwick**", "© Harbour Wire", "Photograph by Tom Reed"],
)  # fmt: skip
def test_a_photo_s_credit_near_the_top_is_not_the_article(line: str) -> None:
    assert article(f"# Ferry Turns Back\n\nBy Ada Fenwick\n\n{line}\n\n{BODY}").text == BODY


@pytest.mark.parametrize("line", ["Background", "Ferry / goat / storm", "Photos show the ferry", "The picture: grim."])
def test_a_line_that_may_be_the_article_s_is_no_credit(line: str) -> None:
    assert article(f"# Ferry Turns Back\n\nBy Ada Fenwick\n\n{line}\n\n{BODY}").text == f"{line}\n\n{BODY}"


# Front matter


def test_front_matter_says_it_all() -> None:
    found = article(
        "---\n"
        "title: 'The ferry: a digest'\n"
        "author: Clippings\n"
        "published: 2018-05-03\n"
        "tags: [sea, goats]\n"
        "digest_of:\n"
        "  title: Ferry Turns Back as Storm Nears Island\n"
        "  source: Harbour Wire\n"
        "  author: By Ada Fenwick\n"
        "  url: https://example.org/ferry\n"
        "---\n\n"
        f"{BODY}\n",
        "ferry.md",
    )
    assert (found.title, found.author, found.published) == ("The ferry: a digest", "Clippings", date(2018, 5, 3))
    assert (found.source, found.url) == (None, None)
    assert found.digest_of == Digest(
        "Ferry Turns Back as Storm Nears Island", "Harbour Wire", "Ada Fenwick", "https://example.org/ferry"
    )
    assert found.text == BODY


def test_a_digest_may_say_little_of_its_original() -> None:
    assert article(f"---\ndigest_of:\n  title: Ferry\n---\n{BODY}").digest_of == Digest("Ferry", None, None, None)


@pytest.mark.parametrize(
    ("lines", "field", "value"),
    [
        ("Title: Ferry", "title", "Ferry"),
        ("title: >\n  Ferry turns\n  back", "title", "Ferry turns back"),
        ("title: 1984", "title", "1984"),
        ("author: No", "author", "No"),
        ("authors: [Ada Fenwick, Tom Reed]", "author", "Ada Fenwick, Tom Reed"),
        ("byline: By Ada Fenwick", "author", "Ada Fenwick"),
        ("publisher: Harbour Wire", "source", "Harbour Wire"),
        ("site: Harbour Wire", "source", "Harbour Wire"),
        ("date: 3 May 2018", "published", date(2018, 5, 3)),
        ("published: 2018-05-03 10:30:00", "published", date(2018, 5, 3)),
        ("published: 2018-05-03T10:30:00+02:00", "published", date(2018, 5, 3)),
        ("published:\ndate: 2018-05-03", "published", date(2018, 5, 3)),
        ("published: ~", "published", None),
        ("link: https://example.org/a", "url", "https://example.org/a"),
        ("link: https://www.example.org/a", "source", "example.org"),
        ("url: https://example.org/2018/05/03/a", "published", date(2018, 5, 3)),
        ("# ours\ntitle: Ferry", "title", "Ferry"),
    ],
)
def test_front_matter_has_these_keys(lines: str, field: str, value: object) -> None:
    found = article(f"---\n{lines}\n---\n{BODY}")
    assert (getattr(found, field), found.text) == (value, BODY)


@pytest.mark.parametrize("end", ["---", "---  ", "..."])
def test_front_matter_ends_at_its_second_line_of_dashes(end: str) -> None:
    assert (
        article(f"--- \r\ntitle: Ferry\r\n{end}\r\n{BODY}\r\n\r\n---\r\n\r\nEnd: here.").text == f"{BODY}\n\nEnd: here."
    )


def test_front_matter_wins_over_what_the_text_says() -> None:
    found = article(
        "---\ntitle: Ferry\nauthor: Clippings\npublished: 2018-05-09\nsource: Ours\nurl: https://example.org/ours\n---\n"
        f"# Another heading\n\nBy Ada Fenwick\n\nMay 3, 2018\n\n{BODY}\n\nSource: https://example.org/theirs"
    )
    assert (found.title, found.author, found.published) == ("Ferry", "Clippings", date(2018, 5, 9))
    assert (found.source, found.url) == ("Ours", "https://example.org/ours")
    assert found.text == f"Another heading\n\n{BODY}"


def test_a_title_in_the_front_matter_of_markdown_may_be_markdown_too() -> None:
    text = f"---\ntitle: The captain\\'s \\*old\\* ferry\n---\n\n{BODY}"
    assert article(text, "ferry.md").title == "The captain's *old* ferry"
    assert article(text, "ferry.txt").title == "The captain\\'s \\*old\\* ferry"


@pytest.mark.parametrize("heading", ["# The Ferry", "**The ferry**", "The  Ferry"])
def test_a_title_in_front_matter_and_text_stands_once(heading: str) -> None:
    found = article(f"---\ntitle: The Ferry\n---\n\n{heading}\n\n{BODY}")
    assert (found.title, found.text) == ("The Ferry", BODY)


@pytest.mark.parametrize(
    "top",
    ["---\n\n", "---\nThe storm\n---\n\n", "---\nNote: it rained.\n---\n\n", "---\n\nIt rained: hard\n\n---\n\n"],
)
def test_a_rule_at_the_top_is_no_front_matter(top: str) -> None:
    found = article(top + BODY)
    kept = [line for line in top.split("\n") if line.strip("-")]
    assert all(line in (found.title, *found.text.split("\n")) for line in [*kept, BODY])


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("title: 'Ferry", "line"),
        ("title: Ferry: turns: back", "line 2: mapping values are not allowed here"),
        ("title: [Ferry]", "title: its value is not a line of text"),
        ("author: {name: Ada}", "author: its value is not a name or a list of names"),
        ("authors: [[Ada]]", "authors: its value is not a name or a list of names"),
        ("published: banana", "published: 'banana' is not a date such as 2019-05-23"),
        ("date: 2018-02-30", "date: '2018-02-30' is not a date such as 2019-05-23"),
        ("published: 05/04/2018", "published: '05/04/2018' is not a date"),
        ("url: javascript:alert(1)", "url: 'javascript:alert"),
        ("digest_of: Ferry", "digest_of: 'Ferry' is not a block of"),
        ("digest_of:\n  url: ftp://example.org", "url: 'ftp://example.org' is not a web address"),
        ("title: \x01", "special characters are not allowed"),
        ("title: *nobody", "undefined alias"),
        ("a: " + "[" * 5000, "nested too deeply"),
        ("a: " + "x" * 100_000, "longer than 100,000 characters"),
    ],
    ids=lambda value: value[:24],
)
def test_broken_front_matter_is_refused_by_name(lines: str, problem: str) -> None:
    with pytest.raises(FrontMatterError) as caught:
        article(f"---\n{lines}\n---\n{BODY * 3}")
    assert problem in caught.value.problem


def test_front_matter_makes_nothing_but_text() -> None:
    found = article(f"---\ntitle: !!python/object/apply:os.getcwd []\nauthor: !!int Ada\npublished: null\n---\n{BODY}")
    assert (found.title, found.author, found.published) == (
        "The old ferry left the island at noon on Tuesday with forty…",
        "Ada",
        None,
    )


def test_half_a_character_in_front_matter_harms_nothing() -> None:
    escapes = r'title: "A boat \ud83d sinks"' + "\n" + r'author: "Ada \ud83d\ude00"'
    found = article(f"---\n{escapes}\n---\n\nThe boat sank on Monday.\n")
    assert (found.title, found.author) == ("A boat \N{REPLACEMENT CHARACTER} sinks", "Ada \N{GRINNING FACE}")
