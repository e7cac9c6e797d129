"""`provisioner db`."""

import os
from typing import Annotated

import typer

from consumer.cli.console import DEFAULT_SERVICE_FILE, ServiceFile, out
from consumer.cli.ledger import connected
from consumer.configuration.loading import load_settings
from consumer.ledger.migrations import upgrade as bring_up
from consumer.ledger.privileges import grant
from consumer.ledger.privileges import grants as statements

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Create or upgrade the database tables.")


@app.callback()
def db() -> None:
    """The database."""


@app.command()
def upgrade(
    config: ServiceFile = DEFAULT_SERVICE_FILE,
    *,
    grant_to: Annotated[
        str | None,
        typer.Option(help="Then give this role what the service needs, where it is not the one that makes the tables."),
    ] = None,
) -> None:
    """Create or upgrade the database tables for this version. Safe to repeat, and to run concurrently."""
    with connected(load_settings(config, os.environ), name="db") as engine:
        bring_up(engine)
        if grant_to:
            grant(engine, grant_to)
    out.print("The database is up to date.")


@app.command()
def grants(role: Annotated[str, typer.Option(help="The role that runs the service.")] = "provisioner") -> None:
    """Print the privileges that the service's role needs, as SQL for the tables' owner. Connects to nothing."""
    for statement in statements(role):
        out.print(f"{statement};", highlight=False, markup=False, soft_wrap=True)
