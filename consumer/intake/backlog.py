"""How far intake is behind: how many records of each partition it is not done with, and how long Kafka has had them."""

import time
from collections.abc import Callable, Collection

from confluent_kafka import OFFSET_INVALID, KafkaException, TopicPartition

from consumer.intake.in_flight import InFlight
from consumer.intake.partitions import Partitions
from consumer.intake.port import Consumer
from consumer.intake.positions import Positions
from consumer.ledger.port.inbox import Place
from consumer.observe.metrics import BacklogMetrics


class Backlog:
    """Of the partitions that are read. Runs on the intake's thread, and asks no broker. `now` is Unix time, as that of records is.

    A partition's end is the one that came with the last records that librdkafka fetched from there: it stands still while nothing is
    fetched, as during a pause. An entry that is no record, such as a transaction's marker, counts as one until it is passed.
    """

    def __init__(
        self,
        partitions: Partitions,
        positions: Positions,
        metrics: BacklogMetrics,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._partitions = partitions
        self._positions = positions
        self._metrics = metrics
        self._now = now
        self._lags: dict[Place, int] = {}

    def done(self, written: Collection[int]) -> None:
        """Intake is done with records that were written at these times, in milliseconds since 1970."""
        now = self._now()
        self._metrics.time_to_ledger.observe_all([now - at / 1_000 for at in written])

    def look(self, consumer: Consumer, in_flight: InFlight) -> None:
        """Shows where we are now."""
        oldest = in_flight.oldest
        self._metrics.age.set(0.0 if oldest is None else max(0.0, self._now() - oldest / 1_000))
        positions = self._positions.of_ours()
        ends = {place: _end(consumer, place) for place in self._partitions.begun}
        self._lags = {place: max(0, end - positions[place]) for place, end in ends.items() if end >= 0}
        self._show()

    def forget(self, gone: Collection[Place]) -> None:
        """These are no longer ours: their next owner shows them."""
        for place in gone:
            self._lags.pop(place, None)
        self._show()

    def _show(self) -> None:
        self._metrics.lag.put({(str(partition),): lag for (_, partition), lag in self._lags.items()})


def _end(consumer: Consumer, place: Place) -> int:
    """As it was last known; negative where it is not."""
    try:
        return consumer.get_watermark_offsets(TopicPartition(*place), cached=True)[1]
    except KafkaException:
        return OFFSET_INVALID
