"""Fenced: consumers that Kafka has thrown out for good, and that would read nothing any more."""

import asyncio
from collections.abc import Sequence
from functools import partial

from proof.chaos.experiment import Experiment
from proof.chaos.row import BOOK
from proof.chaos.rows.students import people
from sandbox.simulators.events import SimulatedRecord
from testbed.replica import Replica

_INSTANCE = "PROVISIONER_KAFKA__GROUP_INSTANCE_ID"
_PARTITIONS = "provisioner_intake_partitions"
_SESSION = 6.0
"""Seconds; the installation's."""
_MOST = 60.0
"""Seconds for which a replica may say that it is ready and read nothing, though records wait."""


@BOOK.row(
    90,
    "a consumer is fenced: one group.instance.id twice; a member that stood still for longer than its session",
    expected="replaced, or its process ends: none is ready for a minute and reads nothing; nothing is left unread",
    alone=True,
    heals_within=150,
)
async def fenced(experiment: Experiment) -> None:
    first, second, *_ = experiment.replicas
    await asyncio.gather(*(replica.restart({_INSTANCE: "the-same"}) for replica in (first, second)))

    async def fences() -> bool:
        return _failures(experiment) > 0

    await experiment.until("one fences the other", fences)
    watch = asyncio.create_task(_idle(experiment))
    events = [experiment.event("north-high", student, 1) for student in people(experiment, "north-high", 10)]
    await experiment.produce(events)
    await experiment.sleep()
    await experiment.until("what comes meanwhile is read", partial(_all_accepted, experiment, events), seconds=_MOST)
    experiment.fire("consumer fenced by another process", _failures(experiment))
    await asyncio.gather(*(replica.restart({_INSTANCE: replica.name}) for replica in (first, second)))
    await experiment.installation.all_ready()
    before = _failures(experiment)
    first.stop()
    experiment.fire("stood still for longer than the session")
    await asyncio.sleep(_SESSION + 3)
    late = [experiment.event("north-high", student, 2) for student in people(experiment, "north-high", 10)]
    await experiment.produce(late)
    first.resume()
    await experiment.until("all is read", partial(_all_accepted, experiment, late), seconds=_MOST)
    if (met := _failures(experiment) - before) > 0:  # else the group had taken it back before it committed anything
        experiment.fire("consumer fenced after its session", met)
    await experiment.until("it reads again", partial(_reads, experiment, first), seconds=_MOST)
    watch.cancel()
    experiment.expect(not watch.done() or watch.cancelled(), "a replica was ready for a minute and read nothing")


async def _idle(experiment: Experiment) -> None:
    """Returns when a replica has been ready, and has read nothing though records waited, for too long."""
    since: dict[str, float] = {}
    clock = asyncio.get_running_loop().time
    while all(clock() - at < _MOST for at in since.values()):
        owed = await experiment.installation.watch.owed()
        for replica in experiment.replicas:
            if owed is None or not owed.lag or await _reads(experiment, replica) or not await replica.ready():
                since.pop(replica.name, None)
            else:
                since.setdefault(replica.name, clock())
        await asyncio.sleep(1)


async def _reads(experiment: Experiment, replica: Replica) -> bool:
    return await experiment.metric(_PARTITIONS, of=replica) > 0


def _failures(experiment: Experiment) -> int:
    """Consumers that failed for good, since the installation began; by the logs, as processes end by it too."""
    return sum(replica.log().count('"consumer_failed"') for replica in experiment.replicas)


async def _all_accepted(experiment: Experiment, events: Sequence[SimulatedRecord]) -> bool:
    return all([await experiment.accepted(event) for event in events])
