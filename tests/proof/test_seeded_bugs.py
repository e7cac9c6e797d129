"""The checker detects every seeded bug, by the invariant that it breaks, and finds none where there is none."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import pytest

from proof.checker import check
from proof.simulation.faults import Fault
from proof.simulation.namesakes import namesakes
from proof.simulation.replica import Make
from proof.simulation.run import MADE, play
from proof.simulation.scenario import Scenario, scenario
from proof.simulation.withdrawal import transfer, withdrawal
from sandbox.simulators.vendors import Quirks
from tests.proof.bugs import addresses, endings, faults, guard, intake, outbound, provisioning

SEEDS = 400


@dataclass(frozen=True)
class Bug:
    """What is made wrong, and what that breaks: one of these at least."""

    make: Make
    breaks: frozenset[str]
    faults: Sequence[Fault] | None = None
    """Instead of all that goes wrong by the seed."""
    quirks: Quirks = field(default_factory=Quirks)
    """With `faults`: how vendors take their time."""
    around: Make = MADE
    """What the service is made of without the bug."""
    story: Callable[[int], Scenario] = scenario
    """In which it may show, from a seed."""

    def scenario(self, seed: int) -> Scenario:
        """In which it may show."""
        own = self.story(seed)
        if self.faults is None:
            return own
        return replace(own, faults=self.faults, crashes=(), stalls={}, quirks=self.quirks)


BUGS = {
    "offset before commit": Bug(
        Make(database=intake.TrustsTheGroup, clients=intake.CommitsOffsetsFirst),
        frozenset({"I3", "I11"}),
        faults.DIES_WITHOUT_DATABASE,
        around=Make(database=intake.TrustsTheGroup),
    ),
    "no unique event id": Bug(Make(database=intake.KnowsNoEventId), frozenset({"I2", "I3"})),
    "no version guard": Bug(Make(database=intake.TakesOlderVersions), frozenset({"I2", "I16"})),
    "same version taken again": Bug(Make(database=intake.TakesTheSameVersionAgain), frozenset({"I2", "I16"})),
    "no partition fence": Bug(
        Make(database=intake.IgnoresPartitionEpochs, clients=intake.DawdlesBeforeAccepting),
        frozenset({"I13"}),
        faults.ONE_STANDS_STILL,
        around=Make(clients=intake.DawdlesBeforeAccepting),
    ),
    "parked records are not kept": Bug(Make(database=intake.ForgetsParked), frozenset({"I3", "I11"})),
    "parked records are removed first": Bug(
        Make(database=intake.ReleasesTooEarly), frozenset({"I3", "I11"}), faults.DIES_BEFORE_DEAD_LETTERS_ARE_TAKEN
    ),
    "offsets of a standby taken on trust": Bug(
        Make(database=intake.TrustsAStandby), frozenset({"I3", "I11"}), faults.A_STANDBY_LAGS
    ),
    "batches of a standby taken on trust": Bug(
        Make(clients=outbound.TrustsAStandby), frozenset({"I5"}), faults.A_STANDBY_LAGS
    ),
    "a fatal consumer lives on": Bug(
        Make(clients=intake.LivesOnWithAFatalConsumer), frozenset({"I3", "I15"}), faults.CONSUMERS_ARE_FENCED
    ),
    "dead letters without headers": Bug(Make(clients=intake.DropsHeaders), frozenset({"I18"})),
    "dead letters unacknowledged": Bug(Make(clients=intake.TrustsLettersUnseen), frozenset({"I3", "I11"})),
    "a tenant in dry run is worked": Bug(
        Make(assembly=provisioning.WorksInDryRun), frozenset({"I24"}), faults.A_TENANT_IS_IN_DRY_RUN
    ),
    "no lease check": Bug(
        Make(database=provisioning.IgnoresLeases), frozenset({"I4", "I13"}), faults.ONE_STANDS_STILL_AMID_CALLS
    ),
    "new password for each retry": Bug(Make(clients=provisioning.MakesANewPasswordEachTime), frozenset({"I4", "I17"})),
    "next address on unknown": Bug(Make(clients=provisioning.TakesTheNextAddressWhenUnsure), frozenset({"I1"})),
    "adoption without marker": Bug(Make(assembly=provisioning.AdoptsByAddress), frozenset({"I7"})),
    "adoption by bare number": Bug(Make(assembly=provisioning.AdoptsByNumber), frozenset({"I21"})),
    "adoption of guests": Bug(Make(assembly=provisioning.AdoptsGuests), frozenset({"I21"})),
    "skip leaves pending work alone": Bug(Make(database=intake.SkipsWithoutCancelling), frozenset({"I22"})),
    "cancelled work continues": Bug(Make(clients=provisioning.ContinuesCancelledWork), frozenset({"I22"})),
    "accounts made by an update": Bug(Make(clients=provisioning.MakesWhatItShouldUpdate), frozenset({"I22"})),
    "groups of the old class are kept": Bug(Make(assembly=provisioning.KeepsOldGroups), frozenset({"I2"})),
    "unit of the old school is kept": Bug(Make(assembly=provisioning.KeepsOldUnits), frozenset({"I2"})),
    "unit that is not joined": Bug(Make(assembly=provisioning.JoinsNoUnit), frozenset({"I2", "I6"})),
    "suspension against a newer event": Bug(Make(clients=provisioning.SuspendsForGood), frozenset({"I2", "I20"})),
    "suspension taken on trust": Bug(
        Make(assembly=provisioning.TakesSuspensionsOnTrust), frozenset({"I2", "I6"}), faults.SUSPENSIONS_GET_LOST
    ),
    "suspension and password in one call": Bug(
        Make(assembly=provisioning.ResetsPasswordsWithSuspensions), frozenset({"I20"})
    ),
    "waits without causes": Bug(Make(clients=provisioning.KeepsNoCauses), frozenset({"I23"})),
    "waits that are not published": Bug(Make(clients=provisioning.PublishesNoWaits), frozenset({"I23"})),
    "writes by name": Bug(Make(assembly=provisioning.WritesByName), frozenset({"I7"})),
    "404 is absent": Bug(
        Make(assembly=provisioning.TakesMissingForAbsent),
        frozenset({"I1", "I6"}),
        faults.CREATIONS_ARE_NOT_ANSWERED,
        quirks=faults.LAGS,
    ),
    "outbox outside the transaction": Bug(
        Make(clients=provisioning.PublishesOutsideTheTransaction), frozenset({"I3", "I5"})
    ),
    "relay by cursor": Bug(Make(clients=outbound.FollowsACursor), frozenset({"I5"})),
    "published without progress": Bug(Make(clients=outbound.PublishesWithoutProgress), frozenset({"I5"})),
    "producer kept after a late commit": Bug(
        Make(assembly=outbound.KeepsItsProducer), frozenset({"I5"}), faults.DIES_WHEN_A_LATE_COMMIT_ARRIVES
    ),
    "breaker shared by tenants": Bug(
        Make(database=provisioning.SharesBreakers), frozenset({"I15"}), faults.ONE_INSTITUTION_IS_CUT_OFF
    ),
    "Retry-After ignored by others": Bug(
        Make(clients=provisioning.KeepsNoTenantWaiting), frozenset({"I9"}), faults.BUSY
    ),
    "mail sent again": Bug(Make(assembly=provisioning.SendsAgain), frozenset({"I4"}), faults.MAILS_ARE_NOT_ANSWERED),
    "replaced password mailed": Bug(
        Make(assembly=provisioning.SendsReplacedPasswords),
        frozenset({"I4"}),
        faults.PASSWORDS_REPLACED_WHILE_MAILS_WAIT,
    ),
    "a known account is not looked at": Bug(
        Make(assembly=provisioning.AnnouncesWhatItRemembers), frozenset({"I2", "I6"})
    ),
    "guard after lease": Bug(
        Make(database=guard.CountsAfterTheCall), frozenset({"I25"}), story=partial(withdrawal, students=12)
    ),
    "no guard for licences": Bug(
        Make(database=guard.GuardsWholeEventsOnly), frozenset({"I25"}), story=partial(transfer, students=12)
    ),
    "deleted before its time": Bug(Make(clients=endings.DeletesBeforeItsTime), frozenset({"I26"})),
    "lost cancellation": Bug(Make(clients=endings.DeletesForGood), frozenset({"I26"})),
    "deleted unannounced": Bug(Make(clients=endings.DeletesUnannounced), frozenset({"I27"})),
    "announced again": Bug(Make(clients=endings.AnnouncesAgain), frozenset({"I27"}), faults.CALM),
    "write after release": Bug(Make(clients=endings.WritesAfterTheRelease), frozenset({"I26"})),
    "former address given away": Bug(
        Make(clients=addresses.GivesFormerAddressesAway), frozenset({"I28"}), story=namesakes
    ),
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


@pytest.mark.parametrize("name", [name for name, bug in BUGS.items() if bug.faults is not None])
def test_the_faults_that_bring_a_bug_to_light_break_nothing_themselves(name: str) -> None:
    for seed in range(10):
        assert check(play(BUGS[name].scenario(seed), make=BUGS[name].around).history).passed
