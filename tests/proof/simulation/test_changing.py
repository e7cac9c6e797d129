"""Accounts that staff change by hand, and newer events that want them."""

from dataclasses import replace

from consumer.policy.marker import marker
from proof.checker import check
from proof.history import History, Input
from proof.simulation.faults import AccountsChanged
from proof.simulation.run import play
from proof.simulation.scenario import Scenario, scenario
from sandbox.simulators.vendors import Quirks

SEEDS = 400


def changing() -> list[Scenario]:
    """Those of the first seeds at which that happens, without whatever else goes wrong there."""
    drawn = [scenario(seed) for seed in range(SEEDS)]
    return [
        replace(one, residents=(), crashes=(), stalls={}, quirks=Quirks(), faults=only)
        for one in drawn
        if (only := [fault for fault in one.faults if isinstance(fault, AccountsChanged)])
    ]


def played(one: Scenario) -> History:
    return play(one).history


def wanted(history: History) -> set[str]:
    """The markers of students whose newest event wants an account: some are excluded from synchronisation meanwhile."""
    newest: dict[tuple[str, str], Input] = {}
    for one in sorted(history.inputs, key=lambda one: one.version or 0):
        if one.tenant_id and one.student_id:
            newest[one.tenant_id, one.student_id] = one
    return {marker(provider, *student) for student, one in newest.items() for provider in one.wants}


def test_some_seeds_bring_it_once_all_is_done() -> None:
    drawn = changing()
    assert drawn
    for one in drawn:
        (fault,) = one.faults
        assert fault.at > max(sent.at for sent in one.sent if sent.at < fault.at)
        assert any(sent.at > fault.at for sent in one.sent)


def test_every_account_that_was_changed_is_there_again_with_what_the_rules_give() -> None:
    changed = 0
    for one in changing()[:10]:
        history = played(one)
        accounts = [held for held in history.accounts if held.changed_at is not None]
        assert not any(held.deleted for held in accounts if held.marker in wanted(history))
        assert check(history).passed
        changed += len(accounts)
    assert changed
