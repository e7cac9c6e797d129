"""What the loop asks of Kafka; `confluent_kafka` keeps it, and so does the tests' fake broker."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from confluent_kafka import KafkaError, TopicPartition

from consumer.codec.dead_letters import NewHeaders
from consumer.ledger.port.parking import Origin


class Record(Protocol):
    """`confluent_kafka.Message`, as far as it is used."""

    def error(self) -> KafkaError | None: ...
    def topic(self) -> str | None: ...
    def partition(self) -> int | None: ...
    def offset(self) -> int | None: ...
    def key(self) -> bytes | None: ...
    def value(self) -> bytes | None: ...
    def headers(self) -> Any: ...  # noqa: ANN401  a list of pairs, or None; the library's stub says more
    def timestamp(self) -> tuple[int, int]: ...  # its kind (0: none), and milliseconds since 1970


def origin_of(record: Record) -> Origin:
    """Where the record is from; the consumer's own errors are from nowhere."""
    return record.topic() or "", record.partition() or 0, record.offset() or 0


Rebalanced = Callable[["Consumer", list[TopicPartition]], None]
Answered = Callable[[KafkaError | None, list[TopicPartition]], None]
"""What became of an asynchronous commit: of all of it, or of each partition by its own `error`."""


class Consumer(Protocol):
    """`confluent_kafka.Consumer`, as far as it is used; callbacks run inside `consume`, `poll` and `close`, commits' answers too."""

    def subscribe(
        self, topics: list[str], *, on_assign: Rebalanced, on_revoke: Rebalanced, on_lost: Rebalanced
    ) -> None: ...
    def unsubscribe(self) -> None: ...
    def consume(self, num_messages: int, timeout: float) -> Sequence[Record]: ...
    def committed(self, partitions: list[TopicPartition], timeout: float) -> list[TopicPartition]: ...
    def get_watermark_offsets(
        self, partition: TopicPartition, timeout: float = ..., *, cached: bool = ...
    ) -> tuple[int, int]: ...
    def incremental_assign(self, partitions: list[TopicPartition]) -> None: ...
    def incremental_unassign(self, partitions: list[TopicPartition]) -> None: ...
    def pause(self, partitions: list[TopicPartition]) -> None: ...
    def resume(self, partitions: list[TopicPartition]) -> None: ...
    def commit(self, *, offsets: list[TopicPartition], asynchronous: bool) -> object: ...
    def close(self) -> None: ...


Delivered = Callable[[KafkaError | None, Record], None]


class Producer(Protocol):
    """`confluent_kafka.Producer`, as far as the dead letters use it."""

    def produce(
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        *,
        headers: NewHeaders,
        on_delivery: Delivered,
    ) -> None: ...
    def flush(self, timeout: float) -> int: ...
