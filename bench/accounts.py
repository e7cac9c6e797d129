"""Whole accounts: looked for, created, licensed, put into a group and written to, by vendors that take 100 ms; every step durable."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import uvloop
from sqlalchemy import Engine, text

from bench.parts import Parts
from consumer.app import App
from consumer.codec.registration import register
from consumer.codec.registry import open_registry
from consumer.configuration.loading import load_tenants
from consumer.events import ProviderAction, Status, StudentStatusChanged
from consumer.ledger.engine import open_engine
from consumer.ledger.inbox import PostgresInbox
from consumer.ledger.migrations import upgrade
from consumer.ledger.port import Arrival
from consumer.secrets import opener
from consumer.settings import (
    DatabaseSettings,
    HttpSettings,
    KafkaSettings,
    ProvisioningSettings,
    RegistrySettings,
    SecretRef,
    Settings,
    Topics,
    VaultKey,
)
from consumer.simulators.people import People
from consumer.tenants import Tenant
from consumer.topics import create_topics

INSTITUTIONS = 50
LATENCY = 0.1
_BATCH = 500
_PATIENCE = 300.0


@dataclass(frozen=True, slots=True)
class Measured:
    """Accounts a second, between a tenth and nine tenths of them; calls to vendors for each."""

    accounts_per_second: float
    calls_per_second: float


def measure(parts: Parts, *, students: int) -> Measured:
    """Accepts events of so many students, then lets one process of the service work them."""
    with _vendors(parts.folder / "vendors") as directory:
        settings = _settings(parts, directory)
        tenants = [tenant.model_copy(update={"concurrency": 16}) for tenant, _ in load_tenants(directory / "tenants")]
        _prepare(settings, tenants, students)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_run(settings, tenants, students))


async def _run(settings: Settings, tenants: Sequence[Tenant], students: int) -> Measured:
    app = App(settings, tenants, opener({}))
    running = asyncio.create_task(app.run())
    engine = open_engine(settings.database.url)
    seen: list[tuple[float, int, float]] = []
    deadline = time.perf_counter() + _PATIENCE
    while not seen or seen[-1][1] < students:
        await asyncio.sleep(0.1)
        seen.append((time.perf_counter(), await asyncio.to_thread(_settled, engine), _calls(app)))
        assert time.perf_counter() < deadline, f"{seen[-1][1]} of {students} are settled"
        assert not running.done(), running.exception()
    app.stop()
    await running
    engine.dispose()
    first = next(one for one in seen if one[1] >= students // 10)
    last = next(one for one in seen if one[1] >= students * 9 // 10)
    took = last[0] - first[0]
    return Measured((last[1] - first[1]) / took, (last[2] - first[2]) / took)


def _settled(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.execute(text("SELECT count(*) FROM inbox WHERE disposition = 'applied'")).scalar_one()


def _calls(app: App) -> float:
    samples = (s for family in app.metrics.vendor_call_seconds.collect() for s in family.samples)
    return sum(sample.value for sample in samples if sample.name.endswith("_count"))


def _prepare(settings: Settings, tenants: Sequence[Tenant], students: int) -> None:
    create_topics(settings.kafka, partitions=6, replication=1)
    registry = open_registry(settings.registry, str)
    register(registry, settings.kafka.topics)
    registry.close()
    engine = open_engine(settings.database.url)
    upgrade(engine)
    inbox = PostgresInbox(engine)
    epochs = {("filled", 0): inbox.own("filled", [0], owner="bench")[0]}
    people = People(7)
    arrivals = [_arrival(tenants[n % len(tenants)], people, n) for n in range(students)]
    for start in range(0, students, _BATCH):
        inbox.accept(arrivals[start : start + _BATCH], epochs=epochs)
    engine.dispose()


def _arrival(tenant: Tenant, people: People, number: int) -> Arrival:
    event = StudentStatusChanged(
        event_id=f"e{number}",
        occurred_at=datetime(2026, 9, 1, tzinfo=UTC),
        tenant_id=tenant.id,
        version=1,
        status=Status(id="enrolled", name="Enrolled", type="Registered"),
        student=people.student(tenant.id, number),
    )
    return Arrival("filled", 0, number, event, ProviderAction.CREATE_ACCOUNT, tenant.providers, event.event_id.encode())


def _settings(parts: Parts, directory: Path) -> Settings:
    urls = dict(line.split(": ") for line in (directory / "ready").read_text().splitlines())
    return Settings(
        kafka=KafkaSettings(
            bootstrap_servers=parts.kafka,
            group_id="accounts",
            topics=Topics(**{name: f"accounts.{name}" for name in Topics.model_fields}),
        ),
        registry=RegistrySettings(url=urls["registry"], ca_file=directory / "ca.pem"),
        database=DatabaseSettings(url=parts.database),
        vault=(VaultKey(id="bench", key=SecretRef(f"file:{directory / 'vault.key'}")),),
        provisioning=ProvisioningSettings(concurrency=512),
        http=HttpSettings(port=0),
    )


@contextmanager
def _vendors(directory: Path) -> Generator[Path]:
    """The simulated vendors in a process of their own."""
    words = [
        "simulate",
        "vendors",
        "--directory",
        str(directory),
        "--institutions",
        str(INSTITUTIONS),
        "--latency",
        str(LATENCY),
    ]
    directory.mkdir()
    with subprocess.Popen([sys.executable, "-m", "consumer.cli", *words], stdout=subprocess.DEVNULL) as process:  # noqa: S603  our own command
        try:
            deadline = time.perf_counter() + 60
            while not (directory / "ready").exists():
                assert process.poll() is None
                assert time.perf_counter() < deadline, "the vendors did not start"
                time.sleep(0.1)
            yield directory
        finally:
            process.terminate()
