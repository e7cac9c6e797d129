"""A ledger that has lost what it knew, and records that this version can't read."""

from dataclasses import replace

from proof.checker import check
from proof.simulation.faults import FailOver, Fault, RecordsUnreadable
from proof.simulation.run import Played, play
from proof.simulation.scenario import Scenario, scenario
from sandbox.simulators.vendors import Quirks

SEEDS = 400


def drawn(kind: type[Fault]) -> list[Scenario]:
    """Those of the first seeds at which that happens, without whatever else goes wrong there."""
    return [
        replace(one, crashes=(), stalls={}, quirks=Quirks(), faults=only)
        for one in map(scenario, range(SEEDS))
        if (only := [fault for fault in one.faults if isinstance(fault, kind)])
    ]


def played(one: Scenario) -> Played:
    run = play(one)
    assert check(run.history).passed
    return run


def test_a_standby_that_lacks_events_gets_them_again() -> None:
    runs = [played(one) for one in drawn(FailOver)[:10]]
    assert runs
    assert all(run.history.forgot_at is not None for run in runs)
    assert any("ledger_behind" in run.history.logs for run in runs)
    assert any("ledger_caught_up" in run.history.logs for run in runs)


def test_students_whose_records_cannot_be_read_wait_and_no_others() -> None:
    runs = [played(one) for one in drawn(RecordsUnreadable)[:10]]
    assert sum(run.history.faults["record_unreadable"] for run in runs)
    assert any(run.history.spared for run in runs)
