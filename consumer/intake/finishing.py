"""What becomes of a batch: events go to the ledger, what can't be read to the dead letters, and all of it is counted.

Events whose student's row another transaction holds wait in `locked`; the offsets of their partitions stay where the first of them is.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import structlog

from consumer.codec.dead_letters import DeadLetterReason
from consumer.failpoints import UNARMED, Failpoints, Point, commit_lost
from consumer.intake.batch import IntakeBatch
from consumer.intake.dead_letters import DeadLetter, DeadLetters, DeadLettersUnavailable
from consumer.intake.locked import Locked, earliest
from consumer.intake.offsets import Offsets
from consumer.ledger.port.inbox import Disposition, Inbox, Place
from consumer.observe.metrics import Metrics

log = structlog.get_logger()

_REUSED = "This event_id was already used with different content."


class Finishing:
    """Deals with batches, on the intake's thread. Of an event, no more than the tenant, out of `tenants`, is a label of a metric."""

    def __init__(
        self,
        inbox: Inbox,
        dead_letters: DeadLetters,
        offsets: Offsets,
        *,
        tenants: Collection[str],
        metrics: Metrics,
        failpoints: Failpoints = UNARMED,
    ) -> None:
        self.locked = Locked()
        self._inbox = inbox
        self._dead_letters = dead_letters
        self._offsets = offsets
        self._tenants = tenants
        self._metrics = metrics
        self._failpoints = failpoints

    def finish(self, batch: IntakeBatch) -> None:
        """Returns when nothing of it is left to do. Each part is forgotten when it is done, so that none is done twice.

        Raises `Unavailable` (`LettersAway` where it is the dead letters), after which the same batch is finished again, and `Fenced`.
        """
        if not batch.again:
            batch.arrivals = self.locked.join(batch.arrivals)
        if batch.arrivals:
            self._accept(batch)
        if batch.dead_letters:
            self._send(batch)
        for (tenant, reason), count in batch.skips.items():
            self._metrics.skips.labels(self._known(tenant), reason).inc(count)
        if batch.again:
            self.locked.keep(batch.locked)
        else:
            self.locked.add(batch.locked)
        self.hold_back()
        self._offsets.done(batch.offsets)

    def hold_back(self) -> None:
        """No offset passes an event that waits in `locked`."""
        self._offsets.hold_back(self.locked.earliest())
        self._metrics.locked_events.set(len(self.locked.taken))

    def _accept(self, batch: IntakeBatch) -> None:
        offsets = _lower(batch.offsets, self.locked.earliest())
        dispositions = self._inbox.accept(
            [taken.arrival for taken in batch.arrivals],
            epochs=self._offsets.epochs,
            offsets=offsets,
            stored=self._offsets.in_ledger,
            skip_locked=batch.again,
        )
        self._failpoints.reach(Point.BATCH_ACCEPTED, lost=commit_lost())
        self._sort(batch, dispositions)
        self._offsets.stored(_lower(offsets, earliest(batch.locked)))

    def _sort(self, batch: IntakeBatch, dispositions: Sequence[Disposition]) -> None:
        counts: Counter[tuple[str, str]] = Counter()
        for taken, disposition in zip(batch.arrivals, dispositions, strict=True):
            arrival, record, skip = taken
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
            topic, partition, offset = dead_letter.place
            log.warning("dead_letter", reason=dead_letter.reason, topic=topic, partition=partition, offset=offset)
        batch.dead_letters = []

    def _known(self, tenant: str) -> str:
        return tenant if tenant in self._tenants else "unknown"


def _lower(offsets: Mapping[Place, int], limits: Mapping[Place, int]) -> Mapping[Place, int]:
    return {place: min(offset, limits.get(place, offset)) for place, offset in offsets.items()}
