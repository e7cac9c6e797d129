"""The groups of one customer and who is in them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.simulators.google import refusals
from sandbox.simulators.google.refusals import Refusal
from sandbox.simulators.google.user import User

MemberConflict = Literal["duplicate", "conflict", "generic409"]
_ROLES = frozenset({"OWNER", "MANAGER", "MEMBER"})


@dataclass(slots=True)
class Member:
    """A member of a group; `key` is the user's id, or the address of an external member."""

    key: str
    email: str
    role: str
    internal: bool

    def shown(self) -> dict[str, Any]:
        """The member resource."""
        shown = {"kind": "admin#directory#member", "email": self.email, "role": self.role}
        return shown | ({"id": self.key, "type": "USER", "status": "ACTIVE"} if self.internal else {"type": "EXTERNAL"})


@dataclass(slots=True)
class Group:
    """A group and its members by key."""

    id: str
    email: str
    name: str
    members: dict[str, Member] = field(default_factory=dict[str, Member])

    def shown(self) -> dict[str, Any]:
        """The group resource."""
        return {
            "kind": "admin#directory#group",
            "id": self.id,
            "email": self.email,
            "name": self.name,
            "directMembersCount": str(len(self.members)),
            "adminCreated": True,
        }


class Groups:
    """Raises `Refusal` where Google would.

    `find` gives the user with an id or address as reads see them, `holder` the user with an address.
    """

    def __init__(self, *, find: Callable[[str], User | None], holder: Callable[[str], User | None]) -> None:
        self._find = find
        self._holder = holder
        self._groups: dict[str, Group] = {}

    @property
    def all(self) -> Sequence[Group]:
        """Every group, oldest first."""
        return tuple(self._groups.values())

    def add(self, email: str, name: str = "") -> Group:
        """groups.insert."""
        address = email.lower()
        if self.holds(address) or self._holder(address):
            raise refusals.duplicate()
        group = self._groups[address] = Group(f"g{len(self._groups):014}", address, name or address)
        return group

    def holds(self, address: str) -> bool:
        """Whether a group has this address."""
        return address.lower() in self._groups

    def get(self, key: str) -> Group:
        """groups.get, by address or id."""
        group = self._groups.get(key.lower()) or next((g for g in self._groups.values() if g.id == key), None)
        if group is None:
            raise refusals.not_found("groupKey")
        return group

    def insert(self, group_key: str, body: Mapping[str, Any], *, conflict: MemberConflict = "duplicate") -> Member:
        """members.insert, by the address or the id of a user, or by an address from elsewhere."""
        group = self.get(group_key)
        key, role = body.get("id") or body.get("email"), body.get("role") or "MEMBER"
        if not isinstance(key, str):
            raise refusals.required("memberKey")
        if role not in _ROLES:
            raise refusals.invalid("role")
        user = self._find(key)
        if user is None and "@" not in key:
            raise refusals.not_found("memberKey")
        member = (
            Member(user.id, user.primary_email, role, internal=True)
            if user
            else Member(key.lower(), key.lower(), role, internal=False)
        )
        if member.key in group.members:
            raise Refusal(409, conflict, "Member already exists.")
        group.members[member.key] = member
        return member

    def member(self, group_key: str, member_key: str) -> Member:
        """members.get."""
        group = self.get(group_key)
        member = group.members.get(self._key(member_key))
        if member is None:
            raise refusals.not_found("memberKey")
        return member

    def has(self, group_key: str, member_key: str) -> bool:
        """members.hasMember. Asking for an address that is neither a user's nor a member's is an error."""
        members = self.get(group_key).members
        key = self._key(member_key)
        if key not in members and self._find(member_key) is None:
            raise refusals.invalid("memberKey")
        return key in members

    def remove(self, group_key: str, member_key: str) -> None:
        """members.delete."""
        member = self.member(group_key, member_key)
        del self.get(group_key).members[member.key]

    def forget(self, user_id: str) -> None:
        """Takes a deleted user out of every group."""
        for group in self._groups.values():
            group.members.pop(user_id, None)

    def _key(self, member_key: str) -> str:
        user = self._find(member_key)
        return user.id if user else member_key.lower()
