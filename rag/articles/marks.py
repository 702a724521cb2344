"""What the tags, roles, classes and ids of a page's elements say that the elements hold."""

from __future__ import annotations

import re
from enum import IntEnum
from typing import TYPE_CHECKING

from rag.articles import markup

if TYPE_CHECKING:
    from lxml.etree import _Element

_INNER_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_ELSE = re.compile(
    r"(?<![a-z])(?<!js-)(?:"
    r"shar(?:e|es|ing|ebar|ebuttons?|ethis|edaddy)|socials?|sociable|addthis|addtoany"
    r"|newsletters?|subscri(?:be|ption)|sign-?up|mailchimp|opt-?in|paywall|regwall|login|donat(?:e|ions?)"
    r"|related(?:posts)?|recommend(?:ed|ations?)|recirc(?:ulation)?|read-?more|also-read|more-(?:stories|from)"
    r"|most-?(?:read|popular)|trending|up-next|next-article|outbrain|taboola|zergnet|revcontent|criteo|dianomi"
    r"|comments|comment-?list|comment-respond|disqus|respond|reply"
    r"|cookies?|consent|gdpr|ccpa|onetrust|popup|modal|lightbox"
    r"|ads?|adverts?|advertisement|adslot|sponsored|promo"
    r"|nav|navigation|navbar|(?:sub)?menu|breadcrumbs?|pagination|pager|skip-link|back-to-top|toolbar|tags|tag-?list"
    r")(?![a-z])"
)
_ASIDE = re.compile(
    r"(?<![a-z])(?<!js-)(?:sidebar|footer|masthead|widget|banner|overlay|bio|topics|keywords|print|rating|poll|quiz"
    r"|credit|popular|latest|promoted|tools|gallery|slideshow|carousel|copyright)(?![a-z])"
)
_ABOUT = re.compile(
    r"(?<![a-z])(?:byline|timestamp|meta|metadata|authors?|dateline|date|publi(?:shed|cation)|pubdate)(?![a-z])"
)
_QUOTED = re.compile(r"embed|tweet")
_MARGINS = frozenset(("header", "footer"))
"""What LibreOffice calls the margins of its pages, in their title."""

_ELSE_ROLES = frozenset(
    ("alertdialog", "banner", "contentinfo", "dialog", "menu", "menubar", "navigation", "search", "toolbar")
)
_WHOLE = frozenset(("html", "body"))
"""Their names say what else is in the page."""

_ARTICLE_TYPE = re.compile(r"schema\.org/\w*(?:Article|BlogPosting|Report|Review)\b")


class Mark(IntEnum):
    """What the tags and names of elements say that they hold."""

    NONE = 0
    ABOUT = 1
    """Author, date and the like."""
    ASIDE = 2
    """Beside the article, unless trafilatura took it for a part of it."""
    ELSE = 3
    """Something else."""


def mark(element: _Element) -> Mark:
    """What an element says of itself."""
    names = _INNER_CAPITAL.sub("-", f"{element.get('id', '')} {element.get('class', '')}").lower().replace("_", "-")
    tag, role = element.tag, element.get("role")
    if tag in _WHOLE or tag == "blockquote" or _QUOTED.search(names):
        return Mark.NONE
    if tag in ("nav", "menu", "dialog") or role in _ELSE_ROLES or _ELSE.search(names) or markup.is_unread(element):
        return Mark.ELSE
    parent = element.getparent()
    if tag == "footer" and parent is not None and parent.tag == "blockquote":
        return Mark.NONE
    beside = tag in ("aside", "footer", "form", "fieldset") or role == "complementary"
    if tag == "div" and element.get("title") in _MARGINS:
        return Mark.ELSE
    if beside or _ASIDE.search(names) or markup.is_hidden(element):
        return Mark.ASIDE
    return Mark.ABOUT if _ABOUT.search(names) else Mark.NONE


def is_article(element: _Element) -> bool:
    """Whether an element says that it is a page's article, or main part."""
    return (
        element.tag in ("article", "main")
        or element.get("role") in ("article", "main")
        or _is_body(element)
        or bool(_ARTICLE_TYPE.search(element.get("itemtype", "")))
    )


def holds_article(element: _Element) -> bool:
    """Whether an element that says that it is an article is the page around one, or only a part of one."""
    return element.tag in ("html", "body", "main") or element.get("role") == "main" or _is_body(element)


def _is_body(element: _Element) -> bool:
    return element.get("itemprop") == "articleBody"
