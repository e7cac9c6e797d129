"""Loop 1's side of the ledger: partitions' epochs, and batches of events accepted in one transaction each."""

import json
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, Engine, text

from consumer.errors import Fenced
from consumer.ledger.engine import transaction
from consumer.ledger.port import Arrival, Disposition

WORK_CHANNEL = "provisioner_work"

_OWN = text(
    """
    INSERT INTO partition_epoch AS held (topic, partition, epoch, owner, taken_at)
    SELECT :topic, partition, 1, :owner, now() FROM unnest(CAST(:partitions AS int[])) AS wanted(partition) ORDER BY partition
    ON CONFLICT (topic, partition) DO UPDATE SET epoch = held.epoch + 1, owner = excluded.owner, taken_at = now()
    RETURNING partition, epoch
    """
)

# FOR SHARE: whoever wants to take a partition over waits until this batch is in, or this batch finds that it was too late.
_EPOCHS = text(
    """
    SELECT held.topic, held.partition, held.epoch FROM partition_epoch held
    JOIN unnest(CAST(:topics AS text[]), CAST(:partitions AS int[])) AS mine(topic, partition) USING (topic, partition)
    ORDER BY held.topic, held.partition FOR SHARE OF held
    """
)

_INSERT = text(
    """
    INSERT INTO inbox (tenant_id, event_id, student_id, version, digest, topic, partition, kafka_offset, occurred_at,
                       received_at, disposition)
    SELECT tenant_id, event_id, student_id, version, digest, topic, partition, kafka_offset, occurred_at, now(), 'pending'
    FROM unnest(CAST(:tenants AS text[]), CAST(:events AS text[]), CAST(:students AS text[]), CAST(:versions AS bigint[]),
                CAST(:digests AS bytea[]), CAST(:topics AS text[]), CAST(:partitions AS int[]), CAST(:offsets AS bigint[]),
                CAST(:times AS timestamptz[]))
      AS new(tenant_id, event_id, student_id, version, digest, topic, partition, kafka_offset, occurred_at)
    ORDER BY tenant_id, event_id
    ON CONFLICT (tenant_id, event_id) DO NOTHING
    RETURNING tenant_id, event_id
    """
)

_DIGESTS = text(
    """
    SELECT tenant_id, event_id, digest FROM inbox
    JOIN unnest(CAST(:tenants AS text[]), CAST(:events AS text[])) AS asked(tenant_id, event_id) USING (tenant_id, event_id)
    """
)

_DESIRE = text(
    """
    INSERT INTO student AS known (tenant_id, student_id, desired_version, desired, accepted_at, due_at)
    SELECT tenant_id, student_id, version, desired, now(), now()
    FROM ROWS FROM (unnest(CAST(:tenants AS text[]), CAST(:students AS text[]), CAST(:versions AS bigint[])),
                    jsonb_array_elements(CAST(:desired AS jsonb)))
      AS new(tenant_id, student_id, version, desired)
    ORDER BY tenant_id, student_id
    ON CONFLICT (tenant_id, student_id) DO UPDATE
      SET desired_version = excluded.desired_version, desired = excluded.desired, accepted_at = now(), due_at = now(), attempt = 0
      WHERE known.desired_version < excluded.desired_version
    RETURNING tenant_id, student_id
    """
)

_SUPERSEDE = text(
    """
    UPDATE inbox SET disposition = 'superseded', settled_at = now()
    FROM unnest(CAST(:tenants AS text[]), CAST(:events AS text[])) AS old(tenant_id, event_id)
    WHERE inbox.tenant_id = old.tenant_id AND inbox.event_id = old.event_id
    """
)

_Key = tuple[str, str]


class PostgresInbox:
    """`Inbox` on PostgreSQL. Blocking."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def own(self, topic: str, partitions: Collection[int], *, owner: str) -> Mapping[int, int]:
        """See `Inbox.own`."""
        if not partitions:
            return {}
        values = {"topic": topic, "owner": owner, "partitions": sorted(partitions)}
        with transaction(self._engine) as connection:
            return {row.partition: row.epoch for row in connection.execute(_OWN, values)}

    def accept(self, arrivals: Sequence[Arrival], *, epochs: Mapping[tuple[str, int], int]) -> Sequence[Disposition]:
        """See `Inbox.accept`."""
        if not arrivals:
            return ()
        first: dict[_Key, Arrival] = {}
        for arrival in arrivals:
            first.setdefault(_key(arrival), arrival)
        with transaction(self._engine) as connection:
            _check_epochs(connection, {(a.topic, a.partition) for a in arrivals}, epochs)
            new = _insert(connection, first.values())
            known = _digests(connection, [key for key in first if key not in new])
            winners = _desire(connection, [arrival for key, arrival in first.items() if key in new])
            beaten = [key for key in new if key not in winners]
            if beaten:
                connection.execute(_SUPERSEDE, {"tenants": [t for t, _ in beaten], "events": [e for _, e in beaten]})
            if winners:
                connection.execute(text("SELECT pg_notify(:channel, '')"), {"channel": WORK_CHANNEL})
        return [_disposition(arrival, first, new, known, winners) for arrival in arrivals]


def _disposition(
    arrival: Arrival,
    first: Mapping[_Key, Arrival],
    new: Collection[_Key],
    known: Mapping[_Key, bytes],
    winners: Collection[_Key],
) -> Disposition:
    key = _key(arrival)
    if key in new and first[key] is arrival:
        return Disposition.PENDING if key in winners else Disposition.SUPERSEDED
    digest = first[key].digest if key in new else known[key]
    return Disposition.DUPLICATE if digest == arrival.digest else Disposition.REUSED_ID


def _check_epochs(
    connection: Connection, places: Collection[tuple[str, int]], epochs: Mapping[tuple[str, int], int]
) -> None:
    values = {"topics": [topic for topic, _ in places], "partitions": [partition for _, partition in places]}
    held = {(row.topic, row.partition): row.epoch for row in connection.execute(_EPOCHS, values)}
    for place in places:
        if held.get(place) != epochs.get(place):
            raise Fenced(f"Partition {place[1]} has another owner now.")


def _insert(connection: Connection, arrivals: Collection[Arrival]) -> set[_Key]:
    values = {
        "tenants": [a.event.tenant_id for a in arrivals],
        "events": [a.event.event_id for a in arrivals],
        "students": [a.event.student.student_id for a in arrivals],
        "versions": [a.event.version for a in arrivals],
        "digests": [a.digest for a in arrivals],
        "topics": [a.topic for a in arrivals],
        "partitions": [a.partition for a in arrivals],
        "offsets": [a.offset for a in arrivals],
        "times": [a.event.occurred_at for a in arrivals],
    }
    return {(row.tenant_id, row.event_id) for row in connection.execute(_INSERT, values)}


def _digests(connection: Connection, keys: Sequence[_Key]) -> Mapping[_Key, bytes]:
    if not keys:
        return {}
    values = {"tenants": [tenant for tenant, _ in keys], "events": [event for _, event in keys]}
    return {(row.tenant_id, row.event_id): bytes(row.digest) for row in connection.execute(_DIGESTS, values)}


def _desire(connection: Connection, arrivals: Sequence[Arrival]) -> set[_Key]:
    """Moves the students' desired version up; returns the events that did. Of equal versions the first wins."""
    newest: dict[tuple[str, str], Arrival] = {}
    for arrival in arrivals:
        student = (arrival.event.tenant_id, arrival.event.student.student_id)
        if student not in newest or newest[student].event.version < arrival.event.version:
            newest[student] = arrival
    if not newest:
        return set()
    values = {
        "tenants": [tenant for tenant, _ in newest],
        "students": [student for _, student in newest],
        "versions": [arrival.event.version for arrival in newest.values()],
        # One document, not an array of texts: psycopg would escape every quotation mark in them one by one.
        "desired": f"[{','.join(_desired(arrival) for arrival in newest.values())}]",
    }
    moved = {(row.tenant_id, row.student_id) for row in connection.execute(_DESIRE, values)}
    return {_key(arrival) for student, arrival in newest.items() if student in moved}


def _desired(arrival: Arrival) -> str:
    about = json.dumps({"action": arrival.action, "providers": arrival.providers, "traceparent": arrival.traceparent})
    return f'{{"event": {arrival.event.model_dump_json()}, {about[1:]}'


def _key(arrival: Arrival) -> _Key:
    return arrival.event.tenant_id, arrival.event.event_id
