"""The reconciliation that runs in the background loop's thread."""

import asyncio

import pytest

from consumer.events import Provider
from consumer.reconcile.nightly import BackgroundReconciler
from consumer.reconcile.run import Reconciler
from sandbox.simulators.faults import FaultRule, Latency
from testbed.settled import seed_differences
from tests.reconcile.conftest import Installation

SLOW = FaultRule(route="*.users.list", fault=Latency(low=30, high=30))

pytestmark = pytest.mark.parts


async def test_it_ends_and_is_known_to_have_ended(installation: Installation, provider: Provider) -> None:
    seed_differences(installation.school(provider, 100), each=1)
    background = BackgroundReconciler(Reconciler(installation.connections(), holder="night"), installation.engine)
    before, never = background.finished(["north"])
    assert never == {}
    await asyncio.to_thread(lambda: list(background.run(installation.tenant, repair=False)))
    _, finished = background.finished(["north"])
    assert finished["north"] >= before
    labels = {"tenant": "north", "provider": provider, "kind": "missing"}
    assert installation.metrics.registry.get_sample_value("provisioner_reconciliation_findings", labels) == 1


async def test_one_that_is_left_does_not_count_as_ended(installation: Installation) -> None:
    installation.school(installation.tenant.providers[0], 10)
    background = BackgroundReconciler(
        Reconciler(installation.connections(), holder="night"), installation.engine, slice_seconds=0.2
    )

    def left() -> None:
        pages = background.run(installation.tenant, repair=False)
        next(pages)
        pages.close()

    installation.vendors.faults.set([SLOW])
    await asyncio.to_thread(left)
    assert background.finished(["north"])[1] == {}
