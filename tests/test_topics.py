"""Creating the topics, on Apache Kafka and on a cluster that creates none by request."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType  # pyright: ignore[reportPrivateImportUsage] - where its own docs take it from

from consumer.errors import Stop
from consumer.settings import KafkaSettings, Topics
from consumer.topics import TopicAdmin, create_topics, impossible
from sandbox.embedded.kafka import EmbeddedKafka


@pytest.fixture
def settings(kafka: str, topic_prefix: str) -> Iterator[KafkaSettings]:
    """The cluster of one broker, and topics that no other test has."""
    names = {field: f"{topic_prefix}{field}" for field in Topics.model_fields}
    yield KafkaSettings(bootstrap_servers=kafka, topics=Topics(**names))
    admin: Any = AdminClient({"bootstrap.servers": kafka})  # its futures are untyped
    there = [name for name in names.values() if name in admin.list_topics(timeout=10).topics]
    for done in admin.delete_topics(there).values() if there else ():
        done.result(30)


def config_of(kafka: str, topic: str) -> dict[str, str]:
    admin: Any = AdminClient({"bootstrap.servers": kafka})
    resource = ConfigResource(ResourceType.TOPIC, topic)
    deadline = time.monotonic() + 30
    while True:
        try:
            entries = admin.describe_configs([resource])[resource].result(30)
        except KafkaException as failure:
            # A broker answers for a topic some time after its creation was acknowledged.
            if failure.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART or time.monotonic() > deadline:
                raise
        else:
            return {name: entry.value for name, entry in entries.items()}


@pytest.mark.parts
def test_topics_are_created_once(settings: KafkaSettings) -> None:
    assert set(create_topics(settings, partitions=2, replication=1).values()) == {True}
    assert set(create_topics(settings, partitions=2, replication=1).values()) == {False}


@pytest.mark.parts
def test_one_replica_is_enough_where_there_is_only_one(settings: KafkaSettings) -> None:
    create_topics(settings, partitions=1, replication=1)
    assert config_of(settings.bootstrap_servers, settings.topics.status_changed)["min.insync.replicas"] == "1"
    assert config_of(settings.bootstrap_servers, settings.topics.relay_progress)["cleanup.policy"] == "compact"


@pytest.mark.parts
def test_for_a_single_broker_what_it_needs_is_reported_before_anything_is_created(settings: KafkaSettings) -> None:
    with pytest.raises(Stop) as stop:
        create_topics(settings, partitions=1, replication=3)
    assert "this cluster has 1 broker" in str(stop.value)
    assert "`--replication 1`" in str(stop.value)
    assert "min.insync.replicas=1" in str(stop.value)
    assert set(create_topics(settings, partitions=1, replication=1).values()) == {True}


@pytest.mark.parts
def test_every_topic_that_is_refused_is_named(settings: KafkaSettings) -> None:
    names = settings.topics.model_copy(update={"dead_letters": "a/b", "relay_progress": "c/d"})
    with pytest.raises(Stop) as stop:
        create_topics(settings.model_copy(update={"topics": names}), partitions=1, replication=1)
    assert "`a/b`" in str(stop.value)
    assert "`c/d`" in str(stop.value)


@pytest.mark.parts
def test_a_cluster_with_settings_that_it_can_meet_has_no_impossible_ones(settings: KafkaSettings) -> None:
    assert TopicAdmin(settings).impossible_settings() == []


def test_settings_for_more_brokers_than_there_are_are_impossible() -> None:
    broker = {"offsets.topic.replication.factor": "3", "transaction.state.log.min.isr": "2", "log.retention.ms": "9"}
    assert list(impossible(broker, brokers=1)) == [
        "offsets.topic.replication.factor=3",
        "transaction.state.log.min.isr=2",
    ]
    assert list(impossible(broker, brokers=3)) == []


def test_topics_that_others_created_are_enough_where_none_can_be_created() -> None:
    with EmbeddedKafka() as kafka:
        settings = KafkaSettings(bootstrap_servers=kafka.bootstrap_servers)
        for name in settings.topics.model_dump().values():
            kafka.create_topic(name)
        admin = TopicAdmin(settings)
        assert set(admin.create(partitions=1, replication=3).values()) == {False}
        assert admin.impossible_settings() == []


def test_a_kafka_that_does_not_answer_is_named_with_the_reason() -> None:
    with pytest.raises(Stop, match=r"Kafka is not responding at 127\.0\.0\.1:1: .*refused"):
        create_topics(KafkaSettings(bootstrap_servers="127.0.0.1:1"), partitions=1, replication=1)
