"""The guard: what takes something away is counted as it is claimed, and parked beyond the limit."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from consumer.events import Provider, StepName, StudentStatusChanged
from consumer.ledger.claims import Claims
from consumer.ledger.port.guard import Decision, Guards, Verdict
from consumer.ledger.port.inbox import Arrival, Disposition
from consumer.ledger.port.student import Account, AccountState, Job, StepState
from consumer.ledger.port.work import Room
from consumer.ledger.port.writes import BeginStep, EndStep, KeepLease, SaveAccount, Settle
from consumer.policy.guard import Guarded, GuardLimit, GuardState
from consumer.provisioning.guards import guards_of
from tests.ledger.conftest import Given, Ledger, OnPostgres, arrival, cancellation, event, put_off, suspension
from tests.policy.tenants import tenant

SUSPEND = Guarded.SUSPEND_ACCOUNT
HOUR = 3_600.0
COUNTED, PARKED = GuardState.COUNTED, GuardState.PARKED


def room(limit: int, percent: float = 0) -> Room:
    """For all students; the guard lets so many suspensions pass in an hour."""
    return Room(50, guards=Guards({SUSPEND: GuardLimit(limit, percent, HOUR)}, guards_of(tenant()).asked))


class School:
    """Has accounts, and students who leave. The guard lets `limit` go in an hour."""

    def __init__(self, given: Given, ledger: Ledger, limit: int = 2) -> None:
        self.given = given
        self.ledger = ledger
        self.room = room(limit)

    async def has(self, count: int) -> None:
        """So many accounts."""
        self.given.accept(*(event(f"made{n}", student_id=f"s{n}", version=1) for n in range(count)))
        for job in await self.claim():
            account = Account(Provider.MICROSOFT, f"{job.lease.student_id}@x", "m", {}, object_id="o")
            await self.ledger.work.reserve(job.lease, [Provider.MICROSOFT], [account.address])
            await self.ledger.work.commit(job.lease, [SaveAccount(account), Settle(1, Disposition.APPLIED, 1)])

    def leave(self, *numbers: int, version: int = 2) -> None:
        events = (event(f"left{n}/{version}", student_id=f"s{n}", version=version) for n in numbers)
        self.ledger.inbox.accept([suspension(one) for one in events], epochs=self.given.epochs)

    async def claim(self) -> Sequence[Job]:
        return await self.ledger.work.claim({"north": self.room}, lease=60, worker="w")

    async def states(self) -> list[GuardState | None]:
        """Of the students that are claimed now."""
        return sorted((job.event_guard for job in await self.claim()), key=str)

    async def left(self, job: Job) -> None:
        """The suspension was carried out."""
        account = job.accounts[Provider.MICROSOFT]
        saved = SaveAccount(
            Account(account.provider, account.address, "m", {}, object_id="o", state=AccountState.SUSPENDED)
        )
        await self.ledger.work.commit(job.lease, [saved, Settle(job.desired.event.version, Disposition.APPLIED, 1)])

    def decide(self, verdict: Verdict, *, number: int | None = None) -> int:
        listed = self.ledger.guard.parked_actions("north")
        last = listed[-1].number if number is None else number
        return self.ledger.guard.decide(Decision("north", SUSPEND, last, verdict, "op", "checked"))

    @property
    def parked(self) -> list[str]:
        return [one.student_id for one in self.ledger.guard.parked_actions()]


@pytest.fixture
async def school(given: Given, ledger: Ledger) -> School:
    of = School(given, ledger)
    await of.has(6)
    return of


async def test_within_the_limit_students_are_counted(school: School) -> None:
    school.leave(0, 1)
    assert await school.states() == [COUNTED, COUNTED]
    assert school.parked == []


async def test_beyond_the_limit_students_are_parked(school: School) -> None:
    school.leave(0, 1, 2, 3)
    assert await school.states() == [COUNTED, COUNTED, PARKED, PARKED]
    assert len(school.parked) == 2


async def test_while_some_are_parked_later_ones_are_too(school: School) -> None:
    school.leave(0, 1, 2)
    await school.claim()
    school.ledger.advance(2 * HOUR)
    school.leave(3)
    assert {job.lease.student_id: job.event_guard for job in await school.claim()}["s3"] is PARKED


async def test_what_was_counted_long_ago_leaves_room(school: School) -> None:
    school.leave(0, 1)
    for job in await school.claim():
        await school.left(job)
    school.leave(2)
    school.ledger.advance(HOUR + 1)
    assert await school.states() == [COUNTED]


async def test_what_was_counted_and_not_carried_out_counts_however_long_ago(school: School) -> None:
    school.leave(0, 1)
    await put_off(school.ledger.work, await school.claim(), 10 * HOUR)
    school.ledger.advance(2 * HOUR)
    school.leave(2)
    assert await school.states() == [PARKED]


async def test_what_was_carried_out_late_counts_from_then_on(school: School) -> None:
    school.leave(0, 1)
    jobs = await school.claim()
    for job in jobs:
        await school.ledger.work.commit(job.lease, [KeepLease(HOUR)])
    school.ledger.advance(HOUR - 10)
    for job in jobs:
        await school.left(job)
    school.ledger.advance(20)
    school.leave(2)
    assert await school.states() == [PARKED]


async def test_a_student_is_counted_once_however_often_claimed(school: School) -> None:
    school.leave(0)
    for _ in range(4):
        assert await school.states() == [COUNTED]
        school.ledger.advance(61)
    school.leave(1)
    assert COUNTED in await school.states()
    assert school.parked == []


async def test_a_share_of_the_accounts_may_be_more_than_the_number(school: School) -> None:
    school.room = room(1, percent=50)
    school.leave(0, 1, 2, 3)
    assert await school.states() == [COUNTED, COUNTED, COUNTED, PARKED]


async def test_an_account_that_is_suspended_already_does_not_count(school: School) -> None:
    school.leave(0, 1)
    for job in await school.claim():
        await school.left(job)
    school.leave(0, 1, version=3)
    assert await school.states() == [GuardState.FREE, GuardState.FREE]


async def test_an_account_that_may_have_been_opened_again_counts(school: School) -> None:
    school.leave(0)
    (job,) = await school.claim()
    await school.left(job)
    school.given.accept(event("back", student_id="s0", version=3))
    (job,) = await school.claim()
    await school.ledger.work.commit(
        job.lease, [BeginStep(Provider.MICROSOFT, StepName.REACTIVATE, 3, b"", 30), KeepLease(1)]
    )
    school.ledger.advance(61)
    school.leave(0, version=4)
    assert await school.states() == [COUNTED]


async def test_a_student_without_an_account_does_not_count(school: School) -> None:
    school.leave(7, 8, 9)
    assert await school.states() == [GuardState.FREE] * 3


async def test_a_student_who_is_verified_afterwards_is_not_asked_about_again(school: School) -> None:
    school.leave(0)
    (job,) = await school.claim()
    lost = [
        BeginStep(Provider.MICROSOFT, StepName.SUSPEND, 2, b"", 30),
        EndStep(Provider.MICROSOFT, StepName.SUSPEND, StepState.UNKNOWN),
    ]
    await school.ledger.work.commit(job.lease, [*lost, Settle(2, Disposition.APPLIED, 1)])
    school.ledger.advance(2)
    (job,) = await school.claim()
    assert (job.settled, job.event_guard) == (True, GuardState.COUNTED)


async def test_what_was_rejected_is_known_as_that_when_the_student_is_verified(school: School) -> None:
    school.leave(0, 1, 2)
    jobs = {job.event_guard: job for job in await school.claim()}
    parked = jobs[PARKED]
    school.decide(Verdict.REJECTED)
    lost = [
        BeginStep(Provider.MICROSOFT, StepName.CREATE, 2, b"", 30),
        EndStep(Provider.MICROSOFT, StepName.CREATE, StepState.UNKNOWN),
    ]
    await school.ledger.work.commit(parked.lease, [*lost, Settle(2, Disposition.FAILED, 1)])
    school.ledger.advance(2)
    (job,) = [job for job in await school.claim() if job.lease.student_id == parked.lease.student_id]
    assert (job.settled, job.event_guard) == (True, GuardState.REJECTED)


async def test_other_work_is_not_guarded(school: School) -> None:
    school.leave(0, 1, 2)
    school.given.accept(event("new", student_id="s9"))
    found = {job.lease.student_id: job.event_guard for job in await school.claim()}
    assert found["s9"] is None
    assert list(found.values()).count(PARKED) == 1


async def test_other_tenants_have_a_limit_of_their_own(school: School, given: Given, ledger: Ledger) -> None:
    school.leave(0, 1, 2)
    await school.claim()
    given.accept(event("x", tenant_id="south"))
    (job,) = await ledger.work.claim({"south": school.room}, lease=60, worker="w")
    account = Account(Provider.MICROSOFT, "x@x", "m", {}, object_id="o")
    await ledger.work.reserve(job.lease, [Provider.MICROSOFT], ["x@x"])
    await ledger.work.commit(job.lease, [SaveAccount(account), Settle(1, Disposition.APPLIED, 1)])
    ledger.inbox.accept([suspension(event("y", version=2, tenant_id="south"))], epochs=given.epochs)
    (job,) = await ledger.work.claim({"south": school.room}, lease=60, worker="w")
    assert job.event_guard is COUNTED


@pytest.mark.parametrize("newer", [arrival, cancellation])
async def test_a_newer_event_ends_a_parking(school: School, newer: Callable[[StudentStatusChanged], Arrival]) -> None:
    school.leave(0, 1, 2)
    await school.claim()
    (student,) = school.parked
    school.ledger.inbox.accept([newer(event("back", student_id=student, version=3))], epochs=school.given.epochs)
    assert school.parked == []
    school.ledger.advance(HOUR * 2)
    found = {job.lease.student_id: job.event_guard for job in await school.claim()}
    assert found[student] is None


async def test_what_is_approved_may_be_carried_out_and_counts_for_nothing(school: School) -> None:
    school.leave(0, 1, 2, 3)
    await put_off(school.ledger.work, await school.claim(), 10 * HOUR)
    assert school.decide(Verdict.APPROVED) == 2
    assert await school.states() == [GuardState.APPROVED, GuardState.APPROVED]
    assert school.parked == []


async def test_what_is_rejected_is_claimed_to_be_settled(school: School) -> None:
    school.leave(0, 1, 2)
    await put_off(school.ledger.work, await school.claim(), 10 * HOUR)
    assert school.decide(Verdict.REJECTED) == 1
    assert await school.states() == [GuardState.REJECTED]


async def test_a_decision_concerns_what_was_listed_and_no_more(school: School) -> None:
    school.leave(0, 1, 2)
    await school.claim()
    (first,) = school.ledger.guard.parked_actions("north")
    school.leave(3)
    await school.claim()
    assert school.decide(Verdict.APPROVED, number=first.number) == 1
    assert school.parked == ["s3"]


async def test_a_decision_is_made_once(school: School) -> None:
    school.leave(0, 1, 2)
    await school.claim()
    (listed,) = school.ledger.guard.parked_actions("north")
    assert school.decide(Verdict.APPROVED, number=listed.number) == 1
    assert school.decide(Verdict.REJECTED, number=listed.number) == 0


async def test_where_none_is_parked_any_more_the_guard_counts_again(school: School) -> None:
    school.leave(0, 1, 2)
    for job in await school.claim():
        if job.event_guard is COUNTED:
            await school.left(job)
    school.decide(Verdict.REJECTED)
    school.ledger.advance(HOUR + 1)
    school.leave(3)
    assert {job.lease.student_id: job.event_guard for job in await school.claim()}["s3"] is COUNTED


@pytest.mark.parts
async def test_two_replicas_that_claim_at_once_do_not_exceed_the_limit(on_postgres: OnPostgres) -> None:
    school = School(Given(on_postgres), on_postgres, limit=5)
    await school.has(20)
    school.leave(*range(20))
    one = {"north": Room(1, guards=school.room.guards)}

    def claims(_replica: int) -> list[GuardState | None]:
        claim = Claims(on_postgres.engine).claim
        return [job.event_guard for _ in range(5) for job in claim(one, lease=60, worker="w")]

    with ThreadPoolExecutor(4) as replicas:
        found = [state for states in replicas.map(claims, range(4)) for state in states]
    assert found.count(COUNTED) == 5
    assert found.count(PARKED) == 15


@pytest.mark.parts
async def test_who_decided_what_and_why_is_kept(on_postgres: OnPostgres) -> None:
    school = School(Given(on_postgres), on_postgres)
    await school.has(3)
    school.leave(0, 1, 2)
    await school.claim()
    school.decide(Verdict.APPROVED)
    rows = on_postgres.execute("SELECT decided_by, comment, decided_at FROM guarded_action WHERE state = 'approved'")
    ((by, comment, at),) = rows
    assert (by, comment) == ("op", "checked")
    assert at is not None
