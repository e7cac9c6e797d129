"""A user of an Entra directory."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

_DEFAULT = ("businessPhones", "displayName", "givenName", "id", "jobTitle", "mail", "mobilePhone", "officeLocation",
            "preferredLanguage", "surname", "userPrincipalName")  # fmt: skip


@dataclass
class User:
    """Times in Unix seconds. `shown_from` is when every replica has it; `properties` are all but the password, by Graph's names."""

    id: str
    properties: dict[str, Any]
    password: str
    shown_from: float
    created_at: float = 0.0
    password_changed_at: float = 0.0
    signed_in_at: float | None = None
    licences: list[str] = field(default_factory=list[str])
    roles: list[str] = field(default_factory=list[str])
    deleted_at: float | None = None

    @property
    def upn(self) -> str:
        """The sign-in name; a deleted user's may be a changed one."""
        return str(self.properties["userPrincipalName"])

    @property
    def marker(self) -> str | None:
        """What stands on it to tell whose it is."""
        return self.properties.get("employeeId")

    @property
    def deleted_prefix(self) -> str:
        """What a deleted user's sign-in name may begin with (issue 2256 of Microsoft's SDK for PowerShell; the form is not documented)."""
        return self.id.replace("-", "")

    def shown(self, select: str | None) -> dict[str, Any]:
        """As Graph shows it: a small set of properties unless others are asked for. Never the password."""
        names = [name.strip() for name in select.split(",")] if select else _DEFAULT
        known: dict[str, Any] = {
            "id": self.id,
            "businessPhones": [],
            "proxyAddresses": [],
            "otherMails": [],
            "deletedDateTime": _written(self.deleted_at),
            "createdDateTime": _written(self.created_at),
            "lastPasswordChangeDateTime": _written(self.password_changed_at),
            "assignedLicenses": [{"skuId": sku, "disabledPlans": []} for sku in self.licences],
            "signInActivity": self.signed_in_at and {"lastSignInDateTime": _written(self.signed_in_at)},
            **self.properties,
        }
        return {name: known.get(name) for name in names}


def _written(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
