"""Scenarios of one process that come by every failpoint, each with the points that a student's way has in common."""

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
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
_LEFT_FROM = "south"
_MIX = replace(PLAIN, changed=2, repeated=3, broken=4)
_BUSY = Answer(status=429, body="{}", headers={"Retry-After": "5", "Content-Type": "application/json"})
_INVALID = Answer(
    status=400,
    body='{"error": {"code": "Request_BadRequest", "message": "Invalid value specified for property \'surname\' of resource \'User\'."}}',
    headers={"Content-Type": "application/json"},
)


class Story(StrEnum):
    """Whom a scenario is about. No student is in two of them."""

    ACCOUNTS = "who enrols"
    RETURN = "who leaves and returns"
    ENDINGS = "who departs or graduates"


def crashing(story: Story, *points: Point) -> Scenario:
    """Its process dies at these points."""
    match story:
        case Story.ACCOUNTS:
            scenario = _accounts()
        case Story.RETURN:
            scenario = Scenario(seed=1, sent=_return())
        case Story.ENDINGS:
            scenario = _endings()
    return replace(scenario, crashes=points, replicas=1)


def _accounts() -> Scenario:
    """Seven students: one plain, one whose address is taken, two whose accounts are there, two whose mails get lost, and one whose name
    is refused and then corrected. One event is of no institution that is known.
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
        quirks=Quirks(graph=GraphQuirks(drops_employee_id=True, lag=20.0)),
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


def _return() -> Sequence[Sent]:
    """One leaves, and returns under another name."""
    (enrolled,) = _enrolled("isles", students=1)
    left = sequel(enrolled, LEFT)
    renamed = enrolled.student.model_copy(update={"family_name": "Renamed"})
    return [Sent(3.0, enrolled), Sent(30.0, left), Sent(180.0, sequel(left, ENROLLED, renamed))]


def _endings() -> Scenario:
    """One departs who has no address to write to. Of four at another school two depart, and the answer to the notice of the first is lost;
    one departs and returns in time, and one graduates.
    """
    _, unreachable = _enrolled("isles", students=2)
    moved_out = unreachable.student.model_copy(update={"contact_email": None})
    departing, staying, graduating, other = _enrolled(_LEFT_FROM, students=4)
    departed = sequel(staying, DEPARTED)
    notice = ("deletion.", _local(departing.student.contact_email))
    unanswered = FaultRule(route="mailgun.messages.send", fault=LoseAnswer(), first=1, containing=notice)
    return Scenario(
        seed=1,
        sent=[
            *(Sent(3.0, one) for one in (unreachable, departing, staying, graduating, other)),
            Sent(30.0, sequel(unreachable, DEPARTED, moved_out)),
            Sent(30.0, sequel(departing, DEPARTED)),
            Sent(30.0, sequel(other, DEPARTED)),
            Sent(30.0, departed),
            Sent(30.0, sequel(graduating, GRADUATED)),
            Sent(60.0, sequel(departed, ENROLLED)),
        ],
        faults=[Spell(0.0, 180.0, host(MAILGUN, _LEFT_FROM), NetworkConditions(rules=(unanswered,)))],
    )


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
