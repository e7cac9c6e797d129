"""Graph's answers: each has the form that Microsoft's description gives it, and every refusal the documented envelope."""

import pytest

from sandbox.simulators.graph.quirks import GraphQuirks
from tests.sandbox.simulators.graph.served import NEW, Graph, assert_described, refusal

USER = "microsoft.graph.user"
MISSING = "does not exist or one of its queried reference-property objects are not present."


async def test_a_creation_answers_with_a_small_set_of_properties(graph: Graph) -> None:
    answer = await graph.http.post("/v1.0/users", json=NEW)

    body = answer.json()
    assert (answer.status_code, body["userPrincipalName"]) == (201, NEW["userPrincipalName"])
    assert not {"employeeId", "usageLocation", "accountEnabled", "passwordProfile"} & set(body)
    assert body["id"] in answer.headers["Location"]
    assert_described(answer, USER)


async def test_other_properties_are_there_for_those_who_select_them(graph: Graph) -> None:
    ident = await graph.created()
    select = "id,employeeId,usageLocation,assignedLicenses,createdDateTime,lastPasswordChangeDateTime,signInActivity"

    answer = await graph.http.get(f"/v1.0/users/{ident}", params={"$select": select})

    assert_described(answer, USER)
    assert set(answer.json()) == {*select.split(","), "@odata.context"}
    assert answer.json()["employeeId"] == "S1"


async def test_a_password_is_never_shown(graph: Graph) -> None:
    ident = await graph.created()

    answer = await graph.http.get(f"/v1.0/users/{ident}", params={"$select": "passwordProfile"})

    assert answer.json()["passwordProfile"] is None


async def test_a_user_is_read_by_sign_in_name_too(graph: Graph) -> None:
    ident = await graph.created()

    assert (await graph.http.get("/v1.0/users/MARIA.O'NEIL@academy.example")).json()["id"] == ident


@pytest.mark.parametrize(
    "condition",
    [
        "employeeId eq 's1'",
        "userPrincipalName eq 'maria.o''neil@academy.example'",
        "userPrincipalName eq 'missing@academy.example' or proxyAddresses/any(a:a eq 'SMTP:alias@academy.example')",
    ],
)
async def test_users_are_found_by_plain_filters(graph: Graph, condition: str) -> None:
    ident = await graph.created()
    graph.directory.users[ident].properties["proxyAddresses"] = ["smtp:alias@academy.example"]
    await graph.created(userPrincipalName="another@academy.example", employeeId="S2")

    assert await graph.found(condition) == [ident]


@pytest.mark.parametrize("condition", ["displayName ne 'x'", "endsWith(mail,'x')", "employeeId eq 'o'x'", "employeeId"])
async def test_other_filters_are_refused(graph: Graph, condition: str) -> None:
    answer = await graph.http.get("/v1.0/users", params={"$filter": condition})

    assert refusal(answer)[:2] == (400, "Request_UnsupportedQuery")


async def test_a_missing_user_is_named(graph: Graph) -> None:
    answer = await graph.http.get("/v1.0/users/missing")

    assert refusal(answer) == (404, "Request_ResourceNotFound", f"Resource 'missing' {MISSING}")


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff"])
async def test_what_is_no_json_object_is_refused(graph: Graph, body: bytes) -> None:
    answer = await graph.http.post("/v1.0/users", content=body, headers={"Content-Type": "application/json"})

    assert refusal(answer)[:2] == (400, "BadRequest")


@pytest.mark.parametrize("missing", ["addLicenses", "removeLicenses"])
async def test_an_assignment_needs_both_its_lists(graph: Graph, missing: str) -> None:
    ident = await graph.created()
    body = {name: list[str]() for name in ("addLicenses", "removeLicenses") if name != missing}

    assert (await graph.http.post(f"/v1.0/users/{ident}/assignLicense", json=body)).status_code == 400


@pytest.mark.parametrize("quirks", [GraphQuirks(page_size=2)])
async def test_a_collection_comes_in_pages_each_with_a_link_to_the_next(graph: Graph) -> None:
    made = [await graph.created(userPrincipalName=f"u{number}@academy.example") for number in range(5)]

    found: list[str] = []
    link = "/v1.0/users?$filter=employeeId eq 's1'&$select=id"
    while link:
        page = (await graph.http.get(link)).json()
        assert 0 < len(page["value"]) <= 2
        found += [row["id"] for row in page["value"]]
        link = page.get("@odata.nextLink", "")
        assert not link or link.startswith(f"{graph.url}/v1.0/users?")

    assert found == made


@pytest.mark.parametrize("size", ["0", "1000", "x"])
async def test_a_page_has_from_one_to_999_rows(graph: Graph, size: str) -> None:
    assert (await graph.http.get("/v1.0/users", params={"$top": size})).status_code == 400


ATTRIBUTE = "onPremisesExtensionAttributes/extensionAttribute7 eq '~a'"
ADVANCED = {"ConsistencyLevel": "eventual"}


@pytest.mark.parametrize("path", ["/v1.0/users", "/v1.0/directory/deletedItems/microsoft.graph.user"])
@pytest.mark.parametrize(
    ("headers", "count", "status"), [({}, {}, 400), ({}, {"$count": "true"}, 400), (ADVANCED, {}, 400), (ADVANCED, {"$count": "true"}, 200)]
)  # fmt: skip
async def test_extension_attributes_are_filtered_by_advanced_queries_only(
    graph: Graph, path: str, headers: dict[str, str], count: dict[str, str], status: int
) -> None:
    ident = await graph.created(onPremisesExtensionAttributes={"extensionAttribute7": "~A"})
    if "deleted" in path:
        await graph.http.delete(f"/v1.0/users/{ident}")

    answer = await graph.http.get(path, params={"$filter": ATTRIBUTE, "$select": "id", **count}, headers=headers)

    assert answer.status_code == status
    if status == 200:
        assert ([row["id"] for row in answer.json()["value"]], answer.json()["@odata.count"]) == ([ident], 1)
    else:
        assert refusal(answer)[1] == "Request_UnsupportedQuery"


@pytest.mark.parametrize("quirks", [GraphQuirks(writes_per_window=2, retry_after="2.128")])
async def test_writes_are_throttled_and_reads_are_not(graph: Graph) -> None:
    await graph.created()
    ident = await graph.created(userPrincipalName="another@academy.example")

    throttled = await graph.http.patch(f"/v1.0/users/{ident}", json={"employeeId": "S2"})

    assert refusal(throttled) == (429, "TooManyRequests", "Please retry again later.")
    assert throttled.headers["Retry-After"] == "2.128"
    assert (await graph.http.get(f"/v1.0/users/{ident}")).status_code == 200
    graph.clock.now += 75
    assert (await graph.http.patch(f"/v1.0/users/{ident}", json={"employeeId": "S2"})).status_code == 204


@pytest.mark.parametrize("quirks", [GraphQuirks(writes_per_window=0, retry_after=None)])
async def test_a_throttled_answer_may_not_say_for_how_long(graph: Graph) -> None:
    assert "Retry-After" not in (await graph.http.post("/v1.0/users", json=NEW)).headers


async def test_observers_see_every_user_deleted_ones_too(graph: Graph) -> None:
    ident = await graph.created()
    await graph.http.delete(f"/v1.0/users/{ident}")

    [user] = (await graph.http.get("/_simulator/graph/users")).json()["users"]

    assert (user["id"], user["marker"], user["deleted"]) == (ident, "S1", True)


async def test_a_count_needs_the_header_of_an_advanced_query(graph: Graph) -> None:
    await graph.created()

    refused = await graph.http.get("/v1.0/users/$count")
    counted = await graph.http.get("/v1.0/users/$count", headers=ADVANCED)

    assert refusal(refused) == (400, "Request_BadRequest", "$count is not currently supported.")
    assert (counted.status_code, counted.text) == (200, "1")
