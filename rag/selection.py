"""Which of the ranked passages an answer shows: one of those that say the same, and not all from one article."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from rag.types import ArticleInfo, Citation

# Passages that share this much of their words are near-identical (Jaccard), as when two papers carry one agency's text.
SAME = 0.8
# Another article's passage goes before a third one from the same article if it has at least this share of its score.
NEARLY = 0.9


def select(ranked: Sequence[Citation], count: int, per_article: int | None) -> tuple[Citation, ...]:
    """The ``count`` citations to show, ranked anew; fewer only where fewer are given.

    Of near-identical passages from several articles the first stays, and names
    the others' articles in ``also``. Beyond ``per_article`` from one article, a
    passage waits while others are nearly as good; None sets no such limit.
    """
    waiting = list(_merged(ranked))
    chosen: list[Citation] = []
    taken: Counter[str] = Counter()
    while waiting and len(chosen) < count:
        best = waiting[0]
        others = (each for each in waiting if per_article is None or taken[each.article.id] < per_article)
        picked = next((each for each in others if each.score >= NEARLY * best.score), best)
        waiting.remove(picked)
        taken[picked.article.id] += 1
        chosen.append(replace(picked, rank=len(chosen) + 1))
    return tuple(chosen)


def _merged(ranked: Sequence[Citation]) -> list[Citation]:
    """The citations, near-identical ones of other articles merged into the first of them."""
    kept: list[tuple[frozenset[str], Citation]] = []
    for citation in ranked:
        words = frozenset(re.findall(r"\w+", citation.text.casefold()))
        same = next((place for place, each in enumerate(kept) if _says_the_same(words, citation, *each)), None)
        if same is None:
            kept.append((words, citation))
        else:
            first = kept[same][1]
            named: tuple[ArticleInfo, ...] = (first.article, *first.also)
            more = (each for each in (citation.article, *citation.also) if each not in named)
            also = (*first.also, *dict.fromkeys(more))
            kept[same] = (kept[same][0], replace(first, also=also))
    return [citation for _, citation in kept]


def _says_the_same(words: frozenset[str], citation: Citation, held: frozenset[str], first: Citation) -> bool:
    shared, every = len(words & held), len(words | held)
    return citation.article.id != first.article.id and every > 0 and shared >= SAME * every
