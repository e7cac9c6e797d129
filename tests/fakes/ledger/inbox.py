"""Loop 1's side of the ledger in memory."""

from collections.abc import Collection, Mapping, Sequence

from consumer.errors import Fenced
from consumer.ledger.port import Arrival, Disposition
from tests.fakes.ledger.state import InboxRow, Key, OnState, StudentRow, who


class MemoryInbox(OnState):
    """`Inbox` over dictionaries."""

    def own(self, topic: str, partitions: Collection[int], *, owner: str) -> Mapping[int, int]:
        del owner
        owners = self._state.owners
        for partition in partitions:
            owners[topic, partition] = owners.get((topic, partition), 0) + 1
        return {partition: owners[topic, partition] for partition in partitions}

    def accept(self, arrivals: Sequence[Arrival], *, epochs: Mapping[tuple[str, int], int]) -> Sequence[Disposition]:
        for arrival in arrivals:
            place = (arrival.topic, arrival.partition)
            if self._state.owners.get(place) != epochs.get(place):
                raise Fenced("The partition has another owner now.")
        newest: dict[Key, int] = {}
        for arrival in arrivals:
            if _event(arrival) not in self._state.inbox:
                newest[who(arrival)] = max(arrival.event.version, newest.get(who(arrival), -1))
        return [self._accept(arrival, newest.get(who(arrival), -1)) for arrival in arrivals]

    def _accept(self, arrival: Arrival, newest: int) -> Disposition:
        if known := self._state.inbox.get(_event(arrival)):
            same = known.arrival.digest == arrival.digest
            return Disposition.DUPLICATE if same else Disposition.REUSED_ID
        student = self._state.students.get(who(arrival))
        wins = arrival.event.version == newest and (student is None or student.desired_version < arrival.event.version)
        row = InboxRow(arrival, Disposition.PENDING if wins else Disposition.SUPERSEDED)
        self._state.inbox[_event(arrival)] = row
        if wins:
            self._desire(row, student)
        return row.disposition

    def _desire(self, row: InboxRow, student: StudentRow | None) -> None:
        now = self._state.clock()
        student = student or StudentRow(row.arrival, now)
        student.arrival, student.accepted_at, student.attempt = row.arrival, now, 0
        student.pending.append(row)
        self._state.students[student.key] = student
        self._state.plan(student, now)


def _event(arrival: Arrival) -> Key:
    return arrival.event.tenant_id, arrival.event.event_id
