"""What was published, read back from the outcome topics: a ledger that was restored from an older state has forgotten it."""

from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

from confluent_kafka import OFFSET_END, Consumer, KafkaError, KafkaException, Message, TopicPartition

from consumer.errors import Unavailable
from consumer.kafka import Config, UnreadableHeaders, headers_of, is_end
from consumer.ledger.port.outbox import OnTopic
from consumer.ledger.port.writes import Publish

_TIMEOUT = 10.0
_PAGE = 500
_PAGE_WAITS = 1.0
_SILENCE = 30
"""Empty pages in a row after which the topics count as away."""
_ID = "ce_id"

Place = tuple[str, int]


class TopicsPublished:
    """Reads the outcome topics. Blocking; each reading has a consumer of its own, which never joins a group.

    librdkafka looks up the coordinator of a group all the same: that of `config`, where there is one (see `progress`).
    """

    def __init__(self, config: Config, topics: Collection[str], relay: str, *, timeout: float = _TIMEOUT) -> None:
        """`timeout`: seconds for one answer."""
        self._config: Config = {
            "group.id": f"{relay}-published",
            **config,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }
        self._timeout = timeout
        self._topics = tuple(sorted(set(topics)))

    def topics(self) -> Collection[str]:
        return self._topics

    def kept_since(self, moment: datetime | None) -> bool:
        """Where a partition was cut, its first record must be from before that moment."""
        with self._reading() as consumer:
            for place, (low, high) in self._whole(consumer).items():
                if low and (moment is None or low == high or self._start(consumer, place, moment, high) <= low):
                    return False
        return True

    def since(self, moment: datetime | None) -> Iterator[Sequence[OnTopic]]:
        with self._reading() as consumer:
            starts: dict[Place, int] = {}
            for place, (low, high) in self._whole(consumer).items():
                start = low if moment is None else max(low, self._start(consumer, place, moment, high))
                if start < high:
                    starts[place] = start
            if not starts:
                return
            consumer.assign([TopicPartition(topic, number, start) for (topic, number), start in starts.items()])
            unread, silent = set(starts), 0
            while unread:
                records = consumer.consume(_PAGE, _PAGE_WAITS)
                silent = 0 if records else silent + 1
                if silent >= _SILENCE:
                    raise Unavailable("The outcome topics can't be read back: they do not answer.")
                unread -= {place for record in records if (place := _ended(record)) is not None}
                yield [found for record in records if (found := _outcome(record)) is not None]

    @contextmanager
    def _reading(self) -> Generator[Consumer]:
        consumer = Consumer(self._config)
        try:
            yield consumer
        except KafkaException as error:
            raise Unavailable(f"The outcome topics can't be read back ({error.args[0].name()}).") from error
        finally:
            consumer.close()

    def _whole(self, consumer: Consumer) -> dict[Place, tuple[int, int]]:
        """Each partition's first and last offset. Raises `Unavailable` while a transaction is open on one, which hides what is behind it.

        A topic that is missing has no partitions: nothing was published there.
        """
        places = [place for topic in self._topics for place in self._partitions(consumer, topic)]
        everything = Consumer({**self._config, "isolation.level": "read_uncommitted"})
        try:
            ends = {place: self._watermarks(everything, place)[1] for place in places}
        finally:
            everything.close()
        whole = {place: self._watermarks(consumer, place) for place in places}
        if any(high < ends[place] for place, (_, high) in whole.items()):
            raise Unavailable("The outcome topics can't be read back: another transaction is open on one.")
        return whole

    def _partitions(self, consumer: Consumer, topic: str) -> Sequence[Place]:
        found = consumer.list_topics(topic, timeout=self._timeout).topics[topic]
        if found.error is None:
            return [(topic, number) for number in found.partitions]
        if found.error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            return ()
        raise KafkaException(found.error)

    def _watermarks(self, consumer: Consumer, place: Place) -> tuple[int, int]:
        return consumer.get_watermark_offsets(TopicPartition(*place), timeout=self._timeout)

    def _start(self, consumer: Consumer, place: Place, moment: datetime, end: int) -> int:
        """The first offset from that moment on."""
        asked = TopicPartition(*place, int(moment.timestamp() * 1000))
        (found,) = consumer.offsets_for_times([asked], timeout=self._timeout)
        if found.error is not None:
            raise KafkaException(found.error)
        return end if found.offset == OFFSET_END else found.offset


def _ended(record: Message) -> Place | None:
    """The partition that this says is read to its end."""
    error, topic, partition = record.error(), record.topic(), record.partition()
    if error is None:
        return None
    if not is_end(error) or topic is None or partition is None:
        raise KafkaException(error)
    return topic, partition


def _outcome(record: Message) -> OnTopic | None:
    """None for what is no outcome."""
    if record.error() is not None:
        return None
    topic, key, value = record.topic(), record.key(), record.value()
    try:
        named = headers_of(record) or ()
    except UnreadableHeaders:  # none of ours is so
        return None
    headers = tuple((name, _bytes(header)) for name, header in named)
    event_id = _event_id(dict(headers).get(_ID))
    if topic is None or key is None or value is None or event_id is None:
        return None
    _, milliseconds = record.timestamp()
    at = datetime.fromtimestamp(max(0, milliseconds) / 1000, UTC)
    return OnTopic(Publish(event_id, topic, _bytes(key), _bytes(value), headers), at)


def _event_id(header: bytes | None) -> UUID | None:
    try:
        return UUID(header.decode()) if header is not None else None
    except ValueError:
        return None


def _bytes(value: str | bytes | None) -> bytes:
    return value.encode() if isinstance(value, str) else value or b""
