"""The performance: set the stage, play the events, watch, judge, tell."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress

from prometheus_client import Counter as Metric
from rich.console import Console
from rich.live import Live as RichLive

from consumer.app import App
from consumer.codec.schemas import ACCOUNT_PROVISIONING_FAILED
from consumer.errors import Stop
from consumer.events import Provider
from consumer.ledger.engine import open_engine
from consumer.policy.marker import marker
from sandbox.demo import show
from sandbox.demo.cast import UNLUCKY, faults
from sandbox.demo.ledger_view import LedgerView, Progress
from sandbox.demo.look import decoded
from sandbox.demo.play import Played, play
from sandbox.demo.stage import Stage, stage
from sandbox.demo.topics import read_all
from sandbox.demo.verdict import Evidence, Verdict, judge
from sandbox.simulators.expectation import APPLIED, Fate

_PATIENCE = 90.0
_LOOK_EVERY = 0.2


async def perform(console: Console, *, students: int, seed: int, keep: bool, port: int) -> bool:
    """The whole demo. Returns whether every event ended as it should. Raises `Stop` where a part can't be started."""
    console.print("Starting PostgreSQL, a Kafka, a schema registry and the vendors on this machine …")
    async with stage(seed=seed, http_port=port) as on:
        played = await play(on, students=students, seed=seed)
        failing = _unlucky(played)
        domain = next(tenant.addresses.domain for tenant in on.tenants if tenant.id == failing[0])
        on.vendors.faults.set(faults(f'"{marker(Provider.MICROSOFT, *failing)}"', f"@{domain}"))
        console.print(
            f"{len(played.records)} events about {students} students of {len(on.tenants)} institutions are on the topic: duplicates, "
            "late and broken ones among them. The vendors are slow, lose answers, throttle."
        )
        running = asyncio.create_task(on.app.run())
        try:
            view = LedgerView(open_engine(on.settings.database.url))
            await _watch(console, on, played, view, running, failing)
            verdict, evidence = await _judge(on, played, view, failing)
            _tell(console, on, verdict, evidence)
            show.where_next(console, port=on.app.health_port, keep=keep)
            if keep:
                with suppress(asyncio.CancelledError):
                    await running
        finally:
            on.app.stop()
            await running
    return not verdict.wrong


def _unlucky(played: Played) -> tuple[str, str]:
    """A student with a single event that acts, so that what became of it is easy to follow."""
    acting = Counter(
        (r.tenant_id, r.student_id) for r in played.records.values() if Fate.APPLIED in r.expectation.fates
    )
    first = next(
        r
        for r in played.records.values()
        if r.tenant_id == UNLUCKY and r.expectation == APPLIED and acting[r.tenant_id, r.student_id] == 1
    )
    return first.tenant_id, first.student_id


async def _watch(
    console: Console,
    on: Stage,
    played: Played,
    view: LedgerView,
    running: "asyncio.Task[None]",
    failing: tuple[str, str],
) -> None:
    total = len(played.records)
    accounts = _expected(on, played, failing)
    live = show.Live(events=total, accounts=accounts, names={t.id: t.name for t in on.tenants})
    deadline = asyncio.get_running_loop().time() + _PATIENCE
    with RichLive(live.bars, console=console, refresh_per_second=5):
        while True:
            counts = await asyncio.to_thread(view.progress) if on.app.readiness.missing() == {} else _NOTHING
            seen = _seen(on.app)
            live.show(counts, seen=seen)
            if counts.settled and seen >= total:
                return
            if running.done():
                running.result()
                raise Stop("The service ended before its work was done.")
            if asyncio.get_running_loop().time() > deadline:
                console.print(f"After {_PATIENCE:.0f} s, not everything is settled.")
                return
            await asyncio.sleep(_LOOK_EVERY)


_NOTHING = Progress({}, {}, 0, 0)


def _expected(on: Stage, played: Played, failing: tuple[str, str]) -> Mapping[str, int]:
    acting = {(r.tenant_id, r.student_id) for r in played.records.values() if Fate.APPLIED in r.expectation.fates}
    students = acting - {failing}
    providers = {tenant.id: len(tenant.providers) for tenant in on.tenants}
    return {tenant: sum(one == tenant for one, _ in students) * count for tenant, count in providers.items()}


def _seen(app: App) -> int:
    metrics = app.metrics
    return sum(map(_total, (metrics.events, metrics.skips, metrics.dead_letters)))


def _total(metric: Metric) -> int:
    samples = (sample for family in metric.collect() for sample in family.samples)
    return int(sum(sample.value for sample in samples if sample.name.endswith("_total")))


async def _judge(on: Stage, played: Played, view: LedgerView, failing: tuple[str, str]) -> tuple[Verdict, Evidence]:
    names = on.settings.kafka.topics
    read = await asyncio.to_thread(read_all, on.settings.kafka, [*names.outcomes, names.dead_letters])
    evidence = Evidence(on, played, await asyncio.to_thread(view.inbox), read, failing)
    return judge(evidence), evidence


def _tell(console: Console, on: Stage, verdict: Verdict, evidence: Evidence) -> None:
    console.print(show.outcome_table(verdict, on.tenants))
    console.print(show.topic_table(verdict.outcomes))
    mails = on.world.mail.mailbox.mails
    console.print(show.as_the_student_sees_it(mails[len(mails) // 2]))
    topic = on.settings.kafka.topics.account_provisioning_failed
    for message in evidence.topics[topic]:
        event = decoded(message.value() or b"", ACCOUNT_PROVISIONING_FAILED)
        console.print(show.failed_student(event, evidence.failing[1]))
    if verdict.wrong:
        console.print(f"[red]{len(verdict.wrong)} things are not as they should be:[/red]")
        for line in verdict.wrong[:20]:
            console.print(f"  {line}", markup=False)
    else:
        console.print(
            "[green]Every event ended as it should; every account is there once, and one mail opens it.[/green]"
        )
