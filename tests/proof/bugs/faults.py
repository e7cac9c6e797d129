"""Faults that bring a bug to light which hardly shows otherwise. Times are seconds."""

from collections.abc import Sequence

from proof.simulation.faults import (
    ConsumerFails,
    DatabaseAway,
    DryRunOver,
    FailOver,
    Freeze,
    KafkaAway,
    KafkaLoses,
    Kill,
    PasswordsReplaced,
    Spell,
)
from proof.simulation.institutions import settings, tenants
from proof.simulation.kafka.network import Request
from proof.simulation.vendors import NetworkConditions, host
from sandbox.simulators.faults import Answer, FaultRule, LoseAnswer, Refuse
from sandbox.simulators.google.quirks import GoogleQuirks
from sandbox.simulators.graph.quirks import GraphQuirks
from sandbox.simulators.vendors import GOOGLE, GRAPH, MAILGUN, Quirks


def _spells(*vendors: str, seconds: float, conditions: NetworkConditions) -> Sequence[Spell]:
    """From the beginning, between these vendors and each tenant."""
    return [Spell(0.0, seconds, host(vendor, tenant.id), conditions) for tenant in tenants() for vendor in vendors]


def _answered(*rules: FaultRule) -> NetworkConditions:
    return NetworkConditions(rules=rules)


DIES_WITHOUT_DATABASE = (DatabaseAway(0.5, 40.0), Kill(30.0, None, 5.0))
DIES_BEFORE_DEAD_LETTERS_ARE_TAKEN = (KafkaAway(60.0, 180.0), Kill(200.0, None, 5.0))
"""While the wait of records of unknown tenants ends."""
CONSUMERS_ARE_FENCED = (ConsumerFails(20.0, None),)
A_STANDBY_LAGS = (FailOver(20.0, 15.0, 2.0),)
ONE_STANDS_STILL = (Freeze(20.0, 0, 60.0),)
ONE_STANDS_STILL_AMID_CALLS = (
    *_spells(GRAPH, GOOGLE, seconds=75.0, conditions=NetworkConditions(slow=1.0, slowness=4.0)),
    Freeze(15.0, 0, 60.0),
)
A_TENANT_IS_IN_DRY_RUN = (DryRunOver(300.0, "isles"),)
_PROGRESS = (settings().kafka.topics.relay_progress, 0)
DIES_WHEN_A_LATE_COMMIT_ARRIVES = tuple(
    fault
    for at in (5.0, 25.0, 45.0)
    for fault in (
        KafkaLoses(at, Request.END, lands_after=6.0),
        KafkaAway(at + 3.0, 8.0, leader_of=_PROGRESS),  # keeps the next transaction open until then
        Kill(at + 10.0, None, 1.0),
    )
)
CALM = ()
_TOO_MANY = Answer(status=429, body="{}", headers={"Retry-After": "30"})
BUSY = _spells(GRAPH, GOOGLE, seconds=120.0, conditions=_answered(FaultRule(route="*", fault=_TOO_MANY, chance=0.3)))
CREATIONS_ARE_NOT_ANSWERED = _spells(
    GRAPH,
    GOOGLE,
    seconds=120.0,
    conditions=_answered(
        FaultRule(route="graph.users.create", fault=LoseAnswer(), chance=0.9),
        FaultRule(route="directory.users.insert", fault=LoseAnswer(), chance=0.9),
    ),
)
SUSPENSIONS_GET_LOST = _spells(
    GRAPH,
    GOOGLE,
    seconds=600.0,
    conditions=_answered(
        FaultRule(route="*", fault=Refuse(), chance=0.7, containing=('"accountEnabled": false',)),
        FaultRule(route="*", fault=Refuse(), chance=0.7, containing=('"suspended": true',)),
    ),
)
MAILS_ARE_NOT_ANSWERED = _spells(MAILGUN, seconds=240.0, conditions=NetworkConditions(answer_lost=0.5))
LAGS = Quirks(graph=GraphQuirks(lag=60.0), google=GoogleQuirks(settling=40.0, hides_settling_ids=True))
PASSWORDS_REPLACED_WHILE_MAILS_WAIT = tuple(
    fault
    for tenant in tenants()
    for fault in (
        Spell(0.0, 330.0, host(MAILGUN, tenant.id), NetworkConditions(unreachable=1.0)),
        PasswordsReplaced(280.0, tenant.id),
    )
)
ONE_INSTITUTION_IS_CUT_OFF = (Spell(0.0, 240.0, host(GRAPH, "north"), NetworkConditions(unreachable=1.0)),)
