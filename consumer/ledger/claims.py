"""Claims: which students are due, and everything that is known about them."""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import structlog
from sqlalchemy import Connection, Engine, Row, TextClause, text

from consumer.errors import Reason
from consumer.ledger.engine import transaction
from consumer.ledger.epochs import next_epoch
from consumer.ledger.jobs import job_of
from consumer.ledger.port.student import Job
from consumer.ledger.unreadable import Unreadable

log = structlog.get_logger()

_ASIDE = 60.0
"""Seconds until a student with an unreadable record is due again: another replica may be of a version that can read it."""
_LOCKED = 0.5
"""Seconds until a due student whose row is locked by another transaction is looked at again."""

# Rows that another worker is claiming are passed over, not waited for.
_CLAIM = text(
    f"""
    WITH picked AS (
      SELECT due.tenant_id, due.student_id
      FROM unnest(CAST(:tenants AS text[]), CAST(:places AS int[])) AS room(tenant_id, places)
      CROSS JOIN LATERAL (
        SELECT s.tenant_id, s.student_id FROM student s
        WHERE s.tenant_id = room.tenant_id AND s.due_at <= now() AND (s.lease_until IS NULL OR s.lease_until <= now())
        ORDER BY s.due_at LIMIT room.places FOR NO KEY UPDATE SKIP LOCKED
      ) AS due
    )
    UPDATE student s SET lease_epoch = {next_epoch("s.lease_epoch")}, lease_until = now() + :lease * interval '1 second',
      lease_owner = :worker, claimed_version = s.desired_version, attempt = s.attempt + 1
    FROM picked WHERE s.tenant_id = picked.tenant_id AND s.student_id = picked.student_id
    RETURNING s.tenant_id, s.student_id, s.lease_epoch, s.desired, s.accepted_at, s.attempt, s.settled_version, now() AS now
    """  # noqa: S608  a constant of ours
)

# Of each tenant the first in the index that are not leased; the leased ones are those due before it. A student that was parked by hand
# at 'infinity' is never due; older servers can't subtract that.
_NEXT_FREE = text(
    """
    SELECT extract(epoch FROM min(first.due_at) - now())::float8
    FROM unnest(CAST(:tenants AS text[])) AS asked(tenant_id)
    CROSS JOIN LATERAL (
      SELECT s.due_at FROM student s
      WHERE s.tenant_id = asked.tenant_id AND s.due_at < 'infinity' AND (s.lease_until IS NULL OR s.lease_until <= now())
      ORDER BY s.due_at LIMIT 1
    ) AS first
    """
)
_ONE_FREE = text(
    """
    SELECT FROM student s
    WHERE s.tenant_id = ANY(CAST(:tenants AS text[])) AND s.due_at <= now() AND (s.lease_until IS NULL OR s.lease_until <= now())
    LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
    """
)
_NEXT_LEASE = text(
    """
    SELECT extract(epoch FROM min(lease_until) - now())::float8 FROM student
    WHERE tenant_id = ANY(CAST(:tenants AS text[])) AND due_at <= now() AND lease_until > now() AND lease_until < 'infinity'
    """
)

# Columns by name: a prepared `SELECT *` fails from the moment in which a newer version's migration adds one.
_OF = """
    SELECT tenant_id, student_id, provider, {columns} FROM {table}
    JOIN unnest(CAST(:tenants AS text[]), CAST(:students AS text[])) AS claimed(tenant_id, student_id)
    USING (tenant_id, student_id)
"""
_ACCOUNTS = text(
    _OF.format(
        table="account",
        columns="address, marker, body, generation, object_id, origin, licences, groups, settled_version",
    )
)
_STEPS = text(
    _OF.format(
        table="step",
        columns="name, state, version, attempt, request_hash, started_at, deadline, reason, unsure, lost_at, replica",
    )
)
_CREDENTIALS = text(
    _OF.format(table="credential", columns="generation, sealed, expires_at")
    + " WHERE expires_at > now() ORDER BY generation"
)

_WAITS = text(
    _OF.format(table="student_wait", columns="step, reason, code, held, version, attempts, reported, since")
    + " WHERE provider <> ''"
)

# Under the claim's own lock. It was no attempt; a newer event is not waited for longer than any other.
_PUT_ASIDE = text(
    """
    WITH new AS (
      SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS row(tenant_id text, student_id text, place text)
    ), aside AS (
      UPDATE student s SET lease_until = NULL, lease_owner = NULL, attempt = greatest(0, s.attempt - 1),
        due_at = now() + :seconds * interval '1 second'
      FROM new WHERE s.tenant_id = new.tenant_id AND s.student_id = new.student_id
      RETURNING s.tenant_id, s.student_id, s.desired_version, s.due_at, new.place
    )
    INSERT INTO student_wait AS known (tenant_id, student_id, provider, step, reason, code, held, version, attempts, reported,
                                       since, until)
    SELECT tenant_id, student_id, '', '', :reason, place, true, desired_version, 1, false, now(), due_at FROM aside
    ON CONFLICT ON CONSTRAINT student_wait_pkey DO UPDATE
      SET reason = excluded.reason, code = excluded.code, held = true, version = excluded.version, until = excluded.until,
        attempts = CASE WHEN known.reason = excluded.reason THEN known.attempts + 1 ELSE 1 END,
        since = CASE WHEN known.reason = excluded.reason THEN known.since ELSE excluded.since END
    """
)

_Key = tuple[str, str]


class Claims:
    """Leases students. Blocking. `unreadable` receives the place of each record that this version can't read."""

    def __init__(self, engine: Engine, *, unreadable: Callable[[str], None] = lambda _: None) -> None:
        self._engine = engine
        self._unreadable = unreadable

    def claim(self, room: Mapping[str, int], *, lease: float, worker: str) -> Sequence[Job]:
        """A student with an unreadable record is set aside, with the reason, and not returned."""
        values = {"tenants": list(room), "places": list(room.values()), "lease": lease, "worker": worker}
        with transaction(self._engine) as connection:
            rows = connection.execute(_CLAIM, values).all()
            if not rows:
                return ()
            known = {"tenants": [row.tenant_id for row in rows], "students": [row.student_id for row in rows]}
            accounts, steps, credentials, waits = (
                _by_student(connection, statement, known) for statement in (_ACCOUNTS, _STEPS, _CREDENTIALS, _WAITS)
            )
            jobs: list[Job] = []
            aside: dict[_Key, str] = {}
            for row in rows:
                key = (row.tenant_id, row.student_id)
                try:
                    jobs.append(job_of(row, accounts[key], steps[key], credentials[key], waits[key]))
                except Unreadable as fault:
                    aside[key] = fault.place
            if aside:
                _put_aside(connection, aside)
        for (tenant_id, _), place in aside.items():
            self._unreadable(place)
            log.error("student_unreadable", tenant_id=tenant_id, place=place, again_in=_ASIDE)
        return jobs

    def seconds_to_next(self, tenants: Collection[str]) -> float | None:
        """Reads a few rows of each tenant, however many wait."""
        asked = {"tenants": list(tenants)}
        with transaction(self._engine) as connection:
            free = connection.execute(_NEXT_FREE, asked).scalar_one()
            if free is not None and free <= 0:
                return 0.0 if connection.execute(_ONE_FREE, asked).first() is not None else _LOCKED
            # What is due is leased, all of it: no more rows than there are students in work.
            leased = connection.execute(_NEXT_LEASE, asked).scalar_one()
        return min((seconds for seconds in (free, leased) if seconds is not None), default=None)


def _put_aside(connection: Connection, aside: Mapping[_Key, str]) -> None:
    rows = [{"tenant_id": tenant, "student_id": student, "place": place} for (tenant, student), place in aside.items()]
    values = {"rows": json.dumps(rows), "seconds": _ASIDE, "reason": Reason.UNREADABLE_RECORD}
    connection.execute(_PUT_ASIDE, values)


def _by_student(
    connection: Connection, statement: TextClause, known: Mapping[str, list[str]]
) -> Mapping[_Key, list[Row[Any]]]:
    rows: dict[_Key, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(statement, known):
        rows[row.tenant_id, row.student_id].append(row)
    return rows
