"""I26: an account is deleted only when its time has come, and nothing is written to one that was released."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from consumer.ledger.port.student import AccountState
from proof.checker.index import PROVIDERS, Index, Spot, Student, of
from proof.checker.report import Violation
from proof.history import WRITES, Call, Operation

_Appointments = Mapping[tuple[Student, str], Sequence[tuple[float, float]]]
"""By student and provider: when the ledger had which time of the deletion."""
_ENDS = frozenset({Operation.DELETE, Operation.RELEASE})


def in_time(index: Index) -> Iterator[Violation]:
    """Whether the newest event wants a deletion or a release is `unwanted`'s to say."""
    appointments = _appointments(index)
    for spot, calls in index.about.items():
        if spot[1] in PROVIDERS:
            yield from _too_early(index, spot, calls, appointments)
            yield from _after_release(index, spot, calls)


def looked_at(index: Index) -> int:
    """How many accounts were deleted or released."""
    return sum(call.operation in _ENDS and call.effective for calls in index.about.values() for call in calls)


def _too_early(index: Index, spot: Spot, calls: Sequence[Call], appointments: _Appointments) -> Iterator[Violation]:
    """Where the ledger's changes are known: by the time that it had for the account when the call was made."""
    owner, bounds = index.owner(spot), index.history.bounds
    deletions = [call for call in calls if call.operation is Operation.DELETE and call.effective]
    if owner is None or not deletions or not index.changes:
        return
    for call in deletions:
        latest = call.began + bounds.clocks
        known = [delete_at for at, delete_at in appointments.get((owner, spot[1]), ()) if at <= latest]
        if not known or min(known[-2:]) > latest:
            when = f"{known[-1] - call.began:.1f} s before its time" if known else "without an appointment"
            yield Violation("I26", of(owner, spot[1]), f"call {call.number} deleted object {spot[2]} {when}")


def _after_release(index: Index, spot: Spot, calls: Sequence[Call]) -> Iterator[Violation]:
    """No call but what was under way, until the account is marked again, by people or for a person.

    A ledger that has forgotten a release serves the event before it until the newer one is read again: `forgot_at`.
    """
    released: float | None = None
    for call in calls:
        if call.operation is Operation.RELEASE and call.effective:
            remembered = call.at >= (index.history.forgot_at or 0.0)
            released = call.at if released is None and remembered else released
        elif call.operation is Operation.MARK and call.effective:
            released = None
        elif released is not None and _is_late(index, call, released):
            owner = index.owner(spot)
            subject = of(owner, spot[1]) if owner else f"{spot[0]}, object {spot[2]} at {spot[1]}"
            late = f"{call.began - released:.1f} s after it was released"
            yield Violation("I26", subject, f"call {call.number} ({call.operation}) is about the account {late}")


def _is_late(index: Index, call: Call, released: float) -> bool:
    return call.operation in WRITES and call.executed and call.began > released + index.history.bounds.operation


def _appointments(index: Index) -> _Appointments:
    appointments: defaultdict[tuple[Student, str], list[tuple[float, float]]] = defaultdict(list)
    for change in index.changes.get("account", ()):
        row = change.row
        # With this state it is written by the deletion itself.
        if row.get("delete_at") is not None and row.get("state") != AccountState.DELETED:
            student = (row["tenant_id"], row["student_id"])
            appointments[student, row["provider"]].append((change.at, row["delete_at"]))
    return appointments
