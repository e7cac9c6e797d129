"""Waiting: what a newer status cancels, and what downstream is told of waits that last."""

from collections.abc import Sequence
from functools import partial

from consumer.events import AccountProvisioningFailed, Provider, Student
from consumer.policy.marker import marker
from proof.chaos.row import BOOK
from proof.chaos.rows.directories import entra, tenant_of, workspace
from proof.chaos.rows.moods import met
from proof.chaos.rows.provider import CREATIONS
from proof.chaos.rows.students import mails, people, reasons, settled
from proof.chaos.scene import Scene
from sandbox.simulators.temper import Answer, Rule

_NORTH, _HARBOUR, _SOUTH = "north-high", "harbour-college", "south-academy"
_CREATE, _INSERT = CREATIONS
_EACH = 4
"""Students of each kind."""


@BOOK.row(
    75,
    "a status that does nothing, while the creation still waits",
    expected="no account, no mail",
)
async def cancelled(scene: Scene) -> None:
    since = len(scene.calls())
    students = [(tenant, student) for tenant in (_NORTH, _HARBOUR) for student in people(scene, tenant, _EACH)]
    scene.tempers(*(_put_off(scene, tenant, student) for tenant, student in students))
    await scene.produce([scene.event(tenant, student, 1) for tenant, student in students])
    wanted = {student.student_id for _, student in students}

    async def waiting() -> bool:
        return set(await reasons(scene, wanted)) == wanted

    await scene.until("their creations wait", waiting, seconds=60)
    scene.fire("creation put off", met(scene, since))
    withdrawn = [scene.event(tenant, student, 2, status="withdrawn") for tenant, student in students]
    await scene.produce(withdrawn)

    async def taken() -> bool:
        return all([await scene.accepted(event) for event in withdrawn])

    await scene.until("the withdrawals are accepted", taken, seconds=60)
    scene.fire("withdrawn meanwhile", len(withdrawn))
    scene.tempers()
    await scene.quiet()
    marks = {_mark(tenant, student) for tenant, student in students}
    users = [*entra(scene, _NORTH).users.values(), *workspace(scene, _HARBOUR).users]
    made = [user for user in users if user.marker in marks]
    scene.expect(not made, f"{len(made)} accounts for students who were withdrawn before")
    sent = await mails(scene, wanted)
    scene.expect(not sent, f"{len(sent)} mails to students who were withdrawn before")


def _put_off(scene: Scene, tenant_id: str, student: Student) -> Rule:
    """This student's creation is throttled; in the long form it has an outage at Microsoft, which opens the breaker for half a minute."""
    busy = Answer(status=429, body="{}", headers={"Retry-After": "2"})
    away = Answer(status=503, body="") if scene.full else busy
    graph = tenant_id == _NORTH
    return Rule(
        route=_CREATE if graph else _INSERT, temper=away if graph else busy, containing=(_mark(tenant_id, student),)
    )


def _mark(tenant_id: str, student: Student) -> str:
    provider = Provider.MICROSOFT if tenant_id == _NORTH else Provider.GOOGLE
    return marker(provider, tenant_id, student.student_id)


@BOOK.row(
    89,
    "outage, throttling and unclear answers for longer than downstream is left waiting",
    expected="told with final: false and the reason; tries bounded",
    changes={"provisioning": {"report_after": 4, "report_attempts": 2}},
    heals_within=150,
)
async def long_waits(scene: Scene) -> None:
    since = len(scene.calls())
    students = [(tenant, s) for tenant in _WAITS for s in people(scene, tenant, 3 * _EACH if scene.full else 1)]
    scene.tempers(*(rule for tenant, student in students for rule in _long_wait(scene, tenant, student)))
    idents = [student.student_id for _, student in students]
    await scene.produce([scene.event(tenant, student, 1) for tenant, student in students])

    async def reported() -> bool:
        waiting = await reasons(scene, idents, reported=True)
        return set(_WAITS.values()) <= set(waiting.values())

    await scene.sleep(1.0 if scene.full else 0.0)
    await scene.until("downstream is told", reported, seconds=60)
    creations = [call for call in scene.calls(_CREATE) if "temper" in call.noted]
    scene.fire("call put off or unclear", met(scene, since))
    lasted = max(call.at for call in creations) - min(call.at for call in creations)
    most = (len(idents) + scene.full * scene.students) * (_QUICK_TRIES + lasted / _CAP)
    scene.expect(len(creations) <= most, f"{len(creations)} creations in {lasted:.0f} s")
    scene.tempers()
    await scene.until("all go on", partial(settled, scene, idents))
    told = [one.outcome for one in await scene.told(idents)]
    early = [one for one in told if isinstance(one, AccountProvisioningFailed)]
    scene.expect(all(not one.final and one.retry_at for one in early), "a wait was told as the end")
    seen = {(one.tenant_id, str(one.reason)) for one in early}
    scene.expect(_WAITS.items() <= seen, f"downstream was told {sorted(seen)}")


def _long_wait(scene: Scene, tenant_id: str, student: Student) -> Sequence[Rule]:
    """The whole tenant's, in the long form; in the short one the student's alone, so that no breaker opens for half a minute."""
    domain = f"@{tenant_of(scene, tenant_id).addresses.domain}"
    if tenant_id == _HARBOUR:
        searched = () if scene.full else (student.student_id,)
        return [Rule(route="directory.users.list", temper=Answer(status=503, body=""), containing=searched)]
    unclear = Answer(status=200, body="<html>")
    throttled = Answer(status=429, body="{}", headers={"Retry-After": "2"})
    created = domain if scene.full else marker(Provider.MICROSOFT, tenant_id, student.student_id)
    return [Rule(route=_CREATE, temper=unclear if tenant_id == _NORTH else throttled, containing=(created,))]


_WAITS = {_NORTH: "outcome_unknown", _HARBOUR: "provider_unavailable", _SOUTH: "throttled"}
_QUICK_TRIES, _CAP = 8, 2.5
"""Tries until the back-off has grown to its cap of 5 s, and the least that a wait of that kind is, in seconds."""
