"""Records of unknown tenants: they wait in the ledger, as their tenant's file may be on its way.

    unknown tenant ──accept──▶ parked ──the tenant is known──▶ decided like a record from Kafka
                                  │
                                  └──after `keep` seconds──▶ dead letter

Their partitions continue meanwhile. Who owns a partition owns what is parked of it; what no process owns waits.
"""

from collections.abc import Callable, Collection

from consumer.codec.dead_letters import DeadLetterReason
from consumer.intake.batch import BatchReader, IntakeBatch, Source
from consumer.intake.dead_letters import refused
from consumer.intake.offsets import Offsets
from consumer.intake.port import origin_of
from consumer.ledger.port.inbox import Inbox
from consumer.ledger.port.parking import BEGINNING, ParkedRecord, ParkingWrites
from consumer.observe.metrics import Metrics

MOST = 10_000
"""So many wait in the ledger at most, whatever the number of replicas: a producer with a wrong tenant id must not fill the database.
It is some minutes of one school's events on its busiest day."""
_EVERY, _SELDOM = 5.0, 60.0
"""Seconds between looks: while something is known to be parked, and while nothing is. A ledger that was restored has rows again."""
_PAGE = 200


class Parking:
    """Looks for records whose wait is over. Runs on the intake's thread; seldom asks the ledger while nothing is parked."""

    def __init__(
        self,
        inbox: Inbox,
        offsets: Offsets,
        batches: BatchReader,
        *,
        keep: float,
        metrics: Metrics,
        clock: Callable[[], float],
    ) -> None:
        self._inbox = inbox
        self._offsets = offsets
        self._batches = batches
        self._keep = keep
        self._metrics = metrics
        self._clock = clock
        self._next_at: float | None = None
        self._after = BEGINNING
        self._decisions = batches.decisions

    @property
    def due(self) -> bool:
        """Whether to look before more is read: what is parked comes before it, and later events may cancel it."""
        if self._next_at is None:
            return False
        return self._clock() >= self._next_at or self._batches.decisions is not self._decisions

    @property
    def on(self) -> bool:
        """Whether records are parked at all."""
        return self._keep > 0

    def owned(self) -> None:
        """Partitions were taken over: their last owner may have parked records."""
        self._next_at, self._after = self._clock(), BEGINNING

    def writes(self, records: Collection[ParkedRecord]) -> ParkingWrites:
        """Parks these with their batch, unless parking is off."""
        return ParkingWrites(tuple(records), MOST if self.on else 0)

    def parked(self, count: int) -> None:
        """So many records were parked."""
        self._metrics.parked_records.inc(count)
        soon = self._clock() + _EVERY
        self._next_at = soon if self._next_at is None else min(self._next_at, soon)

    def batch(self, open_work: set[str]) -> IntakeBatch | None:
        """The next page of records whose tenant is known by now, or that have waited for `keep` seconds. Raises `Unavailable`, `Fenced`.

        Records whose schema can't be looked up now, and those behind them, stay parked.
        """
        if self._batches.decisions is not self._decisions:
            self._decisions, self._after = self._batches.decisions, BEGINNING
        page = self._inbox.parked(
            tenants=self._decisions.tenants,
            keep=self._keep,
            after=self._after,
            limit=_PAGE,
            epochs=self._offsets.epochs,
            stored=self._offsets.in_ledger,
        )
        self._metrics.parked_records.set(page.total)
        self._continue(page.records[-1] if len(page.records) == _PAGE else None, page.total)
        batch = self._batches.batch([record for record in page.records if not record.expired], open_work)
        expired = [record for record in page.records if record.expired]
        batch.dead_letters += [refused(record, DeadLetterReason.UNKNOWN_TENANT) for record in expired]
        staying = {origin_of(one) for one in (*batch.waiting, *batch.unknown)}
        batch.parked = {record.origin for record in page.records} - staying
        batch.source, batch.offsets = Source.PARKED, {}
        return batch if batch.parked else None

    def _continue(self, last: ParkedRecord | None, total: int) -> None:
        if last is not None:
            self._next_at, self._after = self._clock(), last.origin
        else:
            self._next_at, self._after = self._clock() + (_EVERY if total else _SELDOM), BEGINNING
