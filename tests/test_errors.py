from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import get_type_hints

import pytest

from rag import errors, options
from rag.errors import ArticleError, ArticleUnknownError, RagError

ADVICE = re.compile(
    r"(?i)(?:to .+, )?(?:ask|give|make|put|mend|set|unset|save|see|fill|split|name|remove|wait)\b|.*`rag \w+"
)


def classes(parent: type[RagError]) -> Iterator[type[RagError]]:
    yield parent
    for child in parent.__subclasses__():
        yield from classes(child)


def drawn(docstring: str) -> Iterator[tuple[str, str | None]]:
    """The classes of a drawn tree, each with its parent."""
    above: list[str] = []
    for line in docstring.splitlines():
        if found := re.fullmatch(r"    ((?:[│ ]   )*(?:[├└]── )?)(\w+Error)\b.*", line):
            depth = len(found[1]) // 4
            above[depth:] = [found[2]]
            yield found[2], above[depth - 1] if depth else None


def example(error: type[RagError]) -> tuple[RagError, dict[str, object]]:
    """An error of this class, and what it was made of."""
    by_type: dict[object, object] = {str: "harbour", int: 3_000_000, dict[str, str]: {"a.txt": "it is torn; mend it"}}
    hints = get_type_hints(error.__init__)
    names = list(inspect.signature(error.__init__).parameters)[1:]
    by_name = {"problem": "The port is taken." if "cure" in names else "the disk is full", "cure": "Name another."}
    data = {name: by_name.get(name) or by_type.get(hints[name], (".txt", ".md")) for name in names}
    return error(**data), data


ENDS = [error for error in classes(RagError) if not error.__subclasses__() and error.__module__ == errors.__name__]


def test_the_tree_in_the_docstring_is_that_of_the_classes() -> None:
    real = {
        error.__name__: None if error is RagError else next(base for base in error.__bases__).__name__
        for error in classes(RagError)
    }
    assert errors.__doc__ is not None
    listed = list(drawn(errors.__doc__))
    assert dict(listed) == real
    assert len(listed) == len(real)


@pytest.mark.parametrize("error", ENDS)
def test_an_error_carries_its_data(error: type[RagError]) -> None:
    made, data = example(error)
    for name, value in data.items():
        assert getattr(made, name) == value


@pytest.mark.parametrize("error", ENDS)
def test_an_error_says_what_happened_and_ends_with_the_cure(error: type[RagError]) -> None:
    made, _ = example(error)
    message = str(made)
    *happened, cure = re.split(r"(?<=[.:;]) ", message)
    assert happened
    assert ADVICE.match(cure), cure
    assert "\n" not in message
    # An article's reason is read after its path, in a list.
    assert message == f"{made.path}: {made.reason}" if isinstance(made, ArticleError) else message.endswith(".")


def test_the_commands_that_cures_name_are_there(capsys: pytest.CaptureFixture[str]) -> None:
    named = {
        (command, option)
        for error in ENDS
        for command, option in re.findall(r"`rag (\w+)(?: (--\w+))?`", str(example(error)[0]))
    }
    assert ("build", "--anew") in named
    for command, option in named:
        with pytest.raises(SystemExit, match="0"):
            options.parser().parse_args([command, "--help"])
        assert f"{option} " in capsys.readouterr().out


def test_an_unknown_article_is_a_missing_key_too() -> None:
    error = ArticleUnknownError("5eed")
    assert isinstance(error, KeyError)
    assert str(error).startswith("No article with the id '5eed'")
