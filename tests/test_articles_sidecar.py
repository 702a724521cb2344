"""What a person says of an article in a file beside it goes before what the article says."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date

import pytest

from rag import articles
from rag.articles import sidecar
from rag.errors import SidecarError
from rag.types import Article, Digest

TEXT = """---
title: The mill
author: Ada Reed
source: The Mill Post
published: 2020-02-03
url: https://mill.example/2020/02/03/mill
language: en
---
The mill stands still since the flood.
"""


def article(text: str = TEXT, path: str = "mill.txt") -> Article:
    [made] = articles.read(text.encode(), path)
    assert isinstance(made, Article)
    return made


def said(lines: str) -> sidecar.Sidecar:
    return sidecar.read(lines.encode(), "mill.txt.meta.yaml")


@pytest.mark.parametrize(
    ("lines", "field", "value"),
    [
        ("title: The dam", "title", "The dam"),
        ("author: By Jo Vale", "author", "Jo Vale"),
        ("authors: [Jo Vale, Kim Oak]", "author", "Jo Vale, Kim Oak"),
        ("Byline: Jo Vale", "author", "Jo Vale"),
        ("publisher: The Dam Post", "source", "The Dam Post"),
        ("date: May 4, 2021", "published", date(2021, 5, 4)),
        ("link: https://dam.example/1", "url", "https://dam.example/1"),
        ("language: pt_BR", "language", "pt-BR"),
        ("digest_of: {title: The flood}", "digest_of", Digest("The flood", None, None, None)),
    ],
)
def test_each_field_can_be_said(lines: str, field: str, value: object) -> None:
    made = said(lines).on(article())
    assert getattr(made, field) == value
    assert made.text == article().text
    assert made.id == article().id


@pytest.mark.parametrize("nothing", ["", " null", " ~", ' ""', " []", " # he wrote another one"])
def test_a_key_without_a_value_says_that_it_is_not_known(nothing: str) -> None:
    assert said(f"author:{nothing}").on(article()) == replace(article(), author=None)
    assert said(f"published:{nothing}").on(article()).published is None
    assert said(f"language:{nothing}").on(article()).language is None


def test_without_a_title_an_article_has_its_first_words() -> None:
    assert said("title:").on(article()).title == "The mill stands still since the flood"


def test_what_is_not_named_stays() -> None:
    assert said("author: Jo Vale\nnote: found in the attic").on(article()) == replace(article(), author="Jo Vale")


def test_an_address_gives_source_and_day_where_nothing_says_better() -> None:
    bare = article("The weir\n\nIt broke in the night.", "weir.txt")
    url = "https://www.dam.example/2021/05/04/dam"
    assert said(f"url: {url}").on(bare) == replace(bare, url=url, source="dam.example", published=date(2021, 5, 4))
    kept = said(f"url: {url}").on(article())
    assert (kept.source, kept.published) == ("The Mill Post", date(2020, 2, 3))
    nothing = said(f"url: {url}\nsource:\npublished:").on(bare)
    assert (nothing.source, nothing.published) == (None, None)


def test_a_source_that_was_made_of_the_address_goes_with_it() -> None:
    by_address = article("---\nurl: https://mirror.example/a\n---\nIt broke in the night.", "weir.txt")
    assert by_address.source == "mirror.example"
    assert said("url: https://dam.example/a").on(by_address).source == "dam.example"
    assert said("url:").on(by_address).url is None


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("published: soon", "published: 'soon' is not a date"),
        ("url: mill.example", "url: 'mill.example' is not a web address"),
        ("author: {first: Jo}", "author: its value is not a name"),
        ("language: English, I think", "language: 'English, I think' is not the code"),
        ("title: [one, two]", "title: its value is not a line of text"),
        ("author: Jo\n  Vale: x: y", "line 2: mapping values are not allowed"),
        ("- author", "not of the kind"),
        ("", "not of the kind"),
        ("autor: Jo Vale", "none of its keys is title"),
        ("[" * 5000, "nested too deeply"),
        ("author: Jo\n" + "#" * 100_000, "longer than 100,000 bytes"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(lines: str, problem: str) -> None:
    with pytest.raises(SidecarError) as raised:
        said(lines)
    assert raised.value.path == "mill.txt.meta.yaml"
    assert problem in raised.value.reason


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(SidecarError, match="it is not text"):
        sidecar.read(bytes(range(256)) * 20, "mill.txt.meta.yaml")


def test_aliases_within_aliases_take_no_time() -> None:
    levels = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 60)]
    began = time.perf_counter()
    assert said("\n".join([*levels, "author: Jo Vale"])).stated.author == "Jo Vale"
    assert time.perf_counter() - began < 5
