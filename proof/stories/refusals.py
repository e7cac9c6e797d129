"""Six refusals of six scopes, each laid out at the vendors, and each with the students whom it concerns."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from consumer.errors import Reason
from consumer.events import Provider
from consumer.policy.marker import marker
from consumer.tenants import Rule as TenantRule
from consumer.tenants import Tenant
from proof.stories.campus import event
from sandbox.simulators.faults import Answer, FaultRule
from sandbox.simulators.graph import refusals
from sandbox.simulators.graph.groups import GroupKind
from sandbox.simulators.server import VendorServer
from sandbox.simulators.vendors import Institution
from sandbox.simulators.world import World

NORTH = Institution("north-high", "North High School", (Provider.MICROSOFT,), concurrency=64)
FEDERATED = Institution("harbour-college", "Harbour College", (Provider.MICROSOFT,))
REVOKED = Institution("south-academy", "South Academy", (Provider.MICROSOFT,))
INSTITUTIONS = (NORTH, FEDERATED, REVOKED)

_SCARCE = "78e66a63-337a-4a9a-8959-41c6654dfb56"
"""A licence that only those of the arts need."""


class Scope(StrEnum):
    """What is refused, or nothing."""

    UNAFFECTED = "unaffected"
    ROLE_ASSIGNABLE_GROUP = "role-assignable group"
    MISSING_GROUP = "missing group"
    NO_LICENCE = "no licence"
    UNREADABLE_ROLES = "unreadable roles"
    FEDERATED_DOMAIN = "federated domain"
    REVOKED_CONSENT = "revoked consent"


WHY: Mapping[Scope, Reason] = {
    Scope.ROLE_ASSIGNABLE_GROUP: Reason.GROUP_REFUSED,
    Scope.MISSING_GROUP: Reason.GROUP_MISSING,
    Scope.NO_LICENCE: Reason.LICENCES_EXHAUSTED,
    Scope.UNREADABLE_ROLES: Reason.ROLES_UNREADABLE,
    Scope.FEDERATED_DOMAIN: Reason.DOMAIN_NOT_VERIFIED,
    Scope.REVOKED_CONSENT: Reason.CONSENT_MISSING,
}
"""For which reason those whom it concerns wait."""

_ATTRIBUTES: Mapping[Scope, Mapping[str, str]] = {
    Scope.ROLE_ASSIGNABLE_GROUP: {"school": "south"},
    Scope.MISSING_GROUP: {"school": "harbour"},
    Scope.NO_LICENCE: {"programme": "arts"},
}


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A student, and which refusal is met."""

    scope: Scope
    number: int

    @property
    def tenant(self) -> str:
        """The two refusals that concern an institution have institutions of their own."""
        match self.scope:
            case Scope.FEDERATED_DOMAIN:
                return FEDERATED.id
            case Scope.REVOKED_CONSENT:
                return REVOKED.id
            case _:
                return NORTH.id

    @property
    def student(self) -> str:
        """The student's id."""
        return f"{self.scope.name.title().replace('_', '')}{self.number:03}"

    @property
    def marker(self) -> str:
        """What stands on the account."""
        return marker(Provider.MICROSOFT, self.tenant, self.student)

    def event(self) -> Mapping[str, Any]:
        """The status event."""
        return event(self.tenant, self.student, attributes={**_ATTRIBUTES.get(self.scope, {"school": "north"})})


def enrolments(counts: Mapping[Scope, int]) -> Sequence[Enrolment]:
    """So many students for each, one of each scope in turn, as they come on the topic."""
    longest = max(counts.values())
    return [Enrolment(scope, number) for number in range(longest) for scope, count in counts.items() if number < count]


def configured(tenants: Sequence[Tenant]) -> Sequence[Tenant]:
    """North High's students of the arts need a licence of their own."""
    return [
        tenant.model_copy(
            update={"rules": (*tenant.rules, TenantRule(when={"programme": ("arts",)}, licences=(_SCARCE,)))}
        )
        if tenant.id == NORTH.id
        else tenant
        for tenant in tenants
    ]


class Refusals:
    """The six at the vendors, from `begin` to `end`. Without `begin`, nothing is refused but that one licence is known."""

    def __init__(self, world: World) -> None:
        self._north = world.graph.directories[NORTH.guid("tenant")]
        self._federated = world.graph.directories[FEDERATED.guid("tenant")]
        self._north.stock[_SCARCE] = 1_000_000

    def begin(self, vendors: VendorServer, students: Sequence[Enrolment]) -> None:
        """Before the students enrol; those whose roles matter have an account with their marker already."""
        self.put_accounts(students)
        self._north.add_group(NORTH.guid("south"), GroupKind.ROLE_ASSIGNABLE)
        del self._north.groups[NORTH.guid("harbour")]
        self._north.stock[_SCARCE] = 0
        self._north.quirks = replace(self._north.quirks, roles_readable=False)
        self._federated.federated.add(FEDERATED.domain)
        vendors.faults.set(self.faults())

    def put_accounts(self, students: Sequence[Enrolment]) -> None:
        """The accounts of those whose account has to be adopted."""
        for one in students:
            if one.scope is Scope.UNREADABLE_ROLES:
                address = f"earlier.{one.number}@{NORTH.domain}"
                self._north.add({"userPrincipalName": address, "employeeId": one.marker, "usageLocation": "GR"})

    def end(self, vendors: VendorServer) -> None:
        """Each cause is repaired at its source; the service is left alone."""
        self._north.traits.clear()
        self._north.groups[NORTH.guid("harbour")] = set()
        self._north.stock[_SCARCE] = 1_000_000
        self._north.quirks = replace(self._north.quirks, roles_readable=True)
        self._federated.federated.clear()
        vendors.faults.set([])

    @staticmethod
    def faults() -> Sequence[FaultRule]:
        """What one institution's consent no longer covers: the simulator knows no consent."""
        denied = refusals.denied()
        answer = Answer(status=denied.status, body=json.dumps(denied.body))
        return [FaultRule(route="graph.users.create", fault=answer, containing=(REVOKED.domain,))]
