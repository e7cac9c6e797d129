"""A Kafka topic in memory, as far as the loops use one: a consumer with rebalances on order, producers with mishaps on order."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, OFFSET_INVALID, KafkaError, KafkaException, TopicPartition

from consumer.codec.letters import NewHeaders
from consumer.intake.port import Delivered, Rebalanced


@dataclass(frozen=True)
class FakeRecord:
    """What `confluent_kafka.Message` tells."""

    at: tuple[str, int, int]
    sent_value: bytes | None = None
    sent_headers: Any = None
    sent_key: bytes | None = b"north-high/S1"
    trouble: KafkaError | None = None

    def error(self) -> KafkaError | None:
        return self.trouble

    def topic(self) -> str | None:
        return self.at[0]

    def partition(self) -> int | None:
        return self.at[1]

    def offset(self) -> int | None:
        return self.at[2]

    def key(self) -> bytes | None:
        return self.sent_key

    def value(self) -> bytes | None:
        return self.sent_value

    def headers(self) -> Any:
        return self.sent_headers


class FakeConsumer:
    """One member of a group. `records` wait to be consumed; what is paused stays where it is."""

    def __init__(self, topic: str = "events") -> None:
        self.topic = topic
        self.records: deque[FakeRecord] = deque()
        self.commits: dict[int, int] = {}
        self.starts: dict[int, int] = {}
        self.paused: set[int] = set()
        self.closed = False
        self.commit_fails = False
        self._assigned: set[int] = set()
        self._callbacks: dict[str, Rebalanced] = {}

    def feed(self, *values: bytes | None, partition: int = 0) -> None:
        """Appends records to the partition."""
        for value in values:
            offset = sum(record.at[1] == partition for record in self.records) + self.starts.get(partition, 0)
            self.records.append(FakeRecord((self.topic, partition, offset), value))

    def rebalance(self, kind: str, *partitions: int) -> None:
        """`assign`, `revoke` or `lose`, as inside a poll."""
        self._callbacks[kind](self, self._places(partitions))

    def subscribe(
        self, topics: list[str], *, on_assign: Rebalanced, on_revoke: Rebalanced, on_lost: Rebalanced
    ) -> None:
        assert topics == [self.topic]
        self._callbacks = {"assign": on_assign, "revoke": on_revoke, "lose": on_lost}

    def consume(self, num_messages: int, timeout: float) -> Sequence[FakeRecord]:
        del timeout
        taken: list[FakeRecord] = []
        kept: deque[FakeRecord] = deque()
        for record in self.records:
            readable = record.at[1] in self._assigned and record.at[1] not in self.paused
            (taken if readable and len(taken) < num_messages else kept).append(record)
        self.records = kept
        return taken

    def committed(self, partitions: list[TopicPartition], timeout: float) -> list[TopicPartition]:
        del timeout
        return [TopicPartition(p.topic, p.partition, self.commits.get(p.partition, OFFSET_INVALID)) for p in partitions]

    def incremental_assign(self, partitions: list[TopicPartition]) -> None:
        for partition in partitions:
            self._assigned.add(partition.partition)
            self.starts[partition.partition] = max(partition.offset, 0) if partition.offset != OFFSET_BEGINNING else 0

    def incremental_unassign(self, partitions: list[TopicPartition]) -> None:
        self._assigned -= {partition.partition for partition in partitions}

    def assignment(self) -> list[TopicPartition]:
        return self._places(sorted(self._assigned))

    def pause(self, partitions: list[TopicPartition]) -> None:
        self.paused |= {partition.partition for partition in partitions}

    def resume(self, partitions: list[TopicPartition]) -> None:
        self.paused -= {partition.partition for partition in partitions}

    def commit(self, *, offsets: list[TopicPartition], asynchronous: bool) -> object:
        del asynchronous
        if self.commit_fails:
            raise KafkaException(KafkaError(KafkaError.REBALANCE_IN_PROGRESS))
        self.commits |= {at.partition: at.offset for at in offsets}
        return None

    def close(self) -> None:
        self.closed = True

    def _places(self, partitions: Sequence[int]) -> list[TopicPartition]:
        return [TopicPartition(self.topic, partition) for partition in partitions]


@dataclass
class Sent:
    """A record that a producer was given."""

    topic: str
    value: bytes | None
    key: bytes | None
    headers: dict[str, str | bytes | None]


@dataclass
class FakeProducer:
    """Takes records; `trouble` decides for each what the cluster says of it, `deaf` keeps it from answering at all."""

    sent: list[Sent] = field(default_factory=list[Sent])
    trouble: Callable[[Sent], KafkaError | None] = lambda _: None
    deaf: bool = False
    _waiting: list[tuple[Sent, Delivered]] = field(default_factory=list[tuple[Sent, Delivered]])

    def produce(
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        *,
        headers: NewHeaders,
        on_delivery: Delivered,
    ) -> None:
        self._waiting.append((Sent(topic, value, key, dict(headers)), on_delivery))

    def flush(self, timeout: float) -> int:
        del timeout
        if self.deaf:
            return len(self._waiting)
        waiting, self._waiting = self._waiting, []
        for sent, on_delivery in waiting:
            error = self.trouble(sent)
            if error is None:
                self.sent.append(sent)
            on_delivery(error, FakeRecord((sent.topic, 0, 0)))
        return 0
