"""The relay: numbered batches, each published in one Kafka transaction together with the record that says so.

elected ─▶ take over (fences in the ledger) ─▶ init_transactions (fences in Kafka) ─▶ read progress ─▶ publish what it lacks
   ▲                                                                                                        │
   │  any doubt: producer thrown away                                         next batch ─▶ transaction ─▶ mark ─┐
   └───────────────────────────────────────────────────────────────────────────────▲─────────────────────────────┘
"""

import threading
from collections.abc import Callable

import structlog
from confluent_kafka import KafkaException

from consumer.errors import Fenced, RetryLater
from consumer.ledger.port import Batch, Outbox
from consumer.observe.metrics import Metrics
from consumer.outbound.port import Leadership, Progress, TransactionalProducer
from consumer.outbound.progress import PARTITION

log = structlog.get_logger()

_INIT, _COMMIT = 60.0, 60.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 10.0


class Relay:
    """Loop 3. `run` blocks its thread until `stop`.

    `wait` returns when new rows were announced, at the latest after the seconds it is given.
    """

    def __init__(
        self,
        *,
        name: str,
        outbox: Outbox,
        producers: Callable[[], TransactionalProducer],
        progress: Progress,
        progress_topic: str,
        leadership: Leadership,
        wait: Callable[[float], object],
        batch_size: int,
        sweep: float,
        metrics: Metrics,
        beat: Callable[[], None],
    ) -> None:
        self._name = name
        self._outbox = outbox
        self._producers = producers
        self._progress = progress
        self._progress_topic = progress_topic
        self._leadership = leadership
        self._wait = wait
        self._batch_size = batch_size
        self._sweep = sweep
        self._metrics = metrics
        self._beat = beat
        self._stopping = threading.Event()

    def stop(self) -> None:
        """From any thread: the batch in hand is finished, no other begun."""
        self._stopping.set()

    def run(self) -> None:
        """Raises `Stop` where the progress topic is missing or wrong. All else it gets over."""
        pause = _FIRST_PAUSE
        try:
            while not self._stopping.is_set():
                self._beat()
                try:
                    if self._leadership.held():
                        self._lead()
                        pause = _FIRST_PAUSE
                    else:
                        self._wait(self._sweep)
                except Fenced:
                    self._metrics.fenced_writes.labels("outbound").inc()
                    self._leadership.resign()
                except (KafkaException, RetryLater) as fault:
                    self._metrics.relay_restarts.inc()
                    self._metrics.loop_faults.labels("outbound", type(fault).__name__).inc()
                    log.warning("relay_starts_over", error=_name(fault), pause=pause)
                    self._stopping.wait(pause)
                    pause = min(_LONGEST_PAUSE, pause * 2)
                finally:
                    self._metrics.relay_leading.set(0)
        finally:
            self._leadership.resign()

    def _lead(self) -> None:
        epoch = self._outbox.take_over(self._name)
        producer = self._producers()
        try:
            producer.init_transactions(_INIT)
            reached = self._progress.read()
            log.info("relay_leads", epoch=epoch, progress=reached)
            self._metrics.relay_leading.set(1)
            for batch in self._outbox.unpublished(self._name, epoch):
                if batch.number > reached:
                    self._publish(producer, batch)
                self._outbox.published(self._name, epoch, batch.number)
            self._follow(producer, epoch)
        finally:
            producer.purge()  # what a broken transaction left behind must not keep the producer alive

    def _follow(self, producer: TransactionalProducer, epoch: int) -> None:
        while not self._stopping.is_set() and self._leadership.held():
            self._beat()
            batch = self._outbox.next_batch(self._name, epoch, limit=self._batch_size)
            if batch is None:
                self._wait(self._sweep)
                continue
            self._publish(producer, batch)
            self._outbox.published(self._name, epoch, batch.number)

    def _publish(self, producer: TransactionalProducer, batch: Batch) -> None:
        producer.begin_transaction()
        for row in batch.rows:
            _produce(producer, row.topic, row.value, row.key, headers=list(row.headers))
        number = str(batch.number).encode()
        _produce(producer, self._progress_topic, number, self._name.encode(), partition=PARTITION)
        producer.commit_transaction(_COMMIT)
        for row in batch.rows:
            self._metrics.published.labels(row.topic).inc()


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


def _name(fault: Exception) -> str:
    return fault.args[0].name() if isinstance(fault, KafkaException) else str(fault)
