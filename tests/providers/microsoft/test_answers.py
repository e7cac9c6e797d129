"""What Graph's answers mean: the catalogue of what has been seen, row by row."""

import json
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
from consumer.providers.api import Classify
from consumer.providers.microsoft.answers import (
    FeatureNotLicensed,
    LicencesExhausted,
    UsageLocationRefused,
    fault_of,
    joining,
    joining_unit,
    leaving_unit,
    of_one_permission,
    reading_roles,
)
from testbed.fakes.http import json_answer

NOW = 1_767_225_600.0


def answer(status: int, code: str = "", message: str = "", **more: Any) -> Answer:
    headers: dict[str, str] = more.pop("headers", {})
    body = {"error": {"code": code, "message": message, **more}}
    return Answer(status, headers, json.dumps(body).encode())


def fault(of: Answer, *, writes: bool = True) -> Fault | None:
    return fault_of(of, writes=writes, now=NOW)


BAD = "Request_BadRequest"
POOL = "314c4481-f395-4525-be8b-2ec4bb1e9d91"
CONFLICT = {"details": [{"target": "userPrincipalName", "code": "ObjectConflict"}]}


@pytest.mark.parametrize(
    "of",
    [
        json_answer(id="x"),
        json_answer(201, id="x"),
        json_answer(value=[]),
        Answer(200, {}, b'{"@odata.context": "https://entity"}'),
        Answer(204),
    ],
)
def test_success_is_no_fault(of: Answer) -> None:
    assert fault(of) is None


@pytest.mark.parametrize(
    "of",
    [
        Answer(200),
        json_answer(),
        json_answer(value=7),
        Answer(200, {}, b"[]"),
        json_answer(202, id="x"),
        Answer(204, {}, b"<html>"),
    ],
)
def test_a_success_that_shows_nothing_of_graphs_does_not_tell_what_was_done(of: Answer) -> None:
    assert type(fault(of)) is OutcomeUnknown
    assert type(fault(of, writes=False)) is Unavailable


@pytest.mark.parametrize(
    ("of", "kind"),
    [
        (
            answer(400, BAD, "Another object with the same value for property userPrincipalName already exists."),
            AddressTaken,
        ),
        (answer(400, BAD, "Another object …", **CONFLICT), AddressTaken),
        (
            answer(
                422, "Request_UnprocessableEntity", "", details=[{"target": "mailNickname", "code": "PropertyConflict"}]
            ),
            AddressTaken,
        ),
        (answer(400, BAD, "Another object with the same value for property proxyAddresses …"), AddressTaken),
        (answer(400, BAD, "Another object with the same value for property imAddress …"), Hold),
        (answer(400, BAD, "The domain portion of the userPrincipalName property is invalid."), Hold),
        (answer(400, BAD, "Property userPrincipalName is invalid."), Hold),
        (answer(400, BAD, "Property displayName is invalid."), GiveUp),
        (answer(400, BAD, "Invalid value specified for property 'surname' of resource 'User'."), GiveUp),
        (answer(400, BAD, "A value is required for property 'displayName' of resource 'User'."), GiveUp),
        (answer(400, BAD, "…", details=[{"target": "givenName", "code": "InvalidLength"}]), GiveUp),
        (answer(400, BAD, "…", details=[{"target": "givenName", "code": "x"}, {"target": "employeeId"}]), Hold),
        (answer(400, BAD, "Invalid value specified for property 'employeeId' of resource 'User'."), Hold),
        (answer(400, BAD, "Invalid value specified for property 'usageLocation' of resource 'User'."), Hold),
        (answer(400, BAD, "One or more properties contains invalid values."), Hold),
        (answer(400, BAD, "One or more property values specified are invalid."), NotYet),
        (answer(400, BAD, "The specified password does not comply with password complexity requirements."), Hold),
        (
            answer(400, BAD, "License assignment cannot be done for user with invalid usage location."),
            UsageLocationRefused,
        ),
        (answer(400, BAD, "Subscription with SKU 1 does not have any available licenses."), LicencesExhausted),
        (answer(400, BAD, "License 1 does not correspond to a valid company License."), Hold),
        (answer(400, "BadRequest", "Unable to read JSON request payload. …"), Hold),
        (answer(400, "Request_UnsupportedQuery", "Unsupported or invalid query filter clause …"), Hold),
        (answer(401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired."), Hold),
        (answer(401, "", "The identity of the calling application could not be established."), Hold),
        (answer(403, "", "Required roles claim values are not provided"), Hold),
        (answer(403, "Directory_QuotaExceeded", "…"), Hold),
        (answer(409, "Directory_ConcurrencyViolation", "…"), RetryLater),
        (answer(503, "Directory_ConcurrencyViolation", "…"), RetryLater),
        (answer(404, "Request_ResourceNotFound", "Resource 'x' does not exist …"), NotYet),
        (answer(404, "Directory_ObjectNotFound", "Unable to read the company information from the directory."), Hold),
        (answer(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."), Hold),
        (answer(404, "Request_ResourceNotFound", "One or more removed object references do not exist …"), NotYet),
        (answer(424, "FailedDependency", "…"), NotYet),
        (answer(429, "TooManyRequests", "Please retry again later."), Throttled),
        (Answer(429, {}, b""), Throttled),
        (answer(500, "UnknownError"), OutcomeUnknown),
        (Answer(502, {}, b"<html>Bad Gateway</html>"), OutcomeUnknown),
        (answer(503, "ServiceUnavailable"), OutcomeUnknown),
        (Answer(504, {}, b""), OutcomeUnknown),
        (Answer(201, {}, b"<html>welcome to the proxy</html>"), OutcomeUnknown),
        (Answer(201, {}, b'{"id": "1'), OutcomeUnknown),
        (Answer(202, {}, b"{}"), OutcomeUnknown),
        (Answer(302, {"location": "https://elsewhere"}, b""), Hold),
    ],
)
def test_each_refusal_of_a_write_has_its_meaning(of: Answer, kind: type[Fault]) -> None:
    assert type(fault(of)) is kind


@pytest.mark.parametrize("of", [Answer(500), Answer(502, {}, b"<html>"), Answer(503), Answer(200, {}, b"<html>")])
def test_a_read_that_failed_has_changed_nothing(of: Answer) -> None:
    assert type(fault(of, writes=False)) is Unavailable


@pytest.mark.parametrize(
    ("header", "after"), [("30", 30.0), ("2.128", 2.128), ("Thu, 01 Jan 2026 00:01:00 GMT", 60.0), (None, None)]
)
def test_the_time_to_wait_is_taken_from_the_answer(header: str | None, after: float | None) -> None:
    headers = {"retry-after": header} if header else {}
    found = fault(answer(429, "TooManyRequests", headers=headers))
    assert isinstance(found, Throttled)
    assert found.after == after


@pytest.mark.parametrize(
    ("of", "reason", "scope"),
    [
        (Answer(302), Reason.UNEXPECTED_ANSWER, Scope.TENANT),
        (answer(400, "BadRequest"), Reason.UNEXPECTED_ANSWER, Scope.STUDENT),
        (answer(400, BAD, "Something new."), Reason.UNEXPECTED_ANSWER, Scope.STUDENT),
        (answer(400, BAD, "The specified password does not comply …"), Reason.UNEXPECTED_ANSWER, Scope.STUDENT),
        (Answer(401), Reason.CREDENTIALS_INVALID, Scope.TENANT),
        (answer(403, "Authorization_RequestDenied"), Reason.CONSENT_MISSING, Scope.TENANT),
        (answer(404, "Directory_ObjectNotFound"), Reason.CREDENTIALS_INVALID, Scope.TENANT),
        (answer(400, BAD, "… for user with invalid usage location."), Reason.LICENCE_INVALID, Scope.RESOURCE),
        (answer(400, BAD, "… ProhibitedInUsageLocationViolation …"), Reason.LICENCE_INVALID, Scope.RESOURCE),
        (answer(400, BAD, "License 1 … a valid company License."), Reason.LICENCE_INVALID, Scope.RESOURCE),
        (answer(400, BAD, "… does not have any available licenses."), Reason.LICENCES_EXHAUSTED, Scope.RESOURCE),
        (answer(400, BAD, "The domain portion of …"), Reason.DOMAIN_NOT_VERIFIED, Scope.OPERATION),
        (answer(400, BAD, "Property userPrincipalName is invalid."), Reason.DOMAIN_NOT_VERIFIED, Scope.STUDENT),
        (answer(400, BAD, "… property 'usageLocation' of …"), Reason.TENANT_UNUSABLE, Scope.OPERATION),
        (
            answer(400, BAD, "The following extension properties are not available: extension_1_x."),
            Reason.TENANT_UNUSABLE,
            Scope.TENANT,
        ),
        (answer(400, BAD, "… on-premises mastered Directory Sync …"), Reason.SYNCHRONISED_ACCOUNT, Scope.STUDENT),
        (answer(403, "Directory_QuotaExceeded"), Reason.QUOTA_EXCEEDED, Scope.OPERATION),
    ],
)
def test_what_waits_for_a_person_says_whom_it_concerns(of: Answer, reason: Reason, scope: Scope) -> None:
    found = fault(of)
    assert isinstance(found, Hold)
    assert (found.reason, found.scope) == (reason, scope)


def test_a_property_that_stays_refused_is_not_blamed_on_the_account() -> None:
    found = fault(answer(400, BAD, "One or more property values specified are invalid."))
    assert isinstance(found, NotYet)
    assert found.reason is Reason.UNEXPECTED_ANSWER


# --- the vendor's own code ---


@pytest.mark.parametrize(
    ("of", "code"),
    [
        (answer(403, "Authorization_RequestDenied", "Insufficient privileges …"), "403 Authorization_RequestDenied"),
        (answer(400, BAD, "Another object with the same value for property mail …"), "400 Request_BadRequest"),
        (answer(404, "Request_ResourceNotFound"), "404 Request_ResourceNotFound"),
        (Answer(502, {}, b"<html>"), "502"),
        (answer(429, "TooManyRequests"), "429 TooManyRequests"),
        (answer(400, BAD, "Please choose another fruit."), "400 Request_BadRequest: Please choose another fruit."),
        (answer(418, "Tea pot", ""), "418"),
    ],
)
def test_every_fault_has_the_vendor_s_code_and_what_no_table_knows_its_words(of: Answer, code: str) -> None:
    found = fault(of)
    assert found is not None
    assert found.code == code


def test_a_code_repeats_nothing_of_the_request() -> None:
    refusal = answer(400, BAD, "The name maria is taken by Rossi, see 'maria.rossi@school.example'.")
    found = fault_of(refusal, writes=True, now=NOW, asked=["Maria", "Rossi"])
    assert found is not None
    assert found.code == "400 Request_BadRequest: The name … is taken by … see …"


# --- refusals from real reports ---


REPORTED = [
    (fault_of, 400, "SourceAnchor is a required property for creation of a federated user.", Reason.DOMAIN_NOT_VERIFIED, Scope.OPERATION),
    (joining("g"), 400, "Cannot Update a mail-enabled security groups and or distribution list.", Reason.GROUP_REFUSED, Scope.RESOURCE),
    (joining("g"), 403, "Insufficient privileges to complete the operation.", Reason.GROUP_REFUSED, Scope.RESOURCE),
    (joining_unit("u"), 403, "Insufficient privileges to complete the operation.", Reason.ADMIN_UNIT_REFUSED, Scope.RESOURCE),
]  # fmt: skip


@pytest.mark.parametrize(("classify", "status", "message", "reason", "scope"), REPORTED)
def test_a_reported_refusal_holds_those_whom_its_cause_concerns(
    classify: Classify, status: int, message: str, reason: Reason, scope: Scope
) -> None:
    code = {400: BAD, 403: "Authorization_RequestDenied"}[status]
    found = classify(answer(status, code, message), writes=True, now=NOW)
    assert isinstance(found, Hold)
    assert (found.reason, found.scope, found.code) == (reason, scope, f"{status} {code}")


# --- groups ---


GROUP = "6babcaad-604b-40ac-a9d7-9fd97c0b779f"
ABSENT = "One or more removed object references do not exist for the following modified properties: 'members'."


def test_being_a_member_already_is_success() -> None:
    member = answer(
        400, BAD, "One or more added object references already exist for the following modified properties: 'members'."
    )
    assert joining(GROUP)(member, writes=True, now=NOW) is None
    assert isinstance(fault(member), Hold)


def test_being_in_an_administrative_unit_already_is_success() -> None:
    member = answer(
        400, BAD, "One or more added object references already exist for the following modified properties: 'members'."
    )
    assert joining_unit(GROUP)(member, writes=True, now=NOW) is None


def test_a_missing_unit_is_distinguished_from_an_account_that_is_not_visible_yet() -> None:
    def missing(ident: str) -> Fault | None:
        refusal = answer(404, "Request_ResourceNotFound", f"Resource '{ident}' does not exist …")
        return joining_unit(GROUP)(refusal, writes=True, now=NOW)

    unit = missing(GROUP)
    assert isinstance(unit, Hold)
    assert (unit.reason, unit.scope) == (Reason.ADMIN_UNIT_MISSING, Scope.RESOURCE)
    assert isinstance(missing("another"), NotYet)


@pytest.mark.parametrize(
    ("status", "message"), [(404, f"Resource '{GROUP}' does not exist …"), (400, ABSENT), (404, ABSENT)]
)
def test_who_is_not_in_a_unit_or_whose_unit_is_gone_has_left_it(status: int, message: str) -> None:
    code = BAD if status == 400 else "Request_ResourceNotFound"
    assert leaving_unit(GROUP)(answer(status, code, message), writes=True, now=NOW) is None


def test_a_missing_group_is_distinguished_from_an_account_that_is_not_visible_yet() -> None:
    def missing(ident: str) -> Fault | None:
        refusal = answer(404, "Request_ResourceNotFound", f"Resource '{ident}' does not exist …")
        return joining(GROUP)(refusal, writes=True, now=NOW)

    group = missing(GROUP)
    assert isinstance(group, Hold)
    assert (group.reason, group.scope) == (Reason.GROUP_MISSING, Scope.RESOURCE)
    assert isinstance(missing("another"), NotYet)


def test_a_group_whose_replica_does_not_know_the_account_yet_is_asked_again() -> None:
    early = answer(400, BAD, "Not a valid reference update.")
    assert isinstance(joining(GROUP)(early, writes=True, now=NOW), NotYet)


def test_a_full_group_holds_only_those_who_need_it() -> None:
    full = answer(
        403, "Directory_QuotaExceeded", "… would exceed the maximum quota count '100' for forward-link members"
    )
    found = joining(GROUP)(full, writes=True, now=NOW)
    assert isinstance(found, Hold)
    assert (found.reason, found.scope) == (Reason.QUOTA_EXCEEDED, Scope.RESOURCE)


@pytest.mark.parametrize(
    "message",
    [
        "Unable to update the specified properties for on-premises mastered Directory Sync objects …",
        "The group has dynamic membership.",
    ],
)
def test_a_group_whose_members_are_managed_elsewhere_holds_only_those_who_need_it(message: str) -> None:
    found = joining(GROUP)(answer(400, BAD, message), writes=True, now=NOW)
    assert isinstance(found, Hold)
    assert (found.reason, found.scope) == (Reason.GROUP_REFUSED, Scope.RESOURCE)


@pytest.mark.parametrize(
    ("of", "kind"),
    [
        (answer(400, BAD, "Something new."), Hold),
        (answer(429, "TooManyRequests"), Throttled),
        (Answer(401), Hold),
        (Answer(403, {}, b"<html>"), OutcomeUnknown),
    ],
)
def test_what_is_no_trouble_of_the_group_s_means_what_it_always_means(of: Answer, kind: type[Fault]) -> None:
    found, usual = joining(GROUP)(of, writes=True, now=NOW), fault(of)
    assert type(found) is kind
    assert (str(found), getattr(found, "scope", None)) == (str(usual), getattr(usual, "scope", None))


# --- calls with a permission of their own ---


def test_a_missing_permission_that_serves_one_purpose_holds_only_those_who_need_it() -> None:
    licensing = of_one_permission(Reason.CONSENT_MISSING, "No permission to give licences.")
    found = licensing(answer(403, "Authorization_RequestDenied"), writes=True, now=NOW)
    assert isinstance(found, Hold)
    assert (found.reason, found.scope) == (Reason.CONSENT_MISSING, Scope.RESOURCE)
    assert (str(found), found.code) == ("No permission to give licences.", "403 Authorization_RequestDenied")


def test_an_empty_pool_of_licences_is_named() -> None:
    none_left = f"Subscription with SKU {POOL.upper()} does not have any available licenses."
    found = fault(answer(400, BAD, none_left))
    assert isinstance(found, LicencesExhausted)
    assert (found.pool, found.code) == (POOL, f"400 Request_BadRequest: {POOL}")
    assert str(found) == f"No licences in the pool {POOL} are left."


def test_an_empty_pool_that_graph_does_not_name_is_recognised_all_the_same() -> None:
    found = fault(answer(400, BAD, "The subscription does not have any available licenses."))
    assert isinstance(found, LicencesExhausted)
    assert (found.pool, found.code) == (None, "400 Request_BadRequest")


def test_a_rejected_token_holds_the_tenant_whatever_the_call() -> None:
    found = of_one_permission(Reason.CONSENT_MISSING, "…")(Answer(401), writes=True, now=NOW)
    assert isinstance(found, Hold)
    assert found.scope is Scope.TENANT


# --- roles ---


@pytest.mark.parametrize(
    "of",
    [
        answer(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."),
        answer(403, "UnknownError", '{"errorCode":"PermissionScopeNotGranted"}'),
        answer(400, "Request_UnsupportedQuery", "…"),
    ],
)
def test_a_refused_look_up_of_roles_holds_those_who_need_it_and_keeps_the_code(of: Answer) -> None:
    found, usual = reading_roles(of, writes=False, now=NOW), fault(of, writes=False)
    assert isinstance(found, Hold)
    assert usual is not None
    assert (found.reason, found.scope, found.code) == (Reason.ROLES_UNREADABLE, Scope.RESOURCE, usual.code)


def test_a_directory_without_the_licence_for_eligible_roles_is_distinguished() -> None:
    unlicensed = answer(400, "AadPremiumLicenseRequired", "The tenant needs to have Microsoft Entra ID P2 or …")
    assert isinstance(reading_roles(unlicensed, writes=False, now=NOW), FeatureNotLicensed)


@pytest.mark.parametrize(
    ("of", "kind"), [(Answer(500), Unavailable), (Answer(429), Throttled), (json_answer(value=[]), None)]
)
def test_a_look_up_of_roles_that_was_not_refused_means_what_it_always_means(
    of: Answer, kind: type[Fault] | None
) -> None:
    found = reading_roles(of, writes=False, now=NOW)
    assert found is None if kind is None else type(found) is kind


# --- refusals of others ---


@pytest.mark.parametrize("status", [400, 403, 404, 409])
def test_a_refusal_that_is_not_in_graphs_own_words_does_not_tell_what_graph_has_done(status: int) -> None:
    page = Answer(status, {}, b"<html>blocked by policy</html>")
    assert isinstance(fault(page), OutcomeUnknown)
    assert isinstance(fault(page, writes=False), Unavailable)


@pytest.mark.parametrize(("status", "code"), [(418, "Teapot"), (405, ""), (410, "Gone")])
def test_what_no_table_knows_waits_for_a_person(status: int, code: str) -> None:
    assert isinstance(fault(answer(status, code)), Hold)
