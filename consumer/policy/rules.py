"""What a tenant's rules give a student."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from consumer.events import Provider, Student
from consumer.policy.condition import matches
from consumer.tenants import Announce, Tenant

ROOT = "/"
"""The organisational unit of accounts to which no rule gives one."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What an account is given at one provider; each list in the order of the rules, without repeats."""

    org_unit: str | None = None
    licences: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    admin_unit: str | None = None

    @property
    def admin_units(self) -> tuple[str, ...]:
        """The administrative unit as the one membership of its kind, or none."""
        return () if self.admin_unit is None else (self.admin_unit,)


def grant(tenant: Tenant, student: Student, provider: Provider) -> Grant:
    """Folds the rules that match the student: licences and groups add up, the last organisational and the last administrative unit stand.

    Organisational units are Google's, administrative units Microsoft's: the other provider's grant leaves them out. Each provider has
    licences of its own.
    """
    rules = [rule for rule in tenant.rules if matches(rule.when, student.attributes)]
    return Grant(
        org_unit=_last(rule.org_unit for rule in rules) if provider is Provider.GOOGLE else None,
        licences=_unique(rule.licences_at(provider) for rule in rules),
        groups=_unique(rule.groups.get(provider, ()) for rule in rules),
        admin_unit=_last(rule.admin_unit for rule in rules) if provider is Provider.MICROSOFT else None,
    )


def licences_last(tenant: Tenant, provider: Provider, *, wants_account: bool) -> bool:
    """Whether licences are given and taken behind everything else, what is reported of the event included.

    So it is at Google, which takes one call a second: no student waits behind others' licences for an account or its password. A tenant
    that has accounts announced when they are complete wants just that.
    """
    return provider is Provider.GOOGLE and not (wants_account and tenant.announce is Announce.COMPLETE)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What a suspension takes besides the sign-in, at one provider."""

    sessions: bool = False
    licences: bool = False
    org_unit: str | None = None


def withdrawal(tenant: Tenant, provider: Provider) -> Withdrawal:
    """By the tenant's `suspension`.

    Google ends sessions with every suspension (its help, "Sign a user out of a managed Google Account"), and has the units.
    """
    wanted = tenant.suspension
    if provider is Provider.GOOGLE:
        return Withdrawal(licences=wanted.remove_licences, org_unit=wanted.org_unit)
    return Withdrawal(sessions=wanted.end_sessions, licences=wanted.remove_licences)


def surplus(given: tuple[str, ...], in_doubt: tuple[str, ...], wanted: Collection[str]) -> tuple[str, ...]:
    """Of licences or groups that this service gave, or may have given: those that are not wanted any more."""
    return tuple(one for one in _unique((given, in_doubt)) if one not in wanted)


def _last(units: Iterable[str | None]) -> str | None:
    return next((unit for unit in reversed(list(units)) if unit is not None), None)


def _unique(lists: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for items in lists for item in items))
