"""What an application may ask of Graph is what its token carries, by Microsoft's table."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest

from sandbox.simulators.graph.groups import GroupKind
from sandbox.simulators.graph.permissions import ALLOWING, GRANTED
from tests.contracts.described import GRAPH_PERMISSIONS
from tests.sandbox.simulators.graph.served import CLIENT, GROUP, NEW, TENANT, Graph, assert_described, refusal

DENIED = (403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")

ROWS = {
    "graph.users.create": "POST /users",
    "graph.users.list": "GET /users",
    "graph.users.get": "GET /users/{id}",
    "graph.users.delete": "DELETE /users/{id}",
    "graph.users.revokeSignInSessions": "POST /users/{id}/revokesigninsessions",
    "graph.users.assignLicense": "POST /users/{id}/assignlicense",
    "graph.users.memberships": "GET /users/{id}/transitivememberof",
    "graph.groups.get": "GET /groups/{id}",
    "graph.groups.leave": "DELETE /groups/{id}/members/{id}",
    "graph.units.get": "GET /directory/administrativeunits/{id}",
    "graph.units.list": "GET /directory/administrativeunits/{id}/members",
    "graph.units.leave": "DELETE /directory/administrativeunits/{id}/members/{id}",
    "graph.subscribedSkus.list": "GET /subscribedskus",
    "graph.deleted.restore": "POST /directory/deleteditems/{id}/restore",
}
BY_ITS_DESCRIPTION = {"graph.groups.get": {"GroupMember.ReadWrite.All"}}
"""In no row of the table: "list groups, read basic properties" (permissions reference)."""


async def permitted(graph: Graph, *roles: str) -> None:
    graph.api.tokens.permit(TENANT, CLIENT, frozenset(roles))
    await graph.sign_in()


@pytest.mark.parametrize("route", ROWS)
def test_a_call_needs_a_permission_of_microsoft_s_table(route: str) -> None:
    table = GRAPH_PERMISSIONS[ROWS[route]].keys() | BY_ITS_DESCRIPTION.get(route, set())
    assert ALLOWING[route] <= table


@pytest.mark.parametrize("route", [route for route in ALLOWING if not route.startswith("graph.units.")])
def test_what_a_school_grants_lets_every_call_through_but_those_on_administrative_units(route: str) -> None:
    assert ALLOWING[route] & GRANTED


async def test_a_token_shows_the_permissions_that_were_consented_to(graph: Graph) -> None:
    await permitted(graph, "User.Read.All")
    payload = graph.http.headers["Authorization"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert (claims["roles"], claims["tid"], claims["appid"]) == (["User.Read.All"], TENANT, CLIENT)


async def test_without_a_permission_the_token_has_no_roles_and_opens_nothing(graph: Graph) -> None:
    await permitted(graph)
    assert "roles" not in base64.urlsafe_b64decode(graph.http.headers["Authorization"].split(".")[1] + "==").decode()
    assert refusal(await graph.http.get("/v1.0/users")) == DENIED


async def test_a_permission_to_read_does_not_let_write(graph: Graph) -> None:
    await permitted(graph, "User.Read.All")
    assert (await graph.http.get("/v1.0/users")).status_code == 200
    assert refusal(await graph.http.post("/v1.0/users", json=dict(NEW))) == DENIED


async def test_a_password_takes_a_permission_of_its_own(graph: Graph) -> None:
    ident = await graph.created()
    await permitted(graph, "User.ReadWrite.All")
    assert (await graph.http.patch(f"/v1.0/users/{ident}", json={"usageLocation": "MT"})).status_code == 204
    body = {"passwordProfile": {"password": "another horse"}}
    assert refusal(await graph.http.patch(f"/v1.0/users/{ident}", json=body)) == DENIED


async def test_a_permission_for_passwords_changes_nothing_else(graph: Graph) -> None:
    ident = await graph.created()
    await permitted(graph, "User-PasswordProfile.ReadWrite.All")
    body = {"passwordProfile": {"password": "another horse"}}
    assert (await graph.http.patch(f"/v1.0/users/{ident}", json=body)).status_code == 204
    assert refusal(await graph.http.patch(f"/v1.0/users/{ident}", json=body | {"usageLocation": "MT"})) == DENIED


@pytest.mark.parametrize(
    ("roles", "body", "status"),
    [
        (["User.EnableDisableAccount.All", "User.Read.All"], {"accountEnabled": False}, 204),
        (["User.EnableDisableAccount.All"], {"accountEnabled": False}, 403),
        (["User.EnableDisableAccount.All", "User.Read.All"], {"accountEnabled": False, "usageLocation": "MT"}, 403),
        (["User.Read.All"], {"accountEnabled": False}, 403),
        (["User.ReadWrite.All"], {"accountEnabled": False}, 204),
    ],
)
async def test_disabling_alone_may_have_a_permission_of_its_own(
    graph: Graph, roles: list[str], body: dict[str, object], status: int
) -> None:
    ident = await graph.created()
    await permitted(graph, *roles)
    assert (await graph.http.patch(f"/v1.0/users/{ident}", json=body)).status_code == status


async def test_a_permission_for_sessions_revokes_them_and_changes_nothing(graph: Graph) -> None:
    ident = await graph.created()
    await permitted(graph, "User.RevokeSessions.All")
    assert (await graph.http.post(f"/v1.0/users/{ident}/revokeSignInSessions")).status_code == 200
    assert refusal(await graph.http.patch(f"/v1.0/users/{ident}", json={"accountEnabled": False})) == DENIED


@pytest.mark.parametrize(
    ("roles", "status"),
    [
        (["User.DeleteRestore.All"], 204),
        (["User.ReadWrite.All"], 204),
        (["User.Read.All", "User.EnableDisableAccount.All", "Directory.ReadWrite.All"], 403),
    ],
)
async def test_a_deletion_takes_a_permission_to_delete_or_to_write_users(
    graph: Graph, roles: list[str], status: int
) -> None:
    ident = await graph.created()
    await permitted(graph, *roles)
    assert (await graph.http.delete(f"/v1.0/users/{ident}")).status_code == status


async def test_no_permission_is_enough_to_delete_an_administrator(graph: Graph) -> None:
    ident = await graph.created()
    graph.directory.users[ident].roles.append("User Administrator")
    assert refusal(await graph.http.delete(f"/v1.0/users/{ident}")) == DENIED
    assert (await graph.http.get(f"/v1.0/users/{ident}")).status_code == 200


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"userPrincipalName": "principal@academy.example"}, 403),
        ({"accountEnabled": False}, 403),
        ({"otherMails": ["home@post.example"]}, 403),
        ({"displayName": "Principal"}, 204),
    ],
)
async def test_no_permission_is_enough_for_the_sensitive_properties_of_an_administrator(
    graph: Graph, change: Mapping[str, Any], status: int
) -> None:
    ident = await graph.created()
    graph.directory.users[ident].roles.append("User Administrator")
    assert (await graph.http.patch(f"/v1.0/users/{ident}", json=change)).status_code == status


@pytest.mark.parametrize("kind", GroupKind)
async def test_a_group_is_shown_as_it_is_described(graph: Graph, kind: GroupKind) -> None:
    graph.directory.add_group(GROUP, kind)
    answer = await graph.http.get(f"/v1.0/groups/{GROUP}")
    assert_described(answer, "microsoft.graph.group")
    selected = await graph.http.get(f"/v1.0/groups/{GROUP}", params={"$select": "id,groupTypes"})
    assert selected.json().keys() - {"@odata.context"} == {"id", "groupTypes"}


async def test_a_group_that_is_not_there_is_not_shown(graph: Graph) -> None:
    assert refusal(await graph.http.get("/v1.0/groups/nowhere"))[:2] == (404, "Request_ResourceNotFound")


async def test_a_property_that_groups_do_not_have_cannot_be_selected(graph: Graph) -> None:
    assert refusal(await graph.http.get(f"/v1.0/groups/{GROUP}?$select=nothing"))[0] == 400


async def test_a_suspended_subscription_has_nothing_left(graph: Graph) -> None:
    graph.directory.suspended.update(graph.directory.stock)
    answer = await graph.http.get("/v1.0/subscribedSkus")
    assert_described(answer, "microsoft.graph.subscribedSku")
    (row,) = answer.json()["value"]
    assert (row["capabilityStatus"], row["prepaidUnits"]["enabled"]) == ("Suspended", 0)
