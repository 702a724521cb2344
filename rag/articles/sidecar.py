"""What a person says of the articles in a file, in a small file beside it: ``article.pdf.meta.yaml``.

::

    title: The ferries of Ostermoor
    author:                           # nothing: not known, whatever the file says
    published: 2019-05-23

Its keys are those of front matter. What it names goes before all that the file
says; where the file holds several articles, for each of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from rag.articles import dates, front_matter, metadata
from rag.articles.decoding import decode
from rag.articles.draft import Metadata
from rag.articles.folder import SIDECAR
from rag.errors import FrontMatterError, SidecarError, UndecodableError
from rag.types import Article

END = SIDECAR
"""How its name ends."""

_LARGEST = 100_000


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What is said, and of which fields, for a field that is named without a value is not known."""

    stated: Metadata
    named: frozenset[str]

    def on(self, article: Article) -> Article:
        """An article with what is said of it.

        An address that is said gives source and day where neither it nor the
        article says better, as an address in the file does.
        """
        said = {name: getattr(self.stated, name) for name in self.named}
        if said.get("title", "") is None:
            said["title"] = metadata.first_words(article.text)
        if url := self.stated.url:
            if article.source in (None, metadata.host(article.url)):
                said.setdefault("source", metadata.host(url))
            if article.published is None:
                said.setdefault("published", dates.in_address(url))
        return replace(article, **said)


def read(data: bytes, path: str) -> Sidecar:
    """What a sidecar says.

    Raises:
        SidecarError: It is no valid YAML, has none of the keys, or a value makes no sense.
    """
    if len(data) > _LARGEST:
        raise SidecarError(path, f"it is longer than {_LARGEST:,} bytes")
    try:
        values = front_matter.load(decode(data, path), path)
        if not isinstance(values, Mapping):
            raise SidecarError(path, "its lines are not of the kind “author: a name”")
        keys = {key.casefold() for key in values}
        named = frozenset(field for field, known in front_matter.KEYS.items() if keys.intersection(known))
        if not named:
            raise SidecarError(path, f"none of its keys is {', '.join(front_matter.KEYS)}")
        return Sidecar(front_matter.stated(values, path), named)
    except FrontMatterError as error:
        raise SidecarError(path, error.problem) from error
    except UndecodableError as error:
        raise SidecarError(path, "it is not text") from error
