"""`provisioner reconcile`: what it prints, writes and ends with."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from consumer.cli import app
from consumer.errors import Hold, Unavailable
from consumer.events import Provider
from consumer.ledger.acts import Acts
from consumer.ledger.engine import open_engine
from consumer.ledger.leadership import LeasedLeadership
from consumer.ledger.migrations import upgrade
from sandbox.simulators.faults import Answer, FaultRule
from sandbox.simulators.served import ServedInThread
from sandbox.simulators.server import VendorServer
from sandbox.simulators.vendors import Institution
from sandbox.simulators.world import World
from testbed.settled import SettledSchool
from tests.cli.service import service_file

pytestmark = pytest.mark.parts


@dataclass
class Installation:
    """One tenant's files, and a school of twenty whose accounts are as they were made."""

    config: Path
    engine: Engine
    school: SettledSchool
    vendors: VendorServer

    def reconcile(self, *more: str, tenant: str = "north") -> Result:
        words = ["reconcile", "--tenant", tenant, "--config", str(self.config), *more]
        return CliRunner().invoke(app, words, env={"COLUMNS": "200"})


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Iterator[Installation]:
    world = World([Institution("north", "North", (Provider.MICROSOFT,))], tmp_path, clock=time.time, seed=1)
    engine = open_engine(database_url)
    upgrade(engine)
    with ServedInThread(world.server) as vendors:
        tenants = world.tenants(vendors)
        config = service_file(tmp_path, database_url, tenants_dir=str(world.write_tenants(tenants)))
        school = SettledSchool(world, engine, tenants[0], Provider.MICROSOFT, 20)
        yield Installation(config, engine, school, vendors)
    engine.dispose()


def test_where_nothing_differs_the_status_is_0(installation: Installation) -> None:
    result = installation.reconcile()
    assert result.exit_code == 0
    assert "20 accounts compared: nothing differs." in result.stderr
    assert result.stdout == ""


def test_what_differs_is_listed_by_its_ids_and_the_status_is_3(installation: Installation) -> None:
    pupil = installation.school.pupils[1]
    installation.school.directory.delete(pupil)
    result = installation.reconcile()
    assert result.exit_code == 3
    assert result.stdout.split() == ["deleted", "microsoft", pupil.object_id, pupil.student_id]
    assert "1 deleted (microsoft)" in result.stderr
    assert pupil.address not in result.output


def test_the_findings_are_lines_of_json_for_programs_and_in_a_file(installation: Installation, tmp_path: Path) -> None:
    pupil = installation.school.pupils[1]
    installation.school.directory.delete(pupil)
    report = tmp_path / "report.jsonl"
    result = installation.reconcile("--json", "--report", str(report))
    assert result.stdout == report.read_text()
    assert json.loads(result.stdout) == {
        "kind": "deleted",
        "provider": "microsoft",
        "student_id": pupil.student_id,
        "object_id": pupil.object_id,
    }


def test_with_repair_students_are_due(installation: Installation) -> None:
    installation.school.directory.delete(installation.school.pupils[1])
    assert "1 students are due" in installation.reconcile("--repair").stderr


def test_a_repair_is_an_act_of_the_operator_and_a_look_is_none(installation: Installation) -> None:
    pupil = installation.school.pupils[1]
    installation.school.directory.delete(pupil)
    installation.reconcile()
    assert list(Acts(installation.engine).listed()) == []
    installation.reconcile("--repair", "--by", "ada", "--reason", "deleted by mistake")
    (act,) = Acts(installation.engine).of_student("north", pupil.student_id)
    assert (act.kind, act.by, act.why, act.students) == ("differences_repaired", "ada", "deleted by mistake", 1)


def test_a_missing_permission_ends_it_with_what_is_missing(installation: Installation) -> None:
    denied = '{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges."}}'
    installation.vendors.faults.set([FaultRule(route="graph.users.list", fault=Answer(status=403, body=denied))])
    assert isinstance(installation.reconcile().exception, Hold)


def test_while_another_process_reconciles_the_tenant_it_is_to_be_tried_later(installation: Installation) -> None:
    assert LeasedLeadership(installation.engine, "reconcile/north", holder="other", lease=60).held()
    assert isinstance(installation.reconcile().exception, Unavailable)


def test_a_tenant_that_is_not_there_is_a_mistake_of_the_command_line(installation: Installation) -> None:
    assert installation.reconcile(tenant="../secrets").exit_code == 2
    assert installation.reconcile(tenant="west").exit_code == 2
