"""What was taken from Kafka and is not done yet."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from consumer.intake.batch import IntakeBatch
from consumer.intake.port import Record, origin_of
from consumer.ledger.port.inbox import Place


@dataclass(slots=True)
class InFlight:
    """`batch` is being dealt with; `ahead` is decoded and comes next; `records` came since, and are not looked at yet.

    `waiting` were looked at, and their schema could not be looked up; no record of their partitions has come since.
    """

    records: list[Record] = field(default_factory=list[Record])
    waiting: list[Record] = field(default_factory=list[Record])
    batch: IntakeBatch | None = None
    ahead: IntakeBatch | None = None

    def tenants(self) -> Iterator[str]:
        """Whose events are decoded and not in the ledger yet."""
        for batch in (self.batch, self.ahead):
            if batch is not None:
                yield from (taken.arrival.event.tenant_id for taken in batch.arrivals)

    @property
    def oldest(self) -> int | None:
        """When Kafka got the oldest of all these, as far as they say, in milliseconds since 1970; None: there are none."""
        batches = [batch.written for batch in (self.batch, self.ahead) if batch is not None]
        return min(chain(*batches, written(self.records), written(self.waiting)), default=None)

    def drop(self, gone: Collection[Place]) -> None:
        """Forgets what came from partitions that are no longer ours; their next owner reads it again."""
        self.records = [record for record in self.records if place_of(record) not in gone]
        self.waiting = [record for record in self.waiting if place_of(record) not in gone]
        for batch in (self.batch, self.ahead):
            if batch is not None:
                batch.drop(gone)


def written(records: Iterable[Record]) -> list[int]:
    """When Kafka got them, in milliseconds since 1970; of those that say so."""
    return [at for record in records if (at := record.timestamp()[1]) > 0]


def place_of(record: Record) -> Place:
    """The partition that the record is from."""
    return origin_of(record)[:2]


def places_of(records: Sequence[Record]) -> set[Place]:
    """Where they are from."""
    return {place_of(record) for record in records}
