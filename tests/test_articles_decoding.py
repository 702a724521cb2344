"""Text is read in whatever encoding it was saved, and what is no text is said to be none."""

import codecs
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.articles import read
from rag.errors import UndecodableError
from rag.types import Article

ENGLISH = (
    "“The ferry won’t sail,” the harbour master said – not today, and not tomorrow either. "
    "A ticket costs £12 or €14, and the café is shut. Passengers were told to wait for the wind to drop."
)
SPANISH = "El barco no saldrá mañana, declaró el capitán del puerto; los niños españoles esperan en la estación."
FRENCH = "Le capitaine a déclaré que la traversée était annulée jusqu’à l’été, malgré les réservations."
GERMAN = "Der Kapitän erklärte, die Überfahrt müsse wegen der Stürme größtenteils gestrichen werden."
POLISH = "Kapitan ogłosił, że prom nie wypłynie jutro, a podróżni będą czekać na następną środę."
RUSSIAN = "Капитан заявил, что паром не выйдет в море до среды, несмотря на просьбы пассажиров и властей."
UKRAINIAN = "Капітан заявив, що пором не вийде в море до середи, незважаючи на прохання пасажирів."
GREEK = "Ο καπετάνιος δήλωσε ότι το πλοίο δεν θα αναχωρήσει αύριο λόγω των ισχυρών ανέμων."
HEBREW = "רב החובל אמר כי המעבורת לא תצא מחר למרות בקשות הנוסעים והרשויות המקומיות."
ARABIC = "قال القبطان إن العبارة لن تبحر غدا رغم طلبات الركاب والسلطات المحلية في المدينة."
CHINESE = "船长表示，由于风大，渡轮明天不会出海，尽管乘客和当地政府提出了要求。"
JAPANESE = "船長は、強風のためフェリーは明日出航しないと述べた。乗客は港で待っている。"
KOREAN = "선장은 강풍 때문에 내일 여객선이 출항하지 않을 것이라고 밝혔다. 승객들은 기다리고 있다."


def text_of(data: bytes) -> str:
    (article,) = read(data, "a.txt")
    assert isinstance(article, Article)
    return article.text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *((ENGLISH, encoding) for encoding in ("utf-8", "utf-8-sig", "cp1252", "utf-16-le", "utf-16-be")),
        *((RUSSIAN, encoding) for encoding in ("utf-8-sig", "utf-16", "utf-16-be", "utf-32", "cp1251", "koi8-r")),
        (SPANISH, "cp1252"), (SPANISH, "latin-1"), (FRENCH, "cp1252"), (GERMAN, "iso8859-15"),
        (POLISH, "cp1250"), (POLISH, "iso8859-2"), (UKRAINIAN, "cp1251"), (UKRAINIAN, "koi8-u"),
        (GREEK, "cp1253"), (HEBREW, "cp1255"), (ARABIC, "cp1256"),
        (CHINESE, "gb18030"), (CHINESE, "utf-16"), (JAPANESE, "shift_jis"), (JAPANESE, "euc_jp"), (KOREAN, "euc_kr"),
    ],
)  # fmt: skip
def test_text_is_read_in_the_usual_encodings(text: str, encoding: str) -> None:
    assert text_of(f"{text}\n\n{text}".encode(encoding)) == f"{text}\n\n{text}"


@pytest.mark.parametrize(
    ("line", "encoding", "between"),
    [(ENGLISH, "cp1252", "\n"), (RUSSIAN, "koi8-r", " "), (POLISH, "cp1250", "\n\n"), (CHINESE, "gb18030", "")],
)
def test_long_texts_are_told_by_some_of_their_lines(line: str, encoding: str, between: str) -> None:
    text = between.join(["The first two thousand lines are plain.", *(f"{line}{number}" for number in range(30_000))])
    assert text_of(text.encode(encoding)) == text


def test_typographic_quotes_alone_are_enough_to_tell_windows_text() -> None:
    assert text_of("It’s over, he said.".encode("cp1252")) == "It’s over, he said."


@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "Zs"]), min_size=1), st.sampled_from(["16", "32"]))
def test_a_byte_order_mark_decides(text: str, width: str) -> None:
    line = f"The text is {text}."
    assert text_of(line.encode(f"utf-{width}")) == line
    assert text_of(codecs.BOM_UTF8 + line.encode()) == line


def test_line_ends_of_all_systems_are_one() -> None:
    assert text_of(b"One.\r\nTwo.\rThree.\n\r\nFour.") == "One.\nTwo.\nThree.\n\nFour."


def test_a_few_broken_bytes_do_not_turn_utf8_into_something_else() -> None:
    data = f"{RUSSIAN} {RUSSIAN}".encode()
    assert text_of(data[:-1]).startswith(RUSSIAN)
    assert text_of(data[:40] + b"\xff" + data[40:]).endswith(RUSSIAN)


def test_stray_nuls_go() -> None:
    assert text_of(f"{ENGLISH}\0\n\0{ENGLISH}".encode()) == f"{ENGLISH}\n{ENGLISH}"


def test_long_binary_data_is_no_text_either() -> None:
    with pytest.raises(UndecodableError):
        text_of(random.Random(1).randbytes(4_000_000))  # noqa: S311  no secret


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0\0\0\x01\0\x08\x06\0\0\0\\r\xa8f" * 20,
        b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\0>\0\x01\0\0\0" * 40,
        zlib.compress(ENGLISH.encode() * 5),
        bytes(range(256)) * 8,
        bytes(5000),
        bytes(range(1, 9)) * 50,
    ],
    ids=["png", "elf", "compressed", "all bytes", "nuls", "control characters"],
)
def test_binary_data_is_no_text(data: bytes) -> None:
    with pytest.raises(UndecodableError, match="save it as UTF-8"):
        tuple(read(data, "picture.txt"))
