"""Of each article that the corpus has more than once, which one counts.

All of them are stored, and each build decides anew: so it does not matter which
came first, and when the one that counts goes, another takes its place at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from rag import duplicates
from rag.arrays import Integers
from rag.store import DuplicateRecord, FileRecord, Segment, SegmentUse

_Place: TypeAlias = tuple[str, int]


def canonical(
    segments: Mapping[SegmentUse, Segment], records: Iterable[FileRecord]
) -> tuple[dict[SegmentUse, Segment], tuple[DuplicateRecord, ...]]:
    """The segments, with the articles hidden in them that are the same as another one; and these, by their paths.

    ``records`` are the corpus's files: a further file with the very bytes of an
    article is named as a duplicate too.
    """
    by_name = {use.name: segment for use, segment in segments.items()}
    present = {use.name: _present(use, segment) for use, segment in segments.items()}
    kept_of = _kept_of(present, by_name)
    found = list(_copies(present, by_name, records, kept_of))
    hidden: dict[str, list[int]] = {name: [] for name in by_name}
    for (name, number), kept in kept_of.items():
        if kept != (name, number):
            hidden[name].append(number)
            found.append(DuplicateRecord(name, number, *kept, by_name[name].info(number).path))
    masked = {replace(use, hidden=tuple(sorted(hidden[use.name]))): segment for use, segment in segments.items()}
    return masked, tuple(sorted(found, key=lambda each: each.path))


def _present(use: SegmentUse, segment: Segment) -> Integers:
    return np.setdiff1d(np.arange(segment.card.articles), np.array(use.removed, np.int64))


def _kept_of(present: Mapping[str, Integers], by_name: Mapping[str, Segment]) -> dict[_Place, _Place]:
    """For each article that may be the same as another one the one that is kept in its stead, or itself."""
    places = [(name, number) for name, numbers in present.items() for number in numbers.tolist()]
    every = np.concatenate([by_name[name].signatures[numbers] for name, numbers in present.items()])
    likely = duplicates.alike(every)
    places, signatures = [places[each] for each in likely.tolist()], every[likely]
    keys = [
        duplicates.preference(by_name[name].info(number), signature)
        for (name, number), signature in zip(places, signatures, strict=True)
    ]
    chosen = duplicates.kept(signatures, sorted(range(len(places)), key=keys.__getitem__))
    return {place: places[kept] for place, kept in zip(places, chosen.tolist(), strict=True)}


def _copies(
    present: Mapping[str, Integers],
    by_name: Mapping[str, Segment],
    records: Iterable[FileRecord],
    kept_of: Mapping[_Place, _Place],
) -> Iterator[DuplicateRecord]:
    """The files that have an article's very bytes, besides the one that it is from."""
    held = [(record.path, identity) for record in records for identity in record.articles]
    times = Counter(identity for _, identity in held)
    several = {identity for identity, count in times.items() if count > 1}
    stand = {}
    for identity in several:
        for name, segment in by_name.items():
            number = segment.with_id(identity)
            if number is not None and number in present[name]:
                place = (name, number)
                stand[identity] = place, kept_of.get(place, place), segment.info(number).path
    for path, identity in held:
        if identity in stand:
            place, kept, stored = stand[identity]
            if stored != path and not stored.startswith((f"{path}#", f"{path}/")):
                yield DuplicateRecord(*place, *kept, path)
