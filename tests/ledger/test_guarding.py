"""The guard over a part of an event: licences that the rules do not give any more, from accounts that keep everything else."""

from collections.abc import Sequence

import pytest

from consumer.events import Provider, StepName
from consumer.ledger.port.guard import Decision, Guards, Verdict
from consumer.ledger.port.inbox import Disposition
from consumer.ledger.port.student import Account, Job, StepState
from consumer.ledger.port.work import Room
from consumer.ledger.port.writes import BeginStep, Defer, EndStep, KeepLease, SaveAccount, Settle
from consumer.policy.guard import Guarded, GuardLimit, GuardState
from consumer.provisioning.guards import guards_of
from consumer.tenants import OnChange, Rule, Tenant
from tests.ledger.conftest import Given, Ledger, event, put_off
from tests.policy.tenants import tenant

LICENCES = Guarded.REMOVE_LICENCES
HOUR = 3_600.0
COUNTED, PARKED, FREE = GuardState.COUNTED, GuardState.PARKED, GuardState.FREE


def following(*licences: str) -> Tenant:
    """Its rules give every account these licences, and are followed."""
    return tenant(rules=(Rule(licences=licences),)).model_copy(update={"on_change": OnChange.FOLLOW})


class School:
    """Students have licences that the rules gave, and give no more. The guard lets `limit` lose some in an hour."""

    def __init__(self, given: Given, ledger: Ledger, limit: int = 2) -> None:
        self.given = given
        self.ledger = ledger
        self.limit = limit
        self.tenant = following()

    async def has(self, count: int) -> None:
        """So many accounts with a licence."""
        self.report(*range(count), version=1)
        for job in await self.claim():
            address = f"{job.lease.student_id}@x"
            account = Account(Provider.MICROSOFT, address, "m", {}, object_id="o", licences=("sku",))
            await self.ledger.work.reserve(job.lease, [Provider.MICROSOFT], [address])
            await self.ledger.work.commit(job.lease, [SaveAccount(account), Settle(1, Disposition.APPLIED, 1)])

    def report(self, *numbers: int, version: int = 2) -> None:
        """An event for each of them that wants the account."""
        self.given.accept(*(event(f"e{n}/{version}", student_id=f"s{n}", version=version) for n in numbers))

    async def claim(self) -> Sequence[Job]:
        limits = {LICENCES: GuardLimit(self.limit, 0, HOUR)}
        room = Room(50, guards=Guards(limits, guards_of(self.tenant).asked))
        return await self.ledger.work.claim({"north": room}, lease=60, worker="w")

    async def states(self) -> list[GuardState]:
        """Of the students that are claimed now."""
        return sorted(job.guard[LICENCES] for job in await self.claim())

    async def lost(self, job: Job, *, verified: bool = False) -> None:
        """The licence was taken; with `verified`, what has become of another attempt is looked at in a second."""
        version = job.desired.event.version
        attempt = [
            BeginStep(Provider.MICROSOFT, StepName.LICENCES, version, b"", 30),
            EndStep(Provider.MICROSOFT, StepName.LICENCES, StepState.UNKNOWN),
        ]
        await self.ledger.work.commit(
            job.lease, [*(attempt if verified else []), Settle(version, Disposition.APPLIED, 1)]
        )

    def decide(self, verdict: Verdict) -> int:
        last = self.ledger.guard.parked_actions("north")[-1].number
        return self.ledger.guard.decide(Decision("north", LICENCES, last, verdict, "op", "checked"))

    @property
    def parked(self) -> list[str]:
        return [one.student_id for one in self.ledger.guard.parked_actions()]


@pytest.fixture
async def school(given: Given, ledger: Ledger) -> School:
    of = School(given, ledger)
    of.tenant = following("sku")
    await of.has(4)
    of.tenant = following()
    return of


async def test_who_would_lose_licences_is_counted_and_parked_beyond_the_limit(school: School) -> None:
    school.report(0, 1, 2)
    assert await school.states() == [COUNTED, COUNTED, PARKED]
    assert [one.action for one in school.ledger.guard.parked_actions()] == [LICENCES]


async def test_a_student_who_is_counted_takes_no_further_place(school: School) -> None:
    school.report(0)
    for version in (3, 4, 5):
        (job,) = await school.claim()
        await school.lost(job)
        school.report(0, version=version)
    school.report(1, 2)
    jobs = await school.claim()
    assert {job.lease.student_id: job.guard[LICENCES] for job in jobs}["s0"] is COUNTED
    assert sorted(job.guard[LICENCES] for job in jobs) == [COUNTED, COUNTED, PARKED]


async def test_where_the_rules_give_the_licence_no_one_is_counted(school: School) -> None:
    school.tenant = following("sku")
    school.report(0, 1, 2)
    assert await school.states() == [FREE] * 3


async def test_where_the_rules_are_not_followed_no_one_is_counted(school: School) -> None:
    school.tenant = tenant()
    school.report(0, 1, 2)
    assert await school.states() == [FREE] * 3


async def test_who_has_no_account_is_not_counted(school: School) -> None:
    school.report(7, 8, 9)
    assert await school.states() == [FREE] * 3


async def test_what_is_approved_is_due_and_may_be_taken(school: School) -> None:
    school.report(0, 1, 2)
    await put_off(school.ledger.work, await school.claim(), 10 * HOUR)
    assert school.decide(Verdict.APPROVED) == 1
    assert await school.states() == [GuardState.APPROVED]


async def test_what_is_rejected_is_due_to_be_settled(school: School) -> None:
    school.report(0, 1, 2)
    await put_off(school.ledger.work, await school.claim(), 10 * HOUR)
    assert school.decide(Verdict.REJECTED) == 1
    assert await school.states() == [GuardState.REJECTED]


async def test_a_newer_event_ends_a_parking(school: School) -> None:
    school.report(0, 1, 2)
    await school.claim()
    (student,) = school.parked
    school.tenant = following("sku")
    school.report(int(student[1:]), version=3)
    assert school.parked == []


async def test_where_the_rules_give_it_again_nothing_stays_parked_and_the_guard_counts_again(school: School) -> None:
    school.report(0, 1, 2)
    for job in await school.claim():
        await school.ledger.work.commit(job.lease, [Defer(10)])
    school.ledger.advance(11)
    school.tenant = following("sku")
    for job in await school.claim():
        await school.lost(job)
    assert school.parked == []
    school.tenant = following()
    school.ledger.advance(HOUR + 1)
    school.report(3)
    assert await school.states() == [COUNTED]


async def test_a_settled_student_whose_licences_the_rules_give_no_more_is_counted(school: School) -> None:
    school.tenant = following("sku")
    school.report(0, 1, 2)
    for job in await school.claim():
        await school.lost(job, verified=True)
    school.tenant = following()
    school.ledger.advance(2)
    jobs = await school.claim()
    assert all(job.settled for job in jobs)
    assert sorted(job.guard[LICENCES] for job in jobs) == [COUNTED, COUNTED, PARKED]


async def test_what_is_taken_again_when_it_is_verified_counts_from_then_on(school: School) -> None:
    school.report(0, 1)
    for job in await school.claim():
        await school.lost(job, verified=True)
    school.ledger.advance(HOUR - 10)
    assert await school.states() == [COUNTED, COUNTED]
    school.ledger.advance(20)
    school.report(2)
    assert PARKED in await school.states()


async def decided(school: School, verdict: Verdict) -> Job:
    """One removal that was parked, and has been decided; its student is claimed."""
    school.limit = 0
    school.report(0)
    (job,) = await school.claim()
    await school.ledger.work.commit(job.lease, [Defer(HOUR)])
    school.decide(verdict)
    (job,) = await school.claim()
    return job


def forgotten(school: School) -> int:
    return sum(school.ledger.retention.decided_actions(keep=HOUR))


@pytest.mark.parametrize("verdict", [Verdict.APPROVED, Verdict.REJECTED])
async def test_a_decision_that_a_newer_event_has_overtaken_goes_after_its_time(
    school: School, verdict: Verdict
) -> None:
    await decided(school, verdict)
    school.report(0, version=3)
    school.ledger.advance(HOUR - 10)
    assert forgotten(school) == 0
    school.ledger.advance(20)
    assert forgotten(school) == 1


async def test_what_is_approved_is_known_until_it_is_carried_out(school: School) -> None:
    job = await decided(school, Verdict.APPROVED)
    await school.ledger.work.commit(job.lease, [KeepLease(3 * HOUR)])
    school.ledger.advance(2 * HOUR)
    assert forgotten(school) == 0
    await school.lost(job)
    assert forgotten(school) == 1


async def test_what_is_rejected_is_known_for_as_long_as_its_event_is_the_newest(school: School) -> None:
    await school.lost(await decided(school, Verdict.REJECTED))
    school.ledger.advance(2 * HOUR)
    assert forgotten(school) == 0
