"""Urgent work overtakes other work in its tenant, and leaves it a part of the places."""

from collections.abc import Callable, Sequence

import pytest

from bench.plans import scanned
from consumer.events import ProviderAction, StudentStatusChanged
from consumer.ledger.claims import Claims
from consumer.ledger.due import DueTenants
from consumer.ledger.port.inbox import Arrival
from consumer.ledger.port.work import Room
from consumer.policy.work_class import WorkClass
from tests.ledger.conftest import Given, Ledger, OnPostgres, arrival, cancellation, event, suspension

MANY = """
    INSERT INTO student (tenant_id, student_id, desired_version, desired, accepted_at, due_at, work_class)
    SELECT 't' || n % 100, 's' || n, 1, known.desired, now(), now() - n * interval '1 ms', CASE WHEN n % 1000 < 100 THEN 0 ELSE 1 END
    FROM generate_series(1, 50000) AS n, student known;
    ANALYZE student
"""
"""Of one student, as many as are due in an intake week."""


def creations(count: int) -> Sequence[Arrival]:
    return [arrival(event(f"c{n}", student_id=f"c{n}")) for n in range(count)]


def suspensions(count: int) -> Sequence[Arrival]:
    return [suspension(event(f"s{n}", student_id=f"s{n}")) for n in range(count)]


async def claimed(ledger: Ledger, room: Room) -> list[str]:
    """What was claimed: `s` for each suspension, `c` for each creation."""
    jobs = await ledger.work.claim({"north": room}, lease=60, worker="w")
    return sorted(job.lease.student_id[0] for job in jobs)


@pytest.fixture
def queued(given: Given, ledger: Ledger) -> Ledger:
    """Four creations, and four suspensions that came later."""
    for arrivals in (creations(4), suspensions(4)):
        ledger.inbox.accept(arrivals, epochs=given.epochs)
        ledger.advance(1)
    return ledger


async def test_urgent_work_is_claimed_before_work_that_has_been_due_for_longer(queued: Ledger) -> None:
    assert await claimed(queued, Room(3)) == [*"sss"]
    assert await claimed(queued, Room(3)) == [*"ccs"]


async def test_some_of_the_places_are_for_other_work(queued: Ledger) -> None:
    assert await claimed(queued, Room(4, others=1)) == [*"csss"]


async def test_places_for_other_work_are_given_to_urgent_work_where_there_is_no_other(
    given: Given, ledger: Ledger
) -> None:
    ledger.inbox.accept(suspensions(3), epochs=given.epochs)
    assert await claimed(ledger, Room(3, others=2)) == [*"sss"]


async def test_urgent_work_alone_can_be_claimed(queued: Ledger) -> None:
    assert await claimed(queued, Room(8, classes=frozenset({WorkClass.URGENT}))) == [*"ssss"]


async def test_other_work_alone_can_be_claimed(queued: Ledger) -> None:
    assert await claimed(queued, Room(8, classes=frozenset({WorkClass.NORMAL}))) == [*"cccc"]


async def test_a_tenant_with_urgent_work_is_seen_at_every_look(queued: Ledger) -> None:
    everything = await queued.work.due(None)
    assert everything.tenants["north"].urgent
    await claimed(queued, Room(8, classes=frozenset({WorkClass.URGENT})))
    rest = await queued.work.due(None)
    assert not rest.tenants["north"].urgent


async def test_urgent_work_that_is_new_is_seen_by_a_look_at_what_is_new(given: Given, ledger: Ledger) -> None:
    ledger.inbox.accept(creations(1), epochs=given.epochs)
    first = await ledger.work.due(None)
    ledger.advance(1)
    ledger.inbox.accept(suspensions(1), epochs=given.epochs)
    assert (await ledger.work.due(first.at)).tenants["north"].urgent


@pytest.mark.parametrize("newer", [arrival, cancellation])
async def test_a_newer_event_gives_the_students_work_its_own_class(
    given: Given, ledger: Ledger, newer: Callable[[StudentStatusChanged], Arrival]
) -> None:
    ledger.inbox.accept([suspension(event())], epochs=given.epochs)
    ledger.inbox.accept([newer(event("e2", version=2))], epochs=given.epochs)
    assert await claimed(ledger, Room(1, classes=frozenset({WorkClass.URGENT}))) == []
    assert len(await claimed(ledger, Room(1))) == 1


async def test_a_claim_says_what_it_claimed(given: Given, ledger: Ledger) -> None:
    ledger.inbox.accept([suspension(event())], epochs=given.epochs)
    job = await given.claim_one()
    assert job.desired.action is ProviderAction.SUSPEND_ACCOUNT
    assert job.desired.work_class is WorkClass.URGENT


@pytest.mark.parts
def test_claims_of_either_class_use_the_index(on_postgres: OnPostgres) -> None:
    on_postgres.inbox.accept(creations(1), epochs=Given(on_postgres).epochs)
    for statement in MANY.split(";"):
        on_postgres.execute(statement)
    room = {f"t{n}": Room(4, others=1) for n in range(50)}

    def look_and_claim() -> None:
        DueTenants(on_postgres.engine).look(None)
        Claims(on_postgres.engine).claim(room, lease=60, worker="w")

    assert "student" not in scanned(on_postgres.engine, look_and_claim)
