"""How many records of our partitions are not done yet, as Kafka knows their ends. Looks once a second, off the way of the records."""

from collections.abc import Collection

from confluent_kafka import KafkaException, TopicPartition

from consumer.intake.partitions import Partitions
from consumer.intake.port import Consumer
from consumer.intake.positions import Positions
from consumer.ledger.port.inbox import Place
from consumer.observe.entries import Readings

_TIMEOUT = 1.0
_EACH_TIME = 5
"""So many partitions are asked for their end at a time, in turn: each is a round trip to its broker, on the thread that reads."""


class Lag:
    """Of the partitions that are read. An offset without a record, such as a transaction's marker, counts as one until it is passed.

    While Kafka does not answer, the numbers are those that were last known.
    """

    def __init__(self, partitions: Partitions, ours: Positions, shown: Readings) -> None:
        self._partitions = partitions
        self._ours = ours
        self._shown = shown
        self._ends: dict[Place, int] = {}
        self._next = 0

    def look(self, consumer: Consumer) -> None:
        """Asks for some ends, and shows the lag by those that are known. Does not raise; blocks for a second where Kafka is unavailable."""
        begun = sorted(self._partitions.begun)
        self._ends = {place: end for place, end in self._ends.items() if place in self._partitions.begun}
        for _ in range(min(_EACH_TIME, len(begun))):
            self._next += 1
            place = begun[self._next % len(begun)]
            try:
                _, self._ends[place] = consumer.get_watermark_offsets(TopicPartition(*place), timeout=_TIMEOUT)
            except KafkaException:
                break
        self._show()

    def forget(self, gone: Collection[Place]) -> None:
        """They are another member's to show."""
        for place in gone:
            self._ends.pop(place, None)
        self._show()

    def _show(self) -> None:
        positions, begun = self._ours.of_ours(), self._partitions.begun
        lags = {(str(place[1]),): max(0, end - positions[place]) for place, end in self._ends.items() if place in begun}
        self._shown.put(lags)
