"""An organisational unit that an account is to be put into is created where it does not exist, if the institution wants that."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from consumer.errors import Hold, NotYet, Reason, RetryLater, Scope
from consumer.events import Provider
from consumer.http.answer import Answer as HttpAnswer
from consumer.http.client import Call, HttpClient
from consumer.http.deadline import Deadline
from consumer.providers.factory import open_directories
from consumer.providers.google.answers import fault_of
from consumer.providers.google.org_units import OrgUnits
from consumer.providers.port import Directory
from consumer.tenants import Tenant
from sandbox.simulators.faults import Answer, FaultRule, LoseAnswer
from sandbox.simulators.google.customer import Customer
from sandbox.simulators.google.quirks import GoogleQuirks
from sandbox.simulators.server import VendorServer
from sandbox.simulators.vendors import Institution, Quirks
from sandbox.simulators.world import World
from tests.providers.conftest import TOKENS, answers
from tests.providers.people import PASSWORD, maria
from tests.providers.scripted import scripted_api

T = TypeVar("T")

CLASS = "/Students/Upper/Class 7 a"
ABOVE = ["/Students", "/Students/Upper"]
INSERT, GET = "directory.orgunits.insert", "directory.orgunits.get"
NO_UNIT = {"error": {"code": 404, "message": "Org unit not found", "errors": [{"reason": "notFound"}]}}
REFUSED = {"error": {"code": 400, "message": "Invalid Input: INVALID_OU_ID", "errors": [{"reason": "invalid"}]}}


@pytest.fixture
def world(tmp_path: Path, quirks: Quirks) -> World:
    north = Institution("north", "North", (Provider.GOOGLE,), create_org_units=True)
    return World([north], tmp_path, clock=time.time, seed=1, quirks=quirks)


@pytest.fixture
def customer(world: World) -> Customer:
    (one,) = world.google.customers
    return one


@pytest.fixture
def directory(tenant: Tenant, http: HttpClient) -> Directory:
    return open_directories(tenant, http=lambda _: http, tokens=TOKENS)[Provider.GOOGLE]


def asked(vendors: VendorServer, route: str) -> list[str]:
    """What the requests of this route held."""
    return [entry.request for entry in vendors.audit.entries() if entry.route == route]


def once(route: str, status: int, body: object) -> FaultRule:
    return FaultRule(route=route, fault=Answer(status=status, body=json.dumps(body)), first=1)


async def create(directory: Directory, org_unit: str = CLASS) -> str:
    return (await directory.create(maria(org_unit=org_unit), PASSWORD, timeout=5)).object_id


async def in_two_attempts(call: Callable[[], Awaitable[T]]) -> T:
    """Without the unit, the first attempt only creates that."""
    with pytest.raises(NotYet) as waiting:
        await call()
    assert waiting.value.reason is Reason.ORG_UNIT_MISSING
    return await call()


async def test_a_missing_unit_is_created_below_those_above_it(
    directory: Directory, customer: Customer, vendors: VendorServer
) -> None:
    ident = await in_two_attempts(lambda: create(directory))
    user = customer.find(ident)
    assert user is not None
    assert user.org_unit == CLASS
    assert len(asked(vendors, "directory.users.insert")) == len(["refused", "done"])
    bodies = [json.loads(text) for text in asked(vendors, INSERT)]
    assert bodies == [
        {"name": "Students", "parentOrgUnitPath": "/"},
        {"name": "Upper", "parentOrgUnitPath": "/Students"},
        {"name": "Class 7 a", "parentOrgUnitPath": "/Students/Upper"},
    ]


async def moved(directory: Directory, customer: Customer, ident: str) -> None:
    del customer
    await directory.move(ident, CLASS, timeout=5)


async def restored(directory: Directory, customer: Customer, ident: str) -> None:
    if customer.find(ident):
        customer.delete(ident)
    await directory.restore(ident, org_unit=CLASS, timeout=5)


@pytest.mark.parametrize("put", [moved, restored])
async def test_so_is_one_that_an_existing_account_is_put_into(
    directory: Directory, customer: Customer, put: Callable[[Directory, Customer, str], Awaitable[None]]
) -> None:
    ident = await create(directory, "/")
    await in_two_attempts(partial(put, directory, customer, ident))
    user = customer.find(ident)
    assert user is not None
    assert user.org_unit == CLASS


async def test_many_accounts_at_once_have_one_unit_created_once(
    directory: Directory, customer: Customer, vendors: VendorServer
) -> None:
    class_7 = [customer.add_user(f"s{number}@students.north.example").id for number in range(20)]
    moves = [partial(directory.move, ident, CLASS, timeout=5) for ident in class_7]
    await asyncio.gather(*map(in_two_attempts, moves))
    assert len(asked(vendors, INSERT)) == len([*ABOVE, CLASS])


async def test_of_units_that_exist_none_is_looked_for(
    directory: Directory, customer: Customer, vendors: VendorServer
) -> None:
    customer.add_org_unit(CLASS)
    await create(directory)
    assert asked(vendors, GET) == []


@pytest.mark.parametrize(
    "quirks",
    [
        Quirks(google=GoogleQuirks(org_unit_conflict="input")),
        Quirks(google=GoogleQuirks(org_unit_conflict="duplicate")),
    ],
    ids=["400", "409"],
)
async def test_a_unit_that_another_has_created_meanwhile_is_used(
    directory: Directory, customer: Customer, vendors: VendorServer
) -> None:
    customer.add_org_unit(CLASS)
    vendors.faults.set([once("directory.users.insert", 400, REFUSED), once(GET, 404, NO_UNIT)])
    await in_two_attempts(lambda: create(directory))
    assert len(asked(vendors, INSERT)) == 1


@pytest.mark.parametrize("quirks", [Quirks(google=GoogleQuirks(org_unit_lag=60))])
async def test_a_new_unit_that_users_cannot_be_put_into_yet_is_waited_for(
    directory: Directory, customer: Customer
) -> None:
    customer.add_org_unit(ABOVE[-1])
    for _ in range(3):
        with pytest.raises(NotYet) as waiting:
            await create(directory)
        assert (waiting.value.reason, waiting.value.code) == (Reason.ORG_UNIT_MISSING, "400 invalid")
    customer.quirks = GoogleQuirks()
    await create(directory)


@pytest.mark.parametrize("quirks", [Quirks(google=GoogleQuirks(org_unit_lag=60))])
async def test_so_is_a_new_unit_that_others_cannot_be_created_below_yet(directory: Directory) -> None:
    with pytest.raises(NotYet) as waiting:
        await create(directory)
    assert waiting.value.reason is Reason.ORG_UNIT_MISSING


async def test_a_creation_whose_answer_is_lost_leaves_no_doubt_about_the_account(
    directory: Directory, customer: Customer, vendors: VendorServer
) -> None:
    vendors.faults.set([FaultRule(route=INSERT, fault=LoseAnswer(), first=1)])
    with pytest.raises(RetryLater):
        await create(directory, "/Students")
    assert await directory.find_marked("S1", timeout=5) == []
    await create(directory, "/Students")
    assert "/Students" in customer.org_units


async def test_a_unit_that_google_refuses_and_does_not_show_is_tried_again(
    directory: Directory, vendors: VendorServer
) -> None:
    answers(vendors, INSERT, 400, REFUSED)
    with pytest.raises(NotYet) as waiting:
        await create(directory)
    assert waiting.value.reason is Reason.ORG_UNIT_MISSING


class Refusing:
    """Keeps `Http`: no unit is shown, and none is created."""

    def __init__(self) -> None:
        self.creations = 0

    async def send(self, call: Call, *, timeout: float) -> HttpAnswer:
        del timeout
        if call.method == "GET":
            return HttpAnswer(404, {}, json.dumps(NO_UNIT).encode())
        self.creations += 1
        return HttpAnswer(400, {}, json.dumps(REFUSED).encode())


async def test_after_a_refusal_a_unit_is_only_looked_for_until_a_while_has_passed() -> None:
    times, google = list[float](), Refusing()
    units = OrgUnits(scripted_api(google, fault_of), "my_customer", clock=lambda: times[-1])
    for seconds in (0.0, 5.0, 14.0, 16.0):
        times.append(seconds)
        with pytest.raises(NotYet) as waiting:
            await units.ensure("/Students", Deadline(5))
        assert waiting.value.reason is Reason.ORG_UNIT_MISSING
    assert google.creations == 2


@pytest.mark.parametrize("route", [GET, INSERT])
async def test_who_may_not_create_units_holds_those_who_need_one(
    directory: Directory, vendors: VendorServer, route: str
) -> None:
    answers(vendors, route, 403, {"error": {"code": 403, "message": "…", "errors": [{"reason": "forbidden"}]}})
    with pytest.raises(Hold) as held:
        await create(directory)
    assert (held.value.reason, held.value.scope) == (Reason.CONSENT_MISSING, Scope.RESOURCE)


class Silent:
    """Keeps `Http`: never answers."""

    async def send(self, call: Call, *, timeout: float) -> HttpAnswer:
        del call, timeout
        return await asyncio.get_running_loop().create_future()


async def test_no_one_waits_for_another_s_creation_for_longer_than_its_own_call_may_last() -> None:
    units = OrgUnits(scripted_api(Silent(), fault_of), "my_customer")
    first = asyncio.create_task(units.ensure(CLASS, Deadline(60)))
    await asyncio.sleep(0)
    with pytest.raises(RetryLater) as waiting:
        await units.ensure(CLASS, Deadline(0.01))
    assert waiting.value.reason is Reason.ORG_UNIT_MISSING
    first.cancel()
