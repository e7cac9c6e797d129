"""What an answer of Graph means. Pure.

Many different refusals carry the same `Request_BadRequest`, so the order is: status, `error.code`, `details[].code` and target, then words
of the message; what is still not understood is never "already exists". A refusal without Graph's own envelope was written by something on
the way, and does not tell what Graph has done; neither does a success that shows nothing of Graph's. Sources: Microsoft's
documentation, and what real clients and issues have seen.
"""

from collections.abc import Mapping
from typing import Any, cast

from consumer.errors import AddressTaken, Fault, GiveUp, Hold, NotYet, Reason, RetryLater, Scope, Throttled
from consumer.http.answer import Answer
from consumer.http.retry_after import retry_after
from consumer.providers.api import Classify
from consumer.providers.faults import redirected, unauthorised, unclear, unexpected

_SERVICE = "Microsoft Graph"
_QUOTA = "Directory_QuotaExceeded"
_UNIQUE = ("userprincipalname", "proxyaddresses", "mailnickname", "mail")


def fault_of(answer: Answer, *, writes: bool, now: float) -> Fault | None:  # noqa: PLR0911  a table
    """See `Classify`."""
    status, error = answer.status, _error(answer)
    code = str(error.get("code", ""))
    if status < 300:  # noqa: PLR2004  success
        return None if _is_graphs(answer) else unclear(_SERVICE, answer, writes=writes)
    if status < 400:  # noqa: PLR2004  a redirect
        return redirected(_SERVICE)
    if status == 429 or code == "TooManyRequests":  # noqa: PLR2004  too many requests
        return Throttled(f"{_SERVICE} asks for time.", after=retry_after(answer.headers, now=now))
    if code == "Directory_ConcurrencyViolation":
        return RetryLater(f"{_SERVICE} was busy with another change to the same object.", after=1.0)
    if status >= 500:  # noqa: PLR2004  503 too: a gateway may answer it for a back end that has carried the write out
        return unclear(_SERVICE, answer, writes=writes, after=retry_after(answer.headers, now=now))
    if status == 401:  # noqa: PLR2004  unauthorised
        return unauthorised(_SERVICE)
    if not error:
        return unclear(_SERVICE, answer, writes=writes)
    if status == 400 and code == "Request_BadRequest":  # noqa: PLR2004  bad request
        return _bad_request(error)
    return _refused(status, code)


def joining(group: str) -> Classify:
    """The same for adding a member to `group`: being one already is success, and the group's troubles are not the account's."""

    def fault_of_joining(answer: Answer, *, writes: bool, now: float) -> Fault | None:
        error = _error(answer)
        status, message = answer.status, str(error.get("message", "")).lower()
        if status == 400 and "references already exist" in message:  # noqa: PLR2004  bad request
            return None
        if status == 400 and "not a valid reference update" in message:  # noqa: PLR2004  bad request
            return NotYet("The group does not see the account yet.")
        if status == 404 and f"'{group.lower()}'" in message:  # noqa: PLR2004  not found
            return Hold("Microsoft knows no such group.", reason=Reason.GROUP_MISSING)
        if status == 403 and error.get("code") == _QUOTA:  # noqa: PLR2004  forbidden
            return Hold("The group, or the account, has as many links as it may.", reason=Reason.QUOTA_EXCEEDED)
        return fault_of(answer, writes=writes, now=now)

    return fault_of_joining


def _is_graphs(answer: Answer) -> bool:
    """Whether a success is Graph's own: no content, or an object or a collection as OData has them; else a proxy may have written it."""
    if answer.status == 204:  # noqa: PLR2004  no content
        return not answer.body
    shown = answer.json()
    known = "@odata.context" in shown or isinstance(shown.get("id"), str) or isinstance(shown.get("value"), list)
    return answer.status in {200, 201} and known


def _bad_request(error: Mapping[str, Any]) -> Fault:  # noqa: PLR0911  a table of what has been seen
    message = str(error.get("message", "")).lower()
    if _conflicts(error) or ("another object with the same value" in message and _names_unique(message)):
        return AddressTaken()
    if "domain portion" in message:
        return Hold(
            "The address's domain is not verified at Microsoft.", reason=Reason.DOMAIN_NOT_VERIFIED, scope=Scope.TENANT
        )
    if "available licenses" in message:
        return Hold("No licences of this kind are left.", reason=Reason.LICENCES_EXHAUSTED)
    if "usage location" in message:
        return Hold("The account has no usage location.", reason=Reason.LICENCE_INVALID)
    if "one or more property values specified are invalid" in message:
        # Also a passing symptom of replicas that lag (Terraform's provider retries it).
        return NotYet(f"{_SERVICE} finds a property invalid, perhaps only for now.")
    if "license" in message or "sku" in message:
        return Hold("Microsoft refuses these licences.", reason=Reason.LICENCE_INVALID)
    return GiveUp("Microsoft refuses the request's content.", reason=Reason.INVALID_PROFILE)


def _refused(status: int, code: str) -> Fault:
    if status == 404 and code == "Directory_ObjectNotFound":  # noqa: PLR2004  not found
        return Hold("Microsoft does not know the directory.", reason=Reason.CREDENTIALS_INVALID, scope=Scope.TENANT)
    if status in {404, 424}:
        return NotYet("Microsoft does not show the object (yet).")
    if code == _QUOTA:
        return Hold("The directory's quota is used up.", reason=Reason.QUOTA_EXCEEDED, scope=Scope.TENANT)
    if status == 403:  # noqa: PLR2004  forbidden
        return Hold("The application lacks a permission.", reason=Reason.CONSENT_MISSING, scope=Scope.TENANT)
    if status in {408, 409, 423}:
        return RetryLater(f"{_SERVICE} can't do this now (HTTP {status}).")
    return unexpected(_SERVICE, status)


def _conflicts(error: Mapping[str, Any]) -> bool:
    details = error.get("details")
    for detail in cast("list[Any]", details) if isinstance(details, list) else []:
        told = cast("dict[str, Any]", detail) if isinstance(detail, dict) else {}
        if told.get("code") in {"ObjectConflict", "PropertyConflict"} and _names_unique(
            str(told.get("target", "")).lower()
        ):
            return True
    return False


def _names_unique(text: str) -> bool:
    return any(name in text for name in _UNIQUE)


def _error(answer: Answer) -> Mapping[str, Any]:
    error = answer.json().get("error")
    return cast("dict[str, Any]", error) if isinstance(error, dict) else {}
