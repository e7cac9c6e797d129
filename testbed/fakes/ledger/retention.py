"""What is not needed any more, deleted from the ledger in memory."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

from consumer.events import Provider, student_key
from consumer.ledger.port.inbox import Disposition
from consumer.policy.guard import GuardState
from testbed.fakes.ledger.state import OnState, Queued, StudentRow


class MemoryRetention(OnState):
    """`Retention` over dictionaries: all of it is one page."""

    def expired_credentials(self) -> Iterator[int]:
        now, destroyed = self._state.clock(), 0
        for student in self._state.sealed.values():
            live = {at: sealed for at, sealed in student.known.credentials.items() if sealed.expires_at > now}
            destroyed += len(student.known.credentials) - len(live)
            student.known = replace(student.known, credentials=live)
        self._state.sealed = {key: student for key, student in self._state.sealed.items() if student.known.credentials}
        yield destroyed

    def published_outcomes(self, *, keep: float) -> Iterator[int]:
        published = max((relay.published for relay in self._state.relays.values()), default=0)
        newest = max((number for number in self._state.batches if number <= published), default=0)
        numbers = [number for number in self._state.batches if 0 < number < newest]
        before = self._state.clock() - timedelta(seconds=keep)
        yield sum(self._forget(number, lambda row: row.created_at < before) for number in numbers)

    def recalled_outcomes(self, *, keep: float) -> Iterator[int]:
        before = self._state.clock() - timedelta(seconds=keep)
        yield self._forget(0, lambda row: (row.recalled_at or row.created_at) < before)

    def settled_events(self, *, keep: float) -> Iterator[int]:
        before = self._state.clock() - timedelta(seconds=keep)
        kept = {
            key: row
            for key, row in self._state.inbox.items()
            if row.disposition is Disposition.PENDING or row.settled_at is None or row.settled_at >= before
        }
        deleted = len(self._state.inbox) - len(kept)
        self._state.inbox = kept
        yield deleted

    def old_attempts(self, *, keep: Mapping[str, float], others: float) -> Iterator[int]:
        now, deleted = self._state.clock(), 0
        for (tenant, _), student in self._state.students.items():
            before = now - timedelta(seconds=keep.get(tenant, others))
            kept = tuple(attempt for attempt in student.known.history if attempt.ended_at >= before)
            deleted += len(student.known.history) - len(kept)
            student.known = replace(student.known, history=kept)
        yield deleted

    def retired_addresses(self, *, keep: Mapping[str, float], others: float) -> Iterator[int]:
        now = self._state.clock()
        old = [
            place
            for place, at in self._state.retired.items()
            if (key := self._state.addresses[place]) is not None
            and at < now - timedelta(seconds=keep.get(key[0], others))
            and place not in _addresses_of(self._state.students[key])
        ]
        for place in old:
            del self._state.retired[place], self._state.addresses[place]
        yield len(old)

    def decided_actions(self, *, keep: float) -> Iterator[int]:
        before, deleted = self._state.clock() - timedelta(seconds=keep), 0
        for key, row in [*self._state.guarded.items()]:
            student = self._state.students[key[:2]]
            carried_out = row.state is GuardState.APPROVED and student.settled_version >= key[3]
            old = row.decided_at is not None and row.decided_at < before
            if old and (carried_out or student.desired_version > key[3]):
                del self._state.guarded[key]
                deleted += 1
        yield deleted

    def ended_waits(self, *, keep: float) -> Iterator[int]:
        before = self._state.clock() - timedelta(seconds=keep)
        kept = {place: wait for place, wait in self._state.waits.items() if wait.until >= before}
        deleted = len(self._state.waits) - len(kept)
        self._state.waits = kept
        yield deleted

    def _forget(self, number: int, old: Callable[[Queued], bool]) -> int:
        """Outcomes of the batch; those of a student for whom work is planned stay."""
        rows = self._state.batches.get(number, [])
        at_work = {student_key(*key) for key in self._state.open | self._state.planned.keys()}
        kept = [row for row in rows if row.publish.key in at_work or not old(row)]
        for row in rows:
            if row not in kept:
                del self._state.outbox[row.publish.event_id]
        if kept:
            self._state.batches[number] = kept
        else:
            self._state.batches.pop(number, None)
        return len(rows) - len(kept)


def _addresses_of(student: StudentRow) -> set[tuple[Provider, str]]:
    accounts = student.known.accounts.values()
    return {
        (account.provider, address.lower())
        for account in accounts
        for address in (account.address, account.next_address)
        if address is not None
    }
