"""One Entra directory in memory: users, groups, licences."""

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from sandbox.simulators.graph import fields, refusals
from sandbox.simulators.graph.groups import GroupKind, GroupTraits
from sandbox.simulators.graph.licences import Licences
from sandbox.simulators.graph.quirks import GraphQuirks
from sandbox.simulators.graph.refusals import Refusal
from sandbox.simulators.graph.user import User

_REQUIRED = ("accountEnabled", "displayName", "mailNickname", "userPrincipalName", "passwordProfile")
_ALIAS = re.compile(r"[A-Za-z0-9'.\-_!#^~]+")
_SHORTEST_PASSWORD = 8

_READING_TIME = 300.0  # seconds from a mail to its reader's first sign-in, at least

RESTORABLE = 30 * 86_400.0
"""Seconds for which a deleted user can be brought back."""


class Directory:
    """Raises `Refusal` where Graph would. Unix seconds come from `clock`.

    `federated` are domains whose users sign in elsewhere; `extensions` the names of the directory extensions that are available;
    `unlicensed_locations` the countries in which no licence is given; `suspended` the licences whose subscription is over. A group without
    `traits` is a plain security group.
    """

    def __init__(
        self, domains: tuple[str, ...], *, clock: Callable[[], float], rng: random.Random, quirks: GraphQuirks
    ) -> None:
        self.domains = domains
        self.users: dict[str, User] = {}
        self.federated: set[str] = set()
        self.extensions: set[str] = set()
        self.unlicensed_locations: set[str] = set()
        self.groups: dict[str, set[str]] = {}
        self.traits: dict[str, GroupTraits] = {}
        self.stock: dict[str, int] = {}
        self.suspended: set[str] = set()
        self.licences = Licences(self.stock, self.unlicensed_locations)
        self._clock = clock
        self._rng = rng
        self.quirks = quirks
        self._holders: dict[str, str] = {}

    def create(self, body: Mapping[str, Any]) -> User:
        """`POST /users`. Uniqueness is immediate, over all replicas."""
        self._validate(body)
        upn = str(body["userPrincipalName"])
        if upn.lower() in self._holders:
            raise refusals.conflict("userPrincipalName")
        password = _password(body)
        properties = fields.merged({}, body)
        if self.quirks.drops_employee_id:
            properties.pop("employeeId", None)
        return self.add(properties, password=password)

    def add(self, properties: dict[str, Any], *, password: str = "") -> User:
        """Puts a user there, as an administrator's hand, an invitation or a synchronisation would: `properties` may be any of Graph's."""
        ident = str(UUID(int=self._rng.getrandbits(128), version=4))
        now = self._clock()
        shown_from = now + self._rng.uniform(0, self.quirks.lag)
        user = User(
            ident, properties, password, shown_from, created_at=now, password_changed_at=now, sessions_valid_from=now
        )
        self.users[ident] = user
        self._holders[user.upn.lower()] = ident
        return user

    def add_group(self, ident: str, kind: GroupKind = GroupKind.SECURITY, *, roles: Sequence[str] = ()) -> None:
        """Puts a group there, without members."""
        self.groups[ident] = set()
        self.traits[ident] = GroupTraits(kind, tuple(roles))

    def group(self, ident: str) -> Mapping[str, Any]:
        """`GET /groups/{id}`."""
        if ident not in self.groups:
            raise refusals.missing(ident)
        return self.traits.get(ident, GroupTraits()).shown(ident)

    def known(self, key: str) -> User | None:
        """By id or sign-in name, whatever replicas show; deleted ones by id only."""
        return self.users.get(key) or self.users.get(self._holders.get(key.lower(), ""))

    def get(self, key: str) -> User:
        """By id or sign-in name, as the replica shows it that happens to answer."""
        user = self.known(key)
        if user is None or user.deleted_at is not None or user.shown_from > self._clock():
            raise refusals.missing(key)
        return user

    def live(self) -> Iterator[User]:
        """Users that searches show."""
        now = self._clock()
        return (user for user in self.users.values() if user.deleted_at is None and user.shown_from <= now)

    def deleted(self) -> Iterator[User]:
        """Users that can be restored."""
        return (user for user in self.users.values() if self._is_restorable(user))

    def update(self, key: str, body: Mapping[str, Any]) -> None:
        """`PATCH /users/{key}`."""
        user = self.get(key)
        fields.check(body, extensions=self.extensions, synchronised=user.synchronised)
        password = _password(body) if body.get("passwordProfile") else None
        if "userPrincipalName" in body:
            self._rename(user, str(body["userPrincipalName"]))
        if password is not None:
            user.password = password
            user.password_changed_at = self._clock()
        user.properties = fields.merged(user.properties, body)

    def delete(self, key: str) -> None:
        """`DELETE /users/{key}`: the address is free at once."""
        user = self.get(key)
        user.deleted_at = self._clock()
        user.signed_in = False
        self._holders.pop(user.upn.lower(), None)
        if self.quirks.renames_deleted:
            user.properties["userPrincipalName"] = user.deleted_prefix + user.upn

    def restore(self, ident: str) -> User:
        """`POST /directory/deletedItems/{id}/restore`: the same user, with its licences and memberships."""
        user = self._restorable(ident)
        upn = user.upn.removeprefix(user.deleted_prefix)
        if upn.lower() in self._holders:
            raise refusals.conflict("userPrincipalName")
        user.deleted_at = None
        user.properties["userPrincipalName"] = upn
        self._holders[upn.lower()] = ident
        return user

    def purge(self, ident: str) -> None:
        """`DELETE /directory/deletedItems/{id}`: for good."""
        user = self._restorable(ident)
        user.purged = True
        self.licences.take(user)
        for members in self.groups.values():
            members.discard(ident)

    def revoke_sessions(self, key: str) -> None:
        """`POST /users/{key}/revokeSignInSessions`: those who are signed in have to sign in again."""
        user = self.get(key)
        user.signed_in = False
        user.sessions_valid_from = self._clock()

    def assign(self, key: str, add: Sequence[str], remove: Sequence[str]) -> User:
        """`POST /users/{key}/assignLicense`."""
        user = self.get(key)
        self.licences.assign(user, add, remove, ignores_missing=self.quirks.ignores_missing_licences)
        return user

    def consumed(self, sku: str) -> int:
        """How many licences of a kind are assigned."""
        return sum(sku in user.skus for user in self.users.values())

    def join(self, group: str, key: str) -> None:
        """`POST /groups/{id}/members/$ref`."""
        members = self._changeable(group)
        user = self.get(key)
        if user.id in members:
            raise refusals.invalid(refusals.MEMBER_EXISTS)
        members.add(user.id)
        self.licences.joined(user, group)

    def leave(self, group: str, ident: str) -> None:
        """`DELETE /groups/{id}/members/{user id}/$ref`."""
        members = self._changeable(group)
        user = self.get(ident)
        if user.id not in members:
            raise refusals.no_member(self.quirks.absent_member_status)
        members.remove(user.id)
        self.licences.left(user, group)

    def strip(self, key: str) -> None:
        """Takes the user's licences, which are free then, and its memberships, as staff do in the admin centre."""
        user = self.get(key)
        self.licences.take(user)
        for members in self.groups.values():
            members.discard(user.id)

    def sign_in(self, address: str, password: str) -> bool:
        """What the sign-in page does: a password that opens the account has to be changed there and then, for any other."""
        user = self.users.get(self._holders.get(address.lower(), ""))
        if user is None or user.deleted_at is not None or not user.enabled or user.password != password:
            return False
        user.password_changed_at = user.signed_in_at = self._clock() + _READING_TIME
        user.signed_in = True
        return True

    def _changeable(self, group: str) -> set[str]:
        """The members of a group whose members an application may change."""
        if group not in self.groups:
            raise refusals.missing(group)
        if refusal := self.traits.get(group, GroupTraits()).refusal():
            raise refusal
        return self.groups[group]

    def _restorable(self, ident: str) -> User:
        user = self.users.get(ident)
        if user is None or not self._is_restorable(user):
            raise refusals.missing(ident)
        return user

    def _is_restorable(self, user: User) -> bool:
        if user.deleted_at is None or user.purged:
            return False
        return self._clock() - user.deleted_at <= RESTORABLE

    def _rename(self, user: User, upn: str) -> None:
        self._validate_upn(upn)
        if self._holders.get(upn.lower(), user.id) != user.id:
            raise refusals.conflict("userPrincipalName")
        del self._holders[user.upn.lower()]
        self._holders[upn.lower()] = user.id

    def _validate(self, body: Mapping[str, Any]) -> None:
        for name in _REQUIRED:
            if body.get(name) in (None, ""):
                raise refusals.invalid(f"A value is required for property '{name}' of resource 'User'.")
        fields.check(body, extensions=self.extensions)
        self._validate_upn(str(body["userPrincipalName"]))
        domain = str(body["userPrincipalName"]).rpartition("@")[2].lower()
        if domain in self.federated and not body.get("onPremisesImmutableId"):
            raise refusals.invalid(refusals.FEDERATED)

    def _validate_upn(self, upn: str) -> None:
        alias, _, domain = upn.rpartition("@")
        if not _ALIAS.fullmatch(alias):
            raise Refusal(
                400,
                "Request_BadRequest",
                "Property userPrincipalName is invalid.",
                details=[{"code": "InvalidValue", "target": "userPrincipalName", "message": "invalid"}],
            )
        if domain.lower() not in self.domains:
            raise refusals.invalid(refusals.UNVERIFIED)


def _password(body: Mapping[str, Any]) -> str:
    profile = body["passwordProfile"]
    password = cast("dict[str, Any]", profile).get("password") if isinstance(profile, dict) else None
    if not isinstance(password, str) or len(password) < _SHORTEST_PASSWORD:
        raise refusals.invalid(refusals.WEAK_PASSWORD)
    return password
