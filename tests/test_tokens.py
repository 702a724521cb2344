from __future__ import annotations

import hashlib
import importlib
import re
import subprocess
import sys
import time

import pytest
import tiktoken
from hypothesis import given, settings
from hypothesis import strategies as st

from rag import tokens

PUBLISHED = "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"
FRAGMENTS = [
    "harbour",
    " the",
    "é",
    "中文",
    "क़",
    "½",
    "12345",
    " ",
    "  ",
    "\t",
    "\xa0",
    "\n",
    "\n\n",
    ".",
    "...",
    "’s",
    '."\n',
]


@pytest.fixture(scope="module")
def official() -> tiktoken.Encoding:
    """The encoding as tiktoken itself states it; only its download is replaced."""
    public = importlib.import_module("tiktoken_ext.openai_public")
    with pytest.MonkeyPatch.context() as patch:
        ranks = tokens._encoding()._mergeable_ranks
        patch.setattr(public, "load_tiktoken_bpe", lambda *_args, **_options: ranks)
        return tiktoken.Encoding(**public.cl100k_base())


def test_the_ranks_are_the_published_ones() -> None:
    assert hashlib.sha256(tokens._published_ranks()).hexdigest() == PUBLISHED


def test_the_tokens_are_those_that_openai_documents() -> None:
    assert tokens._encoding().encode_ordinary("tiktoken is great!") == [83, 1609, 5963, 374, 2294, 0]


@settings(deadline=None)
@given(st.text())
def test_the_count_is_tiktokens_own(official: tiktoken.Encoding, text: str) -> None:
    assert tokens.count(text) == len(official.encode_ordinary(text))


@settings(deadline=None)
@given(st.lists(st.sampled_from(FRAGMENTS)), st.integers(300, 600))
def test_the_count_of_a_long_text_is_tiktokens_own(
    official: tiktoken.Encoding, fragments: list[str], times: int
) -> None:
    text = ("".join(fragments) + " and so on") * times
    assert len(text) > tokens._CHUNK_CHARS
    assert tokens.count(text) == len(official.encode_ordinary(text))


def test_special_tokens_in_an_article_are_plain_text() -> None:
    assert tokens.counts(["<|endoftext|>", "<|fim_prefix|> and more"]) == [7, 9]


def test_counts_are_in_order() -> None:
    assert tokens.counts(["one", "", "one two three"]) == [1, 0, 3]


@pytest.mark.parametrize("unit", ["a", " ", ".", "\n", "中", "\u00a0", "😀", " \t", "a.", "\ud800"])
def test_text_of_one_kind_is_counted_quickly_and_never_too_low(unit: str) -> None:
    began = time.perf_counter()
    tokens.count(unit * 1_000_000 + "x")
    assert time.perf_counter() - began < 10
    text = unit * 20_000 + "x"
    assert tokens.count(text) >= len(tokens._encoding().encode_ordinary(text))


def test_counting_loads_neither_the_network_nor_the_native_library_that_ships_the_ranks() -> None:
    program = """
import socket, sys
def refuse(*_): raise OSError("no network")
socket.socket.connect = socket.getaddrinfo = refuse
from rag import tokens
assert "tiktoken" not in sys.modules
assert tokens.count("three plain words") == 3
assert "bpe_openai" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)  # noqa: S603 - our own interpreter and text


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["harbour", "ice-breaker,", "Zürich\n", "(1999)", "naïveté’s", "the"])), st.integers(0, 40)
)
def test_truncation_keeps_as_many_whole_words_as_the_budget_allows(words: list[str], most: int) -> None:
    text = " ".join(words)
    ends = [match.end() for match in re.finditer(r"\S+", text)]
    within = [text[:end] for end in ends if tokens.count(text[:end]) <= most]
    if tokens.count(text) <= most:
        assert tokens.truncate(text, most) == text
    elif within:
        assert tokens.truncate(text, most) == within[-1]
    else:
        assert words[0].startswith(tokens.truncate(text, most))


@settings(deadline=None)
@given(st.text(), st.integers(0, 20))
def test_truncation_gives_a_beginning_within_the_budget(text: str, most: int) -> None:
    kept = tokens.truncate(text, most)
    assert text.startswith(kept)
    assert tokens.count(kept) <= most


def test_a_first_word_over_the_budget_is_cut_inside() -> None:
    kept = tokens.truncate("0123456789" * 30 + " and more", 5)
    assert kept == "012345678901234"
