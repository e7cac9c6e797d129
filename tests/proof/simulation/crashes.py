"""A scenario of one process that comes by every failpoint."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from consumer.events import Provider, Student
from consumer.failpoints import Point
from consumer.policy.addresses import candidates
from consumer.tenants import Tenant
from proof.simulation.faults import Spell
from proof.simulation.institutions import tenants
from proof.simulation.scenario import Beforehand, Resident, Scenario, Sent
from proof.simulation.sequels import DEPARTED, ENROLLED, GRADUATED, LEFT, encoder, sequel
from proof.simulation.unconfigured import astray
from proof.simulation.vendors import NetworkConditions, host
from sandbox.simulators.events import PLAIN, EventStream, SimulatedRecord
from sandbox.simulators.faults import Answer, FaultRule, LoseAnswer, Refuse
from sandbox.simulators.graph.quirks import GraphQuirks
from sandbox.simulators.sequels import newest_of
from sandbox.simulators.vendors import GRAPH, MAILGUN, Quirks

TENANT = "north"
_MIX = replace(PLAIN, changed=2, repeated=3, broken=4)
_BUSY = Answer(status=429, body="{}", headers={"Retry-After": "5", "Content-Type": "application/json"})
_INVALID = Answer(
    status=400,
    body='{"error": {"code": "Request_BadRequest", "message": "Invalid value specified for property \'surname\' of resource \'User\'."}}',
    headers={"Content-Type": "application/json"},
)


def crashing(*points: Point) -> Scenario:
    """Seven students: one plain, one whose address is taken, two whose accounts are there, two whose mails get lost, and one whose name
    is refused and then corrected. One event is of no institution that is known. Others, at two more institutions, leave.
    """
    records = _records()
    people = list({record.student_id: record.student for record in records if record.breakage is None}.values())
    _, foreign, ours, deleted, found, replaced = people
    mails = (
        FaultRule(
            route="mailgun.messages.send", fault=LoseAnswer(), first=1, containing=(_local(found.contact_email),)
        ),
        FaultRule(route="mailgun.messages.send", fault=Refuse(), first=1, containing=(_local(replaced.contact_email),)),
    )
    wrong, corrected = _corrected()
    refused = FaultRule(route="graph.users.create", fault=_INVALID, containing=(_local(_address(wrong.student)),))
    busy = FaultRule(route="graph.users.list", fault=_BUSY, first=1)
    return Scenario(
        seed=1,
        sent=[
            *(Sent(1.0 + number / 10, record) for number, record in enumerate(records)),
            Sent(4.0, wrong),
            Sent(20.0, corrected),
            Sent(2.0, astray(corrected)),
            *_moving(),
        ],
        residents=[
            Resident(TENANT, Provider.MICROSOFT, foreign, Beforehand.FOREIGN),
            Resident(TENANT, Provider.MICROSOFT, ours, Beforehand.OURS),
            Resident(TENANT, Provider.MICROSOFT, deleted, Beforehand.DELETED),
        ],
        faults=[
            Spell(0.0, 60.0, host(MAILGUN, TENANT), NetworkConditions(rules=mails)),
            Spell(0.0, 60.0, host(GRAPH, TENANT), NetworkConditions(rules=(busy, refused))),
        ],
        crashes=points,
        quirks=Quirks(graph=GraphQuirks(drops_employee_id=True, lag=20.0)),
        replicas=1,
    )


@cache
def _records() -> Sequence[SimulatedRecord]:
    return list(_stream(seed=1, students=6, mix=_MIX))


@cache
def _corrected() -> tuple[SimulatedRecord, SimulatedRecord]:
    """The seventh student, and the same with another family name."""
    wrong = next(record for record in _stream(seed=2, students=1, first=6, mix=PLAIN) if record.version == 2)
    student = wrong.student.model_copy(update={"family_name": "Corrected"})
    return wrong, sequel(wrong, ENROLLED, student)


def _moving() -> Sequence[Sent]:
    """One leaves, and returns under another name. Of three at another school one departs, one returns in time, one graduates."""
    (enrolled,) = _enrolled("isles", students=1)
    left = sequel(enrolled, LEFT)
    renamed = enrolled.student.model_copy(update={"family_name": "Renamed"})
    departing, staying, graduating = _enrolled("south", students=3)
    departed = sequel(staying, DEPARTED)
    return [
        *(Sent(3.0, one) for one in (enrolled, departing, staying, graduating)),
        Sent(30.0, left),
        Sent(30.0, sequel(departing, DEPARTED)),
        Sent(30.0, departed),
        Sent(30.0, sequel(graduating, GRADUATED)),
        Sent(60.0, sequel(departed, ENROLLED)),
        Sent(180.0, sequel(left, ENROLLED, renamed)),
    ]


def _enrolled(tenant: str, students: int) -> Sequence[SimulatedRecord]:
    stream = EventStream(tenants=[_tenant(tenant)], encoder=encoder(), seed=3, students=students, first=7, mix=PLAIN)
    return list(newest_of(list(stream)).values())


def _stream(**what: Any) -> EventStream:
    return EventStream(tenants=[_tenant()], encoder=encoder(), spread=6, **what)


def _tenant(ident: str = TENANT) -> Tenant:
    return next(tenant for tenant in tenants() if tenant.id == ident)


def _address(student: Student) -> str:
    return next(iter(candidates(_tenant().addresses, student)))


def _local(address: str | None) -> str:
    return (address or "").partition("@")[0]
