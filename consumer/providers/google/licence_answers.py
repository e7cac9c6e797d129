"""What a response of Google's License Manager means, and who is affected by a refusal. Pure.

Source: "Error codes" in Google's guide "Enterprise License Manager API Developer's Guide": statuses and sentences, of which no reasons are
documented; its page "Limits and quotas" for 403 and 503. A refusal without Google's own envelope was written by an intermediary.
"""

from collections.abc import Sequence
from http import HTTPStatus

from consumer.errors import Fault, Hold, NotYet, Reason, RetryLater, Scope, Throttled
from consumer.http.answer import Answer
from consumer.http.retry_after import retry_after
from consumer.providers.api import Classify
from consumer.providers.faults import redirected, unauthorised, unclear, unexpected, with_code
from consumer.providers.google.envelope import error_of, message_of, names_a_rate, reasons_of

_SERVICE = "Google's License Manager"
_KIND = "licensing#"
_BACK_OFF = 5.0
"""Seconds after a 503, with which the page on limits begins."""
_HAS_IT = "already has a license for the specified product and sku"
_HAS_ANOTHER = "with a different sku"
_NONE_LEFT = "enough available licenses"
_AUTOMATIC = "auto license"


class NotAssigned(NotYet):
    """The user does not have this licence, or the License Manager does not know the user by this address (yet)."""


def fault_of(answer: Answer, *, writes: bool, now: float, asked: Sequence[str] = ()) -> Fault | None:
    return _coded(_fault_of(answer, writes=writes, now=now), answer, asked)


def giving(licence: str) -> Classify:
    """The same for giving this licence, one that the user has already included."""

    def fault_of_giving(answer: Answer, *, writes: bool, now: float, asked: Sequence[str] = ()) -> Fault | None:
        refusal = _message(answer) if answer.status == HTTPStatus.PRECONDITION_FAILED else ""
        if _HAS_IT in refusal:
            return None
        fault = _no_licence(licence, refusal) or _fault_of(answer, writes=writes, now=now)
        coded = _coded(fault, answer, asked)
        if coded and _NONE_LEFT in refusal:
            coded.code = f"{coded.code}: {licence}"
        return coded

    return fault_of_giving


def taking(answer: Answer, *, writes: bool, now: float, asked: Sequence[str] = ()) -> Fault | None:
    """The same for taking a licence, which is answered with an empty object.

    One that comes with the user's organisational unit is not this service's: it stays with the unit.
    """
    if answer.status == HTTPStatus.OK and b"".join(answer.body.split()) in {b"", b"{}"}:
        return None
    if answer.status == HTTPStatus.PRECONDITION_FAILED and _AUTOMATIC in _message(answer):
        return None
    return fault_of(answer, writes=writes, now=now, asked=asked)


def _fault_of(answer: Answer, *, writes: bool, now: float) -> Fault | None:
    status = answer.status
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return None if _is_googles(answer) else unclear(_SERVICE, answer, writes=writes)
    if status < HTTPStatus.BAD_REQUEST:
        return redirected(_SERVICE)
    if status == HTTPStatus.UNAUTHORIZED:
        return unauthorised(_SERVICE)
    after = retry_after(answer.headers, now=now)
    limited = status == HTTPStatus.FORBIDDEN and names_a_rate(answer)
    busy = status == HTTPStatus.SERVICE_UNAVAILABLE and error_of(answer)
    if status == HTTPStatus.TOO_MANY_REQUESTS or limited or busy:
        return Throttled(f"{_SERVICE}: rate limited.", after=_BACK_OFF if after is None else after)
    if not error_of(answer) or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return unclear(_SERVICE, answer, writes=writes, after=after)
    return _refusal(status, _message(answer))


def _refusal(status: int, message: str) -> Fault:
    match status:
        case HTTPStatus.BAD_REQUEST if "sku or product" in message:
            return Hold("Google has no such licence.", reason=Reason.LICENCE_INVALID, scope=Scope.RESOURCE)
        case HTTPStatus.BAD_REQUEST if "email not valid" in message:
            return NotAssigned(f"{_SERVICE} does not know the account by its address yet.")
        case HTTPStatus.NOT_FOUND:
            return NotAssigned("The account does not have the licence at Google, or is not visible yet.")
        case HTTPStatus.FORBIDDEN:
            return consent_missing()
        case HTTPStatus.REQUEST_TIMEOUT:
            return RetryLater(f"{_SERVICE} timed out reading the request.")
        case _:
            return unexpected(_SERVICE, status)


def consent_missing(*, code: str | None = None) -> Hold:
    """The scope is not delegated, the API is off in the project, or the administrator's role lacks the privilege License Management."""
    why = "The service account lacks the scope for licences, or the administrator the privilege."
    return Hold(why, reason=Reason.CONSENT_MISSING, scope=Scope.TENANT, code=code)


def _no_licence(licence: str, refusal: str) -> Fault | None:
    if _NONE_LEFT in refusal:
        left = f"No licences in the pool {licence} are left."
        return Hold(left, reason=Reason.LICENCES_EXHAUSTED, scope=Scope.RESOURCE)
    if _HAS_ANOTHER in refusal or _AUTOMATIC in refusal:
        return Hold("The account has another licence of this product at Google.", reason=Reason.LICENCE_INVALID)
    return None


def _coded(fault: Fault | None, answer: Answer, asked: Sequence[str]) -> Fault | None:
    message = str(error_of(answer).get("message", ""))
    return with_code(fault, answer.status, next(iter(reasons_of(answer)), ""), message, asked)


def _is_googles(answer: Answer) -> bool:
    """Whether a success is Google's own: no content, an assignment, or a list of them; else a proxy may have written it."""
    if answer.status == HTTPStatus.NO_CONTENT:
        return not answer.body
    return answer.status == HTTPStatus.OK and str(answer.json().get("kind", "")).startswith(_KIND)


def _message(answer: Answer) -> str:
    """Its blanks as one each: the guide wraps its sentences."""
    return " ".join(message_of(answer).split())
