"""No sentence of an article is lost in a page, and nothing else of the page is taken for one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from page_designs import DESIGNS, OTHERS, Story, links

from rag.articles.draft import Draft, Metadata, Source
from rag.articles.html import from_html, read_html
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
INNER = "".join(PLAIN.blocks)


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
        ("<table><tr><th>Year<th>Guests<tr><td>2017<td>9</table>", "Year | Guests\n2017 | 9"),
        ("<details><summary>How we counted</summary><p>By hand.</p></details>", "How we counted\n\nBy hand."),
        ("<figure><img><figcaption>The roof in 1921.</figcaption></figure>", "The roof in 1921."),
        ('<p>He <a href="/x">said</a> <time>then</time>, “<mark>yes</mark>”.</p>', "He said then, “yes”."),
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
                "أعيد افتتاح متحف الميناء يوم الجمعة بعد ثلاث سنوات ، ووصل الطابور إلى سوق السمك قبل العاشرة.",
                "وقالت المديرة إن أحد عشر ألف شخص تبرعوا بالمال من أجل السقف الجديد، وإن معظمهم دفعوا أقل.",
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
                "Музей гавани открылся в пятницу после трёх лет ремонта, и к десяти очередь дошла до рыбного рынка.",
                "Директор сказала, что одиннадцать тысяч человек дали деньги на новую крышу, и многие меньше билета.",
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
        '<div class="td-subscribe"><h3>Join us</h3><p>It costs less than a coffee, and keeps us going.</p></div>',
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
    assert read(body(f"<h1>Museum</h1>{above}<div>{INNER}</div>{below}")).text == ARTICLE


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
    page = body(f"<header><h1>Museum</h1>{lead}</header><div class=text>{INNER}</div>")
    first, *rest = read(page).text.split("\n\n")
    assert first.startswith("How a town")
    assert rest == ARTICLE.split("\n\n")


@pytest.mark.parametrize("name", ["share-wrapper", "newsletter", "comments", "related", "modal", "sidebar", "cookie"])
def test_an_article_is_kept_whatever_the_element_around_it_is_called(name: str) -> None:
    assert read(body(f'<div class="{name}"><h1>Museum</h1>{INNER}</div>')).text == ARTICLE
    each = "".join(f'<div class="{name}">{block}</div>' for block in PLAIN.blocks)
    assert read(body(f"<h1>Museum</h1>{each}")).text == ARTICLE


def test_a_question_that_is_asked_twice_is_read_twice() -> None:
    question = "<p>What is it that you remember best of the old museum, and why that of all things?</p>"
    answers = ["<p>The lamp, since it was the only warm thing in it.</p>", "<p>The bells.</p>", "<p>Nothing.</p>"]
    text = read(body("<h1>Museum</h1>" + "".join(question + answer for answer in answers))).text
    assert text.count("What is it that you remember best") == 3


def test_what_a_page_has_twice_is_read_once() -> None:
    assert read(body(f"<main><h1>Museum</h1>{INNER}</main><div class=mobile>{INNER}</div>")).text == ARTICLE


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


TEASERS = "".join(
    f"<article><h3><a href=/x>{title}</a></h3><p>The story of a day that nobody in the town will forget very soon.</p>"
    "</article>"
    for title in OTHERS
)
FERRY = (
    "<p>The ferry turned back at noon on Tuesday with forty passengers and a goat, for the wind had turned.</p>"
    "<p>Its captain said that he would not risk the crossing, and that nobody but the goat had complained of it.</p>"
)


@pytest.mark.parametrize(
    "page",
    [
        f"<article><h1>Museum</h1>{INNER}</article><section>{TEASERS}</section>",
        f"<article><h1>Museum</h1>{INNER}<div>{TEASERS}</div></article>",
        f"<h1>Museum</h1><div>{INNER}</div><section>{TEASERS}</section>",
        f"<main><article><h1>Museum</h1>{INNER}</article><article><h1>Ferry</h1>{FERRY * 3}</article></main>",
        f"<nav><article><a href=/x><h2>Museum</h2></a></article></nav><article><h1>Museum</h1>{INNER}</article>",
    ],
)
def test_other_articles_of_a_page_are_kept_out(page: str) -> None:
    assert read(body(page)).text == ARTICLE


@pytest.mark.parametrize(
    "title", ["<h1>Museum</h1><p>We follow the opening of the museum all day, from the quay.</p>", ""]
)
@pytest.mark.parametrize(("opening", "closing"), [("<main>", "</main>"), ("<article>", "</article>")])
@pytest.mark.parametrize("heading", ["h1", "h2", "h3"])
def test_the_entries_of_a_live_blog_are_one_article(title: str, opening: str, closing: str, heading: str) -> None:
    entries = "".join(
        f"<article><{heading}>{name}</{heading}>{block}</article>"
        for name, block in zip(("Doors open", "The money", "The lamp"), PLAIN.blocks, strict=True)
    )
    page = body(f"{opening}{title or '<h1>Museum</h1>'}{entries}{closing}")
    lead = "We follow the opening of the museum all day, from the quay.\n\n" if title else ""
    assert read(page).text == f"{lead}Doors open\n\n{FIRST}\n\nThe money\n\n{SECOND}\n\nThe lamp\n\n{LAST}"


def test_sections_that_each_call_themselves_an_article_are_one() -> None:
    parts = "".join(f"<article><h2>Part</h2>{block}</article>" for block in PLAIN.blocks[1:])
    text = read(body(f"<main><article><h1>Museum</h1>{PLAIN.blocks[0]}</article>{parts}</main>")).text
    assert text == f"{FIRST}\n\nPart\n\n{SECOND}\n\nPart\n\n{LAST}"


def test_a_page_for_telephones_is_read() -> None:
    ad, lists = "<amp-ad width=1></amp-ad>", f"<amp-sidebar layout=nodisplay><ul>{links()}</ul></amp-sidebar>"
    consent = "<amp-consent><div>We use cookies to improve your experience on this site.</div></amp-consent>"
    inner = f"{lists}<article><h1>Museum</h1>{ad.join(PLAIN.blocks)}</article>{consent}"
    head = "<style amp-boilerplate>body{visibility:hidden}</style><script async src=https://cdn.example/v0.js></script>"
    assert read(body(inner, head)).text == ARTICLE


@pytest.mark.parametrize(
    "hidden",
    [
        "<div hidden><p>Words that only machines read, a sentence of them.</p></div>",
        "<div aria-hidden=true><p>Words that only machines read, a sentence of them.</p></div>",
        '<div class="visually-hidden"><p>Words that only machines read, a sentence of them.</p></div>',
        "<p style='display: none'>Words that only machines read, a sentence of them.</p>",
    ],
)
def test_hidden_words_are_kept_out(hidden: str) -> None:
    assert read(with_between(hidden)).text == ARTICLE


@pytest.mark.parametrize("attributes", ["hidden", "aria-hidden=true", "class=visually-hidden", "style='display:none'"])
def test_an_article_that_a_script_would_show_is_read(attributes: str) -> None:
    assert read(body(f"<h1>Museum</h1><div {attributes}>{INNER}</div>")).text == ARTICLE


def test_what_shows_instead_of_hidden_copies_is_read() -> None:
    assert read(body(f"<h1>Museum</h1><div hidden>{INNER}</div><div>{INNER}</div>")).text == ARTICLE
    assert read(body(f"<article><h1>Museum</h1>{INNER}<noscript>{INNER}</noscript></article>")).text == ARTICLE


@pytest.mark.parametrize(
    "below",
    [
        '<div class="paywall-box"><p>To go on reading, take out a subscription. It costs a crown a week.</p></div>',
        "<p>Subscribe to continue reading</p><p>Already a subscriber? <a href=/l>Log in</a></p>",
        '<div class="author-bio"><p>Ann Lee writes about museums and the sea for The Harbour since 1998.</p></div>',
        '<div title="footer"><p>1</p></div>',
    ],
)
def test_what_stands_below_the_last_paragraph_is_kept_out(below: str) -> None:
    assert read(body(f"<article><h1>Museum</h1>{INNER}{below}</article>")).text == ARTICLE


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>It rained.</p>", "It rained."),
        ("<h2>Hours</h2><ul><li>Monday: closed</li></ul>", "Hours\n\n- Monday: closed"),
        ("<table><tr><th>Year<th>Guests<tr><td>2017<td>9</table>", "Year | Guests\n2017 | 9"),
        ("<p><em>Correction: the number of bells was wrong.</em></p>", "Correction: the number of bells was wrong."),
    ],
)
def test_what_ends_the_article_is_kept(markup: str, text: str) -> None:
    assert read(body(f"<article><h1>Museum</h1>{INNER}{markup}</article>")).text == f"{ARTICLE}\n\n{text}"


@pytest.mark.parametrize("title", ["", "<h1>Museum</h1>"])
@pytest.mark.parametrize("around", ["{}", "<div>{}</div>", "<article>{}</article>"])
@pytest.mark.parametrize("paragraph", ["<p>{}</p>", "<div>{}</div>", "{}<br><br>"])
@pytest.mark.parametrize(
    "texts",
    [
        ["The pier is closed."],
        ["The pier is closed.", "It opens at nine."],
        ["The pier is closed.", FIRST],
        [FIRST, "It opens at nine."],
        ["It rained.", LAST, "Why?"],
    ],
)
def test_short_paragraphs_are_kept_on_a_short_page(title: str, around: str, paragraph: str, texts: list[str]) -> None:
    inner = title + "".join(map(paragraph.format, texts))
    menu = "<ul><li><a href=/a>Home</a><li><a href=/b>News</a></ul>"
    page = body(menu + around.format(inner) + "<footer>© 2020 The Harbour. All rights reserved.</footer>")
    assert read(page).text == "\n\n".join(texts)
    draft = from_html(page, Metadata(), "museum.json")
    assert draft is not None
    assert draft.text == "\n\n".join(texts)


@pytest.mark.parametrize("name", ["comments", "cookie-policy-story", "share nav", "newsletter-article", "modal", "ads"])
@pytest.mark.parametrize("tag", ["div", "article", "section"])
def test_a_container_s_name_does_not_lose_an_article_among_other_parts(name: str, tag: str) -> None:
    inner = f"<nav><ul>{links()}</ul></nav><{tag} class='{name}'><h1>Museum</h1>{INNER}</{tag}>"
    below = "<div class='comments-area'><p>I was there and it was nothing like this.</p></div>"
    assert read(body(f"{inner}{below}<footer><p>We are a small paper. Write to us.</p></footer>")).text == ARTICLE


@pytest.mark.parametrize(
    "shown",
    [
        f"<h1>News</h1><ul>{links()}</ul><ul>{links()}</ul>",
        f"<h1>News</h1>{links('p')}<footer><p>© 2020 The Harbour</p></footer>",
        "<p>Checking your browser before you go to harbour.example.</p>",
        "<p>Bitte aktivieren Sie JavaScript, um diese Seite zu sehen.</p>",
    ],
)
def test_a_page_without_an_article_is_told(shown: str) -> None:
    with pytest.raises(NoArticleError, match="shows no article"):
        read(body(shown))
    assert from_html(body(shown), Metadata(), "museum.json") is None


def test_an_article_about_scripts_is_one() -> None:
    about = "Most sites do not work where JavaScript is disabled, and those who care for speed say so in vain."
    assert read(body(f"<h1>Museum</h1><p>{about}</p>{INNER}<script>1</script>")).text == f"{about}\n\n{ARTICLE}"
    notice = "<p>Please enable JavaScript to see all of this page.</p>"
    assert read(body(f"<noscript>{notice}</noscript><article><h1>Museum</h1>{INNER}</article>")).text == ARTICLE


@pytest.mark.parametrize("script", ["", "<script>1</script>"])
def test_a_poem_and_a_language_without_full_stops_are_articles(script: str) -> None:
    thai = "พิพิธภัณฑ์ท่าเรือเปิดอีกครั้งในวันศุกร์หลังจากซ่อมแซมมาสามปี และแถวคนรอยาวไปถึงตลาดปลาตอนสิบโมง"
    assert read(
        body(f"<nav>{links()}</nav><article><h1>Museum</h1><p>{thai}</p><p>{thai}</p></article>{script}")
    ).text == (f"{thai}\n\n{thai}")
    poem = "The lamp is lit<br>the harbour sleeps"
    assert read(body(f"<article><h1>Museum</h1><p>{poem}</p><p>{poem}</p></article>")).text.count("harbour sleeps") == 2


@pytest.mark.slow
def test_a_page_too_large_for_the_library_is_read_whole() -> None:
    paragraphs = [
        f"This is paragraph {number} of the book of the museum, and it says little else." for number in range(20_100)
    ]
    page = body(
        f"<nav><ul>{links()}</ul></nav><h1>Museum</h1><div>{''.join(f'<p>{each}</p>' for each in paragraphs)}</div>"
    )
    assert read(page).text == "\n\n".join(paragraphs)
