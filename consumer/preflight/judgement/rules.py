"""What a tenant's `rules`, and its `suspension`, name at a vendor, each with the place where it stands first. Pure."""

from collections.abc import Mapping

from consumer.configuration.document import Place
from consumer.events import Provider
from consumer.tenants import Tenant


def groups_of(tenant: Tenant, provider: Provider) -> Mapping[str, Place]:
    """The groups at this provider."""
    places: dict[str, Place] = {}
    for number, rule in enumerate(tenant.rules):
        for position, group in enumerate(rule.groups.get(provider, ())):
            places.setdefault(group, ("rules", number, "groups", provider.value, position))
    return places


def admin_units_of(tenant: Tenant) -> Mapping[str, Place]:
    """Microsoft's administrative units."""
    places: dict[str, Place] = {}
    for number, rule in enumerate(tenant.rules):
        if rule.admin_unit:
            places.setdefault(rule.admin_unit, ("rules", number, "admin_unit"))
    return places


def licences_of(tenant: Tenant, provider: Provider) -> Mapping[str, Place]:
    """The licences of this provider."""
    places: dict[str, Place] = {}
    for number, rule in enumerate(tenant.rules):
        for position, licence in enumerate(rule.licences):
            if licence in rule.licences_at(provider):
                places.setdefault(licence, ("rules", number, "licences", position))
    return places


def org_units_of(tenant: Tenant) -> Mapping[str, Place]:
    """Google's organisational units."""
    places: dict[str, Place] = {}
    for number, rule in enumerate(tenant.rules):
        if rule.org_unit:
            places.setdefault(rule.org_unit, ("rules", number, "org_unit"))
    if leavers := tenant.suspension.org_unit:
        places.setdefault(leavers, ("suspension", "org_unit"))
    return places
