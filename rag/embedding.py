"""Article texts to passages with their vectors, many texts at once.

A sentence's vector is that of the sentence encoded alone: pooled from the
passage's own forward pass it costs about 0.005 of hit@1 on XQuAD-en
(docs/retrieval.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import numpy as np

from rag import passages, tokens
from rag.arrays import Bytes
from rag.encoder import Encoder, TokenStates
from rag.passages import TokenLimit
from rag.states import Codec
from rag.types import EncodedArticle, Passage, Sentence


def embed(texts: Sequence[str], encoder: Encoder, codec: Codec, passage_tokens: int) -> list[EncodedArticle]:
    """Cut texts into passages of at most ``passage_tokens`` (cl100k_base) that the model can read whole, and encode."""
    limits = (TokenLimit(tokens.counts, passage_tokens), TokenLimit(encoder.counts, encoder.room))
    cut = [passages.split(text, limits) for text in texts]
    pairs = list(zip(texts, cut, strict=True))
    vectors = iter(encoder.sentences([text[s.start : s.end] for text, (found, _) in pairs for s in found]))
    encoded = iter(encoder.passages([text[p.start : p.end] for text, (_, found) in pairs for p in found]))
    result = []
    for sentences, parts in cut:
        own = list(islice(encoded, len(parts)))
        result.append(
            EncodedArticle(
                sentences=sentences,
                passages=parts,
                vectors=np.array(list(islice(vectors, len(sentences))), np.float32),
                codes=codec.encode(np.concatenate([each.states for each in own])),
                pieces=np.concatenate([each.pieces for each in own]).astype(np.uint32),
                places=np.concatenate([_places(*pair, sentences) for pair in zip(parts, own, strict=True)]),
                lengths=np.array([len(each.pieces) for each in own], np.int64),
            )
        )
    return result


def _places(passage: Passage, encoded: TokenStates, sentences: Sequence[Sentence]) -> Bytes:
    """In which of the passage's sentences each of its word pieces stands."""
    starts = [sentence.start - passage.start for sentence in sentences[passage.first : passage.last]]
    return np.asarray(np.searchsorted(starts, encoded.starts, side="right") - 1, np.uint8)
