from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from rag import encoder as room
from rag import machine
from rag.arrays import Floats
from rag.encoder import Encoder, load, packaged_model, precision_for, prepare, read_card
from rag.errors import ModelMissingError, ModelUnusableError, OptionError
from rag.quiet import quiet
from rag.settings import PACKAGED_MODEL

CLOSE = 0.999
SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WORDS = ("query", "passage", "search", "the", "crane", "river", "gate", "night", "train", "left", "at", ":", ".", "?")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
TINY_VOCABULARY = (*SPECIALS, *WORDS, *LETTERS, *(f"##{letter}" for letter in LETTERS))
TINY_WINDOW = 40


def cosines(one: Floats, other: Floats) -> Floats:
    lengths = np.linalg.norm(one, axis=-1) * np.linalg.norm(other, axis=-1)
    return np.asarray((one * other).sum(axis=-1) / lengths, np.float32)


@pytest.fixture(scope="module")
def texts(corpus: Path) -> list[str]:
    paragraphs = (corpus / "glacier_seeds.md").read_text(encoding="utf-8").split("\n\n")
    return [
        *paragraphs[1:4],
        "Crane.",
        "Who left the harbour at night?",
        "naïve café, 東京 and Ελλάδα",
        "½ 𝟙 ﬁ ＡＢ",
        "can't — won't…",
        "\u200b",
        "👩‍👩‍👧 ok",
    ]


class Reference:
    """sentence-transformers itself, as it is meant to be used."""

    def __init__(self, source: Path) -> None:
        self.model = room._load_transformer(str(source), "cpu")

    def vectors(self, texts: Sequence[str], prompt: str = "") -> Floats:
        return np.asarray(self.model.encode(list(texts), prompt=prompt, show_progress_bar=False))

    def states(self, texts: Sequence[str]) -> list[Floats]:
        """Of every word piece, the special ones included."""
        found = self.model.encode(list(texts), output_value="token_embeddings", show_progress_bar=False)
        return [np.asarray(each.cpu()) for each in found]


@pytest.fixture(scope="module")
def reference() -> Reference:
    return Reference(packaged_model())


def unconverted(prepared: Path, folder: Path) -> Path:
    """A prepared model as it is where OpenVINO is not installed."""
    folder.mkdir()
    for name in (room.CARD, room.TOKENIZER):
        shutil.copyfile(prepared / name, folder / name)
    return folder


@pytest.fixture(scope="module", params=["OpenVINO, f32", "OpenVINO, bf16", "sentence-transformers, cpu"])
def each_engine(request: pytest.FixtureRequest, prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    engine: str = request.param
    if engine.startswith("OpenVINO"):
        loaded = load(prepared, precision=engine.removeprefix("OpenVINO, "))
    else:
        loaded = load(unconverted(prepared, tmp_path_factory.mktemp("unconverted") / prepared.name))
    assert loaded.engine == engine
    return loaded


def test_vectors_are_those_of_sentence_transformers(
    each_engine: Encoder, reference: Reference, texts: list[str]
) -> None:
    expected = reference.vectors(texts)
    assert cosines(each_engine.sentences(texts), expected).min() > CLOSE
    assert cosines(np.stack([each.vector for each in each_engine.passages(texts)]), expected).min() > CLOSE
    assert cosines(np.stack([each_engine.question(text).vector for text in texts[3:]]), expected[3:]).min() > CLOSE


def test_states_are_those_of_the_last_layer(each_engine: Encoder, reference: Reference, texts: list[str]) -> None:
    for text, ours, theirs in zip(texts, each_engine.passages(texts), reference.states(texts), strict=True):
        expected = theirs[:1] if text == "\u200b" else theirs[1:-1]
        assert cosines(ours.states, expected).min() > CLOSE
        np.testing.assert_allclose(np.linalg.norm(ours.states, axis=1), 1, atol=1e-5)


def test_vectors_have_length_one(encoder: Encoder, texts: list[str]) -> None:
    np.testing.assert_allclose(np.linalg.norm(encoder.sentences(texts), axis=1), 1, atol=1e-5)


@settings(deadline=None, max_examples=6)
@given(st.data())
def test_order_is_kept_whatever_is_encoded_together(encoder: Encoder, texts: list[str], data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(texts[3:]), min_size=1, max_size=67))
    alone = {text: encoder.question(text).vector for text in set(chosen)}
    expected = np.stack([alone[text] for text in chosen])
    assert cosines(encoder.sentences(chosen), expected).min() > CLOSE
    passages = encoder.passages(chosen)
    assert cosines(np.stack([each.vector for each in passages]), expected).min() > CLOSE
    assert [len(each.pieces) for each in passages] == [max(1, count) for count in encoder.counts(chosen)]


@settings(deadline=None, max_examples=6)
@given(st.data())
def test_vectors_are_the_same_to_the_last_bit_whatever_is_encoded_together(
    prepared: Path, encoder: Encoder, texts: list[str], data: st.DataObject
) -> None:
    for_a_build = load(prepared, many=True)
    chosen = data.draw(st.lists(st.sampled_from(texts), min_size=1, max_size=20))
    alone = {text: encoder.question(text) for text in set(chosen)}
    np.testing.assert_array_equal(for_a_build.sentences(chosen), [alone[text].vector for text in chosen])
    for text, passage in zip(chosen, for_a_build.passages(chosen), strict=True):
        np.testing.assert_array_equal(passage.states, alone[text].states)


def test_nothing_to_encode_gives_nothing(encoder: Encoder) -> None:
    assert encoder.passages([]) == []
    assert encoder.sentences([]).shape == (0, 384)


def test_a_passage_that_fills_the_window_is_read_whole(encoder: Encoder, reference: Reference) -> None:
    assert (encoder.card.window, encoder.room) == (256, 254)
    text = " ".join(["harbour"] * (encoder.room - 1)) + " crane"
    encoded = encoder.passages([text])[0]
    assert encoder.counts([text]) == [encoder.room] == [len(encoded.pieces)]
    assert text[encoded.starts[-1] :] == "crane"
    assert cosines(encoded.vector, reference.vectors([text])[0]) > CLOSE


def test_a_text_beyond_the_window_is_read_as_sentence_transformers_reads_it(
    encoder: Encoder, reference: Reference
) -> None:
    text = "Two cranes left the harbour. " * 100
    encoded = encoder.passages([text])[0]
    assert len(encoded.pieces) == encoder.room
    assert cosines(encoded.vector, reference.vectors([text])[0]) > CLOSE
    assert cosines(encoded.states, reference.states([text])[0][1:-1]).min() > CLOSE


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    """The packaged model's own."""
    tokenizer = Tokenizer.from_file(str(packaged_model() / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


@settings(deadline=None)
@given(st.text(max_size=60), st.integers(1, 40))
def test_counts_are_the_tokenizers_own_however_long_the_text(
    encoder: Encoder, tokenizer: Tokenizer, text: str, times: int
) -> None:
    long = " ".join([text] * times)
    expected = [len(tokenizer.encode(each, add_special_tokens=False).ids) for each in (text, long)]
    assert encoder.counts([text, long]) == expected


def test_a_question_fits_up_to_the_models_window(encoder: Encoder) -> None:
    assert encoder.fits(" ".join(["who"] * encoder.room))
    assert not encoder.fits(" ".join(["who"] * (encoder.room + 1)))


@settings(deadline=None, max_examples=20)
@given(st.lists(st.sampled_from(["Cranes", "harbour-master", "Selwick's", "9,000", "(unhurried)", "— no"]), min_size=1))
def test_each_piece_says_where_in_the_text_it_begins(encoder: Encoder, tokenizer: Tokenizer, words: list[str]) -> None:
    text = "  ".join(words)
    encoded = encoder.question(text)
    for piece, start in zip(encoded.pieces.tolist(), encoded.starts.tolist(), strict=True):
        assert text[start:].lower().startswith(str(tokenizer.id_to_token(piece)).removeprefix("##"))
    assert (np.diff(encoded.starts) > 0).all()


@settings(deadline=None, max_examples=30)
@given(st.text(st.characters() | st.characters(categories=["Cs", "Cc", "Cf"]), max_size=40))
def test_any_text_can_be_encoded(encoder: Encoder, text: str) -> None:
    encoded = encoder.question(text)
    assert np.linalg.norm(encoded.vector) == pytest.approx(1, abs=1e-4)
    assert len(encoded.states) == len(encoded.starts) == len(encoded.pieces) == max(1, encoder.counts([text])[0])
    assert ((encoded.starts >= 0) & (encoded.starts <= len(text))).all()


@pytest.mark.parametrize("text", ["", " \n", "\u200b\u200d", "\x00"])
def test_a_text_without_a_word_piece_is_given_its_first_special_one(encoder: Encoder, text: str) -> None:
    encoded = encoder.question(text)
    assert (encoded.pieces.tolist(), encoded.starts.tolist()) == ([101], [0])


def test_half_of_a_surrogate_pair_moves_nothing(encoder: Encoder) -> None:
    text = "a \ud83d crane \udca9\udca9 left"
    assert [text[start : start + 5] for start in encoder.question(text).starts] == [
        *("a \ud83d c", "\ud83d cra", "crane", "\udca9\udca9 le", "\udca9 lef", "left"),
    ]
    assert encoder.counts([text]) == [6]


def test_several_threads_share_an_encoder(encoder: Encoder, texts: list[str]) -> None:
    expected = [encoder.question(text).vector for text in texts]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda text: encoder.question(text).vector, texts))
    np.testing.assert_array_equal(found, expected)


def test_models_loaded_at_the_same_time_leave_the_locale_as_it_is(prepared: Path) -> None:
    code = (
        "import locale, sys; from concurrent.futures import ThreadPoolExecutor; from functools import partial;"
        "from pathlib import Path; from rag.encoder import load;"
        "pool = ThreadPoolExecutor(4); folder = Path(sys.argv[1]);"
        "models = [pool.submit(load, folder, many=number % 2 == 0) for number in range(4)];"
        "[model.result().question('Who left?') for model in models]; print(locale.getencoding())"
    )
    environment = os.environ | {"LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-c", code, str(prepared)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)  # noqa: S603
    assert done.stdout.strip() == "UTF-8"


def test_a_question_that_is_begun_and_not_waited_for_holds_nothing_up(encoder: Encoder) -> None:
    expected = encoder.question("Who left the harbour?").vector
    with pytest.raises(KeyError), encoder.begun("Who came back?"):
        raise KeyError
    with encoder.begun("Who left the harbour?") as encoded:
        np.testing.assert_array_equal(encoded().vector, expected)


def test_a_question_needs_neither_torch_nor_sentence_transformers(prepared: Path, encoder: Encoder) -> None:
    code = (
        "import json, sys; from pathlib import Path; from rag.encoder import load;"
        "vector = load(Path(sys.argv[1])).question('Who left the harbour?').vector.tolist();"
        "print(json.dumps({'vector': vector, 'modules': sorted(sys.modules)}))"
    )
    root = str(Path(room.__file__).parents[1])
    done = subprocess.run(  # noqa: S603  our own code
        [sys.executable, "-W", "error", "-c", code, str(prepared)],
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=True,
    )
    printed = json.loads(done.stdout)
    assert "openvino" in printed["modules"]
    heavy = {"torch", "transformers", "sentence_transformers", "huggingface_hub", "openvino_telemetry"}
    assert not heavy & set(printed["modules"])
    np.testing.assert_allclose(printed["vector"], encoder.question("Who left the harbour?").vector, atol=1e-6)
    assert done.stderr == ""


def test_vocabulary_phrases_are_always_the_same(encoder: Encoder, tokenizer: Tokenizer) -> None:
    phrases = encoder.vocabulary_phrases(50, 6)
    assert phrases == encoder.vocabulary_phrases(50, 6)
    assert {len(phrase.split()) for phrase in phrases} == {6}
    words = {word for phrase in phrases for word in phrase.split()}
    assert len(words) == 300
    assert words <= tokenizer.get_vocab().keys()


def tiny_model(
    folder: Path,
    *,
    pooling: str = "mean",
    prompts: dict[str, str] | None = None,
    window: int = TINY_WINDOW,
    seed: int = 1,
    metaspace: bool = False,
) -> Path:
    """A BERT with random weights, as sentence-transformers keeps models; its folder."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(TINY_VOCABULARY),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=TINY_WINDOW,
        initializer_range=0.5,
    )
    vocabulary = {word: number for number, word in enumerate(TINY_VOCABULARY)}
    if metaspace:
        # The blank before a word belongs to it, as in SentencePiece.
        words = {word.replace("##", "▁"): number for word, number in vocabulary.items()}
        tokenizer = Tokenizer(models.WordLevel(words, "[UNK]"))
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    else:
        tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))  # noqa: S106  no password
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    names = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token"), SPECIALS, strict=False))
    with quiet():
        BertModel(config).save_pretrained(folder / "transformer")
        PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(folder / "transformer")
        parts = [Transformer(str(folder / "transformer"), max_seq_length=window), Pooling(32, pooling_mode=pooling)]
        SentenceTransformer(modules=parts, prompts=prompts, device="cpu").save(str(folder / "model"))
    return folder / "model"


class TestAnyModel:
    """Models made here, with random weights: what counts is that they are run as they are meant to be."""

    @pytest.mark.parametrize("pooling", ["mean", "cls"])
    def test_a_model_in_a_folder_is_run_as_sentence_transformers_runs_it(self, tmp_path: Path, pooling: str) -> None:
        source = tiny_model(tmp_path, pooling=pooling)
        texts = ["the crane left", "night train : the river gate ?", "a", "zyx " * 40]
        reference = Reference(source)
        prepared = prepare(str(source), tmp_path / "models")
        for folder in (prepared, unconverted(prepared, tmp_path / "unconverted")):
            encoder = load(folder, precision="f32")
            assert encoder.engine.startswith("OpenVINO") == (folder == prepared)
            assert (encoder.card.dimensions, encoder.card.window, encoder.card.specials) == (32, TINY_WINDOW, 2)
            np.testing.assert_allclose(cosines(encoder.sentences(texts), reference.vectors(texts)), 1, atol=1e-4)
            for ours, theirs in zip(encoder.passages(texts), reference.states(texts), strict=True):
                np.testing.assert_allclose(cosines(ours.states, theirs[1:-1]), 1, atol=1e-4)

    @pytest.mark.parametrize("kind", ["document", "passage"])
    def test_prompts_go_before_questions_and_passages(self, tmp_path: Path, kind: str) -> None:
        source = tiny_model(tmp_path, prompts={"query": "query: ", kind: "search the passage: "})
        reference = Reference(source)
        encoder = load(prepare(str(source), tmp_path / "models"), precision="f32")
        text = "the crane left"
        question, passage = encoder.question(text), encoder.passages([text])[0]
        for ours, prompt in ((question, "query: "), (passage, "search the passage: ")):
            np.testing.assert_allclose(cosines(ours.vector, reference.vectors([text], prompt)[0]), 1, atol=1e-4)
            # The prompt is seen by the model, but is no part of the text.
            theirs = reference.states([prompt + text])[0][-4:-1]
            np.testing.assert_allclose(cosines(ours.states, theirs), 1, atol=1e-4)
            assert [text[start:].split(maxsplit=1)[0] for start in ours.starts] == ["the", "crane", "left"]
        assert cosines(encoder.sentences([text])[0], passage.vector) == pytest.approx(1)
        assert cosines(question.vector, passage.vector) < CLOSE
        assert encoder.room == TINY_WINDOW - 2 - 4

    def test_a_word_piece_begins_with_its_word_where_the_tokenizer_joins_the_blank_to_it(self, tmp_path: Path) -> None:
        source = tiny_model(tmp_path, prompts={"query": "n "}, metaspace=True)
        encoder = load(prepare(str(source), tmp_path / "models"))
        text = "c r a n"
        assert [text[start] for start in encoder.question(text).starts] == ["c", "r", "a", "n"]
        assert encoder.question(text).pieces.tolist() == [
            TINY_VOCABULARY.index(f"##{letter}") if letter != " " else 1 for letter in "cran"
        ]

    def test_a_model_is_prepared_once(self, tmp_path: Path) -> None:
        source, prepared_in = tiny_model(tmp_path), tmp_path / "models"
        prepared = prepare(str(source), prepared_in)
        files = {file: file.stat().st_mtime_ns for file in prepared.iterdir()}
        assert prepare(str(source), prepared_in) == prepared
        assert {file: file.stat().st_mtime_ns for file in prepared.iterdir()} == files
        assert list(prepared_in.iterdir()) == [prepared]
        assert prepared.name == read_card(prepared).hash[:16]

    def test_a_model_whose_files_only_look_newer_keeps_its_hash(self, tmp_path: Path) -> None:
        source, prepared_in = tiny_model(tmp_path), tmp_path / "models"
        prepared = prepare(str(source), prepared_in)
        (prepared / "codec.npy").write_bytes(b"kept")
        before = read_card(prepared)
        os.utime(source / "config.json", (1, 1))
        assert prepare(str(source), prepared_in) == prepared
        assert read_card(prepared).source != before.source
        assert (prepared / "codec.npy").read_bytes() == b"kept"

    def test_a_model_that_changed_is_prepared_under_another_hash(self, tmp_path: Path) -> None:
        folders = [prepare(str(tiny_model(tmp_path)), tmp_path / "models")]
        for change in (
            partial(tiny_model, seed=2),
            partial(tiny_model, pooling="cls"),
            partial(tiny_model, window=20),
            partial(tiny_model, prompts={"query": "query: "}),
        ):
            shutil.rmtree(tmp_path / "model")
            folders.append(prepare(str(change(tmp_path)), tmp_path / "models"))
        assert len(set(folders)) == 5
        assert {read_card(folder).name for folder in folders} == {str(tmp_path / "model")}

    def test_what_a_killed_preparation_left_is_no_prepared_model(self, tmp_path: Path) -> None:
        source, prepared_in = tiny_model(tmp_path), tmp_path / "models"
        prepared = prepare(str(source), prepared_in)
        prepared.rename(prepared_in / ".making-abc")
        (prepared_in / "of-another-model").mkdir()
        (prepared_in / "of-another-model" / room.CARD).write_text("{", encoding="utf-8")
        assert prepare(str(source), prepared_in) == prepared
        assert load(prepared).sentences(["the crane"]).shape == (1, 32)

    def test_without_openvino_sentence_transformers_runs_the_model(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        source = tiny_model(tmp_path)
        texts = ["the crane left", "night train"]
        expected = load(prepare(str(source), tmp_path / "models"), precision="f32").sentences(texts)
        # So Python says that a module is not installed.
        monkeypatch.setitem(sys.modules, "openvino", None)
        converted, plain = (prepare(str(source), tmp_path / folder) for folder in ("models", "others"))
        assert not (plain / room.CONVERTED).exists()
        for folder in (converted, plain):
            encoder = load(folder)
            assert encoder.engine == "sentence-transformers, cpu"
            np.testing.assert_allclose(cosines(encoder.sentences(texts), expected), 1, atol=1e-4)

    def test_preparing_prints_nothing(self, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
        source = tiny_model(tmp_path)
        capfd.readouterr()
        load(prepare(str(source), tmp_path / "models")).sentences(["the crane"])
        assert capfd.readouterr() == ("", "")

    def test_a_damaged_model_cannot_be_used(self, tmp_path: Path) -> None:
        source = tiny_model(tmp_path)
        for file in ("modules.json", "config.json", "tokenizer.json", "model.safetensors"):
            whole = (source / file).read_bytes()
            (source / file).write_bytes(whole[:100])
            with pytest.raises(ModelUnusableError, match=r"Set RAG_MODEL to another sentence-transformers model"):
                prepare(str(source), tmp_path / "models")
            (source / file).write_bytes(whole)
        assert not (tmp_path / "models").exists()

    def test_a_model_without_token_states_cannot_be_used(self, tmp_path: Path) -> None:
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.sentence_transformer.modules import StaticEmbedding

        vocabulary = {word: number for number, word in enumerate(TINY_VOCABULARY)}
        tokenizer = Tokenizer(models.WordLevel(vocabulary, "[UNK]"))
        model = SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_dim=16)], device="cpu")
        model.save(str(tmp_path / "static"))
        with pytest.raises(ModelUnusableError, match="no fast tokenizer"):
            prepare(str(tmp_path / "static"), tmp_path / "models")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The tiny model prepared in f32 and in int8."""
    folder = tmp_path_factory.mktemp("int8")
    source = str(tiny_model(folder))
    return prepare(source, folder / "models"), prepare(source, folder / "models", room.INT8)


class TestInt8:
    """A model in 8-bit integers, here the tiny one; the packaged one's ranking is measured in benchmarks/."""

    def test_it_has_a_hash_of_its_own_and_says_what_it_is(self, made: tuple[Path, Path]) -> None:
        exact, small = made
        assert read_card(exact).hash != read_card(small).hash
        assert [read_card(each).precision for each in made] == ["f32", "int8"]
        assert load(small).engine == "OpenVINO, int8"
        assert (small / "model.bin").stat().st_size < (exact / "model.bin").stat().st_size
        assert not list(small.glob("int8.*"))

    def test_its_vectors_are_near_those_in_f32(self, made: tuple[Path, Path]) -> None:
        texts = ["the crane left", "night train : the river gate ?", "search the passage . the gate left at night"]
        exact, small = (load(each).sentences(texts) for each in made)
        assert cosines(exact, small).min() > 0.97
        assert (exact != small).any()

    @settings(deadline=None, max_examples=20)
    @given(st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=30).map(" ".join), min_size=1, max_size=20))
    def test_they_are_the_same_whatever_is_encoded_together(self, made: tuple[Path, Path], texts: list[str]) -> None:
        few, many = load(made[1]), load(made[1], many=True)
        alone = [few.question(text) for text in texts]
        np.testing.assert_array_equal(many.sentences(texts), [each.vector for each in alone])
        for one, other in zip(many.passages(texts), alone, strict=True):
            np.testing.assert_array_equal(one.states, other.states)

    def test_where_the_processor_is_not_made_for_it_the_steps_are_the_same(
        self, made: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        texts = ["the crane left", "night train : the river gate ?"]
        monkeypatch.setattr(machine, "multiplies_bytes", lambda: False)
        elsewhere = Path(shutil.copytree(made[1], tmp_path / "model", ignore=shutil.ignore_patterns(room.COMPILED)))
        assert cosines(load(elsewhere).sentences(texts), load(made[0]).sentences(texts)).min() > 0.97

    def test_the_packaged_model_is_run_in_it_where_that_is_quicker(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for quick, chosen in ((True, "int8"), (False, "f32")):
            monkeypatch.setattr(machine, "multiplies_bytes", lambda quick=quick: quick)
            assert precision_for(PACKAGED_MODEL, "cpu") == chosen
            assert precision_for("another-model", "cpu") == "f32"
            assert precision_for("another-model", "cpu", "int8") == "int8"
            assert precision_for(PACKAGED_MODEL, "cpu", "f32") == "f32"
            assert precision_for(PACKAGED_MODEL, "cuda") == "f32"

    def test_what_cannot_be_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for device, wanted in (("cpu", "bf16"), ("cuda", "int8")):
            with pytest.raises(OptionError, match="RAG_PRECISION"):
                precision_for(PACKAGED_MODEL, device, wanted)
        monkeypatch.setitem(sys.modules, "openvino", None)
        with pytest.raises(OptionError, match="RAG_PRECISION"):
            precision_for(PACKAGED_MODEL, "cpu", "int8")
        assert precision_for(PACKAGED_MODEL, "cpu") == "f32"


@pytest.mark.parametrize("name", ["no-such-model-anywhere", "someone/no-such-model", "/no/such/folder"])
def test_a_model_that_is_nowhere_is_missing(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match="Set RAG_MODEL to a folder or an installed model") as raised:
        prepare(name, tmp_path / "models")
    assert raised.value.model == name
    assert list(tmp_path.glob("models/*")) == []


def test_an_empty_folder_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    with pytest.raises(ModelUnusableError):
        prepare(str(tmp_path / "model"), tmp_path / "models")


@pytest.mark.parametrize("file", [room.CARD, room.TOKENIZER, room.CONVERTED, "model.bin"])
@pytest.mark.parametrize("damage", ["removed", "emptied", "cut"])
def test_a_damaged_prepared_model_is_refused(prepared: Path, tmp_path: Path, file: str, damage: str) -> None:
    folder = tmp_path / "model"
    shutil.copytree(prepared, folder, copy_function=os.link, ignore=shutil.ignore_patterns(room.COMPILED))
    whole = (folder / file).read_bytes()
    (folder / file).unlink()
    if damage != "removed":
        (folder / file).write_bytes(whole[: len(whole) // 2] if damage == "cut" else b"")
    if (file, damage) == (room.CONVERTED, "removed"):
        assert load(folder).engine == "sentence-transformers, cpu"
    else:
        with pytest.raises(ModelMissingError, match="run `rag build`"):
            load(folder)


@pytest.mark.parametrize("device", ["banana", "cuda:banana", "cuda:", "mps", "cpu:1", ""])
def test_a_device_that_is_none_is_refused(prepared: Path, device: str) -> None:
    with pytest.raises(OptionError, match="RAG_DEVICE is"):
        load(prepared, device=device)


@pytest.mark.parametrize("device", ["cuda", "cuda:0", "cuda:99"])
def test_a_gpu_that_is_not_there_is_refused(prepared: Path, device: str) -> None:
    import torch

    if int(device.partition(":")[2] or 0) < torch.cuda.device_count():
        pytest.skip("There is such a GPU here.")
    with pytest.raises(OptionError, match="torch does not see that GPU here"):
        load(prepared, device=device)


def test_the_packaged_model_is_known_by_its_name(prepared: Path) -> None:
    card = read_card(prepared)
    assert (card.name, card.dimensions, card.vocabulary) == (PACKAGED_MODEL, 384, 30522)
    assert (card.question_prefix, card.passage_prefix) == ("", "")
