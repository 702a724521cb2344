from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag import duplicates
from rag.arrays import Ids
from rag.duplicates import WIDTH, kept, preference, same, signature
from rag.types import ArticleInfo

PIER = (
    "The council of Ostmark voted on Tuesday to rebuild the old fish pier, which lost 40 of its 212 oak posts in the "
    "storm of last November. The work will cost 3.5 million crowns and take until the spring of 2021.\n\n"
    "“We cannot lose another season,” said Marta Quist, who speaks for the 63 fishermen of the harbour. She had asked "
    "for half of the market to stay open, and the council agreed after a debate of four hours.\n\n"
    "Divers found in January that worms had eaten through the posts under the market hall. Engineers from Lidby have "
    "since proposed steel, which is dearer to buy but lasts for eighty years. The mayor, Emil Stroud, said that the "
    "town would borrow the money at 2.1 percent.\n\n"
    "The first posts are to arrive by barge in March. Until then a fence keeps visitors off the eastern side."
)
# The same piece after another desk, another spelling, a scanner or a mail program has had it.
EDITED = {
    "the same words": PIER,
    "a dateline and an agency": "OSTMARK, Jan. 14 (Agency) -- " + PIER,
    "another headline above it": "Fishermen keep half their market as town rebuilds pier\n\n" + PIER,
    "no last paragraph": PIER.rpartition("\n\n")[0],
    "other line breaks and quotes": "\n".join(PIER.replace("“", '"').replace("”", '"').split(". ")).upper(),
    "another spelling": PIER.replace("percent", "per cent")
    .replace("harbour", "harbor")
    .replace("Engineers", "engineers"),
    "a few words changed": PIER.replace("dearer to buy", "more expensive")
    .replace("voted", "decided")
    .replace("cannot lose", "can not lose"),
    "slips of the finger": PIER.replace("season", "saeson").replace("fence", "fnece").replace("debate", "debat"),
    "all of that": "Ostmark (Agency) - "
    + PIER.rpartition("\n\n")[0].replace("percent", "per cent").replace("voted", "decided").replace("season", "saeson"),
}
FOLLOW_UP = (
    "The first steel posts for the fish pier of Ostmark arrived on Friday, three weeks late. The barge had waited in "
    "Kelling for the ice to break. Emil Stroud, the mayor, said that the delay would not add to the price.\n\n"
    "Half of the market moved into two tents on the quay, where Marta Quist sold herring in the snow. The other half "
    "stays in the hall until June.\n\n"
)
MARKET = (
    "Shares in Lidby closed {turn} on {day}, with the main index {moving} {percent} percent to {points} points as "
    "investors weighed {why}. {best} was the best performer, up {gain} percent, and {worst} the worst. Trading volume "
    "stood at {volume} million shares. The crown was quoted at {crown} to the dollar in late trading. Analysts said "
    "that the market would take its direction from the central bank later in the week. Oil was at {oil} dollars."
)
DAYS: tuple[dict[str, object], ...] = (
    {"turn": "higher", "day": "Monday", "moving": "rising", "percent": 0.4, "points": "4,310", "why": "weak exports",
     "best": "Dune Glass", "gain": 3.1, "worst": "Acme Paper", "volume": 41, "crown": 6.21, "oil": 71.2},
    {"turn": "higher", "day": "Tuesday", "moving": "rising", "percent": 0.2, "points": "4,318", "why": "weak exports",
     "best": "Dune Glass", "gain": 1.4, "worst": "Acme Paper", "volume": 38, "crown": 6.24, "oil": 70.9},
    {"turn": "lower", "day": "Wednesday", "moving": "falling", "percent": 1.3, "points": "4,262", "why": "fuel costs",
     "best": "Bolt & Sons", "gain": 0.7, "worst": "Dune Glass", "volume": 55, "crown": 6.19, "oil": 74.5},
)  # fmt: skip
OTHERS = {
    "another article on the same matter": (
        "Worms, not the storm, are to blame for the state of the fish pier in Ostmark, a report says. Divers who went "
        "down in January found that the posts under the market hall were eaten through. The town wants to rebuild the "
        "pier in steel for 3.5 million crowns, and to borrow the money."
    ),
    "a follow-up that repeats half of it": FOLLOW_UP + PIER[: len(PIER) // 2],
    "an article that quotes all of it": FOLLOW_UP + MARKET.format(**DAYS[0]) + PIER,
    "a digest of it": ". ".join(PIER.replace("\n\n", " ").split(". ")[::2]),
    "a digest in other words": (
        "Ostmark is to rebuild its fish pier. The town council approved 3.5 million crowns for steel posts in place of "
        "oak ones that worms and a storm had ruined. Half of the market stays open."
    ),
}
CHINESE = (
    "奥斯特马克镇议会周二投票决定重建旧渔港码头，去年十一月的风暴毁坏了二百一十二根橡木桩中的四十根。工程将耗资三百五十万克朗，"
    "预计到二零二一年春季完工。代表港口渔民的玛尔塔说，他们不能再失去一个季节。市长表示，镇里将以较低的利率借款。"
)


def info(name: str, **known: object) -> ArticleInfo:
    fields = {"source": None, "author": None, "published": None, "url": None, **known}
    return ArticleInfo(id=name, title=name, path=f"{name}.txt", sha256=name, digest_of=None, **fields)  # type: ignore[arg-type]


def keep(texts: Sequence[str]) -> list[int]:
    """Which is kept for each text."""
    signatures = np.stack([signature(text) for text in texts])
    longest = sorted(range(len(texts)), key=lambda place: preference(info(f"{place:03}"), signatures[place]))
    return [int(place) for place in kept(signatures, longest)]


@pytest.mark.parametrize("edited", EDITED.values(), ids=EDITED)
def test_an_article_stays_the_same_under_light_edits(edited: str) -> None:
    assert same(signature(PIER), signature(edited))


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_an_article_that_says_more_or_less_or_something_else_is_another(other: str) -> None:
    assert not same(signature(PIER), signature(other))


def test_the_daily_reports_of_one_frame_are_different_articles() -> None:
    reports = [MARKET.format(**day) for day in DAYS]
    assert keep(reports) == [0, 1, 2]
    assert len(set(keep([*reports, *reports]))) == 3


def test_short_items_are_the_same_only_where_hardly_a_word_differs() -> None:
    item = (
        "Unions for the 2,400 dock workers of Kelling said on Monday that they were disappointed after talks with the "
        "owners of the port ended without an offer on pensions."
    )
    assert same(signature(item), signature("KELLING (Agency) - " + item.replace("Unions for the", "Unions of the")))
    assert not same(signature(item), signature(item.replace("2,400 dock workers", "900 train drivers")))
    brief = "The mayor of Lidby opens a school today."
    assert same(signature(brief), signature(brief.upper()))
    assert not same(signature(brief), signature(brief.replace("Lidby", "Kelling")))


def test_numbers_count_however_they_are_written() -> None:
    # Arabic digits, and commas or none in thousands.
    written = MARKET.format(**DAYS[0])
    assert same(signature(written), signature(written.replace("4,310", "4310").replace("41 million", "٤١ million")))


def test_text_without_blanks_between_words_is_compared_by_characters() -> None:
    assert same(signature(CHINESE), signature("（综合报道）" + CHINESE.replace("工程将", "工程")))
    assert not same(signature(CHINESE), signature(CHINESE[: len(CHINESE) // 2] + CHINESE[::-1][: len(CHINESE) // 2]))


def test_a_text_that_is_read_in_pieces_has_the_same_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = signature(PIER)
    monkeypatch.setattr(duplicates, "_READ_AT_ONCE", 25)
    assert np.array_equal(signature(PIER), whole)


def test_texts_without_words_are_not_the_same() -> None:
    assert not same(signature(""), signature(""))
    assert not same(signature("* * *"), signature("…"))


def test_a_signature_is_always_the_same_and_small() -> None:
    found = signature(PIER)
    assert found.dtype == np.uint32
    assert found.shape == (WIDTH,)
    assert found.nbytes == 576
    assert found[:3].tolist() == [148, 144, 6]
    assert int(found.sum(dtype=np.uint64)) == 44_141_066_645


@settings(deadline=None)
@given(st.text(), st.text())
def test_being_the_same_is_mutual_and_any_text_has_a_signature(one: str, other: str) -> None:
    first, second = signature(one), signature(other)
    assert same(first, second) == same(second, first)
    assert same(first, first) == bool(first[0])
    assert first[0] or not any(map(str.isalnum, one))


# Articles with a number of their own words changed: the chain from the first to the last is long.
CHAIN = [" ".join(f"word{place + (place < step)}x{place < step}" for place in range(60)) for step in range(0, 40, 4)]
POOL = [PIER, *EDITED.values(), *OTHERS.values(), *(MARKET.format(**day) for day in DAYS), *CHAIN, CHINESE, ""]


@settings(deadline=None)
@given(st.lists(st.sampled_from(range(len(POOL))), unique=True, min_size=1), st.randoms(use_true_random=False))
def test_which_articles_are_kept_does_not_depend_on_the_order_in_which_they_came(
    chosen: list[int], random: Random
) -> None:
    def kept_of(places: Sequence[int]) -> dict[int, int]:
        signatures = np.stack([signature(POOL[place]) for place in places])
        order = sorted(range(len(places)), key=lambda row: preference(info(f"{places[row]:03}"), signatures[row]))
        found = kept(signatures, order)
        return {places[row]: places[int(found[row])] for row in range(len(places))}

    shuffled = list(chosen)
    random.shuffle(shuffled)
    found = kept_of(chosen)
    assert kept_of(shuffled) == found
    # What is kept is kept again among its like, and speaks for each article itself, not through another.
    left = sorted(set(found.values()))
    assert kept_of(left) == {place: place for place in left}
    for place, holder in found.items():
        assert place == holder or same(signature(POOL[place]), signature(POOL[holder]))


def test_articles_alike_only_by_way_of_others_are_not_one() -> None:
    found = keep(CHAIN)
    assert 1 < len(set(found)) < len(CHAIN)
    assert not same(signature(CHAIN[0]), signature(CHAIN[-1]))


def test_the_longest_article_is_kept_then_the_one_of_which_most_is_known_then_the_earliest() -> None:
    long, short = (
        signature(PIER + " It is the third."),
        signature(PIER),
    )
    shorter = signature(PIER.rpartition("\n\n")[0])
    dated = {"published": date(2020, 1, 14), "author": "Ada Holm"}
    ranked = [
        preference(info("b", url="https://example.org/pier", **dated), short),
        preference(info("d", url="https://example.org/again", author="Ada Holm", published=date(2020, 1, 15)), short),
        preference(info("c", author="Ada Holm"), long),
        preference(info("a"), long),
        preference(info("e"), long),
        preference(info("f", url="https://example.net/", source="Gazette", **dated), shorter),
    ]
    assert ranked == sorted(ranked)


def made(articles: int, copied: int) -> Ids:
    """Signatures of many articles, the last ones light edits of the first."""
    rng = np.random.default_rng(1)
    signatures = rng.integers(0, 2**32, (articles, WIDTH), dtype=np.uint32)
    signatures[:, :3] = 200, 190, 0
    signatures[-copied:] = signatures[:copied]
    changed = rng.random((copied, WIDTH)) < 0.1
    changed[:, :16] = False
    signatures[-copied:][changed] += np.uint32(1)
    return signatures


@pytest.mark.slow
def test_a_hundred_thousand_articles_take_seconds() -> None:
    signatures = made(100_000, 5_000)
    began = time.process_time()
    found = kept(signatures, range(len(signatures)))
    assert time.process_time() - began < 20
    assert found[:95_000].tolist() == list(range(95_000))
    assert (found[95_000:] == np.arange(5_000)).mean() > 0.999


@pytest.mark.slow
def test_thousands_of_articles_of_one_frame_take_seconds_too() -> None:
    framed = made(20_001, 1)[:-1]
    framed[:, 16:60] = framed[0, 16:60]
    began = time.process_time()
    assert len(set(kept(framed, range(20_000)).tolist())) == 20_000
    alike = np.repeat(framed[:1], 50_000, axis=0)
    assert set(kept(alike, range(50_000)).tolist()) == {0}
    assert time.process_time() - began < 60
