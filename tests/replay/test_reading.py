"""A real topic, read to what its end was at first, from a time on, or at one place."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer

from consumer.kafka import consumer_config
from consumer.replay.reading import RetainedRecords, asked_again
from consumer.settings import KafkaSettings

pytestmark = pytest.mark.parts

NOW = datetime.fromtimestamp(int(time.time()), UTC)

Read = Callable[[datetime | None], RetainedRecords]


@pytest.fixture
def retained(kafka: str, create_topic: Callable[..., str], unique_name: str) -> Read:
    """Two records of an hour ago and one of now in one partition, one of an hour ago in the other."""
    topic = create_topic("dead", 2)
    producer = Producer({"bootstrap.servers": kafka})
    ago = NOW - timedelta(hours=1)
    for partition, value, at in ((0, b"a", ago), (0, b"b", ago), (0, b"c", NOW), (1, b"d", ago)):
        producer.produce(topic, value, None, partition, timestamp=int(at.timestamp() * 1_000))
    assert producer.flush(30) == 0
    settings = KafkaSettings(bootstrap_servers=kafka, group_id=unique_name)
    return lambda since: RetainedRecords(consumer_config(settings), topic, since=since)


def values(records: RetainedRecords) -> list[str]:
    return sorted(str(record.value()) for record, _ in records)


def test_all_is_read_as_often_as_it_is_asked_for(retained: Read) -> None:
    records = retained(None)
    assert records.total == 4
    assert values(records) == values(records) == ["b'a'", "b'b'", "b'c'", "b'd'"]


def test_only_what_came_since_a_time_is_read(retained: Read) -> None:
    records = retained(NOW - timedelta(minutes=1))
    assert (records.total, values(records)) == (1, ["b'c'"])


def test_nothing_came_since_a_time_to_come(retained: Read) -> None:
    assert values(retained(NOW + timedelta(days=1))) == []


def test_one_record_is_found_by_its_place(retained: Read) -> None:
    found = retained(None).at(0, 1)
    assert found is not None
    assert (found.partition(), found.offset(), found.value()) == (0, 1, b"b")


@pytest.mark.parametrize("place", [(0, 3), (1, 1), (2, 0)])
def test_at_a_place_without_a_record_there_is_none(retained: Read, place: tuple[int, int]) -> None:
    assert retained(None).at(*place) is None


def refusing(code: int, times: int) -> Callable[[], str]:
    """A question that is refused so many times."""
    answers = iter([KafkaException(KafkaError(code))] * times)

    def ask() -> str:
        for refusal in answers:
            raise refusal
        return "asked"

    return ask


def test_while_a_leader_moves_it_is_asked_again() -> None:
    assert asked_again(refusing(KafkaError.NOT_LEADER_FOR_PARTITION, 3), pause=lambda _: None) == "asked"


@pytest.mark.parametrize(
    ("code", "times"), [(KafkaError.NOT_LEADER_FOR_PARTITION, 1_000), (KafkaError.TOPIC_AUTHORIZATION_FAILED, 1)]
)
def test_any_other_refusal_and_one_that_stays_is_raised(code: int, times: int) -> None:
    with pytest.raises(KafkaException):
        asked_again(refusing(code, times), pause=lambda _: None)
