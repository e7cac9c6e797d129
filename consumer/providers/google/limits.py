"""The Directory API's limits, and what each of our calls costs. Pure.

Source: Google's page "Directory API: Limits and Quotas": creations in a domain each second, and queries of a user in a project each
minute; organisational units of a customer each second. The user is the administrator on whose behalf a service account acts.
"""

from urllib.parse import urlsplit

from consumer.errors import Throttled
from consumer.events import StepName
from consumer.http.answer import Answer
from consumer.http.client import Call
from consumer.pacing.limit import Limit
from consumer.pacing.terms import Cost
from consumer.providers.google.answers import fault_of
from consumer.tenants import OWN_CUSTOMER, GoogleSection


class GoogleTerms:
    """Keeps `Terms` for the accounts of one domain that one administrator creates."""

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


def _creates(call: Call) -> bool:
    """`users.insert`."""
    return call.method == "POST" and urlsplit(call.url).path.endswith("/users")


def _creates_unit(call: Call) -> bool:
    """`orgunits.insert`."""
    return call.method == "POST" and urlsplit(call.url).path.endswith("/orgunits")
