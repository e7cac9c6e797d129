"""What Entra accepts instead of a secret, shown by Microsoft's own client, and what it refuses."""

import time
from collections.abc import Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.x509 import Certificate

from sandbox.simulators.graph.assertions import EXCHANGE_AUDIENCE, TYPE, Trust
from testbed.parts.keys import certificate, key, pem, token
from tests.sandbox.simulators.graph.served import CLIENT, TENANT, Graph

ISSUER, SUBJECT = "https://issuer.example/cluster", "system:serviceaccount:school:provisioner"
TRUSTED: Mapping[str, Any] = {"iss": ISSUER, "sub": SUBJECT, "aud": EXCHANGE_AUDIENCE}


def by_certificate(number: int = 1) -> Mapping[str, str]:
    return {"private_key": pem(key(number)), "public_certificate": pem(certificate(key(number)))}


async def test_an_application_shows_its_certificate(graph: Graph) -> None:
    uploaded = certificate(key())
    graph.api.tokens.assertions.certify((TENANT, CLIENT), uploaded)
    graph.clock.now = time.time()

    shown = {"private_key": pem(key()), "public_certificate": pem(uploaded)}

    assert "access_token" in await graph.token(secret=shown)


async def test_older_clients_name_the_certificate_by_its_sha_1_thumbprint(graph: Graph) -> None:
    uploaded = certificate(key())
    graph.api.tokens.assertions.certify((TENANT, CLIENT), uploaded)
    graph.clock.now = time.time()

    shown = {"private_key": pem(key()), "thumbprint": _sha1(uploaded)}

    assert "access_token" in await graph.token(secret=shown)


async def test_a_certificate_that_was_not_uploaded_is_refused(graph: Graph) -> None:
    graph.api.tokens.assertions.certify((TENANT, CLIENT), certificate(key(2)))

    answer = await graph.token(secret=by_certificate(1))

    assert (answer["error"], answer["error_codes"]) == ("invalid_client", [700027])


async def test_an_assertion_whose_time_is_over_is_refused(graph: Graph) -> None:
    uploaded = certificate(key())
    graph.api.tokens.assertions.certify((TENANT, CLIENT), uploaded)
    graph.clock.now = time.time() + 3_600

    answer = await graph.token(secret={"private_key": pem(key()), "public_certificate": pem(uploaded)})

    assert answer["error_codes"] == [700024]


async def test_a_token_of_a_trusted_issuer_stands_for_the_application(graph: Graph) -> None:
    graph.api.tokens.assertions.trust((TENANT, CLIENT), Trust(ISSUER, SUBJECT, key().public_key()))

    answer = await graph.token(secret=_federated(graph))

    assert "access_token" in answer


@pytest.mark.parametrize(
    ("change", "number"),
    [
        ({"iss": "https://issuer.example/cluster/"}, 700211),
        ({"sub": "system:serviceaccount:school:Provisioner"}, 700213),
        ({"aud": "https://kubernetes.default.svc"}, 700212),
        ({"aud": ["https://kubernetes.default.svc"]}, 700212),
        ({"exp": 1}, 700024),
    ],
)
async def test_a_token_that_differs_by_a_letter_is_refused(
    graph: Graph, change: Mapping[str, Any], number: int
) -> None:
    graph.api.tokens.assertions.trust((TENANT, CLIENT), Trust(ISSUER, SUBJECT, key().public_key()))

    answer = await graph.token(secret=_federated(graph, **change))

    assert answer["error_codes"] == [number]


async def test_a_token_with_a_foreign_signature_is_refused(graph: Graph) -> None:
    graph.api.tokens.assertions.trust((TENANT, CLIENT), Trust(ISSUER, SUBJECT, key(2).public_key()))

    assert (await graph.token(secret=_federated(graph)))["error_codes"] == [700027]


@pytest.mark.parametrize(
    ("change", "number"),
    [
        ({"aud": "https://login.microsoftonline.com/other/oauth2/v2.0/token"}, 700027),
        ({"client_assertion_type": "urn:other"}, 70003),
        ({"client_assertion": "no.token"}, 50027),
        ({"client_assertion": ""}, 7000218),
    ],
)
async def test_a_request_of_another_form_is_refused(graph: Graph, change: Mapping[str, str], number: int) -> None:
    claims = {"iss": CLIENT, "sub": CLIENT, "aud": change.get("aud", "")}
    form = {
        "grant_type": "client_credentials",
        "client_id": CLIENT,
        "scope": f"{graph.url}/.default",
        "client_assertion_type": TYPE,
        "client_assertion": token(claims, key()),
        **change,
    }

    answer = await graph.http.post(f"/{TENANT}/oauth2/v2.0/token", data=form)

    assert (answer.status_code, answer.json()["error_codes"]) == (401, [number])


def _federated(graph: Graph, **change: Any) -> Mapping[str, Any]:
    shown = token({**TRUSTED, **change}, key(), now=graph.clock())
    return {"client_assertion": lambda: shown}


def _sha1(of: Certificate) -> str:
    return of.fingerprint(SHA1()).hex()  # noqa: S303  Entra's name for it
