"""What Graph's limits are charged for our calls, and what its answers say of them."""

import pytest

from consumer.events import StepName
from consumer.http.answer import Answer
from consumer.http.client import Call
from consumer.pacing.limit import Limit
from consumer.providers.microsoft import graph_requests
from consumer.providers.microsoft.limits import GraphTerms
from consumer.providers.microsoft.marker_field import MarkerField
from consumer.settings import SecretRef
from consumer.tenants import MicrosoftLimits, MicrosoftSection

BASE = "https://graph.microsoft.com"
FIELD = MarkerField("employeeId")
DIRECTORY, APPLICATION = "6babcaad-604b-40ac-a9d7-9fd97c0b779f", "0785ef7c-2d7a-4542-b048-95bcab406e0b"


def terms(*, directory: str = DIRECTORY, application: str = APPLICATION) -> GraphTerms:
    section = MicrosoftSection(
        tenant_id=directory,
        client_id=application,
        client_secret=SecretRef("env:SECRET"),
        usage_location="GR",
        limits=MicrosoftLimits(writes=3000),
    )
    return GraphTerms(section)


def get(url: str) -> Call:
    return Call("microsoft", "read", "GET", url)


def keys(of: GraphTerms) -> set[str]:
    return {limit.key for limit in of.of_call(WRITE)}


WRITE = Call("microsoft", "create", "POST", graph_requests.users(BASE), writes=True)


def refused(call: Call, **headers: str) -> Limit | None:
    return terms().refused(call, Answer(429, {name.replace("_", "-"): value for name, value in headers.items()}))


@pytest.mark.parametrize(
    ("url", "units"),
    [
        (graph_requests.shown_user(BASE, "1", FIELD), 1),
        (graph_requests.user(BASE, "1"), 1),
        (graph_requests.users_marked(BASE, FIELD, "~abc"), 1),
        (f"{BASE}/v1.0/users?$filter=x", 2),
        (graph_requests.memberships(BASE, "1"), 2),
        (f"{BASE}/v1.0/subscribedSkus", 3),
        (f"{BASE}/v1.0/users/1?$expand=memberOf", 2),
    ],
)
def test_a_read_costs_the_units_of_the_published_table(url: str, units: int) -> None:
    assert {limit.name: cost for limit, cost in terms().of_call(get(url)).items()} == {"resource_units": units}


def test_a_write_counts_as_a_write_in_three_scopes_and_as_one_unit() -> None:
    cost = {limit.name: tokens for limit, tokens in terms().of_call(WRITE).items()}
    assert cost == {"writes": 1, "directory_writes": 1, "application_writes": 1, "resource_units": 1}


def test_a_step_takes_in_advance_what_its_call_costs() -> None:
    assert terms().of_step(StepName.CREATE, writes=True) == terms().of_call(WRITE)


def test_writes_are_counted_for_an_application_in_a_directory_and_for_each_alone() -> None:
    own = keys(terms())
    assert len(own & keys(terms(application=APPLICATION.upper()))) == 4
    assert len(own & keys(terms(directory="00000000-0000-0000-0000-000000000001"))) == 1
    assert len(own & keys(terms(application="00000000-0000-0000-0000-000000000002"))) == 1


def test_the_vendors_answer_says_which_limit_is_used_up() -> None:
    scope = "{}/Write/app/tenant"
    names = [
        refused(WRITE),
        refused(WRITE, x_ms_throttle_information="WriteLimitExceeded"),
        refused(WRITE, x_ms_throttle_information="ResourceUnitLimitExceeded"),
        refused(WRITE, x_ms_throttle_scope=scope.format("Tenant_Application")),
        refused(WRITE, x_ms_throttle_scope=scope.format("Tenant")),
        refused(WRITE, x_ms_throttle_scope=scope.format("Application")),
        refused(get(graph_requests.users(BASE))),
    ]
    assert [limit.name if limit else None for limit in names] == [
        "writes",
        "writes",
        "resource_units",
        "writes",
        "directory_writes",
        "application_writes",
        "resource_units",
    ]


def test_other_answers_refuse_for_no_limit() -> None:
    assert [terms().refused(WRITE, Answer(status)) for status in (201, 400, 403, 503)] == [None] * 4


@pytest.mark.parametrize(("shown", "used"), [("0.93", 0.93), ("much", None), (None, None)])
def test_the_share_that_is_used_is_read_where_it_is_shown(shown: str | None, used: float | None) -> None:
    headers = {} if shown is None else {"x-ms-throttle-limit-percentage": shown}
    assert terms().used(Answer(200, headers)) == used
