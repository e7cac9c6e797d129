"""`provisioner db`: the tables, and who may use them."""

from pathlib import Path

import psycopg
import pytest
import yaml
from psycopg import sql
from typer.testing import CliRunner, Result

from consumer.cli import app
from consumer.ledger.privileges import grants


def db(*words: str, config: Path) -> Result:
    return CliRunner().invoke(app, ["db", *words, "--config", str(config)])


@pytest.fixture
def config(tmp_path: Path, database_url: str) -> Path:
    settings = {
        "kafka": {"bootstrap_servers": "127.0.0.1:1"},
        "registry": {"url": "http://127.0.0.1:1"},
        "database": {"url": database_url},
        "vault": [{"id": "key", "key": "env:KEY"}],
    }
    path = tmp_path / "service.yaml"
    path.write_text(yaml.safe_dump(settings))
    return path


def test_grants_are_printed_for_any_role() -> None:
    printed = CliRunner().invoke(app, ["db", "grants", "--role", "schools"])
    assert printed.stdout.splitlines() == [f"{statement};" for statement in grants("schools")]


@pytest.mark.parts
def test_an_upgrade_gives_the_service_s_role_what_it_needs(config: Path, database_url: str, unique_name: str) -> None:
    role = sql.Identifier(unique_name)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {}").format(role))
        done = db("upgrade", "--grant-to", unique_name, config=config)
        may = connection.execute("SELECT has_table_privilege(%s, 'student', 'UPDATE')", [unique_name]).fetchone()
        connection.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(role))
    assert (done.exit_code, may) == (0, (True,))


@pytest.mark.parts
def test_a_role_that_is_not_there_is_named_and_the_tables_are_made(config: Path, database_url: str) -> None:
    done = db("upgrade", "--grant-to", "nowhere-to-be-found", config=config)
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT to_regclass('student') IS NOT NULL").fetchone() == (True,)
    assert "no role `nowhere-to-be-found`" in str(done.exception)
