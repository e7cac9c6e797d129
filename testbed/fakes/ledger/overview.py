"""What waits in the ledger in memory."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from datetime import datetime
from typing import TypeVar

from consumer.ledger.port.overview import Overview, Tally
from testbed.fakes.ledger.guard import MemoryGuardDesk
from testbed.fakes.ledger.state import OnState

Part = TypeVar("Part", bound=Hashable)


class MemoryOverviews(OnState):
    """`Overviews` over dictionaries."""

    def overview(self) -> Overview:
        now = self._state.clock()
        due = [
            ((student.key[0], student.work_class), student.key[1], student.due_at)
            for student in self._state.planned.values()
            if student.due_at is not None
            and student.due_at <= now
            and (student.lease_until is None or student.lease_until <= now)
        ]
        held = [
            ((tenant, str(wait.reason)), ident, wait.since)
            for (tenant, ident), student in self._state.students.items()
            for wait in student.known.waits.values()
            if wait.held
        ]
        parked = [
            ((one.tenant_id, str(one.action)), f"{one.student_id}/{one.version}", one.since)
            for one in MemoryGuardDesk(self._state).parked_actions()
        ]
        unknown = [
            (str(step.provider), "/".join((*key, step.name)), step.lost_at or step.started_at)
            for key, student in self._state.students.items()
            for step in student.known.steps.values()
            if step.unsure
        ]
        return Overview(_tallied(due, now), _tallied(held, now), _tallied(parked, now), _tallied(unknown, now))


def _tallied(found: Iterable[tuple[Part, str, datetime]], now: datetime) -> Mapping[Part, Tally]:
    """By part: how many different ones, and since when the first."""
    parts: defaultdict[Part, dict[str, datetime]] = defaultdict(dict)
    for part, what, since in found:
        parts[part][what] = min(since, parts[part].get(what, since))
    return {part: Tally(len(of), (now - min(of.values())).total_seconds()) for part, of in parts.items()}
