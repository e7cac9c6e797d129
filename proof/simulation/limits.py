"""An intake at a vendor's published limits: so many students of one institution at once, and three replicas, which leave and join."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from consumer.events import Provider
from consumer.tenants import Rule, Tenant
from proof.history import WRITES, Call, History, Operation
from proof.simulation.faults import ClockStep, Fault, Kill, Restart
from proof.simulation.institutions import tenants
from proof.simulation.scenario import Scenario, Sent
from proof.simulation.sequels import encoder
from sandbox.simulators.events import EventStream, Mix
from sandbox.simulators.google.quirks import GoogleQuirks
from sandbox.simulators.graph.quirks import GraphQuirks
from sandbox.simulators.vendors import Quirks

_SCHOOL = {Provider.MICROSOFT: "north", Provider.GOOGLE: "south"}
_PLAIN = Mix(sync_disabled=0, idle=0, late=0, changed=0, withdrawn_first=0, repeated=0, tied=0, broken=0)
"""Each student's event, and one that does nothing."""
_EVENTS = 30.0
"""In a second, of which half act. All at once would be the same to the vendor, and cost the simulation five times the work."""
_BACK_AFTER = 5.0
_REFUSED = {HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
_STEP = 3_600.0
_CONCURRENCY = 16
_REPLICAS = 3

CREATIONS, LICENCES, QUERIES, GRAPH_WRITES, GRAPH_SECONDS = 10, 1, 2_400, 3_000, 150
"""Google's creations and calls about licences in a second, and queries in a minute; Graph's writes in so many seconds."""


def kills(count: int) -> Sequence[Fault]:
    """One of the replicas every minute."""
    return [Kill(60.0 * (turn + 1), turn % _REPLICAS, _BACK_AFTER) for turn in range(count)]


def comings_and_goings(count: int) -> Sequence[Fault]:
    """Every 20 s one of the replicas leaves in the orderly way, and joins again."""
    return [Restart(20.0 * turn + 10, turn % _REPLICAS) for turn in range(count)]


def clock_steps() -> Sequence[Fault]:
    """An hour forth and back again, while replicas have taken tokens that they have not used yet."""
    return [ClockStep(10.0, _STEP), ClockStep(30.0, -_STEP)]


def intake(
    provider: Provider, students: int, *, faults: Sequence[Fault] = (), licences: Sequence[str] = ()
) -> Scenario:
    """Events come faster than the limits allow. The vendor keeps to its published limits, and names no time when it refuses.

    `licences` are given to all students, besides what the rules give them.
    """
    everyone = [_giving(tenant, licences) for tenant in tenants(concurrency=_CONCURRENCY)]
    school = [tenant for tenant in everyone if tenant.id == _SCHOOL[provider]]
    stream = EventStream(seed=1, tenants=school, students=students, encoder=encoder(), mix=_PLAIN, spread=4)
    return Scenario(
        seed=1,
        sent=[Sent(number / _EVENTS, record) for number, record in enumerate(stream)],
        faults=faults,
        quirks=Quirks(
            google=GoogleQuirks(
                creations_per_second=CREATIONS, queries_per_minute=QUERIES, licence_calls_per_second=LICENCES
            ),
            graph=GraphQuirks(writes_per_window=GRAPH_WRITES, retry_after=None),
        ),
        replicas=_REPLICAS,
        tenants=tuple(everyone),
    )


def _giving(tenant: Tenant, licences: Sequence[str]) -> Tenant:
    """Accounts are in no unit: each new unit costs the creations that were refused for it."""
    if tenant.id not in _SCHOOL.values():
        return tenant
    rules = [rule.model_copy(update={"org_unit": None}) for rule in tenant.rules]
    return tenant.model_copy(update={"rules": (*rules, *([Rule(licences=tuple(licences))] if licences else ()))})


@dataclass(frozen=True, slots=True)
class Use:
    """Of a limit, by the vendor's own record: how many calls it served and refused, within how many seconds."""

    served: int
    refused: int
    seconds: float

    @property
    def refused_share(self) -> float:
        """Of all calls."""
        return self.refused / (self.served + self.refused)


def creations(history: History) -> Use:
    """Accounts at Google."""
    return _use([call for call in history.calls if call.service == "google" and call.operation is Operation.CREATE])


def licences(history: History) -> Use:
    """Calls that gave some at Google."""
    return _use([call for call in history.calls if call.service == "google" and call.operation is Operation.LICENCES])


def writes(history: History) -> Use:
    """At Graph."""
    return _use([call for call in history.calls if call.service == "microsoft" and call.operation in WRITES])


def _use(calls: Sequence[Call]) -> Use:
    refused = sum(call.status in _REFUSED for call in calls)
    return Use(len(calls) - refused, refused, calls[-1].at - calls[0].at)
