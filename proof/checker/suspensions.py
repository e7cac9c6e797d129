"""I20: a suspension is a call by itself, and one that was reported stays one, until a newer event wants the account."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeGuard

from consumer.events import AccountChange, AccountChanged, Outcome
from proof.checker.dispositions import at
from proof.checker.index import Index, Student, of
from proof.checker.report import Violation
from proof.history import Change, Operation


def suspended(index: Index) -> Iterator[Violation]:
    """How accounts are suspended, and what becomes of it."""
    yield from _alone(index)
    yield from _lasting(index)


def _alone(index: Index) -> Iterator[Violation]:
    """The properties of one request share its fate: where another one needs a permission that is missing, the account stays open."""
    for call in index.history.calls:
        if call.operation is Operation.SUSPEND and call.detail is not None and (owner := index.owner_of_call(call)):
            wrong = f"call {call.number} blocks the account and changes {call.detail}: both may be refused"
            yield Violation("I20", of(owner, call.service), wrong)


def _lasting(index: Index) -> Iterator[Violation]:
    """No call opens the account between the report and the acceptance of a newer version, where the ledger's changes are known."""
    versions = _versions(index)
    for (tenant_id, student_id, provider), published in index.published.items():
        student = (tenant_id, student_id)
        for one in published:
            outcome = one.outcome
            if not index.changes or not _is_suspension(outcome):
                continue
            since, until = outcome.occurred_at.timestamp(), _superseded_at(versions[student], outcome.cause.version)
            for call in index.about.get((tenant_id, provider, outcome.account.object_id), ()):
                opened = call.operation is Operation.REACTIVATE and call.effective
                if opened and since + index.history.bounds.ahead < call.at < until:
                    wrong = f"call {call.number} opened the account after {at(one.place)} had reported its suspension"
                    yield Violation("I20", of(student, provider), wrong)


def looked_at(index: Index) -> int:
    """How many suspensions were reported."""
    return sum(_is_suspension(one.outcome) for published in index.published.values() for one in published)


def _is_suspension(outcome: Outcome) -> TypeGuard[AccountChanged]:
    return isinstance(outcome, AccountChanged) and outcome.change is AccountChange.SUSPENDED


def _versions(index: Index) -> Mapping[Student, Sequence[Change]]:
    """The changes of each student's row, in their order."""
    versions: dict[Student, list[Change]] = defaultdict(list)
    for change in index.changes.get("student", ()):
        versions[change.row["tenant_id"], change.row["student_id"]].append(change)
    return versions


def _superseded_at(changes: Sequence[Change], version: int) -> float:
    return next((change.at for change in changes if change.row["desired_version"] > version), float("inf"))
