"""`provisioner plan --topic` over 20,000 events: exactly the right students, and not one write anywhere."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import yaml
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient  # pyright: ignore[reportPrivateImportUsage]  where its own docs take it from
from psycopg import sql
from typer.testing import CliRunner

from consumer.cli import app
from consumer.codec.schemas import STATUS_CHANGED, schema, schema_text
from consumer.events import Provider
from consumer.ledger.engine import open_engine
from consumer.ledger.migrations import upgrade
from sandbox.simulators.encoding import Encoder
from sandbox.simulators.served import ServedInThread
from sandbox.simulators.server import VendorServer
from sandbox.simulators.vendors import GRAPH, MAILGUN, Institution
from sandbox.simulators.world import REGISTRY, World
from tests.codec.conftest import event
from tests.configuration.files import Files
from tests.replay import school

EVENTS = 20_007
_ACCOUNT = """
    INSERT INTO account
      (tenant_id, provider, address, marker, body, generation, licences, groups, settled_version, student_id, object_id, state)
    VALUES ('north-high', 'microsoft', 'a', 'm', '{}', 1, '{}', '{}', 1, %s, %s, %s)
"""


@pytest.fixture
def reader(database_url: str, unique_name: str) -> Iterator[str]:
    """The ledger with some accounts, by the URL of a role that may only read."""
    engine = open_engine(database_url)
    upgrade(engine)
    engine.dispose()
    role = sql.Identifier(unique_name)
    with psycopg.connect(database_url, autocommit=True) as ledger:
        for account in (("S3", "o3", "suspended"), ("S4", "o4", "active"), ("S9", None, "active")):
            ledger.execute(_ACCOUNT, account)
        ledger.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
        ledger.execute(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}").format(role))
    url = urlsplit(database_url)
    yield url._replace(netloc=f"{unique_name}@{url.netloc.rpartition('@')[2]}").geturl()
    with psycopg.connect(database_url, autocommit=True) as ledger:
        ledger.execute(sql.SQL("DROP OWNED BY {}").format(role))
        ledger.execute(sql.SQL("DROP ROLE {}").format(role))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World((Institution("north-high", "North High", (Provider.MICROSOFT,)),), tmp_path, clock=time.time, seed=1)


@pytest.fixture
def vendors(world: World) -> Iterator[VendorServer]:
    with ServedInThread(world.server) as vendors:
        yield vendors


@pytest.fixture
def files(tmp_path: Path, kafka: str, reader: str, unique_name: str, world: World, vendors: VendorServer) -> Files:
    """The example's files, with every dependency and vendor on this machine."""
    (tmp_path / "files").mkdir()
    files = Files(tmp_path / "files")
    trusted = {"ca_file": str(world.authority.ca_file)}
    tenant = yaml.safe_load(files.tenant.read_text())
    tenant["microsoft"] |= {"graph_url": vendors.url(GRAPH), "authority_url": vendors.url(GRAPH), **trusted}
    tenant["mailgun"] |= {"url": vendors.url(MAILGUN), **trusted}
    files.tenant.write_text(yaml.safe_dump(tenant))
    settings = {
        "kafka": {
            "bootstrap_servers": kafka,
            "group_id": unique_name,
            "topics": {"status_changed": f"{unique_name}.events"},
        },
        "registry": {"url": vendors.url(REGISTRY), **trusted},
        "database": {"url": reader},
        "vault": [{"id": "k", "key": "env:NONE"}],
        "tenants_dir": str(files.tenant.parent),
        "templates_dir": str(files.root / "templates"),
    }
    files.service.write_text(yaml.safe_dump(settings))
    return files


def fill(kafka: str, topic: str, schema_id: int) -> None:
    encoder, producer = Encoder(schema(STATUS_CHANGED), schema_id), Producer({"bootstrap.servers": kafka})
    for student, version, status, life in school.records(EVENTS):
        person = {
            "student_id": student,
            "attributes": {"grade": life.grade},
            "external_sync_disabled": life.sync_disabled,
        }
        row = {"id": status, "name": status, "type": "T"}
        value = encoder.encode(event(event_id=f"{student}/{version}", version=version, status=row, student=person))
        producer.produce(topic, value, student.encode())
        producer.poll(0)
    producer.produce(topic, b"\x01")
    assert producer.flush(60) == 0


@pytest.mark.parts
def test_the_topic_the_ledger_and_the_vendors_are_as_before(
    files: Files, kafka: str, unique_name: str, create_topic: Callable[..., str], world: World, vendors: VendorServer
) -> None:
    topic = create_topic("events", 3)
    fill(kafka, topic, world.schemas.register(f"{topic}-value", schema_text(STATUS_CHANGED)))
    candidate = school.candidate(files.tenant, files.root / "candidate")
    arguments = ["plan", "--tenant", "north-high", "--config", str(candidate), "--current", str(files.service)]
    result = CliRunner().invoke(app, [*arguments, "--topic", "--json"])

    assert result.exit_code == 3
    found: dict[str, Any] = json.loads(result.stdout)
    assert school.listed(found) == school.expected(EVENTS)
    assert (found["events"]["read"], found["events"]["unreadable"]) == (EVENTS, {"wrong_magic": 1})
    accounts = {one["student_id"]: one["accounts"] for one in found["differences"] if one["accounts"]}
    assert accounts == {"S3": {"microsoft": "suspended"}, "S4": {"microsoft": "active"}}

    assert {(entry.service, entry.method) for entry in vendors.audit.entries()} == {(REGISTRY, "GET")}
    admin: Any = AdminClient({"bootstrap.servers": kafka})  # its futures are untyped
    assert unique_name not in {group.group_id for group in admin.list_consumer_groups().result().valid}
    consumer = Consumer({"bootstrap.servers": kafka, "group.id": unique_name})
    committed = consumer.committed([TopicPartition(topic, number) for number in range(3)], timeout=30)
    consumer.close()
    assert {one.offset for one in committed} == {-1001}
