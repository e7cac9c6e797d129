"""Transactions that come to grief. What they do otherwise, `tests/outbound/test_transactions.py` holds to Apache Kafka too."""

from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from consumer.errors import Stop, Unavailable
from proof.simulation.kafka import Request
from proof.simulation.kafka.transactions import TRANSACTION_TIMEOUT
from proof.simulation.process import Process
from tests.proof.simulation.driven import Driver

TOPIC, RELAY = "outcomes", "relay"


class Relay:
    """A transactional producer of the relay's name, ready for use."""

    def __init__(self, driver: Driver, name: str = RELAY) -> None:
        self._cluster = driver.cluster
        self.client: Any = driver.client(self._cluster.transactional_producer(Process("one"), name))
        self.client.init_transactions(30)

    def begin(self, *values: bytes) -> None:
        self.client.begin_transaction()
        self.add(*values)

    def add(self, *values: bytes) -> None:
        for value in values:
            self.client.produce(TOPIC, value, b"key", 0)
        assert self.client.flush(30) == 0

    def commit(self, timeout: float = 30) -> None:
        self.client.commit_transaction(timeout)


@pytest.fixture(autouse=True)
def topic(driver: Driver) -> None:
    driver.cluster.create_topic(TOPIC, 1)


def seen(driver: Driver) -> list[bytes | None]:
    return [record.value() for record in driver.cluster.read_committed(TOPIC)]


@pytest.mark.parametrize("lands_after", [0.0, 2.0, None])
def test_a_commit_whose_answer_is_lost_is_asked_for_again_and_there_once(
    driver: Driver, lands_after: float | None
) -> None:
    relay = Relay(driver)
    relay.begin(b"1")
    driver.cluster.lose(Request.END, lands_after=lands_after)
    relay.commit()
    assert seen(driver) == [b"1"]


def test_a_commit_without_an_answer_in_time_can_be_gone_on_with(driver: Driver) -> None:
    relay = Relay(driver)
    relay.begin(b"1")
    driver.cluster.outage(6)
    with pytest.raises(KafkaException) as caught:
        relay.commit(4)
    assert caught.value.args[0].retriable()
    assert seen(driver) == []
    relay.commit(4)
    assert seen(driver) == [b"1"]


@pytest.mark.parametrize(("lands_after", "there"), [(0.0, [b"1"]), (20.0, []), (None, [])])
def test_a_successor_settles_the_fate_of_a_commit_that_was_given_up(
    driver: Driver, lands_after: float | None, there: list[bytes]
) -> None:
    relay = Relay(driver)
    relay.begin(b"1")
    driver.cluster.lose(Request.END, lands_after=lands_after, noticed_after=60)
    with pytest.raises(KafkaException):
        relay.commit(4)
    Relay(driver)
    assert seen(driver) == there
    driver.pass_time(30)
    assert seen(driver) == there


def test_a_late_commit_tears_the_same_producers_next_transaction(driver: Driver) -> None:
    relay = Relay(driver)
    relay.begin(b"1")
    driver.cluster.lose(Request.END, lands_after=10)
    relay.commit()
    relay.begin(b"2")
    driver.pass_time(10)
    assert seen(driver) == [b"1", b"2"]
    relay.add(b"3")
    Relay(driver)
    assert seen(driver) == [b"1", b"2"]


def test_a_late_commit_does_nothing_to_a_successors_transaction(driver: Driver) -> None:
    relay = Relay(driver)
    relay.begin(b"1")
    driver.cluster.lose(Request.END, lands_after=10)
    relay.commit()
    successor = Relay(driver)
    successor.begin(b"2")
    driver.pass_time(10)
    assert seen(driver) == [b"1"]
    successor.commit()
    assert seen(driver) == [b"1", b"2"]


def test_a_transaction_that_takes_too_long_is_aborted_and_its_producer_fenced(driver: Driver) -> None:
    relay = Relay(driver)
    relay.begin(b"1")
    driver.cluster.produce(TOPIC, None, b"plain", partition=0)
    assert seen(driver) == []
    driver.pass_time(TRANSACTION_TIMEOUT + 1)
    assert seen(driver) == [b"plain"]
    with pytest.raises(KafkaException) as caught:
        relay.commit()
    assert caught.value.args[0].code() == KafkaError._FENCED


def test_a_transaction_times_out_even_if_the_cluster_was_away_meanwhile(driver: Driver) -> None:
    relay = Relay(driver)
    relay.begin(b"1")
    driver.cluster.outage(TRANSACTION_TIMEOUT + 10)
    driver.pass_time(TRANSACTION_TIMEOUT + 20)
    with pytest.raises(KafkaException):
        relay.commit()
    assert seen(driver) == []


def test_records_that_are_asked_for_twice_are_there_once(driver: Driver) -> None:
    relay = Relay(driver)
    driver.cluster.lose(Request.PRODUCE)
    relay.begin(b"1", b"2")
    relay.commit()
    assert seen(driver) == [b"1", b"2"]


def test_aborted_records_are_on_the_topic_and_not_seen(driver: Driver) -> None:
    relay = Relay(driver)
    relay.begin(b"1")
    relay.client.abort_transaction(30)
    assert seen(driver) == []
    assert [record.value() for record in driver.cluster.records(TOPIC)] == [b"1"]


def test_progress_is_not_to_be_had_in_an_outage_nor_without_its_topic(driver: Driver) -> None:
    progress: Any = driver.client(driver.cluster.progress(Process("one"), "missing", RELAY))
    with pytest.raises(Stop):
        progress.read()
    progress = driver.client(driver.cluster.progress(Process("one"), TOPIC, RELAY))
    driver.cluster.outage(60)
    with pytest.raises(Unavailable):
        progress.read()
