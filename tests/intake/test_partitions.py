"""Partitions: read from where the group is, written for only while they are ours, and their offsets committed in the end."""

import pytest
from confluent_kafka import KafkaError

from consumer.errors import Stop
from consumer.intake.locked import MOST
from consumer.ledger.port import Disposition
from proof.simulation.kafka.errors import commit_error
from tests.intake.rig import Rig


def test_a_partition_that_somebody_else_took_over_is_not_written_for(rig: Rig) -> None:
    rig.turn()
    rig.ledger.own("events", [0], owner="somebody else")
    rig.topic.feed(b"enrolled S1 1")
    rig.turn()
    assert rig.ledger.dispositions() == {}
    assert rig.topic.commits == {}


def test_a_fenced_intake_hears_what_its_group_says_before_it_takes_anything_over(rig: Rig) -> None:
    rig.turn()
    rig.ledger.own("events", [0], owner="somebody else")
    rig.topic.feed(b"enrolled S1 1")
    rig.turn(seconds=0)
    rig.consumer.on_consume = lambda: rig.consumer.rebalance("lose", 0)
    rig.turn()
    rig.consumer.on_consume = lambda: None
    rig.turn(3)
    assert rig.ledger.own("events", [0], owner="the next one")[0].epoch == 3


def test_a_fenced_intake_whose_partition_is_still_its_own_reads_it_again(rig: Rig) -> None:
    rig.turn()
    rig.ledger.own("events", [0], owner="somebody else")
    rig.topic.feed(b"enrolled S1 1")
    rig.topic.commits = {0: 0}
    rig.turn(5)
    assert rig.ledger.dispositions() == {"S1/1": Disposition.PENDING}
    assert rig.topic.commits == {0: 1}


def test_a_failed_commit_is_made_up_for(rig: Rig) -> None:
    rig.consumer.commit_fails_with = commit_error(KafkaError.REBALANCE_IN_PROGRESS)
    rig.topic.feed(b"enrolled S1 1")
    rig.turn()
    rig.consumer.commit_fails_with = None
    rig.turn()
    assert rig.topic.commits == {0: 1}


def test_a_refused_commit_is_made_up_for_at_once(rig: Rig) -> None:
    rig.consumer.commits_refused = True
    rig.topic.feed(b"enrolled S1 1")
    rig.turn(seconds=2)
    rig.consumer.commits_refused = False
    rig.turn(seconds=2)
    assert rig.topic.commits == {0: 1}


def test_a_refused_commit_of_a_partition_that_is_gone_is_not_made_up_for(rig: Rig) -> None:
    rig.consumer.commits_refused = True
    rig.topic.feed(b"enrolled S1 1")
    rig.turn(seconds=2)
    rig.consumer.commits_refused = False
    rig.consumer.rebalance("lose", 0)
    rig.turn(seconds=2)
    assert rig.topic.commits == {}


def test_a_commit_that_failed_without_a_word_is_made_up_for_within_a_minute(rig: Rig) -> None:
    rig.consumer.commits_fail_silently = True
    rig.topic.feed(b"enrolled S1 1")
    rig.turn()
    rig.consumer.commits_fail_silently = False
    rig.turn(3)
    assert rig.topic.commits == {0: 1}


def test_a_revoked_partitions_offset_is_committed_even_where_an_earlier_commit_failed_without_a_word(rig: Rig) -> None:
    rig.consumer.commits_fail_silently = True
    rig.topic.feed(b"enrolled S1 1")
    rig.turn()
    rig.consumer.rebalance("revoke", 0)
    assert rig.topic.commits == {0: 1}


def test_a_lost_partitions_offset_is_not_committed(rig: Rig) -> None:
    rig.consumer.commits_fail_silently = True
    rig.topic.feed(b"enrolled S1 1")
    rig.turn()
    rig.consumer.rebalance("lose", 0)
    rig.consumer.commits_fail_silently = False
    rig.turn(3)
    assert rig.topic.commits == {}


def test_a_stopped_intake_has_committed_what_it_did_and_left_the_group(rig: Rig) -> None:
    rig.consumer.commits_fail_silently = True
    rig.topic.feed(b"enrolled S1 1")
    rig.turn()
    rig.intake.stop()
    rig.intake.run()
    assert rig.topic.commits == {0: 1}
    assert rig.consumer.closed


def test_an_offset_that_is_gone_stops_the_service_and_skips_nothing(rig: Rig) -> None:
    rig.topic.feed(b"enrolled S1 1", b"enrolled S2 1")
    rig.topic.oldest[1] = 5
    rig.topic.commits = {1: 3}
    rig.knows_offsets({1: 3})
    rig.consumer.rebalance("assign", 1)
    with pytest.raises(Stop, match="set the group's offsets by hand"):
        rig.turn(2)


def test_what_was_deleted_while_it_was_being_read_from_the_beginning_is_missed(rig: Rig) -> None:
    rig.turn()
    rig.topic.oldest[0] = 5
    with pytest.raises(Stop, match="events were deleted before they were read"):
        rig.turn(2)


def test_where_kafka_does_not_tell_the_groups_offsets_nothing_is_guessed(rig: Rig) -> None:
    rig.topic.feed(b"enrolled S1 1", partition=1)
    rig.consumer.offsets_known = False
    rig.consumer.rebalance("assign", 1)
    rig.turn(3)
    assert rig.ledger.dispositions() == {}
    rig.consumer.offsets_known = True
    rig.turn(3)
    assert set(rig.ledger.dispositions()) == {"S1/1"}


def test_a_group_that_never_committed_begins_at_the_beginning_and_one_that_did_goes_on(rig: Rig) -> None:
    rig.topic.feed(b"enrolled S1 1", b"enrolled S1 2", partition=1)
    rig.topic.feed(b"enrolled S2 1", b"enrolled S2 2", partition=2)
    rig.topic.commits = {1: 1}
    rig.knows_offsets({1: 1})
    rig.consumer.rebalance("assign", 1, 2)
    rig.turn(2)
    assert set(rig.ledger.dispositions()) == {"S1/2", "S2/1", "S2/2"}
    assert rig.behind() == 0


def test_a_ledger_behind_the_group_is_noticed_and_all_since_is_read_again(rig: Rig) -> None:
    rig.topic.feed(b"enrolled S1 1", b"enrolled S1 2", b"enrolled S1 3", partition=1)
    rig.topic.commits = {1: 3}
    rig.knows_offsets({1: 1})
    rig.consumer.rebalance("assign", 1)
    rig.turn(2)
    assert set(rig.ledger.dispositions()) == {"S1/2", "S1/3"}
    assert rig.behind() == 1
    assert rig.topic.commits == {1: 3}


def test_where_the_ledger_knows_nothing_of_a_partition_that_the_group_has_read_all_is_read_again(rig: Rig) -> None:
    rig.topic.feed(b"enrolled S1 1", b"enrolled S1 2", partition=1)
    rig.topic.oldest[1] = 1
    rig.topic.commits = {1: 2}
    rig.consumer.rebalance("assign", 1)
    rig.turn(2)
    assert set(rig.ledger.dispositions()) == {"S1/2"}
    assert rig.behind() == 1


def test_where_the_ledger_never_kept_offsets_the_group_is_trusted(rig: Rig) -> None:
    rig.topic.feed(b"enrolled S1 1", b"enrolled S1 2", partition=1)
    rig.topic.commits = {1: 1}
    rig.knows_offsets({1: None})
    rig.consumer.rebalance("assign", 1)
    rig.turn(2)
    assert set(rig.ledger.dispositions()) == {"S1/2"}
    assert rig.behind() == 0


def test_where_the_ledger_is_ahead_of_the_group_the_group_s_offset_is_read_from(rig: Rig) -> None:
    rig.topic.feed(b"enrolled S1 1", b"enrolled S1 2", partition=1)
    rig.topic.commits = {1: 1}
    rig.knows_offsets({1: 2})
    rig.consumer.rebalance("assign", 1)
    rig.turn(2)
    assert set(rig.ledger.dispositions()) == {"S1/2"}


def test_a_ledger_s_offset_that_is_gone_stops_the_service(rig: Rig) -> None:
    rig.topic.feed(b"enrolled S1 1", b"enrolled S1 2", b"enrolled S1 3", partition=1)
    rig.topic.oldest[1] = 2
    rig.topic.commits = {1: 3}
    rig.knows_offsets({1: 1})
    rig.consumer.rebalance("assign", 1)
    with pytest.raises(Stop, match="Offset 1 of partition 1, the next to be read, is no longer in the topic"):
        rig.turn(2)


def test_no_offset_is_committed_that_the_ledger_does_not_have(rig: Rig) -> None:
    rig.turn(seconds=0)
    rig.topic.feed(b"applied S1 1")
    rig.turn(seconds=5)
    rig.ledger.away = True
    rig.turn()
    assert rig.topic.commits == {}
    rig.ledger.away = False
    rig.turn(2)
    assert rig.topic.commits == {0: 1}
    assert rig.ledger.own("events", [0], owner="next")[0].next_offset == 1


def test_a_revoked_partitions_offset_is_in_the_ledger_before_it_is_committed(rig: Rig) -> None:
    rig.turn(seconds=0)
    rig.topic.feed(b"applied S1 1")
    rig.turn(seconds=0)
    rig.ledger.away = True
    rig.consumer.rebalance("revoke", 0)
    assert rig.topic.commits == {}


def test_nothing_is_read_of_a_partition_before_the_ledger_has_told_where(rig: Rig) -> None:
    rig.topic.feed(b"applied S1 1", partition=1)
    rig.ledger.away = True
    rig.consumer.rebalance("assign", 1)
    rig.turn()
    assert rig.consumer.paused == {0, 1}
    rig.ledger.away = False
    rig.turn(4)
    assert rig.topic.commits == {1: 1}
    assert rig.consumer.paused == set()


def test_an_offset_that_was_only_not_found_for_a_moment_is_read_again(rig: Rig) -> None:
    rig.topic.feed(b"enrolled S1 1")
    rig.turn()
    rig.consumer.give_up(0)
    rig.topic.feed(b"enrolled S2 1")
    rig.turn(3)
    assert set(rig.ledger.dispositions()) == {"S1/1", "S2/1"}


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


def test_a_partition_that_comes_back_is_read_though_it_was_paused_when_it_went(rig: Rig) -> None:
    rig.ledger.away = True
    rig.topic.feed(b"enrolled S1 1")
    rig.turn()
    rig.consumer.rebalance("revoke", 0)
    rig.ledger.away = False
    rig.turn(3)
    rig.consumer.rebalance("assign", 0)
    rig.turn(2)
    assert set(rig.ledger.dispositions()) == {"S1/1"}
