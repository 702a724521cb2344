from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag import lexical
from rag.arrays import Floats
from rag.lexical import FullText, FullTextWriter, bm25, term_id, terms, words

# Each with the number of its article.
PASSAGES = (
    (0, "The crane driver watched the cranes leave the harbour."),
    (0, "A second crane followed with the tide."),
    (1, "The flood barrier stayed open. Flood, flood and again flood."),
    (1, "No gates closed; the harbour was under water."),
    (2, "Schools gave every pupil a free lunch."),
    (3, "crane"),
    (3, "The and of."),
)
WORDS = ("crane", "flood", "harbour", "tide", "lunch", "glacier")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> FullText:
    folder = tmp_path_factory.mktemp("lexical") / "fulltext"
    writer = FullTextWriter(folder)
    for passage, (article, text) in enumerate(PASSAGES):
        writer.add(passage, article, text)
    writer.close()
    return FullText(folder)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Cranes are LEAVING the harbour's quay.", ["crane", "leav", "harbour", "s", "quay"]),
        ("and of the", []),
        ("", []),
        ("crane, crane; CRANE", ["crane", "crane", "crane"]),
        ("9.4 million in 2019", ["9", "4", "million", "2019"]),
        ("Ĺódź İstanbul", ["ĺódź", "i̇stanbul"]),
    ],
)
def test_terms_are_stems_in_lower_case_without_stop_words(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


# Each language with words of one stem, another word, and a word that says nothing or None.
STEMS = {
    "da": (["fiskeren", "fiskerne"], "havnen", "ikke"),
    "de": (["Häuser", "Hauses", "HÄUSERN"], "Hafen", "nicht"),
    "el": (["ψαράδες", "ψαράδων"], "λιμάνι", None),
    "es": (["pescador", "pescadores"], "puerto", "cuando"),
    "fi": (["talossa", "talosta"], "satama", "mutta"),
    "fr": (["pêcheur", "pêcheurs"], "port", "avec"),
    "hu": (["hajók", "hajóban"], "kikötő", "hogy"),
    "it": (["pescatore", "pescatori"], "porto", "della"),
    "nl": (["vissers", "visser"], "haven", "niet"),
    "no": (["fisken", "fiskene"], "havnen", "ikke"),
    "pt": (["pescador", "pescadores"], "porto", "quando"),
    "ro": (["pescarul", "pescarului"], "portul", None),
    "ru": (["рыбаки", "рыбаков", "рыбакам"], "порт", "когда"),
    "sv": (["fiskaren", "fiskarna"], "hamnen", "inte"),
    "ar": (["الصيادون", "صيادون"], "ميناء", None),
    "ta": (["மீனவர்கள்", "மீனவர்களை"], "துறைமுகம்", None),
    # By their first letters.
    "tr": (["balıkçılar", "balıkçıların"], "iskele", None),
    "pl": (["rybacy", "rybacy"], "portowy", None),
    "cs": (["přístavu", "přístavem", "přístavy"], "rybáři", None),
    "uk": (["рибалки", "рибалкам"], "порт", None),
    "hi": (["मछुआरों", "मछुआरों"], "बंदरगाह", None),
    "he": (["דייגים", "דייגים"], "נמל", None),
}


@pytest.mark.parametrize("language", STEMS)
def test_words_are_stemmed_as_their_language_inflects_them(language: str) -> None:
    inflected, other, stop_word = STEMS[language]
    assert len({tuple(terms(word, language)) for word in inflected}) == 1
    assert len(terms(other, language)) == 1
    assert terms(other, language) != terms(inflected[0], language)
    assert stop_word is None or terms(stop_word, language) == []


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("重建码头", "zh", ["*:重建", "*:建码", "*:码头"]),
        ("在2019年iPhones发布。", "zh", ["*:在", "*:2019", "*:年", "*:iphone", "*:发布"]),
        ("港の桟橋。", "ja", ["*:港の", "*:の桟", "*:桟橋"]),
        ("부두를 다시", "ko", ["*:부두", "*:두를", "*:다시"]),
        ("ท่าเรือ 1912", "th", ["*:ท่า", "*:่าเ", "*:าเร", "*:เรื", "*:รือ", "*:1912"]),
        ("१२ मछुआरे", "hi", ["*:१२", "*:मछुआरे"]),
        ("İstanbul'da", "tr", ["*:istanb", "*:da"]),
        ("Straßen", "de", ["de:strass"]),
        ("e\u0301te\u0301 L’ÉTÉ", "fr", ["fr:été", "fr:été"]),
        ("ﬁsh", "cy", ["*:fish"]),
    ],
)
def test_terms_of_other_scripts(text: str, language: str, expected: list[str]) -> None:
    assert terms(text, language) == expected


def test_text_in_no_known_language_is_taken_for_english() -> None:
    assert terms("The cranes", None) == terms("The cranes", "en") == terms("The cranes") == ["crane"]


@settings(deadline=None)
@given(
    st.text(st.characters() | st.characters(categories=["Cs"])),
    st.sampled_from([None, "en", "de", "ru", "zh", "th", "xx"]),
)
def test_any_text_has_terms(text: str, language: str | None) -> None:
    assert all(term and not any(mark.isspace() for mark in term) for term in terms(text, language))


SOME_LANGUAGES = st.lists(st.sampled_from([None, "en", "de", "ru", "zh", "pl"]), min_size=1)


@settings(deadline=None)
@given(st.text(), st.sampled_from([None, "en", "de", "ru", "zh"]), st.none() | st.sampled_from(["en", "de", "zh"]))
def test_where_all_passages_are_in_one_language_the_words_of_a_question_are_its_terms_there(
    text: str, language: str | None, own: str | None
) -> None:
    assert words(text, [language], own) == tuple((term,) for term in sorted(set(terms(text, language))))


@settings(deadline=None)
@given(
    st.text() | st.lists(st.sampled_from(["the", "die", "Häuser", "house", "码头", "1912"])).map(" ".join),
    SOME_LANGUAGES,
)
def test_each_term_stands_for_one_word_and_is_found_in_a_passage_of_the_same_words(
    text: str, languages: list[str | None]
) -> None:
    found = words(text, languages)
    every = [term for group in found for term in group]
    assert len(every) == len(set(every))
    assert set(every) <= {term for language in languages for term in terms(text, language)}


def test_a_name_is_one_word_in_all_languages() -> None:
    assert words("Siemens", ["en", "de", "pl"]) == (("*:siemen", "de:siem", "siemen"),)
    assert words("Wo liegt 码头?", ["de", "zh"], "de") == (("*:liegt", "de:liegt"), ("*:码头", "de:码头"))


def test_stop_words_are_those_of_the_questions_own_language() -> None:
    both = ["en", "de"]
    assert words("When did the war end", both, "en") == (
        ("de:did", "did"),
        ("de:end", "end"),
        ("de:when", "when"),
        ("war",),
    )
    assert words("Wann war die Flut", both, "de") == (("de:flut", "flut"), ("de:wann", "wann"))
    # Where that is not known, no word is left out that a passage may hold.
    assert ("war",) in words("war", both)
    assert ("de:the",) in words("the", both)


def test_a_word_in_capitals_is_the_same_word() -> None:
    assert words("İSTANBUL", ["tr", "en"], "tr")[0][0] == terms("İstanbul", "tr")[0]


def test_words_of_one_stem_are_one_word() -> None:
    assert words("ship ships Ship", ["en", "de"]) == (("de:ship", "de:ships", "ship"),)
    assert words("ship ships", ["en", "zh"]) == (("*:ship", "*:ships", "ship"),)


def test_a_term_has_the_same_number_in_every_index() -> None:
    assert (term_id("crane"), term_id("łódź")) == (1446371454, 597996443)


@pytest.mark.parametrize("word", WORDS)
def test_frequency_counts_the_passages_that_hold_a_term(written: FullText, word: str) -> None:
    [term] = terms(word)
    assert written.frequency(term) == sum(term in terms(text) for _, text in PASSAGES)


def expected_matches(question: Sequence[str], allowed: Sequence[bool] | None) -> set[int]:
    return {
        passage
        for passage, (article, text) in enumerate(PASSAGES)
        if set(question) & set(terms(text)) and (allowed is None or allowed[article])
    }


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(WORDS)),
    st.none() | st.lists(st.booleans(), min_size=4, max_size=4),
)
def test_matches_are_the_passages_of_the_allowed_articles_that_hold_a_term(
    written: FullText, words: list[str], allowed: list[bool] | None
) -> None:
    question = terms(" ".join(words))
    found = written.matches(question, 10, None if allowed is None else np.array(allowed))
    assert set(found.tolist()) == expected_matches(question, allowed)
    assert len(found) == len(set(found.tolist()))


def test_the_best_matches_come_first_and_no_more_than_asked_for(written: FullText) -> None:
    assert written.matches(["flood", "crane"], 1).tolist() == [2]
    assert written.matches(["crane"], 2, np.array([True, True, True, False])).tolist() == [0, 1]


def test_a_question_may_hold_what_the_engine_has_a_syntax_for(written: FullText) -> None:
    question = terms('text:crane AND NOT "harbour" (flood^2 OR *) [a TO b] -tide +lunch ~')
    assert set(written.matches(question, 10).tolist()) == expected_matches(question, None)


def test_a_full_text_can_be_opened_while_another_has_it_open(tmp_path: Path) -> None:
    writer = FullTextWriter(tmp_path / "fulltext")
    writer.add(0, 0, "A crane.")
    writer.close()
    one, other = FullText(tmp_path / "fulltext"), FullText(tmp_path / "fulltext")
    assert one.matches(["crane"], 5).tolist() == other.matches(["crane"], 5).tolist() == [0]


def test_passages_are_found_by_the_terms_of_their_language(tmp_path: Path) -> None:
    writer = FullTextWriter(tmp_path / "fulltext")
    passages = [
        ("The war ended.", "en"),
        ("Das Haus war alt.", "de"),
        ("重建码头要花钱。", "zh"),
        ("Old war news.", None),
    ]
    for number, (text, language) in enumerate(passages):
        writer.add(number, number, text, language)
    writer.close()
    full = FullText(tmp_path / "fulltext")

    def found(question: str, own: str) -> list[int]:
        every = [term for group in words(question, [language for _, language in passages], own) for term in group]
        return sorted(full.matches(every, 10).tolist())

    assert found("the war", "en") == [0, 3]
    assert found("die Häuser", "de") == [1]
    assert found("码头在哪里", "zh") == [2]
    assert [full.frequency(term) for term in ("war", "de:haus", "*:码头", "de:war")] == [2, 1, 1, 0]


def textbook(question: Sequence[str], passage: Sequence[str], passages: Sequence[Sequence[str]]) -> float:
    """Okapi BM25 as Robertson and Zaragoza give it, over the most that it can approach."""
    average = sum(len(each) for each in passages) / len(passages)
    total = most = 0.0
    for term in sorted(set(question)):
        holding = sum(term in each for each in passages)
        rarity = math.log(1 + (len(passages) - holding + 0.5) / (holding + 0.5))
        count = passage.count(term)
        norm = 1 - lexical.B + lexical.B * len(passage) / average
        total += rarity * count * (lexical.K1 + 1) / (count + lexical.K1 * norm)
        most += rarity * (lexical.K1 + 1)
    return total / most if most else 0.0


@given(
    st.lists(st.sampled_from(WORDS), max_size=4),
    st.lists(st.lists(st.sampled_from(WORDS), max_size=7), min_size=1, max_size=6).filter(any),
    st.data(),
)
def test_bm25_is_that_of_the_textbook(question: list[str], passages: list[list[str]], data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(range(len(passages)))))
    wanted = sorted(set(question))
    scores = bm25(
        question=[np.array([term_id(term)], np.uint32) for term in wanted],
        frequencies=np.array([sum(term in each for each in passages) for term in wanted], np.int64),
        passages=len(passages),
        average=sum(map(len, passages)) / len(passages),
        held=np.array([term_id(term) for number in chosen for term in passages[number]], np.uint32),
        begins=np.cumsum([0, *(len(passages[number]) for number in chosen)]),
    )
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, [textbook(question, passages[each], passages) for each in chosen], atol=1e-6)
    assert ((scores >= 0) & (scores <= 1)).all()


def test_terms_that_stand_for_one_word_count_as_one_in_bm25() -> None:
    passages = [["haus", "boot", "boot"], ["house", "tide"], ["tide", "house", "haus"]]
    merged = [["house" if term == "haus" else term for term in passage] for passage in passages]

    def scores(question: list[list[str]], held: list[list[str]]) -> Floats:
        ids = [np.array([term_id(term) for term in word], np.uint32) for word in question]
        return bm25(
            question=ids,
            frequencies=np.array([sum(not set(word).isdisjoint(each) for each in held) for word in question], np.int64),
            passages=3,
            average=8 / 3,
            held=np.array([term_id(term) for each in held for term in each], np.uint32),
            begins=np.array([0, 3, 5, 8]),
        )

    several = scores([["haus", "house"], ["tide"]], passages)
    assert several.tolist() == scores([["house"], ["tide"]], merged).tolist()
    assert (several > 0).all()
