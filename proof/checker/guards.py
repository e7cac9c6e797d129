"""I25: the guard's limit on accounts that lose something within a while."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from math import floor

from consumer.ledger.port.student import StepState
from consumer.policy.guard import Guarded, kind_of
from proof.checker.calls import STEPS
from proof.checker.index import PROVIDERS, Index, Student, of
from proof.checker.report import Violation
from proof.history import Call, Change, Operation

_OPENS = frozenset({Operation.CREATE, Operation.RESTORE, Operation.REACTIVATE})
_PARTS = frozenset({Operation.TAKE_LICENCES, Operation.RENAME})
_Intents = Mapping[tuple[Student, str, str], Sequence[Change]]


def within(index: Index) -> Iterator[Violation]:
    """A student counts once for a kind, however often; one that is blocked already counts for nothing, and so does what a person has
    approved.

    Each kind has a limit of its own, and here the same one.
    """
    for (tenant_id, kind), taken in _taken(index).items():
        limit = index.history.guards[tenant_id]
        accounts = len({owner for spot in index.made if (owner := index.owner(spot)) and owner[0] == tenant_id})
        most = max(limit.accounts, floor(accounts * limit.percent / 100))
        for number, (last, _) in enumerate(taken):
            since = last.at - limit.seconds + index.history.bounds.clocks
            lately = [(call, student) for call, student in taken[: number + 1] if call.at > since]
            if len({student for _, student in lately}) > most:
                numbers = f"calls {lately[0][0].number} to {last.number}"
                wrong = f"{numbers} took something from more than {most} accounts in {last.at - lately[0][0].at:.0f} s ({kind})"
                yield Violation("I25", of((tenant_id,)), wrong)


def looked_at(index: Index) -> int:
    """How many accounts lost something."""
    return sum(len(taken) for taken in _taken(index).values())


def _taken(index: Index) -> Mapping[tuple[str, Guarded], Sequence[tuple[Call, Student]]]:
    """By tenant and kind, the first call that took something for a student and a version, in their order."""
    intents, found = _intents(index), dict[tuple[Student, Guarded, int], Call]()
    for spot, calls in index.about.items():
        owner = index.owner(spot)
        if owner is None or spot[1] not in PROVIDERS or owner[0] not in index.history.guards:
            continue
        for call in _taking(calls):
            version = _version(intents.get((owner, spot[1], STEPS[call.operation].value), ()), index, call)
            kind = None if version is None else _kind(index, owner, version, call.operation)
            if version is not None and kind is not None and (*owner, kind, version) not in index.history.approved:
                found.setdefault((owner, kind, version), call)
    by_kind: defaultdict[tuple[str, Guarded], list[tuple[Call, Student]]] = defaultdict(list)
    for (student, kind, _), call in sorted(found.items(), key=lambda one: one[1].at):
        by_kind[student[0], kind].append((call, student))
    return by_kind


def _taking(calls: Sequence[Call]) -> Iterator[Call]:
    """Those that blocked an open account, took licences, or gave another address."""
    is_open = True
    for call in (one for one in calls if one.effective):
        if call.operation in _PARTS or (call.operation is Operation.SUSPEND and is_open):
            yield call
        if call.operation is Operation.SUSPEND or call.operation in _OPENS:
            is_open = call.operation in _OPENS


def _kind(index: Index, student: Student, version: int, operation: Operation) -> Guarded | None:
    """As which the guard counts it: licences that a suspension takes are a part of that."""
    accepted = index.students[student].accepted if student in index.students else ()
    suspending = next((one.action for one in accepted if one.version == version and one.suspends), None)
    if operation is Operation.RENAME:
        return Guarded.RENAME_ACCOUNT
    if operation is Operation.TAKE_LICENCES:
        return Guarded.REMOVE_LICENCES if suspending is None else None
    return Guarded.SUSPEND_ACCOUNT if suspending is None else kind_of(suspending)


def _intents(index: Index) -> _Intents:
    intents: defaultdict[tuple[Student, str, str], list[Change]] = defaultdict(list)
    for change in index.changes.get("step", ()):
        row = change.row
        if row["state"] == StepState.STARTED:
            intents[(row["tenant_id"], row["student_id"]), row["provider"], row["name"]].append(change)
    return intents


def _version(intents: Sequence[Change], index: Index, call: Call) -> int | None:
    """Of the event that the call is for, by its intent; None where the ledger has forgotten it."""
    before = call.began + index.history.bounds.clocks
    known = [change.row["version"] for change in intents if change.at <= before]
    return known[-1] if known else None
