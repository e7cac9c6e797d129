"""Combined: pairs of faults, keys, half-deaf links, letters sent in again."""

import asyncio
import base64
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from consumer.codec.dead_letters import REASON_HEADER
from proof.chaos.experiment import Experiment
from proof.chaos.proxy import Proxy
from proof.chaos.row import BOOK, Row
from proof.chaos.sis import Raw
from proof.collect.topics import read_topics
from sandbox.simulators.events import SimulatedRecord
from sandbox.simulators.vendors import GOOGLE, GRAPH, MAILGUN

_OURS = (1, 2, 3, 5, 9, 12, 13, 15, 19, 20, 21, 57, 58, 59, 60)
_TENANTS = ("north-high", "harbour-college", "south-academy")
_LEAST_PAIRS, _FEW_PAIRS, _FRESH = 3, 2, 20
_LEAST_WINDOW = 12.0
"""Seconds, in which replicas that were killed are back and call vendors."""
_VENDORS = (34, 35, 36, 41, 43, 44, 47, 52, 53, 54)


@BOOK.row(63, "random pairs of the above", expected="the invariants hold", heals_within=180)
async def pairs(experiment: Experiment) -> None:
    by_number = {row.number: row for row in BOOK.rows()}
    for turn in range(max(_LEAST_PAIRS, int(experiment.window / 20)) if experiment.full else _FEW_PAIRS):
        pair = by_number[experiment.rng.choice(_OURS)], by_number[experiment.rng.choice(_VENDORS)]
        others = [experiment.beside(max(_LEAST_WINDOW, experiment.window / 2)) for _ in pair]
        await asyncio.gather(
            experiment.produce(_enrolments(experiment, turn)),
            *(_fire(row, other) for row, other in zip(pair, others, strict=True)),
        )
        for row, other in zip(pair, others, strict=True):
            experiment.fire(f"of row {row.number}", other.fired.total())
        await experiment.installation.heal()


def _enrolments(experiment: Experiment, turn: int) -> Sequence[SimulatedRecord]:
    """Of people who were in no turn before."""
    numbers = range(turn * _FRESH, (turn + 1) * _FRESH)
    return [experiment.event(tenant, experiment.person(tenant, number), 1) for tenant in _TENANTS for number in numbers]


async def _counts_more(proxy: Proxy, before: int) -> bool:
    return proxy.counts["dropped"] > before


async def _fire(row: Row, experiment: Experiment) -> None:
    """What a row waits for itself need not come true beside another."""
    if row.fire:
        with suppress(AssertionError, RuntimeError):
            await row.fire(experiment)


@BOOK.row(
    64, "keys: one is missing, then they are rotated", expected="does not start without; what is sealed stays readable"
)
async def keys(experiment: Experiment) -> None:
    first, *others = experiment.replicas
    await first.restart({"TEST_VAULT_KEY": ""})

    async def refuses() -> bool:
        return bool(first.exits)

    await experiment.until("a replica without its key refuses to start", refuses, seconds=60)
    experiment.fire("key missing")
    await first.down()
    first.exits.clear()
    first.environ.pop("TEST_VAULT_KEY")
    newer = {"PROVISIONER_VAULT": '[{id: newer, key: "env:NEWER_KEY"}, {id: test, key: "env:TEST_VAULT_KEY"}]'}
    key = {"NEWER_KEY": base64.b64encode(b"\x07" * 32).decode()}
    older = {"PROVISIONER_VAULT": '[{id: test, key: "env:TEST_VAULT_KEY"}, {id: newer, key: "env:NEWER_KEY"}]'}
    # First everybody can open with the new key, then everybody seals with it.
    for environ in (older, newer):
        for replica in (first, *others):
            await replica.restart({**key, **environ})
            experiment.fire("keys changed")
            await experiment.until("it is ready", replica.ready)


@BOOK.row(
    65,
    "half-deaf: requests arrive, answers do not, for each dependency in turn",
    expected="as unknown outcomes",
    heals_within=150,
)
async def half_deaf(experiment: Experiment) -> None:
    installation = experiment.installation
    vendors = [
        (name, installation.vendors[name]) for name in (MAILGUN, GOOGLE, GRAPH)
    ]  # mails are sent while there are accounts
    links = [*vendors, ("kafka", installation.brokers.proxies[0]), ("database", installation.database.proxy)]
    for turn, (name, proxy) in enumerate(links):
        before = proxy.counts["dropped"]
        await experiment.produce(_enrolments(experiment, turn))
        proxy.drop_answers()
        await experiment.sleep(1 / len(links))
        await experiment.until(f"an answer of {name} is dropped", partial(_counts_more, proxy, before))
        await proxy.heal()
        experiment.fire(f"answer of {name} dropped", proxy.counts["dropped"] - before)


@BOOK.row(66, "the dead letters are sent in again, twice", expected="dead letters again; no effect")
async def letters_again(experiment: Experiment) -> None:
    await experiment.loaded()
    await experiment.quiet()
    topics = experiment.installation.service.topics
    found = await read_topics(experiment.installation.brokers.straight, [topics.dead_letters])
    dead_letters = [record for record in found if len(record.value or b"") < 500_000][-50:]
    calls, outcomes = len(experiment.vendor_calls()), await experiment.installation.watch.outcomes()
    for _ in range(2):
        again = [
            Raw(
                record.key,
                record.value,
                headers=tuple(
                    (k, v) for k, v in record.headers if k != REASON_HEADER and not k.startswith("__connect")
                ),
            )
            for record in dead_letters
        ]
        await experiment.installation.sis.put_raw(*again)
        experiment.fire("letter sent in again", len(again))
    await experiment.quiet()
    experiment.expect(
        len(experiment.vendor_calls()) == calls, "letters that were sent in again had an effect at a vendor"
    )
    now = await experiment.installation.watch.outcomes()
    experiment.expect(now == outcomes, "letters that were sent in again had outcomes")
