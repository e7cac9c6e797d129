"""Classifies Mailgun's responses, by facts on which its OpenAPI, its clients and its users' reports agree (see each row).

Sending is not idempotent and Mailgun has no idempotency key, so only an explicit refusal means "not sent".
"""

import re
from http import HTTPStatus
from typing import Any, cast

from consumer.errors import Fault, GiveUp, Hold, OutcomeUnknown, Reason, Scope, Throttled, Unavailable
from consumer.http.answer import Answer
from consumer.http.retry_after import LONGEST, retry_after

_REDIRECTS = range(300, 400)
_REFUSALS = range(400, 500)
_ENDPOINT = {
    *_REDIRECTS,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.GONE,
    HTTPStatus.MISDIRECTED_REQUEST,
    HTTPStatus.UPGRADE_REQUIRED,
}
"""Returned only by an endpoint that is not Mailgun's messages or events API, whatever the request."""

_TRY_AGAIN = re.compile(r"try again after (\d+(?:\.\d+)?) ?second", re.IGNORECASE)
_NOT_CARRIED_OUT = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.PAYMENT_REQUIRED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_ACCEPTABLE,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS,
}
"""Even without Mailgun's message, these say that nothing was accepted."""

_INSTITUTION = {
    # in the answer's message: what the institution must do
    "sandbox subdomains": "The sending domain is a sandbox of Mailgun: set a domain of the institution's own in `mailgun.domain`.",
    "from parameter": "Mailgun rejected the sender: see `mailgun.sender`.",
    "not allowed to send": "Mailgun does not allow this domain to send: see its state in Mailgun's control panel.",
    "domain not found": "The sending domain does not exist at Mailgun in this region: see `mailgun.domain` and `mailgun.region`.",
    "forbidden": "Mailgun does not allow this key to send from this domain.",
}


def fault_of_send(answer: Answer, *, now: float) -> Fault | None:
    """What to raise for the answer to `POST /v3/{domain}/messages`; None where the mail was accepted. `now` is Unix time.

    5xx is unknown, never failed: Mailgun has answered 5xx and still sent the mail (feedback.mailgun.com). A 200 without the id
    that every real one has may be a proxy's. Redirects are never followed: they would carry the key along.

    Only one refusal is final and the student's: of the recipient's address. One that concerns the domain, the key or the sender holds
    the institution; any other holds the student with the reason UNEXPECTED_ANSWER. A sandbox domain is refused with 400 or 403
    (mailgun-php issue 587 and others), for every recipient but those authorised.
    """
    code = str(answer.status)
    if answer.status == HTTPStatus.OK:
        has_id = "@" in str(answer.json().get("id", ""))
        return None if has_id else OutcomeUnknown("Outcome unknown: Mailgun's response has no message id.", code=code)
    return (
        _throttled(answer, now)
        or _unknown_key(answer)
        or _institution(answer)
        or _recipient(answer)
        or _not_mailgun(answer)
        or _unrecognised(answer)
        or OutcomeUnknown(
            f"Outcome unknown: Mailgun's response (HTTP {code}) does not confirm that the mail was sent.", code=code
        )
    )


def fault_of_look_up(answer: Answer, *, now: float) -> Fault | None:
    """What to raise for the answer to a look-up; None where it can be read. Reading is safe to repeat: nothing is unknown.

    A key that may not read events concerns look-ups only: mail can still be sent.
    """
    code = str(answer.status)
    if answer.status == HTTPStatus.OK and isinstance(answer.json().get("items"), list):
        return None
    return (
        _throttled(answer, now)
        or _no_events(answer)
        or _institution(answer)
        or _not_mailgun(answer)
        or _unrecognised(answer)
        or Unavailable(f"Mailgun returned no usable response to an event look-up (HTTP {code}).", code=code)
    )


def tells_of(answer: Answer, message_id: str) -> bool:
    """Whether a look-up's answer holds an event by which the mail with this Message-Id was accepted.

    Any event but `rejected` proves it: events come late and out of order, so `delivered` may be there before `accepted` is.
    """
    items = cast("list[Any]", answer.json().get("items"))
    return any(_message_id_of(item) == message_id and item.get("event") != "rejected" for item in items)


def _message_id_of(item: Any) -> object:  # noqa: ANN401  JSON from outside
    for key in ("message", "headers", "message-id"):
        item = cast("dict[str, Any]", item).get(key) if isinstance(item, dict) else None
    return item


def _throttled(answer: Answer, now: float) -> Throttled | None:
    """429, and the same words under another status. The wait: `Retry-After`, else `X-RateLimit-Reset`, else the words."""
    message = _message(answer)
    if answer.status != HTTPStatus.TOO_MANY_REQUESTS and "limit exceeded" not in message:
        return None
    after = retry_after(answer.headers, now=now)
    if after is None:
        after = _until_reset(answer.headers.get("x-ratelimit-reset", ""), now)
    if after is None and (found := _TRY_AGAIN.search(message)):
        after = float(found[1])
    code = str(answer.status)
    return Throttled("Mailgun: rate limited.", after=None if after is None else min(after, LONGEST), code=code)


def _until_reset(epoch: str, now: float) -> float | None:
    """Unix time, with or without a fraction, as mailgun-go reads it."""
    if not re.fullmatch(r"\d{1,12}(\.\d+)?", epoch.strip()):
        return None
    return max(0.0, float(epoch) - now)


def _unknown_key(answer: Answer) -> Hold | None:
    if answer.status != HTTPStatus.UNAUTHORIZED:
        return None
    sentence = "Mailgun rejected the API key."
    return Hold(sentence, reason=Reason.CREDENTIALS_INVALID, scope=Scope.TENANT, code=str(answer.status))


def _no_events(answer: Answer) -> Hold | None:
    if answer.status not in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return None
    sentence = "This Mailgun key may not read events; a domain's sending key never may. Set `mailgun.lookup_key`."
    return Hold(sentence, reason=Reason.CREDENTIALS_INVALID, scope=Scope.RESOURCE, code=str(answer.status))


def _institution(answer: Answer) -> Hold | None:
    """Refusals that every mail of the institution would get."""
    if answer.status == HTTPStatus.PAYMENT_REQUIRED:
        sentence = "Mailgun requires payment for this account: check its plan and payments."
        return Hold(sentence, reason=Reason.QUOTA_EXCEEDED, scope=Scope.TENANT, code=str(answer.status))
    message = _message(answer)
    known = next((words for words in _INSTITUTION if words in message), None)
    if answer.status not in _REFUSALS or known is None:
        return None
    code = f"{answer.status} {known}"
    return Hold(_INSTITUTION[known], reason=Reason.MAIL_REFUSED, scope=Scope.TENANT, code=code)


def _recipient(answer: Answer) -> GiveUp | None:
    if answer.status != HTTPStatus.BAD_REQUEST or "to parameter is not a valid address" not in _message(answer):
        return None
    sentence = "Mailgun rejected the contact address: correct it in the school's information system."
    return GiveUp(sentence, reason=Reason.NO_CONTACT_ADDRESS, code=f"{answer.status} to parameter")


def _not_mailgun(answer: Answer) -> Hold | None:
    if answer.status not in _ENDPOINT:
        return None
    return Hold(
        f"The configured address did not respond like Mailgun (HTTP {answer.status}): see `mailgun.url`.",
        reason=Reason.UNEXPECTED_ANSWER,
        scope=Scope.TENANT,
        code=str(answer.status),
    )


def _unrecognised(answer: Answer) -> Hold | None:
    if answer.status not in _NOT_CARRIED_OUT and not (answer.status in _REFUSALS and _message(answer)):
        return None
    sentence = f"Unexpected response from Mailgun (HTTP {answer.status})."
    return Hold(sentence, reason=Reason.UNEXPECTED_ANSWER, code=str(answer.status))


def _message(answer: Answer) -> str:
    """The error's words in lower case, without quotation marks: Mailgun's description writes `to parameter`, the service `'to' parameter`.

    401's body is a bare string instead of an object (Mailgun's OpenAPI).
    """
    return str(answer.json().get("message", "")).lower().replace("'", "").replace('"', "")
