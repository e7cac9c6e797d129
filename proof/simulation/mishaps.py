"""Which faults a seed draws: kinds, times, places and how bad."""

import random
from collections.abc import Callable, Sequence

from proof.simulation.database import Trouble
from proof.simulation.faults import (
    DatabaseAway,
    DatabaseTrouble,
    Fault,
    Freeze,
    KafkaAway,
    KafkaLoses,
    Kill,
    Restart,
    Spell,
)
from proof.simulation.institutions import tenants
from proof.simulation.kafka.network import Request
from proof.simulation.vendors import NetworkConditions, host
from sandbox.simulators.faults import Answer, DoLate, FaultRule, LoseAnswer, Refuse
from sandbox.simulators.vendors import GOOGLE, GRAPH, MAILGUN

_TROUBLE = 240.0
"""Seconds within which faults begin; they last up to as long again."""


def mishaps(rng: random.Random, replicas: int) -> Sequence[Fault]:
    """Of none to four kinds, in the order of their times."""
    kinds = rng.sample(_KINDS, k=rng.choice((0, 1, 1, 2, 2, 3, 4)))
    return sorted((fault for kind in kinds for fault in kind(rng, replicas)), key=lambda fault: fault.at)


def _begin(rng: random.Random) -> float:
    """Mostly while there is work."""
    return rng.uniform(0.0, rng.choice((70.0, 70.0, _TROUBLE)))


def _kills(rng: random.Random, replicas: int) -> Sequence[Fault]:
    return [
        Kill(_begin(rng), rng.choice((None, *range(replicas), *range(replicas))), rng.uniform(1.0, 60.0))
        for _ in range(rng.randint(1, 4))
    ]


def _restarts(rng: random.Random, replicas: int) -> Sequence[Fault]:
    begun = _begin(rng)
    return [Restart(begun + 40.0 * replica, replica) for replica in range(replicas)]


def _freezes(rng: random.Random, replicas: int) -> Sequence[Fault]:
    return [
        Freeze(_begin(rng), rng.randrange(replicas), rng.choice((20.0, 90.0, 150.0))) for _ in range(rng.randint(1, 2))
    ]


def _database(rng: random.Random, replicas: int) -> Sequence[Fault]:
    """Unavailable, perhaps with a process that dies meanwhile; or failing."""
    if rng.random() < 0.4:  # noqa: PLR2004  two of five
        return [DatabaseTrouble(_begin(rng) / 2, 120.0, Trouble(rng.choice((0.0, 0.05)), rng.choice((0.05, 0.15))))]
    faults: list[Fault] = []
    for _ in range(rng.randint(1, 3)):
        away = DatabaseAway(_begin(rng), rng.choice((3.0, 20.0, 70.0)))
        dies = Kill(away.at + rng.uniform(0.0, away.seconds), rng.choice((None, *range(replicas))), 1.0)
        faults += [away, dies] if rng.random() < 0.5 else [away]  # noqa: PLR2004  half of them
    return faults


def _kafka(rng: random.Random, _replicas: int) -> Sequence[Fault]:
    if rng.random() < 0.3:  # noqa: PLR2004  about a third
        return [KafkaAway(_begin(rng), rng.choice((5.0, 60.0, 200.0)))]
    lands = (None, 0.0, 2.0, 30.0)
    return [KafkaLoses(_begin(rng), rng.choice(tuple(Request)), rng.choice(lands)) for _ in range(rng.randint(1, 5))]


def _weather(rng: random.Random, _replicas: int) -> Sequence[Fault]:
    """Some tenants' way to some vendors is bad for a while, or theirs alone away altogether."""
    spells: list[Fault] = []
    for _ in range(rng.randint(1, 3)):
        tenant = rng.choice(tenants())
        vendor = rng.choice((GRAPH, GOOGLE, MAILGUN))
        seconds = rng.uniform(30.0, _TROUBLE)
        spells.append(Spell(_begin(rng) / 2, seconds, host(vendor, tenant.id), _bad(rng)))
    return spells


def _everywhere(rng: random.Random, _replicas: int) -> Sequence[Fault]:
    """All vendors answer badly from the beginning on."""
    conditions = _bad(rng)
    return [
        Spell(0.0, _TROUBLE, host(vendor, tenant.id), conditions)
        for tenant in tenants()
        for vendor in (GRAPH, GOOGLE, MAILGUN)
    ]


def _bad(rng: random.Random) -> NetworkConditions:
    chance = rng.choice((0.1, 0.3, 1.0))
    return rng.choice(_CONDITIONS)(chance, rng)


def _answers(
    status: int, *, done: bool = False, body: str = "", **headers: str
) -> Callable[[float, random.Random], NetworkConditions]:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = Answer(status=status, body=body, headers=sent, done=done)
    return lambda chance, _: NetworkConditions(rules=(FaultRule(route="*", fault=answer, chance=chance),))


def _late(chance: float, rng: random.Random) -> NetworkConditions:
    return NetworkConditions(
        rules=(FaultRule(route="*", fault=DoLate(seconds=rng.uniform(30.0, 300.0)), chance=min(chance, 0.5)),)
    )


def _mixed(chance: float, rng: random.Random) -> NetworkConditions:
    del chance
    rules = (
        FaultRule(route="*", fault=LoseAnswer(), chance=0.1),
        FaultRule(route="*", fault=Refuse(), chance=0.05),
        FaultRule(route="*", fault=DoLate(seconds=rng.uniform(30.0, 300.0)), chance=0.1),
        FaultRule(
            route="*",
            fault=Answer(status=502, body="<html>Bad Gateway</html>", headers={"content-type": "text/html"}),
            chance=0.05,
        ),
    )
    return NetworkConditions(
        rules=rules, unreachable=0.05, request_lost=0.05, answer_lost=0.05, slow=0.1, slowness=45.0
    )


_CONDITIONS: Sequence[Callable[[float, random.Random], NetworkConditions]] = (
    _mixed,
    _mixed,
    _late,
    lambda chance, _: NetworkConditions(unreachable=chance),
    lambda chance, _: NetworkConditions(request_lost=chance),
    lambda chance, _: NetworkConditions(answer_lost=chance),
    lambda chance, _: NetworkConditions(slow=chance, slowness=60.0),
    lambda chance, _: NetworkConditions(rules=(FaultRule(route="*", fault=LoseAnswer(), chance=chance),)),
    _answers(429, body="{}", retry_after="30"),
    _answers(429, body="{}"),
    _answers(500, body="{}"),
    _answers(503, body="{}", done=True),
    _answers(200, body='{"id": "torn'),
    _answers(200, body='{"value": 7}'),
    _answers(200, body="<html>Sign in to the Wi-Fi</html>", content_type="text/html"),
)

_KINDS: Sequence[Callable[[random.Random, int], Sequence[Fault]]] = (
    _kills,
    _restarts,
    _freezes,
    _database,
    _kafka,
    _weather,
    _weather,
    _everywhere,
)
