"""I2 and I16: where each student ends, and that the way there only leads upwards."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from consumer.ledger.port.inbox import Disposition
from consumer.ledger.port.student import AccountState
from consumer.policy.marker import marker
from proof.checker.index import Index, Student, Wanted, of
from proof.checker.report import Violation
from proof.history import AccountRow, Followed, HeldAccount

_SETTLED = frozenset({Disposition.APPLIED, Disposition.FAILED})
_RISING = ("desired_version", "settled_version", "applied_version")


def folded(index: Index) -> Iterator[Violation]:
    """I2: the newest event that acts decides, whatever order they came in; and there is no account but for a student."""
    for student, wanted in index.students.items():
        yield from (Violation("I2", of(student), wrong) for wrong in _wrong(index, student, wanted))
    for student in index.rows.keys() - index.students.keys():
        yield Violation("I2", of(student), "the ledger knows a student for whom no event acts")
    for spot, call in index.made.items():
        if index.owner(spot) is None:
            yield Violation("I2", spot[0], f"call {call.number} made an account for a student that no event acts for")


def _wrong(index: Index, student: Student, wanted: Wanted) -> Iterator[str]:
    row = index.rows.get(student)
    if row is None:
        yield "the ledger does not know the student"
        return
    if row.desired_version != wanted.newest:
        yield f"version {row.desired_version} is wanted instead of {wanted.newest}"
    ends = _ends(index, wanted)
    decided = [end for end in ends[wanted.newest] if end != Disposition.SUPERSEDED]
    if not decided and ends[wanted.newest]:
        yield f"version {wanted.newest} is the newest, and superseded"
    for version, found in ends.items():
        if sum(count for end, count in Counter(found).items() if end in _SETTLED) > 1:
            yield f"several events of version {version} were carried out"
    if Disposition.APPLIED in decided:
        if row.applied_version != wanted.newest:
            yield f"version {wanted.newest} is applied by the inbox, {row.applied_version} by the student's row"
        yield from (
            f"version {wanted.newest} is applied, and {wrong}" for wrong in _not_as_wanted(index, student, wanted)
        )


def _not_as_wanted(index: Index, student: Student, wanted: Wanted) -> Iterator[str]:
    for provider in wanted.providers:
        if missing := _missing(index, index.accounts.get((*student, provider.value))):
            yield f"at {provider.value} {missing}"
    for provider in wanted.updated:
        account = index.accounts.get((*student, provider.value))
        if account is not None and account.object_id is not None and (missing := _missing(index, account)):
            yield f"at {provider.value} {missing}"
    for provider, followed in wanted.followed.items():
        account = index.accounts.get((*student, provider.value))
        held = index.held.get((student[0], provider.value, account.object_id or "")) if account else None
        if held is not None and index.history.forgot_at is None:
            yield from (f"at {provider.value} {wrong}" for wrong in _not_followed(held, followed))
            if followed.addresses is not None and not _may_have(index, student, wanted, held, followed.addresses):
                yield f"at {provider.value} object {held.object_id} has the address of another name"
    yield from _not_given_up(index, student, wanted)


def _may_have(index: Index, student: Student, wanted: Wanted, held: HeldAccount, named: frozenset[str]) -> bool:
    """Whether the account's address is one of the name's, or that of an account that was there before and keeps it, or people's doing."""
    if not held.ours or held.deleted or held.changed_at is not None:
        return True
    rows = (index.accounts.get((*student, provider.value)) for provider in wanted.followed)
    spots = [(student[0], row.provider.value, row.object_id or "") for row in rows if row is not None]
    others = {one.address for spot in spots if (one := index.held.get(spot)) is not None and not one.ours}
    return held.address in named | others


def _not_given_up(index: Index, student: Student, wanted: Wanted) -> Iterator[str]:
    """Of accounts that were to be suspended, or deleted when all is done, or handed to the institution."""
    for provider in wanted.suspended:
        for held in index.standing.get((student[0], provider.value, marker(provider, *student)), ()):
            # What an attempt has left without its marker, and was found only later, waits for a person.
            if held.enabled and not (held.marker is None and index.held_for(student, provider)):
                yield f"object {held.object_id} can be signed in to"
    for provider in wanted.deleted | wanted.released:
        account = index.accounts.get((*student, provider.value))
        held = index.held.get((student[0], provider.value, account.object_id or "")) if account else None
        if account is None or held is None or held.deleted:
            continue
        if (
            provider in wanted.deleted
            and account.state == AccountState.SUSPENDED
            and index.history.quiet_at is not None
        ):
            yield f"object {held.object_id} was not deleted"
        if provider in wanted.released and held.marker is not None:
            yield f"object {held.object_id} still carries its marker"


def _ends(index: Index, wanted: Wanted) -> dict[int, list[str]]:
    ends: dict[int, list[str]] = defaultdict(list)
    for one in wanted.accepted:
        row = index.inbox.get((one.tenant_id or "", one.event_id or ""))
        if row is not None:
            ends[row.version].append(row.disposition)
    return ends


def _missing(index: Index, account: AccountRow | None) -> str | None:
    if account is None or account.object_id is None:
        return "the ledger has no account"
    held = index.held.get((account.tenant_id, account.provider.value, account.object_id))
    if held is None:
        return f"there is no object {account.object_id}"
    if held.deleted:
        return None if _deleted_by_hand(index, held) else f"object {account.object_id} is deleted"
    return None if held.enabled else f"object {account.object_id} can't be signed in to"


def _not_followed(held: HeldAccount, followed: Followed) -> Iterator[str]:
    """What of an account that people have left alone is not as the rules and the newest event have it."""
    if held.deleted or held.changed_at is not None:
        return
    for kind, has, wanted in (
        ("licences", held.licences, followed.licences),
        ("groups", held.groups, followed.groups),
        ("administrative units", held.admin_units, followed.admin_units),
    ):
        if has != wanted:
            yield f"object {held.object_id} has other {kind} than the rules give"
    if held.ours and followed.org_unit is not None and held.org_unit != followed.org_unit:
        yield f"object {held.object_id} is in another unit than the rules give"
    if held.ours and held.profile != followed.profile:
        parts = sorted(part for part, value in followed.profile.items() if held.profile.get(part) != value)
        yield f"object {held.object_id} has another {', '.join(parts)} than the newest event"


def _deleted_by_hand(index: Index, held: HeldAccount) -> bool:
    calls = index.about.get((held.tenant_id, held.provider.value, held.object_id), ())
    return not any(call.operation == "delete" and call.effective for call in calls)


def rising(index: Index) -> Iterator[Violation]:
    """I16: nothing that counts upwards was ever left lower, and what is applied was settled, and what is settled desired."""
    newest: dict[tuple[Student, str], int] = {}
    for change in index.changes.get("student", ()):
        student = (str(change.row["tenant_id"]), str(change.row["student_id"]))
        for column in _RISING:
            value = change.row.get(column)
            if value is None:
                continue
            if value < newest.get((student, column), value):
                yield Violation("I16", of(student), f"change {change.number} lowers {column} to {value}")
            newest[student, column] = value
    for student, row in index.rows.items():
        if not row.applied_version <= row.settled_version <= row.desired_version:
            versions = f"{row.applied_version}, {row.settled_version}, {row.desired_version}"
            yield Violation("I16", of(student), f"applied, settled and desired are {versions}")
