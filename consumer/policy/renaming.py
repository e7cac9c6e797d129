"""Whether an account's address follows its student's changed name. Pure."""

from collections.abc import Mapping
from typing import Protocol

from consumer.events import Origin, Provider, Student
from consumer.policy.addresses import is_candidate
from consumer.policy.profile import ProfilePart, profile, written
from consumer.tenants import OnChange, Rename, Tenant

_NAMES = (ProfilePart.GIVEN_NAME, ProfilePart.FAMILY_NAME, ProfilePart.DISPLAY_NAME)


class Addressed(Protocol):
    """What decides of an account; the ledger's `Account` is one. `body`: what was written to it last."""

    @property
    def provider(self) -> Provider: ...
    @property
    def address(self) -> str: ...
    @property
    def next_address(self) -> str | None: ...
    @property
    def origin(self) -> Origin | None: ...
    @property
    def body(self) -> Mapping[str, str | None]: ...


def fits(tenant: Tenant, student: Student, address: str) -> bool:
    """Whether the student may be given this address today."""
    return is_candidate(tenant.addresses, student, address.lower(), country=tenant.country)


def is_to_be_renamed(tenant: Tenant, student: Student, account: Addressed, *, renamed_ahead: bool = False) -> bool:
    """Whether the account, which this service made, is on its way to another address, or the student's name gives others now.

    `renamed_ahead`: its address is by a name that was never written to it, so that the names in it do not tell.

    A change of `addresses` alone renames no account: it would rename a whole school.
    """
    follows = tenant.on_change is OnChange.FOLLOW and tenant.addresses.rename is not Rename.NEVER
    if not follows or account.origin is Origin.ADOPTED:
        return False
    if account.next_address is not None:
        return True
    said, says = written(account.provider, account.body), profile(account.provider, student)
    changed = renamed_ahead or any(said.get(part) != says.get(part) for part in _NAMES)
    return changed and not fits(tenant, student, account.address)
