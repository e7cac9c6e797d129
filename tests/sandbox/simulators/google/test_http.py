"""Google's own clients drive the simulator; every answer has the shape that Google's discovery document describes."""

from typing import Any, cast

import pytest
from aiohttp import ClientSession

from sandbox.simulators.google.api import OPERATIONS
from sandbox.simulators.google.quirks import GoogleQuirks
from sandbox.simulators.google.scopes import DOMAIN_READ
from tests.sandbox.simulators.google.served import ADMIN, NEW, Google, call, method, refusal


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


async def test_an_observer_sees_every_user_and_tries_passwords(google: Google) -> None:
    await call(google.client().users().insert(body=NEW))
    at = f"{google.url}/_simulator/google"
    async with ClientSession() as session:
        async with session.get(f"{at}/users") as answer:
            addresses = [user["primaryEmail"] for user in (await answer.json())["users"]]
        assert addresses == [ADMIN, "teacher@academy.example", NEW["primaryEmail"]]
        for password, signed_in in (("wrong horse", False), (NEW["password"], True)):
            tried = {"address": NEW["primaryEmail"], "password": password}
            async with session.post(f"{at}/sign-in", json=tried) as answer:
                shown = await answer.json()
                assert (shown["signed_in"], "sub" in shown) == (signed_in, signed_in)


@pytest.mark.parametrize("status", [200, 204])
async def test_a_deletion_answers_nothing_with_either_status(google: Google, status: int) -> None:
    google.customer.quirks = GoogleQuirks(delete_status=cast("Any", status))
    credentials = await google.refreshed()
    url = f"{google.url}/admin/directory/v1/users/teacher@academy.example"
    headers = {"Authorization": f"Bearer {credentials.token}"}
    async with ClientSession() as session, session.delete(url, headers=headers) as answer:
        assert (answer.status, await answer.read()) == (status, b"")


async def test_members_are_listed_page_by_page(google: Google) -> None:
    client = google.client()
    for address in (ADMIN, "teacher@academy.example"):
        await call(client.members().insert(groupKey="all@academy.example", body={"email": address}))
    first = await call(client.members().list(groupKey="all@academy.example", maxResults=1))
    rest = await call(client.members().list(groupKey="all@academy.example", pageToken=first["nextPageToken"]))
    assert [one["email"] for one in (*first["members"], *rest["members"])] == [ADMIN, "teacher@academy.example"]
    missing = await refusal(client.members().list(groupKey="none@academy.example"))
    assert missing == (404, "notFound", "Resource Not Found: groupKey")


@pytest.mark.parametrize("verified", [True, False])
async def test_a_domain_says_whether_it_is_verified_to_who_has_the_scope(google: Google, *, verified: bool) -> None:
    if not verified:
        google.customer.unverified.add("academy.example")
    named = {"customer": "my_customer", "domainName": "academy.example"}
    shown = await call(google.client(scopes=(DOMAIN_READ,)).domains().get(**named))
    assert shown["verified"] is verified
    assert (await refusal(google.client().domains().get(**named)))[:2] == (403, "insufficientPermissions")


async def test_no_user_is_created_in_an_unverified_domain(google: Google) -> None:
    google.customer.unverified.add("academy.example")
    refused = await refusal(google.client().users().insert(body=NEW))
    assert refused == (400, "invalid", "Invalid Input: primary_user_email")


@pytest.mark.parametrize("one", OPERATIONS, ids=lambda one: one.name)
def test_paths_methods_and_scopes_are_the_discovery_documents(one: Any) -> None:
    documented = method(one.name)
    assert (one.method, one.path) == (documented["httpMethod"], f"/{documented['path']}")
    assert one.scopes == {s for s in documented["scopes"] if "cloud-platform" not in s}
