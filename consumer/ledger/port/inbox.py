"""Loop 1's side: events that were read, and who may write what was read from a partition."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from consumer.events import Provider, ProviderAction, StudentStatusChanged
from consumer.ledger.port.parking import UNCHANGED, Origin, ParkedPage, ParkingWrites
from consumer.policy.work_class import WorkClass, of_action


class Disposition(StrEnum):
    """What became of an event that was read. The last six leave the inbox unchanged; it keeps the others."""

    PENDING = "pending"  # accepted; not settled yet
    APPLIED = "applied"
    SUPERSEDED = "superseded"  # an event of a higher version came first, or before this one was begun
    FAILED = "failed"
    DUPLICATE = "duplicate"  # this event_id is in the inbox with the same content
    REUSED_ID = "reused_id"  # this event_id is in the inbox with other content: a dead letter
    SKIPPED = "skipped"  # requests no action, and there was no work to cancel
    LOCKED = "locked"  # another transaction holds the student's row: nothing was written, give it again later
    PARKED = "parked"  # waits for its tenant's file
    NO_ROOM = "no_room"  # was not parked, as too many records are: a dead letter


@dataclass(frozen=True, slots=True)
class Arrival:
    """One event as it was read: it acts or, with no `providers`, requests no action and cancels work that is not settled, and deletions.

    `value` is the whole record's: rows of earlier versions hold its SHA-256, by which a redelivered event is known.
    """

    topic: str
    partition: int
    offset: int
    event: StudentStatusChanged
    action: ProviderAction
    providers: tuple[Provider, ...]
    value: bytes = field(repr=False)
    traceparent: str | None = None

    @property
    def cancels(self) -> bool:
        """Whether it only cancels."""
        return not self.providers

    @property
    def work_class(self) -> WorkClass:
        """Of the work that it requests."""
        return WorkClass.NORMAL if self.cancels else of_action(self.action)


Place = tuple[str, int]
"""A topic and a partition of it."""


FROM_BEGINNING = -1
"""The next offset of a partition of which this ledger has never seen anything."""


@dataclass(frozen=True, slots=True)
class Ownership:
    """A partition's new epoch, and the next offset as the ledger knows it.

    `next_offset` is FROM_BEGINNING where the ledger is new to the partition, and None where only a version that did not keep it has
    written for it.
    """

    epoch: int
    next_offset: int | None


class Inbox(Protocol):
    """Loop 1's side. Blocking: it is called from the thread that owns the Kafka consumer."""

    def own(self, topic: str, partitions: Collection[int], *, owner: str) -> Mapping[int, Ownership]:
        """Takes the partitions over: gives each a new, higher epoch and returns it. Older epochs are fenced from then on."""
        ...

    def accept(
        self,
        arrivals: Sequence[Arrival],
        *,
        epochs: Mapping[Place, int],
        offsets: Mapping[Place, int] | None = None,
        stored: Mapping[Place, int] | None = None,
        skip_locked: bool = False,
        parking: ParkingWrites = UNCHANGED,
    ) -> Sequence[Disposition]:
        """Writes a whole batch in one transaction and wakes the workers; one answer for each arrival, then for each of `parking.park`.

        `offsets` are the next offsets of partitions, stored with it; that of a partition with a LOCKED arrival is stored no higher than
        the arrival's own. Students whose rows are locked are waited for, but not long; with `skip_locked` not at all.

        Events that act come before those that cancel, whatever their order: a cancelling event of a higher version than the student's
        becomes the newest (PENDING until it is settled) where that is unsettled or an account is to be deleted, any other is SKIPPED.

        `stored` are the next offsets that the ledger is known to have had. A ledger with lower ones has lost commits: a standby that
        lagged has taken over.

        Of `parking.release`, those stay parked whose arrivals are LOCKED or REUSED_ID.

        Idempotent. Raises `Fenced` where a partition of `arrivals`, `offsets` or `parking` has a newer epoch, or a lower offset than it
        had: nothing is written then, and the partition must be taken over anew.
        """
        ...

    def store_offsets(
        self,
        offsets: Mapping[Place, int],
        *,
        epochs: Mapping[Place, int],
        stored: Mapping[Place, int] | None = None,
    ) -> None:
        """Stores next offsets where nothing was accepted. Raises `Fenced` as `accept` does."""
        ...

    def parked(
        self,
        *,
        tenants: Collection[str],
        keep: float,
        after: Origin,
        limit: int,
        epochs: Mapping[Place, int],
        stored: Mapping[Place, int] | None = None,
    ) -> ParkedPage:
        """Parked records of the partitions in `epochs`, of one of `tenants` or parked for `keep` seconds: at most `limit` behind `after`.

        What was parked for so long, and is of none of `tenants`, is expired from now on: this is decided here, under the partition's
        epoch, so that no record is both accepted by one process and sent to the dead letters by another. Raises `Fenced` as `accept` does.
        """
        ...

    def tenants_with_open_work(self, tenants: Collection[str]) -> frozenset[str]:
        """Which of them have a student whose newest event is not settled."""
        ...
