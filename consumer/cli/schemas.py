"""`provisioner schemas`."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import typer
from rich.table import Table

from consumer.cli.console import DEFAULT_SERVICE_FILE, ServiceFile, out
from consumer.cli.registry import connected
from consumer.codec import registration
from consumer.codec.registration import Standing, SubjectReport
from consumer.codec.registry import Registry
from consumer.configuration.loading import load_settings
from consumer.settings import Topics

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Check and register the Avro schemas.")


@app.command()
def register(config: ServiceFile = DEFAULT_SERVICE_FILE) -> None:
    """Register our schemas. Exit status 1 if the registry rejects one."""
    _report(config, registration.register)


@app.command()
def check(config: ServiceFile = DEFAULT_SERVICE_FILE) -> None:
    """Compare our schemas with the registry; change nothing. Exit status 1 if one is incompatible."""
    _report(config, registration.check)


def _report(config: Path, do: Callable[[Registry, Topics], Sequence[SubjectReport]]) -> None:
    settings = load_settings(config, os.environ)
    with connected(settings) as registry:
        reports = do(registry, settings.kafka.topics)
    table = Table("subject", "standing", "id", "registry message")
    for report in reports:
        ident = "" if report.schema_id is None else str(report.schema_id)
        table.add_row(report.subject, report.standing, ident, "\n".join(report.messages))
    out.print(table)
    if any(report.standing is Standing.INCOMPATIBLE for report in reports):
        raise typer.Exit(1)
