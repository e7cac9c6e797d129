"""One batch of events in its transaction: which of them move their student, and what becomes of each."""

import json
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256

from sqlalchemy import Connection, TextClause, text

from consumer.events import Provider, ProviderAction, StudentStatusChanged
from consumer.ledger.arrays import byte_strings, numbers, texts, times
from consumer.ledger.port.inbox import Arrival, Disposition

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
    INSERT INTO student AS known (tenant_id, student_id, desired_version, desired, accepted_at, due_at, work_class)
    SELECT tenant_id, student_id, version, desired, now(), now(), work_class
    FROM ROWS FROM (unnest(CAST(:tenants AS text[]), CAST(:students AS text[]), CAST(:versions AS bigint[]),
                           CAST(:classes AS smallint[])),
                    jsonb_array_elements(CAST(:desired AS jsonb)))
      AS new(tenant_id, student_id, version, work_class, desired)
    ORDER BY tenant_id, student_id
    ON CONFLICT (tenant_id, student_id) DO UPDATE
      SET desired_version = excluded.desired_version, desired = excluded.desired, accepted_at = now(), due_at = now(), attempt = 0,
        work_class = excluded.work_class
      WHERE known.desired_version < excluded.desired_version
    RETURNING tenant_id, student_id
    """
)

# Few students have anything to cancel. They are found by the indexes over these few, and the row is read for no other; it may have been
# settled since, so that it is asked again.
_CANCEL = text(
    """
    WITH new AS MATERIALIZED (
      SELECT asked.*
      FROM ROWS FROM (unnest(CAST(:tenants AS text[]), CAST(:students AS text[]), CAST(:versions AS bigint[]),
                             CAST(:classes AS smallint[])),
                      jsonb_array_elements(CAST(:desired AS jsonb)))
        AS asked(tenant_id, student_id, version, work_class, desired)
      CROSS JOIN LATERAL (
        (SELECT FROM student s
         WHERE s.tenant_id = asked.tenant_id AND s.student_id = asked.student_id AND s.desired_version > s.settled_version)
        UNION ALL
        (SELECT FROM account a WHERE a.tenant_id = asked.tenant_id AND a.student_id = asked.student_id AND a.delete_at IS NOT NULL)
        LIMIT 1
      ) AS open
    )
    UPDATE student known
      SET desired_version = new.version, desired = new.desired, accepted_at = now(), due_at = now(), attempt = 0,
        work_class = new.work_class
    FROM new
    WHERE known.tenant_id = new.tenant_id AND known.student_id = new.student_id AND known.desired_version < new.version
      AND (known.desired_version > known.settled_version OR EXISTS (
        SELECT FROM account a WHERE a.tenant_id = known.tenant_id AND a.student_id = known.student_id AND a.delete_at IS NOT NULL))
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

Key = tuple[str, str]
"""A tenant, and an event or a student of it."""

_DECODED = b"\x01"
"""Before a digest over the decoded event. Without a byte before it (32 bytes): over the record's value, by an earlier version.

Events that gain a field keep their digests as long as they do not use it: what has its default is left out.
"""


class Accepting:
    """One batch in its transaction: events that act, between those that cancel and came before them and those that came after.

    What cancels concerns only what was accepted before it came, in one batch as in several.
    """

    def __init__(self, connection: Connection, arrivals: Sequence[Arrival]) -> None:
        self._connection = connection
        acts, cancels = dict[Key, Arrival](), dict[Key, Arrival]()
        for arrival in arrivals:
            (cancels if arrival.cancels else acts).setdefault(event_key(arrival), arrival)
        for key in acts.keys() & cancels.keys():
            del cancels[key]
        early = came_first(arrivals)
        self._first = {**acts, **cancels}
        self._documents = {key: _document(arrival.event) for key, arrival in self._first.items()}
        self._new = self._insert(acts.values())
        self._known = self._digests([key for key in self._first if key not in self._new])
        unknown = [arrival for key, arrival in cancels.items() if key not in self._known]
        cancelling = self._move(_CANCEL, [arrival for arrival in unknown if event_key(arrival) in early])
        self.winners = self._move(_DESIRE, [arrival for key, arrival in acts.items() if key in self._new])
        self._supersede([key for key in self._new if key not in self.winners])
        cancelling |= self._move(_CANCEL, [arrival for arrival in unknown if event_key(arrival) not in early])
        self._new |= self._insert([cancels[key] for key in cancelling])
        self.winners |= cancelling

    def disposition(self, arrival: Arrival) -> Disposition:
        """What became of it."""
        key = event_key(arrival)
        first = self._first[key]
        if key in self._known:
            same = is_of(self._known[key], arrival)
        elif key not in self._new:
            return Disposition.SKIPPED
        elif first is arrival:
            return Disposition.PENDING if key in self.winners else Disposition.SUPERSEDED
        else:
            same = first.event == arrival.event
        return Disposition.DUPLICATE if same else Disposition.REUSED_ID

    def _insert(self, arrivals: Collection[Arrival]) -> set[Key]:
        if not arrivals:
            return set()
        values = {
            "tenants": texts([a.event.tenant_id for a in arrivals]),
            "events": texts([a.event.event_id for a in arrivals]),
            "students": texts([a.event.student.student_id for a in arrivals]),
            "versions": numbers(a.event.version for a in arrivals),
            "digests": byte_strings([_digest(self._documents[event_key(a)]) for a in arrivals]),
            "topics": texts([a.topic for a in arrivals]),
            "partitions": numbers(a.partition for a in arrivals),
            "offsets": numbers(a.offset for a in arrivals),
            "times": times(a.event.occurred_at for a in arrivals),
        }
        return {(tenant, event) for tenant, event in self._connection.execute(_INSERT, values).all()}

    def _digests(self, keys: Sequence[Key]) -> Mapping[Key, bytes]:
        if not keys:
            return {}
        found = self._connection.execute(_DIGESTS, _named(keys))
        return {(row.tenant_id, row.event_id): bytes(row.digest) for row in found}

    def _move(self, statement: TextClause, arrivals: Sequence[Arrival]) -> set[Key]:
        """Moves the students' desired version up; returns the events that did. Of equal versions the first wins."""
        newest: dict[Key, Arrival] = {}
        for arrival in arrivals:
            student = student_of(arrival)
            if student not in newest or newest[student].event.version < arrival.event.version:
                newest[student] = arrival
        if not newest:
            return set()
        values = {
            "tenants": texts([tenant for tenant, _ in newest]),
            "students": texts([student for _, student in newest]),
            "versions": numbers(arrival.event.version for arrival in newest.values()),
            "classes": numbers(arrival.work_class for arrival in newest.values()),
            # One document, not an array of texts: psycopg would escape every quotation mark in them one by one.
            "desired": f"[{','.join(self._desired(arrival) for arrival in newest.values())}]",
        }
        moved = {(tenant, student) for tenant, student in self._connection.execute(statement, values).all()}
        return {event_key(arrival) for student, arrival in newest.items() if student in moved}

    def _desired(self, arrival: Arrival) -> str:
        # One that cancels keeps its action and names no provider: the previous version, which knows no other action, leaves the
        # student alone instead of failing.
        wanted, traceparent = _wanted(arrival.action, arrival.providers), json.dumps(arrival.traceparent)
        return f'{{"event": {self._documents[event_key(arrival)]}, "traceparent": {traceparent}, {wanted[1:]}'

    def _supersede(self, beaten: Sequence[Key]) -> None:
        if beaten:
            self._connection.execute(_SUPERSEDE, _named(beaten))


def came_first(arrivals: Sequence[Arrival]) -> frozenset[Key]:
    """Of a batch, the events (by tenant and event id) that cancel and came before any of their student's that acts."""
    acted, early = set[Key](), set[Key]()
    for arrival in arrivals:
        if not arrival.cancels:
            acted.add(student_of(arrival))
        elif student_of(arrival) not in acted:
            early.add(event_key(arrival))
    return frozenset(early)


def is_of(digest: bytes, arrival: Arrival) -> bool:
    """Whether the digest that the inbox has, of whichever form, is of this event."""
    if len(digest) == sha256().digest_size:
        return digest == sha256(arrival.value).digest()
    return digest == _digest(_document(arrival.event))


@lru_cache(maxsize=100)
def _wanted(action: ProviderAction, providers: tuple[Provider, ...]) -> str:
    """As JSON. There are as many as tables of statuses have actions, for one or two providers."""
    return json.dumps({"action": action, "providers": providers})


def _named(events: Sequence[Key]) -> Mapping[str, str]:
    return {"tenants": texts([tenant for tenant, _ in events]), "events": texts([event for _, event in events])}


def _document(event: StudentStatusChanged) -> str:
    return event.model_dump_json(exclude_defaults=True)


def _digest(document: str) -> bytes:
    return _DECODED + sha256(document.encode()).digest()


def event_key(arrival: Arrival) -> Key:
    """Which event it is."""
    return arrival.event.tenant_id, arrival.event.event_id


def student_of(arrival: Arrival) -> Key:
    """The student it is about."""
    return arrival.event.tenant_id, arrival.event.student.student_id
