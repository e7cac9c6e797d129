"""A Kafka topic in memory, as far as the loops use one: a group's member with rebalances on order, a producer with mishaps on order.

`tests/intake/test_consumer.py` holds the member to what Apache Kafka and librdkafka do.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, OFFSET_INVALID, KafkaError, KafkaException, TopicPartition

from consumer.codec.dead_letters import NewHeaders
from consumer.intake.port import Answered, Consumer, Delivered, Rebalanced
from proof.simulation.kafka.errors import commit_error
from proof.simulation.kafka.topic import Record

KEY = b"north-high/S1"


@dataclass
class FakeTopic:
    """Partitions' records, from the oldest that is kept on, and the offsets that the group has committed."""

    name: str = "events"
    records: defaultdict[int, list[Record]] = field(default_factory=lambda: defaultdict(list))
    oldest: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    commits: dict[int, int] = field(default_factory=dict[int, int])

    def feed(self, *values: bytes | None, partition: int = 0, headers: Any = None, written: float = 0.0) -> None:
        """Appends records to the partition, with the time at which they were `written`; 0: without one."""
        for value in values:
            offset = len(self.records[partition])
            self.records[partition].append(Record((self.name, partition, offset), value, headers, KEY, None, written))


class FakeConsumer:
    """One member of the topic's group, with `auto.offset.reset` set to `error`. What is paused stays where it is."""

    def __init__(self, topic: FakeTopic) -> None:
        self.topic = topic
        self.news: list[Record] = []
        self.paused: set[int] = set()
        self.closed = self.unsubscribed = False
        self.commit_fails_with: KafkaError | None = None
        self.commits_fail_silently = False
        self.commits_refused = False
        self.answered: Answered = lambda _, __: None
        self.offsets_known = self.ends_known = True
        self.on_consume: Callable[[], None] = lambda: None
        """Called inside each `consume`, where rebalances are served."""
        self._answers: list[tuple[KafkaError | None, list[TopicPartition]]] = []
        self._positions: dict[int, int | None] = {}
        self._callbacks: dict[str, Rebalanced] = {}

    def for_group(self, answered: Answered) -> Consumer:
        """Itself, once it knows whom to tell of asynchronous commits: what an intake is given to make its consumer."""
        self.answered = answered
        return self

    def rebalance(self, kind: str, *partitions: int) -> None:
        """`assign`, `revoke` or `lose`, as inside a poll."""
        self._callbacks[kind](self, self._places(partitions))

    def subscribe(
        self, topics: list[str], *, on_assign: Rebalanced, on_revoke: Rebalanced, on_lost: Rebalanced
    ) -> None:
        assert topics == [self.topic.name]
        self._callbacks = {"assign": on_assign, "revoke": on_revoke, "lose": on_lost}

    def unsubscribe(self) -> None:
        self.unsubscribed = True

    def consume(self, num_messages: int, timeout: float) -> Sequence[Record]:
        del timeout
        taken, self.news = self.news, []
        for partition in list(self._positions):
            if partition not in self.paused:
                taken += self._read(partition, num_messages - len(taken))
        self.on_consume()
        if self.unsubscribed and self._positions:
            self.rebalance("revoke", *self._positions)
        answers, self._answers = self._answers, []
        for error, partitions in answers:
            self.answered(error, partitions)
        return taken

    def _read(self, partition: int, most: int) -> list[Record]:
        position = self._positions[partition]
        if position is None:
            return []
        records = self.topic.records[partition]
        if not self.topic.oldest[partition] <= position <= len(records):
            self._positions[partition] = None  # until it is assigned anew, as in librdkafka
            return [self._no_offset(partition)]
        taken = records[position : position + max(0, most)]
        self._positions[partition] = position + len(taken)
        return taken

    def committed(self, partitions: list[TopicPartition], timeout: float) -> list[TopicPartition]:
        del timeout
        if not self.offsets_known:
            raise KafkaException(KafkaError(KafkaError.COORDINATOR_NOT_AVAILABLE))
        commits = self.topic.commits
        return [TopicPartition(p.topic, p.partition, commits.get(p.partition, OFFSET_INVALID)) for p in partitions]

    def get_watermark_offsets(
        self, partition: TopicPartition, timeout: float = 0.0, *, cached: bool = False
    ) -> tuple[int, int]:
        del timeout
        if cached and not self.ends_known:
            return OFFSET_INVALID, OFFSET_INVALID
        return self.topic.oldest[partition.partition], len(self.topic.records[partition.partition])

    def incremental_assign(self, partitions: list[TopicPartition]) -> None:
        for at in partitions:
            start = self.topic.commits.get(at.partition) if at.offset == OFFSET_INVALID else at.offset
            self._positions[at.partition] = self.topic.oldest[at.partition] if start == OFFSET_BEGINNING else start
            if start is None:
                self.news.append(self._no_offset(at.partition))

    def incremental_unassign(self, partitions: list[TopicPartition]) -> None:
        for at in partitions:
            del self._positions[at.partition]

    def pause(self, partitions: list[TopicPartition]) -> None:
        self.paused |= {at.partition for at in partitions}

    def resume(self, partitions: list[TopicPartition]) -> None:
        self.paused -= {at.partition for at in partitions}

    def commit(self, *, offsets: list[TopicPartition], asynchronous: bool) -> None:
        assert not self.closed, "after a commit inside close, librdkafka may never come back from incremental_unassign"
        if self.commit_fails_with is not None:
            raise KafkaException(self.commit_fails_with)
        if asynchronous and self.commits_fail_silently:
            return
        refused = asynchronous and self.commits_refused
        if asynchronous:
            self._answers.append((commit_error(KafkaError.REBALANCE_IN_PROGRESS) if refused else None, offsets))
        if not refused:
            self.topic.commits |= {at.partition: at.offset for at in offsets}

    def give_up(self, partition: int) -> None:
        """Reports that there is nothing at the partition's offset, and reads it no more."""
        self._positions[partition] = None
        self.news.append(self._no_offset(partition))

    def close(self) -> None:
        self.closed = True
        if self._positions:
            self.rebalance("revoke", *self._positions)

    def _no_offset(self, partition: int) -> Record:
        return Record((self.topic.name, partition, -1), trouble=no_offset())

    def _places(self, partitions: Sequence[int]) -> list[TopicPartition]:
        return [TopicPartition(self.topic.name, partition) for partition in partitions]


def no_offset() -> KafkaError:
    """What `consume` returns for a partition that has nothing at its offset."""
    return KafkaError(KafkaError._AUTO_OFFSET_RESET)


def too_large() -> KafkaError:
    """What `produce` raises for a record that no broker would take."""
    return KafkaError(KafkaError.MSG_SIZE_TOO_LARGE)


def cluster_away() -> KafkaError:
    """What a question raises that no broker answers."""
    return KafkaError(KafkaError._ALL_BROKERS_DOWN)


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
            on_delivery(error, Record((sent.topic, 0, 0)))
        return 0
