"""What a call costs, and what meets a call too many: by application and directory, and what a limit's answer says of it."""

import pytest

from sandbox.simulators.graph.quirks import GraphQuirks
from sandbox.simulators.graph.quota import Quota, units
from sandbox.simulators.graph.refusals import Refusal
from sandbox.simulators.graph.tokens import Grant
from tests.sandbox.simulators.clock import START, Clock
from tests.sandbox.simulators.graph.served import CLIENT, TENANT, Graph, refusal

GRANT = Grant(TENANT, CLIENT, START + 3_600)
OTHER_APPLICATION = Grant(TENANT, "another", START + 3_600)
OTHER_DIRECTORY = Grant("another", CLIENT, START + 3_600)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def write(quota: Quota, grant: Grant = GRANT) -> None:
    quota.charge(grant, "graph.users.update", writes=True, query={})


def refused(quota: Quota, grant: Grant = GRANT) -> tuple[str, str]:
    """Which limit a write meets, and whose it is."""
    with pytest.raises(Refusal) as met:
        write(quota, grant)
    headers = met.value.headers
    return headers["x-ms-throttle-information"], headers["x-ms-throttle-scope"].partition("/")[0]


@pytest.mark.parametrize(
    ("route", "query", "cost"),
    [
        ("graph.users.list", {}, 2),
        ("graph.users.list", {"$select": "id"}, 1),
        ("graph.users.list", {"$select": "id", "$top": "5"}, 1),
        ("graph.users.list", {"$top": "100"}, 2),
        ("graph.users.list", {"$expand": "manager"}, 3),
        ("graph.users.get", {}, 1),
        ("graph.users.memberships", {}, 2),
        ("graph.subscribedSkus.list", {"$select": "skuId"}, 2),
        ("graph.subscribedSkus.list", {}, 3),
    ],
)
def test_a_read_costs_what_microsoft_s_table_says(route: str, query: dict[str, str], cost: int) -> None:
    assert units(route, query) == cost


def test_units_are_spent_by_reads_and_writes_and_come_back(clock: Clock) -> None:
    quota = Quota(GraphQuirks(resource_units=5), clock=clock)
    quota.charge(GRANT, "graph.users.list", writes=False, query={})
    quota.charge(GRANT, "graph.users.list", writes=False, query={})
    write(quota)

    assert refused(quota) == ("ResourceUnitLimitExceeded", "Tenant_Application")

    clock.now += 2
    write(quota)


@pytest.mark.parametrize(
    ("quirks", "scope", "concerned", "spared"),
    [
        (GraphQuirks(writes_per_window=1), "Tenant_Application", [], [OTHER_APPLICATION, OTHER_DIRECTORY]),
        (GraphQuirks(directory_writes=1), "Tenant", [OTHER_APPLICATION], [OTHER_DIRECTORY]),
        (GraphQuirks(application_writes=1), "Application", [OTHER_DIRECTORY], [OTHER_APPLICATION]),
    ],
)
def test_writes_are_counted_for_an_application_a_directory_and_both(
    clock: Clock, quirks: GraphQuirks, scope: str, concerned: list[Grant], spared: list[Grant]
) -> None:
    quota = Quota(quirks, clock=clock)
    write(quota)

    for grant in (GRANT, *concerned):
        assert refused(quota, grant) == ("WriteLimitExceeded", scope)
    for grant in spared:
        write(quota, grant)


@pytest.mark.parametrize(
    ("quirks", "shown"),
    [
        (GraphQuirks(resource_units=10, shows_usage=True), [None, "0.80", "1.00"]),
        (GraphQuirks(resource_units=10), [None, None, None]),
    ],
)
def test_how_much_is_used_may_be_shown_from_four_fifths_on(
    clock: Clock, quirks: GraphQuirks, shown: list[str | None]
) -> None:
    quota = Quota(quirks, clock=clock)
    answers = [quota.charge(GRANT, "graph.users.list", writes=False, query={}) for _ in range(5)]

    assert [answers[n].get("x-ms-throttle-limit-percentage") for n in (2, 3, 4)] == shown


def test_without_limits_everything_passes(clock: Clock) -> None:
    quota = Quota(GraphQuirks(), clock=clock)
    for _ in range(5_000):
        write(quota)


@pytest.mark.parametrize("quirks", [GraphQuirks(resource_units=2)])
async def test_an_answer_tells_its_cost_and_a_refusal_whose_limit_it_is(graph: Graph) -> None:
    answer = await graph.http.get("/v1.0/users")
    throttled = await graph.http.get("/v1.0/users")

    assert answer.headers["x-ms-resource-unit"] == "2"
    assert refusal(throttled) == (429, "TooManyRequests", "Please retry again later.")
    assert throttled.headers["x-ms-throttle-scope"] == f"Tenant_Application/ReadWrite/{CLIENT}/{TENANT}"
