"""I5 and I6: what downstream reads, against the ledger and against the vendors."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus

from consumer.errors import Reason
from consumer.events import (
    AccountChange,
    AccountChanged,
    AccountPart,
    AccountProvisioned,
    AccountProvisioningFailed,
    MailState,
    Origin,
    Outcome,
    Provider,
    StepName,
    WelcomeEmailStatus,
    student_key,
)
from consumer.ledger.port.inbox import Disposition
from consumer.ledger.port.student import StepState
from proof.checker.dispositions import at
from proof.checker.index import Index, Student, of
from proof.checker.report import Violation
from proof.history import SWITCHES, Call, HeldAccount, Input, Operation, PublishedOutcome

_FOLLOWS = frozenset({AccountChange.UPDATED, AccountChange.MOVED, AccountChange.RENAMED})
_ENDS = frozenset(
    {
        AccountChange.DELETION_SCHEDULED,
        AccountChange.DELETION_CANCELLED,
        AccountChange.DELETED,
        AccountChange.RELEASED,
    }
)
_MAKES_NONE = frozenset({StepName.ADDRESS, StepName.CREATE})
"""Steps that end for good only where there is no account."""


_GIVES, _TAKES = {Operation.LICENCES, Operation.GROUP}, {Operation.TAKE_LICENCES, Operation.LEAVE}
_MAKES_OF: Mapping[AccountPart, frozenset[Operation]] = {
    AccountPart.SESSIONS: frozenset({Operation.SESSIONS}),
    AccountPart.ADDRESS: frozenset({Operation.RENAME}),
    AccountPart.PROFILE: frozenset({Operation.PROFILE}),
    AccountPart.LICENCES: frozenset({Operation.LICENCES, Operation.TAKE_LICENCES}),
    AccountPart.GROUPS: frozenset({Operation.GROUP, Operation.LEAVE}),
    AccountPart.ORG_UNIT: frozenset({Operation.MOVE}),
    AccountPart.ADMIN_UNIT: frozenset({Operation.JOIN_UNIT, Operation.LEAVE_UNIT}),
}
"""By which operations a part of an account is changed."""
_LEAVES: Mapping[Operation, StepName] = {
    Operation.LEAVE: StepName.GROUPS,
    Operation.LEAVE_UNIT: StepName.ADMIN_UNIT,
    Operation.TAKE_LICENCES: StepName.LICENCES,
}


def published_once(index: Index) -> Iterator[Violation]:
    """I5: each of the ledger's outcomes is on its topic once, a key's in their order, and nothing else is."""
    history = index.history
    rows = {row.event_id: row for row in history.ledger.outbox}
    seen: dict[str, PublishedOutcome] = {}
    newest: dict[tuple[str, int, bytes], int] = {}
    for published in sorted(history.published, key=lambda one: one.place):
        event_id = str(published.outcome.event_id)
        topic, partition, _ = published.place
        row = rows.get(event_id)
        if event_id in seen:
            yield Violation("I5", _whose(published), f"{at(published.place)} repeats {at(seen[event_id].place)}")
            continue
        seen[event_id] = published
        if row is None:
            yield Violation("I5", _whose(published), f"{at(published.place)} is not the ledger's")
            continue
        if (row.topic, row.key) != (topic, published.key) or published.key != student_key(*_student(published)):
            yield Violation(
                "I5",
                _whose(published),
                f"{at(published.place)} is on another topic, or has another key, than it should",
            )
        if row.seq < newest.get((topic, partition, published.key), row.seq):
            yield Violation(
                "I5", _whose(published), f"{at(published.place)} (row {row.seq}) comes behind a later one of its key"
            )
        newest[topic, partition, published.key] = row.seq
    if history.quiet_at is not None:
        for event_id, row in rows.items():
            if event_id not in seen:
                yield Violation("I5", f"outbox row {row.seq}", "it never reached its topic")
        yield from _untold(index)


def _untold(index: Index) -> Iterator[Violation]:
    """Settled events without a published outcome: the ledger has lost an outcome."""
    for row in index.history.ledger.inbox:
        student, one = (row.tenant_id, row.student_id), index.inputs.get(row.place)
        owed = one.wants | _found(index, student, one) if one else ()
        published = [_published_for(index, student, provider, row.version) for provider in owed]
        if row.disposition == Disposition.APPLIED and not all(AccountProvisioned in kinds for kinds in published):
            yield Violation("I5", at(row.place), "it is applied, and no outcome names its account")
        elif row.disposition == Disposition.FAILED and not any(
            AccountProvisioningFailed in _published_for(index, student, provider, row.version)
            for provider in (one.providers if one else ())
        ):
            yield Violation("I5", at(row.place), "it failed, and no outcome was published")


def _found(index: Index, student: Student, one: Input) -> frozenset[Provider]:
    """Where the newest event brings an account up to date that there is."""
    accounts = {provider: index.accounts.get((*student, provider.value)) for provider in one.updates}
    wanted = index.students.get(student)
    newest = wanted is not None and wanted.newest == one.version
    return frozenset(at for at, account in accounts.items() if newest and account and account.object_id)


def _published_for(index: Index, student: Student, provider: Provider, version: int) -> frozenset[type[Outcome]]:
    published = index.published.get((*student, provider.value), ())
    return frozenset(type(one.outcome) for one in published if one.outcome.cause.version == version)


def truthful(index: Index) -> Iterator[Violation]:
    """I6: each outcome against what the vendors had at its time."""
    sent = frozenset(mail.message_id for mail in index.history.mails)
    for (tenant_id, student_id, provider), published in index.published.items():
        student = (tenant_id, student_id)
        for one in published:
            for wrong in _lies(index, student, published, one, sent):
                yield Violation("I6", of(student, provider), f"{at(one.place)}: {wrong}")
        if student not in index.students:
            yield Violation("I6", of(student, provider), f"{at(published[0].place)}: no event acts for the student")


def _lies(
    index: Index,
    student: Student,
    published: Iterable[PublishedOutcome],
    one: PublishedOutcome,
    sent: frozenset[str | None],
) -> Iterator[str]:
    match one.outcome:
        case AccountProvisioned():
            yield from _not_so(index, student, one.outcome)
        case AccountChanged():
            yield from _not_changed(index, student, one.outcome)
        case AccountProvisioningFailed(final=True):
            yield from _not_failed(index, student, published, one.outcome)
        case WelcomeEmailStatus(state=MailState.ACCEPTED, message_id=ident) if ident not in sent:
            yield "no mail of that Message-Id was accepted"
        case _:
            pass


def _not_so(index: Index, student: Student, outcome: AccountProvisioned) -> Iterator[str]:
    """What is not as `account-provisioned` says."""
    spot = (student[0], outcome.provider.value, outcome.account.object_id)
    held, made = index.held.get(spot), index.made.get(spot)
    when = outcome.occurred_at.timestamp() + index.history.bounds.clocks
    if held is None:
        yield f"there is no object {spot[2]}"
        return
    if index.owner(spot) != student:
        yield f"object {spot[2]} is not the student's"
    if made is not None and made.at > when:
        yield f"object {spot[2]} was made after that, by call {made.number}"
    if outcome.account.sign_in_name.lower() not in index.addresses[spot]:
        yield f"object {spot[2]} has another address"
    if outcome.identity.subject != spot[2]:
        yield "the identity is another object's"
    known = made is not None and made.at >= (index.history.forgot_at or 0.0)
    if outcome.account.origin is Origin.ADOPTED and made is not None and known:
        yield f"call {made.number} made the account, it was not adopted"
    by_hand_at = held.changed_at if held.changed_at and held.changed_at < outcome.occurred_at.timestamp() else 0.0
    if by_hand_at and held.deleted:
        yield f"object {spot[2]} had been deleted by hand"
    before, later = _given(
        (call for call in index.about.get(spot, ()) if call.at >= by_hand_at),
        when,
        before_then=when - 2 * index.history.bounds.ahead - index.history.bounds.clocks,
    )
    for kind, said, stands in (("licence", outcome.licences, held.licences), ("group", outcome.groups, held.groups)):
        by_hand = {name.lower() for name in stands} - later  # or it came back with a restored account
        yield from (f"the account has no {kind} {name}" for name in said if name.lower() not in before | by_hand)


def _in_vain(
    index: Index, student: Student, provider: Provider, spot: tuple[str, str, str], when: float
) -> Iterator[Operation]:
    """Leaves that found nothing, after an attempt of unknown outcome: no one can tell whether that one had been carried out."""
    unknown = {
        change.row["name"]
        for change in index.changes.get("step", ())
        if (change.row["tenant_id"], change.row["student_id"], change.row["provider"]) == (*student, provider.value)
        and change.row["state"] == StepState.UNKNOWN
    }
    for call in index.about.get(spot, ()):
        found_nothing = call.executed and call.status == HTTPStatus.NOT_FOUND
        if found_nothing and call.at <= when and _LEAVES.get(call.operation) in unknown:
            yield call.operation


def _not_changed(index: Index, student: Student, outcome: AccountChanged) -> Iterator[str]:
    """What is not as `account-changed` says."""
    spot = (student[0], outcome.provider.value, outcome.account.object_id)
    held, when = index.held.get(spot), outcome.occurred_at.timestamp() + index.history.bounds.clocks
    if held is None or index.owner(spot) != student:
        yield f"object {spot[2]} is not the student's"
        return
    until = [call for call in index.about.get(spot, ()) if call.effective and call.at <= when]
    if outcome.change in _ENDS:
        yield from _not_given_up(outcome, held, until)
        return
    switches = [call for call in until if call.operation in SWITCHES]
    wanted = Operation.SUSPEND if outcome.change is AccountChange.SUSPENDED else Operation.REACTIVATE
    if outcome.change in _FOLLOWS:
        made = {call.operation for call in until}
        unmade = [part for part in outcome.parts if not made & _MAKES_OF[part]]
        if unmade:
            made |= set(_in_vain(index, student, outcome.provider, spot, when))
        yield from (f"no call changed its {part}" for part in unmade if not made & _MAKES_OF[part])
        return
    # Clocks differ: each of the calls that were made at about that time may have been the last before it.
    earliest = when - 2 * index.history.bounds.clocks
    before = [call for call in switches if call.at <= earliest][-1:]
    last = {call.operation for call in before + [call for call in switches if call.at > earliest]}
    if switches and wanted not in last:
        yield f"call {switches[-1].number} ({switches[-1].operation}) was the last before it"
    elif not switches and held.enabled:
        yield "no call did so before"
    if AccountPart.SESSIONS in outcome.parts and not any(call.operation is Operation.SESSIONS for call in until):
        yield "no call ended the sessions"


def _not_given_up(outcome: AccountChanged, held: HeldAccount, until: Sequence[Call]) -> Iterator[str]:
    """What is not so of a deletion or a release. Both may be people's doing."""
    if (outcome.delete_at is None) is (outcome.change is AccountChange.DELETION_SCHEDULED):
        yield "a time of the deletion is given for a scheduled one, and no other"
    made = {call.operation for call in until}
    if outcome.change is AccountChange.DELETED and Operation.DELETE not in made and not held.deleted:
        yield "no call deleted it"
    if outcome.change is AccountChange.RELEASED and Operation.RELEASE not in made and held.marker is not None:
        yield "no call took its marker off"


def _given(calls: Iterable[Call], when: float, *, before_then: float) -> tuple[frozenset[str], frozenset[str]]:
    """Licences and groups that calls gave until `when` and had not taken again before then, and that they gave after."""
    before, later = set[str](), set[str]()
    for call in calls:
        if not call.effective or not call.detail:
            continue
        names = call.detail.lower().split(",")
        if call.operation in _GIVES:
            (before if call.at <= when else later).update(names)
        elif call.operation in _TAKES and call.at < before_then:
            before.difference_update(names)
    return frozenset(before), frozenset(later)


def _not_failed(
    index: Index, student: Student, published: Iterable[PublishedOutcome], outcome: AccountProvisioningFailed
) -> Iterator[str]:
    """Why `account-provisioning-failed` is not final, though it says so."""
    if outcome.reason is Reason.GUARD_REJECTED:
        return  # the account keeps what a person does not let be taken
    version = outcome.cause.version
    for other in published:
        if isinstance(other.outcome, AccountProvisioned) and other.outcome.cause.version == version:
            yield f"{at(other.place)} tells that version {version} is provisioned"
    # A newer event may have led to an account all the same.
    if outcome.step in _MAKES_NONE and student in index.students and version == index.students[student].newest:
        for call in index.made_for.get((*student, outcome.provider.value), ()):
            if not index.held[student[0], outcome.provider.value, call.object_id or ""].deleted:
                yield f"call {call.number} made an account"


def _student(published: PublishedOutcome) -> Student:
    return published.outcome.tenant_id, published.outcome.student_id


def _whose(published: PublishedOutcome) -> str:
    return of(_student(published), published.outcome.provider.value)
