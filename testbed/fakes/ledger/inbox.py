"""Loop 1's side of the ledger in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from consumer.errors import Fenced
from consumer.ledger.accepting import came_first
from consumer.ledger.parking import released
from consumer.ledger.port.inbox import FROM_BEGINNING, Arrival, Disposition, Ownership, Place
from consumer.ledger.port.parking import UNCHANGED, Origin, ParkedPage, ParkedRecord, ParkingWrites
from testbed.fakes.ledger.state import InboxRow, Key, OnState, StudentRow, who


class MemoryInbox(OnState):
    """`Inbox` over dictionaries. No row is ever locked: nothing else has transactions here."""

    def own(self, topic: str, partitions: Collection[int], *, owner: str) -> Mapping[int, Ownership]:
        del owner
        state = self._state
        for partition in partitions:
            state.owners[topic, partition] = state.next_epoch(state.owners.get((topic, partition), 0))
            state.next_offsets.setdefault((topic, partition), FROM_BEGINNING)
        return {
            partition: Ownership(state.owners[topic, partition], state.next_offsets[topic, partition])
            for partition in partitions
        }

    def accept(
        self,
        arrivals: Sequence[Arrival],
        *,
        epochs: Mapping[Place, int],
        offsets: Mapping[Place, int] | None = None,
        stored: Mapping[Place, int] | None = None,
        skip_locked: bool = False,
        parking: ParkingWrites = UNCHANGED,
    ) -> Sequence[Disposition]:
        del skip_locked
        concerned = {(arrival.topic, arrival.partition) for arrival in arrivals} | (offsets or {}).keys()
        self._check(concerned | parking.places, epochs, stored or {})
        newest: dict[Key, int] = {}
        for arrival in arrivals:
            if not arrival.cancels and _event(arrival) not in self._state.inbox:
                newest[who(arrival)] = max(arrival.event.version, newest.get(who(arrival), -1))
        first = came_first(arrivals)
        found: dict[int, Disposition] = {}
        self._cancel_all([one for one in arrivals if one.cancels and _event(one) in first], found)
        for arrival in arrivals:
            if not arrival.cancels:
                found[id(arrival)] = self._accept(arrival, newest.get(who(arrival), -1))
        self._cancel_all([one for one in arrivals if one.cancels and _event(one) not in first], found)
        self._state.next_offsets.update(offsets or {})
        dispositions = [found[id(arrival)] for arrival in arrivals]
        parked = [self._park(record, parking.most) for record in parking.park]
        for origin in released(parking.release, arrivals, dispositions):
            self._state.parked.pop(origin, None)
        return [*dispositions, *parked]

    def store_offsets(
        self,
        offsets: Mapping[Place, int],
        *,
        epochs: Mapping[Place, int],
        stored: Mapping[Place, int] | None = None,
    ) -> None:
        self._check(offsets, epochs, stored or {})
        self._state.next_offsets.update(offsets)

    def parked(
        self,
        *,
        tenants: Collection[str],
        keep: float,
        after: Origin,
        limit: int,
        epochs: Mapping[Place, int],
        stored: Mapping[Place, int] | None = None,
    ) -> ParkedPage:
        self._check(epochs, epochs, stored or {})
        parked, long_ago = self._state.parked, self._state.clock() - timedelta(seconds=keep)
        mine = [origin for origin in sorted(parked) if origin[:2] in epochs]
        found: list[ParkedRecord] = []
        for record, at in (parked[origin] for origin in mine if origin > after):
            if len(found) < limit and (record.expired or at <= long_ago or record.tenant_id in tenants):
                found.append(replace(record, expired=record.expired or record.tenant_id not in tenants))
                parked[record.origin] = found[-1], at
        return ParkedPage(found, len(mine))

    def tenants_with_open_work(self, tenants: Collection[str]) -> frozenset[str]:
        return frozenset(tenant for tenant, _ in self._state.open).intersection(tenants)

    def _check(self, places: Collection[Place], epochs: Mapping[Place, int], stored: Mapping[Place, int]) -> None:
        for place in places:
            if self._state.owners.get(place) != epochs.get(place):
                raise Fenced("The partition has another owner now.")
            known, had = self._state.next_offsets.get(place), stored.get(place)
            if known is not None and had is not None and known < had:
                raise Fenced("The ledger has lost a part of the partition.")

    def _park(self, record: ParkedRecord, most: int) -> Disposition:
        parked = self._state.parked
        if record.origin not in parked and len(parked) >= most:
            return Disposition.NO_ROOM
        parked.setdefault(record.origin, (record, self._state.clock()))
        return Disposition.PARKED

    def _accept(self, arrival: Arrival, newest: int) -> Disposition:
        if known := self._state.inbox.get(_event(arrival)):
            return Disposition.DUPLICATE if known.arrival.event == arrival.event else Disposition.REUSED_ID
        student = self._state.students.get(who(arrival))
        wins = arrival.event.version == newest and (student is None or student.desired_version < arrival.event.version)
        row = InboxRow(arrival, Disposition.PENDING) if wins else self._beaten(arrival)
        self._state.inbox[_event(arrival)] = row
        if wins:
            self._desire(row, student)
        return row.disposition

    def _beaten(self, arrival: Arrival) -> InboxRow:
        return InboxRow(arrival, Disposition.SUPERSEDED, self._state.clock())

    def _cancel_all(self, arrivals: Sequence[Arrival], found: dict[int, Disposition]) -> None:
        newest: dict[Key, Arrival] = {}
        for arrival in arrivals:
            if newest.setdefault(who(arrival), arrival).event.version < arrival.event.version:
                newest[who(arrival)] = arrival
        for arrival in arrivals:
            found[id(arrival)] = self._cancel(arrival, newest=arrival is newest[who(arrival)])

    def _cancel(self, arrival: Arrival, *, newest: bool) -> Disposition:
        if known := self._state.inbox.get(_event(arrival)):
            return Disposition.DUPLICATE if known.arrival.event == arrival.event else Disposition.REUSED_ID
        student = self._state.students.get(who(arrival))
        if (
            not newest
            or student is None
            or student.key not in self._state.open
            or student.desired_version >= arrival.event.version
        ):
            return Disposition.SKIPPED
        row = InboxRow(arrival, Disposition.PENDING)
        self._state.inbox[_event(arrival)] = row
        self._desire(row, student)
        return row.disposition

    def _desire(self, row: InboxRow, student: StudentRow | None) -> None:
        now = self._state.clock()
        student = student or StudentRow(row.arrival, now)
        student.arrival, student.accepted_at, student.attempt = row.arrival, now, 0
        student.pending.append(row)
        self._state.students[student.key] = student
        self._state.open.add(student.key)
        self._state.plan(student, now)


def _event(arrival: Arrival) -> Key:
    return arrival.event.tenant_id, arrival.event.event_id
