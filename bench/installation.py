"""An installation of the service for many institutions: simulated vendors that take their time, topics, schemas, tables, configuration."""

import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from bench.parts import Parts
from bench.reading import ROOT
from consumer.codec.registration import register
from consumer.codec.registry import open_registry
from consumer.configuration.loading import load_settings, load_tenants
from consumer.ledger.engine import open_engine
from consumer.settings import Settings, Topics
from consumer.tenants import Tenant
from consumer.topics import create_topics

LATENCY = 0.1
"""Seconds that each call to a vendor takes, and more where the machine is busy."""

_PATIENCE = 120.0
_TABLES = "inbox, student, account, address, step, credential, outbox, tenant_wait"


@dataclass(frozen=True, slots=True)
class Installation:
    """Ready for `provisioner run --config`."""

    config: Path
    settings: Settings
    tenants: Sequence[Tenant]

    def empty(self) -> None:
        """Forgets all students."""
        engine = open_engine(self.settings.database.url)
        with engine.begin() as connection:
            connection.exec_driver_sql(f"TRUNCATE {_TABLES}")
        engine.dispose()


@contextmanager
def installation(parts: Parts, name: str, *, institutions: int) -> Generator[Installation]:
    """For the time of the block. The vendors are a process of their own."""
    with _vendors(parts.folder / name, institutions) as directory:
        config = directory / "service.yaml"
        config.write_text(yaml.safe_dump(_document(parts, directory, parts.name(name))), encoding="utf-8")
        settings = load_settings(config, {})
        create_topics(settings.kafka, partitions=6, replication=1)
        registry = open_registry(settings.registry, str)
        register(registry, settings.kafka.topics)
        registry.close()
        made = Installation(config, settings, [tenant for tenant, _ in load_tenants(settings.tenants_dir)])
        made.empty()
        yield made


def _document(parts: Parts, directory: Path, name: str) -> dict[str, object]:
    """Defaults wherever there is one, so that what is measured is what people run."""
    urls = dict(line.split(": ") for line in (directory / "ready").read_text(encoding="utf-8").splitlines())
    return {
        "kafka": {
            "bootstrap_servers": parts.kafka,
            "group_id": name,
            "topics": {topic: f"{name}.{topic}" for topic in Topics.model_fields},
        },
        "registry": {"url": urls["registry"], "ca_file": str(directory / "ca.pem")},
        "database": {"url": parts.database},
        "vault": [{"id": "bench", "key": f"file:{directory / 'vault.key'}"}],
        "outbound": {"transactional_id": name},
        "http": {"port": 0},
        "log": {"level": "warning", "format": "console"},
        "tenants_dir": str(directory / "tenants"),
        "templates_dir": str(ROOT / "templates"),
    }


@contextmanager
def _vendors(directory: Path, institutions: int) -> Generator[Path]:
    directory.mkdir()
    options = {"directory": directory, "institutions": institutions, "latency": LATENCY}
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    command = [sys.executable, "-m", "consumer.cli", "simulate", "vendors", *words]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:  # noqa: S603  our own command
        try:
            deadline = time.monotonic() + _PATIENCE
            while not (directory / "ready").exists():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("the simulated vendors did not start")
                time.sleep(0.1)
            yield directory
        finally:
            process.terminate()
