"""Combined: pairs of faults, keys, half-deaf links, letters sent in again."""

import asyncio
import base64
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from consumer.codec.letters import REASON_HEADER
from proof.chaos.proxy import Proxy
from proof.chaos.row import BOOK, Row
from proof.chaos.scene import Scene
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
async def pairs(scene: Scene) -> None:
    by_number = {row.number: row for row in BOOK.rows()}
    for turn in range(max(_LEAST_PAIRS, int(scene.window / 20)) if scene.full else _FEW_PAIRS):
        pair = by_number[scene.rng.choice(_OURS)], by_number[scene.rng.choice(_VENDORS)]
        others = [scene.beside(max(_LEAST_WINDOW, scene.window / 2)) for _ in pair]
        await asyncio.gather(
            scene.produce(_enrolments(scene, turn)),
            *(_fire(row, other) for row, other in zip(pair, others, strict=True)),
        )
        for row, other in zip(pair, others, strict=True):
            scene.fire(f"of row {row.number}", other.fired.total())
        await scene.installation.heal()


def _enrolments(scene: Scene, turn: int) -> Sequence[SimulatedRecord]:
    """Of people who were in no turn before."""
    numbers = range(turn * _FRESH, (turn + 1) * _FRESH)
    return [scene.event(tenant, scene.person(tenant, number), 1) for tenant in _TENANTS for number in numbers]


async def _counts_more(proxy: Proxy, before: int) -> bool:
    return proxy.counts["dropped"] > before


async def _fire(row: Row, scene: Scene) -> None:
    """What a row waits for itself need not come true beside another."""
    if row.fire:
        with suppress(AssertionError, RuntimeError):
            await row.fire(scene)


@BOOK.row(
    64, "keys: one is missing, then they are rotated", expected="does not start without; what is sealed stays readable"
)
async def keys(scene: Scene) -> None:
    first, *others = scene.replicas
    await first.restart({"TEST_VAULT_KEY": ""})

    async def refuses() -> bool:
        return bool(first.exits)

    await scene.until("a replica without its key refuses to start", refuses, seconds=60)
    scene.fire("key missing")
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
            scene.fire("keys changed")
            await scene.until("it is ready", replica.ready)


@BOOK.row(
    65,
    "half-deaf: requests arrive, answers do not, for each dependency in turn",
    expected="as unknown outcomes",
    heals_within=150,
)
async def half_deaf(scene: Scene) -> None:
    installation = scene.installation
    vendors = [
        (name, installation.vendors[name]) for name in (MAILGUN, GOOGLE, GRAPH)
    ]  # mails are sent while there are accounts
    links = [*vendors, ("kafka", installation.brokers.proxies[0]), ("database", installation.database.proxy)]
    for turn, (name, proxy) in enumerate(links):
        before = proxy.counts["dropped"]
        await scene.produce(_enrolments(scene, turn))
        proxy.drop_answers()
        await scene.sleep(1 / len(links))
        await scene.until(f"an answer of {name} is dropped", partial(_counts_more, proxy, before))
        await proxy.heal()
        scene.fire(f"answer of {name} dropped", proxy.counts["dropped"] - before)


@BOOK.row(66, "the dead letters are sent in again, twice", expected="dead letters again; no effect")
async def letters_again(scene: Scene) -> None:
    await scene.loaded()
    await scene.quiet()
    topics = scene.installation.service.topics
    found = await read_topics(scene.installation.brokers.straight, [topics.dead_letters])
    letters = [record for record in found if len(record.value or b"") < 500_000][-50:]
    calls, outcomes = len(scene.vendor_calls()), await scene.installation.watch.outcomes()
    for _ in range(2):
        again = [
            Raw(
                record.key,
                record.value,
                headers=tuple(
                    (k, v) for k, v in record.headers if k != REASON_HEADER and not k.startswith("__connect")
                ),
            )
            for record in letters
        ]
        await scene.installation.sis.put_raw(*again)
        scene.fire("letter sent in again", len(again))
    await scene.quiet()
    scene.expect(len(scene.vendor_calls()) == calls, "letters that were sent in again had an effect at a vendor")
    now = await scene.installation.watch.outcomes()
    scene.expect(now == outcomes, "letters that were sent in again had outcomes")
