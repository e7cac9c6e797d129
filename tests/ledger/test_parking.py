"""Parked records: kept once with their batch, found when their wait is over, gone with what becomes of them."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pytest

from consumer.errors import Fenced
from consumer.ledger.port.inbox import Disposition
from consumer.ledger.port.parking import BEGINNING, Origin, ParkedPage, ParkedRecord, ParkingWrites
from tests.ledger.conftest import TOPIC, Given, Ledger, arrival, event

PENDING, PARKED, NO_ROOM = Disposition.PENDING, Disposition.PARKED, Disposition.NO_ROOM
MOST, KEEP = 10, 900.0


def record(offset: int, *, tenant_id: str = "new", partition: int = 0) -> ParkedRecord:
    return ParkedRecord((TOPIC, partition, offset), tenant_id, b"value", b"key", (("source", b"sis"),))


def expired(offset: int) -> ParkedRecord:
    return replace(record(offset), expired=True)


def park(given: Given, *records: ParkedRecord, most: int = MOST) -> list[Disposition]:
    return list(given.ledger.inbox.accept([], epochs=given.epochs, parking=ParkingWrites(records, most)))


def release(given: Given, *origins: Origin) -> None:
    given.ledger.inbox.accept([], epochs=given.epochs, parking=ParkingWrites(release=origins))


def parked(given: Given, *tenants: str, partitions: Collection[int] = (0, 1), **more: Any) -> ParkedPage:
    epochs = {place: epoch for place, epoch in given.epochs.items() if place[1] in partitions}
    asked: dict[str, Any] = {"after": BEGINNING, "limit": 100, **more}
    return given.ledger.inbox.parked(tenants=tenants, keep=KEEP, epochs=epochs, **asked)


def test_a_parked_record_comes_back_as_it_was_when_its_tenant_is_known(given: Given) -> None:
    one = ParkedRecord((TOPIC, 0, 3), "new", b"\x00\xff", None, (("a\x00b", b"\x00\xff"), ("a\x00b", None)))
    assert park(given, one) == [PARKED]
    assert list(parked(given).records) == []
    assert parked(given, "new").records == [one]


def test_a_record_is_parked_together_with_what_was_accepted_and_with_the_next_offsets(
    given: Given, ledger: Ledger
) -> None:
    writes = ParkingWrites([record(3)], MOST)
    answers = ledger.inbox.accept(
        [arrival(event(), offset=2)], epochs=given.epochs, offsets={(TOPIC, 0): 4}, parking=writes
    )
    assert answers == [PENDING, PARKED]
    assert ledger.inbox.own(TOPIC, [0], owner="next")[0].next_offset == 4


def test_a_record_that_is_delivered_again_is_parked_once_and_since_the_first_time(given: Given, ledger: Ledger) -> None:
    park(given, record(3))
    ledger.advance(KEEP)
    assert park(given, record(3)) == [PARKED]
    assert parked(given) == ParkedPage([expired(3)], total=1)


def test_a_record_that_was_parked_for_long_enough_by_the_ledger_s_clock_is_expired(
    given: Given, ledger: Ledger
) -> None:
    park(given, record(3))
    ledger.advance(KEEP - 30)
    assert parked(given).records == []
    ledger.advance(60)
    assert parked(given) == ParkedPage([expired(3)], total=1)


def test_a_record_whose_tenant_is_known_in_time_is_not_expired_however_long_it_waited(
    given: Given, ledger: Ledger
) -> None:
    park(given, record(3))
    ledger.advance(2 * KEEP)
    assert parked(given, "new").records == [record(3)]


def test_an_expired_record_stays_expired_when_its_tenant_is_known_later(given: Given, ledger: Ledger) -> None:
    park(given, record(3))
    ledger.advance(2 * KEEP)
    parked(given)
    assert parked(given, "new").records == [expired(3)]


def test_where_too_many_records_wait_no_more_are_parked(given: Given) -> None:
    assert park(given, record(0), record(1), record(0, partition=1), most=2) == [PARKED, PARKED, NO_ROOM]
    assert park(given, record(3), most=2) == [NO_ROOM]
    assert parked(given, "new").total == 2


def test_a_record_that_waits_already_needs_no_room(given: Given) -> None:
    park(given, record(0), record(1), most=2)
    assert park(given, record(1), record(2), most=2) == [PARKED, NO_ROOM]
    assert park(given, record(1), most=0) == [PARKED]


def test_only_records_of_the_partitions_in_question_are_found(given: Given) -> None:
    park(given, record(3), record(3, partition=1))
    assert parked(given, "new", partitions=[1]) == ParkedPage([record(3, partition=1)], total=1)
    assert parked(given, "new", partitions=[]) == ParkedPage([], total=0)


def test_records_are_found_in_order_page_by_page(given: Given) -> None:
    records = [record(1), record(2), record(1, partition=1)]
    park(given, *records)
    first = parked(given, "new", limit=2)
    assert first == ParkedPage(records[:2], total=3)
    assert parked(given, "new", limit=2, after=first.records[-1].origin).records == records[2:]


def test_a_record_is_gone_with_what_was_accepted_of_it(given: Given, ledger: Ledger) -> None:
    park(given, record(3), record(4))
    of = arrival(event(tenant_id="new"), offset=3)
    writes = ParkingWrites(release=[(TOPIC, 0, 3)])
    assert ledger.inbox.accept([of], epochs=given.epochs, skip_locked=True, parking=writes) == [PENDING]
    assert parked(given, "new") == ParkedPage([record(4)], total=1)


def test_a_record_that_becomes_a_dead_letter_stays_until_it_is_released_by_itself(given: Given, ledger: Ledger) -> None:
    given.accept(event(tenant_id="new"))
    park(given, record(3))
    of = arrival(event(tenant_id="new", family="Bianchi"), offset=3)
    writes = ParkingWrites(release=[(TOPIC, 0, 3)])
    assert ledger.inbox.accept([of], epochs=given.epochs, parking=writes) == [Disposition.REUSED_ID]
    assert parked(given, "new").total == 1
    release(given, (TOPIC, 0, 3))
    release(given, (TOPIC, 0, 3))
    assert parked(given, "new").total == 0


def test_a_process_that_has_lost_the_partition_neither_parks_nor_finds_nor_releases(
    given: Given, ledger: Ledger
) -> None:
    park(given, record(3))
    ledger.inbox.own(TOPIC, [0], owner="another")
    with pytest.raises(Fenced):
        park(given, record(4))
    with pytest.raises(Fenced):
        parked(given, "new")
    with pytest.raises(Fenced):
        release(given, (TOPIC, 0, 3))
    assert parked(Given(ledger), "new") == ParkedPage([record(3)], total=1)


def test_nothing_is_parked_where_the_ledger_has_lost_what_it_had(given: Given, ledger: Ledger) -> None:
    with pytest.raises(Fenced):
        ledger.inbox.accept([], epochs=given.epochs, stored={(TOPIC, 0): 9}, parking=ParkingWrites([record(9)], MOST))
    assert parked(given, "new").total == 0
