"""What a response of Graph means, and who is affected by a refusal. Pure.

Many different refusals carry the same `Request_BadRequest`, so the order is: status, `error.code`, `details[].code` and target, then words
of the message. What is still not understood is never "already exists", never final, and never blamed on the student. A refusal without
Graph's own envelope was written by an intermediary and does not show what Graph has done; neither does a success that shows nothing
of Graph's. Sources: Microsoft's documentation, and what real clients and issues have seen.

One module, however long: the rows are tried in this order, and each depends on those before it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast

from consumer.errors import AddressTaken, Fault, GiveUp, Hold, NotYet, Reason, RetryLater, Scope, Throttled
from consumer.http.answer import Answer
from consumer.http.retry_after import retry_after
from consumer.providers.api import Classify
from consumer.providers.faults import narrowed, redirected, unauthorised, unclear, unexpected, with_code
from consumer.providers.port import PageExpired

_SERVICE = "Microsoft Graph"
_BAD_REQUEST = "Request_BadRequest"
_INVALID = {(HTTPStatus.BAD_REQUEST, _BAD_REQUEST), (HTTPStatus.UNPROCESSABLE_ENTITY, "Request_UnprocessableEntity")}
_QUOTA = "Directory_QuotaExceeded"
_UNLICENSED = "AadPremiumLicenseRequired"
_UNIQUE = ("userprincipalname", "proxyaddresses", "mailnickname", "mail")
_PROFILE = {"displayname", "givenname", "surname", "preferredlanguage"}
"""The properties of a creation that hold what the SIS says of the student, and nothing else."""
_PROPERTY = re.compile(r"property '?(\w+)'?")
_POOL = re.compile(r"\bsku ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b")
_MASTERED_ELSEWHERE = ("on-premises mastered", "originated within an external service")


class UsageLocationRefused(Hold):
    """No licence without a usage location, or with this one."""


class UnknownSegment(Hold):
    """The path has a segment that this directory's Graph does not know."""


class LicencesExhausted(Hold):
    """None is left in a pool; `pool` is its SKU where Graph names it. An account may have asked for licences of several."""

    def __init__(self, pool: str | None) -> None:
        where = "of this kind" if pool is None else f"in the pool {pool}"
        super().__init__(f"No licences {where} are left.", reason=Reason.LICENCES_EXHAUSTED, scope=Scope.RESOURCE)
        self.pool = pool


class FeatureNotLicensed(Hold):
    """The directory has no licence for what was asked for, and so nothing of it."""


def fault_of(answer: Answer, *, writes: bool, now: float, asked: Sequence[str] = ()) -> Fault | None:
    return _with_code(_fault_of(answer, writes=writes, now=now), answer, asked)


def joining(group: str) -> Classify:
    """The same for adding a member to `group`: being one already is success, and the group's troubles concern who needs that group."""
    return _joining(_group(group))


def leaving(group: str) -> Classify:
    """The same for removing a member from `group`: not being one, and a group that does not exist, are success."""
    return _leaving(_group(group))


def joining_unit(unit: str) -> Classify:
    """As `joining`, of an administrative unit."""
    return _joining(_admin_unit(unit))


def leaving_unit(unit: str) -> Classify:
    """As `leaving`, of an administrative unit."""
    return _leaving(_admin_unit(unit))


@dataclass(frozen=True, slots=True)
class _Whole:
    """What has members; `denied` says what a 403 means."""

    ident: str
    noun: str
    missing: Reason
    refused: Reason
    denied: str


def _group(ident: str) -> _Whole:
    # Microsoft's page on this error: role-assignable and dynamic groups answer it although the application has its permission.
    denied = "The application may not change the members of this group: it is role-assignable, or of a kind that Graph does not manage."
    return _Whole(ident, "group", Reason.GROUP_MISSING, Reason.GROUP_REFUSED, denied)


def _admin_unit(ident: str) -> _Whole:
    denied = (
        "The application may not change the members of this administrative unit: it lacks the permission to do so, or the unit's "
        "membership is dynamic."
    )
    return _Whole(ident, "administrative unit", Reason.ADMIN_UNIT_MISSING, Reason.ADMIN_UNIT_REFUSED, denied)


def _joining(whole: _Whole) -> Classify:
    def fault_of_joining(answer: Answer, *, writes: bool, now: float, asked: Sequence[str] = ()) -> Fault | None:
        message = str(_error(answer).get("message", "")).lower()
        if answer.status == HTTPStatus.BAD_REQUEST and "references already exist" in message:
            return None
        refusal = _member_refusal(answer, message, whole)
        return _with_code(refusal, answer, asked) if refusal else fault_of(answer, writes=writes, now=now, asked=asked)

    return fault_of_joining


def _leaving(whole: _Whole) -> Classify:
    def fault_of_leaving(answer: Answer, *, writes: bool, now: float, asked: Sequence[str] = ()) -> Fault | None:
        message = str(_error(answer).get("message", "")).lower()
        refused = answer.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND}
        if refused and "removed object references do not exist" in message:
            return None
        refusal = _member_refusal(answer, message, whole)
        if isinstance(refusal, Hold) and refusal.reason is whole.missing:
            return None
        return _with_code(refusal, answer, asked) if refusal else fault_of(answer, writes=writes, now=now, asked=asked)

    return fault_of_leaving


def of_one_permission(reason: Reason, message: str) -> Classify:
    """The same for a call that has a permission of its own: without it, only those wait who need such calls."""

    def fault_of_call(answer: Answer, *, writes: bool, now: float, asked: Sequence[str] = ()) -> Fault | None:
        return narrowed(fault_of(answer, writes=writes, now=now, asked=asked), answer.status, reason, message)

    return fault_of_call


def reading_roles(answer: Answer, *, writes: bool, now: float, asked: Sequence[str] = ()) -> Fault | None:
    """The same for look-ups of roles: whatever refuses them means that they can't be read. Raises `FeatureNotLicensed`."""
    fault = fault_of(answer, writes=writes, now=now, asked=asked)
    if isinstance(fault, Hold) and _error(answer).get("code") == _UNLICENSED:
        return FeatureNotLicensed("The directory has no licence for this.", reason=fault.reason, code=fault.code)
    if isinstance(fault, Hold) and fault.reason in {Reason.CONSENT_MISSING, Reason.UNEXPECTED_ANSWER}:
        return roles_unreadable(code=fault.code)
    return fault


def paging(answer: Answer, *, writes: bool, now: float, asked: Sequence[str] = ()) -> Fault | None:
    """The same for a page of a long list, which Graph may have forgotten (issue 368 of Microsoft's SDK for Java)."""
    if _error(answer).get("code") == "Directory_ExpiredPageToken":
        return PageExpired(f"{_SERVICE} does not know this page of the list any more.")
    return fault_of(answer, writes=writes, now=now, asked=asked)


def roles_unreadable(*, code: str | None = None) -> Hold:
    """Without its roles, no account is adopted."""
    return Hold(
        "The roles of accounts can't be read at Microsoft.",
        reason=Reason.ROLES_UNREADABLE,
        scope=Scope.RESOURCE,
        code=code,
    )


def _fault_of(answer: Answer, *, writes: bool, now: float) -> Fault | None:  # noqa: PLR0911  a table
    status, error = answer.status, _error(answer)
    code = str(error.get("code", ""))
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return None if _is_graphs(answer) else unclear(_SERVICE, answer, writes=writes)
    if status < HTTPStatus.BAD_REQUEST:
        return redirected(_SERVICE)
    if status == HTTPStatus.TOO_MANY_REQUESTS or code == "TooManyRequests":
        return Throttled(f"{_SERVICE}: rate limited.", after=retry_after(answer.headers, now=now))
    if code == "Directory_ConcurrencyViolation":
        return RetryLater(f"{_SERVICE} was busy with another change to the same object.", after=1.0)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        # 503 too: a gateway may send it after the back end has carried out the write.
        return unclear(_SERVICE, answer, writes=writes, after=retry_after(answer.headers, now=now))
    if status == HTTPStatus.UNAUTHORIZED:
        return unauthorised(_SERVICE)
    if not error:
        return unclear(_SERVICE, answer, writes=writes)
    if (status, code) in _INVALID:
        return _bad_request(error)
    return _unreadable(str(error.get("message", ""))) or _refused(status, code)


def _unreadable(message: str) -> Fault | None:
    """A request that asks for what this directory's Graph does not have."""
    if "declared property or extension property" in message:
        return _no_extension()
    if "Resource not found for the segment" in message:
        return UnknownSegment("Microsoft Graph does not know this path.", reason=Reason.UNEXPECTED_ANSWER)
    return None


def _is_graphs(answer: Answer) -> bool:
    """Whether a success is Graph's own: no content, or an object or a collection as OData has them; else a proxy may have written it."""
    if answer.status == HTTPStatus.NO_CONTENT:
        return not answer.body
    shown = answer.json()
    known = "@odata.context" in shown or isinstance(shown.get("id"), str) or isinstance(shown.get("value"), list)
    return answer.status in {HTTPStatus.OK, HTTPStatus.CREATED} and known


def _bad_request(error: Mapping[str, Any]) -> Fault:
    message = str(error.get("message", "")).lower()
    if _conflicts(error) or ("another object with the same value" in message and _names_unique(message)):
        return AddressTaken()
    return (
        _domain_refusal(message)
        or _licence_refusal(message)
        or _directory_refusal(message)
        or _property_refusal(error, message)
        or unexpected(_SERVICE, HTTPStatus.BAD_REQUEST)
    )


def _domain_refusal(message: str) -> Fault | None:
    text = None
    if "domain portion" in message:
        text = "The address's domain is not verified at Microsoft."
    elif "creation of a federated user" in message:
        text = "The address's domain is federated at Microsoft: accounts must be created where it signs in."
    return Hold(text, reason=Reason.DOMAIN_NOT_VERIFIED, scope=Scope.OPERATION) if text else None


def _licence_refusal(message: str) -> Fault | None:
    if "available licenses" in message:
        named = _POOL.search(message)
        return LicencesExhausted(named[1] if named else None)
    if "usage location" in message or "inusagelocation" in message:
        return UsageLocationRefused(
            "Microsoft rejected the usage location.", reason=Reason.LICENCE_INVALID, scope=Scope.RESOURCE
        )
    if "valid company license" in message:
        return Hold("The institution has no such licence.", reason=Reason.LICENCE_INVALID, scope=Scope.RESOURCE)
    return None


def _directory_refusal(message: str) -> Fault | None:
    if any(words in message for words in _MASTERED_ELSEWHERE):
        return Hold("The account is managed in a directory on premises.", reason=Reason.SYNCHRONISED_ACCOUNT)
    if "extension properties are not available" in message:
        return _no_extension()
    if "one or more property values specified are invalid" in message:
        # Also a passing symptom of replicas that lag (Terraform's provider retries it).
        return NotYet(f"{_SERVICE} rejected a property; this may be temporary.", reason=Reason.UNEXPECTED_ANSWER)
    return None


def _no_extension() -> Fault:
    return Hold(
        "The directory extension of `microsoft.marker` is not available in this directory.",
        reason=Reason.TENANT_UNUSABLE,
        scope=Scope.TENANT,
    )


def _property_refusal(error: Mapping[str, Any], message: str) -> Fault | None:
    """Only a refusal that names a property of the student's own is the student's."""
    targets = {str(detail.get("target", "")).lower() for detail in _details(error)}
    named = _PROPERTY.search(message)
    if named and not targets:
        targets = {named[1]}
    if targets and targets <= _PROFILE:
        return GiveUp("Microsoft rejected the student's name or language.", reason=Reason.INVALID_PROFILE)
    if "userprincipalname" in targets:
        # Said of an ill-formed address, and of some domains: the other students need not wait for it.
        return Hold("Microsoft rejected this address, or its domain.", reason=Reason.DOMAIN_NOT_VERIFIED)
    if "usagelocation" in targets:
        return Hold(
            "Microsoft rejected `microsoft.usage_location`.", reason=Reason.TENANT_UNUSABLE, scope=Scope.OPERATION
        )
    return None


def _member_refusal(answer: Answer, message: str, whole: _Whole) -> Fault | None:
    status, text, reason = answer.status, None, whole.refused
    if status == HTTPStatus.BAD_REQUEST:
        if "not a valid reference update" in message:
            return NotYet(f"The account is not visible to the {whole.noun} yet.", reason=whole.refused)
        if "mail-enabled" in message or "distribution list" in message:
            text = "The group is mail-enabled or a distribution list: its members are managed in Exchange."
        elif any(words in message for words in _MASTERED_ELSEWHERE):
            text = f"The {whole.noun} is synchronised from a directory on premises: its members are managed there."
        elif "dynamic" in message:
            text = f"The {whole.noun}'s membership is dynamic: it has no members of its own."
    elif status == HTTPStatus.NOT_FOUND and f"'{whole.ident.lower()}'" in message:
        text, reason = f"The {whole.noun} does not exist at Microsoft.", whole.missing
    elif status == HTTPStatus.FORBIDDEN and _error(answer).get("code") == _QUOTA:
        text, reason = f"The {whole.noun} has reached its limit of links.", Reason.QUOTA_EXCEEDED
    elif status == HTTPStatus.FORBIDDEN and _error(answer):
        text = whole.denied
    return Hold(text, reason=reason, scope=Scope.RESOURCE) if text else None


def _refused(status: int, code: str) -> Fault:
    if status == HTTPStatus.NOT_FOUND and code == "Directory_ObjectNotFound":
        return Hold("The directory does not exist at Microsoft.", reason=Reason.CREDENTIALS_INVALID, scope=Scope.TENANT)
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.FAILED_DEPENDENCY}:
        return NotYet("The object does not exist at Microsoft, or is not visible yet.")
    if code == _QUOTA:
        return Hold("The directory's quota is used up.", reason=Reason.QUOTA_EXCEEDED, scope=Scope.OPERATION)
    if status == HTTPStatus.FORBIDDEN:
        return Hold("The application lacks a permission.", reason=Reason.CONSENT_MISSING, scope=Scope.TENANT)
    if status in {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.LOCKED}:
        return RetryLater(f"{_SERVICE} cannot do this at the moment (HTTP {status}).")
    return unexpected(_SERVICE, status)


def _conflicts(error: Mapping[str, Any]) -> bool:
    return any(
        detail.get("code") in {"ObjectConflict", "PropertyConflict"}
        and _names_unique(str(detail.get("target", "")).lower())
        for detail in _details(error)
    )


def _names_unique(text: str) -> bool:
    return any(name in text for name in _UNIQUE)


def _with_code(fault: Fault | None, answer: Answer, asked: Sequence[str]) -> Fault | None:
    error = _error(answer)
    coded = with_code(fault, answer.status, str(error.get("code", "")), str(error.get("message", "")), asked)
    if isinstance(coded, LicencesExhausted) and coded.pool:
        coded.code = f"{coded.code}: {coded.pool}"
    return coded


def _details(error: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    details = error.get("details")
    rows = cast("list[Any]", details) if isinstance(details, list) else []
    return [cast("Mapping[str, Any]", row) for row in rows if isinstance(row, dict)]


def _error(answer: Answer) -> Mapping[str, Any]:
    error = answer.json().get("error")
    return cast("dict[str, Any]", error) if isinstance(error, dict) else {}
