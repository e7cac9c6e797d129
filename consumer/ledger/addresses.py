"""Reservations of addresses: the first to write the row has it, over all tenants and replicas."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, text

from consumer.errors import Fenced
from consumer.events import Provider
from consumer.ledger.engine import transaction
from consumer.ledger.journal import hold
from consumer.ledger.port.student import Lease

_HELD = text(
    """
    SELECT held.provider, held.address, held.tenant_id, held.student_id FROM address held
    JOIN unnest(CAST(:tenants AS text[]), CAST(:students AS text[])) AS asking(tenant_id, student_id) USING (tenant_id, student_id)
    WHERE NOT held.refused AND held.retired_at IS NULL
    """
)
_TAKEN = text(
    """
    SELECT taken.provider, taken.address, taken.tenant_id, taken.student_id, taken.retired_at IS NOT NULL AND NOT taken.refused AS former
    FROM address taken
    JOIN unnest(CAST(:providers AS text[]), CAST(:addresses AS text[])) AS wanted(provider, address) USING (provider, address)
    """
)
_TAKE = text(
    """
    INSERT INTO address (provider, address, tenant_id, student_id)
    SELECT provider, address, tenant_id, student_id
    FROM unnest(CAST(:providers AS text[]), CAST(:addresses AS text[]), CAST(:tenants AS text[]), CAST(:students AS text[]))
      AS wanted(provider, address, tenant_id, student_id)
    ORDER BY provider, address
    ON CONFLICT (provider, address) DO UPDATE SET retired_at = NULL
      WHERE (address.tenant_id, address.student_id) = (excluded.tenant_id, excluded.student_id)
        AND address.retired_at IS NOT NULL AND NOT address.refused
    """
)

_Student = tuple[str, str]
_Place = tuple[Provider, str]
"""A provider, and an address there in lower case."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """One student's need of an address at `providers`, best candidate first."""

    lease: Lease
    providers: tuple[Provider, ...]
    candidates: tuple[str, ...]

    @property
    def student(self) -> _Student:
        """The tenant's id and the student's."""
        return self.lease.tenant_id, self.lease.student_id


class Addresses:
    """Reserves for groups of students. Blocking."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def reserve(self, requests: Sequence[Reservation]) -> Sequence[str | Exception | None]:
        """An address for each, None where all candidates are taken, `Fenced` where the lease has ended. See `Work.reserve`.

        Replicas that reserve for namesakes do not deadlock: each inserts all of a group in one statement, in the order of the key, and
        holds no other row of the table then. What another replica took in the meantime undoes that statement, and the choice is made
        again with what is known by then.
        """
        with transaction(self._engine) as connection:
            held = hold(connection, [(request.lease, 0.0) for request in requests], counted=False)
            allowed = [request for request in requests if request.lease in held]
            standing = _standing(connection, allowed)
            while True:
                chosen = _chosen(allowed, standing, _taken(connection, allowed, standing))
                if _take(connection, chosen):
                    break
        given = {**{(at, student): address for (at, address), student in chosen.items()}, **standing}
        return [
            given.get((request.providers[0], request.student))
            if request.lease in held
            else Fenced("The student's lease has ended.")
            for request in requests
        ]


_Standing = Mapping[tuple[Provider, _Student], str]
"""The addresses that students have."""


def _standing(connection: Connection, requests: Sequence[Reservation]) -> _Standing:
    students = sorted({request.student for request in requests})
    values = {"tenants": [tenant for tenant, _ in students], "students": [student for _, student in students]}
    rows = connection.execute(_HELD, values)
    return {(Provider(row.provider), (row.tenant_id, row.student_id)): row.address for row in rows}


def _wanted(request: Reservation, standing: _Standing) -> tuple[list[Provider], Iterator[str]]:
    """The providers where the student has no address, and what may be given there: first the address that the student has elsewhere."""
    missing = [at for at in request.providers if (at, request.student) not in standing]
    own = [standing[at, request.student] for at in request.providers if at not in missing]
    return missing, (address.lower() for address in (*own, *request.candidates))


def _taken(
    connection: Connection, requests: Sequence[Reservation], standing: _Standing
) -> Mapping[_Place, _Student | None]:
    """Taken addresses. A former one comes with its student, for whom it is free."""
    places: set[_Place] = set()
    for request in requests:
        missing, addresses = _wanted(request, standing)
        places.update((at, address) for address in addresses for at in missing)
    if not places:
        return {}
    values = {"providers": [provider for provider, _ in places], "addresses": [address for _, address in places]}
    return {
        (Provider(row.provider), row.address): (row.tenant_id, row.student_id) if row.former else None
        for row in connection.execute(_TAKEN, values)
    }


def _chosen(
    requests: Sequence[Reservation], standing: _Standing, taken: Mapping[_Place, _Student | None]
) -> Mapping[_Place, _Student]:
    """The rows to write: for each student in turn the first address that is free at every provider where one is missing."""
    chosen: dict[_Place, _Student] = {}
    known = dict(standing)
    for request in requests:
        missing, addresses = _wanted(request, known)
        for address in addresses if missing else ():
            places = [(at, address) for at in missing]
            if all(taken.get(at, request.student) == request.student and at not in chosen for at in places):
                chosen.update(dict.fromkeys(places, request.student))
                known.update({(at, request.student): address for at in missing})
                break
    return chosen


def _take(connection: Connection, chosen: Mapping[_Place, _Student]) -> bool:
    """Whether all rows were written; else none was."""
    if not chosen:
        return True
    values = {
        "providers": [provider for provider, _ in chosen],
        "addresses": [address for _, address in chosen],
        "tenants": [tenant for tenant, _ in chosen.values()],
        "students": [student for _, student in chosen.values()],
    }
    savepoint = connection.begin_nested()
    if connection.execute(_TAKE, values).rowcount == len(chosen):
        savepoint.commit()
        return True
    savepoint.rollback()
    return False
