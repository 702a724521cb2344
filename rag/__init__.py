"""Clippings: ask a folder of news articles in plain words, and get cited passages.

::

    import rag

    rag.build(corpus="corpus", index="embeddings")
    library = rag.open("embeddings")
    answer = library.ask("Who blocked the resolution?")
    print(answer.text, answer.citations[0].article.title)

Names are loaded when they are first used, so that ``import rag`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.adding import Additions, add
    from rag.answer import Answer
    from rag.errors import RagError
    from rag.evaluation import Evaluation, Outcome, evaluate
    from rag.hints import Hint
    from rag.library import Library, ask, build, changes, open, refreshed, retrieve  # noqa: A004
    from rag.removing import remove
    from rag.types import (
        Article,
        ArticleInfo,
        BuildReport,
        Changes,
        Citation,
        Digest,
        Duplicate,
        Failure,
        Passage,
        Progress,
        Why,
        WordMatch,
    )

__all__ = [
    "Additions",
    "Answer",
    "Article",
    "ArticleInfo",
    "BuildReport",
    "Changes",
    "Citation",
    "Digest",
    "Duplicate",
    "Evaluation",
    "Failure",
    "Hint",
    "Library",
    "Outcome",
    "Passage",
    "Progress",
    "RagError",
    "Why",
    "WordMatch",
    "add",
    "ask",
    "build",
    "changes",
    "evaluate",
    "open",
    "refreshed",
    "remove",
    "retrieve",
]

_ROOMS = {
    "rag.adding": ("Additions", "add"),
    "rag.answer": ("Answer",),
    "rag.errors": ("RagError",),
    "rag.evaluation": ("Evaluation", "Outcome", "evaluate"),
    "rag.hints": ("Hint",),
    "rag.library": ("Library", "ask", "build", "changes", "open", "refreshed", "retrieve"),
    "rag.removing": ("remove",),
    "rag.types": (
        *("Article", "ArticleInfo", "BuildReport", "Changes", "Citation", "Digest", "Duplicate", "Failure"),
        *("Passage", "Progress", "Why", "WordMatch"),
    ),
}


def __getattr__(name: str) -> object:
    for room, names in _ROOMS.items():
        if name in names:
            return getattr(import_module(room), name)
    raise AttributeError(f"module 'rag' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
