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
