"""Parked records: kept once with their batch, found when their wait is over, gone with what becomes of them."""

from collections.abc import Collection

import pytest

from consumer.errors import Fenced
from consumer.ledger.port.inbox import Disposition, Place
from consumer.ledger.port.parking import BEGINNING, Origin, ParkedPage, ParkedRecord, ParkingWrites
from tests.ledger.conftest import TOPIC, Given, Ledger, arrival, event

PENDING, PARKED, NO_ROOM = Disposition.PENDING, Disposition.PARKED, Disposition.NO_ROOM
MOST, KEEP = 10, 900.0
BOTH = [(TOPIC, 0), (TOPIC, 1)]


def record(offset: int, *, tenant_id: str = "new", partition: int = 0) -> ParkedRecord:
    return ParkedRecord((TOPIC, partition, offset), tenant_id, b"value", b"key", (("source", b"sis"),))


def park(given: Given, *records: ParkedRecord, most: int = MOST) -> list[Disposition]:
    return list(given.ledger.inbox.accept([], epochs=given.epochs, parking=ParkingWrites(records, most)))


def release(given: Given, *origins: Origin) -> None:
    given.ledger.inbox.accept([], epochs=given.epochs, parking=ParkingWrites(release=origins))


def parked(
    ledger: Ledger,
    *tenants: str,
    places: Collection[Place] = BOTH,
    after: Origin = BEGINNING,
    limit: int = 100,
) -> ParkedPage:
    return ledger.inbox.parked(places, tenants=tenants, keep=KEEP, after=after, limit=limit)


def test_a_parked_record_comes_back_as_it_was_when_its_tenant_is_known(given: Given, ledger: Ledger) -> None:
    one = ParkedRecord((TOPIC, 0, 3), "new", b"\x00\xff", None, (("a\x00b", b"\x00\xff"), ("a\x00b", None)))
    assert park(given, one) == [PARKED]
    assert parked(ledger).records == []
    assert parked(ledger, "new").records == [one]


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
    assert parked(ledger) == ParkedPage([record(3)], total=1)


def test_a_record_has_waited_for_long_enough_by_the_ledger_s_clock(given: Given, ledger: Ledger) -> None:
    park(given, record(3))
    ledger.advance(KEEP - 30)
    assert parked(ledger) == ParkedPage([], total=1)
    ledger.advance(60)
    assert parked(ledger) == ParkedPage([record(3)], total=1)


def test_where_too_many_records_wait_no_more_are_parked(given: Given, ledger: Ledger) -> None:
    assert park(given, record(0), record(1), record(0, partition=1), most=2) == [PARKED, PARKED, NO_ROOM]
    assert park(given, record(3), most=2) == [NO_ROOM]
    assert parked(ledger, "new").total == 2


def test_a_record_that_waits_already_needs_no_room(given: Given) -> None:
    park(given, record(0), record(1), most=2)
    assert park(given, record(1), record(2), most=2) == [PARKED, NO_ROOM]
    assert park(given, record(1), most=0) == [PARKED]


def test_only_records_of_the_partitions_in_question_are_found(given: Given, ledger: Ledger) -> None:
    park(given, record(3), record(3, partition=1))
    assert parked(ledger, "new", places=[(TOPIC, 1)]) == ParkedPage([record(3, partition=1)], total=1)
    assert parked(ledger, "new", places=[]) == ParkedPage([], total=0)


def test_records_are_found_in_order_page_by_page(given: Given, ledger: Ledger) -> None:
    records = [record(1), record(2), record(1, partition=1)]
    park(given, *records)
    first = parked(ledger, "new", limit=2)
    assert first == ParkedPage(records[:2], total=3)
    assert parked(ledger, "new", limit=2, after=first.records[-1].origin).records == records[2:]


def test_a_record_is_gone_with_what_was_accepted_of_it(given: Given, ledger: Ledger) -> None:
    park(given, record(3), record(4))
    of = arrival(event(tenant_id="new"), offset=3)
    writes = ParkingWrites(release=[(TOPIC, 0, 3)])
    assert ledger.inbox.accept([of], epochs=given.epochs, skip_locked=True, parking=writes) == [PENDING]
    assert parked(ledger, "new") == ParkedPage([record(4)], total=1)


def test_a_record_that_becomes_a_dead_letter_stays_until_it_is_released_by_itself(given: Given, ledger: Ledger) -> None:
    given.accept(event(tenant_id="new"))
    park(given, record(3))
    of = arrival(event(tenant_id="new", family="Bianchi"), offset=3)
    writes = ParkingWrites(release=[(TOPIC, 0, 3)])
    assert ledger.inbox.accept([of], epochs=given.epochs, parking=writes) == [Disposition.REUSED_ID]
    assert parked(ledger, "new").total == 1
    release(given, (TOPIC, 0, 3))
    release(given, (TOPIC, 0, 3))
    assert parked(ledger, "new").total == 0


def test_a_process_that_has_lost_the_partition_neither_parks_nor_releases(given: Given, ledger: Ledger) -> None:
    park(given, record(3))
    ledger.inbox.own(TOPIC, [0], owner="another")
    with pytest.raises(Fenced):
        park(given, record(4))
    with pytest.raises(Fenced):
        release(given, (TOPIC, 0, 3))
    assert parked(ledger, "new") == ParkedPage([record(3)], total=1)


def test_nothing_is_parked_where_the_ledger_has_lost_what_it_had(given: Given, ledger: Ledger) -> None:
    with pytest.raises(Fenced):
        ledger.inbox.accept([], epochs=given.epochs, stored={(TOPIC, 0): 9}, parking=ParkingWrites([record(9)], MOST))
    assert parked(ledger, "new").total == 0
