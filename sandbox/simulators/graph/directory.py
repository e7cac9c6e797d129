"""One Entra directory in memory: users, groups, licences."""

import random
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sandbox.simulators.graph import fields, refusals, requirements
from sandbox.simulators.graph.addresses import Addresses, mail_after_rename
from sandbox.simulators.graph.groups import GroupKind, GroupTraits
from sandbox.simulators.graph.licences import Licences
from sandbox.simulators.graph.quirks import GraphQuirks
from sandbox.simulators.graph.replicas import Replicas
from sandbox.simulators.graph.units import AdministrativeUnits
from sandbox.simulators.graph.user import User

_READING_TIME = 300.0  # seconds from a mail to its reader's first sign-in, at least

MOST_BOUND = 20
"""Members that one request may add to a group."""

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
        self.units = AdministrativeUnits()
        self.replicas = Replicas(clock=clock, rng=random.Random(0))  # noqa: S311  what is read must not change the ids that follow
        self._addresses = Addresses()
        self._assigning: dict[str, float] = {}
        self._deletions: deque[tuple[float, User]] = deque()

    def create(self, body: Mapping[str, Any]) -> User:
        """`POST /users`. Uniqueness is immediate, over all replicas."""
        requirements.check(body, domains=self.domains, federated=self.federated, extensions=self.extensions)
        self._addresses.check(str(body["userPrincipalName"]))
        self._check_nickname(body["mailNickname"])
        password = requirements.password(body)
        properties = fields.merged({}, body)
        if self.quirks.drops_employee_id:
            properties.pop("employeeId", None)
        user = self.add(properties, password=password)
        self.replicas.created(user, lag=self.quirks.lag)
        return user

    def add(self, properties: dict[str, Any], *, password: str = "") -> User:
        """Puts a user there, as an administrator's hand, an invitation or a synchronisation did a while ago.

        `properties` may be any of Graph's.
        """
        ident = str(UUID(int=self._rng.getrandbits(128), version=4))
        now = self._clock()
        user = User(ident, properties, password, created_at=now, password_changed_at=now, sessions_valid_from=now)
        self.users[ident] = user
        self._addresses.take(user)
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

    def members(self, group: str) -> Iterator[User]:
        """The group's direct members that are not deleted, on the replica that happens to answer."""
        if group not in self.groups:
            raise refusals.missing(group)
        inside = self.groups[group]
        return (user for user in self.live() if user.id in inside)

    def known(self, key: str) -> User | None:
        """By id or sign-in name, whatever replicas show; deleted ones by id only."""
        return self.users.get(key) or self.users.get(self._addresses.holder(key) or "")

    def get(self, key: str) -> User:
        """By id or sign-in name, as the replica shows it that happens to answer: perhaps as it was before the last changes."""
        user = self.known(key)
        shown = self.replicas.shown(user, self.replicas.any()) if user else None
        if shown is None or shown.deleted_at is not None or key.lower() not in {shown.id, shown.upn.lower()}:
            raise refusals.missing(key)
        return shown

    def live(self) -> Iterator[User]:
        """Users that a search shows, on the replica that happens to answer."""
        return (user for user in self._shown() if user.deleted_at is None)

    def deleted(self) -> Iterator[User]:
        """Users that a search among the deleted ones shows, likewise."""
        return (user for user in self._shown() if self._is_restorable(user))

    def update(self, key: str, body: Mapping[str, Any]) -> None:
        """`PATCH /users/{key}`."""
        with self._changing(key) as user:
            fields.check(body, extensions=self.extensions, synchronised=user.synchronised)
            password = requirements.password(body) if body.get("passwordProfile") else None
            self._check_nickname(body.get("mailNickname"), but_for=user)
            renamed = self._renamed(user, body)
            if password is not None:
                user.password, user.password_changed_at = password, self._clock()
            self._addresses.release(user)
            user.properties = fields.merged(user.properties, {**body, **renamed})
            self._addresses.take(user)

    def delete(self, key: str) -> None:
        """`DELETE /users/{key}`: its addresses are free at once."""
        with self._changing(key, lag=self._deletion_lag) as user:
            user.deleted_at, user.signed_in = self._clock(), False
            self._deletions.append((user.deleted_at, user))
            self._addresses.release(user)
            if self.quirks.renames_deleted:
                user.properties["userPrincipalName"] = user.deleted_prefix + user.upn

    def restore(self, ident: str) -> User:
        """`POST /directory/deletedItems/{id}/restore`: the same user, with its licences and memberships."""
        with self._restoring(ident) as user:
            upn = user.upn.removeprefix(user.deleted_prefix)
            self._addresses.check(upn, user.mail_addresses)
            user.deleted_at = None
            user.properties["userPrincipalName"] = upn
            self._addresses.take(user)
        return user

    def purge(self, ident: str) -> None:
        """`DELETE /directory/deletedItems/{id}`: for good."""
        with self._restoring(ident) as user:
            self._forget(user)

    def revoke_sessions(self, key: str) -> None:
        """`POST /users/{key}/revokeSignInSessions`: those who are signed in have to sign in again."""
        with self._changing(key) as user:
            user.signed_in, user.sessions_valid_from = False, self._clock()

    def assign(self, key: str, add: Sequence[str], remove: Sequence[str]) -> User:
        """`POST /users/{key}/assignLicense`."""
        with self._changing(key) as user:
            self._expire()
            if self._assigning.get(user.id, 0.0) > self._clock():
                raise refusals.concurrent(self.quirks.concurrency_status)
            self.licences.assign(user, add, remove, quirks=self.quirks)
            self._assigning[user.id] = self._clock() + self.quirks.assignment_takes
        return user

    def consumed(self, sku: str) -> int:
        """How many licences of a kind are assigned."""
        self._expire()
        return sum(sku in user.skus for user in self.users.values())

    def join(self, group: str, key: str) -> None:
        """`POST /groups/{id}/members/$ref`."""
        members = self._changeable(group)
        with self._writing(key) as user:
            if user.id in members:
                raise refusals.invalid(refusals.MEMBER_EXISTS)
            self._expire()
            members.add(user.id)
            self.licences.joined(user, group)

    def bind(self, group: str, keys: Sequence[str]) -> None:
        """`PATCH /groups/{id}` with `members@odata.bind`: all of them join, or none does."""
        if len(keys) > MOST_BOUND:
            raise refusals.invalid(f"The number of members exceeds the maximum of {MOST_BOUND} per request.")
        members = self._changeable(group)
        idents = [user.id for key in keys if (user := self.known(key)) is not None]
        if len(idents) < len(keys):
            raise refusals.missing(next(key for key in keys if self.known(key) is None))
        if members.intersection(idents):
            raise refusals.invalid(refusals.MEMBER_EXISTS)
        for ident in idents:
            self.join(group, ident)

    def leave(self, group: str, ident: str) -> None:
        """`DELETE /groups/{id}/members/{user id}/$ref`."""
        members = self._changeable(group)
        with self._writing(ident) as user:
            if user.id not in members:
                raise refusals.no_member(self.quirks.absent_member_status)
            members.remove(user.id)
            self.licences.left(user, group)

    def join_unit(self, unit: str, key: str) -> None:
        """`POST /directory/administrativeUnits/{id}/members/$ref`."""
        with self._writing(key) as user:
            self.units.join(unit, user)

    def leave_unit(self, unit: str, ident: str) -> None:
        """`DELETE /directory/administrativeUnits/{id}/members/{user id}/$ref`."""
        with self._writing(ident) as user:
            self.units.leave(unit, user, absent_status=self.quirks.absent_member_status)

    def strip(self, key: str) -> None:
        """Takes the user's licences, which are free then, and its memberships, as staff do in the admin centre."""
        with self._writing(key) as user:
            self.licences.take(user)
            self.units.forget(user)
            for members in self.groups.values():
                members.discard(user.id)

    def sign_in(self, address: str, password: str) -> bool:
        """What the sign-in page does: a password that opens the account has to be changed there and then, for any other."""
        user = self.users.get(self._addresses.holder(address) or "")
        if user is None or not user.enabled or user.password != password:
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

    def _shown(self) -> Iterator[User]:
        replica = self.replicas.any()
        shown = (self.replicas.shown(user, replica) for user in self.users.values())
        return (user for user in shown if user is not None)

    @contextmanager
    def _restoring(self, ident: str) -> Generator[User]:
        """The deleted user that a write is about."""
        user = self.users.get(ident)
        if user is None or not self._is_restorable(user):
            raise refusals.missing(ident)
        with self.replicas.changed(user, lag=self._deletion_lag):
            yield user

    def _forget(self, user: User) -> None:
        """The deleted user does not come back, and what it had is free."""
        user.purged = True
        self.licences.take(user)
        self.units.forget(user)
        for members in self.groups.values():
            members.discard(user.id)

    def _expire(self) -> None:
        """Forgets those whose thirty days are over (the page "Delete a user")."""
        while self._deletions and self._clock() - self._deletions[0][0] > RESTORABLE:
            at, user = self._deletions.popleft()
            if user.deleted_at == at and not user.purged:
                self._forget(user)

    @property
    def _deletion_lag(self) -> float:
        return self.quirks.lag if self.quirks.lags_deletions else 0.0

    def _is_restorable(self, user: User) -> bool:
        if user.deleted_at is None or user.purged:
            return False
        return self._clock() - user.deleted_at <= RESTORABLE

    @contextmanager
    def _writing(self, key: str, *, lag: float | None = None) -> Generator[User]:
        """The user that a write is about, if the replica knows it that happens to be met."""
        user = self.known(key)
        if user is None or user.deleted_at is not None or self.replicas.shown(user, self.replicas.any()) is None:
            raise refusals.missing(key)
        with self.replicas.changed(user, lag=self.quirks.lag if lag is None else lag):
            yield user

    @contextmanager
    def _changing(self, key: str, *, lag: float | None = None) -> Generator[User]:
        """The same, of a change to the account itself, which a restricted administrative unit does not let applications make."""
        with self._writing(key, lag=lag) as user:
            self.units.check(user)
            yield user

    def _renamed(self, user: User, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """What else changes with the sign-in name, if the body changes that."""
        if "userPrincipalName" not in body:
            return {}
        upn = str(body["userPrincipalName"])
        if upn.lower() != user.upn.lower():
            immutable_id = {**user.properties, **body}.get("onPremisesImmutableId")
            requirements.check_name(upn, self.domains, self.federated, immutable_id)
        self._addresses.check(upn, but_for=user.id)
        return mail_after_rename(user, upn) if user.mail_addresses and self.quirks.renames_mail else {}

    def _check_nickname(self, nickname: object, *, but_for: User | None = None) -> None:
        if self.quirks.unique_nicknames and nickname is not None:
            others = (user for user in self.users.values() if user.deleted_at is None and user is not but_for)
            if any(str(user.properties.get("mailNickname")).lower() == str(nickname).lower() for user in others):
                raise refusals.conflict("mailNickname")
