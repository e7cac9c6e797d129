"""How far an installation is, seen from outside: by its database and by the group's offsets, both asked the straight way."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import psycopg
from confluent_kafka import OFFSET_INVALID, Consumer, KafkaException, TopicPartition

from consumer.ledger.engine import open_engine
from consumer.ledger.inspect import Inspection, StudentState, StudentWait
from consumer.settings import Topics

_PATIENCE = 5.0

_OWED = """
    SELECT (SELECT count(*) FROM inbox WHERE disposition = 'pending'),
           (SELECT count(*) FROM student WHERE due_at IS NOT NULL),
           (SELECT count(*) FROM outbox WHERE batch IS NULL OR batch > coalesce((SELECT max(published) FROM relay), 0))
"""
_PARKED = "SELECT count(*) FROM parked_record"
_OUTCOMES = "SELECT count(*) FROM outbox"
_SETTLED = "SELECT count(*) FROM inbox WHERE disposition <> 'pending'"


@dataclass(frozen=True, slots=True)
class Owed:
    """What is still to be done: records not committed or parked, events pending, students due, outcomes not published."""

    lag: int
    parked: int
    pending: int
    due: int
    unpublished: int

    @property
    def nothing(self) -> bool:
        """Whether all is done."""
        return not (self.lag or self.parked or self.pending or self.due or self.unpublished)


class Watch:
    """Questions to the parts, from `with` to its end. None stands for a part that is unavailable."""

    def __init__(self, database: str, kafka: str, *, group: str, topics: Topics) -> None:
        self._database = database
        self._topic = topics.status_changed
        self._consumer = Consumer({"bootstrap.servers": kafka, "group.id": group, "log_level": 0})
        self._asking = asyncio.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()

    async def owed(self) -> Owed | None:
        """What is still to be done."""
        row, parked = await self.ask(_OWED), await self._parked()
        async with self._asking:
            lag = await asyncio.to_thread(self._lag)
        return None if row is None or parked is None or lag is None else Owed(lag, parked, *row)

    async def _parked(self) -> int | None:
        try:
            row = await self.ask(_PARKED)
        except psycopg.errors.UndefinedTable:
            return 0  # the ledger is the release's before this one
        return row[0] if row else None

    async def settled(self) -> int:
        """Events with their final disposition; 0 while the database is unavailable."""
        row = await self.ask(_SETTLED)
        return row[0] if row else 0

    async def outcomes(self) -> int:
        """How many there have been, published or not. Raises RuntimeError where the database is unavailable."""
        return await self.count(_OUTCOMES)

    async def count(self, query: str) -> int:
        """The number that a query gives. Raises RuntimeError where the database is unavailable."""
        row = await self.ask(query)
        if row is None:
            raise RuntimeError("The database can't be asked.")
        return row[0]

    async def ask(self, query: str) -> tuple[Any, ...] | None:
        """The first row."""
        return await asyncio.to_thread(self._ask, query)

    async def rows(self, query: str) -> Sequence[tuple[Any, ...]]:
        """All rows. Raises `psycopg.OperationalError` where the database is unavailable."""
        return await asyncio.to_thread(self._rows, query)

    async def still_due(self) -> Sequence[str]:
        """The first five students with planned work, and why they wait. Raises `Unavailable`."""
        return await asyncio.to_thread(self._still_due)

    async def committed(self) -> Mapping[tuple[str, int], int]:
        """The group's offsets; partitions without one are missing."""
        async with self._asking:
            return {
                (at.topic, at.partition): at.offset
                for at in await asyncio.to_thread(self._committed)
                if at.offset != OFFSET_INVALID
            }

    def _ask(self, query: str) -> tuple[Any, ...] | None:
        try:
            with psycopg.connect(self._database, connect_timeout=2, autocommit=True) as connection:
                return connection.execute(query.encode()).fetchone()
        except psycopg.OperationalError:
            return None

    def _rows(self, query: str) -> Sequence[tuple[Any, ...]]:
        with psycopg.connect(self._database, connect_timeout=2, autocommit=True) as connection:
            return connection.execute(query.encode()).fetchall()

    def _still_due(self) -> Sequence[str]:
        engine = open_engine(self._database)
        try:
            inspection = Inspection(engine)
            return [
                _described(student, inspection.student_waits(student.tenant_id, student.student_id))
                for student in inspection.due(limit=5)
            ]
        finally:
            engine.dispose()

    def _lag(self) -> int | None:
        try:
            return sum(self._behind(at) for at in self._committed())
        except KafkaException:
            return None

    def _committed(self) -> Sequence[TopicPartition]:
        partitions = self._consumer.list_topics(self._topic, timeout=_PATIENCE).topics[self._topic].partitions
        asked = [TopicPartition(self._topic, number) for number in partitions]
        return self._consumer.committed(asked, timeout=_PATIENCE)

    def _behind(self, at: TopicPartition) -> int:
        low, high = self._consumer.get_watermark_offsets(TopicPartition(at.topic, at.partition), timeout=_PATIENCE)
        return high - (low if at.offset == OFFSET_INVALID else at.offset)


def _described(student: StudentState, waits: Sequence[StudentWait]) -> str:
    causes = ", ".join(" ".join(filter(None, (one.provider, one.step, one.reason, one.code))) for one in waits)
    return (
        f"{student.tenant_id}/{student.student_id} is due {student.due_at}: version {student.settled_version} of "
        f"{student.desired_version}, leased until {student.lease_until}, waits: {causes or 'none'}"
    )
