"""Which tenants have work, and what is not claimed while their services wait."""

import pytest

from bench.plans import scanned
from consumer.errors import Reason
from consumer.events import Provider, StepName
from consumer.ledger.due import DueTenants
from consumer.ledger.port.student import Job
from consumer.ledger.port.work import Room
from consumer.ledger.port.writes import Defer, TenantWaits
from tests.ledger.conftest import Given, Ledger, OnPostgres, event

MANY = """
    INSERT INTO student (tenant_id, student_id, desired_version, desired, accepted_at, due_at)
    SELECT 't' || n % 500, 's' || n, 1, '{}', now(), CASE WHEN n % 7 = 0 THEN now() - n * interval '1 ms' END
    FROM generate_series(1, 20000) AS n;
    ANALYZE student
"""


def throttled(service: str, seconds: float) -> TenantWaits:
    return TenantWaits(service, seconds, Reason.THROTTLED, StepName.CREATE)


async def claimed(ledger: Ledger, *services: str, overdue: float = 900) -> list[Job]:
    return list(await ledger.work.claim({"north": Room(5, services, overdue)}, lease=60, worker="w"))


async def waiting(given: Given, ledger: Ledger, *waits: TenantWaits) -> None:
    """North has a student who is due, while these waits last."""
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [*waits, Defer(0)])


async def test_a_tenant_with_a_student_who_is_due_has_work(given: Given, ledger: Ledger) -> None:
    given.accept(event(), event("e2", tenant_id="south"))
    ledger.advance(100)
    tenants = (await ledger.work.due(None)).tenants
    assert sorted(tenants) == ["north", "south"]
    assert 100 <= tenants["north"].oldest < 110


async def test_a_tenant_whose_students_are_leased_has_none_until_a_lease_runs_out(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    await given.claim_one()
    assert (await ledger.work.due(None)).tenants == {}
    ledger.advance(61)
    assert (await ledger.work.due(None)).tenants.keys() == {"north"}


async def test_a_tenant_has_work_although_others_of_its_students_are_leased(given: Given, ledger: Ledger) -> None:
    given.accept(*(event(f"e{n}", student_id=f"s{n}") for n in range(4)))
    assert len(await given.claim(3)) == 3
    assert (await ledger.work.due(None)).tenants.keys() == {"north"}


async def test_the_next_student_to_become_due_says_how_long_to_wait(given: Given, ledger: Ledger) -> None:
    given.accept(event(), event("e2", student_id="s2"), event("e3", student_id="s3"))
    one, two, _ = await given.claim()
    await ledger.work.commit(one.lease, [Defer(100)])
    await ledger.work.commit(two.lease, [Defer(200)])
    due = await ledger.work.due(None)
    assert due.tenants == {}
    assert 90 < (due.next_in or 0) <= 100


async def test_nothing_is_next_where_nothing_is_planned(ledger: Ledger) -> None:
    assert (await ledger.work.due(None)).next_in is None


async def test_a_second_look_finds_those_who_became_due_after_the_first(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    first = await ledger.work.due(None)
    ledger.advance(1)
    given.accept(event("e2", tenant_id="south"))
    assert (await ledger.work.due(first.at)).tenants.keys() == {"south"}


async def test_services_that_wait_are_reported_with_the_tenant_and_their_parts_are_not(
    given: Given, ledger: Ledger
) -> None:
    await waiting(given, ledger, throttled("microsoft", 100), throttled("google/groups/7", 200))
    waits = (await ledger.work.due(None)).tenants["north"].waits
    assert waits.keys() == {"microsoft"}
    assert 90 < waits["microsoft"] <= 100


async def test_a_tenant_is_passed_over_while_its_service_waits(given: Given, ledger: Ledger) -> None:
    await waiting(given, ledger, throttled("microsoft", 100))
    assert await claimed(ledger, "microsoft") == []
    ledger.advance(101)
    assert len(await claimed(ledger, "microsoft")) == 1


async def test_a_tenant_one_of_whose_services_can_be_called_is_not_passed_over(given: Given, ledger: Ledger) -> None:
    await waiting(given, ledger, throttled("microsoft", 100), throttled("google/groups/7", 100))
    assert len(await claimed(ledger, "microsoft", "google")) == 1


async def test_a_student_who_has_been_due_for_long_is_claimed_all_the_same(given: Given, ledger: Ledger) -> None:
    await waiting(given, ledger, throttled("microsoft", 5_000))
    ledger.advance(899)
    assert await claimed(ledger, "microsoft") == []
    ledger.advance(2)
    assert len(await claimed(ledger, "microsoft")) == 1


async def test_other_tenants_waits_are_theirs(given: Given, ledger: Ledger) -> None:
    await waiting(given, ledger, throttled(Provider.MICROSOFT, 100))
    given.accept(event("e2", tenant_id="south"))
    room = {tenant: Room(5, ("microsoft",)) for tenant in ("north", "south")}
    (job,) = await ledger.work.claim(room, lease=60, worker="w")
    assert job.lease.tenant_id == "south"


@pytest.mark.parts
async def test_who_is_due_is_found_by_indexes(on_postgres: OnPostgres) -> None:
    for statement in MANY.split(";"):
        on_postgres.execute(statement)
    look = DueTenants(on_postgres.engine).look
    everything = look(None)
    assert len(everything.tenants) == 500
    assert len(look(everything.at).tenants) == 0
    assert scanned(on_postgres.engine, lambda: (look(None), look(everything.at))) <= {"tenant_wait"}  # it is empty
