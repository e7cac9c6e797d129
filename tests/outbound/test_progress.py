"""The progress record on real Kafka: visible exactly when its batch is."""

from collections.abc import Callable

import pytest
from confluent_kafka import Producer

from consumer.errors import Stop, Unavailable
from consumer.outbound.progress import PARTITION, TopicProgress

pytestmark = pytest.mark.parts


def producer(kafka: str, relay: str) -> Producer:
    made = Producer({"bootstrap.servers": kafka, "transactional.id": relay})
    made.init_transactions(30)
    return made


def tell(of: Producer, topic: str, relay: str, number: int, *, commit: bool = True) -> None:
    of.begin_transaction()
    of.produce(topic, str(number).encode(), relay.encode(), PARTITION)
    if commit:
        of.commit_transaction(30)
    else:
        of.abort_transaction(30)


@pytest.fixture
def topic(create_topic: Callable[..., str]) -> str:
    return create_topic("progress")


@pytest.fixture
def progress(kafka: str, topic: str, unique_name: str) -> TopicProgress:
    return TopicProgress({"bootstrap.servers": kafka}, topic, unique_name)


def test_where_nothing_was_published_progress_is_zero(progress: TopicProgress) -> None:
    assert progress.read() == 0


def test_the_newest_committed_number_is_read(kafka: str, topic: str, unique_name: str, progress: TopicProgress) -> None:
    relay = producer(kafka, unique_name)
    for number in (1, 2, 3):
        tell(relay, topic, unique_name, number)
    assert progress.read() == 3


def test_what_was_aborted_was_never_published(
    kafka: str, topic: str, unique_name: str, progress: TopicProgress
) -> None:
    relay = producer(kafka, unique_name)
    tell(relay, topic, unique_name, 1)
    tell(relay, topic, unique_name, 2, commit=False)
    assert progress.read() == 1


def test_a_record_far_from_the_end_is_found(kafka: str, topic: str, unique_name: str, progress: TopicProgress) -> None:
    tell(producer(kafka, unique_name), topic, unique_name, 7)
    other = producer(kafka, f"{unique_name}-other")
    for number in range(40):
        tell(other, topic, f"{unique_name}-other", number)
    assert progress.read() == 7


def test_what_a_dead_relay_left_open_is_aborted_by_the_next(
    kafka: str, topic: str, unique_name: str, progress: TopicProgress
) -> None:
    dead = producer(kafka, unique_name)
    tell(dead, topic, unique_name, 1)
    dead.begin_transaction()
    dead.produce(topic, b"2", unique_name.encode(), PARTITION)
    dead.flush(10)
    producer(kafka, unique_name)
    assert progress.read() == 1


def test_a_missing_topic_stops_with_what_to_do(kafka: str, unique_name: str) -> None:
    with pytest.raises(Stop, match="provisioner topics create"):
        TopicProgress({"bootstrap.servers": kafka}, f"{unique_name}.missing", unique_name).read()


def test_while_another_relays_transaction_hides_the_topics_end_progress_is_not_guessed(
    kafka: str, topic: str, unique_name: str, progress: TopicProgress
) -> None:
    ours, other = producer(kafka, unique_name), producer(kafka, f"{unique_name}-other")
    tell(ours, topic, unique_name, 1)
    other.begin_transaction()
    other.produce(topic, b"1", f"{unique_name}-other".encode(), PARTITION)
    other.flush(10)
    tell(ours, topic, unique_name, 2)
    with pytest.raises(Unavailable, match="another transaction is open"):
        progress.read()
    other.abort_transaction(30)
    assert progress.read() == 2


def test_a_record_that_is_no_number_stops_with_the_topics_name(
    kafka: str, topic: str, unique_name: str, progress: TopicProgress
) -> None:
    stranger = Producer({"bootstrap.servers": kafka})
    stranger.produce(topic, b"maria", unique_name.encode(), PARTITION)
    stranger.flush(10)
    with pytest.raises(Stop, match="another program writes there"):
        progress.read()
