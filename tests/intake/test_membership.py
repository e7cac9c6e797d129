"""How the consumer is replaced once it has failed for good, and how it leaves the group."""

import pytest
from confluent_kafka import KafkaError

from consumer.errors import Stop
from proof.simulation.kafka.errors import commit_error, fatal_error
from proof.simulation.kafka.topic import Record
from tests.intake.rig import Rig


def test_a_stopped_intake_has_committed_what_it_did_and_left_the_group(rig: Rig) -> None:
    rig.consumer.commits_fail_silently = True
    rig.topic.feed(b"enrolled S1 1")
    rig.turn()
    rig.intake.stop()
    rig.intake.run()
    assert rig.topic.commits == {0: 1}
    assert rig.consumer.closed


def test_a_stopped_intake_leaves_the_group_before_its_consumer_is_closed(rig: Rig) -> None:
    rig.intake.stop()
    rig.intake.run()
    assert rig.consumer.unsubscribed


def test_a_static_member_stays_in_the_group_when_it_is_stopped() -> None:
    rig = Rig(static=True)
    rig.intake.stop()
    rig.intake.run()
    assert rig.consumer.closed
    assert not rig.consumer.unsubscribed


def test_a_rebalance_that_is_under_way_is_over_before_the_consumer_is_closed(rig: Rig) -> None:
    rig.topic.feed(b"enrolled S1 1")
    rig.turn()
    rig.intake.stop()
    rig.consumer.on_consume = lambda: rig.consumer.rebalance("revoke", 0)
    rig.intake.run()
    assert rig.topic.commits == {0: 1}
    assert rig.consumer.closed


def test_a_consumer_that_has_failed_for_good_is_replaced(rig: Rig) -> None:
    rig.consumer.news.append(fatal(KafkaError.FENCED_INSTANCE_ID))
    rig.turn()
    assert len(rig.consumers) == 2
    assert rig.consumers[0].closed
    rig.consumer.rebalance("assign", 0)
    rig.topic.feed(b"enrolled S1 1")
    rig.turn(2)
    assert rig.topic.commits == {0: 1}


def test_a_consumer_whose_commit_fails_for_good_is_replaced(rig: Rig) -> None:
    rig.topic.feed(b"enrolled S1 1")
    rig.consumer.commit_fails_with = commit_error(KafkaError._FATAL)
    rig.turn(2)
    assert len(rig.consumers) == 2


def test_a_replaced_consumer_that_fails_too_within_a_minute_stops_the_service(rig: Rig) -> None:
    rig.consumer.news.append(fatal(KafkaError.FENCED_INSTANCE_ID))
    rig.turn()
    rig.consumer.news.append(fatal(KafkaError.FENCED_INSTANCE_ID))
    with pytest.raises(Stop, match=r"same `kafka\.group_instance_id`"):
        rig.turn()


def test_consumers_that_fail_hours_apart_are_replaced_each(rig: Rig) -> None:
    for _ in range(3):
        rig.consumer.news.append(fatal(KafkaError.FENCED_INSTANCE_ID))
        rig.turn(seconds=3600)
    assert len(rig.consumers) == 4


def test_an_instance_id_that_is_still_in_use_is_waited_for(rig: Rig) -> None:
    for _ in range(3):
        rig.consumer.news.append(fatal(KafkaError.UNRELEASED_INSTANCE_ID))
        rig.turn(2, seconds=10)
    assert len(rig.consumers) == 4


def fatal(why: int) -> Record:
    """As `tests/intake/test_errors.py` knows it from librdkafka."""
    return Record(("", 0, -1), trouble=fatal_error(why))


def test_other_trouble_of_the_consumer_is_lived_with_and_counted(rig: Rig) -> None:
    rig.consumer.news.append(Record(("events", 0, 0), trouble=KafkaError(KafkaError._TRANSPORT)))
    rig.topic.feed(b"enrolled S1 1")
    rig.turn()
    assert len(rig.ledger.dispositions()) == 1
    faults = {"loop": "intake", "fault": "_TRANSPORT"}
    assert rig.metrics.registry.get_sample_value("provisioner_loop_faults_total", faults) == 1
