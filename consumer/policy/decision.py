"""What an event means to its tenant: nothing, an action, or a refusal. All decisions are made when the table is built.

Most statuses decide by themselves. Where rows have conditions, the student's attributes choose among decisions that are there already.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from consumer.events import Provider, ProviderAction
from consumer.policy.condition import matches
from consumer.tenants import Outline, Tenant, UnlistedStatus, When


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


@dataclass(frozen=True, slots=True)
class Conditional:
    """The status has rows with conditions: the first in `rows` that matches decides, `otherwise` where none does."""

    rows: tuple[tuple[When, Decision], ...]
    otherwise: Decision

    def decide(self, attributes: Mapping[str, str]) -> Decision:
        """The decision for a student with these attributes."""
        return next((decision for when, decision in self.rows if matches(when, attributes)), self.otherwise)


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

    def __init__(self, listed: dict[tuple[str, str], Decision | Conditional], unlisted: dict[str, Decision]) -> None:
        self._listed = listed
        self._unlisted = unlisted
        self.tenants = frozenset(unlisted)

    @classmethod
    def of(cls, tenants: Iterable[Tenant | Outline], *, unreadable: Iterable[str] = ()) -> "DecisionTable":
        """Works out the decision for each row of each tenant's status table.

        A student whom no row of a listed status matches is decided as one whose status is not listed: never passed over silently, unless
        the tenant says so. `unreadable` are the ids of tenants whose status table cannot be read: their events are refused for that reason.
        """
        listed: dict[tuple[str, str], Decision | Conditional] = {}
        unlisted: dict[str, Decision] = dict.fromkeys(unreadable, _TENANT_UNUSABLE)
        for tenant in tenants:
            unlisted[tenant.id] = _UNLISTED[tenant.unlisted_status]
            acts = {action: Act(action, tenant.providers) for action in ProviderAction}
            rows: defaultdict[str, list[tuple[When, Decision]]] = defaultdict(list)
            for row in tenant.statuses:
                decision = acts[row.provider_action] if row.provider_action else _NO_ACTION
                rows[row.id].append((MappingProxyType(row.when), decision))
            for status_id, of_one in rows.items():
                listed[tenant.id, status_id] = _worked_out(of_one, unlisted[tenant.id])
        return cls(listed, unlisted)

    def by_status(self, tenant_id: str, status_id: str) -> Decision | Conditional:
        """What a status at a tenant decides by itself: one look-up if it is listed, and no allocation but the key."""
        decision = self._listed.get((tenant_id, status_id))
        return self._unlisted.get(tenant_id, _UNKNOWN_TENANT) if decision is None else decision

    def decide(
        self, tenant_id: str, status_id: str, *, external_sync_disabled: bool, attributes: Mapping[str, str]
    ) -> Decision:
        """The decision for a student with these attributes, and a status at a tenant.

        A student whose external sync is disabled is never acted on, nor refused for a status: whatever the missing row
        will say, nothing would be done for them.
        """
        decision = self.by_status(tenant_id, status_id)
        if isinstance(decision, Conditional):
            decision = decision.decide(attributes)
        if external_sync_disabled and decision is not _UNKNOWN_TENANT and type(decision) is not Skip:
            return _SYNC_DISABLED
        return decision


def _worked_out(rows: Sequence[tuple[When, Decision]], unlisted: Decision) -> Decision | Conditional:
    """Of the rows with one id, in their order; only the last may be without a condition."""
    *before, (when, decision) = rows
    if when:
        return Conditional(tuple(rows), unlisted)
    return Conditional(tuple(before), decision) if before else decision
