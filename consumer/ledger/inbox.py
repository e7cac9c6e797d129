"""Loop 1's side of the ledger: partitions' epochs and offsets, and batches of events accepted in one transaction each."""

import json
from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256

from sqlalchemy import Connection, Engine, TextClause, text
from sqlalchemy.exc import DBAPIError

from consumer.errors import Fenced, Unavailable
from consumer.events import StudentStatusChanged
from consumer.ledger.engine import transaction
from consumer.ledger.port import FROM_BEGINNING, Arrival, Disposition, Ownership, Place

WORK_CHANNEL = "provisioner_work"

_LOCK_NOT_AVAILABLE = "55P03"

_OWN = text(
    f"""
    INSERT INTO partition_epoch AS held (topic, partition, epoch, owner, taken_at, next_offset)
    SELECT :topic, partition, 1, :owner, now(), {FROM_BEGINNING}
    FROM unnest(CAST(:partitions AS int[])) AS wanted(partition) ORDER BY partition
    ON CONFLICT (topic, partition) DO UPDATE SET epoch = held.epoch + 1, owner = excluded.owner, taken_at = now()
    RETURNING partition, epoch, next_offset
    """  # noqa: S608  a constant of ours
)

# Batches are taken all together or not at all; one row that somebody holds must not keep the others for long.
_IMPATIENT = text("SET LOCAL lock_timeout = '500ms'")

# Whoever wants to take a partition over waits until this batch is in, or this batch finds that it was too late.
_ADVANCE = text(
    """
    WITH held AS (
      SELECT topic, partition, mine.next_offset
      FROM partition_epoch known
      JOIN unnest(CAST(:topics AS text[]), CAST(:partitions AS int[]), CAST(:epochs AS bigint[]), CAST(:offsets AS bigint[]))
        AS mine(topic, partition, epoch, next_offset) USING (topic, partition)
      WHERE known.epoch = mine.epoch
      ORDER BY topic, partition FOR NO KEY UPDATE OF known
    )
    UPDATE partition_epoch known SET next_offset = coalesce(held.next_offset, known.next_offset)
    FROM held WHERE known.topic = held.topic AND known.partition = held.partition
    RETURNING known.topic, known.partition
    """
)

# Whoever is there and can't be locked now is locked by somebody else.
_LOCKED = text(
    """
    WITH asked AS (
      SELECT DISTINCT tenant_id, student_id
      FROM unnest(CAST(:tenants AS text[]), CAST(:students AS text[])) AS asked(tenant_id, student_id)
    ), free AS (
      SELECT tenant_id, student_id FROM student JOIN asked USING (tenant_id, student_id)
      ORDER BY tenant_id, student_id FOR NO KEY UPDATE OF student SKIP LOCKED
    )
    SELECT tenant_id, student_id FROM student JOIN asked USING (tenant_id, student_id)
    EXCEPT SELECT tenant_id, student_id FROM free
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

_CANCEL = text(
    """
    UPDATE student known
      SET desired_version = new.version, desired = new.desired, accepted_at = now(), due_at = now(), attempt = 0
    FROM ROWS FROM (unnest(CAST(:tenants AS text[]), CAST(:students AS text[]), CAST(:versions AS bigint[])),
                    jsonb_array_elements(CAST(:desired AS jsonb)))
      AS new(tenant_id, student_id, version, desired)
    WHERE known.tenant_id = new.tenant_id AND known.student_id = new.student_id
      AND known.desired_version > known.settled_version AND known.desired_version < new.version
    RETURNING known.tenant_id, known.student_id
    """
)

_SUPERSEDE = text(
    """
    UPDATE inbox SET disposition = 'superseded', settled_at = now()
    FROM unnest(CAST(:tenants AS text[]), CAST(:events AS text[])) AS old(tenant_id, event_id)
    WHERE inbox.tenant_id = old.tenant_id AND inbox.event_id = old.event_id
    """
)

_OPEN = text(
    """
    SELECT tenant_id FROM unnest(CAST(:tenants AS text[])) AS asked(tenant_id)
    WHERE EXISTS (SELECT FROM student WHERE student.tenant_id = asked.tenant_id AND desired_version > settled_version)
    """
)

_Key = tuple[str, str]

_DECODED = b"\x01"
"""Before a digest over the decoded event. Without a byte before it (32 bytes): over the record's value, by an earlier version.

Events that gain a field keep their digests as long as they do not use it: what has its default is left out.
"""


class PostgresInbox:
    """`Inbox` on PostgreSQL. Blocking."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def own(self, topic: str, partitions: Collection[int], *, owner: str) -> Mapping[int, Ownership]:
        """See `Inbox.own`."""
        if not partitions:
            return {}
        values = {"topic": topic, "owner": owner, "partitions": sorted(partitions)}
        with transaction(self._engine) as connection:
            return {row.partition: Ownership(row.epoch, row.next_offset) for row in connection.execute(_OWN, values)}

    def accept(
        self,
        arrivals: Sequence[Arrival],
        *,
        epochs: Mapping[Place, int],
        offsets: Mapping[Place, int] | None = None,
        skip_locked: bool = False,
    ) -> Sequence[Disposition]:
        """See `Inbox.accept`."""
        if not arrivals:
            return ()
        if not skip_locked:
            try:
                return self._accept(arrivals, epochs, offsets or {}, skip_locked=False)
            except Unavailable as fault:
                if not _lock_timed_out(fault):
                    raise
        return self._accept(arrivals, epochs, offsets or {}, skip_locked=True)

    def store_offsets(self, offsets: Mapping[Place, int], *, epochs: Mapping[Place, int]) -> None:
        """See `Inbox.store_offsets`."""
        if offsets:
            with transaction(self._engine) as connection:
                connection.execute(_IMPATIENT)
                _advance(connection, offsets, epochs)

    def tenants_with_open_work(self, tenants: Collection[str]) -> frozenset[str]:
        """See `Inbox.tenants_with_open_work`."""
        with transaction(self._engine) as connection:
            return frozenset(connection.execute(_OPEN, {"tenants": sorted(tenants)}).scalars())

    def _accept(
        self,
        arrivals: Sequence[Arrival],
        epochs: Mapping[Place, int],
        offsets: Mapping[Place, int],
        *,
        skip_locked: bool,
    ) -> Sequence[Disposition]:
        with transaction(self._engine) as connection:
            connection.execute(_IMPATIENT)
            locked = _locked(connection, arrivals) if skip_locked else frozenset[_Key]()
            given = [arrival for arrival in arrivals if _student(arrival) not in locked]
            waiting = [arrival for arrival in arrivals if _student(arrival) in locked]
            _advance(connection, _held_back(arrivals, offsets, waiting), epochs)
            batch = _Accepting(connection, given)
            if batch.winners:
                connection.execute(text("SELECT pg_notify(:channel, '')"), {"channel": WORK_CHANNEL})
        return [
            Disposition.LOCKED if locked and _student(arrival) in locked else batch.disposition(arrival)
            for arrival in arrivals
        ]


class _Accepting:
    """One batch in its transaction: events that act, between those that cancel and came before them and those that came after.

    What cancels concerns only what was accepted before it came, in one batch as in several.
    """

    def __init__(self, connection: Connection, arrivals: Sequence[Arrival]) -> None:
        self._connection = connection
        acts, cancels = dict[_Key, Arrival](), dict[_Key, Arrival]()
        for arrival in arrivals:
            (cancels if arrival.cancels else acts).setdefault(_key(arrival), arrival)
        for key in acts.keys() & cancels.keys():
            del cancels[key]
        early = came_first(arrivals)
        self._first = {**acts, **cancels}
        self._documents = {key: _document(arrival.event) for key, arrival in self._first.items()}
        self._new = self._insert(acts.values())
        self._known = self._digests([key for key in self._first if key not in self._new])
        unknown = [arrival for key, arrival in cancels.items() if key not in self._known]
        cancelling = self._move(_CANCEL, [arrival for arrival in unknown if _key(arrival) in early])
        self.winners = self._move(_DESIRE, [arrival for key, arrival in acts.items() if key in self._new])
        self._supersede([key for key in self._new if key not in self.winners])
        cancelling |= self._move(_CANCEL, [arrival for arrival in unknown if _key(arrival) not in early])
        self._new |= self._insert([cancels[key] for key in cancelling])
        self.winners |= cancelling

    def disposition(self, arrival: Arrival) -> Disposition:
        """What became of it."""
        key = _key(arrival)
        first = self._first[key]
        if key in self._known:
            same = self._is(arrival, self._known[key])
        elif key not in self._new:
            return Disposition.SKIPPED
        elif first is arrival:
            return Disposition.PENDING if key in self.winners else Disposition.SUPERSEDED
        else:
            same = first.event == arrival.event
        return Disposition.DUPLICATE if same else Disposition.REUSED_ID

    def _is(self, arrival: Arrival, digest: bytes) -> bool:
        """Whether the digest, of whichever form, is of this event."""
        if len(digest) == sha256().digest_size:
            return digest == sha256(arrival.value).digest()
        return digest == _digest(_document(arrival.event))

    def _insert(self, arrivals: Collection[Arrival]) -> set[_Key]:
        if not arrivals:
            return set()
        values = {
            "tenants": [a.event.tenant_id for a in arrivals],
            "events": [a.event.event_id for a in arrivals],
            "students": [a.event.student.student_id for a in arrivals],
            "versions": [a.event.version for a in arrivals],
            "digests": [_digest(self._documents[_key(a)]) for a in arrivals],
            "topics": [a.topic for a in arrivals],
            "partitions": [a.partition for a in arrivals],
            "offsets": [a.offset for a in arrivals],
            "times": [a.event.occurred_at for a in arrivals],
        }
        return {(row.tenant_id, row.event_id) for row in self._connection.execute(_INSERT, values)}

    def _digests(self, keys: Sequence[_Key]) -> Mapping[_Key, bytes]:
        if not keys:
            return {}
        values = {"tenants": [tenant for tenant, _ in keys], "events": [event for _, event in keys]}
        return {(row.tenant_id, row.event_id): bytes(row.digest) for row in self._connection.execute(_DIGESTS, values)}

    def _move(self, statement: TextClause, arrivals: Sequence[Arrival]) -> set[_Key]:
        """Moves the students' desired version up; returns the events that did. Of equal versions the first wins."""
        newest: dict[_Key, Arrival] = {}
        for arrival in arrivals:
            student = _student(arrival)
            if student not in newest or newest[student].event.version < arrival.event.version:
                newest[student] = arrival
        if not newest:
            return set()
        values = {
            "tenants": [tenant for tenant, _ in newest],
            "students": [student for _, student in newest],
            "versions": [arrival.event.version for arrival in newest.values()],
            # One document, not an array of texts: psycopg would escape every quotation mark in them one by one.
            "desired": f"[{','.join(self._desired(arrival) for arrival in newest.values())}]",
        }
        moved = {(row.tenant_id, row.student_id) for row in self._connection.execute(statement, values)}
        return {_key(arrival) for student, arrival in newest.items() if student in moved}

    def _desired(self, arrival: Arrival) -> str:
        # One that cancels keeps its action and names no provider: the previous version, which knows no other action, leaves the
        # student alone instead of failing.
        about = json.dumps(
            {"action": arrival.action, "providers": arrival.providers, "traceparent": arrival.traceparent}
        )
        return f'{{"event": {self._documents[_key(arrival)]}, {about[1:]}'

    def _supersede(self, beaten: Sequence[_Key]) -> None:
        if beaten:
            values = {"tenants": [tenant for tenant, _ in beaten], "events": [event for _, event in beaten]}
            self._connection.execute(_SUPERSEDE, values)


def came_first(arrivals: Sequence[Arrival]) -> frozenset[_Key]:
    """Of a batch, the events (by tenant and event id) that cancel and came before any of their student's that acts."""
    acted, early = set[_Key](), set[_Key]()
    for arrival in arrivals:
        if not arrival.cancels:
            acted.add(_student(arrival))
        elif _student(arrival) not in acted:
            early.add(_key(arrival))
    return frozenset(early)


def _advance(connection: Connection, offsets: Mapping[Place, int | None], epochs: Mapping[Place, int]) -> None:
    """Checks that the partitions are still ours, and stores their next offsets where they are given."""
    values = {
        "topics": [topic for topic, _ in offsets],
        "partitions": [partition for _, partition in offsets],
        "epochs": [epochs.get(place) for place in offsets],
        "offsets": list(offsets.values()),
    }
    held = {(row.topic, row.partition) for row in connection.execute(_ADVANCE, values)}
    for place in offsets:
        if place not in held:
            raise Fenced(f"Partition {place[1]} has another owner now.")


def _held_back(
    arrivals: Sequence[Arrival], offsets: Mapping[Place, int], waiting: Sequence[Arrival]
) -> Mapping[Place, int | None]:
    """The next offset of each partition concerned, no higher than what waits there."""
    next_offsets: dict[Place, int | None] = dict.fromkeys((arrival.topic, arrival.partition) for arrival in arrivals)
    next_offsets.update(offsets)
    for arrival in waiting:
        place = (arrival.topic, arrival.partition)
        known = next_offsets[place]
        next_offsets[place] = None if known is None else min(known, arrival.offset)
    return next_offsets


def _locked(connection: Connection, arrivals: Sequence[Arrival]) -> frozenset[_Key]:
    """The students that other transactions hold; locks the rest."""
    students = sorted({_student(arrival) for arrival in arrivals})
    values = {"tenants": [tenant for tenant, _ in students], "students": [student for _, student in students]}
    return frozenset((row.tenant_id, row.student_id) for row in connection.execute(_LOCKED, values))


def _lock_timed_out(fault: Unavailable) -> bool:
    cause = fault.__cause__
    return isinstance(cause, DBAPIError) and getattr(cause.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE


def _document(event: StudentStatusChanged) -> str:
    return event.model_dump_json(exclude_defaults=True)


def _digest(document: str) -> bytes:
    return _DECODED + sha256(document.encode()).digest()


def _key(arrival: Arrival) -> _Key:
    return arrival.event.tenant_id, arrival.event.event_id


def _student(arrival: Arrival) -> _Key:
    return arrival.event.tenant_id, arrival.event.student.student_id
