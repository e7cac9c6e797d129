"""The relay's side: batches that never change, and a predecessor that is fenced."""

from uuid import UUID

import pytest

from consumer.errors import Fenced
from consumer.ledger.port import Publish
from tests.ledger.conftest import Given, Ledger, event

RELAY = "relay"


async def queue(given: Given, ledger: Ledger, *numbers: int) -> None:
    given.accept(event(f"e{numbers[0]}", version=numbers[0]))
    (job,) = await given.claim()
    rows = [Publish(UUID(int=n), "t", b"north/s1", str(n).encode(), (("ce_id", b"x"),)) for n in numbers]
    await ledger.work.commit(job.lease, rows)
    ledger.advance(100)


async def test_waiting_rows_are_numbered_in_their_order(given: Given, ledger: Ledger) -> None:
    await queue(given, ledger, 1, 2, 3)
    epoch = ledger.outbox.take_over(RELAY)
    first = ledger.outbox.next_batch(RELAY, epoch, limit=2)
    second = ledger.outbox.next_batch(RELAY, epoch, limit=2)
    assert first
    assert second
    assert [row.value for row in first.rows] == [b"1", b"2"]
    assert [row.value for row in second.rows] == [b"3"]
    assert (first.number, second.number) == (1, 2)
    assert first.rows[0].headers == (("ce_id", b"x"),)


async def test_where_nothing_waits_there_is_no_batch(ledger: Ledger) -> None:
    epoch = ledger.outbox.take_over(RELAY)
    assert ledger.outbox.next_batch(RELAY, epoch, limit=2) is None


async def test_a_numbered_batch_is_found_again_as_it_was(given: Given, ledger: Ledger) -> None:
    await queue(given, ledger, 1, 2)
    first = ledger.outbox.next_batch(RELAY, ledger.outbox.take_over(RELAY), limit=10)
    await queue(given, ledger, 3)
    assert ledger.outbox.unpublished(RELAY, ledger.outbox.take_over(RELAY)) == [first]


async def test_a_published_batch_is_not_found_again(given: Given, ledger: Ledger) -> None:
    await queue(given, ledger, 1)
    epoch = ledger.outbox.take_over(RELAY)
    batch = ledger.outbox.next_batch(RELAY, epoch, limit=10)
    assert batch
    ledger.outbox.published(RELAY, epoch, batch.number)
    assert ledger.outbox.unpublished(RELAY, epoch) == []


async def test_a_relay_that_was_taken_over_is_fenced(given: Given, ledger: Ledger) -> None:
    await queue(given, ledger, 1)
    old = ledger.outbox.take_over(RELAY)
    ledger.outbox.take_over(RELAY)
    with pytest.raises(Fenced):
        ledger.outbox.next_batch(RELAY, old, limit=10)
    with pytest.raises(Fenced):
        ledger.outbox.published(RELAY, old, 1)


async def test_the_newest_batch_is_known_published_or_not(given: Given, ledger: Ledger) -> None:
    epoch = ledger.outbox.take_over(RELAY)
    assert ledger.outbox.newest(RELAY, epoch) == 0
    await queue(given, ledger, 1)
    ledger.outbox.next_batch(RELAY, epoch, limit=10)
    assert ledger.outbox.newest(RELAY, epoch) == 1


async def test_a_relay_of_another_name_goes_on_where_the_last_one_was(given: Given, ledger: Ledger) -> None:
    await queue(given, ledger, 1, 2)
    epoch = ledger.outbox.take_over(RELAY)
    first = ledger.outbox.next_batch(RELAY, epoch, limit=1)
    second = ledger.outbox.next_batch(RELAY, epoch, limit=1)
    assert first
    assert second
    ledger.outbox.published(RELAY, epoch, first.number)
    renamed = ledger.outbox.take_over("renamed")
    assert ledger.outbox.unpublished("renamed", renamed) == [second]
    assert ledger.outbox.newest("renamed", renamed) == second.number


async def test_how_long_the_oldest_outcome_has_waited_is_known_until_it_is_published(
    given: Given, ledger: Ledger
) -> None:
    assert ledger.outbox.waiting_seconds() == 0
    await queue(given, ledger, 1)
    epoch = ledger.outbox.take_over(RELAY)
    waiting = ledger.outbox.waiting_seconds()
    batch = ledger.outbox.next_batch(RELAY, epoch, limit=10)
    assert batch
    assert waiting <= ledger.outbox.waiting_seconds()
    assert waiting > 0
    ledger.outbox.published(RELAY, epoch, batch.number)
    assert ledger.outbox.waiting_seconds() == 0
