"""The small pieces of the page's HTML: lines, days, links, text as it stands.

All markup goes through :class:`markupsafe.Markup`: ``format`` and ``join``
escape whatever is not markup already, so that a title, a passage or an address
shows as the characters it is made of, whatever they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from urllib.parse import urlsplit

from markupsafe import Markup


def note(kind: str, text: str) -> Markup:
    """A paragraph of this class, where there is anything to say."""
    return Markup('<p class="{}">{}</p>').format(kind, text) if text else Markup("")


def text(text: str) -> Markup:
    """Text with a small gap where it has a blank line."""
    return Markup('<span class="gap"></span>').join(re.split(r"\n\s*\n", text))


def day(published: date | None) -> Markup | None:
    """A day as people write it."""
    if published is None:
        return None
    written = f"{published.day} {published:%B %Y}"
    return Markup('<time datetime="{}">{}</time>').format(published.isoformat(), written)


def line(parts: Iterable[str | None]) -> Markup:
    """What is known of something, in a line."""
    return Markup(" · ").join(Markup("<span>{}</span>").format(part) for part in parts if part)


def link(url: str | None, label: str) -> Markup:
    """A link for an address that a browser may follow; nothing for any other."""
    if not url or not _is_web(url):
        return Markup("")
    return Markup(
        '<a href="{}" target="_blank" rel="noopener noreferrer" aria-label="{}">Read the original</a>'
    ).format(url, label)


def _is_web(url: str) -> bool:
    try:
        address = urlsplit(url)
    except ValueError:  # such as a bracket that is never closed
        return False
    return address.scheme in {"http", "https"} and bool(address.netloc)


def with_code(message: str) -> Markup:
    """A message, with what stands between backticks as code."""
    pieces = message.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if odd % 2 else piece for odd, piece in enumerate(pieces)
    )


def count(number: int, thing: str) -> str:
    """So many things: "1 article", "2 articles"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
