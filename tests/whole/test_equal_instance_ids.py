"""Two replicas that were given one `group.instance.id` by mistake: none seems ready while it reads nothing, and everything is read."""

import re
import time
from collections.abc import Mapping
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from consumer.events import Provider
from proof.chaos.watch import Watch
from proof.stories.campus import Campus, campus, event
from sandbox.simulators.vendors import Institution
from sandbox.simulators.world import World
from testbed.installation import until
from testbed.replica import Replica

SCHOOL = Institution("north-high", "North High School", (Provider.MICROSOFT,))
CHANGES: Mapping[str, Mapping[str, object]] = {
    "kafka": {
        "group_instance_id": "the-same",
        "librdkafka": {"session.timeout.ms": "6000", "heartbeat.interval.ms": "1500"},
    }
}
ROUNDS = 3
"""The two fence each other over and over, and the test's supervisor starts again what ended, as an orchestrator would."""

_RECORDS = re.compile(r"^provisioner_intake_batch_records_sum (\S+)$", re.MULTILINE)


class Reader:
    """A replica, and whether it reads."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica
        self._before: float | None = None

    async def begin(self) -> None:
        """From now on it has to read, or not to be ready."""
        self._before = await self._taken()

    async def reads_or_is_unready(self) -> bool:
        """Whether it took a record since, or is not ready now, or was started anew."""
        taken = await self._taken()
        return taken != self._before or not await self._replica.ready()

    async def _taken(self) -> float | None:
        """How many records this process has taken; None where it does not answer."""
        found = _RECORDS.search(await self._replica.metrics())
        return float(found[1]) if found else None


@pytest.mark.long(seconds=60)
@pytest.mark.parts
async def test_no_replica_is_ready_without_reading_and_nothing_is_left_unread(
    tmp_path: Path, kafka: str, database_url: str, unique_name: str
) -> None:
    world = World((SCHOOL,), tmp_path, clock=time.time, seed=1)
    numbers = count()
    events: list[Mapping[str, object]] = []

    async def all_read_or_are_unready(here: Campus, unproved: set[Reader]) -> bool:
        more = [event(SCHOOL.id, f"S{next(numbers)}") for _ in range(6)]
        await here.put(*more)
        events.extend(more)
        for reader in list(unproved):
            if await reader.reads_or_is_unready():
                unproved.discard(reader)
        return not unproved

    async with campus(world, kafka=kafka, database=database_url, name=unique_name, changes=CHANGES) as here:
        readers = [Reader(await here.start(name)) for name in ("one", "two")]
        for _ in range(ROUNDS):
            unproved = set(readers)
            for reader in readers:
                await reader.begin()
            await until("each reads or is not ready", partial(all_read_or_are_unready, here, unproved), seconds=60)
        await here.until_applied(events)
        with Watch(here.database, here.kafka, group=here.service.group, topics=here.service.topics) as watch:

            async def nothing_is_unread() -> bool:
                owed = await watch.owed()
                return owed is not None and owed.lag == 0

            await until("nothing is unread", nothing_is_unread, seconds=60)
