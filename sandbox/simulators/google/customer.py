"""One Google Workspace customer: its domains, organisational units and users, and the rules between them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

from sandbox.simulators.google import refusals
from sandbox.simulators.google.addresses import Addresses
from sandbox.simulators.google.groups import Groups
from sandbox.simulators.google.licences import Licences
from sandbox.simulators.google.org_units import OrgUnits
from sandbox.simulators.google.quirks import GoogleQuirks
from sandbox.simulators.google.search import Search
from sandbox.simulators.google.user import MARKER_TYPE, User, well_formed

_A_YEAR = 365 * 86_400.0

RESTORABLE = 20 * 86_400.0
"""Seconds for which a deleted user can be brought back."""

MOST_ALIASES = 30
"""Of one user (the API's page on limits)."""


class Customer:
    """Raises `Refusal` where Google would. Unix seconds come from `clock`; `user_limit` is how many licences there are.

    Of `domains`, users cannot be made in those that are `unverified`.

    Uniqueness of addresses over users, aliases and groups is decided at once, whatever lag reads have.
    """

    def __init__(
        self,
        customer_id: str,
        domains: Iterable[str],
        *,
        clock: Callable[[], float],
        quirks: GoogleQuirks | None = None,
        user_limit: int | None = None,
    ) -> None:
        self.customer_id = customer_id
        self.domains = frozenset(domains)
        self.unverified: set[str] = set()
        self.org_units: set[str] = {"/"}
        self.units = OrgUnits(customer_id, self.org_units, clock=clock, quirks=lambda: self.quirks)
        self.user_limit = user_limit
        self.quirks = quirks or GoogleQuirks()
        self.delegations: dict[str, frozenset[str]] = {}
        self._clock = clock
        self._users: dict[str, User] = {}
        self._addresses = Addresses(clock)
        self._by_external_id: dict[str, dict[str, User]] = {}
        self.licences = Licences(self._with_primary)
        self.groups = Groups(find=self.find, holder=self.holder)

    # --- what a test or a demo lays out beforehand ---

    def add_org_unit(self, path: str) -> None:
        """Makes the unit and every one above it."""
        parts = path.strip("/").split("/")
        self.org_units.update("/" + "/".join(parts[: n + 1]) for n in range(len(parts)))

    def add_user(
        self,
        address: str,
        given: str = "Some",
        family: str = "Body",
        *,
        marker: str | None = None,
        aliases: Sequence[str] = (),
        is_admin: bool = False,
        is_delegated_admin: bool = False,
        is_guest: bool = False,
        last_login_at: float | None = None,
    ) -> User:
        """A user who has been there for a year; `marker` stands in a custom external id."""
        user = self._new(address, created_at=self._clock() - _A_YEAR)
        user.given_name, user.family_name = given, family
        user.password = token_urlsafe(12)
        user.external = [{"type": "custom", "customType": MARKER_TYPE, "value": marker}] if marker else []
        user.aliases = [alias.lower() for alias in aliases]
        user.is_admin, user.is_delegated_admin, user.last_login_at = is_admin, is_delegated_admin, last_login_at
        if is_guest:
            user.kept["isGuestUser"] = True
        self._occupy(user)
        return user

    def delegate(self, service_account: str, scopes: Iterable[str]) -> None:
        """Domain-wide delegation, as an administrator grants it."""
        self.delegations[service_account] = frozenset(scopes)

    # --- what an observer sees ---

    @property
    def users(self) -> Sequence[User]:
        """Everyone, deleted ones too, oldest first."""
        return tuple(self._users.values())

    def holder(self, address: str) -> User | None:
        """The living user with this primary address or alias."""
        return self._addresses.holder(address)

    def sign_in(self, address: str, password: str) -> bool:
        """Tries the password as a person would; the first success ends "never signed in"."""
        user = self.holder(address)
        if user is None or not user.opens_with(password):
            return False
        user.last_login_at = self._clock()
        user.signed_in = True
        return True

    def sub(self, user: User) -> str:
        """The subject of the id token that the user gets at a sign-in: its own for ever, in every application."""
        return user.id if self.quirks.sub_is_user_id else user.id[::-1]

    def known(self, key: str) -> User | None:
        """The user with this id, deleted ones too, or the living one with this address; whatever reads show."""
        return self._users.get(key) or self.holder(key)

    def find(self, key: str) -> User | None:
        """The living user with this id or address, as reads see them: by id perhaps not while they settle."""
        user = self._users.get(key)
        if user is None:
            return self.holder(key)
        hidden = self.quirks.hides_settling_ids and self._settles(user)
        return None if hidden or user.deleted_at is not None else user

    # --- what the API does ---

    def insert(self, body: Mapping[str, Any]) -> User:
        """users.insert."""
        for name in ("primaryEmail", "name", "password"):
            if not body.get(name):
                raise refusals.required(name)
        address = self._free_address(body["primaryEmail"])
        org_unit = self.units.checked(body.get("orgUnitPath"))
        draft = User("", address, self._clock())
        draft.apply(body, name_limit=self.quirks.name_limit)
        if not (draft.given_name and draft.family_name):
            raise refusals.invalid_name("FamilyName" if draft.given_name else "GivenName")
        self._check_limit()
        user = self._new(address, created_at=self._clock())
        user.org_unit = org_unit
        user.apply(body, name_limit=self.quirks.name_limit)
        self._occupy(user)
        return user

    def get(self, key: str) -> User:
        """users.get, by primary address, alias or id."""
        user = self.find(key)
        if user is None:
            raise refusals.not_found("userKey")
        return user

    def shown(self, user: User) -> Mapping[str, Any]:
        """The user resource as reads answer it; a rename may not show yet."""
        return user.read(self._clock()).shown(self.customer_id)

    def update(self, key: str, body: Mapping[str, Any]) -> User:
        """users.patch, and users.update, which behaves the same. A rename keeps the old address as an alias."""
        user = self._settled(key)
        address = user.primary_email
        if body.get("primaryEmail") and body["primaryEmail"].lower() != address:
            if self.quirks.renames_apart and "suspended" in body:
                raise refusals.bad_request()
            address = self._free_address(body["primaryEmail"], but_for=user)
            if address in user.aliases and not self.quirks.renames_to_aliases:
                raise refusals.duplicate()
            if len({*user.aliases, user.primary_email} - {address}) > MOST_ALIASES:
                raise refusals.too_many_aliases(self.quirks.alias_limit_status)
        org_unit = self.units.checked(body["orgUnitPath"]) if "orgUnitPath" in body else user.org_unit
        user.apply(body, name_limit=self.quirks.name_limit)
        user.org_unit = org_unit
        if address != user.primary_email:
            user.rename(address, shown_from=self._clock() + self.quirks.rename_takes)
        self._occupy(user)
        return user

    def add_alias(self, key: str, address: object) -> User:
        """users.aliases.insert: the new one is the last of the user's."""
        user = self._settled(key)
        alias = self._free_address(address)
        if len(user.aliases) >= MOST_ALIASES:
            raise refusals.too_many_aliases(self.quirks.alias_limit_status)
        user.aliases.append(alias)
        self._occupy(user)
        return user

    def remove_alias(self, key: str, alias: str) -> None:
        """users.aliases.delete."""
        user = self._settled(key)
        if alias.lower() not in user.aliases:
            raise refusals.not_found("alias")
        user.aliases.remove(alias.lower())
        self._addresses.give_up(alias.lower(), kept=self.quirks.keeps_addresses)

    def sign_out(self, key: str) -> None:
        """users.signOut: of all sessions."""
        user = self.get(key)
        user.signed_in, user.signed_out_at = False, self._clock()

    def make_admin(self, key: str, *, status: bool) -> None:
        """users.makeAdmin."""
        self._settled(key).is_admin = status

    def delete(self, key: str) -> None:
        """users.delete: its addresses are free at once, its memberships and licences are gone, and it is restorable for 20 days."""
        user = self._settled(key)
        user.deleted_at = self._clock()
        user.signed_in = False
        self._addresses.release(user)
        self.groups.forget(user.id)
        self.licences.forget(user.id)

    def undelete(self, key: str, org_unit: str | None) -> None:
        """users.undelete, by id only, where a licence is spare. Fails where another user has the address (not documented how: 409)."""
        user = self._users.get(key)
        if user is None or not self._is_restorable(user):
            raise refusals.not_found("userKey")
        for address in (user.primary_email, *user.aliases):
            self._free_address(address)
        path = self.units.checked(org_unit)
        self._check_limit()
        user.org_unit, user.deleted_at = path, None
        self._occupy(user)

    def domain(self, name: str) -> Mapping[str, Any]:
        """domains.get."""
        if name.lower() not in self.domains:
            raise refusals.not_found("domain")
        verified = name.lower() not in self.unverified
        return {"kind": "admin#directory#domain", "domainName": name.lower(), "verified": verified, "isPrimary": False}

    def search(self, query: str | None, *, domain: str | None, deleted: bool) -> Sequence[User]:
        """users.list, in the order of addresses. `deleted` gives the restorable ones instead of the living."""
        if domain is not None and domain not in self.domains:
            raise refusals.not_found("domain")
        search = Search(query) if query else None
        if search and search.org_unit is not None:
            self.units.checked(search.org_unit)
        now = self._clock()
        candidates = self._users
        if search and search.external_id:
            candidates = self._by_external_id.get(search.external_id, {})
        found = [
            user
            for user in candidates.values()
            if (self._is_restorable(user) if deleted else user.deleted_at is None)
            and now - user.created_at >= self.quirks.index_lag
            and (domain is None or user.primary_email.endswith(f"@{domain}"))
            and (search is None or search.finds(user))
        ]
        return sorted(found, key=lambda user: user.primary_email)

    def _with_primary(self, address: str) -> User | None:
        """The living user with this primary address, by which alone the License Manager knows users (its reference, `userId`)."""
        user = self.holder(address)
        return user if user is not None and user.primary_email == address.lower() else None

    def _new(self, address: str, *, created_at: float) -> User:
        number = int.from_bytes(sha256(self.customer_id.encode()).digest()[:4]) * 10**8 + len(self._users)
        user = User(str(10**20 + number), address.lower(), created_at)
        self._users[user.id] = user
        self._addresses.occupy(user)
        return user

    def _occupy(self, user: User) -> None:
        self._addresses.occupy(user)
        for value in user.external_ids:  # an id that a user once had stays here; the search itself looks at the user
            self._by_external_id.setdefault(value.casefold(), {})[user.id] = user

    def _free_address(self, address: object, *, but_for: User | None = None) -> str:
        if not isinstance(address, str) or not well_formed(address.lower()):
            raise refusals.invalid("primary_user_email")
        wanted = address.lower()
        if wanted.rpartition("@")[2] not in self.domains - self.unverified:
            by_input = self.quirks.foreign_domain == "input"
            raise refusals.invalid("primary_user_email") if by_input else refusals.not_found("domain")
        if self._addresses.is_taken(wanted, but_for=but_for) or self.groups.holds(wanted):
            raise refusals.duplicate()
        return wanted

    def _check_limit(self) -> None:
        living = sum(user.deleted_at is None for user in self._users.values())
        if self.user_limit is not None and living >= self.user_limit:
            raise refusals.user_limit(self.quirks.user_limit_status)

    def _is_restorable(self, user: User) -> bool:
        return user.deleted_at is not None and self._clock() - user.deleted_at <= RESTORABLE

    def _settles(self, user: User) -> bool:
        return self._clock() - user.created_at < self.quirks.settling

    def _settled(self, key: str) -> User:
        user = self.get(key)
        if self._settles(user):
            raise refusals.settling()
        return user
