"""What the token exchange and `signJwt` demand of a request. Google's own client asks them in `tests/providers/google/test_keyless.py`."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp import ClientSession

from sandbox.simulators.google.federation import ACCESS_TOKEN, GRANT_TYPE, JWT, Provider
from testbed.parts.keys import key, token
from tests.sandbox.simulators.google.served import ACCOUNT, ADMIN, Google

PROVIDER = Provider("//iam.googleapis.com/projects/1/providers/cluster", "https://issuer.example", key().public_key())
IAM = "https://www.googleapis.com/auth/iam"
SUBJECT = "pod"


@pytest.fixture
def google(google: Google) -> Google:
    google.api.federation.add(PROVIDER)
    google.api.federation.create_service_account(ACCOUNT)
    google.api.federation.allow(SUBJECT, ACCOUNT)
    return google


def form(**change: str) -> dict[str, str]:
    claims = {"iss": PROVIDER.issuer, "sub": SUBJECT, "aud": PROVIDER.audience}
    return {
        "grant_type": GRANT_TYPE,
        "audience": PROVIDER.name,
        "scope": IAM,
        "requested_token_type": ACCESS_TOKEN,
        "subject_token_type": JWT,
        "subject_token": token(claims, key()),
        **change,
    }


async def posted(url: str, headers: Mapping[str, str] | None = None, **options: Any) -> tuple[int, dict[str, Any]]:
    async with ClientSession() as session, session.post(url, headers=headers, **options) as answer:
        return answer.status, await answer.json()


async def exchanged(google: Google, **change: str) -> tuple[int, dict[str, Any]]:
    return await posted(f"{google.url}/v1/token", data=form(**change))


async def signed(
    google: Google, bearer: str | None, payload: Any, account: str = ACCOUNT
) -> tuple[int, dict[str, Any]]:
    url = f"{google.url}/v1/projects/-/serviceAccounts/{account}:signJwt"
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    return await posted(url, headers, json={"payload": payload})


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"audience": "//iam.googleapis.com/other"}, "invalid_target"),
        ({"subject_token": "no token"}, "invalid_request"),
        ({"subject_token_type": "urn:ietf:params:oauth:token-type:saml2"}, "invalid_request"),
        ({"subject_token": token({"iss": PROVIDER.issuer, "aud": PROVIDER.audience}, key(2))}, "invalid_grant"),
    ],
)
async def test_an_exchange_is_refused_in_oauth_s_words(google: Google, change: dict[str, str], error: str) -> None:
    status, body = await exchanged(google, **change)
    assert (status, body["error"]) == (400, error)


async def test_an_exchange_must_not_be_authorised(google: Google) -> None:
    status, body = await posted(f"{google.url}/v1/token", {"Authorization": "Bearer x"}, data=form())
    assert (status, body["error"]) == (400, "invalid_request")


async def test_a_signed_assertion_is_one_that_the_token_endpoint_takes(google: Google) -> None:
    _, federated = await exchanged(google)
    now = int(google.clock())
    claims = {
        "iss": ACCOUNT,
        "sub": ADMIN,
        "aud": "https://oauth2.googleapis.com/token",
        "scope": "https://www.googleapis.com/auth/admin.directory.user",
        "iat": now,
        "exp": now + 3_600,
    }
    status, body = await signed(google, federated["access_token"], json.dumps(claims))
    assert status == 200
    grant = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": body["signedJwt"]}
    assert (await posted(f"{google.url}/token", data=grant))[0] == 200


@pytest.mark.parametrize(
    ("scope", "account", "payload", "expected"),
    [
        (IAM, "another@project.iam.gserviceaccount.com", "{}", (403, "PERMISSION_DENIED")),
        ("https://www.googleapis.com/auth/devstorage.read_only", ACCOUNT, "{}", (403, "PERMISSION_DENIED")),
        (IAM, ACCOUNT, "no JSON", (400, "INVALID_ARGUMENT")),
        (IAM, ACCOUNT, json.dumps({"exp": 99_999_999_999}), (400, "INVALID_ARGUMENT")),
    ],
    ids=["another account", "a token of another scope", "no claims", "for ever"],
)
async def test_a_signature_is_refused_in_google_s_words(
    google: Google, scope: str, account: str, payload: str, expected: tuple[int, str]
) -> None:
    _, federated = await exchanged(google, scope=scope)
    status, body = await signed(google, federated["access_token"], payload, account)
    assert (status, body["error"]["status"]) == expected


@pytest.mark.parametrize("bearer", [None, "guessed"])
async def test_a_signature_needs_a_token(google: Google, bearer: str | None) -> None:
    status, body = await signed(google, bearer, "{}")
    assert (status, body["error"]["status"]) == (401, "UNAUTHENTICATED")


async def test_a_token_ends(google: Google) -> None:
    _, federated = await exchanged(google)
    google.clock.ahead = 3_601
    assert (await signed(google, federated["access_token"], "{}"))[0] == 401
