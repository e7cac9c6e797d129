import pytest

from proof.chaos.experiment import Experiment
from proof.chaos.row import Book, Group
from proof.chaos.rows import BOOK


async def _nothing(_scene: Experiment) -> None:
    pass


@pytest.fixture
def book() -> Book:
    book = Book()
    for number in (1, 5, 7, 12, 60):
        book.row(number, "a fault", expected="no harm")(_nothing)
    book.not_run(33, "another", expected="no harm", why="it is not built")
    return book


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("", [1, 5, 7, 12, 33, 60]),
        ("7", [7]),
        ("12,1", [12, 1]),
        ("1-7", [1, 5, 7]),
        ("process,60", [1, 5, 7, 60]),
        ("7 process", [7, 1, 5]),
    ],
)
def test_rows_are_chosen_by_number_range_and_section(book: Book, words: str, numbers: list[int]) -> None:
    assert [row.number for row in book.chosen(words)] == numbers


def test_a_word_that_chooses_nothing_is_an_error(book: Book) -> None:
    with pytest.raises(ValueError, match="hopeless"):
        book.chosen("hopeless")


def test_every_row_is_played_or_says_why_not() -> None:
    assert [row.number for row in BOOK.rows()] == [*range(1, 91)]
    assert all((row.fire is None) == bool(row.not_run) for row in BOOK.rows())


def test_every_section_has_rows() -> None:
    assert {row.group for row in BOOK.rows()} == set(Group)
