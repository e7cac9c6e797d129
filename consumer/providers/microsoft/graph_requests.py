"""Bodies and URLs for Graph. Pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from urllib.parse import quote

from consumer.policy.profile import Profile, ProfilePart
from consumer.providers.microsoft.marker_field import MarkerField
from consumer.providers.port import NewAccount

ADVANCED: Mapping[str, str] = {"ConsistencyLevel": "eventual"}
"""The header of an advanced query; `$count=true` goes with it."""

_SHOWN = "id,userPrincipalName,accountEnabled,userType,creationType,onPremisesSyncEnabled,deletedDateTime"
_PROFILE: Mapping[ProfilePart, str] = {
    ProfilePart.GIVEN_NAME: "givenName",
    ProfilePart.FAMILY_NAME: "surname",
    ProfilePart.DISPLAY_NAME: "displayName",
    ProfilePart.PREFERRED_LANGUAGE: "preferredLanguage",
}
_NOT_IN_A_NICKNAME = re.compile(r"[^A-Za-z0-9._-]")
_NICKNAME = 64
_LARGEST_PAGE = 999
"""Objects on a page at most: what Graph answers to a larger `$top` says so."""


def create_body(account: NewAccount, password: str, *, usage_location: str, marker: MarkerField) -> Mapping[str, Any]:
    """`POST /users`: everything that the account needs, the marker too, in the one call that decides.

    Required by MSDOCS user-post-users: accountEnabled, displayName, mailNickname, userPrincipalName, passwordProfile. usageLocation is
    required for licences. Names are left out where they are empty: Graph refuses empty strings.
    """
    names = {"givenName": account.given_name, "surname": account.family_name}
    return {
        "accountEnabled": True,
        "displayName": account.display_name,
        **_names(account.address),
        "passwordProfile": {"password": password, "forceChangePasswordNextSignIn": True},
        "usageLocation": usage_location,
        **marker.written(account.marker),
        **{name: value for name, value in names.items() if value},
        **({"preferredLanguage": account.preferred_language} if account.preferred_language else {}),
    }


def profile_body(changes: Profile) -> Mapping[str, Any]:
    """`PATCH /users/{id}`: properties that are left out stay (MSDOCS user-update). null clears one: Graph refuses empty strings."""
    return {_PROFILE[part]: value or None for part, value in changes.items()}


def rename_body(address: str) -> Mapping[str, Any]:
    """`PATCH /users/{id}`: the sign-in name, and the nickname that a creation would have derived from it.

    The nickname goes along, since Exchange shows it as the alias: Graph derives mail addresses from the sign-in name anew, the nickname it
    leaves, and a new nickname alters no mail address (Microsoft's article 3190357, "How the proxyAddresses attribute is populated in
    Microsoft Entra ID"). `proxyAddresses` is read-only.
    """
    return _names(address)


def licences_body(*, add: Sequence[str] = (), remove: Sequence[str] = ()) -> Mapping[str, Any]:
    """`assignLicense`: all in one call, since two at once on a user conflict; both lists must be there."""
    return {"addLicenses": [{"skuId": sku, "disabledPlans": []} for sku in add], "removeLicenses": list(remove)}


def member_body(base_url: str, object_id: str) -> Mapping[str, Any]:
    """`members/$ref`, of groups and of administrative units: the reference's host must be the cloud's own."""
    return {"@odata.id": f"{base_url}/v1.0/directoryObjects/{object_id}"}


def users(base_url: str) -> str:
    """All users."""
    return f"{base_url}/v1.0/users"


def user(base_url: str, object_id: str) -> str:
    """A user, by object id only: names change hands."""
    return f"{base_url}/v1.0/users/{quote(object_id, safe='')}"


def shown_user(base_url: str, object_id: str, marker: MarkerField) -> str:
    """A user with all properties that identify its owner, and whether its sign-in is enabled."""
    return f"{user(base_url, object_id)}?$select={selection(marker)}"


def standing_user(base_url: str, object_id: str, marker: MarkerField) -> str:
    """The same, and which licences it has, and what it says of its owner."""
    return f"{shown_user(base_url, object_id, marker)},assignedLicenses,{','.join(_PROFILE.values())}"


def selection(marker: MarkerField) -> str:
    """The properties that identify a user's owner."""
    return f"{_SHOWN},{marker.selected}"


def memberships(base_url: str, object_id: str) -> str:
    """The groups, directory roles and administrative units that a user is in, directly or through groups.

    Without a cast and without query parameters: both make it an advanced query (Microsoft's page "List a user's memberships (direct and
    transitive)"), which reads an index that may be out of date.
    """
    return f"{user(base_url, object_id)}/transitiveMemberOf"


def role_assignments(base_url: str, object_id: str) -> str:
    """What is assigned to a user itself: built-in and custom roles, those of an administrative unit too ("List unifiedRoleAssignments")."""
    return f"{base_url}/v1.0/roleManagement/directory/roleAssignments?$filter={_equals('principalId', object_id)}"


def role_eligibilities(base_url: str, object_id: str) -> str:
    """The roles that a user may activate by Privileged Identity Management ("List roleEligibilityScheduleInstances")."""
    condition = _equals("principalId", object_id)
    return f"{base_url}/v1.0/roleManagement/directory/roleEligibilityScheduleInstances?$filter={condition}"


def revocation(base_url: str, object_id: str) -> str:
    """Ends a user's sessions ("user: revokeSignInSessions")."""
    return f"{user(base_url, object_id)}/revokeSignInSessions"


def restore(base_url: str, object_id: str) -> str:
    """Brings a deleted user back."""
    return f"{base_url}/v1.0/directory/deletedItems/{quote(object_id, safe='')}/restore"


def members(base_url: str, group: str) -> str:
    """A group's members, as references to add to."""
    return f"{base_url}/v1.0/groups/{quote(group, safe='')}/members/$ref"


def membership(base_url: str, group: str, object_id: str) -> str:
    """A user's membership in a group, as a reference to remove."""
    return f"{base_url}/v1.0/groups/{quote(group, safe='')}/members/{quote(object_id, safe='')}/$ref"


def admin_unit_members(base_url: str, unit: str) -> str:
    """An administrative unit's members, as references to add to."""
    return f"{_admin_unit(base_url, unit)}/members/$ref"


def admin_unit_membership(base_url: str, unit: str, object_id: str) -> str:
    """A user's membership in an administrative unit, as a reference to remove."""
    return f"{_admin_unit(base_url, unit)}/members/{quote(object_id, safe='')}/$ref"


def users_marked(base_url: str, field: MarkerField, marker: str) -> str:
    """Live users with this marker."""
    return f"{users(base_url)}?{_marked(field, marker)}"


DELETED_USERS = ("microsoft.graph.user", "graph.user")
"""The type's segment in the list of deleted items: as Microsoft's page writes it, and as its SDK does."""


def deleted_users_marked(base_url: str, field: MarkerField, marker: str, *, segment: str = DELETED_USERS[0]) -> str:
    """Deleted users with this marker that can still be restored.

    The type's segment is required, and with it the type's own filters hold (Microsoft's page "List deletedItems").
    """
    return f"{base_url}/v1.0/directory/deletedItems/{segment}?{_marked(field, marker)}"


def all_users(base_url: str, marker: MarkerField, *, deleted: bool) -> str:
    """The first page of all users, or of all deleted ones that can be restored, with their licences.

    Without a filter: a prefix of the marker could be asked for in an advanced query only, which reads an index that may be out of date,
    and would hide the accounts that have lost their marker.
    """
    which = f"{base_url}/v1.0/directory/deletedItems/microsoft.graph.user" if deleted else users(base_url)
    return f"{which}?$select={selection(marker)},assignedLicenses&$top={_LARGEST_PAGE}"


def all_members(base_url: str, group: str) -> str:
    """The first page of a group's direct members. Without a cast, which makes it an advanced query ("List group members")."""
    return f"{base_url}/v1.0/groups/{quote(group, safe='')}/members?$select=id&$top={_LARGEST_PAGE}"


def all_admin_unit_members(base_url: str, unit: str) -> str:
    """The first page of an administrative unit's members ("List members"), likewise."""
    return f"{_admin_unit(base_url, unit)}/members?$select=id&$top={_LARGEST_PAGE}"


def admin_unit(base_url: str, unit: str) -> str:
    """What decides whether this service can put accounts into an administrative unit ("administrativeUnit resource type")."""
    return f"{_admin_unit(base_url, unit)}?$select=id,isMemberManagementRestricted,membershipType,visibility"


def holders_of(base_url: str, address: str, marker: MarkerField) -> str:
    """The account with the address, as a sign-in name or as one of its mail addresses."""
    literal = _literal(address)
    condition = f"userPrincipalName eq {literal} or proxyAddresses/any(a:a eq {_literal('smtp:' + address)})"
    return f"{users(base_url)}?$filter={quote(condition, safe='')}&$select={selection(marker)}"


def moment(text: object) -> datetime | None:
    """A time as Graph writes it, with its zone; None where there is none."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else None


def licences_of(user: Mapping[str, Any]) -> frozenset[str] | None:
    """The SKU ids of the licences that a user has, in lower case; None where they were not asked for."""
    assigned = user.get("assignedLicenses")
    if not isinstance(assigned, list):
        return None
    return frozenset(str(one.get("skuId")).lower() for one in cast("list[Mapping[str, Any]]", assigned))


def profile_of(user: Mapping[str, Any]) -> Profile:
    """What a user says of its owner, as far as that was asked for."""
    return {part: user[name] or None for part, name in _PROFILE.items() if name in user}


def is_guest(user: Mapping[str, Any]) -> bool:
    """Whether a person of another organisation signs in with it, even if it was made a member afterwards."""
    invited = user.get("creationType") == "Invitation" or "#ext#" in str(user.get("userPrincipalName", "")).lower()
    return user.get("userType") == "Guest" or invited


def _admin_unit(base_url: str, unit: str) -> str:
    return f"{base_url}/v1.0/directory/administrativeUnits/{quote(unit, safe='')}"


def _names(address: str) -> Mapping[str, str]:
    nickname = _NOT_IN_A_NICKNAME.sub("", address.partition("@")[0])[:_NICKNAME]
    return {"mailNickname": nickname, "userPrincipalName": address}


def _marked(field: MarkerField, marker: str) -> str:
    count = "&$count=true" if field.advanced else ""
    return f"$filter={_equals(field.filtered, marker)}&$select={selection(field)}{count}"


def _equals(field: str, value: str) -> str:
    return quote(f"{field} eq {_literal(value)}", safe="")


def _literal(value: str) -> str:
    """OData doubles a single quote."""
    return "'" + value.replace("'", "''") + "'"
