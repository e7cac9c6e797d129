"""Deleted users: for thirty days they can be brought back, or deleted for good."""

from sandbox.simulators.graph.directory import RESTORABLE
from tests.sandbox.simulators.graph.served import GROUP, NEW, SKU, Graph, refusal

LIST = "/v1.0/directory/deletedItems/microsoft.graph.user"
ASSIGN = {"addLicenses": [{"skuId": SKU}], "removeLicenses": []}


def item(ident: str) -> str:
    return f"/v1.0/directory/deletedItems/{ident}"


async def listed(graph: Graph) -> list[str]:
    return [row["id"] for row in (await graph.http.get(LIST)).json()["value"]]


async def deleted(graph: Graph) -> str:
    """A user who had a licence and was in a group."""
    ident = await graph.created()
    await graph.http.post(f"/v1.0/users/{ident}/assignLicense", json=ASSIGN)
    graph.directory.join(GROUP, ident)
    await graph.http.delete(f"/v1.0/users/{ident}")
    return ident


async def later(graph: Graph, seconds: float) -> None:
    graph.clock.now += seconds
    await graph.sign_in()  # no token lives for so long


async def test_a_user_comes_back_until_thirty_days_have_passed(graph: Graph) -> None:
    ident = await deleted(graph)
    await later(graph, RESTORABLE)

    answer = await graph.http.post(f"{item(ident)}/restore", json={})

    assert answer.status_code == 200
    user = graph.directory.users[ident]
    assert (user.licences, graph.directory.groups[GROUP]) == ([SKU], {ident})


async def test_the_type_s_segment_may_be_written_as_microsoft_s_own_client_does(graph: Graph) -> None:
    ident = await deleted(graph)

    answer = await graph.http.get(LIST.replace("microsoft.graph.user", "graph.user"))

    assert [row["id"] for row in answer.json()["value"]] == [ident]


async def test_a_user_is_gone_after_thirty_days(graph: Graph) -> None:
    ident = await deleted(graph)
    await later(graph, RESTORABLE + 1)

    assert await listed(graph) == []
    assert refusal(await graph.http.post(f"{item(ident)}/restore", json={}))[:2] == (404, "Request_ResourceNotFound")


async def test_a_purged_user_is_gone_at_once_and_its_licence_is_free(graph: Graph) -> None:
    ident = await deleted(graph)

    assert (await graph.http.delete(item(ident))).status_code == 204

    assert await listed(graph) == []
    assert refusal(await graph.http.post(f"{item(ident)}/restore", json={}))[:2] == (404, "Request_ResourceNotFound")
    assert (graph.directory.stock[SKU], graph.directory.groups[GROUP]) == (1, set())


async def test_what_a_user_had_is_free_after_thirty_days_and_not_before(graph: Graph) -> None:
    await deleted(graph)
    other = await graph.created()
    await later(graph, RESTORABLE)
    assert refusal(await graph.http.post(f"/v1.0/users/{other}/assignLicense", json=ASSIGN))[0] == 400

    await later(graph, 1)

    assert (await graph.http.post(f"/v1.0/users/{other}/assignLicense", json=ASSIGN)).status_code == 200
    assert graph.directory.groups[GROUP] == set()


async def test_who_came_back_in_time_keeps_what_it_had(graph: Graph) -> None:
    ident = await deleted(graph)
    await graph.http.post(f"{item(ident)}/restore", json={})
    await later(graph, RESTORABLE + 1)

    (row,) = (await graph.http.get("/v1.0/subscribedSkus")).json()["value"]

    assert (row["consumedUnits"], graph.directory.groups[GROUP]) == (1, {ident})


async def test_a_user_is_deleted_for_good_only_after_it_was_deleted(graph: Graph) -> None:
    ident = await graph.created()

    assert refusal(await graph.http.delete(item(ident)))[:2] == (404, "Request_ResourceNotFound")
    assert (await graph.http.get(f"/v1.0/users/{ident}")).status_code == 200


async def test_a_user_who_comes_back_has_to_sign_in_again(graph: Graph) -> None:
    ident = await graph.created()
    graph.directory.sign_in(NEW["userPrincipalName"], "correct horse")
    await graph.http.delete(f"/v1.0/users/{ident}")

    await graph.http.post(f"{item(ident)}/restore", json={})

    assert not graph.directory.users[ident].signed_in
