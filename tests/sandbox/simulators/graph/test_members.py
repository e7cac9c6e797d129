"""Who leaves a group, and what a removal of an absent member meets."""

import pytest

from sandbox.simulators.graph.groups import GroupKind
from sandbox.simulators.graph.quirks import GraphQuirks
from tests.sandbox.simulators.graph.served import GROUP, Graph, refusal


def member(ident: str, group: str = GROUP) -> str:
    return f"/v1.0/groups/{group}/members/{ident}/$ref"


async def test_a_member_leaves_once(graph: Graph) -> None:
    ident = await graph.created()
    graph.directory.join(GROUP, ident)

    first = await graph.http.delete(member(ident))
    second = await graph.http.delete(member(ident))

    assert (first.status_code, first.content) == (204, b"")
    assert refusal(second) == (
        404,
        "Request_ResourceNotFound",
        "One or more removed object references do not exist for the following modified properties: 'members'.",
    )
    assert graph.directory.groups[GROUP] == set()


@pytest.mark.parametrize("quirks", [GraphQuirks(absent_member_status=400)])
async def test_an_absent_member_may_be_a_bad_request(graph: Graph) -> None:
    answer = await graph.http.delete(member(await graph.created()))

    assert refusal(answer)[:2] == (400, "Request_BadRequest")


async def test_neither_a_group_nor_a_user_that_is_not_there_is_left(graph: Graph) -> None:
    ident = await graph.created()

    assert refusal(await graph.http.delete(member(ident, "none")))[:2] == (404, "Request_ResourceNotFound")
    assert refusal(await graph.http.delete(member("none")))[:2] == (404, "Request_ResourceNotFound")


async def test_a_group_that_takes_no_members_from_an_application_lets_none_leave(graph: Graph) -> None:
    graph.directory.add_group("dynamic", GroupKind.DYNAMIC)
    ident = await graph.created()
    graph.directory.groups["dynamic"].add(ident)

    assert refusal(await graph.http.delete(member(ident, "dynamic")))[0] == 403
    assert graph.directory.groups["dynamic"] == {ident}
