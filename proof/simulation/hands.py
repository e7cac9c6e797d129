"""What people do in the directories: before the run, and in it."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from consumer.events import Provider
from consumer.policy.addresses import candidates
from consumer.policy.marker import marker
from consumer.tenants import Tenant
from proof.simulation.institutions import tenants
from proof.simulation.scenario import Beforehand, Resident
from sandbox.simulators.google.customer import Customer
from sandbox.simulators.graph.directory import Directory
from sandbox.simulators.vendors import Vendors

SCHOOLS_PASSWORD = "Chosen-by-the-school-1"  # noqa: S105  opens nothing

_PASSWORD = "set by hand"  # noqa: S105  opens nothing
_ROLE = "62e90394-69f5-4237-9190-012177145e10"
_TRAITS: Mapping[Beforehand, dict[str, Any]] = {
    Beforehand.GUEST: {"userType": "Guest"},
    Beforehand.SYNCHRONISED: {"onPremisesSyncEnabled": True},
}
_AT_HOME = frozenset({Beforehand.FOREIGN, Beforehand.OURS, Beforehand.DELETED})


def settle_in(residents: Iterable[Resident], vendors: Vendors) -> None:
    """Makes the accounts that are there beforehand, at the address that the student would be given first; strangers have their own."""
    known = {tenant.id: tenant for tenant in tenants()}
    for resident in residents:
        tenant = known[resident.tenant_id]
        address = _address(resident, tenant)
        if address is None:
            continue
        if resident.provider is Provider.MICROSOFT:
            _at_microsoft(resident, tenant, address, vendors)
        else:
            _at_google(resident, tenant, address, vendors)


def replace_passwords(tenant_id: str, vendors: Vendors, *, now: float) -> frozenset[str]:
    """The ids of the accounts in the tenant's domain that got another password now, in Unix seconds; their owners have used it.

    Accounts that are younger than `_SETTLED` are left alone: Microsoft tells when a password was changed, but an adapter must allow for
    clocks that differ.
    """
    directory, customer = _directories(tenant_id, vendors)
    domain = f"@{_tenant(tenant_id).addresses.domain}"
    done = set[str]()
    for user in directory.users.values() if directory else ():
        if user.upn.endswith(domain) and user.deleted_at is None and user.password_changed_at < now - _SETTLED:
            user.password, user.password_changed_at, user.signed_in_at = SCHOOLS_PASSWORD, now, now
            done.add(user.id)
    for known in customer.users if customer else ():
        if known.primary_email.endswith(domain) and known.deleted_at is None and known.created_at < now - _SETTLED:
            known.password, known.hash_function, known.last_login_at = SCHOOLS_PASSWORD, None, now
            done.add(known.id)
    return frozenset(done)


_SETTLED = 150.0
"""Seconds."""


def change_accounts(tenant_id: str, done: Collection[str], vendors: Vendors) -> None:
    """Deletes the accounts with these ids and takes their licences and groups, in turn."""
    directory, customer = _directories(tenant_id, vendors)
    for index, ident in enumerate(sorted(done)):
        if directory is not None and ident in directory.users:
            (directory.delete if index % 2 else directory.strip)(ident)
        elif customer is not None and customer.known(ident) is not None:
            (customer.delete if index % 2 else customer.groups.forget)(ident)


def _tenant(tenant_id: str) -> Tenant:
    return next(one for one in tenants() if one.id == tenant_id)


def _directories(tenant_id: str, vendors: Vendors) -> tuple[Directory | None, Customer | None]:
    """The tenant's own at Microsoft and at Google."""
    tenant = _tenant(tenant_id)
    return (
        vendors.graph.directories[tenant.microsoft.tenant_id] if tenant.microsoft else None,
        vendors.google.customer_of(tenant.google.admin_subject) if tenant.google else None,
    )


def _address(resident: Resident, tenant: Tenant) -> str | None:
    if resident.what in _AT_HOME:
        return next(iter(candidates(tenant.addresses, resident.student, country=tenant.country)), None)
    return f"{resident.what.name.lower()}.{resident.student.student_id.lower()}@{tenant.addresses.domain}"


def _at_microsoft(resident: Resident, tenant: Tenant, address: str, vendors: Vendors) -> None:
    directory = vendors.graph.directories[tenant.microsoft.tenant_id if tenant.microsoft else ""]
    if directory.known(address) is not None:
        return
    properties: dict[str, Any] = {
        "userPrincipalName": address,
        "usageLocation": "GR",
        "employeeId": _mark(resident),
    }
    user = directory.add(properties | _TRAITS.get(resident.what, {}), password=_PASSWORD)
    if resident.what is Beforehand.ADMINISTRATOR:
        user.roles.append(_ROLE)
    if resident.what is Beforehand.DELETED:
        directory.delete(user.id)
    directory.replicas.catch_up(user)


def _at_google(resident: Resident, tenant: Tenant, address: str, vendors: Vendors) -> None:
    customer = vendors.google.customer_of(tenant.google.admin_subject if tenant.google else "")
    if customer is None or customer.known(address) is not None:
        return
    user = customer.add_user(
        address,
        marker=_mark(resident),
        is_admin=resident.what is Beforehand.ADMINISTRATOR,
        is_guest=resident.what in {Beforehand.GUEST, Beforehand.SYNCHRONISED},  # nothing is synchronised into Google
    )
    if resident.what is Beforehand.DELETED:
        customer.delete(user.id)


def _mark(resident: Resident) -> str | None:
    if resident.what is Beforehand.FOREIGN:
        return None
    if resident.what is Beforehand.STAFF:
        return resident.student.student_id
    return marker(resident.provider, resident.tenant_id, resident.student.student_id)
