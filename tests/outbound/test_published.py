"""Outcomes read back from real Kafka: all that a `read_committed` reader sees, and nothing else."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient  # pyright: ignore[reportPrivateImportUsage]  where its own docs take it from

from consumer.errors import Unavailable
from consumer.ledger.port.outbox import OnTopic
from consumer.ledger.port.writes import Publish
from consumer.outbound.published import TopicsPublished

pytestmark = pytest.mark.parts

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)


class Topic:
    """An outcome topic of two partitions, and a transactional producer to it."""

    def __init__(self, kafka: str, name: str, relay: str) -> None:
        self.name = name
        self._kafka = kafka
        self._producer = Producer({"bootstrap.servers": kafka, "transactional.id": relay})
        self._producer.init_transactions(30)
        self._committed, self._everything = (
            Consumer({"bootstrap.servers": kafka, "group.id": "markers", "isolation.level": level})
            for level in ("read_committed", "read_uncommitted")
        )
        self.published = TopicsPublished({"bootstrap.servers": kafka}, [name], relay)

    def close(self) -> None:
        self._committed.close()
        self._everything.close()

    def begin(self, *numbers: int, at: datetime = NOON, partition: int = 0) -> None:
        """Records with that timestamp, in a transaction that is open; the marker that ends it will have the broker's own time."""
        self._producer.begin_transaction()
        for number in numbers:
            headers: Any = [("ce_id", str(UUID(int=number))), ("traceparent", None)]
            milliseconds = int(at.timestamp() * 1000)
            self._producer.produce(
                self.name, str(number).encode(), b"key", partition, timestamp=milliseconds, headers=headers
            )
        assert self._producer.flush(30) == 0

    def publish(self, *numbers: int, at: datetime = NOON, partition: int = 0) -> None:
        self.begin(*numbers, at=at, partition=partition)
        self._commit()

    def abort(self) -> None:
        self._producer.abort_transaction(30)
        self._wait_for_markers()

    def produce(self, value: bytes | None, headers: Any = None) -> None:
        self._producer.begin_transaction()
        self._producer.produce(self.name, value, b"key", 0, headers=headers)
        self._commit()

    def _commit(self) -> None:
        self._producer.commit_transaction(30)
        self._wait_for_markers()

    def _wait_for_markers(self) -> None:
        """The coordinator answers before it has written the markers that end the transaction."""
        deadline = time.monotonic() + 30
        while self._ends(self._committed) != (ends := self._ends(self._everything)):
            assert time.monotonic() < deadline, f"the transaction is still open before {ends}"

    def _ends(self, reader: Consumer) -> list[int]:
        return [reader.get_watermark_offsets(TopicPartition(self.name, number), timeout=30)[1] for number in (0, 1)]

    def forget_before(self, offset: int) -> None:
        """Deletes records from partition 0, as retention does."""
        admin: Any = AdminClient({"bootstrap.servers": self._kafka})  # its futures are untyped
        for done in admin.delete_records([TopicPartition(self.name, 0, offset)]).values():
            done.result(30)

    def numbers(self, since: datetime | None = None) -> list[int]:
        return sorted(int(found.outcome.value) for page in self.published.since(since) for found in page)


@pytest.fixture
def topic(kafka: str, create_topic: Callable[..., str], unique_name: str) -> Iterator[Topic]:
    made = Topic(kafka, create_topic("outcomes", 2), unique_name)
    yield made
    made.close()


def test_where_nothing_was_published_there_is_nothing(topic: Topic) -> None:
    assert topic.numbers() == []
    assert topic.published.kept_since(None)


def test_an_outcome_is_read_as_it_was_published(topic: Topic) -> None:
    topic.publish(7)
    headers = (("ce_id", str(UUID(int=7)).encode()), ("traceparent", b""))
    (found,) = (found for page in topic.published.since(None) for found in page)
    assert found == OnTopic(Publish(UUID(int=7), topic.name, b"key", b"7", headers), NOON)


def test_all_partitions_are_read_to_their_end(topic: Topic) -> None:
    for partition in (0, 1):
        topic.publish(*range(partition * 1000, partition * 1000 + 700), partition=partition)
    assert topic.numbers() == [*range(700), *range(1000, 1700)]


def test_what_was_aborted_was_not_published(topic: Topic) -> None:
    topic.publish(1)
    topic.begin(2)
    topic.abort()
    assert topic.numbers() == [1]


def test_what_is_no_outcome_is_passed_over(topic: Topic) -> None:
    topic.produce(b"value")
    topic.produce(b"value", [("ce_id", b"no id")])
    topic.produce(None, [("ce_id", str(UUID(int=1)))])
    topic.publish(2)
    assert topic.numbers() == [2]


def test_only_what_was_published_from_the_moment_on_is_read(topic: Topic) -> None:
    topic.publish(1, at=NOON - timedelta(hours=1))
    topic.publish(2, at=NOON)
    topic.publish(3, at=NOON + timedelta(hours=1), partition=1)
    assert topic.numbers(NOON) == [2, 3]
    assert topic.numbers(datetime.now(UTC) + timedelta(hours=1)) == []


def test_while_an_open_transaction_may_hide_outcomes_nothing_is_concluded(topic: Topic) -> None:
    topic.publish(1)
    topic.begin(2)
    with pytest.raises(Unavailable, match="another transaction is open"):
        topic.numbers()
    with pytest.raises(Unavailable, match="another transaction is open"):
        topic.published.kept_since(None)
    topic.abort()
    assert topic.numbers() == [1]


def test_a_topic_that_was_cut_is_complete_only_from_after_the_first_record_it_keeps(topic: Topic) -> None:
    topic.publish(1, at=NOON)
    topic.publish(2, at=NOON + timedelta(hours=1))
    topic.publish(3, at=NOON + timedelta(hours=2))
    assert topic.published.kept_since(None)
    topic.forget_before(2)  # the first record and the marker of its transaction
    assert not topic.published.kept_since(None)
    assert not topic.published.kept_since(NOON + timedelta(hours=1))
    assert topic.published.kept_since(NOON + timedelta(hours=2))
    assert topic.numbers() == [2, 3]


def test_a_topic_that_was_emptied_is_not_complete(topic: Topic) -> None:
    topic.publish(1)
    topic.forget_before(2)
    assert not topic.published.kept_since(NOON)


def test_a_topic_that_does_not_exist_has_no_outcomes(kafka: str, unique_name: str) -> None:
    published = TopicsPublished({"bootstrap.servers": kafka}, [f"{unique_name}.missing"], unique_name)
    assert list(published.since(None)) == []
    assert published.kept_since(None)


def test_a_cluster_that_does_not_answer_is_unavailable(unique_name: str) -> None:
    published = TopicsPublished({"bootstrap.servers": "127.0.0.1:1"}, ["outcomes"], unique_name, timeout=0.5)
    with pytest.raises(Unavailable):
        list(published.since(None))
