"""The ledger's simulated server: what it does when it is unavailable, when answers get lost, and when the leader dies."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from consumer.errors import Unavailable
from proof.simulation import clock
from proof.simulation.clock import Clock
from proof.simulation.database import Database, Trouble, WakeSignals
from proof.simulation.process import Process
from proof.simulation.trace import Trace
from tests.ledger.conftest import TOPIC, arrival, event
from tests.proof.simulation.driven import same_every_time

Test = Callable[[Database], Coroutine[Any, Any, None]]


def on_a_database(test: Test) -> None:
    async def main(time: Clock) -> None:
        await test(Database(time, same_every_time(), Trace(time)))

    clock.run(main, start=0)


def test_nothing_is_done_while_it_is_unavailable_and_everything_when_it_is_back() -> None:
    async def main(database: Database) -> None:
        done = list[str]()
        database.outage(10)
        with pytest.raises(Unavailable):
            await database.reach(Process("one"), "asks", lambda: done.append("during"))
        await asyncio.sleep(11)
        await database.reach(Process("one"), "asks", lambda: done.append("after"))
        assert done == ["after"]

    on_a_database(main)


def test_what_a_deadlock_ends_is_not_done() -> None:
    async def main(database: Database) -> None:
        done = list[str]()
        database.trouble = Trouble(deadlock=1.0)
        with pytest.raises(Unavailable):
            await database.reach(Process("one"), "asks", lambda: done.append("done"))
        assert done == []
        assert database.fired == {"deadlock": 1}

    on_a_database(main)


def test_a_commit_whose_answer_gets_lost_is_done() -> None:
    async def main(database: Database) -> None:
        done = list[str]()
        database.trouble = Trouble(answer_lost=1.0)
        with pytest.raises(Unavailable):
            await database.reach(Process("one"), "asks", lambda: done.append("done"))
        assert done == ["done"]
        assert database.fired == {"commit_answer_lost": 1}

    on_a_database(main)


def test_one_process_leads_until_it_dies_resigns_or_loses_its_connection() -> None:
    async def main(database: Database) -> None:
        one, other = Process("one"), Process("other")
        assert database.leads("outbound", one)
        assert not database.leads("outbound", other)
        one.kill()
        assert database.leads("outbound", other)
        database.resign("outbound", one)
        assert database.leads("outbound", other)
        database.resign("outbound", other)
        third = Process("third")
        assert database.leads("outbound", third)
        database.outage(1)
        assert database.leads("outbound", other)

    on_a_database(main)


def test_a_worker_that_waits_is_notified_of_an_event() -> None:
    async def main(database: Database) -> None:
        wake_signals = WakeSignals(Process("one"))
        database.listen(wake_signals)
        loop = asyncio.get_running_loop()
        epochs = {(TOPIC, 0): database.own(TOPIC, [0], owner="me")[0].epoch}
        loop.call_later(3, lambda: database.accept([arrival(event())], epochs=epochs))
        await wake_signals.hear(wake_signals.work, 60)
        assert loop.time() == pytest.approx(3)
        await wake_signals.hear(wake_signals.work, 60)
        assert loop.time() == pytest.approx(63)

    on_a_database(main)
