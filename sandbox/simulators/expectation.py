"""What must become of an input record, whatever happens on the way."""

from dataclasses import dataclass
from enum import StrEnum


class Fate(StrEnum):
    """How an input record can end; the values of the first three are the inbox's own (`Disposition`)."""

    APPLIED = "applied"
    SUPERSEDED = "superseded"
    DUPLICATE = "duplicate"
    SKIPPED = "skipped"
    DEAD_LETTER = "dead_letter"


@dataclass(frozen=True, slots=True)
class Expectation:
    """The fates that are right: more than one where timing decides whether an older event was still carried out.

    `reason` is the skip's or the dead letter's.
    """

    fates: frozenset[Fate]
    reason: str | None = None

    @classmethod
    def only(cls, fate: Fate, reason: str | None = None) -> "Expectation":
        """Exactly this fate."""
        return cls(frozenset({fate}), reason)

    def met_by(self, fate: Fate, reason: str | None = None) -> bool:
        """Whether this end is right; without `reason`, any reason is."""
        return fate in self.fates and reason in {None, self.reason}

    def __str__(self) -> str:
        fates = " or ".join(sorted(self.fates))
        return f"{fates} ({self.reason})" if self.reason else fates


APPLIED = Expectation.only(Fate.APPLIED)
SUPERSEDED = Expectation.only(Fate.SUPERSEDED)
DUPLICATE = Expectation.only(Fate.DUPLICATE)
APPLIED_OR_SUPERSEDED = Expectation(frozenset({Fate.APPLIED, Fate.SUPERSEDED}))
