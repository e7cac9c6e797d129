"""Everything outside the processes of a simulation: Kafka, the database, the vendors, and the time and chance that they share."""

import random
from collections.abc import Iterable
from dataclasses import dataclass

from proof.simulation.clock import Clock
from proof.simulation.database import Database
from proof.simulation.institutions import INSTITUTIONS, PARTITIONS, open_secret, settings
from proof.simulation.institutions import vendors as laid_out
from proof.simulation.kafka.cluster import Cluster
from proof.simulation.trace import Trace
from proof.simulation.vendors import Internet
from sandbox.simulators.vendors import Quirks, Vendors


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Made by `lay_out`. `unconfigured` are institutions without a file: processes that start now do not know them.
    `in_dry_run` are those whose file says so."""

    clock: Clock
    trace: Trace
    kafka: Cluster
    database: Database
    vendors: Vendors
    internet: Internet
    unconfigured: set[str]
    in_dry_run: set[str]


def lay_out(
    clock: Clock,
    seed: int,
    quirks: Quirks,
    *,
    database: type[Database] = Database,
    unconfigured: Iterable[str] = (),
    in_dry_run: Iterable[str] = (),
) -> Surroundings:
    """A new world: empty topics, an empty database, directories without users. Each part has a random generator of its own."""
    trace = Trace(clock)
    vendors = laid_out(clock=clock.unix, seed=seed, quirks=quirks)
    tenants = [institution.id for institution in INSTITUTIONS]
    kafka = Cluster(clock, _rng(seed, "kafka"))
    topics = settings().kafka.topics
    kafka.create_topic(topics.status_changed, PARTITIONS)
    kafka.create_topic(topics.relay_progress, 1)
    for topic in (*topics.outcomes, topics.dead_letters):
        kafka.create_topic(topic, PARTITIONS)
    return Surroundings(
        clock=clock,
        trace=trace,
        kafka=kafka,
        database=database(clock, _rng(seed, "database"), trace),
        vendors=vendors,
        internet=Internet(vendors, tenants, open_secret, clock=clock, rng=_rng(seed, "internet"), trace=trace),
        unconfigured=set(unconfigured),
        in_dry_run=set(in_dry_run),
    )


def _rng(seed: int, part: str) -> random.Random:
    return random.Random(f"{seed}/{part}")  # noqa: S311  repeatable, guards nothing
