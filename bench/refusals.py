"""Refusals of six scopes: how much longer those take whom none concerns. The ratio of two runs in one go, since machines differ."""

import asyncio
import statistics
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from bench.installation import LATENCY
from bench.parts import Parts, say
from bench.row import Row
from bench.scale import Scale
from consumer.settings import ProvisioningSettings
from proof.stories.campus import campus
from proof.stories.refusals import INSTITUTIONS, WHY, Enrolment, Refusals, Scope, configured, enrolments
from sandbox.simulators.faults import FaultRule, Latency
from sandbox.simulators.world import World

WANTED = 1.2
_AFFECTED = 0.3
"""Of all students, in equal parts."""
_CALM = (FaultRule(route="*", fault=Latency(low=LATENCY, high=LATENCY)),)
_TOOK = """
    SELECT max(settled_at) - min(received_at) FROM inbox WHERE starts_with(student_id, 'Unaffected') AND disposition = 'applied'
"""
_PATIENCE = 300.0


def measure(parts: Parts, scale: Scale) -> Sequence[Row]:
    """Pairs of runs with the same students: one in which nothing is refused, and one in which all six are."""
    each = max(1, round(scale.refusals * _AFFECTED / len(WHY)))
    students = enrolments({Scope.UNAFFECTED: scale.refusals - each * len(WHY), **dict.fromkeys(WHY, each)})
    ratios: list[float] = []
    for turn in range(scale.rounds):
        say(f"refusals: {len(students):,} students, {each} for each of {len(WHY)} refusals, 100 ms a call …")
        calm, refused = (
            asyncio.run(_seconds(parts, students, f"refusals{turn}{kind}", refused=kind == "b")) for kind in "ab"
        )
        say(f"  {calm:.1f} s without, {refused:.1f} s with refusals")
        ratios.append(refused / calm)
    ratio = statistics.median(ratios)
    unaffected = sum(one.scope is Scope.UNAFFECTED for one in students)
    return [
        Row(
            f"{unaffected:,} students beside {len(students) - unaffected:,} whom six refusals concern",
            f"{ratio:.2f} of the time without refusals",
            f"at most {WANTED:.2f}",
            ratio <= WANTED,
        )
    ]


async def _seconds(parts: Parts, students: Sequence[Enrolment], name: str, *, refused: bool) -> float:
    """From the first event accepted to the last of the unaffected students settled."""
    folder = parts.folder / name
    folder.mkdir()
    world = World(INSTITUTIONS, folder, clock=time.time, seed=1)
    refusals = Refusals(world)
    unaffected = [one.event() for one in students if one.scope is Scope.UNAFFECTED]
    with _database(parts.database, f"{parts.prefix}_{name}") as database:
        async with campus(
            world, kafka=parts.kafka, database=database, name=parts.name(name), configure=configured, pace=_defaults()
        ) as here:
            if refused:
                refusals.begin(here.vendors, students)
            else:
                refusals.put_accounts(students)
            here.vendors.faults.set([*_CALM, *(refusals.faults() if refused else ())])
            await here.start()
            await here.put(*(one.event() for one in students))
            await here.until_applied(unaffected, seconds=_PATIENCE)
            ((took,),) = await here.rows(_TOOK)
    assert isinstance(took, timedelta)
    return took.total_seconds()


def _defaults() -> Mapping[str, Mapping[str, object]]:
    """As an installation has it that says nothing."""
    return {"provisioning": ProvisioningSettings().model_dump()}


@contextmanager
def _database(server: str, name: str) -> Generator[str]:
    """URL of a database of its own, for the time of the block."""
    with psycopg.connect(server, autocommit=True) as session:
        session.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            session.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
