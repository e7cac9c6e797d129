"""Creates the topics that the service reads and writes, for clusters that leave that to their users."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType  # pyright: ignore[reportPrivateImportUsage]  where its own docs take it from

from consumer.errors import Stop
from consumer.kafka import Config, admin_config
from consumer.settings import KafkaSettings, Topics

_PATIENCE, _TIMEOUT = 10.0, 30.0
_REFUSED = {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED}
_OWN_TOPICS = (
    "offsets.topic.replication.factor",
    "transaction.state.log.replication.factor",
    "transaction.state.log.min.isr",
)


def wanted(topics: Topics, *, partitions: int, replication: int) -> Sequence[NewTopic]:
    """All of them. Dead letters and progress have one partition: the order of the former, and the only record of the latter, matter.

    `acks=all` is worth what `min.insync.replicas` says: two of three replicas or more. Fewer replicas can only ask for one.
    """
    in_sync = {"min.insync.replicas": "2" if replication > 2 else "1"}  # noqa: PLR2004  said above

    def topic(name: str, count: int, config: Mapping[str, str] | None = None) -> NewTopic:
        return NewTopic(
            name, num_partitions=count, replication_factor=replication, config={**in_sync, **(config or {})}
        )

    return [
        topic(topics.status_changed, partitions),
        topic(topics.account_provisioned, partitions),
        topic(topics.account_changed, partitions),
        topic(topics.account_provisioning_failed, partitions),
        topic(topics.welcome_email_status, partitions),
        topic(topics.account_planned, partitions),
        topic(topics.dead_letters, 1, {"retention.ms": "-1"}),
        topic(topics.relay_progress, 1, {"cleanup.policy": "compact"}),
    ]


class TopicAdmin:
    """Talks to one cluster. Blocking."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._heard = ""
        config: Config = {**admin_config(settings), "error_cb": self._hear}
        self._admin: Any = AdminClient(config)  # its stubs leave the futures' type open

    def create(self, *, partitions: int, replication: int) -> Mapping[str, bool]:
        """Creates the topics that are missing; of each, whether it was. Nothing is asked for where all are there.

        Raises `Stop` where Kafka does not answer, has fewer brokers than `replication`, or refuses topics, with every refusal.
        """
        topics = wanted(self._settings.topics, partitions=partitions, replication=replication)
        found = self._metadata()
        missing = [topic for topic in topics if topic.topic not in found.topics]
        if missing and replication > len(found.brokers):
            raise Stop(too_few_brokers(len(found.brokers), replication))
        futures: Mapping[str, Future[None]] = (
            self._admin.create_topics(missing, request_timeout=_TIMEOUT) if missing else {}
        )
        outcomes = {name: _refusal(future) for name, future in futures.items()}
        if refusals := [_sentence(name, error) for name, error in outcomes.items() if error and not _is_there(error)]:
            raise Stop("\n".join(refusals))
        return {topic.topic: topic.topic in outcomes and outcomes[topic.topic] is None for topic in topics}

    def impossible_settings(self) -> Sequence[str]:
        """Broker settings for Kafka's own topics that this cluster has too few brokers for; none where it does not show its settings."""
        brokers = self._metadata().brokers
        resource = ConfigResource(ResourceType.BROKER, str(next(iter(brokers), 0)))
        try:
            entries = self._admin.describe_configs([resource], request_timeout=_PATIENCE)[resource].result()
        except KafkaException:
            return []
        return list(impossible({name: entry.value for name, entry in entries.items()}, brokers=len(brokers)))

    def _metadata(self) -> Any:  # noqa: ANN401  its stubs leave it open
        try:
            return self._admin.list_topics(timeout=_PATIENCE)
        except KafkaException as failure:
            self._admin.poll(0)
            error: KafkaError = failure.args[0]
            why = self._heard or error.str()
            raise Stop(f"Kafka is not responding at {self._settings.bootstrap_servers}: {why}.") from failure

    def _hear(self, error: KafkaError) -> None:
        if error.code() != KafkaError._ALL_BROKERS_DOWN:  # noqa: SLF001  its name; it follows the error that says why
            self._heard = error.str()


def create_topics(settings: KafkaSettings, *, partitions: int, replication: int) -> Mapping[str, bool]:
    return TopicAdmin(settings).create(partitions=partitions, replication=replication)


def too_few_brokers(brokers: int, replication: int) -> str:
    """What to do about it."""
    if brokers == 1:
        return (
            f"A replication factor of {replication} needs {replication} brokers; this cluster has 1 broker. Give `--replication 1`: the "
            "topics then have min.insync.replicas=1. A single broker is for trials: when its disk fails, accepted events are lost."
        )
    return (
        f"A replication factor of {replication} needs {replication} brokers; this cluster has {brokers} brokers. "
        f"Give `--replication {brokers}`, or wait until all brokers are up."
    )


def impossible(settings: Mapping[str, str | None], *, brokers: int) -> Iterator[str]:
    """Of a broker's settings for Kafka's own topics, those that ask for more brokers than there are: no group and no transaction works."""
    for name in _OWN_TOPICS:
        value = settings.get(name) or ""
        if value.isdecimal() and int(value) > brokers:
            yield f"{name}={value}"


def _refusal(future: "Future[None]") -> KafkaError | None:
    try:
        future.result()
    except KafkaException as refusal:
        error: KafkaError = refusal.args[0]
        return error
    return None


def _is_there(error: KafkaError) -> bool:
    return error.code() == KafkaError.TOPIC_ALREADY_EXISTS


def _sentence(name: str, error: KafkaError) -> str:
    advice = " Allow this user CREATE on the topic, or have it created for you." if error.code() in _REFUSED else ""
    return f"Kafka does not create the topic `{name}`: {error.str()}{advice}"
