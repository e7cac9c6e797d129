"""What a directory makes of writes: what it takes, what it refuses in Graph's words, and when others see it."""

from typing import Any

import pytest

from sandbox.simulators.graph.groups import GroupKind
from sandbox.simulators.graph.quirks import GraphQuirks
from sandbox.simulators.graph.user import User
from tests.sandbox.simulators.graph.served import GROUP, NEW, SKU, Graph, assert_described, refusal

USER = "microsoft.graph.user"
EXTENSION = "extension_b7d8e648520f41d3b9c0fdeb91768a0a_student"
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


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"usageLocation": "Greece"}, "property 'usageLocation'"),
        ({"onPremisesExtensionAttributes": {"extensionAttribute16": "x"}}, "extensionAttribute16"),
        ({"onPremisesExtensionAttributes": {"extensionAttribute1": "x" * 1_025}}, "property 'extensionAttribute1'"),
        ({EXTENSION: "x"}, f"The following extension properties are not available: {EXTENSION}."),
        ({"onPremisesSyncEnabled": False}, "Property 'onPremisesSyncEnabled' is read-only and cannot be set."),
    ],
)
async def test_a_change_that_breaks_a_rule_is_refused_in_graph_s_words(
    graph: Graph, change: dict[str, Any], words: str
) -> None:
    ident = await graph.created()

    answer = await graph.http.patch(f"/v1.0/users/{ident}", json=change)

    assert refusal(answer)[:2] == (400, "Request_BadRequest")
    assert words in refusal(answer)[2]


async def test_a_federated_domain_takes_no_user_without_an_immutable_id(graph: Graph) -> None:
    graph.directory.federated.add("academy.example")

    answer = await graph.http.post("/v1.0/users", json=NEW)

    assert refusal(answer)[2] == "SourceAnchor is a required property for creation of a federated user."
    await graph.created(onPremisesImmutableId="aGVsbG8")


async def test_an_extension_attribute_changes_and_leaves_the_others_as_they_are(graph: Graph) -> None:
    ident = await graph.created(onPremisesExtensionAttributes={"extensionAttribute1": "a"})

    await graph.http.patch(f"/v1.0/users/{ident}", json={"onPremisesExtensionAttributes": {"extensionAttribute2": "b"}})

    answer = await graph.http.get(f"/v1.0/users/{ident}", params={"$select": "onPremisesExtensionAttributes"})
    shown = answer.json()["onPremisesExtensionAttributes"]
    assert (shown["extensionAttribute1"], shown["extensionAttribute2"], shown["extensionAttribute3"]) == (
        "a",
        "b",
        None,
    )


async def test_a_directory_extension_is_written_and_found(graph: Graph) -> None:
    graph.directory.extensions.add(EXTENSION)

    ident = await graph.created(**{EXTENSION: "x"})

    assert await graph.found(f"{EXTENSION} eq 'x'") == [ident]
    assert graph.directory.users[ident].marker == "S1"


async def test_what_a_synchronised_user_has_from_on_premises_cannot_be_changed_here(graph: Graph) -> None:
    theirs = graph.directory.add({"userPrincipalName": "a@academy.example", "onPremisesSyncEnabled": True})

    refused = await graph.http.patch(f"/v1.0/users/{theirs.id}", json={"employeeId": "S9"})
    taken = await graph.http.patch(f"/v1.0/users/{theirs.id}", json={"usageLocation": "GR"})

    assert "on-premises mastered Directory Sync objects" in refusal(refused)[2]
    assert taken.status_code == 204


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [
        (GroupKind.MAIL_ENABLED, 400, "Cannot Update a mail-enabled security groups and or distribution list."),
        (GroupKind.SYNCHRONISED, 400, "on-premises mastered Directory Sync objects"),
        (GroupKind.ROLE_ASSIGNABLE, 403, "Insufficient privileges to complete the operation."),
        (GroupKind.DYNAMIC, 403, "Insufficient privileges to complete the operation."),
    ],
)
async def test_some_groups_take_no_members_from_an_application(
    graph: Graph, kind: GroupKind, status: int, words: str
) -> None:
    graph.directory.add_group("special", kind)
    reference = {"@odata.id": f"{graph.url}/v1.0/directoryObjects/{await graph.created()}"}

    answer = await graph.http.post("/v1.0/groups/special/members/$ref", json=reference)

    assert refusal(answer)[0] == status
    assert words in refusal(answer)[2]
    assert graph.directory.groups["special"] == set()


async def test_some_countries_have_no_licences(graph: Graph) -> None:
    graph.directory.unlicensed_locations.add("GR")
    ident = await graph.created()

    answer = await graph.http.post(
        f"/v1.0/users/{ident}/assignLicense", json={"addLicenses": [{"skuId": SKU}], "removeLicenses": []}
    )

    assert refusal(answer)[2] == "License assignment cannot be done for user with invalid usage location."


@pytest.mark.parametrize(
    "properties",
    [
        {"employeeId": "~ABCDEFGHIJKLMNO"},
        {"employeeId": "E-77", "onPremisesExtensionAttributes": {"extensionAttribute3": "~ABCDEFGHIJKLMNO"}},
        {"employeeId": "E-77", EXTENSION: "~ABCDEFGHIJKLMNO"},
    ],
)
def test_a_marker_is_seen_wherever_it_stands(properties: dict[str, Any]) -> None:
    assert User("1", properties, "").marker == "~ABCDEFGHIJKLMNO"


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


async def test_a_restore_fails_where_another_user_has_the_address_by_now(graph: Graph) -> None:
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


async def test_what_staff_take_from_a_user_goes_back_to_the_stock(graph: Graph) -> None:
    ident = await graph.created()
    before = graph.directory.stock[SKU]
    graph.directory.assign(ident, [SKU], [])
    graph.directory.groups["g"] = {ident, "another"}

    graph.directory.strip(ident)

    assert graph.directory.users[ident].licences == []
    assert graph.directory.stock[SKU] == before
    assert graph.directory.groups["g"] == {"another"}


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


async def test_a_sign_in_with_the_first_password_changes_it(graph: Graph) -> None:
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
