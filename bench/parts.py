"""What the measurements run on: a real broker, and a durable PostgreSQL with the ledger's tables."""

import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from consumer.ledger.engine import open_engine
from consumer.ledger.migrations import upgrade
from sandbox.embedded.postgres import EmbeddedPostgres
from testbed.parts.kafka import KafkaCluster


@dataclass(frozen=True, slots=True)
class Parts:
    """Addresses, a folder that goes with them, and what the names of topics and groups begin with."""

    kafka: str
    database: str
    folder: Path
    prefix: str = "bench"

    def name(self, last: str) -> str:
        """The name of a topic or a group."""
        return f"{self.prefix}.{last}"


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
        say("starting Kafka and PostgreSQL …")
        cluster.start()
        postgres.start()
        try:
            engine = open_engine(postgres.url)
            upgrade(engine)
            engine.dispose()
            yield Parts(cluster.bootstrap_servers, postgres.url, folder)
        finally:
            postgres.stop()
            cluster.stop()
