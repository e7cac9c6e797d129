"""The vendors' limits, shared by all replicas."""

import asyncio

import pytest

from consumer.ledger.quotas import PostgresQuotas
from consumer.pacing.limit import Limit, Want
from consumer.pacing.port import Quotas
from tests.ledger.conftest import Ledger, OnPostgres

# Nine at once: the burst is smaller than the vendor's.
HOURLY = Limit("mailgun/messages/domain/school.example", "messages", 10, 3600)
OTHER = Limit("mailgun/messages/domain/other.example", "messages", 10, 3600)


@pytest.fixture
def quotas(ledger: Ledger) -> Quotas:
    return ledger.quotas


async def tokens(quotas: Quotas, count: int, limit: Limit = HOURLY) -> int:
    return (await quotas.take(Want(limit, count))).tokens


async def test_what_one_took_another_does_not_get(quotas: Quotas) -> None:
    assert await tokens(quotas, 7) == 7
    assert await tokens(quotas, 7) == 2


async def test_limits_do_not_share_tokens_with_one_another(quotas: Quotas) -> None:
    await tokens(quotas, 10)
    assert await tokens(quotas, 10, OTHER) == 9


async def test_tokens_come_back_with_time(quotas: Quotas, ledger: Ledger) -> None:
    await tokens(quotas, 10)
    ledger.advance(700)
    assert await tokens(quotas, 10) == 2


async def test_an_exhausted_limit_says_when_there_is_more(quotas: Quotas, ledger: Ledger) -> None:
    await tokens(quotas, 10)
    ledger.advance(3)
    await tokens(quotas, 1)
    portion = await quotas.take(Want(HOURLY, 1))
    assert portion.tokens == 0
    assert 340 < portion.more_in <= 361


async def test_what_is_asked_for_at_once_is_given_one_after_the_other(quotas: Quotas) -> None:
    given = await asyncio.gather(*(tokens(quotas, 4) for _ in range(4)))
    assert sorted(given) == [0, 1, 4, 4]


async def test_a_refusal_empties_the_limit_and_slows_it_for_all(quotas: Quotas) -> None:
    await quotas.slow_down(HOURLY)
    portion = await quotas.take(Want(HOURLY, 10))
    assert portion.tokens == 1
    assert portion.every == pytest.approx(360 / 0.85, rel=0.01)


@pytest.mark.parts
async def test_two_replicas_that_begin_with_a_limit_share_its_burst(on_postgres: OnPostgres) -> None:
    replicas = [PostgresQuotas(on_postgres.engine) for _ in range(2)]
    given = await asyncio.gather(*(tokens(replica, 10) for replica in replicas))
    assert sum(given) == 9
    for replica in replicas:
        replica.close()


@pytest.mark.parts
async def test_a_standby_that_lacks_the_limit_begins_it_anew(on_postgres: OnPostgres) -> None:
    await tokens(on_postgres.quotas, 10)
    on_postgres.execute("DELETE FROM vendor_limit")
    assert await tokens(on_postgres.quotas, 10) == 9


@pytest.mark.parts
async def test_a_clock_that_is_set_back_stops_no_one(on_postgres: OnPostgres) -> None:
    await tokens(on_postgres.quotas, 10)
    on_postgres.execute("UPDATE vendor_limit SET next_at = now() + interval '5 hours'")
    assert (await on_postgres.quotas.take(Want(HOURLY, 1))).more_in <= 361
