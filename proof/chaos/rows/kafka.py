"""Kafka: brokers die, answers to what is produced get lost or come late, a topic or the registry is gone. The group has its own module."""

import asyncio
import copy
import json

from confluent_kafka.admin import NewTopic  # pyright: ignore[reportPrivateImportUsage]  where its own docs take it from

from consumer.codec.schemas import STATUS_CHANGED, schema
from proof.chaos.experiment import Experiment
from proof.chaos.requests import Request, asks
from proof.chaos.row import BOOK
from sandbox.simulators.encoding import Encoder
from sandbox.simulators.world import REGISTRY

_BOUNCES = ((1, True), (2, False), (3, True))
"""Brokers, and whether they die hard."""
_LEADS = 'provisioner_leading{loop="outbound"} 1.0'


@BOOK.row(11, "a broker of three is killed, hard and clean", expected="0 lost, 0 twice", brokers=3)
async def broker_killed(experiment: Experiment) -> None:
    brokers = experiment.installation.brokers
    for number, hard in _BOUNCES if experiment.full else _BOUNCES[:2]:
        await experiment.sleep(0.2)
        await brokers.kill(number, hard=hard)
        experiment.fire("kill -9 of a broker" if hard else "clean stop of a broker")
        await experiment.sleep(0.2)
        await brokers.restart(number)


@BOOK.row(
    12,
    "all brokers down",
    expected="provisioning continues, the outbox grows, it drains ≤ 60 s after; 0 restarts",
    heals_within=60,
)
async def all_brokers_down(experiment: Experiment) -> None:
    await experiment.settled(0.05)
    brokers = experiment.installation.brokers
    await brokers.kill(1, hard=True)
    experiment.fire("broker down")
    unpublished = await experiment.installation.watch.outcomes()
    await experiment.sleep()
    experiment.expect(
        await experiment.installation.watch.outcomes() > unpublished, "provisioning had no outcomes without Kafka"
    )
    await brokers.restart(1)
    experiment.expect(experiment.exits() == 0, "a replica ended")


@BOOK.row(19, "produce answers of outcomes are lost", expected="each outcome exactly once to read_committed")
async def produce_lost(experiment: Experiment) -> None:
    proxy = experiment.installation.brokers.proxies[0]
    before = proxy.counts["lost_answers"]
    for _ in range(4):
        proxy.lose_answer(asks(Request.PRODUCE), times=2)
        await experiment.sleep(0.25)
    experiment.fire("answer lost", proxy.counts["lost_answers"] - before)


@BOOK.row(
    20,
    "a transaction's commit answer is lost; a relay's zombie comes back",
    expected="fenced; the progress record decides",
)
async def commit_lost(experiment: Experiment) -> None:
    proxy = experiment.installation.brokers.proxies[0]
    before = proxy.counts["lost_answers"]
    await experiment.settled(0.05)
    proxy.lose_answer(asks(Request.END_TXN), times=2)

    async def lost() -> bool:
        return proxy.counts["lost_answers"] > before

    await experiment.until("an answer is lost", lost, seconds=60)
    await experiment.sleep(0.4)
    experiment.fire("answer lost", proxy.counts["lost_answers"] - before)
    for replica in experiment.replicas:
        if _LEADS in await replica.metrics():
            replica.stop()
            experiment.fire("SIGSTOP of the relay")
            await experiment.sleep(0.4)
            # Its database connection is what makes it the leader: only its end lets another lead.
            experiment.installation.database.proxy.cut()
            await asyncio.sleep(5)
            replica.resume()


@BOOK.row(
    21,
    "a transaction's end arrives late, across the next transaction",
    expected="new producer; no torn batch",
)
async def late_end(experiment: Experiment) -> None:
    proxy = experiment.installation.brokers.proxies[0]
    before = proxy.counts["late"]
    for _ in range(3):
        proxy.deliver_late(asks(Request.END_TXN), seconds=2.5, times=1)
        await experiment.sleep(0.33)
    experiment.fire("late end of a transaction", proxy.counts["late"] - before)


@BOOK.row(
    22, "an outcome topic is deleted", expected="nothing lost, continues when it exists again; no restart", alone=True
)
async def topic_deleted(experiment: Experiment) -> None:
    topic = experiment.installation.service.topics.welcome_email_status
    admin = experiment.installation.brokers.admin()
    (done,) = admin.delete_topics([topic]).values()
    await asyncio.to_thread(done.result, 30)
    experiment.fire("topic deleted")
    await experiment.sleep()
    (done,) = admin.create_topics([NewTopic(topic, 6, 1)]).values()
    await asyncio.to_thread(done.result, 30)
    experiment.expect(experiment.exits() == 0, "a replica ended")


@BOOK.row(
    23,
    "schema registry down",
    expected="known ids continue; events of an unknown id wait, and are no dead letters",
    alone=True,
)
async def registry_down(experiment: Experiment) -> None:
    await experiment.settled(0.1)
    newer = copy.deepcopy(dict(schema(STATUS_CHANGED)))
    newer["fields"] = [*newer["fields"], {"name": "note", "type": ["null", "string"], "default": None}]
    topic = experiment.installation.service.topics.status_changed
    ident = experiment.installation.world.schemas.register(f"{topic}-value", json.dumps(newer))
    experiment.installation.vendors[REGISTRY].refuse()
    experiment.fire("registry down")
    known, experiment.encoder = experiment.encoder, Encoder(newer, ident)
    waiting = [experiment.event("north-high", experiment.person("north-high", n), 1) for n in range(5)]
    experiment.encoder = known
    await experiment.produce(waiting)
    await experiment.sleep()
    dead_letters = sum(replica.log().count("unknown_schema") for replica in experiment.replicas)
    expected = sum(record.breakage == "unknown_schema" for record in experiment.records)
    experiment.expect(dead_letters <= expected, "an event became a dead letter because the registry was away")
    experiment.expect(experiment.exits() == 0, "a replica ended")
