"""Schools: many tenants in one installation, of which some have no work and others a slow vendor."""

from collections.abc import Sequence
from functools import partial

from consumer.tenants import Tenant
from proof.chaos.experiment import Experiment
from proof.chaos.installation import INSTITUTIONS
from proof.chaos.row import BOOK
from proof.chaos.rows.students import people, settled
from sandbox.simulators.faults import FaultRule, Latency
from sandbox.simulators.world import World

_NORTH, _HARBOUR = "north-high", "harbour-college"
_CONFIGURED, _SLOW_ONES = 1_000, 40
_BUSY = 60
_EACH = 2
"""Students of each slow tenant."""
_SLOW = 2.5
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


@BOOK.row(
    83,
    "1,000 tenants configured, one busy, a replica killed",
    expected="the students of the busy one are served, by the others too",
    arrange=partial(with_copies, _CONFIGURED - len(INSTITUTIONS)),
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
    experiment.faults(FaultRule(route="graph.*", fault=Latency(low=_SLOW, high=_SLOW)))
    slow = [tenant.id for tenant in experiment.installation.tenants if tenant.id.startswith("school-")]
    waiting = [(tenant, student) for tenant in slow for student in people(experiment, tenant, _EACH)]
    await experiment.produce([experiment.event(tenant, student, 1) for tenant, student in waiting])
    await experiment.sleep(0.5)
    quick = people(experiment, _HARBOUR, 10)
    await experiment.produce([experiment.event(_HARBOUR, student, 1) for student in quick])
    await experiment.until(
        "the other's students are served", partial(settled, experiment, [student.student_id for student in quick])
    )
    late = [call for call in experiment.calls() if call.at - call.begun_at >= _SLOW]
    experiment.fire(f"{_SLOW} s for an answer", len(late))
    experiment.faults()
