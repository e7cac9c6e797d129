"""A school tries its file on its real students first: plans are published, no vendor is written to, and then all are worked."""

import time
from pathlib import Path

import pytest

from consumer.events import AccountPlanned, AccountProvisioned, Provider
from proof.stories.campus import Campus, campus, event, tenant_file
from sandbox.simulators.vendors import GRAPH, MAILGUN, Institution
from sandbox.simulators.world import World
from testbed.installation import until

NORTH = Institution("north-high", "North High School", (Provider.MICROSOFT,))
SELDOM = {"provisioning": {"held_retry": 3_600, "lease": 8, "call_timeout": 3}}


def switch(here: Campus, *, dry_run: bool) -> None:
    """The tenant's file says so from now on, and nothing else is changed."""
    file = tenant_file(here, NORTH.id)
    kept = [line for line in file.read_text().splitlines() if not line.startswith("dry_run")]
    new = file.with_suffix(".new")
    new.write_text("\n".join([*kept, f"dry_run: {str(dry_run).lower()}", ""]))
    new.rename(file)


def changes_of(here: Campus) -> list[str]:
    """What was changed at vendors, by its path: asking for a token changes nothing."""
    return [one.path for one in here.writes() if one.service in {GRAPH, MAILGUN} and not one.path.endswith("/token")]


@pytest.mark.long(seconds=25)
@pytest.mark.parts
async def test_students_of_a_tenant_in_dry_run_are_planned_and_worked_when_it_is_over(
    tmp_path: Path, kafka: str, database_url: str, unique_name: str
) -> None:
    world = World((NORTH,), tmp_path, clock=time.time, seed=1)
    events = [event(NORTH.id, f"S{number}") for number in range(3)]
    async with campus(world, kafka=kafka, database=database_url, name=unique_name, changes=SELDOM) as here:
        switch(here, dry_run=True)
        replica = await here.start()
        await here.put(*events)

        async def planned() -> bool:
            return len(await here.published()) == len(events)

        await until("every student is planned", planned, seconds=60)
        assert {type(one) for one in await here.published()} == {AccountPlanned}
        assert changes_of(here) == []
        assert set((await here.waits()).values()) == {"dry_run"}

        switch(here, dry_run=False)
        await here.until_applied(events)
        made = [one for one in await here.published() if isinstance(one, AccountProvisioned)]
        assert {one.student_id for one in made} == {"S0", "S1", "S2"}
        assert changes_of(here).count("/v1.0/users") == len(events)
        assert replica.restarts == 0
