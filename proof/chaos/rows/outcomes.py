"""Outcomes: rows for the topics, written into the ledger in bulk, while brokers bounce and relays die; then read by a client not ours.

SQL ─▶ outbox ─▶ three relays, killed ─▶ three brokers, killed and stopped ─▶ topics ─▶ aiokafka, `read_committed`
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import psycopg

from proof.chaos.experiment import Experiment
from proof.chaos.row import BOOK, Load
from proof.collect.topics import read_topics

_LOAD = Load(few=6_000, many=100_000, mix=None)
_FEW, _MANY = 2, 6
"""Bounces: each of three brokers goes once hard and once clean; in the short form, one so and another so."""
_CHUNK = 250
_LEADS = 'provisioner_leading{loop="outbound"} 1.0'

_WRITE = """
    INSERT INTO outbox (event_id, topic, key, value, headers, created_at)
    SELECT md5(n::text)::uuid, (%(topics)s::text[])[1 + n %% 3], convert_to('outcomes/' || n %% 997, 'UTF8'),
           convert_to(n::text, 'UTF8'), jsonb_build_array(jsonb_build_array('ce_id', md5(n::text)::uuid::text)), now()
    FROM generate_series(%(first)s::int, %(last)s::int) AS n ORDER BY n
"""
"""997 keys, each with outcomes on all three topics."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One record as its reader has it: `event_id` is its header `ce_id`, `number` counts the outbox's rows."""

    topic: str
    key: bytes
    event_id: str
    number: int


async def _judge(experiment: Experiment) -> int:
    """Everything on the topics against what the ledger asked for; returns how many different outcomes there are."""
    records = await read_topics(experiment.installation.brokers.straight, _topics(experiment))
    seen = [Seen(one.topic, one.key, dict(one.headers)["ce_id"].decode(), int(one.value)) for one in records]
    found = count(seen, experiment.students)
    for what, number in found.items():
        experiment.expect(number == 0, f"{number} outcomes {what}")
    experiment.expect(experiment.exits() == 0, "a replica ended by itself")
    return len({one.event_id for one in seen})


def count(seen: Iterable[Seen], wanted: int) -> Mapping[str, int]:
    """What is wrong with records whose numbers should be 1 to `wanted`, in the order of each topic's partitions."""
    times: Counter[str] = Counter()
    numbers: set[int] = set()
    newest: dict[tuple[str, bytes], int] = defaultdict(int)
    late = 0
    for one in seen:
        times[one.event_id] += 1
        numbers.add(one.number)
        late += one.number <= newest[one.topic, one.key] and times[one.event_id] == 1
        newest[one.topic, one.key] = max(one.number, newest[one.topic, one.key])
    return {
        "lost": len(set(range(1, wanted + 1)) - numbers),
        "seen twice": times.total() - len(times),
        "out of their key's order": late,
    }


@BOOK.row(
    67,
    f"{_LOAD.many:,} outcomes over bounces of three brokers, hard and clean, and deaths of relays",
    expected="0 lost, 0 twice, each key's in order, to a `read_committed` reader that is not ours",
    load=_LOAD,
    brokers=3,
    judge=_judge,
)
async def outcomes(experiment: Experiment) -> None:
    bounces = _MANY if experiment.full else _FEW
    for bounce in range(bounces):
        await asyncio.gather(
            _write(
                experiment, bounce * experiment.students // bounces + 1, (bounce + 1) * experiment.students // bounces
            ),
            _bounce(experiment, 1 + bounce % experiment.installation.brokers.size, hard=bounce % 2 == 0),
        )


async def _write(experiment: Experiment, first: int, last: int) -> None:
    """In small transactions, one after the other, as fast as they go in while a broker dies."""
    for start in range(first, last + 1, _CHUNK):
        await asyncio.to_thread(_insert, experiment, start, min(last, start + _CHUNK - 1))
        await asyncio.sleep(0.1)


def _insert(experiment: Experiment, first: int, last: int) -> None:
    with psycopg.connect(experiment.installation.database.straight) as connection:
        connection.execute(_WRITE, {"topics": _topics(experiment), "first": first, "last": last})


async def _bounce(experiment: Experiment, number: int, *, hard: bool) -> None:
    """A broker goes and comes back; in between, the relay that leads dies, and another one must do without the broker."""
    brokers = experiment.installation.brokers
    await asyncio.sleep(experiment.rng.uniform(0.5, 2))
    await brokers.kill(number, hard=hard)
    experiment.fire("kill -9 of a broker" if hard else "clean stop of a broker")
    await asyncio.sleep(experiment.rng.uniform(0.5, 4))
    for replica in experiment.replicas:
        if _LEADS in await replica.metrics():
            replica.kill()
            experiment.fire("kill -9 of the leading relay")
    await asyncio.sleep(experiment.rng.uniform(0.5, 4))
    await brokers.restart(number)


def _topics(experiment: Experiment) -> list[str]:
    return list(experiment.installation.service.topics.outcomes)  # psycopg makes an array of nothing else
