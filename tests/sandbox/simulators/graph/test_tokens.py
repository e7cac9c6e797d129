"""Entra's token endpoint, asked by Microsoft's own client."""

import pytest

from sandbox.simulators.graph.quirks import GraphQuirks
from tests.sandbox.simulators.graph.served import Graph, refusal


async def test_an_application_gets_a_token_that_opens_its_directory(graph: Graph) -> None:
    token = await graph.token()

    assert (token["token_type"], token["expires_in"]) == ("Bearer", 3_600)
    assert (await graph.http.get("/v1.0/users")).status_code == 200


async def test_a_wrong_secret_is_refused(graph: Graph) -> None:
    answer = await graph.token(secret="wr0ng")

    assert (answer["error"], answer["error_codes"]) == ("invalid_client", [7000215])
    assert answer["error_description"].startswith("AADSTS7000215: ")


async def test_an_unknown_application_is_refused(graph: Graph) -> None:
    answer = await graph.token(client_id="another")

    assert (answer["error"], answer["error_codes"]) == ("unauthorized_client", [700016])


@pytest.mark.parametrize("quirks", [GraphQuirks(unknown_application=700038)])
async def test_an_unknown_application_may_meet_the_other_number_that_was_recorded(graph: Graph) -> None:
    assert (await graph.token(client_id="another"))["error_codes"] == [700038]


async def test_another_resource_is_refused(graph: Graph) -> None:
    answer = await graph.token(scope="https://elsewhere.example/.default")

    assert (answer["error"], answer["error_codes"]) == ("invalid_resource", [500011])


async def test_another_grant_is_refused(graph: Graph) -> None:
    answer = await graph.http.post("/any/oauth2/v2.0/token", data={"grant_type": "password"})

    assert (answer.status_code, answer.json()["error_codes"]) == (400, [70003])


async def test_a_token_ends(graph: Graph) -> None:
    graph.clock.now += 3_601

    answer = await graph.http.get("/v1.0/users")

    assert refusal(answer) == (
        401,
        "InvalidAuthenticationToken",
        "Lifetime validation failed, the token is expired.",
    )
    assert "WWW-Authenticate" in answer.headers


async def test_a_call_without_a_token_is_refused(graph: Graph) -> None:
    del graph.http.headers["Authorization"]

    assert refusal(await graph.http.get("/v1.0/users"))[2] == "Access token is empty."


async def test_tokens_can_be_revoked(graph: Graph) -> None:
    graph.api.tokens.revoke_all()

    assert (await graph.http.get("/v1.0/users")).status_code == 401
