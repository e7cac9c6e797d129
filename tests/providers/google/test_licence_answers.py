"""What the License Manager's answers mean: each row of its guide's table, in its words."""

import pytest

from consumer.errors import Fault, Hold, NotYet, OutcomeUnknown, Reason, RetryLater, Scope, Throttled, Unavailable
from consumer.http.answer import Answer
from consumer.providers.google.licence_answers import NotAssigned, fault_of, giving, taking
from sandbox.simulators.google.refusals import NO_LICENCE_LEFT, OTHER_SKU, SAME_SKU
from testbed.fakes.http import json_answer

NOW = 1_767_225_600.0
PLUS = "101031/1010310008"
ASSIGNED = json_answer(kind="licensing#licenseAssignment", userId="maria@school.example", skuId="1010310008")
AUTOMATIC = "Auto License switching is not allowed."
AUTOMATIC_TOO = "Auto License un-assignment is not allowed."


def refusal(status: int, message: str = "", reason: str = "conditionNotMet") -> Answer:
    return json_answer(status, error={"code": status, "message": message, "errors": [{"reason": reason}]})


def given(answer: Answer) -> Fault | None:
    return giving(PLUS)(answer, writes=True, now=NOW)


def taken(answer: Answer) -> Fault | None:
    return taking(answer, writes=True, now=NOW)


@pytest.mark.parametrize("answer", [ASSIGNED, Answer(204), refusal(412, SAME_SKU)])
def test_a_licence_that_the_account_has_is_given(answer: Answer) -> None:
    assert given(answer) is None


@pytest.mark.parametrize("answer", [json_answer(), Answer(200, {}, b"{\n}\n"), Answer(200), Answer(204)])
def test_a_removal_is_answered_with_an_empty_object(answer: Answer) -> None:
    assert taken(answer) is None


def test_a_licence_that_comes_with_the_unit_is_not_ours_to_take() -> None:
    assert taken(refusal(412, AUTOMATIC_TOO)) is None


@pytest.mark.parametrize("answer", [json_answer(), json_answer(kind="page"), Answer(200, {}, b"<html>"), Answer(502)])
def test_an_answer_that_is_not_googles_does_not_tell_what_was_done(answer: Answer) -> None:
    assert type(given(answer)) is OutcomeUnknown
    assert type(fault_of(answer, writes=False, now=NOW)) is Unavailable


def test_a_half_answer_to_a_removal_proves_nothing() -> None:
    assert type(taken(Answer(200, {}, b"{"))) is OutcomeUnknown


def test_an_empty_pool_is_named_and_holds_those_who_need_it() -> None:
    fault = given(refusal(412, NO_LICENCE_LEFT))
    assert isinstance(fault, Hold)
    assert (fault.reason, fault.scope) == (Reason.LICENCES_EXHAUSTED, Scope.RESOURCE)
    assert str(fault) == f"No licences in the pool {PLUS} are left."
    assert fault.code == f"412 conditionNotMet: {PLUS}"


@pytest.mark.parametrize("message", [OTHER_SKU, AUTOMATIC])
def test_another_licence_of_the_product_holds_the_student(message: str) -> None:
    fault = given(refusal(412, message))
    assert isinstance(fault, Hold)
    assert (fault.reason, fault.scope) == (Reason.LICENCE_INVALID, Scope.STUDENT)


def test_a_licence_that_google_does_not_know_holds_those_who_need_it() -> None:
    fault = given(refusal(400, "SKU or product does not exist.", "badRequest"))
    assert isinstance(fault, Hold)
    assert (fault.reason, fault.scope) == (Reason.LICENCE_INVALID, Scope.RESOURCE)


@pytest.mark.parametrize(
    "answer",
    [refusal(400, "User email not valid.", "badRequest"), refusal(404, "Resource Not Found: userId", "notFound")],
)
def test_an_account_that_is_not_known_by_its_address_is_waited_for(answer: Answer) -> None:
    for fault in (given(answer), taken(answer)):
        assert isinstance(fault, NotAssigned)
        assert isinstance(fault, NotYet)


@pytest.mark.parametrize("reason", ["insufficientPermissions", "forbidden", "accessNotConfigured"])
def test_a_missing_scope_or_privilege_holds_all_licences(reason: str) -> None:
    fault = given(refusal(403, "", reason))
    assert isinstance(fault, Hold)
    assert (fault.reason, fault.scope, fault.code) == (Reason.CONSENT_MISSING, Scope.TENANT, f"403 {reason}")


def test_a_rejected_token_holds_all_licences() -> None:
    fault = given(refusal(401, "", "authError"))
    assert isinstance(fault, Hold)
    assert (fault.reason, fault.scope) == (Reason.CREDENTIALS_INVALID, Scope.TENANT)


@pytest.mark.parametrize(
    ("answer", "after"),
    [
        (refusal(503, "The License Manager service is not available.", "backendError"), 5.0),
        (refusal(429, "", "rateLimitExceeded"), 5.0),
        (refusal(403, "", "quotaExceeded"), 5.0),
        (Answer(503, {"retry-after": "12"}, refusal(503).body), 12.0),
        (Answer(429, {"retry-after": "30"}, b"{}"), 30.0),
    ],
)
def test_a_used_up_quota_is_waited_for(answer: Answer, after: float) -> None:
    for fault in (given(answer), taken(answer)):
        assert isinstance(fault, Throttled)
        assert fault.after == after


def test_what_an_intermediary_says_for_google_is_no_quota() -> None:
    assert type(given(Answer(503, {"retry-after": "12"}))) is OutcomeUnknown


def test_an_unknown_refusal_waits_for_a_person_and_tells_no_one_s_address() -> None:
    answer = refusal(412, "Reassign operation can't be performed on different users: maria@school.example")
    fault = giving(PLUS)(answer, writes=True, now=NOW, asked=["maria@school.example"])
    assert isinstance(fault, Hold)
    assert fault.reason is Reason.UNEXPECTED_ANSWER
    assert "maria" not in f"{fault} {fault.code}"


@pytest.mark.parametrize(("status", "kind"), [(408, RetryLater), (302, Hold), (409, Hold), (500, OutcomeUnknown)])
def test_other_answers_mean_what_they_mean_everywhere(status: int, kind: type[Fault]) -> None:
    assert type(given(refusal(status))) is kind
