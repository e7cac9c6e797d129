"""What a row that does not come to rest says of the students who are left."""

import pytest

from consumer.errors import Reason
from consumer.events import Provider, StepName
from consumer.ledger.port.writes import Defer, WaitFor
from consumer.settings import Topics
from proof.chaos.watch import Watch
from tests.ledger.conftest import Given, OnPostgres, engine, event, on_postgres, owner

__all__ = ["engine", "on_postgres", "owner"]

pytestmark = pytest.mark.parts


async def test_students_who_are_left_are_named_with_what_they_wait_for(
    on_postgres: OnPostgres, database_url: str, unique_name: str
) -> None:
    given = Given(on_postgres)
    given.accept(event())
    cause = WaitFor(Provider.MICROSOFT, StepName.CREATE, Reason.CONSENT_MISSING, "403 forbidden", held=True)
    await given.ledger.work.commit((await given.claim_one()).lease, [Defer(60, (cause,))])
    with Watch(database_url, "127.0.0.1:1", group=unique_name, topics=Topics()) as watch:
        (left,) = await watch.still_due()
    assert left.startswith("north/s1 is due ")
    assert left.endswith("version -1 of 1, leased until None, waits: microsoft create consent_missing 403 forbidden")
