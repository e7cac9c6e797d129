"""Google's own clients drive the simulator; every answer has the shape that Google's discovery document describes."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from importlib.resources import files
from typing import Any, cast

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from google.auth.exceptions import RefreshError
from google.oauth2 import service_account

from consumer.simulators.google.api import GROUP, MEMBER, OPERATIONS, USER, DirectoryApi
from consumer.simulators.google.customer import Customer
from consumer.simulators.google.http import handlers
from consumer.simulators.google.quirks import GoogleQuirks

# Neither package has types; everything that comes out of them is checked against the discovery document instead.
discovery: Any = import_module("googleapiclient.discovery")
client_errors: Any = import_module("googleapiclient.errors")
httplib2: Any = import_module("httplib2")
google_auth_httplib2: Any = import_module("google_auth_httplib2")

ACCOUNT = "provisioner@project.iam.gserviceaccount.com"
ADMIN = "admin@academy.example"
DOCUMENT = cast(
    "dict[str, Any]",
    json.loads(
        (files("googleapiclient") / "discovery_cache/documents/admin.directory_v1.json").read_text(encoding="utf-8")
    ),
)
NEW = {
    "primaryEmail": "maria.borg@academy.example",
    "name": {"givenName": "Maria", "familyName": "Borġ"},
    "password": "correct horse",
    "externalIds": [{"type": "custom", "customType": "provisioner", "value": "S1"}],
    "changePasswordAtNextLogin": True,
}


@dataclass
class Clock:
    """Real Unix seconds (google-auth dates its assertions itself), or as far ahead of them as a test says."""

    ahead: float = 0.0

    def __call__(self) -> float:
        return datetime.now(UTC).timestamp() + self.ahead


@dataclass
class Google:
    """A simulator that is being served, and the clients that talk to it."""

    api: DirectoryApi
    customer: Customer
    url: str
    key: RSAPrivateKey
    clock: Clock
    opened: list[Any] = field(default_factory=list[Any])

    def credentials(self, *, subject: str = ADMIN, scopes: tuple[str, ...] = (USER, GROUP), key: Any = None) -> Any:
        pem = (key or self.key).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        info = {"client_email": ACCOUNT, "private_key": pem, "token_uri": f"{self.url}/token"}
        made: Any = service_account.Credentials
        return made.from_service_account_info(info, scopes=list(scopes), subject=subject)

    def client(self, **named: Any) -> Any:
        http = google_auth_httplib2.AuthorizedHttp(self.credentials(**named), http=self._http())
        options = {"api_endpoint": self.url}
        client = discovery.build("admin", "directory_v1", http=http, static_discovery=True, client_options=options)
        self.opened.append(client)
        return client

    async def refreshed(self, **named: Any) -> Any:
        credentials, http = self.credentials(**named), self._http()
        self.opened.append(http)
        await asyncio.to_thread(credentials.refresh, google_auth_httplib2.Request(http))
        return credentials

    @staticmethod
    def _http() -> Any:
        return httplib2.Http(timeout=5, proxy_info=None)


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    return generate_private_key(65_537, 2_048)


@pytest.fixture
async def google(key: RSAPrivateKey) -> AsyncIterator[Google]:
    clock = Clock()
    api = DirectoryApi(clock=clock)
    api.tokens.register(ACCOUNT, key.public_key())
    customer = api.add_customer("C01", ["academy.example"])
    customer.delegate(ACCOUNT, [USER, GROUP, MEMBER])
    customer.add_user(ADMIN, is_admin=True)
    customer.add_user("teacher@academy.example")
    customer.groups.add("all@academy.example", "All")
    app = web.Application()
    for (_, method, path), handler in handlers(api).items():
        app.router.add_route(method, path, handler)
    async with TestServer(app) as server:
        served = Google(api, customer, str(server.make_url("")).rstrip("/"), key, clock)
        yield served
        for client in served.opened:
            client.close()


async def call(request: Any) -> Any:
    """What the client makes of the answer, which must have the documented shape."""
    answer = await asyncio.to_thread(request.execute)
    if response := _method(request.methodId).get("response"):
        problems = list(_problems(answer, {"$ref": response["$ref"]}, response["$ref"]))
        assert not problems
    return answer


async def refusal(request: Any) -> tuple[int, str, str]:
    """Status, reason and message as the client reads them."""
    with pytest.raises(client_errors.HttpError) as refused:
        await asyncio.to_thread(request.execute)
    error: Any = refused.value
    return error.status_code, error.error_details[0]["reason"], error.reason


def _method(ident: str) -> Mapping[str, Any]:
    _, resource, name = ident.split(".")
    return DOCUMENT["resources"][resource]["methods"][name]


_TYPES: Mapping[str, type] = {"string": str, "boolean": bool, "integer": int, "array": list, "object": dict}


def _problems(value: Any, schema: Mapping[str, Any], where: str) -> Iterator[str]:
    if "$ref" in schema:
        schema = DOCUMENT["schemas"][schema["$ref"]]
    kind = schema["type"]
    if kind == "any":
        return
    if not isinstance(value, _TYPES[kind]):
        yield f"{where} is not {kind}"
        return
    for name, inner in cast("dict[str, Any]", value).items() if "properties" in schema else ():
        if name in schema["properties"]:
            yield from _problems(inner, schema["properties"][name], f"{where}.{name}")
        else:
            yield f"{where}.{name} is not documented"
    for number, inner in enumerate(value if kind == "array" else ()):
        yield from _problems(inner, schema["items"], f"{where}[{number}]")


async def test_a_user_is_made_found_changed_deleted_and_brought_back(google: Google) -> None:
    users = google.client().users()
    made = await call(users.insert(body=NEW))
    assert made["primaryEmail"] == NEW["primaryEmail"]
    for key in (made["id"], NEW["primaryEmail"]):
        assert (await call(users.get(userKey=key)))["id"] == made["id"]
    found = await call(users.list(customer="my_customer", query="externalId='S1'"))
    assert [user["id"] for user in found["users"]] == [made["id"]]
    changed = await call(users.patch(userKey=made["id"], body={"suspended": True}))
    assert (changed["suspended"], changed["externalIds"]) == (True, NEW["externalIds"])
    await call(users.delete(userKey=made["id"]))
    gone = await call(users.list(domain="academy.example", query="externalId='S1'", showDeleted="true"))
    assert gone["users"][0]["deletionTime"]
    await call(users.undelete(userKey=made["id"], body={"orgUnitPath": "/"}))
    assert (await call(users.update(userKey=made["id"], body={"suspended": False})))["suspended"] is False


async def test_a_user_is_made_member_once(google: Google) -> None:
    client = google.client()
    made = await call(client.users().insert(body=NEW))
    member = {"email": made["primaryEmail"], "role": "MEMBER"}
    await call(client.members().insert(groupKey="all@academy.example", body=member))
    again = await refusal(client.members().insert(groupKey="all@academy.example", body=member))
    assert again == (409, "duplicate", "Member already exists.")
    where = {"groupKey": "all@academy.example", "memberKey": made["id"]}
    assert (await call(client.members().get(**where)))["email"] == made["primaryEmail"]
    assert (await call(client.members().hasMember(**where)))["isMember"] is True
    assert (await call(client.groups().get(groupKey="all@academy.example")))["directMembersCount"] == "1"
    await call(client.members().delete(**where))
    assert (await call(client.members().hasMember(**where)))["isMember"] is False


async def test_a_taken_address_is_refused_as_real_clients_read_it(google: Google) -> None:
    refused = await refusal(google.client().users().insert(body=NEW | {"primaryEmail": "teacher@academy.example"}))
    assert refused == (409, "duplicate", "Entity already exists.")


async def test_an_administrator_shows_as_one(google: Google) -> None:
    users = google.client().users()
    assert (await call(users.get(userKey=ADMIN)))["isAdmin"] is True
    await call(users.makeAdmin(userKey="teacher@academy.example", body={"status": True}))
    assert (await call(users.get(userKey="teacher@academy.example")))["isAdmin"] is True


async def test_pages_are_walked_by_the_clients_own_paging(google: Google) -> None:
    users = google.client().users()
    request, seen = users.list(customer="my_customer", maxResults=1), list[str]()
    while request is not None:
        answer = await call(request)
        seen += [user["primaryEmail"] for user in answer["users"]]
        request = users.list_next(request, answer)
    assert seen == [ADMIN, "teacher@academy.example"]


async def test_only_the_fields_that_are_asked_for_are_shown(google: Google) -> None:
    answer = await call(google.client().users().list(customer="my_customer", fields="users(id,name/givenName)"))
    assert answer.keys() == {"users"}
    assert all(user.keys() == {"id", "name"} and user["name"].keys() == {"givenName"} for user in answer["users"])


@pytest.mark.parametrize("fields", ["users(id", "id)", "a b"])
async def test_a_field_selection_that_cannot_be_read_is_refused(google: Google, fields: str) -> None:
    assert (await refusal(google.client().users().list(customer="my_customer", fields=fields)))[0] == 400


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ({}, (400, "badRequest", "Bad Request")),
        ({"customer": "C02"}, (403, "forbidden", "Not Authorized to access this resource/api")),
        ({"domain": "other.example"}, (404, "notFound", "Resource Not Found: domain")),
        ({"customer": "my_customer", "maxResults": 501}, (400, "invalid", "Invalid Input: maxResults")),
        ({"customer": "my_customer", "pageToken": "?"}, (400, "invalid", "Invalid Input: pageToken")),
    ],
)
async def test_a_list_needs_to_know_whose_and_how_much(
    google: Google, query: dict[str, Any], answer: tuple[int, str, str]
) -> None:
    assert await refusal(google.client().users().list(**query)) == answer


async def test_a_subject_who_is_no_administrator_may_do_nothing(google: Google) -> None:
    refused = await refusal(google.client(subject="teacher@academy.example").users().get(userKey=ADMIN))
    assert refused == (403, "forbidden", "Not Authorized to access this resource/api")


async def test_a_token_opens_only_what_its_scopes_open(google: Google) -> None:
    refused = await refusal(google.client(scopes=(MEMBER,)).users().get(userKey=ADMIN))
    assert refused == (403, "insufficientPermissions", "Request had insufficient authentication scopes.")


async def test_a_customers_users_are_out_of_reach_for_anothers_administrator(google: Google) -> None:
    other = google.api.add_customer("C02", ["lyceum.example"])
    other.delegate(ACCOUNT, [USER])
    other.add_user("admin@lyceum.example", is_admin=True)
    client = google.client(subject="admin@lyceum.example", scopes=(USER,))
    assert (await refusal(client.users().get(userKey=ADMIN)))[:2] == (404, "notFound")


async def test_a_revoked_token_is_refused_and_the_client_gets_another(google: Google) -> None:
    users = google.client().users()
    await call(users.get(userKey=ADMIN))
    google.api.tokens.revoke_all()
    assert (await call(users.get(userKey=ADMIN)))["primaryEmail"] == ADMIN


async def test_a_call_without_a_token_is_refused(google: Google) -> None:
    url = f"{google.url}/admin/directory/v1/users/{ADMIN}"
    async with ClientSession() as session, session.get(url) as answer:
        assert answer.status == 401
        assert (await answer.json())["error"]["errors"][0]["reason"] == "authError"


async def test_a_body_that_is_no_json_object_is_refused(google: Google) -> None:
    credentials = await google.refreshed()
    url = f"{google.url}/admin/directory/v1/users"
    headers = {"Authorization": f"Bearer {credentials.token}"}
    async with ClientSession() as session, session.post(url, data=b"[1", headers=headers) as answer:
        assert answer.status == 400


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"subject": "nobody@academy.example"}, "invalid_grant: Invalid email or User ID"),
        ({"subject": "admin@elsewhere.example"}, "invalid_grant: Invalid email or User ID"),
        ({"scopes": ("https://www.googleapis.com/auth/drive",)}, "unauthorized_client: Client is unauthorized"),
        ({"key": generate_private_key(65_537, 2_048)}, "invalid_grant: Invalid JWT Signature."),
    ],
)
async def test_a_token_is_refused_in_the_words_that_google_auth_shows(
    google: Google, change: dict[str, Any], words: str
) -> None:
    with pytest.raises(RefreshError, match=words):
        await google.refreshed(**change)


async def test_an_assertion_that_has_expired_is_refused(google: Google) -> None:
    google.clock.ahead = 7_200
    with pytest.raises(RefreshError, match="short-lived token"):
        await google.refreshed()


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": "x.y"}, "invalid_grant"),
    ],
)
async def test_a_token_request_of_another_form_is_refused(google: Google, form: dict[str, str], error: str) -> None:
    async with ClientSession() as session, session.post(f"{google.url}/token", data=form) as answer:
        assert (answer.status, (await answer.json())["error"]) == (400, error)


@pytest.mark.parametrize("status", [200, 204])
async def test_a_deletion_answers_nothing_with_either_status(google: Google, status: int) -> None:
    google.customer.quirks = GoogleQuirks(delete_status=cast("Any", status))
    credentials = await google.refreshed()
    url = f"{google.url}/admin/directory/v1/users/teacher@academy.example"
    headers = {"Authorization": f"Bearer {credentials.token}"}
    async with ClientSession() as session, session.delete(url, headers=headers) as answer:
        assert (answer.status, await answer.read()) == (status, b"")


@pytest.mark.parametrize("one", OPERATIONS, ids=lambda one: one.name)
def test_paths_methods_and_scopes_are_the_discovery_documents(one: Any) -> None:
    documented = _method(one.name)
    assert (one.method, one.path) == (documented["httpMethod"], f"/{documented['path']}")
    assert one.scopes == {s for s in documented["scopes"] if "cloud-platform" not in s}
