"""A tenant that some replicas set aside for a while, whenever that is: what it has to do is done, and others notice nothing."""

from dataclasses import replace

from proof.checker import check
from proof.simulation.faults import TenantSetAside
from proof.simulation.run import play
from proof.simulation.scenario import Scenario, scenario
from sandbox.simulators.vendors import Quirks

SEEDS = 200


def set_aside() -> list[Scenario]:
    """Those of the first seeds at which that happens, without whatever else goes wrong there."""
    drawn = [scenario(seed) for seed in range(SEEDS)]
    return [
        replace(one, residents=(), crashes=(), stalls={}, quirks=Quirks(), faults=only)
        for one in drawn
        if (only := [fault for fault in one.faults if isinstance(fault, TenantSetAside)])
    ]


def test_some_seeds_bring_it_to_some_and_some_to_all_replicas() -> None:
    drawn = set_aside()
    assert {len(one.faults) == one.replicas for one in drawn} == {True, False}


def test_nothing_is_lost_and_no_other_tenant_is_hit() -> None:
    for one in set_aside()[:10]:
        history = play(one).history
        assert history.faults["TenantSetAside"] == len(one.faults)
        assert check(history).passed
