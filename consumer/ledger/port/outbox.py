"""Loop 3's side: outcomes on their way to their topics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from consumer.ledger.port.writes import Publish


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """An outcome waiting for its topic."""

    topic: str
    key: bytes
    value: bytes = field(repr=False)
    headers: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class OutboxBatch:
    """Rows that are published in one Kafka transaction. Numbers rise by one; a batch never changes while it may have been published."""

    number: int
    rows: Sequence[OutboxRow]


@dataclass(frozen=True, slots=True)
class OnTopic:
    """An outcome that was found on its topic; `at` is its record's timestamp."""

    outcome: Publish
    at: datetime


@dataclass(frozen=True, slots=True)
class Landmark:
    """Of the newest batch that the ledger knows to be published: its outcomes, with their topics, and when the last was written.

    The batch after it was published later than `at`, but for the difference between the clocks.
    """

    topics: Mapping[UUID, str]
    at: datetime


class Outbox(Protocol):
    """Loop 3's side. Blocking: the relay has a thread of its own. Only the newest epoch may write; the others are `Fenced`."""

    def take_over(self, relay: str) -> int:
        """Gives the relay a new, higher epoch and returns it. A relay of another name continues where the last one was.

        Rows that were put aside as unreadable wait again: this version may be able to read them.
        """
        ...

    def newest(self, relay: str, epoch: int) -> int:
        """The number of the newest batch; 0 where there never was one."""
        ...

    def unpublished(self, relay: str, epoch: int) -> Sequence[OutboxBatch]:
        """Batches that were numbered and are not known to be published, oldest first.

        Only for a relay that has fenced its predecessors in Kafka and has marked what the topics have: what is left was not published
        and never will be. So a row that this version can't read is taken out of its batch and put aside, with those behind it.
        """
        ...

    def next_batch(self, relay: str, epoch: int, *, limit: int, after: int = 0) -> OutboxBatch | None:
        """Numbers the oldest waiting rows, in an order that keeps each key's own; None where none can be numbered now.

        `after` is the newest batch that the relay knows of. Raises `Fenced` where the ledger has not come that far: a standby that
        lagged has taken over, and what it lacks must be read back from the topics first.

        A row that this version can't read is put aside until the next relay takes over. It and a row that another transaction has
        locked hold back the later rows of their key, and no others.
        """
        ...

    def published(self, relay: str, epoch: int, number: int) -> None:
        """Batches up to `number` are on their topics. Raises `Fenced` where the ledger has numbered fewer, as `next_batch` does."""
        ...

    def landmark(self, relay: str, epoch: int) -> Landmark | None:
        """The newest batch known to be published; None where no outcome of any is left."""
        ...

    def recall(self, relay: str, epoch: int, outcomes: Sequence[OnTopic]) -> int:
        """Takes in outcomes that are on their topics, whatever their batch was: they are never published again.

        Returns how many were not known to be numbered. Idempotent.
        """
        ...

    def resume(self, relay: str, epoch: int, number: int) -> None:
        """Batches up to `number` are on their topics, by whichever relay; the next one comes after it."""
        ...

    def waiting_seconds(self) -> float:
        """For how long the oldest row that is not known to be published has waited; 0.0 where there is none.

        Rows that were put aside as unreadable do not count; those that wait behind them do.
        """
        ...
