"""The YAML block at the top of a file, in which its author says what it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import yaml

from rag.articles import dates
from rag.articles.draft import Metadata
from rag.errors import FrontMatterError
from rag.types import Digest

_START = re.compile(r"---[ \t]*\n(?=(?:#.*\n)*[\w\"'-]+[ \t]*:\s)")
"""The first line, with a key below it; a rule above a text has a blank line or words there."""

_END = re.compile(r"^(?:---|\.\.\.)[ \t]*$", re.MULTILINE)
_LONGEST = 100_000
_NOTHING: tuple[object, ...] = ("", "~", "null", [], {})
_BY = re.compile(r"^by:?\s+", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)

_TITLE = ("title",)
_AUTHOR = ("author", "authors", "byline")
_SOURCE = ("source", "publisher", "site")
_PUBLISHED = ("published", "date")
_URL = ("url", "link")
_KEYS = {*_TITLE, *_AUTHOR, *_SOURCE, *_PUBLISHED, *_URL, "digest_of"}


def split(text: str, path: str) -> tuple[Metadata, str]:
    """What the front matter says, and the text below it; nothing and the whole text where there is none.

    Its keys are ``title``; ``author``, ``authors`` or ``byline``; ``source``,
    ``publisher`` or ``site``; ``published`` or ``date``; ``url`` or ``link``
    (of those for one thing the first that has a value counts); and
    ``digest_of`` with ``title``, ``source``, ``author`` and ``url``. Others are
    passed over.

    Raises:
        FrontMatterError: It is not valid YAML, or a value makes no sense.
    """
    start = _START.match(text)
    end = _END.search(text, start.end()) if start else None
    if not start or not end:
        return Metadata(), text
    if end.start() > _LONGEST:
        raise FrontMatterError(path, f"it is longer than {_LONGEST:,} characters")
    values = _loaded(text[start.end() : end.start()], path)
    if not isinstance(values, Mapping):
        return Metadata(), text
    fields = _Fields({str(key).casefold(): value for key, value in values.items()}, path)
    if not _KEYS & fields.values.keys() and not all(map(str.islower, values)):  # "Note: …" between two rules
        return Metadata(), text
    stated = Metadata(
        title=fields.text(*_TITLE),
        source=fields.text(*_SOURCE),
        author=fields.name(*_AUTHOR),
        published=fields.day(*_PUBLISHED),
        url=fields.address(*_URL),
        digest_of=fields.digest("digest_of"),
    )
    return stated, text[end.end() :]


def _loaded(block: str, path: str) -> object:
    try:
        # Text, lists and mappings only: nothing else can be made, "No" stays a name and 1984 a title.
        return _paired(yaml.load(block, Loader=yaml.BaseLoader))  # noqa: S506 - BaseLoader makes less than SafeLoader
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 2}: " if error.problem_mark else ""
        raise FrontMatterError(path, f"{line}{error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise FrontMatterError(path, str(error).partition("\n")[0]) from error
    except RecursionError as error:
        raise FrontMatterError(path, "it is nested too deeply") from error


def _paired(value: object) -> object:
    r"""What was loaded, with the halves of a character that escapes such as ``\ud83d\ude00`` give made one.

    A half without its other half becomes the replacement character: it could not be stored.
    """
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_paired(each) for each in value]
    if isinstance(value, dict):
        return {key: _paired(each) for key, each in value.items()}
    return value


@dataclass(frozen=True, slots=True)
class _Fields:
    """The values of a mapping, each read as what it should be, or refused by its name."""

    values: Mapping[str, object]
    path: str

    def text(self, *keys: str) -> str | None:
        key, value = self._first(keys)
        if not isinstance(value, str):
            raise self._refused(key, value, "a line of text")
        return " ".join(value.split()) or None

    def name(self, *keys: str) -> str | None:
        key, value = self._first(keys)
        listed = value if isinstance(value, list) else [value]
        names = [" ".join(name.split()) for name in listed if isinstance(name, str)]
        if len(names) < len(listed):
            raise self._refused(key, value, "a name or a list of names")
        return _BY.sub("", ", ".join(names)) or None

    def day(self, *keys: str) -> date | None:
        key, value = self._first(keys)
        day = dates.parse(value) if isinstance(value, str) else None
        if value and day is None:
            raise self._refused(key, value, "a date such as 2019-05-23")
        return day

    def address(self, *keys: str) -> str | None:
        key, value = self._first(keys)
        if not isinstance(value, str) or (value and not _ADDRESS.fullmatch(value)):
            raise self._refused(key, value, "a web address that begins with http:// or https://")
        return value or None

    def digest(self, key: str) -> Digest | None:
        _, value = self._first((key,))
        if not value:
            return None
        if not isinstance(value, Mapping):
            raise self._refused(key, value, "a block of title, source, author and url")
        fields = _Fields(value, self.path)
        return Digest(fields.text(*_TITLE), fields.text(*_SOURCE), fields.name(*_AUTHOR), fields.address(*_URL))

    def _first(self, keys: Sequence[str]) -> tuple[str, object]:
        """The first of the keys that has a value, with it; an empty text where none has."""
        stated = ((key, self.values[key]) for key in keys if key in self.values)
        return next((pair for pair in stated if pair[1] not in _NOTHING), (keys[0], ""))

    def _refused(self, key: str, value: object, wanted: str) -> FrontMatterError:
        shown = repr(value[:60]) if isinstance(value, str) else "its value"
        return FrontMatterError(self.path, f"{key}: {shown} is not {wanted}")
