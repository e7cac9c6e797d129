"""The consumer's membership in the group: joining, taking records, replacing a consumer that has failed, and leaving.

Partitions are given back before the consumer is closed, because of two faults of librdkafka 2.16. `close` during a rebalance makes two
revoke callbacks and may terminate the client's group state between them: the second `incremental_unassign` then never returns, and holds
the GIL. And `close` may send no LeaveGroup for a member without partitions: the others' rebalance then waits for its session timeout.
"""

import time
from collections.abc import Callable, Collection
from contextlib import suppress

import structlog
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from consumer.intake.in_flight import place_of
from consumer.intake.offsets import Offsets
from consumer.intake.partitions import Partitions
from consumer.intake.port import Answered, Consumer, Record
from consumer.intake.replacement import Replacement
from consumer.kafka import is_end, is_fatal
from consumer.ledger.port.inbox import Place
from consumer.observe.metrics import Metrics

log = structlog.get_logger()

_POLL = 0.1
_LEAVE_POLLS = 50


class Membership:
    """Owns the consumer. Runs on the intake's thread.

    `revoked` is called with partitions that are no longer ours, inside `take` and `leave`; `reached_end` with a partition's end once it
    has been read up to there. `static`: the consumers have a `group.instance.id`, and so stay in the group from one process to the next.
    """

    def __init__(
        self,
        consumers: Callable[[Answered], Consumer],
        topic: str,
        partitions: Partitions,
        offsets: Offsets,
        *,
        metrics: Metrics,
        revoked: Callable[[Collection[Place]], None],
        reached_end: Callable[[Place, int], None] | None = None,
        static: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._topic = topic
        self._partitions = partitions
        self._offsets = offsets
        self._metrics = metrics
        self._revoked = revoked
        self._reached_end = reached_end
        self._static = static
        self._replacement = Replacement(metrics, clock)
        self._rebalanced = False
        self._consumers = consumers
        self.consumer = consumers(offsets.answered)
        """The current one."""

    @property
    def failed(self) -> bool:
        """Whether the consumer has failed, and can't be replaced yet."""
        return self._replacement.awaited

    def join(self) -> None:
        """Assignments come inside the next calls of `take`."""
        self.consumer.subscribe(
            [self._topic], on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost
        )

    def take(self, most: int, *, patient: bool = True) -> list[Record]:
        """Records of partitions that are begun. Waits up to 0.1 s if `patient`. Raises `Stop` where the consumer failed again soon."""
        self._rebalanced = False
        taken: list[Record] = []
        try:
            records = self.consumer.consume(most, timeout=_POLL if patient else 0.0)
        except KafkaException as error:
            self._judge(error.args[0], None)
            records = ()
        all_wanted = not self._rebalanced and self._partitions.settled
        for record in records:
            error = record.error()
            if error is not None:
                self._judge(error, record)
            elif all_wanted or place_of(record) in self._partitions.begun:
                taken.append(record)
        if self._offsets.fatal is not None:
            self._replacement.failed(self._offsets.fatal)
            self._offsets.fatal = None
        return taken

    def replace_failed(self) -> bool:
        """Replaces a consumer that has failed, if that is due; whether it did. The next owner of its partitions reads them again."""
        if not self._replacement.due:
            return False
        self._partitions.abandon()
        self.consumer.close()
        self.consumer = self._consumers(self._offsets.answered)
        self._replacement.done()
        self.join()
        return True

    def read_again(self) -> None:
        """The partitions that are still ours are taken over again, and read from the offsets of the ledger and the group."""
        again = [TopicPartition(*place) for place in self._partitions.assigned]
        self._release(again, lost=True)
        self._partitions.assign(self.consumer, again)

    def leave(self) -> None:
        """Commits what is done, gives the partitions back, leaves the group, and closes the consumer."""
        self._offsets.finish(self.consumer)
        self._partitions.pause(self.consumer, self._partitions.assigned)
        with suppress(KafkaException):  # it is closed either way
            if not self._static:
                self.consumer.unsubscribe()
            for _ in range(1 if self._static else _LEAVE_POLLS):
                self.consumer.consume(1, timeout=_POLL)
                if not self._partitions.assigned:
                    break
        self.consumer.close()

    def _on_assign(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._partitions.assign(self.consumer, partitions)

    def _on_revoke(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._release(partitions, lost=False)

    def _on_lost(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._release(partitions, lost=True)

    def _release(self, partitions: list[TopicPartition], *, lost: bool) -> None:
        self._rebalanced = True
        self._revoked(self._partitions.release(self.consumer, partitions, lost=lost))

    def _judge(self, error: KafkaError, record: Record | None) -> None:
        """Most errors of the consumer are news of trouble that librdkafka itself gets over; these are not."""
        if is_fatal(error):
            self._replacement.failed(error)
            return
        if record is not None and is_end(error):
            if self._reached_end is not None:
                self._reached_end(place_of(record), record.offset() or 0)
            return
        if record is not None and error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001  its name for it
            self._partitions.lacks_offset(place_of(record))
            return
        self._metrics.loop_faults.labels("intake", error.name()).inc()
        log.warning("kafka_error", error=error.name())
