"""Every form in which an application proves to the simulated Entra who it is, by way of Microsoft's own client."""

import asyncio
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from consumer.errors import Hold, Stop, Unavailable
from consumer.http.client import Call, HttpClient
from consumer.providers.factory import open_directories, open_tokens
from consumer.providers.microsoft.credentials import credential_of
from consumer.providers.microsoft.tokens import fetcher
from consumer.secrets import opener
from consumer.settings import SecretRef
from consumer.tenants import MicrosoftSection, Tenant
from sandbox.simulators.graph.assertions import EXCHANGE_AUDIENCE, Trust
from sandbox.simulators.world import World
from testbed.parts.keys import certificate, key, pem, token

ISSUER, SUBJECT = "https://issuer.example", "system:serviceaccount:school:provisioner"
OPEN = opener({"PASSWORD": "key-password"})


@pytest.fixture
def section(tenant: Tenant) -> MicrosoftSection:
    assert tenant.microsoft
    return tenant.microsoft.model_copy(update={"client_secret": None})


def with_certificate(section: MicrosoftSection, path: Path, *, password: str | None = None) -> MicrosoftSection:
    more = {"certificate_password": SecretRef("env:PASSWORD")} if password else {}
    return section.model_copy(update={"certificate": SecretRef(f"file:{path}"), **more})


def application(section: MicrosoftSection) -> tuple[str, str]:
    return section.tenant_id, section.client_id


async def opens_the_directory(section: MicrosoftSection, http: HttpClient) -> bool:
    """Whether a token of the section's lets the service read the directory."""
    bearer = await open_tokens(section, open_secret=OPEN).get()
    call = Call("microsoft", "read", "GET", f"{section.graph_url}/v1.0/users", {"Authorization": f"Bearer {bearer}"})
    return (await http.send(call, timeout=5)).status == 200


@pytest.mark.parametrize("password", [None, "key-password"])
@pytest.mark.parametrize("key_first", [True, False])
async def test_a_certificate_with_its_key_opens_the_directory(
    section: MicrosoftSection, world: World, http: HttpClient, tmp_path: Path, password: str | None, *, key_first: bool
) -> None:
    uploaded = certificate(key())
    world.graph.tokens.assertions.certify(application(section), uploaded)
    parts = [pem(key(), password=password), pem(certificate(key(2))), pem(uploaded)]
    (tmp_path / "app.pem").write_text("".join(parts if key_first else reversed(parts)))
    assert await opens_the_directory(with_certificate(section, tmp_path / "app.pem", password=password), http)


async def test_a_certificate_that_was_replaced_counts_without_a_restart(
    section: MicrosoftSection, world: World, tmp_path: Path
) -> None:
    old, new = certificate(key(1)), certificate(key(2))
    file = tmp_path / "app.pem"
    file.write_text(pem(key(1)) + pem(old))
    fetch = fetcher(with_certificate(section, file), OPEN)
    world.graph.tokens.assertions.certify(application(section), new)
    with pytest.raises(Hold, match="AADSTS700027"):
        await asyncio.to_thread(fetch)
    file.write_text(pem(key(2)) + pem(new))
    assert (await asyncio.to_thread(fetch))[0]


async def test_a_secret_that_was_replaced_counts_without_a_restart(section: MicrosoftSection, world: World) -> None:
    secrets = {"SECRET": "old"}
    with_secret = section.model_copy(update={"client_secret": SecretRef("env:SECRET")})
    fetch = fetcher(with_secret, opener(secrets))
    world.graph.tokens.register(*application(section), "new")
    with pytest.raises(Hold, match="AADSTS7000215"):
        await asyncio.to_thread(fetch)
    secrets["SECRET"] = "new"
    assert (await asyncio.to_thread(fetch))[0]
    secrets["SECRET"] = ""
    with pytest.raises(Unavailable, match="env:SECRET"):
        await asyncio.to_thread(fetch)


@pytest.fixture
def federated(section: MicrosoftSection, world: World, tmp_path: Path) -> MicrosoftSection:
    world.graph.tokens.assertions.trust(application(section), Trust(ISSUER, SUBJECT, key().public_key()))
    (tmp_path / "token").write_text(token({"iss": ISSUER, "sub": SUBJECT, "aud": [EXCHANGE_AUDIENCE]}, key()))
    return section.model_copy(update={"federated_token_file": tmp_path / "token"})


async def test_a_token_of_a_trusted_issuer_opens_the_directory(federated: MicrosoftSection, http: HttpClient) -> None:
    assert await opens_the_directory(federated, http)


async def test_the_token_file_is_read_anew_for_each_token(federated: MicrosoftSection) -> None:
    file = federated.federated_token_file
    assert file
    good = file.read_text()
    fetch = fetcher(federated, OPEN)
    assert (await asyncio.to_thread(fetch))[0]
    file.write_text(token({"iss": ISSUER, "sub": "another", "aud": EXCHANGE_AUDIENCE}, key()))
    with pytest.raises(Hold, match="AADSTS700213"):
        await asyncio.to_thread(fetch)
    # As Kubernetes replaces it: another file under the same name.
    (file.parent / "renewed").write_text(good + "\n")
    os.replace(file.parent / "renewed", file)  # noqa: PTH105  the very call
    assert (await asyncio.to_thread(fetch))[0]


async def test_a_token_file_that_is_unavailable_for_a_moment_is_no_refusal(federated: MicrosoftSection) -> None:
    fetch = fetcher(federated, OPEN)
    assert federated.federated_token_file
    federated.federated_token_file.unlink()
    with pytest.raises(Unavailable, match="federated_token_file"):
        await asyncio.to_thread(fetch)


def test_a_tenant_with_any_credential_has_its_directory(federated: MicrosoftSection, tenant: Tenant) -> None:
    one = tenant.model_copy(update={"microsoft": federated, "google": None})
    opened = open_directories(
        one, http=lambda ca_file: HttpClient(ca_file=ca_file), tokens=partial(open_tokens, open_secret=OPEN)
    )
    assert len(opened) == 1


def _elliptic() -> str:
    other = ec.generate_private_key(ec.SECP256R1())
    return pem(other) + pem(certificate(key()))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (lambda: "secret", "a certificate and its private key"),
        (lambda: pem(key()), "a certificate and its private key"),
        (lambda: pem(certificate(key())), "a certificate and its private key"),
        (lambda: pem(key(1)) + pem(certificate(key(2))), "belongs to its private key"),
        (lambda: pem(key(), password="another") + pem(certificate(key())), "cannot be read"),
        (_elliptic, "not an RSA key"),
    ],
    ids=["no PEM", "no certificate", "no key", "two pairs", "a closed key", "an elliptic curve"],
)
def test_a_certificate_that_cannot_be_used_stops_before_anyone_is_asked(
    section: MicrosoftSection, tmp_path: Path, content: Callable[[], str], words: str
) -> None:
    (tmp_path / "app.pem").write_text(content())
    with pytest.raises(Stop, match=words) as stop:
        fetcher(with_certificate(section, tmp_path / "app.pem"), OPEN)
    assert "BEGIN" not in str(stop.value)


@pytest.mark.parametrize("content", [None, "", "no token"])
def test_a_token_file_that_holds_none_stops_before_anyone_is_asked(
    section: MicrosoftSection, tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "token").write_text(content)
    with pytest.raises(Stop, match="federated_token_file"):
        fetcher(section.model_copy(update={"federated_token_file": tmp_path / "token"}), OPEN)


IDS: Mapping[str, object] = {
    "tenant_id": "6babcaad-604b-40ac-a9d7-9fd97c0b779f",
    "client_id": "1950a258-227b-4e31-a9cf-717495945fc2",
    "usage_location": "GR",
}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "gives no credential: give one of `client_secret`, `certificate`, `federated_token_file`, `managed_id"),
        ({"client_secret": "env:S", "managed_identity": "system_assigned"}, "`client_secret`, `managed_identity`"),
        ({"client_secret": "env:S", "certificate_password": "env:P"}, "`certificate_password` without"),
        ({"managed_identity": "own"}, "system_assigned"),
    ],
)
def test_a_section_gives_exactly_one_credential(given: Mapping[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        MicrosoftSection.model_validate({**IDS, **given})


def test_a_managed_identity_has_nothing_to_open() -> None:
    section = MicrosoftSection.model_validate({**IDS, "managed_identity": "system_assigned"})
    assert section.credential == "managed_identity"
    with pytest.raises(Stop):
        credential_of(section, OPEN)
