"""Which dead letters operators have sent in again, and what the ledger knows of the event in one. Rows are begun before a record is sent.

(none) ──begin──▶ begun ──sent──▶ sent
                    │
                    ├──not_sent──▶ (none)       the cluster refused it
                    └── a crash, or no answer: it is not known whether the cluster has it
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Engine, text

from consumer.ledger.accepting import is_of
from consumer.ledger.acts import ActKind, Operator, Recording
from consumer.ledger.engine import transaction
from consumer.ledger.port.inbox import Arrival, Disposition

_NEWEST = text(
    """
    SELECT DISTINCT ON (partition, kafka_offset) partition, kafka_offset, number, replayed_by AS by, begun_at, sent_at
    FROM replayed_letter
    JOIN unnest(CAST(:partitions AS int[]), CAST(:offsets AS bigint[])) AS asked(partition, kafka_offset) USING (partition, kafka_offset)
    WHERE topic = :topic ORDER BY partition, kafka_offset, number DESC
    """
)
# Of two commands that replay one letter at the same time, one begins: the key decides.
_BEGIN = text(
    """
    INSERT INTO replayed_letter (topic, partition, kafka_offset, number, replayed_by, begun_at)
    SELECT :topic, partition, kafka_offset, coalesce(before.number, 0) + 1, :by, now()
    FROM unnest(CAST(:partitions AS int[]), CAST(:offsets AS bigint[])) AS asked(partition, kafka_offset)
    CROSS JOIN LATERAL (
      SELECT max(number) AS number FROM replayed_letter known
      WHERE known.topic = :topic AND known.partition = asked.partition AND known.kafka_offset = asked.kafka_offset
    ) AS before
    WHERE :again OR before.number IS NULL
    ORDER BY partition, kafka_offset
    ON CONFLICT DO NOTHING
    RETURNING partition, kafka_offset, number
    """
)
_OF = """
    FROM unnest(CAST(:partitions AS int[]), CAST(:offsets AS bigint[]), CAST(:numbers AS int[])) AS begun(partition, kafka_offset, number)
    WHERE known.topic = :topic AND known.partition = begun.partition AND known.kafka_offset = begun.kafka_offset
      AND known.number = begun.number
"""
_SENT = text(f"UPDATE replayed_letter known SET sent_at = now() {_OF}")  # noqa: S608  a constant of ours
_NOT_SENT = text(f"DELETE FROM replayed_letter known USING {_OF.strip().removeprefix('FROM ')}")  # noqa: S608  a constant of ours
_STANDING = text(
    """
    SELECT (SELECT digest FROM inbox WHERE tenant_id = :tenant AND event_id = :event) AS digest,
           (SELECT desired_version FROM student WHERE tenant_id = :tenant AND student_id = :student) AS version
    """
)


class Letter(NamedTuple):
    """A dead letter by its place on the topic of dead letters."""

    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Replay:
    """The newest of a letter, which was replayed `number` times. Without `sent_at` it is not known whether the cluster has the record."""

    number: int
    by: str
    begun_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Concerned:
    """A letter that is to be sent in again, and whom it is about, where that can be read."""

    letter: Letter
    tenant_id: str | None = None
    student_id: str | None = None


class Replays:
    """Of the letters of one topic. Blocking; every method may raise `Unavailable`."""

    def __init__(self, engine: Engine, topic: str) -> None:
        self._engine = engine
        self._topic = topic

    def newest(self, letters: Collection[Letter]) -> Mapping[Letter, Replay]:
        """Of those that were replayed."""
        with transaction(self._engine) as connection:
            rows = connection.execute(_NEWEST, self._values(letters)).all()
        return {
            Letter(row.partition, row.kafka_offset): Replay(row.number, row.by, row.begun_at, row.sent_at)
            for row in rows
        }

    def disposition(self, arrival: Arrival) -> Disposition:
        """What would become of the event if it arrived now. Nothing is written."""
        event = arrival.event
        of = {"tenant": event.tenant_id, "event": event.event_id, "student": event.student.student_id}
        with transaction(self._engine) as connection:
            row = connection.execute(_STANDING, of).one()
        if row.digest is not None:
            return Disposition.DUPLICATE if is_of(bytes(row.digest), arrival) else Disposition.REUSED_ID
        is_newer = row.version is None or row.version < event.version
        return Disposition.PENDING if is_newer else Disposition.SUPERSEDED

    def _values(self, letters: Collection[Letter]) -> Mapping[str, object]:
        return {
            "topic": self._topic,
            "partitions": [letter.partition for letter in letters],
            "offsets": [letter.offset for letter in letters],
        }


class ReplayRun(Replays):
    """The replays of one command: an act of the operator's for each tenant, written down with the first letters that are begun."""

    def __init__(self, engine: Engine, topic: str, operator: Operator, *, again: bool, **about: str | int) -> None:
        super().__init__(engine, topic)
        self._operator = operator
        self._again = again
        self._about = about
        self._recordings: dict[str | None, Recording] = {}

    def begin(self, concerned: Sequence[Concerned]) -> Mapping[Letter, int]:
        """Notes that these are about to be sent; returns those that may be, with their numbers.

        Without `again`, those that were replayed before may not.
        """
        values = {**self._values([one.letter for one in concerned]), "by": self._operator.name, "again": self._again}
        with transaction(self._engine) as connection:
            rows = connection.execute(_BEGIN, values).all()
            begun = {Letter(row.partition, row.kafka_offset): row.number for row in rows}
            students: dict[str | None, list[str]] = {}
            for one in concerned:
                if one.letter in begun:
                    students.setdefault(one.tenant_id, []).extend([one.student_id] if one.student_id else [])
            for tenant_id, of_tenant in students.items():
                self._recording(tenant_id).write(connection, sorted({*of_tenant}) if tenant_id else ())
        return begun

    def sent(self, begun: Mapping[Letter, int]) -> None:
        """Notes that the cluster has these."""
        self._end(begun, sent=True)

    def not_sent(self, begun: Mapping[Letter, int]) -> None:
        """Notes that the cluster has refused these: they may be replayed as if nothing had been begun."""
        self._end(begun, sent=False)

    def _end(self, begun: Mapping[Letter, int], *, sent: bool) -> None:
        if begun:
            with transaction(self._engine) as connection:
                connection.execute(_SENT if sent else _NOT_SENT, {**self._values(begun), "numbers": [*begun.values()]})

    def _recording(self, tenant_id: str | None) -> Recording:
        if tenant_id not in self._recordings:
            self._recordings[tenant_id] = Recording(
                ActKind.LETTERS_REPLAYED, self._operator, tenant_id=tenant_id, **self._about
            )
        return self._recordings[tenant_id]
