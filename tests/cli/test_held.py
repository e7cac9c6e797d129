"""`provisioner held`: who waits for a person, and how holds are ended in bulk."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from consumer.cli import app
from consumer.cli.held import HeldStudents, Released
from consumer.ledger.acts import Acts
from tests.cli.shapes import matching
from tests.cli.test_tenant import Installation

pytestmark = pytest.mark.parts

HOLD = text(
    """
    WITH student AS (
      INSERT INTO student (tenant_id, student_id, desired_version, desired, accepted_at, due_at)
      VALUES (:tenant, :student, 2, '{}', now(), now() + interval '1 hour')
    )
    INSERT INTO student_wait (tenant_id, student_id, provider, step, reason, held, version, attempts, reported, since, until)
    VALUES (:tenant, :student, 'microsoft', 'create', :reason, true, 2, 1, true, now() - interval '3 hours', now())
    """
)
DUE = text("SELECT student_id FROM student WHERE due_at <= now() ORDER BY student_id")
LICENCES = ("--tenant", "north-high", "--reason", "licences_exhausted")


class Held(Installation):
    """With students who are held."""

    def hold(self, tenant: str, reason: str, *students: str) -> None:
        with self.engine.begin() as connection:
            for student in students:
                connection.execute(HOLD, {"tenant": tenant, "student": student, "reason": reason})

    def held(self, *arguments: str, answer: str | None = None) -> Result:
        whole = ["held", *arguments, "--config", str(self.config)]
        return CliRunner().invoke(app, whole, env={"COLUMNS": "200"}, input=answer)

    def due(self) -> Sequence[str]:
        with self.engine.begin() as connection:
            return connection.execute(DUE).scalars().all()


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Iterator[Held]:
    installation = Held(tmp_path, database_url)
    installation.hold("north-high", "licences_exhausted", "S1", "S2")
    installation.hold("north-high", "gravity", "S3")
    installation.hold("south-high", "licences_exhausted", "S1")
    yield installation
    installation.engine.dispose()


def test_reasons_are_listed_with_how_many_for_how_long_and_what_to_do(installation: Held) -> None:
    result = installation.held("list", "--tenant", "north-high")
    assert result.exit_code == 0
    assert sorted(result.stdout.splitlines()) == [
        "  To do: Ask a command of the newest version.",
        "  To do: Buy more, or free some.",
        "north-high  gravity: 1 students, the first for 3 h",
        "north-high  licences_exhausted: 2 students, the first for 3 h",
    ]


def test_programs_read_the_same(installation: Held) -> None:
    found = matching(Sequence[HeldStudents], installation.held("list", "--json").stdout)
    assert {(one["tenant_id"], one["reason"], one["students"]) for one in found} == {
        ("north-high", "licences_exhausted", 2),
        ("north-high", "gravity", 1),
        ("south-high", "licences_exhausted", 1),
    }


def test_where_no_student_is_held_this_is_said(installation: Held) -> None:
    assert "No student waits for a person." in installation.held("list", "--tenant", "west-high").output


def test_all_who_are_held_for_a_reason_become_due(installation: Held) -> None:
    result = installation.held("release", *LICENCES, "--yes", "--by", "ada", "--why", "more were bought")
    assert result.exit_code == 0
    assert "2 students are due" in result.stdout
    assert installation.due() == ["S1", "S2"]
    (act,) = Acts(installation.engine).listed()
    assert (act.kind, act.by, act.why, act.students) == ("holds_released", "ada", "more were bought", 2)


def test_a_reason_that_only_a_newer_version_knows_is_as_good(installation: Held) -> None:
    result = installation.held("release", "--tenant", "north-high", "--reason", "gravity", "--yes")
    assert result.exit_code == 0
    assert installation.due() == ["S3"]


def test_it_asks_first(installation: Held) -> None:
    result = installation.held("release", *LICENCES, answer="n\n")
    assert result.exit_code == 1
    assert (
        "2 students of north-high are held for licences_exhausted, the first for 3 h. Try them again now?"
        in result.output
    )
    assert installation.due() == []


def test_a_dry_run_changes_nothing_and_records_nothing(installation: Held) -> None:
    released = matching(Released, installation.held("release", *LICENCES, "--dry-run", "--json").stdout)
    assert (released["dry_run"], released["students"]) == (True, 2)
    assert installation.due() == []
    assert list(Acts(installation.engine).listed()) == []


def test_where_none_is_held_for_the_reason_it_says_so(installation: Held) -> None:
    result = installation.held("release", "--tenant", "north-high", "--reason", "quota_exceeded", "--yes")
    assert result.exit_code == 1
    assert "No student of `north-high` is held for `quota_exceeded`" in result.stderr


@pytest.mark.parametrize(("reason", "instead"), [("guard_parked", "guard list"), ("dry_run", "dry_run")])
def test_what_another_decision_ends_is_refused_with_where_it_is_made(
    installation: Held, reason: str, instead: str
) -> None:
    result = installation.held("release", "--tenant", "north-high", "--reason", reason, "--yes")
    assert result.exit_code == 2
    assert instead in result.output
