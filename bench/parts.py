"""What the measurements run on: a real broker and a durable PostgreSQL."""

import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from consumer.embedded.postgres import EmbeddedPostgres
from tests.parts.kafka import KafkaCluster


@dataclass(frozen=True, slots=True)
class Parts:
    """Addresses, and a folder that goes with them."""

    kafka: str
    database: str
    folder: Path


def say(text: str) -> None:
    """Tells how far long work is."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


@contextmanager
def parts() -> Generator[Parts]:
    """Starts them, and ends them."""
    with tempfile.TemporaryDirectory(prefix="provisioner-bench-") as name:
        folder = Path(name)
        cluster = KafkaCluster(folder / "kafka", say=say)
        postgres = EmbeddedPostgres(durable=True)
        cluster.start()
        postgres.start()
        try:
            yield Parts(cluster.bootstrap_servers, postgres.url, folder)
        finally:
            postgres.stop()
            cluster.stop()
