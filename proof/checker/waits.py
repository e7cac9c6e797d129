"""I23: each wait with its cause and its time in the ledger, and published when it has lasted long."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from consumer.errors import Reason
from consumer.events import AccountPlanned, AccountProvisioningFailed, MailState, StepName, WelcomeEmailStatus
from proof.checker.index import Index, Student, of
from proof.checker.report import Violation
from proof.history import Change, PublishedOutcome

_REASONS, _STEPS = frozenset(Reason), frozenset(StepName)


def explained(index: Index) -> Iterator[Violation]:
    """I23: the waits of services, and those of students; where the ledger's are recorded."""
    for change in index.changes.get("tenant_wait", ()):
        if "reason" in change.row and not change.row.get("gone") and (wrong := _incomplete(change)):
            yield Violation("I23", f"{change.row['tenant_id']} at {change.row['service']}", wrong)
    waits = _by_student(index, "student_wait")
    recorded = bool(waits) or index.history.bounds.report_after is not None
    for student, changes in _by_student(index, "student").items() if recorded else ():
        yield from _students(index, student, changes, waits.get(student, ()))


def looked_at(index: Index) -> int:
    """How many waits there are to look at."""
    return len(index.changes.get("student_wait", ())) + len(index.changes.get("tenant_wait", ()))


def _students(
    index: Index, student: Student, changes: Sequence[Change], waits: Sequence[Change]
) -> Iterator[Violation]:
    """Each time that the student is put off, causes are there before the row changes again."""
    known: dict[tuple[str, str], Mapping[str, Any]] = {}
    found: set[str] = set()
    at = 0
    for number, change in enumerate(changes):
        until = changes[number + 1].number if number + 1 < len(changes) else float("inf")
        written = list[Change]()
        while at < len(waits) and waits[at].number < until:
            written.append(waits[at])
            at += 1
        for wait in written:
            place = (wait.row["provider"], wait.row["step"])
            if wait.row.get("gone"):
                known.pop(place, None)
            else:
                known[place] = wait.row
                if wrong := _incomplete(wait):
                    yield Violation("I23", of(student), wrong)
        if not _put_off(change, later=change.at + index.history.bounds.clocks):
            continue
        own = [row for row in known.values() if row["version"] == change.row["claimed_version"]]
        if not own and "cause" not in found:
            found.add("cause")
            yield Violation(
                "I23", of(student), f"change {change.number} puts the student off, and the ledger has no cause"
            )
        for row in own:
            if "unpublished" not in found and (wrong := _unpublished(index, student, change, row)):
                found.add("unpublished")
                yield Violation("I23", of(student, row["provider"]), wrong)


def _put_off(change: Change, *, later: float) -> bool:
    """Whether the row was given back to wait, with an event that is not settled and was the newest when it was claimed."""
    row = change.row
    return (
        not row.get("gone")
        and row.get("lease_until") is None
        and row.get("due_at") is not None
        and row["due_at"] > later
        and row["settled_version"] < row["desired_version"]
        and row.get("claimed_version") == row["desired_version"]
    )


def _unpublished(index: Index, student: Student, change: Change, row: Mapping[str, Any]) -> str | None:
    bounds = index.history.bounds
    if bounds.report_after is None or index.history.quiet_at is None:
        return None
    lasts = change.row["due_at"] - row["since"] > bounds.report_after + bounds.operation
    often = bounds.report_attempts is not None and row["attempts"] >= bounds.report_attempts
    if not (lasts or often or (row["reported"] and not row.get("gone"))):
        return None
    published = index.published.get((*student, row["provider"]), ())
    later = [one.outcome.occurred_at.timestamp() - change.at for one in published if _tells(one, row)]
    if later and min(later) <= bounds.ahead:
        return None
    waited = f"for {change.at - row['since']:.0f} s, {row['attempts']} times for {row['reason']}"
    when = f"only published {min(later):.1f} s later" if later else "not published"
    return f"at change {change.number} it has waited at {row['step']} {waited}, and its outcome was {when}"


def _tells(published: PublishedOutcome, row: Mapping[str, Any]) -> bool:
    outcome = published.outcome
    if outcome.cause.version != row["version"]:
        return False
    match outcome:
        case AccountProvisioningFailed(final=False):
            return outcome.reason == row["reason"]
        case AccountPlanned():
            return row["reason"] == Reason.DRY_RUN
        case WelcomeEmailStatus(state=MailState.FAILED | MailState.DELAYED):
            return outcome.reason == row["reason"]
        case _:
            return False


def _incomplete(change: Change) -> str | None:
    row = change.row
    if row.get("gone"):
        return None
    # Nothing of a record that can't be read says at which step it stands.
    steps = {""} if row.get("reason") == Reason.UNREADABLE_RECORD else _STEPS
    wrong = [name for name, known in (("reason", _REASONS), ("step", steps)) if row.get(name) not in known]
    wrong += [name for name in ("since", "until") if name in row and row[name] is None]
    return f"change {change.number} ({change.table}) says no {' and no '.join(wrong)}" if wrong else None


def _by_student(index: Index, table: str) -> Mapping[Student, Sequence[Change]]:
    changes: dict[Student, list[Change]] = defaultdict(list)
    for change in index.changes.get(table, ()):
        changes[change.row["tenant_id"], change.row["student_id"]].append(change)
    return changes
