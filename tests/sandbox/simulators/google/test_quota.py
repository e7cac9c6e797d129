"""Calls too many are refused in the ways that are documented, each customer's and each administrator's by themselves."""

from typing import Any

import pytest

from sandbox.simulators.google.quirks import GoogleQuirks
from sandbox.simulators.google.quota import Quota
from sandbox.simulators.google.refusals import Refusal
from sandbox.simulators.google.tokens import Grant
from tests.sandbox.simulators.clock import START, Clock

GRANT = Grant("service@project.example", "admin@academy.example", frozenset(), START + 3_600)
OTHER = Grant("service@project.example", "admin@lyceum.example", frozenset(), START + 3_600)


def new(address: str) -> dict[str, Any]:
    return {"primaryEmail": address}


def test_ten_creations_a_second_pass_in_each_domain(clock: Clock) -> None:
    quota = Quota(GoogleQuirks(creations_per_second=10), clock=clock)
    for number in range(10):
        quota.charge_creation(new(f"s{number}@academy.example"))
    with pytest.raises(Refusal):
        quota.charge_creation(new("s10@ACADEMY.example"))
    quota.charge_creation(new("s@lyceum.example"))
    clock.now += 0.125
    quota.charge_creation(new("s10@academy.example"))


def test_queries_are_counted_for_each_administrator(clock: Clock) -> None:
    quota = Quota(GoogleQuirks(queries_per_minute=2), clock=clock)
    quota.charge(GRANT)
    quota.charge(GRANT)
    with pytest.raises(Refusal):
        quota.charge(GRANT)
    quota.charge(OTHER)
    clock.now += 30
    quota.charge(GRANT)


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize("reason", ["quotaExceeded", "userRateLimitExceeded", "rateLimitExceeded"])
def test_the_refusal_says_what_the_quirks_say(clock: Clock, status: Any, reason: Any) -> None:
    quota = Quota(GoogleQuirks(queries_per_minute=1, quota_status=status, quota_reason=reason), clock=clock)
    quota.charge(GRANT)
    with pytest.raises(Refusal) as refused:
        quota.charge(GRANT)
    error = refused.value.body()["error"]
    assert (error["code"], error["errors"][0]["reason"], error["errors"][0]["domain"]) == (
        status,
        reason,
        "usageLimits",
    )


def test_without_quotas_everything_passes(clock: Clock) -> None:
    quota = Quota(GoogleQuirks(), clock=clock)
    for _ in range(5_000):
        quota.charge(GRANT)
        quota.charge_creation(new("s@academy.example"))
