"""E-mail: the words that were written, by whom and when, and nothing that belongs to the sending."""

import mailbox
import time
import tracemalloc
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.articles.draft import Draft, Metadata, Source
from rag.articles.mail import read_mail, read_mailbox
from rag.errors import ArticleError, BrokenFileError, EncryptedFileError
from rag.types import Failure

BODY = (
    "The old ferry left the island at noon on Tuesday with forty passengers and a goat on board, and it was back two "
    "hours later, because the wind had turned – and the captain would not risk the crossing twice.\n\n"
    "“We were lucky,” said Zoë Brandt, who had been to the café."
)
HTML = f"<html><body>{''.join(f'<p>{paragraph}</p>' for paragraph in BODY.split(chr(10) * 2))}</body></html>"
HEAD = "From: Ada Fenwick <ada@example.org>\nSubject: Ferry turns back\nDate: Thu, 03 May 2018 23:30:00 -0500\n"
FERRY = Metadata(title="Ferry turns back", author="Ada Fenwick", published=date(2018, 5, 3))


def message(text: str = BODY, **headers: str) -> EmailMessage:
    made = EmailMessage()
    made["From"] = Address("Ada Fenwick", "ada", "example.org")
    made["To"] = "reader@example.com"
    made["Subject"] = "Ferry turns back"
    made["Date"] = "Thu, 03 May 2018 23:30:00 -0500"
    for name, value in headers.items():
        del made[name.replace("_", "-")]
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return made


def read(data: str | bytes | EmailMessage | MIMEMultipart, path: str = "news/a.eml") -> list[Draft]:
    if not isinstance(data, str | bytes):
        data = data.as_bytes()
    return list(read_mail(Source(data.encode() if isinstance(data, str) else data, path)))


def one(data: str | bytes | EmailMessage | MIMEMultipart) -> Draft:
    (found,) = read(data)
    assert found.member == ""
    return found


def plain(text: str, more: str = "") -> Draft:
    return one(f"{HEAD}Content-Type: text/plain; charset=utf-8{more}\nContent-Transfer-Encoding: 8bit\n\n{text}")


# The text


@pytest.mark.parametrize("encoding", ["quoted-printable", "base64", "8bit"])
@pytest.mark.parametrize("rules", [policy.default, policy.SMTP])
def test_a_message_is_an_article(encoding: str, rules: policy.EmailPolicy) -> None:
    made = message()
    made.set_content(BODY, cte=encoding)
    found = one(made.as_bytes(policy=rules))
    assert (found.text, found.metadata) == (BODY, FERRY)


@pytest.mark.parametrize(
    ("charset", "declared"),
    [
        ("cp1252", "windows-1252"), ("cp1252", "iso-8859-1"), ("cp1252", "us-ascii"), ("cp1252", "x-unknown"),
        ("cp1252", None), ("utf-8", "us-ascii"), ("utf-8", None), ("utf-16", "utf-16"), ("cp1252", "utf-8"),
    ],
)  # fmt: skip
def test_text_is_read_in_any_encoding_also_where_another_is_named(charset: str, declared: str | None) -> None:
    kind = f"Content-Type: text/plain; charset={declared}\n" if declared else ""
    head = f"{HEAD}MIME-Version: 1.0\n{kind}Content-Transfer-Encoding: 8bit\n\n".encode()
    if charset == "utf-16":
        head = head.replace(b"8bit", b"base64")
        part = MIMEText(BODY, "plain", "utf-16")
        assert one(head.partition(b"\n\n")[0].partition(b"MIME")[0] + part.as_bytes()).text == BODY
    else:
        assert one(head + BODY.encode(charset)).text == BODY


def test_html_is_read_where_there_is_no_plain_text_to_speak_of() -> None:
    both, stub, only = message(), message("Please see the HTML part."), message()
    both.add_alternative(HTML.replace("lucky", "very lucky"), subtype="html")
    stub.add_alternative(HTML, subtype="html")
    only.set_content(HTML, subtype="html")
    for made in (both, stub, only):
        assert (one(made).text, one(made).metadata) == (BODY, FERRY)


def test_pictures_and_attachments_are_left_out() -> None:
    made = message()
    made.add_alternative(HTML, subtype="html")
    (html,) = (part for part in made.walk() if part.get_content_type() == "text/html")
    assert isinstance(html, EmailMessage)
    html.add_related(b"GIF89a", "image", "gif", cid="<1>")
    made.add_attachment("Minutes of another meeting.", filename="minutes.txt")
    made.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="a.pdf")
    made.add_attachment("Drawn up by hand.", filename="note.txt", disposition="inline")
    assert (one(made).text, one(made).metadata) == (BODY, FERRY)


def test_texts_between_pictures_are_one_text() -> None:
    made = MIMEMultipart("mixed")
    made["Subject"] = "Ferry turns back"
    for paragraph in BODY.split("\n\n"):
        made.attach(MIMEText(paragraph, "plain", "utf-8"))
    made.attach(MIMEText("<p>The end.</p>", "html", "utf-8"))
    assert one(made).text == f"{BODY}\n\nThe end."


def test_lines_that_flow_are_joined() -> None:
    flowed = (
        "The old ferry left \nthe island  \nat noon.\n\n  It was back.\n From the start.\n> She said \n> so.\n-- \nAda"
    )
    assert plain(flowed, "; format=flowed").text == (
        "The old ferry left the island  at noon.\n\n It was back.\nFrom the start.\nShe said so."
    )
    assert plain("Die Fäh \nre kam  \nan.", "; format=Flowed; DelSp=Yes").text == "Die Fähre kam an."
    assert plain("The old \nferry.").text == "The old\nferry."


def test_a_signature_and_a_list_s_footer_are_left_out_and_a_dash_is_not() -> None:
    footer = f"{'_' * 47}\nFerry-news mailing list\nferry-news@example.org\nhttps://example.org/listinfo/ferry-news\n"
    assert plain(f"{BODY}\n-- \nAda Fenwick\nHarbour Wire, Port Road 3\n{footer}").text == BODY
    assert plain(f"{BODY}\n\n{footer}").text == BODY
    text = f"{BODY}\n--\nThe goat is safe.\n-- \n" + "It is well.\n" * 20
    assert plain(text).text == "\n".join(line.rstrip() for line in text.strip().split("\n"))


def test_lines_of_a_newsletter_s_sending_are_left_out() -> None:
    made = (
        f"View this email in your browser (https://example.org/1)\n\n{BODY}\n\nUnsubscribe: https://example.org/u\n"
        "Update your preferences\nYou are receiving this email because you signed up at the harbour.\n"
    )
    assert plain(made).text == BODY
    text = (
        f"{BODY}\n\nHow to unsubscribe from the ferry's newsletter is a riddle. Unsubscribe here, it says, and no more."
    )
    assert plain(text).text == text


def test_what_is_passed_on_as_a_message_is_the_article() -> None:
    outer = MIMEMultipart("mixed")
    outer["From"], outer["Subject"] = "Tom Reed <tom@example.org>", "Fwd: Ferry turns back"
    outer.attach(MIMEText("Have you seen this?", "plain"))
    outer.attach(MIMEMessage(message_from_bytes(message().as_bytes())))
    assert (one(outer).text, one(outer).metadata) == (BODY, FERRY)
    outer.attach(MIMEMessage(message_from_bytes(message("The goat is safe.", Subject="Goat found").as_bytes())))
    ferry, goat = read(outer)
    assert (ferry.member, ferry.text) == ("#1", BODY)
    assert (goat.member, goat.text, goat.metadata.title) == ("#2", "The goat is safe.", "Goat found")


def test_a_long_text_above_what_is_passed_on_is_an_article_too() -> None:
    outer = MIMEMultipart("mixed")
    outer["From"], outer["Subject"] = "Tom Reed <tom@example.org>", "What I think"
    outer.attach(MIMEText("I have thought about the ferry for a long time. " * 10, "plain"))
    outer.attach(MIMEMessage(message_from_bytes(message().as_bytes())))
    thought, ferry = read(outer)
    assert (thought.metadata.author, ferry.metadata.author) == ("Tom Reed", "Ada Fenwick")
    assert ferry.text == BODY


@pytest.mark.parametrize(
    "above",
    [
        (
            "---------- Forwarded message ---------\nFrom: Ada Fenwick <ada@example.org>\n"
            "Date: Thu, May 3, 2018 at 11:30 PM\nSubject: Ferry turns back\nTo: <tom@example.org>\n\n\n"
        ),
        (
            "-------- Forwarded Message --------\nSubject: \tFerry turns back\nDate: \tThu, 3 May 2018 23:30:00 -0500\n"
            "From: \tAda Fenwick <ada@example.org>\nTo: \ttom@example.org\n\n"
        ),
        (
            "Begin forwarded message:\n\nFrom: Ada Fenwick <ada@example.org>\nSubject: Ferry turns back\n"
            "Date: 3 May 2018 at 23:30:00 GMT-5\nTo: Tom Reed <tom@example.org>\n\n"
        ),
        (
            "-----Original Message-----\nFrom: Ada Fenwick <ada@example.org>\nSent: Thursday, May 3, 2018 11:30 PM\n"
            "To: Tom Reed\nSubject: Ferry turns back\n\n"
        ),
    ],
)
def test_what_is_passed_on_in_the_text_is_the_article(above: str) -> None:
    found = one(message(above + BODY, From="Tom Reed <tom@example.org>", Subject="Fwd: Ferry turns back"))
    assert (found.text, found.metadata) == (BODY, FERRY)


# What the headers say


@pytest.mark.parametrize(
    ("subject", "title"),
    [
        ("Ferry turns back", "Ferry turns back"),
        ("Fwd: Re: FW: Ferry turns back", "Ferry turns back"),
        ("RE[2]: AW: Ferry turns back", "Ferry turns back"),
        ("Ferry\n turns\n\tback", "Ferry turns back"),
        ("=?utf-8?Q?F=C3=A4hre_kehrt?= =?utf-8?B?IHVt?=", "Fähre kehrt um"),
        ("=?iso-8859-1?q?F=E4hre?= turns back", "Fähre turns back"),
        ("=?utf-8?B?w?= =?x-none?q?a?=", "=?utf-8?B?w?= =?x-none?q?a?="),
        ("Fähre turns back", "Fähre turns back"),
        ("Regarding: the ferry", "Regarding: the ferry"),
        ("Re:", None),
        ("", None),
    ],
)
def test_the_subject_is_the_title(subject: str, title: str | None) -> None:
    assert one(f"From: a@example.org\nSubject: {subject}\n\n{BODY}").metadata.title == title


def test_a_subject_in_bytes_that_should_have_been_encoded_is_read() -> None:
    for encoding in ("utf-8", "cp1252"):
        data = f"From: Zoë <z@example.org>\nSubject: Fähre dreht wegen Sturm größtenteils um\n\n{BODY}".encode(encoding)
        assert one(data).metadata.title == "Fähre dreht wegen Sturm größtenteils um"
        assert one(data).metadata.author == "Zoë"


@pytest.mark.parametrize(
    ("sender", "author"),
    [
        ("Ada Fenwick <ada@example.org>", "Ada Fenwick"),
        ('"Fenwick, Ada" <ada@example.org>', "Fenwick, Ada"),
        ("=?utf-8?q?Fenwick=2C_Zo=C3=AB?= <ada@example.org>", "Fenwick, Zoë"),
        ("ada@example.org (Ada Fenwick)", "Ada Fenwick"),
        ("ada@example.org", None),
        ('"ada@example.org" <ada@example.org>', None),
        ("<>", None),
        ("", None),
    ],
)
def test_who_writes_is_the_author(sender: str, author: str | None) -> None:
    assert one(f"From: {sender}\nSubject: A\n\n{BODY}").metadata.author == author


def test_who_sends_a_newsletter_is_its_source() -> None:
    sent = {"From": "Harbour Wire <news@example.org>", "List_Unsubscribe": "<https://example.org/u>"}
    found = one(message(f"By Ada Fenwick\n\n{BODY}", **sent))
    assert (found.metadata.source, found.metadata.author, found.text) == ("Harbour Wire", "Ada Fenwick", BODY)
    found = one(message(**(sent | {"From": "news@example.org"})))
    assert (found.metadata.source, found.metadata.author) == ("example.org", None)


def test_who_writes_to_a_list_is_the_author_and_the_list_the_source() -> None:
    listed = {"List_Id": "Ferry news <ferry.example.org>", "List_Post": "<mailto:ferry@example.org>"}
    found = one(message(**listed, From="Ada Fenwick via Ferry <ferry@example.org>"))
    assert (found.metadata.source, found.metadata.author) == ("Ferry news", "Ada Fenwick")


@pytest.mark.parametrize(
    ("written", "published"),
    [
        ("Thu, 03 May 2018 23:30:00 -0500", date(2018, 5, 3)),
        ("Fri, 04 May 2018 00:30:00 +0900 (JST)", date(2018, 5, 4)),
        ("3 May 18 10:00 GMT", date(2018, 5, 3)),
        ("Thu, 31 Feb 2018 10:00:00 +0000", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_the_day_is_the_sender_s_own(written: str, published: date | None) -> None:
    data = f"From: a@example.org\nDate: {written}\nReceived: x; Thu, 10 May 2018 10:00:00 +0000\n\n{BODY}"
    assert one(data).metadata.published == published


@pytest.mark.parametrize("name", ["Archived-At", "X-RSS-URL", "Content-Base"])
def test_the_address_is_where_an_archive_has_it(name: str) -> None:
    assert one(f"{HEAD}{name}: <https://example.org/ferry>\n\n{BODY}").metadata.url == "https://example.org/ferry"
    assert one(f"{HEAD}{name}: ferry\n\n{BODY}").metadata.url is None


def test_an_address_that_was_folded_as_words_are_is_read() -> None:
    long = f"https://example.org/{'ferry-' * 40}"
    made = message(Archived_At=f"<{long}>").as_bytes()
    assert long.encode() not in made
    assert one(made).metadata.url == long


def test_the_language_is_that_of_the_headers() -> None:
    assert one(f"{HEAD}Content-Language: en-GB\n\n{BODY}").metadata.language == "en-GB"
    assert one(f"{HEAD}Content-Language: en, de\n\n{BODY}").metadata.language is None


# What cannot be read


@pytest.mark.parametrize("data", ["", BODY, "<html><p>Subject: x</p></html>", "\n\nFrom: a@example.org\n\nx"])
def test_what_is_no_message_is_refused(data: str) -> None:
    with pytest.raises(BrokenFileError, match="no message"):
        read(data)


@pytest.mark.parametrize(
    "kind",
    [
        'multipart/encrypted; protocol="application/pgp-encrypted"; boundary=x',
        "application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m",
        "application/x-pkcs7-mime; name=smime.p7m",
    ],
)
def test_an_encrypted_message_is_said_to_be_that(kind: str) -> None:
    with pytest.raises(EncryptedFileError):
        read(f"{HEAD}Content-Type: {kind}\n\n--x\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--x--\n")


def test_a_message_without_text_has_no_article() -> None:
    made = message("")
    made.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="a.pdf")
    assert read(made) == []
    assert read(message("\n\n-- \nAda\n")) == []


HOSTILE = {
    "nested parts": "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(3_000)),
    "nested messages": "Content-Type: message/rfc822\n\n" * 3_000,
    "many parts": "Content-Type: multipart/mixed; boundary=b\n\n" + "--b\n\nx\n" * 5_000,
    "many headers": "X: y\n" * 100_000,
    "a long header": "Subject: " + "=?utf-8?q?a?= " * 50_000,
    "a folded header": "Subject: a" + "\n a" * 100_000,
    "a long sender": "From: " + "<" * 100_000,
    "comments": "From: " + "(" * 100_000,
    "parameters": "Content-Type: text/plain" + "; a*0*=b" * 20_000,
    "a boundary that is the text": 'Content-Type: multipart/mixed; boundary=""\n\n' + "--\n" * 100_000,
    "quotes": "Content-Type: text/plain; format=flowed\n\n" + "> \n" * 50_000,
    "blanks": "X: y\n\n" + "-- \n" * 50_000 + " " * 500_000,
    "underscores": "X: y\n\n" + "_" * 500_000 + "\n" + "____________________\n" * 20_000,
    "forwarded": "X: y\n\n---------- Forwarded message ---------\n" + "From: a\n" * 50_000,
}


@pytest.mark.parametrize("rest", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_messages_take_time_in_proportion_to_their_length(rest: str) -> None:
    started = time.perf_counter()
    with suppress(ArticleError):
        read(f"From: a@example.org\nMIME-Version: 1.0\n{rest}")
    assert time.perf_counter() - started < 30


HEADERS = st.sampled_from(
    [
        "Subject: ", "From: ", "Date: ", "Content-Type: text/plain; charset=", "Content-Type: message/rfc822",
        "Content-Type: multipart/mixed; boundary=", "Content-Transfer-Encoding: base64",
        "Content-Transfer-Encoding: x-uuencode",
        "Content-Disposition: attachment; filename*=", "List-Id: ", "Content-Type: text/html; format=flowed",
        "\n", "\n--x\n",
    ]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(HEADERS, st.binary(max_size=30)), max_size=8))
def test_any_message_gives_articles_or_an_article_error(lines: list[tuple[str, bytes]]) -> None:
    data = b"From: a@example.org\n" + b"".join(header.encode() + value + b"\n" for header, value in lines)
    for each in (read_mail, read_mailbox):
        found: list[Draft | Failure] = []
        with suppress(ArticleError):
            found += each(Source(b"From a Thu May  3 10:00:00 2018\n" + data, "a.eml"))
        assert all(any(map(str.isalnum, draft.text)) for draft in found if isinstance(draft, Draft))


# Mailboxes


def in_mailbox(data: bytes) -> list[Draft | Failure]:
    return list(read_mailbox(Source(data, "news/a.mbox")))


def texts(found: Iterable[Draft | Failure]) -> list[str]:
    return [each.text if isinstance(each, Draft) else each.reason for each in found]


def test_each_message_of_a_mailbox_is_an_article(tmp_path: Path) -> None:
    with_from = f"{BODY}\n\nFrom here it was not far.\n\n>From there neither."
    written = [BODY, with_from, "The goat is safe."]
    box = mailbox.mbox(tmp_path / "a.mbox")
    for text in written:
        box.add(mailbox.mboxMessage(message(text)))
    box.close()
    found = in_mailbox((tmp_path / "a.mbox").read_bytes())
    # The writer escapes one of the lines and not the other, which then stands for the same.
    assert texts(found) == [BODY, with_from.replace(">From there", "From there"), "The goat is safe."]
    assert [each.member for each in found if isinstance(each, Draft)] == ["#1", "#2", "#3"]
    assert all(each.metadata == FERRY for each in found if isinstance(each, Draft))


def test_a_line_of_the_text_that_begins_with_from_is_no_message() -> None:
    begin = b"From ada@example.org Thu May  3 10:00:00 2018\n"
    data = (
        begin
        + HEAD.encode()
        + b"\nOne.\n\nFrom here on Monday it went on.\n\nTwo.\n\n"
        + begin
        + HEAD.encode()
        + b"\nThree.\n"
    )
    assert texts(in_mailbox(data)) == ["One.\n\nFrom here on Monday it went on.\n\nTwo.", "Three."]
    assert texts(in_mailbox(data.replace(b"\n", b"\r\n"))) == texts(in_mailbox(data))


def test_a_message_that_cannot_be_read_is_named_and_the_others_are_read() -> None:
    begin = b"From 123@xxx Thu May 03 10:00:00 +0000 2018\n"
    outer = MIMEMultipart("digest")
    outer["Subject"] = "Two"
    for text in ("One.", "Two."):
        outer.attach(MIMEMessage(message_from_bytes(message(text).as_bytes())))
    parts = [
        b"no headers at all\n\n", message("").as_bytes(), HEAD.encode() + b"Content-Type: multipart/encrypted\n\nx\n",
        outer.as_bytes(), message().as_bytes(),
    ]  # fmt: skip
    found = in_mailbox(b"\n" + b"\n".join(begin + part for part in parts))
    names = [each.member if isinstance(each, Draft) else each.path for each in found]
    assert names == ["news/a.mbox#1", "news/a.mbox#2", "news/a.mbox#3", "#4.1", "#4.2", "#5"]
    assert texts(found)[1] == "there is no text in the message; save what is attached to it"
    assert texts(found)[3:] == ["One.", "Two.", BODY]


@pytest.mark.parametrize("data", [b"", b"\n", HEAD.encode() + b"\nx\n", b"From here to there\n"])
def test_what_is_no_mailbox_is_refused(data: bytes) -> None:
    with pytest.raises(BrokenFileError, match="mailbox"):
        in_mailbox(data)


def test_memory_does_not_grow_with_the_mailbox_or_with_what_is_attached() -> None:
    one_message = b"From a@example.org Thu May  3 10:00:00 2018\n" + message(BODY * 20).as_bytes() + b"\n"
    box = Source(one_message * 3_000, "a.mbox")
    made = message()
    made.add_attachment(bytes(10_000_000), maintype="application", subtype="pdf", filename="a.pdf")
    attached = Source(made.as_bytes(), "a.eml")
    tracemalloc.start()
    try:
        count = sum(1 for number, _ in zip(range(100), read_mailbox(box), strict=False))
        (found,) = read_mail(attached)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (count, found.text) == (100, BODY)
    assert len(box.data) > 15_000_000
    assert len(attached.data) > 13_000_000
    assert peak < 5_000_000
