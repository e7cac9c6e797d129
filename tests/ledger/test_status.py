"""How the service stands, by the ledger: what a person sees first."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from bench.plans import scanned
from consumer.ledger.dsn import Dsn
from consumer.ledger.form import newest
from consumer.ledger.leadership import AdvisoryLeadership, LeasedLeadership
from consumer.ledger.overview import PostgresOverviews
from consumer.ledger.port.leadership import Leadership
from consumer.ledger.status import LedgerStatuses
from consumer.ledger.tables import metadata
from tests.ledger.test_overview import MANY as WAITING

pytestmark = pytest.mark.parts

LEADERS = {"outbound": "relay-1", "maintenance": "maintenance"}
FEW_ROWS = {"relay", "leader"}
"""One row for each loop, whatever the ledger holds."""

WAIT = text(
    """
    INSERT INTO tenant_wait (tenant_id, service, until, held, reason, code, step, since)
    VALUES (:tenant, :service, now() + :seconds * interval '1 s', :held, 'consent_missing', '403 Denied', 'create', now())
    """
)
MANY = """
    INSERT INTO tenant_wait (tenant_id, service, until, held, since)
      SELECT 't' || n % 5000, 'microsoft/groups/' || n, now() + CASE WHEN n % 500 = 0 THEN 1 ELSE -1 END * interval '1 day', true, now()
      FROM generate_series(1, 20000) AS n;
    INSERT INTO outbox (event_id, topic, key, value, headers, batch, created_at)
      SELECT gen_random_uuid(), 'outcomes', '', '', '{}', CASE WHEN n > 10 THEN 1 END, now() - interval '90 s'
      FROM generate_series(1, 20000) AS n;
    INSERT INTO relay (name, epoch, batch, published) VALUES ('relay-1', 1, 1, 1);
    ANALYZE tenant_wait; ANALYZE outbox
"""


@pytest.fixture
def statuses(engine: Engine) -> LedgerStatuses:
    return LedgerStatuses(engine, LEADERS)


@pytest.fixture(params=["by a lock", "by a row"])
def relay(request: pytest.FixtureRequest, engine: Engine, database_url: str) -> Iterator[Leadership]:
    if request.param == "by a lock":
        leadership = AdvisoryLeadership(Dsn.parse(database_url), "relay-1", holder="provisioner-7/ab")
    else:
        leadership = LeasedLeadership(engine, "relay-1", holder="provisioner-7/ab", lease=60)
    yield leadership
    leadership.resign()


def wait(engine: Engine, tenant: str, service: str, *, seconds: float = 3_600, held: bool = True) -> None:
    with engine.begin() as connection:
        connection.execute(WAIT, {"tenant": tenant, "service": service, "seconds": seconds, "held": held})


def test_an_empty_ledger_has_a_revision_and_nothing_that_waits(statuses: LedgerStatuses, engine: Engine) -> None:
    found = statuses.read()
    assert found.revision == newest()
    assert found.overview == PostgresOverviews(engine).overview()
    assert (found.waits, found.oldest_outcome) == ([], 0.0)
    assert found.leaders == {"outbound": None, "maintenance": None}


def test_the_leader_of_a_loop_is_named_while_it_leads(statuses: LedgerStatuses, relay: Leadership) -> None:
    assert relay.held()
    assert statuses.read().leaders == {"outbound": "provisioner-7/ab", "maintenance": None}
    relay.resign()
    assert statuses.read().leaders["outbound"] is None


def test_a_lease_that_has_run_out_leads_no_longer(statuses: LedgerStatuses, engine: Engine) -> None:
    assert LeasedLeadership(engine, "maintenance", holder="provisioner-7/ab", lease=-1).held()
    assert statuses.read().leaders["maintenance"] is None


def test_services_of_tenants_that_are_not_called_now_are_listed_with_the_cause(
    statuses: LedgerStatuses, engine: Engine
) -> None:
    wait(engine, "south", "mailgun", held=False)
    wait(engine, "north", "microsoft")
    wait(engine, "north", "google", seconds=-1)
    first, second = statuses.read().waits
    assert (first.tenant_id, first.service, first.reason, first.code) == (
        "north",
        "microsoft",
        "consent_missing",
        "403 Denied",
    )
    assert (second.tenant_id, second.service, second.held) == ("south", "mailgun", False)
    assert second.until > statuses.read().at


def test_no_table_is_scanned_but_those_with_a_row_for_each_loop(statuses: LedgerStatuses, engine: Engine) -> None:
    with engine.begin() as connection:
        for statement in f"{WAITING};{MANY}".split(";"):
            connection.execute(text(statement))
    found = statuses.read()
    assert len(found.waits) == 40
    assert 90 <= found.oldest_outcome < 120
    assert scanned(engine, statuses.read) & metadata.tables.keys() <= FEW_ROWS
