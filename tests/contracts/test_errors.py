"""Every error that the vendors document, or that was recorded of them, and what the service makes of it: one row each.

What the token endpoints answer reaches the service by the vendors' clients: tests/providers/*/test_tokens.py have these rows.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from consumer.errors import (
    AddressTaken,
    Fault,
    GiveUp,
    Hold,
    NotYet,
    OutcomeUnknown,
    Reason,
    RetryLater,
    Scope,
    Throttled,
    Unavailable,
)
from consumer.http.answer import Answer
from consumer.mail.answers import fault_of_send
from consumer.providers.google import answers as google
from consumer.providers.google.directory import GoogleDirectory
from consumer.providers.microsoft import answers as graph
from consumer.providers.microsoft.directory import MicrosoftDirectory
from consumer.settings import SecretRef
from consumer.tenants import GoogleSection, MicrosoftSection
from testbed.fakes.http import ScriptedHttp, json_answer
from tests.contracts.tally import ERRORS
from tests.providers.scripted import scripted_api

NOW = 1_767_225_600.0
SKU = "314c4481-f395-4525-be8b-2ec4bb1e9d91"
GROUP = "a0f51c1e-3a5f-4c0e-8f5e-6a8d7f0e9c03"

Meant = Callable[[Answer], Fault | None]


@dataclass(frozen=True, slots=True)
class Row:
    """An answer, who reads it, and the fault that it means: None for success. `scope`: who waits, where it is a `Hold`."""

    meant: Meant
    answer: Answer
    kind: type[Fault] | None
    reason: Reason | None = None
    scope: Scope | None = None


def at_graph(answer: Answer) -> Fault | None:
    return graph.fault_of(answer, writes=True, now=NOW)


def joining_unit_at_graph(answer: Answer) -> Fault | None:
    return graph.joining_unit(GROUP)(answer, writes=True, now=NOW)


def joining_at_graph(answer: Answer) -> Fault | None:
    return graph.joining(GROUP)(answer, writes=True, now=NOW)


def reading_at_graph(answer: Answer) -> Fault | None:
    return graph.fault_of(answer, writes=False, now=NOW)


def at_google(answer: Answer) -> Fault | None:
    return google.fault_of(answer, writes=True, now=NOW)


def renaming_at_google(answer: Answer) -> Fault | None:
    return google.of_renaming("Users may not be renamed.")(answer, writes=True, now=NOW)


def joining_at_google(answer: Answer) -> Fault | None:
    """By the adapter, which looks at the membership after a conflict; it is there."""
    http = ScriptedHttp(answer, json_answer(kind="admin#directory#member", id="1"))
    section = GoogleSection(service_account=SecretRef("env:KEY"), admin_subject="it@school.example")
    api = scripted_api(http, google.fault_of)
    directory = GoogleDirectory(section, api, licensing=api)
    try:
        asyncio.run(directory.add_to_group("1", "year-1@school.example", timeout=5))
    except Fault as fault:
        return fault
    return None


def deleting_at_graph(answer: Answer) -> Fault | None:
    """By the adapter: of the same answer to another call it would not be success."""
    section = MicrosoftSection(
        tenant_id=GROUP, client_id=GROUP, client_secret=SecretRef("env:SECRET"), usage_location="GR"
    )
    return _raised(MicrosoftDirectory(section, scripted_api(ScriptedHttp(answer), graph.fault_of)).delete)


def deleting_at_google(answer: Answer) -> Fault | None:
    section = GoogleSection(service_account=SecretRef("env:KEY"), admin_subject="it@school.example")
    api = scripted_api(ScriptedHttp(answer), google.fault_of)
    return _raised(GoogleDirectory(section, api, licensing=api).delete)


def _raised(delete: Callable[..., Coroutine[Any, Any, None]]) -> Fault | None:
    try:
        asyncio.run(delete("1", timeout=5))
    except Fault as fault:
        return fault
    return None


def at_mailgun(answer: Answer) -> Fault | None:
    return fault_of_send(answer, now=NOW)


def graph_error(status: int, code: str, message: str, *details: Mapping[str, str], **headers: str) -> Answer:
    body: dict[str, Any] = {"code": code, "message": message, **({"details": list(details)} if details else {})}
    return Answer(status, headers, json.dumps({"error": body}).encode())


def invalid(message: str, *details: Mapping[str, str]) -> Answer:
    return graph_error(400, "Request_BadRequest", message, *details)


def google_error(status: int, reason: str, message: str) -> Answer:
    body = {"code": status, "message": message, "errors": [{"domain": "global", "reason": reason, "message": message}]}
    return Answer(status, {}, json.dumps({"error": body}).encode())


def mailgun_error(status: int, message: str, **headers: str) -> Answer:
    return Answer(status, headers, json.dumps({"message": message}).encode())


def conflict(target: str, code: str = "ObjectConflict") -> Mapping[str, str]:
    return {"target": target, "code": code}


SAME = "Another object with the same value for property {} already exists."
TENANT, OPERATION, RESOURCE, STUDENT = Scope.TENANT, Scope.OPERATION, Scope.RESOURCE, Scope.STUDENT
UNEXPECTED = Reason.UNEXPECTED_ANSWER

GRAPH = {
    "duplicate userPrincipalName": Row(
        at_graph, invalid(SAME.format("userPrincipalName"), conflict("userPrincipalName")), AddressTaken
    ),
    "duplicate proxyAddresses": Row(
        at_graph, invalid(SAME.format("proxyAddresses"), conflict("proxyAddresses")), AddressTaken
    ),
    "duplicate, by validateProperties": Row(
        at_graph,
        graph_error(422, "Request_UnprocessableEntity", "…", conflict("mailNickname", "PropertyConflict")),
        AddressTaken,
    ),
    "domain not verified": Row(
        at_graph,
        invalid("The domain portion of the userPrincipalName property is invalid. You must use one of the verified …"),
        Hold,
        Reason.DOMAIN_NOT_VERIFIED,
        OPERATION,
    ),
    "malformed userPrincipalName": Row(
        at_graph,
        invalid("Property userPrincipalName is invalid.", conflict("userPrincipalName", "InvalidValue")),
        Hold,
        Reason.DOMAIN_NOT_VERIFIED,
        STUDENT,
    ),
    "invalid values": Row(
        at_graph, invalid("One or more properties contains invalid values."), Hold, UNEXPECTED, STUDENT
    ),
    "invalid values, or a lagging replica": Row(
        at_graph, invalid("One or more property values specified are invalid"), NotYet, UNEXPECTED
    ),
    "weak password": Row(
        at_graph,
        invalid("The specified password does not comply with password complexity requirements. Please provide …"),
        Hold,
        UNEXPECTED,
        STUDENT,
    ),
    "unreadable JSON": Row(
        at_graph, graph_error(400, "BadRequest", "Unable to read JSON request payload."), Hold, UNEXPECTED, STUDENT
    ),
    "directory quota": Row(
        at_graph, graph_error(403, "Directory_QuotaExceeded", "…"), Hold, Reason.QUOTA_EXCEEDED, OPERATION
    ),
    "a group's quota of links": Row(
        joining_at_graph,
        graph_error(403, "Directory_QuotaExceeded", "… would exceed the maximum quota count '100' for forward-link …"),
        Hold,
        Reason.QUOTA_EXCEEDED,
        RESOURCE,
    ),
    "concurrency, 409": Row(at_graph, graph_error(409, "Directory_ConcurrencyViolation", "…"), RetryLater),
    "concurrency, 503": Row(at_graph, graph_error(503, "Directory_ConcurrencyViolation", "…"), RetryLater),
    "licence without usage location": Row(
        at_graph,
        invalid("License assignment cannot be done for user with invalid usage location."),
        graph.UsageLocationRefused,
        Reason.LICENCE_INVALID,
        RESOURCE,
    ),
    "no licence left": Row(
        at_graph,
        invalid(f"Subscription with SKU {SKU} does not have any available licenses."),
        graph.LicencesExhausted,
        Reason.LICENCES_EXHAUSTED,
        RESOURCE,
    ),
    "object missing": Row(at_graph, graph_error(404, "Request_ResourceNotFound", "Resource '1' …"), NotYet),
    "deletion of a user who is gone": Row(
        deleting_at_graph, graph_error(404, "Request_ResourceNotFound", "Resource '1' does not exist …"), None
    ),
    "deletion of an administrator": Row(
        deleting_at_graph,
        graph_error(403, "Authorization_RequestDenied", "Insufficient privileges …"),
        Hold,
        Reason.CONSENT_MISSING,
        RESOURCE,
    ),
    "directory missing": Row(
        at_graph, graph_error(404, "Directory_ObjectNotFound", "…"), Hold, Reason.CREDENTIALS_INVALID, TENANT
    ),
    "token empty or expired": Row(
        at_graph,
        graph_error(401, "InvalidAuthenticationToken", "Access token is empty."),
        Hold,
        Reason.CREDENTIALS_INVALID,
        TENANT,
    ),
    "application unknown to the directory": Row(
        at_graph,
        graph_error(401, "", "The identity of the calling application could not be established."),
        Hold,
        Reason.CREDENTIALS_INVALID,
        TENANT,
    ),
    "no roles in the token": Row(
        at_graph,
        graph_error(403, "Forbidden", "Required roles claim values are not provided"),
        Hold,
        Reason.CONSENT_MISSING,
        TENANT,
    ),
    "permission missing": Row(
        at_graph, graph_error(403, "Authorization_RequestDenied", "…"), Hold, Reason.CONSENT_MISSING, TENANT
    ),
    "unsupported filter": Row(
        reading_at_graph, graph_error(400, "Request_UnsupportedQuery", "…"), Hold, UNEXPECTED, STUDENT
    ),
    "$count without its header": Row(
        reading_at_graph, invalid("$count is not currently supported."), Hold, UNEXPECTED, STUDENT
    ),
    "member already": Row(
        joining_at_graph,
        invalid("One or more added object references already exist for the following modified properties: 'members'."),
        None,
    ),
    "in the administrative unit already": Row(
        joining_unit_at_graph,
        invalid("One or more added object references already exist for the following modified properties: 'members'."),
        None,
    ),
    "member absent, 404": Row(
        at_graph, graph_error(404, "Request_ResourceNotFound", "One or more removed object references …"), NotYet
    ),
    "member absent, 400": Row(
        at_graph, invalid("One or more removed object references do not exist …"), Hold, UNEXPECTED, STUDENT
    ),
    "throttled": Row(at_graph, graph_error(429, "TooManyRequests", "…", **{"retry-after": "2.128"}), Throttled),
    "a failed dependency in a batch": Row(at_graph, graph_error(424, "FailedDependency", "…"), NotYet),
    "500": Row(at_graph, graph_error(500, "UnknownError", "…"), OutcomeUnknown),
    "502 as a page": Row(at_graph, Answer(502, {}, b"<html>"), OutcomeUnknown),
    "503": Row(at_graph, graph_error(503, "ServiceUnavailable", "…"), OutcomeUnknown),
    "504 without a body": Row(at_graph, Answer(504), OutcomeUnknown),
    "503 to a read": Row(reading_at_graph, graph_error(503, "ServiceUnavailable", "…"), Unavailable),
}

GOOGLE = {
    "duplicate address": Row(at_google, google_error(409, "duplicate", "Entity already exists."), AddressTaken),
    "user still being created": Row(
        at_google, google_error(412, "conditionNotMet", "User creation is not complete."), NotYet
    ),
    "alias limit, 412": Row(
        renaming_at_google, google_error(412, "limitExceeded", "…"), Hold, Reason.QUOTA_EXCEEDED, STUDENT
    ),
    "alias limit, 403": Row(
        renaming_at_google, google_error(403, "limitExceeded", "…"), Hold, Reason.QUOTA_EXCEEDED, STUDENT
    ),
    "address of a rename": Row(
        renaming_at_google, google_error(409, "duplicate", "Entity already exists."), AddressTaken
    ),
    "user not found": Row(at_google, google_error(404, "notFound", "Resource Not Found: userKey"), NotYet),
    "deletion of a user who is gone": Row(
        deleting_at_google, google_error(404, "notFound", "Resource Not Found: userKey"), None
    ),
    "deletion of a user who is still being created": Row(
        deleting_at_google, google_error(412, "conditionNotMet", "User creation is not complete."), NotYet
    ),
    "group not found": Row(
        at_google, google_error(404, "notFound", "Resource Not Found: groupKey"), Hold, Reason.GROUP_MISSING, RESOURCE
    ),
    "member not found": Row(at_google, google_error(404, "notFound", "Resource Not Found: memberKey"), NotYet),
    "domain not found": Row(
        at_google,
        google_error(404, "notFound", "Resource Not Found: domain"),
        Hold,
        Reason.DOMAIN_NOT_VERIFIED,
        OPERATION,
    ),
    "organisational unit missing": Row(
        at_google,
        google_error(400, "invalid", "Invalid Input: INVALID_OU_ID"),
        Hold,
        Reason.ORG_UNIT_MISSING,
        RESOURCE,
    ),
    "bad or foreign address": Row(
        at_google,
        google_error(400, "invalid", "Invalid Input: primary_user_email"),
        Hold,
        Reason.DOMAIN_NOT_VERIFIED,
        STUDENT,
    ),
    "foreign domain, in other words": Row(
        at_google, google_error(400, "invalid", "Domain not found."), Hold, Reason.DOMAIN_NOT_VERIFIED, OPERATION
    ),
    "bad name": Row(
        at_google,
        google_error(400, "invalid", "Invalid Given/Family Name: FamilyName"),
        GiveUp,
        Reason.INVALID_PROFILE,
    ),
    "bad password": Row(at_google, google_error(400, "invalid", "Invalid Password"), Hold, UNEXPECTED, STUDENT),
    "bad schema": Row(
        at_google, google_error(400, "invalid", "Invalid Input: custom_schema"), Hold, UNEXPECTED, STUDENT
    ),
    "privilege missing": Row(
        at_google,
        google_error(403, "forbidden", "Not Authorized to access this resource/api"),
        Hold,
        Reason.CONSENT_MISSING,
        TENANT,
    ),
    "scope missing": Row(
        at_google,
        google_error(403, "insufficientPermissions", "Request had insufficient authentication scopes."),
        Hold,
        Reason.CONSENT_MISSING,
        TENANT,
    ),
    "API disabled": Row(at_google, google_error(403, "domainCannotUseApis", "…"), Hold, Reason.CONSENT_MISSING, TENANT),
    "token refused": Row(
        at_google, google_error(401, "authError", "Invalid Credentials"), Hold, Reason.CREDENTIALS_INVALID, TENANT
    ),
    "user limit": Row(
        at_google,
        google_error(412, "DomainUserLimitExceeded", "Domain user limit exceeded."),
        Hold,
        Reason.LICENCES_EXHAUSTED,
        OPERATION,
    ),
    "archived users' limit": Row(
        at_google,
        google_error(412, "insufficientArchivedUserLicenses", "…"),
        Hold,
        Reason.LICENCES_EXHAUSTED,
        OPERATION,
    ),
    "rate of a user": Row(at_google, google_error(403, "userRateLimitExceeded", "…"), Throttled),
    "quota of a project": Row(
        at_google, google_error(403, "rateLimitExceeded", "Quota exceeded for quota metric 'Queries' …"), Throttled
    ),
    "concurrent requests, 403": Row(at_google, google_error(403, "quotaExceeded", "…"), Throttled),
    "concurrent requests, 429": Row(at_google, google_error(429, "rateLimitExceeded", "…"), Throttled),
    "member already": Row(joining_at_google, google_error(409, "duplicate", "Member already exists."), None),
    "member already, without a known reason": Row(
        joining_at_google, google_error(409, "generic409", "Member already exists."), None
    ),
    "member on its way": Row(joining_at_google, google_error(409, "conflict", "…"), None),
    "backend": Row(at_google, google_error(500, "backendError", "…"), OutcomeUnknown),
    "backend, as a page": Row(at_google, Answer(503, {}, b"<html>"), OutcomeUnknown),
    "rate of the License Manager": Row(at_google, google_error(503, "backendError", "…"), OutcomeUnknown),
}

MAILGUN = {
    "sender missing": Row(
        at_mailgun, mailgun_error(400, "from parameter is missing"), Hold, Reason.MAIL_REFUSED, TENANT
    ),
    "recipient invalid": Row(
        at_mailgun,
        mailgun_error(400, "to parameter is not a valid address. please check documentation"),
        GiveUp,
        Reason.NO_CONTACT_ADDRESS,
    ),
    "text missing": Row(
        at_mailgun,
        mailgun_error(400, "Need at least one of 'text', 'html', 'amp-html' or 'template' parameters specified"),
        Hold,
        UNEXPECTED,
        STUDENT,
    ),
    "two kinds of text": Row(
        at_mailgun,
        mailgun_error(400, "Only one parameters 'html' or 'template' is allowed."),
        Hold,
        UNEXPECTED,
        STUDENT,
    ),
    "options too long": Row(
        at_mailgun,
        mailgun_error(400, "Send options (parameters starting with o:, h:, or v:) are limited to 16KB total"),
        Hold,
        UNEXPECTED,
        STUDENT,
    ),
    "domain may not send": Row(
        at_mailgun,
        mailgun_error(400, "Domain mg.school.example is not allowed to send: it is disabled"),
        Hold,
        Reason.MAIL_REFUSED,
        TENANT,
    ),
    "too many recipients": Row(
        at_mailgun, mailgun_error(400, "Too many recipients, max is 1000"), Hold, UNEXPECTED, STUDENT
    ),
    "key refused, as a bare text": Row(
        at_mailgun, Answer(401, {}, b'"Forbidden"'), Hold, Reason.CREDENTIALS_INVALID, TENANT
    ),
    "payment": Row(at_mailgun, mailgun_error(402, "Request Failed"), Hold, Reason.QUOTA_EXCEEDED, TENANT),
    "key without this right": Row(at_mailgun, mailgun_error(403, "Forbidden"), Hold, Reason.MAIL_REFUSED, TENANT),
    "domain not found": Row(
        at_mailgun, mailgun_error(404, "Domain not found: mg.school.example"), Hold, Reason.MAIL_REFUSED, TENANT
    ),
    "too large": Row(at_mailgun, mailgun_error(413, "Request Entity Too Large"), Hold, UNEXPECTED, STUDENT),
    "throttled, by its words": Row(
        at_mailgun,
        mailgun_error(
            429, "Domain x is not allowed to send: account-requests-per-sec limit exceeded, try again after 120 seconds"
        ),
        Throttled,
    ),
    "throttled, by Retry-After": Row(at_mailgun, mailgun_error(429, "…", **{"retry-after": "120"}), Throttled),
    "throttled, by X-RateLimit-Reset": Row(
        at_mailgun, mailgun_error(429, "…", **{"x-ratelimit-reset": f"{NOW + 120}"}), Throttled
    ),
    "500": Row(at_mailgun, mailgun_error(500, "Internal Server Error"), OutcomeUnknown),
}

ROWS = {
    f"{vendor}: {name}": row
    for vendor, rows in {"Graph": GRAPH, "Google": GOOGLE, "Mailgun": MAILGUN}.items()
    for name, row in rows.items()
}


@pytest.mark.contract(ERRORS)
@pytest.mark.parametrize("name", ROWS)
def test_the_error_has_its_disposition(name: str) -> None:
    row = ROWS[name]
    found = row.meant(row.answer)
    assert type(found) is (row.kind or type(None))
    if row.reason is not None:
        assert getattr(found, "reason", None) is row.reason
    if isinstance(found, Hold):
        assert found.scope is row.scope
    if isinstance(found, Throttled) and "throttled" in name:
        assert found.after in {2.128, 120.0}
