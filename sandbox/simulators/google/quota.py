"""Google's quotas: creations in a domain, organisational units of a customer, queries of a service account acting as one administrator."""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.simulators.google.quirks import GoogleQuirks
from sandbox.simulators.google.refusals import licensing_throttled, throttled
from sandbox.simulators.google.tokens import Grant
from sandbox.simulators.rate import Rate

_A_MINUTE = 60.0


class Quota:
    """Raises `Refusal` (403 or 429) for a call too many. Documented rates are taken as buckets that hold one period's worth.

    Whether Google counts strictly by the second is not documented. Unix seconds come from `clock`.
    """

    def __init__(self, quirks: GoogleQuirks, *, clock: Callable[[], float]) -> None:
        self._quirks = quirks
        self._clock = clock
        self._queries: dict[tuple[str, str], Rate] = {}
        self._creations: dict[str, Rate] = {}
        self._org_units: dict[str, Rate] = {}
        self._licences: dict[str, Rate] = {}

    def charge(self, grant: Grant) -> None:
        """Counts any call of the Directory API."""
        minute = self._quirks.queries_per_minute
        if minute is not None:
            whose = (grant.service_account, grant.subject)
            rate = self._queries.setdefault(whose, Rate(minute / _A_MINUTE, burst=minute, clock=self._clock))
            self._check(rate)

    def charge_creation(self, body: Mapping[str, Any]) -> None:
        """Counts a users.insert in the domain that its body names."""
        second = self._quirks.creations_per_second
        if second is not None:
            domain = str(body.get("primaryEmail", "")).rpartition("@")[2].lower()
            self._check(self._creations.setdefault(domain, Rate(second, burst=second, clock=self._clock)))

    def charge_org_unit(self, customer_id: str) -> None:
        """Counts an orgunits.insert."""
        second = self._quirks.org_units_per_second
        if second is not None:
            self._check(self._org_units.setdefault(customer_id, Rate(second, burst=second, clock=self._clock)))

    def charge_licence(self, grant: Grant) -> None:
        """Counts any call of the License Manager. Raises `Refusal` of its own kind (503)."""
        second = self._quirks.licence_calls_per_second
        if second is not None:
            default = Rate(second, burst=second, clock=self._clock)
            if not self._licences.setdefault(grant.service_account, default).allows():
                raise licensing_throttled()

    def _check(self, rate: Rate) -> None:
        if not rate.allows():
            raise throttled(self._quirks.quota_status, self._quirks.quota_reason)
