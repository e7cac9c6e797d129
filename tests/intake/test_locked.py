"""A student whose row is locked waits, and no one else."""

from consumer.intake.locked import MOST
from tests.intake.rig import Rig


def test_a_student_whose_row_is_locked_waits_and_the_others_do_not(rig: Rig) -> None:
    rig.ledger.locked = {"S1"}
    rig.topic.feed(b"enrolled S1 1", b"enrolled S2 1")
    rig.turn(2)
    assert set(rig.ledger.dispositions()) == {"S2/1"}
    rig.topic.feed(b"enrolled S3 1")
    rig.turn(2)
    assert set(rig.ledger.dispositions()) == {"S2/1", "S3/1"}


def test_no_offset_passes_an_event_that_waits_for_a_locked_row(rig: Rig) -> None:
    rig.ledger.locked = {"S1"}
    rig.topic.feed(b"enrolled S2 1", b"enrolled S1 1", b"enrolled S3 1")
    rig.turn(3)
    assert rig.topic.commits == {0: 1}
    assert rig.ledger.own("events", [0], owner="after a crash")[0].next_offset == 1


def test_an_event_that_waited_for_a_locked_row_is_accepted_and_its_offset_passed(rig: Rig) -> None:
    rig.ledger.locked = {"S1"}
    rig.topic.feed(b"enrolled S1 1", b"enrolled S2 1")
    rig.turn(2)
    rig.ledger.locked = set()
    rig.turn(2)
    assert set(rig.ledger.dispositions()) == {"S1/1", "S2/1"}
    assert rig.topic.commits == {0: 2}


def test_what_follows_for_a_student_whose_row_is_locked_waits_behind_it_and_cancels_it(rig: Rig) -> None:
    rig.ledger.locked = {"S1"}
    rig.topic.feed(b"enrolled S1 1")
    rig.turn()
    rig.topic.feed(b"withdrawn S1 2")
    rig.ledger.locked = set()
    rig.turn(3, seconds=0.4)
    assert rig.ledger.student("north-high", "S1").desired_version == 2


def test_what_waited_for_a_locked_row_is_left_to_the_partitions_next_owner(rig: Rig) -> None:
    rig.ledger.locked = {"S1"}
    rig.topic.feed(b"enrolled S1 1")
    rig.turn()
    rig.consumer.rebalance("revoke", 0)
    rig.ledger.locked = set()
    rig.turn(3)
    assert rig.ledger.dispositions() == {}
    assert rig.topic.commits == {0: 0}


def test_reading_stops_where_too_many_wait_for_locked_rows(rig: Rig) -> None:
    rig.ledger.locked = {"S1"}
    rig.topic.feed(*(f"enrolled S1 {version}".encode() for version in range(MOST)))
    rig.turn(4, seconds=1)
    rig.topic.feed(b"enrolled S2 1")
    rig.turn(2, seconds=0.1)
    assert rig.ledger.dispositions() == {}
    assert rig.paused("locked_rows") == 1
    rig.ledger.locked = set()
    rig.turn(6)
    assert rig.topic.commits == {0: MOST + 1}
