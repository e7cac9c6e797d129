"""librdkafka's own mock cluster as an embedded Kafka: brokers on the loopback, inside this process.

Enough for a demonstration: groups, offsets and topics that appear on use work between any clients of this machine. It proves nothing about
transactions: they are accepted, but what was aborted stays visible. Topics can't be created by request, and a partition forgets its
oldest records beyond 5 MB. Consumers should set `group.protocol=consumer`: with the classic protocol the first member waits three
seconds, and a group whose last member left can never be joined again.
"""

from typing import Self

from confluent_kafka import KafkaException, Producer

from consumer.errors import Stop

_DEADLINE = 10.0


class EmbeddedKafka:
    """A Kafka that lives as long as this object. Each topic appears on first use, with `PARTITIONS` partitions."""

    PARTITIONS = 4
    """What librdkafka gives every topic of its mock cluster; no setting changes it."""

    def __init__(self, *, brokers: int = 1) -> None:
        self._settings = {"test.mock.num.brokers": brokers, "log_level": 0}
        self._host: Producer | None = None
        self._addresses: list[str] = []

    @property
    def bootstrap_servers(self) -> str:
        """Addresses of its brokers, on free ports; empty while it is not started."""
        return ",".join(self._addresses)

    def start(self) -> None:
        """Start the brokers; they answer when this returns. Raises Stop where they don't."""
        self._host = Producer(self._settings)
        try:
            found = self._host.list_topics(timeout=_DEADLINE)
        except KafkaException as failure:
            raise Stop(f"The embedded Kafka did not answer within {_DEADLINE:.0f} s.") from failure
        self._addresses = [f"{broker.host}:{broker.port}" for broker in found.brokers.values()]

    def create_topic(self, name: str) -> None:
        """Make the topic appear before anyone uses it, so that a consumer subscribed to it finds it at once. Needs `start`."""
        if self._host:
            self._host.list_topics(name, timeout=_DEADLINE)

    def stop(self) -> None:
        """End the brokers; all records are gone."""
        self._host = None
        self._addresses = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
