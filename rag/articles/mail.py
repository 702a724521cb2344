"""E-mail: a message saved on its own (``.eml``), or a mailbox of them (``.mbox``).

In a mailbox ``Draft.member`` is the place of the message, counted from 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr, parsedate_tz
from itertools import pairwise

from rag.articles import dates, values
from rag.articles.decoding import decode
from rag.articles.draft import Draft, Metadata, Source
from rag.articles.html import from_html
from rag.articles.rows import reported
from rag.articles.text import from_text
from rag.errors import ArticleError, BrokenFileError, EncryptedFileError
from rag.types import Failure

_USUAL = ("from", "subject", "date", "message-id", "received", "return-path", "to", "mime-version", "content-type")
"""Headers of which a message has at least one."""

_NOTE = 40
"""Words; what is shorter above a forwarded message is a note to whom it was sent, and no article."""

_STUB = 2
"""How many times as many words HTML has beside a plain text that only says that there is HTML."""

_LONGEST_HEADER = 20_000
"""Characters of a header that are read."""

_PREFIX = re.compile(r"\s*(?:(?:re|fwd?|aw|wg)(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE)
_VIA = re.compile(r"\s+via\s+.+")
_FOLDED = re.compile(r"\r?\n(?=[ \t])")
_BLANK_LINES = re.compile(r"\n{3,}")

_FORWARDED = re.compile(
    r"\s*(?:-{3,} ?(?:Forwarded|Original) message ?-{3,}|Begin forwarded message:)[ \t]*\n\s*"
    r"(?P<headers>(?:[ \t>*]*(?:From|Date|Sent|Subject|To|Cc|Reply-To)\b\*?:[^\n]*\n)+)",
    re.IGNORECASE,
)
"""What mail programs put above a message that is passed on within another."""

_FORWARDED_HEADER = re.compile(r"[ \t>*]*(?P<name>[A-Za-z-]+)\*?:\*?(?P<value>[^\n]*)")

_SIGNATURE = "\n-- \n"
_LONGEST_SIGNATURE = 12
_LIST_FOOTER = re.compile(r"\n_{20,}\n[^\n]{1,100} mailing list\n")
_LONGEST_FOOTER = 8
"""What stands below a text, and of how many lines it is at most."""

_CHROME = re.compile(
    r"\W{0,3}(?:"
    r"(?:(?:view|read|open) (?:(?:this|the)(?: e-?mail| message| newsletter| issue)? )?"
    r"(?:online|in (?:your |a |the )?(?:web )?browser)"
    r"|(?:click here to )?unsubscribe"
    r"(?: here| now| instantly| from (?:this|the|our|these) (?:list|newsletter|e-?mails?))?"
    r"|(?:update|manage|change|edit)(?: your| my)?(?: e-?mail| subscription)? (?:preferences|settings|subscriptions?)"
    r"|forward (?:this )?to a friend)(?:\W{0,4}https?://\S+)?\W{0,3}"
    r"|you(?:['’]re receiving| are receiving| received) this (?:e-?mail|newsletter|message) because [^\n]{1,200}"
    r")",
    re.IGNORECASE,
)
"""Lines that belong to the sending of a newsletter."""

_ATTACHED = re.compile(rb"^(?:[A-Za-z0-9+/]{60,76}={0,2}\r?\n){60000,}+", re.MULTILINE)
"""Base64 of more than 3 MB: no text is so long, and it would take several times as much memory to parse."""

_SEPARATOR = re.compile(
    rb"^From \S[^\r\n]{0,200}?\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b[^\r\n]{1,30}\d\d:\d\d[^\r\n]{0,40}\r?\n", re.MULTILINE
)
_ESCAPED = re.compile(rb"^>(>*From )", re.MULTILINE)

_ADDRESSES = ("archived-at", "x-rss-url", "content-base", "content-location")
"""Headers in which archives and feed readers say where an article is from, the better first."""

_Body = tuple[str, str]
"""Kind ("plain" or "html") and text."""


def read_mail(source: Source) -> Iterator[Draft]:
    """The article of a message: its plain text, or its HTML where there is no such text to speak of.

    Attachments are left out, but a message that is passed on in another is an
    article, with what itself says of it.

    Raises:
        BrokenFileError: It is no message, or cannot be read.
        EncryptedFileError: Its text is encrypted.
    """
    found = _drafts(source.data, source.path)
    for number, draft in enumerate(found, start=1):
        yield replace(draft, member=f"#{number}") if len(found) > 1 else draft


def read_mailbox(source: Source) -> Iterator[Draft | Failure]:
    """The articles of a mailbox, each as :func:`read_mail` reads it.

    Raises:
        BrokenFileError: It is no mailbox.
    """
    yield from reported(_in_mailbox(source), source.path)


def _in_mailbox(source: Source) -> Iterator[Draft | Failure]:
    starts = [(match.start(), match.end()) for match in _SEPARATOR.finditer(source.data)]
    if not starts or source.data[: starts[0][0]].strip():
        raise BrokenFileError(source.path, "it does not begin as a mailbox does, with a line “From …”")
    ends = pairwise((*(start for start, _ in starts), len(source.data)))
    for number, ((_, start), (_, end)) in enumerate(zip(starts, ends, strict=True), start=1):
        path = f"{source.path}#{number}"
        try:
            found = _drafts(_ESCAPED.sub(rb"\1", source.data[start:end]), path)
        except ArticleError as error:
            yield Failure(path, error.reason)
            continue
        if not found:
            yield Failure(path, "there is no text in the message; save what is attached to it")
        for place, draft in enumerate(found, start=1):
            yield replace(draft, member=f"#{number}.{place}" if len(found) > 1 else f"#{number}")


def _drafts(data: bytes, path: str) -> list[Draft]:
    """The articles of a message."""
    try:
        return list(_articles(_message(data, path), path))
    except (ArticleError, MemoryError):
        raise
    except Exception as error:
        raise BrokenFileError(path, "the message in it cannot be read") from error


def _message(data: bytes, path: str) -> Message:
    # By the older policy, for the newer one breaks on headers that it cannot parse.
    message = message_from_bytes(_ATTACHED.sub(b"", data))
    if not any(name in message for name in _USUAL):
        raise BrokenFileError(path, "it is no message: it has no sender, subject or date")
    return message


def _articles(message: Message, path: str) -> Iterator[Draft]:
    own: list[_Body] = []
    inner: list[Message] = []
    _take(message, path, own, inner)
    within = [draft for each in inner for draft in _articles(each, path)]
    draft = _draft(message, own, path)
    if draft and (not within or len(draft.text.split()) >= _NOTE):
        yield draft
    yield from within


def _take(part: Message, path: str, own: list[_Body], inner: list[Message]) -> None:
    """Adds the texts in a part of a message to ``own``, and the messages in it to ``inner``."""
    kind = part.get_content_type()
    if kind == "multipart/encrypted" or (
        kind in {"application/pkcs7-mime", "application/x-pkcs7-mime"} and part.get_param("smime-type") != "signed-data"
    ):
        raise EncryptedFileError(path)
    payload = part.get_payload()
    parts = [each for each in payload if isinstance(each, Message)] if isinstance(payload, list) else []
    if kind == "message/rfc822":
        inner += parts
    elif kind == "multipart/alternative":
        choices: list[_Body] = []
        for each in parts:
            _take(each, path, choices, inner)
        own += _best(choices)
    elif kind in {"multipart/related", "multipart/signed"}:
        for each in parts[:1]:
            _take(each, path, own, inner)
    elif part.is_multipart():
        for each in parts:
            _take(each, path, own, inner)
    elif kind in {"text/plain", "text/html"} and not _is_attached(part):
        own.append((kind.removeprefix("text/"), _text(part, path)))


def _best(choices: list[_Body]) -> list[_Body]:
    """Of the same text in several kinds the plain one, if it is the same text."""
    words = {kind: sum(len(_words(one, text)) for one, text in choices if one == kind) for kind in ("plain", "html")}
    best = "html" if words["html"] > _STUB * words["plain"] else "plain"
    return [(kind, text) for kind, text in choices if kind == best]


def _words(kind: str, text: str) -> list[str]:
    if kind == "html":
        draft = from_html(text, Metadata(), "", whole=True)
        text = draft.text if draft else ""
    return [word for word in text.split() if "://" not in word]


def _is_attached(part: Message) -> bool:
    disposition = part.get_content_disposition()
    return disposition == "attachment" or (disposition is not None and part.get_filename() is not None)


def _text(part: Message, path: str) -> str:
    r"""The text of a part, each line ended by ``\n``."""
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    charset = (part.get_content_charset() or "").lower()
    charset = {"iso-8859-1": "cp1252", "latin1": "cp1252", "gb2312": "gb18030", "us-ascii": ""}.get(charset, charset)
    try:
        text = data.decode(charset) if charset else ""
    except (LookupError, ValueError):
        text = ""
    text = values.storable(text or (decode(data, path) if data.strip() else ""))
    if part.get_content_type() == "text/plain" and str(part.get_param("format", "")).lower() == "flowed":
        return _unflowed(text, spaced=str(part.get_param("delsp", "")).lower() != "yes")
    return text


def _unflowed(text: str, *, spaced: bool) -> str:
    """Text whose lines go on where they end with a blank (RFC 3676), each paragraph on one line.

    ``spaced`` says that the blank is a part of the text.
    """
    lines: list[str] = []
    going_on = -1
    for line in text.split("\n"):
        words = line.lstrip(">")
        depth = len(line) - len(words)
        words = words.removeprefix(" ")
        flows = words.endswith(" ") and words != "-- "
        kept = words if spaced or not flows else words[:-1]
        if depth == going_on and words != "-- ":
            lines[-1] += kept
        else:
            lines.append(f"{'>' * depth} {kept}" if depth else kept)
        going_on = depth if flows else -1
    return "\n".join(lines)


def _draft(message: Message, own: list[_Body], path: str) -> Draft | None:
    """The article that the texts of a message are; ``None`` where they have no words."""
    stated = _stated(message)
    drafts: list[Draft] = []
    for kind, text in own:
        if kind == "html":
            draft = from_html(text, stated, path, whole=True)
        else:
            stated, words = _passed_on(stated, _without_signature(text))
            draft = from_text(words.strip(), stated)
        drafts += [draft] if draft and draft.text else []
    lines = "\n\n".join(draft.text for draft in drafts).split("\n")
    kept = "\n".join(line for line in lines if not _CHROME.fullmatch(line.strip()))
    kept = _BLANK_LINES.sub("\n\n", kept).strip("\n")
    return Draft(drafts[0].metadata, kept) if any(map(str.isalnum, kept)) else None


def _without_signature(text: str) -> str:
    """The text without its writer's signature, and without what a mailing list puts below it."""
    footer = next(reversed(list(_LIST_FOOTER.finditer(text))), None)
    if footer and text.count("\n", footer.end()) <= _LONGEST_FOOTER:
        text = text[: footer.start()]
    above, mark, signature = f"\n{text}\n".rpartition(_SIGNATURE)
    return above if mark and signature.count("\n") <= _LONGEST_SIGNATURE else text


def _passed_on(stated: Metadata, text: str) -> tuple[Metadata, str]:
    """What is known of a text and the text, where it is one passed on under its old headers."""
    forwarded = _FORWARDED.match(text)
    if forwarded is None:
        return stated, text
    headers = {
        header["name"].lower(): " ".join(header["value"].strip(" *").split())
        for header in _FORWARDED_HEADER.finditer(forwarded["headers"])
    }
    sent = headers.get("date") or headers.get("sent") or ""
    old = Metadata(
        title=_PREFIX.sub("", headers.get("subject", ""), count=1) or stated.title,
        author=_name(headers.get("from", "")),
        published=values.day(sent) or dates.taken_out(sent)[0],
    )
    return old, text[forwarded.end() :]


def _stated(message: Message) -> Metadata:
    """What the headers say.

    Who sends a newsletter is its source; who writes to a person or to a list is
    the author, and the list the source. The day is the sender's own.
    """
    sender = _header(message, "from")
    listed = _header(message, "list-id")
    addresses = (values.address(_decoded(_header(message, name)).strip("<> ")) for name in _ADDRESSES)
    name = _name(sender)
    source = _name(listed) if listed and "list-post" in message else None
    if ("list-unsubscribe" in message or "list-id" in message) and "list-post" not in message:
        name, source = None, name or parseaddr(sender)[1].rpartition("@")[2] or None
    sent = parsedate_tz(_header(message, "date"))
    return Metadata(
        title=_PREFIX.sub("", " ".join(_decoded(_header(message, "subject")).split()), count=1) or None,
        source=source,
        author=name and _VIA.sub("", name) if source else name,
        published=values.date_of(*sent[:3]) if sent else None,
        url=next(filter(None, addresses), None),
        language=values.language(_header(message, "content-language")),
    )


def _name(sender: str) -> str | None:
    """The name in front of an address; ``None`` where there is only the address."""
    name = " ".join(_decoded(parseaddr(sender)[0]).split()) if re.search(r"[@<]", sender) else sender.strip()
    return None if not name or "@" in name else name


def _header(message: Message, name: str) -> str:
    """A header as it is written, on one line; nothing where there is none."""
    raw = next((str(value) for key, value in message.raw_items() if key.lower() == name), "")
    data = _FOLDED.sub("", raw[:_LONGEST_HEADER]).encode("utf-8", "surrogateescape")
    try:
        return values.storable(data.decode())
    except UnicodeDecodeError:  # bytes that should have been encoded as words
        return decode(data, name)


def _decoded(header: str) -> str:
    """A header with its encoded words ("=?utf-8?Q?F=C3=A4hre?=") read."""
    try:
        return values.storable(str(make_header(decode_header(header))))
    except (HeaderParseError, LookupError, ValueError):
        return header
