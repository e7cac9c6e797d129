"""The service as its users run it: the `provisioner` command, in processes of its own, on real parts and simulated vendors."""

import asyncio
import base64
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from consumer.codec.registration import register
from consumer.codec.registry import open_registry
from consumer.configuration.loading import load_settings
from consumer.ledger.engine import open_engine
from consumer.ledger.migrations import upgrade
from consumer.secrets import opener
from consumer.settings import Topics
from consumer.tenants import Tenant
from consumer.topics import create_topics
from sandbox.simulators.world import REGISTRY, Reachable, World

ROOT = Path(__file__).parents[1]
VAULT = {"TEST_VAULT_KEY": base64.b64encode(bytes(32)).decode()}
"""The part of the environment that the configuration refers to."""


def free_names(prefix: str) -> Topics:
    """Topics that no other test has."""
    return Topics(**{name: f"{prefix}.{name}" for name in Topics.model_fields})


@dataclass
class Service:
    """One installation: its configuration, and the processes that run it."""

    folder: Path
    topics: Topics
    config: Path
    group: str

    @classmethod
    def configured(
        cls,
        folder: Path,
        *,
        world: World,
        vendors: Reachable,
        kafka: str,
        database: str,
        prefix: str,
        changes: Mapping[str, Mapping[str, object]] | None = None,
        tenants: Sequence[Tenant] | None = None,
    ) -> "Service":
        """Writes the configuration of an installation for the world's institutions; `changes` to it by section and key.

        `tenants` are the institutions' configuration where it is not the one that fits the world.
        """
        topics = free_names(prefix)
        settings: dict[str, Any] = {
            "kafka": {"bootstrap_servers": kafka, "group_id": prefix, "topics": topics.model_dump()},
            "registry": {"url": vendors.url(REGISTRY), "ca_file": str(world.authority.ca_file)},
            "database": {"url": database},
            "vault": [{"id": "test", "key": "env:TEST_VAULT_KEY"}],
            "provisioning": {"retry_base": 0.2, "sweep": 0.5, "lease": 12, "call_timeout": 5, "mail_hold_down": 3},
            "outbound": {"transactional_id": prefix},
            "http": {"port": 0},
            "tenants_dir": str(world.write_tenants(world.tenants(vendors) if tenants is None else tenants)),
            "templates_dir": str(ROOT / "templates"),
        }
        for section, values in (changes or {}).items():
            settings[section] = {**settings.get(section, {}), **values}
        config = folder / "service.yaml"
        config.write_text(yaml.safe_dump(settings))
        return cls(folder, topics, config, group=prefix)

    async def command(
        self,
        *words: str,
        environ: Mapping[str, str] | None = None,
        module: str = "consumer.cli",
        statuses: Collection[int] = (0,),
    ) -> str:
        """Runs a command to its end and returns what it printed; fails where its exit status is none of `statuses`."""
        process = await self._start(*words, output=asyncio.subprocess.PIPE, environ=environ, module=module)
        printed, _ = await process.communicate()
        assert process.returncode in statuses, printed.decode()
        return printed.decode()

    async def prepare(self) -> None:
        """Topics, schemas, tables."""
        await self.command("topics", "create", "--partitions", "6", "--replication", "1")
        await self.command("schemas", "register")
        await self.command("db", "upgrade")

    def prepare_here(
        self, *, replication: int, partitions: int = 6, registry_url: str | None = None, tables: bool = True
    ) -> None:
        """The same without three more processes; without `tables`, another release makes them. Blocking.

        `registry_url` where this process reaches the registry by another one.
        """
        settings = load_settings(self.config, {})
        create_topics(settings.kafka, partitions=partitions, replication=replication)
        url = registry_url or settings.registry.url
        registry = open_registry(settings.registry.model_copy(update={"url": url}), opener({}))
        register(registry, settings.kafka.topics)
        registry.close()
        if not tables:
            return
        engine = open_engine(settings.database.url)
        upgrade(engine)
        engine.dispose()

    async def run(
        self, name: str, *, environ: Mapping[str, str] | None = None, module: str = "consumer.cli"
    ) -> Process:
        """Starts a replica, with more in its environment; its log continues in `<name>.log`. It ends with this process at the latest."""
        with self.log(name).open("ab") as log:
            return await self._start("run", output=log.fileno(), environ=environ or {}, module=module)

    def log(self, name: str) -> Path:
        """Where a replica's log is."""
        return self.folder / f"{name}.log"

    async def _start(
        self, *words: str, output: int, environ: Mapping[str, str] | None = None, module: str = "consumer.cli"
    ) -> Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "testbed.tether", str(os.getpid()), module, *words, "--config", str(self.config),
            stdout=output, stderr=asyncio.subprocess.STDOUT, env={**self.environ(), **(environ or {})}, cwd=ROOT,
        )  # fmt: skip

    def environ(self) -> Mapping[str, str]:
        """The environment of its processes, independent of this one's."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PROVISIONER_")}
        return {**kept, **VAULT, "COLUMNS": "200"}


async def end(process: Process, *, hard: bool = False) -> None:
    """Ends a replica: asked politely, or not at all."""
    if process.returncode is None:
        process.send_signal(signal.SIGKILL if hard else signal.SIGTERM)
    await asyncio.wait_for(process.wait(), 60)


async def until(condition: str, holds: Callable[[], Awaitable[bool]], *, seconds: float) -> None:
    """Waits for a condition, and says which one did not come true."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not await holds():
        assert asyncio.get_running_loop().time() < deadline, f"after {seconds:.0f} s: {condition}"
        await asyncio.sleep(0.2)
