"""I21: whose account the ledger or a whole marker proves; nothing else is adopted, licensed or put into a group."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from consumer.policy.marker import marker
from proof.checker.index import PROVIDERS, Index, Spot, Student, of
from proof.checker.report import Violation
from proof.history import Call, HeldAccount, Operation

_WRITES = frozenset(
    {
        Operation.MARK,
        Operation.RESTORE,
        Operation.LICENCES,
        Operation.GROUP,
        Operation.JOIN_UNIT,
        Operation.SUSPEND,
        Operation.REACTIVATE,
        Operation.SESSIONS,
        Operation.MOVE,
        Operation.TAKE_LICENCES,
        Operation.PASSWORD,
        Operation.UPDATE,
        Operation.DELETE,
        Operation.RELEASE,
    }
)


def proven(index: Index) -> Iterator[Violation]:
    """I21: call by call, and then what the ledger says whose each account is."""
    adopted = _adopted(index)
    for call in index.history.calls:
        if call.operation in _WRITES and call.service in PROVIDERS and call.object_id is not None:
            spot = (call.tenant_id or "", call.service, call.object_id)
            if call.tenant_id is not None and (wrong := _unproven(index, call, spot, adopted)):
                yield Violation("I21", f"{spot[0]}, object {spot[2]} at {spot[1]}", wrong)
    for spot, students in adopted.items():
        for student in students:
            if wrong := _wrongly_adopted(index, spot, student):
                yield Violation("I21", of(student, spot[1]), f"the ledger has object {spot[2]} for theirs, {wrong}")


def _adopted(index: Index) -> Mapping[Spot, Mapping[Student, float]]:
    """Objects in the ledger that no creation of the tenant's made, by the students for whom it has them, and since when."""
    adopted: dict[Spot, dict[Student, float]] = defaultdict(dict)
    for change in index.changes.get("account", ()):
        row = change.row
        if row.get("object_id") is not None:
            spot = (row["tenant_id"], row["provider"], row["object_id"])
            adopted[spot].setdefault((row["tenant_id"], row["student_id"]), change.at)
    for account in index.history.ledger.accounts:
        if account.object_id is not None:
            spot = (account.tenant_id, account.provider.value, account.object_id)
            adopted[spot].setdefault((account.tenant_id, account.student_id), float("inf"))
    return {spot: students for spot, students in adopted.items() if spot not in index.made}


def _unproven(index: Index, call: Call, spot: Spot, adopted: Mapping[Spot, Mapping[Student, float]]) -> str | None:
    """What is wrong with the call. A change that was refused counts too: it should not have been requested."""
    made = index.made.get(spot)
    if made is not None and made.at <= call.began + index.history.bounds.clocks:
        return None  # what follows a creation of ours
    doing = f"call {call.number} ({call.operation})"
    held = index.held.get(spot)
    if held is not None and held.untouchable and call.operation is not Operation.RESTORE:
        return f"{doing} is about an account that is {held.untouchable}"
    latest = call.began + index.history.bounds.clocks
    if any(since <= latest for since in adopted.get(spot, {}).values()):
        return None
    if call.operation is not Operation.MARK and index.shows_ours(spot, call):
        return None
    return f"{doing} is about an account that neither the ledger nor a whole marker proves to be a student's"


def _wrongly_adopted(index: Index, spot: Spot, student: Student) -> str | None:
    held = index.held.get(spot)
    if held is None:
        return None  # I2 and I6 tell of objects that are not there
    if held.untouchable:
        return f"which is {held.untouchable}"
    whole = marker(held.provider, *student)
    return None if whole in _markers(index, spot, held) else "and it never bore their whole marker"


def _markers(index: Index, spot: Spot, held: HeldAccount) -> frozenset[str | None]:
    """Those that the object has borne, as far as the calls and the end tell; what a call of ours has marked proves nothing."""
    published = {call.marker for call in index.about.get(spot, ()) if call.operation is not Operation.MARK}
    marked = any(call.operation is Operation.MARK and call.effective for call in index.about.get(spot, ()))
    return frozenset(published if marked else published | {held.marker})
