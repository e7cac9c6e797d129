"""Reads topics, their settings and what this client may do, with an admin client. Blocking; creates nothing, joins no group."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka import admin as kafka_admin

from consumer.kafka import admin_config
from consumer.preflight.finding import Finding
from consumer.preflight.judgement.kafka import Cluster, Refused, Topic, Wanted, of_cluster, of_unreachable
from consumer.settings import KafkaSettings
from consumer.topics import wanted

_CREDENTIALS = {KafkaError._AUTHENTICATION, KafkaError._SSL, KafkaError.SASL_AUTHENTICATION_FAILED}  # noqa: SLF001  their names
_FORBIDDEN = {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED}
_MISSING = {KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC}  # noqa: SLF001  its name


def look(settings: KafkaSettings, *, timeout: float) -> Sequence[Finding]:
    """Everything that is wrong with the cluster, the topics and the group. Each request lasts `timeout` seconds at most."""
    heard: list[KafkaError] = []
    try:
        cluster = _read(settings, heard, timeout)
    except KafkaException as error:
        relevant = next((one for one in heard if one.code() in _CREDENTIALS), heard[0] if heard else error.args[0])
        return [of_unreachable(relevant.str().rstrip("."), credentials=relevant.code() in _CREDENTIALS)]
    return list(of_cluster(cluster, _wanted(settings), settings))


def _read(settings: KafkaSettings, heard: list[KafkaError], timeout: float) -> Cluster:
    """What the cluster shows. `heard` is given what librdkafka says of the brokers meanwhile; its own lines on stderr say the same."""
    config: dict[str, Any] = {**admin_config(settings), "error_cb": heard.append, "log_level": 0}
    admin: Any = kafka_admin.AdminClient(config)
    brokers = len(admin.list_topics(timeout=timeout).brokers)
    topics = _topics(admin, settings.topics.model_dump(), timeout)
    return Cluster(brokers, topics, _group(admin, settings.group_id, timeout))


def _wanted(settings: KafkaSettings) -> Mapping[str, Wanted]:
    """What `provisioner topics create` would make, apart from what is the operator's choice: most partitions, and how many replicas."""
    any_number = 2
    found: dict[str, Wanted] = {}
    for topic in wanted(settings.topics, partitions=any_number, replication=1):
        config = {name: value for name, value in (topic.config or {}).items() if name != "min.insync.replicas"}
        found[topic.topic] = Wanted(None if topic.num_partitions == any_number else topic.num_partitions, config)
    return {key: found[name] for key, name in settings.topics.model_dump().items()}


def _topics(admin: Any, names: Mapping[str, str], timeout: float) -> Mapping[str, Topic | Refused]:  # noqa: ANN401  its stubs say too little
    collection = TopicCollection(list(dict.fromkeys(names.values())))
    described: Mapping[str, Future[Any]] = admin.describe_topics(
        collection, include_authorized_operations=True, request_timeout=timeout
    )
    shown = {name: _result(future) for name, future in described.items()}
    existing = [name for name, one in shown.items() if not isinstance(one, Refused)]
    settings = _settings(admin, existing, timeout)
    topics: dict[str, Topic | Refused] = {}
    for key, name in names.items():
        one = shown[name]
        if isinstance(one, Refused):
            topics[key] = one
            continue
        replicas = min((len(partition.replicas) for partition in one.partitions), default=0)
        topics[key] = Topic(len(one.partitions), replicas, _operations(one), settings.get(name))
    return topics


def _settings(admin: Any, names: Sequence[str], timeout: float) -> Mapping[str, Mapping[str, str]]:  # noqa: ANN401  its stubs say too little
    """Those of each topic that shows them."""
    if not names:
        return {}
    module: Any = kafka_admin  # it does not say that these are its own
    resources = [module.ConfigResource(module.ResourceType.TOPIC, name) for name in names]
    futures: Mapping[Any, Future[Any]] = admin.describe_configs(resources, request_timeout=timeout)
    found = {resource.name: _result(future) for resource, future in futures.items()}
    return {
        name: {entry.name: str(entry.value) for entry in one.values()}
        for name, one in found.items()
        if not isinstance(one, Refused)
    }


def _group(admin: Any, group_id: str, timeout: float) -> frozenset[str] | Refused | None:  # noqa: ANN401  its stubs say too little
    futures: Mapping[str, Future[Any]] = admin.describe_consumer_groups(
        [group_id], include_authorized_operations=True, request_timeout=timeout
    )
    found = _result(futures[group_id])
    if isinstance(found, Refused):
        return found if found.forbidden else None  # a group that has never been there is not shown either
    return _operations(found)


def _operations(described: Any) -> frozenset[str] | None:  # noqa: ANN401  a description of any kind
    """None if the cluster does not return it: a client that may describe a resource has at least that operation."""
    return frozenset(operation.name for operation in described.authorized_operations or ()) or None


def _result(future: "Future[Any]") -> Any:  # noqa: ANN401  whatever was asked for, or `Refused`
    try:
        return future.result()
    except KafkaException as error:
        refusal: KafkaError = error.args[0]
        code = refusal.code()
        return Refused(refusal.str().rstrip("."), missing=code in _MISSING, forbidden=code in _FORBIDDEN)
