"""One tenant's calls to one service: turns, charges, and what answers say."""

import asyncio
from collections.abc import Mapping

import pytest
from prometheus_client import CollectorRegistry

from consumer.errors import RetryLater, Unavailable
from consumer.events import StepName
from consumer.http.answer import Answer
from consumer.http.client import Call
from consumer.observe.metrics import Metrics
from consumer.pacing.limit import Limit
from consumer.pacing.pacer import Pacer
from consumer.pacing.quota import UNLIMITED, Quota, over
from consumer.pacing.terms import Cost
from consumer.policy.work_class import WorkClass
from tests.pacing.quotas import ScriptedQuotas, at_once, wanted

NARROW = Limit("narrow", "writes", 10, 1)
WIDE = Limit("wide", "resource_units", 100, 1)
READ = Call("microsoft", "read", "GET", "https://graph.example/v1.0/users/1")
WRITE = Call("microsoft", "create", "POST", "https://graph.example/v1.0/users", writes=True)


class TwoLimits:
    """Keeps `Terms`: a write costs one of each limit, a read two of the wide one."""

    patience: float | None = None

    def of_step(self, step: StepName, *, writes: bool) -> Cost:
        del step
        return {NARROW: 1, WIDE: 1} if writes else {WIDE: 1}

    def of_call(self, call: Call) -> Cost:
        return {NARROW: 1, WIDE: 1} if call.writes else {WIDE: 2}

    def refused(self, call: Call, answer: Answer) -> Limit | None:
        if answer.status != 429:
            return None
        return NARROW if call.writes else WIDE

    def used(self, answer: Answer) -> float | None:
        used = answer.headers.get("used")
        return None if used is None else float(used)


class Vendor:
    """Keeps `Http`."""

    def __init__(self, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self._answer = Answer(status, headers or {})

    async def send(self, call: Call, *, timeout: float) -> Answer:
        del call, timeout
        return self._answer


async def nothing() -> None:
    """What callers do when they must wait."""


class Process:
    """A pacer over scripted portions."""

    def __init__(self, *tokens: int) -> None:
        self.metrics = Metrics(CollectorRegistry())
        self.quotas = ScriptedQuotas(*(at_once(count) for count in tokens))
        self.pacer = Pacer(self.quotas, self.metrics)
        self.quota = self.quota_of("north")

    def quota_of(self, tenant_id: str) -> Quota:
        return Quota(tenant_id, "microsoft", TwoLimits(), self.pacer)

    def sample(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, labels)


async def test_a_call_in_its_turn_spends_what_the_turn_took() -> None:
    process = Process(1, 1)
    async with process.quota.turn(
        StepName.CREATE, writes=True, work_class=WorkClass.NORMAL, patience=1, on_wait=nothing
    ):
        await process.quota.over(Vendor()).send(WRITE, timeout=1)
    assert wanted(process.quotas) == [1, 1]


async def test_what_a_turn_does_not_spend_serves_the_next() -> None:
    process = Process(1, 1)
    for _ in range(2):
        async with process.quota.turn(
            StepName.CREATE, writes=True, work_class=WorkClass.NORMAL, patience=1, on_wait=nothing
        ):
            pass
    assert wanted(process.quotas) == [1, 1]


async def test_requests_beyond_the_turn_are_made_at_once_and_make_the_next_wait() -> None:
    process = Process(1, 4)
    async with process.quota.turn(
        StepName.CREATE, writes=False, work_class=WorkClass.NORMAL, patience=1, on_wait=nothing
    ):
        for _ in range(2):
            await process.quota.over(Vendor()).send(READ, timeout=1)
    async with process.quota.turn(
        StepName.CREATE, writes=False, work_class=WorkClass.NORMAL, patience=1, on_wait=nothing
    ):
        pass
    assert wanted(process.quotas) == [1, 3 + 1]


async def test_calls_of_other_tasks_within_the_turn_are_its_own() -> None:
    process = Process(2)
    async with process.quota.turn(
        StepName.CREATE, writes=False, work_class=WorkClass.NORMAL, patience=1, on_wait=nothing
    ):
        await asyncio.gather(process.quota.over(Vendor()).send(READ, timeout=1))
    assert wanted(process.quotas) == [1]


async def test_tenants_that_share_a_limit_share_its_tokens() -> None:
    process = Process(2)
    for quota in (process.quota, process.quota_of("south")):
        async with quota.turn(StepName.CREATE, writes=False, work_class=WorkClass.NORMAL, patience=1, on_wait=nothing):
            pass
    assert wanted(process.quotas) == [1]


async def test_a_turn_that_does_not_come_in_time_is_not_begun_and_holds_nothing() -> None:
    process = Process(1)
    with pytest.raises(RetryLater):
        async with process.quota.turn(
            StepName.CREATE, writes=True, work_class=WorkClass.NORMAL, patience=0.01, on_wait=nothing
        ):
            raise AssertionError
    assert process.pacer.in_line("north", WorkClass.NORMAL) == 0


async def test_students_who_wait_for_their_turn_are_counted_by_tenant_and_class() -> None:
    process = Process()

    async def student(work_class: WorkClass) -> None:
        async with process.quota.turn(
            StepName.CREATE, writes=False, work_class=work_class, patience=60, on_wait=nothing
        ):
            pass

    students = [asyncio.create_task(student(one)) for one in (*[WorkClass.NORMAL] * 8, WorkClass.URGENT)]
    await asyncio.sleep(0)
    assert process.pacer.in_line("north", WorkClass.NORMAL) == 8
    assert process.pacer.in_line("north", WorkClass.URGENT) == 1
    assert process.pacer.in_line("south", WorkClass.NORMAL) == 0
    for one in students:
        one.cancel()
    await asyncio.gather(*students, return_exceptions=True)
    assert process.pacer.in_line("north", WorkClass.NORMAL) == 0


class Impatient(TwoLimits):
    """The same, for calls that no other work waits for."""

    patience = 0.01


async def test_where_turns_are_not_waited_for_long_no_student_counts_as_waiting() -> None:
    process = Process()
    quota = Quota("north", "google/licences", Impatient(), process.pacer)

    async def student() -> None:
        async with quota.turn(
            StepName.LICENCES, writes=False, work_class=WorkClass.NORMAL, patience=60, on_wait=nothing
        ):
            raise AssertionError

    students = [asyncio.create_task(student()) for _ in range(8)]
    await asyncio.sleep(0)
    assert process.pacer.in_line("north", WorkClass.NORMAL) == 0
    ends = await asyncio.gather(*students, return_exceptions=True)
    assert {type(end) for end in ends} == {RetryLater}


async def test_a_refusal_is_counted_and_slows_all_replicas() -> None:
    process = Process(1, 1)
    await process.quota.over(Vendor(429)).send(WRITE, timeout=1)
    await asyncio.sleep(0)
    assert process.quotas.slowed == [NARROW]
    labels = {"tenant": "north", "service": "microsoft", "limit": "writes"}
    assert process.sample("provisioner_limit_refusals_total", **labels) == 1


async def test_a_ledger_that_is_unavailable_does_not_hide_the_refusal() -> None:
    class Away(ScriptedQuotas):
        async def slow_down(self, limit: Limit) -> None:
            await super().slow_down(limit)
            raise Unavailable("PostgreSQL does not answer.")

    process = Process()
    pacer = Pacer(Away(), process.metrics)
    answer = await Quota("north", "microsoft", TwoLimits(), pacer).over(Vendor(429)).send(WRITE, timeout=1)
    await asyncio.sleep(0)
    assert answer.status == 429


async def test_the_share_that_the_vendor_reports_is_a_metric() -> None:
    process = Process()
    await process.quota.over(Vendor(headers={"used": "0.93"})).send(READ, timeout=1)
    assert process.sample("provisioner_limit_used_ratio", tenant="north", service="microsoft") == 0.93


async def test_without_a_quota_nothing_is_paced() -> None:
    vendor = Vendor()
    assert over(vendor, None) is vendor
    async with UNLIMITED.turn(StepName.CREATE, writes=True, work_class=WorkClass.NORMAL, patience=0, on_wait=nothing):
        pass


RARE = Limit("rare", "org_units", 1, 1, each_request=True)


class WithARareLimit(TwoLimits):
    """Writes cost one more, which no step takes in advance."""

    def of_call(self, call: Call) -> Cost:
        return {RARE: 1, **super().of_call(call)} if call.writes else super().of_call(call)


async def test_a_request_waits_by_itself_for_what_no_step_takes_in_advance() -> None:
    process = Process(1, 1, 1)
    paced = over(Vendor(), Quota("north", "microsoft", WithARareLimit(), process.pacer))
    await paced.send(WRITE, timeout=1)
    asked = process.quotas.wanted[0]
    assert (asked.limit, asked.tokens) == (RARE, 1)


class WithItInTheTurn(WithARareLimit):
    """The step that writes takes one in advance, for its first request."""

    def of_step(self, step: StepName, *, writes: bool) -> Cost:
        return {RARE: 1, **super().of_step(step, writes=writes)} if writes else super().of_step(step, writes=writes)


async def test_a_second_request_in_one_turn_waits_for_one_of_its_own() -> None:
    process = Process(*[1] * 5)
    quota = Quota("north", "microsoft", WithItInTheTurn(), process.pacer)
    async with quota.turn(StepName.CREATE, writes=True, work_class=WorkClass.NORMAL, patience=1, on_wait=nothing):
        await quota.over(Vendor()).send(WRITE, timeout=1)
        assert [asked.limit for asked in process.quotas.wanted].count(RARE) == 1
        await quota.over(Vendor()).send(WRITE, timeout=1)
        assert [asked.limit for asked in process.quotas.wanted].count(RARE) == len(["in the turn", "its own"])


async def test_a_request_that_would_wait_for_too_long_is_not_made() -> None:
    process = Process(1)
    paced = over(Vendor(), Quota("north", "microsoft", WithARareLimit(), process.pacer))
    await paced.send(WRITE, timeout=1)
    with pytest.raises(RetryLater):
        await paced.send(WRITE, timeout=0.01)
