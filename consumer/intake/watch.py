"""Whether we read what there is to be read. Looks once a second, off the way of the records."""

from collections.abc import Callable

from confluent_kafka import KafkaException, TopicPartition

from consumer.intake.port import Consumer
from consumer.intake.positions import Positions
from consumer.ledger.port.inbox import Place
from consumer.observe.health import Progress

_TIMEOUT = 1.0
_EACH_TIME = 5
"""Of the partitions that give nothing, so many are asked for their end at a time, in turn."""
_PATIENCE = 5.0
"""Seconds for which a partition may have records and give none before that counts at all."""


class Watch:
    """Compares how far we are with the ends of the partitions, as Kafka knows them.

    What librdkafka itself believes is no evidence: one that has given up believes that it is at the end. Without a partition of our own,
    which is in order where there are more replicas than partitions, the group must be getting on with partition 0.
    """

    def __init__(self, progress: Progress, topic: str, ours: Positions, clock: Callable[[], float]) -> None:
        self._progress = progress
        self._topic = topic
        self._ours = ours
        self._clock = clock
        self._seen: dict[Place, int] = {}
        self._next = 0
        self._stuck: dict[Place, float] = {}

    def look(self, consumer: Consumer, *, excuse: str | None, failed: bool) -> None:
        """`excuse`: the unavailable dependency that prevents reading; `failed`: the consumer has failed and cannot be replaced yet."""
        if failed:
            self._progress.stalled("the Kafka consumer has failed; another process uses its group.instance.id")
        elif excuse is not None:
            self._progress.excused(f"intake is paused: {excuse}")
        else:
            try:
                waiting = self._waiting(consumer)
            except KafkaException as error:
                self._progress.excused(f"Kafka is not responding ({error.args[0].name()})")
            else:
                if waiting is None:
                    self._progress.well()
                else:
                    self._progress.stalled(f"partition {waiting[1]} has records, but none is being read")

    def _waiting(self, consumer: Consumer) -> Place | None:
        """The partition with records that has returned none for longest. Raises `KafkaException`."""
        positions = self._positions(consumer)
        now = self._clock()
        self._stuck = {place: at for place, at in self._stuck.items() if positions.get(place) == self._seen.get(place)}
        silent = [place for place, position in sorted(positions.items()) if self._seen.get(place) == position]
        self._seen = positions
        for _ in range(min(_EACH_TIME, len(silent))):
            self._next += 1
            place = silent[self._next % len(silent)]
            _, end = consumer.get_watermark_offsets(TopicPartition(*place), timeout=_TIMEOUT)
            if end > positions[place]:
                self._stuck.setdefault(place, now)
            else:
                self._stuck.pop(place, None)
        longest = min(self._stuck.items(), key=lambda one: one[1], default=None)
        return longest[0] if longest is not None and now - longest[1] >= _PATIENCE else None

    def _positions(self, consumer: Consumer) -> dict[Place, int]:
        """Up to where each partition is done."""
        if ours := self._ours.of_ours():
            return ours
        (committed,) = consumer.committed([TopicPartition(self._topic, 0)], timeout=_TIMEOUT)
        if committed.error is not None:
            raise KafkaException(committed.error)
        return {(self._topic, 0): max(0, committed.offset)}
