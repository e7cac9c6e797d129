"""Where rows are played: clusters are shared by all rows of a run, everything else is an installation's own."""

import secrets
import tempfile
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Self

from proof.chaos.installation import Arrange, Changes, Installation
from proof.chaos.parts import Brokers, Database
from sandbox.simulators.vendors import Quirks
from testbed.parts.artefacts import Say


class Stage:
    """From `async with` to its end. A cluster is started by the first installation that wants one of its size."""

    def __init__(self, *, say: Say) -> None:
        self._say = say
        self._stack = AsyncExitStack()
        self._clusters: dict[int, Brokers] = {}

    async def __aenter__(self) -> Self:
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="provisioner-chaos-"))
        self._folder = _open_to_all(folder)
        return self

    async def __aexit__(self, *exit_: object) -> None:
        await self._stack.aclose()

    async def brokers(self, size: int) -> Brokers:
        """The cluster of that size, all of its nodes up."""
        if size not in self._clusters:
            brokers = Brokers(self._folder / f"kafka-{size}", size=size, say=self._say)
            self._clusters[size] = await self._stack.enter_async_context(brokers)
        await self._clusters[size].heal()
        return self._clusters[size]

    @asynccontextmanager
    async def installation(
        self,
        *,
        seed: int,
        brokers: int = 1,
        replicas: int = 3,
        changes: Changes | None = None,
        quirks: Quirks | None = None,
        disk: int | None = None,
        standby: bool = False,
        arrange: Arrange | None = None,
        upgraded: bool = False,
    ) -> AsyncGenerator[Installation]:
        """A new one, ready; its database goes with it, its topics stay."""
        cluster = await self.brokers(brokers)
        with tempfile.TemporaryDirectory(dir=self._folder, prefix="installation-") as name:
            folder = _open_to_all(name)
            async with (
                Database(folder / "postgres", megabytes=disk, standby=standby) as database,
                Installation(
                    folder,
                    brokers=cluster,
                    database=database,
                    prefix=f"chaos{secrets.token_hex(4)}",
                    seed=seed,
                    replicas=replicas,
                    changes=changes,
                    quirks=quirks,
                    arrange=arrange,
                    upgraded=upgraded,
                ) as installation,
            ):
                yield installation


def _open_to_all(folder: str) -> Path:
    """PostgreSQL runs as another user where we run as root."""
    path = Path(folder)
    path.chmod(0o711)
    return path
