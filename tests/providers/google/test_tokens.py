"""What Google's token endpoint answers, by way of Google's own client."""

import asyncio
import json
from collections.abc import Callable

import pytest

from consumer.errors import Hold, Reason, Scope, Stop, Unavailable
from consumer.providers.google.tokens import fetcher
from consumer.tenants import GoogleSection, Tenant
from sandbox.simulators.faults import Answer, FaultRule, InjectedFault, LoseAnswer
from sandbox.simulators.server import VendorServer
from sandbox.simulators.world import World
from tests.contracts.tally import ERRORS
from tests.providers.people import DOMAIN

Fetch = Callable[[], tuple[str, float]]


@pytest.fixture
def section(tenant: Tenant) -> GoogleSection:
    assert tenant.google is not None
    return tenant.google


@pytest.fixture
def key(world: World) -> str:
    return (world.directory / "secrets/north.google").read_text()


@pytest.fixture
def fetch(section: GoogleSection, key: str) -> Fetch:
    return fetcher(section, lambda _: key)


async def test_every_token_is_a_new_one_with_its_lifetime(fetch: Fetch) -> None:
    (first, lifetime), (second, _) = await asyncio.to_thread(fetch), await asyncio.to_thread(fetch)
    assert first != second
    assert lifetime == pytest.approx(3_600, abs=10)


async def test_a_token_without_a_lifetime_is_kept_for_some_minutes(fetch: Fetch, vendors: VendorServer) -> None:
    vendors.faults.set([FaultRule(route="google.token", fault=Answer(status=200, body='{"access_token": "t"}'))])
    assert await asyncio.to_thread(fetch) == ("t", 600)


@pytest.mark.contract(ERRORS)
@pytest.mark.parametrize(
    ("status", "error", "description"),
    [
        (400, "invalid_grant", "Invalid JWT Signature."),
        (400, "invalid_grant", "Invalid email or User ID"),
        (401, "unauthorized_client", "Client is unauthorized to retrieve access tokens using this method."),
        (400, "unauthorized_client", "Client is unauthorized to retrieve access tokens using this method."),
    ],
)
async def test_each_recorded_error_of_google_holds_the_whole_tenant(
    fetch: Fetch, vendors: VendorServer, status: int, error: str, description: str
) -> None:
    body = json.dumps({"error": error, "error_description": description})
    vendors.faults.set([FaultRule(route="google.token", fault=Answer(status=status, body=body))])
    with pytest.raises(Hold) as held:
        await asyncio.to_thread(fetch)
    assert (held.value.reason, held.value.scope) == (Reason.CREDENTIALS_INVALID, Scope.TENANT)
    assert held.value.code == f"{error}: {description}"


async def test_a_service_account_without_the_delegation_holds_the_whole_tenant(fetch: Fetch, world: World) -> None:
    (customer,) = world.google.customers
    customer.delegations.clear()
    with pytest.raises(Hold) as held:
        await asyncio.to_thread(fetch)
    assert (held.value.reason, held.value.scope is Scope.TENANT) == (Reason.CREDENTIALS_INVALID, True)


async def test_an_administrator_who_is_not_there_holds_the_whole_tenant(section: GoogleSection, key: str) -> None:
    stranger = section.model_copy(update={"admin_subject": f"stranger@{DOMAIN}"})
    with pytest.raises(Hold) as held:
        await asyncio.to_thread(fetcher(stranger, lambda _: key))
    assert held.value.scope is Scope.TENANT
    assert "stranger" not in str(held.value)


@pytest.mark.parametrize(
    "fault",
    [
        LoseAnswer(),
        Answer(status=200, body="<html>"),
        Answer(status=200, body="{}"),
        Answer(status=200, body='{"access_token": "t", "expires_in": "soon"}'),
        Answer(status=302, headers={"Location": "https://elsewhere.example/"}),
        Answer(status=400, body="<html>"),
    ],
    ids=["lost", "a page", "no token", "no number", "a redirect", "a proxy's refusal"],
)
async def test_what_is_no_refusal_is_asked_for_again(fetch: Fetch, vendors: VendorServer, fault: InjectedFault) -> None:
    vendors.faults.set([FaultRule(route="google.token", fault=fault)])
    with pytest.raises(Unavailable):
        await asyncio.to_thread(fetch)


@pytest.mark.parametrize("key", ["", "not JSON", "[]", "{}", '{"private_key": "?", "client_email": "a@b.example"}'])
def test_a_key_that_is_none_stops_the_process_before_anyone_is_asked(key: str) -> None:
    section = GoogleSection.model_construct(
        service_account="env:KEY", admin_subject=f"it@{DOMAIN}", token_url="https://nowhere.example/token"
    )
    with pytest.raises(Stop):
        fetcher(section, lambda _: key)


async def test_a_ca_file_that_is_gone_since_the_start_is_no_defect(fetch: Fetch, section: GoogleSection) -> None:
    await asyncio.to_thread(fetch)
    assert section.ca_file
    section.ca_file.unlink()
    with pytest.raises(Unavailable):
        await asyncio.to_thread(fetch)
