"""What waits, counted, and since when: the same from both ledgers."""

from dataclasses import replace

import pytest

from bench.plans import scanned
from consumer.errors import Reason
from consumer.events import Provider, StepName
from consumer.ledger.overview import PostgresOverviews
from consumer.ledger.port.guard import Guards
from consumer.ledger.port.inbox import Disposition
from consumer.ledger.port.overview import Overview, Tally
from consumer.ledger.port.student import Account, StepState
from consumer.ledger.port.work import Room
from consumer.ledger.port.writes import Defer, EndStep, SaveAccount, Settle, Verified, WaitFor
from consumer.policy.guard import Guarded, GuardLimit
from consumer.policy.work_class import WorkClass
from consumer.provisioning.guards import guards_of
from tests.ledger.conftest import Given, Ledger, OnPostgres, event, suspension
from tests.ledger.writes import ACCOUNT, BEGIN, MS, SETTLE, ended
from tests.policy.tenants import tenant

NONE_PASSES = Room(9, guards=Guards({Guarded.SUSPEND_ACCOUNT: GuardLimit(0, 0, 3_600)}, guards_of(tenant()).asked))
MANY = """
    INSERT INTO student (tenant_id, student_id, desired_version, desired, accepted_at, due_at, work_class)
      SELECT 't' || n % 100, 's' || n, 1, '{}', now(), CASE WHEN n % 9 = 0 THEN now() - n * interval '1 ms' END, n / 900 % 2
      FROM generate_series(1, 20000) AS n;
    INSERT INTO student_wait (tenant_id, student_id, provider, step, reason, held, version, attempts, reported, since, until)
      SELECT 't' || n % 100, 's' || n, 'microsoft', 'create', 'throttled', n % 50 = 0, 1, 1, false, now(), now()
      FROM generate_series(1, 20000) AS n;
    INSERT INTO guarded_action (tenant_id, student_id, action, version, state, at)
      SELECT 't' || n % 100, 's' || n, 'suspend_account', 1, CASE WHEN n % 50 = 0 THEN 'parked' ELSE 'counted' END, now()
      FROM generate_series(1, 20000) AS n;
    INSERT INTO step (tenant_id, student_id, provider, name, state, version, attempt, request_hash, started_at, deadline,
                      lease_epoch, unsure)
      SELECT 't' || n % 100, 's' || n, 'microsoft', 'create', 'done', 1, 1, '', now(), now(), 1, n % 50 = 0
      FROM generate_series(1, 20000) AS n;
    ANALYZE student; ANALYZE student_wait; ANALYZE guarded_action; ANALYZE step
"""


def held(reason: Reason, *, at: StepName = StepName.CREATE, person: bool = True) -> WaitFor:
    return WaitFor(MS, at, reason, held=person)


def account_of(student_id: str) -> Account:
    return replace(ACCOUNT, address=f"{student_id}@x.example", marker=student_id, object_id=f"o-{student_id}")


def near(tally: Tally, count: int, oldest: float) -> bool:
    """PostgreSQL's clock does not stand still."""
    return tally.count == count and oldest <= tally.oldest < oldest + 10


def test_an_empty_ledger_has_nothing_that_waits(ledger: Ledger) -> None:
    assert ledger.overviews.overview() == Overview()


async def test_students_who_are_due_are_counted_by_tenant(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    ledger.advance(100)
    given.accept(event("e2", student_id="s2"), event("e3", tenant_id="south"))
    due = ledger.overviews.overview().due
    assert due.keys() == {("north", WorkClass.NORMAL), ("south", WorkClass.NORMAL)}
    assert near(due["north", WorkClass.NORMAL], 2, 100)
    assert near(due["south", WorkClass.NORMAL], 1, 0)


async def test_urgent_work_is_counted_by_itself(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    ledger.inbox.accept([suspension(event("e2", student_id="s2"))], epochs=given.epochs)
    ledger.advance(50)
    due = ledger.overviews.overview().due
    assert near(due["north", WorkClass.URGENT], 1, 50)
    assert near(due["north", WorkClass.NORMAL], 1, 50)


async def test_who_is_in_work_or_planned_for_later_is_not_due(given: Given, ledger: Ledger) -> None:
    given.accept(event(), event("e2", student_id="s2"))
    one, _ = await given.claim()
    await ledger.work.commit(one.lease, [Defer(100)])
    assert ledger.overviews.overview().due == {}


async def test_who_was_in_work_when_the_lease_ran_out_is_due(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    await given.claim()
    ledger.advance(61)
    assert near(ledger.overviews.overview().due["north", WorkClass.NORMAL], 1, 61)


async def test_students_who_wait_for_a_person_are_counted_by_reason(given: Given, ledger: Ledger) -> None:
    given.accept(event(), event("e2", student_id="s2"), event("e3", student_id="s3"))
    one, two, three = await given.claim()
    await ledger.work.commit(one.lease, [Defer(900, (held(Reason.CONSENT_MISSING),))])
    ledger.advance(30)
    await ledger.work.commit(two.lease, [Defer(900, (held(Reason.CONSENT_MISSING),))])
    await ledger.work.commit(three.lease, [Defer(900, (held(Reason.LICENCES_EXHAUSTED, at=StepName.LICENCES),))])
    found = ledger.overviews.overview().held
    assert found.keys() == {("north", "consent_missing"), ("north", "licences_exhausted")}
    assert near(found["north", "consent_missing"], 2, 30)
    assert near(found["north", "licences_exhausted"], 1, 0)


async def test_a_student_who_is_held_twice_for_one_reason_is_one(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    twice = (held(Reason.CONSENT_MISSING), held(Reason.CONSENT_MISSING, at=StepName.GROUPS))
    await ledger.work.commit((await given.claim_one()).lease, [Defer(900, twice)])
    assert near(ledger.overviews.overview().held["north", "consent_missing"], 1, 0)


async def test_who_waits_for_a_vendor_alone_is_not_held(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    await ledger.work.commit((await given.claim_one()).lease, [Defer(900, (held(Reason.THROTTLED, person=False),))])
    assert ledger.overviews.overview().held == {}


async def test_who_is_held_stays_so_while_tried_again_and_no_longer_when_settled(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    await ledger.work.commit((await given.claim_one()).lease, [Defer(900, (held(Reason.CONSENT_MISSING),))])
    ledger.advance(901)
    again = await given.claim_one()
    assert near(ledger.overviews.overview().held["north", "consent_missing"], 1, 901)
    await ledger.work.commit(again.lease, [SETTLE])
    assert ledger.overviews.overview().held == {}


async def test_parked_actions_are_counted_until_a_newer_event_overtakes_them(given: Given, ledger: Ledger) -> None:
    given.accept(event("made1", student_id="s1"), event("made2", student_id="s2"))
    for job in await given.claim():
        student = job.lease.student_id
        await ledger.work.reserve(job.lease, [Provider.MICROSOFT], [f"{student}@x.example"])
        await ledger.work.commit(job.lease, [SaveAccount(account_of(student)), Settle(1, Disposition.APPLIED, 1)])
    leavers = [suspension(event(f"left{n}", student_id=f"s{n}", version=2)) for n in (1, 2)]
    ledger.inbox.accept(leavers, epochs=given.epochs)
    await ledger.work.claim({"north": NONE_PASSES}, lease=60, worker="w")
    ledger.advance(30)
    assert near(ledger.overviews.overview().parked["north", "suspend_account"], 2, 30)
    given.accept(event("back", student_id="s1", version=3))
    assert near(ledger.overviews.overview().parked["north", "suspend_account"], 1, 30)


async def test_a_step_of_which_the_outcome_is_unknown_is_counted_until_it_is_verified(
    given: Given, ledger: Ledger
) -> None:
    given.accept(event())
    lease = (await given.claim(lease=600))[0].lease
    unknown = EndStep(MS, StepName.CREATE, StepState.UNKNOWN, Reason.OUTCOME_UNKNOWN)
    await ledger.work.commit(lease, [BEGIN, unknown])
    ledger.advance(20)
    assert ledger.overviews.overview().unknown.keys() == {"microsoft"}
    assert near(ledger.overviews.overview().unknown["microsoft"], 1, 20)
    await ledger.work.commit(lease, [BEGIN, ended(StepState.DONE)])
    assert near(ledger.overviews.overview().unknown["microsoft"], 1, 20)
    await ledger.work.commit(lease, [Verified(MS)])
    assert ledger.overviews.overview().unknown == {}


@pytest.mark.parts
async def test_what_a_newer_version_has_written_is_counted_under_its_name(on_postgres: OnPostgres) -> None:
    on_postgres.execute(
        "INSERT INTO student_wait (tenant_id, student_id, provider, step, reason, held, version, attempts, reported, since, until)"
        " VALUES ('north', 's1', 'microsoft', 'levitate', 'gravity', true, 1, 1, false, now(), now())"
    )
    assert on_postgres.overviews.overview().held.keys() == {("north", "gravity")}


@pytest.mark.parts
def test_no_table_is_scanned(on_postgres: OnPostgres) -> None:
    for statement in MANY.split(";"):
        on_postgres.execute(statement)
    overviews = PostgresOverviews(on_postgres.engine)
    found = overviews.overview()
    assert (len(found.due), len(found.held), len(found.parked), len(found.unknown)) == (200, 2, 2, 1)
    assert scanned(on_postgres.engine, overviews.overview) == set()
