"""Which partitions are ours, from where they are read, and how far they are done.

Runs inside the consumer's callbacks, on the intake's thread. A partition is written for only under the epoch that the ledger gave for it;
that is asked for after the assignment, since the ledger may be away just then.
"""

from collections.abc import Collection, Mapping

import structlog
from confluent_kafka import OFFSET_BEGINNING, OFFSET_INVALID, KafkaException, TopicPartition

from consumer.errors import Stop
from consumer.intake.batch import Place
from consumer.intake.port import Consumer
from consumer.ledger.port import Inbox
from consumer.observe.metrics import Metrics

log = structlog.get_logger()

_TIMEOUT = 10.0
_ATTEMPTS = 6


class Partitions:
    """The assignment, its epochs, and the offsets that are done but not committed."""

    def __init__(self, inbox: Inbox, *, owner: str, metrics: Metrics) -> None:
        self._inbox = inbox
        self._owner = owner
        self._metrics = metrics
        self._assigned: set[Place] = set()
        self._done: dict[Place, int] = {}
        self.epochs: dict[Place, int] = {}

    @property
    def assigned(self) -> Collection[Place]:
        """Partitions that we read now."""
        return self._assigned

    def assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Begins to read: where the group left off, or at the beginning where it never was."""
        consumer.incremental_assign(_starts(consumer, partitions))
        self._assigned |= {_place(partition) for partition in partitions}
        self._tell("partitions_assigned", partitions)

    def release(self, consumer: Consumer, partitions: list[TopicPartition], *, lost: bool) -> Collection[Place]:
        """Stops reading; commits what is done, unless the partitions are lost: then somebody else may have committed since."""
        places = {_place(partition) for partition in partitions}
        done = {place: self._done.pop(place) for place in places & self._done.keys()}
        if not lost:
            self._commit(consumer, done, asynchronous=False)
        consumer.incremental_unassign(partitions)
        self._assigned -= places
        for place in places:
            self.epochs.pop(place, None)
        self._tell("partitions_lost" if lost else "partitions_revoked", partitions)
        return places

    def own(self) -> None:
        """Takes over in the ledger what was assigned since. Raises `Unavailable`."""
        for topic in {topic for topic, _ in self._assigned - self.epochs.keys()}:
            new = [partition for name, partition in self._assigned - self.epochs.keys() if name == topic]
            for partition, epoch in self._inbox.own(topic, new, owner=self._owner).items():
                self.epochs[topic, partition] = epoch

    def disown(self) -> None:
        """Forgets all epochs: another process has taken a partition over, and `own` has to find out which."""
        self.epochs.clear()

    def done(self, offsets: Mapping[Place, int]) -> None:
        """Everything before these offsets is durable, acknowledged or meaningless."""
        self._done.update({place: offset for place, offset in offsets.items() if place in self._assigned})

    def commit(self, consumer: Consumer, *, asynchronous: bool) -> None:
        """Commits what is done."""
        done, self._done = self._done, {}
        if not self._commit(consumer, done, asynchronous=asynchronous):
            self._done = {**done, **self._done}

    def _commit(self, consumer: Consumer, done: Mapping[Place, int], *, asynchronous: bool) -> bool:
        if not done:
            return True
        offsets = [TopicPartition(topic, partition, offset) for (topic, partition), offset in done.items()]
        try:
            consumer.commit(offsets=offsets, asynchronous=asynchronous)
        except KafkaException as error:
            # What is not committed is read again, and found to be a duplicate.
            log.warning("offset_commit_failed", error=error.args[0].name())
            return False
        return True

    def _tell(self, what: str, partitions: Collection[TopicPartition]) -> None:
        self._metrics.partitions.set(len(self._assigned))
        log.info(what, partitions=sorted(partition.partition for partition in partitions))


def _starts(consumer: Consumer, partitions: list[TopicPartition]) -> list[TopicPartition]:
    """`auto.offset.reset` is `error`, so that a lost offset stops us; a group's very first offset has to be given instead."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            committed = consumer.committed(partitions, timeout=_TIMEOUT)
            break
        except KafkaException as error:
            log.warning("committed_offsets_unknown", error=error.args[0].name(), attempt=attempt)
    else:
        raise Stop("Kafka does not tell the group's committed offsets; the service must not guess where to begin.")
    return [
        TopicPartition(at.topic, at.partition, OFFSET_BEGINNING if at.offset == OFFSET_INVALID else at.offset)
        for at in committed
    ]


def _place(partition: TopicPartition) -> Place:
    return partition.topic, partition.partition
