"""What Graph's answers mean: the catalogue of what has been seen, row by row."""

import json
from typing import Any

import pytest

from consumer.errors import (
    AddressTaken,
    Fault,
    GiveUp,
    Hold,
    NotYet,
    OutcomeUnknown,
    Reason,
    RetryLater,
    Scope,
    Throttled,
    Unavailable,
)
from consumer.http.answer import Answer
from consumer.providers.microsoft.answers import fault_of, joining
from tests.fakes.http import told

NOW = 1_767_225_600.0


def answer(status: int, code: str = "", message: str = "", **more: Any) -> Answer:
    headers: dict[str, str] = more.pop("headers", {})
    body = {"error": {"code": code, "message": message, **more}}
    return Answer(status, headers, json.dumps(body).encode())


def fault(of: Answer, *, writes: bool = True) -> Fault | None:
    return fault_of(of, writes=writes, now=NOW)


BAD = "Request_BadRequest"
CONFLICT = {"details": [{"target": "userPrincipalName", "code": "ObjectConflict"}]}


@pytest.mark.parametrize(
    "of",
    [
        told(id="x"),
        told(201, id="x"),
        told(value=[]),
        Answer(200, {}, b'{"@odata.context": "https://entity"}'),
        Answer(204),
    ],
)
def test_success_is_no_fault(of: Answer) -> None:
    assert fault(of) is None


@pytest.mark.parametrize(
    "of", [Answer(200), told(), told(value=7), Answer(200, {}, b"[]"), told(202, id="x"), Answer(204, {}, b"<html>")]
)
def test_a_success_that_shows_nothing_of_graphs_does_not_tell_what_was_done(of: Answer) -> None:
    assert type(fault(of)) is OutcomeUnknown
    assert type(fault(of, writes=False)) is Unavailable


@pytest.mark.parametrize(
    ("of", "kind"),
    [
        (
            answer(400, BAD, "Another object with the same value for property userPrincipalName already exists."),
            AddressTaken,
        ),
        (answer(400, BAD, "Another object …", **CONFLICT), AddressTaken),
        (
            answer(
                422, "Request_UnprocessableEntity", "", details=[{"target": "mailNickname", "code": "PropertyConflict"}]
            ),
            Hold,
        ),
        (answer(400, BAD, "Another object with the same value for property proxyAddresses …"), AddressTaken),
        (answer(400, BAD, "Another object with the same value for property imAddress …"), GiveUp),
        (answer(400, BAD, "The domain portion of the userPrincipalName property is invalid."), Hold),
        (answer(400, BAD, "Property userPrincipalName is invalid."), GiveUp),
        (answer(400, BAD, "One or more properties contains invalid values."), GiveUp),
        (answer(400, BAD, "One or more property values specified are invalid."), NotYet),
        (answer(400, BAD, "The specified password does not comply with password complexity requirements."), GiveUp),
        (answer(400, BAD, "License assignment cannot be done for user with invalid usage location."), Hold),
        (answer(400, BAD, "Subscription with SKU 1 does not have any available licenses."), Hold),
        (answer(400, BAD, "License 1 does not correspond to a valid company License."), Hold),
        (answer(400, "BadRequest", "Unable to read JSON request payload. …"), Hold),
        (answer(400, "Request_UnsupportedQuery", "Unsupported or invalid query filter clause …"), Hold),
        (answer(401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired."), Hold),
        (answer(401, "", "The identity of the calling application could not be established."), Hold),
        (answer(403, "", "Required roles claim values are not provided"), Hold),
        (answer(403, "Directory_QuotaExceeded", "…"), Hold),
        (answer(409, "Directory_ConcurrencyViolation", "…"), RetryLater),
        (answer(503, "Directory_ConcurrencyViolation", "…"), RetryLater),
        (answer(404, "Request_ResourceNotFound", "Resource 'x' does not exist …"), NotYet),
        (answer(404, "Directory_ObjectNotFound", "Unable to read the company information from the directory."), Hold),
        (answer(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."), Hold),
        (answer(404, "Request_ResourceNotFound", "One or more removed object references do not exist …"), NotYet),
        (answer(424, "FailedDependency", "…"), NotYet),
        (answer(429, "TooManyRequests", "Please retry again later."), Throttled),
        (Answer(429, {}, b""), Throttled),
        (answer(500, "UnknownError"), OutcomeUnknown),
        (Answer(502, {}, b"<html>Bad Gateway</html>"), OutcomeUnknown),
        (answer(503, "ServiceUnavailable"), OutcomeUnknown),
        (Answer(504, {}, b""), OutcomeUnknown),
        (Answer(201, {}, b"<html>welcome to the proxy</html>"), OutcomeUnknown),
        (Answer(201, {}, b'{"id": "1'), OutcomeUnknown),
        (Answer(202, {}, b"{}"), OutcomeUnknown),
        (Answer(302, {"location": "https://elsewhere"}, b""), Hold),
    ],
)
def test_each_refusal_of_a_write_has_its_meaning(of: Answer, kind: type[Fault]) -> None:
    assert type(fault(of)) is kind


@pytest.mark.parametrize("of", [Answer(500), Answer(502, {}, b"<html>"), Answer(503), Answer(200, {}, b"<html>")])
def test_a_read_that_failed_has_changed_nothing(of: Answer) -> None:
    assert type(fault(of, writes=False)) is Unavailable


@pytest.mark.parametrize(
    ("header", "after"), [("30", 30.0), ("2.128", 2.128), ("Thu, 01 Jan 2026 00:01:00 GMT", 60.0), (None, None)]
)
def test_the_time_to_wait_is_taken_from_the_answer(header: str | None, after: float | None) -> None:
    headers = {"retry-after": header} if header else {}
    found = fault(answer(429, "TooManyRequests", headers=headers))
    assert isinstance(found, Throttled)
    assert found.after == after


@pytest.mark.parametrize(
    ("of", "reason", "whole_tenant"),
    [
        (Answer(302), Reason.UNEXPECTED_ANSWER, True),
        (answer(400, "BadRequest"), Reason.UNEXPECTED_ANSWER, False),
        (Answer(401), Reason.CREDENTIALS_INVALID, True),
        (answer(403, "Authorization_RequestDenied"), Reason.CONSENT_MISSING, True),
        (answer(404, "Directory_ObjectNotFound"), Reason.CREDENTIALS_INVALID, True),
        (answer(400, BAD, "… for user with invalid usage location."), Reason.LICENCE_INVALID, False),
        (answer(400, BAD, "The domain portion of …"), Reason.DOMAIN_NOT_VERIFIED, True),
        (answer(400, BAD, "… does not have any available licenses."), Reason.LICENCES_EXHAUSTED, False),
        (answer(403, "Directory_QuotaExceeded"), Reason.QUOTA_EXCEEDED, True),
    ],
)
def test_what_waits_for_a_person_says_whom_it_holds_up(of: Answer, reason: Reason, *, whole_tenant: bool) -> None:
    found = fault(of)
    assert isinstance(found, Hold)
    assert (found.reason, found.scope is Scope.TENANT) == (reason, whole_tenant)


GROUP = "6babcaad-604b-40ac-a9d7-9fd97c0b779f"


def test_being_a_member_already_is_success() -> None:
    member = answer(
        400, BAD, "One or more added object references already exist for the following modified properties: 'members'."
    )
    assert joining(GROUP)(member, writes=True, now=NOW) is None
    assert isinstance(fault(member), GiveUp)


def test_a_missing_group_is_told_from_an_account_that_is_not_visible_yet() -> None:
    def missing(ident: str) -> Fault | None:
        refusal = answer(404, "Request_ResourceNotFound", f"Resource '{ident}' does not exist …")
        return joining(GROUP)(refusal, writes=True, now=NOW)

    group = missing(GROUP)
    assert isinstance(group, Hold)
    assert group.reason is Reason.GROUP_MISSING
    assert isinstance(missing("another"), NotYet)


def test_a_group_whose_replica_does_not_know_the_account_yet_is_asked_again() -> None:
    early = answer(400, BAD, "Not a valid reference update.")
    assert isinstance(joining(GROUP)(early, writes=True, now=NOW), NotYet)


def test_a_full_group_holds_up_nobody_else() -> None:
    full = answer(
        403, "Directory_QuotaExceeded", "… would exceed the maximum quota count '100' for forward-link members"
    )
    found = joining(GROUP)(full, writes=True, now=NOW)
    assert isinstance(found, Hold)
    assert (found.reason, found.scope is Scope.TENANT) == (Reason.QUOTA_EXCEEDED, False)


@pytest.mark.parametrize("status", [400, 403, 404, 409])
def test_a_refusal_that_is_not_in_graphs_own_words_does_not_tell_what_graph_has_done(status: int) -> None:
    page = Answer(status, {}, b"<html>blocked by policy</html>")
    assert isinstance(fault(page), OutcomeUnknown)
    assert isinstance(fault(page, writes=False), Unavailable)


@pytest.mark.parametrize(("status", "code"), [(418, "Teapot"), (405, ""), (410, "Gone")])
def test_what_nobody_has_seen_waits_for_a_person(status: int, code: str) -> None:
    assert isinstance(fault(answer(status, code)), Hold)
