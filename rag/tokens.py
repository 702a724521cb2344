"""Token counts and budgets, in the tokens of cl100k_base, with no download.

``tiktoken.get_encoding`` fetches its ranks from the network, so the encoding is
made from the ranks that the package bpe-openai ships.
"""

from __future__ import annotations

import re
from base64 import b64decode
from bisect import bisect_right
from functools import cache
from gzip import decompress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tiktoken import Encoding

# How cl100k_base cuts a text before it merges bytes, as tiktoken_ext.openai_public states it (to ask there
# would start the download).
_PATTERN = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"
    r"|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
)

# tiktoken panics on a million blanks, and its older releases take quadratic time over a long run of letters,
# so it is given a text in chunks. No token reaches from a letter or digit into anything else: cut there, a text
# has as many tokens as before. Where no such place comes in time, the chunk is the whole run up to the next.
_CHUNK_CHARS = 2_000
_CHUNK = re.compile(rf".{{0,{_CHUNK_CHARS - 1}}}[^\W_](?![^\W_])|[\W_]*+[^\W_]*+", re.DOTALL)

_WORD_END = re.compile(r"\S(?!\S)")


def _published_ranks() -> bytes:
    """The file ``cl100k_base.tiktoken``, found without importing bpe_openai, which loads 74 MB of code."""
    from importlib.metadata import distribution

    packed = distribution("bpe-openai").locate_file("bpe_openai/data/cl100k_base.tiktoken.gz")
    return decompress(Path(str(packed)).read_bytes())


@cache
def _encoding() -> Encoding:
    import tiktoken

    pairs = (line.split() for line in _published_ranks().splitlines())
    ranks = {b64decode(token): int(rank) for token, rank in pairs}
    return tiktoken.Encoding("cl100k_base", pat_str=_PATTERN, mergeable_ranks=ranks, special_tokens={})


def count(text: str) -> int:
    """How many cl100k_base tokens ``text`` has; ``<|endoftext|>`` and its like are plain text.

    The count is tiktoken's own, and never too low. It is too high only for a run
    of more than 2,000 characters without a place where a letter or digit is
    followed by something else (one endless word, say): such a run counts as many
    tokens as it has bytes in UTF-8.
    """
    if len(text) <= _CHUNK_CHARS:
        return len(_encoding().encode_ordinary(text))
    return sum(
        count(chunk) if len(chunk) <= _CHUNK_CHARS else len(chunk.encode(errors="surrogatepass"))
        for chunk in _CHUNK.findall(text)
    )


def counts(texts: Sequence[str]) -> list[int]:
    """The ``count`` of each text, in order."""
    return [count(text) for text in texts]


def truncate(text: str, most: int) -> str:
    """The longest beginning of ``text`` that ends with a whole word and has at most ``most`` tokens.

    A text that fits is returned as it is. Where not even the first word fits, the
    cut is inside it.
    """
    if count(text) <= most:
        return text
    words = [match.end() for match in _WORD_END.finditer(text)]
    letters = range(1, words[0]) if words else ()
    for ends in (words, letters):
        if fitting := bisect_right(ends, most, key=lambda end: count(text[:end])):
            return text[: ends[fitting - 1]]
    return ""
