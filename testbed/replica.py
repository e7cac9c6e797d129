"""One replica of the service: a process that is kept running, as an orchestrator would, and can be treated badly."""

import asyncio
import resource
import signal
import time
from asyncio.subprocess import Process
from collections.abc import Mapping

import httpx

from sandbox.embedded.ports import HOST, free_ports
from testbed.installation import Service

_BEFORE_RESTART = 0.5
_STOP_WITHIN = 60.0


class Replica:
    """A process of the service. It is started again whenever it ended by itself or by `kill`, until `down`.

    `exits` are the statuses of ends that the test did not cause, `deaths` are the times of
    ends that were none of its own wish, `restarts` counts all starts but the first. `environ` and `module` (what is
    run in place of the command) hold from the next start.
    """

    def __init__(self, service: Service, name: str) -> None:
        self.name = name
        self.environ: dict[str, str] = {}
        self.module = "consumer.cli"
        self.exits: list[int] = []
        self.deaths: list[float] = []
        self.restarts = 0
        self._service = service
        self._port = free_ports(1)[0]
        self._process: Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._ours = False

    @property
    def running(self) -> bool:
        """Whether there is a process now."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        """Of the process. Raises RuntimeError where there is none."""
        if self._process is None or not self.running:
            raise RuntimeError(f"The replica {self.name} does not run.")
        return self._process.pid

    @property
    def address(self) -> str:
        """Where its health and metrics are served, as `127.0.0.1:PORT`; the same after each start."""
        return f"{HOST}:{self._port}"

    async def up(self, environ: Mapping[str, str] | None = None) -> None:
        """Starts it, with `environ` for good; harmless where it runs."""
        self.environ |= environ or {}
        if self._keeper is None or self._keeper.done():
            self._ours = False
            self._process = await self._start()
            self._keeper = asyncio.create_task(self._keep(), name=f"keeper of {self.name}")

    async def down(self, *, hard: bool = False) -> float:
        """Ends it, and leaves it so; returns the seconds that it took. Resumes it first where it is stopped."""
        if self._keeper is None:
            return 0.0
        begun = time.monotonic()
        self._keeper.cancel()
        await asyncio.wait({self._keeper})
        self._keeper = None
        if self._process is not None and self.running:
            self.resume()
            self._send(signal.SIGKILL if hard else signal.SIGTERM)
            status = await asyncio.wait_for(self._process.wait(), _STOP_WITHIN)
            if status != 0 and not hard:
                self.exits.append(status)
        return time.monotonic() - begun

    async def restart(self, environ: Mapping[str, str] | None = None) -> float:
        """Ends it in the orderly way and starts it again, as in a rolling restart; returns the seconds that its end took."""
        took = await self.down()
        self.restarts += 1
        await self.up(environ)
        return took

    def kill(self) -> None:
        """SIGKILL; its keeper starts it again."""
        self._send(signal.SIGKILL)

    def terminate(self) -> None:
        """SIGTERM; its keeper starts it again."""
        self._send(signal.SIGTERM)

    def reload(self) -> None:
        """SIGHUP: it looks at the tenants' files at once."""
        self._send(signal.SIGHUP)

    def stop(self) -> None:
        """SIGSTOP: it does not run, and does not know."""
        self._send(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        if self.running and self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def limit_files(self, most: int) -> None:
        """From now on so many files and sockets at once, the living process too."""
        _, hard = resource.prlimit(self.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (most, hard))

    async def ready(self) -> bool:
        """Whether `/readyz` says so."""
        return await self._get("readyz") is not None

    async def alive(self) -> bool:
        """Whether `/livez` says so."""
        return await self._get("livez") is not None

    async def metrics(self) -> str:
        """What `/metrics` shows; empty where it does not answer."""
        return await self._get("metrics") or ""

    async def exemplars(self) -> str:
        """The lines of `/metrics` that have one; empty where it does not answer."""
        exposed = await self._get("metrics", accept="application/openmetrics-text; version=1.0.0") or ""
        return "\n".join(line for line in exposed.splitlines() if " # {" in line)

    def log(self) -> str:
        """All that its processes wrote."""
        path = self._service.log(self.name)
        return path.read_text(errors="replace") if path.exists() else ""

    def _send(self, number: signal.Signals) -> None:
        if self.running and self._process is not None:
            self._ours = number in {signal.SIGKILL, signal.SIGTERM}
            if number is signal.SIGKILL:
                self.deaths.append(time.time())
            self._process.send_signal(number)

    async def _start(self) -> Process:
        environ = {"PROVISIONER_HTTP__PORT": str(self._port), **self.environ}
        return await self._service.run(self.name, environ=environ, module=self.module)

    async def _keep(self) -> None:
        while True:
            if self._process is not None:
                status = await self._process.wait()
                if not self._ours:
                    self.exits.append(status)
                    self.deaths.append(time.time())
            self._ours = False
            await asyncio.sleep(_BEFORE_RESTART)
            self.restarts += 1
            self._process = await self._start()

    async def _get(self, path: str, *, accept: str = "*/*") -> str | None:
        try:
            async with httpx.AsyncClient(timeout=5) as client:
                answer = await client.get(f"http://{self.address}/{path}", headers={"Accept": accept})
        except httpx.TransportError:
            return None
        return answer.text if answer.is_success else None
