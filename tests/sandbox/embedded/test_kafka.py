from collections.abc import Collection

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from sandbox.embedded.kafka import EmbeddedKafka


def test_records_pass_between_clients_that_only_know_the_address() -> None:
    with EmbeddedKafka() as kafka:
        producer = Producer({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 0})
        for number in range(10):
            producer.produce("greetings", b"hello", key=str(number))
        assert producer.flush(10) == 0
        assert _read(kafka, "greetings", 10) == [b"hello"] * 10


def test_a_group_resumes_where_it_committed() -> None:
    with EmbeddedKafka() as kafka:
        producer = Producer({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 0})
        producer.produce("greetings", b"first", partition=0)
        producer.flush(10)
        assert _read(kafka, "greetings", 1) == [b"first"]
        producer.produce("greetings", b"second", partition=0)
        producer.flush(10)
        assert _read(kafka, "greetings", 1) == [b"second"]


def test_a_transaction_is_accepted() -> None:
    with EmbeddedKafka() as kafka:
        producer = Producer({"bootstrap.servers": kafka.bootstrap_servers, "transactional.id": "relay", "log_level": 0})
        producer.init_transactions(10)
        producer.begin_transaction()
        producer.produce("outcomes", b"done")
        producer.commit_transaction(10)
        assert _read(kafka, "outcomes", 1) == [b"done"]


def test_a_topic_has_the_partitions_that_were_requested() -> None:
    with EmbeddedKafka() as kafka:
        kafka.create_topic("greetings")
        observer = Producer({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 0})
        assert len(observer.list_topics("greetings", timeout=10).topics["greetings"].partitions) == kafka.PARTITIONS


def test_its_topics_are_gone_after_the_stop() -> None:
    with EmbeddedKafka() as kafka:
        kafka.create_topic("farewell")
        orphan = Producer({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 0})
        assert "farewell" in _topics(orphan, seconds=10)
    assert "farewell" not in _topics(orphan, seconds=0.3)


def _topics(client: Producer, *, seconds: float) -> Collection[str]:
    """The topics of the server that listens there: none, or another that has the port since."""
    try:
        return client.list_topics(timeout=seconds).topics
    except KafkaException:
        return ()


def _read(kafka: EmbeddedKafka, topic: str, count: int) -> list[bytes | None]:
    """That many records for a group, with its offsets committed; fewer when they don't come in time."""
    reader = Consumer(
        {
            "bootstrap.servers": kafka.bootstrap_servers,
            "group.id": "readers",
            "group.protocol": "consumer",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "log_level": 0,
        }
    )
    try:
        reader.subscribe([topic])
        records = reader.consume(count, 20)
        ends = {record.partition() or 0: (record.offset() or 0) + 1 for record in records}
        reader.commit(offsets=[TopicPartition(topic, *end) for end in ends.items()], asynchronous=False)
        return [record.value() for record in records]
    finally:
        reader.close()
