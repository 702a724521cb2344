"""Bytes to text, whatever encoding they were saved in."""

from __future__ import annotations

import codecs
import re

from charset_normalizer import CharsetMatch, from_bytes

from rag.errors import UndecodableError

_BYTE_ORDER_MARKS = (  # UTF-32's little-endian mark begins with UTF-16's
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SINGLE_BYTE = (
    "cp1252", "cp1250", "iso8859_2", "cp1251", "koi8_r", "koi8_u", "iso8859_5",
    "cp1253", "iso8859_7", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258",
)  # fmt: skip
_MULTI_BYTE = ("gb18030", "big5", "shift_jis", "euc_jp", "iso2022_jp", "euc_kr")
_USUAL = (*_SINGLE_BYTE, *_MULTI_BYTE)
"""The encodings of articles before Unicode, the likelier first."""

_WORD = re.compile(r"[^\W\d_]{2,}")
_BESIDE_DIGIT = re.compile(r"[^\W\d_](?=\d)")
_SAMPLE = 100_000
_TELLING = 1_000_000
"""Bytes by which the encoding of a long text is told."""

_LONGEST_WORD = 100
_NOT_ASCII = re.compile(rb"[^\n]*[\x80-\xff][^\n]*\n?")
_CONTROLS = bytes({*range(32)} - {*b"\t\n\v\f\r\x1a\x1b"})
_MOST_CONTROLS = 0.02
"""The largest share of control characters in a text; in binary data it is nearer to a tenth."""


def decode(data: bytes, path: str) -> str:
    r"""The text that ``data`` holds, without byte order mark and NULs, each line ended by ``\n``.

    A byte order mark decides; else UTF-8 where it fits (with a few broken bytes
    shown as U+FFFD), UTF-16 and UTF-32, and the encodings of old as
    charset-normalizer tells them apart.

    Raises:
        UndecodableError: The bytes are no text.
    """
    text = _marked(data) if data.startswith(tuple(mark for mark, _ in _BYTE_ORDER_MARKS)) else _unmarked(data)
    if text is None or _is_binary(text):
        raise UndecodableError(path)
    return text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")


def _marked(data: bytes) -> str:
    mark, encoding = next(pair for pair in _BYTE_ORDER_MARKS if data.startswith(pair[0]))
    return data[len(mark) :].decode(encoding, "replace")


def _unmarked(data: bytes) -> str | None:
    if data.count(0) * 50 > len(data):  # the blanks of a text in UTF-16 alone have more NULs
        end = "be" if data[::2].count(0) > data[1::2].count(0) else "le"
        return _decoded(data, f"utf-32-{end}") or _decoded(data, f"utf-16-{end}")
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    whole = len(text) - broken - len(data.translate(None, bytes(range(128, 256))))
    if broken * 10 <= whole:
        return text
    return _guessed(data)


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _guessed(data: bytes) -> str | None:
    """The text in the encoding that makes the least mess of it, or of the lines of a long one that tell it."""
    if len(data) <= _TELLING:
        best = _best_guess(data)
        return None if best is None else str(best)
    telling = _telling(data)
    # It may end within a character of several bytes.
    guesses = (_best_guess(telling[: len(telling) - end]) for end in range(4))
    best = next((guess for guess in guesses if guess is not None), None)
    return None if best is None else data.decode(best.encoding, "replace")


def _telling(data: bytes) -> bytes:
    """Some of the lines that are not ASCII, the last one cut where a word ends, if words have ends there."""
    lines = bytearray()
    for match in _NOT_ASCII.finditer(data):
        lines += match[0][: _TELLING - len(lines)]
        if len(lines) >= _TELLING:
            break
    end = max(lines.rfind(blank, len(lines) - _LONGEST_WORD) for blank in b" \n")
    return bytes(lines[:end] if end > 0 else lines)


def _best_guess(data: bytes) -> CharsetMatch | None:
    """The encoding that makes the least mess.

    Among equals, those of one byte a character come before those of two, then
    the one that makes the most letters, but in words (Polish read as Windows-1252
    has signs there, "£5" read as Windows-1250 a letter at a digit), the one that
    looks most like a language, and the one that is named first in ``_USUAL``.
    """
    guesses = from_bytes(data, cp_isolation=list(_USUAL)) or from_bytes(data)

    def demerits(match: CharsetMatch) -> tuple[float, bool, int, float, int]:
        in_words = sum(map(len, _WORD.findall(str(match), 0, _SAMPLE)))
        out_of_words = len(_BESIDE_DIGIT.findall(str(match), 0, _SAMPLE))
        names = [name for name in _USUAL if name in match.could_be_from_charset]
        place = _USUAL.index(names[0]) if names else len(_USUAL)
        return match.chaos, place >= len(_SINGLE_BYTE), out_of_words - in_words, -match.coherence, place

    return min(guesses, key=demerits, default=None)


def _is_binary(text: str) -> bool:
    encoded = text.encode()
    controls = len(encoded) - len(encoded.translate(None, _CONTROLS))
    return controls > _MOST_CONTROLS * len(text)
