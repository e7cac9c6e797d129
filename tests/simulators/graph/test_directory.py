"""What a directory makes of writes: what it takes, what it refuses in Graph's words, and when others see it."""

from typing import Any

import pytest

from consumer.simulators.graph.quirks import GraphQuirks
from tests.simulators.graph.served import GROUP, NEW, SKU, Graph, assert_described, refusal

USER = "microsoft.graph.user"
DELETED = "/v1.0/directory/deletedItems/microsoft.graph.user"


async def test_an_address_is_given_once_whatever_its_case(graph: Graph) -> None:
    await graph.created()

    answer = await graph.http.post("/v1.0/users", json={**NEW, "userPrincipalName": "Maria.O'Neil@ACADEMY.example"})

    assert refusal(answer) == (
        400,
        "Request_BadRequest",
        "Another object with the same value for property userPrincipalName already exists.",
    )
    assert answer.json()["error"]["details"][0]["code"] == "ObjectConflict"
    assert answer.json()["error"]["details"][0]["target"] == "userPrincipalName"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"userPrincipalName": "maria@elsewhere.example"}, "The domain portion of the userPrincipalName property is invalid."),
        ({"userPrincipalName": "mária@academy.example"}, "Property userPrincipalName is invalid."),
        ({"passwordProfile": {"password": "short"}}, "does not comply with password complexity requirements."),
        ({"passwordProfile": "correct horse"}, "does not comply with password complexity requirements."),
        ({"displayName": ""}, "property 'displayName'"),
        ({"mailNickname": None}, "property 'mailNickname'"),
        ({"givenName": ""}, "property 'givenName'"),
        ({"surname": "x" * 65}, "property 'surname'"),
        ({"employeeId": "x" * 17}, "property 'employeeId'"),
    ],
)  # fmt: skip
async def test_a_creation_that_breaks_a_rule_is_refused_in_graph_s_words(
    graph: Graph, change: dict[str, Any], words: str
) -> None:
    answer = await graph.http.post("/v1.0/users", json={**NEW, **change})

    status, code, message = refusal(answer)
    assert (status, code) == (400, "Request_BadRequest")
    assert words in message
    assert not graph.directory.users


async def test_a_change_answers_with_nothing_and_is_seen(graph: Graph) -> None:
    ident = await graph.created()

    answer = await graph.http.patch(f"/v1.0/users/{ident}", json={"employeeId": "S9"})

    assert (answer.status_code, answer.content) == (204, b"")
    assert await graph.found("employeeId eq 'S9'") == [ident]


async def test_a_user_takes_a_free_address_and_leaves_the_old_one_to_others(graph: Graph) -> None:
    ident = await graph.created()

    await graph.http.patch(f"/v1.0/users/{ident}", json={"userPrincipalName": "maria@academy.example"})

    assert await graph.created() != ident
    taken = await graph.http.patch(f"/v1.0/users/{ident}", json={"userPrincipalName": NEW["userPrincipalName"]})
    assert "Another object with the same value" in refusal(taken)[2]


@pytest.mark.parametrize("quirks", [GraphQuirks(drops_employee_id=True)])
async def test_a_creation_may_drop_the_employee_id_which_a_change_sets(graph: Graph) -> None:
    ident = await graph.created()
    assert await graph.found("employeeId eq 'S1'") == []

    await graph.http.patch(f"/v1.0/users/{ident}", json={"employeeId": "S1"})

    assert await graph.found("employeeId eq 'S1'") == [ident]


async def test_a_deleted_user_is_gone_and_can_come_back_as_the_same_with_all_it_had(graph: Graph) -> None:
    ident = await graph.created()
    await graph.http.post(f"/v1.0/users/{ident}/assignLicense", json={"addLicenses": [{"skuId": SKU}], "removeLicenses": []})  # fmt: skip

    assert (await graph.http.delete(f"/v1.0/users/{ident}")).status_code == 204

    assert (await graph.http.get(f"/v1.0/users/{ident}")).status_code == 404
    assert await graph.found("employeeId eq 'S1'") == []
    assert await graph.found("employeeId eq 'S1'", path=DELETED) == [ident]

    answer = await graph.http.post(f"/v1.0/directory/deletedItems/{ident}/restore", json={})

    assert (answer.status_code, answer.json()["userPrincipalName"]) == (200, NEW["userPrincipalName"])
    assert graph.directory.users[ident].licences == [SKU]


async def test_a_deleted_user_is_shown_under_a_changed_sign_in_name_and_the_time_of_its_end(graph: Graph) -> None:
    ident = await graph.created()
    await graph.http.delete(f"/v1.0/users/{ident}")

    answer = await graph.http.get(DELETED, params={"$select": "userPrincipalName,deletedDateTime"})

    assert answer.json()["value"] == [
        {
            "userPrincipalName": f"{ident.replace('-', '')}{NEW['userPrincipalName']}",
            "deletedDateTime": "2027-01-15T08:00:00Z",
        }
    ]


async def test_a_restore_fails_where_somebody_else_has_the_address_by_now(graph: Graph) -> None:
    ident = await graph.created()
    await graph.http.delete(f"/v1.0/users/{ident}")
    await graph.created()

    answer = await graph.http.post(f"/v1.0/directory/deletedItems/{ident}/restore", json={})

    assert "Another object with the same value" in refusal(answer)[2]


async def test_a_licence_is_taken_from_the_stock_once_however_often_it_is_assigned(graph: Graph) -> None:
    ident = await graph.created()
    for _ in range(2):
        answer = await graph.http.post(
            f"/v1.0/users/{ident}/assignLicense", json={"addLicenses": [{"skuId": SKU}], "removeLicenses": []}
        )
        assert_described(answer, USER)

    stock = await graph.http.get("/v1.0/subscribedSkus")

    assert_described(stock, "microsoft.graph.subscribedSku")
    [sku] = stock.json()["value"]
    assert (sku["skuId"], sku["consumedUnits"], sku["prepaidUnits"]["enabled"]) == (SKU, 1, 1)


async def test_no_licences_are_left_when_the_stock_is_used_up(graph: Graph) -> None:
    graph.directory.stock[SKU] = 0
    ident = await graph.created()

    answer = await graph.http.post(
        f"/v1.0/users/{ident}/assignLicense", json={"addLicenses": [{"skuId": SKU}], "removeLicenses": []}
    )

    assert refusal(answer) == (
        400,
        "Request_BadRequest",
        f"Subscription with SKU {SKU} does not have any available licenses.",
    )


async def test_a_licence_needs_a_usage_location(graph: Graph) -> None:
    ident = await graph.created(usageLocation=None)

    answer = await graph.http.post(
        f"/v1.0/users/{ident}/assignLicense", json={"addLicenses": [{"skuId": SKU}], "removeLicenses": []}
    )

    assert refusal(answer)[2] == "License assignment cannot be done for user with invalid usage location."


async def test_a_member_is_added_once(graph: Graph) -> None:
    reference = {"@odata.id": f"{graph.url}/v1.0/directoryObjects/{await graph.created()}"}

    first = await graph.http.post(f"/v1.0/groups/{GROUP}/members/$ref", json=reference)
    second = await graph.http.post(f"/v1.0/groups/{GROUP}/members/$ref", json=reference)

    assert first.status_code == 204
    assert refusal(second) == (
        400,
        "Request_BadRequest",
        "One or more added object references already exist for the following modified properties: 'members'.",
    )


async def test_a_group_that_is_not_there_takes_no_members(graph: Graph) -> None:
    reference = {"@odata.id": f"{graph.url}/v1.0/directoryObjects/{await graph.created()}"}

    assert refusal(await graph.http.post("/v1.0/groups/none/members/$ref", json=reference))[0] == 404


@pytest.mark.parametrize("quirks", [GraphQuirks(lag=60.0)])
async def test_replicas_that_lag_do_not_know_a_new_user_yet_though_its_address_is_taken_at_once(graph: Graph) -> None:
    ident = await graph.created()
    reference = {"@odata.id": f"{graph.url}/v1.0/directoryObjects/{ident}"}

    assert (await graph.http.get(f"/v1.0/users/{ident}")).status_code == 404
    assert await graph.found("employeeId eq 'S1'") == []
    assert (await graph.http.post(f"/v1.0/groups/{GROUP}/members/$ref", json=reference)).status_code == 404
    assert "already exists" in refusal(await graph.http.post("/v1.0/users", json=NEW))[2]

    graph.clock.now += 60

    assert await graph.found("employeeId eq 'S1'") == [ident]
    assert (await graph.http.post(f"/v1.0/groups/{GROUP}/members/$ref", json=reference)).status_code == 204


async def test_whoever_has_the_first_password_signs_in_and_so_changes_it(graph: Graph) -> None:
    ident = await graph.created()
    tried = {"address": NEW["userPrincipalName"], "password": "correct horse"}

    for given, let_in in ((tried | {"password": "wrong horse"}, False), (tried, True)):
        answer = await graph.http.post("/_simulator/graph/sign-in", json=given)
        assert answer.json() == {"signed_in": let_in}

    select = {"$select": "createdDateTime,lastPasswordChangeDateTime,signInActivity"}
    answer = await graph.http.get(f"/v1.0/users/{ident}", params=select)
    user = answer.json()
    assert user["lastPasswordChangeDateTime"] == user["signInActivity"]["lastSignInDateTime"] > user["createdDateTime"]
    assert_described(answer, USER)


async def test_a_new_password_takes_the_old_one_s_place(graph: Graph) -> None:
    ident = await graph.created()

    await graph.http.patch(f"/v1.0/users/{ident}", json={"passwordProfile": {"password": "another horse"}})

    assert not graph.directory.sign_in(NEW["userPrincipalName"], "correct horse")
    assert graph.directory.sign_in(NEW["userPrincipalName"], "another horse")
