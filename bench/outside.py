"""One school of a thousand, from outside: two replicas of `provisioner run`, processes of their own, as an operator starts them."""

import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import psycopg

from bench.installation import Installation, installation
from bench.parts import Parts, say
from bench.row import Row
from bench.scale import Scale
from consumer.events import Provider
from consumer.tenants import Tenant
from sandbox.cli.sending import encoder, put
from sandbox.simulators.events import PLAIN, EventStream
from testbed.installation import Service, until
from testbed.replica import Replica

_FEW, _MOST = 3, 1_002
"""Schools that are configured."""
_REPLICAS = 2
_STUDENTS = 200
_SAME = 1.5
_WITHIN = 5.0
_PATIENCE = 180.0
_LAST = "SELECT count(*), extract(epoch FROM max(settled_at)) FROM inbox WHERE settled_at >= to_timestamp(%s)"


@dataclass(frozen=True, slots=True)
class _Seen:
    """Seconds: of `provisioner config check`, until each replica was ready, and for each round's students."""

    checked: float
    ready: Sequence[float]
    served: Sequence[float]


def measure(parts: Parts, scale: Scale) -> Sequence[Row]:
    """With a few schools configured, and with many: all but one have nothing to do."""
    most = min(_MOST, scale.schools)
    few, many = (_seen(parts, configured, scale.rounds) for configured in (_FEW, most))
    took = [statistics.median(seen.served) for seen in (few, many)]
    ready = [max(seen.ready) for seen in (few, many)]
    configured = f"{_FEW} and {most:,} configured"
    return [
        Row(
            f"{_STUDENTS} students of one school, {_REPLICAS} replicas; {configured}",
            f"{took[0]:.1f} s, {took[1]:.1f} s: {took[1] / took[0]:.2f}",
            f"{_SAME} or less",
            took[1] <= _SAME * took[0],
        ),
        _limited("… from a replica's start until it is ready", ready),
        _limited("… `provisioner config check`", [few.checked, many.checked]),
    ]


def _limited(what: str, seconds: Sequence[float]) -> Row:
    shown = ", ".join(f"{one:.1f} s" for one in seconds)
    return Row(what, shown, f"{_WITHIN:.0f} s or less", max(seconds) <= _WITHIN)


def _seen(parts: Parts, configured: int, rounds: int) -> _Seen:
    say(f"outside: one of {configured:,} schools has work …")
    with installation(parts, f"outside-{configured}", institutions=configured) as on:
        return asyncio.run(_look(on, rounds))


async def _look(on: Installation, rounds: int) -> _Seen:
    kafka = on.settings.kafka
    service = Service(on.config.parent, kafka.topics, on.config, kafka.group_id)
    began = time.perf_counter()
    await service.command("config", "check")
    checked = time.perf_counter() - began
    replicas = [Replica(service, f"replica-{number}") for number in range(1, _REPLICAS + 1)]
    school = next(tenant for tenant in on.tenants if tenant.providers == (Provider.MICROSOFT,))
    try:
        ready = [await _started(replica) for replica in replicas]
        served = [await _served(on, school, number) for number in range(rounds)]
    finally:
        await asyncio.gather(*(replica.down() for replica in replicas))
    return _Seen(checked, ready, served)


async def _started(replica: Replica) -> float:
    began = time.perf_counter()
    await replica.up()
    await until(f"{replica.name} is ready", replica.ready, seconds=_PATIENCE)
    return time.perf_counter() - began


async def _served(on: Installation, school: Tenant, number: int) -> float:
    """From the first of the students' events until the last is settled, by the ledger."""
    stream = EventStream(
        seed=number,  # else all rounds would have the same event ids
        tenants=[school],
        students=_STUDENTS,
        encoder=await asyncio.to_thread(encoder, on.settings),
        mix=PLAIN,
        first=number * _STUDENTS,
    )
    records = [(record.key, record.value) for record in stream]
    began = time.time()
    await asyncio.to_thread(put, on.settings, records)
    async with await psycopg.AsyncConnection.connect(on.settings.database.url, autocommit=True) as connection:
        last = partial(_last, connection, since=began)

        async def all_settled() -> bool:
            return await last() is not None

        await until("all are settled", all_settled, seconds=_PATIENCE)
        ended = await last()
    assert ended is not None
    return ended - began


async def _last(connection: "psycopg.AsyncConnection[tuple[int, float]]", *, since: float) -> float | None:
    """When the last student was settled; None until then."""
    row = await (await connection.execute(_LAST, (since,))).fetchone()
    return float(row[1]) if row and row[0] == _STUDENTS else None
