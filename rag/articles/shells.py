"""Web pages that show no article: links alone, or what a page shows in place of what its scripts would."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.articles import cleaning
from rag.articles.found import bare, is_prose
from rag.articles.markup import Block

_LEAST_UNSAID = 60
"""Letters from which on what is no sentence (a poem, a language that ends none with a mark) is an article."""

_LONGEST_NOTICE = 500
"""Characters."""

_IN_PLACE = (
    re.compile(
        r"(?:enable|turn on|activate|allow|requires?|need|without|disabled|switched off|not enabled|not support)\b"
        r".{0,40}\bjavascript\b|\bjavascript\b.{0,40}\b(?:is|in|to)\b.{0,30}"
        r"(?:disabled|required|needed|turned off|not enabled|enable|browser|continue|proceed)",
        re.IGNORECASE,
    ),
    re.compile(
        r"\bjavascript\b.{0,60}(?:aktivier|einschalten|deaktiviert|activ|habilit|abilit|включ|disattiv)"
        r"|(?:aktivieren|schalten|activ\w+|habilit\w+|abilit\w+|attiv\w+|включите)\b.{0,40}\bjavascript\b"
        r"|(?:启用|啟用|開啟|开启|有効).{0,20}javascript|javascript.{0,20}(?:启用|啟用|開啟|开启|有効|無効)",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?:checking|verif\w+) (?:that |if )?(?:your browser|(?:that )?you are (?:a )?human|the site connection)"
        r"|\b(?:complete|solve) the (?:captcha|security check)|unusual (?:traffic|activity) from your",
        re.IGNORECASE,
    ),
)
"""What is said where the article is shown only by a script, or after a test."""


def shows_article(blocks: Sequence[Block], *, scripted: bool) -> bool:
    """Whether blocks are an article, and not only links, labels, or what a page shows in place of one.

    Where there is no sentence among them, a page that is ``scripted`` must show the
    more.
    """
    text = " ".join(block.text for block in blocks if not block.heading)
    if len(text) <= _LONGEST_NOTICE and any(notice.search(text) for notice in _IN_PLACE):
        return False
    lines = cleaning.without_notices([line for block in blocks if not block.heading for line in block.lines])
    free = "".join(line.unlinked for line in lines)
    least = _LEAST_UNSAID if scripted else 1
    return any(map(is_prose, blocks)) or len(bare(free)) >= least
