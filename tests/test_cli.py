"""The command ``rag``, run as a person runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import ROOT, rag

HARBOUR = """The harbour of Velmora reopens

By Ines Marlowe

June 3, 2021

The harbour of Velmora reopened on Thursday after repairs that took nine months. Mayor Odo Brandt said that 41 ships
were waiting outside the breakwater. The repairs cost 12 million crowns, twice what the council had planned.
"""
BEES = """Beekeepers count their losses

Beekeepers in the Tarn valley lost a third of their colonies last winter, the growers' union reported. Its head, Sela
Vint, blamed a mite that arrived with imported queens.
"""


def furnished(folder: Path, with_model: Callable[[Path], Path]) -> Path:
    """A folder with two articles, and no index but for its model."""
    corpus = folder / "corpus"
    corpus.mkdir()
    (corpus / "harbour.txt").write_text(HARBOUR, encoding="utf-8")
    (corpus / "bees.txt").write_text(BEES, encoding="utf-8")
    with_model(folder / "embeddings")
    return folder


@pytest.fixture
def folder(tmp_path: Path, with_model: Callable[[Path], Path]) -> Path:
    return furnished(tmp_path, with_model)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, with_model: Callable[[Path], Path]) -> Path:
    """Such a folder with its index. Not to be changed."""
    folder = furnished(tmp_path_factory.mktemp("built"), with_model)
    assert rag(folder, "build").returncode == 0
    return folder


def test_build_says_what_it_did(folder: Path) -> None:
    done = rag(folder, "build")
    assert done.returncode == 0, done.stderr
    assert "added    bees.txt" in done.stdout
    assert "2 articles, 2 passages (2 added)" in done.stdout


def test_ask_builds_the_index_and_answers(folder: Path) -> None:
    done = rag(folder, "ask", "How many ships were waiting outside the breakwater?")
    assert done.returncode == 0, done.stderr
    assert "41 ships were waiting outside the breakwater. [1]" in " ".join(done.stdout.split())
    assert "[1] The harbour of Velmora reopens · Ines Marlowe · 2021-06-03" in done.stdout


def test_ask_finds_an_article_that_was_added_meanwhile(folder: Path) -> None:
    rag(folder, "build")
    (folder / "corpus" / "opera.md").write_text(
        "# The opera\n\nThe opera house of Lunde hired Petra Ohm as conductor.\n"
    )
    done = rag(folder, "ask", "Who conducts at the opera house of Lunde?", "--json")
    answer = json.loads(done.stdout)
    assert answer["found"]
    assert answer["citations"][0]["article"]["path"] == "opera.md"


# Whatever reads, cuts and encodes articles, writes and serves pages, or converts models: a question needs none of it.
NOT_FOR_A_QUESTION = """
    torch sentence_transformers transformers huggingface_hub openvino.tools.ovc openvino_telemetry tiktoken bpe_openai
    typer click pydantic gradio fastapi pandas httpx httpx2 lxml trafilatura feedparser pypdfium2 yaml
    charset_normalizer py3langid filelock scipy sklearn rich.progress rag.builder rag.embedding rag.passages rag.reading
    rag.examples
    rag.articles.draft rag.articles.metadata rag.adding rag.evaluation rag.references
"""


def test_a_question_loads_only_what_it_needs(built: Path) -> None:
    code = (
        "import sys; from rag.cli import main; main(['ask', 'Who blamed a mite?', '--json']);"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(  # noqa: S603  our own code
        [sys.executable, "-c", code],
        cwd=built,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["found"]
    loaded = set(done.stderr.split())
    assert {"openvino", "faiss", "rag.library"} <= loaded
    assert not loaded & set(NOT_FOR_A_QUESTION.split())


def test_help_loads_only_the_names_of_the_commands() -> None:
    code = (
        "import sys; sys.argv = ['rag', '--help']; from rag.cli import main\ntry: main()\nfinally: print(*sys.modules)"
    )
    done = subprocess.run(  # noqa: S603  our own code
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert "rag.options" in loaded
    assert not loaded & {"numpy", "rich", "typer", "rag.library", *NOT_FOR_A_QUESTION.split()}


def test_no_refresh_leaves_the_index_as_it_is(folder: Path) -> None:
    rag(folder, "build")
    (folder / "corpus" / "opera.md").write_text(
        "# The opera\n\nThe opera house of Lunde hired Petra Ohm as conductor.\n"
    )
    answer = json.loads(rag(folder, "ask", "Who conducts at the opera house?", "--no-refresh", "--json").stdout)
    assert "opera.md" not in {citation["article"]["path"] for citation in answer["citations"]}


def test_nothing_found_has_its_own_exit_code(folder: Path) -> None:
    done = rag(folder, "ask", "What is the boiling point of mercury?")
    assert done.returncode == 3
    begun = "Not found in these articles. None of these passages has the words “boiling”, “point” or “mercury”. "
    assert " ".join(done.stdout.split()).startswith(f"{begun}The nearest passages: [1] ")


def test_where_no_passage_is_left_it_says_why_and_shows_none(folder: Path) -> None:
    done = rag(folder, "ask", "What happened?", "--since", "2022-01-01")
    assert done.returncode == 3
    left_out = "No article passes the filters. Left out by the date filter: 1 article without a date."
    assert " ".join(done.stdout.split()) == f"Not found in these articles. {left_out}"
    done = rag(folder, "ask", "Who spoke of “marzipan ships”?")
    assert " ".join(done.stdout.split()) == (
        "Not found in these articles. No passage holds “marzipan ships” word for word."
    )


@pytest.fixture
def strike(folder: Path) -> Path:
    """The folder with three further articles, which do not agree."""
    (folder / "corpus" / "walkout.md").write_text(
        "---\nsource: Northern Post\nauthor: Ilse Brandt\npublished: 2019-04-09\n---\n# Workers walk out\n\n"
        "Forty workers of the Halmar quarry went on strike on Monday because their wages had not been paid.\n"
    )
    (folder / "corpus" / "grown.md").write_text(
        "---\npublished: 2019-05-23\ndigest_of:\n  title: Slate runs short\n  source: County Gazette\n---\n"
        "# The strike grows\n\nSixty workers of the Halmar quarry are now on strike, according to their union.\n"
    )
    (folder / "corpus" / "letter.md").write_text(
        "# A letter from Halmar\n\nOnly a dozen workers of the Halmar quarry are on strike, whatever is printed.\n"
    )
    return folder


def test_what_other_articles_say_follows_with_who_and_when(strike: Path) -> None:
    done = rag(strike, "ask", "How many workers of the Halmar quarry are on strike?", "--order", "newest")
    shown = " ".join(done.stdout.split())
    assert shown.startswith(
        "Sixty workers of the Halmar quarry are now on strike, according to their union. [1] Other articles say: "
        "• Forty workers of the Halmar quarry went on strike on Monday because their wages had not been paid. "
        "— Ilse Brandt, Northern Post, 2019-04-09 [2] "
        "• Only a dozen workers of the Halmar quarry are on strike, whatever is printed. "
        "— A letter from Halmar [3] [1] "
    )
    oldest = json.loads(
        rag(strike, "ask", "How many workers are on strike at Halmar?", "--order", "oldest", "--json").stdout
    )
    assert [voice["article"]["path"] for voice in oldest["voices"]] == ["walkout.md", "grown.md", "letter.md"]
    assert oldest["voices"] == oldest["citations"][:3]
    assert oldest["text"].startswith("Forty workers")


def test_a_digest_among_them_is_called_one(strike: Path) -> None:
    done = rag(strike, "ask", "How many workers of the Halmar quarry are on strike?", "--order", "oldest")
    assert "— digest of “Slate runs short” in County Gazette, 2019-05-23 [2]" in " ".join(done.stdout.split())


def test_what_the_question_says_of_dates_is_offered_and_not_applied(strike: Path) -> None:
    asked = ("ask", "What is the latest on the strike at Halmar in April 2019?")
    done = rag(strike, *asked)
    assert done.stdout.endswith(
        "\nNewest first: add --order newest\n"
        "Only articles published in April 2019: add --since 2019-04-01 --until 2019-04-30\n"
    )
    plain = json.loads(rag(strike, *asked, "--json").stdout)
    assert plain["hints"] == [
        {"words": "latest", "since": None, "until": None, "order": "newest"},
        {"words": "in April 2019", "since": "2019-04-01", "until": "2019-04-30", "order": None},
    ]
    assert {"grown.md", "letter.md"} < {each["article"]["path"] for each in plain["citations"]}, "nothing is left out"
    options = ("--since", "2019-04-01", "--until", "2019-04-30", "--order", "newest")
    applied = json.loads(rag(strike, *asked, *options, "--json").stdout)
    assert applied["hints"] == []
    assert [each["article"]["path"] for each in applied["citations"]] == ["walkout.md"]


def test_json_has_every_field_of_the_citation(folder: Path) -> None:
    answer = json.loads(rag(folder, "ask", "What did the repairs cost?", "--json").stdout)
    citation = answer["citations"][0]
    assert set(citation) >= {
        "rank",
        "score",
        "article",
        "text",
        "start",
        "end",
        "quote",
        "quote_start",
        "quote_end",
        "link",
    }
    assert citation["article"]["published"] == "2021-06-03"
    assert citation["link"] is None


def test_citations_alone_are_printed_for_a_file(built: Path) -> None:
    asked = ("ask", "How many ships were waiting outside the breakwater?", "-k", "1", "--no-refresh")
    done = rag(built, *asked, "--cite", "bibtex")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("@misc{marlowe2021harbour,\n  author = {Ines Marlowe},\n")
    assert done.stdout.endswith("41 ships were waiting outside the breakwater.”},\n}\n")


def test_what_does_not_answer_is_not_printed_as_a_reference(built: Path) -> None:
    done = rag(built, "ask", "What is the boiling point of mercury?", "--no-refresh", "--cite", "ris")
    assert (done.returncode, done.stdout, done.stderr) == (3, "", "rag: Not found in these articles.\n")


def test_filters_reach_the_search(folder: Path) -> None:
    arguments = ("ask", "What happened?", "--json", "--since", "2021-01-01", "--author", "ines marlowe")
    answer = json.loads(rag(folder, *arguments).stdout)
    assert {citation["article"]["path"] for citation in answer["citations"]} == {"harbour.txt"}


def test_status_tells_what_changed(folder: Path) -> None:
    rag(folder, "build")
    assert "up to date" in rag(folder, "status").stdout
    (folder / "corpus" / "bees.txt").unlink()
    assert "1 gone" in rag(folder, "status").stdout


def test_status_tells_what_could_not_be_read_and_why(folder: Path) -> None:
    (folder / "corpus" / "empty.txt").touch()
    rag(folder, "build")
    assert "failed   empty.txt: there is no text in it" in rag(folder, "status").stdout
    facts = json.loads(rag(folder, "status", "--json").stdout)
    assert facts["failed"] == 1
    assert [failure["path"] for failure in facts["failures"]] == ["empty.txt"]


def test_status_lists_and_checks(folder: Path) -> None:
    rag(folder, "build")
    done = rag(folder, "status", "--articles", "--check")
    assert "Every file of the index is as it was written." in done.stdout
    assert "Ines Marlowe, 2021-06-03" in done.stdout
    facts = json.loads(rag(folder, "status", "--articles", "--json").stdout)
    assert {info["path"] for info in facts["listed"]} == {"bees.txt", "harbour.txt"}


def test_it_works_from_any_folder_by_options_and_by_variables(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    corpus, index = str(folder / "corpus"), str(folder / "embeddings")
    by_options = rag(elsewhere, "ask", "Who blamed a mite?", "--corpus", corpus, "--index", index, "--json")
    by_variables = rag(elsewhere, "ask", "Who blamed a mite?", "--json", RAG_CORPUS=corpus, RAG_INDEX=index)
    assert json.loads(by_options.stdout) == json.loads(by_variables.stdout)
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ask", ""), "Ask something in plain words."),
        (("ask", "  \n "), "Ask something in plain words."),
        (("ask", "word " * 10_000), "The question has 10,000 words"),
        (("ask", "Who?", "-k", "0"), "k is 0: give a number from 1"),
        (("ask", "Who?", "--since", "yesterday"), "since is 'yesterday': give a day such as"),
        (("ask", "Who?", "--order", "date"), "order is 'date': give relevance, newest or oldest"),
        (("ask", "Who?", "--corpus", "nowhere"), "There is no folder 'nowhere'."),
        (("build", "--corpus", "nowhere"), "There is no folder 'nowhere'."),
        (("build", "--passage-tokens", "3"), "passage_tokens is 3: give a number from 16"),
        (("status", "--index", "nothing"), "run `rag build`"),
        (("ask", "Who?", "--no-refresh", "--index", "nothing"), "run `rag build`"),
        (("evaluate", "nothing.jsonl"), "The questions in 'nothing.jsonl' cannot be read"),
    ],
)
def test_bad_input_is_one_line_on_stderr_with_the_cure_and_harms_nothing(
    built: Path, arguments: tuple[str, ...], message: str
) -> None:
    before = {file: file.stat() for file in built.rglob("*") if file.is_file() and "compiled" not in file.parts}
    done = rag(built, *arguments)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    after = {file: file.stat() for file in built.rglob("*") if file.is_file() and "compiled" not in file.parts}
    assert [(file, each.st_mtime_ns, each.st_size) for file, each in after.items()] == [
        (file, each.st_mtime_ns, each.st_size) for file, each in before.items()
    ]


def test_an_index_answers_as_before_after_bad_input(built: Path) -> None:
    assert rag(built, "ask", "Who?", "-k", "0").returncode == 1
    assert json.loads(rag(built, "ask", "Who blamed a mite?", "--json").stdout)["found"]


def test_an_empty_folder_is_told(folder: Path) -> None:
    (folder / "empty").mkdir()
    done = rag(folder, "build", "--corpus", "empty")
    assert done.returncode == 1
    assert "There is no article in 'empty'. Put some there (text, Markdown, HTML, PDF" in done.stderr


def test_only_unreadable_files_are_told(folder: Path) -> None:
    (folder / "odd").mkdir()
    (folder / "odd" / "picture.txt").write_bytes(bytes(range(256)) * 40)
    done = rag(folder, "build", "--corpus", "odd")
    assert done.returncode == 1
    assert "picture.txt" in done.stderr


def test_a_damaged_index_is_told(folder: Path) -> None:
    rag(folder, "build")
    [faiss] = (folder / "embeddings").glob("segments/*/sentences.faiss")
    faiss.write_bytes(faiss.read_bytes()[:-1] + b"?")
    done = rag(folder, "ask", "Who blamed a mite?")
    assert done.returncode == 1
    assert "run `rag build --anew`" in done.stderr
    assert rag(folder, "build", "--anew").returncode == 0
    assert rag(folder, "ask", "Who blamed a mite?").returncode == 0


def test_an_index_of_another_model_is_told(folder: Path) -> None:
    rag(folder, "build")
    done = rag(folder, "ask", "Who blamed a mite?", RAG_MODEL="another-model")
    assert done.returncode == 1
    assert "was made with the model 'all-MiniLM-L6-v2', and 'another-model' is asked for" in done.stderr


def test_evaluate_tells_how_well_a_file_of_questions_is_answered(folder: Path) -> None:
    lines = [
        {
            "question": "How many ships were waiting outside the breakwater?",
            "article": "harbour.txt",
            "answer": "41 ships",
        },
        {"question": "Who leads the growers' union?", "answer": "Odo Brandt"},
        {"question": "What is the boiling point of mercury?", "found": False},
    ]
    (folder / "questions.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    done = rag(folder, "evaluate", "questions.jsonl")
    assert done.returncode == 0, done.stderr
    shown = " ".join(done.stdout.split())
    assert "hit@1 0.500 of 2 questions" in shown
    assert "citations that check 1.000 of 12 citations" in shown
    assert "rightly refused 1.000 of 1 question that should be" in shown
    assert "line 2: Who leads the growers' union? the first right passage has rank 2" in shown
    evaluation = json.loads(rag(folder, "evaluate", "questions.jsonl", "--json", "--worst", "0").stdout)
    assert (evaluation["hit_at_1"], evaluation["hit_at_3"], evaluation["mrr_at_10"]) == (0.5, 1, 0.75)
    assert evaluation["worst"] == []


def test_evaluate_makes_a_draft_and_never_writes_over_a_file_unasked(folder: Path) -> None:
    (folder / "corpus" / "opera.md").write_text(
        "# The opera\n\nThe opera house of Lunde hired Petra Ohm.\n\nPetra Ohm leads the opera house from May.\n"
    )
    made = rag(folder, "evaluate", "--make", "3", "--out", "mine.jsonl")
    assert made.returncode == 0, made.stderr
    assert "1 question in mine.jsonl" in made.stdout
    draft = (folder / "mine.jsonl").read_text(encoding="utf-8")
    assert json.loads(draft) == {
        "question": "Who or what leads the opera house from May?",
        "article": "opera.md",
        "evidence": "Petra Ohm leads the opera house from May.",
    }
    assert rag(folder, "evaluate", "mine.jsonl").returncode == 0
    (folder / "mine.jsonl").write_text("corrected", encoding="utf-8")
    again = rag(folder, "evaluate", "--make", "3", "--out", "mine.jsonl")
    assert again.returncode == 1
    assert "write over this one with --force" in again.stderr
    assert (folder / "mine.jsonl").read_text(encoding="utf-8") == "corrected"
    forced = rag(folder, "evaluate", "--make", "3", "--out", "mine.jsonl", "--force", "--json")
    assert json.loads(forced.stdout) == {"path": "mine.jsonl", "questions": 1}
    assert (folder / "mine.jsonl").read_text(encoding="utf-8") == draft


def test_bad_usage_exits_with_two(folder: Path) -> None:
    assert rag(folder, "evaluate").returncode == 2
    assert rag(folder, "evaluate", "questions.jsonl", "--make", "3").returncode == 2
    assert rag(folder, "ask").returncode == 2
    assert rag(folder, "ask", "Who?", "--cite", "napkin").returncode == 2
    assert rag(folder, "ask", "Who?", "--cite", "ris", "--json").returncode == 2
    assert rag(folder, "fly").returncode == 2


def test_control_characters_of_an_article_do_not_reach_the_terminal(folder: Path) -> None:
    (folder / "corpus" / "odd.txt").write_text(
        "The parrot of Ostby\n\nThe parrot \x1b[31mof Ostby\x07 speaks [bold]Latin[/].\n"
    )
    done = rag(folder, "ask", "What does the parrot of Ostby speak?")
    assert "\x1b" not in done.stdout
    assert "\x07" not in done.stdout
    assert "[bold]Latin[/]" in done.stdout


@pytest.mark.skipif(os.name != "posix", reason="such names are of POSIX systems")
def test_the_name_of_a_file_stays_in_one_line_and_is_not_obeyed(folder: Path) -> None:
    (folder / "corpus" / "two\nlines\x1b[31m.txt").write_bytes(b"")
    done = rag(folder, "build")
    assert "  failed   two lines [31m.txt: there is no text in it; fill it or remove it\n" in done.stdout
    assert done.stderr == ""


def test_of_many_rows_of_a_file_that_cannot_be_read_a_few_are_told(folder: Path) -> None:
    (folder / "corpus" / "many.jsonl").write_text(
        '{"title": "Fine", "text": "The fine row is read."}\n' + "no row\n" * 130
    )
    done = rag(folder, "build")
    told = [line for line in done.stdout.splitlines() if "many.jsonl" in line and "failed" in line]
    assert [line.partition("many.jsonl")[2].partition(": ")[0] for line in told] == ["#2", "#3", "#4", "", ""]
    assert "30 more of its" in told[3]
    assert "and 97 more (with --json all are told)" in told[4]


def test_help_names_every_command(folder: Path) -> None:
    done = rag(folder, "--help")
    assert all(name in done.stdout for name in ("build", "ask", "status", "evaluate", "ui"))
