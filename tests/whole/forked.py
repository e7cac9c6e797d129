"""Replicas that start at once: forked from a process that has imported the service already, which is most of a start's work."""

import asyncio
import multiprocessing
import os
from collections.abc import Mapping
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from consumer.cli.run import run
from testbed.installation import until

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__])


class ForkedReplica:
    """`provisioner run` under this environment; its log is `log`."""

    def __init__(self, config: Path, log: Path, environ: Mapping[str, str]) -> None:
        self.log = log
        self._process: ForkServerProcess = _FORKS.Process(target=_run, args=(config, log, dict(environ)), daemon=True)

    def start(self) -> None:
        """Once."""
        self.log.touch()
        self._process.start()

    async def ended(self, *, seconds: float) -> int | None:
        """Its exit status; None where it runs on for so long."""
        await asyncio.to_thread(self._process.join, seconds)
        return self._process.exitcode

    async def end(self) -> int | None:
        """Asks it to end, once it listens for signals, and tells its exit status."""
        await until("the replica has started", self._started, seconds=60)
        self._process.terminate()
        return await self.ended(seconds=60)

    async def _started(self) -> bool:
        return self._process.exitcode is not None or '"event": "started"' in self.log.read_text()

    def kill(self) -> None:
        """Ends it as it is; does nothing where it has ended."""
        self._process.kill()


def _run(config: Path, log: Path, environ: dict[str, str]) -> None:
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.environ.clear()
    os.environ.update(environ)
    run(config)
