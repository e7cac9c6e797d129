"""A command whose dependency is unavailable or refuses it ends with a sentence and a status, never with a traceback or an endless wait."""

import base64
import os
import secrets
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import yaml

from consumer.cli import main
from consumer.cli.console import FAILED, TEMPORARY
from consumer.ledger.engine import open_engine
from consumer.ledger.migrations import upgrade
from sandbox.embedded.postgres import EmbeddedPostgres
from tests.configuration.files import SECRETS, Files

PASSWORD = secrets.token_hex(8)
NOWHERE = "127.0.0.1:1"

OF_THE_DATABASE = [
    ["db", "upgrade"],
    ["keys", "check"],
    ["keys", "rotate"],
    ["tenant", "waits", "north-high"],
    ["tenant", "resume", "north-high"],
]
OF_A_LEDGER = OF_THE_DATABASE[1:]
"""They need its tables."""

OF_THE_REGISTRY = [["schemas", "register"], ["schemas", "check"]]


@dataclass(frozen=True, slots=True)
class Server:
    """A PostgreSQL that asks its role `limited` for a password. `limited` may connect to `empty` and `ledger`, not to `closed`."""

    host: str

    def url(self, database: str, *, role: str = "limited") -> str:
        return f"postgresql://{role}@{self.host}/{database}"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    home = Path(tempfile.mkdtemp(prefix="provisioner-test-"))
    home.chmod(stat.S_IRWXU | stat.S_IXGRP | stat.S_IXOTH)
    with EmbeddedPostgres(home / "postgres") as postgres:
        host = postgres.url.partition("@")[2].partition("/")[0]
        rules = home / "postgres" / "data" / "pg_hba.conf"
        rules.write_text(f"host all limited 127.0.0.1/32 scram-sha-256\n{rules.read_text()}")
        with psycopg.connect(postgres.url, autocommit=True) as session:
            session.execute(f"CREATE ROLE limited LOGIN PASSWORD '{PASSWORD}'".encode())
            for database in ("empty", "ledger", "closed"):
                session.execute(f"CREATE DATABASE {database}".encode())
            session.execute("REVOKE CONNECT ON DATABASE closed FROM PUBLIC")
            session.execute("SELECT pg_reload_conf()")
        engine = open_engine(f"postgresql://postgres@{host}/ledger")
        upgrade(engine)
        engine.dispose()
        yield Server(host)
    shutil.rmtree(home)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it said."""

    status: int
    said: str


Run = Callable[..., Ended]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    (tmp_path / "key").write_text(base64.b64encode(bytes(32)).decode())
    (tmp_path / "right").write_text(PASSWORD)
    (tmp_path / "wrong").write_text("hunter2")

    def run_(command: list[str], *, url: str = f"postgresql://u@{NOWHERE}/d", credential: str = "right") -> Ended:
        settings = {
            "kafka": {"bootstrap_servers": NOWHERE},
            "registry": {"url": f"http://{NOWHERE}"},
            "database": {"url": url, "password": f"file:{tmp_path / credential}"},
            "vault": [{"id": "k", "key": f"file:{tmp_path / 'key'}"}],
        }
        config = tmp_path / "service.yaml"
        config.write_text(yaml.safe_dump(settings))
        with pytest.raises(SystemExit) as ended:
            main([*command, "--config", str(config)])
        said = "".join(capsys.readouterr())
        assert PASSWORD not in said
        assert "hunter2" not in said
        assert isinstance(ended.value.code, int)
        return Ended(ended.value.code, said)

    return run_


def words(command: list[str]) -> str:
    return " ".join(command[:2])


@pytest.mark.parametrize("command", OF_THE_DATABASE, ids=words)
def test_a_database_that_does_not_listen_is_unavailable(run: Run, command: list[str]) -> None:
    ended = run(command)
    assert ended.status == TEMPORARY
    assert "PostgreSQL does not answer" in ended.said
    assert "Connection refused" in ended.said


@pytest.mark.parametrize("command", OF_THE_REGISTRY, ids=words)
def test_a_registry_that_does_not_listen_is_unavailable(run: Run, command: list[str]) -> None:
    ended = run(command)
    assert ended.status == TEMPORARY
    assert "schema registry" in ended.said


@pytest.mark.parametrize("command", OF_THE_DATABASE, ids=words)
def test_a_url_that_cannot_be_used_is_named(run: Run, command: list[str]) -> None:
    ended = run(command, url="postgresql://u:hunter2@h/d")
    assert ended.status == FAILED
    assert "`database.url` holds a password" in ended.said


@pytest.mark.parts
@pytest.mark.parametrize("command", OF_THE_DATABASE, ids=words)
def test_a_wrong_password_is_reported_with_what_to_correct(run: Run, server: Server, command: list[str]) -> None:
    ended = run(command, url=server.url("ledger"), credential="wrong")
    assert ended.status == FAILED
    assert 'password authentication failed for user "limited"' in ended.said
    assert "`database.password`" in ended.said


@pytest.mark.parts
@pytest.mark.parametrize("command", OF_THE_DATABASE, ids=words)
def test_a_missing_database_is_reported_with_what_to_do(run: Run, server: Server, command: list[str]) -> None:
    ended = run(command, url=server.url("nope"))
    assert ended.status == FAILED
    assert 'database "nope" does not exist' in ended.said
    assert "Create the database" in ended.said


@pytest.mark.parts
@pytest.mark.parametrize("command", OF_THE_DATABASE, ids=words)
def test_a_missing_role_is_reported_with_what_to_do(run: Run, server: Server, command: list[str]) -> None:
    ended = run(command, url=server.url("ledger", role="stranger"))
    assert ended.status == FAILED
    assert 'role "stranger" does not exist' in ended.said
    assert "Create the role" in ended.said


@pytest.mark.parts
@pytest.mark.parametrize("command", OF_THE_DATABASE, ids=words)
def test_a_database_that_the_role_may_not_enter_is_reported(run: Run, server: Server, command: list[str]) -> None:
    ended = run(command, url=server.url("closed"))
    assert ended.status == FAILED
    assert 'permission denied for database "closed"' in ended.said
    assert "CONNECT" in ended.said


@pytest.mark.parts
def test_a_role_that_may_not_make_tables_is_reported(run: Run, server: Server) -> None:
    ended = run(["db", "upgrade"], url=server.url("empty"))
    assert ended.status == FAILED
    assert "permission denied for schema public" in ended.said
    assert "Grant the role" in ended.said


@pytest.mark.parts
@pytest.mark.parametrize("command", OF_A_LEDGER, ids=words)
def test_a_role_that_may_not_read_the_tables_is_reported(run: Run, server: Server, command: list[str]) -> None:
    ended = run(command, url=server.url("ledger"))
    assert ended.status == FAILED
    assert "permission denied for table" in ended.said
    assert "Grant the role" in ended.said


@pytest.mark.parts
@pytest.mark.parametrize("command", OF_A_LEDGER, ids=words)
def test_a_database_without_tables_is_reported_with_the_command_that_makes_them(
    run: Run, server: Server, command: list[str]
) -> None:
    ended = run(command, url=server.url("empty"))
    assert ended.status == FAILED
    assert "provisioner db upgrade" in ended.said


@pytest.mark.parts
def test_the_service_does_not_wait_for_a_database_that_no_one_has_made(tmp_path: Path, server: Server) -> None:
    files = Files(tmp_path)
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PROVISIONER_")},
        **SECRETS,
        "PROVISIONER_DATABASE__URL": server.url("nope", role="postgres"),
        "PROVISIONER_HTTP__PORT": "0",
    }
    command = [sys.executable, "-m", "consumer.cli", "run", "--config", str(files.service)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603
    assert done.returncode == FAILED
    assert "Create the database" in done.stderr
    assert "Traceback" not in done.stderr
