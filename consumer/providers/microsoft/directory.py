"""One institution's Entra directory.

Least application permissions: User.ReadWrite.All, User.DeleteRestore.All, LicenseAssignment.ReadWrite.All, GroupMember.ReadWrite.All,
RoleManagement.Read.Directory (whether an account to be adopted is an administrator's), User-PasswordProfile.ReadWrite.All (a
password whose mail is lost).
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from consumer.errors import GiveUp, Hold, NotYet, OutcomeUnknown, Reason, RetryLater
from consumer.events import Provider, SignOnIdentity
from consumer.providers.api import Api
from consumer.providers.microsoft import requests
from consumer.providers.microsoft.answers import already_member
from consumer.providers.port import Found, NewAccount
from consumer.tenants import MicrosoftSection

_CLOCKS_DIFFER = timedelta(minutes=2)
"""Between Graph's clock and ours, and between the steps of one creation at Graph."""


class MicrosoftDirectory:
    """Keeps `Directory`."""

    provider = Provider.MICROSOFT

    def __init__(self, section: MicrosoftSection, api: Api) -> None:
        self._section = section
        self._api = api
        self._users = f"{api.base_url}/v1.0/users"
        self._keeps_markers = False

    async def find_marked(self, marker: str, *, timeout: float) -> Sequence[Found]:
        """See `Directory`. Graph's `eq` ignores case: what it finds is compared again."""
        live, deleted = await asyncio.gather(
            self._search(requests.users_where(self._api.base_url, "employeeId", marker), timeout, deleted=False),
            self._search(requests.deleted_users_where(self._api.base_url, "employeeId", marker), timeout, deleted=True),
        )
        ours = [one for one in (*live, *deleted) if one.marker == marker]
        return [await self._with_privilege(one, timeout) for one in ours]

    async def find_address(self, address: str, *, timeout: float) -> Found | None:
        """See `Directory`."""
        found = await self._search(requests.holders_of(self._api.base_url, address), timeout, deleted=False)
        return await self._with_privilege(found[0], timeout) if found else None

    async def create(self, account: NewAccount, password: str, *, timeout: float) -> Found:
        """See `Directory`.

        Some directories drop `employeeId` from a creation (a moderator's answer says so, Terraform's provider says not): it is read
        back until one account of this directory has shown that it is kept, and set by PATCH where it is not.
        """
        deadline = asyncio.get_running_loop().time() + timeout
        body = requests.create_body(account, password, usage_location=self._section.usage_location)
        created = await self._api.call("create", "POST", self._users, body=body, timeout=timeout) or {}
        object_id = created.get("id")
        if not isinstance(object_id, str):
            raise OutcomeUnknown("Microsoft Graph's answer to a creation names no object.")
        if not self._keeps_markers:
            await self._ensure_marked(object_id, account.marker, deadline)
        return Found(object_id, str(created.get("userPrincipalName", account.address)).lower(), account.marker)

    async def _ensure_marked(self, object_id: str, marker: str, deadline: float) -> None:
        left = deadline - asyncio.get_running_loop().time()
        url = f"{self._users}/{object_id}?$select={requests.SELECT}"
        try:
            user = await self._api.call("read", "GET", url, timeout=left, missing_is_none=True)
        except RetryLater:
            return  # created it is; another account will show whether markers are kept
        if user is None:
            return
        if user.get("employeeId") == marker:
            self._keeps_markers = True
        else:
            await self.mark(object_id, marker, timeout=max(1.0, deadline - asyncio.get_running_loop().time()))

    async def mark(self, object_id: str, marker: str, *, timeout: float) -> None:
        """See `Directory`."""
        await self._api.call(
            "mark", "PATCH", f"{self._users}/{object_id}", body={"employeeId": marker}, timeout=timeout
        )

    async def restore(self, object_id: str, *, timeout: float) -> Found:
        """See `Directory`. The account comes back with its memberships and licences, and the sign-in name that it had."""
        url = f"{self._api.base_url}/v1.0/directory/deletedItems/{object_id}/restore"
        await self._api.call("restore", "POST", url, body={}, timeout=timeout)
        user = await self._api.call(
            "read", "GET", f"{self._users}/{object_id}?$select={requests.SELECT}", timeout=timeout
        )
        return _found(user or {}, deleted=False)

    async def assign_licences(self, object_id: str, licences: Sequence[str], *, timeout: float) -> None:
        """See `Directory`."""
        url = f"{self._users}/{object_id}/assignLicense"
        await self._api.call("assign_licences", "POST", url, body=requests.licences_body(licences), timeout=timeout)

    async def add_to_group(self, object_id: str, group: str, *, timeout: float) -> None:
        """See `Directory`."""
        url = f"{self._api.base_url}/v1.0/groups/{group}/members/$ref"
        body = requests.member_body(self._api.base_url, object_id)
        try:
            await self._api.call("add_to_group", "POST", url, body=body, timeout=timeout)
        except GiveUp as fault:
            if not already_member(fault):
                raise

    async def was_used(self, object_id: str, *, password_set_at: datetime | None, timeout: float) -> bool | None:
        """See `Directory`. The first sign-in must change the password, and Graph tells when it was changed last.

        (`signInActivity` would tell it outright, but needs a premium licence.)
        """
        url = f"{self._users}/{object_id}?$select=createdDateTime,lastPasswordChangeDateTime"
        user = await self._api.call("read", "GET", url, timeout=timeout) or {}
        set_at = password_set_at or requests.moment(user.get("createdDateTime"))
        changed_at = requests.moment(user.get("lastPasswordChangeDateTime"))
        return None if set_at is None or changed_at is None else changed_at > set_at + _CLOCKS_DIFFER

    async def replace_password(self, object_id: str, password: str, *, timeout: float) -> None:
        """See `Directory`."""
        body = {"passwordProfile": {"password": password, "forceChangePasswordNextSignIn": True}}
        await self._api.call("replace_password", "PATCH", f"{self._users}/{object_id}", body=body, timeout=timeout)

    def identity(self, object_id: str) -> SignOnIdentity:
        """See `Directory`: (tid, oid) is what stays the same over applications."""
        tenant_id = self._section.tenant_id
        return SignOnIdentity(f"{self._section.authority_url}/{tenant_id}/v2.0", object_id, tenant_id)

    async def _search(self, url: str, timeout: float, *, deleted: bool) -> list[Found]:
        answer = await self._api.call("search", "GET", url, timeout=timeout) or {}
        rows = cast("list[dict[str, Any]]", answer.get("value") or [])
        return [_found(row, deleted=deleted) for row in rows]

    async def _with_privilege(self, found: Found, timeout: float) -> Found:
        if found.deleted:
            return found
        url = f"{self._users}/{found.object_id}/transitiveMemberOf/microsoft.graph.directoryRole?$select=id"
        roles = await self._api.call("read_roles", "GET", url, timeout=timeout, missing_is_none=True)
        if roles is None:
            raise NotYet("Microsoft does not show the object's roles yet.")
        return Found(
            found.object_id, found.address, found.marker, privileged=bool(roles.get("value")), deleted=found.deleted
        )


def _found(user: Mapping[str, Any], *, deleted: bool) -> Found:
    if not isinstance(user.get("id"), str):
        raise Hold("Microsoft shows an object without an id.", reason=Reason.UNEXPECTED_ANSWER)
    return Found(
        object_id=str(user["id"]),
        address=str(user.get("userPrincipalName", "")).lower(),
        marker=user.get("employeeId"),
        deleted=deleted,
    )
