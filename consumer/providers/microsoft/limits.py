"""Graph's limits on the identity and access service, and what each of our calls costs. Pure.

Source: Microsoft's page "Microsoft Graph service-specific throttling limits". Left out, as writes are used up long before them: 150,000
resource units of an application in 20 seconds, and 130,000 requests in 10.
"""

from http import HTTPStatus
from urllib.parse import urlsplit

from consumer.events import StepName
from consumer.http.answer import Answer
from consumer.http.client import Call
from consumer.pacing.limit import Limit
from consumer.pacing.terms import Cost
from consumer.tenants import MicrosoftSection

_COSTS = (
    ("/subscribedSkus", 3),
    ("/transitiveMemberOf", 2),
    ("/memberOf", 2),
    ("/users", 2),
    ("/deletedItems/microsoft.graph.user", 2),
    ("/deletedItems/graph.user", 2),
    ("/members", 3),
)
"""Resource units of reads, by how the path ends; any other read costs one."""


class GraphTerms:
    """Keeps `Terms` for one application in one directory."""

    patience = None

    def __init__(self, section: MicrosoftSection) -> None:
        limits, directory, application = section.limits, section.tenant_id.lower(), section.client_id.lower()
        both = f"{directory}/{application}"
        self._writes = Limit(f"microsoft/writes/{both}", "writes", limits.writes, 150)
        self._in_directory = Limit(
            f"microsoft/directory-writes/{directory}", "directory_writes", limits.directory_writes, 300
        )
        self._of_application = Limit(
            f"microsoft/application-writes/{application}", "application_writes", limits.application_writes, 300
        )
        self._units = Limit(f"microsoft/units/{both}", "resource_units", limits.resource_units, 10)

    def of_step(self, step: StepName, *, writes: bool) -> Cost:
        del step
        return self._cost(1, writes=writes)

    def of_call(self, call: Call) -> Cost:
        return self._cost(1 if call.writes else _units(call.url), writes=call.writes)

    def refused(self, call: Call, answer: Answer) -> Limit | None:
        """`x-ms-throttle-information` names the limit and `x-ms-throttle-scope` whose it is, where they are sent (the same page)."""
        if answer.status != HTTPStatus.TOO_MANY_REQUESTS:
            return None
        why = answer.headers.get("x-ms-throttle-information", "")
        if not call.writes or why == "ResourceUnitLimitExceeded":
            return self._units
        scope = answer.headers.get("x-ms-throttle-scope", "").partition("/")[0]
        return {"Tenant": self._in_directory, "Application": self._of_application}.get(scope, self._writes)

    def used(self, answer: Answer) -> float | None:
        try:
            return float(answer.headers["x-ms-throttle-limit-percentage"])
        except (KeyError, ValueError):
            return None

    def _cost(self, units: int, *, writes: bool) -> Cost:
        if not writes:
            return {self._units: units}
        return {self._writes: 1, self._in_directory: 1, self._of_application: 1, self._units: units}


def _units(url: str) -> int:
    """`$select` saves one, `$expand` costs one more; never less than one."""
    path, query = urlsplit(url)[2:4]
    units = next((cost for end, cost in _COSTS if path.endswith(end)), 1)
    return max(1, units - ("$select=" in query) + ("$expand=" in query))
