"""Events that can't be written yet because another transaction holds their student's row."""

from collections.abc import Collection, Mapping, Sequence

from consumer.intake.batch import Taken
from consumer.ledger.port.inbox import Place

MOST = 1000
"""So many wait at most; from then on nothing more is read."""

_Student = tuple[str, str]


class Locked:
    """They wait here while their partitions continue; no offset passes the earliest of a partition: see `earliest`."""

    def __init__(self) -> None:
        self._taken: list[Taken] = []

    @property
    def taken(self) -> Sequence[Taken]:
        """In the order in which they came."""
        return self._taken

    @property
    def full(self) -> bool:
        """Whether no more may be read."""
        return len(self._taken) >= MOST

    def tenants(self) -> set[str]:
        """Whose they are."""
        return {one.arrival.event.tenant_id for one in self._taken}

    def earliest(self) -> Mapping[Place, int]:
        """The offset of each partition's first event here: the next owner of the partition reads from it."""
        return earliest(self._taken)

    def join(self, arrivals: Sequence[Taken]) -> list[Taken]:
        """Keeps those whose students wait here already, so that they stay in order; returns the others."""
        if not self._taken:
            return list(arrivals)
        waiting = {_student(one) for one in self._taken}
        self._taken += [one for one in arrivals if _student(one) in waiting]
        return [one for one in arrivals if _student(one) not in waiting]

    def add(self, taken: Sequence[Taken]) -> None:
        """These wait too."""
        self._taken += taken

    def keep(self, taken: Sequence[Taken]) -> None:
        """Only these still wait."""
        self._taken = list(taken)

    def drop(self, places: Collection[Place]) -> None:
        """Forgets what came from partitions that are no longer ours."""
        self._taken = [one for one in self._taken if one.place not in places]

    def clear(self) -> None:
        """Forgets everything."""
        self._taken = []


def earliest(taken: Sequence[Taken]) -> Mapping[Place, int]:
    """The offset of each partition's first event among these."""
    first: dict[Place, int] = {}
    for one in taken:
        first[one.place] = min(one.arrival.offset, first.get(one.place, one.arrival.offset))
    return first


def _student(one: Taken) -> _Student:
    return one.arrival.event.tenant_id, one.arrival.event.student.student_id
