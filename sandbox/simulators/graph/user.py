"""A user of an Entra directory."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sandbox.simulators.graph.fields import ATTRIBUTE_NAMES, EXTENSION_ATTRIBUTES

_DEFAULT = ("businessPhones", "displayName", "givenName", "id", "jobTitle", "mail", "mobilePhone", "officeLocation",
            "preferredLanguage", "surname", "userPrincipalName")  # fmt: skip
_MARKER = re.compile(r"~[A-Z2-7]{15}")
"""The form of what the service under test writes."""


@dataclass(frozen=True, slots=True)
class Inherited:
    """A licence that a user has by a group, or should have: `error` says what is in the way, by Graph's name."""

    group: str
    sku: str
    error: str | None = None


@dataclass
class User:
    """Times in Unix seconds. `properties` are all but the password, by Graph's names.

    `licences` are assigned to the user itself. `roles` are active for the whole directory; `scoped_roles` are custom ones and those of an
    administrative unit; `eligible_roles` can be activated. `signed_in` is whether it has a session that was not revoked. A `purged` user
    is deleted for good.
    """

    id: str
    properties: dict[str, Any]
    password: str
    created_at: float = 0.0
    password_changed_at: float = 0.0
    signed_in_at: float | None = None
    signed_in: bool = False
    sessions_valid_from: float = 0.0
    licences: list[str] = field(default_factory=list[str])
    inherited: list[Inherited] = field(default_factory=list[Inherited])
    roles: list[str] = field(default_factory=list[str])
    scoped_roles: list[str] = field(default_factory=list[str])
    eligible_roles: list[str] = field(default_factory=list[str])
    deleted_at: float | None = None
    purged: bool = False

    @property
    def upn(self) -> str:
        """The sign-in name; a deleted user's may be a changed one."""
        return str(self.properties["userPrincipalName"])

    @property
    def mail_addresses(self) -> Sequence[str]:
        """Where it receives mail, in lower case; the first is the one that it sends from."""
        proxies: list[str] = self.properties.get("proxyAddresses") or []
        primary_first = sorted(proxies, key=lambda address: not address.startswith("SMTP:"))
        return [address.partition(":")[2].lower() for address in primary_first]

    @property
    def marker(self) -> str | None:
        """What stands on it to tell whose it is, in whatever property; else its `employeeId`."""
        texts = (value for value in self._texts() if isinstance(value, str))
        return next(filter(_MARKER.fullmatch, texts), self.properties.get("employeeId"))

    @property
    def enabled(self) -> bool:
        """Whether it may sign in."""
        return bool(self.properties.get("accountEnabled", True))

    @property
    def skus(self) -> frozenset[str]:
        """The licences that it has, in whatever way."""
        return frozenset((*self.licences, *(one.sku for one in self.inherited if one.error is None)))

    @property
    def synchronised(self) -> bool:
        """Whether a directory on premises is where it is managed."""
        return bool(self.properties.get("onPremisesSyncEnabled"))

    @property
    def deleted_prefix(self) -> str:
        """What a deleted user's sign-in name may begin with (issue 2256 of Microsoft's SDK for PowerShell; the form is not documented)."""
        return self.id.replace("-", "")

    @property
    def attributes(self) -> dict[str, Any]:
        """Its extension attributes, by name."""
        return self.properties.get(EXTENSION_ATTRIBUTES) or {}

    def copy(self) -> "User":
        """As it is now, whatever becomes of it."""
        return replace(
            self, properties=dict(self.properties), licences=list(self.licences), inherited=list(self.inherited)
        )

    def shown(self, select: str | None) -> dict[str, Any]:
        """As Graph shows it: a small set of properties unless others are asked for. Never the password."""
        names = [name.strip() for name in select.split(",")] if select else _DEFAULT
        known: dict[str, Any] = {
            "id": self.id,
            "accountEnabled": True,
            "businessPhones": [],
            "proxyAddresses": [],
            "otherMails": [],
            "deletedDateTime": _written(self.deleted_at),
            "createdDateTime": _written(self.created_at),
            "lastPasswordChangeDateTime": _written(self.password_changed_at),
            "signInSessionsValidFromDateTime": _written(self.sessions_valid_from),
            "assignedLicenses": [{"skuId": sku, "disabledPlans": []} for sku in sorted(self.skus)],
            "licenseAssignmentStates": list(self._assignment_states()),
            "signInActivity": self.signed_in_at and {"lastSignInDateTime": _written(self.signed_in_at)},
            "userType": "Member",
            **self.properties,
            EXTENSION_ATTRIBUTES: {name: self.attributes.get(name) for name in ATTRIBUTE_NAMES},
        }
        return {name: known.get(name) for name in names}

    def _assignment_states(self) -> Iterator[Mapping[str, Any]]:
        direct = [(None, sku, None) for sku in self.licences]
        for group, sku, error in (*direct, *((one.group, one.sku, one.error) for one in self.inherited)):
            yield {
                "skuId": sku,
                "assignedByGroup": group,
                "disabledPlans": [],
                "state": "Error" if error else "Active",
                "error": error or "None",
            }

    def _texts(self) -> Iterator[object]:
        yield from self.attributes.values()
        yield from (
            value for name, value in self.properties.items() if name == "employeeId" or name.startswith("extension_")
        )


def _written(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
