"""Entra's public metadata: whose a domain is, and where its users sign in."""

import pytest

from tests.sandbox.simulators.graph.served import CLIENT, TENANT, Graph


@pytest.mark.parametrize("name", [TENANT, "academy.example", "Academy.Example"])
async def test_a_directory_is_found_by_its_id_and_by_its_verified_domains(graph: Graph, name: str) -> None:
    answer = await graph.http.get(f"/{name}/v2.0/.well-known/openid-configuration")
    assert answer.json()["issuer"] == f"{graph.url}/{TENANT}/v2.0"


async def test_a_directory_that_is_not_there_is_refused(graph: Graph) -> None:
    answer = await graph.http.get("/elsewhere.example/v2.0/.well-known/openid-configuration")
    assert (answer.status_code, answer.json()["error"], answer.json()["error_codes"]) == (
        400,
        "invalid_tenant",
        [90002],
    )


@pytest.mark.parametrize(
    ("domain", "kind"),
    [("academy.example", "Managed"), ("signs.in.elsewhere", "Federated"), ("unused.example", "Unknown")],
)
async def test_a_domain_s_realm_tells_where_its_users_sign_in(graph: Graph, domain: str, kind: str) -> None:
    graph.directory.domains += ("signs.in.elsewhere",)
    graph.directory.federated.add("signs.in.elsewhere")
    answer = await graph.http.get(f"/common/userrealm/anyone@{domain}", params={"api-version": "1.0"})
    assert answer.json()["account_type"] == kind


async def test_a_secret_that_is_over_is_refused_with_a_number_of_its_own(graph: Graph) -> None:
    graph.api.tokens.expire(TENANT, CLIENT)
    answer = await graph.token()
    assert (answer["error"], answer["error_codes"]) == ("invalid_client", [7000222])
