"""What is done is stored, then committed; what an answer lacks is committed again."""

from confluent_kafka import KafkaError

from proof.simulation.kafka.errors import commit_error
from tests.intake.rig import Rig


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
