"""A file of questions: what is read from it, and where what it gives as right stands in a text."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import QuestionsLineError, QuestionsUnreadableError, QuestionsUnwritableError
from rag.questions import Gold, Question, folded, read, write

ROOT = Path(__file__).parents[1]


def asked(**fields: object) -> Question:
    """A question as a file with this one line gives it."""
    known: dict[str, tuple[str, ...]] = {"articles": (), "answers": (), "evidence": ()}
    return Question(line=1, text="Who?", answerable=True, **known | fields)  # type: ignore[arg-type]


def found(text: str, **fields: object) -> list[str]:
    return [text[start:end] for start, end in Gold(asked(**fields)).places(folded(text))]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "questions.jsonl"


def test_every_form_of_the_documentation_is_read(file: Path) -> None:
    page = (ROOT / "docs/evaluation.md").read_text(encoding="utf-8")
    [example] = re.findall(r"^```json\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    file.write_text(example, encoding="utf-8")
    questions, warnings = read(file)
    assert not warnings
    assert [question.answerable for question in questions] == [True, True, True, True, False]
    assert [question.judged for question in questions] == [True, True, True, True, False]
    assert questions[0].answers == ("460 people",)
    assert questions[2].articles == ("a.md", "b.md")
    assert [question.line for question in questions] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("line", "answerable"),
    [
        ('{"question": "Who?"}', False),
        ('{"question": "Who?", "answer": null}', False),
        ('{"question": "Who?", "found": false}', False),
        ('{"question": "Who?", "found": true}', True),
        ('{"question": "Who?", "article": "a.md"}', True),
        ('{"question": "Who?", "answer": "Ada", "found": true}', True),
    ],
)
def test_a_question_should_be_refused_unless_something_says_that_it_is_answered(
    file: Path, line: str, *, answerable: bool
) -> None:
    file.write_text(line, encoding="utf-8")
    [question] = read(file)[0]
    assert question.answerable is answerable


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("Who?", "it is not JSON"),
        ('{"question": "Who?"', "it is not JSON"),
        ('["Who?"]', "it is not an object"),
        ('{"answer": "Ada"}', '"question" is missing or empty'),
        ('{"question": " "}', '"question" is missing or empty'),
        ('{"question": ["Who?"]}', '"question" is missing or empty'),
        ('{"question": "Who?", "answer": 3}', '"answer" is neither a text nor a list of texts'),
        ('{"question": "Who?", "evidence": []}', '"evidence" is neither a text nor a list of texts'),
        ('{"question": "Who?", "article": ["a.md", ""]}', '"article" is neither a text nor a list of texts'),
        ('{"question": "Who?", "found": "no"}', '"found" is neither true nor false'),
        ('{"question": "Who?", "found": 0}', '"found" is neither true nor false'),
        ('{"question": "Who?", "answer": "Ada", "found": false}', '"found" is false, and yet'),
        ("[" * 100_000, ""),
    ],
)
def test_a_line_that_is_no_question_is_told_with_its_number(file: Path, line: str, problem: str) -> None:
    file.write_text(f'{{"question": "What?"}}\n\n{line}\n', encoding="utf-8")
    with pytest.raises(QuestionsLineError) as caught:
        read(file)
    assert caught.value.line == 3
    assert problem in caught.value.problem
    assert str(caught.value).startswith(f"{file}, line 3: ")
    assert str(caught.value).endswith(". Mend or remove the line.")


def test_a_key_that_is_not_known_is_warned_of(file: Path) -> None:
    file.write_text('{"question": "Who?", "answers": ["Ada"], "found": true}', encoding="utf-8")
    assert read(file)[1] == (
        "line 1: 'answers' is none of question, article, answer, evidence, found, and is left out",
    )


@pytest.mark.parametrize("content", [b"", b"\n \n", b'{"question": "\xff"}'])
def test_a_file_without_readable_questions_is_told(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(QuestionsUnreadableError, match="rag evaluate --make"):
        read(file)


def test_a_file_that_is_not_there_is_told(file: Path) -> None:
    with pytest.raises(QuestionsUnreadableError, match="No such file"):
        read(file)


def test_a_byte_order_mark_and_windows_line_ends_are_read(file: Path) -> None:
    file.write_bytes('\ufeff{"question": "Who?"}\r\n{"question": "What?"}\r\n'.encode())
    assert [question.text for question in read(file)[0]] == ["Who?", "What?"]


def test_what_is_written_is_read_and_never_written_over_unasked(file: Path) -> None:
    line = {"question": "Who said “no”?", "article": "a.md", "evidence": "“No,” said Zoë."}
    write([line], file)
    [question] = read(file)[0]
    assert (question.text, question.articles, question.evidence) == (line["question"], ("a.md",), (line["evidence"],))
    with pytest.raises(QuestionsUnwritableError, match="--force"):
        write([], file)
    assert json.loads(file.read_text(encoding="utf-8")) == line
    write([{"question": "What?"}], file, force=True)
    assert read(file)[0][0].text == "What?"


def test_a_folder_that_is_not_there_is_told(file: Path) -> None:
    with pytest.raises(QuestionsUnwritableError, match="No such file"):
        write([], file.parent / "nowhere" / "questions.jsonl")


def test_case_quotes_dashes_and_white_space_do_not_matter() -> None:
    text = "He said: “It’s a\nWAR – not\u00a0peace.”"
    assert found(text, answers=('"it\'s  a war - not peace."',)) == ["“It’s a\nWAR – not\u00a0peace.”"]


def test_words_are_found_only_whole() -> None:
    text = "Thus 460 people of the US, 46 of them US-born."
    assert found(text, answers=("us",)) == ["US", "US"]
    assert found(text, answers=("46",)) == ["46"]
    assert found(text, answers=("60 people", "peop")) == []
    assert found("A taco co co", answers=("co co",)) == ["co co"]


def test_an_answer_with_evidence_counts_only_inside_it() -> None:
    text = "In May 46 ships waited. In June 46 ships sank. In July 46 sailed."
    assert Gold(asked(answers=("46",), evidence=("In June 46 ships sank.",))).places(folded(text)) == [(32, 34)]
    assert found(text, answers=("47",), evidence=("In June 46 ships sank.",)) == []


def test_any_of_several_texts_will_do() -> None:
    assert found("Ada met Zoë.", answers=("zoë", "ada", "Odo")) == ["Zoë", "Ada"]
    assert found("Ada met Zoë. Odo met Zoë.", evidence=("Odo met Zoë.", "Ada met Odo.")) == ["Odo met Zoë."]


def test_where_only_an_article_is_named_all_of_it_is_right() -> None:
    assert found("Ada met Zoë.", articles=("a.md",)) == ["Ada met Zoë."]


def test_folding_keeps_every_character_in_its_place() -> None:
    every = [chr(number) for number in range(0x110000)]
    assert [each for each in every if len(folded(each)) != 1] == []


@given(st.text(), st.text(min_size=1).filter(lambda text: text.strip() != ""), st.text())
def test_a_text_is_found_wherever_it_stands_between_blanks(before: str, wanted: str, after: str) -> None:
    text = f"{before} {wanted} {after}"
    spans = Gold(asked(answers=(wanted,))).places(folded(text))
    assert spans
    assert all(folded(text[start:end]).split() == folded(wanted).split() for start, end in spans)
