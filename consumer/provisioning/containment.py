"""Who waits after a refusal: everyone who is affected by it, and no other.

A call names its service and, where it can be refused by itself, the part of it that it needs: a group, the licences, a kind of look-up.
A refusal makes those wait who are affected:

    Scope.TENANT     the service ──▶ every student of the tenant
    Scope.OPERATION  the part's first name (`creations`) ──▶ every student for whom the same is to be done
    Scope.RESOURCE   the part (`creations/units/7`)      ──▶ every student whose calls need that part
    Scope.STUDENT    nothing     ──▶ but the same refusal, met by several students within minutes, is the institution's: the part
                                     waits where the call has one, else the service
"""

import asyncio
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from consumer.errors import Fault, Hold, OutcomeUnknown, RetryLater, Scope, Throttled, Unavailable
from consumer.events import StepName
from consumer.ledger.port.places import place_of, within
from consumer.ledger.port.student import Lease
from consumer.ledger.port.writes import TenantWaits
from consumer.observe.metrics import Metrics
from consumer.provisioning.breaker import Breaker, Breakers
from consumer.provisioning.refusals import Refusals
from consumer.provisioning.throttles import Throttles
from consumer.provisioning.waitlog import WaitLog


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: `call` for one call in all; `lease` for which a result is worth committing; `tenant_held` until a tenant that waits for
    a person is tried again; `throttled`, at most, where a vendor names no time."""

    call: float
    lease: float
    tenant_held: float
    throttled: float


@dataclass(frozen=True, slots=True)
class Experience:
    """What a process has met, over all of its students."""

    breakers: Breakers
    refusals: Refusals = field(default_factory=Refusals)
    waits: WaitLog = field(default_factory=WaitLog)
    throttles: Throttles = field(default_factory=Throttles)


class Containment:
    """For the calls about one student. What it learns of services and their parts is shared by all students, in `experience`."""

    def __init__(self, lease: Lease, *, limits: Limits, metrics: Metrics, experience: Experience) -> None:
        self._lease = lease
        self._limits = limits
        self._metrics = metrics
        self._experience = experience

    def _breaker(self, place: str) -> Breaker:
        return self._experience.breakers.of(self._lease.tenant_id, place)

    @contextmanager
    def passage(self, service: str, part: str | None) -> Generator[None]:
        """Around one call, from its intent on. Raises `RetryLater` or `OnHold` where a breaker is open."""
        with ExitStack() as passages:
            for place in within(place_of(service, part)):
                passages.enter_context(self._breaker(place).passage())
            yield

    def answered(self, service: str, part: str | None = None) -> None:
        """The service, and the part of it, has answered, and did not refuse for its load."""
        self._experience.throttles.served((self._lease.tenant_id, service))
        self._responded(service, part)

    def _responded(self, service: str, part: str | None = None) -> None:
        now = asyncio.get_running_loop().time()
        for place in within(place_of(service, part)):
            self._breaker(place).answered()
            self._experience.waits.answers(self._lease.tenant_id, place, now=now)

    def waits(self, name: StepName, service: str, part: str | None, fault: Fault) -> TenantWaits | None:
        """What must be committed so that all who are affected wait, where that is more than this student."""
        if fault.service is not None and fault.service != service:
            service, part = fault.service, None
        if not isinstance(fault, Hold | RetryLater | OutcomeUnknown):
            self.answered(service)
            return None
        place, seconds = service, None
        if isinstance(fault, Unavailable | OutcomeUnknown):
            seconds = self._breaker(service).failed()
        elif isinstance(fault, Hold) and (held := self._held_place(service, part, fault)):
            place, seconds = held, self._limits.tenant_held
            self._breaker(place).held(fault)
            if place != service:
                self.answered(service)
        elif isinstance(fault, Throttled):
            self._responded(service)
            seconds = self._throttled(service) if fault.after is None else fault.after
        else:
            self.answered(service)
        if seconds is None:
            return None
        self._metrics.tenant_waits.labels(self._lease.tenant_id, service).inc()
        now = asyncio.get_running_loop().time()
        self._experience.waits.waits(self._lease.tenant_id, place, fault, seconds=seconds, now=now)
        return TenantWaits(place, seconds, fault.reason, name, fault.code, held=isinstance(fault, Hold))

    def _throttled(self, service: str) -> float:
        now = asyncio.get_running_loop().time()
        place = (self._lease.tenant_id, service)
        return self._experience.throttles.seconds(place, now, longest=self._limits.throttled)

    def _held_place(self, service: str, part: str | None, hold: Hold) -> str | None:
        """The service or the part of it that waits after this hold; None where it is the student alone who does."""
        place = place_of(service, part)
        if hold.scope is Scope.TENANT:
            return service
        if hold.scope is Scope.OPERATION:
            return place_of(service, part and part.partition("/")[0])
        if hold.scope is Scope.RESOURCE and part is not None:
            return place
        if hold.code is None:  # our own finding about this student, and no vendor's refusal
            return None
        refused = (self._lease.tenant_id, place, hold.code)
        now = asyncio.get_running_loop().time()
        return place if self._experience.refusals.common(refused, self._lease.student_id, now) else None
