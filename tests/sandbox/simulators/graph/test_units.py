"""Administrative units: users join and leave; what a unit shows, what a restricted one forbids, and who may do this."""

import pytest

from sandbox.simulators.graph.permissions import GRANTED
from sandbox.simulators.graph.units import UnitTraits
from tests.sandbox.simulators.graph.served import CLIENT, GROUP, NEW, TENANT, Graph, assert_described, refusal

UNIT = "students"
UNITS = "/v1.0/directory/administrativeUnits"
MEMBERS = f"{UNITS}/{UNIT}/members"


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


async def test_no_user_is_created_inside(graph: Graph) -> None:
    answer = await graph.http.post(MEMBERS, json={"@odata.type": "#microsoft.graph.user", **NEW})

    assert answer.status_code >= 400
    assert not graph.directory.users


async def test_a_unit_shows_what_it_is(graph: Graph) -> None:
    graph.directory.units.add("other", UnitTraits(restricted=True, dynamic=True, hidden=True))
    select = {"$select": "id,isMemberManagementRestricted,membershipType,visibility"}

    shown = [await graph.http.get(f"{UNITS}/{unit}", params=select) for unit in (UNIT, "other")]

    for answer in shown:
        assert_described(answer, "microsoft.graph.administrativeUnit")
    found = [[one.json()[name] for name in select["$select"].split(",")] for one in shown]
    assert found == [[UNIT, False, "Assigned", None], ["other", True, "Dynamic", "HiddenMembership"]]
    assert refusal(await graph.http.get(f"{UNITS}/none"))[:2] == (404, "Request_ResourceNotFound")
    assert refusal(await graph.http.get(f"{UNITS}/{UNIT}", params={"$select": "owner"}))[0] == 400


async def test_a_unit_with_dynamic_membership_takes_no_one(graph: Graph) -> None:
    graph.directory.units.add(UNIT, UnitTraits(dynamic=True))
    ident = await graph.created()

    assert refusal(await graph.http.post(f"{MEMBERS}/$ref", json=reference(graph, ident)))[0] == 403


async def test_an_account_in_a_restricted_unit_is_joined_to_groups_and_not_changed(graph: Graph) -> None:
    graph.directory.units.add(UNIT, UnitTraits(restricted=True))
    ident = await graph.created()
    assert (await graph.http.post(f"{MEMBERS}/$ref", json=reference(graph, ident))).status_code == 204

    user = f"/v1.0/users/{ident}"
    changes = [
        await graph.http.patch(user, json={"accountEnabled": False}),
        await graph.http.delete(user),
        await graph.http.post(f"{user}/assignLicense", json={"addLicenses": [], "removeLicenses": []}),
    ]
    assert {refusal(one)[:2] for one in changes} == {(403, "Authorization_RequestDenied")}
    assert (await graph.http.get(user)).status_code == 200
    joined = await graph.http.post(f"/v1.0/groups/{GROUP}/members/$ref", json=reference(graph, ident))
    assert joined.status_code == 204


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

    joining = await graph.http.post(f"{elsewhere}/$ref", json=reference(graph, await graph.created()))
    assert refusal(joining)[:2] == (404, "Request_ResourceNotFound")
    assert refusal(await graph.http.get(elsewhere))[0] == 404


async def test_a_purged_user_is_in_no_unit(graph: Graph) -> None:
    ident = await graph.created()
    graph.directory.join_unit(UNIT, ident)

    await graph.http.delete(f"/v1.0/users/{ident}")
    assert graph.directory.units.members(UNIT) == {ident}
    await graph.http.delete(f"/v1.0/directory/deletedItems/{ident}")

    assert graph.directory.units.members(UNIT) == set()


async def test_units_have_permissions_of_their_own(graph: Graph) -> None:
    ident = await graph.created()
    graph.api.tokens.permit(TENANT, CLIENT, GRANTED)
    await graph.sign_in()

    refused = await graph.http.post(f"{MEMBERS}/$ref", json=reference(graph, ident))
    assert refusal(refused)[:2] == (403, "Authorization_RequestDenied")
