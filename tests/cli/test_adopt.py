"""`provisioner adopt`: the dry run, its digest, and the run that needs it."""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner, Result

from consumer.cli import app
from consumer.events import Provider
from consumer.ledger.engine import open_engine
from consumer.ledger.migrations import upgrade
from consumer.reconcile.matches import BadList
from sandbox.simulators.graph.directory import Directory
from sandbox.simulators.served import ServedInThread
from sandbox.simulators.vendors import Institution
from sandbox.simulators.world import World
from tests.cli.service import service_file

pytestmark = pytest.mark.parts

DOMAIN = "students.north.example"


@dataclass
class Installation:
    """One tenant's files, and its directory."""

    folder: Path
    engine: Engine
    directory: Directory

    def account(self, name: str, *, enabled: bool = True) -> str:
        properties = {"userPrincipalName": f"{name}@{DOMAIN}", "displayName": "M", "accountEnabled": enabled}
        return self.directory.add(properties).id

    def adopt(self, *lines: str, more: tuple[str, ...] = ()) -> Result:
        matches = self.folder / "matches.csv"
        matches.write_text("\n".join(["student_id,account", *lines]))
        words = ["adopt", "--tenant", "north", "--from", str(matches), "--config", str(self.folder / "service.yaml")]
        return CliRunner().invoke(app, [*words, *more], env={"COLUMNS": "200"})

    def known(self) -> dict[str, str]:
        with self.engine.begin() as connection:
            rows = connection.execute(text("SELECT student_id, object_id FROM account"))
            return {row.student_id: row.object_id for row in rows}


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Iterator[Installation]:
    world = World([Institution("north", "North", (Provider.MICROSOFT,))], tmp_path, clock=time.time, seed=1)
    engine = open_engine(database_url)
    upgrade(engine)
    with ServedInThread(world.server) as vendors:
        service_file(tmp_path, database_url, tenants_dir=str(world.write_tenants(world.tenants(vendors))))
        (directory,) = world.graph.directories.values()
        yield Installation(tmp_path, engine, directory)
    engine.dispose()


def digest_of(result: Result) -> str:
    (found,) = re.findall(r"--digest ([0-9a-f]{16})", result.stderr)
    return found


def test_the_dry_run_lists_and_the_real_run_adopts_what_it_listed(installation: Installation) -> None:
    maria, ann = installation.account("maria"), installation.account("ann", enabled=False)
    lines = (f"s1,maria@{DOMAIN}", f"s2,{ann}", "s3,nowhere")
    dry = installation.adopt(*lines, more=("--json",))
    assert dry.exit_code == 3
    verdicts = [json.loads(line) for line in dry.stdout.splitlines()]
    assert [(one["verdict"], one["cause"], one["object_id"]) for one in verdicts] == [
        ("match", None, maria),
        ("doubt", "blocked", ann),
        ("refusal", "not_found", None),
    ]
    assert installation.known() == {}
    real = installation.adopt(*lines, more=("--digest", digest_of(dry)))
    assert (real.exit_code, installation.known()) == (3, {"s1": maria})
    again = installation.adopt(*lines, more=("--digest", digest_of(dry)))
    assert "1 accounts are adopted" in again.stderr


def test_doubts_are_taken_where_both_runs_say_so(installation: Installation) -> None:
    ann = installation.account("ann", enabled=False)
    dry = installation.adopt(f"s2,{ann}", more=("--doubts",))
    real = installation.adopt(f"s2,{ann}", more=("--doubts", "--digest", digest_of(dry)))
    assert (dry.exit_code, real.exit_code, installation.known()) == (0, 0, {"s2": ann})


def test_a_list_that_has_changed_marks_nothing(installation: Installation) -> None:
    maria, ann = installation.account("maria"), installation.account("ann")
    dry = installation.adopt(f"s1,{maria}")
    real = installation.adopt(f"s1,{maria}", f"s2,{ann}", more=("--digest", digest_of(dry)))
    assert real.exit_code == 1
    assert "Nothing was marked" in real.stderr
    assert installation.known() == {}


def test_no_address_is_printed(installation: Installation) -> None:
    installation.account("maria")
    result = installation.adopt(f"s1,maria@{DOMAIN}")
    assert "maria" not in result.output


def test_a_bad_file_is_refused_by_its_lines(installation: Installation) -> None:
    assert isinstance(installation.adopt("s1").exception, BadList)


def test_a_provider_that_the_tenant_lacks_is_a_mistake_of_the_command_line(installation: Installation) -> None:
    assert installation.adopt("s1,o1", more=("--provider", "google")).exit_code == 2
