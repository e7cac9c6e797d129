"""Parked records on PostgreSQL. Who calls has checked in the same transaction that the partitions are theirs."""

import base64
import json
from collections.abc import Collection, Sequence

from sqlalchemy import Connection, text

from consumer.ledger.port.inbox import Arrival, Disposition, Place
from consumer.ledger.port.parking import Origin, ParkedPage, ParkedRecord

# A record that is delivered again waits already, however many others do.
_PARK = text(
    """
    WITH given AS (
      SELECT * FROM unnest(CAST(:topics AS text[]), CAST(:partitions AS int[]), CAST(:offsets AS bigint[]), CAST(:tenants AS text[]),
                           CAST(:keys AS bytea[]), CAST(:values AS bytea[]), CAST(:headers AS bytea[]))
        AS given(topic, partition, kafka_offset, tenant_id, key, value, headers)
    ), known AS (
      SELECT topic, partition, kafka_offset FROM parked_record JOIN given USING (topic, partition, kafka_offset)
    ), added AS (
      INSERT INTO parked_record (topic, partition, kafka_offset, tenant_id, key, value, headers, parked_at)
      SELECT topic, partition, kafka_offset, tenant_id, key, value, headers, now() FROM given
      WHERE (topic, partition, kafka_offset) NOT IN (SELECT topic, partition, kafka_offset FROM known)
      ORDER BY topic, partition, kafka_offset
      LIMIT greatest(:most - (SELECT count(*) FROM (SELECT FROM parked_record LIMIT :most) AS held), 0)
      ON CONFLICT (topic, partition, kafka_offset) DO NOTHING
      RETURNING topic, partition, kafka_offset
    )
    SELECT topic, partition, kafka_offset FROM known UNION ALL SELECT topic, partition, kafka_offset FROM added
    """
)

_RELEASE = text(
    """
    DELETE FROM parked_record
    USING unnest(CAST(:topics AS text[]), CAST(:partitions AS int[]), CAST(:offsets AS bigint[])) AS gone(topic, partition, kafka_offset)
    WHERE (parked_record.topic, parked_record.partition, parked_record.kafka_offset) = (gone.topic, gone.partition, gone.kafka_offset)
    """
)

_MINE = "unnest(CAST(:topics AS text[]), CAST(:partitions AS int[])) AS mine(topic, partition)"
_TOTAL = text(f"SELECT count(*) FROM parked_record JOIN {_MINE} USING (topic, partition)")  # noqa: S608  a constant of ours
_PAGE = text(
    f"""
    WITH known AS (
      SELECT unnest(CAST(:tenants AS text[])) AS tenant_id
    ), page AS (
      SELECT topic, partition, kafka_offset FROM parked_record JOIN {_MINE} USING (topic, partition)
      WHERE (topic, partition, kafka_offset) > (:topic, :partition, :offset)
        AND (expired OR parked_at <= now() - :keep * interval '1 second' OR tenant_id IN (SELECT tenant_id FROM known))
      ORDER BY topic, partition, kafka_offset LIMIT :limit
    )
    UPDATE parked_record SET expired = expired OR tenant_id NOT IN (SELECT tenant_id FROM known)
    FROM page
    WHERE (parked_record.topic, parked_record.partition, parked_record.kafka_offset) = (page.topic, page.partition, page.kafka_offset)
    RETURNING parked_record.topic, parked_record.partition, parked_record.kafka_offset, tenant_id, key, value, headers, expired
    """  # noqa: S608  a constant of ours
)


def park(connection: Connection, records: Sequence[ParkedRecord], most: int) -> Sequence[Disposition]:
    """PARKED or NO_ROOM for each."""
    if not records:
        return ()
    values = {
        **_origins([record.origin for record in records]),
        "tenants": [record.tenant_id for record in records],
        "keys": [record.sent_key for record in records],
        "values": [record.sent_value for record in records],
        "headers": [_packed(record) for record in records],
        "most": most,
    }
    parked = {(row.topic, row.partition, row.kafka_offset) for row in connection.execute(_PARK, values)}
    return [Disposition.PARKED if record.origin in parked else Disposition.NO_ROOM for record in records]


def release(connection: Connection, origins: Collection[Origin]) -> None:
    """Removes these."""
    if origins:
        connection.execute(_RELEASE, _origins(origins))


def released(
    origins: Collection[Origin], arrivals: Sequence[Arrival], dispositions: Sequence[Disposition]
) -> Collection[Origin]:
    """Without those of arrivals that are given again, or become dead letters: see `Inbox.accept`."""
    if not origins:
        return ()
    remaining = {
        (arrival.topic, arrival.partition, arrival.offset)
        for arrival, disposition in zip(arrivals, dispositions, strict=True)
        if disposition in {Disposition.LOCKED, Disposition.REUSED_ID}
    }
    return set(origins) - remaining


def page(
    connection: Connection,
    places: Collection[Place],
    *,
    tenants: Collection[str],
    keep: float,
    after: Origin,
    limit: int,
) -> ParkedPage:
    """See `Inbox.parked`."""
    mine = {"topics": [topic for topic, _ in places], "partitions": [partition for _, partition in places]}
    topic, partition, offset = after
    asked = {"tenants": sorted(tenants), "keep": keep, "limit": limit}
    total = connection.execute(_TOTAL, mine).scalar_one()
    rows = connection.execute(_PAGE, {**mine, **asked, "topic": topic, "partition": partition, "offset": offset})
    records = [
        ParkedRecord(
            (row.topic, row.partition, row.kafka_offset),
            row.tenant_id,
            bytes(row.value),
            None if row.key is None else bytes(row.key),
            _unpacked(bytes(row.headers)),
            row.expired,
        )
        for row in rows
    ]
    return ParkedPage(sorted(records, key=lambda record: record.origin), total)


def _origins(origins: Collection[Origin]) -> dict[str, Sequence[object]]:
    return {
        "topics": [topic for topic, _, _ in origins],
        "partitions": [partition for _, partition, _ in origins],
        "offsets": [offset for _, _, offset in origins],
    }


def _packed(record: ParkedRecord) -> bytes:
    """As bytes: PostgreSQL's texts and JSON refuse NUL, which a header's name may hold."""
    return json.dumps(
        [(name, None if value is None else base64.b64encode(value).decode()) for name, value in record.sent_headers]
    ).encode()


def _unpacked(headers: bytes) -> tuple[tuple[str, bytes | None], ...]:
    return tuple((name, None if value is None else base64.b64decode(value)) for name, value in json.loads(headers))
