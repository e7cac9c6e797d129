"""I25: the guard's limit on accounts that lose something within a while."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from math import floor

from consumer.events import ProviderAction
from consumer.ledger.port.student import StepState
from proof.checker.index import PROVIDERS, Index, Student, of
from proof.checker.report import Violation
from proof.history import Call, Change, Operation

_OPENS = frozenset({Operation.CREATE, Operation.RESTORE, Operation.REACTIVATE})


def within(index: Index) -> Iterator[Violation]:
    """A student's accounts count once for a version; one that is blocked already counts for nothing. Not approved by a person.

    Each action has a limit of its own, and here the same one.
    """
    for (tenant_id, _), suspended in _suspended(index).items():
        limit = index.history.guards[tenant_id]
        accounts = len({owner for spot in index.made if (owner := index.owner(spot)) and owner[0] == tenant_id})
        most = max(limit.accounts, floor(accounts * limit.percent / 100))
        for first, last in zip(suspended, suspended[most:], strict=False):
            if last.at - first.at < limit.seconds - index.history.bounds.clocks:
                wrong = (
                    f"calls {first.number} to {last.number} suspended {most + 1} accounts in {last.at - first.at:.0f} s"
                )
                yield Violation("I25", of((tenant_id,)), wrong)


def looked_at(index: Index) -> int:
    """How many suspensions took effect."""
    return sum(len(calls) for calls in _suspended(index).values())


def _suspended(index: Index) -> Mapping[tuple[str, ProviderAction | None], Sequence[Call]]:
    """By tenant and action, the first call that blocked an open account for a student and a version, in their order."""
    intents, found = _intents(index), dict[tuple[Student, int], Call]()
    for spot, calls in index.about.items():
        owner = index.owner(spot)
        if owner is None or spot[1] not in PROVIDERS or owner[0] not in index.history.guards:
            continue
        is_open = True
        for call in (one for one in calls if one.effective):
            if call.operation is Operation.SUSPEND and is_open:
                version = _version(intents.get((owner, spot[1]), ()), call.began + index.history.bounds.clocks)
                if version is not None and (*owner, version) not in index.history.approved:
                    found.setdefault((owner, version), call)
            if call.operation is Operation.SUSPEND or call.operation in _OPENS:
                is_open = call.operation in _OPENS
    by_action: defaultdict[tuple[str, ProviderAction | None], list[Call]] = defaultdict(list)
    for (student, version), call in sorted(found.items(), key=lambda one: one[1].at):
        accepted = index.students[student].accepted if student in index.students else ()
        action = next((one.action for one in accepted if one.version == version and one.suspends), None)
        by_action[student[0], action].append(call)
    return by_action


def _intents(index: Index) -> Mapping[tuple[Student, str], Sequence[Change]]:
    intents: defaultdict[tuple[Student, str], list[Change]] = defaultdict(list)
    for change in index.changes.get("step", ()):
        row = change.row
        if row["name"] == "suspend" and row["state"] == StepState.STARTED:
            intents[(row["tenant_id"], row["student_id"]), row["provider"]].append(change)
    return intents


def _version(intents: Sequence[Change], before: float) -> int | None:
    """Of the event that the call is for, by its intent; None where the ledger has forgotten it."""
    known = [change.row["version"] for change in intents if change.at <= before]
    return known[-1] if known else None
