"""Holds of a tenant end when its configuration changes, or when an operator says so."""

from collections.abc import Awaitable, Iterator
from typing import Protocol

import pytest
from sqlalchemy import Engine, text

from bench.plans import scanned
from consumer.errors import Reason
from consumer.events import Provider, StepName
from consumer.ledger.acts import Acts, Operator
from consumer.ledger.holds import Holds, Resumed
from consumer.ledger.inspect import Inspection
from consumer.ledger.port.inbox import Disposition
from consumer.ledger.port.writes import Defer, Settle, TenantWaits, WaitFor
from consumer.ledger.work import PostgresWork
from tests.ledger.conftest import Given, OnPostgres, event
from tests.ledger.test_overview import MANY

pytestmark = pytest.mark.parts

OLD, NEW = b"old", b"new"
ADA = Operator("ada", "consent is granted")
HELD = WaitFor(Provider.MICROSOFT, StepName.CREATE, Reason.CONSENT_MISSING, held=True)
LIMITED = WaitFor(Provider.MICROSOFT, StepName.CREATE, Reason.THROTTLED)


@pytest.fixture
def ledger(engine: Engine) -> Iterator[OnPostgres]:
    ledger = OnPostgres(engine)
    yield ledger
    assert isinstance(ledger.work, PostgresWork)
    ledger.work.close()


@pytest.fixture
def holds(engine: Engine) -> Holds:
    holds = Holds(engine)
    holds.configured({"north": OLD})
    return holds


class Waits(Protocol):
    """Makes students wait for an hour, each for its cause, and the tenant's services for as long."""

    def __call__(self, *causes: WaitFor, services: tuple[TenantWaits, ...] = ()) -> Awaitable[None]: ...


@pytest.fixture
def waits(given: Given, ledger: OnPostgres) -> Waits:

    async def wait(*causes: WaitFor, services: tuple[TenantWaits, ...] = ()) -> None:
        given.accept(*(event(f"e{n}", student_id=f"s{n}") for n in range(len(causes))))
        for job, cause in zip(await given.claim(), causes, strict=True):
            await ledger.work.commit(job.lease, [*services, Defer(3_600, (cause,))])

    return wait


def service(name: str, *, held: bool = True) -> TenantWaits:
    return TenantWaits(name, 3_600, Reason.CONSENT_MISSING, StepName.CREATE, held=held)


async def test_a_changed_configuration_ends_holds_and_makes_held_students_due(
    waits: Waits, holds: Holds, given: Given
) -> None:
    await waits(HELD, HELD, services=(service("microsoft"),))
    assert holds.configured({"north": NEW}) == {"north": Resumed(services=1, students=2)}
    assert len(await given.claim()) == 2


async def test_students_in_dry_run_are_due_when_the_file_changes(waits: Waits, holds: Holds, given: Given) -> None:
    await waits(WaitFor(Provider.MICROSOFT, StepName.ADDRESS, Reason.DRY_RUN, held=True, reported=True))
    assert holds.reconfigured({"north": NEW}) == {"north": Resumed(services=0, students=1)}
    assert len(await given.claim()) == 1


async def test_all_students_of_a_large_tenant_become_due_page_by_page(
    waits: Waits, engine: Engine, given: Given
) -> None:
    await waits(*[HELD] * 5)
    assert Holds(engine, page=2).configured({"north": NEW}) == {"north": Resumed(services=0, students=5)}
    assert len(await given.claim()) == 5


async def test_the_same_configuration_changes_nothing(waits: Waits, holds: Holds, given: Given) -> None:
    await waits(HELD, services=(service("microsoft"),))
    assert holds.configured({"north": OLD}) == {}
    assert await given.claim() == []


async def test_a_replica_that_follows_another_ends_what_was_held_by_the_old_file(
    waits: Waits, holds: Holds, given: Given
) -> None:
    holds.configured({"north": NEW})
    await waits(HELD, HELD, services=(service("microsoft"),))
    assert holds.reconfigured({"north": NEW}) == {"north": Resumed(services=1, students=2)}
    assert len(await given.claim()) == 2
    assert holds.configured({"north": NEW}) == {}


async def test_a_changed_configuration_leaves_a_vendors_own_time(waits: Waits, holds: Holds, given: Given) -> None:
    await waits(LIMITED, services=(service("microsoft", held=False),))
    assert holds.configured({"north": NEW}) == {"north": Resumed(services=0, students=0)}
    assert await given.claim() == []


async def test_another_tenants_configuration_ends_no_hold(waits: Waits, holds: Holds, given: Given) -> None:
    await waits(HELD)
    holds.configured({"south": NEW})
    assert await given.claim() == []


async def test_an_operator_ends_all_waits_of_a_tenant(waits: Waits, holds: Holds, given: Given, engine: Engine) -> None:
    await waits(HELD, LIMITED, services=(service("microsoft"), service("microsoft/groups/g", held=False)))
    assert holds.resume("north", None, ADA) == Resumed(services=2, students=2)
    assert len(await given.claim()) == 2
    assert Inspection(engine).tenant_waits("north") == []


async def test_an_operator_ends_the_waits_of_one_service_and_its_parts(
    waits: Waits, holds: Holds, engine: Engine
) -> None:
    services = (service("google"), service("microsoft"), service("microsoft/groups/g"), service("microsoft2"))
    await waits(HELD, services=services)
    assert holds.resume("north", "microsoft", ADA) == Resumed(services=2, students=1)
    assert [wait.service for wait in Inspection(engine).tenant_waits("north")] == ["google", "microsoft2"]


async def test_an_operator_who_ends_waits_is_recorded_with_the_students_concerned(waits: Waits, engine: Engine) -> None:
    await waits(*[HELD] * 3, services=(service("microsoft"),))
    Holds(engine, page=2).resume("north", "microsoft", ADA)
    (act,) = Acts(engine).listed()
    assert (act.kind, act.tenant_id, act.by, act.why) == ("tenant_resumed", "north", "ada", "consent is granted")
    assert (act.students, act.about) == (3, {"service": "microsoft"})
    assert Acts(engine).of_student("north", "s2") == [act]


async def test_where_nothing_waits_nothing_is_recorded(holds: Holds, engine: Engine) -> None:
    holds.resume("north", None, ADA)
    assert list(Acts(engine).listed()) == []


async def test_a_changed_configuration_is_no_act_of_an_operator(waits: Waits, holds: Holds, engine: Engine) -> None:
    await waits(HELD, services=(service("microsoft"),))
    holds.configured({"north": NEW})
    assert list(Acts(engine).listed()) == []


async def test_a_student_who_waits_is_tried_again_and_the_others_are_not(
    waits: Waits, holds: Holds, given: Given, engine: Engine
) -> None:
    await waits(HELD, LIMITED, HELD)
    assert holds.retry("north", "s1", ADA)
    assert [job.lease.student_id for job in await given.claim()] == ["s1"]
    (act,) = Acts(engine).of_student("north", "s1")
    assert (act.kind, act.by, act.students, act.about) == ("student_retried", "ada", 1, {"student_id": "s1"})


async def test_who_waits_for_a_time_is_left_to_it(given: Given, ledger: OnPostgres, holds: Holds) -> None:
    given.accept(event())
    await ledger.work.commit((await given.claim_one()).lease, [Settle(1, Disposition.APPLIED, verify_in=900)])
    ledger.execute("UPDATE student SET due_at = now() + interval '30 days'")  # as for a deletion
    assert not holds.retry("north", "s1", ADA)
    assert await given.claim() == []


async def test_who_is_due_in_work_or_unknown_is_not_made_due(given: Given, holds: Holds, engine: Engine) -> None:
    given.accept(event())
    assert not holds.retry("north", "s1", ADA)
    await given.claim_one()
    assert not holds.retry("north", "s1", ADA)
    assert not holds.retry("north", "s2", ADA)
    assert list(Acts(engine).listed()) == []


async def test_all_who_are_held_for_a_reason_are_released_page_by_page(
    waits: Waits, engine: Engine, given: Given
) -> None:
    licence = WaitFor(Provider.MICROSOFT, StepName.LICENCES, Reason.LICENCES_EXHAUSTED, held=True)
    await waits(HELD, HELD, licence, HELD, LIMITED)
    pages = list(Holds(engine, page=2).release("north", Reason.CONSENT_MISSING, ADA))
    assert [page.students for page in pages] == [0, 2, 1, 0]
    assert {job.lease.student_id for job in await given.claim()} == {"s0", "s1", "s3"}
    (act,) = Acts(engine).listed()
    assert (act.kind, act.students, act.about) == ("holds_released", 3, {"reason": "consent_missing"})
    assert Acts(engine).of_student("north", "s2") == []


async def test_services_that_are_held_for_the_reason_are_called_again(
    waits: Waits, holds: Holds, engine: Engine
) -> None:
    limited = TenantWaits("mailgun", 3_600, Reason.THROTTLED, StepName.WELCOME)
    await waits(HELD, services=(service("microsoft"), service("google", held=False), limited))
    assert [page.services for page in holds.release("north", Reason.CONSENT_MISSING, ADA)] == [1, 0, 0]
    assert [wait.service for wait in Inspection(engine).tenant_waits("north")] == ["google", "mailgun"]


async def test_where_none_is_held_for_the_reason_nothing_is_recorded(
    waits: Waits, holds: Holds, engine: Engine
) -> None:
    await waits(HELD)
    assert sum(page.students for page in holds.release("north", Reason.QUOTA_EXCEEDED, ADA)) == 0
    assert sum(page.students for page in holds.release("south", Reason.CONSENT_MISSING, ADA)) == 0
    assert list(Acts(engine).listed()) == []


def test_neither_a_retry_nor_a_release_scans_students(engine: Engine, holds: Holds) -> None:
    with engine.begin() as connection:
        for statement in MANY.split(";"):
            connection.execute(text(statement))
        connection.execute(text("UPDATE student SET due_at = now() + interval '1 hour'"))
    released = scanned(engine, lambda: list(holds.release("t50", Reason.THROTTLED, ADA)))
    retried = scanned(engine, lambda: holds.retry("t51", "s51", ADA))
    assert [act.students for act in Acts(engine).listed()] == [200, 1]
    assert (released | retried) & {"student", "student_wait"} == set()


async def test_a_student_in_work_is_left_to_its_worker(given: Given, holds: Holds, engine: Engine) -> None:
    given.accept(event())
    await given.claim_one()
    holds.resume("north", None, ADA)
    with engine.begin() as connection:
        assert connection.execute(text("SELECT lease_owner FROM student")).scalar_one() == "w"
