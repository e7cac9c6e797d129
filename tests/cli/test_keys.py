"""`provisioner keys`: which key is still needed, and how it is replaced."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from sqlalchemy import Engine, text
from typer.testing import CliRunner, Result

from consumer.cli import app
from consumer.events import Provider
from consumer.ledger.engine import open_engine
from consumer.ledger.migrations import upgrade
from consumer.ledger.vault import Context, Vault

pytestmark = pytest.mark.parts

KEYS = {"2026-01": bytes(32), "2026-09": bytes(range(32))}


class Installation:
    """A service's file, and the sealed passwords of its database."""

    def __init__(self, folder: Path, database: str) -> None:
        self._folder = folder
        self._database = database
        self.engine = open_engine(database)
        upgrade(self.engine)

    def seal(self, key: str, *students: str) -> None:
        vault = Vault([(key, KEYS.get(key, bytes([7] * 32)))])
        statement = text("INSERT INTO credential VALUES ('n', :student, 'google', 0, :sealed, now() + interval '1 h')")
        for student in students:
            sealed = vault.seal("Kd7mWq-3x9Rtb-Hn4cZp", Context("n", student, Provider.GOOGLE, 0))
            with self.engine.begin() as connection:
                connection.execute(statement, {"student": student, "sealed": sealed})

    def keys(self, command: str, *vault: str) -> Result:
        """Runs `provisioner keys` with these keys under `vault`."""
        settings = {
            "kafka": {"bootstrap_servers": "127.0.0.1:1"},
            "registry": {"url": "http://127.0.0.1:1"},
            "database": {"url": self._database},
            "vault": [{"id": key, "key": f"env:KEY_{key.replace('-', '_')}"} for key in vault],
        }
        config = self._folder / "service.yaml"
        config.write_text(yaml.safe_dump(settings))
        environ = {f"KEY_{key.replace('-', '_')}": base64.b64encode(value).decode() for key, value in KEYS.items()}
        return CliRunner().invoke(app, ["keys", command, "--config", str(config)], env=environ)


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Iterator[Installation]:
    installation = Installation(tmp_path, database_url)
    yield installation
    engine: Engine = installation.engine
    engine.dispose()


def line(result: Result, key: str) -> str:
    """The key's row of the table."""
    (row,) = [line for line in result.output.splitlines() if key in line]
    return " ".join(row.replace("│", " ").split())


def test_a_key_that_seals_nothing_any_more_can_go(installation: Installation) -> None:
    installation.seal("2026-09", "s1", "s2")
    result = installation.keys("check", "2026-09", "2026-01")
    assert result.exit_code == 0
    assert line(result, "2026-09") == "2026-09 2 seals"
    assert line(result, "2026-01") == "2026-01 0 can go"


def test_a_key_is_needed_until_it_is_rotated(installation: Installation) -> None:
    installation.seal("2026-01", "s1", "s2", "s3")
    assert line(installation.keys("check", "2026-09", "2026-01"), "2026-01").startswith("2026-01 3 still needed")
    rotated = installation.keys("rotate", "2026-09", "2026-01")
    assert rotated.exit_code == 0
    assert "3 passwords are wrapped with `2026-09` now; 0 are not." in " ".join(rotated.output.split())
    assert line(installation.keys("check", "2026-09", "2026-01"), "2026-01") == "2026-01 0 can go"


def test_a_key_that_was_taken_away_too_early_is_named(installation: Installation) -> None:
    installation.seal("2025-01", "s1")
    result = installation.keys("check", "2026-09")
    assert result.exit_code == 1
    assert line(result, "2025-01").startswith("2025-01 1 missing")


def test_a_rotation_that_cannot_open_everything_fails_and_does_the_rest(installation: Installation) -> None:
    installation.seal("2025-01", "s1")
    installation.seal("2026-01", "s2")
    result = installation.keys("rotate", "2026-09", "2026-01")
    assert result.exit_code == 1
    printed = " ".join(result.output.split())
    assert "1 passwords are wrapped with `2026-09` now; 1 are not." in printed
    assert "1 could not be opened. A sealed password needs the key `2025-01`, which is not under `vault`." in printed


def test_no_password_and_no_key_is_ever_printed(installation: Installation) -> None:
    installation.seal("2026-01", "s1")
    installation.seal("2025-01", "s2")
    printed = "".join(installation.keys(command, "2026-09", "2026-01").output for command in ("check", "rotate"))
    assert "Kd7m" not in printed
    assert all(base64.b64encode(key).decode() not in printed for key in KEYS.values())
