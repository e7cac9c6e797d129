"""Bodies and URLs for Graph. Pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from consumer.providers.port import NewAccount

SELECT = "id,userPrincipalName,employeeId,deletedDateTime"
_NOT_IN_A_NICKNAME = re.compile(r"[^A-Za-z0-9._-]")
_NICKNAME = 64


def create_body(account: NewAccount, password: str, *, usage_location: str) -> Mapping[str, Any]:
    """`POST /users`: everything that the account needs, the marker too, in the one call that decides.

    Required by MSDOCS user-post-users: accountEnabled, displayName, mailNickname, userPrincipalName, passwordProfile. usageLocation is
    required for licences. Names are left out where they are empty: Graph refuses empty strings.
    """
    names = {"givenName": account.given_name, "surname": account.family_name}
    return {
        "accountEnabled": True,
        "displayName": account.display_name,
        "mailNickname": _NOT_IN_A_NICKNAME.sub("", account.address.partition("@")[0])[:_NICKNAME],
        "userPrincipalName": account.address,
        "passwordProfile": {"password": password, "forceChangePasswordNextSignIn": True},
        "usageLocation": usage_location,
        "employeeId": account.marker,
        **{name: value for name, value in names.items() if value},
        **({"preferredLanguage": account.preferred_language} if account.preferred_language else {}),
    }


def licences_body(licences: Sequence[str]) -> Mapping[str, Any]:
    """`assignLicense`: all in one call, since two at once on a user conflict; both lists must be there."""
    return {"addLicenses": [{"skuId": sku, "disabledPlans": []} for sku in licences], "removeLicenses": []}


def member_body(base_url: str, object_id: str) -> Mapping[str, Any]:
    """`members/$ref`: the reference's host must be the cloud's own."""
    return {"@odata.id": f"{base_url}/v1.0/directoryObjects/{object_id}"}


def users(base_url: str) -> str:
    """All users."""
    return f"{base_url}/v1.0/users"


def user(base_url: str, object_id: str) -> str:
    """A user, by object id only: names change hands."""
    return f"{base_url}/v1.0/users/{quote(object_id, safe='')}"


def roles(base_url: str, object_id: str) -> str:
    """The directory roles that a user has, directly or by a group."""
    return f"{user(base_url, object_id)}/transitiveMemberOf/microsoft.graph.directoryRole?$select=id"


def restore(base_url: str, object_id: str) -> str:
    """Brings a deleted user back."""
    return f"{base_url}/v1.0/directory/deletedItems/{quote(object_id, safe='')}/restore"


def members(base_url: str, group: str) -> str:
    """A group's members, as references to add to."""
    return f"{base_url}/v1.0/groups/{quote(group, safe='')}/members/$ref"


def users_where(base_url: str, field: str, value: str) -> str:
    """Live users with a field of this value; `employeeId` needs no advanced query."""
    return f"{users(base_url)}?$filter={_equals(field, value)}&$select={SELECT}"


def deleted_users_where(base_url: str, field: str, value: str) -> str:
    """Deleted users that can still be restored; the type's segment is required."""
    return (
        f"{base_url}/v1.0/directory/deletedItems/microsoft.graph.user?$filter={_equals(field, value)}&$select={SELECT}"
    )


def holders_of(base_url: str, address: str) -> str:
    """Whoever has the address, as a sign-in name or as one of its mail addresses."""
    literal = _literal(address)
    condition = f"userPrincipalName eq {literal} or proxyAddresses/any(a:a eq {_literal('smtp:' + address)})"
    return f"{users(base_url)}?$filter={quote(condition, safe='')}&$select={SELECT}"


def moment(text: object) -> datetime | None:
    """A time as Graph writes it, with its zone; None where there is none."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else None


def _equals(field: str, value: str) -> str:
    return quote(f"{field} eq {_literal(value)}", safe="")


def _literal(value: str) -> str:
    """OData doubles a single quote."""
    return "'" + value.replace("'", "''") + "'"
