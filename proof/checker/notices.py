"""I27: where deletions are announced, no account is deleted before its notice was accepted or refused for good; and none is announced twice
for one appointment, but where an answer was lost.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from itertools import pairwise

from consumer.events import Provider, StepName
from consumer.ledger.port.student import AccountState, StepState
from consumer.mail.message_id import message_id
from proof.checker.index import PROVIDERS, Index, Student, of
from proof.checker.report import Violation
from proof.history import Call, Operation

_At = tuple[Student, str]
"""A student and a provider."""


@dataclass(slots=True)
class _Appointment:
    """From when on the ledger had a deletion, until it had none any more; for which days it was planned."""

    since: float
    until: float = float("inf")
    days: set[date] = field(default_factory=set[date])


def announced(index: Index) -> Iterator[Violation]:
    """Where the ledger's changes are known. One that has forgotten may announce again, and is judged from then on."""
    if not index.changes:
        return
    mails, appointments = _mails(index), _appointments(index)
    refused, begun = _refused(index), _begun(index)
    yield from _unannounced(index, appointments, mails, refused)
    for at, several in appointments.items():
        for one in several:
            yield from _repeated(index, at, one, mails, begun)


def looked_at(index: Index) -> int:
    """How many notices were accepted."""
    return sum(call.operation is Operation.NOTICE and call.effective for call in index.history.calls)


def _unannounced(
    index: Index,
    appointments: Mapping[_At, Sequence[_Appointment]],
    mails: Mapping[str, Sequence[Call]],
    refused: Mapping[_At, Sequence[float]],
) -> Iterator[Violation]:
    for spot, calls in index.about.items():
        owner, clocks = index.owner(spot), index.history.bounds.clocks
        if spot[1] not in PROVIDERS or owner is None or owner[0] not in index.history.announces:
            continue
        at = (owner, spot[1])
        for call in calls:
            if call.operation is not Operation.DELETE or not call.effective:
                continue
            latest = call.began + clocks
            ours = [one for one in appointments.get(at, ()) if one.since <= latest][-1:]
            if not ours or ours[0].since < (index.history.forgot_at or 0.0):
                continue  # without one I26 tells of it
            known = [mail.at for mail in _of(index, at, ours[0], mails)] + [*refused.get(at, ())]
            if not any(ours[0].since - clocks <= when <= latest for when in known):
                wrong = f"call {call.number} deleted object {spot[2]}, and that was not announced"
                yield Violation("I27", of(owner, spot[1]), wrong)


def _repeated(
    index: Index,
    at: _At,
    one: _Appointment,
    mails: Mapping[str, Sequence[Call]],
    begun: Mapping[bytes, Sequence[float]],
) -> Iterator[Violation]:
    """One that was sent for an earlier appointment may be accepted late."""
    bounds = index.history.bounds
    sent = [
        mail
        for mail in _of(index, at, one, mails)
        if mail.at <= one.until
        and any(one.since - bounds.clocks <= when for when in begun.get(_request(mail), ()) if when <= mail.at)
    ]
    forgot_at = index.history.forgot_at
    for before, after in pairwise(sent):
        lost = not before.answered or any(
            before.began - bounds.clocks <= death <= before.at + bounds.operation for death in index.history.deaths
        )
        moved = len(one.days) > 1
        if not lost and not moved and (forgot_at is None or after.at < forgot_at):
            wrong = f"calls {before.number} and {after.number} announced the same deletion"
            yield Violation("I27", of(*at), wrong)


def _of(index: Index, at: _At, one: _Appointment, mails: Mapping[str, Sequence[Call]]) -> Sequence[Call]:
    """The notices of an appointment, by their Message-Ids: one for each event and day."""
    (tenant_id, student_id), provider = at
    versions = {
        event.version
        for event in index.history.inputs
        if (event.tenant_id, event.student_id) == (tenant_id, student_id) and event.version is not None
    }
    idents = {
        message_id("deletion", tenant_id, student_id, Provider(provider), f"{version}/{day}", domain="")
        for version in versions
        for day in one.days
    }
    return sorted((call for ident in idents for call in mails.get(ident, ())), key=lambda call: call.at)


def _mails(index: Index) -> Mapping[str, Sequence[Call]]:
    """Accepted notices by their Message-Ids, without the domain."""
    mails: defaultdict[str, list[Call]] = defaultdict(list)
    for call in index.history.calls:
        if call.operation is Operation.NOTICE and call.effective:
            mails[f"{(call.detail or '').partition('@')[0]}@"].append(call)
    return mails


def _begun(index: Index) -> Mapping[bytes, Sequence[float]]:
    """When each notice was begun, by its request."""
    begun: defaultdict[bytes, list[float]] = defaultdict(list)
    for change in index.changes.get("step", ()):
        row = change.row
        if row["name"] == StepName.NOTICE and row["state"] == StepState.STARTED:
            begun[row["request_hash"]].append(change.at)
    return begun


def _request(mail: Call) -> bytes:
    return sha256((mail.detail or "").encode()).digest()


def _refused(index: Index) -> Mapping[_At, Sequence[float]]:
    refused: defaultdict[_At, list[float]] = defaultdict(list)
    for change in index.changes.get("step", ()):
        row = change.row
        if row["name"] == StepName.NOTICE and row["state"] == StepState.FAILED:
            refused[(row["tenant_id"], row["student_id"]), row["provider"]].append(change.at)
    return refused


def _appointments(index: Index) -> Mapping[_At, Sequence[_Appointment]]:
    appointments: defaultdict[_At, list[_Appointment]] = defaultdict(list)
    for change in index.changes.get("account", ()):
        row = change.row
        at = ((row["tenant_id"], row["student_id"]), row["provider"])
        delete_at, last = row.get("delete_at"), appointments[at][-1:]
        if row.get("state") == AccountState.DELETED:
            continue
        if delete_at is None:
            if last and last[0].until == float("inf"):
                last[0].until = change.at
            continue
        if not last or last[0].until != float("inf"):
            last = [_Appointment(change.at)]
            appointments[at].extend(last)
        last[0].days.add(datetime.fromtimestamp(delete_at, UTC).date())
    return appointments
