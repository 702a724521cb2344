"""The citations that a reader keeps, as the reader's browser stores them: JSON, with all of each citation.

So they outlive the page, the index and the articles. What comes back from a
browser may be anything: what is no kept citation is left out.
"""

from __future__ import annotations

import json

from pydantic import TypeAdapter, ValidationError

from rag.references import Kept


def read(text: str) -> tuple[Kept, ...]:
    """What is kept, in the order in which it was; ``text`` is a list."""
    try:
        stored = json.loads(text or "[]")
    except ValueError:
        return ()
    one = TypeAdapter(Kept)
    found: list[Kept] = []
    for each in stored if isinstance(stored, list) else ():
        try:
            found.append(one.validate_python(each))
        except ValidationError:
            continue
    return tuple(found)


def write(kept: Kept) -> str:
    """One of them, as it is stored."""
    return TypeAdapter(Kept).dump_json(kept).decode()
