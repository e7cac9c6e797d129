"""Several requests in one, and several members in one."""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import pytest

from tests.sandbox.simulators.graph.served import GROUP, NEW, Graph, refusal

CREATE = {
    "id": "1",
    "method": "POST",
    "url": "/users",
    "headers": {"Content-Type": "application/json"},
    "body": dict(NEW),
}
LIST = {"id": "2", "method": "GET", "url": "/users?$select=employeeId"}


async def batch(graph: Graph, *requests: Mapping[str, Any]) -> httpx.Response:
    return await graph.http.post("/v1.0/$batch", json={"requests": list(requests)})


def statuses(answer: httpx.Response) -> Mapping[str, int]:
    return {one["id"]: one["status"] for one in answer.json()["responses"]}


async def test_answers_come_in_another_order(graph: Graph) -> None:
    answer = await batch(graph, CREATE, {**LIST, "dependsOn": ["1"]})

    found = {one["id"]: one for one in answer.json()["responses"]}
    assert [one["id"] for one in answer.json()["responses"]] == ["2", "1"]
    assert statuses(answer) == {"1": 201, "2": 200}
    assert [user["employeeId"] for user in found["2"]["body"]["value"]] == ["S1"]


async def test_what_depends_on_a_failure_fails(graph: Graph) -> None:
    missing = {"id": "1", "method": "DELETE", "url": "/users/none"}

    answer = await batch(graph, missing, {**LIST, "dependsOn": ["1"]}, {**LIST, "id": "3"})

    assert statuses(answer) == {"1": 404, "2": 424, "3": 200}


@pytest.mark.parametrize(
    "requests",
    [[], [{"id": "1"}], [{**LIST, "id": str(number)} for number in range(21)], [{**CREATE, "headers": {}}]],
    ids=["nothing", "no request", "too many", "a body without its type"],
)
async def test_a_batch_of_another_form_is_refused_whole(graph: Graph, requests: Sequence[Mapping[str, Any]]) -> None:
    assert refusal(await batch(graph, *requests))[:2] == (400, "BadRequest")
    assert not graph.directory.users


async def test_a_path_that_graph_does_not_have_fails_alone(graph: Graph) -> None:
    answer = await batch(graph, {**LIST, "id": "1", "url": "/people"}, LIST)

    assert statuses(answer) == {"1": 400, "2": 200}


async def test_members_are_bound_all_or_none(graph: Graph) -> None:
    first, second = [await graph.created(userPrincipalName=f"s{n}@academy.example") for n in (1, 2)]

    async def bind(*idents: str) -> httpx.Response:
        urls = [f"{graph.url}/v1.0/directoryObjects/{ident}" for ident in idents]
        return await graph.http.patch(f"/v1.0/groups/{GROUP}", json={"members@odata.bind": urls})

    one = await bind(first)
    both = await bind(first, second)
    unknown = await bind(second, "none")
    too_many = await bind(*[second] * 21)

    assert (one.status_code, one.content) == (204, b"")
    assert [answer.status_code for answer in (both, unknown, too_many)] == [400, 404, 400]
    assert graph.directory.groups[GROUP] == {first}
