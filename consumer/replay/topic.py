"""Events that the topic still has, read without a group: nothing is committed, and no replica notices."""

from collections.abc import Iterator
from contextlib import closing

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from consumer.codec.dead_letters import DeadLetterReason, Unreadable
from consumer.codec.reader import EventReader
from consumer.errors import Unavailable
from consumer.kafka import Config, UnreadableHeaders, headers_of
from consumer.replay.source import Rejected, Replayed, Step

_TIMEOUT = 10.0
_PAGE = 500
_PAGE_WAITS = 1.0
_SILENCE = 30
"""Empty pages in a row after which the topic counts as away."""


class RetainedEvents:
    """Keeps `Source`; its unit is offsets. Only events of the tenant are decoded in full.

    `config` is that of the intake's consumer. Its group stays: librdkafka looks for the coordinator of one in any case, and this is the
    group that the service's user may see. It is not joined, as the partitions are assigned by hand.
    """

    def __init__(self, config: Config, topic: str, reader: EventReader, tenant_id: str) -> None:
        """Asks for the topic's ends. Raises `KafkaException`."""
        self._config: Config = {**config, "enable.auto.commit": False, "enable.partition.eof": True}
        self._topic = topic
        self._reader = reader
        self._tenant_id = tenant_id
        with closing(Consumer(self._config)) as consumer:
            self._ends = dict(_ends(consumer, topic))
        self.total = sum(high - low for low, high in self._ends.values())

    def __iter__(self) -> Iterator[Step]:
        """Also raises `KafkaException`."""
        unread = {number: high for number, (low, high) in self._ends.items() if low < high}
        following = {number: low for number, (low, _) in self._ends.items()}
        passed, silent = 0, 0
        with closing(Consumer(self._config)) as consumer:
            consumer.assign([TopicPartition(self._topic, number, following[number]) for number in unread])
            while unread:
                records = consumer.consume(_PAGE, _PAGE_WAITS)
                silent = 0 if records else silent + 1
                if silent >= _SILENCE:
                    raise Unavailable("The topic cannot be read to its end: it does not answer.")
                for record in records:
                    number = record.partition() or 0
                    if _is_end(record) or (record.offset() or 0) >= unread.get(number, 0):
                        unread.pop(number, None)
                        continue
                    offset = (record.offset() or 0) + 1
                    passed += offset - following[number]
                    following[number] = offset
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


def _ends(consumer: Consumer, topic: str) -> Iterator[tuple[int, tuple[int, int]]]:
    """The first offset and the next, of each partition."""
    found = consumer.list_topics(topic, timeout=_TIMEOUT).topics[topic]
    if found.error is not None:
        raise KafkaException(found.error)
    for number in found.partitions:
        yield number, consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=_TIMEOUT)


def _is_end(record: Message) -> bool:
    error = record.error()
    if error is None:
        return False
    if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001  its name for it
        return True
    raise KafkaException(error)


def _place(record: Message) -> str:
    return f"partition {record.partition()} offset {record.offset()}"
