"""Groups of an Entra directory, and which of them take members through Graph."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from sandbox.simulators.graph import refusals
from sandbox.simulators.graph.refusals import Refusal
from sandbox.simulators.graph.user import User


class GroupKind(Enum):
    """What decides whether an application with `GroupMember.ReadWrite.All` may add members."""

    SECURITY = auto()
    MICROSOFT_365 = auto()
    MAIL_ENABLED = auto()
    SYNCHRONISED = auto()
    ROLE_ASSIGNABLE = auto()
    DYNAMIC = auto()


@dataclass(frozen=True, slots=True)
class GroupTraits:
    """What a group is besides its members. `roles` are the directory roles that it has, as a role-assignable one may."""

    kind: GroupKind = GroupKind.SECURITY
    roles: Sequence[str] = field(default=())

    def refusal(self) -> Refusal | None:
        """What adding a member meets; None where it is taken.

        The 400s are in the words that clients match on; that role-assignable and dynamic groups answer 403 is on Microsoft's page
        "Troubleshoot 403 error when adding a user to a group".
        """
        match self.kind:
            case GroupKind.SECURITY | GroupKind.MICROSOFT_365:
                return None
            case GroupKind.MAIL_ENABLED:
                return refusals.invalid(refusals.MAIL_ENABLED)
            case GroupKind.SYNCHRONISED:
                return refusals.invalid(refusals.ON_PREMISES)
            case GroupKind.ROLE_ASSIGNABLE | GroupKind.DYNAMIC:
                return refusals.denied()

    def shown(self, ident: str) -> Mapping[str, Any]:
        """The group's own properties ("group resource type")."""
        kinds = {GroupKind.MICROSOFT_365: ["Unified"], GroupKind.DYNAMIC: ["DynamicMembership"]}
        return {
            "id": ident,
            "groupTypes": kinds.get(self.kind, []),
            "isAssignableToRole": True if self.kind is GroupKind.ROLE_ASSIGNABLE else None,
            "mailEnabled": self.kind in {GroupKind.MICROSOFT_365, GroupKind.MAIL_ENABLED},
            "onPremisesSyncEnabled": True if self.kind is GroupKind.SYNCHRONISED else None,
            "securityEnabled": self.kind is not GroupKind.MICROSOFT_365,
        }


def memberships(
    user: User, groups: Mapping[str, set[str]], traits: Mapping[str, GroupTraits]
) -> Iterator[Mapping[str, Any]]:
    """`transitiveMemberOf`: directory roles and groups, as objects of either type. Custom and scoped roles are not among them."""
    inside = [ident for ident, members in groups.items() if user.id in members]
    by_group = [role for ident in inside for role in traits.get(ident, GroupTraits()).roles]
    for role in dict.fromkeys((*user.roles, *by_group)):
        yield {"@odata.type": "#microsoft.graph.directoryRole", "id": role}
    for ident in inside:
        assignable = traits.get(ident, GroupTraits()).kind is GroupKind.ROLE_ASSIGNABLE
        yield {"@odata.type": "#microsoft.graph.group", "id": ident, "isAssignableToRole": assignable or None}
