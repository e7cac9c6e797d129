"""A tenant whose key is broken, next to two that are well: they finish, and it is held by itself, with its reason."""

import time
from pathlib import Path

import pytest

from consumer.errors import Reason
from consumer.events import Provider
from proof.stories.campus import by_student, campus, event, failures_of
from sandbox.simulators.vendors import Institution
from sandbox.simulators.world import World
from testbed.installation import until

NORTH = Institution("north-high", "North High School", (Provider.MICROSOFT,))
HARBOUR = Institution("harbour-college", "Harbour College", (Provider.GOOGLE,))
BROKEN = Institution("south-academy", "South Academy", (Provider.GOOGLE,))
STUDENTS = [f"S{number}" for number in range(5)]


@pytest.mark.long(seconds=20)
@pytest.mark.parts
async def test_a_broken_key_holds_its_tenant_alone(
    tmp_path: Path, kafka: str, database_url: str, unique_name: str
) -> None:
    world = World((NORTH, HARBOUR, BROKEN), tmp_path, clock=time.time, seed=1)
    (tmp_path / "secrets" / f"{BROKEN.id}.google").write_text('{"type": "service_account", "private_key": "-----BEGIN')
    well = [event(school.id, student) for school in (NORTH, HARBOUR) for student in STUDENTS]
    async with campus(world, kafka=kafka, database=database_url, name=unique_name) as here:
        replica = await here.start()
        await here.put(*(event(BROKEN.id, student) for student in STUDENTS), *well)
        await here.until_applied(well)

        async def all_wait() -> bool:
            return len(await here.waits()) == len(STUDENTS)

        await until("the third tenant's students wait", all_wait, seconds=30)
        await here.until_published()
        published = by_student(await here.published())
        waits = await here.waits()
        metrics, log = await replica.metrics(), replica.log()
        assert replica.restarts == 0

    assert waits == {(BROKEN.id, student): Reason.TENANT_UNUSABLE for student in STUDENTS}
    for student in STUDENTS:
        held = failures_of(published[BROKEN.id, student])
        assert [(one.reason, one.final) for one in held] == [(Reason.TENANT_UNUSABLE, False)]
    assert f'provisioner_tenant_unusable{{tenant="{BROKEN.id}"}} 1.0' in metrics
    assert f'provisioner_tenant_unusable{{tenant="{NORTH.id}"}} 0.0' in metrics
    assert [line for line in log.splitlines() if '"tenant_unusable"' in line and BROKEN.id in line]
    assert "BEGIN" not in log
