"""The demo: start the environment, publish the events, show progress, check the result, print the report."""

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
from sandbox.demo import display
from sandbox.demo.environment import Environment, open_environment
from sandbox.demo.inspection import decoded
from sandbox.demo.institutions import UNLUCKY, faults
from sandbox.demo.ledger_view import LedgerProgress, LedgerView
from sandbox.demo.report import Evidence, Report, check
from sandbox.demo.scenario import Scenario, publish
from sandbox.demo.topics import read_all
from sandbox.demo.year import Year
from sandbox.simulators.expectation import APPLIED, Fate

_PATIENCE = 90.0
_LOOK_EVERY = 0.2


async def run_demo(console: Console, *, students: int, seed: int, keep: bool, port: int) -> bool:
    """The whole demo. Returns whether every event ended as it should. Raises `Stop` where a part can't be started."""
    console.print("Starting PostgreSQL, a Kafka, a schema registry and the vendors on this machine …")
    async with open_environment(seed=seed, http_port=port) as environment:
        scenario = await publish(environment, students=students, seed=seed)
        failing = _unlucky(scenario)
        domain = next(tenant.addresses.domain for tenant in environment.tenants if tenant.id == failing[0])
        environment.vendors.faults.set(faults(f'"{marker(Provider.MICROSOFT, *failing)}"', f"@{domain}"))
        console.print(
            f"{len(scenario.records)} events about {students} students of {len(environment.tenants)} institutions are on the "
            "topic: duplicates, late and broken ones among them. The vendors are slow, lose answers, throttle."
        )
        running = asyncio.create_task(environment.app.run())
        try:
            view = LedgerView(open_engine(environment.settings.database.url))
            await _watch(console, environment, scenario, view, running, failing)
            report, evidence = await _check(environment, scenario, view, failing)
            _print_report(console, environment, report, evidence)
            well = await _year(console, Year(environment, scenario, view))
            display.where_next(console, port=environment.app.health_port, keep=keep)
            if keep:
                with suppress(asyncio.CancelledError):
                    await running
        finally:
            environment.app.stop()
            await running
    return well and not report.wrong


async def _year(console: Console, year: Year) -> bool:
    """The rest of the year. Returns whether all was reported as it should be."""
    console.print("The rest of the year, at one of them: a class moves up, students leave, and one mistake is made …")
    acts = await year.play()
    console.print(display.year_table(acts))
    return all(act.right for act in acts)


def _unlucky(scenario: Scenario) -> tuple[str, str]:
    """A student with a single event that acts, so that what became of it is easy to follow."""
    acting = Counter(
        (r.tenant_id, r.student_id) for r in scenario.records.values() if Fate.APPLIED in r.expectation.fates
    )
    first = next(
        r
        for r in scenario.records.values()
        if r.tenant_id == UNLUCKY and r.expectation == APPLIED and acting[r.tenant_id, r.student_id] == 1
    )
    return first.tenant_id, first.student_id


async def _watch(
    console: Console,
    environment: Environment,
    scenario: Scenario,
    view: LedgerView,
    running: "asyncio.Task[None]",
    failing: tuple[str, str],
) -> None:
    total = len(scenario.records)
    accounts = _expected(environment, scenario, failing)
    live = display.Live(events=total, accounts=accounts, names={t.id: t.name for t in environment.tenants})
    deadline = asyncio.get_running_loop().time() + _PATIENCE
    with RichLive(live.bars, console=console, refresh_per_second=5):
        while True:
            counts = await asyncio.to_thread(view.progress) if environment.app.readiness.missing() == {} else _NOTHING
            seen = _seen(environment.app)
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


_NOTHING = LedgerProgress({}, {}, 0, 0)


def _expected(environment: Environment, scenario: Scenario, failing: tuple[str, str]) -> Mapping[str, int]:
    acting = {(r.tenant_id, r.student_id) for r in scenario.records.values() if Fate.APPLIED in r.expectation.fates}
    students = acting - {failing}
    providers = {tenant.id: len(tenant.providers) for tenant in environment.tenants}
    return {tenant: sum(one == tenant for one, _ in students) * count for tenant, count in providers.items()}


def _seen(app: App) -> int:
    metrics = app.metrics
    return sum(map(_total, (metrics.events, metrics.skips, metrics.dead_letters)))


def _total(metric: Metric) -> int:
    samples = (sample for family in metric.collect() for sample in family.samples)
    return int(sum(sample.value for sample in samples if sample.name.endswith("_total")))


async def _check(
    environment: Environment, scenario: Scenario, view: LedgerView, failing: tuple[str, str]
) -> tuple[Report, Evidence]:
    names = environment.settings.kafka.topics
    read = await asyncio.to_thread(read_all, environment.settings.kafka, [*names.outcomes, names.dead_letters])
    evidence = Evidence(environment, scenario, await asyncio.to_thread(view.inbox), read, failing)
    return check(evidence), evidence


def _print_report(console: Console, environment: Environment, report: Report, evidence: Evidence) -> None:
    console.print(display.outcome_table(report, environment.tenants))
    console.print(display.topic_table(report.outcomes))
    mails = environment.world.mail.mailbox.mails
    console.print(display.as_the_student_sees_it(mails[len(mails) // 2]))
    topic = environment.settings.kafka.topics.account_provisioning_failed
    for message in evidence.topics[topic]:
        event = decoded(message.value() or b"", ACCOUNT_PROVISIONING_FAILED)
        console.print(display.failed_student(event, evidence.failing[1]))
    if report.wrong:
        console.print(f"[red]{len(report.wrong)} things are not as they should be:[/red]")
        for line in report.wrong[:20]:
            console.print(f"  {line}", markup=False)
    else:
        console.print(
            "[green]Every event ended as it should; every account is there once, and one mail opens it.[/green]"
        )
