"""The `provisioner` command."""

from collections.abc import Sequence

import typer
from typer.core import TyperGroup

from consumer.cli import config, db, demo, keys, run, schemas, simulate, tenant, topics
from consumer.cli.console import faults_reported

_TRY, _SET_UP, _RUN = "Try it out", "Set up", "Run and operate"
_ORDER = ("demo", "simulate", "config", "topics", "schemas", "db", "run", "tenant", "keys")


class _Ordered(TyperGroup):
    """Lists the commands in the order in which they are needed; Typer itself puts groups behind commands."""

    def list_commands(self, ctx: object) -> list[str]:  # noqa: ARG002  the signature is Typer's
        """See `TyperGroup`."""
        return sorted(self.commands, key=_ORDER.index)


app = typer.Typer(
    cls=_Ordered,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Creates students' accounts in Microsoft 365 and Google Workspace from status events on Kafka.",
    epilog="For the first time? docs/first-school.md leads from an empty folder to the first account.",
)
app.command("demo", rich_help_panel=_TRY)(demo.demo)
app.add_typer(
    simulate.app,
    name="simulate",
    rich_help_panel=_TRY,
    help="Start vendors, Kafka and PostgreSQL for a trial, send status events, and look at the results.",
    epilog="Start with: provisioner simulate vendors --directory sim. docs/first-school.md goes on from there.",
)
app.add_typer(config.app, name="config", rich_help_panel=_SET_UP, help="Check and explain the configuration.")
app.add_typer(topics.app, name="topics", rich_help_panel=_SET_UP, help="Create the Kafka topics.")
app.add_typer(schemas.app, name="schemas", rich_help_panel=_SET_UP, help="Check and register the Avro schemas.")
app.add_typer(db.app, name="db", rich_help_panel=_SET_UP, help="Create or upgrade the database tables.")
app.command("run", rich_help_panel=_RUN)(run.run)
app.add_typer(tenant.app, name="tenant", rich_help_panel=_RUN, help="Show what of a tenant waits, and resume it.")
app.add_typer(keys.app, name="keys", rich_help_panel=_RUN, help="Check and rotate the keys that seal passwords.")


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point; the process's own arguments where none are given. What stops a command is a sentence: see `faults_reported`."""
    with faults_reported():
        app(arguments)
