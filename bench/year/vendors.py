"""The vendors' limits, as accounts: those that the service keeps to, for the calls that an account takes."""

from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Self

from consumer.events import Provider, StepName
from consumer.pacing.limit import Limit
from consumer.pacing.terms import Terms
from consumer.providers.google.limits import GoogleTerms
from consumer.providers.microsoft.limits import GraphTerms
from consumer.tenants import GoogleSection, ManagedIdentity, MicrosoftSection

_LOOK_UPS = 2
"""For the marker, among live and deleted accounts."""
_WRITES = {
    Provider.MICROSOFT: (StepName.CREATE, StepName.LICENCES, StepName.GROUPS),
    Provider.GOOGLE: (StepName.CREATE, StepName.GROUPS),
}
"""One call each. The mail is another vendor's, whose limit is the account's own."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """Accounts: `burst` at once after a rest, and `rate` a second."""

    rate: float
    burst: float

    @classmethod
    def of(cls, limit: Limit, tokens: int) -> Self:
        """Of a limit of which an account takes so many tokens."""
        return cls(1 / limit.interval / tokens, limit.burst / tokens)


UNLIMITED = Allowance(float("inf"), float("inf"))


@dataclass(frozen=True, slots=True)
class Allowances:
    """The narrowest of a tenant's `own` limits, and of those that all tenants of the provider have in `common`."""

    own: Allowance
    common: Allowance


@cache
def allowances(provider: Provider, *, one_application: bool) -> Allowances:
    """`one_application`: all directories of Microsoft are reached by the same Entra application, where each should have its own."""
    one, other = (_cost(provider, number, one_application=one_application) for number in (1, 2))
    return Allowances(_narrowest(one - other), _narrowest(one & other))


def _cost(provider: Provider, tenant: int, *, one_application: bool) -> Counter[Limit]:
    """Tokens that an account takes: a limit that two tenants share has the same key for both."""
    terms = _terms(provider, tenant, application=0 if one_application else tenant)
    cost = Counter[Limit]()
    for _ in range(_LOOK_UPS):
        cost.update(terms.of_step(StepName.CREATE, writes=False))
    for step in _WRITES[provider]:
        cost.update(terms.of_step(step, writes=True))
    return cost


def _terms(provider: Provider, tenant: int, *, application: int) -> Terms:
    if provider is Provider.GOOGLE:
        domain = f"school-{tenant}.example"
        section = GoogleSection(impersonate=f"service@{domain}", admin_subject=f"admin@{domain}")
        return GoogleTerms(section, domain=domain)
    return GraphTerms(
        MicrosoftSection(
            tenant_id=_guid(tenant),
            client_id=_guid(application),
            managed_identity=ManagedIdentity.USER_ASSIGNED,
            usage_location="GR",
        )
    )


def _guid(number: int) -> str:
    return f"00000000-0000-0000-0000-{number:012}"


def _narrowest(cost: Counter[Limit]) -> Allowance:
    each = [Allowance.of(limit, tokens) for limit, tokens in cost.items()]
    return min(each, key=lambda allowance: (allowance.rate, allowance.burst), default=UNLIMITED)
