"""A program of others that serves HTTP on the loopback, in a process of its own."""

import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import httpx

from sandbox.embedded.ports import HOST, free_ports
from sandbox.embedded.process import KeptProcess
from testbed.parts.debian import Program

_DEADLINE = 60.0


class WebProgram:
    """Runs from `with` on, on a free port, in a folder of its own. Blocking. It says at `/-/ready` that it answers."""

    def __init__(self, name: str, program: Program) -> None:
        self.address = f"{HOST}:{free_ports(1)[0]}"
        self.home = Path(tempfile.mkdtemp(prefix=f"provisioner-{name}-"))
        self._name = name
        self._program = program
        self._process: KeptProcess | None = None

    def arguments(self) -> Sequence[str]:
        """Of its command line; what they name is written by then."""
        raise NotImplementedError

    @property
    def url(self) -> str:
        """Of its HTTP API."""
        return f"http://{self.address}"

    def start(self) -> None:
        """Starts, and returns when it answers. Raises RuntimeError with the end of its log."""
        self._process = KeptProcess(self._program.command(*self.arguments()), log=self.home / "log")
        deadline = time.monotonic() + _DEADLINE
        while self._process.alive and time.monotonic() < deadline:
            try:
                if httpx.get(f"{self.url}/-/ready", timeout=1).is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise RuntimeError(f"{self._name} did not start; it says:\n{self._process.log_tail()}")

    def stop(self) -> None:
        """Ends it, and removes what it has kept."""
        if self._process:
            self._process.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
