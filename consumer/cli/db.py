"""`provisioner db`."""

import os

import typer

from consumer.cli.console import DEFAULT_SERVICE_FILE, ServiceFile, out
from consumer.configuration.loading import load_settings
from consumer.ledger.engine import open_engine
from consumer.ledger.migrations import upgrade as bring_up
from consumer.secrets import opener

app = typer.Typer(no_args_is_help=True, help="The database.")


@app.callback()
def db() -> None:
    """The database."""


@app.command()
def upgrade(config: ServiceFile = DEFAULT_SERVICE_FILE) -> None:
    """Bring the database to the form that this version works with. Safe to run twice, and by several at once."""
    database = load_settings(config, os.environ).database
    password = opener(os.environ)(database.password) if database.password else None
    engine = open_engine(database.url, password=password)
    bring_up(engine)
    engine.dispose()
    out.print("The database is up to date.")
