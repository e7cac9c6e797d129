"""The service's file apart from Kafka."""

import pytest

from tests.configuration.files import SECRETS, Files

URL = "postgresql://provisioner@localhost:5432/provisioner"


@pytest.mark.parametrize(
    "url",
    [
        "mysql://provisioner@localhost/provisioner",
        "localhost:5432",
        "postgresql://provisioner@localhost:port/provisioner",
        "postgresql://provisioner:s3cret@localhost/provisioner",
        "''",
    ],
)
def test_a_database_that_cannot_be_meant_is_reported_without_its_password(files: Files, url: str) -> None:
    files.replace(files.service, URL, url)
    messages = files.messages()
    assert messages
    assert all("`database.url`" in message and "s3cret" not in message for message in messages)


@pytest.mark.parametrize(
    "url",
    [
        "postgres://provisioner@localhost/provisioner",
        "host=localhost dbname=provisioner user=provisioner",
        # ../shared/cases/database-urls.txt
        "postgresql://provisioner@/provisioner?host=db-a:5432&host=db-b:5432&target_session_attrs=read-write",
        "postgresql://provisioner@db-a:5432,db-b:5432/provisioner?target_session_attrs=read-write",
        "postgresql:///provisioner?host=/var/run/postgresql",
    ],
)
def test_a_database_in_every_form_that_libpq_reads_is_right(files: Files, url: str) -> None:
    files.replace(files.service, URL, url)
    assert files.messages() == []


@pytest.mark.parametrize(
    ("old", "new", "place", "wrong"),
    [
        ("http://localhost:8081", "http://localhost:99999", "registry.url", "is not an address"),
        ("http://localhost:8081", "'http://[::1'", "registry.url", ""),
        ("http://localhost:8081", "http://user:secret@localhost:8081", "registry.url", "must hold no user name"),
        ("host: 0.0.0.0", "host: 0.0.0.0:9464", "http.host", "neither an IP address nor a host's name"),
        ("host: 0.0.0.0", "host: 'http://0.0.0.0'", "http.host", "neither an IP address nor a host's name"),
        ("http:\n", "provisioning: {lease: 10}\nhttp:\n", "provisioning.lease", "not longer than one call"),
        ("http:\n", "provisioning: {retry_cap: 1}\nhttp:\n", "provisioning.retry_cap", "shorter than the first back-off"),
        ("http:\n", "outbound: {transactional_id: ''}\nhttp:\n", "outbound.transactional_id", "wrong form"),
        ("group_id: provisioner", "group_id: 'a group'", "kafka.group_id", "wrong form"),
        ("http://localhost:8081", "http://localhost:8081\n  ca_file: /nowhere/ca.pem", "registry.ca_file", "can't be read as PEM"),
        ("http:\n", "  - {id: '2026-09', key: env:VAULT_KEY_2026_09}\nhttp:\n", "vault.2.id", "is `2026-09` again"),
    ],
)  # fmt: skip
def test_what_would_stop_the_process_is_reported_at_its_key(
    files: Files, old: str, new: str, place: str, wrong: str
) -> None:
    files.replace(files.service, old, new)
    (message,) = files.messages()
    assert f"`{place}`" in message
    assert wrong in message
    assert "secret" not in message


@pytest.mark.parametrize("key", ["x", "aGVsbG8=", "0" * 44])
def test_a_vault_key_that_is_none_is_reported_at_its_own_key(files: Files, key: str) -> None:
    files.replace(files.service, "http:\n", "  - {id: old, key: env:OLD}\nhttp:\n")
    (message,) = files.messages({**SECRETS, "OLD": key})
    assert "`vault.2.key` leads to no key" in message
    assert files.messages({}, secrets=False) == []


def test_a_contradiction_with_a_value_that_cannot_be_read_is_none(files: Files) -> None:
    files.replace(files.service, "http:\n", "provisioning: {lease: 20, call_timeout: ten}\nhttp:\n")
    (message,) = files.messages()
    assert "`provisioning.call_timeout`" in message


def test_a_member_s_id_in_the_file_is_pointed_out_and_in_the_environment_it_is_not(files: Files) -> None:
    assert files.findings({**SECRETS, "PROVISIONER_KAFKA__GROUP_INSTANCE_ID": "one"}).notices == []
    files.replace(files.service, "group_id: provisioner", "group_id: provisioner\n  group_instance_id: one")
    (notice,) = files.findings().notices
    assert "service.yaml:6: `kafka.group_instance_id` stands in the file" in notice
    assert files.messages() == []
