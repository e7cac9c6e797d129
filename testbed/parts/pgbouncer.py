"""PgBouncer: what stands between most services and their PostgreSQL."""

import os
import shutil
import signal
import socket
import tempfile
import time
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from sandbox.embedded.ports import HOST, free_ports
from sandbox.embedded.process import KeptProcess
from testbed.parts.artefacts import Say
from testbed.parts.debian import program

_DEADLINE = 30.0
_UNPRIVILEGED = "nobody"

Mode = Literal["session", "transaction"]

_SETTINGS = """
[databases]
* = host={host} port={server} user={user}
[pgbouncer]
listen_addr = {host}
listen_port = {port}
unix_socket_dir =
auth_type = any
admin_users = {user}
pool_mode = {mode}
default_pool_size = {connections}
max_client_conn = 500
server_login_retry = 1
"""


class PgBouncer:
    """A pooler before `server` (a `postgresql://` URL of the loopback, without a password) on a free port of its own. Blocking.

    It refuses whatever parameter it does not know, as it does by default. Raises `Missing` where the program cannot be had.
    """

    def __init__(self, server: str, *, mode: Mode, connections: int = 40, say: Say = print) -> None:
        self._program = program("pgbouncer", say)
        self._server = urlsplit(server)
        self._mode = mode
        self._connections = connections
        self._port = free_ports(1)[0]
        self._home = Path(tempfile.mkdtemp(prefix="provisioner-pgbouncer-"))
        self._home.chmod(0o711)  # where we are root, the program reads its settings as another user
        self._process: KeptProcess | None = None

    def url(self, database: str | None = None) -> str:
        """`postgresql://` URL of the same database, or of another one, by way of the pooler."""
        path = self._server.path if database is None else f"/{database}"
        return f"postgresql://{self._server.username}@{HOST}:{self._port}{path}"

    def start(self) -> None:
        """Starts, and returns when connections are accepted. Raises RuntimeError with the end of its log."""
        settings = self._write()
        # It refuses to run as root, and can change to another user by itself.
        user = ["-u", _UNPRIVILEGED] if os.geteuid() == 0 else []
        self._process = KeptProcess(
            self._program.command(*user, str(settings)),
            log=self._home / "log",
            stop_signal=signal.SIGTERM,
            remove=self._home,
        )
        deadline = time.monotonic() + _DEADLINE
        while self._process.alive and time.monotonic() < deadline:
            try:
                socket.create_connection((HOST, self._port), timeout=1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise RuntimeError(f"PgBouncer did not start; it says:\n{self._process.log_tail()}")

    def kill(self) -> None:
        """Ends it as a crash would; `start` starts it again on its port."""
        if self._process:
            self._process.kill()

    def lead_to(self, server: str) -> None:
        """From now on new server connections lead to this server, as after a failover; the old ones are closed when they are free."""
        self._server = urlsplit(server)._replace(path=self._server.path)
        self._write()
        if self._process:
            os.kill(self._process.pid, signal.SIGHUP)

    def log(self) -> str:
        """What it wrote."""
        return (self._home / "log").read_text(errors="replace")

    def stop(self) -> None:
        """Ends it."""
        if self._process:
            self._process.stop()
        shutil.rmtree(self._home, ignore_errors=True)

    def _write(self) -> Path:
        settings = self._home / "pgbouncer.ini"
        settings.write_text(
            _SETTINGS.format(
                host=HOST,
                port=self._port,
                server=self._server.port,
                user=self._server.username,
                mode=self._mode,
                connections=self._connections,
            )
        )
        settings.chmod(0o644)
        return settings

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
