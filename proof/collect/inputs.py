"""What must become of each record of the input topic, worked out once more by the service's own reader, decisions and rules."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from consumer.codec.dead_letters import Unreadable
from consumer.codec.reader import EventReader
from consumer.events import Provider, Student, StudentStatusChanged
from consumer.policy.addresses import candidates
from consumer.policy.decision import Act, Decision, DecisionTable, Refuse, Skip
from consumer.policy.profile import profile
from consumer.policy.rules import ROOT, grant
from consumer.tenants import OnChange, Rename, Tenant
from proof.collect.raw import Raw
from proof.history import ExpectedOutcome, Followed, Input


class InputReader:
    """Raises `Unavailable` where the registry is unreachable. Not for several threads at once.

    `tenants`: of those whose accounts follow their rules, it works out what accounts are to be.
    """

    def __init__(self, reader: EventReader, decisions: DecisionTable, tenants: Iterable[Tenant] = ()) -> None:
        self._reader = reader
        self._decisions = decisions
        self._follow = {tenant.id: tenant for tenant in tenants if tenant.on_change is OnChange.FOLLOW}

    def read(self, record: Raw) -> Input:
        """The record with its expected outcome. An event whose status does nothing is a skip, even if the rest is unreadable."""
        try:
            tenant_id, status_id = self._reader.peek(record.value, record.headers)
            decision = self._decisions.by_status(tenant_id, status_id)
            if isinstance(decision, Skip):
                return _input(record, decision, tenant_id=tenant_id, event=self._whole(record))
            event = self._reader.read(record.value, record.headers)
        except Unreadable as unreadable:
            return Input(
                record.place, record.key, record.headers, digest(record), ExpectedOutcome.DEAD_LETTER, unreadable.reason
            )
        decision = self._decisions.decide(
            event.tenant_id,
            event.status.id,
            external_sync_disabled=event.student.external_sync_disabled,
            attributes=event.student.attributes,
        )
        found = _input(record, decision, tenant_id=event.tenant_id, event=event)
        tenant = self._follow.get(event.tenant_id)
        if tenant is None or not found.wants | found.updates:
            return found
        return replace(found, followed={at: _followed(tenant, event.student, at) for at in found.providers})

    def _whole(self, record: Raw) -> StudentStatusChanged | None:
        """Whose open work the event may cancel; None where that can't be read."""
        try:
            return self._reader.read(record.value, record.headers)
        except Unreadable:
            return None


def _followed(tenant: Tenant, student: Student, provider: Provider) -> Followed:
    given = grant(tenant, student, provider)
    return Followed(
        licences=frozenset(licence.lower() for licence in given.licences),
        groups=frozenset(group.lower() for group in given.groups),
        org_unit=(given.org_unit or ROOT) if provider is Provider.GOOGLE else None,
        profile=profile(provider, student),
        addresses=_addresses(tenant, student),
        admin_units=frozenset(given.admin_units),
    )


def _addresses(tenant: Tenant, student: Student) -> frozenset[str] | None:
    if tenant.addresses.rename is Rename.NEVER:
        return None
    return frozenset(candidates(tenant.addresses, student, country=tenant.country))


def digest(record: Raw) -> bytes:
    """SHA-256 of the value; that of no bytes where there is none."""
    return hashlib.sha256(record.value or b"").digest()


def _input(record: Raw, decision: Decision, *, tenant_id: str, event: StudentStatusChanged | None = None) -> Input:
    match decision:
        case Skip(reason):
            expected, action, providers, why = ExpectedOutcome.SKIP, None, (), reason.value
        case Refuse(refusal):
            expected, action, providers, why = ExpectedOutcome.DEAD_LETTER, None, (), refusal.value
        case Act(action, providers):
            expected, why = ExpectedOutcome.ACT, None
    return Input(
        place=record.place,
        key=record.key,
        headers=record.headers,
        digest=digest(record),
        expected=expected,
        reason=why,
        tenant_id=tenant_id,
        student_id=event.student.student_id if event else None,
        event_id=event.event_id if event else None,
        version=event.version if event else None,
        providers=providers,
        action=action,
    )
