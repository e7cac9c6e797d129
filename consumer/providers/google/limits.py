"""Google's limits, and what each of our calls costs. Pure.

Sources: Google's page "Directory API: Limits and Quotas": creations in a domain each second, and queries of a user in a project each
minute; organisational units of a customer each second. The user is the administrator on whose behalf a service account acts. Its page
"Limits and quotas" of the Enterprise License Manager API: one query a second; whose is not said there.
"""

from urllib.parse import urlsplit

from consumer.errors import Throttled
from consumer.events import StepName
from consumer.http.answer import Answer
from consumer.http.client import Call
from consumer.pacing.limit import Limit
from consumer.pacing.terms import Cost
from consumer.providers.google.answers import fault_of
from consumer.providers.google.licence_answers import fault_of as licence_fault_of
from consumer.tenants import OWN_CUSTOMER, GoogleSection


class GoogleTerms:
    """Keeps `Terms` for the accounts of one domain that one administrator creates."""

    patience = None

    def __init__(self, section: GoogleSection, *, domain: str) -> None:
        limits, administrator = section.limits, section.admin_subject.lower()
        self._creations = Limit(f"google/creations/{domain}", "creations", limits.creations, 1)
        self._queries = Limit(f"google/queries/{administrator}", "queries", limits.queries, 60)
        own = section.customer_id == OWN_CUSTOMER
        customer = administrator.rpartition("@")[2] if own else section.customer_id
        self._units = Limit(f"google/org_units/{customer}", "org_units", 1, 1, each_request=True)

    def of_step(self, step: StepName, *, writes: bool) -> Cost:
        return self._cost(creates=writes and step is StepName.CREATE)

    def of_call(self, call: Call) -> Cost:
        return {self._units: 1, self._queries: 1} if _creates_unit(call) else self._cost(creates=_creates(call))

    def refused(self, call: Call, answer: Answer) -> Limit | None:
        """Google does not say which limit it was. A domain's limit on creations is reached long before an administrator's on queries."""
        if not isinstance(fault_of(answer, writes=call.writes, now=0.0), Throttled):
            return None
        if _creates_unit(call):
            return self._units
        return self._creations if _creates(call) else self._queries

    def used(self, answer: Answer) -> None:
        """Google does not tell."""
        del answer

    def _cost(self, *, creates: bool) -> Cost:
        return {self._creations: 1, self._queries: 1} if creates else {self._queries: 1}


_APART = 0.4
"""Seconds by which calls are further apart than the vendor asks: the account's address is read before each, which does not always take
the same time, and the vendor counts when calls arrive. A refusal costs far more.
"""
_PATIENCE = 2.0
"""Seconds: a student whose turn is next waits for it; the others come again when it is theirs."""


class LicensingTerms:
    """Keeps `Terms` for the licences that one administrator gives. Their limit is so low that a whole intake would wait for it."""

    patience = _PATIENCE

    def __init__(self, section: GoogleSection) -> None:
        calls, administrator = section.limits.licences, section.admin_subject.lower()
        self._calls = Limit(
            f"google/licences/{administrator}",
            "licences",
            max(1.0, calls),
            max(1.0, 1 / calls) + _APART,
            each_request=True,
        )

    def of_step(self, step: StepName, *, writes: bool) -> Cost:
        del step, writes
        return {self._calls: 1}

    def of_call(self, call: Call) -> Cost:
        del call
        return {self._calls: 1}

    def refused(self, call: Call, answer: Answer) -> Limit | None:
        return self._calls if isinstance(licence_fault_of(answer, writes=call.writes, now=0.0), Throttled) else None

    def used(self, answer: Answer) -> None:
        """Google does not tell."""
        del answer


def _creates(call: Call) -> bool:
    """`users.insert`."""
    return call.method == "POST" and urlsplit(call.url).path.endswith("/users")


def _creates_unit(call: Call) -> bool:
    """`orgunits.insert`."""
    return call.method == "POST" and urlsplit(call.url).path.endswith("/orgunits")
