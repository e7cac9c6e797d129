"""What the ledger says, for the display and the report. Read with SQL from outside, as an operator would."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Engine, text

Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class LedgerProgress:
    """Counts of dispositions, accounts and outcomes."""

    dispositions: Mapping[str, int]
    accounts: Mapping[str, int]
    outcomes: int
    unpublished: int

    @property
    def settled(self) -> bool:
        """Whether all events are settled and all outcomes published."""
        return (
            bool(self.dispositions)
            and "pending" not in self.dispositions
            and self.outcomes > 0
            and not self.unpublished
        )


@dataclass(frozen=True, slots=True)
class InboxRow:
    """One accepted event."""

    place: Place
    disposition: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Of one tenant: events that are not settled, suspensions that are parked, accounts by their state, and all outcomes' progress."""

    pending: int
    parked: int
    states: Mapping[str, int]
    unpublished: int


class LedgerView:
    """Reads; blocking."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def progress(self) -> LedgerProgress:
        """Counts."""
        with self._engine.connect() as connection:
            dispositions = connection.execute(text("SELECT disposition, count(*) AS n FROM inbox GROUP BY 1"))
            accounts = connection.execute(text("SELECT tenant_id, count(object_id) AS n FROM account GROUP BY 1"))
            outcomes = connection.execute(
                text(
                    "SELECT count(*) AS n, count(*) FILTER (WHERE batch IS NULL OR batch > coalesce((SELECT max(published) "
                    "FROM relay), 0)) AS waiting FROM outbox"
                )
            ).one()
            return LedgerProgress(
                {row.disposition: row.n for row in dispositions},
                {row.tenant_id: row.n for row in accounts},
                outcomes.n,
                outcomes.waiting,
            )

    def standing(self, tenant_id: str) -> Standing:
        """Counts of one tenant."""
        with self._engine.connect() as connection:
            of = {"tenant": tenant_id}
            row = connection.execute(
                text(
                    "SELECT (SELECT count(*) FROM inbox WHERE tenant_id = :tenant AND disposition = 'pending') AS pending, "
                    "(SELECT count(*) FROM guarded_action WHERE tenant_id = :tenant AND state = 'parked') AS parked"
                ),
                of,
            ).one()
            states = connection.execute(
                text(
                    "SELECT state, count(*) AS n FROM account WHERE tenant_id = :tenant AND object_id IS NOT NULL GROUP BY 1"
                ),
                of,
            )
            counts = {found.state: found.n for found in states}
        return Standing(row.pending, row.parked, counts, self.progress().unpublished)

    def inbox(self) -> Mapping[tuple[str, str], InboxRow]:
        """Every accepted event by tenant and event id."""
        with self._engine.connect() as connection:
            rows = connection.execute(
                text("SELECT tenant_id, event_id, partition, kafka_offset, disposition FROM inbox")
            )
            return {
                (row.tenant_id, row.event_id): InboxRow((row.partition, row.kafka_offset), row.disposition)
                for row in rows
            }
