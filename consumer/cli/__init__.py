"""The `provisioner` command."""

from collections.abc import Sequence
from typing import Annotated

import typer
from typer.core import TyperCommand, TyperGroup

from consumer import __version__, collector
from consumer.cli import (
    acts,
    adopt,
    config,
    db,
    dead_letters,
    guard,
    held,
    keys,
    mail,
    plan,
    reconcile,
    run,
    schemas,
    status,
    student,
    tenant,
    topics,
)
from consumer.cli.console import faults_reported, out
from consumer.cli.extensions import extension, extensions

_TRY, _SET_UP, _RUN = "Try it out", "Set up", "Run and operate"
_ORDER = (
    "demo",
    "simulate",
    "config",
    "plan",
    "topics",
    "schemas",
    "db",
    "run",
    "status",
    "student",
    "mail",
    "held",
    "tenant",
    "guard",
    "dead-letters",
    "acts",
    "reconcile",
    "adopt",
    "keys",
)


class _Commands(TyperGroup):
    """Our own commands and those of installed extensions, in the order in which they are needed."""

    def list_commands(self, ctx: object) -> list[str]:  # noqa: ARG002  the signature is Typer's
        """All names, without loading an extension."""
        names = {*self.commands, *extensions()}
        return [*(name for name in _ORDER if name in names), *sorted(names - {*_ORDER})]

    def get_command(self, ctx: object, cmd_name: str) -> TyperCommand | TyperGroup | None:  # noqa: ARG002  the signature is Typer's
        """The command of this name; an extension's is loaded now."""
        command = self.commands.get(cmd_name)
        return command if isinstance(command, TyperCommand | TyperGroup) else extension(cmd_name, panel=_TRY)


def _print_version(value: bool) -> None:  # noqa: FBT001  the signature is Typer's
    if value:
        out.print(f"provisioner {__version__}", highlight=False)
        raise typer.Exit


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Creates students' accounts in Microsoft 365 and Google Workspace from status events on Kafka.",
    epilog="For the first time? docs/first-school.md leads from an empty folder to the first account.",
)
app.add_typer(config.app, name="config", rich_help_panel=_SET_UP, help="Check and explain the configuration.")
app.command("plan", rich_help_panel=_SET_UP)(plan.plan)
app.add_typer(topics.app, name="topics", rich_help_panel=_SET_UP, help="Create the Kafka topics.")
app.add_typer(schemas.app, name="schemas", rich_help_panel=_SET_UP, help="Check and register the Avro schemas.")
app.add_typer(db.app, name="db", rich_help_panel=_SET_UP, help="Create or upgrade the database tables.")
app.command("run", rich_help_panel=_RUN)(run.run)
app.command("status", rich_help_panel=_RUN, epilog="Example: provisioner status --watch")(status.status)
app.add_typer(
    student.app, name="student", rich_help_panel=_RUN, help="Tell what became of students, and have one tried again."
)
app.add_typer(mail.app, name="mail", rich_help_panel=_RUN, help="Show what became of a student's mails.")
app.add_typer(held.app, name="held", rich_help_panel=_RUN, help="List who waits for a person, and end holds.")
app.add_typer(
    tenant.app, name="tenant", rich_help_panel=_RUN, help="Show and end a tenant's waits; show parked events."
)
app.add_typer(
    guard.app, name="guard", rich_help_panel=_RUN, help="List, approve and reject actions that the guard has parked."
)
app.add_typer(
    dead_letters.app,
    name="dead-letters",
    rich_help_panel=_RUN,
    help="List dead letters, show one, and send them in again.",
)
app.add_typer(acts.app, name="acts", rich_help_panel=_RUN, help="List what operators did.")
app.command("reconcile", rich_help_panel=_RUN)(reconcile.reconcile)
app.command("adopt", rich_help_panel=_RUN)(adopt.adopt)
app.add_typer(keys.app, name="keys", rich_help_panel=_RUN, help="Check and rotate the keys that seal passwords.")


@app.callback()
def options(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Creates students' accounts in Microsoft 365 and Google Workspace from status events on Kafka."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point; the process's own arguments where none are given. Faults end a command with a message: see `faults_reported`."""
    collector.settle()  # all modules are there: reading a thousand tenants' files would have them looked through again and again
    with faults_reported():
        app(arguments)
