"""A row of the fault matrix, and the book of all of them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from proof.chaos.experiment import Experiment
from proof.chaos.installation import Arrange, Changes
from sandbox.simulators.events import Mix
from sandbox.simulators.vendors import Quirks

Fire = Callable[[Experiment], Awaitable[None]]
"""What happens in a row: faults, and what is expected besides the invariants. What is broken at its end, the runner heals."""

Judge = Callable[[Experiment], Awaitable[int]]
"""Says with `Scene.expect` what is wrong when all is quiet, and returns how many effects there were."""


class Group(StrEnum):
    """The matrix's sections, and one of our own."""

    PROCESS = "process"
    KAFKA = "kafka"
    INPUT = "input"
    PROVIDER = "provider"
    MAIL = "mail"
    DATABASE = "database"
    COMBINED = "combined"
    OUTCOMES = "outcomes"
    OWNERSHIP = "ownership"


_NUMBERS: Mapping[Group, range] = {
    Group.PROCESS: range(1, 11),
    Group.KAFKA: range(11, 24),
    Group.INPUT: range(24, 34),
    Group.PROVIDER: range(34, 52),
    Group.MAIL: range(52, 57),
    Group.DATABASE: range(57, 63),
    Group.COMBINED: range(63, 67),
    Group.OUTCOMES: range(67, 68),
    Group.OWNERSHIP: range(68, 91),
}


@dataclass(frozen=True, slots=True)
class Load:
    """Students whose events are produced while the row runs; the long form takes `many`, the short one `few`.

    Without a `mix` there are no events: the row makes as many effects itself.
    """

    few: int = 20
    many: int = 400
    mix: Mix | None = field(default_factory=Mix)


@dataclass(frozen=True, slots=True)
class Row:
    """One fault. `alone`: it needs an installation of its own, as its settings or what it leaves behind are no other row's.

    `disk`: megabytes that PostgreSQL's data have. `standby`: a second server follows the first. `not_run` says why it can't be run; then
    `fire` is never called. `heals_within`: seconds, besides the window, from the last fault until nothing is owed. `judge` stands in for
    the checker, where a row writes into the ledger what no event has asked for, or puts an older ledger in its place. `arrange`: what is
    laid out otherwise from the beginning. `upgraded`: it begins with the release before this one.
    """

    number: int
    title: str
    expected: str
    fire: Fire | None
    load: Load
    brokers: int = 1
    alone: bool = False
    changes: Changes = field(default_factory=dict[str, Mapping[str, object]])
    quirks: Quirks | None = None
    disk: int | None = None
    standby: bool = False
    not_run: str | None = None
    heals_within: float = 120.0
    judge: Judge | None = None
    arrange: Arrange | None = None
    upgraded: bool = False

    @property
    def group(self) -> Group:
        """The section that it is in."""
        return next(group for group, numbers in _NUMBERS.items() if self.number in numbers)


class Book:
    """All rows, by number."""

    def __init__(self) -> None:
        self._rows: dict[int, Row] = {}

    def row(
        self,
        number: int,
        title: str,
        *,
        expected: str,
        load: Load | None = None,
        brokers: int = 1,
        alone: bool = False,
        changes: Changes | None = None,
        quirks: Quirks | None = None,
        disk: int | None = None,
        standby: bool = False,
        heals_within: float = 120.0,
        judge: Judge | None = None,
        arrange: Arrange | None = None,
        upgraded: bool = False,
    ) -> Callable[[Fire], Fire]:
        """Enters the function as this row's faults."""

        def enter(fire: Fire) -> Fire:
            self._rows[number] = Row(
                number=number,
                title=title,
                expected=expected,
                fire=fire,
                load=load or Load(),
                brokers=brokers,
                alone=alone
                or bool(changes or quirks or disk or standby or judge or arrange or upgraded)
                or brokers > 1,
                changes=changes or {},
                quirks=quirks,
                disk=disk,
                standby=standby,
                heals_within=heals_within,
                judge=judge,
                arrange=arrange,
                upgraded=upgraded,
            )
            return fire

        return enter

    def not_run(self, number: int, title: str, *, expected: str, why: str) -> None:
        """Enters a row that is not run, honestly."""
        self._rows[number] = Row(number, title, expected, None, Load(), not_run=why)

    def rows(self) -> Sequence[Row]:
        """All, in the matrix's order."""
        return [self._rows[number] for number in sorted(self._rows)]

    def chosen(self, words: str) -> Sequence[Row]:
        """Rows by numbers, ranges and groups, such as `1,5-9,kafka`; all where `words` is empty. Raises ValueError."""
        if not words.strip():
            return self.rows()
        numbers = [number for word in words.replace(",", " ").split() for number in _numbers(word)]
        return [self._rows[number] for number in dict.fromkeys(numbers) if number in self._rows]


def _numbers(word: str) -> Sequence[int]:
    if word in set(Group):
        return _NUMBERS[Group(word)]
    first, _, last = word.partition("-")
    return range(int(first), int(last or first) + 1)


BOOK = Book()
