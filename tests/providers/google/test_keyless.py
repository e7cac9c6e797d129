"""A service account without a key, by way of Google's own client: workload identity federation, `signJwt`, domain-wide delegation."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from consumer.errors import Hold, Reason, Scope, Stop, Unavailable
from consumer.http.client import Call, HttpClient
from consumer.providers.factory import open_tokens
from consumer.providers.google.tokens import fetcher
from consumer.tenants import GoogleSection, Tenant
from sandbox.simulators.faults import Answer, FaultRule, InjectedFault, LoseAnswer
from sandbox.simulators.google.federation import Provider
from sandbox.simulators.server import VendorServer
from sandbox.simulators.vendors import GOOGLE, SCOPES
from sandbox.simulators.world import World
from testbed.parts.keys import key, token

ISSUER, SUBJECT = "https://issuer.example", "system:serviceaccount:school:provisioner"
ACCOUNT = "provisioner@keyless.iam.gserviceaccount.com"
PROVIDER = Provider(
    "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/cluster/providers/kubernetes",
    ISSUER,
    key().public_key(),
)


def shown(**change: Any) -> str:
    return token({"iss": ISSUER, "sub": SUBJECT, "aud": [PROVIDER.audience], **change}, key())


@pytest.fixture
def configuration(tmp_path: Path, vendors: VendorServer) -> Mapping[str, Any]:
    """What `gcloud iam workload-identity-pools create-cred-config --credential-source-file` writes."""
    return {
        "type": "external_account",
        "audience": PROVIDER.name,
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": f"{vendors.url(GOOGLE)}/v1/token",
        "credential_source": {"file": str(tmp_path / "token"), "format": {"type": "text"}},
    }


@pytest.fixture
def section(
    tenant: Tenant, world: World, vendors: VendorServer, tmp_path: Path, configuration: Mapping[str, Any]
) -> GoogleSection:
    (tmp_path / "token").write_text(shown())
    (tmp_path / "configuration.json").write_text(json.dumps(configuration))
    world.google.federation.add(PROVIDER)
    world.google.federation.create_service_account(ACCOUNT)
    world.google.federation.allow(SUBJECT, ACCOUNT)
    (customer,) = world.google.customers
    customer.delegate(ACCOUNT, SCOPES)
    assert tenant.google
    change = {
        "service_account": None,
        "impersonate": ACCOUNT,
        "credential_configuration": tmp_path / "configuration.json",
        "iam_url": vendors.url(GOOGLE),
    }
    return tenant.google.model_copy(update=change)


async def test_it_opens_the_directory_in_the_administrator_s_name(section: GoogleSection, http: HttpClient) -> None:
    bearer = await open_tokens(section, open_secret=str).get()
    url = f"{section.directory_url}/admin/directory/v1/users/{section.admin_subject}"
    answer = await http.send(Call("google", "read", "GET", url, {"Authorization": f"Bearer {bearer}"}), timeout=5)
    assert answer.status == 200


async def test_every_token_is_a_new_one_with_its_lifetime(section: GoogleSection) -> None:
    fetch = fetcher(section, str)
    (first, lifetime), (second, _) = await asyncio.to_thread(fetch), await asyncio.to_thread(fetch)
    assert first != second
    assert lifetime == pytest.approx(3_600, abs=10)


@pytest.mark.parametrize(
    "change",
    [{"iss": "https://elsewhere.example"}, {"aud": "https://elsewhere.example"}, {"exp": 1}, {"sub": "another"}],
    ids=["issuer", "audience", "time", "subject without the role"],
)
async def test_a_token_that_google_does_not_take_holds_the_whole_tenant(
    section: GoogleSection, tmp_path: Path, change: Mapping[str, Any]
) -> None:
    (tmp_path / "token").write_text(shown(**change))
    with pytest.raises(Hold) as held:
        await asyncio.to_thread(fetcher(section, str))
    assert (held.value.reason, held.value.scope is Scope.TENANT) == (Reason.CREDENTIALS_INVALID, True)


async def test_a_service_account_without_the_delegation_holds_the_whole_tenant(
    section: GoogleSection, world: World
) -> None:
    (customer,) = world.google.customers
    customer.delegations.clear()
    with pytest.raises(Hold):
        await asyncio.to_thread(fetcher(section, str))


async def test_the_token_file_is_read_anew_for_each_token(section: GoogleSection, world: World, tmp_path: Path) -> None:
    fetch = fetcher(section, str)
    await asyncio.to_thread(fetch)
    world.google.federation.revoke(SUBJECT, ACCOUNT)
    world.google.federation.allow("renewed", ACCOUNT)
    (tmp_path / "token").write_text(shown(sub="renewed"))
    assert (await asyncio.to_thread(fetch))[0]


async def test_a_token_file_that_is_unavailable_for_a_moment_is_no_refusal(
    section: GoogleSection, tmp_path: Path
) -> None:
    fetch = fetcher(section, str)
    (tmp_path / "token").unlink()
    with pytest.raises(Unavailable, match="token file"):
        await asyncio.to_thread(fetch)


@pytest.mark.parametrize("route", ["google.sts", "google.signJwt", "google.token"])
@pytest.mark.parametrize(
    "fault",
    [LoseAnswer(), Answer(status=200, body="{}"), Answer(status=200, body="[]"), Answer(status=200, body="<html>"),
     Answer(status=400, body="<html>"),
     Answer(status=429, body='{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}')],
    ids=["lost", "nothing", "a list", "a page", "a proxy's refusal", "too many requests"],
)  # fmt: skip
async def test_what_is_no_refusal_is_asked_for_again(
    section: GoogleSection, vendors: VendorServer, route: str, fault: InjectedFault
) -> None:
    vendors.faults.set([FaultRule(route=route, fault=fault)])
    with pytest.raises(Unavailable):
        await asyncio.to_thread(fetcher(section, str))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"type": "service_account"}, "not of the type `external_account`"),
        ({"credential_source": None}, "has no `credential_source`"),
        ({"credential_source": {"executable": {"command": "/bin/true"}}}, "an `executable` source"),
        ({"credential_source": {}}, "google-auth rejected it"),
        ({"credential_source": {"file": "/nowhere/token"}}, "token file"),
    ],
)
def test_a_configuration_that_cannot_be_used_stops_before_anyone_is_asked(
    section: GoogleSection,
    configuration: Mapping[str, Any],
    tmp_path: Path,
    change: Mapping[str, Any],
    words: str,
) -> None:
    (tmp_path / "configuration.json").write_text(json.dumps({**configuration, **change}))
    with pytest.raises(Stop, match=words):
        fetcher(section, str)


@pytest.mark.parametrize("content", [None, "no JSON", "[]"])
def test_a_configuration_that_is_none_stops_before_anyone_is_asked(
    section: GoogleSection, tmp_path: Path, content: str | None
) -> None:
    (tmp_path / "configuration.json").unlink()
    if content is not None:
        (tmp_path / "configuration.json").write_text(content)
    with pytest.raises(Stop, match="credential_configuration"):
        fetcher(section, str)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "gives no credential: give one of `service_account`, `impersonate`"),
        ({"service_account": "env:KEY", "impersonate": ACCOUNT}, "more than one credential"),
        ({"service_account": "env:KEY", "credential_configuration": "x.json"}, "without `impersonate`"),
        ({"impersonate": "no address"}, "impersonate"),
    ],
)
def test_a_section_gives_exactly_one_credential(given: Mapping[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        GoogleSection.model_validate({"admin_subject": "it@school.example", **given})
