"""Whether a changed name asks for another address. Pure."""

from collections.abc import Mapping

from consumer.events import Provider, Student
from consumer.policy.addresses import is_candidate
from consumer.policy.profile import ProfilePart, profile, written
from consumer.tenants import Tenant

_NAMES = (ProfilePart.GIVEN_NAME, ProfilePart.FAMILY_NAME, ProfilePart.DISPLAY_NAME)


def fits(tenant: Tenant, student: Student, address: str) -> bool:
    """Whether the student may be given this address today."""
    return is_candidate(tenant.addresses, student, address.lower(), country=tenant.country)


def is_outdated(
    tenant: Tenant, provider: Provider, student: Student, *, address: str, body: Mapping[str, str | None]
) -> bool:
    """Whether the student's name is another than what was written to the account last (`body`), and gives other addresses.

    A change of `addresses` alone asks for none: it would rename a whole school.
    """
    said, says = written(provider, body), profile(provider, student)
    changed = any(said.get(part) != says.get(part) for part in _NAMES)
    return changed and not fits(tenant, student, address)
