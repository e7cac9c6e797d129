"""`provisioner guard`: what is parked, and what a person decides about it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from consumer.cli import app
from consumer.cli.guard import Decided, ParkedList
from consumer.ledger.acts import Acts
from tests.cli.shapes import matching
from tests.cli.test_tenant import Installation

pytestmark = pytest.mark.parts

PARK = text(
    """
    WITH student AS (
      INSERT INTO student (tenant_id, student_id, desired_version, desired, accepted_at)
      VALUES (:tenant, :student, 2, '{}', now())
    )
    INSERT INTO guarded_action (tenant_id, student_id, action, version, state, at)
    VALUES (:tenant, :student, 'suspend_account', 2, 'parked', '2026-09-01 06:00:00+00')
    """
)
STATES = text("SELECT student_id, state, decided_by, comment FROM guarded_action ORDER BY student_id")
WHOSE = ("--tenant", "north-high", "--action", "suspend_account")
DECISION = (*WHOSE, "--reason", "left")


class Guarded(Installation):
    """With parked actions."""

    def parked(self, tenant: str, *students: str) -> None:
        with self.engine.begin() as connection:
            for student in students:
                connection.execute(PARK, {"tenant": tenant, "student": student})

    def guard(self, *arguments: str, answer: str | None = None) -> Result:
        whole = ["guard", *arguments, "--config", str(self.config)]
        return CliRunner().invoke(app, whole, env={"COLUMNS": "200"}, input=answer)

    def states(self) -> list[tuple[str, str, str | None, str | None]]:
        with self.engine.begin() as connection:
            return [(*row,) for row in connection.execute(STATES)]


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Iterator[Guarded]:
    installation = Guarded(tmp_path, database_url)
    installation.parked("north-high", "S1", "S2")
    installation.parked("south-high", "S3")
    yield installation
    installation.engine.dispose()


def test_parked_actions_are_listed_by_tenant_with_their_students(installation: Guarded) -> None:
    result = installation.guard("list")
    assert result.exit_code == 0
    assert "north-high: suspend_account of 2 students since 2026-09-01 06:00:00 UTC; list 2" in result.output
    assert "south-high: suspend_account of 1 students since 2026-09-01 06:00:00 UTC; list 3" in result.output
    assert "'S1' (version 2)" in result.output


def test_programs_read_the_list_of_one_tenant(installation: Guarded) -> None:
    printed = installation.guard("list", "--tenant", "south-high", "--json").stdout
    (listed,) = matching(Sequence[ParkedList], printed)
    assert listed["list"] == 3
    assert listed["students"] == [{"student_id": "S3", "version": 2}]


def test_where_nothing_is_parked_this_is_said(installation: Guarded) -> None:
    assert "Nothing is parked." in installation.guard("list", "--tenant", "west-high").output


def test_a_list_is_approved_and_what_was_parked_later_is_not(installation: Guarded) -> None:
    result = installation.guard("approve", *DECISION, "--list", "1", "--yes", "--by", "op")
    assert "1 actions approved" in result.output
    assert installation.states() == [
        ("S1", "approved", "op", "left"),
        ("S2", "parked", None, None),
        ("S3", "parked", None, None),
    ]


def test_a_list_is_rejected(installation: Guarded) -> None:
    installation.guard("reject", *DECISION, "--list", "2", "--yes")
    assert [state for _, state, _, _ in installation.states()] == ["rejected", "rejected", "parked"]


def test_who_does_not_confirm_changes_nothing(installation: Guarded) -> None:
    result = installation.guard("approve", *DECISION, "--list", "2", answer="n\n")
    assert result.exit_code == 1
    assert "suspend_account of 2 students of north-high: approved?" in result.output
    assert {state for _, state, _, _ in installation.states()} == {"parked"}


def test_a_list_in_which_nothing_is_parked_is_refused(installation: Guarded) -> None:
    result = installation.guard("approve", *DECISION, "--list", "0", "--yes")
    assert result.exit_code == 1
    assert "nothing parked in this list" in result.output


def test_programs_read_what_was_decided(installation: Guarded) -> None:
    result = installation.guard("reject", *DECISION, "--list", "1", "--yes", "--json")
    decided = matching(Decided, result.stdout)
    assert decided == {
        "tenant_id": "north-high",
        "action": "suspend_account",
        "list": 1,
        "verdict": "rejected",
        "students": 1,
    }


def test_who_decides_says_why(installation: Guarded) -> None:
    result = installation.guard("approve", *WHOSE, "--list", "2", "--yes")
    assert result.exit_code == 2
    assert "--reason" in result.output
    assert {state for _, state, _, _ in installation.states()} == {"parked"}


def test_a_decision_is_recorded_as_an_act_on_its_students(installation: Guarded) -> None:
    installation.guard("approve", *DECISION, "--list", "1", "--yes", "--by", "op")
    acts = Acts(installation.engine)
    (act,) = acts.listed()
    assert (act.kind, act.tenant_id, act.by, act.why) == ("guard_approved", "north-high", "op", "left")
    assert (act.students, act.about) == (1, {"action": "suspend_account", "list": 1})
    assert acts.of_student("north-high", "S1") == [act]


def test_only_what_is_guarded_can_be_decided(installation: Guarded) -> None:
    result = installation.guard("approve", "--tenant", "north-high", "--action", "create_account", "--list", "1")
    assert result.exit_code == 2
    assert "'remove_licences'" in result.output
