"""What the vendors do not document, or contradict themselves about: each is a switch of a simulator, and the service works either way.

The service's own adapters meet both settings, through TLS. Where the service makes no such call, the simulator shows both.
"""

import asyncio
import json
import ssl
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from consumer.errors import AddressTaken, Fault, Hold, NotYet, Reason, RetryLater, Throttled
from consumer.events import Provider, Student
from consumer.http.client import HttpClient
from consumer.mail.mailgun import open_mailer
from consumer.mail.port import Mailer
from consumer.policy.profile import names
from consumer.providers.factory import open_directories, open_tokens
from consumer.providers.microsoft.answers import LicencesExhausted
from consumer.providers.port import Directory
from consumer.secrets import opener
from consumer.tenants import Tenant
from sandbox.simulators.faults import Answer, FaultRule
from sandbox.simulators.google.customer import MOST_ALIASES, Customer
from sandbox.simulators.google.quirks import GoogleQuirks
from sandbox.simulators.graph.directory import Directory as Entra
from sandbox.simulators.graph.quirks import GraphQuirks
from sandbox.simulators.mailgun.quirks import MailgunQuirks
from sandbox.simulators.server import VendorServer
from sandbox.simulators.vendors import SKU, Institution, Quirks
from sandbox.simulators.world import World
from tests.contracts.tally import OPEN_POINTS
from tests.mail.contract import MAIL
from tests.providers.people import DOMAIN, PASSWORD, maria

MARRIED = f"maria.bianchi@{DOMAIN}"
OPENER = opener({})


@dataclass
class Vendors:
    """One institution at all vendors, and the service's adapters for it."""

    world: World
    server: VendorServer
    tenant: Tenant
    graph: Directory
    google: Directory
    mailer: Mailer

    @property
    def entra(self) -> Entra:
        (directory,) = self.world.graph.directories.values()
        return directory

    @property
    def customer(self) -> Customer:
        (customer,) = self.world.google.customers
        return customer

    async def created(self, directory: Directory, number: int = 1) -> str:
        return (await directory.create(maria(number), PASSWORD, timeout=5)).object_id

    async def raw(self, vendor: str, method: str, path: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
        """A request that the service itself never makes."""
        section = self.tenant.microsoft if vendor == "graph" else self.tenant.google
        assert section is not None
        token = await open_tokens(section, open_secret=OPENER).get()
        trusting = ssl.create_default_context(cafile=str(self.world.authority.ca_file))
        async with httpx.AsyncClient(verify=trusting, trust_env=False) as client:
            headers = {"Authorization": f"Bearer {token}"}
            return await client.request(method, f"{self.server.url(vendor)}{path}", json=body, headers=headers)


@asynccontextmanager
async def opened(folder: Path, quirks: Quirks) -> AsyncGenerator[Vendors]:
    both = Institution("north", "North", (Provider.MICROSOFT, Provider.GOOGLE), licences=1, create_org_units=True)
    world = World([both], folder, clock=time.time, seed=1, quirks=quirks)
    async with world.server() as server, HttpClient(ca_file=world.authority.ca_file) as http:
        (tenant,) = world.tenants(server)
        directories = open_directories(tenant, http=lambda _: http, tokens=partial(open_tokens, open_secret=OPENER))
        assert tenant.mailgun is not None
        mailer = open_mailer(tenant.mailgun, http=lambda _: http, open_secret=OPENER)
        yield Vendors(world, server, tenant, directories[Provider.MICROSOFT], directories[Provider.GOOGLE], mailer)


async def fault_of(call: Awaitable[object]) -> Fault | None:
    try:
        await call
    except Fault as fault:
        return fault
    return None


def graph(**quirks: Any) -> Quirks:
    return Quirks(graph=GraphQuirks(**quirks))


def google(**quirks: Any) -> Quirks:
    return Quirks(google=GoogleQuirks(**quirks))


def mailgun(**quirks: Any) -> Quirks:
    return Quirks(mailgun=MailgunQuirks(**quirks))


# --- what is done; each returns what it saw ---


async def throttled_batch(vendors: Vendors) -> object:
    request = {"id": "1", "method": "DELETE", "url": "/users/none"}
    answer = await vendors.raw("graph", "POST", "/v1.0/$batch", {"requests": [request]})
    (item,) = answer.json()["responses"]
    return answer.status_code, item["status"], item["headers"]["Retry-After"]


async def throttled_creation(vendors: Vendors) -> object:
    fault = await fault_of(vendors.created(vendors.graph))
    assert isinstance(fault, Throttled)
    return fault.after


async def concurrent_assignments(vendors: Vendors) -> object:
    ident = await vendors.created(vendors.graph)
    await vendors.graph.assign_licences(ident, [SKU], timeout=5)
    fault = await fault_of(vendors.graph.assign_licences(ident, [SKU], timeout=5))
    return type(fault)


async def ended_sessions(vendors: Vendors) -> object:
    ident = await vendors.created(vendors.graph)
    before = vendors.entra.users[ident].sessions_valid_from
    await vendors.graph.end_sessions(ident, timeout=5)
    return vendors.entra.users[ident].sessions_valid_from > before


async def long_name(vendors: Vendors) -> object:
    student = Student(student_id="S1", given_name="Maria", family_name="R" * 60, contact_email="m@home.example")
    family = names(Provider.GOOGLE, student).family
    await vendors.google.create(replace(maria(), family_name=family), PASSWORD, timeout=5)
    return len(family)


async def full_domain(vendors: Vendors) -> object:
    vendors.customer.user_limit = 0
    fault = await fault_of(vendors.created(vendors.google))
    assert isinstance(fault, Hold)
    return fault.reason


async def throttled_mail(vendors: Vendors) -> object:
    await vendors.mailer.send(MAIL, timeout=5)
    fault = await fault_of(vendors.mailer.send(MAIL, timeout=5))
    assert isinstance(fault, Throttled)
    return fault.after == pytest.approx(120, abs=2)


async def empty_pool(vendors: Vendors) -> object:
    vendors.entra.stock[SKU] = 0
    ident = await vendors.created(vendors.graph)
    fault = await fault_of(vendors.graph.assign_licences(ident, [SKU], timeout=5))
    assert isinstance(fault, LicencesExhausted)
    return fault.pool


async def subject(vendors: Vendors) -> object:
    """Whether `sub` is the id that outcomes carry; the account itself is identified by its object id in any case."""
    ident = await vendors.created(vendors.google)
    address = vendors.customer.find(ident)
    assert address is not None
    body = {"address": address.primary_email, "password": PASSWORD}
    shown = (await vendors.raw("google", "POST", "/_simulator/google/sign-in", body)).json()
    assert shown["signed_in"]
    assert (await vendors.google.read(ident, timeout=5)) is not None
    return shown["sub"] == vendors.google.identity(ident).subject


async def bound_members(vendors: Vendors) -> object:
    group = next(iter(vendors.entra.groups))
    users = [vendors.entra.add({"userPrincipalName": f"s{number}@{DOMAIN}"}) for number in range(6)]
    urls = [f"{vendors.server.url('graph')}/v1.0/directoryObjects/{user.id}" for user in users]
    bound = await vendors.raw("graph", "PATCH", f"/v1.0/groups/{group}", {"members@odata.bind": urls})
    another = await vendors.raw("graph", "DELETE", "/v1.0/users/none")
    return bound.status_code, len(vendors.entra.groups[group]), another.status_code


async def deleted_and_found(vendors: Vendors) -> object:
    ident = await vendors.created(vendors.graph)
    vendors.entra.delete(ident)
    (found,) = await vendors.graph.find_marked("S1", timeout=5)
    await vendors.graph.restore(ident, org_unit=None, timeout=5)
    restored = await vendors.graph.read(ident, timeout=5)
    return found.object_id == ident, found.deleted, restored and restored.address


async def deleted_at_google(vendors: Vendors) -> object:
    ident = await vendors.created(vendors.google)
    await vendors.google.delete(ident, timeout=5)
    return vendors.server.audit.entries()[-1].status, vendors.customer.find(ident) is None


async def look_up_of_a_mail(vendors: Vendors) -> object:
    await vendors.mailer.send(MAIL, timeout=5)
    return await vendors.mailer.was_accepted(MAIL.message_id, since=0, timeout=5)


async def marker_of_a_new_account(vendors: Vendors) -> object:
    found = await vendors.graph.create(maria(), PASSWORD, timeout=5)
    return found.marker, vendors.entra.users[found.object_id].properties["employeeId"]


async def equal_nicknames(vendors: Vendors) -> object:
    vendors.entra.add({"userPrincipalName": f"other@{DOMAIN}", "mailNickname": "maria.rossi"})
    return type(await fault_of(vendors.created(vendors.graph)))


async def own_alias_as_address(vendors: Vendors) -> object:
    ident = await vendors.created(vendors.google)
    for address in (MARRIED, maria().address):
        await vendors.google.rename(ident, address, timeout=5)
    renamed = vendors.customer.known(ident)
    assert renamed is not None
    routes = [entry.route for entry in vendors.server.audit.entries()]
    return renamed.primary_email, renamed.aliases, "directory.users.aliases.delete" in routes


async def one_alias_too_many(vendors: Vendors) -> object:
    ident = await vendors.created(vendors.google)
    for number in range(MOST_ALIASES):
        vendors.customer.add_alias(ident, f"m{number}@{DOMAIN}")
    fault = await fault_of(vendors.google.rename(ident, MARRIED, timeout=5))
    assert isinstance(fault, Hold)
    return fault.reason


async def unit_of_another_s(vendors: Vendors) -> object:
    """A unit that another creates between the look for it and the creation."""
    vendors.customer.add_org_unit("/Leavers")
    no_unit = {"error": {"code": 404, "message": "Org unit not found", "errors": [{"reason": "notFound"}]}}
    refused = {"error": {"code": 400, "message": "Invalid Input: INVALID_OU_ID", "errors": [{"reason": "invalid"}]}}
    raced = (("directory.users.insert", 400, refused), ("directory.orgunits.get", 404, no_unit))
    vendors.server.faults.set(
        [
            FaultRule(route=route, fault=Answer(status=status, body=json.dumps(body)), first=1)
            for route, status, body in raced
        ]
    )
    create = partial(vendors.google.create, maria(org_unit="/Leavers"), PASSWORD, timeout=5)
    assert isinstance(await fault_of(create()), NotYet)
    ident = (await create()).object_id
    user = vendors.customer.known(ident)
    (creation,) = [one for one in vendors.server.audit.entries() if one.route == "directory.orgunits.insert"]
    return creation.status, user and user.org_unit


async def mail_after_a_rename(vendors: Vendors) -> object:
    ident = await vendors.created(vendors.graph)
    vendors.entra.users[ident].properties |= {"mail": maria().address, "proxyAddresses": [f"SMTP:{maria().address}"]}
    await vendors.graph.rename(ident, MARRIED, timeout=5)
    found = [await vendors.graph.find_address(address, timeout=5) for address in (maria().address, MARRIED)]
    return vendors.entra.users[ident].properties["mail"], [one and one.address for one in found]


async def unknown_application(vendors: Vendors) -> object:
    section = vendors.tenant.microsoft
    assert section is not None
    stranger = section.model_copy(update={"client_id": section.tenant_id})
    fault = await fault_of(open_tokens(stranger, open_secret=OPENER).get())
    assert isinstance(fault, Hold)
    return fault.code


NONE = type(None)
WINDOW = graph(writes_per_window=2)
LEFT = "No {sku} does not have any available licenses today."
POINTS: Mapping[str, tuple[Callable[[Vendors], Awaitable[object]], Sequence[tuple[Quirks, object]]]] = {
    "1 status of a throttled batch": (
        throttled_batch,
        [
            (graph(writes_per_window=0), (200, 429, "10")),
            (graph(writes_per_window=0, throttled_batch_status=424), (424, 429, "10")),
        ],
    ),
    "2 Retry-After": (
        throttled_creation,
        [
            (graph(writes_per_window=0, retry_after=said), after)
            for said, after in (("10", 10.0), ("2.128", 2.128), (None, None))
        ],
    ),
    "3 status of a concurrency violation": (
        concurrent_assignments,
        [
            (graph(assignment_takes=60), RetryLater),
            (graph(assignment_takes=60, concurrency_status=503), RetryLater),
        ],
    ),
    "4 answer to revokeSignInSessions": (ended_sessions, [(graph(), True), (graph(revocation_status=204), True)]),
    "5 length of a name": (long_name, [(google(), 40), (google(name_limit=40), 40)]),
    "6 status of the user limit": (
        full_domain,
        [(google(user_limit_status=status), Reason.LICENCES_EXHAUSTED) for status in (412, 403, 400)],
    ),
    "7 header of a rate limit": (
        throttled_mail,
        [
            (mailgun(requests_per_second=0.001, rate_header=header), True)
            for header in ("retry-after", "x-ratelimit-reset", "none")
        ],
    ),
    "8 sentence for an empty pool": (empty_pool, [(graph(), SKU), (graph(no_licence_left=LEFT), None)]),
    "9 sub and the directory's id": (subject, [(google(), True), (google(sub_is_user_id=False), False)]),
    "10 cost of members that are bound": (
        bound_members,
        [(WINDOW, (204, 6, 404)), (graph(writes_per_window=2, bound_members_cost="thirds"), (204, 6, 429))],
    ),
    "11 sign-in name of a deleted user": (
        deleted_and_found,
        [(graph(renames_deleted=renames), (True, True, maria().address)) for renames in (True, False)],
    ),
    "12 status of a deletion": (
        deleted_at_google,
        [(google(), (204, True)), (google(delete_status=200), (200, True))],
    ),
    "13 delay of events": (look_up_of_a_mail, [(mailgun(), True), (mailgun(ingestion_delay=1_800), False)]),
    "14 employeeId in the creation": (
        marker_of_a_new_account,
        [(graph(), ("S1", "S1")), (graph(drops_employee_id=True), ("S1", "S1"))],
    ),
    "15 uniqueness of mailNickname": (
        equal_nicknames,
        [(graph(), NONE), (graph(unique_nicknames=True), AddressTaken)],
    ),
    "16 type of deleted users": (
        deleted_and_found,
        [
            (graph(deleted_users_cast=cast), (True, True, maria().address))
            for cast in ("microsoft.graph.user", "graph.user")
        ],
    ),
    "17 an unknown application's error": (
        unknown_application,
        [(graph(), "AADSTS700016"), (graph(unknown_application=700038), "AADSTS700038")],
    ),
    "18 an alias of its own as a user's address": (
        own_alias_as_address,
        [
            (google(), (maria().address, [MARRIED], False)),
            (google(renames_to_aliases=False), (maria().address, [MARRIED], True)),
        ],
    ),
    "19 status of the alias limit": (
        one_alias_too_many,
        [(google(alias_limit_status=status), Reason.QUOTA_EXCEEDED) for status in (412, 403)],
    ),
    "20 mail of a renamed user": (
        mail_after_a_rename,
        [
            (graph(), (MARRIED, [MARRIED, MARRIED])),
            (graph(renames_mail=False), (maria().address, [MARRIED, MARRIED])),
        ],
    ),
    "21 a unit that exists": (
        unit_of_another_s,
        [
            (google(org_unit_conflict=conflict), (status, "/Leavers"))
            for conflict, status in (("input", 400), ("duplicate", 409))
        ],
    ),
}
"""By number and name: what is done, and under which settings it shows what."""


@pytest.mark.contract(OPEN_POINTS)
@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
def test_either_way_is_handled(tmp_path: Path, point: str) -> None:
    act, ways = POINTS[point]
    folders = [tmp_path / str(number) for number in range(len(ways))]
    for folder in folders:
        folder.mkdir()

    async def seen(folder: Path, quirks: Quirks) -> object:
        async with opened(folder, quirks) as vendors:
            return await act(vendors)

    shown = [asyncio.run(seen(folder, quirks)) for folder, (quirks, _) in zip(folders, ways, strict=True)]
    assert shown == [want for _, want in ways]
    assert len({repr(quirks) for quirks, _ in ways}) == len(ways) >= 2
