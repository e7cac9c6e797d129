"""`provisioner guard`: actions that the guard has parked, and what a person decides about them. See docs/operations.md."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from consumer.cli.console import DEFAULT_SERVICE_FILE, FAILED, AsJson, ServiceFile, document, out, say, warn
from consumer.cli.ledger import opened
from consumer.cli.operator import By, NeededReason, Yes, needed, operator
from consumer.configuration.loading import load_settings
from consumer.ledger.acts import Operator
from consumer.ledger.guard import PostgresGuardDesk
from consumer.ledger.port.guard import Decision, ParkedAction, Verdict
from consumer.policy.guard import Guarded

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="List, approve and reject actions that the guard has parked."
)

Tenant = Annotated[str, typer.Option(help="The tenant's id.", show_default=False)]
Action = Annotated[Guarded, typer.Option(help="The parked action.", show_default=False)]
Listed = Annotated[int, typer.Option("--list", help="The number that `guard list` shows: later ones stay parked.")]

_EXAMPLE = "--tenant north-high --action suspend_account --list 1042 --reason"


@dataclass(frozen=True, slots=True)
class ParkedStudent:
    """A student whose action is parked, and the version of the event that asks for it."""

    student_id: str
    version: int


@dataclass(frozen=True, slots=True)
class ParkedList:
    """What is parked of a tenant's action. `list`: the number by which it is approved or rejected."""

    tenant_id: str
    action: str
    list: int
    since: datetime
    students: Sequence[ParkedStudent]


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided, and of how many students."""

    tenant_id: str
    action: str
    list: int
    verdict: str
    students: int


@app.callback()
def guard() -> None:
    """List, approve and reject actions that the guard has parked."""


@app.command("list", epilog="Example: provisioner guard list --tenant north-high")
def list_parked(
    config: ServiceFile = DEFAULT_SERVICE_FILE,
    *,
    tenant: Annotated[str | None, typer.Option(help="Only this tenant's.")] = None,
    as_json: AsJson = False,
) -> None:
    """List parked actions with their students, by tenant and action. Only reads."""
    with opened(load_settings(config, os.environ), name="guard") as engine:
        found = PostgresGuardDesk(engine).parked_actions(tenant)
    lists = [_list(list(of)) for _, of in groupby(found, key=lambda one: (one.tenant_id, one.action))]
    if as_json:
        document(lists)
        return
    if not lists:
        out.print("Nothing is parked.")
    for of in lists:
        say(
            f"{of.tenant_id}: {of.action} of {len(of.students):,} students since {of.since:%Y-%m-%d %H:%M:%S %Z}; list {of.list}"
        )
        for one in of.students:
            say(f"  {one.student_id!a} (version {one.version})")


@app.command(epilog=f"Example: provisioner guard approve {_EXAMPLE} 'graduation, says the office'")
def approve(
    tenant: Tenant,
    action: Action,
    listed: Listed,
    reason: NeededReason,
    config: ServiceFile = DEFAULT_SERVICE_FILE,
    *,
    by: By = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Have the listed actions carried out. Safe while replicas run. Exit status 1 where nothing is parked in this list."""
    who = operator(by, needed(reason))
    _decide(config, _decision(tenant, action, listed, Verdict.APPROVED, who), yes=yes, as_json=as_json)


@app.command(epilog=f"Example: provisioner guard reject {_EXAMPLE} 'the export was wrong, says the office'")
def reject(
    tenant: Tenant,
    action: Action,
    listed: Listed,
    reason: NeededReason,
    config: ServiceFile = DEFAULT_SERVICE_FILE,
    *,
    by: By = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Have the listed actions not carried out: their events fail. A newer event of a student is decided anew."""
    who = operator(by, needed(reason))
    _decide(config, _decision(tenant, action, listed, Verdict.REJECTED, who), yes=yes, as_json=as_json)


def _decision(tenant: str, action: Guarded, listed: int, verdict: Verdict, who: Operator) -> Decision:
    return Decision(tenant, action, listed, verdict, who.name, who.why)


def _decide(config: Path, decision: Decision, *, yes: bool, as_json: bool) -> None:
    with opened(load_settings(config, os.environ), name="guard") as engine:
        desk = PostgresGuardDesk(engine)
        listed = [
            one
            for one in desk.parked_actions(decision.tenant_id)
            if one.action is decision.action and one.number <= decision.number
        ]
        if not listed:
            warn(f"`{decision.tenant_id}` has nothing parked in this list: see `provisioner guard list`.")
            raise typer.Exit(FAILED)
        if not yes:
            typer.confirm(
                f"{decision.action} of {len(listed):,} students of {decision.tenant_id}: {decision.verdict}?",
                abort=True,
                err=True,
            )
        concerned = desk.decide(decision)
    if as_json:
        document(Decided(decision.tenant_id, decision.action, decision.number, decision.verdict, concerned))
    else:
        say(f"{concerned:,} actions {decision.verdict}; their students are due.")


def _list(of: Sequence[ParkedAction]) -> ParkedList:
    last, first = of[-1], min(one.since for one in of)
    students = [ParkedStudent(one.student_id, one.version) for one in of]
    return ParkedList(last.tenant_id, last.action, last.number, first, students)
