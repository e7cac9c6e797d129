"""Which partitions are ours, from where they are read, how far they are done, and which of them pause.

Runs on the intake's thread, in part inside the consumer's callbacks. Nothing that happens at an assignment may block there, or fail for
good: Kafka or the ledger may be away just then. So what is assigned is begun, and taken over in the ledger, by the turns that follow.
"""

from collections.abc import Collection, Mapping

import structlog
from confluent_kafka import OFFSET_BEGINNING, OFFSET_INVALID, KafkaError, KafkaException, TopicPartition

from consumer.errors import Stop, Unavailable
from consumer.failpoints import UNARMED, Failpoints, Point, commit_lost
from consumer.intake.batch import Place
from consumer.intake.port import Consumer
from consumer.kafka import answer_lost
from consumer.ledger.port import Inbox
from consumer.observe.metrics import Metrics

log = structlog.get_logger()

_TIMEOUT = 5.0
_LOOK_UP_FAILED = "Failed to fetch committed offset"
"""librdkafka's words; the code is any."""


class Partitions:
    """The assignment, its epochs, and the offsets that are done."""

    def __init__(self, inbox: Inbox, *, owner: str, metrics: Metrics, failpoints: Failpoints = UNARMED) -> None:
        self._inbox = inbox
        self._owner = owner
        self._metrics = metrics
        self._failpoints = failpoints
        self._assigned: set[Place] = set()
        self._done: dict[Place, int] = {}
        self._uncommitted: set[Place] = set()
        self._paused: set[Place] = set()
        self._without_offset: set[Place] = set()
        self._begun: set[Place] = set()
        self._unanswered = False
        self.epochs: dict[Place, int] = {}

    @property
    def assigned(self) -> Collection[Place]:
        """Partitions that we read now."""
        return self._assigned

    def assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Begins to read where the group left off; librdkafka asks for that offset, for as long as it takes."""
        _assign(consumer, [TopicPartition(at.topic, at.partition) for at in partitions])
        self._assigned |= {_place(partition) for partition in partitions}
        self._tell("partitions_assigned", partitions)

    def release(self, consumer: Consumer, partitions: list[TopicPartition], *, lost: bool) -> Collection[Place]:
        """Stops reading; commits what is done, unless the partitions are lost: then somebody else may have committed since."""
        places = {_place(partition) for partition in partitions}
        if not lost:
            self._commit(consumer, places & self._done.keys(), asynchronous=False)
        consumer.incremental_unassign(partitions)
        for known in (self._assigned, self._uncommitted, self._paused, self._without_offset, self._begun):
            known.difference_update(places)
        for place in places:
            self.epochs.pop(place, None)
            self._done.pop(place, None)
        self._tell("partitions_lost" if lost else "partitions_revoked", partitions)
        return places

    def own(self) -> None:
        """Takes over in the ledger what was assigned since. Raises `Unavailable`."""
        for topic in {topic for topic, _ in self._assigned - self.epochs.keys()}:
            new = [partition for name, partition in self._assigned - self.epochs.keys() if name == topic]
            owned = self._inbox.own(topic, new, owner=self._owner)
            self._failpoints.reach(Point.PARTITIONS_OWNED, lost=commit_lost())
            for partition, epoch in owned.items():
                self.epochs[topic, partition] = epoch

    def lacks_offset(self, place: Place) -> None:
        """Nothing is at the offset from which the partition was to be read; why, `begin` finds out."""
        if place in self._assigned:
            self._without_offset.add(place)

    def begin(self, consumer: Consumer) -> None:
        """Reads a partition from its beginning where the group has never committed. Raises `Stop` where it has: that offset is gone.

        `auto.offset.reset` can't tell the two apart; it is `error`, so that neither goes unseen. Raises `Unavailable`.
        """
        if not self._without_offset:
            return
        asked = [TopicPartition(topic, partition) for topic, partition in self._without_offset]
        try:
            committed = consumer.committed(asked, timeout=_TIMEOUT)
        except KafkaException as error:
            raise Unavailable(f"Kafka does not tell the group's offsets ({error.args[0].name()}).") from error
        for at in committed:
            if at.error is not None:
                raise Unavailable(f"Kafka does not tell the group's offsets ({at.error.name()}).")
            if at.offset != OFFSET_INVALID or _place(at) in self._begun:
                raise Stop(
                    f"Offset {at.offset} of partition {at.partition}, where the group is, is no longer in the topic: events were "
                    "deleted before they were read. Nothing was skipped. Find out what was lost, then set the group's offsets "
                    "by hand (kafka-consumer-groups --reset-offsets)."
                )
        consumer.incremental_unassign(asked)
        _assign(consumer, [TopicPartition(at.topic, at.partition, OFFSET_BEGINNING) for at in asked])
        self._begun |= self._without_offset
        self._paused -= self._without_offset
        self._without_offset = set()
        log.info("partitions_begun", partitions=sorted(at.partition for at in asked))

    def heed(self, error: KafkaError) -> None:
        """Takes note where the error says that the group's offsets could not be fetched, of whichever partitions."""
        self._unanswered = self._unanswered or _LOOK_UP_FAILED in error.str()

    def ask_again(self, consumer: Consumer, *, in_hand: Collection[Place]) -> None:
        """Assigns anew the partitions of which nothing has come, where a look-up failed. Of those in hand something has.

        librdkafka gives up a look-up that fails while the assignment changes: it reports it, and the partition is read by nobody until it
        is assigned again (`rd_kafka_assignment_handle_OffsetFetch`).
        """
        if not self._unanswered:
            return
        self._unanswered = False
        silent = self._assigned - self._done.keys() - self._begun - self._without_offset - set(in_hand)
        if silent:
            again = [TopicPartition(*place) for place in sorted(silent)]
            consumer.incremental_unassign(again)
            _assign(consumer, again)
            self._paused -= silent
            log.info("partitions_asked_for_again", partitions=[at.partition for at in again])

    def pause(self, consumer: Consumer, places: Collection[Place]) -> None:
        """Pauses those of our partitions that are in `places`, and resumes the others."""
        wanted = self._assigned.intersection(places)
        if wanted == self._paused:
            return
        consumer.pause([TopicPartition(*place) for place in wanted - self._paused])
        consumer.resume([TopicPartition(*place) for place in self._paused - wanted])
        self._paused = wanted

    def done(self, offsets: Mapping[Place, int]) -> None:
        """Everything before these offsets is durable, acknowledged or meaningless."""
        ours = {place: offset for place, offset in offsets.items() if place in self._assigned}
        self._done.update(ours)
        self._uncommitted |= ours.keys()

    def commit(self, consumer: Consumer, *, asynchronous: bool, again: bool = False) -> None:
        """Commits what is done since the last commit; `again`: everything, because an asynchronous commit may stay without an answer."""
        places = set(self._done) if again else self._uncommitted
        if self._commit(consumer, places, asynchronous=asynchronous):
            self._uncommitted = set()

    def answered(self, error: KafkaError | None, partitions: list[TopicPartition]) -> None:
        """What became of an asynchronous commit. The group's coordinator refuses it while members come and go: the next one repeats it."""
        refused = {_place(at): refusal for at in partitions if (refusal := error or at.error) is not None}
        if refused:
            log.warning(
                "offset_commit_failed", error=", ".join(sorted({refusal.name() for refusal in refused.values()}))
            )
            self._uncommitted |= refused.keys() & self._done.keys()

    def _commit(self, consumer: Consumer, places: Collection[Place], *, asynchronous: bool) -> bool:
        if not places:
            return True
        offsets = [TopicPartition(*place, self._done[place]) for place in places]
        try:
            consumer.commit(offsets=offsets, asynchronous=asynchronous)
            self._failpoints.reach(Point.OFFSETS_COMMITTED, lost=answer_lost())
        except KafkaException as error:
            # What is not committed is read again, and found to be a duplicate.
            log.warning("offset_commit_failed", error=error.args[0].name())
            return False
        return True

    def _tell(self, what: str, partitions: Collection[TopicPartition]) -> None:
        self._metrics.partitions.set(len(self._assigned))
        log.info(what, partitions=sorted(partition.partition for partition in partitions))


def _assign(consumer: Consumer, partitions: list[TopicPartition]) -> None:
    consumer.incremental_assign(partitions)
    consumer.resume(partitions)  # librdkafka keeps a partition's pause beyond its assignment


def _place(partition: TopicPartition) -> Place:
    return partition.topic, partition.partition
