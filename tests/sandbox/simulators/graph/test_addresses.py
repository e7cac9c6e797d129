"""Sign-in names and mail addresses: taken once in a directory, and what a rename leaves behind."""

from typing import Any

import httpx
import pytest

from sandbox.simulators.graph import refusals
from sandbox.simulators.graph.quirks import GraphQuirks
from sandbox.simulators.graph.user import User
from tests.sandbox.simulators.graph.served import NEW, Graph, refusal

OLD, RENAMED = "head@academy.example", "principal@academy.example"


@pytest.fixture
def head(graph: Graph) -> User:
    """A user who has mail."""
    proxies = ["smtp:h@academy.example", f"SMTP:{OLD}"]
    return graph.directory.add({"userPrincipalName": OLD, "mail": OLD, "proxyAddresses": proxies})


async def renamed(graph: Graph, user: User, name: str = RENAMED) -> httpx.Response:
    return await graph.http.patch(f"/v1.0/users/{user.id}", json={"userPrincipalName": name})


def conflict_of(answer: httpx.Response) -> str:
    """The property in whose values the conflict is."""
    assert refusal(answer)[:2] == (400, "Request_BadRequest")
    return answer.json()["error"]["details"][0]["target"]


async def test_a_user_with_mail_keeps_its_old_addresses_when_it_is_renamed(graph: Graph, head: User) -> None:
    assert (await renamed(graph, head)).status_code == 204

    answer = await graph.http.get(f"/v1.0/users/{head.id}", params={"$select": "mail,proxyAddresses"})

    assert (answer.json()["mail"], answer.json()["proxyAddresses"]) == (
        RENAMED,
        [f"SMTP:{RENAMED}", f"smtp:{OLD}", "smtp:h@academy.example"],
    )
    assert await graph.found(f"proxyAddresses/any(a:a eq 'smtp:{OLD}')") == [head.id]


async def test_the_old_name_of_a_user_with_mail_is_not_given_to_another(graph: Graph, head: User) -> None:
    await renamed(graph, head)

    answer = await graph.http.post("/v1.0/users", json={**NEW, "userPrincipalName": OLD})

    assert conflict_of(answer) == "proxyAddresses"


async def test_a_user_may_be_renamed_back(graph: Graph, head: User) -> None:
    await renamed(graph, head)

    assert (await renamed(graph, head, OLD)).status_code == 204

    assert head.properties["proxyAddresses"] == [f"SMTP:{OLD}", f"smtp:{RENAMED}", "smtp:h@academy.example"]


@pytest.mark.parametrize("quirks", [GraphQuirks(renames_mail=False)])
async def test_a_rename_may_leave_mail_as_it_is(graph: Graph, head: User) -> None:
    await renamed(graph, head)

    assert head.properties["mail"] == OLD
    assert await graph.created(userPrincipalName="another@academy.example") != head.id


async def test_a_user_without_an_immutable_id_is_not_renamed_into_a_federated_domain(graph: Graph) -> None:
    graph.directory.domains += ("federated.example",)
    graph.directory.federated.add("federated.example")
    ident = await graph.created()
    theirs: dict[str, Any] = {"userPrincipalName": "principal@federated.example"}

    refused = await graph.http.patch(f"/v1.0/users/{ident}", json=theirs)
    renamed = await graph.http.patch(f"/v1.0/users/{ident}", json={**theirs, "onPremisesImmutableId": "x"})

    assert refusal(refused)[2] == refusals.FEDERATED
    assert renamed.status_code == 204


async def test_a_mail_address_of_another_is_no_sign_in_name(graph: Graph, head: User) -> None:
    ident = await graph.created()

    answer = await renamed(graph, graph.directory.users[ident], "H@academy.example")

    assert conflict_of(answer) == "proxyAddresses"
    assert head.mail_addresses == [OLD, "h@academy.example"]


async def test_mail_addresses_cannot_be_written(graph: Graph) -> None:
    answer = await graph.http.post("/v1.0/users", json={**NEW, "proxyAddresses": ["smtp:x@academy.example"]})

    assert refusal(answer)[2] == "Property 'proxyAddresses' is read-only and cannot be set."


async def test_a_deleted_user_s_mail_addresses_are_free_and_stand_against_its_return(graph: Graph, head: User) -> None:
    await graph.http.delete(f"/v1.0/users/{head.id}")
    await graph.created(userPrincipalName="h@academy.example")

    answer = await graph.http.post(f"/v1.0/directory/deletedItems/{head.id}/restore", json={})

    assert conflict_of(answer) == "proxyAddresses"


async def test_other_mails_are_shared(graph: Graph) -> None:
    same: dict[str, Any] = {"otherMails": ["home@post.example"]}

    first, second = await graph.created(**same), await graph.created(userPrincipalName=RENAMED, **same)

    assert first != second


@pytest.mark.parametrize(("quirks", "status"), [(GraphQuirks(), 201), (GraphQuirks(unique_nicknames=True), 400)])
async def test_a_nickname_may_be_taken_once_or_not(graph: Graph, status: int) -> None:
    await graph.created()

    answer = await graph.http.post("/v1.0/users", json={**NEW, "userPrincipalName": RENAMED})

    assert answer.status_code == status
    if status == 400:
        assert conflict_of(answer) == "mailNickname"


@pytest.mark.parametrize("quirks", [GraphQuirks(unique_nicknames=True)])
async def test_a_user_s_own_nickname_is_not_in_its_way(graph: Graph) -> None:
    ident = await graph.created()

    answer = await graph.http.patch(f"/v1.0/users/{ident}", json={"mailNickname": NEW["mailNickname"]})

    assert answer.status_code == 204
