"""One institution's Entra directory.

One module, however long: one class that keeps the port `Directory`, method by method.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from consumer.errors import AddressTaken, Hold, NotYet, OutcomeUnknown, Reason
from consumer.events import Provider, SignOnIdentity
from consumer.http.deadline import Deadline
from consumer.policy.profile import Profile
from consumer.providers.api import Api
from consumer.providers.microsoft import answers, graph_requests
from consumer.providers.microsoft.collections import read_all, read_page
from consumer.providers.microsoft.licensing import Licensing
from consumer.providers.microsoft.marker_field import MarkerField
from consumer.providers.microsoft.marking import Marking
from consumer.providers.microsoft.roles import holds_role
from consumer.providers.port import AccountPage, Found, LicensedPage, MemberPage, NewAccount
from consumer.providers.together import together
from consumer.tenants import MicrosoftSection

PERMISSIONS = {
    "User.ReadWrite.All": "create, find, mark, update, rename, suspend, reactivate and release accounts",
    "User.RevokeSessions.All": "end the sessions of suspended accounts",
    "User.DeleteRestore.All": "delete accounts, and restore them",
    "User.Read.All": "find deleted ones; ask what groups and roles an account has …",
    "RoleManagement.Read.Directory": "… and which roles it is assigned or may activate: an administrator's account is never adopted",
    "LicenseAssignment.ReadWrite.All": "licences",
    "GroupMember.ReadWrite.All": "groups, and whether roles can be assigned to them",
    "User-PasswordProfile.ReadWrite.All": "replace a password whose mail was lost",
}
"""The application's permissions, and what for: the least, as Microsoft's own table has them for our calls."""
FOR_ADMIN_UNITS = {"AdministrativeUnit.ReadWrite.All": "administrative units: what they are, and who is in them"}
"""Needed besides where a tenant's rules name one, or have named one: the only permission that lets an application add an existing user
("Add a member"), and take one out.
"""

_CREATING = answers.of_one_permission(Reason.CONSENT_MISSING, "The application lacks the permission to create users.")
_RESTORING = answers.of_one_permission(
    Reason.CONSENT_MISSING, "The application lacks the permission to restore deleted users."
)
_SUSPENDING = answers.of_one_permission(
    Reason.CONSENT_MISSING, "The application lacks the permission to block sign-ins, or may not block this one."
)
_REACTIVATING = answers.of_one_permission(
    Reason.CONSENT_MISSING, "The application lacks the permission to open sign-ins, or may not open this one."
)
_DELETING = answers.of_one_permission(
    Reason.CONSENT_MISSING, "The application lacks the permission to delete users, or may not delete this one."
)
_ENDING_SESSIONS = answers.of_one_permission(
    Reason.CONSENT_MISSING, "The application lacks the permission to end sessions."
)
_UPDATING = answers.of_one_permission(
    Reason.CONSENT_MISSING, "The application lacks the permission to update users, or may not update this one."
)
_RENAMING = answers.of_one_permission(
    Reason.CONSENT_MISSING, "The application lacks the permission to rename users, or may not rename this one."
)
_REPLACING = answers.of_one_permission(
    Reason.CONSENT_MISSING, "The application lacks the permission to replace passwords, or may not replace this one."
)

_CLOCKS_DIFFER = timedelta(minutes=2)
"""Between Graph's clock and ours, and between the steps of one creation at Graph."""


class MicrosoftDirectory:
    """Keeps `Directory`."""

    provider = Provider.MICROSOFT

    def __init__(self, section: MicrosoftSection, api: Api, *, marking: Marking | None = None) -> None:
        self._section = section
        self._api = api
        self._base = api.base_url
        self._field = MarkerField(section.marker)
        self._marking = marking or Marking(api, self._field)
        self._licensing = Licensing(api, usage_location=section.usage_location)

    @property
    def keeps_markers(self) -> bool:
        return self._marking.kept

    async def find_marked(self, marker: str, *, timeout: float) -> Sequence[Found]:
        """Graph's `eq` ignores case: what it finds is compared again."""
        deadline = Deadline(timeout)
        live, deleted = await together(
            self._search_marked(graph_requests.users_marked(self._base, self._field, marker), deadline, deleted=False),
            self._search_deleted(marker, deadline),
        )
        return [one for one in (*live, *deleted) if one.marker == marker]

    async def find_address(self, address: str, *, timeout: float) -> Found | None:
        """The account that signs in with it comes before one that only receives its mail."""
        url = graph_requests.holders_of(self._base, address, self._field)
        rows = await read_all(self._api, "search", url, deadline=Deadline(timeout))
        found = [self._found(row, deleted=False) for row in rows]
        found.sort(key=lambda one: one.address != address.lower())
        return found[0] if found else None

    async def read(self, object_id: str, *, timeout: float) -> Found | None:
        """Graph shows licences that come by a group among those of the account."""
        url = graph_requests.standing_user(self._base, object_id, self._field)
        user = await self._api.call("read", "GET", url, deadline=Deadline(timeout), missing_is_none=True)
        return None if user is None else self._found(user, deleted=False)

    async def groups_of(self, object_id: str, groups: Sequence[str], *, timeout: float) -> frozenset[str]:
        """Those that the account is in by way of another group count too. Administrative units are among the memberships."""
        url = graph_requests.memberships(self._base, object_id)
        rows = await read_all(self._api, "read_groups", url, deadline=Deadline(timeout))
        inside = {str(row.get("id")).lower() for row in rows}
        return frozenset(group for group in groups if group.lower() in inside)

    async def list_accounts(self, page: str | None, *, deleted: bool, timeout: float) -> AccountPage:
        url = page or graph_requests.all_users(self._base, self._field, deleted=deleted)
        shown = await read_page(self._api, "list", url, deadline=Deadline(timeout))
        return AccountPage([self._found(row, deleted=deleted) for row in shown.rows], shown.following)

    async def list_members(self, group: str, page: str | None, *, timeout: float) -> MemberPage:
        url = page or graph_requests.all_members(self._base, group)
        return await self._members(url, timeout)

    async def list_admin_unit_members(self, unit: str, page: str | None, *, timeout: float) -> MemberPage:
        return await self._members(page or graph_requests.all_admin_unit_members(self._base, unit), timeout)

    async def licences_of(self, object_id: str, licences: Sequence[str], *, timeout: float) -> frozenset[str]:
        found = await self.read(object_id, timeout=timeout)
        if found is None:
            raise NotYet("The account does not exist at Microsoft, or is not visible yet.")
        return (found.licences or frozenset()) & {licence.lower() for licence in licences}

    async def list_licensed(self, licence: str, page: str | None, *, timeout: float) -> LicensedPage:
        """Accounts show their licences."""
        del licence, page, timeout
        return LicensedPage((), None)

    async def is_privileged(self, object_id: str, *, timeout: float) -> bool:
        """Raises `NotYet` where Graph does not show the account (yet)."""
        return await holds_role(self._api, object_id, Deadline(timeout))

    async def create(self, account: NewAccount, password: str, *, timeout: float) -> Found:
        """From the answer to the creation on nothing is raised: `marker` is None where it is not known to stand."""
        deadline = Deadline(timeout)
        location = self._section.usage_location
        body = graph_requests.create_body(account, password, usage_location=location, marker=self._field)
        created = (
            await self._api.call(
                "create", "POST", graph_requests.users(self._base), body=body, deadline=deadline, classify=_CREATING
            )
            or {}
        )
        object_id = created.get("id")
        if not isinstance(object_id, str):
            raise OutcomeUnknown("Outcome unknown: Microsoft Graph's response to the create call has no object id.")
        standing = await self._marking.settle(object_id, account.marker, deadline)
        address = str(created.get("userPrincipalName", account.address)).lower()
        return Found(object_id, address, standing.marker, throttled=standing.throttled)

    async def mark(self, object_id: str, marker: str, *, timeout: float) -> None:
        await self._marking.put(object_id, marker, Deadline(timeout))

    async def restore(self, object_id: str, *, org_unit: str | None, timeout: float) -> None:
        """The account comes back with its memberships and licences, and the sign-in name that it had.

        Raises `Hold` if another account has that name by now.
        """
        del org_unit
        url = graph_requests.restore(self._base, object_id)
        try:
            await self._api.call("restore", "POST", url, deadline=Deadline(timeout), classify=_RESTORING)
        except AddressTaken as fault:
            raise Hold(
                "Another account holds the deleted account's address.", reason=Reason.ACCOUNT_CONFLICT
            ) from fault

    async def assign_licences(
        self, object_id: str, licences: Sequence[str], *, replaces: Sequence[str] = (), timeout: float
    ) -> None:
        del replaces
        await self._licensing.assign(object_id, licences, Deadline(timeout))

    async def add_to_group(self, object_id: str, group: str, *, timeout: float) -> None:
        """Raises `Hold` where it is the group that Graph does not know."""
        await self._api.call(
            "add_to_group",
            "POST",
            graph_requests.members(self._base, group),
            body=graph_requests.member_body(self._base, object_id),
            deadline=Deadline(timeout),
            classify=answers.joining(group),
        )

    async def remove_from_group(self, object_id: str, group: str, *, timeout: float) -> None:
        """`DELETE /groups/{id}/members/{id}/$ref` (MSDOCS group-delete-members). `$ref` ends the membership; without it, Graph would
        delete the user, where the application may.

        A 404 may also mean that a replica does not know the account yet. So the groups that the account is in are read then.
        Raises `NotYet` where it is still a member, or not shown.
        """
        deadline = Deadline(timeout)
        url = graph_requests.membership(self._base, group, object_id)
        try:
            await self._api.call("remove_from_group", "DELETE", url, deadline=deadline, classify=answers.leaving(group))
        except NotYet:
            if await self.groups_of(object_id, [group], timeout=deadline.left()):
                raise

    async def join_admin_unit(self, object_id: str, unit: str, *, timeout: float) -> None:
        """`POST /directory/administrativeUnits/{id}/members/$ref`, one member a call; without `$ref` only new groups are created inside
        (https://learn.microsoft.com/graph/api/administrativeunit-post-members).
        """
        await self._api.call(
            "join_admin_unit",
            "POST",
            graph_requests.admin_unit_members(self._base, unit),
            body=graph_requests.member_body(self._base, object_id),
            deadline=Deadline(timeout),
            classify=answers.joining_unit(unit),
        )

    async def leave_admin_unit(self, object_id: str, unit: str, *, timeout: float) -> None:
        """`DELETE /directory/administrativeUnits/{id}/members/{id}/$ref`
        (https://learn.microsoft.com/graph/api/administrativeunit-delete-members); a 404 as of a group.
        """
        deadline = Deadline(timeout)
        url = graph_requests.admin_unit_membership(self._base, unit, object_id)
        classify = answers.leaving_unit(unit)
        try:
            await self._api.call("leave_admin_unit", "DELETE", url, deadline=deadline, classify=classify)
        except NotYet:
            if await self.groups_of(object_id, [unit], timeout=deadline.left()):
                raise

    async def update(self, object_id: str, changes: Profile, *, timeout: float) -> None:
        """`PATCH /users/{id}` (MSDOCS user-update): what is sent together is carried out together."""
        url, body = graph_requests.user(self._base, object_id), graph_requests.profile_body(changes)
        await self._api.call("update", "PATCH", url, body=body, deadline=Deadline(timeout), classify=_UPDATING)

    async def rename(self, object_id: str, address: str, *, timeout: float) -> None:
        """`PATCH /users/{id}` (MSDOCS user-update); its own mail addresses are no conflict.

        Of a user with a mailbox, Exchange makes the new sign-in name a mail address (Microsoft's article 3190357), and keeps the former
        ones, as is reported and on no page; Graph can write none of them. Without a mailbox the former name is free at once.
        `userPrincipalName` is sensitive: an administrator's is refused by 403, whatever the application's permissions (MSDOCS users,
        "Sensitive actions"): `Hold` for renames alone.
        """
        url, body = graph_requests.user(self._base, object_id), graph_requests.rename_body(address)
        await self._api.call("rename", "PATCH", url, body=body, deadline=Deadline(timeout), classify=_RENAMING)

    async def suspend(self, object_id: str, *, timeout: float) -> None:
        """`accountEnabled` alone: the properties of one PATCH share its fate, and others may need more than this one does."""
        await self._enable(object_id, Deadline(timeout), enabled=False)

    async def reactivate(self, object_id: str, *, timeout: float) -> None:
        await self._enable(object_id, Deadline(timeout), enabled=True)

    async def end_sessions(self, object_id: str, *, timeout: float) -> None:
        """Resets `signInSessionsValidFromDateTime`: refresh tokens and browsers' cookies of before are refused within minutes."""
        url = graph_requests.revocation(self._base, object_id)
        await self._api.call("end_sessions", "POST", url, deadline=Deadline(timeout), classify=_ENDING_SESSIONS)

    async def remove_licences(self, object_id: str, licences: Sequence[str], *, timeout: float) -> None:
        await self._licensing.remove(object_id, licences, Deadline(timeout))

    async def delete(self, object_id: str, *, timeout: float) -> None:
        """`DELETE /users/{id}` (MSDOCS user-delete): a soft deletion, by which mailbox, licences and memberships are kept for 30 days.

        404 (`Request_ResourceNotFound`) is success: it is deleted already, or a replica does not know it yet. An administrator's account
        is refused by 403, whatever the application's permissions (the same page): `Hold` for this call alone.
        """
        url = graph_requests.user(self._base, object_id)
        deadline = Deadline(timeout)
        await self._api.call("delete", "DELETE", url, deadline=deadline, missing_is_none=True, classify=_DELETING)

    async def release(self, object_id: str, *, timeout: float) -> None:
        """Graph can't tell whose value stands in the property: it is cleared whatever it is."""
        await self._marking.remove(object_id, Deadline(timeout))

    async def move(self, object_id: str, org_unit: str, *, timeout: float) -> None:
        """Entra has no organisational units: there is nothing to do."""
        del object_id, org_unit, timeout

    async def was_used(self, object_id: str, *, password_set_at: datetime | None, timeout: float) -> bool | None:
        """The first sign-in must change the password, and Graph shows when it was last changed.

        (`signInActivity` would show it directly, but needs a premium licence.)
        """
        url = f"{graph_requests.user(self._base, object_id)}?$select=createdDateTime,lastPasswordChangeDateTime"
        user = await self._api.call("read", "GET", url, deadline=Deadline(timeout)) or {}
        set_at = password_set_at or graph_requests.moment(user.get("createdDateTime"))
        changed_at = graph_requests.moment(user.get("lastPasswordChangeDateTime"))
        return None if set_at is None or changed_at is None else changed_at > set_at + _CLOCKS_DIFFER

    async def replace_password(self, object_id: str, password: str, *, timeout: float) -> None:
        body = {"passwordProfile": {"password": password, "forceChangePasswordNextSignIn": True}}
        url = graph_requests.user(self._base, object_id)
        await self._api.call(
            "replace_password", "PATCH", url, body=body, deadline=Deadline(timeout), classify=_REPLACING
        )

    def identity(self, object_id: str) -> SignOnIdentity:
        """(tid, oid) is what stays the same over applications."""
        tenant_id = self._section.tenant_id
        return SignOnIdentity(f"{self._section.authority_url}/{tenant_id}/v2.0", object_id, tenant_id)

    async def _search_deleted(self, marker: str, deadline: Deadline) -> list[Found]:
        """Both forms of the type's segment are in use: the second is tried where Graph does not know the first."""
        url = partial(graph_requests.deleted_users_marked, self._base, self._field, marker)
        first, second = graph_requests.DELETED_USERS
        try:
            return await self._search_marked(url(segment=first), deadline, deleted=True)
        except answers.UnknownSegment:
            return await self._search_marked(url(segment=second), deadline, deleted=True)

    async def _search_marked(self, url: str, deadline: Deadline, *, deleted: bool) -> list[Found]:
        headers = graph_requests.ADVANCED if self._field.advanced else None
        rows = await read_all(self._api, "search", url, deadline=deadline, headers=headers)
        return [self._found(row, deleted=deleted) for row in rows]

    async def _enable(self, object_id: str, deadline: Deadline, *, enabled: bool) -> None:
        url, classify = graph_requests.user(self._base, object_id), _REACTIVATING if enabled else _SUSPENDING
        operation = "reactivate" if enabled else "suspend"
        body = {"accountEnabled": enabled}
        await self._api.call(operation, "PATCH", url, body=body, deadline=deadline, classify=classify)

    async def _members(self, url: str, timeout: float) -> MemberPage:
        shown = await read_page(self._api, "list_members", url, deadline=Deadline(timeout))
        return MemberPage([str(row.get("id")) for row in shown.rows], shown.following)

    def _found(self, user: Mapping[str, Any], *, deleted: bool) -> Found:
        if not isinstance(user.get("id"), str):
            raise Hold("Microsoft returned an object without an id.", reason=Reason.UNEXPECTED_ANSWER)
        return Found(
            object_id=str(user["id"]),
            address=str(user.get("userPrincipalName", "")).lower(),
            marker=self._field.read(user),
            deleted=deleted,
            guest=graph_requests.is_guest(user),
            synchronised=user.get("onPremisesSyncEnabled") is True,
            enabled=user.get("accountEnabled") is not False,
            licences=graph_requests.licences_of(user),
            profile=graph_requests.profile_of(user),
        )
