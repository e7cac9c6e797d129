"""A provider's directory in memory that keeps `consumer.providers.port`, with mishaps on order."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from itertools import count
from typing import TypeVar

from consumer.errors import AddressTaken, Hold, NotYet, Reason, Scope, Throttled
from consumer.events import Provider, SignOnIdentity
from consumer.policy.profile import Profile, written
from consumer.providers.port import AccountPage, Found, LicensedPage, MemberPage, NewAccount, PageExpired
from testbed.fakes.mishaps import Mishap

RowT = TypeVar("RowT")

_WRITES = frozenset(
    {
        "create",
        "mark",
        "restore",
        "assign_licences",
        "add_to_group",
        "remove_from_group",
        "join_admin_unit",
        "leave_admin_unit",
        "update",
        "rename",
        "suspend",
        "reactivate",
        "end_sessions",
        "remove_licences",
        "delete",
        "release",
        "move",
        "replace_password",
    }
)


@dataclass
class FakeAccount:
    """An account as the directory has it."""

    found: Found
    password: str = ""
    used: bool | None = False
    privileged: bool = False
    aliases: list[str] = field(default_factory=list[str])
    licences: list[str] = field(default_factory=list[str])
    groups: list[str] = field(default_factory=list[str])
    admin_units: list[str] = field(default_factory=list[str])
    sessions: bool = True
    hidden: bool = False

    def has(self, address: str) -> bool:
        """Whether it has this address, as its own or as an alias."""
        return not self.found.deleted and address.lower() in {self.found.address.lower(), *self.aliases}

    def block(self) -> None:
        """Blocks its sign-in, as the school's staff would."""
        self.found = replace(self.found, enabled=False)

    def delete(self) -> None:
        """Deletes it, so that it can be restored."""
        self.found = replace(self.found, deleted=True)

    def rename(self, address: str, *, keeps_former: bool) -> None:
        """Gives it another address."""
        former = [self.found.address.lower(), *self.aliases] if keeps_former else self.aliases
        self.aliases = [alias for alias in former if alias != address.lower()]
        self.found = replace(self.found, address=address)

    def say(self, changes: Profile) -> None:
        """Changes what it says of its owner."""
        self.found = replace(self.found, profile={**self.found.profile, **changes})

    def unblock(self) -> None:
        """Takes that back."""
        self.found = replace(self.found, enabled=True)


class FakeDirectory:
    """`accounts` by object id; `calls` tells every operation that was asked for, in order.

    A call of an operation in `hang_after` is carried out and never answered; the next creation is carried out when the event under
    `on_the_way` is set. `hanging` tells that a call has come so far. `org_units` are those that exist, None: any; with
    `creates_org_units`, those that are missing come to be. `admin_units` likewise.
    """

    def __init__(self, provider: Provider = Provider.MICROSOFT) -> None:
        self.provider = provider
        self.keeps_markers = True
        self._ids = count(1)
        self.accounts: dict[str, FakeAccount] = {}
        self.calls: list[str] = []
        self.bodies: list[tuple[NewAccount, str]] = []
        self.hides_new_accounts = False
        self.hides_restored_accounts = False
        self.throttled_behind_creations: Throttled | None = None
        self.drops_markers = False
        self.keeps_former_addresses = True
        self.org_units: set[str] | None = None
        self.creates_org_units = False
        self.admin_units: set[str] | None = None
        self.hang_after: set[str] = set()
        self.on_the_way: asyncio.Event | None = None
        self.hanging = asyncio.Event()
        self._mishaps: dict[str, deque[Mishap | None]] = {}

    @property
    def writes(self) -> list[str]:
        """The calls that change something, in order."""
        return [call for call in self.calls if call in _WRITES]

    def next_calls(self, operation: str, *mishaps: Mishap | None) -> None:
        """The next calls of this operation go as ordered, one each (None: well)."""
        self._mishaps.setdefault(operation, deque()).extend(mishaps)

    def put(
        self,
        address: str,
        marker: str | None,
        *,
        deleted: bool = False,
        privileged: bool = False,
        guest: bool = False,
        synchronised: bool = False,
        enabled: bool = True,
    ) -> FakeAccount:
        """An account that was there before us."""
        ident = f"o{next(self._ids)}"
        found = Found(ident, address, marker, deleted=deleted, guest=guest, synchronised=synchronised, enabled=enabled)
        account = FakeAccount(found, privileged=privileged)
        self.accounts[ident] = account
        return account

    def marked(self, marker: str) -> Sequence[FakeAccount]:
        """Accounts with this marker, hidden and deleted ones too."""
        return [account for account in self.accounts.values() if account.found.marker == marker]

    async def find_marked(self, marker: str, *, timeout: float) -> Sequence[Found]:
        """See the port."""
        self._begin("find_marked", timeout)
        return [account.found for account in self.marked(marker) if not account.hidden]

    async def find_address(self, address: str, *, timeout: float) -> Found | None:
        """See the port."""
        self._begin("find_address", timeout)
        return next((one.found for one in self.accounts.values() if one.has(address) and not one.hidden), None)

    async def read(self, object_id: str, *, timeout: float) -> Found | None:
        """See the port."""
        self._begin("read", timeout)
        account = self.accounts.get(object_id)
        if account is None or account.hidden or account.found.deleted:
            return None
        return replace(account.found, licences=self._shown_licences(account))

    async def groups_of(self, object_id: str, groups: Sequence[str], *, timeout: float) -> frozenset[str]:
        """See the port."""
        self._begin("groups_of", timeout)
        account = self._account(object_id)
        return frozenset(groups).intersection((*account.groups, *account.admin_units))

    async def list_accounts(self, page: str | None, *, deleted: bool, timeout: float) -> AccountPage:
        """See the port. Two on a page."""
        self._begin("list_accounts", timeout)
        rows = [one for one in self.accounts.values() if one.found.deleted is deleted and not one.hidden]
        shown = [replace(one.found, licences=self._shown_licences(one)) for one in rows]
        return AccountPage(*_page(shown, page))

    async def list_members(self, group: str, page: str | None, *, timeout: float) -> MemberPage:
        """See the port. Two on a page."""
        self._begin("list_members", timeout)
        return MemberPage(*_page([ident for ident, one in self.accounts.items() if group in one.groups], page))

    async def list_admin_unit_members(self, unit: str, page: str | None, *, timeout: float) -> MemberPage:
        """See the port. Two on a page."""
        self._begin("list_admin_unit_members", timeout)
        return MemberPage(*_page([ident for ident, one in self.accounts.items() if unit in one.admin_units], page))

    async def licences_of(self, object_id: str, licences: Sequence[str], *, timeout: float) -> frozenset[str]:
        """See the port."""
        self._begin("licences_of", timeout)
        return frozenset(one.lower() for one in self._account(object_id).licences if one in licences)

    async def list_licensed(self, licence: str, page: str | None, *, timeout: float) -> LicensedPage:
        """See the port. Two on a page."""
        self._begin("list_licensed", timeout)
        rows = [one.found.address for one in self.accounts.values() if licence in one.licences]
        return LicensedPage(*_page(rows if self.provider is Provider.GOOGLE else [], page))

    async def is_privileged(self, object_id: str, *, timeout: float) -> bool:
        """See the port."""
        self._begin("is_privileged", timeout)
        return self._account(object_id).privileged

    async def create(self, account: NewAccount, password: str, *, timeout: float) -> Found:
        """See the port. Uniqueness knows hidden accounts too."""
        self.bodies.append((account, password))
        mishap = self._begin("create", timeout, may_be_done=True)
        if arrives := self.on_the_way:
            self.on_the_way = None
            self.hanging.set()
            await arrives.wait()
        if self._holder(account.address):
            raise AddressTaken
        self._enter(account.org_unit)
        created = self.put(account.address, None if self.drops_markers else account.marker)
        created.password, created.hidden = password, self.hides_new_accounts
        created.say(written(self.provider, asdict(account)))
        created.found = replace(created.found, org_unit=account.org_unit)
        await self._hang("create")
        if mishap:
            raise mishap.fault
        return replace(created.found, throttled=self.throttled_behind_creations)

    async def delete(self, object_id: str, *, timeout: float) -> None:
        """See the port. An account that is hidden stays, and the call succeeds all the same."""
        mishap = self._begin("delete", timeout, may_be_done=True)
        account = self.accounts.get(object_id)
        if account is not None and not account.hidden:
            account.delete()
        await self._hang("delete")
        if mishap:
            raise mishap.fault

    async def release(self, object_id: str, *, timeout: float) -> None:
        """See the port."""
        async with self._changing("release", object_id, timeout) as account:
            account.found = replace(account.found, marker=None)

    async def mark(self, object_id: str, marker: str, *, timeout: float) -> None:
        """See the port."""
        self._begin("mark", timeout)
        account = self._account(object_id)
        account.found = replace(account.found, marker=marker)

    async def restore(self, object_id: str, *, org_unit: str | None, timeout: float) -> None:
        """See the port."""
        async with self._changing("restore", object_id, timeout) as account:
            self._enter(org_unit)
            account.found = replace(account.found, deleted=False)
            account.hidden = self.hides_restored_accounts

    async def assign_licences(
        self, object_id: str, licences: Sequence[str], *, replaces: Sequence[str] = (), timeout: float
    ) -> None:
        """See the port. With Google's, at most one SKU of a product."""
        async with self._changing("assign_licences", object_id, timeout) as account:
            if self.provider is Provider.GOOGLE:
                account.licences = [one for one in account.licences if one not in replaces]
                _refuse_another_sku(account.licences, licences)
            account.licences.extend(licence for licence in licences if licence not in account.licences)

    async def add_to_group(self, object_id: str, group: str, *, timeout: float) -> None:
        """See the port."""
        async with self._changing("add_to_group", object_id, timeout) as account:
            account.groups.extend({group}.difference(account.groups))

    async def remove_from_group(self, object_id: str, group: str, *, timeout: float) -> None:
        """See the port."""
        async with self._changing("remove_from_group", object_id, timeout) as account:
            account.groups = [one for one in account.groups if one != group]

    async def join_admin_unit(self, object_id: str, unit: str, *, timeout: float) -> None:
        """See the port."""
        async with self._changing("join_admin_unit", object_id, timeout) as account:
            if self.admin_units is not None and unit not in self.admin_units:
                raise Hold("No such unit.", reason=Reason.ADMIN_UNIT_MISSING, scope=Scope.RESOURCE)
            account.admin_units.extend({unit}.difference(account.admin_units))

    async def leave_admin_unit(self, object_id: str, unit: str, *, timeout: float) -> None:
        """See the port."""
        async with self._changing("leave_admin_unit", object_id, timeout) as account:
            account.admin_units = [one for one in account.admin_units if one != unit]

    async def update(self, object_id: str, changes: Profile, *, timeout: float) -> None:
        """See the port."""
        async with self._changing("update", object_id, timeout) as account:
            account.say({part: value or None for part, value in changes.items()})

    async def rename(self, object_id: str, address: str, *, timeout: float) -> None:
        """See the port. Uniqueness knows hidden accounts too."""
        async with self._changing("rename", object_id, timeout) as account:
            if (self._holder(address) or account) is not account:
                raise AddressTaken
            account.rename(address, keeps_former=self.keeps_former_addresses)

    async def suspend(self, object_id: str, *, timeout: float) -> None:
        """See the port."""
        async with self._changing("suspend", object_id, timeout) as account:
            account.block()

    async def reactivate(self, object_id: str, *, timeout: float) -> None:
        """See the port."""
        async with self._changing("reactivate", object_id, timeout) as account:
            account.unblock()

    async def end_sessions(self, object_id: str, *, timeout: float) -> None:
        """See the port."""
        async with self._changing("end_sessions", object_id, timeout) as account:
            account.sessions = False

    async def remove_licences(self, object_id: str, licences: Sequence[str], *, timeout: float) -> None:
        """See the port."""
        async with self._changing("remove_licences", object_id, timeout) as account:
            account.licences = [one for one in account.licences if one not in licences]

    async def move(self, object_id: str, org_unit: str, *, timeout: float) -> None:
        """See the port."""
        async with self._changing("move", object_id, timeout) as account:
            self._enter(org_unit)
            account.found = replace(account.found, org_unit=org_unit)

    async def was_used(self, object_id: str, *, password_set_at: datetime | None, timeout: float) -> bool | None:
        """See the port."""
        del password_set_at
        self._begin("was_used", timeout)
        return self._account(object_id).used

    async def replace_password(self, object_id: str, password: str, *, timeout: float) -> None:
        """See the port."""
        async with self._changing("replace_password", object_id, timeout) as account:
            account.password = password

    def identity(self, object_id: str) -> SignOnIdentity:
        """See the port."""
        return SignOnIdentity("https://issuer.example", object_id, "tid")

    @asynccontextmanager
    async def _changing(self, operation: str, object_id: str, timeout: float) -> AsyncGenerator[FakeAccount]:
        """Around the change that the operation is."""
        mishap = self._begin(operation, timeout, may_be_done=True)
        yield self._account(object_id, deleted=operation == "restore")
        await self._hang(operation)
        if mishap:
            raise mishap.fault

    async def _hang(self, operation: str) -> None:
        """The call was carried out; its answer never comes, and the caller is about to die."""
        if operation in self.hang_after:
            self.hanging.set()
            await asyncio.Event().wait()

    def _enter(self, org_unit: str | None) -> None:
        """Before an account is put into the unit."""
        if org_unit is None or self.org_units is None or org_unit in self.org_units:
            return
        if not self.creates_org_units:
            raise Hold("No such organisational unit.", reason=Reason.ORG_UNIT_MISSING, scope=Scope.RESOURCE)
        names = org_unit.strip("/").split("/")
        self.org_units.update("/" + "/".join(names[: count + 1]) for count in range(len(names)))
        raise NotYet("The organisational unit was missing.", reason=Reason.ORG_UNIT_MISSING)

    def _shown_licences(self, account: FakeAccount) -> frozenset[str] | None:
        return None if self.provider is Provider.GOOGLE else frozenset(map(str.lower, account.licences))

    def _holder(self, address: str) -> FakeAccount | None:
        return next((one for one in self.accounts.values() if one.has(address)), None)

    def _account(self, object_id: str, *, deleted: bool = False) -> FakeAccount:
        account = self.accounts.get(object_id)
        if account is None or account.hidden or (account.found.deleted and not deleted):
            raise NotYet("No such object (yet).")
        return account

    def _begin(self, operation: str, timeout: float, *, may_be_done: bool = False) -> Mishap | None:
        assert timeout > 0
        self.calls.append(operation)
        waiting = self._mishaps.get(operation)
        mishap = waiting.popleft() if waiting else None
        if mishap and not (may_be_done and mishap.done):
            raise mishap.fault
        return mishap


def _refuse_another_sku(has: Sequence[str], licences: Sequence[str]) -> None:
    products = {one.partition("/")[0] for one in set(has) - set(licences)}
    if products & {one.partition("/")[0] for one in licences}:
        raise Hold("The account has another licence of this product.", reason=Reason.LICENCE_INVALID)


def _page(rows: Sequence[RowT], page: str | None) -> tuple[Sequence[RowT], str | None]:
    if page is not None and not page.isdecimal():
        raise PageExpired
    start = int(page or 0)
    return rows[start : start + 2], str(start + 2) if start + 2 < len(rows) else None
