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
from proof.simulation.vendors import Weather, host
from sandbox.simulators.temper import Answer, DoLate, LoseAnswer, Refuse, Rule
from sandbox.simulators.vendors import GOOGLE, GRAPH, MAILGUN

_TROUBLE = 240.0
"""Seconds within which faults begin; they last up to as long again."""


def mishaps(dice: random.Random, replicas: int) -> Sequence[Fault]:
    """Of none to four kinds, in the order of their times."""
    kinds = dice.sample(_KINDS, k=dice.choice((0, 1, 1, 2, 2, 3, 4)))
    return sorted((fault for kind in kinds for fault in kind(dice, replicas)), key=lambda fault: fault.at)


def _begin(dice: random.Random) -> float:
    """Mostly while there is work."""
    return dice.uniform(0.0, dice.choice((70.0, 70.0, _TROUBLE)))


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


def _database(dice: random.Random, replicas: int) -> Sequence[Fault]:
    """Away, and perhaps somebody dies meanwhile; or in trouble."""
    if dice.random() < 0.4:  # noqa: PLR2004  two of five
        return [DatabaseTrouble(_begin(dice) / 2, 120.0, Trouble(dice.choice((0.0, 0.05)), dice.choice((0.05, 0.15))))]
    faults: list[Fault] = []
    for _ in range(dice.randint(1, 3)):
        away = DatabaseAway(_begin(dice), dice.choice((3.0, 20.0, 70.0)))
        dies = Kill(away.at + dice.uniform(0.0, away.seconds), dice.choice((None, *range(replicas))), 1.0)
        faults += [away, dies] if dice.random() < 0.5 else [away]  # noqa: PLR2004  half of them
    return faults


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
