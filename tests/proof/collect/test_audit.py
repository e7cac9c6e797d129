"""The vendors' audit log, read as calls: served by the simulators themselves, so that what they note is what is read."""

import json
import ssl
import time
from collections.abc import AsyncIterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from consumer.events import Provider
from consumer.secrets import opener
from consumer.tenants import Tenant
from proof.collect import audit
from proof.collect.owners import Owners
from proof.collect.world import accounts, mails
from proof.history import Call, Operation, fingerprint
from sandbox.simulators import registry
from sandbox.simulators.audit import Entry
from sandbox.simulators.faults import Answer, FaultRule, LoseAnswer, Refuse
from sandbox.simulators.google import http as google_http
from sandbox.simulators.graph import http as graph_http
from sandbox.simulators.graph.permissions import FOR_ADMIN_UNITS, GRANTED
from sandbox.simulators.mailgun.http import MailgunHttp
from sandbox.simulators.server import VendorServer
from sandbox.simulators.vendors import EDUCATION_PLUS, EDUCATION_STANDARD, GOOGLE, GRAPH, MAILGUN, Institution
from sandbox.simulators.world import REGISTRY, World

crypt: Any = import_module("google.auth.crypt")  # neither has types
jwt: Any = import_module("google.auth.jwt")

INSTITUTIONS = (
    Institution("north", "North", (Provider.MICROSOFT, Provider.GOOGLE)),
    Institution("south", "South", (Provider.MICROSOFT,)),
)
PASSWORD = "Kd7mWq-3x9Rtb-Hn4cZp"
NEW = {
    "accountEnabled": True,
    "displayName": "A",
    "mailNickname": "a",
    "userPrincipalName": "A@students.north.example",
    "passwordProfile": {"password": PASSWORD},
    "employeeId": "S1",
    "usageLocation": "GR",
}
NEW_AT_GOOGLE = {
    "primaryEmail": "a@students.north.example",
    "name": {"givenName": "A", "familyName": "B"},
    "password": PASSWORD,
    "externalIds": [{"type": "custom", "customType": "provisioner", "value": "north/S1"}],
}
MAIL = {
    "from": "accounts@mail.north.example",
    "to": "someone@post.example",
    "subject": "Welcome",
    "text": f"Sign in as a@students.north.example with {PASSWORD}",
    "h:Message-Id": "<welcome.1@mail.north.example>",
}


class Vendors:
    """The world, and a client that speaks for `north`."""

    def __init__(self, world: World, server: VendorServer, http: httpx.AsyncClient) -> None:
        self.world, self.server, self.http = world, server, http
        self.tenants: Sequence[Tenant] = world.tenants(server)
        self.owners = Owners.of(self.tenants, opener({}))
        self.open = opener({})

    async def graph(self, method: str, path: str, body: object = None) -> httpx.Response:
        section = self.tenants[0].microsoft
        assert section
        status, given = self.world.graph.tokens.exchange(
            section.tenant_id,
            {
                "grant_type": "client_credentials",
                "client_id": section.client_id,
                "client_secret": self.open(section.client_secret or ""),
                "scope": "x/.default",
            },
            resource="x",
        )
        assert status == 200
        headers = {"Authorization": f"Bearer {given['access_token']}"}
        return await self.http.request(method, self.server.url(GRAPH) + path, json=body, headers=headers)

    async def google(self, method: str, path: str, body: object = None) -> httpx.Response:
        return await self._at_google(method, f"/admin/directory/v1{path}", body)

    async def licences(self, method: str, path: str, body: object = None) -> httpx.Response:
        return await self._at_google(method, f"/apps/licensing/v1{path}", body)

    async def _at_google(self, method: str, path: str, body: object) -> httpx.Response:
        section = self.tenants[0].google
        assert section
        url = f"{self.server.url(GOOGLE)}{path}"
        headers = {"Authorization": f"Bearer {self._google_token(section.admin_subject)}"}
        return await self.http.request(method, url, json=body, headers=headers)

    async def mail(self, *, key_of: int = 0) -> httpx.Response:
        section = self.tenants[key_of].mailgun
        assert section
        return await self.http.post(
            f"{self.server.url(MAILGUN)}/v3/mail.north.example/messages",
            content=urlencode(MAIL),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            auth=("api", self.open(section.api_key)),
        )

    def calls(self) -> Sequence[Call]:
        return audit.calls(self.server.audit.entries(), self.owners)

    def _google_token(self, subject: str) -> str:
        section = self.tenants[0].google
        assert section
        account = json.loads(self.open(section.service_account or ""))
        now = int(time.time())
        claims = {
            "iss": account["client_email"],
            "sub": subject,
            "aud": "https://oauth2.googleapis.com/token",
            "scope": " ".join(self.world.google.customers[0].delegations[account["client_email"]]),
            "iat": now,
            "exp": now + 600,
        }
        assertion = jwt.encode(crypt.RSASigner.from_service_account_info(account), claims).decode()
        grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
        return self.world.google.tokens.exchange({"grant_type": grant, "assertion": assertion})["access_token"]


@pytest.fixture
async def vendors(tmp_path: Path) -> AsyncIterator[Vendors]:
    world = World(INSTITUTIONS, tmp_path, clock=time.time, seed=1)
    trusting = ssl.create_default_context(cafile=str(world.authority.ca_file))
    async with world.server() as server, httpx.AsyncClient(verify=trusting, trust_env=False, timeout=5) as http:
        yield Vendors(world, server, http)


async def test_a_creation_tells_whose_it_is_what_was_made_and_which_password_it_bore(vendors: Vendors) -> None:
    ident = (await vendors.graph("POST", "/v1.0/users", NEW)).json()["id"]
    (call,) = vendors.calls()
    assert (call.tenant_id, call.credential_of, call.service) == ("north", "north", "microsoft")
    assert (call.operation, call.effective) == (Operation.CREATE, True)
    assert (call.object_id, call.address, call.marker) == (ident, "a@students.north.example", "S1")
    assert call.secret == fingerprint(PASSWORD)


async def test_a_creation_that_is_refused_tells_what_it_asked_for(vendors: Vendors) -> None:
    await vendors.graph("POST", "/v1.0/users", NEW)
    await vendors.graph("POST", "/v1.0/users", {**NEW, "employeeId": "S2"})
    call = vendors.calls()[1]
    assert (call.effective, call.object_id, call.address) == (False, None, "a@students.north.example")
    assert call.marker == "S2"


@pytest.mark.parametrize(
    ("body", "operation"),
    [
        ({"employeeId": "S1"}, Operation.MARK),
        ({"passwordProfile": {"password": PASSWORD}}, Operation.PASSWORD),
        ({"accountEnabled": False}, Operation.SUSPEND),
        ({"accountEnabled": True}, Operation.REACTIVATE),
        ({"accountEnabled": False, "jobTitle": "leaver"}, Operation.SUSPEND),
    ],
)
async def test_what_a_patch_does_is_read_from_its_body(
    vendors: Vendors, body: dict[str, object], operation: Operation
) -> None:
    ident = (await vendors.graph("POST", "/v1.0/users", NEW)).json()["id"]
    await vendors.graph("PATCH", f"/v1.0/users/{ident}", body)
    call = vendors.calls()[1]
    assert (call.operation, call.object_id, call.marker, call.by_name) == (operation, ident, "S1", False)


async def test_a_suspension_tells_what_else_it_changes(vendors: Vendors) -> None:
    ident = (await vendors.graph("POST", "/v1.0/users", NEW)).json()["id"]
    for more in ({}, {"passwordProfile": {"password": PASSWORD}}):
        await vendors.graph("PATCH", f"/v1.0/users/{ident}", {"accountEnabled": False, **more})
    assert [(call.operation, call.detail) for call in vendors.calls()[1:]] == [
        (Operation.SUSPEND, None),
        (Operation.SUSPEND, "passwordProfile"),
    ]


@pytest.mark.parametrize(
    "body",
    [{"externalIds": None}, {"externalIds": [{"type": "organization", "value": "E-77"}]}],
    ids=["alone", "beside"],
)
async def test_a_marker_that_is_taken_away_is_a_release(vendors: Vendors, body: dict[str, object]) -> None:
    at_graph = (await vendors.graph("POST", "/v1.0/users", NEW)).json()["id"]
    at_google = (await vendors.google("POST", "/users", NEW_AT_GOOGLE)).json()["id"]
    await vendors.graph("PATCH", f"/v1.0/users/{at_graph}", {"employeeId": None})
    await vendors.google("PATCH", f"/users/{at_google}", body)
    calls = vendors.calls()[2:]
    assert [(call.operation, call.object_id, call.marker) for call in calls] == [
        (Operation.RELEASE, at_graph, None),
        (Operation.RELEASE, at_google, None),
    ]


async def test_a_write_that_names_its_object_by_address_is_distinguished(vendors: Vendors) -> None:
    await vendors.graph("POST", "/v1.0/users", NEW)
    await vendors.graph("PATCH", "/v1.0/users/a@students.north.example", {"employeeId": "S1"})
    assert vendors.calls()[1].by_name


async def test_a_refused_write_names_its_object_too(vendors: Vendors) -> None:
    ident = (await vendors.graph("POST", "/v1.0/users", NEW)).json()["id"]
    await vendors.graph(
        "POST", f"/v1.0/users/{ident}/assignLicense", {"addLicenses": [{"skuId": "?"}], "removeLicenses": []}
    )
    call = vendors.calls()[1]
    assert (call.operation, call.effective, call.object_id, call.detail) == (Operation.LICENCES, False, ident, "?")


async def test_a_creation_and_a_membership_at_google_are_read_alike(vendors: Vendors) -> None:
    ident = (await vendors.google("POST", "/users", NEW_AT_GOOGLE)).json()["id"]
    (group,) = [group.email for group in vendors.world.google.customers[0].groups.all][:1]
    await vendors.google("POST", f"/groups/{group}/members", {"id": ident})
    await vendors.google("POST", "/users", NEW_AT_GOOGLE)
    created, joined, again = vendors.calls()
    assert (created.tenant_id, created.credential_of, created.service) == ("north", "north", "google")
    assert (created.operation, created.object_id, created.marker) == (Operation.CREATE, ident, "north/S1")
    assert created.secret == fingerprint(PASSWORD)
    assert (joined.operation, joined.object_id, joined.detail) == (Operation.GROUP, ident, group)
    assert (again.effective, again.object_id, again.marker) == (False, None, "north/S1")


async def test_a_membership_of_an_administrative_unit_tells_which(vendors: Vendors) -> None:
    units = vendors.world.graph.directories[INSTITUTIONS[0].guid("tenant")].units
    units.add("u1")
    vendors.world.graph.tokens.permit(
        INSTITUTIONS[0].guid("tenant"), INSTITUTIONS[0].guid("client"), GRANTED | FOR_ADMIN_UNITS
    )
    ident = (await vendors.graph("POST", "/v1.0/users", NEW)).json()["id"]
    members = "/v1.0/directory/administrativeUnits/u1/members"
    await vendors.graph("POST", f"{members}/$ref", {"@odata.id": f"https://graph/v1.0/directoryObjects/{ident}"})
    held = accounts(vendors.world.graph, vendors.world.google, vendors.tenants[:1], [])
    assert [one.admin_units for one in held if one.object_id == ident] == [{"u1"}]
    await vendors.graph("DELETE", f"{members}/{ident}/$ref")
    _, joined, left = vendors.calls()
    assert (joined.operation, joined.effective, joined.object_id, joined.detail) == (
        Operation.JOIN_UNIT,
        True,
        ident,
        "u1",
    )
    assert (left.operation, left.effective, left.object_id, left.detail) == (Operation.LEAVE_UNIT, True, ident, "u1")


async def test_a_licence_at_google_is_the_one_that_the_call_names_or_switches_to(vendors: Vendors) -> None:
    created = (await vendors.google("POST", "/users", NEW_AT_GOOGLE)).json()
    skus = f"/product/{EDUCATION_PLUS.replace('/', '/sku/')}/user"
    await vendors.licences("POST", skus, {"userId": created["primaryEmail"]})
    sku = EDUCATION_STANDARD.partition("/")[2]
    await vendors.licences("PATCH", f"{skus}/{created['primaryEmail']}", {"skuId": sku})
    switched = skus.replace(EDUCATION_PLUS.partition("/")[2], sku)
    await vendors.licences("DELETE", f"{switched}/{created['primaryEmail']}")
    calls = vendors.calls()[1:]
    assert [(call.operation, call.detail) for call in calls] == [
        (Operation.LICENCES, EDUCATION_PLUS),
        (Operation.LICENCES, EDUCATION_STANDARD),
        (Operation.TAKE_LICENCES, EDUCATION_STANDARD),
    ]
    assert {(call.object_id, call.by_name, call.effective) for call in calls} == {(created["id"], False, True)}
    assert {(call.service, call.place) for call in calls} == {("google", "google/licences")}


async def test_each_organisational_unit_is_one_of_its_own(vendors: Vendors) -> None:
    for name in ("7", "8"):
        await vendors.google("POST", "/customer/my_customer/orgunits", {"name": name, "parentOrgUnitPath": "/Students"})
    assert [(call.operation, call.detail) for call in vendors.calls()] == [
        (Operation.NEW_UNIT, "/Students/7"),
        (Operation.NEW_UNIT, "/Students/8"),
    ]


async def test_a_mail_tells_its_id_the_account_it_is_about_and_its_password(vendors: Vendors) -> None:
    await vendors.mail()
    (call,) = vendors.calls()
    assert (call.tenant_id, call.credential_of, call.service) == ("north", "north", "mailgun")
    assert (call.operation, call.detail) == (Operation.SEND, "welcome.1@mail.north.example")
    assert (call.address, call.secret) == ("a@students.north.example", fingerprint(PASSWORD))


async def test_another_tenant_s_key_shows(vendors: Vendors) -> None:
    await vendors.mail(key_of=1)
    (call,) = vendors.calls()
    assert (call.tenant_id, call.credential_of) == ("north", "south")


async def test_what_never_reached_the_vendor_s_logic_still_tells_whose_it_was_and_how_long_to_wait(
    vendors: Vendors,
) -> None:
    busy = Answer(status=429, headers={"Retry-After": "30"})
    vendors.server.faults.set([FaultRule(route="graph.users.create", fault=busy)])
    await vendors.graph("POST", "/v1.0/users", NEW)
    (call,) = vendors.calls()
    assert (call.tenant_id, call.executed, call.answered, call.retry_after) == ("north", False, True, 30.0)
    assert (call.marker, call.secret) == ("S1", fingerprint(PASSWORD))


async def test_a_lost_answer_is_a_call_all_the_same(vendors: Vendors) -> None:
    vendors.server.faults.set(
        [FaultRule(route="graph.users.create", fault=LoseAnswer()), FaultRule(route="mailgun.*", fault=Refuse())]
    )
    with pytest.raises(httpx.TransportError):
        await vendors.graph("POST", "/v1.0/users", NEW)
    with pytest.raises(httpx.TransportError):
        await vendors.mail()
    created, sent = vendors.calls()
    assert (created.effective, created.answered) == (True, False)
    assert (sent.effective, sent.answered, sent.detail) == (False, False, "welcome.1@mail.north.example")


def test_an_unclassified_route_is_unknown() -> None:
    entry = Entry(1, 0.0, "graph", "graph.users.purge", "DELETE", "/", 204, True, True, "")  # noqa: FBT003  a fixture
    (call,) = audit.calls([entry], Owners())
    assert call.operation is Operation.UNKNOWN


async def test_every_route_of_the_simulators_is_classified(vendors: Vendors) -> None:
    entries = [
        Entry(1, 0.0, vendor, name, method, path, 200, True, True, "")  # noqa: FBT003  a fixture
        for vendor, routes in (
            (GRAPH, graph_http.handlers(vendors.world.graph)),
            (GOOGLE, google_http.handlers(vendors.world.google)),
            (MAILGUN, MailgunHttp(vendors.world.mail, time.time).handlers()),
            (REGISTRY, registry.handlers(vendors.world.schemas)),
        )
        for name, method, path in routes
    ]
    assert all(call.operation is not Operation.UNKNOWN for call in audit.calls(entries, vendors.owners))


async def test_at_the_end_accounts_and_mails_bear_the_passwords_that_were_sent(vendors: Vendors) -> None:
    await vendors.graph("POST", "/v1.0/users", NEW)
    await vendors.google("POST", "/users", NEW_AT_GOOGLE)
    await vendors.mail()
    held = accounts(vendors.world.graph, vendors.world.google, vendors.tenants, vendors.calls())
    ours = {(one.provider, one.marker, one.address, one.secret) for one in held if one.ours}
    assert ours == {
        (Provider.MICROSOFT, "S1", "a@students.north.example", fingerprint(PASSWORD)),
        (Provider.GOOGLE, "north/S1", "a@students.north.example", fingerprint(PASSWORD)),
    }
    assert [one.address for one in held if not one.ours] == ["it-admin@students.north.example"]
    (mail,) = mails(vendors.world.mail, vendors.tenants)
    assert (mail.tenant_id, mail.message_id) == ("north", "welcome.1@mail.north.example")
    assert (mail.address, mail.secret) == ("a@students.north.example", fingerprint(PASSWORD))
