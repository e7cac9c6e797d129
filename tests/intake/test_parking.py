"""Events of unknown tenants wait for their tenant's file, and no one waits for them."""

import pytest

from consumer.intake import parking
from consumer.ledger.port.inbox import Disposition
from consumer.policy.decision import DecisionTable
from tests.intake.rig import Rig

KEEP, LOOK = 900.0, 10.0
PENDING = Disposition.PENDING


@pytest.fixture
def rig() -> Rig:
    return Rig(park_unknown=KEEP)


def results(rig: Rig, result: str) -> float | None:
    return rig.metrics.registry.get_sample_value("provisioner_parking_results_total", {"result": result})


def parked(rig: Rig) -> float | None:
    return rig.metrics.registry.get_sample_value("provisioner_parked_records")


def events(rig: Rig, tenant: str) -> float | None:
    labels = {"tenant": tenant, "disposition": "pending"}
    return rig.metrics.registry.get_sample_value("provisioner_events_total", labels)


def configure(rig: Rig, *tenants: str) -> None:
    """Other processes take over, and know these tenants too."""
    rig.new_tenants = tenants
    rig.restart()


def test_an_event_of_an_unknown_tenant_is_parked_and_its_partition_continues(rig: Rig) -> None:
    rig.topic.feed(b"east:enrolled S1 1", b"enrolled S2 1")
    rig.turn(3)
    assert rig.ledger.waiting() == [0]
    assert rig.ledger.dispositions() == {"S2/1": PENDING}
    assert rig.topic.commits == {0: 2}
    assert rig.producer.sent == []
    assert (parked(rig), results(rig, "parked")) == (1, 1)


def test_it_is_accepted_once_its_tenant_is_known(rig: Rig) -> None:
    rig.topic.feed(b"east:enrolled S1 1")
    rig.turn(2)
    configure(rig, "east")
    rig.turn(3)
    assert rig.ledger.dispositions() == {"S1/1": PENDING}
    assert rig.ledger.waiting() == []
    assert (parked(rig), results(rig, "accepted")) == (0, 1)
    assert events(rig, "east") == 1


def test_after_the_configured_time_it_is_a_dead_letter_as_it_came(rig: Rig) -> None:
    rig.topic.feed(b"east:enrolled S1 1", headers=[("source", b"sis")])
    rig.turn(3, seconds=KEEP / 3)
    assert rig.producer.sent == []
    rig.turn(2)
    (dead_letter,) = rig.producer.sent
    assert rig.reasons() == [b"unknown_tenant"]
    assert (dead_letter.value, dead_letter.key) == (b"east:enrolled S1 1", b"north-high/S1")
    assert dead_letter.headers["source"] == b"sis"
    assert dead_letter.headers["__connect.errors.offset"] == b"0"
    assert rig.ledger.waiting() == []
    assert results(rig, "dead_letter") == 1


def test_a_tenant_that_is_known_at_the_last_moment_loses_no_event(rig: Rig) -> None:
    rig.topic.feed(b"east:enrolled S1 1")
    rig.turn(2)
    rig.now += 2 * KEEP
    configure(rig, "east")
    rig.turn(3)
    assert rig.ledger.dispositions() == {"S1/1": PENDING}
    assert rig.producer.sent == []


def test_a_dead_letter_that_is_not_acknowledged_stays_parked(rig: Rig) -> None:
    rig.topic.feed(b"east:enrolled S1 1")
    rig.turn(2)
    rig.producer.deaf = True
    rig.now += KEEP
    rig.turn(2)
    assert rig.ledger.waiting() == [0]
    assert rig.paused("dead_letters") == 1
    rig.producer.deaf = False
    rig.turn(3)
    assert rig.reasons() == [b"unknown_tenant"]
    assert rig.ledger.waiting() == []


def test_what_is_on_its_way_to_the_dead_letters_is_not_accepted_by_the_next_owner(rig: Rig) -> None:
    rig.topic.feed(b"east:enrolled S1 1")
    rig.turn(2)
    rig.producer.deaf = True
    rig.now += KEEP
    rig.turn()
    configure(rig, "east")
    rig.turn(3)
    assert rig.ledger.dispositions() == {}
    assert rig.reasons() == [b"unknown_tenant"]
    assert rig.ledger.waiting() == []


def test_what_the_new_tenant_s_table_skips_or_does_not_list_ends_as_it_would_have(rig: Rig) -> None:
    rig.topic.feed(b"east:applied S1 1", b"east:graduated S2 1", b"east:enrolled S3 1")
    rig.turn(2)
    configure(rig, "east")
    rig.turn(3)
    assert rig.ledger.dispositions() == {"S3/1": PENDING}
    assert rig.reasons() == [b"unlisted_status"]
    assert rig.ledger.waiting() == []
    assert [results(rig, result) for result in ("accepted", "skipped", "dead_letter")] == [1, 1, 1]


def test_an_event_id_that_was_used_meanwhile_for_something_else_is_a_dead_letter(rig: Rig) -> None:
    rig.topic.feed(b"east:enrolled S1 1 Maria", b"east:enrolled S1 1 Eleni")
    rig.turn(2)
    configure(rig, "east")
    rig.turn(3)
    assert rig.reasons() == [b"reused_id"]
    assert rig.ledger.waiting() == []


def test_a_late_release_does_not_undo_what_is_newer(rig: Rig) -> None:
    rig.topic.feed(b"east:enrolled S1 1")
    rig.turn(2)
    rig.new_tenants = ("east",)
    rig.topic.feed(b"east:enrolled S1 2")
    rig.restart()
    rig.turn(3)
    assert rig.ledger.student("east", "S1").desired_version == 2


def test_a_student_whose_row_is_locked_stays_parked_and_holds_no_offset_back(rig: Rig) -> None:
    rig.topic.feed(b"east:enrolled S1 1", b"east:enrolled S2 1", b"enrolled S3 1")
    rig.turn(2)
    rig.ledger.locked = {"S1"}
    configure(rig, "east")
    rig.turn(2)
    assert rig.ledger.waiting() == [0]
    assert rig.topic.commits == {0: 3}
    rig.ledger.locked = set()
    rig.turn(2)
    assert rig.ledger.waiting() == []
    assert set(rig.ledger.dispositions()) == {"S1/1", "S2/1", "S3/1"}


def test_a_schema_that_cant_be_looked_up_now_leaves_the_record_parked(rig: Rig) -> None:
    rig.topic.feed(b"east:enrolled S1 1 newer", b"enrolled S2 1")
    rig.turn(2)
    rig.reader.away = True
    configure(rig, "east")
    rig.turn(2)
    assert rig.ledger.waiting() == [0]
    rig.reader.away = False
    rig.turn(2)
    assert "S1/1" in rig.ledger.dispositions()


def test_a_record_that_cant_be_read_as_a_whole_is_a_dead_letter_at_once(rig: Rig) -> None:
    rig.topic.feed(b"east:enrolled S1")
    rig.turn()
    assert rig.reasons() == [b"invalid_content"]
    assert rig.ledger.waiting() == []


def test_a_record_that_is_larger_than_an_event_is_a_dead_letter_at_once(rig: Rig) -> None:
    rig.topic.feed(b"east:enrolled S1 1", headers=[("note", b"x" * 70_000)])
    rig.turn()
    assert rig.reasons() == [b"unknown_tenant"]
    assert rig.ledger.waiting() == []


def test_without_a_time_to_wait_nothing_is_parked() -> None:
    rig = Rig(park_unknown=0)
    rig.topic.feed(b"east:enrolled S1 1")
    rig.turn(2)
    assert rig.reasons() == [b"unknown_tenant"]
    assert rig.topic.commits == {0: 1}
    assert results(rig, "no_room") is None


def test_what_was_parked_before_parking_was_turned_off_is_a_dead_letter_at_the_next_start(rig: Rig) -> None:
    rig.topic.feed(b"east:enrolled S1 1")
    rig.turn(2)
    rig.park_unknown = 0
    rig.restart()
    rig.turn(2)
    assert rig.reasons() == [b"unknown_tenant"]
    assert rig.ledger.waiting() == []


def test_a_flood_of_unknown_tenants_is_parked_up_to_a_limit_and_no_further(rig: Rig) -> None:
    rig.topic.feed(*(f"t{number}:enrolled S1 1".encode() for number in range(parking.MOST + 3)))
    rig.topic.feed(b"enrolled S2 1")
    rig.turn(parking.MOST // 500 + 2, seconds=0.1)
    assert len(rig.ledger.waiting()) == parking.MOST
    assert rig.reasons() == [b"unknown_tenant"] * 3
    assert results(rig, "no_room") == 3
    assert rig.ledger.dispositions() == {"S2/1": PENDING}


def test_a_record_that_is_delivered_again_is_parked_once(rig: Rig) -> None:
    rig.consumer.commits_fail_silently = True
    rig.topic.feed(b"east:enrolled S1 1")
    rig.turn(2)
    rig.topic.commits.clear()
    rig.restart()
    rig.turn(2)
    assert rig.ledger.waiting() == [0]
    assert parked(rig) == 1


def test_the_ledger_is_seldom_asked_while_nothing_is_parked(rig: Rig) -> None:
    at_start = rig.ledger.looks
    rig.topic.feed(b"enrolled S1 1")
    rig.turn(3, seconds=LOOK)
    assert (at_start, rig.ledger.looks) == (1, 1)
    rig.topic.feed(b"east:enrolled S1 1")
    rig.turn(5, seconds=LOOK)
    assert rig.ledger.looks > 2
    rig.now += KEEP
    rig.turn(2, seconds=LOOK)
    asked = rig.ledger.looks
    rig.turn(5, seconds=LOOK)
    assert rig.ledger.looks == asked
    rig.turn(2, seconds=LOOK)
    assert rig.ledger.looks == asked + 1


def test_what_a_restored_ledger_has_parked_again_is_looked_at(rig: Rig) -> None:
    rig.topic.feed(b"east:enrolled S1 1")
    rig.turn()
    backup = rig.ledger.backup()
    rig.now += KEEP
    rig.turn(2, seconds=LOOK)
    rig.ledger.restore(backup)
    assert rig.ledger.waiting() == [0]
    rig.turn(8, seconds=LOOK)
    assert rig.ledger.waiting() == []


def test_many_records_are_released_page_by_page_before_more_is_decided(rig: Rig) -> None:
    rig.topic.feed(*(f"east:enrolled S{number} 1".encode() for number in range(450)))
    rig.turn(2)
    looks = rig.ledger.looks
    configure(rig, "east")
    rig.turn()
    assert rig.ledger.waiting() == []
    assert len(rig.ledger.dispositions()) == 450
    assert rig.ledger.looks == looks + 3


def test_a_later_event_that_asks_for_nothing_cancels_what_was_parked_before_it(rig: Rig) -> None:
    rig.topic.feed(b"east:enrolled S1 1")
    rig.turn(2, seconds=0.1)
    rig.new_tenants = ("east",)
    rig.table = DecisionTable.of(rig.tenants())
    rig.topic.feed(b"east:withdrawn S1 2")
    rig.turn(1, seconds=0.1)
    assert rig.ledger.dispositions() == {"S1/1": PENDING, "S1/2": PENDING}
    assert rig.ledger.student("east", "S1").arrival.providers == ()


def test_while_the_database_is_unavailable_parked_records_wait(rig: Rig) -> None:
    rig.topic.feed(b"east:enrolled S1 1")
    rig.turn(2)
    configure(rig, "east")
    rig.ledger.away = True
    rig.turn(2)
    rig.ledger.away = False
    rig.turn(4)
    assert rig.ledger.dispositions() == {"S1/1": PENDING}
    assert rig.ledger.waiting() == []


def test_parked_records_of_a_revoked_partition_are_left_to_its_next_owner(rig: Rig) -> None:
    rig.topic.feed(b"east:enrolled S1 1")
    rig.turn(2)
    rig.consumer.rebalance("revoke", 0)
    rig.now += KEEP
    rig.turn(3)
    assert rig.ledger.waiting() == [0]
    assert rig.producer.sent == []
    rig.intake = rig.new_intake()
    rig.intake.start()
    rig.consumer.rebalance("assign", 0)
    rig.turn(2)
    assert rig.reasons() == [b"unknown_tenant"]


def test_a_dead_letter_in_hand_is_dropped_with_its_partition(rig: Rig) -> None:
    rig.topic.feed(b"east:enrolled S1 1")
    rig.turn(2)
    rig.producer.deaf = True
    rig.now += KEEP
    rig.turn(2)
    rig.consumer.rebalance("revoke", 0)
    rig.producer.deaf = False
    rig.turn(3)
    assert rig.ledger.waiting() == [0]
