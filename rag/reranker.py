"""A cross-encoder, where the user has one: question and passage read together, for the first few passages.

It is slower than all else by far, and sees what no vector made beforehand can
(Nogueira & Cho, Passage re-ranking with BERT, https://arxiv.org/abs/1901.04085).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rag.errors import RerankerError
from rag.quiet import quiet


class Reranker:
    """A sentence-transformers CrossEncoder by name or folder.

    Raises:
        RerankerError: there is none of this name.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        try:
            with quiet():
                from sentence_transformers import CrossEncoder

                self._model = CrossEncoder(name)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise RerankerError(name, str(error).strip().partition("\n")[0] or type(error).__name__) from error

    def order(self, question: str, texts: Sequence[str]) -> list[int]:
        """The places of the texts, the best answer first.

        Raises:
            RerankerError: the model does not give one score a text.
        """
        if not texts:
            return []
        scores = np.asarray(self._model.predict([(question, text) for text in texts], show_progress_bar=False))
        if scores.shape != (len(texts),):
            raise RerankerError(self._name, f"it gives {scores.shape[-1]} scores for a passage, not one")
        return [int(place) for place in np.argsort(-scores, kind="stable")]
