"""What is on the outcome topics, read as `consumer.outbound.published.TopicsPublished` reads it."""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

from confluent_kafka import KafkaException

from consumer.errors import Unavailable
from consumer.ledger.port.outbox import OnTopic
from consumer.ledger.port.writes import Publish
from proof.simulation.kafka.network import Network, Process
from proof.simulation.kafka.topic import Log, Record, Topics

_TIMEOUT = 10.0
_PAGE = 500


class SimulatedPublished:
    """Keeps `consumer.outbound.port.Published`."""

    def __init__(self, network: Network, topics: Topics, process: Process, *, outcomes: Collection[str]) -> None:
        self._network = network
        self._topics = topics
        self._process = process
        self._outcomes = tuple(outcomes)
        self._epoch = network.clock.unix() - network.clock.time()

    def topics(self) -> Collection[str]:
        return self._outcomes

    def kept_since(self, moment: datetime | None) -> bool:
        return all(
            not log.oldest or (moment is not None and self._kept(self._read(log), moment)) for log in self._logs()
        )

    def since(self, moment: datetime | None) -> Iterator[Sequence[OnTopic]]:
        for log in self._logs():
            records = self._read(log)
            first = next((n for n, record in enumerate(records) if moment is None or self._at(record) >= moment), None)
            for start in range(first, len(records), _PAGE) if first is not None else ():
                yield [found for one in records[start : start + _PAGE] if (found := self._outcome(one)) is not None]

    def _logs(self) -> Sequence[Log]:
        return [log for topic in self._outcomes if topic in self._topics for log in self._topics[topic].logs]

    def _read(self, log: Log) -> Sequence[Record]:
        try:
            return self._network.call(self._process, lambda: _committed(log), timeout=_TIMEOUT, place=log.place)
        except KafkaException as error:
            raise Unavailable(f"The outcome topics can't be read back ({error.args[0].name()}).") from error

    def _kept(self, records: Sequence[Record], moment: datetime) -> bool:
        return bool(records) and self._at(records[0]) < moment

    def _at(self, record: Record) -> datetime:
        return datetime.fromtimestamp(self._epoch + record.written, UTC)

    def _outcome(self, record: Record) -> OnTopic | None:
        headers: tuple[tuple[str, bytes], ...] = tuple(record.headers() or ())
        named: dict[str, bytes] = dict(headers)
        event_id, key, value = named.get("ce_id"), record.key(), record.value()
        if event_id is None or key is None or value is None:
            return None
        return OnTopic(Publish(UUID(event_id.decode()), record.topic(), key, value, headers), self._at(record))


def _committed(log: Log) -> Sequence[Record]:
    if log.stable < log.end:
        raise Unavailable("The outcome topics can't be read back: another transaction is open on one.")
    return log.read(log.oldest, log.end)[0]
