"""A job from the rows of a claim. What another version has written, and this one can't read, is never guessed."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from consumer.errors import Reason
from consumer.events import Origin, Provider, ProviderAction, StepName, StudentStatusChanged
from consumer.ledger.port.student import Account, AccountState, Desired, Job, Lease, SealedCredential, Step, Wait
from consumer.ledger.renamed import stored_state
from consumer.ledger.unreadable import a_list, a_text, an_object, read

_DESIRED = frozenset({"event", "action", "providers", "traceparent"})


def job_of(
    row: Row[Any],
    accounts: list[Row[Any]],
    steps: list[Row[Any]],
    credentials: list[Row[Any]],
    waits: list[Row[Any]],
) -> Job:
    """A claimed student, from its row and those of the other tables. Raises `Unreadable` for what this version can't read."""
    return Job(
        lease=Lease(row.tenant_id, row.student_id, row.lease_epoch),
        desired=_desired(row),
        now=row.now,
        attempt=row.attempt,
        settled_version=row.settled_version,
        accounts={account.provider: account for account in map(_account, accounts)},
        steps={(step.provider, step.name): step for step in map(_step, steps)},
        credentials={credential.provider: credential for credential in map(_credential, credentials)},
        waits={(wait.provider, wait.step): wait for wait in map(_wait, waits)},
    )


def _desired(row: Row[Any]) -> Desired:
    desired = read("student.desired", _known_desire, row.desired)
    return Desired(
        event=read("student.desired.event", _event, desired.get("event")),
        action=read("student.desired.action", ProviderAction, desired.get("action")),
        providers=read("student.desired.providers", _providers, desired.get("providers")),
        accepted_at=row.accepted_at,
        traceparent=desired.get("traceparent"),
    )


def _account(row: Row[Any]) -> Account:
    return Account(
        provider=read("account.provider", Provider, row.provider),
        address=row.address,
        marker=row.marker,
        body=read("account.body", _body, row.body),
        generation=row.generation,
        object_id=row.object_id,
        origin=read("account.origin", Origin, row.origin) if row.origin else None,
        licences=tuple(row.licences),
        groups=tuple(row.groups),
        announced_version=row.settled_version,
        state=read("account.state", AccountState, row.state),
        org_unit=row.org_unit,
        licences_in_doubt=tuple(row.licences_in_doubt),
        groups_in_doubt=tuple(row.groups_in_doubt),
        revisit=row.revisit,
        delete_at=row.delete_at,
        next_address=row.next_address,
        notice_at=row.notice_at,
        noticed_for=row.noticed_for,
        incomplete=row.incomplete,
        admin_units=tuple(row.admin_units),
        admin_units_in_doubt=tuple(row.admin_units_in_doubt),
    )


def _step(row: Row[Any]) -> Step:
    return Step(
        provider=read("step.provider", Provider, row.provider),
        name=read("step.name", StepName, row.name),
        state=read("step.state", stored_state, row.state),
        version=row.version,
        attempt=row.attempt,
        request_hash=bytes(row.request_hash),
        started_at=row.started_at,
        deadline=row.deadline,
        reason=read("step.reason", Reason, row.reason) if row.reason else None,
        unsure=row.unsure,
        lost_at=row.lost_at,
        replica=row.replica,
    )


def _wait(row: Row[Any]) -> Wait:
    return Wait(
        provider=read("student_wait.provider", Provider, row.provider),
        step=read("student_wait.step", StepName, row.step),
        reason=read("student_wait.reason", Reason, row.reason),
        version=row.version,
        since=row.since,
        attempts=row.attempts,
        code=row.code,
        held=row.held,
        reported=row.reported,
    )


def _credential(row: Row[Any]) -> SealedCredential:
    provider = read("credential.provider", Provider, row.provider)
    return SealedCredential(provider, row.generation, bytes(row.sealed), row.expires_at)


def _known_desire(value: Any) -> dict[str, Any]:  # noqa: ANN401  whatever JSON holds
    """A newer version's further parts may change what is asked for: without knowing them, nothing is done."""
    desired = an_object(value)
    if desired.keys() - _DESIRED:
        raise ValueError
    return desired


def _event(value: Any) -> StudentStatusChanged:  # noqa: ANN401  whatever JSON holds
    return StudentStatusChanged.model_validate(value, extra="forbid")


def _providers(names: Any) -> tuple[Provider, ...]:  # noqa: ANN401  whatever JSON holds
    return tuple(Provider(name) for name in a_list(names))


def _body(value: Any) -> Mapping[str, str | None]:  # noqa: ANN401  whatever JSON holds
    body = an_object(value)
    for part in body.values():
        if part is not None:
            a_text(part)
    return body
