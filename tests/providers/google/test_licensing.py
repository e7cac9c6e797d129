"""Licences of single accounts, at the simulated License Manager: by the present address, one call each, one SKU of a product."""

import pytest

from consumer.errors import Hold, NotYet, Reason, Scope, Throttled
from consumer.events import Provider
from consumer.http.client import HttpClient
from consumer.providers.factory import open_directories
from consumer.providers.google.tokens import SCOPES
from consumer.providers.port import Directory
from consumer.tenants import Tenant
from sandbox.simulators.google.customer import Customer
from sandbox.simulators.google.quirks import GoogleQuirks
from sandbox.simulators.google.refusals import licensing_throttled
from sandbox.simulators.server import VendorServer
from sandbox.simulators.vendors import EDUCATION_PLUS, EDUCATION_STANDARD, Quirks
from sandbox.simulators.world import World
from tests.providers.conftest import TOKENS, answers
from tests.providers.people import DOMAIN, MARIA, PASSWORD, maria

INSERT = "licensing.licenseAssignments.insert"
MARRIED = f"maria.bianchi@{DOMAIN}"
OTHER_PRODUCT = "101037/1010370001"


@pytest.fixture
def customer(world: World) -> Customer:
    (one,) = world.google.customers
    one.licences.stock["101037", "1010370001"] = 10
    return one


@pytest.fixture
def directory(tenant: Tenant, http: HttpClient) -> Directory:
    return open_directories(tenant, http=lambda _: http, tokens=TOKENS)[Provider.GOOGLE]


@pytest.fixture
async def account(directory: Directory, customer: Customer) -> str:
    del customer
    return (await directory.create(maria(), PASSWORD, timeout=5)).object_id


def has(customer: Customer) -> set[str]:
    """What the one account has."""
    return {f"{one.product}/{one.sku}" for one in customer.licences.held}


def routes(vendors: VendorServer) -> list[str]:
    return [entry.route for entry in vendors.audit.entries() if entry.route.startswith("licensing.")]


async def give(directory: Directory, account: str, *licences: str, replaces: tuple[str, ...] = ()) -> None:
    await directory.assign_licences(account, licences, replaces=replaces, timeout=5)


async def test_each_licence_is_a_call(
    directory: Directory, account: str, customer: Customer, vendors: VendorServer
) -> None:
    await give(directory, account, EDUCATION_PLUS, OTHER_PRODUCT)
    assert has(customer) == {EDUCATION_PLUS, OTHER_PRODUCT}
    assert routes(vendors) == [INSERT, INSERT]
    await directory.remove_licences(account, [EDUCATION_PLUS, OTHER_PRODUCT], timeout=5)
    assert has(customer) == set()


async def test_an_account_that_was_renamed_is_known_by_its_present_address(
    directory: Directory, account: str, customer: Customer
) -> None:
    customer.update(account, {"primaryEmail": MARRIED})
    customer.remove_alias(account, MARIA)
    stranger = customer.add_user(MARIA)
    await give(directory, account, EDUCATION_PLUS)
    (assigned,) = customer.licences.held
    assert assigned.user.id == account != stranger.id


@pytest.mark.parametrize("quirks", [Quirks(google=GoogleQuirks(rename_takes=600))])
async def test_an_address_that_the_license_manager_does_not_know_yet_is_waited_for(
    directory: Directory, account: str, customer: Customer
) -> None:
    customer.update(account, {"primaryEmail": MARRIED})
    with pytest.raises(NotYet):
        await give(directory, account, EDUCATION_PLUS)


async def test_an_account_that_is_not_shown_is_given_nothing(
    directory: Directory, account: str, customer: Customer, vendors: VendorServer
) -> None:
    customer.delete(account)
    with pytest.raises(NotYet):
        await give(directory, account, EDUCATION_PLUS)
    assert routes(vendors) == []


async def test_one_of_ours_of_the_same_product_is_switched(
    directory: Directory, account: str, customer: Customer, vendors: VendorServer
) -> None:
    await give(directory, account, EDUCATION_STANDARD)
    for _ in range(2):
        await give(directory, account, EDUCATION_PLUS, replaces=(EDUCATION_STANDARD, OTHER_PRODUCT))
    assert has(customer) == {EDUCATION_PLUS}
    assert "licensing.licenseAssignments.delete" not in routes(vendors)


async def test_one_that_others_gave_stays(directory: Directory, account: str, customer: Customer) -> None:
    await give(directory, account, EDUCATION_STANDARD)
    with pytest.raises(Hold) as held:
        await give(directory, account, EDUCATION_PLUS)
    assert (held.value.reason, held.value.scope) == (Reason.LICENCE_INVALID, Scope.STUDENT)
    assert has(customer) == {EDUCATION_STANDARD}


async def test_what_comes_with_the_unit_stays_with_it(directory: Directory, account: str, customer: Customer) -> None:
    await give(directory, account, EDUCATION_PLUS)
    customer.licences.automatic.add(("101031", "1010310008"))
    await directory.remove_licences(account, [EDUCATION_PLUS], timeout=5)
    assert has(customer) == {EDUCATION_PLUS}


async def test_an_empty_pool_is_named(directory: Directory, account: str, customer: Customer) -> None:
    customer.licences.stock["101031", "1010310008"] = 0
    with pytest.raises(Hold) as held:
        await give(directory, account, EDUCATION_PLUS)
    assert (held.value.reason, held.value.scope) == (Reason.LICENCES_EXHAUSTED, Scope.RESOURCE)
    assert EDUCATION_PLUS in str(held.value)


async def test_a_scope_that_is_not_delegated_holds_licences_and_nothing_else(
    directory: Directory, customer: Customer
) -> None:
    (service_account,) = customer.delegations
    customer.delegate(service_account, SCOPES)
    account = (await directory.create(maria(), PASSWORD, timeout=5)).object_id
    with pytest.raises(Hold) as held:
        await give(directory, account, EDUCATION_PLUS)
    assert (held.value.reason, held.value.scope) == (Reason.CONSENT_MISSING, Scope.TENANT)
    assert (held.value.code or "").startswith("unauthorized_client")


async def test_the_quota_s_503_names_no_time_and_is_waited_for(
    directory: Directory, account: str, vendors: VendorServer
) -> None:
    answers(vendors, INSERT, 503, licensing_throttled().body())
    with pytest.raises(Throttled) as refused:
        await give(directory, account, EDUCATION_PLUS)
    assert refused.value.after == 5.0


@pytest.mark.parametrize(("route", "service"), [("directory.users.get", "google"), (INSERT, None)])
async def test_who_refused_is_said(
    directory: Directory, account: str, vendors: VendorServer, route: str, service: str | None
) -> None:
    answers(vendors, route, 429, {})
    with pytest.raises(Throttled) as refused:
        await give(directory, account, EDUCATION_PLUS)
    assert refused.value.service == service
