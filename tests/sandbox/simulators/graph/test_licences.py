"""Licences that are taken away, and those that a group gives."""

from typing import Any

import httpx
import pytest

from sandbox.simulators.graph.quirks import GraphQuirks
from tests.sandbox.simulators.graph.served import GROUP, SKU, Graph, assert_described, refusal

OTHER = "18250162-5d87-4436-a834-d795c15c80f3"


@pytest.fixture(autouse=True)
def by_group(graph: Graph) -> None:
    """Members of the group have the licence."""
    graph.directory.licences.of_groups[GROUP] = [SKU]


async def assigned(
    graph: Graph, ident: str, *, add: tuple[str, ...] = (), remove: tuple[str, ...] = ()
) -> httpx.Response:
    body = {"addLicenses": [{"skuId": sku} for sku in add], "removeLicenses": list(remove)}
    return await graph.http.post(f"/v1.0/users/{ident}/assignLicense", json=body)


async def shown(graph: Graph, ident: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The licences, and how each is had: by which group, in which state, with which error."""
    select = {"$select": "assignedLicenses,licenseAssignmentStates"}
    answer = await graph.http.get(f"/v1.0/users/{ident}", params=select)
    assert_described(answer, "microsoft.graph.user")
    body = answer.json()
    states = [(one["assignedByGroup"], one["state"], one["error"]) for one in body["licenseAssignmentStates"]]
    return [one["skuId"] for one in body["assignedLicenses"]], states


async def test_a_licence_that_is_removed_goes_back_to_the_stock(graph: Graph) -> None:
    ident = await graph.created()
    await assigned(graph, ident, add=(SKU,))

    answer = await assigned(graph, ident, remove=(SKU,))

    assert answer.status_code == 200
    assert (await shown(graph, ident), graph.directory.stock[SKU]) == (([], []), 1)


async def test_a_member_has_the_group_s_licence_for_as_long_as_it_is_in_it(graph: Graph) -> None:
    ident = await graph.created()

    graph.directory.join(GROUP, ident)
    assert await shown(graph, ident) == ([SKU], [(GROUP, "Active", "None")])
    assert graph.directory.stock[SKU] == 0

    graph.directory.leave(GROUP, ident)
    assert (await shown(graph, ident), graph.directory.stock[SKU]) == (([], []), 1)


async def test_an_inherited_licence_cannot_be_removed_from_the_user(graph: Graph) -> None:
    ident = await graph.created()
    graph.directory.join(GROUP, ident)

    assert refusal(await assigned(graph, ident, remove=(SKU,))) == (
        400,
        "Request_BadRequest",
        "User license is inherited from a group membership and it cannot be removed directly from the user.",
    )
    assert graph.directory.users[ident].skus == {SKU}


async def test_a_licence_that_is_assigned_and_inherited_stays_by_the_group_when_it_is_removed(graph: Graph) -> None:
    ident = await graph.created()
    await assigned(graph, ident, add=(SKU,))
    graph.directory.join(GROUP, ident)
    assert graph.directory.stock[SKU] == 0

    assert (await assigned(graph, ident, remove=(SKU,))).status_code == 200

    assert await shown(graph, ident) == ([SKU], [(GROUP, "Active", "None")])
    assert graph.directory.stock[SKU] == 0


@pytest.mark.parametrize(
    ("stock", "location", "error"),
    [(0, "GR", "CountViolation"), (1, None, "ProhibitedInUsageLocationViolation")],
)
async def test_what_is_in_the_way_of_an_inherited_licence_shows_on_the_member(
    graph: Graph, stock: int, location: str | None, error: str
) -> None:
    graph.directory.stock[SKU] = stock
    ident = await graph.created(usageLocation=location)

    graph.directory.join(GROUP, ident)

    assert await shown(graph, ident) == ([], [(GROUP, "Error", error)])
    assert graph.directory.stock[SKU] == stock


async def test_nothing_is_changed_where_one_of_the_licences_is_not_there_to_be_removed(graph: Graph) -> None:
    graph.directory.stock[OTHER] = 1
    ident = await graph.created()
    await assigned(graph, ident, add=(OTHER,))

    answer = await assigned(graph, ident, add=(SKU,), remove=(OTHER, "none"))

    assert refusal(answer) == (400, "Request_BadRequest", "User does not have a corresponding license.")
    assert graph.directory.users[ident].skus == {OTHER}


@pytest.mark.parametrize("quirks", [GraphQuirks(ignores_missing_licences=True)])
async def test_a_licence_that_is_not_there_may_be_removed_without_complaint(graph: Graph) -> None:
    assert (await assigned(graph, await graph.created(), remove=(SKU,))).status_code == 200


@pytest.mark.parametrize("status", [409, 503])
async def test_two_changes_of_a_user_s_licences_at_once_are_one_too_many(graph: Graph, status: int) -> None:
    graph.directory.quirks = GraphQuirks(assignment_takes=2.0, concurrency_status=503 if status == 503 else 409)
    ident, other = await graph.created(), await graph.created(userPrincipalName="another@academy.example")
    await assigned(graph, ident, add=(SKU,))

    refused = refusal(await assigned(graph, ident, remove=(SKU,)))

    assert refused[:2] == (status, "Directory_ConcurrencyViolation")
    assert graph.directory.users[ident].skus == {SKU}
    assert (await assigned(graph, other)).status_code == 200
    graph.clock.now += 2
    assert (await assigned(graph, ident, remove=(SKU,))).status_code == 200
