"""A file of any kind is read within bounds, and every value in it has its place."""

import time
from pathlib import Path

import pytest

from consumer.configuration.document import LARGEST_FILE, Document, parse_value
from consumer.configuration.mistakes import Misconfigured, Mistake

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
"""A billion values in nine lines."""


def read(folder: Path, content: str) -> Document:
    (folder / "x.yaml").write_text(content, encoding="utf-8")
    return Document.read(folder / "x.yaml")


def refused(folder: Path, content: str) -> Mistake:
    with pytest.raises(Misconfigured) as error:
        read(folder, content)
    (mistake,) = error.value.mistakes
    return mistake


def test_aliases_may_repeat_a_value(tmp_path: Path) -> None:
    document = read(tmp_path, "a: &shared {x: 1}\nb: *shared\nc:\n  <<: *shared\n  y: 2\n")
    assert document.data == {"a": {"x": 1}, "b": {"x": 1}, "c": {"x": 1, "y": 2}}
    assert (document.line(("b", "x")), document.line(("c", "y"))) == (1, 5)


@pytest.mark.parametrize("content", [BOMB, "".join(f"x{n}: {n}\n" for n in range(50_001)), f"a: {'x' * LARGEST_FILE}"])
def test_a_file_that_is_too_large_is_given_up_soon(tmp_path: Path, content: str) -> None:
    began = time.process_time()
    mistake = refused(tmp_path, content)
    assert time.process_time() - began < 60  # seconds; the most values that are read take ten
    assert "more than 50000 values" in mistake.wrong or "larger than" in mistake.wrong


def test_aliases_that_multiply_are_reported_with_the_line_where_they_do(tmp_path: Path) -> None:
    assert refused(tmp_path, BOMB).line == 5


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        "&a [*a]",
        "[" * 5_000,
        "!!bool x",
        "!!int ''",
        "2026-13-45",
        "{a: 1, a: 2}",
        "[a",
        "\x07",
        "!!python/none x",
    ],
)
def test_a_value_that_cannot_be_read_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_value(text)


def test_a_key_that_is_given_twice_is_reported_and_what_is_in_it_is_not(tmp_path: Path) -> None:
    document = read(tmp_path, "a: {x: 1}\nb: 2\na: {x: 3}\n")
    assert [(mistake.line, mistake.place) for mistake in document.mistakes] == [(3, "a")]
    assert document.data == {"a": {"x": 3}, "b": 2}


def test_a_mistake_is_the_variable_s_that_set_the_value_or_what_is_around_it(tmp_path: Path) -> None:
    document = read(tmp_path, "a: {x: 1, y: 2}\n")
    document.override(("a", "x"), 3, variable="A__X")
    document.override(("b",), {"c": 1}, variable="B")
    document.override(("d", "e"), 1, variable="D__E")
    reported = {
        place: document.mistake(place, "", "").file for place in [("a", "x"), ("a", "y"), ("a",), ("b", "c"), ("d",)]
    }
    assert {place: file.rpartition("/")[2] for place, file in reported.items()} == {
        ("a", "x"): "A__X",
        ("a", "y"): "x.yaml",
        ("a",): "x.yaml",
        ("b", "c"): "B",
        ("d",): "D__E",
    }


def test_a_file_of_the_other_ending_is_pointed_at(tmp_path: Path) -> None:
    (tmp_path / "x.yml").write_text("a: 1")
    with pytest.raises(Misconfigured, match=r"There is `.*x\.yml`: give that one"):
        Document.read(tmp_path / "x.yaml")


def test_a_message_is_one_line_whatever_the_file_holds() -> None:
    assert str(Mistake("x.yaml", 1, "a\nb", "holds `\x1b[2J\ud800`", "Remove it.")).isprintable()
