"""How the service stands, by the ledger alone: what waits, which vendors are waited for, who leads, what is not published yet.

One read model with the metrics: `overview` counts what waits. Reads only indexes that have what waits, and tables of a few rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, text

from consumer.ledger.engine import transaction
from consumer.ledger.leadership import leader_of
from consumer.ledger.outbox import PostgresOutbox
from consumer.ledger.overview import PostgresOverviews
from consumer.ledger.port.overview import Overview
from consumer.ledger.skip_scan import tenants

# Of each tenant that has waits: waits that are over are kept for days.
_WAITS = text(
    f"""
    WITH {tenants("tenant_wait")}
    SELECT wait.* FROM tenants CROSS JOIN LATERAL (
      SELECT tenant_id, service, reason, code, held, since, until FROM tenant_wait w
      WHERE w.tenant_id = tenants.tenant_id AND w.until > now() ORDER BY w.service
    ) AS wait ORDER BY wait.tenant_id, wait.service
    """  # noqa: S608  constants of ours
)
_NOW = text("SELECT now()")


@dataclass(frozen=True, slots=True)
class VendorWait:
    """A tenant's service, or a part of one, that is not called until `until`. `held`: a person must act; without a reason: rate limited."""

    tenant_id: str
    service: str
    reason: str | None
    code: str | None
    held: bool
    since: datetime | None
    until: datetime


@dataclass(frozen=True, slots=True)
class LedgerStatus:
    """At the database's time `at`. `leaders`: who leads each loop; None where no process does. `oldest_outcome`: seconds for which the
    oldest outcome has waited to be published; 0.0 where none does."""

    at: datetime
    revision: str
    overview: Overview
    waits: Sequence[VendorWait]
    leaders: Mapping[str, str | None]
    oldest_outcome: float


class LedgerStatuses:
    """`leaders`: the name under which each loop elects its leader, by the loop's name. Only reads. Blocking; may raise `Unavailable`."""

    def __init__(self, engine: Engine, leaders: Mapping[str, str]) -> None:
        self._engine = engine
        self._leaders = leaders
        self._overviews = PostgresOverviews(engine)
        self._outbox = PostgresOutbox(engine)

    def read(self) -> LedgerStatus:
        """Costs as much as there is that waits, however much the ledger holds besides."""
        with transaction(self._engine) as connection:
            at = connection.execute(_NOW).scalar_one()
            revision = MigrationContext.configure(connection).get_current_revision()
            waits = [VendorWait(**row) for row in connection.execute(_WAITS).mappings()]
            leaders = {loop: leader_of(connection, name) for loop, name in self._leaders.items()}
        return LedgerStatus(
            at, revision or "none", self._overviews.overview(), waits, leaders, self._outbox.waiting_seconds()
        )
