"""One user of Google's directory: how a request's fields become a user, and how a user is shown."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, cast

from sandbox.simulators.google.refusals import bad_request, invalid, invalid_name, invalid_password

Json = Mapping[str, Any]

NEVER = "1970-01-01T00:00:00.000Z"
"""How Google says that a user has never signed in."""

MARKER_TYPE = "provisioner"
"""The type of the external id by which the service under test knows its own."""

_EXTERNAL_ID_BYTES = 2_048
_PASSWORD_LENGTH = range(8, 101)
_LOCAL_PART = re.compile(r"(?!\.)[a-z0-9._'\-]{1,64}(?<!\.)")
_HASHED = {
    "MD5": re.compile(r"[0-9a-fA-F]{32}"),
    "SHA-1": re.compile(r"[0-9a-fA-F]{40}"),
    "crypt": re.compile(r"\$[156]\$(rounds=\d{1,5}\$)?[^$]{1,16}\$\S+"),
}

# fmt: off
KEPT = frozenset({
    "addresses", "customSchemas", "emails", "gender", "guestAccountInfo", "ims", "includeInGlobalAddressList", "ipWhitelisted",
    "isGuestUser", "keywords", "languages", "locations", "notes", "organizations", "phones", "posixAccounts", "recoveryEmail",
    "recoveryPhone", "relations", "sshPublicKeys", "websites",
})
"""Fields that are stored and shown as they were sent."""

READ_ONLY = frozenset({
    "agreedToTerms", "aliases", "archivalTime", "creationTime", "customerId", "deletionTime", "etag", "id", "isAdmin",
    "isDelegatedAdmin", "isEnforcedIn2Sv", "isEnrolledIn2Sv", "isMailboxSetup", "kind", "lastLoginTime", "nonEditableAliases",
    "suspensionReason", "suspensionTime", "thumbnailPhotoEtag", "thumbnailPhotoUrl",
})
"""Fields that are ignored when sent."""

UNDERSTOOD = frozenset({
    "archived", "changePasswordAtNextLogin", "externalIds", "hashFunction", "name", "orgUnitPath", "password", "primaryEmail",
    "suspended",
})
# fmt: on


@dataclass(frozen=True, slots=True)
class _Former:
    """The addresses that a user had before it was renamed, and until when reads show them."""

    primary_email: str
    aliases: list[str]
    shown_until: float


@dataclass(slots=True)
class User:
    """A user as the simulator keeps it; times are Unix seconds. `signed_in` is whether it has a session that was not ended."""

    id: str
    primary_email: str
    created_at: float
    given_name: str = ""
    family_name: str = ""
    display_name: str | None = None
    password: str = field(default="", repr=False)
    hash_function: str | None = None
    org_unit: str = "/"
    external: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    aliases: list[str] = field(default_factory=list[str])
    kept: dict[str, Any] = field(default_factory=dict[str, Any])
    suspended: bool = False
    archived: bool = False
    must_change_password: bool = False
    is_admin: bool = False
    is_delegated_admin: bool = False
    last_login_at: float | None = None
    signed_in: bool = False
    signed_out_at: float | None = None
    deleted_at: float | None = None
    revision: int = 0
    former: _Former | None = None

    @property
    def external_ids(self) -> tuple[str, ...]:
        """The values of every external id."""
        return tuple(str(one.get("value", "")) for one in self.external)

    @property
    def marker(self) -> str | None:
        """What stands on it to tell whose it is."""
        return next((str(one["value"]) for one in self.external if one.get("customType") == MARKER_TYPE), None)

    def opens_with(self, password: str) -> bool:
        """Whether this password signs the user in now. Hashes made by crypt open with nothing here."""
        if self.suspended or self.archived or self.deleted_at is not None:
            return False
        given = {
            None: lambda: password,
            "MD5": lambda: hashlib.md5(password.encode(), usedforsecurity=False).hexdigest(),
            "SHA-1": lambda: hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest(),
            "crypt": lambda: "",
        }[self.hash_function]()
        kept = self.password if self.hash_function is None else self.password.lower()
        return hmac.compare_digest(given.encode(), kept.encode())

    def rename(self, address: str, *, shown_from: float) -> None:
        """The former address becomes an alias; reads show that from then on."""
        self.former = _Former(self.primary_email, self.aliases, shown_from)
        self.aliases = [alias for alias in (self.primary_email, *self.aliases) if alias != address]
        self.primary_email = address

    def read(self, now: float) -> "User":
        """The user as reads show it."""
        if self.former is None or self.former.shown_until <= now:
            return self
        return replace(self, primary_email=self.former.primary_email, aliases=self.former.aliases)

    def apply(self, body: Json, *, name_limit: int) -> None:
        """Takes over every field but the address and the unit, which the customer checks. Omitted: untouched; null: cleared.

        Raises `Refusal` and changes nothing then.
        """
        if unknown := sorted(set(body) - KEPT - READ_ONLY - UNDERSTOOD):
            raise bad_request(
                f"Invalid JSON payload received. Unknown name \"{unknown[0]}\" at 'user': Cannot find field."
            )
        given, family, display = self._names(body, name_limit)
        password, hash_function = self._password(body)
        external = self._external(body)
        self.given_name, self.family_name, self.display_name = given, family, display
        self.password, self.hash_function, self.external = password, hash_function, external
        self.suspended = bool(body.get("suspended", self.suspended))
        self.archived = bool(body.get("archived", self.archived))
        self.must_change_password = bool(body.get("changePasswordAtNextLogin", self.must_change_password))
        for name in KEPT & set(body):
            if body[name] is None:
                self.kept.pop(name, None)
            else:
                self.kept[name] = body[name]
        self.revision += 1

    def shown(self, customer_id: str) -> dict[str, Any]:
        """The user resource as users.get answers it (projection: full)."""
        name = {"givenName": self.given_name, "familyName": self.family_name}
        name["fullName"] = f"{self.given_name} {self.family_name}"
        if self.display_name is not None:
            name["displayName"] = self.display_name
        shown: dict[str, Any] = {
            "kind": "admin#directory#user",
            "id": self.id,
            "etag": f'"{hashlib.sha256(f"{self.id}/{self.revision}".encode()).hexdigest()[:27]}"',
            "primaryEmail": self.primary_email,
            "name": name,
            "isAdmin": self.is_admin,
            "isDelegatedAdmin": self.is_delegated_admin,
            "lastLoginTime": NEVER if self.last_login_at is None else timestamp(self.last_login_at),
            "creationTime": timestamp(self.created_at),
            "agreedToTerms": self.last_login_at is not None,
            "suspended": self.suspended,
            "archived": self.archived,
            "changePasswordAtNextLogin": self.must_change_password,
            "emails": [{"address": self.primary_email, "primary": True}, *({"address": a} for a in self.aliases)],
            "customerId": customer_id,
            "orgUnitPath": self.org_unit,
            "isMailboxSetup": True,
            "isEnrolledIn2Sv": False,
            "isEnforcedIn2Sv": False,
            **self.kept,
        }
        optional = {
            "externalIds": self.external,
            "aliases": self.aliases,
            "deletionTime": None if self.deleted_at is None else timestamp(self.deleted_at),
            "suspensionReason": "ADMIN" if self.suspended else None,
        }
        return shown | {name: value for name, value in optional.items() if value}

    def shown_alias(self, alias: str) -> dict[str, Any]:
        """The alias resource of one of its aliases."""
        etag = hashlib.sha256(f"{self.id}/{alias}".encode()).hexdigest()[:27]
        return {
            "kind": "admin#directory#alias",
            "id": self.id,
            "etag": f'"{etag}"',
            "primaryEmail": self.primary_email,
            "alias": alias,
        }

    def _names(self, body: Json, limit: int) -> tuple[str, str, str | None]:
        if "name" not in body:
            return self.given_name, self.family_name, self.display_name
        name: Json = cast("Json", body["name"]) if isinstance(body["name"], Mapping) else {}
        given, family = name.get("givenName", self.given_name), name.get("familyName", self.family_name)
        for part, value in (("GivenName", given), ("FamilyName", family)):
            if not isinstance(value, str) or not value.strip() or len(value) > limit:
                raise invalid_name(part)
        return given, family, cast("str | None", name.get("displayName", self.display_name))

    def _password(self, body: Json) -> tuple[str, str | None]:
        if "password" not in body:
            return self.password, self.hash_function
        password, function = body["password"], body.get("hashFunction")
        if function is not None and function not in _HASHED:
            raise invalid("hash_function")
        if not isinstance(password, str) or (function is None and len(password) not in _PASSWORD_LENGTH):
            raise invalid_password()
        if function is not None and not _HASHED[function].fullmatch(password):
            raise invalid_password()
        return password, function

    def _external(self, body: Json) -> list[dict[str, Any]]:
        if "externalIds" not in body:
            return self.external
        ids: object = body["externalIds"] or []
        listed = cast("list[object]", ids) if isinstance(ids, list) else [None]
        good = all(isinstance(one, Mapping) and "value" in one for one in listed)
        if not good or len(json.dumps(ids).encode()) > _EXTERNAL_ID_BYTES:
            raise invalid("external_ids")
        return cast("list[dict[str, Any]]", listed)


def well_formed(address: str) -> bool:
    """Whether the local part is one that Google takes: up to 64 of `a-z0-9._'-`, no full stop at either end, nor two in a row."""
    local, _, domain = address.rpartition("@")
    return bool(domain and _LOCAL_PART.fullmatch(local) and ".." not in local)


def timestamp(seconds: float) -> str:
    """Unix seconds as Google writes them, in milliseconds of UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(seconds * 1000) % 1000:03}Z"
