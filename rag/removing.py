"""Files out of the corpus, and into a folder where nothing reads them but nothing is lost."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from rag import articles
from rag.errors import UnremovableError

REMOVED = ".removed"
"""The folder within the corpus that removed files go to; builds leave out what begins with a dot."""


def remove(path: str, corpus: Path) -> str:
    """Move a file of the corpus, with what is said of it beside it, into the folder of removed ones; give its new path.

    Raises:
        CorpusMissingError: there is no such folder of articles.
        UnremovableError: there is no such file, it is a part of one, or the disk does not let it go.
    """
    found = {file.path: file for file in articles.find(corpus)}
    file = found.get(path)
    if file is None:
        holder = next((each for each in found if path.startswith((f"{each}#", f"{each}/"))), None)
        if holder is None:
            raise UnremovableError(path, "there is no such file.", "See with `rag status` what there is.")
        raise UnremovableError(path, f"it is one of several articles in {holder}.", "Remove that file, or mend it.")
    # What is said of several files stays with the others.
    owned = [each for each in file.companions if sum(each in other.companions for other in found.values()) == 1]
    places = [_place(corpus, each.path) for each in (file, *owned)]
    try:
        for each, place in zip((file, *owned), places, strict=True):
            place.parent.mkdir(parents=True, exist_ok=True)
            (corpus / each.path).rename(place)
    except OSError as error:
        raise UnremovableError(path, f"{error.strerror or error}.", "Remove it by hand.") from error
    return places[0].relative_to(corpus).as_posix()


def _place(corpus: Path, path: str) -> Path:
    """Where a file goes: under its own path, with a number where another one went before."""
    wanted = corpus / REMOVED / path
    names = (wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}") for number in count(2))
    place = wanted
    while place.exists():
        place = next(names)
    return place
