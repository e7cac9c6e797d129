"""Reservations of addresses: whoever writes the row first has it, over all tenants and replicas."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, text

from consumer.errors import Fenced
from consumer.events import Provider
from consumer.ledger.engine import transaction
from consumer.ledger.journal import hold
from consumer.ledger.port import Lease

_HELD = text(
    """
    SELECT held.provider, held.address, held.tenant_id, held.student_id FROM address held
    JOIN unnest(CAST(:tenants AS text[]), CAST(:students AS text[])) AS asking(tenant_id, student_id) USING (tenant_id, student_id)
    WHERE NOT held.refused
    """
)
_TAKE = text(
    """
    INSERT INTO address (provider, address, tenant_id, student_id)
    SELECT provider, address, tenant_id, student_id
    FROM unnest(CAST(:providers AS text[]), CAST(:addresses AS text[]), CAST(:tenants AS text[]), CAST(:students AS text[]))
      AS wanted(provider, address, tenant_id, student_id)
    ORDER BY provider, address
    ON CONFLICT DO NOTHING RETURNING provider, tenant_id, student_id
    """
)

_Who = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Request:
    """One student's wish at one provider, best candidate first."""

    lease: Lease
    provider: Provider
    candidates: tuple[str, ...]

    @property
    def who(self) -> _Who:
        """Provider, tenant, student."""
        return self.provider, self.lease.tenant_id, self.lease.student_id


class Addresses:
    """Reserves for groups of students. Blocking."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def reserve(self, requests: Sequence[Request]) -> Sequence[str | Exception | None]:
        """An address for each, None where all candidates are taken, `Fenced` where the lease has ended."""
        with transaction(self._engine) as connection:
            held = hold(connection, [(request.lease, 0.0) for request in requests])
            allowed = [request for request in requests if request.lease in held]
            given = dict(_already(connection, allowed))
            for turn in range(max((len(request.candidates) for request in allowed), default=0)):
                open_requests = [r for r in allowed if r.who not in given and turn < len(r.candidates)]
                if not open_requests:
                    break
                given.update(_take(connection, open_requests, turn))
        return [
            given.get(request.who) if request.lease in held else Fenced("The student's lease has ended.")
            for request in requests
        ]


def _already(connection: Connection, requests: Sequence[Request]) -> Mapping[_Who, str]:
    values = {"tenants": [r.lease.tenant_id for r in requests], "students": [r.lease.student_id for r in requests]}
    return {(row.provider, row.tenant_id, row.student_id): row.address for row in connection.execute(_HELD, values)}


def _take(connection: Connection, requests: Sequence[Request], turn: int) -> Mapping[_Who, str]:
    wanted = {request.who: request.candidates[turn].lower() for request in requests}
    values = {
        "providers": [provider for provider, _, _ in wanted],
        "addresses": list(wanted.values()),
        "tenants": [tenant for _, tenant, _ in wanted],
        "students": [student for _, _, student in wanted],
    }
    rows = connection.execute(_TAKE, values)
    taken = [(row.provider, row.tenant_id, row.student_id) for row in rows]
    return {who: wanted[who] for who in taken}
