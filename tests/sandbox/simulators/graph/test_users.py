"""What becomes of a user who is blocked: no sign-in, and no session that outlives it."""

import pytest

from sandbox.simulators.graph.quirks import GraphQuirks
from tests.sandbox.simulators.graph.served import NEW, Graph, assert_described, refusal

ADDRESS, PASSWORD = NEW["userPrincipalName"], "correct horse"


async def test_a_disabled_user_does_not_sign_in_until_it_is_enabled(graph: Graph) -> None:
    ident = await graph.created()

    for enabled in (False, True):
        answer = await graph.http.patch(f"/v1.0/users/{ident}", json={"accountEnabled": enabled})

        assert (answer.status_code, answer.content) == (204, b"")
        assert graph.directory.sign_in(ADDRESS, PASSWORD) is enabled


async def test_whether_a_user_is_enabled_is_shown_to_those_who_select_it(graph: Graph) -> None:
    ident = await graph.created()
    await graph.http.patch(f"/v1.0/users/{ident}", json={"accountEnabled": False})

    answer = await graph.http.get(f"/v1.0/users/{ident}", params={"$select": "accountEnabled"})

    assert answer.json()["accountEnabled"] is False
    (seen,) = (await graph.http.get("/_simulator/graph/users")).json()["users"]
    assert seen["enabled"] is False


async def test_revoking_ends_a_user_s_sessions_and_dates_it(graph: Graph) -> None:
    ident = await graph.created()
    graph.directory.sign_in(ADDRESS, PASSWORD)
    assert graph.directory.users[ident].signed_in
    graph.clock.now += 60

    answer = await graph.http.post(f"/v1.0/users/{ident}/revokeSignInSessions")

    assert (answer.status_code, answer.json()["value"]) == (200, True)
    assert not graph.directory.users[ident].signed_in
    shown = await graph.http.get(f"/v1.0/users/{ident}", params={"$select": "signInSessionsValidFromDateTime"})
    assert_described(shown, "microsoft.graph.user")
    assert shown.json()["signInSessionsValidFromDateTime"] == "2027-01-15T08:01:00Z"


async def test_a_user_whose_sessions_were_revoked_may_sign_in_again(graph: Graph) -> None:
    ident = await graph.created()
    await graph.http.post(f"/v1.0/users/{ident}/revokeSignInSessions")

    assert graph.directory.sign_in(ADDRESS, PASSWORD)
    assert graph.directory.users[ident].signed_in


@pytest.mark.parametrize("quirks", [GraphQuirks(revocation_status=204)])
async def test_a_revocation_may_be_answered_with_nothing(graph: Graph) -> None:
    ident = await graph.created()

    answer = await graph.http.post(f"/v1.0/users/{ident}/revokeSignInSessions")

    assert (answer.status_code, answer.content) == (204, b"")


async def test_a_user_that_is_not_there_has_no_sessions(graph: Graph) -> None:
    answer = await graph.http.post("/v1.0/users/missing/revokeSignInSessions")

    assert refusal(answer)[:2] == (404, "Request_ResourceNotFound")
