"""A replica follows the tenants' files while it runs: a school is added, a missing key is supplied, and no process starts again."""

import time
from functools import partial
from pathlib import Path

import pytest

from consumer.errors import Reason
from consumer.events import Provider
from proof.stories.campus import campus, event, tenant_file
from sandbox.simulators.vendors import Institution
from sandbox.simulators.world import World
from testbed.installation import until

NORTH = Institution("north-high", "North High School", (Provider.MICROSOFT,))
ADDED = Institution("harbour-college", "Harbour College", (Provider.GOOGLE,))
KEYLESS = Institution("south-academy", "South Academy", (Provider.GOOGLE,))
STUDENTS = [f"S{number}" for number in range(3)]
SELDOM = {"provisioning": {"held_retry": 3_600, "lease": 8, "call_timeout": 3}}


@pytest.mark.long(seconds=30)
@pytest.mark.parts
async def test_a_school_is_added_and_a_key_supplied_without_a_restart(
    tmp_path: Path, kafka: str, database_url: str, unique_name: str
) -> None:
    world = World((NORTH, ADDED, KEYLESS), tmp_path, clock=time.time, seed=1)
    key = tmp_path / "secrets" / f"{KEYLESS.id}.google"
    kept_key = key.rename(tmp_path / "kept.key")
    events = {school.id: [event(school.id, student) for student in STUDENTS] for school in (NORTH, ADDED, KEYLESS)}
    async with campus(world, kafka=kafka, database=database_url, name=unique_name, changes=SELDOM) as here:
        file = tenant_file(here, ADDED.id)
        kept_file = file.rename(tmp_path / "kept.yaml")
        replica = await here.start()
        await here.put(*events[NORTH.id], *events[KEYLESS.id])
        await here.until_applied(events[NORTH.id])

        async def keyless_wait() -> bool:
            return await here.waits() == dict.fromkeys(
                [(KEYLESS.id, student) for student in STUDENTS], Reason.TENANT_UNUSABLE
            )

        await until("the students of the school without a key wait", keyless_wait, seconds=30)
        kept_key.rename(key)
        await here.until_applied(events[KEYLESS.id])

        async def logged(event: str) -> bool:
            return f'"{event}"' in replica.log()

        kept_file.rename(file)
        await until("the school is added", partial(logged, "tenant_added"), seconds=30)
        await here.put(*events[ADDED.id])
        await here.until_applied(events[ADDED.id])

        settings = here.service.config.read_text()
        here.service.config.write_text(f"{settings}shutdown: 20\n")
        replica.reload()
        await until("the log says that a restart is needed", partial(logged, "service_file_changed"), seconds=30)
        metrics, log = await replica.metrics(), replica.log()
        assert replica.restarts == 0

    assert '"dead_letter"' not in log
    for school in (NORTH, ADDED, KEYLESS):
        assert f'provisioner_tenant_unusable{{tenant="{school.id}"}} 0.0' in metrics
