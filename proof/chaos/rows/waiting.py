"""Waiting: what a newer status cancels, and what is published about waits that last."""

from collections.abc import Sequence
from functools import partial

from consumer.events import AccountProvisioningFailed, Provider, Student
from consumer.policy.marker import marker
from proof.chaos.experiment import Experiment
from proof.chaos.row import BOOK
from proof.chaos.rows.directories import entra, tenant_of, workspace
from proof.chaos.rows.injected import met
from proof.chaos.rows.provider import CREATIONS
from proof.chaos.rows.students import mails, people, reasons, settled
from sandbox.simulators.faults import Answer, FaultRule

_NORTH, _HARBOUR, _SOUTH = "north-high", "harbour-college", "south-academy"
_CREATE, _INSERT = CREATIONS
_EACH = 4
"""Students of each kind."""


@BOOK.row(
    75,
    "a status that does nothing, while the creation still waits",
    expected="no account, no mail",
)
async def cancelled(experiment: Experiment) -> None:
    since = len(experiment.calls())
    students = [(tenant, student) for tenant in (_NORTH, _HARBOUR) for student in people(experiment, tenant, _EACH)]
    experiment.faults(*(_put_off(experiment, tenant, student) for tenant, student in students))
    await experiment.produce([experiment.event(tenant, student, 1) for tenant, student in students])
    wanted = {student.student_id for _, student in students}

    async def waiting() -> bool:
        return set(await reasons(experiment, wanted)) == wanted

    await experiment.until("their creations wait", waiting, seconds=60)
    experiment.fire("creation put off", met(experiment, since))
    withdrawn = [experiment.event(tenant, student, 2, status="withdrawn") for tenant, student in students]
    await experiment.produce(withdrawn)

    async def taken() -> bool:
        return all([await experiment.accepted(event) for event in withdrawn])

    await experiment.until("the withdrawals are accepted", taken, seconds=60)
    experiment.fire("withdrawn meanwhile", len(withdrawn))
    experiment.faults()
    await experiment.quiet()
    marks = {_mark(tenant, student) for tenant, student in students}
    users = [*entra(experiment, _NORTH).users.values(), *workspace(experiment, _HARBOUR).users]
    made = [user for user in users if user.marker in marks]
    experiment.expect(not made, f"{len(made)} accounts for students who were withdrawn before")
    sent = await mails(experiment, wanted)
    experiment.expect(not sent, f"{len(sent)} mails to students who were withdrawn before")


def _put_off(experiment: Experiment, tenant_id: str, student: Student) -> FaultRule:
    """This student's creation is throttled; in the long form it has an outage at Microsoft, which opens the breaker for half a minute."""
    busy = Answer(status=429, body="{}", headers={"Retry-After": "2"})
    away = Answer(status=503, body="") if experiment.full else busy
    graph = tenant_id == _NORTH
    return FaultRule(
        route=_CREATE if graph else _INSERT, fault=away if graph else busy, containing=(_mark(tenant_id, student),)
    )


def _mark(tenant_id: str, student: Student) -> str:
    provider = Provider.MICROSOFT if tenant_id == _NORTH else Provider.GOOGLE
    return marker(provider, tenant_id, student.student_id)


@BOOK.row(
    89,
    "outage, throttling and unclear answers for longer than downstream is left waiting",
    expected="published with final: false and the reason; attempts bounded",
    changes={"provisioning": {"report_after": 4, "report_attempts": 2}},
    heals_within=150,
)
async def long_waits(experiment: Experiment) -> None:
    since = len(experiment.calls())
    students = [
        (tenant, s) for tenant in _WAITS for s in people(experiment, tenant, 3 * _EACH if experiment.full else 1)
    ]
    experiment.faults(*(rule for tenant, student in students for rule in _long_wait(experiment, tenant, student)))
    idents = [student.student_id for _, student in students]
    await experiment.produce([experiment.event(tenant, student, 1) for tenant, student in students])

    async def reported() -> bool:
        waiting = await reasons(experiment, idents, reported=True)
        return set(_WAITS.values()) <= set(waiting.values())

    await experiment.sleep(1.0 if experiment.full else 0.0)
    await experiment.until("the waits are published", reported, seconds=60)
    creations = [call for call in experiment.calls(_CREATE) if "fault" in call.noted]
    experiment.fire("call put off or unclear", met(experiment, since))
    lasted = max(call.at for call in creations) - min(call.at for call in creations)
    most = (len(idents) + experiment.full * experiment.students) * (_QUICK_TRIES + lasted / _CAP)
    experiment.expect(len(creations) <= most, f"{len(creations)} creations in {lasted:.0f} s")
    experiment.faults()
    await experiment.until("all continue", partial(settled, experiment, idents))
    published = [one.outcome for one in await experiment.published(idents)]
    early = [one for one in published if isinstance(one, AccountProvisioningFailed)]
    experiment.expect(all(not one.final and one.retry_at for one in early), "a wait was published as final")
    seen = {(one.tenant_id, str(one.reason)) for one in early}
    experiment.expect(_WAITS.items() <= seen, f"published reasons: {sorted(seen)}")


def _long_wait(experiment: Experiment, tenant_id: str, student: Student) -> Sequence[FaultRule]:
    """The whole tenant's, in the long form; in the short one the student's alone, so that no breaker opens for half a minute."""
    domain = f"@{tenant_of(experiment, tenant_id).addresses.domain}"
    if tenant_id == _HARBOUR:
        searched = () if experiment.full else (student.student_id,)
        return [FaultRule(route="directory.users.list", fault=Answer(status=503, body=""), containing=searched)]
    unclear = Answer(status=200, body="<html>")
    throttled = Answer(status=429, body="{}", headers={"Retry-After": "2"})
    created = domain if experiment.full else marker(Provider.MICROSOFT, tenant_id, student.student_id)
    return [FaultRule(route=_CREATE, fault=unclear if tenant_id == _NORTH else throttled, containing=(created,))]


_WAITS = {_NORTH: "outcome_unknown", _HARBOUR: "provider_unavailable", _SOUTH: "throttled"}
_QUICK_TRIES, _CAP = 8, 2.5
"""Tries until the back-off has grown to its cap of 5 s, and the least that a wait of that kind is, in seconds."""
