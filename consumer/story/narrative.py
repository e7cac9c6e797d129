"""The story of a student: from what the ledger holds to dated sentences, each with its evidence. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from consumer.events import Origin
from consumer.ledger.acts import RecordedAct
from consumer.ledger.inspect import StudentWait, TenantWait
from consumer.ledger.port.history import Attempt
from consumer.ledger.port.inbox import Disposition
from consumer.ledger.port.student import AccountState
from consumer.ledger.student_record import AccountRecord, InboxEvent, StudentRecord
from consumer.providers.names import PROVIDER_NAMES
from consumer.story.reasons import explanation_of
from consumer.story.words import ACTIONS, ACTS, STATES, STEPS

_SETTLED = {
    Disposition.APPLIED: "Version {version} is done.",
    Disposition.FAILED: "Version {version} failed for good.",
    Disposition.SUPERSEDED: "Version {version} is superseded by a newer one: nothing more is done for it.",
}
_ORIGINS = {
    Origin.CREATED: "created by this service",
    Origin.ADOPTED: "adopted",
    Origin.RESTORED: "restored from the deleted ones",
}
_ACCOUNT_STATES = {
    AccountState.ACTIVE: "",
    AccountState.SUSPENDED: ", sign-in blocked by this service",
    AccountState.DELETED: ", deleted by this service",
    AccountState.RELEASED: ", handed to the institution",
}


@dataclass(frozen=True, slots=True)
class Sentence:
    """What happened at that time. `evidence`: where to look it up, by name; no personal data."""

    at: datetime
    text: str
    evidence: Mapping[str, str | int] = field(default_factory=dict[str, str | int])


@dataclass(frozen=True, slots=True)
class Story:
    """`past` in the order of time; `accounts`, `waits` and `next_step` are what is so now; `remedies`: what a person can do, once each."""

    tenant_id: str
    student_id: str
    past: Sequence[Sentence]
    accounts: Sequence[str]
    waits: Sequence[Sentence]
    next_step: str
    remedies: Sequence[str]


def story(record: StudentRecord, *, now: datetime, names: bool = False) -> Story:
    """`names`: with the sign-in addresses, which are personal data."""
    waits = list(_waits(record))
    return Story(
        record.state.tenant_id,
        record.state.student_id,
        sorted(_past(record), key=lambda sentence: sentence.at),
        [_account(account, names=names) for account in record.accounts],
        waits,
        _next_step(record, now),
        list(_remedies(record)),
    )


def _past(record: StudentRecord) -> Iterator[Sentence]:
    for event in record.events:
        newest = event.version == record.state.desired_version
        yield _reported(event, record.decision.status_id if newest else None)
        if event.settled_at is not None and event.disposition in _SETTLED:
            yield Sentence(event.settled_at, _SETTLED[event.disposition].format(version=event.version))
    yield Sentence(record.decision.accepted_at, _decided(record))
    for attempt in record.attempts:
        yield _attempted(attempt)
    for act in record.acts:
        yield _acted(act)


def _reported(event: InboxEvent, status_id: str | None) -> Sentence:
    status = f" with status `{status_id}`" if status_id else ""
    text = f"The SIS reported version {event.version}{status}; it happened at {_shown(event.occurred_at)}."
    evidence = {"topic": event.topic, "partition": event.partition, "offset": event.offset, "event_id": event.event_id}
    return Sentence(event.received_at, text, evidence)


def _decided(record: StudentRecord) -> str:
    decision, version = record.decision, record.state.desired_version
    if not decision.providers:
        return f"Decided for version {version}: nothing is asked for; open work is cancelled."
    where = " and ".join(PROVIDER_NAMES[provider] for provider in decision.providers)
    return f"Decided for version {version} by the row of status `{decision.status_id}`: {ACTIONS[decision.action]} at {where}."


def _attempted(attempt: Attempt) -> Sentence:
    why = f" {explanation_of(attempt.reason).cause}" if attempt.reason else ""
    text = f"{PROVIDER_NAMES[attempt.provider]}: {STEPS[attempt.step]}, attempt {attempt.number}: {STATES[attempt.state]}.{why}"
    known = {
        "step": attempt.step.value,
        "reason": attempt.reason.value if attempt.reason else None,
        "code": attempt.code,
        "request_id": attempt.request_id,
        "replica": attempt.replica,
    }
    return Sentence(attempt.ended_at, text, {name: value for name, value in known.items() if value is not None})


def _acted(act: RecordedAct) -> Sentence:
    why = f": {act.why}" if act.why else ""
    text = f"Operator {act.by} {ACTS.get(act.kind, act.kind)}{why}."
    return Sentence(act.at, text, {"act": act.id, **act.about})


def _account(account: AccountRecord, *, names: bool) -> str:
    where = PROVIDER_NAMES[account.provider]
    address = f" {account.address}" if names else ""
    if account.object_id is None:
        return f"{where}: an address is reserved{address}; there is no account yet."
    origin = f", {_ORIGINS[account.origin]}" if account.origin else ""
    state = _ACCOUNT_STATES[account.state]
    reported = f", reported as of version {account.announced_version}" if account.announced_version >= 0 else ""
    unit = f", administrative unit: {', '.join(account.admin_units)}" if account.admin_units else ""
    given = f"licences: {len(account.licences)}, groups: {len(account.groups)}{unit}"
    return f"{where}: account {account.object_id}{address}{origin}{state}; {given}{reported}."


def _waits(record: StudentRecord) -> Iterator[Sentence]:
    for wait in record.waits:
        yield _waiting(f"{_place(wait)} waits", wait.since, wait.reason, wait.code)
    for wait in waiting_services(record):
        yield _waiting(f"`{wait.service}` waits for the whole school", wait.since or wait.until, wait.reason, wait.code)


def _place(wait: StudentWait) -> str:
    if not wait.provider:
        return "The student"
    return f"{PROVIDER_NAMES.get(wait.provider, wait.provider)}: {STEPS.get(wait.step, wait.step)}"


def _waiting(what: str, since: datetime, reason: str | None, code: str | None) -> Sentence:
    known = {"reason": reason, "code": code}
    cause = explanation_of(reason).cause if reason else "The vendor asked for a pause."
    return Sentence(since, f"{what}: {cause}", {name: value for name, value in known.items() if value is not None})


def waiting_services(record: StudentRecord) -> Iterator[TenantWait]:
    """The tenant's waits that concern this student's providers, or its mail."""
    concerned = {provider.value for provider in record.decision.providers} | {"mailgun"}
    return (wait for wait in record.tenant_waits if wait.service.partition("/")[0] in concerned)


def _next_step(record: StudentRecord, now: datetime) -> str:
    state = record.state
    if state.lease_until is not None and state.lease_until > now:
        return f"Replica {state.lease_owner} works on it now."
    if state.due_at is None:
        return "Nothing is left to do."
    if state.due_at <= now:
        return f"Due since {_shown(state.due_at)}: a replica takes it up when it has a free place."
    if state.settled_version >= state.desired_version:
        return _left_to_do(record, state.due_at)
    return f"Tried again at {_shown(state.due_at)}."


def _left_to_do(record: StudentRecord, at: datetime) -> str:
    """Of an event that is settled."""
    to_go = [account for account in record.accounts if account.delete_at is not None]
    if at in [account.notice_at for account in to_go]:
        return (
            f"The deletion of the account is announced at {_shown(at)}, unless the SIS reports another status before."
        )
    if at in [account.delete_at for account in to_go]:
        return f"The account is deleted at {_shown(at)}, unless the SIS reports another status before."
    return f"The account is verified at {_shown(at)}, as an answer of the vendor was lost."


def _remedies(record: StudentRecord) -> Iterator[str]:
    reasons = [wait.reason for wait in record.waits] + [wait.reason for wait in waiting_services(record)]
    for reason in dict.fromkeys(reason for reason in reasons if reason):
        if remedy := explanation_of(reason).remedy:
            yield remedy


def _shown(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S %Z}"
