"""What a response of Google's Directory API means, and who is affected by a refusal. Pure.

By status and `errors[].reason`; messages only where one status has several meanings. What is not understood is never final, and never
blamed on the student. A refusal without Google's own envelope was written by
an intermediary, and does not show what Google has done; neither does a success that shows nothing of Google's. Sources: the discovery
document, the API's limits page, and what real clients (GAM, Terraform's provider) match on.
"""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus

from consumer.errors import AddressTaken, Fault, GiveUp, Hold, NotYet, Reason, RetryLater, Scope, Throttled
from consumer.http.answer import Answer
from consumer.http.retry_after import retry_after
from consumer.providers.api import Classify
from consumer.providers.faults import narrowed, redirected, unauthorised, unclear, unexpected, with_code
from consumer.providers.google.envelope import error_of, message_of, names_a_rate, reasons_of
from consumer.providers.port import PageExpired

_SERVICE = "Google Directory"
_KIND = "admin#directory#"
_LIMITS = {"DomainUserLimitExceeded", "limitExceeded", "insufficientArchivedUserLicenses"}


def fault_of(answer: Answer, *, writes: bool, now: float, asked: Sequence[str] = ()) -> Fault | None:
    fault = _fault_of(answer, writes=writes, now=now)
    message = str(error_of(answer).get("message", ""))
    return with_code(fault, answer.status, next(iter(reasons_of(answer)), ""), message, asked)


def of_one_purpose(reason: Reason, message: str, *, tells_nothing: bool = False) -> Classify:
    """The same for calls that an administrator's role may lack: without it, only those wait who need such calls.

    `tells_nothing`: of a method for which the discovery document has no response. Whether its empty answer is a 200 or a 204 is
    documented nowhere, and both are reported.
    """

    def fault_of_call(answer: Answer, *, writes: bool, now: float, asked: Sequence[str] = ()) -> Fault | None:
        if tells_nothing and answer.status == HTTPStatus.OK and not answer.body:
            return None
        return narrowed(fault_of(answer, writes=writes, now=now, asked=asked), answer.status, reason, message)

    return fault_of_call


def of_renaming(message: str, *, tells_nothing: bool = False) -> Classify:
    """`of_one_purpose` for the calls of a rename. A limit that is reached is that of a user's aliases: at most 30 (the limits page)."""
    of_purpose = of_one_purpose(Reason.CONSENT_MISSING, message, tells_nothing=tells_nothing)

    def fault_of_renaming(answer: Answer, *, writes: bool, now: float, asked: Sequence[str] = ()) -> Fault | None:
        fault = of_purpose(answer, writes=writes, now=now, asked=asked)
        if isinstance(fault, Hold) and fault.reason is Reason.LICENCES_EXHAUSTED:
            return Hold(
                "The account has as many aliases as it may have.", reason=Reason.QUOTA_EXCEEDED, code=fault.code
            )
        return fault

    return fault_of_renaming


def of_new_unit(answer: Answer, *, writes: bool, now: float, asked: Sequence[str] = ()) -> Fault | None:
    """`of_one_purpose` for `orgunits.insert`, of whose refusals the API's pages say nothing.

    GAM's `create org` distinguishes two messages: no such parent, and "INVALID_OU_ID", which it takes for a unit that exists.
    """
    if answer.status == HTTPStatus.BAD_REQUEST and "parent orgunit" in message_of(answer):
        fault = NotYet("Google does not show the unit above the new one yet.", reason=Reason.ORG_UNIT_MISSING)
        return with_code(fault, answer.status, next(iter(reasons_of(answer)), ""), "", asked)
    return _of_new_unit(answer, writes=writes, now=now, asked=asked)


_of_new_unit = of_one_purpose(
    Reason.CONSENT_MISSING, "The administrator's role does not include creating organisational units, or not there."
)


def paging(answer: Answer, *, writes: bool, now: float, asked: Sequence[str] = ()) -> Fault | None:
    """The same for a page of a long list, whose token may be too old."""
    if answer.status == HTTPStatus.BAD_REQUEST and "pagetoken" in message_of(answer):
        return PageExpired(f"{_SERVICE} does not know this page of the list any more.")
    return fault_of(answer, writes=writes, now=now, asked=asked)


def _fault_of(answer: Answer, *, writes: bool, now: float) -> Fault | None:  # noqa: PLR0911  a table
    status, reasons = answer.status, reasons_of(answer)
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return None if _is_googles(answer) else unclear(_SERVICE, answer, writes=writes)
    if status < HTTPStatus.BAD_REQUEST:
        return redirected(_SERVICE)
    limited = status == HTTPStatus.FORBIDDEN and names_a_rate(answer)
    if status == HTTPStatus.TOO_MANY_REQUESTS or limited:
        return Throttled(f"{_SERVICE}: rate limited.", after=retry_after(answer.headers, now=now))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return unclear(_SERVICE, answer, writes=writes, after=retry_after(answer.headers, now=now))
    if status == HTTPStatus.UNAUTHORIZED:
        return unauthorised(_SERVICE)
    if not error_of(answer):
        return unclear(_SERVICE, answer, writes=writes)
    if _LIMITS & set(reasons):
        return _user_limit()  # seen with 412; the status is on no page
    if status in _REFUSALS:
        return _REFUSALS[status](reasons, message_of(answer))
    return unexpected(_SERVICE, status)


def _is_googles(answer: Answer) -> bool:
    """Whether a success is Google's own: no content, or a resource that says its kind or its id; else a proxy may have written it."""
    if answer.status == HTTPStatus.NO_CONTENT:
        return not answer.body
    shown = answer.json()
    known = str(shown.get("kind", "")).startswith(_KIND) or isinstance(shown.get("id"), str)
    return answer.status in {HTTPStatus.OK, HTTPStatus.CREATED} and known


def _user_limit() -> Fault:
    return Hold("The domain's user limit is reached.", reason=Reason.LICENCES_EXHAUSTED, scope=Scope.OPERATION)


def _unfinished(_reasons: Sequence[str], message: str) -> Fault:
    if "limit exceeded" in message:
        return _user_limit()
    return NotYet(f"{_SERVICE} is still creating the account.")


def _missing(_reasons: Sequence[str], message: str) -> Fault:
    if "groupkey" in message:
        return Hold("The group does not exist at Google.", reason=Reason.GROUP_MISSING, scope=Scope.RESOURCE)
    if "domain" in message:
        return Hold(
            "The address's domain is not verified at Google.", reason=Reason.DOMAIN_NOT_VERIFIED, scope=Scope.OPERATION
        )
    return NotYet("The object does not exist at Google, or is not visible yet.")


def _invalid(_reasons: Sequence[str], message: str) -> Fault:
    if "invalid_ou_id" in message or "orgunit" in message:
        return Hold(
            "The organisational unit does not exist at Google.", reason=Reason.ORG_UNIT_MISSING, scope=Scope.RESOURCE
        )
    if "domain not found" in message:
        return Hold(
            "The address's domain is not verified at Google.", reason=Reason.DOMAIN_NOT_VERIFIED, scope=Scope.OPERATION
        )
    if "primary_user_email" in message:
        # Said of a foreign domain, and of one address that is ill-formed: the other students need not wait for it.
        return Hold("Google rejected this address, or its domain.", reason=Reason.DOMAIN_NOT_VERIFIED)
    if "given/family name" in message:
        return GiveUp("Google rejected the student's name.", reason=Reason.INVALID_PROFILE)
    return unexpected(_SERVICE, HTTPStatus.BAD_REQUEST)


_REFUSALS: Mapping[int, Callable[[Sequence[str], str], Fault]] = {
    HTTPStatus.BAD_REQUEST: _invalid,
    HTTPStatus.FORBIDDEN: lambda _reasons, _message: Hold(
        "The service account lacks a scope or a role.", reason=Reason.CONSENT_MISSING, scope=Scope.TENANT
    ),
    HTTPStatus.NOT_FOUND: _missing,
    HTTPStatus.REQUEST_TIMEOUT: lambda _reasons, _message: RetryLater(f"{_SERVICE} timed out reading the request."),
    HTTPStatus.CONFLICT: lambda _reasons, _message: AddressTaken(),
    HTTPStatus.PRECONDITION_FAILED: _unfinished,
}
