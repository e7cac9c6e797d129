"""A school whose first events come before its file: they wait, another school's do not, and none is lost."""

import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from consumer.events import Provider
from consumer.tenants import Tenant
from proof.collect.topics import read_topics
from proof.stories.campus import campus, event
from sandbox.simulators.vendors import Institution
from sandbox.simulators.world import World
from testbed.installation import until

NORTH = Institution("north-high", "North High School", (Provider.MICROSOFT,))
LATE = Institution("harbour-college", "Harbour College", (Provider.GOOGLE,))
STUDENTS = [f"S{number}" for number in range(5)]


@pytest.mark.long(seconds=20)
@pytest.mark.parts
async def test_events_that_came_before_their_tenants_file_are_carried_out_once_it_is_there(
    tmp_path: Path, kafka: str, database_url: str, unique_name: str
) -> None:
    world = World((NORTH, LATE), tmp_path, clock=time.time, seed=1)
    early = [event(LATE.id, student) for student in STUDENTS]
    others = [event(NORTH.id, student) for student in STUDENTS]

    def without_the_late_one(tenants: Sequence[Tenant]) -> Sequence[Tenant]:
        return [tenant for tenant in tenants if tenant.id != LATE.id]

    async with campus(
        world, kafka=kafka, database=database_url, name=unique_name, configure=without_the_late_one
    ) as here:
        replica = await here.start()
        await here.put(*early, *others)
        await here.until_applied(others)

        async def all_wait() -> bool:
            return await here.rows("SELECT tenant_id, count(*) FROM parked_record GROUP BY 1") == [(LATE.id, 5)]

        await until("the events without a tenant are parked", all_wait, seconds=30)
        log = replica.log()
        world.write_tenants(world.tenants(here.vendors))
        await replica.restart()
        await here.until_applied([*early, *others])
        await here.until_published()
        assert await here.rows("SELECT count(*) FROM parked_record") == [(0,)]
        assert not await read_topics(kafka, [here.service.topics.dead_letters])

    assert '"events_parked"' in log
    assert LATE.id not in log
