"""The YAML block at the top of a file, in which its author says what it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

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
_LANGUAGE = re.compile(r"([a-z]{2,3})((?:[-_][a-z0-9]{2,8})*)", re.IGNORECASE)

_TITLE = ("title",)
_AUTHOR = ("author", "authors", "byline")
_SOURCE = ("source", "publisher", "site")
_PUBLISHED = ("published", "date")
_URL = ("url", "link")
_LANGUAGES = ("language", "lang")
KEYS = MappingProxyType(
    {
        "title": _TITLE,
        "source": _SOURCE,
        "author": _AUTHOR,
        "published": _PUBLISHED,
        "url": _URL,
        "digest_of": ("digest_of",),
        "language": _LANGUAGES,
    }
)
"""The keys for each field of :class:`~rag.articles.draft.Metadata`; of those that are there, the first with a value."""


def split(text: str, path: str) -> tuple[Metadata, str]:
    """What the front matter says, and the text below it; nothing and the whole text where there is none.

    Its keys are ``title``; ``author``, ``authors`` or ``byline``; ``source``,
    ``publisher`` or ``site``; ``published`` or ``date``; ``url`` or ``link``;
    ``language`` or ``lang`` (of those for one thing the first that has a value
    counts); and ``digest_of`` with ``title``, ``source``, ``author`` and
    ``url``. Others are passed over.

    Raises:
        FrontMatterError: It is not valid YAML, or a value makes no sense.
    """
    start = _START.match(text)
    end = _END.search(text, start.end()) if start else None
    if not start or not end:
        return Metadata(), text
    if end.start() > _LONGEST:
        raise FrontMatterError(path, f"it is longer than {_LONGEST:,} characters")
    values = load(text[start.end() : end.start()], path, above=1)
    if not isinstance(values, Mapping):
        return Metadata(), text
    keys = {key for several in KEYS.values() for key in several}
    if not keys & set(map(str.casefold, values)) and not all(map(str.islower, values)):  # "Note: …" between two rules
        return Metadata(), text
    return stated(values, path), text[end.end() :]


def stated(values: Mapping[str, object], path: str) -> Metadata:
    """What a loaded mapping says; its keys are taken without case.

    Raises:
        FrontMatterError: A value makes no sense.
    """
    fields = _Fields({key.casefold(): value for key, value in values.items()}, path)
    return Metadata(
        title=fields.text(*_TITLE),
        source=fields.text(*_SOURCE),
        author=fields.name(*_AUTHOR),
        published=fields.day(*_PUBLISHED),
        url=fields.address(*_URL),
        digest_of=fields.digest("digest_of"),
        language=fields.language(*_LANGUAGES),
    )


def load(block: str, path: str, *, above: int = 0) -> object:
    """Text, lists and mappings in YAML, and nothing else; so many lines stand ``above`` the block in its file.

    Raises:
        FrontMatterError: It is not valid YAML.
    """
    try:
        # Nothing else can be made: "No" stays a name and 1984 a title.
        return _paired(yaml.load(block, Loader=yaml.BaseLoader), {})  # noqa: S506 - makes less than SafeLoader
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1 + above}: " if error.problem_mark else ""
        raise FrontMatterError(path, f"{line}{error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise FrontMatterError(path, str(error).partition("\n")[0]) from error
    except RecursionError as error:
        raise FrontMatterError(path, "it is nested too deeply") from error


def _paired(value: object, known: dict[int, object]) -> object:
    r"""What was loaded, with the halves of a character that escapes such as ``\ud83d\ude00`` give made one.

    A half without its other half becomes the replacement character: it could not
    be stored. What an alias (``*a``) names again is made once: ``known`` has it.
    """
    if isinstance(value, str):
        return _whole(value)
    if id(value) not in known:
        if isinstance(value, list):
            known[id(value)] = [_paired(each, known) for each in value]
        elif isinstance(value, dict):
            known[id(value)] = {_whole(str(key)): _paired(each, known) for key, each in value.items()}
        else:
            known[id(value)] = value
    return known[id(value)]


def _whole(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


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

    def language(self, *keys: str) -> str | None:
        key, value = self._first(keys)
        tag = _LANGUAGE.fullmatch(value.strip()) if isinstance(value, str) else None
        if value and tag is None:
            raise self._refused(key, value, "the code of a language, such as en")
        return tag and tag[1].lower() + tag[2].replace("_", "-")

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
