"""Events that the topic still has, of one tenant."""

from collections.abc import Iterator

from confluent_kafka import Message

from consumer.codec.dead_letters import DeadLetterReason, Unreadable
from consumer.codec.reader import EventReader
from consumer.kafka import Config, UnreadableHeaders, headers_of
from consumer.replay.reading import RetainedRecords
from consumer.replay.source import Rejected, Replayed, Step


class RetainedEvents:
    """Keeps `Source`; its unit is offsets. Only events of the tenant are decoded in full. `config` as in `RetainedRecords`."""

    def __init__(self, config: Config, topic: str, reader: EventReader, tenant_id: str) -> None:
        """Asks for the topic's ends. Raises `KafkaException`."""
        self._records = RetainedRecords(config, topic)
        self._reader = reader
        self._tenant_id = tenant_id
        self.total = self._records.total

    def __iter__(self) -> Iterator[Step]:
        """Also raises `KafkaException`."""
        for record, passed in self._records:
            yield Step(self._read(record), passed)

    def _read(self, record: Message) -> Replayed:
        value = record.value()
        body = value.encode() if isinstance(value, str) else value
        try:
            headers = headers_of(record)
            tenant_id, _ = self._reader.peek(body, headers)
            if tenant_id != self._tenant_id:
                return None
            return self._reader.read(body, headers)
        except UnreadableHeaders as error:
            return Rejected(_place(record), DeadLetterReason.UNDECODABLE, str(error))
        except Unreadable as unreadable:
            return Rejected(_place(record), unreadable.reason, unreadable.sentence)


def _place(record: Message) -> str:
    return f"partition {record.partition()} offset {record.offset()}"
