"""What is not the article is kept out, and no sentence of the article is lost."""

import tracemalloc

import pytest

from rag.articles import read
from rag.types import Article

FIRST = (
    "The harbour museum reopened on Friday after three years of repairs, and the queue reached the fish market by ten. "
    "Its director said that eleven thousand people had given money for the new roof, most of them less than the price "
    "of a ticket, and that the rest came from the town."
)
LAST = "The old lighthouse lamp, which had been in store since the war, is shown again in the tower."


def article(text: str) -> Article:
    (found,) = read(text.encode(), "museum.txt")
    assert isinstance(found, Article)
    return found


@pytest.mark.parametrize(
    "line",
    [
        "Related article: [Museum roof falls in](#)",
        "### **Related article: [Museum roof falls in, again](https://example.org/a)**",
        "Related article: Museum roof falls in",
        "RELATED STORY: Will the museum ever open?",
        "[Related: Museum roof falls in](#)",
        "Related Articles\n\n- [Museum roof falls in](#)\n- [Roof: who pays?](#)",
        "**Read more**\n\n[Museum roof falls in](#)\n\n[Who pays?](#)",
        "Read more: [Museum roof falls in](#)",
        "Read also: Museum roof falls in",
        "See also: [Museum roof falls in](#)",
        "> Watch: [the roof fall in](#)",
        "Advertisement",
        "ADVERTISEMENT",
        "– Advertisement –",
        "Story continues below advertisement",
        "Share",
        "[Share on Facebook](#)",
        "Share this article",
        "Follow us on Twitter and Instagram",
        "Sign up for our newsletter",
        "Sign up here for our free daily newsletter, with the best of the harbour each morning.",
        "[Subscribe](#)",
        "Donate now!",
        "Support our work.",
        "We use cookies to give you the best experience on our website.",
        "This site uses cookies. By continuing to browse it you accept our cookie policy.",
        "Accept all cookies",
        "12 comments",
        "© 2018 The Daily Harbour. All rights reserved.",
        "Original url",
    ],
)
def test_what_is_not_the_article_is_kept_out(line: str) -> None:
    assert article(f"{FIRST}\n\n{line}\n\n{LAST}").text == f"{FIRST}\n\n{LAST}"
    assert article(f"{FIRST}\n\n{LAST}\n\n{line}").text == f"{FIRST}\n\n{LAST}"
    assert article(f"{line}\n\n# Museum opens\n\n{FIRST}").text == FIRST


@pytest.mark.parametrize(
    "end",
    [
        "Related Articles",
        "Related Articles:\n\nMuseum roof falls in\n\nRoof: the bill grows",
        "## Read more\n\n* [Museum roof falls in](#)\n* Another: [the bill](#)",
        "You may also like\n\n[Museum roof falls in](#)",
        "Most read\n1. Museum roof falls in\n2. The bill grows",
    ],
)
def test_related_links_at_the_end_go_with_their_heading(end: str) -> None:
    assert article(f"{FIRST}\n\n{LAST}\n\n\n\n{end}").text == f"{FIRST}\n\n{LAST}"


@pytest.mark.parametrize(
    "line",
    [
        "Related costs rose as well, the director said.",
        "Related articles were found in the store: a lamp, two bells and a chair.",
        "Related Articles\n\nTwo bells were found in the store. They belong to the church.",
        "See also the report of 2010, which says the same.",
        "See also: the report of 2010, which says the same.",
        "Read more books, the director advised.",
        "Watch: it is a word that the director likes.",
        "A page of photographs",
        "Share prices of the fish market fell.",
        "Shareholders of the fish market were not amused",
        "The museum has asked: sign up for our newsletter.",
        "“Subscribe to our newsletter,” the sign says.",
        "The advertisement was taken down.",
        "We use cookies as bait, the fisherman said.",
        "We baked cookies for the opening, and they were gone by noon.",
        "Donations came from as far as Peru.",
        "Copyright law is no help here.",
        "Comments from visitors were kind.",
        "Original paint was found below the plaster.",
        "A message from the mayor was read aloud.",
        "Dear readers of this column will know the lamp.",
    ],
)
def test_sentences_about_such_things_stay(line: str) -> None:
    assert article(f"{FIRST}\n\n{line}\n\n{LAST}").text == f"{FIRST}\n\n{line}\n\n{LAST}"
    assert article(f"{FIRST}\n\n{LAST}\n\n{line}").text == f"{FIRST}\n\n{LAST}\n\n{line}"


LINES = (
    "The harbour museum reopened on Friday after three years of repairs, and\n"
    "the queue reached the fish market by ten. Its director said that eleven\n"
    "thousand people had given money for the new roof."
)


@pytest.mark.parametrize(
    "notice",
    [
        "Related article: [Museum roof falls in for the second time since the\nspring, and nobody was inside](#)",
        "Related article: Museum roof falls in for the second time since spring\nbegan, and nobody was inside",
        "Read more: [Museum roof\nfalls in](https://example.org/a-long-address-that-does-not-count)",
    ],
)
def test_a_related_link_goes_whole_where_it_is_broken_into_lines(notice: str) -> None:
    assert article(f"{LINES}\n\n{notice}\n\n{LINES}").text == f"{LINES}\n\n{LINES}"


@pytest.mark.parametrize(
    "paragraph",
    [
        "Related: he kept the lamp, the bell and the old log of the lighthouse\nin a shed, where they were found.",
        "Watch: the roof was held by four beams, and the last of them broke at\nnoon",
        "Read more: that was\nthe advice of the director",
    ],
)
def test_a_broken_paragraph_that_is_no_link_stays_whole(paragraph: str) -> None:
    kept = article(f"{LINES}\n\n{paragraph}\n\n{LINES}").text
    assert paragraph.partition("\n")[2] in kept


def test_a_line_without_an_end_takes_a_few_times_its_length_in_memory() -> None:
    text = f"{FIRST} {LAST} " * 10_000
    tracemalloc.start()
    try:
        assert article(text).text == text.rstrip()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 6 * len(text)


def test_lines_of_a_broken_paragraph_stay() -> None:
    broken = "The director was asked what the\nadvertisement\nhad cost, and whether to\nshare\nthe bill, or\nnot now."
    assert article(f"{broken}\n\n{FIRST}").text == f"{broken}\n\n{FIRST}"


def test_paragraphs_broken_into_short_lines_are_no_appeal() -> None:
    end = "Sign up for a tour\n\nTickets are sold\nat the door. The church asks\nfor donations, and sells\nnewsletters."
    assert article(f"{FIRST}\n\n{end}").text == f"{FIRST}\n\n{end}"


APPEAL = (
    "A Message from The Daily Harbour:\n"
    "Dear readers,\n"
    "We have told the stories of this coast for ninety years, and we mean to go on.\n"
    "To keep doing it, we need your help.\n"
    "If you can, please support us with a small monthly contribution. It takes a minute, and you may stop any time.\n"
    "With you, The Daily Harbour stays free."
)


@pytest.mark.parametrize(
    "end", ["", "\nRemind me later.", "\n\nRemind me later\n\nOriginal url:\n\nhttps://example.org/a"]
)
@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_an_appeal_at_the_end_is_kept_out_and_names_the_source(end: str, gap: str) -> None:
    found = article(f"{FIRST}{gap}{LAST}{gap}{APPEAL.replace(chr(10), gap)}{end}")
    assert found.text == f"{FIRST}{gap}{LAST}"
    assert found.source == "The Daily Harbour"
    assert found.url == ("https://example.org/a" if "url" in end else None)


def test_an_appeal_between_paragraphs_ends_at_its_button() -> None:
    found = article(f"{FIRST}\n\n{APPEAL}\n\nNot now\n\n{LAST}")
    assert (found.text, found.source) == (f"{FIRST}\n\n{LAST}", "The Daily Harbour")


@pytest.mark.parametrize(
    "appeal",
    [
        "Support independent journalism\n\nYour support pays for our reporters. Donate from £2.",
        "Sign up for our weekly letter\n\nSubscribe and you get our best stories by mail. Unsubscribe when you like.",
        "Before you go…\n\nWe count on readers like you. Become a member, or make a contribution today.",
        "Did you enjoy this article?\n\nSubscribe to our newsletter, or donate.",
    ],
)
def test_other_appeals_at_the_end_are_kept_out(appeal: str) -> None:
    assert article(f"{FIRST}\n\n{LAST}\n\n{appeal}").text == f"{FIRST}\n\n{LAST}"


@pytest.mark.parametrize(
    "end",
    [
        # the director's letter, told in the third person
        (
            "A message from the director\n\nThe director wrote to all who had donated. The letter says that any "
            "contribution was welcome, and that monthly gifts paid the guards."
        ),
        # quoted
        "Support our museum\n\n“We need your support,” the posters said. “Donate, and become a member.”",
        # an appeal in the article's own voice, with nothing asked
        "A letter from the editor\n\nWe went to see the lamp ourselves, and you should go too.",
        # an article that goes on below
        f"{APPEAL}\n\n{FIRST}",
        # a heading of the article's own
        "Support us, or lose us\n\nThat was the slogan of the campaign. Donations were counted by two clerks.",
    ],
)
def test_an_article_about_donations_stays_whole(end: str) -> None:
    assert article(f"{FIRST}\n\n{end}\n\n{LAST}").text == f"{FIRST}\n\n{end}\n\n{LAST}"


def test_a_letter_that_is_the_article_stays_whole() -> None:
    text = f"# Ninety years\n\n{APPEAL}"
    assert article(text).text == APPEAL


def test_a_link_that_stands_alone_stays() -> None:
    assert article(f"{FIRST}\n\n[Photographs](#)\n\n{LAST}").text == f"{FIRST}\n\nPhotographs\n\n{LAST}"


def test_the_author_s_biography_stays() -> None:
    bio = "Ada Fenwick is a writer in Harwich, and works on a history of lighthouses."
    assert article(f"{FIRST}\n\n{LAST}\n\n\n{bio}\n\n\n\nRelated Articles").text == f"{FIRST}\n\n{LAST}\n\n{bio}"


def test_section_headings_stay_as_paragraphs() -> None:
    text = f"# Museum opens\n{FIRST}\n## The lamp\n{LAST}\n\nOpening hours\n\n{LAST}"
    assert article(text).text == f"{FIRST}\n\nThe lamp\n\n{LAST}\n\nOpening hours\n\n{LAST}"
