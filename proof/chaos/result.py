"""How a row ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from proof.chaos.row import Row


class Verdict(StrEnum):
    """Invalid is not passed: a run that proves nothing, because too little happened in it."""

    PASSED = "passed"
    FAILED = "failed"
    INVALID = "invalid"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class Result:
    """Times are seconds; `heal` is from the last fault until nothing was owed, None where that never came.

    `canaries` were looked for in the sinks of `searched` (bytes); rows that are judged together have them once, with the first.
    """

    row: Row
    seed: int
    window: float = 0.0
    fired: Mapping[str, int] = field(default_factory=dict[str, int])
    effects: int = 0
    heal: float | None = None
    violations: Sequence[str] = ()
    invalid: Sequence[str] = ()
    canaries: int = 0
    searched: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def verdict(self) -> Verdict:
        """Of the row."""
        if self.row.not_run:
            return Verdict.NOT_RUN
        if self.violations:
            return Verdict.FAILED
        return Verdict.INVALID if self.invalid else Verdict.PASSED
