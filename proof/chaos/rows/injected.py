"""Vendors with an injected fault, and how many of our calls met it."""

from contextlib import suppress

from proof.chaos.experiment import Experiment
from sandbox.simulators.faults import FaultRule

_PATIENCE = 30.0
"""Seconds: as long as replicas may take that another fault has ended."""


async def moody(experiment: Experiment, *rules: FaultRule, fault: str, share: float = 1.0) -> None:
    """For a part of the window, and on until a call has met it; counts the calls that did."""
    since = len(experiment.calls())

    async def felt() -> bool:
        return met(experiment, since) > 0

    experiment.faults(*rules)
    await experiment.sleep(share)
    with suppress(AssertionError):
        await experiment.until("a call meets it", felt, seconds=_PATIENCE)
    experiment.faults()
    experiment.fire(fault, met(experiment, since))


def met(experiment: Experiment, since: int, *, tenant: str | None = None) -> int:
    """Of the row's calls from the one given on, those that met a fault; latency is none. `tenant` as the vendor knows it."""
    calls = [call for call in experiment.calls()[since:] if "fault" in call.noted]
    return sum(tenant is None or call.noted.get("tenant") == tenant for call in calls)
