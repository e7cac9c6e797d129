"""Two PostgreSQL servers, of which one follows the other and takes its place."""

import time
from pathlib import Path
from typing import LiteralString, Self
from urllib.parse import urlsplit

import psycopg

from sandbox.embedded.ports import HOST
from sandbox.embedded.postgres import EmbeddedPostgres

_DEADLINE = 30.0
_SYNCHRONOUS = "SELECT 1 FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')"
_ATTACHED = "SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'"


class PostgresPair:
    """A primary, and a standby that streams from it: a commit waits for both where `synchronous`. Blocking.

    `home` is created, and must be open to all: see `EmbeddedPostgres`.
    """

    def __init__(self, home: Path, *, synchronous: bool = True) -> None:
        self._home = home
        self._synchronous = synchronous
        self.primary = EmbeddedPostgres(home / "primary", replicates=True)
        self.standby: EmbeddedPostgres | None = None

    def start(self) -> None:
        """Starts the primary, has the standby follow it, and returns when it does. Raises RuntimeError, or Stop."""
        self._home.mkdir(parents=True, exist_ok=True)
        self.primary.start()
        self.standby = self.primary.standby(self._home / "standby")
        self.standby.start()
        with psycopg.connect(self.primary.url, autocommit=True) as session:
            if self._synchronous:
                session.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
                session.execute("SELECT pg_reload_conf()")
            _until(session, _SYNCHRONOUS if self._synchronous else _ATTACHED, "follow")

    def url(self, database: str) -> str:
        """`postgresql://` URL of a database, with both servers: whichever is the primary is meant."""
        servers = [self.primary, *([self.standby] if self.standby else [])]
        found = [urlsplit(server.url) for server in servers]
        hosts = ",".join(f"{HOST}:{url.port}" for url in found)
        return f"postgresql://{found[0].username}@{hosts}/{database}?target_session_attrs=read-write"

    def fail_over(self) -> None:
        """Kills the primary and promotes the standby."""
        if self.standby is None:
            raise RuntimeError("There is no standby to promote.")
        self.primary.kill()
        self.standby.promote()

    def stop(self) -> None:
        """Ends both; their data stay in `home`."""
        for server in (self.primary, self.standby):
            if server:
                server.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _until(session: psycopg.Connection, query: LiteralString, what: str) -> None:
    deadline = time.monotonic() + _DEADLINE
    while session.execute(query).fetchone() is None:
        if time.monotonic() > deadline:
            raise RuntimeError(f"The standby did not {what} within {_DEADLINE:.0f} s.")
        time.sleep(0.05)
