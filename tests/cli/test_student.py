"""`provisioner student`: a student's story, from the ledger."""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from consumer.cli import app
from consumer.cli.student import Retried
from consumer.ledger.acts import Acts
from consumer.ledger.engine import open_engine
from consumer.ledger.migrations import upgrade
from consumer.ledger.student_lists import ListedStudent
from consumer.story.narrative import Story
from tests.cli.service import service_file
from tests.cli.shapes import lines_matching, matching

pytestmark = pytest.mark.parts

ADDRESS = "maria.rossi@students.north-high.example"
MAIL = "welcome.abc@students.north-high.example"
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
    f"INSERT INTO address (provider, address, tenant_id, student_id) VALUES ('microsoft', '{ADDRESS}', 'north-high', 'S1')",  # noqa: S608
    f"""
    INSERT INTO step (tenant_id, student_id, provider, name, state, version, attempt, request_hash, started_at, deadline, lease_epoch)
    VALUES ('north-high', 'S1', 'microsoft', 'welcome', 'done', 3, 1, '\\x{sha256(MAIL.encode()).hexdigest()}', now(), now(), 1)
    """,  # noqa: S608  constants of the test
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
    shown = matching(Story, installation.student("show", "north-high", "S1", "--json").stdout)
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


@pytest.mark.parametrize(
    "handle",
    [
        ("--address", ADDRESS.upper()),
        ("--object-id", "6c21"),
        ("--event-id", "e1"),
        ("--message-id", f"<{MAIL}>"),
        ("north-high", "--event-id", "e1"),
    ],
    ids=lambda handle: handle[-2],
)
def test_a_student_is_found_by_what_people_have_in_hand(installation: Installation, handle: tuple[str, ...]) -> None:
    shown = installation.student("show", *handle)
    assert shown.exit_code == 0
    assert shown.stdout.splitlines()[0] == "Student S1 of north-high"
    assert ADDRESS not in shown.stdout


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--address", "No student's account has or had this sign-in address."),
        ("--object-id", "No student's account has this object id."),
        ("--event-id", "No event and no outcome with this id is kept"),
        ("--message-id", "not the newest welcome mail or notice"),
    ],
)
def test_what_is_not_found_is_said_with_where_else_to_look(installation: Installation, option: str, said: str) -> None:
    shown = installation.student("show", option, "x")
    assert (shown.exit_code, shown.stdout) == (1, "")
    assert said in shown.stderr


def test_another_tenant_s_student_is_not_found_in_this_one(installation: Installation) -> None:
    assert installation.student("show", "south-high", "--event-id", "e1").exit_code == 1


def test_where_it_may_be_several_students_each_is_named(installation: Installation) -> None:
    with installation.engine.begin() as connection:
        connection.execute(text("UPDATE address SET address = 'other'"))
        connection.execute(text("INSERT INTO address SELECT 'google', address, 'south-high', student_id FROM address"))
    shown = installation.student("show", "--address", "other")
    assert shown.exit_code == 1
    assert "`provisioner student show north-high S1`" in shown.stderr
    assert "`provisioner student show south-high S1`" in shown.stderr


@pytest.mark.parametrize(
    "words", [(), ("north-high",), ("north-high", "S1", "--event-id", "e1"), ("--event-id", "1", "--address", "a")]
)
def test_a_student_is_named_in_one_way(installation: Installation, words: tuple[str, ...]) -> None:
    shown = installation.student("show", *words)
    assert shown.exit_code == 2
    assert "give the tenant and the student, or one of the options" in shown.output


def test_students_are_listed_with_where_they_stand(installation: Installation) -> None:
    listed = installation.student("list", "--tenant", "north-high")
    assert listed.exit_code == 0
    assert listed.stdout == "2026-09-01 06:00:00  held      version 3  S1  licences_exhausted\n"
    assert "1 students." in listed.stderr


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--held",), ["S1"]),
        (("--held", "--reason", "licences_exhausted"), ["S1"]),
        (("--held", "--reason", "quota_exceeded"), []),
        (("--held", "--since", "2026-09-02"), []),
        (("--due",), []),
        (("--failed",), []),
    ],
    ids=" ".join,
)
def test_programs_read_a_list_line_by_line(
    installation: Installation, options: tuple[str, ...], expected: list[str]
) -> None:
    listed = installation.student("list", "--tenant", "north-high", "--json", *options)
    assert [one["student_id"] for one in lines_matching(ListedStudent, listed.stdout)] == expected


@pytest.mark.parametrize("options", [("--held", "--due"), ("--due", "--reason", "x"), ("--reason", "x")], ids=" ".join)
def test_a_list_is_of_one_kind_and_a_reason_needs_one(installation: Installation, options: tuple[str, ...]) -> None:
    assert installation.student("list", "--tenant", "north-high", *options).exit_code == 2


def test_a_student_who_waits_is_tried_again_and_it_is_recorded(installation: Installation) -> None:
    words = ("retry", "north-high", "S1", "--by", "ada", "--reason", "licences were bought")
    tried = installation.student(*words)
    assert tried.exit_code == 0
    assert tried.stdout.startswith("The student is due. Due since ")
    (act,) = Acts(installation.engine).of_student("north-high", "S1")
    assert (act.kind, act.by, act.why) == ("student_retried", "ada", "licences were bought")
    assert (
        "Operator ada had the student tried again: licences were bought."
        in installation.student("show", "north-high", "S1").stdout
    )


def test_who_is_due_already_is_left_as_it_is(installation: Installation) -> None:
    installation.student("retry", "north-high", "S1")
    again = matching(Retried, installation.student("retry", "north-high", "S1", "--json").stdout)
    assert (again["due"], again["waiting_services"]) == (False, [])
    assert again["next_step"].startswith("Due since ")
    assert len(Acts(installation.engine).of_student("north-high", "S1")) == 1


def test_a_service_that_waits_for_the_whole_school_is_named_with_how_to_end_that(installation: Installation) -> None:
    with installation.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO tenant_wait (tenant_id, service, until, held)"
                " VALUES ('north-high', 'microsoft', now() + interval '1 hour', true)"
            )
        )
    tried = installation.student("retry", "north-high", "S1")
    assert "`microsoft` waits for the whole school: `provisioner tenant resume north-high` ends that." in tried.stderr


def test_where_nothing_waits_it_says_what_would_help(installation: Installation) -> None:
    with installation.engine.begin() as connection:
        connection.execute(text("DELETE FROM student_wait"))
        connection.execute(text("UPDATE student SET settled_version = 3, due_at = NULL"))
    tried = installation.student("retry", "north-high", "S1")
    assert tried.exit_code == 1
    assert "Nothing is left to do." in tried.stdout
    assert "report the status again from the SIS" in tried.stderr
    assert installation.student("retry", "north-high", "S2").exit_code == 1


def test_the_events_of_a_student_are_found_by_an_index_however_many_others_there_are(
    installation: Installation,
) -> None:
    with installation.engine.begin() as connection:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        found = "EXPLAIN SELECT * FROM inbox WHERE tenant_id = 'north-high' AND student_id = 'S1'"
        plan = "\n".join(connection.execute(text(found)).scalars())
    assert "inbox_student" in plan
