"""The checker hears of every bug that is seeded, by the invariant that it breaks, and of none where there is none."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from proof.checker import check
from proof.simulation.faults import DatabaseAway, Fault, Kill
from proof.simulation.replica import Make
from proof.simulation.run import play
from proof.simulation.scenario import Scenario, scenario
from tests.proof.bugs import intake, outbound, provisioning

SEEDS = 400


@dataclass(frozen=True)
class Bug:
    """What is made wrong, and what that breaks: one of these at least."""

    make: Make
    breaks: frozenset[str]
    faults: Sequence[Fault] | None = None
    """Instead of the seed's own."""

    def scenario(self, seed: int) -> Scenario:
        """In which it may show."""
        own = scenario(seed)
        return own if self.faults is None else replace(own, faults=self.faults)


_DIES_WITHOUT_DATABASE = (DatabaseAway(0.5, 40.0), Kill(30.0, None, 5.0))


BUGS = {
    "offset before commit": Bug(
        Make(assembly=intake.CommitsOffsetsFirst), frozenset({"I3", "I11"}), _DIES_WITHOUT_DATABASE
    ),
    "no unique event id": Bug(Make(database=intake.KnowsNoEventId), frozenset({"I2", "I3"})),
    "no version guard": Bug(Make(database=intake.TakesOlderVersions), frozenset({"I2", "I16"})),
    "dead letters without headers": Bug(Make(clients=intake.DropsHeaders), frozenset({"I18"})),
    "dead letters unacknowledged": Bug(Make(clients=intake.TrustsLettersUnseen), frozenset({"I3", "I11"})),
    "no lease check": Bug(Make(database=provisioning.IgnoresLeases), frozenset({"I4", "I13"})),
    "new password for each retry": Bug(Make(clients=provisioning.MakesANewPasswordEachTime), frozenset({"I4", "I17"})),
    "next address on unknown": Bug(Make(clients=provisioning.TakesTheNextAddressWhenUnsure), frozenset({"I1"})),
    "adoption without marker": Bug(Make(assembly=provisioning.AdoptsByAddress), frozenset({"I7"})),
    "writes by name": Bug(Make(assembly=provisioning.WritesByName), frozenset({"I7"})),
    "404 is absent": Bug(Make(assembly=provisioning.TakesMissingForAbsent), frozenset({"I1", "I6"})),
    "outbox outside the transaction": Bug(
        Make(clients=provisioning.PublishesOutsideTheTransaction), frozenset({"I3", "I5"})
    ),
    "relay by cursor": Bug(Make(clients=outbound.FollowsACursor), frozenset({"I5"})),
    "published without progress": Bug(Make(clients=outbound.PublishesWithoutProgress), frozenset({"I5"})),
    "Retry-After ignored by others": Bug(Make(clients=provisioning.KeepsNoTenantWaiting), frozenset({"I9"})),
    "mail sent again": Bug(Make(assembly=provisioning.SendsAgain), frozenset({"I4"})),
    "address in a log": Bug(Make(assembly=provisioning.LogsAddresses), frozenset({"I14"})),
}


@pytest.mark.parametrize("name", BUGS)
def test_a_seeded_bug_is_caught_and_named(name: str) -> None:
    bug = BUGS[name]
    broken = (check(play(bug.scenario(seed), make=bug.make).history).broken() for seed in range(SEEDS))
    assert any(bug.breaks & set(found) for found in broken)


def test_without_a_bug_nothing_is_found() -> None:
    for seed in range(20):
        assert check(play(scenario(seed)).history).passed
