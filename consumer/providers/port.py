"""What the service asks of a directory of accounts. `microsoft` and `google` keep this port; so do the tests' fakes.

Every call takes `timeout`, the seconds it may last in all, and raises only what `consumer.errors` knows:
`Throttled`/`Unavailable`/`NotYet` (nothing happened), `OutcomeUnknown`, `GiveUp`/`AddressTaken`, `Hold`; `PageExpired` where it is said.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from consumer.errors import Fault, Throttled
from consumer.events import Provider, SignOnIdentity
from consumer.policy.profile import Profile, ProfilePart


@dataclass(frozen=True, slots=True)
class NewAccount:
    """The body of a create call, decided once and kept: every attempt sends the same."""

    address: str
    marker: str
    given_name: str
    family_name: str
    display_name: str
    preferred_language: str | None
    org_unit: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """An account at the provider. `marker` is what stands on it now, or None; `deleted`: it can still be restored.

    `synchronised`: it is written from a directory on the institution's premises, and not here. `enabled`: its sign-in is not blocked.
    `licences`: those that the account has, in lower case; None where they were not asked for, or are not given to accounts. `org_unit`:
    where it is placed, None where there are no such units. `profile`: what it says of its owner, where that was asked for. `throttled`:
    the call is done, and the vendor limited the rate on the way.
    """

    object_id: str
    address: str
    marker: str | None
    deleted: bool = False
    guest: bool = False
    synchronised: bool = False
    enabled: bool = True
    licences: frozenset[str] | None = None
    org_unit: str | None = None
    ever_signed_in: bool | None = None
    profile: Profile = field(default_factory=dict[ProfilePart, str | None], repr=False)
    throttled: Throttled | None = None


@dataclass(frozen=True, slots=True)
class AccountPage:
    """Some of a directory's accounts. `following` names the next page for the same call; None: this is the last."""

    accounts: Sequence[Found]
    following: str | None


@dataclass(frozen=True, slots=True)
class LicensedPage:
    """The addresses of some of those who have a licence; `following` as in `AccountPage`."""

    addresses: Sequence[str] = field(repr=False)
    following: str | None


@dataclass(frozen=True, slots=True)
class MemberPage:
    """The object ids of some of a group's members; `following` as in `AccountPage`."""

    object_ids: Sequence[str]
    following: str | None


class PageExpired(Fault):
    """The provider does not know this page any more: the list is to be begun anew."""


class Directory(Protocol):
    """One institution's directory at one provider."""

    provider: Provider

    @property
    def keeps_markers(self) -> bool:
        """Whether this directory is known to keep the marker of a creation: then an account without one is not ours."""
        ...

    async def find_marked(self, marker: str, *, timeout: float) -> Sequence[Found]:
        """Accounts that carry `marker`, deleted ones too. Reads may lag writes: an empty answer proves nothing."""
        ...

    async def find_address(self, address: str, *, timeout: float) -> Found | None:
        """The account that holds `address` (as a sign-in name or an alias). None proves nothing."""
        ...

    async def read(self, object_id: str, *, timeout: float) -> Found | None:
        """The account with its profile, and its licences where accounts show them. None: it was deleted, or a replica does not show it
        (yet).
        """
        ...

    async def groups_of(self, object_id: str, groups: Sequence[str], *, timeout: float) -> frozenset[str]:
        """Those of `groups` that the account is a member of; administrative units may be among them. Reads may lag writes.

        Raises `NotYet` where the provider does not show the account (yet).
        """
        ...

    async def list_accounts(self, page: str | None, *, deleted: bool, timeout: float) -> AccountPage:
        """All accounts of the directory, ours and others', a page a call; with `deleted`, those instead that can be restored.

        They carry their licences where accounts show them: not at Google. An account that is created, renamed or deleted meanwhile may be
        on no page, or on two. Raises `PageExpired`.
        """
        ...

    async def list_members(self, group: str, page: str | None, *, timeout: float) -> MemberPage:
        """The group's direct members, a page a call; none where the group does not exist. Raises `PageExpired`."""
        ...

    async def list_admin_unit_members(self, unit: str, page: str | None, *, timeout: float) -> MemberPage:
        """The same of an administrative unit (Microsoft)."""
        ...

    async def licences_of(self, object_id: str, licences: Sequence[str], *, timeout: float) -> frozenset[str]:
        """Those of `licences` that the account has, in lower case, also where accounts do not show them.

        Raises `NotYet` where the provider does not show the account (yet).
        """
        ...

    async def list_licensed(self, licence: str, page: str | None, *, timeout: float) -> LicensedPage:
        """Who has the licence, a page a call, where accounts do not show it; none elsewhere, and none where there is no such licence."""
        ...

    async def is_privileged(self, object_id: str, *, timeout: float) -> bool:
        """Whether the account holds an administrator's role, or may activate one. For a live account that is about to be adopted.

        Raises `Hold` (ROLES_UNREADABLE, for all who need this look-up) where the roles can't be read.
        """
        ...

    async def create(self, account: NewAccount, password: str, *, timeout: float) -> Found:
        """Creates the account with its marker in the same call; the marker is read back, and mended where it was dropped.

        Raises `AddressTaken` where the provider's own uniqueness refused the address. Raises `Hold` for all who need its `org_unit` where
        that does not exist. Where the institution has such units created (`create_org_units`), it is created, with those above it, and
        `NotYet` (ORG_UNIT_MISSING) raised: the account is for the next attempt. So it is while the provider does not show the unit yet.
        """
        ...

    async def mark(self, object_id: str, marker: str, *, timeout: float) -> None:
        """Writes the marker on an account that this service created and that lost it. Idempotent."""
        ...

    async def restore(self, object_id: str, *, org_unit: str | None, timeout: float) -> None:
        """Brings a deleted account of ours back, under the same object id, into `org_unit` where there are such. Idempotent.

        A unit that does not exist is dealt with as by `create`.

        Reads may lag: `read` may not show the account for a while, and no search finds it among the living or the deleted.
        """
        ...

    async def assign_licences(
        self, object_id: str, licences: Sequence[str], *, replaces: Sequence[str] = (), timeout: float
    ) -> None:
        """Gives all of `licences`, in one call where the provider has such: Microsoft. Idempotent.

        `replaces`: licences of this service's in whose place these come, where an account has one SKU of a product at most: at Google. It
        has none of them then. Microsoft leaves them. Raises `Hold` where the account has another licence of the product, for the student;
        where none is left, or there is no such licence, for all who need it (the message and the code name the pool); where the permission
        is missing, for all who need licences.
        """
        ...

    async def add_to_group(self, object_id: str, group: str, *, timeout: float) -> None:
        """Makes the account a member; being one already is success. Idempotent."""
        ...

    async def remove_from_group(self, object_id: str, group: str, *, timeout: float) -> None:
        """Ends the account's own membership; not being a member, and a group that does not exist, are success. Idempotent."""
        ...

    async def join_admin_unit(self, object_id: str, unit: str, *, timeout: float) -> None:
        """Puts the account into an administrative unit (Microsoft), besides those that it is in. Idempotent.

        Raises `Hold` for all who need this unit where it does not exist (ADMIN_UNIT_MISSING), or takes no members from this service
        (ADMIN_UNIT_REFUSED); `NotYet` where the provider does not show the account (yet).
        """
        ...

    async def leave_admin_unit(self, object_id: str, unit: str, *, timeout: float) -> None:
        """Takes the account out of an administrative unit; not being in it, and a unit that does not exist, are success. Idempotent."""
        ...

    async def update(self, object_id: str, changes: Profile, *, timeout: float) -> None:
        """Writes these parts of what the account says of its owner, and no others; None clears one. Idempotent.

        Raises `GiveUp` (INVALID_PROFILE) where the provider refuses one of them.
        """
        ...

    async def rename(self, object_id: str, address: str, *, timeout: float) -> None:
        """Gives the account another sign-in address, a former one of its own too. Changes nothing else. Idempotent.

        The former address stays its own as an alias where the provider keeps such. Google does for every account, 30 of them at most;
        Microsoft for one that has a mailbox in Exchange, and else the former address is free at once. Reads may lag: `read` shows the new
        address when it is so everywhere, at Google after up to 10 minutes (the limits page); then `find_address` finds the account by both.

        Raises `AddressTaken` where another object has the address: a user, an alias, a group. Google may say so as well of an address that
        was given up within the last minutes, and that no one has. Raises `Hold` where its domain is not verified, and (QUOTA_EXCEEDED)
        where the account has as many aliases as it may have; `NotYet` (CHANGE_NOT_VISIBLE) where the address is the account's own, and the
        provider is not ready for it.
        """
        ...

    async def suspend(self, object_id: str, *, timeout: float) -> None:
        """Blocks the account's sign-in, and changes nothing else. Idempotent. Reads may lag: `read` shows when it is so everywhere."""
        ...

    async def reactivate(self, object_id: str, *, timeout: float) -> None:
        """Opens the account's sign-in again. Idempotent."""
        ...

    async def end_sessions(self, object_id: str, *, timeout: float) -> None:
        """Signs a suspended account out everywhere; what is signed in now may last for some minutes. Idempotent.

        Raises `Hold` for all who need this call where its permission is missing.
        """
        ...

    async def remove_licences(self, object_id: str, licences: Sequence[str], *, timeout: float) -> None:
        """Takes all of `licences`; not having one is success, and so is one that comes with Google's organisational unit. Idempotent."""
        ...

    async def delete(self, object_id: str, *, timeout: float) -> None:
        """Deletes the account; the provider keeps it restorable for a while (Microsoft 30 days, Google 20). Idempotent.

        An account that is deleted already, and one that the provider does not show, are success: so the caller reads it before and
        after. Reads may lag: `read` may show it for a while, and a search may find it among the living, the deleted, both or neither.
        """
        ...

    async def release(self, object_id: str, *, timeout: float) -> None:
        """Removes this service's marker: the account is the institution's own from then on, and nothing else of it is changed. Idempotent.

        Only for an account that was read with our marker just now. Reads may lag: `read` shows the account without a marker when it is so
        everywhere. Raises `NotYet` where the provider does not show the account (yet).
        """
        ...

    async def move(self, object_id: str, org_unit: str, *, timeout: float) -> None:
        """Puts the account into an organisational unit. Idempotent. A unit that does not exist is dealt with as by `create`."""
        ...

    async def was_used(self, object_id: str, *, password_set_at: datetime | None, timeout: float) -> bool | None:
        """Whether the initial password has been used to sign in; None if that is not known.

        `password_set_at` is when this service last replaced it (None: it is the one from the creation).
        """
        ...

    async def replace_password(self, object_id: str, password: str, *, timeout: float) -> None:
        """Sets another initial password, to be changed at the next sign-in. Idempotent."""
        ...

    def identity(self, object_id: str) -> SignOnIdentity:
        """What an OIDC sign-in of this account will carry."""
        ...
