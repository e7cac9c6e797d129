"""What an answer of Mailgun means, by facts that its OpenAPI, its clients and its users' reports agree on (see each row).

Sending is not idempotent and Mailgun knows no idempotency key, so only an answer that says so clearly means "not sent".
"""

import re
from http import HTTPStatus
from typing import Any, cast

from consumer.errors import Fault, GiveUp, Hold, OutcomeUnknown, Reason, Scope, Throttled, Unavailable
from consumer.http.answer import Answer
from consumer.http.retry_after import LONGEST, retry_after

_REDIRECTS = range(300, 400)
_TRY_AGAIN = re.compile(r"try again after (\d+(?:\.\d+)?) ?second", re.IGNORECASE)


def fault_of_send(answer: Answer, *, now: float) -> Fault | None:
    """What to raise for the answer to `POST /v3/{domain}/messages`; None where the mail was accepted. `now` is Unix time.

    5xx is unknown, never failed: Mailgun has answered 5xx and sent the mail all the same (feedback.mailgun.com). A 200 that does
    not hold the id that every real one holds may be a proxy's; so may a 400 without Mailgun's own words. Redirects are never followed:
    the key would go along.
    """
    message = _message(answer)
    if answer.status == HTTPStatus.OK:
        return (
            None
            if "@" in str(answer.json().get("id", ""))
            else OutcomeUnknown("Mailgun's answer to a mail can't be read.")
        )
    if (limited := _throttled(answer, message, now)) is not None:
        return limited
    if answer.status in {401, 402, 403, 404} or "not allowed to send" in message or "from parameter" in message:
        return _tenant_wide(answer.status)
    if answer.status in {400, 413} and message:
        return GiveUp(f"Mailgun refuses this mail for good (HTTP {answer.status}).", reason=Reason.MAIL_REFUSED)
    if answer.status in _REDIRECTS or answer.status in {400, 405, 406, 410, 413, 415, 421, 426, 451}:
        return _not_mailgun(answer.status)
    return OutcomeUnknown(f"Mailgun's answer (HTTP {answer.status}) does not tell whether the mail was sent.")


def fault_of_look_up(answer: Answer, *, now: float) -> Fault | None:
    """What to raise for the answer to a look-up; None where it can be read. Reading is safe to repeat: nothing is unknown."""
    if answer.status == HTTPStatus.OK and isinstance(answer.json().get("items"), list):
        return None
    if (limited := _throttled(answer, _message(answer), now)) is not None:
        return limited
    if answer.status in {401, 403}:
        return Hold(
            "Mailgun does not let this key read events. A domain's sending key can't: set `mailgun.lookup_key`.",
            reason=Reason.CREDENTIALS_INVALID,
            scope=Scope.TENANT,
        )
    if answer.status in _REDIRECTS or answer.status in {400, 402, 404, 405, 410}:
        return _not_mailgun(answer.status)
    return Unavailable(f"Mailgun can't tell what became of a mail now (HTTP {answer.status}).")


def tells_of(answer: Answer, message_id: str) -> bool:
    """Whether a look-up's answer holds an event by which the mail with this Message-Id was accepted.

    Any event but `rejected` proves it: events come late and out of order, so `delivered` may be there before `accepted` is.
    """
    items = cast("list[Any]", answer.json().get("items"))
    return any(_told_id(item) == message_id and item.get("event") != "rejected" for item in items)


def _told_id(item: Any) -> object:  # noqa: ANN401  JSON from outside
    for key in ("message", "headers", "message-id"):
        item = cast("dict[str, Any]", item).get(key) if isinstance(item, dict) else None
    return item


def _throttled(answer: Answer, message: str, now: float) -> Throttled | None:
    """429, and the same words under another status. The wait: `Retry-After`, else `X-RateLimit-Reset`, else the words."""
    if answer.status != HTTPStatus.TOO_MANY_REQUESTS and "limit exceeded" not in message:
        return None
    after = retry_after(answer.headers, now=now)
    if after is None:
        after = _until_reset(answer.headers.get("x-ratelimit-reset", ""), now)
    if after is None and (told := _TRY_AGAIN.search(message)):
        after = float(told[1])
    return Throttled("Mailgun asks for time.", after=None if after is None else min(after, LONGEST))


def _until_reset(epoch: str, now: float) -> float | None:
    """Unix time, with or without a fraction, as mailgun-go reads it."""
    if not re.fullmatch(r"\d{1,12}(\.\d+)?", epoch.strip()):
        return None
    return max(0.0, float(epoch) - now)


def _tenant_wide(status: int) -> Hold:
    sentence, reason = {
        401: ("Mailgun does not know the API key.", Reason.CREDENTIALS_INVALID),
        402: ("Mailgun refuses to serve this account: see its plan and its payments.", Reason.QUOTA_EXCEEDED),
        404: ("Mailgun does not know the sending domain in this region.", Reason.MAIL_REFUSED),
    }.get(status, ("Mailgun does not allow this domain, key or sender to send.", Reason.MAIL_REFUSED))
    return Hold(sentence, reason=reason, scope=Scope.TENANT)


def _not_mailgun(status: int) -> Hold:
    return Hold(
        f"What answers at the configured address (HTTP {status}) does not answer as Mailgun does: see `mailgun.url`.",
        reason=Reason.UNEXPECTED_ANSWER,
        scope=Scope.TENANT,
    )


def _message(answer: Answer) -> str:
    """The error's words in lower case; 401's body is a bare string instead of an object (Mailgun's OpenAPI)."""
    return str(answer.json().get("message", "")).lower()
