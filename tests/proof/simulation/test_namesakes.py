"""Addresses that follow the names, in simulated time, whatever happens to the processes."""

from collections import defaultdict

import pytest

from proof.checker import check
from proof.history import History
from proof.simulation.namesakes import namesakes
from proof.simulation.run import play
from proof.simulation.scenario import Scenario


def played(scenario: Scenario) -> History:
    history = play(scenario).history
    report = check(history)
    assert report.passed, "\n".join(report.lines())
    return history


def addresses(history: History) -> list[set[str]]:
    """Of each student, over the providers."""
    by_student: defaultdict[str, set[str]] = defaultdict(set)
    for row in history.ledger.accounts:
        by_student[row.student_id].add(row.address)
    return list(by_student.values())


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kills", [0, 4])
@pytest.mark.parametrize("back", [False, True])
def test_each_student_has_one_address_that_no_other_has_had(seed: int, kills: int, *, back: bool) -> None:
    history = played(namesakes(seed, back=back, kills=kills))
    own = addresses(history)
    assert {len(one) for one in own} == {1}
    assert len(set[str]().union(*own)) == len(own) == 8
    assert sum("other" in address for (address,) in map(tuple, own)) == (0 if back else 4)
