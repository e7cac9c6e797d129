"""A group that can't be written: the fault stays with those who cause it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from sqlalchemy.exc import DataError

from consumer.errors import Unavailable
from consumer.ledger.faults import Locked
from consumer.ledger.journal import LockedStudents
from consumer.ledger.port.student import Lease
from consumer.ledger.split import split


@dataclass(frozen=True)
class Item:
    number: int

    @property
    def lease(self) -> Lease:
        return Lease("north", f"s{self.number}", 1)


@dataclass
class Table:
    """Writes all items of a group or none. `seconds` is the clock: a wait for a lock takes 0.1."""

    students_locked: set[int] = field(default_factory=set[int])
    rows_locked: set[int] = field(default_factory=set[int])
    broken: set[int] = field(default_factory=set[int])
    away: bool = False
    written: list[int] = field(default_factory=list[int])
    groups: int = 0
    seconds: float = 0.0

    def write(self, items: Sequence[Item]) -> Sequence[str | Exception]:
        self.groups += 1
        numbers = {item.number for item in items}
        if self.away:
            raise Unavailable("away")
        if locked := numbers & self.students_locked:
            raise LockedStudents([Item(number).lease for number in locked])
        if numbers & self.rows_locked:
            self.seconds += 0.1
            raise Locked("locked")
        if numbers & self.broken:
            raise DataError("INSERT", None, ValueError())
        self.written += [item.number for item in items]
        return [f"wrote {item.number}" for item in items]


def flushed(table: Table, count: int) -> list[str]:
    """What each was answered: its text, or the kind of its exception."""
    answers = split(table.write, clock=lambda: table.seconds)([Item(number) for number in range(count)])
    return [type(answer).__name__ if isinstance(answer, Exception) else answer for answer in answers]


def test_a_group_in_which_all_is_well_is_written_at_once() -> None:
    table = Table()
    assert flushed(table, 3) == ["wrote 0", "wrote 1", "wrote 2"]
    assert table.groups == 1


def test_students_whose_rows_are_locked_are_left_out_and_the_others_stay_together() -> None:
    table = Table(students_locked={1, 3})
    assert flushed(table, 4) == ["wrote 0", "LockedStudents", "wrote 2", "LockedStudents"]
    assert table.groups == 2


def test_another_row_that_is_locked_concerns_its_student_only() -> None:
    table = Table(rows_locked={5})
    answers = flushed(table, 64)
    assert answers[5] == "Locked"
    assert sorted(table.written) == [number for number in range(64) if number != 5]
    assert table.groups <= 2 * 6 + 1  # halves, not one by one


def test_data_that_breaks_a_statement_concerns_its_student_only() -> None:
    table = Table(broken={2})
    assert flushed(table, 4) == ["wrote 0", "wrote 1", "DataError", "wrote 3"]


def test_where_everything_is_locked_the_group_gives_up_after_a_second() -> None:
    table = Table(rows_locked=set(range(500)))
    assert set(flushed(table, 500)) == {"Locked"}
    assert table.groups < 30


def test_a_database_that_is_unavailable_is_everybodys_trouble() -> None:
    with pytest.raises(Unavailable):
        flushed(Table(away=True), 4)
