"""Writes about leased students: one transaction for many of them, each with its own answer.

First the leases are checked, extended and locked, then the tenants' waits are looked at; a caller that fails there writes nothing. The rest
is written kind by kind. A group waits for no lock: see `hold`, and what becomes of those whose rows are locked in `group_commit`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, text

from consumer.errors import Fenced, Reason, Superseded, Unavailable
from consumer.ledger.announcements import OUTBOX_CHANNEL, Announcements
from consumer.ledger.engine import transaction, translated
from consumer.ledger.faults import Locked
from consumer.ledger.port.places import within
from consumer.ledger.port.student import Lease
from consumer.ledger.port.work import Waiting
from consumer.ledger.port.writes import BeginStep, KeepLease, Publish, Write
from consumer.ledger.writes import write_all

_REASONS = frozenset(Reason)

LEASE_MARGIN = 15.0
"""Seconds by which a lease outlives the call that it was kept for: time enough to commit the result."""

# A row that another transaction has locked is passed over. Locks are taken in the order of the key, as intake does. What the
# transaction does next waits for locks no longer than `patience`.
_HOLD = text(
    """
    WITH held AS (
      SELECT s.tenant_id, s.student_id, mine.seconds, mine.written
      FROM student s JOIN unnest(CAST(:tenants AS text[]), CAST(:students AS text[]), CAST(:epochs AS bigint[]),
                                 CAST(:written AS int[]), CAST(:seconds AS float8[]))
          AS mine(tenant_id, student_id, epoch, written, seconds)
        ON s.tenant_id = mine.tenant_id AND s.student_id = mine.student_id AND s.lease_epoch = mine.epoch
      WHERE s.lease_until > now() AND s.lease_writes >= mine.written ORDER BY s.tenant_id, s.student_id FOR NO KEY UPDATE OF s SKIP LOCKED
    )
    UPDATE student s SET lease_until = greatest(s.lease_until, now() + held.seconds * interval '1 second'),
      lease_writes = CASE WHEN :counted THEN greatest(s.lease_writes, held.written + 1) ELSE s.lease_writes END
    FROM held WHERE s.tenant_id = held.tenant_id AND s.student_id = held.student_id
    RETURNING s.tenant_id, s.student_id, s.lease_epoch, s.desired_version > s.claimed_version AS superseded,
      (SELECT set_config('lock_timeout', :patience, true)) AS patience
    """
)
_STILL_OURS = text(
    """
    SELECT s.tenant_id, s.student_id, s.lease_epoch
    FROM student s JOIN unnest(CAST(:tenants AS text[]), CAST(:students AS text[]), CAST(:epochs AS bigint[]),
                               CAST(:written AS int[]))
        AS mine(tenant_id, student_id, epoch, written)
      ON s.tenant_id = mine.tenant_id AND s.student_id = mine.student_id AND s.lease_epoch = mine.epoch
    WHERE s.lease_until > now() AND s.lease_writes >= mine.written
    """
)
_PATIENCE = "100ms"
"""How long a group waits for a lock on a row beside the student's: many times what a transaction of ours holds one."""

_WAITS = text(
    """
    SELECT tenant_id, service, extract(epoch FROM until - now())::float8 AS seconds, reason, code, held FROM tenant_wait
    WHERE until > now() AND tenant_id = ANY(CAST(:tenants AS text[]))
    """
)


@dataclass(frozen=True, slots=True)
class Entry:
    """What one caller wants written."""

    lease: Lease
    writes: tuple[Write, ...]
    service: str | None = None

    @property
    def seconds(self) -> float:
        """How long the lease must still last for what the caller is about to do."""
        calls = [write.timeout for write in self.writes if isinstance(write, BeginStep | KeepLease)]
        return max(calls) + LEASE_MARGIN if calls else 0.0

    @property
    def begins(self) -> bool:
        """Whether an effect is about to begin."""
        return any(isinstance(write, BeginStep) for write in self.writes)


class LockedStudents(Locked):
    """Other transactions hold the rows of these leases' students. Nothing was written for any of them."""

    def __init__(self, leases: Collection[Lease]) -> None:
        super().__init__("Another transaction holds the student's row.")
        self.leases = frozenset(leases)


def hold(connection: Connection, wanted: Sequence[tuple[Lease, float]], *, counted: bool) -> Mapping[Lease, bool]:
    """Checks, extends (to at least so many seconds from now) and locks the leases; returns those that still hold.

    With each, whether a newer event has been accepted since the claim. `counted`: this is one of the commits that `Lease.written` counts.

    The first thing in its transaction, in which nothing waits long for a lock from then on. Never waits for a row itself: raises
    `LockedStudents` where other transactions hold some of them, `Unavailable` where the whole table is locked.
    """
    longest: dict[Lease, float] = {}
    for lease, seconds in sorted(wanted, key=lambda one: -one[0].written):
        longest[lease] = max(seconds, longest.get(lease, 0.0))
    values = _columns(longest) | {"seconds": list(longest.values()), "patience": _PATIENCE, "counted": counted}
    try:
        with translated():
            held = {_lease(row): bool(row.superseded) for row in connection.execute(_HOLD, values)}
    except Locked as locked:
        raise Unavailable("The table of students is locked.") from locked
    if missing := [lease for lease in longest if lease not in held]:
        # A lease that has not ended nor moved on is passed over for one reason only.
        locked_out = {_lease(row) for row in connection.execute(_STILL_OURS, _columns(missing))}
        if locked_out:
            raise LockedStudents(locked_out)
    return held


def _columns(leases: Collection[Lease]) -> dict[str, Any]:
    return {
        "tenants": [lease.tenant_id for lease in leases],
        "students": [lease.student_id for lease in leases],
        "epochs": [lease.epoch for lease in leases],
        "written": [lease.written for lease in leases],
    }


class Journal:
    """Writes groups of entries. Blocking."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._announcements = Announcements(engine, OUTBOX_CHANNEL)

    def write(self, entries: Sequence[Entry]) -> Sequence[Exception | None]:
        """Writes a group, or nothing of it; `Fenced` or `Waiting` for those that may not.

        Raises `Locked` where another transaction holds a row that one of them needs, other errors where one's data breaks a statement:
        `split` finds out whose.
        """
        with transaction(self._engine) as connection:
            held = hold(connection, [(entry.lease, entry.seconds) for entry in entries], counted=True)
            waits = _waits(connection, entries)
            answers = [_refusal(entry, held, waits) for entry in entries]
            may = [entry for entry, refusal in zip(entries, answers, strict=True) if refusal is None]
            write_all(connection, [(entry.lease, write) for entry in may for write in entry.writes])
        if any(isinstance(write, Publish) for entry in may for write in entry.writes):
            self._announcements.committed()
        return answers


def _lease(row: Row[Any]) -> Lease:
    return Lease(row.tenant_id, row.student_id, row.lease_epoch)


def _refusal(entry: Entry, held: Mapping[Lease, bool], waits: Mapping[tuple[str, str], Waiting]) -> Exception | None:
    if entry.lease not in held:
        return Fenced("The student's lease has ended.")
    if entry.begins and held[entry.lease]:
        return Superseded("A newer event was accepted.")
    known = [waits.get((entry.lease.tenant_id, place)) for place in (within(entry.service) if entry.service else ())]
    return max((wait for wait in known if wait), key=lambda wait: wait.seconds, default=None)


def _waits(connection: Connection, entries: Sequence[Entry]) -> Mapping[tuple[str, str], Waiting]:
    tenants = {entry.lease.tenant_id for entry in entries if entry.service}
    if not tenants:
        return {}
    rows = connection.execute(_WAITS, {"tenants": sorted(tenants)})
    return {(row.tenant_id, row.service): _waiting(row) for row in rows}


def _waiting(row: Row[Any]) -> Waiting:
    known = row.reason if row.reason in _REASONS else Reason.THROTTLED  # none: written by a version that kept no cause
    return Waiting(row.seconds, service=row.service, reason=Reason(known), code=row.code, held=row.held)
