"""Of each article that the corpus has more than once, which one counts.

All of them are stored, and each build decides anew: so it does not matter which
came first, and when the one that counts goes, another takes its place at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from rag import duplicates
from rag.store import DuplicateRecord, FileRecord, Segment, SegmentUse
from rag.types import ArticleInfo

_Place: TypeAlias = tuple[str, int]
_Infos: TypeAlias = Mapping[str, Sequence[ArticleInfo]]


def canonical(
    segments: Mapping[SegmentUse, Segment], records: Iterable[FileRecord]
) -> tuple[dict[SegmentUse, Segment], tuple[DuplicateRecord, ...]]:
    """The segments, with the articles hidden in them that are the same as another one; and these, by their paths.

    ``records`` are the corpus's files: a further file with the very bytes of an
    article is named as a duplicate too.
    """
    by_name = {use.name: segment for use, segment in segments.items()}
    infos = {name: segment.infos() for name, segment in by_name.items()}
    present = {use.name: _present(use, segment) for use, segment in segments.items()}
    kept_of = _kept_of(present, by_name, infos)
    found = list(_copies(infos, records, kept_of))
    hidden: dict[str, list[int]] = {name: [] for name in by_name}
    for (name, number), kept in kept_of.items():
        if kept != (name, number):
            hidden[name].append(number)
            found.append(DuplicateRecord(name, number, *kept, infos[name][number].path))
    masked = {replace(use, hidden=tuple(hidden[use.name])): segment for use, segment in segments.items()}
    return masked, tuple(sorted(found, key=lambda each: each.path))


def _present(use: SegmentUse, segment: Segment) -> list[int]:
    return sorted(set(range(segment.card.articles)).difference(use.removed))


def _kept_of(present: Mapping[str, list[int]], by_name: Mapping[str, Segment], infos: _Infos) -> dict[_Place, _Place]:
    """For each article in the corpus the one that is kept in its stead, or itself."""
    places = [(name, number) for name, numbers in present.items() for number in numbers]
    signatures = np.concatenate([by_name[name].signatures[numbers] for name, numbers in present.items()])
    keys = [
        duplicates.preference(infos[name][number], signature)
        for (name, number), signature in zip(places, signatures, strict=True)
    ]
    chosen = duplicates.kept(signatures, sorted(range(len(places)), key=keys.__getitem__))
    return {place: places[kept] for place, kept in zip(places, chosen.tolist(), strict=True)}


def _copies(
    infos: _Infos, records: Iterable[FileRecord], kept_of: Mapping[_Place, _Place]
) -> Iterator[DuplicateRecord]:
    """The files that have an article's very bytes, besides the one that it is from."""
    held = [(record.path, identity) for record in records for identity in record.articles]
    times = Counter(identity for _, identity in held)
    stand = {}
    for (name, number), kept in kept_of.items():
        info = infos[name][number]
        if times[info.id] > 1:
            stand[info.id] = (name, number), kept, info.path
    for path, identity in held:
        if identity in stand:
            place, kept, stored = stand[identity]
            if stored != path and not stored.startswith((f"{path}#", f"{path}/")):
                yield DuplicateRecord(*place, *kept, path)
