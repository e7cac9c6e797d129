"""What a scenario says of itself."""

from dataclasses import replace

from proof.simulation.faults import Kill, Spell
from proof.simulation.institutions import tenants
from proof.simulation.scenario import Scenario
from proof.simulation.vendors import HEALTHY, NetworkConditions, host
from sandbox.simulators.google.quirks import GoogleQuirks
from sandbox.simulators.vendors import GRAPH, MAILGUN, Quirks

EVERYBODY = {tenant.id for tenant in tenants()}
CUT_OFF = Spell(5.0, 30.0, host(GRAPH, "north"), NetworkConditions(unreachable=1.0))
AIMED = Scenario(seed=1, sent=(), faults=(CUT_OFF, Spell(0.0, 10.0, host(MAILGUN, "south"), HEALTHY)))


def test_spared_are_those_at_whom_nothing_is_aimed() -> None:
    assert AIMED.spared == EVERYBODY - {"north", "south"}
    assert Scenario(seed=1, sent=()).spared == EVERYBODY


def test_no_tenant_is_spared_by_what_befalls_the_service_itself() -> None:
    assert replace(AIMED, faults=(CUT_OFF, Kill(1.0, 0, 1.0))).spared == frozenset()


def test_no_tenant_is_spared_where_vendors_are_slow() -> None:
    assert replace(AIMED, quirks=Quirks(google=GoogleQuirks(settling=40.0))).spared == frozenset()


def test_it_is_healed_when_the_last_fault_is_over() -> None:
    assert AIMED.healed_at == 35.0
    assert Scenario(seed=1, sent=()).healed_at == 0.0
