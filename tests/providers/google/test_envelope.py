"""What a refusal of Google's says, however much of its envelope is there."""

import json

import pytest

from consumer.http.answer import Answer
from consumer.providers.google.envelope import error_of, message_of, names_a_rate, reasons_of


def answer(body: object) -> Answer:
    return Answer(403, {}, json.dumps(body).encode())


REFUSAL = answer({"error": {"code": 403, "message": "Quota Exceeded", "errors": [{"reason": "quotaExceeded"}, {}]}})


def test_the_message_is_in_lower_case_and_the_reasons_are_in_their_order() -> None:
    assert (message_of(REFUSAL), reasons_of(REFUSAL)) == ("quota exceeded", ["quotaExceeded", ""])


@pytest.mark.parametrize("body", [{}, {"error": "access_denied"}, {"error": None}, []])
def test_what_is_not_in_googles_form_says_nothing(body: object) -> None:
    other = answer(body)
    assert (error_of(other), message_of(other), reasons_of(other)) == ({}, "", [])


@pytest.mark.parametrize("errors", [None, {}, ["quotaExceeded"]])
def test_reasons_that_are_not_in_googles_form_are_none(errors: object) -> None:
    assert reasons_of(answer({"error": {"errors": errors}})) == []


@pytest.mark.parametrize(("reason", "expected"), [("userRateLimitExceeded", True), ("forbidden", False)])
def test_a_used_up_quota_is_known_by_its_reason(reason: str, expected: bool) -> None:  # noqa: FBT001
    assert names_a_rate(answer({"error": {"errors": [{"reason": reason}]}})) is expected
