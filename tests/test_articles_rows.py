"""Tables and lists: each row is an article, whatever program wrote it, and a bad row harms no other."""

import csv
import io
import json
import time
import tracemalloc
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.articles import columns
from rag.articles.draft import Draft, Metadata, Source
from rag.articles.objects import read_json
from rag.articles.tables import read_table
from rag.errors import ArticleError, BrokenFileError, ColumnsFileError, ColumnsUnknownError, UndecodableError
from rag.types import Failure

TRAM = 'The tram came at noon, "late as ever", said Zoë Brandt.\n\nNobody was surprised; the café was open.'
FERRY = '"We are sorry," the captain said.'
BODY = (
    "The old tram left the depot at noon on Tuesday with forty passengers and a cello on board, and it was back two "
    "hours later, because the wire had come down and the driver would not risk the hill."
)

Found = list[Draft | Failure]


def table(data: str | bytes, path: str = "news/t.csv", stated: Mapping[str, str] | None = None) -> Found:
    raw = data.encode() if isinstance(data, str) else data
    return list(read_table(Source(raw, path, columns=stated or {})))


def values(data: object, path: str = "news/t.json", stated: Mapping[str, str] | None = None) -> Found:
    raw = data if isinstance(data, bytes) else (data if isinstance(data, str) else json.dumps(data)).encode()
    return list(read_json(Source(raw, path, columns=stated or {})))


def drafts(found: Iterable[Draft | Failure]) -> list[Draft]:
    listed = list(found)
    assert all(isinstance(each, Draft) for each in listed), listed
    return [each for each in listed if isinstance(each, Draft)]


def failures(found: Iterable[Draft | Failure]) -> dict[str, str]:
    return {each.path: each.reason for each in found if isinstance(each, Failure)}


def written(rows: Sequence[Mapping[str, object]], **options: str) -> str:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, rows[0].keys(), delimiter=options.get("delimiter", ","))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def one(row: Mapping[str, object]) -> Draft:
    """The article of a row, which is the same in a table and in a list."""
    (found,) = drafts(values([row]))
    return found


# Tables as programs write them

BY_SQLITE = (
    b"Headline,Body,Published,Link\n"
    b'"Tram \xe2\x80\x9cLine 9\xe2\x80\x9d is late; again","The tram came at noon, ""late as ever"", said Zo\xc3\xab '
    b'Brandt.\n\nNobody was surprised; the caf\xc3\xa9 was open.",2018-05-03,https://www.example.org/tram\n'
    b'"Ferry, sold","""We are sorry,"" the captain said.",2018-05-04,https://www.example.org/ferry\n'
)
BY_JQ = (
    b"Headline\tBody\tPublished\tLink\n"
    b'Tram \xe2\x80\x9cLine 9\xe2\x80\x9d is late; again\tThe tram came at noon, "late as ever", said Zo\xc3\xab '
    b"Brandt.\\n\\nNobody was surprised; the caf\xc3\xa9 was open.\t2018-05-03\thttps://www.example.org/tram\n"
    b'Ferry, sold\t"We are sorry," the captain said.\t2018-05-04\thttps://www.example.org/ferry\n'
)
BY_LIBREOFFICE = (
    b'"Headline";"Body";"Published";"Link"\n'
    b'"Tram \x93Line 9\x94 is late; again";"The tram came at noon, ""late as ever"", said Zo\xeb Brandt.\n\n'
    b'Nobody was surprised; the caf\xe9 was open.";2018-05-03;"https://www.example.org/tram"\n'
    b'"Ferry, sold";"""We are sorry,"" the captain said.";2018-05-04;"https://www.example.org/ferry"\n'
)
ROWS = [
    {
        "title": "Tram “Line 9” is late; again",
        "text": TRAM,
        "date": "2018-05-03",
        "url": "https://www.example.org/tram",
    },
    {"title": "Ferry, sold", "text": FERRY, "date": "2018-05-04", "url": "https://www.example.org/ferry"},
]
TABLES = {
    "sqlite3 -csv": BY_SQLITE,
    "jq @tsv": BY_JQ,
    "LibreOffice, semicolons, Windows-1252": BY_LIBREOFFICE,
    **{f"csv, {delimiter!r}": written(ROWS, delimiter=delimiter).encode() for delimiter in ",;\t|"},
    "UTF-16": written(ROWS).encode("utf-16"),
    "byte order mark": written(ROWS).encode("utf-8-sig"),
    "old line ends": written(ROWS).replace("\r\n", "\r").replace("\n", "\r").encode(),
    "named delimiter": b"sep=;\r\n" + written(ROWS, delimiter=";").encode(),
    "blank rows": b"\n,,,\n" + written(ROWS).encode(),
    "empty cells at the end": written(ROWS).replace("/tram\r", "/tram,,\r").encode(),
    "blanks after commas": (
        "title, text, date, url\r\n"
        + "".join(", ".join('"' + v.replace('"', '""') + '"' for v in row.values()) + "\r\n" for row in ROWS)
    ).encode(),
    "backslashes before quotation marks": (
        "title,text,date,url\n"
        + "".join(",".join('"' + v.replace('"', '\\"') + '"' for v in row.values()) + "\n" for row in ROWS)
    ).encode(),
}


@pytest.mark.parametrize("data", TABLES.values(), ids=TABLES.keys())
@pytest.mark.parametrize("path", ["t.csv", "t.tsv"])
def test_a_table_is_read_as_it_was_meant(data: bytes, path: str) -> None:
    tram, ferry = drafts(table(data, path))
    assert (tram.text, ferry.text) == (TRAM, FERRY)
    assert (tram.metadata.title, ferry.metadata.title) == ("Tram “Line 9” is late; again", "Ferry, sold")
    assert (tram.metadata.published, ferry.metadata.published) == (date(2018, 5, 3), date(2018, 5, 4))
    assert (tram.metadata.url, ferry.metadata.url) == ("https://www.example.org/tram", "https://www.example.org/ferry")
    assert (tram.member, ferry.member) == ("#1", "#2")


def test_tabs_without_quotation_marks_keep_the_text_s_own() -> None:
    found = drafts(table(f'title\ttext\nA tram\t"Late," she said.\nA ferry\t"Not\nA cello\t{BODY}\n', "t.tsv"))
    assert [draft.text for draft in found] == ['"Late," she said.', '"Not', BODY]


def test_backslashes_that_are_no_escapes_stay() -> None:
    for head, row in (
        ("title\ttext\n", "A tram\tIn C:\\new\\trams it is \\late.\n"),
        ("title,text\n", 'A,"\\n \\ \\"""\n'),
    ):
        (found,) = drafts(table(head + row, "t.tsv"))
        assert found.text in {"In C:\\new\\trams it is \\late.", '\\n \\ \\"'}


def test_a_cell_may_be_as_long_as_an_article() -> None:
    text = "\n\n".join(f"{number}. {BODY}" for number in range(20_000))
    (found,) = drafts(table(written([{"title": "Trams", "text": text}])))
    assert len(text) > 3_000_000
    assert found.text == text


CELLS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters="*_`[]<>\\&#=~:-–—|"))


@settings(max_examples=60)
@given(st.lists(st.tuples(CELLS, st.lists(CELLS, min_size=1, max_size=3)), min_size=1), st.sampled_from(",;\t|"))
def test_what_is_written_is_read(rows: list[tuple[str, list[str]]], delimiter: str) -> None:
    texts = [" ".join([BODY, *more]) for _, more in rows]
    listed = [{"id": title, "text": text, "x": "é"} for (title, _), text in zip(rows, texts, strict=True)]
    found = drafts(table(written(listed, delimiter=delimiter)))
    assert [" ".join(draft.text.split()) for draft in found] == [" ".join(text.split()) for text in texts]


# Rows that cannot be read


def test_a_bad_row_is_named_with_its_number_and_the_others_are_read() -> None:
    found = table("title,text,date\nA,one,too,many\nB,few\nC,two,too,many\n\nD,,\nE,Fine here.,\n")
    assert [(draft.member, draft.metadata.title) for draft in found if isinstance(draft, Draft)] == [("#6", "E")]
    assert failures(found) == {
        "news/t.csv#1": "it has 4 cells, and the first row 3; mend the row",
        "news/t.csv#2": "it has 2 cells, and the first row 3; mend the row",
        "news/t.csv#3": "it has 4 cells, and the first row 3; mend the row",
        "news/t.csv#5": "there is no text in it; fill it or remove the row",
    }


def test_quotation_marks_that_do_not_match_spoil_one_row() -> None:
    rows = [f'"T{number}","{BODY}","2018"' for number in range(9)]
    rows[3] = '"T3","He said "no" to us","2018"'
    rows[6] = '"T6","One.\n\nTwo "three" four.\n\nFive.","2018"'
    found = table("title,text,year\n" + "\n".join(rows))
    assert [draft.metadata.title for draft in found if isinstance(draft, Draft)] == [
        "T0",
        "T1",
        "T2",
        "T4",
        "T5",
        "T7",
        "T8",
    ]
    assert set(failures(found)) == {"news/t.csv#4", "news/t.csv#7"}
    assert all("quotation marks do not match" in reason for reason in failures(found).values())


def test_a_table_that_was_cut_off_keeps_its_whole_rows() -> None:
    data = written([{"title": f"T{number}", "text": f"{BODY}\n\nOne, two.\n\n{BODY}"} for number in range(5)])
    found = table(data[: data.rindex("Tuesday")])
    assert [draft.metadata.title for draft in found if isinstance(draft, Draft)] == ["T0", "T1", "T2", "T3"]
    assert failures(found) == {
        "news/t.csv#5": "a quotation mark in it is never closed, and nothing below it is read; mend the row"
    }


def test_of_very_many_bad_rows_the_rest_is_counted() -> None:
    found = table("title,text\n" + "A tram,\n" * 1_000 + f'A ferry,"{BODY}"\n')
    assert len(drafts(each for each in found if isinstance(each, Draft))) == 1
    assert len(failures(found)) == 101
    assert failures(found)["news/t.csv"].startswith("900 more of its articles cannot be read")


def test_a_title_alone_is_no_article() -> None:
    for found in (table("title,text\nA tram,\n"), values([{"title": "A tram", "text": None}])):
        assert list(failures(found).values()) == ["there is no text in it; fill it or remove the row"]


@pytest.mark.parametrize("data", [b"", b"\n\n", b"title,text\n", b"title,text\n,\n\n"])
def test_a_table_without_rows_has_no_articles(data: bytes) -> None:
    assert table(data) == []


@pytest.mark.parametrize("read", [table, values])
def test_what_is_no_text_is_refused(read: Callable[[bytes], Found]) -> None:
    with pytest.raises(UndecodableError):
        read(bytes(range(256)) * 20)


# Columns


@pytest.mark.parametrize(
    ("names", "stated"),
    [
        ("headline,content,publishedAt,link,publication,byline,lang", {}),
        ("Title,Article Text,Publish_Date,URL,Source Name,Authors,Language", {}),
        ("NAME,BODY,pub-date,Permalink,publisher,creator,inLanguage", {}),
        ("title,full_text,published,canonical_url,site,author,language", {}),
        (
            "Überschrift,Inhalt,Erschienen am,Adresse,Blatt,Von,Sprache",
            {
                "title": "überschrift", "text": "INHALT", "date": "erschienen am", "url": "Adresse", "source": "Blatt",
                "author": "von", "language": "Sprache",
            },
        ),
    ],
)  # fmt: skip
def test_columns_are_known_under_their_usual_names_and_those_that_the_corpus_gives(
    names: str, stated: dict[str, str]
) -> None:
    row = "A tram,It was late.,2018-05-03,https://example.org/a,Wire,By Ada Fenwick,en-GB"
    toml = "[columns]\n" + "\n".join(f"{field} = {json.dumps(name)}" for field, name in stated.items())
    (found,) = drafts(table(f"{names}\n{row}\n", stated=columns.read(toml.encode(), "columns.toml")))
    assert found.text == "It was late."
    assert found.metadata == Metadata(
        title="A tram",
        source="Wire",
        author="Ada Fenwick",
        published=date(2018, 5, 3),
        url="https://example.org/a",
        language="en-GB",
    )


def test_a_summary_is_the_text_only_where_there_is_none() -> None:
    head = "title,description,text\n"
    first, second = drafts(table(f'{head}A tram,In short.,"{BODY}"\nA ferry,In short.,\n'))
    assert (first.text, second.text) == (BODY, "In short.")
    (found,) = drafts(table("Class Index,Title,Description\n3,A tram,In short.\n"))
    assert (found.metadata.title, found.text) == ("A tram", "In short.")


def test_what_the_corpus_says_goes_before_the_usual_names() -> None:
    stated = columns.read(b'[columns]\ntext = ["Long", "Short"]\nauthor = "title"', "columns.toml")
    first, second = drafts(table("title,text,long,short\nAda,x,Long text.,\nBea,x,,Short text.\n", stated=stated))
    assert (first.text, second.text) == ("Long text.", "Short text.")
    assert (first.metadata.author, first.metadata.title) == ("Ada", None)


def test_columns_without_names_are_known_by_their_numbers() -> None:
    data = f'"3","A tram","{BODY}"\n"3","A ferry","It was sold."\n'
    with pytest.raises(ColumnsUnknownError, match=r"1 “3”, 2 “A tram”, 3 “The old tram left the de…”.*columns\.toml"):
        table(data)
    stated = columns.read(b"[columns]\ntitle = 2\ntext = '3'", "columns.toml")
    first, second = drafts(table(data, stated=stated))
    assert (first.metadata.title, first.text, first.member) == ("A tram", BODY, "#1")
    assert (second.metadata.title, second.text, second.member) == ("A ferry", "It was sold.", "#2")
    (headed,) = drafts(table("text,title,date\nIt was sold.,A ferry,2018-05-03\n", stated=stated))
    assert (headed.metadata.title, headed.text) == ("A ferry", "It was sold.")


def test_columns_of_which_none_is_text_are_named() -> None:
    with pytest.raises(ColumnsUnknownError, match="1 “title”, 2 “date”") as caught:
        table("title,date\nA tram,2018-05-03\n")
    assert caught.value.columns == ("1 “title”", "2 “date”")
    with pytest.raises(ColumnsUnknownError, match="1 “Titel”, 2 “Inhalt”"):
        values([{"Titel": "A tram", "Inhalt": BODY}])
    stated = columns.read(b'[columns]\ntext = "Inhalt"', "columns.toml")
    assert drafts(values([{"Titel": "A tram", "Inhalt": BODY}], stated=stated))[0].text == BODY


def test_a_table_with_very_many_columns_is_refused_in_a_few_words() -> None:
    with pytest.raises(ColumnsUnknownError) as caught:
        table(",".join(f"column number {number} of this table" for number in range(5_000)) + "\n")
    assert len(str(caught.value)) < 1_000


@pytest.mark.parametrize(
    ("toml", "problem"),
    [
        ("[columns\n", "line 1"),
        ("[columns]\ntitel = 'x'", "'titel' is no field; the fields are title, text, date"),
        ("[columns]\ntitle = 3.5", "3.5 is not the name or the number of a column"),
        ("[columns]\ntitle = true", "True is not the name"),
        ("[columns]\ntitle = 0", "0 is not the name"),
        ("[columns]\ntitle = ['a', '']", "'' is not the name"),
        ("[columns]\ntitle = 'a'\ntext = 'A'", "'A' is named for another field too"),
        ("title = 'a'", "'title' is not known, and all stands under"),
        ("[columns]\n[more]\n", "'more' is not known"),
        ("columns = 3", "'columns' is not known"),
        ("[columns]\ntitle = " + "[" * 100_000, ""),
    ],
)
def test_a_wrong_columns_file_is_refused_with_what_is_wrong(toml: str, problem: str) -> None:
    with pytest.raises(ColumnsFileError) as caught:
        columns.read(toml.encode(), "columns.toml")
    assert problem in caught.value.problem
    assert caught.value.path == "columns.toml"


def test_an_empty_columns_file_says_nothing() -> None:
    for data in (b"", b"# nothing yet\n", b"[columns]\n", b"\xef\xbb\xbf[columns]\n"):
        assert columns.read(data, "columns.toml") == {}


@given(st.text(min_size=1))
def test_a_column_s_name_folds_to_what_it_folds_to(name: str) -> None:
    assert columns.fold(columns.fold(name)) == columns.fold(name)
    assert columns.fold(f" {name.upper().lower()} ") == columns.fold(name.upper().lower())


# Lists


def test_json_is_read_in_the_shapes_in_which_it_is_kept() -> None:
    listed = json.dumps(ROWS)
    shapes = {
        "a list": listed,
        "a list under a name": f'{{"status": "ok", "totalResults": 2, "articles": {listed}}}',
        "a list further down": f'{{"response": {{"status": "ok", "results": {listed}, "pages": [1, 2]}}}}',
        "lists by section": json.dumps({"local": ROWS[:1], "sea": ROWS[1:], "tags": ["a"], "ads": [{"id": 3}]}),
        "an object under each name": json.dumps({"a1": ROWS[0], "meta": {"pages": 1}, "a2": ROWS[1]}),
        "lines": "\n".join(map(json.dumps, ROWS)),
        "one after the other": "\n".join(json.dumps(row, indent=2) for row in ROWS),
        "lists one after the other": json.dumps(ROWS[:1]) + json.dumps(ROWS[1:]),
        "indented": json.dumps(ROWS, indent=2),
    }
    for shape, data in shapes.items():
        tram, ferry = drafts(values(data))
        assert (tram.text, ferry.text) == (TRAM, FERRY), shape
        assert (tram.member, ferry.member) == ("#1", "#2"), shape
        assert tram.metadata.url == "https://www.example.org/tram", shape


def test_one_object_is_one_article_without_a_number() -> None:
    more = {"images": [{"url": "https://example.org/i.jpg"}], "comments": [{"text": "Nonsense."}], "keywords": ["tram"]}
    posted = {"title": {"rendered": "A tram"}, "content": {"rendered": f"<p>{BODY}</p>"}, "date": "2018-05-03T10:00:00"}
    for data in ({"title": "A tram", "text": BODY, "date": "2018-05-03"} | more, posted):
        (found,) = drafts(values(data))
        assert (found.text, found.member) == (BODY, "")
        assert (found.metadata.title, found.metadata.published) == ("A tram", date(2018, 5, 3))


def test_lines_are_numbered_as_an_editor_does_and_bad_ones_named() -> None:
    rows = [json.dumps(ROWS[0]), "", '{"title": "torn', "[1, 2]", json.dumps({"title": "x"}), json.dumps(ROWS[1])]
    found = values("\r\n".join(rows), "t.jsonl")
    assert [draft.member for draft in found if isinstance(draft, Draft)] == ["#1", "#6"]
    assert set(failures(found)) == {"t.jsonl#3", "t.jsonl#4", "t.jsonl#5"}
    assert failures(found)["t.jsonl#3"].endswith("mend or remove the line")


@pytest.mark.parametrize("path", ["t.jsonl", "t.ndjson"])
def test_lines_may_be_one_or_hold_something_else_than_their_name_says(path: str) -> None:
    assert [draft.text for draft in drafts(values(json.dumps(ROWS[0]), path))] == [TRAM]
    assert [draft.text for draft in drafts(values(json.dumps(ROWS), path))] == [TRAM, FERRY]
    assert [draft.text for draft in drafts(values(json.dumps(ROWS, indent=1), path))] == [TRAM, FERRY]
    assert [draft.text for draft in drafts(values(json.dumps(ROWS[0], indent=1), path))] == [TRAM]


def test_a_file_that_ends_too_early_keeps_its_whole_articles() -> None:
    for data in (json.dumps(ROWS), json.dumps({"articles": ROWS})):
        found = values(data[:-40])
        assert [draft.text for draft in found if isinstance(draft, Draft)] == [TRAM]
        assert "not read from there on" in failures(found)["news/t.json#2"]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ("{", "ends too early"),
        ("not json", "it is not valid JSON at “not json”"),
        ('{"text": "a",, }', "valid JSON at"),
        ("[1, 2, 3]", "no object"),
        ('"text"', "no object"),
        ("[]", "no object"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ("9" * 10_000, "too long"),
    ],
)
def test_what_is_no_json_of_articles_is_refused(data: str, problem: str) -> None:
    with pytest.raises(BrokenFileError) as caught:
        values(data)
    assert problem in caught.value.problem


def test_json_as_loose_programs_write_it_is_read() -> None:
    data = (
        '[{"title": NaN, "text": "One.\nTwo.", "score": -Infinity, "x": "\\ud83d"}, {"text": "\\ud83d \\u0000\\r\\nB"}]'
    )
    first, second = drafts(values(data))
    assert (first.metadata.title, first.text) == (None, "One.\nTwo.")
    assert second.text == "\ufffd\nB"


def test_a_json_feed_gives_its_own_name_as_the_source() -> None:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Harbour Wire",
        "description": "All the news of the harbour.",
        "language": "en-GB",
        "items": [
            {
                "id": "1",
                "url": "https://example.org/a",
                "title": "A tram",
                "content_html": f"<p>{BODY}</p><p>The <em>end</em>.</p>",
                "date_published": "2018-05-03T23:30:00-05:00",
                "date_modified": "2018-06-01T00:00:00Z",
                "authors": [{"name": "Ada Fenwick"}, {"name": "Tom Reed"}],
            }
        ],
    }
    (found,) = drafts(values(feed))
    assert found.text == f"{BODY}\n\nThe end."
    assert found.metadata == Metadata(
        title="A tram",
        source="Harbour Wire",
        author="Ada Fenwick, Tom Reed",
        published=date(2018, 5, 3),
        url="https://example.org/a",
        language="en-GB",
    )


def test_a_news_service_s_page_is_read() -> None:
    article = {
        "source": {"id": None, "name": "Harbour Wire", "url": "https://example.org"},
        "author": "Ada Fenwick",
        "title": "A tram",
        "description": "In short.",
        "url": "https://example.org/a",
        "urlToImage": "https://example.org/a.jpg",
        "publishedAt": "2018-05-03T10:30:00Z",
        "content": f"{BODY} It was… [+3122 chars]",
    }
    (found,) = drafts(values({"status": "ok", "totalResults": 1, "articles": [article]}))
    assert found.text == f"{BODY} It was…"
    assert (found.metadata.source, found.metadata.url) == ("Harbour Wire", "https://example.org/a")
    (found,) = drafts(values([{"fields": {"bodyText": BODY, "byline": "By Ada"}, "webTitle": "A tram"}]))
    assert (found.text, found.metadata.title, found.metadata.author) == (BODY, "A tram", "Ada")


# Values


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2018-05-03", date(2018, 5, 3)),
        ("2018-05-03T23:30:00-07:00", date(2018, 5, 3)),
        ("2018-05-03 10:30:00.123456+00", date(2018, 5, 3)),
        ("2018/5/3", date(2018, 5, 3)),
        ("Thu, 03 May 2018 10:30:00 GMT", date(2018, 5, 3)),
        ("May 3, 2018", date(2018, 5, 3)),
        ("3 May 2018", date(2018, 5, 3)),
        ("20180503", date(2018, 5, 3)),
        ("1525343400", date(2018, 5, 3)),
        (1525343400, date(2018, 5, 3)),
        (1525343400123, date(2018, 5, 3)),
        (1525343400.5, date(2018, 5, 3)),
        ({"$date": "2018-05-03T10:30:00Z"}, date(2018, 5, 3)),
        ("23/05/2018", date(2018, 5, 23)),
        ("5/23/2018 10:30", date(2018, 5, 23)),
        ("5/5/2018", date(2018, 5, 5)),
        ("05/04/2018", None),
        ("31/31/2018", None),
        ("2018", None),
        ("May 2018", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        (True, None),
        (12, None),
        (-1525343400, None),
        ([], None),
    ],
)
def test_a_day_is_read_in_the_ways_in_which_it_is_written(value: object, day: date | None) -> None:
    assert one({"text": BODY, "published": value}).metadata.published == day


def test_a_date_that_can_be_read_in_two_ways_is_read_as_its_column_shows() -> None:
    def days(*column: str) -> list[date | None]:
        found = drafts(table("text,date\n" + "".join(f"It was late.,{value}\n" for value in column)))
        lines = drafts(values("\n".join(json.dumps({"text": "Late.", "date": value}) for value in column), "t.jsonl"))
        assert [each.metadata.published for each in found] == [each.metadata.published for each in lines]
        return [each.metadata.published for each in found]

    assert days("05/04/2018", "23/05/2018") == [date(2018, 4, 5), date(2018, 5, 23)]
    assert days("05/04/2018", "05/23/2018") == [date(2018, 5, 4), date(2018, 5, 23)]
    assert days("05.04.2018", "3 May 2018") == [None, date(2018, 5, 3)]
    assert days("05/04/2018", "23/05/2018", "05/23/2018") == [None, date(2018, 5, 23), date(2018, 5, 23)]


def test_when_a_row_was_saved_or_changed_is_not_when_it_was_published() -> None:
    row = {"text": BODY, "created": "2018-05-03", "updated_at": "2018-05-03", "modified": "2018-05-03", "timestamp": 1}
    assert one(row).metadata.published is None


@pytest.mark.parametrize(
    ("value", "author"),
    [
        ("By Ada Fenwick", "Ada Fenwick"),
        ({"@type": "Person", "name": "Ada Fenwick", "url": "https://example.org/ada"}, "Ada Fenwick"),
        ([{"name": "Ada Fenwick"}, {"name": "Tom Reed"}, {"name": "Ada Fenwick"}], "Ada Fenwick, Tom Reed"),
        (["Ada Fenwick", None, ""], "Ada Fenwick"),
        ("['Ada Fenwick', \"Tom O'Reed\"]", "Ada Fenwick, Tom O'Reed"),
        ("ada@example.org (Ada Fenwick)", "Ada Fenwick"),
        ("Ada Fenwick <ada@example.org>", "Ada Fenwick"),
        ("ada@example.org", None),
        ("https://example.org/ada", None),
        ("nan", None),
        ("", None),
        (None, None),
        ([], None),
    ],
)
def test_an_author_is_a_name(value: object, author: str | None) -> None:
    assert one({"text": BODY, "author": value}).metadata.author == author


@pytest.mark.parametrize(
    ("row", "source", "url"),
    [
        ({"source": "www.example.org"}, "example.org", None),
        ({"source": "https://www.example.org/"}, "example.org", None),
        ({"source": "https://www.example.org/a/tram"}, "example.org", "https://www.example.org/a/tram"),
        ({"source": "Wire", "link": "https://example.org/a"}, "Wire", "https://example.org/a"),
        ({"url": "/a/tram"}, None, None),
        ({"url": "https://example.org/a b"}, None, None),
        ({"source": "http://[", "url": "http://["}, None, "http://["),
    ],
)
def test_source_and_address_are_told_apart(row: dict[str, str], source: str | None, url: str | None) -> None:
    found = one({"text": BODY} | row).metadata
    assert (found.source, found.url) == (source, url)


@pytest.mark.parametrize(
    ("value", "language"), [("en", "en"), ("pt_BR", "pt-BR"), ("EN", "en"), ("English", None), ("", None), (3, None)]
)
def test_a_language_is_a_tag(value: object, language: str | None) -> None:
    assert one({"text": BODY, "lang": value}).metadata.language == language


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (f"<p>{BODY}</p><p>The&nbsp;end &amp; more.</p>", f"{BODY}\n\nThe end & more."),
        (f"{BODY}<p>The end.</p>", f"{BODY}\n\nThe end."),
        (f"{BODY}<br><br>The end.", f"{BODY}\n\nThe end."),
        (f"{BODY}\n\nThe <em>end</em>.\nOr is it?", f"{BODY}\n\nThe end.\nOr is it?"),
        (f"&lt;p&gt;{BODY}&lt;/p&gt;&lt;p&gt;Shares of Tram Co. &lt;TRM.N&gt; fell.&lt;/p&gt;",
         f"{BODY}\n\nShares of Tram Co. <TRM.N> fell."),
        ("Shares of Tram Co. &lt;TRM.N&gt; fell at AT&amp;T&#39;s.", "Shares of Tram Co. <TRM.N> fell at AT&T's."),
        ("If a < b and b > c, then see https://example.org/?a=1&copy=2", None),
        ("Shares of Tram Co. <TRM.N> & <i fell.", None),
        (["One.", "Two."], "One.\n\nTwo."),
        ({"rendered": "<p>One.</p>"}, "One."),
    ],
)  # fmt: skip
def test_text_may_be_plain_or_html(text: object, read: str | None) -> None:
    assert one({"title": "A tram", "text": text}).text == (read or text)


def test_a_title_is_a_line_without_markup() -> None:
    assert one({"title": "A <b>tram</b>\n &amp; a ferry", "text": BODY}).metadata.title == "A tram & a ferry"
    assert one({"title": "A tram &lt;b&gt;...&lt;/b&gt;", "text": BODY}).metadata.title == "A tram ..."
    assert one({"title": 1984, "text": BODY}).metadata.title == "1984"


def test_an_address_is_no_text() -> None:
    assert one({"text": "https://example.org/a", "body": BODY}).text == BODY


def test_what_a_dump_says_of_itself_is_recognised_in_a_cell_too() -> None:
    dump = (
        f"A Tram Turns Back\n\nBy [Ada Fenwick](#)\n\nMay 3, 2018\n\n{BODY}\n\nOriginal url:\n\n<https://example.org/a>"
    )
    found = one({"text": dump, "date": "2018-05-04"})
    assert found.text == BODY
    assert found.metadata == Metadata(
        "A Tram Turns Back", None, "Ada Fenwick", date(2018, 5, 4), "https://example.org/a"
    )


# Whatever the file holds


@settings(max_examples=200)
@given(st.binary(max_size=300), st.sampled_from([b"", b"title,text\n", b'{"text": "', b"[{", b'[{"text": "a"},']))
def test_any_bytes_give_articles_failures_or_an_article_error(rest: bytes, start: bytes) -> None:
    for read in (table, values):
        found: Found = []
        with suppress(ArticleError):
            found = read(start + rest)
        assert all(each.text.strip() for each in found if isinstance(each, Draft))


NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["text", "title", "date", "articles", "author", "url", "x"]), inner, max_size=4
        )
    ),
)


@settings(max_examples=300)
@given(NESTED)
def test_any_json_gives_articles_failures_or_an_article_error(value: object) -> None:
    found: Found = []
    with suppress(ArticleError):
        found = values(value)
    assert all(each.text.strip() for each in found if isinstance(each, Draft))


HOSTILE = {
    "quotation marks": b"title,text\n" + b'"' * 1_000_001,
    "a quotation mark on each line": b'title,text\n"a' * 50_000,
    "delimiters": b"title,text\n" + b"," * 1_000_000,
    "rows": b"title,text\n" + b"a,b\n" * 20_000,
    "blank lines": b"title,text\n" + b"\n" * 1_000_000,
    "backslashes": b"title,text\n" + b"\\" * 1_000_000,
    "tags": b'text\n"' + b"<p " * 200_000 + b'"\n',
    "tags that close nothing": b'text\n"</p>' + b"<" * 200_000 + b'"\n',
    "entities": b'text\n"' + b"&lt" * 200_000 + b"&lt;p&gt;" * 1_000 + b'"\n',
    "brackets": b"[" + b'{"text": "a"},' * 20_000,
    "one long text": b'[{"text": "' + b"a " * 1_000_000,
    "escapes": b'[{"text": "' + b"\\ud83d" * 200_000 + b'"}]',
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_files_take_time_in_proportion_to_their_length(data: bytes) -> None:
    started = time.perf_counter()
    for read in (table, values):
        with suppress(ArticleError):
            read(data)
    assert time.perf_counter() - started < 30  # some seconds; hours, where the time grows with the square


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["csv", "jsonl", "json", "wrapped"])
def test_memory_does_not_grow_with_the_file(kind: str) -> None:
    row = {"title": "A tram", "text": f"{BODY} “Quoted.”\n\n{BODY}", "date": "2018-05-03"}
    lines = json.dumps(row, ensure_ascii=False)
    many = 60_000
    data = {
        "csv": lambda: written([row]) + written([row]).partition("\r\n")[2] * many,
        "jsonl": lambda: f"{lines}\n" * many,
        "json": lambda: "[" + f"{lines}, " * many + f"{lines}]",
        "wrapped": lambda: '{"articles": [' + f"{lines}, " * many + f"{lines}]}}",
    }[kind]().encode()
    assert len(data) > 25_000_000
    reader, path = (read_table, "t.csv") if kind == "csv" else (read_json, f"t.{kind.replace('wrapped', 'json')}")
    drafts_of = reader(Source(data, path))
    tracemalloc.start()
    try:
        for number, _ in zip(range(300), drafts_of, strict=False):
            assert number < many
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 30_000_000  # some MB for the pieces that are read; the file in UTF-8 is not copied
