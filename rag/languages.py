"""Which language a text is in, which ones a model knows, and which scripts write no blanks between words.

A language is its ISO 639-1 code, such as "en". Texts are judged by py3langid,
which comes with its own model (Lui & Baldwin, langid.py: an off-the-shelf
language identification tool, ACL 2012). Variants count as the language that
they are written towards, and small neighbours of large languages, which take a
share of the odds from them, are left out. So Bosnian and Serbian in Latin
letters are told as Croatian, which their texts hardly differ from.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier


def _words(table: str) -> frozenset[str]:
    return frozenset(table.split())


# ISO 639-1, ISO 639-2 and name of the languages that can be told or stated; a second code of ISO 639-2 after a slash.
_TABLE = """
af afr Afrikaans, am amh Amharic, ar ara Arabic, as asm Assamese, az aze Azerbaijani, be bel Belarusian,
bg bul Bulgarian, bn ben Bengali, bs bos Bosnian, ca cat Catalan, cs ces/cze Czech, cy cym/wel Welsh, da dan Danish,
de deu/ger German, el ell/gre Greek, en eng English, eo epo Esperanto, es spa Spanish, et est Estonian,
eu eus/baq Basque, fa fas/per Persian, fi fin Finnish, fo fao Faroese, fr fra/fre French, fy fry Frisian,
ga gle Irish, gd gla Gaelic, gl glg Galician, gu guj Gujarati, ha hau Hausa, he heb Hebrew, hi hin Hindi,
hr hrv Croatian, ht hat Haitian, hu hun Hungarian, hy hye/arm Armenian, id ind Indonesian, ig ibo Igbo,
is isl/ice Icelandic, it ita Italian, ja jpn Japanese, jv jav Javanese, ka kat/geo Georgian, kk kaz Kazakh,
km khm Khmer, kn kan Kannada, ko kor Korean, ku kur Kurdish, ky kir Kyrgyz, la lat Latin, lb ltz Luxembourgish,
lo lao Lao, lt lit Lithuanian, lv lav Latvian, mg mlg Malagasy, mk mkd/mac Macedonian, ml mal Malayalam,
mn mon Mongolian, mr mar Marathi, ms msa/may Malay, mt mlt Maltese, my mya/bur Burmese, ne nep Nepali,
nl nld/dut Dutch, no nor Norwegian, oc oci Occitan, or ori Odia, pa pan Punjabi, pl pol Polish, ps pus Pashto,
pt por Portuguese, ro ron/rum Romanian, ru rus Russian, rw kin Kinyarwanda, sd snd Sindhi, si sin Sinhala,
sk slk/slo Slovak, sl slv Slovenian, so som Somali, sq sqi/alb Albanian, sr srp Serbian, su sun Sundanese,
sv swe Swedish, sw swa Swahili, ta tam Tamil, te tel Telugu, tg tgk Tajik, th tha Thai, tk tuk Turkmen,
tl tgl Tagalog, tr tur Turkish, tt tat Tatar, ug uig Uyghur, uk ukr Ukrainian, ur urd Urdu, uz uzb Uzbek,
vi vie Vietnamese, xh xho Xhosa, yi yid Yiddish, yo yor Yoruba, zh zho/chi Chinese, zu zul Zulu
"""
# Stated or detected under another code or name; the detector's "zxx" is text that is in no language.
_ALSO = """
no nb nn nob nno norwegian_bokmål norwegian_nynorsk bokmål nynorsk, zh cmn wuu yue mandarin cantonese, he iw hbo,
id in, yi ji, ar arb ary arz, en pcm, es ext castilian, el grc, ku ckb kmr sdh, fa pes prs farsi dari, tl fil filipino,
ms zsm, sw swh, et ekk, lv lvs, sq als, mn khk, ne npi, or ory, az azj, uz uzn, ps pbt, mg plt, ro mo moldovan,
my myanmar, nl flemish, si sinhalese, gd scottish_gaelic, fy western_frisian, ht haitian_creole, ky kirghiz, ug uighur
"""
# What the detector is asked for: the languages that newspapers are written in, without close neighbours of these.
_TOLD = _words("""
    af am ar as az be bg bn ca cs cy da de el en es et eu fa fi fr ga gl gu ha he hi hr hu hy id ig is it ja ka kk km
    kn ko ku ky lo lt lv mg mk ml mn mr ms mt my ne nl no or pa pl ps pt ro ru rw si sk sl so sq sr sv sw ta te tg th
    tk tl tr tt ug uk ur uz vi xh yo zh zu zxx
""")
# Characters of a text that are looked at.
_SAMPLE = 4_000
# Share of the odds from which a language counts as told: of an article, and of a question, which is short.
_LIKELY = 0.5
_SURE = 0.6
# Words that hardly any other language has. A question that begins with one of the first, or has two of them all and a
# fifth of its words, is English: so most need no detector, which takes longer to load than an answer takes to find.
_ASKING = _words("what which who whose whom how when where why did does")
_ENGLISH = _ASKING | _words(
    "the and of with from that this these those their about would should could many much between were been"
)
_BEYOND_LATIN = "\u0250"
# A card that calls its model multilingual and names fewer languages than this names but some of them.
_FEWEST_OF_MANY = 10

_LETTERS = re.compile(r"[^\W\d_]+")
_FRONT_MATTER = re.compile(r"\A﻿?---[ \t]*\r?\n(.*?)^---[ \t]*\r?$", re.DOTALL | re.MULTILINE)

UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
"""Characters that are written without blanks between words (Thai, Lao, Burmese, Khmer, kana and Han), as ranges that
stand in the brackets of a regular expression."""


def language(text: str) -> str | None:
    """The language of an article's text, by its beginning; None where there are too few words to tell."""
    return _told(text[:_SAMPLE], _LIKELY)


def question_language(question: str) -> str | None:
    """The language of a question, or None where that is not sure.

    Names in it may be foreign: of questions and headlines in English fewer than
    one in 500 is taken for one in another language.
    """
    words = [word.casefold() for word in _LETTERS.findall(question)]
    english = sum(word in _ENGLISH for word in words)
    latin = all(letter < _BEYOND_LATIN for word in words for letter in word)
    if latin and (not _ASKING.isdisjoint(words[:1]) or english >= max(2, len(words) / 5)):
        return "en"
    return _told(question[:_SAMPLE], _SURE)


def code(tag: str | None) -> str | None:
    """The language that a tag or a name states: "en" for "en-GB", "EN", "eng" and "English"; None for any other."""
    if tag is None:
        return None
    stated = "_".join(tag.casefold().split())
    codes = _codes()
    return codes.get(stated) or codes.get(re.split(r"[-_]", stated)[0])


def name(language: str) -> str:
    """The English name of a language, for messages; its code where it has none here."""
    return _names().get(language, language)


def known_languages(folder: Path) -> frozenset[str] | None:
    """The languages that the model in this folder knows, as its card (``README.md``) states them.

    None where there is no card, where it names no language, and where it calls
    the model multilingual without naming its languages: then nothing is known.
    """
    try:
        card = (folder / "README.md").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return _stated(card)


def unknown_language(question: str, known: frozenset[str] | None) -> str | None:
    """The question's language, if it surely is none of those that the model knows; None in any other case."""
    if known is None:
        return None
    asked = question_language(question)
    return None if asked in known else asked


def _told(text: str, least: float) -> str | None:
    """The language with this share of the odds at least."""
    if not _LETTERS.search(text):
        return None
    odds: Counter[str] = Counter()
    # Half of a surrogate pair is no letter of any language.
    for label, share in _identifier().rank(text.encode(errors="replace").decode()):
        told = _codes().get(label, label)
        if told in _TOLD:
            odds[told] += share
    best, share = odds.most_common(1)[0]
    return best if best != "zxx" and share >= least * odds.total() else None


@cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


@cache
def _codes() -> MappingProxyType[str, str]:
    """Every code and name, folded, with the language that it stands for."""
    codes = {}
    for entry in _TABLE.split(","):
        two, three, name = entry.split()
        codes.update(dict.fromkeys((two, *three.split("/"), name.casefold()), two))
    for entry in _ALSO.split(","):
        two, *others = entry.split()
        codes.update(dict.fromkeys(others, two))
    return MappingProxyType(codes)


@cache
def _names() -> MappingProxyType[str, str]:
    return MappingProxyType({two: name for two, _, name in map(str.split, _TABLE.split(","))})


def _stated(card: str) -> frozenset[str] | None:
    """The languages in the metadata of a model's card."""
    import yaml

    front = _FRONT_MATTER.match(card)
    if front is None:
        return None
    try:
        # Only texts: YAML would take Norwegian's "no" for false.
        metadata = yaml.load(front[1], Loader=yaml.BaseLoader)  # noqa: S506  makes nothing but texts, lists and dicts
    except yaml.YAMLError:
        return None
    if not isinstance(metadata, dict):
        return None
    tags = [*_texts(metadata.get("language")), *_texts(metadata.get("language_bcp47"))]
    languages = frozenset(filter(None, map(code, tags)))
    many = any(tag.casefold() in {"multilingual", "mul"} for tag in tags)
    return None if not languages or (many and len(languages) < _FEWEST_OF_MANY) else languages


def _texts(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [each for each in values if isinstance(each, str)]
