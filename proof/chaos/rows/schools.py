"""Schools: many tenants in one installation, of which some have no work and others a slow vendor."""

import time
from collections.abc import Sequence
from functools import partial

from consumer.tenants import Tenant
from proof.chaos.experiment import Experiment
from proof.chaos.installation import INSTITUTIONS, Arrange
from proof.chaos.row import BOOK
from proof.chaos.rows.students import people, settled
from sandbox.simulators.faults import FaultRule, Latency
from sandbox.simulators.world import World

_NORTH, _HARBOUR = "north-high", "harbour-college"
_CONFIGURED, _SLOW_ONES = 1_000, 40
_BUSY = 60
_EACH = 2
"""Students of each slow tenant."""
_QUICK = 10
"""Students of the tenant that is looked at."""
SLOW = 2.5
"""Seconds for each of an account's six calls, and less than a call may take."""


def with_copies(count: int, world: World, tenants: Sequence[Tenant]) -> Sequence[Tenant]:
    """And so many tenants more, like the first one and in its directory, each with a domain of its own there; they send no mail."""
    north = tenants[0]
    if north.microsoft is None:
        raise LookupError("the first tenant is at Microsoft")
    directory = world.graph.directories[north.microsoft.tenant_id]
    copies: list[Tenant] = []
    for number in range(count):
        ident = f"school-{number:04}"
        addresses = north.addresses.model_copy(update={"domain": f"{ident}.example"})
        mail = north.welcome_email.model_copy(update={"enabled": False})
        changes = {"id": ident, "addresses": addresses, "mailgun": None, "welcome_email": mail}
        copies.append(north.model_copy(update=changes))
        directory.domains = (*directory.domains, addresses.domain)
    return [*tenants, *copies]


A_THOUSAND: Arrange = partial(with_copies, _CONFIGURED - len(INSTITUTIONS))
"""So many tenants in all."""


async def slow_ones(experiment: Experiment, seconds: float) -> None:
    """From now on Graph takes so long for an answer, and students of 40 of the copies are in work there."""
    experiment.faults(FaultRule(route="graph.*", fault=Latency(low=seconds, high=seconds)))
    slow = [tenant.id for tenant in experiment.installation.tenants if tenant.id.startswith("school-")][:_SLOW_ONES]
    await experiment.produce(
        [experiment.event(tenant, student, 1) for tenant in slow for student in people(experiment, tenant, _EACH)]
    )
    await experiment.sleep(0.1)


async def served(experiment: Experiment, *, first: int = 0) -> float:
    """Seconds until students of the institution that is not at Graph are settled; `first`: other ones than in an earlier call."""
    students = people(experiment, _HARBOUR, _QUICK, first=first)
    begun = time.monotonic()
    await experiment.produce([experiment.event(_HARBOUR, student, 1) for student in students])
    await experiment.until(
        "another vendor's students are served", partial(settled, experiment, [one.student_id for one in students])
    )
    return time.monotonic() - begun


@BOOK.row(
    83,
    "1,000 tenants configured, one busy, a replica killed",
    expected="the students of the busy one are served, by the others too",
    arrange=A_THOUSAND,
)
async def a_thousand(experiment: Experiment) -> None:
    students = people(experiment, _NORTH, _BUSY)
    idents = [student.student_id for student in students]
    await experiment.produce([experiment.event(_NORTH, student, 1) for student in students])
    await experiment.until("the first are served", partial(settled, experiment, idents[:1]))
    experiment.replicas[0].kill()
    experiment.fire("kill")
    await experiment.until("all are served", partial(settled, experiment, idents))


@BOOK.row(
    84,
    "40 tenants whose vendor is slow, one whose is not",
    expected="the other's students are served meanwhile",
    arrange=partial(with_copies, _SLOW_ONES),
    heals_within=180,
)
async def beside_slow_ones(experiment: Experiment) -> None:
    await slow_ones(experiment, SLOW)
    await served(experiment)

    async def answered_late() -> bool:
        return any(call.at - call.begun_at >= SLOW for call in experiment.calls())

    await experiment.until("a slow call is answered", answered_late)
    experiment.fire(f"{SLOW} s for an answer")
    experiment.faults()
