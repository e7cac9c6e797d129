"""`provisioner status`: how the service stands, by the ledger. See docs/operations.md."""

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from consumer.cli.console import DEFAULT_SERVICE_FILE, AsJson, ServiceFile, document, out, warn
from consumer.cli.ledger import opened
from consumer.configuration.loading import load_settings
from consumer.configuration.mistakes import printable
from consumer.errors import Unavailable
from consumer.ledger.port.overview import Tally
from consumer.ledger.status import LedgerStatus, LedgerStatuses, VendorWait
from consumer.maintenance.loop import NAME as MAINTENANCE
from consumer.story.reasons import explanation_of
from consumer.story.words import age

app = typer.Typer(add_completion=False)

OUTBOUND = "outbound"
_PAUSE = partial(time.sleep, 2)
"""Between two looks with --watch."""

_MOST = 12
"""Lines of a table that people see; programs get all."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """`what`: a class of work, a reason, an action or a provider. `oldest_seconds`: how long the oldest of them has waited."""

    tenant_id: str | None
    what: str
    count: int
    oldest_seconds: float


@dataclass(frozen=True, slots=True)
class Leader:
    """Who leads a loop; None: no process does."""

    loop: str
    holder: str | None


@dataclass(frozen=True, slots=True)
class Status:
    """`due`: students who could be worked now, by tenant and class. `held`: students who wait for a person, by tenant and reason. `parked`:
    actions that the guard has parked, by tenant and action. `unknown`: steps with an unknown outcome, by provider. `waits`: services of
    tenants that are not called now. All but `waits` with the longest wait first."""

    at: datetime
    revision: str
    due: Sequence[Waiting]
    held: Sequence[Waiting]
    parked: Sequence[Waiting]
    unknown: Sequence[Waiting]
    waits: Sequence[VendorWait]
    leaders: Sequence[Leader]
    oldest_outcome_seconds: float


@app.command(epilog="Example: provisioner status --watch")
def status(
    config: ServiceFile = DEFAULT_SERVICE_FILE,
    *,
    watch: Annotated[bool, typer.Option("--watch", help="Look again every 2 seconds, until Ctrl-C.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show how the service stands: backlog, who is held and why, what is parked, which services wait, who leads, what is unpublished.

    Only reads the database, by indexes. With --json, one document; with --watch too, one object a line.
    """
    settings = load_settings(config, os.environ)
    leaders = {OUTBOUND: settings.outbound.transactional_id, MAINTENANCE: MAINTENANCE}
    with opened(settings, name="status") as engine:
        statuses = LedgerStatuses(engine, leaders)
        if not watch:
            found = shown(statuses.read())
            document(found) if as_json else out.print(page(found))
        elif as_json or not out.is_terminal:
            follow(statuses.read, _json_line if as_json else _printed, pause=_PAUSE)
        else:
            with Live(console=out, auto_refresh=False) as live:
                follow(statuses.read, partial(_drawn, live), pause=_PAUSE)


def follow(
    read: Callable[[], LedgerStatus], show: Callable[[Status | str], None], *, pause: Callable[[], object]
) -> None:
    """Shows the state again and again, or in a sentence that the database is unavailable, until Ctrl-C."""
    with suppress(KeyboardInterrupt):
        while True:
            try:
                found = shown(read())
            except Unavailable as fault:
                found = str(fault)
            show(found)
            pause()


def shown(found: LedgerStatus) -> Status:
    """As it is printed."""
    overview = found.overview
    return Status(
        at=found.at,
        revision=found.revision,
        due=_waiting({(tenant, of.name.lower()): tally for (tenant, of), tally in overview.due.items()}),
        held=_waiting(overview.held),
        parked=_waiting(overview.parked),
        unknown=_waiting({(None, provider): tally for provider, tally in overview.unknown.items()}),
        waits=found.waits,
        leaders=[Leader(loop, holder) for loop, holder in found.leaders.items()],
        oldest_outcome_seconds=found.oldest_outcome,
    )


def page(found: Status) -> RenderableType:
    """For people: what is empty is left out, long lists are cut off."""
    leaders = ", ".join(f"{one.loop}: {printable(one.holder) if one.holder else 'none'}" for one in found.leaders)
    head = (
        f"{found.at:%Y-%m-%d %H:%M:%S %Z}, database revision {found.revision}",
        f"Leaders   {leaders}",
        f"Backlog   {_backlog(found.due)}",
        f"Outcomes  {_unpublished(found.oldest_outcome_seconds)}",
    )
    tables = (
        _table("Due now", ("tenant", "work", "students", "oldest"), map(_of_tenant, found.due)),
        _table("Held: a person must act", ("tenant", "reason", "students", "oldest", "to do"), map(_held, found.held)),
        _table("Parked by the guard", ("tenant", "action", "students", "oldest"), map(_of_tenant, found.parked)),
        _table("Outcome unknown", ("provider", "steps", "oldest"), (_of_tenant(one)[1:] for one in found.unknown)),
        _table("Services that wait", ("tenant", "service", "until", "cause"), map(_service, found.waits)),
    )
    return Group(Text("\n".join(head)), *(table for table in tables if table))


def _waiting(tallies: Mapping[tuple[str, str], Tally] | Mapping[tuple[None, str], Tally]) -> Sequence[Waiting]:
    found = [Waiting(tenant, what, tally.count, tally.oldest) for (tenant, what), tally in tallies.items()]
    return sorted(found, key=lambda one: -one.oldest_seconds)


def _backlog(due: Sequence[Waiting]) -> str:
    if not due:
        return "no student is due"
    return f"{sum(one.count for one in due):,} students are due, the first for {age(due[0].oldest_seconds)}"


def _unpublished(seconds: float) -> str:
    return f"the oldest has waited for {age(seconds)}" if seconds else "all are published"


def _of_tenant(one: Waiting) -> Sequence[str]:
    return printable(one.tenant_id or ""), printable(one.what), f"{one.count:,}", age(one.oldest_seconds)


def _held(one: Waiting) -> Sequence[str]:
    return *_of_tenant(one), explanation_of(one.what).remedy or ""


def _service(wait: VendorWait) -> Sequence[str]:
    cause = printable(" ".join(filter(None, (wait.reason, wait.code)))) or "rate limited"
    return wait.tenant_id, printable(wait.service), f"{wait.until:%Y-%m-%d %H:%M:%S}", cause


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table | None:
    """None without rows."""
    listed = list(rows)
    if not listed:
        return None
    table = Table(*columns, title=title, title_justify="left")
    for row in listed[:_MOST]:
        table.add_row(*map(Text, row))
    if len(listed) > _MOST:
        table.caption = f"and {len(listed) - _MOST:,} more: --json has all"
    return table


def _json_line(found: Status | str) -> None:
    warn(found) if isinstance(found, str) else document(found, indent=None)


def _printed(found: Status | str) -> None:
    warn(found) if isinstance(found, str) else out.print(page(found))


def _drawn(live: Live, found: Status | str) -> None:
    live.update(Text(found, style="yellow") if isinstance(found, str) else page(found), refresh=True)
