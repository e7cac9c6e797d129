"""The composition root: builds everything, starts the loops, and drains them. With `assembly`, the only module that knows everyone."""

import asyncio
import os
import socket
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import structlog
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from consumer import __version__, collector
from consumer.assembly import Assembly
from consumer.clients import LiveClients
from consumer.codec.writer import OutcomeWriter
from consumer.configuration.folder import TenantFolder
from consumer.errors import Stop, Unavailable
from consumer.failpoints import UNARMED, Failpoints
from consumer.http.proxy import DIRECT, Proxies
from consumer.ledger.engine import connections_in_use
from consumer.ledger.faults import Refused
from consumer.ledger.form import require_current
from consumer.ledger.holds import Holds
from consumer.ledger.statement_times import measure
from consumer.loops import Drain, Loop, blocking, run_all
from consumer.observe import tracing
from consumer.observe.event_loop import EventLoopLag
from consumer.observe.health import HealthServer, Heartbeats, Progress, Readiness
from consumer.observe.metrics import Metrics
from consumer.reload import NAME as TENANTS
from consumer.reload import Reload, report_resumed
from consumer.secrets import SecretOpener
from consumer.settings import Settings
from consumer.tenants import Outline, Tenant

log = structlog.get_logger()

_PATIENCE = 120.0
_UNREADY_AFTER, _DEAD_AFTER = 30.0, 360.0
"""Seconds without progress of the intake. A group may take `max.poll.interval.ms` (300 s) to give out its partitions."""
_WAIT_FOR_DEPENDENCY = 2.0
"""Seconds: how long a loop may be silent before the process counts as dead, and between tries while a dependency is missing at start."""


class App:
    """One process of the service. `run` returns when `stop` was called and everything has drained.

    `unreadable` and `unusable`: see `Assembly`. With `folder`, the tenants follow its files; `restart_needed` says whether the service's
    own file has changed since.
    """

    def __init__(
        self,
        settings: Settings,
        tenants: Sequence[Tenant],
        open_secret: SecretOpener,
        *,
        failpoints: Failpoints = UNARMED,
        unreadable: Mapping[str, Outline | None] | None = None,
        unusable: Collection[str] = (),
        proxies: Proxies = DIRECT,
        folder: TenantFolder | None = None,
        restart_needed: Callable[[], bool] = lambda: False,
    ) -> None:
        self.metrics = Metrics(CollectorRegistry())
        self.readiness = Readiness("database", "registry", "loops")
        self.health_port = 0
        self._settings = settings
        self._heartbeats = Heartbeats(patience=_PATIENCE)
        self._progress = Progress(unready_after=_UNREADY_AFTER, dead_after=_DEAD_AFTER)
        self._stopping = asyncio.Event()
        self._folder = folder
        self._restart_needed = restart_needed
        self._reload: Reload | None = None
        self._open_secret = open_secret
        self._proxies = proxies
        self._name = f"{socket.gethostname()}/{os.getpid()}"
        self._assembly = Assembly(
            settings,
            tenants,
            open_secret,
            metrics=self.metrics,
            beat=self._heartbeats.beat,
            progress=self._progress,
            stopping=self._stopping.is_set,
            name=self._name,
            failpoints=failpoints,
            unreadable=unreadable,
            unusable=unusable,
        )

    def stop(self) -> None:
        """Ends the loops gracefully; from the event loop's thread."""
        self._stopping.set()

    def reload(self) -> None:
        """Looks at the tenants' files at once; from the event loop's thread. Before the loops run, it does nothing."""
        if self._reload:
            self._reload.ask()

    async def run(self) -> None:
        """Raises `Stop` where the process cannot continue."""
        async with AsyncExitStack() as stack:
            server = HealthServer(
                self._settings.http.host,
                self._settings.http.port,
                heartbeats=self._heartbeats,
                readiness=self.readiness,
                registry=self.metrics.registry,
                progress={"intake": self._progress},
            )
            try:
                self.health_port = (await stack.enter_async_context(server)).port
            except OSError as error:
                where = f"{self._settings.http.host}:{self._settings.http.port}"
                raise Stop(f"Health and metrics cannot be served on {where} ({error.strerror}): set `http`.") from error
            clients = LiveClients(
                self._settings,
                self._open_secret,
                name=self._name,
                observe=self._observe,
                unreadable=self._unreadable,
                proxies=self._proxies,
            )
            await stack.enter_async_context(clients)
            self._measure_process(stack, clients.engine)
            await self._patiently("database", partial(self._prepare, clients.engine))
            writer = await self._patiently(
                "registry", partial(OutcomeWriter.open, clients.registry, self._settings.kafka.topics)
            )
            if writer is not None:
                await self._loops(stack, clients, writer)
        log.info("stopped")

    def _measure_process(self, stack: AsyncExitStack, engine: Engine) -> None:
        process = self.metrics.process
        process.build_info.labels(__version__).set(1)
        process.database_connections_limit.set(self._settings.database.pool_size)
        process.database_connections.set_function(partial(connections_in_use, engine))
        measure(engine, lambda table, seconds: process.statement_seconds.labels(table).observe(seconds))
        lag = asyncio.create_task(EventLoopLag(process.event_loop_lag).run())
        stack.callback(lag.cancel)

    def _prepare(self, engine: Engine) -> None:
        if self._settings.database.migrate_at_start:
            from consumer.ledger.migrations import upgrade  # noqa: PLC0415  with Alembic, which no other start needs

            upgrade(engine)
        require_current(engine)
        digests = {ident: tenant.digest() for ident, tenant in self._assembly.in_force.now.tenants.items()}
        changed = Holds(engine).configured(digests)
        if changed:
            log.info("tenants_configured", changed=len(changed))
        report_resumed(changed)

    async def _patiently(self, condition: str, attempt: Callable[[], Any]) -> Any:  # noqa: ANN401  whatever is waited for
        """A dependency that is unavailable at start is waited for; a restart would not bring it back. None where we are stopped first.

        Raises `Stop` where a person must act first.
        """
        while not self._stopping.is_set():
            try:
                result = await asyncio.to_thread(attempt)
            except Refused as refusal:
                raise Stop(str(refusal)) from refusal
            except Unavailable as fault:
                self.readiness.unready(condition, str(fault))
                log.warning("waiting_for_dependency", condition=condition, why=str(fault))
                await asyncio.wait([asyncio.ensure_future(self._stopping.wait())], timeout=_WAIT_FOR_DEPENDENCY)
            else:
                self.readiness.ready(condition)
                return result
        return None

    async def _loops(self, stack: AsyncExitStack, clients: LiveClients, writer: OutcomeWriter) -> None:
        clients.wakeups.start()
        stack.callback(clients.wakeups.stop)
        loops = [*self._assembly.loops(clients, clients.registry, writer), *self._reloading(clients)]
        threads = ThreadPoolExecutor(len(loops), thread_name_prefix="loop")
        stack.callback(threads.shutdown)
        collector.settle()
        self.readiness.ready("loops")
        log.info("started", port=self.health_port)
        await run_all(
            loops,
            stopping=self._stopping,
            in_thread=partial(asyncio.get_running_loop().run_in_executor, threads),
            ended=self._heartbeats.stop,
        )

    def _reloading(self, clients: LiveClients) -> Sequence[Loop]:
        if self._folder is None:
            return ()
        self._reload = Reload(
            self._folder,
            self._assembly.in_force,
            end_holds=Holds(clients.engine).reconfigured,
            restart_needed=self._restart_needed,
            every=self._settings.tenants_every,
            settle=self._settings.provisioning.call_timeout,
            clock=clients.monotonic,
            metrics=self.metrics,
        )
        # Last: a file system that does not answer must not keep students' outcomes from being published.
        return (blocking(TENANTS, self._reload.run, self._reload.stop, drain=Drain.OUTCOMES),)

    def _observe(self, service: str, operation: str, outcome: str, seconds: float) -> None:
        self.metrics.vendor_call_seconds.labels(service, operation, outcome).observe(seconds, tracing.exemplar())

    def _unreadable(self, place: str) -> None:
        self.metrics.unreadable_records.labels(place).inc()
