"""Files read here and in a process of their own, among them some whose readers do what they must not."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, cast

import hostile
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import articles, reading
from rag.articles import frames
from rag.articles.formats import READERS
from rag.articles.frames import Ended, Frame, Opened, Ready, Request
from rag.errors import ArticleError, SlowFileError
from rag.reading import Limits
from rag.types import Article, Digest, Failure

posix = pytest.mark.skipif(os.name != "posix", reason="only such systems end and limit processes in this way")

# A reader that is well may take as long as a busy machine needs, one that hangs is waited for no longer than this.
PATIENT = Limits(seconds=60)
SHORT = Limits(seconds=2, seconds_per_mb=0)


@pytest.fixture(autouse=True)
def _hostile_formats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "READERS", {**READERS, **hostile.READERS})
    monkeypatch.setattr(reading, "FUNCTION", "hostile:read")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    return folder


def write(corpus: Path, **files: str) -> None:
    """Write files; of a name, the last underscore stands for the dot before its end."""
    for name, text in files.items():
        (corpus / ".".join(name.rsplit("_", 1))).write_text(text, encoding="utf-8")


Told = dict[str, list[Article | Failure | ArticleError]]


def read(corpus: Path, limits: Limits = PATIENT) -> Told:
    """What is told of each file of a corpus, after that it was opened."""
    files = articles.find(corpus)
    told: Told = {file.path: [] for file in files}
    with closing(reading.read(corpus, files, limits)) as contents:
        for file, each in zip(files, contents, strict=True):
            try:
                for part in each.parts:
                    if not isinstance(part, Opened):
                        told[file.path].append(part)
            except ArticleError as error:
                told[file.path].append(error)
    return told


def readers(told: Told) -> set[str]:
    """The numbers of the processes that have read the files that end in ".process"."""
    return {
        part.title
        for path, parts in told.items()
        for part in parts
        if isinstance(part, Article) and path.endswith(".process")
    }


def texts(parts: list[Article | Failure | ArticleError]) -> list[str]:
    return [part.text for part in parts if isinstance(part, Article)]


def error(parts: list[Article | Failure | ArticleError]) -> ArticleError:
    last = parts[-1]
    assert isinstance(last, ArticleError)
    return last


def processes() -> set[int]:
    """The numbers of the processes that read for this one and live, where the system shows them."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            state, parent, *_ = (folder / "stat").read_text().rpartition(")")[2].split()
            if (
                int(parent) == os.getpid()
                and state != "Z"
                and b"rag.articles.worker" in (folder / "cmdline").read_bytes()
            ):
                found.add(int(folder.name))
    return found


def wait_for(happens: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.02)


def lives(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    with suppress(OSError):
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    return False


class TestReading:
    def test_our_own_formats_start_no_process(self, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a process is started"))
        write(corpus, a_txt="The mill\n\nIt stands still.", b_md="# The weir\n\nIt broke.", c_jpg="", notes="none")
        told = read(corpus)
        assert texts(told["a.txt"]) == ["It stands still."]
        assert texts(told["b.md"]) == ["It broke."]
        assert "not supported" in error(told["c.jpg"]).reason
        assert "not supported" in error(told["notes"]).reason

    def test_all_foreign_files_are_read_in_one_process_in_their_order(self, corpus: Path) -> None:
        for number in range(80):
            write(corpus, **{f"{number:02}_process": "x", f"{number:02}b_txt": f"Title {number}\n\nText {number}."})
        told = read(corpus)
        assert list(told) == sorted(told)
        [pid] = readers(told)
        assert pid != str(os.getpid())
        assert texts(told["33b.txt"]) == ["Text 33."]
        assert processes() == set()

    def test_what_this_process_holds_in_memory_does_not_count_as_the_readers(self, corpus: Path) -> None:
        write(corpus, a_process="x", b_process="x", c_process="x")
        held = bytearray(b"x") * 600_000_000
        assert len(readers(read(corpus, Limits(memory=1_000_000_000)))) == 1
        assert held

    def test_what_is_read_there_is_what_would_be_read_here(self, corpus: Path) -> None:
        write(corpus, a_lines="One|Ä first\u2028line.\nbroken\nTwo|東京 😀.\n")
        data = (corpus / "a.lines").read_bytes()
        told = [replace(part, language=None) if isinstance(part, Article) else part for part in read(corpus)["a.lines"]]
        assert told == list(hostile.read(data, "a.lines", {}))
        with closing(reading.read(corpus, articles.find(corpus))) as contents:
            assert next(next(contents).parts) == Opened(hashlib.sha256(data).hexdigest())

    def test_many_articles_come_one_after_the_other_and_are_not_all_held(self, corpus: Path) -> None:
        write(
            corpus, big_lines="".join(f"Row {number}|Text {number} {'and so on ' * 40}\n" for number in range(30_000))
        )
        with closing(reading.read(corpus, articles.find(corpus))) as contents:
            assert sum(isinstance(part, Article) for part in next(contents).parts) == 30_000

    def test_the_process_reads_ahead_while_nobody_takes_what_it_read(self, corpus: Path, tmp_path: Path) -> None:
        marks = [tmp_path / str(number) for number in range(5)]
        for mark in marks:
            write(corpus, **{f"{mark.name}_mark": str(mark)})
        with closing(reading.read(corpus, articles.find(corpus))) as contents:
            next(contents)
            wait_for(lambda: all(mark.exists() for mark in marks))

    def test_it_does_not_read_ahead_without_end(
        self, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reading, "AHEAD_BYTES", 100_000)
        write(corpus, a_lines="".join(f"Row {number}|{'and so on ' * 100}\n" for number in range(1000)))
        write(corpus, b_mark=str(tmp_path / "mark"))
        with closing(reading.read(corpus, articles.find(corpus))) as contents:
            parts = next(contents).parts
            assert isinstance(next(parts), Opened)
            time.sleep(1)
            assert not (tmp_path / "mark").exists()
            assert sum(isinstance(part, Article) for part in parts) == 1000
            assert sum(isinstance(part, Article) for part in next(contents).parts) == 1

    def test_each_article_has_the_language_that_is_said_of_it_or_that_it_states_or_that_it_is_in(
        self, corpus: Path
    ) -> None:
        german = "Die Mühle steht seit der Flut im vergangenen Herbst still, und niemand weiß, wer sie wieder aufbaut."
        stated = f"---\nlanguage: en-GB\n---\n{german}"
        for name in ("a", "b", "c", "d"):
            write(corpus, **{f"{name}_txt": german, f"{name}{name}_txt": stated})
        write(corpus, e_lines=f"Die Mühle|{german}\nThe mill|The mill stands still since the flood.\n")
        for name in ("b", "bb"):
            (corpus / f"{name}.txt.meta.yaml").write_text("language: pt_BR")
        for name in ("c", "cc"):
            (corpus / f"{name}.txt.meta.yaml").write_text("language:")
        for name in ("d", "dd"):
            (corpus / f"{name}.txt.meta.yaml").write_text("author: Jo Vale")
        told = {
            path: [part.language for part in parts if isinstance(part, Article)] for path, parts in read(corpus).items()
        }
        assert told == {
            "a.txt": ["de"],
            "aa.txt": ["en"],
            "b.txt": ["pt"],
            "bb.txt": ["pt"],
            "c.txt": [None],
            "cc.txt": [None],
            "d.txt": ["de"],
            "dd.txt": ["en"],
            "e.lines": ["de", "en"],
        }

    def test_a_file_that_the_system_does_not_give_is_told(self, corpus: Path) -> None:
        (corpus / "gone.lines").write_text("One|Text.")
        files = articles.find(corpus)
        (corpus / "gone.lines").unlink()
        with closing(reading.read(corpus, files)) as contents, pytest.raises(ArticleError, match="cannot be read"):
            list(next(contents).parts)

    def test_where_not_all_is_taken_the_process_ends(self, corpus: Path) -> None:
        write(corpus, a_endless="Once", b_lines="One|Text.")
        contents = reading.read(corpus, articles.find(corpus))
        parts = next(contents).parts
        assert isinstance(next(parts), Opened)
        assert isinstance(next(parts), Article)
        before = threading.active_count()
        contents.close()
        assert threading.active_count() == before - 1
        assert processes() == set()

    def test_a_python_that_does_not_start_is_told_of_each_file(
        self, corpus: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(corpus, a_lines="One|Text.", b_lines="One|Text.", c_txt="Title\n\nText.")
        monkeypatch.setattr(sys, "executable", str(corpus / "no python"))
        told = read(corpus)
        assert "cannot be started" in error(told["a.lines"]).reason
        assert "cannot be started" in error(told["b.lines"]).reason
        assert texts(told["c.txt"]) == ["Text."]

    def test_a_process_that_does_not_begin_is_told_with_its_last_words(
        self, corpus: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(corpus, a_lines="One|Text.")
        monkeypatch.setattr(reading, "FUNCTION", "no_such_module:read")
        assert "No module named 'no_such_module'" in error(read(corpus)["a.lines"]).reason


class TestHostileFiles:
    """Each lies between two good files, which are read."""

    @pytest.mark.parametrize(
        ("kind", "limits", "reason"),
        [
            ("loop", SHORT, "nothing came of it for 2 seconds"),
            ("sleep", SHORT, "nothing came of it for 2 seconds"),
            pytest.param("hoard", Limits(memory=1_500_000_000), "more than 1.5 GB of memory", marks=posix),
            ("leave", PATIENT, "its reader broke down"),
            ("crash", PATIENT, "its reader broke down"),
            pytest.param("killed", PATIENT, "the system ended it", marks=posix),
            ("quit", PATIENT, "SystemExit: 3"),
            ("stumble", PATIENT, "KeyError: 'no such\\nkey'"),
        ],
    )
    def test_a_file_that_does_not_let_itself_be_read_is_told_and_the_others_are_read(
        self, corpus: Path, kind: str, limits: Limits, reason: str
    ) -> None:
        write(corpus, a_lines="One|Before.", c_lines="Two|After.", **{f"b_{kind}": "x"})
        told = read(corpus, limits)
        assert reason in error(told[f"b.{kind}"]).reason
        assert error(told[f"b.{kind}"]).path == f"b.{kind}"
        assert texts(told["a.lines"]) == ["Before."]
        assert texts(told["c.lines"]) == ["After."]
        assert processes() == set()

    @pytest.mark.parametrize("kind", ["leave", "crash"])
    def test_each_of_several_such_files_is_told(self, corpus: Path, kind: str) -> None:
        write(corpus, **{f"{number}_{kind}": "x" for number in range(3)}, z_lines="One|After.")
        *broken, last = read(corpus).values()
        assert ["broke down" in error(each).reason for each in broken] == [True] * 3
        assert texts(last) == ["After."]

    def test_what_libraries_print_meets_nobody(self, corpus: Path, capfd: pytest.CaptureFixture[str]) -> None:
        write(corpus, a_chatter="Hello.", b_lines="One|After.")
        told = read(corpus)
        assert texts(told["a.chatter"]) == ["Hello. Nobody answered: ''."]
        assert texts(told["b.lines"]) == ["After."]
        assert capfd.readouterr() == ("", "")

    def test_what_came_before_a_reader_hangs_is_kept(self, corpus: Path) -> None:
        write(corpus, a_three="Hello.", b_lines="One|After.")
        told = read(corpus, SHORT)
        assert texts(told["a.three"]) == [f"Hello. Article {number} of three." for number in (1, 2, 3)]
        assert isinstance(error(told["a.three"]), SlowFileError)
        assert texts(told["b.lines"]) == ["After."]

    def test_a_file_that_gives_much_more_than_it_has_is_left_at_that(self, corpus: Path) -> None:
        write(corpus, a_endless="Hello.", b_lines="One|After.")
        told = read(corpus, Limits(characters=1_000_000))
        assert "more than 1,000,000 characters" in error(told["a.endless"]).reason
        assert 900_000 < sum(map(len, texts(told["a.endless"]))) < 1_100_000
        assert texts(told["b.lines"]) == ["After."]

    def test_half_characters_arrive_as_what_can_be_stored(self, corpus: Path) -> None:
        write(corpus, a_halves="x")
        article, failure = read(corpus)["a.halves"]
        assert isinstance(article, Article)
        assert (article.title, article.author, article.text) == ("Half \ufffd", "\ufffd", "Half a face \ufffd is none.")
        assert article.pages == (0, 5)
        assert failure == Failure("half\ufffd", "half \ufffd")

    def test_a_reader_reaches_neither_the_network_nor_other_programs(self, corpus: Path) -> None:
        write(corpus, a_reach="x")
        [told] = texts(read(corpus)["a.reach"])
        assert told == "To connect was refused. To look up was refused. To run was refused. To call was refused."

    @posix
    def test_a_process_that_files_before_have_worn_out_is_begun_again_for_the_next(self, corpus: Path) -> None:
        write(corpus, a_hoard="x", b_process="x", c_process="x")
        told = read(corpus, Limits(memory=1_000_000_000))
        [first] = [part.title for part in told["b.process"] if isinstance(part, Article)]
        [second] = [part.title for part in told["c.process"] if isinstance(part, Article)]
        assert first == second
        assert "memory" in error(told["a.hoard"]).reason


BUILDING = """
    import signal
    import sys
    from pathlib import Path

    signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell begins in the background ignores it

    import hostile
    from rag import articles, reading

    reading.READERS = {**reading.READERS, **hostile.READERS}
    reading.FUNCTION = "hostile:read"
    corpus = Path(sys.argv[1])
    for contents in reading.read(corpus, articles.find(corpus)):
        for part in contents.parts:
            print(getattr(part, "title", "opened"), flush=True)
"""


Begin = Callable[[str], tuple["subprocess.Popen[str]", int]]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked at as Linux shows them")
class TestEnd:
    @pytest.fixture
    def begin(self, corpus: Path) -> Iterator[Begin]:
        """Begins another Python that reads a file of a kind, and gives it with the process that it reads in."""
        begun: list[subprocess.Popen[str]] = []

        def begin(kind: str) -> tuple[subprocess.Popen[str], int]:
            write(corpus, a_process="x", **{f"b_{kind}": "x"})
            command = [sys.executable, "-c", textwrap.dedent(BUILDING), str(corpus)]
            paths = os.pathsep.join([str(Path(articles.__file__).parents[2]), str(Path(hostile.__file__).parent)])
            build = subprocess.Popen(  # noqa: S603
                command,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env={**os.environ, "PYTHONPATH": paths},
            )
            begun.append(build)
            assert build.stdout is not None
            told = [build.stdout.readline().strip() for _ in range(3)]
            assert told[::2] == ["opened", "opened"]
            return build, int(told[1])

        yield begin
        for each in begun:
            each.kill()
            each.communicate()

    @pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
    def test_the_process_ends_with_the_build(self, begin: Begin, how: signal.Signals) -> None:
        build, pid = begin("sleep")
        assert lives(pid)
        build.send_signal(how)
        build.wait(60)
        wait_for(lambda: not lives(pid))

    def test_ctrl_c_ends_both_without_a_word_of_the_process(self, begin: Begin) -> None:
        build, pid = begin("sleep")
        os.kill(pid, signal.SIGINT)  # a terminal sends it to both
        build.send_signal(signal.SIGINT)
        _, told = build.communicate(timeout=60)
        assert told.count("Traceback") == 1
        assert told.rstrip().endswith("KeyboardInterrupt")
        wait_for(lambda: not lives(pid))

    def test_a_process_whose_reader_lets_no_thread_run_ends_once_it_has_computed_enough(self, corpus: Path) -> None:
        write(corpus, a_loop="x")
        paths = os.pathsep.join([str(Path(articles.__file__).parents[2]), str(Path(hostile.__file__).parent)])
        command = [sys.executable, "-m", "rag.articles.worker", "hostile:read", "4000000000"]
        with subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": paths}
        ) as process:
            requests, answers = cast("BinaryIO", process.stdin), cast("BinaryIO", process.stdout)
            frames.write(requests, Request(str(corpus), "a.loop", 1, {}, seconds=1))
            told = [frames.read(answers), frames.read(answers)]
            assert [type(frame[0]) for frame in told if frame] == [Ready, Opened]
            time.sleep(0.5)  # the reader has begun
            requests.close()
            assert process.wait(60) == -signal.SIGXCPU


names = st.none() | st.text(max_size=20)
infos = st.builds(
    Article,
    id=st.text("0123456789abcdef", min_size=16, max_size=16),
    title=st.text(max_size=20),
    source=names,
    author=names,
    published=st.none() | st.dates(),
    url=names,
    path=st.text(max_size=20),
    sha256=st.text(max_size=64),
    digest_of=st.none() | st.builds(Digest, names, names, names, names),
    language=names,
    text=st.text(max_size=200),
    pages=st.lists(st.integers(0, 10**9), max_size=5).map(tuple),
)
sent = st.one_of(
    infos,
    st.builds(Failure, st.text(), st.text()),
    st.builds(Ended, st.text(), st.text(), st.booleans(), st.booleans()),
    st.builds(Opened, st.text()),
    st.builds(Request, st.text(), st.text(), st.integers(0), st.dictionaries(st.text(), st.text()), st.floats(0, 1e9)),
    st.just(Ready()),
)


class TestFrames:
    @given(st.lists(sent, max_size=5))
    def test_what_is_sent_arrives(self, several: list[Frame]) -> None:
        stream = BytesIO()
        for each in several:
            frames.write(stream, each)
        length = stream.tell()
        stream.seek(0)
        arrived = list(iter(lambda: frames.read(stream), None))
        assert [frame for frame, _ in arrived] == several
        assert length - 12 * len(several) == sum(size for _, size in arrived)

    @given(infos, st.data())
    def test_of_what_breaks_off_nothing_arrives(self, article: Article, data: st.DataObject) -> None:
        stream = BytesIO()
        frames.write(stream, article)
        whole = stream.getvalue()
        assert frames.read(BytesIO(whole[: data.draw(st.integers(0, len(whole) - 1))])) is None

    def test_what_is_no_frame_is_refused_before_it_takes_memory(self) -> None:
        with pytest.raises(ValueError, match=r"\d{6}"):
            frames.read(BytesIO(b"chatter from a library"))
