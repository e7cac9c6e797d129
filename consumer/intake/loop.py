"""The loop itself.

Whatever can't be done now keeps the batch in hand and the partitions paused, while polling goes on, so that the group keeps us:

    reading ──PostgreSQL, dead letters or group's offsets away──▶ paused: the batch is tried again and again
       ▲                                                              │ done
       └──────────────── calm for a while (hysteresis) ◀──────────────┘

A schema registry that is away pauses only those partitions whose next record needs it.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable

import structlog
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from consumer.codec.letters import LetterReason
from consumer.errors import Fenced, Stop, Unavailable
from consumer.failpoints import UNARMED, Failpoints, Point, commit_lost
from consumer.intake.batch import Batch, BatchReader
from consumer.intake.hand import Hand, place_of, places_of
from consumer.intake.hold import Hold
from consumer.intake.letters import DeadLetters, Letter
from consumer.intake.partitions import Partitions
from consumer.intake.port import Answered, Consumer, Record
from consumer.ledger.port import Disposition, Inbox
from consumer.observe.metrics import Metrics

log = structlog.get_logger()

_POLL = 0.1
_COMMIT_EVERY, _COMMIT_ALL_EVERY = 1.0, 30.0
_CALM = 2.0
_REUSED = "This event_id was used before, with other content."


class Intake:
    """Loop 1. `run` blocks its thread until `stop`; it alone touches the consumer."""

    def __init__(
        self,
        *,
        consumers: Callable[[Answered], Consumer],
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
        failpoints: Failpoints = UNARMED,
    ) -> None:
        self._topic = topic
        self._batches = batches
        self._inbox = inbox
        self._letters = letters
        self._tenants = tenants
        self._batch_size = batch_size
        self._metrics = metrics
        self._beat = beat
        self._clock = clock
        self._failpoints = failpoints
        self._partitions = Partitions(inbox, owner=owner, metrics=metrics, failpoints=failpoints)
        self._consumer = consumers(self._partitions.answered)
        self._hand = Hand()
        self._began = 0.0
        self._hold = Hold(metrics, clock, calm=_CALM)
        self._asking = "kafka"
        self._registry = Hold(metrics, clock, calm=0)
        self._rebalanced = False
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
            self._partitions.commit(self._consumer, asynchronous=False)
        finally:
            self._consumer.close()

    def start(self) -> None:
        """Joins the group; the first part of `run`."""
        self._consumer.subscribe(
            [self._topic], on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost
        )

    def turn(self) -> None:
        """One round: take, try, commit."""
        self._beat()
        self._take(self._batch_size if self._hold.cause is None else 1)
        if self._hold.due:
            self._try()
        waiting = self._hand.waiting
        if not waiting:
            self._registry.succeeded()
        self._partitions.pause(self._consumer, self._partitions.assigned if self._hold.cause else places_of(waiting))
        self._each_second()

    def _take(self, most: int) -> None:
        self._rebalanced = False
        try:
            records = self._consumer.consume(most, timeout=_POLL)
        except KafkaException as error:
            self._judge(error.args[0], None)
            return
        for record in records:
            error = record.error()
            if error is not None:
                self._judge(error, record)
            elif not self._rebalanced or place_of(record) in self._partitions.assigned:
                self._hand.records.append(record)

    def _try(self) -> None:
        try:
            self._asking = "kafka"
            self._partitions.begin(self._consumer)
            self._asking = "database"
            self._partitions.own()
            if self._hand.batch is None:
                self._hand.batch = self._next()
            if self._hand.batch is not None:
                self._finish(self._hand.batch)
                self._hand.batch = None
        except Unavailable as fault:
            self._hold.failed(self._asking, str(fault))
        except Fenced:
            self._metrics.fenced_writes.labels("intake").inc()
            self._let_go()
            # Not at once: should the group have given our partitions away, it will tell us now, before we fence their owner.
            self._hold.failed("fenced", "A partition was taken over by another process.")
        else:
            self._hold.succeeded()

    def _next(self) -> Batch | None:
        """The records that came, behind those that waited for a schema."""
        hand = self._hand
        records = hand.records
        if self._registry.due:
            records, hand.waiting = [*hand.waiting, *records], []
        if not records:
            return None
        self._began = self._clock()
        batch = self._batches.batch(records)
        hand.records = []
        if batch.waiting:
            hand.waiting += batch.waiting
            self._registry.failed("registry", "A schema can't be looked up now.")
        return batch

    def _finish(self, batch: Batch) -> None:
        """Each part is forgotten when it is done, so that a later part's failure does not do it twice."""
        counts: Counter[tuple[str, str]] = Counter()
        if batch.arrivals:
            dispositions = self._inbox.accept([a for a, _ in batch.arrivals], epochs=self._partitions.epochs)
            self._failpoints.reach(Point.BATCH_ACCEPTED, lost=commit_lost())
            for (arrival, record), disposition in zip(batch.arrivals, dispositions, strict=True):
                if disposition is Disposition.REUSED_ID:
                    batch.letters.append(Letter(record, LetterReason.REUSED_ID, _REUSED))
                else:
                    counts[arrival.event.tenant_id, disposition] += 1
            batch.arrivals = []
        self._count(counts)
        if batch.letters:
            self._asking = "dead_letters"
            self._letters.send(batch.letters)
            self._failpoints.reach(Point.LETTERS_SENT, lost=Unavailable("The dead letters' topic does not answer."))
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

    def _each_second(self) -> None:
        now = self._clock()
        if now - self._committed_at < _COMMIT_EVERY:
            return
        self._partitions.ask_again(self._consumer, in_hand=self._hand.places)
        everything = now - self._all_committed_at >= _COMMIT_ALL_EVERY
        self._partitions.commit(self._consumer, asynchronous=True, again=everything)
        self._committed_at = now
        if everything:
            self._all_committed_at = now

    def _count(self, counts: Counter[tuple[str, str]]) -> None:
        for (tenant, disposition), count in counts.items():
            self._metrics.events.labels(self._known(tenant), disposition).inc(count)

    def _known(self, tenant: str) -> str:
        return tenant if tenant in self._tenants else "unknown"

    def _let_go(self) -> None:
        """Drops what is in hand; the partitions that are still ours are taken over anew and read from their committed offsets."""
        self._hand.records, self._hand.batch = [], None
        again = [TopicPartition(topic, partition) for topic, partition in self._partitions.assigned]
        self._release(again, lost=True)
        self._partitions.assign(self._consumer, again)

    def _on_assign(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._partitions.assign(self._consumer, partitions)

    def _on_revoke(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._release(partitions, lost=False)

    def _on_lost(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._release(partitions, lost=True)

    def _release(self, partitions: list[TopicPartition], *, lost: bool) -> None:
        self._rebalanced = True
        self._hand.drop(self._partitions.release(self._consumer, partitions, lost=lost))

    def _judge(self, error: KafkaError, record: Record | None) -> None:
        """Most errors of the consumer are news of trouble that librdkafka itself gets over; these are not."""
        if error.fatal():
            raise Stop(f"The Kafka consumer can't go on ({error.name()}): {error.str()}")
        if record is not None and error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001  its name for it
            self._partitions.lacks_offset(place_of(record))
            return
        self._partitions.heed(error)
        self._metrics.loop_faults.labels("intake", error.name()).inc()
        log.warning("kafka_error", error=error.name())
