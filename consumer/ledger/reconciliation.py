"""Reconciliations on PostgreSQL: what was listed, how far, and what of it is compared with which accounts."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, TextClause, text

from consumer.events import Provider
from consumer.ledger.acts import Recording
from consumer.ledger.announcements import WORK_CHANNEL, Announcements
from consumer.ledger.engine import transaction
from consumer.ledger.port.reconciliation import Expected, Listed, Listing, Place, Stage
from consumer.ledger.unreadable import read

_PAGE = 5_000
_RESUMABLE = 12 * 3_600.0
"""Seconds after which a listing that was not finished shows too little of what is: it is begun anew."""

_RESUMED = text(
    """
    SELECT started_at, stage, part, page FROM reconciliation
    WHERE tenant_id = :tenant AND provider = :provider AND digest = :digest AND finished_at IS NULL
      AND started_at > now() - :resumable * interval '1 second'
    """
)
# By their place in the table, whatever the planner thinks of a table that has just been filled: one process has these rows.
_CLEARED = text(
    """
    DELETE FROM listed_account WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM listed_account WHERE tenant_id = :tenant AND provider = :provider LIMIT :limit
    ))
    """
)
_BEGUN = text(
    """
    INSERT INTO reconciliation (tenant_id, provider, started_at, digest, stage) VALUES (:tenant, :provider, now(), :digest, :stage)
    ON CONFLICT (tenant_id, provider) DO UPDATE
      SET started_at = excluded.started_at, digest = excluded.digest, stage = excluded.stage, part = NULL, page = NULL, finished_at = NULL
    RETURNING started_at
    """
)
_PLACED = text(
    """
    UPDATE reconciliation SET stage = :stage, part = :part, page = :page WHERE tenant_id = :tenant AND provider = :provider
    """
)
# An account that is on two pages stands as it was shown last.
_ACCOUNTS = text(
    """
    INSERT INTO listed_account AS known (tenant_id, provider, object_id, marker, address, deleted, enabled, synchronised, licences,
                                         org_unit)
    SELECT :tenant, :provider, object_id, marker, address, deleted, enabled, synchronised, licences, org_unit
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new(object_id text, marker text, address bytea, deleted boolean, enabled boolean,
                                                         synchronised boolean, licences text[], org_unit text)
    ON CONFLICT (tenant_id, provider, object_id) DO UPDATE
      SET marker = excluded.marker, address = excluded.address, deleted = excluded.deleted, enabled = excluded.enabled,
          synchronised = excluded.synchronised, licences = excluded.licences, org_unit = excluded.org_unit
    """
)
_MEMBERS = text(
    """
    UPDATE listed_account SET groups = array_append(groups, CAST(:group AS text))
    WHERE tenant_id = :tenant AND provider = :provider AND object_id = ANY(CAST(:members AS text[])) AND NOT :group = ANY(groups)
    """
)
_GIVEN = """
    SELECT DISTINCT given FROM account CROSS JOIN unnest({column}) AS given
    WHERE tenant_id = :tenant AND provider = :provider ORDER BY given
"""
_GROUPS, _LICENCES, _UNITS = (text(_GIVEN.format(column=column)) for column in ("groups", "licences", "admin_units"))
# A licence names its owners by their addresses. Of an account that was not listed with its licences, none is known so far.
_WITH_LICENCES = text(
    """
    UPDATE listed_account SET licences = '{}' WHERE tenant_id = :tenant AND provider = :provider AND licences IS NULL AND NOT deleted
    """
)
_LICENSED = text(
    """
    UPDATE listed_account SET licences = array_append(licences, CAST(:licence AS text))
    WHERE tenant_id = :tenant AND provider = :provider AND address = ANY(CAST(:addresses AS bytea[])) AND NOT deleted
      AND NOT :licence = ANY(licences)
    """
)
_EXPECTED = text(
    """
    SELECT a.student_id, a.marker, a.object_id, sha256(convert_to(lower(a.address), 'UTF8')) AS address, a.licences,
      a.groups || a.admin_units AS groups,
      a.state = 'suspended' AS suspended, s.desired->>'action' IN ('suspend_account', 'delete_account') AS suspends,
      s.desired->'providers' @> to_jsonb(a.provider) AS wanted, s.applied_version >= s.desired_version AS applied,
      CASE WHEN a.org_unit IS NOT NULL THEN a.org_unit WHEN a.origin <> 'adopted' THEN coalesce(a.body->>'org_unit', '/') END AS org_unit,
      (s.due_at IS NULL OR a.delete_at IS NOT NULL AND s.due_at > now()) AND s.settled_version >= s.desired_version
      AND s.accepted_at < r.started_at AND NOT EXISTS (
        SELECT FROM step WHERE step.tenant_id = a.tenant_id AND step.student_id = a.student_id AND step.provider = a.provider
          AND (step.ended_at IS NULL OR step.ended_at > r.started_at - :quiet * interval '1 second')
      ) AS judged
    FROM account a
    JOIN student s ON s.tenant_id = a.tenant_id AND s.student_id = a.student_id
    JOIN reconciliation r ON r.tenant_id = a.tenant_id AND r.provider = a.provider
    WHERE a.tenant_id = :tenant AND a.provider = :provider AND a.student_id > :after AND a.state IN ('active', 'suspended')
      AND (CAST(:students AS text[]) IS NULL OR a.student_id = ANY(CAST(:students AS text[])))
    ORDER BY a.student_id LIMIT :limit
    """
)
_SHOWN = "SELECT object_id, marker, address, deleted, enabled, synchronised, licences, groups, org_unit FROM listed_account l"
_LISTED = text(
    f"{_SHOWN} WHERE tenant_id = :tenant AND provider = :provider AND object_id = ANY(CAST(:objects AS text[]))"
    f" UNION {_SHOWN} WHERE tenant_id = :tenant AND provider = :provider AND marker = ANY(CAST(:markers AS text[]))"
)
_STRANGERS = text(
    f"{_SHOWN} WHERE tenant_id = :tenant AND provider = :provider AND object_id > :after AND marker IS NOT NULL AND NOT deleted"
    " AND NOT EXISTS (SELECT FROM account a WHERE a.provider = l.provider AND a.marker = l.marker)"
    " ORDER BY object_id LIMIT :limit"
)
# In the order of the key, as all who lock several students. Who has work planned by now is not touched: it is looked at anyway.
_AGAIN = text(
    """
    WITH settled AS (
      SELECT tenant_id, student_id FROM student
      WHERE tenant_id = :tenant AND student_id = ANY(CAST(:students AS text[])) AND settled_version >= desired_version
        AND (due_at IS NULL OR due_at > now() AND EXISTS (
          SELECT FROM account a WHERE a.tenant_id = student.tenant_id AND a.student_id = student.student_id AND a.delete_at IS NOT NULL))
      ORDER BY tenant_id, student_id FOR NO KEY UPDATE
    ), due AS (
      UPDATE student s SET due_at = now() FROM settled WHERE s.tenant_id = settled.tenant_id AND s.student_id = settled.student_id
    ), again AS (
      UPDATE account a SET revisit = true FROM settled
      WHERE a.tenant_id = settled.tenant_id AND a.student_id = settled.student_id AND a.provider = :provider
      RETURNING a.student_id
    )
    SELECT student_id FROM again
    """
)
_FINISHED = text(
    "UPDATE reconciliation SET finished_at = now() WHERE tenant_id = :tenant AND provider = :provider AND finished_at IS NULL"
)

_LAST = text(
    """
    SELECT tenant_id, min(finished_at) AS finished_at FROM reconciliation
    WHERE tenant_id = ANY(CAST(:tenants AS text[])) GROUP BY tenant_id HAVING bool_and(finished_at IS NOT NULL)
    """
)


def last_finished(engine: Engine, tenant_ids: Sequence[str]) -> tuple[datetime, Mapping[str, datetime]]:
    """The database's time, and when the last reconciliation of each tenant ended, at all of its providers. Raises `Unavailable`."""
    with transaction(engine) as connection:
        now: datetime = connection.execute(text("SELECT now()")).scalar_one()
        rows = connection.execute(_LAST, {"tenants": list(tenant_ids)})
        return now, {row.tenant_id: row.finished_at for row in rows}


class Reconciliation:
    """Of one tenant at one provider, by one process at a time. Blocking; every method may raise `Unavailable`, and may be repeated."""

    def __init__(self, engine: Engine, tenant_id: str, provider: Provider) -> None:
        self._engine = engine
        self._provider = provider
        self._whose: dict[str, Any] = {"tenant": tenant_id, "provider": provider}
        self._announcements = Announcements(engine, WORK_CHANNEL)

    def begin(self, digest: bytes) -> Listing:
        """Where to continue; at the beginning where the last one is finished, too old, or of another configuration than `digest` names."""
        values = {**self._whose, "digest": digest, "resumable": _RESUMABLE}
        with transaction(self._engine) as connection:
            row = connection.execute(_RESUMED, values).one_or_none()
        if row is not None:
            stage = read("reconciliation.stage", Stage, row.stage)
            return Listing(row.started_at, Place(stage, row.part, row.page), resumed=True)
        return self.begin_anew(digest)

    def begin_anew(self, digest: bytes) -> Listing:
        """Forgets what was listed."""
        self._clear()
        with transaction(self._engine) as connection:
            started = connection.execute(
                _BEGUN, {**self._whose, "digest": digest, "stage": Stage.ACCOUNTS}
            ).scalar_one()
        return Listing(started, Place(Stage.ACCOUNTS), resumed=False)

    def add_accounts(self, accounts: Sequence[Listed], then: Place) -> None:
        """Keeps a page of them, and where to continue."""
        rows = [
            {
                "object_id": one.object_id,
                "marker": one.marker,
                "address": f"\\x{one.address.hex()}",
                "deleted": one.deleted,
                "enabled": one.enabled,
                "synchronised": one.synchronised,
                "licences": None if one.licences is None else sorted(one.licences),
                "org_unit": one.org_unit,
            }
            for one in {one.object_id: one for one in accounts}.values()
        ]
        with transaction(self._engine) as connection:
            connection.execute(_ACCOUNTS, {**self._whose, "rows": json.dumps(rows)})
            connection.execute(_PLACED, self._at(then))

    def add_members(self, group: str, object_ids: Sequence[str], then: Place) -> None:
        """Keeps that these accounts, where they were listed, are in the group or administrative unit, and where to continue."""
        with transaction(self._engine) as connection:
            connection.execute(_MEMBERS, {**self._whose, "group": group, "members": list(object_ids)})
            connection.execute(_PLACED, self._at(then))

    def continue_at(self, then: Place) -> None:
        """Keeps where to continue."""
        with transaction(self._engine) as connection:
            connection.execute(_PLACED, self._at(then))

    def groups(self) -> Sequence[str]:
        """Those that the tenant's accounts were made members of."""
        return self._given(_GROUPS)

    def licences(self) -> Sequence[str]:
        """Those that the tenant's accounts were given."""
        return self._given(_LICENCES)

    def begin_licences(self, then: Place) -> None:
        """Keeps that no account has any, as far as is known so far, and where to continue."""
        with transaction(self._engine) as connection:
            connection.execute(_WITH_LICENCES, self._whose)
            connection.execute(_PLACED, self._at(then))

    def add_licensed(self, licence: str, addresses: Sequence[bytes], then: Place) -> None:
        """Keeps that the accounts with these addresses (digests), where they were listed, have the licence, and where to continue."""
        with transaction(self._engine) as connection:
            connection.execute(_LICENSED, {**self._whose, "licence": licence.lower(), "addresses": list(addresses)})
            connection.execute(_PLACED, self._at(then))

    def admin_units(self) -> Sequence[str]:
        """Those that the tenant's accounts were put into."""
        return self._given(_UNITS)

    def _given(self, statement: TextClause) -> Sequence[str]:
        with transaction(self._engine) as connection:
            return list(connection.execute(statement, self._whose).scalars())

    def expected(
        self, *, after: str, limit: int, quiet: float, students: Sequence[str] | None = None
    ) -> Sequence[Expected]:
        """The accounts of the students after this one, or of those of `students`, in the order of their ids.

        Those that were changed later than `quiet` seconds before the listing began are not `judged`.
        """
        values = {**self._whose, "after": after, "limit": limit, "quiet": quiet, "students": students}
        with transaction(self._engine) as connection:
            return [_expected(self._provider, row) for row in connection.execute(_EXPECTED, values)]

    def listed(self, of: Sequence[Expected]) -> Sequence[Listed]:
        """The accounts with the object ids of these, and those with their markers."""
        objects = [one.object_id for one in of if one.object_id is not None]
        values = {**self._whose, "objects": objects, "markers": [one.marker for one in of]}
        with transaction(self._engine) as connection:
            return [_listed(row) for row in connection.execute(_LISTED, values)]

    def strangers(self, *, after: str, limit: int) -> Sequence[Listed]:
        """Live accounts after this object id whose marker, whatever it is, the ledger has for no student of any tenant."""
        with transaction(self._engine) as connection:
            rows = connection.execute(_STRANGERS, {**self._whose, "after": after, "limit": limit})
            return [_listed(row) for row in rows]

    def look_again(self, student_ids: Sequence[str], recording: Recording | None = None) -> int:
        """Has provisioning look at these students' accounts again, but for students who have work planned; returns how many.

        `recording`: of the operator's act that this is a part of.
        """
        with transaction(self._engine) as connection:
            marked = connection.execute(_AGAIN, {**self._whose, "students": list(student_ids)}).scalars().all()
            if marked and recording:
                recording.write(connection, marked)
        if marked:
            self._announcements.committed()
        return len(marked)

    def finish(self) -> None:
        """Forgets what was listed; the next one begins anew."""
        with transaction(self._engine) as connection:
            connection.execute(_FINISHED, self._whose)
        self._clear()

    def _clear(self) -> None:
        while True:
            with transaction(self._engine) as connection:
                if connection.execute(_CLEARED, {**self._whose, "limit": _PAGE}).rowcount < _PAGE:
                    return

    def _at(self, place: Place) -> dict[str, Any]:
        return {**self._whose, "stage": place.stage, "part": place.group, "page": place.page}


def _expected(provider: Provider, row: Row[Any]) -> Expected:
    closed = row.suspends if row.applied and row.wanted else row.suspended
    return Expected(
        provider=provider,
        student_id=row.student_id,
        marker=row.marker,
        object_id=row.object_id,
        address=bytes(row.address),
        judged=row.judged,
        open=not closed,
        wants_account=not row.suspends if row.wanted else None,
        licences=frozenset(licence.lower() for licence in row.licences),
        groups=frozenset(row.groups),
        org_unit=row.org_unit,
    )


def _listed(row: Row[Any]) -> Listed:
    return Listed(
        object_id=row.object_id,
        marker=row.marker,
        address=bytes(row.address),
        deleted=row.deleted,
        enabled=row.enabled,
        synchronised=row.synchronised,
        licences=None if row.licences is None else frozenset(row.licences),
        groups=frozenset(row.groups),
        org_unit=row.org_unit,
    )
