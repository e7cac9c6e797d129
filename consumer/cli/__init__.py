"""The `provisioner` command."""

import sys

import typer

from consumer.cli import config, db, demo, keys, run, schemas, simulate, tenant, topics
from consumer.cli.console import err
from consumer.errors import Stop

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Student accounts in Microsoft 365 and Google Workspace, from Kafka status events.",
)
app.command("run")(run.run)
app.command("demo")(demo.demo)
app.add_typer(config.app, name="config")
app.add_typer(db.app, name="db")
app.add_typer(keys.app, name="keys")
app.add_typer(schemas.app, name="schemas")
app.add_typer(tenant.app, name="tenant")
app.add_typer(topics.app, name="topics")
app.add_typer(simulate.app, name="simulate")


def main() -> None:
    """Entry point. What stops the process is told in words; exit status 1."""
    try:
        app()
    except Stop as stop:
        err.print(str(stop), style="red", markup=False, highlight=False)
        sys.exit(1)
