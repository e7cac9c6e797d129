"""The parts as tests meet them."""

import json
import urllib.request
from collections.abc import Callable

import psycopg
import pytest
from confluent_kafka import Consumer, Producer


@pytest.mark.parts
def test_a_topic_of_ones_own_takes_and_gives_a_record(
    kafka: str, create_topic: Callable[..., str], unique_name: str
) -> None:
    topic = create_topic("greetings", partitions=3)
    producer = Producer({"bootstrap.servers": kafka})
    producer.produce(topic, b"hello")
    assert producer.flush(30) == 0
    consumer = Consumer({"bootstrap.servers": kafka, "group.id": unique_name, "auto.offset.reset": "earliest"})
    try:
        consumer.subscribe([topic])
        record = consumer.poll(30)
        assert record is not None
        assert record.value() == b"hello"
    finally:
        consumer.close()


@pytest.mark.parts
@pytest.mark.parametrize("_", [1, 2])
def test_every_test_gets_an_empty_database(database_url: str, _: int) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE mine (id int)")
        assert connection.execute("SELECT count(*) FROM mine").fetchone() == (0,)


@pytest.mark.parts
def test_the_registry_speaks_confluents_api(apicurio: str) -> None:
    with urllib.request.urlopen(f"{apicurio}/subjects", timeout=10) as answer:  # noqa: S310 - our own address
        assert isinstance(json.load(answer), list)
