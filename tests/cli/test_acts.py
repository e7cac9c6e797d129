"""`provisioner acts`: what operators did, for people and for programs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from consumer.cli import app
from consumer.ledger.acts import ActKind, Operator, RecordedAct, Recording
from consumer.ledger.engine import transaction
from tests.cli.shapes import lines_matching
from tests.cli.test_tenant import Installation

pytestmark = pytest.mark.parts


class Recorded(Installation):
    """With two acts of one operator."""

    def __init__(self, folder: Path, database: str) -> None:
        super().__init__(folder, database)
        for tenant, students in (("north-high", ["S1"]), ("south-high", ["S1", "S2"])):
            with transaction(self.engine) as connection:
                recording = Recording(
                    ActKind.TENANT_RESUMED, Operator("ada", "it is \x9bback"), tenant_id=tenant, service="google"
                )
                recording.write(connection, students)

    def acts(self, *arguments: str) -> Result:
        return CliRunner().invoke(
            app, ["acts", "list", *arguments, "--config", str(self.config)], env={"COLUMNS": "200"}
        )


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Iterator[Recorded]:
    installation = Recorded(tmp_path, database_url)
    yield installation
    installation.engine.dispose()


def test_an_act_is_one_line_that_does_not_control_the_terminal(installation: Recorded) -> None:
    result = installation.acts("--tenant", "south-high")
    assert result.exit_code == 0
    (line,) = result.stdout.splitlines()
    assert line.endswith("2 south-high  ada ended the school's waits [2 students, service google]: it is \\x9bback")


def test_programs_read_one_object_a_line(installation: Recorded) -> None:
    first, second = lines_matching(RecordedAct, installation.acts("--json").stdout)
    assert (first["tenant_id"], first["students"], first["about"]) == ("north-high", 1, {"service": "google"})
    assert (second["tenant_id"], second["by"], second["why"]) == ("south-high", "ada", "it is \x9bback")


def test_where_there_is_none_this_is_said(installation: Recorded) -> None:
    result = installation.acts("--tenant", "west-high", "--since", "1h")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "No act is recorded." in result.stderr


def test_a_time_that_is_none_is_refused_with_what_it_may_be(installation: Recorded) -> None:
    result = installation.acts("--since", "yesterday")
    assert result.exit_code == 2
    assert "`yesterday` is neither" in result.output
