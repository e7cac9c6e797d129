"""The history of a run on real parts."""

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from consumer.codec.dead_letters import Unreadable
from consumer.codec.reader import EventReader
from consumer.codec.registry import open_registry
from consumer.configuration.loading import load_settings
from consumer.events import Student
from consumer.policy.decision import DecisionTable
from consumer.secrets import opener
from consumer.settings import Settings
from proof.chaos import dump
from proof.chaos.canaries import canaries
from proof.chaos.installation import Installation
from proof.collect import audit, world
from proof.collect.dead_letters import dead_letter
from proof.collect.inputs import InputReader
from proof.collect.owners import Owners
from proof.collect.published import OutcomeReader
from proof.collect.raw import Raw
from proof.collect.topics import raw, read_topics
from proof.history import Bounds, History, Input

ReadT = TypeVar("ReadT")


async def collect(
    installation: Installation,
    *,
    seed: int,
    faults: Mapping[str, int],
    students: Iterable[Student],
    healed_at: float,
    quiet_at: float | None,
    bounds: Bounds,
) -> History:
    """Everything that the run left behind. The replicas are ended for it: first asked for their metrics, then stopped."""
    metrics = "\n".join([await replica.metrics() for replica in installation.replicas])
    exemplars = "\n".join([await replica.exemplars() for replica in installation.replicas])
    await installation.end()
    settings = load_settings(installation.service.config, os.environ)
    topics = settings.kafka.topics
    entries = installation.simulators.audit.entries()
    calls = audit.calls(entries, Owners.of(installation.tenants, opener(os.environ)))
    records = await _records(installation, settings)
    published = OutcomeReader(topics)
    unclassified: list[str] = []

    def understood(read: Callable[[Raw], ReadT], found: Sequence[Raw]) -> Sequence[ReadT]:
        return list(_understood(read, found, unclassified))

    vendors = installation.world
    return History(
        seed=seed,
        inputs=await asyncio.to_thread(_inputs, installation, settings, records[topics.status_changed]),
        dead_letters=understood(dead_letter, records[topics.dead_letters]),
        published=[each for topic in topics.outcomes for each in understood(published.read, records[topic])],
        calls=calls,
        accounts=world.accounts(vendors.graph, vendors.google, installation.tenants, calls),
        mails=world.mails(vendors.mail, installation.tenants),
        ledger=await asyncio.to_thread(dump.ledger, installation.database.straight),
        changes=await asyncio.to_thread(dump.changes, installation.database.straight),
        committed=await installation.watch.committed(),
        faults=faults,
        healed_at=healed_at,
        quiet_at=quiet_at,
        canaries=canaries(students, entries),
        logs="\n".join(replica.log() for replica in installation.replicas),
        metrics=metrics,
        sinks={
            "exemplars": exemplars,
            "spans": "\n".join(span.text for span in installation.collector.spans()),
            **await asyncio.to_thread(dump.without_names, installation.database.straight),
        },
        whole=not any(replica.restarts for replica in installation.replicas),
        deaths=sorted(at for replica in installation.replicas for at in replica.deaths),
        unclassified=unclassified,
        bounds=bounds,
    )


def _understood(read: Callable[[Raw], ReadT], records: Sequence[Raw], unclassified: list[str]) -> Iterator[ReadT]:
    for record in records:
        try:
            yield read(record)
        except (ValueError, Unreadable) as failure:
            unclassified.append(f"{record.place}: {type(failure).__name__}")


async def _records(installation: Installation, settings: Settings) -> Mapping[str, Sequence[Raw]]:
    names = settings.kafka.topics
    topics = [names.status_changed, names.dead_letters, *names.outcomes]
    found: dict[str, list[Raw]] = {topic: [] for topic in topics}
    for record in await read_topics(installation.brokers.straight, topics):
        found[record.topic].append(raw(record))
    return found


def _inputs(installation: Installation, settings: Settings, records: Sequence[Raw]) -> Sequence[Input]:
    registry = open_registry(settings.registry, opener(os.environ))
    try:
        reader = InputReader(EventReader(registry), DecisionTable.of(installation.tenants), installation.tenants)
        return [reader.read(record) for record in records]
    finally:
        registry.close()
