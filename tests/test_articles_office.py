"""What word processors and publishers write: Word, OpenDocument, RTF, EPUB.

``tests/files`` holds files that other programs made of invented texts: "ferry"
and "magazine" by pandoc from Markdown, "tide" by LibreOffice from a text with
tracked changes, a comment, hidden words, a text box, notes, lists and a table.
"""

import contextlib
import importlib
import io
import re
import struct
import tracemalloc
import zipfile
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from types import ModuleType

import docx
import pytest
from docx.enum.style import WD_STYLE_TYPE
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.articles import document
from rag.articles.document import Block, Kind, Role, Run
from rag.articles.docx import read_docx
from rag.articles.draft import Draft, Metadata, Source
from rag.articles.epub import read_epub
from rag.articles.odt import read_odt
from rag.articles.rtf import read_rtf
from rag.errors import ArticleError, BrokenFileError, EncryptedFileError, UnsafeArchiveError

FILES = Path(__file__).parent / "files"
READERS: Mapping[str, Callable[[Source], Iterable[Draft]]] = {
    ".docx": read_docx,
    ".odt": read_odt,
    ".rtf": read_rtf,
    ".epub": read_epub,
}

FERRY = """\
The ferry Marigold left the island at noon on Thursday with 212 people on board, and was back before the storm broke \
over the harbour.[1] “We never lost sight of the light,” said Captain Oyelaran, who has sailed the route for 10⁶ miles \
by her own count.

The company had cancelled three sailings
since Monday. It did not say why.

What the crew did

They had four orders from the bridge:

- close the bow doors
- move everybody below
- children first
- then their parents
- count again

and then, in this order:

1. turn the ship into the wind
2. wait for the lighthouse
3. go home

“It was the count that took long,” the mate said. “One man had hidden in a lifeboat.”

The numbers

Wind and waves at the breakwater, as the harbour office measured them:

Hour | Wind (knots) | Waves (metres)
12:00 | 18 | 1.2
13:00 | 31 | 2.9
14:00 | 44 | 5.1

The office calls that “a strong breeze turning to a gale”.[2]

[1] The storm was the fourth of the spring.

[2] The Beaufort scale has twelve grades.

A gale is the eighth."""

TIDE = """\
On Tuesday morning the tide did not come back to Saltmarsh Bay, and some forty fishermen stood on the quay[1] and \
waited. It was, as the harbour office put it, “a hydrographic oddity”.

The sea had gone out by 3.4 km² of mud.
Nobody had seen that before.

Boxed: a tide table hung by the door.

What they found

- three anchors
- a bicycle
- with a bell

They worked in this order:

1. walk out
a) in boots
b) in pairs
2. look around

At noon they stopped for tea.

3. walk back

Day | High water | Metres
Monday | 06:10 | 4.2
Tuesday | none at all

By evening the water was back[2], and the fishermen went home.

The mayor of Saltmarsh Bay said she would “ask the moon about it”.

[1] The quay was built in 1884.

[2] It rose in eleven minutes.

No boat was lost."""

BODY = "The pier was closed on Sunday, and nobody in the town could say who had the key to the gate of it."


def drafts(data: bytes, path: str, known: Metadata | None = None) -> list[Draft]:
    return list(READERS[Path(path).suffix](Source(data, path, known or Metadata())))


def draft(data: bytes, path: str) -> Draft:
    (found,) = drafts(data, path)
    return found


def file(name: str) -> Draft:
    return draft((FILES / name).read_bytes(), name)


def archive(parts: Mapping[str, str | bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return written.getvalue()


# Files of other programs


@pytest.mark.parametrize("end", ["docx", "odt"])
def test_pandoc_s_documents_are_read_as_they_were_written(end: str) -> None:
    found = file(f"ferry.pandoc.{end}")
    assert found.text == FERRY
    assert found.metadata == Metadata("The ferry that came back", author="Ada Fenwick", published=date(2018, 5, 3))


def test_pandoc_s_rtf_is_read_as_it_was_written() -> None:
    found = file("ferry.pandoc.rtf")
    assert found.text == f"Ada Fenwick\n\n{FERRY}"  # pandoc does not say there whose name it is
    assert found.metadata == Metadata("The ferry that came back", published=date(2018, 5, 3))


def test_pandoc_s_book_of_one_article_is_read_as_it_was_written() -> None:
    found = file("ferry.pandoc.epub")
    text, _, notes = FERRY.partition("[1] The storm")
    assert found.text.startswith(text)
    assert notes
    assert re.sub(r"\n+", "\n", found.text.removeprefix(text)) == (
        "1. The storm was the fourth of the spring.\n2. The Beaufort scale has twelve grades.\nA gale is the eighth."
    )
    assert found.member == ""
    assert found.metadata == Metadata(
        "The ferry that came back", "The Harbour Post", "Ada Fenwick", date(2018, 5, 3), language="en-GB"
    )


@pytest.mark.parametrize("end", ["docx", "odt", "rtf"])
def test_libreoffice_s_documents_are_read_as_a_reader_of_the_page_sees_them(end: str) -> None:
    found = file(f"tide.libreoffice.{end}")
    assert found.text == TIDE
    assert found.metadata == Metadata("When the Tide Stayed Out", author="Bela Norrington", published=date(2019, 6, 11))


def test_what_libreoffice_makes_up_for_a_book_is_not_believed() -> None:
    found = file("tide.libreoffice.epub").metadata
    assert found == Metadata("When the Tide Stayed Out", author="Bela Norrington", published=date(2019, 6, 11))


def test_whom_libreoffice_names_as_author_of_a_book_is_believed_where_the_text_has_the_name_too() -> None:
    told = '<dc:title>The Tide</dc:title><dc:creator>Bela Norrington</dc:creator><meta name="g" content="LibreOffice"/>'
    signed = draft(book(page("The Tide", "Bela Norrington", BODY), told=told), "a.epub")
    assert (signed.metadata.author, signed.text) == ("Bela Norrington", BODY)
    assert draft(book(page("The Tide", BODY), told=told), "a.epub").metadata.author is None


def test_a_magazine_gives_each_of_its_articles() -> None:
    found = drafts((FILES / "magazine.pandoc.epub").read_bytes(), "magazine.epub")
    assert [(each.member, each.metadata.title, each.metadata.author, each.metadata.published) for each in found] == [
        ("#2", "The Lighthouse Keeper Retires", "Ada Fenwick", date(2019, 3, 3)),
        ("#3", "Who Owns the Shingle?", "Bela Norrington", date(2019, 4, 1)),
        ("#4", "Tides for the Season", None, date(2019, 4, 1)),
    ]
    assert {each.metadata.source for each in found} == {"Saltmarsh Press"}
    assert found[1].text.endswith("gives it to the gulls.\n\nThe letter\n\nIt is signed by a bishop.")


# Word

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def word(body: str, namespace: str = WORD, **parts: str) -> bytes:
    """A Word document, written by hand as the standard says; ``parts`` are further ones of it."""
    relations = "".join(f'<Relationship Type="{RELATED}/{name}" Target="{name}.xml"/>' for name in parts)
    spaces = (
        f'xmlns:w="{namespace}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
        'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:wps="urn:wps"'
    )
    written = {f"word/{name}.xml": f"<w:{name} {spaces}>{content}</w:{name}>" for name, content in parts.items()}
    return archive(
        {
            "_rels/.rels": f'<r><Relationship Type="{RELATED}/officeDocument" Target="word/document.xml"/></r>',
            "word/_rels/document.xml.rels": f"<r>{relations}</r>",
            "word/document.xml": f"<w:document {spaces}><w:body>{body}</w:body></w:document>",
            **written,
        }
    )


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(*runs: str, properties: str = "") -> str:
    inner = "".join(each if each.startswith("<") else run(each) for each in runs)
    return f"<w:p><w:pPr>{properties}</w:pPr>{inner}</w:p>"


def in_word(body: str, **parts: str) -> str:
    """The text of a document that begins with ``BODY``, without it."""
    text = draft(word(paragraph(BODY) + body, **parts), "a.docx").text
    assert text.startswith(BODY)
    return text.removeprefix(BODY).lstrip("\n")


def saved(made: "docx.document.Document") -> bytes:
    written = io.BytesIO()
    made.save(written)
    return written.getvalue()


def test_a_document_of_python_docx_is_read() -> None:
    made = docx.Document()
    made.core_properties.title = "Word Document"
    made.core_properties.author = "python-docx"
    made.add_heading("The pier is shut", 0)
    made.add_paragraph("By Ada Fenwick")
    made.add_paragraph(BODY)
    made.add_heading("Who has the key?", 1)
    for item in ("the mayor", "the baker"):
        made.add_paragraph(item, style="List Bullet")
    for item in ("ask the mayor", "ask the baker"):
        made.add_paragraph(item, style="List Number")
    table = made.add_table(rows=2, cols=2)
    for number, cell in enumerate(cell for row in table.rows for cell in row.cells):
        cell.text = f"cell {number}"
    made.sections[0].header.paragraphs[0].text = "The Daily Example"
    made.add_paragraph("That was all.")
    found = draft(saved(made), "a.docx")
    assert found.metadata == Metadata("The pier is shut", author="Ada Fenwick")
    assert found.text == (
        f"{BODY}\n\nWho has the key?\n\n- the mayor\n- the baker\n1. ask the mayor\n2. ask the baker\n\n"
        "cell 0 | cell 1\ncell 2 | cell 3\n\nThat was all."
    )


def test_insertions_are_read_and_deletions_are_not() -> None:
    body = paragraph(
        "It was ", "<w:del><w:r><w:delText>not </w:delText></w:r></w:del>", f"<w:ins>{run('very ')}</w:ins>", "wet.",
        f"<w:moveFrom>{run(' Gone.')}</w:moveFrom><w:moveTo>{run(' Come.')}</w:moveTo>",
    )  # fmt: skip
    rows = "<w:tbl><w:tr><w:trPr><w:del/></w:trPr><w:tc><w:p><w:r><w:t>out</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
    assert in_word(body + rows) == "It was very wet. Come."


def test_a_paragraph_whose_end_was_deleted_runs_into_the_next() -> None:
    ended = paragraph("One ", properties="<w:rPr><w:del/></w:rPr>") + paragraph("sentence.")
    assert in_word(ended) == "One sentence."
    initial = paragraph("O", properties='<w:framePr w:dropCap="drop"/>') + paragraph("nce upon a time.")
    assert in_word(initial) == "Once upon a time."
    assert in_word(paragraph("The end", properties="<w:rPr><w:del/></w:rPr>")) == "The end"


def test_hidden_text_is_left_out_whoever_hides_it() -> None:
    styles = (
        '<w:style w:type="character" w:styleId="H"><w:name w:val="h"/><w:rPr><w:vanish/></w:rPr></w:style>'
        '<w:style w:type="character" w:styleId="I"><w:name w:val="i"/><w:basedOn w:val="H"/></w:style>'
        '<w:style w:type="character" w:styleId="L"><w:name w:val="l"/><w:basedOn w:val="L"/></w:style>'
    )
    hidden = (run("no", "<w:vanish/>"), run("no", '<w:rStyle w:val="H"/>'), run("no", '<w:rStyle w:val="I"/>'))
    shown = (run("yes ", '<w:rStyle w:val="H"/><w:vanish w:val="0"/>'), run("yes", '<w:rStyle w:val="L"/>'))
    assert in_word(paragraph(*hidden, *shown), styles=styles) == "yes yes"


def test_text_boxes_stand_below_their_paragraph_once() -> None:
    box = f"<w:txbxContent>{paragraph('In the ', 'box.')}</w:txbxContent>"
    drawn = (
        f"<w:r><mc:AlternateContent><mc:Choice><w:drawing><wps:txbx>{box}</wps:txbx></w:drawing></mc:Choice>"
        f"<mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )
    assert in_word(paragraph("Out", drawn, "side.")) == "Outside.\n\nIn the box."
    assert in_word(paragraph(f"<w:r><w:pict><v:textbox>{box}</v:textbox></w:pict></w:r>")) == "In the box."


def test_signs_that_have_an_alternative_are_kept() -> None:
    sign = "<w:r><mc:AlternateContent><mc:Choice/><mc:Fallback><w:t>☺</w:t></mc:Fallback></mc:AlternateContent></w:r>"
    assert in_word(paragraph("Glad ", sign)) == "Glad ☺"


def test_notes_stand_below_the_text_in_the_order_of_their_marks() -> None:
    notes = '<w:footnote w:type="separator" w:id="0"><w:p/></w:footnote>' + "".join(
        f'<w:footnote w:id="{key}">{paragraph(text)}</w:footnote>'
        for key, text in ((1, "Unused."), (2, " Second."), (3, "First."), (4, "* Own mark."))
    )
    mark = '<w:r><w:footnoteReference w:id="{}" {}/></w:r>'
    own = mark.format(4, 'w:customMarkFollows="1"')
    body = paragraph("One", mark.format(3, ""), " two", mark.format(2, ""), " three", own, "*.")
    assert in_word(body, footnotes=notes) == "One[1] two[2] three*.\n\n[1] First.\n\n[2] Second.\n\n* Own mark."


def test_fields_show_what_they_show_and_not_how_it_comes_about() -> None:
    def field(kind: str) -> str:
        return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'

    said = '<w:r><w:instrText> HYPERLINK "https://example.org" </w:instrText></w:r>'
    whole = paragraph("See ", field("begin"), said, field("separate"), "the page", field("end"), ".")
    assert in_word(whole) == "See the page."
    assert in_word(paragraph(field("begin"), said) + paragraph("Not lost.")) == "Not lost."
    assert in_word(paragraph('<w:fldSimple w:instr="DATE">' + run("today") + "</w:fldSimple>")) == "today"


def test_signs_between_words_are_kept() -> None:
    body = "<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t><w:noBreakHyphen/><w:t>d</w:t><w:softHyphen/>"
    body += "<w:t>e\u00adf 10</w:t></w:r>" + run("6", '<w:vertAlign w:val="superscript"/>') + run("th", "")
    symbol = '<w:r><w:sym w:font="Wingdings" w:char="F0E0"/><w:sym w:char="2192"/></w:r>'
    assert in_word(f"<w:p>{body}{symbol}</w:p>") == "a b\nc-def 10⁶th→"


def test_content_controls_smart_tags_and_formulas_are_read_through() -> None:
    inner = f"<w:sdt><w:sdtPr/><w:sdtContent>{run('a ')}</w:sdtContent></w:sdt><w:smartTag>{run('b ')}</w:smartTag>"
    math = "<w:oMath><w:r><w:t>x=1</w:t></w:r></w:oMath>"
    ruby = "<w:r><w:ruby><w:rt>" + run("no") + "</w:rt><w:rubyBase>" + run(" base") + "</w:rubyBase></w:ruby></w:r>"
    outer = f"<w:sdt><w:sdtContent>{paragraph(inner, math, ruby)}</w:sdtContent></w:sdt>"
    assert in_word(outer) == "a b x=1 base"


NUMBERING = """
<w:abstractNum w:abstractNumId="0">
  <w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>
  <w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1.%2)"/></w:lvl>
</w:abstractNum>
<w:abstractNum w:abstractNumId="1">
  <w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/><w:lvlText w:val="•"/></w:lvl>
</w:abstractNum>
<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>
<w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>
<w:num w:numId="3">
  <w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="7"/></w:lvlOverride>
</w:num>
<w:num w:numId="4">
  <w:abstractNumId w:val="0"/>
  <w:lvlOverride w:ilvl="0">
    <w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="upperRoman"/><w:lvlText w:val="%1:"/></w:lvl>
  </w:lvlOverride>
</w:num>
"""


def listed(text: str, number: int, level: int = 0) -> str:
    return paragraph(text, properties=f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>')


def test_lists_keep_their_numbers() -> None:
    body = "".join(
        listed(text, number, level)
        for text, number, level in (
            ("one", 1, 0), ("inner", 1, 1), ("inner", 1, 1), ("two", 1, 0), ("inner", 1, 1), ("dot", 2, 0),
            ("seven", 3, 0), ("eight", 3, 0), ("nine", 4, 0), ("not numbered", 9, 0),
        )
    )  # fmt: skip
    assert in_word(body, numbering=NUMBERING) == (
        "1. one\n1.a) inner\n1.b) inner\n2. two\n2.a) inner\n- dot\n7. seven\n8. eight\nIX: nine\n\nnot numbered"
    )


def test_lists_and_headings_may_be_numbered_by_their_style() -> None:
    styles = (
        '<w:style w:type="paragraph" w:styleId="X"><w:name w:val="heading 2"/>'
        '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr><w:outlineLvl w:val="1"/></w:pPr></w:style>'
        '<w:style w:type="paragraph" w:styleId="Y"><w:name w:val="y"/><w:basedOn w:val="X"/></w:style>'
    )
    body = "".join(paragraph(text, properties=f'<w:pStyle w:val="{key}"/>') for text, key in (("A", "X"), ("B", "Y")))
    assert in_word(body, numbering=NUMBERING, styles=styles) == "1. A\n\n2. B"


def test_a_table_of_contents_is_left_out() -> None:
    styles = '<w:style w:type="paragraph" w:styleId="V1"><w:name w:val="toc 1"/></w:style>'
    body = paragraph("The pier ..... 4", properties='<w:pStyle w:val="V1"/>') + paragraph("It rained.")
    assert in_word(body, styles=styles) == "It rained."


def cells(*texts: str) -> str:
    return "".join(f"<w:tc><w:tcPr/>{''.join(map(paragraph, text.split('/')))}</w:tc>" for text in texts)


def test_a_table_is_a_line_a_row_in_its_place() -> None:
    rows = "".join(
        f"<w:tr>{cells(*row)}</w:tr>" for row in (("Day", "", "Rain"), ("Monday", "dry", ""), ("", "", "3/4"))
    )
    body = paragraph("Above.") + f"<w:tbl><w:tblPr/>{rows}</w:tbl>" + paragraph("Below.")
    assert in_word(body) == "Above.\n\nDay | | Rain\nMonday | dry\n| | 3 4\n\nBelow."


def test_a_table_that_only_lays_out_the_page_gives_its_paragraphs() -> None:
    column = f"<w:tbl><w:tr>{cells('One./Two.')}</w:tr><w:tr>{cells('Three.')}</w:tr></w:tbl>"
    assert in_word(column) == "One.\n\nTwo.\n\nThree."
    beside = f"<w:tbl><w:tr>{cells('A picture', 'One./Two./Three.')}</w:tr></w:tbl>"
    assert in_word(beside) == "A picture\n\nOne.\n\nTwo.\n\nThree."


def test_a_document_in_the_strict_form_is_read() -> None:
    strict = "http://purl.oclc.org/ooxml/wordprocessingml/main"
    assert draft(word(paragraph(BODY), strict), "a.docx").text == BODY


def test_a_document_whose_pictures_are_missing_is_read() -> None:
    made = archive(
        {
            "_rels/.rels": f'<r><Relationship Type="{RELATED}/officeDocument" Target="/word/document.xml"/></r>',
            "word/_rels/document.xml.rels": f'<r><Relationship Type="{RELATED}/image" Target="NULL"/></r>',
            "word/document.xml": f'<w:document xmlns:w="{WORD}"><w:body>{paragraph(BODY)}</w:body></w:document>',
        }
    )
    assert draft(made, "a.docx").text == BODY


# What a document says of itself


def titled(title: str, *paragraphs: tuple[str, str], author: str = "", path: str = "a.docx") -> Metadata:
    made = docx.Document()
    made.core_properties.title, made.core_properties.author = title, author
    for name in ("Author", "Date"):
        made.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    for text, style in paragraphs:
        made.add_paragraph(text, style=style)
    return draft(saved(made), path).metadata


def test_the_title_is_what_is_styled_as_one() -> None:
    text = ((BODY, "Normal"),)
    assert titled("Another", ("By Ada Fenwick", "Normal"), ("The pier?", "Title"), *text).title == "The pier?"
    assert titled("", ("The pier", "Title"), ("The key", "Heading 1"), *text).title == "The pier"
    assert titled("", ("The pier\nis shut.", "Title"), *text).title == "The pier is shut."


def test_the_title_among_the_properties_comes_before_what_is_recognised_and_after_headings() -> None:
    assert titled("The pier is shut", ("A plain line", "Normal"), (BODY, "Normal")).title == "The pier is shut"
    assert titled("The pier – The Daily", ("The pier", "Normal"), (BODY, "Normal")).title == "The pier"
    assert titled("Another", ("The pier", "Heading 1"), (BODY, "Normal")).title == "The pier"
    assert titled("The pier.", ("News", "Heading 2"), ("The pier.", "Normal"), (BODY, "Normal")).title == "The pier."


@pytest.mark.parametrize(
    "title",
    ["", " ", "Document1", "Untitled 3", "Microsoft Word - pier.doc", "pier_final", "Pier final.docx", "Unbenannt 1",
     "https://example.org/a", "Word Document", "2019"],
)  # fmt: skip
def test_a_title_that_a_program_made_is_none(title: str) -> None:
    assert titled(title, (BODY, "Normal"), path="in/Pier-Final.docx").title is None


def test_what_is_as_long_as_a_paragraph_is_no_title() -> None:
    assert document.plausible("The pier " * 30) == ("The pier " * 30).strip()
    assert document.plausible("The pier " * 40) is None


def test_the_author_among_the_properties_counts_only_where_the_text_has_the_name_too() -> None:
    assert titled("", (BODY, "Normal"), author="Ada Fenwick").author is None
    assert titled("", ("The pier", "Title"), ("Ada Fenwick", "Normal"), (BODY, "Normal"), author="Ada Fenwick").author
    assert titled("", (BODY, "Normal"), ("— Ada Fenwick", "Normal"), author="ada fenwick").author == "ada fenwick"
    assert titled("", ("By Bela Norrington", "Normal"), (BODY, "Normal"), author="Office").author == "Bela Norrington"


def test_authors_and_dates_are_what_is_styled_so() -> None:
    found = titled(
        "", ("The pier", "Title"), ("Ada Fenwick", "Author"), ("By Bela Norrington", "Author"),
        ("3 May 2018", "Date"), (BODY, "Normal"),
    )  # fmt: skip
    assert found == Metadata("The pier", author="Ada Fenwick, Bela Norrington", published=date(2018, 5, 3))


def test_when_a_document_was_saved_is_not_when_it_was_published() -> None:
    assert titled("", (BODY, "Normal")).published is None  # python-docx, pandoc and LibreOffice all state a date


def test_what_is_known_from_outside_comes_first() -> None:
    made = docx.Document()
    made.add_heading("The pier", 0)
    made.add_paragraph(BODY)
    (found,) = drafts(saved(made), "a.docx", Metadata(title="Known", url="https://example.org/a"))
    assert (found.metadata.title, found.metadata.url) == ("Known", "https://example.org/a")
    assert found.text == f"The pier\n\n{BODY}"


def test_a_row_of_a_table_is_no_title() -> None:
    found = draft(word(f"<w:tbl><w:tr>{cells('Day', 'Rain')}</w:tr></w:tbl>" + paragraph(BODY)), "a.docx")
    assert (found.metadata.title, found.text) == (None, f"Day | Rain\n\n{BODY}")


def test_links_to_other_articles_go_as_in_a_web_page() -> None:
    link = f"<w:hyperlink>{run('Storm shuts the other pier')}</w:hyperlink>"
    body = paragraph(BODY) + paragraph("Related article: ", link) + paragraph("The ", link, " was news to all.")
    assert draft(word(body), "a.docx").text == f"{BODY}\n\nThe Storm shuts the other pier was news to all."


# OpenDocument


def odt(body: str, styles: str = "", **parts: str) -> bytes:
    names = ("office", "style", "text", "table", "meta")
    spaces = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in names)
    spaces += ' xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:svg="urn:svg" xmlns:dc="urn:dc"'
    content = (
        f"<office:document-content {spaces}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
    return archive({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content, **parts})


def in_odt(body: str, styles: str = "") -> str:
    text = draft(odt(f"<text:p>{BODY}</text:p>{body}", styles), "a.odt").text
    assert text.startswith(BODY)
    return text.removeprefix(BODY).lstrip("\n")


def test_blanks_and_line_breaks_are_those_that_the_text_shows() -> None:
    body = "<text:p>  One \n two<text:s text:c='3'/>three<text:tab/>four<text:line-break/>five </text:p>"
    assert in_odt(body) == "One two three four\nfive"


def test_hidden_sections_paragraphs_and_words_are_left_out() -> None:
    hidden = (
        '<style:style style:name="H" style:family="text"><style:text-properties text:display="none"/></style:style>'
    )
    body = (
        "<text:section text:display='none'><text:p>no</text:p></text:section>"
        "<text:section><text:p>yes</text:p><text:section text:display='none'><text:p>no</text:p></text:section>"
        "<text:p>also</text:p></text:section>"
        "<text:p><text:hidden-paragraph text:is-hidden='true'/>no</text:p>"
        "<text:p>a<text:span text:style-name='H'>no</text:span>b<text:hidden-text>no</text:hidden-text>c</text:p>"
    )
    assert in_odt(body, hidden) == "yes\n\nalso\n\nabc"


def test_pictures_descriptions_comments_and_contents_are_left_out() -> None:
    body = (
        "<text:table-of-content><text:index-body><text:p>no</text:p></text:index-body></text:table-of-content>"
        "<text:p>yes<draw:frame><svg:title>no</svg:title><svg:desc>no</svg:desc><draw:image/></draw:frame></text:p>"
        "<text:p><draw:custom-shape><text:p>in the shape</text:p></draw:custom-shape></text:p>"
        "<draw:frame><draw:text-box><text:p>on the page</text:p></draw:text-box></draw:frame>"
    )
    assert in_odt(body) == "yes\n\nin the shape\n\non the page"


def test_headings_are_numbered_as_the_document_numbers_them() -> None:
    level = '<text:outline-level-style text:level="{}" style:num-format="1" text:display-levels="{}"/>'
    styles = f"<text:outline-style>{level.format(1, 1)}{level.format(2, 2)}</text:outline-style>"
    body = "".join(
        f'<text:h text:outline-level="{depth}">{text}</text:h>'
        for depth, text in ((1, "A"), (2, "B"), (2, "C"), (1, "D"))
    )
    assert in_odt(body, styles) == "1 A\n\n1.1 B\n\n1.2 C\n\n2 D"


def test_lists_are_continued_only_where_they_say_so() -> None:
    styles = '<text:list-style style:name="L"><text:list-level-style-number text:level="1" style:num-format="i"'
    styles += ' style:num-suffix=")" text:start-value="4"/></text:list-style>'
    one = '<text:list text:style-name="L" {}><text:list-item {}><text:p>x</text:p></text:list-item></text:list>'
    body = one.format('xml:id="a"', "") + one.format("", "") + one.format('text:continue-list="a"', "")
    body += one.format('text:continue-numbering="true"', 'text:start-value="9"')
    assert in_odt(body, styles) == "iv) x\niv) x\nv) x\nix) x"


def test_a_locked_text_says_so() -> None:
    manifest = '<m:manifest xmlns:m="urn:m"><m:file-entry><m:encryption-data/></m:file-entry></m:manifest>'
    with pytest.raises(EncryptedFileError):
        draft(odt("", **{"META-INF/manifest.xml": manifest}), "a.odt")


def test_what_is_no_text_is_told() -> None:
    sheet = archive({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<x/>"})
    with pytest.raises(BrokenFileError, match="no OpenDocument text"):
        draft(sheet, "a.odt")


# RTF


def in_rtf(body: str | bytes, head: str = "") -> str:
    written = body if isinstance(body, bytes) else body.encode("ascii")
    text = draft(rb"{\rtf1\ansi\ansicpg1252" + head.encode() + BODY.encode() + rb"\par " + written + b"}", "a.rtf").text
    assert text.startswith(BODY)
    return text.removeprefix(BODY).lstrip("\n")


FONTS = r"{\fonttbl{\f0\froman Times;}{\f1\fcharset204 Times Cyr;}{\f2\fcharset128 Mincho;}{\f3\fcharset2 Symbol;}}"


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (r"caf\'e9 \'93so\'94", "café “so”"),
        (r"{\f1 \'cf\'e0\'f0\'ee\'f5\'ee\'e4} na\'efve", "Пароход naïve"),
        (r"{\f2 \'93\'fa\'96{\f2 \'7b}}", "日" + "\ufffd{"),
        (r"{\f2 \'93\'fa\'96\'7b \'83A}", "日本 ア"),
        (r"\uc1\u8220?so\u8221?\uc0\u233 .", "“so”é."),
        (r"\uc2\u1055\'cf\'cfx\uc1\u-10179?\u-8704?", "Пx😀"),
        (r"\u-10179? lost half", "lost half"),
        (r"{\uc3\u233 abc}{\u233 ?}", "éé"),
        (r"a\emdash b\endash c\lquote d\rquote\ldblquote e\rdblquote\bullet\~f\_g\-h", "a—b–c‘d’“e”• f-gh"),
        (r"\{\}\\", "{}\\"),
        (r"one\line two\tab three", "one\ntwo three"),
        ("one\\\ntwo", "one\n\ntwo"),
        ("o\r\nne\r\n", "one"),
        (r"10{\super 6} and 1{\super st}", "10⁶ and 1st"),
        (r"{\f3 \'b7}dot", "dot"),
    ],
)
def test_characters_are_read_in_the_encoding_that_they_are_written_in(written: str, text: str) -> None:
    assert in_rtf(written, FONTS) == text


def test_bytes_beyond_ascii_are_utf_8_where_they_can_be() -> None:
    assert in_rtf("Пароход café".encode()) == "Пароход café"
    assert in_rtf(b"caf\xe9") == "café"


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (r"{\*\unknown no}yes", "yes"),
        (r"{\i yes\*\cs7 still}", "yesstill"),
        (r"{\header no\par}{\footer no}{\*\annotation no}{\pict 89504e47}{\info{\company no}}yes", "yes"),
        (r"{\v no}y{\deleted no}e\v no\v0 s", "yes"),
        (r"\v no\plain yes", "yes"),
        (r"One {\deleted\par}sentence.", "One sentence."),
        (r"\pard\dropcapli3 O\par\pard nce.", "Once."),
        (r"{\pict\bin5 }}}}}yes}yes", "yes"),
        (r"{\field{\*\fldinst HYPERLINK \\l x}{\fldrslt here}}", "here"),
        (r"{\upr{no}{\*\ud{y\u233?s}}}", "yés"),
        (r"{\object{\*\objdata 00}{\result shown}}", "shown"),
        (r"Out{\shp{\*\shpinst{\sp{\sn no}{\sv no}}{\shptxt In.\par Box.}}{\shprslt no}}side.",
         "Outside.\n\nIn.\n\nBox."),
        (r"a{\super\chftn}{\*\footnote {\super\chftn} First.\par More.} b\chftn{\footnote Second.}*{\footnote * Own.}.",
         "a[1] b[2]*.\n\n[1] First.\n\nMore.\n\n[2] Second.\n\n* Own."),
        (r"{\listtext 1.\tab}one\par{\listtext\'b7\tab}two\par{\pntext\f3 v\tab}three\par end",
         "1. one\n- two\n- three\n\nend"),
        (r"{\listtext o\tab}one\par{\listtext b)\tab}two\par", "- one\nb) two"),
        (r"\bullet\tab one\par 2)\tab two", "- one\n2) two"),
        (r"\trowd\pard\intbl a\cell b\par c\cell\row\trowd\pard\intbl\cell d\cell\row\pard below",
         "a | b c\n| d\n\nbelow"),
        (r"\trowd\pard\intbl a\nestcell b\nestcell{\*\nesttableprops\nestrow}{\nonesttables no}c\cell d\cell\row",
         "a | b c | d"),
    ],
)  # fmt: skip
def test_of_groups_those_are_read_that_hold_text(written: str, text: str) -> None:
    assert in_rtf(written, FONTS) == text


def test_styles_and_properties_say_what_is_the_title() -> None:
    styles = r"{\stylesheet{\s0 Normal;}{\s1\sbasedon0 Title;}{\s2\outlinelevel0 My head;}{\s3 toc 1;}}"
    info = r"{\info{\title Pi\'e9r}{\author Ada Fenwick}{\creatim\yr2011\mo1\dy2}}"
    body = rf"\s3 no\par\pard\s1 The pi\'e9r?\par\pard Ada Fenwick\par {BODY}\par\pard\s2 The key\par It is gone.\par"
    found = draft(rb"{\rtf1\ansi" + (styles + info + body).encode() + b"}", "a.rtf")
    assert found.metadata == Metadata("The piér?", author="Ada Fenwick")
    assert found.text == f"{BODY}\n\nThe key\n\nIt is gone."


@pytest.mark.parametrize("data", [b"Plain text.", b"", b"<html>", b"{\\rt", b"PK\x03\x04"])
def test_what_is_no_rtf_is_told(data: bytes) -> None:
    with pytest.raises(BrokenFileError, match="no RTF document"):
        draft(data, "a.rtf")


def test_a_file_that_is_cut_off_is_told() -> None:
    whole = (FILES / "tide.libreoffice.rtf").read_bytes()
    with pytest.raises(BrokenFileError, match="cut off"):
        draft(whole[: len(whole) * 4 // 5], "a.rtf")
    assert draft(whole.rstrip().removesuffix(b"}"), "a.rtf").text == TIDE


# EPUB


def page(title: str, *paragraphs: str, body: str = "") -> str:
    heading = f"<h1>{title}</h1>" if title else ""
    inner = "".join(f"<p>{each}</p>" for each in paragraphs)
    return (
        '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml" '
        f'xmlns:epub="http://www.idpf.org/2007/ops"><head><title/></head><body {body}>{heading}{inner}</body></html>'
    )


def book(*pages: str, told: str = "<dc:title>The Post</dc:title>", guide: str = "", **parts: str) -> bytes:
    items = "".join(
        f'<item id="i{n}" href="text/p%20{n}.xhtml" media-type="application/xhtml+xml"/>' for n in range(len(pages))
    )
    spine = "".join(f'<itemref idref="i{n}"/>' for n in range(len(pages)))
    return archive(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<c><rootfiles><rootfile full-path="OPS/a.opf"/></rootfiles></c>',
            "OPS/a.opf": '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/" '
            f'xmlns:opf="http://www.idpf.org/2007/opf"><metadata>{told}</metadata>'
            f"<manifest>{items}</manifest><spine>{spine}</spine><guide>{guide}</guide></package>",
            **{f"OPS/text/p {n}.xhtml": each for n, each in enumerate(pages)},
            **parts,
        }
    )


LONG = f"{BODY} {BODY} {BODY}"


def test_a_book_of_chapters_by_one_author_is_one_article() -> None:
    pages = (page("The Gulls", LONG), page("The Terns", LONG), page("", "A last word."))
    found = draft(book(*pages, told="<dc:title>Birds</dc:title><dc:creator>Ada Fenwick</dc:creator>"), "a.epub")
    assert found.metadata == Metadata("Birds", author="Ada Fenwick")
    assert found.text == f"The Gulls\n\n{LONG}\n\nThe Terns\n\n{LONG}\n\nA last word."


def test_numbered_chapters_are_one_article_even_where_nobody_is_named() -> None:
    assert len(drafts(book(page("Chapter 1", LONG), page("Chapter 2", LONG)), "a.epub")) == 1


def test_pages_with_titles_of_their_own_and_nobody_s_book_are_articles() -> None:
    pages = (page("The Gulls", LONG), page("", "More of the gulls."), page("The Terns", LONG))
    told = "<dc:title>The Post</dc:title><dc:creator>Unknown</dc:creator><dc:publisher>calibre</dc:publisher>"
    found = drafts(book(*pages, told=told), "a.epub")
    assert [(each.member, each.metadata.title, each.metadata.source) for each in found] == [
        ("#1", "The Gulls", "The Post"),
        ("#3", "The Terns", "The Post"),
    ]
    assert found[0].text == f"{LONG}\n\nMore of the gulls."


def test_pages_with_bylines_are_articles_whoever_is_named_as_author() -> None:
    pages = [
        page(title, f"By {name}", LONG) for title, name in (("Gulls", "Ada Fenwick"), ("Terns", "Bela Norrington"))
    ]
    found = drafts(book(*pages, told="<dc:creator>The Editors of It</dc:creator>"), "a.epub")
    assert [each.metadata.author for each in found] == ["Ada Fenwick", "Bela Norrington"]


def test_a_newspaper_that_calibre_put_together_is_read() -> None:
    told = (
        "<dc:title>The Post [Thu, 23 May 2019]</dc:title><dc:creator opf:role='aut'>calibre</dc:creator>"
        "<dc:date>2019-05-23T04:00:00+00:00</dc:date><dc:language>en</dc:language>"
        '<meta name="calibre:publication_type" content="periodical:newspaper:The Post"/>'
    )
    menu = page("World", *(f"<a href='p%20{n}.xhtml'>Story {n}</a>" for n in range(1, 5)), LONG)
    bar = "<a href='p%200.xhtml'>Section menu</a> | <a href='../x.xhtml'>Main menu</a>"
    last = "This article was downloaded by <b>calibre</b> from <a href='https://e.org/a'>https://e.org/a</a>"
    found = drafts(book(menu, page("The Gulls", bar, LONG, last), page("The Terns", bar, LONG), told=told), "a.epub")
    assert [each.metadata for each in found] == [
        Metadata("The Gulls", "The Post", None, date(2019, 5, 23), "https://e.org/a", None, "en"),
        Metadata("The Terns", "The Post", None, date(2019, 5, 23), None, None, "en"),
    ]
    assert [each.text for each in found] == [LONG, LONG]


def test_covers_title_pages_and_contents_are_left_out() -> None:
    pages = (
        page("", "Birds"),
        page("Birds", "Ada Fenwick", "May 3, 2018"),
        page("Contents", "Gulls 4", body='epub:type="frontmatter toc"'),
        page("", "All rights reserved by somebody.", body='epub:type="copyright-page"'),
        page("The Gulls", LONG),
    )
    told = "<dc:title>Birds</dc:title><dc:creator>Ada Fenwick</dc:creator>"
    guide = '<reference type="cover" href="text/p%200.xhtml#top"/>'
    assert draft(book(*pages, told=told, guide=guide), "a.epub").text == f"The Gulls\n\n{LONG}"


def test_notes_of_a_book_are_told_by_their_marks() -> None:
    inner = 'Gulls<a epub:type="noteref" href="n.xhtml#n1"><sup>1</sup></a> flew, all of them, out to the west.'
    way_back = '<a epub:type="backlink" href="x.xhtml#r">up</a>'
    note = f'<aside epub:type="footnote" hidden="">They were herring gulls. {way_back}</aside>'
    text = draft(book(page("", inner, note)), "a.epub").text
    assert text == "Gulls[1] flew, all of them, out to the west.\n\nThey were herring gulls."


@pytest.mark.parametrize(
    ("stated", "day"),
    [
        ("<dc:date>2018-05-03</dc:date>", date(2018, 5, 3)),
        ("<dc:date>2018-05-03T00:00:00+00:00</dc:date>", date(2018, 5, 3)),
        ("<dc:date opf:event='modification'>2019-01-01</dc:date><dc:date opf:event='publication'>2018-05-03</dc:date>",
         date(2018, 5, 3)),
        ("<dc:date>2018-05-03T11:34:25Z</dc:date>", None),
        ("<dc:date opf:event='creation'>2018-05-03</dc:date>", None),
        ("<dc:date>0101-01-01T00:00:00+00:00</dc:date>", None),
        ("<dc:date>2018</dc:date><meta property='dcterms:modified'>2018-05-03T00:00:00Z</meta>", None),
        ("<dc:date>2018-05-33</dc:date>", None),
    ],
)  # fmt: skip
def test_a_book_s_date_is_that_of_its_publication(stated: str, day: date | None) -> None:
    assert draft(book(page("", LONG), told=stated), "a.epub").metadata.published == day


def test_a_book_says_who_wrote_it_and_where_it_is_from() -> None:
    told = (
        "<dc:title>Unknown</dc:title><dc:title>Birds</dc:title><dc:creator>Ada Fenwick</dc:creator>"
        "<dc:creator id='b'>Bela Norrington</dc:creator><meta refines='#b' property='role'>aut</meta>"
        "<dc:creator opf:role='trl'>A Translator</dc:creator><dc:source>https://example.org/birds</dc:source>"
        "<dc:identifier>urn:isbn:1</dc:identifier><dc:publisher>The Press</dc:publisher>"
        "<dc:language>en_GB</dc:language>"
    )
    assert draft(book(page("", LONG), told=told), "a.epub").metadata == Metadata(
        "Birds", "The Press", "Ada Fenwick, Bela Norrington", None, "https://example.org/birds", None, "en-GB"
    )


def test_a_locked_book_says_so_and_disguised_fonts_lock_nothing() -> None:
    lock = "<e><EncryptedData><EncryptionMethod Algorithm='{}'/></EncryptedData></e>"
    name = "META-INF/encryption.xml"
    with pytest.raises(EncryptedFileError):
        draft(book(page("", LONG), **{name: lock.format("http://www.w3.org/2001/04/xmlenc#aes128-cbc")}), "a.epub")
    assert (
        draft(book(page("", LONG), **{name: lock.format("http://www.idpf.org/2008/embedding")}), "a.epub").text == LONG
    )


@pytest.mark.parametrize("parts", [{"a.txt": "x"}, {"a.opf": "<package/>"}, {"META-INF/container.xml": "<c/>"}])
def test_an_archive_that_is_no_book_is_told(parts: dict[str, str]) -> None:
    with pytest.raises(BrokenFileError, match=r"in it|no pages"):
        draft(archive(parts), "a.epub")


# Hostile and broken files

OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)
PACKAGES = [".docx", ".odt", ".epub"]


def with_part(end: str, name: str, content: bytes) -> bytes:
    """A sound file of ours with another part in it."""
    sound = (FILES / f"ferry.pandoc{end}").read_bytes()
    written = io.BytesIO(sound)
    with zipfile.ZipFile(written, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr(name, content)
    return written.getvalue()


@pytest.mark.parametrize("end", PACKAGES)
@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "damaged"),
        (b"Just some text.", "damaged"),
        (OLE, "old kind"),
        (b"<!DOCTYPE html><html><body>Hello</body></html>", "web page"),
        (b"{\\rtf1 Hello}", "RTF"),
        (b"%PDF-1.7 ...", "PDF"),
        (archive({"a.txt": "Hello"}), "in it"),
        (archive({"word/document.xml": "<w", "content.xml": "<w", "a.opf": "<w"}), "no valid XML"),
    ],
)  # fmt: skip
def test_a_file_that_is_something_else_is_told(data: bytes, problem: str, end: str) -> None:
    with pytest.raises(BrokenFileError, match=problem) as caught:
        drafts(data, f"in/a{end}")
    assert caught.value.path == f"in/a{end}"


@pytest.mark.parametrize("end", PACKAGES)
def test_a_file_that_is_cut_off_or_damaged_is_told(end: str) -> None:
    sound = (FILES / f"ferry.pandoc{end}").read_bytes()
    with pytest.raises(BrokenFileError):
        drafts(sound[: len(sound) // 2], f"a{end}")
    name = {".docx": "word/document.xml", ".odt": "content.xml", ".epub": "EPUB/text/ch001.xhtml"}[end]
    with zipfile.ZipFile(io.BytesIO(sound)) as package:
        part = package.getinfo(name)
    damaged = bytearray(sound)
    middle = part.header_offset + 30 + len(name) + part.compress_size // 2
    damaged[middle : middle + 40] = bytes(40)
    with pytest.raises(BrokenFileError):
        drafts(bytes(damaged), f"a{end}")


@pytest.mark.parametrize("end", PACKAGES)
def test_a_locked_file_says_so(end: str) -> None:
    with pytest.raises(EncryptedFileError):
        drafts(OLE + "EncryptedPackage".encode("utf-16-le") + bytes(600), f"a{end}")
    locked = bytearray((FILES / f"ferry.pandoc{end}").read_bytes())
    for place in [match.start() for match in re.finditer(b"PK\x01\x02", bytes(locked))]:
        locked[place + 8] |= 1
    with pytest.raises(EncryptedFileError):
        drafts(bytes(locked), f"a{end}")


@pytest.mark.parametrize("end", PACKAGES)
def test_what_would_unpack_to_many_times_its_size_is_refused(end: str) -> None:
    with pytest.raises(UnsafeArchiveError, match="200 times"):
        drafts(with_part(end, "bomb.xml", bytes(11_000_000)), f"a{end}")
    assert drafts(with_part(end, "blank.bmp", bytes(9_000_000)), f"a{end}")


def resized(data: bytes, name: str, size: int) -> bytes:
    """An archive that states another size for one of its parts."""
    changed = bytearray(data)
    for place in [match.start() for match in re.finditer(b"PK\x01\x02", data)]:
        length = struct.unpack_from("<H", data, place + 28)[0]
        if data[place + 46 : place + 46 + length] == name.encode():
            struct.pack_into("<I", changed, place + 24, size)
    return bytes(changed)


@pytest.mark.parametrize("end", PACKAGES)
def test_what_would_be_too_large_unpacked_is_refused(end: str) -> None:
    made = with_part(end, "noise.bin", bytes(range(256)) * 40)
    with pytest.raises(UnsafeArchiveError, match="500 MB"):
        drafts(resized(made, "noise.bin", 600_000_000), f"a{end}")


@pytest.mark.parametrize("name", ["word/document.xml", "docProps/core.xml"])
def test_no_more_is_unpacked_than_an_archive_states(name: str) -> None:
    parts = {
        "word/document.xml": f'<w:document xmlns:w="{WORD}"><w:body>{paragraph(BODY)}</w:body></w:document>',
        "docProps/core.xml": "<core></core>",
    }
    written = parts[name].replace("></", f">{' ' * 80_000_000}</", 1)
    bomb = resized(archive({**parts, name: written}), name, 5_000)
    del written
    tracemalloc.start()
    try:
        with pytest.raises(BrokenFileError):
            drafts(bomb, "a.docx")
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


ENTITIES = (
    '<!DOCTYPE x [<!ENTITY a "haha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">'
    '<!ENTITY f SYSTEM "file:///etc/hostname"><!ENTITY u SYSTEM "http://127.0.0.1:9/x">]>'
)


def test_entities_are_not_resolved() -> None:
    body = paragraph(BODY) + paragraph("&c;&f;&u;end")
    main = f'{ENTITIES}<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'
    assert draft(archive({"word/document.xml": main}), "a.docx").text in (f"{BODY}\n\nend", BODY)
    with zipfile.ZipFile(io.BytesIO(odt(f"<text:p>{BODY}&c;&f;</text:p>"))) as package:
        content = ENTITIES.encode() + package.read("content.xml")
    assert draft(archive({"content.xml": content}), "a.odt").text == BODY
    chapter = page("", BODY + "&c;&f;&mdash;&eacute;").replace("?>", f"?>{ENTITIES}", 1)
    text = draft(book(chapter), "a.epub").text
    assert "haha" not in text
    assert text.endswith("—é")


def test_a_billion_laughs_take_no_time() -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    body = f"<w:body>&l11;{paragraph(BODY)}</w:body>"
    main = f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]><w:document xmlns:w="{WORD}">{body}</w:document>'
    with contextlib.suppress(BrokenFileError):
        assert len(draft(archive({"word/document.xml": main}), "a.docx").text) < 1_000


@pytest.mark.parametrize(
    ("data", "path"),
    [
        (word("<w:sdt>" * 100_000), "a.docx"),
        (word("<w:sdt>" * 1_500 + paragraph(BODY) + "</w:sdt>" * 1_500), "a.docx"),
        (
            odt("<text:list><text:list-item>" * 700 + "<text:p>x</text:p>" + "</text:list-item></text:list>" * 700),
            "a.odt",
        ),
        (b"{\\rtf1 " + b"{" * 1_000_000, "a.rtf"),
    ],
    ids=["unclosed", "nested-docx", "nested-odt", "nested-rtf"],
)
def test_what_is_nested_too_deeply_is_told(data: bytes, path: str) -> None:
    with pytest.raises(BrokenFileError):
        drafts(data, path)


@pytest.mark.parametrize("end", PACKAGES)
def test_names_that_climb_out_lead_nowhere(end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert drafts(with_part(end, "../../climbed.xml", b"<x/>"), f"a{end}")
    assert drafts(with_part(end, "/etc/climbed.xml", b"<x/>"), f"a{end}")
    assert not list(tmp_path.iterdir())
    stray = book(page("", LONG)).replace(b"mimetype", b"mimetypf")
    with zipfile.ZipFile(io.BytesIO(stray)) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    parts["OPS/a.opf"] = parts["OPS/a.opf"].replace(b"text/p%200", b"../../../../../etc/passwd#p%200")
    with pytest.raises(BrokenFileError, match="no pages"):
        drafts(archive(parts), "a.epub")


SOUND = [path for path in sorted(FILES.iterdir()) if path.suffix in READERS]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_damage_gives_articles_or_an_article_error(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(SOUND))
    content = path.read_bytes()
    if path.suffix in PACKAGES and data.draw(st.booleans()):
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            parts = {name: package.read(name) for name in package.namelist()}
        name = data.draw(st.sampled_from([each for each in parts if each.endswith(("ml", "opf", "rels"))]))
        parts[name] = _damaged(data, parts[name])
        content = archive(parts)
    else:
        content = _damaged(data, content)
    with contextlib.suppress(ArticleError):
        for found in drafts(content, path.name):
            assert found.text == found.text.strip("\n")
            assert "\n\n\n" not in found.text


def _damaged(data: st.DataObject, content: bytes) -> bytes:
    start = data.draw(st.integers(0, len(content)))
    end = min(len(content), start + data.draw(st.integers(0, 200)))
    return content[:start] + data.draw(st.binary(max_size=40)) + content[end:]


CONTROLS = st.sampled_from(
    [r"\par ", r"\cell ", r"\row ", r"\intbl ", r"\pard ", r"\u8220?", r"\'e9", "{", "}", r"{\footnote ", r"{\*\x ",
     r"\nestcell ", r"{\*\nesttableprops\nestrow}", r"{\shp{\*\shpinst{\shptxt ", r"\upr ", r"\ud ", r"\v ", r"\v0 ",
     r"\deleted ", r"{\field{\*\fldinst HYPERLINK}{\fldrslt ", r"{\listtext 1.\tab}", r"\uc2 ", r"\f9 ", r"\s9 ", "a "]
)  # fmt: skip


@given(st.lists(CONTROLS, max_size=40))
def test_any_control_words_give_an_article_or_an_article_error(words: list[str]) -> None:
    written = rb"{\rtf1\ansi " + BODY.encode() + rb"\par " + "".join(words).encode() + b"}"
    with contextlib.suppress(BrokenFileError):
        assert BODY in draft(written, "a.rtf").text


PLAIN = st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Co", "Cs", "Zs", "Zl", "Zp"])
TEXTS = st.text(PLAIN, min_size=1, max_size=12)
SENTENCES = st.lists(st.lists(TEXTS, min_size=1, max_size=8).map(" ".join), min_size=1, max_size=5)


@settings(deadline=None)
@given(SENTENCES)
def test_every_word_of_every_paragraph_is_read(texts: list[str]) -> None:
    paragraphs = [BODY, *(f"It was said: {text}." for text in texts)]
    expected = "\n\n".join(paragraphs)
    made = docx.Document()
    for text in paragraphs:
        made.add_paragraph(text)
    assert draft(saved(made), "a.docx").text == expected
    units = (struct.unpack(f"<{len(text.encode('utf-16-le')) // 2}h", text.encode("utf-16-le")) for text in paragraphs)
    written = r"\par ".join("".join(rf"\u{unit}?" for unit in each) for each in units)
    assert draft(rb"{\rtf1\ansi " + written.encode() + b"}", "a.rtf").text == expected


# What all of them share


def test_numbers_of_lists_are_written_as_people_write_them() -> None:
    forms = [document.numeral(number, form) for number, form in ((1, "a"), (27, "A"), (4, "i"), (1994, "I"), (5, "1"))]
    assert forms == ["a", "AA", "iv", "MCMXCIV", "5"]
    assert [document.numeral(number, form) for number, form in ((0, "a"), (0, "i"), (4_000, "I"), (999, "a"))] == [
        "0", "0", "4000", "999"
    ]  # fmt: skip


def test_rows_and_items_stand_on_lines_of_their_own() -> None:
    blocks = [
        Block((Run(BODY),)),
        document.item(Block((Run("one"),)), ""),
        document.item(Block((Run("two\nlines"),)), "b) "),
        Block((Run("  "),)),
        document.item(Block((Run("three"),)), "o"),
        Block((Run("x | y"),), Kind.ROW),
    ]
    found = document.draft(blocks, [], document.Properties(), Source(b"", "a.docx"))
    assert found.text == f"{BODY}\n\n- one\nb) two\nlines\n\n- three\n\nx | y"


def test_roles_and_headings_are_told_by_the_nearest_style() -> None:
    assert document.role(["mine", "title"]) is Role.TITLE
    assert document.role(["subtitle", "title"]) is Role.BODY
    assert (document.heading(["mine", "heading 9"]), document.heading(["normal"])) == (6, 0)


@pytest.mark.parametrize("name", ["document", "docx", "odt", "rtf", "epub", "package"])
def test_the_rooms_load_no_library_before_they_read(name: str) -> None:
    module: ModuleType = importlib.import_module(f"rag.articles.{name}")
    assert "lxml" not in vars(module)
    assert "etree" not in vars(module)
