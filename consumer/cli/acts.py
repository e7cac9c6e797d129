"""`provisioner acts`: what operators did by commands. See docs/operations.md."""

import os
from datetime import UTC, datetime
from typing import Annotated

import typer

from consumer.cli.console import DEFAULT_SERVICE_FILE, AsJson, ServiceFile, document, err, say
from consumer.cli.ledger import opened
from consumer.cli.operator import Since, moment
from consumer.configuration.loading import load_settings
from consumer.configuration.mistakes import printable
from consumer.ledger.acts import Acts, RecordedAct
from consumer.story.words import ACTS

app = typer.Typer(add_completion=False, no_args_is_help=True, help="List what operators did.")


@app.callback()
def acts() -> None:
    """List what operators did."""


@app.command("list", epilog="Example: provisioner acts list --tenant north-high --since 7d")
def list_acts(
    config: ServiceFile = DEFAULT_SERVICE_FILE,
    *,
    tenant: Annotated[str | None, typer.Option(help="Only acts on this tenant.")] = None,
    since: Since = None,
    as_json: AsJson = False,
) -> None:
    """List what operators did by commands, in the order of time: when, who, what, on how many students, and why.

    Only reads. With --json, one JSON object a line.
    """
    begin = moment(since, now=datetime.now(UTC))
    found = False
    with opened(load_settings(config, os.environ), name="acts") as engine:
        for act in Acts(engine).listed(tenant_id=tenant, since=begin):
            found = True
            if as_json:
                document(act, indent=None)
            else:
                say(_line(act))
    if not found:
        err.print("No act is recorded.", highlight=False)


def _line(act: RecordedAct) -> str:
    where = f" {act.tenant_id}" if act.tenant_id else ""
    about = "".join(f", {name} {value}" for name, value in act.about.items())
    why = f": {act.why}" if act.why else ""
    what = f"{ACTS.get(act.kind, act.kind)} [{act.students:,} student{'' if act.students == 1 else 's'}{about}]"
    return printable(f"{act.at:%Y-%m-%d %H:%M:%S %Z} {act.id}{where}  {act.by} {what}{why}")
