"""What a reconciliation keeps in the ledger while it lists a directory, and what it compares."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from consumer.events import Provider


class Stage(StrEnum):
    """What is being listed of a directory."""

    ACCOUNTS = "accounts"
    DELETED = "deleted"
    MEMBERS = "members"  # of `Place.group`
    UNIT_MEMBERS = "unit_members"  # of `Place.group`, which is an administrative unit then
    LICENSED = "licensed"  # who has `Place.group`, a licence
    LISTED = "listed"  # everything is


@dataclass(frozen=True, slots=True)
class Place:
    """Where a listing stands: `group` is the group, or the licence, that is listed; `page` is the next one (None: the first)."""

    stage: Stage
    group: str | None = None
    page: str | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """One provider's, since `started_at`. `resumed`: it was begun by an earlier run that did not come to its end."""

    started_at: datetime
    place: Place
    resumed: bool


@dataclass(frozen=True, slots=True)
class Expected:
    """An account that the ledger has. `object_id`: None where the ledger does not know whether it exists.

    `judged`: nothing is planned for the student, and nothing was changed since some time before the listing began; an account that is not
    is left out of the comparison. `open`: whether the student should be able to sign in. `wants_account`: what the newest event wants
    (None: nothing). `licences`, in lower case, and `groups`, administrative units among them, are those that this service gave; `org_unit`
    where it put the account, None where it did not.
    """

    provider: Provider
    student_id: str
    marker: str
    object_id: str | None
    address: bytes
    judged: bool
    open: bool
    wants_account: bool | None
    licences: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    org_unit: str | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """An account that the directory shows. `address` is a digest; `licences` and `org_unit` are None where the provider has none of it."""

    object_id: str
    marker: str | None
    address: bytes
    deleted: bool
    enabled: bool
    synchronised: bool
    licences: frozenset[str] | None
    groups: frozenset[str] = frozenset()
    org_unit: str | None = None

    def having(self, licences: frozenset[str]) -> "Listed":
        """The same, with these licences."""
        return replace(self, licences=licences)

    def inside(self, groups: frozenset[str]) -> "Listed":
        """The same, as a member of these groups."""
        return replace(self, groups=groups)


def address_digest(address: str) -> bytes:
    """What stands for an address where it is compared only; the ledger's statement computes the same."""
    return sha256(address.lower().encode()).digest()
