"""Partitions: read from where the group is, written for only while they are ours, and their offsets committed in the end."""

import pytest

from consumer.errors import Stop
from consumer.ledger.port.inbox import Disposition
from tests.intake.rig import Rig


def test_a_partition_that_someone_else_took_over_is_not_written_for(rig: Rig) -> None:
    rig.turn()
    rig.ledger.own("events", [0], owner="another")
    rig.topic.feed(b"enrolled S1 1")
    rig.turn()
    assert rig.ledger.dispositions() == {}
    assert rig.topic.commits == {}


def test_a_fenced_intake_polls_its_group_before_it_takes_anything_over(rig: Rig) -> None:
    rig.turn()
    rig.ledger.own("events", [0], owner="another")
    rig.topic.feed(b"enrolled S1 1")
    rig.turn(seconds=0)
    rig.consumer.on_consume = lambda: rig.consumer.rebalance("lose", 0)
    rig.turn()
    rig.consumer.on_consume = lambda: None
    before = rig.ledger.epoch()
    rig.turn(3)
    assert rig.ledger.epoch() == before


def test_a_fenced_intake_whose_partition_is_still_its_own_reads_it_again(rig: Rig) -> None:
    rig.turn()
    rig.ledger.own("events", [0], owner="another")
    rig.topic.feed(b"enrolled S1 1")
    rig.topic.commits = {0: 0}
    rig.turn(5)
    assert rig.ledger.dispositions() == {"S1/1": Disposition.PENDING}
    assert rig.topic.commits == {0: 1}


def lose_what_came_since(rig: Rig, *events: bytes) -> None:
    """A standby that lacks these events, which were taken, takes over while the partition stays ours."""
    before = rig.ledger.backup()
    rig.topic.feed(*events)
    rig.turn(3)
    assert len(rig.ledger.dispositions()) == len(events)
    rig.ledger.restore(before)


def test_events_that_a_standby_lost_are_read_again_with_the_next_one(rig: Rig) -> None:
    lose_what_came_since(rig, b"enrolled S1 1", b"enrolled S2 1")
    rig.topic.feed(b"enrolled S3 1")
    rig.turn(5)
    assert set(rig.ledger.dispositions()) == {"S1/1", "S2/1", "S3/1"}
    assert rig.behind() == 1


def test_events_that_a_standby_lost_are_read_again_after_an_outage_though_none_follows(rig: Rig) -> None:
    lose_what_came_since(rig, b"enrolled S1 1")
    rig.ledger.away = True
    rig.topic.feed(b"enrolled S1 1")
    rig.turn(2)
    rig.ledger.away = False
    rig.turn(5)
    assert set(rig.ledger.dispositions()) == {"S1/1"}


def test_events_that_a_standby_lost_are_found_missing_within_half_a_minute(rig: Rig) -> None:
    lose_what_came_since(rig, b"enrolled S1 1")
    rig.turn(40)
    assert set(rig.ledger.dispositions()) == {"S1/1"}


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


def test_a_group_that_never_committed_begins_at_the_beginning_and_one_that_did_continues(rig: Rig) -> None:
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


def test_nothing_is_read_of_a_partition_before_the_ledger_has_reported_where(rig: Rig) -> None:
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
