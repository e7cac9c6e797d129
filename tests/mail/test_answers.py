"""What Mailgun's answers mean: the catalogue of what has been seen, row by row."""

import json
from typing import Any

import pytest

from consumer.errors import Fault, GiveUp, Hold, OutcomeUnknown, Reason, Scope, Throttled, Unavailable
from consumer.http.answer import Answer
from consumer.http.retry_after import LONGEST
from consumer.mail.answers import fault_of_look_up, fault_of_send, tells_of

NOW = 1_767_225_600.0
LIMIT = "Domain x is not allowed to send: account-requests-per-sec limit exceeded, try again after 120 seconds"


def answer(status: int, message: str = "", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, named, json.dumps({"message": message}).encode())


def page(*items: Any) -> Answer:
    return Answer(200, {}, json.dumps({"items": items, "paging": {}}).encode())


def event(kind: str, message_id: str) -> dict[str, Any]:
    return {"event": kind, "message": {"headers": {"message-id": message_id}}}


def test_a_mail_that_was_queued_under_an_id_was_accepted() -> None:
    assert fault_of_send(Answer(200, {}, b'{"id": "<1@x.example>", "message": "Queued. Thank you."}'), now=NOW) is None


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'{"message": "Queued. Thank you."}', b'{"id": "<1@x.exa', b'{"id": null}', b'"OK"']
)
def test_a_success_without_the_mail_s_id_may_be_anyone_s(body: bytes) -> None:
    assert isinstance(fault_of_send(Answer(200, {}, body), now=NOW), OutcomeUnknown)


@pytest.mark.parametrize("parameter", ["to parameter", "'to' parameter"])
def test_only_an_address_that_mailgun_does_not_accept_is_the_student_s(parameter: str) -> None:
    fault = fault_of_send(answer(400, f"{parameter} is not a valid address. please check documentation"), now=NOW)
    assert isinstance(fault, GiveUp)
    assert (fault.reason, fault.code) == (Reason.NO_CONTACT_ADDRESS, "400 to parameter")


@pytest.mark.parametrize(
    "of",
    [
        answer(400, "Need at least one of 'text', 'html', 'amp-html' or 'template' parameters specified"),
        answer(400, "Send options (parameters starting with o:, h:, or v:) are limited to 16KB total"),
        answer(400, "Maria <maria@home.example> is not wanted here"),
        answer(409, "Something new"),
        answer(413, "Message too long"),
        answer(422, "Something new"),
        Answer(400, {}, b"<html>blocked"),
        Answer(403, {}, b"<html>blocked"),
        Answer(413),
    ],
)
def test_a_refusal_that_is_not_known_is_never_final_and_no_one_s_but_this_student_s_wait(of: Answer) -> None:
    fault = fault_of_send(of, now=NOW)
    assert isinstance(fault, Hold)
    assert (fault.reason, fault.scope, fault.code) == (Reason.UNEXPECTED_ANSWER, Scope.STUDENT, str(of.status))
    assert "maria" not in str(fault).lower()


SANDBOX = (
    "Sandbox subdomains are for test purposes only. Please add your own domain or add the address to authorized recipients in "
    "Account Settings."
)


@pytest.mark.parametrize(
    ("of", "reason", "code"),
    [
        (answer(400, "from parameter is missing"), Reason.MAIL_REFUSED, "400 from parameter"),
        (answer(400, "'from' parameter is not a valid address."), Reason.MAIL_REFUSED, "400 from parameter"),
        (answer(400, "Domain x is not allowed to send: unverified"), Reason.MAIL_REFUSED, "400 not allowed to send"),
        (answer(400, SANDBOX), Reason.MAIL_REFUSED, "400 sandbox subdomains"),
        (answer(403, SANDBOX), Reason.MAIL_REFUSED, "403 sandbox subdomains"),
        (answer(403, f"Domain x is not allowed to send: {SANDBOX}"), Reason.MAIL_REFUSED, "403 sandbox subdomains"),
        (Answer(401, {}, b'"Forbidden"'), Reason.CREDENTIALS_INVALID, "401"),
        (Answer(401, {}, b"Forbidden"), Reason.CREDENTIALS_INVALID, "401"),
        (answer(402, "Request Failed"), Reason.QUOTA_EXCEEDED, "402"),
        (answer(403, "Forbidden"), Reason.MAIL_REFUSED, "403 forbidden"),
        (answer(404, "Domain not found: x"), Reason.MAIL_REFUSED, "404 domain not found"),
        (Answer(302, {"location": "https://elsewhere.example"}), Reason.UNEXPECTED_ANSWER, "302"),
        (Answer(404, {}, b"<html>"), Reason.UNEXPECTED_ANSWER, "404"),
        (Answer(405), Reason.UNEXPECTED_ANSWER, "405"),
    ],
)
def test_what_every_mail_of_the_tenant_would_meet_holds_the_tenant(of: Answer, reason: Reason, code: str) -> None:
    fault = fault_of_send(of, now=NOW)
    assert isinstance(fault, Hold)
    assert (fault.reason, fault.scope, fault.code) == (reason, Scope.TENANT, code)


@pytest.mark.parametrize(
    "of", [answer(500, "Internal Server Error"), Answer(502, {}, b"<html>"), Answer(504), Answer(408), Answer(418)]
)
def test_whatever_does_not_say_so_clearly_does_not_mean_not_sent(of: Answer) -> None:
    assert isinstance(fault_of_send(of, now=NOW), OutcomeUnknown)


@pytest.mark.parametrize(
    ("of", "after"),
    [
        (answer(429, LIMIT), 120.0),
        (answer(400, LIMIT), 120.0),
        (answer(429, LIMIT, retry_after="7"), 7.0),
        (answer(429, "", x_ratelimit_reset=str(NOW + 30.5)), 30.5),
        (answer(429, "", x_ratelimit_reset=str(NOW - 30)), 0.0),
        (answer(429, "", x_ratelimit_reset="soon"), None),
        (answer(429, "limit exceeded, try again after 9999999 seconds"), LONGEST),
        (Answer(429), None),
    ],
)
def test_the_time_to_wait_is_taken_from_wherever_mailgun_says_it(of: Answer, after: float | None) -> None:
    for fault in (fault_of_send(of, now=NOW), fault_of_look_up(of, now=NOW)):
        assert isinstance(fault, Throttled)
        assert fault.after == after


@pytest.mark.parametrize(
    ("of", "kind"),
    [
        (answer(400), Hold),
        (answer(402), Hold),
        (answer(404, "Domain not found: x"), Hold),
        (Answer(302), Hold),
        (Answer(500), Unavailable),
        (Answer(502, {}, b"<html>"), Unavailable),
        (Answer(200, {}, b"<html>"), Unavailable),
        (Answer(200, {}, b'{"items": {}}'), Unavailable),
    ],
)
def test_a_look_up_that_failed_has_changed_nothing(of: Answer, kind: type[Fault]) -> None:
    assert type(fault_of_look_up(of, now=NOW)) is kind


@pytest.mark.parametrize("of", [Answer(401, {}, b"Forbidden"), answer(403, "Forbidden")])
def test_a_key_that_may_not_read_events_concerns_look_ups_only(of: Answer) -> None:
    fault = fault_of_look_up(of, now=NOW)
    assert isinstance(fault, Hold)
    assert (fault.reason, fault.scope) == (Reason.CREDENTIALS_INVALID, Scope.RESOURCE)


@pytest.mark.parametrize("status", [302, 400, 401, 402, 403, 404, 405, 413, 418, 429, 500, 502])
def test_every_fault_tells_the_status(status: int) -> None:
    for fault in (fault_of_send(Answer(status), now=NOW), fault_of_look_up(Answer(status), now=NOW)):
        assert fault is not None
        assert fault.code == str(status)


@pytest.mark.parametrize("kind", ["accepted", "delivered", "failed", "opened"])
def test_any_event_of_a_mail_proves_that_it_was_accepted(kind: str) -> None:
    found = page(event("accepted", "other@x.example"), event(kind, "1@x.example"))
    assert fault_of_look_up(found, now=NOW) is None
    assert tells_of(found, "1@x.example")


@pytest.mark.parametrize(
    "of",
    [page(), page(event("rejected", "1@x.example")), page(event("accepted", "other@x.example"))],
    ids=["nothing", "rejected", "another mail"],
)
def test_a_mail_of_which_nothing_is_reported_was_not_seen(of: Answer) -> None:
    assert not tells_of(of, "1@x.example")


def test_events_of_another_shape_tell_nothing() -> None:
    assert not tells_of(page("accepted", {}, {"message": None}, {"message": {"headers": []}}), "1@x.example")
