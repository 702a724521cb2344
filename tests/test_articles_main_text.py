"""No sentence of an article is lost in a page, and nothing else of the page is taken for one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from page_designs import DESIGNS, Story, links

from rag.articles.draft import Draft, Source
from rag.articles.html import read_html
from rag.errors import NoArticleError

FIRST = (
    "The harbour museum reopened on Friday after three years of repairs, and the queue reached the fish market by ten. "
    "Its director said that eleven thousand people had given money for the new roof."
)
SECOND = (
    "Most of them gave less than the price of a ticket, and the rest came from the town, which had put a little aside "
    "each year since the storm of 1998 and had not told anybody what it was for."
)
LAST = "The old lighthouse lamp, which had been in store since the war, is shown again in the tower."
ARTICLE = f"{FIRST}\n\n{SECOND}\n\n{LAST}"
PLAIN = Story(
    title="Museum opens again below a new roof",
    author="Ann Lee",
    site="The Harbour",
    url="https://harbour.example/2018/museum",
    published=date(2018, 5, 4),
    blocks=(f"<p>{FIRST}</p>", f"<p>{SECOND}</p>", f"<p>{LAST}</p>"),
)


def read(page: str) -> Draft:
    (draft,) = read_html(Source(page.encode(), "museum.html"))
    return draft


def body(inner: str, head: str = "") -> str:
    return f"<!doctype html><html><head><title>Museum</title>{head}</head><body>{inner}</body></html>"


def with_between(between: str) -> str:
    return body(f"<div class=a><h1>Museum</h1><p>{FIRST}</p><p>{SECOND}</p>{between}<p>{LAST}</p></div>")


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>It rained.</p>", "It rained."),
        ("<p>“No.”</p>", "“No.”"),
        ("<h2>After the storm</h2>", "After the storm"),
        ("<h4>1998</h4>", "1998"),
        ("<p><strong>What did it cost?</strong></p><p>Too much.</p>", "What did it cost?\n\nToo much."),
        ("<p>Q: And then?<br>A: Then it rained.</p>", "Q: And then?\nA: Then it rained."),
        ("<ul><li>a lamp</li><li>two bells</li></ul>", "- a lamp\n- two bells"),
        ("<ol><li>Look up.</li><li>Look down.</li></ol>", "1. Look up.\n2. Look down."),
        ("<blockquote><p>It was cold.</p><footer>— Bo Ek</footer></blockquote>", "It was cold.\n\n— Bo Ek"),
        ("<table><tr><th>Year</th><th>Guests</th></tr><tr><td>2017</td><td>9</td></tr></table>", "Year | Guests\n2017 | 9"),
        ("<details><summary>How we counted</summary><p>By hand.</p></details>", "How we counted\n\nBy hand."),
        ("<figure><img><figcaption>The roof in 1921.</figcaption></figure>", "The roof in 1921."),
        ('<p>He <a href="/x">said</a> <time datetime="2001-01-01">then</time>, “<mark>yes</mark>”.</p>', "He said then, “yes”."),
        ("<p>The shop sells newsletters, shares and cookies.</p>", "The shop sells newsletters, shares and cookies."),
        ("<p>博物馆重新开放。</p>", "博物馆重新开放。"),
    ],
)  # fmt: skip
def test_any_part_of_an_article_is_kept_in_any_design(design: Callable[[Story], str], markup: str, text: str) -> None:
    blocks = (*PLAIN.blocks[:2], markup, *PLAIN.blocks[2:])
    assert read(design(replace(PLAIN, blocks=blocks))).text == f"{FIRST}\n\n{SECOND}\n\n{text}\n\n{LAST}"


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize(
    ("title", "paragraphs"),
    [
        (
            "المتحف يفتح أبوابه من جديد تحت سقف جديد",
            (
                "أعيد افتتاح متحف الميناء يوم الجمعة بعد ثلاث سنوات من الإصلاحات، ووصل الطابور إلى سوق السمك قبل العاشرة.",
                "وقالت المديرة إن أحد عشر ألف شخص تبرعوا بالمال من أجل السقف الجديد، وإن معظمهم دفعوا أقل من ثمن تذكرة.",
                "هل يعود المصباح؟ نعم.",
            ),
        ),
        (
            "המוזיאון נפתח שוב מתחת לגג חדש",
            (
                "מוזיאון הנמל נפתח מחדש ביום שישי אחרי שלוש שנים של תיקונים, והתור הגיע עד שוק הדגים בשעה עשר.",
                "המנהלת אמרה שאחד עשר אלף אנשים נתנו כסף בשביל הגג החדש, ורובם נתנו פחות ממחיר של כרטיס.",
                "המנורה חזרה.",
            ),
        ),
        (
            "港口博物馆在新屋顶下重新开放",
            (
                "港口博物馆经过三年的修缮，星期五重新开放，上午十点，排队的人已经到了鱼市场。",
                "馆长说，有一万一千人为新屋顶捐了钱，大多数人捐的比一张门票还少，其余的由镇上支付。",
                "旧灯塔的灯又亮了。",
            ),
        ),
        (
            "新しい屋根の下で博物館が再開した",
            (
                "港の博物館は三年間の修理を終えて金曜日に再開し、十時には行列が魚市場まで続いた。",
                "館長によると、一万一千人が新しい屋根のために寄付をし、その多くは入場券より少ない額だった。",
                "灯台の灯がまた灯った。",
            ),
        ),
        (
            "Музей снова открыт под новой крышей",
            (
                "Музей гавани открылся в пятницу после трёх лет ремонта, и к десяти часам очередь дошла до рыбного рынка.",
                "Директор сказала, что одиннадцать тысяч человек дали деньги на новую крышу, и многие меньше цены билета.",
                "Лампа снова горит.",
            ),
        ),
    ],
    ids=["Arabic", "Hebrew", "Chinese", "Japanese", "Russian"],
)  # fmt: skip
def test_pages_in_any_script_are_read(design: Callable[[Story], str], title: str, paragraphs: tuple[str, ...]) -> None:
    story = replace(PLAIN, title=title, blocks=tuple(f"<p>{paragraph}</p>" for paragraph in paragraphs))
    draft = read(design(story))
    assert draft.text == "\n\n".join(paragraphs)
    assert draft.metadata.title == title


@pytest.mark.parametrize(
    "between",
    [
        f"<ul>{links()}</ul>",
        '<div class="newsletter-box"><p>Our letter comes every Friday. Ten thousand people read it already.</p></div>',
        '<div class="td-subscribe"><h3>Join us</h3><p>It costs less than a cup of coffee, and keeps us going.</p></div>',
        "<aside><h4>From the shop</h4><p>The book of the museum, with all of its lamps, is for sale.</p></aside>",
        '<div class="ad-slot"><p>The best boots for the quay are made by Ostrel and Sons.</p></div>',
        '<div id="related"><h3>More</h3><p>Ferry captain retires after forty years at sea.</p></div>',
        '<div class="shareBar"><span>Share</span><a href=x>Facebook</a></div>',
        '<div role="navigation"><p>You are here: <a href=/>Home</a>, News.</p></div>',
        "<nav>Home, News</nav>",
        "<form><p>What do you think? Tell us.</p><input><button>Send</button></form>",
        '<div style="display:none"><p>A box that opens when somebody leaves the page.</p></div>',
        "<div hidden><p>A box that opens when somebody leaves the page.</p></div>",
        '<div class="cookie-banner"><p>This page keeps crumbs of what you do.</p></div>',
        '<section class="comments"><p>I was there and it was nothing like this.</p></section>',
        "<p>Advertisement</p>",
        "<p>Read more: <a href=x>Ferry captain retires</a></p>",
        "<figure><img><figcaption>Getty Images</figcaption></figure>",
        '<figure><img><figcaption><span class="photo-credit">Ann Lee for The Harbour</span></figcaption></figure>',
        '<p class="wp-caption-text">Photo: Ann Lee / Reuters</p>',
        "<script>document.write('<p>not the article</p>')</script>",
        "<noscript><p>Turn on JavaScript.</p></noscript>",
    ],
)  # fmt: skip
def test_what_stands_between_paragraphs_and_is_something_else_is_kept_out(between: str) -> None:
    assert read(with_between(between)).text == ARTICLE


@pytest.mark.parametrize(
    ("above", "below"),
    [
        ("<header><a href=/>The Harbour</a></header>", "<footer>The Harbour, Quay 1, since 1921.</footer>"),
        (f"<div><ul>{links()}</ul></div>", f"<div><h3>You may like these</h3><ul>{links()}</ul></div>"),
        ("<p>By Ann Lee</p><p>May 4, 2018</p>", "<p>© 2018 The Harbour. All rights reserved.</p>"),
        ('<div class="byline">Ann Lee, in Kessel</div>', '<div class="tags">Museums, roofs</div>'),
    ],
)
def test_what_stands_around_the_article_is_kept_out(above: str, below: str) -> None:
    inner = "".join(PLAIN.blocks)
    assert read(body(f"<h1>Museum</h1>{above}<div>{inner}</div>{below}")).text == ARTICLE


@pytest.mark.parametrize(
    "lead",
    [
        "<p>How a town by the sea saved its lamp, its bells and four hundred boats in bottles.</p>",
        "<h2>How a town saved its lamp</h2>",
        '<div class="standfirst">How a town saved its lamp</div>',
        '<div class="teaser-text"><p>How a town saved its lamp, and what it cost</p></div>',
    ],
)
def test_a_lead_between_title_and_text_is_kept(lead: str) -> None:
    page = body(f"<header><h1>Museum</h1>{lead}</header><div class=text>{''.join(PLAIN.blocks)}</div>")
    first, *rest = read(page).text.split("\n\n")
    assert first.startswith("How a town")
    assert rest == ARTICLE.split("\n\n")


@pytest.mark.parametrize("name", ["share-wrapper", "newsletter", "comments", "related", "modal", "sidebar", "cookie"])
def test_an_article_is_kept_whatever_the_element_around_it_is_called(name: str) -> None:
    assert read(body(f'<div class="{name}"><h1>Museum</h1>{"".join(PLAIN.blocks)}</div>')).text == ARTICLE
    each = "".join(f'<div class="{name}">{block}</div>' for block in PLAIN.blocks)
    assert read(body(f"<h1>Museum</h1>{each}")).text == ARTICLE


def test_a_question_that_is_asked_twice_is_read_twice() -> None:
    question = "<p>What is it that you remember best of the old museum, and why that of all things?</p>"
    answers = ["<p>The lamp, since it was the only warm thing in it.</p>", "<p>The bells.</p>", "<p>Nothing.</p>"]
    text = read(body("<h1>Museum</h1>" + "".join(question + answer for answer in answers))).text
    assert text.count("What is it that you remember best") == 3


def test_what_a_page_has_twice_is_read_once() -> None:
    inner = "".join(PLAIN.blocks)
    assert read(body(f"<main><h1>Museum</h1>{inner}</main><div class=mobile>{inner}</div>")).text == ARTICLE


def test_an_article_in_two_pieces_is_read_whole() -> None:
    many = [
        f"<p>Hall {number} is open again, and it is as cold and as full of boats as it ever was.</p>"
        for number in range(30)
    ]
    pieces = "".join(
        f'<div class="piece">{"".join(many[start : start + 10])}</div><div class="ad">Boots</div>'
        for start in (0, 10, 20)
    )
    text = read(body(f"<article><h1>Museum</h1>{pieces}</article>")).text
    assert [line for line in text.split("\n") if line] == [block[3:-4] for block in many]


@pytest.mark.parametrize(
    "shell",
    [
        "<div id=root></div>",
        "<div id=app>Loading…</div>",
        f"<nav><ul>{links()}</ul></nav><div id=app></div><footer>© 2020 The Harbour. All rights reserved.</footer>",
        "<noscript>You need to enable JavaScript to run this app.</noscript><div id=root></div>",
        "<p>Please enable JavaScript to view this page.</p>",
        "<h1>Museum</h1><p>JavaScript is disabled in your browser. Please turn it on to proceed.</p>",
    ],
)
def test_a_page_that_shows_nothing_without_its_scripts_holds_no_article(shell: str) -> None:
    page = body(f"{shell}<script src=app.js></script>")
    with pytest.raises(NoArticleError, match="shows no article"):
        read(page)


def test_the_text_for_search_engines_counts_where_a_page_shows_none() -> None:
    linked = f'{{"@type": "Article", "headline": "Museum opens", "articleBody": "{FIRST}\\n\\n{LAST}"}}'
    script = f"<script type='application/ld+json'>{linked}</script>"
    draft = read(body("<div id=root></div>", head=script))
    assert (draft.metadata.title, draft.text) == ("Museum opens", f"{FIRST}\n\n{LAST}")
    assert read(body(f"<h1>Museum</h1><p>{SECOND}</p>", head=script)).text == SECOND


@pytest.mark.slow
def test_a_page_too_large_for_the_library_is_read_whole() -> None:
    paragraphs = [
        f"This is paragraph {number} of the book of the museum, and it says little else." for number in range(20_100)
    ]
    page = body(
        f"<nav><ul>{links()}</ul></nav><h1>Museum</h1><div>{''.join(f'<p>{each}</p>' for each in paragraphs)}</div>"
    )
    assert read(page).text == "\n\n".join(paragraphs)
