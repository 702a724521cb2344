"""Of links and emphasis only the words stay; all else in a line stays as it is."""

import pytest

from rag.articles import read
from rag.types import Article


def text_of(text: str, path: str = "a.txt") -> str:
    (article,) = read(f"{FIRST}\n\n{text}".encode(), path)
    assert isinstance(article, Article)
    assert article.text.startswith(FIRST)
    return article.text.removeprefix(FIRST).removeprefix("\n").removeprefix("\n")


FIRST = "The pier was closed on Sunday."


@pytest.mark.parametrize("path", ["a.txt", "a.md"])
@pytest.mark.parametrize(
    ("marked", "words"),
    [
        ("It was [repeatedly](#) shut.", "It was repeatedly shut."),
        ("It was [shut](https://example.org/a_(b)_c?d=*e* 'Why').", "It was shut."),
        ("The [**old** pier](javascript:void(0)) fell.", "The old pier fell."),
        ("See [the\nreport](#) now.", "See the\nreport now."),
        ("Ask [the mayor][1] or [him][m].\n\n[1]: https://example.org/mayor\n[M]: /him 'Him'", "Ask the mayor or him."),
        ("A **bold** and *slanted* and ***both*** word.", "A bold and slanted and both word."),
        ("A __bold__ and _slanted_ word.", "A bold and slanted word."),
        ("**Note:** the tide.", "Note: the tide."),
        ("“**Never**,” she said.", "“Never,” she said."),
        ("Run `make all` and ``make test``.", "Run make all and make test."),
        ("Write to <https://example.org/%41?x=1_2_3> or <a@example.org>.",
         "Write to https://example.org/%41?x=1_2_3 or a@example.org."),
        ("Left ![a *gull*](gull.jpg) right", "Left  right"),
        ("[![gull](gull.jpg)](#)The gull", "The gull"),
        ("Seen <!-- by\n\nwhom? -->at sea.", "Seen at sea."),
        ("> He left.\n>\n>> She stayed.", "He left.\n\nShe stayed."),
        ("## The storm ##\nIt rained.", "The storm\n\nIt rained."),
        ("### **C#** and *F#*", "C# and F#"),
        ("Above\n\n* * *\n\nbelow\n\n-----\n\nagain", "Above\n\nbelow\n\nagain"),
        ("Heads\n=====\n\nTails", "Heads\n\nTails"),
        ("```python\nf(*args, **kw)\n```", "f(*args, **kw)"),
        ("这是**重要**的消息", "这是重要的消息"),
        (r"A \*starred\* and \_underlined\_ \[word\]", "A *starred* and _underlined_ [word]"),
    ],
)  # fmt: skip
def test_of_markup_only_the_words_stay(marked: str, words: str, path: str) -> None:
    assert text_of(marked, path) == words


@pytest.mark.parametrize("path", ["a.txt", "a.md"])
@pytest.mark.parametrize(
    "text",
    [
        "Three times four is 3 * 4, and 2*3*4 is 24, and 2**3**2 is 512.",
        "The file snake_case_name.py and the word un_finished_ stay.",
        "Prices* rose, wages*, too.",
        "* Adjusted for inflation.",
        "He said [sic] that [the president] would go [1] and [citation needed].",
        "They called him a b*stard, a f**king s**t and worse.",
        "``So be it,'' he said. ``We go.''",
        "He said `go' and then `stop'.",
        "It fell by >50% and #winning was the tag; 5 < 6 > 4.",
        '<b>Bold</b>, <br/> and <script src="x">alert("1")</script> are text.',
        'It\'s "so" – ‘so’ — “so”… café, naïve, 5 000 €, ½, №7, ²',
        "C:\\Users\\me and \\\\server\\share",
        "A & B, AT&T, R&D; Q&A",
        "____ is a ____ to fill in",
        "  • One thing\n  • Another thing\n– What then?\n1. First\n- [ ] to do\n+ more",
        "a | b | c\n1 | 2 | 3",
        "two  spaces\tand a tab, and a\u00a0hard one",
        "~~not~~ here, ==nor== there, ^nor^ up",
        "[not a link] (https://example.org)",
        "https://example.org/a_b_c*d*e",
    ],
)
def test_what_is_no_markup_is_not_changed(text: str, path: str) -> None:
    if path == "a.md":
        text = text.replace("\\\\", "\\\\\\\\")
    assert text_of(text, path) == text.replace("\\\\\\\\", "\\\\")


def test_escapes_and_entities_are_markup_in_markdown_and_text_elsewhere() -> None:
    source = r"It cost \$5 at AT&amp;T\."
    assert text_of(source, "a.md") == "It cost $5 at AT&T."
    assert text_of(source, "a.txt") == source


def test_emphasis_does_not_reach_over_a_blank_line() -> None:
    assert text_of("An *open star\n\nand a closed* one") == "An *open star\n\nand a closed* one"


def test_emphasis_is_found_in_a_text_without_blank_lines() -> None:
    lines = [f"Line {number} has *one* [link](#) too." for number in range(3000)]
    assert text_of("\n".join(lines)) == "\n".join(lines).replace("*one* [link](#)", "one link")


def test_a_fence_that_is_never_closed_loses_nothing() -> None:
    assert text_of("```\nf(*x*)\n\ng()") == "f(*x*)\n\ng()"


def test_blanks_at_the_end_of_a_line_and_blank_lines_in_a_row_go() -> None:
    assert text_of("One. \t\n \n\n\nTwo.\n\n\n") == "One.\n\nTwo."
