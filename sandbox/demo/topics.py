"""What downstream reads: every record of the outcome and dead-letter topics."""

from collections.abc import Mapping, Sequence
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from consumer.errors import Stop
from consumer.kafka import Config, consumer_config
from consumer.settings import KafkaSettings

_PATIENCE = 10.0


def read_all(settings: KafkaSettings, topics: Sequence[str]) -> Mapping[str, Sequence[Message]]:
    """All committed records of each topic, from its beginning to its end. Raises `KafkaException`; `Stop` where one is missing."""
    config: Config = {**consumer_config(settings), "enable.partition.eof": True, "auto.offset.reset": "earliest"}
    config.pop("group.instance.id", None)  # it never joins the group
    consumer = Consumer(config)
    read: dict[str, list[Message]] = {topic: [] for topic in topics}
    try:
        metadata = consumer.list_topics(timeout=_PATIENCE).topics
        if missing := [topic for topic in topics if topic not in metadata]:
            raise Stop(f"Kafka has no topic `{missing[0]}`: run `provisioner topics create`.")
        places = [TopicPartition(topic, partition, 0) for topic in topics for partition in metadata[topic].partitions]
        consumer.assign(places)
        ends = 0
        while ends < len(places):
            message = consumer.poll(_PATIENCE)
            if message is None:
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT))  # noqa: SLF001  its name for it
            error = message.error()
            if error is None:
                read[message.topic() or ""].append(message)
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001  its name for it
                ends += 1
            else:
                raise KafkaException(error)
    finally:
        consumer.close()
    return read


def headers_of(message: Message) -> Mapping[str, bytes]:
    """The record's headers by name; the last of a name stands."""
    pairs: Any = message.headers() or ()
    return dict(pairs)
