"""What the Directory API's limits are charged for our calls, and what its answers say of them."""

import json

import pytest

from consumer.events import StepName
from consumer.http.answer import Answer
from consumer.http.client import Call
from consumer.pacing.limit import Limit
from consumer.providers.google import directory_requests
from consumer.providers.google.limits import GoogleTerms, LicensingTerms
from consumer.settings import SecretRef
from consumer.tenants import GoogleLimits, GoogleSection

BASE = "https://admin.googleapis.com"
CREATE = Call("google", "create", "POST", directory_requests.users(BASE), writes=True)
JOIN = Call("google", "add_to_group", "POST", directory_requests.members(BASE, "g"), writes=True)
RESTORE = Call("google", "restore", "POST", directory_requests.user(BASE, "1") + "/undelete", writes=True)
CREATE_UNIT = Call(
    "google", "create_org_unit", "POST", directory_requests.new_org_unit(BASE, "my_customer"), writes=True
)
READ = Call("google", "read", "GET", directory_requests.user(BASE, "1"))


def terms(*, administrator: str = "admin@school.example", domain: str = "students.school.example") -> GoogleTerms:
    return GoogleTerms(GoogleSection(service_account=SecretRef("env:KEY"), admin_subject=administrator), domain=domain)


def limited(reason: str, status: int = 403) -> Answer:
    return Answer(status, body=json.dumps({"error": {"code": status, "errors": [{"reason": reason}]}}).encode())


@pytest.mark.parametrize(
    ("call", "cost"),
    [
        (CREATE, {"creations": 1, "queries": 1}),
        (JOIN, {"queries": 1}),
        (RESTORE, {"queries": 1}),
        (READ, {"queries": 1}),
        (CREATE_UNIT, {"org_units": 1, "queries": 1}),
    ],
)
def test_every_call_is_a_query_and_a_new_account_a_creation_too(call: Call, cost: dict[str, int]) -> None:
    assert {limit.name: tokens for limit, tokens in terms().of_call(call).items()} == cost


def test_the_step_that_creates_takes_a_creation_in_advance_and_its_look_ups_do_not() -> None:
    assert terms().of_step(StepName.CREATE, writes=True) == terms().of_call(CREATE)
    assert terms().of_step(StepName.CREATE, writes=False) == terms().of_call(READ)


def test_tenants_with_one_administrator_share_queries_and_those_of_one_domain_creations() -> None:
    own, same_domain = terms().of_call(CREATE), terms(administrator="other@school.example").of_call(CREATE)
    assert {limit.name for limit in own if limit in same_domain} == {"creations"}
    other_domain = terms(domain="staff.school.example").of_call(CREATE)
    assert {limit.name for limit in own if limit in other_domain} == {"queries"}


@pytest.mark.parametrize("reason", ["userRateLimitExceeded", "rateLimitExceeded", "quotaExceeded"])
def test_a_refused_creation_means_the_domains_limit_and_anything_else_the_administrators(reason: str) -> None:
    refused = [terms().refused(call, limited(reason)) for call in (CREATE, READ, CREATE_UNIT)]
    assert [limit.name if limit else None for limit in refused] == ["creations", "queries", "org_units"]


def test_only_units_wait_for_a_token_of_their_own() -> None:
    limits = {limit for call in (CREATE, CREATE_UNIT) for limit in terms().of_call(call)}
    assert [limit.name for limit in limits if limit.each_request] == ["org_units"]


def test_the_units_of_a_customer_are_counted_for_all_its_administrators() -> None:
    def limits(administrator: str) -> set[Limit]:
        return set(terms(administrator=administrator).of_call(CREATE_UNIT))

    shared = limits("a@school.example") & limits("b@school.example")
    assert [limit.name for limit in shared] == ["org_units"]
    assert not limits("a@school.example") & limits("a@other.example")


@pytest.mark.parametrize("answer", [limited("forbidden"), limited("duplicate", 409), Answer(503), Answer(200)])
def test_other_answers_refuse_for_no_limit(answer: Answer) -> None:
    assert terms().refused(CREATE, answer) is None


INSERT = Call(
    "google/licences", "assign_licence", "POST", "https://licensing.googleapis.com/apps/licensing/v1", writes=True
)


def licensing(*, administrator: str = "admin@school.example", a_second: float = 1.0) -> LicensingTerms:
    section = GoogleSection(
        service_account=SecretRef("env:KEY"), admin_subject=administrator, limits=GoogleLimits(licences=a_second)
    )
    return LicensingTerms(section)


def limit(terms: LicensingTerms) -> Limit:
    ((one, tokens),) = terms.of_call(INSERT).items()
    assert tokens == 1
    assert terms.of_step(StepName.LICENCES, writes=True) == {one: 1}
    return one


@pytest.mark.parametrize(("a_second", "apart"), [(1.0, 1.4), (0.2, 5.4), (10.0, 0.14)])
def test_licences_are_as_far_apart_as_the_vendor_asks_and_a_little_more(a_second: float, apart: float) -> None:
    assert limit(licensing(a_second=a_second)).interval == pytest.approx(apart)


def test_licences_and_queries_are_counted_apart_and_licences_for_each_administrator() -> None:
    assert limit(licensing()) not in terms().of_call(READ)
    assert limit(licensing()) == limit(licensing(administrator="Admin@School.example"))
    assert limit(licensing()) != limit(licensing(administrator="other@school.example"))


def test_no_student_waits_long_for_a_licence_s_turn_as_for_others() -> None:
    assert (licensing().patience or 0) <= 2
    assert terms().patience is None


@pytest.mark.parametrize("status", [503, 429])
def test_the_license_manager_refuses_for_its_limit_with_503_too(status: int) -> None:
    refusal = limited("backendError", status)
    assert licensing().refused(INSERT, refusal) == limit(licensing())
    assert licensing().refused(INSERT, Answer(503)) is None
    assert licensing().refused(INSERT, Answer(204)) is None
    assert licensing().used(refusal) is None
