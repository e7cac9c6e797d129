"""Everything that the service needs, on this machine: PostgreSQL, a Kafka, a registry, vendors, configuration."""

import asyncio
import base64
import secrets
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from consumer.app import App
from consumer.codec.registration import register
from consumer.codec.registry import open_registry
from consumer.secrets import opener
from consumer.settings import (
    DatabaseSettings,
    HttpSettings,
    KafkaSettings,
    LogSettings,
    ProvisioningSettings,
    RegistrySettings,
    SecretRef,
    Settings,
    Topics,
    VaultKey,
)
from consumer.shipped import shipped
from consumer.tenants import Tenant
from sandbox.demo.institutions import FOLLOWED, faults
from sandbox.embedded.kafka import EmbeddedKafka
from sandbox.embedded.postgres import EmbeddedPostgres
from sandbox.simulators.server import VendorServer
from sandbox.simulators.world import REGISTRY, World

_VAULT_VARIABLE = "DEMO_VAULT_KEY"


@dataclass(frozen=True, slots=True)
class Environment:
    """The parts, all of them up. `app` is built and not yet running."""

    app: App
    settings: Settings
    tenants: Sequence[Tenant]
    world: World
    vendors: VendorServer


@asynccontextmanager
async def open_environment(*, seed: int, http_port: int = 0) -> AsyncGenerator[Environment]:
    """Starts all parts, and stops them at the end."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="provisioner-demo-")))
        postgres = EmbeddedPostgres()
        await asyncio.to_thread(postgres.start)
        stack.callback(postgres.stop)
        kafka = EmbeddedKafka()
        await asyncio.to_thread(kafka.start)
        stack.callback(kafka.stop)
        world = World(FOLLOWED, folder, clock=time.time, seed=seed)
        vendors = await stack.enter_async_context(world.server())
        vendors.faults.set(faults())
        settings = _settings(kafka.bootstrap_servers, postgres.url, vendors, world, http_port)
        open_secret = opener({_VAULT_VARIABLE: base64.b64encode(secrets.token_bytes(32)).decode()})
        registry = open_registry(settings.registry, open_secret)
        await asyncio.to_thread(register, registry, settings.kafka.topics)
        registry.close()
        for topic in Topics.model_fields:
            await asyncio.to_thread(kafka.create_topic, getattr(settings.kafka.topics, topic))
        tenants = world.tenants(vendors)
        yield Environment(App(settings, tenants, open_secret), settings, tenants, world, vendors)


def _settings(bootstrap: str, database: str, vendors: VendorServer, world: World, http_port: int) -> Settings:
    return Settings(
        # The embedded Kafka's classic groups make a first member wait for three seconds.
        kafka=KafkaSettings(
            bootstrap_servers=bootstrap, group_protocol="consumer", park_unknown=2.0, librdkafka={"log_level": "0"}
        ),
        registry=RegistrySettings(url=vendors.url(REGISTRY), ca_file=world.authority.ca_file),
        database=DatabaseSettings(url=database, migrate_at_start=True),
        vault=(VaultKey(id="demo", key=SecretRef(f"env:{_VAULT_VARIABLE}")),),
        # The simulated vendors do at once what they do; a deletion waits until lost creations are verified.
        provisioning=ProvisioningSettings(retry_base=0.5, mail_hold_down=2.0, sweep=1.0, verify_after=8.0),
        http=HttpSettings(port=http_port),
        log=LogSettings(level="error", format="console"),
        templates_dir=shipped("templates"),
    )
