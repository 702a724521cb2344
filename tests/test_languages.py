from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.encoder import packaged_model
from rag.languages import code, known_languages, language, name, question_language, unknown_language

ARTICLES = {
    "en": "The council voted on Tuesday to rebuild the old fish pier, which lost most of its oak posts in the storm.",
    "de": "Der Rat beschloss am Dienstag, den alten Fischpier neu zu bauen, der im Sturm die meisten Pfähle verlor.",
    "fr": "Le conseil a décidé mardi de reconstruire le vieux quai aux poissons, qui a perdu presque tous ses pieux.",
    "es": "El concejo decidió el martes reconstruir el viejo muelle de pesca, que perdió casi todos sus pilotes.",
    "pt": "A câmara decidiu na terça-feira reconstruir o velho cais de pesca, que perdeu quase todas as suas estacas.",
    "it": "Il consiglio ha deciso martedì di ricostruire il vecchio molo dei pescatori, che ha perso quasi tutto.",
    "nl": "De raad besloot dinsdag om de oude vissteiger te herbouwen, die in de storm de meeste palen verloor.",
    "sv": "Rådet beslutade på tisdagen att bygga om den gamla fiskbryggan, som förlorade de flesta pålarna i stormen.",
    "pl": "Rada zdecydowała we wtorek o odbudowie starego pomostu rybackiego, który stracił w burzy większość pali.",
    "ru": "Во вторник совет решил восстановить старый рыбный причал, который потерял в шторм почти все дубовые сваи.",
    "uk": "У вівторок рада вирішила відбудувати старий рибний причал, який під час шторму втратив майже всі палі.",
    "el": "Το συμβούλιο αποφάσισε την Τρίτη να ξαναχτίσει την παλιά ψαρόσκαλα, που έχασε τους πασσάλους στη θύελλα.",
    "tr": "Meclis salı günü fırtınada direklerinin çoğunu kaybeden eski iskeleyi yeniden yapmaya karar verdi.",
    "ar": "قرر المجلس يوم الثلاثاء إعادة بناء رصيف الصيد القديم الذي فقد معظم أعمدته في العاصفة.",
    "fa": "شورا روز سه‌شنبه تصمیم گرفت اسکله قدیمی ماهیگیری را که در توفان بیشتر ستون‌هایش را از دست داد بازسازی کند.",
    "he": "המועצה החליטה ביום שלישי לבנות מחדש את רציף הדייגים הישן, שאיבד בסערה את רוב עמודיו.",
    "hi": "परिषद ने मंगलवार को पुराने मछली घाट को फिर से बनाने का फैसला किया, जिसके अधिकांश खंभे तूफान में गिर गए थे।",
    "th": "สภาเมืองมีมติเมื่อวันอังคารให้สร้างท่าเรือประมงเก่าขึ้นใหม่ หลังจากเสาไม้ส่วนใหญ่พังลงในพายุ",
    "zh": "镇议会周二投票决定重建旧渔港码头，去年的风暴毁坏了大部分橡木桩。",
    "ja": "町議会は火曜日、嵐でほとんどの杭を失った古い漁港の桟橋を建て直すことを決めた。",
    "ko": "의회는 화요일에 폭풍으로 말뚝 대부분을 잃은 낡은 어항 부두를 다시 짓기로 결정했다.",
}
QUESTIONS = {
    "en": ["Who pays for the pier?", "how many posts did the storm take", "Is the market of Łódź open on Sundays?"],
    "de": ["Wie viel kostet der Neubau des Piers?", "Wer hat den Bau beschlossen?"],
    "fr": ["Combien coûte la reconstruction du quai ?", "Qui a décidé de la reconstruire ?"],
    "es": ["¿Cuánto cuesta reconstruir el muelle?", "¿Quién votó en contra de la obra?"],
    "ru": ["Сколько стоит восстановление причала?"],
    "ar": ["كم تكلفة إعادة بناء الرصيف؟"],
    "hi": ["घाट को फिर से बनाने में कितना खर्च आएगा?"],
    "th": ["การสร้างท่าเรือใหม่ใช้เงินเท่าไร"],
    "zh": ["重建码头要花多少钱？"],
    "ja": ["桟橋の再建にはいくらかかりますか？"],
    "ko": ["부두를 다시 짓는 데 얼마가 드나요?"],
}
# English with foreign names, and queries too short to tell.
NAMES = [
    "Who are Angela Merkel, Nicolás Maduro and Recep Tayyip Erdoğan?",
    "What did Süddeutsche Zeitung write about Le Pen in Aix-en-Provence?",
    "where did Gabriel García Márquez grow up",
    "Why was São Paulo's Avenida Paulista closed to cars?",
    "pier",
    "Ostmark 1912",
    "Marta Quist",
    "?",
    "",
]


@pytest.mark.parametrize("expected", ARTICLES)
def test_the_language_of_an_article_is_told(expected: str) -> None:
    assert language(ARTICLES[expected]) == expected


@pytest.mark.parametrize("text", ["", "   ", "1912 – 2020: 3.5", "* * *", "\ud800"])
def test_text_without_words_is_in_no_language(text: str) -> None:
    assert language(text) is None


def test_an_article_that_quotes_another_language_keeps_its_own() -> None:
    assert language(ARTICLES["en"] + " “Der Pier bleibt,” said Emil Stroud. " + ARTICLES["en"]) == "en"


@pytest.mark.parametrize(
    ("question", "expected"), [(question, own) for own, questions in QUESTIONS.items() for question in questions]
)
def test_the_language_of_a_question_is_told(question: str, expected: str) -> None:
    assert question_language(question) == expected


@pytest.mark.parametrize("question", NAMES)
def test_names_make_no_question_foreign(question: str) -> None:
    assert question_language(question) in ("en", None)


@settings(deadline=None)
@given(st.text(st.characters() | st.characters(categories=["Cs"])))
def test_any_text_can_be_asked_about(text: str) -> None:
    for told in (language(text), question_language(text)):
        assert told is None or told == code(told)


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("en", "en"), ("EN", "en"), ("en-GB", "en"), ("en_US.UTF-8", "en"), ("eng", "en"), ("English", "en"),
        (" english ", "en"), ("pt-BR", "pt"), ("zh-Hant-TW", "zh"), ("chi", "zh"), ("zho", "zh"), ("Mandarin", "zh"),
        ("yue", "zh"), ("nb", "no"), ("Norwegian Bokmål", "no"), ("iw", "he"), ("ger", "de"), ("deu", "de"),
        ("Scottish Gaelic", "gd"), ("French (Canada)", "fr"), ("fil", "tl"), ("sr-Latn", "sr"),
        (None, None), ("", None), ("-", None), ("und", None), ("mul", None), ("multilingual", None), ("xx", None),
        ("enough", None), ("none", None),
    ],
)  # fmt: skip
def test_a_stated_language_becomes_its_code(tag: str | None, expected: str | None) -> None:
    assert code(tag) == expected


@given(st.text())
def test_any_tag_may_be_stated(tag: str) -> None:
    assert code(tag) is None or len(code(tag) or "") == 2


def test_a_language_has_its_name() -> None:
    assert [name(each) for each in ("de", "zh", "no", "xx")] == ["German", "Chinese", "Norwegian", "xx"]


def card(folder: Path, front: str) -> Path:
    (folder / "README.md").write_text(f"---\n{front}---\n\n# A model\n", encoding="utf-8")
    return folder


MANY = "ar bg ca cs da de el en es et fa fi fr gl he hi hr hu id it ja ko lt lv nb nl pl pt ro ru sv th tr uk vi"


@pytest.mark.parametrize(
    ("front", "expected"),
    [
        ("language: en\nlicense: apache-2.0\n", {"en"}),
        ("language:\n- de\n- en\n", {"de", "en"}),
        ("language: [no, da, sv]\n", {"no", "da", "sv"}),
        ("language:\n- fr\nlanguage_bcp47:\n- pt-br\n- zh-tw\n", {"fr", "pt", "zh"}),
        (
            "language:\n- multilingual\n" + "".join(f"- {each}\n" for each in MANY.split()),
            {*MANY.split(), "no"} - {"nb"},
        ),
        ("language: multilingual\n", None),
        ("language:\n- multilingual\n- en\n", None),
        ("language:\n- code\n", None),
        ("license: mit\n", None),
        ("language: [en\n", None),
        ("- en\n", None),
        ("", None),
    ],
)
def test_a_model_knows_the_languages_that_its_card_names(tmp_path: Path, front: str, expected: set[str] | None) -> None:
    assert known_languages(card(tmp_path, front)) == expected


def test_nothing_is_known_of_a_model_without_a_card(tmp_path: Path) -> None:
    assert known_languages(tmp_path) is None
    (tmp_path / "README.md").write_bytes(b"# A model\n\n\xff no front matter\n")
    assert known_languages(tmp_path) is None


def test_the_packaged_model_knows_english() -> None:
    assert known_languages(packaged_model()) == frozenset({"en"})


def test_a_question_in_a_language_that_the_model_does_not_know_is_told() -> None:
    english, many = frozenset({"en"}), frozenset(MANY.split())
    assert unknown_language("Wie viel kostet der Neubau des Piers?", english) == "de"
    assert unknown_language("Wie viel kostet der Neubau des Piers?", many) is None
    assert unknown_language("重建码头要花多少钱？", many) == "zh"
    assert unknown_language("Wie viel kostet der Neubau des Piers?", None) is None
    assert unknown_language("Who pays for the pier?", english) is None
    assert unknown_language("Marta Quist", english) is None


def test_an_english_question_needs_no_detector() -> None:
    script = (
        "import sys; from rag.languages import question_language; "
        "assert question_language('Who pays for the pier?') == 'en'; print('py3langid' in sys.modules, end=' '); "
        "question_language('Wer zahlt?'); print('py3langid' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.split() == ["False", "True"]
