"""What installations share in one run: PostgreSQL, and clusters of one broker or of three, each behind proxies of their own."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import psycopg
from confluent_kafka.admin import AdminClient  # pyright: ignore[reportPrivateImportUsage]  where its own docs take it from
from psycopg import sql

from proof.chaos.disk import CannotBeRun, SmallDisk
from proof.chaos.proxy import Proxy
from sandbox.embedded.ports import HOST, free_ports
from sandbox.embedded.postgres import EmbeddedPostgres
from testbed.parts.artefacts import Say
from testbed.parts.debian import Missing
from testbed.parts.kafka import Detour, KafkaCluster
from testbed.parts.pair import PostgresPair
from testbed.parts.pgbouncer import Mode, PgBouncer

_UNPRIVILEGED = "nobody"
"""As whom `EmbeddedPostgres` runs the server where we are root; who is not can't mount."""


_THROW_OUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"


def _empty(url: str, setting: str) -> None:
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(sql.SQL("ALTER SYSTEM SET {} = ''").format(sql.Identifier(setting)))
        server.execute("SELECT pg_reload_conf()")


class Brokers:
    """A Kafka whose clients come through proxies, one for each node; started by `async with`."""

    def __init__(self, home: Path, *, size: int, say: Say) -> None:
        listens = free_ports(size)
        self.proxies: Sequence[Proxy] = [Proxy(port) for port in listens]
        detours = {number: Detour(proxy.target, proxy.port) for number, proxy in enumerate(self.proxies, start=1)}
        self.cluster = KafkaCluster(home, size=size, say=say, detours=detours)
        self.size = size
        self._dead: set[int] = set()
        self._stack = AsyncExitStack()

    @property
    def straight(self) -> str:
        """For those who look on: no fault touches this way but a broker's own."""
        return self.cluster.bootstrap_servers

    @property
    def through(self) -> str:
        """For the service."""
        return ",".join(f"{HOST}:{proxy.port}" for proxy in self.proxies)

    def admin(self) -> Any:  # noqa: ANN401  its futures are untyped
        """A client that orders things at the cluster, by the straight way."""
        return AdminClient({"bootstrap.servers": self.straight, "log_level": 0})

    async def __aenter__(self) -> Self:
        for proxy in self.proxies:
            await self._stack.enter_async_context(proxy)
        await asyncio.to_thread(self.cluster.start)
        self._stack.callback(self.cluster.stop)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def kill(self, number: int, *, hard: bool) -> None:
        """Ends a node; see `KafkaCluster.kill`."""
        self._dead.add(number)
        await asyncio.to_thread(self.cluster.kill, number, hard=hard)

    async def restart(self, number: int) -> None:
        """Starts it again, and waits until it is in."""
        await asyncio.to_thread(self.cluster.restart, number)
        self._dead.discard(number)

    async def heal(self) -> None:
        """Everything passes, and every node is up."""
        for number in sorted(self._dead):
            await self.restart(number)
        for proxy in self.proxies:
            await proxy.heal()


class Database:
    """One server and one database in it, behind a proxy; started by `async with`. `folder` must be open to all: see `EmbeddedPostgres`."""

    def __init__(self, folder: Path, *, megabytes: int | None = None, standby: bool = False) -> None:
        """`megabytes`: its data are on a disk of that size. `standby`: another server follows it, and has each commit as it is answered."""
        self.disk = SmallDisk(folder, megabytes=megabytes, user=_UNPRIVILEGED) if megabytes else None
        self._pair = PostgresPair(folder) if standby else None
        self._server = self._pair.primary if self._pair else EmbeddedPostgres(folder)
        self._stack = AsyncExitStack()
        self._name = f"chaos{secrets.token_hex(4)}"
        self._proxy: Proxy | None = None
        self._up = True

    @property
    def proxy(self) -> Proxy:
        """On the service's way. Raises RuntimeError before the start."""
        if self._proxy is None:
            raise RuntimeError("The database is not started.")
        return self._proxy

    @property
    def straight(self) -> str:
        """URL for those who look on; of both servers where there are two."""
        return self._pair.url(self._name) if self._pair else self._url(None)

    @property
    def through(self) -> str:
        """URL for the service."""
        return self._url(self.proxy.port)

    async def __aenter__(self) -> Self:
        if self.disk:
            self._stack.enter_context(self.disk)
        await asyncio.to_thread(self._pair.start if self._pair else self._server.start)
        with psycopg.connect(self._server.url, autocommit=True) as server:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self._name)))
        self._proxy = await Proxy(urlsplit(self._server.url).port or 0).__aenter__()
        return self

    async def __aexit__(self, *exit_: object) -> None:
        await self.proxy.__aexit__(*exit_)
        await asyncio.to_thread(self._pair.stop if self._pair else self._server.stop)
        await self._stack.aclose()

    @asynccontextmanager
    async def pooled(self, mode: Mode) -> AsyncGenerator[PgBouncer]:
        """A PgBouncer before it. Raises `CannotBeRun` where there is no such program."""
        try:
            pooler = await asyncio.to_thread(partial(PgBouncer, self._url(None), mode=mode))
        except Missing as missing:
            raise CannotBeRun(str(missing)) from missing
        try:
            await asyncio.to_thread(pooler.start)
            yield pooler
        finally:
            await asyncio.to_thread(pooler.stop)

    async def fall_behind(self) -> None:
        """From now on the standby gets no commits, and the primary does not wait for it."""
        if self._pair is None or self._pair.standby is None:
            raise RuntimeError("The database has no standby.")
        cut = ((self._pair.standby, "primary_conninfo"), (self._pair.primary, "synchronous_standby_names"))
        for server, setting in cut:
            await asyncio.to_thread(_empty, server.url, setting)

    async def fail_over(self) -> None:
        """Kills the primary, and has the standby take its place. The proxy leads nowhere from then on."""
        if self._pair is None or self._pair.standby is None:
            raise RuntimeError("The database has no standby.")
        await asyncio.to_thread(self._pair.fail_over)
        self._server = self._pair.standby

    async def stop(self, *, hard: bool) -> None:
        """Ends the server: like a crash, or with a checkpoint."""
        self._up = False
        await asyncio.to_thread(self._server.kill if hard else self._server.stop)

    async def start(self) -> None:
        """Starts it again with its data, on its port."""
        await asyncio.to_thread(self._server.start)
        self._up = True

    async def back_up(self) -> None:
        """Keeps a copy of the database as it is now. Its connections are closed."""
        await self._order(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(self._copy, sql.Identifier(self._name)), alone=True
        )

    async def restore(self) -> None:
        """Puts the copy that `back_up` kept in the database's place: what was committed since is lost."""
        await self._order(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(self._name)))
        await self._order(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(self._copy, sql.Identifier(self._name)))

    async def heal(self) -> None:
        """Everything passes, and the server is up."""
        if self.disk:
            self.disk.free()
        if not self._up:
            await self.start()
        await self.proxy.heal()

    @property
    def _copy(self) -> sql.Identifier:
        return sql.Identifier(f"{self._name}_copy")

    async def _order(self, statement: sql.Composed, *, alone: bool = False) -> None:
        def order() -> None:
            with psycopg.connect(self._server.url, autocommit=True) as server:
                if alone:
                    server.execute(_THROW_OUT, [self._name])
                server.execute(statement)

        await asyncio.to_thread(order)

    def _url(self, port: int | None) -> str:
        url = urlsplit(self._server.url)
        return url._replace(netloc=f"{url.username}@{HOST}:{port or url.port}", path=f"/{self._name}").geturl()
