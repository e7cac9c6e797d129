"""Which partitions are ours, from where they are read, and which of them pause.

    assigned ──ledger: epoch, next offset──▶ owned ──group: committed offset──▶ begun, at the lower of the two

Runs on the intake's thread, in part inside the consumer's callbacks. Nothing that happens at an assignment may block there, or fail for
good: Kafka or the ledger may be unavailable just then. So assigned partitions are not read until a later turn has taken them over.
"""

from collections.abc import Collection, Mapping

import structlog
from confluent_kafka import OFFSET_INVALID, KafkaException, TopicPartition

from consumer.errors import Stop, Unavailable
from consumer.failpoints import UNARMED, Failpoints, Point, commit_lost
from consumer.intake.offsets import Offsets, place_at
from consumer.intake.port import Consumer
from consumer.ledger.port.inbox import Inbox, Place
from consumer.observe.metrics import Metrics

log = structlog.get_logger()

_TIMEOUT = 5.0
_UNREAD = 0
"""Where a partition is assigned that is not begun. It is paused; an offset of its own keeps librdkafka from asking for the group's."""


class Partitions:
    """The assignment. `_owned` are the ledger's next offsets."""

    def __init__(
        self, inbox: Inbox, offsets: Offsets, *, owner: str, metrics: Metrics, failpoints: Failpoints = UNARMED
    ) -> None:
        self._inbox = inbox
        self._offsets = offsets
        self._owner = owner
        self._metrics = metrics
        self._failpoints = failpoints
        self._assigned: set[Place] = set()
        self._owned: dict[Place, int | None] = {}
        self._begun: dict[Place, int] = {}
        self._paused: set[Place] = set()
        self._without_offset: set[Place] = set()

    @property
    def assigned(self) -> Collection[Place]:
        """Partitions that are ours now."""
        return self._assigned

    @property
    def begun(self) -> Mapping[Place, int]:
        """Partitions that we read now, and the offsets at which that began."""
        return self._begun

    @property
    def settled(self) -> bool:
        """Whether all that is assigned is begun: until then records may come that are not to be taken."""
        return len(self._begun) == len(self._assigned)

    def assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """These are ours; `own` and `begin` make them read."""
        unread = [TopicPartition(at.topic, at.partition, _UNREAD) for at in partitions]
        places = {place_at(partition) for partition in partitions}
        consumer.incremental_assign(unread)
        consumer.pause(unread)
        self._assigned |= places
        self._paused |= places
        self._tell("partitions_assigned", partitions)

    def release(self, consumer: Consumer, partitions: list[TopicPartition], *, lost: bool) -> Collection[Place]:
        """Stops reading; commits what is done, unless the partitions are lost: then another consumer may have committed since."""
        places = {place_at(partition) for partition in partitions}
        if not lost:
            self._offsets.settle(consumer, places)
        consumer.incremental_unassign(partitions)
        self._forget(places)
        self._tell("partitions_lost" if lost else "partitions_revoked", partitions)
        return places

    def abandon(self) -> None:
        """All of them, with the consumer that read them."""
        lost = set(self._assigned)
        self._forget(lost)
        self._tell("partitions_lost", [TopicPartition(*place) for place in lost])

    def own(self) -> bool:
        """Takes over in the ledger what was assigned since; whether anything was. Raises `Unavailable`."""
        topics = {topic for topic, _ in self._assigned - self._owned.keys()}
        for topic in topics:
            new = [partition for name, partition in self._assigned - self._owned.keys() if name == topic]
            owned = self._inbox.own(topic, new, owner=self._owner)
            self._failpoints.reach(Point.PARTITIONS_OWNED, lost=commit_lost())
            for partition, ownership in owned.items():
                self._owned[topic, partition] = ownership.next_offset
                self._offsets.own((topic, partition), ownership)
        return bool(topics)

    def begin(self, consumer: Consumer) -> None:
        """Reads what is owned: from the group's offset or, where that is lower, the ledger's; with neither, from the beginning.

        Raises `Unavailable`, and `Stop` where the offset to continue from is no longer in the topic: `auto.offset.reset` is `error`, so
        that such a loss does not go unseen.
        """
        for place in sorted(self._without_offset):
            self._look_at(consumer, place)
        new = sorted(self._owned.keys() - self._begun.keys())
        if not new:
            return
        try:
            starts = {
                place: self._start(consumer, place, offset) for place, offset in _committed(consumer, new).items()
            }
        except KafkaException as error:
            raise Unavailable(f"Kafka did not return the group's offsets ({error.args[0].name()}).") from error
        self._read(consumer, starts)
        log.info("partitions_started", offsets={partition: offset for (_, partition), offset in starts.items()})

    def lacks_offset(self, place: Place) -> None:
        """There is no record at the offset from which the partition was to be read; `begin` finds out why."""
        if place in self._begun:
            self._without_offset.add(place)

    def pause(self, consumer: Consumer, places: Collection[Place]) -> None:
        """Pauses those of our partitions that are in `places`, or not begun, and resumes the others."""
        wanted = self._assigned.intersection(places) | (self._assigned - self._begun.keys())
        if wanted == self._paused:
            return
        consumer.pause([TopicPartition(*place) for place in wanted - self._paused])
        consumer.resume([TopicPartition(*place) for place in self._paused - wanted])
        self._paused = wanted

    def _start(self, consumer: Consumer, place: Place, committed: int) -> int:
        """Where to begin. Raises `KafkaException`."""
        known = self._owned[place]
        nothing_known = committed == OFFSET_INVALID or (known is not None and known < 0)
        start = _oldest(consumer, place) if nothing_known else committed if known is None else min(committed, known)
        if start < committed:
            self._metrics.ledger_behind.inc()
            log.warning("ledger_behind", partition=place[1], group_offset=committed, ledger_offset=start)
        return start

    def _look_at(self, consumer: Consumer, place: Place) -> None:
        """A partition that gave no records at its offset is read again from there, if the topic has it. Raises `Stop` where not."""
        offset = self._offsets.reached.get(place, self._begun[place])
        try:
            oldest, end = consumer.get_watermark_offsets(TopicPartition(*place), timeout=_TIMEOUT)
        except KafkaException as error:
            raise Unavailable(f"Kafka did not return the topic's offsets ({error.args[0].name()}).") from error
        if not oldest <= offset <= end:
            raise Stop(
                f"Offset {offset} of partition {place[1]}, the next to be read, is no longer in the topic: events were deleted before "
                "they were read. Nothing was skipped. Find out what was lost, then set the group's offsets by hand "
                "(kafka-consumer-groups --reset-offsets), and `next_offset` in the table `partition_epoch` to NULL, so that the ledger "
                "follows them."
            )
        self._read(consumer, {place: offset})
        self._without_offset.discard(place)

    def _read(self, consumer: Consumer, starts: Mapping[Place, int]) -> None:
        consumer.incremental_unassign([TopicPartition(*place) for place in starts])
        at = [TopicPartition(*place, offset) for place, offset in starts.items()]
        consumer.incremental_assign(at)
        consumer.resume(at)  # librdkafka keeps a partition's pause beyond its assignment
        self._begun.update(starts)
        self._paused.difference_update(starts)

    def _forget(self, places: set[Place]) -> None:
        for known in (self._assigned, self._paused, self._without_offset):
            known.difference_update(places)
        for known in (self._owned, self._begun):
            for place in places:
                known.pop(place, None)
        self._offsets.forget(places)

    def _tell(self, what: str, partitions: Collection[TopicPartition]) -> None:
        self._metrics.partitions.set(len(self._assigned))
        log.info(what, partitions=sorted(partition.partition for partition in partitions))


def _committed(consumer: Consumer, places: Collection[Place]) -> Mapping[Place, int]:
    """The group's offsets. Raises `KafkaException` if any of them is not returned."""
    offsets: dict[Place, int] = {}
    for at in consumer.committed([TopicPartition(*place) for place in places], timeout=_TIMEOUT):
        if at.error is not None:
            raise KafkaException(at.error)
        offsets[place_at(at)] = at.offset
    return offsets


def _oldest(consumer: Consumer, place: Place) -> int:
    return consumer.get_watermark_offsets(TopicPartition(*place), timeout=_TIMEOUT)[0]
