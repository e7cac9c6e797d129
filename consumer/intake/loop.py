"""The loop itself.

While a dependency is unavailable, the batch is kept and the partitions are paused; polling continues, so that the group keeps us:

    reading ──PostgreSQL, dead-letter topic or group offsets unavailable──▶ paused: the batch is retried
       ▲                                                                      │ done
       └──────────────────── calm for a while (hysteresis) ◀──────────────────┘

An unavailable schema registry pauses only the partitions whose next record needs it. A locked student row delays only that student's
events; their partitions continue, and their offsets stay at the first of them (`locked`). Records of unknown tenants wait in the ledger
(`parking`).

Of a backlog, the next batch is decoded beside the transaction of the one before it (`beside`), in between two calls of the consumer.

`finishing` stores a batch; `membership` handles how the consumer joins, fails and leaves.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress

from consumer.errors import Fenced, Unavailable
from consumer.failpoints import UNARMED, Failpoints
from consumer.intake.backlog import Backlog
from consumer.intake.batch import BatchReader, IntakeBatch, Source
from consumer.intake.beside import Beside, in_turn
from consumer.intake.dead_letters import DeadLetters, DeadLettersUnavailable
from consumer.intake.finishing import Finishing
from consumer.intake.in_flight import InFlight, places_of, written
from consumer.intake.membership import Membership
from consumer.intake.offsets import Offsets
from consumer.intake.open_work import OpenWork
from consumer.intake.parking import Parking
from consumer.intake.partitions import Partitions
from consumer.intake.pause import Pause
from consumer.intake.port import Answered, Consumer, Record
from consumer.intake.positions import Positions
from consumer.intake.watch import Watch
from consumer.ledger.port.inbox import Inbox, Place
from consumer.observe.health import Progress
from consumer.observe.metrics import Metrics

_COMMIT_EVERY, _COMMIT_ALL_EVERY = 1.0, 30.0
_CALM = 2.0
_LOCKED_AGAIN = 1.0


class Intake:
    """Loop 1. `run` blocks its thread until `stop`. `static`: its consumers have a `group.instance.id`.

    `park_unknown`: how long events of unknown tenants wait for their tenant's file, in seconds; 0: they do not.
    """

    def __init__(
        self,
        *,
        consumers: Callable[[Answered], Consumer],
        topic: str,
        batches: BatchReader,
        inbox: Inbox,
        dead_letters: DeadLetters,
        tenants: Collection[str],
        owner: str,
        batch_size: int,
        metrics: Metrics,
        beat: Callable[[], None],
        progress: Progress | None = None,
        static: bool = False,
        park_unknown: float = 0.0,
        beside: Beside = in_turn,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        failpoints: Failpoints = UNARMED,
    ) -> None:
        self._batches = batches
        self._batch_size = batch_size
        self._metrics = metrics
        self._beat = beat
        self._clock = clock
        self._offsets = Offsets(inbox, failpoints=failpoints)
        self._parking = Parking(inbox, self._offsets, batches, keep=park_unknown, metrics=metrics, clock=clock)
        self._finishing = Finishing(
            inbox,
            dead_letters,
            self._offsets,
            self._parking,
            tenants=tenants,
            metrics=metrics,
            beside=beside,
            failpoints=failpoints,
        )
        self._partitions = Partitions(inbox, self._offsets, owner=owner, metrics=metrics, failpoints=failpoints)
        ours = Positions(self._partitions, self._offsets)
        self._backlog = Backlog(self._partitions, ours, metrics.backlog, now)
        self._watch = Watch(progress, topic, ours, clock) if progress else None
        self._membership = Membership(
            consumers,
            topic,
            self._partitions,
            self._offsets,
            metrics=metrics,
            revoked=self._drop,
            reached_end=ours.reached_end if progress else None,
            static=static,
            clock=clock,
        )
        self._in_flight = InFlight()
        self._locked_at = 0.0
        self._known = batches.follow()
        self._open = OpenWork(inbox, clock)
        self._pause = Pause(metrics, clock, calm=_CALM)
        self._asking = "kafka"
        self._registry = Pause(metrics, clock, calm=0)
        self._committed_at = self._all_committed_at = 0.0
        self._stopping = threading.Event()

    def stop(self) -> None:
        """From any thread: no new batch; the one in hand is finished if it can be at once."""
        self._stopping.set()

    def run(self) -> None:
        """Raises `Stop` where going on would lose or invent events."""
        self.start()
        try:
            while not self._stopping.is_set():
                self.turn()
        finally:
            self._membership.leave()

    def start(self) -> None:
        """Joins the group; the first part of `run`."""
        self._membership.join()

    def turn(self) -> None:
        """One round: take, try, commit."""
        self._beat()
        taken = self._take()
        self._in_flight.records += taken
        if self._membership.replace_failed():
            self._drop_all()
        if self._pause.due:
            self._try()
        waiting = self._in_flight.waiting
        if not waiting:
            self._registry.succeeded()
        wanted = self._partitions.assigned if self._pause.cause else places_of(waiting)
        self._partitions.pause(self._membership.consumer, wanted)
        self._each_second()

    def _take(self) -> list[Record]:
        """No more than fills a batch. A batch that is read ahead does not wait for them."""
        if self._pause.cause is not None:
            return self._membership.take(1)
        room = self._batch_size - len(self._in_flight.records)
        return self._membership.take(max(1, room), patient=self._in_flight.ahead is None)

    def _try(self) -> None:
        try:
            self._asking = "database"
            if self._pause.cause is not None:
                self._offsets.store(again=True)
            if self._partitions.own():
                self._open.forget()
                self._parking.owned()
            self._asking = "kafka"
            self._partitions.begin(self._membership.consumer)
            self._asking = "database"
            for batch in self._sources():
                if self._in_flight.batch is None:
                    self._in_flight.batch = batch()
                if self._in_flight.batch is not None:
                    self._finish(self._in_flight.batch)
                    self._in_flight.batch = None
        except DeadLettersUnavailable as fault:
            self._pause.failed("dead_letters", str(fault))
        except Unavailable as fault:
            self._pause.failed(self._asking, str(fault))
        except Fenced:
            self._fenced()
        else:
            self._pause.succeeded()

    def _sources(self) -> Iterator[Callable[[], IntakeBatch | None]]:
        """All that is parked and can be decided comes before what is read behind it, which may cancel it."""
        yield self._those_locked
        self._known = self._batches.follow()
        while self._parking.due:
            yield self._those_parked
        yield self._next

    def _fenced(self) -> None:
        self._metrics.fenced_writes.labels("intake").inc()
        self._drop_all()
        self._membership.read_again()
        # Not at once: if the group has reassigned our partitions, this poll reports it before we fence their owner.
        self._pause.failed("fenced", "A partition was taken over by another process.")

    def _those_locked(self) -> IntakeBatch | None:
        """Events whose students' rows were locked, once a second."""
        now = self._clock()
        locked = self._finishing.locked.taken
        if not locked or now - self._locked_at < _LOCKED_AGAIN:
            return None
        self._locked_at = now
        return IntakeBatch(0, Counter(), list(locked), [], [], source=Source.LOCKED)

    def _those_parked(self) -> IntakeBatch | None:
        """A page of events whose tenant is known by now, or was awaited in vain. Raises `Unavailable`, `Fenced`."""
        self._beat()
        return self._parking.batch(self._open.tenants(self._known, self._undone()))

    def _next(self) -> IntakeBatch | None:
        """What was read ahead, or else the records that came; a full batch of these waits until more can be read ahead beside it.

        Raises `Unavailable`.
        """
        self._check_room()
        ahead, self._in_flight.ahead = self._in_flight.ahead, None
        if ahead is not None:
            return ahead
        batch = self._read()
        if batch is None or batch.size < self._batch_size or not batch.has_writes:
            return batch
        self._in_flight.ahead = batch
        return None

    def _read_ahead(self) -> None:
        """Decodes what came behind the batch that is being written. What can't be decoded now is tried again in its turn."""
        if self._in_flight.ahead is None:
            with suppress(Unavailable):
                self._in_flight.ahead = self._read()

    def _undone(self) -> Iterator[str]:
        """The tenants of events that are decoded and not in the ledger yet."""
        yield from self._finishing.locked.tenants()
        yield from self._in_flight.tenants()

    def _check_room(self) -> None:
        """Raises `Unavailable` where no more may be read."""
        if self._finishing.locked.full:
            self._asking = "locked_rows"
            raise Unavailable("Too many events wait for student rows locked by other transactions.")
        self._asking = "database"

    def _read(self) -> IntakeBatch | None:
        """The records that came, behind those that waited for a schema. Raises `Unavailable`."""
        in_flight = self._in_flight
        again = in_flight.waiting if self._registry.due else []
        if not again and not in_flight.records:
            return None
        began = self._clock()
        open_work = self._open.tenants(self._known, self._undone())
        records = [*again, *in_flight.records]
        batch = self._batches.batch(records, open_work)
        batch.began, in_flight.records = began, []
        waiting = {id(record) for record in batch.waiting}
        batch.written = (
            written(record for record in records if id(record) not in waiting) if waiting else written(records)
        )
        if again:
            in_flight.waiting = []
        if batch.waiting:
            in_flight.waiting += batch.waiting
            self._registry.failed("registry", "A schema cannot be looked up at the moment.")
        return batch

    def _finish(self, batch: IntakeBatch) -> None:
        self._finishing.finish(batch, self._read_ahead)
        if batch.source is Source.KAFKA:
            self._metrics.batch_records.observe(batch.size)
            self._metrics.batch_seconds.observe(self._clock() - batch.began)
            self._backlog.done(batch.written)

    def _each_second(self) -> None:
        now = self._clock()
        if now - self._committed_at < _COMMIT_EVERY:
            return
        everything = now - self._all_committed_at >= _COMMIT_ALL_EVERY
        self._committed_at = now
        try:
            if self._pause.due:
                self._offsets.store(again=everything)
        except Unavailable as fault:
            self._pause.failed("database", str(fault))
        except Fenced:
            self._fenced()
        self._offsets.commit(self._membership.consumer, again=everything)
        if everything:
            self._all_committed_at = now
        self._backlog.look(self._membership.consumer, self._in_flight)
        if self._watch is not None:
            self._watch.look(
                self._membership.consumer,
                excuse=self._pause.cause or self._registry.cause,
                failed=self._membership.failed,
            )

    def _drop(self, gone: Collection[Place]) -> None:
        """Their next owner reads them again."""
        self._in_flight.drop(gone)
        self._backlog.forget(gone)
        self._finishing.locked.drop(gone)
        self._finishing.hold_back()

    def _drop_all(self) -> None:
        self._in_flight = InFlight()
        self._finishing.locked.clear()
        self._finishing.hold_back()
