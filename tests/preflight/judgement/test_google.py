"""What Google's answers mean for a check, where the simulator does not show it."""

import pytest

from consumer.http.answer import Answer
from consumer.preflight.judgement import google
from consumer.providers.google import scopes
from consumer.providers.google.tokens import SCOPES
from testbed.fakes.http import json_answer
from tests.policy.tenants import GOOGLE
from tests.policy.tenants import tenant as a_tenant

OK = json_answer(kind="admin#directory#users")
PLACE = ("rules", 0)


def refusal(status: int, reason: str, message: str = "") -> Answer:
    return json_answer(status, error={"code": status, "message": message, "errors": [{"reason": reason}]})


THROTTLED = refusal(403, "quotaExceeded")


@pytest.mark.parametrize(
    ("code", "place", "word"),
    [
        ("invalid_grant: Invalid email or User ID", "admin_subject", "user"),
        ("invalid_grant: Not a valid email.", "admin_subject", "user"),
        ("invalid_grant: Invalid JWT Signature.", "service_account", "no longer"),
        ("invalid_grant: Invalid grant: account not found", "service_account", "does not exist"),
        ("invalid_grant: Invalid JWT: Token must be a short-lived token (60 minutes)", "service_account", "clock"),
        ("disabled_client: The OAuth client was disabled.", "service_account", "disabled"),
        ("invalid_grant: Bad Request", "service_account", "Bad Request"),
        (None, "service_account", "no reason"),
    ],
)
def test_a_refused_token_concerns_the_key_or_the_administrator(code: str | None, place: str, word: str) -> None:
    found = google.of_refused_token(code)
    assert found.place == ("google", place)
    assert word in found.wrong


@pytest.mark.parametrize(
    ("code", "is_delegation"),
    [
        ("unauthorized_client: Client is unauthorized", True),
        ("access_denied: Requested client not authorized.", True),
        ("invalid_grant: Bad Request", False),
        (None, False),
    ],
)
def test_two_of_google_s_errors_tell_of_the_delegation(code: str | None, *, is_delegation: bool) -> None:
    assert scopes.is_delegation(code) is is_delegation


def test_the_client_that_scopes_are_delegated_to_is_named_where_the_key_tells_it() -> None:
    (found,) = google.of_delegation(SCOPES, SCOPES, "1234567890")
    assert all(word in found.right for word in (*SCOPES, "1234567890", "Domain-wide delegation"))


@pytest.mark.parametrize(
    ("answer", "place", "note"),
    [
        (OK, None, False),
        (refusal(403, "forbidden", "Not Authorized to access this resource/api"), "admin_subject", False),
        (refusal(403, "accessNotConfigured"), "service_account", False),
        (refusal(403, "forbidden", "Admin SDK API has not been used in project 1 before"), "service_account", False),
        (refusal(401, "authError"), "admin_subject", False),
        (THROTTLED, "admin_subject", True),
        (json_answer(503), "admin_subject", True),
        (Answer(0, {}, b"no route"), "directory_url", False),
    ],
)
def test_the_administrator_reads_users_or_it_is_said_why_not(answer: Answer, place: str | None, *, note: bool) -> None:
    found = google.of_administrator(answer, GOOGLE)
    assert [(one.place[-1], one.note) for one in found] == ([(place, note)] if place else [])


def test_a_customer_of_others_may_be_the_cause() -> None:
    section = GOOGLE.model_copy(update={"customer_id": "C0123"})
    (found,) = google.of_administrator(refusal(403, "forbidden"), section)
    assert found.place == ("google", "customer_id")


@pytest.mark.parametrize(
    ("listed", "shown", "wrong", "note"),
    [
        (OK, json_answer(verified=True), None, False),
        (OK, json_answer(verified=False), "is not verified", False),
        (OK, None, "could not be checked", True),
        (OK, json_answer(503), "could not be checked", True),
        (refusal(404, "notFound", "Resource Not Found: domain"), json_answer(verified=True), "is not a domain", False),
        (refusal(403, "forbidden"), None, "is not a domain", False),
        (THROTTLED, None, "could not be checked", True),
    ],
)
def test_a_domain_belongs_to_the_workspace_and_is_verified(
    listed: Answer, shown: Answer | None, wrong: str | None, *, note: bool
) -> None:
    found = google.of_domain(listed, shown, a_tenant(google=True))
    assert [(one.wrong.startswith(wrong or "?"), one.note) for one in found] == ([(True, note)] if wrong else [])


@pytest.mark.parametrize(
    ("answer", "wrong", "note"),
    [
        (OK, None, False),
        (refusal(400, "invalid", "Invalid Input: INVALID_OU_ID"), "is not an organisational unit", False),
        (refusal(403, "forbidden"), "is a unit that the administrator may not read", False),
        (THROTTLED, "could not be checked", True),
        (json_answer(500), "could not be checked", True),
    ],
)
def test_a_unit_exists_and_may_be_read(answer: Answer, wrong: str | None, *, note: bool) -> None:
    found = google.of_org_unit(answer, PLACE)
    assert [(one.wrong.startswith(wrong or "?"), one.note) for one in found] == ([(True, note)] if wrong else [])


@pytest.mark.parametrize(
    ("answer", "wrong", "note"),
    [
        (OK, None, False),
        (refusal(404, "notFound", "Resource Not Found: groupKey"), "is not a group", False),
        (refusal(400, "invalid", "Invalid Input: groupKey"), "is not a group", False),
        (refusal(403, "forbidden"), "is a group whose members the administrator may not read", False),
        (THROTTLED, "could not be checked", True),
    ],
)
def test_a_group_exists_and_may_be_read(answer: Answer, wrong: str | None, *, note: bool) -> None:
    found = google.of_group(answer, PLACE)
    assert [(one.wrong.startswith(wrong or "?"), one.note) for one in found] == ([(True, note)] if wrong else [])
