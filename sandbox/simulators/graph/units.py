"""The administrative units of a directory and who is in them.

Sources: Microsoft's pages "Add members" and "Remove a member" of administrativeUnit, "administrativeUnit resource type", and "Restricted
management administrative units in Microsoft Entra ID". Users are not created inside: `POST …/members` without `$ref` is for new groups.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.simulators.graph import refusals
from sandbox.simulators.graph.user import User


@dataclass(frozen=True, slots=True)
class UnitTraits:
    """What a unit is besides its members. `restricted`: only who has a role scoped to it may change its members' accounts; `dynamic`: a
    rule says who is in it; `hidden`: only its members see who is.
    """

    restricted: bool = False
    dynamic: bool = False
    hidden: bool = False


class AdministrativeUnits:
    """Raises `Refusal` where Graph would. No application has a role that is scoped to a unit."""

    def __init__(self) -> None:
        self._members: dict[str, set[str]] = {}
        self._traits: dict[str, UnitTraits] = {}

    def add(self, ident: str, traits: UnitTraits | None = None) -> None:
        """Puts a unit there, without members."""
        self._members[ident] = set()
        self._traits[ident] = traits or UnitTraits()

    def shown(self, ident: str) -> Mapping[str, Any]:
        """The unit's own properties ("administrativeUnit resource type")."""
        self.members(ident)
        traits = self._traits[ident]
        return {
            "id": ident,
            "isMemberManagementRestricted": traits.restricted,
            "membershipType": "Dynamic" if traits.dynamic else "Assigned",
            "visibility": "HiddenMembership" if traits.hidden else None,
        }

    def members(self, unit: str) -> set[str]:
        """The ids of those who are in it."""
        if unit not in self._members:
            raise refusals.missing(unit)
        return self._members[unit]

    def of(self, user: User) -> list[str]:
        """The units that the user is in."""
        return sorted(unit for unit, members in self._members.items() if user.id in members)

    def join(self, unit: str, user: User) -> None:
        """The user is a member from now on."""
        if user.id not in self.members(unit) and self._traits[unit].dynamic:
            raise refusals.denied()
        if user.id in self.members(unit):
            raise refusals.invalid(refusals.MEMBER_EXISTS)
        self._members[unit].add(user.id)

    def leave(self, unit: str, user: User, *, absent_status: int) -> None:
        """The user is no member any more."""
        if user.id not in self.members(unit):
            raise refusals.no_member(absent_status)
        self._members[unit].remove(user.id)

    def check(self, user: User) -> None:
        """Whether an application may change the user's account."""
        if any(self._traits[unit].restricted for unit in self.of(user)):
            raise refusals.restricted()

    def forget(self, user: User) -> None:
        """Takes a user out of every unit."""
        for members in self._members.values():
            members.discard(user.id)
