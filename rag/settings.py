"""What the environment sets: where things lie, and which model on which device.

============= ===================================================== ==============
variable      meaning                                               where not set
============= ===================================================== ==============
RAG_CORPUS    the folder of articles                                ``corpus``
RAG_INDEX     the folder of the built index                         ``embeddings``
RAG_MODEL     a sentence-transformers name or folder                the packaged one
RAG_DEVICE    ``auto``, ``cpu`` or a CUDA device such as ``cuda:0`` ``auto``
RAG_PRECISION what the model computes in: ``f32`` or ``int8``       ``auto``
RAG_RERANKER  a cross-encoder's name or folder                      none
============= ===================================================== ==============

An argument given in code or on the command line goes before the environment.
"""

from __future__ import annotations

import os
from pathlib import Path

PACKAGED_MODEL = "all-MiniLM-L6-v2"


def corpus_folder(given: str | os.PathLike[str] | None = None) -> Path:
    """The folder of articles."""
    return Path(given if given is not None else os.environ.get("RAG_CORPUS") or "corpus")


def index_folder(given: str | os.PathLike[str] | None = None) -> Path:
    """The folder of the built index."""
    return Path(given if given is not None else os.environ.get("RAG_INDEX") or "embeddings")


def model_name(given: str | os.PathLike[str] | None = None) -> str:
    """The model's name, or the absolute path of its folder, as an index records it."""
    name = os.fspath(given if given is not None else os.environ.get("RAG_MODEL") or PACKAGED_MODEL)
    folder = Path(name).expanduser()
    if folder.is_dir():
        return str(folder.resolve())
    return name.removeprefix("sentence-transformers/")


def device(given: str | None = None) -> str:
    """The device to encode on."""
    return (given or os.environ.get("RAG_DEVICE") or "auto").lower()


def precision(given: str | None = None) -> str:
    """What a build's model is to compute in: ``f32``, ``int8`` or ``auto``."""
    return (given or os.environ.get("RAG_PRECISION") or "auto").lower()


def reranker(given: str | os.PathLike[str] | None = None) -> str | None:
    """The cross-encoder that re-ranks the first passages, or None."""
    return os.fspath(given) if given is not None else os.environ.get("RAG_RERANKER") or None
