"""The intake: nothing is committed before it is safe, nothing is lost by waiting."""

from consumer.ledger.port.inbox import Disposition
from consumer.policy.decision import DecisionTable
from tests.intake.rig import Rig


def test_an_event_that_acts_is_accepted_and_then_its_offset_committed(rig: Rig) -> None:
    rig.topic.feed(b"enrolled S1 1")
    rig.turn()
    assert rig.ledger.dispositions() == {"S1/1": Disposition.PENDING}
    assert rig.topic.commits == {0: 1}


def test_events_that_do_nothing_leave_no_trace_but_a_count(rig: Rig) -> None:
    rig.topic.feed(b"applied S1 1", b"withdrawn S2 1")
    rig.turn()
    assert rig.topic.commits == {0: 2}
    assert rig.ledger.dispositions() == {}
    assert skips(rig) == 2


def test_events_that_do_nothing_are_not_read_as_a_whole_where_nothing_is_to_cancel(rig: Rig) -> None:
    rig.topic.feed(b"applied", b"withdrawn")  # a consumer that reads more of these fails
    rig.turn()
    assert skips(rig) == 2


def test_a_newer_status_that_does_nothing_cancels_what_is_not_settled(rig: Rig) -> None:
    rig.topic.feed(b"enrolled S1 1")
    rig.turn()
    rig.topic.feed(b"withdrawn S1 2")
    rig.turn()
    assert rig.ledger.dispositions() == {"S1/1": Disposition.PENDING, "S1/2": Disposition.PENDING}
    assert rig.ledger.student("north-high", "S1").arrival.providers == ()
    assert skips(rig) is None


def test_a_status_that_does_nothing_cancels_what_came_just_before_it(rig: Rig) -> None:
    rig.topic.feed(b"enrolled S1 1", b"withdrawn S1 2")
    rig.turn()
    assert rig.ledger.student("north-high", "S1").desired_version == 2


def test_a_newer_status_cancels_what_a_tenant_had_left_unsettled_when_it_left(rig: Rig) -> None:
    """However recently the ledger was asked whose work is open."""
    rig.topic.feed(b"enrolled S1 1")
    rig.turn()
    rig.table = DecisionTable.of([])
    rig.topic.feed(b"enrolled S2 1")
    rig.turn(seconds=0)
    rig.table = DecisionTable.of(rig.tenants())
    rig.topic.feed(b"withdrawn S1 2")
    rig.turn()
    assert rig.ledger.dispositions()["S1/2"] is Disposition.PENDING
    assert rig.ledger.student("north-high", "S1").arrival.providers == ()


def test_an_older_status_that_does_nothing_cancels_nothing_and_is_a_skip(rig: Rig) -> None:
    rig.topic.feed(b"enrolled S1 5", b"withdrawn S1 2")
    rig.turn()
    assert rig.ledger.dispositions() == {"S1/5": Disposition.PENDING}
    assert skips(rig) == 1


def test_another_student_s_status_that_does_nothing_is_a_skip(rig: Rig) -> None:
    rig.topic.feed(b"enrolled S1 1", b"withdrawn S2 2")
    rig.turn()
    assert rig.ledger.dispositions() == {"S1/1": Disposition.PENDING}
    assert skips(rig) == 1


def test_a_status_that_does_nothing_cancels_what_the_partitions_last_owner_accepted(rig: Rig) -> None:
    rig.topic.feed(b"enrolled S1 1")
    rig.turn(seconds=0)
    rig.consumer.rebalance("revoke", 0)
    rig.intake = rig.new_intake()
    rig.intake.start()
    rig.consumer.rebalance("assign", 0)
    rig.turn(seconds=0)
    rig.topic.feed(b"withdrawn S1 2")
    rig.turn()
    assert rig.ledger.student("north-high", "S1").desired_version == 2


def test_a_status_that_does_nothing_and_cant_be_read_as_a_whole_is_a_skip_as_without_open_work(rig: Rig) -> None:
    rig.topic.feed(b"enrolled S1 1", b"withdrawn broken")
    rig.turn()
    assert skips(rig) == 1
    assert rig.producer.sent == []


def skips(rig: Rig) -> float | None:
    labels = {"tenant": "north-high", "reason": "no_action"}
    return rig.metrics.registry.get_sample_value("provisioner_skips_total", labels)


def test_while_the_database_is_unavailable_partitions_are_paused_and_nothing_is_committed(rig: Rig) -> None:
    rig.ledger.away = True
    rig.topic.feed(b"enrolled S1 1")
    rig.turn(3)
    assert rig.consumer.paused == {0}
    assert rig.topic.commits == {}
    assert rig.ledger.dispositions() == {}


def test_when_the_database_is_back_the_batch_in_hand_is_accepted_and_reading_continues(rig: Rig) -> None:
    rig.ledger.away = True
    rig.topic.feed(b"enrolled S1 1")
    rig.turn(2)
    rig.topic.feed(b"enrolled S2 1")
    rig.ledger.away = False
    rig.turn(4)
    assert set(rig.ledger.dispositions()) == {"S1/1", "S2/1"}
    assert rig.consumer.paused == set()


def test_reading_does_not_resume_at_the_first_success(rig: Rig) -> None:
    rig.ledger.away = True
    rig.topic.feed(b"enrolled S1 1")
    rig.turn(2)
    rig.ledger.away = False
    rig.turn()
    assert rig.consumer.paused == {0}


def test_a_schema_that_no_one_can_look_up_now_is_waited_for(rig: Rig) -> None:
    rig.reader.away = True
    rig.topic.feed(b"enrolled S1 1 newer")
    rig.turn(2)
    assert rig.producer.sent == []
    rig.reader.away = False
    rig.turn(3)
    assert rig.ledger.dispositions() == {"S1/1": Disposition.PENDING}
    assert rig.topic.commits == {0: 1}


def test_while_a_schema_is_waited_for_only_its_own_partition_waits(rig: Rig) -> None:
    rig.reader.away = True
    rig.consumer.rebalance("assign", 1)
    rig.topic.feed(b"enrolled S1 1 newer", b"enrolled S1 2", partition=0)
    rig.topic.feed(b"enrolled S2 1", partition=1)
    rig.turn(2)
    assert set(rig.ledger.dispositions()) == {"S2/1"}
    assert rig.consumer.paused == {0}
    assert rig.topic.commits == {1: 1}


def test_what_waited_for_its_schema_keeps_its_place_before_what_came_later(rig: Rig) -> None:
    rig.reader.away = True
    rig.topic.feed(b"enrolled S1 1 newer")
    rig.turn()
    rig.topic.feed(b"enrolled S1 2")
    rig.reader.away = False
    rig.turn(3)
    assert rig.ledger.dispositions() == {"S1/1": Disposition.PENDING, "S1/2": Disposition.PENDING}
    assert rig.consumer.paused == set()
    assert rig.paused("registry") == 0


def test_what_waited_for_its_schema_is_still_there_when_the_database_is_back(rig: Rig) -> None:
    rig.reader.away = True
    rig.topic.feed(b"enrolled S1 1 newer")
    rig.turn()
    rig.topic.feed(b"enrolled S1 2")
    rig.reader.away, rig.ledger.away = False, True
    rig.turn(2)
    rig.ledger.away = False
    rig.turn(3)
    assert rig.ledger.dispositions() == {"S1/1": Disposition.PENDING, "S1/2": Disposition.PENDING}


def test_what_waited_for_its_schema_is_left_to_the_partitions_next_owner(rig: Rig) -> None:
    rig.reader.away = True
    rig.topic.feed(b"enrolled S1 1 newer")
    rig.turn()
    rig.consumer.rebalance("revoke", 0)
    rig.reader.away = False
    rig.turn(3)
    assert rig.ledger.dispositions() == {}
    assert rig.paused("registry") == 0


def test_a_revoked_partitions_records_are_left_to_its_next_owner(rig: Rig) -> None:
    rig.ledger.away = True
    rig.consumer.rebalance("assign", 1)
    rig.topic.feed(b"enrolled S1 1", partition=0)
    rig.topic.feed(b"enrolled S2 1", partition=1)
    rig.turn()
    rig.consumer.rebalance("revoke", 1)
    rig.ledger.away = False
    rig.turn(3)
    assert set(rig.ledger.dispositions()) == {"S1/1"}


def test_records_that_came_with_the_news_of_their_partitions_revocation_are_not_taken(rig: Rig) -> None:
    rig.turn()
    rig.topic.feed(b"garbage")
    rig.consumer.on_consume = lambda: rig.consumer.rebalance("revoke", 0)
    rig.turn()
    assert rig.producer.sent == []
    assert rig.topic.commits == {}


def test_a_redelivered_event_is_a_duplicate(rig: Rig) -> None:
    rig.topic.feed(b"enrolled S1 1")
    rig.turn()
    rig.topic.feed(b"enrolled S1 1")
    rig.turn()
    duplicates = rig.metrics.registry.get_sample_value(
        "provisioner_events_total", {"tenant": "north-high", "disposition": "duplicate"}
    )
    assert duplicates == 1
