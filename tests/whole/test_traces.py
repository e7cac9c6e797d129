"""One trace from the SIS's producer to the outcome, for each of a thousand students, while a replica is killed."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest

from consumer.events import Provider
from consumer.observe.trace_context import HEADER, trace_id
from sandbox.simulators.faults import FaultRule, Latency
from sandbox.simulators.server import VendorServer
from sandbox.simulators.vendors import GOOGLE, GRAPH, MAILGUN, Institution
from sandbox.simulators.world import REGISTRY, World
from testbed.installation import Service, end, until
from testbed.parts.collector import Collector
from tests.whole.evidence import dispositions, read_committed

STUDENTS = 1_000
INSTITUTIONS = (
    Institution("north-high", "North High School", (Provider.MICROSOFT,), concurrency=64),
    Institution("harbour-college", "Harbour College", (Provider.GOOGLE,), concurrency=64),
)
OF_A_TRACE = {"process", "provision", "step", "mailgun", "send"}
"""How the names of its spans begin."""


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(INSTITUTIONS, tmp_path, clock=time.time, seed=1)


@pytest.fixture
async def vendors(world: World) -> AsyncIterator[VendorServer]:
    async with world.server() as server:
        server.faults.set([FaultRule(route="*", fault=Latency(low=0.01, high=0.03))])
        yield server


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        yield collector


@pytest.fixture
def service(
    tmp_path: Path,
    world: World,
    vendors: VendorServer,
    collector: Collector,
    kafka: str,
    database_url: str,
    unique_name: str,
) -> Service:
    return Service.configured(
        tmp_path,
        world=world,
        vendors=vendors,
        kafka=kafka,
        database=database_url,
        prefix=unique_name,
        changes={"tracing": {"endpoint": collector.url}},
    )


@pytest.mark.long(seconds=60)
@pytest.mark.parts
async def test_each_student_has_one_trace_at_producer_intake_vendor_mail_and_outcome_across_a_kill(
    service: Service, vendors: VendorServer, collector: Collector, kafka: str, database_url: str
) -> None:
    await asyncio.to_thread(service.prepare_here, replication=1, registry_url=vendors.url(REGISTRY))
    await service.command("simulate", "events", "--students", str(STUDENTS), "--plain")
    replicas = [await service.run(name) for name in ("one", "two")]
    await until("half are settled", lambda: _settled(database_url, STUDENTS // 2), seconds=180)
    await end(replicas[0], hard=True)
    await until("all are settled", lambda: _settled(database_url, STUDENTS), seconds=180)
    outcomes = await read_committed(kafka, service.topics.account_provisioned, STUDENTS)
    await end(replicas[1])

    produced = _traces(await read_committed(kafka, service.topics.status_changed, STUDENTS))
    traces = set(produced.values())
    assert len(traces) == STUDENTS
    assert await _taken_in(database_url) == produced
    assert traces <= _called(vendors, GRAPH) | _called(vendors, GOOGLE)
    assert traces <= _called(vendors, MAILGUN)
    assert _traces(outcomes) == produced
    _assert_spans(collector, traces)


def _assert_spans(collector: Collector, traces: Collection[str | None]) -> None:
    """What the killed replica had not sent is lost; the rest is there, and some traces have spans of both replicas."""
    names: defaultdict[str | None, set[str]] = defaultdict(set)
    instances: defaultdict[str | None, set[str]] = defaultdict(set)
    for span in collector.spans():
        names[span.trace_id].add(span.name.partition(" ")[0])
        instances[span.trace_id].add(span.instance)
        assert "@" not in span.text
    assert sum(names[trace] >= OF_A_TRACE for trace in traces) >= STUDENTS // 2
    assert any(len(instances[trace]) > 1 for trace in traces)


def _traces(records: Any) -> Mapping[str, str | None]:
    """By the student's key."""
    return {record.key.decode(): trace_id(dict(record.headers)[HEADER].decode()) for record in records}


def _called(vendors: VendorServer, service: str) -> set[str | None]:
    return {trace_id(one.noted.get(HEADER)) for one in vendors.audit.entries() if one.service == service}


async def _taken_in(database: str) -> Mapping[str, str | None]:
    async with await psycopg.AsyncConnection.connect(database) as connection:
        rows = await connection.execute("SELECT tenant_id || '/' || student_id, desired->>'traceparent' FROM student")
        return {key: trace_id(traceparent) for key, traceparent in await rows.fetchall()}


async def _settled(database: str, count: int) -> bool:
    return (await dispositions(database)).get("applied", 0) >= count
