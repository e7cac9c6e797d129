"""librdkafka's configuration for every client of ours, and the settings that are refused."""

import logging
from collections.abc import Callable, Mapping
from operator import methodcaller
from typing import Any

from confluent_kafka import KafkaError, KafkaException

from consumer.msk import TokenCallback, signer
from consumer.settings import KafkaSettings

Config = dict[str, Any]

LOGGER = logging.getLogger("librdkafka")
"""Where librdkafka logs, instead of standard error: served by each client's `poll`, `consume` and `flush`. A command that sets up no
logs shows nothing of it."""
LOGGER.addHandler(logging.NullHandler())

_GUARANTEES: Mapping[str, tuple[frozenset[str], str]] = {
    "enable.auto.commit": (frozenset({"false"}), "offsets are committed after the event is durable, never by a timer"),
    "enable.auto.offset.store": (
        frozenset({"false"}),
        "offsets are committed after the event is durable, never before",
    ),
    "auto.commit.interval.ms": (frozenset(), "offsets are committed after the event is durable, never by a timer"),
    "auto.offset.reset": (frozenset({"error"}), "a missing offset must stop the service, not skip events"),
    "isolation.level": (frozenset({"read_committed"}), "events of aborted transactions must not be read"),
    "partition.assignment.strategy": (frozenset({"cooperative-sticky"}), "partitions are handed over one by one"),
    "enable.idempotence": (frozenset({"true"}), "a record must not be published twice or out of order"),
    "acks": (frozenset({"all", "-1"}), "a record must be on all in-sync replicas before it counts"),
    "request.required.acks": (frozenset({"all", "-1"}), "a record must be on all in-sync replicas before it counts"),
    "transactional.id": (frozenset(), "it fences the relay's predecessor; set `outbound.transactional_id`"),
    "group.id": (frozenset(), "set `kafka.group_id`"),
    "group.protocol": (frozenset(), "set `kafka.group_protocol`"),
    "group.instance.id": (frozenset(), "set `kafka.group_instance_id`"),
}

RETRY_BACKOFF = 0.5
"""Seconds, give or take 20 %, before the relay's producer asks again (`rd_kafka_broker_buf_retry`): even to end a transaction."""

_CLASSIC_ONLY = ("partition.assignment.strategy", "session.timeout.ms", "heartbeat.interval.ms")
_CONSUMER_ONLY_PREFIXES = (
    "fetch.",
    "queued.",
    "max.poll.",
    "auto.",
    "isolation.",
    "session.",
    "heartbeat.",
    "partition.",
)
_PRODUCER_ONLY = (
    "linger.ms",
    "batch.",
    "acks",
    "compression.",
    "queue.buffering.",
    "message.timeout.",
    "delivery.timeout.",
)


def forbidden_settings(settings: Mapping[str, str]) -> Mapping[str, str]:
    """Of the librdkafka settings given, those that would break a guarantee, each with the guarantee. Pure."""
    return {
        name: _GUARANTEES[name][1]
        for name, value in settings.items()
        if name in _GUARANTEES and value.lower() not in _GUARANTEES[name][0]
    }


def consumer_config(settings: KafkaSettings) -> Config:
    """For a consumer of the group's topics."""
    config: Config = {
        **_access(settings),
        "client.id": f"{settings.group_id}-intake",
        "group.id": settings.group_id,
        "group.protocol": settings.group_protocol,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "error",
        "isolation.level": "read_committed",
        "max.poll.interval.ms": 300_000,
        "fetch.max.bytes": 16 * 1024 * 1024,
        "queued.max.messages.kbytes": 32 * 1024,
        "allow.auto.create.topics": False,
    }
    if settings.group_instance_id:
        config["group.instance.id"] = settings.group_instance_id
    if settings.group_protocol == "classic":
        config["partition.assignment.strategy"] = "cooperative-sticky"
    config.update(_only(settings.librdkafka, without=_PRODUCER_ONLY))
    if settings.group_protocol == "consumer":
        for name in _CLASSIC_ONLY:  # the broker decides these, and librdkafka rejects them
            config.pop(name, None)
    return config


def intake_config(settings: KafkaSettings) -> Config:
    """For the intake's consumer, which gets the ends of partitions: entries before that end that are not records count as read."""
    return {**consumer_config(settings), "enable.partition.eof": True}


def producer_config(settings: KafkaSettings, *, name: str) -> Config:
    """For an idempotent producer; `name` ends its client id."""
    return {
        **_access(settings),
        "client.id": f"{settings.group_id}-{name}",
        "enable.idempotence": True,
        "acks": "all",
        "linger.ms": 5,
        "compression.type": "lz4",
        **_only(settings.librdkafka, without=(*_CONSUMER_ONLY_PREFIXES, "group.")),
    }


def relay_config(settings: KafkaSettings, *, transactional_id: str) -> Config:
    """For the relay's transactional producer, which fences its predecessor of that id."""
    backoff = int(RETRY_BACKOFF * 1000)
    return {
        **producer_config(settings, name="relay"),
        "transactional.id": transactional_id,
        "retry.backoff.ms": backoff,
        "retry.backoff.max.ms": 2 * backoff,
    }


def admin_config(settings: KafkaSettings) -> Config:
    """For an admin client."""
    without = (*_CONSUMER_ONLY_PREFIXES, *_PRODUCER_ONLY, "group.", "enable.", "transactional.")
    return {
        **_access(settings),
        "client.id": f"{settings.group_id}-admin",
        **_only(settings.librdkafka, without=without),
    }


def opened(settings: KafkaSettings, open_secret: Callable[[str], str]) -> KafkaSettings:
    """With the secrets in place, for the clients' configurations alone: never log or show it. Raises `Stop` where one cannot be opened."""
    secrets = {name: open_secret(reference) for name, reference in settings.secrets.items()}
    return settings.model_copy(update={"librdkafka": {**settings.librdkafka, **secrets}})


def _access(settings: KafkaSettings) -> Config:
    """Where the cluster is, and how its clients show who they are, as far as `librdkafka` does not say."""
    cluster: Config = {"bootstrap.servers": settings.bootstrap_servers, "logger": LOGGER}
    if settings.msk_iam is None:
        return cluster
    callback = TokenCallback(signer(settings.msk_iam))
    return {**cluster, "security.protocol": "SASL_SSL", "sasl.mechanisms": "OAUTHBEARER", "oauth_cb": callback}


def _only(settings: Mapping[str, str], *, without: tuple[str, ...]) -> Mapping[str, str]:
    return {name: value for name, value in settings.items() if not name.startswith(without)}


class UnreadableHeaders(ValueError):
    """The name of a header is not UTF-8. The record must not be asked for its headers again: what it would give ends the process."""


_headers = methodcaller("headers")


def headers_of(record: object) -> Any:  # noqa: ANN401  a list of pairs, or None; the library's stub says more
    """The headers of a `confluent_kafka.Message`. Raises `UnreadableHeaders`.

    The library (2.16) returns a list with null pointers and leaves an exception set. Python turns that into SystemError where it checks a
    call's result; the interpreter's specialised calls do not check, so a method that is called often must not be called directly.
    """
    try:
        return _headers(record)
    except (SystemError, UnicodeDecodeError) as error:
        raise UnreadableHeaders("The name of a header is not UTF-8.") from error


def answer_lost() -> KafkaException:
    """What a client raises where the cluster has done as it was asked, and its answer did not come."""
    return KafkaException(KafkaError(KafkaError._TIMED_OUT))  # noqa: SLF001  its name


def is_end(error: KafkaError) -> bool:
    """Whether it is no error, but says that a partition was read to its end (`enable.partition.eof`)."""
    return error.code() == KafkaError._PARTITION_EOF  # noqa: SLF001  its name for it


def is_fatal(error: KafkaError) -> bool:
    """Whether a librdkafka client has failed fatally. The errors that report it have the code but not always the flag."""
    return error.fatal() or error.code() == KafkaError._FATAL  # noqa: SLF001  its name
