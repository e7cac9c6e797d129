"""What the cluster shows means for a check."""

from collections.abc import Mapping

import pytest

from consumer.preflight.finding import Finding
from consumer.preflight.judgement.kafka import READ, WRITE, Cluster, Refused, Topic, Wanted, of_cluster, of_unreachable
from consumer.settings import KafkaSettings

SETTINGS = KafkaSettings(bootstrap_servers="kafka:9092")
ALL = frozenset({READ, WRITE, "DESCRIBE"})
SAFE = {"min.insync.replicas": "2", "cleanup.policy": "delete", "retention.ms": "604800000"}
WANTED = {key: Wanted() for key in SETTINGS.topics.model_dump()} | {
    "dead_letters": Wanted(1, {"retention.ms": "-1"}),
    "relay_progress": Wanted(1, {"cleanup.policy": "compact"}),
}
HEALTHY: Mapping[str, Topic | Refused] = {key: Topic(6, 3, ALL, SAFE) for key in SETTINGS.topics.model_dump()} | {
    "dead_letters": Topic(1, 3, ALL, {**SAFE, "retention.ms": "-1"}),
    "relay_progress": Topic(1, 3, ALL, {**SAFE, "cleanup.policy": "compact"}),
}


def found(cluster: Cluster) -> list[Finding]:
    return list(of_cluster(cluster, WANTED, SETTINGS))


def with_topic(key: str, topic: Topic | Refused) -> Cluster:
    return Cluster(3, {**HEALTHY, key: topic}, ALL)


def test_a_cluster_as_it_should_be_has_no_line() -> None:
    assert found(Cluster(3, HEALTHY, ALL)) == []


def test_what_the_cluster_does_not_show_is_not_held_against_it() -> None:
    assert found(Cluster(1, {key: Topic(1, 1) for key in HEALTHY}, None)) == []


@pytest.mark.parametrize(
    ("key", "topic", "word"),
    [
        ("status_changed", Refused("unknown topic", missing=True), "does not exist"),
        ("status_changed", Refused("denied", forbidden=True), "may not access"),
        ("relay_progress", Topic(1, 3, ALL, {**SAFE, "cleanup.policy": "delete"}), "`cleanup.policy` = `delete`"),
        ("relay_progress", Topic(6, 3, ALL, {**SAFE, "cleanup.policy": "compact"}), "6 partitions instead of 1"),
        ("dead_letters", Topic(1, 3, ALL, SAFE), "`retention.ms` = `604800000` instead of `-1`"),
        ("account_provisioned", Topic(6, 1, ALL, SAFE), "accepts no records"),
        ("status_changed", Topic(6, 3, frozenset({WRITE}), SAFE), "does not allow READ"),
        ("account_provisioned", Topic(6, 3, frozenset(), SAFE), "does not allow READ and WRITE"),
        ("dead_letters", Topic(1, 3, frozenset({READ}), {**SAFE, "retention.ms": "-1"}), "does not allow WRITE"),
    ],
)
def test_a_topic_that_is_not_as_it_must_be_is_one_line(key: str, topic: Topic | Refused, word: str) -> None:
    mistakes = [one for one in found(with_topic(key, topic)) if not one.note]
    assert [one.place for one in mistakes] == [("kafka", "topics", key)]
    assert word in mistakes[0].wrong


def test_a_group_that_may_not_be_read_by_is_one_line() -> None:
    (mistake,) = found(Cluster(3, HEALTHY, frozenset()))
    assert mistake.place == ("kafka", "group_id")


def test_a_group_that_is_not_shown_is_one_line() -> None:
    (mistake,) = found(Cluster(3, HEALTHY, Refused("denied", forbidden=True)))
    assert mistake.place == ("kafka", "group_id")


def test_topics_that_one_broker_takes_with_it_are_one_note_where_there_are_more_brokers() -> None:
    exposed = {key: Topic(one.partitions, 3, ALL, {**(one.settings or {}), "min.insync.replicas": "1"})
               for key, one in HEALTHY.items() if isinstance(one, Topic)}  # fmt: skip
    (note,) = found(Cluster(3, exposed, ALL))
    assert note.note
    assert "status_changed" not in note.wrong
    assert found(Cluster(1, exposed, ALL)) == []


def test_a_topic_that_cannot_be_read_now_is_a_note() -> None:
    (note,) = found(with_topic("status_changed", Refused("timed out")))
    assert note.note


@pytest.mark.parametrize(
    ("credentials", "place"), [(True, ("kafka", "librdkafka")), (False, ("kafka", "bootstrap_servers"))]
)
def test_a_cluster_that_lets_no_one_in_is_distinguished_from_one_that_is_unavailable(
    *, credentials: bool, place: tuple[str, str]
) -> None:
    assert of_unreachable("why", credentials=credentials).place == place
