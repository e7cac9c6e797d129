"""`provisioner topics`."""

import os
from typing import Annotated

import typer

from consumer.cli.console import DEFAULT_SERVICE_FILE, ServiceFile, out
from consumer.configuration.loading import load_settings
from consumer.kafka import opened
from consumer.secrets import opener
from consumer.topics import create_topics

app = typer.Typer(no_args_is_help=True, help="The topics.")


@app.callback()
def topics() -> None:
    """The topics."""


@app.command()
def create(
    config: ServiceFile = DEFAULT_SERVICE_FILE,
    *,
    partitions: Annotated[int, typer.Option(min=1, help="Of the topics keyed by student.")] = 6,
    replication: Annotated[int, typer.Option(min=1, help="Replication factor.")] = 3,
) -> None:
    """Create the topics that are missing."""
    kafka = opened(load_settings(config, os.environ).kafka, opener(os.environ))
    for name, created in create_topics(kafka, partitions=partitions, replication=replication).items():
        out.print(f"{name}: {'created' if created else 'was there'}")
