"""What an answer of Google's Directory API means. Pure.

By status and `errors[].reason`; messages only where one status has several meanings. A refusal without Google's own envelope was written by
something on the way, and does not tell what Google has done. Sources: the discovery document, the API's limits page, and what real clients
(GAM, Terraform's provider) match on.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from consumer.errors import (
    AddressTaken,
    Fault,
    GiveUp,
    Hold,
    NotYet,
    OutcomeUnknown,
    Reason,
    RetryLater,
    Throttled,
    Unavailable,
)
from consumer.http.answer import Answer
from consumer.http.retry_after import retry_after

_SERVICE = "Google Directory"
_RATE = {"userRateLimitExceeded", "rateLimitExceeded", "quotaExceeded"}
_LIMITS = {"DomainUserLimitExceeded", "limitExceeded", "insufficientArchivedUserLicenses"}


def fault_of(answer: Answer, writes: bool, now: float) -> Fault | None:  # noqa: FBT001, PLR0911  the shape of `Classify`; a table
    """The fault to raise; None for success."""
    status = answer.status
    if status in {200, 201, 204}:
        return _unreadable(writes) if answer.torn else None
    reasons, message = _reasons(answer), _message(answer)
    if status == 429 or (status == 403 and _RATE & set(reasons)):  # noqa: PLR2004  quota is a 403 here
        return Throttled(f"{_SERVICE} asks for time.", after=retry_after(answer.headers, now=now))
    if status >= 500:  # noqa: PLR2004  the server's own faults
        return _server_fault(answer, writes, now)
    if status >= 400 and not _error(answer):  # noqa: PLR2004  not Google's own words
        return _unreadable(writes)
    if status in {401, 403}:
        return Hold("The service account lacks a scope or a role.", reason=Reason.CONSENT_MISSING, whole_tenant=True)
    if status in _BY_STATUS:
        return _BY_STATUS[status](reasons, message)
    return Hold(f"{_SERVICE} answers in no way that is known (HTTP {status}).", reason=Reason.UNEXPECTED_ANSWER)


def _server_fault(answer: Answer, writes: bool, now: float) -> Fault:  # noqa: FBT001
    if writes:
        return OutcomeUnknown(f"{_SERVICE} answers {answer.status}, which does not tell whether it was done.")
    return Unavailable(f"{_SERVICE} answers {answer.status}.", after=retry_after(answer.headers, now=now))


def _unfinished(reasons: Sequence[str], message: str) -> Fault:
    if _LIMITS & set(reasons) or "limit exceeded" in message:
        return Hold("The domain's user limit is reached.", reason=Reason.LICENCES_EXHAUSTED, whole_tenant=True)
    return NotYet(f"{_SERVICE} has not finished creating the account.")


def _unreadable(writes: bool) -> Fault:  # noqa: FBT001
    if writes:
        return OutcomeUnknown(f"{_SERVICE}'s answer can't be read.")
    return Unavailable(f"{_SERVICE}'s answer can't be read.")


def _missing(_reasons: Sequence[str], message: str) -> Fault:
    if "groupkey" in message:
        return Hold("Google knows no such group.", reason=Reason.GROUP_MISSING)
    if "domain" in message:
        return Hold("The address's domain is not Google's here.", reason=Reason.DOMAIN_NOT_VERIFIED, whole_tenant=True)
    return NotYet("Google does not show the object (yet).")


def _invalid(_reasons: Sequence[str], message: str) -> Fault:
    if "invalid_ou_id" in message or "orgunit" in message:
        return Hold("Google knows no such organisational unit.", reason=Reason.ORG_UNIT_MISSING)
    if "primary_user_email" in message or "domain not found" in message:
        return Hold(
            "Google does not take addresses of this domain.", reason=Reason.DOMAIN_NOT_VERIFIED, whole_tenant=True
        )
    return GiveUp("Google refuses the request's content.", reason=Reason.INVALID_PROFILE)


_BY_STATUS: Mapping[int, Callable[[Sequence[str], str], Fault]] = {
    400: _invalid,
    404: _missing,
    408: lambda _reasons, _message: RetryLater(f"{_SERVICE} was asked too slowly."),
    409: lambda _reasons, _message: AddressTaken(),
    412: _unfinished,
}


def _reasons(answer: Answer) -> Sequence[str]:
    errors = _error(answer).get("errors")
    rows = cast("list[Any]", errors) if isinstance(errors, list) else []
    return [str(cast("dict[str, Any]", row).get("reason", "")) for row in rows if isinstance(row, dict)]


def _message(answer: Answer) -> str:
    return str(_error(answer).get("message", "")).lower()


def _error(answer: Answer) -> Mapping[str, Any]:
    error = answer.json().get("error")
    return cast("dict[str, Any]", error) if isinstance(error, dict) else {}
