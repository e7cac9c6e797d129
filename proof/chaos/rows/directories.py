"""Directories as hands lay them out: accounts that were there before, and whom they belong to."""

from secrets import token_urlsafe
from typing import Any

from consumer.events import Provider, Student
from consumer.policy.addresses import candidates
from consumer.tenants import Tenant
from proof.chaos.experiment import Experiment
from sandbox.simulators.google.customer import Customer
from sandbox.simulators.graph.directory import Directory
from sandbox.simulators.people import SCHOOLS

BOTH = (("north-high", Provider.MICROSOFT), ("harbour-college", Provider.GOOGLE))
"""A tenant at each provider."""

NORTH_SCHOOL, SOUTH_SCHOOL, HARBOUR_SCHOOL = SCHOOLS
"""Schools of every institution: each has its group, and its unit at Google."""


def tenant_of(experiment: Experiment, tenant_id: str) -> Tenant:
    """The tenant as it is configured now."""
    return next(tenant for tenant in experiment.installation.tenants if tenant.id == tenant_id)


def entra(experiment: Experiment, tenant_id: str) -> Directory:
    """The tenant's directory at Microsoft."""
    section = tenant_of(experiment, tenant_id).microsoft
    assert section is not None  # noqa: S101  who asks knows its providers
    return experiment.installation.world.graph.directories[section.tenant_id]


def workspace(experiment: Experiment, tenant_id: str) -> Customer:
    """The tenant's directory at Google."""
    section = tenant_of(experiment, tenant_id).google
    customer = experiment.installation.world.google.customer_of(section.admin_subject) if section else None
    assert customer is not None  # noqa: S101  who asks knows its providers
    return customer


def first_address(experiment: Experiment, tenant_id: str, student: Student) -> str:
    """The first that the student would be given."""
    tenant = tenant_of(experiment, tenant_id)
    return next(iter(candidates(tenant.addresses, student, country=tenant.country)))


def place(experiment: Experiment, tenant_id: str, address: str, mark: str | None, **more: Any) -> str:  # noqa: ANN401  Graph's own properties
    """Puts an account there by hand; returns its id. `more`: properties at Graph, arguments of `Customer.add_user` at Google."""
    if tenant_of(experiment, tenant_id).microsoft:
        properties = {
            "userPrincipalName": address,
            "mailNickname": address.partition("@")[0],
            "displayName": "Some Body",
            "accountEnabled": True,
            "usageLocation": "GR",
            **({"employeeId": mark} if mark else {}),
            **more,
        }
        return entra(experiment, tenant_id).add(properties, password=token_urlsafe()).id
    return workspace(experiment, tenant_id).add_user(address, marker=mark, **more).id


def delete(experiment: Experiment, tenant_id: str, ident: str) -> None:
    """Deletes an account by hand."""
    if tenant_of(experiment, tenant_id).microsoft:
        entra(experiment, tenant_id).delete(ident)
    else:
        workspace(experiment, tenant_id).delete(ident)


def block(experiment: Experiment, tenant_id: str, ident: str, *, blocked: bool = True) -> None:
    """Blocks an account's sign-in by hand, or lets it sign in again."""
    if tenant_of(experiment, tenant_id).microsoft:
        entra(experiment, tenant_id).users[ident].properties["accountEnabled"] = not blocked
    elif user := workspace(experiment, tenant_id).known(ident):
        user.suspended = blocked


def strip(experiment: Experiment, tenant_id: str, ident: str) -> None:
    """Takes an account's licences and groups by hand."""
    if tenant_of(experiment, tenant_id).microsoft:
        entra(experiment, tenant_id).strip(ident)
    else:
        workspace(experiment, tenant_id).groups.forget(ident)


def belongings(experiment: Experiment, tenant_id: str, ident: str) -> frozenset[str]:
    """The licences and groups that the account has."""
    if tenant_of(experiment, tenant_id).microsoft:
        directory = entra(experiment, tenant_id)
        inside = (group for group, members in directory.groups.items() if ident in members)
        return frozenset((*directory.users[ident].licences, *inside))
    return frozenset(group.email for group in workspace(experiment, tenant_id).groups.all if ident in group.members)


def unmark(experiment: Experiment, tenant_id: str, ident: str) -> None:
    """Takes the marker from an account by hand."""
    if tenant_of(experiment, tenant_id).microsoft:
        entra(experiment, tenant_id).users[ident].properties.pop("employeeId", None)
    elif user := workspace(experiment, tenant_id).known(ident):
        user.external = []


def of_school(student: Student, school: str) -> Student:
    """The same student in that school, and so in its group and unit."""
    return student.model_copy(update={"attributes": {**student.attributes, "school": school}})
