"""`provisioner held`: students who wait for a person, by reason, and another try for all of one reason. See docs/operations.md."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import typer

from consumer.cli.console import DEFAULT_SERVICE_FILE, FAILED, AsJson, ServiceFile, document, err, say, warn
from consumer.cli.ledger import opened
from consumer.cli.operator import By, Why, Yes, operator
from consumer.configuration.loading import load_settings
from consumer.configuration.mistakes import printable
from consumer.errors import Reason
from consumer.ledger.holds import Holds
from consumer.ledger.overview import PostgresOverviews
from consumer.ledger.port.overview import Tally
from consumer.story.reasons import explanation_of
from consumer.story.words import age

app = typer.Typer(add_completion=False, no_args_is_help=True, help="List who waits for a person, and end holds.")

_DECIDED_ELSEWHERE: Mapping[str, str] = {
    Reason.GUARD_PARKED: "What the guard has parked is approved or rejected: see `provisioner guard list`.",
    Reason.DRY_RUN: "A dry run ends when the tenant's file says so: set `dry_run` to false there.",
}


@dataclass(frozen=True, slots=True)
class HeldStudents:
    """Of one tenant for one reason. `oldest_seconds`: for how long the first of them has been held; `remedy`: what a person can do."""

    tenant_id: str
    reason: str
    students: int
    oldest_seconds: float
    remedy: str | None


@dataclass(frozen=True, slots=True)
class Released:
    """`students`: who are due at once, or would be with `dry_run`, where those in work and due already count too."""

    tenant_id: str
    reason: str
    dry_run: bool
    services: int
    students: int


@app.callback()
def held() -> None:
    """List who waits for a person, and end holds."""


@app.command("list", epilog="Example: provisioner held list --tenant north-high")
def list_held(
    config: ServiceFile = DEFAULT_SERVICE_FILE,
    *,
    tenant: Annotated[str | None, typer.Option(help="Only this tenant's.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the reasons for which students wait for a person: how many, for how long, and the one thing to do. Only reads.

    Those who wait longest come first. `provisioner student list --held` names the students.
    """
    with opened(load_settings(config, os.environ), name="held") as engine:
        tallies = PostgresOverviews(engine).overview().held
    found = [
        HeldStudents(whose, reason, tally.count, tally.oldest, explanation_of(reason).remedy)
        for (whose, reason), tally in sorted(tallies.items(), key=lambda one: -one[1].oldest)
        if tenant in {None, whose}
    ]
    if as_json:
        document(found)
        return
    if not found:
        say("No student waits for a person.")
    for one in found:
        say(f"{one.tenant_id}  {one.reason}: {one.students:,} students, the first for {age(one.oldest_seconds)}")
        if one.remedy:
            say(f"  To do: {one.remedy}")


@app.command(
    epilog="Example: provisioner held release --tenant north-high --reason licences_exhausted --why 'more were bought'"
)
def release(
    tenant: Annotated[str, typer.Option(help="The tenant's id.", show_default=False)],
    reason: Annotated[
        str, typer.Option(help="The reason that they are held for, as `held list` has it.", show_default=False)
    ],
    config: ServiceFile = DEFAULT_SERVICE_FILE,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many there are.")] = False,
    why: Why = "",
    by: By = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Have all students of a tenant who are held for one reason tried again now, and end the tenant's waits for it.

    Safe while replicas run, and safe to interrupt and repeat: students become due page by page. Where the cause persists, they are held
    again. Exit status 1 where none is held for this reason.
    """
    if reason in _DECIDED_ELSEWHERE:
        raise typer.BadParameter(_DECIDED_ELSEWHERE[reason], param_hint="--reason")
    with opened(load_settings(config, os.environ), name="held") as engine:
        tally = PostgresOverviews(engine).overview().held.get((tenant, reason))
        if tally is None:
            warn(f"No student of `{tenant}` is held for `{reason}`: see `provisioner held list`.")
            raise typer.Exit(FAILED)
        if dry_run:
            _print(Released(tenant, reason, dry_run=True, services=0, students=tally.count), as_json=as_json)
            return
        who = operator(by, why)
        if not yes:
            typer.confirm(_question(tenant, reason, tally), abort=True, err=True)
        services = students = 0
        with err.status("Releasing …") as status:
            for page in Holds(engine).release(tenant, reason, who):
                services, students = services + page.services, students + page.students
                status.update(f"{students:,} of {tally.count:,} students are due …")
    _print(Released(tenant, reason, dry_run=False, services=services, students=students), as_json=as_json)


def _question(tenant: str, reason: str, tally: Tally) -> str:
    return f"{tally.count:,} students of {printable(tenant)} are held for {reason}, the first for {age(tally.oldest)}. Try them again now?"


def _print(released: Released, *, as_json: bool) -> None:
    if as_json:
        document(released)
    elif released.dry_run:
        say(f"{released.students:,} students are held for {released.reason}. Nothing was changed.")
    else:
        say(f"{released.services:,} service waits ended; {released.students:,} students are due.")
