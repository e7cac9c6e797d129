"""`provisioner tenant`: what of a tenant waits, and how an operator ends it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from consumer.cli import app
from consumer.cli.tenant import ResumedTenant
from consumer.ledger.acts import Acts
from consumer.ledger.engine import open_engine
from consumer.ledger.inspect import ParkedTenant, TenantWait
from consumer.ledger.migrations import upgrade
from tests.cli.service import service_file
from tests.cli.shapes import matching

pytestmark = pytest.mark.parts

WAITS = text(
    """
    INSERT INTO tenant_wait (tenant_id, service, until, held, reason, code, step, since)
    VALUES ('north-high', :service, now() + interval '1 day', true, 'consent_missing', '403 Denied', 'create', now())
    """
)

PARKED = text(
    """
    INSERT INTO parked_record (topic, partition, kafka_offset, tenant_id, value, headers, parked_at)
    VALUES ('events', 0, :kafka_offset, :tenant, 'Maria', '[]', '2026-09-01 06:00:00+00')
    """
)


class Installation:
    """A service's file, and its database."""

    def __init__(self, folder: Path, database: str) -> None:
        self.config = service_file(folder, database)
        self.engine = open_engine(database)
        upgrade(self.engine)

    def wait(self, *services: str) -> None:
        with self.engine.begin() as connection:
            for service in services:
                connection.execute(WAITS, {"service": service})

    def park(self, *tenants: str) -> None:
        with self.engine.begin() as connection:
            for offset, tenant in enumerate(tenants):
                connection.execute(PARKED, {"kafka_offset": offset, "tenant": tenant})

    def tenant(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, ["tenant", *arguments, "--config", str(self.config)], env={"COLUMNS": "200"})


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Iterator[Installation]:
    installation = Installation(tmp_path, database_url)
    yield installation
    installation.engine.dispose()


def test_services_that_wait_are_listed_with_the_reason(installation: Installation) -> None:
    installation.wait("microsoft")
    result = installation.tenant("waits", "north-high")
    assert result.exit_code == 0
    assert all(word in result.output for word in ("microsoft", "consent_missing", "403 Denied"))


def test_a_tenant_of_which_nothing_waits_says_so(installation: Installation) -> None:
    assert "`north-high` has no waiting services." in installation.tenant("waits", "north-high").output


def test_a_tenant_that_is_resumed_waits_no_longer(installation: Installation) -> None:
    installation.wait("microsoft", "mailgun")
    result = installation.tenant("resume", "north-high")
    assert "2 service waits ended" in result.output
    assert "no waiting services" in installation.tenant("waits", "north-high").output


def test_one_service_may_be_resumed_alone(installation: Installation) -> None:
    installation.wait("microsoft", "microsoft/groups/g1", "mailgun")
    installation.tenant("resume", "north-high", "--service", "microsoft")
    left = installation.tenant("waits", "north-high").output
    assert "mailgun" in left
    assert "microsoft" not in left


def test_a_tenant_of_which_nothing_waited_is_reported(installation: Installation) -> None:
    result = installation.tenant("resume", "nroth-high")
    assert result.exit_code == 0
    assert "`nroth-high` had nothing waiting" in result.output


def test_who_resumed_a_tenant_is_recorded_and_why(installation: Installation) -> None:
    installation.wait("microsoft")
    installation.tenant("resume", "north-high", "--by", "ada", "--reason", "consent is granted")
    (act,) = Acts(installation.engine).listed()
    assert (act.kind, act.tenant_id, act.by, act.why) == ("tenant_resumed", "north-high", "ada", "consent is granted")


def test_programs_read_the_same(installation: Installation) -> None:
    installation.wait("microsoft")
    installation.park("east")
    waits = matching(Sequence[TenantWait], installation.tenant("waits", "north-high", "--json").stdout)
    assert [wait["service"] for wait in waits] == ["microsoft"]
    parked = matching(Sequence[ParkedTenant], installation.tenant("parked", "--json").stdout)
    assert [tenant["tenant_id"] for tenant in parked] == ["east"]
    resumed = matching(ResumedTenant, installation.tenant("resume", "north-high", "--json").stdout)
    assert resumed == {"tenant_id": "north-high", "services": 1, "students": 0}


def test_tenants_whose_events_are_parked_are_listed_with_their_number(installation: Installation) -> None:
    installation.park("east", "east", "\x9b31m west")
    result = installation.tenant("parked")
    assert result.exit_code == 0
    assert "'east': 2 events since 2026-09-01 06:00:00" in result.output
    assert "'\\x9b31m west': 1 events" in result.output
    assert "Maria" not in result.output


def test_where_no_events_are_parked_this_is_said(installation: Installation) -> None:
    assert "No events are parked." in installation.tenant("parked").output
