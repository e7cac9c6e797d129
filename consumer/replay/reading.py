"""Records that a topic still has, read without a group: nothing is committed, and no replica notices."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import datetime
from typing import NamedTuple, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from consumer.errors import Unavailable
from consumer.kafka import Config, is_end

_TIMEOUT = 10.0
_PAGE = 500
_PAGE_WAITS = 1.0
_SILENCE = 30
"""Empty pages in a row after which the topic counts as away."""
_MOVING = frozenset({KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE})
_PAUSE = 0.2

T = TypeVar("T")


class Bounds(NamedTuple):
    """Of a partition: the first offset that is read, and the one before which reading ends."""

    first: int
    end: int


class RetainedRecords:
    """A topic from what it still has to what was its end at first. Blocking; memory is taken for a page, not for the topic.

    `config` is that of the intake's consumer. Its group stays: librdkafka looks for the coordinator of one in any case, and this is the
    group that the service's user may see. It is not joined, as the partitions are assigned by hand. `since`: only records that the topic
    has had since then, by its own times.
    """

    def __init__(self, config: Config, topic: str, *, since: datetime | None = None) -> None:
        """Asks for the topic's ends. Raises `KafkaException`."""
        self._config: Config = {**config, "enable.auto.commit": False, "enable.partition.eof": True}
        self._topic = topic
        with closing(Consumer(self._config)) as consumer:
            kept = dict(_bounds(consumer, topic))
            self._bounds = kept if since is None else _since(consumer, topic, kept, since)
        self.total = sum(end - first for first, end in self._bounds.values())

    def __iter__(self) -> Iterator[tuple[Message, int]]:
        """Each record, with how many offsets are behind it. Raises `KafkaException`, and `Unavailable` where the topic falls silent."""
        return self._read(self._bounds)

    def at(self, partition: int, offset: int) -> Message | None:
        """The record at this place; None where the topic has none there. Raises as iterating does."""
        first, end = self._bounds.get(partition, Bounds(0, 0))
        if not first <= offset < end:
            return None
        record, _ = next(self._read({partition: Bounds(offset, offset + 1)}), (None, 0))
        return record

    def _read(self, bounds: Mapping[int, Bounds]) -> Iterator[tuple[Message, int]]:
        unread = {number: end for number, (first, end) in bounds.items() if first < end}
        following = {number: first for number, (first, _) in bounds.items()}
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
                    yield record, passed


def _bounds(consumer: Consumer, topic: str) -> Iterator[tuple[int, Bounds]]:
    found = consumer.list_topics(topic, timeout=_TIMEOUT).topics[topic]
    if found.error is not None:
        raise KafkaException(found.error)
    for number in found.partitions:
        partition = TopicPartition(topic, number)
        low, high = asked_again(lambda one=partition: consumer.get_watermark_offsets(one, timeout=_TIMEOUT))
        yield number, Bounds(low, high)


def asked_again(ask: Callable[[], T], *, pause: Callable[[float], object] = time.sleep) -> T:
    """The answer, asked for again while a partition's leader moves: 10 s at most. Raises `KafkaException`.

    librdkafka answers such a question with the broker's refusal, and looks for the new leader meanwhile.
    """
    left = int(_TIMEOUT / _PAUSE)
    while True:
        try:
            return ask()
        except KafkaException as failure:
            left -= 1
            if failure.args[0].code() not in _MOVING or left <= 0:
                raise
            pause(_PAUSE)


def _since(consumer: Consumer, topic: str, kept: Mapping[int, Bounds], since: datetime) -> dict[int, Bounds]:
    """Kafka answers with the first offset whose time is not before; a negative one where there is none."""
    millis = max(0, int(since.timestamp() * 1_000))
    asked = [TopicPartition(topic, number, millis) for number in kept]
    found = {one.partition: one for one in asked_again(lambda: consumer.offsets_for_times(asked, timeout=_TIMEOUT))}
    for one in found.values():
        if one.error is not None:
            raise KafkaException(one.error)
    return {
        number: Bounds(max(low, found[number].offset) if found[number].offset >= 0 else high, high)
        for number, (low, high) in kept.items()
    }


def _is_end(record: Message) -> bool:
    error = record.error()
    if error is None:
        return False
    if is_end(error):
        return True
    raise KafkaException(error)
