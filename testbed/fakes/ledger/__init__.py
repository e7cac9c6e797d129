"""The ledger in memory. Keeps the same contract as the one on PostgreSQL (`tests/ledger`), with a clock that the test owns."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from consumer.ledger.port.history import Attempt
from consumer.ledger.port.inbox import Disposition, Place
from consumer.ledger.port.writes import Publish
from testbed.fakes.ledger.guard import MemoryGuardDesk
from testbed.fakes.ledger.holds import MemoryHolds
from testbed.fakes.ledger.inbox import MemoryInbox
from testbed.fakes.ledger.outbox import MemoryOutbox
from testbed.fakes.ledger.overview import MemoryOverviews
from testbed.fakes.ledger.quotas import MemoryQuotas
from testbed.fakes.ledger.retention import MemoryRetention
from testbed.fakes.ledger.state import State, StudentRow
from testbed.fakes.ledger.work import MemoryWork

__all__ = ["MemoryLedger"]


class MemoryLedger(
    MemoryInbox,
    MemoryWork,
    MemoryHolds,
    MemoryQuotas,
    MemoryGuardDesk,
    MemoryOutbox,
    MemoryRetention,
    MemoryOverviews,
):
    """All ports of the ledger over one state."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        super().__init__(State(clock))

    def set_offsets(self, offsets: Mapping[Place, int | None]) -> None:
        """As a backup that was restored has them, or a version that did not keep them (None)."""
        self._state.next_offsets.update(offsets)

    def backup(self) -> State:
        """All that it knows now."""
        return self._state.backup()

    def restore(self, backup: State) -> None:
        """Forgets all that it did not know then."""
        self._state.restore(backup)

    def look_again(self, tenant_id: str, student_id: str) -> None:
        """What a reconciliation leaves of a student whose accounts differ."""
        row = self.student(tenant_id, student_id)
        accounts = {at: replace(account, revisit=True) for at, account in row.known.accounts.items()}
        row.known = replace(row.known, accounts=accounts)
        self._state.plan(row, self._state.clock())

    # what tests look at

    def dispositions(self) -> Mapping[str, Disposition]:
        """The inbox: event ids and what became of them."""
        return {event_id: entry.disposition for (_, event_id), entry in self._state.inbox.items()}

    def outcomes(self) -> Sequence[Publish]:
        """Every outcome that was ever queued."""
        return [row.publish for row in self._state.outbox.values()]

    def attempts(self, tenant_id: str, student_id: str) -> Sequence[Attempt]:
        """Keeps `History`."""
        return self._state.students[tenant_id, student_id].known.history

    def student(self, tenant_id: str, student_id: str) -> StudentRow:
        """The row of one student."""
        return self._state.students[tenant_id, student_id]
