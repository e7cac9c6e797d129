"""What librdkafka, or a cluster, would refuse once the service runs is reported at the key that says it, or the variable."""

import socket

import pytest

from tests.configuration.files import SECRETS, Files

KAFKA = "kafka:\n"


@pytest.mark.parametrize(
    ("setting", "value", "wrong"),
    [
        ("sasl.usrname", "x", "No such configuration property"),
        ("socket.timeout.ms", "soon", "Invalid value"),
        ("socket.timeout.ms", "-5", "outside allowed range"),
        ("compression.type", "snappyy", "Invalid value"),
        ("debug", "nonsense", "Invalid value"),
        ("max.in.flight", "10", "must be set <= 5"),
        ("session.timeout.ms", "999999", "max.poll.interval.ms"),
        ("security.protocol", "sasl", "Invalid value"),
        ("plugin.library.paths", "nowhere", "dlopen() failed"),
        ("error_cb", "x", "cannot be set in a file"),
        ("default.topic.config", "x", "cannot be set in a file"),
        ("bootstrap.servers", "elsewhere:9092", "Set `kafka.bootstrap_servers` instead"),
        ("metadata.broker.list", "elsewhere:9092", "Set `kafka.bootstrap_servers` instead"),
        ("logger", "x", "cannot be set here"),
        ("enable.auto.commit", "true", "would break a guarantee"),
    ],
)
def test_a_setting_that_librdkafka_refuses_is_reported_at_its_key_or_variable(
    files: Files, setting: str, value: str, wrong: str
) -> None:
    variable = f"PROVISIONER_KAFKA_{setting.upper().replace('.', '_')}"
    if "_" not in setting:
        (message,) = files.messages({**SECRETS, variable: value})
        assert message.startswith(f"{variable}: `kafka.librdkafka.{setting}`")
    line = files.replace(files.service, KAFKA, f'kafka:\n  librdkafka: {{"{setting}": "{value}"}}\n')
    (message,) = files.messages()
    assert f"service.yaml:{line + 1}: `kafka.librdkafka.{setting}`" in message
    assert wrong in message


def test_every_setting_that_is_wrong_is_reported(files: Files) -> None:
    environ = {
        "PROVISIONER_KAFKA_SASL_USRNAME": "x",
        "PROVISIONER_KAFKA_SECURITY_PROTOCOL": "SSL",
        "PROVISIONER_KAFKA_SSL_CA_LOCATION": "/nowhere/ca.pem",
        "PROVISIONER_KAFKA_SSL_KEY_LOCATION": "/nowhere/key.pem",
        "PROVISIONER_KAFKA_ACKS": "1",
    }
    messages = files.messages({**SECRETS, **environ})
    assert [message.partition(":")[0].removeprefix("PROVISIONER_KAFKA_") for message in messages] == [
        "ACKS", "SASL_USRNAME", "SSL_CA_LOCATION", "SSL_KEY_LOCATION",
    ]  # fmt: skip


def test_settings_that_need_each_other_are_reported_together(files: Files) -> None:
    environ = {"PROVISIONER_KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "PROVISIONER_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512"}
    (message,) = files.messages({**SECRETS, **environ})
    assert "sasl.username and sasl.password must be set" in message
    assert files.messages({**SECRETS, **environ}, secrets=False) == []
    environ |= {"PROVISIONER_KAFKA_SASL_USERNAME": "x", "PROVISIONER_KAFKA_SASL_PASSWORD": "y"}
    assert files.messages({**SECRETS, **environ}) == []


@pytest.mark.parametrize(
    ("servers", "wrong"),
    [
        ("", "names no broker"),
        ("' , '", "names no broker"),
        ("http://kafka:9092", "not a broker's address"),
        ("kafka:port", "not a broker's address"),
        ("kafka:99999", "not a broker's address"),
        ("kafka 9092", "not a broker's address"),
        ("'good:9092,kafka:'", "not a broker's address"),
        ("user:secret@kafka:9092", "holds a user name or a password"),
    ],
)
def test_brokers_that_are_none_are_reported(files: Files, servers: str, wrong: str) -> None:
    files.replace(files.service, "bootstrap_servers: localhost:9092", f"bootstrap_servers: {servers or chr(39) * 2}")
    (message,) = files.messages()
    assert "`kafka.bootstrap_servers`" in message
    assert wrong in message
    assert "secret" not in message


@pytest.mark.parametrize(
    "servers", ["kafka", "kafka-1:9092, kafka-2:9092,", "SASL_SSL://kafka:9093", "'[fd00::1]:9092'", "10.0.0.1:1"]
)
def test_brokers_in_every_form_that_librdkafka_reads_are_right(files: Files, servers: str) -> None:
    files.replace(files.service, "localhost:9092", servers)
    assert files.messages() == []


@pytest.mark.parametrize(
    ("topics", "place", "wrong"),
    [
        ("dead_letters: student-status-changed", "dead_letters", "is the topic of `status_changed` too"),
        (
            "welcome_email_status: account-provisioned",
            "welcome_email_status",
            "is the topic of `account_provisioned` too",
        ),
        (
            "dead_letters: account_x, relay_progress: account.x",
            "relay_progress",
            "the same to Kafka as the topic of `dead_letters`",
        ),
        ("status_changed: 'a topic'", "status_changed", "wrong form"),
        (f"status_changed: {'x' * 250}", "status_changed", "wrong form"),
        ("status_changed: ''", "status_changed", "wrong form"),
        ("status_changed: ..", "status_changed", "Kafka's own"),
        ("status_changed: __consumer_offsets", "status_changed", "Kafka's own"),
    ],
)
def test_topics_that_cannot_be_are_reported(files: Files, topics: str, place: str, wrong: str) -> None:
    files.replace(files.service, KAFKA, f"kafka:\n  topics: {{{topics}}}\n")
    (message,) = files.messages()
    assert f"`kafka.topics.{place}`" in message
    assert wrong in message


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {
            "SASL_MECHANISM": "OAUTHBEARER",
            "SASL_OAUTHBEARER_METHOD": "oidc",
            "SASL_OAUTHBEARER_CLIENT_ID": "x",
            "SASL_OAUTHBEARER_CLIENT_SECRET": "y",
            "SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL": "http://127.0.0.1:{port}/token",
            "SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        },
    ],
)
def test_nothing_connects(files: Files, settings: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        files.replace(files.service, "localhost:9092", f"127.0.0.1:{port}")
        given = {f"PROVISIONER_KAFKA_{name}": value.format(port=port) for name, value in settings.items()}
        assert files.messages({**SECRETS, **given}) == []
        server.settimeout(0.5)
        with pytest.raises(TimeoutError):
            server.accept()
