"""Bodies and URLs for the Directory API. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from consumer.policy.profile import Profile, ProfilePart
from consumer.policy.rules import ROOT
from consumer.providers.port import NewAccount

MARKER_TYPE = "provisioner"
FIELDS = (
    "id,primaryEmail,name,languages,externalIds,isAdmin,isDelegatedAdmin,isGuestUser,suspended,archived,orgUnitPath,"
    "lastLoginTime,deletionTime"
)
_UNIT_FIELDS = "kind,orgUnitPath"
NEVER = "1970-01-01T00:00:00.000Z"


_NAMES: Mapping[ProfilePart, str] = {ProfilePart.GIVEN_NAME: "givenName", ProfilePart.FAMILY_NAME: "familyName"}


def create_body(account: NewAccount, password: str) -> Mapping[str, Any]:
    """`users.insert`: the marker is an external id of our own type, in the one call that decides."""
    return {
        "primaryEmail": account.address,
        "name": {"givenName": account.given_name, "familyName": account.family_name},
        "password": password,
        "changePasswordAtNextLogin": True,
        "externalIds": external_ids(account.marker),
        "orgUnitPath": account.org_unit or ROOT,
        **({"languages": _languages(account.preferred_language)} if account.preferred_language else {}),
    }


def profile_body(changes: Profile) -> Mapping[str, Any]:
    """`users.patch`: fields that are left out stay, null clears one; a list is replaced as a whole (the discovery document's words on
    `users.patch` and `users.update`). Of the name, what is sent alone changes.
    """
    names = {_NAMES[part]: value for part, value in changes.items() if part in _NAMES}
    body: dict[str, Any] = {"name": names} if names else {}
    if ProfilePart.PREFERRED_LANGUAGE in changes:
        language = changes[ProfilePart.PREFERRED_LANGUAGE]
        body["languages"] = _languages(language) if language else None
    return body


def profile_of(user: Mapping[str, Any]) -> Profile:
    """What a user says of its owner. Several languages are no one's that we have written: they show as one text."""
    name: Mapping[str, Any] = user.get("name") or {}
    codes = (str(row.get("languageCode") or row.get("customLanguage")) for row in user.get("languages") or ())
    return {
        **{part: name.get(field) or None for part, field in _NAMES.items()},
        ProfilePart.PREFERRED_LANGUAGE: ", ".join(codes) or None,
    }


def _languages(code: str) -> list[Mapping[str, Any]]:
    return [{"languageCode": code}]


def external_ids(marker: str, *, beside: Mapping[str, Any] | None = None) -> list[Mapping[str, Any]]:
    """Where the marker stands; the other external ids of the user `beside` stay."""
    return [*_others(beside or {}), {"type": "custom", "customType": MARKER_TYPE, "value": marker}]


def unmarked_body(user: Mapping[str, Any]) -> Mapping[str, Any]:
    """`users.patch`: the external ids of others that the user has; null, which clears the list, where there are none."""
    return {"externalIds": _others(user) or None}


def rename_body(address: str) -> Mapping[str, Any]:
    """`users.patch`: nothing besides, since no page says that one call may rename and suspend."""
    return {"primaryEmail": address}


def is_alias_of(user: Mapping[str, Any], address: str) -> bool:
    """Whether the address is an alias of the user's that can be removed."""
    aliases: Sequence[str] = user.get("aliases") or ()
    return address.lower() in map(str.lower, aliases)


def _others(user: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [row for row in user.get("externalIds") or () if row.get("customType") != MARKER_TYPE]


def marker_of(user: Mapping[str, Any]) -> str | None:
    """The marker on a user, if there is one of our type."""
    for row in user.get("externalIds") or ():
        if row.get("customType") == MARKER_TYPE:
            return row.get("value")
    return None


def customer_of(base_url: str, user: str) -> str:
    """`users.get`: the id of the customer that the user belongs to. The id is asked for too, by which an answer is known as Google's."""
    return f"{users(base_url)}/{quote(user, safe='')}?fields=id,customerId"


def users_with(base_url: str, customer_id: str, marker: str, *, deleted: bool) -> str:
    """Users by external id; a value with blanks or quotes stands in single quotes."""
    value = "'" + marker.replace("\\", "\\\\").replace("'", "\\'") + "'"
    query = quote(f"externalId={value}", safe="")
    shown = "&showDeleted=true" if deleted else ""
    return (
        f"{users(base_url)}?customer={quote(customer_id, safe='')}&query={query}{shown}"
        f"&fields={quote(f'kind,users({FIELDS})', safe='')}"
    )


def all_users(base_url: str, customer_id: str, page: str | None, *, deleted: bool) -> str:
    """A page of all users, or of all deleted ones that can be restored, as large as the API's limits allow."""
    shown = "&showDeleted=true" if deleted else ""
    return (
        f"{users(base_url)}?customer={quote(customer_id, safe='')}&maxResults=500&orderBy=email{shown}{_continued(page)}"
        f"&fields={quote(f'kind,nextPageToken,users({FIELDS})', safe='')}"
    )


def all_members(base_url: str, group: str, page: str | None) -> str:
    """A page of a group's direct members, as large as the API's reference allows."""
    fields = quote("kind,nextPageToken,members(id)", safe="")
    return f"{members(base_url, group)}?maxResults=200{_continued(page)}&fields={fields}"


def _continued(page: str | None) -> str:
    return "" if page is None else f"&pageToken={quote(page, safe='')}"


def users(base_url: str) -> str:
    """All users."""
    return f"{base_url}/admin/directory/v1/users"


def user(base_url: str, key: str) -> str:
    """A user by id, address or alias."""
    return f"{users(base_url)}/{quote(key, safe='@')}"


def holder_of(base_url: str, address: str) -> str:
    """The user who has the address, as the primary one or as an alias, with all its addresses."""
    return f"{user(base_url, address)}?fields=id,primaryEmail,aliases"


def alias(base_url: str, key: str, address: str) -> str:
    """An alias of a user's."""
    return f"{user(base_url, key)}/aliases/{quote(address, safe='@')}"


def org_units(base_url: str, customer_id: str) -> str:
    """All organisational units."""
    return f"{base_url}/admin/directory/v1/customer/{quote(customer_id, safe='')}/orgunits"


def org_unit(base_url: str, customer_id: str, path: str) -> str:
    """A unit by its path, which stands there without its first slash (the API's reference of `orgunits.get`)."""
    return f"{org_units(base_url, customer_id)}/{quote(path.lstrip('/'), safe='/')}?fields={_UNIT_FIELDS}"


def new_org_unit(base_url: str, customer_id: str) -> str:
    """Where units are created."""
    return f"{org_units(base_url, customer_id)}?fields={_UNIT_FIELDS}"


def org_unit_body(path: str) -> Mapping[str, Any]:
    """`orgunits.insert`: a name, and the unit above, which has to exist."""
    return {"name": path.rpartition("/")[2], "parentOrgUnitPath": parent_of(path)}


def parent_of(path: str) -> str:
    """The unit above; that of a unit at the top is the root."""
    return path.rpartition("/")[0] or ROOT


def members(base_url: str, group: str) -> str:
    """A group's members."""
    return f"{base_url}/admin/directory/v1/groups/{quote(group, safe='@')}/members"


def member(base_url: str, group: str, key: str) -> str:
    """One member of a group, by id or address."""
    return f"{members(base_url, group)}/{quote(key, safe='@')}"
