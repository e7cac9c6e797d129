"""Who is an administrator, as Graph answers it: memberships, role assignments, and roles that can be activated.

Memberships are those of groups and administrative units too.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiohttp import web

from sandbox.simulators.graph import refusals
from sandbox.simulators.graph.directory import Directory
from sandbox.simulators.graph.groups import memberships
from sandbox.simulators.graph.pages import Act, collection, is_advanced
from sandbox.simulators.graph.user import User

_OF_PRINCIPAL = re.compile(r"principalId eq '([^']*)'")


def _memberships(directory: Directory, request: web.Request, _body: dict[str, Any]) -> web.Response:
    """Query parameters are those of an advanced query only (Microsoft's page "List a user's memberships")."""
    if request.query.keys() - {"$skiptoken"} and not is_advanced(request):
        raise refusals.unsupported("Unsupported query parameters.")
    return collection(directory, request, "directoryObjects", _member_of(directory, request))


def _cast_roles(directory: Directory, request: web.Request, _body: dict[str, Any]) -> web.Response:
    if not (directory.quirks.answers_bare_casts or is_advanced(request)):
        raise refusals.unsupported("The OData cast needs 'ConsistencyLevel: eventual' and $count=true.")
    rows = [row for row in _member_of(directory, request) if row["@odata.type"].endswith(".directoryRole")]
    return collection(directory, request, "directoryRoles", [{"id": row["id"]} for row in rows])


def _member_of(directory: Directory, request: web.Request) -> Sequence[Mapping[str, Any]]:
    user = directory.get(request.match_info["key"])
    units = ({"@odata.type": "#microsoft.graph.administrativeUnit", "id": unit} for unit in directory.units.of(user))
    return [*memberships(user, directory.groups, directory.traits), *units]


def _assignments(directory: Directory, request: web.Request, _body: dict[str, Any]) -> web.Response:
    return _of_principal(directory, request, "roleAssignments", lambda user: [*user.roles, *user.scoped_roles])


def _eligibilities(directory: Directory, request: web.Request, _body: dict[str, Any]) -> web.Response:
    if directory.quirks.roles_readable and not directory.quirks.eligible_roles_licensed:
        raise refusals.unlicensed()
    return _of_principal(directory, request, "roleEligibilityScheduleInstances", lambda user: user.eligible_roles)


def _of_principal(
    directory: Directory, request: web.Request, kind: str, roles: Callable[[User], Sequence[str]]
) -> web.Response:
    if not directory.quirks.roles_readable:
        raise refusals.denied()
    asked = _OF_PRINCIPAL.fullmatch(request.query.get("$filter", "").strip())
    if asked is None:
        raise refusals.unsupported("The filter is invalid.")
    user = directory.known(asked[1])
    rows = [{"id": role, "principalId": asked[1], "roleDefinitionId": role} for role in (roles(user) if user else ())]
    return collection(directory, request, f"roleManagement/directory/{kind}", rows)


_MEMBERSHIPS = "/v1.0/users/{key}/transitiveMemberOf"
_ROLES = "/v1.0/roleManagement/directory"

ROLE_ROUTES: Mapping[tuple[str, str, str], Act] = {
    ("graph.users.memberships", "GET", _MEMBERSHIPS): _memberships,
    ("graph.users.roles", "GET", f"{_MEMBERSHIPS}/microsoft.graph.directoryRole"): _cast_roles,
    (
        "graph.users.roles",
        "GET",
        f"{_MEMBERSHIPS}/graph.directoryRole",
    ): _cast_roles,  # as Microsoft's own client writes it
    ("graph.roles.assignments", "GET", f"{_ROLES}/roleAssignments"): _assignments,
    ("graph.roles.eligibilities", "GET", f"{_ROLES}/roleEligibilityScheduleInstances"): _eligibilities,
}
"""As (name, method, path)."""
