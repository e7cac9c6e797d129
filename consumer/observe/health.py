"""Health over HTTP: `/livez` (the loops run and make progress), `/readyz` (the process can do its work), `/metrics`.

An unavailable dependency makes the process unready, never dead: a restart would not help. A loop that makes no progress although all
dependencies are available makes it unready first and dead later.
"""

import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Self

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder


class Heartbeats:
    """When each loop last turned, on the monotonic clock. Safe to call from any thread."""

    def __init__(self, *, patience: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._patience = patience
        self._clock = clock
        self._last: dict[str, float] = {}

    def beat(self, loop: str) -> None:
        """Records a turn of this loop."""
        self._last[loop] = self._clock()

    def stop(self, loop: str) -> None:
        """This loop has ended as it should; it is no longer waited for."""
        self._last.pop(loop, None)

    def overdue(self) -> Mapping[str, float]:
        """Loops that have not turned for longer than the patience, with the seconds since they did."""
        now = self._clock()
        return {loop: now - last for loop, last in self._last.items() if now - last > self._patience}


class Progress:
    """Whether a loop makes progress on its work. Updated about once a second; safe to call from any thread.

    well ──stalled or excused, for `unready_after`──▶ unready ──stalled all of `dead_after`──▶ dead
     ▲                                                   │                                     │
     └────────────────────── well ───────────────────────┴─────────────────────────────────────┘
    """

    def __init__(self, *, unready_after: float, dead_after: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._unready_after = unready_after
        self._dead_after = dead_after
        self._clock = clock
        self._why: str | None = None
        self._since = self._stalled_since = float("inf")

    def well(self) -> None:
        """It makes progress, or there is nothing to do."""
        self._why = None
        self._since = self._stalled_since = float("inf")

    def excused(self, why: str) -> None:
        """It makes no progress because a dependency is unavailable."""
        self._since = min(self._since, self._clock())
        self._stalled_since = float("inf")
        self._why = why

    def stalled(self, why: str) -> None:
        """It makes no progress although its dependencies are available."""
        now = self._clock()
        self._since, self._stalled_since = min(self._since, now), min(self._stalled_since, now)
        self._why = why

    def unready(self) -> str | None:
        """Why the process is not ready; None while it is."""
        return self._why if self._clock() - self._since >= self._unready_after else None

    def dead(self) -> str | None:
        """Why a restart is due; None while it is not."""
        return self._why if self._clock() - self._stalled_since >= self._dead_after else None


class Readiness:
    """Named conditions that must all hold. Each starts as not ready. Safe to call from any thread."""

    def __init__(self, *conditions: str) -> None:
        self._unready = dict.fromkeys(conditions, "starting")

    def ready(self, condition: str) -> None:
        """The condition holds."""
        self._unready.pop(condition, None)

    def unready(self, condition: str, why: str) -> None:
        """The condition does not hold; `why` is shown to operators."""
        self._unready[condition] = why

    def missing(self) -> Mapping[str, str]:
        """Conditions that do not hold, with why."""
        return dict(self._unready)


class HealthServer:
    """Serves the three paths on the running event loop; `async with` starts and stops it."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        heartbeats: Heartbeats,
        readiness: Readiness,
        registry: CollectorRegistry,
        progress: Mapping[str, Progress] | None = None,
    ) -> None:
        self._host = host
        self._port = port
        self._heartbeats = heartbeats
        self._readiness = readiness
        self._registry = registry
        self._progress = progress or {}
        app = web.Application()
        app.router.add_get("/livez", self._livez)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metrics)
        self._runner = web.AppRunner(app, access_log=None)
        self.port = port

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _livez(self, _request: web.Request) -> web.Response:
        overdue = {loop: f"no heartbeat for {seconds:.0f} s" for loop, seconds in self._heartbeats.overdue().items()}
        overdue |= {loop: why for loop, progress in self._progress.items() if (why := progress.dead()) is not None}
        return web.json_response({"alive": not overdue, "overdue": overdue}, status=_status(ok=not overdue))

    async def _readyz(self, _request: web.Request) -> web.Response:
        missing = dict(self._readiness.missing())
        missing |= {loop: why for loop, progress in self._progress.items() if (why := progress.unready()) is not None}
        return web.json_response({"ready": not missing, "missing": missing}, status=_status(ok=not missing))

    async def _metrics(self, request: web.Request) -> web.Response:
        """In OpenMetrics, which has exemplars, where the scraper takes it."""
        expose, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=expose(self._registry), headers={"Content-Type": content_type})


def _status(*, ok: bool) -> HTTPStatus:
    return HTTPStatus.OK if ok else HTTPStatus.SERVICE_UNAVAILABLE
