"""A mistaken mass withdrawal or transfer, in simulated time: the guard holds, whatever happens to the processes."""

import pytest

from consumer.ledger.port.guard import Verdict
from proof.checker import check
from proof.history import History, Operation
from proof.simulation.run import play
from proof.simulation.scenario import Scenario
from proof.simulation.withdrawal import LIMIT, transfer, withdrawal

STUDENTS = 12


def played(scenario: Scenario) -> History:
    history = play(scenario).history
    report = check(history)
    assert report.passed, "\n".join(report.lines())
    return history


def blocked(history: History) -> int:
    """Students who can sign in nowhere."""
    made = [account for account in history.accounts if account.ours]
    return len({account.marker for account in made if not account.enabled}) // 2


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kills", [0, 4])
def test_no_more_than_the_limit_are_suspended(seed: int, kills: int) -> None:
    assert blocked(played(withdrawal(seed, STUDENTS, kills=kills))) == LIMIT


def test_a_correction_enables_those_who_were_suspended() -> None:
    assert blocked(played(withdrawal(1, STUDENTS, corrected=True))) == 0


def test_what_a_person_approves_is_suspended() -> None:
    assert blocked(played(withdrawal(1, STUDENTS, verdict=Verdict.APPROVED))) == STUDENTS


def test_what_a_person_rejects_is_not() -> None:
    assert blocked(played(withdrawal(1, STUDENTS, verdict=Verdict.REJECTED))) == LIMIT


def lost_licences(history: History) -> int:
    """Students whose licences were taken, at either provider."""
    students = {account.object_id: account.student_id for account in history.ledger.accounts}
    calls = (one for one in history.calls if one.operation is Operation.TAKE_LICENCES and one.effective)
    return len({students[call.object_id] for call in calls})


@pytest.mark.parametrize("seed", range(3))
def test_no_more_than_the_limit_lose_their_licences(seed: int) -> None:
    assert lost_licences(played(transfer(seed, STUDENTS))) == LIMIT


def test_licences_whose_removal_a_person_approves_are_taken() -> None:
    assert lost_licences(played(transfer(1, STUDENTS, verdict=Verdict.APPROVED))) > LIMIT


def test_licences_whose_removal_a_person_rejects_stay() -> None:
    assert lost_licences(played(transfer(1, STUDENTS, verdict=Verdict.REJECTED))) == LIMIT
