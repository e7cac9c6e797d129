"""Fewer licences than students: those who lack one wait, the others finish, and new stock is used by itself."""

import time
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from consumer.errors import Reason
from consumer.events import Provider
from proof.stories.campus import SOON, Campus, by_student, campus, event, failures_of
from sandbox.simulators.vendors import SKU, Institution
from sandbox.simulators.world import World
from testbed.installation import until

SCARCE = Institution("north-high", "North High School", (Provider.MICROSOFT,), licences=20)
AMPLE = Institution("south-academy", "South Academy", (Provider.MICROSOFT,))
PROBED_EVERY = 2.0
"""Seconds: `held_retry` of the pace in which these replicas run."""


@pytest.mark.long(seconds=30)
@pytest.mark.parts
async def test_who_lacks_a_licence_waits_and_continues_when_there_is_stock(
    tmp_path: Path, kafka: str, database_url: str, unique_name: str
) -> None:
    assert SOON["provisioning"]["held_retry"] == PROBED_EVERY
    world = World((SCARCE, AMPLE), tmp_path, clock=time.time, seed=1)
    stock = world.graph.directories[SCARCE.guid("tenant")].stock
    students = [event(SCARCE.id, f"S{number:02}") for number in range(30)]
    neighbours = [event(AMPLE.id, f"S{number:02}") for number in range(10)]
    async with campus(world, kafka=kafka, database=database_url, name=unique_name) as here:
        await here.start()
        await here.put(*students, *neighbours)
        await here.until_applied(neighbours)
        await until("20 are done and 10 wait", partial(stand, here, done=20, waiting=10), seconds=30)
        await until("the ten are reported", partial(are_reported, here, 10), seconds=30)
        assert set(await here.rows("SELECT service, reason, held FROM tenant_wait")) == {
            (f"microsoft/licences/{SKU}", Reason.LICENCES_EXHAUSTED, True)
        }
        codes = await here.rows("SELECT DISTINCT code FROM student_wait")
        assert codes == [(f"400 Request_BadRequest: {SKU}",)]

        before, began = refused(here), time.monotonic()
        await until("three probes were refused", partial(were_refused, here, before + 3), seconds=30)
        assert refused(here) - before <= 2 + (time.monotonic() - began) / PROBED_EVERY
        stock[SKU] += 5
        await until("25 are done and 5 wait", partial(stand, here, done=25, waiting=5), seconds=30)
        published = by_student(await here.published())

    assert stock[SKU] == 0
    messages = [one.message for outcomes in published.values() for one in failures_of(outcomes)]
    assert len(messages) == 10
    assert all(SKU in message for message in messages)


async def stand(here: Campus, *, done: int, waiting: int) -> bool:
    """Whether the scarce tenant's students stand so: those who wait, all for want of a licence."""
    ends = Counter(end for (tenant, _), end in (await here.dispositions()).items() if tenant == SCARCE.id)
    reasons = list((await here.waits()).values())
    return ends == {"applied": done, "pending": waiting} and reasons == [Reason.LICENCES_EXHAUSTED] * waiting


async def are_reported(here: Campus, count: int) -> bool:
    return len(failures_of(await here.published())) == count


def refused(here: Campus) -> int:
    """How often Graph refused a licence."""
    return sum(
        entry.route == "graph.users.assignLicense" and entry.status == 400 for entry in here.vendors.audit.entries()
    )


async def were_refused(here: Campus, count: int) -> bool:
    return refused(here) >= count
