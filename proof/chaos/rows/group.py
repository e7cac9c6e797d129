"""Kafka, the consumer group: members come and go, offsets are lost, late or out of range, partitions become more."""

import asyncio

from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import NewPartitions  # pyright: ignore[reportPrivateImportUsage]  where its own docs take it from

from proof.chaos.experiment import Experiment
from proof.chaos.requests import Request, asks
from proof.chaos.row import BOOK


@BOOK.row(13, "rebalance storm: a member joins or leaves every 3 s", expected="0 effects twice; progress")
async def rebalance_storm(experiment: Experiment) -> None:
    loop = asyncio.get_running_loop()
    restless = experiment.replicas[-1]
    proxy = experiment.installation.brokers.proxies[0]
    before = proxy.counts["lost_answers"]
    until = loop.time() + experiment.window
    while loop.time() < until:
        # A look-up that fails while the assignment changes: librdkafka gives it up.
        proxy.lose_answer(asks(Request.OFFSET_FETCH))
        await restless.down()
        experiment.fire("leave")
        await asyncio.sleep(3)
        await restless.up()
        experiment.fire("join")
        await asyncio.sleep(3)
    lost = proxy.counts["lost_answers"] - before
    if lost:  # in a short storm, chance decides whether there is a look-up to lose
        experiment.fire("look-up of offsets without answer", lost)
    await experiment.settled(0.2)


@BOOK.row(14, "max.poll.interval exceeded", expected="partitions are lost and joined anew; no commit loop")
async def late_poll(experiment: Experiment) -> None:
    victim = experiment.replicas[0]
    await victim.restart(
        {"PROVISIONER_KAFKA_MAX_POLL_INTERVAL_MS": "7000", "PROVISIONER_FAILPOINTS": "batch.accepted=block:10@2"}
    )
    await experiment.until("it is ready again", victim.ready)
    for index in range(40):  # one by one, so that there are batches to accept
        await experiment.produce([experiment.event("north-high", experiment.person("north-high", index), 1)])
        await asyncio.sleep(0.1)

    async def blocks() -> bool:
        return '"failpoint"' in victim.log()

    await experiment.until("its intake stands still", blocks)
    experiment.fire("late poll")
    await asyncio.sleep(10)

    async def rejoined() -> bool:
        _, _, after = victim.log().partition("partitions_lost")
        return "partitions_assigned" in after

    await experiment.until("it lost its partitions and has some again", rejoined, seconds=40)
    victim.environ.clear()
    experiment.expect(experiment.exits() == 0, "the replica ended")


@BOOK.row(
    15,
    "offset commits whose answers are lost, or that come late",
    expected="read again → duplicate, no effect",
)
async def commits_lost(experiment: Experiment) -> None:
    proxy = experiment.installation.brokers.proxies[0]
    before = dict(proxy.counts)
    await experiment.settled(0.05)
    proxy.lose_answer(asks(Request.OFFSET_COMMIT), times=3)
    await experiment.sleep(0.4)
    proxy.deliver_late(asks(Request.OFFSET_COMMIT), seconds=3, times=3)
    await experiment.sleep(0.4)
    experiment.replicas[0].kill()
    experiment.fire("answer lost", proxy.counts["lost_answers"] - before.get("lost_answers", 0))
    experiment.fire("commit late", proxy.counts["late"] - before.get("late", 0))
    experiment.fire("kill -9")


@BOOK.row(16, "the whole topic is replayed", expected="0 vendor writes, 0 mails, 0 new outcomes")
async def replay(experiment: Experiment) -> None:
    await experiment.settled(0.9)
    await experiment.loaded()
    await experiment.quiet()
    calls, outcomes = len(experiment.vendor_calls()), await experiment.installation.watch.outcomes()
    for replica in experiment.replicas:
        await replica.down()
    replayed = await _rewind(experiment)
    for replica in experiment.replicas:
        await replica.up()
    await experiment.quiet()
    experiment.fire("replayed record", replayed)
    again = len(experiment.vendor_calls()) - calls
    experiment.expect(not again, f"{again} calls by a replay")
    now = await experiment.installation.watch.outcomes()
    experiment.expect(now == outcomes, f"{now - outcomes} new outcomes by a replay")


async def _rewind(experiment: Experiment) -> int:
    """Sets the group's offsets to the beginning, and returns how many records will be read again."""
    committed = await experiment.installation.watch.committed()
    await _set_offsets(experiment, [TopicPartition(topic, partition, 0) for topic, partition in committed])
    return sum(committed.values())


async def _set_offsets(experiment: Experiment, wanted: list[TopicPartition]) -> None:
    """By hand, as an operator would. While the group has members the broker refuses it, for each partition by itself."""
    admin = experiment.installation.brokers.admin()
    request = ConsumerGroupTopicPartitions(experiment.installation.service.group, wanted)

    def done() -> bool:
        (altered,) = admin.alter_consumer_group_offsets([request]).values()
        return altered.exception() is None and all(at.error is None for at in altered.result().topic_partitions or ())

    await experiment.until("the group is empty, and its offsets are set", lambda: asyncio.to_thread(done), seconds=60)


@BOOK.row(
    17,
    "the group's offset is out of range",
    expected="the process stops and says so; nothing is skipped",
    alone=True,
)
async def out_of_range(experiment: Experiment) -> None:
    topic = experiment.installation.service.topics.status_changed
    idle = [experiment.event("north-high", experiment.person("north-high", n), 1, status="applied") for n in range(20)]
    await experiment.produce(idle, partition=0)  # ahead of all of the load
    await experiment.settled(0.9)
    await experiment.loaded()
    await experiment.quiet()
    for replica in experiment.replicas:
        await replica.down()
    committed = (await experiment.installation.watch.committed())[topic, 0]
    await _rewind(experiment)
    admin = experiment.installation.brokers.admin()
    # The first records of the partition do nothing: losing them costs no student anything.
    (deleted,) = admin.delete_records([TopicPartition(topic, 0, len(idle))]).values()
    await asyncio.to_thread(deleted.result, 30)
    experiment.fire("records deleted", len(idle))
    for replica in experiment.replicas:
        await replica.up()

    async def stopped() -> bool:
        return any(replica.exits for replica in experiment.replicas)

    await experiment.until("a replica stops", stopped, seconds=60)
    for replica in experiment.replicas:
        await replica.down()
    experiment.expect(
        any("is no longer in the topic" in replica.log() for replica in experiment.replicas), "the log does not say why"
    )
    experiment.expect(committed >= len(idle), "the row's own records were not read first")
    await _set_offsets(experiment, [TopicPartition(topic, 0, len(idle))])


@BOOK.row(18, "partitions doubled live", expected="versions hold, though a student's events are in two partitions")
async def more_partitions(experiment: Experiment) -> None:
    await experiment.settled(0.2)
    topic = experiment.installation.service.topics.status_changed
    admin = experiment.installation.brokers.admin()
    (done,) = admin.create_partitions([NewPartitions(topic, 12)]).values()
    await asyncio.to_thread(done.result, 30)
    experiment.fire("partitions doubled")
    await experiment.sleep(0.5)
