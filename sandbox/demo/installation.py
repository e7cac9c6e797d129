"""A local installation for trying the service: the parts it needs, and the service file that connects to them.

    open_installation(world, …) ─▶ vendors, registry [PostgreSQL] [Kafka] ─▶ <directory>/service.yaml ─▶ `provisioner run`

All of it is forgotten at the end: accounts, mails, topics and tables belong together, and a ledger without its topics would stop the
service.
"""

import asyncio
import base64
import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from consumer.settings import Topics
from consumer.shipped import shipped
from sandbox.embedded.kafka import EmbeddedKafka
from sandbox.embedded.ports import free_ports
from sandbox.embedded.postgres import EmbeddedPostgres
from sandbox.simulators.faults import FaultRule, Latency
from sandbox.simulators.server import VendorServer
from sandbox.simulators.world import REGISTRY, World

_HEADER = """\
# Written by `provisioner simulate vendors`, anew at each start. It runs as it is: provisioner run --config {path}
"""


@dataclass(frozen=True, slots=True)
class Installation:
    """What is up. `urls` by name: the vendors and the registry."""

    service_file: Path
    tenants: Path
    urls: Mapping[str, str]
    kafka: str
    database: str
    health: str


@asynccontextmanager
async def open_installation(
    world: World,
    *,
    host: str = "127.0.0.1",
    names: Sequence[str] = (),
    kafka: str | None = None,
    database: str | None = None,
    latency: float = 0.0,
) -> AsyncGenerator[Installation]:
    """Starts the vendors, and the Kafka and PostgreSQL that are not given, and writes the files below the world's directory.

    `names`: host names of this machine, of which the first stands in the files. `latency`: seconds that each vendor call takes.
    Raises `Stop` where a part cannot be started, `OSError` where `host` is no address of this machine or files cannot be written.
    """
    async with AsyncExitStack() as stack:
        for label in names[1:]:
            world.authority.issue(label, names)
        server = await stack.enter_async_context(world.server(host=host, names=names))
        if latency:
            server.faults.set([FaultRule(route="*", fault=Latency(low=latency, high=latency))])
        bootstrap = kafka or await _kafka(stack)
        url = database or await _postgres(stack)
        reached_as = names[0] if names else None
        tenants = world.write_tenants(world.tenants(server, host=reached_as))
        settings = _settings(world, server, reached_as, tenants)
        settings["kafka"]["bootstrap_servers"] = bootstrap
        settings["database"]["url"] = url
        if not kafka:
            # The classic protocol of the embedded Kafka makes a first member wait for three seconds.
            settings["kafka"]["group_protocol"] = "consumer"
        service_file = world.directory / "service.yaml"
        text = _HEADER.format(path=service_file) + yaml.safe_dump(settings, sort_keys=False)
        service_file.write_text(text, encoding="utf-8")
        urls = {vendor: server.url(vendor, host=reached_as) for vendor in server.names}
        health = f"http://127.0.0.1:{settings['http']['port']}"
        yield Installation(service_file, tenants, urls, bootstrap, url, health)


def _settings(world: World, server: VendorServer, host: str | None, tenants: Path) -> dict[str, Any]:
    key = world.directory / "vault.key"
    key.write_text(base64.b64encode(secrets.token_bytes(32)).decode(), encoding="utf-8")
    return {
        "kafka": {},
        "registry": {"url": server.url(REGISTRY, host=host), "ca_file": str(world.authority.ca_file)},
        "database": {},
        "vault": [{"id": "simulated", "key": f"file:{key}"}],
        "http": {"port": free_ports(1)[0]},
        "log": {"format": "console"},
        "tenants_dir": str(tenants),
        "templates_dir": str(shipped("templates")),
    }


async def _kafka(stack: AsyncExitStack) -> str:
    kafka = EmbeddedKafka()
    await asyncio.to_thread(kafka.start)
    stack.callback(kafka.stop)
    for topic in Topics().model_dump().values():
        await asyncio.to_thread(kafka.create_topic, topic)
    return kafka.bootstrap_servers


async def _postgres(stack: AsyncExitStack) -> str:
    postgres = EmbeddedPostgres()
    await asyncio.to_thread(postgres.start)
    stack.callback(postgres.stop)
    return postgres.url
