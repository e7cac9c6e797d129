"""Kafka: brokers die, groups are in turmoil, answers get lost, topics are not what they were."""

import asyncio
import copy
import json
from typing import Any

from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic  # pyright: ignore[reportPrivateImportUsage]  where its own docs take it from

from consumer.codec.schemas import STATUS_CHANGED, schema
from consumer.simulators.encoding import Encoder
from consumer.simulators.world import REGISTRY
from proof.chaos.proxy import Sees
from proof.chaos.row import BOOK
from proof.chaos.scene import Scene

_PRODUCE, _OFFSET_COMMIT, _END_TXN = 0, 8, 26
"""Of Kafka's protocol: a request is its length (4 bytes), its kind (2), its version (2), …"""


_OUTCOMES = "SELECT count(*) FROM outbox"


def _asks(kind: int) -> Sees:
    return lambda chunk: len(chunk) > 8 and int.from_bytes(chunk[4:6]) == kind


def _admin(scene: Scene) -> Any:  # noqa: ANN401  its futures are untyped
    return AdminClient({"bootstrap.servers": scene.installation.brokers.straight, "log_level": 0})


@BOOK.row(11, "a broker of three is killed, hard and clean", expected="0 lost, 0 twice", brokers=3)
async def broker_killed(scene: Scene) -> None:
    brokers = scene.installation.brokers
    for number, hard in ((1, True), (2, False), (3, True)):
        await scene.sleep(0.2)
        await brokers.kill(number, hard=hard)
        scene.fire("kill -9 of a broker" if hard else "clean stop of a broker")
        await scene.sleep(0.2)
        await brokers.restart(number)


@BOOK.row(
    12,
    "all brokers down",
    expected="provisioning goes on, the outbox grows, it drains ≤ 60 s after; 0 restarts",
    heals_within=60,
)
async def all_brokers_down(scene: Scene) -> None:
    await scene.settled(0.05)
    brokers = scene.installation.brokers
    await brokers.kill(1, hard=True)
    scene.fire("broker down")
    unpublished = await scene.installation.watch.count(_OUTCOMES)
    await scene.sleep()
    scene.expect(
        await scene.installation.watch.count(_OUTCOMES) > unpublished, "provisioning had no outcomes without Kafka"
    )
    await brokers.restart(1)
    scene.expect(scene.exits() == 0, "a replica ended")


@BOOK.row(13, "rebalance storm: a member joins or leaves every 3 s", expected="0 effects twice; progress")
async def rebalance_storm(scene: Scene) -> None:
    loop = asyncio.get_running_loop()
    restless = scene.replicas[-1]
    until = loop.time() + scene.window
    while loop.time() < until:
        await restless.down()
        scene.fire("leave")
        await asyncio.sleep(3)
        await restless.up()
        scene.fire("join")
        await asyncio.sleep(3)
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
    scene.expect(scene.exits() == 0, "the replica ended")


@BOOK.row(15, "offset commits whose answers are lost, or that come late", expected="read again → duplicate, no effect")
async def commits_lost(scene: Scene) -> None:
    proxy = scene.installation.brokers.proxies[0]
    before = dict(proxy.counts)
    await scene.settled(0.05)
    proxy.lose_answer(_asks(_OFFSET_COMMIT), times=3)
    await scene.sleep(0.4)
    proxy.deliver_late(_asks(_OFFSET_COMMIT), seconds=3, times=3)
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
    calls, outcomes = len(scene.vendor_calls()), await scene.installation.watch.count(_OUTCOMES)
    for replica in scene.replicas:
        await replica.down()
    replayed = await _rewind(scene)
    for replica in scene.replicas:
        await replica.up()
    await scene.quiet()
    scene.fire("replayed record", replayed)
    again = len(scene.vendor_calls()) - calls
    scene.expect(not again, f"{again} calls by a replay")
    now = await scene.installation.watch.count(_OUTCOMES)
    scene.expect(now == outcomes, f"{now - outcomes} new outcomes by a replay")


async def _rewind(scene: Scene) -> int:
    """Sets the group's offsets to the beginning, and returns how many records will be read again."""
    settings = scene.installation.service
    committed = await scene.installation.watch.committed()
    wanted = [TopicPartition(topic, partition, 0) for topic, partition in committed]
    admin = _admin(scene)

    async def rewound() -> bool:
        request = ConsumerGroupTopicPartitions(settings.group, wanted)
        (done,) = admin.alter_consumer_group_offsets([request]).values()
        return await asyncio.to_thread(lambda: done.exception() is None)

    await scene.until("the group is empty, and its offsets can be set", rewound, seconds=30)
    return sum(committed.values())


@BOOK.row(
    17,
    "the group's offset is out of range",
    expected="the process stops and says so; nothing is skipped",
    alone=True,
)
async def out_of_range(scene: Scene) -> None:
    topic = scene.installation.service.topics.status_changed
    idle = [scene.event("north-high", scene.person("north-high", n), 1, status="applied") for n in range(20)]
    await scene.produce(idle, partition=0)
    await scene.settled(0.9)
    await scene.loaded()
    await scene.quiet()
    for replica in scene.replicas:
        await replica.down()
    committed = (await scene.installation.watch.committed())[topic, 0]
    await _rewind(scene)
    admin = _admin(scene)
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
    request = ConsumerGroupTopicPartitions(scene.installation.service.group, [TopicPartition(topic, 0, len(idle))])

    async def set_by_hand() -> bool:
        (done,) = admin.alter_consumer_group_offsets([request]).values()
        return await asyncio.to_thread(lambda: done.exception() is None)

    scene.expect(committed >= len(idle), "the row's own records were not read first")
    await scene.until("the offset is set by hand", set_by_hand, seconds=30)


@BOOK.row(18, "partitions doubled live", expected="versions hold, though a student's events are in two partitions")
async def more_partitions(scene: Scene) -> None:
    await scene.settled(0.2)
    topic = scene.installation.service.topics.status_changed
    (done,) = _admin(scene).create_partitions([NewPartitions(topic, 12)]).values()
    await asyncio.to_thread(done.result, 30)
    scene.fire("partitions doubled")
    await scene.sleep(0.5)


@BOOK.row(19, "produce answers of outcomes are lost", expected="each outcome exactly once to read_committed")
async def produce_lost(scene: Scene) -> None:
    proxy = scene.installation.brokers.proxies[0]
    before = proxy.counts["lost_answers"]
    for _ in range(4):
        proxy.lose_answer(_asks(_PRODUCE), times=2)
        await scene.sleep(0.25)
    scene.fire("answer lost", proxy.counts["lost_answers"] - before)


@BOOK.row(
    20,
    "a transaction's commit answer is lost; a relay's zombie comes back",
    expected="fenced; the progress record decides",
)
async def commit_lost(scene: Scene) -> None:
    proxy = scene.installation.brokers.proxies[0]
    before = proxy.counts["lost_answers"]
    proxy.lose_answer(_asks(_END_TXN), times=2)
    await scene.sleep(0.4)
    scene.fire("answer lost", proxy.counts["lost_answers"] - before)
    for replica in scene.replicas:
        if "provisioner_relay_leading 1.0" in await replica.metrics():
            replica.stop()
            scene.fire("SIGSTOP of the relay")
            await scene.sleep(0.4)
            # Its database connection is what makes it the leader: only its end lets another lead.
            scene.installation.database.proxy.cut()
            await asyncio.sleep(5)
            replica.resume()


@BOOK.row(21, "a transaction's end arrives late, across the next transaction", expected="new producer; no torn batch")
async def late_end(scene: Scene) -> None:
    proxy = scene.installation.brokers.proxies[0]
    before = proxy.counts["late"]
    for _ in range(3):
        proxy.deliver_late(_asks(_END_TXN), seconds=2.5, times=1)
        await scene.sleep(0.33)
    scene.fire("late end of a transaction", proxy.counts["late"] - before)


@BOOK.row(
    22, "an outcome topic is deleted", expected="nothing lost, goes on when it is there again; no restart", alone=True
)
async def topic_deleted(scene: Scene) -> None:
    topic = scene.installation.service.topics.welcome_email_status
    admin = _admin(scene)
    (done,) = admin.delete_topics([topic]).values()
    await asyncio.to_thread(done.result, 30)
    scene.fire("topic deleted")
    await scene.sleep()
    (done,) = admin.create_topics([NewTopic(topic, 6, 1)]).values()
    await asyncio.to_thread(done.result, 30)
    scene.expect(scene.exits() == 0, "a replica ended")


@BOOK.row(
    23,
    "schema registry down",
    expected="known ids go on; events of an unknown id wait, and are no dead letters",
    alone=True,
)
async def registry_down(scene: Scene) -> None:
    await scene.settled(0.1)
    newer = copy.deepcopy(dict(schema(STATUS_CHANGED)))
    newer["fields"] = [*newer["fields"], {"name": "note", "type": ["null", "string"], "default": None}]
    topic = scene.installation.service.topics.status_changed
    ident = scene.installation.world.schemas.register(f"{topic}-value", json.dumps(newer))
    scene.installation.vendors[REGISTRY].refuse()
    scene.fire("registry down")
    known, scene.encoder = scene.encoder, Encoder(newer, ident)
    waiting = [scene.event("north-high", scene.person("north-high", n), 1) for n in range(5)]
    scene.encoder = known
    await scene.produce(waiting)
    await scene.sleep()
    letters = sum(replica.log().count("unknown_schema") for replica in scene.replicas)
    expected = sum(record.breakage == "unknown_schema" for record in scene.records)
    scene.expect(letters <= expected, "an event became a dead letter because the registry was away")
    scene.expect(scene.exits() == 0, "a replica ended")
