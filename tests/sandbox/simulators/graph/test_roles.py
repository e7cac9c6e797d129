"""Who is an administrator, as Graph answers it."""

from typing import Any

import pytest

from sandbox.simulators.graph.groups import GroupKind
from sandbox.simulators.graph.quirks import GraphQuirks
from sandbox.simulators.graph.user import User
from tests.sandbox.simulators.graph.served import GROUP, Graph, refusal

ROLE, OTHER = "62e90394-69f5-4237-9190-012177145e10", "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
ADVANCED = {"ConsistencyLevel": "eventual"}


@pytest.fixture
def head(graph: Graph) -> User:
    return graph.directory.add({"userPrincipalName": "head@academy.example"})


def memberships(user: User) -> str:
    return f"/v1.0/users/{user.id}/transitiveMemberOf"


def managed(kind: str, user: User) -> str:
    return f"/v1.0/roleManagement/directory/{kind}?$filter=principalId eq '{user.id}'"


async def rows(graph: Graph, path: str, **headers: str) -> list[dict[str, Any]]:
    answer = await graph.http.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["value"]


async def test_memberships_are_roles_and_groups_each_with_its_type(graph: Graph, head: User) -> None:
    head.roles.append(ROLE)
    head.scoped_roles.append(OTHER)
    graph.directory.groups[GROUP].add(head.id)

    assert [(row["@odata.type"], row["id"]) for row in await rows(graph, memberships(head))] == [
        ("#microsoft.graph.directoryRole", ROLE),
        ("#microsoft.graph.group", GROUP),
    ]


async def test_a_group_s_role_is_its_members(graph: Graph, head: User) -> None:
    graph.directory.add_group("admins", GroupKind.ROLE_ASSIGNABLE, roles=[ROLE])
    graph.directory.groups["admins"].add(head.id)

    role, group = await rows(graph, memberships(head))

    assert (role["id"], group["isAssignableToRole"]) == (ROLE, True)


async def test_query_parameters_make_memberships_an_advanced_query(graph: Graph, head: User) -> None:
    bare = await graph.http.get(f"{memberships(head)}?$select=id")
    advanced = await graph.http.get(f"{memberships(head)}?$select=id&$count=true", headers=ADVANCED)

    assert refusal(bare)[:2] == (400, "Request_UnsupportedQuery")
    assert advanced.status_code == 200


@pytest.mark.parametrize("segment", ["microsoft.graph.directoryRole", "graph.directoryRole"])
async def test_a_cast_in_the_path_is_an_advanced_query(graph: Graph, head: User, segment: str) -> None:
    head.roles.append(ROLE)
    cast = f"{memberships(head)}/{segment}"

    assert refusal(await graph.http.get(cast))[:2] == (400, "Request_UnsupportedQuery")
    assert [row["id"] for row in await rows(graph, f"{cast}?$count=true", **ADVANCED)] == [ROLE]


@pytest.mark.parametrize("quirks", [GraphQuirks(answers_bare_casts=True)])
async def test_a_bare_cast_may_be_answered(graph: Graph, head: User) -> None:
    assert await rows(graph, f"{memberships(head)}/microsoft.graph.directoryRole") == []


async def test_assignments_are_a_user_s_own_scoped_ones_too(graph: Graph, head: User) -> None:
    head.roles.append(ROLE)
    head.scoped_roles.append(OTHER)

    assert [row["roleDefinitionId"] for row in await rows(graph, managed("roleAssignments", head))] == [ROLE, OTHER]


async def test_eligibilities_are_what_a_user_may_activate(graph: Graph, head: User) -> None:
    head.eligible_roles.append(ROLE)

    (row,) = await rows(graph, managed("roleEligibilityScheduleInstances", head))

    assert (row["principalId"], row["roleDefinitionId"]) == (head.id, ROLE)


@pytest.mark.parametrize("quirks", [GraphQuirks(eligible_roles_licensed=False)])
async def test_without_its_licence_a_directory_has_no_eligibilities(graph: Graph, head: User) -> None:
    answer = await graph.http.get(managed("roleEligibilityScheduleInstances", head))

    assert refusal(answer)[:2] == (400, "AadPremiumLicenseRequired")


@pytest.mark.parametrize("quirks", [GraphQuirks(roles_readable=False)])
@pytest.mark.parametrize("kind", ["roleAssignments", "roleEligibilityScheduleInstances"])
async def test_without_its_permission_an_application_sees_no_roles(graph: Graph, head: User, kind: str) -> None:
    assert refusal(await graph.http.get(managed(kind, head)))[:2] == (403, "Authorization_RequestDenied")


async def test_assignments_are_asked_for_by_principal(graph: Graph) -> None:
    answer = await graph.http.get("/v1.0/roleManagement/directory/roleAssignments?$filter=roleDefinitionId eq 'x'")

    assert refusal(answer)[0] == 400
