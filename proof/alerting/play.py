"""Brings about one trouble after the other, and writes down which alerts are sent."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from proof.alerting.pager import Pager
from proof.alerting.trouble import Trouble
from proof.chaos.experiment import Experiment
from proof.chaos.installation import Changes, Installation
from proof.chaos.stage import Stage
from testbed.parts.artefacts import Say

_SETTINGS: Changes = {"metrics": {"every": 1}, "kafka": {"park_unknown": 12}, "provisioning": {"verify_after": 8}}
_WITHIN = 150.0
_ENDS_WITHIN = 240.0


@dataclass(frozen=True, slots=True)
class Alerted:
    """`after`: seconds from the trouble's beginning until each expected alert came. `others` came that were not meant for it."""

    trouble: Trouble
    after: dict[str, float]
    others: frozenset[str] = frozenset()

    @property
    def missing(self) -> frozenset[str]:
        """Expected, and not sent."""
        return self.trouble.expected - self.after.keys()

    @property
    def right(self) -> bool:
        """The expected alerts, and no other."""
        return not self.missing and not self.others


async def play(troubles: Sequence[Trouble], *, say: Say) -> AsyncGenerator[Alerted]:
    """One result for each.

    Raises `Missing` where Prometheus cannot be had, and AssertionError where an alert does not end after its cause has.
    """
    async with Stage(say=say) as stage, stage.installation(seed=1, replicas=2, changes=_SETTINGS) as installation:
        experiment = _experiment(installation)
        await experiment.begin()
        with TemporaryDirectory(prefix="provisioner-alerts-") as folder:
            pager = Pager([replica.address for replica in installation.replicas], Path(folder), say=say)
            try:
                await asyncio.to_thread(pager.start)
                for trouble in troubles:
                    yield await _one(trouble, experiment, pager)
                await experiment.until("every alert has ended", lambda: _none(pager), seconds=_ENDS_WITHIN)
            finally:
                await asyncio.to_thread(pager.stop)


async def _one(trouble: Trouble, experiment: Experiment, pager: Pager) -> Alerted:
    before, known = pager.firing(), len(pager.received())

    def sent() -> dict[str, float]:
        first: dict[str, float] = {}
        for one in pager.received()[known:]:
            if not one.resolved:
                first.setdefault(one.name, one.at)
        return first

    async def all_sent() -> bool:
        return trouble.expected <= sent().keys()

    async with trouble.bring(experiment):
        begun = time.time()
        with suppress(AssertionError):  # what is missing, the result says
            await experiment.until("the alerts are sent", all_sent, seconds=_WITHIN)
        await asyncio.sleep(trouble.stays)
    await experiment.installation.heal()
    await experiment.installation.all_ready()
    await experiment.quiet()
    after = {name: max(0.0, at - begun) for name, at in sent().items()}
    others = after.keys() - trouble.expected - trouble.also - before
    return Alerted(trouble, {name: after[name] for name in trouble.expected & after.keys()}, frozenset(others))


async def _none(pager: Pager) -> bool:
    return not pager.firing()


def _experiment(installation: Installation) -> Experiment:
    return Experiment(installation, number=0, seed=1, window=10, late=10, full=False, students=0, mix=None)
