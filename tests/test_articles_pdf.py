"""What printers made of articles: words, paragraphs, pages and heads of PDFs.

``tests/files`` holds PDFs of invented texts that other programs made: "barrier"
and "cranes" are those of ``tests/corpus``, in two columns by Chromium (with soft
hyphens) and by pdfTeX (with a note and a running head), and by LibreOffice with
a header; "wolves" is a web page as Chromium prints it; "museum" is in Arabic;
"locked" and "owned" ask for a password to open and to print. All others are
made here, in Courier, whose letters are all 0.6 times the type size wide.
"""

from __future__ import annotations

import io
import re
import tracemalloc
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser

from rag.articles import layout, read, reflow, running
from rag.articles.draft import Draft, Source
from rag.articles.hyphens import Hyphens
from rag.articles.layout import Row, Span
from rag.articles.pdf import read_pdf
from rag.errors import ArticleError, BrokenFileError, EncryptedFileError, ScannedFileError
from rag.types import Article, Failure

FILES = Path(__file__).parent / "files"
CORPUS = Path(__file__).parent / "corpus"
WIDE = 0.6
PAGE = (420, 595)
SIZE = 10

FIRST = (
    "The harbour museum reopened on Friday after three years of repairs, and the queue reached the fish market by ten. "
    "Its director said that eleven thousand people had given money for the new roof, most of them less than the price "
    "of a ticket, and that the rest came from the town."
)
SECOND = (
    "The old lighthouse lamp, which had been in store since the war, is shown again in the tower. Visitors may climb "
    "the stairs in groups of twelve; the last group goes up at five, and the keeper, who is eighty-one, goes with it."
)
THIRD = (
    "Nobody had expected the barge to float. When the shipwright knocked out the last wedge, it slid into the basin "
    "without a sound and lay there as if it had never been anywhere else."
)


# Made here ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Put:
    """Words put on a page: from the left, down from the top, in points."""

    left: float
    down: float
    text: str
    size: float = SIZE
    bold: bool = False


def file(objects: dict[int, bytes], trailer: bytes = b"") -> bytes:
    """A PDF of these objects, the first of which is its catalogue."""
    out, places = io.BytesIO(), {}
    out.write(b"%PDF-1.7\n")
    for number, content in objects.items():
        places[number] = out.tell()
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    table, count = out.tell(), max(objects) + 1
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % count)
    for number in range(1, count):
        out.write(b"%010d 00000 %s \n" % (places.get(number, 0), b"n" if number in places else b"f"))
    out.write(b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (count, trailer, table))
    return out.getvalue()


def stream(content: bytes, keys: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), keys, content)


def pdf(*pages: Sequence[Put], extra: str = "", **properties: str) -> bytes:
    """A PDF with these words on its pages, drawn in this order; ``extra`` is drawn on each page."""
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Kids [%s] /Count %d >>"
        % (b" ".join(b"%d 0 R" % (10 + 2 * n) for n in range(len(pages))), len(pages)),
        3: b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>",
        4: b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier-Bold /Encoding /WinAnsiEncoding >>",
        5: stream(
            bytes(4), b"/Type /XObject /Subtype /Image /Width 2 /Height 2 /BitsPerComponent 8 /ColorSpace /DeviceGray"
        ),
        6: b"<< %s >>"
        % b" ".join(
            b"/%s <feff%s>" % (k.encode(), v.encode("utf-16-be").hex().encode()) for k, v in properties.items()
        ),
    }
    for number, page in enumerate(pages):
        drawn = b"".join(
            b"BT /F%d %g Tf 1 0 0 1 %g %g Tm %s Tj ET\n"
            % (1 + put.bold, put.size, put.left, PAGE[1] - put.down, literal(put.text))
            for put in page
        )
        objects[10 + 2 * number] = (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R /Resources "
            b"<< /Font << /F1 3 0 R /F2 4 0 R >> /XObject << /I 5 0 R >> >> >>" % (*PAGE, 11 + 2 * number)
        )
        objects[11 + 2 * number] = stream(zlib.compress(drawn + extra.encode()), b"/Filter /FlateDecode")
    return file(objects, b"/Info 6 0 R")


def literal(text: str) -> bytes:
    return b"<" + text.encode("cp1252").hex().encode() + b">"


def wrapped(text: str, letters: int) -> list[str]:
    """The lines of a text, each as full as may be."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > letters:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


@dataclass(frozen=True)
class Design:
    """How paragraphs are set; lengths in points, ``letters`` to a line."""

    letters: int = 50
    size: float = SIZE
    pitch: float = 12
    indent: float = 0
    gap: float = 0
    columns: tuple[float, ...] = (40,)
    top: float = 60
    bottom: float = 540


def typeset(paragraphs: Sequence[str], design: Design) -> list[list[Put]]:
    """The paragraphs on as many pages as they need."""
    pages: list[list[Put]] = [[]]
    column, down = 0, design.top
    for paragraph in paragraphs:
        indent = int(design.indent / (WIDE * design.size))
        first, *more = wrapped("x" * indent + paragraph if indent else paragraph, design.letters)
        for number, line in enumerate([first[indent:], *more]):
            if down > design.bottom:
                column, down = column + 1, design.top
                if column == len(design.columns):
                    pages.append([])
                    column = 0
            pages[-1].append(
                Put(design.columns[column] + (0 if number else WIDE * design.size * indent), down, line, design.size)
            )
            down += design.pitch
        down += design.gap
    return pages


INDENTED = Design(indent=12)
SPACED = Design(gap=8)
COLUMNS = Design(letters=27, indent=12, columns=(30, 220))


def drafted(data: bytes, path: str = "museum.pdf") -> Draft:
    (draft,) = read_pdf(Source(data, path))
    assert isinstance(draft, Draft)
    return draft


def text_of(*pages: Sequence[Put]) -> str:
    return drafted(pdf(*pages)).text


def corpus(name: str) -> Article:
    (article,) = read((CORPUS / name).read_bytes(), name)
    assert isinstance(article, Article)
    return article


def unwrapped(text: str) -> str:
    """The text of an article of the corpus, with each paragraph on a line."""
    return re.sub(r"(?<!\n)\n(?!\n)", " ", text)


def plain(text: str) -> str:
    """The text with typewriter's quotation marks."""
    return text.translate(str.maketrans("“”‘’", "\"\"''"))


# Files of other programs -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "article"),
    [
        ("barrier.chromium.pdf", "river_barrier.md"),
        ("cranes.libreoffice.pdf", "harbour_cranes.md"),
        ("wolves.chromium.pdf", "wolves.md"),
    ],
)
def test_files_of_other_programs_give_the_article_word_for_word_and_paragraph_for_paragraph(
    name: str, article: str
) -> None:
    draft, expected = drafted((FILES / name).read_bytes(), name), corpus(article)
    assert draft.text == unwrapped(expected.text)
    assert draft.metadata.title == expected.title
    assert draft.metadata.author == expected.author


def test_notes_and_running_heads_do_not_come_between_the_words_of_two_columns() -> None:
    draft, expected = drafted((FILES / "barrier.pdflatex.pdf").read_bytes()), corpus("river_barrier.md")
    note = "1The pumps at Orrin had stopped at midnight, and nobody noticed until the morning."
    paragraphs = plain(draft.text).replace("they were not.1", "they were not.").split("\n\n")
    assert paragraphs.count(note) == 1
    paragraphs.remove(note)
    assert paragraphs == unwrapped(expected.text).split("\n\n")
    assert (draft.metadata.title, draft.metadata.author) == (expected.title, expected.author)
    assert draft.metadata.published == expected.published


@pytest.mark.parametrize(
    "name", ["barrier.chromium.pdf", "barrier.pdflatex.pdf", "cranes.libreoffice.pdf", "wolves.chromium.pdf"]
)
def test_each_page_begins_where_the_draft_says(name: str) -> None:
    data = (FILES / name).read_bytes()
    draft, document = drafted(data), pypdfium2.PdfDocument(data)
    assert len(draft.pages) == len(document)
    assert draft.pages[0] == 0
    for number, start in enumerate(draft.pages[1:], 1):
        shown = " ".join(document[number].get_textpage().get_text_range().replace("\ufffe", "").split())
        assert " ".join(draft.text[start:].split()[:4]) in shown
        assert " ".join(draft.text[:start].split()[-4:]) not in shown
    document.close()


def test_what_a_browser_adds_goes_and_its_address_is_kept() -> None:
    draft = drafted((FILES / "wolves.chromium.pdf").read_bytes())
    assert draft.metadata.url == "http://ridge.example/wolves"
    assert draft.metadata.published == date(2021, 3, 4)  # under the title; it was printed years later
    assert "Ridge Weekly" not in draft.text
    assert "1/1" not in draft.text


def test_arabic_is_read_from_the_right() -> None:
    draft = drafted((FILES / "museum.chromium.pdf").read_bytes())
    assert draft.metadata.title == "افتتاح المتحف البحري من جديد"
    assert draft.text == (
        "أعيد افتتاح المتحف البحري يوم الجمعة بعد ثلاث سنوات من أعمال الترميم،"
        " وامتد طابور الزوار حتى سوق السمك قبل العاشرة"
        " صباحا. وقالت المديرة إن أحد عشر ألف شخص تبرعوا لبناء السقف الجديد.\n\nويعرض مصباح المنارة القديم في البرج مرة"
        " أخرى، وكان محفوظا في المخزن منذ الحرب. ويبلغ سعر التذكرة 12 يورو في عام 2019."
    )


def test_a_password_to_open_is_asked_for_and_one_to_print_is_not_needed() -> None:
    with pytest.raises(EncryptedFileError):
        list(read_pdf(Source((FILES / "locked.qpdf.pdf").read_bytes(), "locked.pdf")))
    assert drafted((FILES / "owned.qpdf.pdf").read_bytes()).text == "The harbour museum reopened on Friday."


@pytest.mark.browser
@pytest.mark.parametrize(
    ("style", "header"),
    [
        ("body { font: 12pt serif } p { margin: 0 0 .8em }", False),
        ("body { font: 10pt/1.5 sans-serif } p { margin: 0 0 1em }", True),
        ("body { font: 11pt serif; text-align: justify } p { margin: 0; text-indent: 1.5em }", True),
        ("body { font: 10pt serif } div { columns: 2; text-align: justify } p { margin: 0; text-indent: 1.2em }", True),
        ("body { font: 13pt/1.6 sans-serif } div { columns: 2 } p { margin: 0 0 .7em }", False),
        ("body { font: 8pt serif } div { columns: 3; column-gap: 1.4em } p { margin: 0 0 .6em }", False),
    ],
)
def test_chromium_prints_articles_that_are_read_word_for_word(browser: Browser, style: str, *, header: bool) -> None:
    page = browser.new_page()
    for path in sorted(CORPUS.glob("*.md")):
        article = corpus(path.name)
        paragraphs = unwrapped(article.text).split("\n\n")
        page.set_content(
            f"<!doctype html><html lang=en><meta charset=utf-8><title>{article.title}</title><style>{style}</style>"
            f"<h1>{article.title}</h1><p>By {article.author or 'Ann Example'}</p><div>"
            + "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
        )
        draft = drafted(page.pdf(format="A5", display_header_footer=header, margin={"top": "20mm", "bottom": "20mm"}))
        assert draft.metadata.title == article.title
        assert draft.text.replace("\n", " ").split() == " ".join(paragraphs).split()
        assert abs(len(draft.text.split("\n\n")) - len(paragraphs)) <= len(draft.pages)
    page.close()


# Paragraphs --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "design", [INDENTED, SPACED, COLUMNS, replace(COLUMNS, indent=0, gap=8), replace(SPACED, pitch=20)]
)
def test_wrapped_lines_are_joined_and_paragraphs_told_apart(design: Design) -> None:
    paragraphs = [FIRST, SECOND, THIRD]
    assert text_of(*typeset(paragraphs, design)).split("\n\n") == paragraphs


def test_a_paragraph_goes_on_over_the_end_of_a_page() -> None:
    paragraphs = [FIRST, SECOND, THIRD] * 3
    pages = typeset(paragraphs, replace(INDENTED, bottom=300))
    assert len(pages) > 1
    draft = drafted(pdf(*pages))
    assert draft.text.split("\n\n") == paragraphs
    for start, page in zip(draft.pages, pages, strict=True):
        assert draft.text[start:].startswith(page[0].text)


def test_a_note_and_a_caption_do_not_part_a_paragraph() -> None:
    lines = wrapped(THIRD, 50)
    one = [Put(40, 60 + 12 * n, line) for n, line in enumerate([*wrapped(SECOND, 50), *lines[:2]])]
    other = [Put(40, 100 + 12 * n, line) for n, line in enumerate([*lines[2:], *wrapped(FIRST, 50)])]
    note, caption = (
        Put(40, 500, "1 It was lit until 1954.", 7),
        Put(40, 60, "The lamp in the tower, seen from below.", 8),
    )
    draft = drafted(pdf([*one, note], [caption, *other]))
    assert THIRD in draft.text
    assert note.text in draft.text.split("\n\n")
    assert caption.text in draft.text.split("\n\n")
    begins = draft.text.index(caption.text), draft.text.index(note.text)
    assert draft.pages[1] > begins[1]
    assert draft.pages[1] <= begins[0]


def test_headings_stand_by_themselves() -> None:
    lines = wrapped(FIRST, 50)
    body = [Put(40, 84 + 12 * n, line) for n, line in enumerate(lines)]
    below = 84 + 12 * len(lines)
    more = [Put(40, below + 12 + 12 * n, line) for n, line in enumerate(wrapped(SECOND, 50))]
    expected = [FIRST, "What the tower shows", SECOND]
    for heading in (
        Put(40, below, "What the tower shows", bold=True),
        Put(40, below, "What the tower shows", size=13),
        Put(40, below, "What the tower shows"),
    ):
        assert text_of([Put(40, 60, "Museum opens again", 18), *body, heading, *more]).split("\n\n") == expected


@pytest.mark.parametrize("mark", ["•", "-", "1.", "(a)", "–"])
def test_items_of_a_list_stand_on_lines_of_their_own(mark: str) -> None:
    items = [
        "The roof, which cost more than the tower did, and leaks again",
        "The lamp",
        "The barge and its crew of six",
    ]
    down, page = 60, [Put(40, 60 + 12 * n, line) for n, line in enumerate(wrapped(FIRST, 50))]
    down += 12 * len(page)
    for item in items:
        first, *more = wrapped(item, 40)
        page += [Put(52, down, mark), Put(76, down, first)]
        page += [Put(76, down + 12 * n, line) for n, line in enumerate(more, 1)]
        down += 12 * (1 + len(more))
    page += [Put(40, down + 12 * n, line) for n, line in enumerate(wrapped(SECOND, 50))]
    listed = "\n".join(f"{mark} {item}" for item in items)
    assert text_of(page) == f"{FIRST}\n\n{listed}\n\n{SECOND}"


def test_bullets_that_are_drawn_as_browsers_do_stand_before_their_items() -> None:
    items = [
        "on Mondays",
        "on Fridays, when the weather allows it and the keeper can climb the stairs",
        "never in August",
    ]
    page = [Put(40, 60 + 12 * n, line) for n, line in enumerate(wrapped(FIRST, 50))]
    down, drawn = 60 + 12 * len(page), ""
    for item in items:
        lines = wrapped(item, 40)
        page += [Put(60, down + 12 * n, line) for n, line in enumerate(lines)]
        drawn += f"47 {PAGE[1] - down + 2} 4 4 re f "
        down += 12 * len(lines)
    assert drafted(pdf(page, extra=drawn)).text == f"{FIRST}\n\n" + "\n".join(f"• {item}" for item in items)


@pytest.mark.parametrize("cells", [2, 3])
def test_rows_of_a_table_stand_on_lines_of_their_own(cells: int) -> None:
    table = [("Year", "Visitors", "Ships"), ("2016", "41,200", "7"), ("2017", "38,950", "7"), ("2018", "none", "9")]
    rows = [row[:cells] for row in table]
    shown = [Put(40 + 90 * m, 300 + 14 * n, cell) for n, row in enumerate(rows) for m, cell in enumerate(row)]
    above = [Put(40, 160 + 12 * n, line) for n, line in enumerate(wrapped(FIRST, 50))]
    below = [Put(40, 356 + 12 * n, line) for n, line in enumerate(wrapped(SECOND, 50))]
    listed = "\n".join("  ".join(row) for row in rows)
    assert text_of([*above, *shown, *below]) == f"{FIRST}\n\n{listed}\n\n{SECOND}"


def test_lines_of_an_address_stay_lines() -> None:
    body = [Put(40, 60 + 12 * n, line) for n, line in enumerate(wrapped(FIRST, 50))]
    address = ["Harbour Museum", "Quay Street 4", "Port Selwick"]
    page = body + [Put(40, 72 + 12 * (len(body) + n), line) for n, line in enumerate(address)]
    assert text_of(page) == f"{FIRST}\n\n" + "\n".join(address)


def test_columns_that_are_drawn_line_by_line_are_read_one_after_the_other() -> None:
    left, right = wrapped(FIRST, 27), wrapped(f"{SECOND} {THIRD}", 27)
    columns = [[Put(x, 60 + 12 * n, line) for n, line in enumerate(lines)] for x, lines in ((30, left), (220, right))]
    puts = sorted((put for column in columns for put in column), key=lambda put: put.down)
    assert text_of(puts).replace("\n\n", " ") == f"{FIRST} {SECOND} {THIRD}"


def test_what_is_drawn_in_a_wrong_order_is_read_from_top_to_bottom() -> None:
    parts = [FIRST, SECOND, THIRD]
    blocks = [
        [Put(40, top + 12 * n, line) for n, line in enumerate(wrapped(part, 50))]
        for top, part in zip((60, 200, 340), parts, strict=True)
    ]
    assert text_of(*[[put for block in (blocks[2], blocks[0], blocks[1]) for put in block]]).split("\n\n") == parts


def test_a_drop_cap_is_part_of_its_word() -> None:
    beside = wrapped(FIRST[1:], 46)[:2]
    below = wrapped(FIRST[1:].removeprefix(" ".join(beside)), 50)
    page = [Put(62, 60 + 12 * n, line) for n, line in enumerate(beside)]
    page += [Put(40, 84 + 12 * n, line) for n, line in enumerate(below)]
    cap = Put(40, 74, FIRST[0], 34)
    assert text_of([cap, *page]) == FIRST
    assert text_of([*page, cap]) == FIRST


def test_blanks_of_all_kinds_are_blanks_and_soft_hyphens_at_ends_of_lines_go() -> None:
    page = [Put(40, 60, "The\xa0harbour museum re\xad"), Put(40, 72, "opened on Friday.")]
    assert text_of(page) == "The harbour museum reopened on Friday."


def test_turned_pages_and_turned_words_are_read() -> None:
    lines = [Put(40, 60 + 12 * n, line) for n, line in enumerate(wrapped(FIRST, 50))]
    data = pdf(lines, extra="BT /F1 8 Tf 0 1 -1 0 12 100 Tm (Printed in Selwick) Tj ET")
    assert drafted(data).text.split("\n\n") == [FIRST, "Printed in Selwick"]
    turned = data.replace(b"/Type /Page /Parent", b"/Type /Page /Rotate 90 /Parent")
    assert drafted(turned).text == drafted(data).text


WORDS = st.text("abcdefghijklmnoprstuvw", min_size=1, max_size=9)
SENTENCES = st.lists(WORDS, min_size=2, max_size=60).map(lambda words: f"{' '.join(words).capitalize()}.")


@settings(max_examples=60, deadline=None)
@given(st.lists(SENTENCES, min_size=1, max_size=8), st.sampled_from([INDENTED, COLUMNS, replace(COLUMNS, bottom=200)]))
def test_no_word_is_lost_moved_or_changed(paragraphs: list[str], design: Design) -> None:
    draft = drafted(pdf([Put(40, 30, "Museum opens again", 18)], *typeset(paragraphs, design)))
    assert draft.text.split() == " ".join(paragraphs).split()
    assert list(draft.pages) == sorted(draft.pages)
    assert draft.pages[0] == 0


@settings(max_examples=60, deadline=None)
@given(st.lists(SENTENCES, min_size=1, max_size=8))
def test_indented_paragraphs_are_found_again_wherever_a_page_ends(paragraphs: list[str]) -> None:
    pages = typeset(paragraphs, replace(INDENTED, bottom=180))
    rows = [
        Row(put.text, put.text, page, 0, put.left, put.left + WIDE * put.size * len(put.text), put.down, put.size,
            bold=False, head=WIDE * put.size * len(put.text.split()[0]), tabular=False)
        for page, puts in enumerate(pages) for put in puts
    ]  # fmt: skip
    found = reflow.paragraphs(rows)
    assert " ".join(each.text for each in found) == " ".join(paragraphs)
    if max(len(put.text) for puts in pages for put in puts) > 44 and len(rows) > 12:
        assert {each.text for each in found} >= {each for each in paragraphs if len(wrapped(each, 48)) > 2}


# Running heads -----------------------------------------------------------------------------------------------------


def book(heads: Sequence[str], feet: Sequence[str], place: float = 40) -> list[list[Put]]:
    """Pages with these heads and feet, and different text on each."""
    pages = []
    for number, (head, foot) in enumerate(zip(heads, feet, strict=True)):
        day = "abcdefghijklmnop"[number % 16]
        body = wrapped(f"On day {day} of the repairs nobody came. {SECOND} {THIRD} So it was on day {day}.", 50)
        page = [Put(40, 80 + 12 * n, line) for n, line in enumerate(body)]
        page += [Put(place, 30, head)] if head else []
        pages.append(page + ([Put(200, 570, foot)] if foot else []))
    return pages


@pytest.mark.parametrize(
    ("heads", "feet"),
    [
        (["The Daily Harbour"] * 4, ["1", "2", "3", "4"]),
        (["The Daily Harbour"] * 2, ["- 1 -", "- 2 -"]),
        (["", *["The Daily Harbour"] * 3], ["Page 1 of 4", "Page 2 of 4", "Page 3 of 4", "Page 4 of 4"]),
        (["17  The Daily Harbour", "A Year at Sea  18"] * 3, [""] * 6),
        (["The Daily Harbour, Friday 3 May 2019"] * 3, ["vi", "vii", "viii"]),
        ([""] * 3, ["A 1", "A 2", "A 3"]),
    ],
)  # fmt: skip
def test_heads_and_feet_that_repeat_are_dropped(heads: list[str], feet: list[str]) -> None:
    if heads[0].startswith("17"):
        heads = [head.replace("17", str(17 + n)).replace("18", str(17 + n)) for n, head in enumerate(heads)]
    text = text_of(*book(heads, feet))
    for line in {*heads, *feet} - {""}:
        assert line not in text.split("\n\n")
    assert text == text_of(*book([""] * len(heads), [""] * len(feet)))


def test_the_heading_of_a_section_beside_the_number_of_its_page_is_dropped() -> None:
    pages = book(["", "2  What the tower shows", ""], [""] * 3)
    pages[0].append(Put(40, 60, "What the tower shows", 14))
    text = text_of(*pages)
    assert "2  What" not in text
    assert drafted(pdf(*pages)).metadata.title == "What the tower shows"


@pytest.mark.parametrize(
    ("heads", "feet"),
    [
        (["A storm is on its way", "", ""], ["", "", ""]),
        (["", "The tower is closed today.", ""], ["", "", "And that was all."]),
        (["Ships of 2016", "Boats of 2017", "Oars of 2018"], ["", "", ""]),
        (["4", "8", "15"], ["", "", ""]),
        (["The mayor opened the museum at ten o’clock.", "The mayor opened the museum at ten o’clock."], ["", ""]),
    ],
)
def test_what_stands_once_or_does_not_go_up_with_the_pages_stays(heads: list[str], feet: list[str]) -> None:
    draft = drafted(pdf(*book(heads, feet)))
    for line in {*heads, *feet} - {""}:
        assert line in f"{draft.metadata.title}\n{draft.text}"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(SENTENCES, min_size=1, max_size=5), min_size=1, max_size=6))
def test_no_sentence_that_stands_once_is_taken_for_a_head(pages: list[list[str]]) -> None:
    rows = [
        Row(text, text, page, 0, 40, 300, 60 + 12 * n, SIZE, bold=False, head=20, tabular=False)
        for page, sentences in enumerate(pages)
        for n, text in enumerate(sentences)
    ]
    kept, _ = running.without_running(rows, [595.0] * len(pages), None)
    counts = [row.text for row in rows]
    assert [row for row in rows if counts.count(row.text) == 1] == [row for row in kept if counts.count(row.text) == 1]


@pytest.mark.parametrize(
    ("head", "foot", "url"),
    [
        (("11/21/26, 1:17 PM", "Museum opens"), ("https://harbour.example/museum", "1/1"), "https://harbour.example/museum"),
        (("21.11.2026, 13:17", "Museum opens"), ("https://harbour.example/a-very-long-addr…", "1/1"), None),
        (("Museum opens", "https://harbour.example/museum"), ("1 of 1", "11/21/2026, 1:17 PM"), None),
        (("2026/11/21 13:17", "Museum opens"), ("file:///home/ann/museum.html", "1/1"), None),
        (("11/21/26, 1:17 PM", ""), ("about:blank", "1/1"), None),
    ],
)  # fmt: skip
def test_what_browsers_print_around_a_single_page_is_dropped(
    head: tuple[str, str], foot: tuple[str, str], url: str | None
) -> None:
    lines = [Put(40, 80 + 12 * n, line) for n, line in enumerate(wrapped(FIRST, 50))]
    edges = [Put(20, 20, head[0], 6), Put(150, 20, head[1], 6), Put(20, 580, foot[0], 6), Put(360, 580, foot[1], 6)]
    page = [put for put in edges if put.text] + lines
    draft = drafted(pdf(page, Title="Museum opens"))
    assert draft.text == FIRST
    if "://harbour" in head[1]:
        return
    assert draft.metadata.url == url


def test_a_browsers_line_of_another_page_stays() -> None:
    lines = [Put(40, 80 + 12 * n, line) for n, line in enumerate(wrapped(FIRST, 50))]
    assert "2 of 7" in text_of([*lines, Put(40, 580, "2 of 7")])
    assert "1:17 PM" in text_of([Put(40, 20, "The roof", 18), Put(40, 60, "11/21/26, 1:17 PM"), *lines])


# Hyphens -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "elsewhere", "expected"),
    [
        ("a well-", "known man", ["a well-known place"], "-"),
        ("the govern-", "ment fell", ["a new government"], ""),
        ("the govern-", "ment fell", [], ""),
        ("it was half-", "forgotten then", [], "-"),
        ("the UN-", "backed plan", [], "-"),
        ("a T-", "shirt", [], "-"),
        ("the Al-", "Sarraj line", [], "-"),
        ("in 2011-", "2012 it", [], "-"),
        ("eighty-", "one steps", [], "-"),
        ("the Ambel-", "based firm", [], "-"),
        ("the train-", "and-equip plan", [], "-"),
        ("the pre-", "and post-war years", [], "- "),
        ("THE GOVERN-", "MENT FELL", [], ""),
        ("the govern‐", "ment fell", [], ""),
        ("it was the end", "of it", [], None),
        ("the end -", "of it", [], None),
        ("see https://harbour.example/a-", "long-address here", [], None),
    ],
)  # fmt: skip
def test_a_hyphen_at_the_end_of_a_line(one: str, other: str, elsewhere: list[str], expected: str | None) -> None:
    assert Hyphens([[one, other], *([line] for line in elsewhere)]).joint(one, other) == expected


def test_a_file_that_breaks_no_words_keeps_its_hyphens_and_one_that_does_loses_them() -> None:
    odd = ("a Quorl-", "marsh barge")
    breaking = [["the govern-", "ment fell"], ["a new government"], ["he re-", "turned"], ["they returned"]]
    keeping = [["a well-", "known man"], ["a well-known place"], ["his self-", "styled army"], ["self-styled"]]
    assert Hyphens([list(odd), *breaking]).joint(*odd) == ""
    assert Hyphens([list(odd), *keeping]).joint(*odd) == "-"


def test_where_a_file_has_a_sign_for_breaks_its_other_hyphens_stay() -> None:
    lines = [["the govern‐", "ment fell"], ["a present-", "day barge"]]
    assert [Hyphens(lines).joint(*pair) for pair in lines] == ["", "-"]


def test_broken_words_are_joined_over_the_end_of_a_page() -> None:
    one = [*wrapped(FIRST, 50), "and the barge, which the ship-"]
    other = ["wright had built, floated.", *wrapped(f"The shipwright left. {THIRD}", 50)]
    puts = [[Put(40, 60 + 12 * n, line) for n, line in enumerate(lines)] for lines in (one, other)]
    draft = drafted(pdf(*puts))
    assert "the shipwright had built" in draft.text
    assert draft.text[draft.pages[1] :].startswith("wright had built")


def test_an_address_of_several_lines_keeps_its_hyphens() -> None:
    text = [
        *wrapped(FIRST, 50),
        "All of it was said to be the work of the govern-",
        "ment, and of a government before it.",
    ]
    lines = ["https://harbour.example/2019/05/harbour-", "museum-opens-again-after-the-repair-works-", "a6570"]
    page = [Put(40, 60 + 12 * n, line) for n, line in enumerate([*text, "", "Original url:", *lines])]
    assert drafted(pdf(page)).metadata.url == "".join(lines)


def test_a_link_that_fills_the_last_line_of_a_page_does_not_run_into_the_next_page() -> None:
    link = "Related article: Museum roof falls in once more for"
    rows = [
        Row(text, "" if text == link else text, number // 8, 0, 40, 40 + 6 * len(text), 60 + 12 * (number % 8), SIZE,
            bold=False, head=20, tabular=False)
        for number, text in enumerate([*wrapped(f"{FIRST} {FIRST}", 52)[:7], link, *wrapped(f"{SECOND} {THIRD}", 52)])
    ]  # fmt: skip
    assert [each.text for each in reflow.paragraphs(rows)][-1].startswith("The old lighthouse lamp")


# Title, author, date -----------------------------------------------------------------------------------------------


def museum(title: str | None = "Museum opens again", *lines: str, **properties: str) -> Draft:
    page = [Put(40, 60, title, 18)] if title else []
    page += [Put(40, 80 + 12 * n, line) for n, line in enumerate(lines)]
    page += [Put(40, 140 + 12 * n, line) for n, line in enumerate(wrapped(FIRST, 50))]
    return drafted(pdf(page, **properties))


@pytest.mark.parametrize(
    "named",
    [
        "Microsoft Word - museum_v2.doc", "museum.docx", "untitled", "Untitled-1", "Document1", "scan 003", "Title", "",
        "PowerPoint Presentation", "0001193125-19-184675", "https://harbour.example/museum", "C:\\Users\\ann\\museum",
        "museum_final_2", "Annual report of the salt works",
    ],
)  # fmt: skip
def test_a_title_in_the_properties_that_is_none_or_anothers_does_not_count(named: str) -> None:
    draft = museum(Title=named)
    assert draft.metadata.title == "Museum opens again"
    assert draft.text == FIRST


@pytest.mark.parametrize(
    "named", ["Museum opens again", "MUSEUM OPENS AGAIN", "Museum opens again | The Daily Harbour", "Museum opens"]
)
def test_the_title_is_taken_as_it_is_shown(named: str) -> None:
    draft = museum(Title=named)
    assert draft.metadata.title == "Museum opens again"
    assert draft.text == FIRST


def test_a_title_in_the_properties_counts_where_the_largest_type_is_something_else() -> None:
    draft = museum("THE DAILY HARBOUR", "Harbour museum opens again", Title="Harbour museum opens again")
    assert draft.metadata.title == "Harbour museum opens again"


def test_a_title_in_the_properties_counts_where_no_type_is_larger() -> None:
    assert museum(None, Title="Harbour museum opens again").metadata.title == "Harbour museum opens again"
    assert museum(None, Title="Microsoft Word - x.doc").metadata.title is None


def test_a_title_of_several_lines_is_one() -> None:
    page = [Put(40, 50, "Museum opens again after three", 18), Put(40, 72, "years of repairs", 18)]
    page += [Put(40, 140 + 12 * n, line) for n, line in enumerate(wrapped(FIRST, 50))]
    assert drafted(pdf(page)).metadata.title == "Museum opens again after three years of repairs"


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        ("Ann Example", "Ann Example"),
        ("Ann van der Example", "Ann van der Example"),
        ("A. B. Example", "A. B. Example"),
        ("Ann Example, Bo Other and Cy Third", "Ann Example, Bo Other and Cy Third"),
        ("Zoë O’Example-Müller", "Zoë O’Example-Müller"),
        *((name, None) for name in ("ann", "a813704", "Administrator", "Ann's MacBook", "Windows User", "anonymous")),
        *((name, None) for name in ("Office Depot Inc", "ANN EXAMPLE", "scanner 3rd floor", "")),
    ],
)
def test_an_author_in_the_properties_counts_where_it_can_be_a_person(author: str, expected: str | None) -> None:
    assert museum(Author=author).metadata.author == expected
    assert museum("Museum opens again", "By Dana Whitlow", Author=author).metadata.author == "Dana Whitlow"


def test_an_author_in_the_properties_is_whoever_the_text_names_too_and_stands_there_once() -> None:
    for author in ("Ann Example for the Coast Agency", "Harbourpress", "Ann Example"):
        draft = museum("Museum opens again", author, Author=author)
        assert (draft.metadata.author, draft.text) == (author, FIRST)


def test_when_a_file_was_saved_does_not_say_when_the_article_was_published() -> None:
    saved = {"CreationDate": "D:20200105120000Z", "ModDate": "D:20200106120000Z"}
    assert museum(**saved).metadata.published is None
    assert museum("Museum opens again", "May 3, 2019", **saved).metadata.published == date(2019, 5, 3)


# Files that cannot be read -----------------------------------------------------------------------------------------


def test_pictures_of_pages_are_reported() -> None:
    picture = f"q {PAGE[0]} 0 0 {PAGE[1]} 0 0 cm /I Do Q"
    with pytest.raises(ScannedFileError) as raised:
        drafted(pdf([], [], [], extra=picture))
    assert raised.value.pages == 3
    stamp = [Put(20, 580, "Downloaded from harbour.example on May 3, 2019 by a reader whose name is not known here", 6)]
    with pytest.raises(ScannedFileError):
        drafted(pdf(stamp, stamp, stamp, extra=picture))
    with pytest.raises(ScannedFileError):
        drafted(pdf([], extra=" ".join(f"{n} 500 3 9 re f" for n in range(50))))  # letters drawn as outlines
    lines = [Put(40, 60 + 12 * n, line) for n, line in enumerate(wrapped(FIRST, 50))]
    assert drafted(pdf(lines, extra=picture)).text == FIRST  # the words that were recognised lie on the picture


def test_a_file_without_anything_gives_nothing() -> None:
    assert list(read_pdf(Source(pdf([]), "empty.pdf"))) == []


@pytest.mark.parametrize(
    "data", [b"", b"<html>not found</html>", bytes(5_000), b"%PDF-1.7\n%%EOF", b"%PDF-1.4 \n junk %%EOF\n"]
)
def test_what_is_no_pdf_is_reported(data: bytes) -> None:
    with pytest.raises(BrokenFileError):
        list(read_pdf(Source(data, "museum.pdf")))


WHOLE = pdf(*typeset([FIRST, SECOND, THIRD], INDENTED))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(WHOLE) - 7))
def test_a_file_that_was_cut_off_is_reported(end: int) -> None:
    with pytest.raises(BrokenFileError):
        list(read_pdf(Source(WHOLE[:end], "museum.pdf")))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=20))
def test_a_damaged_file_is_read_or_reported(changes: list[tuple[int, int]]) -> None:
    data = bytearray(WHOLE)
    for place, value in changes:
        data[place] = value
    try:
        found = list(read_pdf(Source(bytes(data), "museum.pdf")))
    except ArticleError:
        return
    for each in found:
        assert isinstance(each, Failure) or (list(each.pages) == sorted(each.pages) and each.text.encode())


def test_a_damaged_page_is_a_failure_beside_the_others() -> None:
    pages = book([""] * 3, [""] * 3)
    data = pdf(*pages).replace(b"12 0 obj\n<< /Type /Page ", b"12 0 obj\n[ /Type /Page ")
    draft, failure = read_pdf(Source(data, "museum.pdf"))
    assert isinstance(draft, Draft)
    assert isinstance(failure, Failure)
    assert failure.path == "museum.pdf#page=2"
    assert "day a of" in draft.text
    assert "day c of" in draft.text
    assert draft.text[draft.pages[2] :].startswith("On day c")
    assert draft.pages[1] == draft.pages[2]


def test_letters_without_a_meaning_are_reported() -> None:
    names = b" ".join(b"/g%d" % n for n in range(1, 256))
    font = b"/Type1 /BaseFont /ABCDEF+Own /FirstChar 1 /LastChar 255 /Encoding << /Differences [1 %s] >>" % names
    data = pdf(*typeset([FIRST], INDENTED)).replace(b"/Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding", font, 1)
    with pytest.raises(BrokenFileError, match="letters"):
        list(read_pdf(Source(data, "museum.pdf")))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"/Count 1", b"/Count 900000"),
        (b"/Kids [10 0 R]", b"/Kids [2 0 R 10 0 R]"),
        (b"/Kids [10 0 R]", b"/Kids [2 0 R]"),
        (b"/MediaBox [0 0 420 595]", b"/MediaBox [0 0 0 0]"),
        (b"/MediaBox [0 0 420 595]", b"/MediaBox [0 0 9e30 -9e30]"),
        (b"/Contents 11 0 R", b"/Contents 10 0 R"),
    ],
)
def test_a_file_that_contradicts_itself_is_read_or_reported(one: bytes, other: bytes) -> None:
    data = pdf([Put(40, 60, "The harbour museum reopened on Friday.")])
    assert one in data
    try:
        found = list(read_pdf(Source(data.replace(one, other), "museum.pdf")))
    except BrokenFileError:
        return
    assert all(isinstance(each, Failure) or each.text == "The harbour museum reopened on Friday." for each in found)


@pytest.mark.slow
def test_hundreds_of_pages_take_little_memory() -> None:
    data = pdf(*(book(["The Daily Harbour"], [str(n)])[0] for n in range(1, 601)))
    tracemalloc.start()
    draft = drafted(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(draft.pages) == 600
    assert "The Daily Harbour" not in draft.text
    assert peak < 30_000_000


# Rooms within --------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.permutations(range(12)))
def test_lines_of_one_column_come_in_order_however_they_are_drawn(order: list[int]) -> None:
    spans = [
        Span(f"line {n} of the page", f"line {n} of the page", 40, 160, 60 + 12 * n, SIZE, bold=False, head=24)
        for n in range(12)
    ]
    found = list(layout.rows([spans[n] for n in order], 0))
    assert sorted(row.text for row in found) == sorted(span.text for span in spans)
    if order == sorted(order):
        assert [row.text for row in found] == [span.text for span in spans]
