"""Students of a tenant, page by page: who is in which list, in which order."""

from datetime import UTC, datetime, timedelta

import pytest

from bench.plans import scanned
from consumer.errors import Reason
from consumer.events import StepName
from consumer.ledger.port.inbox import Disposition
from consumer.ledger.port.student import StepState
from consumer.ledger.port.writes import BeginStep, Defer, EndStep, Settle, WaitFor
from consumer.ledger.student_lists import ListedState, ListedStudent, StudentLists
from tests.ledger.conftest import Given, OnPostgres, event
from tests.ledger.writes import MS

pytestmark = pytest.mark.parts

CONSENT = WaitFor(MS, StepName.CREATE, Reason.CONSENT_MISSING, held=True)
LICENCE = WaitFor(MS, StepName.LICENCES, Reason.LICENCES_EXHAUSTED, held=True)
LIMITED = WaitFor(MS, StepName.CREATE, Reason.THROTTLED)
FAILED = Settle(1, Disposition.FAILED, verify_in=900)
DONE = Settle(1, Disposition.APPLIED, verify_in=900)
MANY = """
    INSERT INTO student (tenant_id, student_id, desired_version, settled_version, desired, accepted_at, due_at)
      SELECT 't' || n % 100, 's' || n, 1, 0, '{}', now(), CASE WHEN n % 9 = 0 THEN now() - n * interval '1 ms' END
      FROM generate_series(1, 20000) AS n;
    INSERT INTO student_wait (tenant_id, student_id, provider, step, reason, held, version, attempts, reported, since, until)
      SELECT 't' || n % 100, 's' || n, 'microsoft', 'create', 'consent_missing', n % 4 = 0, 1, 1, false, now(), now()
      FROM generate_series(1, 20000) AS n;
    INSERT INTO inbox (tenant_id, event_id, student_id, version, digest, topic, partition, kafka_offset, occurred_at, received_at,
                       disposition, settled_at)
      SELECT 't' || n % 100, 'e' || n, 's' || n, 1, '', 'events', 0, n, now(), now(),
             CASE WHEN n % 8 = 0 THEN 'failed' ELSE 'applied' END, now()
      FROM generate_series(1, 20000) AS n;
    INSERT INTO attempt (tenant_id, student_id, provider, step, number, state, version, started_at, ended_at, reason)
      SELECT 't' || n % 100, 's' || n, 'microsoft', 'create', 1, 'failed', 1, now(), now(), 'invalid_profile'
      FROM generate_series(1, 20000) AS n;
    INSERT INTO guarded_action (tenant_id, student_id, action, version, state, at)
      SELECT 't' || n % 100, 's' || n, 'suspend_account', 1, 'approved', now() FROM generate_series(1, 20000) AS n;
    ANALYZE student; ANALYZE student_wait; ANALYZE inbox; ANALYZE attempt; ANALYZE guarded_action
"""


@pytest.fixture
def given(on_postgres: OnPostgres) -> Given:
    return Given(on_postgres)


@pytest.fixture
def lists(on_postgres: OnPostgres) -> StudentLists:
    return StudentLists(on_postgres.engine, "north", page=2)


async def school(given: Given, count: int, *writes: Defer | Settle | None) -> None:
    """So many students; those for whom there are writes are claimed, and these written, the first for `s0`. None: they stay in work."""
    for n in range(count):
        given.accept(event(f"e{n}", student_id=f"s{n}"))  # one by one: they are claimed in this order
    jobs = sorted(await given.claim(len(writes), lease=600), key=lambda job: job.lease.student_id)
    for job, write in zip(jobs, writes, strict=True):
        if write:
            await given.ledger.work.commit(job.lease, [write])


def ids(found: list[ListedStudent]) -> list[str]:
    return [one.student_id for one in found]


async def test_all_are_listed_with_where_they_stand_and_why(given: Given, lists: StudentLists) -> None:
    await school(given, 6, Defer(900, (LICENCE,)), Defer(900, (LIMITED,)), Defer(900), DONE, None)
    assert [(one.student_id, one.state, one.reason) for one in lists.all()] == [
        ("s0", ListedState.HELD, "licences_exhausted"),
        ("s1", ListedState.WAITS, "throttled"),
        ("s2", ListedState.PLANNED, None),
        ("s3", ListedState.SETTLED, None),
        ("s4", ListedState.IN_WORK, None),
        ("s5", ListedState.DUE, None),
    ]


async def test_who_failed_is_listed_among_all_with_the_reason(given: Given, lists: StudentLists) -> None:
    await school(given, 1)
    lease = (await given.claim_one()).lease
    refused = EndStep(MS, StepName.CREATE, StepState.FAILED, Reason.INVALID_PROFILE)
    await given.ledger.work.commit(lease, [BeginStep(MS, StepName.CREATE, 1, b"", timeout=30)])
    await given.ledger.work.commit(lease, [refused, FAILED])
    for found in (list(lists.all()), list(lists.failed()), list(lists.failed(reason="invalid_profile"))):
        assert [(one.student_id, one.state, one.reason) for one in found] == [
            ("s0", ListedState.FAILED, "invalid_profile")
        ]
    assert list(lists.failed(reason="address_exhausted")) == []


async def test_the_held_are_listed_by_reason_once_for_each(given: Given, lists: StudentLists) -> None:
    twice = (LICENCE, WaitFor(MS, StepName.GROUPS, Reason.LICENCES_EXHAUSTED, held=True), CONSENT)
    await school(given, 4, Defer(900, twice), Defer(900, (CONSENT,)), Defer(900, (LIMITED,)), Defer(900, (LICENCE,)))
    assert [(one.reason, one.student_id) for one in lists.held()] == [
        ("consent_missing", "s0"),
        ("consent_missing", "s1"),
        ("licences_exhausted", "s0"),
        ("licences_exhausted", "s3"),
    ]
    assert ids(list(lists.held(reason="licences_exhausted"))) == ["s0", "s3"]


async def test_the_due_are_listed_with_the_most_overdue_first(
    given: Given, lists: StudentLists, on_postgres: OnPostgres
) -> None:
    await school(given, 5, Defer(900), None)
    for number in (2, 3, 4):
        on_postgres.execute(
            "UPDATE student SET due_at = now() - :n * interval '1 min' WHERE student_id = :s", n=number, s=f"s{number}"
        )
    assert ids(list(lists.due())) == ["s4", "s3", "s2"]


async def test_the_failed_are_those_whose_newest_event_failed(given: Given, lists: StudentLists) -> None:
    await school(given, 5, *[FAILED] * 5)
    given.accept(event("again", student_id="s1", version=2))
    assert sorted(ids(list(lists.failed()))) == ["s0", "s2", "s3", "s4"]


async def test_who_was_rejected_failed_for_that_reason(
    given: Given, lists: StudentLists, on_postgres: OnPostgres
) -> None:
    await school(given, 1, FAILED)
    on_postgres.execute(
        "INSERT INTO guarded_action (tenant_id, student_id, action, version, state, at)"
        " VALUES ('north', 's0', 'suspend_account', 1, 'rejected', now())"
    )
    assert [one.reason for one in lists.failed(reason="guard_rejected")] == ["guard_rejected"]


async def test_since_when_is_about_what_is_listed(given: Given, lists: StudentLists, on_postgres: OnPostgres) -> None:
    await school(given, 3, Defer(900, (CONSENT,)), FAILED)
    on_postgres.advance(7_200)
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    day_ago = datetime.now(UTC) - timedelta(days=1)
    for listed in (lists.all, lists.held, lists.due, lists.failed):
        assert list(listed(since=hour_ago)) == []
        assert list(listed(since=day_ago)) != []


async def test_another_tenant_s_students_are_not_among_them(given: Given, on_postgres: OnPostgres) -> None:
    await school(given, 2)
    lists = StudentLists(on_postgres.engine, "south")
    assert [list(listed()) for listed in (lists.all, lists.held, lists.due, lists.failed)] == [[], [], [], []]


def test_no_table_is_scanned(on_postgres: OnPostgres) -> None:
    for statement in MANY.split(";"):
        on_postgres.execute(statement)
    lists = StudentLists(on_postgres.engine, "t4", page=50)
    every = (lists.all, lists.held, lists.due, lists.failed)
    assert [len(list(listed())) for listed in every] == [200, 200, 22, 100]
    assert scanned(on_postgres.engine, lambda: [list(listed()) for listed in every]) == set()
