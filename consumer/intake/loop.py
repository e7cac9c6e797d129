"""The loop itself.

Whatever can't be done now keeps the batch in hand and the partitions paused, while polling goes on, so that the group keeps us:

    reading ──registry, PostgreSQL or dead letters away──▶ paused: the batch is tried again and again
       ▲                                                              │ done
       └──────────────── calm for a while (hysteresis) ◀──────────────┘
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence

import structlog
from confluent_kafka import KafkaError, TopicPartition

from consumer.codec.letters import LetterReason
from consumer.errors import Fenced, Stop, Unavailable
from consumer.intake.batch import Batch, BatchReader
from consumer.intake.letters import DeadLetters, Letter
from consumer.intake.partitions import Partitions
from consumer.intake.port import Consumer, Record
from consumer.ledger.port import Disposition, Inbox
from consumer.observe.metrics import Metrics

log = structlog.get_logger()

_POLL = 0.1
_COMMIT_EVERY = 1.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 10.0
_CALM = 2.0
_REUSED = "This event_id was used before, with other content."


class Intake:
    """Loop 1. `run` blocks its thread until `stop`; it alone touches the consumer."""

    def __init__(
        self,
        *,
        consumer: Consumer,
        topic: str,
        batches: BatchReader,
        inbox: Inbox,
        letters: DeadLetters,
        tenants: frozenset[str],
        owner: str,
        batch_size: int,
        metrics: Metrics,
        beat: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._consumer = consumer
        self._topic = topic
        self._batches = batches
        self._inbox = inbox
        self._letters = letters
        self._tenants = tenants
        self._batch_size = batch_size
        self._metrics = metrics
        self._beat = beat
        self._clock = clock
        self._partitions = Partitions(inbox, owner=owner, metrics=metrics)
        self._records: list[Record] = []
        self._batch: Batch | None = None
        self._began = 0.0
        self._cause: str | None = None
        self._pause = _FIRST_PAUSE
        self._again_at = 0.0
        self._committed_at = 0.0
        self._stopping = threading.Event()

    def stop(self) -> None:
        """From any thread: no new batch; the one in hand is finished if it can be at once."""
        self._stopping.set()

    def run(self) -> None:
        """Raises `Stop` where going on would lose or invent events."""
        self._consumer.subscribe(
            [self._topic], on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost
        )
        try:
            while not self._stopping.is_set():
                self.turn()
            self._partitions.commit(self._consumer, asynchronous=False)
        finally:
            self._consumer.close()

    def turn(self) -> None:
        """One round: take, try, commit."""
        self._beat()
        self._take(self._consumer.consume(self._batch_size if self._cause is None else 1, timeout=_POLL))
        if self._again_at <= self._clock():
            self._try()
        if self._clock() - self._committed_at >= _COMMIT_EVERY:
            self._partitions.commit(self._consumer, asynchronous=True)
            self._committed_at = self._clock()

    def _take(self, records: Sequence[Record]) -> None:
        for record in records:
            error = record.error()
            if error is None:
                self._records.append(record)
            else:
                _judge(error)

    def _try(self) -> None:
        try:
            self._partitions.own()
            if self._batch is None and self._records:
                self._began = self._clock()
                self._batch = self._batches.batch(self._records)
                self._records = []
            if self._batch is not None:
                self._finish(self._batch)
                self._batch = None
        except Unavailable as fault:
            self._hold_back(fault)
        except Fenced:
            self._metrics.fenced_writes.labels("intake").inc()
            log.warning("partition_taken_over_by_another")
            self._let_go()
        else:
            self._calm_down()

    def _finish(self, batch: Batch) -> None:
        """Each part is forgotten when it is done, so that a later part's failure does not do it twice."""
        counts: Counter[tuple[str, str]] = Counter()
        if batch.arrivals:
            dispositions = self._inbox.accept([a for a, _ in batch.arrivals], epochs=self._partitions.epochs)
            for (arrival, record), disposition in zip(batch.arrivals, dispositions, strict=True):
                if disposition is Disposition.REUSED_ID:
                    batch.letters.append(Letter(record, LetterReason.REUSED_ID, _REUSED))
                else:
                    counts[arrival.event.tenant_id, disposition] += 1
            batch.arrivals = []
        self._count(counts)
        if batch.letters:
            self._letters.send(batch.letters)
            for letter in batch.letters:
                self._metrics.dead_letters.labels(letter.reason).inc()
                topic, partition, offset = letter.place
                log.warning("dead_letter", reason=letter.reason, topic=topic, partition=partition, offset=offset)
            batch.letters = []
        for (tenant, reason), count in batch.skips.items():
            self._metrics.skips.labels(self._known(tenant), reason).inc(count)
        self._partitions.done(batch.offsets)
        self._metrics.batch_records.observe(batch.size)
        self._metrics.batch_seconds.observe(self._clock() - self._began)

    def _count(self, counts: Counter[tuple[str, str]]) -> None:
        for (tenant, disposition), count in counts.items():
            self._metrics.events.labels(self._known(tenant), disposition).inc(count)

    def _known(self, tenant: str) -> str:
        return tenant if tenant in self._tenants else "unknown"

    def _hold_back(self, fault: Unavailable) -> None:
        if self._cause is None:
            self._cause = "dependency"
            self._consumer.pause(self._consumer.assignment())
            self._metrics.intake_paused.labels(self._cause).set(1)
            log.warning("intake_paused", why=str(fault))
        self._again_at = self._clock() + self._pause
        self._pause = min(_LONGEST_PAUSE, self._pause * 2)

    def _calm_down(self) -> None:
        """Resumes when nothing has failed for a while: a dependency that comes and goes must not pump the partitions."""
        if self._cause is None:
            return
        if self._pause > _FIRST_PAUSE:
            self._pause = _FIRST_PAUSE
            self._again_at = self._clock() + _CALM
            return
        self._metrics.intake_paused.labels(self._cause).set(0)
        self._cause = None
        self._consumer.resume(self._consumer.assignment())
        log.info("intake_resumed")

    def _let_go(self) -> None:
        """Drops what is in hand; the partitions that are still ours are taken over anew and read from their committed offsets."""
        self._records, self._batch = [], None
        self._partitions.disown()
        again = [TopicPartition(topic, partition) for topic, partition in self._partitions.assigned]
        self._release(again, lost=True)
        self._partitions.assign(self._consumer, again)

    def _on_assign(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._partitions.assign(self._consumer, partitions)
        if self._cause is not None:
            self._consumer.pause(partitions)

    def _on_revoke(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._release(partitions, lost=False)

    def _on_lost(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._release(partitions, lost=True)

    def _release(self, partitions: list[TopicPartition], *, lost: bool) -> None:
        places = self._partitions.release(self._consumer, partitions, lost=lost)
        self._records = [r for r in self._records if (r.topic(), r.partition()) not in places]
        if self._batch is not None:
            self._batch.drop(places)


def _judge(error: KafkaError) -> None:
    """Most errors of the consumer are news of trouble that librdkafka itself gets over; these are not."""
    if error.code() in {KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE}:  # noqa: SLF001  its name for it
        raise Stop(
            "The group's offset is no longer in the topic: events were deleted before they were read. Nothing was skipped. "
            "Find out what was lost, then set the group's offsets by hand (kafka-consumer-groups --reset-offsets)."
        )
    if error.fatal():
        raise Stop(f"The Kafka consumer can't go on ({error.name()}): {error.str()}")
    log.warning("kafka_error", error=error.name())
