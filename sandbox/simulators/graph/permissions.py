"""Which application permissions let a call through: any of those that Microsoft lists for it.

Sources: the table in `tests/contracts/graph-application-permissions.json`, and for what it does not have the pages "Add members" (of
groups and of administrative units), "List unifiedRoleAssignments", "List deletedItems", "Permanently delete item" and "Update user"
(passwords; disabling alone). That `GroupMember.ReadWrite.All` reads groups' basic properties is its description in the permissions
reference; the page "Get group" lists only the read permission.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.simulators.graph import refusals

GRANTED = frozenset(
    {
        "User.ReadWrite.All",
        "User.DeleteRestore.All",
        "User.Read.All",
        "RoleManagement.Read.Directory",
        "LicenseAssignment.ReadWrite.All",
        "LicenseAssignment.Read.All",
        "GroupMember.ReadWrite.All",
        "User-PasswordProfile.ReadWrite.All",
        "User.RevokeSessions.All",
    }
)
"""What an application has unless it is said otherwise: what docs/vendors.md asks of a school, and what its checks use."""
FOR_ADMIN_UNITS = frozenset({"AdministrativeUnit.ReadWrite.All"})
"""What it has besides where it puts accounts into administrative units."""

_PASSWORDS = frozenset({"User-PasswordProfile.ReadWrite.All"})
_DISABLES = frozenset({"User.EnableDisableAccount.All"})
_ALL = frozenset({"Directory.ReadWrite.All"})
_WRITES_USERS = _ALL | {"User.ReadWrite.All"}
_READS_USERS = _WRITES_USERS | {"Directory.Read.All", "User.Read.All"}
_READS_GROUPS = _ALL | {
    "Directory.Read.All",
    "Group.Read.All",
    "Group.ReadWrite.All",
    "GroupMember.Read.All",
    "GroupMember.ReadWrite.All",
}
_WRITES_MEMBERS = _ALL | {"Group.ReadWrite.All", "GroupMember.ReadWrite.All"}
_READS_MEMBERS = _WRITES_MEMBERS | {"Directory.Read.All", "Group.Read.All", "GroupMember.Read.All"}
_WRITES_UNITS = FOR_ADMIN_UNITS
_READS_UNITS = _ALL | _WRITES_UNITS | {"AdministrativeUnit.Read.All", "Directory.Read.All"}
_DELETES_USERS = frozenset({"User.DeleteRestore.All", "User.ReadWrite.All"})
_MEMBERSHIPS = _ALL | {"Directory.Read.All", "Group.Read.All", "GroupMember.Read.All", "User.Read.All"}
_ROLES = frozenset(
    {
        "RoleManagement.Read.Directory",
        "RoleManagement.Read.All",
        "RoleManagement.ReadWrite.Directory",
        "Directory.Read.All",
    }
)

ALLOWING: Mapping[str, frozenset[str]] = {
    "graph.users.create": _WRITES_USERS,
    "graph.users.list": _READS_USERS,
    "graph.users.count": _READS_USERS,
    "graph.users.get": _READS_USERS,
    "graph.users.update": _WRITES_USERS | _PASSWORDS | _DISABLES,
    "graph.users.delete": _DELETES_USERS,
    "graph.users.revokeSignInSessions": _WRITES_USERS | {"User.RevokeSessions.All"},
    "graph.users.assignLicense": _WRITES_USERS | {"LicenseAssignment.ReadWrite.All"},
    "graph.users.memberships": _MEMBERSHIPS,
    "graph.users.roles": _MEMBERSHIPS,
    "graph.roles.assignments": _ROLES,
    "graph.roles.eligibilities": _ROLES,
    "graph.groups.get": _READS_GROUPS,
    "graph.groups.update": _WRITES_MEMBERS,
    "graph.groups.members": _READS_MEMBERS,
    "graph.groups.join": _WRITES_MEMBERS,
    "graph.groups.leave": _WRITES_MEMBERS,
    "graph.units.get": _READS_UNITS,
    "graph.units.list": _READS_UNITS,
    "graph.units.join": _WRITES_UNITS,
    "graph.units.leave": _WRITES_UNITS,
    "graph.subscribedSkus.list": _ALL
    | {"Directory.Read.All", "LicenseAssignment.Read.All", "Organization.Read.All", "Organization.ReadWrite.All"},
    "graph.deleted.list": _READS_USERS,
    "graph.deleted.restore": _DELETES_USERS,
    "graph.deleted.purge": _DELETES_USERS,
}
"""The permissions of which any one is enough, by route."""


def check(route: str, roles: frozenset[str], body: Mapping[str, Any]) -> None:
    """Raises `Refusal` (403) where none of the application's permissions lets the call through."""
    if not ALLOWING[route] & roles or (route == "graph.users.update" and not _may_update(roles, body)):
        raise refusals.denied()


def _may_update(roles: frozenset[str], body: Mapping[str, Any]) -> bool:
    """Passwords take a permission of their own; so may disabling, which then lets nothing else be changed, and reads by another."""
    if "passwordProfile" in body and not _PASSWORDS & roles:
        return False
    others = body.keys() - {"passwordProfile"}
    disables = others == {"accountEnabled"} and bool(_DISABLES & roles) and bool(_READS_USERS & roles)
    return not others or disables or bool(_WRITES_USERS & roles)
