"""How every client of ours shows a cluster who it is."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic  # pyright: ignore[reportPrivateImportUsage]  where its own docs take it from

from consumer.errors import Stop
from consumer.kafka import admin_config, consumer_config, opened, producer_config, relay_config
from consumer.msk import TokenCallback
from consumer.secrets import opener
from consumer.settings import KafkaSettings
from testbed.parts.artefacts import Say
from testbed.parts.kafka import KafkaCluster

Build = Callable[[KafkaSettings], dict[str, Any]]
CONFIGS: list[Build] = [
    lambda settings: {**consumer_config(settings)},
    lambda settings: {**producer_config(settings, name="letters")},
    lambda settings: {**relay_config(settings, transactional_id="relay")},
    lambda settings: {**admin_config(settings)},
]
every_client = pytest.mark.parametrize("build", CONFIGS, ids=["consumer", "producer", "relay", "admin"])


def settings(**more: object) -> KafkaSettings:
    return KafkaSettings.model_validate({"bootstrap_servers": "broker:9092", **more})


@every_client
def test_secrets_reach_every_client_and_nothing_else(build: Build) -> None:
    configured = settings(
        librdkafka={"sasl.username": "u"}, secrets={"sasl.password": "env:P", "ssl.key.password": "env:K"}
    )
    config = build(opened(configured, opener({"P": "password", "K": "key"})))
    assert (config["sasl.username"], config["sasl.password"], config["ssl.key.password"]) == ("u", "password", "key")
    assert "password" not in configured.model_dump_json().replace("sasl.password", "").replace("ssl.key.password", "")


def test_a_secret_that_cannot_be_opened_stops_the_process() -> None:
    with pytest.raises(Stop, match="env:P"):
        opened(settings(secrets={"sasl.password": "env:P"}), opener({}))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"secrets": {"sasl.username": "env:U"}}, "sasl.password"),
        ({"secrets": {"sasl.password": "hunter2"}}, "sasl.password"),
        ({"secrets": {"sasl.password": "env:P"}, "librdkafka": {"sasl.password": "p"}}, "give it once"),
    ],
)
def test_secrets_are_references_to_what_is_secret(more: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words) as refused:
        settings(**more)
    assert "hunter2" not in str(refused.value)


@every_client
def test_librdkafka_s_own_oauth_needs_nothing_else(build: Build) -> None:
    oidc = {
        "security.protocol": "SASL_SSL",
        "sasl.mechanisms": "OAUTHBEARER",
        "sasl.oauthbearer.method": "oidc",
        "sasl.oauthbearer.client.id": "provisioner",
        "sasl.oauthbearer.token.endpoint.url": "https://login.example/token",
    }
    configured = settings(librdkafka=oidc, secrets={"sasl.oauthbearer.client.secret": "env:S"})
    config = build(opened(configured, opener({"S": "secret"})))
    assert config["sasl.oauthbearer.client.secret"] == "secret"
    Producer({name: value for name, value in config.items() if name.startswith(("sasl.", "security."))})


@every_client
def test_msk_s_callback_is_set_on_every_client(build: Build) -> None:
    config = build(settings(msk_iam={"region": "eu-central-1"}))
    assert isinstance(config["oauth_cb"], TokenCallback)
    assert (config["security.protocol"], config["sasl.mechanisms"]) == ("SASL_SSL", "OAUTHBEARER")


def unsecured() -> tuple[str, float]:
    """A token that Kafka's own validator for development takes: it is signed by no one."""
    now = time.time()
    parts = {"alg": "none"}, {"sub": "provisioner", "iat": now, "exp": now + 900}
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return f"{'.'.join(encoded)}.", now + 900


@pytest.fixture
def bearers_only(tmp_path: Path, say: Say) -> Iterator[str]:
    """A cluster that lets in no one without such a token."""
    with KafkaCluster(tmp_path / "kafka", say=say, bearers=True) as cluster:
        yield cluster.for_bearers


@pytest.mark.long(seconds=20)
@pytest.mark.parts
def test_a_callback_lets_admin_producer_and_consumer_in_without_a_poll(bearers_only: str, unique_name: str) -> None:
    away = [True]

    def sign() -> tuple[str, float]:
        if away.pop() if away else False:
            raise RuntimeError("no credentials yet")
        return unsecured()

    own: dict[str, Any] = {
        "bootstrap.servers": bearers_only,
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanisms": "OAUTHBEARER",
        "oauth_cb": TokenCallback(sign),
        "log_level": 0,
    }
    cluster = settings(bootstrap_servers=bearers_only, group_id=unique_name)
    admin: Any = AdminClient(cast("Any", {**admin_config(cluster), **own}))
    admin.create_topics([NewTopic(unique_name, 1)], request_timeout=30)[unique_name].result(30)
    producer = Producer({**producer_config(cluster, name="letters"), **own})
    producer.produce(unique_name, b"value")
    assert producer.flush(30) == 0
    consumer = Consumer(cast("Any", {**consumer_config(cluster), **own}))
    assert unique_name in consumer.list_topics(unique_name, timeout=30).topics
    consumer.assign([TopicPartition(unique_name, 0, 0)])
    record = consumer.poll(30)
    consumer.close()
    assert record is not None
    assert record.value() == b"value"
