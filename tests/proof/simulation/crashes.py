"""A scenario of one process that comes by every failpoint."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from consumer.codec.schemas import STATUS_CHANGED, schema
from consumer.events import Provider
from consumer.failpoints import Point
from consumer.simulators.encoding import Encoder
from consumer.simulators.events import PLAIN, EventStream, SimulatedRecord
from consumer.simulators.graph.quirks import GraphQuirks
from consumer.simulators.temper import Answer, LoseAnswer, Refuse, Rule
from consumer.simulators.vendors import GRAPH, MAILGUN, Quirks
from proof.simulation.faults import Spell
from proof.simulation.institutions import tenants
from proof.simulation.replica import INPUT_SCHEMA
from proof.simulation.scenario import Beforehand, Resident, Scenario, Sent
from proof.simulation.vendors import Weather, host

TENANT = "north"
_MIX = replace(PLAIN, changed=2, repeated=3, broken=4)
_BUSY = Answer(status=429, body="{}", headers={"Retry-After": "5", "Content-Type": "application/json"})


def crashing(*points: Point) -> Scenario:
    """Six students: one plain, one whose address is taken, two whose accounts are there, and two whose mails get lost."""
    records = _records()
    people = list({record.student_id: record.student for record in records if record.breakage is None}.values())
    _, foreign, ours, deleted, found, replaced = people
    mails = (
        Rule(route="mailgun.messages.send", temper=LoseAnswer(), first=1, containing=(_local(found.contact_email),)),
        Rule(route="mailgun.messages.send", temper=Refuse(), first=1, containing=(_local(replaced.contact_email),)),
    )
    busy = (Rule(route="graph.users.list", temper=_BUSY, first=1),)
    return Scenario(
        seed=1,
        sent=[Sent(1.0 + number / 10, record) for number, record in enumerate(records)],
        residents=[
            Resident(TENANT, Provider.MICROSOFT, foreign, Beforehand.FOREIGN),
            Resident(TENANT, Provider.MICROSOFT, ours, Beforehand.OURS),
            Resident(TENANT, Provider.MICROSOFT, deleted, Beforehand.DELETED),
        ],
        faults=[
            Spell(0.0, 60.0, host(MAILGUN, TENANT), Weather(rules=mails)),
            Spell(0.0, 60.0, host(GRAPH, TENANT), Weather(rules=busy)),
        ],
        crashes=points,
        quirks=Quirks(graph=GraphQuirks(drops_employee_id=True, lag=20.0)),
        replicas=1,
    )


@cache
def _records() -> Sequence[SimulatedRecord]:
    (tenant,) = (tenant for tenant in tenants() if tenant.id == TENANT)
    encoder = Encoder(schema(STATUS_CHANGED), INPUT_SCHEMA)
    return list(EventStream(seed=1, tenants=[tenant], students=6, encoder=encoder, mix=_MIX, spread=6))


def _local(address: str | None) -> str:
    return (address or "").partition("@")[0]
