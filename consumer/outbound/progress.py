"""The progress record: one more record in each batch's own transaction, so that it is visible exactly when the batch is.

librdkafka can't say of a commit that timed out whether it will still land (it has no KIP-890; its issue 5423). The topic can.
"""

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from consumer.errors import Stop, Unavailable
from consumer.kafka import Config, is_end

_TIMEOUT = 5.0
_FIRST_STRETCH = 16  # offsets; a transaction takes two, its record and its marker
PARTITION = 0
"""Where the progress records of all relays are; the topic needs no other."""


class TopicProgress:
    """Reads the newest record of a relay back. Blocking; each read has a consumer of its own.

    It joins no group and commits nothing, but librdkafka looks the group's coordinator up: with that of `config`, where there is one, the
    service needs no right on any other.
    """

    def __init__(self, config: Config, topic: str, relay: str) -> None:
        self._config: Config = {
            "group.id": f"{relay}-progress",
            **config,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }
        self._topic = topic
        self._key = relay.encode()

    def read(self) -> int:
        """Looks at the topic's end, and farther and farther back until there is a record."""
        consumer = Consumer(self._config)
        try:
            self._check(consumer)
            low, high = self._whole(consumer)
            stretch = _FIRST_STRETCH
            while True:
                start = max(low, high - stretch)
                newest = self._newest(consumer, start)
                if newest is not None or start == low:
                    return newest or 0
                stretch *= 8
        except KafkaException as error:
            raise Unavailable(f"The relay's progress can't be read ({error.args[0].name()}).") from error
        finally:
            consumer.close()

    def _check(self, consumer: Consumer) -> None:
        error = consumer.list_topics(self._topic, timeout=_TIMEOUT).topics[self._topic].error
        if error is None:
            return
        if error.code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
            raise KafkaException(error)
        raise Stop(
            f"There is no topic `{self._topic}`. Create it with one partition and `cleanup.policy=compact`: "
            "`provisioner topics create` does."
        )

    def _whole(self, consumer: Consumer) -> tuple[int, int]:
        """The topic's first and last offset. Raises `Unavailable` while another relay's transaction is open on it.

        What was committed behind an open transaction is not shown to `read_committed` yet: our own newest record could be there.
        """
        place = TopicPartition(self._topic, PARTITION)
        everything = Consumer({**self._config, "isolation.level": "read_uncommitted"})
        try:
            _, end = everything.get_watermark_offsets(place, timeout=_TIMEOUT)
        finally:
            everything.close()
        low, high = consumer.get_watermark_offsets(place, timeout=_TIMEOUT)
        if high < end:
            raise Unavailable("The relay's progress can't be read: another transaction is open on its topic.")
        return low, high

    def _newest(self, consumer: Consumer, start: int) -> int | None:
        newest = None
        consumer.assign([TopicPartition(self._topic, PARTITION, start)])
        while True:
            record = consumer.poll(_TIMEOUT)
            if record is None:
                raise Unavailable("The relay's progress can't be read: its topic does not answer.")
            error = record.error()
            if error is None:
                value = record.value()
                newest = self._number(value) if record.key() == self._key and value else newest
            elif is_end(error):
                return newest
            else:
                raise KafkaException(error)

    def _number(self, value: bytes) -> int:
        try:
            return int(value)
        except ValueError:
            raise Stop(
                f"Topic `{self._topic}` has a record under our key that is not a number: another program writes there."
            ) from None
