"""The administrative units of a directory and who is in them.

Source: Microsoft's pages "Add members" and "Remove a member" of administrativeUnit.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.simulators.graph import refusals
from sandbox.simulators.graph.user import User


class AdministrativeUnits:
    """Raises `Refusal` where Graph would."""

    def __init__(self) -> None:
        self._members: dict[str, set[str]] = {}

    def add(self, ident: str) -> None:
        """Puts a unit there, without members."""
        self._members[ident] = set()

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
        if user.id in self.members(unit):
            raise refusals.invalid(refusals.MEMBER_EXISTS)
        self._members[unit].add(user.id)

    def leave(self, unit: str, user: User, *, absent_status: int) -> None:
        """The user is no member any more."""
        if user.id not in self.members(unit):
            raise refusals.no_member(absent_status)
        self._members[unit].remove(user.id)

    def forget(self, user: User) -> None:
        """Takes a user who ceases to exist out of every unit."""
        for members in self._members.values():
            members.discard(user.id)


def user_in(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The user whom a body describes that is to be created in a unit: it has to say that it is one."""
    if body.get("@odata.type") != "#microsoft.graph.user":
        raise refusals.invalid("A type must be specified for the member that is created: '@odata.type'.")
    return body
