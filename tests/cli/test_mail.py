"""`provisioner mail`: where a student's mails stand, without what is in them."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
import yaml
from sqlalchemy import text
from typer.testing import CliRunner, Result

from consumer.cli import app
from consumer.cli.mail import StudentMails
from consumer.events import Provider
from consumer.ledger.engine import open_engine
from consumer.ledger.migrations import upgrade
from consumer.mail.message_id import message_id
from tests.cli.service import service_file
from tests.cli.shapes import matching
from tests.configuration.files import ROOT

pytestmark = pytest.mark.parts

CONTACT = "maria@home.example"
SECRET = "sealed-secret"
TENANT = yaml.safe_load((ROOT / "config/tenants/north-high.yaml").read_text())
MAIL = message_id("welcome", "north-high", "S1", Provider.MICROSOFT, "0", domain=TENANT["mailgun"]["domain"])
ROWS = (
    f"""
    INSERT INTO student (tenant_id, student_id, desired_version, desired, accepted_at)
    SELECT 'north-high', id, 3, '{{"event": {{"student": {{"contact_email": "{CONTACT}"}}}}}}', now()
    FROM unnest(ARRAY['S1', 'S2', 'S3']) AS known(id)
    """,  # noqa: S608  constants of the test
    """
    INSERT INTO account (tenant_id, student_id, provider, address, marker, body, generation, object_id, origin, licences, groups,
                         settled_version)
    SELECT 'north-high', id, 'microsoft', 'a', 'm', '{}', 0, '6c21', 'created', '{}', '{}', 3 FROM unnest(ARRAY['S1', 'S2']) AS known(id)
    """,
    f"""
    INSERT INTO step (tenant_id, student_id, provider, name, state, version, attempt, request_hash, started_at, deadline, ended_at,
                      lease_epoch, reason)
    VALUES ('north-high', 'S1', 'microsoft', 'welcome', 'done', 3, 1, '\\x{sha256(MAIL.encode()).hexdigest()}', '2026-09-01 06:00:00+00',
            '2026-09-01 06:00:10+00', '2026-09-01 06:00:01+00', 1, NULL),
           ('north-high', 'S2', 'microsoft', 'welcome', 'held', 3, 2, '\\x00', '2026-09-01 06:00:00+00', '2026-09-01 06:00:10+00',
            '2026-09-01 06:00:01+00', 1, 'mail_refused')
    """,  # noqa: S608  constants of the test
    """
    INSERT INTO attempt (tenant_id, student_id, provider, step, number, state, version, started_at, ended_at, reason, code, request_id)
    SELECT 'north-high', 'S2', 'microsoft', 'welcome', number, 'held', 3, '2026-09-01 06:00:00+00', '2026-09-01 06:00:01+00',
           'mail_refused', '40' || number, 'r' || number FROM generate_series(1, 2) AS number
    """,
    f"""
    INSERT INTO credential (tenant_id, student_id, provider, generation, sealed, expires_at)
    VALUES ('north-high', 'S2', 'microsoft', 0, '{SECRET}', '2126-09-08 06:00:00+00')
    """,  # noqa: S608  constants of the test
)


class Installation:
    """A service's files, and its ledger with three students: one was written to, one waits for that, one has no account."""

    def __init__(self, folder: Path, database: str) -> None:
        self._config = service_file(folder, database, tenants_dir=str(ROOT / "config/tenants"))
        self.engine = open_engine(database)
        upgrade(self.engine)
        with self.engine.begin() as connection:
            for row in ROWS:
                connection.execute(text(row))

    def show(self, *arguments: str) -> Result:
        whole = ["mail", "show", *arguments, "--config", str(self._config)]
        return CliRunner().invoke(app, whole, env={"COLUMNS": "200"})


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Iterator[Installation]:
    installed = Installation(tmp_path, database_url)
    yield installed
    installed.engine.dispose()


def test_a_mail_that_was_accepted_is_shown_with_its_message_id(installation: Installation) -> None:
    result = installation.show("north-high", "S1")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[:2] == [
        "Microsoft 365: welcome mail: accepted since 2026-09-01 06:00:01 UTC. The mail service has accepted it.",
        f"  [Message-Id {MAIL}]",
    ]
    assert CONTACT not in result.output


def test_one_that_was_refused_is_shown_with_the_newest_attempts_answer_and_never_its_password(
    installation: Installation,
) -> None:
    result = installation.show("north-high", "S2", "--json")
    (mail,) = matching(StudentMails, result.stdout)["mails"]
    assert (mail["state"], mail["reason"], mail["code"], mail["request_id"]) == ("held", "mail_refused", "402", "r2")
    assert mail["password_until"].startswith("2126-09-08")
    assert SECRET not in result.output
    assert SECRET not in installation.show("north-high", "S2", "--names").output


def test_the_recipient_is_shown_where_names_may_be(installation: Installation) -> None:
    assert f"  To: {CONTACT}" in installation.show("north-high", "S2", "--names").stdout


def test_a_student_without_an_account_has_no_mail(installation: Installation) -> None:
    result = installation.show("north-high", "S3")
    assert (
        result.exit_code,
        matching(StudentMails, installation.show("north-high", "S3", "--json").stdout)["mails"],
    ) == (0, [])
    assert "has no account" in result.stdout


def test_of_a_student_of_whom_nothing_is_known_it_says_so(installation: Installation) -> None:
    result = installation.show("north-high", "S9")
    assert result.exit_code == 1
    assert "`provisioner student show`" in result.stderr


def test_without_the_tenants_file_only_the_message_id_is_missing(installation: Installation) -> None:
    with installation.engine.begin() as connection:
        for table in ("student", "account", "step"):
            connection.execute(text(f"UPDATE {table} SET tenant_id = 'gone'"))  # noqa: S608  constants of the test
    (mail,) = matching(StudentMails, installation.show("gone", "S1", "--json").stdout)["mails"]
    assert (mail["state"], mail["message_id"]) == ("accepted", None)
