"""Kafka, the consumer group: members come and go, offsets are lost, late or out of range, partitions become more."""

import asyncio

from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import NewPartitions  # pyright: ignore[reportPrivateImportUsage]  where its own docs take it from

from proof.chaos.requests import Request, asks
from proof.chaos.row import BOOK
from proof.chaos.scene import Scene


@BOOK.row(13, "rebalance storm: a member joins or leaves every 3 s", expected="0 effects twice; progress")
async def rebalance_storm(scene: Scene) -> None:
    loop = asyncio.get_running_loop()
    restless = scene.replicas[-1]
    proxy = scene.installation.brokers.proxies[0]
    before = proxy.counts["lost_answers"]
    until = loop.time() + scene.window
    while loop.time() < until:
        # A look-up that fails while the assignment changes: librdkafka gives it up.
        proxy.lose_answer(asks(Request.OFFSET_FETCH))
        await restless.down()
        scene.fire("leave")
        await asyncio.sleep(3)
        await restless.up()
        scene.fire("join")
        await asyncio.sleep(3)
    lost = proxy.counts["lost_answers"] - before
    if lost:  # in a short storm, chance decides whether there is a look-up to lose
        scene.fire("look-up of offsets without answer", lost)
    await scene.settled(0.2)


@BOOK.row(14, "max.poll.interval exceeded", expected="partitions are lost and joined anew; no commit loop")
async def late_poll(scene: Scene) -> None:
    victim = scene.replicas[0]
    await victim.restart(
        {"PROVISIONER_KAFKA_MAX_POLL_INTERVAL_MS": "7000", "PROVISIONER_FAILPOINTS": "batch.accepted=block:10@2"}
    )
    await scene.until("it is ready again", victim.ready)
    for index in range(40):  # one by one, so that there are batches to accept
        await scene.produce([scene.event("north-high", scene.person("north-high", index), 1)])
        await asyncio.sleep(0.1)

    async def blocks() -> bool:
        return '"failpoint"' in victim.log()

    await scene.until("its intake stands still", blocks)
    scene.fire("late poll")
    await asyncio.sleep(10)

    async def rejoined() -> bool:
        _, _, after = victim.log().partition("partitions_lost")
        return "partitions_assigned" in after

    await scene.until("it lost its partitions and has some again", rejoined, seconds=40)
    victim.environ.clear()
    scene.expect(scene.exits() == 0, "the replica ended")


@BOOK.row(
    15,
    "offset commits whose answers are lost, or that come late",
    expected="read again → duplicate, no effect",
)
async def commits_lost(scene: Scene) -> None:
    proxy = scene.installation.brokers.proxies[0]
    before = dict(proxy.counts)
    await scene.settled(0.05)
    proxy.lose_answer(asks(Request.OFFSET_COMMIT), times=3)
    await scene.sleep(0.4)
    proxy.deliver_late(asks(Request.OFFSET_COMMIT), seconds=3, times=3)
    await scene.sleep(0.4)
    scene.replicas[0].kill()
    scene.fire("answer lost", proxy.counts["lost_answers"] - before.get("lost_answers", 0))
    scene.fire("commit late", proxy.counts["late"] - before.get("late", 0))
    scene.fire("kill -9")


@BOOK.row(16, "the whole topic is replayed", expected="0 vendor writes, 0 mails, 0 new outcomes")
async def replay(scene: Scene) -> None:
    await scene.settled(0.9)
    await scene.loaded()
    await scene.quiet()
    calls, outcomes = len(scene.vendor_calls()), await scene.installation.watch.outcomes()
    for replica in scene.replicas:
        await replica.down()
    replayed = await _rewind(scene)
    for replica in scene.replicas:
        await replica.up()
    await scene.quiet()
    scene.fire("replayed record", replayed)
    again = len(scene.vendor_calls()) - calls
    scene.expect(not again, f"{again} calls by a replay")
    now = await scene.installation.watch.outcomes()
    scene.expect(now == outcomes, f"{now - outcomes} new outcomes by a replay")


async def _rewind(scene: Scene) -> int:
    """Sets the group's offsets to the beginning, and returns how many records will be read again."""
    committed = await scene.installation.watch.committed()
    await _set_offsets(scene, [TopicPartition(topic, partition, 0) for topic, partition in committed])
    return sum(committed.values())


async def _set_offsets(scene: Scene, wanted: list[TopicPartition]) -> None:
    """By hand, as an operator would. While the group has members the broker refuses it, for each partition by itself."""
    admin = scene.installation.brokers.admin()
    request = ConsumerGroupTopicPartitions(scene.installation.service.group, wanted)

    def done() -> bool:
        (altered,) = admin.alter_consumer_group_offsets([request]).values()
        return altered.exception() is None and all(at.error is None for at in altered.result().topic_partitions or ())

    await scene.until("the group is empty, and its offsets are set", lambda: asyncio.to_thread(done), seconds=60)


@BOOK.row(
    17,
    "the group's offset is out of range",
    expected="the process stops and says so; nothing is skipped",
    alone=True,
)
async def out_of_range(scene: Scene) -> None:
    topic = scene.installation.service.topics.status_changed
    idle = [scene.event("north-high", scene.person("north-high", n), 1, status="applied") for n in range(20)]
    await scene.produce(idle, partition=0)  # ahead of all of the load
    await scene.settled(0.9)
    await scene.loaded()
    await scene.quiet()
    for replica in scene.replicas:
        await replica.down()
    committed = (await scene.installation.watch.committed())[topic, 0]
    await _rewind(scene)
    admin = scene.installation.brokers.admin()
    # The first records of the partition do nothing: they can be missing without anybody's loss.
    (deleted,) = admin.delete_records([TopicPartition(topic, 0, len(idle))]).values()
    await asyncio.to_thread(deleted.result, 30)
    scene.fire("records deleted", len(idle))
    for replica in scene.replicas:
        await replica.up()

    async def stopped() -> bool:
        return any(replica.exits for replica in scene.replicas)

    await scene.until("a replica stops", stopped, seconds=60)
    for replica in scene.replicas:
        await replica.down()
    scene.expect(
        any("is no longer in the topic" in replica.log() for replica in scene.replicas), "the log does not say why"
    )
    scene.expect(committed >= len(idle), "the row's own records were not read first")
    await _set_offsets(scene, [TopicPartition(topic, 0, len(idle))])


@BOOK.row(18, "partitions doubled live", expected="versions hold, though a student's events are in two partitions")
async def more_partitions(scene: Scene) -> None:
    await scene.settled(0.2)
    topic = scene.installation.service.topics.status_changed
    admin = scene.installation.brokers.admin()
    (done,) = admin.create_partitions([NewPartitions(topic, 12)]).values()
    await asyncio.to_thread(done.result, 30)
    scene.fire("partitions doubled")
    await scene.sleep(0.5)
