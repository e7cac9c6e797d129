"""The idempotent producer: whatever gets lost, a record whose delivery is reported is there once."""

from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from proof.simulation.kafka import Request
from proof.simulation.kafka.producer import LARGEST
from proof.simulation.process import Process
from proof.simulation.threads import Killed
from tests.proof.simulation.driven import Driver

TOPIC = "dead"


class Sender:
    """A producer, and its delivery reports."""

    def __init__(self, driver: Driver, *, message_timeout: float = 300) -> None:
        self.cluster = driver.cluster
        self.cluster.create_topic(TOPIC, 1)
        self.process = Process("one")
        self.client: Any = driver.client(self.cluster.producer(self.process, message_timeout=message_timeout))
        self.reports: list[str | None] = []

    def send(self, *values: bytes, within: float = 30) -> int:
        for value in values:
            self.client.produce(TOPIC, value, b"key", headers=[("h", "x")], on_delivery=self._reported)
        return self.client.flush(within)

    def values(self) -> list[bytes | None]:
        return [record.value() for record in self.cluster.read_committed(TOPIC)]

    def _reported(self, error: KafkaError | None, _record: object) -> None:
        self.reports.append(error.name() if error else None)


def test_what_is_sent_is_there_in_its_order_and_reported(driver: Driver) -> None:
    sender = Sender(driver)
    assert sender.send(b"1", b"2") == 0
    assert (sender.values(), sender.reports) == ([b"1", b"2"], [None, None])
    (record, _) = sender.cluster.read_committed(TOPIC)
    assert (record.key(), record.headers()) == (b"key", [("h", b"x")])


@pytest.mark.parametrize("lands_after", [0.0, 3.0, None])
def test_what_is_asked_for_twice_is_there_once(driver: Driver, lands_after: float | None) -> None:
    sender = Sender(driver)
    sender.cluster.lose(Request.PRODUCE, lands_after=lands_after)
    assert sender.send(b"1", b"2") == 0
    driver.pass_time(10)
    assert (sender.values(), sender.reports) == ([b"1", b"2"], [None, None])


def test_what_is_not_answered_in_time_is_still_on_its_way_and_reported_later(driver: Driver) -> None:
    sender = Sender(driver)
    sender.cluster.outage(20)
    assert sender.send(b"1", within=5) == 1
    assert sender.reports == []
    assert sender.send(within=30) == 0
    assert (sender.values(), sender.reports) == ([b"1"], [None])


@pytest.mark.parametrize(("lands_after", "there"), [(0.0, [b"1"]), (7.0, [b"1"]), (None, [])])
def test_a_message_that_is_given_up_may_be_there_or_not(
    driver: Driver, lands_after: float | None, there: list[bytes]
) -> None:
    sender = Sender(driver, message_timeout=4)
    sender.cluster.lose(Request.PRODUCE, lands_after=lands_after, noticed_after=60)
    assert sender.send(b"1") == 0
    assert sender.reports == ["_MSG_TIMED_OUT"]
    driver.pass_time(10)
    assert sender.values() == there


def test_a_message_that_is_too_large_is_refused_at_once(driver: Driver) -> None:
    sender = Sender(driver)
    with pytest.raises(KafkaException) as caught:
        sender.send(b"x" * LARGEST)
    assert caught.value.args[0].code() == KafkaError.MSG_SIZE_TOO_LARGE


def test_the_dead_send_nothing(driver: Driver) -> None:
    sender = Sender(driver)
    sender.process.alive = False
    with pytest.raises(Killed):
        sender.send(b"1")
    assert sender.values() == []
