"""A status that depends on the student's school: every way in which it can be decided comes up."""

from collections import Counter
from dataclasses import replace

from proof.checker import check
from proof.history import ExpectedOutcome
from proof.simulation.run import play
from proof.simulation.scenario import scenario
from sandbox.simulators.vendors import Quirks

SEEDS = 40


def test_visits_act_do_nothing_and_become_dead_letters() -> None:
    ends: Counter[ExpectedOutcome] = Counter()
    for seed in range(SEEDS):
        drawn = scenario(seed)
        visiting = {one.record.event_id for one in drawn.sent if b"visiting" in (one.record.value or b"")}
        if not visiting:
            continue
        history = play(replace(drawn, residents=(), crashes=(), stalls={}, faults=(), quirks=Quirks())).history
        assert check(history).passed
        ends.update(one.expected for one in history.inputs if one.event_id in visiting)
    assert set(ends) == set(ExpectedOutcome)
