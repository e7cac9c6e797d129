"""`provisioner db`."""

import os

import typer

from consumer.cli.console import DEFAULT_SERVICE_FILE, ServiceFile, out
from consumer.cli.ledger import connected
from consumer.configuration.loading import load_settings
from consumer.ledger.migrations import upgrade as bring_up

app = typer.Typer(no_args_is_help=True, help="The database.")


@app.callback()
def db() -> None:
    """The database."""


@app.command()
def upgrade(config: ServiceFile = DEFAULT_SERVICE_FILE) -> None:
    """Create or upgrade the database tables for this version. Safe to repeat, and to run concurrently."""
    with connected(load_settings(config, os.environ), name="db") as engine:
        bring_up(engine)
    out.print("The database is up to date.")
