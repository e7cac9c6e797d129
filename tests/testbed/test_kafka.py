"""The cluster of three, as tests that break things meet it."""

import time
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic  # pyright: ignore[reportPrivateImportUsage] - where its own docs take it from

from testbed.parts.artefacts import Say
from testbed.parts.kafka import KafkaCluster


@pytest.mark.long(seconds=50)
@pytest.mark.parts
def test_three_nodes_continue_when_one_crashes_and_take_it_back(tmp_path: Path, say: Say) -> None:
    with KafkaCluster(tmp_path / "kafka", size=3, say=say) as cluster:
        admin: Any = AdminClient(
            {"bootstrap.servers": cluster.bootstrap_servers, "log_level": 0}
        )  # its futures are untyped
        admin.create_topics([NewTopic("records", 3)])["records"].result(30)
        producer = Producer({"bootstrap.servers": cluster.bootstrap_servers, "acks": "all", "log_level": 0})
        cluster.kill(2)
        for number in range(30):
            producer.produce("records", b"after the crash", partition=number % 3)
        assert producer.flush(60) == 0
        cluster.restart(2)
        # Each node answers for itself, and the two others may hear of the third a moment later than it does.
        deadline = time.monotonic() + 60
        while set(admin.list_topics(timeout=10).brokers) != {1, 2, 3}:
            assert time.monotonic() < deadline, "a node does not know the third"
    assert not (tmp_path / "kafka").exists()
