"""Prometheus itself, as Debian's package has it."""

import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import httpx
import yaml

from monitoring.alerts import JOB
from sandbox.embedded.ports import HOST, free_ports
from sandbox.embedded.process import KeptProcess
from testbed.parts.artefacts import Say
from testbed.parts.debian import program

_DEADLINE = 60.0


class Prometheus:
    """Scrapes these `targets` (`127.0.0.1:PORT`) and evaluates these `rules`, both every `interval` seconds, on a free port. Blocking.

    Raises `Missing` where the program cannot be had.
    """

    def __init__(
        self, targets: Sequence[str], *, rules: Sequence[Path] = (), interval: int = 1, say: Say = print
    ) -> None:
        self._program = program("prometheus", say)
        self._targets = targets
        self._rules = rules
        self._interval = interval
        self._address = f"{HOST}:{free_ports(1)[0]}"
        self._home = Path(tempfile.mkdtemp(prefix="provisioner-prometheus-"))
        self._process: KeptProcess | None = None

    @property
    def url(self) -> str:
        """Of its HTTP API."""
        return f"http://{self._address}"

    def start(self) -> None:
        """Starts, and returns when it answers. Raises RuntimeError with the end of its log."""
        self._process = KeptProcess(
            self._program.command(
                f"--config.file={self._write()}",
                f"--storage.tsdb.path={self._home / 'data'}",
                f"--web.listen-address={self._address}",
            ),
            log=self._home / "log",
        )
        deadline = time.monotonic() + _DEADLINE
        while self._process.alive and time.monotonic() < deadline:
            try:
                if httpx.get(f"{self.url}/-/ready", timeout=1).is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise RuntimeError(f"Prometheus did not start; it says:\n{self._process.log_tail()}")

    def stop(self) -> None:
        """Ends it, and removes what it has scraped."""
        if self._process:
            self._process.stop()
        shutil.rmtree(self._home, ignore_errors=True)

    def _write(self) -> Path:
        every = f"{self._interval}s"
        settings = {
            "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
            "rule_files": [str(rules) for rules in self._rules],
            "scrape_configs": [{"job_name": JOB, "static_configs": [{"targets": [*self._targets]}]}],
        }
        path = self._home / "prometheus.yml"
        path.write_text(yaml.safe_dump(settings))
        return path

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
