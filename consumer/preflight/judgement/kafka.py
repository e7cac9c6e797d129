"""What the cluster shows of the topics, the group and what this client may do. Pure.

Sources: Kafka's documentation of topic settings (`min.insync.replicas`, `cleanup.policy`, `retention.ms`) and of authorised operations
(KIP-430). Whether the transactional id may be used is not seen: only a producer that fences the running relay would show that.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from consumer.configuration.document import Place
from consumer.preflight.finding import Finding
from consumer.settings import KafkaSettings

READ, WRITE = "READ", "WRITE"
_ENOUGH_BROKERS = 3
_CREATE = "Create it with `provisioner topics create`."

_USES: Mapping[str, frozenset[str]] = {
    "status_changed": frozenset({READ}),
    "account_provisioned": frozenset({READ, WRITE}),
    "account_changed": frozenset({READ, WRITE}),
    "account_provisioning_failed": frozenset({READ, WRITE}),
    "welcome_email_status": frozenset({READ, WRITE}),
    "account_planned": frozenset({READ, WRITE}),
    "dead_letters": frozenset({WRITE}),
    "relay_progress": frozenset({READ, WRITE}),
}
"""What the service does with each topic. The relay reads outcomes back after a ledger was restored."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a topic must be: its number of partitions (None: any) and settings."""

    partitions: int | None = None
    settings: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as the cluster shows it. `operations` and `settings` are None where the cluster does not show them."""

    partitions: int
    replicas: int
    operations: frozenset[str] | None = None
    settings: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Why something is not shown: it does not exist (`missing`), this client may not see it (`forbidden`), or in librdkafka's words."""

    why: str
    missing: bool = False
    forbidden: bool = False


@dataclass(frozen=True, slots=True)
class Cluster:
    """What was read. `topics` are by their key in `kafka.topics`; `group` are the operations that are allowed on the consumer group."""

    brokers: int
    topics: Mapping[str, Topic | Refused]
    group: frozenset[str] | Refused | None = None


def of_unreachable(why: str, *, credentials: bool) -> Finding:
    """No broker let this client in; `why` is librdkafka's own text."""
    if credentials:
        right = "Check user name, password or certificate, and `security.protocol`, against what the cluster's listener takes."
        return Finding(("kafka", "librdkafka"), f"is not accepted by the cluster: {why}", right)
    right = "Check host and port, the firewall, and whether the listener takes TLS or SASL (`kafka.librdkafka`)."
    return Finding(("kafka", "bootstrap_servers"), f"is not reachable: {why}", right)


def of_cluster(cluster: Cluster, wanted: Mapping[str, Wanted], settings: KafkaSettings) -> Iterator[Finding]:
    """Topics that are missing or not as they must be, and what this client may not do."""
    for key, topic in cluster.topics.items():
        place: Place = ("kafka", "topics", key)
        name = str(getattr(settings.topics, key))
        if isinstance(topic, Refused):
            yield _refused(topic, place, name)
            continue
        yield from _form(topic, wanted[key], place, name)
        yield from _permissions(topic.operations, _USES[key], place, f"topic `{name}`")
    group: Place = ("kafka", "group_id")
    if isinstance(cluster.group, Refused):
        right = f"Add an ACL that allows READ on the group `{settings.group_id}`."
        yield Finding(group, "names a group that this client may not access", right)
    else:
        yield from _permissions(cluster.group, frozenset({READ}), group, f"group `{settings.group_id}`")
    yield from _durability(cluster)


def _refused(topic: Refused, place: Place, name: str) -> Finding:
    if topic.missing:
        return Finding(place, "names a topic that does not exist", _CREATE)
    if topic.forbidden:
        return Finding(place, "names a topic that this client may not access", f"Add an ACL for the topic `{name}`.")
    return Finding(place, f"could not be checked: {topic.why}", "Run the check again later.", note=True)


def _form(topic: Topic, wanted: Wanted, place: Place, name: str) -> Iterator[Finding]:
    if wanted.partitions is not None and topic.partitions != wanted.partitions:
        wrong = f"has {topic.partitions} partitions instead of {wanted.partitions}"
        yield Finding(place, wrong, "Name a new topic here, and create it with `provisioner topics create`.")
    for setting, value in wanted.settings.items():
        found = (topic.settings or {}).get(setting, value)
        if found != value:
            right = f"Set it: `kafka-configs --alter --entity-type topics --entity-name {name} --add-config {setting}={value}`."
            yield Finding(place, f"has `{setting}` = `{found}` instead of `{value}`", right)
    least = _least_in_sync(topic)
    if least > topic.replicas:
        wrong = f"accepts no records: `min.insync.replicas` is {least}, but it has {topic.replicas} replica" + "s" * (
            topic.replicas > 1
        )
        yield Finding(place, wrong, "Lower the setting, or add replicas.")


def _permissions(allowed: frozenset[str] | None, used: frozenset[str], place: Place, what: str) -> Iterator[Finding]:
    if missing := sorted(used - (used if allowed is None else allowed)):
        operations = " and ".join(missing)
        yield Finding(
            place, f"does not allow {operations} to this client", f"Add an ACL that allows {operations} on the {what}."
        )


def _durability(cluster: Cluster) -> Sequence[Finding]:
    """A note about topics of the service's own whose acknowledged records one broker's loss can take."""
    if cluster.brokers < _ENOUGH_BROKERS:
        return []
    own = [
        (key, topic) for key, topic in cluster.topics.items() if key != "status_changed" and isinstance(topic, Topic)
    ]
    exposed = [key for key, topic in own if topic.replicas == 1 or _least_in_sync(topic) == 1]
    if not exposed:
        return []
    wrong = f"lose acknowledged records with one broker: {', '.join(exposed)}"
    return [Finding(("kafka", "topics"), wrong, "Give them three replicas and `min.insync.replicas` = 2.", note=True)]


def _least_in_sync(topic: Topic) -> int:
    """0 where the cluster does not show it."""
    return int((topic.settings or {}).get("min.insync.replicas", 0))
