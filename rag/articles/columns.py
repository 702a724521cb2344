"""Which column of a table holds what: under the usual names, or as ``columns.toml`` in the corpus says.

::

    [columns]
    title = "Überschrift"
    text = ["Inhalt", "Volltext"]   # the first that has a value counts
    date = "Erschienen am"
    author = 4                      # the fourth column, where a table has no header

Names match without case and punctuation. What is named here counts for every
table of the corpus that has such a column, and goes before the usual names.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from rag.articles.decoding import decode
from rag.errors import ColumnsFileError, UndecodableError

_STATED = {
    "title": "title",
    "text": "text",
    "date": "published",
    "url": "url",
    "source": "source",
    "author": "author",
    "language": "language",
}
"""The fields by their names in the file."""

_USUAL = {
    "title": (
        "title", "headline", "headlinemain", "heading", "articletitle", "posttitle", "newstitle", "webtitle",
        "fieldsheadline", "name",
    ),
    "text": (
        "text", "fulltext", "articletext", "articlebody", "bodytext", "maintext", "newstext", "storytext", "body",
        "content", "fullcontent", "articlecontent", "postcontent", "newscontent", "contenttext", "contenthtml",
        "contentencoded", "bodyhtml", "html", "article", "story", "document", "fieldsbodytext", "fieldsbody",
    ),
    "summary": ("description", "summary", "abstract", "leadparagraph", "standfirst", "excerpt", "teaser", "snippet"),
    "published": (
        "published", "publishedat", "publishedon", "publisheddate", "publishdate", "publishtime", "publicationdate",
        "publicationtime", "pubdate", "datepublished", "datepublish", "datepub", "firstpublished", "webpublicationdate",
        "dateposted", "postdate", "postedat", "postedon", "issued", "date", "datetime", "articledate", "newsdate",
    ),
    "url": (
        "url", "link", "permalink", "articleurl", "articlelink", "canonicalurl", "originalurl", "weburl", "pageurl",
        "newsurl", "uri",
    ),
    "source": (
        "source", "sourcename", "publisher", "publishername", "publication", "outlet", "newspaper", "newsoutlet",
        "site", "sitename", "website", "domain", "sourcedomain",
    ),
    "author": (
        "author", "authors", "authorname", "byline", "bylineoriginal", "creator", "dccreator", "writer", "journalist",
        "reporter", "fieldsbyline",
    ),
    "language": ("language", "lang", "inlanguage", "languagecode"),
}  # fmt: skip
"""How columns are usually called, folded; of those that a table has, the first with a value counts."""


@lru_cache(maxsize=1024)
def fold(name: str) -> str:
    """A column's name without case, blanks and punctuation: "Published_At" is "publishedat"."""
    whole = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[\W_]+", "", whole) or whole.strip()


def read(data: bytes, path: str) -> Mapping[str, str]:
    """What a ``columns.toml`` says: folded names of columns, each with its field, in the order in which they count.

    The fields are "text" and those of :class:`~rag.articles.draft.Metadata`.

    Raises:
        ColumnsFileError: It is not valid TOML, or says what makes no sense.
    """
    try:
        stated = tomllib.loads(decode(data, path))
    except (tomllib.TOMLDecodeError, UndecodableError) as error:
        problem = error.reason.partition(";")[0] if isinstance(error, UndecodableError) else str(error)
        raise ColumnsFileError(path, problem) from error
    except RecursionError as error:
        raise ColumnsFileError(path, "it is nested too deeply") from error
    table = stated.pop("columns", {})
    if stated or not isinstance(table, dict):
        found = next(iter(stated), "columns")
        raise ColumnsFileError(path, f"{found!r} is not known, and all stands under [columns]")
    fields: dict[str, str] = {}
    for field, value in table.items():
        if field not in _STATED:
            raise ColumnsFileError(path, f"{field!r} is no field; the fields are {', '.join(_STATED)}")
        for name in value if isinstance(value, list) else [value]:
            folded = _name(name)
            if not folded:
                raise ColumnsFileError(path, f"{field}: {name!r} is not the name or the number of a column")
            if fields.setdefault(folded, _STATED[field]) != _STATED[field]:
                raise ColumnsFileError(path, f"{field}: the column {name!r} is named for another field too")
    return fields


def places(names: Sequence[str], stated: Mapping[str, str]) -> dict[str, tuple[int, ...]]:
    """Where in a row the values of each field stand, the place that counts first before the others.

    ``names`` are those of the columns; ``stated`` is what :func:`read` gives.
    Where a table has a column that is stated for a field, only such columns
    count for it. "summary" is a field of its own: what to take where there is
    no text. A column is not called by its number where it has a name.
    """
    numbered: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        numbered.setdefault(fold(name), []).append(place)
    found: dict[str, list[int]] = {}
    for name, field in stated.items():
        if name in numbered and not name.isdecimal():
            found.setdefault(field, []).extend(numbered[name])
    settled = {*found, "summary"} if "text" in found else set(found)
    for field, usual in _USUAL.items():
        if field not in settled:
            of_field = [place for name in usual if name not in stated for place in numbered.get(name, ())]
            if of_field:
                found[field] = of_field
    return {field: tuple(of_field) for field, of_field in found.items()}


def numbered_places(width: int, stated: Mapping[str, str]) -> dict[str, tuple[int, ...]]:
    """The same for rows of ``width`` cells under no names, as far as columns are stated by their numbers from 1."""
    found: dict[str, list[int]] = {}
    for name, field in stated.items():
        if name.isdecimal() and 0 < int(name) <= width:
            found.setdefault(field, []).append(int(name) - 1)
    return {field: tuple(of_field) for field, of_field in found.items()}


def hold_text(fields: Iterable[str]) -> bool:
    """Whether one of the fields is an article's text."""
    return not {"text", "summary"}.isdisjoint(fields)


def _name(value: object) -> str:
    """A column's name, folded, or its number; nothing where the value is neither."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return fold(value) if isinstance(value, str) else str(value) * (value > 0)
