"""Claims: which students are due, and everything that is known about them."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog
from sqlalchemy import Connection, Engine, Row, TextClause, text

from consumer.errors import Reason, Unavailable
from consumer.ledger.engine import transaction
from consumer.ledger.epochs import next_epoch
from consumer.ledger.guarding import guarded
from consumer.ledger.jobs import job_of
from consumer.ledger.port.student import Job
from consumer.ledger.port.work import Room
from consumer.ledger.unreadable import Unreadable
from consumer.policy.work_class import WorkClass

log = structlog.get_logger()

_ASIDE = 60.0
"""Seconds until a student with an unreadable record is due again: another replica may be of a version that can read it."""

# Rows that another worker is claiming are passed over, not waited for. Of a tenant all of whose services wait, only students who have been
# due for long are claimed: to be reported. As many of each class are locked as there are places, and some of them let go again.
_CLAIM = text(
    f"""
    WITH open AS (
      SELECT DISTINCT tenant_id FROM unnest(CAST(:whose AS text[]), CAST(:services AS text[])) AS needed(tenant_id, service)
      WHERE NOT EXISTS (SELECT FROM tenant_wait w
                        WHERE w.tenant_id = needed.tenant_id AND w.service = needed.service AND w.until > now())
    ), room AS (
      SELECT tenant_id, places, others, urgent, normal,
        now() - CASE WHEN open.tenant_id IS NULL THEN overdue ELSE 0 END * interval '1 second' AS before
      FROM unnest(CAST(:tenants AS text[]), CAST(:places AS int[]), CAST(:overdue AS float8[]), CAST(:others AS int[]),
                  CAST(:urgent AS boolean[]), CAST(:normal AS boolean[]))
        AS asked(tenant_id, places, overdue, others, urgent, normal)
      LEFT JOIN open USING (tenant_id)
    ), picked AS (
      SELECT room.tenant_id, chosen.student_id
      FROM room CROSS JOIN LATERAL (
        SELECT due.student_id, CASE
          WHEN class.number > 0 THEN 1
          WHEN row_number() OVER (PARTITION BY class.number ORDER BY due.due_at) <= room.places - room.others THEN 0
          ELSE 2 END AS rank
        FROM (VALUES (0, room.urgent), (1, room.normal)) AS class(number, wanted) CROSS JOIN LATERAL (
          SELECT s.student_id, s.due_at FROM student s
          WHERE s.tenant_id = room.tenant_id AND s.work_class = class.number AND class.wanted
            AND s.due_at <= room.before AND (s.lease_until IS NULL OR s.lease_until <= now())
          ORDER BY s.due_at LIMIT room.places FOR NO KEY UPDATE SKIP LOCKED
        ) AS due
        ORDER BY rank, due.due_at LIMIT room.places
      ) AS chosen
    )
    UPDATE student s SET lease_epoch = {next_epoch("s.lease_epoch")}, lease_until = now() + :lease * interval '1 second',
      lease_owner = :worker, lease_writes = 0, claimed_version = s.desired_version, attempt = s.attempt + 1
    FROM picked WHERE s.tenant_id = picked.tenant_id AND s.student_id = picked.student_id
    RETURNING s.tenant_id, s.student_id, s.lease_epoch, s.desired, s.accepted_at, s.attempt, s.settled_version, now() AS now
    """  # noqa: S608  a constant of ours
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
        columns="address, marker, body, generation, object_id, origin, licences, groups, settled_version, state, org_unit, "
        "licences_in_doubt, groups_in_doubt, revisit, delete_at, next_address, notice_at, noticed_for, incomplete, "
        "admin_units, admin_units_in_doubt",
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

    def claim(self, room: Mapping[str, Room], *, lease: float, worker: str) -> Sequence[Job]:
        """A student with an unreadable record is set aside, with the reason, and another is claimed in its place."""
        jobs: list[Job] = []
        left = dict(room)
        while left:
            try:
                claimed, aside = self._claim(left, lease=lease, worker=worker)
            except Unavailable:
                if not jobs:
                    raise
                break  # those that are leased are worked all the same
            jobs += claimed
            left = {tenant: replace(room[tenant], places=places) for tenant, places in aside.items()}
        return jobs

    def _claim(self, room: Mapping[str, Room], *, lease: float, worker: str) -> tuple[Sequence[Job], Counter[str]]:
        """Those that could be read, and how many were set aside of each tenant."""
        needed = [(tenant, service) for tenant, of in room.items() for service in of.services or ("",)]
        values = {
            "tenants": list(room),
            "places": [of.places for of in room.values()],
            "overdue": [of.overdue for of in room.values()],
            "others": [of.others for of in room.values()],
            "urgent": [WorkClass.URGENT in of.classes for of in room.values()],
            "normal": [WorkClass.NORMAL in of.classes for of in room.values()],
            "whose": [tenant for tenant, _ in needed],
            "services": [service for _, service in needed],
            "lease": lease,
            "worker": worker,
        }
        jobs: list[Job] = []
        aside: dict[_Key, str] = {}
        with transaction(self._engine) as connection:
            rows = connection.execute(_CLAIM, values).all()
            if not rows:
                return (), Counter()
            known = {"tenants": [row.tenant_id for row in rows], "students": [row.student_id for row in rows]}
            accounts, steps, credentials, waits = (
                _by_student(connection, statement, known) for statement in (_ACCOUNTS, _STEPS, _CREDENTIALS, _WAITS)
            )
            for row in rows:
                key = (row.tenant_id, row.student_id)
                try:
                    jobs.append(job_of(row, accounts[key], steps[key], credentials[key], waits[key]))
                except Unreadable as fault:
                    aside[key] = fault.place
            if aside:
                _put_aside(connection, aside)
            jobs = [*guarded(connection, jobs, room)]
        for (tenant_id, _), place in aside.items():
            self._unreadable(place)
            log.error("student_unreadable", tenant_id=tenant_id, place=place, again_in=_ASIDE)
        return jobs, Counter(tenant_id for tenant_id, _ in aside)


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
