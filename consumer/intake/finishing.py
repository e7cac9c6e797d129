"""What becomes of a batch: events go to the ledger, what can't be read to the dead letters, and all of it is counted.

Events whose student's row another transaction holds wait in `locked`; the offsets of their partitions stay where the first of them is.
Records of unknown tenants wait in the ledger, and their offsets pass: see `parking`.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

import structlog

from consumer.codec.dead_letters import DeadLetterReason
from consumer.failpoints import UNARMED, Failpoints, Point, commit_lost
from consumer.intake.batch import IntakeBatch, Source, Taken
from consumer.intake.beside import Beside, in_turn
from consumer.intake.dead_letters import DeadLetter, DeadLetters, DeadLettersUnavailable, refused
from consumer.intake.locked import Locked, earliest
from consumer.intake.offsets import Offsets
from consumer.intake.parking import Parking
from consumer.ledger.port.inbox import Disposition, Inbox, Place
from consumer.ledger.port.parking import Origin, ParkingWrites
from consumer.observe.log_context import about_record
from consumer.observe.metrics import Metrics

log = structlog.get_logger()

_NOT_ACCEPTED = {Disposition.LOCKED, Disposition.REUSED_ID, Disposition.SKIPPED}
_REUSED = "This event_id was already used with different content."


class Finishing:
    """Deals with batches, on the intake's thread. Of an event, no more than the tenant, out of `tenants`, is a label of a metric."""

    def __init__(
        self,
        inbox: Inbox,
        dead_letters: DeadLetters,
        offsets: Offsets,
        parking: Parking,
        *,
        tenants: Collection[str],
        metrics: Metrics,
        beside: Beside = in_turn,
        failpoints: Failpoints = UNARMED,
    ) -> None:
        self.locked = Locked()
        self._beside = beside
        self._inbox = inbox
        self._dead_letters = dead_letters
        self._offsets = offsets
        self._parking = parking
        self._tenants = tenants
        self._metrics = metrics
        self._failpoints = failpoints

    def finish(self, batch: IntakeBatch, meanwhile: Callable[[], None]) -> None:
        """Returns when nothing of it is left to do. Each part is forgotten when it is done, so that none is done twice.

        `meanwhile` is called beside the transaction, if there is one. It must neither raise nor call the consumer: partitions stay ours.

        Raises `Unavailable` (`LettersAway` where it is the dead letters), after which the same batch is finished again, and `Fenced`.
        """
        if batch.source is Source.PARKED:
            self._release(batch)
            return
        if batch.source is Source.KAFKA:
            batch.arrivals = self.locked.join(batch.arrivals)
        if batch.has_writes:
            self._accept(batch, meanwhile)
        if batch.dead_letters:
            self._send(batch)
        self._count_skips(batch)
        if batch.source is Source.LOCKED:
            self.locked.keep(batch.locked)
        else:
            self.locked.add(batch.locked)
        self.hold_back()
        self._offsets.done(batch.offsets)

    def hold_back(self) -> None:
        """No offset passes an event that waits in `locked`."""
        self._offsets.hold_back(self.locked.earliest())
        self._metrics.locked_events.set(len(self.locked.taken))

    def _accept(self, batch: IntakeBatch, meanwhile: Callable[[], None]) -> None:
        offsets = _lower(batch.offsets, self.locked.earliest())
        transaction = partial(
            self._inbox.accept,
            [taken.arrival for taken in batch.arrivals],
            epochs=self._offsets.epochs,
            offsets=offsets,
            stored=self._offsets.in_ledger,
            skip_locked=batch.source is Source.LOCKED,
            parking=self._parking.writes(batch.unknown),
        )
        dispositions = self._beside(transaction, meanwhile)
        self._failpoints.reach(Point.BATCH_ACCEPTED, lost=commit_lost())
        self._park(batch, dispositions[len(batch.arrivals) :])
        self._sort(batch, dispositions[: len(batch.arrivals)])
        self._offsets.stored(_lower(offsets, earliest(batch.locked)))

    def _park(self, batch: IntakeBatch, dispositions: Sequence[Disposition]) -> None:
        refusals = [
            refused(record, DeadLetterReason.UNKNOWN_TENANT)
            for record, disposition in zip(batch.unknown, dispositions, strict=True)
            if disposition is Disposition.NO_ROOM
        ]
        if count := len(batch.unknown) - len(refusals):
            log.warning("events_parked", count=count)
            self._metrics.parking_results.labels("parked").inc(count)
            self._parking.parked(count)
        if refusals and self._parking.on:
            log.warning("parking_full", count=len(refusals))
            self._metrics.parking_results.labels("no_room").inc(len(refusals))
        batch.dead_letters += refusals
        batch.unknown = []

    def _release(self, batch: IntakeBatch) -> None:
        """Of parked records: they leave the ledger's table with what is accepted of them, or after their dead letters."""
        if done := batch.parked - {dead_letter.place for dead_letter in batch.dead_letters}:
            dispositions = self._remove(done, batch.arrivals)
            self._sort(batch, dispositions)
            accepted, skipped = sum(one not in _NOT_ACCEPTED for one in dispositions), batch.skips.total()
            log.info("parked_events_released", accepted=accepted, skipped=skipped)
            self._metrics.parking_results.labels("accepted").inc(accepted)
            self._metrics.parking_results.labels("skipped").inc(skipped)
            self._count_skips(batch)
            batch.parked = {dead_letter.place for dead_letter in batch.dead_letters}
        if count := len(batch.dead_letters):
            self._send(batch)
            self._metrics.parking_results.labels("dead_letter").inc(count)
        if batch.parked:
            self._remove(batch.parked)
            batch.parked = set()

    def _remove(self, parked: Collection[Origin], arrivals: Sequence[Taken] = ()) -> Sequence[Disposition]:
        """Locked rows are not waited for: those records stay parked until the next look."""
        dispositions = self._inbox.accept(
            [taken.arrival for taken in arrivals],
            epochs=self._offsets.epochs,
            stored=self._offsets.in_ledger,
            skip_locked=True,
            parking=ParkingWrites(release=parked),
        )
        self._failpoints.reach(Point.PARKED_REMOVED, lost=commit_lost())
        return dispositions

    def _sort(self, batch: IntakeBatch, dispositions: Sequence[Disposition]) -> None:
        counts: Counter[tuple[str, str]] = Counter()
        for taken, disposition in zip(batch.arrivals, dispositions, strict=True):
            arrival, record, skip, span = taken
            if span is not None and disposition is not Disposition.LOCKED:
                span.set_attribute("provisioner.disposition", disposition)
                span.end()
            match disposition:
                case Disposition.REUSED_ID:
                    batch.dead_letters.append(DeadLetter(record, DeadLetterReason.REUSED_ID, _REUSED))
                case Disposition.LOCKED:
                    batch.locked.append(taken)
                case Disposition.SKIPPED if skip is not None:
                    batch.skips[arrival.event.tenant_id, skip] += 1
                case _:
                    counts[arrival.event.tenant_id, disposition] += 1
        batch.arrivals = []
        for (tenant, disposition), count in counts.items():
            self._metrics.events.labels(self._known(tenant), disposition).inc(count)

    def _send(self, batch: IntakeBatch) -> None:
        self._dead_letters.send(batch.dead_letters)
        self._failpoints.reach(
            Point.DEAD_LETTERS_SENT, lost=DeadLettersUnavailable("The dead-letter topic is not responding.")
        )
        for dead_letter in batch.dead_letters:
            self._metrics.dead_letters.labels(dead_letter.reason).inc()
            headers = dead_letter.record.headers() if dead_letter.headers_readable else None
            with about_record(dead_letter.place, headers):
                log.warning("dead_letter", reason=dead_letter.reason)
        batch.dead_letters = []

    def _count_skips(self, batch: IntakeBatch) -> None:
        for (tenant, reason), count in batch.skips.items():
            self._metrics.skips.labels(self._known(tenant), reason).inc(count)
        batch.skips = Counter()

    def _known(self, tenant: str) -> str:
        return tenant if tenant in self._tenants else "unknown"


def _lower(offsets: Mapping[Place, int], limits: Mapping[Place, int]) -> Mapping[Place, int]:
    return {place: min(offset, limits.get(place, offset)) for place, offset in offsets.items()}
