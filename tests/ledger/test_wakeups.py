"""Announced work and outcomes end a wait at once; where no one can listen, they are looked for every second."""

import asyncio
from collections.abc import AsyncIterator, Callable

import psycopg
import pytest

from consumer.ledger.announcements import OUTBOX_CHANNEL, WORK_CHANNEL
from consumer.ledger.dsn import Dsn
from consumer.ledger.wakeups import Wakeups
from testbed.parts.pgbouncer import PgBouncer

pytestmark = pytest.mark.parts

LONG = 30.0
"""Seconds that no test takes where a wait ends as it should."""


@pytest.fixture
async def listening() -> AsyncIterator[Callable[[Dsn], Wakeups]]:
    started: list[Wakeups] = []

    def start(dsn: Dsn) -> Wakeups:
        started.append(Wakeups(dsn))
        started[-1].start()
        return started[-1]

    yield start
    for wakeups in started:
        await asyncio.to_thread(wakeups.stop)


async def both(wakeups: Wakeups) -> None:
    """Waits for work, and for outcomes."""
    async with asyncio.timeout(LONG):
        await wakeups.work(2 * LONG)
        await asyncio.to_thread(wakeups.outcomes, 2 * LONG)


async def test_what_is_announced_is_heard(database_url: str, listening: Callable[[Dsn], Wakeups]) -> None:
    wakeups = listening(Dsn.parse(database_url))
    await both(wakeups)  # as it begins to listen: what was announced before
    with psycopg.connect(database_url, autocommit=True) as session:
        for channel in (WORK_CHANNEL, OUTBOX_CHANNEL):
            session.execute("SELECT pg_notify(%s, '')", (channel,))
        await both(wakeups)


async def test_each_announcement_is_heard_twice_for_what_was_committed_soon_after_it(
    database_url: str, listening: Callable[[Dsn], Wakeups]
) -> None:
    wakeups = listening(Dsn.parse(database_url))
    await both(wakeups)
    with psycopg.connect(database_url, autocommit=True) as session:
        session.execute("SELECT pg_notify(%s, '')", (WORK_CHANNEL,))
        async with asyncio.timeout(LONG):
            await wakeups.work(2 * LONG)
            await wakeups.work(2 * LONG)


async def test_behind_a_pooler_both_are_looked_for_again_and_again(
    pooler: PgBouncer, listening: Callable[[Dsn], Wakeups]
) -> None:
    wakeups = listening(Dsn.parse(pooler.url()))
    await both(wakeups)
    await both(wakeups)


@pytest.mark.parametrize("pooler", ["session"], indirect=True)
async def test_a_pooler_that_keeps_to_one_server_connection_lets_us_listen(
    pooler: PgBouncer, database_url: str, listening: Callable[[Dsn], Wakeups]
) -> None:
    wakeups = listening(Dsn.parse(pooler.url(), pooler="session"))
    await both(wakeups)
    with psycopg.connect(database_url, autocommit=True) as session:
        session.execute("SELECT pg_notify(%s, '')", (WORK_CHANNEL,))
        async with asyncio.timeout(LONG):
            await wakeups.work(2 * LONG)
