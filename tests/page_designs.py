"""Pages as news sites make them, around any article: five designs, each with all that stands around an article."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from html import escape


@dataclass(frozen=True)
class Story:
    """An article to be laid out; ``blocks`` are pieces of HTML, each a paragraph, a list, a quotation, …"""

    title: str
    author: str
    site: str
    url: str
    published: date
    blocks: tuple[str, ...]

    @property
    def halves(self) -> tuple[str, str]:
        """The blocks above and below what stands in the middle."""
        middle = (len(self.blocks) + 1) // 2
        return "\n".join(self.blocks[:middle]), "\n".join(self.blocks[middle:])

    @property
    def day(self) -> str:
        """The date as a page shows it."""
        return f"{self.published:%B} {self.published.day}, {self.published.year}"


OTHERS = (
    "Ferry captain retires after forty years at sea",
    "Why the night market moved indoors",
    "Five bridges that nobody crosses any more",
    "The last lamplighter of Kessel Street",
    "Town hall clock stops for the third time",
)


def links(tag: str = "li") -> str:
    return "".join(f'<{tag}><a href="/news/{number}">{title}</a></{tag}>' for number, title in enumerate(OTHERS))


def weblog(story: Story) -> str:
    """As WordPress themes make them: everything has a class that says what it is."""
    graph = {
        "@context": "https://schema.org",
        "@graph": [
            {"@type": "WebSite", "@id": "https://x.example/#website", "name": story.site},
            {
                "@type": "Article",
                "headline": story.title,
                "author": {"@id": "https://x.example/#person"},
                "datePublished": f"{story.published}T08:15:00+00:00",
                "dateModified": "2030-01-01T08:15:00+00:00",
                "publisher": {"@type": "Organization", "name": story.site},
                "inLanguage": "en-US",
            },
            {"@type": "Person", "@id": "https://x.example/#person", "name": story.author},
        ],
    }
    above, below = story.halves
    return f"""<!DOCTYPE html>
<html lang="en-US"><head><meta charset="utf-8"><title>{escape(story.title)} - {escape(story.site)}</title>
<link rel="canonical" href="{story.url}"><meta property="og:title" content="{escape(story.title)}">
<meta property="og:site_name" content="{escape(story.site)}"><meta property="og:url" content="{story.url}">
<script type="application/ld+json">{json.dumps(graph)}</script>
<style>.x {{ color: red }}</style></head>
<body class="post-template-default single single-post cookies-not-set has-sidebar">
<a class="skip-link screen-reader-text" href="#content">Skip to content</a>
<div id="page" class="site"><header id="masthead" class="site-header"><p class="site-title"><a href="/">{escape(story.site)}</a></p>
<p class="site-description">News from the coast since 1921. All of it, every day.</p>
<nav id="site-navigation" class="main-navigation"><ul id="primary-menu" class="menu">{links()}</ul></nav></header>
<div id="content" class="site-content"><div id="primary" class="content-area"><main id="main" class="site-main">
<article id="post-4711" class="post-4711 post type-post status-publish category-news">
<header class="entry-header"><span class="cat-links"><a href="/c/news">News</a></span><h1 class="entry-title">{escape(story.title)}</h1>
<div class="entry-meta"><span class="byline">by <span class="author vcard"><a class="url fn n" href="/a">{escape(story.author)}</a></span></span>
<span class="posted-on"><time class="entry-date published" datetime="{story.published}T08:15:00+00:00">{story.day}</time>
<time class="updated" datetime="2030-01-01T08:15:00+00:00">January 1, 2030</time></span></div></header>
<div class="entry-content">
{above}
<div class="wp-block-group newsletter-signup"><h3>Never miss a story</h3><p>Our letter comes to you every Friday, with the best of the week. Read by ten thousand people.</p>
<form><input type="email" placeholder="Your address"><button>Sign me up</button></form></div>
{below}
<div class="sharedaddy sd-sharing-enabled"><h3 class="sd-title">Share this:</h3><ul><li><a href="#">Click to share on Facebook (Opens in new window)</a></li><li><a href="#">Twitter</a></li></ul></div>
<div id="jp-relatedposts" class="jp-relatedposts"><h3 class="jp-relatedposts-headline"><em>Related</em></h3><ul>{links()}</ul></div>
</div><footer class="entry-footer"><span class="tags-links">Tagged <a href="/t/coast">coast</a>, <a href="/t/sea">sea</a></span></footer></article>
<nav class="navigation post-navigation"><h2 class="screen-reader-text">Post navigation</h2><a href="/p">Previous: Ferry captain retires</a></nav>
<div id="comments" class="comments-area"><h2 class="comments-title">2 thoughts on “{escape(story.title)}”</h2><ol class="comment-list">
<li class="comment"><article class="comment-body"><b class="fn">Harald</b> says: <time datetime="2031-05-05">May 5, 2031</time><div class="comment-content"><p>I was there and it was nothing like this, believe me. You should all be ashamed of yourselves.</p></div></article></li>
<li class="comment"><article class="comment-body"><b class="fn">Inge</b> says:<div class="comment-content"><p>Thank you for writing this. It is what my grandmother always told us about the place.</p></div></article></li></ol>
<div id="respond" class="comment-respond"><h3>Leave a Reply</h3><form><p>Your email address will not be published. Required fields are marked *</p><textarea></textarea></form></div></div>
</main></div><aside id="secondary" class="widget-area"><section class="widget widget_recent_entries"><h2 class="widget-title">Recent Posts</h2><ul>{links()}</ul></section>
<section class="widget widget_text"><h2>About us</h2><div class="textwidget">We are a small paper with a long memory. Write to us at any time, and we shall write back.</div></section></aside></div>
<footer id="colophon" class="site-footer">© 2030 {escape(story.site)}. All rights reserved. Proudly powered by a press.</footer></div>
<div id="cookie-notice" class="cookie-notice-container" role="dialog"><span>We use cookies to make sure that you have the best experience on our site. If you go on, we take it that you agree.</span><a href="#">Ok</a><a href="#">Privacy policy</a></div>
</body></html>"""


def hashed(story: Story) -> str:
    """As web applications render them on the server: names of classes say nothing, the text comes in pieces."""
    linked = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "mainEntityOfPage": {"@type": "WebPage", "@id": story.url},
        "headline": story.title,
        "datePublished": f"{story.published}T21:40:00.000Z",
        "author": [{"@type": "Person", "name": f"By {story.author}", "url": "https://x.example/by/a"}],
        "publisher": {"@type": "NewsMediaOrganization", "name": story.site},
    }
    pieces = "".join(
        f'<div class="css-s99gbd StoryBodyCompanionColumn"><div class="css-53u6y8">{block}</div></div>'
        + (
            '<div class="css-9tf9ac"><div class="css-1bd8bfl"><p>Advertisement</p><a href="#after">SKIP ADVERTISEMENT</a></div></div>'
            if number % 3 == 1
            else ""
        )
        for number, block in enumerate(story.blocks)
    )
    cards = "".join(
        f'<li class="css-1a"><article><a href="/n/{n}"><div class="css-2b"><h3>{title}</h3><p>The story of a day that nobody here will forget soon.</p></div></a></article></li>'
        for n, title in enumerate(OTHERS)
    )
    return f"""<!DOCTYPE html><html lang="en" class="story nytapp-vi-article"><head><title data-rh="true">{escape(story.title)} | {escape(story.site)}</title>
<meta data-rh="true" property="og:title" content="{escape(story.title)}"/><meta property="og:site_name" content="{escape(story.site)}"/>
<script data-rh="true" type="application/ld+json">{json.dumps(linked)}</script></head><body>
<div id="app"><div><div class=""><header class="css-1d"><section class="css-qe"><div><button aria-label="Sections Navigation">Sections</button><a href="#site-content" class="css-x0">SEARCH</a></div>
<ul data-testid="mini-nav">{links()}</ul></section></header></div><div aria-hidden="false"><main id="site-content">
<div><div class="css-1aor85t" style="opacity:0.000000001"><div class="css-1hqnpie"><div class="css-epjblv"><span class="css-17xtcya"><a href="/s">World</a></span><span class="css-x15j1o">|</span><span class="css-fwqvlz">{escape(story.title)}</span></div></div></div></div>
<article id="story" class="css-1vxca1d"><div id="top-wrapper" class="css-1bymuyk"><div id="top-slug" class="css-l9onyx"><p>Advertisement</p></div></div>
<header class="css-kyqdlh"><div class="css-1vkm6nb ehdk2mb0"><h1 class="css-1l8buln e1h9rw200" data-testid="headline">{escape(story.title)}</h1></div>
<div class="css-1n"><div class="css-18e8msd"><div class="css-1dv1kvn"><p class="css-4u6x9 e1jsehar1"><span>By </span><a href="/by/a" class="css-n8ff4n">{escape(story.author)}</a></p></div>
<ul class="css-17c"><li><time datetime="{story.published}T17:40:00-04:00"><span>{story.day}</span></time></li></ul></div>
<div class="css-o5"><div role="toolbar" aria-label="Share"><ul><li><button>Share full article</button></li><li><button>12</button></li></ul></div></div></div></header>
<section name="articleBody" class="meteredContent css-1r7ky0e">{pieces}</section>
<div class="bottom-of-article"><div class="css-kt"><div role="toolbar"><button>Share full article</button></div></div></div></article>
<div class="css-13"><section><h2>More in World</h2><ol>{cards}</ol></section><section><h2>Trending in {escape(story.site)}</h2><ol>{cards}</ol></section></div>
</main><nav class="css-16" aria-label="Site Index"><h2>Site Index</h2><section><h3>News</h3><ul>{links()}</ul></section></nav>
<footer class="css-1e"><nav><ul><li><a href="/c">© 2030 The Company</a></li><li><a href="/contact">Contact Us</a></li><li><a href="/t">Terms of Service</a></li></ul></nav></footer></div></div></div>
<div role="dialog" aria-modal="true" class="css-zz"><h2>Your tracker settings</h2><p>We use cookies and similar methods to recognize visitors and remember their preferences. To learn more, see our policy.</p><button>Accept all</button><button>Reject all</button></div>
<script>window.__preloadedData = {{"initialState": "<p>Not the article</p>"}};</script></body></html>"""


def tables(story: Story) -> str:
    """As they were made before style sheets: tables in tables, no classes, paragraphs parted by breaks."""
    plain = "<br><br>\n".join(block.removeprefix("<p>").removesuffix("</p>") for block in story.blocks)
    return f"""<HTML><HEAD><TITLE>{escape(story.site)}: {escape(story.title)}</TITLE><META NAME="author" CONTENT="{escape(story.author)}">
<META NAME="date" CONTENT="{story.published}"></HEAD><BODY BGCOLOR="#FFFFFF" TEXT="#000000">
<TABLE WIDTH=760 BORDER=0 CELLPADDING=0><TR><TD COLSPAN=3><A HREF="/"><IMG SRC="logo.gif" ALT="{escape(story.site)}"></A>
<FONT SIZE=1><A HREF="/1">Home</A> | <A HREF="/2">Local</A> | <A HREF="/3">Harbour</A> | <A HREF="/4">Weather</A> | <A HREF="/5">Archive</A></FONT></TD></TR>
<TR><TD WIDTH=120 VALIGN=top><FONT SIZE=2><B>Sections</B><BR><A HREF="/a">Ferries</A><BR><A HREF="/b">Fishing</A><BR><A HREF="/c">Council</A><BR><A HREF="/d">Letters</A><BR></FONT></TD>
<TD WIDTH=480 VALIGN=top><FONT FACE="Times" SIZE=5><B><H1>{escape(story.title)}</H1></B></FONT><FONT SIZE=2><I>By {escape(story.author)}</I><BR>{story.day}<BR></FONT><BR>
<FONT FACE="Times" SIZE=3>
{plain}
</FONT><BR><BR><FONT SIZE=1><A HREF="mailto:x">E-mail this story</A> | <A HREF="/print">Print this story</A></FONT></TD>
<TD WIDTH=160 VALIGN=top><TABLE BORDER=1><TR><TD><FONT SIZE=2><B>Also today</B><BR>{"<BR>".join(f'<A HREF="/x">{title}</A>' for title in OTHERS)}</FONT></TD></TR></TABLE></TD></TR>
<TR><TD COLSPAN=3 ALIGN=center><FONT SIZE=1>Copyright 2003 {escape(story.site)}. All rights reserved.</FONT></TD></TR></TABLE></BODY></HTML>"""


def semantic(story: Story) -> str:
    """As people write them by hand: elements that say what they are, microdata, no classes."""
    above, below = story.halves
    return f"""<!doctype html><html lang=en><meta charset=utf-8><title>{escape(story.title)}</title>
<link rel=canonical href="{story.url}"><meta name=author content="{escape(story.author)}"><meta name=application-name content="{escape(story.site)}">
<body><header><a href=/>{escape(story.site)}</a><nav><ul>{links()}</ul></nav></header>
<main><article itemscope itemtype="https://schema.org/NewsArticle"><header><h1 itemprop=headline>{escape(story.title)}</h1>
<p>By <span itemprop=author>{escape(story.author)}</span>, <time itemprop=datePublished datetime={story.published}>{story.day}</time></header>
<div itemprop=articleBody>
{above}
<aside><h2>Read more</h2><ul>{links()}</ul></aside>
{below}
</div><footer><p>Filed under <a href=/t>Coast</a>. <a href="https://social.example/share">Tell a friend</a></footer></article>
<section><h2>What else happened</h2>{"".join(f"<article><h3><a href=/n>{title}</a></h3><p>One day in the life of a town by the sea, told by those who were there.</p></article>" for title in OTHERS)}</section></main>
<aside><h2>Support us</h2><p>We live on what our readers give. A small sum each month keeps the lamp burning.</p><a href=/give>Give</a></aside>
<footer><p>Printed by nobody, read by all. <a href=/imprint>Imprint</a></footer>
<script>1</script></body></html>"""


def managed(story: Story) -> str:
    """As large content systems make them: fields in fields, boxes between the paragraphs, a lead above them."""
    lead, *rest = story.blocks
    lead = lead.removeprefix("<p>").removesuffix("</p>")
    boxes = (
        '<div class="article__related-article"><a href="/r/1" class="related-article__inner"><div class="related-article__label">read more</div>'
        '<div class="related-article__title">Ferry captain retires after forty years at sea</div></a></div>',
        '<div class="article__advertisement"><div class="label">Advertisement</div><div id="ad-slot-1"></div></div>',
        '<div class="promo-block support-box"><h4>We need you</h4><p>Everything we do is paid for by people like you. If you can, give us a little each month, and tell others about us.</p><a class="btn" href="/support">Support us today</a><span>Remind me later</span></div>',
    )
    body = "".join(
        f'<div data-id="article-block-type" class="article__block article__block--html">{block}</div>'
        + (boxes[number // 2] if number % 2 and number // 2 < len(boxes) else "")
        for number, block in enumerate(rest)
    )
    linked = {
        "@context": "http://schema.org/",
        "@type": "NewsArticle",
        "dateCreated": f"{story.published}T00:00:00+03:00",
        "datePublished": f"{story.published}T00:00:00+03:00",
        "name": story.title,
        "headline": story.title,
        "author": {"@type": "Person", "name": story.author},
        "publisher": {"@type": "Organization", "name": story.site},
        "url": story.url,
    }
    return f"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(story.title)} - {escape(story.site)}</title>
<meta property="og:url" content="{story.url}"><meta property="og:title" content="{escape(story.title)}"><meta property="og:site_name" content="{escape(story.site)}">
<meta property="article:author" content="{escape(story.author)}"><meta property="article:published_time" content="{story.published}T00:00:00+03:00">
<script type="application/ld+json">{json.dumps(linked)}</script></head><body class="article-item"><div class="wrapper"><div class="container">
<div class="site-header py-3"><div class="menu-trigger">Menu</div><ul class="header__menu">{links()}</ul><a class="header-button__donate" href="/d">Support {escape(story.site)}!</a></div></div>
<div class="article-container"><div class="container"><div class="row-flex"><div class="col"><article class="article news"><header class="article__header"><h1><a href="{story.url}">{escape(story.title)}</a></h1><h2></h2></header>
<div class="article__byline byline"><div class="row-flex"><div class="col"><div class="byline__details"><div class="byline__details__column"><div class="byline__author">By <a href="/author/a" class="byline__author__name">{escape(story.author)}</a></div>
<time class="byline__datetime timeago" datetime="{story.published}T00:00:00+03:00">{story.day}</time></div></div></div></div><div class="social"><a href="#">Facebook</a> <a href="#">Telegram</a></div></div>
<figure class="article__featured-image featured-image"><img src="a.jpg"><figcaption><span class="article__featured-image__caption featured-image__caption"></span><span class="article__featured-image__credits">Getty Images</span></figcaption></figure>
<div class="article__content-container"><div class="article__intro">{lead}</div><div class="article__content" data-id="article-parent">{body}</div>
<div class="article__bottom"><div class="article__disclaimer"></div></div><div class="article__tags"><div>Read more about: <a href="/t/sea">Sea</a> , <a href="/t/town">Town</a></div></div>
<div class="social"><h3>Sign up for our free weekly newsletter</h3><p>Our newsletter brings you the best stories of the week. You can leave it whenever you like.</p></div></div></article></div>
<aside class="col sidebar"><section class="cluster"><div class="cluster__header"><h2>Most read</h2></div><div class="article-excerpt-tiny">{links("div")}</div></section></aside></div></div></div>
<section class="cluster"><div class="cluster__label">More from {escape(story.site)}</div>{"".join(f'<div class="article-excerpt-default"><a href="/z"><h3 class="article-excerpt-default__headline">{title}</h3><div class="article-excerpt-default__teaser">What happened next surprised even those who had seen it coming.</div></a></div>' for title in OTHERS)}</section>
<div class="contribute-modal is-hidden" id="contribute-modal" style="display: none;"><div class="contribute-modal__content"><div class="title">A Message from {escape(story.site)}:</div><div class="body"><p>Dear readers,</p><p>We are facing hard times, and we ask you for your help. If you can, please support us monthly.</p></div><a href="#">Remind me later.</a></div></div>
<footer class="footer"><p>&copy; {escape(story.site)}, all rights reserved.</p></footer></div></body></html>"""


DESIGNS = (weblog, hashed, tables, semantic, managed)
