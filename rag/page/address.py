"""The address of a view: a question and what its answer is narrowed to, as ``?q=…&since=…&source=…``."""

from __future__ import annotations

from typing import get_args
from urllib.parse import parse_qs, urlencode

from rag.page.desk import Narrowing, Order

MOST_PASSAGES = 20


def read(query: str) -> tuple[str, Narrowing]:
    """The question and the narrowing that the query of an address names; what it does not, is as usual.

    Days are not looked at here: one that is none is told where it is asked with.
    """
    said = parse_qs(query.removeprefix("?"), max_num_fields=100)

    def one(name: str) -> str:
        return said.get(name, [""])[-1].strip()

    orders: tuple[Order, ...] = get_args(Order)
    order = next((each for each in orders if each == one("order")), Narrowing().order)
    count = int(one("passages")) if one("passages").isdecimal() else Narrowing().count
    narrowing = Narrowing(
        since=one("since"),
        until=one("until"),
        sources=tuple(said.get("source", ())),
        authors=tuple(said.get("author", ())),
        order=order,
        count=min(max(count, 1), MOST_PASSAGES),
    )
    return one("q"), narrowing


def write(question: str, to: Narrowing) -> str:
    """The query of the address of a view; empty where nothing is asked."""
    said = [("q", question), ("since", to.since), ("until", to.until)]
    said += [("source", name) for name in to.sources] + [("author", name) for name in to.authors]
    usual = Narrowing()
    said += [("order", to.order)] if to.order != usual.order else []
    said += [("passages", str(to.count))] if to.count != usual.count else []
    return f"?{urlencode([pair for pair in said if pair[1]])}" if question else ""


def told(to: Narrowing) -> str:
    """What an answer is narrowed to, in plain words."""
    span = (f"from {to.since}" if to.since else "", f"until {to.until}" if to.until else "")
    order = "" if to.order == Narrowing().order else f"{to.order} first"
    return ", ".join(filter(None, (*span, *to.sources, *to.authors, order)))
