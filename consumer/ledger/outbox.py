"""Loop 3's side of the ledger on PostgreSQL. Blocking; every method checks the relay's epoch in its own transaction.

A row that commits late, with a lower `seq` than rows already published, is no trouble: batches are numbered when they are made, not
read off a cursor. Rows of one student are written one after the other under its lease, so a batch keeps their order.

    unnumbered ─▶ numbered ─▶ published
         └── unreadable, until the next relay takes over: later rows of its key wait behind it, others do not
"""

import json
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Any

import structlog
from sqlalchemy import Connection, Engine, Row, text

from consumer.errors import Fenced
from consumer.ledger.engine import transaction
from consumer.ledger.epochs import FIRST_EPOCH, next_epoch
from consumer.ledger.port.outbox import Landmark, OnTopic, OutboxBatch
from consumer.ledger.sorting import Sorted

log = structlog.get_logger()

_TAKE_OVER = text(
    f"""
    INSERT INTO relay AS known (name, epoch, batch, published)
    SELECT :relay, {FIRST_EPOCH}, coalesce(max(batch), 0), coalesce(max(published), 0) FROM relay
    ON CONFLICT (name) DO UPDATE SET epoch = {next_epoch("known.epoch")} RETURNING epoch
    """  # noqa: S608  a constant of ours
)
# A row that another transaction holds stays as it is; so does what waits behind it.
_TRY_AGAIN = text(
    """
    UPDATE outbox SET unreadable = false
    WHERE seq IN (SELECT seq FROM outbox WHERE batch IS NULL AND unreadable FOR NO KEY UPDATE SKIP LOCKED)
    """
)
_STILL_UNREADABLE = text("SELECT DISTINCT key FROM outbox WHERE batch IS NULL AND unreadable")
_CHECK = text("SELECT published FROM relay WHERE name = :relay AND epoch = :epoch AND batch >= :known FOR UPDATE")
_NEWEST = text("SELECT batch FROM relay WHERE name = :relay")
_UNPUBLISHED = text(
    "SELECT seq, batch, topic, key, value, headers FROM outbox WHERE batch > :published ORDER BY batch, seq"
)
_TAKE_OUT = text("UPDATE outbox SET batch = NULL, unreadable = seq = ANY(:unreadable) WHERE seq = ANY(:rows)")
_NUMBER = text("UPDATE relay SET batch = batch + 1 WHERE name = :relay RETURNING batch")
_WAITING = text(
    """
    WITH waiting AS (
      SELECT seq FROM outbox WHERE batch IS NULL AND NOT unreadable AND key <> ALL(CAST(:passed_over AS bytea[]))
      ORDER BY seq LIMIT :limit
    ), free AS (
      SELECT outbox.seq FROM outbox JOIN waiting USING (seq) FOR NO KEY UPDATE OF outbox SKIP LOCKED
    )
    SELECT outbox.seq, topic, key, value, headers, free.seq IS NOT NULL AS free
    FROM waiting JOIN outbox USING (seq) LEFT JOIN free USING (seq) ORDER BY outbox.seq
    """
)
_ASSIGN = text("UPDATE outbox SET batch = :number WHERE seq = ANY(:rows)")
_SET_ASIDE = text("UPDATE outbox SET unreadable = true WHERE seq = ANY(:rows)")
_PUBLISHED = text("UPDATE relay SET published = greatest(published, :number) WHERE name = :relay")
_OLDEST = text(
    """
    SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0) FROM (
      (SELECT created_at FROM outbox WHERE batch IS NULL AND NOT unreadable ORDER BY seq LIMIT 1)
      UNION ALL
      (SELECT created_at FROM outbox WHERE batch > (SELECT max(published) FROM relay) ORDER BY batch, seq LIMIT 1)
    ) AS waiting
    """
)
_LANDMARK = text(
    """
    SELECT event_id, topic, created_at FROM outbox
    WHERE batch = (SELECT max(batch) FROM outbox WHERE batch <= :published)
    ORDER BY created_at DESC LIMIT 1000
    """
)
# Batch 0 is that of all outcomes whose own batch the ledger has forgotten: published before every other.
_RECALL = text(
    """
    INSERT INTO outbox AS known (event_id, topic, key, value, headers, batch, created_at, recalled_at)
    SELECT event_id, topic, key, value, headers, 0, created_at, now()
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new(event_id uuid, topic text, key bytea, value bytea, headers jsonb,
                                                         created_at timestamptz)
    ORDER BY event_id
    ON CONFLICT (event_id) DO UPDATE SET batch = excluded.batch, unreadable = false, recalled_at = now() WHERE known.batch IS NULL
    """
)
_RESUME = text(
    "UPDATE relay SET batch = greatest(batch, :number), published = greatest(published, :number) WHERE name = :relay"
)


class PostgresOutbox:
    """The outbox's relay side. `unreadable` receives the place of each record that this version can't read."""

    def __init__(self, engine: Engine, *, unreadable: Callable[[str], None] = lambda _: None) -> None:
        self._engine = engine
        self._unreadable = unreadable
        self._blocked: set[bytes] = set()
        """Keys with an unreadable row: as many as there are such rows, and the same ones until the next relay takes over."""

    def take_over(self, relay: str) -> int:
        with transaction(self._engine) as connection:
            epoch = connection.execute(_TAKE_OVER, {"relay": relay}).scalar_one()
            connection.execute(_TRY_AGAIN)
            blocked = {bytes(key) for key in connection.execute(_STILL_UNREADABLE).scalars()}
        self._blocked = blocked
        return epoch

    def newest(self, relay: str, epoch: int) -> int:
        with transaction(self._engine) as connection:
            _check(connection, relay, epoch)
            return connection.execute(_NEWEST, {"relay": relay}).scalar_one()

    def unpublished(self, relay: str, epoch: int) -> Sequence[OutboxBatch]:
        with transaction(self._engine) as connection:
            published = _check(connection, relay, epoch)
            rows = connection.execute(_UNPUBLISHED, {"published": published}).all()
            sorted_out = Sorted(rows)
            if out := sorted_out.unreadable + sorted_out.behind:
                connection.execute(_TAKE_OUT, {"unreadable": _seqs(sorted_out.unreadable), "rows": _seqs(out)})
        self._blocked |= sorted_out.blocked
        self._report(sorted_out)
        batches = groupby(sorted_out.readable, lambda pair: pair[0].batch)
        return [OutboxBatch(number, [readable for _, readable in pairs]) for number, pairs in batches]

    def next_batch(self, relay: str, epoch: int, *, limit: int, after: int = 0) -> OutboxBatch | None:
        aside: list[Sorted] = []
        with transaction(self._engine) as connection:
            _check(connection, relay, epoch, known=after)
            passed_over = set(self._blocked)
            while True:
                rows = connection.execute(_WAITING, {"passed_over": list(passed_over), "limit": limit}).all()
                sorted_out = Sorted(rows)
                if sorted_out.unreadable:
                    connection.execute(_SET_ASIDE, {"rows": _seqs(sorted_out.unreadable)})
                    aside.append(sorted_out)
                if sorted_out.readable or not rows:
                    break
                passed_over |= sorted_out.blocked | sorted_out.locked
            batch = None
            if sorted_out.readable:
                number = connection.execute(_NUMBER, {"relay": relay}).scalar_one()
                connection.execute(_ASSIGN, {"number": number, "rows": [row.seq for row, _ in sorted_out.readable]})
                batch = OutboxBatch(number, [readable for _, readable in sorted_out.readable])
        for one in aside:
            self._blocked |= one.blocked
            self._report(one)
        return batch

    def published(self, relay: str, epoch: int, number: int) -> None:
        with transaction(self._engine) as connection:
            _check(connection, relay, epoch, known=number)
            connection.execute(_PUBLISHED, {"relay": relay, "number": number})

    def landmark(self, relay: str, epoch: int) -> Landmark | None:
        with transaction(self._engine) as connection:
            published = _check(connection, relay, epoch)
            rows = connection.execute(_LANDMARK, {"published": published}).all()
        if not rows:
            return None
        return Landmark({row.event_id: row.topic for row in rows}, max(row.created_at for row in rows))

    def recall(self, relay: str, epoch: int, outcomes: Sequence[OnTopic]) -> int:
        rows = list({found.outcome.event_id: _recalled(found) for found in outcomes}.values())
        with transaction(self._engine) as connection:
            _check(connection, relay, epoch)
            return connection.execute(_RECALL, {"rows": json.dumps(rows)}).rowcount

    def resume(self, relay: str, epoch: int, number: int) -> None:
        with transaction(self._engine) as connection:
            _check(connection, relay, epoch)
            connection.execute(_RESUME, {"relay": relay, "number": number})

    def waiting_seconds(self) -> float:
        with transaction(self._engine) as connection:
            return float(connection.execute(_OLDEST).scalar_one())

    def _report(self, sorted_out: Sorted) -> None:
        for row, place in zip(sorted_out.unreadable, sorted_out.places, strict=True):
            self._unreadable(place)
            log.error("outcome_unreadable", topic=row.topic, seq=row.seq, place=place, behind=len(sorted_out.behind))


def _seqs(rows: Iterable[Row[Any]]) -> list[int]:
    return [row.seq for row in rows]


def _check(connection: Connection, relay: str, epoch: int, *, known: int = 0) -> int:
    """What is known to be published. `known` is a batch that the ledger must have numbered."""
    values = {"relay": relay, "epoch": epoch, "known": known}
    published = connection.execute(_CHECK, values).scalar_one_or_none()
    if published is None:
        raise Fenced("Another relay has taken over, or the ledger has lost batches.")
    return published


def _recalled(found: OnTopic) -> dict[str, Any]:
    outcome = found.outcome
    return {
        "event_id": str(outcome.event_id),
        "topic": outcome.topic,
        "key": f"\\x{outcome.key.hex()}",
        "value": f"\\x{outcome.value.hex()}",
        "headers": [[name, value.decode(errors="replace")] for name, value in outcome.headers],
        "created_at": found.at.isoformat(),
    }
