"""The relay: numbered batches, each published in one Kafka transaction together with the record that says so.

elected ─▶ take over (fences in the ledger) ─▶ init_transactions (fences in Kafka) ─▶ read progress ─▶ publish what it lacks
   ▲                                                                        │                                │
   │                                              ahead of the ledger: recall, then continue                 │
   │  any doubt: producer thrown away                                         next batch ─▶ transaction ─▶ mark ─┐
   └───────────────────────────────────────────────────────────────────────────────▲─────────────────────────────┘
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress

import structlog
from confluent_kafka import KafkaError, KafkaException

from consumer.errors import Fenced, RetryLater, Unavailable
from consumer.failpoints import UNARMED, Failpoints, Point, commit_lost
from consumer.kafka import RETRY_BACKOFF, answer_lost
from consumer.ledger.port.leadership import Leadership
from consumer.ledger.port.outbox import Outbox, OutboxBatch
from consumer.observe.metrics import Metrics
from consumer.outbound.port import Progress, Published, TransactionalProducer
from consumer.outbound.progress import PARTITION
from consumer.outbound.recall import Recall
from consumer.outbound.sending import Sending

log = structlog.get_logger()

_PATIENCE, _SLICE = 60.0, 4.0
"""Seconds: how long Kafka has for one answer, and how long at a stretch we wait for it, deaf to `stop`."""
_ASKED_ONCE = 0.75 * RETRY_BACKOFF
"""Seconds within which librdkafka has not asked again, which it does unseen by us where a connection broke."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 10.0
_REPLACED = {KafkaError._FENCED, KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH}  # noqa: SLF001  its name


class Relay:
    """Loop 3. `run` blocks its thread until `stop`.

    `producers` makes producers of `relay_config`. `wait` returns when new rows were announced, at the latest after the seconds it is
    given. `linger`: seconds for which outcomes gather after a batch that was not full. `back_off` waits for so many seconds; where none
    is given, it ends with `stop`.
    """

    def __init__(
        self,
        *,
        name: str,
        outbox: Outbox,
        producers: Callable[[], TransactionalProducer],
        progress: Progress,
        progress_topic: str,
        published: Published,
        leadership: Leadership,
        wait: Callable[[float], object],
        batch_size: int,
        linger: float = 0.0,
        sweep: float,
        metrics: Metrics,
        beat: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
        back_off: Callable[[float], object] | None = None,
        failpoints: Failpoints = UNARMED,
    ) -> None:
        self._name = name
        self._outbox = outbox
        self._producers = producers
        self._progress = progress
        self._progress_topic = progress_topic
        self._leadership = leadership
        self._wait = wait
        self._batch_size = batch_size
        self._linger = linger
        self._sweep = sweep
        self._metrics = metrics
        self._beat = beat
        self._clock = clock
        self._failpoints = failpoints
        self._recall = Recall(name=name, outbox=outbox, published=published, metrics=metrics, alive=self._still_leads)
        self._looked_at = float("-inf")
        self._stopping = threading.Event()
        self._back_off = back_off or self._stopping.wait

    def stop(self) -> None:
        """From any thread: the batch in hand is finished, no other begun."""
        self._stopping.set()

    def run(self) -> None:
        """Raises `Stop` where the progress topic is missing, or another ledger publishes under this name. All else it gets over."""
        pause = _FIRST_PAUSE
        try:
            while not self._stopping.is_set():
                self._alive()
                try:
                    if self._leadership.held():
                        self._lead()
                        pause = _FIRST_PAUSE
                    else:
                        self._wait(self._sweep)
                except Fenced:
                    self._step_down()
                except (KafkaException, RetryLater) as fault:
                    if _replaced(fault):
                        self._step_down()
                    self._metrics.relay_restarts.inc()
                    self._metrics.loop_faults.labels("outbound", type(fault).__name__).inc()
                    log.warning("relay_restarted", error=_name(fault), pause=pause)
                    self._back_off(pause)
                    pause = min(_LONGEST_PAUSE, pause * 2)
                finally:
                    self._metrics.leading.labels("outbound").set(0)
        finally:
            self._leadership.resign()

    def _step_down(self) -> None:
        self._metrics.fenced_writes.labels("outbound").inc()
        self._leadership.resign()

    def _alive(self) -> None:
        self._beat()
        if self._clock() - self._looked_at >= self._sweep:
            self._looked_at = self._clock()
            with suppress(Unavailable):
                self._metrics.outbox_age.set(self._outbox.waiting_seconds())

    def _lead(self) -> None:
        epoch = self._outbox.take_over(self._name)
        self._failpoints.reach(Point.RELAY_OWNED, lost=commit_lost())
        producer = self._producers()
        try:
            self._patiently(producer.init_transactions)
            self._failpoints.reach(Point.RELAY_INITIALISED, lost=answer_lost())
            reached = self._progress.read()
            newest = self._outbox.newest(self._name, epoch)
            if reached > newest and not self._recall.run(epoch, reached=reached, newest=newest):
                return
            log.info("relay_elected", epoch=epoch, progress=reached)
            self._metrics.leading.labels("outbound").set(1)
            self._mark(epoch, reached)
            for batch in self._outbox.unpublished(self._name, epoch):
                if not self._publish(producer, epoch, batch):
                    return
            self._follow(producer, epoch, after=max(reached, newest))
        finally:
            with suppress(KafkaException):
                producer.purge()  # what a broken transaction left behind must not keep the producer alive

    def _still_leads(self) -> bool:
        self._alive()
        return not self._stopping.is_set() and self._leadership.held()

    def _patiently(self, call: Callable[[float], None]) -> float:
        """Calls again while Kafka has not answered, which resumes what was begun. The seconds it took. Raises `KafkaException`."""
        began = self._clock()
        while True:
            try:
                call(_SLICE)
            except KafkaException as error:
                if not error.args[0].retriable() or self._clock() >= began + _PATIENCE or self._stopping.is_set():
                    raise
                self._alive()
            else:
                return self._clock() - began

    def _follow(self, producer: TransactionalProducer, epoch: int, *, after: int) -> None:
        while self._still_leads():
            batch = self._outbox.next_batch(self._name, epoch, limit=self._batch_size, after=after)
            if batch is None:
                self._wait(self._sweep)
                continue
            after = batch.number
            self._failpoints.reach(Point.RELAY_NUMBERED, lost=commit_lost())
            if not self._publish(producer, epoch, batch):
                return
            if self._linger and len(batch.rows) < self._batch_size:
                self._back_off(self._linger)

    def _publish(self, producer: TransactionalProducer, epoch: int, batch: OutboxBatch) -> bool:
        """Whether the producer may be used again. Not so when its commit was not answered before librdkafka may have asked twice: what
        is still on its way would end the next transaction halfway. A new producer's epoch keeps it out."""
        spans = Sending(batch.rows)
        producer.begin_transaction()
        for row in batch.rows:
            _produce(producer, row.topic, row.value, row.key, headers=list(row.headers))
        number = str(batch.number).encode()
        _produce(producer, self._progress_topic, number, self._name.encode(), partition=PARTITION)
        self._failpoints.reach(Point.RELAY_PRODUCED, lost=answer_lost())
        asked_once = self._patiently(producer.commit_transaction) < _ASKED_ONCE
        self._failpoints.reach(Point.RELAY_COMMITTED, lost=answer_lost())
        spans.end()
        for row in batch.rows:
            self._metrics.published.labels(row.topic).inc()
        self._mark(epoch, batch.number)
        if not asked_once:
            self._metrics.relay_restarts.inc()
            log.warning("relay_producer_replaced", batch=batch.number)
        return asked_once

    def _mark(self, epoch: int, number: int) -> None:
        self._outbox.published(self._name, epoch, number)
        self._failpoints.reach(Point.RELAY_MARKED, lost=commit_lost())


def _produce(
    producer: TransactionalProducer,
    topic: str,
    value: bytes,
    key: bytes,
    *,
    partition: int = -1,
    headers: list[tuple[str, str | bytes | None]] | None = None,
) -> None:
    while True:
        try:
            producer.produce(topic, value, key, partition, headers=headers)
        except BufferError:
            producer.poll(0.1)
        else:
            return


def _replaced(fault: Exception) -> bool:
    return isinstance(fault, KafkaException) and fault.args[0].code() in _REPLACED


def _name(fault: Exception) -> str:
    return fault.args[0].name() if isinstance(fault, KafkaException) else str(fault)
