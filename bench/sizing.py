"""How large an installation has to be for so many students: `python -m bench.sizing` writes the table of docs/sizing.md."""

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.year.assumptions import Year
from bench.year.capacity import Capacity
from consumer.settings import DatabaseSettings
from testbed import marked

PAGE = Path(__file__).parents[1] / "docs" / "sizing.md"
STUDENTS = (1_000, 20_000, 200_000, 1_000_000, 10_000_000)
WITHIN = 15 * 60
"""Seconds in which the largest job's accounts are to be there."""
_YEAR = Year()
LARGEST_JOB = _YEAR.intake * max(_YEAR.intake_days) * max(share for _, share in _YEAR.import_hours)
"""Of a year's accounts: a third in the intake week, half of that on Monday, half of that at one hour."""
AT_LEAST = 2
"""Replicas: one works while another is replaced."""
_BESIDE_THE_POOL = 2
"""Connections of a replica that are not its pool's: it listens on one, and holds what it leads by another."""
_BEGIN, _END = "<!-- sizes: begin -->", "<!-- sizes: end -->"
_HEAD = (
    "| students | accounts in the largest job | replicas | done in | of one relay | database | connections | ledger after a year |",
    "|---|---|---|---|---|---|---|---|",
)
_GIGABYTE, _MEGABYTE = 1e9, 1e6


@dataclass(frozen=True, slots=True)
class Size:
    """Of an installation for so many students."""

    students: int
    capacity: Capacity = field(default_factory=Capacity)

    @property
    def job(self) -> float:
        """Accounts of the largest job."""
        return self.students * LARGEST_JOB

    @property
    def replicas(self) -> int:
        """As many as work the largest job off in time."""
        return max(AT_LEAST, math.ceil(self.job / (WITHIN * self.capacity.accounts)))

    @property
    def rate(self) -> float:
        """Accounts a second while the job is worked off: what these replicas can do."""
        return self.replicas * self.capacity.accounts

    @property
    def database_cores(self) -> int:
        """With which the database keeps up; with fewer it takes longer."""
        return math.ceil(self.rate * self.capacity.database_cpu / self.capacity.database_use)

    @property
    def connections(self) -> int:
        """Of all replicas together."""
        return self.replicas * (DatabaseSettings.model_fields["pool_size"].default + _BESIDE_THE_POOL)

    @property
    def ledger(self) -> float:
        """Bytes: what stays, and at most what is kept for a while of a year's accounts."""
        return self.students * (self.capacity.ever + self.capacity.as_events + self.capacity.as_outcomes)

    def line(self) -> str:
        """For the page."""
        database = f"{self.database_cores} cores, {self.rate * self.capacity.commits_each:,.0f} commits/s"
        done = f"{math.ceil(self.job / self.rate)} s"
        relay = f"{self.rate / self.capacity.relay:.0%}"
        cells = (
            f"{self.students:,}",
            f"{self.job:,.0f}",
            str(self.replicas),
            done,
            relay,
            database,
            str(self.connections),
        )
        return f"| {' | '.join(cells)} | {_bytes(self.ledger)} |"


def page(old: str) -> str:
    """The page with its table as it is computed now."""
    return marked.put(old, "".join(f"{line}\n" for line in _lines()), _BEGIN, _END)


def _lines() -> Iterator[str]:
    yield from _HEAD
    yield from (Size(students).line() for students in STUDENTS)


def _bytes(count: float) -> str:
    return f"{count / _GIGABYTE:,.0f} GB" if count >= _GIGABYTE else f"{count / _MEGABYTE:,.0f} MB"


if __name__ == "__main__":
    argparse.ArgumentParser(
        prog="python -m bench.sizing", description="Writes the table of docs/sizing.md."
    ).parse_args()
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
