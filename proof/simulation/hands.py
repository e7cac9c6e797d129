"""What people did in the directories before the run."""

from collections.abc import Iterable

from consumer.events import Provider
from consumer.policy.addresses import candidates
from consumer.policy.marker import marker
from consumer.simulators.vendors import Vendors
from consumer.tenants import Tenant
from proof.simulation.institutions import tenants
from proof.simulation.scenario import Beforehand, Resident

_PASSWORD = "set by hand"  # noqa: S105  opens nothing


def settle_in(residents: Iterable[Resident], vendors: Vendors) -> None:
    """Makes the accounts that are there beforehand, at the address that the student would be given first."""
    known = {tenant.id: tenant for tenant in tenants()}
    for resident in residents:
        tenant = known[resident.tenant_id]
        address = next(iter(candidates(tenant.addresses, resident.student)), None)
        if address is None:
            continue
        if resident.provider is Provider.MICROSOFT:
            _at_microsoft(resident, tenant, address, vendors)
        else:
            _at_google(resident, tenant, address, vendors)


def _at_microsoft(resident: Resident, tenant: Tenant, address: str, vendors: Vendors) -> None:
    directory = vendors.graph.directories[tenant.microsoft.tenant_id if tenant.microsoft else ""]
    if directory.known(address) is not None:
        return
    user = directory.add(
        {"userPrincipalName": address, "usageLocation": "GR", "employeeId": _mark(resident)}, password=_PASSWORD
    )
    user.shown_from = 0.0
    if resident.what is Beforehand.DELETED:
        directory.delete(user.id)


def _at_google(resident: Resident, tenant: Tenant, address: str, vendors: Vendors) -> None:
    customer = vendors.google.customer_of(tenant.google.admin_subject if tenant.google else "")
    if customer is None or customer.known(address) is not None:
        return
    user = customer.add_user(address, marker=_mark(resident))
    if resident.what is Beforehand.DELETED:
        customer.delete(user.id)


def _mark(resident: Resident) -> str | None:
    if resident.what is Beforehand.FOREIGN:
        return None
    return marker(resident.provider, resident.tenant_id, resident.student.student_id)
