"""`provisioner student`: a student's story, from the ledger."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from consumer.cli import app
from consumer.ledger.engine import open_engine
from consumer.ledger.migrations import upgrade
from tests.cli.service import service_file

pytestmark = pytest.mark.parts

ADDRESS = "maria.rossi@students.north-high.example"
ROWS = (
    """
    INSERT INTO inbox (tenant_id, event_id, student_id, version, digest, topic, partition, kafka_offset, occurred_at, received_at,
                       disposition)
    VALUES ('north-high', 'e1', 'S1', 3, '', 'events', 4, 1021, '2026-09-01 05:59:00+00', '2026-09-01 06:00:00+00', 'pending')
    """,
    """
    INSERT INTO student (tenant_id, student_id, desired_version, desired, accepted_at, due_at)
    VALUES ('north-high', 'S1', 3,
            '{"event": {"status": {"id": "enrolled"}}, "action": "create_account", "providers": ["microsoft"]}',
            '2026-09-01 06:00:00.1+00', '2126-09-01 06:05:00+00')
    """,
    f"""
    INSERT INTO account (tenant_id, student_id, provider, address, marker, body, generation, object_id, origin, licences, groups,
                         settled_version)
    VALUES ('north-high', 'S1', 'microsoft', '{ADDRESS}', 'm', '{{}}', 0, '6c21', 'created', '{{}}', '{{7a}}', 3)
    """,  # noqa: S608  constants of the test
    """
    INSERT INTO attempt (tenant_id, student_id, provider, step, number, state, version, started_at, ended_at, reason, code)
    VALUES ('north-high', 'S1', 'microsoft', 'licences', 1, 'held', 3, '2026-09-01 06:00:06+00', '2026-09-01 06:00:07+00',
            'licences_exhausted', '400 Request_BadRequest')
    """,
    """
    INSERT INTO student_wait (tenant_id, student_id, provider, step, reason, code, held, version, attempts, reported, since, until)
    VALUES ('north-high', 'S1', 'microsoft', 'licences', 'licences_exhausted', '400 Request_BadRequest', true, 3, 1, true,
            '2026-09-01 06:00:07+00', '2126-09-01 06:05:00+00')
    """,
)


class Installation:
    """A service's file, and its database with one student who waits for a licence."""

    def __init__(self, folder: Path, database: str) -> None:
        self._config = service_file(folder, database)
        self.engine = open_engine(database)
        upgrade(self.engine)
        with self.engine.begin() as connection:
            for row in ROWS:
                connection.execute(text(row))

    def student(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, ["student", *arguments, "--config", str(self._config)], env={"COLUMNS": "200"})


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Iterator[Installation]:
    installed = Installation(tmp_path, database_url)
    yield installed
    installed.engine.dispose()


def test_the_story_tells_what_happened_why_it_waits_and_what_to_do(installation: Installation) -> None:
    shown = installation.student("show", "north-high", "S1")
    assert shown.exit_code == 0
    assert shown.stdout.splitlines() == [
        "Student S1 of north-high",
        "",
        (
            "2026-09-01 06:00:00  The SIS reported version 3 with status `enrolled`; it happened at 2026-09-01 05:59:00 UTC."
            "  [topic events, partition 4, offset 1021, event_id e1]"
        ),
        "2026-09-01 06:00:00  Decided for version 3 by the row of status `enrolled`: create the account at Microsoft 365.",
        (
            "2026-09-01 06:00:07  Microsoft 365: assign licences, attempt 1: refused; a person must act. No licences of this kind are left."
            "  [step licences, reason licences_exhausted, code 400 Request_BadRequest]"
        ),
        "",
        "Now",
        "  Microsoft 365: account 6c21, created by this service; licences: 0, groups: 1, reported as of version 3.",
        (
            "  2026-09-01 06:00:07  Microsoft 365: assign licences waits: No licences of this kind are left."
            "  [reason licences_exhausted, code 400 Request_BadRequest]"
        ),
        "  Tried again at 2126-09-01 06:05:00 UTC.",
        "  To do: Buy more, or free some.",
    ]


def test_programs_get_the_same_as_json(installation: Installation) -> None:
    shown = json.loads(installation.student("show", "north-high", "S1", "--json").stdout)
    assert shown["remedies"] == ["Buy more, or free some."]
    assert shown["past"][0]["evidence"]["offset"] == 1021
    assert ADDRESS not in json.dumps(shown)


def test_addresses_are_shown_only_where_they_are_asked_for(installation: Installation) -> None:
    assert ADDRESS not in installation.student("show", "north-high", "S1").stdout
    assert ADDRESS in installation.student("show", "north-high", "S1", "--names").stdout


def test_of_a_student_of_whom_nothing_is_known_it_says_what_that_may_mean(installation: Installation) -> None:
    shown = installation.student("show", "north-high", "S2")
    assert shown.exit_code == 1
    assert "No event of `S2` was accepted for `north-high`" in shown.stderr


def test_the_events_of_a_student_are_found_by_an_index_however_many_others_there_are(
    installation: Installation,
) -> None:
    with installation.engine.begin() as connection:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        found = "EXPLAIN SELECT * FROM inbox WHERE tenant_id = 'north-high' AND student_id = 'S1'"
        plan = "\n".join(connection.execute(text(found)).scalars())
    assert "inbox_student" in plan
