"""What Google's answers mean: the catalogue of what has been seen, row by row."""

import json

import pytest

from consumer.errors import AddressTaken, Fault, GiveUp, Hold, NotYet, OutcomeUnknown, Throttled, Unavailable
from consumer.http.answer import Answer
from consumer.providers.google.answers import fault_of


def answer(status: int, reason: str = "", message: str = "") -> Answer:
    row = {"message": message, "domain": "global", "reason": reason}
    return Answer(status, {}, json.dumps({"error": {"code": status, "message": message, "errors": [row]}}).encode())


def fault(of: Answer, *, writes: bool = True) -> Fault | None:
    return fault_of(of, writes, 0.0)


@pytest.mark.parametrize("of", [Answer(200, {}, b'{"id": "1"}'), Answer(200, {}, b"{}"), Answer(204), Answer(200)])
def test_success_is_no_fault(of: Answer) -> None:
    assert fault(of) is None


@pytest.mark.parametrize(
    ("of", "kind"),
    [
        (answer(409, "duplicate", "Entity already exists."), AddressTaken),
        (answer(412, "conditionNotMet", "User creation is not complete."), NotYet),
        (answer(412, "DomainUserLimitExceeded", "Domain user limit exceeded."), Hold),
        (answer(404, "notFound", "Resource Not Found: userKey"), NotYet),
        (answer(404, "notFound", "Resource Not Found: groupKey"), Hold),
        (answer(404, "notFound", "Resource Not Found: domain"), Hold),
        (answer(400, "invalid", "Invalid Input: INVALID_OU_ID"), Hold),
        (answer(400, "invalid", "Invalid Input: primary_user_email"), Hold),
        (answer(400, "invalid", "Invalid Given/Family Name: FamilyName"), GiveUp),
        (answer(400, "invalid", "Invalid Password"), GiveUp),
        (answer(403, "forbidden", "Not Authorized to access this resource/api"), Hold),
        (answer(403, "insufficientPermissions"), Hold),
        (answer(403, "quotaExceeded"), Throttled),
        (answer(403, "userRateLimitExceeded"), Throttled),
        (answer(403, "rateLimitExceeded"), Throttled),
        (answer(429, "rateLimitExceeded"), Throttled),
        (answer(500, "internalError"), OutcomeUnknown),
        (answer(503, "backendError"), OutcomeUnknown),
        (Answer(502, {}, b"<html>"), OutcomeUnknown),
        (Answer(200, {}, b"<html>"), OutcomeUnknown),
        (Answer(302), Hold),
    ],
)
def test_each_refusal_of_a_write_has_its_meaning(of: Answer, kind: type[Fault]) -> None:
    assert type(fault(of)) is kind


@pytest.mark.parametrize("of", [answer(500, "internalError"), Answer(502, {}, b"<html>"), Answer(200, {}, b"<html>")])
def test_a_read_that_failed_has_changed_nothing(of: Answer) -> None:
    assert type(fault(of, writes=False)) is Unavailable
