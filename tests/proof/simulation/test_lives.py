"""Two thousand students with random lives among faults: each of their accounts ends where its events lead, by the vendors alone.

That there is one account of a student at every instant (I1), and that none is opened after its suspension was reported unless a newer event
wants it (I20), the checker sees in the vendors' audit logs.
"""

from collections import Counter

import pytest

from consumer.events import ProviderAction
from proof.checker import check
from proof.simulation.clients import SimulatedClients
from proof.simulation.ends import Ends
from proof.simulation.fold import State
from proof.simulation.lives import STUDENTS, lives
from proof.simulation.replica import Make
from proof.simulation.run import play
from tests.proof.bugs import endings, provisioning

SEEDS = 20
CERTAIN = 0.5
"""Of the accounts: as many at least can end in one state only, in spite of the faults."""
ENDS = {State.NONE, State.OPEN, State.BLOCKED, State.DELETED, State.RELEASED}

pytestmark = pytest.mark.computes


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_account_ends_where_its_events_lead(seed: int) -> None:
    scenario = lives(seed, students=STUDENTS)
    history = play(scenario).history
    report, ends = check(history), Ends(scenario, history)
    found = "\n".join(
        [*report.lines(), *ends.wrong, f"again: python -m proof.simulation --lives --seed {seed} --trace"]
    )
    assert report.passed, found
    assert not ends.wrong, found
    assert report.looked["I1"] >= STUDENTS, found
    assert min(report.looked["I20"], report.looked["I26"]) > 0, found
    assert ends.certain.total() >= CERTAIN * ends.accounts, found
    assert ends.certain.keys() >= ENDS, found


def test_lives_are_of_one_to_eight_events_of_every_kind() -> None:
    scenario = lives(1, students=STUDENTS)
    events = {one.record.event_id: one.record for one in scenario.sent}
    lengths = Counter((record.tenant_id, record.student_id) for record in events.values())
    assert len(lengths) == STUDENTS
    assert set(lengths.values()) == set(range(1, 9))
    actions = {one.action for one in play(scenario).history.inputs}
    assert actions == {*ProviderAction, None}


@pytest.mark.parametrize("wrong", [endings.DeletesForGood, provisioning.SuspendsForGood])
def test_accounts_that_end_elsewhere_are_noticed(wrong: type[SimulatedClients]) -> None:
    scenario = lives(1, students=20)
    assert Ends(scenario, play(scenario, make=Make(clients=wrong)).history).wrong
