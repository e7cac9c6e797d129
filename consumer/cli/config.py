"""`provisioner config`: check, explain, schema."""

import os
from pathlib import Path
from typing import Annotated

import typer

from consumer import collector
from consumer.cli.connect import contact
from consumer.cli.console import DEFAULT_SERVICE_FILE, Attributes, ServiceFile, err, named, out
from consumer.configuration.check import examine
from consumer.configuration.editors import schemas
from consumer.configuration.explain import explain as in_words
from consumer.configuration.loading import load_settings, load_tenants
from consumer.configuration.reference import reference

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Check and explain the configuration.")


@app.command()
def check(
    config: ServiceFile = DEFAULT_SERVICE_FILE,
    *,
    secrets: Annotated[bool, typer.Option(help="Also open every reference to a secret.")] = True,
    connect: Annotated[
        bool,
        typer.Option(
            "--connect", help="Also contact Kafka, the registry, the database and all vendors; changes nothing."
        ),
    ] = False,
    tenant: Annotated[str | None, typer.Option(help="With --connect: contact only the vendors of this tenant.")] = None,
) -> None:
    """List all mistakes, each with file, line, what is wrong and how to correct it. Exit status 1 if there are any.

    Also names the tenants that share a directory, which is allowed, or a domain, which both must declare.
    """
    if (connect and not secrets) or (tenant and not connect):
        raise typer.BadParameter("--connect needs the secrets, and --tenant needs --connect")
    collector.settle()  # as `run` does
    findings = examine(config, os.environ, secrets=secrets)
    mistakes = findings.mistakes
    for notice in findings.notices:
        out.print(notice, markup=False, highlight=False, soft_wrap=True)
    if connect:
        found = contact(os.environ, known=findings, tenant=tenant)
        mistakes = [*mistakes, *found.mistakes]
        for note in found.notes:
            out.print(f"Note: {note}", markup=False, highlight=False, soft_wrap=True)
    for mistake in mistakes:
        err.print(str(mistake), markup=False, soft_wrap=True)
    if mistakes:
        err.print(f"{len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''}.", style="red")
        raise typer.Exit(1)
    out.print(f"No mistakes. Tenants: {', '.join(findings.tenants)}.")


@app.command()
def explain(
    tenant: Annotated[str, typer.Option(help="The tenant's id.")],
    status: Annotated[str, typer.Option(help="The status's id.")],
    attribute: Attributes = None,
    config: ServiceFile = DEFAULT_SERVICE_FILE,
) -> None:
    """Explain what a status does for a student with these attributes, and which of its rows decides where they have conditions."""
    attributes = named(attribute)
    known = {one.id: one for one, _ in load_tenants(load_settings(config, os.environ).tenants_dir)}
    if tenant not in known:
        raise typer.BadParameter(f"there is no `{tenant}`; there are {', '.join(known)}", param_hint="--tenant")
    for line in in_words(known[tenant], status, attributes):
        out.print(line, markup=False, highlight=False, soft_wrap=True)


@app.command()
def schema(directory: Annotated[Path, typer.Option(help="The checkout.")] = Path()) -> None:
    """Write the JSON Schemas that editors use to check the files, and the reference page."""
    pages = {f"config/{name}": text for name, text in schemas().items()} | {"docs/configuration.md": reference()}
    for name, text in pages.items():
        (directory / name).write_text(text, encoding="utf-8")
        out.print(f"wrote {directory / name}")
