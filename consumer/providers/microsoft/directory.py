"""One institution's Entra directory."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from consumer.errors import AddressTaken, Hold, NotYet, OutcomeUnknown, Reason, Unavailable
from consumer.events import Provider, SignOnIdentity
from consumer.http.deadline import Deadline
from consumer.providers.api import Api
from consumer.providers.microsoft import answers, requests
from consumer.providers.microsoft.marking import Marking
from consumer.providers.port import Found, NewAccount
from consumer.tenants import MicrosoftSection

PERMISSIONS = {
    "User.ReadWrite.All": "create, find and mark accounts",
    "User.DeleteRestore.All": "bring deleted ones back",
    "User.Read.All": "find deleted ones; ask for an account's roles …",
    "RoleManagement.Read.Directory": "… and be shown them: an administrator's account is never adopted",
    "LicenseAssignment.ReadWrite.All": "licences",
    "GroupMember.ReadWrite.All": "groups",
    "User-PasswordProfile.ReadWrite.All": "replace a password whose mail is lost",
}
"""The application's permissions, and what for: the least, as Microsoft's own table has them for our calls."""

_CLOCKS_DIFFER = timedelta(minutes=2)
"""Between Graph's clock and ours, and between the steps of one creation at Graph."""


class MicrosoftDirectory:
    """Keeps `Directory`."""

    provider = Provider.MICROSOFT

    def __init__(self, section: MicrosoftSection, api: Api, *, marking: Marking | None = None) -> None:
        self._section = section
        self._api = api
        self._base = api.base_url
        self._marking = marking or Marking(api)

    @property
    def keeps_markers(self) -> bool:
        """See `Directory`."""
        return self._marking.kept

    async def find_marked(self, marker: str, *, timeout: float) -> Sequence[Found]:
        """See `Directory`. Graph's `eq` ignores case: what it finds is compared again."""
        deadline = Deadline(timeout)
        live, deleted = await asyncio.gather(
            self._search(requests.users_where(self._base, "employeeId", marker), deadline, deleted=False),
            self._search(requests.deleted_users_where(self._base, "employeeId", marker), deadline, deleted=True),
        )
        return [one for one in (*live, *deleted) if one.marker == marker]

    async def find_address(self, address: str, *, timeout: float) -> Found | None:
        """See `Directory`. Whoever signs in with it comes before whoever only gets its mail."""
        deadline = Deadline(timeout)
        found = await self._search(requests.holders_of(self._base, address), deadline, deleted=False)
        found.sort(key=lambda one: one.address != address.lower())
        return found[0] if found else None

    async def is_privileged(self, object_id: str, *, timeout: float) -> bool:
        """See `Directory`."""
        url = requests.roles(self._base, object_id)
        roles = await self._api.call("read_roles", "GET", url, deadline=Deadline(timeout), missing_is_none=True)
        if roles is None:
            raise NotYet("Microsoft does not show the object's roles yet.")
        return bool(_rows(roles))

    async def create(self, account: NewAccount, password: str, *, timeout: float) -> Found:
        """See `Directory`. From the answer to the creation on nothing is raised: `marker` is None where it is not known to stand."""
        deadline = Deadline(timeout)
        body = requests.create_body(account, password, usage_location=self._section.usage_location)
        created = await self._api.call("create", "POST", requests.users(self._base), body=body, deadline=deadline) or {}
        object_id = created.get("id")
        if not isinstance(object_id, str):
            raise OutcomeUnknown("Microsoft Graph's answer to a creation names no object.")
        standing = await self._marking.settle(object_id, account.marker, deadline)
        address = str(created.get("userPrincipalName", account.address)).lower()
        return Found(object_id, address, standing.marker, throttled=standing.throttled)

    async def mark(self, object_id: str, marker: str, *, timeout: float) -> None:
        """See `Directory`."""
        await self._marking.put(object_id, marker, Deadline(timeout))

    async def restore(self, object_id: str, *, org_unit: str | None, timeout: float) -> Found:
        """See `Directory`. The account comes back with its memberships and licences, and the sign-in name that it had.

        Raises `Hold` where somebody else has that name by now.
        """
        del org_unit
        deadline = Deadline(timeout)
        try:
            await self._api.call("restore", "POST", requests.restore(self._base, object_id), deadline=deadline)
        except AddressTaken as fault:
            raise Hold("The deleted account's address has another holder.", reason=Reason.ACCOUNT_CONFLICT) from fault
        url = f"{requests.user(self._base, object_id)}?$select={requests.SELECT}"
        user = await self._api.call("read", "GET", url, deadline=deadline) or {}
        return _found(user, deleted=False)

    async def assign_licences(self, object_id: str, licences: Sequence[str], *, timeout: float) -> None:
        """See `Directory`."""
        url = f"{requests.user(self._base, object_id)}/assignLicense"
        body = requests.licences_body(licences)
        await self._api.call("assign_licences", "POST", url, body=body, deadline=Deadline(timeout))

    async def add_to_group(self, object_id: str, group: str, *, timeout: float) -> None:
        """See `Directory`. Raises `Hold` where it is the group that Graph does not know."""
        await self._api.call(
            "add_to_group",
            "POST",
            requests.members(self._base, group),
            body=requests.member_body(self._base, object_id),
            deadline=Deadline(timeout),
            classify=answers.joining(group),
        )

    async def was_used(self, object_id: str, *, password_set_at: datetime | None, timeout: float) -> bool | None:
        """See `Directory`. The first sign-in must change the password, and Graph tells when it was changed last.

        (`signInActivity` would tell it outright, but needs a premium licence.)
        """
        url = f"{requests.user(self._base, object_id)}?$select=createdDateTime,lastPasswordChangeDateTime"
        user = await self._api.call("read", "GET", url, deadline=Deadline(timeout)) or {}
        set_at = password_set_at or requests.moment(user.get("createdDateTime"))
        changed_at = requests.moment(user.get("lastPasswordChangeDateTime"))
        return None if set_at is None or changed_at is None else changed_at > set_at + _CLOCKS_DIFFER

    async def replace_password(self, object_id: str, password: str, *, timeout: float) -> None:
        """See `Directory`."""
        body = {"passwordProfile": {"password": password, "forceChangePasswordNextSignIn": True}}
        url = requests.user(self._base, object_id)
        await self._api.call("replace_password", "PATCH", url, body=body, deadline=Deadline(timeout))

    def identity(self, object_id: str) -> SignOnIdentity:
        """See `Directory`: (tid, oid) is what stays the same over applications."""
        tenant_id = self._section.tenant_id
        return SignOnIdentity(f"{self._section.authority_url}/{tenant_id}/v2.0", object_id, tenant_id)

    async def _search(self, url: str, deadline: Deadline, *, deleted: bool) -> list[Found]:
        return [
            _found(row, deleted=deleted) for row in _rows(await self._api.call("search", "GET", url, deadline=deadline))
        ]


def _rows(collection: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """A collection's objects. What is no collection is not an empty one: it would tell that there are no roles."""
    rows = (collection or {}).get("value")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in cast("list[Any]", rows)):
        raise Unavailable("Microsoft Graph's answer is not the collection that was asked for.")
    return cast("list[dict[str, Any]]", rows)


def _found(user: Mapping[str, Any], *, deleted: bool) -> Found:
    if not isinstance(user.get("id"), str):
        raise Hold("Microsoft shows an object without an id.", reason=Reason.UNEXPECTED_ANSWER)
    return Found(
        object_id=str(user["id"]),
        address=str(user.get("userPrincipalName", "")).lower(),
        marker=user.get("employeeId"),
        deleted=deleted,
    )
