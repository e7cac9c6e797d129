"""`config check` on each form of credential: what is missing, contradicts or cannot be used, with its place."""

from pathlib import Path

import pytest

from testbed.parts.keys import certificate, key, pem
from tests.configuration.files import SECRETS, Files

SECRET = "client_secret: env:NORTH_HIGH_CLIENT_SECRET"
PUBLIC = {name: value for name, value in SECRETS.items() if name != "NORTH_HIGH_CLIENT_SECRET"}
REGISTRY = "url: http://localhost:8081"


def instead(files: Files, credential: str) -> None:
    """Gives the Entra application this credential and no secret."""
    files.replace(files.tenant, SECRET, credential)


@pytest.mark.parametrize("credential", ["managed_identity: system_assigned", "managed_identity: user_assigned"])
def test_a_managed_identity_is_right_and_needs_no_secret(files: Files, credential: str) -> None:
    instead(files, credential)
    assert files.messages(PUBLIC) == []


def test_a_certificate_with_its_key_is_right(files: Files) -> None:
    instead(files, "certificate: env:CERTIFICATE")
    assert files.messages({**PUBLIC, "CERTIFICATE": pem(key()) + pem(certificate(key()))}) == []


def test_a_certificate_without_its_key_is_reported(files: Files) -> None:
    instead(files, "certificate: env:CERTIFICATE")
    (message,) = files.messages({**PUBLIC, "CERTIFICATE": pem(certificate(key()))})
    assert "`microsoft.certificate`" in message
    assert "a certificate and its private key" in message
    assert "BEGIN" not in message


def test_a_token_file_that_is_not_there_is_reported_but_not_in_a_build(files: Files) -> None:
    instead(files, "federated_token_file: /nowhere/token")
    (message,) = files.messages(PUBLIC)
    assert "`microsoft.federated_token_file`" in message
    assert "/nowhere/token" in message
    assert files.messages(PUBLIC, secrets=False) == []


@pytest.mark.parametrize(
    ("credential", "words"),
    [
        ("marker: employeeId", "gives no credential"),
        (f"{SECRET}\n  managed_identity: system_assigned", "gives more than one credential"),
        ("managed_identity: system_assigned\n  certificate_password: env:P", "without a `certificate`"),
    ],
)
def test_none_or_two_are_reported_at_the_section(files: Files, credential: str, words: str) -> None:
    instead(files, credential)
    (message,) = files.messages(SECRETS)
    assert "`microsoft`" in message
    assert words in message


def test_a_credential_configuration_that_is_not_there_is_reported(files: Files) -> None:
    section = (
        "impersonate: p@p.iam.gserviceaccount.com, credential_configuration: /nowhere.json, admin_subject: a@b.example"
    )
    files.replace(files.tenant, "addresses:", f"google: {{{section}}}\naddresses:")
    (message,) = files.messages()
    assert "`google.impersonate`" in message
    assert "/nowhere.json" in message


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        (REGISTRY, f"{REGISTRY}\n  username: u", "registry"),
        (REGISTRY, "url: https://r\n  client_key: k.pem", "registry"),
        (
            REGISTRY,
            "url: https://r\n  oauth: {client_id: c, client_secret: env:VAULT_KEY_2026_09}",
            "registry.oauth.token_url",
        ),
        ("group_id: provisioner", "secrets: {sasl.username: env:VAULT_KEY_2026_09}", "kafka.secrets.sasl.username"),
        ("group_id: provisioner", "secrets: {sasl.password: env:MISSING}", "kafka.secrets.sasl.password"),
        ("group_id: provisioner", "msk_iam: {region: Frankfurt}", "kafka.msk_iam.region"),
        ("\nhttp:", "\nproxy: {url: 'https://proxy.example'}\nhttp:", "proxy.url"),
        ("\nhttp:", "\nproxy: {url: 'http://proxy.example', username: u}\nhttp:", "proxy"),
        ("\nhttp:", "\nproxy: {url: 'http://p', username: u, password: env:MISSING}\nhttp:", "proxy.password"),
    ],
)
def test_mistakes_of_the_service_are_reported_with_their_place(files: Files, old: str, new: str, place: str) -> None:
    files.replace(files.service, old, new)
    (message,) = files.messages()
    assert f"`{place}`" in message
    assert Path(files.service).name in message
