"""`provisioner plan`: for whom a candidate differs from the configuration in force, from a file of events."""

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from consumer.cli import app
from consumer.policy.comparison import Comparison
from consumer.replay.file import EventFile
from consumer.replay.fold import Fold
from tests.configuration.files import Files
from tests.policy.tenants import tenant
from tests.replay import school
from tests.replay.events import file_of, line

EVENTS = 20_007
"""Two whole lives more than 20,000: none is cut off."""


class Desk:
    """The example's files, a candidate, and the command; there is no database."""

    def __init__(self, folder: Path) -> None:
        self.files = Files(folder)
        self.folder = folder
        self.candidate = school.candidate(self.files.tenant, folder / "candidate")
        self.environ = {
            "COLUMNS": "200",
            "PROVISIONER_CONFIG": str(self.files.service),
            "PROVISIONER_DATABASE__URL": "postgresql://stranger@127.0.0.1:1/none",
            "DATABASE_PASSWORD": "x",
        }

    def plan(self, *lines: str, words: tuple[str, ...] = (), candidate: Path | None = None) -> Result:
        events = file_of(self.folder, *lines)
        arguments = ["plan", "--tenant", "north-high", "--config", str(candidate or self.candidate)]
        return CliRunner().invoke(app, [*arguments, "--events", str(events), *words], env=self.environ)

    def document(self, *lines: str) -> dict[str, Any]:
        result = self.plan(*lines, words=("--json", "--no-ledger"))
        assert result.exit_code in {0, 3}
        return json.loads(result.stdout)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_of_twenty_thousand_events_exactly_the_right_students_differ(desk: Desk) -> None:
    lines = [
        line(
            student,
            version=version,
            status=status,
            attributes={"grade": life.grade},
            external_sync_disabled=life.sync_disabled,
        )
        for student, version, status, life in school.records(EVENTS)
    ]
    found = desk.document(*lines, line("S1", tenant="south-high"), school.BROKEN)
    expected = school.expected(EVENTS)
    assert school.listed(found) == expected
    assert found["students"]["differ"] == len(expected)
    assert found["students"]["gains"] == sum(effect == "gains" for effect, _ in expected.values())
    assert found["events"] == {
        "read": EVENTS,
        "superseded": EVENTS - found["students"]["read"],
        "of_other_tenants": 1,
        "unreadable": {"undecodable": 1},
    }
    assert sum(group["students"] for group in found["groups"]) == len(expected)


def test_what_is_listed_holds_no_name_and_no_address(desk: Desk) -> None:
    result = desk.plan(line("S1", status="applied", given_name="Aspasia", contact_email="aspasia@home.example"))
    assert "S1" in result.output
    assert "aspasia" not in result.output.lower()


def test_it_tells_the_summary_first_and_then_the_students(desk: Desk) -> None:
    result = desk.plan(line("S1", status="applied"), line("S2", status="withdrawn"), words=("--no-ledger",))
    assert result.exit_code == 3
    lines = result.stdout.splitlines()
    assert lines[0] == "north-high: 2 events of 2 students; the newest of each decides."
    assert lines[4:8] == [
        "2 students differ:",
        "        1 gain an account, or are not suspended any more",
        "        1 lose an account, or are suspended",
        "        0 are treated differently otherwise",
    ]
    assert lines[10].split() == [
        "1",
        "gains",
        "applied",
        "nothing",
        "(row",
        "1)",
        "create_account",
        "(row",
        "1;",
        "rules",
        "1)",
    ]
    student = next(one for one in lines if one.startswith("S2"))
    assert student.split(maxsplit=3)[:3] == ["S2", "loses", "withdrawn"]
    assert "account at microsoft +suspended" in student


def test_no_difference_ends_with_status_0(desk: Desk) -> None:
    result = desk.plan(line("S1", status="applied"), candidate=desk.files.tenant.parent)
    assert (result.exit_code, "No student is treated differently." in result.stdout) == (0, True)


def test_a_ledger_that_does_not_answer_is_said_and_hinders_nothing(desk: Desk) -> None:
    result = desk.plan(line("S1", status="applied"))
    assert result.exit_code == 3
    assert "Which accounts exist was not looked up: PostgreSQL does not answer" in result.stdout


def test_unreadable_lines_are_listed_with_place_and_reason(desk: Desk) -> None:
    result = desk.plan(line("S1"), school.BROKEN, words=("--no-ledger",))
    assert "line 2: undecodable: The line is not JSON." in result.stdout


def test_ids_do_not_control_the_terminal(desk: Desk) -> None:
    assert "\x9b" not in desk.plan(line("S\x9b31m", status="applied"), words=("--no-ledger",)).stdout


def test_a_tenant_that_is_not_configured_yet_can_be_tried(desk: Desk) -> None:
    desk.files.tenant.unlink()
    result = desk.plan(line("S1"), words=("--no-ledger",))
    assert result.exit_code == 3
    assert "not configured yet" in result.stdout


def test_a_candidate_with_mistakes_is_refused(desk: Desk) -> None:
    desk.files.replace(desk.candidate / "north-high.yaml", "name: North High School", "nam: x")
    result = desk.plan(line("S1"))
    assert result.exit_code == 1
    assert "did you mean `name`" in str(result.exception).lower()


@pytest.mark.parametrize("words", [("--events", "x", "--topic"), ()])
def test_the_events_are_from_a_file_or_from_the_topic(desk: Desk, words: tuple[str, ...]) -> None:
    arguments = ["plan", "--tenant", "north-high", "--config", str(desk.candidate), *words]
    assert CliRunner().invoke(app, arguments, env=desk.environ).exit_code == 2


def test_a_folder_without_the_tenants_file_is_said(desk: Desk) -> None:
    result = desk.plan(line("S1"), candidate=desk.files.root / "templates")
    assert (result.exit_code, "there is no file for `north-high`" in result.output) == (2, True)


def test_memory_is_taken_for_students_and_not_for_events(tmp_path: Path) -> None:
    events = file_of(tmp_path, *(line(f"S{n % 10}", version=n, tenant="athens") for n in range(2_000)))
    fold = Fold(Comparison(tenant(), tenant()))
    tracemalloc.start()
    for record, _ in EventFile(events, "athens"):
        fold.take(record)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert fold.counts.events == 2_000
    assert 2 * peak < events.stat().st_size
