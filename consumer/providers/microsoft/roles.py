"""Whether an account holds an administrator's role in Entra, or may activate one.

Three requests, the first that says yes ends it. Memberships show active roles, held directly or by a group, and of role-assignable
groups: to be in one is taken for a role, since whatever role such a group has or is eligible for is its members'. Role assignments show
custom roles and of those of an administrative unit. Eligibilities show roles that Privileged Identity Management lets the account
activate; a directory without Entra ID P2 has none. Eligible membership in a group is not seen: it needs a permission of its own.
"""

from collections.abc import Mapping
from typing import Any

from consumer.http.deadline import Deadline
from consumer.providers.api import Api
from consumer.providers.microsoft import graph_requests
from consumer.providers.microsoft.answers import FeatureNotLicensed, reading_roles, roles_unreadable
from consumer.providers.microsoft.collections import read_all

_ROLE, _GROUP = "#microsoft.graph.directoryRole", "#microsoft.graph.group"
_OPERATION = "read_roles"


async def holds_role(api: Api, object_id: str, deadline: Deadline) -> bool:
    """Raises `Hold` (ROLES_UNREADABLE, for all who need this look-up) where a request is refused, and what `Api.call` raises."""
    return (
        await _by_membership(api, object_id, deadline)
        or await _by_assignment(api, object_id, deadline)
        or await _by_eligibility(api, object_id, deadline)
    )


async def _by_membership(api: Api, object_id: str, deadline: Deadline) -> bool:
    url = graph_requests.memberships(api.base_url, object_id)
    rows = await read_all(api, _OPERATION, url, deadline=deadline, classify=reading_roles)
    return any(_gives_role(row) for row in rows)


def _gives_role(membership: Mapping[str, Any]) -> bool:
    kind = membership.get("@odata.type")
    if not isinstance(kind, str):
        raise roles_unreadable()
    return kind == _ROLE or (kind == _GROUP and membership.get("isAssignableToRole") is True)


async def _by_assignment(api: Api, object_id: str, deadline: Deadline) -> bool:
    url = graph_requests.role_assignments(api.base_url, object_id)
    return bool(await read_all(api, _OPERATION, url, deadline=deadline, classify=reading_roles))


async def _by_eligibility(api: Api, object_id: str, deadline: Deadline) -> bool:
    url = graph_requests.role_eligibilities(api.base_url, object_id)
    try:
        return bool(await read_all(api, _OPERATION, url, deadline=deadline, classify=reading_roles))
    except FeatureNotLicensed:
        return False
