"""Loop 3's side of the ledger on PostgreSQL. Blocking; every method checks the relay's epoch in its own transaction.

A row that commits late, with a lower `seq` than rows already published, is no trouble: batches are numbered when they are made, not
read off a cursor. Rows of one student are written one after the other under its lease, so a batch keeps their order.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Engine, Row, text

from consumer.errors import Fenced
from consumer.ledger.engine import transaction
from consumer.ledger.port import Batch, OutboxRow

_TAKE_OVER = text(
    """
    INSERT INTO relay AS known (name, epoch, batch, published)
    SELECT :relay, 1, coalesce(max(batch), 0), coalesce(max(published), 0) FROM relay
    ON CONFLICT (name) DO UPDATE SET epoch = known.epoch + 1 RETURNING epoch
    """
)
_CHECK = text("SELECT published FROM relay WHERE name = :relay AND epoch = :epoch FOR UPDATE")
_NEWEST = text("SELECT batch FROM relay WHERE name = :relay")
_UNPUBLISHED = text("SELECT batch, topic, key, value, headers FROM outbox WHERE batch > :published ORDER BY batch, seq")
_NUMBER = text("UPDATE relay SET batch = batch + 1 WHERE name = :relay RETURNING batch")
_ASSIGN = text(
    """
    WITH numbered AS (
      UPDATE outbox SET batch = :number
      WHERE seq IN (SELECT seq FROM outbox WHERE batch IS NULL ORDER BY seq LIMIT :limit)
      RETURNING seq, topic, key, value, headers
    )
    SELECT * FROM numbered ORDER BY seq
    """
)
_WAITING = text("SELECT EXISTS (SELECT FROM outbox WHERE batch IS NULL)")
_PUBLISHED = text("UPDATE relay SET published = greatest(published, :number) WHERE name = :relay")
_OLDEST = text(
    """
    SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0) FROM (
      (SELECT created_at FROM outbox WHERE batch IS NULL ORDER BY seq LIMIT 1)
      UNION ALL
      (SELECT created_at FROM outbox WHERE batch > (SELECT max(published) FROM relay) ORDER BY batch, seq LIMIT 1)
    ) AS waiting
    """
)


class PostgresOutbox:
    """The outbox's relay side."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def take_over(self, relay: str) -> int:
        """See `Outbox.take_over`."""
        with transaction(self._engine) as connection:
            return connection.execute(_TAKE_OVER, {"relay": relay}).scalar_one()

    def newest(self, relay: str, epoch: int) -> int:
        """See `Outbox.newest`."""
        with transaction(self._engine) as connection:
            _check(connection, relay, epoch)
            return connection.execute(_NEWEST, {"relay": relay}).scalar_one()

    def unpublished(self, relay: str, epoch: int) -> Sequence[Batch]:
        """See `Outbox.unpublished`."""
        with transaction(self._engine) as connection:
            published = _check(connection, relay, epoch)
            rows = connection.execute(_UNPUBLISHED, {"published": published}).all()
        return [Batch(number, [_row(row) for row in group]) for number, group in groupby(rows, lambda row: row.batch)]

    def next_batch(self, relay: str, epoch: int, *, limit: int) -> Batch | None:
        """See `Outbox.next_batch`."""
        with transaction(self._engine) as connection:
            _check(connection, relay, epoch)
            if not connection.execute(_WAITING).scalar_one():
                return None
            number = connection.execute(_NUMBER, {"relay": relay}).scalar_one()
            rows = connection.execute(_ASSIGN, {"number": number, "limit": limit}).all()
        return Batch(number, [_row(row) for row in rows])

    def published(self, relay: str, epoch: int, number: int) -> None:
        """See `Outbox.published`."""
        with transaction(self._engine) as connection:
            _check(connection, relay, epoch)
            connection.execute(_PUBLISHED, {"relay": relay, "number": number})

    def waiting_seconds(self) -> float:
        """See `Outbox.waiting_seconds`."""
        with transaction(self._engine) as connection:
            return float(connection.execute(_OLDEST).scalar_one())


def _check(connection: Connection, relay: str, epoch: int) -> int:
    published = connection.execute(_CHECK, {"relay": relay, "epoch": epoch}).scalar_one_or_none()
    if published is None:
        raise Fenced("Another relay has taken over.")
    return published


def _row(row: Row[Any]) -> OutboxRow:
    headers = tuple((name, value.encode()) for name, value in row.headers)
    return OutboxRow(row.topic, bytes(row.key), bytes(row.value), headers)
