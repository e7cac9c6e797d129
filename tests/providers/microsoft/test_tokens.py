"""What Entra's answers mean, by way of Microsoft's own client."""

import asyncio
import json
from collections.abc import Callable

import pytest

from consumer.errors import Hold, Reason, Scope, Unavailable
from consumer.providers.microsoft.tokens import fetcher
from consumer.tenants import MicrosoftSection, Tenant
from sandbox.simulators.faults import Answer, FaultRule, InjectedFault, LoseAnswer
from sandbox.simulators.server import VendorServer
from sandbox.simulators.world import World
from tests.contracts.tally import ERRORS

Fetch = Callable[[], tuple[str, float]]


@pytest.fixture
def section(tenant: Tenant) -> MicrosoftSection:
    assert tenant.microsoft is not None
    return tenant.microsoft


@pytest.fixture
def secret(world: World) -> str:
    return (world.directory / "secrets/north.graph").read_text()


@pytest.fixture
def fetch(section: MicrosoftSection, secret: str) -> Fetch:
    return fetcher(section, lambda _: secret)


async def test_every_token_is_a_new_one_with_its_lifetime(fetch: Fetch) -> None:
    (first, lifetime), (second, _) = await asyncio.to_thread(fetch), await asyncio.to_thread(fetch)
    assert first != second
    assert lifetime == pytest.approx(3_600, abs=10)


async def test_a_token_without_a_lifetime_is_kept_for_some_minutes(fetch: Fetch, vendors: VendorServer) -> None:
    vendors.faults.set([FaultRule(route="entra.token", fault=Answer(status=200, body='{"access_token": "t"}'))])
    assert await asyncio.to_thread(fetch) == ("t", 600)


@pytest.mark.parametrize(("change", "code"), [("client_id", "AADSTS700016"), ("secret", "AADSTS7000215")])
async def test_what_entra_refuses_holds_the_whole_tenant_and_tells_entra_s_number(
    section: MicrosoftSection, secret: str, change: str, code: str
) -> None:
    if change == "client_id":
        section = section.model_copy(update={"client_id": section.tenant_id})
    else:
        secret = "another-secret"
    with pytest.raises(Hold) as held:
        await asyncio.to_thread(fetcher(section, lambda _: secret))
    assert (held.value.reason, held.value.scope is Scope.TENANT) == (Reason.CREDENTIALS_INVALID, True)
    assert code in str(held.value)
    assert secret not in str(held.value)


@pytest.mark.contract(ERRORS)
@pytest.mark.parametrize(
    ("status", "error", "number"),
    [
        (401, "invalid_client", 7000215),
        (400, "unauthorized_client", 700016),
        (400, "unauthorized_client", 700038),
        (400, "invalid_resource", 500011),
        (400, "unsupported_grant_type", 70003),
    ],
)
async def test_each_recorded_error_of_entra_holds_the_whole_tenant(
    fetch: Fetch, vendors: VendorServer, status: int, error: str, number: int
) -> None:
    body = json.dumps(
        {
            "error": error,
            "error_description": f"AADSTS{number}: … Trace ID: …",
            "error_codes": [number],
            "trace_id": "…",
        }
    )
    vendors.faults.set([FaultRule(route="entra.token", fault=Answer(status=status, body=body))])
    with pytest.raises(Hold) as held:
        await asyncio.to_thread(fetch)
    assert (held.value.reason, held.value.scope) == (Reason.CREDENTIALS_INVALID, Scope.TENANT)
    assert held.value.code == f"AADSTS{number}"


@pytest.mark.parametrize(
    "fault",
    [
        LoseAnswer(),
        Answer(status=200, body="<html>"),
        Answer(status=200, body="{}"),
        Answer(status=200, body='{"access_token": "t", "expires_in": "soon"}'),
        Answer(status=302, headers={"Location": "https://elsewhere.example/"}),
        Answer(status=400, body=json.dumps({"error": "temporarily_unavailable", "error_codes": [90033]})),
        Answer(status=503, body="{}"),
    ],
    ids=["lost", "a page", "no token", "no number", "a redirect", "not now", "503"],
)
async def test_what_is_no_refusal_is_asked_for_again(fetch: Fetch, vendors: VendorServer, fault: InjectedFault) -> None:
    vendors.faults.set([FaultRule(route="entra.token", fault=fault)])
    with pytest.raises(Unavailable):
        await asyncio.to_thread(fetch)


async def test_an_authority_that_was_away_at_first_is_looked_for_again(fetch: Fetch, vendors: VendorServer) -> None:
    vendors.faults.set([FaultRule(route="entra.discovery", fault=LoseAnswer(), first=1)])
    with pytest.raises(Unavailable):
        await asyncio.to_thread(fetch)
    assert (await asyncio.to_thread(fetch))[0]


async def test_a_ca_file_that_is_gone_since_the_start_is_no_defect(fetch: Fetch, section: MicrosoftSection) -> None:
    await asyncio.to_thread(fetch)
    assert section.ca_file
    section.ca_file.unlink()
    with pytest.raises(Unavailable):
        await asyncio.to_thread(fetch)
