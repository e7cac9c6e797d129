"""Liveness is about loops that turn, readiness about what the process needs; neither is the other."""

import aiohttp
from prometheus_client import CollectorRegistry, Counter

from consumer.observe.health import HealthServer, Heartbeats, Progress, Readiness


async def get(server: HealthServer, path: str, *, accept: str = "*/*") -> tuple[int, str]:
    url = f"http://127.0.0.1:{server.port}{path}"
    async with aiohttp.ClientSession() as session, session.get(url, headers={"Accept": accept}) as answer:
        return answer.status, await answer.text()


def served(heartbeats: Heartbeats, readiness: Readiness, registry: CollectorRegistry | None = None) -> HealthServer:
    return HealthServer(
        "127.0.0.1", 0, heartbeats=heartbeats, readiness=readiness, registry=registry or CollectorRegistry()
    )


async def test_a_loop_that_stopped_turning_makes_the_process_dead() -> None:
    now = [100.0]
    heartbeats = Heartbeats(patience=60, clock=lambda: now[0])
    heartbeats.beat("intake")
    async with served(heartbeats, Readiness()) as server:
        assert (await get(server, "/livez"))[0] == 200
        now[0] += 61
        status, body = await get(server, "/livez")
        assert status == 503
        assert "intake" in body


async def test_a_loop_that_ended_as_it_should_is_not_waited_for() -> None:
    now = [0.0]
    heartbeats = Heartbeats(patience=1, clock=lambda: now[0])
    heartbeats.beat("outbound")
    heartbeats.stop("outbound")
    now[0] = 10
    assert heartbeats.overdue() == {}


async def test_a_missing_dependency_makes_the_process_unready_and_not_dead() -> None:
    readiness = Readiness("database")
    readiness.ready("database")
    async with served(Heartbeats(patience=1), readiness) as server:
        assert (await get(server, "/readyz"))[0] == 200
        readiness.unready("database", "does not answer")
        assert (await get(server, "/livez"))[0] == 200
        status, body = await get(server, "/readyz")
        assert status == 503
        assert "does not answer" in body


async def test_metrics_are_served_in_prometheus_text() -> None:
    registry = CollectorRegistry()
    Counter("things", "Things.", registry=registry).inc()
    async with served(Heartbeats(patience=1), Readiness(), registry) as server:
        status, body = await get(server, "/metrics")
    assert status == 200
    assert "things_total 1.0" in body


async def test_a_scraper_that_takes_open_metrics_is_given_exemplars() -> None:
    registry = CollectorRegistry()
    Counter("things", "Things.", registry=registry).inc(exemplar={"trace_id": "4bf9"})
    async with served(Heartbeats(patience=1), Readiness(), registry) as server:
        status, body = await get(server, "/metrics", accept="application/openmetrics-text; version=1.0.0")
    assert status == 200
    assert 'things_total 1.0 # {trace_id="4bf9"} 1.0' in body


async def test_a_loop_that_does_not_get_on_makes_the_process_unready_and_then_dead() -> None:
    now = [0.0]
    progress = Progress(unready_after=30, dead_after=360, clock=lambda: now[0])
    server = HealthServer(
        "127.0.0.1",
        0,
        heartbeats=Heartbeats(patience=1),
        readiness=Readiness(),
        registry=CollectorRegistry(),
        progress={"intake": progress},
    )
    async with server:
        progress.stalled("records wait")
        assert (await get(server, "/readyz"))[0] == 200
        now[0] = 31
        progress.stalled("records wait")
        status, body = await get(server, "/readyz")
        assert (status, "records wait" in body) == (503, True)
        assert (await get(server, "/livez"))[0] == 200
        now[0] = 361
        assert (await get(server, "/livez"))[0] == 503


def test_an_excuse_begins_the_patience_anew() -> None:
    now = [0.0]
    progress = Progress(unready_after=30, dead_after=360, clock=lambda: now[0])
    progress.stalled("records wait")
    now[0] = 300
    progress.excused("PostgreSQL is unavailable")
    progress.stalled("records wait")
    now[0] = 400
    assert progress.dead() is None
    assert progress.unready() == "records wait"
