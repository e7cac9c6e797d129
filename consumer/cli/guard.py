"""`provisioner guard`: actions that the guard has parked, and what a person decides about them. See docs/operations.md."""

import getpass
import json
import os
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from consumer.cli.console import DEFAULT_SERVICE_FILE, ServiceFile, err, out
from consumer.cli.ledger import opened
from consumer.configuration.loading import load_settings
from consumer.ledger.guard import PostgresGuardDesk
from consumer.ledger.port.guard import Decision, ParkedAction, Verdict
from consumer.policy.guard import Guarded

app = typer.Typer(no_args_is_help=True, help="List, approve and reject actions that the guard has parked.")

Tenant = Annotated[str, typer.Option(help="The tenant's id.", show_default=False)]
Action = Annotated[Guarded, typer.Option(help="The parked action.", show_default=False)]
Listed = Annotated[int, typer.Option("--list", help="The number that `guard list` shows: later ones stay parked.")]
Comment = Annotated[str, typer.Option(help="Why, for the record.")]
By = Annotated[str | None, typer.Option(help="Who decides, for the record; by default the user of this command.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@app.callback()
def guard() -> None:
    """List, approve and reject actions that the guard has parked."""


@app.command("list")
def list_parked(
    config: ServiceFile = DEFAULT_SERVICE_FILE,
    *,
    tenant: Annotated[str | None, typer.Option(help="Only this tenant's.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """List parked actions with their students, by tenant and action."""
    with opened(load_settings(config, os.environ), name="guard") as engine:
        found = PostgresGuardDesk(engine).parked_actions(tenant)
    lists = [list(of) for _, of in groupby(found, key=lambda one: (one.tenant_id, one.action))]
    if as_json:
        typer.echo(json.dumps([_as_json(of) for of in lists], indent=2))
        return
    if not lists:
        out.print("Nothing is parked.")
    for of in lists:
        last, first = of[-1], min(one.since for one in of)
        head = f"{last.tenant_id}: {last.action} of {len(of):,} students since {first:%Y-%m-%d %H:%M:%S %Z}; list {last.number}"
        out.print(head, soft_wrap=True, markup=False, highlight=False)
        for one in of:
            out.print(f"  {one.student_id!a} (version {one.version})", soft_wrap=True, markup=False, highlight=False)


@app.command()
def approve(
    tenant: Tenant,
    action: Action,
    listed: Listed,
    config: ServiceFile = DEFAULT_SERVICE_FILE,
    *,
    comment: Comment = "",
    by: By = None,
    yes: Yes = False,
) -> None:
    """Have the listed actions carried out. Safe while replicas run."""
    _decide(config, Decision(tenant, action, listed, Verdict.APPROVED, by or getpass.getuser(), comment), yes=yes)


@app.command()
def reject(
    tenant: Tenant,
    action: Action,
    listed: Listed,
    config: ServiceFile = DEFAULT_SERVICE_FILE,
    *,
    comment: Comment = "",
    by: By = None,
    yes: Yes = False,
) -> None:
    """Have the listed actions not carried out: their events fail. A newer event of a student is decided anew."""
    _decide(config, Decision(tenant, action, listed, Verdict.REJECTED, by or getpass.getuser(), comment), yes=yes)


def _decide(config: Path, decision: Decision, *, yes: bool) -> None:
    with opened(load_settings(config, os.environ), name="guard") as engine:
        desk = PostgresGuardDesk(engine)
        listed = [
            one
            for one in desk.parked_actions(decision.tenant_id)
            if one.action is decision.action and one.number <= decision.number
        ]
        if not listed:
            err.print(
                f"`{decision.tenant_id}` has nothing parked in this list: see `provisioner guard list`.", style="yellow"
            )
            raise typer.Exit(1)
        if not yes:
            typer.confirm(
                f"{decision.action} of {len(listed):,} students of {decision.tenant_id}: {decision.verdict}?",
                abort=True,
            )
        concerned = desk.decide(decision)
    out.print(f"{concerned:,} actions {decision.verdict}; their students are due.", highlight=False)


def _as_json(of: Sequence[ParkedAction]) -> dict[str, object]:
    return {
        "tenant_id": of[-1].tenant_id,
        "action": of[-1].action,
        "list": of[-1].number,
        "since": min(one.since for one in of).isoformat(),
        "students": [{"student_id": one.student_id, "version": one.version} for one in of],
    }
