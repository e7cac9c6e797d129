"""What was taken from Kafka and is not done yet."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from consumer.intake.batch import IntakeBatch
from consumer.intake.port import Record, origin_of
from consumer.ledger.port.inbox import Place


@dataclass(slots=True)
class InFlight:
    """`batch` is being dealt with; `records` came since, and are not looked at yet.

    `waiting` were looked at, and their schema could not be looked up; no record of their partitions has come since.
    """

    records: list[Record] = field(default_factory=list[Record])
    waiting: list[Record] = field(default_factory=list[Record])
    batch: IntakeBatch | None = None

    def drop(self, gone: Collection[Place]) -> None:
        """Forgets what came from partitions that are no longer ours; their next owner reads it again."""
        self.records = [record for record in self.records if place_of(record) not in gone]
        self.waiting = [record for record in self.waiting if place_of(record) not in gone]
        if self.batch is not None:
            self.batch.drop(gone)


def place_of(record: Record) -> Place:
    """The partition that the record is from."""
    return origin_of(record)[:2]


def places_of(records: Sequence[Record]) -> set[Place]:
    """Where they are from."""
    return {place_of(record) for record in records}
