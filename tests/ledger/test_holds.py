"""Holds of a tenant end when its configuration changes, or when an operator says so."""

from collections.abc import Awaitable, Iterator
from typing import Protocol

import pytest
from sqlalchemy import Engine, text

from consumer.errors import Reason
from consumer.events import Provider, StepName
from consumer.ledger.holds import Holds, Resumed
from consumer.ledger.inspect import Inspection
from consumer.ledger.port.writes import Defer, TenantWaits, WaitFor
from consumer.ledger.work import PostgresWork
from tests.ledger.conftest import Given, OnPostgres, event

pytestmark = pytest.mark.parts

OLD, NEW = b"old", b"new"
HELD = WaitFor(Provider.MICROSOFT, StepName.CREATE, Reason.CONSENT_MISSING, held=True)
LIMITED = WaitFor(Provider.MICROSOFT, StepName.CREATE, Reason.THROTTLED)


@pytest.fixture
def ledger(engine: Engine, owner: Engine) -> Iterator[OnPostgres]:
    ledger = OnPostgres(engine, owner)
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
    assert holds.resume("north", None) == Resumed(services=2, students=2)
    assert len(await given.claim()) == 2
    assert Inspection(engine).tenant_waits("north") == []


async def test_an_operator_ends_the_waits_of_one_service_and_its_parts(
    waits: Waits, holds: Holds, engine: Engine
) -> None:
    services = (service("google"), service("microsoft"), service("microsoft/groups/g"), service("microsoft2"))
    await waits(HELD, services=services)
    assert holds.resume("north", "microsoft") == Resumed(services=2, students=1)
    assert [wait.service for wait in Inspection(engine).tenant_waits("north")] == ["google", "microsoft2"]


async def test_a_student_in_work_is_left_to_its_worker(given: Given, holds: Holds, engine: Engine) -> None:
    given.accept(event())
    await given.claim_one()
    holds.resume("north", None)
    with engine.begin() as connection:
        assert connection.execute(text("SELECT lease_owner FROM student")).scalar_one() == "w"
