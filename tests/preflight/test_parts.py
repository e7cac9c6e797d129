"""What contacting Kafka, the registry and PostgreSQL finds on the real parts."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import psycopg
import pytest
from confluent_kafka.admin import AdminClient
from psycopg import sql
from sqlalchemy.engine import make_url

from consumer.codec import registration
from consumer.codec.registry import open_registry
from consumer.kafka import admin_config
from consumer.ledger.engine import open_engine
from consumer.ledger.migrations import upgrade
from consumer.preflight import database, kafka, registry
from consumer.preflight.finding import Finding
from consumer.secrets import opener
from consumer.settings import DatabaseSettings, KafkaSettings, RegistrySettings, SecretRef, Settings, Topics, VaultKey
from consumer.topics import create_topics

pytestmark = pytest.mark.parts

NO_SECRETS = opener({})
NOWHERE = "127.0.0.1:1"


def places(found: Sequence[Finding]) -> list[tuple[str, str]]:
    return [(".".join(map(str, one.place)), one.wrong) for one in found]


@pytest.fixture
def settings(kafka: str, apicurio: str, database_url: str, unique_name: str) -> Settings:
    topics = {key: f"{unique_name}.{name}" for key, name in Topics().model_dump().items()}
    return Settings(
        kafka=KafkaSettings(bootstrap_servers=kafka, group_id=unique_name, topics=Topics(**topics)),
        registry=RegistrySettings(url=apicurio),
        database=DatabaseSettings(url=database_url),
        vault=(VaultKey(id="k", key=SecretRef("env:KEY")),),
    )


def appear(kafka: KafkaSettings) -> None:
    """Waits until all topics are there for every client: their creation is answered before that."""
    names = set(kafka.topics.model_dump().values())
    admin: Any = AdminClient(admin_config(kafka))  # its futures are untyped
    until = time.monotonic() + 30
    while not names <= admin.list_topics(timeout=10).topics.keys():
        assert time.monotonic() < until, "the topics do not appear"


@pytest.fixture
def topics(settings: Settings) -> Iterator[KafkaSettings]:
    """Those that `provisioner topics create` makes on a single broker."""
    create_topics(settings.kafka, partitions=2, replication=1)
    appear(settings.kafka)
    yield settings.kafka
    admin: Any = AdminClient(admin_config(settings.kafka))  # its futures are untyped
    for done in admin.delete_topics(list(settings.kafka.topics.model_dump().values())).values():
        done.result(30)


# --- Kafka ---


def test_topics_as_they_are_created_have_no_line(topics: KafkaSettings) -> None:
    assert places(kafka.look(topics, timeout=10)) == []


def test_topics_that_are_missing_are_a_line_each(settings: Settings) -> None:
    found = places(kafka.look(settings.kafka, timeout=10))
    assert {place for place, _ in found} == {f"kafka.topics.{key}" for key in Topics.model_fields}
    assert {wrong for _, wrong in found} == {"names a topic that does not exist"}


def test_a_topic_of_another_kind_in_place_of_the_progress_is_reported(
    topics: KafkaSettings, create_topic: Callable[..., str]
) -> None:
    swapped = topics.topics.model_copy(update={"relay_progress": create_topic("plain", partitions=2)})
    settings = topics.model_copy(update={"topics": swapped})
    appear(settings)
    found = places(kafka.look(settings, timeout=10))
    assert ("kafka.topics.relay_progress", "has 2 partitions instead of 1") in found
    assert ("kafka.topics.relay_progress", "has `cleanup.policy` = `delete` instead of `compact`") in found


def test_brokers_that_are_away_are_one_line() -> None:
    settings = KafkaSettings(bootstrap_servers=NOWHERE)
    ((place, _),) = places(kafka.look(settings, timeout=2))
    assert place == "kafka.bootstrap_servers"


# --- the registry ---


def test_schemas_that_are_registered_have_no_line(settings: Settings) -> None:
    client = open_registry(settings.registry, NO_SECRETS)
    registration.register(client, settings.kafka.topics)
    client.close()
    assert places(registry.look(settings, NO_SECRETS)) == []


def test_schemas_that_are_missing_are_a_line_for_each_outcome(settings: Settings) -> None:
    found = places(registry.look(settings, NO_SECRETS))
    assert len(found) == 5
    assert all("has no schema of this version" in wrong for _, wrong in found)


def test_a_registry_that_is_unavailable_is_one_line(settings: Settings) -> None:
    away = settings.model_copy(update={"registry": RegistrySettings(url=f"http://{NOWHERE}")})
    ((place, wrong),) = places(registry.look(away, NO_SECRETS))
    assert (place, wrong.startswith("is not reachable")) == ("registry.url", True)


# --- PostgreSQL ---


@pytest.fixture
def ledger(settings: Settings) -> DatabaseSettings:
    engine = open_engine(settings.database.url)
    upgrade(engine)
    engine.dispose()
    return settings.database


def test_a_ledger_in_its_newest_form_has_no_line(ledger: DatabaseSettings) -> None:
    assert places(database.look(ledger, NO_SECRETS)) == []


def test_an_empty_database_is_a_line_unless_it_is_migrated_at_start(settings: Settings) -> None:
    assert places(database.look(settings.database, NO_SECRETS)) == [("database.url", "holds no ledger yet")]
    migrating = settings.database.model_copy(update={"migrate_at_start": True})
    assert places(database.look(migrating, NO_SECRETS)) == []


def test_a_ledger_of_an_older_version_is_a_line(ledger: DatabaseSettings) -> None:
    with psycopg.connect(ledger.url, autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    assert places(database.look(ledger, NO_SECRETS)) == [("database.url", "holds a ledger of an older version")]


def test_a_ledger_of_a_newer_version_is_a_note(ledger: DatabaseSettings) -> None:
    with psycopg.connect(ledger.url, autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    (note,) = database.look(ledger, NO_SECRETS)
    assert note.note


def test_privileges_that_are_missing_are_a_line_for_each_table(ledger: DatabaseSettings, unique_name: str) -> None:
    user = sql.Identifier(unique_name)
    with psycopg.connect(ledger.url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'x'").format(user))
        connection.execute(
            sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}").format(user)
        )
        connection.execute(sql.SQL("REVOKE INSERT, DELETE ON inbox FROM {}").format(user))
    url = make_url(ledger.url).set(username=unique_name).render_as_string(hide_password=False)
    settings = ledger.model_copy(update={"url": url, "password": SecretRef("env:PASSWORD")})
    found = places(database.look(settings, opener({"PASSWORD": "x"})))
    with psycopg.connect(ledger.url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(user))
    assert found == [("database.url", "does not let this user DELETE, INSERT on `inbox`")]


def test_a_server_that_is_unavailable_is_one_line() -> None:
    settings = DatabaseSettings(url=f"postgresql://stranger@{NOWHERE}/nothing")
    ((place, wrong),) = places(database.look(settings, NO_SECRETS))
    assert (place, wrong.startswith("is not usable")) == ("database.url", True)
