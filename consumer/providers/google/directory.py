"""One institution's Workspace directory.

Scopes: admin.directory.user, admin.directory.group.member; `admin_subject` needs a role that may manage users and groups. Where units are
created, admin.directory.orgunit too, and a role that may create them. Licences have an API, a scope and limits of their own (`licensing`).

One module, however long: one class that keeps the port `Directory`, method by method.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import compress
from typing import Any, TypeVar, cast

from consumer.errors import AddressTaken, Hold, NotYet, OutcomeUnknown, Reason, Scope
from consumer.events import Provider, SignOnIdentity
from consumer.http.deadline import Deadline
from consumer.policy.profile import Profile
from consumer.policy.rules import ROOT
from consumer.providers.api import Api, Classify
from consumer.providers.google import directory_requests
from consumer.providers.google.answers import of_one_purpose, paging
from consumer.providers.google.licensing import Licensing
from consumer.providers.google.org_units import OrgUnits
from consumer.providers.google.renaming import rename
from consumer.providers.port import AccountPage, Found, LicensedPage, MemberPage, NewAccount
from consumer.providers.together import together
from consumer.tenants import OWN_CUSTOMER, GoogleSection

T = TypeVar("T")

_ISSUER = "https://accounts.google.com"

_MARKING = of_one_purpose(Reason.CONSENT_MISSING, "The administrator may not write markers on accounts.")
_RELEASING = of_one_purpose(Reason.CONSENT_MISSING, "The administrator may not remove markers from accounts.")
_ROLES_UNREADABLE = "The roles of accounts can't be read at Google."
_READING_ROLES = of_one_purpose(Reason.ROLES_UNREADABLE, _ROLES_UNREADABLE)
_CREATING = of_one_purpose(
    Reason.CONSENT_MISSING, "The administrator's role does not include creating users, or not in this unit."
)
_RESTORING = of_one_purpose(
    Reason.CONSENT_MISSING, "The administrator's role does not include restoring users.", tells_nothing=True
)
_DELETING = of_one_purpose(
    Reason.CONSENT_MISSING, "The administrator's role does not include deleting users, or this one.", tells_nothing=True
)
_REPLACING = of_one_purpose(
    Reason.CONSENT_MISSING, "The administrator's role does not include replacing passwords, or this one's."
)
_SUSPENDING = of_one_purpose(
    Reason.CONSENT_MISSING, "The administrator's role does not include suspending users, or this one."
)
_REACTIVATING = of_one_purpose(
    Reason.CONSENT_MISSING, "The administrator's role does not include reactivating users, or this one."
)
_MOVING = of_one_purpose(
    Reason.CONSENT_MISSING, "The administrator's role does not include moving users, or not to this unit."
)
_UPDATING = of_one_purpose(
    Reason.CONSENT_MISSING, "The administrator's role does not include updating users, or this one."
)
_LEAVING = of_one_purpose(
    Reason.GROUP_REFUSED, "The administrator may not remove members from this group.", tells_nothing=True
)
_JOINING = of_one_purpose(Reason.GROUP_REFUSED, "The administrator may not add members to this group.")


class GoogleDirectory:
    """Keeps `Directory`."""

    provider = Provider.GOOGLE

    def __init__(self, section: GoogleSection, api: Api, licensing: Api) -> None:
        self._section = section
        self._api = api
        self._licensing = Licensing(licensing, self._address_of)
        self._units = OrgUnits(api, section.customer_id) if section.create_org_units else None

    keeps_markers = True

    async def find_marked(self, marker: str, *, timeout: float) -> Sequence[Found]:
        """The search ignores case: what it finds is compared again."""
        deadline = Deadline(timeout)
        live, deleted = await together(
            self._search(marker, deadline, deleted=False), self._search(marker, deadline, deleted=True)
        )
        return [one for one in (*live, *deleted) if one.marker == marker]

    async def find_address(self, address: str, *, timeout: float) -> Found | None:
        """Users only: an address that a group has is not found, and stays refused."""
        user = await self._read(address, Deadline(timeout), missing_is_none=True)
        return None if user is None else _found(user, deleted=False)

    async def read(self, object_id: str, *, timeout: float) -> Found | None:
        """A deleted user is not shown by its id."""
        user = await self._read(object_id, Deadline(timeout), missing_is_none=True)
        return None if user is None else _found(user, deleted=False)

    async def groups_of(self, object_id: str, groups: Sequence[str], *, timeout: float) -> frozenset[str]:
        """Direct members only: those are what this service makes. A deleted group has none."""
        deadline = Deadline(timeout)
        inside = await together(*(self._is_member(group, object_id, deadline) for group in groups))
        return frozenset(compress(groups, inside))

    async def list_accounts(self, page: str | None, *, deleted: bool, timeout: float) -> AccountPage:
        """A page can be asked for within three days (the API's reference of `users.list`)."""
        url = directory_requests.all_users(self._api.base_url, self._section.customer_id, page, deleted=deleted)
        answer = await self._page("list", url, timeout)
        rows = cast("list[dict[str, Any]]", answer.get("users") or [])
        return AccountPage([_found(row, deleted=deleted) for row in rows], answer.get("nextPageToken"))

    async def list_members(self, group: str, page: str | None, *, timeout: float) -> MemberPage:
        """Members from elsewhere have no id, and are left out."""
        url = directory_requests.all_members(self._api.base_url, group, page)
        try:
            answer = await self._page("list_members", url, timeout)
        except Hold as fault:
            if fault.reason is Reason.GROUP_MISSING:
                return MemberPage((), None)
            raise
        rows = cast("list[dict[str, Any]]", answer.get("members") or [])
        return MemberPage([str(row["id"]) for row in rows if "id" in row], answer.get("nextPageToken"))

    async def list_admin_unit_members(self, unit: str, page: str | None, *, timeout: float) -> MemberPage:
        """Google has no administrative units."""
        del unit, page, timeout
        return MemberPage((), None)

    async def licences_of(self, object_id: str, licences: Sequence[str], *, timeout: float) -> frozenset[str]:
        """A call for each."""
        return await self._licensing.of(object_id, licences, deadline=Deadline(timeout))

    async def list_licensed(self, licence: str, page: str | None, *, timeout: float) -> LicensedPage:
        """Of the administrator's own customer, whose id every user shows."""
        deadline = Deadline(timeout)
        customer = self._section.customer_id
        if customer == OWN_CUSTOMER:
            url = directory_requests.customer_of(self._api.base_url, self._section.admin_subject)
            customer = str((await self._api.call("read", "GET", url, deadline=deadline) or {}).get("customerId", ""))
        return await self._licensing.list(customer, licence, page, deadline=deadline)

    async def is_privileged(self, object_id: str, *, timeout: float) -> bool:
        """Super administrators and delegated ones: Google shows a flag for each."""
        user = await self._read(object_id, Deadline(timeout), classify=_READING_ROLES) or {}
        roles = [user.get("isAdmin"), user.get("isDelegatedAdmin")]
        if not all(isinstance(role, bool) for role in roles):
            raise Hold(_ROLES_UNREADABLE, reason=Reason.ROLES_UNREADABLE, scope=Scope.RESOURCE)
        return any(roles)

    async def create(self, account: NewAccount, password: str, *, timeout: float) -> Found:
        """The answer shows the marker as it was kept; Google is not known to drop it."""
        url, deadline = directory_requests.users(self._api.base_url), Deadline(timeout)
        body = directory_requests.create_body(account, password)
        create = partial(self._api.call, "create", "POST", url, body=body, deadline=deadline, classify=_CREATING)
        user = await self._into(account.org_unit, create, deadline) or {}
        if not isinstance(user.get("id"), str):
            raise OutcomeUnknown("Outcome unknown: Google's response to the create call has no object id.")
        return Found(str(user["id"]), account.address, directory_requests.marker_of(user))

    async def mark(self, object_id: str, marker: str, *, timeout: float) -> None:
        """External ids that others have written stay: a PATCH of the list would replace them."""
        deadline = Deadline(timeout)
        user = await self._read(object_id, deadline) or {}
        body = {"externalIds": directory_requests.external_ids(marker, beside=user)}
        url = directory_requests.user(self._api.base_url, object_id)
        await self._api.call("mark", "PATCH", url, body=body, deadline=deadline, classify=_MARKING)

    async def restore(self, object_id: str, *, org_unit: str | None, timeout: float) -> None:
        """Uses the immutable id, as the API requires. Raises `Hold` if another account has its address by now."""
        url = f"{directory_requests.user(self._api.base_url, object_id)}/undelete"
        unit, deadline = {"orgUnitPath": org_unit or ROOT}, Deadline(timeout)
        restore = partial(self._api.call, "restore", "POST", url, body=unit, deadline=deadline, classify=_RESTORING)
        try:
            await self._into(org_unit, restore, deadline)
        except AddressTaken as fault:
            raise Hold(
                "Another account holds the deleted account's address.", reason=Reason.ACCOUNT_CONFLICT
            ) from fault

    async def assign_licences(
        self, object_id: str, licences: Sequence[str], *, replaces: Sequence[str] = (), timeout: float
    ) -> None:
        """One call for each licence."""
        await self._licensing.assign(object_id, licences, replaces=replaces, deadline=Deadline(timeout))

    async def add_to_group(self, object_id: str, group: str, *, timeout: float) -> None:
        """A 409 mostly means that the account is a member already, but may come without a usable reason: so it is read.

        Raises `NotYet` where the group does not show it (yet).
        """
        deadline = Deadline(timeout)
        url = directory_requests.members(self._api.base_url, group)
        body = {"id": object_id, "role": "MEMBER"}
        try:
            await self._api.call("add_to_group", "POST", url, body=body, deadline=deadline, classify=_JOINING)
        except AddressTaken as fault:
            if await self._member(group, object_id, deadline) is None:
                raise NotYet(
                    "Google reports that the account is a member, but does not list it.", code=fault.code
                ) from fault

    async def remove_from_group(self, object_id: str, group: str, *, timeout: float) -> None:
        """`members.delete`: a 404 means that the account is no member, or that the group does not exist.

        Raises `NotYet` where the group still shows the account as a member.
        """
        deadline = Deadline(timeout)
        url = directory_requests.member(self._api.base_url, group, object_id)
        try:
            await self._api.call("remove_from_group", "DELETE", url, deadline=deadline, classify=_LEAVING)
        except (NotYet, Hold) as fault:
            missing = isinstance(fault, NotYet) or fault.reason is Reason.GROUP_MISSING
            if not missing or await self._is_member(group, object_id, deadline):
                raise

    async def join_admin_unit(self, object_id: str, unit: str, *, timeout: float) -> None:
        """Google has no administrative units: there is nothing to do."""
        del object_id, unit, timeout

    async def leave_admin_unit(self, object_id: str, unit: str, *, timeout: float) -> None:
        """Likewise."""
        del object_id, unit, timeout

    async def update(self, object_id: str, changes: Profile, *, timeout: float) -> None:
        """`users.patch`. A name can be 10 minutes on its way into Google's other services (its limits page); the directory shows it."""
        await self._patch(object_id, directory_requests.profile_body(changes), "update", timeout, _UPDATING)

    async def rename(self, object_id: str, address: str, *, timeout: float) -> None:
        """The former address stays an alias. An alias of the user's own may have to be removed before it becomes its address."""
        await rename(self._api, object_id, address, Deadline(timeout))

    async def suspend(self, object_id: str, *, timeout: float) -> None:
        """`suspended` alone, since what else a PATCH holds shares its fate."""
        await self._patch(object_id, {"suspended": True}, "suspend", timeout, _SUSPENDING)

    async def reactivate(self, object_id: str, *, timeout: float) -> None:
        await self._patch(object_id, {"suspended": False}, "reactivate", timeout, _REACTIVATING)

    async def end_sessions(self, object_id: str, *, timeout: float) -> None:
        """The suspension has done it (Google's help, "Sign a user out of a managed Google Account"): there is nothing to do.

        `users.signOut` would need a scope of its own, admin.directory.user.security.
        """
        del object_id, timeout

    async def remove_licences(self, object_id: str, licences: Sequence[str], *, timeout: float) -> None:
        """As `assign_licences`."""
        await self._licensing.remove(object_id, licences, deadline=Deadline(timeout))

    async def delete(self, object_id: str, *, timeout: float) -> None:
        """`users.delete`: its address is free at once, and it can be restored for 20 days.

        404 is success: it is deleted already, or not shown by its id, as for some seconds after its creation. Raises `NotYet` while
        Google has not finished the creation.
        """
        url = directory_requests.user(self._api.base_url, object_id)
        deadline = Deadline(timeout)
        await self._api.call("delete", "DELETE", url, deadline=deadline, missing_is_none=True, classify=_DELETING)

    async def release(self, object_id: str, *, timeout: float) -> None:
        """External ids that others have written stay, as in `mark`. Nothing is written where no marker stands."""
        deadline = Deadline(timeout)
        user = await self._read(object_id, deadline) or {}
        if directory_requests.marker_of(user) is not None:
            body = directory_requests.unmarked_body(user)
            await self._patch(object_id, body, "release", deadline.left(), _RELEASING)

    async def move(self, object_id: str, org_unit: str, *, timeout: float) -> None:
        url, deadline = directory_requests.user(self._api.base_url, object_id), Deadline(timeout)
        body = {"orgUnitPath": org_unit}
        move = partial(self._api.call, "move", "PATCH", url, body=body, deadline=deadline, classify=_MOVING)
        await self._into(org_unit, move, deadline)

    async def was_used(self, object_id: str, *, password_set_at: datetime | None, timeout: float) -> bool | None:
        """Google shows the last sign-in; the epoch stands for never."""
        del password_set_at
        return _found(await self._read(object_id, Deadline(timeout)) or {}, deleted=False).ever_signed_in

    async def replace_password(self, object_id: str, password: str, *, timeout: float) -> None:
        body = {"password": password, "changePasswordAtNextLogin": True}
        await self._patch(object_id, body, "replace_password", timeout, _REPLACING)

    def identity(self, object_id: str) -> SignOnIdentity:
        """That `sub` is the Directory's user id is relied on widely, and documented nowhere."""
        return SignOnIdentity(_ISSUER, object_id)

    async def _into(self, org_unit: str | None, call: Callable[[], Awaitable[T]], deadline: Deadline) -> T:
        """Makes the call, which puts an account into the unit. Where that is missing and may be created, it is.

        Raises `NotYet` then: the call comes again with the next attempt, in its turn within the vendor's limits. So it does where Google
        has the unit and refuses it to the account: what it stores of users lags behind.
        """
        try:
            return await call()
        except Hold as fault:
            if self._units is None or org_unit is None or fault.reason is not Reason.ORG_UNIT_MISSING:
                raise
            await self._units.ensure(org_unit, deadline)
            wrong = "Google did not have the organisational unit, or does not show it yet."
            raise NotYet(wrong, reason=Reason.ORG_UNIT_MISSING, code=fault.code) from fault

    async def _read(
        self, key: str, deadline: Deadline, *, missing_is_none: bool = False, classify: Classify | None = None
    ) -> dict[str, Any] | None:
        url = f"{directory_requests.user(self._api.base_url, key)}?fields={directory_requests.FIELDS}"
        return await self._api.call(
            "read", "GET", url, deadline=deadline, missing_is_none=missing_is_none, classify=classify
        )

    async def _address_of(self, object_id: str, deadline: Deadline) -> str:
        return _found(await self._read(object_id, deadline) or {}, deleted=False).address

    async def _page(self, operation: str, url: str, timeout: float) -> Mapping[str, Any]:
        return await self._api.call(operation, "GET", url, deadline=Deadline(timeout), classify=paging) or {}

    async def _patch(
        self, object_id: str, body: Mapping[str, Any], operation: str, timeout: float, classify: Classify
    ) -> None:
        url = directory_requests.user(self._api.base_url, object_id)
        await self._api.call(operation, "PATCH", url, body=body, deadline=Deadline(timeout), classify=classify)

    async def _is_member(self, group: str, object_id: str, deadline: Deadline) -> bool:
        try:
            return await self._member(group, object_id, deadline) is not None
        except Hold as fault:
            if fault.reason is Reason.GROUP_MISSING:
                return False
            raise

    async def _member(self, group: str, object_id: str, deadline: Deadline) -> Mapping[str, Any] | None:
        url = directory_requests.member(self._api.base_url, group, object_id)
        return await self._api.call("read_member", "GET", url, deadline=deadline, missing_is_none=True)

    async def _search(self, marker: str, deadline: Deadline, *, deleted: bool) -> list[Found]:
        url = directory_requests.users_with(self._api.base_url, self._section.customer_id, marker, deleted=deleted)
        answer = await self._api.call("search", "GET", url, deadline=deadline) or {}
        rows = cast("list[dict[str, Any]]", answer.get("users") or [])
        return [_found(row, deleted=deleted) for row in rows]


def _found(user: Mapping[str, Any], *, deleted: bool) -> Found:
    if not isinstance(user.get("id"), str):
        raise Hold("Google returned a user without an id.", reason=Reason.UNEXPECTED_ANSWER)
    last = user.get("lastLoginTime")
    return Found(
        object_id=str(user["id"]),
        address=str(user.get("primaryEmail", "")).lower(),
        marker=directory_requests.marker_of(user),
        deleted=deleted,
        guest=user.get("isGuestUser") is True,
        enabled=user.get("suspended") is not True and user.get("archived") is not True,
        org_unit=user.get("orgUnitPath"),
        profile=directory_requests.profile_of(user),
        ever_signed_in=None if last is None else last != directory_requests.NEVER,
    )
