from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from rag import builder, spelling
from rag.encoder import Encoder
from rag.library import Library
from rag.settings import PACKAGED_MODEL
from rag.spelling import Spelling, is_same_name, is_slip, respelled
from rag.store import IndexFolder

ARTICLES = {
    "a.txt": (
        "Commander Yusef Tawerghi holds the northern bank of the river. The council of Ostrel, led by Amal al-Serafi, "
        "refuses to meet him. On Monday the government called both sides to the table."
    ),
    "b.txt": (
        "General Tawirghi has taken the northern bank, the radio reports. Mayor Amal Sarafi says that she will not "
        "leave the town. A convoy with flour and medicine reached the harbour at night."
    ),
}


@pytest.fixture(scope="module")
def divided(tmp_path_factory: pytest.TempPathFactory, with_model: Callable[[Path], Path]) -> Library:
    """Two articles that spell the same names in two ways."""
    folder = tmp_path_factory.mktemp("divided")
    corpus, index = folder / "corpus", IndexFolder(with_model(folder / "index"))
    corpus.mkdir()
    for name, text in ARTICLES.items():
        (corpus / name).write_text(text, encoding="utf-8")
    builder.build(corpus, index, model=PACKAGED_MODEL)
    return Library(index.path)


def found(question: str, library: Library, encoder: Encoder) -> list[tuple[str, str]]:
    def is_rare(word: str) -> bool:
        return encoder.counts([word])[0] > 1

    snapshot = library._opened.snapshot
    return [(each.asked, each.found) for each in spelling.spellings(question, snapshot, is_rare)]


@pytest.mark.parametrize(
    ("question", "others"),
    [
        ("Where does Tawerghi stand?", [("Tawerghi", "Tawirghi")]),
        ("Where does Tawirghi stand?", [("Tawirghi", "Tawerghi")]),
        ("Where do Tawirghi’s men stand?", [("Tawirghi’s", "Tawerghi")]),
        ("Where does Tawarghi stand?", [("Tawarghi", "Tawerghi"), ("Tawarghi", "Tawirghi")]),
        ("What does Sarafi refuse?", [("Sarafi", "al-Serafi")]),
        ("What does al-Serafi refuse?", [("al-Serafi", "Sarafi")]),
        ("What does the goverment want?", [("goverment", "government")]),
        ("Did the convoi arrive?", [("convoi", "convoy")]),
        ("Who holds the northern bank?", []),
        ("Did the harbor burn?", []),  # a word that the model knows
        ("Is there a xylophonist in the orchestra?", []),
        ("2019?", []),
        ("", []),
    ],
)
def test_names_and_slips_are_found_as_the_articles_spell_them(
    divided: Library, encoder: Encoder, question: str, others: list[tuple[str, str]]
) -> None:
    assert sorted(found(question, divided, encoder)) == others


def test_a_name_that_the_model_knows_is_not_made_rare_by_an_s(divided: Library) -> None:
    snapshot = divided._opened.snapshot
    question = "Where do Tawirghi's men stand?"
    assert spelling.spellings(question, snapshot, lambda word: not word.endswith("'s")) != ()
    assert spelling.spellings(question, snapshot, lambda word: word.endswith("'s")) == ()


def test_a_spelling_of_an_article_that_was_removed_is_none(
    tmp_path: Path, with_model: Callable[[Path], Path], encoder: Encoder
) -> None:
    corpus, index = tmp_path / "corpus", IndexFolder(with_model(tmp_path / "index"))
    corpus.mkdir()
    for name, text in ARTICLES.items():
        # With enough in the file, the segment is kept when the other article goes.
        (corpus / name).write_text(text, encoding="utf-8")
    for number in range(4):
        (corpus / f"{number}.txt").write_text(f"The {number}th ferry left the pier at noon.", encoding="utf-8")
    builder.build(corpus, index, model=PACKAGED_MODEL)
    (corpus / "b.txt").unlink()
    builder.build(corpus, index, model=PACKAGED_MODEL)
    library = Library(index.path)
    assert found("Where does Tawerghi stand?", library, encoder) == []
    assert found("Where does Tawirghi stand?", library, encoder) == [("Tawirghi", "Tawerghi")]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Tawerghi", "Tawirghi", True),
        ("Sarraj", "al-Seraj", True),
        ("el-Baradei", "Baradai", True),
        ("Paris", "Peru", False),
        ("Mueller", "Muller", True),
        ("Aoui", "Eaio", False),  # no consonants
        ("Harper", "Hopper", False),
        ("Clark", "Clarke", True),  # a letter that is not heard
        ("Polonia", "Plano", False),  # other syllables
        ("Kearney", "Kieren", False),  # hardly a letter in its place
    ],
)
def test_names_are_the_same_where_their_consonants_and_syllables_are(one: str, other: str, *, same: bool) -> None:
    assert is_same_name(one, other) is same


@pytest.mark.parametrize(
    ("asked", "meant", "slip"),
    [
        ("harbuor", "harbour", True),  # two letters changed places
        ("harbr", "harbour", False),
        ("goverment", "government", True),
        ("gvoernmnet", "government", True),  # long enough for two slips
        ("boat", "boot", False),  # too short to tell
    ],
)
def test_a_slip_is_a_letter_away_or_two_in_a_long_word(asked: str, meant: str, *, slip: bool) -> None:
    assert is_slip(asked, meant) is slip


def test_a_question_is_asked_in_its_own_spelling_first_and_in_every_other_one() -> None:
    others = [Spelling("Sarafi", "al-Serafi"), Spelling("Tawerghi", "Tawirghi"), Spelling("Tawerghi", "Tawarghi")]
    assert respelled("Did Sarafi meet Tawerghi?", others) == (
        "Did Sarafi meet Tawerghi?",
        "Did Sarafi meet Tawirghi?",
        "Did Sarafi meet Tawarghi?",
        "Did al-Serafi meet Tawerghi?",
    )


@given(st.text(max_size=60))
def test_without_other_spellings_a_question_is_asked_as_it_is(question: str) -> None:
    assert respelled(question, ()) == (question,)


WORDS_LIKE = st.text("aaeiourrllsstt", min_size=5, max_size=10)


@given(term=WORDS_LIKE, vocabulary=st.dictionaries(WORDS_LIKE, st.integers(1, 3), max_size=30), slips=st.booleans())
def test_words_near_a_term_are_those_that_a_plain_comparison_finds(
    *, term: str, vocabulary: dict[str, int], slips: bool
) -> None:
    expected = []
    for other, passages in vocabulary.items():
        apart = OSA.distance(term, other)
        if other != term and ((slips and apart <= spelling.MOST_WRONG) or spelling.has_same_consonants(term, other)):
            expected.append((min(apart, spelling.MOST_WRONG + 1), -passages, other))
    letter = spelling._letter(vocabulary.items())
    assert spelling._near(term, letter, slips=slips) == [other for _, _, other in sorted(expected)]
