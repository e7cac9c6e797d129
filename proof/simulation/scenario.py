"""What happens in a simulation, all of it from a seed: who enrols, what was there before, and what goes wrong when."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache

from consumer.codec.schemas import STATUS_CHANGED, schema
from consumer.events import Provider, Student
from consumer.failpoints import Point
from consumer.simulators.encoding import Encoder
from consumer.simulators.events import EventStream, Mix, SimulatedRecord
from consumer.simulators.google.quirks import GoogleQuirks
from consumer.simulators.graph.quirks import GraphQuirks
from consumer.simulators.mailgun.quirks import MailgunQuirks
from consumer.simulators.temper import Answer, DoLate, LoseAnswer, Refuse, Rule
from consumer.simulators.vendors import GOOGLE, GRAPH, MAILGUN, Quirks
from proof.simulation.database import Trouble
from proof.simulation.institutions import tenants
from proof.simulation.kafka.network import Request
from proof.simulation.replica import INPUT_SCHEMA
from proof.simulation.vendors import Weather, host

_ENROLLING = 60.0
_TROUBLE = 240.0
"""Seconds: within which events come, and faults begin; they last up to as long again."""


class Beforehand(StrEnum):
    """What is in the directory before the student's first event."""

    FOREIGN = "somebody else has the address"
    OURS = "our account is there"
    DELETED = "our account was deleted"


@dataclass(frozen=True, slots=True)
class Resident:
    """An account that is there beforehand."""

    tenant_id: str
    provider: Provider
    student: Student
    what: Beforehand


@dataclass(frozen=True, slots=True)
class Sent:
    """An event, when it is sent."""

    at: float
    record: SimulatedRecord


@dataclass(frozen=True, slots=True)
class Kill:
    """One replica (or, with None, all) dies, and is started again after `back_after` seconds."""

    at: float
    replica: int | None
    back_after: float


@dataclass(frozen=True, slots=True)
class Restart:
    """One replica is stopped gracefully and started again."""

    at: float
    replica: int


@dataclass(frozen=True, slots=True)
class Freeze:
    """One replica stands still for so long."""

    at: float
    replica: int
    seconds: float


@dataclass(frozen=True, slots=True)
class DatabaseAway:
    """PostgreSQL does not answer for so long."""

    at: float
    seconds: float


@dataclass(frozen=True, slots=True)
class DatabaseTrouble:
    """Statements fail, or their answers get lost, for so long."""

    at: float
    seconds: float
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class KafkaAway:
    """The cluster, or the leader of one partition of a topic, does not answer for so long."""

    at: float
    seconds: float
    leader_of: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class KafkaLoses:
    """The next request of this kind gets no answer; see `Cluster.lose`."""

    at: float
    request: Request
    lands_after: float | None


@dataclass(frozen=True, slots=True)
class Spell:
    """Weather between one tenant and one vendor, for so long."""

    at: float
    seconds: float
    host: str
    weather: Weather


Fault = Kill | Restart | Freeze | DatabaseAway | DatabaseTrouble | KafkaAway | KafkaLoses | Spell


@dataclass(frozen=True, slots=True)
class Scenario:
    """`crashes` are the points at which a process dies, one after the other, whichever reaches the next one first."""

    seed: int
    sent: Sequence[Sent]
    residents: Sequence[Resident] = ()
    faults: Sequence[Fault] = ()
    crashes: Sequence[Point] = ()
    quirks: Quirks = field(default_factory=Quirks)
    replicas: int = 2

    @property
    def healed_at(self) -> float:
        """When the last ordered fault is over."""
        ends = [fault.at + getattr(fault, "seconds", getattr(fault, "back_after", 60.0)) for fault in self.faults]
        return max([*ends, 0.0])


def scenario(seed: int) -> Scenario:
    """The seed's own."""
    dice = random.Random(f"{seed}/scenario")  # noqa: S311  repeatable, guards nothing
    records = _records(seed, dice)
    replicas = dice.choice((2, 2, 3))
    kinds = dice.sample(_FAULTS, k=dice.choice((0, 1, 1, 2, 2, 3, 4)))
    return Scenario(
        seed=seed,
        sent=_times(records, dice),
        residents=_residents(records, dice),
        faults=sorted((fault for kind in kinds for fault in kind(dice, replicas)), key=lambda fault: fault.at),
        replicas=replicas,
        quirks=_quirks(dice),
    )


def _records(seed: int, dice: random.Random) -> Sequence[SimulatedRecord]:
    def perhaps(*every: int) -> int:
        return dice.choice((0, *every))

    mix = Mix(
        sync_disabled=perhaps(5),
        idle=perhaps(4),
        late=perhaps(2, 3),
        changed=perhaps(2, 3),
        withdrawn_first=perhaps(3),
        repeated=perhaps(1, 2),
        broken=perhaps(2, 3),
    )
    chosen = dice.sample(tenants(), k=dice.choice((1, 1, 2, 3)))
    stream = EventStream(seed=seed, tenants=chosen, students=dice.randint(3, 6), encoder=_encoder(), mix=mix, spread=4)
    return list(stream)


def _times(records: Sequence[SimulatedRecord], dice: random.Random) -> Sequence[Sent]:
    """In their order, so that a student's own keep theirs: one student, one key."""
    times = sorted(dice.uniform(0.0, _ENROLLING) for _ in records)
    return [Sent(at, record) for at, record in zip(times, records, strict=True)]


def _residents(records: Sequence[SimulatedRecord], dice: random.Random) -> Sequence[Resident]:
    students = {(record.tenant_id, record.student_id): record.student for record in records if record.breakage is None}
    known = {tenant.id: tenant for tenant in tenants()}
    return [
        Resident(tenant_id, provider, student, dice.choice(tuple(Beforehand)))
        for (tenant_id, _), student in students.items()
        for provider in known[tenant_id].providers
        if dice.random() < _RESIDENT
    ]


_RESIDENT = 0.15


def _quirks(dice: random.Random) -> Quirks:
    return Quirks(
        graph=GraphQuirks(
            drops_employee_id=dice.random() < 0.2,  # noqa: PLR2004  one seed in five
            lag=dice.choice((0.0, 0.0, 5.0, 60.0)),
        ),
        google=GoogleQuirks(
            settling=dice.choice((0.0, 0.0, 10.0, 40.0)),
            hides_settling_ids=dice.random() < 0.3,  # noqa: PLR2004  about one seed in three
            index_lag=dice.choice((0.0, 0.0, 20.0)),
        ),
        mailgun=MailgunQuirks(ingestion_delay=dice.choice((0.0, 60.0, 300.0))),
    )


@cache
def _encoder() -> Encoder:
    return Encoder(schema(STATUS_CHANGED), INPUT_SCHEMA)


def _begin(dice: random.Random) -> float:
    return dice.uniform(0.0, _TROUBLE)


def _kills(dice: random.Random, replicas: int) -> Sequence[Fault]:
    return [
        Kill(_begin(dice), dice.choice((None, *range(replicas), *range(replicas))), dice.uniform(1.0, 60.0))
        for _ in range(dice.randint(1, 4))
    ]


def _restarts(dice: random.Random, replicas: int) -> Sequence[Fault]:
    begun = _begin(dice)
    return [Restart(begun + 40.0 * replica, replica) for replica in range(replicas)]


def _freezes(dice: random.Random, replicas: int) -> Sequence[Fault]:
    return [
        Freeze(_begin(dice), dice.randrange(replicas), dice.choice((20.0, 90.0, 150.0)))
        for _ in range(dice.randint(1, 2))
    ]


def _database(dice: random.Random, _replicas: int) -> Sequence[Fault]:
    if dice.random() < 0.5:  # noqa: PLR2004  half of them
        return [DatabaseAway(_begin(dice), dice.choice((3.0, 20.0, 70.0))) for _ in range(dice.randint(1, 3))]
    return [DatabaseTrouble(_begin(dice) / 2, 120.0, Trouble(dice.choice((0.0, 0.05)), dice.choice((0.05, 0.15))))]


def _kafka(dice: random.Random, _replicas: int) -> Sequence[Fault]:
    if dice.random() < 0.3:  # noqa: PLR2004  about a third
        return [KafkaAway(_begin(dice), dice.choice((5.0, 60.0, 200.0)))]
    lands = (None, 0.0, 2.0, 30.0)
    return [
        KafkaLoses(_begin(dice), dice.choice(tuple(Request)), dice.choice(lands)) for _ in range(dice.randint(1, 5))
    ]


def _weather(dice: random.Random, _replicas: int) -> Sequence[Fault]:
    """Some tenants' way to some vendors is bad for a while, or theirs alone away altogether."""
    spells: list[Fault] = []
    for _ in range(dice.randint(1, 3)):
        tenant = dice.choice(tenants())
        vendor = dice.choice((GRAPH, GOOGLE, MAILGUN))
        seconds = dice.uniform(30.0, _TROUBLE)
        spells.append(Spell(_begin(dice) / 2, seconds, host(vendor, tenant.id), _bad(dice)))
    return spells


def _everywhere(dice: random.Random, _replicas: int) -> Sequence[Fault]:
    """All vendors answer badly from the beginning on."""
    weather = _bad(dice)
    return [
        Spell(0.0, _TROUBLE, host(vendor, tenant.id), weather)
        for tenant in tenants()
        for vendor in (GRAPH, GOOGLE, MAILGUN)
    ]


def _bad(dice: random.Random) -> Weather:
    chance = dice.choice((0.1, 0.3, 1.0))
    return dice.choice(_WEATHERS)(chance, dice)


def _answers(
    status: int, *, done: bool = False, body: str = "", **headers: str
) -> Callable[[float, random.Random], Weather]:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = Answer(status=status, body=body, headers=sent, done=done)
    return lambda chance, _: Weather(rules=(Rule(route="*", temper=answer, chance=chance),))


def _late(chance: float, dice: random.Random) -> Weather:
    return Weather(rules=(Rule(route="*", temper=DoLate(seconds=dice.uniform(30.0, 300.0)), chance=min(chance, 0.5)),))


def _mixed(chance: float, dice: random.Random) -> Weather:
    del chance
    rules = (
        Rule(route="*", temper=LoseAnswer(), chance=0.1),
        Rule(route="*", temper=Refuse(), chance=0.05),
        Rule(route="*", temper=DoLate(seconds=dice.uniform(30.0, 300.0)), chance=0.1),
        Rule(
            route="*",
            temper=Answer(status=502, body="<html>Bad Gateway</html>", headers={"content-type": "text/html"}),
            chance=0.05,
        ),
    )
    return Weather(rules=rules, unreachable=0.05, request_lost=0.05, answer_lost=0.05, slow=0.1, slowness=45.0)


_WEATHERS: Sequence[Callable[[float, random.Random], Weather]] = (
    _mixed,
    _mixed,
    _late,
    lambda chance, _: Weather(unreachable=chance),
    lambda chance, _: Weather(request_lost=chance),
    lambda chance, _: Weather(answer_lost=chance),
    lambda chance, _: Weather(slow=chance, slowness=60.0),
    lambda chance, _: Weather(rules=(Rule(route="*", temper=LoseAnswer(), chance=chance),)),
    _answers(429, body="{}", retry_after="30"),
    _answers(429, body="{}"),
    _answers(500, body="{}"),
    _answers(503, body="{}", done=True),
    _answers(200, body='{"id": "torn'),
    _answers(200, body="<html>Sign in to the Wi-Fi</html>", content_type="text/html"),
)

_FAULTS: Sequence[Callable[[random.Random, int], Sequence[Fault]]] = (
    _kills,
    _restarts,
    _freezes,
    _database,
    _kafka,
    _weather,
    _weather,
    _everywhere,
)
