"""`kafka`: brokers, topics, and what librdkafka says of its settings."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient  # pyright: ignore[reportPrivateImportUsage]  where its own docs take it from

from consumer.configuration.document import Place
from consumer.configuration.mistakes import Mistake
from consumer.configuration.reading import Reading
from consumer.errors import Stop
from consumer.kafka import (
    Config,
    admin_config,
    consumer_config,
    forbidden_settings,
    intake_config,
    producer_config,
    relay_config,
)
from consumer.secrets import SecretOpener
from consumer.settings import KafkaSettings, Settings, Topics

_LIBRDKAFKA: Place = ("kafka", "librdkafka")
_BROKERS: Place = ("kafka", "bootstrap_servers")

_OURS = {
    "bootstrap.servers": "Set `kafka.bootstrap_servers` instead.",
    "metadata.broker.list": "Set `kafka.bootstrap_servers` instead.",
    "logger": "Remove it.",
}
_PROTOCOLS = "plaintext|ssl|sasl_plaintext|sasl_ssl"
_BROKER = re.compile(
    rf"(?:(?:{_PROTOCOLS})://)?(?P<host>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{{1,5}}))?", re.IGNORECASE
)
_LAST_PORT = 65_535
_INTERNAL = {"__consumer_offsets", "__transaction_state", "__share_group_state"}
_TOKENS, _METADATA = "sasl.oauthbearer.token.endpoint.url", "sasl.oauthbearer.metadata.authentication.type"
_ONLINE = {"bootstrap.servers", "oauth_cb"}
"""What makes a client connect, or ask for tokens."""
_NOWHERE = "http://127.0.0.1:0/"
_OF_SEVERAL = re.compile(r"^Failed to create \w+: ")
"""librdkafka begins so where settings do not go together, or a file cannot be read; else one setting is wrong by itself."""


def mistakes(reading: Reading[Settings], settings: Settings, open_secret: SecretOpener | None) -> Iterator[Mistake]:
    """Of the whole section. `open_secret`: also open the secrets and the files that librdkafka's settings name, and look at what settings
    need each other; None where these are not at hand.
    """
    yield from _brokers(reading, settings.kafka.bootstrap_servers)
    yield from _topics(reading, settings.kafka.topics)
    forbidden = forbidden_settings(settings.kafka.librdkafka)
    usable = {name: value for name, value in settings.kafka.librdkafka.items() if name not in {*forbidden, *_OURS}}
    for name, why in forbidden.items():
        yield from reading.mistake((*_LIBRDKAFKA, name), f"would break a guarantee: {why}", "Remove it.")
    for name in settings.kafka.librdkafka.keys() & _OURS.keys():
        yield from reading.mistake((*_LIBRDKAFKA, name), "cannot be set here", _OURS[name])
    secrets = _opened(settings.kafka, open_secret) if open_secret else None
    for name, wrong in _wrong(settings, usable, secrets):
        place = (*_LIBRDKAFKA, name) if name else _LIBRDKAFKA
        yield from reading.mistake(place, f"is rejected by librdkafka: {wrong}", "Correct or remove it.")


def _brokers(reading: Reading[Settings], servers: str) -> Iterator[Mistake]:
    """librdkafka itself logs entries that it cannot parse, and ignores them."""
    right = "Give `host:port`, several with commas, such as `kafka-1:9092,kafka-2:9092`."
    entries = [entry.strip() for entry in servers.split(",") if entry.strip()]
    if not entries:
        yield from reading.mistake(_BROKERS, "names no broker", right)
    for entry in entries:
        found = _BROKER.fullmatch(entry)
        if "@" in entry:
            yield from reading.mistake(
                _BROKERS, "holds a user name or a password", f"{right} Both are settings of librdkafka."
            )
        elif not found or not 0 < int(found["port"] or 1) <= _LAST_PORT:
            yield from reading.mistake(_BROKERS, f"holds `{entry[:100]}`, which is not a broker's address", right)


def _topics(reading: Reading[Settings], topics: Topics) -> Iterator[Mistake]:
    """Kafka treats two names as equal if they differ in `.` and `_` only (`Topic.hasCollision`): its metrics cannot tell them apart."""
    first: dict[str, str] = {}
    for key in type(topics).model_fields:
        name = str(getattr(topics, key))
        place = ("kafka", "topics", key)
        if name in {".", ".."} or name in _INTERNAL:
            yield from reading.mistake(place, f"is `{name}`, which is Kafka's own", "Give another name.")
        other = first.setdefault(name.replace(".", "_"), key)
        if other != key:
            same = getattr(topics, other) == name
            wrong = (
                f"is the topic of `{other}` too"
                if same
                else f"is the same to Kafka as the topic of `{other}`, but for `.` and `_`"
            )
            yield from reading.mistake(place, wrong, "Give each its own topic.", ("kafka", "topics", other))


def _opened(kafka: KafkaSettings, open_secret: SecretOpener) -> Mapping[str, str]:
    """Secret settings by name; without those that cannot be opened, which has been reported."""
    found: dict[str, str] = {}
    for name, reference in kafka.secrets.items():
        with suppress(Stop):
            found[name] = open_secret(reference)
    return found


def _wrong(
    settings: Settings, usable: Mapping[str, str], secrets: Mapping[str, str] | None
) -> Iterator[tuple[str, str]]:
    """Which of the settings librdkafka refuses, and its words; the name is empty where it is not one of them.

    With `secrets`, also those that it refuses beside others. Where one of the configured secrets could not be opened, it is not asked.
    """
    left = dict(usable)
    for name, value in usable.items():
        error = _construct(settings, {name: value})
        if error and not _OF_SEVERAL.match(error):
            yield name, error
            del left[name]
    if secrets is None or secrets.keys() != settings.kafka.secrets.keys():
        return
    while error := _construct(settings, {**left, **secrets}):
        wrong = _OF_SEVERAL.sub("", error)
        for secret in secrets.values():
            wrong = wrong.replace(secret, "…")
        name = next((name for name in sorted(left, key=len, reverse=True) if name in wrong), "")
        yield name, wrong
        if name not in left:
            return
        del left[name]


def _construct(settings: Settings, librdkafka: Mapping[str, str]) -> str | None:
    """Builds every client that the service has. librdkafka's words where one cannot be built.

    Nothing connects: there are no brokers, and tokens, which librdkafka asks for as soon as a client is built, come from nowhere.
    """
    kafka = settings.kafka.model_copy(update={"librdkafka": dict(librdkafka)})
    for build, config in _clients(kafka, settings.outbound.transactional_id):
        try:
            build({**config, "log_level": librdkafka.get("log_level", "0")})
        except KafkaException as refusal:
            error: KafkaError = refusal.args[0]
            return " ".join(error.str().split())
        except (
            TypeError,
            ValueError,
            AttributeError,
        ):  # what the Python client says of settings that are callbacks of its own
            return f"{', '.join(librdkafka)} cannot be set in a file"
    return None


def _clients(kafka: KafkaSettings, transactional_id: str) -> Iterator[tuple[Callable[[Any], object], Config]]:
    for build, config in (
        (_consumer, intake_config(kafka)),
        (_consumer, consumer_config(kafka)),
        (Producer, producer_config(kafka, name="dead-letters")),
        (Producer, relay_config(kafka, transactional_id=transactional_id)),
        (AdminClient, admin_config(kafka)),
    ):
        offline = {name: value for name, value in config.items() if name not in _ONLINE}
        if offline.get(_TOKENS) or offline.get(_METADATA):
            offline[_TOKENS] = _NOWHERE
        yield build, offline


def _consumer(config: Config) -> None:
    Consumer(config).close()
