"""Accounts that an operator adopts for students, on PostgreSQL: what is known of them before, and the record of who did it and when.

A run is one act of the operator's, with all students of the list whose accounts it began to mark.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, text

from consumer.events import Provider
from consumer.ledger.acts import ActKind, Operator, Recording
from consumer.ledger.announcements import WORK_CHANNEL, Announcements
from consumer.ledger.engine import transaction

# The account itself may be anyone's: by its object id, over all tenants.
_KNOWN = text(
    """
    SELECT student_id, tenant_id, object_id, address FROM account
    WHERE provider = :provider AND (object_id = ANY(CAST(:objects AS text[]))
      OR (tenant_id = :tenant AND student_id = ANY(CAST(:students AS text[])) AND object_id IS NOT NULL))
    """
)
_RESERVED = text(
    """
    SELECT address, tenant_id, student_id FROM address
    WHERE provider = :provider AND address = ANY(CAST(:addresses AS text[])) AND NOT refused
    """
)
_BEGUN = text(
    """
    INSERT INTO adoption AS known (tenant_id, student_id, provider, object_id, digest, adopted_by, begun_at)
    VALUES (:tenant, :student, :provider, :object, :digest, :by, now())
    ON CONFLICT (tenant_id, student_id, provider) DO UPDATE
      SET object_id = excluded.object_id, digest = excluded.digest, adopted_by = excluded.adopted_by, begun_at = now(), done_at = NULL
      WHERE known.done_at IS NULL OR known.object_id <> excluded.object_id
    """
)
_RESERVE = text(
    """
    INSERT INTO address (provider, address, tenant_id, student_id) VALUES (:provider, :address, :tenant, :student)
    ON CONFLICT (provider, address) DO UPDATE SET refused = false, tenant_id = excluded.tenant_id, student_id = excluded.student_id
      WHERE address.refused
    """
)
# A student for whom an account is being made keeps the row: the next try finds the marker.
_ADOPT = text(
    """
    INSERT INTO account (tenant_id, student_id, provider, address, marker, body, generation, object_id, origin, licences, groups,
                         settled_version)
    VALUES (:tenant, :student, :provider, :address, :marker, jsonb_build_object('address', CAST(:address AS text),
            'marker', CAST(:marker AS text), 'given_name', '', 'family_name', '', 'display_name', '', 'preferred_language', NULL,
            'org_unit', NULL), 0, :object, 'adopted', '{}', '{}', -1)
    ON CONFLICT (tenant_id, student_id, provider) DO NOTHING
    """
)
_DUE = text(
    """
    UPDATE student SET due_at = now()
    WHERE tenant_id = :tenant AND student_id = :student AND due_at > now() AND (lease_until IS NULL OR lease_until <= now())
    """
)
_DONE = text(
    """
    UPDATE adoption SET done_at = now()
    WHERE tenant_id = :tenant AND student_id = :student AND provider = :provider AND done_at IS NULL
    """
)


@dataclass(frozen=True, slots=True)
class Adoption:
    """An account for a student. `digest`: of the list that it is on."""

    student_id: str
    object_id: str
    address: str
    marker: str
    digest: str


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger has. `accounts`: object ids by student of this tenant; `holders`: whose an object id is; `reserved`: an address."""

    accounts: Mapping[str, str]
    holders: Mapping[str, tuple[str, str]]
    reserved: Mapping[str, tuple[str, str]]


class Adoptions:
    """One run of `operator`, for one tenant at one provider, one account after the other.

    Blocking; every method may raise `Unavailable`, and may be repeated, by another run.
    """

    def __init__(self, engine: Engine, tenant_id: str, provider: Provider, operator: Operator) -> None:
        self._engine = engine
        self._operator = operator
        self._recording = Recording(ActKind.ACCOUNTS_ADOPTED, operator, tenant_id=tenant_id, provider=provider)
        self._tenant_id = tenant_id
        self._whose = {"tenant": tenant_id, "provider": provider}
        self._announcements = Announcements(engine, WORK_CHANNEL)

    def known(self, *, students: Sequence[str], objects: Sequence[str], addresses: Sequence[str]) -> Known:
        """Of these students, object ids and addresses (in lower case)."""
        values = {**self._whose, "students": students, "objects": objects, "addresses": addresses}
        with transaction(self._engine) as connection:
            rows = connection.execute(_KNOWN, values).all()
            reserved = connection.execute(_RESERVED, values).all()
        own = {row.student_id: row.object_id for row in rows if row.tenant_id == self._tenant_id}
        holders = {row.object_id: (row.tenant_id, row.student_id) for row in rows}
        return Known(own, holders, {row.address: (row.tenant_id, row.student_id) for row in reserved})

    def begin(self, adoption: Adoption) -> None:
        """Records who adopts it and when, before it is marked."""
        with transaction(self._engine) as connection:
            if connection.execute(_BEGUN, self._about(adoption)).rowcount:
                self._recording.write(connection, [adoption.student_id])

    def finish(self, adoption: Adoption) -> None:
        """It is marked: the ledger knows it from now on, or the student's next try finds it."""
        values = self._about(adoption)
        with transaction(self._engine) as connection:
            connection.execute(_RESERVE, values)
            connection.execute(_ADOPT, values)
            connection.execute(_DUE, values)
            connection.execute(_DONE, values)
        self._announcements.committed()

    def _about(self, adoption: Adoption) -> Mapping[str, object]:
        return {
            **self._whose,
            "student": adoption.student_id,
            "object": adoption.object_id,
            "address": adoption.address,
            "marker": adoption.marker,
            "digest": adoption.digest,
            "by": self._operator.name,
        }
