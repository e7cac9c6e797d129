"""Judges a run by what it left behind: every violation of the invariants, with its evidence. Pure; see `proof.history`."""

from collections.abc import Callable, Iterator, Mapping

from proof.checker import (
    accounts,
    addresses,
    calls,
    deletions,
    dispositions,
    dry_runs,
    fences,
    guards,
    liveness,
    mails,
    metrics,
    notices,
    outcomes,
    privacy,
    proven,
    students,
    suspensions,
    unwanted,
    validity,
    waits,
)
from proof.checker.index import Index
from proof.checker.report import Report, Violation
from proof.history import WRITES, History

__all__ = ["Report", "Violation", "check"]

_CHECKS: Mapping[str, Callable[[Index], Iterator[Violation]]] = {
    "I1": accounts.one_each,
    "I2": students.folded,
    "I3": dispositions.conserved,
    "I4": mails.one_that_works,
    "I5": outcomes.published_once,
    "I6": outcomes.truthful,
    "I7": accounts.ours_alone,
    "I8": accounts.own_tenant,
    "I9": calls.patient,
    "I10": calls.economical,
    "I11": dispositions.durable,
    "I12": calls.intended,
    "I13": fences.fenced,
    "I14": privacy.private,
    "I15": liveness.at_rest,
    "I16": students.rising,
    "I17": mails.one_for_a_generation,
    "I18": dispositions.dead_letters,
    "I19": metrics.agreeing,
    "I20": suspensions.suspended,
    "I21": proven.proven,
    "I22": unwanted.unwanted,
    "I23": waits.explained,
    "I24": dry_runs.kept,
    "I25": guards.within,
    "I26": deletions.in_time,
    "I27": notices.announced,
    "I28": addresses.kept,
}


def check(history: History) -> Report:
    """Every violation. A run that is invalid proves nothing, and is not passed."""
    index = Index(history)
    effects = len(calls.effects(index))
    return Report(
        seed=history.seed,
        violations=[violation for one in _CHECKS.values() for violation in one(index)],
        invalid=list(validity.reasons_against(index, effects)),
        looked=_looked(index),
        effects=effects,
        faults=history.faults,
        searched=privacy.searched(index),
    )


def _looked(index: Index) -> Mapping[str, int]:
    """How many things each invariant was held against."""
    history, ledger = index.history, index.history.ledger
    writes = sum(call.operation in WRITES for call in history.calls)
    before_commits = sum(one.place[2] < history.committed.get(one.place[:2], 0) for one in history.inputs)
    return {
        "I1": len(index.owners),
        "I2": len(index.students),
        "I3": len(history.inputs),
        "I4": len(history.mails),
        "I5": len(history.published) + len(ledger.outbox),
        "I6": len(history.published),
        "I7": writes,
        "I8": len(history.calls),
        "I9": sum(bool(call.answered and call.retry_after) for call in history.calls),
        "I10": writes,
        "I11": before_commits,
        "I12": len(index.changes.get("step", ())),
        "I13": len(history.changes),
        "I14": len(history.canaries),
        "I15": 1,
        "I16": len(index.changes.get("student", ())) + len(ledger.students),
        "I17": writes,
        "I18": len(history.dead_letters),
        "I19": len(ledger.inbox) if metrics.applies(index) else 0,
        "I20": suspensions.looked_at(index),
        "I21": writes,
        "I22": unwanted.looked_at(index),
        "I23": waits.looked_at(index),
        "I24": dry_runs.looked_at(index),
        "I25": guards.looked_at(index),
        "I26": deletions.looked_at(index),
        "I27": notices.looked_at(index),
        "I28": addresses.looked_at(index),
    }
