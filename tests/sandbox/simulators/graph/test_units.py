"""Administrative units: users are created inside, join and leave; and who may do this."""

import pytest

from sandbox.simulators.graph.permissions import GRANTED
from tests.sandbox.simulators.graph.served import CLIENT, NEW, TENANT, Graph, assert_described, refusal

UNIT = "students"
MEMBERS = f"/v1.0/directory/administrativeUnits/{UNIT}/members"
USER = {"@odata.type": "#microsoft.graph.user", **NEW}


@pytest.fixture(autouse=True)
async def permitted(graph: Graph) -> None:
    graph.directory.units.add(UNIT)
    graph.api.tokens.permit(TENANT, CLIENT, GRANTED | {"AdministrativeUnit.ReadWrite.All"})
    await graph.sign_in()


def reference(graph: Graph, ident: str) -> dict[str, str]:
    return {"@odata.id": f"{graph.url}/v1.0/directoryObjects/{ident}"}


async def inside(graph: Graph) -> list[str]:
    answer = await graph.http.get(MEMBERS, params={"$select": "id,displayName"})
    assert_described(answer, "microsoft.graph.user")
    return [row["id"] for row in answer.json()["value"]]


async def test_a_user_is_created_in_a_unit(graph: Graph) -> None:
    answer = await graph.http.post(MEMBERS, json=USER)

    assert (answer.status_code, answer.json()["userPrincipalName"]) == (201, NEW["userPrincipalName"])
    assert_described(answer, "microsoft.graph.user")
    assert await inside(graph) == [answer.json()["id"]]
    assert (await graph.http.get(f"/v1.0/users/{answer.json()['id']}")).status_code == 200


async def test_what_is_created_in_a_unit_says_of_which_type_it_is(graph: Graph) -> None:
    answer = await graph.http.post(MEMBERS, json=dict(NEW))

    assert refusal(answer)[:2] == (400, "Request_BadRequest")
    assert not graph.directory.users


async def test_an_address_is_given_once_in_and_outside_units(graph: Graph) -> None:
    await graph.created()

    answer = await graph.http.post(MEMBERS, json=USER)

    assert "Another object with the same value" in refusal(answer)[2]
    assert await inside(graph) == []


async def test_a_user_joins_and_leaves_once(graph: Graph) -> None:
    ident = await graph.created()

    joined = [await graph.http.post(f"{MEMBERS}/$ref", json=reference(graph, ident)) for _ in range(2)]
    assert (joined[0].status_code, refusal(joined[1])[0]) == (204, 400)
    assert await inside(graph) == [ident]

    left = [await graph.http.delete(f"{MEMBERS}/{ident}/$ref") for _ in range(2)]
    assert (left[0].status_code, refusal(left[1])[:2]) == (204, (404, "Request_ResourceNotFound"))
    assert await inside(graph) == []


async def test_a_unit_is_among_the_memberships_of_its_members(graph: Graph) -> None:
    ident = await graph.created()
    graph.directory.join_unit(UNIT, ident)

    answer = await graph.http.get(f"/v1.0/users/{ident}/transitiveMemberOf")

    assert answer.json()["value"] == [{"@odata.type": "#microsoft.graph.administrativeUnit", "id": UNIT}]
    (seen,) = (await graph.http.get("/_simulator/graph/users")).json()["users"]
    assert seen["units"] == [UNIT]


async def test_a_unit_that_is_not_there_takes_no_one(graph: Graph) -> None:
    elsewhere = MEMBERS.replace(UNIT, "none")

    assert refusal(await graph.http.post(elsewhere, json=USER))[:2] == (404, "Request_ResourceNotFound")
    assert not graph.directory.users
    assert refusal(await graph.http.get(elsewhere))[0] == 404


async def test_a_purged_user_is_in_no_unit(graph: Graph) -> None:
    ident = await graph.created()
    graph.directory.join_unit(UNIT, ident)

    await graph.http.delete(f"/v1.0/users/{ident}")
    assert graph.directory.units.members(UNIT) == {ident}
    await graph.http.delete(f"/v1.0/directory/deletedItems/{ident}")

    assert graph.directory.units.members(UNIT) == set()


async def test_units_have_permissions_of_their_own(graph: Graph) -> None:
    graph.api.tokens.permit(TENANT, CLIENT, GRANTED)
    await graph.sign_in()

    assert refusal(await graph.http.post(MEMBERS, json=USER))[:2] == (403, "Authorization_RequestDenied")
