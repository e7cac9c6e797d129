"""What an event means to its tenant: nothing, an action, or a refusal. All decisions are made when the table is built."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from consumer.events import Provider, ProviderAction
from consumer.tenants import Outline, Tenant, UnlistedStatus


class SkipReason(StrEnum):
    """Why an event does nothing; the closed set that the metrics count by."""

    NO_ACTION = "no_action"
    EXTERNAL_SYNC_DISABLED = "external_sync_disabled"
    UNLISTED_STATUS = "unlisted_status"


class Refusal(StrEnum):
    """Why an event goes to the dead letters; the values are those of the dead letters' own reasons."""

    UNKNOWN_TENANT = "unknown_tenant"
    UNLISTED_STATUS = "unlisted_status"
    TENANT_UNUSABLE = "tenant_unusable"


@dataclass(frozen=True, slots=True)
class Skip:
    """The event does nothing and leaves no trace but a count."""

    reason: SkipReason


@dataclass(frozen=True, slots=True)
class Act:
    """The event asks for `action` at each of `providers`."""

    action: ProviderAction
    providers: tuple[Provider, ...]


@dataclass(frozen=True, slots=True)
class Refuse:
    """The configuration does not say what the event means: it goes to the dead letters, so that no student is lost."""

    reason: Refusal


Decision = Skip | Act | Refuse

_UNKNOWN_TENANT = Refuse(Refusal.UNKNOWN_TENANT)
_TENANT_UNUSABLE = Refuse(Refusal.TENANT_UNUSABLE)
_NO_ACTION = Skip(SkipReason.NO_ACTION)
_SYNC_DISABLED = Skip(SkipReason.EXTERNAL_SYNC_DISABLED)
_UNLISTED = {
    UnlistedStatus.DEAD_LETTER: Refuse(Refusal.UNLISTED_STATUS),
    UnlistedStatus.SKIP: Skip(SkipReason.UNLISTED_STATUS),
}


class DecisionTable:
    """Every tenant's status table, worked out. Immutable: a changed configuration makes a new table. `tenants` are the ids of all:
    events of others are refused with UNKNOWN_TENANT.
    """

    __slots__ = ("_listed", "_unlisted", "tenants")

    def __init__(self, listed: dict[tuple[str, str], Decision], unlisted: dict[str, Decision]) -> None:
        self._listed = listed
        self._unlisted = unlisted
        self.tenants = frozenset(unlisted)

    @classmethod
    def of(cls, tenants: Iterable[Tenant | Outline], *, unreadable: Iterable[str] = ()) -> "DecisionTable":
        """Works out the decision for each row of each tenant's status table.

        `unreadable` are the ids of tenants whose status table cannot be read: their events are refused for that reason.
        """
        listed: dict[tuple[str, str], Decision] = {}
        unlisted: dict[str, Decision] = dict.fromkeys(unreadable, _TENANT_UNUSABLE)
        for tenant in tenants:
            unlisted[tenant.id] = _UNLISTED[tenant.unlisted_status]
            acts = {action: Act(action, tenant.providers) for action in ProviderAction}
            for row in tenant.statuses:
                listed[tenant.id, row.id] = acts[row.provider_action] if row.provider_action else _NO_ACTION
        return cls(listed, unlisted)

    def decide(self, tenant_id: str, status_id: str, *, external_sync_disabled: bool) -> Decision:
        """The decision for a status at a tenant: one look-up for a listed status, and no allocation but the key.

        A student whose external sync is disabled is never acted on, nor refused for a status: whatever the missing row
        will say, nothing would be done for them.
        """
        decision = self._listed.get((tenant_id, status_id))
        if decision is None:
            decision = self._unlisted.get(tenant_id, _UNKNOWN_TENANT)
        if external_sync_disabled and decision is not _UNKNOWN_TENANT and type(decision) is not Skip:
            return _SYNC_DISABLED
        return decision
