"""Writes about leased students: one transaction for many of them, each with its own answer.

First the leases are checked, extended and locked, then the tenants' waits are looked at; whoever fails there writes nothing. The rest
is written kind by kind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from consumer.errors import Fenced
from consumer.ledger.engine import transaction
from consumer.ledger.port import BeginStep, KeepLease, Lease, Waiting, Write
from consumer.ledger.writes import write_all

LEASE_MARGIN = 15.0
"""Seconds by which a lease outlives the call that it was kept for: time enough to commit the result."""

# Locks in the order of the key, as intake does, so that the two never wait for one another in a circle.
_HOLD = text(
    """
    WITH held AS (
      SELECT s.tenant_id, s.student_id, mine.epoch, mine.seconds
      FROM student s JOIN unnest(CAST(:tenants AS text[]), CAST(:students AS text[]), CAST(:epochs AS bigint[]),
                                 CAST(:seconds AS float8[])) AS mine(tenant_id, student_id, epoch, seconds)
        ON s.tenant_id = mine.tenant_id AND s.student_id = mine.student_id AND s.lease_epoch = mine.epoch
      WHERE s.lease_until > now() ORDER BY s.tenant_id, s.student_id FOR NO KEY UPDATE OF s
    )
    UPDATE student s SET lease_until = greatest(s.lease_until, now() + held.seconds * interval '1 second')
    FROM held WHERE s.tenant_id = held.tenant_id AND s.student_id = held.student_id
    RETURNING s.tenant_id, s.student_id, s.lease_epoch
    """
)

_WAITS = text(
    """
    SELECT tenant_id, service, extract(epoch FROM until - now())::float8 AS seconds FROM tenant_wait
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


def hold(connection: Connection, wanted: Sequence[tuple[Lease, float]]) -> set[Lease]:
    """Checks, extends (to at least so many seconds from now) and locks the leases; returns those that still hold."""
    longest: dict[Lease, float] = {}
    for lease, seconds in wanted:
        longest[lease] = max(seconds, longest.get(lease, 0.0))
    values = {
        "tenants": [lease.tenant_id for lease in longest],
        "students": [lease.student_id for lease in longest],
        "epochs": [lease.epoch for lease in longest],
        "seconds": list(longest.values()),
    }
    return {Lease(row.tenant_id, row.student_id, row.lease_epoch) for row in connection.execute(_HOLD, values)}


class Journal:
    """Writes groups of entries. Blocking."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def write(self, entries: Sequence[Entry]) -> Sequence[Exception | None]:
        """Writes a group; `Fenced` or `Waiting` for those that may not. Raises `Unavailable` for all of them.

        If the data of one breaks the group's statements, each is written by itself, so that only that one fails.
        """
        try:
            return self._together(entries)
        except DBAPIError as error:
            if len(entries) == 1:
                return [error]
            return [answer for entry in entries for answer in self.write([entry])]

    def _together(self, entries: Sequence[Entry]) -> Sequence[Exception | None]:
        with transaction(self._engine) as connection:
            held = hold(connection, [(entry.lease, entry.seconds) for entry in entries])
            waits = _waits(connection, entries)
            answers = [_refusal(entry, held, waits) for entry in entries]
            may = [entry for entry, refusal in zip(entries, answers, strict=True) if refusal is None]
            write_all(connection, [(entry.lease, write) for entry in may for write in entry.writes])
        return answers


def _refusal(entry: Entry, held: set[Lease], waits: Mapping[tuple[str, str], float]) -> Exception | None:
    if entry.lease not in held:
        return Fenced("The student's lease has ended.")
    seconds = waits.get((entry.lease.tenant_id, entry.service)) if entry.service else None
    return Waiting(seconds) if seconds is not None else None


def _waits(connection: Connection, entries: Sequence[Entry]) -> Mapping[tuple[str, str], float]:
    tenants = {entry.lease.tenant_id for entry in entries if entry.service}
    if not tenants:
        return {}
    rows = connection.execute(_WAITS, {"tenants": sorted(tenants)})
    return {(row.tenant_id, row.service): row.seconds for row in rows}
