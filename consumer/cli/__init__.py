"""The `provisioner` command."""

from collections.abc import Sequence

import typer

from consumer.cli import config, db, demo, keys, run, schemas, simulate, tenant, topics
from consumer.cli.console import faults_told

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


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point; the process's own arguments where none are given. What stops a command is told in words: see `faults_told`."""
    with faults_told():
        app(arguments)
