"""Groups: partitions change hands one by one, and a member that was given up knows it only when it polls."""

from collections.abc import Callable
from typing import Any

import pytest
from confluent_kafka import OFFSET_INVALID, KafkaError, KafkaException, TopicPartition

from consumer.intake.port import Consumer
from proof.simulation.kafka import Request
from proof.simulation.kafka.group import MAX_POLL_INTERVAL, SESSION_TIMEOUT
from proof.simulation.process import Process
from proof.simulation.threads import Killed
from tests.proof.simulation.driven import Driver

TOPIC, GROUP, PARTITIONS = "events", "group", 4


class Reader:
    """A member that records its callbacks."""

    def __init__(self, driver: Driver, name: str) -> None:
        self.process = Process(name)
        self.client: Any = driver.client(driver.cluster.consumer(self.process, group=GROUP))
        self.has: set[int] = set()
        self.published: list[str] = []
        self.read: list[bytes] = []
        self.on_revoke: Callable[[Consumer], None] = lambda _: None
        self.client.subscribe([TOPIC], on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._lost)

    def poll(self) -> None:
        for record in self.client.consume(100, 0.1):
            error = record.error()
            self.read.append(error.name().encode() if error else record.value())

    def commit(self, partition: int, offset: int, *, asynchronous: bool = False) -> None:
        self.client.commit(offsets=[TopicPartition(TOPIC, partition, offset)], asynchronous=asynchronous)

    def committed(self, partition: int) -> int:
        return self.client.committed([TopicPartition(TOPIC, partition)], 5)[0].offset

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        consumer.incremental_assign([TopicPartition(at.topic, at.partition) for at in partitions])
        self.has |= {at.partition for at in partitions}

    def _revoked(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self.published.append("revoked")
        self.on_revoke(consumer)
        consumer.incremental_unassign(partitions)
        self.has -= {at.partition for at in partitions}

    def _lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self.published.append("lost")
        consumer.incremental_unassign(partitions)
        self.has -= {at.partition for at in partitions}


def commit_seven(consumer: Consumer) -> None:
    consumer.commit(offsets=[TopicPartition(TOPIC, 0, 7)], asynchronous=False)


class Group:
    """Members of one group, in a topic whose partitions were all committed to from their beginning."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.cluster = driver.cluster
        self.cluster.create_topic(TOPIC, PARTITIONS)
        beginner: Any = driver.client(self.cluster.consumer(Process("beginner"), group=GROUP))
        beginner.commit(offsets=[TopicPartition(TOPIC, p, 0) for p in range(PARTITIONS)], asynchronous=False)

    def join(self, name: str) -> Reader:
        return Reader(self.driver, name)

    def poll(self, *readers: Reader, seconds: float = 2) -> None:
        """Each in turn, for so long."""
        until = self.driver.clock.time() + seconds
        while self.driver.clock.time() < until:
            for reader in readers:
                reader.poll()
            assert sum(len(reader.has) for reader in readers) == len({p for r in readers for p in r.has})

    def settled(self, *names: str) -> list[Reader]:
        readers = [self.join(name) for name in names]
        self.poll(*readers)
        return readers


@pytest.fixture
def group(driver: Driver) -> Group:
    return Group(driver)


def test_members_share_the_partitions_and_no_two_have_one_at_a_time(group: Group) -> None:
    a = group.join("a")
    group.poll(a)
    assert a.has == {0, 1, 2, 3}
    b = group.join("b")
    group.poll(a, b)
    assert (a.has, b.has) == ({0, 1}, {2, 3})
    assert a.published == ["revoked"]


def test_a_partition_stays_with_its_owner_until_that_one_polls(group: Group) -> None:
    (a,) = group.settled("a")
    b = group.join("b")
    group.poll(b, seconds=20)
    assert b.has == set()
    a.poll()
    group.poll(b)
    assert b.has == {2, 3}


def test_who_leaves_commits_and_gives_its_partitions_to_the_others(group: Group) -> None:
    a, b = group.settled("a", "b")
    a.on_revoke = commit_seven
    a.client.close()
    group.poll(b)
    assert b.has == {0, 1, 2, 3}
    assert group.cluster.committed(GROUP, TOPIC)[0] == 7


def test_the_partitions_of_the_dead_are_given_away_after_the_session_timeout(group: Group) -> None:
    a, b = group.settled("a", "b")
    a.process.alive = False
    group.poll(b, seconds=SESSION_TIMEOUT - 1)
    assert b.has == {2, 3}
    group.poll(b, seconds=3)
    assert b.has == {0, 1, 2, 3}


def test_the_dead_neither_commit_nor_leave(group: Group) -> None:
    a, b = group.settled("a", "b")
    a.process.alive = False
    for call in (a.client.close, lambda: a.commit(0, 7), a.poll):
        with pytest.raises(Killed):
            call()
    group.poll(b)
    assert b.has == {2, 3}
    assert group.cluster.committed(GROUP, TOPIC)[0] == 0


def test_who_does_not_poll_for_too_long_has_lost_its_partitions_and_comes_again(group: Group) -> None:
    a, b = group.settled("a", "b")
    group.poll(b, seconds=MAX_POLL_INTERVAL + 2)
    assert b.has == {0, 1, 2, 3}
    a.poll()
    assert (a.has, a.published, a.read) == (set(), ["lost"], [b"_MAX_POLL_EXCEEDED"])
    group.poll(a, b)
    assert len(a.has) == len(b.has) == 2


def test_who_is_alone_and_does_not_poll_for_too_long_gets_the_same_error(group: Group) -> None:
    (a,) = group.settled("a")
    group.driver.pass_time(MAX_POLL_INTERVAL - 1)
    a.poll()
    assert a.published == []
    group.driver.pass_time(MAX_POLL_INTERVAL)
    a.poll()
    assert a.published == ["lost"]
    group.poll(a)
    assert a.has == {0, 1, 2, 3}


def test_a_stopped_process_is_given_up_and_its_commit_refused_when_it_resumes(group: Group) -> None:
    a, b = group.settled("a", "b")
    a.process.freeze()
    group.poll(b, seconds=SESSION_TIMEOUT + 2)
    assert b.has == {0, 1, 2, 3}
    group.driver.call(a.process.thaw)
    with pytest.raises(KafkaException) as caught:
        a.commit(0, 7)
    assert caught.value.args[0].code() == KafkaError.UNKNOWN_MEMBER_ID
    a.poll()
    assert a.published == ["lost"]


def test_a_fenced_member_learns_it_once_and_neither_reads_nor_commits_nor_joins_again(group: Group) -> None:
    a, b = group.settled("a", "b")
    group.driver.call(lambda: group.cluster.fence(GROUP, a.process))
    group.poll(a, b, seconds=SESSION_TIMEOUT)
    assert (a.has, a.published, a.read) == (set(), ["lost"], [b"_FATAL"])
    assert b.has == {0, 1, 2, 3}
    with pytest.raises(KafkaException) as caught:
        a.commit(0, 7)
    assert caught.value.args[0].code() == KafkaError._FATAL
    a.client.close()


def test_a_process_that_was_stopped_briefly_is_not_given_up(group: Group) -> None:
    a, b = group.settled("a", "b")
    a.process.freeze()
    group.poll(b, seconds=SESSION_TIMEOUT / 2)
    group.driver.call(a.process.thaw)
    group.poll(b, seconds=SESSION_TIMEOUT)
    assert b.has == {2, 3}


def test_a_commit_is_refused_in_a_rebalance(group: Group) -> None:
    (a,) = group.settled("a")
    group.join("b").poll()
    with pytest.raises(KafkaException) as caught:
        a.commit(0, 7)
    assert caught.value.args[0].code() == KafkaError.REBALANCE_IN_PROGRESS


def test_a_commit_that_is_late_for_the_next_generation_is_refused(group: Group) -> None:
    (a,) = group.settled("a")
    group.cluster.lose(Request.OFFSETS, lands_after=10)
    a.commit(0, 7, asynchronous=True)
    b = group.join("b")
    group.poll(a, b, seconds=12)
    assert a.committed(0) == 0


def test_an_asynchronous_commit_lands_later_or_fails_without_a_word(group: Group) -> None:
    (a,) = group.settled("a")
    a.commit(0, 7, asynchronous=True)
    group.driver.pass_time(1)
    assert a.committed(0) == 7
    group.cluster.lose(Request.OFFSETS, lands_after=None)
    a.commit(0, 8, asynchronous=True)
    group.driver.pass_time(1)
    assert a.committed(0) == 7


@pytest.mark.parametrize("lands_after", [0.0, 3.0, None])
def test_a_commit_whose_answer_is_lost_is_asked_for_again(group: Group, lands_after: float | None) -> None:
    (a,) = group.settled("a")
    group.cluster.lose(Request.OFFSETS, lands_after=lands_after)
    a.commit(0, 7)
    assert a.committed(0) == 7


def test_a_partition_whose_look_up_of_its_offset_failed_is_not_read_until_it_is_assigned_again(
    group: Group,
) -> None:
    group.cluster.lose(Request.LOOK_UP)
    (a,) = group.settled("a")
    group.cluster.produce(TOPIC, None, b"1", partition=0)
    group.poll(a, seconds=20)
    assert a.read == [b"_TIMED_OUT"]
    places = [TopicPartition(TOPIC, partition) for partition in a.has]
    a.client.incremental_unassign(places)
    a.client.incremental_assign(places)
    group.poll(a)
    assert a.read == [b"_TIMED_OUT", b"1"]


def test_in_an_outage_nothing_is_read_and_no_member_is_removed(group: Group) -> None:
    a, b = group.settled("a", "b")
    group.cluster.outage(600)
    group.cluster.produce(TOPIC, None, b"1", partition=0)
    group.poll(a, b, seconds=590)
    assert (a.read, a.published, b.published) == ([], [], [])
    with pytest.raises(KafkaException):
        a.committed(0)
    group.poll(a, b, seconds=20)
    assert (a.read, a.published, b.published) == ([b"1"], [], [])


def test_a_partition_without_a_leader_is_read_when_it_has_one_and_the_others_are_read_on(group: Group) -> None:
    (a,) = group.settled("a")
    group.cluster.leader_away(TOPIC, 0, 10)
    for partition in (0, 1):
        group.cluster.produce(TOPIC, None, str(partition).encode(), partition=partition)
    group.poll(a, seconds=5)
    assert a.read == [b"1"]
    group.poll(a, seconds=6)
    assert a.read == [b"1", b"0"]


def test_new_partitions_are_shared_out_too(group: Group) -> None:
    a, b = group.settled("a", "b")
    group.driver.call(lambda: group.cluster.grow_topic(TOPIC, 8))
    group.poll(a, b)
    assert len(a.has) == len(b.has) == 4
    assert a.has | b.has == set(range(8))
    assert a.published == b.published == []


def test_a_record_wakes_its_reader_at_once(group: Group) -> None:
    (a,) = group.settled("a")
    group.driver.call(
        lambda: group.cluster.network.later(30, lambda: group.cluster.produce(TOPIC, None, b"1", partition=3))
    )
    began = group.driver.clock.time()
    records = a.client.consume(10, 600)
    assert [record.value() for record in records] == [b"1"]
    assert group.driver.clock.time() - began == pytest.approx(30, abs=0.1)


def test_an_empty_group_may_be_committed_to_but_not_a_group_of_others(group: Group) -> None:
    stranger: Any = group.driver.client(group.cluster.consumer(Process("stranger"), group=GROUP))
    offsets = [TopicPartition(TOPIC, 0, 3)]
    stranger.commit(offsets=offsets, asynchronous=False)
    assert group.cluster.committed(GROUP, TOPIC)[0] == 3
    group.settled("a")
    with pytest.raises(KafkaException):
        stranger.commit(offsets=offsets, asynchronous=False)
    assert group.cluster.committed("another", TOPIC) == {}
    assert stranger.committed([TopicPartition("other", 0)], 5)[0].offset == OFFSET_INVALID
