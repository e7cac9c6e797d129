"""Partitions: read from where the group is, written for only while they are ours, and their offsets committed in the end."""

import pytest

from consumer.errors import Stop
from consumer.ledger.port import Disposition
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
    assert rig.ledger.own("events", [0], owner="the next one") == {0: 3}


def test_a_fenced_intake_whose_partition_is_still_its_own_reads_it_again(rig: Rig) -> None:
    rig.turn()
    rig.ledger.own("events", [0], owner="somebody else")
    rig.topic.feed(b"enrolled S1 1")
    rig.topic.commits = {0: 0}
    rig.turn(5)
    assert rig.ledger.dispositions() == {"S1/1": Disposition.PENDING}
    assert rig.topic.commits == {0: 1}


def test_a_failed_commit_is_made_up_for(rig: Rig) -> None:
    rig.consumer.commit_fails = True
    rig.topic.feed(b"enrolled S1 1")
    rig.turn()
    rig.consumer.commit_fails = False
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
    rig.consumer.rebalance("assign", 1, 2)
    rig.turn(2)
    assert set(rig.ledger.dispositions()) == {"S1/2", "S2/1", "S2/2"}


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


def test_a_partition_whose_offset_could_not_be_looked_up_is_asked_for_again(rig: Rig) -> None:
    rig.topic.commits = {1: 0}
    rig.topic.feed(b"enrolled S1 1", partition=1)
    rig.consumer.look_ups_fail = True
    rig.consumer.rebalance("assign", 1)
    rig.turn()
    rig.consumer.look_ups_fail = False
    rig.turn(2)
    assert rig.topic.commits == {1: 1}


def test_a_partition_that_is_read_is_not_disturbed_by_another_s_failed_look_up(rig: Rig) -> None:
    rig.topic.feed(b"enrolled S1 1")
    rig.turn(2)
    rig.topic.commits = {}  # whoever asked for it again would be told to begin anew, and the process would stop
    rig.consumer.look_ups_fail = True
    rig.consumer.rebalance("assign", 1)
    rig.consumer.look_ups_fail = False
    rig.topic.feed(b"enrolled S2 1")
    rig.turn(3)
    assert rig.ledger.dispositions() == {"S1/1": Disposition.PENDING, "S2/1": Disposition.PENDING}


def test_a_partition_whose_records_are_in_hand_is_not_read_a_second_time_for_another_s_failed_look_up(rig: Rig) -> None:
    rig.topic.commits = {1: 0, 2: 0}
    rig.topic.feed(b"enrolled S1 1 newer", b"garbage", partition=1)
    rig.reader.away = True
    rig.consumer.rebalance("assign", 1)
    rig.turn()
    rig.consumer.look_ups_fail = True
    rig.consumer.rebalance("assign", 2)
    rig.consumer.look_ups_fail = False
    rig.turn()
    rig.reader.away = False
    rig.turn(3)
    assert rig.ledger.dispositions() == {"S1/1": Disposition.PENDING}
    letters = {"reason": "undecodable"}
    assert rig.metrics.registry.get_sample_value("provisioner_dead_letters_total", letters) == 1
