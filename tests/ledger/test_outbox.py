"""The relay's side: batches that never change, and a predecessor that is fenced."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import text

from consumer.errors import Fenced
from consumer.ledger.port.outbox import OnTopic, OutboxBatch
from consumer.ledger.port.writes import Publish
from tests.ledger.conftest import Given, Ledger, OnPostgres, event

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


async def test_a_relay_of_another_name_continues_where_the_last_one_was(given: Given, ledger: Ledger) -> None:
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


async def test_a_ledger_that_has_lost_batches_numbers_none(given: Given, ledger: Ledger) -> None:
    await queue(given, ledger, 1)
    epoch = ledger.outbox.take_over(RELAY)
    with pytest.raises(Fenced):
        ledger.outbox.next_batch(RELAY, epoch, limit=1, after=3)
    batch = ledger.outbox.next_batch(RELAY, epoch, limit=1, after=0)
    assert batch
    assert batch.number == 1


async def test_a_ledger_that_has_lost_a_batch_does_not_take_it_for_published(given: Given, ledger: Ledger) -> None:
    await queue(given, ledger, 1)
    epoch = ledger.outbox.take_over(RELAY)
    with pytest.raises(Fenced):
        ledger.outbox.published(RELAY, epoch, 1)
    assert ledger.outbox.next_batch(RELAY, epoch, limit=1) is not None


def found(number: int, *, topic: str = "t") -> OnTopic:
    outcome = Publish(UUID(int=number), topic, b"north/s1", str(number).encode(), (("ce_id", b"x"),))
    return OnTopic(outcome, datetime(2026, 9, 1, tzinfo=UTC))


async def test_the_newest_published_batch_is_the_landmark(given: Given, ledger: Ledger) -> None:
    epoch = ledger.outbox.take_over(RELAY)
    assert ledger.outbox.landmark(RELAY, epoch) is None
    await queue(given, ledger, 1, 2, 3)
    for _ in range(3):
        ledger.outbox.next_batch(RELAY, epoch, limit=1)
    ledger.outbox.published(RELAY, epoch, 2)
    landmark = ledger.outbox.landmark(RELAY, epoch)
    assert landmark
    assert landmark.topics == {UUID(int=2): "t"}


async def test_what_was_found_on_its_topic_is_not_published_again(given: Given, ledger: Ledger) -> None:
    await queue(given, ledger, 1, 2)
    epoch = ledger.outbox.take_over(RELAY)
    assert ledger.outbox.recall(RELAY, epoch, [found(1), found(3)]) == 2
    ledger.outbox.resume(RELAY, epoch, 7)
    await queue(given, ledger, 3, 4)
    batch = ledger.outbox.next_batch(RELAY, epoch, limit=10)
    assert batch
    assert (batch.number, [row.value for row in batch.rows]) == (8, [b"2", b"4"])
    assert [one.number for one in ledger.outbox.unpublished(RELAY, epoch)] == [8]


async def test_what_is_recalled_twice_counts_once(given: Given, ledger: Ledger) -> None:
    await queue(given, ledger, 1)
    epoch = ledger.outbox.take_over(RELAY)
    ledger.outbox.recall(RELAY, epoch, [found(1)])
    assert ledger.outbox.recall(RELAY, epoch, [found(1), found(2), found(2)]) == 1
    assert ledger.outbox.next_batch(RELAY, epoch, limit=10) is None
    assert ledger.outbox.waiting_seconds() == 0


async def test_a_relay_that_was_taken_over_recalls_nothing(ledger: Ledger) -> None:
    old = ledger.outbox.take_over(RELAY)
    ledger.outbox.take_over(RELAY)
    with pytest.raises(Fenced):
        ledger.outbox.recall(RELAY, old, [found(1)])
    with pytest.raises(Fenced):
        ledger.outbox.resume(RELAY, old, 7)


def outcomes(ledger: OnPostgres, *students: str) -> None:
    """One outcome of each of these students, numbered from 1, as a worker writes them."""
    for number, student in enumerate(students, start=1):
        ledger.execute(
            "INSERT INTO outbox (event_id, topic, key, value, headers, created_at) "
            "VALUES (:event_id, 't', :key, :value, '[[\"ce_id\", \"x\"]]', now())",
            event_id=UUID(int=number),
            key=student.encode(),
            value=str(number).encode(),
        )


def alter(ledger: OnPostgres, number: int, headers: str) -> None:
    """As another version writes headers."""
    ledger.execute("UPDATE outbox SET headers = CAST(:headers AS jsonb) WHERE seq = :seq", headers=headers, seq=number)


def values(batch: OutboxBatch | None) -> list[bytes]:
    return [row.value for row in batch.rows] if batch else []


OTHER_FORMS = ('{"ce_id": "x"}', '[["ce_id", null]]', '[{"name": "ce_id"}]', "7")


@pytest.mark.parts
@pytest.mark.parametrize("headers", OTHER_FORMS)
def test_an_outcome_that_cannot_be_read_holds_back_its_students_later_ones_only(
    on_postgres: OnPostgres, headers: str
) -> None:
    outcomes(on_postgres, "s1", "s2", "s1", "s3")
    alter(on_postgres, 1, headers)
    epoch = on_postgres.outbox.take_over(RELAY)
    assert values(on_postgres.outbox.next_batch(RELAY, epoch, limit=10)) == [b"2", b"4"]
    assert on_postgres.outbox.next_batch(RELAY, epoch, limit=10) is None
    assert on_postgres.unreadable == ["outbox.headers"]
    assert on_postgres.execute("SELECT seq FROM outbox WHERE unreadable") == [(1,)]


@pytest.mark.parts
def test_outcomes_behind_more_unreadable_ones_than_a_batch_holds_are_found(on_postgres: OnPostgres) -> None:
    outcomes(on_postgres, "s1", "s1", "s2", "s2", "s3")
    for number in (1, 3):
        alter(on_postgres, number, "7")
    epoch = on_postgres.outbox.take_over(RELAY)
    assert values(on_postgres.outbox.next_batch(RELAY, epoch, limit=1)) == [b"5"]


@pytest.mark.parts
def test_a_relay_that_can_read_them_publishes_outcomes_that_were_put_aside_and_those_behind_in_order(
    on_postgres: OnPostgres,
) -> None:
    outcomes(on_postgres, "s1", "s2", "s1")
    alter(on_postgres, 1, "7")
    on_postgres.outbox.next_batch(RELAY, on_postgres.outbox.take_over(RELAY), limit=10)
    alter(on_postgres, 1, '[["ce_id", "x"]]')
    epoch = on_postgres.outbox.take_over(RELAY)
    assert values(on_postgres.outbox.next_batch(RELAY, epoch, limit=10)) == [b"1", b"3"]


@pytest.mark.parts
def test_a_numbered_batch_that_was_not_published_loses_only_what_cannot_be_read_and_what_is_behind_that(
    on_postgres: OnPostgres,
) -> None:
    outcomes(on_postgres, "s1", "s2", "s1", "s3")
    newer = on_postgres.outbox.take_over(RELAY)
    for _ in range(2):
        on_postgres.outbox.next_batch(RELAY, newer, limit=2)
    alter(on_postgres, 1, "7")
    epoch = on_postgres.outbox.take_over(RELAY)
    assert [(one.number, values(one)) for one in on_postgres.outbox.unpublished(RELAY, epoch)] == [
        (1, [b"2"]),
        (2, [b"4"]),
    ]
    assert on_postgres.outbox.next_batch(RELAY, epoch, limit=10) is None
    alter(on_postgres, 1, '[["ce_id", "x"]]')
    epoch = on_postgres.outbox.take_over(RELAY)
    assert values(on_postgres.outbox.next_batch(RELAY, epoch, limit=10)) == [b"1", b"3"]


@pytest.mark.parts
def test_an_outcome_that_was_published_need_not_be_readable(on_postgres: OnPostgres) -> None:
    outcomes(on_postgres, "s1")
    epoch = on_postgres.outbox.take_over(RELAY)
    batch = on_postgres.outbox.next_batch(RELAY, epoch, limit=2)
    assert batch
    on_postgres.outbox.published(RELAY, epoch, batch.number)
    alter(on_postgres, 1, "7")
    assert on_postgres.outbox.unpublished(RELAY, epoch) == []
    assert on_postgres.unreadable == []


@pytest.mark.parts
def test_an_outcome_that_another_transaction_has_locked_holds_back_its_students_later_ones_only(
    on_postgres: OnPostgres,
) -> None:
    outcomes(on_postgres, "s1", "s2", "s1")
    epoch = on_postgres.outbox.take_over(RELAY)
    with on_postgres.engine.begin() as other:
        other.execute(text("SELECT FROM outbox WHERE seq = 1 FOR UPDATE"))
        assert values(on_postgres.outbox.next_batch(RELAY, epoch, limit=10)) == [b"2"]
        assert on_postgres.outbox.next_batch(RELAY, epoch, limit=10) is None
    assert values(on_postgres.outbox.next_batch(RELAY, epoch, limit=10)) == [b"1", b"3"]
