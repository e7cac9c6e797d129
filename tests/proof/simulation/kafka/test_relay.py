"""The relay itself on the simulated cluster, where a request to commit that got stuck on its way arrives in the worst moments."""

import asyncio
from uuid import UUID

import pytest
from prometheus_client import CollectorRegistry

from consumer.ledger.port.work import Room
from consumer.ledger.port.writes import Publish
from consumer.observe.metrics import Metrics
from consumer.outbound.relay import Relay
from proof.simulation import clock
from proof.simulation.clock import Clock
from proof.simulation.kafka import Cluster, Request
from proof.simulation.process import Process
from proof.simulation.threads import in_thread, sleep
from testbed.fakes.leadership import AlwaysLeads
from testbed.fakes.ledger import MemoryLedger
from tests.ledger.conftest import TOPIC, arrival, event
from tests.proof.simulation.driven import same_every_time

OUTCOMES, PROGRESS, NAME, ROWS = "outcomes", "progress", "relay", 12
ROUND_TRIP = 0.05
ASKED_AT = 4 * ROUND_TRIP
"""Seconds from a relay's begin to its first request to commit: it initialises, reads its progress, sends to two partitions."""


async def queued(now: Clock) -> MemoryLedger:
    """A ledger with outcomes that wait."""
    ledger = MemoryLedger(now.now)
    ledger.accept([arrival(event())], epochs={(TOPIC, 0): ledger.own(TOPIC, [0], owner="me")[0].epoch})
    (job,) = await ledger.claim({"north": Room(1)}, lease=1_000, worker="w")
    await ledger.commit(
        job.lease, [Publish(UUID(int=n), OUTCOMES, b"north/s1", str(n).encode(), _headers(n)) for n in range(ROWS)]
    )
    return ledger


def _headers(number: int) -> tuple[tuple[str, bytes], ...]:
    return (("ce_id", str(UUID(int=number)).encode()),)


def relay(cluster: Cluster, now: Clock, ledger: MemoryLedger, process: Process) -> Relay:
    return Relay(
        name=NAME,
        outbox=ledger,
        producers=lambda: cluster.transactional_producer(process, NAME),
        progress=cluster.progress(process, PROGRESS, NAME),
        progress_topic=PROGRESS,
        published=cluster.published(process, [OUTCOMES]),
        leadership=AlwaysLeads(),
        wait=sleep,
        batch_size=2,
        sweep=1,
        metrics=Metrics(CollectorRegistry()),
        beat=lambda: None,
        clock=now.time,
        back_off=sleep,
    )


@pytest.mark.parametrize("late", [round(0.42 + step * ROUND_TRIP, 2) for step in range(12)])
def test_a_late_commit_and_a_crash_right_after_it_leave_each_outcome_there_once_and_in_order(late: float) -> None:
    async def main(now: Clock) -> list[bytes | None]:
        cluster = Cluster(now, same_every_time())
        cluster.network.latency = lambda: ROUND_TRIP
        for topic in (OUTCOMES, PROGRESS):
            cluster.create_topic(topic, 1)
        ledger = await queued(now)

        def begin(name: str) -> Process:
            process = Process(name)
            process.start(in_thread(relay(cluster, now, ledger, process).run))
            return process

        cluster.lose(Request.END, lands_after=late, noticed_after=0.4)
        first = begin("first")
        await asyncio.sleep(ASKED_AT + late + ROUND_TRIP / 10)
        first.kill()
        begin("second")
        await asyncio.sleep(60)
        return [record.value() for record in cluster.read_committed(OUTCOMES)]

    assert clock.run(main, start=0) == [str(n).encode() for n in range(ROWS)]


@pytest.mark.parametrize("seconds", [round(step * ROUND_TRIP + ROUND_TRIP / 10, 3) for step in range(12)])
def test_a_relay_that_dies_while_it_reads_back_for_an_empty_ledger_leaves_each_outcome_there_once_and_in_order(
    seconds: float,
) -> None:
    async def main(now: Clock) -> list[bytes | None]:
        cluster = Cluster(now, same_every_time())
        cluster.network.latency = lambda: ROUND_TRIP
        for topic in (OUTCOMES, PROGRESS):
            cluster.create_topic(topic, 1)

        def begin(name: str, ledger: MemoryLedger) -> Process:
            process = Process(name)
            process.start(in_thread(relay(cluster, now, ledger, process).run))
            return process

        first = begin("first", await queued(now))
        await asyncio.sleep(60)
        first.kill()
        empty = await queued(now)
        second = begin("second", empty)
        await asyncio.sleep(seconds)
        second.kill()
        begin("third", empty)
        await asyncio.sleep(60)
        return [record.value() for record in cluster.read_committed(OUTCOMES)]

    assert clock.run(main, start=0) == [str(n).encode() for n in range(ROWS)]
