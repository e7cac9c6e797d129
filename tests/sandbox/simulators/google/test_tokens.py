"""Who is given a token, in which words it is refused, and what it opens."""

from typing import Any

import pytest
from aiohttp import ClientSession
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from google.auth.exceptions import RefreshError

from sandbox.simulators.google.scopes import MEMBER, USER
from tests.sandbox.simulators.google.served import ACCOUNT, ADMIN, Google, call, refusal


async def test_a_subject_who_is_no_administrator_may_do_nothing(google: Google) -> None:
    refused = await refusal(google.client(subject="teacher@academy.example").users().get(userKey=ADMIN))
    assert refused == (403, "forbidden", "Not Authorized to access this resource/api")


async def test_a_token_opens_only_what_its_scopes_open(google: Google) -> None:
    refused = await refusal(google.client(scopes=(MEMBER,)).users().get(userKey=ADMIN))
    assert refused == (403, "insufficientPermissions", "Request had insufficient authentication scopes.")


async def test_a_customers_users_are_out_of_reach_for_anothers_administrator(google: Google) -> None:
    other = google.api.add_customer("C02", ["lyceum.example"])
    other.delegate(ACCOUNT, [USER])
    other.add_user("admin@lyceum.example", is_admin=True)
    client = google.client(subject="admin@lyceum.example", scopes=(USER,))
    assert (await refusal(client.users().get(userKey=ADMIN)))[:2] == (404, "notFound")


async def test_a_revoked_token_is_refused_and_the_client_gets_another(google: Google) -> None:
    users = google.client().users()
    await call(users.get(userKey=ADMIN))
    google.api.tokens.revoke_all()
    assert (await call(users.get(userKey=ADMIN)))["primaryEmail"] == ADMIN


async def test_a_call_without_a_token_is_refused(google: Google) -> None:
    url = f"{google.url}/admin/directory/v1/users/{ADMIN}"
    async with ClientSession() as session, session.get(url) as answer:
        assert answer.status == 401
        assert (await answer.json())["error"]["errors"][0]["reason"] == "authError"


async def test_a_body_that_is_no_json_object_is_refused(google: Google) -> None:
    credentials = await google.refreshed()
    url = f"{google.url}/admin/directory/v1/users"
    headers = {"Authorization": f"Bearer {credentials.token}"}
    async with ClientSession() as session, session.post(url, data=b"[1", headers=headers) as answer:
        assert answer.status == 400


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"subject": "missing@academy.example"}, "invalid_grant: Invalid email or User ID"),
        ({"subject": "admin@elsewhere.example"}, "invalid_grant: Invalid email or User ID"),
        ({"scopes": ("https://www.googleapis.com/auth/drive",)}, "unauthorized_client: Client is unauthorized"),
        ({"key": generate_private_key(65_537, 2_048)}, "invalid_grant: Invalid JWT Signature."),
    ],
)
async def test_a_token_is_refused_in_the_words_that_google_auth_shows(
    google: Google, change: dict[str, Any], words: str
) -> None:
    with pytest.raises(RefreshError, match=words):
        await google.refreshed(**change)


async def test_an_assertion_that_has_expired_is_refused(google: Google) -> None:
    google.clock.ahead = 7_200
    with pytest.raises(RefreshError, match="short-lived token"):
        await google.refreshed()


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": "x.y"}, "invalid_grant"),
    ],
)
async def test_a_token_request_of_another_form_is_refused(google: Google, form: dict[str, str], error: str) -> None:
    async with ClientSession() as session, session.post(f"{google.url}/token", data=form) as answer:
        assert (answer.status, (await answer.json())["error"]) == (400, error)
