"""What Google's own clients see of a user who is blocked, signed out, renamed, moved, or brought back without its groups."""

from typing import Any

import pytest
from aiohttp import ClientSession

from sandbox.simulators.google.quirks import GoogleQuirks
from sandbox.simulators.google.scopes import USER_SECURITY
from tests.sandbox.simulators.google.served import NEW, Google, call, refusal

ADDRESS, PASSWORD = NEW["primaryEmail"], NEW["password"]


@pytest.fixture
async def made(google: Google) -> str:
    """The id of a new user."""
    return (await call(google.client().users().insert(body=NEW)))["id"]


async def test_a_suspended_user_does_not_sign_in_until_it_is_active_again(google: Google, made: str) -> None:
    users = google.client().users()

    blocked = await call(users.patch(userKey=made, body={"suspended": True}))
    assert (blocked["suspended"], blocked["suspensionReason"]) == (True, "ADMIN")
    assert not google.customer.sign_in(str(ADDRESS), str(PASSWORD))

    active = await call(users.patch(userKey=made, body={"suspended": False}))
    assert "suspensionReason" not in active
    assert google.customer.sign_in(str(ADDRESS), str(PASSWORD))


async def test_signing_out_ends_a_user_s_sessions(google: Google, made: str) -> None:
    google.customer.sign_in(str(ADDRESS), str(PASSWORD))
    (user,) = (one for one in google.customer.users if one.id == made)
    assert user.signed_in

    await call(google.client(scopes=(USER_SECURITY,)).users().signOut(userKey=made))

    assert not user.signed_in
    assert user.signed_out_at is not None


async def test_signing_out_has_a_scope_of_its_own(google: Google, made: str) -> None:
    assert (await refusal(google.client().users().signOut(userKey=made)))[:2] == (403, "insufficientPermissions")


async def test_observers_see_who_is_enabled_where_and_by_which_aliases(google: Google, made: str) -> None:
    google.customer.add_org_unit("/Leavers")
    change: dict[str, Any] = {"primaryEmail": "m.borg@academy.example", "suspended": True, "orgUnitPath": "/Leavers"}
    await call(google.client().users().patch(userKey=made, body=change))

    async with ClientSession() as session, session.get(f"{google.url}/_simulator/google/users") as answer:
        (seen,) = (user for user in (await answer.json())["users"] if user["id"] == made)

    assert (seen["enabled"], seen["orgUnitPath"], seen["aliases"]) == (False, "/Leavers", [ADDRESS])


async def test_a_move_to_a_unit_that_is_not_there_changes_nothing(google: Google, made: str) -> None:
    change: dict[str, Any] = {"orgUnitPath": "/Leavers", "suspended": True}

    refused = await refusal(google.client().users().patch(userKey=made, body=change))

    assert refused == (400, "invalid", "Invalid Input: INVALID_OU_ID")
    assert (await call(google.client().users().get(userKey=made)))["suspended"] is False


async def test_a_rename_and_a_suspension_may_have_to_be_apart(google: Google, made: str) -> None:
    google.customer.quirks = GoogleQuirks(renames_apart=True)
    users = google.client().users()
    rename: dict[str, Any] = {"primaryEmail": "m.borg@academy.example"}

    assert (await refusal(users.patch(userKey=made, body=rename | {"suspended": True})))[0] == 400

    await call(users.patch(userKey=made, body=rename))
    assert (await call(users.patch(userKey=made, body={"suspended": True})))["primaryEmail"] == "m.borg@academy.example"


async def test_a_user_comes_back_without_its_groups(google: Google, made: str) -> None:
    client = google.client()
    await call(client.members().insert(groupKey="all@academy.example", body={"id": made}))
    await call(client.users().delete(userKey=made))

    await call(google.client().users().undelete(userKey=made, body={"orgUnitPath": "/"}))

    where = {"groupKey": "all@academy.example", "memberKey": made}
    assert (await call(google.client().members().hasMember(**where)))["isMember"] is False
