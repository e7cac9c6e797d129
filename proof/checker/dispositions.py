"""I3, I11 and I18: what became of each record of the input topic."""

from collections.abc import Iterator

from consumer.codec.dead_letters import REASON_HEADER, DeadLetterReason
from consumer.events import AccountProvisioningFailed, MailState, WelcomeEmailStatus
from consumer.ledger.port.inbox import Disposition
from proof.checker.index import Index
from proof.checker.report import Violation
from proof.history import DeadLetter, ExpectedOutcome, Headers, InboxRow, Input, Place

FINAL = frozenset({Disposition.APPLIED, Disposition.SUPERSEDED, Disposition.FAILED})
KEPT = FINAL | {Disposition.PENDING}
"""Dispositions that the inbox may hold."""

_CONNECT = "__connect.errors."
_OMITTED = "provisioner-value-omitted"


def conserved(index: Index) -> Iterator[Violation]:
    """I3: a record is accepted, a duplicate, a dead letter or a skip: one of them, and what is accepted comes to an end."""
    for one in index.history.inputs:
        if wrong := _not_disposed(index, one) or _open(index, one):
            yield Violation("I3", at(one.place), wrong)
    seen: set[tuple[str, str]] = set()
    for row in index.history.ledger.inbox:
        event = (row.tenant_id, row.event_id)
        if event in seen:
            yield Violation("I3", at(row.place), "the inbox holds the event twice")
        seen.add(event)
        one = index.inputs.get(row.place)
        if one is None or (one.tenant_id, one.event_id) != event:
            yield Violation("I3", at(row.place), "the inbox holds an event that is not there")
        elif (one.student_id, one.version) != (row.student_id, row.version):
            yield Violation("I3", at(row.place), "the inbox holds another student or version than the record")


def durable(index: Index) -> Iterator[Violation]:
    """I11: whatever stands before a committed offset is in the inbox or among the dead letters, or does nothing."""
    for one in index.history.inputs:
        topic, partition, offset = one.place
        committed = index.history.committed.get((topic, partition), 0)
        if offset < committed and (wrong := _not_disposed(index, one)):
            yield Violation("I11", at(one.place), f"the offset {committed} is committed, and {wrong}")


def dead_letters(index: Index) -> Iterator[Violation]:
    """I18: a letter for a record that can't be taken, with its reason, key, value and headers; repeated only after a fault."""
    for origin, dead_letters in index.dead_letters.items():
        one = index.inputs.get(origin)
        if one is None:
            yield Violation(
                "I18", at(origin), f"dead letter {at(dead_letters[0].place)} is of no record of the input topic"
            )
            continue
        for dead_letter in dead_letters:
            if wrong := _untrue(index, one, dead_letter):
                yield Violation("I18", at(origin), f"dead letter {at(dead_letter.place)} {wrong}")
        if len(dead_letters) > 1 and not index.fired:
            yield Violation("I18", at(origin), f"{len(dead_letters)} dead letters, and no fault fired")


def at(place: Place) -> str:
    """A record's place in one word."""
    return f"{place[0]}[{place[1]}]@{place[2]}"


def _not_disposed(index: Index, one: Input) -> str | None:
    """Why the record has no disposition, or more than one."""
    dead_letters = index.dead_letters.get(one.place)
    row = _row(index, one)
    match one.expected:
        case ExpectedOutcome.SKIP:
            return _trace(index, one, row)
        case ExpectedOutcome.DEAD_LETTER:
            return None if dead_letters else f"there is no dead letter for it ({one.reason})"
        case ExpectedOutcome.ACT if row is None:
            return "it acts, and is not in the inbox"
        case ExpectedOutcome.ACT:
            return _repeated(index, one, row) if row and row.place != one.place else None


def _trace(index: Index, one: Input, row: InboxRow | None) -> str | None:
    """An event that does nothing leaves a trace only where it cancelled an older one that was not settled, or bears a used id."""
    if row is None or row.place != one.place:
        reused = row is not None and _reused(index, one, row)
        return "it does nothing, and is a dead letter" if index.dead_letters.get(one.place) and not reused else None
    older = any(
        other.expected is ExpectedOutcome.ACT and (other.version or 0) < row.version
        for other in index.students[row.tenant_id, row.student_id].accepted
    )
    return None if older else "it does nothing, and is in the inbox, though there was nothing to cancel"


def _reused(index: Index, one: Input, row: InboxRow) -> bool:
    first = index.inputs.get(row.place)
    return first is not None and first.place != one.place and first.digest != one.digest


def _repeated(index: Index, one: Input, row: InboxRow) -> str | None:
    if _reused(index, one, row) and one.place not in index.dead_letters:
        return f"its event id was used by {at(row.place)} with other content, and there is no dead letter for it"
    return None


def _open(index: Index, one: Input) -> str | None:
    row = _row(index, one)
    if row is None or row.place != one.place or row.disposition in FINAL:
        return None
    return None if _held(index, row) else f"its disposition is {row.disposition}"


def _held(index: Index, row: InboxRow) -> bool:
    """Whether it was published that the student waits for a person, in this version or in one that came meanwhile."""
    return any(
        published.outcome.cause.version >= row.version
        and (
            (isinstance(published.outcome, AccountProvisioningFailed) and not published.outcome.final)
            or (isinstance(published.outcome, WelcomeEmailStatus) and published.outcome.state is MailState.FAILED)
        )
        for provider in index.students[row.tenant_id, row.student_id].ever
        for published in index.published.get((row.tenant_id, row.student_id, provider.value), ())
    )


def _row(index: Index, one: Input) -> InboxRow | None:
    if one.tenant_id is None or one.event_id is None:
        return None
    return index.inbox.get((one.tenant_id, one.event_id))


def _untrue(index: Index, one: Input, dead_letter: DeadLetter) -> str | None:
    reason = one.reason if one.expected is ExpectedOutcome.DEAD_LETTER else None
    if one.expected is not ExpectedOutcome.DEAD_LETTER:
        row = _row(index, one)
        if row is not None and _reused(index, one, row):
            reason = DeadLetterReason.REUSED_ID.value
    if reason is None:
        return "is of a record that can be taken"
    if dead_letter.reason != reason:
        return f"says {dead_letter.reason} instead of {reason}"
    if any(name == _OMITTED for name, _ in dead_letter.headers):
        return None
    if (dead_letter.key, dead_letter.digest) != (one.key, one.digest):
        return "has another key or value than the record"
    kept = tuple(header for header in one.headers if not _ours(header[0]))
    return None if _begins_with(dead_letter.headers, kept) else "lacks headers of the record"


def _begins_with(headers: Headers, kept: Headers) -> bool:
    return headers[: len(kept)] == kept


def _ours(name: str) -> bool:
    return name.startswith(_CONNECT) or name == REASON_HEADER
