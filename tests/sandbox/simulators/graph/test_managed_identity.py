"""The endpoints of an Azure resource: what they demand of a request. Microsoft's own client asks them in `tests/providers`."""

from collections.abc import Mapping

import httpx
import pytest

from tests.sandbox.simulators.graph.served import CLIENT, TENANT, Graph

IMDS, APP_SERVICE = "/metadata/identity/oauth2/token", "/msi/token"
HEADERS = {"Metadata": "true"}


def query(graph: Graph, **more: str) -> Mapping[str, str]:
    return {"api-version": "2018-02-01", "resource": graph.url, **more}


async def test_a_virtual_machine_is_given_a_token_that_opens_the_directory(graph: Graph) -> None:
    graph.api.machine.assign(TENANT, CLIENT, system=True)
    answer = await graph.http.get(IMDS, params=query(graph), headers=HEADERS)
    assert answer.json()["expires_in"] == "86400"
    bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert (await graph.http.get("/v1.0/users", headers=bearer)).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"Metadata": "True"}, {"Metadata": "true", "X-Forwarded-For": "10.0.0.1"}])
async def test_a_request_that_may_be_forged_is_refused(graph: Graph, headers: Mapping[str, str]) -> None:
    graph.api.machine.assign(TENANT, CLIENT, system=True)
    answer = await graph.http.get(IMDS, params=query(graph), headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_request_102")


@pytest.mark.parametrize("more", [{"client_id": "another"}, {"resource": "https://vault.azure.net"}])
async def test_an_identity_or_a_resource_that_it_does_not_have_is_refused(
    graph: Graph, more: Mapping[str, str]
) -> None:
    graph.api.machine.assign(TENANT, CLIENT, system=True)
    answer = await graph.http.get(IMDS, params=query(graph, **more), headers=HEADERS)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_a_machine_without_an_identity_of_its_own_has_only_those_that_were_assigned(graph: Graph) -> None:
    graph.api.machine.assign(TENANT, CLIENT)
    by_name = await graph.http.get(IMDS, params=query(graph, client_id=CLIENT), headers=HEADERS)
    own = await graph.http.get(IMDS, params=query(graph), headers=HEADERS)
    assert (by_name.status_code, own.status_code) == (200, 400)


async def app_service(graph: Graph, secret: str) -> httpx.Response:
    return await graph.http.get(
        APP_SERVICE,
        params={"api-version": "2019-08-01", "resource": graph.url},
        headers={"X-IDENTITY-HEADER": secret},
    )


async def test_app_service_demands_its_header(graph: Graph) -> None:
    graph.api.machine.assign(TENANT, CLIENT, system=True)
    assert (await app_service(graph, graph.api.machine.identity_header)).status_code == 200
    assert (await app_service(graph, "guessed")).status_code == 401
