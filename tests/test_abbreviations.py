from __future__ import annotations

import pytest

from rag.abbreviations import _OWN, abbreviations

ENGLISH = abbreviations(None)


def test_english_is_what_is_known_of_any_text() -> None:
    assert abbreviations("en") == abbreviations("xx") == ENGLISH
    assert "Mr" in ENGLISH.before_names
    assert "bzw" not in ENGLISH.before_names
    assert not ENGLISH.ordinals


@pytest.mark.parametrize("language", _OWN)
def test_each_language_adds_its_own_to_those_of_english(language: str) -> None:
    own = abbreviations(language)
    kinds = ("before_names", "before_numbers", "others", "openers")
    assert all(getattr(ENGLISH, kind) <= getattr(own, kind) for kind in kinds)
    assert own != ENGLISH


@pytest.mark.parametrize("language", _OWN)
def test_an_abbreviation_is_written_without_its_last_stop(language: str) -> None:
    own = abbreviations(language)
    every = own.before_names | own.before_numbers | own.others | own.openers
    assert not [word for word in every if word.endswith(".") or not word[0].isalpha()]


@pytest.mark.parametrize("language", _OWN)
def test_what_begins_a_sentence_begins_with_a_capital(language: str) -> None:
    assert not [word for word in abbreviations(language).openers if not word[0].isupper()]


def test_close_languages_share_their_abbreviations() -> None:
    assert abbreviations("sk") == abbreviations("cs")
    assert abbreviations("ms") == abbreviations("id")
