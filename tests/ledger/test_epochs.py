"""An epoch is never given twice, whatever the ledger has forgotten: holders that it knows nothing of may still be at work."""

import pytest

from consumer.errors import Fenced
from consumer.ledger.port.writes import KeepLease
from tests.ledger.conftest import TOPIC, Given, OnPostgres, event

pytestmark = pytest.mark.parts

RELAY = "relay"


@pytest.fixture
def given(on_postgres: OnPostgres) -> Given:
    return Given(on_postgres)


def test_a_partition_s_owner_stays_fenced_when_the_ledger_forgets_it(on_postgres: OnPostgres) -> None:
    before = on_postgres.inbox.own(TOPIC, [0], owner="a")[0].epoch
    on_postgres.execute("DELETE FROM partition_epoch")
    after = on_postgres.inbox.own(TOPIC, [0], owner="b")[0].epoch
    on_postgres.execute("UPDATE partition_epoch SET epoch = 1")
    assert before < after < on_postgres.inbox.own(TOPIC, [0], owner="c")[0].epoch


async def test_a_lease_that_the_ledger_forgets_is_not_given_to_another_worker(
    given: Given, on_postgres: OnPostgres
) -> None:
    given.accept(event())
    before = await given.claim_one()
    on_postgres.execute("UPDATE student SET lease_epoch = 0, lease_until = NULL")
    await given.claim_one()
    with pytest.raises(Fenced):
        await on_postgres.work.commit(before.lease, [KeepLease(60)])


def test_a_relay_that_the_ledger_forgets_stays_fenced(on_postgres: OnPostgres) -> None:
    before = on_postgres.outbox.take_over(RELAY)
    on_postgres.execute("DELETE FROM relay")
    after = on_postgres.outbox.take_over(RELAY)
    on_postgres.execute("UPDATE relay SET epoch = 1")
    assert before < after < on_postgres.outbox.take_over(RELAY)
