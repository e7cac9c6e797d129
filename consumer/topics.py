"""Creates the topics that the service reads and writes, for clusters that leave that to their users."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic  # pyright: ignore[reportPrivateImportUsage]  where its own docs take it from

from consumer.errors import Stop
from consumer.kafka import admin_config
from consumer.settings import KafkaSettings, Topics

_TIMEOUT = 30.0


def wanted(topics: Topics, *, partitions: int, replication: int) -> Sequence[NewTopic]:
    """All of them. Dead letters and progress have one partition: the order of the former, and the only record of the latter, matter."""

    def topic(name: str, count: int, config: dict[str, str] | None = None) -> NewTopic:
        return NewTopic(name, num_partitions=count, replication_factor=replication, config=config or {})

    return [
        topic(topics.status_changed, partitions),
        topic(topics.account_provisioned, partitions),
        topic(topics.account_provisioning_failed, partitions),
        topic(topics.welcome_email_status, partitions),
        topic(topics.dead_letters, 1, {"retention.ms": "-1"}),
        topic(topics.relay_progress, 1, {"cleanup.policy": "compact"}),
    ]


def create_topics(settings: KafkaSettings, *, partitions: int, replication: int) -> Mapping[str, bool]:
    """Creates those that are missing; whether each was. Raises `Stop` where the cluster refuses."""
    config: dict[str, Any] = {**admin_config(settings)}
    admin: Any = AdminClient(config)  # its stubs leave the futures' type open
    topics = list(wanted(settings.topics, partitions=partitions, replication=replication))
    futures: Mapping[str, Future[None]] = admin.create_topics(topics, request_timeout=_TIMEOUT)
    return {name: _created(name, future) for name, future in futures.items()}


def _created(name: str, future: "Future[None]") -> bool:
    try:
        future.result()
    except KafkaException as refusal:
        error: KafkaError = refusal.args[0]
        if error.code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return False
        raise Stop(f"Kafka does not create the topic `{name}`: {error.str()}") from refusal
    return True
