"""What Google's answers mean: the catalogue of what has been seen, row by row."""

import json

import pytest

from consumer.errors import (
    AddressTaken,
    Fault,
    GiveUp,
    Hold,
    NotYet,
    OutcomeUnknown,
    Reason,
    Scope,
    Throttled,
    Unavailable,
)
from consumer.http.answer import Answer
from consumer.providers.google.answers import fault_of, of_one_purpose, of_renaming
from testbed.fakes.http import json_answer

NOW = 1_767_225_600.0


def answer(status: int, reason: str = "", message: str = "", **headers: str) -> Answer:
    row = {"message": message, "domain": "global", "reason": reason}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, named, json.dumps({"error": {"code": status, "message": message, "errors": [row]}}).encode())


def fault(of: Answer, *, writes: bool = True) -> Fault | None:
    return fault_of(of, writes=writes, now=NOW)


@pytest.mark.parametrize(
    "of", [json_answer(id="1"), json_answer(kind="admin#directory#users"), json_answer(201, id="1"), Answer(204)]
)
def test_success_is_no_fault(of: Answer) -> None:
    assert fault(of) is None


@pytest.mark.parametrize(
    "of",
    [
        Answer(200),
        json_answer(),
        json_answer(value=7),
        json_answer(kind="page"),
        Answer(200, {}, b"[]"),
        json_answer(202, id="1"),
    ],
)
def test_a_success_that_shows_nothing_of_googles_does_not_tell_what_was_done(of: Answer) -> None:
    assert type(fault(of)) is OutcomeUnknown
    assert type(fault(of, writes=False)) is Unavailable


@pytest.mark.parametrize(
    ("of", "kind"),
    [
        (answer(409, "duplicate", "Entity already exists."), AddressTaken),
        (answer(409, "conflict", "Member already exists."), AddressTaken),
        (answer(409, "", "Member already exists."), AddressTaken),
        (answer(412, "conditionNotMet", "User creation is not complete."), NotYet),
        (answer(412, "DomainUserLimitExceeded", "Domain user limit exceeded."), Hold),
        (answer(412, "limitExceeded", ""), Hold),
        (answer(412, "insufficientArchivedUserLicenses", ""), Hold),
        (answer(404, "notFound", "Resource Not Found: userKey"), NotYet),
        (answer(404, "notFound", "Resource Not Found: memberKey"), NotYet),
        (answer(404, "notFound", "Resource Not Found: groupKey"), Hold),
        (answer(404, "notFound", "Resource Not Found: domain"), Hold),
        (answer(400, "invalid", "Invalid Input: INVALID_OU_ID"), Hold),
        (answer(400, "invalid", "Invalid Input: primary_user_email"), Hold),
        (answer(400, "invalid", "Invalid Given/Family Name: FamilyName"), GiveUp),
        (answer(400, "invalid", "Invalid Given/Family Name"), GiveUp),
        (answer(400, "invalid", "Invalid Password"), Hold),
        (answer(400, "invalid", "Invalid Input: custom_schema"), Hold),
        (answer(400, "parseError", "Parse Error"), Hold),
        (answer(400, "invalid", "Domain not found."), Hold),
        (answer(401, "authError", "Invalid Credentials"), Hold),
        (answer(403, "forbidden", "Not Authorized to access this resource/api"), Hold),
        (answer(403, "insufficientPermissions", "Request had insufficient authentication scopes."), Hold),
        (answer(403, "domainCannotUseApis"), Hold),
        (answer(403, "quotaExceeded"), Throttled),
        (answer(403, "userRateLimitExceeded"), Throttled),
        (answer(403, "rateLimitExceeded"), Throttled),
        (answer(429, "rateLimitExceeded"), Throttled),
        (answer(500, "internalError"), OutcomeUnknown),
        (answer(503, "backendError"), OutcomeUnknown),
        (Answer(502, {}, b"<html>"), OutcomeUnknown),
        (Answer(200, {}, b"<html>"), OutcomeUnknown),
        (Answer(202, {}, b"{}"), OutcomeUnknown),
        (Answer(302), Hold),
        (answer(410, "deleted"), Hold),
    ],
)
def test_each_refusal_of_a_write_has_its_meaning(of: Answer, kind: type[Fault]) -> None:
    assert type(fault(of)) is kind


@pytest.mark.parametrize("of", [answer(500, "internalError"), Answer(502, {}, b"<html>"), Answer(200, {}, b"<html>")])
def test_a_read_that_failed_has_changed_nothing(of: Answer) -> None:
    assert type(fault(of, writes=False)) is Unavailable


@pytest.mark.parametrize(
    ("of", "reason", "scope"),
    [
        (Answer(302), Reason.UNEXPECTED_ANSWER, Scope.TENANT),
        (Answer(401), Reason.CREDENTIALS_INVALID, Scope.TENANT),
        (answer(403, "forbidden"), Reason.CONSENT_MISSING, Scope.TENANT),
        (answer(404, "notFound", "Resource Not Found: groupKey"), Reason.GROUP_MISSING, Scope.RESOURCE),
        (answer(400, "invalid", "Invalid Input: INVALID_OU_ID"), Reason.ORG_UNIT_MISSING, Scope.RESOURCE),
        (answer(400, "invalid", "Invalid Input: primary_user_email"), Reason.DOMAIN_NOT_VERIFIED, Scope.STUDENT),
        (answer(400, "invalid", "Domain not found."), Reason.DOMAIN_NOT_VERIFIED, Scope.OPERATION),
        (answer(404, "notFound", "Resource Not Found: domain"), Reason.DOMAIN_NOT_VERIFIED, Scope.OPERATION),
        (answer(412, "DomainUserLimitExceeded"), Reason.LICENCES_EXHAUSTED, Scope.OPERATION),
        (answer(400, "invalid", "Invalid Password"), Reason.UNEXPECTED_ANSWER, Scope.STUDENT),
        (answer(400, "invalid", "Invalid Input: custom_schema"), Reason.UNEXPECTED_ANSWER, Scope.STUDENT),
        (answer(400, "invalid", ""), Reason.UNEXPECTED_ANSWER, Scope.STUDENT),
        (answer(410, "deleted"), Reason.UNEXPECTED_ANSWER, Scope.STUDENT),
    ],
)
def test_what_waits_for_a_person_says_whom_it_concerns(of: Answer, reason: Reason, scope: Scope) -> None:
    found = fault(of)
    assert isinstance(found, Hold)
    assert (found.reason, found.scope) == (reason, scope)


@pytest.mark.parametrize(
    ("of", "code"),
    [
        (answer(403, "forbidden", "Not Authorized to access this resource/api"), "403 forbidden"),
        (answer(409, "duplicate", "Entity already exists."), "409 duplicate"),
        (answer(400, "invalid", "Invalid Input: custom_schema"), "400 invalid: Invalid Input: custom_schema"),
        (Answer(502, {}, b"<html>"), "502"),
    ],
)
def test_every_fault_has_the_vendor_s_code_and_what_no_table_knows_its_words(of: Answer, code: str) -> None:
    found = fault(of)
    assert found is not None
    assert found.code == code


def test_a_code_repeats_nothing_of_the_request() -> None:
    refusal = answer(400, "invalid", "The name maria is not allowed here.")
    found = fault_of(refusal, writes=True, now=NOW, asked=["Maria"])
    assert found is not None
    assert found.code == "400 invalid: The name … is not allowed here."


def test_a_right_that_serves_one_purpose_holds_only_those_who_need_it() -> None:
    restoring = of_one_purpose(Reason.CONSENT_MISSING, "Users may not be restored.")
    found = restoring(answer(403, "forbidden"), writes=True, now=NOW)
    assert isinstance(found, Hold)
    assert (found.reason, found.scope, found.code) == (Reason.CONSENT_MISSING, Scope.RESOURCE, "403 forbidden")
    throttled = restoring(answer(403, "quotaExceeded"), writes=True, now=NOW)
    assert isinstance(throttled, Throttled)


@pytest.mark.parametrize(
    "of", [answer(412, "limitExceeded"), answer(403, "limitExceeded"), answer(412, "", "Limit Exceeded: aliases")]
)
def test_the_limit_of_a_rename_is_that_of_the_account_s_aliases(of: Answer) -> None:
    found = of_renaming("Users may not be renamed.")(of, writes=True, now=NOW)
    assert isinstance(found, Hold)
    assert (found.reason, found.scope) == (Reason.QUOTA_EXCEEDED, Scope.STUDENT)


@pytest.mark.parametrize(
    ("of", "after"),
    [
        (answer(403, "quotaExceeded"), None),
        (answer(429, "rateLimitExceeded", retry_after="300"), 300.0),
        (Answer(429, {"retry-after": "Thu, 01 Jan 2026 00:01:00 GMT"}, b"<html>"), 60.0),
    ],
)
def test_the_time_to_wait_is_taken_from_the_answer(of: Answer, after: float | None) -> None:
    found = fault(of)
    assert isinstance(found, Throttled)
    assert found.after == after


@pytest.mark.parametrize("status", [400, 403, 404, 409, 412])
def test_a_refusal_that_is_not_in_googles_own_words_does_not_tell_what_google_has_done(status: int) -> None:
    page = Answer(status, {}, b"<html>blocked by policy</html>")
    assert isinstance(fault(page), OutcomeUnknown)
    assert isinstance(fault(page, writes=False), Unavailable)
