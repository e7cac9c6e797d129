"""Each student's newest event, and what the candidate would change for that student. Memory is taken for students, not for events."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from consumer.codec.dead_letters import DeadLetterReason
from consumer.policy.comparison import Basis, Comparison, Difference, Effect
from consumer.replay.source import Rejected, Replayed

_LISTED = 1_000
"""Unreadable records that are listed; all are counted."""


class Affected(NamedTuple):
    """A student for whom the two configurations differ, by the newest event."""

    student_id: str
    version: int
    status: str
    difference: Difference


class Group(NamedTuple):
    """What students have in common: the status, what decides about them, and what it comes to."""

    effect: Effect
    status: str
    before: Basis
    after: Basis


@dataclass(slots=True)
class Counts:
    """Of records: `events` are the tenant's; `superseded` are those of them that are not their student's newest."""

    events: int = 0
    superseded: int = 0
    elsewhere: int = 0
    unreadable: Counter[DeadLetterReason] = field(default_factory=Counter[DeadLetterReason])


class _Newest(NamedTuple):
    version: int
    frozen: bool
    affected: Affected | None


class Fold:
    """Takes the records in any order. The higher version decides; of two events with one version, the first, as at the intake."""

    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison
        self._newest: dict[str, _Newest] = {}
        self.counts = Counts()
        self.rejected: list[Rejected] = []

    def take(self, record: Replayed) -> None:
        """Adds one record."""
        if record is None:
            self.counts.elsewhere += 1
        elif isinstance(record, Rejected):
            self.counts.unreadable[record.reason] += 1
            if len(self.rejected) < _LISTED:
                self.rejected.append(record)
        else:
            self.counts.events += 1
            student_id, version = record.student.student_id, record.version
            before = self._newest.get(student_id)
            if before is not None:
                self.counts.superseded += 1
            if before is None or version > before.version:
                difference = self._comparison.of(record)
                affected = Affected(student_id, version, record.status.id, difference) if difference else None
                self._newest[student_id] = _Newest(version, record.student.external_sync_disabled, affected)

    @property
    def students(self) -> int:
        """How many the events are about."""
        return len(self._newest)

    @property
    def frozen(self) -> int:
        """How many are excluded from synchronisation, and stay as they are by either configuration."""
        return sum(one.frozen for one in self._newest.values())

    def affected(self) -> list[Affected]:
        """All for whom the two differ: who gains first, then who loses; by id."""
        order = list(Effect)
        found = [one.affected for one in self._newest.values() if one.affected]
        return sorted(found, key=lambda one: (order.index(one.difference.effect), one.student_id))


def grouped(affected: Sequence[Affected]) -> list[tuple[Group, int]]:
    """How many students each group has; the groups of one effect by their size."""
    order = list(Effect)
    counts = Counter(
        Group(one.difference.effect, one.status, one.difference.before, one.difference.after) for one in affected
    )
    return sorted(counts.items(), key=lambda item: (order.index(item[0].effect), -item[1], item[0].status))
