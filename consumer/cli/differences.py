"""What `provisioner plan` prints: a summary, then the students, in words or as JSON. Nothing is shown of a student but the id."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from consumer.configuration.mistakes import printable
from consumer.events import Provider
from consumer.ledger.port.student import AccountState
from consumer.policy.comparison import Basis, Change, Effect
from consumer.replay.fold import Affected, Fold, grouped


@dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts that the ledger knows, by student; `by_student` is None where it was not read, and `why` says why not."""

    by_student: Mapping[str, Mapping[Provider, AccountState]] | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What was found. `is_new`: the tenant has no configuration in force. `in_dry_run`: the candidate is for a dry run."""

    tenant: str
    fold: Fold
    affected: Sequence[Affected]
    accounts: Accounts
    is_new: bool
    in_dry_run: bool

    @property
    def effects(self) -> Mapping[Effect, int]:
        """How many students each effect is for."""
        found = Counter(one.difference.effect for one in self.affected)
        return {effect: found[effect] for effect in Effect}


_EFFECTS = {
    Effect.GAINS: "gain an account, or are not suspended any more",
    Effect.LOSES: "lose an account, or are suspended",
    Effect.CHANGES: "are treated differently otherwise",
}


def in_words(found: Plan) -> Iterator[str]:
    """Line by line."""
    counts = found.fold.counts
    yield f"{found.tenant}: {counts.events:,} events of {found.fold.students:,} students; the newest of each decides."
    yield f"  {counts.superseded:,} superseded, {counts.elsewhere:,} of other tenants, {counts.unreadable.total():,} unreadable."
    if found.fold.frozen:
        yield f"  {found.fold.frozen:,} students are excluded from synchronisation, and stay as they are."
    if found.is_new:
        yield "  The tenant is not configured yet: its events wait, then go to the dead-letter topic."
    if found.in_dry_run:
        yield "  By the candidate the tenant is in dry run: it would be planned, and not done."
    if found.accounts.by_student is None and found.affected:
        why = f": {found.accounts.why}" if found.accounts.why else "."
        yield f"  Which accounts exist was not looked up{why}"
    yield ""
    if not found.affected:
        yield "No student is treated differently."
    else:
        yield f"{len(found.affected):,} students differ:"
        for effect, count in found.effects.items():
            yield f"  {count:>7,} {_EFFECTS[effect]}"
        yield ""
        yield from _table(_group_rows(found))
        yield ""
        yield from _table(_student_rows(found))
    yield from _unreadable(found)


def _group_rows(found: Plan) -> Iterator[Sequence[str]]:
    yield "students", "effect", "status", "now", "then"
    for (effect, status, before, after), count in grouped(found.affected):
        yield f"{count:,}", effect, printable(status), _basis(before), _basis(after)


def _student_rows(found: Plan) -> Iterator[Sequence[str]]:
    known = found.accounts.by_student
    yield "student", "effect", "status", *(["account"] if known is not None else []), "what"
    for one in found.affected:
        account = [] if known is None else [_states(known.get(one.student_id, {}))]
        what = "; ".join(map(_change, one.difference.changes))
        yield printable(one.student_id), one.difference.effect, printable(one.status), *account, printable(what)


def _unreadable(found: Plan) -> Iterator[str]:
    counts = found.fold.counts.unreadable
    if not counts:
        return
    yield ""
    yield f"Unreadable: {', '.join(f'{count:,} {reason}' for reason, count in counts.most_common())}."
    for one in found.fold.rejected:
        yield f"  {one.place}: {one.reason}: {printable(one.sentence)}"
    if counts.total() > len(found.fold.rejected):
        yield f"  … and {counts.total() - len(found.fold.rejected):,} more"


def _table(rows: Iterator[Sequence[str]]) -> Iterator[str]:
    """In columns, as wide as their longest entry; the last one is as long as it is."""
    listed = list(rows)
    widths = [max(map(len, column)) for column in zip(*listed, strict=True)]
    widths[-1] = 0
    for row in listed:
        yield "  ".join(entry.ljust(width) for entry, width in zip(row, widths, strict=True)).rstrip()


def _basis(basis: Basis) -> str:
    rules = ", ".join(map(str, basis.rules))
    said = ([f"row {basis.row}"] if basis.row else []) + ([f"rules {rules}"] if rules else [])
    return f"{basis.decision} ({'; '.join(said)})" if said else basis.decision


def _change(change: Change) -> str:
    where = f" at {change.provider}" if change.provider else ""
    values = [f"-{value}" for value in change.removed] + [f"+{value}" for value in change.added]
    return f"{change.part}{where} {' '.join(values)}"


def _states(accounts: Mapping[Provider, AccountState]) -> str:
    return ", ".join(f"{at} {state}" for at, state in sorted(accounts.items())) or "none"


def as_json(found: Plan) -> Mapping[str, Any]:
    """The same as one document: docs/operations.md describes it."""
    counts, known = found.fold.counts, found.accounts.by_student
    return {
        "tenant": found.tenant,
        "events": {
            "read": counts.events,
            "superseded": counts.superseded,
            "of_other_tenants": counts.elsewhere,
            "unreadable": dict(counts.unreadable),
        },
        "students": {
            "read": found.fold.students,
            "sync_disabled": found.fold.frozen,
            "differ": len(found.affected),
            **{effect.value: count for effect, count in found.effects.items()},
        },
        "ledger_read": known is not None,
        "dry_run": found.in_dry_run,
        "groups": [
            {
                "students": count,
                "effect": effect,
                "status": status,
                "current": before._asdict(),
                "candidate": after._asdict(),
            }
            for (effect, status, before, after), count in grouped(found.affected)
        ],
        "differences": [
            {
                "student_id": one.student_id,
                "version": one.version,
                "status": one.status,
                "effect": one.difference.effect,
                "changes": [change._asdict() for change in one.difference.changes],
                "accounts": None if known is None else known.get(one.student_id, {}),
            }
            for one in found.affected
        ],
        "unreadable": [
            {"place": one.place, "reason": one.reason, "sentence": one.sentence} for one in found.fold.rejected
        ],
    }
