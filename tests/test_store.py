from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag import builder, lexical, search
from rag.encoder import Encoder
from rag.errors import CitationError, IndexDamagedError, IndexFormatError, IndexMissingError
from rag.settings import PACKAGED_MODEL
from rag.states import Codec
from rag.store import (
    Checksum,
    Companion,
    Damage,
    FileRecord,
    IndexFolder,
    Manifest,
    Segment,
    SegmentUse,
    SegmentWriter,
    Settings,
    Snapshot,
    check_model,
    checked,
    checksum,
    clear,
    commit,
    damage_told,
    read_card,
    read_current,
    read_files,
    row_checksum,
    segments,
    text_key,
    write_duplicates,
    write_files,
)
from rag.store.checked import Rows, RowWriter
from rag.types import Article, Digest, EncodedArticle, Failure, Passage, Sentence

SETTINGS = Settings("a model", "a codec", 240, 1)
DIMENSIONS, WIDTH, VOCABULARY = 8, 4, 40

quick = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

# Any character that a file can hold; half a surrogate pair is none.
characters = st.characters(exclude_categories=["Cs"])
names = st.none() | st.text(characters, min_size=1, max_size=20)
digests = st.none() | st.builds(Digest, names, names, names, names)


@dataclass(frozen=True)
class Made:
    """An article as a build hands it over."""

    article: Article
    encoded: EncodedArticle


@st.composite
def made(draw: st.DrawFn) -> Made:
    """An article of some sentences, its passages (neighbours share a sentence), and numbers of any kind for them."""
    said = draw(st.lists(st.text(characters, min_size=1, max_size=40), min_size=1, max_size=9))
    text, sentences = "", []
    for each in said:
        sentences.append(Sentence(len(text), len(text) + len(each)))
        text += each + draw(st.sampled_from([" ", "\n\n", ""]))
    size = draw(st.integers(1, 4))
    runs = [(first, min(first + size, len(said))) for first in range(0, len(said), max(1, size - 1))]
    passages = tuple(Passage(sentences[a].start, sentences[b - 1].end, a, b) for a, b in runs)
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    lengths = random.integers(1, 6, len(passages))
    pieces = int(lengths.sum())
    return Made(
        article=Article(
            id=hashlib.sha256(text.encode() + random.bytes(8)).hexdigest()[:16],
            title=draw(st.text(characters, max_size=20)),
            source=draw(names),
            author=draw(names),
            published=draw(st.none() | st.dates()),
            url=draw(names),
            path=draw(st.text(characters, min_size=1, max_size=20)),
            sha256=hashlib.sha256(text.encode()).hexdigest(),
            digest_of=draw(digests),
            language=draw(st.none() | st.sampled_from(["en", "pt"])),
            text=text,
            pages=tuple(draw(st.lists(st.integers(0, len(text)), max_size=4).map(sorted))),
        ),
        encoded=EncodedArticle(
            sentences=tuple(sentences),
            passages=passages,
            # Halves and quarters are 16-bit floats to the last bit.
            vectors=(random.integers(-4, 5, (len(said), DIMENSIONS)) / 4).astype(np.float32),
            codes=random.integers(0, 256, (pieces, WIDTH)).astype(np.uint8),
            pieces=random.integers(0, VOCABULARY, pieces).astype(np.uint32),
            places=np.concatenate(
                [
                    np.sort(random.integers(0, passage.last - passage.first, length))
                    for passage, length in zip(passages, lengths, strict=True)
                ]
            ).astype(np.uint8),
            lengths=lengths.astype(np.int64),
        ),
    )


corpora = st.lists(made(), min_size=1, max_size=5, unique_by=lambda each: each.article.id)


def write(folder: Path, several: Sequence[Made]) -> Segment:
    writer = SegmentWriter(folder, SETTINGS, DIMENSIONS, WIDTH, VOCABULARY)
    for each in several:
        writer.add(each.article, (each.encoded,))
    writer.finish()
    return Segment(folder)


def same(left: EncodedArticle, right: EncodedArticle) -> bool:
    return all(np.array_equal(getattr(left, name), getattr(right, name)) for name in EncodedArticle.__slots__)


@pytest.fixture
def fresh(tmp_path: Path) -> Callable[[], Path]:
    """Gives a new folder at each call: Hypothesis runs a test many times in one."""
    numbers = iter(range(10_000))
    return lambda: tmp_path / str(next(numbers))


class TestSegment:
    @quick
    @given(corpora)
    def test_what_is_written_is_read_again_to_the_last_bit(
        self, fresh: Callable[[], Path], several: list[Made]
    ) -> None:
        segment = write(fresh(), several)
        segment.check()
        assert segment.infos() == tuple(each.article.info for each in several)
        for number, each in enumerate(several):
            assert segment.article(number) == each.article
            [whole] = segment.parts(number)
            assert same(whole, each.encoded)
            assert segment.with_id(each.article.id) == number
            found = segment.with_text(text_key(each.article.text, each.article.language))
            assert found is not None
            assert several[found].article.text == each.article.text
        assert segment.with_id("0" * 16) is None
        assert segment.with_text(text_key("of none of them", None)) is None

    @quick
    @given(corpora, corpora, st.integers(0, 31), st.sampled_from([0, 1000]))
    def test_articles_copied_from_other_segments_are_as_if_written_there(
        self, fresh: Callable[[], Path], first: list[Made], second: list[Made], kept: int, large: int
    ) -> None:
        numbers = [number for number in range(len(first)) if kept >> number & 1]
        copied, at_once = (SegmentWriter(fresh(), SETTINGS, DIMENSIONS, WIDTH, VOCABULARY, large) for _ in range(2))
        for several, chosen in ((first, numbers), (second, range(len(second)))):
            copied.copy(write(fresh(), several), chosen)
            for number in chosen:
                at_once.add(several[number].article, (several[number].encoded,))
        cards = copied.finish(), at_once.finish()
        # SQLite and tantivy lay the same content out in their own ways.
        told = [
            {name: said for name, said in card.files.items() if name.endswith((".bin", ".faiss"))} for card in cards
        ]
        assert told[0] == told[1]
        ours, theirs = Segment(copied.folder), Segment(at_once.folder)
        assert (ours.infos(), ours.places()) == (theirs.infos(), theirs.places())
        assert ours.fulltext.vocabulary("") == theirs.fulltext.vocabulary("")

    def test_a_term_whose_number_another_one_has_too_is_copied(self, fresh: Callable[[], Path], example: Made) -> None:
        # The two have one CRC-32.
        text = "plumless buckeroo"
        assert lexical.term_id("plumless") == lexical.term_id("buckeroo")
        encoded = replace(
            example.encoded,
            sentences=(Sentence(0, len(text)),),
            passages=(Passage(0, len(text), 0, 1),),
            vectors=example.encoded.vectors[:1],
            lengths=np.array([len(example.encoded.pieces)]),
        )
        article = replace(example.article, text=text, language="en")
        segment = write(fresh(), [Made(article, encoded)])
        assert "" in segment.term_names().values()
        writer = SegmentWriter(fresh(), SETTINGS, DIMENSIONS, WIDTH, VOCABULARY)
        writer.copy(segment, [0])
        writer.finish()
        assert Segment(writer.folder).fulltext.vocabulary("") == segment.fulltext.vocabulary("")

    @quick
    @given(corpora, st.integers(1, 3))
    def test_an_article_that_comes_in_parts_is_the_same(
        self, fresh: Callable[[], Path], several: list[Made], most: int
    ) -> None:
        segment = write(fresh(), several)
        folder = fresh()
        writer = SegmentWriter(folder, SETTINGS, DIMENSIONS, WIDTH, VOCABULARY)
        for number, each in enumerate(several):
            parts = list(segment.parts(number, most))
            assert [len(part.passages) for part in parts[:-1]] == [most] * (len(parts) - 1)
            assert sum((part.passages for part in parts), ()) == segment.passages_in(number) == each.encoded.passages
            assert sum((part.sentences for part in parts), ()) == segment.sentences_in(number) == each.encoded.sentences
            writer.add(each.article, parts)
        writer.finish()
        arrays = [file.name for file in segment.folder.glob("*.bin")]
        assert all((folder / name).read_bytes() == (segment.folder / name).read_bytes() for name in arrays)
        other = Segment(folder)
        for number, each in enumerate(several):
            [whole] = other.parts(number)
            assert same(whole, each.encoded)

    @quick
    @given(corpora)
    def test_an_article_is_known_again_by_all_that_is_kept_of_it(
        self, fresh: Callable[[], Path], several: list[Made]
    ) -> None:
        segment = write(fresh(), several)
        made = [each.article for each in several]
        assert segment.places() == tuple((each.id, each.path, row_checksum(each)) for each in made)
        [one, *_] = made
        others = (
            *(
                replace(one, title=f"{one.title}x"),
                replace(one, source=f"{one.source}x"),
                replace(one, text=f"{one.text}x"),
            ),
            *(replace(one, pages=(*one.pages, 10**6)), replace(one, language="sv"), replace(one, sha256="")),
            *(replace(one, author=f"{one.author}x"), replace(one, published=date(1, 2, 3)), replace(one, path="")),
            *(replace(one, url=f"{one.url}x"), replace(one, digest_of=Digest("a", "b", "c", "d e f"))),
        )
        assert row_checksum(one) not in map(row_checksum, others)
        assert len(set(map(row_checksum, others))) == len(others)

    def test_the_articles_read_last_are_kept(
        self, tmp_path: Path, example: Made, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        segment = write(tmp_path / "segment", [example, example])
        first, second = segment.article(0), segment.article(1)
        assert first == second == example.article
        assert segment.article(0) is first
        assert segment.cited(0)[0] is first
        monkeypatch.setattr(segments, "KEPT_CHARACTERS", len(example.article.text))
        other = write(tmp_path / "other", [example, example])
        first, second = other.article(0), other.article(1)
        assert other.article(1) is second
        assert other.article(0) is not first

    @quick
    @given(corpora)
    def test_passages_stand_in_the_order_of_the_articles_and_are_cited_with_them(
        self, fresh: Callable[[], Path], several: list[Made]
    ) -> None:
        segment = write(fresh(), several)
        passages = [(each.article, passage) for each in several for passage in each.encoded.passages]
        assert segment.card.passages == len(passages)
        first_sentence = 0
        number = 0
        for each in several:
            for passage in each.encoded.passages:
                article, cited = segment.cited(number)
                assert article == each.article
                assert (cited.start, cited.end) == (passage.start, passage.end)
                for place in range(passage.first, passage.last):
                    assert segment.sentence(first_sentence + place) == each.encoded.sentences[place]
                number += 1
            first_sentence += len(each.encoded.sentences)

    @quick
    @given(corpora)
    def test_search_reads_of_each_passage_its_states_terms_and_vectors(
        self, fresh: Callable[[], Path], several: list[Made]
    ) -> None:
        segment = write(fresh(), several)
        chosen = np.arange(segment.card.passages)[::-2]
        codes, places, begins = segment.states_of(chosen)
        terms, term_begins = segment.terms_of(chosen)
        vectors, vector_begins = segment.vectors_of(chosen)
        pieces, _ = segment.pieces_of(chosen)
        expected = [
            (each, passage, slice(end - length, end))
            for each in several
            for passage, length, end in zip(
                each.encoded.passages, each.encoded.lengths, np.cumsum(each.encoded.lengths), strict=True
            )
        ]
        for place, (each, passage, run) in enumerate(expected[::-2]):
            own = slice(*begins[place : place + 2])
            assert np.array_equal(codes[own], each.encoded.codes[run])
            assert np.array_equal(places[own], each.encoded.places[run])
            assert np.array_equal(pieces[own], each.encoded.pieces[run])
            text = each.article.text[passage.start : passage.end]
            assert terms[slice(*term_begins[place : place + 2])].tolist() == [
                lexical.term_id(term) for term in lexical.terms(text, each.article.language)
            ]
            assert np.array_equal(
                vectors[slice(*vector_begins[place : place + 2])], each.encoded.vectors[passage.first : passage.last]
            )

    @quick
    @given(corpora)
    def test_the_passages_of_sentences_are_those_that_hold_any_of_them(
        self, fresh: Callable[[], Path], several: list[Made]
    ) -> None:
        segment = write(fresh(), several)
        asked = np.arange(segment.card.sentences)[::3]
        bounds = segment.passages[:, 2:].tolist()
        held = [number for number, (first, last) in enumerate(bounds) if any(first <= each < last for each in asked)]
        assert segment.passages_of(asked).tolist() == held

    def test_an_article_whose_passage_lies_outside_its_text_is_refused(self, tmp_path: Path, example: Made) -> None:
        writer = SegmentWriter(tmp_path / "segment", SETTINGS, DIMENSIONS, WIDTH, VOCABULARY)
        shorter = replace(example.article, text=example.article.text[:-1])
        with pytest.raises(CitationError):
            writer.add(shorter, (example.encoded,))
        writer.discard()

    def test_a_segment_that_is_not_finished_can_be_discarded_and_is_none_before(
        self, tmp_path: Path, example: Made
    ) -> None:
        writer = SegmentWriter(tmp_path / "segment", SETTINGS, DIMENSIONS, WIDTH, VOCABULARY)
        writer.add(example.article, (example.encoded,))
        with pytest.raises(Damage, match="missing"):
            read_card(tmp_path / "segment")
        writer.discard()
        assert not (tmp_path / "segment").exists()

    def test_whoever_may_read_one_file_may_read_all(self, tmp_path: Path, example: Made) -> None:
        write(tmp_path / "segment", [example])
        files = [file for file in (tmp_path / "segment").rglob("*") if file.is_file() and file.suffix != ".lock"]
        assert {file.stat().st_mode for file in files} == {(tmp_path / "segment/segment.json").stat().st_mode}

    @pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are counted as Linux shows them")
    def test_a_segment_that_is_let_go_closes_its_files(self, tmp_path: Path, example: Made) -> None:
        segment = write(tmp_path / "segment", [example])
        segment.article(0)

        def held() -> int:
            links = (file.readlink() for file in Path("/proc/self/fd").iterdir() if file.is_symlink())
            return sum(link.is_relative_to(tmp_path) for link in links)

        assert held() > 0
        del segment
        assert held() == 0


@pytest.fixture
def example() -> Made:
    text = "One boat came in. Two boats went out."
    sentences = (Sentence(0, 17), Sentence(18, 37))
    return Made(
        Article("00000000000000ff", "Boats", None, None, None, None, "boats.txt", "ff" * 32, None, text),
        EncodedArticle(
            sentences=sentences,
            passages=(Passage(0, 37, 0, 2),),
            vectors=np.ones((2, DIMENSIONS), np.float32),
            codes=np.zeros((3, WIDTH), np.uint8),
            pieces=np.array([1, 2, 3], np.uint32),
            places=np.array([0, 0, 1], np.uint8),
            lengths=np.array([3]),
        ),
    )


class TestRows:
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(count=st.integers(0, 60), width=st.integers(1, 3), data=st.data())
    def test_rows_are_given_as_they_were_written_and_a_changed_byte_is_noticed_before_its_row_is_given(
        self, fresh: Callable[[], Path], count: int, width: int, data: st.DataObject
    ) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(checked, "WHOLE", 64)
            patch.setattr(checked, "BLOCK", 16)
            file = fresh()
            written = np.random.default_rng(count).integers(-100, 100, (count, width)).astype(np.int32)
            writer = RowWriter(file, np.int32)
            for part in np.array_split(written, 3):
                writer.add(part)
            writer.close()
            whole = checksum(file)
            begin = data.draw(st.integers(0, count))
            end = data.draw(st.integers(begin, count))
            rows = Rows(file, np.int32, width, whole)
            assert len(rows) == count
            assert rows.take(begin, end).reshape(-1, width).tolist() == written[begin:end].tolist()
            if not count:
                return
            place = data.draw(st.integers(0, 4 * count * width - 1))
            changed = bytearray(file.read_bytes())
            changed[place] ^= 1 << data.draw(st.integers(0, 7))
            put(file, bytes(changed))
            try:
                given_out = Rows(file, np.int32, width, whole).take(begin, end).reshape(-1, width)
            except Damage:
                return
            assert whole.bytes > 64
            assert given_out.tolist() == written[begin:end].tolist()
            with pytest.raises(Damage, match="not as it was written"):
                Rows(file, np.int32, width, whole).take(0, count)

    def test_a_large_file_of_another_size_is_refused_unread(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(checked, "WHOLE", 64)
        writer = RowWriter(tmp_path / "rows", np.uint8)
        writer.add(np.zeros(100, np.uint8))
        writer.close()
        whole = checksum(tmp_path / "rows")
        (tmp_path / "rows").write_bytes(bytes(99))
        with pytest.raises(Damage, match="not as it was written"):
            Rows(tmp_path / "rows", np.uint8, 1, whole)
        (tmp_path / "rows").unlink()
        with pytest.raises(Damage, match="missing"):
            Rows(tmp_path / "rows", np.uint8, 1, whole)


class TestLargeSegments:
    @pytest.mark.parametrize("large", [0, 1000])
    def test_sentence_vectors_are_hashed_before_faiss_reads_them(
        self, tmp_path: Path, example: Made, monkeypatch: pytest.MonkeyPatch, large: int
    ) -> None:
        monkeypatch.setattr(checked, "WHOLE", 64)
        file = self.written(tmp_path / "segment", example, large) / "sentences.faiss"
        data = bytearray(file.read_bytes())
        data[-1] ^= 1
        put(file, bytes(data))
        with pytest.raises(Damage, match=r"sentences\.faiss"):
            Segment(tmp_path / "segment")

    @pytest.mark.parametrize("name", ["articles.db", "fulltext/meta.json"])
    def test_of_other_large_files_the_size_is_looked_at_and_all_is_hashed_when_asked(
        self, tmp_path: Path, example: Made, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        monkeypatch.setattr(checked, "WHOLE", 64)
        folder = self.written(tmp_path / "segment", example, 1000)
        whole = (folder / name).read_bytes()
        put(folder / name, whole.replace(b"text", b"txet"))
        assert whole != (folder / name).read_bytes()
        with pytest.raises(Damage):  # at the latest
            Segment(folder).check()
        put(folder / name, whole[:-1])
        with pytest.raises(Damage, match="not as it was written"):
            Segment(folder)

    def test_a_row_of_a_large_database_that_was_changed_is_refused_when_it_is_read(
        self, tmp_path: Path, example: Made, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(checked, "WHOLE", 64)
        folder = self.written(tmp_path / "segment", example, 1000)
        with closing(sqlite3.connect(folder / "articles.db")) as database, database:
            database.execute("UPDATE article SET path = ?", ("other",))
        assert (folder / "articles.db").stat().st_size == segments.read_card(folder).files["articles.db"].bytes
        segment = Segment(folder)
        for read in (segment.article, segment.row):
            with pytest.raises(Damage, match="not as it was written"):
                read(0)

    def written(self, folder: Path, example: Made, large: int) -> Path:
        writer = SegmentWriter(folder, SETTINGS, DIMENSIONS, WIDTH, VOCABULARY, large)
        writer.add(example.article, (example.encoded,))
        writer.finish()
        return folder


def put(file: Path, data: bytes) -> None:
    """Put a new file in the place of one that may be open, or have another link."""
    new = file.with_name(file.name + ".new")
    new.write_bytes(data)
    new.replace(file)


class TestSnapshot:
    @quick
    @given(corpora, corpora, st.data())
    def test_the_statistics_are_those_of_the_articles_that_count(
        self, fresh: Callable[[], Path], first: list[Made], second: list[Made], data: st.DataObject
    ) -> None:
        folder = IndexFolder(fresh())
        uses, counting = [], []
        for name, several in (("first", first), ("second", second)):
            write(folder.segments / name, several)
            numbers = st.sets(st.integers(0, len(several) - 1)).map(sorted)
            removed, hidden = data.draw(numbers), data.draw(numbers)
            card = checksum(folder.segments / name / "segment.json")
            uses.append(SegmentUse(name, card, tuple(removed), tuple(hidden)))
            counting += [each for number, each in enumerate(several) if number not in {*removed, *hidden}]
        passages = [
            lexical.terms(each.article.text[passage.start : passage.end], each.article.language)
            for each in counting
            for passage in each.encoded.passages
        ]
        snapshot = Snapshot(folder, _manifest(folder, tuple(uses), len(passages)))
        assert snapshot.average_terms == sum(map(len, passages)) / max(1, len(passages))
        held = Counter(term for terms in passages for term in set(terms))
        every = (lexical.terms(each.article.text, each.article.language) for each in (*first, *second))
        for term in {term for terms in every for term in terms}:
            assert snapshot.term_frequency(term) == held[term]
        pieces = np.zeros(VOCABULARY, np.int64)
        for each in counting:
            for run in np.split(each.encoded.pieces, np.cumsum(each.encoded.lengths)[:-1]):
                pieces[np.unique(run)] += 1
        assert snapshot.piece_frequencies.tolist() == pieces.tolist()

    def test_segments_that_are_open_are_shared_with_the_next_generation(self, tmp_path: Path, example: Made) -> None:
        folder = IndexFolder(tmp_path)
        write(folder.segments / "first", [example])
        use = SegmentUse("first", checksum(folder.segments / "first" / "segment.json"))
        before = Snapshot(folder, _manifest(folder, (use,), 1))
        after = Snapshot(folder, _manifest(folder, (replace(use, removed=(0,)),), 0), before)
        assert after.segments[0] is before.segments[0]
        assert (before.live[0].tolist(), after.live[0].tolist()) == ([True], [False])


def _manifest(folder: IndexFolder, uses: tuple[SegmentUse, ...], passages: int, number: int = 1) -> Manifest:
    return Manifest(
        number=number,
        created=datetime.now(UTC).isoformat(),
        model="a model",
        settings=SETTINGS,
        segments=uses,
        articles=0,
        passages=passages,
        sentences=0,
        languages=("en",),
        failed=0,
        vectors="SQfp16",
        recall=1.0,
        versions={},
        prepared={},
        scale=1.0,
        uncalibrated=0,
        files=Checksum(0, ""),
        duplicates=write_duplicates(folder, number, ()),
    )


class TestGenerations:
    def test_what_is_committed_is_read_again(self, tmp_path: Path, example: Made) -> None:
        folder = IndexFolder(tmp_path)
        write(folder.segments / "first", [example])
        records = (
            FileRecord("a.txt", 1, 2, "aa", ("0" * 16,)),
            FileRecord("straße\u2028\n/b.txt", 3, 4, "", (), (Failure("straße\u2028\n/b.txt", "it cannot be read"),)),
            FileRecord(
                *("press.zip", 5, 6, "bb", ("1" * 16, "2" * 16)),
                failures=(Failure("press.zip/a.pdf", "it is torn"), Failure("press.zip", "its reader was stopped")),
                companions=(Companion("press.zip.meta.yaml", 7, 8, "cc"),),
                stopped=True,
            ),
        )
        use = SegmentUse("first", checksum(folder.segments / "first" / "segment.json"), (0,))
        manifest = replace(_manifest(folder, (use,), 1), files=write_files(folder, 1, records))
        commit(folder, manifest)
        assert read_current(folder) == manifest
        assert tuple(read_files(folder, manifest).values()) == records

    def test_clearing_keeps_this_generation_and_the_one_before(self, tmp_path: Path, example: Made) -> None:
        folder = IndexFolder(tmp_path)
        folder.models.mkdir()
        manifests: list[Manifest] = []
        for number in (1, 2, 3):
            name = f"segment{number}"
            write(folder.segments / name, [example])
            use = SegmentUse(name, checksum(folder.segments / name / "segment.json"))
            manifest = replace(_manifest(folder, (use,), 1, number), files=write_files(folder, number, ()))
            commit(folder, manifest)
            clear(folder, manifest, manifests[-1] if manifests else None)
            manifests.append(manifest)
        assert sorted(file.name for file in folder.segments.iterdir()) == ["segment2", "segment3"]
        assert {file.stem for file in folder.generations.iterdir()} == {"00000002", "00000003"}
        assert read_current(folder) == manifests[-1]
        assert Snapshot(folder, manifests[1]).segments[0].article(0) == example.article

    def test_a_folder_without_a_pointer_holds_no_index(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        for nowhere in (tmp_path, tmp_path / "nowhere", tmp_path / "file"):
            with pytest.raises(IndexMissingError, match="run `rag build`"):
                read_current(IndexFolder(nowhere))


# Every kind of file that an index is made of, and which of them ``current`` vouches for by itself.
KINDS = (
    "generations/*.json",
    "generations/*.files",
    "generations/*.duplicates",
    "models/*/codec.npy",
    "models/*/model.bin",
    "models/*/model.json",
    "models/*/model.xml",
    "models/*/tokenizer.json",
    "segments/*/segment.json",
    "segments/*/articles.db",
    "segments/*/articles.bin",
    "segments/*/begins.bin",
    "segments/*/codes.bin",
    "segments/*/ids.bin",
    "segments/*/passages.bin",
    "segments/*/piecefreq.bin",
    "segments/*/pieces.bin",
    "segments/*/places.bin",
    "segments/*/prints.bin",
    "segments/*/sentences.bin",
    "segments/*/signatures.bin",
    "segments/*/sentences.faiss",
    "segments/*/terms.bin",
    "segments/*/fulltext/meta.json",
    "segments/*/fulltext/.managed.json",
    "segments/*/fulltext/*.fast",
    "segments/*/fulltext/*.fieldnorm",
    "segments/*/fulltext/*.idx",
    "segments/*/fulltext/*.pos",
    "segments/*/fulltext/*.store",
    "segments/*/fulltext/*.term",
)
CHANGES: dict[str, Callable[[bytes], bytes | None]] = {
    "the first byte": lambda data: bytes([data[0] ^ 1]) + data[1:],
    "a byte in the middle": lambda data: (
        data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 128]) + data[len(data) // 2 + 1 :]
    ),
    "the last byte": lambda data: data[:-1] + bytes([data[-1] ^ 16]),
    "half of it": lambda data: data[: len(data) // 2],
    "all of it": lambda _: b"",
    "one byte more": lambda data: data + b" ",
    "the file": lambda _: None,
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory, corpus: Path, with_model: Callable[[Path], Path]) -> Path:
    """An index of the small corpus, of which one article is there twice. Not to be changed."""
    doubled = Path(shutil.copytree(corpus, tmp_path_factory.mktemp("doubled") / "corpus"))
    shutil.copyfile(doubled / "wolves.md", doubled / "wolves again.md")
    folder = with_model(tmp_path_factory.mktemp("doubled") / "index")
    assert builder.build(doubled, IndexFolder(folder), model=PACKAGED_MODEL).duplicates
    return folder


@pytest.fixture
def copied(index: Path, tmp_path: Path) -> IndexFolder:
    """An index of the small corpus, its files shared with the original as long as they are not replaced."""
    return IndexFolder(Path(shutil.copytree(index, tmp_path / "index", copy_function=os.link)))


def open_whole(folder: IndexFolder) -> Snapshot:
    """Open an index and check all of it."""
    manifest = read_current(folder)
    snapshot = Snapshot(folder, manifest)
    read_files(folder, manifest)
    snapshot.check()
    return snapshot


def open_quickly(folder: IndexFolder) -> Snapshot:
    """Open an index as it is opened for questions."""
    manifest = read_current(folder)
    with damage_told(folder):
        check_model(folder, manifest, whole=False)
    return Snapshot(folder, manifest)


class TestDamage:
    def test_these_are_all_files_of_an_index(self, index: Path) -> None:
        named = {file for kind in KINDS for file in index.glob(kind)}
        files = {file for file in index.rglob("*") if file.is_file() and "compiled" not in file.parts}
        assert {file.name for file in files - named} <= {
            "current",
            "lock",
            ".tantivy-meta.lock",
            ".tantivy-writer.lock",
        }
        assert all(any(index.glob(kind)) for kind in KINDS)

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_file_that_is_not_as_it_was_written_is_noticed_and_named_with_the_cure(
        self, copied: IndexFolder, kind: str
    ) -> None:
        open_whole(copied)
        [file, *_] = copied.path.glob(kind)
        whole = file.read_bytes()
        for what, change in CHANGES.items():
            data = change(whole)
            file.unlink(missing_ok=True)
            if data is not None:
                file.write_bytes(data)
            with pytest.raises(IndexDamagedError) as raised:
                open_whole(copied)
            assert raised.value.file == file.relative_to(copied.path).as_posix(), what
            assert str(raised.value).endswith("To make it anew, run `rag build --anew`."), what
        file.write_bytes(whole)
        open_whole(copied)

    @pytest.mark.parametrize("kind", [kind for kind in KINDS if not kind.endswith(("model.bin", ".files"))])
    def test_small_files_are_checked_before_the_first_question(self, copied: IndexFolder, kind: str) -> None:
        [file, *_] = copied.path.glob(kind)
        put(file, CHANGES["a byte in the middle"](file.read_bytes()) or b"")
        with pytest.raises(IndexDamagedError):
            open_quickly(copied)

    def test_an_open_index_notices_at_a_check_what_was_damaged_since(self, copied: IndexFolder) -> None:
        snapshot = open_whole(copied)
        for kind in KINDS[1:]:
            [file, *_] = copied.path.glob(kind)
            whole = file.read_bytes()
            put(file, CHANGES["the last byte"](whole) or b"")
            with pytest.raises(IndexDamagedError):
                snapshot.check()
            put(file, whole)
        snapshot.check()

    @pytest.mark.parametrize(
        "garbage",
        [
            b"",
            b"\x00\xff\xfe",
            b"7",
            b"[]",
            b"{}",
            b"null",
            b'{"generation": 1}',
            b'{"format": 5}',
            b'{"format": 5, "generation": "x", "manifest": {}}',
            b'{"format": 5, "generation": 1, "manifest": {"bytes": 0, "sha256": ""}}',
            b'{"format": 5, "generation": null, "manifest": null}',
            b'{"format": 5, "generation": [1], "manifest": {"bytes": 0, "sha256": "", "more": 1}}',
        ],
    )
    def test_garbage_in_the_pointer_is_damage(self, copied: IndexFolder, garbage: bytes) -> None:
        put(copied.current, garbage)
        with pytest.raises(IndexDamagedError, match="--anew"):
            read_current(copied)

    def test_no_byte_of_the_pointer_can_change_what_is_read(self, copied: IndexFolder) -> None:
        manifest, whole = read_current(copied), copied.current.read_bytes()
        copied.current.unlink()
        for place in range(len(whole)):
            for bit in range(8):
                changed = bytearray(whole)
                changed[place] ^= 1 << bit
                copied.current.write_bytes(changed)
                try:
                    assert read_current(copied) == manifest
                except (IndexDamagedError, IndexFormatError):
                    continue

    @pytest.mark.parametrize("number", [0, 1, 3, 4, 6, "5", None])
    def test_another_format_is_refused_with_both_numbers_and_the_cure(
        self, copied: IndexFolder, number: object
    ) -> None:
        pointer = json.loads(copied.current.read_text(encoding="utf-8")) | {"format": number}
        put(copied.current, json.dumps(pointer).encode())
        with pytest.raises(IndexFormatError, match="run `rag build`") as raised:
            read_current(copied)
        assert (raised.value.found, raised.value.wanted) == (number, 5)


class TestLargeFiles:
    @pytest.fixture
    def large(
        self, index: Path, tmp_path: Path, encoder: Encoder, codec: Codec, monkeypatch: pytest.MonkeyPatch
    ) -> IndexFolder:
        """The small corpus in an index whose arrays count as large and have several blocks each."""
        source = Snapshot(IndexFolder(index), read_current(IndexFolder(index)))
        [segment] = source.segments
        monkeypatch.setattr(checked, "WHOLE", 100)
        monkeypatch.setattr(checked, "BLOCK", 256)
        folder = IndexFolder(tmp_path / "index")
        writer = SegmentWriter(
            folder.segments / "large",
            segment.card.settings,
            encoder.card.dimensions,
            codec.width,
            encoder.card.vocabulary,
        )
        for number in range(segment.card.articles):
            writer.add(segment.article(number), segment.parts(number))
        writer.finish()
        use = SegmentUse("large", checksum(folder.segments / "large" / "segment.json"))
        files, duplicates = write_files(folder, 1, ()), write_duplicates(folder, 1, ())
        manifest = replace(source.manifest, segments=(use,), prepared={}, files=files, duplicates=duplicates)
        commit(folder, manifest)
        return folder

    def test_a_changed_byte_gives_an_error_or_the_very_same_citation(
        self, large: IndexFolder, encoder: Encoder, codec: Codec, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(search, "CANDIDATES", 2)
        asked = "How many passengers does the railway expect?"
        encoded = encoder.question(asked)

        def cited() -> tuple[float, Article, Passage, Sentence]:
            with damage_told(large):
                snapshot = Snapshot(large, read_current(large))
                query = search.prepare(asked, encoded, codec, snapshot)
                [hit] = search.search(query, codec, snapshot, 1)
                segment = snapshot.segments[0]
                return hit.total, *segment.cited(hit.passage), segment.sentence(hit.first)

        before = cited()
        random = np.random.default_rng(0)
        noticed = Counter[str]()
        for file in sorted((large.segments / "large").glob("*.bin")):
            whole = file.read_bytes()
            assert len(whole) > checked.WHOLE or file.name in {"ids.bin", "articles.bin"}
            for place in random.integers(0, len(whole), 8):
                changed = bytearray(whole)
                changed[place] ^= 64
                put(file, bytes(changed))
                try:
                    assert cited() == before
                except IndexDamagedError as error:
                    noticed[error.file] += 1
                with pytest.raises(IndexDamagedError):
                    Snapshot(large, read_current(large)).check()
            put(file, whole)
        assert noticed["segments/large/passages.bin"] == 8, "what every question reads is checked whole"
        assert 0 < noticed["segments/large/codes.bin"] < 8, "of what a question reads in part, the part is checked"


class TestTampering:
    def test_a_text_that_was_edited_while_the_index_was_open_is_not_cited(self, tmp_path: Path, example: Made) -> None:
        segment = write(tmp_path / "segment", [example])
        with sqlite3.connect(tmp_path / "segment" / "articles.db") as database:
            database.execute("UPDATE article SET text = replace(text, 'Two', 'Six')")
        database.close()
        with pytest.raises(Damage, match="article 0"):
            segment.cited(0)

    def test_a_row_that_was_edited_with_its_checksum_does_not_bear_out_its_passage(
        self, tmp_path: Path, example: Made
    ) -> None:
        segment = write(tmp_path / "segment", [example])
        other = write(
            tmp_path / "other", [replace(example, article=replace(example.article, text=example.article.text.upper()))]
        )
        (other.folder / "articles.db").replace(segment.folder / "articles.db")
        forged = {
            **segment.card.files,
            "articles.db": checksum(segment.folder / "articles.db"),
        }
        card = asdict(replace(segment.card, files=forged))
        (segment.folder / "segment.json").write_text(json.dumps(card), encoding="utf-8")
        with pytest.raises(CitationError, match=r"boats\.txt"):
            Segment(segment.folder).cited(0)


def test_dates_and_digests_come_back_as_they_went(tmp_path: Path, example: Made) -> None:
    original = Digest("A title", None, "An author", "https://example.org/")
    told = replace(example.article, published=date(2019, 4, 4), digest_of=original, title='"; DROP TABLE article; --')
    segment = write(tmp_path / "segment", [replace(example, article=told)])
    assert segment.article(0) == told
    assert segment.infos() == (told.info,)
