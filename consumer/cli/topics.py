"""`provisioner topics`."""

import os
from typing import Annotated

import typer

from consumer.cli.console import DEFAULT_SERVICE_FILE, ServiceFile, err, out
from consumer.configuration.loading import load_settings
from consumer.kafka import opened
from consumer.secrets import opener
from consumer.topics import TopicAdmin

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Create the Kafka topics.")


@app.callback()
def topics() -> None:
    """The topics."""


@app.command()
def create(
    config: ServiceFile = DEFAULT_SERVICE_FILE,
    *,
    partitions: Annotated[int, typer.Option(min=1, help="Of each topic whose records are keyed by student.")] = 6,
    replication: Annotated[
        int, typer.Option(min=1, help="Brokers that keep a copy of each record; 1 for a cluster of a single broker.")
    ] = 3,
) -> None:
    """Create the topics that are missing; existing topics are not changed.

    From a replication factor of 3 on, a record must be on two brokers before it counts (min.insync.replicas=2).
    """
    admin = TopicAdmin(opened(load_settings(config, os.environ).kafka, opener(os.environ)))
    for name, created in admin.create(partitions=partitions, replication=replication).items():
        out.print(f"{name}: {'created' if created else 'exists'}", highlight=False)
    if wrong := admin.impossible_settings():
        err.print(
            f"The cluster has too few brokers for its own settings {', '.join(wrong)}: consumer groups and transactions will "
            "not work. On a single broker, set them to 1 and restart it.",
            style="yellow",
            soft_wrap=True,
            highlight=False,
        )
